/* push_part.h - what push.c, push_wait.c and push_report.c share: the files of one `rekap push`. Kind: E. */
#ifndef REKAP_PUSH_PART_H
#define REKAP_PUSH_PART_H

#include "cli/evidence.h"
#include "cli/place.h"
#include "collector/intake.h"

struct push_file {
    const char *path;                   /* as given */
    char id[40];                        /* of its tray file; "" when nothing of it was put into the tray */
    int64_t rows, accepted, duplicate, superseded, refused_rows;
    json_t *refused, *notes;            /* arrays, as in --json */
    char receipt[160];                  /* "" until acknowledged */
    char worker[16], state[160];        /* what the collector said last */
    int64_t lsn;
    bool failed;                        /* could not be read or stored */
    struct hash hash;                   /* SHA-256 of the pushed bytes */
    bool hashed, counted, acked, visible, receipt_due;
    int judge_fd;                       /* of a dry run: what would lie in the tray, in memory only; 0: nothing to judge */
};
struct push {
    const struct cli *c;
    struct place p;
    struct registry *registry;
    const struct office *office;
    struct intake_options intake;
    struct units *units;                /* of registry/satuan.csv; NULL: there is none */
    struct evidence evidence;           /* --evidence; intake points to it */
    char clerk[UNIT_TEXT_MAX + 1];
    bool dry_run, wait, collector_down, timed_out;
    int timeout_s;
    struct push_file *file;
    int files;
    uint64_t stamp;                     /* of the tray file made last; 0: none yet */
};
/* push.c: installation, register, office and key of a push or withdrawal; EXIT_OK or an exit code after saying why. */
int push_open(struct push *u);
/* Puts what `fill` writes into the tray, as a file of its own; f->id stays "" and f says why when it cannot. */
typedef void (*push_fill)(struct buf *b, const struct tray *head, const void *ctx);
int push_store(struct push *u, struct push_file *f, push_fill fill, const void *ctx);
void push_done(struct push *u);
/* A dry run: asks the collector what it would count, without storing anything. Where it cannot tell (it does not run, or has no key
 * of the office), accepted and refused stay as the files alone have them. */
void push_judge(struct push *u);
/* Tells the collector to look into its tray and asks it what became of the files, until all is known, or with --wait until all is
 * visible at the centre, or until the time is over. Sets collector_down and timed_out. */
void push_wait(struct push *u);
/* How far a push is, on one line of stderr where that is a terminal (push_progress.c). turn: as often as one likes; end: takes the
 * line away. text: rows done of all in ms, as people read it. */
struct push_progress {
    int64_t start, next, base;          /* monotonic ms; base: acknowledged at the first look, -1: not looked yet */
    bool on, shown;
};
void push_progress_begin(struct push_progress *g, const struct push *u);
void push_progress_turn(struct push_progress *g, const struct push *u);
void push_progress_end(struct push_progress *g);
void push_progress_text(enum lang lang, int64_t rows, int64_t done, int64_t ms, char ret[160]);
/* One file's faults and notes, kept for --json and told on stderr. */
void push_note(struct push *u, struct push_file *f, const struct intake *in);
void push_failed(struct push *u, struct push_file *f, const char *why);
/* push_marked.c: writes --output, a copy of the file with its faults marked; when it cannot, f has failed and says why. */
int push_marked(struct push *u, struct push_file *f, const struct intake *in, struct slice bytes);
int push_report(struct push *u);        /* prints; EXIT_OK, EXIT_REFUSED or EXIT_FAILED */

#endif
