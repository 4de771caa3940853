/* unit_random_test.c - random units against a naive list of figures, over many loads and saves. The seed: SEED. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/rng.h"
#include "proto/unit.h"
#include "tests/unit/env.h"
#include "tests/unit/unit_order.h"

enum { TABLE_LEAF, OFFICE = 7 };
static const char *const tables[] = { "leaf", NULL };

static struct slice str(const char *s)
{
    return slice_of(s, strlen(s));
}

enum { NAIVE_MAX = 4000 };
struct said { struct leaf_key key; uint16_t year; unsigned month; struct slot slot; char text[24]; };
struct naive { struct said at[NAIVE_MAX]; unsigned count; };

static struct said *naive_find(struct naive *n, const struct leaf_key *k, uint16_t year, unsigned month)
{
    for (unsigned i = 0; i < n->count; i++) {
        struct said *s = &n->at[i];

        if (s->year == year && s->month == month && s->key.activity == k->activity && s->key.account == k->account
            && s->key.indicator == k->indicator && s->key.measure == k->measure && s->key.stage == k->stage
            && s->key.source == k->source)
            return s;
    }
    return NULL;
}

static struct figure random_figure(struct rng *r, uint16_t year, char text[24])
{
    static const int64_t wild[] = { 0, 1, -1, INT64_MAX, INT64_MIN, VALUE_SEN_MAX };
    struct figure f = { .source = SOURCE_OPD, .year = year };

    f.month = (uint8_t)(rng_below(r, 12) + 1);
    f.kind = (uint8_t)(rng_below(r, 5) + 1);
    f.basis = (uint8_t)rng_below(r, 3);
    f.activity = (rng_below(r, 2) << 56) + rng_below(r, 3);     /* 3456 slots in all: many are said again */
    f.account = rng_below(r, 2) << 60;
    f.measure = (uint16_t)(rng_below(r, 2) + 1);
    f.stage = rng_chance(r, 1, 2) ? STAGE_MURNI : STAGE_PERUBAHAN;
    f.decimals = (uint8_t)rng_below(r, 7);
    if (f.kind == VALUE_NUMBER)
        f.value = rng_chance(r, 1, 3) ? wild[rng_below(r, 6)] : (int64_t)rng_below(r, 1000);
    snprintf(text, 24, "teks %u", (unsigned)rng_below(r, 5));
    if (f.kind == VALUE_TEXT)
        f.text = str(text);
    if (rng_chance(r, 1, 5))
        f.reason = str("koreksi");
    return f;
}

static void naive_set(struct naive *n, struct unit *u, const struct figure *f, uint32_t indicator, provenance prov,
                      const char *text)
{
    struct leaf_key k = { f->activity, f->account, indicator, f->measure, f->stage, f->source };
    struct said *s = naive_find(n, &k, f->year, f->month);
    enum unit_result want = UNIT_EFFECTIVE, got;
    struct slot old;
    uint32_t leaf;

    if (s) {
        bool same = s->slot.kind == f->kind && s->slot.basis == f->basis && s->slot.value == f->value
                 && s->slot.decimals == f->decimals && (f->kind != VALUE_TEXT || strcmp(s->text, text) == 0);

        want = same ? UNIT_SAME : UNIT_SUPERSEDED;
    }
    assert_int_equal(unit_set(u, f, indicator, prov, &got, &old, &leaf), ST_OK);
    assert_int_equal(got, want);
    assert_true(u->leaf[leaf].key.activity == f->activity);
    assert_int_equal(old.prov, s ? s->slot.prov : 0);
    if (want == UNIT_SAME)
        return;
    assert_true(n->count < NAIVE_MAX);
    if (!s)
        s = &n->at[n->count++];
    *s = (struct said){ .key = k, .year = f->year, .month = f->month };
    s->slot = (struct slot){ .value = f->value, .prov = prov, .kind = f->kind, .basis = f->basis, .decimals = f->decimals,
                             .flags = f->reason.n ? SLOT_REASON : 0 };
    memcpy(s->text, f->kind == VALUE_TEXT ? text : "", f->kind == VALUE_TEXT ? strlen(text) + 1 : 1);
}

static void naive_compare(struct naive *n, struct unit *u)
{
    unsigned slots_said = 0, slots_held = 0;

    for (unsigned i = 0; i < n->count; i++) {
        const struct said *s = &n->at[i];
        const struct leaf *l;
        const struct slot *got;
        struct slice text;

        if (s->year != u->year)
            continue;
        l = unit_find(u, &s->key);
        assert_non_null(l);
        got = &l->slot[s->month - 1];
        assert_true(got->value == s->slot.value && got->prov == s->slot.prov && got->kind == s->slot.kind);
        assert_true(got->basis == s->slot.basis && got->decimals == s->slot.decimals && got->flags == s->slot.flags);
        assert_true(l->present >= s->month && l->slot[l->present - 1].kind != VALUE_EMPTY);
        text = unit_text(u, got);
        assert_true(text.n == strlen(s->text) && (!text.n || memcmp(text.p, s->text, text.n) == 0));
        slots_said++;
    }
    for (uint32_t i = 0; i < u->count; i++)
        for (unsigned m = 0; m < 12; m++)
            slots_held += u->leaf[i].slot[m].kind != VALUE_EMPTY;
    assert_int_equal(slots_held, slots_said);
}

static struct store_txn *begin(struct store *s, bool write)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(s, write, &t), ST_OK);
    return t;
}

static void test_random(void **state)
{
    static struct naive n;
    struct store *s;
    struct unit u;
    struct rng r;
    char text[24];
    provenance prov = figure_provenance(1, 1, 0);

    (void)state;
    rng_seed(&r, env_number("SEED", 42));
    assert_int_equal(store_mem_new(tables, &s), ST_OK);
    unit_init(&u);
    for (unsigned round = 0; round < 120; round++) {
        uint16_t year = (uint16_t)(2020 + rng_below(&r, 3));
        struct store_txn *t = begin(s, true);

        assert_int_equal(unit_load(&u, t, TABLE_LEAF, OFFICE, year), ST_OK);
        assert_sorted(&u);
        naive_compare(&n, &u);
        for (unsigned i = 0; i < 60; i++) {
            struct figure f = random_figure(&r, year, text);

            prov += rng_below(&r, 3) << 16 | 1;
            naive_set(&n, &u, &f, (uint32_t)rng_below(&r, 2), prov, text);
        }
        if (rng_chance(&r, 1, 2))
            unit_sort(&u);
        naive_compare(&n, &u);
        assert_int_equal(unit_save(&u, t, TABLE_LEAF), ST_OK);
        for (uint32_t i = 0; i < u.count; i++)
            assert_false(u.leaf[i].dirty);
        assert_sorted(&u);
        assert_int_equal(store_commit(&t), ST_OK);
        t = begin(s, false);
        assert_int_equal(unit_load(&u, t, TABLE_LEAF, OFFICE, 2019), ST_OK);
        assert_true(u.count == 0 && u.texts.n == 0);    /* nothing is left of the unit before */
        store_abort(&t);
    }
    unit_done(&u);
    store_mem_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
