/* cut.c - see cut.h. Kind: P.
 *
 * Reading is strict by writing, as in restore.c.
 *
 * Invariant: cut_read of what cut_put made gives the same struct. */
#include "cut.h"

#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "period.h"
#include "registry.h"

static const char HEAD[] = "rekap/potong/1\n";

static void put_text(const struct cut *c, struct buf *b)
{
    char region[8];
    code_region_format(c->region, region);
    buf_printf(b, "%swilayah %s\ntriwulan %u-Q%u\nversi %u\n", HEAD, region, c->year, c->quarter, c->version);
    buf_printf(b, "daftar %llu\noleh %s\nkunci %016llx\nwaktu %lld\n", (unsigned long long)c->registry, c->actor,
               (unsigned long long)c->key_id, (long long)c->at.ms);
}

int cut_key(const struct cut *c, const uint8_t pub[PUBKEY_SIZE], struct note_key *ret)
{
    return note_key_make(slice_of(c->actor, strlen(c->actor)), pub, ret);
}

int cut_put(const struct cut *c, const uint8_t pub[PUBKEY_SIZE], note_sign_fn sign, void *ctx, struct buf *b)
{
    uint8_t room[CUT_NOTE_MAX];
    struct note_key key;
    struct buf text;
    ASSERT(c->region && c->quarter >= 1 && c->quarter <= 4 && c->version >= 1 && c->version <= CUT_VERSION_MAX && c->at.ms >= 0);
    ASSERT(c->key_id == sign_key_id(pub));
    int st = cut_key(c, pub, &key);
    if (st != ST_OK) return st;
    buf_over(&text, room, sizeof room);
    put_text(c, &text);
    ASSERT(buf_ok(&text));              /* a line each, of bounded texts and numbers */
    return note_sign(buf_slice(&text), &key, sign, ctx, b);
}

/* ---- reading ---- */

static bool read_text(struct slice text, struct cut *c)
{
    uint64_t version = 0, at = 0;
    int year = 0, quarter = 0;
    if (!lines_head(&text, HEAD)) return false;
    if (code_region_parse(lines_next(&text, "wilayah"), &c->region) != ST_OK || c->region == 0) return false;
    if (period_parse_year_quarter(lines_next(&text, "triwulan"), &year, &quarter) != ST_OK) return false;
    if (!lines_decimal(lines_next(&text, "versi"), &version) || version == 0 || version > CUT_VERSION_MAX) return false;
    if (!lines_decimal(lines_next(&text, "daftar"), &c->registry)) return false;
    struct slice actor = lines_next(&text, "oleh");
    if (!registry_id_ok(actor)) return false;
    ASSERT(lines_copy(actor, c->actor, sizeof c->actor));       /* an id fits */
    if (!lines_hex_u64(lines_next(&text, "kunci"), &c->key_id) || !lines_decimal(lines_next(&text, "waktu"), &at)) return false;
    c->year = (unsigned)year;
    c->quarter = (unsigned)quarter;
    c->version = (unsigned)version;
    c->at.ms = (int64_t)at;
    return at <= INT64_MAX && text.n == 0;
}

/* The text of a note: everything before its empty line. */
static struct slice text_of(struct slice note)
{
    const uint8_t *end = note.n ? memmem(note.p, note.n, "\n\n", 2) : NULL;
    return slice_of(note.p, end ? (size_t)(end - note.p) + 1 : 0);
}

int cut_read(struct slice note, struct cut *ret)
{
    struct slice text = note.n <= CUT_NOTE_MAX ? text_of(note) : slice_of("", 0);
    struct cut c = { 0 };
    uint8_t room[CUT_NOTE_MAX];
    struct buf again;
    if (!read_text(text, &c)) return ST_INVALID;
    buf_over(&again, room, sizeof room);
    put_text(&c, &again);
    if (!lines_same(&again, text)) return ST_INVALID;   /* another spelling */
    *ret = c;
    return ST_OK;
}
