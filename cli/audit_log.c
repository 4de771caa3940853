/* audit_log.c - the walk through the log, record by record: numbers without a gap, the chain of hashes, times that do not fall, and
 * then what the record holds. Kind: E.
 *
 * The chain is computed over the bytes as they lie there, so one altered record is told where it lies and again where the next one
 * names another hash before it; after that the walk believes what it sees and goes on counting. Positions that somebody else
 * remembers (anchors: a follower's, a receipt's checkpoint) are the only defence against an operator who writes the whole log anew.
 * Invariant: lsn, hash and root in the report are those of the last record that could be read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_part.h"

enum { KIND_BATCH = 1, KIND_OFFICE = 2, KIND_RESTORE = 3, KIND_CUT = 4, LEAF_BYTES = 1 + 3 * 9 + 2 * (2 + AUDIT_HASH) };

static void bad(struct audit *a, uint64_t lsn, const char *what, const char *seen, const char *expected)
{
    audit_report_bad(a->report, lsn, audit_span_of(NULL, 0), what, seen, "%s", expected);
}

static void bad_numbers(struct audit *a, uint64_t lsn, const char *what, uint64_t seen, uint64_t expected)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, seen);
    audit_report_bad(a->report, lsn, audit_span_of(NULL, 0), what, text, "%" PRIu64, expected);
}

bool audit_log_record(struct audit_span bytes, struct audit_record *r)
{
    struct audit_pack p = audit_pack_of(bytes);
    uint32_t n;

    if (!audit_pack_sound(bytes) || !audit_pack_array(&p, &n) || n != 6 || !audit_pack_uint(&p, &r->kind)) return false;
    if (!audit_pack_uint(&p, &r->lsn) || !audit_pack_uint(&p, &r->at) || r->at > INT64_MAX) return false;
    if (!audit_pack_bin(&p, &r->previous) || r->previous.n != AUDIT_HASH || !audit_pack_bin(&p, &r->content)) return false;
    r->dispositions = audit_span_of(p.p, (size_t)(p.end - p.p)); /* the last element, whatever it is */
    return audit_pack_array(&p, &n);
}

/* ---- the Merkle tree (docs/PROTOCOL.md, receipts and checkpoints) ---- */

static size_t put_uint(uint8_t *p, size_t at, uint64_t v)
{
    unsigned bytes = v < 0x80 ? 0 : v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 : v <= UINT32_MAX ? 4 : 8;

    p[at++] = bytes == 0 ? (uint8_t)v : bytes == 1 ? 0xcc : bytes == 2 ? 0xcd : bytes == 4 ? 0xce : 0xcf;
    while (bytes-- > 0) p[at++] = (uint8_t)(v >> (8 * bytes));
    return at;
}

static size_t put_hash(uint8_t *p, size_t at, const struct audit_hash *h)
{
    p[at++] = 0xc4;
    p[at++] = AUDIT_HASH;
    memcpy(p + at, h->b, AUDIT_HASH);
    return at + AUDIT_HASH;
}

static void leaf(struct audit *a, const struct audit_record *r, const struct audit_hash *content)
{
    struct audit_hash dispositions = audit_hash_blake(r->dispositions, audit_span_of(NULL, 0));
    uint8_t data[LEAF_BYTES];
    size_t n = 0;

    data[n++] = 0x95;
    n = put_uint(data, n, r->kind);
    n = put_uint(data, n, r->lsn);
    n = put_uint(data, n, r->at);
    n = put_hash(data, n, content);
    n = put_hash(data, n, &dispositions);
    audit_hash_leaf(&a->tree, audit_span_of(data, n), audit_index_node, a);
}

/* ---- records ---- */

static void take_office(struct audit *a, const struct audit_record *r)
{
    char why[AUDIT_TEXT];

    if (!audit_office_take(&a->offices, r->content, why))
        bad(a, r->lsn, "registry", why, "baris daftar kantor berikutnya, tertandatangani");
    if (r->dispositions.n != 1) bad(a, r->lsn, "dispositions", "disposisi pada baris daftar kantor", "tidak ada");
}

/* ---- restore records ---- */

struct mark { const char *office; const struct audit_stream *s; };

static int by_office(const void *x, const void *y)
{
    const struct mark *a = x, *b = y;
    int c = strcmp(a->office, b->office);

    return c != 0 ? c : (a->s->number > b->s->number) - (a->s->number < b->s->number);
}

static void put_mark(FILE *out, const struct mark *m)
{
    char head[2 * AUDIT_HASH + 1];

    audit_hash_hex(m->s->head.b, AUDIT_HASH, head);
    fprintf(out, "%s\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\t%s\n", m->office, m->s->number, m->s->epoch, m->s->watermark, head);
}

/* The streams that have spoken so far, by office and number. */
static size_t marks_of(const struct audit *a, struct mark *to)
{
    size_t n = 0;

    for (size_t i = 0; i < a->offices.size; i++) {
        const struct audit_office *o = a->offices.slot[i];

        for (const struct audit_stream *s = o != NULL ? o->streams : NULL; s != NULL; s = s->next) {
            if (s->watermark == 0) continue;
            if (to != NULL) to[n] = (struct mark){ o->id, s };
            n++;
        }
    }
    return n;
}

