/* outbox_refuse.c - what the worker logged but would not admit: noted, and taken back out of the own copy. Kind: P.
 *
 * A refusal names an update by its sequence; what it said stands in the batch, which is still in OUT when its ack comes. A batch
 * may be refused row by row as a whole (an office without authority), so the list is walked in step with the body and the unit of
 * the row is kept open until another one is needed: linear in rows, not rows times units.
 *
 * Counting a refusal and taking it back need no room: a row without a slot is no longer than it was. A note does; in a store
 * without room it is left out, so that nothing stands in the way of an ack.
 *
 * Invariant: a slot is taken back only while its provenance is the refused update; what was stated later stands. */
#include <string.h>

#include "collector/outbox.h"

enum { NOTE_BYTES = 64, NOTES_BYTES_MORE = 64 << 10 };         /* of pages: one note; their tree's inner pages */

struct walk {
    struct store_txn *t;
    bool notes;                         /* there is room to write them */
    uint32_t office;                    /* the speaker */
    struct buf payload;                 /* the batch being read: a copy, because units are written meanwhile */
    struct body_reader body;
    uint64_t next, last;                /* sequence of the body's next row; of its last; 0: no batch is open */
    struct unit unit;                   /* year and subject of the last row taken back */
    bool loaded;
};

bool outbox_refuse_list_ok(struct slice list)
{
    struct rd r = rd_of(list);
    if (list.n == 0) return true;
    uint32_t n = codec_get_array(&r);
    for (uint32_t i = 0; i < n && !r.bad; i++) {
        if (codec_get_array(&r) != 2) return false;
        (void)codec_get_uint(&r);
        if (codec_get_uint(&r) > UINT16_MAX) return false;
    }
    return !r.bad && rd_left(&r) == 0;
}

/* ---- finding the row ---- */

static int open_batch(struct walk *w, uint64_t seq)
{
    struct outbox_batch b;
    struct batch batch;
    int st = outbox_next(w->t, w->office, seq - 1, &b);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    buf_clear(&w->payload);
    buf_put(&w->payload, b.payload.p, b.payload.n);
    if (!buf_ok(&w->payload)) return ST_NO_MEMORY;
    if (codec_batch_parse_covered(buf_slice(&w->payload), &batch) != ST_OK || codec_body_open(batch.body, &w->body) != ST_OK)
        return ST_CORRUPT;
    w->next = b.first;
    w->last = b.last;
    return seq >= b.first ? ST_OK : ST_CORRUPT;
}

static int row_of(struct walk *w, uint64_t seq, struct body_row *ret)
{
    int st = ST_OK;
    if (seq < w->next || seq > w->last) st = open_batch(w, seq);
    while (st == ST_OK && w->next <= seq) {
        st = codec_body_next(&w->body, ret);
        w->next++;
    }
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

/* ---- taking it back ---- */

static bool leaf_empty(const struct leaf *l)
{
    for (unsigned i = 0; i < 12; i++)
        if (l->slot[i].kind != VALUE_EMPTY) return false;
    return true;
}

/* A row without a stated slot does not exist: its key goes, and unit_save is not to see it. */
static int delete_empty(struct walk *w)
{
    for (uint32_t i = 0; i < w->unit.count; i++) {
        struct leaf *l = &w->unit.leaf[i];
        uint8_t key[STORE_KEY_MAX];
        if (!l->dirty || !leaf_empty(l)) continue;
        int st = store_del(w->t, OUTBOX_UNIT, slice_of(key, unit_key_bytes(w->unit.office, w->unit.year, &l->key, key)));
        ASSERT(st != ST_NOT_FOUND);     /* it was loaded in this transaction */
        if (st != ST_OK) return st;
        l->dirty = false;
    }
    return ST_OK;
}

static int save(struct walk *w)
{
    int st = w->loaded ? delete_empty(w) : ST_OK;
    if (st == ST_OK && w->loaded) st = unit_save(&w->unit, w->t, OUTBOX_UNIT);
    w->loaded = false;
    return st;
}

/* ST_NOT_FOUND: nothing was ever stated about that subject or indicator. */
static int unit_for(struct walk *w, const struct body_row *row, struct leaf_key *ret)
{
    const struct figure *f = &row->figure;
    uint32_t copy, indicator = 0;
    int st = outbox_subject(w->t, w->office, row->section.office, false, &copy);
    if (st == ST_OK && f->indicator.n) st = unit_dict_get(w->t, OUTBOX_DICT_TEXT, f->indicator, &indicator);
    if (st != ST_OK) return st;
    *ret = (struct leaf_key){ .activity = f->activity, .account = f->account, .indicator = indicator, .measure = f->measure,
                              .stage = f->stage, .source = f->source };
    if (w->loaded && w->unit.office == copy && w->unit.year == f->year) return ST_OK;
    st = save(w);
    if (st == ST_OK) st = unit_load(&w->unit, w->t, OUTBOX_UNIT, copy, f->year);
    w->loaded = st == ST_OK;
    return st;
}

static int take_back(struct walk *w, const struct body_row *row, uint64_t seq)
{
    struct leaf_key k;
    int st = row->code == CODE_OK ? unit_for(w, row, &k) : ST_NOT_FOUND;
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    struct leaf *l = unit_find(&w->unit, &k);
    struct slot *s = l ? &l->slot[unit_slot_of(&row->figure)] : NULL;
    if (!s || s->kind == VALUE_EMPTY || s->prov != seq) return ST_OK;
    *s = (struct slot){ .kind = VALUE_EMPTY };
    l->dirty = true;
    return ST_OK;
}

static int refuse_one(struct walk *w, uint64_t seq, unsigned code, struct outbox_stream *s)
{
    uint8_t k[12], v[2];
    struct body_row row;
    struct slice known;
    bytes_be32(k, w->office);
    bytes_be64(k + 4, seq);
    bytes_be16(v, (uint16_t)code);
    int st = store_get(w->t, OUTBOX_REFUSED, slice_of(k, sizeof k), &known);
    if (st != ST_NOT_FOUND) return st;  /* named twice in one list */
    st = row_of(w, seq, &row);
    if (st == ST_OK) st = take_back(w, &row, seq);
    if (st == ST_OK && w->notes) st = store_put(w->t, OUTBOX_REFUSED, slice_of(k, sizeof k), slice_of(v, sizeof v));
    if (st == ST_OK) s->refused++;
    return st;
}

int outbox_refuse(struct store_txn *t, uint32_t office, uint64_t upto, struct slice list, struct outbox_stream *s)
{
    struct walk w = { .t = t, .office = office };
    struct rd r = rd_of(list);
    uint32_t n = list.n ? codec_get_array(&r) : 0;
    int st = ST_OK;
    w.notes = n && store_room(t, (uint64_t)n * NOTE_BYTES + NOTES_BYTES_MORE) == ST_OK;
    buf_init(&w.payload, BATCH_BYTES_MAX + 1024);
    unit_init(&w.unit);
    for (uint32_t i = 0; st == ST_OK && i < n; i++) {
        (void)codec_get_array(&r);
        uint64_t seq = codec_get_uint(&r), code = codec_get_uint(&r);
        if (seq > s->acked && seq <= upto) st = refuse_one(&w, seq, (unsigned)code, s);
    }
    if (st == ST_OK) st = save(&w);
    unit_done(&w.unit);
    buf_done(&w.payload);
    return st;
}
