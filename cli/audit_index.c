/* audit_index.c - the tables beside the log, held against what the walk through the log computed. Kind: E.
 *
 * Each row that the log demands is looked up and compared at once; at the end the numbers of rows must be the same, so there is
 * none too many. Streams and epochs may also be granted without a batch, which leaves rows that say nothing (docs/STORAGE.md,
 * section 4). Invariant: with no fault told, by_office, time, stream, epoch and meta are functions of the log. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_part.h"

enum {
    STREAM_ROW = 8 + 8 + 8 + AUDIT_HASH + 16,
    ENTRY_ROW = 8 + 4 + AUDIT_HASH,
    LOG_ROW = 8 + AUDIT_HASH + 8 + 8,
    ID_FIXED = 4 + 1 + 16,
    KEY_MAX = AUDIT_OFFICE_MAX + 1 + 4 + 8 + 8,
    STREAMS_MAX = 16,
    LEDGER_FORMAT = 1
};

static size_t put(uint8_t *p, size_t at, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) p[at + i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return at + n;
}

static size_t stream_key(uint8_t *key, const char *office, uint32_t number)
{
    size_t n = strlen(office);

    memcpy(key, office, n + 1);
    return put(key, n + 1, number, 4);
}

static struct audit_span name_of(const struct audit_office *o) { return audit_span_of(o->id, strlen(o->id)); }

/* A row of `stream` or `epoch` that names the last batch of s. */
static bool stream_row_is(struct audit_span row, const struct audit_stream *s)
{
    return row.n == STREAM_ROW && audit_be(row.p, 8) == s->epoch && audit_be(row.p + 8, 8) == s->watermark &&
           audit_be(row.p + 16, 8) == s->lsn && audit_hash_same(&s->head, row.p + 24);
}

static bool stream_row_empty(struct audit_span row)
{
    struct audit_stream none = {.epoch = row.n >= 8 ? audit_be(row.p, 8) : 0};

    return stream_row_is(row, &none);
}

void audit_index_closed(struct audit *a, const struct audit_office *o, const struct audit_stream *s)
{
    uint8_t key[KEY_MAX];
    size_t n = put(key, stream_key(key, o->id, s->number), s->epoch, 8);
    struct audit_span row;

    if (s->lost || (audit_store_get(a->store, "epoch", audit_span_of(key, n), &row) && stream_row_is(row, s))) return;
    audit_report_bad(a->report, s->lsn, name_of(o), "epoch", "baris epoch yang tertutup hilang atau lain",
                     "epoch %" PRIu64 " urut %" PRIu64, s->epoch, s->watermark);
}

void audit_index_batch(struct audit *a, const struct audit_office *o, const struct audit_stream *s, uint64_t first, uint32_t count,
                       uint64_t lsn, const struct audit_hash *hash)
{
    uint8_t key[KEY_MAX];
    size_t n = put(key, put(key, stream_key(key, o->id, s->number), s->epoch, 8), first, 8);
    struct audit_span row;

    if (audit_store_get(a->store, "by_office", audit_span_of(key, n), &row) && row.n == ENTRY_ROW && audit_be(row.p, 8) == lsn &&
        audit_be(row.p + 8, 4) == count && audit_hash_same(hash, row.p + 12))
        return;
    audit_report_bad(a->report, lsn, name_of(o), "index", "baris by_office hilang atau lain",
                     "urut %" PRIu64 " jumlah %u di lsn %" PRIu64, first, count, lsn);
}

void audit_index_time(struct audit *a, const struct audit_record *r)
{
    uint8_t key[16];
    struct audit_span row;

    put(key, put(key, 0, r->at, 8), r->lsn, 8);
    if (audit_store_get(a->store, "time", audit_span_of(key, sizeof key), &row) && row.n == 0) return;
    audit_report_bad(a->report, r->lsn, audit_span_of(NULL, 0), "index", "baris time hilang atau lain", "%" PRIu64 " ms", r->at);
}

