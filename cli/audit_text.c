/* audit_text.c - text that grows: the canonical state is text. Kind: E.
 *
 * One line a fact, fields parted by tabs (docs/STORAGE.md 5), so that two states are compared line by line and a difference can be
 * read. Memory comes from audit_memory, which ends the program when there is none. Invariant: n <= room. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_roll.h"

static void room(struct audit_text *t, size_t n)
{
    size_t wanted = t->room != 0 ? t->room : 4096;

    if (t->room - t->n >= n) return;
    while (wanted - t->n < n) wanted *= 2;
    if (wanted == t->room) return;
    t->p = audit_memory(t->p, wanted, 1);
    t->room = wanted;
}

void audit_text_put(struct audit_text *t, const void *p, size_t n)
{
    if (n == 0) return;
    room(t, n);
    memcpy(t->p + t->n, p, n);
    t->n += n;
}

void audit_text_byte(struct audit_text *t, uint8_t c)
{
    room(t, 1);
    t->p[t->n++] = c;
}

void audit_text_str(struct audit_text *t, const char *s) { audit_text_put(t, s, strlen(s)); }

void audit_text_printf(struct audit_text *t, const char *format, ...)
{
    char text[512];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    assert(n >= 0 && (size_t)n < sizeof text);
    audit_text_put(t, text, (size_t)n);
}

void audit_text_escaped(struct audit_text *t, struct audit_span s)
{
    size_t plain = 0;

    if (s.n == 0) return;
    for (size_t i = 0; i < s.n; i++) {
        const char *as = s.p[i] == '\\' ? "\\\\" : s.p[i] == '\t' ? "\\t" : s.p[i] == '\n' ? "\\n" : NULL;

        if (as == NULL) continue;
        audit_text_put(t, s.p + plain, i - plain);
        audit_text_str(t, as);
        plain = i + 1;
    }
    audit_text_put(t, s.p + plain, s.n - plain);
}

void audit_text_provenance(struct audit_text *t, provenance p)
{
    audit_text_number(t, 'w', (i128)(p >> 56));
    audit_text_number(t, ':', (i128)(p >> 16 & ((UINT64_C(1) << 40) - 1)));
    audit_text_number(t, ':', (i128)(p & 0xffff));
}

size_t audit_text_i128(i128 v, char ret[48])
{
    unsigned __int128 left = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    char digits[48];
    size_t n = 0;

    for (; left > UINT64_MAX; left /= 10) digits[n++] = (char)('0' + (unsigned)(left % 10));
    for (uint64_t low = (uint64_t)left; low != 0 || n == 0; low /= 10) digits[n++] = (char)('0' + (unsigned)(low % 10));
    if (v < 0) digits[n++] = '-';
    for (size_t i = 0; i < n; i++) ret[i] = digits[n - 1 - i];
    ret[n] = '\0';
    return n;
}

void audit_text_field(struct audit_text *t, const char *s)
{
    audit_text_byte(t, '\t');
    audit_text_str(t, s);
}

void audit_text_number(struct audit_text *t, char before, i128 v)
{
    room(t, 1 + 48);
    t->p[t->n++] = (uint8_t)before;
    if (v >= 0 && v < 10)
        t->p[t->n++] = (uint8_t)('0' + (unsigned)v);
    else
        t->n += audit_text_i128(v, (char *)t->p + t->n);
}

struct audit_span audit_text_line(const struct audit_text *t, size_t at)
{
    const uint8_t *end = at < t->n ? memchr(t->p + at, '\n', t->n - at) : NULL;

    return audit_span_of(t->p + at, end != NULL ? (size_t)(end - (t->p + at)) + 1 : t->n - at);
}

int audit_text_compare(struct audit_span a, struct audit_span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

void audit_text_done(struct audit_text *t)
{
    free(t->p);
    *t = (struct audit_text){ .p = NULL };
}
