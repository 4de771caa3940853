/* registry_sign_test.c - the register's signature: what another hand changed, dropped, moved or added is found; rotated keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/registry.h"

#define HEAD "#rekap-office 1\n"
enum { LINES = 6 };
static const int64_t DAY = 86400000;

static struct signer signer;
static struct verifier verifier;
static uint8_t issuer[PUBKEY_SIZE];
static char line[LINES][REGISTRY_LINE_MAX];

static struct slice text_of(const char *s)
{
    return slice_of(s, strlen(s));
}

static struct office office_of(const char *id, unsigned key, unsigned status, int64_t from)
{
    struct office o = { .role = ROLE_OFFICE, .status = (uint8_t)status, .valid_from = { from }, .valid_to = { INT64_MAX } };

    snprintf(o.id, sizeof o.id, "%s", id);
    snprintf(o.name, sizeof o.name, "gen %s", id);
    assert_int_equal(code_region_parse(text_of("33.74"), &o.region), ST_OK);
    memset(o.signing, (int)key, PUBKEY_SIZE);
    memset(o.transport, (int)key + 100, PUBKEY_SIZE);
    return o;
}

static int setup(void **state)
{
    const struct office o[LINES] = {
        office_of("gen-3374-01", 1, OFFICE_ACTIVE, INT64_MIN), office_of("gen-3374-02", 2, OFFICE_ACTIVE, INT64_MIN),
        office_of("gen-3374-01", 3, OFFICE_ACTIVE, 100 * DAY), office_of("gen-3374-02", 2, OFFICE_REVOKED, 100 * DAY),
        office_of("gen-3374-02", 4, OFFICE_ACTIVE, 101 * DAY), office_of("gen-3374-01", 5, OFFICE_ACTIVE, 120 * DAY),
    };
    uint8_t seed[32] = { 7 };
    struct registry_chain chain;

    (void)state;
    verifier = sign_ed25519_verifier();
    assert_int_equal(sign_ed25519_ring_new(&signer), ST_OK);
    registry_chain_start(&chain);
    {
        struct office early = o[0];

        assert_int_equal(registry_seal(&chain, &early, &signer), ST_NOT_FOUND); /* no key, nothing moved */
        assert_int_equal(chain.version, 0);
    }
    assert_int_equal(sign_ed25519_ring_add(&signer, text_of(REGISTRY_KEY_ID), seed), ST_OK);
    assert_int_equal(signer.public_key(signer.ctx, text_of(REGISTRY_KEY_ID), issuer), ST_OK);
    for (unsigned i = 0; i < LINES; i++) {
        struct office sealed = o[i];

        assert_int_equal(registry_seal(&chain, &sealed, &signer), ST_OK);
        assert_int_equal(chain.version, i + 1);
        assert_true(registry_line_format(&sealed, line[i], sizeof line[i]) > 0);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sign_ed25519_ring_free(&signer);
    return 0;
}

static struct registry *registry_of(const char *const *lines, size_t n)
{
    struct registry *r = NULL;
    char err[300];
    struct buf b;

    buf_init(&b, 1 << 16);
    buf_str(&b, HEAD);
    for (size_t i = 0; i < n; i++) buf_printf(&b, "%s\n", lines[i]);
    if (registry_parse(buf_slice(&b), &r, err, sizeof err) != ST_OK) fail_msg("%s", err);
    buf_done(&b);
    return r;
}

/* Version up to which the lines verify. */
static uint64_t verified(const char *const *lines, size_t n, const uint8_t key[PUBKEY_SIZE])
{
    struct registry *r = registry_of(lines, n);
    struct registry_chain c;
    char err[300] = "";
    int st;

    registry_chain_start(&c);
    st = registry_verify(r, &c, key, &verifier, err, sizeof err);
    assert_true(st == ST_OK ? c.version == n && err[0] == '\0' : st == ST_DENIED && err[0] != '\0');
    registry_free(&r);
    return c.version;
}

static void test_whole_and_in_parts(void **state)
{
    const char *all[LINES];
    struct registry *part, *whole;
    struct registry_chain c;
    char err[300];

    (void)state;
    for (unsigned i = 0; i < LINES; i++) all[i] = line[i];
    assert_int_equal(verified(all, LINES, issuer), LINES);
    part = registry_of(all, 2);
    whole = registry_of(all, LINES);
    registry_chain_start(&c);
    assert_int_equal(registry_verify(part, &c, issuer, &verifier, err, sizeof err), ST_OK);
    assert_int_equal(registry_verify(whole, &c, issuer, &verifier, err, sizeof err), ST_OK);
    assert_int_equal(c.version, LINES);
    registry_free(&part);
    registry_free(&whole);
}

