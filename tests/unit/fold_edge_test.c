/* fold_edge_test.c - the fold at its edges: records that are not what they should be, meetings, limits.
 *
 * What a log says is data: a record that is no entry or no batch is ST_CORRUPT or counts for nothing, never an ASSERT. Rows of the
 * state: fold_damage_test.c. Memory that ends: fold_memory_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fold_world.h"

/* ---- records ---- */

static void an_entry_that_is_none_is_corrupt(void **state)
{
    static const char *const CONTENTS[] = { "", "1", "0\t", "\tline", "x\tline", "1 line", "1/\tline", "1:\tline",
                                            "1234567890123456789\tline", "7\tno line of the register" };
    static char longest[1100];
    (void)state;
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "1\t", 2);
    for (size_t i = 0; i <= sizeof CONTENTS / sizeof *CONTENTS; i++) {
        struct world w;
        struct buf b;
        bool last = i == sizeof CONTENTS / sizeof *CONTENTS;
        fold_world_open(&w);
        buf_init(&b, sizeof longest);
        buf_put(&b, last ? longest : CONTENTS[i], last ? sizeof longest : strlen(CONTENTS[i]));
        fixture_log_raw(&w.l, RECORD_OFFICE, &b);
        assert_int_equal(fold_world_take(&w, &w.l), ST_CORRUPT);
        assert_int_equal(fold_flush(w.fold, w.t), ST_OK);
        buf_done(&b);
        fold_world_close(&w);
    }
}

static void batch_of(struct fixture_log *l, const char *speaker, const struct buf *body, uint32_t count)
{
    static const uint8_t sig[SIG_SIZE];
    struct batch_header h = { .office = slice_of(speaker, strlen(speaker)), .epoch = 1, .sequence = 1, .count = count,
                              .body_hash = sign_hash(body->p, body->n) };
    struct buf header, content;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&content, BATCH_BYTES_MAX);
    codec_batch_header_put(&header, &h);
    codec_batch_put(&content, buf_slice(&header), sig, buf_slice(body));
    fixture_log_raw(l, RECORD_BATCH, &content);
    buf_done(&header);
    buf_done(&content);
}

static void body_of(struct buf *b, const char *subject, const char *text)
{
    struct fixture_figure x;
    struct section s = { .office = slice_of(subject, strlen(subject)), .year = 2022, .source = SOURCE_OPD,
                         .vintage = code_vintage_of_year(2022), .entered = { 1600000000000 } };
    fixture_figure(text, 2022, &x);
    buf_init(b, BATCH_BYTES_MAX);
    codec_put_array(b, 1);
    codec_section_begin(b, &s, 1);
    codec_row_put(b, &x.f);
}

static void a_batch_that_is_none_is_corrupt(void **state)
{
    struct world w;
    struct buf b;
    (void)state;
    fold_world_stated(&w);
    buf_init(&b, 64);
    buf_str(&b, "no batch");
    fixture_log_raw(&w.l, RECORD_BATCH, &b);
    assert_int_equal(fold_world_take(&w, &w.l), ST_CORRUPT);
    buf_done(&b);
    fold_world_close(&w);
}

/* A signed batch stands in the log whatever its body is: all its updates are refused, what was read of it is counted back. */
static void a_body_with_other_rows_than_said_is_refused_whole(void **state)
{
    struct world w;
    struct buf b;
    struct fold_count c;
    (void)state;
    fold_world_stated(&w);
    body_of(&b, OFFICE, "1.06.02.2.02.01 realised 4 77");
    batch_of(&w.l, OFFICE, &b, 2);
    buf_clear(&b);
    buf_u8(&b, 0xc0);
    batch_of(&w.l, OFFICE, &b, 3);
    fold_world_flush(&w);
    c = fold_world_count(&w, OFFICE);
    assert_true(c.received == 7 && c.refused == 5 && c.effective == 2);
    assert_int_equal(fold_world_realised(&w, CITY, SOURCE_OPD), 30);
    buf_done(&b);
    fold_world_close(&w);
}

static void a_subject_that_is_no_office_id_is_refused(void **state)
{
    struct world w;
    struct buf b;
    struct fold_count c;
    (void)state;
    fold_world_stated(&w);
    body_of(&b, "No Office", "1.06.02.2.02.01 realised 4 77");
    batch_of(&w.l, OFFICE, &b, 1);
    fold_world_flush(&w);
    c = fold_world_count(&w, OFFICE);
    assert_true(c.received == 3 && c.refused == 1);
    buf_done(&b);
    fold_world_close(&w);
}

