/* export_read.c - a ledger made from the log of an export (export.c): `rekap restore EXPORT`. Kind: E.
 *
 * Every record is verified as a follower verifies it (worker/trust.h): number, chain, time, the register's signatures, the offices'
 * signatures, sequence and previous batch. The register beside the ledger is written from the log. One byte that is not the
 * export's ends it, and nothing is put in place.
 *
 * Invariant: the ledger made holds exactly the records of log.tsv, byte for byte, and its log hash is the one EKSPOR names. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "proto/base64.h"
#include "proto/conf.h"
#include "worker/trust.h"

enum { COMMIT_RECORDS = 4096 };
struct reading {
    FILE *in;
    struct store *store;
    struct store_txn *t;
    struct ledger ledger;
    struct trust trust;
    uint8_t key[PUBKEY_SIZE];
    uint8_t *record;                    /* RECORD_BYTES_MAX */
    char *line;
    size_t cap;
    uint64_t incarnation;
    char err[512];
};

bool export_is(const char *dir)
{
    char path[PLACE_PATH_MAX];
    snprintf(path, sizeof path, "%.3800s/EKSPOR", dir);
    return access(path, F_OK) == 0;
}

/* The first line: whose log it is. */
static int read_head(struct reading *r, struct ledger_identity *id)
{
    char worker[9] = "", digits[4] = "", hex[17] = "";
    uint8_t incarnation[8];
    if (getline(&r->line, &r->cap, r->in) < 0 ||
        sscanf(r->line, "#rekap-log 1\t%8[a-z0-9]\t%3[0-9]\t%16[0-9a-f]\n", worker, digits, hex) != 3 ||
        bytes_unhex(hex, 16, incarnation) != ST_OK)
        return ST_INVALID;
    unsigned long number = strtoul(digits, NULL, 10);
    if (number < 1 || number > 255) return ST_INVALID;
    *id = (struct ledger_identity){ .number = (uint8_t)number };
    memcpy(id->id, worker, strlen(worker) + 1);
    r->incarnation = bytes_rd64(incarnation);
    return ST_OK;
}

static int take(struct reading *r, struct slice bytes)
{
    struct record rec;
    struct batch b = { .body = slice_of("", 0) };
    unsigned code = CODE_BAD_FORMAT;
    int st = codec_record_parse(bytes, &rec) == ST_OK ? trust_record(&r->trust, &r->ledger, &rec, &b, &code) : ST_OK;
    if (st == ST_OK && code == CODE_OK)
        st = ledger_copy(&r->ledger, r->t, bytes, &rec, rec.kind == RECORD_BATCH ? &b : NULL, &code);
    if (code == CODE_OK) return st;
    snprintf(r->err, sizeof r->err, "lsn %" PRIu64 ": %s", r->ledger.lsn + 1, status_code_spelling(code));
    return ST_INVALID;
}

static int read_line(struct reading *r, ssize_t n)
{
    const char *tab = memchr(r->line, '\t', (size_t)n);
    size_t size;
    snprintf(r->err, sizeof r->err, "lsn %" PRIu64 ": FORMAT_SALAH", r->ledger.lsn + 1);
    if (!tab || n < 3 || r->line[n - 1] != '\n' || strtoull(r->line, NULL, 10) != r->ledger.lsn + 1) return ST_INVALID;
    struct slice text = slice_of(tab + 1, (size_t)(r->line + n - 1 - (tab + 1)));
    if (base64_read(text, r->record, RECORD_BYTES_MAX, &size) != ST_OK) return ST_INVALID;
    return take(r, slice_of(r->record, size));
}

static int commit(struct reading *r)
{
    int st = ledger_flush(&r->ledger, r->t);
    if (st == ST_OK) st = store_commit(&r->t);
    else store_abort(&r->t);
    return st;
}

