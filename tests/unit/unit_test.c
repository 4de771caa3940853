/* unit_test.c - the slots of an office-year: setting, series, bytes of rows, load and save, order, dictionaries. The store behind
 * is the RAM twin. Random units against a naive list: unit_random_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/code.h"
#include "proto/unit.h"
#include "tests/unit/unit_order.h"

enum { TABLE_LEAF, TABLE_BY_TEXT, TABLE_BY_ID, OFFICE = 7, YEAR = 2022 };
static const char *const tables[] = { "leaf", "by_text", "by_id", NULL };

static struct slice str(const char *s)
{
    return slice_of(s, strlen(s));
}

static struct figure figure(unsigned month, unsigned kind, unsigned basis, int64_t value)
{
    return (struct figure){ .activity = 100, .measure = MEASURE_REALISED, .source = SOURCE_OPD, .year = YEAR,
                            .month = (uint8_t)month, .kind = (uint8_t)kind, .basis = (uint8_t)basis, .value = value };
}

static void unit_start(struct unit *u)
{
    unit_init(u);
    u->office = OFFICE;
    u->year = YEAR;
}

static enum unit_result set(struct unit *u, const struct figure *f, provenance prov, struct slot *old)
{
    enum unit_result result;

    assert_int_equal(unit_set(u, f, 0, prov, &result, old, NULL), ST_OK);
    return result;
}

/* ---- setting ---- */

static void test_set(void **state)
{
    struct figure f = figure(3, VALUE_NUMBER, BASIS_CUMULATIVE, 500);
    struct slot old;
    struct leaf *l;
    struct unit u;

    (void)state;
    unit_start(&u);
    assert_int_equal(set(&u, &f, 11, &old), UNIT_EFFECTIVE);
    assert_int_equal(old.kind, VALUE_EMPTY);
    l = unit_find(&u, &(struct leaf_key){ .activity = 100, .measure = MEASURE_REALISED, .source = SOURCE_OPD });
    assert_non_null(l);
    assert_true(l->dirty);
    assert_int_equal(l->present, 3);
    l->dirty = false;
    f.reason = str("koreksi");          /* a reason is no content */
    assert_int_equal(set(&u, &f, 12, &old), UNIT_SAME);
    assert_int_equal(l->slot[2].prov, 11);
    assert_int_equal(l->slot[2].flags, 0);
    assert_false(l->dirty);
    f.value = 501;
    assert_int_equal(set(&u, &f, 13, &old), UNIT_SUPERSEDED);
    assert_int_equal(old.value, 500);
    assert_int_equal(old.prov, 11);
    assert_int_equal(l->slot[2].flags, SLOT_REASON);
    assert_int_equal(l->slot[2].prov, 13);
    f.basis = BASIS_MONTHLY;
    assert_int_equal(set(&u, &f, 14, NULL), UNIT_SUPERSEDED);
    f = figure(3, VALUE_WITHDRAWN, BASIS_NONE, 0);
    assert_int_equal(set(&u, &f, 15, NULL), UNIT_SUPERSEDED);
    f = figure(1, VALUE_NIL, BASIS_MONTHLY, 0);
    assert_int_equal(set(&u, &f, 16, NULL), UNIT_EFFECTIVE);
    assert_int_equal(l->present, 3);
    assert_int_equal(u.count, 1);
    assert_null(unit_find(&u, &(struct leaf_key){ .activity = 101, .measure = MEASURE_REALISED, .source = SOURCE_OPD }));
    unit_done(&u);
}

static void test_texts(void **state)
{
    struct figure f = figure(1, VALUE_TEXT, BASIS_NONE, 0);
    struct slot old;
    struct unit u;

    (void)state;
    unit_start(&u);
    f.text = str("Paving Block");
    assert_int_equal(set(&u, &f, 1, NULL), UNIT_EFFECTIVE);
    assert_int_equal(set(&u, &f, 2, NULL), UNIT_SAME);
    f.text = str("Paving Blok");
    assert_int_equal(set(&u, &f, 3, &old), UNIT_SUPERSEDED);
    assert_int_equal(unit_text(&u, &old).n, 12);        /* the replaced text can still be read */
    assert_memory_equal(unit_text(&u, &old).p, "Paving Block", 12);
    assert_memory_equal(unit_text(&u, &u.leaf[0].slot[0]).p, "Paving Blok", 11);
    f.month = 0;
    assert_int_equal(unit_slot_of(&f), 0);
    f.month = 12;
    assert_int_equal(unit_slot_of(&f), 11);
    unit_done(&u);
}

