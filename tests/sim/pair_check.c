/* pair_check.c - what must hold of a pair at any time, and what when it has settled. Kind: P.
 *
 * The log is read as a stranger would: record by record, hashes computed anew. Of each office it must hold the rows of its files,
 * each once and in order (P2, P3), at least as many as any ACK named (P1), with a disposition for exactly those that could not
 * stand; and the collector must know exactly those (P13) and no longer keep them in its own copy. */
#include "tests/sim/pair.h"

#include <string.h>

struct walk {
    struct pair *p;
    struct hash log;                    /* so far */
    struct { uint64_t last; struct hash head; uint64_t epoch; } at[PAIR_OFFICES];
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static unsigned office_of(struct slice id)
{
    unsigned i = 0;
    while (i < PAIR_OFFICES && (strlen(pair_office[i]) != id.n || memcmp(pair_office[i], id.p, id.n) != 0)) i++;
    return i;
}

static void check_row(struct walk *w, unsigned office, uint64_t seq, int64_t value, unsigned code)
{
    const struct pair_rows *r = &w->p->rows[office];
    if (seq > r->n || r->v[seq - 1].value != value) {
        pair_wrong(w->p, "%s: number %llu is not what the files state", pair_office[office], (unsigned long long)seq);
        return;
    }
    if (r->v[seq - 1].refused != (code != CODE_OK))
        pair_wrong(w->p, "%s: number %llu has the disposition %u", pair_office[office], (unsigned long long)seq, code);
}

static void check_body(struct walk *w, unsigned office, const struct batch *b, struct slice dispositions)
{
    struct body_reader r;
    struct body_row row;
    struct disposition_reader d;
    codec_dispositions_open(dispositions, &d);
    if (codec_body_open(b->body, &r) != ST_OK || r.rows != b->h.count) {
        pair_wrong(w->p, "a body in the log does not parse");
        return;
    }
    for (uint32_t i = 0; codec_body_next(&r, &row) == ST_OK; i++)
        check_row(w, office, b->h.sequence + i, row.figure.value, codec_dispositions_at(&d, i));
}

static void check_batch(struct walk *w, const struct record *rec)
{
    struct batch b;
    uint8_t pub[PUBKEY_SIZE];
    if (codec_batch_parse(rec->content, &b) != ST_OK) {
        pair_wrong(w->p, "lsn %llu is no batch", (unsigned long long)rec->lsn);
        return;
    }
    unsigned i = office_of(b.h.office);
    if (i == PAIR_OFFICES || w->p->signer.public_key(NULL, b.h.office, pub) != ST_OK ||
        !pair_verify(NULL, pub, b.header, b.signature.p)) {
        pair_wrong(w->p, "lsn %llu is not signed by its office", (unsigned long long)rec->lsn);
        return;
    }
    bool chained = b.h.sequence == w->at[i].last + 1 && sign_hash_equal(&b.h.previous, &w->at[i].head);
    bool same_epoch = w->at[i].epoch == 0 || w->at[i].epoch == b.h.epoch;
    if (!chained || !same_epoch) pair_wrong(w->p, "lsn %llu does not go on from the batch before", (unsigned long long)rec->lsn);
    check_body(w, i, &b, rec->dispositions);
    w->at[i].last += b.h.count;
    w->at[i].head = b.hash;
    w->at[i].epoch = b.h.epoch;
}

static void check_log(struct walk *w, struct store_txn *t)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    struct record rec;
    uint64_t lsn = 0;
    int st = store_cursor(t, LEDGER_LOG, &c);
    for (st = st == ST_OK ? store_seek(c, slice_of("", 0), &key, &value) : st; st == ST_OK; st = store_next(c, &key, &value)) {
        if (codec_record_parse(value, &rec) != ST_OK || rec.lsn != ++lsn || !sign_hash_equal(&rec.previous, &w->log))
            pair_wrong(w->p, "the chain of the log breaks at lsn %llu", (unsigned long long)lsn);
        else if (rec.kind == RECORD_BATCH) check_batch(w, &rec);
        w->log = sign_hash2(w->log.b, HASH_SIZE, value.p, value.n);
    }
    store_cursor_close(&c);
}

/* ---- the collector's side ---- */

static void check_notes(struct pair *p, struct store_txn *t, unsigned office, uint32_t number)
{
    for (uint64_t seq = 1; seq <= p->rows[office].n && !p->tight; seq++) {
        uint8_t k[12];
        struct slice v;
        bytes_be32(k, number);
        bytes_be64(k + 4, seq);
        int st = store_get(t, OUTBOX_REFUSED, slice_of(k, sizeof k), &v);
        bool noted = st == ST_OK && v.n == 2 && bytes_rd16(v.p) == CODE_UNAUTHORISED;
        if (noted != p->rows[office].v[seq - 1].refused || (st != ST_OK && st != ST_NOT_FOUND))
            pair_wrong(p, "%s: the refusal of number %llu did not arrive", pair_office[office], (unsigned long long)seq);
    }
}

static void check_slots(struct pair *p, const struct unit *u, unsigned office)
{
    const struct pair_rows *r = &p->rows[office];
    for (uint32_t i = 0; i < u->count; i++)
        for (unsigned m = 0; m < 12; m++) {
            const struct slot *s = &u->leaf[i].slot[m];
            if (s->kind == VALUE_EMPTY) continue;
            if (s->prov == 0 || s->prov > r->n || r->v[s->prov - 1].refused || r->v[s->prov - 1].value != s->value)
                pair_wrong(p, "%s: the own copy keeps what was not accepted", pair_office[office]);
        }
}

