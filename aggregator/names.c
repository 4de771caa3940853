/* names.c - see names.h. Kind: P. Two sorted arrays over one text pool; look-ups are binary searches. */
#include "aggregator/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv.h"

struct entry {
    uint64_t key;
    uint32_t text;
}; /* text: offset into the pool, NUL-terminated there */
struct entries {
    struct entry *e;
    size_t n;
};
struct names {
    struct entries region, activity;
    struct buf texts;
};

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static const char *find(const struct names *n, const struct entries *list, uint64_t key)
{
    const struct entry k = {.key = key};
    const struct entry *e = list->n ? bsearch(&k, list->e, list->n, sizeof k, by_key) : NULL;
    return e ? (const char *)n->texts.p + e->text : NULL;
}

const char *names_region(const struct names *n, region_code r) { return find(n, &n->region, r); }
const char *names_activity(const struct names *n, activity_code c) { return find(n, &n->activity, c); }
size_t names_region_count(const struct names *n) { return n->region.n; }
region_code names_region_at(const struct names *n, size_t i)
{
    ASSERT(i < n->region.n);
    return (region_code)n->region.e[i].key;
}

static int add(struct names *n, struct entries *list, uint64_t key, struct slice text)
{
    list->e[list->n++] = (struct entry){.key = key, .text = (uint32_t)n->texts.n};
    buf_put(&n->texts, text.p, text.n);
    buf_u8(&n->texts, 0);
    return buf_ok(&n->texts) ? ST_OK : ST_FULL;
}

static bool heading(const struct csv_table *t, const char *const *columns, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct slice c = t->rows ? csv_table_cell(t, 0, i) : slice_of("", 0);
        if (c.n != strlen(columns[i]) || memcmp(c.p, columns[i], c.n)) return false;
    }
    return true;
}

static int read_region(struct names *n, const struct csv_table *t, uint32_t row)
{
    region_code r;
    int st = code_region_parse(csv_table_cell(t, row, 0), &r);
    return st == ST_OK ? add(n, &n->region, r, csv_table_cell(t, row, 2)) : st;
}

static int read_code(struct names *n, const struct csv_table *t, uint32_t row)
{
    enum vintage v;
    struct code_reading c;
    int st = code_vintage_parse(csv_table_cell(t, row, 0), &v);
    if (st == ST_OK) st = code_parse_activity(v, csv_table_cell(t, row, 1), &c);
    return st == ST_OK ? add(n, &n->activity, c.code, csv_table_cell(t, row, 4)) : st;
}

typedef int (*row_fn)(struct names *n, const struct csv_table *t, uint32_t row);

static int read_list(struct names *n, struct entries *list, struct slice bytes, const char *const *columns, unsigned column_count,
                     row_fn read, const char *what, char *err, size_t err_size)
{
    struct csv_table t = {0};
    struct csv_fault fault = {0};
    int st = csv_table_read(bytes, &t, &fault);
    if (st != ST_OK) {
        snprintf(err, err_size, "%s:%u: %s", what, fault.line, status_code_text(fault.code, LANG_EN));
        return st;
    }
    st = heading(&t, columns, column_count) ? ST_OK : ST_INVALID;
    if (st != ST_OK) snprintf(err, err_size, "%s:1: heading does not begin with %s,%s", what, columns[0], columns[1]);
    list->e = calloc(t.rows ? t.rows : 1, sizeof *list->e);
    if (!list->e) st = ST_NO_MEMORY;
    for (uint32_t i = 1; st == ST_OK && i < t.rows; i++) {
        st = read(n, &t, i);
        if (st != ST_OK) snprintf(err, err_size, "%s:%u: not a code of this list", what, t.row[i].line);
    }
    csv_table_done(&t);
    if (st == ST_OK && list->n) qsort(list->e, list->n, sizeof *list->e, by_key);
    return st;
}

int names_parse(struct slice regions, struct slice codes, struct names **ret, char *err, size_t err_size)
{
    static const char *const region_columns[] = {"code", "level", "name"};
    static const char *const code_columns[] = {"nomenklatur", "kode", "level", "parent", "uraian"};
    struct names *n = calloc(1, sizeof *n);
    if (!n) return ST_NO_MEMORY;
    buf_init(&n->texts, 256 << 20);
    int st = read_list(n, &n->region, regions, region_columns, 3, read_region, "region.csv", err, err_size);
    if (st == ST_OK) st = read_list(n, &n->activity, codes, code_columns, 5, read_code, "nomenklatur.csv", err, err_size);
    if (st == ST_OK)
        *ret = n;
    else
        names_free(&n);
    return st;
}

void names_free(struct names **n)
{
    if (!n || !*n) return;
    free((*n)->region.e);
    free((*n)->activity.e);
    buf_done(&(*n)->texts);
    free(*n);
    *n = NULL;
}
