/* receipt.c - see receipt.h. Kind: P.
 *
 * Design notes: the text has a fixed order of lines, and reading ends with writing the result again and comparing: so every receipt
 * has exactly one text, whatever the single readers would have forgiven. Times stand twice, as the number that is hashed and as
 * people read it; the comparison holds the two together. The same goes for the batch hash, which follows from the lines above it.
 *
 * Nothing of the checkpoint is believed before its signature is.
 *
 * Invariant: parse(format(r)) = r for every r that receipt_of_batch begins; verify reads nothing but the receipt and the key. */
#include "receipt.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "period.h"

static const char HEADING[] = "rekap-receipt 1";
static const uint8_t EMPTY_ARRAY = 0x90;

/* ---- leaves ---- */

struct hash receipt_dispositions_hash(struct slice packed)
{
    return packed.n > 0 ? sign_hash(packed.p, packed.n) : sign_hash(&EMPTY_ARRAY, 1);
}

struct receipt_leaf receipt_leaf_of(const struct record *r, const struct hash *batch)
{
    ASSERT((r->kind == RECORD_BATCH) == (batch != NULL));
    return (struct receipt_leaf){ .kind = r->kind,
                                  .lsn = r->lsn,
                                  .at = r->at,
                                  .content = batch != NULL ? *batch : sign_hash(r->content.p, r->content.n),
                                  .dispositions = receipt_dispositions_hash(r->dispositions) };
}

struct hash receipt_leaf_hash(const struct receipt_leaf *l)
{
    uint8_t bytes[1 + 5 + 3 * 9 + 2 * (2 + HASH_SIZE)];
    struct buf b;

    buf_over(&b, bytes, sizeof bytes);
    codec_put_array(&b, 5);
    codec_put_uint(&b, l->kind);
    codec_put_uint(&b, l->lsn);
    codec_put_uint(&b, (uint64_t)l->at.ms);
    codec_put_bin(&b, slice_of(l->content.b, HASH_SIZE));
    codec_put_bin(&b, slice_of(l->dispositions.b, HASH_SIZE));
    ASSERT(buf_ok(&b));
    return merkle_leaf(buf_slice(&b));
}

/* ---- the signed header ---- */

static bool office_ok(struct slice s)
{
    if (s.n == 0 || s.n > OFFICE_ID_MAX || !bytes_utf8_ok(s.p, s.n)) return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7f) return false;
    return true;
}

int receipt_of_batch(const struct batch *b, struct receipt *ret)
{
    struct receipt r = { .stream = b->h.stream, .count = b->h.count, .epoch = b->h.epoch, .first = b->h.sequence,
                         .key_id = b->h.key_id, .previous = b->h.previous, .body = b->h.body_hash, .signed_at = b->h.signed_at };

    if (!office_ok(b->h.office)) return ST_INVALID;
    memcpy(r.office, b->h.office.p, b->h.office.n);
    memcpy(r.installation, b->h.installation, sizeof r.installation);
    memcpy(r.signature, b->signature.p, SIG_SIZE);
    *ret = r;
    return ST_OK;
}

static void header_put(const struct receipt *r, struct buf *b)
{
    struct batch_header h = { .office = slice_of(r->office, strlen(r->office)), .stream = r->stream, .epoch = r->epoch,
                              .sequence = r->first, .count = r->count, .previous = r->previous, .body_hash = r->body,
                              .signed_at = r->signed_at, .key_id = r->key_id };

    memcpy(h.installation, r->installation, sizeof h.installation);
    codec_batch_header_put(b, &h);
}

bool receipt_signed_by(const struct receipt *r, const uint8_t pub[PUBKEY_SIZE], const struct verifier *v)
{
    uint8_t bytes[BATCH_HEADER_BYTES_MAX + 1];
    struct buf b;

    buf_over(&b, bytes, sizeof bytes);
    header_put(r, &b);
    ASSERT(buf_ok(&b));
    return v->verify(v->ctx, pub, buf_slice(&b), r->signature);
}

struct hash receipt_batch_hash(const struct receipt *r)
{
    uint8_t bytes[BATCH_HEADER_BYTES_MAX + 1];
    struct buf b;

    buf_over(&b, bytes, sizeof bytes);
    header_put(r, &b);
    ASSERT(buf_ok(&b));
    return codec_batch_hash(buf_slice(&b), slice_of(r->signature, SIG_SIZE));
}

