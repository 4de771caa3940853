/* line.c - series of rows, and the view of a unit as lines and channels.
 *
 * Design notes: the rows of a sorted unit are in tree order already, so lines are runs of rows and every parent stands before
 * its children; one pass over the rows finds the lines, one pass over each line its channels, and "has a stated line below
 * it" is decided by looking only at the previous line stated in the same channel. The common line (own rows alone) never
 * gathers or sorts anything. Series live in one pool that is kept between units; it moves when it grows, so items hold
 * numbers, not pointers.
 * Invariant: items of a line are ordered by (measure, source), lines in tree order, and every item is stated. */
#include "line.h"

#include <stdlib.h>
#include <string.h>

static void *grown(void *p, uint32_t *cap, uint32_t need, size_t size)
{
    uint32_t n = *cap ? *cap : 64;
    while (n < need) n *= 2;
    void *q = realloc(p, n * size);
    if (q) *cap = n;
    return q;
}

/* Makes room for one more element of an array of the view; failure is remembered in v->failed. */
#define ROOM(v, array, count, cap) ((count) < (cap) || more(v, (void **)&(array), &(cap), (count) + 1, sizeof *(array)))
static bool more(struct lines *v, void **array, uint32_t *cap, uint32_t need, size_t size)
{
    void *q = grown(*array, cap, need, size);
    if (q) *array = q;
    else v->failed = true;
    return q != NULL;
}

void line_view_init(struct lines *v) { *v = (struct lines){ 0 }; }

void line_view_done(struct lines *v)
{
    free(v->line);
    free(v->item);
    free(v->series);
    free(v->complete);
    free(v->candidate);
    free(v->channel);
    *v = (struct lines){ 0 };
}

/* ---- series ---- */

bool line_row_reported(const struct leaf *row)
{
    for (unsigned m = 0; m < 12; m++)
        if (figure_kind_reported(row->slot[m].kind)) return true;
    return false;
}

bool line_row_counts(const struct leaf *row)
{
    const struct leaf_key *k = &row->key;
    if (k->indicator != 0) return false;
    return k->measure == MEASURE_BUDGET || ((k->measure == MEASURE_REALISED || k->measure == MEASURE_CASH_PLAN) &&
                                            k->stage == STAGE_NONE);
}

/* The same numbers as unit_cumulate (a unit test holds them together), with what else one pass can see. */
void line_row_series(const struct leaf *row, struct series *ret)
{
    bool flow = row->key.measure != MEASURE_BUDGET;
    unsigned reported = 0, falls = 0;
    i128 state = 0;
    for (unsigned m = 0; m < 12; m++) {
        const struct slot *s = &row->slot[m];
        if (s->kind == VALUE_NUMBER || s->kind == VALUE_NIL) {
            int64_t v = s->kind == VALUE_NUMBER ? s->value : 0;
            if (flow && s->basis == BASIS_MONTHLY) {
                state += v;
            } else {
                if (flow && reported && v < state && !(s->flags & SLOT_REASON)) falls |= 1u << m;
                state = v;
            }
            reported |= 1u << m;
        }
        ret->value[m] = state;
    }
    ret->reported = (uint16_t)reported;
    ret->falls = (uint16_t)falls;
    ret->first = reported ? (uint8_t)(__builtin_ctz(reported) + 1) : 0;
    ret->last = reported ? (uint8_t)(32 - __builtin_clz(reported)) : 0;
}

void line_series_add(struct series *to, const struct series *s)
{
    for (unsigned m = 0; m < 12; m++) to->value[m] += s->value[m];
    to->reported = (uint16_t)(to->reported | s->reported);
    ASSERT(s->first > 0);               /* what is not reported is not added */
    if (!to->first || s->first < to->first) to->first = s->first;
    if (s->last > to->last) to->last = s->last;
}

struct series *line_series_new(struct lines *v, uint32_t *ret)
{
    if (!ROOM(v, v->series, v->series_count, v->series_cap)) return NULL;
    *ret = v->series_count++;
    return &v->series[*ret];
}

/* ---- rows of a line ---- */

uint32_t line_account_end(const struct lines *v, uint32_t r, uint32_t end)
{
    const struct leaf *leaf = v->unit->leaf;
    account_code a = leaf[r].key.account;
    while (r < end && leaf[r].key.account == a) r++;
    return r;
}

