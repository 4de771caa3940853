/* codec_refuse_test.c - everything that is one element away from being sound: each element of a batch, its header, a record, a
 * disposition, a section and a row, in turn of every other kind, gone, or doubled; lengths over their limits; elements cut or
 * written longer than needed, read by the cursor alone.
 *
 * The sound bytes come from the writers, and are taken apart by the cursor, so a new element is spoilt here without a new line.
 * What each element may say is the business of codec_test and codec_body_test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/codec.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

enum { ELEMENTS_MAX = 14, FORMS = 7, LONGER = 1 << 30 };
static const uint8_t filler[300];
static const uint8_t signature[SIG_SIZE] = {1, 2, 3};

/* ---- one element away ---- */

static void put_form(struct buf *b, unsigned form)
{
    switch (form) {
    case 0:
        codec_put_nil(b);
        break;
    case 1:
        codec_put_uint(b, 5);
        break;
    case 2:
        codec_put_int(b, -5);
        break;
    case 3:
        codec_put_str(b, text("x"));
        break;
    case 4:
        codec_put_bin(b, text("x"));
        break;
    case 5:
        codec_put_bin(b, slice_of(filler, HASH_SIZE));
        break;
    default:
        codec_put_array(b, 0);
    }
}

/* The form that an element is of; a nil may be a text or bytes that are empty. */
static bool of_form(struct slice element, unsigned form)
{
    uint8_t head = element.p[0];
    bool number = head < 0x80 || (head >= 0xcc && head <= 0xcf), negative = head >= 0xe0 || (head >= 0xd0 && head <= 0xd3);
    bool string = (head & 0xe0) == 0xa0 || (head >= 0xd9 && head <= 0xdb), bin = head >= 0xc4 && head <= 0xc6;
    switch (form) {
    case 0:
        return head == 0xc0;
    case 1:
        return number;
    case 2:
        return negative;
    case 3:
        return string;
    case 4:
    case 5:
        return bin;
    default:
        return (head & 0xf0) == 0x90 || head == 0xdc || head == 0xdd;
    }
}

typedef int parse_fn(struct slice bytes); /* ST_OK or ST_INVALID */

static void expect_refused(parse_fn *parse, struct slice bytes, unsigned at, unsigned form)
{
    if (parse(bytes) != ST_INVALID) fail_msg("element %u as form %u is taken", at, form);
}

/* maybe: the elements (a bit each) that may be nil or a text; from bit 16 on those that may be of either sign;
 * LONGER: more elements may follow. */
static void each_element_counts(struct slice sound, unsigned maybe, parse_fn *parse)
{
    struct slice element[ELEMENTS_MAX];
    struct rd r = rd_of(sound);
    uint32_t n = codec_get_array(&r);
    struct buf b;
    assert_true(n > 0 && n <= ELEMENTS_MAX);
    for (uint32_t i = 0; i < n; i++) element[i] = codec_get_raw(&r);
    assert_true(!r.bad && r.p == r.end);
    assert_int_equal(parse(sound), ST_OK);
    buf_init(&b, RECORD_BYTES_MAX);
    for (uint32_t at = 0; at < n; at++)
        for (unsigned form = 0; form < FORMS; form++) {
            if (of_form(element[at], form) || ((form == 0 || form == 3) && maybe >> at & 1) ||
                (form == 2 && maybe >> (16 + at) & 1)) continue;
            buf_clear(&b);
            codec_put_array(&b, n);
            for (uint32_t i = 0; i < n; i++) {
                if (i == at) put_form(&b, form);
                else buf_put(&b, element[i].p, element[i].n);
            }
            expect_refused(parse, buf_slice(&b), at, form);
        }
    for (uint32_t count = n - 1; count <= n + !(maybe & LONGER); count += 2) { /* one too few, one too many */
        buf_clear(&b);
        codec_put_array(&b, count);
        for (uint32_t i = 0; i < count; i++) buf_put(&b, element[i % n].p, element[i % n].n);
        expect_refused(parse, buf_slice(&b), count, FORMS);
    }
    for (unsigned form = 0; form < FORMS - 1; form++) { /* no array at all */
        buf_clear(&b);
        put_form(&b, form);
        expect_refused(parse, buf_slice(&b), ELEMENTS_MAX, form);
    }
    buf_clear(&b); /* not even an element */
    buf_u8(&b, 0xc1);
    expect_refused(parse, buf_slice(&b), ELEMENTS_MAX, FORMS);
    buf_done(&b);
}

/* ---- batches ---- */

static void put_sound_header(struct buf *b, struct slice office, struct slice body)
{
    struct batch_header h = {.installation = "0123456789abcde", .office = office, .epoch = 7, .sequence = 4711, .count = 3};
    h.body_hash = sign_hash(body.p, body.n);
    codec_batch_header_put(b, &h);
}

