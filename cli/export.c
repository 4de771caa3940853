/* export.c - `rekap export -o DIR`: everything an installation holds, as lines of text. Kind: E.
 *
 *   log.tsv     "#rekap-log 1 TAB worker TAB number TAB incarnation", then lsn TAB base64 of the record, by lsn
 *   heads.tsv   office TAB stream TAB epoch TAB watermark TAB head of each stream, sorted: what each office's chain ends with
 *   state.tsv   the canonical state without places in a log (aggregator/export.c, portable)
 *   EKSPOR      "#rekap-ekspor 1", the log's position and hash, then bytes, BLAKE2b-256 and name of the three; written last
 *
 * No file holds a clock of this moment: two machines with one log give the same bytes, and after a restore heads.tsv and state.tsv
 * are the same, whatever the order in which statements came back. The aggregator says up to which position its text goes, and the
 * log is exported exactly up to there.
 *
 * Invariant: EKSPOR is there only when the exported records link to the log hash that the aggregator had folded. */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/print.h"
#include "proto/base64.h"
#include "proto/codec.h"
#include "proto/conf.h"
#include "proto/restore.h"

enum { ASK_MS = 20000, DUMP_WAIT_MS = 100 };
struct head { char office[OFFICE_ID_MAX + 1]; uint32_t stream; uint64_t epoch, watermark; struct hash hash; };
struct exporting {
    const struct cli *c;
    const struct place *p;
    const char *to;
    uint64_t lsn;                       /* up to where */
    struct hash hash, expected;
    char worker[16], incarnation[17];
    uint64_t number, records;
    void *heads;                        /* tsearch(3) */
    FILE *out;
};

static int order(const void *a, const void *b)
{
    const struct head *x = a, *y = b;
    int c = strcmp(x->office, y->office);
    return c ? c : x->stream < y->stream ? -1 : x->stream > y->stream;
}

static void path_of(const struct exporting *x, const char *name, char ret[PLACE_PATH_MAX])
{
    snprintf(ret, PLACE_PATH_MAX, "%.3800s/%s", x->to, name);
}

/* ---- the state ---- */

static int take_position(struct exporting *x, const json_t *applied)
{
    const json_t *one = json_array_get(applied, 0);
    const char *hash = json_string_value(json_object_get(one, "hash"));
    if (json_array_size(applied) != 1 || !hash || bytes_unhex(hash, strlen(hash), x->expected.b) != ST_OK)
        return cli_fail(x->c, "hanya satu worker yang dapat diekspor, dan lognya harus sudah berisi",
                        "exactly one worker can be exported, and its log must hold something", NULL);
    x->number = (uint64_t)json_integer_value(json_object_get(one, "number"));
    x->lsn = (uint64_t)json_integer_value(json_object_get(one, "lsn"));
    return EXIT_OK;
}

static int await_state(struct exporting *x)
{
    for (;; cli_pause(DUMP_WAIT_MS)) {
        json_t *o = NULL;
        if (place_ask(x->p, "aggregator", "{\"verb\":\"export-state\"}", ASK_MS, &o) != ST_OK)
            return cli_fail(x->c, "aggregator berhenti", "the aggregator stopped", NULL);
        const char *state = json_string_value(json_object_get(o, "state"));
        int rc = state && !strcmp(state, "running") ? -1
                 : state && !strcmp(state, "done") ? take_position(x, json_object_get(o, "applied"))
                 : cli_fail(x->c, "keadaan tidak dapat ditulis", "the state cannot be written",
                            json_string_value(json_object_get(o, "why")));
        json_decref(o);
        if (rc >= 0) return rc;
    }
}

static int export_state_text(struct exporting *x)
{
    char path[PLACE_PATH_MAX];
    json_t *o = NULL;
    path_of(x, "state.tsv", path);
    json_t *q = json_pack("{s:s,s:s}", "verb", "export", "to", path);
    char *request = q ? json_dumps(q, JSON_COMPACT) : NULL;
    int st = request ? place_ask(x->p, "aggregator", request, ASK_MS, &o) : ST_NO_MEMORY;
    const char *error = json_string_value(json_object_get(o, "error"));
    int rc = st != ST_OK ? cli_fail(x->c, "aggregator tidak menjawab: rekap up", "the aggregator does not answer: rekap up", NULL)
             : error ? cli_fail(x->c, "aggregator menolak", "the aggregator refuses", error) : await_state(x);
    free(request);
    json_decref(q);
    json_decref(o);
    return rc;
}

