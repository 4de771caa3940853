/* sim_audit.c - the auditor at the workers: every record as it is committed, every word as it leaves. Kind: P.
 *
 * After each commit the new records are read as a stranger would: hash chain, whose key signed, what follows what, what each row
 * says against the model of what was stated (sim_story.c), and the disposition of each row against the register as this very log
 * has it. So a batch after a line that revokes its office is found by its position, whatever was connected when (P3, P6, P13).
 *
 * What a worker says is held against what was read: an ACK, an OPEN_OK or a record sent to a follower must stand in the log by
 * then (P1, P2, P8), and no honest collector is accused.
 *
 * Invariant: log->lsn records have been read and found right; the store never has fewer. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LLU(x) ((unsigned long long)(x))

/* ---- the register as the log has it ---- */

static void take_line(struct sim *s, struct sim_log *l, struct slice content)
{
    struct office o;
    char err[256];
    const uint8_t *tab = memchr(content.p, '\t', content.n);
    uint64_t version = 0;
    for (const uint8_t *p = content.p; tab && p < tab; p++) version = 10 * version + (uint64_t)(*p - '0');
    size_t skip = tab ? (size_t)(tab - content.p) + 1 : content.n;
    int st = registry_line_parse(slice_of(content.p + skip, content.n - skip), &o, err, sizeof err);
    unsigned i = st == ST_OK ? sim_office_of(s, sim_text(o.id)) : SIM_OFFICES;
    bool centre = st == ST_OK && sim_cut_is_centre(&o);
    if ((i == SIM_OFFICES && !centre) || version != ++l->registry) {
        sim_wrong(s, "a line of the register in the log is none, or out of order");
        return;
    }
    if (centre) return;
    struct sim_voice *v = &l->voice[i];
    if (o.status != OFFICE_ACTIVE || !v->active) v->keys = 0;
    v->known = true;
    v->active = o.status == OFFICE_ACTIVE;
    v->version = version;
    v->role = o.role;
    v->region = o.region;
    if (!v->active || (v->keys && !memcmp(v->key[v->keys - 1], o.signing, PUBKEY_SIZE))) return;
    if (v->keys == 8) memmove(v->key[0], v->key[1], --v->keys * sizeof v->key[0]);
    memcpy(v->key[v->keys++], o.signing, PUBKEY_SIZE);
}

static bool signed_by(struct sim *s, const struct sim_voice *v, const struct batch *b)
{
    const struct verifier verify = sim_key_verifier(s);
    for (unsigned i = 0; i < v->keys; i++)
        if (sign_key_id(v->key[i]) == b->h.key_id) return verify.verify(verify.ctx, v->key[i], b->header, b->signature.p);
    return false;
}

static unsigned expected_code(struct sim *s, const struct sim_log *l, const struct sim_voice *speaker, const struct section *c,
                              unsigned measure)
{
    unsigned i = sim_office_of(s, c->office);
    const struct sim_voice *subject = i < SIM_OFFICES ? &l->voice[i] : NULL;
    if (c->source != SOURCE_BUD) return subject == speaker ? CODE_OK : CODE_UNAUTHORISED;
    if (speaker->role != ROLE_TREASURER || !subject || !subject->known || measure != MEASURE_REALISED) return CODE_UNAUTHORISED;
    bool city = (speaker->region & 0xffff) != 0;
    bool inside = city ? subject->region == speaker->region
                       : !speaker->region || (subject->region & 0xffff0000u) == speaker->region;
    return inside ? CODE_OK : CODE_UNAUTHORISED;
}

/* ---- a batch ---- */

static struct sim_seat *seat_of(struct sim *s, const struct sim_story *y)
{
    for (unsigned i = 0; i < sim_collectors(s); i++)
        for (unsigned k = 0; k < sim_collector(s, i)->desk.seats; k++)
            if (sim_collector(s, i)->desk.seat[k].story == y) return &sim_collector(s, i)->desk.seat[k];
    return NULL;
}

static bool tells(struct sim *s, struct sim_story *y, uint64_t first, const uint64_t *print, uint32_t count)
{
    struct sim_seat *seat = y->rows < first - 1 + count ? seat_of(s, y) : NULL;
    if (seat) sim_story_apply(seat, seat->files, first - 1 + count);
    return y->rows >= first - 1 + count && !memcmp(y->row + first - 1, print, count * sizeof *print);
}

