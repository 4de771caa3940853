/* successor.c - see successor.h. Kind: P. A few dozen rows in the order read; whoever asks looks at all of them. Invariant: in a
 * list that was taken the rows form no circle, and no chain is longer than SUCCESSOR_DEPTH_MAX. */
#include "aggregator/successor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_list.h"
#include "proto/decimal.h"
#include "proto/period.h"

enum column { C_OLD, C_NEW, C_SINCE, C_WEIGHT, C_COUNT };
struct reading {
    const struct csv_table *t;
    uint32_t row, at[C_COUNT]; /* at: column + 1; 0 not there */
    struct successors s;
    int status;     /* of s */
    char whole[96]; /* what is wrong with the list as one */
};

static struct slice cell(const struct reading *r, enum column c)
{
    return r->at[c] ? csv_list_cell(r->t, r->row, r->at[c] - 1) : slice_of("", 0);
}

static const char *find_columns(struct reading *r)
{
    static const char *const HEAD[C_COUNT] = {"lama", "baru", "berlaku", "bobot"};
    for (uint32_t i = 0; r->t->rows > 0 && i < r->t->row[0].count; i++)
        for (unsigned c = 0; c < C_COUNT; c++)
            if (bytes_is(csv_list_cell(r->t, 0, i), HEAD[c])) r->at[c] = i + 1;
    return r->at[C_OLD] && r->at[C_NEW] && r->at[C_SINCE] ? NULL : "heading has no lama, baru and berlaku";
}

/* Region codes are digits and a dot; the id of an office begins with a letter. */
static bool read_end(struct slice s, struct successor_end *ret)
{
    *ret = (struct successor_end){0};
    if (s.n == 0 || s.n > OFFICE_ID_MAX) return false;
    if (s.p[0] >= '0' && s.p[0] <= '9') return code_region_parse(s, &ret->region) == ST_OK;
    memcpy(ret->office, s.p, s.n);
    return true;
}

static bool same_end(const struct successor_end *a, const struct successor_end *b)
{
    return a->region == b->region && strcmp(a->office, b->office) == 0;
}

static const char *read_row(struct reading *r)
{
    struct successor row = {.weight = SUCCESSOR_WHOLE};
    struct decimal_reading weight = {.kind = DEC_EMPTY};
    struct slice w = cell(r, C_WEIGHT);
    int year, month;
    if (!read_end(cell(r, C_OLD), &row.from) || !read_end(cell(r, C_NEW), &row.to))
        return "lama and baru are ids of offices or codes of regions";
    if (!row.from.office[0] != !row.to.office[0]) return "an office and a region";
    if (period_parse_year_month(cell(r, C_SINCE), &year, &month) != ST_OK) return "berlaku is no month such as 2023-01";
    if (w.n > 0 && (decimal_quantity(w, slice_of("", 0), false, &weight) != ST_OK || weight.kind != DEC_NUMBER ||
                    weight.value <= 0 || weight.value > SUCCESSOR_WHOLE))
        return "bobot is no weight";
    if (w.n > 0) row.weight = weight.value;
    row.since = (unsigned)(year * 100 + month);
    for (uint32_t i = 0; i < r->s.count; i++)
        if (same_end(&r->s.row[i].from, &row.from) && same_end(&r->s.row[i].to, &row.to)) return "the pair is there already";
    if (r->s.count == SUCCESSORS_MAX) return "too many rows";
    if (r->s.count == r->s.room) {
        uint32_t room = r->s.room ? 2 * r->s.room : 16;
        struct successor *p = realloc(r->s.row, room * sizeof *p);
        r->status = p ? ST_OK : ST_NO_MEMORY;
        if (!p) return NULL;
        r->s.row = p;
        r->s.room = room;
    }
    r->s.row[r->s.count++] = row;
    return NULL;
}

/* How many rows lie one behind the other from row i on, for every row; false: a circle, or a chain that is too long. Each round
 * lets the chains grow by one. */
static bool chains_end(const struct successors *s, const struct successor **ret_at)
{
    uint8_t length[SUCCESSORS_MAX] = {0};
    bool grown = true;
    for (unsigned round = 0; grown && round <= SUCCESSOR_DEPTH_MAX; round++) {
        grown = false;
        for (uint32_t i = 0; i < s->count; i++)
            for (uint32_t k = 0; k < s->count; k++) {
                if (length[k] < length[i] || !same_end(&s->row[i].to, &s->row[k].from)) continue;
                length[i] = (uint8_t)(length[k] + 1);
                *ret_at = &s->row[i];
                grown = true;
            }
    }
    return !grown;
}

static void name_end(const struct successor_end *e, char ret[OFFICE_ID_MAX + 1])
{
    if (e->office[0])
        memcpy(ret, e->office, sizeof e->office);
    else
        code_region_format(e->region, ret);
}

/* What no single row shows. */
static const char *judge_whole(struct reading *r)
{
    char name[OFFICE_ID_MAX + 1];
    const struct successor *at = NULL;
    const char *why = chains_end(&r->s, &at) ? NULL : "is its own successor, or its chain is too long";
    for (uint32_t i = 0; !why && i < r->s.count; i++) {
        int64_t sum = 0;
        at = &r->s.row[i];
        for (uint32_t k = 0; k < r->s.count; k++)
            if (same_end(&r->s.row[k].from, &at->from)) sum += r->s.row[k].weight;
        if (sum != SUCCESSOR_WHOLE) why = "does not go on in weights that sum to 1";
    }
    if (!why) return NULL;
    name_end(&at->from, name);
    snprintf(r->whole, sizeof r->whole, "%s %s", name, why);
    return r->whole;
}

static const char *read_all(void *ctx, const struct csv_table *t, uint32_t *row)
{
    struct reading *r = ctx;
    r->t = t;
    const char *why = find_columns(r);
    for (*row = r->row = 1; !why && r->status == ST_OK && r->row < t->rows; *row = ++r->row)
        if ((why = read_row(r))) return why;
    return why || r->status != ST_OK ? why : judge_whole(r);
}

int successor_list_parse(struct slice bytes, struct successors *ret, char *err, size_t err_size)
{
    struct reading r = {.status = ST_OK};
    int st = csv_list_read(bytes, "penerus.csv", read_all, &r, err, err_size);
    if (st == ST_OK) st = r.status;
    if (st == ST_OK)
        *ret = r.s;
    else
        successor_list_done(&r.s);
    return st;
}

void successor_list_done(struct successors *s)
{
    free(s->row);
    *s = (struct successors){0};
}

bool successor_into(const struct successor *s, const char *office, region_code region)
{
    if (office) return strcmp(s->to.office, office) == 0;
    if (s->to.office[0]) return false;
    return code_region_holds(region, s->to.region) && !code_region_holds(region, s->from.region);
}
