/* audit_roll_fact.c - a statement as bytes that sort as the recomputation reads them, and a unit's rows out of them. Kind: E.
 *
 * Every accepted row of the log is packed: what names the figure first (all numbers big-endian, so bytes compare as they do), then
 * month and place in the log, then what is said. In byte order the statements of a slot stand side by side, oldest first; those of
 * a row, and the rows of an office's year, follow each other, so that one unit after the other can be looked at and forgotten.
 * Texts are copied: nothing points into a ledger that is mapped elsewhere.
 * Invariant: facts of one slot differ in their place in the log, so no two packed ones are equal. */
#include <stdlib.h>
#include <string.h>

#include "cli/audit_roll.h"

enum { CHUNK = 64 << 10, HEAD = 35, TAIL = 1 + 8 + 4 + 4 + 8 + 4 + 8 };
struct audit_roll_chunk { /* memory for the texts of a unit */
    struct audit_roll_chunk *next;
    size_t n, size;
    uint8_t b[];
};

/* ---- packed ---- */

static uint8_t *put(uint8_t *p, uint64_t v, unsigned bytes)
{
    while (bytes-- > 0) *p++ = (uint8_t)(v >> (8 * bytes));
    return p;
}

static uint8_t *put_head(uint8_t *p, const struct audit_roll_fact *f)
{
    p = put(p, f->subject, 4);
    p = put(p, f->year, 2);
    p = put(p, f->activity, 8);
    p = put(p, f->account, 8);
    p = put(p, f->measure, 4);
    p = put(p, f->source, 1);
    p = put(p, f->stage, 4);
    return put(p, f->indicator.n, 4);
}

static uint8_t *put_bytes(uint8_t *p, struct audit_span s)
{
    if (s.n > 0) memcpy(p, s.p, s.n);
    return p + s.n;
}

void audit_roll_fact_put(struct audit_spill *to, const struct audit_roll_fact *f)
{
    const struct audit_roll_slot *s = &f->slot;
    size_t n = HEAD + f->indicator.n + TAIL + s->text.n;
    uint8_t usual[512], *bytes = n <= sizeof usual ? usual : audit_memory(NULL, n, 1);
    uint8_t *p = put_bytes(put_head(bytes, f), f->indicator);

    p = put(p, f->month, 1);
    p = put(p, s->prov, 8);
    p = put(p, f->speaker, 4);
    p = put(p, s->kind, 1);
    p = put(p, s->basis, 1);
    p = put(p, s->decimals, 1);
    p = put(p, s->reason, 1);
    p = put(p, (uint64_t)s->value, 8);
    p = put(p, s->strand, 4);
    p = put(p, s->sequence, 8);
    p = put_bytes(p, s->text);
    assert((size_t)(p - bytes) == n);
    audit_spill_put(to, bytes, n);
    if (bytes != usual) free(bytes);
}

static uint64_t take(const uint8_t **p, unsigned bytes)
{
    uint64_t v = audit_be(*p, bytes);

    *p += bytes;
    return v;
}

/* Bytes that name the row: up to the end of the indicator. */
static size_t key_bytes(struct audit_span packed) { return HEAD + (size_t)audit_be(packed.p + HEAD - 4, 4); }

void audit_roll_fact_read(struct audit_span packed, struct audit_roll_fact *ret)
{
    const uint8_t *p = packed.p;
    struct audit_roll_slot *s = &ret->slot;

    ret->subject = (uint32_t)take(&p, 4);
    ret->year = (unsigned)take(&p, 2);
    ret->activity = take(&p, 8);
    ret->account = take(&p, 8);
    ret->measure = (unsigned)take(&p, 4);
    ret->source = (unsigned)take(&p, 1);
    ret->stage = (unsigned)take(&p, 4);
    ret->indicator.n = (size_t)take(&p, 4);
    ret->indicator.p = p;
    p += ret->indicator.n;
    ret->month = (unsigned)take(&p, 1);
    s->prov = take(&p, 8);
    ret->speaker = (uint32_t)take(&p, 4);
    s->kind = (unsigned)take(&p, 1);
    s->basis = (unsigned)take(&p, 1);
    s->decimals = (unsigned)take(&p, 1);
    s->reason = take(&p, 1) != 0;
    s->value = (int64_t)take(&p, 8);
    s->strand = (uint32_t)take(&p, 4);
    s->sequence = take(&p, 8);
    s->text = audit_span_of(p, (size_t)(packed.p + packed.n - p));
}

/* ---- the unit under way ---- */

static struct audit_span keep(struct audit_roll_building *b, struct audit_span s)
{
    struct audit_roll_chunk *c = b->chunk;

    if (s.n == 0) return audit_span_of(NULL, 0);
    if (c == NULL || c->size - c->n < s.n) {
        size_t size = s.n > CHUNK ? s.n : CHUNK;

        c = audit_memory(NULL, 1, sizeof *c + size);
        *c = (struct audit_roll_chunk){ .next = b->chunk, .size = size };
        b->chunk = c;
    }
    memcpy(c->b + c->n, s.p, s.n);
    c->n += s.n;
    return audit_span_of(c->b + c->n - s.n, s.n);
}

bool audit_roll_building_other(const struct audit_roll_building *b, const struct audit_roll_fact *f)
{
    return b->rows > 0 && (b->subject != f->subject || b->row[0].year != f->year);
}

struct audit_roll_row *audit_roll_building_row(struct audit_roll_building *b, struct audit_span packed, struct audit_span office,
                                               struct audit_roll_fact *f)
{
    struct audit_span key = audit_span_of(packed.p, key_bytes(packed));

    f->slot.text = keep(b, f->slot.text);
    if (b->rows > 0 && audit_same(b->key, key)) return &b->row[b->rows - 1];
    b->key = keep(b, key);
    b->subject = f->subject;
    f->indicator = audit_span_of(b->key.p + HEAD, b->key.n - HEAD);
    struct audit_roll_row *r = AUDIT_ROLL_ADD(b->row, b->rows);
    *r = (struct audit_roll_row){ .office = office,
                                  .indicator = f->indicator,
                                  .year = f->year,
                                  .measure = f->measure,
                                  .source = f->source,
                                  .stage = f->stage,
                                  .activity = f->activity,
                                  .account = f->account };
    return r;
}

void audit_roll_building_clear(struct audit_roll_building *b)
{
    while (b->chunk != NULL) {
        struct audit_roll_chunk *next = b->chunk->next;

        free(b->chunk);
        b->chunk = next;
    }
    free(b->row);
    *b = (struct audit_roll_building){ .row = NULL };
}
