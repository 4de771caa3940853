/* export.c - the canonical state as text: what "the same bytes" means.
 *
 * One line a stored fact, fields parted by tabs, ids as texts; then all lines in byte order. So two stores that reached one
 * log position by different groups, interleavings or dictionaries give equal text, and a difference can be read with diff.
 * Left out is what depends on how the log was cut: dictionary numbers and the change list.
 *   applied  worker, lsn, log hash          cell     region, year, kind, code, derived, source, sums, offices, lines, bare, assumed
 *   count    office, counters, last         history  leaf fields, month, old slot
 *   leaf     office, year, vintage, code, account, measure, source, stage, indicator, slots by month
 *   office   office, version, worker, line
 * Invariant: every row of the tables it covers gives exactly one line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fold_part.h"

struct exporting { struct store_txn *t; struct buf *out; struct unit *texts; bool portable; };
typedef int (*row_fn)(struct exporting *x, struct slice key, struct slice value);

static int dict_put(struct exporting *x, uint32_t id)
{
    struct slice text;
    int st = unit_dict_text(x->t, FOLD_DICT_ID, id, &text);
    if (st == ST_OK) buf_put(x->out, text.p, text.n);
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

static void number_put(struct buf *b, char before, i128 v)
{
    char text[1 + 48];
    size_t n = 0;
    text[n++] = before;
    if (v >= 0 && v < 10) text[n++] = (char)('0' + (unsigned)v);
    else n += (size_t)bytes_i128_text(v, text + 1);
    buf_put(b, text, n);
}

static void field_put(struct buf *b, const char *s)
{
    buf_u8(b, '\t');
    buf_str(b, s);
}

static void hex_put(struct buf *b, const uint8_t *p, size_t n)
{
    char hex[2 * HASH_SIZE + 1];
    ASSERT(n <= HASH_SIZE);
    bytes_hex(p, n, hex);
    buf_str(b, hex);
}

/* Where a value comes from: a place in a log or, portable, the statement itself: office/stream/epoch/sequence. */
static int provenance_put(struct exporting *x, provenance p)
{
    struct statement s;
    if (!x->portable) {
        number_put(x->out, 'w', figure_prov_worker(p));
        number_put(x->out, ':', figure_prov_lsn(p));
        number_put(x->out, ':', figure_prov_index(p));
        return ST_OK;
    }
    int st = statement_get(x->t, figure_prov_worker(p), figure_prov_lsn(p), figure_prov_index(p), &s);
    if (st != ST_OK) return st;
    buf_put(x->out, s.office.p, s.office.n);
    buf_printf(x->out, "/%u/%016" PRIx64 "/%" PRIu64, s.stream, s.epoch, s.sequence + figure_prov_index(p));
    return ST_OK;
}

/* Text in one field: backslash, tab and newline escaped, so that lines and fields stay what they are. */
static void text_put(struct buf *b, struct slice s)
{
    size_t plain = 0;
    if (s.n == 0) return;
    for (size_t i = 0; i < s.n; i++) {
        const char *as = s.p[i] == '\\' ? "\\\\" : s.p[i] == '\t' ? "\\t" : s.p[i] == '\n' ? "\\n" : NULL;
        if (!as) continue;
        buf_put(b, s.p + plain, i - plain);
        buf_str(b, as);
        plain = i + 1;
    }
    buf_put(b, s.p + plain, s.n - plain);
}

/* ---- leaves and history ---- */

