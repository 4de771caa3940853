/* office.c - `rekap office add|list|show`: who may speak. Kind: E.
 *
 * Adding an office makes its signing key first and its register line last, so a line always has a key. The register only grows: its
 * new text is the old one and a line, written as a whole file under a lock; the worker refuses a register that does not go on from
 * the one it knows. Daemons that run are told at once; one that does not run reads the register when it starts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cli/place.h"
#include "cli/print.h"
#include "proto/csv.h"
#include "proto/conf.h"
#include "proto/sign.h"

enum { NUDGE_MS = 1000, REGIONS_BYTES_MAX = 16 << 20 };

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

static int wanted(const struct cli *c, const struct place *p, struct office *ret)
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

static json_t *office_json(const struct office *o)
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
    char path[PLACE_PATH_MAX], below[64], err[512] = "";
    uint8_t secret[32];
    place_path(p, "keys/collector.key", path);
    int st = conf_key_read(path, "curve25519", secret, o->transport, err, sizeof err);
    explicit_bzero(secret, sizeof secret);
    if (st != ST_OK) return cli_fail(c, "kunci collector tidak dapat dibaca", "the collector's key cannot be read", err);
    snprintf(below, sizeof below, "keys/office/%s.key", o->id);
    place_path(p, below, path);
    st = conf_key_create(path, "ed25519", secret, o->signing);
    explicit_bzero(secret, sizeof secret);
    return st == ST_OK
               ? EXIT_OK
               : cli_fail(c, "kunci kantor tidak dapat dibuat atau dibaca", "the office's key cannot be made or read", path);
}

/* The register's key: the centre's alone, so only its machine can add a line. */
static int registry_key(const struct place *p, struct signer *ret, uint8_t ret_pub[PUBKEY_SIZE], char *err, size_t err_size)
{
    char path[PLACE_PATH_MAX];
    uint8_t seed[32];
    place_path(p, "keys/registry.key", path);
    int st = conf_key_read(path, "ed25519", seed, ret_pub, err, err_size);
    if (st == ST_OK) st = sign_ed25519_ring_new(ret);
    if (st == ST_OK) st = sign_ed25519_ring_add(ret, slice_of(REGISTRY_KEY_ID, sizeof REGISTRY_KEY_ID - 1), seed);
    explicit_bzero(seed, sizeof seed);
    return st;
}

/* Puts o, signed, after the lines in b, which must all verify. */
static int add_line(const struct place *p, struct buf *b, struct office *o, char *err, size_t err_size)
{
    char line[REGISTRY_LINE_MAX];
    struct registry_chain chain;
    struct registry *r = NULL;
    struct signer signer = { 0 };
    struct verifier v = sign_ed25519_verifier();
    uint8_t pub[PUBKEY_SIZE];
    int st = registry_parse(buf_slice(b), &r, err, err_size);
    registry_chain_start(&chain);
    if (st == ST_OK) st = registry_key(p, &signer, pub, err, err_size);
    if (st == ST_OK) st = registry_verify(r, &chain, pub, &v, err, err_size);
    if (st == ST_OK) st = registry_seal(&chain, o, &signer);
    if (st == ST_OK && registry_line_format(o, line, sizeof line) < 0) st = ST_FULL;
    if (st == ST_OK) {
        if (b->n && b->p[b->n - 1] != '\n') buf_u8(b, '\n');
        buf_printf(b, "%s\n", line);
        o->version = chain.version;
        if (!buf_ok(b)) st = ST_NO_MEMORY;
    }
    sign_ed25519_ring_free(&signer);
    registry_free(&r);
    return st;
}

/* Writes the line of o as the register's newest. A validity that begins now begins with its day: clocks of two machines differ. */
static int append(const struct cli *c, const struct place *p, struct office *o)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    struct timespec now;
    struct buf b;
    clock_gettime(CLOCK_REALTIME, &now);
    o->valid_from.ms = (int64_t)now.tv_sec / 86400 * 86400 * 1000;
    place_path(p, "registry/office.tsv", path);
    buf_init(&b, PLACE_REGISTRY_BYTES_MAX);
    int st = conf_file_read(path, PLACE_REGISTRY_BYTES_MAX, &b);
    if (st == ST_OK) st = add_line(p, &b, o, err, sizeof err);
    if (st == ST_OK) {
        st = conf_file_write(path, buf_slice(&b), 0600);
        if (st != ST_OK) snprintf(err, sizeof err, "%s", strerror(errno));
    }
    if (st != ST_OK && !err[0]) snprintf(err, sizeof err, "%s", status_str(st));
    buf_done(&b);
    return st == ST_OK ? EXIT_OK
                       : cli_fail(c, "kantor tidak dapat ditulis ke daftar", "the office cannot be written to the register", err);
}

