/* seal_test.c - a sealed quarter as a file: there and back, by the register's key alone, and no byte of it could be another.
 *
 * Every bad file here is signed by a right key: what is refused is refused for what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "proto/merkle.h"
#include "proto/registry.h"
#include "proto/seal.h"
#include "tests/unit/failing.h"

FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(void *, realloc, (void *p, size_t n), (p, n), NULL)

#define CENTRE "pusat-33"
static const char *const NAMES[] = {REGISTRY_KEY_ID, CENTRE, "dinas-3374", "pusat-33-baru"};
static struct signer signer;
static struct verifier verifier;
static uint8_t issuer[PUBKEY_SIZE];

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static void key_of(const char *name, uint8_t ret[PUBKEY_SIZE])
{
    assert_int_equal(signer.public_key(signer.ctx, text_of(name), ret), ST_OK);
}

static int setup(void **state)
{
    (void)state;
    verifier = sign_ed25519_verifier();
    assert_int_equal(sign_ed25519_ring_new(&signer), ST_OK);
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const uint8_t seed[32] = {(uint8_t)(7 + i)};
        assert_int_equal(sign_ed25519_ring_add(&signer, text_of(NAMES[i]), seed), ST_OK);
    }
    key_of(REGISTRY_KEY_ID, issuer);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sign_ed25519_ring_free(&signer);
    return 0;
}

static int sign_as(void *ctx, struct slice t, uint8_t ret[SIG_SIZE]) { return signer.sign(signer.ctx, text_of(ctx), t, ret); }

/* ---- making files ---- */

struct making { /* what a file is made of; changed by each test before file_make */
    char actor[OFFICE_ID_MAX + 1], signer[OFFICE_ID_MAX + 1], region[8];
    unsigned role, status, version;
    int64_t at, from, to;
    int64_t rotated_at;     /* 0: the key was never changed */
    const char *more;       /* lines behind the register's */
    bool unsealed, unsaid;  /* unsaid: the register's version is not told where it should be */
    unsigned said;          /* the version the register is said to be; 0: what it is */
    uint64_t more_lines;    /* than there are, says the head */
};
static const struct making SOUND = { .actor = CENTRE,
                                     .signer = CENTRE,
                                     .region = "33",
                                     .role = ROLE_CENTRE,
                                     .status = OFFICE_ACTIVE,
                                     .version = 1,
                                     .at = INT64_C(1671000000000),
                                     .to = INT64_MAX,
                                     .more = "leaf\tx\ncell\ty\njawab\tz\t{}\n" };

static void register_line(struct registry_chain *chain, const struct making *m, const char *id, const char *key, int64_t from,
                          struct buf *out)
{
    struct office o = {.role = ROLE_OFFICE, .status = OFFICE_ACTIVE, .valid_from = {from}, .valid_to = {INT64_MAX}};
    bool centre = strcmp(id, CENTRE) == 0;
    char line[REGISTRY_LINE_MAX];
    snprintf(o.id, sizeof o.id, "%s", id);
    snprintf(o.name, sizeof o.name, "Kantor %s", id);
    assert_int_equal(code_region_parse(text_of(centre ? m->region : "33.74"), &o.region), ST_OK);
    if (centre) {
        o.role = (uint8_t)m->role;
        o.status = (uint8_t)m->status;
        o.valid_to.ms = m->to;
    }
    key_of(key, o.signing);
    if (!m->unsealed) assert_int_equal(registry_seal(chain, &o, &signer), ST_OK);
    assert_true(registry_line_format(&o, line, sizeof line) > 0);
    buf_printf(out, "kantor\t%s\n", line);
}

static void lines_make(const struct making *m, struct buf *out)
{
    struct registry_chain chain;
    if (!m->unsaid) buf_printf(out, "daftar\t%u\n", m->said ? m->said : m->rotated_at ? 3 : 2);
    buf_printf(out, "potong\tw1\t17\t%064u\n", 0);
    registry_chain_start(&chain);
    register_line(&chain, m, CENTRE, CENTRE, m->from, out);
    register_line(&chain, m, "dinas-3374", "dinas-3374", 0, out);
    if (m->rotated_at) register_line(&chain, m, CENTRE, "pusat-33-baru", m->rotated_at, out);
    buf_str(out, m->more);
}

