/* derive_account.c - what the account rows of counted lines add to account nodes (`rekening`).
 *
 * Design notes: within one line the accounts stand in tree order, so one walk with a stack of at most six open prefixes gives
 * each prefix its own row or the sum below it. For budgets the stage in force is decided once for the line and the walk reads,
 * month by month, the row of that stage, so that the accounts of a line always come from one document. Contributions of
 * different lines to one node are sorted and added by derive.c.
 * Invariant: a line contributes to a node at most once per (derived, source), so `lines` counts lines. */
#include <stdlib.h>
#include <string.h>

#include "derive_work.h"

struct derived_row *derive_account_part(struct derive_work *w, enum node_kind kind, account_code node, unsigned derived,
                                        unsigned source)
{
    if (w->parts == w->part_cap) {
        uint32_t cap = w->part_cap ? w->part_cap * 2 : 64;
        struct derived_row *p = realloc(w->part, cap * sizeof *p);
        if (!p) {
            w->failed = true;
            return NULL;
        }
        w->part = p;
        w->part_cap = cap;
    }
    struct derived_row *r = &w->part[w->parts++];
    *r = (struct derived_row){ .key = { .node = node, .node_kind = (uint8_t)kind, .derived = (uint8_t)derived,
                                        .source = (uint8_t)source } };
    return r;
}

struct prefix {                         /* an open prefix of the walk */
    account_code code;
    i128 own[12], below[12];
    uint16_t stated;                    /* months at which its own row says the value */
    uint8_t last;
    bool any;
};
struct walk {
    struct derive_work *w;
    const struct line *l;
    unsigned measure, source, derived;
    const struct line_pick *pick;       /* budgets; NULL: a flow */
    struct prefix p[7];                 /* by depth; [0] takes what leaves the top */
    unsigned depth;
};

static void prefix_close(struct walk *k)
{
    struct prefix *p = &k->p[k->depth], *up = &k->p[k->depth - 1];
    k->depth--;
    if (!p->any) return;
    struct derived_row *r = derive_account_part(k->w, NODE_ACCOUNT, p->code, k->derived, k->source);
    if (!r) return;
    for (unsigned m = 0; m < 12; m++) {
        r->value[m] = p->stated >> m & 1 ? p->own[m] : p->below[m];
        up->below[m] += r->value[m];
    }
    r->lines = 1;
    r->assumed = k->derived == DERIVED_BUDGET && k->pick->assumed;
    r->offices[0] = p->last;
    if (p->last > up->last) up->last = p->last;
    up->any = true;
    if (k->derived == DERIVED_CASH_PLAN) return;
    struct derived_row *present = derive_account_part(k->w, NODE_ACCOUNT, p->code, DERIVED_PRESENCE, 0);
    if (present) present->offices[0] = p->last;
}

static void prefix_open(struct walk *k, account_code code)
{
    unsigned depth = code_account_depth(code);
    while (k->depth > 0 && (k->depth >= depth || k->p[k->depth].code != code_account_ancestor(code, k->depth))) prefix_close(k);
    while (k->depth < depth) {
        struct prefix *p = &k->p[++k->depth];
        *p = (struct prefix){ .code = code_account_ancestor(code, k->depth) };
    }
}

static void own_flow(struct walk *k, uint32_t first, uint32_t end)
{
    const struct leaf *row = line_row_of(&k->w->view, first, end, k->measure, k->source, STAGE_NONE);
    struct series s;
    if (!row) return;
    prefix_open(k, row->key.account);
    line_row_series(row, &s);
    struct prefix *p = &k->p[k->depth];
    memcpy(p->own, s.value, sizeof p->own);
    p->stated = 0xfff;
    p->any = true;
    p->last = s.last;
}

static void own_budget(struct walk *k, uint32_t first, uint32_t end)
{
    const struct lines *v = &k->w->view;
    const struct leaf *row = NULL;
    struct series s;
    struct prefix *p = NULL;
    for (unsigned m = 0, stage = LINE_NO_STAGE; m < 12; m++) {
        if (!(k->pick->stated >> m & 1)) continue;
        if (k->pick->stage[m] != stage) {
            stage = k->pick->stage[m];
            row = line_row_of(v, first, end, k->measure, k->source, stage);
            if (row) line_row_series(row, &s);
        }
        if (!row) continue;
        if (!p) {
            prefix_open(k, row->key.account);
            p = &k->p[k->depth];
            p->any = true;
            p->last = 12;
        }
        p->own[m] = s.value[k->pick->at[m]];
        p->stated = (uint16_t)(p->stated | 1u << m);
    }
}