/* ---- writing ---- */

static void put_bytes(struct buf *b, const char *word, const void *p, size_t n)
{
    buf_printf(b, "%s ", word);
    base64_put(b, p, n);
    buf_u8(b, '\n');
}

static void put_number(struct buf *b, const char *word, uint64_t v)
{
    buf_printf(b, "%s %llu\n", word, (unsigned long long)v);
}

static void put_time(struct buf *b, const char *word, struct wall t)
{
    char text[32];

    period_format_time(t, text);
    buf_printf(b, "%s %lld %s\n", word, (long long)t.ms, text);
}

void receipt_format(const struct receipt *r, struct buf *b)
{
    struct hash batch = receipt_batch_hash(r);

    buf_printf(b, "%s\noffice %s\n", HEADING, r->office);
    put_number(b, "stream", r->stream);
    put_number(b, "epoch", r->epoch);
    put_number(b, "first", r->first);
    put_number(b, "count", r->count);
    put_bytes(b, "installation", r->installation, sizeof r->installation);
    put_bytes(b, "previous", r->previous.b, HASH_SIZE);
    put_bytes(b, "body", r->body.b, HASH_SIZE);
    put_time(b, "signed", r->signed_at);
    put_number(b, "key", r->key_id);
    put_bytes(b, "signature", r->signature, SIG_SIZE);
    put_bytes(b, "batch", batch.b, HASH_SIZE);
    put_number(b, "lsn", r->lsn);
    put_time(b, "committed", r->at);
    put_bytes(b, "dispositions", r->dispositions.b, HASH_SIZE);
    for (unsigned i = 0; i < r->path.n; i++) put_bytes(b, "path", r->path.h[i].b, HASH_SIZE);
    buf_u8(b, '\n');
    buf_put(b, r->checkpoint.p, r->checkpoint.n);
}

/* ---- reading ---- */

/* The value of the next line when it begins with the word; moves on behind it. */
static bool get(struct slice *rest, const char *word, struct slice *ret)
{
    const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    size_t n = strlen(word), line = end != NULL ? (size_t)(end - rest->p) : 0;

    if (end == NULL || line <= n || memcmp(rest->p, word, n) != 0 || rest->p[n] != ' ') return false;
    *ret = slice_of(rest->p + n + 1, line - n - 1);
    *rest = slice_of(end + 1, rest->n - line - 1);
    return true;
}

/* Up to the first byte that is no digit; the comparison with the written form judges the rest. */
static bool get_number(struct slice *rest, const char *word, uint64_t min, uint64_t max, uint64_t *ret)
{
    struct slice s;
    uint64_t v = 0;

    if (!get(rest, word, &s)) return false;
    for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        if (__builtin_mul_overflow(v, UINT64_C(10), &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v)) return false;
    *ret = v;
    return v >= min && v <= max;
}

static bool get_time(struct slice *rest, const char *word, struct wall *ret)
{
    uint64_t ms;

    if (!get_number(rest, word, 0, INT64_MAX, &ms)) return false;
    ret->ms = (int64_t)ms;
    return true;
}

static bool get_bytes(struct slice *rest, const char *word, void *ret, size_t size)
{
    struct slice s;
    size_t n;

    return get(rest, word, &s) && base64_read(s, ret, size, &n) == ST_OK && n == size;
}

static bool get_header(struct slice *rest, struct receipt *r)
{
    uint64_t stream, count;
    struct slice office;

    if (!get(rest, "office", &office) || !office_ok(office)) return false;
    memcpy(r->office, office.p, office.n);
    if (!get_number(rest, "stream", 0, UINT32_MAX, &stream) || !get_number(rest, "epoch", 1, INT64_MAX, &r->epoch)) return false;
    if (!get_number(rest, "first", 1, INT64_MAX, &r->first)) return false;
    if (!get_number(rest, "count", 1, BATCH_UPDATES_MAX, &count)) return false;
    r->stream = (uint32_t)stream;
    r->count = (uint32_t)count;
    return get_bytes(rest, "installation", r->installation, sizeof r->installation) &&
           get_bytes(rest, "previous", r->previous.b, HASH_SIZE) && get_bytes(rest, "body", r->body.b, HASH_SIZE) &&
           get_time(rest, "signed", &r->signed_at) && get_number(rest, "key", 0, UINT64_MAX, &r->key_id) &&
           get_bytes(rest, "signature", r->signature, SIG_SIZE);
}

