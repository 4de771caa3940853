/* sql_test.c - the rollup against SQL: the same generated history in SQLite, summed by queries that know nothing of the fold.
 *
 * Eighteen offices in six cities of three provinces state realised figures (cumulative and monthly, nihil, withdrawn, corrected,
 * months left out and stated late) and budgets of sixty sub kegiatan in two years. The log is folded in random groups. SQLite keeps
 * every statement in the order it was made; SQL finds the newest of each slot (window function), carries it forward month by month
 * (recursive query), and sums by group at every level of the code and of the regions. Compared: twelve sums and twelve office
 * counts of every node; neither side may have a node that the other lacks. The seed is printed; SEED=n sets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "aggregator/fold.h"
#include "fixture.h"
#include "proto/rng.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { BATCHES = 150 };
#else
enum { BATCHES = 1500 };
#endif
enum { OFFICES = 18, LINES = 60, FIRST_YEAR = 2023, YEARS = 2, BATCH_MAX = 60, LEVELS = 6, GROUP_MAX = 40 };
static const char *const CITIES[] = { "33.74", "33.72", "18.72", "18.71", "35.78", "35.73" };

struct both {
    uint64_t seed;
    struct rng rng;
    struct fixture_log log;
    struct store *store;
    sqlite3 *db;
    sqlite3_stmt *insert;
    activity_code line[LINES];
    char code[LINES][32], id[OFFICES][24];
    uint64_t statements;
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* ---- SQLite ---- */

static void sql(struct both *b, const char *text)
{
    char *err = NULL;
    if (sqlite3_exec(b->db, text, NULL, NULL, &err) != SQLITE_OK) fail_msg("%s: %s", text, err);
}

static void insert(struct both *b, unsigned office, unsigned line, const struct figure *f)
{
    const char *city = CITIES[office % 6];
    const sqlite3_int64 v[] = { office,
                                strtol(city + 3, NULL, 10),
                                strtol(city, NULL, 10),
                                f->year,
                                f->measure == MEASURE_BUDGET,
                                f->month,
                                f->basis,
                                f->kind,
                                f->value };
    for (int i = 0; i < 9; i++) assert_int_equal(sqlite3_bind_int64(b->insert, i + 1, v[i]), SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(b->insert, 10, b->code[line], -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(b->insert), SQLITE_DONE);
    sqlite3_reset(b->insert);
}

/* Numbers of the enums are written out: 1 number, 2 nihil; basis 1 cumulative, 2 monthly. */
static const char SERIES[] =
    "CREATE TABLE now AS SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY office, year, budget, code, month ORDER BY seq "
    "DESC) r"
    " FROM said) WHERE r = 1 AND kind IN (1, 2);"
    "CREATE INDEX now_key ON now(office, year, budget, code, month);"
    "CREATE TABLE line AS SELECT DISTINCT office, city, province, year, budget, code FROM now;"
    "CREATE TABLE series AS WITH RECURSIVE s(office, city, province, year, budget, code, m, state, last) AS ("
    " SELECT office, city, province, year, budget, code, 0, 0, 0 FROM line UNION ALL"
    " SELECT s.office, s.city, s.province, s.year, s.budget, s.code, s.m + 1,"
    "  CASE WHEN n.kind IS NULL THEN s.state WHEN n.kind = 2 THEN CASE n.basis WHEN 2 THEN s.state ELSE 0 END"
    "       WHEN n.basis = 2 THEN s.state + n.value ELSE n.value END,"
    "  CASE WHEN n.kind IS NULL THEN s.last ELSE s.m + 1 END"
    " FROM s LEFT JOIN now n ON n.office = s.office AND n.year = s.year AND n.budget = s.budget AND n.code = s.code AND n.month = "
    "s.m + 1"
    " WHERE s.m < 12) SELECT * FROM s WHERE m > 0;"
    /* how far an office's figures of a line reach: a month counts the office up to its last reported one, a budget all year */
    "CREATE TABLE reach AS SELECT office, year, budget, code, CASE budget WHEN 1 THEN 12 ELSE max(last) END AS last"
    " FROM series GROUP BY office, year, budget, code;";

/* One level: %s the code's prefix, %s the region. An office counts once in a node, however many of its lines lie below. */
static const char LEVEL[] =
    "SELECT s.year, s.budget, %s AS node, %s AS region, s.m, sum(s.state),"
    " count(DISTINCT CASE WHEN s.m <= r.last THEN s.office END)"
    " FROM series s JOIN reach r USING (office, year, budget, code) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5";

static void open_db(struct both *b)
{
    assert_int_equal(sqlite3_open(":memory:", &b->db), SQLITE_OK);
    sql(b,
        "CREATE TABLE said(seq INTEGER PRIMARY KEY, office, city, province, year, budget, month, basis, kind, value,"
           " code); BEGIN");
    assert_int_equal(sqlite3_prepare_v2(b->db,
                                        "INSERT INTO said(office, city, province, year, budget, month, basis, kind, value, code)"
                                        " VALUES(?,?,?,?,?,?,?,?,?,?)",
                                        -1, &b->insert, NULL),
                     SQLITE_OK);
}

/* ---- the history ---- */

static void make_codes(struct both *b)
{
    for (unsigned i = 0; i < LINES; i++) {
        struct code_reading r;
        snprintf(b->code[i], sizeof b->code[i], "%u.%02u.%02u.2.%02u.%02u", i % 3 + 1, i / 3 % 3 + 1, i / 9 % 2 + 1, i / 18 % 2 + 1,
                 i + 1);
        assert_int_equal(code_parse_activity(code_vintage_of_year(FIRST_YEAR), text(b->code[i]), &r), ST_OK);
        assert_int_equal(code_format_activity(r.code, b->code[i]) > 0, 1);
        b->line[i] = r.code;
    }
}

static struct figure random_figure(struct both *b, unsigned line)
{
    struct rng *r = &b->rng;
    struct figure f = { .activity = b->line[line],
                        .measure = MEASURE_REALISED,
                        .source = SOURCE_OPD,
                        .basis = BASIS_CUMULATIVE,
                        .year = (uint16_t)(FIRST_YEAR + rng_below(r, YEARS)),
                        .month = (uint8_t)(1 + rng_below(r, 12)) };
    if (rng_chance(r, 1, 5))
        f.measure = MEASURE_BUDGET, f.source = SOURCE_DPA, f.stage = STAGE_MURNI, f.month = 1;
    else if (rng_chance(r, 1, 3))
        f.basis = BASIS_MONTHLY;
    f.kind = rng_chance(r, 1, 12) ? VALUE_WITHDRAWN : rng_chance(r, 1, 15) ? VALUE_NIL : VALUE_NUMBER;
    if (f.kind == VALUE_NUMBER) f.value = (int64_t)rng_below(r, UINT64_C(100000000000)) - (rng_chance(r, 1, 20) ? 50000000000 : 0);
    return f;
}

/* A batch states each of its lines in one section, so that its order is the order of statements on both sides. */
static void make_batch(struct both *b)
{
    static struct fixture_statement s[BATCH_MAX];
    unsigned office = (unsigned)rng_below(&b->rng, OFFICES), n = 1 + (unsigned)rng_below(&b->rng, BATCH_MAX), stated = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned line = (unsigned)rng_below(&b->rng, LINES);
        s[stated] = (struct fixture_statement){ .subject = b->id[office], .f = random_figure(b, line) };
        if (figure_check(&s[stated].f) != CODE_OK) continue;
        insert(b, office, line, &s[stated++].f);
    }
    if (stated) fixture_log_batch(&b->log, b->id[office], s, stated);
    b->statements += stated;
}

