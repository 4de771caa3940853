/* codec_test.c - frames, batches, rows and records: round trips, refusals, and canonical form.
 *
 * Random inputs are seeded. Rows are written by codec_batch.c itself and compared byte for byte with the same row packed element
 * by element through msgpack-c (codec_put_*). Mutated bodies must be refused whole or decode to something that packs again to
 * the same bytes: one statement has one encoding, or hashes would not identify it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/codec.h"
#include "proto/codec_scan.h"
#include "proto/rng.h"

enum { ROUNDS = 20000 };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }
static bool same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
static uint64_t random_number(struct rng *g) { return rng_next(g) >> rng_below(g, 64); }

/* ---- frames ---- */

static const uint8_t some[] = "Belanja Pegawai (Gaji dan TPP) 0123456789 abcdefghijklmnopqrstuvwxyz";
static const uint8_t some_array[] = {0x92, 0x92, 1, 2, 0x92, 7, 8};

static void random_fields(struct rng *g, const char *kinds, struct field ret[FIELDS_MAX])
{
    for (size_t i = 0; kinds[i]; i++) {
        ret[i] = (struct field){0};
        switch (kinds[i]) {
        case 'u':
            ret[i].u = random_number(g);
            break;
        case 'h':
            ret[i].s = slice_of(some + rng_below(g, 8), HASH_SIZE);
            break;
        case 'a':
            ret[i].s = slice_of(some_array, sizeof some_array);
            break;
        default:
            ret[i].s = slice_of(some, rng_below(g, 60));
        }
    }
}

static bool fields_fit(unsigned type, const struct field *fields) /* small caps: PING holds one number only */
{
    const char *kinds = codec_msg_fields(type);
    size_t n = 8;
    for (size_t i = 0; kinds[i]; i++) n += 9 + fields[i].s.n;
    return n <= codec_msg_max(type);
}

static void frames_round_trip(void **state)
{
    struct rng g;
    struct buf b, again;
    (void)state;
    rng_seed(&g, 1);
    buf_init(&b, FRAME_BYTES_MAX);
    buf_init(&again, FRAME_BYTES_MAX);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct field in[FIELDS_MAX], out[FIELDS_MAX];
        struct frame f;
        unsigned code = 0, type = 1 + (unsigned)rng_below(&g, MSG_TYPE_COUNT - 1);
        const char *kinds = codec_msg_fields(type);
        random_fields(&g, kinds, in);
        assert_true(codec_build(&b, type, in) || !fields_fit(type, in));
        if (!fields_fit(type, in)) continue;
        assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_OK);
        assert_int_equal(f.type, type);
        assert_int_equal(f.version, CODEC_VERSION);
        assert_int_equal(codec_fields(&f, out), ST_OK);
        for (size_t i = 0; kinds[i]; i++) assert_true(in[i].u == out[i].u && same(in[i].s, out[i].s));
        assert_true(codec_build(&again, type, out) && same(buf_slice(&b), buf_slice(&again)));
    }
    buf_done(&b);
    buf_done(&again);
}

/* A list that is not given is an empty one. */
static void an_empty_list(void **state)
{
    const struct field in[] = {{.s = text("dinsos-3374")}, {.u = 0}, {.u = 1}, {.u = 3}, {.s = slice_of(some, HASH_SIZE)}, {.u = 9},
                               {.u = 1}, {.s = slice_of(NULL, 0)}, {.u = 0}};
    struct field out[FIELDS_MAX];
    struct frame f;
    struct buf b;
    unsigned code = 0;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    assert_true(codec_build(&b, MSG_ACK, in));
    assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_OK);
    assert_int_equal(codec_fields(&f, out), ST_OK);
    assert_true(same(out[7].s, slice_of("\x90", 1)));
    buf_done(&b);
}

