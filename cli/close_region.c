/* close_region.c - `rekap rehearse | close | restate`: the quarter of a whole region, up to its sealed record. Kind: E.
 *
 * close consolidates what is verified and seals version 1; done again it finds the seal that is there, or finishes what was cut off
 * (close_seal.h). What was reopened after a seal is consolidated again and sealed as the next version by restate alone, so that
 * nobody replaces a printed root by repeating a command.
 *
 * Invariant: a version is sealed only of a quarter all of whose offices are consolidated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/close.h"
#include "cli/close_seal.h"
#include "cli/print.h"
#include "cli/seal_diff.h"
#include "cli/seal_file.h"

struct region { /* one run of close or restate */
    struct close_verb v;
    region_code code;
    struct close_seal seal;
    unsigned newest; /* version that is sealed; 0: none */
    struct hash root, before; /* of it, and of the version before; zero where there is none */
};

static int open_region(const struct cli *c, struct close_verb *v, region_code *ret)
{
    const char *region = c->value[OPT_REGION];
    int rc = close_verb_open(c, false, v);
    if (rc != EXIT_OK) return rc;
    if (!region) return cli_usage(c, "sebutkan --region KODE", "give --region CODE", NULL);
    if (code_region_parse(slice_of(region, strlen(region)), ret) == ST_OK) return EXIT_OK;
    return cli_usage(c, "kode wilayah harus 33 (provinsi) atau 33.74 (kabupaten/kota)",
                     "a region code is 33 (province) or 33.74 (city)", region);
}

int close_rehearse(struct cli *c)
{
    struct close_verb v;
    region_code region;
    int rc = open_region(c, &v, &region);
    if (rc == EXIT_OK) rc = close_verb_look(&v, true);
    if (rc == EXIT_OK) close_show(c, v.answer);
    close_verb_done(&v);
    return rc;
}

/* ---- consolidation ---- */

/* The offices that are still to be consolidated, as acts; caller frees. */
static size_t acts_of_region(const struct close_verb *v, struct close_act **ret)
{
    json_t *list = json_object_get(v->answer, "closes"), *o;
    struct close_act *act = calloc(json_array_size(list) + 1, sizeof *act);
    size_t i, n = 0;
    *ret = act;
    json_array_foreach(list, i, o)
    {
        if (!act || !strcmp(print_text_of(o, "state"), "dikonsolidasikan")) continue;
        act[n] = close_verb_act(v, o, STEP_CONSOLIDATE, (unsigned)json_integer_value(json_object_get(o, "round")));
        act[n].words.follows = close_verb_id(o, "verification", &act[n].words.after);
        act[n].words.has_beside = close_verb_id(o, "before_consolidation", &act[n].words.beside);
        n++;
    }
    return n;
}

/* The i-th seal from the end of the list. False: there is none. */
static bool read_root(const struct region *r, size_t i, struct hash *ret, unsigned *ret_version)
{
    const json_t *list = json_object_get(r->v.answer, "seals");
    size_t n = json_array_size(list);
    const json_t *o = i < n ? json_array_get(list, n - 1 - i) : NULL;
    const char *root = json_string_value(json_object_get(o, "root"));
    *ret_version = (unsigned)json_integer_value(json_object_get(o, "version"));
    return root && strlen(root) == 2 * HASH_SIZE && bytes_unhex(root, 2 * HASH_SIZE, ret->b) == ST_OK;
}

static void read_newest(struct region *r)
{
    unsigned before = 0;
    r->before = (struct hash){ { 0 } };
    if (!read_root(r, 0, &r->root, &r->newest)) r->newest = 0;
    (void)read_root(r, 1, &r->before, &before);
}

static bool all_consolidated(const struct region *r)
{
    const json_t *list = json_object_get(r->v.answer, "closes"), *o;
    size_t i;
    if (json_array_size(list) == 0) return false;
    json_array_foreach(list, i, o) if (strcmp(print_text_of(o, "state"), "dikonsolidasikan") != 0) return false;
    return true;
}

/* Asks, and refuses with the list of what stands in the way. Nothing stands in the way of what is consolidated, and its findings
 * need not be looked for. */
static int ready(struct region *r)
{
    int rc = close_verb_look(&r->v, false);
    if (rc == EXIT_OK && !all_consolidated(r)) rc = close_verb_look(&r->v, true);
    if (rc != EXIT_OK) return rc;
    read_newest(r);
    if (all_consolidated(r)) return EXIT_OK;
    if (json_is_true(json_object_get(r->v.answer, "ready"))) return EXIT_OK;
    close_show(r->v.c, r->v.answer);
    return EXIT_REFUSED;
}