const struct leaf *line_row_of(const struct lines *v, uint32_t first, uint32_t end, unsigned measure, unsigned source,
                               unsigned stage)
{
    for (uint32_t r = first; r < end; r++) {
        const struct leaf *row = &v->unit->leaf[r];
        if (row->key.measure == measure && row->key.source == source && row->key.stage == stage && row->key.indicator == 0)
            return line_row_reported(row) ? row : NULL;
    }
    return NULL;
}

bool line_stage_series(const struct lines *v, const struct line *l, unsigned measure, unsigned source, unsigned stage, bool own,
                       struct series *ret)
{
    uint32_t own_end = l->row + l->own, end = l->row + l->rows;
    const struct leaf *row = own ? line_row_of(v, l->row, own_end, measure, source, stage) : NULL;
    if (row) {
        line_row_series(row, ret);
        return true;
    }
    account_code above = 0;
    *ret = (struct series){ 0 };
    for (uint32_t r = own_end, next; r < end; r = next) {
        next = line_account_end(v, r, end);
        row = line_row_of(v, r, next, measure, source, stage);
        if (!row || (above && code_account_below(above, row->key.account))) continue;
        struct series one;
        line_row_series(row, &one);
        line_series_add(ret, &one);
        above = row->key.account;
    }
    return ret->first > 0;
}

/* ---- items ---- */

static struct line_item *item_new(struct lines *v, struct line *l, unsigned measure, unsigned source)
{
    if (!ROOM(v, v->item, v->item_count, v->item_cap)) return NULL;
    struct line_item *it = &v->item[v->item_count++];
    it->measure = (uint16_t)measure;
    it->source = (uint8_t)source;
    it->flags = l->activity == CODE_TOTAL ? 0 : LINE_COUNTED;
    l->items++;
    return it;
}

/* Takes the newest series of the pool for a flow item, or gives it back when nothing is reported. */
static void flow_item(struct lines *v, struct line *l, unsigned measure, unsigned source, uint32_t series)
{
    const struct series *s = &v->series[series];
    if (s->first == 0) {
        v->series_count = series;
        return;
    }
    struct line_item *it = item_new(v, l, measure, source);
    if (!it) return;
    it->series = series;
    if (measure == MEASURE_REALISED && s->falls) v->falls = true;
}

static void murni_series(struct lines *v, const struct line_candidate *c)
{
    uint32_t at;
    struct series *s = line_series_new(v, &at);
    if (!s) return;
    *s = v->series[c->series];
    for (unsigned m = 0; m + 1u < c->start; m++) s->value[m] = s->value[c->start - 1];
}

/* A budget item from the candidates gathered. Its series: in force, then murni. */
static void budget_item(struct lines *v, struct line *l, unsigned source)
{
    struct line_pick pick;
    uint32_t at;
    if (!line_pick(v, source, &pick)) return;
    struct series *s = line_series_new(v, &at);
    struct line_item *it = s ? item_new(v, l, MEASURE_BUDGET, source) : NULL;
    if (!it) return;
    for (unsigned m = 0; m < 12; m++) s->value[m] = line_pick_value(v, &pick, m);
    s->reported = 0xfff;
    s->falls = 0;
    s->first = 1;
    s->last = 12;
    it->series = at;
    it->stated = pick.stated;
    memcpy(it->stage, pick.stage, sizeof it->stage);
    if (pick.assumed) it->flags |= LINE_ASSUMED;
    if (source == SOURCE_DPA) v->budget_dpa = true;
    const struct line_candidate *murni = line_pick_murni(v);
    if (murni) {
        it->flags |= LINE_MURNI;
        murni_series(v, murni);
    }
}

