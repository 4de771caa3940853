/* office.c - `rekap office add|list|show`: who may speak. Kind: E.
 *
 * Adding an office makes its signing key first and its register line last, so a line always has a key. An office that was revoked
 * is added again with a new key; the old file is kept beside it under its version. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/print.h"
#include "proto/csv.h"
#include "proto/conf.h"

enum { REGIONS_BYTES_MAX = 16 << 20 };

/* ---- what is asked for ---- */

static int read_regions(const struct cli *c, const struct place *p, struct csv_table *ret)
{
    char path[PLACE_PATH_MAX];
    struct csv_fault fault;
    struct buf b;
    place_path(p, "registry/region.csv", path);
    buf_init(&b, REGIONS_BYTES_MAX);
    int st = conf_file_read(path, REGIONS_BYTES_MAX, &b);
    if (st == ST_OK) st = csv_table_read(buf_slice(&b), ret, &fault);
    buf_done(&b);
    return st == ST_OK ? EXIT_OK : cli_fail(c, "daftar wilayah tidak dapat dibaca", "the list of regions cannot be read", path);
}

static int check_region(const struct cli *c, const struct place *p, const char *text, region_code *ret)
{
    struct csv_table t = { 0 };
    if (code_region_parse(slice_of(text, strlen(text)), ret) != ST_OK)
        return cli_usage(c, "kode wilayah harus 33 (provinsi) atau 33.74 (kabupaten/kota)",
                         "a region code is 33 (province) or 33.74 (city)", text);
    if (read_regions(c, p, &t) != EXIT_OK) return EXIT_FAILED;
    bool known = false;
    for (uint32_t i = 1; i < t.rows && !known; i++) {
        struct slice code = csv_table_cell(&t, i, 0);
        known = code.n == strlen(text) && !memcmp(code.p, text, code.n);
    }
    csv_table_done(&t);
    return known ? EXIT_OK
                 : cli_fail(c, "wilayah tidak ada dalam daftar (registry/region.csv)",
                            "region is not in the list (registry/region.csv)", text);
}

static bool name_ok(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f) return false;
    return s.n > 0 && s.n < sizeof((struct office *)0)->name && bytes_utf8_ok(s.p, s.n);
}

int office_wanted(const struct cli *c, const struct place *p, struct office *ret)
{
    const char *id = c->operand[1], *name = c->value[OPT_NAME], *role = c->value[OPT_ROLE];
    struct slice trimmed = name ? bytes_trim(slice_of(name, strlen(name))) : slice_of("", 0);
    *ret = (struct office){ .status = OFFICE_ACTIVE, .role = ROLE_OFFICE, .valid_to = { INT64_MAX } };
    if (!registry_id_ok(slice_of(id, strlen(id))))
        return cli_usage(c, "ID kantor: huruf kecil, angka, titik atau tanda hubung, paling banyak 40",
                         "an office ID has lower-case letters, digits, dots or dashes, at most 40", id);
    if (!c->value[OPT_REGION] || !name)
        return cli_usage(c, "sebutkan --region KODE dan --name NAMA", "give --region CODE and --name NAME", NULL);
    if (!name_ok(trimmed))
        return cli_usage(c, "nama harus 1 sampai 160 bita teks tanpa baris baru",
                         "a name is 1 to 160 bytes of text without line breaks", name);
    if (role && registry_role_parse(slice_of(role, strlen(role)), &ret->role) != ST_OK)
        return cli_usage(c, "peran: office, treasurer, planner, auditor, centre",
                         "role: office, treasurer, planner, auditor, centre", role);
    snprintf(ret->id, sizeof ret->id, "%s", id);
    snprintf(ret->name, sizeof ret->name, "%.*s", (int)trimmed.n, (const char *)trimmed.p);
    return check_region(c, p, c->value[OPT_REGION], &ret->region);
}

/* ---- the register ---- */

