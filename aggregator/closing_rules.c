/* closing_rules.c - see closing_rules.h. Kind: P. Rows in file order, and the holidays among them by day: deadlines are
 * asked for once an office and quarter. Read whole, taken whole. */
#include "aggregator/closing_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_list.h"
#include "proto/period.h"

enum { ROWS_MAX = 4096, DAYS_MAX = 60, OFFICE_DAYS = 5, CITY_DAYS = 10 };
enum column { C_WHAT, C_REGION, C_FROM, C_VALUE, C_COUNT };
enum what { W_OFFICE_DAYS, W_CITY_DAYS, W_HOLIDAY, W_ZONE, W_STEPS, W_PERSONS, W_GRAVE, W_COUNT };
static const char *const WHAT[W_COUNT] = { "batas-kantor", "batas-kota",    "libur",       "zona",
                                           "langkah",      "orang-berbeda", "temuan-berat" };
static const char *const ZONES[] = { "WIB", "WITA", "WIT" };
#define GRAVE_USUALLY "tanpa-pagu pagu-dihapus"

struct row {
    enum what what;
    region_code region;
    bool has_region;
    unsigned from; /* closing_quarter(); 0 always */
    int64_t value; /* days, hours, bits, truth, or a day */
    char words[CLOSING_GRAVE_MAX + 1];
};
struct closing_book {
    struct row *row;
    size_t rows;
    const struct row **holiday;         /* those of row that are holidays, ascending by day */
    size_t holidays;
};
struct reading {
    struct closing_book *b;
    const struct csv_table *t;
    uint32_t row;
    const char *fault;
};

static struct slice cell(const struct reading *r, enum column c) { return csv_list_cell(r->t, r->row, (uint32_t)c); }

static bool fail(struct reading *r, const char *fault)
{
    r->fault = fault;
    return false;
}

/* ---- values ---- */

static bool read_days(struct reading *r, struct row *row)
{
    struct slice s = cell(r, C_VALUE);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return fail(r, "nilai is no number of working days");
        row->value = 10 * row->value + (s.p[i] - '0');
        if (row->value > DAYS_MAX) break;
    }
    return row->value >= 1 && row->value <= DAYS_MAX ? true : fail(r, "nilai is 1 to 60 working days");
}

static bool read_zone(struct reading *r, struct row *row)
{
    static const char *const small[] = { "wib", "wita", "wit" };
    for (unsigned i = 0; i < 3; i++)
        if (bytes_is(cell(r, C_VALUE), small[i])) {
            row->value = CODE_WIB + i;
            return true;
        }
    return fail(r, "nilai is WIB, WITA or WIT");
}

/* The next word of blanks-separated ones; false at the end. */
static bool next_word(struct slice *s, struct slice *ret)
{
    while (s->n && *s->p == ' ') *s = slice_of(s->p + 1, s->n - 1);
    size_t n = 0;
    while (n < s->n && s->p[n] != ' ') n++;
    *ret = slice_of(s->p, n);
    *s = slice_of(s->p + n, s->n - n);
    return n > 0;
}

static bool read_steps(struct reading *r, struct row *row)
{
    struct slice rest = cell(r, C_VALUE), word;
    unsigned step;
    while (next_word(&rest, &word)) {
        if (step_parse(word, &step) != ST_OK || step > STEP_KEPALA) return fail(r, "nilai is words: operator kasubbag kepala");
        row->value |= INT64_C(1) << step;
    }
    return true;
}

static bool read_value(struct reading *r, struct row *row)
{
    struct slice v = cell(r, C_VALUE);
    switch (row->what) {
    case W_OFFICE_DAYS:
    case W_CITY_DAYS: return read_days(r, row);
    case W_ZONE: return read_zone(r, row);
    case W_STEPS: return read_steps(r, row);
    case W_HOLIDAY:
        if (row->from) return fail(r, "libur has no mulai");
        return calendar_parse(v, &row->value) == ST_OK ? true : fail(r, "nilai is a date such as 2023-01-02");
    case W_PERSONS:
        row->value = bytes_is(v, "ya");
        return row->value || bytes_is(v, "tidak") ? true : fail(r, "nilai is ya or tidak");
    default:
        if (v.n > CLOSING_GRAVE_MAX) return fail(r, "nilai is too long");
        memcpy(row->words, v.p, v.n);
        return true;
    }
}

static bool read_row(struct reading *r)
{
    struct row row = { .what = W_COUNT };
    struct slice what = cell(r, C_WHAT), region = cell(r, C_REGION), from = cell(r, C_FROM);
    int year, quarter;
    for (unsigned i = 0; i < W_COUNT; i++)
        if (bytes_is(what, WHAT[i])) row.what = (enum what)i;
    if (row.what == W_COUNT)
        return fail(r, "hal is none of batas-kantor, batas-kota, libur, zona, langkah, orang-berbeda, temuan-berat");
    if (r->b->rows == ROWS_MAX) return fail(r, "too many rows");
    if (region.n && code_region_parse(region, &row.region) != ST_OK) return fail(r, "wilayah is no region code");
    if (from.n && period_parse_year_quarter(from, &year, &quarter) != ST_OK) return fail(r, "mulai is no quarter such as 2023-Q1");
    row.has_region = region.n > 0;
    if (from.n) row.from = closing_quarter((unsigned)year, (unsigned)quarter);
    if (!read_value(r, &row)) return false;
    r->b->row[r->b->rows++] = row;
    return true;
}

