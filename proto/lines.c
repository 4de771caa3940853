/* lines.c - see lines.h. Kind: P.
 *
 * Invariant: what does not fit the one form is never read as something near it. */
#include "lines.h"

#include <string.h>

struct slice lines_next(struct slice *text, const char *word)
{
    size_t n = strlen(word);
    const uint8_t *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
    struct slice line = slice_of(text->p, end ? (size_t)(end - text->p) : 0);
    if (line.n <= n + 1 || memcmp(line.p, word, n) != 0 || line.p[n] != ' ') return slice_of("", 0);
    *text = slice_of(end + 1, text->n - line.n - 1);
    return slice_of(line.p + n + 1, line.n - n - 1);
}

bool lines_head(struct slice *text, const char *head)
{
    size_t n = strlen(head);
    if (text->n < n || memcmp(text->p, head, n) != 0) return false;
    *text = slice_of(text->p + n, text->n - n);
    return true;
}

bool lines_decimal(struct slice s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 19) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = v;
    return true;
}

bool lines_hex(struct slice s, uint8_t *ret, size_t n)
{
    return s.n == 2 * n && bytes_unhex((const char *)s.p, s.n, ret) == ST_OK;
}

bool lines_hex_u64(struct slice s, uint64_t *ret)
{
    uint8_t b[8];
    if (!lines_hex(s, b, sizeof b)) return false;
    *ret = bytes_rd64(b);
    return true;
}

bool lines_copy(struct slice s, char *ret, size_t size)
{
    if (s.n == 0 || s.n >= size || memchr(s.p, 0, s.n)) return false;
    memcpy(ret, s.p, s.n);
    ret[s.n] = '\0';
    return true;
}

bool lines_same(const struct buf *b, struct slice text)
{
    return buf_ok(b) && b->n == text.n && (text.n == 0 || memcmp(b->p, text.p, text.n) == 0);
}
