/* codec_vectors_test.c - docs/PROTOCOL.md and the test vectors against the code. Runs from the root of the tree.
 *
 * Every message is built with fixed values and compared with tests/golden/wire/NAME.hex, which the document must show verbatim; so
 * must it show every row of messages.def and codes.def and every number of measures, sources and vintages. A changed byte on
 * the wire is a failure here before it is an incompatibility in the field. REKAP_GOLDEN_UPDATE=1 rewrites the vector files.
 * The signing key is that of RFC 8032, section 7.1, TEST 1; the figures are printed ones (Metro 2022). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/codec.h"
#include "proto/sign.h"

static char *document;

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail_msg("cannot open %s", path);
    char *p = calloc(1, FRAME_BYTES_MAX);
    assert_non_null(p);
    assert_true(fread(p, 1, FRAME_BYTES_MAX - 1, f) < FRAME_BYTES_MAX - 1);
    fclose(f);
    return p;
}

static int document_open(void **state)
{
    (void)state;
    document = file_text("docs/PROTOCOL.md");
    return 0;
}

static int document_close(void **state)
{
    (void)state;
    free(document);
    return 0;
}

static void documented(const char *row)
{
    if (strstr(document, row) == NULL) fail_msg("docs/PROTOCOL.md lacks: %s", row);
}

/* ---- tables ---- */

static void catalogue_is_documented(void **state)
{
    static const struct {
        unsigned num;
        const char *name, *dir, *fields;
        size_t max;
    } rows[] = {
#define MESSAGE(num, NAME, dir, fields, max) {num, #NAME, #dir, fields, (size_t)(max)},
#include "proto/messages.def"
#undef MESSAGE
    };
    char row[160];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(codec_msg_name(rows[i].num), rows[i].name);
        assert_string_equal(codec_msg_fields(rows[i].num), rows[i].fields);
        assert_int_equal(codec_msg_max(rows[i].num), rows[i].max);
        snprintf(row, sizeof row, "| %u | %s | %s | `%s` | %zu |", rows[i].num, rows[i].name, rows[i].dir, rows[i].fields,
                 rows[i].max);
        documented(row);
    }
}

static void codes_are_documented(void **state)
{
    char row[400];
    unsigned seen = 0;
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        if (!status_code_known(code)) continue;
        snprintf(row, sizeof row, "| %u | `%s` | %s | %s |", code, status_code_spelling(code), status_code_text(code, LANG_ID),
                 status_code_text(code, LANG_EN));
        documented(row);
        seen++;
    }
    assert_true(seen > 0);
}

static void numbers_are_documented(void **state)
{
    char row[100];
    (void)state;
    for (unsigned m = 0; m < 256; m++) {
        if (figure_measure_name(m)[0] == 0) continue;
        snprintf(row, sizeof row, "| %u | %s |", m, figure_measure_name(m));
        documented(row);
    }
    for (unsigned s = 1; s <= SOURCE_AUDITOR; s++) {
        snprintf(row, sizeof row, "`%s`", figure_source_name(s));
        documented(row);
    }
    for (unsigned v = 1; v <= VINTAGE_KEPMEN_900_1_15_5_1317_2023; v++) {
        snprintf(row, sizeof row, "`%s`", code_vintage_name((enum vintage)v));
        documented(row);
    }
}

static void limits_are_documented(void **state)
{
    static const struct {
        const char *name;
        int value;
    } rows[] = {
#define LIMIT(name) {#name, name}
        LIMIT(FRAME_BYTES_MAX),        LIMIT(FRAME_HEADER_BYTES), LIMIT(BATCH_BYTES_MAX),   LIMIT(BATCH_UPDATES_MAX),
        LIMIT(BATCH_HEADER_BYTES_MAX), LIMIT(RECORD_BYTES_MAX),   LIMIT(RECORDS_BYTES_MAX), LIMIT(NESTING_MAX),
        LIMIT(CREDIT_BYTES),           LIMIT(CREDIT_BATCHES),     LIMIT(FEED_CREDIT_BYTES), LIMIT(OFFICE_ID_MAX),
        LIMIT(CODE_TEXT_MAX),          LIMIT(UNIT_TEXT_MAX),      LIMIT(TEXT_MAX),
#undef LIMIT
    };
    char row[100];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(row, sizeof row, "| %s | %d |", rows[i].name, rows[i].value);
        documented(row);
    }
}

