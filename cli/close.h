/* close.h - what the verbs of the quarter's close share: the question, who acts, the step that is sent. Kind: E. */
#ifndef REKAP_CLI_CLOSE_H
#define REKAP_CLI_CLOSE_H

#include "cli/ask.h"
#include "proto/step.h"

/* The answer as a table, with --json or --csv as that; a rehearsal with what stands in the way. */
void close_show(const struct cli *c, const json_t *answer);
/* What became of a step: the state of each office it was about. */
void close_show_step(const struct cli *c, const char *step, const char *by, json_t *answer);
const char *close_state_text(const struct cli *c, const char *state);   /* in words */

struct close_act { /* one step about one office, to be sent */
    char office[OFFICE_ID_MAX + 1];
    struct step_key key;
    struct step_words words;
    uint8_t source;
    struct hash id; /* set by close_say */
};
/* Who acts: --as, or the only one of these roles (bits 1 << role) that may speak of an office of this region and whose key is on
 * this machine. EXIT_OK, or an exit code after saying what to do. */
int close_actor(const struct cli *c, const struct place *p, unsigned roles, region_code region, char ret[OFFICE_ID_MAX + 1],
                uint8_t *ret_role);
/* Sends the steps of one speaker as one file and waits until they are visible at the centre. Sets their ids. EXIT_OK, or an exit
 * code after saying why. */
int close_say(const struct cli *c, const char *speaker, unsigned year, unsigned quarter, const char *reason, struct close_act *act,
              size_t n);

#endif
