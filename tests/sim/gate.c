/* gate.c - see gate.h. Kind: P.
 *
 * The world: offices A, B, C, a treasurer, a planner, a centre and an auditor, active; one revoked, one whose validity is over; a
 * follower; an open, an expired and a used invitation; a request that waits; a stranger; the zero key. Signatures are Ed25519. Each
 * attempt is a connection of its own, so nothing of one helps the next; but the revoked office and the one that is over opened
 * their streams while they still could, and all they try goes over those connections. A new world begins every WORLD_ATTEMPTS.
 *
 * Invariant: gate.c decides what is allowed before the worker is asked, and never looks at the worker's tables to do so. */
#include "tests/sim/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/invite.h"
#include "proto/rng.h"

#define REVOKED "gen-3374-05"
#define EXPIRED "gen-3374-06"
#define INVITED "gen-3374-07"
#define WAITING "gen-3374-08"
#define STRANGER "gen-3374-77"
#define PLANNER "gen-3374-10"
#define CENTRE "gen-33-11"
#define AUDITOR "gen-3302-12"
enum { WORLD_ATTEMPTS = 20000, MEMBERS = 7, WORKING = 4 /* of them in every world */, DAY_MS = 86400000 };

/* Whose transport key speaks. The first MEMBERS are active offices; their order is that of OFFICES. */
enum who { WHO_A, WHO_B, WHO_C, WHO_TREASURER, WHO_PLANNER, WHO_CENTRE, WHO_AUDITOR, WHO_REVOKED, WHO_EXPIRED, WHO_WAITING,
           WHO_STRANGER, WHO_FOLLOWER, WHO_OPEN, WHO_OVER, WHO_USED, WHO_ZERO, WHO_COUNT };
static const char *const OFFICES[] = { OFFICE_A, OFFICE_B, OFFICE_C, TREASURER, PLANNER, CENTRE, AUDITOR, REVOKED, EXPIRED, WAITING,
                                       STRANGER, INVITED };
enum { OFFICE_COUNT = sizeof OFFICES / sizeof *OFFICES, OFFICE_INVITED = 11 };

enum forged { SIG_RIGHT, SIG_ZERO, SIG_ONES, SIG_RANDOM, SIG_BIT, SIG_PLUS_ORDER, SIG_OTHERS, SIG_IDENTITY, SIG_OF_BODY, SIG_OLD,
              SIG_SHORT, SIG_LONG, SIG_NONE, SIG_KEY_ID, SIG_HEADER_BIT, SIG_KINDS };

