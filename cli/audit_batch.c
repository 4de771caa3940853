/* audit_batch.c - one batch of the log, checked from its own bytes: strictly read, signed by a key that the log had made valid
 * before, the next piece of its stream, and with dispositions that fit what it says. Kind: E.
 *
 * What can be recomputed from the log alone is: that a body which cannot be read has every row refused, and which rows the speaker
 * had no authority for. Whether a row's own content deserved a refusal (a code, a period, a range) is the fold's to judge again;
 * here such a code must only be one that the worker gives.
 *
 * Invariant: after a fault the stream stands where the batch says it stands, so that one fault is not told again at each later
 * batch. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_part.h"

enum {
    HEADER_FIELDS = 11,
    COMMON_FIELDS = 7,
    ROW_LEAST = 8,
    ROW_MOST = 13,
    UPDATES_MAX = 8192,
    HEADER_BYTES = 512,
    BATCH_BYTES = 262144,
    CODE_OK = 0,
    CODE_UNAUTHORISED = 4,
    CODE_FORMAT = 8
};

struct header {
    struct audit_span office, installation;
    uint64_t stream, epoch, first, count, signed_at, key_id;
    struct audit_span previous, body_hash;
};
struct batch {
    struct audit_span header, signature, body;
    struct header h;
    struct audit_hash hash;
};
/* Where the check stands in a record: for the messages. */
struct place {
    struct audit *a;
    const struct audit_record *r;
    const struct batch *b;
};

static void bad(const struct place *at, const char *what, const char *seen, const char *expected)
{
    audit_report_bad(at->a->report, at->r->lsn, at->b->h.office, what, seen, "%s", expected);
}

static void bad_numbers(const struct place *at, const char *what, uint64_t seen, uint64_t expected)
{
    char text[24], wanted[24];

    snprintf(text, sizeof text, "%" PRIu64, seen);
    snprintf(wanted, sizeof wanted, "%" PRIu64, expected);
    bad(at, what, text, wanted);
}

/* ---- reading ---- */

static bool number(struct audit_pack *p, uint64_t least, uint64_t most, uint64_t *ret)
{
    return audit_pack_uint(p, ret) && *ret >= least && *ret <= most;
}

static bool bytes_of(struct audit_pack *p, size_t n, struct audit_span *ret) { return audit_pack_bin(p, ret) && ret->n == n; }

static bool header_read(struct audit_span bytes, struct header *h)
{
    struct audit_pack p = audit_pack_of(bytes);
    uint64_t format;
    uint32_t n;

    if (!audit_pack_array(&p, &n) || n != HEADER_FIELDS || !number(&p, 1, 1, &format) || !bytes_of(&p, 16, &h->installation))
        return false;
    if (!audit_pack_str(&p, &h->office) || h->office.n == 0 || h->office.n > AUDIT_OFFICE_MAX) return false;
    if (!number(&p, 0, UINT32_MAX, &h->stream) || !number(&p, 1, INT64_MAX, &h->epoch) || !number(&p, 1, INT64_MAX, &h->first))
        return false;
    if (!number(&p, 1, UPDATES_MAX, &h->count) || h->first > INT64_MAX - h->count) return false;
    if (!bytes_of(&p, AUDIT_HASH, &h->previous) || !bytes_of(&p, AUDIT_HASH, &h->body_hash)) return false;
    return number(&p, 0, INT64_MAX, &h->signed_at) && audit_pack_uint(&p, &h->key_id) && p.p == p.end;
}

static bool batch_read(struct audit_span content, struct batch *b)
{
    struct audit_pack p = audit_pack_of(content);
    uint32_t n;

    if (!audit_pack_sound(content) || !audit_pack_array(&p, &n) || n != 3) return false;
    if (!audit_pack_bin(&p, &b->header) || !bytes_of(&p, AUDIT_SIG, &b->signature) || !audit_pack_bin(&p, &b->body)) return false;
    if (b->header.n > HEADER_BYTES || b->header.n + AUDIT_SIG + b->body.n > BATCH_BYTES) return false;
    b->hash = audit_hash_blake(b->header, b->signature);
    return header_read(b->header, &b->h);
}

