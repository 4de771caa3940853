/* link_zmq_ask.c - one question to a daemon's control socket, for the command line. Kind: E.
 *
 * Design notes: a ZeroMQ connect succeeds whether or not anybody is there, so the path is tried with connect(2) first and a
 * missing daemon is told at once. The wait is bounded by the caller's time-out in monotonic time, whatever arrives meanwhile.
 * The linger is bounded too; nothing stays behind when the daemon does not read.
 *
 * Invariant: on every way out socket and context are gone; *ret is set only with ST_OK. */
#include "link_zmq.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take(zmq_msg_t *msg, char **ret, size_t *ret_size)
{
    size_t n = zmq_msg_size(msg);
    char *p = malloc(n + 1);

    if (!p) return ST_NO_MEMORY;
    memcpy(p, zmq_msg_data(msg), n);
    p[n] = '\0';
    *ret = p;
    *ret_size = n;
    return ST_OK;
}

static int await(void *z, int timeout_ms, char **ret, size_t *ret_size)
{
    int64_t end = link_zmq_ms() + timeout_ms;

    for (;;) {
        zmq_pollitem_t item = { z, 0, ZMQ_POLLIN, 0 };
        int64_t left = end - link_zmq_ms();
        zmq_msg_t msg;
        int rc;

        if (zmq_poll(&item, 1, left > 0 ? left : 0) < 0 && errno != EINTR) return ST_IO;
        zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, z, ZMQ_DONTWAIT) >= 0) rc = take(&msg, ret, ret_size);
        else rc = errno == EAGAIN || errno == EINTR ? ST_AGAIN : ST_IO;
        zmq_msg_close(&msg);
        if (rc != ST_AGAIN || left <= 0) return rc;
    }
}

int link_ask(const char *path, struct slice request, int timeout_ms, char **ret, size_t *ret_size)
{
    char endpoint[IPC_PATH_MAX + 8];
    void *ctx, *z;
    int rc = link_zmq_probe(path);

    if (rc != ST_OK) return rc;
    if (request.n > CONTROL_BYTES_MAX) return ST_INVALID;
    ctx = link_zmq_context();
    if (!ctx) return ST_NO_MEMORY;
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    z = link_zmq_socket(ctx, SOCK_ASK);
    rc = z && zmq_connect(z, endpoint) == 0 && zmq_send(z, request.p, request.n, ZMQ_DONTWAIT) >= 0 ? ST_OK : ST_IO;
    if (rc == ST_OK) rc = await(z, timeout_ms, ret, ret_size);
    if (z) zmq_close(z);
    link_zmq_context_end(ctx);
    return rc;
}
