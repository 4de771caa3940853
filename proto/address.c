/* address.c - see address.h: the grammar of figure addresses, both ways.
 *
 * The path is cut at its slashes, each segment decoded by itself, so that an indicator's own slash (%2F) is none of ours. A
 * parameter without `=` belongs to the one before it: that is what lets as_of=w1:4,w2:9 stand unquoted in a list parted by commas.
 * Invariant: parse(format(parse(x))) = parse(x). */
#include "address.h"

#include <stdio.h>
#include <string.h>

#include "figure.h"
#include "period.h"
#include "registry.h"
#include "setting.h"

enum { PARAMS_MAX = 10, SEGMENTS = 5 };
static const char *const MEASURES[] = {"budget", "realised", "absorption", "target", "reached", "achievement",
                                        "rating", "match", "finding"};
static const char NATION[] = "nasional";
static const char *const TOTALS[] = {"total", "total-kegiatan", "total-rekening"};

const char *address_measure_name(enum address_measure m) { return MEASURES[m]; }
static bool of_indicators(const struct address *a) { return a->measure >= ADDRESS_TARGET && a->measure <= ADDRESS_RATING; }

enum address_kind address_kind(const struct address *a)
{
    if (a->measure == ADDRESS_FINDING) return ADDRESS_OF_FINDING;
    if (a->measure == ADDRESS_MATCH) return ADDRESS_OF_MATCH;
    if (!of_indicators(a)) return ADDRESS_OF_MONEY;
    return a->indicator[0] ? ADDRESS_OF_INDICATOR : ADDRESS_OF_MEAN;
}

bool address_of_indicator(const struct address *a) { return address_kind(a) == ADDRESS_OF_INDICATOR; }

static bool is(struct slice s, const char *text) { return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0; }

static int fault(struct address_fault *f, const char *part, struct slice seen)
{
    f->part = part;
    bytes_show(seen, f->seen, sizeof f->seen);
    return ST_INVALID;
}

/* ---- pieces ---- */

/* The piece up to the next cut; a comma before something without `=` is no cut. */
static struct slice next_param(struct slice *rest)
{
    size_t end = 0;
    for (; end < rest->n; end++) {
        if (rest->p[end] == '&') break;
        if (rest->p[end] != ',') continue;
        const uint8_t *from = rest->p + end + 1;
        size_t left = rest->n - end - 1, k = 0;
        while (k < left && from[k] != ',' && from[k] != '&' && from[k] != '=') k++;
        if (k < left && from[k] == '=') break;
    }
    struct slice piece = slice_of(rest->p, end);
    size_t skip = end < rest->n ? end + 1 : end;
    *rest = slice_of(rest->p + skip, rest->n - skip);
    return piece;
}

