/* node_test.c - the list of effects of a step: what it refuses leaves it as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "proto/node.h"

static bool no_memory;
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size) { return no_memory ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return no_memory ? NULL : __real_realloc(p, n); }

static void effects_keep_their_order_and_bytes(void **state)
{
    (void)state;
    struct effects x;
    assert_int_equal(effects_init(&x, 16), ST_OK);
    assert_int_equal(effects_send(&x, PEER_FIRST, slice_of("abc", 3)), ST_OK);
    assert_int_equal(effects_send(&x, PEER_CONTROL, slice_of("de", 2)), ST_OK);
    assert_int_equal(effects_publish(&x, slice_of("f", 1)), ST_OK);
    assert_int_equal(effects_close(&x, PEER_FIRST), ST_OK);
    assert_int_equal(x.count, 4);
    static const enum effect_kind KIND[] = { EFFECT_SEND, EFFECT_REPLY, EFFECT_PUBLISH, EFFECT_CLOSE };
    static const char *const BYTES[] = { "abc", "de", "f", "" };
    for (uint32_t i = 0; i < 4; i++) {
        struct slice s = effects_bytes(&x, &x.e[i]);
        assert_int_equal(x.e[i].kind, KIND[i]);
        assert_int_equal(s.n, strlen(BYTES[i]));
        if (s.n > 0) assert_memory_equal(s.p, BYTES[i], s.n);
    }
    assert_null(effects_bytes(&x, &x.e[3]).p);
    effects_done(&x);
}

static void what_has_no_room_is_refused(void **state)
{
    (void)state;
    struct effects x;
    assert_int_equal(effects_init(&x, 4), ST_OK);
    assert_true(effects_room(&x, EFFECTS_MAX, 4));
    assert_false(effects_room(&x, EFFECTS_MAX + 1, 0));
    assert_int_equal(effects_publish(&x, slice_of("abcde", 5)), ST_FULL);
    assert_int_equal(effects_publish(&x, slice_of("abcd", 4)), ST_OK);
    assert_int_equal(effects_publish(&x, slice_of("e", 1)), ST_FULL);
    for (uint32_t i = 1; i < EFFECTS_MAX; i++) assert_int_equal(effects_close(&x, PEER_FIRST), ST_OK);
    assert_int_equal(effects_close(&x, PEER_FIRST), ST_FULL);
    assert_int_equal(x.count, EFFECTS_MAX);
    assert_memory_equal(effects_bytes(&x, &x.e[0]).p, "abcd", 4);
    x.bytes.bad = true;                         /* somebody who wrote there without asking */
    assert_false(effects_room(&x, 0, 0));
    effects_clear(&x);
    assert_true(effects_room(&x, EFFECTS_MAX, 4));
    effects_done(&x);
}

static void without_memory_nothing_is_added(void **state)
{
    (void)state;
    struct effects x;
    no_memory = true;
    assert_int_equal(effects_init(&x, 4), ST_NO_MEMORY);
    effects_done(&x);
    no_memory = false;
    assert_int_equal(effects_init(&x, 4), ST_OK);
    no_memory = true;
    assert_int_equal(effects_publish(&x, slice_of("a", 1)), ST_NO_MEMORY);
    no_memory = false;
    assert_int_equal(x.count, 0);
    assert_int_equal(effects_publish(&x, slice_of("a", 1)), ST_OK);
    effects_done(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_keep_their_order_and_bytes),
        cmocka_unit_test(what_has_no_room_is_refused),
        cmocka_unit_test(without_memory_nothing_is_added),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
