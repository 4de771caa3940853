/* bytes_test.c - buffers, the reader, varints, CRC-32C, UTF-8, hex; and the tables of status.c, which link along.
 *
 * The CRC vectors are those of RFC 3720 appendix B.4; both implementations must give them, and agree with each other on
 * every length and alignment that the unrolled loops tell apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/bytes.h"

static void fill(uint8_t *p, size_t n, uint64_t x)
{
    for (size_t i = 0; i < n; i++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        p[i] = (uint8_t)(x >> 56);
    }
}

static void test_crc_vectors(void **state)
{
    static const uint8_t read10[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
                                       0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0};
    uint8_t zero[32], ones[32], up[32], down[32];
    const struct {
        const void *p;
        size_t n;
        uint32_t crc;
    } rows[] = {{zero, 32, 0x8a9136aau}, {ones, 32, 0x62a8ab43u}, {up, 32, 0x46dd794eu}, {down, 32, 0x113fdb5cu},
                {read10, 48, 0xd9963a56u}, {"123456789", 9, 0xe3069283u}, {"", 0, 0}};

    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        zero[i] = 0;
        ones[i] = 0xff;
        up[i] = (uint8_t)i;
        down[i] = (uint8_t)(31 - i);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(bytes_crc32c(0, rows[i].p, rows[i].n), rows[i].crc);
        assert_int_equal(bytes_crc32c_portable(0, rows[i].p, rows[i].n), rows[i].crc);
    }
}

static void test_crc_paths_agree_and_chain(void **state)
{
    uint8_t p[600];

    (void)state;
    fill(p, sizeof p, 11);
    for (size_t at = 0; at < 9; at++)
        for (size_t n = 0; n + at <= sizeof p; n += n < 70 ? 1 : 37) {
            uint32_t want = bytes_crc32c(0, p + at, n);

            assert_int_equal(bytes_crc32c_portable(0, p + at, n), want);
            assert_int_equal(bytes_crc32c(bytes_crc32c(0, p + at, n / 3), p + at + n / 3, n - n / 3), want);
        }
}

static void test_integers_round_trip(void **state)
{
    static const uint64_t v[] = {0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x12345678, UINT32_MAX, INT64_MAX, UINT64_MAX};
    struct buf b;

    (void)state;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct rd r;

        buf_clear(&b);
        buf_u8(&b, (uint8_t)v[i]);
        buf_be16(&b, (uint16_t)v[i]);
        buf_be32(&b, (uint32_t)v[i]);
        buf_be64(&b, v[i]);
        buf_varint(&b, v[i]);
        buf_zigzag(&b, (int64_t)v[i]);
        buf_zigzag(&b, -(int64_t)(v[i] >> 1));
        buf_zigzag128(&b, (i128)v[i] * INT64_MAX);
        buf_zigzag128(&b, -(i128)v[i] * INT64_MAX - 1);
        assert_true(buf_ok(&b));
        r = rd_of(buf_slice(&b));
        assert_int_equal(rd_u8(&r), (uint8_t)v[i]);
        assert_int_equal(rd_be16(&r), (uint16_t)v[i]);
        assert_int_equal(rd_be32(&r), (uint32_t)v[i]);
        assert_true(rd_be64(&r) == v[i]);
        assert_true(rd_varint(&r) == v[i]);
        assert_true(rd_zigzag(&r) == (int64_t)v[i]);
        assert_true(rd_zigzag(&r) == -(int64_t)(v[i] >> 1));
        assert_true(rd_zigzag128(&r) == (i128)v[i] * INT64_MAX);
        assert_true(rd_zigzag128(&r) == -(i128)v[i] * INT64_MAX - 1);
        assert_false(r.bad);
        assert_int_equal(rd_left(&r), 0);
    }
    buf_done(&b);
}

static void test_wire_bytes_are_fixed(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 64);
    buf_be16(&b, 0x0102);
    buf_be32(&b, 0x03040506);
    buf_varint(&b, 300);
    buf_zigzag(&b, -1);
    buf_zigzag(&b, INT64_MIN);
    assert_int_equal(b.n, 2 + 4 + 2 + 1 + 10);
    assert_memory_equal(b.p, "\x01\x02\x03\x04\x05\x06\xac\x02\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b.n);
    buf_done(&b);
}

static void test_extremes_of_128_bits(void **state)
{
    const i128 top = (i128)(~(unsigned __int128)0 >> 1);
    struct buf b;
    struct rd r;
    char t[48];

    (void)state;
    buf_init(&b, 64);
    buf_zigzag128(&b, top);
    buf_zigzag128(&b, -top - 1);
    assert_int_equal(b.n, 38);
    r = rd_of(buf_slice(&b));
    assert_true(rd_zigzag128(&r) == top);
    assert_true(rd_zigzag128(&r) == -top - 1);
    buf_done(&b);
    assert_int_equal(bytes_i128_text(-top - 1, t), 40);
    assert_string_equal(t, "-170141183460469231731687303715884105728");
    assert_int_equal(bytes_i128_text(0, t), 1);
    assert_string_equal(t, "0");
}

static void test_bad_varints(void **state)
{
    static const struct {
        const char *p;
        size_t n;
    } rows[] = {{"", 0}, {"\x80", 1}, {"\x80\x00", 2}, {"\xff\x80\x00", 3}, /* cut short; longer than needed */
                {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},           /* 65 bits */
                {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rd r = rd_of(slice_of(rows[i].p, rows[i].n));

        assert_true(rd_varint(&r) == 0);
        assert_true(r.bad);
        assert_int_equal(rd_left(&r), 0);
    }
    struct rd inside = rd_of(slice_of("\x80\x00zzzzzzzzz", 11));        /* the same with bytes behind it */
    assert_true(rd_varint(&inside) == 0 && inside.bad);
    struct rd longer = rd_of(slice_of("\x80\x00", 2)), cut = rd_of(slice_of("\x80", 1));
    assert_true(rd_zigzag128(&longer) == 0 && longer.bad);
    assert_true(rd_zigzag128(&cut) == 0 && cut.bad);
    struct rd wide = rd_of(slice_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x04", 19));

    assert_true(rd_zigzag128(&wide) == 0 && wide.bad);
}

