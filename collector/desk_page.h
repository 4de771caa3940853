/* desk_page.h - the files of the office's page as they lie in the program. Kind: E.
 *
 * The table is written by collector/web/build.mjs when the page is bundled. Every file is gzipped. */
#ifndef REKAP_DESK_PAGE_H
#define REKAP_DESK_PAGE_H

#include <stddef.h>

struct desk_page_asset {
    const char *path, *type;
    const unsigned char *gz;
    size_t n;
};
extern const struct desk_page_asset desk_page_assets[];
extern const size_t desk_page_assets_n;

#endif
