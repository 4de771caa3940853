/* sim_ask.c - the questions that people ask over HTTP, answered from two states that should be one. Kind: P.
 *
 * The aggregator's state grew by groups, with corrections, restarts and aborted steps between; the other one is folded from all
 * records at once, into an empty store. Rollups with completeness, indicators with achievements, findings, targets, plans' trends,
 * notes and the list of offices are asked of both, and the answers compared byte by byte. What both would get wrong in the same way
 * is held against the verifier's own recomputation, row by row (sim_audit_fold); so here it is enough that history leaves no trace,
 * and the private numbers of names, which the two states gave in another order, neither.
 *
 * Invariant: nothing is kept between two calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query.h"
#include "tests/sim/sim.h"

#define TEXT(s) { (const uint8_t *)(s), sizeof(s) - 1 }
static const struct { const char *name; query_fn ask; struct query_params p; bool findings; } ASKED[] = {
    { "rollup", query_rollup, { .region = TEXT("33.74"), .year = TEXT("2022"), .level = TEXT("daun"), .until = TEXT("8") }, false },
    { "rollup", query_rollup, { .region = TEXT(""), .year = TEXT("2023"), .level = TEXT("program") }, false },
    { "indicators", query_indicators, { .region = TEXT(""), .year = TEXT("2022") }, false },
    { "indicators", query_indicators, { .region = TEXT("33"), .year = TEXT("2023"), .until = TEXT("6") }, false },
    { "findings", query_findings, { .region = TEXT(""), .year = TEXT("2022") }, true },
    { "findings", query_findings, { .region = TEXT(""), .year = TEXT("2023") }, true },
    { "targets", query_targets, { .region = TEXT(""), .year = TEXT("2023") }, false },
    { "trend", query_trend, { .region = TEXT("33"), .from = TEXT("2022"), .to = TEXT("2023") }, false },
    { "notes", query_notes, { .region = TEXT(""), .year = TEXT("2022") }, false },
    { "offices", query_offices, { .region = TEXT("") }, false },
};

/* ---- all records at once ---- */

static int fold_all(const struct naive_log *log, unsigned logs, struct store *store)
{
    struct fold *f = NULL;
    struct store_txn *t = NULL;
    int st = fold_new(&f);
    if (st == ST_OK) st = store_begin(store, true, &t);
    for (unsigned i = 0; st == ST_OK && i < logs; i++)
        for (size_t k = 0; st == ST_OK && k < log[i].count; k++) st = fold_record(f, log[i].worker, log[i].record[k]);
    if (st == ST_OK) st = fold_flush(f, t);
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    fold_free(&f);
    return st;
}

/* ---- asking ---- */

static char *answer(struct sim *s, struct store_txn *t, size_t k)
{
    struct asof_position x;
    struct registry *offices = NULL;
    struct query_problem problem = { 0 };
    uint64_t version = 0;
    json_t *said = NULL;
    int st = asof_applied(t, &x);
    if (st == ST_OK) st = asof_registry(t, &x, &offices, &version);
    const struct query_context q = { .t = t, .registry = offices, .now = { .wall = { SIM_START_MS * INT64_C(1000) } } };
    if (st == ST_OK) st = ASKED[k].ask(&q, &ASKED[k].p, &said, &problem);
    if (st == ST_OK && ASKED[k].findings) s->cover.seen[SIM_SEEN_FINDINGS] += json_array_size(json_object_get(said, "findings"));
    char *text = st == ST_OK ? json_dumps(said, JSON_COMPACT) : NULL;
    if (!text) sim_wrong(s, "the question \"%s\" is not answered: %s %s", ASKED[k].name, status_str(st), problem.text);
    json_decref(said);
    registry_free(&offices);
    return text;
}

static void note_kinds(struct sim *s, const char *text)
{
    static const struct { const char *word; enum sim_seen seen; } LOOK[] = {
        { "\"satuan\"", SIM_SEEN_UNITS_DIFFER },            { "\"realisasi-teks\"", SIM_SEEN_WORDS },
        { "\"target-kosong\"", SIM_SEEN_NO_TARGET },        { "\"target-nol\"", SIM_SEEN_TARGET_ZERO },
        { "\"antar-tabel\"", SIM_SEEN_BETWEEN_TABLES },     { "\"belum-lengkap\"", SIM_SEEN_INCOMPLETE },
        { "\"capaian\"", SIM_SEEN_ACHIEVEMENT_DIFFERS },
    };
    for (size_t i = 0; i < sizeof LOOK / sizeof *LOOK; i++) s->cover.seen[LOOK[i].seen] += strstr(text, LOOK[i].word) != NULL;
}

static void differ(struct sim *s, size_t k, const char *a, const char *b)
{
    size_t at = 0;
    while (a[at] && a[at] == b[at]) at++;
    size_t from = at < 60 ? 0 : at - 60;
    sim_wrong(s, "another answer to \"%s\" (%zu): ..%.120s.. and of all records ..%.120s..", ASKED[k].name, k, a + from, b + from);
}

void sim_ask(struct sim *s, struct store_txn *state, const struct naive_log *log)
{
    struct store *fresh = NULL;
    struct store_txn *t = NULL;
    int st = store_mem_new(fold_tables, &fresh);
    if (st == ST_OK) st = fold_all(log, s->o.workers, fresh);
    if (st == ST_OK) st = store_begin(fresh, false, &t);
    if (st != ST_OK) sim_wrong(s, "the records cannot be folded: %s", status_str(st));
    for (size_t k = 0; k < sizeof ASKED / sizeof *ASKED && !s->why[0]; k++) {
        char *a = answer(s, state, k), *b = a ? answer(s, t, k) : NULL;
        if (a && b && strcmp(a, b) != 0) differ(s, k, a, b);
        if (a) note_kinds(s, a);
        s->n.answers++;
        free(a);
        free(b);
    }
    store_abort(&t);
    store_mem_free(&fresh);
}
