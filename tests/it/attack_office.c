/* attack_office.c - attacks of an office with right keys, and of a follower with one. Kind: E, tests only.
 *
 * Everything goes over connections of its own; what the worker ends is dialled again at once. Sends wait at most SEND_MS, so an
 * attacker that is held back by the transport tries another connection meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "proto/rng.h"
#include "tests/it/attack_speaker.h"

enum { LINES = 8, DIAL_MS = 3000, OPEN_MS = 500, SEND_MS = 50, PART = 512 << 10, SMALL_WINDOW = 4096, RECORDED = 256, HANDFUL = 32,
       WHOLE = 5000 /* rows near the size a batch may have */ };

struct gang { struct speaker s[LINES]; bool up[LINES]; };

static void gang_init(struct gang *g, struct attack *a, const struct attack_office *o, unsigned lines)
{
    const uint64_t fresh = (uint64_t)world_ms() << 8;
    for (unsigned i = 0; i < lines; i++) {
        speaker_init(&g->s[i], a, o, (uint8_t)(20 + i));
        g->s[i].stream = i;
        g->s[i].epoch = fresh + i;
        g->up[i] = false;
    }
}

static void gang_done(struct gang *g, unsigned lines)
{
    for (unsigned i = 0; i < lines; i++) speaker_done(&g->s[i]);
}

/* Line i stands, greeted and with its stream open if it is let. */
static bool stands(struct gang *g, struct attack *a, unsigned i, int rcvbuf)
{
    if (g->up[i] && !wire_gone(g->s[i].c.fd)) return true;
    a->cut += g->up[i];
    g->up[i] = speaker_greet(&g->s[i], rcvbuf, DIAL_MS);
    if (g->up[i]) (void)speaker_open(&g->s[i], OPEN_MS);
    return g->up[i];
}

typedef bool (*line_fn)(struct attack *a, struct speaker *s);     /* false: this line is of no use any more */

static void with_gang(struct attack *a, const struct attack_office *o, unsigned lines, int rcvbuf, int64_t until, line_fn fn)
{
    struct gang *g = calloc(1, sizeof *g);
    if (!g) return;
    gang_init(g, a, o, lines);
    for (unsigned i = 0; world_ms() < until; i = (i + 1) % lines) {
        if (!stands(g, a, i, rcvbuf)) continue;
        a->done++;
        if (fn(a, &g->s[i])) continue;
        a->cut++;
        g->up[i] = false;
    }
    gang_done(g, lines);
    free(g);
}

/* ---- a message that never ends ---- */

static bool one_more_part(struct attack *a, struct speaker *s)
{
    static uint8_t part[PART];
    (void)a;
    return curve_send(&s->c, slice_of(part, PART), true, SEND_MS);
}
void office_endless(struct attack *a, int64_t until_ms) { with_gang(a, &a->hostile, LINES, 0, until_ms, one_more_part); }

/* ---- messages that say they are huge ---- */

static size_t bomb(uint8_t *p, size_t most, struct rng *r)
{
    static const uint8_t claims[][5] = { { 0xdd, 0xff, 0xff, 0xff, 0xff }, { 0xdf, 0xff, 0xff, 0xff, 0xff },
                                         { 0xc6, 0xff, 0xff, 0xff, 0xff }, { 0xdb, 0x7f, 0xff, 0xff, 0xff },
                                         { 0xc9, 0xff, 0xff, 0xff, 0xff }, { 0xdd, 0x40, 0x00, 0x00, 0x00 } };
    unsigned kind = (unsigned)rng_below(r, 4);
    if (kind == 0) return memset(p, 0x91, most), most;          /* arrays in arrays */
    if (kind == 1) return memset(p, 0x81, most), most;          /* maps in maps */
    if (kind == 2) {                                            /* each element claims 2^32 more */
        for (size_t i = 0; i + 5 <= most; i += 5) memcpy(p + i, claims[rng_below(r, 6)], 5);
        return most - most % 5;
    }
    memcpy(p, claims[rng_below(r, 6)], 5);                      /* one claim and nothing behind it */
    return 5;
}

