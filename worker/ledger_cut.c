/* ledger_cut.c - the marks at which quarters are consolidated (proto/cut.h): records of kind 4 and where they lie. Kind: P.
 *
 * A region's quarter is cut once for each version of its seal, whoever asks again is told the first position. Whether a note is to
 * be believed has been asked by the caller (cut_judge): with the register in force when the worker logs it, with the register in
 * the log when a copy is taken.
 *
 * Invariant: a row of `cut` names the record that holds the note of its key, and each record of kind 4 has its row. */
#include "ledger.h"

enum { CUT_KEY = 4 + 2 + 1 + 2, CUT_ROW = 8 };

static struct slice mark_key(const struct cut *c, uint8_t key[CUT_KEY])
{
    bytes_be32(key, c->region);
    bytes_be16(key + 4, (uint16_t)c->year);
    key[6] = (uint8_t)c->quarter;
    bytes_be16(key + 7, (uint16_t)c->version);
    return slice_of(key, CUT_KEY);
}

int ledger_cut(struct store_txn *t, const struct cut *c, uint64_t *ret_lsn)
{
    uint8_t key[CUT_KEY];
    struct slice row;
    int st = store_get(t, LEDGER_CUT, mark_key(c, key), &row);

    if (st != ST_OK) return st;
    if (row.n != CUT_ROW) return ST_CORRUPT;
    *ret_lsn = bytes_rd64(row.p);
    return ST_OK;
}

int ledger_cut_put(const struct ledger *l, struct store_txn *t, const struct cut *c)
{
    uint8_t key[CUT_KEY], row[CUT_ROW];

    bytes_be64(row, l->lsn);
    return store_put(t, LEDGER_CUT, mark_key(c, key), slice_of(row, sizeof row));
}

int ledger_append_cut(struct ledger *l, struct store_txn *t, struct wall now, const struct cut *c, struct slice note,
                      uint64_t *ret_lsn)
{
    int st = ledger_cut(t, c, ret_lsn);

    if (st != ST_NOT_FOUND) return st;
    st = ledger_append_note(l, t, now, RECORD_CUT, note);
    if (st == ST_OK) st = ledger_cut_put(l, t, c);
    if (st == ST_OK) *ret_lsn = l->lsn;
    return st;
}
