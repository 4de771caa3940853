/* office_send.c - one JOIN and its answer: `office join` and `office rotate-key` of an office's installation. Kind: E.
 *
 * A connection of its own beside the collector's, with the key the request is asked by: the invitation's one-time key, or the
 * office's transport key for a rotation. Nothing is kept here; who gets no answer asks again, and the worker answers the same.
 *
 * Invariant: the answer believed is one that came over CURVE from the key in the invitation or in etc/centre.conf. */
#include <stdio.h>
#include <string.h>

#include "cli/office_part.h"
#include "proto/join_wire.h"
#include "proto/log.h"

enum { STEP_MS = 100 };

static bool send_join(struct link *l, peer_id to, const struct join_request *r)
{
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    bool sent = join_wire_put(&b, r) && link_send(l, to, buf_slice(&b)) == ST_OK;
    buf_done(&b);
    return sent;
}

/* True: this message is the answer. */
static bool answered(struct slice bytes, struct office_sent *ret)
{
    struct frame f;
    struct field in[FIELDS_MAX];
    unsigned code;
    if (codec_frame_parse(bytes, &f, &code) != ST_OK || codec_fields(&f, in) != ST_OK) return false;
    if (f.type == MSG_JOINED) ret->how = in[1].u == 2 ? SENT_REGISTERED : SENT_WAITS;
    if (f.type == MSG_NACK) {
        ret->how = SENT_REFUSED;
        ret->code = in[4].u < UINT16_MAX ? (unsigned)in[4].u : 0;
        snprintf(ret->expected, sizeof ret->expected, "%.*s", (int)in[6].s.n, (const char *)in[6].s.p);
    }
    return f.type == MSG_JOINED || f.type == MSG_NACK;
}

static void converse(struct link *l, peer_id worker, const struct join_request *r, int64_t end, struct office_sent *ret)
{
    struct message m;
    for (bool done = false; !done && cli_mono_ms() < end;) {
        (void)link_wait(l, STEP_MS);
        while (!done && link_recv(l, &m) == ST_OK) {
            if (m.what == MESSAGE_UP) (void)send_join(l, m.peer, r);
            if (m.what == MESSAGE_DATA) done = answered(m.bytes, ret);
        }
        link_release(l);
        if (!done && link_refused(l, worker)) {
            ret->how = SENT_UNKNOWN;
            done = true;
        }
    }
}

void office_send(const struct office_door *door, const struct join_request *r, int timeout_s, struct office_sent *ret)
{
    struct link *l = NULL;
    peer_id worker;
    *ret = (struct office_sent){ .how = SENT_SILENT };
    log_init("rekap", LOG_L_ERROR);
    if (link_new(&l) != ST_OK) return;
    if (link_dial(l, door->address, &door->keys, door->worker, &worker) == ST_OK)
        converse(l, worker, r, cli_mono_ms() + (int64_t)timeout_s * 1000, ret);
    link_free(&l);
}
