/* close.c - `rekap submit | verify-office | return | reopen`: the quarter's close, step by step (close_region.c: the region's).
 * Kind: E.
 *
 * A verb asks the centre how the quarter stands, says the step that follows from there, waits until it is visible, and tells what
 * it came to. Whether a step stands is never decided here: what cannot stand is only not sent, with the words a person needs, and a
 * step that lost a race against another one is told as such afterwards. */
#include "cli/close.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "proto/clock.h"
#include "proto/period.h"

/* `last`: the quarter that ended last, by the clock of Jakarta (UTC+7); for timers. */
static int read_quarter(const char *q, int *ret_year, int *ret_quarter)
{
    enum { DAY_MS = 86400 * 1000, AHEAD_MS = 7 * 3600 * 1000 };
    if (strcmp(q, "last") != 0 && strcmp(q, "lalu") != 0)
        return period_parse_year_quarter(slice_of(q, strlen(q)), ret_year, ret_quarter);
    const struct clock clock = clock_posix();
    struct period_date d = period_date_of((clock.now(clock.ctx).wall.ms + AHEAD_MS) / DAY_MS);
    int before = (int)period_quarter((unsigned)d.month) - 1;
    *ret_year = before ? d.year : d.year - 1;
    *ret_quarter = before ? before : 4;
    return ST_OK;
}

int close_verb_open(const struct cli *c, bool office, struct close_verb *v)
{
    const char *q = c->operand[0], *id = c->value[OPT_OFFICE];
    *v = (struct close_verb){ .c = c };
    if (read_quarter(q, &v->year, &v->quarter) != ST_OK)
        return cli_usage(c, "triwulan ditulis 2022-Q4, 2022-TW4 atau 4/2022", "a quarter is written 2022-Q4, 2022-TW4 or 4/2022",
                         q);
    snprintf(v->quarter_text, sizeof v->quarter_text, "%d-Q%d", v->year, v->quarter);
    if (office && !id) return cli_usage(c, "sebutkan --office ID", "give --office ID", NULL);
    int rc = place_open(c, &v->p);
    if (rc == EXIT_OK) rc = place_registry(c, &v->p, &v->registry);
    if (rc != EXIT_OK || !id) return rc;
    v->office = registry_office(v->registry, slice_of(id, strlen(id)));
    return v->office ? EXIT_OK : office_unknown(c, v->registry, id);
}

void close_verb_done(struct close_verb *v)
{
    json_decref(v->answer);
    registry_free(&v->registry);
}

/* "w1:17,w2:4" of the answer that is acted upon. */
static void read_seen(struct close_verb *v)
{
    const char *worker;
    json_t *at;
    size_t n = 0;
    snprintf(v->seen, sizeof v->seen, "-");
    json_object_foreach(json_object_get(json_object_get(v->answer, "as_of"), "position"), worker, at)
    {
        int k = snprintf(v->seen + n, sizeof v->seen - n, "%s%s:%lld", n ? "," : "", worker, (long long)json_integer_value(at));
        if (k < 0 || (size_t)k >= sizeof v->seen - n) {
            v->seen[n] = '\0';
            return;
        }
        n += (size_t)k;
    }
}

/* Asks for the quarter of the verb's office, or of all of its region. */
int close_verb_look(struct close_verb *v, bool rehearse)
{
    const struct ask_param params[] = {
        { "quarter", v->quarter_text }, { "region", v->c->value[OPT_REGION] }, { "office", v->office ? v->office->id : NULL },
        { "rehearse", rehearse ? "1" : NULL }, { "as_of", v->c->value[OPT_AS_OF] },
        { "shown", rehearse && v->c->format == FORMAT_TEXT ? "20" : NULL }, /* a screen is no place for a hundred thousand */
    };
    json_decref(v->answer);
    v->answer = NULL;
    int rc = ask_question(v->c, &v->p, "/api/v1/closes", params, sizeof params / sizeof params[0], &v->answer);
    if (rc == EXIT_OK) read_seen(v);
    return rc;
}

static json_t *only(const struct close_verb *v) { return json_array_get(json_object_get(v->answer, "closes"), 0); }

/* The id that a step has to name; false: there is none. */
bool close_verb_id(const json_t *office, const char *name, struct hash *ret)
{
    const char *hex = json_string_value(json_object_get(json_object_get(office, "next"), name));
    return hex && strlen(hex) == 2 * HASH_SIZE && bytes_unhex(hex, 2 * HASH_SIZE, ret->b) == ST_OK;
}

/* ---- the one step of a verb ---- */