static void walk_accounts(struct walk *k)
{
    const struct lines *v = &k->w->view;
    uint32_t end = k->l->row + k->l->rows, r = k->l->activity ? k->l->row + k->l->own : k->l->row;
    k->depth = 0;
    for (uint32_t next; r < end; r = next) {
        next = line_account_end(v, r, end);
        if (k->pick) own_budget(k, r, next);
        else own_flow(k, r, next);
    }
    while (k->depth > 0) prefix_close(k);
}

static bool gathered(const struct lines *v, unsigned stage)
{
    for (uint32_t i = 0; i < v->candidate_count; i++)
        if (v->candidate[i].stage == stage) return true;
    return false;
}

/* The budget stages of the line's account rows become the candidates. */
static void candidates_of_accounts(struct lines *v, const struct line *l, unsigned source)
{
    uint32_t end = l->row + l->rows, at;
    bool own = l->activity == 0;
    line_candidates_begin(v);
    for (uint32_t r = own ? l->row : l->row + l->own; r < end; r++) {
        const struct leaf_key *k = &v->unit->leaf[r].key;
        if (k->measure != MEASURE_BUDGET || k->source != source || k->indicator || gathered(v, k->stage)) continue;
        struct series *s = line_series_new(v, &at);
        if (!s) return;
        if (line_stage_series(v, l, MEASURE_BUDGET, source, k->stage, own, s)) line_candidate_add(v, k->stage, at);
    }
}

static void murni_pick(const struct line_candidate *c, struct line_pick *ret)
{
    *ret = (struct line_pick){ .stated = 0xfff };
    for (unsigned m = 0; m < 12; m++) {
        ret->stage[m] = c->stage;
        ret->at[m] = (uint8_t)(m + 1 < c->start ? c->start - 1u : m);
    }
}

static void budget_parts(struct derive_work *w, const struct line *l, unsigned source)
{
    struct line_pick pick, murni;
    candidates_of_accounts(&w->view, l, source);
    if (!line_pick(&w->view, source, &pick)) return;
    struct walk k = { .w = w, .l = l, .measure = MEASURE_BUDGET, .source = source, .derived = DERIVED_BUDGET, .pick = &pick };
    walk_accounts(&k);
    const struct line_candidate *c = line_pick_murni(&w->view);
    if (!c) return;
    murni_pick(c, &murni);
    k.derived = DERIVED_BUDGET_MURNI;
    k.pick = &murni;
    walk_accounts(&k);
}

static void item_parts(struct derive_work *w, const struct line *l, const struct line_item *it)
{
    if (it->measure == MEASURE_BUDGET) {
        budget_parts(w, l, it->source);
        return;
    }
    struct walk k = { .w = w, .l = l, .measure = it->measure, .source = it->source,
                      .derived = it->measure == MEASURE_REALISED ? DERIVED_REALISED : DERIVED_CASH_PLAN };
    walk_accounts(&k);
}

/* A one-segment account that is a control total. */
static void control_part(struct derive_work *w, const struct line *l, const struct line_item *it)
{
    bool budget = it->measure == MEASURE_BUDGET;
    if (!budget && it->measure != MEASURE_REALISED) return;
    struct derived_row *r = derive_account_part(w, NODE_ACCOUNT, l->account,
                                                budget ? DERIVED_CONTROL_BUDGET : DERIVED_CONTROL_REALISED, it->source);
    if (!r) return;
    const struct series *s = &w->view.series[it->series];
    memcpy(r->value, s->value, sizeof r->value);
    for (unsigned m = 0; m < 12; m++) r->offices[m] = budget ? it->stated >> m & 1 : m < s->last;
}

