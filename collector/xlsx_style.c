/* xlsx_style.c - the styles of a workbook: for each cell style, what its number format shows. Kind: E.
 *
 * Only cellXfs counts (cellStyleXfs are named styles behind them). A format is known by number, or defined by its text before.
 * Invariant: b->style has one entry for each xf of cellXfs, in order. */
#include <stdlib.h>
#include <string.h>

#include "collector/xlsx_part.h"

enum { FORMATS_MAX = 4096 };

struct reading {
    struct xlsx_book *b;
    struct { uint32_t id; struct xlsx_style style; } format[FORMATS_MAX];
    uint32_t formats;
    bool in_cells;
};

static struct xlsx_style style_of(const struct reading *r, uint32_t id)
{
    for (uint32_t i = 0; i < r->formats; i++)
        if (r->format[i].id == id) return r->format[i].style;
    return xlsx_builtin(id);
}

static void add_style(struct xlsx_xml *x, struct reading *r, const char **atts)
{
    struct xlsx_book *b = r->b;
    uint32_t id = 0;
    (void)xlsx_number_of(xlsx_attribute(atts, "numFmtId"), UINT32_MAX, &id);
    struct xlsx_style *s = xlsx_room(x, b->style, b->styles, &b->style_cap, &(struct xlsx_list){ XLSX_STYLES_MAX, sizeof *s });
    if (!s) return;
    b->style = s;
    b->style[b->styles++] = style_of(r, id);
}

static void on_start(struct xlsx_xml *x, const char *name, const char **atts)
{
    struct reading *r = x->ctx;
    if (strcmp(name, "cellXfs") == 0) r->in_cells = true;
    if (strcmp(name, "xf") == 0 && r->in_cells) add_style(x, r, atts);
    if (strcmp(name, "numFmt") == 0 && r->formats < FORMATS_MAX) {
        const char *code = xlsx_attribute(atts, "formatCode");
        if (!code || !xlsx_number_of(xlsx_attribute(atts, "numFmtId"), UINT32_MAX, &r->format[r->formats].id)) return;
        r->format[r->formats++].style = xlsx_format(code);
    }
}

static void on_end(struct xlsx_xml *x, const char *name)
{
    struct reading *r = x->ctx;
    if (strcmp(name, "cellXfs") == 0) r->in_cells = false;
}

int xlsx_styles(struct xlsx_book *b, const char *path, struct xlsx_fault *fault)
{
    struct reading *r = calloc(1, sizeof *r);
    if (!r) return ST_NO_MEMORY;
    r->b = b;
    struct xlsx_xml x = { .start = on_start, .end = on_end, .ctx = r, .fault = fault };
    int st = xlsx_part(b, path, &x);
    free(r);
    return st == ST_NOT_FOUND ? ST_OK : st;     /* a workbook without styles shows its numbers as they are */
}
