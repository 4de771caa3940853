/* line_open.c - what a budget line can still become: reported or not, the room that is left, physical progress.
 *
 * Design notes: a line's realisation stands on the same line almost always; only where it does not are the lines below or above it
 * looked for. Rules: line.h, struct line_open. Invariant: reported[m] is budget[m] or 0; open[m] is never negative. */
#include "line.h"

static const struct line_item *realised_of(const struct lines *v, const struct line *l)
{
    return line_counted_of(v, l, MEASURE_REALISED, SOURCE_OPD);
}

/* What speaks for a line: how far it is reported, what is carried of it, and how much more a later report shows. */
struct spoken { i128 value[12], later[12]; uint8_t last; };

static void add_series(struct spoken *to, const struct series *s)
{
    i128 next = 0;
    for (unsigned m = 12; m-- > 0;) {
        bool here = s->reported >> m & 1;
        if (here) next = s->value[m];
        else if (m < s->last && next > s->value[m]) to->later[m] += next - s->value[m];
        to->value[m] += s->value[m];
    }
}

/* The counted realisations of the lines below, as one: reported as far as every one of them is. */
static bool sum_below(const struct lines *v, const struct line *l, struct spoken *ret)
{
    uint8_t least = 13;
    const struct line *end = v->line + v->count;
    for (const struct line *below = l + 1; below < end && line_below(l, below); below++) {      /* they follow it */
        const struct line_item *it = realised_of(v, below);
        if (!it) continue;
        add_series(ret, &v->series[it->series]);
        if (v->series[it->series].last < least) least = v->series[it->series].last;
    }
    ret->last = least < 13 ? least : 0;
    return least < 13;
}

/* A counted realisation above: how far it is reported; how much of it is this line's nobody has said. */
static uint8_t last_above(const struct lines *v, const struct line *l)
{
    struct line at = *l;
    for (;;) {
        if (at.activity) at.activity = code_parent(at.activity);
        else at.account = code_account_parent(at.account);
        if (!at.activity && !at.account) return 0;
        const struct line *above = line_find(v, at.activity, at.account);
        const struct line_item *it = above ? realised_of(v, above) : NULL;
        if (it) return v->series[it->series].last;
    }
}

static void physical_of(const struct lines *v, const struct line *l, const struct series *budget, struct line_open *ret)
{
    const struct leaf *row = v->physical ? line_row_of(v, l->row, l->row + l->own, MEASURE_PHYSICAL, SOURCE_OPD, STAGE_NONE) : NULL;
    struct series s;
    ret->has_physical = row != NULL;
    if (!row) return;
    line_row_series(row, &s);
    for (unsigned m = 0; m < 12; m++) {
        bool there = m + 1u >= s.first;
        ret->physical[m] = there ? budget->value[m] * s.value[m] : 0;
        ret->physical_budget[m] = there ? budget->value[m] : 0;
    }
}

void line_still_open(const struct lines *v, const struct line *l, const struct line_item *budget, struct line_open *ret)
{
    const struct line_item *own = realised_of(v, l);
    const struct series *b = &v->series[budget->series];
    struct spoken spoken = { .last = own ? v->series[own->series].last : 0 };
    if (own) add_series(&spoken, &v->series[own->series]);
    else if (!sum_below(v, l, &spoken)) spoken.last = last_above(v, l);
    for (unsigned m = 0; m < 12; m++) {
        bool reported = m < spoken.last;
        i128 room = b->value[m] - spoken.value[m];
        ret->reported[m] = reported ? b->value[m] : 0;
        ret->open[m] = reported ? spoken.later[m] : room < 0 ? 0 : room;
    }
    physical_of(v, l, b, ret);
}
