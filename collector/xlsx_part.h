/* xlsx_part.h - what the parts of the workbook reader share. Kind: E. */
#ifndef REKAP_XLSX_PART_H
#define REKAP_XLSX_PART_H

#include <expat.h>
#include <zip.h>

#include "collector/xlsx.h"

enum xlsx_show { XLSX_SHOW_NUMBER, XLSX_SHOW_DATE };
struct xlsx_style { uint8_t show, decimals; bool percent; };

struct xlsx_tab { struct slice name; char path[256]; bool hidden; };
struct xlsx_book {
    zip_t *zip;
    uint64_t unpacked;                  /* bytes read so far */
    struct buf text;                    /* names of sheets, then shared strings */
    struct xlsx_tab tab[XLSX_SHEETS_MAX];
    uint32_t tabs;
    struct csv_cell *string;            /* into text */
    uint32_t strings, string_cap;
    struct xlsx_style *style;           /* of cellXfs, by index */
    uint32_t styles, style_cap;
    bool from_1904;
};

/* ---- xlsx_xml.c: one part through expat ---- */
struct xlsx_xml {
    XML_Parser parser;
    void (*start)(struct xlsx_xml *x, const char *name, const char **atts);       /* names without their prefix */
    void (*end)(struct xlsx_xml *x, const char *name);
    void (*text)(struct xlsx_xml *x, const char *s, size_t n);          /* NULL: not wanted */
    void *ctx;
    unsigned depth;
    int status;                         /* set by xlsx_stop */
    struct xlsx_fault *fault;
};
/* ST_NOT_FOUND: there is no such part. */
int xlsx_part(struct xlsx_book *b, const char *path, struct xlsx_xml *x);
void xlsx_stop(struct xlsx_xml *x, int status, const struct xlsx_fault *why);   /* ends the parse with this status */
/* The memory of a list of n entries with room for one more, to be kept in place of p; NULL: the parse was stopped. */
struct xlsx_list { uint32_t max; size_t size; };
void *xlsx_room(struct xlsx_xml *x, void *p, uint32_t n, uint32_t *cap, const struct xlsx_list *list);
const char *xlsx_attribute(const char **atts, const char *name);        /* value, whatever the prefix; NULL */
bool xlsx_number_of(const char *s, uint32_t max, uint32_t *ret);        /* decimal digits up to max */
extern const struct xlsx_fault xlsx_broken, xlsx_too_large, xlsx_document_type, xlsx_no_memory;

/* ---- xlsx_style.c ---- */
int xlsx_styles(struct xlsx_book *b, const char *path, struct xlsx_fault *fault);

/* ---- xlsx_number.c: pure text ---- */
enum { XLSX_NUMBER_MAX = 64 };
/* "1.5E-3" -> "0.0015"; 15 significant digits of what has a fraction. False: not a number, or longer than any figure. */
bool xlsx_number(struct slice s, char ret[XLSX_NUMBER_MAX]);
/* "44926" -> "2022-12-31"; false outside 1900..9999. */
bool xlsx_date(const char *number, bool from_1904, char ret[16]);
struct xlsx_style xlsx_format(const char *code);        /* a number format: what it shows */
struct xlsx_style xlsx_builtin(uint32_t id);            /* formats that are known by number only */

#endif
