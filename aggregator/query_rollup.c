/* query_rollup.c - the rollup: rows of one level under a region or office, and the total. Kind: P. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_habit.h"
#include "aggregator/query_with.h"
#include "proto/decimal.h"

struct rollup {
    const struct query_context *q;
    const struct query_scope *s;
    struct query_printed *printed;
    struct query_with *with; /* NULL: nothing is asked for beside the sums */
    json_t *rows;
    i128 top_budget, top_realised; /* control totals at bidang level, while every bidang has one */
    bool top_budget_ok, top_realised_ok, top_any;
    unsigned top_count;
    uint64_t top_node; /* the only bidang, when there is one: its printed percentage is the total's */
};

static i128 budget_of(const struct rollup *r, const struct figure_row *f) { return r->s->murni ? f->murni : f->budget; }

/* Where nobody has reported a realisation there is no absorption: not reported is not zero. */
static void put_sums(const struct rollup *r, json_t *o, const struct figure_row *f)
{
    i128 budget = budget_of(r, f);
    json_object_set_new(o, "budget", query_figure_money(budget));
    json_object_set_new(o, "realised", query_figure_money(f->realised));
    json_object_set_new(o, "absorption", f->has_realised ? query_figure_percent(f->realised, budget) : json_null());
}

/* What the reports themselves print for this node: control totals, and the printed percentage when exactly one office prints it. */
static json_t *reported(const struct rollup *r, const struct figure_row *f, uint64_t activity, uint64_t account)
{
    char text[32];
    bool control = f->has_control_budget || f->has_control_realised;
    bool has_text = r->printed && query_printed_text(r->printed, activity, account, r->s->until, text);
    if (!control && !has_text) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "budget",
                        f->has_control_budget ? query_figure_money(f->control_budget)
                        : control             ? json_null()
                                              : query_figure_money(f->budget));
    json_object_set_new(o, "realised",
                        f->has_control_realised ? query_figure_money(f->control_realised)
                        : control               ? json_null()
                                                : query_figure_money(f->realised));
    json_object_set_new(o, "absorption", has_text ? json_string(text) : json_null());
    return o;
}

static json_t *name_of(const struct rollup *r, uint64_t activity)
{
    char own[TEXT_MAX + 1];
    const char *official = r->q->names ? names_activity(r->q->names, activity) : NULL;
    if (official) return json_string(official);
    return r->printed && query_printed_name(r->printed, activity, own, sizeof own) ? json_string(own) : json_null();
}

static void put_others(json_t *o, const struct figure_row *f)
{
    if (f->has_other_realised) json_object_set_new(o, "realised_other_sources", query_figure_money(f->other_realised));
    if (f->has_other_budget) json_object_set_new(o, "budget_other_sources", query_figure_money(f->other_budget));
    if (f->has_plan[0] || f->has_plan[1]) json_object_set_new(o, "plan", query_figure_money(f->plan[!f->has_plan[0]]));
    if (f->bare) json_object_set_new(o, "bare", json_integer((json_int_t)f->bare));
}

/* Whose ceiling `plan` is; 0: there is none. */
static unsigned plan_source(const struct figure_row *f)
{
    return f->has_plan[0] ? SOURCE_RENSTRA : f->has_plan[1] ? SOURCE_RPJMD : SOURCE_NONE;
}

/* A first known stage that was stretched back to month 1 is marked where it was stated and in the total, not on nodes between. */
static void put_assumed(json_t *o, const struct figure_row *f)
{
    if (f->assumed) json_object_set_new(o, "assumed", json_integer((json_int_t)f->assumed));
}

/* Nodes that only a plan speaks of are the plan's rows, not the budget's. */
static bool plan_only(const struct figure_row *f)
{
    if (f->has_budget || f->has_realised || f->has_control_budget || f->has_control_realised) return false;
    return (f->has_plan[0] || f->has_plan[1]) && !f->has_other_budget && !f->has_other_realised && f->cash_plan == 0;
}

