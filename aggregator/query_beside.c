/* query_beside.c - findings about second prints, outputs without money and copied results, as `findings` lists them. Kind: P.
 *
 * printed is what the other table prints, computed what is stated (or what the pair it repeats gives); `table` names the table. A
 * finding about a whole column or a whole office carries counts (`differ`, `of`) instead of a figure. */
#include "aggregator/query_beside.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/compare.h"
#include "aggregator/match.h"
#include "aggregator/output.h"
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
    const char *kind = status_code_spelling(code);
    struct slice asked = b->ask->kind;
    if (activity) code_format_activity(activity, text);
    else code_format_account(account, text);
    if (asked.n && (strlen(kind) != asked.n || memcmp(kind, asked.p, asked.n) != 0)) return NULL;
    if (!query_parse_below(b->ask->s->code, text)) return NULL;
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(kind));
    json_object_set_new(o, "office", json_string(b->o->office->id));
    json_object_set_new(o, "year", json_integer(b->o->year));
    json_object_set_new(o, "code", json_string(text));
    json_object_set_new(o, "indicator", json_null());
    json_object_set_new(o, "where", json_string(where));
    json_object_set_new(o, "printed", json_null());
    json_object_set_new(o, "computed", json_null());
    json_object_set_new(o, "difference", json_null());
    json_object_set_new(o, "state", json_string("open"));
    json_object_set_new(o, "rule", json_string(status_code_text(code, b->ask->q->lang)));
    return o;
}

static int put(const struct beside *b, json_t *o) { return json_array_append_new(b->ask->list, o) == 0 ? ST_OK : ST_NO_MEMORY; }

static void put_counts(json_t *o, uint32_t differ, uint32_t of)
{
    json_object_set_new(o, "differ", json_integer((json_int_t)differ));
    json_object_set_new(o, "of", json_integer((json_int_t)of));
}

/* ---- second prints ---- */

static void put_amounts(json_t *o, const struct compare_claim *c)
{
    char t[48];
    decimal_format_sen(c->printed, t);
    json_object_set_new(o, "printed", json_string(t));
    decimal_format_sen(c->computed, t);
    json_object_set_new(o, "computed", json_string(t));
    decimal_format_sen(c->printed - c->computed, t);
    json_object_set_new(o, "difference", json_string(t));
}

static void put_percent(json_t *o, const struct compare_claim *c)
{
    char t[48];
    int64_t right, scale = 1;
    unsigned decimals = c->decimals > 2 ? c->decimals : 2;
    for (unsigned i = decimals; i < 6; i++) scale *= 10;
    decimal_format_micro((int64_t)c->printed, c->decimals, t);
    json_object_set_new(o, "printed", json_string(t));
    if (!decimal_ratio_percent(c->num, c->den, decimals, false, &right)) return;
    decimal_percent_text(c->num, c->den, decimals, t);
    json_object_set_new(o, "computed", json_string(t));
    decimal_format_micro((int64_t)c->printed - right * scale, decimals, t);
    json_object_set_new(o, "difference", json_string(t));
}

static const char *column_text(const struct beside *b, enum compare_column c)
{
    return c == COMPARE_BUDGET ? say(b, "pagu", "budget") : c == COMPARE_REALISED ? say(b, "realisasi", "realised")
                                                                                  : say(b, "persen tercetak", "printed percentage");
}

static void against_text(const struct beside *b, const struct compare_claim *c, char *ret, size_t size)
{
    if (c->column == COMPARE_PERCENT)
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
    if (c->whole) put_counts(o, c->differ, c->of);
    else if (c->column == COMPARE_PERCENT) put_percent(o, c);
    else put_amounts(o, c);
    return put(b, o);
}

/* ---- office and treasurer ---- */

/* Two sources of one figure that disagree; where one of them is only ahead nothing is proven (match.h). */
static int put_match(void *ctx, const struct match_row *r)
{
    const struct beside *b = ctx;
    char code[32], where[160], t[48];
    if (r->state != MATCH_VALUE) return ST_OK;
    if (r->activity) code_format_activity(r->activity, code);
    else code_format_account(r->account, code);
    snprintf(where, sizeof where, "%s %s %s %s", code,
             say(b, "realisasi opd dibanding realisasi bud", "realised opd against realised bud"), say(b, "s.d.", "up to"),
             period_month_name((unsigned)b->ask->s->until, b->ask->q->lang));
    json_t *o = finding(b, CODE_BETWEEN_TABLES, r->activity, r->account, where);
    if (!o) return ST_OK;
    decimal_format_sen(r->office.value, t);
    json_object_set_new(o, "printed", json_string(t));
    decimal_format_sen(r->treasurer.value, t);
    json_object_set_new(o, "computed", json_string(t));
    decimal_format_sen(r->office.value - r->treasurer.value, t);
    json_object_set_new(o, "difference", json_string(t));
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
        put_counts(o, c->of - c->same, c->of);
        json_object_set_new(o, "same", json_integer((json_int_t)c->same));
        return put(b, o);
    }
    decimal_format_sen(c->money, money);
    json_object_set_new(o, "indicator", query_indicators_name(b->ask->q, b->o, c->it));
    json_object_set_new(o, "printed", query_indicators_value(&c->reached));
    json_object_set_new(o, "money", json_string(money));
    return put(b, o);
}

