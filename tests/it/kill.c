/* kill.c - kill -9 of each daemon between the first and the last ack of a push of 100.000 updates, again and again.
 *
 *   kill BIN SEED COUNT PER_PUSH DAEMON...
 *
 * A push is fed as the offices would: checked files arrive in the tray while the acks of earlier ones come in, never more than
 * FEED_AHEAD of the push ahead of the acks. At PER_PUSH moments, uniform over the acked share, many files come at once and the
 * daemon is killed while they are worked on; `up` starts it again. The last file is fed only after the last kill, so every kill
 * falls between the first and the last ack. After each kill nothing acknowledged may be missing, and when all that was fed has
 * settled every rollup and counter must be exact; in the end every update of the log is compared with what was stated
 * (kill_ledger.c). The seed decides everything but the scheduling. */
#include "tests/it/kill.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "collector/intake.h"

enum { FEED_AHEAD = LOAD_UPDATES / 25, FEED_FILES = 12, FILES = LOAD_OFFICES * LOAD_FILES,     /* feeding */
       BURST_FILES = 48, MOMENT_NS = 25 * 1000 * 1000, FRESH_MAX = 2000,        /* striking */
       KILLS_PER_PUSH_MAX = 64, LAST_SHARE_PERMILLE = 970, BUSY_PERCENT = 25,
       BACK_MS = 20 * 1000, PUSH_MS = 300 * 1000, SETTLE_MS = 60 * 1000 };

/* ---- feeding ---- */

static bool put_tray(struct kill *k, const struct intake *in, const struct load_office *o, unsigned file)
{
    char id[64], name[64], below[128], from[512], to[512];
    struct buf b;
    snprintf(id, sizeof id, "%lld-%08llu", (long long)k->tray_ms, (unsigned long long)k->tray_number++);
    snprintf(name, sizeof name, "%u-%02u.csv", k->load.year, file);
    const struct tray head = {.id = slice_of(id, strlen(id)),
                              .office = slice_of(o->id, strlen(o->id)),
                              .file = slice_of(name, strlen(name)),
                              .clerk = slice_of("", 0),
                              .entered = {k->tray_ms}};
    buf_init(&b, TRAY_BYTES_MAX);
    intake_tray(in, &head, &b);
    world_path(&k->w, "tray.tmp", from);
    snprintf(below, sizeof below, "collector/tray/%s.tray", id);
    world_path(&k->w, below, to);
    bool ok = buf_ok(&b) && world_write(from, b.p, b.n) && rename(from, to) == 0;
    buf_done(&b);
    return ok;
}

bool kill_feed(struct kill *k)
{
    if (k->fed == FILES) return false;
    unsigned office = k->fed % LOAD_OFFICES, file = k->fed / LOAD_OFFICES;
    const struct load_office *o = &k->load.o[office];
    const struct intake_options options = {
        .office = slice_of(o->id, strlen(o->id)), .clerk = slice_of("", 0), .entered = {k->tray_ms}};
    struct intake *in = NULL;
    struct buf csv;
    buf_init(&csv, INTAKE_FILE_BYTES_MAX);
    load_csv(&k->load, office, file, &csv);
    int st = buf_ok(&csv) ? intake_read(buf_slice(&csv), &options, &in) : ST_NO_MEMORY;
    ASSERT(st == ST_OK && in->refused == 0 && in->duplicate == 0 && put_tray(k, in, o, file));
    k->fed_updates += in->rows;
    k->fed++;
    intake_free(&in);
    buf_done(&csv);
    return true;
}

/* A few files, as long as they are not too far ahead of the acks; then the collector is told to look. */
static void feed(struct kill *k, uint64_t acked, unsigned files)
{
    unsigned n = 0;
    while (n < FEED_FILES && k->fed < files && k->fed_updates < acked + FEED_AHEAD && kill_feed(k)) n++;
    if (n) json_decref(world_ask(&k->w, WORLD_COLLECTOR, "{\"verb\":\"push\"}", 200));
}

/* ---- one kill ---- */

struct coming { const struct world *w; enum world_part part; pid_t old; };
static bool is_back(void *ctx)
{
    const struct coming *c = ctx;
    pid_t pid = world_pid(c->w, c->part);
    return pid > 0 && pid != c->old && world_answers(c->w, c->part) &&
           (c->part != WORLD_AGGREGATOR || world_get_status(c->w, "/healthz", NULL) == 200);
}

static bool is_there(void *ctx)
{
    const struct coming *c = ctx;
    pid_t pid = world_pid(c->w, c->part);
    return pid > 0 && pid != c->old;
}

static int64_t applied(const struct kill *k)
{
    json_t *j = world_get(&k->w, "/api/v1/status");
    int64_t n = j ? world_number(json_array_get(json_object_get(j, "workers"), 0), "applied") : -1;
    json_decref(j);
    return n;
}

