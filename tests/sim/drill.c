/* drill.c - see drill.h. Kind: P.
 *
 * A backup is a copy of all committed rows (copy.h). The loss takes everything else of the worker: rows, memory, connections. The
 * register is given again, as `rekap restore` does.
 *
 * Invariant: nothing of the lost store is looked at after the loss, but for its length. */
#include "tests/sim/drill.h"

#include <string.h>

#include "tests/sim/copy.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* Marks the backup as archived, as the control socket's verb does. */
static void archive(struct drill *d)
{
    struct pair *p = d->pair;
    struct store_txn *t = NULL;
    struct slice row;
    struct hash hash;
    int st = store_begin(p->ledger, true, &t);
    if (st == ST_OK) st = store_get(t, LEDGER_META, text("log"), &row);
    if (st == ST_OK) {
        memcpy(hash.b, row.p + 8, HASH_SIZE);
        d->archived = d->backup_lsn;
        st = work_archive(p->work, t, d->archived, &hash);
    }
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    if (st != ST_OK && st != ST_NOT_FOUND) pair_wrong(p, "the archived mark is refused: %s", status_str(st));
}

void drill_begin(struct drill *d, uint64_t seed, bool archives)
{
    *d = (struct drill){ .pair = pair_new_keeping(seed) };
    struct pair *p = d->pair;
    pair_play(p, seed % 10 == 0 ? 0 : (unsigned)rng_below(&p->rng, 300));       /* each tenth backup is older than everything */
    d->backup_lsn = pair_lsn(p);
    d->backup = copy_store(ledger_tables, p->ledger);
    if (archives && d->backup_lsn > 0) archive(d);
    pair_play(p, (unsigned)rng_below(&p->rng, 300));
    d->lost_lsn = pair_lsn(p);
}

static int sign(void *ctx, struct slice note, uint8_t ret_sig[SIG_SIZE])
{
    const struct pair *p = ctx;
    return p->signer.sign(p->signer.ctx, text("daftar"), note, ret_sig);
}

static int restore(struct drill *d, bool record, struct ledger *l, struct store_txn *t)
{
    struct pair *p = d->pair;
    struct ledger_issuer issuer = { .sign = sign, .ctx = p };
    uint8_t fresh[INCARNATION_SIZE] = { 0 };
    bytes_be64(fresh, rng_next(&p->rng) | 1);
    (void)p->signer.public_key(NULL, text("daftar"), issuer.key);
    int st = ledger_recover(l, t);
    if (st != ST_OK) return st;
    return record ? ledger_restore(l, t, p->now.wall, fresh, &issuer) : ledger_identity_change(l, t, fresh);
}

void drill_restore(struct drill *d, bool record)
{
    const struct ledger_identity id = { .id = "w1", .number = 1 };
    struct pair *p = d->pair;
    struct store_txn *t = NULL;
    struct ledger l;
    int st = ledger_init(&l, &id, NULL);
    if (st == ST_OK) st = store_begin(d->backup, true, &t);
    if (st == ST_OK) st = restore(d, record, &l, t);
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    ledger_done(&l);
    if (st != ST_OK) pair_wrong(p, "the backup cannot be restored: %s", status_str(st));
    pair_lose(p, d->backup);
    d->backup = NULL;
}

void drill_end(struct drill *d)
{
    pair_free(&d->pair);
    if (d->backup) store_mem_free(&d->backup);
}
