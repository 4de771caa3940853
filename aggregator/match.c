/* match.c - see match.h.
 *
 * Design notes: both sides are read from the view of lines that counting uses, so a line that is a control total for one of them is
 * never compared as if it were a part. Sides are added up below a line only where they do not both stand on it, which is rare; the
 * usual line costs one comparison of two series.
 * Invariant: nothing is compared at a month one side has not reported by, unless it is carried from an earlier one it has. */
#include "match.h"

#include "proto/status.h"

struct sides { struct series office, treasurer; };

static const char *const NAMES[MATCH_STATES] = {"cocok", "beda-waktu", "beda-nilai", "hanya-kantor", "hanya-bendahara"};

const char *match_state_name(enum match_state s)
{
    ASSERT(s < MATCH_STATES);
    return NAMES[s];
}

/* ---- series of a side ---- */

static const struct line_item *counted_item(const struct lines *v, const struct line *l, unsigned source)
{
    return line_counted_of(v, l, MEASURE_REALISED, source);
}

/* Counted lines at or below l; first stays 0 when there are none. */
static void sum_at(const struct lines *v, const struct line *l, unsigned source, struct series *ret)
{
    const struct line_item *own = counted_item(v, l, source);
    *ret = own ? v->series[own->series] : (struct series){0};
    for (uint32_t i = 0; !own && i < v->count; i++) {
        const struct line_item *it = line_below(l, &v->line[i]) ? counted_item(v, &v->line[i], source) : NULL;
        if (it) line_series_add(ret, &v->series[it->series]);
    }
}

static bool counted_above(const struct lines *v, const struct line *l, unsigned source)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (line_below(&v->line[i], l) && counted_item(v, &v->line[i], source)) return true;
    return false;
}

static unsigned newest(const struct series *s, unsigned until)
{
    unsigned upto = s->reported & ((1u << until) - 1);
    return upto ? 32 - (unsigned)__builtin_clz(upto) : 0;
}

static struct match_side side_of(const struct series *s, unsigned until)
{
    unsigned month = newest(s, until);
    return (struct match_side){.stated = month > 0, .value = month ? s->value[until - 1] : 0, .month = (uint8_t)month};
}

/* ---- two series ---- */

/* The month nearest to `month` at which s reported exactly this value; 0. */
static unsigned month_with(const struct series *s, i128 value, unsigned month)
{
    unsigned best = 0, apart = 12;
    for (unsigned m = 1; m <= 12; m++) {
        unsigned d = m > month ? m - month : month - m;
        if (!(s->reported >> (m - 1) & 1) || s->value[m - 1] != value || d >= apart) continue;
        best = m;
        apart = d;
    }
    return best;
}

static bool ahead(const struct sides *x, struct match_row *r)
{
    unsigned both = r->office.month < r->treasurer.month ? r->office.month : r->treasurer.month;
    bool same = r->office.month != r->treasurer.month && x->office.value[both - 1] == x->treasurer.value[both - 1];
    r->office_at = r->treasurer_at = (uint8_t)both;
    if (same && x->office.first <= both && x->treasurer.first <= both) return true;
    unsigned k = r->office.value ? month_with(&x->treasurer, r->office.value, r->office.month) : 0;
    r->office_at = r->office.month;
    r->treasurer_at = (uint8_t)k;
    if (k) return true;
    k = r->treasurer.value ? month_with(&x->office, r->treasurer.value, r->treasurer.month) : 0;
    r->office_at = (uint8_t)k;
    r->treasurer_at = r->treasurer.month;
    if (!k) r->office_at = r->treasurer_at = 0;
    return k > 0;
}

static int tell(const struct line *l, const struct sides *x, unsigned until, match_fn fn, void *ctx)
{
    struct match_row r = {.activity = l->activity,
                          .account = l->account,
                          .office = side_of(&x->office, until),
                          .treasurer = side_of(&x->treasurer, until)};
    if (!r.office.stated && !r.treasurer.stated) return ST_OK;
    if (!r.treasurer.stated) r.state = MATCH_OFFICE;
    else if (!r.office.stated) r.state = MATCH_TREASURER;
    else if (r.office.value == r.treasurer.value) r.state = MATCH_EQUAL;
    else r.state = ahead(x, &r) ? MATCH_TIME : MATCH_VALUE;
    return fn(ctx, &r);
}

/* ---- lines ---- */

static int one_line(const struct lines *v, const struct line *l, unsigned until, match_fn fn, void *ctx)
{
    struct sides x;
    bool office = counted_item(v, l, SOURCE_OPD) != NULL, treasurer = counted_item(v, l, SOURCE_BUD) != NULL;
    if (!office && !treasurer) return ST_OK;
    sum_at(v, l, SOURCE_OPD, &x.office);
    sum_at(v, l, SOURCE_BUD, &x.treasurer);
    if (x.office.first == 0 && counted_above(v, l, SOURCE_OPD)) return ST_OK;
    if (x.treasurer.first == 0 && counted_above(v, l, SOURCE_BUD)) return ST_OK;
    return tell(l, &x, until, fn, ctx);
}

static void total_side(const struct lines *v, const struct line *total, unsigned source, struct series *ret)
{
    const struct line_item *stated = line_item_of(v, total, MEASURE_REALISED, source);
    if (stated) *ret = v->series[stated->series];
    else sum_at(v, total, source, ret);
}

static int total_line(const struct lines *v, const struct line *total, unsigned until, match_fn fn, void *ctx)
{
    struct sides x;
    bool office = line_item_of(v, total, MEASURE_REALISED, SOURCE_OPD) != NULL;
    if (!office && !line_item_of(v, total, MEASURE_REALISED, SOURCE_BUD)) return ST_OK;
    total_side(v, total, SOURCE_OPD, &x.office);
    total_side(v, total, SOURCE_BUD, &x.treasurer);
    return tell(total, &x, until, fn, ctx);
}

static void add_up(const struct lines *v, unsigned until, struct match_sum *ret)
{
    *ret = (struct match_sum){0};
    for (uint32_t i = 0; i < v->count; i++)
        for (uint32_t j = v->line[i].item; j < v->line[i].item + v->line[i].items; j++) {
            const struct line_item *it = &v->item[j];
            const struct series *s = &v->series[it->series];
            bool counts = it->measure == MEASURE_REALISED && it->flags & LINE_COUNTED && newest(s, until) > 0;
            if (counts && it->source == SOURCE_OPD) ret->office += s->value[until - 1], ret->office_stated = true;
            if (counts && it->source == SOURCE_BUD) ret->treasurer += s->value[until - 1], ret->treasurer_stated = true;
        }
}

int match_rows(struct unit *u, unsigned until, match_fn fn, void *ctx, struct match_sum *ret_sum)
{
    struct lines v;
    ASSERT(until >= 1 && until <= 12);
    line_view_init(&v);
    int st = line_view(u, &v);
    for (uint32_t i = 0; st == ST_OK && i < v.count; i++)
        st = v.line[i].activity == CODE_TOTAL ? total_line(&v, &v.line[i], until, fn, ctx)
                                              : one_line(&v, &v.line[i], until, fn, ctx);
    if (st == ST_OK && ret_sum) add_up(&v, until, ret_sum);
    line_view_done(&v);
    return st;
}
