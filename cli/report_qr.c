/* report_qr.c - a short text as a QR code: the model carries its squares, each printer draws them in its own way. Kind: E; no
 * files.
 *
 * Design notes: libqrencode chooses size and mask from the text alone, so the same text gives the same squares. Level M survives a
 * stamp or a fold over about a seventh of them. The picture for workbooks is a PNG made by cairo, which is here for paper anyway:
 * four pixels a square with the quiet zone of four squares that readers need. */
#include <cairo.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

enum { SIDE_MAX = 177, QUIET = 4, PIXELS = 4 };

json_t *report_qr(const char *text)
{
    QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!q) return NULL;        /* longer than a code holds, or no memory */
    json_t *rows = json_array();
    char row[SIDE_MAX + 1];
    ASSERT(q->width <= SIDE_MAX);
    for (int y = 0; y < q->width; y++) {
        for (int x = 0; x < q->width; x++) row[x] = q->data[y * q->width + x] & 1 ? '1' : '0';
        json_array_append_new(rows, json_stringn(row, (size_t)q->width));
    }
    QRcode_free(q);
    return json_pack("{s:s,s:o}", "text", text, "rows", rows);
}

bool report_qr_dark(const json_t *qr, size_t x, size_t y)
{
    const char *row = json_string_value(json_array_get(json_object_get(qr, "rows"), y));
    return row && x < strlen(row) && row[x] == '1';
}

size_t report_qr_side(const json_t *qr) { return json_array_size(json_object_get(qr, "rows")); }

static cairo_status_t put_piece(void *ctx, const unsigned char *p, unsigned n)
{
    buf_put(ctx, p, n);
    return CAIRO_STATUS_SUCCESS;
}

int report_qr_png(const json_t *qr, struct buf *out)
{
    size_t n = report_qr_side(qr);
    int side = (int)(n + 2 * QUIET) * PIXELS;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    cairo_t *cr = cairo_create(s);
    cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0; x < n; x++)
            if (report_qr_dark(qr, x, y))
                cairo_rectangle(cr, (double)(x + QUIET) * PIXELS, (double)(y + QUIET) * PIXELS, PIXELS, PIXELS);
    cairo_fill(cr);
    cairo_destroy(cr);
    cairo_status_t st = cairo_surface_write_to_png_stream(s, put_piece, out);
    cairo_surface_destroy(s);
    return st == CAIRO_STATUS_SUCCESS && buf_ok(out) ? ST_OK : ST_NO_MEMORY;
}
