/* query_beside.c - findings about second prints, outputs without money and copied results, as `findings` lists them. Kind: P.
 *
 * printed is what the other table prints, computed what is stated (or what the pair it repeats gives); `table` names the table. A
 * finding about a whole column or a whole office carries counts (`differ`, `of`) instead of a figure. */
#include "aggregator/query_beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/compare.h"
#include "aggregator/match.h"
#include "aggregator/output.h"
#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "proto/decimal.h"
#include "proto/period.h"

struct beside {
    const struct query_finding_ask *ask;
    const struct query_indicators *o;
};

static const char *say(const struct beside *b, const char *id, const char *en) { return b->ask->q->lang == LANG_EN ? en : id; }

/* NULL when this kind or code is not asked for. */
static json_t *finding(const struct beside *b, unsigned code, activity_code activity, account_code account, const char *where)
{
    char text[32];
    if (activity) code_format_activity(activity, text);
    else code_format_account(account, text);
    return query_finding_new(b->ask, b->o->office->id, b->o->year, code, text, where);
}

static int put(const struct beside *b, json_t *o) { return query_finding_add(b->ask, o); }

/* ---- second prints ---- */

static const char *column_text(const struct beside *b, enum compare_column c)
{
    return c == COMPARE_BUDGET ? say(b, "pagu", "budget") : c == COMPARE_REALISED ? say(b, "realisasi", "realised")
                                                                                  : say(b, "persen tercetak", "printed percentage");
}

static void against_text(const struct beside *b, const struct compare_claim *c, char *ret, size_t size)
{
    if (c->parent)
        snprintf(ret, size, "%s", say(b, "rincian di tabel itu sendiri", "the table's own lines below it"));
    else if (c->column == COMPARE_PERCENT)
        snprintf(ret, size, "%s", c->own_pair ? say(b, "pasangan di barisnya sendiri", "its own row's pair")
                                              : say(b, "realisasi dan pagu yang dinyatakan", "the stated realised and budget"));
    else
        snprintf(ret, size, "%s %s", column_text(b, c->column), figure_source_name(c->source));
}

static int put_print(void *ctx, const struct compare_claim *c)
{
    const struct beside *b = ctx;
    struct slice table = {0};
    char where[400], code[32], against[64], counts[64] = "";
    if (unit_dict_text(b->ask->q->t, FOLD_DICT_ID, c->table, &table) != ST_OK) table.n = 0;
    if (c->activity) code_format_activity(c->activity, code);
    else code_format_account(c->account, code);
    against_text(b, c, against, sizeof against);
    if (c->whole) snprintf(counts, sizeof counts, ": %u %s %u %s", c->differ, say(b, "dari", "of"), c->of, say(b, "baris", "rows"));
    snprintf(where, sizeof where, "%s%s%s, %s %.*s%s, %s %s, %s %s", c->whole ? "" : code, c->whole ? "" : " ",
             column_text(b, c->column), say(b, "tabel", "table"), (int)(table.n < 120 ? table.n : 120), (const char *)table.p,
                 counts,
             say(b, "dibanding", "against"), against, say(b, "s.d.", "up to"), period_month_name(c->month, b->ask->q->lang));
    json_t *o = finding(b, c->code, c->activity, c->account, where);
    if (!o) return ST_OK;
    json_object_set_new(o, "table", json_stringn((const char *)table.p, table.n));
    if (c->whole) query_finding_counts(o, c->differ, c->of);
    else if (c->column == COMPARE_PERCENT) query_finding_percent(o, (int64_t)c->printed, c->decimals, c->num, c->den);
    else query_finding_money(o, c->printed, c->computed);
    return put(b, o);
}

/* ---- office and treasurer ---- */

/* Two sources of one figure that disagree; where one of them is only ahead nothing is proven (match.h). */
static int put_match(void *ctx, const struct match_row *r)
{
    const struct beside *b = ctx;
    char code[32], where[160];
    if (r->state != MATCH_VALUE) return ST_OK;
    if (r->activity) code_format_activity(r->activity, code);
    else code_format_account(r->account, code);
    snprintf(where, sizeof where, "%s %s %s %s", code,
             say(b, "realisasi opd dibanding realisasi bud", "realised opd against realised bud"), say(b, "s.d.", "up to"),
             period_month_name((unsigned)b->ask->s->until, b->ask->q->lang));
    json_t *o = finding(b, CODE_BETWEEN_TABLES, r->activity, r->account, where);
    if (!o) return ST_OK;
    query_finding_money(o, r->office.value, r->treasurer.value);
    return put(b, o);
}

/* ---- outputs ---- */

static int put_output(void *ctx, const struct output_claim *c)
{
    const struct beside *b = ctx;
    char where[200], code[32], money[48];
    bool last_year = c->code == CODE_SAME_AS_LAST_YEAR;
    code_format_activity(c->activity, code);
    if (last_year)
        snprintf(where, sizeof where, "%u %s %u %s %d", c->same, say(b, "dari", "of"), c->of,
                 say(b, "hasil sama dengan", "results equal those of"), b->o->year - 1);
    else
        snprintf(where, sizeof where, "%s %s", code, c->code == CODE_MONEY_NO_OUTPUT ? say(b, "realisasi keluaran",
                                                                                           "output reached")
                                                                                     : say(b, "realisasi uang", "money realised"));
    json_t *o = finding(b, c->code, c->activity, 0, where);
    if (!o) return ST_OK;
    if (last_year) {
        query_finding_counts(o, c->of - c->same, c->of);
        json_object_set_new(o, "same", json_integer((json_int_t)c->same));
        return put(b, o);
    }
    decimal_format_sen(c->money, money);
    json_object_set_new(o, "indicator", query_indicators_name(b->ask->q, b->o, c->it));
    json_object_set_new(o, "printed", query_indicators_value(&c->reached));
    json_object_set_new(o, "money", json_string(money));
    return put(b, o);
}

