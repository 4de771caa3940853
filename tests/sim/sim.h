/* sim.h - the whole system in one thread under one seed: collectors, workers, an aggregator, the register's operator. Kind: P.
 *
 * The nodes are the ones that are shipped, over RAM stores; everything around them is played: time, clocks, the net, disks, power,
 * people. A run has two phases. In the first everything that the seed has drawn may go wrong (sim_fault.c); in the second nothing
 * does any more, and all that is pending must be settled within SIM_SETTLE_S seconds of virtual time. An auditor (sim_audit*.c)
 * knows what each office stated (sim_story.c), reads what the nodes commit and send, and nothing else.
 *
 * One heap of events drives it. Everything follows from the seed; the digest over all events and what they carry says whether two
 * runs were the same. Roles are rows of a table (sim_role.c): a role that dials workers needs a row, a start and its checks.
 *
 * Invariant: nothing here calls into a node but its node_ops, its constructor and what its edge calls between steps. */
#ifndef REKAP_TESTS_SIM_H
#define REKAP_TESTS_SIM_H

#include "aggregator/aggregate.h"
#include "collector/collect.h"
#include "proto/rng.h"
#include "tests/sim/naive.h"
#include "tests/sim/sim_cover.h"
#include "worker/work.h"

enum {
    SIM_WORKERS = 3,
    SIM_COLLECTORS = 6,
    SIM_NODES = 1 + 2 * SIM_WORKERS + SIM_COLLECTORS + 1, /* and room for one clone of a collector */
    SIM_OFFICES = 14,
    SIM_SEATS = 8, /* offices of one collector */
    SIM_CONNS = 2 * SIM_WORKERS + SIM_COLLECTORS + 1 + 2 * 3, /* and two doors for each office that is invited */
    SIM_REGIONS = 4,
    SIM_CUTS = 12,      /* quarters and versions that are ever cut */
    SIM_CUT_NOTES = 3, /* of one of them, by several people */
    SIM_SETTLE_S = 600,
    SIM_START_MS = 1700000000
};
struct sim;

/* ---- what this seed plays (sim_option.c) ---- */
enum sim_profile { SIM_PLAIN, SIM_RESTORES, SIM_COPIES, SIM_FOLLOWS };
struct sim_options {
    enum sim_profile profile;
    unsigned workers, collectors, offices, spare /* of them added later */;
    unsigned loss, repeat;                  /* of packets, percent */
    unsigned delay_us, jitter_us;           /* of a packet; without jitter nothing overtakes */
    unsigned calm_ms, push_ms, rows;        /* mean time between two faults; between two files; rows of a section at most */
    int64_t busy_us;                        /* how long the first phase is, silences apart */
    bool keeps, real_keys, slow, treasurer, dated;      /* dated: a line of the register begins to hold when it is written */
    bool indicators;                        /* they are stated, too */
    bool invites;                           /* who is added comes in by an invitation */
    bool on[SIM_FAULT_COUNT];
};

/* ---- events (sim_event.c) ---- */
enum sim_kind { SIM_EV_STEP, SIM_EV_PACKET, SIM_EV_TELL, SIM_EV_DIAL, SIM_EV_START, SIM_EV_SAY, SIM_EV_FAULT, SIM_EV_PUSH,
                SIM_EV_REGISTRY, SIM_EV_KEY, SIM_EV_PROBE, SIM_EV_LIFT, SIM_EV_RETURN,
                SIM_EV_INVITES, SIM_EV_JOIN, SIM_EV_CENTRE, SIM_EV_CUT, SIM_EV_ASK, SIM_EV_COUNT };
