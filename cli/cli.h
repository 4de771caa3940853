/* cli.h - what every verb of `rekap` shares: its place in the command table, its options, where it prints. Kind: E.
 *
 * One table (cli_table.c) gives name, Indonesian alias, operands, allowed options and help text of each verb; parsing, help,
 * completion and tests read it. stdout carries data, stderr talk. Exit codes: 0 ok, 1 failed, 2 usage, 3 something was refused. */
#ifndef REKAP_CLI_H
#define REKAP_CLI_H

#include <jansson.h>
#include <limits.h>

#include "proto/bytes.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };
enum option_id {
    OPT_DIR, OPT_LANG, OPT_JSON, OPT_CSV, OPT_HELP, OPT_REGION, OPT_NAME, OPT_ROLE, OPT_OFFICE, OPT_WAIT, OPT_DRY_RUN, OPT_SHAPE,
    OPT_COMPLETE, OPT_DASH, OPT_TIMEOUT, OPT_YEAR, OPT_UNTIL, OPT_CODE, OPT_LEVEL, OPT_STAGE, OPT_AS_OF, OPT_INDICATOR, OPT_FROM,
    OPT_TO, OPT_MEASURE, OPT_EVIDENCE, OPT_KIND, OPT_CAP, OPT_OPEN, OPT_HTTP, OPT_COUNT_EVENTS, OPT_KEY, OPT_OUTPUT,
    OPT_LISTEN, OPT_ADDRESS, OPT_DAYS, OPT_WITH_KEYS, OPT_ACCOUNT, OPT_SOURCE, OPT_MONTH, OPT_REASON, OPT_BRIDGE,
    OPT_FOR, OPT_WITH, OPT_BY, OPT_LOWERED, OPT_FORMAT, OPT_QUARTER, OPT_DEADLINE, OPT_CORRECTED, OPT_STEP, OPT_AS, OPT_REHEARSE,
    OPT_RULES, OPT_AFTER, OPT_SEAL, OPT_BOOKED, OPT_AUDITED, OPT_DELIVER, OPT_CONFIG,
    OPT_ORIGIN, OPT_COUNT
};
struct cli {
    const char *dir;                    /* --dir, else $REKAP_DIR; NULL when neither is given */
    enum lang lang;
    enum format format;
    const char *value[OPT_COUNT];       /* NULL: not given; "" for a switch that was given */
    int operand_count;
    char **operand;
};
struct command {
    const char *name, *alias, *operands;        /* operands: as shown in the synopsis */
    uint64_t options;                   /* bits of enum option_id beside the common ones */
    int operands_min, operands_max;     /* max -1: any */
    const char *help_id, *help_en;      /* one line */
    const char *example;
    int (*run)(struct cli *c);
};
extern const struct command cli_commands[];
extern const size_t cli_command_count;
struct option_row { const char *name; const char *arg; const char *help_id, *help_en; };
extern const struct option_row cli_options[OPT_COUNT];
#define OPTION_BIT(id) (UINT64_C(1) << (id))
_Static_assert(OPT_COUNT <= 64, "an option is a bit");

/* Parses argv of one verb (argv[0] is the verb). EXIT_OK, or EXIT_USAGE after saying why on stderr; *ret_help: --help was asked. */
int cli_parse(const struct command *cmd, int argc, char **argv, struct cli *ret, bool *ret_help);
const struct command *cli_find(const char *name);
enum lang cli_lang(int argc, char **argv);      /* of `--lang en` anywhere before `--`: for what is said before parsing is over */
int cli_unknown(const char *word, enum lang lang);      /* says that there is no such verb, with the nearest one; EXIT_USAGE */
int cli_completion(void);               /* a bash completion script, from the table */
void cli_help(const struct command *k, enum lang lang);         /* NULL: the short page */
/* "%s in one language or the other" */
static inline const char *cli_say(const struct cli *c, const char *id, const char *en) { return c->lang == LANG_EN ? en : id; }
/* "rekap: ..." and a newline on stderr, in the asked language. */
void cli_talk(const struct cli *c, const char *id, const char *en, ...) __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
int cli_fail(const struct cli *c, const char *id, const char *en, const char *what);    /* stderr; returns EXIT_FAILED */
int cli_usage(const struct cli *c, const char *id, const char *en, const char *what);   /* stderr; returns EXIT_USAGE */
const char *cli_nearest(const char *word, const char *const *list, size_t n);           /* NULL when nothing is near */

int64_t cli_mono_ms(void);              /* monotonic milliseconds, for deadlines */
void cli_pause(int ms);                 /* lets ms pass; ends early at a signal */
bool cli_fancy(int fd);                 /* may colour and cursor movement be written to fd? (a terminal, and no $NO_COLOR) */
/* A whole number within min..max given to an option; the default when it was not given. EXIT_OK, or EXIT_USAGE after saying why. */
int cli_number(const struct cli *c, enum option_id option, int def, int min, int max, int *ret);
/* A time (RFC 3339) given to an option; INT64_MIN ms when it was not given. As above. */
int cli_time(const struct cli *c, enum option_id option, struct wall *ret);

/* The verbs: each prints what it has to say and returns an exit code. */
int up_run(struct cli *c);
int office_run(struct cli *c);
int push_run(struct cli *c);
int person_run(struct cli *c);
int status_run(struct cli *c);
int compare_run(struct cli *c);
int config_run(struct cli *c);
int doctor_run(struct cli *c);
int query_rollup(struct cli *c);
int query_trend(struct cli *c);
int query_findings(struct cli *c);
int query_indicators(struct cli *c);
int query_notes(struct cli *c);
int query_match(struct cli *c);
int query_targets(struct cli *c);
int query_peers(struct cli *c);
int withdraw_run(struct cli *c);
int close_submit(struct cli *c);
int close_verify(struct cli *c);
int close_return(struct cli *c);
int close_reopen(struct cli *c);
int close_rehearse(struct cli *c);
int close_run(struct cli *c);
int close_restate(struct cli *c);
int query_late(struct cli *c);
int explain_run(struct cli *c);
int explain_history(struct cli *c);
int watch_run(struct cli *c);
int audit_run(struct cli *c);
int backup_run(struct cli *c);
int backup_archive(struct cli *c);
int backup_restore(struct cli *c);
int follow_run(struct cli *c);
int export_run(struct cli *c);
int follow_promote(struct cli *c);
int receipt_run(struct cli *c);
int seal_run(struct cli *c);
int replay_run(struct cli *c);
int review_run(struct cli *c);
int notice_run(struct cli *c);
int report_run(struct cli *c);
int report_template(struct cli *c);
int login_run(struct cli *c);

#endif
