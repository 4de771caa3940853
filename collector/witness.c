/* witness.c - see witness.h. Kind: P.
 *
 * One question is out at a time: is `older` the beginning of `newer`? Asked forwards it moves the kept checkpoint on; asked
 * backwards (`behind`) it clears a checkpoint that came late. While it is out the kept one does not change, so the answer fits what
 * was asked.
 *
 * How often: at once in a session that is not trusted yet or when a receipt waits for a newer checkpoint, else once a second. A
 * question without an answer is asked again every two seconds. Backwards that ends after ASKS_MAX times: the worker has signed a
 * log shorter than one it signed before and will not say how they fit.
 *
 * A log of size 0 is the beginning of every log; its proof is empty and nobody is asked forwards. Backwards the question is asked
 * all the same: its answer says that the worker still has the longer one.
 *
 * Invariant: `kept` was signed under the configured key and every checkpoint kept before it is a beginning of it. */
#include "collector/witness.h"

#include <stdio.h>
#include <string.h>

enum { ASKS_MAX = 10, INCLUSION = 1, CONSISTENCY = 2 };
static const int64_t RETRY_US = 2 * 1000000, PAUSE_US = 1000000, PLACE_WAIT_US = 5 * 1000000;

static struct slice note_of(const struct witness_head *h) { return slice_of(h->note, h->n); }

void witness_init(struct witness *w, const struct witness_options *o)
{
    memset(w, 0, sizeof *w);
    w->o = *o;
}

void witness_lost(struct witness *w)
{
    w->greeted = w->trusted = w->broken = w->has_ahead = w->has_behind = w->asking = w->awaiting = w->restored = false;
    w->again = true;
    memset(w->asked, 0, sizeof w->asked);
}

void witness_reset(struct witness *w)
{
    w->stale = w->again = true;
    w->asking = false;
    memset(w->asked, 0, sizeof w->asked);
}

/* ---- faults ---- */

int witness_accuse(struct witness *w, struct store_txn *t, struct now now, enum witness_fault f, const struct witness_head *kept,
                   struct slice seen, uint64_t seen_size)
{
    struct witness_evidence e = { .at = now.wall, .fault = f, .incarnation = w->incarnation, .seen_size = seen_size, .seen = seen };
    w->broken = true;
    w->trusted = w->asking = false;
    w->fault = f;
    w->fault_kept = kept ? kept->size : 0;
    w->fault_seen = seen_size;
    memcpy(e.worker, w->worker, sizeof e.worker);
    e.kept_size = w->fault_kept;
    e.kept = kept ? note_of(kept) : slice_of("", 0);
    return witness_evidence_put(t, &e);
}

const char *witness_fault_name(enum witness_fault f)
{
    static const char *const names[WITNESS_FAULT_COUNT] = { "", "tanda-tangan", "mundur", "cabang", "inkarnasi", "tanda-terima",
                                                            "pemulihan-lama" };
    ASSERT(f < WITNESS_FAULT_COUNT);
    return names[f];
}

const char *witness_fault_text(enum witness_fault f, enum lang lang)
{
    static const struct { const char *id, *en; } texts[WITNESS_FAULT_COUNT] = {
        [WITNESS_FINE] = { "", "" },
        [WITNESS_UNSIGNED] = { "titik periksa tidak ditandatangani kunci log yang dikenal",
                               "a checkpoint is not signed by the known key of the log" },
        [WITNESS_ROLLBACK] = { "log pusat lebih pendek daripada yang pernah ditandatanganinya",
                               "the centre's log is shorter than what it has signed before" },
        [WITNESS_FORK] = { "pusat menandatangani dua isi log yang tidak saling menyambung",
                           "the centre has signed two logs of which neither extends the other" },
        [WITNESS_INCARNATION] = { "log lain memakai nama worker yang sama tanpa catatan pemulihan yang sah",
                                  "another log uses the same worker id, without a valid restore record" },
        [WITNESS_RECEIPT] = { "yang sudah diakui pusat tidak ada di lognya seperti yang diakui",
                              "what the centre acknowledged is not in its log as acknowledged" },
        [WITNESS_OLD_RESTORE] = { "catatan pemulihan pusat tidak lebih muda daripada yang terakhir diterima di sini",
                                  "the centre's restore record is not younger than the one taken last here" },
    };
    ASSERT(f < WITNESS_FAULT_COUNT);
    return lang == LANG_EN ? texts[f].en : texts[f].id;
}

