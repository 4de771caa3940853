/* address_test.c - figure addresses: what is one, its canonical spelling, and which part is at fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/address.h"

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static const struct {
    const char *text, *canonical; /* canonical NULL: as it is */
} SPELLINGS[] = {
    {"33.74/2020/realised/1.06.01", NULL},
    {"33.74/2020/realised/1.06.01?until=8", NULL},
    {"33.74/2020/realised/1.06.01?until=08", "33.74/2020/realised/1.06.01?until=8"},
    {"33.74/2020/realised/1.06.01?until=12", "33.74/2020/realised/1.06.01"},
    {"33/2020/budget/total?stage=murni", NULL},
    {"33/2020/budget/total?stage=berlaku", "33/2020/budget/total"},
    {"nasional/2022/absorption/total-kegiatan", NULL},
    {"nasional/2022/realised/total-rekening?until=3,stage=murni", NULL},
    {"nasional/2022/realised/total?stage=murni&until=3", "nasional/2022/realised/total?until=3,stage=murni"},
    {"dinsos-1872/2022/realised/1.06.01.2.02", NULL},
    {"dinsos-1872/2022/realised/5.1", NULL},
    {"dinsos-1872/2022/realised/5.1?level=daun", NULL},
    {"dinsos-1872/2022/realised/5", NULL},
    {"dinsos-1872/2022/realised/1.06.15.01?vintage=permendagri-13-2006", NULL},
    {"33.74/2020/realised/1.06.01?vintage=permendagri-13-2006", "33.74/2020/realised/1.06.01"},
    {"33.74/2020/realised/total?as_of=w1:4,w2:9", NULL},
    {"33.74/2020/realised/total?as_of=w1:4,w2:9,until=8", "33.74/2020/realised/total?until=8,as_of=w1:4,w2:9"},
    {"33.74/2020/realised/total?as_of=2026-11-21T10:00:00+07:00", NULL},
    {"dinsos-1872/2022/achievement/1.06/persentase_ppks_yang_tertangani", NULL},
    {"dinsos-1872/2022/achievement/1.06/persentase%20ppks", "dinsos-1872/2022/achievement/1.06/persentase_ppks"},
    {"dinsos-1872/2022/target/total/a%2Fb%5F%25", NULL},
    {"dinsos-1872/2022/reached/5.1/x", NULL},
    {"dinsos-1872/2022/rating/1.06/a_b?until=6", NULL},
    {"dinsos-1872/2022/target/1.06/a?source=renstra", NULL},
    {"dinsos-1872/2022/target/1.06/a?source=opd", NULL},
    {"33.74/2020/realised/1.06.01?source=bud", NULL},
    {"33.74/2020/realised/1.06.01?source=opd", "33.74/2020/realised/1.06.01"},
    {"33.74/2020/budget/1.06.01?source=dpa", "33.74/2020/budget/1.06.01"},
    {"33.74/2020/budget/1.06.01?source=opd", NULL},
    {"33.74/2020/realised/1.06.02?bridge=permendagri-90-2019", NULL},
    {"33.74/2020/budget/1.06.02.2.03?bridge=permendagri-90-2019,as_of=w1:4,w2:9", NULL},
    {"33.74/2022/achievement/1.06", NULL},
    {"nasional/2022/achievement/total?cap=none", NULL},
    {"33.74/2022/achievement/total?cap=120", "33.74/2022/achievement/total"},
    {"dinsos-3374/2020/match/1.06.01.002?until=8", NULL},
    {"dinsos-3374/2020/match/total", NULL},
    {"dinsos-1872/2022/finding/1.06.01/persen-5f0c21", NULL},
    {"dinsos-1872/2022/finding/1.06.01.026/persen-5f0c21?until=8", NULL},
    {"33.74/2022/finding/total/serapan-0?until=8", NULL},
    {"33.74/2022/budget/4", NULL},
    {"33.74/2022/budget/6", NULL},
    {"33.74/2022/budget/1", NULL},
    {"33.74/2022/budget/7", NULL},
    {"33.74/2022/reached/5/x", NULL}, /* of an indicator a single digit is an urusan */
    {"33.74/2022/target/total/A.Z-9\xc3\xa9", NULL},
    {"33.74/2022/target/total/%61%5b%60%7B%40%2f", "33.74/2022/target/total/a%5B%60%7B%40%2F"},
    {"33.74/2022/target/total/%5F%5f", "33.74/2022/target/total/%5F%5F"},
    {"33.74/2022/achievement/total?cap=100", NULL},
    {"33.74/2022/achievement/total?cap=1000,until=3", "33.74/2022/achievement/total?until=3,cap=1000"},
    {"33.74/2022/realised/total?as_of=w1:4,w2:9&until=8", "33.74/2022/realised/total?until=8,as_of=w1:4,w2:9"},
    {"33.74/2022/realised/total?as_of=a_b", NULL},
    {"33.74/2022/realised/total?", "33.74/2022/realised/total"},
};

