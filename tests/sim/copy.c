/* copy.c - see copy.h. Kind: P.
 *
 * Row by row through the interface of the store, so that a backup, a copied outbox and a clone hold what a reader of the store sees
 * at that moment and nothing of the transaction that is open.
 *
 * Invariant: `from` is only read. */
#include "tests/sim/copy.h"

struct store *copy_store(const char *const *tables, struct store *from)
{
    struct store *to = NULL;
    struct store_txn *r = NULL, *w = NULL;
    int st = store_mem_new(tables, &to);
    if (st == ST_OK) st = store_begin(from, false, &r);
    if (st == ST_OK) st = store_begin(to, true, &w);
    for (unsigned table = 0; st == ST_OK && tables[table]; table++) {
        struct store_cursor *c = NULL;
        struct slice key, value;
        st = store_cursor(r, table, &c);
        for (int at = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK && at == ST_OK; at = store_next(c, &key, &value))
            st = store_put(w, table, key, value);
        store_cursor_close(&c);
    }
    if (st == ST_OK) st = store_commit(&w);
    store_abort(&r);
    ASSERT(st == ST_OK);
    return to;
}
