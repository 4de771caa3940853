/* unit_part.h - what unit.c and unit_row.c share. Kind: P. Nobody else includes it. */
#ifndef REKAP_UNIT_PART_H
#define REKAP_UNIT_PART_H

#include "unit.h"

static inline bool unit_kind_has_text(unsigned kind)    /* a withdrawn name may still carry the text it takes back */
{
    return kind == VALUE_TEXT || kind == VALUE_WITHDRAWN;
}
void unit_row_encode(struct buf *b, const struct unit *u, const struct leaf *l);        /* a leaf with no stated slot is asserted */
int unit_row_decode(struct slice value, struct unit *u, struct leaf *ret);      /* slots and present; ST_CORRUPT, ST_NO_MEMORY */
int unit_text_add(struct unit *u, struct slice text, uint32_t *ret);    /* into the pool; 0 for an empty text; ST_NO_MEMORY */

#endif
