/* restore.c - see restore.h. Kind: P.
 *
 * Reading is strict by writing: what was read is put again and must be the same text, so a note has one spelling and nothing in it
 * goes unread.
 *
 * Invariant: restore_open of what restore_put made gives the same struct. */
#include "restore.h"

#include <stdio.h>
#include <string.h>

static void key_of(const uint8_t pub[PUBKEY_SIZE], struct note_key *ret)
{
    int st = note_key_make(slice_of(RESTORE_KEY_NAME, sizeof RESTORE_KEY_NAME - 1), pub, ret);
    ASSERT(st == ST_OK);                /* the name is one */
}

static void put_text(const struct restore *r, struct buf *b)
{
    char hash[2 * HASH_SIZE + 1], root[2 * HASH_SIZE + 1], marks[2 * HASH_SIZE + 1];
    bytes_hex(r->hash.b, HASH_SIZE, hash);
    bytes_hex(r->root.b, HASH_SIZE, root);
    bytes_hex(r->watermarks.b, HASH_SIZE, marks);
    buf_printf(b, "rekap/pemulihan/1\nworker %s\nlama %016llx\nbaru %016llx\nwaktu %lld\n", r->worker,
               (unsigned long long)r->before, (unsigned long long)r->after, (long long)r->at.ms);
    buf_printf(b, "lsn %llu\nhash %s\nakar %s\naliran %llu %s\n", (unsigned long long)r->lsn, hash, root,
               (unsigned long long)r->streams, marks);
}

int restore_put(const struct restore *r, const uint8_t registry_key[PUBKEY_SIZE], note_sign_fn sign, void *ctx, struct buf *b)
{
    uint8_t room[RESTORE_NOTE_MAX];
    struct note_key key;
    struct buf text;
    key_of(registry_key, &key);
    buf_over(&text, room, sizeof room);
    put_text(r, &text);
    ASSERT(buf_ok(&text));              /* a line each, of bounded numbers */
    return note_sign(buf_slice(&text), &key, sign, ctx, b);
}

/* ---- reading ---- */

/* The rest of the next line when it begins with the word and a blank; empty when it does not. */
static struct slice line_of(struct slice *text, const char *word)
{
    size_t n = strlen(word);
    const uint8_t *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
    if (!end) return slice_of("", 0);
    struct slice line = slice_of(text->p, (size_t)(end - text->p));
    if (line.n <= n + 1 || memcmp(line.p, word, n) != 0 || line.p[n] != ' ') return slice_of("", 0);
    *text = slice_of(end + 1, text->n - line.n - 1);
    return slice_of(line.p + n + 1, line.n - n - 1);
}

static bool decimal(struct slice s, uint64_t *ret)
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

static bool unhex(struct slice s, uint8_t *ret, size_t n)
{
    return s.n == 2 * n && bytes_unhex((const char *)s.p, s.n, ret) == ST_OK;
}

static bool unhex_u64(struct slice s, uint64_t *ret)
{
    uint8_t b[8];
    if (!unhex(s, b, sizeof b)) return false;
    *ret = bytes_rd64(b);
    return true;
}

static bool read_streams(struct slice s, struct restore *r)
{
    const uint8_t *blank = s.n ? memchr(s.p, ' ', s.n) : NULL;
    if (!blank) return false;
    size_t n = (size_t)(blank - s.p);
    return decimal(slice_of(s.p, n), &r->streams) && unhex(slice_of(blank + 1, s.n - n - 1), r->watermarks.b, HASH_SIZE);
}

static bool read_text(struct slice text, struct restore *r)
{
    static const char head[] = "rekap/pemulihan/1\n";
    uint64_t at = 0;
    if (text.n < sizeof head || memcmp(text.p, head, sizeof head - 1) != 0) return false;
    text = slice_of(text.p + sizeof head - 1, text.n - (sizeof head - 1));
    struct slice worker = line_of(&text, "worker");
    if (worker.n == 0 || worker.n >= sizeof r->worker) return false;
    memcpy(r->worker, worker.p, worker.n);
    bool ok = unhex_u64(line_of(&text, "lama"), &r->before) && unhex_u64(line_of(&text, "baru"), &r->after) &&
              decimal(line_of(&text, "waktu"), &at) && decimal(line_of(&text, "lsn"), &r->lsn) &&
              unhex(line_of(&text, "hash"), r->hash.b, HASH_SIZE) && unhex(line_of(&text, "akar"), r->root.b, HASH_SIZE) &&
              read_streams(line_of(&text, "aliran"), r);
    r->at.ms = (int64_t)at;
    return ok && at <= INT64_MAX && text.n == 0;
}

int restore_open(struct slice note, const uint8_t registry_key[PUBKEY_SIZE], const struct verifier *v, struct restore *ret)
{
    uint8_t room[RESTORE_NOTE_MAX];
    struct restore r = { 0 };
    struct note_key key;
    struct slice text;
    struct buf again;
    if (note.n > RESTORE_NOTE_MAX) return ST_INVALID;
    key_of(registry_key, &key);
    int st = note_open(note, &key, v, &text);
    if (st != ST_OK) return st;
    if (!read_text(text, &r)) return ST_INVALID;
    buf_over(&again, room, sizeof room);
    put_text(&r, &again);
    ASSERT(buf_ok(&again));
    if (again.n != text.n || memcmp(again.p, text.p, text.n) != 0) return ST_INVALID;   /* another spelling */
    *ret = r;
    return ST_OK;
}
