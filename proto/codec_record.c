/* codec_record.c - a record of the worker's log, and the dispositions of its updates.
 *
 * A record is what the log keeps and what followers get: the batch exactly as received, where it stands, and one [index, code] for
 * each update that did not simply enter. Records come from our own store or from a worker over the feed, so they are scanned
 * and judged like any other foreign bytes. Dispositions are in ascending index, so a reader walks them beside the updates.
 * Invariant: parse(put(record)) gives the same record; equal records have equal bytes. */
#include "codec.h"

#include <string.h>

#include "codec_elem.h"
#include "codec_scan.h"

enum { RECORD_FIELDS = 6 };

/* One [index, code]; false when it is none or its index is below `least`. */
static bool disposition_read(struct rd *r, uint64_t least, uint64_t *ret_index, uint64_t *ret_code)
{
    uint32_t n;
    return elem_array(r, &n) && n == 2 && elem_uint(r, ret_index) && *ret_index >= least && *ret_index < BATCH_UPDATES_MAX &&
           elem_uint(r, ret_code) && *ret_code != CODE_OK && *ret_code <= UINT16_MAX;
}

static bool dispositions_read(struct rd *r, struct slice *ret)
{
    const uint8_t *start = r->p;
    uint64_t least = 0, index, code;
    uint32_t n;
    if (!elem_array(r, &n)) return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!disposition_read(r, least, &index, &code)) return false;
        least = index + 1;
    }
    *ret = slice_of(start, (size_t)(r->p - start));
    return true;
}

void codec_record_put(struct buf *b, const struct record *r)
{
    ASSERT(r->kind >= RECORD_BATCH && r->kind <= RECORD_CUT && r->lsn > 0 && r->at.ms >= 0);
    codec_put_array(b, RECORD_FIELDS);
    codec_put_uint(b, r->kind);
    codec_put_uint(b, r->lsn);
    codec_put_uint(b, (uint64_t)r->at.ms);
    codec_put_bin(b, slice_of(r->previous.b, HASH_SIZE));
    codec_put_bin(b, r->content);
    if (r->dispositions.n == 0)
        codec_put_array(b, 0);
    else
        buf_put(b, r->dispositions.p, r->dispositions.n);
}

int codec_record_parse(struct slice bytes, struct record *ret)
{
    struct record rec = {0};
    struct rd r = rd_of(bytes);
    struct slice previous;
    uint64_t kind, at;
    uint32_t n;
    if (bytes.n > RECORD_BYTES_MAX || codec_scan(bytes) != ST_OK || !elem_array(&r, &n) || n != RECORD_FIELDS) return ST_INVALID;
    if (!elem_uint(&r, &kind) || kind < RECORD_BATCH || kind > RECORD_CUT) return ST_INVALID;
    if (!elem_uint(&r, &rec.lsn) || rec.lsn == 0 || !elem_uint(&r, &at) || at > INT64_MAX) return ST_INVALID;
    if (!elem_bin(&r, &previous) || previous.n != HASH_SIZE || !elem_bin(&r, &rec.content)) return ST_INVALID;
    if (!dispositions_read(&r, &rec.dispositions)) return ST_INVALID;
    rec.kind = (unsigned)kind;
    rec.at.ms = (int64_t)at;
    memcpy(rec.previous.b, previous.p, HASH_SIZE);
    *ret = rec;
    return ST_OK;
}

static void disposition_advance(struct disposition_reader *d)
{
    uint64_t index = 0, code = 0;
    d->next_index = UINT32_MAX;
    if (d->left == 0) return;
    bool sound = disposition_read(&d->r, 0, &index, &code);
    ASSERT(sound); /* codec_record_parse has seen it */
    d->left--;
    d->next_index = (uint32_t)index;
    d->next_code = (unsigned)code;
}

void codec_dispositions_open(struct slice dispositions, struct disposition_reader *ret)
{
    *ret = (struct disposition_reader){.r = rd_of(dispositions)};
    if (dispositions.n > 0) ret->left = codec_get_array(&ret->r);
    disposition_advance(ret);
}

unsigned codec_dispositions_at(struct disposition_reader *d, uint32_t index)
{
    while (d->next_index < index) disposition_advance(d);
    return d->next_index == index ? d->next_code : CODE_OK;
}
