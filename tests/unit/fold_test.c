/* fold_test.c - the fold as a function of the logs: cuts, interleavings, refusals, moves and counters change nothing they must not.
 *
 * Random logs come from fixed seeds. Two workers log the registry each; the treasurer on the second states figures of offices of
 * the first. The exported state is compared as text, so a failure can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/fold.h"
#include "aggregator/statement.h"
#include "proto/rng.h"
#include "proto/store.h"
#include "tests/unit/fixture.h"

struct world { struct store *store; struct fold *fold; struct store_txn *t; };

static void world_begin(struct world *w)
{
    assert_int_equal(store_begin(w->store, true, &w->t), ST_OK);
}

static void world_open(struct world *w)
{
    assert_int_equal(store_mem_new(fold_tables, &w->store), ST_OK);
    assert_int_equal(fold_new(&w->fold), ST_OK);
    world_begin(w);
    assert_int_equal(fold_recover(w->fold, w->t), ST_OK);
}

static void world_commit(struct world *w)
{
    assert_int_equal(fold_flush(w->fold, w->t), ST_OK);
    assert_int_equal(store_commit(&w->t), ST_OK);
    world_begin(w);
}

static void world_close(struct world *w)
{
    store_abort(&w->t);
    fold_free(&w->fold);
    store_mem_free(&w->store);
}

static char *world_export(struct world *w)
{
    struct buf b;
    buf_init(&b, UINT32_MAX);
    assert_int_equal(export_state(w->t, &b), ST_OK);
    buf_u8(&b, 0);
    char *text = strdup((const char *)b.p);
    buf_done(&b);
    return text;
}

static void take(struct world *w, const struct fixture_log *l, uint32_t i)
{
    assert_int_equal(fold_record(w->fold, l->worker, fixture_log_record(l, i)), ST_OK);
}

static void take_all(struct world *w, const struct fixture_log *l)
{
    for (uint32_t i = 0; i < l->count; i++) take(w, l, i);
    world_commit(w);
}

static i128 cell_value(struct world *w, region_code region, unsigned derived, unsigned source, unsigned month)
{
    struct cell_key k = { .region = region, .year = 2022, .node = { .derived = (uint8_t)derived, .source = (uint8_t)source } };
    struct cell c;
    int st = cell_get(w->t, FOLD_CELL, &k, &c);
    if (st == ST_NOT_FOUND) return -1;
    assert_int_equal(st, ST_OK);
    return c.value[month - 1];
}

static struct fold_count count_of(struct world *w, const char *office)
{
    struct fold_count c = { 0 };
    uint32_t id;
    assert_int_equal(unit_dict_get(w->t, FOLD_DICT_TEXT, slice_of(office, strlen(office)), &id), ST_OK);
    assert_int_equal(fold_count_get(w->t, id, &c), ST_OK);
    assert_true(c.effective + c.same + c.superseded + c.late + c.refused == c.received);
    return c;
}

enum { PROVINCE = 33 << 16, CITY_74 = PROVINCE | 74, CITY_72 = PROVINCE | 72 };

/* ---- random logs ---- */

static const char *const CODES[] = { "1.06.02.2.02.01", "1.06.02.2.02.02", "1.06.02.2.02", "1.06.02", "1.06.03.2.01.01", "1.06",
                                     "total", "5.1", "5.1.02",
                                     "1.06.04.2.01.01/5.1.02", "1.06.04.2.01.01/5.1.02.01", "1.06.04.2.01.01", "5" };
static const char *const CHANNELS[] = { "realised", "realised", "cash_plan", "budget:dpa:murni", "budget:dpa:perubahan", "budget",
                                        "realised" };
static const char *const VALUES[] = { "nil", "na", "withdrawn" };

