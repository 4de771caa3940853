/* collect_import.c - see collect_import.h. Kind: P.
 *
 * Two passes over the tray file. The first checks everything, so that a damaged file changes nothing. The second sets each figure
 * in the own copy and collects the changed ones as rows of the open batch body; sections follow the file's. A body is closed and
 * signed when it is full. Counting is by line of the pushed file: superseded if any of its figures replaced another value,
 * duplicate if all of them were stated already, else accepted (shared contract of `push --json`). A figure that was stated already
 * goes out all the same when it brings a document that it was not stated with. What stands in no line (0) counts in none.
 *
 * Invariant: a unit is changed exactly by the updates that are appended, with their sequence numbers as provenance. */
#include "collector/collect_import.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES_MAX = BATCH_BYTES_MAX - BATCH_HEADER_BYTES_MAX - 1024, ROW_BYTES_MAX = 3 * TEXT_MAX + 1024, UNITS_MAX = 16 };
_Static_assert(BODY_BYTES_MAX > 4 * ROW_BYTES_MAX, "a batch holds more than one row");

struct import {
    struct store_txn *t;
    struct now now;
    struct outbox_speaker who;
    struct outbox_stream stream;
    struct unit unit[UNITS_MAX];        /* the few (subject, year) one file speaks of; the newest last */
    size_t units;
    struct buf rows, body;              /* rows of the open section; finished sections */
    struct section section;
    uint32_t subject;                   /* the own copy's number for the section's office */
    uint32_t section_rows, sections, updates;
    uint32_t line[BATCH_UPDATES_MAX];   /* of the updates of the open body, in the pushed file */
    struct slice file, hash, sheet;     /* where it stands: tray.h */
    struct outbox_pushed done;
    uint8_t *seen;                      /* by line of the pushed file: bits 1 << enum unit_result of its figures; they may lie in
                                         * several sections, so a line is counted only at the end */
    uint32_t lines;
};

_Static_assert((int)OUTBOX_TRAY_ID_MAX == (int)TRAY_ID_MAX, "an id that opens can be answered");

static int check_all(struct slice bytes, struct tray *head, struct slice *ret_id)
{
    struct tray_reader r;
    struct tray_row row;
    if (tray_open(bytes, head, &r) != ST_OK) return ST_INVALID;
    *ret_id = head->id;
    int st;
    while ((st = tray_next(&r, &row)) == ST_OK)
        if (row.line > INTAKE_FILE_BYTES_MAX) return ST_INVALID;
    return st == ST_NOT_FOUND ? ST_OK : ST_INVALID;
}

bool collect_import_readable(struct slice bytes)
{
    struct tray head;
    struct slice id;
    return check_all(bytes, &head, &id) == ST_OK;
}

static int mark_line(struct import *im, uint32_t line, enum unit_result result)
{
    if (line >= im->lines) {
        uint32_t want = line + line / 2 + 1024;
        uint8_t *seen = realloc(im->seen, want);
        if (!seen) return ST_NO_MEMORY;
        memset(seen + im->lines, 0, want - im->lines);
        im->seen = seen;
        im->lines = want;
    }
    im->seen[line] |= (uint8_t)(1u << result);
    return ST_OK;
}

static void count_lines(struct import *im)
{
    for (uint32_t i = 0; i < im->lines; i++) {
        if (im->seen[i] & (1u << UNIT_SUPERSEDED)) im->done.superseded++;
        else if (im->seen[i] & (1u << UNIT_EFFECTIVE)) im->done.accepted++;
        else if (im->seen[i]) im->done.duplicate++;
    }
}

/* ---- bodies ---- */

/* Rows that memory ran out for must be seen here: clearing forgets that they are not whole, and a batch without them was signed. */
static int close_section(struct import *im)
{
    if (im->section_rows == 0) return ST_OK;
    if (!buf_ok(&im->rows)) return ST_NO_MEMORY;
    codec_section_begin(&im->body, &im->section, im->section_rows);
    buf_put(&im->body, im->rows.p, im->rows.n);
    buf_clear(&im->rows);
    im->section_rows = 0;
    im->sections++;
    return ST_OK;
}