/* ---- who speaks, and is it the next piece? ---- */

static struct audit_office *check_speaker(const struct place *at)
{
    const struct header *h = &at->b->h;
    struct audit_office *o = audit_office_find(&at->a->offices, h->office);
    const struct audit_entry *e;
    const char *what;
    char why[AUDIT_TEXT];

    if (o == NULL) {
        bad(at, "authority", "kantor belum terdaftar di log", "baris daftar kantor sebelum kirimannya");
        return NULL;
    }
    e = audit_office_signer(o, h->key_id, (int64_t)at->r->at, &what, why);
    if (e == NULL)
        bad(at, what, why, "kunci kantor itu yang berlaku pada saat dicatat");
    else if (!audit_hash_signed(e->signing, at->b->header, at->b->signature.p))
        bad(at, "signature", "tanda tangan tidak cocok", "tanda tangan kantor atas kepala kiriman");
    return o;
}

static void check_order(const struct place *at, const struct audit_office *o, struct audit_stream *s)
{
    const struct header *h = &at->b->h;

    if (h->epoch != s->epoch) {
        if (s->epoch != 0) audit_index_closed(at->a, o, s);
        if (s->epoch != 0 && s->watermark != 0) at->a->closed++;
        *s = (struct audit_stream){.number = s->number, .epoch = h->epoch, .next = s->next, .lost = at->a->lost_ever};
    }
    if (!s->lost) {
        if (h->first != s->watermark + 1) bad_numbers(at, "sequence", h->first, s->watermark + 1);
        if (!audit_hash_same(&s->head, h->previous.p))
            bad(at, "previous", "bukan hash kiriman sebelumnya", "rantai kantor itu menyambung");
    }
    s->lost = false;
    s->watermark = h->first + h->count - 1;
    s->head = at->b->hash;
    s->lsn = at->r->lsn;
}

/* ---- the body ---- */

static bool text_or_nil(struct audit_pack *p, struct audit_span *ret)
{
    *ret = audit_span_of(NULL, 0);
    return audit_pack_nil(p) || (audit_pack_str(p, ret) && ret->n > 0);
}

/* Elements 9 to 13: unit, reason, text, evidence, decimals; the last one says something. */
static bool row_tail(struct audit_pack *p, uint32_t n, struct audit_row *row)
{
    struct audit_span unit, s = {NULL, 0}, *const to[] = {&unit, &row->reason, &row->text};

    for (uint32_t i = 9; i <= n && i <= 11; i++) {
        if (!text_or_nil(p, to[i - 9])) return false;
        s = *to[i - 9];
    }
    if (n >= 12) {
        s = audit_span_of(NULL, 0);
        if (!audit_pack_nil(p) && !bytes_of(p, AUDIT_HASH, &s)) return false;
    }
    if (n < 13) return s.n > 0;
    return audit_pack_uint(p, &row->decimals) && row->decimals > 0;
}

static bool row_read(struct audit_pack *p, struct audit_row *row)
{
    uint32_t n;

    *row = (struct audit_row){.measure = 0};
    if (!audit_pack_array(p, &n) || n < ROW_LEAST || n > ROW_MOST) return false;
    if (!text_or_nil(p, &row->code) || !text_or_nil(p, &row->account) || !text_or_nil(p, &row->indicator)) return false;
    if (!audit_pack_uint(p, &row->measure) || !audit_pack_uint(p, &row->month) || !audit_pack_uint(p, &row->basis)) return false;
    if (!audit_pack_uint(p, &row->kind) || !audit_pack_int(p, &row->value)) return false;
    return n == ROW_LEAST || row_tail(p, n, row);
}

static bool section_read(struct audit_pack *p, struct audit_section *s, uint32_t *ret_rows)
{
    struct audit_span text;
    uint64_t v;
    uint32_t n;

    if (!audit_pack_array(p, &n) || n != 2 || !audit_pack_array(p, &n) || n != COMMON_FIELDS) return false;
    if (!audit_pack_str(p, &s->subject) || !audit_pack_uint(p, &s->year) || !audit_pack_str(p, &s->vintage)) return false;
    if (!audit_pack_str(p, &s->source) || !audit_pack_str(p, &s->stage) || !audit_pack_uint(p, &v)) return false;
    return audit_pack_str(p, &text) && audit_pack_array(p, ret_rows) && *ret_rows > 0;
}

