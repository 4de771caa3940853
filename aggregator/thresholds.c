/* thresholds.c - see thresholds.h. Kind: P. One array in the order read; a few dozen rows, so a question looks at all of them.
 * Invariant: every row's value is in its setting's range. */
#include "aggregator/thresholds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/achieve.h"
#include "proto/csv_list.h"
#include "proto/period.h"

enum { ROWS_MAX = 4096, COLUMNS = 6, REQUIRED = 5 };
struct row {
    enum setting setting;
    int64_t value;
    unsigned from;
    bool has_region;
    region_code region;
    char office[OFFICE_ID_MAX + 1];
    char indicator[THRESHOLD_INDICATOR_MAX + 1];        /* as names fold; empty: of all */
};
struct thresholds {
    struct row *row;
    unsigned rows, room;
};
struct words { struct slice name, value, region, office, from, indicator; };

static const char NO_MEMORY[] = "no memory";

static struct row *room_for(struct thresholds *t)
{
    if (t->rows == t->room) {
        unsigned room = t->room ? 2 * t->room : 32;
        struct row *p = realloc(t->row, room * sizeof *p);
        if (!p) return NULL;
        t->row = p;
        t->room = room;
    }
    return &t->row[t->rows];
}

/* Which indicator a row is about, as names fold. */
static const char *read_indicator(struct slice s, struct row *r)
{
    char folded[TEXT_MAX + 1];
    if (s.n == 0) return NULL;
    if (!setting_per_indicator(r->setting)) return "this setting is not of one indicator";
    size_t n = s.n <= THRESHOLD_INDICATOR_MAX ? achieve_identity(s, folded) : 0;
    if (n == 0) return "indikator is no name, or too long";
    memcpy(r->indicator, folded, n);
    return NULL;
}

/* NULL: the row was added; else why not. Empty and "-" are all. */
static const char *add(struct thresholds *t, const struct words *w)
{
    struct row r = {0};
    int year, month;
    bool of_region = w->region.n > 0 && !bytes_is(w->region, "-"), of_office = w->office.n > 0 && !bytes_is(w->office, "-");
    if (setting_parse(w->name, &r.setting) != ST_OK) return "no such setting";
    if (setting_value(r.setting, w->value, &r.value) != ST_OK) return "value out of range";
    if (of_region && code_region_parse(w->region, &r.region) != ST_OK) return "wilayah is no region code";
    if (w->office.n > OFFICE_ID_MAX) return "kantor is no office id";
    if (w->from.n > 0 && period_parse_year_month(w->from, &year, &month) != ST_OK) return "berlaku is no month";
    const char *fault = read_indicator(w->indicator, &r);
    if (fault) return fault;
    if (t->rows == ROWS_MAX) return "too many rows";
    r.from = w->from.n ? (unsigned)(100 * year + month) : 0;
    r.has_region = of_region;
    if (of_office) memcpy(r.office, w->office.p, w->office.n);
    struct row *place = room_for(t);
    if (!place) return NO_MEMORY;
    *place = r;
    t->rows++;
    return NULL;
}

static const char *read_all(void *ctx, const struct csv_table *c, uint32_t *row)
{
    static const char *const HEAD[COLUMNS] = {"aturan", "nilai", "wilayah", "kantor", "berlaku", "indikator"};
    bool per_indicator = c->rows > 0 && csv_table_cell(c, 0, REQUIRED).n > 0;
    if (!csv_list_heading(c, HEAD, per_indicator ? COLUMNS : REQUIRED)) return "heading is not aturan,nilai,..";
    for (*row = 1; *row < c->rows; ++*row) {
        struct slice s[COLUMNS];
        for (uint32_t i = 0; i < COLUMNS; i++) s[i] = csv_list_cell(c, *row, i);
        if (s[0].n == 0 && s[1].n == 0) continue;
        const char *fault = add(ctx, &(struct words){s[0], s[1], s[2], s[3], s[4], per_indicator ? s[5] : slice_of("", 0)});
        if (fault) return fault;
    }
    return NULL;
}

