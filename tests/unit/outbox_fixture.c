/* outbox_fixture.c - see outbox_fixture.h. */
#include "outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/tray.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int public_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    struct hash h = sign_hash2("signing", 7, office.p, office.n);
    (void)ctx;
    if (office.n == strlen(OFFICE_KEYLESS) && !memcmp(office.p, OFFICE_KEYLESS, office.n)) return ST_NOT_FOUND;
    memcpy(ret, h.b, PUBKEY_SIZE);
    return ST_OK;
}

static int sign(void *ctx, struct slice office, struct slice msg, uint8_t ret[SIG_SIZE])
{
    uint8_t pub[PUBKEY_SIZE];
    int st = public_key(ctx, office, pub);
    if (st != ST_OK) return st;
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);
    memcpy(ret, h.b, HASH_SIZE);
    memcpy(ret + HASH_SIZE, h.b, HASH_SIZE);
    return ST_OK;
}

static int other_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    int st = public_key(ctx, office, ret);
    if (st == ST_OK) ret[0] ^= 0xff;
    return st;
}

void outbox_fixture_other_key(struct outbox_fixture *f, bool other) { f->signer.public_key = other ? other_key : public_key; }

void outbox_fixture_init(struct outbox_fixture *f)
{
    *f = (struct outbox_fixture){ .signer = { NULL, sign, public_key }, .identity = { .installation = { 9 }, .epoch = 77 },
                                  .now = { { 1000000 }, { INT64_C(1700000000000) } } };
    assert_int_equal(store_mem_new(outbox_tables, &f->store), ST_OK);
    outbox_fixture_begin(f);
}

void outbox_fixture_done(struct outbox_fixture *f)
{
    store_abort(&f->t);
    store_mem_free(&f->store);
}

void outbox_fixture_begin(struct outbox_fixture *f) { assert_int_equal(store_begin(f->store, true, &f->t), ST_OK); }
int outbox_fixture_commit(struct outbox_fixture *f) { return store_commit(&f->t); }

void outbox_fixture_crash(struct outbox_fixture *f)
{
    store_mem_crash(f->store);
    f->t = NULL;
    outbox_fixture_begin(f);
}

uint32_t outbox_fixture_number(struct outbox_fixture *f, const char *office)
{
    uint32_t n;
    assert_int_equal(unit_dict_add(f->t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, text(office), &n), ST_OK);
    return n;
}

struct outbox_stream outbox_fixture_stream(struct outbox_fixture *f, const char *office)
{
    struct outbox_stream s;
    assert_int_equal(outbox_stream_get(f->t, outbox_fixture_number(f, office), &s), ST_OK);
    return s;
}

static struct figure figure(uint32_t i, int64_t value)
{
    char digits[32];
    struct code_reading code;
    int n = snprintf(digits, sizeof digits, "1.06.01.2.01.%04u", i / 12 + 1);
    assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(digits, (size_t)n), &code), ST_OK);
    return (struct figure){ .activity = code.code, .measure = MEASURE_REALISED, .year = 2024, .source = SOURCE_OPD,
                            .month = (uint8_t)(i % 12 + 1), .basis = BASIS_CUMULATIVE, .kind = VALUE_NUMBER, .value = value + i };
}

const uint8_t *outbox_fixture_document;
const uint8_t outbox_fixture_hash[HASH_SIZE] = "hash of the file";

void outbox_fixture_tray(const struct outbox_fixture_file *f, struct buf *ret)
{
    const struct tray head = { .id = text(f->id), .office = text(f->office), .file = text("a.csv"), .clerk = text("k"),
                               .hash = slice_of(outbox_fixture_hash, HASH_SIZE), .sheet = text("Lembar 1"),
                               .entered = { 1 }, .rows = f->rows };
    const struct section s = { .office = text(f->subject), .year = 2024, .source = SOURCE_OPD,
                               .vintage = VINTAGE_PERMENDAGRI_90_2019, .entered = { 1 } };
    uint32_t sections = (f->rows + BATCH_UPDATES_MAX - 1) / BATCH_UPDATES_MAX;
    buf_init(ret, 1 << 24);
    tray_begin(ret, &head, sections);
    for (uint32_t at = 0; at < f->rows; at += BATCH_UPDATES_MAX) {
        uint32_t n = f->rows - at < BATCH_UPDATES_MAX ? f->rows - at : BATCH_UPDATES_MAX;
        tray_section(ret, &s, n);
        for (uint32_t i = at; i < at + n; i++) {
            struct figure g = figure(i, f->value);
            if (outbox_fixture_document) g.evidence = slice_of(outbox_fixture_document, HASH_SIZE);
            tray_row(ret, i + 2, &g);
        }
    }
    tray_end(ret);
    assert_true(buf_ok(ret));
}

int outbox_fixture_import(struct outbox_fixture *f, const struct outbox_fixture_file *file, struct import_result *ret)
{
    const struct import_context c = { .signer = &f->signer, .identity = &f->identity };
    struct buf b;
    outbox_fixture_tray(file, &b);
    int st = collect_import(f->t, &c, f->now, buf_slice(&b), ret);
    if (ret->id.n) assert_memory_equal(ret->id.p, file->id, ret->id.n);
    ret->id = text(file->id);           /* b goes */
    buf_done(&b);
    return st;
}

struct outbox_stream outbox_fixture_state(struct outbox_fixture *f, const char *office, const char *subject, uint32_t rows,
                                          int64_t value)
{
    static unsigned number;
    char id[24];
    struct import_result r;
    snprintf(id, sizeof id, "auto-%u", number++);
    const struct outbox_fixture_file file = { id, office, subject, rows, value };
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_OK);
    return outbox_fixture_stream(f, office);
}

struct slot outbox_fixture_slot(struct outbox_fixture *f, const char *office, const char *subject, uint32_t i)
{
    struct figure g = figure(i, 0);
    const struct leaf_key k = { .activity = g.activity, .measure = g.measure, .source = g.source };
    struct slot slot = { 0 };
    struct unit u;
    uint32_t copy;
    unit_init(&u);
    assert_int_equal(outbox_subject(f->t, outbox_fixture_number(f, office), text(subject), true, &copy), ST_OK);
    assert_int_equal(unit_load(&u, f->t, OUTBOX_UNIT, copy, 2024), ST_OK);
    const struct leaf *l = unit_find(&u, &k);
    if (l) slot = l->slot[unit_slot_of(&g)];
    unit_done(&u);
    return slot;
}

struct slice outbox_fixture_refusals(struct buf *b, const uint64_t *sequence, const unsigned *code, uint32_t n)
{
    buf_clear(b);
    codec_put_array(b, n);
    for (uint32_t i = 0; i < n; i++) {
        codec_put_array(b, 2);
        codec_put_uint(b, sequence[i]);
        codec_put_uint(b, code[i]);
    }
    assert_true(buf_ok(b));
    return buf_slice(b);
}
