/* attack_honest.c - an office that does nothing but state its figures, and how long each ACK takes it. Kind: E, tests only.
 *
 * One statement at a time: signed, sent, acknowledged; the time is from the first sending of it to its ACK, whatever came between
 * (a lost connection, an OPEN anew, a second sending). A statement is given up never; at the end the last one is waited for.
 *
 * Invariant: the figures a viewer must see are those of the acknowledged statements: leaf n % ATTACK_LEAVES is n + 1 rupiah. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/it/attack_speaker.h"

enum { ACK_MS = 3000, GREET_MS = 5000, PACE_MS = 10, LAST_MS = 120 * 1000, ACKS_MAX = 1 << 20 };
struct honest {
    struct speaker s;
    pthread_t thread;
    atomic_bool stop;
    bool greeted, late;
    uint64_t n;                         /* statements so far, over all runs */
    unsigned acks, again;
    int32_t *ms;
};

struct honest *honest_new(const struct attack *a, const struct attack_office *o)
{
    struct honest *h = calloc(1, sizeof *h);
    if (h) h->ms = malloc(ACKS_MAX * sizeof *h->ms);
    if (!h || !h->ms) return free(h), NULL;
    speaker_init(&h->s, a, o, 7);
    return h;
}

void honest_free(struct honest *h)
{
    speaker_done(&h->s);
    free(h->ms);
    free(h);
}

/* Is everything up to `last` acknowledged now? */
static bool acked(struct honest *h, uint64_t last)
{
    struct field f[FIELDS_MAX];
    for (int64_t end = world_ms() + ACK_MS; world_ms() < end;) {
        int rc = speaker_await(&h->s, MSG_ACK, f, ACK_MS);
        if (rc <= 0) break;
        if (f[3].u >= last) return true;
    }
    return false;
}

/* Once more from the worker's watermark. True: the statement is in the log already. */
static bool begin_again(struct honest *h, uint64_t last)
{
    h->greeted = speaker_greet(&h->s, 0, GREET_MS) && speaker_open(&h->s, GREET_MS);
    return h->greeted && h->s.next > last;
}

static void state_one(struct honest *h, int64_t deadline)
{
    const uint64_t n = h->n;
    int64_t since = world_ms();
    for (bool done = false, first = true; !done && world_ms() < deadline; first = false) {
        h->again += !first;
        if (!h->greeted) done = begin_again(h, n + 1);
        if (done || !h->greeted) continue;
        struct slice frame = speaker_batch(&h->s, h->s.o->id, 1, (unsigned)(n % ATTACK_LEAVES), (int64_t)(n + 1) * 100);
        done = curve_send(&h->s.c, frame, false, ACK_MS) && acked(h, n + 1);
        h->greeted = done;
        if (done) h->n++;
    }
    if (h->n == n && h->greeted) h->n++;        /* the ACK was lost, the log has it */
    h->late = h->n == n;
    if (h->acks < ACKS_MAX) h->ms[h->acks++] = (int32_t)(world_ms() - since);
}

static void *work(void *arg)
{
    struct honest *h = arg;
    while (!atomic_load(&h->stop)) {
        state_one(h, world_ms() + LAST_MS);
        world_pause(PACE_MS);
    }
    return NULL;
}

bool honest_begin(struct honest *h)
{
    atomic_store(&h->stop, false);
    h->acks = h->again = 0;
    if (!h->greeted) (void)begin_again(h, UINT64_MAX);
    return h->greeted && pthread_create(&h->thread, NULL, work, h) == 0;
}

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

void honest_end(struct honest *h, struct honest_result *ret)
{
    atomic_store(&h->stop, true);
    pthread_join(h->thread, NULL);
    qsort(h->ms, h->acks, sizeof *h->ms, ascending);
    *ret = (struct honest_result){ .acks = h->acks, .again = h->again };
    world_check(!h->late, "a statement of the honest office is not acknowledged after %d s", LAST_MS / 1000);
    if (h->acks) ret->p50 = h->ms[h->acks / 2], ret->p99 = h->ms[(h->acks - 1) * 99 / 100], ret->most = h->ms[h->acks - 1];
    for (uint64_t i = h->n > ATTACK_LEAVES ? h->n - ATTACK_LEAVES : 0; i < h->n; i++) ret->total += (int64_t)(i + 1) * 100;
}