static int by_day(const void *a, const void *b)
{
    const struct row *const *x = a, *const *y = b;
    return ((*x)->value > (*y)->value) - ((*x)->value < (*y)->value);
}

static void sort_holidays(struct closing_book *b)
{
    for (size_t i = 0; i < b->rows; i++)
        if (b->row[i].what == W_HOLIDAY) b->holiday[b->holidays++] = &b->row[i];
    if (b->holidays > 1) qsort(b->holiday, b->holidays, sizeof *b->holiday, by_day);
}

static const char *read_all(void *ctx, const struct csv_table *t, uint32_t *row)
{
    static const char *const HEAD[C_COUNT] = { "hal", "wilayah", "mulai", "nilai" };
    struct reading r = { .b = ctx, .t = t };
    if (!csv_list_heading(t, HEAD, C_COUNT)) return "heading is not hal,wilayah,mulai,nilai";
    for (*row = r.row = 1; r.row < t->rows; *row = ++r.row)
        if (cell(&r, C_WHAT).n > 0 && !read_row(&r)) return r.fault;
    return NULL;
}

int closing_rules_parse(struct slice bytes, struct closing_book **ret, char *err, size_t err_size)
{
    struct closing_book *b = calloc(1, sizeof *b);
    if (b) b->row = calloc(ROWS_MAX, sizeof *b->row);
    if (b) b->holiday = calloc(ROWS_MAX, sizeof *b->holiday);
    int st = b && b->row && b->holiday ? csv_list_read(bytes, "penutupan.csv", read_all, b, err, err_size) : ST_NO_MEMORY;
    if (st == ST_OK) sort_holidays(b);
    if (st == ST_OK) *ret = b;
    else closing_rules_free(&b);
    return st;
}

void closing_rules_free(struct closing_book **b)
{
    if (!*b) return;
    free((*b)->row);
    free((*b)->holiday);
    free(*b);
    *b = NULL;
}

/* ---- questions ---- */

static bool holds(const struct row *row, region_code region)
{
    return !row->has_region || code_region_holds(row->region, region);
}

/* The row about one thing that holds: nearest region, latest beginning, later line. */
static const struct row *best(const struct closing_book *b, enum what what, region_code region, unsigned quarter)
{
    const struct row *found = NULL;
    for (size_t i = 0; b && i < b->rows; i++) {
        const struct row *row = &b->row[i];
        if (row->what != what || row->from > quarter || !holds(row, region)) continue;
        unsigned depth = row->has_region ? 1 + code_region_depth(row->region) : 0;
        unsigned before = found && found->has_region ? 1 + code_region_depth(found->region) : 0;
        if (!found || depth > before || (depth == before && row->from >= found->from)) found = row;
    }
    return found;
}

static int64_t value_of(const struct closing_book *b, enum what what, region_code region, unsigned quarter, int64_t usual)
{
    const struct row *row = best(b, what, region, quarter);
    return row ? row->value : usual;
}

/* The holidays of a region, ascending. */
static size_t holidays(const struct closing_book *b, region_code region, calendar_day *ret)
{
    size_t n = 0;
    for (size_t i = 0; b && i < b->holidays; i++)
        if (holds(b->holiday[i], region)) ret[n++] = b->holiday[i]->value;
    return n;
}

void closing_rules_for(const struct closing_book *b, region_code region, unsigned quarter, struct closing_terms *ret)
{
    calendar_day off[ROWS_MAX], end = calendar_quarter_end((int)(quarter / 4), quarter % 4 + 1);
    const struct row *grave = best(b, W_GRAVE, region, quarter);
    size_t n = holidays(b, region, off);
    *ret = (struct closing_terms){
        .rules = { .inside = (uint8_t)(value_of(b, W_STEPS, region, quarter, 0) & (1 << STEP_OPERATOR | 1 << STEP_KASUBBAG)),
                   .persons = value_of(b, W_PERSONS, region, quarter, 0) != 0 },
        .office_days = (unsigned)value_of(b, W_OFFICE_DAYS, region, quarter, OFFICE_DAYS),
        .city_days = (unsigned)value_of(b, W_CITY_DAYS, region, quarter, CITY_DAYS),
        .hours_ahead = (unsigned)value_of(b, W_ZONE, region, quarter, code_region_hours(region)),
    };
    ret->zone = ZONES[ret->hours_ahead - CODE_WIB];
    snprintf(ret->grave, sizeof ret->grave, "%s", grave ? grave->words : GRAVE_USUALLY);
    ret->office_day = calendar_work(end, ret->office_days, off, n);
    ret->city_day = calendar_work(end, ret->city_days, off, n);
}

int closing_rules_left(const struct closing_book *b, region_code region, calendar_day today, calendar_day day)
{
    calendar_day off[ROWS_MAX];
    return calendar_work_between(today, day, off, holidays(b, region, off));
}

bool closing_rules_grave(const struct closing_terms *t, const char *kind)
{
    struct slice rest = slice_of(t->grave, strlen(t->grave)), word;
    while (next_word(&rest, &word))
        if (word.n == strlen(kind) && !memcmp(word.p, kind, word.n)) return true;
    return false;
}