static bool send_bomb(struct attack *a, struct speaker *s)
{
    static struct rng r;
    static uint8_t payload[FRAME_BYTES_MAX - FRAME_HEADER_BYTES];
    static const unsigned types[] = { MSG_BATCH, MSG_HELLO, MSG_OPEN, MSG_SUBSCRIBE, MSG_JOIN, MSG_PROVE, MSG_BYE };
    unsigned type = types[a->done % (sizeof types / sizeof *types)];
    size_t most = codec_msg_max(type) < sizeof payload && rng_below(&r, 8) ? codec_msg_max(type) : sizeof payload;
    if (a->done <= 1) rng_seed(&r, 3);
    buf_clear(&s->frame);
    codec_frame_begin(&s->frame, type);
    buf_put(&s->frame, payload, bomb(payload, most, &r));
    codec_frame_end(&s->frame);
    return curve_send(&s->c, buf_slice(&s->frame), false, SEND_MS);
}
void office_bombs(struct attack *a, int64_t until_ms) { with_gang(a, &a->hostile, LINES, 0, until_ms, send_bomb); }

/* ---- credit is a word ---- */

static bool push_on(struct attack *a, struct speaker *s)
{
    struct slice f = speaker_batch(s, a->hostile.id, WHOLE, (unsigned)a->done % ATTACK_LEAVES, (int64_t)a->done);
    return curve_send(&s->c, f, false, SEND_MS);
}
void office_credit(struct attack *a, int64_t until_ms) { with_gang(a, &a->hostile, LINES, 0, until_ms, push_on); }

/* Rows of another office: each is refused, so each ACK is long; nobody ever reads one, nor what is sent twice. */
static bool push_deaf(struct attack *a, struct speaker *s)
{
    const struct field ping[] = { { .u = 1 } };
    struct slice f = speaker_batch(s, a->honest.id, WHOLE, 0, 5);
    bool ok = curve_send(&s->c, f, false, SEND_MS);
    for (unsigned i = 0; ok && i < HANDFUL; i++) ok = curve_send(&s->c, f, false, SEND_MS);
    for (unsigned i = 0; ok && i < HANDFUL; i++) ok = speaker_send(s, MSG_PING, ping, SEND_MS);
    return ok;
}
void office_deaf(struct attack *a, int64_t until_ms) { with_gang(a, &a->hostile, LINES, SMALL_WINDOW, until_ms, push_deaf); }

/* ---- the same again ---- */

/* A stream of its own is filled once; then its batches are sent again for ever. Acks are read, or the transport would hold us. */
static void replay(struct attack *a, struct speaker *s, int64_t until)
{
    struct buf kept[RECORDED];
    struct field f[FIELDS_MAX];
    for (unsigned i = 0; i < RECORDED; i++) {
        struct slice one = speaker_batch(s, a->hostile.id, 20, i % ATTACK_LEAVES, 7);
        buf_init(&kept[i], FRAME_BYTES_MAX);
        buf_put(&kept[i], one.p, one.n);
    }
    for (unsigned i = 0; world_ms() < until; i++) {
        a->done++;
        bool ok = curve_send(&s->c, buf_slice(&kept[i % RECORDED]), false, SEND_MS);
        if (!ok || (i % HANDFUL == 0 && speaker_await(s, MSG_BYE, f, 0) < 0)) {
            a->cut++;
            if (!speaker_greet(s, 0, DIAL_MS) || !speaker_open(s, DIAL_MS)) break;
        }
    }
    for (unsigned i = 0; i < RECORDED; i++) buf_done(&kept[i]);
}

void office_replay(struct attack *a, int64_t until_ms)
{
    while (world_ms() < until_ms) {
        struct speaker s;
        speaker_init(&s, a, &a->hostile, 60);
        s.stream = 9;
        s.epoch = (uint64_t)until_ms << 8;
        if (speaker_greet(&s, 0, DIAL_MS) && speaker_open(&s, DIAL_MS)) replay(a, &s, until_ms);
        speaker_done(&s);
    }
}

