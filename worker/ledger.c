/* ledger.c - appending to the log, the position of it, and reading it back. Kind: P.
 *
 * Design notes: a batch costs three puts (record, by_office, time); what many batches of one step would write again and again
 * (stream rows, the "log" row) is kept in memory and written once by ledger_flush. Memory is therefore ahead of the store within
 * a step and equal to it after the flush; an aborted step is undone by reading, not by remembering (ledger_reload).
 *
 * The log hash is taken over the very bytes that are put, so a follower and an offline verifier need nothing but the records.
 *
 * Invariant after ledger_flush: the "log" row names the greatest lsn in the log table and its hash, and every stream row names
 * the last batch of its epoch in by_office. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

const char *const ledger_tables[] = { "meta", "log", "stream", "epoch", "by_office", "time", "tree", "join", "cut", NULL };

enum { LOG_ROW = 8 + HASH_SIZE + 8 + 8, IDENTITY_FIXED = 4 + 1 + INCARNATION_SIZE };

static const char KEY_IDENTITY[] = "identity", KEY_LOG[] = "log";

static struct slice text_slice(const char *s)
{
    return slice_of(s, strlen(s));
}

int ledger_init(struct ledger *l, const struct ledger_identity *identity, const struct signer *signer)
{
    int st;

    memset(l, 0, sizeof *l);
    l->identity = *identity;
    buf_init(&l->scratch, RECORD_BYTES_MAX);
    l->bucket_count = 256;
    l->bucket = calloc(l->bucket_count, sizeof *l->bucket);
    st = tree_init(&l->tree, signer, LEDGER_TREE, LEDGER_META);
    return l->bucket != NULL ? st : ST_NO_MEMORY;
}

void ledger_done(struct ledger *l)
{
    for (uint32_t i = 0; l->bucket != NULL && i < l->bucket_count; i++) {
        while (l->bucket[i] != NULL) {
            struct stream *s = l->bucket[i];

            l->bucket[i] = s->next_bucket;
            buf_done(&s->refused);
            free(s);
        }
    }
    free(l->bucket);
    buf_done(&l->scratch);
    tree_done(&l->tree);
    memset(l, 0, sizeof *l);
}

/* ---- the meta rows ---- */

static int identity_put(struct ledger *l, struct store_txn *t)
{
    struct slice id = text_slice(l->identity.id);
    uint8_t row[IDENTITY_FIXED + OFFICE_ID_MAX];

    bytes_be32(row, LEDGER_FORMAT);
    row[4] = l->identity.number;
    memcpy(row + 5, l->identity.incarnation, INCARNATION_SIZE);
    memcpy(row + IDENTITY_FIXED, id.p, id.n);
    return store_put(t, LEDGER_META, text_slice(KEY_IDENTITY), slice_of(row, IDENTITY_FIXED + id.n));
}

static int identity_read(struct ledger *l, struct store_txn *t)
{
    struct slice id = text_slice(l->identity.id), row;
    int st = store_get(t, LEDGER_META, text_slice(KEY_IDENTITY), &row);

    if (st == ST_NOT_FOUND) return t->write ? identity_put(l, t) : ST_CORRUPT;
    if (st != ST_OK) return st;
    if (row.n < IDENTITY_FIXED) return ST_CORRUPT;
    if (bytes_rd32(row.p) != LEDGER_FORMAT || row.p[4] != l->identity.number) return ST_VERSION;
    if (row.n - IDENTITY_FIXED != id.n || memcmp(row.p + IDENTITY_FIXED, id.p, id.n) != 0) return ST_VERSION;
    memcpy(l->identity.incarnation, row.p + 5, INCARNATION_SIZE);
    return ST_OK;
}

int ledger_identity_change(struct ledger *l, struct store_txn *t, const uint8_t incarnation[INCARNATION_SIZE])
{
    memcpy(l->identity.incarnation, incarnation, INCARNATION_SIZE);
    int st = identity_put(l, t);

    return st == ST_OK ? tree_name(&l->tree, l->identity.id, l->identity.incarnation) : st;
}

static int position_put(const struct ledger *l, struct store_txn *t)
{
    uint8_t row[LOG_ROW];

    bytes_be64(row, l->lsn);
    memcpy(row + 8, l->hash.b, HASH_SIZE);
    bytes_be64(row + 8 + HASH_SIZE, (uint64_t)l->commit_ms);
    bytes_be64(row + 16 + HASH_SIZE, l->registry_version);
    return store_put(t, LEDGER_META, text_slice(KEY_LOG), slice_of(row, sizeof row));
}

static void position_set(struct ledger *l, const uint8_t *row)
{
    static const uint8_t none[LOG_ROW];

    if (row == NULL) row = none;
    l->lsn = bytes_rd64(row);
    memcpy(l->hash.b, row + 8, HASH_SIZE);
    l->commit_ms = (int64_t)bytes_rd64(row + 8 + HASH_SIZE);
    l->registry_version = bytes_rd64(row + 16 + HASH_SIZE);
    l->dirty = false;
}

static int position_read(struct ledger *l, struct store_txn *t)
{
    struct slice row;
    int st = store_get(t, LEDGER_META, text_slice(KEY_LOG), &row);

    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_OK && row.n != LOG_ROW) return ST_CORRUPT;
    position_set(l, st == ST_OK ? row.p : NULL);
    return tree_load(&l->tree, t, l->lsn);
}

int ledger_recover(struct ledger *l, struct store_txn *t)
{
    int st = identity_read(l, t);

    if (st == ST_OK) st = tree_name(&l->tree, l->identity.id, l->identity.incarnation);
    if (st == ST_OK) st = ledger_archive_load(l, t);
    return st == ST_OK ? position_read(l, t) : st;
}