static void expect_code(struct buf *b, bool reseal, unsigned want)
{
    struct frame f;
    unsigned code = CODE_OK;
    if (reseal) { /* header fields under test stay, the checksum is made right */
        uint32_t crc = bytes_crc32c(bytes_crc32c(0, b->p, 12), b->p + 16, b->n - 16);
        bytes_be32(b->p + 12, crc);
    }
    assert_int_equal(codec_frame_parse(buf_slice(b), &f, &code), ST_INVALID);
    assert_int_equal(code, want);
}

static void build_open(struct buf *b)
{
    const struct field fields[] = {{.s = text("dinsos-3374")}, {.u = 1}, {.u = 77}, {.u = 0}, {.s = slice_of(some, HASH_SIZE)}};
    assert_true(codec_build(b, MSG_OPEN, fields));
}

static void header_faults(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        unsigned code;
    } rows[] = {
        {0, 'r', CODE_BAD_FORMAT}, {3, 0, CODE_BAD_FORMAT},         {4, 0, CODE_BAD_VERSION},
        {4, 2, CODE_BAD_VERSION},  {5, 0, CODE_BAD_FORMAT},
        {6, 1, CODE_BAD_FORMAT},   {7, 1, CODE_BAD_FORMAT},
        {8, 255, CODE_TOO_LARGE},  {10, 4, CODE_TOO_LARGE},         {10, 1, CODE_BAD_FORMAT},
        {11, 1, CODE_BAD_FORMAT},  {5, MSG_HELLO, CODE_BAD_FORMAT}, {5, MSG_ACK, CODE_BAD_FORMAT},
    };
    struct buf b;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        build_open(&b);
        b.p[rows[i].at] = rows[i].value;
        expect_code(&b, true, rows[i].code);
    }
    buf_done(&b);
}

static void every_bit_counts(void **state)
{
    struct buf b;
    struct frame f;
    unsigned code;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    build_open(&b);
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_INVALID);
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < b.n; n++) assert_int_equal(codec_frame_parse(slice_of(b.p, n), &f, &code), ST_INVALID);
    assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_OK);
    buf_u8(&b, 0);
    expect_code(&b, true, CODE_BAD_FORMAT);
    buf_done(&b);
}

static bool kind_takes(char kind, unsigned form) /* form 0 nil, 1 unsigned, 2 negative, 3 text, 4 bytes, 5 hash, 6 array */
{
    static const struct {
        char kind;
        const char *forms;
    } rows[] = {
        {'u', "1"}, {'s', "3"}, {'b', "45"}, {'h', "5"}, {'a', "6"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].kind == kind) return strchr(rows[i].forms, (int)('0' + form)) != NULL;
    return false;
}

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
        codec_put_bin(b, slice_of(some, HASH_SIZE));
        break;
    default:
        codec_put_array(b, 0);
    }
}

/* Every message with every element of every kind, and with an element too few or one more, as a later minor may have. */
static void payload_kinds(void **state)
{
    struct buf b;
    struct frame f;
    unsigned code;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    for (unsigned type = 1; type < MSG_TYPE_COUNT; type++) {
        const char *kinds = codec_msg_fields(type);
        size_t n = strlen(kinds);
        for (size_t at = 0; at < n + 2; at++)
            for (unsigned form = 0; form <= 6; form++) {
                size_t count = at < n ? n : at == n ? n - 1 : n + 1;
                buf_clear(&b);
                codec_frame_begin(&b, type);
                codec_put_array(&b, (uint32_t)count);
                for (size_t i = 0; i < count; i++) {
                    unsigned own = 0;
                    while (i < n && !kind_takes(kinds[i], own)) own++;
                    put_form(&b, i == at ? form : own);
                }
                codec_frame_end(&b);
                bool more = at == n + 1 && type != MSG_BATCH;
                int want = more || (at < n && kind_takes(kinds[at], form)) ? ST_OK : ST_INVALID;
                if (codec_frame_parse(buf_slice(&b), &f, &code) != want)
                    fail_msg("%s element %zu form %u", codec_msg_name(type), at, form);
            }
    }
    buf_done(&b);
}