/* A text that finds no room is not set: a slot keeps what it held, a leaf made for it is gone again. */
static void test_no_room_for_a_text(void **state)
{
    struct figure f = figure(1, VALUE_TEXT, BASIS_NONE, 0);
    enum unit_result result;
    struct unit u;

    (void)state;
    unit_start(&u);
    u.texts.max = 8;
    f.text = str("pendek");
    assert_int_equal(set(&u, &f, 1, NULL), UNIT_EFFECTIVE);
    f.text = str("lebih panjang");
    assert_int_equal(unit_set(&u, &f, 0, 2, &result, NULL, NULL), ST_NO_MEMORY);
    assert_int_equal(u.count, 1);
    assert_memory_equal(unit_text(&u, &u.leaf[0].slot[0]).p, "pendek", 6);
    f.activity = 200;
    assert_int_equal(unit_set(&u, &f, 0, 3, &result, NULL, NULL), ST_NO_MEMORY);
    assert_int_equal(u.count, 1);
    for (f.activity = 1000; f.activity < 2000; f.activity++)    /* what was not taken leaves no trace in the index */
        assert_int_equal(unit_set(&u, &f, 0, 3, &result, NULL, NULL), ST_NO_MEMORY);
    assert_null(unit_find(&u, &(struct leaf_key){ .activity = 200, .measure = MEASURE_REALISED, .source = SOURCE_OPD }));
    f = figure(1, VALUE_NUMBER, BASIS_CUMULATIVE, 4);
    f.activity = 200;
    assert_int_equal(set(&u, &f, 4, NULL), UNIT_EFFECTIVE);
    assert_int_equal(u.count, 2);
    unit_done(&u);
}

/* Leaves have a cap: at it none is made, and nothing is asked of the memory. */
static void test_a_full_unit_takes_no_leaf(void **state)
{
    struct figure f = figure(1, VALUE_NUMBER, BASIS_CUMULATIVE, 1);
    enum unit_result result;
    struct unit u;

    (void)state;
    unit_start(&u);
    u.count = u.cap = 1 << 24;
    assert_int_equal(unit_set(&u, &f, 0, 1, &result, NULL, NULL), ST_NO_MEMORY);
    assert_true(u.count == 1 << 24 && u.leaf == NULL && u.index == NULL);
    u.count = u.cap = 0;
    unit_done(&u);
}

/* What was emptied goes, the others are found as before; `present` is counted anew. */
static void test_drop_empty(void **state)
{
    struct unit u;

    (void)state;
    unit_start(&u);
    unit_drop_empty(&u);
    assert_int_equal(u.count, 0);
    for (unsigned i = 0; i < 5; i++)
        for (unsigned month = 3; month <= 4; month++) {
            struct figure f = figure(month, VALUE_NUMBER, BASIS_CUMULATIVE, 10);

            f.activity += i;
            set(&u, &f, i + 1, NULL);
        }
    for (unsigned i = 0; i < 5; i++) u.leaf[i].slot[3].kind = VALUE_EMPTY;
    u.leaf[0].slot[2].kind = u.leaf[3].slot[2].kind = VALUE_EMPTY;
    unit_drop_empty(&u);
    assert_int_equal(u.count, 3);
    for (unsigned i = 0; i < 5; i++) {
        struct leaf_key k = { .activity = 100 + i, .measure = MEASURE_REALISED, .source = SOURCE_OPD };
        struct leaf *l = unit_find(&u, &k);

        assert_int_equal(l != NULL, i != 0 && i != 3);
        if (l) assert_true(l->key.activity == 100 + i && l->present == 3);
    }
    unit_done(&u);
}

/* ---- series ---- */