static void random_text(struct rng *r, const char *source, char *ret, size_t size)
{
    const char *code = CODES[rng_below(r, sizeof CODES / sizeof *CODES)], *channel = source ? source : CHANNELS[rng_below(r,
        sizeof CHANNELS / sizeof *CHANNELS)];
    char value[24];
    if (!source && rng_chance(r, 1, 40)) {     /* of the treasurer it would not be admitted */
        snprintf(ret, size, "- complete:dpa:perubahan %u %s", 6 + (unsigned)rng_below(r, 4), rng_chance(r, 1, 2) ? "1"
                 : "withdrawn");
        return;
    }
    if (rng_chance(r, 1, 8)) snprintf(value, sizeof value, "%s", VALUES[rng_below(r, 3)]);
    else snprintf(value, sizeof value, "%d", (int)rng_below(r, 60) - 5);
    bool flow = strncmp(channel, "budget", 6) != 0;
    snprintf(ret, size, "%s %s %u%s %s%s", code, channel, 1 + (unsigned)rng_below(r, 12), flow && rng_chance(r, 1, 3) ? "m" : "",
             value, rng_chance(r, 1, 9) ? " !koreksi" : "");
}

static void random_batch(struct rng *r, struct fixture_log *l, const char *speaker, const char *source)
{
    static struct fixture_figure figure[40];
    struct fixture_statement s[40];
    static const char *const SUBJECTS[] = { "gen-3374-01", "gen-3374-02", "gen-3372-01" };
    uint32_t n = 1 + (uint32_t)rng_below(r, 40);
    for (uint32_t i = 0; i < n; i++) {
        char text[120];
        random_text(r, source, text, sizeof text);
        fixture_figure(text, 2021 + (unsigned)rng_below(r, 3), &figure[i]);
        s[i] = (struct fixture_statement){ .subject = source ? SUBJECTS[rng_below(r, 3)] : speaker, .f = figure[i].f,
                                           .disposition = rng_chance(r, 1, 25) ? CODE_UNAUTHORISED : CODE_OK };
    }
    fixture_log_batch(l, speaker, s, n);
}

static void random_logs(uint64_t seed, struct fixture_log *a, struct fixture_log *b)
{
    static const char *const REGIONS[] = { "33.74", "33.72", "33", "18.72", "" };
    struct rng r;
    rng_seed(&r, seed);
    fixture_log_init(a, 1);
    fixture_log_init(b, 2);
    struct fixture_log *both[] = { a, b };
    for (unsigned i = 0; i < 2; i++) {
        fixture_log_office(both[i], 1, "gen-3374-01", "33.74", ROLE_OFFICE);
        fixture_log_office(both[i], 2, "gen-3374-02", "33.74", ROLE_OFFICE);
        fixture_log_office(both[i], 3, "gen-3374-90", "33.74", ROLE_TREASURER);
        /* the second worker learns of it late or never */
        if (i == 0) fixture_log_office(a, 4, "gen-3372-01", "33.72", ROLE_OFFICE);
    }
    for (unsigned i = 0; i < 24; i++) {
        random_batch(&r, a, i % 3 == 0 ? "gen-3374-01" : i % 3 == 1 ? "gen-3374-02" : "gen-3372-01", NULL);
        if (rng_chance(&r, 1, 3)) random_batch(&r, b, "gen-3374-90", "realised:bud");
        if (rng_chance(&r, 1, 6)) fixture_log_office(both[rng_below(&r, 2)], 5 + i, "gen-3374-01", REGIONS[rng_below(&r, 5)],
                                                     ROLE_OFFICE);
    }
}

/* Folds both logs with random interleaving and cuts (one in `cut` records ends a group; 0: one group). */
static char *folded(const struct fixture_log *a, const struct fixture_log *b, uint64_t seed, unsigned cut)
{
    struct world w;
    struct rng r;
    uint32_t i = 0, j = 0;
    rng_seed(&r, seed);
    world_open(&w);
    while (i < a->count || j < b->count) {
        bool first = j == b->count || (i < a->count && rng_chance(&r, 1, 2));
        if (first) take(&w, a, i++);
        else take(&w, b, j++);
        if (cut && rng_chance(&r, 1, cut)) {
            world_commit(&w);
            if (rng_chance(&r, 1, 4)) assert_int_equal(fold_recover(w.fold, w.t), ST_OK);       /* a restart */
        }
    }
    world_commit(&w);
    char *text = world_export(&w);
    world_close(&w);
    return text;
}

