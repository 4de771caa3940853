/* seal_mark.c - the root of a sealed quarter as a figure (MEASURE_SEAL): its key and its text. Kind: P.
 *
 * Read strictly: what parses is what the two writers give, so one seal has one spelling.
 * Invariant: key and text that parse format to the same bytes again. */
#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "seal.h"

size_t seal_mark_key(region_code region, unsigned version, char ret[SEAL_MARK_KEY_MAX])
{
    char code[8];
    ASSERT(region && version >= 1 && version <= SEAL_VERSION_MAX);
    code_region_format(region, code);
    int n = snprintf(ret, SEAL_MARK_KEY_MAX, "%s/%u", code, version);
    return (size_t)n;
}

int seal_mark_key_parse(struct slice key, region_code *ret_region, unsigned *ret_version)
{
    const uint8_t *slash = key.n ? memchr(key.p, '/', key.n) : NULL;
    uint64_t version = 0;
    region_code region;
    if (!slash || code_region_parse(slice_of(key.p, (size_t)(slash - key.p)), &region) != ST_OK || region == 0) return ST_INVALID;
    if (!lines_decimal(slice_of(slash + 1, key.n - (size_t)(slash - key.p) - 1), &version)) return ST_INVALID;
    if (version < 1 || version > SEAL_VERSION_MAX) return ST_INVALID;
    char again[SEAL_MARK_KEY_MAX];
    size_t n = seal_mark_key(region, (unsigned)version, again);
    if (n != key.n || memcmp(again, key.p, n) != 0) return ST_INVALID; /* 01 is another spelling of 1 */
    *ret_region = region;
    *ret_version = (unsigned)version;
    return ST_OK;
}

int seal_mark_text(const struct seal_mark *m, char ret[TEXT_MAX + 1])
{
    char root[2 * HASH_SIZE + 1];
    bytes_hex(m->root.b, HASH_SIZE, root);
    int n = snprintf(ret, TEXT_MAX + 1, "%s %.*s", root, (int)m->position.n, (const char *)m->position.p);
    return n <= TEXT_MAX && m->position.n > 0 ? ST_OK : ST_FULL;
}

int seal_mark_parse(struct slice text, struct seal_mark *ret)
{
    enum { ROOT = 2 * HASH_SIZE };
    char again[ROOT + 1];
    struct seal_mark m;
    if (text.n < ROOT + 2 || text.p[ROOT] != ' ' || !lines_hex(slice_of(text.p, ROOT), m.root.b, HASH_SIZE)) return ST_INVALID;
    bytes_hex(m.root.b, HASH_SIZE, again);
    if (memcmp(again, text.p, ROOT) != 0) return ST_INVALID; /* AB is another spelling of ab */
    m.position = slice_of(text.p + ROOT + 1, text.n - ROOT - 1);
    for (size_t i = 0; i < m.position.n; i++)
        if (m.position.p[i] <= ' ' || m.position.p[i] >= 0x7f) return ST_INVALID;
    *ret = m;
    return ST_OK;
}
