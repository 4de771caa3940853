/* inject.h - every call that can fail does: the parts of the driver of fail.so. Kind: E, tests only. */
#ifndef REKAP_SHIM_INJECT_H
#define REKAP_SHIM_INJECT_H

#include "proto/rng.h"
#include "tests/it/load.h"
#include "tests/it/world.h"
#include "tests/shim/fail.h"

struct inject_file { char *path, *bytes; size_t n; unsigned mode; };    /* bytes NULL: a directory */
struct inject_point { uint64_t where, n; };     /* which call: the n-th, or the n-th of one chain of callers */
struct inject_tally { unsigned tried, untouched, went_on, died, aborted, not_ready, late, started_again, twice; };
struct inject {
    struct world w;
    struct load load;
    struct fail_state *state;
    struct inject_file *file;           /* the installation as it is before each run: one office with a budget, nothing else */
    size_t files;
    int64_t budget, realised, other;    /* before; what the run adds: a month of the first office, the budget of a second one */
    char before[40];                    /* what is shown of realised figures before */
    struct rng rng;
    const char *program;                /* whose calls fail */
    enum fail_kind kind;
    bool record;                        /* nothing fails: where allocations are is written down */
    bool lie;                           /* writes say that they have written: to see that the checks see */
    unsigned lies_seen;
    bool ever, second;                  /* for good; in the second start, after a kill */
    uint64_t from;                      /* the first call by number; 0: drawn */
    bool again;                         /* and once more in the start after the one that failed, at a random call */
    struct inject_tally t;
};

bool inject_prepare(struct inject *i, const char *bin, const char *tmp);        /* inject_world.c */
bool inject_restore(struct inject *i);  /* the installation as it was */
void inject_done(struct inject *i);
/* Starts, pushes, looks, stops and starts again without faults; checks everything. False: the fault never came. */
bool inject_run(struct inject *i, const struct inject_point *p);
/* Every call of a command line program, from the first until it passes untouched (inject_command.c). */
void inject_command(struct inject *i, const char *verb, unsigned stride);
/* The same for a command that changes the register or copies the log (inject_register.c): office-add, backup, .. */
bool inject_register_knows(const char *name);
void inject_register(struct inject *i, const char *name, unsigned stride);
void inject_command_arm(struct inject *i, uint64_t n);          /* of i->program, from now on */
const char *inject_command_end(struct inject *i, int rc);       /* counts; NULL, or what is wrong with how it ended */
void inject_command_where(const struct inject *i);      /* prints who called what failed, and the program's last words */
/* Is it an end that may be: an exit with a word, or libzmq's own abort? NULL, or what is wrong. */
const char *inject_end_ok(struct inject *i, const char *how, const char *text);

/* What a region's figures are now, as anybody may see them. */
enum inject_shown { INJECT_NOTHING, INJECT_BEFORE, INJECT_BETWEEN, INJECT_AFTER, INJECT_WRONG };
enum inject_shown inject_look(const struct inject *i);
extern const char *const inject_kinds[FAIL_KINDS];
extern const int inject_errors[FAIL_KINDS];

#endif
