/* session_batch.c - from a BATCH to a log record and its share of an ACK. Kind: P.
 *
 * Design notes: the checks run in the order of docs/PROTOCOL.md, authenticity before content: who speaks and may they, is it signed
 * by them, is it the next piece of their stream; only then what it says. Up to there a batch is refused by a NACK and leaves no
 * trace; after it, it is logged whatever it says, so that a stream never blocks on content (P13).
 *
 * A repeated batch is answered as the first time, dispositions included: its ACK may have been lost, and the log still knows them.
 * So an ACK names the last batch it speaks of, not the watermark, and where its list begins: batches that do not follow each
 * other get an ACK each, and who misses one sees the hole.
 * A gap is complained of once per stream and step: what follows it in the pipe would only repeat the complaint.
 *
 * Per update nothing is allocated and nothing is looked up: authority is asked per section, one comparison per row is left.
 *
 * Invariant: a stream is in the touched list exactly when it is owed an ACK, and then its watermark is in this transaction. */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "worker/authority.h"

/* Room an ACK has for [sequence, code] pairs, and the most one pair takes (array, u64, u16). */
enum { PAIRS_BYTES_MAX = 64 * BATCH_UPDATES_MAX - 64, PAIR_BYTES = 1 + 9 + 3 };
_Static_assert(PAIR_BYTES * BATCH_UPDATES_MAX <= PAIRS_BYTES_MAX, "the dispositions of one batch fit one ACK");
_Static_assert((1 + 3 + 3) * BATCH_UPDATES_MAX + BATCH_BYTES_MAX + 512 <= RECORD_BYTES_MAX,
               "a record holds a disposition for every update");

/* ---- acknowledging ---- */

static int send_ack(struct sessions *w, const struct session_step *s, struct stream *t)
{
    struct buf *pairs = &w->scratch;
    bool whole = buf_ok(&t->refused);

    buf_clear(pairs);
    codec_put_array(pairs, t->refused_count);
    buf_put(pairs, t->refused.p, t->refused.n);
    t->refused_count = 0;
    buf_clear(&t->refused);
    if (!whole || !buf_ok(pairs)) return ST_NO_MEMORY;
    const struct field fields[] = { { .s = slice_of(t->office, strlen(t->office)) },
                                    { .u = t->number },
                                    { .u = t->epoch },
                                    { .u = t->ack_to },
                                    { .s = { t->ack_hash.b, HASH_SIZE } },
                                    { .u = t->ack_lsn },
                                    { .u = 1 /* durable */ },
                                    { .s = buf_slice(pairs) },
                                    { .u = t->ack_from } };
    struct session *se = session_find(w, t->owner);

    if (se != NULL) se->checkpoint_due = true;
    return session_reply(w, s, t->owner, MSG_ACK, fields);
}

int session_acks(struct sessions *w, const struct session_step *s)
{
    int st = ST_OK;

    while (st == ST_OK && w->touched != NULL) {
        struct stream *t = w->touched;

        w->touched = t->next_touched;
        t->touched = false;
        st = send_ack(w, s, t);
    }
    return st;
}

/* The stream is owed an ACK whose list goes on at `first` and can still take `pairs` more; what does not fit that leaves before. */
static int owe(struct sessions *w, const struct session_step *s, struct stream *t, uint64_t first, uint32_t pairs)
{
    bool full = t->refused.n + (size_t)pairs * PAIR_BYTES > PAIRS_BYTES_MAX;
    int st = t->touched && (full || first != t->ack_to + 1) ? send_ack(w, s, t) : ST_OK;

    if (st != ST_OK) return st;
    if (!t->touched || full || first != t->ack_to + 1) t->ack_from = first - 1;
    if (t->touched) return ST_OK;
    t->touched = true;
    t->next_touched = w->touched;
    w->touched = t;
    return ST_OK;
}

/* The ACK owed speaks of this batch too. */
static void owed_up_to(struct stream *t, uint64_t last, const struct hash *hash, uint64_t lsn)
{
    t->ack_to = last;
    t->ack_hash = *hash;
    t->ack_lsn = lsn;
}

static void pair_put(struct stream *t, uint64_t sequence, unsigned code)
{
    codec_put_array(&t->refused, 2);
    codec_put_uint(&t->refused, sequence);
    codec_put_uint(&t->refused, code);
    t->refused_count++;
}

/* ---- a batch that the log already has ---- */

static int acknowledge_again(struct sessions *w, const struct session_step *s, struct stream *t, const struct ledger_entry *e)
{
    struct disposition_reader d;
    struct slice bytes;
    struct record r;
    uint64_t last = e->first + e->count - 1;
    int st = ledger_record(s->t, e->lsn, &bytes);

    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    if (codec_record_parse(bytes, &r) != ST_OK) return ST_CORRUPT;
    w->n.duplicates++;
    if (t->touched && e->first > t->ack_from && last <= t->ack_to) return ST_OK;        /* twice in one step */
    st = owe(w, s, t, e->first, e->count);
    if (st != ST_OK) return st;
    codec_dispositions_open(r.dispositions, &d);
    while (d.next_index != UINT32_MAX) {
        uint32_t index = d.next_index;

        pair_put(t, e->first + index, d.next_code);
        (void)codec_dispositions_at(&d, index + 1);
    }
    owed_up_to(t, last, &e->hash, e->lsn);
    return buf_ok(&t->refused) ? ST_OK : ST_NO_MEMORY;
}

