/* batch.c - what an office signs: header, signature, body. Bytes that are taken must be exactly those that writing what was read
 * gives, for header, payload and every row; both readers of a body must say the same. The hash of a body stands in the signed
 * header, where no fuzzer guesses it, so each input is also tried as a body with a header made for it. */
#include "proto/codec.h"
#include "tests/fuzz/fuzz.h"

static bool same_figure(const struct figure *a, const struct figure *b)
{
    return a->activity == b->activity && a->account == b->account && a->measure == b->measure && a->year == b->year &&
           a->month == b->month && a->basis == b->basis && a->kind == b->kind && a->value == b->value && a->stage == b->stage &&
           a->source == b->source && a->decimals == b->decimals && fuzz_same(a->indicator, b->indicator) &&
           fuzz_same(a->unit, b->unit) && fuzz_same(a->reason, b->reason) && fuzz_same(a->text, b->text);
}

/* Writes the sections again. False: a row of it cannot stand, so it is kept and not written by us. */
static bool write_again(struct slice body, struct buf *b)
{
    struct body_reader r;
    struct body_row row;
    struct rd count = rd_of(body);
    bool stands = codec_body_open(body, &r) == ST_OK;
    if (!stands) return false;
    codec_put_array(b, codec_get_array(&count));
    for (uint32_t left = 0; stands && codec_body_next(&r, &row) == ST_OK; left = r.rows_left) {
        stands = row.code == CODE_OK;
        if (stands && left == 0) codec_section_begin(b, &row.section, r.rows_left + 1);
        if (stands) codec_row_put(b, &row.figure);
    }
    return stands && buf_ok(b);
}

/* The reader in one pass gives the same rows, or refuses at some row what the careful one refuses at once. */
static void both_readers(struct slice body)
{
    struct body_reader careful, quick;
    struct body_row row;
    struct figure f;
    unsigned code = CODE_OK;
    int st = codec_body_open(body, &careful), quick_st = codec_body_stream(body, &quick);
    if (st != ST_OK) {
        for (uint32_t i = 0; quick_st == ST_OK && i <= BATCH_UPDATES_MAX; i++) quick_st = codec_body_figure(&quick, &f, &code);
        ASSERT(quick_st == ST_INVALID);
        return;
    }
    ASSERT(quick_st == ST_OK);
    do {
        st = codec_body_next(&careful, &row);
        quick_st = codec_body_figure(&quick, &f, &code);
        ASSERT(st == quick_st);
        if (st == ST_OK) ASSERT(code == row.code && (code != CODE_OK || same_figure(&f, &row.figure)));
    } while (st == ST_OK);
    ASSERT(careful.rows == quick.rows);
}

static void body(struct slice in)
{
    struct buf again;
    both_readers(in);
    buf_init(&again, BATCH_BYTES_MAX);
    if (in.n <= BATCH_BYTES_MAX && write_again(in, &again)) ASSERT(fuzz_same(buf_slice(&again), in));
    buf_done(&again);
}

static void payload(struct slice in)
{
    struct batch b;
    struct buf again;
    if (codec_batch_parse_covered(in, &b) != ST_OK) return;
    buf_init(&again, FRAME_BYTES_MAX);
    codec_batch_header_put(&again, &b.h);
    ASSERT(buf_ok(&again) && fuzz_same(buf_slice(&again), b.header));
    buf_clear(&again);
    codec_batch_put(&again, b.header, b.signature.p, b.body);
    ASSERT(buf_ok(&again) && fuzz_same(buf_slice(&again), in));
    struct hash h = codec_batch_hash(b.header, b.signature);
    ASSERT(!memcmp(&h, &b.hash, sizeof h));
    buf_done(&again);
    body(b.body);
}

/* A header made for this body must be taken, and with one bit of the body turned refused. */
static void with_header(struct slice in)
{
    struct batch_header h = { .office = slice_of("gen-3374-01", 11), .epoch = 1, .sequence = 1, .signed_at = { 1 } };
    const uint8_t sig[SIG_SIZE] = { 0 };
    struct body_reader r;
    struct buf header, all;
    struct batch b;
    if (codec_body_open(in, &r) != ST_OK || in.n > BATCH_BYTES_MAX - BATCH_HEADER_BYTES_MAX) return;
    h.count = r.rows;
    h.body_hash = sign_hash(in.p, in.n);
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&all, BATCH_BYTES_MAX + 1024);
    codec_batch_header_put(&header, &h);
    codec_batch_put(&all, buf_slice(&header), sig, in);
    ASSERT(buf_ok(&all) && codec_batch_parse(buf_slice(&all), &b) == ST_OK && fuzz_same(b.body, in));
    all.p[(size_t)(b.body.p - all.p) + in.n / 2] ^= 1;
    ASSERT(codec_batch_parse(buf_slice(&all), &b) == ST_INVALID);
    buf_done(&header);
    buf_done(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    body(in);
    payload(in);
    if (n > FRAME_HEADER_BYTES) payload(slice_of(p + FRAME_HEADER_BYTES, n - FRAME_HEADER_BYTES)); /* recorded frames are seeds */
    with_header(in);
    return 0;
}
