/* net.c - statements of offices on other machines while their lines and everybody's machines are troubled.
 *
 *   net BIN SEED SECONDS
 *
 * Four clients push figures with `rekap push`, one at the centre and three at offices behind proxies; a fifth reads rollups over
 * HTTP. For SECONDS everything of net_fault.c happens, drawn from SEED; then it stops, and everything that was pushed must be
 * acknowledged and visible within SETTLE_MS (P10). Then history_check explains all that was seen from the ledger (P1, P2, P3, P8),
 * and every kind of trouble must have come up. The seed decides everything but the scheduling. */
#include "tests/it/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PUSH_MS = 40 * 1000, WAIT_S = 3, READ_PAUSE_MS = 40, SETTLE_MS = 60 * 1000, ALL_KINDS_SECONDS = 50, LOOK_MS = 10 };

/* ---- clients ---- */

static void note_acked(struct net_machine *m)
{
    json_t *j = world_status(m->w, WORLD_COLLECTOR);
    const json_t *list = json_object_get(j, "offices");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        if (!strcmp(world_text(o, "office"), m->net->h.o[m->number].id))
            history_acked(&m->net->h, m->number, (uint64_t)world_number(o, "acked"));
    }
    json_decref(j);
}

/* One `rekap push`, now and then with --wait. At the centre a push that waited to a good end promises that a query shows it. */
static void push(struct net_machine *m)
{
    struct history *h = &m->net->h;
    char path[512], below[64];
    struct buf csv;
    bool wait = rng_chance(&m->rng, 1, 3);
    snprintf(below, sizeof below, "push-%u.csv", m->number);
    world_path(m->w, below, path);
    buf_init(&csv, 1 << 16);
    history_file(h, m->number, 1 + (unsigned)rng_below(&m->rng, HISTORY_ROWS_MAX), rng_below(&m->rng, HISTORY_LEAVES), &csv);
    bool written = buf_ok(&csv) && world_write(path, csv.p, csv.n);
    buf_done(&csv);
    const char *const args[] = { "push", "--office", h->o[m->number].id, path, wait ? "--wait" : NULL, "--timeout", "3", NULL };
    int rc = written ? world_rekap(m->w, PUSH_MS, args) : -1;
    /* 1 with --wait: kept, not acknowledged in time; anything else that is not 0 may have left the file in the tray or not */
    history_pushed(h, m->number, rc == 0, wait && rc == 0 && m->number == NET_LOCAL);
    m->pushes++;
    m->waits += wait;
    m->failed += rc != 0;
}

static void *client(void *self)
{
    struct net_machine *m = self;
    while (!atomic_load(&m->net->stop)) {
        push(m);
        if (rng_chance(&m->rng, 1, 2)) note_acked(m);
        if (rng_chance(&m->rng, 1, 4)) world_pause((int)rng_below(&m->rng, 400));
    }
    return NULL;
}

/* ---- reads ---- */

static bool sen_of(const char *text, int64_t *ret)
{
    long long rupiah = 0;
    int cents = 0, n = 0;
    if (sscanf(text, "%lld.%2d%n", &rupiah, &cents, &n) != 2 || text[n]) return false;
    *ret = rupiah * 100 + cents;
    return true;
}

static bool fill_rows(const json_t *rows, struct history_read *r)
{
    bool ok = true;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        unsigned leaf = 0;
        ok = ok && sscanf(world_text(row, "code"), "1.06.01.2.01.%4u", &leaf) == 1 && leaf >= 1 && leaf <= HISTORY_LEAVES &&
             sen_of(world_text(row, "realised"), &r->value[leaf - 1]);
    }
    return ok;
}

