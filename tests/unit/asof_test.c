/* asof_test.c - the past by force: what is asked as of a position is what the live tables answered when they stood there.
 *
 * A seeded random history (property_world.h) is folded record by record. At every position the canonical leaves, cells and offices
 * and the answers to a few questions are kept as hashes; at the end, from the last state alone, each position is asked for again.
 * The seed is printed first; SEED=n in the environment sets it. Beside it: positions and moments as text, and the rows that stand
 * behind a provenance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/query.h"
#include "property_world.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { UPDATES = 1500 };
#else
enum { UPDATES = 5200 };
#endif
#define FIRST_SEED UINT64_C(20201106)
enum { QUESTIONS = 5 };

struct moment {
    struct asof_position x;
    struct hash state, answer;
}; /* of the question whose turn it is */
struct folding {
    struct store *store;
    struct fold *fold;
    uint32_t taken[WORLD_WORKERS];
};

static uint64_t first_seed(void) { return env_number("SEED", FIRST_SEED); }

static void folding_init(struct folding *x)
{
    struct store_txn *t = NULL;
    memset(x, 0, sizeof *x);
    assert_int_equal(store_mem_new(fold_tables, &x->store), ST_OK);
    assert_int_equal(fold_new(&x->fold), ST_OK);
    assert_int_equal(store_begin(x->store, true, &t), ST_OK);
    assert_int_equal(fold_recover(x->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

static void folding_done(struct folding *x)
{
    fold_free(&x->fold);
    store_mem_free(&x->store);
}

static void take(struct folding *x, const struct world *w, unsigned log)
{
    assert_int_equal(fold_record(x->fold, log + 1, fixture_log_record(&w->log[log], x->taken[log])), ST_OK);
    x->taken[log]++;
}

static void flush(struct folding *x)
{
    struct store_txn *t = NULL;
    assert_int_equal(store_begin(x->store, true, &t), ST_OK);
    assert_int_equal(fold_flush(x->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

static struct store_txn *reading(const struct folding *x)
{
    struct store_txn *t = NULL;
    assert_int_equal(store_begin(x->store, false, &t), ST_OK);
    return t;
}

/* ---- a position's leaves, cells and offices as text ---- */

static const char *const KEPT[] = {"leaf\t", "cell\t", "office\t"};

/* Lines of the canonical export that are about what stands, without history, counters and applied. */
static struct hash state_hash(struct store_txn *t)
{
    struct buf all, some;
    buf_init(&all, UINT32_MAX);
    buf_init(&some, UINT32_MAX);
    assert_int_equal(export_state(t, &all), ST_OK);
    for (size_t at = 0, end; at < all.n; at = end) {
        const uint8_t *lf = memchr(all.p + at, '\n', all.n - at);
        end = (size_t)(lf - all.p) + 1;
        for (size_t k = 0; k < sizeof KEPT / sizeof *KEPT; k++)
            if (strncmp((const char *)all.p + at, KEPT[k], strlen(KEPT[k])) == 0) buf_put(&some, all.p + at, end - at);
    }
    struct hash h = sign_hash(some.p, some.n);
    buf_done(&all);
    buf_done(&some);
    return h;
}

static void copy_table(struct store_txn *from, struct store_txn *to, unsigned table)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    assert_int_equal(store_cursor(from, table, &c), ST_OK);
    for (int st = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK; st = store_next(c, &key, &value))
        assert_int_equal(store_put(to, table, key, value), ST_OK);
    store_cursor_close(&c);
}

static void put_units(struct store_txn *t, struct store_txn *to, const struct asof_position *x, uint32_t office)
{
    struct unit u;
    unit_init(&u);
    for (int i = 0; i < 4; i++) {
        uint16_t year = (uint16_t)(i ? 2019 + i : 0);
        assert_int_equal(asof_unit(t, x, office, year, &u), ST_OK);
        for (uint32_t l = 0; l < u.count; l++) u.leaf[l].dirty = true;
        assert_int_equal(unit_save(&u, to, FOLD_LEAF), ST_OK);
    }
    unit_done(&u);
}

/* The entry as the fold stores it, of the office's newest line then. */
struct newest {
    const struct asof_position *x;
    struct slice office;
    struct statement_line line;
    bool any;
};

static struct slice entry_line(const struct statement_line *l)
{
    const uint8_t *tab = memchr(l->content.p, '\t', l->content.n);
    return slice_of(tab + 1, (size_t)(l->content.p + l->content.n - tab - 1));
}

static int newest_of(void *ctx, const struct statement_line *l)
{
    struct newest *n = ctx;
    bool same = l->office.n == n->office.n && memcmp(l->office.p, n->office.p, l->office.n) == 0;
    if (!same || l->lsn > n->x->lsn[l->worker]) return ST_OK;
    if (n->any && (l->version < n->line.version || (l->version == n->line.version && l->worker > n->line.worker))) return ST_OK;
    n->line = *l;
    n->any = true;
    return ST_OK;
}

static void put_office(struct store_txn *t, struct store_txn *to, const struct asof_position *x, struct slice id, uint32_t office)
{
    struct newest n = {.x = x, .office = id};
    struct buf b;
    uint8_t key[4];
    assert_int_equal(statement_entries(t, newest_of, &n), ST_OK);
    if (!n.any) return;
    struct slice line = entry_line(&n.line);
    buf_init(&b, 4096);
    buf_varint(&b, n.line.version);
    buf_varint(&b, line.n);
    buf_put(&b, line.p, line.n);
    buf_u8(&b, (uint8_t)n.line.worker);
    bytes_be32(key, office);
    assert_int_equal(store_put(to, FOLD_OFFICE, slice_of(key, 4), buf_slice(&b)), ST_OK);
    buf_done(&b);
}

/* The cells of every region: from the nation down as explain asks, or each by itself as rollups do. */
static struct store_txn *all_cells(struct asof *a, struct store_txn *t, bool down)
{
    struct store_txn *cells = NULL;
    for (uint16_t year = 2020; year <= 2022; year++) {
        if (down || registry_count(asof_offices(a)) == 0) assert_int_equal(asof_cells(a, t, 0, year, &cells), ST_OK);
        for (size_t i = 0; i < registry_count(asof_offices(a)); i++) {
            region_code city = registry_at(asof_offices(a), i)->region, province = code_region_parent(city);
            if (down) assert_int_equal(asof_cells(a, t, province, year, &cells), ST_OK);
            assert_int_equal(asof_cells(a, t, city, year, &cells), ST_OK);
            assert_int_equal(asof_cells(a, t, province, year, &cells), ST_OK);
            assert_int_equal(asof_cells(a, t, 0, year, &cells), ST_OK);
        }
    }
    return cells;
}

/* A state of its own made of nothing but what as-of questions give. */
static struct hash past_hash(struct store_txn *t, const struct asof_position *x)
{
    struct store *made = NULL;
    struct store_txn *to = NULL, *cells = NULL;
    struct asof *a = NULL;
    assert_int_equal(store_mem_new(fold_tables, &made), ST_OK);
    assert_int_equal(store_begin(made, true, &to), ST_OK);
    copy_table(t, to, FOLD_DICT_TEXT);
    copy_table(t, to, FOLD_DICT_ID);
    for (unsigned i = 0; i < WORLD_OFFICES; i++) {
        struct slice id = slice_of(property_world_office(i), strlen(property_world_office(i)));
        uint32_t office;
        if (unit_dict_get(t, FOLD_DICT_TEXT, id, &office) != ST_OK) continue;
        put_units(t, to, x, office);
        put_office(t, to, x, id, office);
    }
    assert_int_equal(asof_new(t, x, "", &a), ST_OK);
    cells = all_cells(a, t, x->lsn[1] % 2);
    copy_table(cells, to, FOLD_CELL);
    asof_free(&a);
    struct hash h = state_hash(to);
    store_abort(&to);
    store_mem_free(&made);
    return h;
}

/* ---- questions ---- */

#define TEXT(s)                                                                                                                    \
    {                                                                                                                              \
        (const uint8_t *)(s), sizeof(s) - 1                                                                                        \
    }
static const struct {
    query_fn ask;
    struct query_params p;
} ASKED[QUESTIONS] = {
    {query_rollup, {.region = TEXT("33.74"), .year = TEXT("2022"), .level = TEXT("daun"), .until = TEXT("8")}},
    {query_rollup, {.region = TEXT(""), .year = TEXT("2021"), .level = TEXT("program")}},
    {query_findings, {.region = TEXT("33"), .year = TEXT("2022")}},
    {query_indicators, {.region = TEXT(""), .year = TEXT("2022")}},
    {query_trend, {.region = TEXT("33"), .from = TEXT("2020"), .to = TEXT("2022")}},
};

/* Without what names the position itself: as_of, and addresses. */
static void strip(json_t *o)
{
    static const char *const NAMES[] = {"as_of", "figure", "figures", "difference_figure"};
    size_t i;
    const char *key;
    json_t *v;
    for (size_t k = 0; json_is_object(o) && k < sizeof NAMES / sizeof *NAMES; k++) json_object_del(o, NAMES[k]);
    json_object_foreach(o, key, v) strip(v);
    json_array_foreach(o, i, v) strip(v);
}

static struct hash answer_hash(json_t *answer)
{
    strip(answer);
    char *text = json_dumps(answer, JSON_SORT_KEYS | JSON_COMPACT);
    struct hash h = sign_hash(text, strlen(text));
    free(text);
    json_decref(answer);
    return h;
}

static struct hash ask(const struct query_context *q, unsigned k, const char *as_of)
{
    struct query_params p = ASKED[k].p;
    struct query_problem problem = {0};
    json_t *answer = NULL;
    if (as_of) p.as_of = slice_of(as_of, strlen(as_of));
    int st = query_as_of(ASKED[k].ask, q, &p, &answer, &problem);
    if (st != ST_OK) fail_msg("question %u as of %s: %s %s", k, as_of ? as_of : "now", status_str(st), problem.text);
    return answer_hash(answer);
}

static void keep(const struct folding *x, struct moment *m, unsigned k)
{
    struct store_txn *t = reading(x);
    struct registry *offices = NULL;
    uint64_t version;
    assert_int_equal(asof_applied(t, &m->x), ST_OK);
    assert_int_equal(asof_registry(t, &m->x, &offices, &version), ST_OK);
    struct query_context q = {.t = t, .registry = offices, .now = {.wall = {INT64_C(1700000000000)}}};
    m->state = state_hash(t);
    json_t *answer = NULL;
    struct query_problem problem;
    assert_int_equal(ASKED[k].ask(&q, &ASKED[k].p, &answer, &problem), ST_OK);
    json_object_set_new(answer, "registry_version", json_integer((json_int_t)version));
    m->answer = answer_hash(answer);
    registry_free(&offices);
    store_abort(&t);
}

static void compare(const struct world *w, struct store_txn *t, const struct query_context *q, const struct moment *m, uint32_t i)
{
    char as_of[160];
    snprintf(as_of, sizeof as_of, "w1:%llu,w2:%llu,w3:%llu", (unsigned long long)m->x.lsn[1], (unsigned long long)m->x.lsn[2],
             (unsigned long long)m->x.lsn[3]);
    struct hash h = past_hash(t, &m->x);
    if (!sign_hash_equal(&h, &m->state))
        fail_msg("SEED=%llu position %u (%s): other leaves or cells", (unsigned long long)w->seed, i, as_of);
    h = ask(q, i % QUESTIONS, as_of);
    if (!sign_hash_equal(&h, &m->answer))
        fail_msg("SEED=%llu position %u (%s): another answer to question %u", (unsigned long long)w->seed, i, as_of, i % QUESTIONS);
}

static void every_position_answers_as_it_did(void **state)
{
    (void)state;
    uint64_t seed = first_seed();
    print_message("SEED=%llu\n", (unsigned long long)seed);
    struct world *w = property_world_new(seed, UPDATES, WORLD_OFFICES, 3);
    struct moment *m = calloc(w->steps, sizeof *m);
    struct folding x;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) {
        take(&x, w, w->step[i].log);
        flush(&x);
        keep(&x, &m[i], i % QUESTIONS);
    }
    struct store_txn *t = reading(&x);
    struct registry *offices = NULL;
    uint64_t version;
    assert_int_equal(asof_registry(t, &m[w->steps - 1].x, &offices, &version), ST_OK);
    struct query_context q = {.t = t, .registry = offices, .now = {.wall = {INT64_C(1700000000000)}}};
    for (uint32_t i = 0; i < w->steps; i++) compare(w, t, &q, &m[i], i);
    print_message("%u positions\n", w->steps);
    registry_free(&offices);
    store_abort(&t);
    folding_done(&x);
    property_world_free(w);
    free(m);
}

/* ---- history ---- */

static json_t *asked_figure(query_fn fn, const struct query_context *q, const char *figure, const char *as_of)
{
    struct query_params p = {.figure = slice_of(figure, strlen(figure)), .as_of = slice_of(as_of, strlen(as_of))};
    struct query_problem problem = {0};
    json_t *answer = NULL;
    int st = query_as_of(fn, q, &p, &answer, &problem);
    if (st != ST_OK) fail_msg("%s as of %s: %s %s", figure, as_of, status_str(st), problem.text);
    return answer;
}

/* Each change in a row: `from` is the next older one's `to`, and `to` is what the figure was as of that statement. One worker
 * speaks for the figure, so its position alone says which statements count. */
static size_t history_holds(const struct query_context *q, const char *figure, unsigned worker)
{
    json_t *history = asked_figure(query_history, q, figure, ""), *now = asked_figure(query_explain, q, figure, ""), *change;
    json_t *list = json_object_get(history, "changes"), *newest = json_object_get(json_array_get(list, 0), "to");
    size_t i, n = json_array_size(list);
    if (n > 0 && !json_equal(newest, json_object_get(now, "value"))) fail_msg("%s: history does not end in today's value", figure);
    json_array_foreach(list, i, change)
    {
        char as_of[64];
        const json_t *older = json_array_get(list, i + 1);
        json_int_t lsn = json_integer_value(json_object_get(json_object_get(change, "statement"), "lsn"));
        if (older && !json_equal(json_object_get(change, "from"), json_object_get(older, "to")))
            fail_msg("%s: a gap at %zu", figure, i);
        for (unsigned before = 0; before < 2; before++) {
            snprintf(as_of, sizeof as_of, "w%u:%lld", worker, (long long)(lsn - before));
            json_t *then = asked_figure(query_explain, q, figure, as_of);
            json_t *said = json_object_get(change, before ? "from" : "to"), *was = json_object_get(then, "value");
            if (!json_equal(said, was)) fail_msg("%s: other value as of %s", figure, as_of);
            json_decref(then);
        }
    }
    json_decref(history);
    json_decref(now);
    return n;
}

/* gen-3374-01 speaks through worker 1 alone; sources of others never enter its figures. */
static void history_is_the_list_of_pasts(void **state)
{
    (void)state;
    static const char *const figures[] = {
        "gen-3374-01/2022/realised/total",           "gen-3374-01/2022/budget/1.06.02?until=7",
        "gen-3374-01/2022/absorption/total",         "gen-3374-01/2022/realised/1.06.02.2.02.01",
        "gen-3374-01/2022/budget/total?stage=murni", "gen-3374-01/2022/realised/5.1?level=daun",
    };
    struct world *w = property_world_new(first_seed() + 1, 1500, 2, 1);
    struct folding x;
    size_t changes = 0;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) take(&x, w, w->step[i].log);
    flush(&x);
    struct store_txn *t = reading(&x);
    struct asof_position applied;
    struct registry *offices = NULL;
    uint64_t version;
    assert_int_equal(asof_applied(t, &applied), ST_OK);
    assert_int_equal(asof_registry(t, &applied, &offices, &version), ST_OK);
    struct query_context q = {.t = t, .registry = offices, .now = {.wall = {INT64_C(1700000000000)}}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) changes += history_holds(&q, figures[i], 1);
    assert_true(changes > 50);
    print_message("%zu changes\n", changes);
    registry_free(&offices);
    store_abort(&t);
    folding_done(&x);
    property_world_free(w);
}

/* ---- rows behind provenances ---- */

static struct hash told_hash(const struct folding *x)
{
    static const unsigned tables[] = {FOLD_RECORD, FOLD_ENTRY, FOLD_REASON, FOLD_EVIDENCE};
    struct store_txn *t = reading(x);
    struct buf b;
    buf_init(&b, UINT32_MAX);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct store_cursor *c = NULL;
        struct slice key, value;
        assert_int_equal(store_cursor(t, tables[i], &c), ST_OK);
        for (int st = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK; st = store_next(c, &key, &value)) {
            buf_put(&b, key.p, key.n);
            buf_put(&b, value.p, value.n);
        }
        store_cursor_close(&c);
    }
    store_abort(&t);
    struct hash h = sign_hash(b.p, b.n);
    buf_done(&b);
    return h;
}

static void a_state_folded_again_says_the_same(void **state)
{
    (void)state;
    struct world *w = property_world_new(first_seed(), 2000, WORLD_OFFICES, 2);
    struct hash expected = {{0}};
    static const unsigned groups[] = {1, 3, 50, 100000};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        struct folding x;
        folding_init(&x);
        for (uint32_t i = 0; i < w->steps; i++) {
            take(&x, w, w->step[i].log);
            if (i % groups[g] == 0) flush(&x);
        }
        flush(&x);
        struct hash h = told_hash(&x);
        if (g == 0) expected = h;
        assert_true(sign_hash_equal(&h, &expected));
        folding_done(&x);
    }
    property_world_free(w);
}

/* Every record has its row; moments lead to positions and back (the fixture commits record n at 1600000000000 + n - 1 ms). */
static void moments_lead_to_positions(void **state)
{
    (void)state;
    struct world *w = property_world_new(first_seed(), 400, 4, 1);
    struct folding x;
    struct asof_position applied, at;
    struct wall time;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) take(&x, w, w->step[i].log);
    flush(&x);
    struct store_txn *t = reading(&x);
    assert_int_equal(asof_applied(t, &applied), ST_OK);
    for (unsigned log = 0; log < WORLD_WORKERS; log++) {
        assert_int_equal(applied.lsn[log + 1], w->log[log].count);
        for (uint64_t lsn = 1; lsn <= w->log[log].count; lsn++) {
            struct record r;
            struct statement s;
            assert_int_equal(codec_record_parse(fixture_log_record(&w->log[log], (uint32_t)lsn - 1), &r), ST_OK);
            assert_int_equal(statement_get(t, log + 1, lsn, 0, &s), ST_OK);
            assert_int_equal(s.kind, r.kind);
            assert_int_equal(s.at.ms, r.at.ms);
            assert_int_equal(asof_at(t, &applied, r.at, &at), ST_OK);
            assert_int_equal(at.lsn[log + 1], lsn);
            assert_int_equal(asof_at(t, &applied, (struct wall){r.at.ms - 1}, &at), ST_OK);
            assert_int_equal(at.lsn[log + 1], lsn - 1);
        }
        assert_int_equal(asof_at(t, &applied, (struct wall){INT64_C(1800000000000)}, &at), ST_OK);
        assert_int_equal(at.lsn[log + 1], applied.lsn[log + 1]);
    }
    assert_int_equal(asof_at(t, &applied, (struct wall){0}, &at), ST_OK);
    assert_int_equal(asof_time(t, &at, &time), ST_OK);
    assert_int_equal(time.ms, 0);
    store_abort(&t);
    folding_done(&x);
    property_world_free(w);
}