/* Which states a step can follow, and what it then names. */
static const struct rule { unsigned step, roles; const char *states, *after, *id, *en; } RULES[] = {
    { STEP_VERIFY, 1 << ROLE_PLANNER, "diajukan", "submission", "hanya yang diajukan dapat diverifikasi",
      "only what was handed in can be verified" },
    { STEP_RETURN, 1 << ROLE_PLANNER, "diajukan diverifikasi", NULL, "hanya yang diajukan atau diverifikasi dapat dikembalikan",
      "only what was handed in or verified can be returned" },
    { STEP_REOPEN, 1 << ROLE_PLANNER | 1 << ROLE_AUDITOR | 1 << ROLE_CENTRE, "dikonsolidasikan", "consolidation",
      "hanya yang dikonsolidasikan dapat dibuka kembali", "only what was consolidated can be reopened" },
};

static int refuse(const struct close_verb *v, const json_t *office, const char *id, const char *en)
{
    cli_talk(v->c, "%s %s: %s; %s", "%s %s: %s; %s", print_text_of(office, "office"), v->quarter_text,
             close_state_text(v->c, print_text_of(office, "state")), cli_say(v->c, id, en));
    return EXIT_REFUSED;
}

/* Did each step take effect? Says why not. */
static int outcome(const struct close_verb *v, const struct close_act *act, size_t n)
{
    int rc = EXIT_OK;
    for (size_t i = 0; i < n; i++) {
        const json_t *list = json_object_get(v->answer, "closes"), *o, *s;
        char hex[2 * HASH_SIZE + 1];
        const char *why = cli_say(v->c, "pusat tidak menerima langkah ini", "the centre has not taken this step");
        size_t k, m;
        bool effect = false;
        bytes_hex(act[i].id.b, HASH_SIZE, hex);
        json_array_foreach(list, k, o) json_array_foreach(json_object_get(o, "steps"), m, s)
        {
            if (strcmp(print_text_of(o, "office"), act[i].office) != 0 || strcmp(print_text_of(s, "id"), hex) != 0) continue;
            effect = json_is_true(json_object_get(s, "effect"));
            if (!effect) why = print_text_of(s, "why_text");
        }
        if (effect) continue;
        cli_talk(v->c, "%s %s: langkah tidak berlaku: %s", "%s %s: the step has no effect: %s", act[i].office, v->quarter_text,
                 why);
        rc = EXIT_REFUSED;
    }
    return rc;
}

int close_verb_settle(struct close_verb *v, struct close_act *act, size_t n)
{
    int rc = close_say(v->c, v->actor, (unsigned)v->year, (unsigned)v->quarter, v->c->value[OPT_REASON], act, n);
    if (rc == EXIT_OK) rc = close_verb_look(v, false);
    return rc == EXIT_OK ? outcome(v, act, n) : rc;
}

int close_verb_say(struct close_verb *v, struct close_act *act, size_t n)
{
    int rc = close_verb_settle(v, act, n);
    if (rc == EXIT_OK || rc == EXIT_REFUSED) close_show_step(v->c, step_name(act->key.step), v->actor, v->answer);
    return rc;
}

struct close_act close_verb_act(const struct close_verb *v, const json_t *office, unsigned step, unsigned round)
{
    struct close_act a = { .key = { .round = round, .step = step, .speaker = slice_of(v->actor, strlen(v->actor)) },
                           .words = { .seen = slice_of(v->seen, strlen(v->seen)) },
                           .source = step_source_of_role(v->role) };
    snprintf(a.office, sizeof a.office, "%s", print_text_of(office, "office"));
    return a;
}

