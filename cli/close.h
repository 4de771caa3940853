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
    const char *reason; /* its own words; NULL: those of all */
    struct hash id;     /* set by close_say */
};
struct close_verb { /* one run of a verb of the close */
    const struct cli *c;
    struct place p;
    struct registry *registry;
    const struct office *office; /* NULL: a whole region */
    int year, quarter;
    char quarter_text[16], actor[OFFICE_ID_MAX + 1];
    uint8_t role;
    char seen[STEP_SEEN_MAX + 1]; /* the position that is acted upon, as the last answer named it */
    json_t *answer;
};
/* Reads the quarter (the first operand) and --office, which may be demanded. EXIT_OK, or an exit code after saying why;
 * close_verb_done in either case. */
int close_verb_open(const struct cli *c, bool office, struct close_verb *v);
void close_verb_done(struct close_verb *v);
/* Asks for the quarter of the verb's office, or of all of its region (--region, --as-of): v->answer. Exit codes as above. */
int close_verb_look(struct close_verb *v, bool rehearse);
/* The id that a step about this office has to name (a member of its "next"); false: there is none. */
bool close_verb_id(const json_t *office, const char *name, struct hash *ret);
/* A step of the actor about this office of the answer; what it follows is still to be filled in. */
struct close_act close_verb_act(const struct close_verb *v, const json_t *office, unsigned step, unsigned round);
/* Says the steps, waits until they are visible: v->answer. EXIT_REFUSED after saying why one of them has no effect. */
int close_verb_settle(struct close_verb *v, struct close_act *act, size_t n);
/* The same, and tells what they came to. */
int close_verb_say(struct close_verb *v, struct close_act *act, size_t n);

/* Who acts: --as, or the only one of these roles (bits 1 << role) that may speak of an office of this region and whose key is on
 * this machine. EXIT_OK, or an exit code after saying what to do. */
int close_actor(const struct cli *c, const struct place *p, unsigned roles, region_code region, char ret[OFFICE_ID_MAX + 1],
                uint8_t *ret_role);
/* Sends the steps of one speaker as one file and waits until they are visible at the centre. Sets their ids. EXIT_OK, or an exit
 * code after saying why. */
int close_say(const struct cli *c, const char *speaker, unsigned year, unsigned quarter, const char *reason, struct close_act *act,
              size_t n);
/* States text under a key of MEASURE_SEAL of the speaker itself, in the same way. */
int close_say_root(const struct cli *c, const char *speaker, unsigned year, unsigned quarter, const char *key, const char *text);

#endif
