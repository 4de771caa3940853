/* link_zmq_dial.c - peers we dial: one socket lives for one connection. Kind: E.
 *
 * Design notes: libzmq reconnects by itself until the first completed handshake (100 ms .. 5 s; a server that answers "300, try
 * later" is silence, ended by HANDSHAKE_IVL and tried again). After that the socket is thrown away with the connection and a new
 * one is made, with our own back-off. So nothing queued for the old connection reaches the new one in either direction, and the
 * ends from which libzmq never returns (refused with 400, protocol errors) need no case of their own.
 *
 * The monitor and the messages come by different pipes. A message of a second connection on one socket cannot exist earlier than
 * RECONNECT_MS_MIN after the DISCONNECTED of the first, so messages are passed on only when the monitor was read less than that
 * ago.
 *
 * Invariant: the node hears UP, messages, DOWN strictly in turn (told). */
#include "link_zmq.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "log.h"

enum { DIAL_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
                     | ZMQ_EVENT_DISCONNECTED,
       FRESH_MS = RECONNECT_MS_MIN / 2 };

int link_zmq_dial_open(struct link *l, struct sock *s)
{
    struct dial *d = s->dial;
    int rc = ST_IO;

    d->up = d->gone = d->discard = false;
    d->again_ms = 0;
    s->z = link_zmq_socket(l->zctx, SOCK_DIAL);
    if (!s->z) return ST_IO;
    if (link_zmq_client(s->z, &d->keys, d->server) == ST_OK && link_zmq_monitor(l, s->z, DIAL_EVENTS, &s->mon) == ST_OK)
        rc = zmq_connect(s->z, d->endpoint) == 0 ? ST_OK : errno == EINVAL ? ST_INVALID : ST_IO;
    if (rc != ST_OK) link_zmq_close(&s->z, &s->mon, 0);
    return rc;
}

static void dial_again(struct dial *d, int64_t now, int floor_ms)
{
    int wait = backoff_take(&d->wait, floor_ms);

    d->again_ms = now + wait + (int64_t)randombytes_uniform((uint32_t)wait / 2 + 1);
}

static void dial_close(struct sock *s, int64_t now, int floor_ms)
{
    link_zmq_close(&s->z, &s->mon, 0);
    dial_again(s->dial, now, floor_ms);
}

static void dial_refused(struct sock *s, int64_t now)
{
    struct dial *d = s->dial;

    if (!d->refused) log_write(LOG_L_WARN, "the server does not know our key; it must be approved there", "server=%s", d->endpoint);
    d->refused = true;
    dial_close(s, now, REFUSED_MS_MIN);
}

static void dial_event(struct sock *s, unsigned event, uint32_t value, int64_t now)
{
    struct dial *d = s->dial;

    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED && d->gone) {
        d->discard = true;              /* we were late: a second connection has begun */
    } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        d->up = true;
        d->refused = false;
        d->up_ms = now;
    } else if (event == ZMQ_EVENT_DISCONNECTED && d->up) {
        backoff_lived(&d->wait, now - d->up_ms, d->wait.next_ms);      /* it lasted as long as one would wait for it */
        d->gone = true;
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && value != 300) {
        dial_refused(s, now);
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
        dial_close(s, now, REFUSED_MS_MIN);
    }
}

void link_zmq_dial_events(struct link *l, struct sock *s, int64_t now)
{
    unsigned event;
    uint32_t value;

    while (s->mon && link_zmq_event(s->mon, &event, &value)) dial_event(s, event, value, now);
    s->dial->drained_ms = now;
    if (!s->z && !s->dial->gone && now >= s->dial->again_ms && link_zmq_dial_open(l, s) != ST_OK)
        dial_again(s->dial, now, REFUSED_MS_MIN);
}

bool link_zmq_dial_pending(const struct sock *s)
{
    return s->dial->gone || (s->dial->up && !s->dial->told);
}

static int dial_tell(struct dial *d, bool up, struct message *m)
{
    d->told = up;
    *m = (struct message){ .what = up ? MESSAGE_UP : MESSAGE_DOWN, .peer = d->peer };
    memcpy(m->key, d->server, PUBKEY_SIZE);
    return ST_OK;
}

/* One message into the kept list, or ST_AGAIN. Ours is a DEALER: more than one frame, or too long a one, is the server's fault. */
static int dial_frame(struct link *l, struct sock *s, struct message *m)
{
    zmq_msg_t *msg = &l->kept[l->kept_n];
    int rc;

    if (!s->z) return ST_AGAIN;
    zmq_msg_init(msg);
    rc = zmq_msg_recv(msg, s->z, ZMQ_DONTWAIT) < 0 ? ST_AGAIN : ST_OK;
    if (rc == ST_OK && (zmq_msg_more(msg) || zmq_msg_size(msg) > FRAME_BYTES_MAX)) {
        *(zmq_msg_more(msg) ? &l->count.dropped_multipart : &l->count.dropped_oversize) += 1;
        s->dial->gone = s->dial->discard = true;
        rc = ST_AGAIN;
    }
    if (rc != ST_OK) {
        zmq_msg_close(msg);
        return rc;
    }
    *m = (struct message){ .what = MESSAGE_DATA, .peer = s->dial->peer, .bytes = slice_of(zmq_msg_data(msg), zmq_msg_size(msg)) };
    memcpy(m->key, s->dial->server, PUBKEY_SIZE);
    return ST_OK;
}

static void dial_fresh(struct link *l, struct sock *s)
{
    int64_t now = link_zmq_ms();

    if (!s->dial->up || now - s->dial->drained_ms >= FRESH_MS) link_zmq_dial_events(l, s, now);
}

int link_zmq_dial_recv(struct link *l, struct sock *s, struct message *m)
{
    struct dial *d = s->dial;

    dial_fresh(l, s);
    if (d->up && !d->told && !(d->gone && d->discard)) return dial_tell(d, true, m);
    if (d->up && !d->discard && dial_frame(l, s, m) == ST_OK) {
        dial_fresh(l, s);
        if (!d->discard) {
            l->kept_n++;
            return ST_OK;
        }
        zmq_msg_close(&l->kept[l->kept_n]);
    }
    if (!d->gone) return ST_AGAIN;
    dial_close(s, link_zmq_ms(), RECONNECT_MS_MIN);
    d->gone = d->up = false;
    return d->told ? dial_tell(d, false, m) : ST_AGAIN;
}

int link_zmq_dial_send(struct link *l, struct sock *s, struct slice bytes)
{
    int e;

    (void)l;
    if (!s->z || !s->dial->told || s->dial->gone) return ST_NOT_FOUND;
    if (zmq_send(s->z, bytes.n ? bytes.p : (const uint8_t *)"", bytes.n, ZMQ_DONTWAIT) >= 0) return ST_OK;
    e = errno;
    return e == EAGAIN ? ST_AGAIN : e == ENOMEM ? ST_NO_MEMORY : ST_IO;
}

void link_zmq_dial_free(struct sock *s)
{
    if (!s->dial) return;
    sodium_memzero(&s->dial->keys, sizeof s->dial->keys);
    free(s->dial->endpoint);
    free(s->dial);
    s->dial = NULL;
}
