/* work_step_test.c - when a worker's step ends, and what it acknowledges again: shared steps are short, and a batch that is in the
 * log is acknowledged whatever became of the key that signed it. On the world of work_world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "work_world.h"

/* found by the herd: an office with one figure waited until 32 MiB of others were taken */
static void a_step_that_several_share_ends_soon(void **state)
{
    struct world *w = *state;
    struct sender a = work_world_open(w, PEER_A, OFFICE_A, 5), b = work_world_open(w, PEER_B, OFFICE_B, 6);
    struct now soon, late;

    work_world_push(w, &a, 3, 50);
    soon = late = w->now;
    soon.mono.us += 3 * 1000;
    late.mono.us += 4 * 1000;
    assert_false(w->node.ops->enough(w->node.self, late));      /* alone: as much as fits */
    work_world_push(w, &b, 3, 50);
    assert_false(w->node.ops->enough(w->node.self, soon));
    assert_true(w->node.ops->enough(w->node.self, late));
    work_world_commit(w);
    work_world_push(w, &a, 3, 60);
    assert_false(w->node.ops->enough(w->node.self, late));      /* the next step begins anew */
    work_world_commit(w);
}

static int another_public_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    (void)ctx;
    struct hash h = sign_hash2("another", 7, office.p, office.n);
    memcpy(ret, h.b, PUBKEY_SIZE);
    return ST_OK;
}

static void what_is_logged_is_acknowledged_whatever_became_of_its_key(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    int (*before)(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE]) = w->signer.public_key;
    struct buf body, frame;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_body(&body, OFFICE_A, SOURCE_DPA, MEASURE_REALISED, 5, 1);
    work_world_batch(w, &s, 5, buf_slice(&body), &frame);
    work_world_deliver(w, &s, buf_slice(&frame));
    work_world_commit(w);
    assert_true(work_world_reply(w, PEER_A, MSG_ACK, 0).found);
    w->signer.public_key = another_public_key;          /* revoked, and registered again with another key */
    work_world_register(w, OFFICE_A, "33.74", ROLE_OFFICE, OFFICE_REVOKED, INT64_MAX);
    work_world_register(w, OFFICE_A, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    w->signer.public_key = before;
    work_world_deliver(w, &s, buf_slice(&frame));       /* its ACK was lost */
    work_world_commit(w);
    assert_int_equal(work_world_reply(w, PEER_A, MSG_ACK, 0).f[3].u, 5);
    work_world_push(w, &s, 5, 9);                       /* what it does not have is not taken under that key */
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_BAD_SIGNATURE);
    assert_int_equal(work_world_reply(w, PEER_A, MSG_NACK, 0).f[3].u, 6);
    buf_done(&body);
    buf_done(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORK_WORLD_TEST(a_step_that_several_share_ends_soon),
        WORK_WORLD_TEST(what_is_logged_is_acknowledged_whatever_became_of_its_key),
    };

    return cmocka_run_group_tests_name("work_step", tests, NULL, NULL);
}