/* An account-only line is there where it stands and above, whatever stage is in force, a control total too. */
static void present_parts(struct derive_work *w, const struct line *l, const struct line_item *it)
{
    if (it->measure != MEASURE_BUDGET && it->measure != MEASURE_REALISED) return;
    for (account_code a = l->account; a; a = code_account_parent(a)) {
        struct derived_row *r = derive_account_part(w, NODE_ACCOUNT, a, DERIVED_PRESENCE, 0);
        if (r) r->offices[0] = it->measure == MEASURE_BUDGET ? 12 : w->view.series[it->series].last;
    }
}

static void found_parts(struct derive_work *w, const struct line *l, uint32_t i)
{
    for (account_code a = l->account; a; a = code_account_parent(a)) {
        struct derived_row *r = derive_account_part(w, NODE_ACCOUNT, a, DERIVED_FINDINGS, 0);
        for (unsigned m = 0; r && m < 12; m++) r->value[m] = w->found[i][m];
    }
}

/* ---- account-only lines as lines (`daun`) ---- */

static void line_part(struct derive_work *w, const struct line *l, const struct line_item *it, unsigned derived,
                      const struct series *s)
{
    struct derived_row *r = derive_account_part(w, NODE_ACCOUNT_LINE, l->account, derived, it->source);
    if (!r) return;
    memcpy(r->value, s->value, sizeof r->value);
    r->offices[0] = it->measure == MEASURE_BUDGET ? 12 : s->last;
    r->lines = 1;
    r->assumed = derived == DERIVED_BUDGET && it->flags & LINE_ASSUMED;
}

static void standing_parts(struct derive_work *w, const struct line *l, const struct line_item *it)
{
    struct line_open o;
    line_still_open(&w->view, l, it, &o);
    for (unsigned k = DERIVED_OPEN; k <= DERIVED_PHYSICAL_BUDGET; k++) {
        const i128 *v = derive_standing(&o, k);
        struct derived_row *r = v ? derive_account_part(w, NODE_ACCOUNT_LINE, l->account, k, SOURCE_DPA) : NULL;
        if (r) memcpy(r->value, v, sizeof r->value);
    }
}

static void line_parts(struct derive_work *w, const struct line *l, const struct line_item *it)
{
    static const uint8_t derived[] = { [MEASURE_BUDGET] = DERIVED_BUDGET, [MEASURE_REALISED] = DERIVED_REALISED,
                                       [MEASURE_CASH_PLAN] = DERIVED_CASH_PLAN };
    const struct series *s = &w->view.series[it->series];
    line_part(w, l, it, derived[it->measure], s);
    if (it->flags & LINE_MURNI) line_part(w, l, it, DERIVED_BUDGET_MURNI, s + 1);
    if (it->measure == MEASURE_BUDGET && it->source == SOURCE_DPA) standing_parts(w, l, it);
    if (it->measure == MEASURE_CASH_PLAN) return;
    struct derived_row *present = derive_account_part(w, NODE_ACCOUNT_LINE, l->account, DERIVED_PRESENCE, 0);
    if (present) present->offices[0] = it->measure == MEASURE_BUDGET ? 12 : s->last;
}

static void account_line(struct derive_work *w, const struct line *l, uint32_t i)
{
    for (uint32_t j = l->item; j < l->item + l->items; j++) line_parts(w, l, &w->view.item[j]);
    if (w->claims.count == 0) return;
    struct derived_row *r = derive_account_part(w, NODE_ACCOUNT_LINE, l->account, DERIVED_FINDINGS, 0);
    for (unsigned m = 0; r && m < 12; m++) r->value[m] = w->found[i][m];
}

void derive_account_parts(struct derive_work *w)
{
    w->parts = 0;
    for (uint32_t i = 0; i < w->view.count; i++) {
        const struct line *l = &w->view.line[i];
        if (l->activity == CODE_TOTAL || (l->activity && l->rows == l->own)) continue;
        for (uint32_t j = l->item; j < l->item + l->items; j++) {
            const struct line_item *it = &w->view.item[j];
            if (it->flags & LINE_COUNTED) item_parts(w, l, it);
            else if (l->activity == 0) control_part(w, l, it);
            if (l->activity == 0) present_parts(w, l, it);
        }
        if (l->activity == 0 && w->claims.count > 0) found_parts(w, l, i);
        if (l->activity == 0 && code_account_depth(l->account) == 2) account_line(w, l, i);
    }
    if (w->view.failed) w->failed = true;
}
