/* base64.h - base64 (RFC 4648 section 4, with padding), the one spelling of each value. Kind: P. */
#ifndef REKAP_BASE64_H
#define REKAP_BASE64_H

#include "bytes.h"

#define BASE64_TEXT(n) (((size_t)(n) + 2) / 3 * 4) /* characters for n bytes */

void base64_put(struct buf *b, const void *p, size_t n); /* appends BASE64_TEXT(n) characters */
/* ST_INVALID: other characters, wrong padding, bits that say nothing and are not zero, or more than `size` bytes. */
int base64_read(struct slice text, uint8_t *ret, size_t size, size_t *ret_n);
int base64_hash(struct slice text, struct hash *ret); /* of exactly HASH_SIZE bytes */

#endif
