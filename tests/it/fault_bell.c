/* fault_bell.c - the live topic of a running aggregator, heard by a listener that speaks ZeroMQ by itself: each bell is
 * "changed w1:N", the positions never go back, and the last one is the position that questions answer with. A listener that comes
 * late, or goes away in between, disturbs nobody and hears the next one. Kind: E, tests only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/it/fault.h"

enum { HEAR_MS = 50, BELLS_MS = 20 * 1000 };
struct ear { const struct fault *f; void *context, *socket; unsigned long long heard; unsigned bells; bool wrong; };

static bool ear_open(struct ear *e)
{
    char endpoint[200];
    int hear = HEAR_MS, none = 0;
    e->context = zmq_ctx_new();
    e->socket = zmq_socket(e->context, ZMQ_SUB);
    zmq_setsockopt(e->socket, ZMQ_RCVTIMEO, &hear, sizeof hear);
    zmq_setsockopt(e->socket, ZMQ_LINGER, &none, sizeof none);
    return world_setting(&e->f->w, "aggregator", "publish", endpoint, sizeof endpoint) &&
           zmq_setsockopt(e->socket, ZMQ_SUBSCRIBE, "changed ", 8) == 0 && zmq_connect(e->socket, endpoint) == 0;
}

static void ear_close(struct ear *e)
{
    if (e->socket) zmq_close(e->socket);
    if (e->context) zmq_ctx_term(e->context);
}

/* Takes what has rung, until nothing more comes. */
static void listen(struct ear *e)
{
    char text[256];
    for (int n; (n = zmq_recv(e->socket, text, sizeof text - 1, 0)) >= 0;) {
        unsigned long long at = 0;
        int used = 0;
        text[n < (int)sizeof text ? n : (int)sizeof text - 1] = '\0';
        e->wrong |= sscanf(text, "changed w1:%llu%n", &at, &used) != 1 || used != n || at < e->heard;
        e->heard = at;
        e->bells++;
    }
}

static unsigned long long shown(const struct fault *f)
{
    json_t *j = world_get(&f->w, "/api/v1/status");
    unsigned long long at = j ? (unsigned long long)world_number(json_array_get(json_object_get(j, "workers"), 0), "applied") : 0;
    json_decref(j);
    return at;
}

static bool rung(void *ctx)
{
    struct ear *e = ctx;
    listen(e);
    return e->wrong || (e->bells > 0 && e->heard == shown(e->f));
}

void fault_bell(const char *bin)
{
    static struct fault f;
    struct ear first = { .f = &f }, late = { .f = &f };
    if (fault_begin(&f, bin, 1)) {
        world_check(ear_open(&first), "the live topic cannot be subscribed to");
        world_check(fault_push(&f, 0, 0, 12, "--wait") == 0, "a push beside a listener");
        world_check(world_until(BELLS_MS, rung, &first) && !first.wrong,
                    "the last bell says %llu, questions %llu", first.heard, shown(&f));
        world_check(ear_open(&late), "a second listener");
        ear_close(&first);
        world_check(fault_push(&f, 0, 12, LOAD_FILES, "--wait") == 0, "a push after a listener has gone");
        world_check(world_until(BELLS_MS, rung, &late) && !late.wrong,
                    "the late one heard %llu, questions say %llu", late.heard, shown(&f));
        fault_exact(&f, 1, "beside listeners");
    }
    ear_close(&late);
    fault_end(&f);
}