/* ---- the kept checkpoint ---- */

static void head_set(struct witness_head *h, uint64_t size, const struct hash *root, struct slice note)
{
    ASSERT(note.n <= sizeof h->note);
    h->size = size;
    h->root = *root;
    h->n = note.n;
    memcpy(h->note, note.p, note.n);
}

static int load(struct witness *w, struct store_txn *t, uint64_t *ret_incarnation)
{
    struct witness_row row;
    int st = witness_row_get(t, w->worker, &row);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    w->has_kept = st == ST_OK;
    w->stale = false;
    if (!w->has_kept) return witness_restore_known(w, t, ret_incarnation);
    head_set(&w->kept, row.size, &row.root, row.note);
    *ret_incarnation = row.incarnation;
    return ST_OK;
}

static int freshen(struct witness *w, struct store_txn *t)
{
    uint64_t incarnation;
    return w->stale ? load(w, t, &incarnation) : ST_OK;
}

/* The log was proven up to h. Without room it is trusted and not kept: it will be asked for again. */
static int take(struct witness *w, struct store_txn *t, struct now now, const struct witness_head *h)
{
    const struct witness_row row = { w->incarnation, h->size, h->root, now.wall, note_of(h) };
    w->trusted = true;
    w->fault = WITNESS_FINE;
    w->proven_at = now.mono;
    int st = witness_row_put(t, w->worker, &row);
    if (st != ST_OK) return st == ST_FULL ? ST_OK : st;
    w->has_kept = true;
    if (h != &w->kept) w->kept = *h;
    if (w->has_ahead && w->ahead.size <= w->kept.size) w->has_ahead = false;
    return ST_OK;
}

int witness_greeted(struct witness *w, struct store_txn *t, struct now now, struct slice worker, uint64_t incarnation)
{
    char name[OUTBOX_WORKER_SIZE + 32], hex[17], seen[64];
    uint8_t bytes[8];
    uint64_t known;
    if (!w->o.on) return ST_OK;
    witness_lost(w);
    memset(w->worker, 0, sizeof w->worker);
    memcpy(w->worker, worker.p, worker.n < sizeof w->worker ? worker.n : sizeof w->worker - 1);
    w->incarnation = incarnation;
    bytes_be64(bytes, incarnation);
    bytes_hex(bytes, sizeof bytes, hex);
    int n = snprintf(name, sizeof name, "rekap/%s/%s", w->worker, hex);
    int st = load(w, t, &known);
    if (st != ST_OK) return st;
    w->greeted = note_key_make(slice_of(name, (size_t)n), w->o.key, &w->log) == ST_OK;
    st = witness_restore_load(w, t);
    if (st != ST_OK || known == incarnation) return st;
    w->awaiting = w->o.restores;
    if (w->awaiting) return ST_OK;
    n = snprintf(seen, sizeof seen, "%s", name);
    return witness_accuse(w, t, now, WITNESS_INCARNATION, w->has_kept ? &w->kept : NULL, slice_of(seen, (size_t)n), 0);
}

/* ---- checkpoints ---- */

static bool head_read(const struct witness *w, struct slice note, struct witness_head *ret)
{
    struct note_checkpoint c;
    struct slice text;
    if (note.n > WITNESS_NOTE_MAX || note_open(note, &w->log, &w->o.verifier, &text) != ST_OK) return false;
    if (note_checkpoint_parse(text, &c) != ST_OK || c.size > MERKLE_SIZE_MAX) return false;
    if (c.origin.n != strlen(w->log.name) || memcmp(c.origin.p, w->log.name, c.origin.n) != 0) return false;
    head_set(ret, c.size, &c.root, note);
    return true;
}