static void check_rows(struct sim *s, struct sim_log *l, unsigned office, const struct record *rec, const struct batch *b)
{
    static uint64_t print[BATCH_UPDATES_MAX];
    struct body_reader r;
    struct body_row row;
    struct disposition_reader d;
    uint32_t n = 0;
    uint64_t key;
    codec_dispositions_open(rec->dispositions, &d);
    if (codec_body_open(b->body, &r) != ST_OK || r.rows != b->h.count) {
        sim_wrong(s, "lsn %llu: a body does not parse", LLU(rec->lsn));
        return;
    }
    for (; codec_body_next(&r, &row) == ST_OK; n++) {
        unsigned code = codec_dispositions_at(&d, n);
        l->voice[office].refused += code != CODE_OK;
        print[n] = sim_print(sim_office_of(s, row.section.office), &row.section, &row.figure, &key);
        if (code != expected_code(s, l, &l->voice[office], &row.section, row.figure.measure))
            sim_wrong(s, "lsn %llu: row %u has the disposition %u", LLU(rec->lsn), n, code);
    }
    for (size_t i = 0; i < s->stories; i++)
        if (s->story[i]->office == office && s->story[i]->epoch == b->h.epoch && tells(s, s->story[i], b->h.sequence, print, n))
            return;
    sim_wrong(s, "lsn %llu: %s never stated this as %llu..%llu", LLU(rec->lsn), s->office[office].id, LLU(b->h.sequence),
              LLU(b->h.sequence + b->h.count - 1));
}

static void new_epoch(struct sim *s, struct sim_voice *v, const struct batch *b)
{
    for (unsigned i = 0; i < v->closes; i++)
        if (v->closed[i] == b->h.epoch) sim_wrong(s, "an epoch that was closed goes on");
    if (v->epoch && v->closes < 8) v->closed[v->closes++] = v->epoch;
    v->epoch = b->h.epoch;
    v->last = v->refused = 0;
    v->head = (struct hash){ { 0 } };
    v->ends = 0;
}

static void take_end(struct sim_voice *v, const struct batch *b)
{
    v->last += b->h.count;
    v->head = b->hash;
    if (v->ends == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 64;
        v->end = realloc(v->end, v->cap * sizeof *v->end);
        ASSERT(v->end != NULL);
    }
    v->end[v->ends++] = (struct sim_end){ v->last, v->head };
}

/* A deposed leader is fed only by offices whose witness has not met the log that stands. */
static void note_deposed(struct sim *s, const struct sim_log *l, unsigned office)
{
    unsigned worker = s->office[office].worker, collector = s->office[office].home - 1 - s->o.workers;
    const struct sim_copy *c = &s->copy[worker];
    if (!c->masked || l != &s->log[worker]) return;
    s->cover.seen[SIM_SEEN_DEPOSED_TAKES]++;
    if (c->took >> collector & 1) sim_wrong(s, "%s sends to a deposed worker, and its witness knows better", s->office[office].id);
}

static void take_batch(struct sim *s, struct sim_log *l, const struct record *rec, unsigned *touched)
{
    struct batch b;
    unsigned i = codec_batch_parse(rec->content, &b) == ST_OK ? sim_office_of(s, b.h.office) : SIM_OFFICES;
    if (i == SIM_OFFICES) {
        sim_wrong(s, "lsn %llu is no batch of an office", LLU(rec->lsn));
        return;
    }
    struct sim_voice *v = &l->voice[i];
    if (!v->active) sim_wrong(s, "lsn %llu: %s speaks and is %s", LLU(rec->lsn), s->office[i].id, v->known ? "revoked" : "unknown");
    else if (!signed_by(s, v, &b)) sim_wrong(s, "lsn %llu is not signed by a key of %s", LLU(rec->lsn), s->office[i].id);
    if (b.h.epoch != v->epoch) new_epoch(s, v, &b);
    if (b.h.sequence != v->last + 1 || !sign_hash_equal(&b.h.previous, &v->head))
        sim_wrong(s, "lsn %llu: %s says %llu after %llu, or not after that", LLU(rec->lsn), s->office[i].id, LLU(b.h.sequence),
                  LLU(v->last));
    note_deposed(s, l, i);
    if (s->why[0]) return;
    check_rows(s, l, i, rec, &b);
    take_end(v, &b);
    l->rows += b.h.count;
    *touched |= 1u << i;
}

/* ---- the log ---- */