static void check_copy(struct pair *p, struct store_txn *t, unsigned office, uint32_t number)
{
    for (unsigned k = 0; k < 4; k++) {
        uint32_t subject;
        struct unit u;
        if (outbox_subject(t, number, text(pair_office[(office + k / 2) % PAIR_OFFICES]), false, &subject) != ST_OK) continue;
        unit_init(&u);
        if (unit_load(&u, t, OUTBOX_UNIT, subject, (uint16_t)(2023 + k % 2)) == ST_OK) check_slots(p, &u, office);
        else pair_wrong(p, "%s: the own copy does not load", pair_office[office]);
        unit_done(&u);
    }
}

/* Each file stated something, so there is a receipt for each; it verifies under the worker's key and names a record of the log. */
static bool receipt_stands(struct pair *p, const struct witness_receipt *kept, struct store_txn *ledger)
{
    struct note_key k;
    struct receipt r;
    struct batch b;
    struct record rec;
    struct slice bytes, origin;
    uint8_t key[8], pub[PUBKEY_SIZE];
    const struct verifier v = { NULL, pair_verify };
    if (receipt_parse(kept->text, &r) != ST_OK) return false;
    const uint8_t *end = memchr(r.checkpoint.p, '\n', r.checkpoint.n);
    origin = slice_of(r.checkpoint.p, end ? (size_t)(end - r.checkpoint.p) : 0);
    (void)p->signer.public_key(NULL, text(TREE_SIGNER_ID), pub);
    if (note_key_make(origin, pub, &k) != ST_OK || receipt_verify(&r, &k, &v, NULL) != RECEIPT_OK) return false;
    bytes_be64(key, r.lsn);
    if (store_get(ledger, LEDGER_LOG, slice_of(key, 8), &bytes) != ST_OK || codec_record_parse(bytes, &rec) != ST_OK) return false;
    struct hash said = receipt_dispositions_hash(rec.dispositions), batch = receipt_batch_hash(&r);
    return codec_batch_parse(rec.content, &b) == ST_OK && sign_hash_equal(&b.hash, &batch) && rec.at.ms == r.at.ms &&
           sign_hash_equal(&said, &r.dispositions) && b.h.sequence + b.h.count - 1 == kept->sequence;
}

static void check_receipts(struct pair *p, struct store_txn *t, unsigned office, uint32_t number)
{
    struct witness_receipt r = { .office = number };
    struct store_txn *ledger = NULL;
    unsigned files = 0, receipts = 0;
    for (unsigned i = 0; i < p->files; i++) files += p->file[i].office == office;
    if (store_begin(p->ledger, false, &ledger) != ST_OK) return;
    while (witness_receipt_next(t, number, r.sequence, &r) == ST_OK && r.office == number) {
        receipts++;
        if (!p->restored && !receipt_stands(p, &r, ledger)) pair_wrong(p, "%s: a receipt does not stand", pair_office[office]);
    }
    store_abort(&ledger);
    if (receipts != files) pair_wrong(p, "%s: %u receipts for %u files", pair_office[office], receipts, files);
    p->n.receipts += receipts;
}

static void check_office(struct walk *w, struct store_txn *t, unsigned i)
{
    struct pair *p = w->p;
    struct outbox_stream s = { 0 };
    uint32_t number = 0;
    uint64_t refused = 0;
    if (unit_dict_get(t, OUTBOX_DICT_TEXT, text(pair_office[i]), &number) != ST_OK || outbox_stream_get(t, number, &s) != ST_OK) {
        pair_wrong(p, "%s: the outbox does not know it", pair_office[i]);
        return;
    }
    for (size_t k = 0; k < p->rows[i].n; k++) refused += p->rows[i].v[k].refused;
    if (w->at[i].last != p->rows[i].n || w->at[i].last < p->acked[i])
        pair_wrong(p, "%s: %llu of %zu rows are in the log, %llu were acknowledged", pair_office[i],
                   (unsigned long long)w->at[i].last, p->rows[i].n, (unsigned long long)p->acked[i]);
    if (w->at[i].last > 0 && !sign_hash_equal(&s.acked_hash, &w->at[i].head))
        pair_wrong(p, "%s: the receipt names another batch", pair_office[i]);
    if (s.refused != refused)
        pair_wrong(p, "%s: %llu of %llu refusals arrived", pair_office[i], (unsigned long long)s.refused,
                   (unsigned long long)refused);
    if (s.out_bytes != 0 || s.state != CODE_OK) pair_wrong(p, "%s: the outbox is not done (state %u)", pair_office[i], s.state);
    check_notes(p, t, i, number);
    check_receipts(p, t, i, number);
    check_copy(p, t, i, number);
}

void pair_check(struct pair *p)
{
    struct walk w = { .p = p };
    struct store_txn *t = NULL;
    if (store_begin(p->ledger, false, &t) == ST_OK) check_log(&w, t);
    store_abort(&t);
    if (store_begin(p->outbox, false, &t) != ST_OK) pair_wrong(p, "the outbox cannot be read");
    for (unsigned i = 0; t && i < PAIR_OFFICES; i++) check_office(&w, t, i);
    store_abort(&t);
}