static int add_row(void *ctx, const struct figure_row *f)
{
    struct rollup *r = ctx;
    char code[32];
    bool activity = f->node.node_kind == NODE_ACTIVITY;
    if (activity)
        code_format_activity(f->node.node, code);
    else
        code_format_account(f->node.node, code);
    if (!query_parse_below(r->s->code, code) || plan_only(f)) return ST_OK;
    enum level level = activity ? code_level(f->node.node) : LEVEL_ACCOUNT;
    json_t *o = json_object();
    json_object_set_new(o, "code", json_string(code));
    json_object_set_new(o, "vintage", activity ? json_string(code_vintage_name(code_vintage(f->node.node))) : json_null());
    json_object_set_new(o, "level", json_string(code_level_name(level)));
    json_object_set_new(o, "name", activity ? name_of(r, f->node.node) : json_null());
    put_sums(r, o, f);
    json_object_set_new(o, "reported", activity ? reported(r, f, f->node.node, 0) : reported(r, f, 0, f->node.node));
    json_object_set_new(o, "findings", json_integer((json_int_t)f->findings));
    query_rows_complete(f, f->offices, o);
    json_object_set_new(o, "figure", query_figure_of_row(r->q, r->s, &f->node));
    json_object_set_new(o, "figures", query_figure_of_rows(r->q, r->s, &f->node, plan_source(f)));
    put_others(o, f);
    if (!activity || level == code_leaf_level(code_vintage(f->node.node))) put_assumed(o, f);
    int st = query_with_row(r->with, f, activity ? (unsigned)level : code_account_depth(f->node.node), o);
    return json_array_append_new(r->rows, o) == 0 ? st : ST_NO_MEMORY;
}

static int add_leaf_row(void *ctx, const struct figure_row *f)
{
    return code_level(f->node.node) == code_leaf_level(code_vintage(f->node.node)) ? add_row(ctx, f) : ST_OK;
}

/* `rekening`: the two segments at which accounts are counted; below a given prefix every depth. */
static int account_rows(struct rollup *r)
{
    int st = ST_OK;
    for (unsigned depth = r->s->code.n ? 1 : 2; st == ST_OK && depth <= (r->s->code.n ? 6u : 2u); depth++)
        st = query_rows(r->q, r->s, NODE_ACCOUNT, depth, add_row, r);
    return st;
}

/* `daun`: what is counted: the leaf of each vintage, and the account-only lines at two segments. */
static int leaf_rows(struct rollup *r)
{
    int st = query_rows(r->q, r->s, NODE_ACTIVITY, LEVEL_KEGIATAN, add_leaf_row, r);
    if (st == ST_OK) st = query_rows(r->q, r->s, NODE_ACTIVITY, LEVEL_SUBKEGIATAN, add_leaf_row, r);
    return st == ST_OK ? query_rows(r->q, r->s, NODE_ACCOUNT_LINE, 2, add_row, r) : st;
}

/* ---- code order ---- */

/* By the numbers of the segments, parents first; alike: by the list the code is of, accounts (of none) last. */
static int by_code(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    const char *p = query_text_of(x, "code"), *q = query_text_of(y, "code"), *v = query_text_of(x, "vintage"),
               *w = query_text_of(y, "vintage");
    while (*p && *q) {
        unsigned m = 0, n = 0;
        while (*p >= '0' && *p <= '9') m = 10 * m + (unsigned)(*p++ - '0');
        while (*q >= '0' && *q <= '9') n = 10 * n + (unsigned)(*q++ - '0');
        if (m != n) return m < n ? -1 : 1;
        p += *p == '.';
        q += *q == '.';
    }
    if (*p || *q) return *p ? 1 : -1;
    return !*v != !*w ? !*v - !*w : strcmp(v, w);
}

