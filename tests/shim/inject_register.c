/* inject_register.c - every call of a command that changes the register, or that copies the log, fails once (or from there on for
 * good), in a system that runs. Kind: E, tests only.
 *
 * What a command says that it has done is done. One that refused has done it whole or not at all: the same command without faults
 * then ends well, and the office it was about can push; a copy that is there and not whole is not taken for one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/shim/inject.h"

enum { RUN_MS = 45000 /* an export waits 20 s for an answer */, PUSH_MS = 20000 };
struct job {
    struct inject *i;
    const struct act *act;
    unsigned number;                    /* of the run */
    char id[24], line[1024];            /* the office it is about and its invitation */
    char out[512], fresh[512], backup[512];     /* where its copy goes; another place; what is restored */
};
struct act {
    const char *name, *args[8];         /* ID, LINE, OUT and BACKUP stand for the job's */
    bool elsewhere;                     /* --dir is OUT */
    bool (*before)(struct job *j);
    const char *(*after)(struct job *j, int rc);
};

static const char REGION[] = "33.74";

/* ---- steps without faults ---- */

static int rekap(const struct job *j, const char *const *args) { return world_rekap(&j->i->w, RUN_MS, args); }

static int run_act(const struct job *j, const char *out)
{
    char program[600];
    const char *argv[14] = { program };
    unsigned n = 1;
    snprintf(program, sizeof program, "%s/rekap", j->i->w.bin);
    for (unsigned k = 0; k < 8 && j->act->args[k]; k++) {
        const char *s = j->act->args[k];
        argv[n++] = !strcmp(s, "ID") ? j->id : !strcmp(s, "LINE") ? j->line : !strcmp(s, "OUT") ? out :
                    !strcmp(s, "BACKUP") ? j->backup : s;
    }
    argv[n++] = "--dir";
    argv[n++] = j->act->elsewhere ? out : j->i->w.dir;
    return world_run(&j->i->w, RUN_MS, argv);
}

/* What the register says of the job's office: "active", "revoked", or "" when it is not there. */
static void listed(const struct job *j, char ret[16])
{
    const char *const args[] = { "office", "show", j->id, "--json", NULL };
    ret[0] = '\0';
    if (rekap(j, args) != 0) return;
    json_t *o = world_output_json(&j->i->w);
    snprintf(ret, 16, "%s", world_text(json_array_get(json_object_get(o, "offices"), 0), "status"));
    json_decref(o);
}

static bool pushes(const struct job *j)
{
    char path[512], text[200];
    const char *const args[] = { "push", "--office", j->id, path, "--wait", NULL };
    int n = snprintf(text, sizeof text, "tahun,nomenklatur,kode,sampai,pagu,realisasi\n"
                     "1992,permendagri-90-2019,1.06.01.2.01.01,1992-01,,%u.00\n",
                     j->number + 1);
    world_path(&j->i->w, "csv/job.csv", path);
    return world_write(path, text, (size_t)n) && world_rekap(&j->i->w, PUSH_MS, args) == 0;
}

static bool add(struct job *j) { return world_office(&j->i->w, j->id, REGION); }

/* ---- the register ---- */

static const char *after_add(struct job *j, int rc)
{
    char is[16];
    listed(j, is);
    if (rc == 0 && !is[0]) return "it said that the office was added";
    if (!is[0] && run_act(j, j->out) != 0) return "the office cannot be added afterwards";
    return pushes(j) ? NULL : "the office that was added cannot push";
}

static const char *after_rotate(struct job *j, int rc)
{
    (void)rc;
    if (run_act(j, j->out) != 0) return "its key cannot be rotated afterwards";
    return pushes(j) ? NULL : "the office cannot push under its next key";
}

static const char *after_revoke(struct job *j, int rc)
{
    char is[16];
    listed(j, is);
    if (rc == 0 && strcmp(is, "revoked") != 0) return "it said that the office was revoked";
    if (strcmp(is, "revoked") != 0 && run_act(j, j->out) != 0) return "the office cannot be revoked afterwards";
    listed(j, is);
    return !strcmp(is, "revoked") ? NULL : "the office is not revoked afterwards";
}

