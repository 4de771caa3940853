/* query_history.c - how a figure changed: one line for each statement that changed it, newest first. Kind: P.
 *
 * Each office of the scope is replayed (replay.h) and derived after every step; where its part of the figure changed, a line is
 * kept. The lines of all offices in commit order, with running sums, are the history of the sum. An office that comes into a region
 * or leaves it changes the sum too: its registry entries are steps as well. The work is bounded: a question that needs more than
 * STEPS_MAX derivations is refused with the advice to ask for a smaller place.
 * Invariant: the last `to` is the figure's value, and `to` of each line is the next one's `from`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_explain.h"
#include "aggregator/query_history.h"
#include "proto/period.h"

enum { STEPS_MAX = 20000 };

struct sums {
    i128 budget, murni, realised;
    int64_t has_budget, has_realised;
}; /* has: offices that have any; no padding */
struct change {
    struct wall at;
    provenance prov;             /* of the slot shown, or of the entry with index 0 */
    const char *office;          /* into the register */
    struct sums from, to;        /* of the office's part */
    json_t *slot;                /* what was stated; NULL: a registry entry */
};
struct entry {
    struct statement_line l;
    struct wall at;
    region_code region;
};
struct history {
    const struct query_context *q;
    const struct query_figure *f;
    struct change *c;
    uint32_t count, cap, steps;
    struct entry *entry;
    uint32_t entries, entry_cap;
    struct derived_set d;
};

/* ---- an office's part ---- */

static i128 pick(const struct history *h, enum derived what, unsigned source, bool *ret_has)
{
    struct derived_key k = h->f->node;
    k.derived = (uint8_t)what;
    k.source = (uint8_t)source;
    const struct derived_row *r = derive_find(&h->d, &k);
    *ret_has = r != NULL;
    return r ? r->value[h->f->s.until - 1] : 0;
}

static int part_of(struct history *h, struct unit *u, struct sums *ret)
{
    bool budget, murni, realised;
    int st = derive_unit(u, &h->d);
    if (st != ST_OK) return st;
    unsigned source = h->f->s.source;
    *ret = (struct sums){.budget = pick(h, DERIVED_BUDGET, source ? source : SOURCE_DPA, &budget),
                         .murni = pick(h, DERIVED_BUDGET_MURNI, source ? source : SOURCE_DPA, &murni),
                         .realised = pick(h, DERIVED_REALISED, source ? source : SOURCE_OPD, &realised)};
    ret->has_budget = budget;
    ret->has_realised = realised;
    return ST_OK;
}

/* ---- the statement shown for a step ---- */

/* 2: below the figure's node, 1: at it (a control total where there are lines below), 0: elsewhere. */
static unsigned below(const struct query_figure *f, const struct leaf_key *k)
{
    switch (f->a.part) {
    case ADDRESS_ACTIVITY:
        return k->activity == f->a.code ? 1 : 2u * code_below(f->a.code, k->activity);
    case ADDRESS_ACCOUNT:
        return k->account == f->a.code ? 1 : 2u * code_account_below(f->a.code, k->account);
    case ADDRESS_LINE:
        return k->activity ? 0 : k->account == f->a.code ? 1 : 2u * code_account_below(f->a.code, k->account);
    case ADDRESS_ACTIVITIES:
        return k->activity && k->activity != CODE_TOTAL;
    case ADDRESS_ACCOUNTS:
        return !k->activity;
    case ADDRESS_TOTAL:
    default:
        return k->activity != CODE_TOTAL;
    }
}

static unsigned fit(const struct query_figure *f, const struct leaf_key *k)
{
    enum address_measure m = f->a.measure;
    bool measure = (m != ADDRESS_REALISED && k->measure == MEASURE_BUDGET) ||
                   (m != ADDRESS_BUDGET && k->measure == MEASURE_REALISED) ||
                   (m != ADDRESS_REACHED && k->measure == MEASURE_TARGET) || (m != ADDRESS_TARGET && k->measure == MEASURE_REACHED);
    unsigned place = below(f, k);
    return measure && place ? 2 + place : place;
}

