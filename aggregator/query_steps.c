/* query_steps.c - see query_steps.h.
 *
 * Each unit that was ever read is kept with the list of records that changed it, made once when it is first looked for: sixteen
 * bytes a record, never the figures themselves. The register is parsed anew only where an entry that counts lies between one
 * answer and the next. Invariant: `round` is that of the last answer, and a unit was read by it if its round is the same. */
#include "aggregator/query_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_past.h"
#include "aggregator/query_rule.h"

struct records {
    struct query_step *v; /* ascending, each record once */
    uint32_t count, cap;
};
struct watched {
    uint32_t office;
    uint16_t year;
    bool lineless, listed;
    uint32_t round;
    struct records r;
};
struct entry {
    struct slice office;
    region_code region;
    bool centre;
    struct query_step step;
};
struct query_steps {
    const struct query_context *q;
    const struct query_scope *scope;
    struct asof_position end;
    struct watched *w;
    uint32_t count, cap, *index, index_size;
    uint32_t round, read;
    struct entry *entry;
    uint32_t entries, entry_cap;
    struct records registry; /* of the entries that count */
    struct registry *offices;
    uint64_t version;
    uint32_t offices_at; /* how many of these entries it has, plus one; 0: there is none yet */
};

/* ---- lists of records ---- */

static int step_order(const void *a, const void *b)
{
    const struct query_step *x = a, *y = b;
    return replay_order(x->at, x->prov, y->at, y->prov);
}

static provenance record_of(provenance p) { return figure_provenance(figure_prov_worker(p), figure_prov_lsn(p), 0); }

static int prov_order(const void *a, const void *b)
{
    const struct query_step *x = a, *y = b;
    return (x->prov > y->prov) - (x->prov < y->prov);
}

static int records_add(struct records *r, provenance p)
{
    if (r->count > 0 && r->v[r->count - 1].prov == record_of(p)) return ST_OK;
    if (r->count == r->cap) {
        uint32_t cap = r->cap ? 2 * r->cap : 32;
        struct query_step *v = realloc(r->v, cap * sizeof *v);
        if (!v) return ST_NO_MEMORY;
        r->v = v;
        r->cap = cap;
    }
    r->v[r->count++] = (struct query_step){.prov = record_of(p)};
    return ST_OK;
}

/* Each once, with its commit time, in order. */
static int records_settle(struct store_txn *t, struct records *r)
{
    uint32_t n = 0;
    if (r->count > 1) qsort(r->v, r->count, sizeof *r->v, prov_order);
    for (uint32_t i = 0; i < r->count; i++) {
        struct statement s;
        if (n > 0 && r->v[n - 1].prov == r->v[i].prov) continue;
        int st = statement_get(t, figure_prov_worker(r->v[i].prov), figure_prov_lsn(r->v[i].prov), 0, &s);
        if (st != ST_OK) return st;
        r->v[n++] = (struct query_step){s.at, r->v[i].prov};
    }
    r->count = n;
    if (n > 1) qsort(r->v, n, sizeof *r->v, step_order);
    return ST_OK;
}

/* How many come before a record; NULL: all. */
static uint32_t records_before(const struct records *r, const struct query_step *before)
{
    uint32_t lo = 0, hi = r->count;
    while (before && lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (step_order(&r->v[mid], before) < 0) lo = mid + 1;
        else hi = mid;
    }
    return hi;
}

/* ---- what was read ---- */

static uint32_t hash_of(uint32_t office, uint16_t year, bool lineless)
{
    uint64_t k = ((uint64_t)office << 17 | (uint64_t)year << 1 | lineless) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(k >> 32);
}

static int index_grow(struct query_steps *s)
{
    uint32_t size = s->index_size ? 2 * s->index_size : 64;
    uint32_t *index = calloc(size, sizeof *index);
    if (!index) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t at = hash_of(s->w[i].office, s->w[i].year, s->w[i].lineless) & (size - 1);
        while (index[at]) at = (at + 1) & (size - 1);
        index[at] = i + 1;
    }
    free(s->index);
    s->index = index;
    s->index_size = size;
    return ST_OK;
}

static int watch(struct query_steps *s, uint32_t office, uint16_t year, bool lineless)
{
    int st = 2 * (s->count + 1) > s->index_size ? index_grow(s) : ST_OK;
    if (st != ST_OK) return st;
    uint32_t at = hash_of(office, year, lineless) & (s->index_size - 1);
    for (; s->index[at]; at = (at + 1) & (s->index_size - 1)) {
        struct watched *w = &s->w[s->index[at] - 1];
        if (w->office != office || w->year != year || w->lineless != lineless) continue;
        w->round = s->round;
        return ST_OK;
    }
    if (s->count == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 32;
        struct watched *w = realloc(s->w, cap * sizeof *w);
        if (!w) return ST_NO_MEMORY;
        s->w = w;
        s->cap = cap;
    }
    s->w[s->count++] = (struct watched){.office = office, .year = year, .lineless = lineless, .round = s->round};
    s->index[at] = s->count;
    return ST_OK;
}

