/* tray_test.c - the tray file: everything written is read back; a file with any bit changed, cut or of another format is
 * refused. */
#include "collector/tray.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct slice txt(const char *s)
{
    return slice_of(s, strlen(s));
}

static const struct tray HEAD_COUNTS = { .rows = 7, .refused = 2, .duplicate = 1 };

static const uint8_t HASH[HASH_SIZE] = { 9, 8, 7 };

static struct tray head(void)
{
    struct tray h = HEAD_COUNTS;
    h.id = txt("0190-a");
    h.office = txt("gen-3374-07");
    h.file = txt("a.csv");
    h.hash = slice_of(HASH, HASH_SIZE);
    h.sheet = txt("Lembar 1");
    h.clerk = txt("k1");
    h.entered.ms = 1234567;
    return h;
}

static activity_code code(const char *s)
{
    struct code_reading r;
    assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, txt(s), &r), ST_OK);
    return r.code;
}

static account_code account(const char *s)
{
    struct code_reading r;
    assert_int_equal(code_parse_account(txt(s), &r), ST_OK);
    return r.code;
}

static const uint8_t EVIDENCE[HASH_SIZE] = { 1, 2, 3 };
enum { ROWS = 5 };

static void make(struct section section[2], struct figure f[ROWS])
{
    section[0] = (struct section){ .office = txt("gen-3374-07"), .clerk = txt("k1"), .year = 2022, .stage = STAGE_PERGESERAN | 2,
                                   .source = SOURCE_DPA, .vintage = VINTAGE_PERMENDAGRI_90_2019, .entered = { 5 } };
    section[1] = section[0];
    section[1].stage = STAGE_NONE;
    section[1].source = SOURCE_OPD;
    struct figure base = { .year = 2022, .stage = section[0].stage, .source = SOURCE_DPA, .month = 3, .kind = VALUE_NUMBER };
    f[0] = f[1] = base;
    f[0].activity = code("1.06.01.2.01.01");
    f[0].measure = MEASURE_BUDGET;
    f[0].value = VALUE_SEN_MAX;
    f[1].measure = MEASURE_COMPLETE;
    f[1].value = 1;
    base.stage = STAGE_NONE;
    base.source = SOURCE_OPD;
    f[2] = f[3] = f[4] = base;
    f[2].account = account("5.1.02");
    f[2].measure = MEASURE_REALISED;
    f[2].basis = BASIS_MONTHLY;
    f[2].value = -5;
    f[2].reason = txt("koreksi");
    f[2].evidence = slice_of(EVIDENCE, HASH_SIZE);
    f[3].activity = CODE_TOTAL;
    f[3].measure = MEASURE_PRINTED_ABSORPTION;
    f[3].value = 88320000;
    f[3].decimals = 2;
    f[4].activity = code("1.06");
    f[4].measure = MEASURE_TARGET;
    f[4].kind = VALUE_TEXT;
    f[4].indicator = txt("persentase ppks");
    f[4].text = txt("Paving Block");
    f[4].unit = txt("orang");
}

static void write_file(struct buf *b)
{
    struct section s[2];
    struct figure f[ROWS];
    struct tray h = head();
    make(s, f);
    buf_init(b, 1 << 16);
    tray_begin(b, &h, 2);
    tray_section(b, &s[0], 2);
    tray_row(b, 2, &f[0]);
    tray_row(b, 2, &f[1]);
    tray_section(b, &s[1], 3);
    tray_row(b, 2, &f[2]);
    tray_row(b, 400000, &f[3]);
    tray_row(b, 5, &f[4]);
    tray_end(b);
    assert_true(buf_ok(b));
}

static void same_slice(struct slice a, struct slice b)
{
    assert_int_equal(a.n, b.n);
    if (a.n > 0)
        assert_memory_equal(a.p, b.p, a.n);
}

static void same_figure(const struct figure *a, const struct figure *b)
{
    assert_true(a->activity == b->activity && a->account == b->account);
    assert_int_equal(a->measure, b->measure);
    assert_int_equal(a->stage, b->stage);
    assert_int_equal(a->year, b->year);
    assert_int_equal(a->source, b->source);
    assert_int_equal(a->month, b->month);
    assert_int_equal(a->basis, b->basis);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->decimals, b->decimals);
    assert_true(a->value == b->value);
    same_slice(a->indicator, b->indicator);
    same_slice(a->text, b->text);
    same_slice(a->unit, b->unit);
    same_slice(a->reason, b->reason);
    same_slice(a->evidence, b->evidence);
}

