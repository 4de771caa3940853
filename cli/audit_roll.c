/* audit_roll.c - the canonical state from the log: replay, counters, history, offices, and the text of it all. Kind: E.
 *
 * Every admitted row of every record becomes one `statement`. Sorted by office, year, key, month and order in the log, the
 * statements of a slot stand side by side and its history can be read off; the last one that said something new is how it stands.
 * Units are the rows that share office and year. Memory: about 170 bytes a statement; texts stay where the ledgers are mapped.
 * Invariant: the text is a function of the records alone, in whatever order the workers' logs were handed in. */
#include "cli/audit_roll.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_BATCH = 1, KIND_OFFICE = 2, WORKERS = 256 };

struct statement {
    struct audit_span subject, indicator;
    unsigned year, measure, source, stage, month;
    activity_code activity;
    account_code account;
    struct audit_roll_slot slot;
    size_t order, speaker; /* speaker: its number among the parties */
};
struct party {
    struct audit_span id;
    bool entered, spoke;
    uint64_t version;
    unsigned worker;
    struct audit_span line;
    region_code region;
    uint64_t received, effective, same, superseded, refused;
    provenance last;
    int64_t last_at;
    unsigned realised[YEAR_MAX + 1]; /* last month with a realised figure, by year */
    bool years;                      /* something other than names is stated of it */
    bool centre;                     /* by its newest line */
};
struct applied {
    uint64_t lsn;
    struct audit_hash hash;
};
struct origins { /* of one worker's log, by lsn - 1 */
    struct audit_origin *at;
    size_t n;
};
struct audit_roll {
    struct statement *statement;
    size_t statements;
    struct party *party;
    size_t parties;
    size_t *index; /* open addressing: 1 + number of a party */
    size_t slots;
    struct audit_roll_row *row;
    size_t rows;
    struct applied applied[WORKERS];
    struct origins origins[WORKERS];
    struct audit_span *entry; /* the register, by version - 1 */
    size_t entries;
    struct audit_text *out;
    bool sealed; /* what is not in a seal is left out */
};

/* ---- parties ---- */

static size_t slot_of(const struct audit_roll *x, struct audit_span id)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < id.n; i++) hash = (hash ^ id.p[i]) * UINT64_C(1099511628211);
    for (size_t at = (size_t)(hash % x->slots);; at = (at + 1) % x->slots)
        if (x->index[at] == 0 || audit_same(x->party[x->index[at] - 1].id, id)) return at;
}

static void index_grow(struct audit_roll *x)
{
    x->slots = x->slots != 0 ? 2 * x->slots : 64;
    x->index = audit_memory(x->index, x->slots, sizeof *x->index);
    memset(x->index, 0, x->slots * sizeof *x->index);
    for (size_t i = 0; i < x->parties; i++) x->index[slot_of(x, x->party[i].id)] = i + 1;
}

static size_t party_number(struct audit_roll *x, struct audit_span id)
{
    size_t at;

    if (2 * (x->parties + 1) > x->slots) index_grow(x);
    at = slot_of(x, id);
    if (x->index[at] == 0) {
        struct party *o = AUDIT_ROLL_ADD(x->party, x->parties);

        memset(o, 0, sizeof *o);
        o->id = id;
        x->index[at] = x->parties;
    }
    return x->index[at] - 1;
}

/* ---- reading the log ---- */

/* The newest entry counts; of two alike the one with the smaller text, then the smaller worker. */
static bool replaces(const struct party *o, uint64_t version, struct audit_span line, unsigned worker)
{
    int c;

    if (!o->entered || version != o->version) return !o->entered || version > o->version;
    c = audit_text_compare(line, o->line);
    return c < 0 || (c == 0 && worker < o->worker);
}

/* The text up to the next tab; *s goes behind it. */
static struct audit_span field(struct audit_span *s)
{
    const uint8_t *tab = s->n > 0 ? memchr(s->p, '\t', s->n) : NULL;
    size_t n = tab != NULL ? (size_t)(tab - s->p) : s->n, over = tab != NULL;
    struct audit_span f = audit_span_of(s->p, n);

