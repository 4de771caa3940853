/* sim_operator.c - the register: who is in it, and how a change reaches workers and desks. Kind: P.
 *
 * Every change is a new line, sealed with the register's key. Each worker reads the whole register some time later, checks the
 * chain as its edge does, and hands it to the node between two steps. A new key is in the register before the desk signs with it.
 *
 * Invariant: a register only grows, and a registry handed to a node lives as long as the world. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

static const char *const REGIONS[SIM_REGIONS] = { "33.74", "33.02", "32.01", "33" };
enum { POLL_US = 200000, LATE_US = 5000000 };

const struct registry *sim_registry_of(const struct sim *s, unsigned worker)
{
    return s->registry_seen[worker] ? s->registries.v[s->registry_seen[worker] - 1] : NULL;
}

region_code sim_operator_region(unsigned region)
{
    region_code r;
    int st = code_region_parse(sim_text(REGIONS[region]), &r);
    ASSERT(st == ST_OK);
    return r;
}

static void line_of(struct sim *s, const struct sim_office *f, struct office *ret)
{
    const int64_t day = 86400 * INT64_C(1000), now = SIM_START_MS * INT64_C(1000) + s->us / 1000;
    *ret = (struct office){ .role = (uint8_t)f->role, .status = f->revoked ? OFFICE_REVOKED : OFFICE_ACTIVE,
                            .valid_from = { s->o.dated ? now / day * day : INT64_MIN }, .valid_to = { INT64_MAX } };
    memcpy(ret->id, f->id, sizeof f->id);
    memcpy(ret->name, f->id, sizeof f->id);
    ret->region = sim_operator_region(f->region);
    sim_key_transport(&s->node[f->home], ret->transport);
    sim_key_public(s, f->id, f->key, ret->signing);
}

static void publish(struct sim *s)
{
    struct sim_registries *r = &s->registries;
    char err[256];
    r->v = realloc(r->v, (r->n + 1) * sizeof *r->v);
    ASSERT(r->v != NULL);
    int st = registry_parse(buf_slice(&r->text), &r->v[r->n], err, sizeof err);
    ASSERT(st == ST_OK);
    r->n++;
    for (unsigned w = 0; w < s->o.workers; w++)
        sim_put(s, (struct sim_event){ .at = s->us + (int64_t)sim_below(s, sim_one_in(s, 8) ? LATE_US : POLL_US),
                                       .kind = SIM_EV_REGISTRY, .what = (uint16_t)w, .id = r->n });
}

static void add_line(struct sim *s, struct office *o)
{
    struct sim_registries *r = &s->registries;
    const struct signer central = sim_key_central(s);
    char line[REGISTRY_LINE_MAX];
    int st = registry_seal(&r->chain, o, &central);
    ASSERT(st == ST_OK && registry_line_format(o, line, sizeof line) > 0);
    buf_printf(&r->text, "%s\n", line);
}

static void write_line(struct sim *s, unsigned office)
{
    struct office o;
    line_of(s, &s->office[office], &o);
    add_line(s, &o);
}

void sim_operator_enter(struct sim *s, unsigned office)
{
    s->office[office].entered = true;
    write_line(s, office);
    publish(s);
    sim_trace(s, "the register has line %zu: %s in %s, key %u%s", s->registries.n, s->office[office].id,
              REGIONS[s->office[office].region], s->office[office].key, s->office[office].revoked ? ", revoked" : "");
}

void sim_operator_registry(struct sim *s, unsigned worker, uint64_t version)
{
    struct sim_node *n = sim_worker(s, worker);
    struct registry_chain c;
    uint8_t issuer[PUBKEY_SIZE];
    char err[256];
    if (!n->node.self || version <= s->registry_seen[worker]) return;
    const struct registry *r = s->registries.v[version - 1];
    const struct verifier v = sim_key_verifier(s);
    registry_chain_start(&c);
    sim_key_public(s, REGISTRY_KEY_ID, 0, issuer);
    if (registry_verify(r, &c, issuer, &v, err, sizeof err) != ST_OK) sim_wrong(s, "the register is not taken: %s", err);
    s->registry_seen[worker] = version;
    work_set_registry(n->node.self, r);
    sim_node_wake(s, n, s->us + 100);
}

/* The desk finds a key file: of a new office, or another one. */
void sim_operator_key(struct sim *s, unsigned office, unsigned generation)
{
    struct sim_node *n = &s->node[s->office[office].home];
    if (n->t || n->say_due) {   /* the edge looks for keys between turns: not inside a step, nor while its disk takes long */
        sim_put(s, (struct sim_event){ .at = s->us + 1000, .kind = SIM_EV_KEY, .what = (uint16_t)office, .id = generation });
        return;
    }
    struct slice ids[SIM_SEATS];
    size_t k = 0;
    for (unsigned i = 0; i < n->desk.seats; i++) {
        struct sim_seat *t = &n->desk.seat[i];
        if (t->office == office && (!t->has_key || generation > t->key)) {
            t->has_key = true;
            t->key = generation;
        }
        if (t->has_key) ids[k++] = sim_text(s->office[t->office].id);
    }
    n->desk.offer_at = s->us;
    sim_desk_look(n);
    if (!n->node.self) return;
    int st = collect_set_offices(n->node.self, ids, k);
    ASSERT(st == ST_OK);
    sim_node_wake(s, n, s->us + 100);
}

void sim_operator_start(struct sim *s)
{
    buf_init(&s->registries.text, 1 << 20);
    buf_str(&s->registries.text, "#rekap-office 1\n");
    registry_chain_start(&s->registries.chain);
    struct office centre;
    sim_cut_line(s, &centre);
    add_line(s, &centre);
    for (unsigned i = 0; i < s->o.offices; i++) {
        s->office[i].entered = true;
        write_line(s, i);
    }
    publish(s);
    /* the register is there before anybody starts */
    for (unsigned w = 0; w < s->o.workers; w++) s->registry_seen[w] = s->registries.n;
}