static void who_was_only_spoken_of_may_not_speak(void **state)
{
    struct world w;
    (void)state;
    fold_world_open(&w);
    fixture_log_office(&w.l, 1, TREASURER, "33.74", 2);
    fixture_log_texts(&w.l, TREASURER, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised:bud 3 5"));
    fixture_log_texts(&w.l, OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 3 5"));
    assert_int_equal(fold_world_take(&w, &w.l), ST_CORRUPT);
    fold_world_close(&w);
}

/* Provenances have 40 bits for the number of a record. */
static void a_log_longer_than_provenances_can_name_is_corrupt(void **state)
{
    struct world w;
    uint8_t applied[8 + HASH_SIZE] = { 0 };
    struct record r = { .kind = RECORD_OFFICE, .lsn = UINT64_C(1) << 40, .at = { 1 }, .content = slice_of("", 0) };
    struct buf b;
    (void)state;
    fold_world_open(&w);
    bytes_be64(applied, r.lsn - 1);
    fold_world_put(&w, FOLD_META, "applied\x01", 8, applied, sizeof applied);
    assert_int_equal(fold_recover(w.fold, w.t), ST_OK);
    buf_init(&b, 4096);
    codec_record_put(&b, &r);
    assert_int_equal(fold_record(w.fold, 1, buf_slice(&b)), ST_CORRUPT);
    buf_done(&b);
    fold_world_close(&w);
}

/* ---- entries ---- */

struct entry { unsigned worker; uint64_t version; const char *id, *region; };

/* Takes the entries in the order given, as one group each; the region OFFICE ends in. */
static region_code region_after(const struct entry *e, const unsigned *order, unsigned n)
{
    static struct fixture_log logs[3];
    struct world w;
    region_code regions[] = { CITY, NEXT_CITY, 33 << 16 }, ret = 0;
    fold_world_open(&w);
    for (unsigned i = 0; i < 3; i++) fixture_log_init(&logs[i], i + 2);
    for (unsigned i = 0; i < n; i++) {
        struct fixture_log *l = &logs[e[order[i]].worker - 2];
        fixture_log_office(l, e[order[i]].version, e[order[i]].id, e[order[i]].region, 1);
        assert_int_equal(fold_world_take(&w, l), ST_OK);
        assert_int_equal(fold_flush(w.fold, w.t), ST_OK);
        assert_int_equal(fold_recover(w.fold, w.t), ST_OK);
    }
    fixture_log_texts(&logs[0], OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 2 10"));
    assert_int_equal(fold_world_take(&w, &logs[0]), ST_OK);
    assert_int_equal(fold_flush(w.fold, w.t), ST_OK);
    for (unsigned i = 0; i < 2; i++)
        if (fold_world_realised(&w, regions[i], SOURCE_OPD) == 10) ret = regions[i];
    if (!ret && fold_world_realised(&w, regions[2], SOURCE_OPD) == 10) ret = regions[2];
    for (unsigned i = 0; i < 3; i++) fixture_log_done(&logs[i]);
    fold_world_close(&w);
    return ret;
}

/* Which log was read first changes nothing: the greater version, then the lesser line. */
static void entries_do_not_depend_on_which_log_was_read_first(void **state)
{
    static const struct entry E[] = { { 2, 5, OFFICE, "33.74" }, { 3, 5, OFFICE, "33.72" }, { 4, 4, OFFICE, "33" } };
    static const unsigned ORDERS[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    (void)state;
    for (size_t i = 0; i < sizeof ORDERS / sizeof *ORDERS; i++) assert_int_equal(region_after(E, ORDERS[i], 3), NEXT_CITY);
}

/* What the state keeps of OFFICE after entries with these lines, each of the same version, from workers 2 and 3 in this order. */
static unsigned worker_after(const char *two, const char *three, bool two_first)
{
    struct fixture_log logs[2];
    struct world w;
    struct slice row;
    uint8_t key[4];
    fold_world_open(&w);
    for (unsigned i = 0; i < 2; i++) {
        struct buf b;
        fixture_log_init(&logs[i], i + 2);
        buf_init(&b, 1024);
        buf_printf(&b, "7\t%s\t33.74\toffice\tactive\t-\t-\t-\t-\t%s", OFFICE, i ? three : two);
        fixture_log_raw(&logs[i], RECORD_OFFICE, &b);
        buf_done(&b);
    }
    assert_int_equal(fold_world_take(&w, &logs[two_first ? 0 : 1]), ST_OK);
    assert_int_equal(fold_world_take(&w, &logs[two_first ? 1 : 0]), ST_OK);
    assert_int_equal(fold_flush(w.fold, w.t), ST_OK);
    bytes_be32(key, fold_world_id(&w, OFFICE));
    assert_int_equal(store_get(w.t, FOLD_OFFICE, slice_of(key, 4), &row), ST_OK);
    unsigned ret = row.p[row.n - 1];
    for (unsigned i = 0; i < 2; i++) fixture_log_done(&logs[i]);
    fold_world_close(&w);
    return ret;
}

static void of_one_version_the_lesser_line_then_the_lesser_worker(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        assert_int_equal(worker_after("Kantor", "Kantor", first), 2);
        assert_int_equal(worker_after("Kantor B", "Kantor A", first), 3);
        assert_int_equal(worker_after("Kantor A", "Kantor B", first), 2);
        assert_int_equal(worker_after("Kantor A", "Kantor", first), 3);        /* what the other begins with is the lesser */
        assert_int_equal(worker_after("Kantor", "Kantor A", first), 2);
    }
}

/* More offices than the first table of ids holds, ids of many lengths. */
static void three_hundred_offices_are_told_apart(void **state)
{
    struct world w;
    char id[64];
    (void)state;
    fold_world_open(&w);
    fixture_log_office(&w.l, 1, TREASURER, "33.74", 2);
    for (unsigned i = 0; i < 300; i++) {
        char text[64];
        snprintf(id, sizeof id, "gen-%.*s%u", (int)(i % 9), "33743374-", i);
        snprintf(text, sizeof text, "1.06.02.2.02.01 realised:bud 1 %u", i + 1);
        fixture_log_office(&w.l, i + 2, id, "33.74", 1);
        fixture_log_texts(&w.l, TREASURER, id, 2022, TEXTS(text));
    }
    fold_world_flush(&w);
    assert_int_equal(fold_world_realised(&w, CITY, SOURCE_BUD), 300 * 301 / 2);
    assert_int_equal(fold_world_count(&w, TREASURER).effective, 300);
    assert_int_equal(fold_recover(w.fold, w.t), ST_OK);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "gen-%.*s%u", (int)(i % 9), "33743374-", i);
        fixture_log_texts(&w.l, TREASURER, id, 2022, TEXTS("1.06.02.2.02.01 realised:bud 1 7"));
    }
    fold_world_flush(&w);
    assert_int_equal(fold_world_realised(&w, CITY, SOURCE_BUD), 300 * 7);
    fold_world_close(&w);
}

/* ---- figures ---- */

static void subjects_of_one_batch_are_told_apart(void **state)
{
    static const char *const SUBJECTS[] = { OFFICE, OTHER, OFFICE "0", OFFICE };
    struct fixture_figure f[4];
    struct fixture_statement s[4];
    struct world w;
    (void)state;
    fold_world_open(&w);
    fixture_log_office(&w.l, 1, TREASURER, "33.74", 2);
    fixture_log_office(&w.l, 2, OFFICE, "33.74", 1);
    fixture_log_office(&w.l, 3, OTHER, "33.72", 1);
    fixture_log_office(&w.l, 4, OFFICE "0", "33.72", 1);
    for (unsigned i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "1.06.02.2.02.01 realised:bud %u %u", i + 1, 1u << i);
        fixture_figure(text, 2022, &f[i]);
        s[i] = (struct fixture_statement){ .subject = SUBJECTS[i], .f = f[i].f };
    }
    fixture_log_batch(&w.l, TREASURER, s, 4);
    fold_world_flush(&w);
    assert_int_equal(fold_world_realised(&w, CITY, SOURCE_BUD), 8);
    assert_int_equal(fold_world_realised(&w, NEXT_CITY, SOURCE_BUD), 2 + 4);
    struct fold_count c;
    assert_int_equal(fold_count_get(w.t, fold_world_id(&w, OTHER), &c), ST_NOT_FOUND);  /* spoken of, never spoke */
    fold_world_close(&w);
}

