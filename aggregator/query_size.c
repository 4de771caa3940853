/* query_size.c - figures of a year that are out of size, or the same as they should not be, as `findings` lists them. Kind: P.
 *
 * Size (size.h): budget in force and realised of a line at the cut-off against the same month of up to SIZE_YEARS earlier years.
 * Copies (copied.h): within the office here, between offices at the end of a
 * listing. Invariant: a line gives at most one finding about each of its two amounts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/copied.h"
#include "aggregator/query_beside.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_rule.h"
#include "aggregator/size.h"

static const enum setting SIZES[] = {SETTING_JUMP, SETTING_JUMP_RUPIAH};
static const enum setting COPIES[] = {SETTING_COPIED_LINES, SETTING_COPIED_COLUMN, SETTING_COPIED_SHARE};

struct sizes {
    const struct query_finding_ask *ask;
    const struct office *office;
    int year;
    struct unit u[SIZE_YEARS];          /* the earlier years, newest first */
    struct lines v[SIZE_YEARS];
    struct size_rule rule;              /* of the year, looked up once */
};

static const char *say(const struct sizes *s, const char *id, const char *en) { return s->ask->q->lang == LANG_EN ? en : id; }

static bool amount_of(const struct lines *v, const struct line *l, unsigned measure, unsigned until, i128 *ret)
{
    const struct line_item *it = line_counted_of(v, l, measure, measure == MEASURE_BUDGET ? SOURCE_DPA : SOURCE_OPD);
    if (!it) return false;
    *ret = v->series[it->series].value[until - 1];
    return *ret > 0;
}

static int amount_finding(const struct sizes *s, const struct lines *v, const struct line *l, unsigned measure)
{
    i128 mine, others[SIZE_YEARS], usual = 0;
    size_t n = 0;
    char dotted[32], where[120];
    unsigned until = (unsigned)s->ask->s->until;
    if (!amount_of(v, l, measure, until, &mine)) return ST_OK;
    for (unsigned i = 0; i < SIZE_YEARS; i++) {
        const struct line *old = line_find(&s->v[i], l->activity, l->account);
        if (old && amount_of(&s->v[i], old, measure, until, &others[n])) n++;
    }
    unsigned code = size_judge(mine, others, n, &s->rule, &usual);
    if (code == CODE_OK) return ST_OK;
    if (l->activity) code_format_activity(l->activity, dotted);
    else code_format_account(l->account, dotted);
    snprintf(where, sizeof where, "%s %s, %s", dotted, measure == MEASURE_BUDGET ? say(s, "pagu", "budget") : say(s, "realisasi",
                                                                                                                  "realised"),
             say(s, "dibanding tahun-tahun sebelumnya", "against the years before"));
    json_t *o = query_finding_new(s->ask, s->office->id, s->year, code, dotted, where);
    if (!o) return ST_OK;
    query_finding_money(o, mine, usual);
    query_rule_name(s->ask->q, s->office, s->year, until, SIZES, sizeof SIZES / sizeof *SIZES, o);
    return query_finding_add(s->ask, o);
}

static int copied_finding(const struct sizes *s, const struct copied_count *c, const char *words)
{
    char where[160];
    if (c->code == CODE_OK) return ST_OK;
    snprintf(where, sizeof where, "%u %s %u %s", c->same, say(s, "dari", "of"), c->of, words);
    json_t *o = query_finding_new(s->ask, s->office->id, s->year, c->code, "total", where);
    if (!o) return ST_OK;
    query_finding_counts(o, c->of - c->same, c->of);
    json_object_set_new(o, "same", json_integer((json_int_t)c->same));
    query_rule_name(s->ask->q, s->office, s->year, (unsigned)s->ask->s->until, COPIES, sizeof COPIES / sizeof *COPIES, o);
    return query_finding_add(s->ask, o);
}

static int load(struct sizes *s, uint32_t id, bool *ret_any)
{
    int st = ST_OK;
    for (unsigned i = 0; i < SIZE_YEARS; i++) {
        unit_init(&s->u[i]);
        line_view_init(&s->v[i]);
    }
    for (unsigned i = 0; st == ST_OK && i < SIZE_YEARS && s->year - 1 - (int)i >= YEAR_MIN; i++) {
        st = asof_unit(s->ask->q->t, asof_position(s->ask->q->past), id, (uint16_t)(s->year - 1 - (int)i), &s->u[i]);
        if (st == ST_OK) st = line_view(&s->u[i], &s->v[i]);
        *ret_any |= s->v[i].count > 0;
    }
    return st;
}