    *s = audit_span_of(s->p + n + over, s->n - n - over);
    return f;
}

static unsigned digits(struct audit_span s)
{
    unsigned v = 0;

    for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) v = 10 * v + (s.p[i] - '0');
    return v;
}

/* "version TAB office TAB region TAB ..": audit_office has said already what is wrong with it, if anything. */
static void read_entry(struct audit_roll *x, unsigned worker, struct audit_span content)
{
    struct audit_span rest = content, number = field(&rest), line = rest, id = field(&rest), region = field(&rest);
    struct audit_span role = field(&rest);
    size_t number_of_party = party_number(x, id);
    struct party *o = &x->party[number_of_party];
    uint64_t version = 0;

    for (size_t i = 0; i < number.n; i++) version = 10 * version + (number.p[i] - '0');
    if (version == x->entries + 1) *AUDIT_ROLL_ADD(x->entry, x->entries) = line;
    if (!replaces(o, version, line, worker)) return;
    o->entered = true;
    o->version = version;
    o->worker = worker;
    o->line = line;
    o->centre = audit_same(role, audit_span_of("centre", 6));
    o->region = region.n == 0 ? 0 : digits(region) << 16 | (region.n > 3 ? digits(audit_span_of(region.p + 3, region.n - 3)) : 0);
}

struct reading {
    struct audit_roll *x;
    const struct audit_record *r;
    unsigned worker;
    size_t speaker;
};

static bool office_id(struct audit_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || (i > 0 && (s.p[i] == '.' || s.p[i] == '-'))))
            return false;
    return s.n > 0 && s.n <= AUDIT_OFFICE_MAX;
}

/* What a row states; false: its words are not those of the log. */
static bool statement_read(const struct audit_section *s, const struct audit_row *row, struct statement *ret)
{
    unsigned vintage;

    if (!office_id(s->subject) || s->year > YEAR_MAX || row->month > 12 || row->kind < VALUE_NUMBER || row->kind > VALUE_WITHDRAWN)
        return false;
    if (!audit_code_vintage_parse(s->vintage, &vintage) || !audit_code_source_parse(s->source, &ret->source)) return false;
    if (!audit_code_stage_parse(s->stage, &ret->stage)) return false;
    if (row->code.n > 0 && !audit_code_activity_parse(row->code, vintage, &ret->activity)) return false;
    if (row->account.n > 0 && !audit_code_account_parse(row->account, &ret->account)) return false;
    ret->subject = s->subject;
    ret->indicator = row->indicator;
    ret->year = (unsigned)s->year;
    ret->measure = (unsigned)row->measure;
    ret->month = row->month != 0 ? (unsigned)row->month : 1;
    ret->slot = (struct audit_roll_slot){ .kind = (unsigned)row->kind,
                                          .basis = (unsigned)row->basis,
                                          .decimals = (unsigned)row->decimals,
                                          .reason = row->reason.n > 0,
                                          .value = row->value,
                                          .text = row->text };
    return true;
}

static void read_row(void *ctx, const struct audit_section *section, const struct audit_row *row, uint64_t index, uint64_t code)
{
    struct reading *at = ctx;
    struct party *o = &at->x->party[at->speaker];
    struct statement s = { .order = at->x->statements, .speaker = at->speaker };

    o->received++;
    o->last = (provenance)at->worker << 56 | at->r->lsn << 16 | index;
    if (code != 0 || section == NULL || !statement_read(section, row, &s)) {
        o->refused++;
        return;
    }
    s.slot.prov = o->last;
    *AUDIT_ROLL_ADD(at->x->statement, at->x->statements) = s;
}

