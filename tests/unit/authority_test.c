/* authority_test.c - who may state what, as a table: speaker, key, time; then section and measure. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "worker/authority.h"

static struct registry *registry;

static struct slice text(const char *s)
{
    return slice_of(s, strlen(s));
}

static void add(struct buf *b, const char *id, const char *region, unsigned role, unsigned status, int64_t from, int64_t to)
{
    struct office o = { .role = (uint8_t)role, .status = (uint8_t)status, .valid_from = { from }, .valid_to = { to } };
    char line[1024];

    memcpy(o.id, id, strlen(id) + 1);
    memcpy(o.name, id, strlen(id) + 1);
    memcpy(o.transport, id, strlen(id));
    memcpy(o.signing, id, strlen(id));
    assert_int_equal(code_region_parse(text(region), &o.region), ST_OK);
    assert_true(registry_line_format(&o, line, sizeof line) > 0);
    buf_printf(b, "%s\n", line);
}

enum { DAY = 86400000 };

static int setup(void **state)
{
    struct buf b;
    char err[256];

    (void)state;
    buf_init(&b, 1 << 16);
    buf_str(&b, "#rekap-office 1\n");
    add(&b, "gen-3374-01", "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-3374-02", "33.74", ROLE_OFFICE, OFFICE_REVOKED, INT64_MIN, INT64_MAX);
    add(&b, "gen-3374-03", "33.74", ROLE_OFFICE, OFFICE_ACTIVE, 100 * (int64_t)DAY, 200 * (int64_t)DAY);
    add(&b, "gen-3302-01", "33.02", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-1871-01", "18.71", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-3374-09", "33.74", ROLE_TREASURER, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-33-09", "33", ROLE_TREASURER, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-09", "", ROLE_TREASURER, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-3374-08", "33.74", ROLE_PLANNER, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-33-11", "33", ROLE_CENTRE, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    add(&b, "gen-3374-12", "33.74", ROLE_AUDITOR, OFFICE_ACTIVE, INT64_MIN, INT64_MAX);
    if (registry_parse(buf_slice(&b), &registry, err, sizeof err) != ST_OK) fail_msg("%s", err);
    buf_done(&b);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    registry_free(&registry);
    return 0;
}

static void speakers(void **state)
{
    static const struct { const char *id, *key; int64_t day; unsigned code; } cases[] = {
        { "gen-3374-01", "gen-3374-01", 150, CODE_OK },         { "gen-3374-01", "gen-3302-01", 150, CODE_UNAUTHORISED },
        { "gen-3374-01", "", 150, CODE_UNAUTHORISED },          { "gen-3374-02", "gen-3374-02", 150, CODE_REVOKED },
        { "gen-3374-03", "gen-3374-03", 99, CODE_EXPIRED },     { "gen-3374-03", "gen-3374-03", 100, CODE_OK },
        { "gen-3374-03", "gen-3374-03", 199, CODE_OK },         { "gen-3374-03", "gen-3374-03", 200, CODE_EXPIRED },
        { "gen-9999-01", "gen-9999-01", 150, CODE_UNKNOWN_OFFICE }, { "", "", 150, CODE_UNKNOWN_OFFICE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t key[PUBKEY_SIZE] = { 0 };
        const struct office *o = NULL;

        memcpy(key, cases[i].key, strlen(cases[i].key));
        assert_int_equal(authority_speaker(registry, text(cases[i].id), key, (struct wall){ cases[i].day * DAY }, &o),
                         cases[i].code);
        assert_int_equal(o != NULL, cases[i].code == CODE_OK);
        assert_int_equal(authority_speaker(NULL, text(cases[i].id), key, (struct wall){ 0 }, &o), CODE_UNKNOWN_OFFICE);
    }
}

static void sections(void **state)
{
    static const struct { const char *speaker, *subject; unsigned source, measure, code;
    } cases[] = {
        { "gen-3374-01", "gen-3374-01", SOURCE_OPD, MEASURE_REALISED, CODE_OK },
        { "gen-3374-01", "gen-3374-01", SOURCE_RENJA, MEASURE_TARGET, CODE_OK },
        { "gen-3374-01", "gen-3374-01", SOURCE_NONE, MEASURE_NAME, CODE_OK },
        { "gen-3374-01", "gen-3374-0", SOURCE_OPD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-01", "gen-3374-011", SOURCE_OPD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-01", "gen-3374-03", SOURCE_OPD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-01", "gen-3374-01", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-01", SOURCE_OPD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-01", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-09", "gen-3374-01", SOURCE_BUD, MEASURE_REALISED, CODE_OK },
        { "gen-3374-09", "gen-3374-02", SOURCE_BUD, MEASURE_REALISED, CODE_OK }, /* a revoked key is no reason to drop its cash */
        { "gen-3374-09", "gen-3374-01", SOURCE_BUD, MEASURE_CASH_PLAN, CODE_UNAUTHORISED },
        { "gen-3374-09", "gen-3302-01", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-09", "gen-9999-01", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-09", "gen-33-09", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED }, /* above it */
        { "gen-33-09", "gen-3374-01", SOURCE_BUD, MEASURE_REALISED, CODE_OK },
        { "gen-33-09", "gen-3302-01", SOURCE_BUD, MEASURE_REALISED, CODE_OK },
        { "gen-33-09", "gen-1871-01", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-09", "gen-1871-01", SOURCE_BUD, MEASURE_REALISED, CODE_OK },
        /* steps of the close: each capacity its own role, of offices in its region, and nothing but steps */
        { "gen-3374-01", "gen-3374-01", SOURCE_OPD, MEASURE_STEP, CODE_OK },
        { "gen-3374-01", "gen-3374-03", SOURCE_OPD, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-01", "gen-3374-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-01", "gen-3374-01", SOURCE_CENTRE, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-01", "gen-3374-01", SOURCE_AUDITOR, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_OK },
        { "gen-3374-08", "gen-3374-02", SOURCE_VERIFIER, MEASURE_STEP, CODE_OK },
        { "gen-3374-08", "gen-3374-01", SOURCE_VERIFIER, MEASURE_REALISED, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-01", SOURCE_OPD, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-01", SOURCE_CENTRE, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-01", SOURCE_AUDITOR, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3302-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-9999-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-08", "gen-3374-08", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED }, /* it has no quarter to close */
        { "gen-3374-08", "gen-3374-09", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-09", "gen-3374-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-09", "gen-3374-01", SOURCE_BUD, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-33-11", "gen-3374-01", SOURCE_CENTRE, MEASURE_STEP, CODE_OK },
        { "gen-33-11", "gen-1871-01", SOURCE_CENTRE, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-33-11", "gen-3374-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-33-11", "gen-3374-01", SOURCE_CENTRE, MEASURE_TARGET, CODE_UNAUTHORISED },
        { "gen-3374-12", "gen-3374-01", SOURCE_AUDITOR, MEASURE_STEP, CODE_OK },
        { "gen-3374-12", "gen-3302-01", SOURCE_AUDITOR, MEASURE_STEP, CODE_UNAUTHORISED },
        { "gen-3374-12", "gen-3374-01", SOURCE_VERIFIER, MEASURE_STEP, CODE_UNAUTHORISED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct section s = { .office = text(cases[i].subject), .source = (uint8_t)cases[i].source };
        struct authority a = authority_section(registry, registry_office(registry, text(cases[i].speaker)), &s);

        assert_int_equal(authority_row(a, cases[i].measure), cases[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(speakers), cmocka_unit_test(sections) };

    return cmocka_run_group_tests_name("authority", tests, setup, teardown);
}
