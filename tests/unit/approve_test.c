/* approve_test.c - what the centre asks of a rotation before it enters the new key; a new office's request is in join_test.c.
 *
 * Design: the worker's world lends registry and keys; nothing is sent. Invariant: one thing is wrong at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/approve.h"
#include "work_world.h"

#define NEW_OFFICE "gen-3374-20"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static void sign_as(struct world *w, const char *who, const struct join_request *r, uint8_t ret[SIG_SIZE])
{
    struct buf b;

    buf_init(&b, 4096);
    join_request_message(&b, r);
    assert_int_equal(w->signer.sign(w->signer.ctx, text(who), buf_slice(&b), ret), ST_OK);
    buf_done(&b);
}

/* A rotation is of an active office, over its own transport key, signed by the key in force; the office stays who it is. */
static void the_centre_judges_a_rotation(void **state)
{
    struct world *w = *state;
    struct join_request r = { .kind = JOIN_ROTATE, .asked = w->now.wall };
    struct office line;
    char about[OFFICE_ID_MAX + 1];

    memcpy(r.office, OFFICE_A, sizeof OFFICE_A);
    work_world_transport(OFFICE_A, r.transport);
    assert_int_equal(w->signer.public_key(w->signer.ctx, text("x"), r.signing), ST_OK);
    sign_as(w, "x", &r, r.signature);
    sign_as(w, OFFICE_A, &r, r.by_present);
    const struct approve_question q = { &r, w->registry, NULL, &w->verifier, false, w->now.wall };
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_FINE);
    assert_string_equal(line.id, OFFICE_A);
    assert_memory_equal(line.signing, r.signing, PUBKEY_SIZE);
    r.by_present[0] ^= 1;
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_NOT_BY_PRESENT);
    r.by_present[0] ^= 1;
    r.transport[0] ^= 1;
    sign_as(w, "x", &r, r.signature);
    sign_as(w, OFFICE_A, &r, r.by_present);
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_NOT_BY_PRESENT);
    memcpy(r.office, NEW_OFFICE, sizeof NEW_OFFICE);
    sign_as(w, "x", &r, r.signature);
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_NOT_ACTIVE);
}

/* A rotation over the very key that is in force is idle, but right; a revoked office rotates nothing, and a key that was revoked
 * does not come back with an office that is registered anew. */
static void a_revoked_key_does_not_come_back(void **state)
{
    struct world *w = *state;
    struct join_request r = { .kind = JOIN_ROTATE, .asked = w->now.wall };
    struct office line;
    char about[OFFICE_ID_MAX + 1];
    struct approve_question q = { &r, w->registry, NULL, &w->verifier, false, w->now.wall };

    memcpy(r.office, OFFICE_A, sizeof OFFICE_A);
    work_world_transport(OFFICE_A, r.transport);
    assert_int_equal(w->signer.public_key(w->signer.ctx, text(OFFICE_A), r.signing), ST_OK);
    sign_as(w, OFFICE_A, &r, r.signature);
    sign_as(w, OFFICE_A, &r, r.by_present);
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_FINE);
    work_world_register(w, OFFICE_A, "33.74", ROLE_OFFICE, OFFICE_REVOKED, INT64_MAX);
    q.registry = w->registry;
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_NOT_ACTIVE);
    work_world_register(w, OFFICE_A, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    q.registry = w->registry;
    assert_int_equal(approve_judge(&q, &line, about), APPROVE_KEY_REVOKED);
    assert_string_equal(about, OFFICE_A);
}

int main(void)
{
    const struct CMUnitTest tests[] = { WORK_WORLD_TEST(the_centre_judges_a_rotation),
                                        WORK_WORLD_TEST(a_revoked_key_does_not_come_back) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