/* ---- parts of an indicator ---- */

/* The stated value against what its parts give, at two decimals: 88,32 for 12.295 of 13.920 is 88,33. */
static int put_parts(const struct beside *b, const struct query_plan *p, const struct indicator *it)
{
    struct indicator_state st;
    struct ratio whole, stated;
    int64_t right, seen, scale = 10000;
    char text[32], code[32], where[120];
    const bool base = indicator_slot(it->denominator, (unsigned)b->ask->s->until) != NULL;
    if (!query_plan_parts(b->ask->q, p, it, (unsigned)b->ask->s->until, &whole, NULL)) return ST_OK;
    indicator_judge(&b->o->u, it, (unsigned)b->ask->s->until, NULL, &st);
    if (st.in.reached.kind != ACHIEVE_NUMBER) return ST_OK;
    if (!achieve_ratio_multiply(st.in.reached.number, (struct ratio){1, 100}, &stated)) return ST_OK;
    if (!base && !achieve_ratio_multiply(whole, (struct ratio){1, 100}, &whole)) return ST_OK;
    if (!decimal_ratio_percent(whole.num, whole.den, 2, false, &right)) return ST_OK;
    if (!decimal_ratio_percent(stated.num, stated.den, 2, false, &seen) || right == seen) return ST_OK;
    query_indicators_code(it, code);
    snprintf(where, sizeof where, "%s %s", code, say(b, "realisasi dibanding komponennya", "reached against its parts"));
    json_t *o = finding(b, CODE_BETWEEN_TABLES, it->activity, it->account, where);
    if (!o) return ST_OK;
    json_object_set_new(o, "indicator", query_indicators_name(b->ask->q, b->o, it));
    json_object_set_new(o, "printed", query_indicators_value(&st.in.reached));
    decimal_format_micro(right * scale, 2, text);
    json_object_set_new(o, "computed", json_string(text));
    decimal_format_micro((seen - right) * scale, 2, text);
    json_object_set_new(o, "difference", json_string(text));
    return put(b, o);
}

static int part_findings(const struct beside *b)
{
    struct query_plan p;
    int st = query_plan_open(b->ask->q, b->o, &p);
    for (uint32_t i = 0; st == ST_OK && i < b->o->v.count; i++) st = put_parts(b, &p, &b->o->v.item[i]);
    query_plan_close(&p);
    return st;
}

int query_beside_findings(const struct query_finding_ask *ask, const struct office *office, int year)
{
    struct query_indicators o, before = {0};
    int st = query_indicators_open(ask->q, office, year, &o);
    struct beside b = {ask, &o};
    struct output_office pair = {.u = &o.u, .v = &o.v};
    bool earlier = st == ST_OK && o.v.count > 0 && year > YEAR_MIN;
    if (earlier) {
        st = query_indicators_open(ask->q, office, year - 1, &before);
        pair.before = &before.u;
        pair.v_before = &before.v;
    }
    if (st == ST_OK) st = compare_claims(&o.u, (unsigned)ask->s->until, put_print, &b);
    if (st == ST_OK) st = output_claims(&pair, (unsigned)ask->s->until, put_output, &b);
    if (st == ST_OK) st = match_rows(&o.u, (unsigned)ask->s->until, put_match, &b, NULL);
    if (st == ST_OK) st = part_findings(&b);
    if (earlier) query_indicators_close(&before);
    query_indicators_close(&o);
    return st;
}

/* ---- explanations ---- */

/* The newest explanation of a line up to a month; NULL. */
static const struct slot *explanation_of(const struct unit *u, const char *code, int until, unsigned *ret_month)
{
    const struct slot *best = NULL;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        char text[32];
        if (l->key.measure != MEASURE_NOTE_EXPLANATION) continue;
        if (l->key.activity) code_format_activity(l->key.activity, text);
        else code_format_account(l->key.account, text);
        for (int m = until; strcmp(text, code) == 0 && m-- > 0;)
            if (l->slot[m].kind == VALUE_TEXT && (!best || (unsigned)m + 1 > *ret_month)) {
                best = &l->slot[m];
                *ret_month = (unsigned)m + 1;
            }
    }
    return best;
}

json_t *query_beside_explanation(const struct office *office, const struct unit *u, const char *code, int until)
{
    unsigned month = 0;
    const struct slot *s = explanation_of(u, code, until, &month);
    if (!s) return NULL;
    struct slice text = unit_text(u, s);
    json_t *e = json_object();
    json_object_set_new(e, "by", json_string(office->id));
    json_object_set_new(e, "until", json_integer((json_int_t)month));
    json_object_set_new(e, "text", json_stringn((const char *)text.p, text.n));
    return e;
}

void query_beside_explain(const struct office *office, struct unit *u, int until, json_t *list, size_t first)
{
    for (size_t i = first; i < json_array_size(list); i++) {
        json_t *o = json_array_get(list, i);
        const char *code = json_string_value(json_object_get(o, "code"));
        json_t *e = code ? query_beside_explanation(office, u, code, until) : NULL;
        if (!e) continue;
        json_object_set_new(o, "state", json_string("explained"));
        json_object_set_new(o, "explanation", e);
    }
}