static void test_reader_stays_bad(void **state)
{
    struct rd r = rd_of(slice_of("abc", 3));

    (void)state;
    assert_int_equal(rd_bytes(&r, 2).n, 2);
    assert_null(rd_bytes(&r, 2).p);
    assert_int_equal(rd_u8(&r), 0);     /* although one byte is left */
    assert_int_equal(rd_left(&r), 0);
}

static void test_buf_never_passes_its_max(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    for (int i = 0; i < 10; i++)
        buf_put(&b, "0123456789", 10);
    assert_true(buf_ok(&b));
    assert_int_equal(b.n, 100);
    buf_u8(&b, 1);
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 100);
    assert_null(buf_grow(&b, 0));
    buf_clear(&b);
    buf_printf(&b, "%s-%d", "abc", 42);
    buf_str(&b, "!");
    assert_memory_equal(b.p, "abc-42!", 7);
    buf_printf(&b, "%093d", 7);          /* exactly full */
    assert_true(buf_ok(&b));
    assert_int_equal(b.n, 100);
    buf_printf(&b, "x");
    assert_false(buf_ok(&b));
    buf_done(&b);
    buf_init(&b, 10);           /* less than what is allocated at first */
    buf_put(&b, "0123456789", 10);
    assert_true(buf_ok(&b));
    buf_u8(&b, 1);
    assert_false(buf_ok(&b));
    buf_done(&b);
}

