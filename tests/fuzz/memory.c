/* memory.c - readers of bytes from outside while memory runs out. First byte: which reader; the next two: how many allocations
 * still work; then its bytes. A reader that has too little memory says so, and nothing else: never that the bytes are bad when they
 * are not, never a part of them as the whole. The same bytes with all the memory say what is right. Only allocations of the code
 * under test fail (--wrap, as in nodes.c); what a library below does without memory is tried by `make faults`. */
#include "aggregator/bridge_list.h"
#include "aggregator/closing_rules.h"
#include "aggregator/scales.h"
#include "aggregator/successor.h"
#include "aggregator/thresholds.h"
#include "collector/book.h"
#include "collector/intake.h"
#include "proto/conf.h"
#include "proto/registry.h"
#include "proto/units.h"
#include "tests/fuzz/fuzz.h"

static long fail_after = -1; /* allocations that still work; -1: all */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
    if (fail_after < 0) return false;
    if (fail_after > 0) return fail_after--, false;
    return true;
}
void *__wrap_malloc(size_t n) { return fails() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }

/* ---- the readers: each gives its status and how much it took ---- */

static int read_intake(struct slice b, uint64_t *ret)
{
    static const char office[] = "dinsos-3374";
    const struct intake_options o = {.office = slice_of(office, sizeof office - 1)};
    struct intake *in = NULL;
    int st = book_begins(b) ? book_intake(b, &o, &in) : intake_read(b, &o, &in);
    if (st != ST_OK) return st;
    *ret = (uint64_t)in->rows << 40 ^ (uint64_t)in->refused << 20 ^ in->duplicate;
    intake_free(&in);
    return st;
}

static int read_register(struct slice b, uint64_t *ret)
{
    struct registry *r = NULL;
    char err[300];
    int st = registry_parse(b, &r, err, sizeof err);
    if (st == ST_OK) *ret = registry_version(r) << 20 | registry_count(r);
    registry_free(&r);
    return st;
}

static int read_config(struct slice b, uint64_t *ret)
{
    static const struct conf_option options[] = {
        {"worker.id", CONF_TEXT, false, "w1", 0, 0, "id"},
        {"worker.map", CONF_SIZE, false, "0", 0, 1 << 30, "map"},
    };
    struct conf *c = NULL;
    struct buf errors;
    buf_init(&errors, 1 << 20);
    int st = conf_parse(options, 2, "fuzz.conf", b, &c, &errors);
    if (st == ST_OK) *ret = (uint64_t)conf_int(c, "worker.map");
    conf_free(&c);
    buf_done(&errors);
    return st;
}

static int read_scales(struct slice b, uint64_t *ret)
{
    struct scales *s = NULL;
    char err[300];
    int st = scales_parse(b, &s, err, sizeof err);
    *ret = st == ST_OK;
    scales_free(&s);
    return st;
}

static int read_thresholds(struct slice b, uint64_t *ret)
{
    struct thresholds *s = NULL;
    char err[300];
    int st = thresholds_parse(b, &s, err, sizeof err);
    *ret = st == ST_OK;
    thresholds_free(&s);
    return st;
}

static int read_units(struct slice b, uint64_t *ret)
{
    struct units *s = NULL;
    char err[300];
    int st = units_parse(b, &s, err, sizeof err);
    *ret = st == ST_OK;
    units_free(&s);
    return st;
}

static int read_closing(struct slice b, uint64_t *ret)
{
    struct closing_book *s = NULL;
    char err[300];
    int st = closing_rules_parse(b, &s, err, sizeof err);
    *ret = st == ST_OK;
    closing_rules_free(&s);
    return st;
}

static int read_bridges(struct slice b, uint64_t *ret)
{
    struct bridges s;
    char err[300];
    int st = bridge_list_parse(b, &s, err, sizeof err);
    *ret = st == ST_OK;
    if (st == ST_OK) bridge_done(&s);
    return st;
}

static int read_successors(struct slice b, uint64_t *ret)
{
    struct successors s;
    char err[300];
    int st = successor_list_parse(b, &s, err, sizeof err);
    *ret = st == ST_OK;
    if (st == ST_OK) successor_list_done(&s);
    return st;
}

static int (*const readers[])(struct slice b, uint64_t *ret) = { read_intake,  read_register,   read_config,
                                                                 read_scales,  read_thresholds, read_units,
                                                                 read_closing, read_bridges,    read_successors };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 3 || n > 1 << 16) return 0;
    uint64_t right = 0, taken = 0;
    const struct slice bytes = slice_of(p + 3, n - 3);
    int (*const read)(struct slice b, uint64_t *ret) = readers[p[0] % (sizeof readers / sizeof *readers)];
    int want = read(bytes, &right);
    fail_after = bytes_rd16(p + 1);
    int st = read(bytes, &taken);
    fail_after = -1;
    ASSERT(st == ST_NO_MEMORY || (st == want && (st != ST_OK || taken == right)));
    return 0;
}