static void head_make(const struct making *m, struct slice lines, struct seal *ret)
{
    uint8_t pub[PUBKEY_SIZE];
    *ret = (struct seal){.year = 2022, .quarter = 4, .version = m->version, .at = {m->at}};
    if (m->version > 1) ret->before.b[3] = 9;
    assert_int_equal(code_region_parse(text_of("33.74"), &ret->region), ST_OK);
    memcpy(ret->actor, m->actor, sizeof ret->actor);
    key_of(m->signer, pub);
    ret->key_id = sign_key_id(pub);
    assert_int_equal(seal_root(lines, &ret->lines, &ret->root), ST_OK);
    ret->lines += m->more_lines;
}

static void file_make(const struct making *m, struct seal *ret_head, struct buf *out)
{
    uint8_t pub[PUBKEY_SIZE];
    char who[OFFICE_ID_MAX + 1];
    struct buf lines;
    memcpy(who, m->signer, sizeof who);
    buf_init(&lines, 1 << 20);
    buf_init(out, 1 << 20);
    lines_make(m, &lines);
    head_make(m, buf_slice(&lines), ret_head);
    key_of(m->signer, pub);
    assert_int_equal(seal_put(ret_head, pub, sign_as, who, out), ST_OK);
    buf_put(out, lines.p, lines.n);
    assert_true(buf_ok(out));
    buf_done(&lines);
}

static unsigned fault_of(struct slice file, const uint8_t *key)
{
    enum seal_fault fault;
    struct seal s;
    assert_int_equal(seal_check(file, key, &verifier, &s, &fault), ST_OK);
    return fault;
}

static unsigned fault_of_made(const struct making *m)
{
    struct seal s;
    struct buf file;
    file_make(m, &s, &file);
    unsigned fault = fault_of(buf_slice(&file), issuer);
    buf_done(&file);
    return fault;
}

/* ---- tests ---- */

static void there_and_back(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= SEAL_VERSION_MAX; version += 499) {
        struct making m = SOUND;
        struct seal s, again;
        enum seal_fault fault;
        struct slice note, lines;
        struct buf file;
        m.version = version;
        file_make(&m, &s, &file);
        assert_int_equal(seal_check(buf_slice(&file), issuer, &verifier, &again, &fault), ST_OK);
        assert_int_equal(fault, SEAL_SOUND);
        assert_memory_equal(&again, &s, sizeof s);
            assert_int_equal(seal_read(buf_slice(&file), &again, &note, &lines), ST_OK);
        assert_int_equal(note.n + lines.n, file.n);
        buf_done(&file);
    }
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    struct making m = SOUND;
    struct seal s;
    struct buf file;
    m.version = 2;
    file_make(&m, &s, &file);
    for (size_t i = 0; i < file.n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            file.p[i] ^= (uint8_t)(1u << bit);
            if (fault_of(buf_slice(&file), issuer) == SEAL_SOUND) fail_msg("bit %u of byte %zu changed unseen", bit, i);
            file.p[i] ^= (uint8_t)(1u << bit);
        }
    buf_done(&file);
}

static void every_cut_and_every_addition_is_found(void **state)
{
    (void)state;
    struct seal s;
    struct buf file;
    file_make(&SOUND, &s, &file);
    for (size_t n = 0; n < file.n; n++) assert_int_not_equal(fault_of(slice_of(file.p, n), issuer), SEAL_SOUND);
    buf_str(&file, "leaf\tz\n");
    assert_int_equal(fault_of(buf_slice(&file), issuer), SEAL_ROOT);
    buf_done(&file);
}

/* A second signature would be bytes that nobody has promised. */
static void a_second_signature_line_is_no_part_of_a_seal(void **state)
{
    (void)state;
    struct seal s, again;
    struct slice note, lines;
    struct buf file, two;
    file_make(&SOUND, &s, &file);
    assert_int_equal(seal_read(buf_slice(&file), &again, &note, &lines), ST_OK);
    const uint8_t *line = (const uint8_t *)memmem(note.p, note.n, "\n\n", 2) + 2;
    buf_init(&two, 1 << 20);
    buf_put(&two, note.p, note.n);
    buf_put(&two, line, (size_t)(note.p + note.n - line));
    buf_put(&two, lines.p, lines.n);
    assert_int_equal(fault_of(buf_slice(&two), issuer), SEAL_ROOT);
    buf_done(&two);
    buf_done(&file);
}

