/* copied.c - see copied.h. Everything works on the view of lines that counting uses (line.h), so detail and control totals are not
 * taken for lines of their own. Invariant: what is counted as equal is never zero. */
#include "copied.h"

#include <stdlib.h>

#include "proto/status.h"

static bool enough(const struct copied_count *c, uint32_t min, uint32_t percent)
{
    return c->same >= min && 100 * (uint64_t)c->same >= (uint64_t)c->of * percent;
}

/* Month 2..12 against the one before. */
static void month_count(const struct lines *v, unsigned month, struct copied_count *ret)
{
    *ret = (struct copied_count){.month = month};
    for (uint32_t i = 0; i < v->count; i++) {
        const struct line_item *r = line_counted_of(v, &v->line[i], MEASURE_REALISED, SOURCE_OPD);
        const struct line_item *b = line_counted_of(v, &v->line[i], MEASURE_BUDGET, SOURCE_DPA);
        if (!r) continue;
        const struct series *s = &v->series[r->series];
        if ((s->reported >> (month - 2) & 3) != 3 || s->value[month - 1] <= 0) continue;
        if (b && s->value[month - 2] >= v->series[b->series].value[month - 1]) continue;       /* nothing was left to spend */
        ret->of++;
        ret->same += s->value[month - 1] == s->value[month - 2];
    }
}

void copied_month(const struct lines *v, unsigned until, const struct copied_rule *rule, struct copied_count *ret)
{
    *ret = (struct copied_count){0};
    for (unsigned month = until; month >= 2; month--) {
        struct copied_count c;
        month_count(v, month, &c);
        if (c.of < rule->lines) continue;
        if (enough(&c, rule->lines, rule->percent)) {
            *ret = c;
            ret->code = CODE_SAME_AS_LAST_MONTH;
        }
        return;
    }
}

void copied_column(const struct lines *v, unsigned until, const struct copied_rule *rule, struct copied_count *ret)
{
    *ret = (struct copied_count){.month = until};
    for (uint32_t i = 0; i < v->count; i++) {
        const struct line_item *r = line_counted_of(v, &v->line[i], MEASURE_REALISED, SOURCE_OPD);
        const struct line_item *b = line_counted_of(v, &v->line[i], MEASURE_BUDGET, SOURCE_DPA);
        i128 spent = r ? v->series[r->series].value[until - 1] : 0;
        if (!b || spent <= 0) continue;
        ret->of++;
        ret->same += spent == v->series[b->series].value[until - 1];
    }
    if (enough(ret, rule->column, rule->percent)) ret->code = CODE_COPIED;
}

int copied_office(const struct lines *v, unsigned until, struct copied_office *ret)
{
    *ret = (struct copied_office){.amount = calloc(v->count ? v->count : 1, sizeof *ret->amount)};
    if (!ret->amount) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct line *l = &v->line[i];
        const struct line_item *r = line_counted_of(v, l, MEASURE_REALISED, SOURCE_OPD);
        i128 spent = r ? v->series[r->series].value[until - 1] : 0;
        if (spent > 0) ret->amount[ret->count++] = (struct copied_amount){l->activity, l->account, spent};
    }
    return ST_OK;
}

static int order(const struct copied_amount *a, const struct copied_amount *b)
{
    if (a->activity != b->activity) return a->activity < b->activity ? -1 : 1;
    return (a->account > b->account) - (a->account < b->account);
}

void copied_between(const struct copied_office *a, const struct copied_office *b, const struct copied_rule *rule,
                    struct copied_count *ret)
{
    *ret = (struct copied_count){0};
    for (uint32_t i = 0, k = 0; i < a->count && k < b->count;) {
        int c = order(&a->amount[i], &b->amount[k]);
        if (c == 0) {
            ret->of++;
            ret->same += a->amount[i].sen == b->amount[k].sen;
        }
        i += c <= 0;
        k += c >= 0;
    }
    if (enough(ret, rule->lines, rule->percent)) ret->code = CODE_COPIED;
}
