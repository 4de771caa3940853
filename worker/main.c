/* main.c - rekap-worker: wiring only. Kind: E.
 *
 * Order of start: configuration, keys, registry, store (one owner), node, network, loop. Whatever is wrong is said in one line and
 * ends the start; nothing is replaced by a default. It ends with an orderly stop at SIGTERM, or at once when a commit's outcome is
 * unknown. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "proto/log.h"
#include "worker/control.h"
#include "worker/door.h"
#include "worker/options.h"
#include "worker/settings.h"

struct daemon {
    struct conf *conf;
    struct store *store;
    struct settings settings;
    struct control c;
    char err[512];
};

static int fail(const char *what, const char *why)
{
    log_write(LOG_L_ERROR, what, "reason=\"%s\"", why);
    return 1;
}

static int make_node(struct daemon *d)
{
    struct work_options *o = &d->settings.options;
    if (settings_read(d->conf, &d->settings, d->err, sizeof d->err) != ST_OK) return ST_INVALID;
    randombytes_buf(o->identity.incarnation, sizeof o->identity.incarnation);
    if (office_open(&d->settings.office, &d->c.book, d->err, sizeof d->err) != ST_OK) return ST_INVALID;
    snprintf(d->err, sizeof d->err, "no memory");
    if (work_new(o, &d->c.work) != ST_OK) return ST_NO_MEMORY;
    work_set_registry(d->c.work, office_registry(d->c.book));
    work_set_invites(d->c.work, office_invites(d->c.book));
    return ST_OK;
}

static int open_store(struct daemon *d)
{
    const struct store_lmdb_options o = {
        .tables = ledger_tables, .map_bytes = (uint64_t)conf_int(d->conf, "worker.map"), .kind = "ledger", .format = LEDGER_FORMAT
    };
    return store_lmdb_open(conf_text(d->conf, "worker.store"), &o, &d->store, d->err, sizeof d->err);
}

static int loop(struct daemon *d)
{
    const struct run_options o = { .node = work_node(d->c.work), .store = d->store, .link = d->c.link, .clock = d->c.clock,
                                   .control = control_answer, .control_ctx = &d->c, .turn = control_turn,
                                   .after = control_after };
    int st = run_new(&o, &d->c.run);
    if (st == ST_OK) {
        log_write(LOG_L_INFO, "started", "worker=%s listen=%s", conf_text(d->conf, "worker.id"),
                  conf_text(d->conf, "worker.listen"));
        st = run_loop(d->c.run);
    }
    if (st == ST_VERSION)
        log_write(LOG_L_ERROR, "ledger and configuration do not fit", "reason=\"%s\"",
                  "another worker id or number, another format, or a registry with fewer lines than the ledger has logged");
    log_write(st == ST_OK ? LOG_L_INFO : LOG_L_ERROR, "stopped", "status=\"%s\" store=%s", status_str(st),
              conf_text(d->conf, "worker.store"));
    return st == ST_OK ? 0 : 1;
}

static int serve(struct daemon *d)
{
    d->c.clock = clock_posix();
    d->c.register_path = conf_text(d->conf, "worker.registry");
    if (make_node(d) != ST_OK) return fail("settings cannot be used", d->err);
    if (open_store(d) != ST_OK) return fail("store cannot be opened", d->err);
    const struct door door = { d->conf, &d->settings, d->c.work, d->c.book };
    d->c.store = d->store;
    d->c.scrub = (struct scrub){ .tables = ledger_tables, .row = ledger_scrub_row, .ctx = &d->c.chain };
    if (door_open(&door, &d->c.link, d->err, sizeof d->err) != ST_OK) return fail("network cannot be set up", d->err);
    return loop(d);
}

static void release(struct daemon *d)
{
    run_free(&d->c.run);
    backup_free(&d->c.backup);
    link_free(&d->c.link);
    work_free(&d->c.work);
    office_close(&d->c.book);
    settings_done(&d->settings);
    store_lmdb_close(&d->store);
    conf_free(&d->conf);
}

int main(int argc, char **argv)
{
    struct daemon d = { 0 };
    int rc = conf_start(&options_worker, argc, argv, &d.conf);
    if (rc >= 0) return rc;
    rc = sodium_init() < 0 ? fail("start", "libsodium") : serve(&d);
    release(&d);
    return rc;
}