void audit_index_node(void *audit, unsigned level, uint64_t index, const struct audit_hash *h)
{
    struct audit *a = audit;
    struct audit_span row;
    uint8_t key[9];

    put(key, put(key, 0, level, 1), index, 8);
    if (!a->has_tree) return;
    if (audit_store_get(a->store, "tree", audit_span_of(key, sizeof key), &row) && row.n == AUDIT_HASH && audit_hash_same(h, row.p))
        return;
    audit_report_bad(a->report, a->report->lsn, audit_span_of(NULL, 0), "tree", "simpul pohon hilang atau lain",
                     "tingkat %u nomor %" PRIu64, level, index);
}

/* ---- the end ---- */

static void bad_count(struct audit *a, const char *table, uint64_t seen, uint64_t expected)
{
    char text[64];

    if (seen == expected) return;
    snprintf(text, sizeof text, "%s: %" PRIu64 " baris", table, seen);
    audit_report_bad(a->report, 0, audit_span_of(NULL, 0), "index", text, "%" PRIu64 " menurut log", expected);
}

static void count_rows(struct audit *a, const char *table, uint64_t expected)
{
    uint64_t rows = 0;

    if (audit_store_table(a->store, table, &rows))
        bad_count(a, table, rows, expected);
    else
        audit_report_bad(a->report, 0, audit_span_of(NULL, 0), "store", table, "tabel itu ada");
}

struct rest {
    struct audit *a;
    uint64_t full;
    bool epochs;
};

/* A row of `stream` (or `epoch`): of an office and stream there can be, under its own epoch; the walk must have ended there, unless
 * the row's epoch holds nothing. */
static void rest_row(void *ctx, struct audit_span key, struct audit_span row, bool sound)
{
    struct rest *c = ctx;
    size_t tail = c->epochs ? 12 : 4;
    const uint8_t *end = key.n > tail + 1 ? memchr(key.p, 0, key.n - tail) : NULL;
    struct audit_span office = audit_span_of(key.p, end != NULL ? (size_t)(end - key.p) : 0);
    struct audit_office *o = audit_office_find(&c->a->offices, office);
    uint32_t number = o != NULL && key.n == office.n + 1 + tail ? (uint32_t)audit_be(end + 1, 4) : UINT32_MAX;
    const struct audit_stream *s = number < STREAMS_MAX ? audit_office_stream(o, number) : NULL;

    if (!sound) return;
    if (!stream_row_empty(row)) c->full++;
    if (s != NULL && c->epochs && row.n == STREAM_ROW && audit_be(end + 5, 8) == audit_be(row.p, 8)) return;
    if (s != NULL && !c->epochs && (s->lost || stream_row_empty(row) || stream_row_is(row, s))) return;
    audit_report_bad(c->a->report, s != NULL ? s->lsn : 0, office, c->epochs ? "epoch" : "stream", "baris lain dari log",
                     "urut %" PRIu64 " di lsn %" PRIu64, s != NULL ? s->watermark : 0, s != NULL ? s->lsn : 0);
}

/* Every stream that has batches has its row: its own, or an empty one of a newer epoch and then a closed one. */
static uint64_t rest_streams(struct audit *a)
{
    uint64_t open = 0;

    for (size_t i = 0; i < a->offices.size; i++) {
        const struct audit_office *o = a->offices.slot[i];

        for (const struct audit_stream *s = o != NULL ? o->streams : NULL; s != NULL; s = s->next) {
            uint8_t key[KEY_MAX];
            struct audit_span row;
            bool there;

            if (s->watermark == 0) continue;
            there = audit_store_get(a->store, "stream", audit_span_of(key, stream_key(key, o->id, s->number)), &row);
            if (there && stream_row_is(row, s))
                open++;
            else if (there && stream_row_empty(row) && audit_be(row.p, 8) != s->epoch) {
                audit_index_closed(a, o, s);
                a->closed++;
            } else if (!there)
                audit_report_bad(a->report, s->lsn, name_of(o), "stream", "baris stream hilang", "urut %" PRIu64, s->watermark);
        }
    }
    return open;
}

