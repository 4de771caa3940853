/* sim_cut.c - the centre that consolidates quarters: it asks every worker for the mark in its log, again and again. Kind: P.
 *
 * The centre of province 33 is in the register from the start; it is no office that states figures. Now and then somebody there
 * cuts a quarter: a note (proto/cut.h) that names the register of that moment, asked for at each worker until it is told where the
 * mark stands. The same quarter is asked for again by others, with notes of their own, and all of it once more when the faults end:
 * a restored log may lack a mark. One region in four is not the centre's.
 *
 * Checked: a mark in a log was asked for, byte by byte, by the centre, about a region of its own; it stands behind the register
 * that its note names; a log has one of each quarter and version; whoever asks is told that one, whichever note he holds, with the
 * hash of the log there; at the end each log has them all.
 *
 * Invariant: log->cut[k] is where quarter k is marked in that log, 0 if it is not. */
#include <string.h>

#include "tests/sim/sim.h"

#define LLU(x) ((unsigned long long)(x))
static const char CENTRE[] = "pusat-33";
static const int64_t SECOND = 1000000;
enum { YEAR = 2022, VERSIONS = 2, DECIDE_S = 30 };

/* ---- the centre ---- */

bool sim_cut_is_centre(const struct office *o) { return strcmp(o->id, CENTRE) == 0; }

void sim_cut_line(struct sim *s, struct office *ret)
{
    *ret = (struct office){ .role = ROLE_CENTRE, .status = OFFICE_ACTIVE, .valid_from = { INT64_MIN }, .valid_to = { INT64_MAX } };
    memcpy(ret->id, CENTRE, sizeof CENTRE);
    memcpy(ret->name, CENTRE, sizeof CENTRE);
    ret->region = sim_operator_region(SIM_REGIONS - 1);
    sim_key_public(s, "pusat-33.t", 0, ret->transport);
    sim_key_public(s, CENTRE, 0, ret->signing);
}

static bool is_its_own(const struct cut *c) { return code_region_holds(sim_operator_region(SIM_REGIONS - 1), c->region); }

static int sign(void *ctx, struct slice text, uint8_t ret[SIG_SIZE]) { return sim_key_sign(ctx, CENTRE, 0, text, ret); }

/* ---- asking ---- */

static unsigned find(const struct sim *s, const struct cut *c)
{
    unsigned k = 0;
    while (k < s->cuts.n && (s->cuts.v[k].region != c->region || s->cuts.v[k].quarter != c->quarter ||
                             s->cuts.v[k].year != c->year || s->cuts.v[k].version != c->version))
        k++;
    return k;
}

static void ask_later(struct sim *s, unsigned worker, unsigned k, unsigned note, int64_t in_us)
{
    sim_put(s, (struct sim_event){ .at = s->us + in_us, .kind = SIM_EV_ASK, .what = (uint16_t)worker, .n = 0, .way = (uint8_t)note,
                                   .id = k });
}

static void ask_all(struct sim *s, unsigned k, unsigned note)
{
    for (unsigned w = 0; w < s->o.workers; w++) ask_later(s, w, k, note, (int64_t)sim_below(s, 3 * 1000000));
}

/* Somebody's note about a quarter that was asked for before, or not. */
static void write_note(struct sim *s, unsigned k)
{
    struct sim_cut *v = &s->cuts.v[k];
    const struct registry *newest = s->registries.v[s->registries.n - 1];
    struct cut c = { .region = v->region, .year = v->year, .quarter = v->quarter, .version = v->version,
                     .registry = registry_version(newest), .at = { SIM_START_MS * INT64_C(1000) + s->us / 1000 } };
    uint8_t pub[PUBKEY_SIZE];
    struct buf b;
    memcpy(c.actor, CENTRE, sizeof CENTRE);
    sim_key_public(s, CENTRE, 0, pub);
    c.key_id = sign_key_id(pub);
    buf_over(&b, v->note[v->notes], CUT_NOTE_MAX);
    int st = cut_put(&c, pub, sign, s, &b);
    ASSERT(st == ST_OK && buf_ok(&b));
    v->size[v->notes] = (uint32_t)b.n;
    v->registry[v->notes++] = c.registry;
}

void sim_cut_decide(struct sim *s)
{
    struct cut c = { .region = sim_operator_region((unsigned)sim_below(s, SIM_REGIONS)), .year = YEAR,
                     .quarter = 1 + (unsigned)sim_below(s, 4), .version = 1 + (unsigned)sim_below(s, VERSIONS) };
    unsigned k = find(s, &c);
    if (!s->faults) return;
    sim_put(s, (struct sim_event){ .at = s->us + (int64_t)sim_below(s, 2 * DECIDE_S * 1000000), .kind = SIM_EV_CUT });
    if (k == SIM_CUTS) k = (unsigned)sim_below(s, SIM_CUTS);
    if (k == s->cuts.n) s->cuts.v[s->cuts.n++] = (struct sim_cut){ .region = c.region, .year = c.year, .quarter = c.quarter,
                                                                   .version = c.version };
    if (s->cuts.v[k].notes < SIM_CUT_NOTES) write_note(s, k);
    sim_trace(s, "the centre cuts quarter %u, version %u: cut %u, note %u", s->cuts.v[k].quarter, s->cuts.v[k].version, k,
              s->cuts.v[k].notes - 1);
    ask_all(s, k, s->cuts.v[k].notes - 1);
}

