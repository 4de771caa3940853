/* bridge_list.c - see bridge_list.h. Kind: P. Taken whole or not at all, like the other lists. Invariant: weights of a list that
 * was taken sum to 1 out of every source. */
#include "aggregator/bridge_list.h"

#include <stdio.h>
#include <string.h>

#include "proto/csv_list.h"
#include "proto/limits.h"
#include "proto/decimal.h"

enum column { C_OLD, C_NEW, C_WEIGHT, C_OLD_LIST, C_NEW_LIST, C_COUNT };
struct reading {
    const struct csv_table *t;
    uint32_t row, at[C_COUNT];          /* at: column + 1; 0 not there */
    struct bridges b;
    char sums[80];
    int status;                         /* of b */
};

static struct slice cell(const struct reading *r, enum column c)
{
    return r->at[c] ? csv_list_cell(r->t, r->row, r->at[c] - 1) : slice_of("", 0);
}

static const char *find_columns(struct reading *r)
{
    static const char *const HEAD[C_COUNT] = {"kode_lama", "kode_baru", "bobot", "nomenklatur_lama", "nomenklatur_baru"};
    for (uint32_t i = 0; r->t->rows > 0 && i < r->t->row[0].count; i++)
        for (unsigned c = 0; c < C_COUNT; c++)
            if (bytes_is(csv_list_cell(r->t, 0, i), HEAD[c])) r->at[c] = i + 1;
    return r->at[C_OLD] && r->at[C_NEW] ? NULL : "heading has no kode_lama and kode_baru";
}

static bool read_list(struct slice s, enum vintage def, enum vintage *ret)
{
    *ret = def;
    return s.n == 0 || code_vintage_parse(s, ret) == ST_OK;
}

static const char *read_row(struct reading *r)
{
    enum vintage from, to;
    struct code_reading old, new;
    struct decimal_reading weight = {.kind = DEC_EMPTY};
    char text[CODE_TEXT_MAX + 1], key[160];
    struct slice s = cell(r, C_OLD), n = cell(r, C_NEW), w = cell(r, C_WEIGHT);
    if (s.n == 0 || n.n == 0) return NULL;      /* one side only says nothing */
    if (!read_list(cell(r, C_OLD_LIST), VINTAGE_PERMENDAGRI_13_2006, &from) ||
        !read_list(cell(r, C_NEW_LIST), VINTAGE_PERMENDAGRI_90_2019, &to))
        return "unknown nomenklatur";
    if (code_parse_activity(from, s, &old) != ST_OK || code_parse_activity(to, n, &new) != ST_OK) return "not an activity code";
    if (w.n > 0 && (decimal_quantity(w, slice_of("", 0), false, &weight) != ST_OK || weight.kind != DEC_NUMBER ||
                    weight.value <= 0 || weight.value > BRIDGE_WHOLE))
        return "bobot is no weight";
    code_format_activity(new.code, text);
    int k = snprintf(key, sizeof key, "%s %s", code_vintage_name(to), text);
    r->status = bridge_add(&r->b, old.code, slice_of(key, (size_t)k), w.n ? weight.value : BRIDGE_WHOLE);
    return NULL;
}

/* b is sorted, so that the pairs of a source into one list stand together. */
static bool whole(const struct bridges *b, uint32_t *ret_at)
{
    for (uint32_t i = 0, k; i < b->count; i = k) {
        const struct bridge_pair *first = &b->pair[i];
        int64_t sum = 0;
        for (k = i; k < b->count && b->pair[k].from == first->from && code_vintage(b->pair[k].to) == code_vintage(first->to); k++)
            sum += b->pair[k].weight;
        *ret_at = i;
        if (sum != BRIDGE_WHOLE) return false;
    }
    return true;
}

static const char *read_all(void *ctx, const struct csv_table *t, uint32_t *row)
{
    struct reading *r = ctx;
    char code[CODE_TEXT_MAX + 1];
    uint32_t at;
    r->t = t;
    const char *why = find_columns(r);
    for (*row = r->row = 1; !why && r->status == ST_OK && r->row < t->rows; *row = ++r->row)
        if ((why = read_row(r))) return why;
    bridge_sort(&r->b);
    if (why || r->status != ST_OK || whole(&r->b, &at)) return why;
    code_format_activity(r->b.pair[at].from, code);
    snprintf(r->sums, sizeof r->sums, "weights out of %s do not sum to 1", code);
    return r->sums;
}

int bridge_list_parse(struct slice bytes, struct bridges *ret, char *err, size_t err_size)
{
    struct reading r = {.status = ST_OK};
    bridge_init(&r.b);
    int st = csv_list_read(bytes, "padanan.csv", read_all, &r, err, err_size);
    if (st == ST_OK) st = r.status;
    if (st == ST_OK) *ret = r.b;
    else bridge_done(&r.b);
    return st;
}
