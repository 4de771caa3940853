/* restore.c - see restore.h. Kind: P.
 *
 * Reading is strict by writing: what was read is put again and must be the same text, so a note has one spelling and nothing in it
 * goes unread.
 *
 * Invariant: restore_open of what restore_put made gives the same struct. */
#include "restore.h"

#include <string.h>

#include "lines.h"

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

static bool read_streams(struct slice s, struct restore *r)
{
    const uint8_t *blank = s.n ? memchr(s.p, ' ', s.n) : NULL;
    if (!blank) return false;
    size_t n = (size_t)(blank - s.p);
    return lines_decimal(slice_of(s.p, n), &r->streams) && lines_hex(slice_of(blank + 1, s.n - n - 1), r->watermarks.b, HASH_SIZE);
}

static bool read_text(struct slice text, struct restore *r)
{
    uint64_t at = 0;
    if (!lines_head(&text, "rekap/pemulihan/1\n") || !lines_copy(lines_next(&text, "worker"), r->worker, sizeof r->worker))
        return false;
    bool ok = lines_hex_u64(lines_next(&text, "lama"), &r->before) && lines_hex_u64(lines_next(&text, "baru"), &r->after) &&
              lines_decimal(lines_next(&text, "waktu"), &at) && lines_decimal(lines_next(&text, "lsn"), &r->lsn) &&
              lines_hex(lines_next(&text, "hash"), r->hash.b, HASH_SIZE) &&
              lines_hex(lines_next(&text, "akar"), r->root.b, HASH_SIZE) && read_streams(lines_next(&text, "aliran"), r);
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
    if (!lines_same(&again, text)) return ST_INVALID;   /* another spelling */
    *ret = r;
    return ST_OK;
}
