/* claim.c - printed percentages, falling cumulatives, spending against the budget.
 *
 * Design notes: everything works on the view (line.h), so what is counted and what is a control total is decided in one
 * place. The usual unit has nothing to prove: the view knows whether there is a printed figure, a fall or a budget at all, and
 * each rule is skipped whole where it cannot apply. Rules that hold month by month give one claim per run of months.
 * Invariant: claim_unit orders claims by line; a month of a line carries at most one of the four budget kinds. */
#include "claim.h"

#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"

void claim_init(struct claims *c) { *c = (struct claims){ 0 }; }

void claim_done(struct claims *c)
{
    free(c->c);
    *c = (struct claims){ 0 };
}

struct claim *claim_add(struct claims *ret, const struct lines *v, uint32_t line, unsigned code)
{
    if (ret->count == ret->cap) {
        uint32_t cap = ret->cap ? ret->cap * 2 : 16;
        struct claim *p = realloc(ret->c, cap * sizeof *p);
        if (!p) {
            ret->failed = true;
            return NULL;
        }
        ret->c = p;
        ret->cap = cap;
    }
    struct claim *c = &ret->c[ret->count++];
    *c = (struct claim){ .code = code, .line = line, .activity = v->line[line].activity, .account = v->line[line].account };
    return c;
}

provenance claim_prov(const struct leaf *row, unsigned month)
{
    for (unsigned m = month; row && m-- > 0;)
        if (figure_kind_reported(row->slot[m].kind)) return row->slot[m].prov;
    return 0;
}

/* ---- persen ---- */

struct percent_pair { i128 num, den; bool whole; };

static struct percent_pair percent_pair(const struct lines *v, const struct line *l, const struct leaf *printed, unsigned m)
{
    const struct leaf *leaf = v->unit->leaf;
    uint32_t first = (uint32_t)(printed - leaf);
    while (first > l->row && leaf[first - 1].key.account == printed->key.account) first--;
    uint32_t end = line_account_end(v, first, l->row + l->rows);
    const struct leaf *budget = line_row_of(v, first, end, MEASURE_BUDGET, SOURCE_DPA, printed->key.stage);
    const struct leaf *realised = line_row_of(v, first, end, MEASURE_REALISED, SOURCE_OPD, STAGE_NONE);
    if (!budget || !realised) return (struct percent_pair){ 0 };
    struct series b, r;
    line_row_series(budget, &b);
    line_row_series(realised, &r);
    bool whole = b.first <= m + 1 && (r.reported >> m & 1) && b.value[m] != 0;
    return (struct percent_pair){ .num = r.value[m], .den = b.value[m], .whole = whole };
}

static void percent_row(const struct lines *v, uint32_t line, const struct leaf *row, struct claims *ret)
{
    for (unsigned m = 0; m < 12; m++) {
        const struct slot *s = &row->slot[m];
        if (s->kind != VALUE_NUMBER) continue;
        struct percent_pair p = percent_pair(v, &v->line[line], row, m);
        if (!p.whole || decimal_percent_right(s->value, s->decimals, p.num, p.den)) continue;
        struct claim *c = claim_add(ret, v, line, CODE_PERCENT);
        if (!c) return;
        c->account = row->key.account;
        c->measure = row->key.measure;
        c->stage = row->key.stage;
        c->source = row->key.source;
        c->from = c->month = (uint8_t)(m + 1);
        c->to = 12;
        c->decimals = s->decimals;
        c->printed = s->value;
        c->num = p.num;
        c->den = p.den;
        c->prov = s->prov;
    }
}

static void percent_claims(const struct lines *v, uint32_t line, struct claims *ret)
{
    const struct line *l = &v->line[line];
    for (uint32_t r = l->row; r < l->row + l->rows; r++)
        if (v->unit->leaf[r].key.measure == MEASURE_PRINTED_ABSORPTION) percent_row(v, line, &v->unit->leaf[r], ret);
}

/* ---- kumulatif-turun ---- */

static void falls_row(const struct lines *v, uint32_t line, const struct leaf *row, struct claims *ret)
{
    struct series s;
    line_row_series(row, &s);
    for (unsigned m = 1; m < 12; m++) {
        if (!(s.falls >> m & 1)) continue;
        struct claim *c = claim_add(ret, v, line, CODE_CUMULATIVE_FALLS);
        if (!c) return;
        c->account = row->key.account;
        c->measure = row->key.measure;
        c->source = row->key.source;
        c->from = c->month = (uint8_t)(m + 1);
        c->to = 12;
        c->printed = s.value[m];
        c->computed = s.value[m - 1];
        c->prov = row->slot[m].prov;
    }
}

static void falls_claims(const struct lines *v, uint32_t line, struct claims *ret)
{
    const struct line *l = &v->line[line];
    for (uint32_t r = l->row; r < l->row + l->rows; r++) {
        const struct leaf *row = &v->unit->leaf[r];
        if (row->key.measure == MEASURE_REALISED && line_row_counts(row)) falls_row(v, line, row, ret);
    }
}

/* ---- realised against the budget ---- */

static bool counted(const struct line_item *it) { return it && it->flags & LINE_COUNTED; }

/* Sum of the counted lines below line i in a channel; false when there is none. */
static bool sum_below(const struct lines *v, uint32_t i, unsigned measure, unsigned source, i128 ret[12])
{
    bool any = false;
    memset(ret, 0, 12 * sizeof *ret);
    for (uint32_t j = i + 1; j < v->count && line_below(&v->line[i], &v->line[j]); j++) {
        const struct line_item *it = line_item_of(v, &v->line[j], measure, source);
        if (!counted(it)) continue;
        for (unsigned m = 0; m < 12; m++) ret[m] += v->series[it->series].value[m];
        any = true;
    }
    return any;
}

