/* person.h - who entered a figure: an opaque id in the statement, the name in a table that can be erased. Kind: E.
 *
 * Statements are signed and kept for ever, so they carry no names. DIR/registry/person.tsv (mode 0600, on the machine where the
 * person works, sent nowhere) tells which login an id stands for:
 *   "#rekap-person 1", then id TAB login TAB name; "-" = erased, or not given
 * An erased row keeps its id, so that it never stands for anybody else; the same person gets a new id with the next push. */
#ifndef REKAP_PERSON_H
#define REKAP_PERSON_H

#include "cli/place.h"

enum { PERSON_ID_SIZE = 14 /* "p", 12 hexadecimal digits, end */ };
/* The id of whoever runs this command, made at the first time; "" when the table cannot be used (said on stderr). */
void person_own(const struct cli *c, const struct place *p, char ret[PERSON_ID_SIZE]);

#endif