/* A line without account rows: its rows are its channels, in order. */
static void own_items(struct lines *v, struct line *l)
{
    const struct leaf *leaf = v->unit->leaf;
    uint32_t end = l->row + l->rows, at;
    for (uint32_t r = l->row; r < end && !v->failed;) {
        const struct leaf_key *k = &leaf[r].key;
        if (!line_row_counts(&leaf[r])) {
            r++;
        } else if (k->measure != MEASURE_BUDGET) {
            struct series *s = line_series_new(v, &at);
            if (!s) return;
            line_row_series(&leaf[r++], s);
            flow_item(v, l, k->measure, k->source, at);
        } else {
            line_candidates_begin(v);
            for (; r < end && leaf[r].key.measure == MEASURE_BUDGET && leaf[r].key.source == k->source; r++) {
                struct series *s = line_row_counts(&leaf[r]) ? line_series_new(v, &at) : NULL;
                if (!s) continue;
                line_row_series(&leaf[r], s);
                line_candidate_add(v, leaf[r].key.stage, at);
            }
            budget_item(v, l, k->source);
        }
    }
}

/* The distinct (measure, source, stage) of a line, ascending. */
static void channels_gather(struct lines *v, const struct line *l)
{
    v->channel_count = 0;
    for (uint32_t r = l->row; r < l->row + l->rows; r++) {
        const struct leaf_key *k = &v->unit->leaf[r].key;
        if (!line_row_counts(&v->unit->leaf[r])) continue;
        uint64_t c = (uint64_t)k->measure << 32 | (uint64_t)k->source << 16 | k->stage;
        uint32_t i = v->channel_count;
        while (i > 0 && v->channel[i - 1] > c) i--;
        if (i > 0 && v->channel[i - 1] == c) continue;
        if (!ROOM(v, v->channel, v->channel_count, v->channel_cap)) return;
        memmove(v->channel + i + 1, v->channel + i, (v->channel_count - i) * sizeof *v->channel);
        v->channel[i] = c;
        v->channel_count++;
    }
}

static bool channel_series(const struct lines *v, const struct line *l, uint64_t c, struct series *ret)
{
    return line_stage_series(v, l, (unsigned)(c >> 32), (unsigned)(c >> 16 & 0xffff), (unsigned)(c & 0xffff), true, ret);
}

static void mixed_items(struct lines *v, struct line *l)
{
    channels_gather(v, l);
    for (uint32_t i = 0, at; i < v->channel_count && !v->failed;) {
        uint64_t c = v->channel[i], group = c >> 16;
        if (c >> 32 != MEASURE_BUDGET) {
            struct series *s = line_series_new(v, &at);
            if (!s) return;
            (void)channel_series(v, l, c, s);   /* not stated leaves first at 0 */
            flow_item(v, l, (unsigned)(c >> 32), (unsigned)(c >> 16 & 0xffff), at);
            i++;
            continue;
        }
        line_candidates_begin(v);
        for (; i < v->channel_count && v->channel[i] >> 16 == group; i++) {
            struct series *s = line_series_new(v, &at);
            if (!s) return;
            (void)channel_series(v, l, v->channel[i], s);
            line_candidate_add(v, (unsigned)(v->channel[i] & 0xffff), at);
        }
        budget_item(v, l, (unsigned)(group & 0xffff));
    }
}

/* ---- lines ---- */

static account_code line_account_of(const struct leaf_key *k) { return k->activity ? 0 : code_account_ancestor(k->account, 2); }

/* Is anything about the line stated, whatever it is? A line of text values or markers alone is not there. */
static bool run_stated(const struct unit *u, uint32_t first, uint32_t end)
{
    for (uint32_t r = first; r < end; r++) {
        unsigned m = u->leaf[r].key.measure;
        if (figure_measure_is_own(m) && line_row_reported(&u->leaf[r])) return true;
    }
    return false;
}

static void run_take(struct lines *v, uint32_t first, uint32_t end)
{
    const struct unit *u = v->unit;
    const struct leaf_key *k = &u->leaf[first].key;
    if (!ROOM(v, v->line, v->count, v->cap)) return;
    struct line *l = &v->line[v->count];
    *l = (struct line){ .activity = k->activity, .account = line_account_of(k), .row = first, .rows = end - first,
                        .item = v->item_count };
    while (l->own < l->rows && u->leaf[first + l->own].key.account == l->account) l->own++;
    if (l->own == l->rows) {
        own_items(v, l);
    } else {
        v->accounts = true;
        mixed_items(v, l);
    }
    if (l->items > 0 || run_stated(u, first, end)) v->count++;
}