struct sim_event {
    int64_t at;                             /* virtual microseconds */
    uint64_t order;                         /* of two at once the one that was put first */
    uint8_t kind, way;                      /* way of a packet; what to tell */
    uint16_t what;                          /* node, connection, worker, office */
    uint32_t n;
    uint8_t *p;                             /* bytes of a packet; owned */
    uint64_t id;                            /* peer of a packet; token of a step; version; generation of a key */
};
struct sim_heap { struct sim_event *v; size_t n, cap; };
void sim_put(struct sim *s, struct sim_event e);
bool sim_take(struct sim *s, struct sim_event *ret); /* the earliest; false: none is left */
void sim_heap_free(struct sim *s);
void sim_trace(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t sim_mix(uint64_t h, uint64_t x);

/* ---- the net (sim_net.c) ---- */
enum { SIM_TO_WORKER, SIM_TO_CLIENT };
struct sim_conn {
    unsigned client, worker;                /* nodes */
    bool up;                                /* as the client sees it */
    peer_id peer;                           /* as the worker names it; grows with every connection */
    peer_id floor;                          /* what was sent under an older name went to another machine */
    uint64_t turn;                          /* of connecting and breaking, as the client sees it */
    int64_t block_until[2], clog_until[2], last[2];
    uint8_t key[PUBKEY_SIZE];               /* the client's */
    unsigned tries;
    unsigned guest;                         /* 0: the node's own; of an invitation: 1 + 2 * office, and 1 of who found it */
    bool off;                               /* nobody dials */
};
void sim_net_connect(struct sim *s, unsigned client, unsigned worker); /* dials from now on */
void sim_net_send(struct sim *s, struct sim_conn *c, unsigned way, struct slice bytes);
void sim_net_packet(struct sim *s, const struct sim_event *e);
void sim_net_tell(struct sim *s, const struct sim_event *e);
void sim_net_dial(struct sim *s, unsigned conn);
void sim_net_cut(struct sim *s, struct sim_conn *c, bool told);
void sim_net_forget(struct sim *s, struct sim_conn *c); /* the worker's side only */
void sim_net_moved(struct sim *s, struct sim_conn *c);  /* the worker is another machine from here on */
void sim_net_of(struct sim *s, unsigned node, void (*fn)(struct sim *s, struct sim_conn *c));

/* ---- processes (sim_node.c, sim_role.c) ---- */
enum sim_version { SIM_SHIPPED, SIM_NEXT_MINOR, SIM_NEXT_MAJOR };
enum sim_armed { SIM_ARMED_NONE, SIM_ARMED_BEFORE, SIM_ARMED_DONE, SIM_ARMED_LOST, SIM_ARMED_AFTER, SIM_ARMED_FULL };
struct sim_packet { peer_id peer; unsigned what; uint32_t n; uint8_t *p; uint8_t key[PUBKEY_SIZE]; };
struct sim_packets { struct sim_packet *v; size_t n, cap; };

struct sim_row { uint64_t key, print; bool plain; }; /* plain: of the speaker itself, so it may repeat what was stated */
struct sim_file {
    struct buf bytes;
    char id[24];
    struct sim_row *row;
    uint32_t rows;
    bool gone, held /* no key yet */;
    uint64_t number;
};
struct sim_story;
struct sim_seat {                           /* an office at a collector */
    unsigned office, key;
    bool has_key;
    struct sim_file **file;
    size_t files, gone;                     /* the first `gone` of them are imported and taken out of the tray */
    struct sim_story *story;
    uint64_t last, acked;                   /* as its outbox said last */
};
struct sim_desk {                           /* what a collector has beside its store */
    struct outbox_identity identity;
    struct sim_seat seat[SIM_SEATS];
    unsigned seats;
    bool doubtful;                          /* its outbox was copied, lost or rolled back: accusations may be right */
    bool retired;
    unsigned transport;                     /* which transport key; a clone has its original's */
    uint8_t issuer[PUBKEY_SIZE];            /* a follower: the key that the register's lines are signed with */
    struct store *copy;                     /* an older state of its outbox, with the stories of that time */
    struct sim_story *then[SIM_SEATS];
    struct signer signer;
    int64_t offer_at;                       /* the tray again */
};
struct sim_role;
struct sim_node {
    struct sim *world;
    const struct sim_role *role;
    unsigned number, index;                 /* among all nodes; among its role, from 0 */
    struct store *store;
    struct node node;                       /* self is NULL while the process is down */
    struct effects x;
    struct store_txn *t;                    /* an open step */
    struct sim_packets inbox, held;         /* not yet delivered; delivered in the open step */
    bool say_due;
    enum sim_armed armed;
    enum sim_version version;
    int64_t boot_us, paused_until, rest_until, slow_until, wake_at, down_until;
    uint64_t wake_token;
    int64_t wall_offset_ms, drift_ppm, drift_from;
    struct sim_desk desk;
};
struct sim_role {
    const char *name;
    unsigned cover;                                     /* its row of the coverage */
    const char *const *tables;
    int (*make)(struct sim *s, struct sim_node *n);     /* sets n->node */
    void (*unmake)(struct sim_node *n);
    void (*input)(struct sim *s, struct sim_node *n, int *st);  /* beside the net: the tray */
    void (*committed)(struct sim *s, struct sim_node *n);       /* the auditor's look */
    void (*reply)(struct sim *s, struct sim_node *n, struct slice bytes);
};
extern const struct sim_role sim_role_collector, sim_role_worker, sim_role_aggregator, sim_role_follower;

struct now sim_now(const struct sim *s, const struct sim_node *n);
void sim_node_start(struct sim *s, struct sim_node *n);
void sim_node_end(struct sim *s, struct sim_node *n, int64_t down_us);
void sim_node_wake(struct sim *s, struct sim_node *n, int64_t at);
void sim_node_step(struct sim *s, struct sim_node *n);
void sim_node_say(struct sim *s, struct sim_node *n);
void sim_node_receive(struct sim *s, struct sim_node *n, struct sim_packet p); /* takes p.p */
void sim_packets_free(struct sim_packets *q);
void sim_desk_look(struct sim_node *n);         /* at files that were held because there was no key */

/* ---- who states what (sim_story.c) ---- */
struct sim_office {
    char id[OFFICE_ID_MAX + 1];
    unsigned role, region, worker, home;    /* home: node of its collector */
    bool entered, revoked, rotated;
    unsigned key;                           /* generation of the newest line */
    uint8_t pub[PUBKEY_SIZE];
};
struct sim_said { uint64_t key, print; };
struct sim_story {                          /* what one outbox makes of the files of one office: row i has sequence i + 1 */
    unsigned office;
    uint64_t epoch;
    uint64_t *row;
    size_t rows, cap;
    struct sim_said *said;                  /* the last statement of each figure; open addressing */
    size_t said_n, said_cap;
    size_t applied;                         /* files of the seat that are in it */
    uint64_t acked, archived;               /* greatest sequence of an ACK that left the worker; of one of level 2 */
    bool dead;                              /* its outbox is no more: what is not acknowledged need not come */
};
void sim_story_push(struct sim *s, unsigned node, unsigned seat);       /* a new file in the tray */
struct sim_story *sim_story_new(struct sim *s, struct sim_seat *seat, uint64_t epoch);
struct sim_story *sim_story_copy(struct sim *s, const struct sim_story *of);
/* The file's rows as its import numbers them; up to `files` files, or until there are `rows`. */
void sim_story_apply(struct sim_seat *seat, size_t files, size_t rows);
uint64_t sim_print(unsigned subject, const struct section *s, const struct figure *f, uint64_t *ret_key);
void sim_seat_free(struct sim_seat *seat);
/* A sound statement of the section (sim_figure.c). plain: of the speaker itself, with few values. */
struct figure sim_figure(struct sim *s, const struct section *c, bool plain);
uint8_t sim_figure_source(struct sim *s);               /* of a section about the speaker itself */
unsigned sim_office_of(const struct sim *s, struct slice id);   /* SIM_OFFICES: unknown */

/* ---- keys and the register (sim_key.c, sim_operator.c) ---- */
struct sim_registries { struct registry **v; size_t n; struct buf text; struct registry_chain chain; };
void sim_key_transport(const struct sim_node *n, uint8_t ret[PUBKEY_SIZE]);
void sim_key_public(struct sim *s, const char *name, unsigned generation, uint8_t ret[PUBKEY_SIZE]);
int sim_key_sign(struct sim *s, const char *name, unsigned generation, struct slice msg, uint8_t ret_sig[SIG_SIZE]);
struct verifier sim_key_verifier(struct sim *s);
struct signer sim_key_signer_of(struct sim_node *n);
struct signer sim_key_central(struct sim *s);
void sim_keys_free(struct sim *s);
void sim_operator_start(struct sim *s);
void sim_operator_enter(struct sim *s, unsigned office); /* its first line, or the next one */
void sim_operator_registry(struct sim *s, unsigned worker, uint64_t version);
void sim_operator_key(struct sim *s, unsigned office, unsigned generation);
const struct registry *sim_registry_of(const struct sim *s, unsigned worker);
region_code sim_operator_region(unsigned region);

/* ---- invitations (sim_join.c) ---- */
struct sim_invites { struct invites **v; size_t n; uint64_t seen[SIM_WORKERS]; };
struct sim_join { unsigned turn /* of inviting */, door[2] /* connection + 1; of a thief */; bool wanted; };
void sim_join_invite(struct sim *s, unsigned office);
void sim_join_ask(struct sim *s, unsigned office, bool thief);
void sim_join_centre(struct sim *s, unsigned office);   /* the operator looks at who waits */
const struct invites *sim_join_list(const struct sim *s, unsigned worker);      /* as that worker has read it; NULL */
void sim_join_read(struct sim *s, unsigned worker, uint64_t version);
bool sim_join_admitted(struct sim *s, struct sim_conn *c);
void sim_join_up(struct sim *s, struct sim_conn *c);
void sim_join_answer(struct sim *s, struct sim_conn *c, struct slice bytes);
void sim_join_audit(struct sim *s, const struct sim_node *n);
bool sim_join_settled(const struct sim *s, unsigned *ret_office);
void sim_join_free(struct sim *s);

/* ---- versions (sim_version.c) ---- */
void sim_version_send(struct sim *s, const struct sim_node *from, struct sim_conn *c, unsigned way, struct slice frame);
void sim_version_receive(struct sim *s, const struct sim_node *to, uint8_t *p, size_t n);       /* in place */
struct sim_node *sim_version_change(struct sim *s, enum sim_fault f);   /* whom; NULL: nobody */
void sim_version_end(struct sim *s);            /* with the faults */

/* ---- faults (sim_fault.c, sim_disaster.c) ---- */
void sim_fault(struct sim *s);
struct sim_node *sim_disaster(struct sim *s, enum sim_fault f); /* whom it hit; NULL: nobody */
void sim_disaster_end(struct sim *s);
void sim_fault_lift(struct sim *s, unsigned node);  /* its store has room again */
void sim_fault_end(struct sim *s);              /* all of it */
void sim_disaster_reset(struct sim *s, struct sim_node *n);     /* a new outbox */
bool sim_conn_blocked(const struct sim *s, const struct sim_conn *c, unsigned way);
struct sim_backup { struct store *store; uint64_t lsn; };
void sim_backup_free(struct sim *s);

/* ---- the auditor (sim_audit*.c) ---- */
struct sim_end { uint64_t seq; struct hash hash; };
struct sim_voice {                              /* an office as one log knows it */
    uint64_t epoch, last, version;
    struct hash head;
    struct sim_end *end;                        /* of each batch of the epoch */
    size_t ends, cap;
    uint8_t key[8][PUBKEY_SIZE];                /* that may sign, the newest last; none: it is revoked or unknown */
    unsigned keys, role;
    bool known, active;
    region_code region;
    uint64_t refused;                           /* rows of the epoch with a disposition */
    uint64_t closed[8];                         /* epochs that ended */
    unsigned closes;
};
struct sim_log {                                /* of one worker, as far as it was read */
    uint64_t lsn;
    struct hash *hash;                          /* hash[i]: after record i */
    size_t cap;
    int64_t at_ms;                              /* of the last record */
    uint64_t registry;                          /* lines of the register in it */
    struct sim_voice voice[SIM_OFFICES];
    uint64_t rows;
    uint64_t cut[SIM_CUTS];                     /* where each stands; 0: nowhere */
};

/* ---- cuts (sim_cut.c) ---- */
struct sim_cut {                                /* a quarter that the centre asked for, and the notes it asked with */
    region_code region;
    unsigned year, quarter, version, notes;
    uint64_t registry[SIM_CUT_NOTES];
    uint32_t size[SIM_CUT_NOTES];
    uint8_t note[SIM_CUT_NOTES][CUT_NOTE_MAX];
};
struct sim_cuts { struct sim_cut v[SIM_CUTS]; unsigned n, told[SIM_WORKERS] /* bits */; };
bool sim_cut_is_centre(const struct office *o);
void sim_cut_line(struct sim *s, struct office *ret);   /* of the register */
void sim_cut_decide(struct sim *s);
void sim_cut_ask(struct sim *s, unsigned worker, unsigned k, unsigned note);
void sim_cut_end(struct sim *s);                /* with the faults */
void sim_cut_audit(struct sim *s, struct sim_log *l, const struct record *rec);
bool sim_cut_settled(const struct sim *s);

/* ---- followers, and what becomes of their leaders (sim_follow.c) ---- */
struct sim_copy {                               /* of one worker */
    uint64_t lsn, best;                         /* what its follower has on disk; the most one had of this leader */
    uint64_t told;                              /* the furthest position that was ever told as archived */
    int64_t issued_ms;                          /* time of the last restore record */
    uint64_t incarnation;                       /* of the log that stands, once it was promoted */
    bool forked, masked;                        /* the follower holds another log; a deposed leader plays in the worker's place */
    struct store *gone;                         /* of a deposed leader; while masked, of the one that stands */
    struct sim_log gone_log;
    unsigned took;                              /* collectors (bits) that know the log that stands, while masked */
};
struct sim_node *sim_follow_lag(struct sim *s);
struct sim_node *sim_follow_promote(struct sim *s);
struct sim_node *sim_follow_depose(struct sim *s);
void sim_follow_return(struct sim *s, unsigned worker); /* the deposed one is switched off */
struct sim_node *sim_follow_rejoin(struct sim *s);
void sim_follow_people(struct sim *s);          /* a follower that stopped is set up anew */
void sim_follow_audit(struct sim *s, struct sim_node *n);
void sim_follow_archived(struct sim *s, unsigned worker, uint64_t lsn);         /* told to an office */
void sim_follow_believed(struct sim *s, const struct sim_node *n);              /* by its worker */
bool sim_follow_settled(struct sim *s, const char **why);
void sim_follow_end(struct sim *s);             /* with the faults */
void sim_follow_free(struct sim *s);
int sim_disaster_restore(struct sim *s, struct sim_node *n, uint64_t incarnation);      /* a restore record in its store */

void sim_wrong(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_audit_worker(struct sim *s, struct sim_node *n);
void sim_audit_said(struct sim *s, struct sim_node *n, struct slice bytes); /* before it leaves a worker */
void sim_audit_log_forget(struct sim_log *l);   /* the log was replaced: read it again */
void sim_audit_collector(struct sim *s, struct sim_node *n);
void sim_audit_aggregator(struct sim *s, struct sim_node *n);
void sim_audit_fold(struct sim *s);             /* all of it again, the naive way */
/* The questions of HTTP, asked of the aggregator's state and of one folded from all records at once (sim_ask.c). */
void sim_ask(struct sim *s, struct store_txn *state, const struct naive_log *log);
bool sim_audit_accused(struct sim *s, struct sim_node *n); /* by the word of its own outbox */
bool sim_audit_settled(struct sim *s);
void sim_audit_end(struct sim *s);

/* ---- the world (sim.c) ---- */
struct sim_counts {
    uint64_t events, steps, packets, files, updates, probes;
    uint64_t answers, again;                    /* compared; batches that a worker got once more */
};
struct sim_set { uint64_t *v; size_t n, cap; }; /* open addressing; 0 is free */
struct sim {
    uint64_t seed;
    struct rng rng;
    struct sim_options o;
    struct sim_heap heap;
    int64_t us;                                 /* virtual now */
    uint64_t order, digest, token;
    bool faults, trace;                         /* faults: the first phase */
    struct sim_node node[SIM_NODES];
    unsigned nodes;
    struct sim_conn conn[SIM_CONNS];
    unsigned conns;
    peer_id next_peer;
    struct sim_office office[SIM_OFFICES];
    unsigned offices;
    struct sim_story **story;
    size_t stories;
    uint64_t files;
    int64_t value;                              /* one that no other row has */
    struct sim_registries registries;
    uint64_t registry_seen[SIM_WORKERS];
    struct sim_invites invites;
    struct sim_join join[SIM_OFFICES];
    struct sim_cuts cuts;
    struct signer ring;                         /* real keys */
    struct sim_log log[SIM_WORKERS];
    struct sim_backup backup[SIM_WORKERS];
    struct sim_copy copy[SIM_WORKERS];
    uint64_t applied[SIM_WORKERS];
    bool restored, state_ahead;
    unsigned leaps, silence_days;               /* leaps still to come; days that may pass so */
    int64_t leap_us, busy_until;
    struct sim_cover cover;
    struct sim_set batches;                     /* that reached a worker */
    struct sim_counts n;
    bool stuck;                                 /* what is wrong is that it does not settle */
    char why[512];                              /* the first thing that is wrong; "" */
};
struct sim *sim_new(uint64_t seed, bool trace);
void sim_play(struct sim *s);
void sim_free(struct sim **s);
void sim_option_draw(struct sim *s);

static inline struct slice sim_text(const char *t)
{
    const char *e = t;
    while (*e) e++;
    return slice_of(t, (size_t)(e - t));
}
static inline uint64_t sim_below(struct sim *s, uint64_t n) { return rng_below(&s->rng, n); }
static inline bool sim_one_in(struct sim *s, unsigned n) { return rng_below(&s->rng, n) == 0; }
static inline struct sim_node *sim_aggregator(struct sim *s) { return &s->node[0]; }
static inline struct sim_node *sim_worker(struct sim *s, unsigned i) { return &s->node[1 + i]; }
static inline struct sim_node *sim_collector(struct sim *s, unsigned i) { return &s->node[1 + s->o.workers + i]; }
static inline struct sim_node *sim_follower(struct sim *s, unsigned i)
{
    return &s->node[1 + s->o.workers + s->o.collectors + i];
}
static inline unsigned sim_followers(const struct sim *s) { return s->o.profile == SIM_FOLLOWS ? s->o.workers : 0; }
static inline unsigned sim_collectors(const struct sim *s) { return s->nodes - 1 - s->o.workers - sim_followers(s); }
/* The log that stands, also while a deposed leader plays in its worker's place. */
static inline const struct sim_log *sim_log_of(const struct sim *s, unsigned worker)
{
    return s->copy[worker].masked ? &s->copy[worker].gone_log : &s->log[worker];
}

#endif