static int note(void *ctx, uint32_t office, uint16_t year, bool lineless)
{
    struct query_steps *s = ctx;
    s->read++;
    return watch(s, office, year, lineless);
}

/* ---- what changed a unit ---- */

struct listing {
    struct query_steps *s;
    struct records *r;
};

static int add_slot(const struct listing *l, const struct slot *slot)
{
    bool said = slot->kind != VALUE_EMPTY && asof_reached(&l->s->end, slot->prov);
    return said ? records_add(l->r, slot->prov) : ST_OK;
}

static int add_past(void *ctx, const struct asof_past *p) { return add_slot(ctx, &p->old); }

static int list_records(struct query_steps *s, struct watched *w)
{
    struct store_txn *t = s->q->t;
    struct listing l = {s, &w->r};
    struct unit u;
    unit_init(&u);
    int st = w->lineless ? unit_load_lineless(&u, t, FOLD_LEAF, w->office, w->year)
                         : unit_load(&u, t, FOLD_LEAF, w->office, w->year);
    for (uint32_t i = 0; st == ST_OK && i < u.count; i++)
        for (unsigned m = 0; st == ST_OK && m < 12; m++) st = add_slot(&l, &u.leaf[i].slot[m]);
    if (st == ST_OK) st = w->lineless ? asof_history_lineless(t, &u, add_past, &l) : asof_history(t, &u, add_past, &l);
    if (st == ST_OK) st = records_settle(t, &w->r);
    w->listed = st == ST_OK;
    unit_done(&u);
    return st;
}

int query_steps_back(struct query_steps *s, const struct query_step *before, struct query_step *ret, bool *ret_any)
{
    uint32_t n = records_before(&s->registry, before);
    struct query_step best = {{INT64_MIN}, 0};
    if (n > 0) best = s->registry.v[n - 1];
    for (uint32_t i = 0; i < s->count; i++) {
        struct watched *w = &s->w[i];
        if (w->round != s->round) continue;
        int st = w->listed ? ST_OK : list_records(s, w);
        if (st != ST_OK) return st;
        n = records_before(&w->r, before);
        if (n > 0 && step_order(&best, &w->r.v[n - 1]) < 0) best = w->r.v[n - 1];
    }
    *ret_any = best.prov != 0;
    *ret = best;
    return ST_OK;
}

uint32_t query_steps_read(const struct query_steps *s) { return s->read; }

/* ---- the register ---- */