struct gate {
    struct world w;
    struct rng rng;
    struct invites *invites;
    uint8_t key[WHO_COUNT][PUBKEY_SIZE];
    struct sender sender[MEMBERS];
    uint8_t old[SIG_SIZE];              /* of some batch that was taken */
    peer_id peer, last;                 /* of this attempt; the highest given */
    peer_id kept[2];                    /* connections of the revoked office and the one that is over, streams open */
    struct buf body, frame;
};
struct attempt {
    enum gate_op op;
    enum who who;
    unsigned office;                    /* index in OFFICES: whom it speaks as */
    unsigned prior;                     /* 0 nothing, 1 HELLO, 2 HELLO and OPEN before */
    enum forged forged;
    unsigned subject;                   /* GATE_SUBJECT: whose figures */
    uint8_t source;                     /* GATE_SUBJECT: OPD the office's own, BUD the treasury's; else a step in that capacity */
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

const char *gate_op_name(unsigned op)
{
    static const char *const names[GATE_OPS] = { "HELLO", "OPEN", "BATCH", "BATCH of another's figures", "SUBSCRIBE", "CREDIT",
                                                 "PING", "PROVE", "JOIN new", "JOIN rotation" };

    return names[op];
}

static uint32_t pick(struct gate *g, uint32_t n) { return (uint32_t)rng_below(&g->rng, n); }

/* ---- the world ---- */

static void add_signer(struct gate *g, const char *id)
{
    struct hash seed = sign_hash2("gate", 4, id, strlen(id));

    assert_int_equal(sign_ed25519_ring_add(&g->w.signer, text(id), seed.b), ST_OK);
}

static void make_key(const char *what, uint8_t ret[PUBKEY_SIZE])
{
    struct hash h = sign_hash2("gate key", 8, what, strlen(what));

    memcpy(ret, h.b, PUBKEY_SIZE);
}

static void make_keys(struct gate *g)
{
    for (unsigned i = WHO_A; i <= WHO_STRANGER; i++) work_world_transport(OFFICES[i], g->key[i]);
    work_world_follower_key(g->key[WHO_FOLLOWER]);
    make_key("open", g->key[WHO_OPEN]);
    make_key("over", g->key[WHO_OVER]);
    make_key("used", g->key[WHO_USED]);
}

static void put_invite(struct buf *b, const uint8_t key[PUBKEY_SIZE], const char *office, unsigned state, int64_t until)
{
    struct invite i = { .region = 33u << 16 | 74, .role = ROLE_OFFICE, .state = (uint8_t)state, .until = { until },
                        .name = "Kantor" };
    char line[INVITE_LINE_MAX];

    memcpy(i.key, key, PUBKEY_SIZE);
    snprintf(i.office, sizeof i.office, "%s", office);
    assert_true(invite_format(&i, line, sizeof line) > 0);
    buf_printf(b, "%s\n", line);
}

static void make_invites(struct gate *g)
{
    uint8_t waiting[PUBKEY_SIZE];
    int64_t now = g->w.now.wall.ms;
    char err[256];
    struct buf b;

    make_key("waiting", waiting);
    buf_init(&b, INVITE_FILE_BYTES_MAX);
    buf_str(&b, INVITE_HEADING);
    put_invite(&b, g->key[WHO_OPEN], INVITED, INVITE_OPEN, now + DAY_MS);
    put_invite(&b, g->key[WHO_OVER], INVITED, INVITE_OPEN, now);
    put_invite(&b, g->key[WHO_USED], INVITED, INVITE_USED, now + DAY_MS);
    put_invite(&b, waiting, WAITING, INVITE_OPEN, now + DAY_MS);
    assert_int_equal(invite_parse(buf_slice(&b), &g->invites, err, sizeof err), ST_OK);
    buf_done(&b);
    work_set_invites(g->w.work, g->invites);
}

/* ---- messages ---- */

static void sign(struct gate *g, const char *who, struct slice msg, uint8_t ret[SIG_SIZE])
{
    assert_int_equal(g->w.signer.sign(g->w.signer.ctx, text(who), msg, ret), ST_OK);
}

/* The group's order added to S: the same equation, another text. */
static void plus_order(uint8_t sig[SIG_SIZE])
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                       0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
    unsigned carry = 0;

