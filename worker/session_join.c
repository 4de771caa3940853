/* session_join.c - JOIN: an office asks to be registered, or for another key. Kind: P.
 *
 * Design notes: the answer is JOINED (1 it waits for the centre, 2 the register has it) or a NACK; asking again gives the same
 * answer and writes nothing, so who lost the answer asks again. A guest is closed after it: it has nothing more to say. Each JOIN
 * costs a signature check, so only a few of one peer are looked at in one step.
 *
 * Invariant: nothing of a request reaches the log or the register here; the centre decides (rekap office approve). */
#include "session.h"

#include <stdio.h>
#include <string.h>

enum { JOINS_PER_STEP = 4, STATE_WAITS = 1, STATE_REGISTERED = 2 };

bool session_is_guest(const struct sessions *w, const uint8_t key[PUBKEY_SIZE])
{
    return !session_is_follower(w, key) && (w->registry == NULL || registry_transport(w->registry, key) == NULL);
}

static bool sized(struct slice s, size_t n, bool may_be_empty) { return s.n == n || (may_be_empty && s.n == 0); }

static int request_of(const struct field *in, struct join_request *ret)
{
    struct join_request r = { .kind = in[0].u == JOIN_NEW ? JOIN_NEW : JOIN_ROTATE, .asked = { (int64_t)in[5].u } };
    bool fresh = in[0].u == JOIN_NEW;

    if ((!fresh && in[0].u != JOIN_ROTATE) || in[5].u > INT64_MAX || !registry_id_ok(in[2].s)) return ST_INVALID;
    if (!sized(in[1].s, fresh ? PUBKEY_SIZE : 0, false) || !sized(in[3].s, PUBKEY_SIZE, false) ||
        !sized(in[4].s, PUBKEY_SIZE, false) || !sized(in[6].s, SIG_SIZE, false) || !sized(in[7].s, fresh ? 0 : SIG_SIZE, false))
        return ST_INVALID;
    if (fresh) memcpy(r.invitation, in[1].s.p, PUBKEY_SIZE);
    else memcpy(r.by_present, in[7].s.p, SIG_SIZE);
    memcpy(r.office, in[2].s.p, in[2].s.n);
    memcpy(r.transport, in[3].s.p, PUBKEY_SIZE);
    memcpy(r.signing, in[4].s.p, PUBKEY_SIZE);
    memcpy(r.signature, in[6].s.p, SIG_SIZE);
    *ret = r;
    return ST_OK;
}

static int joined(struct sessions *w, const struct session_step *s, const struct session *se, const struct join_request *r,
                  bool done)
{
    char fingerprint[JOIN_FINGERPRINT_SIZE];

    join_fingerprint(r, fingerprint);
    const struct field out[] = { { .s = slice_of(r->office, strlen(r->office)) },
                                 { .u = done ? STATE_REGISTERED : STATE_WAITS },
                                 { .s = slice_of(fingerprint, strlen(fingerprint)) } };
    return session_reply(w, s, se->peer, MSG_JOINED, out);
}

static int answer(struct sessions *w, const struct session_step *s, struct session *se, const struct field *in)
{
    struct session_complaint c = { .code = CODE_BAD_FORMAT, .seen = "JOIN" };
    const struct guest_question q = { w->registry, &w->verifier, se->key, s->now.wall };
    struct join_request r;
    bool done = false;
    int st = ST_OK;

    if (request_of(in, &r) != ST_OK) return session_nack(w, s, se, &c);
    c.code = CODE_OVER_CREDIT;
    if (++se->step_proofs <= JOINS_PER_STEP) c.code = guest_judge(&w->guests, &q, &r, &done, c.expected, sizeof c.expected);
    if (c.code == CODE_OK && w->step == w->full_step) c.code = CODE_STORE_FULL;
    if (c.code == CODE_OK) st = guest_put(&w->guests, s->t, &r, s->now.wall);
    if (st != ST_OK) return st;
    if (c.code == CODE_OK || c.code == CODE_DUPLICATE) return joined(w, s, se, &r, done);
    return session_nack(w, s, se, &c);
}

int session_join(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct field in[FIELDS_MAX];
    int st;

    if (session_is_elsewhere(w, s, se, "JOIN", &st)) return st;
    codec_fields(f, in);
    st = answer(w, s, se, in);
    if (st != ST_OK || !session_is_guest(w, se->key)) return st;
    if (effects_close(s->x, se->peer) != ST_OK) w->n.replies_dropped++;
    session_drop(w, se->peer);
    return ST_OK;
}

int session_hello_guest(struct sessions *w, const struct session_step *s, struct session *se)
{
    struct session_complaint c = { .code = CODE_UNKNOWN_OFFICE, .seen = "HELLO", .expected = "kunci kantor yang aktif" };
    const struct guest *g = guest_transport(&w->guests, se->key);

    if (g == NULL) return session_nack(w, s, se, &c);
    c.code = CODE_AWAITING_APPROVAL;
    join_fingerprint(&g->request, c.seen);
    snprintf(c.expected, sizeof c.expected, "di pusat: rekap office approve %s", g->request.office);
    return session_nack(w, s, se, &c);
}
