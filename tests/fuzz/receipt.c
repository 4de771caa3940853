/* receipt.c - texts that others hand us as proof: receipts, checkpoints, verifier keys. Each has exactly one form, so what is taken
 * must be written again byte for byte. */
#include "proto/receipt.h"
#include "tests/fuzz/fuzz.h"

static void same(struct buf *b, struct slice in)
{
    ASSERT(buf_ok(b) && b->n == in.n && !memcmp(b->p, in.p, in.n));
    b->n = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    struct receipt r;
    struct note_checkpoint c;
    struct note_key k;
    struct buf b;
    buf_init(&b, 1 << 20);
    if (receipt_parse(in, &r) == ST_OK) {
        receipt_format(&r, &b);
        same(&b, in);
        (void)receipt_batch_hash(&r);
    }
    if (note_checkpoint_parse(in, &c) == ST_OK) {
        note_checkpoint_put(&c, &b);
        same(&b, in);
    }
    if (note_key_parse(in, &k) == ST_OK) {
        note_key_format(&k, &b);
        same(&b, in);
    }
    buf_done(&b);
    return 0;
}
