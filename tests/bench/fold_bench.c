/* fold_bench.c - nanoseconds per update of the fold alone: decode, sort, load, derive, write, in one process on one store.
 *
 *     fold_bench [dense|shuffled] [offices] [updates per group] [years] [DIR for LMDB | ram]
 * dense: every office reports 120 leaf lines x 2 measures month by month, year by year, offices one after the other.
 * shuffled: the same figures, every row of another office, year and month. Both: 5 % restate what was stated before.
 * Invariant: what is printed is the sum over all groups, the last one included, commits apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aggregator/fold.h"
#include "proto/codec.h"
#include "proto/rng.h"
#include "proto/store.h"
#include "tests/unit/fixture.h"

enum { LINES = 120, BATCH = 1000 };

struct bench {
    struct fold *fold;
    struct store *store;
    struct fixture_log *log;
    struct rng rng;
    activity_code line[LINES];
    unsigned offices, years, group, first_year;
    double fold_s, commit_s;
    uint64_t updates, taken;
    uint32_t next_record;
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void lines_make(struct bench *b)
{
    char code[40];
    for (int i = 0; i < LINES; i++) {
        snprintf(code, sizeof code, "1.06.%02d.2.%02d.%04d", i / 24 + 1, i / 6 % 4 + 1, i % 6 + 1);
        b->line[i] = fixture_activity(code, 2022);
    }
}

static void office_name(char ret[24], unsigned o) { snprintf(ret, 24, "gen-%04u-%02u", 3301 + o / 20, o % 20); }

static struct figure figure_make(struct bench *b, unsigned year, unsigned month, unsigned row)
{
    struct figure f = {.activity = b->line[row / 2],
                       .measure = row & 1 ? MEASURE_CASH_PLAN : MEASURE_REALISED,
                       .source = SOURCE_OPD,
                       .year = (uint16_t)year,
                       .month = (uint8_t)month,
                       .basis = BASIS_CUMULATIVE,
                       .kind = VALUE_NUMBER};
    f.value = (int64_t)(month * 100000000u + rng_below(&b->rng, 90000000));
    return f;
}

static void group_close(struct bench *b)
{
    struct store_txn *t;
    double start = seconds();
    if (store_begin(b->store, true, &t) != ST_OK || fold_recover(b->fold, t) != ST_OK) abort();
    double mid = seconds();
    for (; b->next_record < b->log->count; b->next_record++)
        if (fold_record(b->fold, 1, fixture_log_record(b->log, b->next_record)) != ST_OK) abort();
    double read = seconds();
    uint64_t n = fold_pending_updates(b->fold);
    int st = fold_flush(b->fold, t);
    if (st != ST_OK) abort();
    double flushed = seconds();
    if (store_commit(&t) != ST_OK) abort();
    double end = seconds();
    b->fold_s += flushed - start;
    b->commit_s += end - flushed;
    b->updates += n;
    if (getenv("VERBOSE"))
        printf("group %lu: record %.0f flush %.0f commit %.0f ns/update (recover %.2f ms)\n", (unsigned long)n,
               1e9 * (read - mid) / (double)n, 1e9 * (flushed - read) / (double)n, 1e9 * (end - flushed) / (double)n,
               1e3 * (mid - start));
    b->log->bytes.n = 0; /* records folded are not needed again; the chain goes on */
    b->log->count = 0;
    b->next_record = 0;
    b->taken = 0;
}

static void batch(struct bench *b, const char *speaker, const struct fixture_statement *s, uint32_t n)
{
    fixture_log_batch(b->log, speaker, s, n);
    b->taken += n;
    if (b->taken >= b->group) group_close(b);
}

static void dense(struct bench *b, struct fixture_statement *s)
{
    for (unsigned y = 0; y < b->years; y++)
        for (unsigned m = 1; m <= 12; m++)
            for (unsigned o = 0; o < b->offices; o++) {
                char name[24];
                office_name(name, o);
                for (unsigned r = 0; r < 2 * LINES; r++) {
                    unsigned month = m > 1 && rng_chance(&b->rng, 1, 20) ? m - 1 : m;
                    s[r] = (struct fixture_statement){.subject = name, .f = figure_make(b, b->first_year + y, month, r)};
                }
                batch(b, name, s, 2 * LINES);
            }
}

/* Every slot once, in an order that scatters over offices, years, months and rows; the treasurer speaks for all. */
static void shuffled(struct bench *b, struct fixture_statement *s)
{
    static char name[100][24];
    const uint64_t total = (uint64_t)b->years * 12 * b->offices * 2 * LINES, step = UINT64_C(2654435761); /* a prime */
    for (uint64_t n = 0; n + 100 <= total; n += 100) {
        for (unsigned r = 0; r < 100; r++) {
            uint64_t at = rng_chance(&b->rng, 1, 20) ? rng_below(&b->rng, n + 1) * step % total : (n + r) * step % total;
            unsigned row = (unsigned)(at % (2 * LINES)), month = (unsigned)(at / (2 * LINES) % 12) + 1;
            unsigned year = b->first_year + (unsigned)(at / (2 * LINES) / 12 % b->years);
            office_name(name[r], (unsigned)(at / (2 * LINES) / 12 / b->years));
            s[r] = (struct fixture_statement){.subject = name[r], .f = figure_make(b, year, month, row)};
        }
        batch(b, "gen-3301-00", s, 100);
    }
}

int main(int argc, char **argv)
{
    static struct fixture_statement s[BATCH];
    static struct fixture_log log;
    struct bench b = {.log = &log,
                      .offices = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 66,
                      .group = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 100000,
                      .years = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 10,
                      .first_year = 2021};
    bool shuffle = argc > 1 && strcmp(argv[1], "shuffled") == 0;
    char err[200] = "", name[24], region[16];
    const char *dir = argc > 5 ? argv[5] : "ram";
    struct store_lmdb_options o = {.tables = fold_tables, .kind = "state", .format = FOLD_FORMAT};
    int st = strcmp(dir, "ram") == 0 ? store_mem_new(fold_tables, &b.store) : store_lmdb_open(dir, &o, &b.store, err, sizeof err);
    if (st != ST_OK || fold_new(&b.fold) != ST_OK) {
        fprintf(stderr, "%s %s\n", status_str(st), err);
        return 1;
    }
    rng_seed(&b.rng, 42);
    lines_make(&b);
    fixture_log_init(&log, 1);
    for (unsigned i = 0; i < b.offices; i++) {
        office_name(name, i);
        snprintf(region, sizeof region, "33.%02u", i / 20 + 1);
        fixture_log_office(&log, i + 1, name, region, ROLE_OFFICE);
    }
    if (shuffle)
        shuffled(&b, s);
    else
        dense(&b, s);
    if (b.taken > 0) group_close(&b);
    printf("%s %u offices, groups of %u: %lu updates, fold %.0f ns/update, commit %.0f ns/update\n", shuffle ? "shuffled" : "dense",
           b.offices, b.group, (unsigned long)b.updates, 1e9 * b.fold_s / (double)b.updates, 1e9 * b.commit_s / (double)b.updates);
    return 0;
}
