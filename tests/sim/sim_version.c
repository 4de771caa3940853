/* sim_version.c - nodes of several protocol versions beside each other, upgraded and rolled back while they work. Kind: P.
 *
 * A node is as shipped (version 1, this minor), of the next minor, or of the next major. What makes it so stands at its edge, on
 * the frames that leave it and come to it; the node itself is the one that is shipped:
 *  next minor  offers versions 1..2, has elements behind the known ones in whatever it says (but a BATCH), and says things of types
 *              that only it knows; what it hears lacks all that.
 *  next major  its frames carry version 2, and those of version 1 are not its own. Only the NACK that says so is in the frame of
 *              version 1 whoever sends it, and read by all (docs/PROTOCOL.md section 2).
 * A change of version is a restart: connections break, what was under way keeps the version it was sent in.
 *
 * Invariant: nothing is taken from what a node says but by the rules that it is held to. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { AT_VERSION = 4, AT_TYPE = 5, AT_CRC = 12, NEXT_MAJOR = CODEC_VERSION + 1, STRANGE_TYPES = 200 };

static void seal(uint8_t *p, size_t n)
{
    bytes_be32(p + AT_CRC, bytes_crc32c(bytes_crc32c(0, p, AT_CRC), p + FRAME_HEADER_BYTES, n - FRAME_HEADER_BYTES));
}

/* Is this the word by which two majors know that they are two? */
static bool says_version(struct slice frame)
{
    struct field f[FIELDS_MAX];
    struct frame fr;
    unsigned code;
    if (frame.n < FRAME_HEADER_BYTES || frame.p[AT_TYPE] != MSG_NACK || frame.p[AT_VERSION] != CODEC_VERSION) return false;
    if (codec_frame_parse(frame, &fr, &code) != ST_OK) return false;
    codec_fields(&fr, f);
    return f[4].u == CODE_BAD_VERSION;
}

/* ---- what leaves ---- */

static void put_strange(struct sim *s, struct buf *b, unsigned elements)
{
    for (unsigned i = 0; i < elements; i++) {
        if (sim_one_in(s, 3)) codec_put_str(b, sim_text("kelak"));
        else if (sim_one_in(s, 2)) codec_put_uint(b, sim_below(s, UINT32_MAX));
        else if (sim_one_in(s, 2)) codec_put_nil(b);
        else {
            codec_put_array(b, 1);
            codec_put_int(b, -5);
        }
    }
}

/* The message with elements behind those that are known; false: there is no room for them, or it may have none. */
static bool lengthen(struct sim *s, struct slice frame, struct buf *b)
{
    struct field f[FIELDS_MAX];
    struct frame fr;
    unsigned code, more = 1 + (unsigned)sim_below(s, 3);
    if (codec_frame_parse(frame, &fr, &code) != ST_OK || fr.type == MSG_BATCH) return false;
    codec_fields(&fr, f);
    if (fr.type == MSG_HELLO) f[1].u = NEXT_MAJOR;
    if (!codec_build(b, fr.type, f)) return false;
    unsigned own = (unsigned)strlen(codec_msg_fields(fr.type));
    ASSERT(own + more < 16 && b->p[FRAME_HEADER_BYTES] == (0x90 | own));
    b->p[FRAME_HEADER_BYTES] = (uint8_t)(0x90 | (own + more));
    put_strange(s, b, more);
    if (b->n - FRAME_HEADER_BYTES > codec_msg_max(fr.type)) return false;
    codec_frame_end(b);
    s->cover.seen[SIM_SEEN_MINOR_ELEMENTS]++;
    return true;
}

static void strange_message(struct sim *s, struct buf *b)
{
    buf_clear(b);
    codec_frame_begin(b, MSG_PING);
    codec_put_array(b, 2);
    put_strange(s, b, 2);
    codec_frame_end(b);
    b->p[AT_TYPE] = (uint8_t)(MSG_TYPE_COUNT + sim_below(s, STRANGE_TYPES));
    seal(b->p, b->n);
}