/* An office that only repeats what is known while it moves is moved. */
static void who_repeats_itself_and_moves_is_moved(void **state)
{
    struct world w;
    (void)state;
    fold_world_stated(&w);
    fixture_log_office(&w.l, 2, OFFICE, "33.72", 1);
    fixture_log_texts(&w.l, OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 3 30"));
    fold_world_flush(&w);
    assert_int_equal(fold_world_realised(&w, CITY, SOURCE_OPD), -1);
    assert_int_equal(fold_world_realised(&w, NEXT_CITY, SOURCE_OPD), 30);
    assert_int_equal(fold_world_realised(&w, 33 << 16, SOURCE_OPD), 30);
    fold_world_close(&w);
}

/* Names belong to no year: they are kept and enter neither cells nor months, and the change list names year 0. */
static void a_name_is_of_no_year(void **state)
{
    static struct fixture_figure x, first;
    struct fixture_statement s[2];
    struct fold_changed pair[4];
    struct world w;
    uint64_t at;
    size_t n;
    uint8_t month;
    (void)state;
    fold_world_stated(&w);
    x.f = (struct figure){ .activity = fixture_activity("1.06.02", 2022), .measure = MEASURE_NAME, .kind = VALUE_TEXT,
                           .text = slice_of("Program", 7) };
    fixture_figure("5.1.02 realised 1 1", YEAR_MIN, &first);    /* the unit beside it */
    for (unsigned i = 0; i < 2; i++) s[i] = (struct fixture_statement){ .subject = OFFICE, .f = i ? first.f : x.f };
    fixture_log_batch(&w.l, OFFICE, s, 2);
    fold_world_flush(&w);
    assert_int_equal(fold_world_count(&w, OFFICE).effective, 4);
    assert_int_equal(fold_change_next(w.t, 1, &at, pair, 4, &n), ST_OK);
    assert_true(n == 2 && pair[0].office == fold_world_id(&w, OFFICE) && pair[0].year == 0 && pair[1].year == YEAR_MIN);
    assert_int_equal(fold_last_month(w.t, pair[0].office, 2022, &month), ST_OK);
    assert_int_equal(month, 3);
    fold_world_close(&w);
}

/* Identities are remembered within a group by a hash; two that meet in one place stay two. */
static void identities_that_share_a_place_stay_two(void **state)
{
    char text[2][24];
    struct fixture_figure f[3];
    struct fixture_statement s[3];
    struct world w;
    uint32_t id[2];
    (void)state;
    snprintf(text[0], sizeof text[0], "indikator-%05u", 0);
    for (unsigned i = 1;; i++) {
        snprintf(text[1], sizeof text[1], "indikator-%05u", i);
        if (bytes_crc32c(0, text[0], strlen(text[0])) % 1024 == bytes_crc32c(0, text[1], strlen(text[1])) % 1024) break;
    }
    fold_world_stated(&w);
    for (unsigned i = 0; i < 3; i++) {
        fixture_figure("1.06.02.2.02.01 reached 3 5", 2022, &f[i]);
        f[i].f.source = SOURCE_OPD;
        f[i].f.indicator = slice_of(text[i % 2], strlen(text[i % 2]));
        f[i].f.value = i;
        s[i] = (struct fixture_statement){ .subject = OFFICE, .f = f[i].f };
    }
    fixture_log_batch(&w.l, OFFICE, s, 3);
    fold_world_flush(&w);
    struct fold_count c = fold_world_count(&w, OFFICE);
    assert_true(c.effective == 4 && c.superseded == 1);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(unit_dict_get(w.t, FOLD_DICT_TEXT, slice_of(text[i], strlen(text[i])), &id[i]), ST_OK);
    assert_int_not_equal(id[0], id[1]);
    fold_world_close(&w);
}

/* The last provenance of a speaker is the greatest, whichever log was read first. */
static void the_last_statement_is_the_greatest_provenance(void **state)
{
    struct fixture_log b;
    struct world w;
    (void)state;
    fold_world_stated(&w);
    fixture_log_init(&b, 2);
    fixture_log_office(&b, 1, OFFICE, "33.74", 1);
    fixture_log_texts(&b, OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 5 50"));
    fixture_log_texts(&w.l, OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 4 40"));
    assert_int_equal(fold_world_take(&w, &b), ST_OK);
    assert_int_equal(fold_world_take(&w, &w.l), ST_OK);
    assert_int_equal(fold_flush(w.fold, w.t), ST_OK);
    assert_int_equal(fold_world_count(&w, OFFICE).last, figure_provenance(2, 2, 0));
    fixture_log_done(&b);
    fold_world_close(&w);
}

/* ---- the change list ---- */

static void a_large_group_is_several_rows_of_changes(void **state)
{
    enum { OFFICES = 38, PAIRS = OFFICES * (YEAR_MAX - YEAR_MIN + 1) };
    static struct fold_changed pair[FOLD_CHANGE_PAIRS];
    struct world w;
    uint64_t at = 0;
    size_t n, all = 0;
    char id[32];
    (void)state;
    fold_world_open(&w);
    for (unsigned i = 0; i < OFFICES; i++) {
        snprintf(id, sizeof id, "gen-3374-%u", i);
        fixture_log_office(&w.l, i + 1, id, "33.74", 1);
        for (unsigned y = YEAR_MIN; y <= YEAR_MAX; y++) fixture_log_texts(&w.l, id, id, y, TEXTS("5.1.02 realised 1 1"));
    }
    fold_world_flush(&w);
    assert_int_equal(fold_change_next(w.t, 0, &at, pair, FOLD_CHANGE_PAIRS, &n), ST_OK);
    assert_true(at == 1 && n == FOLD_CHANGE_PAIRS);
    assert_int_equal(fold_change_next(w.t, 0, &at, pair, 3, &n), ST_OK);
    assert_true(at == 1 && n == 3);
    assert_int_equal(fold_change_next(w.t, 1, &at, pair, FOLD_CHANGE_PAIRS, &all), ST_OK);
    assert_true(at == 2 && FOLD_CHANGE_PAIRS + all == PAIRS);
    assert_int_equal(fold_change_next(w.t, 2, &at, pair, FOLD_CHANGE_PAIRS, &n), ST_NOT_FOUND);
    assert_int_equal(fold_change_next(w.t, UINT64_MAX, &at, pair, FOLD_CHANGE_PAIRS, &n), ST_NOT_FOUND);
    fold_world_close(&w);
}

static uint64_t first_change(struct world *w)
{
    struct fold_changed pair[1];
    uint64_t at;
    size_t n;
    assert_int_equal(fold_change_next(w->t, 0, &at, pair, 1, &n), ST_OK);
    return at;
}

/* The oldest rows go, some with each commit, as soon as FOLD_CHANGES_KEPT newer ones stand. */
static void old_changes_are_trimmed_in_steps(void **state)
{
    static const uint8_t row[1] = { 0 };
    struct world w;
    uint8_t key[8];
    (void)state;
    fold_world_open(&w);
    for (uint64_t i = 1; i <= 100; i++) {
        bytes_be64(key, i);
        fold_world_put(&w, FOLD_CHANGE, key, 8, row, 1);
    }
    bytes_be64(key, FOLD_CHANGES_KEPT + 98);
    fold_world_put(&w, FOLD_CHANGE, key, 8, row, 1);
    fixture_log_office(&w.l, 1, OFFICE, "33.74", 1);
    fold_world_flush(&w);
    assert_int_equal(first_change(&w), 65);
    fixture_log_office(&w.l, 2, OFFICE, "33.74", 1);
    fold_world_flush(&w);
    assert_int_equal(first_change(&w), FOLD_CHANGES_KEPT + 98);
    fold_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_that_is_none_is_corrupt), cmocka_unit_test(a_batch_that_is_none_is_corrupt),
        cmocka_unit_test(a_body_with_other_rows_than_said_is_refused_whole),
        cmocka_unit_test(a_subject_that_is_no_office_id_is_refused), cmocka_unit_test(who_was_only_spoken_of_may_not_speak),
        cmocka_unit_test(a_log_longer_than_provenances_can_name_is_corrupt),
        cmocka_unit_test(entries_do_not_depend_on_which_log_was_read_first),
        cmocka_unit_test(of_one_version_the_lesser_line_then_the_lesser_worker),
        cmocka_unit_test(three_hundred_offices_are_told_apart), cmocka_unit_test(subjects_of_one_batch_are_told_apart),
        cmocka_unit_test(who_repeats_itself_and_moves_is_moved), cmocka_unit_test(a_name_is_of_no_year),
        cmocka_unit_test(identities_that_share_a_place_stay_two), cmocka_unit_test(the_last_statement_is_the_greatest_provenance),
        cmocka_unit_test(a_large_group_is_several_rows_of_changes), cmocka_unit_test(old_changes_are_trimmed_in_steps),
    };
    return cmocka_run_group_tests_name("fold_edge", tests, NULL, NULL);
}
