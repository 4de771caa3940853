/* output.c - see output.h.
 *
 * Design notes: indicators come ordered by line, so one pass over them meets each line once; its money is looked up in the view of
 * lines that counting uses, so "no money" means the same here and in a rollup.
 * Invariant: a line gives at most one claim of the two kinds. */
#include "output.h"

#include <string.h>

#include "proto/status.h"

struct output {
    const struct output_office *o;
    struct lines lines;
    unsigned until;
    output_fn fn;
    void *ctx;
};

/* Words that say an output was taken back ("recofusing" is how refocusing is printed). */
static bool says_cancelled(struct slice s)
{
    static const char *const WORDS[] = {"recofus", "refocus", "batal", "ditiadakan", "tidak dilaksanakan", "tidak terlaksana"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t n = strlen(WORDS[i]);
        for (size_t at = 0; at + n <= s.n; at++)
            if (bytes_is(slice_of(s.p + at, n), WORDS[i])) return true;
    }
    return false;
}

/* Is a result an output? Words are, unless they say that it was cancelled. */
static bool is_output(const struct indicator_state *st)
{
    if (st->in.reached.kind == ACHIEVE_WORDS) return !says_cancelled(st->in.reached.words);
    return st->in.reached.kind == ACHIEVE_NUMBER && st->in.reached.number.num > 0;
}

struct on_line {                        /* what the indicators of one line say together */
    const struct indicator *missing, *output;
    struct achieve_value missing_value, output_value;
    bool promised;
};

static void look(const struct output *w, uint32_t first, uint32_t end, struct on_line *ret)
{
    *ret = (struct on_line){0};
    for (uint32_t i = first; i < end; i++) {
        const struct indicator *it = &w->o->v->item[i];
        struct indicator_state st;
        if (indicator_plan_only(it)) continue;
        indicator_judge(w->o->u, it, w->until, NULL, &st);
        ret->promised |= st.in.target.kind != ACHIEVE_ABSENT;
        if (is_output(&st)) {
            ret->output = it;
            ret->output_value = st.in.reached;
        } else if (!ret->missing || st.in.reached.kind == ACHIEVE_WORDS) {
            ret->missing = it;
            ret->missing_value = st.in.reached;
        }
    }
}

/* Is there money for the line: of its own, below it, or counted above it? *ret_realised: its own or below, at the cut-off. */
static bool has_money(const struct output *w, activity_code activity, i128 *ret_realised)
{
    const struct line at = {.activity = activity};
    bool any = false;
    *ret_realised = 0;
    for (uint32_t i = 0; i < w->lines.count; i++) {
        const struct line *l = &w->lines.line[i];
        bool here = l->activity == activity || line_below(&at, l);
        if (!here && (l->activity == CODE_TOTAL || !line_below(l, &at))) continue;
        const struct line_item *r = line_item_of(&w->lines, l, MEASURE_REALISED, SOURCE_OPD);
        const struct line_item *b = line_item_of(&w->lines, l, MEASURE_BUDGET, SOURCE_DPA);
        bool r_counts = r && r->flags & LINE_COUNTED, b_counts = b && b->flags & LINE_COUNTED;
        any |= r_counts || b_counts || (here && (r || b));
        if (here && r_counts) *ret_realised += w->lines.series[r->series].value[w->until - 1];
    }
    return any;
}

static int line_claim(const struct output *w, uint32_t first, uint32_t end, bool results, bool money)
{
    activity_code activity = w->o->v->item[first].activity;
    struct on_line on;
    struct output_claim c = {.activity = activity};
    if (activity == 0 || activity == CODE_TOTAL || code_level(activity) != code_leaf_level(code_vintage(activity))) return ST_OK;
    look(w, first, end, &on);
    bool funded = has_money(w, activity, &c.money);
    if (results && c.money > 0 && on.promised && on.missing && !on.output) {
        c.code = CODE_MONEY_NO_OUTPUT;
        c.it = on.missing;
        c.reached = on.missing_value;
        return w->fn(w->ctx, &c);
    }
    if (!money || funded || !on.output) return ST_OK;
    c.code = CODE_OUTPUT_NO_MONEY;
    c.it = on.output;
    c.reached = on.output_value;
    return w->fn(w->ctx, &c);
}

static bool any_result(const struct output *w)
{
    for (uint32_t i = 0; i < w->o->v->count; i++)
        if (indicator_slot(w->o->v->item[i].reached, w->until)) return true;
    return false;
}

static bool any_money(const struct output *w)
{
    for (uint32_t i = 0; i < w->lines.item_count; i++) {
        const struct line_item *it = &w->lines.item[i];
        if ((it->measure == MEASURE_BUDGET && it->source == SOURCE_DPA) || (it->measure == MEASURE_REALISED && it->source ==
                                                                            SOURCE_OPD))
            return true;
    }
    return false;
}

static int line_claims(const struct output *w)
{
    const struct indicators *v = w->o->v;
    bool results = any_result(w), money = any_money(w);
    int st = ST_OK;
    for (uint32_t i = 0, end; st == ST_OK && i < v->count; i = end) {
        for (end = i + 1; end < v->count && v->item[end].activity == v->item[i].activity && v->item[end].account ==
             v->item[i].account;)
            end++;
        st = line_claim(w, i, end, results, money);
    }
    return st;
}

/* ---- last year ---- */

static const struct indicator *last_year(const struct output_office *o, const struct indicator *it)
{
    for (uint32_t i = 0; i < o->v_before->count; i++) {
        const struct indicator *b = &o->v_before->item[i];
        if (b->activity == it->activity && b->account == it->account && b->id == it->id) return b;
    }
    return NULL;
}

static bool same_value(const struct achieve_value *a, const struct achieve_value *b)
{
    if (a->kind != b->kind) return false;
    return a->kind == ACHIEVE_NUMBER ? achieve_ratio_compare(a->number, b->number) == 0 : achieve_same_words(a->words, b->words);
}

static int same_claim(const struct output *w)
{
    struct output_claim c = {.code = CODE_SAME_AS_LAST_YEAR, .activity = CODE_TOTAL};
    for (uint32_t i = 0; i < w->o->v->count; i++) {
        const struct indicator *it = &w->o->v->item[i], *old = last_year(w->o, it);
        struct indicator_state now, then;
        if (!old || !it->reached || !old->reached) continue;
        indicator_judge(w->o->u, it, w->until, NULL, &now);
        indicator_judge(w->o->before, old, w->until, NULL, &then);
        if (now.in.reached.kind == ACHIEVE_ABSENT || then.in.reached.kind == ACHIEVE_ABSENT) continue;
        c.of++;
        c.same += same_value(&now.in.reached, &then.in.reached);
    }
    return c.of >= OUTPUT_SAME_MIN && 2 * c.same >= c.of ? w->fn(w->ctx, &c) : ST_OK;
}

int output_claims(const struct output_office *o, unsigned until, output_fn fn, void *ctx)
{
    struct output w = {.o = o, .until = until, .fn = fn, .ctx = ctx};
    if (o->v->count == 0) return ST_OK;
    line_view_init(&w.lines);
    int st = line_view(o->u, &w.lines);
    if (st == ST_OK) st = line_claims(&w);
    if (st == ST_OK && o->v_before) st = same_claim(&w);
    line_view_done(&w.lines);
    return st;
}
