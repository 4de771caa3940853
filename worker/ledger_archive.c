/* ledger_archive.c - what outlives this log: how far it is archived, and how a restored one goes on. Kind: P.
 *
 * meta "archived" -> lsn u64: everything up to it also lies, verified, on a second medium or machine. It is told to the collectors
 * as ACKs of level 2 and lets them go of what they keep, so it only grows and never passes the log.
 *
 * A restored log is the beginning of the lost one and then the restore record (proto/restore.h): positions, hashes and the tree go
 * on as they were; only the incarnation is another one, so nothing that the lost log signed after that point is taken for this
 * one's.
 *
 * Invariant: meta "restore" is the content of the last record of kind 3, and the identity's incarnation is the one it names. */
#include <string.h>

#include "ledger.h"
#include "proto/restore.h"

enum { WATERMARKS_BYTES_MAX = 256 << 20 };
static const char KEY_ARCHIVED[] = "archived", KEY_RESTORE[] = "restore";

static struct slice key_of(const char *s)
{
    return slice_of(s, strlen(s));
}

int ledger_archive_load(struct ledger *l, struct store_txn *t)
{
    struct slice row;
    int st = store_get(t, LEDGER_META, key_of(KEY_ARCHIVED), &row);

    l->archived = 0;
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    if (row.n != 8) return ST_CORRUPT;
    l->archived = bytes_rd64(row.p);
    return ST_OK;
}

int ledger_archive(struct ledger *l, struct store_txn *t, uint64_t lsn, const struct hash *hash)
{
    struct hash at;
    uint8_t row[8];
    int st = ledger_hash_at(l, t, lsn, &at);

    if (st == ST_OK && !sign_hash_equal(&at, hash)) st = ST_INVALID;
    if (st == ST_NOT_FOUND) st = ST_INVALID;
    if (st != ST_OK || lsn <= l->archived) return st;
    bytes_be64(row, lsn);
    st = store_put(t, LEDGER_META, key_of(KEY_ARCHIVED), slice_of(row, sizeof row));
    if (st == ST_OK) l->archived = lsn;
    return st;
}

/* Positions of a stream's batches grow with their sequences: the last one at or below the mark is found by halving. */
int ledger_archived_batch(struct store_txn *t, const struct stream *s, uint64_t mark, struct ledger_entry *ret)
{
    uint64_t lo = 1, hi = s->watermark;
    bool found = false;

    while (lo <= hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        struct ledger_entry e;
        int st = ledger_batch_holding(t, s, mid, &e);

        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
        if (e.lsn <= mark) {
            *ret = e;
            found = true;
            lo = e.first + e.count;
        } else hi = e.first - 1;
    }
    return found ? ST_OK : ST_NOT_FOUND;
}

/* ---- restoring ---- */

int ledger_restore_note(struct store_txn *t, struct slice *ret)
{
    return store_get(t, LEDGER_META, key_of(KEY_RESTORE), ret);
}

struct marks { struct store_txn *t; struct buf text; uint64_t n; int st; };

static bool add_mark(void *ctx, const struct stream *s)
{
    struct marks *m = ctx;
    char head[2 * HASH_SIZE + 1];
    struct stream last;

    m->st = ledger_stream_spoken(m->t, s, &last);       /* what was granted and never spoken in is not in the log */
    if (m->st != ST_OK) return m->st == ST_NOT_FOUND;
    bytes_hex(last.head.b, HASH_SIZE, head);
    buf_printf(&m->text, "%s\t%u\t%llu\t%llu\t%s\n", s->office, (unsigned)s->number, (unsigned long long)last.epoch,
               (unsigned long long)last.watermark, head);
    m->n++;
    return true;
}

static int take_watermarks(struct store_txn *t, struct restore *r)
{
    struct marks m = { .t = t };

    buf_init(&m.text, WATERMARKS_BYTES_MAX);
    int st = ledger_list(t, slice_of("", 0), 0, add_mark, &m);

    if (st == ST_OK && m.st != ST_OK && m.st != ST_NOT_FOUND) st = m.st;
    if (st == ST_OK && !buf_ok(&m.text)) st = ST_NO_MEMORY;
    r->streams = m.n;
    if (st == ST_OK) r->watermarks = sign_hash(m.text.n ? m.text.p : (const uint8_t *)"", m.text.n);
    buf_done(&m.text);
    return st;
}

int ledger_take_restore(struct ledger *l, struct store_txn *t, struct slice note, const uint8_t incarnation[INCARNATION_SIZE])
{
    int st = store_put(t, LEDGER_META, key_of(KEY_RESTORE), note);

    if (st == ST_OK) st = store_del(t, LEDGER_META, key_of("checkpoint"));      /* of the incarnation that is gone */
    return st == ST_OK || st == ST_NOT_FOUND ? ledger_identity_change(l, t, incarnation) : st;
}

static int begin_incarnation(struct ledger *l, struct store_txn *t, const struct restore *r, struct slice note,
                             const uint8_t incarnation[INCARNATION_SIZE])
{
    int st = ledger_append_note(l, t, r->at, RECORD_RESTORE, note);

    if (st == ST_OK) st = ledger_take_restore(l, t, note, incarnation);
    return st == ST_OK ? ledger_flush(l, t) : st;
}

int ledger_restore(struct ledger *l, struct store_txn *t, struct wall now, const uint8_t incarnation[INCARNATION_SIZE],
                   const struct ledger_issuer *issuer)
{
    struct restore r = { .before = bytes_rd64(l->identity.incarnation), .after = bytes_rd64(incarnation),
                         .at.ms = now.ms > l->commit_ms ? now.ms : l->commit_ms + 1, .lsn = l->lsn, .hash = l->hash };
    struct buf note;
    size_t n = strlen(l->identity.id);

    ASSERT(n < sizeof r.worker && r.before != r.after);
    memcpy(r.worker, l->identity.id, n);
    r.root = merkle_root(&l->tree.m);
    int st = take_watermarks(t, &r);

    buf_init(&note, RESTORE_NOTE_MAX);
    if (st == ST_OK) st = restore_put(&r, issuer->key, issuer->sign, issuer->ctx, &note);
    if (st == ST_OK) st = begin_incarnation(l, t, &r, buf_slice(&note), incarnation);
    buf_done(&note);
    return st;
}