json_t *office_json(const struct office *o)
{
    char region[8], transport[2 * PUBKEY_SIZE + 1], signing[2 * PUBKEY_SIZE + 1];
    code_region_format(o->region, region);
    bytes_hex(o->transport, PUBKEY_SIZE, transport);
    bytes_hex(o->signing, PUBKEY_SIZE, signing);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "office", o->id, "name", o->name, "region", region, "role",
                     registry_role_name(o->role), "status", o->status == OFFICE_ACTIVE ? "active" : "revoked", "transport_key",
                     transport, "signing_key", signing, "version", (json_int_t)o->version);
}

static int take_keys(const struct cli *c, const struct place *p, struct office *o)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    uint8_t secret[32];
    place_path(p, "keys/collector.key", path);
    int st = conf_key_read(path, "curve25519", secret, o->transport, err, sizeof err);
    explicit_bzero(secret, sizeof secret);
    if (st != ST_OK) return cli_fail(c, "kunci collector tidak dapat dibaca", "the collector's key cannot be read", err);
    place_office_key(p, o->id, "", path);
    st = conf_key_create(path, "ed25519", secret, o->signing);
    explicit_bzero(secret, sizeof secret);
    return st == ST_OK
               ? EXIT_OK
               : cli_fail(c, "kunci kantor tidak dapat dibuat atau dibaca", "the office's key cannot be made or read", path);
}

/* The same office again: said so when nothing differs, refused otherwise. */
static int again(const struct cli *c, const struct office *old, const struct office *want, struct office *ret)
{
    bool same = old->region == want->region && old->role == want->role && !strcmp(old->name, want->name);
    *ret = *old;
    if (same) {
        cli_talk(c, "%s sudah terdaftar dengan data yang sama", "%s is already registered with the same data", old->id);
        return EXIT_OK;
    }
    cli_talk(c, "%s sudah terdaftar dengan data lain; lihat rekap office show %s",
             "%s is already registered with other data; see rekap office show %s", old->id, old->id);
    return EXIT_FAILED;
}

/* A revoked office begins again with a new key; the old file keeps the version of its last line as its name. */
static int set_key_aside(const struct cli *c, const struct place *p, const struct office *old)
{
    char version[24], path[PLACE_PATH_MAX], aside[PLACE_PATH_MAX];
    snprintf(version, sizeof version, ".%llu", (unsigned long long)old->version);
    place_office_key(p, old->id, "", path);
    place_office_key(p, old->id, version, aside);
    return conf_file_rename(path, aside) == ST_OK || errno == ENOENT
               ? EXIT_OK
               : cli_fail(c, "kunci lama tidak dapat disisihkan", "the old key cannot be set aside", strerror(errno));
}

static int add_locked(const struct cli *c, const struct place *p, const struct office *want, struct office *ret, bool *ret_added)
{
    struct registry *r = NULL;
    int rc = place_registry(c, p, &r);
    if (rc != EXIT_OK) return rc;
    const struct office *old = registry_office(r, slice_of(want->id, strlen(want->id)));
    *ret_added = !old || old->status == OFFICE_REVOKED;
    if (!*ret_added) {
        rc = again(c, old, want, ret);
    } else {
        *ret = *want;
        if (old) rc = set_key_aside(c, p, old);
        if (rc == EXIT_OK) rc = take_keys(c, p, ret);
        if (rc == EXIT_OK) rc = office_append(c, p, ret);
    }
    registry_free(&r);
    return rc;
}

static int add(const struct cli *c, const struct place *p)
{
    struct office want, o;
    bool added = false;
    int rc = office_wanted(c, p, &want);
    if (rc != EXIT_OK) return rc;
    int fd = office_lock(c, p);
    rc = fd < 0 ? EXIT_FAILED : add_locked(c, p, &want, &o, &added);
    if (fd >= 0) close(fd);
    if (rc != EXIT_OK) return rc;
    office_nudge(p);
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:[o],s:b}", "offices", office_json(&o), "added", (int)added));
    else if (added) printf("%s %s\n", cli_say(c, "terdaftar:", "registered:"), o.id);
    return EXIT_OK;
}

/* ---- list, show ---- */

