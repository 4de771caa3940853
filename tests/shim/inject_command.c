/* inject_command.c - every call of a verb of rekap fails once (or from there on for good), in a system that runs. Kind: E, tests
 * only.
 *
 * push: each run states another value of one figure. When it says that it is done, that value is what is shown in the end; when
 * it refuses, it says why, and what is shown is that value or the one before. A question either answers rightly or refuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/shim/inject.h"

enum { VERB_MS = 20000, SETTLE_MS = 20000 };
struct asked { struct inject *i; const char *verb; char program[48]; int64_t now, stated; json_t *right; /* answer; NULL: any */ };

void inject_command_arm(struct inject *i, uint64_t n)
{
    struct fail_state *s = i->state;
    char where[600];
    snprintf(where, sizeof where, "%s.where", getenv(FAIL_STATE));
    (void)unlink(where);
    atomic_store(&s->starts, 0);
    atomic_store(&s->fired, 0);
    for (unsigned k = 0; k < FAIL_KINDS; k++) atomic_store(&s->calls[k], 0);
    s->kind = i->kind;
    s->start = 1;
    s->error = inject_errors[i->kind];
    s->ever = i->ever;
    s->n = n;
    s->where = 0;
    s->again = false;
    snprintf(s->program, sizeof s->program, "%.31s", i->program);
}

/* What is asked; PLACES stand for what the world has. */
static const struct verb { const char *name, *args[10]; bool same; /* as without faults */ } verbs[] = {
    { "push", { "push", "--office", "OFFICE", "FILE" }, false },
    { "status", { "status", "--json" }, false },
    { "rollup", { "rollup", "--json", "--region", "REGION", "--year", "1991", "--until", "1" }, true },
    { "findings", { "findings", "--json", "--region", "REGION", "--year", "1991" }, true },
    { "explain", { "explain", "--json", "FIGURE" }, true },
    { "history", { "history", "--json", "FIGURE" }, true },
};

static const struct verb *verb_of(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(verbs[i].name, name)) return &verbs[i];
    ASSERT(!"a verb that is in the table");
    return NULL;
}

static int run_verb(struct asked *a)
{
    char path[512], text[300], code[32], figure[100];
    const struct load_office *o = &a->i->load.o[0];
    const struct verb *v = verb_of(a->verb);
    const char *args[11] = { NULL };
    load_code(0, code);
    a->stated = a->now + (!strcmp(a->verb, "push") ? 100 : 0);
    int n = snprintf(text, sizeof text, "tahun,nomenklatur,kode,sampai,pagu,realisasi\n%u,permendagri-90-2019,%s,%u-01,,%lld.00\n",
                     (unsigned)a->i->load.year, code, (unsigned)a->i->load.year, (long long)(a->stated / 100));
    world_path(&a->i->w, "csv/one.csv", path);
    snprintf(figure, sizeof figure, "%s/%u/realised/%s?until=1,vintage=permendagri-90-2019", o->region, (unsigned)a->i->load.year,
             code);
    for (unsigned k = 0; k < 10 && v->args[k]; k++)
        args[k] = !strcmp(v->args[k], "OFFICE") ? o->id : !strcmp(v->args[k], "REGION") ? o->region
                  : !strcmp(v->args[k], "FILE") ? path  : !strcmp(v->args[k], "FIGURE") ? figure : v->args[k];
    if (!world_write(path, text, (size_t)n)) return -1;
    return world_rekap(&a->i->w, VERB_MS, args);
}

static bool is_text(const json_t *total, int64_t sen)
{
    char want[40];
    snprintf(want, sizeof want, "%lld.%02lld", (long long)(sen / 100), (long long)(sen % 100));
    return !strcmp(world_text(total, "realised"), want);
}

static bool shows(const struct inject *i, int64_t sen)
{
    char target[200];
    const struct load_office *o = &i->load.o[0];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&year=%u&until=1", o->region, (unsigned)i->load.year);
    json_t *j = world_get(&i->w, target);
    bool yes = is_text(json_object_get(j, "total"), sen);
    json_decref(j);
    return yes;
}