/* A type that is not known: whole or refused, like any other; an element behind the known ones changes none of them. */
static void what_a_later_minor_says_is_passed_over(void **state)
{
    static const uint8_t types[] = {MSG_TYPE_COUNT, 77, 255};
    struct field plain[FIELDS_MAX], more[FIELDS_MAX];
    struct buf b;
    struct frame f;
    unsigned code;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    for (size_t i = 0; i < sizeof types; i++) {
        build_open(&b);
        b.p[5] = types[i];
        bytes_be32(b.p + 12, bytes_crc32c(bytes_crc32c(0, b.p, 12), b.p + 16, b.n - 16));
        assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_NOT_FOUND);
        assert_int_equal(code, CODE_BAD_FORMAT);
        b.p[b.n - 1] ^= 1;
        assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_INVALID);
        b.p[16] = 0xc1; /* no msgpack */
        expect_code(&b, true, CODE_BAD_FORMAT);
    }
    build_open(&b);
    assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_OK);
    assert_int_equal(codec_fields(&f, plain), ST_OK);
    struct slice office = plain[0].s;
    assert_true(same(office, text("dinsos-3374")));
    codec_put_array(&b, 1);
    codec_put_str(&b, text("more"));
    b.p[16]++; /* an array of one element more */
    codec_frame_end(&b);
    assert_int_equal(codec_frame_parse(buf_slice(&b), &f, &code), ST_OK);
    assert_int_equal(codec_fields(&f, more), ST_OK);
    assert_true(same(more[0].s, text("dinsos-3374")));
    assert_true(more[1].u == plain[1].u && more[2].u == plain[2].u && more[4].s.n == HASH_SIZE);
    buf_done(&b);
}

static void caps(void **state)
{
    static uint8_t big[BATCH_BYTES_MAX + 512];
    struct field fields[] = {{.s = slice_of(big, sizeof big)}, {.s = slice_of(big, 0)}, {.s = slice_of(big, 0)}};
    struct buf b;
    (void)state;
    buf_init(&b, FRAME_BYTES_MAX);
    assert_false(codec_build(&b, MSG_BATCH, fields));
    fields[0].s.n = BATCH_BYTES_MAX;
    assert_true(codec_build(&b, MSG_BATCH, fields));
    buf_done(&b);
    buf_init(&b, 100); /* a buffer that may not grow */
    assert_false(codec_build(&b, MSG_BATCH, fields));
    buf_done(&b);
    assert_string_equal(codec_msg_name(MSG_BATCH), "BATCH");
    assert_string_equal(codec_msg_name(0), "?");
    assert_string_equal(codec_msg_name(MSG_TYPE_COUNT), "?");
    assert_null(codec_msg_fields(0));
    assert_null(codec_msg_fields(4711));
    assert_int_equal(codec_msg_max(4711), 0);
}

static void cursor_turns_bad(void **state)
{
    static const uint8_t bytes[] = {0x93, 0x01, 0x92, 0xa1, 'x', 0xc0, 0xe0}; /* [1, ["x", nil], -32] */
    struct rd r = rd_of(slice_of(bytes, sizeof bytes));
    (void)state;
    assert_int_equal(codec_get_array(&r), 3);
    assert_false(codec_get_nil(&r));
    assert_int_equal(codec_get_uint(&r), 1);
    struct slice raw = codec_get_raw(&r);
    assert_true(same(raw, slice_of(bytes + 2, 4)));
    assert_int_equal(codec_get_int(&r), -32);
    assert_false(r.bad);
    assert_int_equal(codec_get_uint(&r), 0); /* past the end */
    assert_true(r.bad);
    static const uint8_t wide[] = {0xdd, 0, 1, 0, 7};
    r = rd_of(slice_of(wide, sizeof wide));
    assert_true(codec_get_array(&r) == 65543 && r.p == r.end);
    r = rd_of(raw);
    assert_int_equal(codec_get_array(&r), 2);
    assert_true(same(codec_get_str(&r), text("x")) && codec_get_nil(&r) && !r.bad);
    r = rd_of(raw);
    assert_int_equal(codec_get_uint(&r), 0); /* a wrong kind */
    assert_true(r.bad && codec_get_str(&r).n == 0 && codec_get_raw(&r).n == 0 && !codec_get_nil(&r));
}