/* Prints the first line that is not the same. */
static void first_difference(const char *a, const char *b)
{
    size_t line = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '\n') line = i + 1;
    printf("%.*s\n%.*s\n", (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"), b + line);
}

static void cuts_and_interleavings(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 25; seed++) {
        struct fixture_log a, b;
        random_logs(seed, &a, &b);
        char *want = folded(&a, &b, 1, 0);
        for (uint64_t k = 2; k < 8; k++) {
            char *got = folded(&a, &b, seed * 100 + k, (unsigned)k - 1);
            if (strcmp(got, want) != 0) {
                first_difference(got, want);
                fail_msg("seed %lu, group cuts %lu", (unsigned long)seed, (unsigned long)k);
            }
            free(got);
        }
        free(want);
        fixture_log_done(&a);
        fixture_log_done(&b);
    }
}

/* Cells are the sums of what the stored units derive to. */
static void cells_are_sums(void **state)
{
    (void)state;
    static const char *const OFFICES[] = { "gen-3374-01", "gen-3374-02", "gen-3372-01", "gen-3374-90" };
    struct fixture_log l;
    struct world w;
    struct rng r;
    i128 want[12] = { 0 };
    rng_seed(&r, 7);
    fixture_log_init(&l, 1);
    for (unsigned i = 0; i < 4; i++) fixture_log_office(&l, i + 1, OFFICES[i], i == 2 ? "33.72" : "33.74", i == 3
                                                        ? ROLE_TREASURER : ROLE_OFFICE);
    for (unsigned i = 0; i < 30; i++) random_batch(&r, &l, OFFICES[i % 3], NULL);
    world_open(&w);
    for (uint32_t i = 0; i < l.count; i++) {
        take(&w, &l, i);
        world_commit(&w);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct derived_key k = { .derived = DERIVED_REALISED, .source = SOURCE_OPD };
        struct derived_set d;
        struct unit u;
        uint32_t id;
        unit_init(&u);
        derive_init(&d);
        assert_int_equal(unit_dict_get(w.t, FOLD_DICT_TEXT, slice_of(OFFICES[i], strlen(OFFICES[i])), &id), ST_OK);
        assert_int_equal(unit_load(&u, w.t, FOLD_LEAF, id, 2022), ST_OK);
        assert_int_equal(derive_unit(&u, &d), ST_OK);
        const struct derived_row *row = derive_find(&d, &k);
        for (unsigned m = 0; row && m < 12; m++) want[m] += row->value[m];
        derive_done(&d);
        unit_done(&u);
    }
    for (unsigned m = 1; m <= 12; m++) assert_true(cell_value(&w, PROVINCE, DERIVED_REALISED, SOURCE_OPD, m) == want[m - 1]);
    assert_true(cell_value(&w, 0, DERIVED_REALISED, SOURCE_OPD, 12) == want[11]);
    world_close(&w);
    fixture_log_done(&l);
}

/* ---- order and refusal ---- */

