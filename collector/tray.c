/* tray.c - see tray.h. Kind: P.
 *
 * Design notes: the rows are the wire's own bytes, each behind its line number, so the collector can sign what the user saw
 * without another encoding in between. Reading is two walks like codec_body.c: tray_open scans strictly and checks the
 * checksum and the head; tray_next then decodes in place and says ST_INVALID for anything that is not as tray_row wrote it.
 * Invariant: a file that differs from what was written in one bit does not open. */
#include "collector/tray.h"

#include <string.h>

#include "proto/codec_scan.h"

static const char MAGIC[] = "rekap-tray";
enum { FORMAT_PLAIN = 1, FORMAT = 2, HEAD_FIELDS_PLAIN = 11, HEAD_FIELDS = 13, COMMON_FIELDS = 7,
       ROW_FIELDS_MIN = 8, ROW_FIELDS_MAX = 13, CRC_BYTES = 4 };

/* ---- writing ---- */

void tray_begin(struct buf *b, const struct tray *head, uint32_t sections)
{
    ASSERT(head->id.n > 0 && head->id.n <= TRAY_ID_MAX && head->file.n <= TRAY_FILE_NAME_MAX && head->entered.ms >= 0);
    ASSERT((head->hash.n == 0 || head->hash.n == HASH_SIZE) && head->sheet.n <= TRAY_SHEET_MAX);
    codec_put_array(b, HEAD_FIELDS);
    codec_put_str(b, slice_of(MAGIC, sizeof MAGIC - 1));
    codec_put_uint(b, FORMAT);
    codec_put_str(b, head->id);
    codec_put_str(b, head->office);
    codec_put_str(b, head->file);
    codec_put_bin(b, head->hash);
    codec_put_str(b, head->sheet);
    codec_put_uint(b, (uint64_t)head->entered.ms);
    codec_put_str(b, head->clerk);
    codec_put_uint(b, head->rows);
    codec_put_uint(b, head->refused);
    codec_put_uint(b, head->duplicate);
    codec_put_array(b, sections);
}

void tray_section(struct buf *b, const struct section *s, uint32_t rows)
{
    codec_section_begin(b, s, rows);
}

void tray_row(struct buf *b, uint32_t line, const struct figure *f)
{
    codec_put_array(b, 2);
    codec_put_uint(b, line);
    codec_row_put(b, f);
}

void tray_end(struct buf *b)
{
    if (buf_ok(b))
        buf_be32(b, bytes_crc32c(0, b->p, b->n));
}

/* ---- reading ---- */

static bool head_ok(const struct tray *t, uint64_t entered, uint64_t rows, uint64_t refused, uint64_t duplicate)
{
    bool texts = t->id.n > 0 && t->id.n <= TRAY_ID_MAX && t->office.n > 0 && t->office.n <= OFFICE_ID_MAX &&
                 t->file.n <= TRAY_FILE_NAME_MAX && t->clerk.n <= UNIT_TEXT_MAX && t->sheet.n <= TRAY_SHEET_MAX &&
                 (t->hash.n == 0 || t->hash.n == HASH_SIZE);
    return texts && entered <= INT64_MAX && rows <= UINT32_MAX && refused <= rows && duplicate <= rows - refused;
}

static int read_head(struct rd *r, struct tray *ret)
{
    struct tray t = { .rows = 0 };
    uint32_t fields = codec_get_array(r);
    if (fields != HEAD_FIELDS && fields != HEAD_FIELDS_PLAIN)
        return ST_INVALID;
    struct slice magic = codec_get_str(r);
    if (r->bad || magic.n != sizeof MAGIC - 1 || memcmp(magic.p, MAGIC, magic.n) != 0)
        return ST_INVALID;
    uint64_t format = codec_get_uint(r);
    if (!r->bad && format != FORMAT && format != FORMAT_PLAIN)
        return ST_VERSION;
    if (fields != (format == FORMAT ? HEAD_FIELDS : HEAD_FIELDS_PLAIN))
        return ST_INVALID;
    t.id = codec_get_str(r);
    t.office = codec_get_str(r);
    t.file = codec_get_str(r);
    if (format == FORMAT) {
        t.hash = codec_get_bin(r);
        t.sheet = codec_get_str(r);
    }
    uint64_t entered = codec_get_uint(r);
    t.clerk = codec_get_str(r);
    uint64_t rows = codec_get_uint(r), refused = codec_get_uint(r), duplicate = codec_get_uint(r);
    if (r->bad || !head_ok(&t, entered, rows, refused, duplicate))
        return ST_INVALID;
    t.entered.ms = (int64_t)entered;
    t.rows = (uint32_t)rows;
    t.refused = (uint32_t)refused;
    t.duplicate = (uint32_t)duplicate;
    *ret = t;
    return ST_OK;
}

