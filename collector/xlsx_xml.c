/* xlsx_xml.c - one part of the archive, unpacked in pieces and given to expat, under caps. Kind: E.
 *
 * Design notes: sizes are taken from what was really unpacked, never from what the archive's directory says. A document type ends
 * the parse at its first byte, so there are no entities to expand. Invariant: the parser and the file are freed on every way out.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/xlsx_part.h"

enum { PIECE = 64 << 10 };

const struct xlsx_fault xlsx_broken = { CODE_FILE_BROKEN, 0,
                                        "berkas Excel rusak; buka dan simpan lagi, atau simpan sebagai CSV UTF-8",
                                        "the Excel file is damaged; open and save it again, or save as CSV UTF-8" };
const struct xlsx_fault xlsx_too_large = { CODE_TOO_LARGE, 0, "berkas Excel terlalu besar; simpan lembarnya sebagai CSV UTF-8",
                                           "the Excel file is too large; save its sheet as CSV UTF-8" };
const struct xlsx_fault xlsx_document_type = { CODE_FILE_BROKEN, 0, "berkas Excel memuat DTD; berkas seperti itu tidak diterima",
                                               "the Excel file has a document type; such files are not taken" };
const struct xlsx_fault xlsx_no_memory = { CODE_OK, 0, "memori habis", "out of memory" };

void xlsx_stop(struct xlsx_xml *x, int status, const struct xlsx_fault *why)
{
    if (x->status != ST_OK) return;
    uint32_t line = x->fault->line;
    x->status = status;
    *x->fault = *why;
    if (!x->fault->line) x->fault->line = line;
    XML_StopParser(x->parser, XML_FALSE);
}

void *xlsx_room(struct xlsx_xml *x, void *p, uint32_t n, uint32_t *cap, const struct xlsx_list *list)
{
    uint32_t wanted = *cap ? 2 * *cap : 64;
    if (n < *cap) return p;
    if (n >= list->max) {
        xlsx_stop(x, ST_FULL, &xlsx_too_large);
        return NULL;
    }
    void *grown = realloc(p, wanted * list->size);
    if (grown) *cap = wanted;
    else xlsx_stop(x, ST_NO_MEMORY, &xlsx_no_memory);
    return grown;
}

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **atts, const char *name)
{
    for (; *atts; atts += 2)
        if (strcmp(local(atts[0]), name) == 0) return atts[1];
    return NULL;
}

bool xlsx_number_of(const char *s, uint32_t max, uint32_t *ret)
{
    uint64_t v = 0;
    if (!s || !*s) return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9') return false;
        v = 10 * v + (uint64_t)(*s - '0');
        if (v > max) return false;
    }
    *ret = (uint32_t)v;
    return true;
}

static void on_start(void *data, const XML_Char *name, const XML_Char **atts)
{
    struct xlsx_xml *x = data;
    if (x->status != ST_OK) return;
    if (++x->depth > XLSX_DEPTH_MAX) xlsx_stop(x, ST_INVALID, &xlsx_broken);
    else x->start(x, local(name), atts);
}

static void on_end(void *data, const XML_Char *name)
{
    struct xlsx_xml *x = data;
    if (x->status != ST_OK) return;
    x->depth--;
    if (x->end) x->end(x, local(name));
}

static void on_text(void *data, const XML_Char *s, int n)
{
    struct xlsx_xml *x = data;
    if (x->status == ST_OK) x->text(x, s, (size_t)n);
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    xlsx_stop(data, ST_INVALID, &xlsx_document_type);
}

/* The number of a part; ST_NOT_FOUND, or ST_INVALID when the archive has two of that name (programs differ in which one they take).
 */
static int locate(struct xlsx_book *b, const char *path, uint64_t *ret)
{
    zip_int64_t n = zip_get_num_entries(b->zip, 0), found = -1;
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(b->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (!name || strcasecmp(name, path) != 0) continue;
        if (found >= 0) return ST_INVALID;
        found = i;
    }
    if (found < 0) return ST_NOT_FOUND;
    *ret = (uint64_t)found;
    return ST_OK;
}

static bool within(struct xlsx_book *b, uint64_t part, uint64_t packed)
{
    bool dense = part > XLSX_RATIO_FROM && part / XLSX_RATIO_MAX > packed;
    return part <= XLSX_PART_BYTES_MAX && b->unpacked <= XLSX_TOTAL_BYTES_MAX && !dense;
}

static void feed(struct xlsx_book *b, zip_file_t *f, uint64_t packed, struct xlsx_xml *x)
{
    uint64_t part = 0;
    for (;;) {
        void *room = XML_GetBuffer(x->parser, PIECE);
        zip_int64_t n = room ? zip_fread(f, room, PIECE) : 0;
        if (!room) xlsx_stop(x, ST_NO_MEMORY, &xlsx_no_memory);
        if (n < 0) xlsx_stop(x, ST_INVALID, &xlsx_broken);
        if (x->status != ST_OK) return;
        part += (uint64_t)n;
        b->unpacked += (uint64_t)n;
        if (!within(b, part, packed)) xlsx_stop(x, ST_FULL, &xlsx_too_large);
        if (x->status == ST_OK && XML_ParseBuffer(x->parser, (int)n, n == 0) != XML_STATUS_OK && x->status == ST_OK)
            xlsx_stop(x, XML_GetErrorCode(x->parser) == XML_ERROR_NO_MEMORY ? ST_NO_MEMORY : ST_INVALID, &xlsx_broken);
        if (x->status != ST_OK || n == 0) return;
    }
}

static int parse(struct xlsx_book *b, zip_file_t *f, uint64_t packed, struct xlsx_xml *x)
{
    x->parser = XML_ParserCreate(NULL);
    x->status = ST_OK;
    x->depth = 0;
    if (!x->parser) return ST_NO_MEMORY;
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    if (x->text) XML_SetCharacterDataHandler(x->parser, on_text);
    feed(b, f, packed, x);
    XML_ParserFree(x->parser);
    x->parser = NULL;
    return x->status;
}

int xlsx_part(struct xlsx_book *b, const char *path, struct xlsx_xml *x)
{
    uint64_t at;
    zip_stat_t info;
    int st = locate(b, path, &at);
    if (st == ST_NOT_FOUND) return st;
    bool ok = st == ST_OK && zip_stat_index(b->zip, at, 0, &info) == 0 && (info.valid & ZIP_STAT_COMP_SIZE);
    zip_file_t *f = ok ? zip_fopen_index(b->zip, at, 0) : NULL;
    if (!f) {
        *x->fault = xlsx_broken;
        return ST_INVALID;
    }
    st = parse(b, f, info.comp_size, x);
    zip_fclose(f);
    return st;
}
