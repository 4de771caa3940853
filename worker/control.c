/* control.c - see control.h. Kind: E.
 *
 * Design notes: called between turns, so what the node shows is the state after a committed step. Integers that could pass 2^53
 * (epochs) and hashes are strings. The stream list is read from the store in a short read transaction of its own. */
#include "control.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/log.h"
#include "proto/period.h"
#include "proto/scrub_json.h"

static json_t *hex(const void *p, size_t n)
{
    char text[2 * HASH_SIZE + 1];

    ASSERT(n <= HASH_SIZE);
    bytes_hex(p, n, text);
    return json_string(text);
}

static json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

static json_t *nacks_json(const struct session_counters *n)
{
    json_t *o = json_object();

    for (unsigned i = 0; i < sizeof n->nack_of / sizeof *n->nack_of; i++)
        if (n->nack_of[i] > 0) json_object_set_new(o, status_code_spelling(i), number(n->nack_of[i]));
    return o;
}

static json_t *session_json(const struct work_status *s)
{
    const struct session_counters *n = &s->counters;

    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "batches", (json_int_t)n->batches, "updates",
                     (json_int_t)n->updates, "refused", (json_int_t)n->refused, "duplicates", (json_int_t)n->duplicates, "nacks",
                     (json_int_t)n->nacks, "nacks_by_code", nacks_json(n), "replies_dropped", (json_int_t)n->replies_dropped,
                     "sessions_evicted", (json_int_t)n->evicted, "sessions_expired", (json_int_t)n->expired, "feed_records",
                     (json_int_t)s->feed_records, "feed_bytes", (json_int_t)s->feed_bytes, "feed_corrupt",
                     (json_int_t)s->feed_corrupt, "messages_unknown", (json_int_t)n->unknown);
}

static json_t *run_json(const struct run *r)
{
    struct run_counters n;

    run_counters(r, &n);
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "turns", (json_int_t)n.turns, "messages",
                     (json_int_t)n.messages, "bytes", (json_int_t)n.bytes, "commits", (json_int_t)n.commits, "aborts",
                     (json_int_t)n.aborts, "us_wait", (json_int_t)n.us_wait, "us_step", (json_int_t)n.us_step, "us_flush",
                     (json_int_t)n.us_flush, "us_commit", (json_int_t)n.us_commit, "us_effects", (json_int_t)n.us_effects,
                     "sends_dropped", (json_int_t)n.sends_dropped);
}

static json_t *link_json(const struct link *l)
{
    struct link_counters n;

    link_counters(l, &n);
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "received", (json_int_t)n.received,
                     "sent", (json_int_t)n.sent,
                     "dropped_multipart", (json_int_t)n.dropped_multipart, "dropped_oversize", (json_int_t)n.dropped_oversize,
                     "dropped_unkeyed", (json_int_t)n.dropped_unkeyed, "refused_keys", (json_int_t)n.refused_keys, "peers",
                     (json_int_t)n.peers, "dropped_unread", (json_int_t)n.dropped_unread, "cut_young", (json_int_t)n.cut_young,
                     "cut_ahead", (json_int_t)n.cut_ahead, "cut_unread", (json_int_t)n.cut_unread);
}

