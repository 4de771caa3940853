/* sim_join.c - offices that come in by an invitation: the centre's list, the office's request, the centre's yes. Kind: P.
 *
 * The operator invites, which is a new text of the list; each worker reads it some time later. The office has the line from hand to
 * hand, makes its keys once, and asks over a connection with the one-time key until the register has it; every time is a new
 * request with the same keys, as when the command is given again after a crash, a lost answer or a lost request. The operator looks
 * at who waits, compares the fingerprint by telephone, and approves with what is shipped (proto/approve.h), or takes the invitation
 * back; now and then the power goes after the register's line and before the list. Somebody who found the line asks with keys of
 * his own, before the office or after it, over the net or by a line that he mails to a careless operator.
 *
 * Held against it: who waits at a worker was let in by an invitation that is open there and was not expired when he came; no
 * invitation is honoured twice, late or after it was taken back; nobody but the office gets into the register; and when the faults
 * stop, whoever was invited is in it.
 *
 * Invariant: the operator's register and list are on a disk that keeps what it has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/approve.h"
#include "proto/join_wire.h"
#include "tests/sim/sim.h"

static const int64_t SECOND = 1000000, DAYS_MS = 14 * 86400 * INT64_C(1000);

static int64_t operator_ms(const struct sim *s) { return SIM_START_MS * INT64_C(1000) + s->us / 1000; }

static int64_t soon(struct sim *s, int64_t least, int64_t more) { return s->us + least + (int64_t)sim_below(s, (uint64_t)more); }

static void invitation_key(struct sim *s, unsigned office, uint8_t ret[PUBKEY_SIZE])
{
    char name[OFFICE_ID_MAX + 1];
    snprintf(name, sizeof name, "undangan-%02u", office);
    sim_key_public(s, name, s->join[office].turn, ret);
}

/* ---- the list ---- */

static const struct invites *newest(const struct sim *s) { return s->invites.n ? s->invites.v[s->invites.n - 1] : NULL; }

static void write_list(struct sim *s, const struct invite *one)
{
    struct sim_invites *l = &s->invites;
    struct buf text;
    char err[128];
    buf_init(&text, INVITE_FILE_BYTES_MAX);
    invite_list_put(&text, newest(s), one, (struct wall){ operator_ms(s) });
    l->v = realloc(l->v, (l->n + 1) * sizeof *l->v);
    ASSERT(l->v != NULL && buf_ok(&text));
    int st = invite_parse(buf_slice(&text), &l->v[l->n], err, sizeof err);
    ASSERT(st == ST_OK);
    l->n++;
    buf_done(&text);
    for (unsigned w = 0; w < s->o.workers; w++)
        sim_put(s, (struct sim_event){ .at = soon(s, 0, sim_one_in(s, 8) ? 5 * SECOND : SECOND / 5), .kind = SIM_EV_INVITES,
                                       .what = (uint16_t)w, .id = l->n });
}

const struct invites *sim_join_list(const struct sim *s, unsigned worker)
{
    return s->invites.seen[worker] ? s->invites.v[s->invites.seen[worker] - 1] : NULL;
}

void sim_join_read(struct sim *s, unsigned worker, uint64_t version)
{
    struct sim_node *n = sim_worker(s, worker);
    if (version <= s->invites.seen[worker]) return;
    if (n->t || n->say_due) {   /* the edge looks between turns */
        sim_put(s, (struct sim_event){ .at = s->us + 1000, .kind = SIM_EV_INVITES, .what = (uint16_t)worker, .id = version });
        return;
    }
    s->invites.seen[worker] = version;
    if (!n->node.self) return;
    work_set_invites(n->node.self, sim_join_list(s, worker));
    sim_node_wake(s, n, s->us + 100);
}

static void set_state(struct sim *s, unsigned office, enum invite_state state)
{
    uint8_t key[PUBKEY_SIZE];
    invitation_key(s, office, key);
    const struct invite *i = invite_find(newest(s), key);
    if (!i) return;             /* it expired so long ago that it is not in the list any more */
    struct invite one = *i;
    one.state = (uint8_t)state;
    write_list(s, &one);
}

static void enter(struct sim *s, unsigned office)
{
    s->office[office].revoked = false;
    sim_operator_enter(s, office);
    if (sim_one_in(s, 4)) s->cover.seen[SIM_SEEN_APPROVED_HALF]++;      /* the power goes, and nobody gives the command again */
    else set_state(s, office, INVITE_USED);
}

/* ---- the operator invites ---- */

static void connect_door(struct sim *s, unsigned office, bool thief)
{
    struct sim_join *j = &s->join[office];
    if (j->door[thief]) return;
    j->door[thief] = s->conns + 1;
    sim_net_connect(s, s->office[office].home, sim_worker(s, s->office[office].worker)->number);
    s->conn[s->conns - 1].guest = 1 + 2 * office + thief;
    s->conn[s->conns - 1].off = true;
}