/* office -1: the total of the province. `promised` is taken before the question is sent. */
static void read_one(struct net *n, int office)
{
    char target[200];
    struct history_read r = { .office = office };
    if (office == NET_LOCAL) r.promised = __atomic_load_n(&n->h.o[NET_LOCAL].promised, __ATOMIC_ACQUIRE);
    if (office < 0)
        snprintf(target, sizeof target, "/api/v1/rollup?region=33&year=%d&until=12", HISTORY_YEAR);
    else
        snprintf(target, sizeof target, "/api/v1/rollup?region=33.74&office=%s&year=%d&until=12&level=subkegiatan",
                 n->h.o[office].id, HISTORY_YEAR);
    json_t *j = world_get(&n->centre, target);
    if (!j) return;
    const json_t *position = json_object_get(json_object_get(j, "as_of"), "position");
    r.position = (uint64_t)world_number(position, "w1");
    /* found here: right after a start answers named no worker, so nobody knew what they were of */
    if (!json_object_get(position, "w1")) history_fault(&n->h, "stale: an answer without a position");
    bool ok = office < 0 ? sen_of(world_text(json_object_get(j, "total"), "realised"), &r.value[0])
                         : fill_rows(json_object_get(j, "rows"), &r);
    if (ok)
        history_read(&n->h, &r);
    else
        history_fault(&n->h, "phantom: %s cannot be understood", target);
    json_decref(j);
}

/* ---- the run ---- */

static void trouble(struct net *n, int seconds)
{
    int64_t end = world_ms() + seconds * INT64_C(1000), next_read = 0;
    int turn = 0;
    while (world_ms() < end) {
        net_fault(n);
        if (world_ms() >= next_read) {
            read_one(n, turn++ % (NET_MACHINES + 1) - 1);
            next_read = world_ms() + READ_PAUSE_MS;
        }
        world_pause(LOOK_MS);
    }
}

static bool all_acked(const struct net_machine *m)
{
    json_t *j = world_status(m->w, WORLD_COLLECTOR);
    const json_t *o = json_array_get(json_object_get(j, "offices"), 0);
    bool ok = o && world_number(o, "acked") == world_number(o, "last") && world_number(j, "tray_waiting") == 0;
    json_decref(j);
    return ok;
}

static bool settled(void *ctx)
{
    struct net *n = ctx;
    for (unsigned i = 0; i < NET_MACHINES; i++)
        if (!all_acked(&n->m[i])) return false;
    json_t *worker = world_status(&n->centre, WORLD_WORKER), *a = world_get(&n->centre, "/api/v1/status");
    int64_t lsn = world_number(worker, "lsn");
    bool all = lsn > 0 && world_number(json_array_get(json_object_get(a, "workers"), 0), "applied") == lsn;
    json_decref(worker);
    json_decref(a);
    return all;
}

static void say_what_hangs(struct net *n)
{
    world_logs(&n->centre);
    for (unsigned i = 1; i < NET_MACHINES; i++) {
        json_t *j = world_status(n->m[i].w, WORLD_COLLECTOR);
        char *text = json_dumps(j, JSON_COMPACT);
        world_note("machine %u: %s", i, text ? text : "no answer");
        free(text);
        json_decref(j);
        world_logs(n->m[i].w);
    }
}

static void run(struct net *n, int seconds)
{
    for (unsigned i = 0; i < NET_MACHINES; i++) ASSERT(pthread_create(&n->m[i].client, NULL, client, &n->m[i]) == 0);
    trouble(n, seconds);
    atomic_store(&n->stop, true);
    net_calm(n);
    int64_t t0 = world_ms();
    for (unsigned i = 0; i < NET_MACHINES; i++) pthread_join(n->m[i].client, NULL);
    bool ok = world_until(SETTLE_MS, settled, n);
    world_note("when it was over: all acknowledged and visible after %lld ms", (long long)(world_ms() - t0));
    world_check(ok, "not everything is acknowledged and visible %d s after the last fault", SETTLE_MS / 1000);
    if (!ok) say_what_hangs(n);
    for (unsigned i = 0; i < NET_MACHINES; i++) note_acked(&n->m[i]);
    for (int i = -1; i < NET_MACHINES; i++) read_one(n, i);
}

