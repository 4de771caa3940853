/* join_test.c - lines people paste (every single character changed, every cut), the list of invitations, and the worker's answers
 * to JOIN: who may ask what, the bounded table, the same request again, used and expired invitations, what a guest may not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/approve.h"
#include "proto/join_wire.h"
#include "work_world.h"

#define NEW_OFFICE "gen-3374-20"
enum { PEER_GUEST = PEER_FIRST + 20, DAY_MS = 86400000 };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static void fill(uint8_t *p, size_t n, uint8_t from)
{
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(from + 7 * i);
}

/* ---- lines ---- */

static struct join_invitation invitation(void)
{
    struct join_invitation i = { .office = NEW_OFFICE,
                                 .region = 33u << 16 | 74,
                                 .role = ROLE_OFFICE,
                                 .until = { 1700000000000 + DAY_MS },
                                 .name = "Dinas Uji \xc3\xa9 & Co.",
                                 .address = "tcp://192.0.2.7:7412" };

    fill(i.worker, PUBKEY_SIZE, 1);
    fill(i.checkpoint, PUBKEY_SIZE, 50);
    fill(i.registry, PUBKEY_SIZE, 100);
    fill(i.secret, 32, 150);
    return i;
}

static struct join_request request(void)
{
    struct join_request r = { .kind = JOIN_ROTATE, .office = NEW_OFFICE, .asked = { 1700000000000 } };

    fill(r.transport, PUBKEY_SIZE, 3);
    fill(r.signing, PUBKEY_SIZE, 60);
    fill(r.signature, SIG_SIZE, 90);
    fill(r.by_present, SIG_SIZE, 120);
    return r;
}

static bool readable(struct slice line, bool invitation_line)
{
    struct join_invitation i;
    struct join_request r;
    enum join_fault fault;

    return (invitation_line ? join_invitation_read(line, &i, &fault) : join_request_read(line, &r, &fault)) == ST_OK;
}

/* Every character replaced by every other printable one, and by a space; every cut; one character too many. */
static void spoil(struct slice line, bool invitation_line)
{
    char copy[JOIN_LINE_MAX + 1];

    memcpy(copy, line.p, line.n);
    assert_true(readable(line, invitation_line));
    for (size_t i = 0; i < line.n; i++) {
        for (int ch = ' '; ch < 0x7f; ch++) {
            if (ch == (char)line.p[i]) continue;
            copy[i] = (char)ch;
            if (readable(slice_of(copy, line.n), invitation_line)) fail_msg("character %zu as '%c' is not noticed", i, ch);
        }
        copy[i] = (char)line.p[i];
        assert_false(readable(slice_of(copy, i), invitation_line));
    }
    copy[line.n] = 'A';
    assert_false(readable(slice_of(copy, line.n + 1), invitation_line));
    assert_false(readable(line, !invitation_line));
}

static void a_spoiled_line_is_noticed(void **state)
{
    struct join_invitation i = invitation();
    struct join_request r = request();
    struct buf b;
    (void)state;
    buf_init(&b, JOIN_LINE_MAX);
    join_invitation_put(&b, &i);
    assert_true(buf_ok(&b));
    spoil(buf_slice(&b), true);
    buf_clear(&b);
    join_request_put(&b, &r);
    assert_true(buf_ok(&b));
    spoil(buf_slice(&b), false);
    buf_done(&b);
}

