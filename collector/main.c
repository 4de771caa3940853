/* main.c - rekap-collector: wiring only. Kind: E.
 *
 * One collector serves every office whose signing key lies in its key directory; it dials one worker. Order of start:
 * configuration, keys, store (one owner), node, network, loop. It ends with an orderly stop at SIGTERM, or at once when a commit's
 * outcome is unknown. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "collector/desk.h"
#include "collector/desk_http.h"
#include "collector/inbox.h"
#include "collector/options.h"
#include "collector/settings.h"
#include "proto/log.h"

struct daemon {
    struct conf *conf;
    struct store *store;
    struct link *link;
    struct collect *collect;
    struct desk *desk;
    struct desk_http *page;
    struct inbox *inbox;
    struct signer signer;
    struct run *run;
};

static int fail(const char *what, const char *why)
{
    log_write(LOG_L_ERROR, what, "reason=\"%s\"", why);
    return 1;
}

static int open_store(struct daemon *d, char *err, size_t n)
{
    const struct store_lmdb_options o = {
        .tables = outbox_tables, .map_bytes = (uint64_t)conf_int(d->conf, "collector.map"), .kind = "outbox", .format = 1
    };
    return store_lmdb_open(conf_text(d->conf, "collector.store"), &o, &d->store, err, n);
}

static int make_node(struct daemon *d, char *err, size_t n)
{
    struct collect_options o = { .node_name = conf_text(d->conf, "collector.node"), .signer = &d->signer };
    int st = settings_read(d->conf, &o, err, n);
    if (st != ST_OK) return st;
    randombytes_buf(o.fresh.installation, sizeof o.fresh.installation);
    randombytes_buf(&o.fresh.epoch, sizeof o.fresh.epoch);
    o.fresh.epoch = (o.fresh.epoch >> 1) | 1; /* 63 bits, never 0 */
    st = collect_new(&o, &d->collect);
    if (st != ST_OK) snprintf(err, n, "%s", status_str(st));
    return st;
}

static int dial(struct daemon *d, char *err, size_t n)
{
    struct link_keys keys;
    uint8_t server[PUBKEY_SIZE];
    peer_id worker;
    const char *hex = conf_text(d->conf, "collector.worker_key");
    if (strlen(hex) != 2 * PUBKEY_SIZE || bytes_unhex(hex, 2 * PUBKEY_SIZE, server) != ST_OK) {
        snprintf(err, n, "collector.worker_key must be %u hex digits", 2 * PUBKEY_SIZE);
        return ST_INVALID;
    }
    int st = conf_key_read(conf_text(d->conf, "collector.key"), "curve25519", keys.secret, keys.pub, err, n);
    if (st != ST_OK) return st;
    st = link_new(&d->link);
    if (st == ST_OK) st = link_dial(d->link, conf_text(d->conf, "collector.worker"), &keys, server, &worker);
    if (st == ST_OK) st = link_control(d->link, conf_text(d->conf, "collector.control"));
    explicit_bzero(&keys, sizeof keys);
    if (st != ST_OK) snprintf(err, n, "%s: %s", conf_text(d->conf, "collector.control"), status_str(st));
    else collect_dialled(d->collect, worker);
    return st;
}

/* The page is a convenience: where it cannot be, everything else goes on. A wrong key of the configuration ends the start. */
static int open_page(struct daemon *d, char *err, size_t n)
{
    const struct desk_http_options o = { .listen = conf_text(d->conf, "collector.http"),
                                         .dir = conf_text(d->conf, "collector.directory"),
                                         .control = conf_text(d->conf, "collector.control"),
                                         .offices = conf_text(d->conf, "collector.offices") };
    int st = o.listen[0] ? desk_http_new(&o, &d->page, err, n) : ST_OK;
    if (st == ST_OK || st == ST_INVALID) return st;
    log_write(LOG_L_ERROR, "there is no page; delivery goes on", "reason=\"%s\"", err);
    return ST_OK;
}

static int serve(struct daemon *d)
{
    char err[512] = "";
    if (open_store(d, err, sizeof err) != ST_OK) return fail("store cannot be opened", err);
    if (make_node(d, err, sizeof err) != ST_OK) return fail("start", err);
    if (dial(d, err, sizeof err) != ST_OK) return fail("network cannot be set up", err);
    const struct inbox_options box = { conf_text(d->conf, "collector.inbox"), conf_text(d->conf, "collector.directory"),
                                       conf_text(d->conf, "collector.offices") };
    if (inbox_new(&box, &d->inbox, err, sizeof err) != ST_OK) return fail("the watched folder cannot be set up", err);
    const struct desk_options desk = { .tray = conf_text(d->conf, "collector.tray"),
                                       .offices = conf_text(d->conf, "collector.offices"),
                                       .signer = &d->signer,
                                       .collect = d->collect,
                                       .clock = clock_posix(),
                                       .link = d->link,
                                       .store = d->store,
                                       .inbox = d->inbox };
    int st = desk_new(&desk, &d->desk);
    if (st != ST_OK) return fail("tray or keys cannot be opened", status_str(st));
    if (open_page(d, err, sizeof err) != ST_OK) return fail("the page cannot be set up", err);
    const struct run_options o = { .source = desk_source(d->desk),
                                   .node = collect_node(d->collect),
                                   .store = d->store,
                                   .link = d->link,
                                   .clock = clock_posix(),
                                   .control = desk_control,
                                   .control_ctx = d->desk,
                                   .turn = desk_turn };
    st = run_new(&o, &d->run);
    if (st == ST_OK) {
        log_write(LOG_L_INFO, "started", "node=%s worker=%s", conf_text(d->conf, "collector.node"),
                  conf_text(d->conf, "collector.worker"));
        st = run_loop(d->run);
    }
    log_write(st == ST_OK ? LOG_L_INFO : LOG_L_ERROR, "stopped", "status=\"%s\" store=%s", status_str(st),
              conf_text(d->conf, "collector.store"));
    return st == ST_OK ? 0 : 1;
}

static void release(struct daemon *d)
{
    inbox_free(&d->inbox);
    desk_http_free(&d->page);
    run_free(&d->run);
    desk_free(&d->desk);
    link_free(&d->link);
    collect_free(&d->collect);
    if (d->signer.ctx) sign_ed25519_ring_free(&d->signer);
    store_lmdb_close(&d->store);
    conf_free(&d->conf);
}

int main(int argc, char **argv)
{
    struct daemon d = { 0 };
    int rc = conf_start(&options_collector, argc, argv, &d.conf);
    if (rc >= 0) return rc;
    rc = sodium_init() < 0 ? 1 : serve(&d);
    release(&d);
    return rc;
}
