/* intake_world.h - files for the tests of the intake, and one table in more than one kind of file: what the tests of JSON lines and
 * workbooks share. */
#ifndef REKAP_TESTS_INTAKE_WORLD_H
#define REKAP_TESTS_INTAKE_WORLD_H

#include "collector/intake.h"

struct slice intake_world_load(const char *path);       /* static memory, until the next call */
struct intake_options intake_world_options(void);       /* of an office that may state everything */
/* The same table taken in as another kind of file; the caller frees. */
typedef struct intake *(*intake_world_other)(const struct csv_table *t);
/* Do all tables of tests/data and tests/golden/intake say the same both ways: statements, refusals, notes (the other's places
 * `shift` lines up)? Fails the test, naming what differs. figures: only those of tests/data, whatever their notes. */
void intake_world_agree(intake_world_other other, unsigned shift, bool figures);

#endif