/* The last earlier budget of another stage than the one in force at m, was it enough for `realised`? */
static bool was_enough(const struct lines *v, const struct line_item *b, unsigned m, i128 realised)
{
    for (unsigned e = m; e-- > 0;)
        if (b->stage[e] != b->stage[m]) return v->series[b->series].value[e] >= realised;
    return false;
}

struct spending {
    i128 realised[12], budget[12];
    const struct line_item *own;        /* the line's own counted budget, or NULL */
    uint16_t reported;                  /* months in which the line itself reports; 0 when it is judged by the lines below */
};

static unsigned spending_code(const struct lines *v, const struct spending *s, unsigned m)
{
    i128 r = s->realised[m], b = s->budget[m];
    if (r <= 0 || (b > 0 && r <= b)) return CODE_OK;
    if (b <= 0) {
        bool removed = s->own && !(s->own->stated >> m & 1) && s->own->stage[m] != LINE_NO_STAGE;
        return removed ? CODE_BUDGET_REMOVED : CODE_NO_BUDGET;
    }
    return s->own && was_enough(v, s->own, m, r) ? CODE_BUDGET_BELOW : CODE_OVER_BUDGET;
}

/* The month whose report says what is spent at the end of month `end`. */
static uint8_t spending_month(const struct spending *s, unsigned end)
{
    unsigned reported = s->reported & ((1u << end) - 1);
    return (uint8_t)(reported ? 32 - (unsigned)__builtin_clz(reported) : end);
}

/* A run ends where a figure changes, so that a cut-off within the year shows the figures of its own month. */
static void spending_claims(const struct lines *v, uint32_t line, const struct spending *s, struct claims *ret)
{
    for (unsigned m = 0, end; m < 12; m = end) {
        unsigned code = spending_code(v, s, m);
        for (end = m + 1; end < 12 && spending_code(v, s, end) == code; end++)
            if (s->realised[end] != s->realised[m] || s->budget[end] != s->budget[m]) break;
        struct claim *c = code == CODE_OK ? NULL : claim_add(ret, v, line, code);
        if (!c) continue;
        c->measure = MEASURE_REALISED;
        c->source = SOURCE_OPD;
        c->stage = s->own && s->own->stage[end - 1] != LINE_NO_STAGE ? s->own->stage[end - 1] : STAGE_NONE;
        c->from = (uint8_t)(m + 1);
        c->to = (uint8_t)end;
        c->month = spending_month(s, end);
        c->printed = s->realised[end - 1];
        c->computed = s->budget[end - 1];
        const struct line *l = &v->line[line];
        c->prov = claim_prov(line_row_of(v, l->row, l->row + l->own, MEASURE_REALISED, SOURCE_OPD, STAGE_NONE), end);
    }
}

/* What line i is to be judged by; false when nothing is to be judged here. above: a line above is counted in the budget. */
static bool spending_of(const struct lines *v, uint32_t i, bool above, struct spending *s)
{
    const struct line *l = &v->line[i];
    const struct line_item *r = line_item_of(v, l, MEASURE_REALISED, SOURCE_OPD);
    const struct line_item *b = line_item_of(v, l, MEASURE_BUDGET, SOURCE_DPA);
    s->own = counted(b) ? b : NULL;
    s->reported = counted(r) ? v->series[r->series].reported : 0;
    if (counted(r)) memcpy(s->realised, v->series[r->series].value, sizeof s->realised);
    else if (!s->own || !sum_below(v, i, MEASURE_REALISED, SOURCE_OPD, s->realised)) return false;
    if (s->own) memcpy(s->budget, v->series[b->series].value, sizeof s->budget);
    else if (!sum_below(v, i, MEASURE_BUDGET, SOURCE_DPA, s->budget) && above) return false;
    return true;
}

int claim_view(const struct lines *v, struct claims *ret)
{
    uint32_t bare = UINT32_MAX;         /* the last line counted in the budget that could have lines below */
    ret->count = 0;
    ret->failed = false;
    if (v->controls || v->accounts) claim_parents(v, ret);
    for (uint32_t i = 0; i < v->count; i++) {
        const struct line *l = &v->line[i];
        if (v->printed) percent_claims(v, i, ret);
        if (v->falls || (v->accounts && l->rows > l->own)) falls_claims(v, i, ret);
        if (!v->budget_dpa || l->activity == CODE_TOTAL) continue;
        struct spending s;
        bool above = bare != UINT32_MAX && line_below(&v->line[bare], l);
        if (spending_of(v, i, above, &s)) spending_claims(v, i, &s, ret);
        if (counted(line_item_of(v, l, MEASURE_BUDGET, SOURCE_DPA))) bare = i;
    }
    return ret->failed ? ST_NO_MEMORY : ST_OK;
}

static int order(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int by_line(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int c = order(x->line, y->line);
    if (c == 0) c = order(x->code, y->code);
    if (c == 0) c = order(x->account, y->account);
    if (c == 0) c = order(x->measure, y->measure);
    if (c == 0) c = order(x->source, y->source);
    if (c == 0) c = order(x->from, y->from);
    return c ? c : order(x->stage, y->stage);
}

int claim_unit(struct unit *u, struct claims *ret)
{
    struct lines v;
    line_view_init(&v);
    int st = line_view(u, &v);
    if (st == ST_OK) st = claim_view(&v, ret);
    if (st == ST_OK && ret->count > 1) qsort(ret->c, ret->count, sizeof *ret->c, by_line);
    line_view_done(&v);
    return st;
}