    for (unsigned i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static const char *another(struct gate *g, const char *not)
{
    const char *id;

    do id = OFFICES[pick(g, OFFICE_COUNT)];
    while (strcmp(id, not) == 0);
    return id;
}

/* A signature of this kind, of what `who` should sign. */
static void forge(struct gate *g, enum forged how, const char *who, struct slice msg, uint8_t sig[SIG_SIZE])
{
    sign(g, who, msg, sig);
    switch (how) {
    case SIG_ZERO: memset(sig, 0, SIG_SIZE); break;
    case SIG_ONES: memset(sig, 0xff, SIG_SIZE); break;
    case SIG_RANDOM:
        for (unsigned i = 0; i < SIG_SIZE; i++) sig[i] = (uint8_t)pick(g, 256);
        break;
    case SIG_BIT: sig[pick(g, SIG_SIZE)] ^= (uint8_t)(1u << pick(g, 8)); break;
    case SIG_PLUS_ORDER: plus_order(sig); break;
    case SIG_OTHERS: sign(g, another(g, who), msg, sig); break;
    case SIG_IDENTITY:
        memset(sig, 0, SIG_SIZE);
        sig[0] = 1;
        break;
    case SIG_OF_BODY: sign(g, who, buf_slice(&g->body), sig); break;
    case SIG_OLD: memcpy(sig, g->old, SIG_SIZE); break;
    default: break;
    }
}

static void put_batch(struct gate *g, const struct attempt *a, struct slice header, const uint8_t sig[SIG_SIZE])
{
    uint8_t longer[SIG_SIZE + 1] = { 0 };
    size_t n = a->forged == SIG_SHORT ? SIG_SIZE - 1 : a->forged == SIG_LONG ? SIG_SIZE + 1 : a->forged == SIG_NONE ? 0 : SIG_SIZE;

    memcpy(longer, sig, SIG_SIZE);
    buf_clear(&g->frame);
    codec_frame_begin(&g->frame, MSG_BATCH);
    codec_put_array(&g->frame, 3);
    codec_put_bin(&g->frame, header);
    codec_put_bin(&g->frame, slice_of(longer, n));
    codec_put_bin(&g->frame, buf_slice(&g->body));
    codec_frame_end(&g->frame);
}

/* One step of the close of `subject`. */
static void put_step(struct gate *g, const char *subject, uint8_t source)
{
    const struct section s = { .office = text(subject), .year = 2024, .source = source,
                               .vintage = VINTAGE_PERMENDAGRI_90_2019, .entered = { 1700000000000 } };
    const struct figure f = { .measure = MEASURE_STEP, .year = 2024, .source = source, .month = 3, .kind = VALUE_TEXT,
                              .indicator = text("1/verifikasi/gen"), .text = text("-") };

    assert_int_equal(figure_check(&f), CODE_OK);
    buf_clear(&g->body);
    codec_put_array(&g->body, 1);
    codec_section_begin(&g->body, &s, 1);
    codec_row_put(&g->body, &f);
}

/* The next batch of the office's stream; *s moves on when it is one that must be taken. */
static void make_batch(struct gate *g, const struct attempt *a, bool allowed, struct sender *s)
{
    const char *id = OFFICES[a->office], *subject = a->op == GATE_SUBJECT ? OFFICES[a->subject] : id;
    struct batch_header h = { .installation = { 1 }, .office = text(id), .epoch = s->epoch, .sequence = s->next, .count = 1,
                              .previous = s->head, .signed_at = g->w.now.wall };
    uint8_t pub[PUBKEY_SIZE], sig[SIG_SIZE];
    struct buf header;

    if (a->op == GATE_SUBJECT && a->source > SOURCE_BUD) put_step(g, subject, a->source);
    else
        work_world_body(&g->body, subject, a->op == GATE_SUBJECT ? a->source : SOURCE_OPD, MEASURE_REALISED, 1,
                        100 + pick(g, 1000));
    assert_int_equal(g->w.signer.public_key(g->w.signer.ctx, text(a->forged == SIG_KEY_ID ? another(g, id) : id), pub), ST_OK);
    h.key_id = sign_key_id(pub);
    h.body_hash = sign_hash(g->body.p, g->body.n);
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    codec_batch_header_put(&header, &h);
    forge(g, a->forged, id, buf_slice(&header), sig);
    if (a->forged == SIG_HEADER_BIT) header.p[pick(g, (uint32_t)header.n)] ^= (uint8_t)(1u << pick(g, 8));
    put_batch(g, a, buf_slice(&header), sig);
    if (allowed) {
        s->head = codec_batch_hash(buf_slice(&header), slice_of(sig, SIG_SIZE));
        s->next++;
        memcpy(g->old, sig, SIG_SIZE);
    }
    buf_done(&header);
}

static void make_join(struct gate *g, const struct attempt *a)
{
    const char *id = OFFICES[a->office], *fresh = a->op == GATE_JOIN ? id : "gate-fresh";
    struct join_request r = { .kind = a->op == GATE_JOIN ? JOIN_NEW : JOIN_ROTATE, .asked = g->w.now.wall };
    bool present = a->op == GATE_ROTATE && pick(g, 2);  /* which of the two signatures is forged */
    struct buf m;

    memcpy(r.invitation, g->key[a->who], r.kind == JOIN_NEW ? PUBKEY_SIZE : 0);
    snprintf(r.office, sizeof r.office, "%s", id);
    work_world_transport(id, r.transport);
    assert_int_equal(g->w.signer.public_key(g->w.signer.ctx, text(fresh), r.signing), ST_OK);
    buf_init(&m, 1024);
    join_request_message(&m, &r);
    buf_clear(&g->body);
    buf_str(&g->body, "something else");
    forge(g, present ? SIG_RIGHT : a->forged, fresh, buf_slice(&m), r.signature);
    forge(g, present ? a->forged : SIG_RIGHT, id, buf_slice(&m), r.by_present);
    buf_done(&m);
    const struct field f[] = { { .u = r.kind },
                               { .s = slice_of(r.invitation, r.kind == JOIN_NEW ? PUBKEY_SIZE : 0) },
                               { .s = text(r.office) },
                               { .s = slice_of(r.transport, PUBKEY_SIZE) },
                               { .s = slice_of(r.signing, PUBKEY_SIZE) },
                               { .u = (uint64_t)r.asked.ms },
                               { .s = slice_of(r.signature, SIG_SIZE) },
                               { .s = slice_of(r.by_present, r.kind == JOIN_NEW ? 0 : SIG_SIZE) } };
    assert_true(codec_build(&g->frame, MSG_JOIN, f));
}

static void make_hello(struct gate *g)
{
    static const uint8_t installation[16] = { 1 };
    const struct field f[] = { { .u = 1 }, { .u = 1 }, { .s = { installation, 16 } }, { .s = text("collector") },
                               { .s = text("gate") }, { .u = 0 } };

    assert_true(codec_build(&g->frame, MSG_HELLO, f));
}

static void make_open(struct gate *g, unsigned office)
{
    static const struct hash zero;
    const struct field f[] = { { .s = text(OFFICES[office]) }, { .u = 0 }, { .u = 1000 + office }, { .u = 0 },
                               { .s = { zero.b, HASH_SIZE } } };

    assert_true(codec_build(&g->frame, MSG_OPEN, f));
}

static void make_small(struct gate *g, enum gate_op op)
{
    static const struct hash zero;
    const struct field one[] = { { .u = 1 } }, three[] = { { .u = 1 }, { .u = 1 }, { .u = 1 } },
                       subscribe[] = { { .u = 0 }, { .s = { zero.b, HASH_SIZE } }, { .u = 65536 } };
    bool ok = op == GATE_PING    ? codec_build(&g->frame, MSG_PING, one)
              : op == GATE_CREDIT ? codec_build(&g->frame, MSG_CREDIT, one)
              : op == GATE_PROVE  ? codec_build(&g->frame, MSG_PROVE, three)
                                  : codec_build(&g->frame, MSG_SUBSCRIBE, subscribe);

    assert_true(ok);
}

static void deliver(struct gate *g, enum who who)
{
    work_world_frame(&g->w, g->peer, g->key[who], buf_slice(&g->frame));
    assert_int_equal(work_world_commit(&g->w), ST_OK);
}

/* ---- the rules ---- */

static bool greets(enum who who) { return (unsigned)who < MEMBERS || who == WHO_EXPIRED || who == WHO_FOLLOWER; }

/* An active office speaks for itself over its own connection. */
static bool own(const struct attempt *a) { return (unsigned)a->who < MEMBERS && a->office == (unsigned)a->who; }

/* An authentic batch of an open stream: it is logged, whatever it says. */
static bool authentic(const struct attempt *a) { return a->prior == 2 && own(a) && a->forged == SIG_RIGHT; }

/* An office its own figures, the treasurer the cash figures of all who are registered in its region; planner, centre and auditor
 * the steps of the offices of theirs (33.74, 33 and 33.02), each in its own capacity. */
static bool may_state(const struct attempt *a)
{
    bool registered = a->subject <= WHO_EXPIRED,
         of_city = a->subject != WHO_C && a->subject != WHO_CENTRE && a->subject != WHO_AUDITOR;
    bool reports = a->subject <= WHO_C || a->subject == WHO_REVOKED || a->subject == WHO_EXPIRED;

    switch (a->source) {
    case SOURCE_OPD: return a->subject == a->office;
    case SOURCE_BUD: return a->who == WHO_TREASURER && registered && of_city;
    case SOURCE_VERIFIER: return a->who == WHO_PLANNER && reports && of_city;
    case SOURCE_CENTRE: return a->who == WHO_CENTRE && reports;
    case SOURCE_AUDITOR: return a->who == WHO_AUDITOR && a->subject == WHO_C;
    default: return false;
    }
}

/* What P6 and docs/PROTOCOL.md allow. */
static bool allowed(const struct attempt *a)
{
    bool right = a->forged == SIG_RIGHT, greeted = a->prior >= 1 && greets(a->who);

    switch (a->op) {
    case GATE_HELLO: return greets(a->who);
    case GATE_OPEN: return greeted && own(a);
    case GATE_BATCH: return authentic(a);
    case GATE_SUBJECT: return authentic(a) && may_state(a);
    case GATE_SUBSCRIBE: return greeted && a->who == WHO_FOLLOWER;
    case GATE_CREDIT: return false;
    case GATE_PING:
    case GATE_PROVE: return greeted;
    case GATE_JOIN: return a->who == WHO_OPEN && a->office == OFFICE_INVITED && right;
    case GATE_ROTATE: return own(a) && right;
    default: return false;
    }
}

/* Only the signatures that a message of this kind can carry; some weight on what gets furthest. */
static struct attempt choose(struct gate *g)
{
    static const uint8_t sources[] = { SOURCE_OPD, SOURCE_BUD, SOURCE_VERIFIER, SOURCE_CENTRE, SOURCE_AUDITOR };
    struct attempt a = { .op = (enum gate_op)pick(g, GATE_OPS), .who = (enum who)pick(g, WHO_COUNT),
                         .office = pick(g, OFFICE_COUNT), .prior = pick(g, 3), .forged = (enum forged)pick(g, SIG_KINDS),
                         .subject = pick(g, OFFICE_COUNT), .source = sources[pick(g, sizeof sources)] };
    bool signs = a.op == GATE_BATCH || a.op == GATE_SUBJECT || a.op == GATE_JOIN || a.op == GATE_ROTATE;

    if (!signs || (a.op == GATE_SUBJECT && pick(g, 2))) a.forged = SIG_RIGHT;
    if ((a.op == GATE_JOIN || a.op == GATE_ROTATE) && a.forged >= SIG_SHORT) a.forged = SIG_RIGHT;
    if (signs && a.op != GATE_JOIN && pick(g, 2)) {     /* an active office over its own connection, stream open */
        a.who = (enum who)pick(g, MEMBERS);
        a.office = (unsigned)a.who;
        a.prior = 2;
    }
    if (a.who == WHO_REVOKED || a.who == WHO_EXPIRED) {
        a.prior = 2;
        if (a.op == GATE_PING || a.op == GATE_PROVE) a.op = GATE_BATCH;         /* what an open session may still ask is not P6 */
        if (pick(g, 2)) a.office = (unsigned)a.who;
    }
    if (a.op == GATE_JOIN && pick(g, 4) == 0) a.who = WHO_OPEN;
    if (a.op == GATE_JOIN && pick(g, 4) == 0) a.office = OFFICE_INVITED;
    return a;
}

/* ---- one attempt ---- */

struct trace { uint64_t lsn, changes, updates, refused; uint32_t streams, waiting; };

static struct trace look(const struct gate *g)
{
    struct work_status s;
    struct trace t;

    work_status(g->w.work, &s);
    t = (struct trace){ .lsn = s.lsn, .updates = s.counters.updates, .refused = s.counters.refused, .streams = s.streams };
    (void)work_guests(g->w.work, &t.waiting, &t.changes);
    return t;
}

/* Was anything but a NACK said to this peer in the last step? */
static bool welcomed(const struct gate *g)
{
    for (uint32_t i = 0; i < g->w.x.count; i++) {
        struct frame f;
        unsigned code;

        if (g->w.x.e[i].kind != EFFECT_SEND || g->w.x.e[i].peer != g->peer) continue;
        assert_int_equal(codec_frame_parse(effects_bytes(&g->w.x, &g->w.x.e[i]), &f, &code), ST_OK);
        if (f.type != MSG_NACK) return true;
    }
    return false;
}

/* A batch of an office about somebody else's figures is logged for ever, and every row of it refused. */
static bool taken(const struct gate *g, const struct attempt *a, const struct trace *before)
{
    struct trace after = look(g);

    if (a->op == GATE_SUBJECT && authentic(a)) return after.updates - before->updates != after.refused - before->refused;
    return welcomed(g) || after.lsn != before->lsn || after.streams != before->streams || after.changes != before->changes ||
           after.waiting != before->waiting;
}

static void make(struct gate *g, const struct attempt *a, bool may)
{
    struct sender none = { .epoch = 1000 + a->office, .next = 1 }, *s = a->office < MEMBERS ? &g->sender[a->office] : &none;

    switch (a->op) {
    case GATE_HELLO: make_hello(g); break;
    case GATE_OPEN: make_open(g, a->office); break;
    case GATE_BATCH:
    case GATE_SUBJECT: make_batch(g, a, may || authentic(a), s); break;
    case GATE_JOIN:
    case GATE_ROTATE: make_join(g, a); break;
    default: make_small(g, a->op); break;
    }
}

static void note(struct gate_result *r, const struct attempt *a, const char *what)
{
    if (r->first[0] == '\0')
        snprintf(r->first, sizeof r->first, "%s %s: key %d, office %s, prior %u, signature %d, subject %s, source %s", what,
                 gate_op_name(a->op), (int)a->who, OFFICES[a->office], a->prior, (int)a->forged, OFFICES[a->subject],
                 figure_source_name(a->source));
}

/* What waits would answer for the next one. */
static void forget(struct gate *g, const char *office)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(g->w.store, true, &t), ST_OK);
    assert_int_equal(work_reject(g->w.work, t, text(office)), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

static void try_one(struct gate *g, struct gate_result *r)
{
    struct attempt a = choose(g);
    bool may = allowed(&a), ok;
    struct gate_count *n = &r->op[a.op];
    struct trace before;

    if (may && pick(g, 4)) return;      /* enough of what is allowed */
    g->peer = a.who == WHO_REVOKED ? g->kept[0] : a.who == WHO_EXPIRED ? g->kept[1] : ++g->last;
    if (a.who == WHO_REVOKED && (a.op == GATE_JOIN || a.op == GATE_ROTATE)) g->peer = ++g->last;      /* it is closed after that */
    if (a.prior >= 1 && g->peer == g->last) {
        make_hello(g);
        deliver(g, a.who);
    }
    if (a.prior == 2 && g->peer == g->last) {
        make_open(g, a.office);
        deliver(g, a.who);
    }
    make(g, &a, may);
    before = look(g);
    deliver(g, a.who);
    ok = taken(g, &a, &before) || (may && a.op == GATE_SUBJECT && look(g).updates == before.updates + 1);
    if (may) n->allowed++, n->allowed_refused += !ok;
    else n->attempts++, n->accepted += ok;
    if (ok && (a.op == GATE_JOIN || a.op == GATE_ROTATE)) forget(g, OFFICES[a.office]);
    if (may != ok) note(r, &a, may ? "refused" : "taken");
}

static void keep_open(struct gate *g, unsigned who, unsigned slot)
{
    g->peer = g->kept[slot] = ++g->last;
    make_hello(g);
    deliver(g, (enum who)who);
    make_open(g, who);
    deliver(g, (enum who)who);
    assert_true(work_world_reply(&g->w, g->peer, MSG_OPEN_OK, 0).found);
}

static void begin(struct gate *g, uint64_t seed)
{
    struct attempt waits = { .op = GATE_JOIN, .who = WHO_COUNT };

    memset(g, 0, sizeof *g);
    rng_seed(&g->rng, seed);
    work_world_init(&g->w, true);
    buf_init(&g->body, BATCH_BYTES_MAX);
    buf_init(&g->frame, FRAME_BYTES_MAX);
    for (unsigned i = WORKING; i < OFFICE_COUNT; i++) add_signer(g, OFFICES[i]);
    add_signer(g, "gate-fresh");
    work_world_register(&g->w, PLANNER, "33.74", ROLE_PLANNER, OFFICE_ACTIVE, INT64_MAX);
    work_world_register(&g->w, CENTRE, "33", ROLE_CENTRE, OFFICE_ACTIVE, INT64_MAX);
    work_world_register(&g->w, AUDITOR, "33.02", ROLE_AUDITOR, OFFICE_ACTIVE, INT64_MAX);
    work_world_register(&g->w, REVOKED, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    work_world_register(&g->w, EXPIRED, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, g->w.now.wall.ms + 10);
    make_keys(g);
    g->last = PEER_FIRST;
    for (unsigned i = 0; i < 2; i++) keep_open(g, WHO_REVOKED + i, i);
    work_world_register(&g->w, REVOKED, "33.74", ROLE_OFFICE, OFFICE_REVOKED, INT64_MAX);
    g->w.now.wall.ms += 10;
    make_invites(g);
    g->peer = ++g->last;
    for (unsigned i = 0; i < MEMBERS; i++) g->sender[i] = (struct sender){ .epoch = 1000 + i, .next = 1 };
    /* the request that waits, over its own invitation */
    make_key("waiting", g->key[WHO_ZERO]);
    waits.who = WHO_ZERO;
    waits.office = WHO_WAITING;
    make_join(g, &waits);
    deliver(g, WHO_ZERO);
    memset(g->key[WHO_ZERO], 0, PUBKEY_SIZE);
    assert_int_equal(look(g).waiting, 1);
}

static void end(struct gate *g)
{
    work_world_done(&g->w);
    invite_free(&g->invites);
    buf_done(&g->body);
    buf_done(&g->frame);
}

void gate_run(uint64_t seed, uint64_t attempts, struct gate_result *ret)
{
    struct gate *g = malloc(sizeof *g);
    uint64_t made = 0;

    assert_non_null(g);
    while (made < attempts) {
        uint64_t most = attempts - made < WORLD_ATTEMPTS ? attempts - made : WORLD_ATTEMPTS, now = 0;
        uint64_t start = 0;

        for (unsigned i = 0; i < GATE_OPS; i++) start += ret->op[i].attempts;
        begin(g, seed++);
        while (now < most) {
            try_one(g, ret);
            now = 0;
            for (unsigned i = 0; i < GATE_OPS; i++) now += ret->op[i].attempts;
            now -= start;
        }
        end(g);
        made += now;
    }
    free(g);
    ret->all = (struct gate_count){ 0 };
    for (unsigned i = 0; i < GATE_OPS; i++) {
        ret->all.attempts += ret->op[i].attempts;
        ret->all.accepted += ret->op[i].accepted;
        ret->all.allowed += ret->op[i].allowed;
        ret->all.allowed_refused += ret->op[i].allowed_refused;
    }
}
