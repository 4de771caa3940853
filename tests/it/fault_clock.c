/* fault_clock.c - the wall clock of running daemons stands elsewhere from one moment to the next. Kind: E, tests only.
 *
 * The clock is jump.so's, preloaded: a file moves CLOCK_REALTIME of the daemons, the system's clock is never touched. It goes
 * ahead and back by up to four hundred days, and for a while to and fro every few milliseconds. What must hold: nothing is lost or
 * there twice; the times of the log's records never go back; no timer follows the wall clock, so nobody takes a peer for silent,
 * no process ends, no connection is made anew, and what is pushed while the clock is ahead arrives as if it were right. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/codec.h"
#include "proto/store.h"
#include "tests/it/fault.h"
#include "worker/ledger.h"

enum { SETTLE_MS = 30 * 1000, FLUTTER_MS = 7, AHEAD_DAYS = 390 };
static const int64_t HOUR = 3600 * 1000, DAY = INT64_C(86400) * 1000;

/* ---- nobody is taken for silent, nothing ends ---- */

struct calm { pid_t pid[WORLD_PARTS]; int64_t expired, evicted; };

static struct calm calm_now(const struct fault *f)
{
    struct calm c = { .expired = fault_counter(f, "sessions_expired"), .evicted = fault_counter(f, "sessions_evicted") };
    for (unsigned p = 0; p < WORLD_PARTS; p++) c.pid[p] = world_pid(&f->w, p);
    return c;
}

static void still_calm(const struct fault *f, const struct calm *was, const char *when)
{
    struct calm is = calm_now(f);
    for (unsigned p = 0; p < WORLD_PARTS; p++)
        world_check(is.pid[p] == was->pid[p] && is.pid[p] > 0, "%s: the %s has ended", when, world_names[p]);
    world_check(is.expired == was->expired && is.evicted == was->evicted, "%s: a peer was taken for silent", when);
}

/* ---- jumps ---- */

/* Behind the day on which the office was registered it has to wait: that settles when the clock is right again. */
static void jump(struct fault *f, int64_t ms, unsigned file)
{
    char when[64];
    struct calm was = calm_now(f);
    snprintf(when, sizeof when, "clock at %+lld s", (long long)(ms / 1000));
    world_check(world_clock_set(&f->w, ms), "the clock cannot be moved");
    world_check(fault_push(f, 0, file, file + 1, NULL) == 0, "%s: a push is not kept", when);
    if (ms >= 0) world_check(world_settled(&f->w, f->pushed, SETTLE_MS), "%s: what was pushed does not arrive", when);
    still_calm(f, &was, when);
}

struct flutter { const struct world *w; atomic_bool stop; };

static void *to_and_fro(void *arg)
{
    struct flutter *fl = arg;
    for (unsigned n = 0; !atomic_load(&fl->stop); n++, world_pause(FLUTTER_MS))
        (void)world_clock_set(fl->w, (n % 2 ? DAY : 0) + (int64_t)(n % 5) * HOUR);
    return NULL;
}

static void flutter(struct fault *f, unsigned from, unsigned to)
{
    struct flutter fl = { .w = &f->w };
    struct calm was = calm_now(f);
    pthread_t t;
    if (pthread_create(&t, NULL, to_and_fro, &fl) != 0) {
        world_check(false, "no thread");
        return;
    }
    for (unsigned file = from; file < to; file++)
        world_check(fault_push(f, 0, file, file + 1, "--wait") == 0, "a push while the clock goes to and fro");
    still_calm(f, &was, "clock to and fro");
    atomic_store(&fl.stop, true);
    pthread_join(t, NULL);
}

/* ---- the log ---- */

static uint64_t walk(struct store_txn *t, bool *ret_back, int64_t *ret_last)
{
    struct slice bytes;
    struct record r;
    uint64_t lsn = 0;
    int64_t last = INT64_MIN;
    while (ledger_record(t, lsn + 1, &bytes) == ST_OK && codec_record_parse(bytes, &r) == ST_OK) {
        *ret_back |= r.at.ms < last;
        last = r.at.ms;
        lsn++;
    }
    *ret_last = last;
    return lsn;
}

static void times_never_go_back(const struct fault *f)
{
    const struct store_lmdb_options o = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct store *store = NULL;
    struct store_txn *t = NULL;
    char dir[512], err[512] = "";
    bool back = false;
    int64_t last = 0;
    world_path(&f->w, "worker/ledger", dir);
    bool ok = store_lmdb_open(dir, &o, &store, err, sizeof err) == ST_OK && store_begin(store, false, &t) == ST_OK;
    world_check(ok && walk(t, &back, &last) > LOAD_FILES, "the log cannot be read: %s", err);
    world_check(!back, "the time of a record is before that of the one before it");
    /* a clock that nobody moved would pass all of the above */
    world_check(last > (int64_t)time(NULL) * 1000 + AHEAD_DAYS * DAY,
                "the jump ahead was not seen: the last record is of %lld", (long long)last);
    store_abort(&t);
    store_lmdb_close(&store);
}

static bool up_with_clock(struct fault *f, const char *bin)
{
    if (!fault_begin(f, bin, 1)) return false;
    return world_clock_make(&f->w) && world_down(&f->w) && world_up(&f->w);
}

void fault_clock(const char *bin)
{
    static struct fault f;
    const int64_t at[] = { HOUR, 0, -HOUR, 0, 30 * DAY, -30 * DAY, 1, 400 * DAY, 399 * DAY, -400 * DAY, 0 };
    enum { JUMPS = sizeof at / sizeof *at };
    unsigned file = 2;
    if (up_with_clock(&f, bin) && fault_push(&f, 0, 0, file, "--wait") == 0) {
        for (unsigned i = 0; i < JUMPS; i++) jump(&f, at[i], file++);
        flutter(&f, file, LOAD_FILES);
        world_check(world_clock_set(&f.w, 0), "the clock cannot be put right");
        fault_exact(&f, 1, "after the clock's jumps");
        world_check(world_down(&f.w), "it does not stop by itself");
        times_never_go_back(&f);
    } else {
        world_check(false, "the installation does not start");
    }
    fault_end(&f);
}