void sim_join_invite(struct sim *s, unsigned office)
{
    struct sim_office *o = &s->office[office];
    struct sim_join *j = &s->join[office];
    bool brief = s->faults && sim_one_in(s, 2);
    j->turn++;
    j->wanted = true;
    struct invite i = { .role = (uint8_t)o->role, .state = INVITE_OPEN,
                        .until = { operator_ms(s) + (brief ? (int64_t)sim_below(s, 15000) : DAYS_MS) } };
    invitation_key(s, office, i.key);
    memcpy(i.office, o->id, sizeof o->id);
    memcpy(i.name, o->id, sizeof o->id);
    i.region = sim_operator_region(o->region);
    write_list(s, &i);
    connect_door(s, office, false);
    sim_trace(s, "%s is invited (%u)%s", o->id, j->turn, brief ? ", briefly" : "");
    sim_put(s, (struct sim_event){ .at = soon(s, 0, 3 * SECOND), .kind = SIM_EV_JOIN, .what = (uint16_t)office });
    if (j->turn == 1) sim_put(s, (struct sim_event){ .at = soon(s, SECOND, 9 * SECOND), .kind = SIM_EV_CENTRE,
                                                     .what = (uint16_t)office });
    if (!s->faults || !sim_one_in(s, 2)) return;
    connect_door(s, office, true);
    sim_put(s, (struct sim_event){ .at = soon(s, 0, 20 * SECOND), .kind = SIM_EV_JOIN, .way = 1, .what = (uint16_t)office });
}

/* ---- the office, or who found its line, asks ---- */

static const char *thief_name(char ret[OFFICE_ID_MAX + 1], unsigned office)
{
    snprintf(ret, OFFICE_ID_MAX + 1, "maling-%02u", office);
    return ret;
}

static struct join_request request(struct sim *s, unsigned office, bool thief)
{
    struct join_request r = { .kind = JOIN_NEW, .asked = { operator_ms(s) } };
    char other[OFFICE_ID_MAX + 1];
    const char *name = thief ? thief_name(other, office) : s->office[office].id;
    unsigned generation = thief ? 0 : s->office[office].key;
    struct buf b;
    invitation_key(s, office, r.invitation);
    memcpy(r.office, s->office[office].id, sizeof s->office[office].id);
    sim_key_transport(&s->node[s->office[office].home], r.transport);
    if (thief) r.transport[0] ^= 0x55;
    sim_key_public(s, name, generation, r.signing);
    buf_init(&b, JOIN_LINE_MAX);
    join_request_message(&b, &r);
    int st = sim_key_sign(s, name, generation, buf_slice(&b), r.signature);
    ASSERT(st == ST_OK);
    buf_done(&b);
    return r;
}

/* The line by mail. Who telephones takes the office's; what somebody else's says is judged as if nobody did. */
static void mail(struct sim *s, unsigned office, bool thief)
{
    const struct join_request sent = request(s, office, thief);
    const struct verifier v = sim_key_verifier(s);
    struct approve_question q = { .registry = s->registries.v[s->registries.n - 1], .invites = newest(s), .verifier = &v,
                                  .late = true, .now = { operator_ms(s) } };
    struct join_request r;
    struct office line;
    enum join_fault fault;
    char about[OFFICE_ID_MAX + 1];
    struct buf b;
    buf_init(&b, JOIN_LINE_MAX);
    join_request_put(&b, &sent);
    int st = join_request_read(buf_slice(&b), &r, &fault);
    ASSERT(st == ST_OK);
    buf_done(&b);
    q.request = &r;
    const struct invite *i = invite_find(q.invites, r.invitation);
    enum approve_fault no = approve_judge(&q, &line, about);
    const bool closed = !i || i->state != INVITE_OPEN, late = !i || i->until.ms <= q.now.ms;
    s->cover.seen[SIM_SEEN_INVITE_TWICE] += closed;
    s->cover.seen[SIM_SEEN_INVITE_LATE] += late;
    if (no == APPROVE_FINE && closed) sim_wrong(s, "the invitation of %s is honoured twice", r.office);
    if (no == APPROVE_FINE && late) sim_wrong(s, "an expired invitation of %s is honoured", r.office);
    if (no == APPROVE_FINE && !thief) enter(s, office);
}

void sim_join_ask(struct sim *s, unsigned office, bool thief)
{
    struct sim_join *j = &s->join[office];
    struct sim_conn *c = &s->conn[j->door[thief] - 1];
    if (thief && !s->faults) return;
    if (!thief && s->office[office].entered && !s->office[office].revoked) return;
    if (sim_one_in(s, thief ? 2 : 4)) mail(s, office, thief);
    if (!thief) sim_operator_key(s, office, s->office[office].key);     /* its key file is there from now on */
    c->off = false;
    c->tries = 0;
    sim_net_cut(s, c, false);
    sim_put(s, (struct sim_event){ .at = soon(s, 5 * SECOND, 20 * SECOND), .kind = SIM_EV_JOIN, .way = thief,
                                   .what = (uint16_t)office });
}

bool sim_join_admitted(struct sim *s, struct sim_conn *c)
{
    unsigned worker = s->node[c->worker].index;
    invitation_key(s, (c->guest - 1) / 2, c->key);
    bool in = invite_may_ask(invite_find(sim_join_list(s, worker), c->key), sim_now(s, &s->node[c->worker]).wall);
    if (!in) s->cover.seen[SIM_SEEN_INVITE_SHUT]++;
    return in;
}

