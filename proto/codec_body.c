/* codec_body.c - reading a batch body, update by update: the hottest path of the system.
 *
 * One walk reads elements strictly (codec_elem.h) and checks texts, so it refuses exactly what codec_scan and the shape of a body
 * refuse. codec_body_open takes that walk first and the decoding walk then cannot fail on structure: a caller cannot have acted on
 * half a bad body. codec_body_stream decodes on the first walk; a caller that can undo (worker, fold) saves a pass over every byte.
 * What a row says (unknown codes, stages, ranges) is not structure: such a row is given with the reason why it cannot stand,
 * because it holds a sequence number that must be answered. Rows of one line come together, so the last activity and account
 * texts are remembered with what they read as. Texts of codes, sources, stages and vintages are taken only as we would write
 * them: one figure has one encoding.
 * Invariant: rows given = reader.rows at the end; there the cursor stands at the end of the body. */
#include "codec.h"

#include <string.h>

#include "codec_elem.h"
#include "codec_scan.h"

enum { COMMON_FIELDS = 7, ROW_FIELDS_MIN = 8, ROW_FIELDS_MAX = 13 };

struct common { /* the elements of a section's common part, uninterpreted */
    struct slice office, vintage, source, stage, clerk;
    uint64_t year, entered;
};
struct row { /* the elements of a row, uninterpreted */
    struct slice code, account, indicator, unit, reason, text, evidence;
    uint64_t measure, month, basis, kind, decimals;
    int64_t value;
};

/* ---- structure ---- */

static inline bool text_or_nil(struct rd *r, struct slice *ret)
{
    *ret = (struct slice){0};
    return elem_nil(r) || (elem_str(r, ret) && ret->n > 0);
}