/* ---- where it stood: varint count, varint length and bytes of the file's name, then each line as zigzag to the one before; then
 * the hash of the file and of a workbook the sheet, each behind its length (rows of earlier releases end before them) ---- */

static struct slice origin_key(uint32_t office, uint64_t sequence, uint8_t ret[12])
{
    bytes_be32(ret, office);
    bytes_be64(ret + 4, sequence);
    return slice_of(ret, 12);
}

static void put_counted(struct buf *b, struct slice s)
{
    buf_varint(b, s.n);
    buf_put(b, s.p, s.n);
}

static int origin_put(struct import *im)
{
    uint8_t key[12];
    struct buf b;
    int64_t before = 0;
    buf_init(&b, BATCH_BYTES_MAX);
    buf_varint(&b, im->updates);
    put_counted(&b, im->file);
    for (uint32_t i = 0; i < im->updates; i++) {
        buf_zigzag(&b, (int64_t)im->line[i] - before);
        before = im->line[i];
    }
    put_counted(&b, im->hash);
    put_counted(&b, im->sheet);
    int st = buf_ok(&b) ? store_put(im->t, OUTBOX_ORIGIN, origin_key(im->who.office, im->stream.last, key), buf_slice(&b))
                        : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

static struct slice read_counted(struct rd *r)
{
    uint64_t n = rd_varint(r);
    if (r->bad || n > rd_left(r)) r->bad = true;
    return r->bad ? slice_of(NULL, 0) : rd_bytes(r, (size_t)n);
}

static int origin_parse(struct slice value, uint64_t last, uint64_t sequence, struct import_origin *ret)
{
    struct rd r = rd_of(value);
    struct import_origin o = { .line = 0 };
    int64_t line = 0;
    uint64_t count = rd_varint(&r);
    o.file = read_counted(&r);
    if (r.bad || count == 0 || count > last) return ST_CORRUPT;
    if (sequence <= last - count) return ST_NOT_FOUND;
    for (uint64_t i = last - count + 1; i <= last && !r.bad; i++) {
        if (__builtin_add_overflow(line, rd_zigzag(&r), &line) || line < 0 || line > UINT32_MAX) return ST_CORRUPT;
        if (i == sequence) o.line = (uint32_t)line;
    }
    if (!r.bad && rd_left(&r) > 0) {
        o.hash = read_counted(&r);
        o.sheet = read_counted(&r);
    }
    if (r.bad || rd_left(&r) > 0 || (o.hash.n > 0 && o.hash.n != HASH_SIZE)) return ST_CORRUPT;
    *ret = o;
    return ST_OK;
}

int collect_import_origin(struct store_txn *t, struct slice office, uint64_t sequence, struct import_origin *ret)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    uint8_t from[12];
    uint32_t number;
    int st = unit_dict_get(t, OUTBOX_DICT_TEXT, office, &number);
    if (st == ST_OK) st = store_cursor(t, OUTBOX_ORIGIN, &c);
    if (st == ST_OK) st = store_seek(c, origin_key(number, sequence, from), &key, &value);
    if (st == ST_OK && (key.n != 12 || bytes_rd32(key.p) != number)) st = ST_NOT_FOUND;
    if (st == ST_OK) st = origin_parse(value, bytes_rd64(key.p + 4), sequence, ret);
    store_cursor_close(&c);
    return st;
}

static int close_body(struct import *im)
{
    int st = close_section(im);
    if (st != ST_OK || im->updates == 0) return st;
    struct buf whole;
    buf_init(&whole, BATCH_BYTES_MAX);
    codec_put_array(&whole, im->sections);
    buf_put(&whole, im->body.p, im->body.n);
    bool ok = buf_ok(&whole) && buf_ok(&im->body);
    st = ok ? outbox_append(im->t, &im->who, im->now.wall, buf_slice(&whole), im->updates, &im->stream) : ST_NO_MEMORY;
    if (st == ST_OK) st = origin_put(im);
    buf_done(&whole);
    buf_clear(&im->body);
    im->sections = im->updates = 0;
    return st;
}

