/* close_say.c - who takes a step, and the step on its way to the centre. Kind: E.
 *
 * A step goes the way a pushed file goes, as a tray file of one section an office, so it is numbered, signed and kept like every
 * statement. Invariant: nothing is sent for a speaker whose key is not on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/close.h"
#include "cli/push_part.h"

/* ---- who acts ---- */

static const char *role_word(const struct cli *c, unsigned roles)
{
    if (roles == 1u << ROLE_PLANNER) return cli_say(c, "perencana", "planner");
    if (roles == 1u << ROLE_CENTRE) return cli_say(c, "pusat", "centre");
    if (roles == 1u << ROLE_AUDITOR) return cli_say(c, "pemeriksa", "auditor");
    return cli_say(c, "perencana, pemeriksa atau pusat", "planner, auditor or centre");
}

/* Of whom a key is to be made: the only role that may, else a planner. */
static unsigned role_to_make(unsigned roles)
{
    return roles == 1u << ROLE_CENTRE ? ROLE_CENTRE : roles == 1u << ROLE_AUDITOR ? ROLE_AUDITOR : ROLE_PLANNER;
}

static bool may_act(const struct place *p, const struct office *o, unsigned roles, region_code region)
{
    char path[PLACE_PATH_MAX];
    if (!(roles >> o->role & 1) || o->status != OFFICE_ACTIVE || !code_region_holds(o->region, region)) return false;
    place_office_key(p, o->id, "", path);
    return access(path, R_OK) == 0;
}

static int none_may(const struct cli *c, unsigned roles, region_code region)
{
    char code[8];
    code_region_format(region, code);
    cli_talk(
        c,
        "belum ada kunci %s untuk wilayah %s di komputer ini; buat dengan: rekap office add ID --role %s --region %s --name NAMA",
        "no key of a %s for region %s on this machine; make one: rekap office add ID --role %s --region %s --name NAME",
        role_word(c, roles), code, registry_role_name(role_to_make(roles)), code);
    return EXIT_FAILED;
}

int close_actor(const struct cli *c, const struct place *p, unsigned roles, region_code region, char ret[OFFICE_ID_MAX + 1],
                uint8_t *ret_role)
{
    struct registry *r = NULL;
    const struct office *found = NULL;
    const char *as = c->value[OPT_AS];
    bool several = false;
    int rc = place_registry(c, p, &r);
    for (size_t i = 0; rc == EXIT_OK && i < registry_count(r); i++) {
        const struct office *o = registry_at(r, i);
        if ((as && strcmp(as, o->id) != 0) || !may_act(p, o, roles, region)) continue;
        several = found != NULL;
        found = o;
        if (several) break;
    }
    if (rc == EXIT_OK && several)
        rc = cli_usage(c, "ada beberapa yang dapat bertindak; sebutkan --as ID", "several could act; give --as ID", NULL);
    else if (rc == EXIT_OK && !found)
        rc = as ? cli_fail(c, "tidak berwenang untuk langkah ini, atau kuncinya tidak ada di komputer ini",
                           "has no authority for this step, or its key is not on this machine", as)
                : none_may(c, roles, region);
    if (rc == EXIT_OK) {
        snprintf(ret, OFFICE_ID_MAX + 1, "%s", found->id);
        *ret_role = found->role;
    }
    registry_free(&r);
    return rc;
}

/* ---- sending ---- */

struct saying {
    struct close_act *act;
    size_t n;
    unsigned year, quarter;
    const char *reason;
    struct slice clerk;
    struct wall entered;
};

static void fill_one(struct buf *b, const struct saying *x, struct close_act *a, uint32_t line)
{
    char indicator[STEP_KEY_MAX], text[STEP_WORDS_MAX];
    const struct section s = { .office = slice_of(a->office, strlen(a->office)), .clerk = x->clerk, .year = (uint16_t)x->year,
                               .source = a->source, .entered = x->entered };
    struct figure f = { .measure = MEASURE_STEP, .year = (uint16_t)x->year, .month = (uint8_t)(3 * x->quarter), .source = a->source,
                        .kind = VALUE_TEXT };
    f.indicator = slice_of(indicator, step_key_format(&a->key, indicator));
    f.text = slice_of(text, step_words_format(&a->words, text));
    const char *reason = a->reason ? a->reason : x->reason;
    if (reason) f.reason = slice_of(reason, strlen(reason));
    a->id = step_id(s.office, x->year, x->quarter, a->source, f.indicator, f.text);
    ASSERT(figure_check(&f) == CODE_OK);
    tray_section(b, &s, 1);
    tray_row(b, line, &f);
}