void sim_join_up(struct sim *s, struct sim_conn *c)
{
    const struct join_request r = request(s, (c->guest - 1) / 2, (c->guest - 1) % 2);
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    bool built = join_wire_put(&b, &r);
    ASSERT(built);
    sim_version_send(s, &s->node[c->client], c, SIM_TO_WORKER, buf_slice(&b));
    buf_done(&b);
    c->off = true;      /* one request a connection; the worker closes it */
}

void sim_join_answer(struct sim *s, struct sim_conn *c, struct slice bytes)
{
    struct frame fr;
    struct field f[FIELDS_MAX];
    unsigned code;
    if (codec_frame_parse(bytes, &fr, &code) != ST_OK) return;
    codec_fields(&fr, f);
    bool thief = (c->guest - 1) % 2;
    if (fr.type == MSG_JOINED && f[1].u == 1) s->cover.seen[thief ? SIM_SEEN_THIEF_WAITS : SIM_SEEN_JOIN_WAITS]++;
    if (fr.type == MSG_JOINED && f[1].u == 2 && thief) sim_wrong(s, "somebody else is in the register in an office's place");
    if (fr.type == MSG_NACK && f[4].u == CODE_CONFLICT) s->cover.seen[SIM_SEEN_JOIN_CONFLICT]++;
}

/* ---- the operator answers ---- */

static int drop_request(struct sim *s, struct sim_node *n, unsigned office)
{
    struct store_txn *t = NULL;
    int st = store_begin(n->store, true, &t);
    if (st == ST_OK) st = work_reject(n->node.self, t, sim_text(s->office[office].id));
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    return st;
}

static void approve(struct sim *s, unsigned office, const struct join_request *r)
{
    const struct verifier v = sim_key_verifier(s);
    const struct approve_question q = { r, s->registries.v[s->registries.n - 1], newest(s), &v, false, { operator_ms(s) } };
    struct office line;
    char about[OFFICE_ID_MAX + 1];
    if (approve_judge(&q, &line, about) == APPROVE_FINE) enter(s, office);
}

void sim_join_centre(struct sim *s, unsigned office)
{
    struct sim_office *o = &s->office[office];
    struct sim_node *n = sim_worker(s, o->worker);
    const struct invite *i;
    uint8_t key[PUBKEY_SIZE];
    if (o->entered) return;
    sim_put(s, (struct sim_event){ .at = soon(s, 2 * SECOND, 18 * SECOND), .kind = SIM_EV_CENTRE, .what = (uint16_t)office });
    if (!n->node.self || n->t || n->say_due) return;
    uint32_t count = 0, k = 0;
    uint64_t changes;
    const struct guest *g = work_guests(n->node.self, &count, &changes);
    while (k < count && strcmp(g[k].request.office, o->id) != 0) k++;
    invitation_key(s, office, key);
    i = invite_find(newest(s), key);
    const struct join_request mine = request(s, office, false);
    bool known = k < count && join_request_same(&g[k].request, &mine);
    if (known && s->faults && sim_one_in(s, 6)) {       /* taken back in the middle of it */
        s->cover.seen[SIM_SEEN_INVITE_BACK]++;
        set_state(s, office, INVITE_REJECTED);
        if (sim_one_in(s, 2)) (void)drop_request(s, n, office);
    } else if (known) approve(s, office, &g[k].request);
    else if (k < count) {       /* another fingerprint */
        set_state(s, office, INVITE_REJECTED);
        (void)drop_request(s, n, office);
    } else if (!invite_may_ask(i, (struct wall){ operator_ms(s) })) sim_join_invite(s, office);
}

/* ---- the auditor ---- */

/* Who waits came while his invitation was open and not expired, as this worker knew them. */
void sim_join_audit(struct sim *s, const struct sim_node *n)
{
    uint32_t count = 0;
    uint64_t changes;
    if (!s->invites.n || !n->node.self) return;
    const struct guest *g = work_guests(n->node.self, &count, &changes);
    for (uint32_t k = 0; k < count; k++) {
        const struct invite *i = invite_find(sim_join_list(s, n->index), g[k].request.invitation);
        if (!i || (i->state != INVITE_OPEN && !s->o.on[SIM_FAULT_FULL] && !s->o.on[SIM_FAULT_SQUEEZE]))
            sim_wrong(s, "%s waits by an invitation that is %s", g[k].request.office, i ? invite_state_name(i->state) : "unknown");
        else if (g[k].received.ms >= i->until.ms) sim_wrong(s, "%s waits, and came after its invitation expired", i->office);
    }
}

bool sim_join_settled(const struct sim *s, unsigned *ret_office)
{
    for (unsigned i = 0; i < SIM_OFFICES; i++) {
        if (!s->join[i].wanted || s->office[i].entered) continue;
        *ret_office = i;
        return false;
    }
    return true;
}

void sim_join_free(struct sim *s)
{
    for (size_t i = 0; i < s->invites.n; i++) invite_free(&s->invites.v[i]);
    free(s->invites.v);
}