static int parse_header(struct slice bytes)
{
    struct batch got;
    struct buf b;
    buf_init(&b, BATCH_BYTES_MAX);
    codec_batch_put(&b, bytes, signature, text("body"));
    int st = codec_batch_parse(buf_slice(&b), &got);
    buf_done(&b);
    return st;
}

static int parse_batch(struct slice bytes)
{
    struct batch got;
    return codec_batch_parse(bytes, &got);
}

static void batches(void **state)
{
    struct buf header, b;
    (void)state;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&b, BATCH_BYTES_MAX);
    put_sound_header(&header, text("dinsos-3374"), text("body"));
    each_element_counts(buf_slice(&header), 0, parse_header);
    codec_batch_put(&b, buf_slice(&header), signature, text("body"));
    each_element_counts(buf_slice(&b), 0, parse_batch);
    buf_u8(&header, 0); /* a byte behind the header */
    assert_int_equal(parse_header(buf_slice(&header)), ST_INVALID);
    buf_done(&header);
    buf_done(&b);
}

/* Both limits to the byte; what is over them is refused before it is hashed. */
static void batch_sizes(void **state)
{
    static uint8_t body[BATCH_BYTES_MAX];
    struct buf header, b;
    struct batch got;
    (void)state;
    buf_init(&header, 4096);
    buf_init(&b, 2 * BATCH_BYTES_MAX);
    for (unsigned over = 0; over < 2; over++) {
        size_t n = BATCH_BYTES_MAX - SIG_SIZE;
        buf_clear(&header);
        buf_clear(&b);
        put_sound_header(&header, text("dinsos-3374"), slice_of(body, n - 108 + over));
        assert_int_equal(header.n, 108);
        codec_batch_put(&b, buf_slice(&header), signature, slice_of(body, n - header.n + over));
        assert_int_equal(codec_batch_parse(buf_slice(&b), &got), over ? ST_INVALID : ST_OK);
    }
    buf_clear(&header);
    codec_put_array(&header, 3);
    codec_put_bin(&header, slice_of(filler, sizeof filler));
    codec_put_bin(&header, slice_of(filler, sizeof filler));
    codec_put_uint(&header, 1);
    assert_true(header.n > BATCH_HEADER_BYTES_MAX);
    assert_int_equal(parse_header(buf_slice(&header)), ST_INVALID);
    buf_done(&header);
    buf_done(&b);
}

/* ---- records ---- */

static int parse_record(struct slice bytes)
{
    struct record got;
    return codec_record_parse(bytes, &got);
}

static void put_record(struct buf *b, struct slice dispositions, struct slice content)
{
    struct record r = {RECORD_BATCH, 4711, {1600000000123}, {{9}}, content, dispositions};
    codec_record_put(b, &r);
}

/* A list of one disposition. */
static int parse_disposition(struct slice bytes)
{
    struct buf list, b;
    buf_init(&list, 4096);
    buf_init(&b, 4096);
    codec_put_array(&list, 1);
    buf_put(&list, bytes.p, bytes.n);
    put_record(&b, buf_slice(&list), text("content"));
    int st = parse_record(buf_slice(&b));
    buf_done(&list);
    buf_done(&b);
    return st;
}

static void records(void **state)
{
    static uint8_t content[RECORD_BYTES_MAX];
    struct buf b;
    (void)state;
    buf_init(&b, 2 * RECORD_BYTES_MAX);
    put_record(&b, (struct slice){0}, text("content"));
    each_element_counts(buf_slice(&b), 0, parse_record);
    each_element_counts(slice_of("\x92\x03\x0b", 3), 0, parse_disposition);
    for (unsigned over = 0; over < 2; over++) { /* 54 bytes beside the content */
        buf_clear(&b);
        put_record(&b, (struct slice){0}, slice_of(content, RECORD_BYTES_MAX - 54 + over));
        assert_int_equal(b.n, RECORD_BYTES_MAX + over);
        assert_int_equal(parse_record(buf_slice(&b)), over ? ST_INVALID : ST_OK);
    }
    buf_done(&b);
}

/* ---- bodies ---- */

/* The whole walk first, and the walk that checks as it goes: both take it, or neither does. */
static int parse_body(struct slice bytes)
{
    struct body_reader whole, stream;
    struct figure f;
    unsigned code;
    int opened = codec_body_open(bytes, &whole), st = codec_body_stream(bytes, &stream);
    while (st == ST_OK) st = codec_body_figure(&stream, &f, &code);
    assert_int_equal(st, opened == ST_OK ? ST_NOT_FOUND : ST_INVALID);
    return opened;
}

