/* http_page.h - the files of the monitor as they lie in the program. Kind: E.
 *
 * The table is written by aggregator/web/build.mjs when the page is bundled (build/web/table.c). Every file is gzipped. */
#ifndef REKAP_HTTP_PAGE_H
#define REKAP_HTTP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct http_page_asset {
    const char *path, *type; /* "/assets/app-1A2B3C4D.js"; "/" is the page itself */
    const unsigned char *gz;
    size_t n;
    bool fixed; /* the name has a hash of the content: it may be kept for ever */
};
extern const struct http_page_asset http_page_assets[];
extern const size_t http_page_assets_n;

#endif