/* A log that was restored, or cut at a quarter's end, holds records that state nothing; they have their moment like all others. */
static void a_moment_in_a_restored_log_is_found(void **state)
{
    (void)state;
    static const unsigned KINDS[] = {RECORD_RESTORE, RECORD_CUT};
    struct fixture_log log;
    struct folding x;
    struct asof_position applied, at;
    const struct buf content = {0}; /* of the record: nobody reads it here */
    fixture_log_init(&log, 1);
    folding_init(&x);
    fixture_log_office(&log, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    for (unsigned i = 0; i < 6; i++) fixture_log_raw(&log, KINDS[i % 2], &content);
    for (uint32_t i = 0; i < log.count; i++) assert_int_equal(fold_record(x.fold, 1, fixture_log_record(&log, i)), ST_OK);
    flush(&x);
    struct store_txn *t = reading(&x);
    assert_int_equal(asof_applied(t, &applied), ST_OK);
    for (uint64_t lsn = 1; lsn <= log.count; lsn++) {
        struct record r;
        assert_int_equal(codec_record_parse(fixture_log_record(&log, (uint32_t)lsn - 1), &r), ST_OK);
        assert_int_equal(asof_at(t, &applied, r.at, &at), ST_OK);
        assert_int_equal(at.lsn[1], lsn);
    }
    store_abort(&t);
    folding_done(&x);
    fixture_log_done(&log);
}

static void positions_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int st;
        uint64_t w1, w2;
    } cases[] = {
        {"w1:4711", ST_OK, 4711, 0},
        {"w2:80,w1:3", ST_OK, 3, 80},
        {"w1:0", ST_OK, 0, 0},
        {"w255:1", ST_OK, 0, 0},
        {"", ST_INVALID, 0, 0},
        {"w", ST_INVALID, 0, 0},
        {"w1", ST_INVALID, 0, 0},
        {"w1:", ST_INVALID, 0, 0},
        {"w1:x", ST_INVALID, 0, 0},
        {"w0:1", ST_INVALID, 0, 0},
        {"w256:1", ST_INVALID, 0, 0},
        {"w1:1,", ST_INVALID, 0, 0},
        {"w1:1,w1:2", ST_INVALID, 0, 0},
        {"w1:1 ", ST_INVALID, 0, 0},
        {"w1:1;w2:1", ST_INVALID, 0, 0},
        {"w1:-1", ST_INVALID, 0, 0},
        {"W1:1", ST_INVALID, 0, 0},
        {"w1:1099511627775", ST_OK, 1099511627775, 0},
        {"w1:1099511627776", ST_INVALID, 0, 0},
        {"2022-01-01T00:00:00Z", ST_INVALID, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asof_position x;
        int st = asof_parse(slice_of(cases[i].text, strlen(cases[i].text)), &x);
        if (st != cases[i].st) fail_msg("\"%s\": %s", cases[i].text, status_str(st));
        if (st != ST_OK) continue;
        assert_int_equal(x.lsn[1], cases[i].w1);
        assert_int_equal(x.lsn[2], cases[i].w2);
    }
}