static bool has_invitation(struct job *j)
{
    char *out = world_output(&j->i->w, "out"), *at = strstr(out, "rekap-undangan-1:");
    if (at) at[strcspn(at, " \n")] = '\0', snprintf(j->line, sizeof j->line, "%s", at);
    free(out);
    return at != NULL;
}

static const char *after_invite(struct job *j, int rc)
{
    if (rc == 0 && !has_invitation(j)) return "it ended well without an invitation";
    return run_act(j, j->out) == 0 && has_invitation(j) ? NULL : "the office cannot be invited afterwards";
}

static bool invite(struct job *j)
{
    const char *const args[] = { "office", "invite", j->id, "--region", REGION, "--name", j->id, NULL };
    return rekap(j, args) == 0 && has_invitation(j);
}

static int join(const struct job *j, const char *to)
{
    char program[600];
    const char *const argv[] = { program, "office", "join", j->line, "--dir", to, NULL };
    snprintf(program, sizeof program, "%s/rekap", j->i->w.bin);
    return world_run(&j->i->w, RUN_MS, argv);
}

static bool invite_and_join(struct job *j) { return invite(j) && join(j, j->out) == 0; }

static const char *approved(const struct job *j)
{
    const char *const args[] = { "office", "approve", j->id, NULL };
    char is[16];
    listed(j, is);
    if (strcmp(is, "active") != 0 && rekap(j, args) != 0) return "the office cannot be approved afterwards";
    listed(j, is);
    return !strcmp(is, "active") ? NULL : "the office that was approved is not in the register";
}

static const char *after_join(struct job *j, int rc)
{
    if (rc != 0 && join(j, j->out) != 0) return "the office cannot join afterwards";
    return approved(j);
}

static const char *after_approve(struct job *j, int rc)
{
    char is[16];
    listed(j, is);
    if (rc == 0 && strcmp(is, "active") != 0) return "it said that the office was approved";
    return approved(j);
}

/* ---- copies ---- */

static bool verified(const struct job *j, const char *backup)
{
    char program[600];
    const char *const argv[] = { program, "backup", "verify", backup, NULL };
    snprintf(program, sizeof program, "%s/rekap", j->i->w.bin);
    return world_run(&j->i->w, RUN_MS, argv) == 0;
}

static const char *after_backup(struct job *j, int rc)
{
    if (rc == 0 && !verified(j, j->out)) return "it ended well and does not verify";
    return run_act(j, j->fresh) == 0 && verified(j, j->fresh) ? NULL : "no backup can be made afterwards";
}

static bool stands(const struct job *j, const char *dir)
{
    char program[600];
    const char *const argv[] = { program, "audit", "--dir", dir, NULL };
    snprintf(program, sizeof program, "%s/rekap", j->i->w.bin);
    return world_run(&j->i->w, RUN_MS, argv) == 0;
}

static const char *after_restore(struct job *j, int rc)
{
    if (rc == 0) return stands(j, j->out) ? NULL : "it ended well and does not stand before the verifier";
    return run_act(j, j->fresh) == 0 && stands(j, j->fresh) ? NULL : "it cannot be restored afterwards";
}

/* An export has no keys: those of the centre are put there before. */
static bool restores(const struct job *j, const char *export, const char *to)
{
    char program[600], keys[512];
    const char *const copy[] = { "/bin/sh", "-c", "mkdir -p \"$1\" && cp -r \"$0\" \"$1\"", keys, to, NULL };
    const char *const argv[] = { program, "restore", export, "--dir", to, NULL };
    snprintf(program, sizeof program, "%s/rekap", j->i->w.bin);
    world_path(&j->i->w, "keys", keys);
    return world_run(&j->i->w, RUN_MS, copy) == 0 && world_run(&j->i->w, RUN_MS, argv) == 0 && stands(j, to);
}

/* Has something been restored there? */
static bool taken(const char *dir)
{
    char path[600];
    snprintf(path, sizeof path, "%s/worker/ledger/data.mdb", dir);
    return access(path, F_OK) == 0;
}

