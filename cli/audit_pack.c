/* audit_pack.c - rekap-audit's own strict msgpack (docs/PROTOCOL.md, section 2). Kind: E.
 *
 * One reader for heads serves everything: it takes the class and the number in the head and refuses a number that a shorter form
 * could hold. Soundness of a whole buffer is a recursion over that reader, at most NESTING deep. Invariant: a cursor that is bad
 * stays bad, and nothing behind the end is ever read. */
#include <string.h>

#include "cli/audit_part.h"

enum { NESTING = 8, FORMS_FIRST = 0xc4 };
enum class { NIL, UNSIGNED, SIGNED, STR, BIN, ARRAY, NONE };
struct head {
    enum class class;
    uint64_t v; /* of a negative number: its two's complement */
};

struct audit_pack audit_pack_of(struct audit_span s)
{
    static const uint8_t nothing[1];

    return s.n > 0 ? (struct audit_pack){s.p, s.p + s.n, false} : (struct audit_pack){nothing, nothing, false};
}

/* The wide forms: class, bytes of the number, and the least number that needs them. */
static const struct form {
    uint8_t class, bytes;
    uint64_t least;
} FORMS[] = {
    [0xc4 - FORMS_FIRST] = {BIN, 1, 0},
    [0xc5 - FORMS_FIRST] = {BIN, 2, 1 << 8},
    [0xc6 - FORMS_FIRST] = {BIN, 4, 1 << 16},
    [0xcc - FORMS_FIRST] = {UNSIGNED, 1, 0x80},
    [0xcd - FORMS_FIRST] = {UNSIGNED, 2, 1 << 8},
    [0xce - FORMS_FIRST] = {UNSIGNED, 4, 1 << 16},
    [0xcf - FORMS_FIRST] = {UNSIGNED, 8, UINT64_C(1) << 32},
    [0xd0 - FORMS_FIRST] = {SIGNED, 1, 0},
    [0xd1 - FORMS_FIRST] = {SIGNED, 2, 0},
    [0xd2 - FORMS_FIRST] = {SIGNED, 4, 0},
    [0xd3 - FORMS_FIRST] = {SIGNED, 8, 0},
    [0xd9 - FORMS_FIRST] = {STR, 1, 0x20},
    [0xda - FORMS_FIRST] = {STR, 2, 1 << 8},
    [0xdb - FORMS_FIRST] = {STR, 4, 1 << 16},
    [0xdc - FORMS_FIRST] = {ARRAY, 2, 0x10},
    [0xdd - FORMS_FIRST] = {ARRAY, 4, 1 << 16},
};

/* NULL: no wide form begins with this byte. */
static const struct form *wide(uint8_t c)
{
    const struct form *f = c >= FORMS_FIRST && c < FORMS_FIRST + sizeof FORMS / sizeof *FORMS ? &FORMS[c - FORMS_FIRST] : NULL;

    return f != NULL && f->bytes > 0 ? f : NULL;
}

/* A negative number in `bytes` bytes that fits no shorter form. */
static bool negative_needs(uint64_t v, unsigned bytes)
{
    int64_t i = bytes == 8 ? (int64_t)v : (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);

    return i < (bytes == 1 ? -32 : bytes == 2 ? INT8_MIN : bytes == 4 ? INT16_MIN : INT32_MIN);
}

static struct head refuse(struct audit_pack *r)
{
    r->bad = true;
    return (struct head){NONE, 0};
}

static struct head head_read(struct audit_pack *r)
{
    struct head h = {NONE, 0};
    const struct form *f;
    uint8_t c;