static void round_trip(void **state)
{
    (void)state;
    static const uint32_t LINES[ROWS] = { 2, 2, 2, 400000, 5 };
    struct buf b;
    struct tray t;
    struct tray_reader r;
    struct tray_row row;
    struct section s[2];
    struct figure f[ROWS];
    make(s, f);
    write_file(&b);
    assert_int_equal(tray_open(buf_slice(&b), &t, &r), ST_OK);
    same_slice(t.id, txt("0190-a"));
    same_slice(t.office, txt("gen-3374-07"));
    same_slice(t.file, txt("a.csv"));
    same_slice(t.hash, slice_of(HASH, HASH_SIZE));
    same_slice(t.sheet, txt("Lembar 1"));
    same_slice(t.clerk, txt("k1"));
    assert_int_equal(t.entered.ms, 1234567);
    assert_int_equal(t.rows * 100 + t.refused * 10 + t.duplicate, 721);
    for (unsigned i = 0; i < ROWS; i++) {
        assert_int_equal(tray_next(&r, &row), ST_OK);
        assert_int_equal(row.line, LINES[i]);
        same_figure(&row.figure, &f[i]);
        const struct section *want = &s[i >= 2];
        assert_int_equal(r.section.vintage, want->vintage);
        assert_int_equal(r.section.entered.ms, 5);
        same_slice(r.section.office, want->office);
        same_slice(r.section.clerk, want->clerk);
    }
    assert_int_equal(tray_next(&r, &row), ST_NOT_FOUND);
    assert_int_equal(tray_next(&r, &row), ST_NOT_FOUND);
    buf_done(&b);
}

static void every_bit_counts(void **state)
{
    (void)state;
    struct buf b;
    struct tray t;
    struct tray_reader r;
    write_file(&b);
    for (size_t i = 0; i < b.n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            b.p[i] ^= (uint8_t)(1u << bit);
            assert_int_equal(tray_open(buf_slice(&b), &t, &r), ST_INVALID);
            b.p[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(tray_open(slice_of(b.p, n), &t, &r), ST_INVALID);
    assert_int_equal(tray_open(buf_slice(&b), &t, &r), ST_OK);
    buf_done(&b);
}

/* Changes one byte and puts the checksum right again: what the checks behind it say. Never a crash, never a figure that
 * fails figure_check. */
static void sealed_damage(void **state)
{
    (void)state;
    struct buf b;
    struct tray t;
    struct tray_reader r;
    struct tray_row row;
    unsigned refused = 0;
    write_file(&b);
    size_t n = b.n - 4;
    for (size_t i = 0; i < n; i++)
        for (unsigned v = 0; v < 256; v += 5) {
            uint8_t was = b.p[i];
            b.p[i] = (uint8_t)v;
            bytes_be32(b.p + n, bytes_crc32c(0, b.p, n));
            int st = tray_open(buf_slice(&b), &t, &r);
            while (st == ST_OK && (st = tray_next(&r, &row)) == ST_OK)
                assert_int_equal(figure_check(&row.figure), CODE_OK);
            assert_true(st == ST_INVALID || st == ST_NOT_FOUND || st == ST_VERSION);
            refused += st == ST_INVALID;
            b.p[i] = was;
        }
    assert_true(refused > 0);
    b.p[12] = 3;                        /* the format number stands behind the array head and the magic */
    bytes_be32(b.p + n, bytes_crc32c(0, b.p, n));
    assert_int_equal(tray_open(buf_slice(&b), &t, &r), ST_VERSION);
    buf_done(&b);
}

/* What a release before left in its tray: a head without hash and sheet. Neither head may have the number of the other. */
static void the_format_before_is_read(void **state)
{
    (void)state;
    struct buf b;
    struct tray t;
    struct tray_reader r;
    struct tray_row row;
    for (unsigned format = 1; format <= 2; format++) {
        buf_init(&b, 1 << 12);
        codec_put_array(&b, 11);
        codec_put_str(&b, txt("rekap-tray"));
        codec_put_uint(&b, format);
        codec_put_str(&b, txt("0190-a"));
        codec_put_str(&b, txt("gen-3374-07"));
        codec_put_str(&b, txt("a.csv"));
        codec_put_uint(&b, 1234567);
        codec_put_str(&b, txt("k1"));
        for (unsigned n = 7; n > 0; n /= 3) codec_put_uint(&b, n);     /* 7 rows, 2 refused .. */
        codec_put_uint(&b, 0);                                          /* .. and no duplicates */
        codec_put_array(&b, 0);
        tray_end(&b);
        assert_int_equal(tray_open(buf_slice(&b), &t, &r), format == 1 ? ST_OK : ST_INVALID);
        buf_done(&b);
    }
    assert_true(t.rows == 7 && t.refused == 2 && t.hash.n == 0 && t.sheet.n == 0 && t.entered.ms == 1234567);
    assert_int_equal(tray_next(&r, &row), ST_NOT_FOUND);
}

static void no_statements(void **state)
{
    (void)state;
    struct buf b;
    struct tray h = head(), t;
    struct tray_reader r;
    struct tray_row row;
    buf_init(&b, 1 << 12);
    tray_begin(&b, &h, 0);
    tray_end(&b);
    assert_int_equal(tray_open(buf_slice(&b), &t, &r), ST_OK);
    assert_int_equal(tray_next(&r, &row), ST_NOT_FOUND);
    buf_clear(&b);
    h.refused = 9;                      /* more than there are rows */
    tray_begin(&b, &h, 0);
    tray_end(&b);
    assert_int_equal(tray_open(buf_slice(&b), &t, &r), ST_INVALID);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(round_trip), cmocka_unit_test(every_bit_counts),
                                        cmocka_unit_test(sealed_damage), cmocka_unit_test(the_format_before_is_read),
                                        cmocka_unit_test(no_statements) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