static struct slice of_section; /* the common part, sound or not */

static int parse_wrapped(struct slice common, struct slice rows)
{
    struct buf b;
    buf_init(&b, 4096);
    codec_put_array(&b, 1);
    codec_put_array(&b, 2);
    buf_put(&b, common.p, common.n);
    buf_put(&b, rows.p, rows.n);
    int st = parse_body(buf_slice(&b));
    buf_done(&b);
    return st;
}

static const char one_row[] = "\x91\x98\xa4"
                              "1.06\xc0\xc0\x02\x0c\x01\x01\x05";
/* activity, account, indicator, measure, month, basis, kind, value, unit, reason, text, evidence, decimals */
static const char whole_row[] = "\x9d\xa4"
                                "1.06\xa3"
                                "5.1\xa1i\x02\x0c\x01\x01\x05\xa1u\xa1r\xa1t\xc0\x02";

static int parse_common(struct slice bytes) { return parse_wrapped(bytes, slice_of(one_row, sizeof one_row - 1)); }

static int parse_section(struct slice bytes)
{
    struct buf b;
    buf_init(&b, 4096);
    codec_put_array(&b, 1);
    buf_put(&b, bytes.p, bytes.n);
    int st = parse_body(buf_slice(&b));
    buf_done(&b);
    return st;
}

static int parse_row(struct slice bytes)
{
    struct buf b;
    buf_init(&b, 4096);
    codec_put_array(&b, 1);
    buf_put(&b, bytes.p, bytes.n);
    int st = parse_wrapped(of_section, buf_slice(&b));
    buf_done(&b);
    return st;
}

static void bodies(void **state)
{
    struct section s = {.office = text("dinsos-1872"), .vintage = VINTAGE_PERMENDAGRI_90_2019, .source = SOURCE_OPD, .year = 2022,
                        .clerk = text("clerk")};
    struct buf b, body;
    (void)state;
    buf_init(&b, 4096);
    buf_init(&body, 4096);
    codec_section_begin(&b, &s, 1); /* [2, common, row count */
    of_section = slice_of(b.p + 1, b.n - 2);
    each_element_counts(of_section, 0, parse_common);
    buf_put(&b, one_row + 1, sizeof one_row - 2);
    each_element_counts(buf_slice(&b), 0, parse_section);
    codec_put_array(&body, 1);
    buf_put(&body, b.p, b.n);
    assert_int_equal(parse_body(buf_slice(&body)), ST_OK);
    each_element_counts(slice_of(one_row + 1, sizeof one_row - 2), 1 | 1 << 1 | 1 << 2 | 1 << (16 + 7) | LONGER, parse_row);
    for (size_t n = 0; n < body.n; n++) assert_int_equal(parse_body(slice_of(body.p, n)), ST_INVALID);
    /* texts of a whole row: each in turn of bytes that are no text, and the value in turn negative, which is sound */
    for (size_t i = 0; i < sizeof whole_row - 1; i++) {
        char row[sizeof whole_row - 1];
        memcpy(row, whole_row, sizeof row);
        assert_int_equal(parse_row(slice_of(row, sizeof row)), ST_OK);
        if (!strchr("1.065iurt", row[i]) || row[i] == '\0') continue;
        row[i] = '\xff';
        assert_int_equal(parse_row(slice_of(row, sizeof row)), ST_INVALID);
    }
    for (unsigned form = 1; form < FORMS; form++) { /* evidence of another kind; a hash of 32 bytes is sound */
        buf_clear(&body);
        buf_put(&body, whole_row, sizeof whole_row - 3);
        put_form(&body, form);
        codec_put_uint(&body, 2);
        assert_int_equal(parse_row(buf_slice(&body)), form == 5 ? ST_OK : ST_INVALID);
    }
    buf_done(&b);
    buf_done(&body);
}

/* More updates than a batch may hold are refused on the walk that is the only one, too, and before they are read. */
static void too_many_updates(void **state)
{
    static const struct {
        unsigned sections;
        uint32_t rows[2];
        int st;
    } cases[] = {{1, {BATCH_UPDATES_MAX, 0}, ST_OK},
                 {1, {BATCH_UPDATES_MAX + 1, 0}, ST_INVALID},
                 {2, {BATCH_UPDATES_MAX - 1, 1}, ST_OK},
                 {2, {BATCH_UPDATES_MAX, 1}, ST_INVALID}};
    struct section s = {.office = text("o"), .vintage = VINTAGE_PERMENDAGRI_90_2019, .source = SOURCE_OPD, .year = 2022};
    struct buf b;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_clear(&b);
        codec_put_array(&b, cases[i].sections);
        for (unsigned k = 0; k < cases[i].sections; k++) {
            codec_section_begin(&b, &s, 1);
            b.n--;
            codec_put_array(&b, cases[i].rows[k]);
            for (uint32_t n = 0; n < cases[i].rows[k]; n++) buf_put(&b, one_row + 1, sizeof one_row - 2);
        }
        assert_int_equal(parse_body(buf_slice(&b)), cases[i].st);
    }
    buf_done(&b);
}