int thresholds_parse(struct slice bytes, struct thresholds **ret, char *err, size_t err_size)
{
    struct thresholds *t = calloc(1, sizeof *t);
    int st = t ? csv_list_read(bytes, "aturan.csv", read_all, t, err, err_size) : ST_NO_MEMORY;
    if (st == ST_OK) *ret = t;
    else thresholds_free(&t);
    return st;
}

int thresholds_copy(const struct thresholds *t, struct thresholds **ret)
{
    struct thresholds *c = calloc(1, sizeof *c);
    if (!c) return ST_NO_MEMORY;
    c->room = t ? t->rows : 0;
    c->row = c->room ? malloc(c->room * sizeof *c->row) : NULL;
    if (c->room && !c->row) {
        free(c);
        return ST_NO_MEMORY;
    }
    if (c->room) memcpy(c->row, t->row, c->room * sizeof *c->row);
    c->rows = c->room;
    *ret = c;
    return ST_OK;
}

void thresholds_free(struct thresholds **t)
{
    if (!*t) return;
    free((*t)->row);
    free(*t);
    *t = NULL;
}

/* "2023-01 lonjakan-kali 33.74 -": "20"; "2023-01 formula - - cakupan layanan": "MIN" */
int thresholds_state(struct thresholds *t, struct slice key, struct slice text)
{
    struct words w = {.value = text};
    if (!bytes_word(&key, &w.from)) return ST_OK;
    (void)bytes_word(&key, &w.name);
    (void)bytes_word(&key, &w.region);
    (void)bytes_word(&key, &w.office);
    w.indicator = key;
    return add(t, &w) == NO_MEMORY ? ST_NO_MEMORY : ST_OK;
}

/* 0: the row says nothing of it; else the greater the more particular: an indicator, an office, the nearest region. */
static unsigned rank_of(const struct row *r, const struct threshold_of *of)
{
    if (r->office[0] && strcmp(r->office, of->office) != 0) return 0;
    if (r->has_region && !code_region_holds(r->region, of->region)) return 0;
    bool named = r->indicator[0] && ((of->indicator && strcmp(r->indicator, of->indicator) == 0) ||
                                     (of->alias && strcmp(r->indicator, of->alias) == 0));
    if (r->indicator[0] && !named) return 0;
    return 1 + (named ? 32u : 0) + (r->office[0] ? 16u : 0) + (r->has_region ? 1 + code_region_depth(r->region) : 0);
}

struct threshold thresholds_of(const struct thresholds *t, enum setting s, const struct threshold_of *of, unsigned at)
{
    struct threshold best = {.setting = s, .value = setting_default(s)};
    unsigned best_rank = 0;
    for (unsigned i = 0; t && i < t->rows; i++) {
        const struct row *r = &t->row[i];
        unsigned rank = r->setting == s && r->from <= at ? rank_of(r, of) : 0;
        if (rank == 0 || rank < best_rank || (rank == best_rank && r->from < best.from)) continue;
        best_rank = rank;
        best = (struct threshold){.setting = s, .value = r->value, .from = r->from, .set = true, .named = r->indicator[0] != '\0'};
    }
    return best;
}

struct threshold thresholds_get(const struct thresholds *t, enum setting s, region_code region, const char *office, unsigned at)
{
    return thresholds_of(t, s, &(struct threshold_of){.region = region, .office = office}, at);
}

bool thresholds_any(const struct thresholds *t, enum setting s)
{
    for (unsigned i = 0; t && i < t->rows; i++)
        if (t->row[i].setting == s) return true;
    return false;
}

void thresholds_version(const struct threshold *t, char ret[16])
{
    if (!t->set) snprintf(ret, 16, "bawaan");
    else if (t->from == 0) snprintf(ret, 16, "awal");
    else snprintf(ret, 16, "%04u-%02u", t->from / 100 % 10000, t->from % 100);
}

void thresholds_text(const struct threshold *t, char ret[80])
{
    char value[32], version[16];
    setting_format(t->setting, t->value, value);
    thresholds_version(t, version);
    snprintf(ret, 80, "%s=%s@%s", setting_name(t->setting), value, version);
}