static int leaf_fields_put(struct exporting *x, uint32_t office, uint16_t year, const struct leaf_key *k, const char *what)
{
    char activity[32] = "", account[32] = "", stage[20];
    buf_str(x->out, what);
    buf_u8(x->out, '\t');
    int st = dict_put(x, office);
    if (st != ST_OK) return st;
    if (k->activity) code_format_activity(k->activity, activity);
    if (k->account) code_format_account(k->account, account);
    figure_stage_format(k->stage, stage);
    const char *vintage = k->activity && k->activity != CODE_TOTAL ? code_vintage_name(code_vintage(k->activity)) : "";
    number_put(x->out, '\t', year);
    field_put(x->out, vintage);
    field_put(x->out, activity);
    field_put(x->out, account);
    field_put(x->out, figure_measure_name(k->measure));
    field_put(x->out, figure_source_name(k->source));
    field_put(x->out, stage);
    buf_u8(x->out, '\t');
    if (k->indicator == 0) return ST_OK;
    struct slice text;
    st = unit_dict_text(x->t, FOLD_DICT_ID, k->indicator, &text);
    if (st == ST_OK) text_put(x->out, text);
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

static int leaf_key_put(struct exporting *x, struct slice key, const char *what)
{
    struct leaf_key k;
    uint32_t office;
    uint16_t year;
    int st = unit_key_parse(key, &office, &year, &k);
    return st == ST_OK ? leaf_fields_put(x, office, year, &k, what) : st;
}

static int slot_put(struct exporting *x, unsigned month, const struct slot *s)
{
    static const char kinds[] = "enixtw", bases[] = "-cm";
    number_put(x->out, '\t', month);
    buf_u8(x->out, (uint8_t)kinds[s->kind]);
    number_put(x->out, bases[s->basis], s->decimals);
    number_put(x->out, s->flags & SLOT_REASON ? 'r' : '=', s->value);
    buf_u8(x->out, '@');
    int st = provenance_put(x, s->prov);
    if (st != ST_OK || !s->text) return st;
    buf_str(x->out, " ");
    text_put(x->out, unit_text(x->texts, s));
    return ST_OK;
}

static int slots_put(struct exporting *x, const struct leaf *l)
{
    int st = ST_OK;
    for (unsigned m = 0; st == ST_OK && m < 12; m++)
        if (l->slot[m].kind != VALUE_EMPTY) st = slot_put(x, m + 1, &l->slot[m]);
    return st;
}

static int leaf_row(struct exporting *x, struct slice key, struct slice value)
{
    (void)value;
    struct leaf_key k;
    uint32_t office;
    uint16_t year;
    int st = unit_key_parse(key, &office, &year, &k);
    if (st == ST_OK && (x->texts->count == 0 || x->texts->office != office || x->texts->year != year))
        st = unit_load(x->texts, x->t, FOLD_LEAF, office, year);
    if (st == ST_OK) st = leaf_key_put(x, key, "leaf");
    if (st != ST_OK) return st;
    const struct leaf *l = unit_find(x->texts, &k);
    return l ? slots_put(x, l) : ST_CORRUPT;
}

static int history_row(struct exporting *x, struct slice key, struct slice value)
{
    struct slot s;
    struct rd r = rd_of(value);
    if (key.n < 9) return ST_CORRUPT;
    int st = leaf_key_put(x, slice_of(key.p, key.n - 9), "history");
    if (st == ST_OK) st = unit_slot_decode(&r, x->texts, &s);
    if (st == ST_OK && (rd_left(&r) > 0 || key.p[key.n - 9] > 11 || bytes_rd64(key.p + key.n - 8) != s.prov)) st = ST_CORRUPT;
    return st == ST_OK ? slot_put(x, key.p[key.n - 9] + 1u, &s) : st;
}

/* ---- the other tables ---- */

static int cell_row(struct exporting *x, struct slice key, struct slice value)
{
    static const char *const kinds[] = { "total", "activity", "account", "account-line" };
    char region[8], code[32] = "";
    struct cell_key k;
    struct cell c;
    int st = cell_key_parse(key, &k);
    if (st == ST_OK) st = cell_decode(value, &c);
    if (st != ST_OK) return st;
    code_region_format(k.region, region);
    if (k.node.node_kind == NODE_ACTIVITY) code_format_activity(k.node.node, code);
    if (k.node.node_kind >= NODE_ACCOUNT) code_format_account(k.node.node, code);
    const char *vintage = k.node.node_kind == NODE_ACTIVITY ? code_vintage_name(code_vintage(k.node.node)) : "";
    buf_str(x->out, "cell\t");
    buf_str(x->out, region);
    number_put(x->out, '\t', k.year);
    field_put(x->out, kinds[k.node.node_kind]);
    field_put(x->out, vintage);
    if (k.node.node_kind == NODE_TOTAL) number_put(x->out, '\t', (i128)k.node.node);
    else field_put(x->out, code);
    number_put(x->out, '\t', k.node.derived);
    field_put(x->out, figure_source_name(k.node.source));
    for (unsigned m = 0; m < 12; m++) number_put(x->out, m ? ' ' : '\t', c.value[m]);
    for (unsigned m = 0; m < 12; m++) number_put(x->out, m ? ' ' : '\t', c.offices[m]);
    number_put(x->out, '\t', c.lines);
    number_put(x->out, '\t', c.bare);
    number_put(x->out, '\t', c.assumed);
    return ST_OK;
}

static int office_row(struct exporting *x, struct slice key, struct slice value)
{
    struct rd r = rd_of(value);
    if (key.n != 4) return ST_CORRUPT;
    buf_str(x->out, "office\t");
    int st = dict_put(x, bytes_rd32(key.p));
    if (st != ST_OK) return st;
    uint64_t version = rd_varint(&r), n = rd_varint(&r);
    if (n > rd_left(&r)) return ST_CORRUPT;
    struct slice line = rd_bytes(&r, (size_t)n);
    unsigned worker = rd_u8(&r);
    buf_printf(x->out, "\t%" PRIu64 "\t", version);
    if (!x->portable) buf_printf(x->out, "w%u\t", worker);
    text_put(x->out, line);
    return r.bad || rd_left(&r) > 0 ? ST_CORRUPT : ST_OK;
}

static int count_row(struct exporting *x, struct slice key, struct slice value)
{
    struct rd r = rd_of(value);
    if (key.n != 4) return ST_CORRUPT;
    buf_str(x->out, "count\t");
    int st = dict_put(x, bytes_rd32(key.p));
    if (st != ST_OK) return st;
    for (unsigned i = 0; i < 6; i++) buf_printf(x->out, "\t%" PRIu64, rd_varint(&r));
    provenance last = rd_varint(&r);
    int64_t at = rd_zigzag(&r);
    if (!x->portable) {                 /* when and where in a log it was, another log of the same statements does not know */
        buf_str(x->out, "\t");
        (void)provenance_put(x, last);
        buf_printf(x->out, "\t%" PRId64, at);
    }
    while (rd_left(&r) > 0) {
        unsigned year = rd_u8(&r);
        buf_printf(x->out, "\t%u:%u", year + YEAR_MIN, rd_u8(&r));
    }
    return r.bad ? ST_CORRUPT : ST_OK;
}

static int meta_row(struct exporting *x, struct slice key, struct slice value)
{
    if (key.n != 8 || memcmp(key.p, "applied", 7) != 0 || value.n != 8 + HASH_SIZE) return ST_CORRUPT;
    buf_printf(x->out, "applied\tw%u\t%" PRIu64 "\t", key.p[7], bytes_rd64(value.p));
    hex_put(x->out, value.p + 8, HASH_SIZE);
    return ST_OK;
}

/* ---- all of it ---- */

static int table_put(struct exporting *x, unsigned table, row_fn fn)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(x->t, table, &c);
    if (st == ST_OK) st = store_seek(c, slice_of("", 0), &key, &value);
    while (st == ST_OK) {
        st = fn(x, key, value);
        buf_u8(x->out, '\n');
        if (st == ST_OK) st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int line_order(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* Sorts the lines of b from `from` on. */
static int lines_sort(struct buf *b, size_t from)
{
    size_t lines = 0, n = b->n - from, i = 0;
    for (const uint8_t *p = b->p + from, *end = b->p + b->n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) lines++;
    if (lines < 2) return ST_OK;
    uint8_t *copy = malloc(n);
    struct slice *line = malloc(lines * sizeof *line);
    if (copy && line) {
        memcpy(copy, b->p + from, n);
        for (size_t at = 0; at < n; i++) {
            const uint8_t *end = memchr(copy + at, '\n', n - at);
            line[i] = slice_of(copy + at, (size_t)(end - (copy + at)) + 1);
            at += line[i].n;
        }
        qsort(line, lines, sizeof *line, line_order);
        b->n = from;
        for (i = 0; i < lines; i++) buf_put(b, line[i].p, line[i].n);
    }
    bool done = copy && line && buf_ok(b);
    free(copy);
    free(line);
    return done ? ST_OK : ST_NO_MEMORY;
}

static int all_tables(struct store_txn *t, bool portable, struct buf *out)
{
    static const struct { unsigned table; row_fn fn; } TABLES[] = {
        { FOLD_META, meta_row }, { FOLD_LEAF, leaf_row }, { FOLD_HISTORY, history_row },
        { FOLD_CELL, cell_row }, { FOLD_OFFICE, office_row }, { FOLD_COUNT, count_row },
    };
    struct unit texts;
    struct exporting x = { .t = t, .out = out, .texts = &texts, .portable = portable };
    size_t from = out->n;
    int st = ST_OK;
    unit_init(&texts);
    for (size_t i = portable ? 1 : 0; st == ST_OK && i < sizeof TABLES / sizeof *TABLES; i++)
        st = table_put(&x, TABLES[i].table, TABLES[i].fn);
    if (st == ST_OK && !buf_ok(out)) st = ST_NO_MEMORY;
    if (st == ST_OK) st = lines_sort(out, from);
    unit_done(&texts);
    return st;
}

int export_state(struct store_txn *t, struct buf *out) { return all_tables(t, false, out); }

int export_portable(struct store_txn *t, struct buf *out) { return all_tables(t, true, out); }

/* ---- parts of it ---- */

int export_unit(struct store_txn *t, struct unit *u, struct buf *out)
{
    struct exporting x = { .t = t, .out = out, .texts = u, .portable = true };
    size_t from = out->n;
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < u->count; i++) {
        st = leaf_fields_put(&x, u->office, u->year, &u->leaf[i].key, "leaf");
        if (st == ST_OK) st = slots_put(&x, &u->leaf[i]);
        buf_u8(out, '\n');
    }
    if (st == ST_OK && !buf_ok(out)) st = ST_NO_MEMORY;
    return st == ST_OK ? lines_sort(out, from) : st;
}

int export_cell(struct slice key, struct slice value, struct buf *out)
{
    struct exporting x = { .out = out };
    int st = cell_row(&x, key, value);
    buf_u8(out, '\n');
    return st;
}

void export_text(struct buf *out, struct slice s) { text_put(out, s); }