/* Many files at once, and the kill at any moment of what the daemons then do: reading, signing, committing, answering, resting. */
static bool strike(struct kill *k, enum world_part part)
{
    const struct timespec moment = { 0, (long)rng_below(&k->rng, MOMENT_NS) };
    pid_t victim = world_pid(&k->w, part);
    struct pollfd death = { .fd = victim > 0 ? pidfd_open(victim, 0) : -1, .events = POLLIN };
    for (unsigned n = 0; n < BURST_FILES && k->fed < FILES - 1; n++) (void)kill_feed(k);
    json_decref(world_ask(&k->w, WORLD_COLLECTOR, "{\"verb\":\"push\"}", 200));
    /* waited for: the daemon's death by its own hand, which would be a fault; that it lives till the moment is the rule */
    bool lives = death.fd >= 0 && ppoll(&death, 1, &moment, NULL) == 0;
    if (death.fd >= 0) close(death.fd);
    return lives && kill(victim, SIGKILL) == 0;
}

static uint64_t sum(const uint64_t n[LOAD_OFFICES])
{
    uint64_t all = 0;
    for (unsigned i = 0; i < LOAD_OFFICES; i++) all += n[i];
    return all;
}

/* What was acknowledged and on its way at the kill: the collector knows, or, when it is the one that died, the worker. */
static bool look_at_the_dead(struct kill *k, enum world_part part, uint64_t had[LOAD_OFFICES], struct kill_sample *s)
{
    uint64_t held[LOAD_OFFICES];
    bool ok = part == WORLD_COLLECTOR ? kill_held(k, held) : kill_acked(k, had);
    s->waiting = ok ? k->fed_updates - sum(part == WORLD_COLLECTOR ? held : had) : 0;
    s->acked = ok ? sum(had) - k->before : 0;
    return ok;
}

/* Kills and waits until a new process answers; nothing acknowledged may be missing from the worker, nothing shown may go back. */
static bool kill_back(struct kill *k, enum world_part part, struct kill_sample *s)
{
    struct coming c = { &k->w, part, world_pid(&k->w, part) };
    uint64_t had[LOAD_OFFICES];
    int64_t shown = applied(k);
    bool known = kill_acked(k, had);
    if (c.old <= 0 || !strike(k, part)) return world_check(false, "%s is not there to be killed", world_names[part]), false;
    int64_t t0 = world_ms();
    known = look_at_the_dead(k, part, had, s) && known;
    bool there = world_until(BACK_MS, is_there, &c);
    s->there_ms = world_ms() - t0;
    bool back = there && world_until(BACK_MS, is_back, &c);
    s->back_ms = world_ms() - t0;
    world_check(back, "round %u: %s did not come back within %d s", k->round, world_names[part], BACK_MS / 1000);
    if (!back) return false;
    if (known) kill_check_worker(k, had);
    else world_check(false, "round %u: nobody said what is acknowledged", k->round);
    int64_t now = applied(k);
    world_check(now < 0 || shown <= now, "round %u: applied went back from %lld to %lld", k->round, (long long)shown,
                (long long)now);
    return true;
}

static bool kill_once(struct kill *k, enum world_part part)
{
    struct kill_sample s = { .round = k->round };
    struct kill_tally *t = &k->tally[part];
    int64_t t0 = world_ms();
    if (!kill_back(k, part, &s)) return false;
    bool settled = world_settled(&k->w, k->fed_updates, SETTLE_MS);
    s.settled_ms = world_ms() - t0;
    world_check(settled, "round %u: after a kill of %s at %llu acked not everything is acknowledged and visible", k->round,
                world_names[part], (unsigned long long)s.acked);
    if (!settled) return false;
    kill_check_settled(k);
    if (t->kills < KILL_SAMPLES) t->s[t->kills++] = s;
    world_note("kill %u %s: round %u, acked %llu of %d, %llu on their way, there %lld ms, answers %lld ms, settled %lld ms",
               t->kills, world_names[part], k->round, (unsigned long long)s.acked, LOAD_UPDATES, (unsigned long long)s.waiting,
               (long long)s.there_ms, (long long)s.back_ms, (long long)s.settled_ms);
    return true;
}

/* ---- one push ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Feeds until the push is acknowledged, killing at the chosen shares, and never before something new is acknowledged since the kill
 * before. A kill that no longer fits before the last file is left to the next push. False: something did not end in time. */
