/* net_fault.c - see net.h: what befalls lines and machines, drawn from the seed. Kind: E, tests only.
 *
 * Every line and the machines together have a deck of cards, one of each kind, shuffled: so a run that is long enough meets each
 * kind, in another order and company for each seed. A card lasts for a while; what it did is undone before the next. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/it/net.h"

enum {
    LINE_MS_MIN = 500,
    LINE_MS_MORE = 2500,
    LONG_MS_MIN = 17000,
    LONG_MS_MORE = 5000,
    BLOW_MS_MIN = 300,
    BLOW_MS_MORE = 3000,
    DAYS_MAX = 30,
    DAY_MS = 86400000
};
const char *const net_line_names[LINE_KINDS] = {
    "calm",   "delay", "jitter",        "throttle",     "blackhole there",  "blackhole back",  "blackhole",       "long blackhole",
    "closed", "reset", "corrupt there", "corrupt back", "half-close there", "half-close back", "cut frame there", "cut frame back",
};
const char *const net_blow_names[BLOW_KINDS] = {
    "kill worker",
    "kill aggregator",
    "kill the centre's collector",
    "kill an office's collector",
    "stop worker",
    "stop aggregator",
    "stop a collector",
    "worker's disk full",
    "outbox's disk full",
    "centre's clock jumps",
    "an office's clock jumps",
};

static unsigned deal(struct rng *r, unsigned *deck, unsigned *dealt, unsigned kinds)
{
    if (*dealt % kinds == 0)
        for (unsigned i = 0; i < kinds; i++) {
            unsigned j = (unsigned)rng_below(r, i + 1);
            deck[i] = deck[j];
            deck[j] = i;
        }
    return deck[(*dealt)++ % kinds];
}

/* ---- lines ---- */

static void both(struct net_machine *m, struct proxy_weather there, struct proxy_weather back)
{
    proxy_weather(m->proxy, PROXY_THERE, there);
    proxy_weather(m->proxy, PROXY_BACK, back);
}

static void line_clear(struct net_machine *m)
{
    const struct proxy_weather fair = { .blackhole = false };
    both(m, fair, fair);
    proxy_closed(m->proxy, false);
}

static void line_strike(struct net_machine *m, enum net_line line)
{
    static const enum proxy_blow blow[] = { PROXY_CORRUPT, PROXY_HALF_CLOSE, PROXY_PARTIAL };
    if (line == LINE_RESET) proxy_strike(m->proxy, PROXY_THERE, PROXY_RESET);
    if (line < LINE_CORRUPT_THERE) return;
    unsigned at = (unsigned)(line - LINE_CORRUPT_THERE);
    proxy_strike(m->proxy, at % 2 ? PROXY_BACK : PROXY_THERE, blow[at / 2]);
}

static void line_set(struct net_machine *m, enum net_line line, struct rng *r)
{
    const struct proxy_weather fair = { .blackhole = false }, hole = { .blackhole = true };
    const struct proxy_weather slow = { .delay_ms = 20 + (int)rng_below(r, 600) },
                               rough = { .delay_ms = (int)rng_below(r, 50), .jitter_ms = 10 + (int)rng_below(r, 400) },
                               thin = { .bytes_per_s = 500 + (int)rng_below(r, 20000) };
    switch (line) {
    case LINE_DELAY:
        both(m, slow, slow);
        break;
    case LINE_JITTER:
        both(m, rough, rough);
        break;
    case LINE_THROTTLE:
        both(m, thin, thin);
        break;
    case LINE_HOLE_THERE:
        both(m, hole, fair);
        break;
    case LINE_HOLE_BACK:
        both(m, fair, hole);
        break;
    case LINE_HOLE:
    case LINE_LONG_HOLE:
        both(m, hole, hole);
        break;
    case LINE_CLOSED:
        proxy_closed(m->proxy, true);
        break;
    default:
        line_strike(m, line);
        break;
    }
}

static void line_turn(struct net *n, struct net_machine *m, int64_t now)
{
    if (now < m->line_until) return;
    line_clear(m);
    m->line = deal(&n->rng, m->deck, &m->dealt, LINE_KINDS);
    bool lasts = m->line == LINE_LONG_HOLE;
    m->line_until = now + (lasts ? LONG_MS_MIN : LINE_MS_MIN) + (int64_t)rng_below(&n->rng, lasts ? LONG_MS_MORE : LINE_MS_MORE);
    line_set(m, m->line, &n->rng);
    n->lines[m->line]++;
}

