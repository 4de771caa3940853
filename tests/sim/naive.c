/* naive.c - the canonical state from the log: replay, counters, history, offices, and the text of it all.
 *
 * Every admitted row of every record becomes one `statement`. Sorted by office, year, key, month and order in the log, the
 * statements of a slot stand side by side and its history can be read off; the last one that said something new is how it stands.
 * Units are the rows that share office and year. Lines of text are sorted at the end, as export.c does. Invariant: the state is a
 * function of the records alone; there is no state between two calls. */
#include "naive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "naive_part.h"
#include "proto/registry.h"

struct statement {
    struct slice subject, indicator;
    unsigned year, measure, source, stage, month;
    activity_code activity;
    account_code account;
    struct naive_slot slot;
    size_t order, speaker;              /* speaker: its number among the parties */
};
struct party {
    struct slice id;
    bool entered, spoke;
    uint64_t version;
    unsigned worker;
    struct slice line;
    region_code region;
    uint64_t received, effective, same, superseded, refused;
    provenance last;
    int64_t last_at;
    unsigned realised[YEAR_MAX + 1];    /* last month with a realised figure, by year */
    bool years;                         /* something other than names is stated of it */
};
struct replay {
    struct statement *statement; size_t statements;
    struct party *office; size_t offices;
    struct naive_row *row; size_t rows;
    struct buf *out;
};

