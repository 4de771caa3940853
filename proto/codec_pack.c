/* codec_pack.c - packing elements with msgpack-c, which always chooses the shortest form; it writes straight into a struct buf.
 *
 * A file of its own because msgpack.h pulls in <sys/socket.h>, whose MSG_BATCH is not ours: this file sees codec_pack.h only.
 * The row path of a batch writes its own bytes (codec_batch.c) and is held to this packer byte for byte by the test.
 * Invariant: failure shows only in the buf (b->bad), as with every other writer. */
#include "codec_pack.h"

#include <msgpack.h>

static int pack_write(void *ctx, const char *bytes, size_t n)
{
    struct buf *b = ctx;
    buf_put(b, bytes, n);
    return buf_ok(b) ? 0 : -1;
}

static msgpack_packer packer_of(struct buf *b)
{
    msgpack_packer pk;
    msgpack_packer_init(&pk, b, pack_write);
    return pk;
}

void codec_put_array(struct buf *b, uint32_t n)
{
    msgpack_packer pk = packer_of(b);
    msgpack_pack_array(&pk, n);
}

void codec_put_uint(struct buf *b, uint64_t v)
{
    msgpack_packer pk = packer_of(b);
    msgpack_pack_uint64(&pk, v);
}

void codec_put_int(struct buf *b, int64_t v)
{
    msgpack_packer pk = packer_of(b);
    msgpack_pack_int64(&pk, v);
}

void codec_put_str(struct buf *b, struct slice s)
{
    msgpack_packer pk = packer_of(b);
    msgpack_pack_str(&pk, s.n);
    buf_put(b, s.p, s.n);
}

void codec_put_bin(struct buf *b, struct slice s)
{
    msgpack_packer pk = packer_of(b);
    msgpack_pack_bin(&pk, s.n);
    buf_put(b, s.p, s.n);
}

void codec_put_nil(struct buf *b)
{
    msgpack_packer pk = packer_of(b);
    msgpack_pack_nil(&pk);
}
