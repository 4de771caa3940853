/* update.c - one statement. Forwards: the input is the msgpack of a row, put into a body of one row; what is taken must be written
 * again byte for byte, must pass figure_check, and must come back out of the stored slots as it went in. Backwards: the input
 * chooses the fields of a figure; one that figure_check lets stand must survive the wire. */
#include "proto/codec.h"
#include "proto/unit.h"
#include "tests/fuzz/fuzz.h"

static const char *const tables[] = { "unit", NULL };
static const char office[] = "gen-3374-01";

static struct section section(uint16_t year, uint8_t source, uint16_t stage)
{
    return (struct section){ .office = slice_of(office, sizeof office - 1),
                             .year = year,
                             .source = source,
                             .stage = stage,
                             .vintage = VINTAGE_PERMENDAGRI_90_2019,
                             .entered = { 1700000000000 } };
}

/* Into a unit, to the store, and out again. */
static void keep(const struct figure *f)
{
    struct unit u, again;
    struct store *s = NULL;
    struct store_txn *t = NULL;
    enum unit_result how;
    uint32_t leaf;
    ASSERT(store_mem_new(tables, &s) == ST_OK && store_begin(s, true, &t) == ST_OK);
    unit_init(&u);
    unit_init(&again);
    u.office = 1, u.year = f->year;
    ASSERT(unit_set(&u, f, f->indicator.n ? 7 : 0, figure_provenance(1, 5, 3), &how, NULL, &leaf) == ST_OK);
    ASSERT(how == UNIT_EFFECTIVE && unit_save(&u, t, 0) == ST_OK && unit_load(&again, t, 0, 1, f->year) == ST_OK);
    ASSERT(again.count == 1);
    const struct slot *a = &u.leaf[0].slot[unit_slot_of(f)], *b = &again.leaf[0].slot[unit_slot_of(f)];
    ASSERT(a->kind == b->kind && a->basis == b->basis && a->value == b->value && a->prov == b->prov && a->flags == b->flags);
    ASSERT(a->decimals == b->decimals && fuzz_same(unit_text(&u, a), unit_text(&again, b)));
    ASSERT(unit_set(&again, f, f->indicator.n ? 7 : 0, figure_provenance(1, 6, 0), &how, NULL, &leaf) == ST_OK && how == UNIT_SAME);
    unit_done(&u);
    unit_done(&again);
    store_abort(&t);
    store_mem_free(&s);
}

static void forwards(struct slice row_bytes)
{
    const struct section sections[] = { section(2024, SOURCE_OPD, STAGE_NONE), section(2024, SOURCE_DPA, STAGE_MURNI),
                                        section(0, 0, 0) };
    struct buf b, again;
    buf_init(&b, BATCH_BYTES_MAX);
    buf_init(&again, BATCH_BYTES_MAX);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        struct body_reader r;
        struct body_row row;
        buf_clear(&b);
        buf_clear(&again);
        codec_put_array(&b, 1);
        codec_section_begin(&b, &sections[i], 1);
        size_t at = b.n;
        buf_put(&b, row_bytes.p, row_bytes.n);
        if (!buf_ok(&b) || codec_body_open(buf_slice(&b), &r) != ST_OK) continue;
        ASSERT(r.rows == 1 && codec_body_next(&r, &row) == ST_OK);
        if (row.code != CODE_OK) continue;
        ASSERT(figure_check(&row.figure) == CODE_OK);
        codec_row_put(&again, &row.figure);
        ASSERT(buf_ok(&again) && fuzz_same(buf_slice(&again), slice_of(b.p + at, b.n - at)));
        keep(&row.figure);
        ASSERT(codec_body_next(&r, &row) == ST_NOT_FOUND);
    }
    buf_done(&b);
    buf_done(&again);
}

/* A text of the input's own bytes, if they are one. */
static struct slice text_of(struct rd *r, size_t max)
{
    size_t n = rd_u8(r) % (max + 1);
    struct slice s = n <= rd_left(r) ? rd_bytes(r, n) : slice_of("", 0);
    return bytes_utf8_ok(s.p, s.n) ? s : slice_of("", 0);
}

static struct figure figure_of(struct rd *r)
{
    static const uint16_t measures[] = { 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20, 21, 32, 33, 34, 35, 36, 40, 50, 56 };
    static const char *const codes[] = { "1.06.01.2.01.01", "1.06", "5.1", "5.1.02.01", "4" };
    struct figure f = { .measure = measures[rd_u8(r) % (sizeof measures / sizeof measures[0])], .year = rd_u8(r) & 1 ? 2024 : 0 };
    struct code_reading c;
    const char *code = codes[rd_u8(r) % 5], *account = codes[rd_u8(r) % 5];
    if (code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(code, strlen(code)), &c) == ST_OK) f.activity = c.code;
    if (code_parse_account(slice_of(account, strlen(account)), &c) == ST_OK) f.account = c.code;
    f.month = rd_u8(r) % 13, f.basis = rd_u8(r) % 3, f.kind = (uint8_t)(1 + rd_u8(r) % 5), f.source = rd_u8(r) % 11;
    f.stage = (uint16_t)((rd_u8(r) % 5) << 8 | rd_u8(r) % 3), f.decimals = rd_u8(r) % 8;
    f.value = (int64_t)rd_be64(r);
    f.indicator = text_of(r, 60), f.text = text_of(r, 60), f.unit = text_of(r, 20), f.reason = text_of(r, 40);
    return f;
}

static void backwards(struct slice in)
{
    struct rd r = rd_of(in);
    struct figure f = figure_of(&r);
    struct body_reader body;
    struct body_row row;
    struct buf b;
    if (r.bad || figure_check(&f) != CODE_OK) return;
    struct section s = section(f.year, f.source, f.stage);
    buf_init(&b, BATCH_BYTES_MAX);
    codec_put_array(&b, 1);
    codec_section_begin(&b, &s, 1);
    codec_row_put(&b, &f);
    ASSERT(buf_ok(&b) && codec_body_open(buf_slice(&b), &body) == ST_OK && codec_body_next(&body, &row) == ST_OK);
    ASSERT(row.code == CODE_OK && row.figure.value == f.value && row.figure.kind == f.kind && row.figure.month == f.month);
    ASSERT(row.figure.activity == f.activity && row.figure.account == f.account && row.figure.measure == f.measure);
    ASSERT(fuzz_same(row.figure.text, f.text) && fuzz_same(row.figure.indicator, f.indicator));
    ASSERT(fuzz_same(row.figure.unit, f.unit) && fuzz_same(row.figure.reason, f.reason) && row.figure.decimals == f.decimals);
    keep(&f);
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n > 8192) return 0;
    forwards(slice_of(p, n));
    backwards(slice_of(p, n));
    return 0;
}
