/* line_stage.c - budget stages: which one is in force at the end of each month.
 *
 * Design notes: a line has a handful of stages and a complete stage of its source joins them as a candidate of value 0, so the
 * rule is a choice among a short sorted list, made month by month. The list is scratch of the view and is used for a line as
 * a whole and once more for its account rows (derive_account.c), which is why gathering and picking are apart.
 * Invariant: a bit of `stated` is set exactly where the value comes from the line itself. */
#include "line.h"

#include <stdlib.h>
#include <string.h>

void line_candidates_begin(struct lines *v) { v->candidate_count = 0; }

static void candidate_put(struct lines *v, struct line_candidate c)
{
    if (v->candidate_count == v->candidate_cap) {
        uint32_t cap = v->candidate_cap ? v->candidate_cap * 2 : 16;
        struct line_candidate *p = realloc(v->candidate, cap * sizeof *p);
        if (!p) {
            v->failed = true;
            return;
        }
        v->candidate = p;
        v->candidate_cap = cap;
    }
    uint32_t i = v->candidate_count++;
    for (; i > 0; i--) {                /* kept in order of (start, stage) */
        const struct line_candidate *b = &v->candidate[i - 1];
        if (b->start < c.start || (b->start == c.start && b->stage < c.stage)) break;
        v->candidate[i] = *b;
    }
    v->candidate[i] = c;
}

void line_candidate_add(struct lines *v, unsigned stage, uint32_t series)
{
    uint8_t start = v->series[series].first;
    if (start > 0) candidate_put(v, (struct line_candidate){ .stage = (uint16_t)stage, .start = start, .own = true,
                                                             .series = series });
}

static bool candidate_has(const struct lines *v, unsigned stage)
{
    for (uint32_t i = 0; i < v->candidate_count; i++)
        if (v->candidate[i].stage == stage) return true;
    return false;
}

static void complete_join(struct lines *v, unsigned source)
{
    for (uint32_t i = 0; i < v->complete_count; i++) {
        const struct line_complete *c = &v->complete[i];
        if (c->source != source || candidate_has(v, c->stage)) continue;
        candidate_put(v, (struct line_candidate){ .stage = c->stage, .start = c->start });
    }
}

static void pick_take(struct line_pick *p, unsigned m, const struct line_candidate *c, unsigned at)
{
    p->stage[m] = c->stage;
    p->series[m] = c->series;
    p->at[m] = (uint8_t)at;
    if (c->own) p->stated = (uint16_t)(p->stated | 1u << m);
}

bool line_pick(struct lines *v, unsigned source, struct line_pick *ret)
{
    if (v->candidate_count == 0 || v->failed) return false;
    complete_join(v, source);
    if (v->failed) return false;
    *ret = (struct line_pick){ 0 };
    const struct line_candidate *c = v->candidate, *in_force = NULL;
    uint32_t next = 0;
    for (unsigned m = 0; m < 12; m++) {
        while (next < v->candidate_count && c[next].start <= m + 1) in_force = &c[next++];
        if (in_force) {
            pick_take(ret, m, in_force, m);
        } else if (c[0].own) {
            pick_take(ret, m, &c[0], c[0].start - 1u);
            ret->assumed = true;
        } else {
            ret->stage[m] = LINE_NO_STAGE;
        }
    }
    return true;
}

i128 line_pick_value(const struct lines *v, const struct line_pick *p, unsigned m)
{
    return p->stated >> m & 1 ? v->series[p->series[m]].value[p->at[m]] : 0;
}

const struct line_candidate *line_pick_murni(const struct lines *v)
{
    const struct line_candidate *none = NULL;
    for (uint32_t i = 0; i < v->candidate_count; i++) {
        const struct line_candidate *c = &v->candidate[i];
        if (c->own && c->stage == STAGE_MURNI) return c;
        if (c->own && c->stage == STAGE_NONE) none = c;
    }
    return none;
}