static bool get_place(struct slice *rest, struct receipt *r)
{
    struct hash batch;

    if (!get_bytes(rest, "batch", batch.b, HASH_SIZE) || !get_number(rest, "lsn", 1, MERKLE_SIZE_MAX, &r->lsn)) return false;
    if (!get_time(rest, "committed", &r->at) || !get_bytes(rest, "dispositions", r->dispositions.b, HASH_SIZE)) return false;
    while (rest->n > 0 && rest->p[0] != '\n')
        if (r->path.n == MERKLE_PROOF_MAX || !get_bytes(rest, "path", r->path.h[r->path.n++].b, HASH_SIZE)) return false;
    return rest->n > 1;
}

/* Is this the text that r is written as? */
static int same_text(const struct receipt *r, struct slice text)
{
    struct buf b;
    int st;

    buf_init(&b, 2 * RECEIPT_BYTES_MAX);        /* room for the times and hashes that a shorter text lacks */
    receipt_format(r, &b);
    st = !buf_ok(&b) ? ST_NO_MEMORY : b.n == text.n && memcmp(b.p, text.p, b.n) == 0 ? ST_OK : ST_INVALID;
    buf_done(&b);
    return st;
}

int receipt_parse(struct slice text, struct receipt *ret)
{
    struct receipt r = { .stream = 0 };
    struct slice rest = text, version;
    int st;

    if (text.n > RECEIPT_BYTES_MAX || !get(&rest, "rekap-receipt", &version)) return ST_INVALID;
    if (!get_header(&rest, &r) || !get_place(&rest, &r)) return ST_INVALID;
    r.checkpoint = slice_of(rest.p + 1, rest.n - 1);
    st = same_text(&r, text);
    if (st == ST_OK) *ret = r;
    return st;
}

/* ---- verifying ---- */

static bool checkpoint_read(struct slice note, const struct note_key *log, const struct verifier *v, struct note_checkpoint *ret)
{
    struct slice text;

    if (note_open(note, log, v, &text) != ST_OK || note_checkpoint_parse(text, ret) != ST_OK) return false;
    return ret->origin.n == strlen(log->name) && memcmp(ret->origin.p, log->name, ret->origin.n) == 0;
}

enum receipt_fault receipt_verify(const struct receipt *r, const struct note_key *log, const struct verifier *v,
                                  const struct hash *batch)
{
    struct receipt_leaf leaf = {
        .kind = RECORD_BATCH, .lsn = r->lsn, .at = r->at, .content = receipt_batch_hash(r), .dispositions = r->dispositions
    };
    struct note_checkpoint c;
    struct hash h;

    if (batch != NULL && !sign_hash_equal(batch, &leaf.content)) return RECEIPT_OTHER_BATCH;
    if (!checkpoint_read(r->checkpoint, log, v, &c)) return RECEIPT_CHECKPOINT;
    if (r->lsn == 0 || r->lsn > c.size) return RECEIPT_BEYOND;
    h = receipt_leaf_hash(&leaf);
    return merkle_inclusion_verify(&h, r->lsn - 1, c.size, &r->path, &c.root) ? RECEIPT_OK : RECEIPT_PATH;
}

const char *receipt_fault_text(enum receipt_fault f, enum lang lang)
{
    static const struct { const char *id, *en; } texts[] = {
        [RECEIPT_OK] = { "tanda terima sah: kiriman ini ada di log pusat", "valid: this batch stands in the log" },
        [RECEIPT_OTHER_BATCH] = { "tanda terima ini milik kiriman lain", "this receipt is of another batch" },
        [RECEIPT_CHECKPOINT] = { "titik periksa tidak ditandatangani kunci log itu",
                                 "the checkpoint is not signed by that log's key" },
        [RECEIPT_BEYOND] = { "nomor log melampaui titik periksa", "the record stands behind the checkpoint" },
        [RECEIPT_PATH] = { "jalur bukti tidak sampai ke akar titik periksa", "the path does not lead to the checkpoint's root" },
    };

    ASSERT((size_t)f < sizeof texts / sizeof *texts);
    return lang == LANG_EN ? texts[f].en : texts[f].id;
}