static void take_record(struct sim *s, struct sim_log *l, struct slice bytes, unsigned *touched)
{
    struct record rec;
    if (codec_record_parse(bytes, &rec) != ST_OK || rec.lsn != l->lsn + 1 || !sign_hash_equal(&rec.previous, &l->hash[l->lsn])) {
        sim_wrong(s, "the chain of the log breaks after lsn %llu", LLU(l->lsn));
        return;
    }
    if (rec.at.ms < l->at_ms) sim_wrong(s, "lsn %llu is older than the record before it", LLU(rec.lsn));
    l->at_ms = rec.at.ms;
    if (rec.kind == RECORD_BATCH) take_batch(s, l, &rec, touched);
    else if (rec.kind == RECORD_OFFICE) take_line(s, l, rec.content);
    else if (rec.kind == RECORD_CUT) sim_cut_audit(s, l, &rec);
    else if (!s->restored) sim_wrong(s, "lsn %llu is a restore record of no restore", LLU(rec.lsn));
    if (l->lsn + 2 > l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->hash = realloc(l->hash, l->cap * sizeof *l->hash);
        ASSERT(l->hash != NULL);
    }
    l->hash[l->lsn + 1] = sign_hash2(l->hash[l->lsn].b, HASH_SIZE, bytes.p, bytes.n);
    l->lsn++;
}

/* The stream's row says what the log says (P2: in one transaction). */
static void check_stream(struct sim *s, const struct sim_voice *v, unsigned office, struct store_txn *t)
{
    struct slice row;
    uint8_t key[OFFICE_ID_MAX + 5] = { 0 };
    size_t n = strlen(s->office[office].id);
    memcpy(key, s->office[office].id, n);
    int st = store_get(t, LEDGER_STREAM, slice_of(key, n + 5), &row);
    if (st == ST_NOT_FOUND && !v->epoch) return;
    bool right = st == ST_OK && row.n >= 24 + HASH_SIZE;
    if (right && bytes_rd64(row.p) == v->epoch)
        right = bytes_rd64(row.p + 8) == v->last && !memcmp(row.p + 24, v->head.b, HASH_SIZE);
    else if (right) right = bytes_rd64(row.p + 8) == 0; /* granted, and nothing said yet */
    if (!right) sim_wrong(s, "%s: the watermark is not what the log holds", s->office[office].id);
}

static void read_log(struct sim *s, struct sim_node *n, struct store_txn *t)
{
    struct sim_log *l = &s->log[n->index];
    struct slice row, bytes;
    unsigned touched = 0;
    uint8_t key[8];
    int st = store_get(t, LEDGER_META, sim_text("log"), &row);
    if (!l->cap) {
        l->cap = 256;
        l->hash = calloc(l->cap, sizeof *l->hash);
        ASSERT(l->hash != NULL);
    }
    const uint64_t lsn = st == ST_OK ? bytes_rd64(row.p) : 0;
    struct hash hash = { { 0 } };
    if (st == ST_OK) memcpy(hash.b, row.p + 8, HASH_SIZE);
    if (lsn < l->lsn) sim_wrong(s, "worker %u: the log went back from %llu to %llu", n->index, LLU(l->lsn), LLU(lsn));
    while (l->lsn < lsn && !s->why[0]) {
        bytes_be64(key, l->lsn + 1);
        st = store_get(t, LEDGER_LOG, slice_of(key, 8), &bytes);
        if (st == ST_OK) take_record(s, l, bytes, &touched);
        else sim_wrong(s, "worker %u: lsn %llu is missing", n->index, LLU(l->lsn + 1));
    }
    if (!s->why[0] && !sign_hash_equal(&hash, &l->hash[lsn])) sim_wrong(s, "worker %u: the log's hash is not its own", n->index);
    for (unsigned i = 0; touched && i < SIM_OFFICES; i++)
        if (touched >> i & 1) check_stream(s, &l->voice[i], i, t);
}

void sim_audit_worker(struct sim *s, struct sim_node *n)
{
    struct store_txn *t = NULL;
    if (store_begin(n->store, false, &t) != ST_OK) return;
    read_log(s, n, t);
    store_abort(&t);
    sim_follow_believed(s, n);
}

void sim_audit_log_forget(struct sim_log *l)
{
    for (unsigned i = 0; i < SIM_OFFICES; i++) free(l->voice[i].end);
    free(l->hash);
    *l = (struct sim_log){ 0 };
}

/* ---- what a worker says ---- */

/* Does the log have a batch of that epoch that ends at seq? */
static bool stands(const struct sim_voice *v, uint64_t epoch, uint64_t seq, struct slice hash)
{
    size_t lo = 0, hi = v->ends;
    if (v->epoch != epoch) return seq == 0;
    if (seq == 0) return true;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (v->end[mid].seq < seq) lo = mid + 1;
        else hi = mid;
    }
    return lo < v->ends && v->end[lo].seq == seq && !memcmp(v->end[lo].hash.b, hash.p, HASH_SIZE);
}