static int line_findings(struct sizes *s, uint32_t id, const struct lines *v)
{
    bool any = false;
    int st = load(s, id, &any);
    for (uint32_t i = 0; st == ST_OK && any && i < v->count; i++) {
        st = amount_finding(s, v, &v->line[i], MEASURE_BUDGET);
        if (st == ST_OK) st = amount_finding(s, v, &v->line[i], MEASURE_REALISED);
    }
    for (unsigned i = 0; i < SIZE_YEARS; i++) {
        line_view_done(&s->v[i]);
        unit_done(&s->u[i]);
    }
    return st;
}

int query_size_findings(const struct query_finding_ask *ask, const struct office *office, uint32_t id, int year, struct unit *u)
{
    struct sizes s = {.ask = ask, .office = office, .year = year};
    struct copied_rule rule = query_rule_copied(ask->q, office, year, (unsigned)ask->s->until);
    s.rule = query_rule_size(ask->q, office, year, (unsigned)ask->s->until);
    struct lines v;
    struct copied_count c;
    line_view_init(&v);
    int st = line_view(u, &v);
    if (st == ST_OK) {
        copied_month(&v, (unsigned)ask->s->until, &rule, &c);
        st = copied_finding(&s, &c, say(&s, "realisasi sama dengan bulan sebelumnya",
                "realised amounts equal those of the month before"));
    }
    if (st == ST_OK) {
        copied_column(&v, (unsigned)ask->s->until, &rule, &c);
        st = copied_finding(&s, &c, say(&s, "realisasi sama dengan pagunya", "realised amounts equal their budget"));
    }
    if (st == ST_OK && v.count > 0) st = line_findings(&s, id, &v);
    line_view_done(&v);
    return st;
}

/* ---- between offices ---- */

struct copies_item {
    const struct office *office;
    int year;
    struct copied_office amounts;
};
struct query_copies {
    struct copies_item *item;
    size_t count, room;
};

int query_copies_new(struct query_copies **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? ST_OK : ST_NO_MEMORY;
}

void query_copies_free(struct query_copies **c)
{
    if (!*c) return;
    for (size_t i = 0; i < (*c)->count; i++) free((*c)->item[i].amounts.amount);
    free((*c)->item);
    free(*c);
    *c = NULL;
}

int query_copies_add(struct query_copies *c, const struct office *office, struct unit *u, unsigned until)
{
    struct lines v;
    struct copied_office amounts = {0};
    line_view_init(&v);
    int st = line_view(u, &v);
    if (st == ST_OK) st = copied_office(&v, until, &amounts);
    line_view_done(&v);
    if (st == ST_OK && c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        struct copies_item *p = realloc(c->item, room * sizeof *p);
        if (p) c->item = p, c->room = room;
        else st = ST_NO_MEMORY;
    }
    if (st != ST_OK || amounts.count == 0) free(amounts.amount);
    else c->item[c->count++] = (struct copies_item){office, u->year, amounts};
    return st;
}

static int item_order(const void *a, const void *b)
{
    const struct copies_item *x = a, *y = b;
    if (x->office->region != y->office->region) return x->office->region < y->office->region ? -1 : 1;
    if (x->year != y->year) return x->year < y->year ? -1 : 1;
    return strcmp(x->office->id, y->office->id);
}

static int pair_finding(const struct query_finding_ask *ask, const struct copies_item *mine, const struct copies_item *other)
{
    struct sizes s = {.ask = ask, .office = mine->office, .year = mine->year};
    struct copied_count c;
    char words[120];
    struct copied_rule rule = query_rule_copied(ask->q, mine->office, mine->year, (unsigned)ask->s->until);
    copied_between(&mine->amounts, &other->amounts, &rule, &c);
    snprintf(words, sizeof words, "%s %s", say(&s, "realisasi sama dengan kantor", "realised amounts equal those of"),
            other->office->id);
    return copied_finding(&s, &c, words);
}

int query_copies_findings(const struct query_finding_ask *ask, struct query_copies *c)
{
    int st = ST_OK;
    if (c->count > 1) qsort(c->item, c->count, sizeof *c->item, item_order);
    for (size_t i = 0, end; st == ST_OK && i < c->count; i = end) {
        for (end = i + 1; end < c->count && c->item[end].office->region == c->item[i].office->region && c->item[end].year ==
             c->item[i].year;)
            end++;
        size_t last = end - i > COPIED_OFFICES_MAX ? i + COPIED_OFFICES_MAX : end;
        for (size_t a = i; st == ST_OK && a < last; a++)
            for (size_t b = i; st == ST_OK && b < last; b++)
                if (a != b && query_indicators_inside(ask->s, c->item[a].office)) st = pair_finding(ask, &c->item[a], &c->item[b]);
    }
    return st;
}