void audit_roll_record(struct audit_roll *x, unsigned worker, const struct audit_record *r, const struct audit_hash *hash)
{
    struct reading at = { x, r, worker, 0 };
    struct audit_span office;
    struct party *o;

    assert(worker < WORKERS);
    x->applied[worker] = (struct applied){ r->lsn, *hash };
    while (x->origins[worker].n < r->lsn)
        *AUDIT_ROLL_ADD(x->origins[worker].at, x->origins[worker].n) = (struct audit_origin){ .first = 0 };
    if (r->kind == KIND_OFFICE) read_entry(x, worker, r->content);
    if (r->kind != KIND_BATCH || !audit_batch_speaker(r, &office)) return;
    (void)audit_batch_origin(r, &x->origins[worker].at[r->lsn - 1]);
    at.speaker = party_number(x, office);
    audit_batch_rows(r, read_row, &at);
    o = &x->party[at.speaker];
    o->spoke = true;
    if ((int64_t)r->at > o->last_at) o->last_at = (int64_t)r->at;
}

/* ---- text ---- */

void audit_roll_put_key(struct audit_text *t, const char *what, const struct audit_roll_row *r)
{
    char activity[32] = "", account[32] = "", stage[20];
    bool tree = r->activity != 0 && r->activity != CODE_TOTAL;

    if (r->activity != 0) audit_code_format_activity(r->activity, activity);
    if (r->account != 0) audit_code_format_account(r->account, account);
    audit_code_stage_format(r->stage, stage);
    audit_text_str(t, what);
    audit_text_byte(t, '\t');
    audit_text_escaped(t, r->office);
    audit_text_number(t, '\t', r->year);
    audit_text_field(t, tree ? audit_code_vintage_name(audit_code_vintage(r->activity)) : "");
    audit_text_field(t, activity);
    audit_text_field(t, account);
    audit_text_field(t, audit_code_measure_name(r->measure));
    audit_text_field(t, audit_code_source_name(r->source));
    audit_text_field(t, stage);
    audit_text_byte(t, '\t');
    audit_text_escaped(t, r->indicator);
}

void audit_roll_put_slot(struct audit_text *t, unsigned month, const struct audit_roll_slot *s)
{
    audit_text_number(t, '\t', month);
    audit_text_byte(t, (uint8_t) "enixtw"[s->kind]);
    audit_text_number(t, "-cm"[s->basis], s->decimals);
    audit_text_number(t, s->reason ? 'r' : '=', s->value);
    audit_text_byte(t, '@');
    audit_text_provenance(t, s->prov);
    if (s->text.n == 0) return;
    audit_text_byte(t, ' ');
    audit_text_escaped(t, s->text);
}

void audit_roll_put_leaf(struct audit_text *t, const struct audit_roll_row *r)
{
    audit_roll_put_key(t, "leaf", r);
    for (unsigned m = 1; m <= 12; m++)
        if (r->slot[m].kind != VALUE_EMPTY) audit_roll_put_slot(t, m, &r->slot[m]);
    audit_text_byte(t, '\n');
}

/* ---- from statements to rows ---- */

#define ORDER(a, b)                                                                                                                \
    if ((a) != (b)) return (a) < (b) ? -1 : 1

static int key_order(const struct statement *a, const struct statement *b)
{
    int c = audit_text_compare(a->subject, b->subject);

    if (c != 0) return c;
    ORDER(a->year, b->year);
    ORDER(a->activity, b->activity);
    ORDER(a->account, b->account);
    ORDER(a->measure, b->measure);
    ORDER(a->source, b->source);
    ORDER(a->stage, b->stage);
    return audit_text_compare(a->indicator, b->indicator);
}

static int statement_order(const void *a, const void *b)
{
    const struct statement *x = a, *y = b;
    int c = key_order(x, y);

    if (c != 0) return c;
    ORDER(x->month, y->month);
    ORDER(x->order, y->order);
    return 0;
}

static bool says_the_same(const struct audit_roll_slot *a, const struct audit_roll_slot *b)
{
    return a->kind == b->kind && a->basis == b->basis && a->decimals == b->decimals && a->value == b->value &&
           audit_same(a->text, b->text);
}

