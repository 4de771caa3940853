/* query_standard.c - see query_standard.h.
 *
 * A definition is a few text rows of the centre's timeless unit under the key "2022-01 id" (intake_standard.c); they are gathered
 * into one small array, sorted by id and month. Where `agregasi_unit` is not said the indicator is not additive (NONE): joining by
 * a guess would be a sum nobody defined. Invariant: one element for an id and month. */
#include "aggregator/query_standard.h"

#include <stdlib.h>
#include <string.h>

struct query_standards {
    struct query_standard *v;
    uint32_t count, cap;
};

static int compare(const struct query_standard *a, struct slice id, unsigned from)
{
    size_t n = strlen(a->id);
    int c = memcmp(a->id, id.p, n < id.n ? n : id.n);
    if (c != 0 || n != id.n) return c ? c : (n > id.n) - (n < id.n);
    return (a->from > from) - (a->from < from);
}

/* Where (id, month) stands or would stand. */
static uint32_t place_of(const struct query_standards *s, struct slice id, unsigned from)
{
    uint32_t lo = 0, hi = s->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (compare(&s->v[mid], id, from) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct query_standard *element(struct query_standards *s, struct slice id, unsigned from)
{
    uint32_t at = place_of(s, id, from);
    if (at < s->count && compare(&s->v[at], id, from) == 0) return &s->v[at];
    if (s->count == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 16;
        struct query_standard *p = realloc(s->v, cap * sizeof *p);
        if (!p) return NULL;
        s->v = p;
        s->cap = cap;
    }
    memmove(&s->v[at + 1], &s->v[at], (s->count - at) * sizeof *s->v);
    s->count++;
    s->v[at] = (struct query_standard){ .from = from, .over = ACHIEVE_UNITS_NONE };
    memcpy(s->v[at].id, id.p, id.n);
    return &s->v[at];
}

/* "2022-01 id"; false: it is none, which a statement of another release may be. */
static bool key_parse(struct slice key, unsigned *ret_from, struct slice *ret_id)
{
    static const char FORM[] = "dddd-dd ";
    const size_t n = sizeof FORM - 1;
    *ret_from = 0;
    if (key.n <= n || key.n - n > STANDARD_TEXT_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        bool digit = key.p[i] >= '0' && key.p[i] <= '9';
        if (FORM[i] == 'd' ? !digit : key.p[i] != (uint8_t)FORM[i]) return false;
        if (digit) *ret_from = 10 * *ret_from + (key.p[i] - '0');
    }
    *ret_id = slice_of(key.p + n, key.n - n);
    return true;
}

static void copy_text(char *to, size_t max, struct slice text)
{
    size_t n = text.n < max ? text.n : max;
    memcpy(to, text.p, n);
    to[n] = '\0';
}

/* Definition and denominator are words for people: nothing is computed by them. */
static void put(struct query_standard *e, unsigned measure, struct slice text)
{
    if (measure == MEASURE_STANDARD_NAME)
        copy_text(e->name, STANDARD_TEXT_MAX, text);
    else if (measure == MEASURE_STANDARD_UNIT)
        copy_text(e->unit, UNIT_TEXT_MAX, text);
    else if (measure == MEASURE_STANDARD_FORMULA)
        (void)achieve_formula_parse(text, &e->formula);
    else if (measure == MEASURE_STANDARD_OVER_TIME)
        (void)achieve_time_parse(text, &e->over_time);
    else if (measure == MEASURE_STANDARD_OVER_UNITS)
        (void)achieve_units_parse(text, &e->over);
}

int query_standards_state(struct query_standards **s, unsigned measure, struct slice key, struct slice text)
{
    struct slice id;
    unsigned from;
    if (measure < MEASURE_STANDARD_NAME || measure > MEASURE_STANDARD_DENOMINATOR || !key_parse(key, &from, &id)) return ST_OK;
    if (!*s) *s = calloc(1, sizeof **s);
    struct query_standard *e = *s ? element(*s, id, from) : NULL;
    if (!e) return ST_NO_MEMORY;
    put(e, measure, text);
    return ST_OK;
}

void query_standards_free(struct query_standards **s)
{
    if (!*s) return;
    free((*s)->v);
    free(*s);
    *s = NULL;
}

static bool is(const struct query_standard *e, struct slice id) { return strlen(e->id) == id.n && memcmp(e->id, id.p, id.n) == 0; }

const struct query_standard *query_standards_find(const struct query_standards *s, struct slice id, unsigned at)
{
    uint32_t after = s ? place_of(s, id, at + 1) : 0;
    return after > 0 && is(&s->v[after - 1], id) ? &s->v[after - 1] : NULL;
}

bool query_standards_any(const struct query_standards *s, struct slice id)
{
    uint32_t at = s ? place_of(s, id, 0) : 0;
    return s && at < s->count && is(&s->v[at], id);
}