static void only_the_next_record(void **state)
{
    (void)state;
    const char *const figures[] = { "1.06.02.2.02.01 realised 2 10", NULL };
    struct fixture_log l, other;
    struct world w;
    uint64_t lsn;
    struct hash hash;
    fixture_log_init(&l, 1);
    fixture_log_init(&other, 1);
    fixture_log_office(&l, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    fixture_log_office(&other, 1, "gen-3374-02", "33.74", ROLE_OFFICE);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2022, figures);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2022, figures);
    fixture_log_texts(&other, "gen-3374-02", "gen-3374-02", 2022, figures);
    world_open(&w);
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&l, 1)), ST_INVALID);    /* a gap */
    take(&w, &l, 0);
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&l, 0)), ST_INVALID);    /* again, before the flush */
    take(&w, &l, 1);
    world_commit(&w);
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&l, 1)), ST_INVALID);    /* again, after it */
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&l, 0)), ST_INVALID);
    assert_int_equal(fold_recover(w.fold, w.t), ST_OK);
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&other, 1)), ST_INVALID);
    assert_int_equal(fold_record(w.fold, 1, slice_of("\x01", 1)), ST_CORRUPT);
    fold_reached(w.fold, 1, &lsn, &hash);
    assert_int_equal(lsn, 2);
    take(&w, &l, 2);
    world_commit(&w);
    assert_int_equal(fold_applied(w.t, 1, &lsn, &hash), ST_OK);
    assert_int_equal(lsn, 3);
    assert_memory_equal(&hash, &l.hash, sizeof hash);
    struct fold_count c = count_of(&w, "gen-3374-01");
    assert_true(c.received == 2 && c.effective == 1 && c.same == 1);
    world_close(&w);
    fixture_log_done(&l);
    fixture_log_done(&other);
}

static void a_fork_is_refused(void **state)
{
    (void)state;
    struct fixture_log a, b;
    struct world w;
    fixture_log_init(&a, 1);
    fixture_log_init(&b, 1);
    fixture_log_office(&a, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    fixture_log_office(&b, 1, "gen-3374-02", "33.74", ROLE_OFFICE);
    fixture_log_office(&b, 2, "gen-3374-03", "33.74", ROLE_OFFICE);
    world_open(&w);
    take(&w, &a, 0);
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&b, 1)), ST_INVALID);    /* the next number of another history */
    world_close(&w);
    fixture_log_done(&a);
    fixture_log_done(&b);
}

/* A damaged row about a batch, found by a fuzzer: its time of signing lies out of the range of times. */
static void a_time_out_of_range_is_corrupt(void **state)
{
    (void)state;
    static const uint8_t key[9] = {1, 0, 0, 0, 0, 0, 0, 0, 1}, hash[HASH_SIZE];
    struct store *store = NULL;
    struct store_txn *t = NULL;
    struct statement s;
    struct buf row;

    buf_init(&row, 256);
    buf_u8(&row, RECORD_BATCH);
    buf_zigzag(&row, -11);
    buf_varint(&row, 0); /* office */
    buf_varint(&row, 0); /* stream */
    buf_be64(&row, 1);
    buf_varint(&row, 1);
    buf_varint(&row, 1);
    buf_zigzag(&row, INT64_MIN);
    buf_put(&row, hash, sizeof hash);
    buf_varint(&row, 0);
    assert_int_equal(store_mem_new(fold_tables, &store), ST_OK);
    assert_int_equal(store_begin(store, true, &t), ST_OK);
    assert_int_equal(store_put(t, FOLD_RECORD, slice_of(key, sizeof key), buf_slice(&row)), ST_OK);
    assert_int_equal(statement_get(t, 1, 1, 0, &s), ST_CORRUPT);
    store_abort(&t);
    store_mem_free(&store);
    buf_done(&row);
}

static void an_unknown_speaker_is_corrupt(void **state)
{
    (void)state;
    const char *const figures[] = { "1.06.02.2.02.01 realised 2 10", NULL };
    struct fixture_log l;
    struct world w;
    fixture_log_init(&l, 1);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2022, figures);
    world_open(&w);
    assert_int_equal(fold_record(w.fold, 1, fixture_log_record(&l, 0)), ST_CORRUPT);
    assert_int_equal(fold_pending_updates(w.fold), 0);
    world_close(&w);
    fixture_log_done(&l);
}