/* One statement after what stood in its slot. */
static void apply(struct audit_roll *x, struct audit_roll_row *r, const struct statement *s)
{
    struct audit_roll_slot *now = &r->slot[s->month];
    struct party *speaker = &x->party[s->speaker];

    if (now->kind == VALUE_EMPTY) {
        speaker->effective++;
    } else if (says_the_same(now, &s->slot)) {
        speaker->same++;
        return;
    } else {
        speaker->superseded++;
    }
    if (now->kind != VALUE_EMPTY && !x->sealed) {
        audit_roll_put_key(x->out, "history", r);
        audit_roll_put_slot(x->out, s->month, now);
        audit_text_byte(x->out, '\n');
    }
    *now = s->slot;
}

static void rows_make(struct audit_roll *x)
{
    if (x->statements > 0) qsort(x->statement, x->statements, sizeof *x->statement, statement_order);
    for (size_t i = 0; i < x->statements; i++) {
        const struct statement *s = &x->statement[i];

        if (i == 0 || key_order(s - 1, s) != 0) {
            struct audit_roll_row *r = AUDIT_ROLL_ADD(x->row, x->rows);

            *r = (struct audit_roll_row){ .office = s->subject,
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
    for (size_t i = 0; i < x->rows; i++) audit_roll_row_done(&x->row[i]);
}

static void rows_put(struct audit_roll *x)
{
    for (size_t i = 0; i < x->rows; i++) audit_roll_put_leaf(x->out, &x->row[i]);
}

/* ---- units and offices ---- */

static void units_put(struct audit_roll *x)
{
    struct audit_roll_cells *cells = audit_roll_cells_new();

    for (size_t i = 0, end; i < x->rows; i = end) {
        const struct audit_roll_row *r = &x->row[i];
        size_t number = party_number(x, r->office);
        struct party *o = &x->party[number];
        struct audit_roll_view v;

        for (end = i; end < x->rows && x->row[end].year == r->year && audit_same(x->row[end].office, r->office); end++) continue;
        if (r->year == 0) continue;
        audit_roll_view((struct audit_roll_unit){ r, end - i }, &v);
        o->years = true;
        o->realised[r->year] = audit_roll_last_realised(&v);
        if (o->entered) audit_roll_cells_unit(cells, o->region, r->year, &v);
        audit_roll_view_done(&v);
    }
    audit_roll_cells_put(cells, x->out);
    audit_roll_cells_free(cells);
}

static void count_put(struct audit_text *t, const struct party *o)
{
    audit_text_str(t, "count\t");
    audit_text_escaped(t, o->id);
    audit_text_printf(t, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t0\t%" PRIu64 "\t", o->received, o->effective,
                      o->same, o->superseded, o->refused);
    audit_text_provenance(t, o->last);
    audit_text_printf(t, "\t%" PRId64, o->last_at);
    for (unsigned y = YEAR_MIN; y <= YEAR_MAX; y++)
        if (o->realised[y] != 0) audit_text_printf(t, "\t%u:%u", y, o->realised[y]);
    audit_text_byte(t, '\n');
}

static void parties_put(struct audit_roll *x)
{
    for (size_t i = 0; i < x->parties; i++) {
        const struct party *o = &x->party[i];

        if (o->entered) {
            audit_text_str(x->out, "office\t");
            audit_text_escaped(x->out, o->id);
            audit_text_printf(x->out, "\t%" PRIu64 "\tw%u\t", o->version, o->worker);
            audit_text_escaped(x->out, o->line);
            audit_text_byte(x->out, '\n');
        }
        if (o->spoke || o->years) count_put(x->out, o);
    }
}

static void applied_put(const struct audit_roll *x)
{
    char hex[2 * AUDIT_HASH + 1];

    for (unsigned w = 0; w < WORKERS; w++) {
        if (x->applied[w].lsn == 0) continue;
        audit_hash_hex(x->applied[w].hash.b, AUDIT_HASH, hex);
        audit_text_printf(x->out, "applied\tw%u\t%" PRIu64 "\t%s\n", w, x->applied[w].lsn, hex);
    }
}

/* ---- a seal's part of it ---- */

/* office/stream/epoch/sequence: the statement itself, the same in every log that holds it. */
static bool put_origin(struct audit_text *t, provenance p)
{
    const struct audit_roll *x = t->ctx;
    const struct origins *o = &x->origins[p >> 56];
    uint64_t lsn = p >> 16 & ((UINT64_C(1) << 40) - 1);
    const struct audit_origin *from = lsn >= 1 && lsn <= o->n ? &o->at[lsn - 1] : NULL;

    if (from == NULL || from->first == 0) return false;
    audit_text_put(t, from->office.p, from->office.n);
    audit_text_printf(t, "/%" PRIu64 "/%016" PRIx64 "/%" PRIu64, from->stream, from->epoch, from->first + (p & 0xffff));
    return true;
}

static bool region_holds(region_code outer, region_code inner)
{
    while (inner != outer && inner != 0) inner = audit_code_region_parent(inner);
    return inner == outer;
}

/* Offices of the region with all of the year and of no year; a centre elsewhere with what is about no line. */
static bool sealed_row(struct audit_roll *x, const struct audit_roll_row *r, region_code region, unsigned year)
{
    const struct party *o = &x->party[party_number(x, r->office)];

    if (!o->entered || (r->year != 0 && r->year != year)) return false;
    return region_holds(region, o->region) || (o->centre && r->activity == 0 && r->account == 0);
}

static void sealed_cells(struct audit_roll *x, region_code region, unsigned year, struct audit_text *out)
{
    struct audit_roll_cells *cells = audit_roll_cells_new();

    for (size_t i = 0, end; i < x->rows; i = end) {
        const struct audit_roll_row *r = &x->row[i];
        const struct party *o = &x->party[party_number(x, r->office)];
        struct audit_roll_view v;

        for (end = i; end < x->rows && x->row[end].year == r->year && audit_same(x->row[end].office, r->office); end++) continue;
        if (r->year == 0 || r->year != year || !o->entered || !region_holds(region, o->region)) continue;
        audit_roll_view((struct audit_roll_unit){ r, end - i }, &v);
        audit_roll_cells_unit(cells, o->region, r->year, &v);
        audit_roll_view_done(&v);
    }
    audit_roll_cells_put_below(cells, region, out);
    audit_roll_cells_free(cells);
}

void audit_roll_seal(struct audit_roll *x, region_code region, unsigned year, struct audit_text *out)
{
    out->origin = put_origin;
    out->ctx = x;
    x->sealed = true;
    rows_make(x);
    for (size_t i = 0; i < x->entries; i++) {
        audit_text_str(out, "kantor\t");
        audit_text_put(out, x->entry[i].p, x->entry[i].n);
        audit_text_byte(out, '\n');
    }
    for (size_t i = 0; i < x->rows; i++)
        if (sealed_row(x, &x->row[i], region, year)) audit_roll_put_leaf(out, &x->row[i]);
    sealed_cells(x, region, year, out);
    audit_text_sort(out);
}

/* ---- all of it ---- */

struct audit_roll *audit_roll_new(void)
{
    struct audit_roll *x = audit_memory(NULL, 1, sizeof *x);

    memset(x, 0, sizeof *x);
    return x;
}

void audit_roll_text(struct audit_roll *x, struct audit_text *out)
{
    x->out = out;
    applied_put(x);
    rows_make(x);
    rows_put(x);
    units_put(x);
    parties_put(x);
    audit_text_sort(out);
}

void audit_roll_free(struct audit_roll *x)
{
    for (unsigned w = 0; w < WORKERS; w++) free(x->origins[w].at);
    free(x->entry);
    free(x->statement);
    free(x->party);
    free(x->index);
    free(x->row);
    free(x);
}
