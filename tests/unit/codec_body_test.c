/* codec_body_test.c - sections and rows: byte-for-byte against msgpack-c, what is refused whole, and what is given with a reason.
 *
 * Random inputs are seeded. Mutated bodies must be refused or, where every row can stand, pack again to the same bytes: one
 * statement has one encoding, or hashes would not identify it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/codec.h"
#include "proto/codec_scan.h"
#include "proto/rng.h"

enum { ROUNDS = 20000 };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }
static bool same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static const uint8_t filler[HASH_SIZE] = "evidence";
static const struct section metro = {.office = {(const uint8_t *)"dinsos-1872", 11},
                                     .clerk = {(const uint8_t *)"k-7", 3},
                                     .year = 2022,
                                     .stage = STAGE_PERUBAHAN,
                                     .source = SOURCE_OPD,
                                     .vintage = VINTAGE_PERMENDAGRI_90_2019,
                                     .entered = {1670000000000}};

static activity_code activity(const char *s)
{
    struct code_reading r;
    assert_int_equal(code_parse_activity(metro.vintage, text(s), &r), ST_OK);
    return r.code;
}

static account_code account(const char *s)
{
    struct code_reading r;
    assert_int_equal(code_parse_account(text(s), &r), ST_OK);
    return r.code;
}

static struct figure budget(void)
{
    return (struct figure){.activity = activity("1.06.01.2.02.01"),
                           .measure = MEASURE_BUDGET,
                           .stage = metro.stage,
                           .year = metro.year,
                           .source = metro.source,
                           .month = 12,
                           .basis = BASIS_CUMULATIVE,
                           .kind = VALUE_NUMBER,
                           .value = 262669222700};
}

/* ---- writing and reading back ---- */

static struct slice random_text(struct rng *g)
{
    static char pool[TEXT_MAX];
    memset(pool, 'u', sizeof pool);
    return rng_chance(g, 1, 2) ? (struct slice){0} : slice_of(pool, 1 + rng_below(g, rng_chance(g, 1, 9) ? TEXT_MAX : 60));
}

static struct figure random_figure(struct rng *g)
{
    static const char *const codes[] = {"1", "1.06", "1.06.01", "1.06.01.2.02", "1.06.01.2.02.01", "1.06.01.2.02.0001", "total"};
    static const char *const accounts[] = {"5", "5.1", "5.1.02", "5.1.02.01.01", "5.2.3.04.005.0006", "4.1"};
    struct figure f = {.stage = metro.stage, .year = metro.year, .source = metro.source};
    if (rng_chance(g, 3, 4)) f.activity = activity(codes[rng_below(g, 7)]);
    if (rng_chance(g, 1, 2)) f.account = account(accounts[rng_below(g, 6)]);
    f.indicator = random_text(g);
    f.measure = (uint16_t)(rng_next(g) >> (48 + rng_below(g, 16)));
    f.month = (uint8_t)rng_below(g, 256);
    f.basis = (uint8_t)rng_below(g, 4);
    f.kind = (uint8_t)rng_below(g, 256);
    f.value = (int64_t)(rng_next(g) >> rng_below(g, 64));
    if (rng_chance(g, 1, 2)) f.value = (int64_t) ~(rng_next(g) >> (1 + rng_below(g, 63)));
    f.unit = random_text(g);
    f.reason = random_text(g);
    f.text = random_text(g);
    if (rng_chance(g, 1, 3)) f.evidence = slice_of(filler, HASH_SIZE);
    if (rng_chance(g, 1, 4)) f.decimals = (uint8_t)rng_below(g, 256);
    return f;
}

static void put_text(struct buf *b, struct slice s)
{
    if (s.n)
        codec_put_str(b, s);
    else
        codec_put_nil(b);
}

