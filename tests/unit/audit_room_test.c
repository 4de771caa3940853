/* audit_room_test.c - a recomputation that goes to disk is the one that stays in memory. P4 and P13 of what is too large for it.
 *
 * Random histories (property_world.h), recomputed by the auditor in so little room that every part of it is put in order on disk,
 * against the same in the usual room, which property_test holds against the fold: as state, and as the tables of a seal, for every
 * region and year that has a sum. Seeds are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "property_world.h"
#include "tests/sim/naive.h"

enum { SEEDS = 2, UPDATES = 1500, TIGHT = 2048, LEAST = 1 };

/* The state of a world, or what a seal of region and year (0: state) holds of it. */
static struct buf text_of(const struct world *w, size_t room, region_code region, unsigned year)
{
    static struct slice record[WORLD_WORKERS][WORLD_RECORDS];
    const struct naive_ask ask = { .room = room, .region = region, .year = year };
    struct naive_log log[WORLD_WORKERS];
    struct buf ret;

    for (unsigned l = 0; l < WORLD_WORKERS; l++) {
        for (uint32_t i = 0; i < w->log[l].count; i++) record[l][i] = fixture_log_record(&w->log[l], i);
        log[l] = (struct naive_log){ l + 1, record[l], w->log[l].count };
    }
    buf_init(&ret, UINT32_MAX);
    naive_part(log, WORLD_WORKERS, &ask, &ret);
    assert_true(buf_ok(&ret));
    return ret;
}

static void same_text(const struct buf *a, const struct buf *b)
{
    assert_int_equal(a->n, b->n);
    if (a->n > 0) assert_memory_equal(a->p, b->p, a->n);
}

static struct world *world_of(uint64_t seed)
{
    struct world *w = property_world_new(seed, UPDATES, WORLD_OFFICES, 2);

    assert_non_null(w);
    return w;
}

static void a_history_of_any_length_gives_the_same_state(void **state)
{
    static const size_t rooms[] = { TIGHT, LEAST, 64 << 10 };

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = world_of(seed);
        struct buf whole = text_of(w, 0, 0, 0);

        assert_true(whole.n > 0);
        for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
            struct buf tight = text_of(w, rooms[i], 0, 0);

            same_text(&whole, &tight);
            buf_done(&tight);
        }
        buf_done(&whole);
        property_world_free(w);
    }
}

/* ---- seals ---- */

static struct slice line_at(const struct buf *t, size_t at)
{
    const uint8_t *end = memchr(t->p + at, '\n', t->n - at);

    assert_non_null(end);
    return slice_of(t->p + at, (size_t)(end - (t->p + at)) + 1);
}

/* Region and year of a cell's line. */
static bool cell_read(struct slice line, region_code *ret_region, unsigned *ret_year)
{
    char text[32] = "", *end;
    unsigned long province, city = 0;

    if (line.n < 5 || memcmp(line.p, "cell\t", 5) != 0) return false;
    memcpy(text, line.p + 5, line.n - 5 < sizeof text - 1 ? line.n - 5 : sizeof text - 1);
    province = strtoul(text, &end, 10);
    if (*end == '.') city = strtoul(end + 1, &end, 10);
    *ret_region = (region_code)(province << 16 | city);
    *ret_year = (unsigned)strtoul(end + 1, NULL, 10);
    return true;
}

/* The cells of a text that are of the year, and of the region or inside it. */
static struct buf cells_of(const struct buf *t, region_code region, unsigned year)
{
    struct buf ret;

    buf_init(&ret, UINT32_MAX);
    for (size_t at = 0; at < t->n; at += line_at(t, at).n) {
        struct slice line = line_at(t, at);
        region_code r;
        unsigned y;

        if (cell_read(line, &r, &y) && y == year && code_region_holds(region, r)) buf_put(&ret, line.p, line.n);
    }
    return ret;
}

static void check_seal(const struct world *w, const struct buf *whole, region_code region, unsigned year)
{
    struct buf usual = text_of(w, 0, region, year), tight = text_of(w, TIGHT, region, year);
    struct buf got = cells_of(&usual, region, year), expected = cells_of(whole, region, year);

    assert_true(got.n > 0);
    same_text(&usual, &tight);
    same_text(&got, &expected);
    buf_done(&usual);
    buf_done(&tight);
    buf_done(&got);
    buf_done(&expected);
}

static void a_seal_has_the_cells_of_the_state(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = world_of(seed);
        struct buf whole = text_of(w, 0, 0, 0);
        region_code region, region_before = 0;
        unsigned year, year_before = 0, seals = 0;

        for (size_t at = 0; at < whole.n; at += line_at(&whole, at).n) {
            if (!cell_read(line_at(&whole, at), &region, &year) || region == 0) continue;
            if (region == region_before && year == year_before) continue;
            check_seal(w, &whole, region_before = region, year_before = year);
            seals++;
        }
        assert_true(seals > 2);
        buf_done(&whole);
        property_world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_of_any_length_gives_the_same_state),
        cmocka_unit_test(a_seal_has_the_cells_of_the_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