static void lines_come_back_whole(void **state)
{
    struct join_invitation i = invitation(), gi;
    struct join_request r = request(), gr;
    enum join_fault fault;
    struct buf b, wrapped;
    (void)state;
    buf_init(&b, JOIN_LINE_MAX);
    buf_init(&wrapped, JOIN_TEXT_MAX);
    join_invitation_put(&b, &i);
    for (size_t k = 0; k < b.n; k++) {
        buf_u8(&wrapped, b.p[k]);
        if (k % 60 == 59) buf_str(&wrapped, "\r\n  ");       /* as a mail program breaks it */
    }
    assert_int_equal(join_invitation_read(buf_slice(&wrapped), &gi, &fault), ST_OK);
    assert_memory_equal(&gi, &i, sizeof i);
    buf_clear(&b);
    join_request_put(&b, &r);
    assert_int_equal(join_request_read(buf_slice(&b), &gr, &fault), ST_OK);
    assert_memory_equal(&gr, &r, sizeof r);
    assert_int_equal(join_request_read(text("halo"), &gr, &fault), ST_INVALID);
    assert_int_equal(fault, JOIN_FAULT_OTHER);
    assert_int_equal(join_request_read(slice_of(b.p, b.n - 1), &gr, &fault), ST_INVALID);
    assert_int_equal(fault, JOIN_FAULT_MISTYPED);
    buf_done(&b);
    buf_done(&wrapped);
}

static void fingerprints_differ(void **state)
{
    struct join_request r = request();
    char first[JOIN_FINGERPRINT_SIZE], other[JOIN_FINGERPRINT_SIZE];
    (void)state;
    join_fingerprint(&r, first);
    assert_int_equal(strlen(first), 23);
    assert_int_equal(strspn(first, "0123456789 "), 23);
    r.signing[31] ^= 1;
    join_fingerprint(&r, other);
    assert_string_not_equal(first, other);
    r.signing[31] ^= 1;
    r.transport[0] ^= 1;
    join_fingerprint(&r, other);
    assert_string_not_equal(first, other);
}

/* ---- the list of invitations ---- */

static const char KEY_HEX[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void bad_lists_are_refused_whole(void **state)
{
    static const char *const bad[] = {
        "#rekap-undangan 2\n",
        "%s\tgen-1\t33.74\toffice\topen\t2026-01-01T00:00:00Z\tnama\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.74\toffice\topen\t2026-01-01T00:00:00Z\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.74\toffice\topen\t2026-01-01T00:00:00Z\tnama\tlagi\n",
        "#rekap-undangan 1\n%s0\tgen-1\t33.74\toffice\topen\t2026-01-01T00:00:00Z\tnama\n",
        "#rekap-undangan 1\n%s\tGEN\t33.74\toffice\topen\t2026-01-01T00:00:00Z\tnama\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.7\toffice\topen\t2026-01-01T00:00:00Z\tnama\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.74\tboss\topen\t2026-01-01T00:00:00Z\tnama\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.74\toffice\tnew\t2026-01-01T00:00:00Z\tnama\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.74\toffice\topen\tsoon\tnama\n",
        "#rekap-undangan 1\n%s\tgen-1\t33.74\toffice\topen\t2026-01-01T00:00:00Z\t\n",
    };
    char line[512], err[256];
    struct invites *i = NULL;

    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        const char *hole = strstr(bad[k], "%s");

        if (hole == NULL) snprintf(line, sizeof line, "%s", bad[k]);
        else snprintf(line, sizeof line, "%.*s%s%s", (int)(hole - bad[k]), bad[k], KEY_HEX, hole + 2);
        if (invite_parse(text(line), &i, err, sizeof err) != ST_INVALID) fail_msg("taken: %s", line);
        assert_non_null(strstr(err, "line "));
    }
}

static struct invite invite_of(const char *office, uint8_t key, unsigned state, int64_t until)
{
    struct invite i = {
        .region = 33u << 16 | 74, .role = ROLE_OFFICE, .state = (uint8_t)state, .until = { until }, .name = "Kantor"
    };

    memcpy(i.office, office, strlen(office) + 1);
    fill(i.key, PUBKEY_SIZE, key);
    return i;
}

static struct invites *list_of(const struct invite *v, size_t n)
{
    char line[INVITE_LINE_MAX], err[256];
    struct invites *ret = NULL;
    struct buf b;

