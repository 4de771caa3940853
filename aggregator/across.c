/* across.c - see across.h.
 *
 * Design notes: value and target of a group are each one call of achieve_across over parts that are chosen here; what can still
 * come is the same call with what is missing at its least and at its most, so a bound cannot disagree with the value it bounds.
 * Invariant: counted + the parts with a reason = of; low <= reached <= high where they exist. */
#include "across.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

static const struct ratio ZERO = { 0, 1 }, HUNDRED = { 100, 1 };

const char *across_why_name(enum across_why w)
{
    static const char *const NAMES[] = { "",
                                         "belum-lapor",
                                         "teks",
                                         "satuan",
                                         "tanpa-komponen",
                                         "tanpa-bobot",
                                         "ganda",
                                         "persen-tidak-dijumlahkan",
                                         "bukan-jumlahan",
                                         "di-luar-batas",
                                         "bukan-indikator-baku" };
    return w < sizeof NAMES / sizeof *NAMES ? NAMES[w] : "";
}

static bool weighs(enum achieve_over_units over) { return over == ACHIEVE_RASIO || over == ACHIEVE_RATA_TERTIMBANG; }

/* Can this office be counted, by this rule? */
static enum across_why judge(enum achieve_over_units over, const struct across_part *p)
{
    bool parts = over == ACHIEVE_RASIO;
    if (p->why != ACROSS_COUNTED) return p->why;
    if (parts && !p->has_numerator) return p->has_reached ? ACROSS_PARTS : ACROSS_MISSING;
    if (!parts && !p->has_reached) return ACROSS_MISSING;
    if (weighs(over) && (!p->has_weight || p->weight.num <= 0)) return parts ? ACROSS_PARTS : ACROSS_WEIGHT;
    return ACROSS_COUNTED;
}

/* ---- one sum over chosen parts ---- */

enum what { VALUE, TARGET, LEAST, MOST };
struct joining {
    enum achieve_over_units over;
    bool percent;
    const struct across_part *part;
    size_t n;
    struct achieve_part *room;
};

/* Reported at the cut-off itself, so that it does not move any more. */
static bool settled(const struct across_part *p) { return p->why == ACROSS_COUNTED && !p->behind; }

static struct ratio least_of(struct ratio a, struct ratio b) { return achieve_ratio_compare(a, b) < 0 ? a : b; }
static struct ratio most_of(struct ratio a, struct ratio b) { return achieve_ratio_compare(a, b) > 0 ? a : b; }

/* Numerator or value of what is not settled at its least or most: 0 or 100 % of its weight, or what was last said where that is
 * beyond. A sum keeps what it has. */
static struct ratio bound_of(const struct joining *j, const struct across_part *p, enum what what)
{
    struct ratio all = j->over == ACHIEVE_RASIO ? p->weight : HUNDRED, own = j->over == ACHIEVE_RASIO ? p->numerator : p->reached;
    if (j->over == ACHIEVE_SUM) return p->why == ACROSS_COUNTED ? own : ZERO;
    if (p->why != ACROSS_COUNTED) return what == MOST ? all : ZERO;
    return what == MOST ? most_of(own, all) : least_of(own, ZERO);
}

/* The value is num/den of sums; a target is stated as it is printed, so it is weighted like a mean. */
static bool take(const struct joining *j, const struct across_part *p, enum what what, struct achieve_part *ret)
{
    ret->weight = p->weight;
    if (what == TARGET) {
        ret->value = p->target;
        return p->why == ACROSS_COUNTED && p->has_target;
    }
    ret->value = j->over == ACHIEVE_RASIO ? p->numerator : p->reached;
    if (what == VALUE) return p->why == ACROSS_COUNTED;
    if (!settled(p)) ret->value = bound_of(j, p, what);
    return settled(p) || p->why == ACROSS_COUNTED || p->why == ACROSS_MISSING;
}

static int join(const struct joining *j, enum what what, struct ratio *ret)
{
    size_t n = 0;
    enum achieve_over_units over = what == TARGET && j->over == ACHIEVE_RASIO ? ACHIEVE_RATA_TERTIMBANG : j->over;
    for (size_t i = 0; i < j->n; i++) n += take(j, &j->part[i], what, &j->room[n]);
    if (over == ACHIEVE_UNITS_NONE) {
        if (n != 1) return ST_NOT_FOUND;
        *ret = j->room[0].value;
        return ST_OK;
    }
    int st = achieve_across(over, j->room, n, ret);
    bool printed = what != TARGET && j->over == ACHIEVE_RASIO && j->percent;
    return st == ST_OK && printed && !achieve_ratio_multiply(*ret, HUNDRED, ret) ? ST_FULL : st;
}

/* ---- what it can still become ---- */

