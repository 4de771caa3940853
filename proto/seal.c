/* seal.c - see seal.h: the note and the root. Kind: P.
 *
 * Reading is strict by writing, as in cut.c: what was read is put again and must be the same text, so a head has one spelling.
 *
 * Invariant: seal_read of what seal_put made, with any lines behind it, gives the same struct. */
#include "seal.h"

#include <string.h>

#include "lines.h"
#include "merkle.h"
#include "period.h"
#include "registry.h"

static const char HEAD[] = "rekap/segel/1\n";

static void put_text(const struct seal *s, struct buf *b)
{
    char region[8], before[2 * HASH_SIZE + 1] = "-", root[2 * HASH_SIZE + 1];
    code_region_format(s->region, region);
    if (s->version > 1) bytes_hex(s->before.b, HASH_SIZE, before);
    bytes_hex(s->root.b, HASH_SIZE, root);
    buf_printf(b, "%swilayah %s\ntriwulan %u-Q%u\nversi %u\nsebelum %s\noleh %s\n", HEAD, region, s->year, s->quarter, s->version,
               before, s->actor);
    buf_printf(b, "kunci %016llx\nwaktu %lld\nbaris %llu\nakar %s\n", (unsigned long long)s->key_id, (long long)s->at.ms,
               (unsigned long long)s->lines, root);
}

int seal_root(struct slice lines, uint64_t *ret_lines, struct hash *ret_root)
{
    struct merkle m = { 0 };
    if (lines.n == 0 || lines.p[lines.n - 1] != '\n') return ST_INVALID;
    for (size_t at = 0; at < lines.n;) {
        const uint8_t *end = memchr(lines.p + at, '\n', lines.n - at);
        size_t n = (size_t)(end - (lines.p + at));
        struct hash leaf = merkle_leaf(slice_of(lines.p + at, n));
        int st = merkle_append(&m, &leaf, NULL);
        ASSERT(st == ST_OK);            /* a file has fewer bytes than a tree leaves */
        at += n + 1;
    }
    *ret_lines = m.size;
    *ret_root = merkle_root(&m);
    return ST_OK;
}

int seal_put(const struct seal *s, const uint8_t pub[PUBKEY_SIZE], note_sign_fn sign, void *ctx, struct buf *b)
{
    uint8_t room[SEAL_NOTE_MAX];
    struct note_key key;
    struct buf text;
    ASSERT(s->region && s->quarter >= 1 && s->quarter <= 4 && s->version >= 1 && s->version <= SEAL_VERSION_MAX && s->at.ms >= 0);
    ASSERT((s->version == 1) == sign_hash_zero(&s->before) && s->lines > 0 && s->key_id == sign_key_id(pub));
    int st = note_key_make(slice_of(s->actor, strlen(s->actor)), pub, &key);
    if (st != ST_OK) return st;
    buf_over(&text, room, sizeof room);
    put_text(s, &text);
    ASSERT(buf_ok(&text));              /* a line each, of bounded texts and numbers */
    return note_sign(buf_slice(&text), &key, sign, ctx, b);
}

/* ---- reading ---- */

static bool read_version(struct slice *text, struct seal *s)
{
    uint64_t version = 0;
    if (!lines_decimal(lines_next(text, "versi"), &version) || version == 0 || version > SEAL_VERSION_MAX) return false;
    s->version = (unsigned)version;
    struct slice before = lines_next(text, "sebelum");
    if (version == 1) return before.n == 1 && before.p[0] == '-';
    return lines_hex(before, s->before.b, HASH_SIZE) && !sign_hash_zero(&s->before);
}

static bool read_text(struct slice text, struct seal *s)
{
    uint64_t at = 0;
    int year = 0, quarter = 0;
    if (!lines_head(&text, HEAD)) return false;
    if (code_region_parse(lines_next(&text, "wilayah"), &s->region) != ST_OK || s->region == 0) return false;
    if (period_parse_year_quarter(lines_next(&text, "triwulan"), &year, &quarter) != ST_OK) return false;
    s->year = (unsigned)year;
    s->quarter = (unsigned)quarter;
    if (!read_version(&text, s)) return false;
    struct slice actor = lines_next(&text, "oleh");
    if (!registry_id_ok(actor)) return false;
    ASSERT(lines_copy(actor, s->actor, sizeof s->actor));       /* an id fits */
    if (!lines_hex_u64(lines_next(&text, "kunci"), &s->key_id) || !lines_decimal(lines_next(&text, "waktu"), &at)) return false;
    s->at.ms = (int64_t)at;
    if (!lines_decimal(lines_next(&text, "baris"), &s->lines) || s->lines == 0) return false;
    return lines_hex(lines_next(&text, "akar"), s->root.b, HASH_SIZE) && at <= INT64_MAX && text.n == 0;
}

/* Where the text of the note ends, and its one signature line. False: there are no such places near the beginning. */
static bool cut_file(struct slice file, struct slice *ret_text, struct slice *ret_note)
{
    size_t near = file.n < SEAL_NOTE_MAX ? file.n : SEAL_NOTE_MAX;
    const uint8_t *empty = near ? memmem(file.p, near, "\n\n", 2) : NULL;
    if (!empty) return false;
    size_t text = (size_t)(empty - file.p) + 1;
    const uint8_t *end = memchr(file.p + text + 1, '\n', near - text - 1);
    if (!end) return false;
    *ret_text = slice_of(file.p, text);
    *ret_note = slice_of(file.p, (size_t)(end - file.p) + 1);
    return true;
}

int seal_read(struct slice file, struct seal *ret, struct slice *ret_note, struct slice *ret_lines)
{
    uint8_t room[SEAL_NOTE_MAX];
    struct seal s = { 0 };
    struct slice text, note;
    struct buf again;
    if (!cut_file(file, &text, &note) || !read_text(text, &s)) return ST_INVALID;
    buf_over(&again, room, sizeof room);
    put_text(&s, &again);
    if (!lines_same(&again, text)) return ST_INVALID;   /* another spelling */
    *ret = s;
    *ret_note = note;
    *ret_lines = slice_of(file.p + note.n, file.n - note.n);
    return ST_OK;
}