static const char *after_export(struct job *j, int rc)
{
    if (rc == 0) return restores(j, j->out, j->fresh) ? NULL : "it ended well and cannot be restored";
    (void)restores(j, j->out, j->fresh);        /* it may be whole: then it stands */
    return !taken(j->fresh) || stands(j, j->fresh) ? NULL : "it refused, and what it left is taken for an export";
}

/* ---- the table ---- */

static const struct act acts[] = {
    { "office-add", { "office", "add", "ID", "--region", "33.74", "--name", "ID" }, false, NULL, after_add },
    { "office-rotate", { "office", "rotate-key", "ID" }, false, add, after_rotate },
    { "office-revoke", { "office", "revoke", "ID" }, false, add, after_revoke },
    { "office-invite", { "office", "invite", "ID", "--region", "33.74", "--name", "ID" }, false, NULL, after_invite },
    { "office-join", { "office", "join", "LINE" }, true, invite, after_join },
    { "office-approve", { "office", "approve", "ID" }, false, invite_and_join, after_approve },
    { "backup", { "backup", "-o", "OUT", "--with-keys" }, false, NULL, after_backup },
    { "restore", { "restore", "BACKUP" }, true, NULL, after_restore },
    { "export", { "export", "-o", "OUT" }, false, NULL, after_export },
};

static const struct act *act_of(const char *name)
{
    for (size_t k = 0; k < sizeof acts / sizeof *acts; k++)
        if (!strcmp(acts[k].name, name)) return &acts[k];
    return NULL;
}

bool inject_register_knows(const char *name) { return act_of(name) != NULL; }

/* ---- one run ---- */

static void forget(const struct job *j)
{
    const char *const argv[] = { "/bin/rm", "-rf", j->out, j->fresh, NULL };
    (void)world_run(&j->i->w, RUN_MS, argv);
}

static bool one(struct job *j, uint64_t n)
{
    struct inject *i = j->i;
    snprintf(j->id, sizeof j->id, "gen-3374-%04u", ++j->number);
    bool ready = !j->act->before || j->act->before(j);
    inject_command_arm(i, n);
    int rc = ready ? run_act(j, j->out) : -1;
    bool fired = atomic_load(&i->state->fired) > 0;
    i->state->program[0] = '\0';
    const char *fault = ready ? inject_command_end(i, rc) : "it cannot be prepared";
    if (!fault && !fired && rc != 0) fault = "it fails without a fault";
    if (!fault) fault = j->act->after(j, rc);
    i->t.tried++;
    i->t.untouched += !fired;
    i->t.went_on -= !fired && rc == 0;
    world_check(!fault, "rekap %s, %s %s, call %llu (exit %d): %s", j->act->name, inject_kinds[i->kind],
                i->ever ? "for good" : "once", (unsigned long long)n, rc, fault ? fault : "");
    if (fault) inject_command_where(i);
    forget(j);
    return fired;
}

static bool prepare(struct job *j)
{
    const char *const args[] = { "backup", "-o", j->backup, "--with-keys", NULL };
    world_path(&j->i->w, "job.out", j->out);
    world_path(&j->i->w, "job.fresh", j->fresh);
    world_path(&j->i->w, "job.backup", j->backup);
    snprintf(j->i->w.listen, sizeof j->i->w.listen, "tcp://127.0.0.1:%u",
             world_port_from((unsigned)strtoul(strrchr(j->i->w.http, ':') + 1, NULL, 10) + 1));
    return inject_restore(j->i) && world_up(&j->i->w) && rekap(j, args) == 0;
}

void inject_register(struct inject *i, const char *name, unsigned stride)
{
    static char program[32];
    struct job j = { .i = i, .act = act_of(name) };
    i->state->program[0] = '\0';
    snprintf(program, sizeof program, "rekap %s", j.act->args[0]);
    i->program = program;
    bool ready = prepare(&j);
    world_check(ready, "the installation does not start");
    for (uint64_t n = i->from ? i->from : 1 + rng_below(&i->rng, stride); ready && one(&j, n); n += stride) {}
    world_check(world_down(&i->w), "it does not end");
}