/* One character a month: c cumulative, m monthly, 0 nil cumulative, n nil monthly, . empty, a n.a., t text, w withdrawn. */
static const struct { const char *shape; int64_t value[12], want[12]; } series[] = {
    { "cccccccccccc", { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } },
    { "mmmmmmmmmmmm", { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 }, { 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60 } },
    { "............", { 0 }, { 0 } },
    { "..c..m..c...", { 0, 0, 300, 0, 0, 50, 0, 0, 340 }, { 0, 0, 300, 300, 300, 350, 350, 350, 340, 340, 340, 340 } },
    { "mc.mn0.mawtc", { 10, 100, 0, 20, 0, 0, 0, 7, 0, 0, 0, 90 }, { 10, 100, 100, 120, 120, 0, 0, 7, 7, 7, 7, 90 } },
    { "cm..m.......", { 1000, -250, 0, 0, -50 }, { 1000, 750, 750, 750, 700, 700, 700, 700, 700, 700, 700, 700 } },
    { "n...........", { 0 }, { 0 } },
};

static struct slot shape_slot(char c, int64_t value)
{
    struct slot s = { .value = value, .basis = c == 'm' || c == 'n' ? BASIS_MONTHLY : BASIS_CUMULATIVE };

    s.kind = c == 'c' || c == 'm' ? VALUE_NUMBER : c == '0' || c == 'n' ? VALUE_NIL : c == 'a' ? VALUE_NA : c == 't' ? VALUE_TEXT
           : c == 'w' ? VALUE_WITHDRAWN : VALUE_EMPTY;
    return s;
}

static void test_cumulate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        struct slot slot[12];
        i128 got[12];

        for (unsigned m = 0; m < 12; m++)
            slot[m] = shape_slot(series[i].shape[m], series[i].value[m]);
        unit_cumulate(slot, got);
        for (unsigned m = 0; m < 12; m++)
            assert_true(got[m] == series[i].want[m]);
    }
}

static void test_cumulate_wide(void **state)
{
    struct slot slot[12];
    i128 got[12];

    (void)state;
    for (unsigned m = 0; m < 12; m++)
        slot[m] = shape_slot('m', INT64_MAX);
    unit_cumulate(slot, got);
    assert_true(got[11] == (i128)INT64_MAX * 12);
}

/* ---- bytes ---- */

static const struct { struct slot slot; const char *text, *hex; } slots[] = {
    { { .kind = VALUE_EMPTY }, NULL, "f0" },
    { { .kind = VALUE_NUMBER, .basis = BASIS_CUMULATIVE, .value = 100, .prov = 3 }, NULL, "10c80106" },
    { { .kind = VALUE_NUMBER, .basis = BASIS_MONTHLY, .value = -1, .prov = 3, .flags = SLOT_REASON }, NULL, "210106" },
    { { .kind = VALUE_NUMBER, .value = 2, .prov = 1, .decimals = 6 }, NULL, "0c0402" },
    { { .kind = VALUE_NUMBER, .value = INT64_MIN, .prov = UINT64_MAX }, NULL, "00ffffffffffffffffff0101" },
    { { .kind = VALUE_NIL, .basis = BASIS_MONTHLY, .prov = 1 }, NULL, "5002" },
    { { .kind = VALUE_NA, .prov = 1 }, NULL, "6002" },
    { { .kind = VALUE_TEXT, .prov = 1 }, "abc", "900203616263" },
    { { .kind = VALUE_WITHDRAWN, .prov = 1, .basis = BASIS_CUMULATIVE }, NULL, "d00200" },
};

static void put_text(struct unit *u, struct slot *s, const char *text)
{
    struct figure f = figure(12, VALUE_TEXT, BASIS_NONE, 0);

    f.text = str(text);
    set(u, &f, 1, NULL);
    s->text = u->leaf[0].slot[11].text;
}

static void test_slot_bytes(void **state)
{
    struct unit u;
    struct buf b;

    (void)state;
    unit_start(&u);
    buf_init(&b, 100);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        struct slot s = slots[i].slot, back;
        char hex[100];
        struct rd r;

        if (slots[i].text)
            put_text(&u, &s, slots[i].text);
        buf_clear(&b);
        unit_slot_encode(&b, &u, &s);
        bytes_hex(b.p, b.n, hex);
        assert_string_equal(hex, slots[i].hex);
        r = rd_of(buf_slice(&b));
        assert_int_equal(unit_slot_decode(&r, &u, &back), ST_OK);
        assert_int_equal(rd_left(&r), 0);
        assert_true(back.kind == s.kind && back.basis == s.basis && back.decimals == s.decimals && back.flags == s.flags);
        assert_true(back.value == s.value && back.prov == s.prov);
        assert_int_equal(unit_text(&u, &back).n, slots[i].text ? strlen(slots[i].text) : 0);
        for (size_t n = 0; n < b.n; n++) {      /* every cut is refused */
            r = rd_of(slice_of(b.p, n));
            assert_int_equal(unit_slot_decode(&r, &u, &back), ST_CORRUPT);
        }
    }
    buf_done(&b);
    unit_done(&u);
}

