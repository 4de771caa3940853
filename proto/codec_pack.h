/* codec_pack.h - packing single msgpack elements. Kind: P. Part of codec.h, which includes it; apart for msgpack.h's sake. */
#ifndef REKAP_CODEC_PACK_H
#define REKAP_CODEC_PACK_H

#include "bytes.h"

void codec_put_array(struct buf *b, uint32_t n);        /* its n elements are to follow */
void codec_put_uint(struct buf *b, uint64_t v);         /* shortest */
void codec_put_int(struct buf *b, int64_t v);           /* shortest; non-negative as unsigned */
void codec_put_str(struct buf *b, struct slice s);      /* must be well-formed UTF-8 without NUL; "" stays "" */
void codec_put_bin(struct buf *b, struct slice s);
void codec_put_nil(struct buf *b);

#endif
