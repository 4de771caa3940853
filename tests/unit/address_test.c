/* address_test.c - figure addresses: what is one, its canonical spelling, and which part is at fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/address.h"

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static void spellings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        /* canonical NULL: as it is */
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
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        struct address_fault f;
        struct buf b;
        buf_init(&b, 4096);
        if (address_parse(text_of(cases[i].text), &a, &f) != ST_OK) fail_msg("%s: %s \"%s\"", cases[i].text, f.part, f.seen);
        address_format(&a, &b);
        buf_u8(&b, 0);
        assert_string_equal((const char *)b.p, cases[i].canonical ? cases[i].canonical : cases[i].text);
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
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address a;
        struct address_fault f = {"none", ""};
        int st = address_parse(text_of(cases[i].text), &a, &f);
        if (st != ST_INVALID || strcmp(f.part, cases[i].part) != 0) fail_msg("%s: %s, %s", cases[i].text, status_str(st), f.part);
    }
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
                                       cmocka_unit_test(an_empty_address_of_no_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