/* Rows that must not load: hex of the value. */
static const char *const bad_rows[] = {
    "", "00", "0000" /* nothing stated */, "1000" /* a thirteenth month */, "0001", "0001f0" /* an empty slot stated */,
    "000110c801" /* no provenance */, "000110c8010600" /* a byte too many */, "000190020461" /* text cut */, "0001ff0202",
    "00019002808000" /* length not shortest */, "00019002" /* no length of a text */,
};

/* Behind a unit's rows a key of any other shape ends them. */
static void test_a_short_key_is_no_row_of_the_unit(void **state)
{
    struct figure f = figure(3, VALUE_NUMBER, BASIS_CUMULATIVE, 500);
    struct store_txn *t;
    struct store *s;
    struct unit u;

    (void)state;
    assert_int_equal(store_mem_new(tables, &s), ST_OK);
    unit_start(&u);
    set(&u, &f, 1, NULL);
    assert_int_equal(store_begin(s, true, &t), ST_OK);
    assert_int_equal(unit_save(&u, t, TABLE_LEAF), ST_OK);
    assert_int_equal(store_put(t, TABLE_LEAF, slice_of("\0\0\0\7\xff", 5), slice_of("x", 1)), ST_OK);
    assert_int_equal(unit_load(&u, t, TABLE_LEAF, OFFICE, YEAR), ST_OK);
    assert_int_equal(u.count, 1);
    store_abort(&t);
    unit_done(&u);
    store_mem_free(&s);
}

/* A text longer than any that was ever taken is damage, however many bytes are there. */
static void test_a_text_over_its_limit_is_corrupt(void **state)
{
    struct slot back;
    struct unit u;
    struct buf b;
    struct rd r;

    (void)state;
    unit_start(&u);
    buf_init(&b, 2 * TEXT_MAX);
    for (unsigned over = 0; over < 2; over++) {
        buf_clear(&b);
        buf_put(&b, "\x90\x02", 2);
        buf_varint(&b, TEXT_MAX + over);
        memset(buf_grow(&b, TEXT_MAX + over), 'a', TEXT_MAX + over);
        r = rd_of(buf_slice(&b));
        assert_int_equal(unit_slot_decode(&r, &u, &back), over ? ST_CORRUPT : ST_OK);
    }
    buf_done(&b);
    unit_done(&u);
}

static struct store_txn *begin(struct store *s, bool write)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(s, write, &t), ST_OK);
    return t;
}

static void test_bad_rows(void **state)
{
    struct leaf_key k = { .activity = 1, .measure = MEASURE_BUDGET };
    uint8_t key[STORE_KEY_MAX], value[64];
    size_t n = unit_key_bytes(OFFICE, YEAR, &k, key);
    struct store_txn *t;
    struct store *s;
    struct unit u;

    (void)state;
    assert_int_equal(store_mem_new(tables, &s), ST_OK);
    unit_init(&u);
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        t = begin(s, true);
        assert_int_equal(bytes_unhex(bad_rows[i], strlen(bad_rows[i]), value), ST_OK);
        assert_int_equal(store_put(t, TABLE_LEAF, slice_of(key, n), slice_of(value, strlen(bad_rows[i]) / 2)), ST_OK);
        assert_int_equal(unit_load(&u, t, TABLE_LEAF, OFFICE, YEAR), ST_CORRUPT);
        store_abort(&t);
    }
    t = begin(s, true);
    assert_int_equal(store_put(t, TABLE_LEAF, slice_of(key, n - 1), slice_of("\0\1\x50\2", 4)), ST_OK);
    assert_int_equal(unit_load(&u, t, TABLE_LEAF, OFFICE, YEAR), ST_CORRUPT);
    assert_int_equal(unit_load(&u, t, TABLE_LEAF, OFFICE, YEAR + 1), ST_OK);
    assert_int_equal(u.count, 0);
    store_abort(&t);
    unit_done(&u);
    store_mem_free(&s);
}

