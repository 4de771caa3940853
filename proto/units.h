/* units.h - units by the registry: other spellings, and how many of another unit one is. Kind: P.
 *
 * DIR/registry/satuan.csv, optional: satuan,sinonim,menghitung,dasar,faktor (shape `satuan`; spellings parted by ";"); what the
 * centre pushes is put over it. Beyond the list the spellings built in stay (decimal_unit_same). Two units with one base convert
 * into each other: 1 ton = 1000 kg. */
#ifndef REKAP_UNITS_H
#define REKAP_UNITS_H

#include "proto/achieve.h"

struct units;                           /* immutable once it is asked */
int units_parse(struct slice bytes, struct units **ret, char *err, size_t err_size);   /* ST_INVALID with "line: reason" in err */
int units_copy(const struct units *u, struct units **ret);     /* u may be NULL. ST_NO_MEMORY */
void units_free(struct units **u);
/* A statement of the centre (MEASURE_RULE_UNIT, _UNIT_BASE, _UNIT_COUNTS; others pass by). What cannot be read is left out. */
void units_state(struct units *u, unsigned measure, struct slice key, struct slice text);
bool units_same(const struct units *u, struct slice a, struct slice b);        /* u may be NULL */
/* Does it count things (column `menghitung`)? 1, 0, or -1: the list does not say (decimal_unit_counts). u may be NULL. */
int units_counts(const struct units *u, struct slice unit);
/* What a unit that nobody knows was probably meant to be, one letter apart; NULL: it is known, or like none. u may be NULL. */
const char *units_near(const struct units *u, struct slice unit);
/* How many `to` one `from` is. False: they have nothing in common. */
bool units_convert(const struct units *u, struct slice from, struct slice to, struct ratio *ret);

#endif
