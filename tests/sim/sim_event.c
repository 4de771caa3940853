/* sim_event.c - the heap of events, the digest over them, and the trace. Kind: P (the trace goes to standard output).
 *
 * Two events of one moment come in the order in which they were put, so nothing depends on how the heap is laid out. What is put
 * for a moment that has passed (time may leap) comes at once: virtual time never goes back.
 *
 * Invariant: the digest covers every event that is taken, with the bytes it carries. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/sim.h"

uint64_t sim_mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

void sim_trace(struct sim *s, const char *format, ...)
{
    va_list a;
    if (!s->trace) return;
    printf("%14.6f ", (double)s->us / 1e6);
    va_start(a, format);
    vprintf(format, a);
    va_end(a);
    putchar('\n');
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_put(struct sim *s, struct sim_event e)
{
    struct sim_heap *h = &s->heap;
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 1024;
        h->v = realloc(h->v, h->cap * sizeof *h->v);
        ASSERT(h->v != NULL);
    }
    if (e.at < s->us) e.at = s->us;
    e.order = s->order++;
    size_t i = h->n++;
    for (; i > 0 && before(&e, &h->v[(i - 1) / 2]); i = (i - 1) / 2) h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = e;
}

static void sift(struct sim_heap *h, struct sim_event e)
{
    size_t i = 0;
    for (size_t k; (k = 2 * i + 1) < h->n; i = k) {
        if (k + 1 < h->n && before(&h->v[k + 1], &h->v[k])) k++;
        if (!before(&h->v[k], &e)) break;
        h->v[i] = h->v[k];
    }
    h->v[i] = e;
}

/* A wake that was overtaken by another one is no event. */
static bool stale(const struct sim *s, const struct sim_event *e)
{
    return e->kind == SIM_EV_STEP && s->node[e->what].wake_token != e->id;
}

bool sim_take(struct sim *s, struct sim_event *ret)
{
    struct sim_heap *h = &s->heap;
    do {
        if (h->n == 0) return false;
        *ret = h->v[0];
        if (--h->n > 0) sift(h, h->v[h->n]);
    } while (stale(s, ret));
    if (ret->at > s->us) s->us = ret->at;
    s->n.events++;
    s->digest = sim_mix(s->digest, (uint64_t)s->us);
    s->digest = sim_mix(s->digest, (uint64_t)ret->kind << 56 | (uint64_t)ret->way << 48 | (uint64_t)ret->what << 32 | ret->n);
    if (ret->n) s->digest = sim_mix(s->digest, bytes_crc32c(0, ret->p, ret->n));
    return true;
}

void sim_heap_free(struct sim *s)
{
    for (size_t i = 0; i < s->heap.n; i++) free(s->heap.v[i].p);
    free(s->heap.v);
    s->heap = (struct sim_heap){ 0 };
}
