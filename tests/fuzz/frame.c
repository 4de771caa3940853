/* frame.c - whatever a peer may send: frame, fields, batch, body. Valid parts must survive being written again. */
#include "proto/codec.h"
#include "proto/codec_scan.h"
#include "tests/fuzz/fuzz.h"

static void body(struct slice bytes)
{
    struct body_reader r;
    struct body_row row;
    uint32_t n = 0;
    if (codec_body_open(bytes, &r) != ST_OK) return;
    uint32_t rows = r.rows;
    int st;
    while ((st = codec_body_next(&r, &row)) == ST_OK) {
        n++;
        if (row.code == CODE_OK) ASSERT(figure_check(&row.figure) == CODE_OK);
    }
    ASSERT(st == ST_NOT_FOUND && n == rows && n <= BATCH_UPDATES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    struct frame f;
    struct field v[FIELDS_MAX];
    struct batch b;
    unsigned code;
    body(in);
    if (codec_batch_parse(in, &b) == ST_OK) body(b.body);
    if (codec_frame_parse(in, &f, &code) != ST_OK) return 0;
    ASSERT(codec_scan(f.payload) == ST_OK);
    if (codec_fields(&f, v) != ST_OK) return 0;
    struct buf again;
    buf_init(&again, FRAME_BYTES_MAX);
    /* the same bytes, but for elements of a later minor behind those that are known */
    if (codec_build(&again, f.type, v)) ASSERT(again.n < n || (again.n == n && !memcmp(again.p, p, n)));
    buf_done(&again);
    return 0;
}
