/* doctor.h - what the files of `rekap doctor` share. Kind: E. */
#ifndef REKAP_DOCTOR_H
#define REKAP_DOCTOR_H

#include "cli/config.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };
struct doctor {
    const struct cli *c;
    struct place p;
    struct conf *conf[CONFIG_FILES];    /* in the order of config.h; NULL: it has a fault */
    json_t *daemon[CONFIG_FILES];       /* what each says on its control socket; NULL: it does not answer */
    json_t *checks;
    bool failed;
};
enum { DOCTOR_TEXT_MAX = 2 * PLACE_PATH_MAX + 512 };
/* One line of the report; fix: a command or a sentence, "" of what is well. Text and fix are copied. */
void doctor_note(struct doctor *d, const char *check, enum doctor_state state, const char *text, const char *fix);

void doctor_keys(struct doctor *d);     /* transport, checkpoint and register keys: there, ours, mode 0600, whole (doctor_key.c) */
void doctor_register(struct doctor *d); /* the register, its signatures, and each office's key here against its line */
void doctor_clock(struct doctor *d);    /* the wall clock and who sets it (doctor_line.c) */
void doctor_line(struct doctor *d);     /* name, address and port of the worker, and the handshake */

#endif