static bool among(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; n && (at = strstr(at, word)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return true;
    return false;
}

static int outside_step(const struct cli *c, const struct rule *r)
{
    struct close_verb v;
    const char *about = c->value[OPT_CODE];
    if (r->step != STEP_VERIFY && (!c->value[OPT_REASON] || !c->value[OPT_REASON][0]))
        return cli_usage(c, "sebutkan --reason TEKS", "give --reason TEXT", NULL);
    if (about && (!about[0] || strlen(about) > CODE_TEXT_MAX || strpbrk(about, " \t\r\n")))
        return cli_usage(c, "bukan kode", "not a code", about);
    int rc = close_verb_open(c, true, &v);
    if (rc == EXIT_OK) rc = close_actor(c, &v.p, r->roles, v.office->region, v.actor, &v.role);
    if (rc == EXIT_OK) rc = close_verb_look(&v, false);
    json_t *office = rc == EXIT_OK ? only(&v) : NULL;
    if (rc == EXIT_OK && !office)
        rc = cli_fail(c, "kantor ini tidak menutup triwulan", "this office closes no quarter", v.office->id);
    if (rc == EXIT_OK && !among(r->states, print_text_of(office, "state"))) rc = refuse(&v, office, r->id, r->en);
    if (rc == EXIT_OK) {
        struct close_act a = close_verb_act(&v, office, r->step, (unsigned)json_integer_value(json_object_get(office, "round")));
        const char *after = r->after                                              ? r->after
                            : !strcmp(print_text_of(office, "state"), "diajukan") ? "submission"
                                                                                  : "verification";
        a.words.follows = close_verb_id(office, after, &a.words.after);
        if (r->step == STEP_REOPEN) a.words.has_beside = close_verb_id(office, "freed_by", &a.words.beside);
        if (r->step == STEP_RETURN && about) a.words.about = slice_of(about, strlen(about));
        rc = close_verb_say(&v, &a, 1);
    }
    close_verb_done(&v);
    return rc;
}

int close_verify(struct cli *c) { return outside_step(c, &RULES[0]); }
int close_return(struct cli *c) { return outside_step(c, &RULES[1]); }
int close_reopen(struct cli *c) { return outside_step(c, &RULES[2]); }

/* ---- the office hands in ---- */

/* Which step inside the office is said: --step, or kepala. */
static int read_step(const struct cli *c, unsigned *ret)
{
    const char *s = c->value[OPT_STEP];
    *ret = STEP_KEPALA;
    if (!s || (step_parse(slice_of(s, strlen(s)), ret) == ST_OK && *ret <= STEP_KEPALA)) return EXIT_OK;
    return cli_usage(c, "--step operator, kasubbag atau kepala", "--step operator, kasubbag or kepala", s);
}

/* The step inside the office that was taken last in this round; 0: none. */
static unsigned reached_of(const json_t *office)
{
    const char *inside = print_text_of(json_object_get(office, "next"), "inside");
    unsigned step = 0;
    if (inside[0]) (void)step_parse(slice_of(inside, strlen(inside)), &step);
    return step;
}

/* A demanded step that nobody has taken is told before anything is sent; "" when none is missing. */
static const char *missing(const json_t *office, unsigned step)
{
    const json_t *demanded = json_object_get(json_object_get(office, "next"), "demanded"), *one;
    unsigned reached = reached_of(office), need;
    size_t i;
    json_array_foreach(demanded, i, one)
    {
        const char *name = json_string_value(one);
        if (name && step_parse(slice_of(name, strlen(name)), &need) == ST_OK && need < step && need > reached) return name;
    }
    return "";
}

static int check_submit(const struct close_verb *v, const json_t *office, unsigned step)
{
    const char *state = print_text_of(office, "state");
    if (!strcmp(state, "dikonsolidasikan"))
        return refuse(v, office, "harus dibuka kembali dahulu (rekap reopen)", "it must be reopened first (rekap reopen)");
    if (missing(office, step)[0]) {
        cli_talk(v->c, "%s %s: langkah %s wajib lebih dahulu", "%s %s: the step %s is demanded first",
                 print_text_of(office, "office"), v->quarter_text, missing(office, step));
        return EXIT_REFUSED;
    }
    if (reached_of(office) >= step)
        return refuse(v, office, "langkah itu sudah ada pada putaran ini", "that step was taken in this round");
    bool waits = !strcmp(state, "diajukan") || !strcmp(state, "diverifikasi");
    if (waits && json_integer_value(json_object_get(office, "changed")) == 0)
        return refuse(v, office, "tidak ada angka yang berubah sejak diajukan", "no figure has changed since it was handed in");
    return EXIT_OK;
}

int close_submit(struct cli *c)
{
    struct close_verb v;
    unsigned step;
    int rc = read_step(c, &step);
    if (rc != EXIT_OK) return rc;
    rc = close_verb_open(c, true, &v);
    if (rc == EXIT_OK && v.office->role != ROLE_OFFICE)
        rc = cli_fail(c, "kantor ini tidak menutup triwulan", "this office closes no quarter", v.office->id);
    if (rc == EXIT_OK) rc = close_verb_look(&v, false);
    json_t *office = rc == EXIT_OK ? only(&v) : NULL;
    if (rc == EXIT_OK && !office)
        rc = cli_fail(c, "kantor ini tidak menutup triwulan", "this office closes no quarter", v.office->id);
    if (rc == EXIT_OK) rc = check_submit(&v, office, step);
    if (rc == EXIT_OK) {
        v.role = ROLE_OFFICE;
        snprintf(v.actor, sizeof v.actor, "%s", v.office->id);
        json_int_t round = json_integer_value(json_object_get(json_object_get(office, "next"), "round"));
        struct close_act a = close_verb_act(&v, office, step, (unsigned)round);
        a.words.follows = close_verb_id(office, "after", &a.words.after);
        rc = close_verb_say(&v, &a, 1);
    }
    close_verb_done(&v);
    return rc;
}