/* ---- vectors ---- */

static void check_vector(const char *name, struct slice bytes)
{
    char path[100], *want, *got = calloc(1, 2 * bytes.n + bytes.n / 32 + 2), *p = got;
    assert_non_null(got);
    for (size_t at = 0; at < bytes.n; at += 32) {
        size_t n = bytes.n - at < 32 ? bytes.n - at : 32;
        bytes_hex(bytes.p + at, n, p);
        p += 2 * n;
        *p++ = '\n';
    }
    *p = 0;
    snprintf(path, sizeof path, "tests/golden/wire/%s.hex", name);
    if (getenv("REKAP_GOLDEN_UPDATE") != NULL) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_true(fputs(got, f) >= 0 && fclose(f) == 0);
    }
    want = file_text(path);
    if (strcmp(want, got) != 0) fail_msg("%s differs; now:\n%s", path, got);
    documented(want);
    free(want);
    free(got);
}

static struct hash pattern(uint8_t first)
{
    struct hash h;
    for (unsigned i = 0; i < HASH_SIZE; i++) h.b[i] = (uint8_t)(first + i);
    return h;
}

static const struct wall when = {1671000000000}; /* 2022-12-14T06:40:00Z */
static const uint64_t epoch = UINT64_C(4611686018427387905);

static struct slice body_of(struct buf *b)
{
    struct section s = {.office = text("dinsos-1872"),
                        .clerk = text(""),
                        .year = 2022,
                        .stage = STAGE_PERUBAHAN,
                        .source = SOURCE_OPD,
                        .vintage = VINTAGE_PERMENDAGRI_90_2019,
                        .entered = when};
    struct figure f = {.year = 2022,
                       .stage = STAGE_PERUBAHAN,
                       .source = SOURCE_OPD,
                       .month = 12,
                       .measure = MEASURE_BUDGET,
                       .basis = BASIS_CUMULATIVE,
                       .kind = VALUE_NUMBER,
                       .value = 320347538200};
    struct code_reading code;
    assert_int_equal(code_parse_activity(s.vintage, text("1.06.01"), &code), ST_OK);
    f.activity = code.code;
    codec_put_array(b, 2);
    codec_section_begin(b, &s, 2);
    codec_row_put(b, &f);
    f.measure = MEASURE_PRINTED_ABSORPTION;
    f.value = 90000000;
    codec_row_put(b, &f);
    s.stage = STAGE_NONE;
    codec_section_begin(b, &s, 1);
    f.stage = STAGE_NONE;
    f.measure = MEASURE_REALISED;
    f.value = 294995831200;
    f.reason = text("LKjIP 2022");
    codec_row_put(b, &f);
    assert_true(buf_ok(b));
    return buf_slice(b);
}

struct parts {
    struct buf body, header, record, frame;
    uint8_t sig[SIG_SIZE];
    struct hash batch_hash, log_hash;
};

static void make_batch(struct parts *p)
{
    uint8_t seed[32], pub[PUBKEY_SIZE];
    struct signer signer;
    struct slice body = body_of(&p->body);
    struct batch_header h = {
        .office = text("dinsos-1872"), .stream = 1, .epoch = epoch, .sequence = 1, .count = 3, .signed_at = when};
    for (uint8_t i = 0; i < 16; i++) h.installation[i] = i;
    assert_int_equal(bytes_unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64, seed), ST_OK);
    assert_int_equal(sign_ed25519_ring_new(&signer), ST_OK);
    assert_int_equal(sign_ed25519_ring_add(&signer, h.office, seed), ST_OK);
    assert_int_equal(signer.public_key(signer.ctx, h.office, pub), ST_OK);
    h.key_id = sign_key_id(pub);
    h.body_hash = sign_hash(body.p, body.n);
    codec_batch_header_put(&p->header, &h);
    assert_int_equal(signer.sign(signer.ctx, h.office, buf_slice(&p->header), p->sig), ST_OK);
    assert_true(sign_ed25519_verifier().verify(NULL, pub, buf_slice(&p->header), p->sig));
    p->batch_hash = codec_batch_hash(buf_slice(&p->header), slice_of(p->sig, SIG_SIZE));
    sign_ed25519_ring_free(&signer);
}