static void test_key_order(void **state)
{
    static const char *const tree[] = { "1", "1.06", "1.06.01", "1.06.01.2.01", "1.06.01.2.01.01", "1.06.01.2.01.02",
                                        "1.06.01.2.02", "1.06.02", "1.07", "2", "2.01" };
    uint8_t before[STORE_KEY_MAX] = { 0 }, key[STORE_KEY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof tree / sizeof *tree; i++) {
        struct leaf_key k = { .account = 9, .indicator = 5, .measure = 2, .stage = 0x100, .source = 1 }, back;
        struct code_reading reading;
        uint32_t office;
        uint16_t year;
        size_t n;

        assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, str(tree[i]), &reading), ST_OK);
        k.activity = reading.code;
        n = unit_key_bytes(OFFICE, YEAR, &k, key);
        assert_int_equal(n, 31);
        assert_true(memcmp(before, key, n) < 0);
        memcpy(before, key, n);
        assert_int_equal(unit_key_parse(slice_of(key, n), &office, &year, &back), ST_OK);
        assert_true(office == OFFICE && year == YEAR && back.activity == k.activity && back.account == 9 && back.indicator == 5);
        assert_true(back.measure == 2 && back.stage == 0x100 && back.source == 1);
        assert_int_equal(unit_key_parse(slice_of(key, n - 1), &office, &year, &back), ST_CORRUPT);
    }
}

/* ---- order for people ---- */

/* Of one line and measure: what was stated first comes first, whatever number its name has; the store's order is another. */
static void rows_are_shown_as_they_were_stated(void **state)
{
    static const struct { uint32_t indicator; unsigned month; provenance prov; } SAID[] = {
        { 1, 4, 90 }, { 2, 1, 70 }, { 2, 6, 10 }, { 3, 2, 80 }, { 4, 12, 20 }, { 5, 12, 95 }
    };
    static const uint32_t shown[] = { 4, 2, 3, 1, 5 };
    struct unit u;

    (void)state;
    unit_start(&u);
    for (unsigned line = 2; line-- > 0;)
        for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
            struct figure f = figure(SAID[i].month, VALUE_NUMBER, BASIS_CUMULATIVE, 5);

            f.activity += line;
            assert_int_equal(unit_set(&u, &f, SAID[i].indicator, SAID[i].prov + line, &(enum unit_result){ 0 }, NULL, NULL),
                             ST_OK);
        }
    unit_sort(&u);
    assert_sorted(&u);
    u.stated = true;
    unit_sort(&u);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(u.leaf[i].key.activity, 100 + i / 5);
        assert_int_equal(u.leaf[i].key.indicator, shown[i % 5]);
        assert_ptr_equal(unit_find(&u, &u.leaf[i].key), &u.leaf[i]);
    }
    u.stated = false;
    unit_sort(&u);
    assert_sorted(&u);
    unit_done(&u);
}

/* Rows of several sources, the last said first: the source comes before the moment, and what states nothing stands by its
 * indicator. */
static void rows_come_by_source_before_the_moment(void **state)
{
    static const struct { uint8_t source; uint32_t indicator; provenance prov; } SAID[] = {
        { SOURCE_OPD + 1, 3, 10 }, { SOURCE_OPD + 1, 2, 20 }, { SOURCE_OPD, 9, 40 }, { SOURCE_OPD, 1, 30 }, { SOURCE_OPD, 8, 50 }
    };
    static const uint32_t by_key[] = { 1, 8, 9, 2, 3 }, stated[] = { 1, 9, 8, 3, 2 }, none[] = { 8, 9, 1, 3, 2 };
    struct unit u;

    (void)state;
    unit_start(&u);
    u.stated = true;
    for (size_t i = 0; i < 5; i++) {
        struct figure f = figure(1, VALUE_NUMBER, BASIS_CUMULATIVE, 5);

        f.source = SAID[i].source;
        assert_int_equal(unit_set(&u, &f, SAID[i].indicator, SAID[i].prov, &(enum unit_result){ 0 }, NULL, NULL), ST_OK);
    }
    unit_sort(&u);
    for (unsigned i = 0; i < 5; i++) assert_int_equal(u.leaf[i].key.indicator, stated[i]);
    u.leaf[1].slot[0] = u.leaf[2].slot[0] = (struct slot){ .kind = VALUE_EMPTY };
    unit_sort(&u);
    for (unsigned i = 0; i < 5; i++) assert_int_equal(u.leaf[i].key.indicator, none[i]);
    u.stated = false;
    unit_sort(&u);
    for (unsigned i = 0; i < 5; i++) assert_int_equal(u.leaf[i].key.indicator, by_key[i]);
    assert_sorted(&u);
    unit_done(&u);
}