static void fill(struct buf *b, const struct tray *head, const void *ctx)
{
    const struct saying *x = ctx;
    struct tray h = *head;
    h.rows = (uint32_t)x->n;
    tray_begin(b, &h, (uint32_t)x->n);
    for (size_t i = 0; i < x->n; i++) fill_one(b, x, &x->act[i], (uint32_t)i + 1);
    tray_end(b);
}

struct root { /* one figure of MEASURE_SEAL */
    struct figure f;
    struct section s;
};

static void fill_root(struct buf *b, const struct tray *head, const void *ctx)
{
    const struct root *x = ctx;
    struct tray h = *head;
    h.rows = 1;
    tray_begin(b, &h, 1);
    tray_section(b, &x->s, 1);
    tray_row(b, 1, &x->f);
    tray_end(b);
}

/* Sends one file of n rows and waits; what: its name for people. */
static int send_file(struct push *u, const char *what, size_t n, push_fill fill_with, const void *ctx)
{
    u->file = calloc(1, sizeof *u->file);
    if (!u->file) return cli_fail(u->c, "memori habis", "out of memory", NULL);
    u->files = 1;
    *u->file = (struct push_file){
        .path = what, .rows = (int64_t)n, .accepted = (int64_t)n, .refused = json_array(), .notes = json_array()
    };
    if (push_store(u, u->file, fill_with, ctx) != ST_OK) return EXIT_FAILED;
    push_wait(u);
    if (u->file->visible) return EXIT_OK;
    return cli_fail(u->c, "langkah ini tersimpan dan akan dikirim, tetapi belum terlihat di pusat (rekap status)",
                    "the step is stored and will be sent, but is not visible at the centre yet (rekap status)",
                    u->collector_down ? cli_say(u->c, "collector tidak berjalan", "the collector does not run") : u->file->state);
}

int close_say(const struct cli *c, const char *speaker, unsigned year, unsigned quarter, const char *reason, struct close_act *act,
              size_t n)
{
    struct cli as = *c;
    struct push u = { .c = &as, .wait = true, .intake = { .lang = c->lang } };
    struct saying x = { .act = act, .n = n, .year = year, .quarter = quarter, .reason = reason && *reason ? reason : NULL };
    as.value[OPT_OFFICE] = speaker;
    if (x.reason && (strlen(x.reason) > TEXT_MAX || !bytes_utf8_ok(x.reason, strlen(x.reason))))
        return cli_usage(c, "alasan paling banyak 1500 bita teks UTF-8", "a reason is at most 1500 bytes of UTF-8", NULL);
    int rc = cli_number(c, OPT_TIMEOUT, 60, 1, 86400, &u.timeout_s);
    if (rc == EXIT_OK) rc = push_open(&u);
    if (rc == EXIT_OK) {
        x.clerk = u.intake.clerk;
        x.entered = u.intake.entered;
        rc = send_file(&u, step_name(act->key.step), n, fill, &x);
    }
    push_done(&u);
    return rc;
}

int close_say_root(const struct cli *c, const char *speaker, unsigned year, unsigned quarter, const char *key, const char *text)
{
    struct cli as = *c;
    struct push u = { .c = &as, .wait = true, .intake = { .lang = c->lang } };
    const char *reason = c->value[OPT_REASON];
    struct root x = { .f = { .measure = MEASURE_SEAL, .year = (uint16_t)year, .month = (uint8_t)(3 * quarter),
                             .source = SOURCE_OPD, .kind = VALUE_TEXT, .indicator = slice_of(key, strlen(key)),
                             .text = slice_of(text, strlen(text)) } };
    as.value[OPT_OFFICE] = speaker;
    if (reason && *reason) x.f.reason = slice_of(reason, strlen(reason));
    ASSERT(figure_check(&x.f) == CODE_OK);
    int rc = cli_number(c, OPT_TIMEOUT, 60, 1, 86400, &u.timeout_s);
    if (rc == EXIT_OK) rc = push_open(&u);
    if (rc == EXIT_OK) {
        x.s = (struct section){ .office = slice_of(speaker, strlen(speaker)), .clerk = u.intake.clerk, .year = (uint16_t)year,
                                .source = SOURCE_OPD, .entered = u.intake.entered };
        rc = send_file(&u, cli_say(c, "segel", "seal"), 1, fill_root, &x);
    }
    push_done(&u);
    return rc;
}