/* A signed batch whose body is none stands in the log, every update refused: it must be counted and never stop the fold. */
static void a_body_that_is_none(void **state)
{
    static const char broken[] = "\x91\x92 no section";
    static const uint8_t sig[SIG_SIZE];
    struct world w;
    struct fixture_log l;
    struct buf header, content;
    struct batch_header h = { .office = slice_of("gen-3374-01", 11), .epoch = 1, .sequence = 1, .count = 3,
                              .body_hash = sign_hash(broken, sizeof broken - 1) };
    (void)state;
    fixture_log_init(&l, 1);
    fixture_log_office(&l, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&content, BATCH_BYTES_MAX);
    codec_batch_header_put(&header, &h);
    codec_batch_put(&content, buf_slice(&header), sig, slice_of(broken, sizeof broken - 1));
    fixture_log_raw(&l, RECORD_BATCH, &content);
    world_open(&w);
    take_all(&w, &l);
    struct fold_count c = count_of(&w, "gen-3374-01");
    assert_true(c.received == 3 && c.refused == 3);
    world_close(&w);
    buf_done(&header);
    buf_done(&content);
    fixture_log_done(&l);
}

static void counters(void **state)
{
    (void)state;
    struct fixture_figure f[6];
    struct fixture_statement s[6];
    static const char *const TEXTS[] = { "1.06.02.2.02.01 realised 2 10", "1.06.02.2.02.01 realised 2 10",
                                         "1.06.02.2.02.01 realised 2 11", "1.06.02.2.02.01 realised 2 12",
                                         "1.06.02.2.02.01 realised 3 99", "1.06.02.2.02.01 realised 4 withdrawn" };
    struct fixture_log l;
    struct world w;
    uint8_t month;
    fixture_log_init(&l, 1);
    fixture_log_office(&l, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    for (unsigned i = 0; i < 6; i++) {
        fixture_figure(TEXTS[i], 2022, &f[i]);
        s[i] = (struct fixture_statement){ .subject = "gen-3374-01", .f = f[i].f, .disposition = i == 4 ? CODE_UNAUTHORISED
                                           : CODE_OK };
    }
    fixture_log_batch(&l, "gen-3374-01", s, 6);
    world_open(&w);
    take_all(&w, &l);
    struct fold_count c = count_of(&w, "gen-3374-01");
    assert_true(c.received == 6 && c.effective == 2 && c.same == 1 && c.superseded == 2 && c.refused == 1);
    assert_int_equal(c.last, figure_provenance(1, 2, 5));
    assert_int_equal(fold_last_month(w.t, 1, 2022, &month), ST_OK);
    assert_int_equal(month, 2);
    assert_true(cell_value(&w, CITY_74, DERIVED_REALISED, SOURCE_OPD, 12) == 12);
    char *text = world_export(&w);
    assert_non_null(strstr(text,
                           "history\tgen-3374-01\t2022\tpermendagri-90-2019\t"
                           "1.06.02.2.02.01\t\trealised\topd\t\t\t2nc0=10@w1:2:0\n"));
    assert_non_null(strstr(text, "\t2nc0=11@w1:2:2\n"));
    free(text);
    world_close(&w);
    fixture_log_done(&l);
}

/* ---- regions ---- */

static void offices_move(void **state)
{
    (void)state;
    const char *const figures[] = { "1.06.02.2.02.01 realised 2 10", NULL }, *const more[] = { "1.06.02.2.02.01 realised 3 25",
          NULL };
    struct fixture_log l;
    struct world w;
    fixture_log_init(&l, 1);
    fixture_log_office(&l, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2022, figures);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2021, figures);
    world_open(&w);
    take_all(&w, &l);
    assert_true(cell_value(&w, CITY_74, DERIVED_REALISED, SOURCE_OPD, 2) == 10);
    fixture_log_office(&l, 2, "gen-3374-01", "33.72", ROLE_OFFICE);
    take(&w, &l, 3);
    world_commit(&w);
    assert_true(cell_value(&w, CITY_74, DERIVED_REALISED, SOURCE_OPD, 2) == -1);
    assert_true(cell_value(&w, CITY_72, DERIVED_REALISED, SOURCE_OPD, 2) == 10);
    assert_true(cell_value(&w, PROVINCE, DERIVED_REALISED, SOURCE_OPD, 2) == 10);
    fixture_log_office(&l, 3, "gen-3374-01", "18.72", ROLE_OFFICE);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2022, more);
    take(&w, &l, 4);
    take(&w, &l, 5);
    world_commit(&w);
    assert_true(cell_value(&w, PROVINCE, DERIVED_REALISED, SOURCE_OPD, 2) == -1);
    assert_true(cell_value(&w, 18 << 16 | 72, DERIVED_REALISED, SOURCE_OPD, 3) == 25);
    assert_true(cell_value(&w, 0, DERIVED_REALISED, SOURCE_OPD, 3) == 25);
    world_close(&w);
    fixture_log_done(&l);
}