static void make_history(struct both *b)
{
    fixture_log_init(&b->log, 1);
    for (unsigned i = 0; i < OFFICES; i++) {
        snprintf(b->id[i], sizeof b->id[i], "gen-%.2s%.2s-%02u", CITIES[i % 6], CITIES[i % 6] + 3, i / 6 + 1);
        fixture_log_office(&b->log, i + 1, b->id[i], CITIES[i % 6], ROLE_OFFICE);
    }
    for (unsigned i = 0; i < BATCHES; i++) make_batch(b);
}

static void fold_all(struct both *b)
{
    struct fold *f = NULL;
    assert_int_equal(store_mem_new(fold_tables, &b->store), ST_OK);
    assert_int_equal(fold_new(&f), ST_OK);
    for (uint32_t at = 0; at < b->log.count;) {
        struct store_txn *t = NULL;
        assert_int_equal(store_begin(b->store, true, &t), ST_OK);
        if (at == 0) assert_int_equal(fold_recover(f, t), ST_OK);
        for (uint64_t n = 1 + rng_below(&b->rng, GROUP_MAX); n > 0 && at < b->log.count; n--)
            assert_int_equal(fold_record(f, 1, fixture_log_record(&b->log, at++)), ST_OK);
        assert_int_equal(fold_flush(f, t), ST_OK);
        assert_int_equal(store_commit(&t), ST_OK);
    }
    fold_free(&f);
}

/* ---- comparing ---- */

static region_code region_of(const char *text_or_null)
{
    region_code r = 0;
    if (text_or_null && *text_or_null) assert_int_equal(code_region_parse(text(text_or_null), &r), ST_OK);
    return r;
}

struct seen {
    uint64_t rows, sums;
};