static bool equal(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static int compare(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* ---- reading the log ---- */

static size_t office_number(struct replay *x, struct slice id)
{
    for (size_t i = 0; i < x->offices; i++)
        if (equal(x->office[i].id, id)) return i;
    struct party *o = NAIVE_ADD(x->office, x->offices);
    memset(o, 0, sizeof *o);
    o->id = id;
    return x->offices - 1;
}

/* The newest entry counts; of two alike the one with the smaller text, then the smaller worker. */
static bool replaces(const struct party *o, uint64_t version, struct slice line, unsigned worker)
{
    if (!o->entered || version != o->version) return !o->entered || version > o->version;
    int c = compare(line, o->line);
    return c < 0 || (c == 0 && worker < o->worker);
}

static void read_entry(struct replay *x, unsigned worker, struct slice content)
{
    struct slice line = content, id;
    uint64_t version = 0;
    for (; *line.p != '\t'; line.p++, line.n--) version = 10 * version + (*line.p - '0');
    line.p++, line.n--;
    id = slice_of(line.p, (size_t)((const uint8_t *)memchr(line.p, '\t', line.n) - line.p));
    size_t number = office_number(x, id);
    struct party *o = &x->office[number];
    if (!replaces(o, version, line, worker)) return;
    const uint8_t *region = id.p + id.n + 1, *end = memchr(region, '\t', line.n - id.n - 1);
    int st = code_region_parse(slice_of(region, (size_t)(end - region)), &o->region);
    ASSERT(st == ST_OK);
    o->entered = true;
    o->version = version;
    o->worker = worker;
    o->line = line;
}

static void read_row(struct replay *x, size_t speaker, const struct body_row *row, provenance prov)
{
    const struct figure *f = &row->figure;
    struct statement *s = NAIVE_ADD(x->statement, x->statements);
    *s = (struct statement){ .subject = row->section.office, .indicator = f->indicator, .year = f->year, .measure = f->measure,
                             .source = f->source, .stage = f->stage, .month = f->month ? f->month : 1, .activity = f->activity,
                             .account = f->account, .order = x->statements, .speaker = speaker };
    s->slot = (struct naive_slot){ f->kind, f->basis, f->decimals, f->reason.n > 0, f->value, prov, f->text };
}

static void read_batch(struct replay *x, unsigned worker, const struct record *r)
{
    struct batch b;
    struct body_reader body;
    struct disposition_reader d;
    struct body_row row;
    unsigned index = 0;
    int st = codec_batch_parse(r->content, &b);
    if (st == ST_OK) st = codec_body_open(b.body, &body);
    ASSERT(st == ST_OK);
    size_t speaker = office_number(x, b.h.office);
    codec_dispositions_open(r->dispositions, &d);
    for (; codec_body_next(&body, &row) == ST_OK; index++) {
        unsigned code = codec_dispositions_at(&d, index);
        x->office[speaker].received++;
        if (code != CODE_OK || row.code != CODE_OK || !registry_id_ok(row.section.office)) x->office[speaker].refused++;
        else read_row(x, speaker, &row, figure_provenance(worker, r->lsn, index));
    }
    struct party *o = &x->office[speaker];
    o->spoke = true;
    o->last = figure_provenance(worker, r->lsn, index - 1);
    if (r->at.ms > o->last_at) o->last_at = r->at.ms;
}

static void read_log(struct replay *x, const struct naive_log *log)
{
    struct hash hash = { { 0 } };
    char hex[2 * HASH_SIZE + 1];
    for (size_t i = 0; i < log->count; i++) {
        struct record r;
        int st = codec_record_parse(log->record[i], &r);
        ASSERT(st == ST_OK && r.lsn == i + 1);
        if (r.kind == RECORD_OFFICE) read_entry(x, log->worker, r.content);
        else read_batch(x, log->worker, &r);
        hash = sign_hash2(hash.b, HASH_SIZE, log->record[i].p, log->record[i].n);
    }
    bytes_hex(hash.b, HASH_SIZE, hex);
    if (log->count) buf_printf(x->out, "applied\tw%u\t%zu\t%s\n", log->worker, log->count, hex);
}

/* ---- text ---- */

static void put_text(struct buf *b, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') buf_str(b, "\\\\");
        else if (s.p[i] == '\t') buf_str(b, "\\t");
        else if (s.p[i] == '\n') buf_str(b, "\\n");
        else buf_u8(b, s.p[i]);
    }
}

static void put_prov(struct buf *b, provenance p)
{
    buf_printf(b, "w%u:%" PRIu64 ":%u", figure_prov_worker(p), figure_prov_lsn(p), figure_prov_index(p));
}

static void put_key(struct buf *b, const char *what, const struct naive_row *r)
{
    char activity[32] = "", account[32] = "", stage[20];
    bool tree = r->activity && r->activity != CODE_TOTAL;
    if (r->activity) code_format_activity(r->activity, activity);
    if (r->account) code_format_account(r->account, account);
    figure_stage_format((uint16_t)r->stage, stage);
    buf_printf(b, "%s\t", what);
    put_text(b, r->office);
    buf_printf(b, "\t%u\t%s\t%s\t%s\t%s\t%s\t%s\t", r->year, tree ? code_vintage_name(code_vintage(r->activity)) : "", activity,
               account, figure_measure_name(r->measure), figure_source_name(r->source), stage);
    put_text(b, r->indicator);
}

static void put_slot(struct buf *b, unsigned month, const struct naive_slot *s)
{
    buf_printf(b, "\t%u%c%c%u%c%" PRId64 "@", month, "enixtw"[s->kind], "-cm"[s->basis], s -> decimals, s -> reason ? 'r' : '=',
               s->value);
    put_prov(b, s->prov);
    if (s->text.n == 0) return;
    buf_u8(b, ' ');
    put_text(b, s->text);
}

/* ---- from statements to rows ---- */

#define ORDER(a, b) if ((a) != (b)) return (a) < (b) ? -1 : 1

static int key_order(const struct statement *a, const struct statement *b)
{
    int c = compare(a->subject, b->subject);
    if (c) return c;
    ORDER(a->year, b->year);
    ORDER(a->activity, b->activity);
    ORDER(a->account, b->account);
    ORDER(a->measure, b->measure);
    ORDER(a->source, b->source);
    ORDER(a->stage, b->stage);
    return compare(a->indicator, b->indicator);
}

static int statement_order(const void *a, const void *b)
{
    const struct statement *x = a, *y = b;
    int c = key_order(x, y);
    if (c) return c;
    ORDER(x->month, y->month);
    ORDER(x->order, y->order);
    return 0;
}

static bool says_the_same(const struct naive_slot *a, const struct naive_slot *b)
{
    return a->kind == b->kind && a->basis == b->basis && a->decimals == b->decimals && a->value == b->value &&
           equal(a->text, b->text);
}

/* One statement after what stood in its slot. */
static void apply(struct replay *x, struct naive_row *r, const struct statement *s)
{
    struct naive_slot *now = &r->slot[s->month];
    struct party *speaker = &x->office[s->speaker];
    if (now->kind == VALUE_EMPTY) {
        speaker->effective++;
    } else if (says_the_same(now, &s->slot)) {
        speaker->same++;
        return;
    } else {
        speaker->superseded++;
        put_key(x->out, "history", r);
        put_slot(x->out, s->month, now);
        buf_u8(x->out, '\n');
    }
    *now = s->slot;
}

static void rows_make(struct replay *x)
{
    if (x->statements) qsort(x->statement, x->statements, sizeof *x->statement, statement_order);
    for (size_t i = 0; i < x->statements; i++) {
        const struct statement *s = &x->statement[i];
        if (i == 0 || key_order(s - 1, s) != 0) {
            struct naive_row *r = NAIVE_ADD(x->row, x->rows);
            *r = (struct naive_row){ .office = s->subject,
                                     .indicator = s->indicator,
                                     .year = s->year,
                                     .measure = s->measure,
                                     .source = s->source,
                                     .stage = s->stage,
                                     .activity = s->activity,
                                     .account = s->account };
        }
        apply(x, &x->row[x->rows - 1], s);
    }
}

static void rows_put(struct replay *x)
{
    for (size_t i = 0; i < x->rows; i++) {
        put_key(x->out, "leaf", &x->row[i]);
        for (unsigned m = 1; m <= 12; m++)
            if (x->row[i].slot[m].kind != VALUE_EMPTY) put_slot(x->out, m, &x->row[i].slot[m]);
        buf_u8(x->out, '\n');
    }
}

/* ---- units and offices ---- */

static void units_put(struct replay *x)
{
    struct naive_cells *cells = naive_cells_new();
    for (size_t i = 0, end; i < x->rows; i = end) {
        const struct naive_row *r = &x->row[i];
        size_t number = office_number(x, r->office);
        struct party *o = &x->office[number];
        for (end = i; end < x->rows && x->row[end].year == r->year && equal(x->row[end].office, r->office); end++) continue;
        if (r->year == 0) continue;
        struct naive_unit u = { r, end - i };
        o->years = true;
        o->realised[r->year] = naive_last_realised(u);
        if (o->entered) naive_cells_unit(cells, o->region, r->year, u);
    }
    naive_cells_put(cells, x->out);
    naive_cells_free(cells);
}

static void offices_put(struct replay *x)
{
    for (size_t i = 0; i < x->offices; i++) {
        const struct party *o = &x->office[i];
        if (o->entered) {
            buf_str(x->out, "office\t");
            put_text(x->out, o->id);
            buf_printf(x->out, "\t%" PRIu64 "\tw%u\t", o->version, o->worker);
            put_text(x->out, o->line);
            buf_u8(x->out, '\n');
        }
        if (!o->spoke && !o->years) continue;
        buf_str(x->out, "count\t");
        put_text(x->out, o->id);
        buf_printf(x->out, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t0\t%" PRIu64 "\t", o->received, o->effective,
                   o->same, o->superseded, o->refused);
        put_prov(x->out, o->last);
        buf_printf(x->out, "\t%" PRId64, o->last_at);
        for (unsigned y = YEAR_MIN; y <= YEAR_MAX; y++)
            if (o->realised[y]) buf_printf(x->out, "\t%u:%u", y, o->realised[y]);
        buf_u8(x->out, '\n');
    }
}

/* ---- all of it ---- */

static int text_order(const void *a, const void *b) { return compare(*(const struct slice *)a, *(const struct slice *)b); }

static struct slice next_line(struct slice text, size_t at)
{
    const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
    return slice_of(text.p + at, end ? (size_t)(end - (text.p + at)) + 1 : text.n - at);
}

static void put_sorted(struct slice text, struct buf *out)
{
    struct slice *line = NULL;
    size_t lines = 0;
    for (size_t at = 0; at < text.n; at += line[lines - 1].n) {
        struct slice l = next_line(text, at);
        *NAIVE_ADD(line, lines) = l;
    }
    if (lines) qsort(line, lines, sizeof *line, text_order);
    for (size_t i = 0; i < lines; i++) buf_put(out, line[i].p, line[i].n);
    free(line);
}

void naive_state(const struct naive_log *log, size_t logs, struct buf *out)
{
    struct buf text;
    struct replay x = { .out = &text };
    buf_init(&text, UINT32_MAX);
    buf_str(&text, "meta\tformat\t01\n");
    for (size_t i = 0; i < logs; i++) read_log(&x, &log[i]);
    rows_make(&x);
    rows_put(&x);
    units_put(&x);
    offices_put(&x);
    ASSERT(buf_ok(&text));
    put_sorted(buf_slice(&text), out);
    free(x.statement);
    free(x.office);
    free(x.row);
    buf_done(&text);
}

bool naive_compare(struct slice got, struct slice expected, struct buf *why)
{
    enum { SHOWN = 6 };
    size_t at = 0, line[SHOWN] = { 0 }, n = 0;
    if (equal(got, expected)) return true;
    while (at < got.n && at < expected.n && equal(next_line(got, at), next_line(expected, at))) {
        line[n++ % SHOWN] = at;
        at += next_line(got, at).n;
    }
    for (size_t i = n < SHOWN ? 0 : n - SHOWN; i < n; i++) {
        struct slice l = next_line(got, line[i % SHOWN]);
        buf_printf(why, "        %.*s", (int)l.n, (const char *)l.p);
    }
    if (at < got.n) buf_printf(why, "fold    %.*s", (int)next_line(got, at).n, (const char *)got.p + at);
    if (at < expected.n) buf_printf(why, "naive   %.*s", (int)next_line(expected, at).n, (const char *)expected.p + at);
    return false;
}