    if (r->bad || r->p == r->end) return refuse(r);
    c = *r->p++;
    if (c < 0x80) return (struct head){UNSIGNED, c};
    if (c >= 0xe0) return (struct head){SIGNED, UINT64_MAX - (0xffu - c)};
    if (c == 0xc0) return (struct head){NIL, 0};
    if ((c & 0xf0) == 0x90) return (struct head){ARRAY, c & 15u};
    if ((c & 0xe0) == 0xa0) return (struct head){STR, c & 31u};
    f = wide(c);
    if (f == NULL || (size_t)(r->end - r->p) < f->bytes) return refuse(r);
    h = (struct head){(enum class)f->class, audit_be(r->p, f->bytes)};
    r->p += f->bytes;
    if (h.v < f->least || (h.class == SIGNED && !negative_needs(h.v, f->bytes))) return refuse(r);
    if (h.class == SIGNED && f->bytes < 8) h.v |= UINT64_MAX << (8 * f->bytes);
    return h;
}

/* RFC 3629, without U+0000. */
static bool utf8(const uint8_t *p, size_t n)
{
    static const uint32_t least[] = {1, 0x80, 0x800, 0x10000};

    for (size_t i = 0; i < n;) {
        if (p[i] - 1u < 0x7f) {
            i++;
            continue;
        }
        unsigned more = p[i] < 0x80 ? 0 : p[i] >> 5 == 6 ? 1 : p[i] >> 4 == 14 ? 2 : p[i] >> 3 == 30 ? 3 : 9;
        uint32_t c = more == 0 ? p[i] : p[i] & (0x3fu >> more);

        if (more == 9 || n - i - 1 < more) return false;
        for (unsigned k = 1; k <= more; k++) {
            if ((p[i + k] & 0xc0) != 0x80) return false;
            c = c << 6 | (p[i + k] & 0x3f);
        }
        if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return false;
        i += 1 + more;
    }
    return true;
}

static bool content(struct audit_pack *r, struct head h, struct audit_span *ret)
{
    if (h.v > (size_t)(r->end - r->p) || (h.class == STR && !utf8(r->p, (size_t)h.v))) {
        r->bad = true;
        return false;
    }
    *ret = audit_span_of(r->p, (size_t)h.v);
    r->p += h.v;
    return true;
}

static bool want(struct audit_pack *r, enum class class, struct head *ret)
{
    *ret = head_read(r);
    if (ret->class != class) r->bad = true;
    return !r->bad;
}

bool audit_pack_array(struct audit_pack *r, uint32_t *ret)
{
    struct head h;

    if (!want(r, ARRAY, &h)) return false;
    if (h.v > (size_t)(r->end - r->p)) r->bad = true;
    *ret = (uint32_t)h.v;
    return !r->bad;
}

bool audit_pack_uint(struct audit_pack *r, uint64_t *ret)
{
    struct head h;

    if (!want(r, UNSIGNED, &h)) return false;
    *ret = h.v;
    return true;
}

bool audit_pack_int(struct audit_pack *r, int64_t *ret)
{
    struct head h = head_read(r);

    if (h.class != SIGNED && (h.class != UNSIGNED || h.v > INT64_MAX)) r->bad = true;
    *ret = (int64_t)h.v;
    return !r->bad;
}

bool audit_pack_str(struct audit_pack *r, struct audit_span *ret)
{
    struct head h;

    return want(r, STR, &h) && content(r, h, ret);
}

bool audit_pack_bin(struct audit_pack *r, struct audit_span *ret)
{
    struct head h;

    return want(r, BIN, &h) && content(r, h, ret);
}

bool audit_pack_nil(struct audit_pack *r)
{
    if (r->bad || r->p == r->end || *r->p != 0xc0) return false;
    r->p++;
    return true;
}

static bool element(struct audit_pack *r, unsigned depth)
{
    struct head h = head_read(r);
    struct audit_span s;

    if (r->bad) return false;
    if (h.class == STR || h.class == BIN) return content(r, h, &s);
    if (h.class != ARRAY || h.v == 0) return true;
    if (depth == NESTING || h.v > (size_t)(r->end - r->p)) return false;
    for (uint64_t i = 0; i < h.v; i++)
        if (!element(r, depth + 1)) return false;
    return true;
}

bool audit_pack_sound(struct audit_span s)
{
    struct audit_pack r = audit_pack_of(s);

    return element(&r, 0) && r.p == r.end;
}