/* ---- the cursor alone ---- */

static void cut_or_longer_elements(void **state)
{
    static const struct {
        char kind;
        const char *hex;
    } rows[] = {{'s', "d9"},       {'s', "d91f"},         {'s', "d920"},   {'s', "da00"},   {'s', "a2ff"},   {'s', "db0000ffff"},
                {'b', "c4"},       {'b', "c403ffff"},     {'b', "c50001"}, {'b', "c500"},   {'b', "c600"},   {'a', "dc"},
                {'a', "dc00"},     {'a', "dc000f"},       {'a', "dd0000"}, {'a', "dd0000ffff"},              {'a', "c0"},
                {'i', "d0"},       {'i', "d0e0"},         {'i', "d1ff80"}, {'i', "cfffffffffffffffff"},      {'i', ""},
                {'u', "cc"},       {'u', "cc7f"},         {'u', ""},       {'u', "d0"},     {'s', ""},       {'b', ""},
                {'a', ""},         {'r', "c1"},           {'r', "92e0"},   {'r', "920ac1"}, {'r', ""},       {'r', "d9"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[16];
        size_t n = strlen(rows[i].hex);
        assert_int_equal(bytes_unhex(rows[i].hex, n, bytes), ST_OK);
        struct rd r = rd_of(slice_of(bytes, n / 2));
        switch (rows[i].kind) {
        case 's':
            codec_get_str(&r);
            break;
        case 'b':
            codec_get_bin(&r);
            break;
        case 'a':
            codec_get_array(&r);
            break;
        case 'i':
            codec_get_int(&r);
            break;
        case 'u':
            codec_get_uint(&r);
            break;
        default:
            assert_int_equal(codec_get_raw(&r).n, 0);
        }
        if (!r.bad) fail_msg("%c of %s", rows[i].kind, rows[i].hex);
        assert_true(codec_get_array(&r) == 0 && codec_get_int(&r) == 0 && codec_get_bin(&r).n == 0);     /* and stays so */
    }
}

/* An element of each kind, skipped whole. */
static void raw_elements(void **state)
{
    static const char *const rows[] = { "05", "e0",         "d080",
                                        "c0", "a178",       "c40178",
                                        "90", "93e0c09105", "dc00100102030405060708090a0b0c0d0e0f10" };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[32];
        size_t n = strlen(rows[i]) / 2;
        assert_int_equal(bytes_unhex(rows[i], 2 * n, bytes), ST_OK);
        bytes[n] = 7;
        struct rd r = rd_of(slice_of(bytes, n + 1));
        assert_int_equal(codec_get_raw(&r).n, n);
        assert_int_equal(codec_get_uint(&r), 7);
    }
}

/* ---- frames ---- */

/* A frame that is whole, of the right sum, around a payload that is not. */
static void payloads_that_are_none(void **state)
{
    static const char *const rows[] = {"05", "c1", "91cc05", "9105ff", ""};
    struct buf b;
    (void)state;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[16];
        unsigned code = CODE_OK;
        struct frame f;
        size_t n = strlen(rows[i]);
        assert_int_equal(bytes_unhex(rows[i], n, bytes), ST_OK);
        buf_clear(&b);
        codec_frame_begin(&b, MSG_PING);
        buf_put(&b, bytes, n / 2);
        codec_frame_end(&b);
        assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_INVALID);
        assert_int_equal(code, CODE_BAD_FORMAT);
    }
    buf_done(&b);
}

/* A frame that ran out of room is left alone: there may be no header to write into. */
static void a_frame_without_room_stays_bad(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 8);
    codec_frame_begin(&b, MSG_PING);
    codec_frame_end(&b);
    assert_false(buf_ok(&b));
    assert_true(b.n <= 8);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches),          cmocka_unit_test(batch_sizes),
        cmocka_unit_test(records),          cmocka_unit_test(bodies),
        cmocka_unit_test(too_many_updates), cmocka_unit_test(cut_or_longer_elements),
        cmocka_unit_test(raw_elements),     cmocka_unit_test(payloads_that_are_none),
        cmocka_unit_test(a_frame_without_room_stays_bad),
    };
    return cmocka_run_group_tests_name("codec_refuse", tests, NULL, NULL);
}
