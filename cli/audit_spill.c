/* audit_spill.c - records in byte order, however many: sorted pieces go to a file without a name and are merged. Kind: E.
 *
 * What a recomputation has to bring into order grows with the log; its memory may not. Records are collected until the room is used
 * up, sorted there (by their first eight bytes as a number, then whole) and appended to the file; reading merges the pieces through
 * a heap, with one small buffer for each. What fits into the room never meets the disk. The file lies where the caller says, has no
 * name and so is gone with the process.
 *
 * A disk that is full ends the run, as missing memory does: a half comparison would call a store sound that nobody has seen.
 * Invariant: memory is the room, the longest record, and PIECE_LEAST bytes for each piece beyond room / PIECE_LEAST. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/audit_roll.h"

enum { EXIT_NO_DISK = 2, LENGTH = 4, PIECE_LEAST = 4096, PIECE_MOST = 256 << 10, ROOM_USUAL = 48 << 20, PATH_BYTES = 4096 };

struct entry { /* a record in memory; where: of its length */
    uint64_t prefix;
    size_t where;
};
struct piece { /* sorted records in the file, and the part of them that is read */
    uint64_t at, end, prefix;
    uint8_t *p;
    size_t from, n, size;
    struct audit_span now;
};
struct audit_spill {
    const char *dir;
    size_t room, n, size, entries, entry_room, next;
    uint8_t *p;
    struct entry *entry;
    int fd;
    uint64_t written;
    struct piece *piece;
    size_t pieces, *heap, left;
    bool moved; /* the record at the top of the heap was handed out */
};

static void no_disk(const char *what)
{
    fprintf(stderr, "rekap-audit: %s: %s\n", what, strerror(errno));
    exit(EXIT_NO_DISK);
}

struct audit_spill *audit_spill_new(const struct audit_room *room)
{
    struct audit_spill *s = audit_memory(NULL, 1, sizeof *s);

    memset(s, 0, sizeof *s);
    s->dir = room != NULL && room->dir != NULL ? room->dir : "/var/tmp";
    s->room = room != NULL && room->bytes > 0 ? room->bytes : ROOM_USUAL;
    s->fd = -1;
    return s;
}

void audit_spill_free(struct audit_spill *s)
{
    for (size_t i = 0; i < s->pieces; i++) free(s->piece[i].p);
    if (s->fd >= 0) close(s->fd);
    free(s->piece);
    free(s->heap);
    free(s->entry);
    free(s->p);
    free(s);
}

/* ---- order ---- */

static uint64_t prefix_of(struct audit_span r)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8; i++) v = v << 8 | (i < r.n ? r.p[i] : 0);
    return v;
}

static struct audit_span record_at(const uint8_t *p) { return audit_span_of(p + LENGTH, (size_t)audit_be(p, LENGTH)); }

static int order(uint64_t prefix_a, struct audit_span a, uint64_t prefix_b, struct audit_span b)
{
    return prefix_a != prefix_b ? (prefix_a < prefix_b ? -1 : 1) : audit_text_compare(a, b);
}

static int entry_order(const void *a, const void *b, void *bytes)
{
    const struct entry *x = a, *y = b;
    const uint8_t *p = bytes;

    return order(x->prefix, record_at(p + x->where), y->prefix, record_at(p + y->where));
}

static void sort(struct audit_spill *s)
{
    if (s->entries > 1) qsort_r(s->entry, s->entries, sizeof *s->entry, entry_order, s->p);
}

/* ---- collecting ---- */

static void file_open(struct audit_spill *s)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/rekap-audit-XXXXXX", s->dir);

    if (n < 0 || (size_t)n >= sizeof path) errno = ENAMETOOLONG;
    s->fd = n > 0 && (size_t)n < sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    if (s->fd < 0 || unlink(path) != 0) no_disk(s->dir);
}

static void write_all(const struct audit_spill *s, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(s->fd, p, n);

        if (done < 0 && errno != EINTR) no_disk(s->dir);
        if (done <= 0) continue;
        p += done;
        n -= (size_t)done;
    }
}

/* What lies in memory becomes a piece of the file. */
static void flush(struct audit_spill *s)
{
    uint8_t *out = audit_memory(NULL, PIECE_MOST, 1);
    size_t n = 0;

    if (s->fd < 0) file_open(s);
    sort(s);
    *AUDIT_ROLL_ADD(s->piece, s->pieces) = (struct piece){ .at = s->written, .end = s->written + s->n };
    for (size_t i = 0; i < s->entries; i++) {
        const uint8_t *from = s->p + s->entry[i].where;
        size_t bytes = LENGTH + record_at(from).n;

        if (n + bytes > PIECE_MOST) write_all(s, out, n), n = 0;
        if (bytes > PIECE_MOST) {
            write_all(s, from, bytes);
            continue;
        }
        memcpy(out + n, from, bytes);
        n += bytes;
    }
    write_all(s, out, n);
    free(out);
    s->written += s->n;
    s->n = s->entries = 0;
}

