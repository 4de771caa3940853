/* ledger_copy.c - a log kept elsewhere, copied record by record: what a follower stores. Kind: P.
 *
 * The bytes are put as they came, so log hash and tree are those of the original; stream, epoch, index and time rows follow from
 * the records, because a log holds everything they are made of. Only grants without a batch are not in a log and so not in a copy:
 * they say nothing.
 *
 * Whatever a record says is checked against the position before anything is put: number, chain, time, the stream's sequence and
 * chain head, the register's version, a cut that there is already. A record that does not go on from here changes nothing; nothing
 * is ever taken away to make one fit.
 *
 * Invariant: after ledger_copy of records 1..n of a log, every row but meta "checkpoint", "archived" and grants without a batch
 * equals the original's. */
#include <string.h>

#include "ledger.h"
#include "proto/restore.h"

int ledger_copy_entry(struct slice content, uint64_t *ret_version, struct slice *ret_line)
{
    uint64_t version = 0;
    size_t i = 0;

    for (; i < content.n && i < 19 && content.p[i] >= '0' && content.p[i] <= '9'; i++)
        version = version * 10 + (uint64_t)(content.p[i] - '0');
    if (i == 0 || version == 0 || i + 1 >= content.n || content.p[i] != '\t') return ST_INVALID;
    *ret_version = version;
    *ret_line = slice_of(content.p + i + 1, content.n - i - 1);
    return ST_OK;
}

int ledger_copy_begin(struct ledger *l, struct store_txn *t, uint64_t incarnation)
{
    uint8_t bytes[INCARNATION_SIZE] = { 0 };

    ASSERT(l->lsn == 0 || bytes_rd64(l->identity.incarnation) == 0);
    bytes_be64(bytes, incarnation);
    return ledger_identity_change(l, t, bytes);
}

/* ---- does it go on from here? ---- */

static unsigned check_place(const struct ledger *l, const struct record *r)
{
    if (r->lsn != l->lsn + 1) return CODE_GAP;
    if (!sign_hash_equal(&r->previous, &l->hash)) return CODE_DIFFERENT_HISTORY;
    return r->at.ms < l->commit_ms ? (unsigned)CODE_BAD_CHAIN : (unsigned)CODE_OK;
}

/* The stream of a batch, if it can stand at its end; *ret NULL: its epoch begins. */
static int check_stream(struct ledger *l, struct store_txn *t, const struct batch *b, struct stream **ret, unsigned *ret_code)
{
    struct stream *s = NULL;
    int st;

    *ret = NULL;
    *ret_code = CODE_BAD_FORMAT;
    if (b->h.stream >= STREAMS_PER_OFFICE || b->h.office.n == 0 || b->h.office.n > OFFICE_ID_MAX) return ST_OK;
    st = ledger_stream(l, t, b->h.office, b->h.stream, &s);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_OK && s->epoch == b->h.epoch) {
        *ret_code = b->h.sequence != s->watermark + 1 ? CODE_GAP
                    : sign_hash_equal(&b->h.previous, &s->head) ? CODE_OK : CODE_BAD_CHAIN;
        *ret = s;
        return ST_OK;
    }
    if (st == ST_OK) st = ledger_epoch_closed(t, s, b->h.epoch);
    *ret_code = st == ST_OK ? CODE_STALE : b->h.sequence == 1 ? CODE_OK : CODE_GAP;
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ---- one record ---- */

static int copy_batch(struct ledger *l, struct store_txn *t, struct slice bytes, const struct record *r, const struct batch *b,
                      unsigned *ret_code)
{
    struct stream *s;
    int st = check_stream(l, t, b, &s, ret_code);

    if (st != ST_OK) return st;
    if (*ret_code != CODE_OK) return ST_INVALID;
    if (s == NULL) st = ledger_grant(l, t, b->h.office, b->h.stream, b->h.epoch, b->h.installation, &s);
    if (st == ST_OK) st = ledger_put_record(l, t, r, bytes, &b->hash);
    return st == ST_OK ? ledger_put_batch(l, t, s, b) : st;
}

static int copy_office(struct ledger *l, struct store_txn *t, struct slice bytes, const struct record *r, unsigned *ret_code)
{
    uint64_t version;
    struct slice line;
    int st;

    *ret_code = CODE_BAD_FORMAT;
    if (ledger_copy_entry(r->content, &version, &line) != ST_OK || version != l->registry_version + 1) return ST_INVALID;
    *ret_code = CODE_OK;
    st = ledger_put_record(l, t, r, bytes, NULL);
    if (st == ST_OK) l->registry_version = version;
    return st;
}

/* The incarnation stands in the note's fourth line; whether the note is to be believed the caller has asked. */
static int copy_restore(struct ledger *l, struct store_txn *t, struct slice bytes, const struct record *r, unsigned *ret_code)
{
    static const char word[] = "\nbaru ";
    const uint8_t *at = memmem(r->content.p, r->content.n, word, sizeof word - 1);
    uint8_t incarnation[INCARNATION_SIZE] = { 0 };
    int st;

    *ret_code = CODE_BAD_FORMAT;
    if (at == NULL || (size_t)(r->content.p + r->content.n - at) < sizeof word - 1 + 16 || r->content.n > RESTORE_NOTE_MAX)
        return ST_INVALID;
    if (bytes_unhex((const char *)at + sizeof word - 1, 16, incarnation) != ST_OK) return ST_INVALID;
    *ret_code = CODE_OK;
    st = ledger_put_record(l, t, r, bytes, NULL);
    return st == ST_OK ? ledger_take_restore(l, t, r->content, incarnation) : st;
}

static int copy_cut(struct ledger *l, struct store_txn *t, struct slice bytes, const struct record *r, unsigned *ret_code)
{
    struct cut c;
    uint64_t lsn;
    int st;

    *ret_code = CODE_BAD_FORMAT;
    if (cut_read(r->content, &c) != ST_OK) return ST_INVALID;
    st = ledger_cut(t, &c, &lsn);
    if (st != ST_NOT_FOUND) return st == ST_OK ? ST_INVALID : st;       /* one quarter is cut once for a version */
    *ret_code = CODE_OK;
    st = ledger_put_record(l, t, r, bytes, NULL);
    return st == ST_OK ? ledger_cut_put(l, t, &c) : st;
}

int ledger_copy(struct ledger *l, struct store_txn *t, struct slice bytes, const struct record *r, const struct batch *b,
                unsigned *ret_code)
{
    *ret_code = check_place(l, r);
    if (*ret_code != CODE_OK) return ST_INVALID;
    if (r->kind == RECORD_BATCH) return copy_batch(l, t, bytes, r, b, ret_code);
    if (r->kind == RECORD_OFFICE) return copy_office(l, t, bytes, r, ret_code);
    return r->kind == RECORD_CUT ? copy_cut(l, t, bytes, r, ret_code) : copy_restore(l, t, bytes, r, ret_code);
}