static int read_lines(struct reading *r)
{
    ssize_t n = 0;
    int st = ST_OK;
    while (st == ST_OK && (n = getline(&r->line, &r->cap, r->in)) >= 0) {
        if (!r->t) st = store_begin(r->store, true, &r->t);
        if (st == ST_OK) st = read_line(r, n);
        if (st == ST_OK && r->ledger.lsn % COMMIT_RECORDS == 0) st = commit(r);
    }
    if (st == ST_OK && !r->t) st = store_begin(r->store, true, &r->t);
    if (st == ST_OK && bytes_rd64(r->ledger.identity.incarnation) == 0) st = ledger_copy_begin(&r->ledger, r->t, r->incarnation);
    if (st == ST_OK) st = commit(r);
    store_abort(&r->t);
    return st;
}

/* What was read is what EKSPOR says. */
static int check_end(struct reading *r, const char *from)
{
    char path[PLACE_PATH_MAX], hex[2 * HASH_SIZE + 1], line[160];
    struct buf b;
    snprintf(path, sizeof path, "%.3800s/EKSPOR", from);
    bytes_hex(r->ledger.hash.b, HASH_SIZE, hex);
    snprintf(line, sizeof line, "#rekap-ekspor 1\nlog\t%" PRIu64 "\t%s\n", r->ledger.lsn, hex);
    buf_init(&b, 4096);
    int st = conf_file_read(path, 4096, &b);
    if (st == ST_OK && (b.n < strlen(line) || memcmp(b.p, line, strlen(line)) != 0)) st = ST_INVALID;
    if (st == ST_INVALID) snprintf(r->err, sizeof r->err, "log.tsv: lsn %" PRIu64 " %s", r->ledger.lsn, hex);
    buf_done(&b);
    return st;
}

static int make(struct reading *r, const char *from, const char *to)
{
    const struct store_lmdb_options o = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct ledger_identity id;
    int st = read_head(r, &id);
    if (st == ST_OK) st = store_lmdb_open(to, &o, &r->store, r->err, sizeof r->err);
    if (st == ST_OK) st = ledger_init(&r->ledger, &id, NULL);
    if (st == ST_OK) st = store_begin(r->store, true, &r->t);
    if (st == ST_OK) st = ledger_recover(&r->ledger, r->t);
    if (st == ST_OK && r->ledger.lsn > 0) st = ST_BUSY;
    if (st == ST_OK) st = read_lines(r);
    return st == ST_OK ? check_end(r, from) : st;
}

static int open_reading(struct reading *r, const struct place *p, const char *from)
{
    char path[PLACE_PATH_MAX];
    uint8_t seed[32];
    place_path(p, "keys/registry.key", path);
    int st = conf_key_read(path, "ed25519", seed, r->key, r->err, sizeof r->err);
    explicit_bzero(seed, sizeof seed);
    r->trust = (struct trust){ .verifier = sign_ed25519_verifier(), .registry_key = r->key };
    if (st == ST_OK) st = trust_init(&r->trust);
    r->record = malloc(RECORD_BYTES_MAX);
    if (st == ST_OK && !r->record) st = ST_NO_MEMORY;
    snprintf(path, sizeof path, "%.3800s/log.tsv", from);
    r->in = st == ST_OK ? fopen(path, "re") : NULL;
    return st == ST_OK && !r->in ? ST_IO : st;
}

/* What an earlier attempt left: it has no restore record and nobody owns it. */
static void clear(const char *dir)
{
    static const char *const names[] = { "data.mdb", "lock.mdb", "owner.lock" };
    char path[2 * PLACE_PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

int export_read(const struct cli *c, const struct place *p, const char *from, const char *to, uint64_t *ret_lsn)
{
    struct reading r = { .in = NULL };
    char path[PLACE_PATH_MAX];
    int st = open_reading(&r, p, from);
    clear(to);
    if (st == ST_OK) st = make(&r, from, to);
    place_path(p, "registry/office.tsv", path);
    if (st == ST_OK) st = conf_file_write(path, buf_slice(&r.trust.text), 0600);
    *ret_lsn = r.ledger.lsn;
    store_abort(&r.t);
    store_lmdb_close(&r.store);
    ledger_done(&r.ledger);
    trust_done(&r.trust);
    free(r.record);
    free(r.line);
    if (r.in) (void)fclose(r.in);
    return st == ST_OK ? EXIT_OK : backup_fail(c, from, r.err[0] ? r.err : status_str(st));
}