static int add_row(struct import *im, const struct figure *f, uint32_t line)
{
    if (im->updates == BATCH_UPDATES_MAX || im->body.n + im->rows.n + ROW_BYTES_MAX > BODY_BYTES_MAX) {
        int st = close_body(im);
        if (st != ST_OK) return st;
    }
    codec_row_put(&im->rows, f);
    im->section_rows++;
    im->line[im->updates++] = line;
    return ST_OK;
}

/* ---- the own copy ---- */

/* Makes room for one more: the oldest is written back. */
static int drop_oldest(struct import *im)
{
    int st = unit_save(&im->unit[0], im->t, OUTBOX_UNIT);
    if (st != ST_OK) return st;
    unit_done(&im->unit[0]);
    im->units--;
    memmove(&im->unit[0], &im->unit[1], sizeof im->unit[0] * im->units);
    return ST_OK;
}

static int unit_of(struct import *im, uint16_t year, struct unit **ret)
{
    for (size_t i = im->units; i-- > 0;)
        if (im->unit[i].year == year && im->unit[i].office == im->subject) {
            *ret = &im->unit[i];
            return ST_OK;
        }
    int st = im->units == UNITS_MAX ? drop_oldest(im) : ST_OK;
    if (st != ST_OK) return st;
    struct unit *u = &im->unit[im->units++];
    unit_init(u);
    *ret = u;
    return unit_load(u, im->t, OUTBOX_UNIT, im->subject, year);
}

/* ---- documents ---- */

enum { SLOT_KEY_MAX = STORE_KEY_MAX - HASH_SIZE };

