/* seal_job.c - see seal_job.h. Kind: E.
 *
 * One read transaction, so the loop folds on meanwhile; what was folded after the cuts does not show (query_seal.h). Lines leave in
 * pieces, so memory holds an office's figures and one answer, not the quarter. The file is synced before the job is called done.
 *
 * Invariant: while state is SEAL_JOB_RUNNING only the thread touches the other fields, and the thread is not joined. */
#include "aggregator/seal_job.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/closing_rules.h"
#include "proto/conf.h"
#include "proto/log.h"
#include "proto/sign.h"

enum { LIST_BYTES_MAX = 64 << 20, PATH_BYTES = 4096 };
static const size_t LINES_BYTES_MAX = (size_t)8 << 30; /* of one office or answer */
enum list { LIST_RULES, LIST_NAMES, LIST_BRIDGES, LIST_CLOSING, LIST_REGIONS, LIST_UNITS, LIST_SCALES, LISTS };
static const char *const NAMES[LISTS] = { "aturan.csv", "nomenklatur.csv", "padanan.csv", "penutupan.csv",
                                          "region.csv", "satuan.csv",      "skala.csv" };

struct lists { /* parsed, and the hashes of what was parsed */
    struct query_seal_list hash[LISTS];
    struct buf text[LISTS];
    struct names *names;
    struct scales *scales;
    struct thresholds *thresholds;
    struct units *units;
    struct bridges bridges;
    struct closing_book *closing;
};
struct seal_job {
    pthread_t thread;
    bool started; /* and not joined yet */
    struct store *store;
    struct clock clock;
    char registry[PATH_BYTES], regions[PATH_BYTES], names[PATH_BYTES], to[PATH_BYTES], why[512];
    struct seal_job_ask ask;
    struct wall at;
    FILE *file;
    _Atomic int state;
};

/* ---- the lists ---- */

static int path_of(const struct seal_job *j, unsigned list, char ret[PATH_BYTES])
{
    const char *slash = strrchr(j->registry, '/');
    int n = list == LIST_NAMES     ? snprintf(ret, PATH_BYTES, "%s", j->names)
            : list == LIST_REGIONS ? snprintf(ret, PATH_BYTES, "%s", j->regions)
                                   : snprintf(ret, PATH_BYTES, "%.*s%s", slash ? (int)(slash - j->registry + 1) : 0, j->registry,
                                              NAMES[list]);
    return n > 0 && n < PATH_BYTES ? ST_OK : ST_FULL;
}

static int read_list(struct seal_job *j, struct lists *l, unsigned i)
{
    char path[PATH_BYTES];
    l->hash[i] = (struct query_seal_list){ .name = NAMES[i] };
    int st = path_of(j, i, path);
    if (st == ST_OK) st = conf_file_read(path, LIST_BYTES_MAX, &l->text[i]);
    if (st == ST_NOT_FOUND && i != LIST_NAMES && i != LIST_REGIONS) return ST_OK; /* there need not be one */
    if (st != ST_OK) {
        snprintf(j->why, sizeof j->why, "%s: %s", NAMES[i], st == ST_IO ? strerror(errno) : status_str(st));
        return st;
    }
    l->hash[i].there = true;
    l->hash[i].hash = sign_hash(l->text[i].n ? l->text[i].p : (const uint8_t *)"", l->text[i].n);
    return ST_OK;
}

static int parse_lists(struct seal_job *j, struct lists *l)
{
    char err[400] = "";
    const struct query_seal_list *h = l->hash;
    int st = names_parse(buf_slice(&l->text[LIST_REGIONS]), buf_slice(&l->text[LIST_NAMES]), &l->names, err, sizeof err);
    if (st == ST_OK && h[LIST_SCALES].there) st = scales_parse(buf_slice(&l->text[LIST_SCALES]), &l->scales, err, sizeof err);
    if (st == ST_OK && h[LIST_RULES].there)
        st = thresholds_parse(buf_slice(&l->text[LIST_RULES]), &l->thresholds, err, sizeof err);
    if (st == ST_OK && h[LIST_UNITS].there) st = units_parse(buf_slice(&l->text[LIST_UNITS]), &l->units, err, sizeof err);
    if (st == ST_OK && h[LIST_BRIDGES].there)
        st = bridge_list_parse(buf_slice(&l->text[LIST_BRIDGES]), &l->bridges, err, sizeof err);
    if (st == ST_OK && h[LIST_CLOSING].there)
        st = closing_rules_parse(buf_slice(&l->text[LIST_CLOSING]), &l->closing, err, sizeof err);
    if (st != ST_OK) snprintf(j->why, sizeof j->why, "registry: %s", err);
    return st;
}

static int lists_open(struct seal_job *j, struct lists *l)
{
    int st = ST_OK;
    for (unsigned i = 0; i < LISTS; i++) buf_init(&l->text[i], LIST_BYTES_MAX);
    for (unsigned i = 0; st == ST_OK && i < LISTS; i++) st = read_list(j, l, i);
    return st == ST_OK ? parse_lists(j, l) : st;
}

