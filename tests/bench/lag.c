/* lag.c - see lag.h. */
#include "tests/bench/lag.h"

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "proto/clock.h"

/* The collector's answer lists every office: asked without a rest, the watching would be what is measured. */
enum { NOTES_MAX = 200000, PAUSE_MS = 10, ANSWER_MS = 5000, REST = 9, REST_MS_MAX = 300 };
struct note {
    double at;
    uint64_t n;
};
struct watcher {
    const struct place *place;
    const char *daemon;
    uint64_t (*count)(const json_t *status);
    uint64_t until;
    bool costly;
    struct note *note;
    size_t notes;
    atomic_bool done;
    pthread_t thread;
};
struct lag {
    struct watcher acked, visible;
};

double lag_now(void)
{
    struct clock c = clock_posix();
    return (double)c.now(c.ctx).mono.us / 1e6;
}

static uint64_t count_acked(const json_t *status)
{
    const json_t *list = json_object_get(status, "offices");
    uint64_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += (uint64_t)json_integer_value(json_object_get(json_array_get(list, i), "acked"));
    return n;
}

static uint64_t count_visible(const json_t *status) { return (uint64_t)json_integer_value(json_object_get(status, "updates")); }

static void take_note(struct watcher *w, uint64_t n)
{
    if (n == 0 || (w->notes > 0 && w->note[w->notes - 1].n >= n)) return;
    if (w->notes == NOTES_MAX) w->notes--;
    w->note[w->notes++] = (struct note){lag_now(), n};
}

static void *watch(void *self)
{
    struct watcher *w = self;
    uint64_t n = 0;
    while (n < w->until) {
        json_t *status = NULL;
        double asked = lag_now();
        if (place_ask(w->place, w->daemon, "{\"verb\":\"status\"}", ANSWER_MS, &status) == ST_OK) {
            n = w->count(status);
            take_note(w, n);
        }
        json_decref(status);
        int rest_ms = w->costly ? REST * (int)((lag_now() - asked) * 1e3) : 0;
        (void)poll(NULL, 0, PAUSE_MS + (rest_ms < REST_MS_MAX ? rest_ms : REST_MS_MAX));
    }
    atomic_store(&w->done, true);
    return NULL;
}

static bool start(struct watcher *w, const struct place *p, const char *daemon, uint64_t (*count)(const json_t *), uint64_t until)
{
    w->place = p;
    w->daemon = daemon;
    w->count = count;
    w->until = until;
    w->note = malloc(NOTES_MAX * sizeof *w->note);
    return w->note && pthread_create(&w->thread, NULL, watch, w) == 0;
}

struct lag *lag_start(const struct place *place, uint64_t updates)
{
    struct lag *l = calloc(1, sizeof *l);
    if (l) l->acked.costly = true;
    if (l && start(&l->acked, place, "collector", count_acked, updates) &&
        start(&l->visible, place, "aggregator", count_visible, updates))
        return l;
    return NULL; /* the program ends */
}

bool lag_done(struct lag *l) { return atomic_load(&l->acked.done) && atomic_load(&l->visible.done); }

double lag_visible_at(const struct lag *l) { return l->visible.note[l->visible.notes - 1].at; }

double lag_acked_at(const struct lag *l) { return l->acked.note[l->acked.notes - 1].at; }

struct waited {
    double ms;
    uint64_t updates;
};

static int by_time(const void *a, const void *b)
{
    double x = ((const struct waited *)a)->ms, y = ((const struct waited *)b)->ms;
    return (x > y) - (x < y);
}

/* What the updates of acked note i waited. */
static struct waited waited_of(const struct lag *l, size_t i, size_t *visible)
{
    const struct note *a = &l->acked.note[i];
    while (*visible + 1 < l->visible.notes && l->visible.note[*visible].n < a->n) ++*visible;
    double ms = (l->visible.note[*visible].at - a->at) * 1e3;
    return (struct waited){ms > 0 ? ms : 0, a->n - (i ? l->acked.note[i - 1].n : 0)};
}

double lag_share(const struct lag *l, double share)
{
    struct waited *w = calloc(l->acked.notes, sizeof *w);
    uint64_t all = 0, seen = 0;
    size_t visible = 0, i;
    if (!w) return -1;
    for (i = 0; i < l->acked.notes; i++) {
        w[i] = waited_of(l, i, &visible);
        all += w[i].updates;
    }
    qsort(w, l->acked.notes, sizeof *w, by_time);
    for (i = 0; i + 1 < l->acked.notes; i++) {
        seen += w[i].updates;
        if ((double)seen >= share * (double)all) break;
    }
    double ms = w[i].ms;
    free(w);
    return ms;
}

void lag_free(struct lag **l)
{
    pthread_join((*l)->acked.thread, NULL);
    pthread_join((*l)->visible.thread, NULL);
    free((*l)->acked.note);
    free((*l)->visible.note);
    free(*l);
    *l = NULL;
}