/* Rows of several lists or depths come one list after the other. */
static int rows_sort(struct rollup *r)
{
    size_t n = json_array_size(r->rows);
    json_t *sorted = json_array(), **row = calloc(n + 1, sizeof *row);
    int st = sorted && row ? ST_OK : ST_NO_MEMORY;
    for (size_t i = 0; st == ST_OK && i < n; i++) row[i] = json_array_get(r->rows, i);
    if (st == ST_OK) qsort(row, n, sizeof *row, by_code);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        if (json_array_append(sorted, row[i]) != 0) st = ST_NO_MEMORY;
    free(row);
    json_decref(st == ST_OK ? r->rows : sorted);
    if (st == ST_OK) r->rows = sorted;
    return st;
}

/* ---- the total ---- */

static int add_top(void *ctx, const struct figure_row *f)
{
    struct rollup *r = ctx;
    r->top_any = true;
    r->top_count++;
    r->top_node = f->node.node;
    r->top_budget += f->control_budget;
    r->top_realised += f->control_realised;
    r->top_budget_ok &= f->has_control_budget;
    r->top_realised_ok &= f->has_control_realised;
    return ST_OK;
}

/* The documents' own total: the stated `total`, else the control totals of the bidang when every one has it. */
static int reported_total(struct rollup *r, const struct figure_row *stated, json_t *total)
{
    struct figure_row f = *stated;
    uint64_t printed_at = CODE_TOTAL;
    if (!f.has_control_budget && !f.has_control_realised) {
        r->top_budget_ok = r->top_realised_ok = true;
        int st = query_rows(r->q, r->s, NODE_ACTIVITY, LEVEL_BIDANG, add_top, r);
        if (st != ST_OK) return st;
        f.has_control_budget = r->top_any && r->top_budget_ok;
        f.has_control_realised = r->top_any && r->top_realised_ok;
        f.control_budget = r->top_budget;
        f.control_realised = r->top_realised;
        printed_at = r->top_count == 1 ? r->top_node : 0;
    }
    json_object_set_new(total, "reported",
                        f.has_control_budget || f.has_control_realised ? reported(r, &f, printed_at, 0) : json_null());
    return ST_OK;
}

static json_t *part(const struct rollup *r, const struct figure_row *f)
{
    json_t *o = json_object();
    put_sums(r, o, f);
    json_object_set_new(o, "figure", query_figure_of_row(r->q, r->s, &f->node));
    return o;
}

static int add_total(struct rollup *r, json_t *answer)
{
    struct figure_row f[3];
    for (unsigned i = 0; i < 3; i++) {
        const struct derived_key k = {.node = i, .node_kind = NODE_TOTAL};
        int st = query_rows_one(r->q, r->s, &k, 0, &f[i]);
        if (st != ST_OK) return st;
    }
    json_t *total = json_object();
    put_sums(r, total, &f[0]);
    json_object_set_new(total, "activities", part(r, &f[1]));
    json_object_set_new(total, "accounts", part(r, &f[2]));
    json_object_set_new(total, "findings", json_integer((json_int_t)f[0].findings));
    json_object_set_new(total, "figure", query_figure_of_row(r->q, r->s, &f[0].node));
    json_object_set_new(total, "figures", query_figure_of_rows(r->q, r->s, &f[0].node, plan_source(&f[0])));
    put_others(total, &f[0]);
    put_assumed(total, &f[0]);
    int st = reported_total(r, &f[0], total);
    if (st == ST_OK) st = query_with_row(r->with, &f[0], 0, total);
    json_object_set_new(answer, "total", total);
    int64_t of = 0;
    for (size_t i = 0; i < registry_count(r->q->registry); i++) {
        const struct office *o = registry_at(r->q->registry, i);
        of += r->s->office ? o == r->s->office
                           : o->role == ROLE_OFFICE && o->status == OFFICE_ACTIVE && code_region_holds(r->s->region, o->region);
    }
    query_rows_complete(&f[0], of, answer);
    json_object_set_new(json_object_get(answer, "coverage"), "unstated",
                        json_integer((json_int_t)(of > f[0].offices ? of - f[0].offices : 0)));
    return st;
}

/* Above a city, transfers between governments are in the sums of who passes them on and of who spends them: the sums stay gross,
 * what is stated as transfer stands beside them (domain.md 6). Figures without accounts do not tell. */
