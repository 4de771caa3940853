/* scrub_json.h - what a scrub has found, as daemons tell it: in status and in the log. Kind: E. */
#ifndef REKAP_SCRUB_JSON_H
#define REKAP_SCRUB_JSON_H

#include <jansson.h>

#include "proto/scrub.h"

/* {"state":"ok"|"damaged","passes","rows","last_full","damaged","rows_damaged":[{"table","key","at"}]}; owned by the caller. */
json_t *scrub_json(const struct scrub *s);
/* A turn's share; what is newly found goes to the log as an error. true: something was. */
bool scrub_json_turn(struct scrub *s, struct store *store, struct now now);

#endif