    buf_init(&b, INVITE_FILE_BYTES_MAX);
    buf_str(&b, INVITE_HEADING);
    for (size_t i = 0; i < n; i++) {
        assert_true(invite_format(&v[i], line, sizeof line) > 0);
        buf_printf(&b, "%s\n", line);
    }
    if (invite_parse(buf_slice(&b), &ret, err, sizeof err) != ST_OK) fail_msg("%s", err);
    buf_done(&b);
    return ret;
}

static void the_last_line_of_a_key_counts(void **state)
{
    const struct invite v[] = { invite_of("gen-1", 1, INVITE_OPEN, 2000), invite_of("gen-2", 2, INVITE_OPEN, 2000),
                                invite_of("gen-1", 1, INVITE_USED, 2000) };
    struct invites *i = list_of(v, 3);

    (void)state;
    assert_int_equal(invite_count(i), 2);
    assert_int_equal(invite_find(i, v[0].key)->state, INVITE_USED);
    assert_false(invite_may_ask(invite_find(i, v[0].key), (struct wall){ 1000 }));
    assert_true(invite_may_ask(invite_find(i, v[1].key), (struct wall){ 1999 }));
    assert_false(invite_may_ask(invite_find(i, v[1].key), (struct wall){ 2000 }));
    assert_memory_equal(invite_at(i, 1), &v[1], sizeof v[1]);
    invite_free(&i);
}

static void a_new_invitation_takes_back_the_open_one_and_old_ones_go(void **state)
{
    const int64_t now = INT64_C(40) * DAY_MS;
    const struct invite v[] = { invite_of("gen-1", 1, INVITE_OPEN, now), invite_of("gen-2", 2, INVITE_OPEN, now),
                                invite_of("gen-3", 3, INVITE_OPEN, now - INT64_C(31) * DAY_MS),
                                invite_of("gen-1", 4, INVITE_USED, now) },
                        one = invite_of("gen-1", 5, INVITE_OPEN, now + DAY_MS);
    struct invites *i = list_of(v, 4), *then = NULL;
    char err[128];
    struct buf b;

    (void)state;
    buf_init(&b, INVITE_FILE_BYTES_MAX);
    invite_list_put(&b, i, &one, (struct wall){ now });
    assert_int_equal(invite_parse(buf_slice(&b), &then, err, sizeof err), ST_OK);
    assert_int_equal(invite_count(then), 4);
    assert_int_equal(invite_find(then, v[0].key)->state, INVITE_REJECTED);
    assert_int_equal(invite_find(then, v[1].key)->state, INVITE_OPEN);
    assert_null(invite_find(then, v[2].key));
    assert_int_equal(invite_find(then, v[3].key)->state, INVITE_USED);
    assert_int_equal(invite_find(then, one.key)->state, INVITE_OPEN);
    invite_free(&then);
    const struct invite used = invite_of("gen-2", 2, INVITE_USED, now);        /* one of them, used: takes back nothing */
    buf_clear(&b);
    invite_list_put(&b, i, &used, (struct wall){ now });
    assert_int_equal(invite_parse(buf_slice(&b), &then, err, sizeof err), ST_OK);
    assert_int_equal(invite_count(then), 3);
    assert_int_equal(invite_find(then, v[0].key)->state, INVITE_OPEN);
    assert_int_equal(invite_find(then, v[1].key)->state, INVITE_USED);
    buf_done(&b);
    invite_free(&i);
    invite_free(&then);
}

/* ---- the worker ---- */

struct stage { struct world w; struct invites *invites; struct invite open, expired, used; };

static int stage_begin(void **state)
{
    struct stage *s = calloc(1, sizeof *s);

    assert_non_null(s);
    work_world_init(&s->w, false);
    s->open = invite_of(NEW_OFFICE, 10, INVITE_OPEN, s->w.now.wall.ms + DAY_MS);
    s->expired = invite_of("gen-3374-21", 20, INVITE_OPEN, s->w.now.wall.ms);
    s->used = invite_of("gen-3374-22", 30, INVITE_USED, s->w.now.wall.ms + DAY_MS);
    const struct invite v[] = { s->open, s->expired, s->used };
    s->invites = list_of(v, 3);
    work_set_invites(s->w.work, s->invites);
    *state = s;
    return 0;
}