/* ---- the batch around the body ---- */

static const uint8_t signature[SIG_SIZE] = {1, 2, 3};

static struct batch_header header_of(struct slice body)
{
    struct batch_header h = {.installation = "0123456789abcde",
                             .office = text("dinsos-3374"),
                             .stream = 1,
                             .epoch = 9007199254740993,
                             .sequence = 4711,
                             .count = 3,
                             .body_hash = sign_hash(body.p, body.n),
                             .signed_at = {1600000000123},
                             .key_id = UINT64_MAX};
    h.previous = sign_hash("x", 1);
    return h;
}

static void batch_round_trip(void **state)
{
    struct buf header, payload;
    struct slice body = text("any bytes: the body is judged by its reader");
    struct batch_header h = header_of(body);
    struct batch got;
    (void)state;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&payload, BATCH_BYTES_MAX);
    codec_batch_header_put(&header, &h);
    codec_batch_put(&payload, buf_slice(&header), signature, body);
    assert_int_equal(codec_batch_parse(buf_slice(&payload), &got), ST_OK);
    assert_memory_equal(got.h.installation, h.installation, sizeof h.installation);
    assert_true(same(got.h.office, h.office) && got.h.stream == h.stream && got.h.epoch == h.epoch && got.h.sequence == h.sequence);
    assert_true(got.h.count == h.count && sign_hash_equal(&got.h.previous, &h.previous) && got.h.signed_at.ms == h.signed_at.ms);
    assert_true(got.h.key_id == h.key_id && same(got.header, buf_slice(&header)) && same(got.body, body));
    struct hash want = sign_hash2(header.p, header.n, signature, SIG_SIZE);
    assert_true(same(got.signature, slice_of(signature, SIG_SIZE)) && sign_hash_equal(&got.hash, &want));
    for (size_t n = 0; n < payload.n; n++) assert_int_equal(codec_batch_parse(slice_of(payload.p, n), &got), ST_INVALID);
    buf_clear(&payload);
    codec_put_array(&payload, 3); /* a signature one byte short */
    codec_put_bin(&payload, buf_slice(&header));
    codec_put_bin(&payload, slice_of(signature, SIG_SIZE - 1));
    codec_put_bin(&payload, body);
    assert_int_equal(codec_batch_parse(buf_slice(&payload), &got), ST_INVALID);
    buf_clear(&payload);
    codec_batch_put(&payload, buf_slice(&header), signature, body);
    payload.p[payload.n - 1] ^= 1; /* another body than the hash says */
    assert_int_equal(codec_batch_parse(buf_slice(&payload), &got), ST_INVALID);
    buf_done(&header);
    buf_done(&payload);
}

enum { HEADER_ELEMENTS = 11 };

/* Packs a header with one element replaced, unchecked; `which` out of range gives the sound one. */
static void put_header(struct buf *b, const struct batch_header *h, unsigned which, uint64_t number, struct slice bytes)
{
    const uint64_t numbers[HEADER_ELEMENTS] = {
        1, 0, 0, h->stream, h->epoch, h->sequence, h->count, 0, 0, (uint64_t)h->signed_at.ms, h->key_id};
    const struct slice slices[HEADER_ELEMENTS] = {[1] = slice_of(h->installation, 16),
                                                  [2] = h->office,
                                                  [7] = slice_of(h->previous.b, HASH_SIZE),
                                                  [8] = slice_of(h->body_hash.b, HASH_SIZE)};
    codec_put_array(b, HEADER_ELEMENTS);
    for (unsigned i = 0; i < HEADER_ELEMENTS; i++) {
        struct slice s = i == which ? bytes : slices[i];
        if (i == 2)
            codec_put_str(b, s);
        else if (slices[i].n)
            codec_put_bin(b, s);
        else
            codec_put_uint(b, i == which ? number : numbers[i]);
    }
}