int tray_open(struct slice bytes, struct tray *ret, struct tray_reader *ret_reader)
{
    struct tray t;
    if (bytes.n <= CRC_BYTES || bytes.n > TRAY_BYTES_MAX)
        return ST_INVALID;
    struct slice body = slice_of(bytes.p, bytes.n - CRC_BYTES);
    if (bytes_crc32c(0, body.p, body.n) != bytes_rd32(body.p + body.n) || codec_scan(body) != ST_OK)
        return ST_INVALID;
    struct tray_reader reader = { .r = rd_of(body) };
    int st = read_head(&reader.r, &t);
    if (st != ST_OK)
        return st;
    reader.sections_left = codec_get_array(&reader.r);
    if (reader.r.bad)
        return ST_INVALID;
    *ret = t;
    *ret_reader = reader;
    return ST_OK;
}

static bool read_section(struct tray_reader *t)
{
    struct rd *r = &t->r;
    struct section s = { .year = 0 };
    if (codec_get_array(r) != 2 || codec_get_array(r) != COMMON_FIELDS)
        return false;
    s.office = codec_get_str(r);
    uint64_t year = codec_get_uint(r);
    struct slice vintage = codec_get_str(r), source = codec_get_str(r), stage = codec_get_str(r);
    uint64_t entered = codec_get_uint(r);
    s.clerk = codec_get_str(r);
    t->rows_left = codec_get_array(r);
    if (r->bad || t->rows_left == 0 || s.office.n == 0 || s.office.n > OFFICE_ID_MAX || s.clerk.n > UNIT_TEXT_MAX ||
        year > UINT16_MAX || entered > INT64_MAX)
        return false;
    if (vintage.n > 0 && code_vintage_parse(vintage, &s.vintage) != ST_OK)
        return false;
    if ((source.n > 0 && figure_source_parse(source, &s.source) != ST_OK) || figure_stage_parse(stage, &s.stage) != ST_OK)
        return false;
    s.year = (uint16_t)year;
    s.entered.ms = (int64_t)entered;
    t->section = s;
    return true;
}

static bool read_codes(const struct section *s, struct slice code, struct slice account, struct figure *f)
{
    struct code_reading c;
    if (code.n == 5 && memcmp(code.p, "total", 5) == 0) {
        f->activity = CODE_TOTAL;
    } else if (code.n > 0) {
        if (s->vintage == VINTAGE_NONE || code_parse_activity(s->vintage, code, &c) != ST_OK || c.padded)
            return false;
        f->activity = c.code;
    }
    if (account.n == 0)
        return true;
    if (code_parse_account(account, &c) != ST_OK || c.padded)
        return false;
    f->account = c.code;
    return true;
}

static void read_tail(struct rd *r, uint32_t n, struct figure *f, uint64_t *decimals)
{
    if (n > 8)
        f->unit = codec_get_str(r);
    if (n > 9)
        f->reason = codec_get_str(r);
    if (n > 10)
        f->text = codec_get_str(r);
    if (n > 11)
        f->evidence = codec_get_bin(r);
    if (n > 12)
        *decimals = codec_get_uint(r);
}

static bool read_figure(struct rd *r, const struct section *s, struct figure *f)
{
    uint32_t n = codec_get_array(r);
    uint64_t decimals = 0;
    if (r->bad || n < ROW_FIELDS_MIN || n > ROW_FIELDS_MAX)
        return false;
    struct slice code = codec_get_str(r), account = codec_get_str(r);
    *f = (struct figure){ .year = s->year, .stage = s->stage, .source = s->source };
    f->indicator = codec_get_str(r);
    uint64_t measure = codec_get_uint(r), month = codec_get_uint(r), basis = codec_get_uint(r), kind = codec_get_uint(r);
    f->value = codec_get_int(r);
    read_tail(r, n, f, &decimals);
    if (r->bad || measure > UINT16_MAX || (month | basis | kind | decimals) > UINT8_MAX)
        return false;
    f->measure = (uint16_t)measure;
    f->month = (uint8_t)month;
    f->basis = (uint8_t)basis;
    f->kind = (uint8_t)kind;
    f->decimals = (uint8_t)decimals;
    return read_codes(s, code, account, f) && figure_check(f) == CODE_OK;
}

int tray_next(struct tray_reader *r, struct tray_row *ret)
{
    struct tray_row row;
    if (r->rows_left == 0) {
        if (r->sections_left == 0)
            return rd_left(&r->r) == 0 && !r->r.bad ? ST_NOT_FOUND : ST_INVALID;
        if (!read_section(r))
            return ST_INVALID;
        r->sections_left--;
    }
    uint32_t n = codec_get_array(&r->r);
    uint64_t line = codec_get_uint(&r->r);
    if (r->r.bad || n != 2 || line > UINT32_MAX || !read_figure(&r->r, &r->section, &row.figure))
        return ST_INVALID;
    row.line = (uint32_t)line;
    r->rows_left--;
    *ret = row;
    return ST_OK;
}