/* The same row through msgpack-c, from the grammar of codec.h. */
static void row_put_slowly(struct buf *b, const struct figure *f)
{
    char code[32];
    uint32_t n = f->decimals ? 13 : f->evidence.n ? 12 : f->text.n ? 11 : f->reason.n ? 10 : f->unit.n ? 9 : 8;
    codec_put_array(b, n);
    put_text(b, slice_of(code, f->activity ? (size_t)code_format_activity(f->activity, code) : 0));
    put_text(b, slice_of(code, f->account ? (size_t)code_format_account(f->account, code) : 0));
    put_text(b, f->indicator);
    codec_put_uint(b, f->measure);
    codec_put_uint(b, f->month);
    codec_put_uint(b, f->basis);
    codec_put_uint(b, f->kind);
    codec_put_int(b, f->value);
    if (n > 8) put_text(b, f->unit);
    if (n > 9) put_text(b, f->reason);
    if (n > 10) put_text(b, f->text);
    if (n > 11 && f->evidence.n)
        codec_put_bin(b, f->evidence);
    else if (n > 11)
        codec_put_nil(b);
    if (n > 12) codec_put_uint(b, f->decimals);
}

static bool figure_same(const struct figure *a, const struct figure *b)
{
    return a->activity == b->activity && a->account == b->account && same(a->indicator, b->indicator) && a->measure == b->measure &&
           a->stage == b->stage && a->year == b->year && a->source == b->source && a->month == b->month && a->basis == b->basis &&
           a->kind == b->kind && a->decimals == b->decimals && a->value == b->value && same(a->text, b->text) &&
           same(a->unit, b->unit) && same(a->reason, b->reason) && same(a->evidence, b->evidence);
}

static void rows_round_trip(void **state)
{
    struct rng g;
    struct buf fast, slow;
    (void)state;
    rng_seed(&g, 33);
    buf_init(&fast, FRAME_BYTES_MAX);
    buf_init(&slow, FRAME_BYTES_MAX);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct figure f = random_figure(&g);
        struct body_reader r;
        struct body_row row;
        buf_clear(&fast);
        buf_clear(&slow);
        codec_put_array(&fast, 1);
        codec_section_begin(&fast, &metro, 1);
        size_t start = fast.n;
        codec_row_put(&fast, &f);
        row_put_slowly(&slow, &f);
        assert_true(same(slice_of(fast.p + start, fast.n - start), buf_slice(&slow)));
        assert_int_equal(codec_body_open(buf_slice(&fast), &r), ST_OK);
        assert_int_equal(r.rows, 1);
        assert_int_equal(codec_body_next(&r, &row), ST_OK);
        assert_true(figure_same(&f, &row.figure));
        assert_int_equal(row.code, figure_check(&f));
        assert_true(same(row.section.office, metro.office) && same(row.section.clerk, metro.clerk) &&
                    row.section.entered.ms == metro.entered.ms);
        assert_true(row.section.vintage == metro.vintage && row.section.stage == metro.stage && row.section.source == metro.source);
        assert_int_equal(codec_body_next(&r, &row), ST_NOT_FOUND);
        assert_int_equal(codec_body_next(&r, &row), ST_NOT_FOUND);
    }
    buf_done(&fast);
    buf_done(&slow);
}

/* Values on both sides of every power of two, where the forms change. */
static void row_value_forms(void **state)
{
    struct buf fast, slow;
    (void)state;
    buf_init(&fast, 4096);
    buf_init(&slow, 4096);
    for (unsigned bit = 0; bit < 63; bit++)
        for (int64_t d = -1; d <= 1; d++)
            for (int64_t sign = -1; sign <= 1; sign += 2) {
                struct figure f = budget();
                f.value = sign * (int64_t)(UINT64_C(1) << bit) + d;
                buf_clear(&fast);
                buf_clear(&slow);
                codec_row_put(&fast, &f);
                row_put_slowly(&slow, &f);
                assert_true(same(buf_slice(&fast), buf_slice(&slow)));
            }
    buf_done(&fast);
    buf_done(&slow);
}

static void row_needs_memory(void **state)
{
    struct figure f = budget();
    struct buf b;
    (void)state;
    buf_init(&b, 20);
    codec_row_put(&b, &f);
    assert_false(buf_ok(&b));
    buf_done(&b);
}

/* ---- structure: the whole body is refused ---- */

static void put_common(struct buf *b)
{
    struct buf one;
    buf_init(&one, 4096);
    codec_section_begin(&one, &metro, 1);
    buf_put(b, one.p + 1, one.n - 2); /* without [2 before it and the row count behind it */
    buf_done(&one);
}