/* The list of watermarks that a restore record names by its hash. After a record that could not be read nobody knows it. */
static void watermarks(const struct audit *a, struct audit_restore *ret)
{
    char *text = NULL;
    size_t size = 0, n = marks_of(a, NULL);
    struct mark *list = calloc(n + 1, sizeof *list);
    FILE *out = list != NULL && !a->lost_ever ? open_memstream(&text, &size) : NULL;

    if (out != NULL) {
        (void)marks_of(a, list);
        qsort(list, n, sizeof *list, by_office);
        for (size_t i = 0; i < n; i++) put_mark(out, &list[i]);
        ret->has_watermarks = fclose(out) == 0;
        ret->streams = n;
        ret->watermarks = audit_hash_blake(audit_span_of((const uint8_t *)text, size), audit_span_of(NULL, 0));
    }
    free(text);
    free(list);
}

/* A restored log says from where it goes on; the hash, the root and the watermarks there are known from the walk. */
static void take_restore(struct audit *a, const struct audit_record *r, const struct audit_hash *before)
{
    struct audit_restore known = { .lsn = r->lsn - 1, .hash = *before, .root = audit_hash_root(&a->tree) };

    watermarks(a, &known);
    if (!audit_note_restore(r->content, a->offices.issuer, &known))
        bad(a, r->lsn, "restore", "catatan pemulihan tidak sah untuk posisi ini",
            "catatan dari kunci daftar kantor atas log sampai di sini");
    if (r->dispositions.n != 1) bad(a, r->lsn, "dispositions", "disposisi pada catatan pemulihan", "tidak ada");
}

static void check_place(struct audit *a, const struct audit_record *r, uint64_t lsn)
{
    const struct audit_report *seen = a->report;

    if (r->lsn != lsn) bad_numbers(a, lsn, "lsn", r->lsn, lsn);
    if (!a->lost && !audit_hash_same(&seen->hash, r->previous.p))
        bad(a, lsn, "chain", "hash sebelum catatan ini lain", "hash log sampai catatan sebelumnya");
    if (r->at < seen->commit_ms) bad_numbers(a, lsn, "commit-time", r->at, seen->commit_ms);
}

static void check_anchors(struct audit *a)
{
    char hex[2 * AUDIT_HASH + 1];

    for (unsigned i = 0; i < a->anchors; i++) {
        const struct audit_anchor *anchor = &a->anchor[i];
        struct audit_hash root;

        if (anchor->lsn != a->report->lsn) continue;
        if (anchor->root) root = audit_hash_root(&a->tree);
        if (audit_hash_same(anchor->root ? &root : &a->report->hash, anchor->hash.b)) continue;
        audit_hash_hex(anchor->hash.b, AUDIT_HASH, hex);
        bad(a, a->report->lsn, "anchor", anchor->root ? "akar log pada posisi itu lain" : "hash log pada posisi itu lain", hex);
    }
}

static void take_record(struct audit *a, const struct audit_record *r, struct audit_span bytes, uint64_t lsn)
{
    struct audit_report *report = a->report;
    struct audit_hash content, before = report->hash;
    bool lost = a->lost;

    check_place(a, r, lsn);
    report->hash = audit_hash_blake(audit_span_of(a->lost ? r->previous.p : report->hash.b, AUDIT_HASH), bytes);
    report->lsn = lsn;
    report->commit_ms = r->at > report->commit_ms ? r->at : report->commit_ms;
    a->lost = false;
    if (r->kind == KIND_BATCH)
        audit_batch_take(a, r, &content);
    else {
        content = audit_hash_blake(r->content, audit_span_of(NULL, 0));
        if (r->kind == KIND_OFFICE)
            take_office(a, r);
        else if (r->kind == KIND_RESTORE) {
            if (!lost) take_restore(a, r, &before);
        } else if (r->kind == KIND_CUT)
            audit_cut_take(a, r);
        else
            bad_numbers(a, lsn, "kind", r->kind, KIND_BATCH);
    }
    leaf(a, r, &content);
    audit_index_time(a, r);
    check_anchors(a);
    if (a->roll != NULL && lsn <= a->folded) audit_roll_record(a->roll, a->worker, r, &report->hash);
}

static void lose(struct audit *a)
{
    a->lost = a->lost_ever = true;
    for (size_t i = 0; i < a->offices.size; i++)
        for (struct audit_stream *s = a->offices.slot[i] != NULL ? a->offices.slot[i]->streams : NULL; s != NULL; s = s->next)
            s->lost = true;
}

/* One row of the table `log`. What cannot be read is told once; everything that hangs on it is believed again from the next one on.
 */
static void log_row(void *ctx, struct audit_span key, struct audit_span bytes, bool sound)
{
    struct audit *a = ctx;
    struct audit_record r;
    uint64_t lsn = key.n == 8 ? audit_be(key.p, 8) : 0;

    if (key.n != 8 || lsn != a->report->records + 1) {
        bad_numbers(a, lsn, "lsn", lsn, a->report->records + 1);
        a->report->records = lsn - 1;
        lose(a);
    }
    a->report->records++;
    if (sound && audit_log_record(bytes, &r)) {
        take_record(a, &r, bytes, lsn);
        return;
    }
    if (sound) bad(a, lsn, "format", "catatan tidak dapat dibaca", "[jenis, lsn, waktu, hash sebelumnya, isi, disposisi]");
    lose(a);
}

void audit_log_walk(struct audit *a)
{
    memset(a->report->hash.b, 0, AUDIT_HASH);
    check_anchors(a);
    audit_store_each(a->store, "log", log_row, a);
    for (unsigned i = 0; i < a->anchors; i++)
        if (a->anchor[i].lsn > a->report->lsn) bad_numbers(a, a->report->lsn, "anchor", a->report->lsn, a->anchor[i].lsn);
    a->report->root = audit_hash_root(&a->tree);
    a->report->offices = a->offices.used;
    a->report->registry_version = a->offices.version;
}
