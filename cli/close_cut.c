/* close_cut.c - the mark at which a quarter is cut, and the wait until it is folded. Kind: E.
 *
 * The worker keeps one mark a (region, quarter, version) and tells the place of the first one to whoever asks again, so a close
 * that was cut off goes on at the position it had. The seal is signed by who set the mark: another centre would give other bytes.
 *
 * Invariant: the position returned is in this worker's log, and everything up to it is folded. */
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

/* ---- one worker ---- */

/* Which worker's log the aggregator reads. A seal names a position of each of them, and only this one can be cut from here. */
static int only_worker(const struct close_seal *s, unsigned *ret)
{
    json_t *o = NULL;
    if (place_ask(s->p, "aggregator", "{\"verb\":\"status\"}", ASK_MS, &o) != ST_OK) return silent(s->c, "aggregator");
    const json_t *list = json_object_get(o, "workers");
    const char *name = json_string_value(json_object_get(json_array_get(list, 0), "worker"));
    *ret = name && name[0] == 'w' ? (unsigned)strtoul(name + 1, NULL, 10) : 0;
    int rc = json_array_size(list) == 1 && *ret > 0
                 ? EXIT_OK
                 : cli_fail(s->c, "hanya pusat dengan satu worker yang dapat disegel dari sini",
                            "only a centre with one worker can be sealed from here", NULL);
    json_decref(o);
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
        if (place_ask(s->p, "worker", request, ASK_MS, &o) != ST_OK) return silent(s->c, "worker");
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
    if (place_ask(s->p, "worker", request, ASK_MS, &o) != ST_OK) return silent(s->c, "worker");
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

static int await_folded(const struct close_seal *s, uint64_t lsn)
{
    const int64_t end = cli_mono_ms() + s->timeout_ms;
    for (;; cli_pause(LOOK_MS)) {
        json_t *o = NULL;
        int st = place_ask(s->p, "aggregator", "{\"verb\":\"status\"}", ASK_MS, &o);
        const json_t *one = json_array_get(json_object_get(o, "workers"), 0);
        bool there = (uint64_t)json_integer_value(json_object_get(one, "applied")) >= lsn;
        json_decref(o);
        if (st == ST_OK && there) return EXIT_OK;
        if (cli_mono_ms() > end) return st == ST_OK ? late(s->c) : silent(s->c, "aggregator");
    }
}

int close_cut_make(const struct close_seal *s, const struct signer *ring, const uint8_t pub[PUBKEY_SIZE], struct close_cut *ret)
{
    struct registry *r = NULL;
    int rc = only_worker(s, &ret->worker);
    if (rc == EXIT_OK) rc = place_registry(s->c, s->p, &r);
    if (rc != EXIT_OK) return rc;
    char *request = request_of(s, ring, pub, registry_version(r));
    registry_free(&r);
    rc = request ? set_mark(s, request, ret) : cli_fail(s->c, "memori habis", "out of memory", NULL);
    free(request);
    if (rc == EXIT_OK) rc = check_actor(s, ret);
    return rc == EXIT_OK ? await_folded(s, ret->lsn) : rc;
}