static void batch_header_bounds(void **state)
{
    static const struct {
        unsigned which;
        uint64_t number;
        int st;
    } rows[] = {
        {99, 0, ST_OK},
        {0, 0, ST_INVALID},
        {0, 2, ST_INVALID},
        {3, 0, ST_OK},
        {3, UINT32_MAX, ST_OK},
        {3, UINT64_C(1) << 32, ST_INVALID},
        {4, 0, ST_INVALID},
        {4, INT64_MAX, ST_OK},
        {4, UINT64_C(1) << 63, ST_INVALID},
        {5, 0, ST_INVALID},
        {5, INT64_MAX - 3, ST_OK},
        {5, INT64_MAX - 2, ST_INVALID},
        {5, UINT64_MAX, ST_INVALID},
        {6, 0, ST_INVALID},
        {6, BATCH_UPDATES_MAX, ST_OK},
        {6, BATCH_UPDATES_MAX + 1, ST_INVALID},
        {9, 0, ST_OK},
        {9, UINT64_C(1) << 63, ST_INVALID},
        {10, 0, ST_OK},
    };
    static const struct {
        unsigned which;
        size_t n;
        int st;
    } sized[] = {
        {1, 15, ST_INVALID}, {1, 17, ST_INVALID}, {2, 0, ST_INVALID},  {2, 40, ST_OK},
        {2, 41, ST_INVALID}, {7, 31, ST_INVALID}, {7, 33, ST_INVALID}, {8, 31, ST_INVALID},
    };
    struct slice body = text("body");
    struct batch_header h = header_of(body);
    struct buf header, payload;
    struct batch got;
    (void)state;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&payload, BATCH_BYTES_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows + sizeof sized / sizeof *sized; i++) {
        bool number = i < sizeof rows / sizeof *rows;
        size_t k = number ? i : i - sizeof rows / sizeof *rows;
        buf_clear(&header);
        buf_clear(&payload);
        put_header(&header, &h, number ? rows[k].which : sized[k].which, number ? rows[k].number : 0,
                   slice_of(some, number ? 0 : sized[k].n));
        codec_batch_put(&payload, buf_slice(&header), signature, body);
        if (codec_batch_parse(buf_slice(&payload), &got) != (number ? rows[k].st : sized[k].st)) fail_msg("case %zu", i);
    }
    buf_done(&header);
    buf_done(&payload);
}

/* ---- records ---- */

static void record_round_trip(void **state)
{
    struct buf list, b;
    struct record r = {RECORD_BATCH, 4711, {1600000000123}, {{9}}, text("the batch as received"), {0}}, got;
    static const struct {
        uint32_t index;
        unsigned code;
    } marks[] = {{0, CODE_CODE_BROKEN}, {5, CODE_UNAUTHORISED}, {8191, CODE_LATE}};
    struct disposition_reader d;
    (void)state;
    buf_init(&list, 4096);
    buf_init(&b, RECORD_BYTES_MAX);
    codec_put_array(&list, 3);
    for (size_t i = 0; i < 3; i++) {
        codec_put_array(&list, 2);
        codec_put_uint(&list, marks[i].index);
        codec_put_uint(&list, marks[i].code);
    }
    r.dispositions = buf_slice(&list);
    codec_record_put(&b, &r);
    assert_int_equal(codec_record_parse(buf_slice(&b), &got), ST_OK);
    assert_true(got.kind == r.kind && got.lsn == r.lsn && got.at.ms == r.at.ms && sign_hash_equal(&got.previous, &r.previous));
    assert_true(same(got.content, r.content) && same(got.dispositions, r.dispositions));
    codec_dispositions_open(got.dispositions, &d);
    for (uint32_t i = 0, k = 0; i < BATCH_UPDATES_MAX; i++)
        assert_int_equal(codec_dispositions_at(&d, i), k < 3 && marks[k].index == i ? marks[k++].code : CODE_OK);
    codec_dispositions_open(got.dispositions, &d);
    assert_int_equal(codec_dispositions_at(&d, 6), CODE_OK); /* leaps are allowed */
    assert_int_equal(codec_dispositions_at(&d, 8191), CODE_LATE);
    codec_dispositions_open((struct slice){0}, &d);
    assert_int_equal(codec_dispositions_at(&d, 0), CODE_OK);
    buf_done(&list);
    buf_done(&b);
}