static int open_with_row(const char *hex)
{
    struct buf b;
    struct body_reader r;
    struct body_row row;
    uint8_t bytes[256];
    assert_int_equal(bytes_unhex(hex, strlen(hex), bytes), ST_OK);
    buf_init(&b, 4096);
    codec_put_array(&b, 1);
    codec_put_array(&b, 2);
    put_common(&b);
    codec_put_array(&b, 1);
    buf_put(&b, bytes, strlen(hex) / 2);
    int st = codec_body_open(buf_slice(&b), &r);
    if (st == ST_INVALID)
        assert_int_equal(codec_body_next(&r, &row), ST_INVALID);
    else
        assert_int_equal(codec_body_next(&r, &row), ST_OK);
    buf_done(&b);
    return st;
}

#define HASH32                                                                                                                     \
    "c420"                                                                                                                         \
    "0000000000000000000000000000000000000000000000000000000000000000"
static void row_structure(void **state)
{
    static const struct {
        const char *hex;
        int st;
    } rows[] = {
        {"98a431"
         "2e3036c0c0020c010105",
         ST_OK}, /* ["1.06", nil, nil, 2, 12, 1, 1, 5] */
        {"98c0c0c0020c010105", ST_OK},
        {"97c0c0c0020c0101", ST_INVALID},
        {"90", ST_INVALID},
        {"c0", ST_INVALID},
        {"98a0c0c0020c010105", ST_INVALID},
        {"98c0a0c0020c010105", ST_INVALID},
        {"98c0c0a0020c010105", ST_INVALID},
        {"98"
         "01"
         "c0c0020c010105",
         ST_INVALID},
        {"98c0c401"
         "61"
         "c0020c010105",
         ST_INVALID},
        {"98c0c0c0c00c010105", ST_INVALID},
        {"98c0c0c0020c0101c0", ST_INVALID},
        {"98c0c0c0ff0c010105", ST_INVALID},
        {"98c0c0c0020c0101ff", ST_OK},
        {"98c0c0c0020c0101cfffffffffffffffff", ST_INVALID},
        {"98c0c0c0020c0101cf7fffffffffffffff", ST_OK},
        {"99c0c0c0020c010105a161", ST_OK},
        {"99c0c0c0020c010105c0", ST_INVALID},
        {"99c0c0c0020c010105a0", ST_INVALID},
        {"9ac0c0c0020c010105c0a161", ST_OK},
        {"9ac0c0c0020c010105a161c0", ST_INVALID},
        {"9ac0c0c0020c010105a0a161", ST_INVALID},
        {"9bc0c0c0020c010105c0c0a161", ST_OK},
        {"9bc0c0c0020c010105a161a161c0", ST_INVALID},
        {"9cc0c0c0020c010105c0c0c0" HASH32, ST_OK},
        {"9cc0c0c0020c010105c0c0c0c0", ST_INVALID},
        {"9cc0c0c0020c010105c0c0c0c40100", ST_INVALID},
        {"9cc0c0c0020c010105c0c0c0c400", ST_INVALID},
        {"9dc0c0c0020c010105c0c0c0c002", ST_OK},
        {"9dc0c0c0020c010105c0c0c0" HASH32 "02", ST_OK},
        {"9dc0c0c0020c010105c0c0c0c000", ST_INVALID},
        {"9dc0c0c0020c010105c0c0c0c0c0", ST_INVALID},
        {"9ec0c0c0020c010105c0c0c0c00202", ST_INVALID},
        {"98c0c0c0020c01010505", ST_INVALID},
        {"98c0c0c0020c0101", ST_INVALID},
        {"98c0c0c0020c0101cc05", ST_INVALID}, /* 5 in two bytes */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (open_with_row(rows[i].hex) != rows[i].st) fail_msg("row %s", rows[i].hex);
}

static int open_with_counts(uint32_t sections, const uint32_t *claimed, const uint32_t *written, uint32_t *ret_rows)
{
    struct figure f = budget();
    struct buf b;
    struct body_reader r;
    buf_init(&b, FRAME_BYTES_MAX);
    codec_put_array(&b, sections);
    for (uint32_t s = 0; s < sections; s++) {
        codec_put_array(&b, 2);
        put_common(&b);
        codec_put_array(&b, claimed[s]);
        for (uint32_t i = 0; i < written[s]; i++) codec_row_put(&b, &f);
    }
    int st = codec_body_open(buf_slice(&b), &r);
    if (st == ST_OK) *ret_rows = r.rows;
    buf_done(&b);
    return st;
}

static void row_counts(void **state)
{
    static const struct {
        uint32_t sections, claimed[2], written[2];
        int st;
    } rows[] = {
        {0, {0, 0}, {0, 0}, ST_INVALID},
        {1, {1, 0}, {1, 0}, ST_OK},
        {1, {0, 0}, {0, 0}, ST_INVALID},
        {2, {1, 0}, {1, 0}, ST_INVALID},
        {2, {0, 1}, {0, 1}, ST_INVALID},
        {2, {1, 2}, {1, 2}, ST_OK},
        {1, {2, 0}, {1, 0}, ST_INVALID},
        {1, {1, 0}, {2, 0}, ST_INVALID},
        {2, {2, 1}, {1, 2}, ST_INVALID},
        {1, {BATCH_UPDATES_MAX, 0}, {BATCH_UPDATES_MAX, 0}, ST_OK},
        {1, {BATCH_UPDATES_MAX + 1, 0}, {BATCH_UPDATES_MAX + 1, 0}, ST_INVALID},
        {2, {BATCH_UPDATES_MAX, 1}, {BATCH_UPDATES_MAX, 1}, ST_INVALID},
        {2, {4000, 4192}, {4000, 4192}, ST_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t n = 0;
        if (open_with_counts(rows[i].sections, rows[i].claimed, rows[i].written, &n) != rows[i].st) fail_msg("case %zu", i);
        if (rows[i].st == ST_OK) assert_int_equal(n, rows[i].written[0] + rows[i].written[1]);
    }
}

/* ---- meaning: the row is given with a reason ---- */

struct said {
    const char *office, *vintage, *source, *stage, *clerk;
    uint64_t year, entered;
    const char *code, *account;
    uint64_t measure, month, kind, basis, decimals;
    unsigned want;
};

static void put_said(struct buf *b, const struct said *s)
{
    codec_put_array(b, 1);
    codec_put_array(b, 2);
    codec_put_array(b, 7);
    codec_put_str(b, text(s->office));
    codec_put_uint(b, s->year);
    codec_put_str(b, text(s->vintage));
    codec_put_str(b, text(s->source));
    codec_put_str(b, text(s->stage));
    codec_put_uint(b, s->entered);
    codec_put_str(b, text(s->clerk));
    codec_put_array(b, 1);
    codec_put_array(b, s->decimals ? 13 : 8);
    put_text(b, text(s->code));
    put_text(b, text(s->account));
    codec_put_nil(b);
    codec_put_uint(b, s->measure);
    codec_put_uint(b, s->month);
    codec_put_uint(b, s->basis);
    codec_put_uint(b, s->kind);
    codec_put_int(b, 5);
    for (int i = 0; s->decimals && i < 4; i++) codec_put_nil(b);
    if (s->decimals) codec_put_uint(b, s->decimals);
}

#define V90 "permendagri-90-2019"
#define LONG41 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define U32 (UINT64_C(1) << 32)
static const struct said says[] = {
    {"o", V90, "opd", "perubahan", "", 2022, 1, "1.06.01", "", 1, 12, 1, 1, 0, CODE_OK},
    {"o", V90, "opd", "", "k", 2022, 0, "1.06.01.2.02.01", "5.1.02", 2, 12, 1, 1, 0, CODE_OK},
    {"o", "", "opd", "", "", 2022, 1, "", "5.1", 2, 12, 1, 1, 0, CODE_OK},
    {"o", "", "opd", "", "", 2022, 1, "total", "", 2, 12, 1, 1, 0, CODE_OK},
    {"o", "", "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_VINTAGE_UNKNOWN},
    {"o", "permendagri-1-1999", "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_VINTAGE_UNKNOWN},
    {"o", "PERMENDAGRI-90-2019", "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_VINTAGE_UNKNOWN},
    {"o", V90, "kira-kira", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_SOURCE_UNKNOWN},
    {"o", V90, "OPD", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_SOURCE_UNKNOWN},
    {"o", V90, "opd", "akhir", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_STAGE_UNKNOWN},
    {"o", V90, "opd", "Perubahan", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_STAGE_UNKNOWN},
    {"", V90, "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_UNKNOWN_OFFICE},
    {LONG41, V90, "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_UNKNOWN_OFFICE},
    {"o", V90, "opd", "", LONG41 LONG41, 2022, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_TEXT_BROKEN},
    {"o", V90, "opd", "", "", 2022 + U32, 1, "1.06", "", 2, 12, 1, 1, 0, CODE_PERIOD_BROKEN},
    {"o", V90, "opd", "", "", 2022, UINT64_MAX, "1.06", "", 2, 12, 1, 1, 0, CODE_BAD_FORMAT},
    {"o", V90, "opd", "", "", 2022, 1, "1.6", "", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, " 1.06", "", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "1 06", "", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "TOTAL", "", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "1.06.01.2.02.01.1.1.1.1.1.1.1.1.1.1", "", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "", "9.9", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "", "5.1.02.01.001.0024.1.1.1.1.1.1.1.1", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", "", "opd", "", "", 2022, 1, "1.06", "9.9", 2, 12, 1, 1, 0, CODE_VINTAGE_UNKNOWN}, /* the first of two faults */
    {"o", V90, "opd", "", "", 2022, 1, "", "5.1 ", 2, 12, 1, 1, 0, CODE_CODE_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "1.06", "", 2 + U32, 12, 1, 1, 0, CODE_BAD_FORMAT},
    {"o", V90, "opd", "", "", 2022, 1, "1.06", "", 999, 12, 1, 1, 0, CODE_BAD_FORMAT},
    {"o", V90, "opd", "", "", 2022, 1, "1.06", "", 2, 12 + U32, 1, 1, 0, CODE_PERIOD_BROKEN},
    {"o", V90, "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1 + U32, 1, 0, CODE_BAD_FORMAT},
    {"o", V90, "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1 + U32, 0, CODE_BAD_FORMAT},
    {"o", V90, "opd", "", "", 2022, 1, "1.06", "", 2, 12, 1, 1, 1 + U32, CODE_BAD_FORMAT},
};

static void row_meanings(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        struct body_reader r;
        struct body_row row;
        buf_clear(&b);
        put_said(&b, &says[i]);
        assert_int_equal(codec_body_open(buf_slice(&b), &r), ST_OK);
        assert_int_equal(codec_body_next(&r, &row), ST_OK);
        if (row.code != says[i].want)
            fail_msg("case %zu: %s, not %s", i, status_code_spelling(row.code), status_code_spelling(says[i].want));
        assert_int_equal(codec_body_next(&r, &row), ST_NOT_FOUND);
    }
    buf_done(&b);
}

/* A bad row between good ones keeps its place; a remembered code never outlives its section. */
static void rows_keep_their_places(void **state)
{
    struct section before = metro;
    struct figure old = budget(), f = budget();
    struct code_reading c;
    struct buf b;
    struct body_reader r;
    struct body_row row;
    static const char broken[] = "\x98\xa3"
                                 "1.6"
                                 "\xc0\xc0\x02\x0c\x01\x01\x05";
    (void)state;
    before.vintage = VINTAGE_PERMENDAGRI_13_2006;
    before.year = old.year = 2020;
    assert_int_equal(code_parse_activity(before.vintage, text("1.06.01"), &c), ST_OK);
    old.activity = c.code;
    f.activity = activity("1.06.01");
    buf_init(&b, 4096);
    codec_put_array(&b, 2);
    codec_section_begin(&b, &before, 1);
    codec_row_put(&b, &old);
    codec_section_begin(&b, &metro, 3);
    codec_row_put(&b, &f);
    buf_put(&b, broken, sizeof broken - 1);
    codec_row_put(&b, &f);
    assert_int_equal(codec_body_open(buf_slice(&b), &r), ST_OK);
    assert_int_equal(r.rows, 4);
    const unsigned want[] = {CODE_OK, CODE_OK, CODE_CODE_BROKEN, CODE_OK};
    const activity_code codes[] = {old.activity, f.activity, 0, f.activity};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(codec_body_next(&r, &row), ST_OK);
        assert_int_equal(row.code, want[i]);
        assert_true(row.figure.activity == codes[i] && row.section.year == (i ? 2022 : 2020));
    }
    assert_int_equal(codec_body_next(&r, &row), ST_NOT_FOUND);
    buf_done(&b);
}

/* ---- canonical form under mutation ---- */

/* Packs what the reader gives, section by section; false when a row cannot stand. */
static bool repack(struct slice body, struct buf *out)
{
    struct body_reader r;
    struct body_row row;
    assert_int_equal(codec_body_open(body, &r), ST_OK);
    codec_put_array(out, r.sections_left);
    for (uint32_t seen = 0; seen < r.rows; seen++) {
        bool first = r.rows_left == 0;
        assert_int_equal(codec_body_next(&r, &row), ST_OK);
        if (row.code != CODE_OK) return false;
        if (first) codec_section_begin(out, &row.section, r.rows_left + 1);
        codec_row_put(out, &row.figure);
    }
    return true;
}

/* The one-pass reading of b must give the rows open and next give, or stop where they refuse the whole. */
static void stream_agrees(struct slice b)
{
    struct body_reader whole, r;
    struct body_row row;
    struct figure f;
    unsigned code;
    int sound = codec_body_open(b, &whole), st = codec_body_stream(b, &r);
    if (sound == ST_OK) assert_int_equal(codec_scan(b), ST_OK);
    while (st == ST_OK && (st = codec_body_figure(&r, &f, &code)) == ST_OK) {
        if (sound != ST_OK) continue;
        assert_int_equal(codec_body_next(&whole, &row), ST_OK);
        assert_int_equal(row.code, code);
        assert_int_equal(row.figure.value, f.value);
        assert_true(row.figure.activity == f.activity && same(row.figure.reason, f.reason) &&
                    same(row.section.office, r.section.office));
    }
    assert_int_equal(st, sound == ST_OK ? ST_NOT_FOUND : ST_INVALID);
    if (sound == ST_OK) assert_int_equal(r.rows, whole.rows);
    assert_int_equal(codec_body_figure(&r, &f, &code), st);
}

static void mutated_bodies(void **state)
{
    struct rng g;
    struct buf sound, b, again;
    unsigned refused = 0, stood = 0;
    (void)state;
    rng_seed(&g, 7);
    buf_init(&sound, 4096);
    buf_init(&b, 4096);
    buf_init(&again, 8192);
    codec_put_array(&sound, 2);
    for (unsigned s = 0; s < 2; s++) {
        struct figure f = budget();
        codec_section_begin(&sound, &metro, 3);
        for (unsigned i = 0; i < 3; i++, f.value = -f.value * 3, f.month--, f.reason = text("koreksi")) codec_row_put(&sound, &f);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct body_reader r;
        buf_clear(&b);
        buf_clear(&again);
        buf_put(&b, sound.p, sound.n);
        if (rng_chance(&g, 1, 10)) b.n = rng_below(&g, b.n + 1);
        for (uint64_t k = b.n ? rng_below(&g, 3) : 0; k > 0; k--) b.p[rng_below(&g, b.n)] ^= (uint8_t)(1u << rng_below(&g, 8));
        stream_agrees(buf_slice(&b));
        if (codec_body_open(buf_slice(&b), &r) != ST_OK)
            refused++;
        else if (repack(buf_slice(&b), &again)) {
            stood++;
            if (!same(buf_slice(&b), buf_slice(&again))) fail_msg("round %u: two encodings of one body", round);
        }
    }
    assert_true(refused > ROUNDS / 20 && stood > ROUNDS / 20);
    buf_done(&sound);
    buf_done(&b);
    buf_done(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_round_trip),        cmocka_unit_test(row_value_forms), cmocka_unit_test(row_needs_memory),
        cmocka_unit_test(row_structure),          cmocka_unit_test(row_counts),      cmocka_unit_test(row_meanings),
        cmocka_unit_test(rows_keep_their_places), cmocka_unit_test(mutated_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