static void meta_bad(struct audit *a, const char *seen, const char *expected)
{
    audit_report_bad(a->report, 0, audit_span_of(NULL, 0), "meta", seen, "%s", expected);
}

static void rest_meta(struct audit *a)
{
    const struct audit_report *r = a->report;
    struct audit_span row;

    if (!audit_store_get(a->store, "rekap-store", audit_span_of("kind", 4), &row) || !audit_same(row, audit_span_of("ledger", 6)))
        meta_bad(a, "jenis penyimpanan", "ledger");
    if (!audit_store_get(a->store, "rekap-store", audit_span_of("format", 6), &row) || row.n != 4 ||
        audit_be(row.p, 4) != LEDGER_FORMAT)
        meta_bad(a, "format penyimpanan", "1");
    if (!audit_store_get(a->store, "meta", audit_span_of("identity", 8), &row) || row.n <= ID_FIXED ||
        row.n > ID_FIXED + AUDIT_OFFICE_MAX || audit_be(row.p, 4) != LEDGER_FORMAT || row.p[4] == 0)
        meta_bad(a, "baris identitas", "format 1, nomor dan nama worker");
    if (!audit_store_get(a->store, "meta", audit_span_of("log", 3), &row)) {
        if (r->records > 0) meta_bad(a, "baris log hilang", "posisi terakhir");
        return;
    }
    if (row.n != LOG_ROW || audit_be(row.p, 8) != r->lsn || !audit_hash_same(&r->hash, row.p + 8))
        meta_bad(a, "posisi lain dari akhir log", "lsn dan hash catatan terakhir");
    else if (audit_be(row.p + 8 + AUDIT_HASH, 8) != r->commit_ms || audit_be(row.p + 16 + AUDIT_HASH, 8) != r->registry_version)
        meta_bad(a, "waktu atau versi daftar kantor", "waktu dan versi terakhir di log");
}

/* The checkpoint that the store keeps, of the worker that the store names. Its root was an anchor of the walk. */
static void rest_checkpoint(struct audit *a)
{
    char origin[8 + AUDIT_OFFICE_MAX + 20] = "rekap/", hex[17];
    struct audit_checkpoint c;
    struct audit_span row, id;

    if (!audit_store_get(a->store, "meta", audit_span_of("checkpoint", 10), &row)) return;
    if (!audit_note_open(row, a->key, &c)) {
        audit_report_bad(a->report, 0, audit_span_of(NULL, 0), "checkpoint", "titik periksa tersimpan",
                         "catatan yang ditandatangani kunci log");
        return;
    }
    if (!audit_store_get(a->store, "meta", audit_span_of("identity", 8), &id) || id.n <= ID_FIXED ||
        id.n > ID_FIXED + AUDIT_OFFICE_MAX)
        return;
    audit_hash_hex(id.p + 5, 8, hex);
    snprintf(origin, sizeof origin, "rekap/%.*s/%s", (int)(id.n - ID_FIXED), (const char *)id.p + ID_FIXED, hex);
    if (!audit_same(c.origin, audit_span_of(origin, strlen(origin))))
        audit_report_bad(a->report, 0, audit_span_of(NULL, 0), "checkpoint", "nama log lain", "%s", origin);
}

void audit_index_rest(struct audit *a)
{
    struct rest streams = {a, 0, false}, epochs = {a, 0, true};
    uint64_t open = rest_streams(a), rows;

    count_rows(a, "by_office", a->report->batches);
    count_rows(a, "time", a->report->records);
    audit_store_each(a->store, "stream", rest_row, &streams);
    audit_store_each(a->store, "epoch", rest_row, &epochs);
    if (a->has_tree) count_rows(a, "tree", 2 * a->tree.size - (uint64_t)__builtin_popcountll(a->tree.size));
    if (a->cuts > 0 || audit_store_table(a->store, "cut", &rows)) count_rows(a, "cut", a->cuts);
    bad_count(a, "stream", streams.full, open);
    bad_count(a, "epoch", epochs.full, a->closed);
    rest_meta(a);
    rest_checkpoint(a);
}