static int entry_take(void *ctx, const struct statement_line *l)
{
    struct query_steps *s = ctx;
    struct office o;
    char err[160];
    if (l->lsn > s->end.lsn[l->worker]) return ST_OK;
    if (s->entries == s->entry_cap) {
        uint32_t cap = s->entry_cap ? 2 * s->entry_cap : 64;
        struct entry *p = realloc(s->entry, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        s->entry = p;
        s->entry_cap = cap;
    }
    int st = registry_line_parse(statement_entry_line(l), &o, err, sizeof err);
    if (st == ST_OK)
        s->entry[s->entries++] = (struct entry){l->office, o.region, o.role == ROLE_CENTRE,
                                                {.prov = figure_provenance(l->worker, l->lsn, 0)}};
    return st == ST_INVALID ? ST_CORRUPT : st;
}

static bool same_office(const struct entry *a, const struct entry *b)
{
    return a->office.n == b->office.n && memcmp(a->office.p, b->office.p, a->office.n) == 0;
}

/* Does the question look at an office that stood in this region? Entries own..own_end are those of the office it is about. */
static bool in_sight(const struct query_steps *s, uint32_t own, uint32_t own_end, region_code region)
{
    if (!s->scope->office) return code_region_holds(s->scope->region, region);
    for (uint32_t i = own; i < own_end; i++)
        if (s->entry[i].region == region) return true;
    return false;
}

/* All entries of an office count as soon as one of them does. They lie together. */
static int entries_pick(struct query_steps *s)
{
    const char *asked = s->scope->office ? s->scope->office->id : "";
    uint32_t own = 0, own_end;
    int st = ST_OK;
    while (own < s->entries && !bytes_is(s->entry[own].office, asked)) own++;
    for (own_end = own; own_end < s->entries && bytes_is(s->entry[own_end].office, asked);) own_end++;
    for (uint32_t i = 0, end; st == ST_OK && i < s->entries; i = end) {
        bool counts = false;
        for (end = i; end < s->entries && same_office(&s->entry[end], &s->entry[i]); end++)
            counts = counts || s->entry[end].centre || in_sight(s, own, own_end, s->entry[end].region);
        for (uint32_t k = i; st == ST_OK && counts && k < end; k++) st = records_add(&s->registry, s->entry[k].step.prov);
    }
    return st == ST_OK ? records_settle(s->q->t, &s->registry) : st;
}

int query_steps_new(const struct query_context *q, const struct query_scope *scope, struct query_steps **ret)
{
    struct query_steps *s = calloc(1, sizeof *s);
    if (!s) return ST_NO_MEMORY;
    s->q = q;
    s->scope = scope;
    int st = q->past ? ST_OK : asof_applied(q->t, &s->end);
    if (q->past) s->end = *asof_position(q->past);
    s->end.reads = NULL;
    if (st == ST_OK) st = statement_entries(q->t, entry_take, s);
    if (st == ST_OK) st = entries_pick(s);
    if (st == ST_OK) *ret = s;
    else query_steps_free(&s);
    return st;
}

void query_steps_free(struct query_steps **s)
{
    if (!*s) return;
    for (uint32_t i = 0; i < (*s)->count; i++) free((*s)->w[i].r.v);
    registry_free(&(*s)->offices);
    free((*s)->registry.v);
    free((*s)->entry);
    free((*s)->index);
    free((*s)->w);
    free(*s);
    *s = NULL;
}

/* ---- asking ---- */

/* Everything that comes before a record, of each worker. */
static int position_before(const struct query_steps *s, const struct query_step *before, struct asof_position *ret)
{
    int st = ST_OK;
    *ret = s->end;
    if (!before) return ST_OK;
    unsigned own = figure_prov_worker(before->prov);
    for (unsigned w = 1; st == ST_OK && w < ASOF_WORKERS; w++) {
        const struct wall until = {before->at.ms - (w > own)};
        if (w == own) ret->lsn[w] = figure_prov_lsn(before->prov) - 1;
        else if (s->end.lsn[w]) st = statement_position(s->q->t, w, s->end.lsn[w], until, &ret->lsn[w]);
    }
    return st;
}

/* The register then: that of the answer before, unless an entry that counts lies between. */
static int offices_at(struct query_steps *s, const struct asof_position *x, const struct query_step *before)
{
    uint32_t at = records_before(&s->registry, before) + 1;
    if (s->offices_at == at) return ST_OK;
    registry_free(&s->offices);
    s->offices_at = 0;
    int st = asof_registry(s->q->t, x, &s->offices, &s->version);
    if (st == ST_OK) s->offices_at = at;
    return st;
}

int query_steps_ask(struct query_steps *s, query_fn fn, const struct query_params *p, const struct query_step *before,
                    json_t **ret)
{
    const struct asof_reads reads = {note, s};
    struct query_problem problem = {0};
    struct asof_position x;
    struct asof *past = NULL;
    json_t *answer = NULL;
    s->round++;
    int st = position_before(s, before, &x);
    x.reads = &reads;
    if (st == ST_OK) st = offices_at(s, &x, before);
    if (st == ST_OK) st = asof_new_with(&x, "", s->offices, s->version, &past);
    if (st == ST_OK) st = query_past_ask(fn, s->q, past, p, &answer, &problem);
    asof_free(&past);
    if (st == ST_INVALID) st = ST_OK;
    if (st == ST_OK) *ret = answer;
    return st;
}

int query_steps_position(const struct query_steps *s, const struct query_step *before, char *ret, size_t size)
{
    struct asof_position x;
    int st = position_before(s, before, &x);
    if (st == ST_OK) query_past_vector(&x, ret, size);
    if (st == ST_OK && ret[0] == '\0') snprintf(ret, size, "w%u:0", figure_prov_worker(before->prov));
    return st;
}

/* ---- what a record changed ---- */

bool query_steps_entry(const struct query_steps *s, const struct query_step *step)
{
    uint32_t n = records_before(&s->registry, step);
    return n < s->registry.count && s->registry.v[n].prov == step->prov;
}

static int replay_slots(const struct query_steps *s, const struct watched *w, const struct query_step *step,
                        int (*fn)(void *ctx, const struct query_steps_slot *slot), void *ctx)
{
    char office[OFFICE_ID_MAX + 1] = "";
    struct slice id;
    struct replay r;
    int st = unit_dict_text(s->q->t, FOLD_DICT_ID, w->office, &id);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    memcpy(office, id.p, id.n < OFFICE_ID_MAX ? id.n : OFFICE_ID_MAX);
    st = replay_open(s->q->t, &s->end, w->office, w->year, &r);
    if (st != ST_OK) return st;
    for (uint32_t i = 0; st == ST_OK && i < r.count; i++) {
        const struct leaf_key *k = &r.all.leaf[r.v[i].leaf].key;
        bool other = w->lineless && (k->activity || k->account);
        if (record_of(r.v[i].prov) == step->prov && !other) st = fn(ctx, &(struct query_steps_slot){office, &r, i});
    }
    replay_close(&r);
    return st;
}

/* Is all of the unit watched as well? */
static bool whole(const struct query_steps *s, const struct watched *w)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->w[i].listed && !s->w[i].lineless && s->w[i].office == w->office && s->w[i].year == w->year) return true;
    return false;
}

int query_steps_slots(const struct query_steps *s, const struct query_step *step,
                      int (*fn)(void *ctx, const struct query_steps_slot *slot), void *ctx)
{
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < s->count; i++) {
        const struct watched *w = &s->w[i];
        uint32_t n = w->listed ? records_before(&w->r, step) : 0;
        if (!w->listed || n == w->r.count || w->r.v[n].prov != step->prov || (w->lineless && whole(s, w))) continue;
        st = replay_slots(s, w, step, fn, ctx);
    }
    return st;
}