/* ---- sealing ---- */

static int seal_version(struct region *r, unsigned version)
{
    struct close_seal *s = &r->seal;
    int timeout = 0, rc = cli_number(r->v.c, OPT_TIMEOUT, 60, 1, 86400, &timeout);
    *s = (struct close_seal){ .c = r->v.c, .p = &r->v.p, .region = r->code, .year = (unsigned)r->v.year,
                              .quarter = (unsigned)r->v.quarter, .version = version, .actor = r->v.actor,
                              .timeout_ms = 1000 * timeout };
    if (version > 1) s->before = version > r->newest ? r->root : r->before;
    return rc == EXIT_OK ? close_seal_make(s) : rc;
}

static int another_root(const struct region *r, const char *path)
{
    return cli_fail(r->v.c, "akar berkas ini bukan akar yang tercatat di log", "this file's root is not the one in the log", path);
}

/* The newest seal as it lies here: read and verified. Where the file is gone it is made again from the log; it is the same as long
 * as this release and the lists beside the register are those it was made with. */
static int find_sealed(struct region *r)
{
    struct slice bytes;
    char path[PLACE_PATH_MAX];
    close_seal_path(&r->v.p, r->code, (unsigned)r->v.year, (unsigned)r->v.quarter, r->newest, path);
    if (access(path, F_OK) != 0) {
        int rc = seal_version(r, r->newest);
        if (rc != EXIT_OK || sign_hash_equal(&r->seal.sealed.root, &r->root)) return rc;
        (void)unlink(path);
        return another_root(r, path);
    }
    r->seal = (struct close_seal){ .c = r->v.c, .version = r->newest };
    memcpy(r->seal.file, path, sizeof path);
    int rc = close_seal_open(r->v.c, &r->v.p, path, &r->seal.sealed, &bytes);
    if (rc != EXIT_OK) return rc;
    backup_unmap(&bytes);
    return sign_hash_equal(&r->seal.sealed.root, &r->root) ? EXIT_OK : another_root(r, path);
}

static void show_seal(const struct region *r)
{
    const struct close_seal *s = &r->seal;
    char root[CLOSE_SEAL_HASH], before[CLOSE_SEAL_HASH], region[8];
    bytes_hex(s->sealed.root.b, HASH_SIZE, root);
    bytes_hex(s->sealed.before.b, HASH_SIZE, before);
    code_region_format(r->code, region);
    if (r->v.c->format == FORMAT_JSON) {
        json_object_set_new(r->v.answer, "seal",
                            json_pack("{s:i,s:s,s:s?,s:s,s:I}", "version", (int)s->version, "root", root, "before",
                                      s->version > 1 ? before : NULL, "file", s->file, "lines", (json_int_t)s->sealed.lines));
        return;
    }
    if (r->v.c->format == FORMAT_CSV) return;
    printf(r->v.c->lang == LANG_EN ? "Seal of %s, region %s, version %u: %s\nRoot %s\n"
                                   : "Segel %s wilayah %s versi %u: %s\nAkar %s\n",
           r->v.quarter_text, region, s->version, s->file, root);
}

/* What this version changed against the one before, of a restatement whose earlier file is here. */
static json_t *difference(const struct region *r)
{
    char path[PLACE_PATH_MAX];
    uint8_t key[PUBKEY_SIZE];
    json_t *diff = NULL;
    if (r->seal.version < 2) return NULL;
    close_seal_path(&r->v.p, r->code, (unsigned)r->v.year, (unsigned)r->v.quarter, r->seal.version - 1, path);
    if (access(path, R_OK) != 0 || seal_file_key(r->v.c, key) != EXIT_OK) return NULL;
    return seal_diff_make(r->v.c, path, r->seal.file, key, &diff) == EXIT_OK ? diff : NULL;
}

static void show_all(struct region *r, bool sealed)
{
    json_t *diff = sealed ? difference(r) : NULL;
    bool json = r->v.c->format == FORMAT_JSON;
    if (sealed && json) show_seal(r);
    if (diff && json) json_object_set(r->v.answer, "difference", diff);
    close_show_step(r->v.c, step_name(STEP_CONSOLIDATE), r->v.actor, r->v.answer);
    if (sealed && !json) show_seal(r);
    if (diff && r->v.c->format == FORMAT_TEXT) seal_diff_show(r->v.c, diff);
    json_decref(diff);
}