/* The slot of the step that fits the figure best, and how many fit as well. */
static json_t *slot_json(const struct history *h, const struct replay *r, uint32_t from, provenance *ret_prov)
{
    uint32_t best = from, n = 0;
    for (uint32_t i = from; i < r->next; i++) {
        unsigned a = fit(h->f, &r->all.leaf[r->v[i].leaf].key), b = fit(h->f, &r->all.leaf[r->v[best].leaf].key);
        if (a > b || i == from) best = i, n = 0;
        n += a >= b;
    }
    *ret_prov = r->v[best].prov;
    return query_history_slot(r, best, n);
}

json_t *query_history_slot(const struct replay *r, uint32_t number, uint32_t changes)
{
    char code[32] = "", account[32] = "", stage[20];
    const struct replay_version *v = &r->v[number];
    const struct leaf_key *k = &r->all.leaf[v->leaf].key;
    if (k->activity) code_format_activity(k->activity, code);
    if (k->account) code_format_account(k->account, account);
    figure_stage_format(k->stage, stage);
    json_t *o = json_object();
    json_object_set_new(o, "code", code[0] ? json_string(code) : json_null());
    json_object_set_new(o, "account", account[0] ? json_string(account) : json_null());
    json_object_set_new(o, "measure", json_string(figure_measure_name(k->measure)));
    json_object_set_new(o, "stage", json_string(stage));
    json_object_set_new(o, "month", json_integer(v->slot + 1));
    json_object_set_new(o, "kind", json_string(query_figure_kind(v->value.kind)));
    json_object_set_new(o, "value", query_figure_slot_value(&r->all, &v->value, k->measure));
    json_object_set_new(o, "changes", json_integer((json_int_t)changes));
    return o;
}

static struct change *change_add(struct history *h)
{
    if (h->count == h->cap) {
        uint32_t cap = h->cap ? 2 * h->cap : 64;
        struct change *p = realloc(h->c, cap * sizeof *p);
        if (!p) return NULL;
        h->c = p;
        h->cap = cap;
    }
    h->c[h->count] = (struct change){0};
    return &h->c[h->count++];
}

/* ---- registry entries ---- */

static int entry_add(void *ctx, const struct statement_line *l)
{
    struct history *h = ctx;
    const struct asof_position *x = asof_position(h->q->past);
    const struct office *only = h->f->s.office;
    struct statement s;
    struct office o;
    char err[160];
    if ((x && l->lsn > x->lsn[l->worker]) || (only && !bytes_is(l->office, only->id))) return ST_OK;
    if (h->entries == h->entry_cap) {
        uint32_t cap = h->entry_cap ? 2 * h->entry_cap : 64;
        struct entry *p = realloc(h->entry, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        h->entry = p;
        h->entry_cap = cap;
    }
    int st = statement_get(h->q->t, l->worker, l->lsn, 0, &s);
    if (st == ST_OK) st = registry_line_parse(statement_entry_line(l), &o, err, sizeof err);
    if (st == ST_OK) h->entry[h->entries++] = (struct entry){*l, s.at, o.region};
    return st == ST_INVALID ? ST_CORRUPT : st;
}

static provenance entry_prov(const struct entry *e) { return figure_provenance(e->l.worker, e->l.lsn, 0); }

static int entry_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return replay_order(x->at, entry_prov(x), y->at, entry_prov(y));
}

struct member {
    const struct entry *newest;
    bool is;
};

/* Is an office with this entry of the scope? An office that is asked about is from its first entry on, wherever it stands. */
static bool inside(const struct history *h, const struct entry *e)
{
    return h->f->s.office || code_region_holds(h->f->s.region, e->region);
}

/* Of two lines of one version the lesser counts, as in the fold. */
static bool replaces(const struct entry *e, const struct entry *newest)
{
    struct slice a = statement_entry_line(&e->l), b = statement_entry_line(&newest->l);
    if (e->l.version != newest->l.version) return e->l.version > newest->l.version;
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c < 0 || (c == 0 && a.n < b.n);
}

static void member_step(const struct history *h, struct member *m, const struct entry *e)
{
    if (m->newest && !replaces(e, m->newest)) return;
    m->newest = e;
    m->is = inside(h, e);
}

/* ---- replaying ---- */