static void another_register_key_is_not_believed(void **state)
{
    (void)state;
    uint8_t other[PUBKEY_SIZE];
    struct making m = SOUND;
    struct seal s;
    struct buf file;
    file_make(&m, &s, &file);
    key_of("dinas-3374", other);
    assert_int_equal(fault_of(buf_slice(&file), other), SEAL_REGISTER);
    buf_done(&file);
    m.unsealed = true;
    assert_int_equal(fault_of_made(&m), SEAL_REGISTER);
}

static void only_the_centre_of_the_region_seals(void **state)
{
    (void)state;
    struct making m = SOUND;
    m.role = ROLE_PLANNER;
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m = SOUND;
    m.status = OFFICE_REVOKED;
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m = SOUND;
    memcpy(m.region, "32", 3);
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m = SOUND;
    memcpy(m.actor, "pusat-99", 9); /* nobody */
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m = SOUND;
    memcpy(m.signer, "dinas-3374", 11); /* another's key in the centre's name */
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m = SOUND;
    m.to = m.at;
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m = SOUND;
    m.from = m.at + 1;
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    m.from = m.at;
    m.to = m.at + 1;
    assert_int_equal(fault_of_made(&m), SEAL_SOUND);
    m = SOUND;
    memcpy(m.region, "", 1); /* of the nation */
    assert_int_equal(fault_of_made(&m), SEAL_SOUND);
}

static void a_key_seals_until_it_was_replaced_for_a_month(void **state)
{
    (void)state;
    const int64_t day = INT64_C(86400000);
    struct making m = SOUND;
    m.rotated_at = m.at - 30 * day;
    assert_int_equal(fault_of_made(&m), SEAL_SOUND);
    m.rotated_at = m.at - 40 * day;
    assert_int_equal(fault_of_made(&m), SEAL_SIGNER);
    memcpy(m.signer, "pusat-33-baru", 14);
    assert_int_equal(fault_of_made(&m), SEAL_SOUND);
}

static void a_signature_of_somebody_else_under_the_key_is_found(void **state)
{
    (void)state;
    struct seal s;
    uint8_t pub[PUBKEY_SIZE];
    char who[] = "dinas-3374";
    struct buf lines, file;
    buf_init(&lines, 1 << 20);
    buf_init(&file, 1 << 20);
    lines_make(&SOUND, &lines);
    head_make(&SOUND, buf_slice(&lines), &s);
    key_of(CENTRE, pub);
    assert_int_equal(seal_put(&s, pub, sign_as, who, &file), ST_OK);
    buf_put(&file, lines.p, lines.n);
    assert_int_equal(fault_of(buf_slice(&file), issuer), SEAL_SIGNATURE);
    buf_done(&file);
    buf_done(&lines);
}

/* The register in it: its version said once, as many lines, none that is not one. */
static void a_register_that_is_not_what_it_says_is_found(void **state)
{
    (void)state;
    static const char *const MORE[] = {"daftar\t2\n", "daftar\t3\n", "kantor\tx\n", "daftar\t\n", "kantor\t\n"};
    for (unsigned i = 0; i < sizeof MORE / sizeof *MORE; i++) {
        struct making m = SOUND;
        m.more = MORE[i];
        assert_int_equal(fault_of_made(&m), SEAL_REGISTER);
    }
    for (unsigned said = 0; said < 3; said++) { /* not at all, as no number, and at the end */
        struct making m = SOUND;
        m.unsaid = true;
        m.more = said == 0 ? "leaf\tx\n" : said == 1 ? "daftar\tx\n" : "daftar\t2\n";
        assert_int_equal(fault_of_made(&m), said == 2 ? SEAL_SOUND : SEAL_REGISTER);
    }
}

static void a_register_of_another_version_is_found(void **state)
{
    (void)state;
    struct making m = SOUND;
    m.said = 3;
    assert_int_equal(fault_of_made(&m), SEAL_REGISTER);
}

static void a_head_that_counts_other_lines_is_found(void **state)
{
    (void)state;
    struct making m = SOUND;
    m.more_lines = 1;
    assert_int_equal(fault_of_made(&m), SEAL_ROOT);
}

/* ---- heads ---- */