static int on_repeated(struct sessions *w, const struct session_step *s, struct session *se, struct stream *t,
                       const struct batch *b, struct session_complaint *c)
{
    struct ledger_entry e;
    int st = ledger_batch_at(s->t, t, b->h.sequence, &e);

    if (st == ST_OK && e.count == b->h.count && sign_hash_equal(&e.hash, &b->hash)) return acknowledge_again(w, s, t, &e);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    c->code = CODE_CONFLICT;
    snprintf(c->expected, sizeof c->expected, "kiriman yang sama seperti di lsn %llu",
             (unsigned long long)(st == ST_OK ? e.lsn : t->lsn));
    return session_nack(w, s, se, c);
}

/* ---- what a new batch says ---- */

static uint32_t all_broken(uint16_t *codes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) codes[i] = CODE_BAD_FORMAT;
    return count;
}

/* Fills codes for the batch's updates and returns how many are not CODE_OK. */
static uint32_t judge(const struct sessions *w, const struct batch *b, const struct office *speaker, uint16_t *codes)
{
    struct authority a = { CODE_UNAUTHORISED, false };
    const uint8_t *section = NULL;
    struct body_reader r;
    struct figure figure;
    unsigned code;
    uint32_t refused = 0, i = 0;
    int st = codec_body_stream(b->body, &r);

    for (; st == ST_OK && (st = codec_body_figure(&r, &figure, &code)) == ST_OK && i < b->h.count; i++) {
        if (r.section.office.p != section) {            /* every section has bytes of its own */
            section = r.section.office.p;
            a = authority_section(w->registry, speaker, &r.section);
        }
        codes[i] = (uint16_t)(code != CODE_OK ? code : authority_row(a, figure.measure));
        refused += codes[i] != CODE_OK;
    }
    return st == ST_NOT_FOUND && i == b->h.count ? refused : all_broken(codes, b->h.count);
}

static int put_dispositions(struct sessions *w, struct stream *t, const struct batch *b, uint32_t refused)
{
    buf_clear(&w->scratch);
    codec_put_array(&w->scratch, refused);
    for (uint32_t i = 0; refused > 0 && i < b->h.count; i++) {
        if (w->codes[i] == CODE_OK) continue;
        codec_put_array(&w->scratch, 2);
        codec_put_uint(&w->scratch, i);
        codec_put_uint(&w->scratch, w->codes[i]);
        pair_put(t, b->h.sequence + i, w->codes[i]);
    }
    return buf_ok(&w->scratch) && buf_ok(&t->refused) ? ST_OK : ST_NO_MEMORY;
}

static int on_new(struct sessions *w, const struct session_step *s, struct stream *t, const struct batch *b, struct slice payload,
                  const struct office *speaker)
{
    uint32_t refused = judge(w, b, speaker, w->codes);
    int st = owe(w, s, t, b->h.sequence, refused);

    if (st == ST_OK) st = put_dispositions(w, t, b, refused);
    if (st == ST_OK) st = ledger_append_batch(w->ledger, s->t, s->now.wall, t, b, payload, buf_slice(&w->scratch));
    if (st != ST_OK) return st;
    owed_up_to(t, t->watermark, &t->head, t->lsn);
    w->n.batches++;
    w->n.updates += b->h.count;
    w->n.refused += refused;
    return ST_OK;
}

/* ---- the checks before content ---- */

static bool over_credit(struct session *se, struct slice payload)
{
    /* twice the grant: a peer that starts again from the watermark sends what is still in the pipe once more */
    se->step_batches++;
    se->step_bytes += payload.n;
    return se->step_batches > 2 * CREDIT_BATCHES || se->step_bytes > 2 * (uint64_t)CREDIT_BYTES;
}

static unsigned check_signature(const struct sessions *w, const struct session_step *s, const struct batch *b,
                                const struct office *speaker, struct session_complaint *c)
{
    const struct office *line = registry_signing(w->registry, speaker, b->h.key_id, s->now.wall);

    if (line == NULL) {
        uint64_t id = sign_key_id(speaker->signing);

        snprintf(c->seen, sizeof c->seen, "kunci %016llx", (unsigned long long)b->h.key_id);
        snprintf(c->expected, sizeof c->expected, "kunci %016llx", (unsigned long long)id);
        return CODE_BAD_SIGNATURE;
    }
    return w->verifier.verify(w->verifier.ctx, line->signing, b->header, b->signature.p) ? CODE_OK : CODE_BAD_SIGNATURE;
}