/* One row of SQL against one month of a cell. */
static void compare_row(struct both *b, struct store_txn *t, sqlite3_stmt *q, unsigned level, struct seen *seen)
{
    const char *node = (const char *)sqlite3_column_text(q, 2), *region = (const char *)sqlite3_column_text(q, 3);
    bool budget = sqlite3_column_int(q, 1) != 0;
    unsigned m = (unsigned)sqlite3_column_int(q, 4) - 1;
    struct cell_key k = { .region = region_of(region), .year = (uint16_t)sqlite3_column_int(q, 0) };
    struct cell c = { .lines = 0 };
    struct code_reading code = { .code = 0 };
    if (level > 0) assert_int_equal(code_parse_activity(code_vintage_of_year(FIRST_YEAR), text(node), &code), ST_OK);
    k.node = (struct derived_key){ .node = level > 0 ? code.code : 0,
                                   .node_kind = level > 0 ? NODE_ACTIVITY : NODE_TOTAL,
                                   .derived = budget ? DERIVED_BUDGET : DERIVED_REALISED,
                                   .source = budget ? SOURCE_DPA : SOURCE_OPD };
    int st = cell_get(t, FOLD_CELL, &k, &c);
    if (st != ST_OK && st != ST_NOT_FOUND) fail_msg("a cell cannot be read: %s", status_str(st));
    if (c.value[m] != sqlite3_column_int64(q, 5) || c.offices[m] != sqlite3_column_int64(q, 6))
        fail_msg("seed %llu: %d %s of %s in '%s', month %u: %lld of %lld offices, SQL says %lld of %lld",
                 (unsigned long long)b->seed, k.year, budget ? "budget" : "realised", level ? node : "all", region ? region : "",
                 m + 1, (long long)c.value[m], (long long)c.offices[m], (long long)sqlite3_column_int64(q, 5),
                 (long long)sqlite3_column_int64(q, 6));
    seen->rows += m == 0;
    seen->sums++;
}

static void compare_level(struct both *b, struct store_txn *t, unsigned level, unsigned regions, struct seen *seen)
{
    static const char *const prefix[LEVELS] = {
        "''", "substr(s.code, 1, 1)", "substr(s.code, 1, 4)", "substr(s.code, 1, 7)", "substr(s.code, 1, 12)", "s.code"
    };
    static const char *const region[] = { "''", "printf('%02d', s.province)", "printf('%02d.%02d', s.province, s.city)" };
    char text[1024];
    sqlite3_stmt *q = NULL;
    int n = snprintf(text, sizeof text, LEVEL, prefix[level], region[regions]);
    assert_true(n > 0 && n < (int)sizeof text);
    if (sqlite3_prepare_v2(b->db, text, -1, &q, NULL) != SQLITE_OK) fail_msg("%s: %s", text, sqlite3_errmsg(b->db));
    while (sqlite3_step(q) == SQLITE_ROW) compare_row(b, t, q, level, seen);
    sqlite3_finalize(q);
}

/* Cells of the fold that say something of budget or realised: as many as SQL has groups that do. */
static uint64_t count_cells(struct store_txn *t)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    struct cell_key k;
    struct cell cell;
    uint64_t n = 0;
    assert_int_equal(store_cursor(t, FOLD_CELL, &c), ST_OK);
    for (int st = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK; st = store_next(c, &key, &value)) {
        bool any = false;
        assert_int_equal(cell_key_parse(key, &k), ST_OK);
        assert_int_equal(cell_decode(value, &cell), ST_OK);
        for (unsigned m = 0; m < 12; m++) any |= cell.value[m] != 0 || cell.offices[m] != 0;
        bool total = k.node.node_kind == NODE_TOTAL && k.node.node == 0;
        n += any && (total || k.node.node_kind == NODE_ACTIVITY) &&
             (k.node.derived == DERIVED_BUDGET || k.node.derived == DERIVED_REALISED);
    }
    store_cursor_close(&c);
    return n;
}

static void the_rollup_is_what_sql_sums(void **state)
{
    static struct both b;
    struct store_txn *t = NULL;
    struct seen seen = { 0, 0 };
    (void)state;
    b.seed = env_number("SEED", 20201106);
    rng_seed(&b.rng, b.seed);
    make_codes(&b);
    open_db(&b);
    make_history(&b);
    fold_all(&b);
    sql(&b, SERIES);
    assert_int_equal(store_begin(b.store, false, &t), ST_OK);
    for (unsigned level = 0; level < LEVELS; level++)
        for (unsigned regions = 0; regions < 3; regions++) compare_level(&b, t, level, regions, &seen);
    assert_int_equal(count_cells(t), seen.rows);
    print_message("seed %llu: %llu statements, %llu nodes, %llu sums and office counts equal\n", (unsigned long long)b.seed,
                  (unsigned long long)b.statements, (unsigned long long)seen.rows, (unsigned long long)seen.sums);
    store_abort(&t);
    store_mem_free(&b.store);
    fixture_log_done(&b.log);
    sqlite3_finalize(b.insert);
    sqlite3_close(b.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_rollup_is_what_sql_sums) };
    return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
