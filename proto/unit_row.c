/* unit_row.c - the bytes of a leaf row: its key, its slots, one slot alone; and the dictionaries of texts. Kind: P.
 *
 * Key, 31 bytes, big-endian:
 *   office u32 | year u16 | activity u64 | account u64 | measure u16 | source u8 | stage u16 | indicator u32
 * Row value:
 *   bitmap u16 (bit m-1 = month m stated; bits 12..15 zero, never all zero), then for each stated month in order one slot:
 * Slot:
 *   head u8: high nibble (kind - 1) * 3 + basis, low nibble decimals << 1 | reason; 0xf0 = an empty slot (history rows only)
 *   value      zigzag LEB128 of the difference to the last number before it in the row (first: to 0); only of a NUMBER
 *   provenance zigzag LEB128 of the difference to the slot before it (first: to 0)
 *   text       length LEB128 and bytes; only of a TEXT (a NAME is one) and of a WITHDRAWN (length 0 unless a name)
 * Differences wrap modulo 2^64, so every int64 has one. A slot alone (history rows, unit_slot_encode) is the same with both
 * predecessors 0.
 *
 * Dictionary: by_text  short text (<= 63 bytes): 0x00 | text;  longer: 0x01 | BLAKE2b-256(text)  ->  id u32
 *             by_id    id u32 -> text.  Ids count from 1 and are never given back: the next one is the last one plus 1.
 *
 * Invariant: decoding checks everything, so that bytes which pass are exactly what encoding would write. */
#include <string.h>

#include "sign.h"
#include "unit.h"
#include "unit_part.h"

enum { KEY_BYTES = 31, HEAD_EMPTY = 0xf0, DICT_SHORT = 0, DICT_LONG = 1 };

size_t unit_key_bytes(uint32_t office, uint16_t year, const struct leaf_key *k, uint8_t *ret)
{
    bytes_be32(ret, office);
    bytes_be16(ret + 4, year);
    bytes_be64(ret + 6, k->activity);
    bytes_be64(ret + 14, k->account);
    bytes_be16(ret + 22, k->measure);
    ret[24] = k->source;
    bytes_be16(ret + 25, k->stage);
    bytes_be32(ret + 27, k->indicator);
    return KEY_BYTES;
}

int unit_key_parse(struct slice key, uint32_t *ret_office, uint16_t *ret_year, struct leaf_key *ret)
{
    if (key.n != KEY_BYTES)
        return ST_CORRUPT;
    *ret_office = bytes_rd32(key.p);
    *ret_year = bytes_rd16(key.p + 4);
    *ret = (struct leaf_key){
        .activity = bytes_rd64(key.p + 6), .account = bytes_rd64(key.p + 14), .measure = bytes_rd16(key.p + 22),
        .source = key.p[24], .stage = bytes_rd16(key.p + 25), .indicator = bytes_rd32(key.p + 27),
    };
    return ST_OK;
}

/* ---- slots ---- */

struct before { uint64_t value, prov; };        /* what differences are taken to */

enum { SLOT_BYTES_MAX = 1 + 3 * BYTES_VARINT_MAX };     /* without its text */

/* Writes one slot to p, which has room for it; returns the place behind. */
static inline uint8_t *put_slot(uint8_t *p, const struct unit *u, const struct slot *s, struct before *before)
{
    ASSERT(s->kind >= VALUE_NUMBER && s->kind <= VALUE_WITHDRAWN && s->basis <= BASIS_MONTHLY && s->decimals < 8);
    *p++ = (uint8_t)(((s->kind - 1u) * 3 + s->basis) << 4 | (unsigned)s->decimals << 1 | (s->flags & SLOT_REASON));
    if (s->kind == VALUE_NUMBER) {
        p = bytes_put_zigzag(p, (int64_t)((uint64_t)s->value - before->value));
        before->value = (uint64_t)s->value;
    }
    p = bytes_put_zigzag(p, (int64_t)(s->prov - before->prov));
    before->prov = s->prov;
    if (unit_kind_has_text(s->kind)) {
        struct slice text = unit_text(u, s);

        p = bytes_put_varint(p, text.n);
        if (text.n)
            memcpy(p, text.p, text.n);
        p += text.n;
    }
    return p;
}

static size_t slot_room(const struct unit *u, const struct slot *s)
{
    return SLOT_BYTES_MAX + (unit_kind_has_text(s->kind) ? unit_text(u, s).n : 0);
}

static int take_text(struct rd *r, struct unit *u, struct slot *s)
{
    uint64_t n = rd_varint(r);
    struct slice text = { NULL, 0 };

    if (n > rd_left(r) || n > TEXT_MAX)
        return ST_CORRUPT;
    if (n)
        text = rd_bytes(r, (size_t)n);
    return unit_text_add(u, text, &s->text);
}

static int take_slot(struct rd *r, struct unit *u, uint8_t head, struct before *before, struct slot *ret)
{
    struct slot s = { .kind = (uint8_t)((head >> 4) / 3 + 1), .basis = (head >> 4) % 3, .decimals = head >> 1 & 7,
                      .flags = head & SLOT_REASON };
    int status = ST_OK;

    if (head >= HEAD_EMPTY)
        return ST_CORRUPT;
    if (s.kind == VALUE_NUMBER)
        s.value = (int64_t)(before->value += (uint64_t)rd_zigzag(r));
    s.prov = before->prov += (uint64_t)rd_zigzag(r);
    if (unit_kind_has_text(s.kind))
        status = take_text(r, u, &s);
    if (status == ST_OK && r->bad)
        status = ST_CORRUPT;
    if (status == ST_OK)
        *ret = s;
    return status;
}

