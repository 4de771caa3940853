/* thresholds.c - see thresholds.h. Kind: P. One array in the order read; a few dozen rows, so a question looks at all of them.
 * Invariant: every row's value is in its setting's range. */
#include "aggregator/thresholds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_list.h"
#include "proto/period.h"

enum { ROWS_MAX = 1024, COLUMNS = 5 };
struct row {
    enum setting setting;
    int64_t value;
    unsigned from;
    bool has_region;
    region_code region;
    char office[OFFICE_ID_MAX + 1];
};
struct thresholds {
    struct row row[ROWS_MAX];
    unsigned rows;
};
struct words { struct slice name, value, region, office, from; };

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
    if (t->rows == ROWS_MAX) return "too many rows";
    r.from = w->from.n ? (unsigned)(100 * year + month) : 0;
    r.has_region = of_region;
    if (of_office) memcpy(r.office, w->office.p, w->office.n);
    t->row[t->rows++] = r;
    return NULL;
}

static const char *read_all(void *ctx, const struct csv_table *c, uint32_t *row)
{
    static const char *const HEAD[COLUMNS] = {"aturan", "nilai", "wilayah", "kantor", "berlaku"};
    if (!csv_list_heading(c, HEAD, COLUMNS)) return "heading is not aturan,nilai,..";
    for (*row = 1; *row < c->rows; ++*row) {
        struct slice s[COLUMNS];
        for (uint32_t i = 0; i < COLUMNS; i++) s[i] = csv_list_cell(c, *row, i);
        if (s[0].n == 0 && s[1].n == 0) continue;
        const char *fault = add(ctx, &(struct words){s[0], s[1], s[2], s[3], s[4]});
        if (fault) return fault;
    }
    return NULL;
}

int thresholds_parse(struct slice bytes, struct thresholds **ret, char *err, size_t err_size)
{
    struct thresholds *t = calloc(1, sizeof *t);
    int st = t ? csv_list_read(bytes, "aturan.csv", read_all, t, err, err_size) : ST_NO_MEMORY;
    if (st == ST_OK) *ret = t;
    else free(t);
    return st;
}

int thresholds_copy(const struct thresholds *t, struct thresholds **ret)
{
    struct thresholds *c = calloc(1, sizeof *c);
    if (!c) return ST_NO_MEMORY;
    if (t) *c = *t;
    *ret = c;
    return ST_OK;
}

void thresholds_free(struct thresholds **t)
{
    free(*t);
    *t = NULL;
}

/* "2023-01 lonjakan-kali 33.74 -": "20" */
void thresholds_state(struct thresholds *t, struct slice key, struct slice text)
{
    struct words w = {.value = text};
    if (!bytes_word(&key, &w.from)) return;
    (void)bytes_word(&key, &w.name);
    (void)bytes_word(&key, &w.region);
    (void)bytes_word(&key, &w.office);
    (void)add(t, &w);
}

struct threshold thresholds_get(const struct thresholds *t, enum setting s, region_code region, const char *office, unsigned at)
{
    struct threshold best = {.setting = s, .value = setting_default(s)};
    unsigned best_rank = 0;
    for (unsigned i = 0; t && i < t->rows; i++) {
        const struct row *r = &t->row[i];
        if (r->setting != s || r->from > at || (r->office[0] && strcmp(r->office, office) != 0)) continue;
        if (r->has_region && !code_region_holds(r->region, region)) continue;
        unsigned rank = 1 + (r->office[0] ? 16u : 0) + (r->has_region ? 1 + code_region_depth(r->region) : 0);
        if (rank < best_rank || (rank == best_rank && r->from < best.from)) continue;
        best_rank = rank;
        best = (struct threshold){.setting = s, .value = r->value, .from = r->from, .set = true};
    }
    return best;
}

void thresholds_text(const struct threshold *t, char ret[80])
{
    char value[32];
    setting_format(t->setting, t->value, value);
    if (!t->set) snprintf(ret, 80, "%s=%s@bawaan", setting_name(t->setting), value);
    else if (t->from == 0) snprintf(ret, 80, "%s=%s@awal", setting_name(t->setting), value);
    else snprintf(ret, 80, "%s=%s@%04u-%02u", setting_name(t->setting), value, t->from / 100 % 10000, t->from % 100);
}
