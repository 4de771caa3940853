/* close_cut.c - the marks at which a quarter is cut, one in each worker's log, and the wait until they are folded. Kind: E.
 *
 * The worker keeps one mark a (region, quarter, version) and tells the place of the first one to whoever asks again, so a close
 * that was cut off between two workers goes on at the positions it had. The seal is signed by who set the marks: another centre
 * would give other bytes.
 *
 * The marks are set after the aggregator has shown the quarter as it is closed, so all that was decided upon lies before the mark
 * of its log. They are not set at one moment and need not be: no statement of one log builds on another log's but the steps of the
 * close, and those the aggregator had seen.
 *
 * Invariant: each position returned is in its worker's log, and everything up to it is folded. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/close_seal.h"
#include "proto/base64.h"
#include "proto/clock.h"
#include "proto/codec.h"

enum { ASK_MS = 10000, LOOK_MS = 20 };

static int late(const struct cli *c)
{
    return cli_fail(c, "pusat belum sampai di sana sebelum batas waktu; ulangi perintah ini",
                    "the centre did not get there in time", "--timeout");
}

static int silent(const struct cli *c, const char *daemon)
{
    return cli_fail(c, "tidak menjawab: rekap up", "does not answer: rekap up", daemon);
}

static int worker_silent(const struct cli *c, const struct close_cut *w)
{
    char name[PLACE_DIR_MAX + 16];
    snprintf(name, sizeof name, "worker w%u (%s)", w->worker, w->p.dir);
    return silent(c, name);
}

/* ---- which workers ---- */

/* The numbers of the workers that the aggregator follows, in order. */
static int followed(const struct close_seal *s, struct close_cut *cut, unsigned *ret_count)
{
    json_t *o = NULL, *one;
    size_t i;
    unsigned n = 0;
    bool ok = true;
    if (place_ask(s->p, "aggregator", "{\"verb\":\"status\"}", ASK_MS, &o) != ST_OK) return silent(s->c, "aggregator");
    json_array_foreach(json_object_get(o, "workers"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "worker"));
        unsigned number = name && name[0] == 'w' ? (unsigned)strtoul(name + 1, NULL, 10) : 0, at = n;
        ok = ok && number > 0 && n < CLOSE_WORKERS_MAX;
        if (!ok) break;
        for (; at > 0 && cut[at - 1].worker > number; at--) cut[at].worker = cut[at - 1].worker;
        cut[at].worker = number;
        n++;
    }
    json_decref(o);
    *ret_count = n;
    if (ok && n > 0) return EXIT_OK;
    return cli_fail(s->c, "worker yang diikuti aggregator tidak dapat dibaca", "the aggregator's workers cannot be read", NULL);
}

/* The number of the worker of this installation; 0: it does not say. */
static unsigned number_at(const struct place *p)
{
    json_t *o = NULL;
    if (place_ask(p, "worker", "{\"verb\":\"status\"}", ASK_MS, &o) != ST_OK) return 0;
    json_int_t n = json_integer_value(json_object_get(o, "number"));
    json_decref(o);
    return n > 0 && n <= UINT8_MAX ? (unsigned)n : 0;
}

/* Who this installation's worker is; ret_found counts those that are known now. */
static int take_place(const struct close_seal *s, const struct place *p, struct close_cut *cut, unsigned count, unsigned *ret_found)
{
    unsigned number = number_at(p);
    if (number == 0) {
        char name[PLACE_DIR_MAX + 16];
        snprintf(name, sizeof name, "worker (%s)", p->dir);
        return silent(s->c, name);
    }
    for (unsigned i = 0; i < count; i++) {
        if (cut[i].worker != number || cut[i].p.dir[0]) continue;
        cut[i].p = *p;
        ++*ret_found;
    }
    return EXIT_OK;
}