static int on_ahead(struct witness *w, struct store_txn *t, struct now now, const struct witness_head *h)
{
    static const struct merkle_proof none;
    if (w->has_ahead && w->ahead.size == h->size && !sign_hash_equal(&w->ahead.root, &h->root))
        return witness_accuse(w, t, now, WITNESS_FORK, &w->ahead, note_of(h), h->size);
    if (w->kept.size == 0) {
        if (merkle_consistency_verify(0, &w->kept.root, h->size, &h->root, &none)) return take(w, t, now, h);
        return witness_accuse(w, t, now, WITNESS_FORK, &w->kept, note_of(h), h->size);
    }
    if (w->has_ahead && h->size <= w->ahead.size) return ST_OK;
    w->ahead = *h;
    w->has_ahead = true;
    return ST_OK;
}

/* Late, or rolled back? One that was kept itself answers by itself. */
static int on_behind(struct witness *w, struct store_txn *t, struct now now, const struct witness_head *h)
{
    struct witness_row row;
    struct witness_head older;
    int st = witness_row_of_size(t, w->worker, h->size, &row);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_OK && !sign_hash_equal(&row.root, &h->root)) {
        head_set(&older, row.size, &row.root, row.note);
        return witness_accuse(w, t, now, WITNESS_FORK, &older, note_of(h), h->size);
    }
    if (st == ST_OK && w->trusted) return ST_OK;        /* before that, it may be all that the worker has left */
    w->behind = *h;
    w->has_behind = true;
    return ST_OK;
}

int witness_checkpoint(struct witness *w, struct store_txn *t, struct now now, struct slice note)
{
    struct witness_head h;
    if (!w->o.on || !w->greeted || w->broken) return ST_OK;
    int st = freshen(w, t);
    if (st != ST_OK) return st;
    if (w->awaiting) {
        note.n = note.n < WITNESS_NOTE_MAX ? note.n : WITNESS_NOTE_MAX;
        return witness_accuse(w, t, now, WITNESS_INCARNATION, w->has_kept ? &w->kept : NULL, note, 0);
    }
    if (!head_read(w, note, &h)) {
        note.n = note.n < WITNESS_NOTE_MAX ? note.n : WITNESS_NOTE_MAX;
        return witness_accuse(w, t, now, WITNESS_UNSIGNED, w->has_kept ? &w->kept : NULL, note, 0);
    }
    if (!w->has_kept) return take(w, t, now, &h);
    if (h.size > w->kept.size) return on_ahead(w, t, now, &h);
    if (h.size < w->kept.size) return on_behind(w, t, now, &h);
    if (!sign_hash_equal(&h.root, &w->kept.root)) return witness_accuse(w, t, now, WITNESS_FORK, &w->kept, note, h.size);
    w->trusted = true;
    w->fault = WITNESS_FINE;
    return ST_OK;
}

/* ---- proofs ---- */

/* Hashes of an answer; a wrong number of bytes becomes a proof that is too long to be one. */
static void proof_read(struct slice s, struct merkle_proof *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->n = MERKLE_PROOF_MAX + 1;
    if (s.n % HASH_SIZE != 0 || s.n > sizeof ret->h) return;
    ret->n = (unsigned)(s.n / HASH_SIZE);
    memcpy(ret->h, s.p, s.n);
}

int witness_proof(struct witness *w, struct store_txn *t, struct now now, const struct field *f)
{
    struct merkle_proof proof;
    if (!w->asking || f[0].u != CONSISTENCY || f[1].u != w->older.size || f[2].u != w->newer.size) return ST_OK;
    int st = freshen(w, t);
    if (st != ST_OK) return st;
    proof_read(f[3].s, &proof);
    w->asking = false;
    bool backwards = w->has_kept && w->newer.size == w->kept.size;
    bool ok = proof.n <= MERKLE_PROOF_MAX &&
              merkle_consistency_verify(w->older.size, &w->older.root, w->newer.size, &w->newer.root, &proof);
    if (!ok && backwards) return witness_accuse(w, t, now, WITNESS_FORK, &w->newer, note_of(&w->older), w->older.size);
    if (!ok) return witness_accuse(w, t, now, WITNESS_FORK, &w->older, note_of(&w->newer), w->newer.size);
    if (!backwards) return take(w, t, now, &w->newer);
    w->has_behind = false;              /* it came late */
    return ST_OK;
}