static json_t *followers_json(const struct work_status *s)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->followers; i++) {
        const struct follower *f = &s->follower[i];

        json_t *o = json_pack("{s:o,s:I,s:I}", "key", hex(f->key, PUBKEY_SIZE), "lsn", (json_int_t)(f->next_lsn - 1), "lag",
                              (json_int_t)(s->lsn + 1 - f->next_lsn));
        if (f->stored > 0) json_object_set_new(o, "stored", number(f->stored));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *store_json(struct store *s)
{
    uint64_t used = 0, size = 0;

    if (store_usage(s, &used, &size) != ST_OK) return json_null();
    return json_pack("{s:I,s:I}", "used", (json_int_t)used, "size", (json_int_t)size);
}

static json_t *counters_json(const struct control *c, const struct work_status *s)
{
    json_t *o = session_json(s);

    if (c->run != NULL) json_object_set_new(o, "run", run_json(c->run));
    json_object_set_new(o, "link", link_json(c->link));
    return o;
}

static bool count_stream(void *ctx, const struct stream *s)
{
    (void)s;
    ++*(uint64_t *)ctx;
    return true;
}

static uint64_t stream_count(struct store *s)
{
    static const uint8_t none;
    struct store_txn *t = NULL;
    uint64_t n = 0;

    if (store_begin(s, false, &t) == ST_OK) (void)ledger_list(t, slice_of(&none, 0), 0, count_stream, &n);
    store_abort(&t);
    return n;
}

/* ---- a worker that follows another one ---- */

static const char *const FOLLOW_STATE[] = { "down", "greeted", "following", "stopped" };

static int64_t lag_seconds(const struct control *c, const struct work_status *s)
{
    int64_t us = c->clock.now(c->clock.ctx).mono.us - s->replica.level_at.us;

    return s->replica.state == REPLICA_FOLLOWING && s->replica.head <= s->lsn ? 0 : us / 1000000;
}

static json_t *following_json(const struct control *c, const struct work_status *s)
{
    const struct replica_status *r = &s->replica;
    char at[32] = "", heard[32] = "";
    json_t *o;

    if (r->evidence > 0) (void)period_format_time(r->evidence_at, at);
    if (r->heard.ms > 0) (void)period_format_time(r->heard, heard);
    o = json_pack("{s:s,s:b,s:s,s:I,s:I,s:I,s:s}", "state", FOLLOW_STATE[r->state], "counted", !r->uncounted, "code",
                  status_code_spelling(r->code), "head", (json_int_t)r->head, "lag",
                  (json_int_t)(r->head > s->lsn ? r->head - s->lsn : 0), "lag_seconds",
                  (json_int_t)lag_seconds(c, s), "heard", heard);
    if (r->state == REPLICA_STOPPED)
        json_object_set_new(o, "fault", json_pack("{s:I,s:s}", "lsn", (json_int_t)r->fault_lsn, "seen", r->seen));
    json_object_set_new(o, "evidence", json_pack("{s:I,s:s,s:s}", "kept", (json_int_t)r->evidence, "last", at, "code",
                                                 r->evidence > 0 ? status_code_spelling(r->evidence_code) : ""));
    return o;
}

/* A fault is told in the log once, and so is its end. */
static void tell_following(struct control *c)
{
    struct work_status s;

    work_status(c->work, &s);
    if (!s.replica.on || (s.replica.code == c->told_code && s.replica.state == c->told_state)) return;
    bool stopped = s.replica.state == REPLICA_STOPPED;
    if (stopped && s.replica.code != CODE_OK)
        log_write(LOG_L_ERROR, "the leader's log does not go on from this one; nothing is taken, both are kept",
                  "code=%s lsn=%llu seen=\"%s\" evidence=%u", status_code_spelling(s.replica.code),
                  (unsigned long long)s.replica.fault_lsn, s.replica.seen, s.replica.evidence);
    else
        log_write(LOG_L_INFO, "following", "state=%s code=%s lsn=%llu head=%llu", FOLLOW_STATE[s.replica.state],
                  status_code_spelling(s.replica.code), (unsigned long long)s.lsn, (unsigned long long)s.replica.head);
    c->told_code = s.replica.code;
    c->told_state = s.replica.state;
}

/* The register beside a follower is what its log tells: so offices' keys are known here, and a promotion needs no other copy. */
static bool write_register(struct control *c)
{
    uint64_t version;
    struct slice text = work_register(c->work, &version);

    if (c->register_path == NULL || version <= registry_version(office_registry(c->book))) return false;
    if (conf_file_write(c->register_path, text, 0600) == ST_OK) return true;
    log_write(LOG_L_ERROR, "the register cannot be written", "path=%s", c->register_path);
    return false;
}

static json_t *status_json(const struct control *c, struct store *store)
{
    struct work_status s;
    json_t *o = json_object();

    work_status(c->work, &s);
    json_object_set_new(o, "program", json_string("rekap-worker"));
    json_object_set_new(o, "version", json_string(REKAP_VERSION));
    json_object_set_new(o, "worker", json_string(s.identity.id));
    json_object_set_new(o, "number", number(s.identity.number));
    json_object_set_new(o, "lsn", number(s.lsn));
    json_object_set_new(o, "log_hash", hex(s.hash.b, HASH_SIZE));
    json_object_set_new(o, "incarnation", hex(s.identity.incarnation, INCARNATION_SIZE));
    json_object_set_new(o, "registry_version", number(s.registry_version));
    json_object_set_new(o, "archived", number(s.archived));
    json_object_set_new(o, "acks", number(s.acks));
    json_object_set_new(o, "role", json_string(s.replica.on ? "follower" : "leader"));
    json_object_set_new(o, "following", s.replica.on ? following_json(c, &s) : json_null());
    json_object_set_new(o, "streams", number(stream_count(store)));
    json_object_set_new(o, "sessions", number(s.sessions));
    json_object_set_new(o, "followers", followers_json(&s));
    json_object_set_new(o, "store", store_json(store));
    json_object_set_new(o, "scrub", scrub_json(&c->scrub));
    json_object_set_new(o, "counters", counters_json(c, &s));
    return o;
}

struct page { json_t *list; unsigned count; bool more; };

static bool add_stream(void *ctx, const struct stream *s)
{
    struct page *p = ctx;
    uint8_t epoch[8];

    if (p->count++ == CONTROL_STREAMS_MAX) {
        p->more = true;
        return false;
    }
    bytes_be64(epoch, s->epoch);
    json_array_append_new(p->list,
                          json_pack("{s:s,s:I,s:o,s:I,s:I}", "office", s->office, "stream", (json_int_t)s->number, "epoch",
                                    hex(epoch, sizeof epoch), "watermark", (json_int_t)s->watermark, "lsn", (json_int_t)s->lsn));
    return true;
}

static json_t *streams_json(struct store *store, const json_t *after)
{
    const json_t *id = json_object_get(after, "office");
    const char *office = json_is_string(id) ? json_string_value(id) : "";
    uint32_t stream = (uint32_t)json_integer_value(json_object_get(after, "stream"));
    struct page p = { .list = json_array() };
    struct store_txn *t = NULL;
    int st = strlen(office) <= OFFICE_ID_MAX ? store_begin(store, false, &t) : ST_INVALID;

    if (st == ST_OK) st = ledger_list(t, slice_of(office, strlen(office)), stream, add_stream, &p);
    store_abort(&t);
    if (st == ST_OK) return json_pack("{s:o,s:b}", "streams", p.list, "more", p.more);
    json_decref(p.list);
    return json_pack("{s:s}", "error", status_str(st));
}

static void take_lists(struct control *c)
{
    work_set_registry(c->work, office_registry(c->book));
    work_set_invites(c->work, office_invites(c->book));
}

/* ---- requests that wait for approval ---- */

static json_t *guest_json(const struct guest *g)
{
    char time[32], fingerprint[JOIN_FINGERPRINT_SIZE];
    struct buf line;
    json_t *o;

    buf_init(&line, JOIN_LINE_MAX);
    join_request_put(&line, &g->request);
    join_fingerprint(&g->request, fingerprint);
    if (period_format_time(g->received, time) <= 0) time[0] = '\0';
    o = json_pack("{s:s,s:s,s:s,s:s,s:s%}", "office", g->request.office, "kind", g->request.kind == JOIN_NEW ? "new" : "rotate",
                  "fingerprint", fingerprint, "received", time, "request", (const char *)line.p, line.n);
    buf_done(&line);
    return o;
}

static json_t *pending_json(const struct control *c)
{
    json_t *list = json_array();
    uint64_t changes;
    uint32_t n;
    const struct guest *g = work_guests(c->work, &n, &changes);

    for (uint32_t i = 0; i < n; i++) json_array_append_new(list, guest_json(&g[i]));
    return json_pack("{s:o}", "pending", list);
}

/* In a transaction of its own, between turns. A commit whose outcome is unknown leaves memory and store apart: that ends the
 * process, as everywhere. */
static json_t *reject_json(struct control *c, struct store *s, const json_t *request)
{
    const char *office = json_string_value(json_object_get(request, "office"));
    struct store_txn *t = NULL;
    int st = office != NULL ? store_begin(s, true, &t) : ST_INVALID;

    if (st == ST_OK) st = work_reject(c->work, t, slice_of(office, strlen(office)));
    if (st == ST_OK) st = store_commit(&t);
    else store_abort(&t);
    if (st != ST_OK && st != ST_NOT_FOUND && st != ST_INVALID) {
        log_write(LOG_L_ERROR, "a request cannot be dropped", "reason=\"%s\"", status_str(st));
        exit(EXIT_CRASH);
    }
    return json_pack("{s:b}", "ok", st == ST_OK);
}

/* ---- backup and archive ---- */

static json_t *backup_json(struct control *c, struct store *s, const json_t *request)
{
    const char *to = json_string_value(json_object_get(request, "to"));
    const bool brief = json_is_true(json_object_get(request, "brief")); /* read at once and deleted: not synced */
    int st = to != NULL && to[0] == '/' ? backup_start(&c->backup, s, to, !brief) : ST_INVALID;

    return st == ST_OK ? json_pack("{s:b}", "ok", 1) : json_pack("{s:s}", "error", status_str(st));
}

static json_t *backup_state_json(struct control *c)
{
    static const char *const names[] = { "none", "running", "done", "failed" };
    const char *why;
    enum backup_state state = backup_state(c->backup, &why);

    return json_pack("{s:s,s:s}", "state", names[state], "why", why);
}

/* In a transaction of its own, as reject_json. */
static json_t *archived_json(struct control *c, struct store *s, const json_t *request)
{
    const char *hex = json_string_value(json_object_get(request, "hash"));
    json_int_t lsn = json_integer_value(json_object_get(request, "lsn"));
    struct store_txn *t = NULL;
    struct hash hash;
    int st = hex != NULL && lsn > 0 && strlen(hex) == 2 * HASH_SIZE ? bytes_unhex(hex, strlen(hex), hash.b) : ST_INVALID;

    if (st == ST_OK) st = store_begin(s, true, &t);
    if (st == ST_OK) st = work_archive(c->work, t, (uint64_t)lsn, &hash);
    if (st == ST_OK) st = store_commit(&t);
    else store_abort(&t);
    if (st != ST_OK && st != ST_INVALID) {
        log_write(LOG_L_ERROR, "the archived mark cannot be kept", "reason=\"%s\"", status_str(st));
        exit(EXIT_CRASH);
    }
    if (st != ST_OK) return json_pack("{s:s}", "error", "not a position of this log");
    log_write(LOG_L_INFO, "archived", "lsn=%lld", (long long)lsn);
    return json_pack("{s:b}", "ok", 1);
}

/* ---- cuts ---- */

/* The register is looked at first: the note may name a version that has just been written. */
static json_t *cut_json(struct control *c, struct store *s, const json_t *request, bool *ret_wake)
{
    const char *note = json_string_value(json_object_get(request, "note"));
    const struct now now = c->clock.now(c->clock.ctx);
    struct work_mark at = { 0 };
    struct store_txn *t = NULL;
    unsigned code = CODE_BAD_FORMAT;
    int st;

    if (office_poll(c->book, now, true)) take_lists(c);
    st = note != NULL ? store_begin(s, false, &t) : ST_DENIED;
    if (st == ST_OK) st = work_cut(c->work, t, now, slice_of(note, strlen(note)), &at, &code);
    store_abort(&t);
    *ret_wake = true;
    if (st == ST_OK) return json_pack("{s:I,s:o}", "lsn", (json_int_t)at.lsn, "hash", hex(at.hash.b, HASH_SIZE));
    if (st == ST_BUSY) return json_pack("{s:b}", "pending", 1);
    return json_pack("{s:s}", "error", st == ST_DENIED ? status_code_spelling(code) : status_str(st));
}

/* ---- the log itself ---- */

enum { RECORDS_TEXT_MAX = CONTROL_BYTES_MAX / 2 };

static int records_of(struct store *store, uint64_t after, json_t *list)
{
    struct store_txn *t = NULL;
    struct slice bytes;
    struct buf text;
    size_t sum = 0;
    int st = store_begin(store, false, &t);

    buf_init(&text, CONTROL_BYTES_MAX);
    for (; st == ST_OK && sum < RECORDS_TEXT_MAX; after++) {
        st = ledger_record(t, after + 1, &bytes);
        if (st != ST_OK) break;
        buf_clear(&text);
        base64_put(&text, bytes.p, bytes.n);
        sum += text.n + 3;
        if (!buf_ok(&text) || json_array_append_new(list, json_stringn((const char *)text.p, text.n)) != 0) st = ST_NO_MEMORY;
    }
    store_abort(&t);
    buf_done(&text);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static json_t *records_json(struct store *store, const json_t *request)
{
    json_int_t after = json_integer_value(json_object_get(request, "after"));
    json_t *list = json_array();
    int st = after >= 0 ? records_of(store, (uint64_t)after, list) : ST_INVALID;

    if (st == ST_OK) return json_pack("{s:o}", "records", list);
    json_decref(list);
    return json_pack("{s:s}", "error", status_str(st));
}

static json_t *reload_json(struct control *c)
{
    if (office_poll(c->book, c->clock.now(c->clock.ctx), true)) take_lists(c);
    return json_pack("{s:b,s:I}", "ok", 1, "registry_version", (json_int_t)registry_version(office_registry(c->book)));
}

static json_t *answer(struct control *c, struct store *s, const json_t *request, bool *ret_wake)
{
    const char *verb = json_string_value(json_object_get(request, "verb"));

    if (verb == NULL) return json_pack("{s:s}", "error", "verb is missing");
    if (strcmp(verb, "status") == 0) return status_json(c, s);
    if (strcmp(verb, "streams") == 0) return streams_json(s, json_object_get(request, "after"));
    if (strcmp(verb, "pending") == 0) return pending_json(c);
    if (strcmp(verb, "reject") == 0) return reject_json(c, s, request);
    if (strcmp(verb, "backup") == 0) return backup_json(c, s, request);
    if (strcmp(verb, "backup-state") == 0) return backup_state_json(c);
    if (strcmp(verb, "records") == 0) return records_json(s, request);
    if (strcmp(verb, "cut") == 0) return cut_json(c, s, request, ret_wake);
    if (strcmp(verb, "archived") == 0) return archived_json(c, s, request);
    if (strcmp(verb, "reload") == 0) {
        *ret_wake = true;
        return reload_json(c);
    }
    if (strcmp(verb, "stop") == 0) {
        if (c->run != NULL) run_stop(c->run);
        return json_pack("{s:b}", "ok", 1);
    }
    return json_pack("{s:s}", "error", "unknown verb");
}

void control_answer(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake)
{
    json_t *q = json_loadb((const char *)request.p, request.n, JSON_REJECT_DUPLICATES, NULL), *a = answer(ctx, s, q, ret_wake);
    char *text = a != NULL ? json_dumps(a, JSON_COMPACT) : NULL;

    buf_str(out, text != NULL ? text : "{\"error\":\"no memory\"}");
    free(text);
    json_decref(a);
    json_decref(q);
}

/* Who waits for approval may connect, to be told so. */
static void admit_pending(struct control *c)
{
    uint8_t key[GUEST_PENDING_MAX][PUBKEY_SIZE];
    uint64_t changes;
    uint32_t n;
    const struct guest *g = work_guests(c->work, &n, &changes);

    if (changes == c->guest_changes) return;
    for (uint32_t i = 0; i < n; i++) memcpy(key[i], g[i].request.transport, PUBKEY_SIZE);
    if (office_set_pending(c->book, (const uint8_t(*)[PUBKEY_SIZE])key, n) == ST_OK) c->guest_changes = changes;
}

void control_after(void *ctx)
{
    admit_pending(ctx);
}

void control_turn(void *ctx, struct now now)
{
    struct control *c = ctx;

    bool wrote = work_follows(c->work) && write_register(c);

    if (office_poll(c->book, now, run_hup_pending() || wrote)) take_lists(c);
    admit_pending(c);
    tell_following(c);
    if (c->store != NULL) (void)scrub_json_turn(&c->scrub, c->store, now);
}
