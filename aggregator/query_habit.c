/* query_habit.c - see query_habit.h.
 *
 * The months of this year and the two before it are looked at: of each the earliest commit of a realised figure of it, the current
 * ones and those they replaced. Slots of one record share its time, so a record is looked up once in a row. Invariant: nothing of
 * it is stored or answered about the past, since it depends on now. */
#include "aggregator/query_habit.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/habit.h"
#include "aggregator/query_indicator.h"
#include "aggregator/statement.h"
#include "proto/period.h"

enum { YEARS = 3 };
struct looking {
    const struct query_context *q;
    int64_t first[12]; /* of the year being read; 0: none */
    provenance last;   /* the record looked up last, and its time */
    int64_t last_ms;
};

static bool realised(const struct leaf_key *k) { return k->measure == MEASURE_REALISED && k->source == SOURCE_OPD; }

static void look(struct looking *x, unsigned month, const struct slot *s)
{
    struct statement st;
    if (!figure_kind_reported(s->kind)) return;
    if (s->prov >> 16 != x->last >> 16 || x->last_ms == 0) {
        bool there = statement_get(x->q->t, figure_prov_worker(s->prov), figure_prov_lsn(s->prov), 0, &st) == ST_OK;
        x->last = s->prov;
        x->last_ms = there ? st.at.ms : 0;
    }
    if (x->last_ms > 0 && (x->first[month] == 0 || x->last_ms < x->first[month])) x->first[month] = x->last_ms;
}

static int look_past(void *ctx, const struct asof_past *p)
{
    if (realised(&p->leaf)) look(ctx, p->slot, &p->old);
    return ST_OK;
}

static int look_year(struct looking *x, uint32_t id, int year)
{
    struct unit u;
    memset(x->first, 0, sizeof x->first);
    unit_init(&u);
    int st = unit_load(&u, x->q->t, FOLD_LEAF, id, (uint16_t)year);
    for (uint32_t i = 0; st == ST_OK && i < u.count; i++)
        for (unsigned m = 0; realised(&u.leaf[i].key) && m < 12; m++) look(x, m, &u.leaf[i].slot[m]);
    if (st == ST_OK) st = asof_history(x->q->t, &u, look_past, x);
    unit_done(&u);
    return st;
}

static int now_year(const struct query_context *q)
{
    char t[32] = "";
    int year = 0;
    (void)period_format_time(q->now.wall, t);
    return period_parse_year(slice_of(t, 4), &year) == ST_OK ? year : 0;
}

int query_habit_office(const struct query_context *q, const struct office *o, json_t **ret, bool *ret_silent)
{
    struct looking x = {.q = q};
    struct habit_report report[YEARS * 12];
    struct habit h;
    char next[16];
    uint32_t id;
    size_t n = 0;
    int year = now_year(q), st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    for (int y = year - YEARS + 1; st == ST_OK && year && y <= year; y++) {
        st = look_year(&x, id, y);
        for (int m = 0; st == ST_OK && m < 12; m++)
            if (x.first[m]) report[n++] = (struct habit_report){y, m + 1, {x.first[m]}};
    }
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    habit_of(report, n, q->now.wall, &h);
    *ret_silent = h.silent;
    *ret = json_null();
    if (!h.known) return ST_OK;
    snprintf(next, sizeof next, "%04d-%02d", h.year, h.month);
    *ret = json_pack("{s:i,s:i,s:i,s:s,s:i,s:b}", "day", h.day, "months", (int)h.months, "tolerance", h.tolerance, "next", next,
                     "late", h.late, "silent", (int)h.silent);
    return *ret ? ST_OK : ST_NO_MEMORY;
}

static bool counts(const struct query_scope *s, const struct office *o)
{
    return o->role == ROLE_OFFICE && o->status == OFFICE_ACTIVE && query_indicators_inside(s, o);
}

bool query_habit_told(const struct query_context *q, const struct query_scope *s)
{
    size_t n = 0;
    for (size_t i = 0; i < registry_count(q->registry); i++) n += counts(s, registry_at(q->registry, i));
    return !q->past && n <= QUERY_HABIT_OFFICES;
}

int query_habit_count(const struct query_context *q, const struct query_scope *s, int64_t *ret)
{
    int st = ST_OK;
    *ret = 0;
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++) {
        json_t *habit = NULL;
        bool silent = false;
        if (!counts(s, registry_at(q->registry, i))) continue;
        st = query_habit_office(q, registry_at(q->registry, i), &habit, &silent);
        if (st == ST_OK) json_decref(habit);
        *ret += silent;
    }
    return st;
}
