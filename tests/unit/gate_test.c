/* gate_test.c - P6 from outside (tests/sim/gate.h): what is not allowed is refused without a trace, what is allowed is taken.
 * REKAP_GATE_ATTEMPTS sets how many forbidden messages are tried (default 20.000), SEED the first seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/sim/gate.h"
#include "tests/unit/env.h"

static void nothing_forbidden_gets_in(void **state)
{
    struct gate_result r = { 0 };

    (void)state;
    gate_run(env_number("SEED", 1), env_number("REKAP_GATE_ATTEMPTS", 20000), &r);
    for (unsigned i = 0; i < GATE_OPS; i++)
        print_message("%-28s %9llu forbidden, %llu taken; %7llu allowed, %llu refused\n", gate_op_name(i),
                      (unsigned long long)r.op[i].attempts, (unsigned long long)r.op[i].accepted,
                      (unsigned long long)r.op[i].allowed, (unsigned long long)r.op[i].allowed_refused);
    print_message("%-28s %9llu forbidden, %llu taken; %7llu allowed, %llu refused\n", "all", (unsigned long long)r.all.attempts,
                  (unsigned long long)r.all.accepted, (unsigned long long)r.all.allowed, (unsigned long long)r.all.allowed_refused);
    if (r.first[0] != '\0') fail_msg("%s", r.first);
    for (unsigned i = 0; i < GATE_OPS; i++) {
        assert_true(r.op[i].attempts > 0);
        assert_true(r.op[i].allowed > 0 || i == GATE_CREDIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_forbidden_gets_in) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
