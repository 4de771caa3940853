/* intake_world.h - one table in more than one kind of file: what the tests of JSON lines and workbooks share. */
#ifndef REKAP_TESTS_INTAKE_WORLD_H
#define REKAP_TESTS_INTAKE_WORLD_H

#include "collector/intake.h"

#define INTAKE_WORLD_FILES 30
extern const char *const intake_world_file[INTAKE_WORLD_FILES];         /* of tests/data, and of tests/golden/intake */
struct slice intake_world_load(const char *path);       /* static memory, until the next call */
struct intake_options intake_world_options(void);       /* of an office that may state everything */
/* Do both say the same: statements, refusals, notes (b's places `shift` lines up)? Fails the test, naming what differs. */
void intake_world_same(const char *what, const struct intake *a, const struct intake *b, unsigned shift);

#endif