/* Calls fn for each row, when fn is given. False: the body breaks the grammar. *ret_rows: how many there are. */
typedef void (*row_fn)(void *ctx, const struct audit_section *s, bool first, const struct audit_row *row);
static bool body_read(struct audit_span body, row_fn fn, void *ctx, uint64_t *ret_rows)
{
    struct audit_pack p = audit_pack_of(body);
    struct audit_row row;
    uint32_t sections, rows;

    *ret_rows = 0;
    if (!audit_pack_array(&p, &sections) || sections == 0) return false;
    for (uint32_t i = 0; i < sections; i++) {
        struct audit_section s;

        if (!section_read(&p, &s, &rows) || rows > UPDATES_MAX - *ret_rows) return false;
        for (uint32_t k = 0; k < rows; k++) {
            if (!row_read(&p, &row)) return false;
            if (fn != NULL) fn(ctx, &s, k == 0, &row);
        }
        *ret_rows += rows;
    }
    return p.p == p.end; /* every byte was read by a reader that takes the canonical form only */
}

/* ---- dispositions ---- */

struct answers { /* walks the dispositions beside the rows */
    struct audit_pack p;
    uint32_t left;
    uint64_t index, next_index, next_code;
};
struct judge {
    const struct place *at;
    const struct audit_office *speaker;
    struct answers answers;
    bool may, quiet, differs; /* quiet: a difference is noted, not told */
    unsigned only;
};

static bool code_is_given(uint64_t code)
{
    static const uint8_t given[] = {CODE_UNAUTHORISED, CODE_FORMAT, 10, 42, 44, 45, 46, 47, 49, 53};

    for (size_t i = 0; i < sizeof given; i++)
        if (given[i] == code) return true;
    return false;
}

static void advance(struct answers *j)
{
    uint32_t n;

    j->next_index = UINT64_MAX;
    if (j->left == 0) return;
    j->left--;
    if (!audit_pack_array(&j->p, &n) || !audit_pack_uint(&j->p, &j->next_index) || !audit_pack_uint(&j->p, &j->next_code))
        j->next_index = UINT64_MAX;
}

static uint64_t code_of(struct answers *j)
{
    uint64_t code = j->next_index == j->index ? j->next_code : CODE_OK;

    if (j->next_index == j->index) advance(j);
    j->index++;
    return code;
}

static struct answers answers_of(const struct audit_record *r)
{
    struct answers a = {.p = audit_pack_of(r->dispositions)};

    (void)audit_pack_array(&a.p, &a.left);
    advance(&a);
    return a;
}

/* Every element is [index, code], the indexes ascend within the batch, the codes are ones the worker gives. */
static bool dispositions_sound(const struct place *at)
{
    struct audit_pack p = audit_pack_of(at->r->dispositions);
    uint64_t least = 0, index, code;
    uint32_t count, n;

    if (!audit_pack_array(&p, &count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!audit_pack_array(&p, &n) || n != 2 || !number(&p, least, at->b->h.count - 1, &index) || !audit_pack_uint(&p, &code))
            return false;
        if (!code_is_given(code)) {
            bad_numbers(at, "dispositions", code, CODE_UNAUTHORISED);
            return true;
        }
        least = index + 1;
    }
    return p.p == p.end;
}

static void judge_row(void *ctx, const struct audit_section *s, bool first, const struct audit_row *row)
{
    struct judge *j = ctx;
    uint64_t index = j->answers.index, code = code_of(&j->answers);
    char seen[64];
    bool may;

    if (first) j->may = audit_office_may(&j->at->a->offices, j->speaker, s->subject, s->source, &j->only);
    may = j->may && (j->only == 0 || row->measure == j->only);
    if (may ? code != CODE_UNAUTHORISED : code != CODE_OK) return;
    j->differs = true;
    if (j->quiet) return;
    snprintf(seen, sizeof seen, "baris %" PRIu64 " %s", index, may ? "ditolak sebagai tidak berwenang" : "diterima");
    bad(j->at, "dispositions", seen, may ? "kantor ini berwenang" : "kantor ini tidak berwenang");
}

