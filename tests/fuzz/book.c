/* book.c - a pushed workbook, twice: the bytes as an archive, and the same bytes as the sheet of a sound one, so that the fuzzer
 * reaches the reader of rows without having to invent checksums. */
#include <zip.h>

#include "collector/book.h"
#include "tests/fuzz/fuzz.h"

#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
static const char *const PART[][2] = {
    {"_rels/.rels", "<r><Relationship Id='a' Type='" RELATION "officeDocument' Target='w.xml'/></r>"},
    {"w.xml", "<w xmlns:r='x'><sheet name='L' r:id='b'/></w>"},
    {"_rels/w.xml.rels", "<r><Relationship Id='b' Type='" RELATION "worksheet' Target='s.xml'/>"
                         "<Relationship Id='c' Type='" RELATION "styles' Target='f.xml'/></r>"},
    {"f.xml", "<s><cellXfs><xf numFmtId='0'/><xf numFmtId='10'/><xf numFmtId='14'/><xf numFmtId='4'/></cellXfs></s>"},
};

static void judge(struct slice bytes)
{
    static const char office[] = "dinsos-3374";
    const struct intake_options o = {.office = slice_of(office, sizeof office - 1), .treasurer = bytes.n & 1};
    struct intake *in = NULL;
    struct buf text;
    if (book_intake(bytes, &o, &in) != ST_OK) return;
    buf_init(&text, 16 << 20);
    for (uint32_t i = 0; i < in->refusals; i++) intake_refusal_text(&text, slice_of("f.xlsx", 6), &in->refusal[i], LANG_ID);
    for (uint32_t i = 0; i < in->notes; i++) intake_note_text(&text, slice_of("f.xlsx", 6), &in->note[i]);
    ASSERT(in->refused + in->duplicate <= in->rows);
    buf_done(&text);
    intake_free(&in);
}

static void add(zip_t *z, const char *path, const void *p, size_t n)
{
    zip_source_t *s = zip_source_buffer(z, p, n, 0);
    zip_int64_t at = zip_file_add(z, path, s, 0);
    ASSERT(at >= 0);
    zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_STORE, 0);
}

static void as_sheet(const uint8_t *p, size_t n)
{
    zip_error_t error;
    zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *z = zip_open_from_source(whole, ZIP_TRUNCATE, &error);
    zip_stat_t info;
    ASSERT(z);
    for (size_t i = 0; i < sizeof PART / sizeof *PART; i++) add(z, PART[i][0], PART[i][1], strlen(PART[i][1]));
    add(z, "s.xml", p, n);
    zip_source_keep(whole);
    ASSERT(zip_close(z) == 0 && zip_source_open(whole) == 0 && zip_source_stat(whole, &info) == 0);
    uint8_t *bytes = malloc(info.size);
    ASSERT(bytes && zip_source_read(whole, bytes, info.size) == (zip_int64_t)info.size);
    zip_source_close(whole);
    zip_source_free(whole);
    judge(slice_of(bytes, info.size));
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n == 0 || n > 1 << 16) return 0;
    if (book_begins(slice_of(p, n))) judge(slice_of(p, n));
    else as_sheet(p, n);
    return 0;
}