static int stage_end(void **state)
{
    struct stage *s = *state;

    work_world_done(&s->w);
    invite_free(&s->invites);
    free(s);
    return 0;
}

static void sign_as(struct stage *s, const char *who, const struct join_request *r, uint8_t ret[SIG_SIZE])
{
    struct buf b;

    buf_init(&b, 4096);
    join_request_message(&b, r);
    assert_int_equal(s->w.signer.sign(s->w.signer.ctx, text(who), buf_slice(&b), ret), ST_OK);
    buf_done(&b);
}

/* A request of this office with the keys the world derives from `keys`. */
static struct join_request asks(struct stage *s, const struct invite *i, const char *office, const char *keys)
{
    struct join_request r = { .kind = JOIN_NEW, .asked = s->w.now.wall };

    memcpy(r.invitation, i->key, PUBKEY_SIZE);
    memcpy(r.office, office, strlen(office) + 1);
    work_world_transport(keys, r.transport);
    assert_int_equal(s->w.signer.public_key(s->w.signer.ctx, text(keys), r.signing), ST_OK);
    sign_as(s, keys, &r, r.signature);
    return r;
}

static void send_as(struct stage *s, const uint8_t key[PUBKEY_SIZE], const struct join_request *r)
{
    struct buf b;

    work_world_frame(&s->w, PEER_GUEST, key, text("x"));        /* ends the connection before: each of these is a new one */
    assert_int_equal(work_world_commit(&s->w), ST_OK);
    buf_init(&b, FRAME_BYTES_MAX);
    assert_true(join_wire_put(&b, r));
    work_world_frame(&s->w, PEER_GUEST, key, buf_slice(&b));
    assert_int_equal(work_world_commit(&s->w), ST_OK);
    buf_done(&b);
}

static unsigned state_of(const struct stage *s)
{
    struct reply r = work_world_reply(&s->w, PEER_GUEST, MSG_JOINED, 0);

    return r.found ? (unsigned)r.f[1].u : 0;
}

static uint32_t pending(const struct stage *s)
{
    uint64_t changes;
    uint32_t n;

    (void)work_guests(s->w.work, &n, &changes);
    return n;
}

static void a_guest_waits_and_is_let_in(void **state)
{
    struct stage *s = *state;
    struct join_request r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE);
    char fingerprint[JOIN_FINGERPRINT_SIZE];

    send_as(s, s->open.key, &r);
    assert_int_equal(state_of(s), 1);
    assert_true(work_world_closed(&s->w, PEER_GUEST));
    assert_int_equal(pending(s), 1);
    work_world_restart(&s->w);                          /* it is durable */
    work_set_invites(s->w.work, s->invites);
    assert_int_equal(pending(s), 1);
    work_world_hello(&s->w, PEER_A + 9, NEW_OFFICE, 3); /* its own key connects and is told */
    assert_int_equal(work_world_nack(&s->w, PEER_A + 9), CODE_AWAITING_APPROVAL);
    join_fingerprint(&r, fingerprint);
    struct reply n = work_world_reply(&s->w, PEER_A + 9, MSG_NACK, 0);
    assert_memory_equal(n.f[5].s.p, fingerprint, strlen(fingerprint));
    work_world_register(&s->w, NEW_OFFICE, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    work_world_hello(&s->w, PEER_A + 9, NEW_OFFICE, 3); /* the same connection, no restart */
    assert_true(work_world_reply(&s->w, PEER_A + 9, MSG_HELLO_OK, 0).found);
    assert_int_equal(pending(s), 0);
    send_as(s, s->open.key, &r);
    assert_int_equal(state_of(s), 2);
}