/* A word of the register as people read it; machines get the register's own. */
static const char *readable(const struct cli *c, const char *key, const char *word)
{
    static const struct { const char *key, *word, *id, *en; } WORDS[] = {
        { "role", "office", "kantor", "office" },       { "role", "treasurer", "bendahara", "treasurer" },
        { "role", "planner", "perencana", "planner" },  { "role", "auditor", "pemeriksa", "auditor" },
        { "role", "centre", "pusat", "centre" },        { "status", "active", "aktif", "active" },
        { "status", "revoked", "dicabut", "revoked" },  { "state", "pending", "menunggu", "waiting" },
        { "state", "invited", "diundang", "invited" },
    };
    for (size_t i = 0; c->format == FORMAT_TEXT && word && i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (!strcmp(WORDS[i].key, key) && !strcmp(WORDS[i].word, word)) return cli_say(c, WORDS[i].id, WORDS[i].en);
    return word;
}

static const struct print_column COLUMNS[] = {
    { "Kantor", "Office", "office", PRINT_TEXT }, { "Wilayah", "Region", "region", PRINT_TEXT },
    { "Peran", "Role", "role", PRINT_TEXT },      { "Keadaan", "State", "status", PRINT_TEXT },
    { "Nama", "Name", "name", PRINT_TEXT },
};

static void output(const struct cli *c, json_t *list)
{
    static const char *const keys[] = { "office", "region", "role", "status", "name" };
    struct print *t;
    size_t i;
    json_t *o;
    if (c->format == FORMAT_JSON) {
        print_json(json_pack("{s:O}", "offices", list));
        return;
    }
    t = print_begin(c, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    if (!t) return;
    json_array_foreach(list, i, o) for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        print_cell(t, readable(c, keys[k], json_string_value(json_object_get(o, keys[k]))));
    print_end(&t);
}

/* Those who wait for approval, and those who were invited and have not asked. */
static void output_waiting(const struct cli *c, const json_t *list)
{
    static const struct print_column columns[] = {
        { "Kantor", "Office", "office", PRINT_TEXT },       { "Wilayah", "Region", "region", PRINT_TEXT },
        { "Peran", "Role", "role", PRINT_TEXT },            { "Keadaan", "State", "state", PRINT_TEXT },
        { "Sidik jari", "Fingerprint", "fingerprint", PRINT_TEXT }, { "Nama", "Name", "name", PRINT_TEXT },
    };
    static const char *const keys[] = { "office", "region", "role", "state", "fingerprint", "name" };
    struct print *t = json_array_size(list) ? print_begin(c, columns, sizeof columns / sizeof columns[0]) : NULL;
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(list, i, o) for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
    {
        const char *word = readable(c, keys[k], json_string_value(json_object_get(o, keys[k])));
        print_cell(t, word ? word : "");
    }
    print_end(&t);
    cli_talk(c, "menunggu: cocokkan sidik jari lewat telepon, lalu rekap office approve ID (atau reject ID)",
             "waiting: compare the fingerprint by telephone, then rekap office approve ID (or reject ID)");
}

static int list(const struct cli *c, const struct place *p, const struct registry *r)
{
    const char *text = c->value[OPT_REGION] ? c->value[OPT_REGION] : "";
    region_code region;
    if (code_region_parse(slice_of(text, strlen(text)), &region) != ST_OK)
        return cli_usage(c, "kode wilayah: 33 atau 33.74", "region code: 33 or 33.74", text);
    json_t *a = json_array();
    for (size_t i = 0; i < registry_count(r); i++)
        if (code_region_holds(region, registry_at(r, i)->region)) json_array_append_new(a, office_json(registry_at(r, i)));
    json_t *waiting = office_waiting(c, p);
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:O,s:O}", "offices", a, "waiting", waiting));
    else output(c, a);
    if (c->format == FORMAT_TEXT) output_waiting(c, waiting);
    json_decref(waiting);
    json_decref(a);
    return EXIT_OK;
}

static void show_text(const struct cli *c, const json_t *office)
{
    static const struct { const char *key, *id, *en; } LINES[] = {
        { "office", "Kantor", "Office" },
        { "name", "Nama", "Name" },
        { "region", "Wilayah", "Region" },
        { "role", "Peran", "Role" },
        { "status", "Keadaan", "State" },
        { "transport_key", "Kunci sambungan", "Transport key" },
        { "signing_key", "Kunci tanda tangan", "Signing key" },
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        const char *word = json_string_value(json_object_get(office, LINES[i].key));
        printf("%-18s  %s\n", cli_say(c, LINES[i].id, LINES[i].en), readable(c, LINES[i].key, word));
    }
    printf("%-18s  %lld\n", cli_say(c, "Versi daftar", "Register version"),
           (long long)json_integer_value(json_object_get(office, "version")));
}

static int show(const struct cli *c, const struct registry *r)
{
    const char *id = c->operand[1];
    const struct office *o = registry_office(r, slice_of(id, strlen(id)));
    if (!o) return office_unknown(c, r, id);
    json_t *one = office_json(o), *a = json_pack("[O]", one);
    if (c->format == FORMAT_TEXT) show_text(c, one);
    else output(c, a);
    json_decref(a);
    json_decref(one);
    return EXIT_OK;
}

int office_unknown(const struct cli *c, const struct registry *r, const char *id)
{
    const char *names[1024];
    size_t n = 0;
    for (size_t i = 0; i < registry_count(r) && n < sizeof names / sizeof names[0]; i++) names[n++] = registry_at(r, i)->id;
    const char *near = cli_nearest(id, names, n);
    cli_talk(c, "kantor \"%s\" tidak terdaftar", "office \"%s\" is not registered", id);
    if (near) cli_talk(c, "maksud Anda \"%s\"?", "did you mean \"%s\"?", near);
    cli_talk(c, "mendaftarkannya: rekap office add %s --region KODE --name NAMA --dir %s",
             "to register it: rekap office add %s --region CODE --name NAME --dir %s", id, c->dir);
    return EXIT_FAILED;
}

/* What follows `office`, and whether an ID does. */
static const struct verb { const char *name; bool id; } VERBS[] = {
    { "add", true }, { "list", false }, { "show", true }, { "revoke", true }, { "rotate-key", true },
    { "invite", true }, { "join", true },    { "approve", true }, { "reject", true },
};
enum { VERB_ADD, VERB_LIST, VERB_SHOW, VERB_REVOKE, VERB_ROTATE, VERB_INVITE, VERB_JOIN, VERB_APPROVE, VERB_REJECT, VERB_COUNT };
_Static_assert(sizeof VERBS / sizeof VERBS[0] == VERB_COUNT, "a row for each");

static int look(const struct cli *c, const struct place *p, unsigned verb)
{
    struct registry *r = NULL;
    int rc = place_registry(c, p, &r);
    if (rc == EXIT_OK) rc = verb == VERB_LIST ? list(c, p, r) : show(c, r);
    registry_free(&r);
    return rc;
}

int office_run(struct cli *c)
{
    struct place p;
    unsigned i = 0;
    while (i < VERB_COUNT && strcmp(c->operand[0], VERBS[i].name) != 0) i++;
    if (i == VERB_COUNT)
        return cli_usage(c, "rekap office add|show|revoke|rotate-key|invite|approve|reject ID | join LINE | list; tidak dikenal",
                         "rekap office add|show|revoke|rotate-key|invite|approve|reject ID | join LINE | list; unknown",
                         c->operand[0]);
    if (c->operand_count != (VERBS[i].id ? 2 : 1))
        return cli_usage(c, VERBS[i].id ? "sebutkan ID kantor" : "list tidak memakai ID",
                         VERBS[i].id ? "give the office's ID" : "list takes no ID", NULL);
    if (i == VERB_JOIN) return office_join(c);
    bool anywhere = i == VERB_LIST || i == VERB_SHOW || i == VERB_ROTATE;
    int rc = anywhere ? place_open_any(c, &p) : place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    switch (i) {
    case VERB_ADD: return add(c, &p);
    case VERB_REVOKE: return office_revoke(c, &p);
    case VERB_ROTATE: return office_rotate(c, &p);
    case VERB_INVITE: return office_invite(c, &p);
    case VERB_APPROVE: return office_approve(c, &p);
    case VERB_REJECT: return office_reject(c, &p);
    default: return look(c, &p, i);
    }
}