static void spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SPELLINGS / sizeof *SPELLINGS; i++) {
        struct address a;
        struct address_fault f;
        struct buf b;
        buf_init(&b, 4096);
        if (address_parse(text_of(SPELLINGS[i].text), &a, &f) != ST_OK)
            fail_msg("%s: %s \"%s\"", SPELLINGS[i].text, f.part, f.seen);
        address_format(&a, &b);
        buf_u8(&b, 0);
        assert_string_equal((const char *)b.p, SPELLINGS[i].canonical ? SPELLINGS[i].canonical : SPELLINGS[i].text);
        buf_done(&b);
    }
}

static void fields(void **state)
{
    (void)state;
    struct address a;
    struct address_fault f;
    assert_int_equal(address_parse(text_of("33.74/2020/realised/5.1?until=8,level=daun,as_of=w1:4,w2:9"), &a, &f), ST_OK);
    assert_int_equal(a.region, 33 << 16 | 74);
    assert_int_equal(a.part, ADDRESS_LINE);
    assert_int_equal(a.until, 8);
    assert_string_equal(a.as_of, "w1:4,w2:9");
    assert_string_equal(a.office, "");
    assert_int_equal(address_parse(text_of("dinsos-1872/2022/target/1.06/a%2Fb_c"), &a, &f), ST_OK);
    assert_string_equal(a.office, "dinsos-1872");
    assert_string_equal(a.indicator, "a/b c");
    assert_true(address_of_indicator(&a));
    assert_int_equal(address_kind(&a), ADDRESS_OF_INDICATOR);
    assert_int_equal(address_parse(text_of("dinsos-1872/2022/finding/1.06.01/persen-5f0c21"), &a, &f), ST_OK);
    assert_int_equal(address_kind(&a), ADDRESS_OF_FINDING);
    assert_int_equal(address_parse(text_of("dinsos-1872/2022/match/1.06.01"), &a, &f), ST_OK);
    assert_int_equal(address_kind(&a), ADDRESS_OF_MATCH);
    assert_int_equal(address_parse(text_of("33.74/2022/achievement/1.06"), &a, &f), ST_OK);
    assert_int_equal(address_kind(&a), ADDRESS_OF_MEAN);
    assert_int_equal(address_parse(text_of("33.74/2022/achievement/1.06?cap=none"), &a, &f), ST_OK);
    assert_int_equal(a.cap, 0);
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "SCOPE"},
        {"/2020/realised/total", "SCOPE"},
        {"Kota Metro/2020/realised/total", "SCOPE"},
        {"33.74", "YEAR"},
        {"33.74/20x2/realised/total", "YEAR"},
        {"33.74/2020", "MEASURE"},
        {"33.74/2020/serapan/total", "MEASURE"},
        {"33.74/2020/realised", "CODE"},
        {"33.74/2020/realised/", "CODE"},
        {"33.74/2020/realised/1..2", "CODE"},
        {"33.74/2020/realised/1.06.01.2.02", "CODE"},
        {"33.74/2020/realised/1.06?level=daun", "CODE"},
        {"33.74/2022/target/1.06", "INDICATOR"},
        {"33.74/2022/target/1.06/", "INDICATOR"},
        {"33.74/2022/realised/1.06/x", "INDICATOR"},
        {"33.74/2022/target/1.06/x/y", "INDICATOR"},
        {"33.74/2022/target/1.06/%2", "INDICATOR"},
        {"33.74/2022/target/1.06/%00", "INDICATOR"},
        {"33.74/2022/target/1.06/%ff", "INDICATOR"},
        {"33.74/2022/realised/total?until=13", "PARAM"},
        {"33.74/2022/realised/total?bulan=3", "PARAM"},
        {"33.74/2022/realised/total?stage=x", "PARAM"},
        {"33.74/2022/realised/total?until", "PARAM"},
        {"33.74/2022/realised/total?as_of=", "PARAM"},
        {"33.74/2022/target/total-kegiatan/x", "CODE"},
        {"33.74/2022/match/total-kegiatan", "CODE"},
        {"33.74/2022/rating/1.06", "INDICATOR"},
        {"33.74/2022/match/1.06/x", "INDICATOR"},
        {"dinsos-1872/2022/finding/1.06.01", "INDICATOR"},
        {"dinsos-1872/2022/finding/1.06.x/persen-1", "CODE"},
        {"33.74/2022/absorption/1.06?source=bud", "PARAM"},
        {"33.74/2022/realised/1.06?source=x", "PARAM"},
        {"33.74/2022/realised/1.06?cap=100", "PARAM"},
        {"33.74/2022/achievement/1.06?cap=99", "PARAM"},
        {"33.74/2022/achievement/1.06?bridge=permendagri-90-2019", "PARAM"},
        {"33.74/2022/realised/5.1?bridge=permendagri-90-2019", "PARAM"},
        {"33.74/2022/realised/1.06?bridge=x", "PARAM"},
        {"33.74/2022/realised/1.06?bridge=", "PARAM"},
        {"33.74/2022/realised/1.06?source=", "PARAM"},
        {"33.74/2022/achievement/1.06?cap=0", "PARAM"},
        {"33.74/2022/achievement/1.06?cap=x", "PARAM"},
        {"33.74/2022/achievement/1.06?cap=tanpa", "PARAM"}, /* the register's word, not the address' */
        {"33.74/2022/realised/5.1?bridge=permendagri-90-2019,level=daun", "PARAM"},
        {"33.74/2022/realised/total?until=3&&until=4", "PARAM"},
        {"33.74/2022/realised/total?as_of=%ff", "PARAM"},
        {"33.74/2022/realised/1 06", "CODE"},
        {"33.74/2022/realised/total?level=daun", "CODE"},
        {"33.74/2022/finding//persen-1", "CODE"},
        {"33.74/2022/finding/1.06.01.2.02.0001.0001.0001.0001.0001.0001.0001.0001.0001.0001/persen-1", "CODE"},
        {"33.74/2022/finding/1,06/persen-1", "CODE"},
        {"33.74/2022/target/1.06/%2x", "INDICATOR"},
        {"33.74/2022/target/1.06/%g2", "INDICATOR"},
        {"33.74/2022/target/1.06/%.2", "INDICATOR"},
        {"33.74/2022/target/1.06/%:2", "INDICATOR"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        struct address_fault f = {"none", ""};
        int st = address_parse(text_of(cases[i].text), &a, &f);
        if (st != ST_INVALID || strcmp(f.part, cases[i].part) != 0) fail_msg("%s: %s, %s", cases[i].text, status_str(st), f.part);
    }
}