static void asking_again_changes_nothing(void **state)
{
    struct stage *s = *state;
    struct join_request r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE), other = asks(s, &s->open, NEW_OFFICE, "gen-3374-66");
    uint64_t before, after;
    uint32_t n;

    send_as(s, s->open.key, &r);
    (void)work_guests(s->w.work, &n, &before);
    r.asked.ms += 5000;
    sign_as(s, NEW_OFFICE, &r, r.signature);
    send_as(s, s->open.key, &r);
    assert_int_equal(state_of(s), 1);
    (void)work_guests(s->w.work, &n, &after);
    assert_int_equal(before, after);
    send_as(s, s->open.key, &other);                    /* who found the line later cannot push it aside */
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_CONFLICT);
    assert_memory_equal(work_guests(s->w.work, &n, &after)->request.signing, r.signing, PUBKEY_SIZE);
}

static void what_is_not_an_invitation_for_it_is_refused(void **state)
{
    struct stage *s = *state;
    uint8_t stranger[PUBKEY_SIZE];
    struct join_request r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE);

    fill(stranger, sizeof stranger, 200);
    send_as(s, stranger, &r);                           /* the line's public half is not enough */
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_UNAUTHORISED);
    r = asks(s, &s->open, "gen-3374-21", NEW_OFFICE);
    send_as(s, s->open.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_UNAUTHORISED);
    r = asks(s, &s->expired, "gen-3374-21", "gen-3374-21");
    send_as(s, s->expired.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_EXPIRED);
    r = asks(s, &s->used, "gen-3374-22", "gen-3374-22");
    send_as(s, s->used.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_UNAUTHORISED);
    r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE);
    r.transport[5] ^= 1;
    send_as(s, s->open.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_BAD_SIGNATURE);
    r = asks(s, &s->open, NEW_OFFICE, OFFICE_A);        /* somebody else's signing key */
    send_as(s, s->open.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_UNAUTHORISED);
    assert_int_equal(pending(s), 0);
}

static void a_revoked_key_does_not_come_back(void **state)
{
    struct stage *s = *state;
    struct join_request r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE);

    work_world_register(&s->w, NEW_OFFICE, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    work_world_register(&s->w, NEW_OFFICE, "33.74", ROLE_OFFICE, OFFICE_REVOKED, INT64_MAX);
    send_as(s, s->open.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_REVOKED);
    r = asks(s, &s->open, NEW_OFFICE, "gen-3374-23");
    send_as(s, s->open.key, &r);
    assert_int_equal(state_of(s), 1);
}

static void a_guest_may_do_nothing_else(void **state)
{
    static const uint8_t zero[64];
    struct stage *s = *state;
    struct join_request r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE);
    const struct field hello[] = { { .u = 1 },         { .u = 1 }, { .s = { zero, 16 } }, { .s = text("collector") },
                                   { .s = text("g") }, { .u = 0 } };
    const struct field open[] = { { .s = text(OFFICE_A) }, { .u = 0 }, { .u = 5 }, { .u = 0 }, { .s = { zero, 32 } } };
    const struct field batch[] = { { .s = { zero, 16 } }, { .s = { zero, 64 } }, { .s = { zero, 16 } } };
    const struct field ping[] = { { .u = 0 } }, subscribe[] = { { .u = 0 }, { .s = { zero, 32 } }, { .u = 1 << 20 } };
    const struct field prove[] = { { .u = 1 }, { .u = 1 }, { .u = 1 } }, credit[] = { { .u = 1 } };
    const struct {
        unsigned type;
        const struct field *f;
    } tries[] = { { MSG_HELLO, hello },         { MSG_OPEN, open },   { MSG_BATCH, batch },  { MSG_PING, ping },
                  { MSG_SUBSCRIBE, subscribe }, { MSG_PROVE, prove }, { MSG_CREDIT, credit } };
    uint8_t waiting[PUBKEY_SIZE];
    struct work_status st;
    struct buf b;

    send_as(s, s->open.key, &r);
    work_world_transport(NEW_OFFICE, waiting);
    work_status(s->w.work, &st);
    uint64_t lsn = st.lsn;
    buf_init(&b, FRAME_BYTES_MAX);
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            assert_true(codec_build(&b, tries[i].type, tries[i].f));
            work_world_frame(&s->w, PEER_GUEST + 1 + pass, pass ? waiting : s->open.key, buf_slice(&b));
            assert_int_equal(work_world_commit(&s->w), ST_OK);
            assert_int_not_equal(work_world_nack(&s->w, PEER_GUEST + 1 + pass), CODE_OK);
            assert_int_equal(s->w.x.count, 1);          /* the complaint and nothing else */
        }
    work_status(s->w.work, &st);
    assert_int_equal(st.lsn, lsn);
    assert_int_equal(st.streams, 0);
    buf_done(&b);
}