int query_beside_findings(const struct query_finding_ask *ask, const struct office *office, int year)
{
    struct query_indicators o, before = {0};
    int st = query_indicators_open(ask->q, office, year, (unsigned)ask->s->until, &o);
    struct beside b = {ask, &o};
    struct output_office pair = {.u = &o.u, .v = &o.v};
    bool earlier = st == ST_OK && o.v.count > 0 && year > YEAR_MIN;
    if (earlier) {
        st = query_indicators_open(ask->q, office, year - 1, 12, &before);
        pair.before = &before.u;
        pair.v_before = &before.v;
    }
    if (st == ST_OK) st = compare_claims(&o.u, (unsigned)ask->s->until, put_print, &b);
    if (st == ST_OK) st = output_claims(&pair, (unsigned)ask->s->until, put_output, &b);
    if (st == ST_OK) st = match_rows(&o.u, (unsigned)ask->s->until, put_match, &b, NULL);
    if (st == ST_OK) st = query_part_findings(ask, &o);
    if (earlier) query_indicators_close(&before);
    query_indicators_close(&o);
    return st;
}

/* ---- explanations ---- */

struct explained { /* a row with explanations, under its code */
    char code[32];
    const struct leaf *leaf;
};

static bool explains(const struct leaf *l, char ret_code[32])
{
    if (l->key.measure != MEASURE_NOTE_EXPLANATION) return false;
    if (l->key.activity)
        code_format_activity(l->key.activity, ret_code);
    else
        code_format_account(l->key.account, ret_code);
    return true;
}

/* By code; rows of one code as they stand in the unit. */
static int explained_order(const void *a, const void *b)
{
    const struct explained *x = a, *y = b;
    int c = strcmp(x->code, y->code);
    return c != 0 ? c : (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

/* All of a unit: findings may be as many as its rows, and each is looked up. *ret is the caller's to free; NULL when there is none.
 */
static int explained_of(const struct unit *u, struct explained **ret, size_t *ret_n)
{
    struct explained *list = NULL;
    size_t n = 0, count = 0;
    char code[32];
    for (uint32_t i = 0; i < u->count; i++) count += u->leaf[i].key.measure == MEASURE_NOTE_EXPLANATION;
    if (count > 0 && !(list = calloc(count, sizeof *list))) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < u->count; i++) {
        if (!explains(&u->leaf[i], code)) continue;
        memcpy(list[n].code, code, sizeof code);
        list[n++].leaf = &u->leaf[i];
    }
    if (n > 1) qsort(list, n, sizeof *list, explained_order);
    *ret = list;
    *ret_n = n;
    return ST_OK;
}

/* The newest of a row up to a month, when it is newer than the best so far. */
static void newer(const struct leaf *l, int until, const struct slot **best, unsigned *month)
{
    for (int m = until; m-- > 0;)
        if (l->slot[m].kind == VALUE_TEXT && (!*best || (unsigned)m + 1 > *month)) {
            *best = &l->slot[m];
            *month = (unsigned)m + 1;
        }
}

/* The newest explanation of a line up to a month; NULL. */
static const struct slot *explanation_of(const struct explained *list, size_t n, const char *code, int until, unsigned *ret_month)
{
    const struct slot *best = NULL;
    size_t low = 0;
    for (size_t high = n; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(list[middle].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < n && strcmp(list[low].code, code) == 0; low++) newer(list[low].leaf, until, &best, ret_month);
    return best;
}

static int explanation_json(const struct query_context *q, const struct office *office, const struct unit *u,
                            const struct slot *s, unsigned month, json_t **ret)
{
    json_t *statement = NULL;
    int st = query_figure_statement(q, s->prov, &statement);
    if (st != ST_OK) return st;
    struct slice text = unit_text(u, s);
    json_t *e = json_object();
    json_object_set_new(e, "by", json_string(office->id));
    json_object_set_new(e, "until", json_integer((json_int_t)month));
    json_object_set_new(e, "text", json_stringn((const char *)text.p, text.n));
    json_object_set_new(e, "statement", statement);
    *ret = e;
    return ST_OK;
}

int query_beside_explanation(const struct query_context *q, const struct office *office, const struct unit *u, const char *code,
                             int until, json_t **ret)
{
    struct explained *list = NULL;
    unsigned month = 0;
    size_t n = 0;
    *ret = NULL;
    int st = explained_of(u, &list, &n);
    const struct slot *s = st == ST_OK ? explanation_of(list, n, code, until, &month) : NULL;
    if (s) st = explanation_json(q, office, u, s, month, ret);
    free(list);
    return st;
}

static int explain(const struct query_context *q, const struct office *office, const struct unit *u, const struct slot *s,
                   unsigned month, json_t *finding)
{
    json_t *e = NULL;
    int st = explanation_json(q, office, u, s, month, &e);
    if (st != ST_OK) return st;
    json_object_set_new(finding, "state", json_string("explained"));
    json_object_set_new(finding, "explanation", e);
    return ST_OK;
}

int query_beside_explain(const struct query_context *q, const struct office *office, struct unit *u, int until, json_t *list,
                         size_t first)
{
    struct explained *said = NULL;
    size_t n = 0;
    int st = explained_of(u, &said, &n);
    for (size_t i = first; st == ST_OK && n > 0 && i < json_array_size(list); i++) {
        json_t *o = json_array_get(list, i);
        const char *code = json_string_value(json_object_get(o, "code"));
        unsigned month = 0;
        const struct slot *s = code ? explanation_of(said, n, code, until, &month) : NULL;
        if (s) st = explain(q, office, u, s, month, o);
    }
    free(said);
    return st;
}