static bool new_epochs(struct attack *a, struct speaker *s)
{
    static const uint8_t nothing[HASH_SIZE];
    struct field f[FIELDS_MAX];
    bool ok = true;
    for (unsigned i = 0; ok && i < HANDFUL; i++) {
        const struct field open[] = { { .s = slice_of(a->hostile.id, strlen(a->hostile.id)) },
                                      { .u = (a->done + i) % 16 },
                                      { .u = s->epoch + (a->done * HANDFUL + i) * LINES },
                                      { .u = 0 }, { .s = slice_of(nothing, HASH_SIZE) } };
        ok = speaker_send(s, MSG_OPEN, open, SEND_MS);
    }
    return ok && speaker_await(s, MSG_BYE, f, 0) >= 0;
}
void office_epochs(struct attack *a, int64_t until_ms) { with_gang(a, &a->hostile, LINES, 0, until_ms, new_epochs); }

/* ---- questions ---- */

static bool ask(struct attack *a, struct speaker *s)
{
    static const uint8_t nothing[HASH_SIZE];
    const struct slice id = slice_of(a->hostile.id, strlen(a->hostile.id));
    const struct field ping[] = { { .u = 1 } }, prove[] = { { .u = 1 + a->done % 2 }, { .u = 1 + a->done % 9 }, { .u = 10 } },
                       place[] = { { .s = id }, { .u = 0 }, { .u = s->epoch }, { .u = 1 + a->done % 100 }, { .u = 10 } },
                       subscribe[] = { { .u = 0 }, { .s = slice_of(nothing, HASH_SIZE) }, { .u = UINT64_MAX } },
                       credit[] = { { .u = UINT64_MAX } };
    struct field f[FIELDS_MAX];
    bool ok = true;
    for (unsigned i = 0; ok && i < HANDFUL; i++)
        ok = speaker_send(s, MSG_PROVE, prove, SEND_MS) && speaker_send(s, MSG_PLACE, place, SEND_MS) &&
             speaker_send(s, MSG_PING, ping, SEND_MS) && speaker_send(s, MSG_SUBSCRIBE, subscribe, SEND_MS) &&
             speaker_send(s, MSG_CREDIT, credit, SEND_MS);
    return ok && speaker_await(s, MSG_BYE, f, 0) >= 0;
}
void office_questions(struct attack *a, int64_t until_ms) { with_gang(a, &a->hostile, LINES, 0, until_ms, ask); }

/* ---- connections of one key ---- */

void office_sessions(struct attack *a, int64_t until_ms)
{
    enum { MANY = 200 };
    struct speaker *s = calloc(MANY, sizeof *s);
    if (!s) return;
    for (unsigned i = 0; i < MANY; i++) speaker_init(&s[i], a, &a->hostile, (uint8_t)i);
    for (unsigned i = 0; world_ms() < until_ms; i = (i + 1) % MANY) {
        if (s[i].c.fd >= 0 && wire_gone(s[i].c.fd)) curve_close(&s[i].c), a->cut++;
        if (s[i].c.fd < 0 && curve_dial(&s[i].c, a->port, 0, &a->hostile.keys, a->server, DIAL_MS)) a->done += speaker_hello(&s[i]);
    }
    for (unsigned i = 0; i < MANY; i++) speaker_done(&s[i]);
    free(s);
}

/* ---- a follower that takes everything and reads nothing ---- */

static bool swallow(struct speaker *s)
{
    static const uint8_t nothing[HASH_SIZE];
    const struct field subscribe[] = { { .u = 0 }, { .s = slice_of(nothing, HASH_SIZE) }, { .u = UINT64_MAX } },
                       credit[] = { { .u = UINT64_MAX } };
    bool ok = speaker_send(s, MSG_SUBSCRIBE, subscribe, SEND_MS);
    for (unsigned i = 0; ok && i < HANDFUL; i++) ok = speaker_send(s, MSG_CREDIT, credit, SEND_MS);
    return ok;
}

void office_follower(struct attack *a, int64_t until_ms)
{
    struct attack_office follower = a->hostile;
    struct speaker s;
    follower.keys = a->follower;
    speaker_init(&s, a, &follower, 90);
    while (world_ms() < until_ms) {
        a->done++;
        if (s.c.fd >= 0 && !wire_gone(s.c.fd) && swallow(&s)) {
            world_pause(1);
            continue;
        }
        a->cut += s.c.fd >= 0;
        (void)speaker_greet(&s, SMALL_WINDOW, DIAL_MS);
    }
    speaker_done(&s);
}
