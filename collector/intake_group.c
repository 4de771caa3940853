/* intake_group.c - what the rows of one file say together: repeats, contradictions, complete stages, sections. Kind: P.
 *
 * Design notes: a key (line, measure, source, stage, year, month) may stand twice in a file when both say the same; then the first
 * is the statement. When they differ nobody knows which is meant: every row that names the key is refused, whole. Found with a hash
 * over the keys in two passes: the first finds contradictions, the second, over the rows that are left, the statements.
 * Invariant: each key is in the sections at most once, and never from a refused row. */
#include <stdlib.h>
#include <string.h>

#include "collector/intake_priv.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){ id, en })

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t key_hash(const struct figure *f)
{
    uint64_t kind = (uint64_t)f->measure << 48 | (uint64_t)f->stage << 32;
    uint64_t rest = kind | (uint64_t)f->year << 16 | (uint64_t)f->source << 8 | f->month;
    uint64_t h = mix(mix(mix(1, f->activity), f->account), rest);
    return f->indicator.n ? mix(h, bytes_crc32c(0, f->indicator.p, f->indicator.n)) : h;
}

static bool same_text(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_key(const struct figure *a, const struct figure *b)
{
    return a->activity == b->activity && a->account == b->account && a->measure == b->measure && a->stage == b->stage &&
           a->year == b->year && a->source == b->source && a->month == b->month && same_text(a->indicator, b->indicator);
}

/* Words beside figures that may be written differently from row to row: the first stands, the others are noted. A name is the
 * statement itself in `nomenklatur`, and stands beside the money in `anggaran`. */
static bool descriptive(const struct intake_priv *p, unsigned measure)
{
    if (measure == MEASURE_NAME) return p->shape.kind == SHAPE_ANGGARAN;
    return measure == MEASURE_INDICATOR_NAME || measure == MEASURE_INDICATOR_NO || measure == MEASURE_TIER ||
           measure == MEASURE_OWNER || measure == MEASURE_FUND || measure == MEASURE_SUB_UNIT;
}

static bool same_value(const struct intake_priv *p, const struct figure *a, const struct figure *b)
{
    if (descriptive(p, a->measure))
        return true;
    if ((a->measure == MEASURE_TARGET_UNIT || a->measure == MEASURE_REACHED_UNIT) && a->kind == b->kind)
        return decimal_unit_same(a->text, b->text);
    return a->kind == b->kind && a->basis == b->basis && a->value == b->value && a->decimals == b->decimals &&
           same_text(a->text, b->text);
}

/* Sets head of every item whose row is not refused. */
static bool link_items(struct intake_priv *p)
{
    size_t size = 64;
    while (size < 2 * (size_t)p->items)
        size *= 2;
    uint32_t *slot = calloc(size, sizeof *slot);        /* item + 1 */
    if (!slot)
        return false;
    for (uint32_t i = 0; i < p->items; i++) {
        struct intake_item *it = &p->item[i];
        size_t at = key_hash(&it->f) & (size - 1);
        if (p->row[it->row].refused)
            continue;
        while (slot[at] && !same_key(&p->item[slot[at] - 1].f, &it->f))
            at = (at + 1) & (size - 1);
        if (!slot[at])
            slot[at] = i + 1;
        it->head = slot[at] - 1;
    }
    free(slot);
    return true;
}

/* ---- contradictions ---- */

static void refuse_item(struct intake *in, const struct intake_item *it, uint32_t other_row)
{
    struct intake_priv *p = in->priv;
    uint32_t line = p->row[it->row].line, other = p->row[other_row].line;
    struct slice seen = bytes_trim(csv_table_cell(&p->table, p->row[it->row].table_row, it->column - 1));
    const char *why = intake_text(in, "%s %u %s %u %s", SAY("baris", "lines"), line < other ? line : other, SAY("dan", "and"),
                                  line < other ? other : line, SAY("menyatakan nilai berbeda untuk angka yang sama",
                                                                   "state different values of one figure"));
    intake_refuse_at(in, line, it->column, seen, CODE_DUPLICATE_ROW, why);
}

/* other[head]: 1 + a row that disagrees with the head. */
static void refuse_contradictions(struct intake *in, const uint32_t *other)
{
    struct intake_priv *p = in->priv;
    for (uint32_t i = 0; i < p->items; i++) {
        struct intake_item *it = &p->item[i];
        const struct intake_item *head = &p->item[it->head];
        if (other[it->head])
            refuse_item(in, it, same_value(p, &head->f, &it->f) ? other[it->head] - 1 : head->row);
    }
    for (uint32_t i = 0; i < p->items; i++)
        if (other[p->item[i].head])
            p->row[p->item[i].row].refused = true;
}

static bool contradictions(struct intake *in)
{
    struct intake_priv *p = in->priv;
    bool any = false;
    uint32_t *other = calloc(p->items ? p->items : 1, sizeof *other);
    if (!other)
        return false;
    for (uint32_t i = 0; i < p->items; i++) {
        const struct intake_item *it = &p->item[i];
        if (it->head == i || same_value(p, &p->item[it->head].f, &it->f) || other[it->head])
            continue;
        other[it->head] = it->row + 1;
        any = true;
    }
    if (any)
        refuse_contradictions(in, other);
    free(other);
    return !any || link_items(p);
}

/* ---- sections ---- */

static struct intake_section *section_of(struct intake *in, const struct figure *f, enum vintage v)
{
    struct intake_priv *p = in->priv;
    for (uint32_t i = 0; i < in->sections; i++) {
        const struct section *s = &in->section[i].common;
        if (s->year == f->year && s->stage == f->stage && s->source == f->source && s->vintage == v)
            return &in->section[i];
    }
    if (in->sections == p->section_cap) {
        uint32_t cap = p->section_cap ? 2 * p->section_cap : 8;
        struct intake_section *s = realloc(in->section, cap * sizeof *s);
        if (!s) {
            p->no_memory = true;
            return NULL;
        }
        in->section = s;
        p->section_cap = cap;
    }
    struct intake_section *s = &in->section[in->sections++];
    bool of_another = f->source == SOURCE_BUD && p->o.subject.n > 0;
    *s = (struct intake_section){ .common = { .office = of_another ? p->o.subject : p->o.office, .clerk = p->o.clerk,
                                              .year = f->year, .stage = f->stage, .source = f->source, .vintage = v,
                                              .entered = p->o.entered } };
    return s;
}

static void emit(struct intake *in, const struct figure *f, enum vintage v, uint32_t line)
{
    struct intake_section *s = section_of(in, f, v);
    if (!s)
        return;
    if (s->count == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 64;
        struct intake_row *r = realloc(s->row, cap * sizeof *r);
        if (!r) {
            in->priv->no_memory = true;
            return;
        }
        s->row = r;
        s->cap = cap;
    }
    s->row[s->count] = (struct intake_row){ .line = line, .figure = *f };
    s->row[s->count++].figure.evidence = in->priv->o.evidence;
}

/* What the document's file is called: a statement of its own, in no line. */
static void emit_evidence(struct intake *in)
{
    const struct intake_options *o = &in->priv->o;
    char hex[2 * HASH_SIZE + 1];
    if (in->sections == 0 || o->evidence.n == 0) return;
    bytes_hex(o->evidence.p, o->evidence.n, hex);
    const struct figure f = { .measure = MEASURE_EVIDENCE_NAME, .kind = VALUE_TEXT, .indicator = intake_keep(in, hex),
                              .text = o->evidence_name };
    ASSERT(figure_check(&f) == CODE_OK);
    emit(in, &f, VINTAGE_NONE, 0);
}

/* ---- complete stages ---- */

static bool complete_known(const struct intake *in, const struct figure *f)
{
    for (uint32_t i = 0; i < in->sections; i++) {
        const struct section *s = &in->section[i].common;
        if (s->year != f->year || s->stage != f->stage || s->source != f->source)
            continue;
        for (uint32_t k = in->section[i].count; k-- > 0;) {
            const struct figure *g = &in->section[i].row[k].figure;
            if (g->measure != MEASURE_COMPLETE)
                break;                  /* they stand at the end of a section */
            if (g->month == f->month)
                return true;
        }
    }
    return false;
}

static void emit_complete(struct intake *in)
{
    struct intake_priv *p = in->priv;
    bool wanted = false;
    for (uint32_t i = 0; i < p->items; i++) {
        const struct intake_item *it = &p->item[i];
        const struct intake_data_row *row = &p->row[it->row];
        if (!row->complete || row->refused || it->f.measure != MEASURE_BUDGET || !figure_kind_reported(it->f.kind))
            continue;
        wanted = true;
        if (in->refused > 0)
            break;
        struct figure f = { .measure = MEASURE_COMPLETE, .stage = it->f.stage, .year = it->f.year, .source = it->f.source,
                            .month = it->f.month,
                            .kind = VALUE_NUMBER, .value = 1 };
        ASSERT(figure_check(&f) == CODE_OK);
        if (!complete_known(in, &f))
            emit(in, &f, it->vintage, row->line);
    }
    if (wanted && in->refused > 0)
        intake_note_at(in, p->table.row[p->shape.header].line, 0, "lengkap-ditahan",
                       SAY("tahap belum dinyatakan lengkap karena ada baris yang ditolak",
                           "the stage is not declared complete because rows were refused"));
}

static void note_repeat(struct intake *in, uint32_t line, uint32_t first)
{
    intake_note_at(in, line, 0, "baris-sama", intake_text(in, "%s %u", SAY("sama dengan baris", "the same as line"), first));
}

/* "1; 2": every number that one indicator is printed under in the file, so that the finding can name them. */
static void join_numbers(struct intake *in, struct intake_item *head, struct slice number)
{
    struct slice s = head->f.text;
    if (s.n + number.n + 2 > TEXT_MAX) return;
    for (size_t at = 0, end; at < s.n; at = end + 2) {
        for (end = at; end < s.n && s.p[end] != ';';) end++;
        if (same_text(slice_of(s.p + at, end - at), number)) return;
    }
    head->f.text = intake_keep(in, intake_text(in, "%.*s; %.*s", (int)s.n, (const char *)s.p, (int)number.n,
            (const char *)number.p));
}

/* The same indicator under another number or in other words: taken, and said. */
static void note_words(struct intake *in, const struct intake_item *it)
{
    const struct intake_priv *p = in->priv;
    const struct intake_item *head = &p->item[it->head];
    uint32_t line = p->row[it->row].line, first = p->row[head->row].line;
    if (!descriptive(p, it->f.measure) || same_text(it->f.text, head->f.text) || p->row[it->row].refused)
        return;
    bool number = it->f.measure == MEASURE_INDICATOR_NO;
    if (number) join_numbers(in, &in->priv->item[it->head], it->f.text);
    intake_note_at(in, line, it->column, number ? "nomor-berbeda" : "sebutan-berbeda",
                   intake_text(in, "%s %u; %s", SAY("yang sama ditulis lain di baris", "the same is written differently in line"),
                               first, SAY("yang itu dipakai", "that is used")));
}

static void count_rows(struct intake *in)
{
    struct intake_priv *p = in->priv;
    for (uint32_t r = 0; r < p->rows; r++) {
        const struct intake_data_row *row = &p->row[r];
        uint32_t repeats = 0, first = 0;
        in->refused += row->refused;
        for (uint32_t i = row->first; i < row->first + row->count; i++) {
            repeats += p->item[i].head != i;
            if (p->item[i].head != i)
                note_words(in, &p->item[i]);
            first = p->item[i].head;
        }
        if (row->refused || repeats != row->count)
            continue;
        in->duplicate++;
        if (row->count > 0)
            note_repeat(in, row->line, p->row[p->item[first].row].line);
    }
}

void intake_group(struct intake *in)
{
    struct intake_priv *p = in->priv;
    in->rows = p->rows;
    if (!link_items(p) || !contradictions(in)) {
        p->no_memory = true;
        return;
    }
    count_rows(in);
    for (uint32_t i = 0; i < p->items; i++) {
        const struct intake_item *it = &p->item[i];
        if (it->head == i && !p->row[it->row].refused)
            emit(in, &it->f, it->vintage, it->f.measure == MEASURE_NAME && descriptive(p, MEASURE_NAME) ? 0 : p->row[it->row].line);
    }
    emit_complete(in);
    emit_evidence(in);
}