static int put_transfers(const struct rollup *r, json_t *total)
{
    account_code code[CODE_TRANSFERS];
    struct figure_row sum = {0}, f;
    char text[32];
    int st = ST_OK;
    if (r->s->office || code_region_depth(r->s->region) == 2) return ST_OK;
    json_t *codes = json_array();
    size_t n = code_transfers(code_vintage_of_year(r->s->year), code);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        const struct derived_key k = {.node = code[i], .node_kind = NODE_ACCOUNT};
        st = query_rows_one(r->q, r->s, &k, code_account_depth(code[i]), &f);
        if (st != ST_OK || (!f.has_budget && !f.has_realised)) continue;
        sum.budget += f.budget;
        sum.murni += f.murni;
        sum.realised += f.realised;
        sum.has_realised |= f.has_realised;
        code_format_account(code[i], text);
        json_array_append_new(codes, json_string(text));
    }
    if (json_array_size(codes) > 0) {
        json_t *o = json_object();
        put_sums(r, o, &sum);
        json_object_set(o, "codes", codes);
        json_object_set_new(total, "transfers", o);
    }
    json_decref(codes);
    return st;
}

/* Offices that are late against their own habit, when completeness is asked for: it takes a look at all they stated. Null where
 * that is not told: of the past, and of very many at once. */
static int put_silent(const struct rollup *r, json_t *answer)
{
    int64_t silent = 0;
    if (!query_with_coverage(r->with)) return ST_OK;
    bool told = query_habit_told(r->q, r->s);
    int st = told ? query_habit_count(r->q, r->s, &silent) : ST_OK;
    json_object_set_new(answer, "silent", told ? json_integer((json_int_t)silent) : json_null());
    return st;
}

static int rows_of_level(struct rollup *r)
{
    int st = r->s->level == LEVEL_ACCOUNT ? account_rows(r)
             : r->s->level == LEVEL_LEAF  ? leaf_rows(r)
                                          : query_rows(r->q, r->s, NODE_ACTIVITY, r->s->level, add_row, r);
    return st == ST_OK ? rows_sort(r) : st;
}

int query_rollup(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    char region[8];
    int st = query_parse_scope(q, p, true, &s, ret_problem);
    if (st != ST_OK) return st;
    bool all = false;
    struct rollup r = {.q = q, .s = &s};
    st = query_with_new(q, &s, p->with, &r.with, ret_problem);
    if (st != ST_OK) return st;
    r.rows = json_array();
    json_t *answer = json_object();
    st = query_parse_stamp(q, answer);
    code_region_format(s.office ? s.office->region : s.region, region);
    json_object_set_new(answer, "region", json_string(region));
    const char *region_name = q->names ? names_region(q->names, s.office ? s.office->region : s.region) : NULL;
    json_object_set_new(answer, "region_name", region_name ? json_string(region_name) : json_null());
    if (s.office) json_object_set_new(answer, "office", json_string(s.office->id));
    json_object_set_new(answer, "year", json_integer(s.year));
    json_object_set_new(answer, "until", json_integer(s.until));
    json_object_set_new(answer, "level", json_string(code_level_name(s.level)));
    json_object_set_new(answer, "stage", json_string(s.murni ? "murni" : "berlaku"));
    if (st == ST_OK) st = query_printed_load(q, &s, &r.printed);
    if (st == ST_OK) st = rows_of_level(&r);
    json_object_set_new(answer, "rows", r.rows);
    if (st == ST_OK) st = add_total(&r, answer);
    if (st == ST_OK) st = put_transfers(&r, json_object_get(answer, "total"));
    if (st == ST_OK) st = put_silent(&r, answer);
    if (st == ST_OK) st = query_finding_count(q, &s, r.rows, json_object_get(answer, "total"), &all);
    json_object_set_new(answer, "findings_of", json_string(all ? "all" : "money"));
    query_printed_free(&r.printed);
    query_with_free(&r.with);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