static int nowhere(const struct close_seal *s, const struct close_cut *cut, unsigned count)
{
    char name[16] = "";
    for (unsigned i = 0; i < count && !name[0]; i++)
        if (!cut[i].p.dir[0]) snprintf(name, sizeof name, "w%u", cut[i].worker);
    return cli_fail(s->c, "aggregator mengikuti worker yang direktorinya tidak disebut di sini (aggregator.worker_dirs)",
                    "the aggregator follows a worker whose directory is not named here (aggregator.worker_dirs)", name);
}

static int find_places(const struct close_seal *s, struct close_cut *cut, unsigned count)
{
    struct place *p = malloc(sizeof *p);
    unsigned found = 0;
    int rc = p ? take_place(s, s->p, cut, count, &found) : cli_fail(s->c, "memori habis", "out of memory", NULL);
    for (unsigned i = 0; rc == EXIT_OK && found < count; i++) {
        bool there = false;
        rc = place_beside(s->c, s->p, i, p, &there);
        if (rc == EXIT_OK) rc = there ? take_place(s, p, cut, count, &found) : nowhere(s, cut, count);
    }
    free(p);
    return rc;
}

int close_cut_workers(const struct close_seal *s, struct close_cut **ret, unsigned *ret_count)
{
    struct close_cut *cut = calloc(CLOSE_WORKERS_MAX, sizeof *cut);
    if (!cut) return cli_fail(s->c, "memori habis", "out of memory", NULL);
    int rc = followed(s, cut, ret_count);
    if (rc == EXIT_OK) rc = find_places(s, cut, *ret_count);
    if (rc == EXIT_OK) *ret = cut;
    else free(cut);
    return rc;
}

/* ---- the mark ---- */

static int sign(void *ctx, struct slice text, uint8_t ret_sig[SIG_SIZE])
{
    const struct { const struct signer *ring; struct slice office; } *x = ctx;
    return x->ring->sign(x->ring->ctx, x->office, text, ret_sig);
}

/* The request, with a note of now; the worker uses it only when there is no mark yet. */
static char *request_of(const struct close_seal *s, const struct signer *ring, const uint8_t pub[PUBKEY_SIZE], uint64_t version)
{
    const struct clock clock = clock_posix();
    struct { const struct signer *ring; struct slice office; } ctx = { ring, slice_of(s->actor, strlen(s->actor)) };
    struct cut cut = { .region = s->region, .year = s->year, .quarter = s->quarter, .version = s->version, .registry = version,
                       .key_id = sign_key_id(pub), .at = clock.now(clock.ctx).wall };
    struct buf note;
    snprintf(cut.actor, sizeof cut.actor, "%s", s->actor);
    buf_init(&note, CUT_NOTE_MAX);
    json_t *q = cut_put(&cut, pub, sign, &ctx, &note) == ST_OK
                    ? json_pack("{s:s,s:s%}", "verb", "cut", "note", (const char *)note.p, note.n)
                    : NULL;
    char *request = q ? json_dumps(q, JSON_COMPACT) : NULL;
    json_decref(q);
    buf_done(&note);
    return request;
}

static int refused(const struct cli *c, const char *why)
{
    return cli_fail(c, "worker menolak tanda potong", "the worker refuses the cut", why);
}

static int set_mark(const struct close_seal *s, const char *request, struct close_cut *ret)
{
    const int64_t end = cli_mono_ms() + s->timeout_ms;
    for (;; cli_pause(LOOK_MS)) {
        json_t *o = NULL;
        if (place_ask(&ret->p, "worker", request, ASK_MS, &o) != ST_OK) return worker_silent(s->c, ret);
        const char *hash = json_string_value(json_object_get(o, "hash")), *error = json_string_value(json_object_get(o, "error"));
        bool pending = json_is_true(json_object_get(o, "pending")) || json_integer_value(json_object_get(o, "pending")) != 0;
        ret->lsn = (uint64_t)json_integer_value(json_object_get(o, "lsn"));
        bool there = hash && strlen(hash) == 2 * HASH_SIZE && ret->lsn > 0;
        if (there) memcpy(ret->hash, hash, sizeof ret->hash);
        int rc = there ? EXIT_OK : !pending ? refused(s->c, error ? error : "") : cli_mono_ms() > end ? late(s->c) : -1;
        json_decref(o);
        if (rc >= 0) return rc;
    }
}

