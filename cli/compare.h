/* compare.h - what the parts of `rekap compare` share: own figures and the centre's. Kind: E. */
#ifndef REKAP_COMPARE_H
#define REKAP_COMPARE_H

#include "cli/place.h"

struct compare {
    const struct cli *c;
    struct place p;
    const char *office;
    int year, until;
    json_t *own;                        /* the collector's answer to `figures` */
    json_t *centre;                     /* {"asked_at","rollup","closes"}: now, or as it was last known; NULL: never asked */
    bool reached;                       /* asked just now */
    char why[PLACE_PATH_MAX + 320];                    /* when not: why */
};
/* compare_centre.c: asks the centre, or reads what it said last; keeps what it says. EXIT_OK even when neither is there. */
int compare_centre(struct compare *k);
/* compare.c: {"code","name","level","own":{..},"centre":{..},"state"}: same, differs, waiting, here, there, unknown */
json_t *compare_rows(const struct compare *k, json_int_t *ret_differs);
void compare_show(const struct compare *k, json_t *answer);     /* compare_show.c; takes answer */

#endif