static void said_ack(struct sim *s, unsigned worker, const struct field *f)
{
    const struct sim_log *l = &s->log[worker];
    unsigned i = sim_office_of(s, f[0].s);
    if (i == SIM_OFFICES || !stands(&l->voice[i], f[2].u, f[3].u, f[4].s) || f[5].u > l->lsn) {
        sim_wrong(s, "an ACK of %llu leaves before its commit, or names what is not there", LLU(f[3].u));
        return;
    }
    if (f[6].u == 2) sim_follow_archived(s, worker, f[5].u);
    for (size_t k = 0; k < s->stories; k++) {
        struct sim_story *y = s->story[k];
        if (y->office != i || y->epoch != f[2].u || s->copy[worker].masked) continue; /* of the log that stands */
        if (f[3].u > y->acked) y->acked = f[3].u;
        if (f[6].u == 2 && f[3].u > y->archived) y->archived = f[3].u;
    }
}

static void said_open(struct sim *s, struct sim_log *l, const struct field *f)
{
    unsigned i = sim_office_of(s, f[0].s);
    if (i == SIM_OFFICES || !stands(&l->voice[i], f[2].u, f[3].u, f[4].s))
        sim_wrong(s, "an OPEN_OK names the watermark %llu, and the log has no such end", LLU(f[3].u));
}

static bool doubtful(const struct sim *s, unsigned office)
{
    return office < SIM_OFFICES && s->node[s->office[office].home].desk.doubtful;
}

static void said_nack(struct sim *s, const struct field *f)
{
    unsigned code = (unsigned)f[4].u, i = sim_office_of(s, f[0].s);
    if (code < SIM_COVER_CODES) s->cover.nack[code]++;
    sim_trace(s, "NACK %.*s %s, seen: %.*s, expected: %.*s", (int)f[0].s.n, (const char *)f[0].s.p, status_code_spelling(code),
              (int)f[5].s.n, (const char *)f[5].s.p, (int)f[6].s.n, (const char *)f[6].s.p);
    bool accused = code == CODE_CONFLICT || code == CODE_STALE || code == CODE_DIFFERENT_HISTORY || code == CODE_BAD_CHAIN;
    if (code == CODE_BAD_SIGNATURE) accused = i == SIM_OFFICES || !(s->office[i].rotated || s->office[i].revoked);
    if (code == CODE_CONFLICT && f[0].s.n == 0) return;         /* a second request by one invitation */
    if (!accused || s->restored || doubtful(s, i)) return;
    if (f[0].s.n == 0 && code == CODE_DIFFERENT_HISTORY && s->o.profile == SIM_COPIES) return;   /* a witness of another branch */
    sim_wrong(s, "a worker accuses %.*s of %s", (int)f[0].s.n, (const char *)f[0].s.p, status_code_spelling(code));
}

static void said_records(struct sim *s, const struct sim_log *l, const struct field *f)
{
    struct rd r = rd_of(f[3].s);
    uint64_t last = f[0].u + codec_get_array(&r) - 1;
    if (last > l->lsn || f[2].u > l->lsn || memcmp(l->hash[last].b, f[1].s.p, HASH_SIZE) != 0)
        sim_wrong(s, "records up to %llu go to a follower, and the log is at %llu", LLU(last), LLU(l->lsn));
}

static void said_idle(struct sim *s, const struct sim_log *l, const struct field *f)
{
    if (f[0].u > l->lsn || memcmp(l->hash[f[0].u].b, f[1].s.p, HASH_SIZE) != 0) sim_wrong(s, "IDLE at what is not the log");
}

void sim_audit_said(struct sim *s, struct sim_node *n, struct slice bytes)
{
    struct sim_log *l = &s->log[n->index];
    struct frame fr;
    struct field f[FIELDS_MAX];
    unsigned code;
    if (bytes.n < 6) return;
    if (bytes.p[5] != MSG_ACK && bytes.p[5] != MSG_NACK && bytes.p[5] != MSG_OPEN_OK && bytes.p[5] != MSG_RECORDS &&
        bytes.p[5] != MSG_IDLE)
        return;
    if (codec_frame_parse(bytes, &fr, &code) != ST_OK || codec_fields(&fr, f) != ST_OK) {
        sim_wrong(s, "a worker sends what does not parse");
        return;
    }
    if (fr.type == MSG_ACK) said_ack(s, n->index, f);
    else if (fr.type == MSG_OPEN_OK) said_open(s, l, f);
    else if (fr.type == MSG_NACK) said_nack(s, f);
    else if (fr.type == MSG_RECORDS) said_records(s, l, f);
    else said_idle(s, l, f);
}