/* Who speaks, and may they. Sizes and shape of header and signature are codec_batch_parse's matter. */
static unsigned check_speaker(const struct sessions *w, const struct session_step *s, const struct session *se,
                              const struct batch *b, const struct office **ret)
{
    unsigned code = authority_speaker(w->registry, b->h.office, se->key, s->now.wall, ret);

    return code == CODE_OK && w->step == w->full_step ? (unsigned)CODE_STORE_FULL : code;
}

/* Is it the next piece of the stream? CODE_DUPLICATE: the log has sequences of it already. */
static unsigned check_order(const struct stream *t, const struct batch *b, struct session_complaint *c)
{
    if (b->h.epoch != t->epoch) {
        snprintf(c->expected, sizeof c->expected, "epoch %llu", (unsigned long long)t->epoch);
        return CODE_STALE;
    }
    if (b->h.sequence <= t->watermark) return CODE_DUPLICATE;
    snprintf(c->expected, sizeof c->expected, "urut %llu", (unsigned long long)(t->watermark + 1));
    if (b->h.sequence > t->watermark + 1) return CODE_GAP;
    return sign_hash_equal(&b->h.previous, &t->head) ? CODE_OK : CODE_BAD_CHAIN;
}

/* The stream if this very peer has it open, else NULL. */
static int opened(const struct sessions *w, const struct session_step *s, const struct session *se, const struct batch *b,
                  struct stream **ret)
{
    int st;

    *ret = NULL;
    if (!registry_id_ok(b->h.office) || b->h.stream >= STREAMS_PER_OFFICE) return ST_OK;
    st = ledger_stream(w->ledger, s->t, b->h.office, b->h.stream, ret);
    if (st == ST_OK && (*ret)->owner != se->peer) *ret = NULL;
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int refuse(struct sessions *w, const struct session_step *s, struct session *se, struct stream *t,
                  struct session_complaint *c, const struct batch *b)
{
    if (c->code == CODE_GAP && t->gap_step == w->step) return ST_OK;
    if (c->code == CODE_GAP) t->gap_step = w->step;
    if (c->seen[0] == '\0')
        snprintf(c->seen, sizeof c->seen, "epoch %llu, urut %llu", (unsigned long long)b->h.epoch,
                 (unsigned long long)b->h.sequence);
    return session_nack(w, s, se, c);
}

/* Does the log hold this very batch? Then its signature was verified when it came, whatever became of its key since: its office is
 * told so, or it would never learn what became of it. The hash covers header, signature and, by the header, the body. */
static int logged(const struct session_step *s, const struct stream *t, const struct batch *b, struct ledger_entry *ret,
                  bool *ret_yes)
{
    int st = ST_NOT_FOUND;

    if (b->h.epoch == t->epoch && b->h.sequence <= t->watermark) st = ledger_batch_at(s->t, t, b->h.sequence, ret);
    *ret_yes = st == ST_OK && ret->count == b->h.count && sign_hash_equal(&ret->hash, &b->hash);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int session_batch(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct session_complaint c = { .code = CODE_BAD_FORMAT, .expected = "kiriman yang utuh" };
    const struct office *speaker = NULL;
    struct stream *t = NULL;
    struct ledger_entry e;
    struct batch b;
    bool known = false;
    int st;

    if (session_is_elsewhere(w, s, se, "BATCH", &st)) return st;
    if (codec_batch_parse(f->payload, &b) != ST_OK) return session_nack(w, s, se, &c);
    c = (struct session_complaint){ .stream = b.h.stream, .epoch = b.h.epoch, .sequence = b.h.sequence };
    if (registry_id_ok(b.h.office)) c.office = b.h.office;
    st = opened(w, s, se, &b, &t);
    if (st != ST_OK) return st;
    if (over_credit(se, f->payload)) c.code = CODE_OVER_CREDIT;
    else if (t == NULL) {
        c.code = CODE_BUSY;
        snprintf(c.expected, sizeof c.expected, "OPEN");
    } else c.code = check_speaker(w, s, se, &b, &speaker);
    if (c.code == CODE_OK) st = logged(s, t, &b, &e, &known);
    if (st != ST_OK) return st;
    if (known) return acknowledge_again(w, s, t, &e);
    if (c.code == CODE_OK) c.code = check_signature(w, s, &b, speaker, &c);
    if (c.code == CODE_OK) c.code = check_order(t, &b, &c);
    if (c.code == CODE_DUPLICATE) return on_repeated(w, s, se, t, &b, &c);
    if (c.code == CODE_OK && !session_disk_room(w, speaker, s->now.mono, f->payload.n)) {
        c.code = CODE_OVER_CREDIT;
        snprintf(c.expected, sizeof c.expected, "paling banyak %d MiB sehari", OFFICE_DAY_BYTES >> 20);
    }
    return c.code == CODE_OK ? on_new(w, s, t, &b, f->payload, speaker) : refuse(w, s, se, t, &c, &b);
}