static void a_subject_before_its_entry(void **state)
{
    (void)state;
    const char *const figures[] = { "1.06.02.2.02.01 realised:bud 2 10", NULL };
    struct fixture_log a, b;
    struct world w;
    fixture_log_init(&a, 1);
    fixture_log_init(&b, 2);
    fixture_log_office(&b, 1, "gen-3374-90", "33.74", ROLE_TREASURER);
    fixture_log_texts(&b, "gen-3374-90", "gen-3374-01", 2022, figures);
    fixture_log_office(&a, 2, "gen-3374-01", "33.74", ROLE_OFFICE);
    world_open(&w);
    take_all(&w, &b);
    assert_true(cell_value(&w, 0, DERIVED_REALISED, SOURCE_BUD, 2) == -1);
    assert_int_equal(fold_recover(w.fold, w.t), ST_OK);
    take_all(&w, &a);
    assert_true(cell_value(&w, CITY_74, DERIVED_REALISED, SOURCE_BUD, 2) == 10);
    assert_int_equal(count_of(&w, "gen-3374-90").effective, 1);
    world_close(&w);
    fixture_log_done(&a);
    fixture_log_done(&b);
}

static void the_change_list(void **state)
{
    (void)state;
    const char *const figures[] = { "1.06.02.2.02.01 realised 2 10", NULL };
    struct fold_changed changed[FOLD_CHANGE_PAIRS];
    struct fixture_log l;
    struct world w;
    uint64_t position = 9;
    size_t n;
    fixture_log_init(&l, 1);
    fixture_log_office(&l, 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    fixture_log_texts(&l, "gen-3374-01", "gen-3374-01", 2022, figures);
    world_open(&w);
    assert_int_equal(fold_change_last(w.t, &position), ST_OK);
    assert_int_equal(position, 0);
    assert_int_equal(fold_change_next(w.t, 0, &position, changed, FOLD_CHANGE_PAIRS, &n), ST_NOT_FOUND);
    take_all(&w, &l);
    assert_int_equal(fold_change_last(w.t, &position), ST_OK);
    assert_int_equal(position, 1);
    assert_int_equal(fold_change_next(w.t, 0, &position, changed, FOLD_CHANGE_PAIRS, &n), ST_OK);
    assert_true(n == 1 && changed[0].year == 2022);
    assert_int_equal(fold_flush(w.fold, w.t), ST_OK);   /* nothing to say: no row */
    assert_int_equal(fold_change_next(w.t, 1, &position, changed, FOLD_CHANGE_PAIRS, &n), ST_NOT_FOUND);
    world_close(&w);
    fixture_log_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_and_interleavings), cmocka_unit_test(cells_are_sums), cmocka_unit_test(only_the_next_record),
        cmocka_unit_test(a_fork_is_refused), cmocka_unit_test(an_unknown_speaker_is_corrupt),
        cmocka_unit_test(a_time_out_of_range_is_corrupt), cmocka_unit_test(counters),
        cmocka_unit_test(a_body_that_is_none),
        cmocka_unit_test(offices_move), cmocka_unit_test(a_subject_before_its_entry), cmocka_unit_test(the_change_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