static void record_faults(void **state)
{
    static const struct {
        unsigned kind;
        uint64_t lsn, at;
        size_t hash;
        const char *dispositions;
        int st;
    } rows[] = {
        {1, 1, 0, 32, "90", ST_OK},
        {2, 1, 5, 32, "90", ST_OK},
        {0, 1, 0, 32, "90", ST_INVALID},
        {3, 1, 0, 32, "90", ST_OK},
        {4, 1, 0, 32, "90", ST_OK},
        {5, 1, 0, 32, "90", ST_INVALID},
        {1, 0, 0, 32, "90", ST_INVALID},
        {1, 1, UINT64_MAX, 32, "90", ST_INVALID},
        {1, 1, 0, 31, "90", ST_INVALID},
        {1, 1, 0, 32, "c0", ST_INVALID},
        {1, 1, 0, 32, "91920004", ST_OK},
        {1, 1, 0, 32, "91920000", ST_INVALID},
        {1, 1, 0, 32, "919100", ST_INVALID},
        {1, 1, 0, 32, "9193000400", ST_INVALID},
        {1, 1, 0, 32, "92920104920104", ST_INVALID},
        {1, 1, 0, 32, "92920104920004", ST_INVALID},
        {1, 1, 0, 32, "92920104920204", ST_OK},
        {1, 1, 0, 32, "9192cd1fff04", ST_OK},
        {1, 1, 0, 32, "9192cd200004", ST_INVALID},
        {1, 1, 0, 32, "919200ce00010000", ST_INVALID},
        {1, 1, 0, 32, "9192a004", ST_INVALID},
    };
    struct buf b;
    struct record got;
    uint8_t list[32];
    (void)state;
    buf_init(&b, RECORD_BYTES_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = strlen(rows[i].dispositions);
        buf_clear(&b);
        codec_put_array(&b, 6);
        codec_put_uint(&b, rows[i].kind);
        codec_put_uint(&b, rows[i].lsn);
        codec_put_uint(&b, rows[i].at);
        codec_put_bin(&b, slice_of(some, rows[i].hash));
        codec_put_bin(&b, text("content"));
        assert_int_equal(bytes_unhex(rows[i].dispositions, n, list), ST_OK);
        buf_put(&b, list, n / 2);
        if (codec_record_parse(buf_slice(&b), &got) != rows[i].st) fail_msg("case %zu", i);
        assert_int_equal(codec_record_parse(slice_of(b.p, b.n - 1), &got), ST_INVALID);
    }
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_round_trip),
        cmocka_unit_test(an_empty_list),
        cmocka_unit_test(header_faults),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(payload_kinds),
        cmocka_unit_test(what_a_later_minor_says_is_passed_over),
        cmocka_unit_test(caps),
        cmocka_unit_test(cursor_turns_bad),
        cmocka_unit_test(batch_round_trip),
        cmocka_unit_test(batch_header_bounds),
        cmocka_unit_test(record_round_trip),
        cmocka_unit_test(record_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