/* A worker has one thing to say to a client of another major: that it does not know its version. */
static void check_majors(struct sim *s, const struct sim_node *from, const struct sim_conn *c, unsigned way, struct slice frame)
{
    const struct sim_node *to = &s->node[c->client];
    if (way != SIM_TO_CLIENT || (from->version == SIM_NEXT_MAJOR) == (to->version == SIM_NEXT_MAJOR) || says_version(frame)) return;
    sim_wrong(s, "worker %u goes on with %s %u, which speaks another major", from->index, to->role->name, to->index);
}

void sim_version_send(struct sim *s, const struct sim_node *from, struct sim_conn *c, unsigned way, struct slice frame)
{
    struct buf b;
    check_majors(s, from, c, way, frame);
    if (from->version == SIM_SHIPPED || frame.n < FRAME_HEADER_BYTES) {
        sim_net_send(s, c, way, frame);
        return;
    }
    buf_init(&b, FRAME_BYTES_MAX);
    if (from->version == SIM_NEXT_MINOR && lengthen(s, frame, &b)) frame = buf_slice(&b);
    else if (from->version == SIM_NEXT_MAJOR && !says_version(frame)) {
        buf_put(&b, frame.p, frame.n);
        b.p[AT_VERSION] = NEXT_MAJOR;
        seal(b.p, b.n);
        frame = buf_slice(&b);
    }
    sim_net_send(s, c, way, frame);
    if (from->version == SIM_NEXT_MINOR && sim_one_in(s, 8)) {
        strange_message(s, &b);
        sim_net_send(s, c, way, buf_slice(&b));
        s->cover.seen[SIM_SEEN_MINOR_TYPE]++;
    }
    buf_done(&b);
}

/* ---- what comes ---- */

/* In place: the codec that is shipped stands for a next major's own, so the two numbers change places before it. */
void sim_version_receive(struct sim *s, const struct sim_node *to, uint8_t *p, size_t n)
{
    bool nack = n >= FRAME_HEADER_BYTES && says_version(slice_of(p, n));
    if (nack) s->cover.seen[to->version == SIM_NEXT_MAJOR ? SIM_SEEN_MAJOR_TOLD : SIM_SEEN_MAJOR_REFUSES]++;
    if (to->version != SIM_NEXT_MAJOR || n < FRAME_HEADER_BYTES || nack) return;
    p[AT_VERSION] = p[AT_VERSION] == NEXT_MAJOR ? CODEC_VERSION : NEXT_MAJOR;
    seal(p, n);
}

/* ---- upgrades ---- */

struct sim_node *sim_version_change(struct sim *s, enum sim_fault f)
{
    struct sim_node *n = &s->node[sim_below(s, s->nodes)];
    enum sim_version to = f == SIM_FAULT_UPGRADE ? SIM_NEXT_MINOR : f == SIM_FAULT_MAJOR ? SIM_NEXT_MAJOR : SIM_SHIPPED;
    for (unsigned tries = 0; to == SIM_SHIPPED && n->version == SIM_SHIPPED && tries < 20; tries++)
        n = &s->node[sim_below(s, s->nodes)];
    if (n->desk.retired || n->version == to) return NULL;
    sim_trace(s, "%s %u: version %u, was %u", n->role->name, n->index, to, n->version);
    sim_node_end(s, n, 200000 + (int64_t)sim_below(s, 2000000));
    n->version = to;
    return n;
}

/* Everybody is at one major again; minors stay mixed. */
void sim_version_end(struct sim *s)
{
    for (unsigned i = 0; i < s->nodes; i++) {
        struct sim_node *n = &s->node[i];
        if (n->version != SIM_NEXT_MAJOR) continue;
        sim_node_end(s, n, 0);
        n->version = sim_one_in(s, 2) ? SIM_SHIPPED : SIM_NEXT_MINOR;
    }
}