/* The same office again: said so when nothing differs, refused otherwise. */
static int again(const struct cli *c, const struct office *old, const struct office *want, struct office *ret)
{
    bool same =
        old->status == OFFICE_ACTIVE && old->region == want->region && old->role == want->role && !strcmp(old->name, want->name);
    *ret = *old;
    if (same) {
        cli_talk(c, "%s sudah terdaftar dengan data yang sama", "%s is already registered with the same data", old->id);
        return EXIT_OK;
    }
    cli_talk(c, "%s sudah terdaftar dengan data lain; lihat rekap office show %s",
             "%s is already registered with other data; see rekap office show %s", old->id, old->id);
    return EXIT_FAILED;
}

static int add_locked(const struct cli *c, const struct place *p, const struct office *want, struct office *ret, bool *ret_added)
{
    struct registry *r = NULL;
    int rc = place_registry(c, p, &r);
    if (rc != EXIT_OK) return rc;
    const struct office *old = registry_office(r, slice_of(want->id, strlen(want->id)));
    *ret_added = !old;
    if (old) {
        rc = again(c, old, want, ret);
    } else {
        *ret = *want;
        rc = take_keys(c, p, ret);
        if (rc == EXIT_OK) rc = append(c, p, ret);
    }
    registry_free(&r);
    return rc;
}

static void nudge(const struct place *p, const char *daemon)
{
    json_t *a = NULL;
    if (place_ask(p, daemon, "{\"verb\":\"reload\"}", NUDGE_MS, &a) == ST_OK) json_decref(a);
}

static int add(const struct cli *c, const struct place *p)
{
    struct office want, o;
    bool added = false;
    char path[PLACE_PATH_MAX];
    int rc = wanted(c, p, &want);
    if (rc != EXIT_OK) return rc;
    place_path(p, "registry/.lock", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        rc = cli_fail(c, "daftar kantor tidak dapat dikunci", "the register cannot be locked", strerror(errno));
    else rc = add_locked(c, p, &want, &o, &added);
    if (fd >= 0) close(fd);
    if (rc != EXIT_OK) return rc;
    nudge(p, "worker");
    nudge(p, "collector");
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
        { "status", "revoked", "dicabut", "revoked" },
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

static bool inside(region_code at, region_code region)
{
    while (at != region && at != 0) at = code_region_parent(at);
    return at == region;
}

static int list(const struct cli *c, const struct registry *r)
{
    const char *text = c->value[OPT_REGION] ? c->value[OPT_REGION] : "";
    region_code region;
    if (code_region_parse(slice_of(text, strlen(text)), &region) != ST_OK)
        return cli_usage(c, "kode wilayah: 33 atau 33.74", "region code: 33 or 33.74", text);
    json_t *a = json_array();
    for (size_t i = 0; i < registry_count(r); i++)
        if (inside(registry_at(r, i)->region, region)) json_array_append_new(a, office_json(registry_at(r, i)));
    output(c, a);
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

int office_run(struct cli *c)
{
    static const char *const words[] = { "add", "list", "show" };
    const char *what = c->operand[0];
    struct place p;
    struct registry *r = NULL;
    unsigned i = 0;
    while (i < 3 && strcmp(what, words[i]) != 0) i++;
    if (i == 3)
        return cli_usage(c, "rekap office add ID | list | show ID; tidak dikenal", "rekap office add ID | list | show ID; unknown",
                         what);
    if (c->operand_count != (i == 1 ? 1 : 2))
        return cli_usage(c, i == 1 ? "list tidak memakai ID" : "sebutkan ID kantor",
                         i == 1 ? "list takes no ID" : "give the office's ID", NULL);
    int rc = place_open(c, &p);
    if (rc == EXIT_OK && i == 0) return add(c, &p);
    if (rc == EXIT_OK) rc = place_registry(c, &p, &r);
    if (rc == EXIT_OK) rc = i == 1 ? list(c, r) : show(c, r);
    registry_free(&r);
    return rc;
}