static void markers_take(struct lines *v)
{
    for (uint32_t r = 0; r < v->unit->count; r++) {
        const struct leaf *row = &v->unit->leaf[r];
        if (row->key.measure == MEASURE_PRINTED_ABSORPTION) v->printed = true;
        if (row->key.measure == MEASURE_PHYSICAL) v->physical = true;
        if (row->key.measure != MEASURE_COMPLETE) continue;
        struct series s;
        line_row_series(row, &s);
        if (s.first == 0 || !ROOM(v, v->complete, v->complete_count, v->complete_cap)) continue;
        v->complete[v->complete_count++] = (struct line_complete){ .stage = row->key.stage, .source = row->key.source,
              .start = s.first };
    }
}

bool line_below(const struct line *ancestor, const struct line *l)
{
    if (ancestor->activity == CODE_TOTAL) return l->activity != CODE_TOTAL;
    if (ancestor->activity) return code_below(ancestor->activity, l->activity);
    return l->activity == 0 && code_account_below(ancestor->account, l->account);
}

static bool line_above_leaf(const struct line *l)
{
    if (l->activity == 0) return code_account_depth(l->account) < 2;
    return code_level(l->activity) < code_leaf_level(code_vintage(l->activity));
}

/* Parents stand before their children, so the line before in a channel is a parent or has nothing below it. */
static void controls_mark(struct lines *v)
{
    enum { SOURCES = 16, CHANNELS = 4 * SOURCES };    /* figure_check admits no more sources */
    uint32_t item[CHANNELS], line[CHANNELS];
    memset(item, 0xff, sizeof item);
    for (uint32_t i = 0; i < v->count; i++) {
        const struct line *l = &v->line[i];
        for (uint32_t j = l->item; j < l->item + l->items; j++) {
            struct line_item *it = &v->item[j];
            unsigned c = (unsigned)it->measure * SOURCES + it->source;
            ASSERT(c < CHANNELS);
            if (item[c] != UINT32_MAX && line_below(&v->line[line[c]], l)) {
                v->item[item[c]].flags &= (uint8_t)~(LINE_COUNTED | LINE_BARE);
                v->controls = true;
            }
            if (!(it->flags & LINE_COUNTED)) v->controls = true;
            else if (line_above_leaf(l)) it->flags |= LINE_BARE;
            item[c] = j;
            line[c] = i;
        }
    }
}

int line_view(struct unit *u, struct lines *v)
{
    v->unit = u;
    v->count = v->item_count = v->series_count = v->complete_count = 0;
    v->budget_dpa = v->printed = v->physical = v->falls = v->accounts = v->controls = v->failed = false;
    if (u->year == 0) return ST_OK;
    unit_sort(u);
    markers_take(v);
    for (uint32_t r = 0, end; r < u->count && !v->failed; r = end) {
        const struct leaf_key *k = &u->leaf[r].key;
        account_code account = line_account_of(k);
        for (end = r + 1; end < u->count; end++) {
            const struct leaf_key *n = &u->leaf[end].key;
            if (n->activity != k->activity || (!k->activity && line_account_of(n) != account)) break;
        }
        if (k->activity || k->account) run_take(v, r, end);
    }
    if (!v->failed) controls_mark(v);
    return v->failed ? ST_NO_MEMORY : ST_OK;
}

const struct line_item *line_item_of(const struct lines *v, const struct line *l, unsigned measure, unsigned source)
{
    for (uint32_t j = l->item; j < l->item + l->items; j++)
        if (v->item[j].measure == measure && v->item[j].source == source) return &v->item[j];
    return NULL;
}

const struct line_item *line_counted_of(const struct lines *v, const struct line *l, unsigned measure, unsigned source)
{
    const struct line_item *it = line_item_of(v, l, measure, source);
    return it && it->flags & LINE_COUNTED ? it : NULL;
}

const struct line *line_find(const struct lines *v, activity_code activity, account_code account)
{
    uint32_t lo = 0, hi = v->count;     /* tree order: ascending codes */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct line *l = &v->line[mid];
        if (l->activity < activity || (l->activity == activity && l->account < account)) lo = mid + 1;
        else hi = mid;
    }
    const struct line *l = lo < v->count ? &v->line[lo] : NULL;
    return l && l->activity == activity && l->account == account ? l : NULL;
}