static void test_a_text_that_cannot_be_printed_is_bad(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_printf(&b, "%ls", L"\x00e9");    /* no such character in the C locale: vsnprintf gives -1 */
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 0);
    buf_clear(&b);
    buf_str(&b, "abc");
    buf_printf(&b, "%ls", L"\x00e9");   /* behind a text */
    assert_false(buf_ok(&b));
    buf_printf(&b, "d");                /* stays bad */
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 3);
    buf_done(&b);
}

static void test_utf8(void **state)
{
    static const struct {
        const char *s;
        size_t n;
        bool ok;
    } rows[] = {{"", 0, true},           {"Dinas Sosial", 12, true},    {"\xc3\xa9\xe2\x80\x93\xf0\x9f\x87\xae", 9, true},
                {"a\0b", 3, false},      {"\xc0\x80", 2, false},        {"\xe0\x80\x80", 3, false},
                {"\xed\xa0\x80", 3, false}, {"\xf4\x90\x80\x80", 4, false}, {"\xf4\x8f\xbf\xbf", 4, true},
                {"\xe2\x82", 2, false},  {"\x80", 1, false},            {"\xff", 1, false},
                {"\xc3\xbf", 2, true},      {"\xc3\xc0", 2, false},        {"\xe2\x80\xc0", 3, false},
                {"\xf0\x8f\x80\x80", 4, false}, {"\xe2\x28\xa1", 3, false}, {"\xed\x9f\xbf\xee\x80\x80", 6, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(bytes_utf8_ok(rows[i].s, rows[i].n), rows[i].ok);
}

static void test_hex(void **state)
{
    uint8_t b[4] = {9, 9, 9, 9};
    char t[9];

    (void)state;
    bytes_hex("\x00\x7f\xff\x1a", 4, t);
    assert_string_equal(t, "007fff1a");
    assert_int_equal(bytes_unhex("007FfF1a", 8, b), ST_OK);
    assert_memory_equal(b, "\x00\x7f\xff\x1a", 4);
    assert_int_equal(bytes_unhex("007", 3, b), ST_INVALID);
    static const char *const bad[] = { "0g", "/0", "0:", "@0", "0G", "`0", "0 " };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(bytes_unhex(bad[i], 2, b), ST_INVALID);
    assert_memory_equal(b, "\x00\x7f\xff\x1a", 4);
}

static void test_trim_and_fold(void **state)
{
    struct slice s = bytes_trim(slice_of("\t \xc2\xa0 Ab c\xc2\xa0\r", 12));

    (void)state;
    assert_int_equal(s.n, 4);
    assert_true(bytes_is(s, "ab c"));
    assert_false(bytes_is(s, "ab"));
    assert_false(bytes_is(s, "ab cd"));
    assert_int_equal(bytes_trim(slice_of(" \xc2\xa0", 3)).n, 0);
    assert_true(bytes_is(slice_of(NULL, 0), ""));
    assert_int_equal(bytes_trim(slice_of("\xc2\xb0 \xc2\xb0", 5)).n, 5);        /* a degree sign begins as a hard space does */
    assert_int_equal(bytes_trim(slice_of("\xc2", 1)).n, 1);
}

/* found by fuzzing: what was seen was left out of an answer because it was cut within a character */
static void test_show_is_always_text(void **state)
{
    char seen[8];

    (void)state;
    bytes_show(slice_of("abc", 3), seen, sizeof seen);
    assert_string_equal(seen, "abc");
    bytes_show(slice_of("abcdefgh", 8), seen, sizeof seen);     /* as many as there is room for */
    assert_string_equal(seen, "abcdefg");
    bytes_show(slice_of("abcdef\xc3\xa9", 8), seen, sizeof seen);
    assert_string_equal(seen, "abcdef");
    bytes_show(slice_of("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 10), seen, sizeof seen); /* no character begins anywhere */
    assert_string_equal(seen, "");
    bytes_show(slice_of("a\xff\0b", 4), seen, sizeof seen);
    assert_string_equal(seen, "a??b");
    bytes_show(slice_of(NULL, 0), seen, sizeof seen);
    assert_string_equal(seen, "");
}

static void test_status_tables(void **state)
{
    (void)state;
    assert_string_equal(status_str(ST_OK), "ok");
    assert_string_equal(status_str(ST_VERSION), "unsupported version");
    assert_string_equal(status_str(ST_VERSION - 1), "unknown status");
    assert_string_equal(status_str(1), "unknown status");
    assert_string_equal(status_code_spelling(CODE_OK), "DITERIMA");
    assert_string_equal(status_code_spelling(CODE_BUDGET_BELOW), "pagu-minus");
    assert_string_equal(status_code_text(CODE_DUPLICATE, LANG_ID), "sudah pernah diterima");
    assert_string_equal(status_code_text(CODE_DUPLICATE, LANG_EN), "already accepted");
    assert_false(status_code_known(30));
    assert_false(status_code_known(100000));
    assert_string_equal(status_code_text(30, LANG_ID), "?");
    assert_string_equal(status_code_spelling(30), "?");
    for (unsigned i = 0; i < 200; i++)
        for (unsigned j = 0; j < i && status_code_known(i); j++)
            if (status_code_known(j)) assert_string_not_equal(status_code_spelling(i), status_code_spelling(j));
}

/* What is cut off is not read behind its end; the first forms behind a bound are no text; one blank is nothing. */
static void test_the_ends_of_what_is_read(void **state)
{
    static const uint8_t open[9] = { 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 1 };
    struct rd r = rd_of(slice_of(open, 8));

    (void)state;
    (void)rd_varint(&r);
    assert_true(r.bad);
    assert_false(bytes_utf8_ok((const uint8_t *)"\xe0\x9f\xbf", 3));
    assert_true(bytes_utf8_ok((const uint8_t *)"\xe0\xa0\x80\x7f", 4));
    assert_int_equal(bytes_trim(slice_of(" ", 1)).n, 0);
}

static void test_distances(void **state)
{
    static const struct { const char *a, *b; size_t n; } row[] = {
        { "orang", "orang", 0 }, { "orang", "ORANG", 0 }, { "orang", "oramg", 1 }, { "orang", "orangg", 1 }, { "", "abc", 3 },
        { "kegiatan", "giat", 4 },
    };
    char longer[BYTES_DISTANCE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (int turned = 0; turned < 2; turned++) {
            const char *a = turned ? row[i].b : row[i].a, *b = turned ? row[i].a : row[i].b;
            assert_int_equal(bytes_distance(slice_of(a, strlen(a)), slice_of(b, strlen(b))), row[i].n);
        }
    memset(longer, 'a', sizeof longer);
    assert_true(bytes_distance(slice_of(longer, sizeof longer), slice_of("a", 1)) == SIZE_MAX);
    assert_true(bytes_distance(slice_of("a", 1), slice_of(longer, sizeof longer)) == SIZE_MAX);
    assert_int_equal(bytes_distance(slice_of(longer, BYTES_DISTANCE_MAX), slice_of("a", 1)), BYTES_DISTANCE_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_ends_of_what_is_read), cmocka_unit_test(test_distances),
        cmocka_unit_test(test_crc_vectors),        cmocka_unit_test(test_crc_paths_agree_and_chain),
        cmocka_unit_test(test_integers_round_trip), cmocka_unit_test(test_wire_bytes_are_fixed),
        cmocka_unit_test(test_extremes_of_128_bits), cmocka_unit_test(test_bad_varints),
        cmocka_unit_test(test_reader_stays_bad),   cmocka_unit_test(test_buf_never_passes_its_max),
        cmocka_unit_test(test_utf8),               cmocka_unit_test(test_hex),
        cmocka_unit_test(test_trim_and_fold),      cmocka_unit_test(test_status_tables),
        cmocka_unit_test(test_show_is_always_text), cmocka_unit_test(test_a_text_that_cannot_be_printed_is_bad),
    };

    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