void unit_slot_encode(struct buf *b, const struct unit *u, const struct slot *s)
{
    struct before none = { 0, 0 };
    size_t room = slot_room(u, s);
    uint8_t *p;

    if (s->kind == VALUE_EMPTY) {
        buf_u8(b, HEAD_EMPTY);
    } else if ((p = buf_grow(b, room)) != NULL) {
        size_t n = (size_t)(put_slot(p, u, s, &none) - p);

        b->n -= room - n;
    }
}

int unit_slot_decode(struct rd *r, struct unit *u, struct slot *ret)
{
    struct before none = { 0, 0 };
    uint8_t head = rd_u8(r);

    if (r->bad)
        return ST_CORRUPT;
    if (head != HEAD_EMPTY)
        return take_slot(r, u, head, &none, ret);
    *ret = (struct slot){ 0 };
    return ST_OK;
}

/* ---- rows ---- */

void unit_row_encode(struct buf *b, const struct unit *u, const struct leaf *l)
{
    struct before before = { 0, 0 };
    unsigned stated = 0;
    size_t room = 2;
    uint8_t *p, *start;

    for (unsigned i = 0; i < 12; i++) {
        if (l->slot[i].kind == VALUE_EMPTY)
            continue;
        stated |= 1u << i;
        room += slot_room(u, &l->slot[i]);
    }
    ASSERT(stated);
    p = start = buf_grow(b, room);
    if (!p)
        return;
    bytes_be16(p, (uint16_t)stated);
    p += 2;
    for (unsigned i = 0; i < 12; i++)
        if (stated >> i & 1)
            p = put_slot(p, u, &l->slot[i], &before);
    b->n -= room - (size_t)(p - start);
}

int unit_row_decode(struct slice value, struct unit *u, struct leaf *ret)
{
    struct rd r = rd_of(value);
    struct before before = { 0, 0 };
    unsigned stated = rd_be16(&r);

    if (r.bad || stated == 0 || stated >> 12)
        return ST_CORRUPT;
    for (unsigned i = 0; i < 12; i++) {
        int status;

        ret->slot[i] = (struct slot){ 0 };
        if (!(stated >> i & 1))
            continue;
        status = take_slot(&r, u, rd_u8(&r), &before, &ret->slot[i]);
        if (status)
            return status;
        ret->present = (uint8_t)(i + 1);
    }
    ASSERT(!r.bad);             /* take_slot has looked */
    return rd_left(&r) ? ST_CORRUPT : ST_OK;
}

/* ---- dictionaries ---- */

static struct slice dict_key(struct slice text, uint8_t room[STORE_KEY_MAX])
{
    struct hash h;

    if (text.n < STORE_KEY_MAX) {
        room[0] = DICT_SHORT;
        if (text.n)
            memcpy(room + 1, text.p, text.n);
        return slice_of(room, text.n + 1);
    }
    h = sign_hash(text.p, text.n);
    room[0] = DICT_LONG;
    memcpy(room + 1, h.b, HASH_SIZE);
    return slice_of(room, HASH_SIZE + 1);
}

int unit_dict_get(struct store_txn *t, unsigned table_by_text, struct slice text, uint32_t *ret)
{
    uint8_t room[STORE_KEY_MAX];
    struct slice value;
    int status = store_get(t, table_by_text, dict_key(text, room), &value);

    if (status)
        return status;
    if (value.n != 4)
        return ST_CORRUPT;
    *ret = bytes_rd32(value.p);
    return ST_OK;
}

static int dict_next(struct store_txn *t, unsigned table_by_id, uint32_t *ret)
{
    struct store_cursor *c;
    struct slice key, value;
    int status = store_cursor(t, table_by_id, &c);

    if (status)
        return status;
    status = store_last(c, &key, &value);
    if (status == ST_NOT_FOUND) {
        *ret = 1;
        status = ST_OK;
    } else if (status == ST_OK) {
        if (key.n != 4)
            status = ST_CORRUPT;
        else if (bytes_rd32(key.p) == UINT32_MAX)
            status = ST_FULL;
        else
            *ret = bytes_rd32(key.p) + 1;
    }
    store_cursor_close(&c);
    return status;
}

int unit_dict_add(struct store_txn *t, unsigned table_by_text, unsigned table_by_id, struct slice text, uint32_t *ret)
{
    uint8_t room[STORE_KEY_MAX], id_bytes[4];
    uint32_t id;
    int status = unit_dict_get(t, table_by_text, text, ret);

    if (status != ST_NOT_FOUND)
        return status;
    status = dict_next(t, table_by_id, &id);
    if (status)
        return status;
    bytes_be32(id_bytes, id);
    status = store_append(t, table_by_id, slice_of(id_bytes, 4), text);
    if (status == ST_OK)
        status = store_put(t, table_by_text, dict_key(text, room), slice_of(id_bytes, 4));
    if (status == ST_OK)
        *ret = id;
    return status;
}

int unit_dict_text(struct store_txn *t, unsigned table_by_id, uint32_t id, struct slice *ret)
{
    uint8_t key[4];

    bytes_be32(key, id);
    return store_get(t, table_by_id, slice_of(key, 4), ret);
}
