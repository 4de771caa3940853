/* crash_facts.c - see crash_facts.h. Kind: E, tests only. Everything is read through the store port, so every value proves its
 * checksum; a damaged one ends the reading with a reason. */
#include "tests/shim/crash_facts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/fold.h"
#include "collector/outbox.h"
#include "worker/ledger.h"

const char *const facts_dir[FACTS_STORES] = { "worker/ledger", "collector/outbox", "aggregator/state" };
static const struct { const char *const *tables; unsigned count; const char *kind; unsigned format; } STORES[FACTS_STORES] = {
    { ledger_tables, LEDGER_TABLE_COUNT, "ledger", LEDGER_FORMAT },
    { outbox_tables, OUTBOX_TABLE_COUNT, "outbox", 1 },
    { fold_tables, FOLD_TABLE_COUNT, "state", FOLD_FORMAT },
};
static char why[640];

static const char *wrong(const char *what, int st)
{
    snprintf(why, sizeof why, "%s (%s)", what, status_str(st));
    return why;
}

/* ---- all of it ---- */

static int dump_table(struct store_txn *t, unsigned table, crypto_generichash_state *h, struct facts *f)
{
    struct store_cursor *c = NULL;
    struct slice k, v;
    int st = store_cursor(t, table, &c);
    if (st == ST_OK) st = store_seek(c, slice_of("", 0), &k, &v);
    for (; st == ST_OK; st = store_next(c, &k, &v)) {
        const uint32_t head[] = { table, (uint32_t)k.n, (uint32_t)v.n };
        crypto_generichash_update(h, (const uint8_t *)head, sizeof head);
        crypto_generichash_update(h, k.p, k.n);
        crypto_generichash_update(h, v.p, v.n);
        if (f->store != FACTS_OUTBOX || table != OUTBOX_PUSHED) continue;
        ASSERT(f->ids < CRASH_IDS);
        snprintf(f->id[f->ids++], sizeof f->id[0], "%.*s", (int)k.n, (const char *)k.p);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static const char *dump(struct store_txn *t, struct facts *f)
{
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, HASH_SIZE);
    for (unsigned i = 0; i < STORES[f->store].count; i++) {
        int st = dump_table(t, i, &h, f);
        if (st != ST_OK) return wrong("a table cannot be read", st);
    }
    crypto_generichash_final(&h, f->dump.b, HASH_SIZE);
    return NULL;
}

/* ---- the ledger ---- */

static int identity_of(struct store_txn *t, struct ledger_identity *ret)
{
    struct slice v;
    int st = store_get(t, LEDGER_META, slice_of("identity", 8), &v);
    if (st != ST_OK) return st;
    if (v.n < 21 || v.n - 21 >= sizeof ret->id) return ST_CORRUPT;
    *ret = (struct ledger_identity){ .number = v.p[4] };
    memcpy(ret->incarnation, v.p + 5, INCARNATION_SIZE);
    memcpy(ret->id, v.p + 21, v.n - 21);
    return ST_OK;
}

static void chain_put(struct chain *c, uint64_t lsn, const struct hash *h)
{
    if (lsn + 1 > c->cap) {
        c->cap = 2 * lsn + 64;
        c->at = realloc(c->at, c->cap * sizeof *c->at);
        ASSERT(c->at);
    }
    if (lsn == 1) c->at[0] = (struct hash){ { 0 } };
    c->at[lsn] = *h;
    c->n = lsn;
}

static const char *walk(struct store_txn *t, uint64_t to, struct chain *chain, bool grow)
{
    struct hash log = { { 0 } };
    for (uint64_t lsn = 1; lsn <= to; lsn++) {
        struct slice bytes;
        struct record r;
        int st = ledger_record(t, lsn, &bytes);
        if (st == ST_OK) st = codec_record_parse(bytes, &r);
        if (st != ST_OK) return wrong("a record of the log cannot be read", st);
        if (r.lsn != lsn || memcmp(&r.previous, &log, sizeof log)) return "a record does not continue the log";
        log = sign_hash2(log.b, HASH_SIZE, bytes.p, bytes.n);
        if (grow && lsn > chain->n) chain_put(chain, lsn, &log);
        if (lsn > chain->n || memcmp(&chain->at[lsn], &log, sizeof log)) return "a record is another than the one that was logged";
    }
    struct slice more;
    return ledger_record(t, to + 1, &more) == ST_NOT_FOUND ? NULL : "the log has a record that its position does not know";
}

struct streams { const struct load *load; struct facts *f; struct store_txn *t; const char *wrong; };
static bool one_stream(void *ctx, const struct stream *s)
{
    struct streams *w = ctx;
    for (unsigned i = 0; i < CRASH_OFFICES; i++)
        if (!strcmp(s->office, w->load->o[i].id)) w->f->watermark[i] = s->watermark;
    struct ledger_entry e;
    if (s->watermark && (ledger_batch_holding(w->t, s, s->watermark, &e) != ST_OK || e.lsn != s->lsn ||
                         memcmp(&e.hash, &s->head, sizeof e.hash)))
        w->wrong = "a stream does not end with its last batch";
    return !w->wrong;
}

static const char *read_ledger(struct store_txn *t, const struct load *load, struct chain *chain, bool grow, struct facts *f)
{
    struct ledger_identity id;
    struct ledger l;
    int st = identity_of(t, &id);
    if (st == ST_NOT_FOUND) return NULL;        /* born, and no daemon has written into it yet */
    if (st != ST_OK) return wrong("no identity", st);
    st = ledger_init(&l, &id, NULL);
    if (st == ST_OK) st = ledger_recover(&l, t);
    f->lsn = l.lsn;
    f->log = l.hash;
    ledger_done(&l);
    if (st != ST_OK) return wrong("the worker could not recover it", st);
    const char *fault = walk(t, f->lsn, chain, grow);
    if (!fault && f->lsn && memcmp(&f->log, &chain->at[f->lsn], sizeof f->log)) fault = "the position's hash is not the log's";
    struct streams s = { load, f, t, fault };
    st = fault ? ST_OK : ledger_list(t, slice_of("", 0), 0, one_stream, &s);
    return st == ST_OK ? s.wrong : wrong("the streams cannot be listed", st);
}

/* ---- the outbox ---- */

/* The batches of an office follow each other from what is kept to the last one signed. */
static const char *read_stream(struct store_txn *t, uint32_t office, const struct outbox_stream *s)
{
    struct outbox_batch b;
    uint64_t at = s->kept_from;
    while (at < s->last) {
        int st = outbox_next(t, office, at, &b);
        if (st != ST_OK) return wrong("a batch of the outbox cannot be read", st);
        if (b.first != at + 1) return "a batch of the outbox is missing";
        at = b.last;
    }
    return at == s->last && s->acked <= s->last ? NULL : "the outbox does not end with its last batch";
}

static const char *read_outbox(struct store_txn *t, const struct load *load, struct facts *f)
{
    for (unsigned i = 0; i < CRASH_OFFICES; i++) {
        struct outbox_stream s;
        uint32_t office;
        const char *id = load->o[i].id;
        if (unit_dict_get(t, OUTBOX_DICT_TEXT, slice_of(id, strlen(id)), &office) != ST_OK) continue;
        int st = outbox_stream_get(t, office, &s);
        if (st != ST_OK) return wrong("a stream of the outbox cannot be read", st);
        f->acked[i] = s.acked;
        f->last[i] = s.last;
        const char *fault = read_stream(t, office, &s);
        if (fault) return fault;
    }
    return NULL;
}

/* ---- the state ---- */

static const char *read_state(struct store_txn *t, bool grow, struct facts *f)
{
    struct fold *fold = NULL;
    struct buf text;
    int st = fold_new(&fold);
    if (st == ST_OK) st = fold_recover(fold, t);
    if (st == ST_OK) st = fold_applied(t, 1, &f->lsn, &f->log);
    fold_free(&fold);
    if (st != ST_OK) return wrong("the aggregator could not recover it", st);
    if (!grow) return NULL;
    buf_init(&text, (size_t)1 << 30);
    st = export_state(t, &text);
    if (st == ST_OK) f->exported = sign_hash(text.p, text.n);
    buf_done(&text);
    return st == ST_OK ? NULL : wrong("the state cannot be exported", st);
}

/* ---- all three ---- */

static const char *read_opened(struct store *store, const struct load *l, struct chain *chain, bool grow, struct facts *f)
{
    struct store_txn *t = NULL;
    int st = store_begin(store, f->store != FACTS_LEDGER || !grow, &t);
    const char *fault = st == ST_OK ? dump(t, f) : wrong("no transaction", st);
    if (!fault && f->store == FACTS_LEDGER) fault = read_ledger(t, l, chain, grow, f);
    if (!fault && f->store == FACTS_OUTBOX) fault = read_outbox(t, l, f);
    if (!fault && f->store == FACTS_STATE) fault = read_state(t, grow, f);
    store_abort(&t);
    return fault;
}

const char *facts_read(enum facts_store s, const char *dir, const struct load *l, struct chain *chain, bool grow, struct facts *ret)
{
    const struct store_lmdb_options o = { .tables = STORES[s].tables, .kind = STORES[s].kind,
                                           .format = STORES[s].format };
    struct store *store = NULL;
    char err[512] = "";
    struct facts f = { .store = s };
    int st = store_lmdb_open(dir, &o, &store, err, sizeof err);
    if (st != ST_OK) {
        snprintf(why, sizeof why, "the start is refused: %s", err);
        return why;
    }
    const char *fault = read_opened(store, l, chain, grow, &f);
    store_lmdb_close(&store);
    if (!fault) *ret = f;
    return fault;
}

/* ---- folded again ---- */

struct refold { struct store *store; struct store_txn *from, *t; struct fold *fold; uint64_t lsn; };

static int fold_to(struct refold *r, uint64_t lsn)
{
    int st = ST_OK;
    while (st == ST_OK && r->lsn < lsn) {
        struct slice bytes;
        st = ledger_record(r->from, r->lsn + 1, &bytes);
        if (st == ST_OK) st = fold_record(r->fold, 1, bytes);
        r->lsn++;
    }
    return st == ST_OK ? fold_flush(r->fold, r->t) : st;
}

static const char *compare_state(struct refold *r, const struct facts *f)
{
    struct buf text;
    int st = fold_to(r, f->lsn);
    if (st != ST_OK) return wrong("the log cannot be folded", st);
    buf_init(&text, (size_t)1 << 30);
    st = export_state(r->t, &text);
    const struct hash h = sign_hash(text.p, text.n);
    buf_done(&text);
    return st == ST_OK && !memcmp(&h, &f->exported, sizeof h) ? NULL : "a state is not what its log folds to";
}

const char *facts_refold(const char *dir, const struct facts *const *states, size_t n)
{
    const struct store_lmdb_options o = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct store *ledger = NULL;
    struct refold r = { .lsn = 0 };
    char err[512] = "";
    const char *fault = NULL;
    if (store_lmdb_open(dir, &o, &ledger, err, sizeof err) != ST_OK) return snprintf(why, sizeof why, "%s", err), why;
    int st = store_mem_new(fold_tables, &r.store);
    if (st == ST_OK) st = fold_new(&r.fold);
    if (st == ST_OK) st = store_begin(ledger, false, &r.from);
    if (st == ST_OK) st = store_begin(r.store, true, &r.t);
    if (st == ST_OK) st = fold_recover(r.fold, r.t);
    if (st != ST_OK) fault = wrong("nothing can be folded", st);
    for (size_t i = 0; !fault && i < n; i++) fault = states[i]->lsn ? compare_state(&r, states[i]) : NULL;
    store_abort(&r.t);
    store_abort(&r.from);
    fold_free(&r.fold);
    store_mem_free(&r.store);
    store_lmdb_close(&ledger);
    return fault;
}