static void report(struct net *n, int seconds)
{
    struct proxy_counts c, all = { 0 };
    unsigned never = 0; /* kinds that did not come up: on a busy machine some, most must */
    for (unsigned i = 0; i < NET_MACHINES; i++) {
        const struct net_machine *m = &n->m[i];
        world_note("%s: %u pushes, %u with --wait, %u did not end well, %zu statements, %llu acknowledged", n->h.o[i].id, m->pushes,
                   m->waits, m->failed, n->h.o[i].n, (unsigned long long)n->h.o[i].acked);
        if (!m->proxy) continue;
        proxy_counts(m->proxy, &c);
        all.connections += c.connections, all.refused += c.refused;
        for (unsigned b = 0; b < PROXY_BLOWS; b++) all.blows[b] += c.blows[b];
    }
    for (unsigned k = 0; k < LINE_KINDS; k++) {
        world_note("line: %-18s %u", net_line_names[k], n->lines[k]);
        never += n->lines[k] == 0;
    }
    for (unsigned k = 0; k < BLOW_KINDS; k++) {
        world_note("machine: %-26s %u", net_blow_names[k], n->blows[k]);
        never += n->blows[k] == 0;
    }
    world_note("proxies: %llu connections, %llu turned away; hit: %llu reset, %llu corrupted, %llu half closed, %llu cut",
               (unsigned long long)all.connections, (unsigned long long)all.refused, (unsigned long long)all.blows[PROXY_RESET],
               (unsigned long long)all.blows[PROXY_CORRUPT], (unsigned long long)all.blows[PROXY_HALF_CLOSE],
               (unsigned long long)all.blows[PROXY_PARTIAL]);
    if (seconds >= ALL_KINDS_SECONDS)
        world_check(never * 4 <= LINE_KINDS + BLOW_KINDS, "%u of %d kinds of trouble did not come up", never,
                    LINE_KINDS + BLOW_KINDS);
    uint64_t hits = all.blows[PROXY_CORRUPT] + all.blows[PROXY_HALF_CLOSE] + all.blows[PROXY_PARTIAL];
    if (seconds >= ALL_KINDS_SECONDS) world_check(hits > 0, "no connection was ever hit at a byte");
}

static void check(struct net *n)
{
    char dir[512];
    world_check(world_down(&n->centre), "the centre did not stop by itself");
    world_path(&n->centre, "worker/ledger", dir);
    history_check(&n->h, dir);
    world_note("history: %llu records, %llu updates, %zu reads", (unsigned long long)n->h.records, (unsigned long long)n->h.updates,
               n->h.reads);
    for (unsigned i = 0; i < n->h.faults && i < HISTORY_FAULTS; i++) world_note("  %s", n->h.fault[i]);
    world_check(n->h.faults == 0, "the history has %u faults", n->h.faults);
    if (n->h.faults == 0) world_check(history_selftest(&n->h, dir) == 0, "the checker sleeps: %s", n->h.fault[0]);
    world_check(n->h.reads > 10 && n->h.updates > 100, "hardly anything happened");
}

int main(int argc, char **argv)
{
    static struct net n;
    int seconds = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;
    if (seconds < 1) return fprintf(stderr, "net BIN SEED SECONDS\n"), 2;
    n.seed = strtoull(argv[2], NULL, 10);
    rng_seed(&n.rng, n.seed);
    world_note("seed %llu, %d s", (unsigned long long)n.seed, seconds);
    world_check(net_namespace(), "no mounts of its own: neither root nor a user namespace");
    bool ok = world_failures() == 0 && net_begin(&n, argv[1]);
    world_check(ok, "the machines cannot be set up");
    if (ok) {
        run(&n, seconds);
        report(&n, seconds);
        check(&n);
    }
    net_end(&n);
    return world_done();
}
