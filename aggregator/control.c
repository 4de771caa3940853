/* control.c - see control.h. Kind: E. */
#include "aggregator/control.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/http_access.h"
#include "proto/period.h"
#include "proto/scrub_json.h"

static json_t *workers_json(const struct aggregate_status *s)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < s->workers; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%u", s->worker[i].number);
        json_array_append_new(list, json_pack("{s:s,s:b,s:I,s:I}", "worker", name, "up", (int)s->worker[i].up, "applied",
                                              (json_int_t)s->worker[i].applied, "head", (json_int_t)s->worker[i].head));
    }
    return list;
}

static json_t *phases_json(const struct run *run)
{
    struct run_counters c;
    run_counters(run, &c);
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "turns", (json_int_t)c.turns, "messages", (json_int_t)c.messages,
                     "bytes", (json_int_t)c.bytes, "commits", (json_int_t)c.commits, "aborts", (json_int_t)c.aborts, "us_wait",
                     (json_int_t)c.us_wait, "us_step", (json_int_t)c.us_step, "us_flush", (json_int_t)c.us_flush, "us_commit",
                     (json_int_t)c.us_commit, "us_effects", (json_int_t)c.us_effects);
}

static json_t *status_json(const struct control_context *c, struct store *s)
{
    struct aggregate_status a;
    uint64_t used = 0, size = 0, closed, refused;
    char address[300];
    aggregate_status(c->aggregate, &a);
    (void)store_usage(s, &used, &size);
    http_counters(c->http, &closed, &refused);
    snprintf(address, sizeof address, "http://%s", c->address);
    return json_pack("{s:s,s:s,s:s,s:o,s:I,s:I,s:{s:I,s:I},s:{s:I,s:I},s:o,s:o}", "program", "rekap-aggregator", "version",
                     REKAP_VERSION, "http", address, "workers", workers_json(&a), "commits", (json_int_t)a.commits, "updates",
                     (json_int_t)a.updates, "store", "used", (json_int_t)used, "size", (json_int_t)size,
                     "counters", "http_closed", (json_int_t)closed, "http_refused",
                     (json_int_t)refused, "phases", phases_json(*c->run), "scrub",
                     scrub_json(&c->scrub));
}

void control_after(void *ctx)
{
    const struct control_context *c = ctx;
    struct aggregate_status s;
    aggregate_status(c->aggregate, &s);
    s.damaged = c->scrub.damaged > 0;
    http_changed(c->http, &s);
}

void control_turn(void *ctx, struct now now)
{
    struct control_context *c = ctx;
    uint32_t before = c->scrub.damaged;
    http_turn(c->http);
    (void)scrub_json_turn(&c->scrub, c->store, now);
    if ((before > 0) != (c->scrub.damaged > 0)) control_after(ctx);
}

/* ---- {"verb":"export","to":PATH}, {"verb":"export-state"} ---- */

static json_t *export_json(struct control_context *c, struct store *s, const json_t *request)
{
    const char *to = json_string_value(json_object_get(request, "to"));
    int st = to && to[0] == '/' ? dump_start(&c->dump, s, to) : ST_INVALID;
    return st == ST_OK ? json_pack("{s:b}", "ok", 1) : json_pack("{s:s}", "error", status_str(st));
}

static json_t *export_state_json(struct control_context *c)
{
    static const char *const names[] = { "none", "running", "done", "failed" };
    const struct dump_position *at;
    const char *why;
    unsigned n;
    enum dump_state state = dump_state(c->dump, &why, &at, &n);
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++) {
        char hash[2 * HASH_SIZE + 1];
        bytes_hex(at[i].hash.b, HASH_SIZE, hash);
        json_array_append_new(list, json_pack("{s:I,s:I,s:s}", "number", (json_int_t)at[i].worker, "lsn", (json_int_t)at[i].lsn,
                                              "hash", hash));
    }
    return json_pack("{s:s,s:s,s:o}", "state", names[state], "why", why, "applied", list);
}

/* ---- {"verb":"seal",..}, {"verb":"seal-state"} ---- */

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* Cuts by worker, each once. */
static bool read_cuts(const json_t *list, struct seal_job_ask *ask)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        json_int_t number = json_integer_value(json_object_get(one, "number")),
                   lsn = json_integer_value(json_object_get(one, "lsn"));
        const char *hex = text_of(one, "hash");
        if (i == SEAL_JOB_CUTS_MAX || number < 1 || number >= ASOF_WORKERS || lsn < 1 || strlen(hex) != 2 * HASH_SIZE) return false;
        struct query_seal_cut *c = &ask->cut[ask->cuts++];
        *c = (struct query_seal_cut){.worker = (unsigned)number, .lsn = (uint64_t)lsn};
        if (bytes_unhex(hex, 2 * HASH_SIZE, c->hash.b) != ST_OK || (i > 0 && c->worker <= c[-1].worker)) return false;
    }
    return ask->cuts > 0;
}

