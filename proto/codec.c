/* codec.c - the message catalogue and the in-place cursor.
 *
 * The catalogue is messages.def read twice: once into the table, once into static asserts that every message fits one frame.
 * Reading never uses msgpack-c: its objects cost an order of magnitude more and allocate what the peer asks for (5 bytes can
 * claim 16 GiB). The cursor walks bytes that codec_scan has passed and hands out slices of them.
 * Invariant: a cursor that met a wrong kind is bad for good and gives zeros, so a reader checks once, at the end. */
#include "codec.h"

#include "codec_elem.h"

struct catalogue {
    const char *name, *fields;
    size_t max;
};
static const struct catalogue catalogue[MSG_TYPE_COUNT] = {
#define MESSAGE(num, NAME, dir, fields, max) [num] = {#NAME, fields, (size_t)(max)},
#include "messages.def"
#undef MESSAGE
};
#define MESSAGE(num, NAME, dir, fields, max)                                                                                       \
    _Static_assert((num) < MSG_TYPE_COUNT && sizeof fields - 1 <= FIELDS_MAX, #NAME " fits the tables");                           \
    _Static_assert((max) + FRAME_HEADER_BYTES <= FRAME_BYTES_MAX, #NAME " fits one frame");
#include "messages.def"
#undef MESSAGE

const char *codec_msg_name(unsigned type) { return type < MSG_TYPE_COUNT && catalogue[type].name ? catalogue[type].name : "?"; }

const char *codec_msg_fields(unsigned type) { return type < MSG_TYPE_COUNT ? catalogue[type].fields : NULL; }

size_t codec_msg_max(unsigned type) { return type < MSG_TYPE_COUNT ? catalogue[type].max : 0; }

/* ---- the cursor ---- */

uint32_t codec_get_array(struct rd *r)
{
    uint32_t n = 0;
    if (r->bad || !elem_array(r, &n)) r->bad = true;
    return n;
}

uint64_t codec_get_uint(struct rd *r)
{
    uint64_t v = 0;
    if (r->bad || !elem_uint(r, &v)) r->bad = true;
    return v;
}

int64_t codec_get_int(struct rd *r)
{
    int64_t v = 0;
    if (r->bad || !elem_int(r, &v)) r->bad = true;
    return v;
}

struct slice codec_get_str(struct rd *r)
{
    struct slice s = {0};
    if (r->bad || (!elem_nil(r) && !elem_str(r, &s))) r->bad = true;
    return s;
}

struct slice codec_get_bin(struct rd *r)
{
    struct slice s = {0};
    if (r->bad || (!elem_nil(r) && !elem_bin(r, &s))) r->bad = true;
    return s;
}

bool codec_get_nil(struct rd *r) { return !r->bad && elem_nil(r); }

/* Consumes one element without its children; *left grows by their number. */
static bool skip_one(struct rd *r, uint64_t *left)
{
    uint64_t u;
    int64_t i;
    uint32_t n;
    struct slice s;
    if (elem_uint(r, &u) || elem_int(r, &i) || elem_nil(r) || elem_str(r, &s) || elem_bin(r, &s)) return true;
    if (!elem_array(r, &n)) return false;
    *left += n;
    return true;
}

struct slice codec_get_raw(struct rd *r)
{
    const uint8_t *start = r->p;
    for (uint64_t left = 1; left > 0 && !r->bad; left--)
        if (!skip_one(r, &left)) r->bad = true;
    return r->bad ? (struct slice){0} : slice_of(start, (size_t)(r->p - start));
}