static void make_record(struct parts *p)
{
    static const uint8_t dispositions[] = {0x91, 0x92, 2, CODE_LATE};
    struct buf payload;
    buf_init(&payload, BATCH_BYTES_MAX);
    codec_batch_put(&payload, buf_slice(&p->header), p->sig, buf_slice(&p->body));
    struct record r = {.kind = RECORD_BATCH,
                       .lsn = 1,
                       .at = {when.ms + 250},
                       .content = buf_slice(&payload),
                       .dispositions = slice_of(dispositions, sizeof dispositions)};
    codec_record_put(&p->record, &r);
    p->log_hash = sign_hash2(r.previous.b, HASH_SIZE, p->record.p, p->record.n);
    buf_done(&payload);
}

static struct field num(uint64_t u) { return (struct field){.u = u}; }
static struct field str(const char *s) { return (struct field){.s = text(s)}; }
static struct field raw(const void *p, size_t n) { return (struct field){.s = slice_of(p, n)}; }

static void check_frame(struct parts *p, unsigned type, const struct field *fields)
{
    char name[32];
    struct frame f;
    struct field got[FIELDS_MAX];
    unsigned code;
    assert_true(codec_build(&p->frame, type, fields));
    assert_int_equal(codec_frame_parse(buf_slice(&p->frame), &f, &code), ST_OK);
    assert_int_equal(codec_fields(&f, got), ST_OK);
    snprintf(name, sizeof name, "%02u-%s", type, codec_msg_name(type));
    check_vector(name, buf_slice(&p->frame));
}

static void check_session(struct parts *p)
{
    static const uint8_t marks[] = {0x91, 0x92, 3, CODE_LATE};
    struct hash id = pattern(0), log = pattern(0x40), zero = {{0}};
    const uint8_t *batch = p->batch_hash.b;
    const struct field hello[] = {num(1), num(1), raw(id.b, 16), str("collector"), str("metro-1"), num((uint64_t)when.ms)};
    const struct field hello_ok[] = {num(1), str("w1"), num(1), num(CREDIT_BYTES), num(CREDIT_BATCHES), raw(log.b, 32), num(4711)};
    const struct field open[] = {str("dinsos-1872"), num(1), num(epoch), num(0), raw(zero.b, 32)};
    const struct field open_ok[] = {str("dinsos-1872"), num(1), num(epoch), num(0), raw(zero.b, 32), num(0)};
    const struct field send[] = {raw(p->header.p, p->header.n), raw(p->sig, SIG_SIZE), raw(p->body.p, p->body.n)};
    const struct field ack[] = {str("dinsos-1872"), num(1), num(epoch), num(3),
                                raw(batch, 32),     num(1), num(1),     raw(marks, sizeof marks), num(0)};
    const struct field nack[] = {str("dinsos-1872"), num(1), num(epoch), num(5), num(CODE_GAP), str("5"), str("4")};
    const struct field ping[] = {num((uint64_t)when.ms)}, pong[] = {num((uint64_t)when.ms), num(4711), raw(log.b, 32)},
                       bye[] = {str("selesai")};
    check_frame(p, MSG_HELLO, hello);
    check_frame(p, MSG_HELLO_OK, hello_ok);
    check_frame(p, MSG_OPEN, open);
    check_frame(p, MSG_OPEN_OK, open_ok);
    check_frame(p, MSG_BATCH, send);
    check_frame(p, MSG_ACK, ack);
    check_frame(p, MSG_NACK, nack);
    check_frame(p, MSG_PING, ping);
    check_frame(p, MSG_PONG, pong);
    check_frame(p, MSG_BYE, bye);
}