/* Consolidates what is left, then seals that version; the answer is asked again so that it has the root. */
static int consolidate_and_seal(struct region *r, unsigned version)
{
    struct close_act *act = NULL;
    size_t n = acts_of_region(&r->v, &act);
    int rc = act ? EXIT_OK : cli_fail(r->v.c, "memori habis", "out of memory", NULL);
    if (rc == EXIT_OK && n > 0) rc = close_verb_settle(&r->v, act, n);
    free(act);
    if (rc == EXIT_OK) {
        rc = seal_version(r, version);
        if (rc == EXIT_OK) rc = close_seal_state(&r->seal);
        int again = close_verb_look(&r->v, false);
        show_all(r, rc == EXIT_OK && again == EXIT_OK);
        return rc == EXIT_OK ? again : rc;
    }
    if (rc == EXIT_REFUSED) show_all(r, false);
    return rc;
}

/* Does the newest seal hold the consolidation that stands, of every office? */
static int holds_all(const struct region *r, bool *ret)
{
    const json_t *list = json_object_get(r->v.answer, "closes"), *o;
    struct seal seal;
    struct slice bytes;
    size_t i;
    int rc = close_seal_open(r->v.c, &r->v.p, r->seal.file, &seal, &bytes);
    if (rc != EXIT_OK) return rc;
    *ret = true;
    json_array_foreach(list, i, o)
    {
        char id[CLOSE_SEAL_HASH];
        struct hash h;
        if (!close_verb_id(o, "consolidation", &h)) continue;
        bytes_hex(h.b, HASH_SIZE, id);
        if (!memmem(bytes.p, bytes.n, id, 2 * HASH_SIZE)) *ret = false;
    }
    backup_unmap(&bytes);
    return EXIT_OK;
}

static int refused(const struct region *r, const char *id, const char *en)
{
    cli_talk(r->v.c, "%s: %s", "%s: %s", r->v.quarter_text, cli_say(r->v.c, id, en));
    return EXIT_REFUSED;
}

static int run_close(struct region *r)
{
    bool same = false;
    if (r->newest == 0) return consolidate_and_seal(r, 1);
    int rc = find_sealed(r);
    if (rc == EXIT_OK) rc = holds_all(r, &same);
    if (rc != EXIT_OK) return rc;
    if (!all_consolidated(r) || !same)
        return refused(r, "sudah disegel; yang dibuka kembali disegel sebagai versi berikutnya: rekap restate",
                       "is sealed; what was reopened is sealed as the next version: rekap restate");
    show_all(r, true);
    return EXIT_OK;
}

static int run_restate(struct region *r)
{
    bool same = false;
    if (r->newest == 0) return refused(r, "belum disegel: rekap close", "is not sealed yet: rekap close");
    if (r->newest >= SEAL_VERSION_MAX) return refused(r, "versi habis", "no version is left");
    int rc = find_sealed(r);
    if (rc == EXIT_OK) rc = holds_all(r, &same);
    if (rc != EXIT_OK) return rc;
    if (all_consolidated(r) && same)
        return refused(r, "tidak ada kantor yang dibuka kembali sejak segel terakhir: rekap reopen",
                       "no office was reopened since the last seal: rekap reopen");
    return consolidate_and_seal(r, r->newest + 1);
}

static int run(const struct cli *c, int (*fn)(struct region *r))
{
    struct region r = { .newest = 0 };
    int rc = open_region(c, &r.v, &r.code);
    if (rc == EXIT_OK && r.code == 0) rc = cli_usage(c, "sebutkan --region KODE", "give --region CODE", NULL);
    if (rc == EXIT_OK) rc = close_actor(c, &r.v.p, 1 << ROLE_CENTRE, r.code, r.v.actor, &r.v.role);
    if (rc == EXIT_OK) rc = ready(&r);
    if (rc == EXIT_OK) rc = fn(&r);
    close_verb_done(&r.v);
    return rc;
}

int close_run(struct cli *c)
{
    if (c->value[OPT_REHEARSE]) return close_rehearse(c);
    if (c->value[OPT_AS_OF])
        return cli_usage(c, "--as-of hanya untuk gladi (--rehearse)", "--as-of is for a rehearsal (--rehearse)",
                         c->value[OPT_AS_OF]);
    return run(c, run_close);
}

int close_restate(struct cli *c)
{
    if (!c->value[OPT_REASON] || !c->value[OPT_REASON][0])
        return cli_usage(c, "sebutkan --reason TEKS", "give --reason TEXT", NULL);
    return run(c, run_restate);
}