static void what_lies_ahead_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *as_of;
        int st;
        const char *says;
    } cases[] = {
        {"w1:1", ST_OK, ""},
        {"w1:3", ST_INVALID, "w1:2"},
        {"w2:1", ST_INVALID, "w1:2"},
        {"kemarin", ST_INVALID, "2022-12-31T"},
        {"2020-13-01T00:00:00Z", ST_INVALID, "w1:4711"},
        {"1999-01-01T00:00:00Z", ST_OK, ""},
        {"2023-11-14T22:13:20Z", ST_OK, ""},
        {"2023-11-15T00:00:00Z", ST_INVALID, "2023-11-14T22:13:20"},
        {"2023-11-15T00:00:00+07:00", ST_OK, ""},
    };
    struct fixture_log log;
    struct folding x;
    fixture_log_init(&log, 1);
    folding_init(&x);
    fixture_log_office(&log, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    fixture_log_texts(&log, "gen-3374-01", "gen-3374-01", 2022, (const char *const[]){"1.06.01.2.01.01 realised 3 500", NULL});
    for (uint32_t i = 0; i < log.count; i++) assert_int_equal(fold_record(x.fold, 1, fixture_log_record(&log, i)), ST_OK);
    flush(&x);
    struct store_txn *t = reading(&x);
    struct asof_position applied;
    struct registry *offices = NULL;
    uint64_t version;
    assert_int_equal(asof_applied(t, &applied), ST_OK);
    assert_int_equal(asof_registry(t, &applied, &offices, &version), ST_OK);
    struct query_context q = {.t = t, .registry = offices, .now = {.wall = {INT64_C(1700000000000)}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct query_params p = ASKED[0].p;
        struct query_problem problem = {0};
        json_t *answer = NULL;
        p.as_of = slice_of(cases[i].as_of, strlen(cases[i].as_of));
        int st = query_as_of(query_rollup, &q, &p, &answer, &problem);
        if (st != cases[i].st || !strstr(problem.text, cases[i].says))
            fail_msg("%s: %s %s", cases[i].as_of, status_str(st), problem.text);
        json_decref(answer);
    }
    registry_free(&offices);
    store_abort(&t);
    folding_done(&x);
    fixture_log_done(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_position_answers_as_it_did),
        cmocka_unit_test(history_is_the_list_of_pasts),
        cmocka_unit_test(a_state_folded_again_says_the_same),
        cmocka_unit_test(moments_lead_to_positions), cmocka_unit_test(a_moment_in_a_restored_log_is_found),
        cmocka_unit_test(positions_as_text), cmocka_unit_test(what_lies_ahead_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
