/* csv_list.c - see csv_list.h. Kind: P. */
#include "proto/csv_list.h"

#include <stdio.h>

#include "proto/status.h"

int csv_list_read(struct slice bytes, const char *name, csv_list_fn take, void *ctx, char *err, size_t err_size)
{
    struct csv_table t = { 0 };
    struct csv_fault fault = { 0 };
    uint32_t row = 0;
    int st = csv_table_read(bytes, &t, &fault);
    if (st == ST_INVALID || st == ST_FULL)
        snprintf(err, err_size, "%s:%u: %s", name, fault.line, status_code_text(fault.code, LANG_EN));
    const char *why = st == ST_OK ? take(ctx, &t, &row) : NULL;
    if (why) {
        snprintf(err, err_size, "%s:%u: %s", name, row < t.rows ? t.row[row].line : 1, why);
        st = ST_INVALID;
    }
    csv_table_done(&t);
    return st;
}

bool csv_list_heading(const struct csv_table *t, const char *const *columns, uint32_t n)
{
    for (uint32_t c = 0; c < n; c++)
        if (t->rows == 0 || !bytes_is(csv_list_cell(t, 0, c), columns[c])) return false;
    return true;
}