/* ---- whose mark it is ---- */

static bool note_of(const json_t *list, struct cut *ret)
{
    const char *text = json_string_value(json_array_get(list, 0));
    uint8_t *bytes = text ? malloc(RECORD_BYTES_MAX) : NULL;
    struct record r;
    size_t n;
    bool ok = bytes && base64_read(slice_of(text, strlen(text)), bytes, RECORD_BYTES_MAX, &n) == ST_OK &&
              codec_record_parse(slice_of(bytes, n), &r) == ST_OK && r.kind == RECORD_CUT && cut_read(r.content, ret) == ST_OK;
    free(bytes);
    return ok;
}

/* The record at the cut: who consolidates is who signs. */
static int check_actor(const struct close_seal *s, const struct close_cut *at)
{
    char request[80];
    json_t *o = NULL;
    struct cut cut;
    snprintf(request, sizeof request, "{\"verb\":\"records\",\"after\":%" PRIu64 "}", at->lsn - 1);
    if (place_ask(&at->p, "worker", request, ASK_MS, &o) != ST_OK) return worker_silent(s->c, at);
    int rc = !note_of(json_object_get(o, "records"), &cut)
                 ? cli_fail(s->c, "tanda potong tidak dapat dibaca dari log", "the cut cannot be read from the log", NULL)
             : strcmp(cut.actor, s->actor) != 0
                 ? cli_fail(s->c, "triwulan ini sudah dipotong oleh pusat lain; ia yang menyegelnya (--as ID)",
                            "this quarter was cut by another centre; it has to seal it (--as ID)", cut.actor)
                 : EXIT_OK;
    json_decref(o);
    return rc;
}

/* ---- folded ---- */

static bool is_folded(const json_t *workers, const struct close_cut *cut)
{
    const json_t *one;
    size_t i;
    char name[16];
    snprintf(name, sizeof name, "w%u", cut->worker);
    json_array_foreach(workers, i, one)
    {
        const char *of = json_string_value(json_object_get(one, "worker"));
        if (of && !strcmp(of, name)) return (uint64_t)json_integer_value(json_object_get(one, "applied")) >= cut->lsn;
    }
    return false;
}

static int await_folded(const struct close_seal *s, const struct close_cut *cut, unsigned count)
{
    const int64_t end = cli_mono_ms() + s->timeout_ms;
    for (;; cli_pause(LOOK_MS)) {
        json_t *o = NULL;
        int st = place_ask(s->p, "aggregator", "{\"verb\":\"status\"}", ASK_MS, &o);
        bool there = st == ST_OK;
        for (unsigned i = 0; there && i < count; i++) there = is_folded(json_object_get(o, "workers"), &cut[i]);
        json_decref(o);
        if (there) return EXIT_OK;
        if (cli_mono_ms() > end) return st == ST_OK ? late(s->c) : silent(s->c, "aggregator");
    }
}

int close_cut_make(const struct close_seal *s, const struct signer *ring, const uint8_t pub[PUBKEY_SIZE], struct close_cut *cut,
                   unsigned count)
{
    struct registry *r = NULL;
    int rc = place_registry(s->c, s->p, &r);
    if (rc != EXIT_OK) return rc;
    char *request = request_of(s, ring, pub, registry_version(r));
    registry_free(&r);
    if (!request) return cli_fail(s->c, "memori habis", "out of memory", NULL);
    for (unsigned i = 0; rc == EXIT_OK && i < count; i++) {
        rc = set_mark(s, request, &cut[i]);
        if (rc == EXIT_OK) rc = check_actor(s, &cut[i]);
    }
    free(request);
    return rc == EXIT_OK ? await_folded(s, cut, count) : rc;
}
