/* attack.c - the gate under attack, against the real daemons: attack BIN [SECONDS [strict]] [NAME...].
 *
 * Each attack lasts SECONDS while an honest office states one figure after the other. What must hold in every run, however slow the
 * machine: the daemons stay the same processes and under their caps of memory and descriptors, every honest statement is
 * acknowledged, and once the attack is over the descriptors and the memory are given back and every figure is exact. The latencies
 * are printed; `strict` (make attacks) also asserts that the 99th percentile of the honest ACKs stays under ACK_P99_MS.
 *
 * The caps are the product's own (proto/limits.h); nothing is measured against a number of the test's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "proto/limits.h"
#include "tests/it/attack.h"

enum { ACK_P99_MS = 2000, BACK_MS = 120 * 1000, FDS_BACK = 24, SHOWN_MS = 120 * 1000, REACH_MS = 60 * 1000 };

/* The counter, of worker or aggregator, that shows the bound in question was reached. */
static const struct { const char *name; attack_fn run; unsigned part; const char *counter; } ATTACKS[] = {
    { "idle-connections", wire_idle, 0, "cut_young" },
    { "half-greeting", wire_half_greeting, 0, NULL },
    { "half-hello", wire_half_hello, 0, NULL },
    { "slow-bytes", wire_slow, 0, NULL },
    { "garbage", wire_garbage, 0, NULL },
    { "random-commands", wire_commands, 0, NULL },
    { "swollen-commands", wire_swollen, 0, "dropped_multipart" },
    { "unknown-keys", wire_stranger, 0, "refused_keys" },
    { "endless-message", office_endless, 0, "dropped_multipart" },
    { "msgpack-bombs", office_bombs, 0, "FORMAT_SALAH" },
    { "credit-lies", office_credit, 0, NULL },
    { "deaf-office", office_deaf, 0, NULL },
    { "replay", office_replay, 0, "duplicates" },
    { "new-epochs", office_epochs, 0, "MELEBIHI_KREDIT" },
    { "questions", office_questions, 0, "MELEBIHI_KREDIT" },
    { "sessions", office_sessions, 0, "sessions_evicted" },
    { "deaf-follower", office_follower, 0, "dropped_unread" },
    { "local-flood", local_flood, 0, NULL },
    { "http-idle", http_idle, 1, "http_closed" },
    { "http-slow", http_slow, 1, NULL },
    { "http-headers", http_headers, 1, NULL },
    { "http-deaf", http_deaf, 1, NULL },
    { "http-viewers", http_viewers, 1, NULL },
};
enum { ATTACK_COUNT = sizeof ATTACKS / sizeof *ATTACKS };

struct state {
    struct attack a;
    struct honest *honest;
    int64_t ms, total;
    bool strict;
    pid_t pid[2];
    struct meter_look before[2];
    unsigned pushed;
};

static const char *const PARTS[2] = { "worker", "aggregator" };
static const int64_t MEMORY_KIB[2] = { WORKER_MEMORY_MAX >> 10, AGGREGATOR_MEMORY_MAX >> 10 };
static const int64_t KEPT_KIB[2] = { WORKER_MEMORY_KEPT >> 10, AGGREGATOR_MEMORY_KEPT >> 10 };

/* ---- what must hold ---- */

static void check_caps(const struct state *s, const char *name, const struct meter_look most[2])
{
    for (unsigned i = 0; i < 2; i++) {
        world_check(most[i].memory_kib <= MEMORY_KIB[i], "%s: the %s had %lld KiB, its cap is %lld", name, PARTS[i],
                    (long long)most[i].memory_kib, (long long)MEMORY_KIB[i]);
        world_check(most[i].fds <= DESCRIPTORS_MAX, "%s: the %s had %u descriptors, its cap is %d", name, PARTS[i], most[i].fds,
                    DESCRIPTORS_MAX);
    }
    world_check(world_pid(&s->a.w, WORLD_WORKER) == s->pid[0] && world_pid(&s->a.w, WORLD_AGGREGATOR) == s->pid[1],
                "%s: a daemon did not survive", name);
}

static bool is_back(void *ctx)
{
    const struct state *s = ctx;
    for (unsigned i = 0; i < 2; i++) {
        struct meter_look now = meter_look(s->pid[i]);
        if (now.fds > s->before[i].fds + FDS_BACK || now.memory_kib > s->before[i].memory_kib + KEPT_KIB[i]) return false;
    }
    return true;
}

static bool is_shown(void *ctx)
{
    const struct state *s = ctx;
    return attack_total(&s->a, s->a.honest.id) == s->total;
}

/* Everything is as it was: what was held is given back, what was stated is shown. */
static void check_back(struct state *s, const char *name)
{
    struct meter_look now[2];
    bool back = world_until(BACK_MS, is_back, s);
    for (unsigned i = 0; i < 2; i++) now[i] = meter_look(s->pid[i]);
    world_check(back, "%s: descriptors %u and %u (before %u and %u), memory %lld and %lld KiB (before %lld and %lld) are not "
                "given back", name, now[0].fds, now[1].fds, s->before[0].fds, s->before[1].fds, (long long)now[0].memory_kib,
                (long long)now[1].memory_kib, (long long)s->before[0].memory_kib, (long long)s->before[1].memory_kib);
    world_check(world_until(SHOWN_MS, is_shown, s), "%s: the honest office's total is %lld, not %lld", name,
                (long long)attack_total(&s->a, s->a.honest.id), (long long)s->total);
    attack_pushed(&s->a, s->pushed, name);
}