static bool push(struct kill *k, enum world_part part, unsigned kills)
{
    uint64_t at[KILLS_PER_PUSH_MAX], goal = k->before + LOAD_UPDATES, from = 1;
    unsigned done = 0;
    for (unsigned i = 0; i < kills; i++) at[i] = rng_below(&k->rng, LAST_SHARE_PERMILLE * (LOAD_UPDATES / 1000));
    qsort(at, kills, sizeof *at, by_value);
    for (int64_t end = world_ms() + PUSH_MS; world_ms() < end; world_pause(1)) {
        uint64_t acked = world_acked(&k->w, NULL);
        if (acked == UINT64_MAX) continue;
        if (acked >= goal) return true;
        if (done < kills && (k->fed == FILES - 1 && acked >= k->fed_updates)) done = kills;
        feed(k, acked, done < kills ? FILES - 1 : FILES);
        uint64_t when = done < kills && at[done] > from ? at[done] : from;
        if (done == kills || acked < k->before + when) continue;
        if (!kill_once(k, part)) return false;
        from = k->fed_updates - k->before + 1 + rng_below(&k->rng, FRESH_MAX);
        done++;
    }
    world_check(false, "round %u: the push is not acknowledged after %d s", k->round, PUSH_MS / 1000);
    return false;
}

/* False: it did not end as it should, and what comes after it would mean nothing. */
static bool push_round(struct kill *k, enum world_part part, unsigned kills)
{
    int64_t t0 = world_ms();
    load_make(&k->load, k->seed, k->round);
    k->fed = 0;
    k->fed_updates = k->before;
    unsigned failures = world_failures(), before = k->tally[part].kills;
    bool settled = push(k, part, kills) && world_settled(&k->w, k->before + LOAD_UPDATES, SETTLE_MS);
    world_check(settled, "round %u: not everything is acknowledged and visible", k->round);
    if (settled) kill_check_settled(k);
    world_note("push %u: %s killed %u times, %.1f s", k->round, world_names[part], k->tally[part].kills - before,
               (double)(world_ms() - t0) / 1e3);
    if (world_failures() != failures) world_logs(&k->w);
    if (!settled) return false;
    k->before += LOAD_UPDATES;
    k->round++;
    return true;
}

/* ---- the campaign ---- */

static bool prepare(struct kill *k, const char *bin)
{
    char regions[512];
    if (!world_make(&k->w, bin) || !world_up(&k->w)) return false;
    world_path(&k->w, "registry/region.csv", regions);
    if (!load_offices(&k->load, regions)) return false;
    for (unsigned i = 0; i < LOAD_OFFICES; i++)
        if (!world_office(&k->w, k->load.o[i].id, k->load.o[i].region)) return false;
    return true;
}

static bool part_of(const char *name, enum world_part *ret)
{
    for (unsigned i = 0; i < WORLD_PARTS; i++)
        if (!strcmp(name, world_names[i])) return *ret = (enum world_part)i, true;
    return false;
}

/* A kill of a daemon that rests proves little: many must have come while something was on its way. How many
 * depends on how fast the machine empties a queue: a quick one rests about half of the time. */
static void check_busy(const struct kill_tally *t, const char *name)
{
    unsigned busy = 0;
    for (unsigned i = 0; i < t->kills; i++) busy += t->s[i].waiting > 0;
    world_note("%s: %u of %u kills with updates on their way", name, busy, t->kills);
    if (t->kills >= KILL_DECILES)
        world_check(busy * 100 >= t->kills * BUSY_PERCENT, "%s: only %u of %u kills hit it at work", name, busy, t->kills);
}

static void campaign(struct kill *k, unsigned count, unsigned per_push, int n, char **names)
{
    for (int i = 0; i < n; i++) {
        enum world_part part = WORLD_WORKER;
        ASSERT(part_of(names[i], &part));
        struct kill_tally *t = &k->tally[part];
        for (unsigned last = UINT32_MAX; t->kills < count && t->kills != last;) {
            last = t->kills;
            if (!push_round(k, part, count - t->kills < per_push ? count - t->kills : per_push)) return;
        }
        world_check(t->kills >= count, "%s: only %u kills", names[i], t->kills);
        check_busy(t, names[i]);
    }
}

int main(int argc, char **argv)
{
    static struct kill k;
    if (argc < 6) return fprintf(stderr, "kill BIN SEED COUNT PER_PUSH DAEMON...\n"), 2;
    k.seed = strtoull(argv[2], NULL, 10);
    k.tray_ms = 1767225600000;
    rng_seed(&k.rng, k.seed);
    unsigned long count = strtoul(argv[3], NULL, 10), per_push = strtoul(argv[4], NULL, 10);
    if (per_push < 1 || per_push > KILLS_PER_PUSH_MAX || count < 1 || count > KILL_SAMPLES) return 2;
    bool ok = prepare(&k, argv[1]);
    world_check(ok, "the installation cannot be prepared");
    if (ok) campaign(&k, (unsigned)count, (unsigned)per_push, argc - 5, argv + 5);
    else world_logs(&k.w);
    world_check(world_down(&k.w), "the installation did not stop by itself");
    if (ok) kill_check_ledger(&k, k.round);
    for (unsigned i = 0; i < WORLD_PARTS; i++)
        if (k.tally[i].kills)
            world_check(kill_table(&k, i), "%s: a restart took longer than %d ms", world_names[i], KILL_PROMISED_MS);
    load_free(&k.load);
    world_free(&k.w);
    return world_done();
}
