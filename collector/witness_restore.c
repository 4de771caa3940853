/* witness_restore.c - another incarnation of the worker's log: taken with a restore record, and both histories kept. Kind: P.
 *
 * A log under a new incarnation is believed only after a restore record signed by the register's key (proto/restore.h) that names
 * it and is younger than the last one taken. Of the lost log its last checkpoint stays for good, beside the record: meta "restore"
 * -> at ms u64 | incarnation u64 | note length u16 | record | checkpoint. When what survived reaches the kept checkpoint, the
 * restored log has to prove that it extends it, as ever; when it ends before, or when other incarnations lay between that this
 * collector never saw, the first checkpoint of the new incarnation is taken as it comes.
 *
 * Invariant: meta "restore" names the youngest record that was ever taken; its time only grows. */
#include <string.h>

#include "collector/witness.h"
#include "proto/restore.h"

enum { ROW_FIXED = 8 + 8 + 2, RESTORE_ROOM = 65536 };
static const char KEY[] = "restore";

static struct slice key(void) { return slice_of(KEY, sizeof KEY - 1); }

/* Time and incarnation of the last record taken; zeros when there was none. */
static int last_taken(struct store_txn *t, int64_t *ret_at, uint64_t *ret_incarnation)
{
    struct slice v;
    int st = store_get(t, OUTBOX_META, key(), &v);
    *ret_at = 0;
    *ret_incarnation = 0;
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    if (v.n < ROW_FIXED) return ST_CORRUPT;
    *ret_at = (int64_t)bytes_rd64(v.p);
    *ret_incarnation = bytes_rd64(v.p + 8);
    return ST_OK;
}

int witness_restore_load(struct witness *w, struct store_txn *t)
{
    int64_t at;
    uint64_t incarnation;
    int st = last_taken(t, &at, &incarnation);
    w->restored = st == ST_OK && at > 0 && incarnation == w->incarnation;
    return st;
}

int witness_restore_known(struct witness *w, struct store_txn *t, uint64_t *ret_incarnation)
{
    struct slice v;
    struct restore r;
    int st = w->o.restores ? store_get(t, OUTBOX_META, key(), &v) : ST_NOT_FOUND;
    *ret_incarnation = w->incarnation;
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    if (v.n < ROW_FIXED || v.n - ROW_FIXED < bytes_rd16(v.p + 16)) return ST_CORRUPT;
    const struct slice note = slice_of(v.p + ROW_FIXED, bytes_rd16(v.p + 16));
    st = restore_open(note, w->o.registry_key, &w->o.verifier, &r);
    if (st == ST_OK && strcmp(r.worker, w->worker) == 0) *ret_incarnation = r.after;
    return ST_OK;
}

static int write_row(struct witness *w, struct store_txn *t, const struct restore *r, struct slice note)
{
    struct buf b;
    buf_init(&b, ROW_FIXED + RESTORE_NOTE_MAX + WITNESS_NOTE_MAX);
    buf_be64(&b, (uint64_t)r->at.ms);
    buf_be64(&b, r->after);
    buf_be16(&b, (uint16_t)note.n);
    buf_put(&b, note.p, note.n);
    if (w->has_kept) buf_put(&b, w->kept.note, w->kept.n);
    int st = buf_ok(&b) ? store_put(t, OUTBOX_META, key(), buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

/* What was kept of the lost log becomes an older one; it stays the measure where the restored log still reaches it: where the
 * record restores the very incarnation it is of, and not one in between that was never seen here and may have left it earlier. */
static int turn_over(struct witness *w, struct store_txn *t, struct now now, const struct restore *r)
{
    struct witness_row was;
    if (!w->has_kept) return ST_OK;
    int st = witness_row_get(t, w->worker, &was);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    const bool reaches = st == ST_OK && was.incarnation == r->before && w->kept.size <= r->lsn;
    const struct witness_row row = { w->incarnation, w->kept.size, w->kept.root, now.wall, slice_of(w->kept.note, w->kept.n) };
    st = witness_row_put(t, w->worker, &row);
    if (st != ST_OK || reaches) return st;
    w->has_kept = false;
    return store_del(t, OUTBOX_WITNESS, slice_of(w->worker, strnlen(w->worker, OUTBOX_WORKER_SIZE - 1)));
}

int witness_restored(struct witness *w, struct store_txn *t, struct now now, struct slice note)
{
    struct restore r;
    int64_t at;
    uint64_t incarnation;
    if (!w->o.on || !w->o.restores || !w->greeted || w->broken || w->restored) return ST_OK;
    if (!w->awaiting && w->has_kept) return ST_OK;
    int st = last_taken(t, &at, &incarnation);
    if (st != ST_OK) return st;
    bool good = restore_open(note, w->o.registry_key, &w->o.verifier, &r) == ST_OK && strcmp(r.worker, w->worker) == 0 &&
                r.after == w->incarnation;
    if (!good || r.at.ms <= at) {
        note.n = note.n < WITNESS_NOTE_MAX ? note.n : WITNESS_NOTE_MAX;
        w->restored_at.ms = at;
        return witness_accuse(w, t, now, good ? WITNESS_OLD_RESTORE : WITNESS_INCARNATION, w->has_kept ? &w->kept : NULL, note, 0);
    }
    if (store_room(t, RESTORE_ROOM) != ST_OK) {
        w->broken = true;               /* looked at again later, when there is room to remember it */
        return ST_OK;
    }
    st = write_row(w, t, &r, note);
    if (st == ST_OK) st = turn_over(w, t, now, &r);
    if (st != ST_OK) return st;
    w->awaiting = false;
    w->restored = true;
    w->fault = WITNESS_FINE;
    return ST_OK;
}