static json_t *seal_json(struct control_context *c, struct store *s, const json_t *request)
{
    const char *region = text_of(request, "region");
    json_int_t year = json_integer_value(json_object_get(request, "year"));
    json_int_t quarter = json_integer_value(json_object_get(request, "quarter"));
    struct seal_job_ask ask = {.year = (unsigned)year, .quarter = (unsigned)quarter, .to = text_of(request, "to")};
    bool ok = code_region_parse(slice_of(region, strlen(region)), &ask.region) == ST_OK && ask.region && year >= YEAR_MIN &&
              year <= YEAR_MAX && quarter >= 1 && quarter <= 4 && ask.to[0] == '/' &&
              read_cuts(json_object_get(request, "cuts"), &ask);
    int st = ok ? seal_job_start(&c->seal, s, c->clock, &c->files, &ask) : ST_INVALID;
    return st == ST_OK ? json_pack("{s:b}", "ok", 1) : json_pack("{s:s}", "error", status_str(st));
}

static json_t *seal_state_json(struct control_context *c)
{
    static const char *const names[] = { "none", "running", "done", "failed" };
    const char *why;
    struct wall at;
    enum seal_job_state state = seal_job_state(c->seal, &why, &at);
    return json_pack("{s:s,s:s,s:I}", "state", names[state], "why", why, "at", (json_int_t)at.ms);
}

/* ---- {"verb":"login","role":R,"region":CODE,"office":ID,"kind":"link"|"key","seconds":N} ---- */

static json_t *login_json(struct control_context *c, const json_t *request)
{
    const char *region = text_of(request, "region"), *office = text_of(request, "office"), *role = text_of(request, "role");
    bool key = !strcmp(text_of(request, "kind"), "key"), secure = c->secure && c->secure[0];
    json_int_t seconds = json_integer_value(json_object_get(request, "seconds"));
    struct http_viewer who = {0};
    struct wall now = c->clock.now(c->clock.ctx).wall;
    char secret[HTTP_SECRET_SIZE], until[32] = "";
    bool ok = registry_role_parse(slice_of(role, strlen(role)), &who.role) == ST_OK && strlen(office) <= OFFICE_ID_MAX &&
              code_region_parse(slice_of(region, strlen(region)), &who.region) == ST_OK && (who.role != ROLE_OFFICE || office[0]) &&
              (!key || (seconds >= 1 && seconds <= (json_int_t)HTTP_ACCESS_DAYS_MAX * 86400));
    int64_t ms = key && ok ? seconds * 1000 : HTTP_LINK_MS;
    snprintf(who.office, sizeof who.office, "%s", ok ? office : "");
    int st = ok ? http_access_make(c->access, key ? HTTP_ACCESS_KEY : HTTP_ACCESS_LINK, &who, now, ms, secret) : ST_INVALID;
    if (st != ST_OK) return json_pack("{s:s}", "error", status_str(st));
    (void)period_format_time((struct wall){.ms = now.ms + ms}, until);
    json_t *o = json_pack("{s:s,s:s,s:s}", "secret", secret, "until", until, "address", secure ? c->secure : c->address);
    json_object_set_new(o, "tls", json_boolean(secure));
    explicit_bzero(secret, sizeof secret);
    return o;
}

static json_t *answer(struct control_context *c, struct store *s, const json_t *q)
{
    const char *verb = json_string_value(json_object_get(q, "verb"));
    if (verb && !strcmp(verb, "status")) return status_json(c, s);
    if (verb && !strcmp(verb, "export")) return export_json(c, s, q);
    if (verb && !strcmp(verb, "login")) return login_json(c, q);
    if (verb && !strcmp(verb, "export-state")) return export_state_json(c);
    if (verb && !strcmp(verb, "seal")) return seal_json(c, s, q);
    if (verb && !strcmp(verb, "seal-state")) return seal_state_json(c);
    return json_pack("{s:s}", "error", "unknown verb");
}

void control_answer(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake)
{
    json_t *q = json_loadb((const char *)request.p, request.n, JSON_REJECT_DUPLICATES, NULL);
    (void)ret_wake;
    json_t *a = answer(ctx, s, q);
    char *text = a ? json_dumps(a, JSON_COMPACT) : NULL;
    buf_str(out, text ? text : "{\"error\":\"no memory\"}");
    free(text);
    json_decref(a);
    json_decref(q);
}
