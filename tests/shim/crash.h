/* crash.h - crash images: what a machine that lost its power may find on its disk, built from a record (record.h), opened with the
 * real code and compared. Kind: E, tests only.
 *
 * What may be lost at a cut: of each file any sectors (512 bytes) written since its last fsync or fdatasync, in any order and torn;
 * of each directory any names made, moved or removed since its fsync, one by one; the length of a file that was not synced. What
 * may not: anything whose sync has returned. A write through O_DSYNC counts as synced once it has returned. Nothing is assumed of
 * a filesystem that POSIX does not say: not that names reach the disk in order, nor that fsync of a file keeps its name. */
#ifndef REKAP_SHIM_CRASH_H
#define REKAP_SHIM_CRASH_H

#include "proto/bytes.h"
#include "proto/rng.h"
#include "tests/it/load.h"
#include "tests/it/world.h"
#include "tests/shim/record.h"

/* ---- the record, read again (crash_log.c) ---- */
struct crash_piece { const uint8_t *p; uint64_t at, n; };               /* a write not synced; p NULL: only a new length, at */
struct crash_node {
    uint64_t inode;
    bool dir;
    uint8_t *durable;                   /* contents that are certain; n of them */
    size_t n, cap;
    struct crash_piece *pending;        /* in the order they were written */
    size_t pending_n, pending_cap;
    struct crash_piece last;            /* the last write into it */
    uint64_t txn;                       /* of a store's data file: of the last commit that has returned */
};
enum { CRASH_NAME = 112, CRASH_NAMES = 512, CRASH_OPS = 512, CRASH_NO_NODE = -1 };
struct crash_name { int parent, child; char name[CRASH_NAME]; };
struct crash_names { struct crash_name e[CRASH_NAMES]; unsigned n; };
struct crash_op { bool removes, adds; struct crash_name from, to; };    /* a name that goes, a name that comes; a rename is both */
struct crash_log {
    const uint8_t *map;                 /* the record */
    size_t size, at, records;           /* read up to here */
    struct crash_node *node;            /* 0 is the directory itself */
    int nodes, nodes_cap;
    struct crash_names now, certain;
    struct crash_op op[CRASH_OPS];      /* not synced, in order */
    unsigned ops;
    unsigned skip;                      /* enum crash_skip */
    const uint8_t *mark;                /* of the last record, when it was a MARK */
    size_t mark_n;
    size_t seen[RECORD_MARK + 1];       /* records of each kind */
};
/* Plants a fault: the record is read as if the programs had not made these calls. */
enum crash_skip { SKIP_FDATASYNC = 1, SKIP_DSYNC = 2, SKIP_FSYNC_FILE = 4, SKIP_FSYNC_DIR = 8 };
bool crash_log_open(struct crash_log *l, const char *path, const char *dir, unsigned skip);     /* dir: to know its inode */
void crash_log_close(struct crash_log *l);
bool crash_log_step(struct crash_log *l);       /* reads one record; false at the end */
int crash_log_find(const struct crash_names *names, const char *path);  /* node, or CRASH_NO_NODE */
/* Is what the record says the whole truth about the directory? Counts differences and names them. */
unsigned crash_log_differences(const struct crash_log *l, const char *dir);

/* ---- one image (crash_image.c) ---- */
enum crash_mode { CRASH_NONE, CRASH_ALL, CRASH_SECTORS, CRASH_PAGES, CRASH_PREFIX, CRASH_HOLE, CRASH_WRITES, CRASH_FEW,
                  CRASH_MODES };
struct crash_image {
    const struct crash_log *log;
    struct rng rng;
    enum crash_mode mode;
    bool garbage;                       /* what was not written is old blocks of something else, not zeros */
    struct crash_names names;
    struct buf bytes;                   /* of the file asked for last */
};
void crash_image_begin(struct crash_image *i, const struct crash_log *l, uint64_t seed, enum crash_mode mode);
void crash_image_done(struct crash_image *i);
struct slice crash_image_file(struct crash_image *i, int node);         /* lives until the next */
bool crash_image_write(struct crash_image *i, const char *dir);         /* all of it into an empty directory */

/* ---- the recorded scene (crash_scene.c) ---- */
enum { CRASH_OFFICES = 3, CRASH_IDS = 128 };
struct crash_mark {                     /* what the driver knew; everything in it was true before it was written */
    uint32_t kind;                      /* 1 */
    uint32_t ready, offices;            /* `up` said so; offices added */
    uint32_t begun[CRASH_OFFICES], returned[CRASH_OFFICES];     /* files of each: push started, push returned */
    uint64_t acked[CRASH_OFFICES];      /* updates acknowledged, as the collector's status said */
};
struct crash_scene { struct world w; struct load load; char record[512]; struct crash_mark mark; };
bool crash_scene_play(struct crash_scene *s, const char *bin, const char *record, uint64_t seed);
/* Starts the real programs on the image that lies in the directory of the world: it settles, every figure is that of a number of
 * files between the pushes that had returned and those begun, and the next push works. */
void crash_scene_restart(struct crash_scene *s, const struct crash_mark *known, const char *what);

/* ---- the verdict (crash_check.c) ---- */
struct crash_check;
bool crash_check_new(struct crash_check **ret, const struct crash_scene *s, const char *bin, const char *dir);
void crash_check_free(struct crash_check **c);
/* Reads one record and keeps what a store holds after a commit, read from an image in which everything is certain. */
bool crash_check_learn(struct crash_check *c, struct crash_log *l);
bool crash_check_learnt(struct crash_check *c); /* the states that were learnt are what the log folds to */
/* NULL: the image is as it must be; else what is wrong. audit: runs rekap-audit on its ledger too. */
const char *crash_check_image(struct crash_check *c, struct crash_image *i, const struct crash_mark *known, bool audit);
size_t crash_check_commits(const struct crash_check *c);
size_t crash_check_opened(const struct crash_check *c); /* stores that were opened and read wholly */

#endif