static void grow(uint8_t **p, size_t *size, size_t wanted, size_t least)
{
    size_t n = *size != 0 ? *size : least;

    while (n < wanted) n *= 2;
    if (n == *size) return;
    *p = audit_memory(*p, n, 1);
    *size = n;
}

void audit_spill_put(struct audit_spill *s, const void *p, size_t n)
{
    assert(s->heap == NULL && s->next == 0 && n > 0 && n <= UINT32_MAX);
    /* sorting needs its entries twice */
    if (s->entries > 0 && s->n + LENGTH + n + 2 * (s->entries + 1) * sizeof *s->entry > s->room) flush(s);
    grow(&s->p, &s->size, s->n + LENGTH + n, PIECE_LEAST);
    if (s->entries == s->entry_room) {
        s->entry_room = s->entry_room != 0 ? 2 * s->entry_room : 64;
        s->entry = audit_memory(s->entry, s->entry_room, sizeof *s->entry);
    }
    s->entry[s->entries++] = (struct entry){ prefix_of(audit_span_of(p, n)), s->n };
    for (unsigned i = 0; i < LENGTH; i++) s->p[s->n++] = (uint8_t)(n >> (8 * (LENGTH - 1 - i)));
    memcpy(s->p + s->n, p, n);
    s->n += n;
}

/* ---- reading ---- */

/* At least n bytes of the piece from `from` on. */
static void fill(const struct audit_spill *s, struct piece *x, size_t n)
{
    if (x->n - x->from >= n) return;
    if (x->from > 0) memmove(x->p, x->p + x->from, x->n - x->from);
    x->n -= x->from;
    x->from = 0;
    grow(&x->p, &x->size, n, x->size);
    while (x->n < n) {
        size_t want = x->size - x->n < x->end - x->at ? x->size - x->n : (size_t)(x->end - x->at);
        ssize_t got = pread(s->fd, x->p + x->n, want, (off_t)x->at);

        if (got == 0) errno = EIO;
        if (got == 0 || (got < 0 && errno != EINTR)) no_disk(s->dir);
        if (got < 0) continue;
        x->n += (size_t)got;
        x->at += (uint64_t)got;
    }
}

/* False: the piece is at its end. */
static bool advance(const struct audit_spill *s, struct piece *x)
{
    size_t n;

    if (x->from == x->n && x->at == x->end) return false;
    fill(s, x, LENGTH);
    n = LENGTH + record_at(x->p + x->from).n;
    fill(s, x, n);
    x->now = record_at(x->p + x->from);
    x->prefix = prefix_of(x->now);
    x->from += n;
    return true;
}

static bool before(const struct audit_spill *s, size_t a, size_t b)
{
    const struct piece *x = &s->piece[s->heap[a]], *y = &s->piece[s->heap[b]];

    return order(x->prefix, x->now, y->prefix, y->now) < 0;
}

static void sink(struct audit_spill *s, size_t at)
{
    for (size_t down; (down = 2 * at + 1) < s->left; at = down) {
        size_t was = s->heap[at];

        if (down + 1 < s->left && before(s, down + 1, down)) down++;
        if (!before(s, down, at)) return;
        s->heap[at] = s->heap[down];
        s->heap[down] = was;
    }
}

void audit_spill_sort(struct audit_spill *s)
{
    size_t each;

    if (s->pieces == 0) {
        sort(s);
        return;
    }
    if (s->entries > 0) flush(s);
    free(s->p);
    free(s->entry);
    s->p = NULL;
    s->entry = NULL;
    s->size = s->entry_room = 0;
    s->heap = audit_memory(NULL, s->pieces, sizeof *s->heap);
    each = s->room / s->pieces;
    each = each < PIECE_LEAST ? PIECE_LEAST : each > PIECE_MOST ? PIECE_MOST : each;
    for (size_t i = 0; i < s->pieces; i++) {
        grow(&s->piece[i].p, &s->piece[i].size, each, each);
        if (advance(s, &s->piece[i])) s->heap[s->left++] = i;
    }
    for (size_t i = s->left / 2; i-- > 0;) sink(s, i);
}

struct audit_span audit_spill_next(struct audit_spill *s)
{
    if (s->pieces == 0) {
        if (s->next == s->entries) return audit_span_of(NULL, 0);
        return record_at(s->p + s->entry[s->next++].where);
    }
    if (s->moved && s->left > 0) {
        if (!advance(s, &s->piece[s->heap[0]])) s->heap[0] = s->heap[--s->left];
        sink(s, 0);
    }
    s->moved = true;
    return s->left > 0 ? s->piece[s->heap[0]].now : audit_span_of(NULL, 0);
}

size_t audit_spill_pieces(const struct audit_spill *s) { return s->pieces; }

void audit_spill_lines(struct audit_spill *s, struct audit_text *t)
{
    for (size_t at = 0; at < t->n;) {
        struct audit_span line = audit_text_line(t, at);

        audit_spill_put(s, line.p, line.n);
        at += line.n;
    }
    t->n = 0;
}
