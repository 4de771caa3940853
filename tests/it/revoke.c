/* revoke.c - P6 with the real daemons: revoke BIN [ROUNDS]. Many offices state figures over connections that stay open; at random
 * moments one of them is revoked with `rekap office revoke`, while its batches are on their way. Then the worker is stopped and its
 * log read: no batch of an office may stand behind the record of its revocation, and none that was sent after the command had
 * returned may be there at all. Nobody waits for ACKs, so batches of an office lie in every queue there is when it is revoked. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rng.h"
#include "tests/it/attack_speaker.h"
#include "tests/sim/revoke.h"

enum { LINES = 6, PER_LINE = 4, OFFICES = LINES * PER_LINE,
       GREET_MS = 20 * 1000, COMMAND_MS = 30 * 1000, SEND_MS = 5000, MORE_MS = 60 * 1000, GAP_BATCHES = 400, LATE_BATCHES = 100 };

struct state {
    struct attack a;
    struct attack_office office[OFFICES];
    struct speaker s[OFFICES];
    pthread_t thread[LINES];
    unsigned line_of[LINES];            /* 0, 1, 2 .. : what a thread is given */
    atomic_bool stop, revoked[OFFICES]; /* the command has returned */
    atomic_ullong sent, late;           /* late: begun after that */
};
static struct state st;

/* One connection for PER_LINE offices: they take turns on it, and their messages are in one order. */
static void *push(void *arg)
{
    unsigned line = *(const unsigned *)arg;
    struct speaker *first = &st.s[line * PER_LINE];
    struct field f[FIELDS_MAX];
    for (unsigned n = 0; !atomic_load(&st.stop); n++) {
        unsigned o = line * PER_LINE + n % PER_LINE;
        bool late = atomic_load(&st.revoked[o]);
        struct slice frame = speaker_batch(&st.s[o], st.office[o].id, 1 + n % 3, n % ATTACK_LEAVES, (int64_t)n + 1);
        if (!curve_send(&first->c, frame, false, SEND_MS)) break;
        atomic_fetch_add(&st.sent, 1);
        atomic_fetch_add(&st.late, late);
        if (speaker_await(first, MSG_BYE, f, 1) < 0) break;     /* reads what there is, and sets the pace */
    }
    return NULL;
}

static bool open_line(unsigned line)
{
    struct speaker *first = &st.s[line * PER_LINE];
    bool ok = speaker_greet(first, 0, GREET_MS);
    for (unsigned i = 0; ok && i < PER_LINE; i++) {
        struct speaker *s = &st.s[line * PER_LINE + i];
        struct curve shared = first->c;
        s->c = shared;
        ok = speaker_open(s, GREET_MS);
        first->c = s->c;
        if (i > 0) s->c = (struct curve){ .fd = -1 };
    }
    return ok && pthread_create(&st.thread[line], NULL, push, &st.line_of[line]) == 0;
}

static bool begin(const char *bin)
{
    bool ok = attack_make(&st.a, bin);
    for (unsigned i = 0; ok && i < OFFICES; i++) {
        snprintf(st.office[i].id, sizeof st.office[i].id, "gen-3374-%u", 60 + i);
        ok = world_office(&st.a.w, st.office[i].id, ATTACK_REGION) && attack_keys(st.a.w.dir, &st.office[i]);
        if (ok) speaker_init(&st.s[i], &st.a, &st.office[i], (uint8_t)(100 + i / PER_LINE));
    }
    for (unsigned i = 0; i < LINES; i++) st.line_of[i] = i;
    for (unsigned i = 0; ok && i < LINES; i++) ok = open_line(i);
    world_check(ok, "the offices do not come up");
    if (!ok) world_logs(&st.a.w);
    return ok;
}

struct counting { const atomic_ullong *count; unsigned long long until; };
static bool counted(void *ctx)
{
    const struct counting *c = ctx;
    return atomic_load(c->count) >= c->until;
}

/* Until that many more batches were sent, or sent late. */
static void wait_for(const atomic_ullong *count, unsigned long long more, const char *what)
{
    struct counting c = { count, atomic_load(count) + more };
    world_check(world_until(MORE_MS, counted, &c), "the offices send no %s", what);
}

static void revoke_some(unsigned rounds)
{
    struct rng r;
    rng_seed(&r, 7);
    for (unsigned i = 0; i < rounds && i < OFFICES; i++) {
        unsigned o = (unsigned)rng_below(&r, OFFICES);
        while (atomic_load(&st.revoked[o])) o = (o + 1) % OFFICES;
        const char *const args[] = { "office", "revoke", st.office[o].id, NULL };
        wait_for(&st.sent, rng_below(&r, GAP_BATCHES), "more batches");
        world_check(world_rekap(&st.a.w, COMMAND_MS, args) == 0, "%s cannot be revoked", st.office[o].id);
        atomic_store(&st.revoked[o], true);
    }
    wait_for(&st.late, LATE_BATCHES, "batches after a revocation");
}

static void read_log(unsigned rounds)
{
    const struct store_lmdb_options options = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct revoke_count n = { 0 };
    struct store *store = NULL;
    char dir[512], err[512] = "";
    world_check(world_down(&st.a.w), "the installation does not stop");
    world_path(&st.a.w, "worker/ledger", dir);
    bool ok = store_lmdb_open(dir, &options, &store, err, sizeof err) == ST_OK && revoke_scan(store, &n) == ST_OK;
    store_lmdb_close(&store);
    world_check(ok, "the ledger cannot be read: %s", err);
    world_note("%u connections, %u offices, %llu batches sent, %llu of them after their office's revocation had returned; log: "
               "%llu records, %llu batches, %llu revocations, %llu batches behind theirs",
               LINES, OFFICES, (unsigned long long)atomic_load(&st.sent), (unsigned long long)atomic_load(&st.late),
               (unsigned long long)n.records, (unsigned long long)n.batches, (unsigned long long)n.revocations,
               (unsigned long long)n.after);
    world_check(n.after == 0, "%llu batches stand behind their office's revocation", (unsigned long long)n.after);
    world_check(n.revocations == rounds && n.batches > 0 && atomic_load(&st.late) > 0, "too little happened to show anything");
    world_check(n.batches + atomic_load(&st.late) <= atomic_load(&st.sent), "a batch sent after the revocation is in the log");
}

int main(int argc, char **argv)
{
    if (argc < 2) return fprintf(stderr, "revoke BIN [ROUNDS]\n"), 2;
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 16;
    if (rounds > OFFICES - LINES) rounds = OFFICES - LINES;
    if (begin(argv[1])) {
        revoke_some(rounds);
        atomic_store(&st.stop, true);
        for (unsigned i = 0; i < LINES; i++) pthread_join(st.thread[i], NULL);
        read_log(rounds);
    }
    for (unsigned i = 0; i < OFFICES; i++)
        if (st.s[i].a) speaker_done(&st.s[i]);
    attack_free(&st.a);
    return world_done();
}