/* ---- the log ---- */

/* The last batch of a stream stands for it; a new epoch replaces the one before. */
static int take_batch(struct exporting *x, struct slice content)
{
    struct head key = { .stream = 0 }, *h, **at;
    struct batch b;
    if (codec_batch_parse_covered(content, &b) != ST_OK || b.h.office.n > OFFICE_ID_MAX) return ST_CORRUPT;
    memcpy(key.office, b.h.office.p, b.h.office.n);
    key.stream = b.h.stream;
    at = tfind(&key, &x->heads, order);
    h = at ? *at : calloc(1, sizeof *h);
    if (!h) return ST_NO_MEMORY;
    key.epoch = b.h.epoch;
    key.watermark = b.h.sequence + b.h.count - 1;
    key.hash = b.hash;
    *h = key;
    if (!at && !tsearch(h, &x->heads, order)) return ST_NO_MEMORY;
    return ST_OK;
}

static int take_record(struct exporting *x, const char *text, size_t n, uint8_t *bytes)
{
    struct record r;
    size_t size;
    if (base64_read(slice_of(text, n), bytes, RECORD_BYTES_MAX, &size) != ST_OK) return ST_CORRUPT;
    struct slice record = slice_of(bytes, size);
    if (codec_record_parse(record, &r) != ST_OK || r.lsn != x->records + 1 || !sign_hash_equal(&r.previous, &x->hash))
        return ST_CORRUPT;
    x->hash = sign_hash2(x->hash.b, HASH_SIZE, record.p, record.n);
    x->records++;
    if (fprintf(x->out, "%" PRIu64 "\t%.*s\n", r.lsn, (int)n, text) < 0) return ST_IO;
    return r.kind == RECORD_BATCH ? take_batch(x, r.content) : ST_OK;
}

static int take_page(struct exporting *x, const json_t *list, uint8_t *bytes)
{
    int st = json_array_size(list) ? ST_OK : ST_CORRUPT;
    for (size_t i = 0; st == ST_OK && i < json_array_size(list) && x->records < x->lsn; i++) {
        const json_t *one = json_array_get(list, i);
        st = json_is_string(one) ? take_record(x, json_string_value(one), json_string_length(one), bytes) : ST_CORRUPT;
    }
    return st;
}

static int log_lines(struct exporting *x, uint8_t *bytes)
{
    int st = fprintf(x->out, "#rekap-log 1\t%s\t%" PRIu64 "\t%s\n", x->worker, x->number, x->incarnation) > 0 ? ST_OK : ST_IO;
    while (st == ST_OK && x->records < x->lsn) {
        char request[80];
        json_t *o = NULL;
        snprintf(request, sizeof request, "{\"verb\":\"records\",\"after\":%" PRIu64 "}", x->records);
        st = place_ask(x->p, "worker", request, ASK_MS, &o);
        if (st == ST_OK) st = take_page(x, json_object_get(o, "records"), bytes);
        json_decref(o);
    }
    if (st == ST_OK && !sign_hash_equal(&x->hash, &x->expected)) st = ST_CORRUPT;
    return st;
}

static int worker_identity(struct exporting *x)
{
    json_t *o = NULL;
    int st = place_ask(x->p, "worker", "{\"verb\":\"status\"}", ASK_MS, &o);
    const char *id = json_string_value(json_object_get(o, "worker")), *inc = json_string_value(json_object_get(o, "incarnation"));
    if (st == ST_OK && (!id || !inc || strlen(id) >= sizeof x->worker || strlen(inc) < 16)) st = ST_INVALID;
    if (st == ST_OK) {
        memcpy(x->worker, id, strlen(id) + 1);
        memcpy(x->incarnation, inc, 16);
    }
    json_decref(o);
    return st;
}

static int finish_file(struct exporting *x, int st)
{
    if (st == ST_OK && (fflush(x->out) != 0 || fsync(fileno(x->out)) != 0)) st = ST_IO;
    if (x->out && fclose(x->out) != 0 && st == ST_OK) st = ST_IO;
    x->out = NULL;
    return st;
}

static int export_log(struct exporting *x)
{
    char path[PLACE_PATH_MAX];
    uint8_t *bytes = malloc(RECORD_BYTES_MAX);
    path_of(x, "log.tsv", path);
    int st = bytes ? worker_identity(x) : ST_NO_MEMORY;
    x->out = st == ST_OK ? fopen(path, "wxe") : NULL;
    if (st == ST_OK && !x->out) st = ST_IO;
    if (st == ST_OK) st = log_lines(x, bytes);
    st = finish_file(x, st);
    free(bytes);
    return st == ST_OK ? EXIT_OK : backup_fail(x->c, path, st == ST_IO ? strerror(errno) : status_str(st));
}

