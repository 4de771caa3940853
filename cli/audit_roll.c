/* audit_roll.c - the canonical state from the log: replay, counters, history, offices, and the text of it all. Kind: E.
 *
 * Every admitted row of every record becomes one fact (audit_roll_fact.c). Sorted by office, year, key, month and place in the log,
 * the facts of a slot stand side by side and its history can be read off; the last one that said something new is how it stands.
 * Units are the rows that share office and year: they pass by one after the other, each becomes lines and cells, and is forgotten.
 * Facts and lines are put into order outside of memory when they are many (audit_spill.c), so memory is the room of two such
 * sorters, one unit, the cells (audit_roll_cell.c) and what is kept of each office; nothing grows with the log.
 * Invariant: the text is a function of the records alone, in whatever order the workers' logs were handed in. */
#include "cli/audit_roll.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_BATCH = 1, KIND_OFFICE = 2, WORKERS = 256, YEARS = YEAR_MAX - YEAR_MIN + 1 };

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
    uint8_t realised[YEARS]; /* last month with a realised figure, by year - YEAR_MIN */
    uint32_t strand;         /* its newest; 0 none */
    bool years;              /* something other than names is stated of it */
    bool centre;             /* by its newest line */
};
struct strand { /* one epoch of one stream of an office */
    uint32_t speaker, before; /* before: the office's strand before this one; 0 none */
    uint64_t stream, epoch;
};
struct applied {
    uint64_t lsn;
    struct audit_hash hash;
};
struct audit_roll {
    struct audit_room room;
    struct audit_spill *facts, *lines;
    struct party *party;
    size_t parties;
    size_t *index; /* open addressing: 1 + number of a party */
    size_t slots;
    struct strand *strand;
    size_t strands;
    struct applied applied[WORKERS];
    struct audit_span *entry; /* the register, by version - 1 */
    size_t entries;
    struct audit_text out; /* lines that are not in `lines` yet */
    struct audit_roll_cells *cells;
    bool sealed; /* what is not in a seal of that region and year is left out */
    region_code region;
    unsigned year;
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

/* The number of an epoch of a stream; the newest is asked for again and again. */
static uint32_t strand_number(struct audit_roll *x, uint32_t speaker, const struct audit_origin *from)
{
    struct party *o = &x->party[speaker];

    for (uint32_t i = o->strand; i != 0; i = x->strand[i - 1].before)
        if (x->strand[i - 1].stream == from->stream && x->strand[i - 1].epoch == from->epoch) return i;
    *AUDIT_ROLL_ADD(x->strand, x->strands) =
        (struct strand){ .speaker = speaker, .before = o->strand, .stream = from->stream, .epoch = from->epoch };
    return o->strand = (uint32_t)x->strands;
}

struct words { /* what the section under way says of all its rows */
    bool known;  /* it is as the log spells it */
    bool left;   /* of a year that the seal does not hold */
    unsigned vintage, source, stage;
    int64_t subject; /* its number; -1: none of its rows was accepted yet */
};
struct reading {
    struct audit_roll *x;
    const struct audit_record *r;
    unsigned worker;
    uint32_t speaker, strand;
    uint64_t first; /* sequence of the batch's row 0 */
    struct words words;
};

static bool office_id(struct audit_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || (i > 0 && (s.p[i] == '.' || s.p[i] == '-'))))
            return false;
    return s.n > 0 && s.n <= AUDIT_OFFICE_MAX;
}

static struct words words_of(const struct audit_roll *x, const struct audit_section *s)
{
    struct words w = { .left = x->sealed && s->year != 0 && s->year != x->year, .subject = -1 };

    w.known = !w.left && office_id(s->subject) && s->year <= YEAR_MAX && audit_code_vintage_parse(s->vintage, &w.vintage) &&
              audit_code_source_parse(s->source, &w.source) && audit_code_stage_parse(s->stage, &w.stage);
    return w;
}