static void heads_have_one_spelling(void **state)
{
    (void)state;
    static const struct { const char *from, *to;
    } CHANGES[] = {
        { "rekap/segel/1", "rekap/segel/2" },
        { "wilayah 33.74", "wilayah 33.74.01" },
        { "wilayah 33.74", "wilayah" },
        { "triwulan 2022-Q4", "triwulan 2022-TW4" },
        { "triwulan 2022-Q4", "triwulan 2022-Q5" },
        { "versi 1", "versi 01" },
        { "versi 1", "versi 0" },
        { "versi 1", "versi 1000" },
        { "versi 1", "versi 2" },
        { "sebelum -", "sebelum " },
        { "sebelum -", "sebelum --" },
        { "sebelum -", "sebelum x" },
        { "\n\n", "\nlagi 1\n\n" },
        { "sebelum -", "sebelum 0000000000000000000000000000000000000000000000000000000000000001" },
        { "oleh pusat-33", "oleh Pusat" },
        { "oleh", "dari" },
        { "kunci ", "kunci 0" },
        { "waktu 1", "waktu 01" },
        { "waktu 1", "waktu -1" },
        { "waktu 1671000000000", "waktu 9999999999999999999" },
        { "baris 7", "baris 07" },
        { "baris 7", "baris 0" },
        { "baris 7", "baris x" },
        { "akar ", "akar 0" },
        { "akar ", "akar x\nakar " },
    };
    struct seal s, again;
    struct slice note, lines;
    struct buf file, bad;
    file_make(&SOUND, &s, &file);
    assert_int_equal(s.lines, 7);
    for (unsigned i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        size_t n = strlen(CHANGES[i].from);
        const uint8_t *at = memmem(file.p, file.n, CHANGES[i].from, n);
        assert_non_null(at);
        buf_init(&bad, 1 << 20);
        buf_put(&bad, file.p, (size_t)(at - file.p));
        buf_str(&bad, CHANGES[i].to);
        buf_put(&bad, at + n, file.n - n - (size_t)(at - file.p));
        if (seal_read(buf_slice(&bad), &again, &note, &lines) != ST_INVALID) fail_msg("%s taken", CHANGES[i].to);
        buf_done(&bad);
    }
    assert_int_equal(seal_read(slice_of(NULL, 0), &again, &note, &lines), ST_INVALID);
    buf_done(&file);
}

static void a_version_names_the_one_before(void **state)
{
    (void)state;
    struct making m = SOUND;
    struct seal s, again;
    struct slice note, lines;
    struct buf file;
    m.version = 2;
    file_make(&m, &s, &file);
    assert_int_equal(seal_read(buf_slice(&file), &again, &note, &lines), ST_OK);
    uint8_t *at = (uint8_t *)memmem(file.p, file.n, "sebelum ", 8) + 8;
    memset(at, '0', 64); /* no root is zero */
    assert_int_equal(seal_read(buf_slice(&file), &again, &note, &lines), ST_INVALID);
    buf_done(&file);
}

/* Memory that is not there is no verdict about the file; nor can nobody seal. */
static void without_memory_nothing_is_said(void **state)
{
    (void)state;
    struct seal s, head;
    struct buf file, out;
    uint8_t pub[PUBKEY_SIZE];
    enum seal_fault fault;
    unsigned failed = 0;
    file_make(&SOUND, &s, &file);
    for (bool more = true; more;) {
        failing_at(failed + 1, ENOMEM);
        int st = seal_check(buf_slice(&file), issuer, &verifier, &head, &fault);
        more = failing_end() != NULL;
        assert_int_equal(st, more ? ST_NO_MEMORY : ST_OK);
        failed += more;
    }
    assert_int_equal(fault, SEAL_SOUND);
    assert_true(failed > 2);
    s.actor[0] = '\0';
    key_of(CENTRE, pub);
    buf_init(&out, 1 << 10);
    assert_int_equal(seal_put(&s, pub, sign_as, s.actor, &out), ST_INVALID);
    assert_int_equal(out.n, 0);
    buf_done(&out);
    buf_done(&file);
}

