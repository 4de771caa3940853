/* attack_world.c - the installation of attack.h: a centre that listens on TCP, two offices that joined it, a hostile follower's
 * key in its list. Kind: E, tests only. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/bytes.h"
#include "proto/conf.h"
#include "tests/it/attack.h"

enum { COMMAND_MS = 30 * 1000, VISIBLE_MS = 60 * 1000 };

static bool key_of(const char *path, const char *type, uint8_t secret[32], uint8_t pub[32])
{
    char err[256] = "";
    if (conf_key_read(path, type, secret, pub, err, sizeof err) == ST_OK) return true;
    return world_note("%s", err), false;
}

bool attack_keys(const char *dir, struct attack_office *o)
{
    char path[700];
    snprintf(path, sizeof path, "%s/keys/collector.key", dir);
    bool ok = key_of(path, "curve25519", o->keys.secret, o->keys.pub);
    snprintf(path, sizeof path, "%s/keys/office/%s.key", dir, o->id);
    return ok && key_of(path, "ed25519", o->seed, o->pub);
}

/* ---- the configuration, as an operator would change it ---- */

static bool add_follower(struct attack *a)
{
    char path[512], hex[65];
    struct buf b;
    if (crypto_box_keypair(a->follower.pub, a->follower.secret) != 0) return false;
    bytes_hex(a->follower.pub, 32, hex);
    world_path(&a->w, "etc/worker.conf", path);
    char *text = world_read(path), *at = text ? strstr(text, "followers = ") : NULL;
    buf_init(&b, 1 << 20);
    if (at) {
        at += strlen("followers = ");
        buf_put(&b, text, (size_t)(at - text));
        buf_printf(&b, "%s,%s", hex, at);
    }
    bool ok = at && buf_ok(&b) && world_write(path, b.p, b.n);
    buf_done(&b);
    free(text);
    return ok;
}

/* ---- offices ---- */

static bool invite(struct attack *a, const char *id, char line[1024])
{
    const char *const args[] = { "office", "invite", id, "--region", ATTACK_REGION, "--name", id, NULL };
    if (world_rekap(&a->w, COMMAND_MS, args) != 0) return false;
    char *out = world_output(&a->w, "out"), *at = out ? strstr(out, "rekap-undangan-1:") : NULL;
    if (at) {
        at[strcspn(at, " \n")] = '\0';
        snprintf(line, 1024, "%s", at);
    }
    free(out);
    return at != NULL;
}

static bool join(struct attack *a, struct attack_office *o, const char *id)
{
    char program[600], dir[600], line[1024];
    const char *const argv[] = { program, "office", "join", line, "--dir", dir, "--timeout", "20", NULL };
    const char *const approve[] = { "office", "approve", id, NULL };
    snprintf(o->id, sizeof o->id, "%s", id);
    snprintf(program, sizeof program, "%s/rekap", a->w.bin);
    snprintf(dir, sizeof dir, "%.250s/%.40s", a->w.dir, id);
    return invite(a, id, line) && world_run(&a->w, COMMAND_MS, argv) == 0 && world_rekap(&a->w, COMMAND_MS, approve) == 0 &&
           attack_keys(dir, o);
}

static bool offices(struct attack *a)
{
    snprintf(a->local.id, sizeof a->local.id, "gen-3374-43");
    bool ok = join(a, &a->honest, "gen-3374-41") && join(a, &a->hostile, "gen-3374-42") &&
              world_office(&a->w, a->local.id, ATTACK_REGION) && attack_keys(a->w.dir, &a->local);
    if (ok) return true;
    char *err = world_output(&a->w, "err");
    world_note("the offices cannot join: %s", err);
    free(err);
    return false;
}

bool attack_make(struct attack *a, const char *bin)
{
    char path[512];
    uint8_t secret[32];
    *a = (struct attack){ .done = 0 };
    if (sodium_init() < 0 || !world_make(&a->w, bin)) return false;
    if (!world_up(&a->w)) return false; /* writes the configuration that is changed now */
    a->port = world_port();             /* not the monitor's, which is taken at this moment */
    snprintf(a->w.listen, sizeof a->w.listen, "tcp://127.0.0.1:%u", a->port);
    if (!world_down(&a->w) || !add_follower(a) || !world_up(&a->w)) return false;
    a->http_port = (unsigned)strtoul(strrchr(a->w.http, ':') + 1, NULL, 10);
    world_path(&a->w, "keys/worker.key", path);
    return key_of(path, "curve25519", secret, a->server) && offices(a);
}

void attack_free(struct attack *a) { world_free(&a->w); }

/* ---- figures ---- */

int64_t attack_total(const struct attack *a, const char *office)
{
    char target[256];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&office=%s&year=%d&until=12", ATTACK_REGION, office, ATTACK_YEAR);
    json_t *j = world_get(&a->w, target);
    const char *text = world_text(json_object_get(j, "total"), "realised"), *dot = strchr(text, '.');
    int64_t sen = dot ? strtoll(text, NULL, 10) * 100 + strtoll(dot + 1, NULL, 10) : -1;
    json_decref(j);
    return sen;
}

void attack_push(struct attack *a, unsigned n)
{
    char path[512], text[160];
    const char *const args[] = { "push", "--office", a->local.id, path, NULL };
    int size = snprintf(text, sizeof text, "tahun,nomenklatur,kode,sampai,pagu,realisasi\n"
                        "%d,permendagri-90-2019,1.06.01.2.01.01,%d-12,,%u.00\n", ATTACK_YEAR, ATTACK_YEAR, n);
    world_path(&a->w, "push.csv", path);
    world_check(world_write(path, text, (size_t)size) && world_rekap(&a->w, COMMAND_MS, args) == 0, "push %u is refused", n);
}

struct shown { const struct attack *a; int64_t sen; };
static bool is_shown(void *ctx)
{
    const struct shown *s = ctx;
    return attack_total(s->a, s->a->local.id) == s->sen;
}

void attack_pushed(const struct attack *a, unsigned n, const char *test)
{
    struct shown s = { a, (int64_t)n * 100 };
    world_check(world_until(VISIBLE_MS, is_shown, &s), "%s: what was pushed through the collector is not shown: %lld", test,
                (long long)attack_total(a, a->local.id));
}