/* What a row states; false: its words are not those of the log. */
static bool fact_read(const struct words *w, const struct audit_section *s, const struct audit_row *row,
                      struct audit_roll_fact *ret)
{
    if (!w->known || row->month > 12 || row->kind < VALUE_NUMBER || row->kind > VALUE_WITHDRAWN) return false;
    if (row->code.n > 0 && !audit_code_activity_parse(row->code, w->vintage, &ret->activity)) return false;
    if (row->account.n > 0 && !audit_code_account_parse(row->account, &ret->account)) return false;
    ret->source = w->source;
    ret->stage = w->stage;
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

static void read_row(void *ctx, const struct audit_section *section, bool first, const struct audit_row *row, uint64_t index,
                     uint64_t code)
{
    struct reading *at = ctx;
    struct audit_roll *x = at->x;
    struct party *o = &x->party[at->speaker];
    struct audit_roll_fact f = { .speaker = at->speaker };

    if (first) at->words = words_of(x, section);
    if (section != NULL && at->words.left) return;
    o->received++;
    o->last = (provenance)at->worker << 56 | at->r->lsn << 16 | index;
    if (code != 0 || section == NULL || !fact_read(&at->words, section, row, &f)) {
        o->refused++;
        return;
    }
    f.slot.prov = o->last;
    f.slot.strand = at->strand;
    f.slot.sequence = at->first + index;
    if (at->words.subject < 0) at->words.subject = (int64_t)party_number(x, section->subject);
    f.subject = (uint32_t)at->words.subject;
    audit_roll_fact_put(x->facts, &f);
}

void audit_roll_record(struct audit_roll *x, unsigned worker, const struct audit_record *r, const struct audit_hash *hash)
{
    struct reading at = { .x = x, .r = r, .worker = worker };
    struct audit_origin from;
    struct audit_span office;
    struct party *o;

    assert(worker < WORKERS);
    x->applied[worker] = (struct applied){ r->lsn, *hash };
    if (r->kind == KIND_OFFICE) read_entry(x, worker, r->content);
    if (r->kind != KIND_BATCH || !audit_batch_speaker(r, &office)) return;
    at.speaker = (uint32_t)party_number(x, office);
    if (audit_batch_origin(r, &from) && from.first != 0) {
        at.strand = strand_number(x, at.speaker, &from);
        at.first = from.first;
    }
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
    if (t->origin == NULL || !t->origin(t, s)) audit_text_provenance(t, s->prov);
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

/* ---- what belongs to a seal ---- */

/* office/stream/epoch/sequence: the statement itself, the same in every log that holds it. */
static bool put_origin(struct audit_text *t, const struct audit_roll_slot *s)
{
    const struct audit_roll *x = t->ctx;
    const struct strand *from = s->strand != 0 ? &x->strand[s->strand - 1] : NULL;

    if (from == NULL) return false;
    audit_text_put(t, x->party[from->speaker].id.p, x->party[from->speaker].id.n);
    audit_text_printf(t, "/%" PRIu64 "/%016" PRIx64 "/%" PRIu64, from->stream, from->epoch, s->sequence);
    return true;
}

bool audit_roll_region_holds(region_code outer, region_code inner)
{
    while (inner != outer && inner != 0) inner = audit_code_region_parent(inner);
    return inner == outer;
}

static bool inside(const struct audit_roll *x, const struct party *o)
{
    return !x->sealed || (o->entered && audit_roll_region_holds(x->region, o->region));
}

/* Offices of the region with all of the year and of no year; a centre elsewhere with what is about no line. */
static bool shown(const struct audit_roll *x, const struct party *o, const struct audit_roll_row *r)
{
    if (inside(x, o)) return true;
    return o->entered && o->centre && r->activity == 0 && r->account == 0;
}

/* ---- unit by unit ---- */

static bool says_the_same(const struct audit_roll_slot *a, const struct audit_roll_slot *b)
{
    return a->kind == b->kind && a->basis == b->basis && a->decimals == b->decimals && a->value == b->value &&
           audit_same(a->text, b->text);
}

/* One statement after what stood in its slot. */
static void apply(struct audit_roll *x, struct audit_roll_row *r, const struct audit_roll_fact *f)
{
    struct audit_roll_slot *now = &r->slot[f->month];
    struct party *speaker = &x->party[f->speaker];

    if (now->kind == VALUE_EMPTY) {
        speaker->effective++;
    } else if (says_the_same(now, &f->slot)) {
        speaker->same++;
        return;
    } else {
        speaker->superseded++;
    }
    if (now->kind != VALUE_EMPTY && !x->sealed) {
        audit_roll_put_key(&x->out, "history", r);
        audit_roll_put_slot(&x->out, f->month, now);
        audit_text_byte(&x->out, '\n');
    }
    *now = f->slot;
}

static void unit_view(struct audit_roll *x, struct party *o, const struct audit_roll_building *b)
{
    unsigned year = b->row[0].year;
    struct audit_roll_view v;

    audit_roll_view((struct audit_roll_unit){ b->row, b->rows }, &v);
    o->years = true;
    if (year >= YEAR_MIN) o->realised[year - YEAR_MIN] = (uint8_t)audit_roll_last_realised(&v);
    if (o->entered) audit_roll_cells_unit(x->cells, o->region, year, &v);
    audit_roll_view_done(&v);
}

static void unit_end(struct audit_roll *x, struct audit_roll_building *b)
{
    struct party *o = &x->party[b->subject];

    if (b->rows == 0) return;
    for (size_t i = 0; i < b->rows; i++) {
        audit_roll_row_done(&b->row[i]);
        if (shown(x, o, &b->row[i])) audit_roll_put_leaf(&x->out, &b->row[i]);
    }
    if (b->row[0].year != 0 && inside(x, o)) unit_view(x, o, b);
    audit_roll_building_clear(b);
    audit_spill_lines(x->lines, &x->out);
}

static void units_make(struct audit_roll *x)
{
    struct audit_roll_building b = { .row = NULL };
    struct audit_span packed;

    audit_spill_sort(x->facts);
    while ((packed = audit_spill_next(x->facts)).n > 0) {
        struct audit_roll_fact f;

        audit_roll_fact_read(packed, &f);
        if (audit_roll_building_other(&b, &f)) unit_end(x, &b);
        apply(x, audit_roll_building_row(&b, packed, x->party[f.subject].id, &f), &f);
    }
    unit_end(x, &b);
    audit_spill_free(x->facts);
    x->facts = NULL;
    audit_roll_cells_put(x->cells, x->lines);
}

/* ---- offices, positions, the register ---- */

static void count_put(struct audit_text *t, const struct party *o)
{
    audit_text_str(t, "count\t");
    audit_text_escaped(t, o->id);
    audit_text_printf(t, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t0\t%" PRIu64 "\t", o->received, o->effective,
                      o->same, o->superseded, o->refused);
    audit_text_provenance(t, o->last);
    audit_text_printf(t, "\t%" PRId64, o->last_at);
    for (unsigned y = 0; y < YEARS; y++)
        if (o->realised[y] != 0) audit_text_printf(t, "\t%u:%u", YEAR_MIN + y, o->realised[y]);
    audit_text_byte(t, '\n');
}

static void parties_put(struct audit_roll *x)
{
    for (size_t i = 0; i < x->parties; i++) {
        const struct party *o = &x->party[i];

        if (o->entered) {
            audit_text_str(&x->out, "office\t");
            audit_text_escaped(&x->out, o->id);
            audit_text_printf(&x->out, "\t%" PRIu64 "\tw%u\t", o->version, o->worker);
            audit_text_escaped(&x->out, o->line);
            audit_text_byte(&x->out, '\n');
        }
        if (o->spoke || o->years) count_put(&x->out, o);
    }
}

static void applied_put(struct audit_roll *x)
{
    char hex[2 * AUDIT_HASH + 1];

    for (unsigned w = 0; w < WORKERS; w++) {
        if (x->applied[w].lsn == 0) continue;
        audit_hash_hex(x->applied[w].hash.b, AUDIT_HASH, hex);
        audit_text_printf(&x->out, "applied\tw%u\t%" PRIu64 "\t%s\n", w, x->applied[w].lsn, hex);
    }
}

static void register_put(struct audit_roll *x)
{
    for (size_t i = 0; i < x->entries; i++) {
        audit_text_str(&x->out, "kantor\t");
        audit_text_put(&x->out, x->entry[i].p, x->entry[i].n);
        audit_text_byte(&x->out, '\n');
        audit_spill_lines(x->lines, &x->out);
    }
}

/* ---- all of it ---- */

struct audit_roll *audit_roll_new(const struct audit_room *room)
{
    struct audit_roll *x = audit_memory(NULL, 1, sizeof *x);

    memset(x, 0, sizeof *x);
    if (room != NULL) x->room = *room;
    x->facts = audit_spill_new(&x->room);
    return x;
}

void audit_roll_about(struct audit_roll *x, region_code region, unsigned year)
{
    assert(x->parties == 0);
    x->sealed = true;
    x->region = region;
    x->year = year;
    x->out.origin = put_origin;
    x->out.ctx = x;
}

struct audit_spill *audit_roll_lines(struct audit_roll *x)
{
    assert(x->facts != NULL);
    x->lines = audit_spill_new(&x->room);
    x->cells = audit_roll_cells_new(&x->room, x->sealed ? x->region : 0);
    if (!x->sealed) applied_put(x);
    units_make(x);
    if (x->sealed)
        register_put(x);
    else
        parties_put(x);
    audit_spill_lines(x->lines, &x->out);
    audit_text_done(&x->out);
    audit_spill_sort(x->lines);
    return x->lines;
}

void audit_roll_text(struct audit_roll *x, struct audit_text *out)
{
    struct audit_spill *lines = audit_roll_lines(x);
    struct audit_span line;

    while ((line = audit_spill_next(lines)).n > 0) audit_text_put(out, line.p, line.n);
}

void audit_roll_free(struct audit_roll *x)
{
    if (x->facts != NULL) audit_spill_free(x->facts);
    if (x->lines != NULL) audit_spill_free(x->lines);
    if (x->cells != NULL) audit_roll_cells_free(x->cells);
    audit_text_done(&x->out);
    free(x->strand);
    free(x->entry);
    free(x->party);
    free(x->index);
    free(x);
}