/* ---- the rest ---- */

static void head_line(const void *node, VISIT which, void *out)
{
    const struct head *h = *(struct head *const *)node;
    char hex[2 * HASH_SIZE + 1];
    if (which != postorder && which != leaf) return;
    bytes_hex(h->hash.b, HASH_SIZE, hex);
    fprintf(out, "%s\t%u\t%016" PRIx64 "\t%" PRIu64 "\t%s\n", h->office, h->stream, h->epoch, h->watermark, hex);
}

static int export_heads(struct exporting *x)
{
    char path[PLACE_PATH_MAX];
    path_of(x, "heads.tsv", path);
    x->out = fopen(path, "wxe");
    if (x->out) twalk_r(x->heads, head_line, x->out);
    int st = finish_file(x, x->out && !ferror(x->out) ? ST_OK : ST_IO);
    return st == ST_OK ? EXIT_OK : backup_fail(x->c, path, strerror(errno));
}

static int put_file(const struct exporting *x, const char *name, struct buf *out)
{
    char path[PLACE_PATH_MAX], hex[2 * HASH_SIZE + 1];
    struct slice bytes;
    path_of(x, name, path);
    int st = backup_map(path, &bytes);
    if (st != ST_OK) return backup_fail(x->c, path, st == ST_IO ? strerror(errno) : status_str(st));
    struct hash h = sign_hash(bytes.n ? bytes.p : (const uint8_t *)"", bytes.n);
    bytes_hex(h.b, HASH_SIZE, hex);
    buf_printf(out, "file\t%zu\t%s\t%s\n", bytes.n, hex, name);
    backup_unmap(&bytes);
    return EXIT_OK;
}

static int export_list(const struct exporting *x)
{
    char path[PLACE_PATH_MAX], hex[2 * HASH_SIZE + 1];
    struct buf b;
    buf_init(&b, 4096);
    bytes_hex(x->hash.b, HASH_SIZE, hex);
    buf_printf(&b, "#rekap-ekspor 1\nlog\t%" PRIu64 "\t%s\n", x->lsn, hex);
    int rc = put_file(x, "heads.tsv", &b);
    if (rc == EXIT_OK) rc = put_file(x, "log.tsv", &b);
    if (rc == EXIT_OK) rc = put_file(x, "state.tsv", &b);
    path_of(x, "EKSPOR", path);
    if (rc == EXIT_OK && conf_file_write(path, buf_slice(&b), 0600) != ST_OK) rc = backup_fail(x->c, path, strerror(errno));
    buf_done(&b);
    return rc;
}

static int export_all(struct exporting *x)
{
    int rc = export_state_text(x);
    if (rc == EXIT_OK) rc = export_log(x);
    if (rc == EXIT_OK) rc = export_heads(x);
    if (rc == EXIT_OK) rc = export_list(x);
    tdestroy(x->heads, free);
    return rc;
}

int export_run(struct cli *c)
{
    const char *to = c->value[OPT_OUTPUT];
    char real[PATH_MAX], hex[2 * HASH_SIZE + 1];
    struct place p;
    if (!to) return cli_usage(c, "sebut direktori tujuan", "name the target directory", "-o");
    int rc = place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    if (mkdir(to, 0700) != 0 && (errno != EEXIST || rmdir(to) != 0 || mkdir(to, 0700) != 0))
        return backup_fail(c, to, strerror(errno));
    if (!realpath(to, real) || strlen(real) >= PLACE_DIR_MAX) return backup_fail(c, to, strerror(errno));
    struct exporting x = { .c = c, .p = &p, .to = real };
    rc = export_all(&x);
    if (rc != EXIT_OK) return rc;
    bytes_hex(x.hash.b, HASH_SIZE, hex);
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:b,s:s,s:I,s:s}", "ok", 1, "dir", real, "lsn", (json_int_t)x.lsn, "hash", hex));
    else printf(c->lang == LANG_EN ? "%s: log up to lsn %" PRIu64 ", hash %s\n" : "%s: catatan sampai lsn %" PRIu64 ", hash %s\n",
                real, x.lsn, hex);
    return EXIT_OK;
}