static int64_t counter(const struct state *s, unsigned part, const char *name)
{
    json_t *j = world_status(&s->a.w, part == 0 ? WORLD_WORKER : WORLD_AGGREGATOR);
    const json_t *n = json_object_get(j, "counters");
    int64_t v = world_number(n, name) + world_number(json_object_get(n, "link"), name) +
                world_number(json_object_get(n, "nacks_by_code"), name);
    json_decref(j);
    return v;
}

/* ---- one attack ---- */

static void print_row(const struct attack *a, const char *name, const struct honest_result *r, const struct meter_look most[2])
{
    world_note("| %-16s | %8llu | %7llu | %6u | %5u | %5lld | %5lld | %6lld | %6.1f | %5u | %6.1f | %5u |", name,
               (unsigned long long)a->done, (unsigned long long)a->cut, r->acks, r->again, (long long)r->p50, (long long)r->p99,
               (long long)r->most, (double)most[0].memory_kib / 1024, most[0].fds, (double)most[1].memory_kib / 1024, most[1].fds);
}

/* The attack, as long as was asked for; where a bound must be reached and a slow machine has not got there, longer and longer. */
static void attack_for(struct state *s, attack_fn run, unsigned part, const char *reached)
{
    const int64_t was = reached ? counter(s, part, reached) : 0, end = world_ms() + REACH_MS;
    for (int64_t ms = s->ms;; ms *= 2) {
        if (run) run(&s->a, world_ms() + ms);
        else world_pause((int)ms);
        if (!reached || counter(s, part, reached) > was) return;
        if (world_ms() > end) break;
    }
    world_check(false, "no %s was counted in %d s", reached, REACH_MS / 1000);
}

static void run_one(struct state *s, const char *name, attack_fn run, unsigned part, const char *reached)
{
    struct honest_result r;
    struct meter_look most[2];
    struct meter *m = meter_start(s->pid[0], s->pid[1]);
    bool served = m && honest_begin(s->honest);
    world_check(served, "%s: the honest office is not served before it", name);
    if (!served) return;
    s->a.done = s->a.cut = 0;
    attack_push(&s->a, ++s->pushed);
    attack_for(s, run, part, reached);
    honest_end(s->honest, &r);
    meter_stop(m, most);
    s->total = r.total;
    print_row(&s->a, name, &r, most);
    world_check(r.acks > 0, "%s: no honest statement was acknowledged", name);
    if (s->strict) world_check(r.p99 < ACK_P99_MS, "%s: the 99th percentile of honest acks is %lld ms", name, (long long)r.p99);
    check_caps(s, name, most);
}

/* The daemons keep to what they were started with and to their own cap; only the attacker takes all there is. */
static void take_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return;
    r.rlim_cur = r.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &r);
}

static bool begin(struct state *s, const char *bin)
{
    bool up = attack_make(&s->a, bin);
    world_check(up, "the installation does not start");
    if (!up) return world_logs(&s->a.w), false;
    take_descriptors();
    s->honest = honest_new(&s->a, &s->a.honest);
    s->pid[0] = world_pid(&s->a.w, WORLD_WORKER);
    s->pid[1] = world_pid(&s->a.w, WORLD_AGGREGATOR);
    for (unsigned i = 0; i < 2; i++) s->before[i] = meter_look(s->pid[i]);
    world_note("| attack           |    tried |     cut |   acks | again |   p50 |   p99 |    max | worker |   fds |  aggr. |"
               "   fds |");
    return s->honest != NULL;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], name)) return true;
    return argc == 0;
}

static void run_all(struct state *s, int argc, char **argv)
{
    run_one(s, "none", NULL, 0, NULL);
    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        if (!wanted(ATTACKS[i].name, argc, argv)) continue;
        unsigned failures = world_failures();
        run_one(s, ATTACKS[i].name, ATTACKS[i].run, ATTACKS[i].part, ATTACKS[i].counter);
        check_back(s, ATTACKS[i].name);
        if (world_failures() != failures) world_logs(&s->a.w);
    }
}

int main(int argc, char **argv)
{
    static struct state s;
    if (argc < 2) return fprintf(stderr, "attack BIN [SECONDS [strict]] [NAME...]\n"), 2;
    int at = 2;
    unsigned long seconds = argc > at ? strtoul(argv[at], NULL, 10) : 0;
    at += seconds > 0;
    s.ms = (int64_t)(seconds > 0 ? seconds : 1) * 1000;
    s.strict = argc > at && !strcmp(argv[at], "strict");
    at += s.strict;
    if (begin(&s, argv[1])) run_all(&s, argc - at, argv + at);
    if (s.honest) honest_free(s.honest);
    attack_free(&s.a);
    return world_done();
}
