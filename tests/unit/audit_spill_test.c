/* audit_spill_test.c - the sorter of rekap-audit: whatever its room, the order is the plain one, and its memory is its room.
 *
 * Random records of few different bytes, so that many begin alike and some are equal, against qsort; memory is counted by the
 * allocator. Seeds are fixed. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/audit_roll.h"
#include "proto/rng.h"

/* ---- the sorter ---- */

struct records {
    struct audit_span *at;
    size_t n;
};

static int record_order(const void *a, const void *b)
{
    return audit_text_compare(*(const struct audit_span *)a, *(const struct audit_span *)b);
}

/* Of lengths 1 to `most`; few different bytes, so that many begin alike and some are equal. */
static struct audit_span random_record(struct rng *rng, size_t most)
{
    size_t n = 1 + rng_below(rng, most);
    uint8_t *p = malloc(n);

    assert_non_null(p);
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(rng_below(rng, 3) * 127);
    return audit_span_of(p, n);
}

static void check_sorted(uint64_t seed, size_t room, size_t n, size_t most)
{
    const struct audit_room bound = { .dir = "/tmp", .bytes = room };
    struct audit_spill *s = audit_spill_new(&bound);
    struct audit_span *r = calloc(n + 1, sizeof *r);
    struct rng rng;

    rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        r[i] = random_record(&rng, most);
        audit_spill_put(s, r[i].p, r[i].n);
    }
    audit_spill_sort(s);
    if (n > 0) qsort(r, n, sizeof *r, record_order);
    for (size_t i = 0; i < n; i++) {
        struct audit_span x = audit_spill_next(s);

        assert_true(audit_same(x, r[i]));
        free((void *)(uintptr_t)r[i].p);
    }
    assert_int_equal(audit_spill_next(s).n, 0);
    assert_int_equal(audit_spill_next(s).n, 0);
    audit_spill_free(s);
    free(r);
}

static void in_any_room_the_order_is_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        check_sorted(seed, 0, 500, 12);
        check_sorted(seed, 1, 300, 20);        /* every record is a piece */
        check_sorted(seed, 4096, 3000, 12);
        check_sorted(seed, 20000, 3000, 3000);
        check_sorted(seed, 4096, 20, 300000);  /* longer than the room and than a buffer */
    }
    check_sorted(1, 4096, 0, 1);
    check_sorted(1, 4096, 1, 1);
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static size_t more(size_t most, size_t before) { return in_use() > before + most ? in_use() - before : most; }

static void its_memory_is_its_room(void **state)
{
    enum { ROOM = 256 << 10, RECORDS = 200000, BYTES = 60, MOST = 1 << 20 };
    const struct audit_room bound = { .dir = "/tmp", .bytes = ROOM };
    size_t before = in_use(), most = 0, n = 0;
    struct audit_spill *s = audit_spill_new(&bound);
    uint8_t record[BYTES] = { 0 }, last[BYTES] = { 0 };
    struct audit_span x;
    struct rng rng;

    (void)state;
    rng_seed(&rng, 7);
    for (size_t i = 0; i < RECORDS; i++) {
        for (unsigned k = 0; k < 8; k++) record[k] = (uint8_t)rng_below(&rng, 256);
        audit_spill_put(s, record, sizeof record);
        most = more(most, before);
    }
    audit_spill_sort(s);
    most = more(most, before);
    for (; (x = audit_spill_next(s)).n > 0; n++) {
        assert_true(x.n == BYTES && memcmp(last, x.p, BYTES) <= 0);
        memcpy(last, x.p, BYTES);
    }
    assert_int_equal(n, RECORDS);
    assert_true(audit_spill_pieces(s) > (size_t)RECORDS * BYTES / ROOM);
    if (most >= MOST) fail_msg("%zu bytes for %d records of %d", most, RECORDS, BYTES);
    audit_spill_free(s);
    assert_true(in_use() <= before + 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_any_room_the_order_is_the_same),
        cmocka_unit_test(its_memory_is_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