/* A cap is written only where it counts: whoever builds the address of a sum may leave it 0. */
static void a_cap_is_of_a_mean(void **state)
{
    (void)state;
    struct address a = {.year = 2022, .until = 12, .measure = ADDRESS_REALISED};
    struct buf b;
    buf_init(&b, 4096);
    address_format(&a, &b);
    buf_u8(&b, 0);
    assert_string_equal((const char *)b.p, "nasional/2022/realised/total");
    buf_clear(&b);
    a.measure = ADDRESS_ACHIEVEMENT;
    address_format(&a, &b);
    buf_u8(&b, 0);
    assert_string_equal((const char *)b.p, "nasional/2022/achievement/total?cap=none");
    buf_done(&b);
}

/* A text is cut where it ends, and nothing is cut off: an indicator or a time of more bytes than there is room for is none. */
static void longer_texts_are_refused(void **state)
{
    static char text[64 + 3 * TEXT_MAX];
    struct address a;
    struct address_fault f;
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        int n = snprintf(text, sizeof text, "33.74/2022/target/total/");
        memset(text + n, 'a', TEXT_MAX + over);
        assert_int_equal(address_parse(slice_of(text, (size_t)n + TEXT_MAX + over), &a, &f), over ? ST_INVALID : ST_OK);
        if (over) assert_string_equal(f.part, "INDICATOR");
        n = snprintf(text, sizeof text, "33.74/2022/budget/total?as_of=");
        memset(text + n, '1', sizeof a.as_of - 1 + over);
        assert_int_equal(address_parse(slice_of(text, (size_t)n + sizeof a.as_of - 1 + over), &a, &f), over ? ST_INVALID : ST_OK);
        if (over) assert_string_equal(f.part, "PARAM");
    }
}

/* More parameters than there is room for: the first of them. */
static void a_split_keeps_to_its_room(void **state)
{
    struct address_param p[2];
    struct slice path;
    (void)state;
    assert_int_equal(address_split(text_of("x?a=1&b=2&c=3"), &path, p, 2), 2);
    assert_memory_equal(p[1].name.p, "b", 1);
    assert_int_equal(address_split(text_of("x?&a,b=,c"), &path, p, 2), 2);
    assert_true(p[0].name.n == 0 && p[0].value.n == 0 && p[1].name.n == 1 && *p[1].name.p == 'a');
}

/* found by fuzzing: HTTP hands over an address that is empty, as no bytes at all */
static void an_empty_address_of_no_bytes(void **state)
{
    struct address a;
    struct address_fault f;
    struct address_param list[2];
    struct slice path = slice_of("x", 1);
    (void)state;
    assert_int_equal(address_split(slice_of(NULL, 0), &path, list, 2), 0);
    assert_int_equal(path.n, 0);
    assert_int_equal(address_parse(slice_of(NULL, 0), &a, &f), ST_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spellings), cmocka_unit_test(fields), cmocka_unit_test(faults),
                                       cmocka_unit_test(an_empty_address_of_no_bytes),
                                       cmocka_unit_test(longer_texts_are_refused), cmocka_unit_test(a_split_keeps_to_its_room),
                                       cmocka_unit_test(a_cap_is_of_a_mean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
