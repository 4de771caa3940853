/* unit_order.h - is a unit in the order of its keys? For unit_test.c and unit_random_test.c. */
#ifndef REKAP_TESTS_UNIT_ORDER_H
#define REKAP_TESTS_UNIT_ORDER_H

#include "proto/unit.h"

static inline void assert_sorted(struct unit *u)
{
    uint8_t a[STORE_KEY_MAX], b[STORE_KEY_MAX];

    for (uint32_t i = 1; i < u->count; i++) {
        size_t n = unit_key_bytes(u->office, u->year, &u->leaf[i - 1].key, a);

        assert_int_equal(unit_key_bytes(u->office, u->year, &u->leaf[i].key, b), n);
        assert_true(memcmp(a, b, n) < 0);
    }
}

#endif