static int sums_change(struct history *h, const struct change *as, const struct sums *before, const struct sums *after)
{
    if (memcmp(before, after, sizeof *before) == 0) return ST_OK;
    struct change *c = change_add(h);
    if (!c) return ST_NO_MEMORY;
    *c = *as;
    json_incref(c->slot);
    c->from = *before;
    c->to = *after;
    return ST_OK;
}

static bool entry_first(const struct entry *e, bool unit, struct wall at, provenance prov)
{
    return e && (!unit || replay_order(e->at, entry_prov(e), at, prov) < 0);
}

/* Everything that moved the office's part, in order. e[0..n): its entries. */
static int office_replay(struct history *h, const char *id, struct replay *r, const struct entry *e, uint32_t n)
{
    struct member m = {0};
    static const struct sums NONE;
    struct sums own = NONE, shown = NONE;
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK;) {
        struct change as = {.office = id};
        bool unit = replay_peek(r, &as.at, &as.prov);
        const struct entry *next = i < n ? &e[i] : NULL;
        if (!unit && !next) break;
        if (entry_first(next, unit, as.at, as.prov)) {
            as.at = next->at;
            as.prov = entry_prov(next);
            member_step(h, &m, next);
            i++;
        } else {
            uint32_t from;
            replay_step(r, &from);
            st = part_of(h, &r->now, &own);
            if (st == ST_OK) as.slot = slot_json(h, r, from, &as.prov);
        }
        struct sums now = m.is ? own : NONE;
        if (st == ST_OK) st = sums_change(h, &as, &shown, &now);
        shown = now;
        json_decref(as.slot);
    }
    return st;
}

/* ST_FULL: more steps than one question may take. */
static int office_history(struct history *h, const struct office *o, const struct entry *e, uint32_t n)
{
    struct replay r;
    uint32_t id;
    int st = unit_dict_get(h->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_OK)
        st = replay_open(h->q->t, asof_position(h->q->past), id, (uint16_t)h->f->s.year, &r);
    else
        return st == ST_NOT_FOUND ? ST_OK : st;
    if (st != ST_OK) return st;
    h->steps += replay_steps(&r);
    if (h->steps > STEPS_MAX)
        st = ST_FULL;
    else
        st = office_replay(h, o->id, &r, e, n);
    replay_close(&r);
    return st;
}

static int all_history(struct history *h)
{
    int st = statement_entries(h->q->t, entry_add, h);
    for (uint32_t i = 0, end; st == ST_OK && i < h->entries; i = end) {
        bool ever = false;
        struct slice id = h->entry[i].l.office;
        for (end = i; end < h->entries && h->entry[end].l.office.n == id.n && memcmp(h->entry[end].l.office.p, id.p, id.n) == 0;
             end++)
            ever |= inside(h, &h->entry[end]);
        const struct office *o = ever ? registry_office(h->q->registry, id) : NULL;
        if (!o) continue;
        qsort(&h->entry[i], end - i, sizeof *h->entry, entry_order);
        st = office_history(h, o, &h->entry[i], end - i);
    }
    return st;
}

/* ---- lines ---- */

static int change_order(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    int c = replay_order(x->at, x->prov, y->at, y->prov);
    return c ? c : strcmp(x->office, y->office);
}

static void sums_move(struct sums *s, const struct sums *from, const struct sums *to)
{
    s->budget += to->budget - from->budget;
    s->murni += to->murni - from->murni;
    s->realised += to->realised - from->realised;
    s->has_budget += to->has_budget - from->has_budget;
    s->has_realised += to->has_realised - from->has_realised;
}

static json_t *sums_value(const struct query_figure *f, const struct sums *s)
{
    const struct figure_row r = {.budget = s->budget,
                                 .murni = s->murni,
                                 .realised = s->realised,
                                 .has_budget = s->has_budget > 0,
                                 .has_realised = s->has_realised > 0};
    return query_figure_value(f, &r);
}