/* ---- dictionary ---- */

static void test_dict(void **state)
{
    char longer[2][200];
    struct slice texts[5] = { str("a"), str(""), str("persentase siswa") }, back;
    struct store_txn *t;
    struct store *s;
    uint32_t id;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        memset(longer[i], 'x', sizeof longer[i]);
        longer[i][199] = (char)('0' + i);       /* alike for longer than a key */
        texts[3 + i] = slice_of(longer[i], sizeof longer[i]);
    }
    assert_int_equal(store_mem_new(tables, &s), ST_OK);
    t = begin(s, true);
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5; i++) {
            assert_int_equal(unit_dict_get(t, TABLE_BY_TEXT, texts[i], &id), round ? ST_OK : ST_NOT_FOUND);
            assert_int_equal(unit_dict_add(t, TABLE_BY_TEXT, TABLE_BY_ID, texts[i], &id), ST_OK);
            assert_int_equal(id, i + 1);
            assert_int_equal(unit_dict_text(t, TABLE_BY_ID, id, &back), ST_OK);
            assert_true(back.n == texts[i].n && (!back.n || memcmp(back.p, texts[i].p, back.n) == 0));
        }
    assert_int_equal(unit_dict_text(t, TABLE_BY_ID, 6, &back), ST_NOT_FOUND);
    store_abort(&t);
    store_mem_free(&s);
}

/* Numbers are given on from the highest one there is: none from a row that is none, none behind the last. */
static void test_a_dictionary_that_is_damaged_or_full(void **state)
{
    static const struct { const char *key; size_t n; int status; } rows[] = {
        { "\0\0\1", 3, ST_CORRUPT }, { "\xff\xff\xff\xff", 4, ST_FULL }, { "\xff\xff\xff\xfe", 4, ST_OK },
    };
    struct store *s;

    (void)state;
    assert_int_equal(store_mem_new(tables, &s), ST_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct store_txn *t = begin(s, true);
        uint32_t id = 77;

        assert_int_equal(store_put(t, TABLE_BY_ID, slice_of(rows[i].key, rows[i].n), str("old")), ST_OK);
        assert_int_equal(unit_dict_add(t, TABLE_BY_TEXT, TABLE_BY_ID, str("new"), &id), rows[i].status);
        assert_true(id == (rows[i].status == ST_OK ? UINT32_MAX : 77));
        assert_int_equal(unit_dict_get(t, TABLE_BY_TEXT, str("new"), &id), rows[i].status == ST_OK ? ST_OK : ST_NOT_FOUND);
        assert_int_equal(store_put(t, TABLE_BY_TEXT, slice_of("\0new", 4), slice_of("abc", 3)), ST_OK);
        assert_int_equal(unit_dict_get(t, TABLE_BY_TEXT, str("new"), &id), ST_CORRUPT);
        store_abort(&t);
    }
    store_mem_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set), cmocka_unit_test(test_texts), cmocka_unit_test(test_cumulate),
        cmocka_unit_test(test_cumulate_wide),
        cmocka_unit_test(test_slot_bytes), cmocka_unit_test(test_bad_rows), cmocka_unit_test(test_key_order),
        cmocka_unit_test(rows_are_shown_as_they_were_stated),
        cmocka_unit_test(rows_come_by_source_before_the_moment), cmocka_unit_test(test_dict),
        cmocka_unit_test(test_no_room_for_a_text), cmocka_unit_test(test_a_full_unit_takes_no_leaf),
        cmocka_unit_test(test_drop_empty), cmocka_unit_test(test_a_short_key_is_no_row_of_the_unit),
        cmocka_unit_test(test_a_text_over_its_limit_is_corrupt), cmocka_unit_test(test_a_dictionary_that_is_damaged_or_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