/* Everything once more, by the first notes: it has been told, or a restored log lacks it. */
void sim_cut_end(struct sim *s)
{
    for (unsigned k = 0; k < s->cuts.n; k++) ask_all(s, k, 0);
}

static void told(struct sim *s, unsigned worker, unsigned k, unsigned note, const struct work_mark *at)
{
    const struct sim_log *l = &s->log[worker];
    if (!is_its_own(&(struct cut){ .region = s->cuts.v[k].region }))
        sim_wrong(s, "a cut of a region that is not the centre's is told");
    if (at->lsn == 0 || at->lsn > l->lsn || at->lsn != l->cut[k] || !sign_hash_equal(&at->hash, &l->hash[at->lsn]))
        sim_wrong(s, "worker %u tells that cut %u stands at %llu, and it is at %llu, or with another hash", worker, k, LLU(at->lsn),
                  LLU(l->cut[k]));
    if (s->cuts.told[worker] >> k & 1) s->cover.seen[SIM_SEEN_CUT_AGAIN]++;
    if (note > 0) s->cover.seen[SIM_SEEN_CUT_ANOTHER_NOTE]++;
    s->cuts.told[worker] |= 1u << k;
}

static void denied(struct sim *s, unsigned worker, unsigned k, unsigned code)
{
    if (is_its_own(&(struct cut){ .region = s->cuts.v[k].region }) || code != CODE_UNAUTHORISED)
        sim_wrong(s, "worker %u denies cut %u: %s", worker, k, status_code_spelling(code));
    s->cover.seen[SIM_SEEN_CUT_DENIED]++;
}

void sim_cut_ask(struct sim *s, unsigned worker, unsigned k, unsigned note)
{
    struct sim_node *n = sim_worker(s, worker);
    const struct sim_cut *v = &s->cuts.v[k];
    struct store_txn *t = NULL;
    struct work_mark at;
    unsigned code;
    bool away = !n->node.self || n->paused_until > s->us || s->copy[worker].masked;
    if (away || n->t || n->say_due) {   /* questions are answered between turns, and only by whom stands in the worker's place */
        ask_later(s, worker, k, note, away ? SECOND : 1000);
        return;
    }
    int st = store_begin(n->store, false, &t);
    if (st == ST_OK) st = work_cut(n->node.self, t, sim_now(s, n), slice_of(v->note[note], v->size[note]), &at, &code);
    store_abort(&t);
    if (st == ST_OK) told(s, worker, k, note, &at);
    else if (st == ST_DENIED) denied(s, worker, k, code);
    else if (st != ST_BUSY) sim_wrong(s, "worker %u is asked for cut %u: %s", worker, k, status_str(st));
    if (st != ST_BUSY) return;
    if (v->registry[note] > s->log[worker].registry) s->cover.seen[SIM_SEEN_CUT_WAITS]++;
    sim_node_wake(s, n, s->us + 100);
    ask_later(s, worker, k, note, 50000 + (int64_t)sim_below(s, 400000));
}

/* ---- the auditor ---- */

void sim_cut_audit(struct sim *s, struct sim_log *l, const struct record *rec)
{
    struct cut c;
    unsigned k = cut_read(rec->content, &c) == ST_OK ? find(s, &c) : s->cuts.n;
    bool asked = false;
    for (unsigned i = 0; k < s->cuts.n && i < s->cuts.v[k].notes; i++)
        asked |= s->cuts.v[k].size[i] == rec->content.n && memcmp(s->cuts.v[k].note[i], rec->content.p, rec->content.n) == 0;
    if (!asked || !is_its_own(&c)) {
        sim_wrong(s, "lsn %llu is a cut that nobody asked for, or may", LLU(rec->lsn));
        return;
    }
    if (c.registry > l->registry)
        sim_wrong(s, "lsn %llu is a cut under register %llu, and the log has %llu", LLU(rec->lsn), LLU(c.registry),
                  LLU(l->registry));
    if (l->cut[k] != 0) sim_wrong(s, "lsn %llu is cut %u a second time, after %llu", LLU(rec->lsn), k, LLU(l->cut[k]));
    l->cut[k] = rec->lsn;
    s->cover.seen[SIM_SEEN_CUT]++;
    s->cover.seen[SIM_SEEN_CUT_RESTORED] += s->restored && s->cuts.told[l - s->log] >> k & 1;
}

bool sim_cut_settled(const struct sim *s)
{
    for (unsigned w = 0; w < s->o.workers; w++)
        for (unsigned k = 0; k < s->cuts.n; k++)
            if (s->log[w].cut[k] == 0 && is_its_own(&(struct cut){ .region = s->cuts.v[k].region })) return false;
    return true;
}