static void roots_are_those_of_the_tree(void **state)
{
    (void)state;
    struct hash a = merkle_leaf(text_of("a")), b = merkle_leaf(text_of("")), root, two = merkle_node(&a, &b);
    uint64_t n;
    assert_int_equal(seal_root(text_of("a\n"), &n, &root), ST_OK);
    assert_true(n == 1 && sign_hash_equal(&root, &a));
    assert_int_equal(seal_root(text_of("a\n\n"), &n, &root), ST_OK);
    assert_true(n == 2 && sign_hash_equal(&root, &two));
    assert_int_equal(seal_root(text_of(""), &n, &root), ST_INVALID);
    assert_int_equal(seal_root(text_of("a\nb"), &n, &root), ST_INVALID);
}

/* ---- the root in the log ---- */

static void a_root_in_the_log_has_one_spelling(void **state)
{
    static const char *const none[] = { "",           "33.74", "33.74/", "33.74/0",  "33.74/01",
                                        "33.74/1000", "/1",    "33.7/1", "33.74/1 ", "33/x" };
    char key[SEAL_MARK_KEY_MAX], text[TEXT_MAX + 1];
    const struct hash root = {{0xab, 1}};
    struct seal_mark m = {.root = root, .position = text_of("w1:17,w2:4")}, again;
    region_code region = 0;
    unsigned version = 0;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(seal_mark_key_parse(text_of(none[i]), &region, &version), ST_INVALID);
    assert_int_equal(seal_mark_key((33u << 16) | 74, 999, key), strlen("33.74/999"));
    assert_int_equal(seal_mark_key_parse(text_of(key), &region, &version), ST_OK);
    assert_int_equal(region, (33u << 16) | 74);
    assert_int_equal(version, 999);

    assert_int_equal(seal_mark_text(&m, text), ST_OK);
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_OK);
    assert_memory_equal(&again.root, &root, sizeof root);
    assert_int_equal(again.position.n, m.position.n);
    text[64] = '-';
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_INVALID);
    text[64] = ' ', text[70] = ' ';
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_INVALID);
    text[70] = 0x7f;
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_INVALID);
    text[70] = ',', text[3] = 'g';
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_INVALID);
    text[3] = '1';
    text[70] = ',', text[0] = 'A';
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_INVALID);
    text[0] = 'a', text[65] = '\0';
    assert_int_equal(seal_mark_parse(text_of(text), &again), ST_INVALID);
}

static void a_root_names_as_many_cuts_as_a_text_holds(void **state)
{
    static char many[TEXT_MAX];
    char text[TEXT_MAX + 1];
    (void)state;
    memset(many, '1', sizeof many);
    struct seal_mark m = {.position = slice_of(many, TEXT_MAX - 2 * HASH_SIZE - 1)};
    assert_int_equal(seal_mark_text(&m, text), ST_OK);
    m.position.n++;
    assert_int_equal(seal_mark_text(&m, text), ST_FULL);
    m.position.n = 0;
    assert_int_equal(seal_mark_text(&m, text), ST_FULL);
}

static void faults_have_names(void **state)
{
    (void)state;
    assert_string_equal(seal_fault_name(SEAL_SOUND), "");
    assert_string_equal(seal_fault_name(SEAL_FAULTS), "");
    for (unsigned f = SEAL_FORM; f < SEAL_FAULTS; f++) assert_true(strlen(seal_fault_name(f)) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(every_cut_and_every_addition_is_found),
        cmocka_unit_test(a_second_signature_line_is_no_part_of_a_seal),
        cmocka_unit_test(another_register_key_is_not_believed),
        cmocka_unit_test(only_the_centre_of_the_region_seals),
        cmocka_unit_test(a_key_seals_until_it_was_replaced_for_a_month),
        cmocka_unit_test(a_signature_of_somebody_else_under_the_key_is_found),
        cmocka_unit_test(a_register_that_is_not_what_it_says_is_found),
        cmocka_unit_test(a_register_of_another_version_is_found),
        cmocka_unit_test(a_head_that_counts_other_lines_is_found),
        cmocka_unit_test(heads_have_one_spelling),
        cmocka_unit_test(a_version_names_the_one_before),
        cmocka_unit_test(without_memory_nothing_is_said),
        cmocka_unit_test(roots_are_those_of_the_tree),
        cmocka_unit_test(a_root_in_the_log_has_one_spelling),
        cmocka_unit_test(a_root_names_as_many_cuts_as_a_text_holds),
        cmocka_unit_test(faults_have_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