static void check_feed(struct parts *p)
{
    struct hash zero = {{0}};
    struct buf list;
    buf_init(&list, RECORDS_BYTES_MAX);
    codec_put_array(&list, 1);
    codec_put_bin(&list, buf_slice(&p->record));
    const struct field subscribe[] = {num(0), raw(zero.b, 32), num(FEED_CREDIT_BYTES)};
    const struct field records[] = {num(1), raw(p->log_hash.b, 32), num(1), raw(list.p, list.n)};
    const struct field credit[] = {num(65536)}, idle[] = {num(1), raw(p->log_hash.b, 32)};
    check_frame(p, MSG_SUBSCRIBE, subscribe);
    check_frame(p, MSG_RECORDS, records);
    check_frame(p, MSG_CREDIT, credit);
    check_frame(p, MSG_IDLE, idle);
    const struct field checkpoint[] = {str("rekap/w1/0707000000000000\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")};
    const struct field prove[] = {num(2), num(1), num(2)}, proof[] = {num(2), num(1), num(2), raw(p->log_hash.b, 32)};
    check_frame(p, MSG_CHECKPOINT, checkpoint);
    check_frame(p, MSG_PROVE, prove);
    check_frame(p, MSG_PROOF, proof);
    const struct field place[] = {str("dinsos-1872"), num(1), num(epoch), num(3), num(2)};
    const struct field placed[] = {str("dinsos-1872"), num(1), num(epoch),
                                   num(3),             num(2), num(1),
                                   num((uint64_t)when.ms + 250), raw(zero.b, 32), raw(p->log_hash.b, 32)};
    check_frame(p, MSG_PLACE, place);
    check_frame(p, MSG_PLACED, placed);
    buf_done(&list);
}

static void check_join(struct parts *p)
{
    uint8_t key[3][PUBKEY_SIZE], sig[SIG_SIZE];
    for (unsigned i = 0; i < 3; i++) memset(key[i], 0x11 * (int)(i + 1), PUBKEY_SIZE);
    memset(sig, 0x44, sizeof sig);
    const struct field join[] = {num(1),
                                 raw(key[0], 32),
                                 str("dinsos-1872"),
                                 raw(key[1], 32),
                                 raw(key[2], 32),
                                 num((uint64_t)when.ms),
                                 raw(sig, SIG_SIZE),
                                 raw(sig, 0)};
    const struct field joined[] = {str("dinsos-1872"), num(1), str("12345 67890 12345 67890")};
    check_frame(p, MSG_JOIN, join);
    check_frame(p, MSG_JOINED, joined);
    const struct field restored[] = {str("rekap/pemulihan/1\nworker w1\n")};
    check_frame(p, MSG_RESTORED, restored);
    const struct field stored[] = {num(1), raw(p->log_hash.b, 32)};
    check_frame(p, MSG_STORED, stored);
}

static void vectors(void **state)
{
    struct parts p;
    struct body_reader r;
    struct body_row row;
    struct record got;
    (void)state;
    buf_init(&p.body, BATCH_BYTES_MAX);
    buf_init(&p.header, BATCH_HEADER_BYTES_MAX);
    buf_init(&p.record, RECORD_BYTES_MAX);
    buf_init(&p.frame, FRAME_BYTES_MAX);
    make_batch(&p);
    make_record(&p);
    check_vector("body", buf_slice(&p.body));
    check_vector("batch-header", buf_slice(&p.header));
    check_vector("batch-hash", slice_of(p.batch_hash.b, HASH_SIZE));
    check_vector("record", buf_slice(&p.record));
    check_vector("log-hash", slice_of(p.log_hash.b, HASH_SIZE));
    assert_int_equal(codec_record_parse(buf_slice(&p.record), &got), ST_OK);
    assert_int_equal(codec_body_open(buf_slice(&p.body), &r), ST_OK);
    for (unsigned i = 0; i < 3; i++) assert_true(codec_body_next(&r, &row) == ST_OK && row.code == CODE_OK);
    check_session(&p);
    check_feed(&p);
    check_join(&p);
    buf_done(&p.body);
    buf_done(&p.header);
    buf_done(&p.record);
    buf_done(&p.frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue_is_documented),
        cmocka_unit_test(codes_are_documented),
        cmocka_unit_test(numbers_are_documented),
        cmocka_unit_test(limits_are_documented),
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests(tests, document_open, document_close);
}
