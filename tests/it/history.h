/* history.h - what clients did and saw, and whether a log explains it. Kind: E (opens a stopped ledger), tests only.
 *
 * Every office has LEAVES registers, the realised figures of as many lines of one year. A statement gives one register a value that
 * no other statement gives, so each value that is seen anywhere names the statement it came from. Clients note what they stated,
 * what they were told is acknowledged, and what they read, with the log position the answer claimed. history_check then walks the
 * worker's ledger and reports
 *
 *   lost        a statement whose push ended well, or that was acknowledged, is not in the log
 *   duplicate   it is there twice
 *   phantom     something is there, or was read, that nobody stated
 *   reordered   an office's statements stand there in another order than it made them
 *   stale       a read at position X differs from what the log says at X, or stands before what its reader had been promised
 *   backwards   an acknowledgement, or the position one reader is shown, went back
 *
 * Each office is used by one thread at a time; reads are noted by one. */
#ifndef REKAP_IT_HISTORY_H
#define REKAP_IT_HISTORY_H

#include "proto/bytes.h"

enum { HISTORY_OFFICES = 4, HISTORY_LEAVES = 24, HISTORY_YEAR = 2024, HISTORY_ROWS_MAX = 12, HISTORY_FAULTS = 20 };
struct history_statement {
    int64_t sen;
    uint8_t leaf;
    bool unsure;                        /* its push did not end well: it may be in the log or not */
    bool first;                         /* of its file: a file is taken as a whole or not at all */
    uint64_t lsn;                       /* where the walk found it; 0: nowhere */
};
struct history_office {
    char id[41];
    struct history_statement *s;
    size_t n, cap, file_from;           /* file_from: first statement of the file being pushed */
    uint64_t acked;                     /* greatest sequence it was told is acknowledged */
    size_t promised;                    /* so many statements a query must show, because push --wait said so */
    uint64_t fell_from, fell_to;        /* an acknowledgement that went back */
};
struct history_read {
    int office;                         /* -1: the total of all */
    uint64_t position;
    size_t promised;                    /* of that office when the read began */
    int64_t value[HISTORY_LEAVES];      /* of all: only [0] */
};
struct history {
    struct history_office o[HISTORY_OFFICES];
    struct history_read *r;
    size_t reads, cap;
    uint64_t position;                  /* shown last */
    uint64_t records, updates;          /* of the walk */
    bool twice;                         /* selftest: the walk takes the first statement twice */
    char fault[HISTORY_FAULTS][160];
    unsigned faults;
};

void history_free(struct history *h);
/* The text of a file with `rows` new statements (at most HISTORY_ROWS_MAX) on lines drawn with `pick`, each line once. */
void history_file(struct history *h, unsigned office, unsigned rows, uint64_t pick, struct buf *csv);
void history_pushed(struct history *h, unsigned office, bool ended_well, bool visible);
void history_acked(struct history *h, unsigned office, uint64_t sequence);
void history_read(struct history *h, const struct history_read *r);
void history_fault(struct history *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* dir: the ledger, nobody has it open. Adds what is wrong to h->fault. */
void history_check(struct history *h, const char *dir);
/* Is the checker awake? After a check without faults: plants one fault of each kind in turn, checks again, and takes it back.
 * Returns how many kinds it did not report by their names; h->fault holds the first that was passed over. */
unsigned history_selftest(struct history *h, const char *dir);

#endif