static struct join_request rotation(struct stage *s, const char *office, const char *keys, const char *by)
{
    struct join_request r = { .kind = JOIN_ROTATE, .asked = s->w.now.wall };

    memcpy(r.office, office, strlen(office) + 1);
    work_world_transport(office, r.transport);
    assert_int_equal(s->w.signer.public_key(s->w.signer.ctx, text(keys), r.signing), ST_OK);
    sign_as(s, keys, &r, r.signature);
    sign_as(s, by, &r, r.by_present);
    return r;
}

static void a_rotation_is_signed_by_the_present_key(void **state)
{
    struct stage *s = *state;
    struct join_request r = rotation(s, OFFICE_A, "gen-new", OFFICE_B);
    uint8_t a[PUBKEY_SIZE], b[PUBKEY_SIZE];

    work_world_transport(OFFICE_A, a);
    work_world_transport(OFFICE_B, b);
    send_as(s, a, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_BAD_SIGNATURE);
    r = rotation(s, OFFICE_A, "gen-new", OFFICE_A);
    send_as(s, b, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_UNAUTHORISED);
    send_as(s, s->open.key, &r);
    assert_int_equal(work_world_nack(&s->w, PEER_GUEST), CODE_UNAUTHORISED);
    send_as(s, a, &r);
    assert_int_equal(state_of(s), 1);
    assert_false(work_world_closed(&s->w, PEER_GUEST));
    r = rotation(s, OFFICE_A, "gen-newer", OFFICE_A);   /* the office changed its mind */
    send_as(s, a, &r);
    assert_int_equal(state_of(s), 1);
    assert_int_equal(pending(s), 1);
    r = rotation(s, OFFICE_A, OFFICE_A, OFFICE_A);
    send_as(s, a, &r);
    assert_int_equal(state_of(s), 2);
}

static void the_table_is_bounded(void **state)
{
    struct stage *s = *state;
    struct invite *v = calloc(GUEST_PENDING_MAX + 1, sizeof *v);
    struct invites *many;

    assert_non_null(v);
    for (unsigned i = 0; i <= GUEST_PENDING_MAX; i++) {
        char id[OFFICE_ID_MAX + 1];

        snprintf(id, sizeof id, "gen-3374-%05u", i);
        v[i] = invite_of(id, 0, INVITE_OPEN, s->w.now.wall.ms + DAY_MS);
        bytes_be32(v[i].key, i + 1);
    }
    many = list_of(v, GUEST_PENDING_MAX + 1);
    work_set_invites(s->w.work, many);
    for (unsigned i = 0; i <= GUEST_PENDING_MAX; i++) {
        struct join_request r = asks(s, &v[i], v[i].office, v[i].office);

        send_as(s, v[i].key, &r);
        assert_int_equal(work_world_nack(&s->w, PEER_GUEST), i < GUEST_PENDING_MAX ? CODE_OK : CODE_BUSY);
    }
    assert_int_equal(pending(s), GUEST_PENDING_MAX);
    work_set_invites(s->w.work, s->invites);            /* invitations taken back: their requests go */
    work_world_hello(&s->w, PEER_A, OFFICE_A, 1);
    assert_int_equal(pending(s), 0);
    invite_free(&many);
    free(v);
}