struct waiting { const struct inject *i; int64_t sen, other; bool any; int64_t found; };
static bool arrived(void *ctx)
{
    struct waiting *w = ctx;
    bool taken = world_tray_files(&w->i->w) == 0;   /* looked at before the numbers: what comes after shows next time */
    uint64_t last = 0, acked = world_acked(&w->i->w, &last);
    json_t *worker = world_status(&w->i->w, WORLD_WORKER), *a = world_get(&w->i->w, "/api/v1/status"),
           *c = world_status(&w->i->w, WORLD_COLLECTOR);
    bool calm = acked == last && c && taken &&
                world_number(json_array_get(json_object_get(a, "workers"), 0), "applied") == world_number(worker, "lsn");
    json_decref(worker);
    json_decref(a);
    json_decref(c);
    if (!calm) return false;
    w->found = shows(w->i, w->sen) ? w->sen : w->any && shows(w->i, w->other) ? w->other : 0;
    return w->found != 0;
}

/* A file of a push that was refused may lie in the tray all the same: nothing is concluded before the tray is empty. */
static const char *check_push(struct asked *a, int rc)
{
    struct waiting w = { .i = a->i, .sen = a->stated, .other = a->now, .any = rc != 0 };
    if (!world_until(SETTLE_MS, arrived, &w)) return "what was pushed is not what is shown";
    a->now = w.found;
    return NULL;
}

static const char *check_answer(struct asked *a, int rc)
{
    if (rc != 0) return NULL;
    json_t *j = world_output_json(&a->i->w);
    (void)json_object_del(j, "as_of");          /* when it was asked */
    bool ok = json_is_object(j) && (strcmp(a->verb, "rollup") != 0 || is_text(json_object_get(j, "total"), a->now)) &&
              (!a->right || json_equal(j, a->right));
    json_decref(j);
    return ok ? NULL : "it ended well with a wrong answer";
}

const char *inject_command_end(struct inject *i, int rc)
{
    char how[32];
    if (rc == 0) return i->t.went_on++, NULL;
    if (rc < 0) return "it hangs";
    char *err = world_output(&i->w, "err");
    if (rc > 128) snprintf(how, sizeof how, "%s", rc == 134 ? "Aborted" : rc == 139 ? "Segmentation fault" : "signal");
    else snprintf(how, sizeof how, "exit %d", rc);
    const char *fault = rc > 128 || err[0] ? inject_end_ok(i, how, err) : "it ended without a word";
    free(err);
    return fault;
}

/* Callers of the call that failed, and where the program died of it. */
void inject_command_where(const struct inject *i)
{
    char path[600];
    snprintf(path, sizeof path, "%s.where", getenv(FAIL_STATE));
    char *where = world_read(path), *err = world_output(&i->w, "err");
    world_note("%s%s", where ? where : "", err);
    free(where);
    free(err);
}

static bool one(struct asked *a, uint64_t n)
{
    inject_command_arm(a->i, n);
    int rc = run_verb(a);
    bool fired = atomic_load(&a->i->state->fired) > 0;
    a->i->state->program[0] = '\0';
    const char *fault = inject_command_end(a->i, rc);
    if (!fault) fault = !strcmp(a->verb, "push") ? check_push(a, rc) : check_answer(a, rc);
    if (!fault && !fired && rc != 0) fault = "it fails without a fault";
    a->i->t.tried++;
    a->i->t.untouched += !fired;
    a->i->t.went_on -= !fired && rc == 0;
    world_check(!fault, "rekap %s, %s %s, call %llu (exit %d): %s", a->verb, inject_kinds[a->i->kind],
                a->i->ever ? "for good" : "once", (unsigned long long)n, rc, fault ? fault : "");
    if (fault) inject_command_where(a->i);
    return fired;
}

void inject_command(struct inject *i, const char *verb, unsigned stride)
{
    struct asked a = { .i = i, .verb = verb, .now = 100000 };
    snprintf(a.program, sizeof a.program, "rekap %s", verb);
    i->state->program[0] = '\0';
    i->program = a.program;
    if (!inject_restore(i) || !world_up(&i->w)) {
        world_check(false, "the installation does not start");
        return;
    }
    a.verb = "push";
    bool ready = run_verb(&a) == 0 && !check_push(&a, 0);
    a.verb = verb;
    world_check(ready, "a first value is not shown");
    if (ready && verb_of(verb)->same) {
        ready = run_verb(&a) == 0;
        a.right = world_output_json(&i->w);
        (void)json_object_del(a.right, "as_of");
        world_check(ready && json_is_object(a.right), "%s does not answer without faults", verb);
    }
    for (uint64_t n = i->from ? i->from : 1 + rng_below(&i->rng, stride); ready && one(&a, n); n += stride) {}
    world_check(world_down(&i->w), "it does not end");
    json_decref(a.right);
    i->program = "rekap";
}
