/* attack_local.c - an attack by a process of the same user: questions to the daemons' control sockets without end. Kind: E, tests
 * only.
 *
 * Nobody is kept out of a control socket who may open its file, so all that holds is how many questions wait for each connection
 * and how many connections are remembered; offices and viewers must be served meanwhile, and what was held is given back. */
#include <stdio.h>
#include <zmq.h>

#include "tests/it/attack.h"

enum { DOORS = 2, CLIENTS = 300 };

static void open_all(const struct attack *a, void *ctx, void **z)
{
    static const enum world_part part[DOORS] = { WORLD_WORKER, WORLD_AGGREGATOR };
    const int zero = 0, one = 1;
    for (unsigned i = 0; i < DOORS * CLIENTS; i++) {
        char endpoint[160];
        snprintf(endpoint, sizeof endpoint, "ipc://%s", a->w.control[part[i % DOORS]]);
        z[i] = zmq_socket(ctx, ZMQ_DEALER);
        if (!z[i]) continue;
        (void)zmq_setsockopt(z[i], ZMQ_LINGER, &zero, sizeof zero);
        (void)zmq_setsockopt(z[i], ZMQ_RCVHWM, &one, sizeof one);       /* answers are not read */
        (void)zmq_connect(z[i], endpoint);
    }
}

void local_flood(struct attack *a, int64_t until_ms)
{
    static const char status[] = "{\"verb\":\"status\"}";
    static void *z[DOORS * CLIENTS];
    void *ctx = zmq_ctx_new();
    if (!ctx) return;
    open_all(a, ctx, z);
    for (unsigned i = 0; world_ms() < until_ms; i = (i + 1) % (DOORS * CLIENTS)) {
        bool sent = z[i] && zmq_send(z[i], status, sizeof status - 1, ZMQ_DONTWAIT) >= 0;
        a->done += sent;
        if (i == 0) world_pause(1);
    }
    for (unsigned i = 0; i < DOORS * CLIENTS; i++)
        if (z[i]) zmq_close(z[i]);
    (void)zmq_ctx_term(ctx);
}