static void lists_done(struct lists *l)
{
    for (unsigned i = 0; i < LISTS; i++) buf_done(&l->text[i]);
    names_free(&l->names);
    scales_free(&l->scales);
    thresholds_free(&l->thresholds);
    units_free(&l->units);
    bridge_done(&l->bridges);
    closing_rules_free(&l->closing);
}

/* ---- the lines ---- */

static int take(void *ctx, struct slice lines)
{
    struct seal_job *j = ctx;
    return fwrite(lines.p, 1, lines.n, j->file) == lines.n ? ST_OK : ST_IO;
}

/* The logs are at the cuts what the caller says they are, as far as this state has folded them; the hash inside is the audit's to
 * check (rekap-audit --seal). */
static int write_lines(struct seal_job *j, const struct lists *l)
{
    struct query_seal_ask ask = { .region = j->ask.region, .year = j->ask.year, .quarter = j->ask.quarter, .cut = j->ask.cut,
                                  .cuts = j->ask.cuts, .list = l->hash, .lists = LISTS, .take = take, .ctx = j };
    struct query_context q = { .names = l->names, .scales = l->scales, .thresholds = l->thresholds, .units = l->units,
                               .bridges = &l->bridges, .closing = l->closing, .now = j->clock.now(j->clock.ctx) };
    struct store_txn *t = NULL;
    struct buf out;
    buf_init(&out, LINES_BYTES_MAX);
    int st = store_begin(j->store, false, &t);
    q.t = t;
    if (st == ST_OK) st = query_seal_lines(&q, &ask, &out, &j->at);
    store_abort(&t);
    buf_done(&out);
    return st;
}

static int write_file(struct seal_job *j, const struct lists *l)
{
    j->file = fopen(j->to, "wxe");
    if (!j->file) return errno == EEXIST ? ST_BUSY : ST_IO;
    int st = write_lines(j, l);
    if (st == ST_OK && (fflush(j->file) != 0 || fsync(fileno(j->file)) != 0)) st = ST_IO;
    if (fclose(j->file) != 0 && st == ST_OK) st = ST_IO;
    if (st != ST_OK) (void)unlink(j->to);
    return st;
}

static void *work(void *arg)
{
    struct seal_job *j = arg;
    struct lists *l = calloc(1, sizeof *l);
    int st = l ? lists_open(j, l) : ST_NO_MEMORY;
    if (st == ST_OK) st = write_file(j, l);
    if (l) lists_done(l);
    free(l);
    if (st != ST_OK && !j->why[0]) snprintf(j->why, sizeof j->why, "%s", st == ST_IO ? strerror(errno) : status_str(st));
    log_write(st == ST_OK ? LOG_L_INFO : LOG_L_ERROR, "seal written", "to=%s status=\"%s\"", j->to,
              st == ST_OK ? status_str(st) : j->why);
    atomic_store(&j->state, st == ST_OK ? SEAL_JOB_DONE : SEAL_JOB_FAILED);
    return NULL;
}

/* ---- one at a time ---- */

static void join(struct seal_job *j)
{
    if (j->started) pthread_join(j->thread, NULL);
    j->started = false;
}

static bool copy(char ret[PATH_BYTES], const char *s) { return s && snprintf(ret, PATH_BYTES, "%s", s) < PATH_BYTES; }

int seal_job_start(struct seal_job **pj, struct store *s, struct clock clock, const struct seal_job_files *files,
                   const struct seal_job_ask *ask)
{
    struct seal_job *j = *pj ? *pj : calloc(1, sizeof *j);
    if (!j) return ST_NO_MEMORY;
    *pj = j;
    if (atomic_load(&j->state) == SEAL_JOB_RUNNING) return ST_BUSY;
    join(j);
    if (!copy(j->registry, files->registry) || !copy(j->regions, files->regions) || !copy(j->names, files->names) ||
        !copy(j->to, ask->to))
        return ST_INVALID;
    j->store = s;
    j->clock = clock;
    j->ask = *ask;
    j->why[0] = '\0';
    atomic_store(&j->state, SEAL_JOB_RUNNING);
    j->started = pthread_create(&j->thread, NULL, work, j) == 0;
    if (!j->started) atomic_store(&j->state, SEAL_JOB_NONE);
    return j->started ? ST_OK : ST_NO_MEMORY;
}

enum seal_job_state seal_job_state(struct seal_job *j, const char **ret_why, struct wall *ret_at)
{
    enum seal_job_state state = j ? (enum seal_job_state)atomic_load(&j->state) : SEAL_JOB_NONE;
    *ret_why = state == SEAL_JOB_FAILED ? j->why : "";
    *ret_at = state == SEAL_JOB_DONE ? j->at : (struct wall){ 0 };
    return state;
}

void seal_job_free(struct seal_job **j)
{
    if (!*j) return;
    join(*j);
    free(*j);
    *j = NULL;
}