static void test_every_other_hand_is_found(void **state)
{
    const char *all[LINES], *moved[LINES];
    char changed[REGISTRY_LINE_MAX], *tab;
    uint8_t other[PUBKEY_SIZE];

    (void)state;
    for (unsigned i = 0; i < LINES; i++) all[i] = moved[i] = line[i];
    memcpy(other, issuer, sizeof other);
    other[0] ^= 1;
    assert_int_equal(verified(all, LINES, other), 0);
    for (unsigned i = 0; i + 1 < LINES; i++) { /* one line left out: found where it is missing */
        memmove(moved, all, sizeof moved);
        memmove(moved + i, all + i + 1, (LINES - 1 - i) * sizeof *moved);
        assert_int_equal(verified(moved, LINES - 1, issuer), i);
    }
    for (unsigned i = 0; i + 1 < LINES; i++) { /* two lines changed places */
        memmove(moved, all, sizeof moved);
        moved[i] = all[i + 1];
        moved[i + 1] = all[i];
        assert_int_equal(verified(moved, LINES, issuer), i);
    }
    memmove(moved, all, sizeof moved);
    moved[2] = changed;
    snprintf(changed, sizeof changed, "%s", line[2]);
    memcpy(strstr(changed, "33.74"), "33.02", 5); /* another region under the old signature */
    assert_int_equal(verified(moved, LINES, issuer), 2);
    snprintf(changed, sizeof changed, "%s", line[2]);
    changed[strlen(changed) - 1] = changed[strlen(changed) - 1] == '0' ? '1' : '0';
    assert_int_equal(verified(moved, LINES, issuer), 2);
    snprintf(changed, sizeof changed, "%s", line[2]);
    tab = strrchr(changed, '\t');
    *tab = '\0'; /* no signature at all */
    assert_int_equal(verified(moved, LINES, issuer), 2);
    memmove(moved, all, sizeof moved);
    moved[LINES - 1] = all[0]; /* a true line a second time: an old key brought back */
    assert_int_equal(verified(moved, LINES, issuer), LINES - 1);
}

/* What one of these lines says is changed, in any of the lines: the last one's signature tells. */
static void test_the_last_line_vouches_for_all(void **state)
{
    const char *all[LINES];
    char changed[REGISTRY_LINE_MAX], err[300];

    (void)state;
    for (unsigned i = 0; i <= LINES; i++) {
        struct registry_chain c;
        struct registry *r;
        int st;

        for (unsigned k = 0; k < LINES; k++) all[k] = line[k];
        if (i < LINES) {
            memcpy(changed, line[i], sizeof changed);
            memcpy(strstr(changed, "33.74"), "33.02", 5);
            all[i] = changed;
        }
        r = registry_of(all, LINES);
        registry_chain_start(&c);
        st = registry_verify_last(r, &c, issuer, &verifier, err, sizeof err);
        assert_int_equal(st, i < LINES ? ST_DENIED : ST_OK);
        assert_int_equal(c.version, i < LINES ? LINES - 1 : LINES);
        registry_free(&r);
    }
}

static void test_rotated_key_signs_for_a_while_revoked_never(void **state)
{
    const char *all[LINES];
    uint8_t key[6][PUBKEY_SIZE];
    const struct office *one, *two;
    struct registry *r;

    (void)state;
    for (unsigned i = 0; i < LINES; i++) all[i] = line[i];
    for (int i = 0; i < 6; i++) memset(key[i], i, PUBKEY_SIZE);
    r = registry_of(all, LINES);
    one = registry_office(r, text_of("gen-3374-01"));
    two = registry_office(r, text_of("gen-3374-02"));
#define SIGNS(o, k, day) registry_signing(r, o, sign_key_id(key[k]), (struct wall){ (day) * DAY })
    assert_ptr_equal(SIGNS(one, 5, 1000), one);
    assert_non_null(SIGNS(one, 3, 120 + REGISTRY_ROTATED_DAYS));
    assert_null(SIGNS(one, 3, 121 + REGISTRY_ROTATED_DAYS));
    assert_non_null(SIGNS(one, 1, 130)); /* both replacements are young enough */
    assert_null(SIGNS(one, 1, 101 + REGISTRY_ROTATED_DAYS));
    assert_null(SIGNS(one, 2, 120));     /* another office's */
    assert_ptr_equal(SIGNS(two, 4, 102), two);
    assert_null(SIGNS(two, 2, 102));     /* a revoked line stands between */
#undef SIGNS
    registry_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_in_parts),
        cmocka_unit_test(test_every_other_hand_is_found),
        cmocka_unit_test(test_the_last_line_vouches_for_all),
        cmocka_unit_test(test_rotated_key_signs_for_a_while_revoked_never),
    };

    return cmocka_run_group_tests_name("registry_sign", tests, setup, teardown);
}