/* ---- machines ---- */

static void disk_path(const struct net *n, bool worker, char ret[512])
{
    world_path(worker ? &n->centre : &n->m[1].own, worker ? "worker/stuffing" : "collector/stuffing", ret);
}

static void fill(const struct net *n, bool worker)
{
    static const char zeros[65536];
    char path[512];
    disk_path(n, worker, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, zeros, sizeof zeros) > 0) {
    }
    if (fd >= 0) close(fd);
}

static void set_clock(struct net *n, struct world *w, int64_t ms)
{
    if (!world_clock_set(w, ms)) history_fault(&n->h, "a clock cannot be moved");
}

/* Days to and fro. While the centre's clock stands before an office's register line begins, that office has to wait: calm puts it
 * right. */
static void jump(struct net *n, struct world *w)
{
    int64_t days = (int64_t)rng_below(&n->rng, 2 * DAYS_MAX + 1) - DAYS_MAX;
    set_clock(n, w, days * DAY_MS + (int64_t)rng_below(&n->rng, DAY_MS));
}

static void hit(struct net *n, struct world *w, enum world_part part, int sig)
{
    n->hit = sig == SIGSTOP ? w : NULL;
    n->hit_part = part;
    (void)world_signal(w, part, sig);
}

static void blow_set(struct net *n, enum net_blow blow)
{
    struct world *office = &n->m[1 + rng_below(&n->rng, NET_MACHINES - 1)].own;
    switch (blow) {
    case BLOW_KILL_WORKER:
        hit(n, &n->centre, WORLD_WORKER, SIGKILL);
        break;
    case BLOW_KILL_AGGREGATOR:
        hit(n, &n->centre, WORLD_AGGREGATOR, SIGKILL);
        break;
    case BLOW_KILL_LOCAL:
        hit(n, &n->centre, WORLD_COLLECTOR, SIGKILL);
        break;
    case BLOW_KILL_COLLECTOR:
        hit(n, office, WORLD_COLLECTOR, SIGKILL);
        break;
    case BLOW_STOP_WORKER:
        hit(n, &n->centre, WORLD_WORKER, SIGSTOP);
        break;
    case BLOW_STOP_AGGREGATOR:
        hit(n, &n->centre, WORLD_AGGREGATOR, SIGSTOP);
        break;
    case BLOW_STOP_COLLECTOR:
        hit(n, office, WORLD_COLLECTOR, SIGSTOP);
        break;
    case BLOW_DISK_WORKER:
        fill(n, true);
        break;
    case BLOW_DISK_OUTBOX:
        fill(n, false);
        break;
    case BLOW_CLOCK_CENTRE:
        jump(n, &n->centre);
        break;
    case BLOW_CLOCK_OFFICE:
        jump(n, office);
        break;
    case BLOW_KINDS:
        break;
    }
}

static void blow_undo(struct net *n)
{
    char path[512];
    if (n->hit) (void)world_signal(n->hit, n->hit_part, SIGCONT);
    n->hit = NULL;
    for (int worker = 0; worker < 2; worker++) {
        disk_path(n, worker, path);
        (void)unlink(path);
    }
}

static void blow_turn(struct net *n, int64_t now)
{
    if (now < n->blow_until) return;
    blow_undo(n);
    n->blow = deal(&n->rng, n->deck, &n->dealt, BLOW_KINDS);
    n->blow_until = now + BLOW_MS_MIN + (int64_t)rng_below(&n->rng, BLOW_MS_MORE);
    blow_set(n, n->blow);
    n->blows[n->blow]++;
}

void net_fault(struct net *n)
{
    int64_t now = world_ms();
    for (unsigned i = 1; i < NET_MACHINES; i++) line_turn(n, &n->m[i], now);
    blow_turn(n, now);
}

void net_calm(struct net *n)
{
    set_clock(n, &n->centre, 0);
    for (unsigned i = 1; i < NET_MACHINES; i++) set_clock(n, &n->m[i].own, 0);
    for (unsigned i = 1; i < NET_MACHINES; i++) line_clear(&n->m[i]);
    blow_undo(n);
}