/* Does this document stand at the value already? A value that was replaced since, and came back, wants it again. */
static int attached(struct import *im, struct slice key, const struct slot *s, bool *ret)
{
    struct slice value;
    int st = store_get(im->t, OUTBOX_ATTACHED, key, &value);
    if (st == ST_OK && value.n != 8) return ST_CORRUPT;
    *ret = st == ST_OK && bytes_rd64(value.p) >= s->prov;
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* *ret: the row goes out for its document, whether or not its value is news. */
static int attach(struct import *im, const struct unit *u, uint32_t leaf, const struct figure *f, bool *ret)
{
    uint8_t key[STORE_KEY_MAX], value[8];
    const struct leaf *l = &u->leaf[leaf];
    bool known = false;
    size_t n = unit_key_bytes(u->office, u->year, &l->key, key);
    ASSERT(n < SLOT_KEY_MAX);
    key[n] = (uint8_t)unit_slot_of(f);
    memcpy(key + n + 1, f->evidence.p, HASH_SIZE);
    struct slice k = slice_of(key, n + 1 + HASH_SIZE);
    int st = attached(im, k, &l->slot[unit_slot_of(f)], &known);
    *ret = !known;
    if (st != ST_OK || known) return st;
    bytes_be64(value, im->stream.last + im->updates + 1);
    return store_put(im->t, OUTBOX_ATTACHED, k, slice_of(value, sizeof value));
}

static int take_row(struct import *im, const struct tray_row *row)
{
    struct unit *u;
    uint32_t indicator = 0, leaf;
    enum unit_result result;
    bool document = false;
    int st = unit_of(im, row->figure.year, &u);
    if (st == ST_OK && row->figure.indicator.n)
        st = unit_dict_add(im->t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, row->figure.indicator, &indicator);
    /* last + updates + 1 is the row's number whether or not add_row signs the open body first */
    if (st == ST_OK) st = unit_set(u, &row->figure, indicator, im->stream.last + im->updates + 1, &result, NULL, &leaf);
    if (st == ST_OK && row->figure.evidence.n > 0) st = attach(im, u, leaf, &row->figure, &document);
    if (st == ST_OK && row->line > 0) st = mark_line(im, row->line, result);
    if (st != ST_OK) return st;
    return result == UNIT_SAME && !document ? ST_OK : add_row(im, &row->figure, row->line);
}

static int begin_section(struct import *im, const struct section *s)
{
    int st = close_section(im);
    if (st != ST_OK) return st;
    im->section = *s;
    return outbox_subject(im->t, im->who.office, s->office, true, &im->subject);
}

/* The file was checked: what does not read now is our own mistake. */
static int take_rows(struct import *im, struct slice bytes)
{
    struct tray head;
    struct tray_reader r;
    struct tray_row row;
    int st = tray_open(bytes, &head, &r);
    ASSERT(st == ST_OK);
    while ((st = tray_next(&r, &row)) == ST_OK) {
        /* every section has bytes of its own */
        if (im->section.office.p != r.section.office.p) st = begin_section(im, &r.section);
        if (st == ST_OK) st = take_row(im, &row);
        if (st != ST_OK) return st;
    }
    ASSERT(st == ST_NOT_FOUND);
    return ST_OK;
}

static int run_import(struct import *im, struct slice bytes, const struct tray *head)
{
    struct outbox_pushed *p = &im->done;
    *p = (struct outbox_pushed){ .at = im->now.wall, .office = im->who.office, .rows = head->rows, .refused = head->refused,
                                 .duplicate = head->duplicate, .last = im->stream.last };
    im->file = head->file;
    im->hash = head->hash;
    im->sheet = head->sheet;
    memcpy(p->file, head->file.p, head->file.n < sizeof p->file - 1 ? head->file.n : sizeof p->file - 1);
    int st = take_rows(im, bytes);
    if (st == ST_OK) st = close_body(im);
    for (size_t i = 0; st == ST_OK && i < im->units; i++) st = unit_save(&im->unit[i], im->t, OUTBOX_UNIT);
    if (st != ST_OK) return st;
    count_lines(im);
    if (im->stream.last > p->last) st = outbox_due_put(im->t, im->who.office, im->stream.last, head->id, p);
    if (st != ST_OK) return st;
    p->last = im->stream.last;
    return outbox_pushed_put(im->t, head->id, p);
}

static int import_checked(struct store_txn *t, const struct import_context *c, struct now now, struct slice bytes,
                          const struct tray *head, uint32_t *ret_office)
{
    struct import *im = calloc(1, sizeof *im);
    if (!im) return ST_NO_MEMORY;
    *im = (struct import){ .t = t, .now = now, .who = { .id = head->office, .signer = c->signer, .identity = c->identity } };
    buf_init(&im->rows, BATCH_BYTES_MAX);
    buf_init(&im->body, BATCH_BYTES_MAX);
    int st = unit_dict_add(t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, head->office, &im->who.office);
    if (st == ST_OK) st = outbox_stream_get(t, im->who.office, &im->stream);
    if (st == ST_OK) st = run_import(im, bytes, head);
    if (st == ST_OK) *ret_office = im->who.office;
    for (size_t i = 0; i < im->units; i++) unit_done(&im->unit[i]);
    buf_done(&im->rows);
    buf_done(&im->body);
    free(im->seen);
    free(im);
    return st == ST_NOT_FOUND || st == ST_INVALID ? ST_CORRUPT : st; /* those two say that nothing was changed */
}

int collect_import(struct store_txn *t, const struct import_context *c, struct now now, struct slice bytes,
                   struct import_result *ret)
{
    struct tray head;
    struct outbox_pushed before;
    uint8_t pub[PUBKEY_SIZE];
    *ret = (struct import_result){ 0 };
    int st = check_all(bytes, &head, &ret->id);
    if (st != ST_OK) return st;
    st = outbox_pushed_get(t, head.id, &before);
    if (st == ST_OK) ret->office = before.office;
    if (st != ST_NOT_FOUND) return st;
    if (c->signer->public_key(c->signer->ctx, head.office, pub) != ST_OK) return ST_NOT_FOUND;
    return import_checked(t, c, now, bytes, &head, &ret->office);
}