static inline bool same_text(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static bool row_tail_read(struct rd *r, uint32_t n, struct row *w)
{
    if (n > ROW_FIELDS_MAX || !text_or_nil(r, &w->unit)) return false;
    if (n > 9 && !text_or_nil(r, &w->reason)) return false;
    if (n > 10 && !text_or_nil(r, &w->text)) return false;
    if (n > 11 && !elem_nil(r) && (!elem_bin(r, &w->evidence) || w->evidence.n != HASH_SIZE)) return false;
    if (n > 12 && !elem_uint(r, &w->decimals)) return false;
    switch (n) { /* the last element must say something */
    case 9:
        return w->unit.n > 0;
    case 10:
        return w->reason.n > 0;
    case 11:
        return w->text.n > 0;
    case 12:
        return w->evidence.n > 0;
    default:
        return w->decimals > 0;
    }
}

static inline bool row_read(struct rd *r, struct row *w)
{
    uint32_t n;
    if (!elem_array(r, &n) || n < ROW_FIELDS_MIN) return false;
    if (!text_or_nil(r, &w->code) || !text_or_nil(r, &w->account) || !text_or_nil(r, &w->indicator)) return false;
    if (!elem_uint(r, &w->measure) || !elem_uint(r, &w->month) || !elem_uint(r, &w->basis) || !elem_uint(r, &w->kind)) return false;
    w->unit = w->reason = w->text = w->evidence = (struct slice){0};
    w->decimals = 0;
    return elem_int(r, &w->value) && (n == ROW_FIELDS_MIN || row_tail_read(r, n, w));
}

static inline bool text_ok(struct slice s, const uint8_t *end) { return s.n == 0 || codec_scan_text(s, end); }

/* Texts the reader remembers were checked when it met them. */
static inline bool row_texts_ok(const struct row *w, struct slice seen_activity, struct slice seen_account, const uint8_t *end)
{
    if (!same_text(w->code, seen_activity) && !text_ok(w->code, end)) return false;
    if (!same_text(w->account, seen_account) && !text_ok(w->account, end)) return false;
    if ((w->indicator.n | w->unit.n | w->reason.n | w->text.n) == 0) return true;
    return text_ok(w->indicator, end) && text_ok(w->unit, end) && text_ok(w->reason, end) && text_ok(w->text, end);
}

static bool section_read(struct rd *r, struct common *c, uint32_t *ret_rows)
{
    uint32_t n;
    if (!elem_array(r, &n) || n != 2 || !elem_array(r, &n) || n != COMMON_FIELDS) return false;
    if (!elem_str(r, &c->office) || !elem_uint(r, &c->year)) return false;
    if (!elem_str(r, &c->vintage) || !elem_str(r, &c->source) || !elem_str(r, &c->stage)) return false;
    return elem_uint(r, &c->entered) && elem_str(r, &c->clerk) && elem_array(r, ret_rows) && *ret_rows > 0;
}

static bool section_texts_ok(const struct common *c, const uint8_t *end)
{
    return text_ok(c->office, end) && text_ok(c->vintage, end) && text_ok(c->source, end) && text_ok(c->stage, end) &&
           text_ok(c->clerk, end);
}

/* The walk that only checks. */
static bool body_shape(struct rd r, uint32_t *ret_rows)
{
    struct common common;
    struct row row = {0};
    uint32_t sections, rows, total = 0;
    if (!elem_array(&r, &sections) || sections == 0) return false;
    for (uint32_t s = 0; s < sections; s++) {
        if (!section_read(&r, &common, &rows) || rows > BATCH_UPDATES_MAX - total || !section_texts_ok(&common, r.end))
            return false;
        for (uint32_t i = 0; i < rows; i++) {
            struct slice activity = row.code, account = row.account;
            if (!row_read(&r, &row) || !row_texts_ok(&row, activity, account, r.end)) return false;
        }
        total += rows;
    }
    *ret_rows = total;
    return r.p == r.end;
}

int codec_body_open(struct slice body, struct body_reader *ret)
{
    uint32_t rows;
    *ret = (struct body_reader){.r = {.bad = true}};
    if (body.n == 0 || !body_shape(rd_of(body), &rows)) return ST_INVALID;
    ret->r = rd_of(body);
    ret->rows = rows;
    ret->checked = true;
    ret->sections_left = codec_get_array(&ret->r);
    return ST_OK;
}

int codec_body_stream(struct slice body, struct body_reader *ret)
{
    *ret = (struct body_reader){.r = rd_of(body)};
    ret->r.bad = body.n == 0 || !elem_array(&ret->r, &ret->sections_left) || ret->sections_left == 0;
    return ret->r.bad ? ST_INVALID : ST_OK;
}

/* ---- meaning ---- */

static bool is_text(struct slice s, const char *text, size_t n) { return s.n == n && memcmp(s.p, text, n) == 0; }

static unsigned section_vintage(struct slice s, enum vintage *ret)
{
    *ret = VINTAGE_NONE;
    if (s.n == 0) return CODE_OK;
    if (code_vintage_parse(s, ret) != ST_OK) return CODE_VINTAGE_UNKNOWN;
    const char *name = code_vintage_name(*ret);
    return is_text(s, name, strlen(name)) ? CODE_OK : CODE_VINTAGE_UNKNOWN;
}

static unsigned section_source(struct slice s, uint8_t *ret)
{
    *ret = SOURCE_NONE;
    if (s.n == 0) return CODE_OK;
    if (figure_source_parse(s, ret) != ST_OK) return CODE_SOURCE_UNKNOWN;
    const char *name = figure_source_name(*ret);
    return is_text(s, name, strlen(name)) ? CODE_OK : CODE_SOURCE_UNKNOWN;
}

static unsigned section_stage(struct slice s, uint16_t *ret)
{
    char name[20];
    *ret = STAGE_NONE;
    if (s.n == 0) return CODE_OK;
    if (figure_stage_parse(s, ret) != ST_OK) return CODE_STAGE_UNKNOWN;
    return is_text(s, name, (size_t)figure_stage_format(*ret, name)) ? CODE_OK : CODE_STAGE_UNKNOWN;
}

static unsigned section_rest(const struct common *c)
{
    if (c->office.n == 0 || c->office.n > OFFICE_ID_MAX) return CODE_UNKNOWN_OFFICE;
    if (c->clerk.n > UNIT_TEXT_MAX) return CODE_TEXT_BROKEN;
    if (c->year > UINT16_MAX) return CODE_PERIOD_BROKEN;
    return c->entered > INT64_MAX ? CODE_BAD_FORMAT : CODE_OK;
}

static void section_take(struct body_reader *r, const struct common *c)
{
    struct section *s = &r->section;
    *s = (struct section){.office = c->office, .clerk = c->clerk};
    unsigned codes[] = {section_rest(c), section_vintage(c->vintage, &s->vintage), section_source(c->source, &s->source),
                        section_stage(c->stage, &s->stage)};
    s->year = c->year <= UINT16_MAX ? (uint16_t)c->year : 0;
    s->entered.ms = c->entered <= INT64_MAX ? (int64_t)c->entered : 0;
    r->section_code = CODE_OK;
    for (size_t i = 0; i < sizeof codes / sizeof *codes && r->section_code == CODE_OK; i++) r->section_code = codes[i];
    r->activity_text = r->account_text = (struct slice){0};
}

/* Only digits and dots: with that, a code that parses unpadded is written as we write it. */
static inline bool code_plain(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.') return false;
    return true;
}

static unsigned activity_read(struct slice s, enum vintage v, activity_code *ret)
{
    struct code_reading reading;
    *ret = 0;
    if (is_text(s, "total", 5)) {
        *ret = CODE_TOTAL;
        return CODE_OK;
    }
    if (v == VINTAGE_NONE) return CODE_VINTAGE_UNKNOWN;
    if (s.n > CODE_TEXT_MAX || !code_plain(s) || code_parse_activity(v, s, &reading) != ST_OK) return CODE_CODE_BROKEN;
    ASSERT(!reading.padded);    /* only blanks and bars are padded */
    *ret = reading.code;
    return CODE_OK;
}

static unsigned account_read(struct slice s, account_code *ret)
{
    struct code_reading reading;
    *ret = 0;
    if (s.n > CODE_TEXT_MAX || !code_plain(s) || code_parse_account(s, &reading) != ST_OK) return CODE_CODE_BROKEN;
    ASSERT(!reading.padded);    /* only blanks and bars are padded */
    *ret = reading.code;
    return CODE_OK;
}

static inline unsigned row_codes(struct body_reader *r, const struct row *w, struct figure *f)
{
    unsigned code = CODE_OK;
    if (w->code.n > 0) {
        if (!same_text(w->code, r->activity_text)) {
            r->activity_text = w->code;
            r->activity_fault = activity_read(w->code, r->section.vintage, &r->activity);
        }
        f->activity = r->activity;
        code = r->activity_fault;
    }
    if (w->account.n > 0) {
        if (!same_text(w->account, r->account_text)) {
            r->account_text = w->account;
            r->account_fault = account_read(w->account, &r->account);
        }
        f->account = r->account;
        if (code == CODE_OK) code = r->account_fault;
    }
    return code;
}

static unsigned row_narrow(const struct row *w) /* numbers no figure has room for */
{
    if (w->measure > UINT16_MAX || w->basis > UINT8_MAX || w->kind > UINT8_MAX || w->decimals > UINT8_MAX) return CODE_BAD_FORMAT;
    return w->month > UINT8_MAX ? CODE_PERIOD_BROKEN : CODE_OK;
}

static inline uint8_t clip8(uint64_t v) { return v <= UINT8_MAX ? (uint8_t)v : UINT8_MAX; }

static inline unsigned row_take(struct body_reader *r, const struct row *w, struct figure *ret)
{
    *ret = (struct figure){
        .indicator = w->indicator,
        .measure = w->measure <= UINT16_MAX ? (uint16_t)w->measure : UINT16_MAX,
        .stage = r->section.stage,
        .year = r->section.year,
        .source = r->section.source,
        .month = clip8(w->month),
        .basis = clip8(w->basis),
        .kind = clip8(w->kind),
        .decimals = clip8(w->decimals),
        .value = w->value,
        .text = w->text,
        .unit = w->unit,
        .reason = w->reason,
        .evidence = w->evidence,
    };
    unsigned codes = row_codes(r, w, ret), code = r->section_code != CODE_OK ? r->section_code : row_narrow(w);
    if (code == CODE_OK) code = codes;
    return code == CODE_OK ? figure_check(ret) : code;
}

/* The next section's common part; its rows are counted when the walk is the first. */
static bool section_next(struct body_reader *r)
{
    struct common common;
    if (!section_read(&r->r, &common, &r->rows_left)) return false;
    if (!r->checked) {
        if (r->rows_left > BATCH_UPDATES_MAX - r->rows || !section_texts_ok(&common, r->r.end)) return false;
        r->rows += r->rows_left;
    }
    r->sections_left--;
    section_take(r, &common);
    return true;
}

static int broken(struct body_reader *r)
{
    ASSERT(!r->checked); /* the first walk would have seen it */
    r->r.bad = true;
    return ST_INVALID;
}

int codec_body_figure(struct body_reader *r, struct figure *ret, unsigned *ret_code)
{
    struct row row;
    if (r->r.bad) return ST_INVALID;
    if (r->rows_left == 0) {
        if (r->sections_left == 0) return r->r.p == r->r.end ? ST_NOT_FOUND : broken(r);
        if (!section_next(r)) return broken(r);
    }
    if (!row_read(&r->r, &row)) return broken(r);
    if (!r->checked && !row_texts_ok(&row, r->activity_text, r->account_text, r->r.end)) return broken(r);
    r->rows_left--;
    *ret_code = row_take(r, &row, ret);
    return ST_OK;
}

int codec_body_next(struct body_reader *r, struct body_row *ret)
{
    int st = codec_body_figure(r, &ret->figure, &ret->code);
    if (st == ST_OK) ret->section = r->section;
    return st;
}
