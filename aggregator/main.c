/* main.c - rekap-aggregator: wiring only. Kind: E.
 *
 * Two threads: the loop that follows the workers and folds, and HTTP with read-only transactions, rung after each step. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/control.h"
#include "aggregator/http.h"
#include "aggregator/http_access.h"
#include "aggregator/http_start.h"
#include "aggregator/options.h"
#include "aggregator/state.h"
#include "proto/log.h"
#include "proto/run.h"

struct daemon {
    const char *assets; /* the monitor's files are read from here; "": those inside */
    struct conf *conf;
    struct store *store;
    struct link *link;
    struct aggregate *aggregate;
    struct http *http;
    struct http_access *access;
    struct run *run;
};

static int fail(const char *what, const char *why)
{
    log_write(LOG_L_ERROR, what, "reason=\"%s\"", why);
    return 1;
}

/* One entry "w1=ENDPOINT=HEXKEY". */
static int follow_one(struct daemon *d, const struct link_keys *keys, char *entry, char *err, size_t n)
{
    uint8_t server[PUBKEY_SIZE];
    peer_id peer;
    char *endpoint = strchr(entry, '='), *hex = endpoint ? strrchr(endpoint + 1, '=') : NULL, *end = NULL;
    snprintf(err, n, "aggregator.workers: \"%s\" is not w<1..255>=ENDPOINT=64 hex digits", entry);
    if (!hex || entry[0] != 'w') return ST_INVALID;
    *endpoint++ = '\0';
    *hex++ = '\0';
    unsigned long number = strtoul(entry + 1, &end, 10);
    if (*end || number < 1 || number > 255 || strlen(hex) != 2 * PUBKEY_SIZE || bytes_unhex(hex, 2 * PUBKEY_SIZE, server) != ST_OK)
        return ST_INVALID;
    int st = link_dial(d->link, endpoint, keys, server, &peer);
    if (st == ST_OK) st = aggregate_follow(d->aggregate, (unsigned)number, peer);
    if (st != ST_OK) snprintf(err, n, "aggregator.workers: w%lu: %s", number, status_str(st));
    return st;
}

static int follow_all(struct daemon *d, char *err, size_t n)
{
    struct link_keys keys;
    int st = conf_key_read(conf_text(d->conf, "aggregator.key"), "curve25519", keys.secret, keys.pub, err, n);
    char *list = st == ST_OK ? strdup(conf_text(d->conf, "aggregator.workers")) : NULL, *save = NULL;
    if (st == ST_OK && !list) st = ST_NO_MEMORY, snprintf(err, n, "no memory");
    for (char *e = list ? strtok_r(list, ", ", &save) : NULL; st == ST_OK && e; e = strtok_r(NULL, ", ", &save))
        st = follow_one(d, &keys, e, err, n);
    explicit_bzero(&keys, sizeof keys);
    free(list);
    return st;
}

static int open_links(struct daemon *d, char *err, size_t n)
{
    const char *publish = conf_text(d->conf, "aggregator.publish"), *control = conf_text(d->conf, "aggregator.control");
    int st = link_new(&d->link);
    snprintf(err, n, "no memory");
    if (st == ST_OK) st = follow_all(d, err, n);
    if (st == ST_OK && (st = link_control(d->link, control)) != ST_OK) snprintf(err, n, "%s: %s", control, status_str(st));
    if (st == ST_OK && publish[0] && (st = link_publisher(d->link, publish)) != ST_OK)
        snprintf(err, n, "%s: %s", publish, status_str(st));
    return st;
}

static int open_all(struct daemon *d)
{
    char err[512] = "";
    const struct conf *c = d->conf;
    struct http_options http = {.listen = conf_text(c, "aggregator.http"), .registry = conf_text(c, "aggregator.registry"),
                                .regions = conf_text(c, "aggregator.regions"), .names = conf_text(c, "aggregator.names"),
                                .assets = d->assets, .clock = clock_posix()};
    if (http_start_access(d->conf, &http, err, sizeof err) != ST_OK) return fail("HTTP cannot start", err);
    d->access = http.access;
    if (state_open(conf_text(c, "aggregator.store"), (uint64_t)conf_int(c, "aggregator.map"), &d->store, err, sizeof err) != ST_OK)
        return fail("store cannot be opened", err);
    if (aggregate_new(&d->aggregate) != ST_OK) return fail("start", "no memory");
    if (open_links(d, err, sizeof err) != ST_OK) return fail("network cannot be set up", err);
    http.store = d->store;
    aggregate_status(d->aggregate, &http.live);
    return http_new(&http, &d->http, err, sizeof err) == ST_OK ? 0 : fail("HTTP cannot start", err);
}

static int serve(struct daemon *d)
{
    if (open_all(d) != 0) return 1;
    struct control_context control = { .aggregate = d->aggregate,
                                       .address = conf_text(d->conf, "aggregator.http"),
                                       .http = d->http,
                                       .access = d->access,
                                       .secure = conf_text(d->conf, "aggregator.https"),
                                       .run = &d->run,
                                       .store = d->store,
                                       .scrub = { .tables = fold_tables },
                                       .clock = clock_posix(),
                                       .files = { .registry = conf_text(d->conf, "aggregator.registry"),
                                                  .regions = conf_text(d->conf, "aggregator.regions"),
                                                  .names = conf_text(d->conf, "aggregator.names") } };
    control_after(&control);
    const struct run_options o = {.node = aggregate_node(d->aggregate), .store = d->store, .link = d->link, .clock = clock_posix(),
                                  .control = control_answer, .control_ctx = &control, .turn = control_turn, .after = control_after};
    int st = run_new(&o, &d->run);
    if (st == ST_OK) {
        log_write(LOG_L_INFO, "started", "http=%s", conf_text(d->conf, "aggregator.http"));
        st = run_loop(d->run);
    }
    dump_free(&control.dump);
    seal_job_free(&control.seal);
    log_write(st == ST_OK ? LOG_L_INFO : LOG_L_ERROR, "stopped", "status=\"%s\"", status_str(st));
    return st == ST_OK ? 0 : 1;
}

static void release(struct daemon *d)
{
    http_free(&d->http);
    http_access_free(&d->access);
    run_free(&d->run);
    link_free(&d->link);
    aggregate_free(&d->aggregate);
    store_lmdb_close(&d->store);
    conf_free(&d->conf);
}

int main(int argc, char **argv)
{
    struct daemon d = {.assets = http_page_dir(&argc, argv)};
    int rc = conf_start(&options_aggregator, argc, argv, &d.conf);
    if (rc >= 0) return rc;
    if (!d.assets) d.assets = conf_text(d.conf, "aggregator.assets");
    rc = sodium_init() < 0 ? 1 : serve(&d);
    release(&d);
    return rc;
}