int witness_denied(struct witness *w, struct store_txn *t, struct now now, uint64_t size)
{
    char text[64];
    if (!w->o.on || !w->greeted || w->broken || !w->has_kept) return ST_OK;
    int st = freshen(w, t);
    if (st != ST_OK) return st;
    const struct witness_head *signed_one = size <= w->kept.size ? &w->kept : &w->ahead;
    if (size == 0 || (signed_one == &w->ahead && (!w->has_ahead || size > w->ahead.size))) return ST_OK;
    if (w->has_behind) return witness_accuse(w, t, now, WITNESS_ROLLBACK, signed_one, note_of(&w->behind), w->behind.size);
    int n = snprintf(text, sizeof text, "NACK RIWAYAT_BEDA %llu", (unsigned long long)size);
    return witness_accuse(w, t, now, WITNESS_ROLLBACK, signed_one, slice_of(text, (size_t)n), 0);
}

static int send_question(struct witness *w, struct now now, peer_id worker, struct effects *x)
{
    const struct field f[] = { { .u = CONSISTENCY }, { .u = w->older.size }, { .u = w->newer.size } };
    struct buf b;
    if (!effects_room(x, 1, 1024)) return ST_OK;
    buf_init(&b, 1024);
    int st = codec_build(&b, MSG_PROVE, f) ? effects_send(x, worker, buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    w->asking = true;
    w->asks++;
    w->asked_at = now.mono;
    return st;
}

static int ask(struct witness *w, const struct witness_head *older, const struct witness_head *newer, struct now now,
               peer_id worker, struct effects *x)
{
    if (w->older.size != older->size || w->newer.size != newer->size) w->asks = 0;
    w->older = *older;
    w->newer = *newer;
    return send_question(w, now, worker, x);
}

static bool forwards_due(const struct witness *w, struct now now)
{
    return w->has_ahead && w->has_kept &&
           (!w->trusted || w->wanted > w->kept.size || now.mono.us - w->proven_at.us >= PAUSE_US);
}

/* Places that were asked for and not told are asked for again. */
static void expire_places(struct witness *w, struct now now)
{
    for (unsigned i = 0; i < WITNESS_ASKED_MAX; i++)
        if (w->asked[i].office && now.mono.us - w->asked[i].at.us >= PLACE_WAIT_US) {
            w->asked[i].office = 0;
            w->again = true;
        }
}

int witness_work(struct witness *w, struct store_txn *t, struct now now, peer_id worker, struct effects *x)
{
    if (!w->o.on || !w->greeted || w->broken) return ST_OK;
    int st = freshen(w, t);
    if (st != ST_OK) return st;
    expire_places(w, now);
    if (w->asking && now.mono.us - w->asked_at.us < RETRY_US) return ST_OK;
    bool backwards = w->has_behind && w->has_kept;
    if (w->asking && backwards && w->asks >= ASKS_MAX)
        return witness_accuse(w, t, now, WITNESS_ROLLBACK, &w->kept, note_of(&w->behind), w->behind.size);
    w->asking = false;
    if (backwards) return ask(w, &w->behind, &w->kept, now, worker, x);
    return forwards_due(w, now) ? ask(w, &w->kept, &w->ahead, now, worker, x) : ST_OK;
}

struct mono witness_next_deadline(const struct witness *w)
{
    struct mono d = { INT64_MAX };
    if (!w->o.on || !w->greeted || w->broken) return d;
    if (w->asking) d.us = w->asked_at.us + RETRY_US;
    else if (w->has_behind && w->has_kept) d.us = 0;
    else if (w->has_ahead && w->has_kept) d.us = w->trusted && w->wanted <= w->kept.size ? w->proven_at.us + PAUSE_US : 0;
    for (unsigned i = 0; i < WITNESS_ASKED_MAX; i++)
        if (w->asked[i].office && w->asked[i].at.us + PLACE_WAIT_US < d.us) d.us = w->asked[i].at.us + PLACE_WAIT_US;
    return d;
}