int ledger_reload(struct ledger *l, struct store_txn *t)
{
    int st = ledger_recover(l, t);      /* the name too: a copy takes another one with a restore record */

    l->dirty_list = NULL;
    for (uint32_t i = 0; st == ST_OK && i < l->bucket_count; i++)
        for (struct stream *s = l->bucket[i]; st == ST_OK && s != NULL; s = s->next_bucket) st = ledger_stream_reload(s, t);
    return st;
}

int ledger_flush(struct ledger *l, struct store_txn *t)
{
    int st = ST_OK;

    while (st == ST_OK && l->dirty_list != NULL) {
        struct stream *s = l->dirty_list;

        st = ledger_stream_put(s, t);
        if (st == ST_OK) l->dirty_list = s->next_dirty;
    }
    if (st != ST_OK || !l->dirty) return st;
    l->dirty = false;
    st = tree_flush(&l->tree, t);
    return st == ST_OK ? position_put(l, t) : st;
}

/* ---- appending ---- */

/* Puts a record whose bytes are made, and moves the position. */
int ledger_put_record(struct ledger *l, struct store_txn *t, const struct record *r, struct slice bytes, const struct hash *batch)
{
    struct receipt_leaf leaf;
    uint8_t key[16];
    int st;

    ASSERT(r->lsn == l->lsn + 1 && r->at.ms >= l->commit_ms);
    bytes_be64(key, (uint64_t)r->at.ms);
    bytes_be64(key + 8, r->lsn);
    st = store_append(t, LEDGER_LOG, slice_of(key + 8, 8), bytes);
    if (st == ST_OK) st = store_append(t, LEDGER_TIME, slice_of(key, 16), slice_of(NULL, 0));
    if (st != ST_OK) return st;
    leaf = receipt_leaf_of(r, batch);
    st = tree_append(&l->tree, t, &leaf);
    if (st != ST_OK) return st;
    l->hash = sign_hash2(l->hash.b, HASH_SIZE, bytes.p, bytes.n);
    l->lsn = r->lsn;
    l->commit_ms = r->at.ms;
    l->dirty = true;
    return ST_OK;
}

/* Appends r, whose kind, content and dispositions are set: numbers it, links it, and moves the position. batch: its batch hash. */
static int record_append(struct ledger *l, struct store_txn *t, struct wall now, struct record *r, const struct hash *batch)
{
    r->lsn = l->lsn + 1;
    r->at.ms = now.ms > l->commit_ms ? now.ms : l->commit_ms;
    r->previous = l->hash;
    buf_clear(&l->scratch);
    codec_record_put(&l->scratch, r);
    return buf_ok(&l->scratch) ? ledger_put_record(l, t, r, buf_slice(&l->scratch), batch) : ST_NO_MEMORY;
}

int ledger_put_batch(struct ledger *l, struct store_txn *t, struct stream *s, const struct batch *b)
{
    struct ledger_entry e = { .first = b->h.sequence, .lsn = l->lsn, .count = b->h.count, .hash = b->hash };
    int st = ledger_entry_put(t, s, &e);

    if (st != ST_OK) return st;
    s->watermark += b->h.count;
    s->head = b->hash;
    s->lsn = l->lsn;
    ledger_stream_dirty(l, s);
    return ST_OK;
}

int ledger_append_batch(struct ledger *l, struct store_txn *t, struct wall now, struct stream *s, const struct batch *b,
                        struct slice payload, struct slice dispositions)
{
    struct record r = { .kind = RECORD_BATCH, .content = payload, .dispositions = dispositions };
    int st;

    ASSERT(s->granted && b->h.epoch == s->epoch && b->h.sequence == s->watermark + 1 && b->h.count > 0);
    ASSERT(sign_hash_equal(&b->h.previous, &s->head));
    st = record_append(l, t, now, &r, &b->hash);
    return st == ST_OK ? ledger_put_batch(l, t, s, b) : st;
}

int ledger_append_office(struct ledger *l, struct store_txn *t, struct wall now, uint64_t version, struct slice line)
{
    struct record r = { .kind = RECORD_OFFICE };
    struct buf content;
    int st = ST_NO_MEMORY;

    ASSERT(version == l->registry_version + 1);
    buf_init(&content, line.n + 32);
    buf_printf(&content, "%llu\t", (unsigned long long)version);
    buf_put(&content, line.p, line.n);
    r.content = buf_slice(&content);
    if (buf_ok(&content)) st = record_append(l, t, now, &r, NULL);
    buf_done(&content);
    if (st == ST_OK) l->registry_version = version;
    return st;
}

int ledger_append_note(struct ledger *l, struct store_txn *t, struct wall now, unsigned kind, struct slice note)
{
    struct record r = { .kind = kind, .content = note };

    return record_append(l, t, now, &r, NULL);
}

/* ---- reading the log ---- */

int ledger_record(struct store_txn *t, uint64_t lsn, struct slice *ret)
{
    uint8_t key[8];

    bytes_be64(key, lsn);
    return store_get(t, LEDGER_LOG, slice_of(key, sizeof key), ret);
}

/* The hash at lsn is what the record after it calls its previous one: no hashing, one read. */
int ledger_hash_at(const struct ledger *l, struct store_txn *t, uint64_t lsn, struct hash *ret)
{
    struct slice bytes;
    struct record r;
    int st;

    if (lsn > l->lsn) return ST_NOT_FOUND;
    if (lsn == l->lsn) {
        *ret = l->hash;
        return ST_OK;
    }
    st = ledger_record(t, lsn + 1, &bytes);
    if (st == ST_NOT_FOUND) return ST_CORRUPT;
    if (st != ST_OK) return st;
    if (codec_record_parse(bytes, &r) != ST_OK) return ST_CORRUPT;
    *ret = r.previous;
    return ST_OK;
}