static void a_rejected_request_is_forgotten(void **state)
{
    struct stage *s = *state;
    struct join_request r = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE);
    struct store_txn *t = NULL;

    send_as(s, s->open.key, &r);
    assert_int_equal(store_begin(s->w.store, true, &t), ST_OK);
    assert_int_equal(work_reject(s->w.work, t, text(NEW_OFFICE)), ST_OK);
    assert_int_equal(work_reject(s->w.work, t, text(NEW_OFFICE)), ST_NOT_FOUND);
    assert_int_equal(store_commit(&t), ST_OK);
    work_world_restart(&s->w);
    assert_int_equal(pending(s), 0);
}

/* What the worker would not have let in is not entered either, whoever brings it. */
static void the_centre_judges_from_the_beginning(void **state)
{
    struct stage *s = *state;
    const struct join_request fine = asks(s, &s->open, NEW_OFFICE, NEW_OFFICE), late = asks(s, &s->expired, "gen-3374-21", "x"),
                              again = asks(s, &s->used, "gen-3374-22", "x"), other = asks(s, &s->open, "gen-3374-23", "x"),
                              taken = asks(s, &s->open, NEW_OFFICE, OFFICE_A);
    const struct invite stray = invite_of(NEW_OFFICE, 77, INVITE_OPEN, s->w.now.wall.ms + DAY_MS);
    const struct join_request none = asks(s, &stray, NEW_OFFICE, NEW_OFFICE);
    struct join_request forged = fine;
    forged.transport[0] ^= 1;
    const struct { const struct join_request *r; bool late; enum approve_fault fault; } cases[] = {
        { &fine, true, APPROVE_FINE },         { &late, true, APPROVE_EXPIRED },       { &late, false, APPROVE_FINE },
        { &again, false, APPROVE_NOT_OPEN },   { &other, false, APPROVE_OTHER_OFFICE }, { &none, false, APPROVE_NO_INVITATION },
        { &forged, false, APPROVE_BAD_SIGNATURE }, { &taken, false, APPROVE_KEY_OF_OTHER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct approve_question q = { cases[i].r, s->w.registry, s->invites, &s->w.verifier, cases[i].late, s->w.now.wall };
        struct office line;
        char about[OFFICE_ID_MAX + 1];

        assert_int_equal(approve_judge(&q, &line, about), cases[i].fault);
        if (cases[i].fault != APPROVE_FINE) continue;
        assert_string_equal(line.name, "Kantor");
        assert_memory_equal(line.signing, cases[i].r->signing, PUBKEY_SIZE);
        assert_true(line.role == ROLE_OFFICE && line.status == OFFICE_ACTIVE);
    }
}

int main(void)
{
#define STAGED(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoiled_line_is_noticed),
        cmocka_unit_test(lines_come_back_whole),
        cmocka_unit_test(fingerprints_differ),
        cmocka_unit_test(bad_lists_are_refused_whole),
        cmocka_unit_test(the_last_line_of_a_key_counts),
        cmocka_unit_test(a_new_invitation_takes_back_the_open_one_and_old_ones_go),
        STAGED(the_centre_judges_from_the_beginning),
        STAGED(a_guest_waits_and_is_let_in),
        STAGED(asking_again_changes_nothing),
        STAGED(what_is_not_an_invitation_for_it_is_refused),
        STAGED(a_revoked_key_does_not_come_back),
        STAGED(a_guest_may_do_nothing_else),
        STAGED(a_rotation_is_signed_by_the_present_key),
        STAGED(the_table_is_bounded),
        STAGED(a_rejected_request_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