/* Reads the body once where nothing is wrong with it, which is nearly always; a difference is told by a second reading, when it is
 * known that the body can be read to its end. */
static void check_rows(const struct place *at, const struct audit_office *speaker)
{
    struct judge j = {.at = at, .speaker = speaker, .quiet = true};
    uint64_t rows, count = at->b->h.count;
    bool readable;

    if (!dispositions_sound(at)) {
        bad(at, "dispositions", "daftar yang rusak", "[indeks, kode] menaik di dalam kiriman");
        return;
    }
    j.answers = answers_of(at->r);
    readable = body_read(at->b->body, judge_row, &j, &rows) && rows == count;
    if (readable && !j.differs) return;
    j = (struct judge){.at = at, .speaker = speaker, .answers = answers_of(at->r)};
    if (readable) {
        (void)body_read(at->b->body, judge_row, &j, &rows);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (code_of(&j.answers) == CODE_FORMAT) continue;
        bad(at, "dispositions", "baris dari isi yang tak terbaca tidak ditolak", "FORMAT_SALAH untuk setiap baris");
        return;
    }
}

void audit_batch_take(struct audit *a, const struct audit_record *r, struct audit_hash *ret_hash)
{
    struct batch b = {.h.office = {NULL, 0}};
    const struct place at = {a, r, &b};
    struct audit_office *o;
    struct audit_stream *s;
    struct audit_hash body;

    memset(ret_hash, 0, sizeof *ret_hash);
    if (!batch_read(r->content, &b)) {
        b.h.office = audit_span_of(NULL, 0);
        bad(&at, "format", "kiriman tidak dapat dibaca", "[kepala, tanda tangan, isi]");
        return;
    }
    *ret_hash = b.hash;
    body = audit_hash_blake(b.body, audit_span_of(NULL, 0));
    if (!audit_hash_same(&body, b.h.body_hash.p))
        bad(&at, "body-hash", "isi lain dari yang ditandatangani", "hash isi di kepala kiriman");
    o = check_speaker(&at);
    if (o == NULL) return;
    s = audit_office_stream(o, (uint32_t)b.h.stream);
    check_order(&at, o, s);
    check_rows(&at, o);
    audit_index_batch(a, o, s, b.h.first, (uint32_t)b.h.count, r->lsn, &b.hash);
    a->report->batches++;
    a->report->updates += b.h.count;
}

/* ---- for who recomputes what was stated ---- */

bool audit_batch_speaker(const struct audit_record *r, struct audit_span *ret_office)
{
    struct batch b;
    bool readable = batch_read(r->content, &b);

    if (readable) *ret_office = b.h.office;
    return readable;
}

bool audit_batch_origin(const struct audit_record *r, struct audit_origin *ret)
{
    struct batch b;
    bool readable = batch_read(r->content, &b);

    if (readable) *ret = (struct audit_origin){ b.h.office, b.h.stream, b.h.epoch, b.h.first };
    return readable;
}

struct telling {
    audit_rows_fn fn;
    void *ctx;
    struct answers answers;
};

static void tell_row(void *ctx, const struct audit_section *s, bool first, const struct audit_row *row)
{
    struct telling *t = ctx;
    uint64_t index = t->answers.index;

    t->fn(t->ctx, s, first, row, index, code_of(&t->answers));
}

void audit_batch_rows(const struct audit_record *r, audit_rows_fn fn, void *ctx)
{
    struct telling t = {fn, ctx, answers_of(r)};
    struct batch b;
    uint64_t rows;

    if (!batch_read(r->content, &b)) return;
    if (body_read(b.body, NULL, NULL, &rows) && rows == b.h.count) {
        (void)body_read(b.body, tell_row, &t, &rows);
        return;
    }
    for (uint64_t i = 0; i < b.h.count; i++) fn(ctx, NULL, false, NULL, i, code_of(&t.answers));
}
