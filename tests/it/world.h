/* world.h - one installation in a directory of its own, run by the real programs. Kind: E, tests only.
 *
 * A world is made below $TMPDIR (or /tmp), started with `rekap up`, looked at through control sockets, HTTP and files, and removed
 * with everything that was started in it. Only processes that the world started are ever signalled: `up` is our child, a daemon is
 * a child of that `up`. Nothing here waits without a deadline. */
#ifndef REKAP_IT_WORLD_H
#define REKAP_IT_WORLD_H

#include <jansson.h>
#include <sys/types.h>

#include "proto/types.h"

enum world_part { WORLD_WORKER, WORLD_COLLECTOR, WORLD_AGGREGATOR, WORLD_PARTS };
extern const char *const world_names[WORLD_PARTS];

struct world {
    char bin[512], dir[256], http[64];
    char control[WORLD_PARTS][108], feed[160], runtime[108];       /* feed: the worker's endpoint */
    pid_t up;                           /* 0: not running */
    int up_out;                         /* its standard output */
    char listen[64];                    /* set before world_up: the worker's second door; "": none */
    unsigned descriptors;               /* set before world_up: RLIMIT_NOFILE of all that it starts; 0: ours */
    bool office;                        /* set before world_up: DIR of an office that joined, a collector only */
    char clock[320];                    /* made by world_clock_make before world_up: moves the daemons' wall clock; "": none */
};

/* Counts and prints; the last line of a program is world_done(). */
void world_check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned world_failures(void);
int world_done(void);                   /* prints `N passed, N failed`; the exit code */

int64_t world_ms(void);                 /* monotonic */
void world_pause(int ms);               /* between two looks, never instead of one */
/* Looks until fn says true or ms have passed. */
typedef bool (*world_fn)(void *ctx);
bool world_until(int ms, world_fn fn, void *ctx);

bool world_make(struct world *w, const char *bin);      /* false: said why */
void world_free(struct world *w);       /* stops it and removes every file of it */
bool world_up(struct world *w);         /* starts `up` and waits until it is ready; false: said why, with the logs */
bool world_up_within(struct world *w, int ms);  /* the same without a word; false also while it still tries */
bool world_down(struct world *w);       /* SIGTERM; false when it did not end by itself in time */
void world_kill_up(struct world *w);    /* kill -9 of `up` itself */
unsigned world_port(void);              /* one of the loopback that nobody has now */
unsigned world_port_from(unsigned port);                         /* the first of them at or above this one */
/* The wall clock of what is started from here on (jump.c), the system's as long as nobody moves it; moves it by that many ms from
 * the system's, also under those that run; and lets what this program itself starts meanwhile have it. */
bool world_clock_make(struct world *w);
bool world_clock_set(const struct world *w, int64_t ms);
void world_clock_lend(const struct world *w, bool on);
bool world_office(struct world *w, const char *id, const char *region);

pid_t world_pid(const struct world *w, enum world_part p);      /* 0: not running now */
bool world_signal(const struct world *w, enum world_part p, int sig);
/* One control request; NULL when there is no answer in time. The caller decrefs. */
json_t *world_ask(const struct world *w, enum world_part p, const char *request, int timeout_ms);
json_t *world_status(const struct world *w, enum world_part p);
bool world_answers(const struct world *w, enum world_part p);
json_t *world_get(const struct world *w, const char *target);  /* HTTP 200 with JSON, else NULL */
int world_get_status(const struct world *w, const char *target,
                     json_t **ret); /* HTTP status, 0 when nobody answers; body when JSON */
int64_t world_number(const json_t *o, const char *key);
const char *world_text(const json_t *o, const char *key);

/* Runs build/bin/rekap ARGS --dir DIR (a NULL-terminated list); its output is kept in w->dir/out and w->dir/err. The exit code, or
 * -1 at the deadline (then it was ended). */
int world_rekap(const struct world *w, int timeout_ms, const char *const *args);
/* A program by its path, the same way. */
int world_run(const struct world *w, int timeout_ms, const char *const *argv);
char *world_read_bytes(const char *path, size_t *ret_n);        /* a whole file and a 0 byte after it; ret_n may be NULL */
char *world_read(const char *path);     /* a whole text file; NULL; the caller frees */
char *world_output(const struct world *w, const char *name);   /* "out" or "err" of the last command */
json_t *world_output_json(const struct world *w);
bool world_write(const char *path, const void *bytes, size_t n);
bool world_setting(const struct world *w, const char *name, const char *key, char *ret, size_t size);  /* of DIR/etc/NAME.conf */
unsigned world_tray_files(const struct world *w);       /* that wait in the collector's tray, or were set aside there */
void world_path(const struct world *w, const char *below, char ret[512]);
bool world_log_has(const struct world *w, enum world_part p, const char *text);
void world_logs(const struct world *w); /* the last lines of every log, for a failed test */

/* Everything acknowledged and the log applied: `updates` in all, acked at the collector, and visible. Waits at most ms. */
bool world_settled(const struct world *w, uint64_t updates, int ms);
uint64_t world_acked(const struct world *w, uint64_t *ret_last); /* sums over the offices; UINT64_MAX when there is no answer */

#endif