size_t address_split(struct slice text, struct slice *ret_path, struct address_param *ret, size_t max)
{
    if (text.n == 0) { /* maybe no bytes at all */
        *ret_path = text;
        return 0;
    }
    const uint8_t *mark = memchr(text.p, '?', text.n);
    size_t path = mark ? (size_t)(mark - text.p) : text.n, n = 0;
    struct slice rest = slice_of(text.p + path + (mark != NULL), text.n - path - (mark != NULL));
    *ret_path = slice_of(text.p, path);
    while (rest.n > 0 && n < max) {
        struct slice piece = next_param(&rest);
        const uint8_t *eq = piece.n ? memchr(piece.p, '=', piece.n) : NULL;
        size_t name = eq ? (size_t)(eq - piece.p) : piece.n;
        ret[n++] =
            (struct address_param){slice_of(piece.p, name), slice_of(piece.p + name + (eq != NULL), piece.n - name - (eq != NULL))};
    }
    return n;
}

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes a segment into ret with its NUL; `_` as a blank when `blanks`. False: too long, a broken %XX, or no text. */
static bool decode(struct slice s, bool blanks, char *ret, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int c = s.p[i];
        if (c == '%') {
            int high = i + 2 < s.n ? hex(s.p[i + 1]) : -1, low = i + 2 < s.n ? hex(s.p[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = 16 * high + low;
            i += 2;
        } else if (c == '_' && blanks) {
            c = ' ';
        }
        if (n + 1 >= size) return false;
        ret[n++] = (char)c;
    }
    ret[n] = '\0';
    return bytes_utf8_ok(ret, n);
}

/* ---- parsing ---- */

static int parse_scope(struct slice s, struct address *a)
{
    if (is(s, NATION)) return ST_OK;
    if (s.n > 0 && code_region_parse(s, &a->region) == ST_OK) return ST_OK;
    if (!registry_id_ok(s)) return ST_INVALID;
    memcpy(a->office, s.p, s.n);
    a->office[s.n] = '\0';
    return ST_OK;
}

static int parse_measure(struct slice s, struct address *a)
{
    for (unsigned i = 0; i < sizeof MEASURES / sizeof *MEASURES; i++)
        if (is(s, MEASURES[i])) {
            a->measure = (enum address_measure)i;
            return ST_OK;
        }
    return ST_INVALID;
}

static int parse_code(struct slice s, enum vintage v, bool line, struct address *a)
{
    struct code_reading r = {0};
    bool account = code_looks_account(s) || (s.n == 1 && s.p[0] >= '4' && s.p[0] <= '6' && !of_indicators(a));
    for (unsigned i = 0; i < 3; i++) {
        if (!is(s, TOTALS[i])) continue;
        a->part = (enum address_part)i;
        a->code = i == 0 && of_indicators(a) ? CODE_TOTAL : 0;
        return line || (i && (of_indicators(a) || a->measure == ADDRESS_MATCH)) ? ST_INVALID : ST_OK;
    }
    int st = account ? code_parse_account(s, &r) : code_parse_activity(v, s, &r);
    if (st != ST_OK || r.padded || (line && !account)) return ST_INVALID;
    a->part = line ? ADDRESS_LINE : account ? ADDRESS_ACCOUNT : ADDRESS_ACTIVITY;
    a->code = r.code;
    return ST_OK;
}

/* Of a finding the code stays a text: it is one of whatever list the finding is about. */
static int parse_place(struct slice s, struct address *a)
{
    bool total = is(s, TOTALS[0]);
    if (s.n == 0 || s.n > CODE_TEXT_MAX) return ST_INVALID;
    for (size_t i = 0; !total && i < s.n; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.') return ST_INVALID;
    memcpy(a->place, s.p, s.n);
    a->place[s.n] = '\0';
    return ST_OK;
}

static bool parse_cap(struct slice s, unsigned *ret)
{
    int64_t v = 0;
    if (!is(s, "none") && (setting_value(SETTING_CAP, s, &v) != ST_OK || v == 0)) return false;
    *ret = (unsigned)v;
    return true;
}

struct late {
    enum vintage vintage;
    bool line;
}; /* what parameters say about the code */

static int parse_param(const struct address_param *p, struct address *a, struct late *late, struct address_fault *f)
{
    bool fine = false;
    if (is(p->name, "until")) {
        fine = period_parse_month(p->value, &a->until) == ST_OK;
    } else if (is(p->name, "stage")) {
        a->murni = is(p->value, "murni");
        fine = a->murni || is(p->value, "berlaku");
    } else if (is(p->name, "level")) {
        late->line = fine = is(p->value, "daun");
    } else if (is(p->name, "vintage")) {
        fine = code_vintage_parse(p->value, &late->vintage) == ST_OK;
    } else if (is(p->name, "bridge")) {
        fine = code_vintage_parse(p->value, &a->bridge) == ST_OK;
    } else if (is(p->name, "source")) {
        fine = figure_source_parse(p->value, &a->source) == ST_OK;
    } else if (is(p->name, "cap")) {
        fine = parse_cap(p->value, &a->cap);
    } else if (is(p->name, "as_of")) {
        fine = p->value.n > 0 && decode(p->value, false, a->as_of, sizeof a->as_of);
    }
    return fine ? ST_OK : fault(f, "PARAM", slice_of(p->name.p, p->name.n + (p->value.n ? 1 + p->value.n : 0)));
}

/* What stands behind the code: an indicator where one is asked for, a finding's kind and mark. */
static bool parse_which(const struct slice *seg, size_t n, struct address *a)
{
    bool finding = a->measure == ADDRESS_FINDING, may = finding || of_indicators(a);
    bool must = may && a->measure != ADDRESS_ACHIEVEMENT;
    if (n < 5) return !must;
    return may && seg[4].n > 0 && decode(seg[4], !finding, a->indicator, sizeof a->indicator);
}

/* Parameters that say nothing of this figure are none of its address; what is meant anyway is left out of it. */
static bool parse_fit(struct address *a)
{
    bool money = a->measure == ADDRESS_BUDGET || a->measure == ADDRESS_REALISED;
    if (a->source && !money && a->measure != ADDRESS_TARGET) return false;
    if (a->source == (a->measure == ADDRESS_BUDGET ? SOURCE_DPA : SOURCE_OPD) && money) a->source = 0;
    if (a->bridge && (a->measure > ADDRESS_ABSORPTION || a->part == ADDRESS_ACCOUNT || a->part == ADDRESS_LINE)) return false;
    return a->cap == ADDRESS_CAP || address_kind(a) == ADDRESS_OF_MEAN;
}

static int parse_path(const struct slice *seg, size_t n, struct address *a, const struct late *late, struct address_fault *f)
{
    if (parse_scope(seg[0], a) != ST_OK) return fault(f, "SCOPE", seg[0]);
    if (n < 2 || period_parse_year(seg[1], &a->year) != ST_OK) return fault(f, "YEAR", n < 2 ? slice_of("", 0) : seg[1]);
    if (n < 3 || parse_measure(seg[2], a) != ST_OK) return fault(f, "MEASURE", n < 3 ? slice_of("", 0) : seg[2]);
    enum vintage v = a->bridge ? a->bridge : late->vintage ? late->vintage : code_vintage_of_year(a->year);
    bool finding = a->measure == ADDRESS_FINDING;
    if (n < 4 || (finding ? parse_place(seg[3], a) : parse_code(seg[3], v, late->line, a)) != ST_OK)
        return fault(f, "CODE", n < 4 ? slice_of("", 0) : seg[3]);
    if (!parse_which(seg, n, a)) return fault(f, "INDICATOR", n < 5 ? slice_of("", 0) : seg[4]);
    return parse_fit(a) ? ST_OK : fault(f, "PARAM", seg[2]);
}

int address_parse(struct slice text, struct address *ret, struct address_fault *ret_fault)
{
    struct address_param param[PARAMS_MAX];
    struct slice path, seg[SEGMENTS];
    struct address a = {.until = 12, .cap = ADDRESS_CAP};
    struct late late = {VINTAGE_NONE, false};
    if (text.n == 0) return fault(ret_fault, "SCOPE", text);
    size_t params = address_split(text, &path, param, PARAMS_MAX), n = 0;
    for (size_t at = 0; at <= path.n; n++) {
        size_t end = at;
        while (end < path.n && path.p[end] != '/') end++;
        if (n == SEGMENTS) return fault(ret_fault, "INDICATOR", path);
        seg[n] = slice_of(path.p + at, end - at);
        at = end + 1;
    }
    for (size_t i = 0; i < params; i++)
        if (parse_param(&param[i], &a, &late, ret_fault) != ST_OK) return ST_INVALID;
    int st = parse_path(seg, n, &a, &late, ret_fault);
    if (st == ST_OK) *ret = a;
    return st;
}

/* ---- formatting ---- */

static void put_segment(struct buf *b, const char *text)
{
    for (const uint8_t *p = (const uint8_t *)text; *p; p++) {
        bool plain =
            (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '-' || *p == '.' || *p > 0x7f;
        if (*p == ' ')
            buf_u8(b, '_');
        else if (plain)
            buf_u8(b, *p);
        else
            buf_printf(b, "%%%02X", *p);
    }
}

static void put_scope(struct buf *b, const struct address *a)
{
    char region[8];
    code_region_format(a->region, region);
    buf_str(b, a->office[0] ? a->office : region[0] ? region : NATION);
}

static void put_code(struct buf *b, const struct address *a)
{
    char code[32];
    if (a->measure == ADDRESS_FINDING)
        snprintf(code, sizeof code, "%s", a->place);
    else if (a->part == ADDRESS_ACTIVITY)
        code_format_activity(a->code, code);
    else if (a->part >= ADDRESS_ACCOUNT)
        code_format_account(a->code, code);
    else
        snprintf(code, sizeof code, "%s", TOTALS[a->part]);
    buf_str(b, code);
}

static void put_param(struct buf *b, char *mark, const char *name, const char *value)
{
    buf_printf(b, "%c%s=%s", *mark, name, value);
    *mark = ',';
}

void address_format(const struct address *a, struct buf *b)
{
    char mark = '?', number[16];
    bool listed = a->part == ADDRESS_ACTIVITY && !a->bridge;
    ASSERT(a->measure != ADDRESS_FINDING || a->part == ADDRESS_TOTAL);  /* its code is a->place */
    put_scope(b, a);
    buf_printf(b, "/%d/%s/", a->year, MEASURES[a->measure]);
    put_code(b, a);
    if (a->indicator[0]) {
        buf_u8(b, '/');
        put_segment(b, a->indicator);
    }
    snprintf(number, sizeof number, "%d", a->until);
    if (a->until != 12) put_param(b, &mark, "until", number);
    if (a->murni) put_param(b, &mark, "stage", "murni");
    if (a->part == ADDRESS_LINE) put_param(b, &mark, "level", "daun");
    if (listed && code_vintage(a->code) != code_vintage_of_year(a->year))
        put_param(b, &mark, "vintage", code_vintage_name(code_vintage(a->code)));
    if (a->source) put_param(b, &mark, "source", figure_source_name(a->source));
    if (a->bridge) put_param(b, &mark, "bridge", code_vintage_name(a->bridge));
    snprintf(number, sizeof number, "%u", a->cap);
    if (a->cap != ADDRESS_CAP && address_kind(a) == ADDRESS_OF_MEAN) put_param(b, &mark, "cap", a->cap ? number : "none");
    if (a->as_of[0]) put_param(b, &mark, "as_of", a->as_of);
}