static bool all_settled(const struct joining *j)
{
    for (size_t i = 0; i < j->n; i++)
        if (!settled(&j->part[i]) && (j->part[i].why == ACROSS_COUNTED || j->part[i].why == ACROSS_MISSING)) return false;
    return true;
}

static bool weights_known(const struct joining *j)
{
    for (size_t i = 0; weighs(j->over) && i < j->n; i++)
        if (j->part[i].why == ACROSS_MISSING && (!j->part[i].has_weight || j->part[i].weight.num <= 0)) return false;
    return true;
}

static bool none_negative(const struct joining *j)
{
    for (size_t i = 0; i < j->n; i++)
        if (j->part[i].why == ACROSS_COUNTED && j->part[i].reached.num < 0) return false;
    return true;
}

static void settle(struct across_result *r)
{
    r->low = r->high = r->reached;
    r->has_low = r->has_high = true;
}

/* One end: of percentages by the missing ones' weight, where it is known; else anything a percentage can be, or a value here is. */
static bool end_of(const struct joining *j, enum what what, struct ratio *ret)
{
    if (weights_known(j)) return join(j, what, ret) == ST_OK;
    *ret = what == MOST ? HUNDRED : ZERO;
    for (size_t i = 0; i < j->n; i++) {
        struct ratio one = j->part[i].reached;
        if (j->part[i].why != ACROSS_COUNTED || !j->part[i].has_reached) continue;
        *ret = what == MOST ? most_of(*ret, one) : least_of(*ret, one);
    }
    return true;
}

static void bounds(const struct joining *j, struct across_result *r)
{
    bool value = r->why == ACROSS_COUNTED;
    if (value && all_settled(j)) {
        settle(r);
        return;
    }
    if (j->over == ACHIEVE_UNITS_NONE || r->counted + r->behind == 0) return;
    if (j->percent) {
        r->has_low = end_of(j, LEAST, &r->low);
        r->has_high = end_of(j, MOST, &r->high);
        return;
    }
    if (!value || !none_negative(j)) return;
    if (j->over == ACHIEVE_SUM || j->over == ACHIEVE_UNITS_MIN || j->over == ACHIEVE_UNITS_MAX)
        r->has_low = join(j, LEAST, &r->low) == ST_OK;
    if (j->over == ACHIEVE_UNITS_MIN && r->behind == 0) {
        r->has_high = true;
        r->high = r->reached;
    }
}

/* ---- the group ---- */

static bool all_promised(const struct joining *j)
{
    for (size_t i = 0; i < j->n; i++)
        if (j->part[i].why == ACROSS_COUNTED && !j->part[i].has_target) return false;
    return true;
}

static void sums_of(const struct joining *j, struct across_result *r)
{
    r->numerator = r->denominator = ZERO;
    for (size_t i = 0; j->over == ACHIEVE_RASIO && i < j->n; i++)
        if (j->part[i].why == ACROSS_COUNTED && (!achieve_ratio_add(r->numerator, j->part[i].numerator, &r->numerator) ||
                                                 !achieve_ratio_add(r->denominator, j->part[i].weight, &r->denominator)))
            r->why = ACROSS_OVERFLOW;
}

static enum across_why why_not(const struct joining *j, int st)
{
    if (st == ST_OK) return ACROSS_COUNTED;
    if (st == ST_FULL) return ACROSS_OVERFLOW;
    for (size_t i = 0; i < j->n; i++)
        if (j->part[i].why == ACROSS_COUNTED) return ACROSS_OWNER; /* of several, and no rule joins them */
    for (size_t i = 0; i < j->n; i++)
        if (j->part[i].why != ACROSS_MISSING) return j->part[i].why;
    return ACROSS_MISSING;
}

void across_join(enum achieve_over_units over, bool percent, struct across_part *part, size_t n, struct across_result *ret)
{
    struct across_result r = { .of = (uint32_t)n, .reached = ZERO, .target = ZERO };
    struct joining j = { over, percent, part, n, calloc(n ? n : 1, sizeof(struct achieve_part)) };
    for (size_t i = 0; i < n; i++) {
        part[i].why = judge(over, &part[i]);
        r.counted += part[i].why == ACROSS_COUNTED;
        r.behind += part[i].why == ACROSS_COUNTED && part[i].behind;
    }
    if (!j.room)
        r.why = ACROSS_OVERFLOW;
    else if (over == ACHIEVE_SUM && percent)
        r.why = ACROSS_PERCENT;
    else {
        r.why = why_not(&j, join(&j, VALUE, &r.reached));
        r.has_target = all_promised(&j) && join(&j, TARGET, &r.target) == ST_OK;
        sums_of(&j, &r);
        bounds(&j, &r);
    }
    free(j.room);
    *ret = r;
}