/* offices: how many had a part in the change; c is of one of them. */
static int line_json(const struct history *h, const struct change *c, uint32_t offices, json_t *from, json_t *to, json_t *list)
{
    char when[32];
    json_t *statement = NULL, *o;
    int st = query_figure_statement(h->q, c->prov, &statement);
    if (st != ST_OK) return st;
    o = json_object();
    json_object_set_new(o, "at", period_format_time(c->at, when) > 0 ? json_string(when) : json_null());
    json_object_set(o, "from", from);
    json_object_set(o, "to", to);
    json_object_set_new(o, "office", json_string(c->office));
    if (offices > 1) json_object_set_new(o, "offices", json_integer((json_int_t)offices));
    json_object_set_new(o, "what", json_string(c->slot ? "statement" : "registry"));
    json_object_set(o, "slot", c->slot ? c->slot : json_null());
    json_object_set_new(o, "statement", statement);
    return json_array_insert_new(list, 0, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

/* What one record changed is one change of the sum, of however many offices it spoke: h->c[i..end). */
static int line_of(const struct history *h, uint32_t i, uint32_t end, const struct query_span *span, struct sums *s, json_t *list)
{
    const struct change *c = &h->c[i];
    json_t *from = sums_value(h->f, s);
    for (uint32_t k = i; k < end; k++) sums_move(s, &h->c[k].from, &h->c[k].to);
    json_t *to = sums_value(h->f, s);
    bool in = c->at.ms >= span->from.ms && c->at.ms <= span->to.ms;
    int st = in && !json_equal(from, to) ? line_json(h, c, end - i, from, to, list) : ST_OK;
    json_decref(from);
    json_decref(to);
    return st;
}

static int lines(struct history *h, const struct query_span *span, json_t *list)
{
    struct sums s = {0};
    int st = ST_OK;
    if (h->count > 1) qsort(h->c, h->count, sizeof *h->c, change_order);
    for (uint32_t i = 0, end; st == ST_OK && i < h->count; i = end) {
        for (end = i + 1; end < h->count && replay_same_record(h->c[end].prov, h->c[i].prov);) end++;
        st = line_of(h, i, end, span, &s, list);
    }
    return st;
}

static int parse_moment(const struct query_context *q, struct slice text, const char *param, struct wall *ret,
                        struct query_problem *problem)
{
    if (text.n == 0 || period_parse_time(text, ret) == ST_OK) return ST_OK;
    return query_refuse(problem, q, param, text, "waktu RFC 3339, misalnya 2022-12-31T23:59:59+07:00",
                        "a time (RFC 3339), such as 2022-12-31T23:59:59+07:00");
}

static int refuse(const struct query_context *q, const struct query_params *p, int st, struct query_problem *problem)
{
    if (st == ST_FULL)
        return query_refuse(problem, q, "figure", p->figure, "terlalu banyak pernyataan; tanyakan per kota atau per kantor",
                            "too many statements; ask for one city or office");
    if (st == ST_NOT_FOUND)
        return query_refuse(problem, q, "figure", p->figure, "waktu catatan belum tersimpan lengkap; hitung ulang aggregator/state",
                            "times of records are not all kept; fold aggregator/state again");
    return st;
}

/* Sums follow from the steps of each unit by itself; everything else is asked for again. */
static bool stepwise(const struct query_figure *f)
{
    return address_kind(&f->a) == ADDRESS_OF_MONEY && !f->a.bridge;
}

int query_history(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_figure f;
    struct query_span span = {{INT64_MIN}, {INT64_MAX}};
    int st = query_figure_open(q, p, &f, ret_problem);
    if (st == ST_OK) st = parse_moment(q, p->from, "from", &span.from, ret_problem);
    if (st == ST_OK) st = parse_moment(q, p->to, "to", &span.to, ret_problem);
    if (st != ST_OK) return st;
    struct history h = {.q = q, .f = &f};
    json_t *answer = json_object(), *list = json_array();
    derive_init(&h.d);
    json_object_set_new(answer, "older", json_null());
    st = query_figure_head(q, &f, answer);
    if (st == ST_OK) st = stepwise(&f) ? all_history(&h) : query_history_again(q, p, &f, &span, list, answer);
    if (st == ST_OK && stepwise(&f)) st = lines(&h, &span, list);
    json_object_set_new(answer, "changes", list);
    for (uint32_t i = 0; i < h.count; i++) json_decref(h.c[i].slot);
    free(h.c);
    free(h.entry);
    derive_done(&h.d);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st == ST_OK ? ST_OK : refuse(q, p, st, ret_problem);
}
