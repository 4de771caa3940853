/* office_approve.c - `rekap office approve|reject`, and who waits: the centre's answer to a request. Kind: E.
 *
 * A request comes from the worker's table (the office's id is given) or as the line `office join` prints (the network is closed).
 * Either way it is checked from the beginning (proto/approve.h), and a new office is what its invitation says.
 *
 * Invariant: the register's line is written before the invitation is marked as used, so a stop in between can be repeated. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/print.h"
#include "proto/approve.h"
#include "proto/period.h"
#include "proto/sign.h"

enum { ASK_MS = 2000 };
struct approval {
    const struct cli *c;
    const struct place *p;
    struct join_request request;
    bool by_line;                       /* the worker has not seen it, or not yet */
    struct registry *registry;
    struct invites *invites;
    struct office office;               /* the line to be written */
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static struct wall wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct wall){ (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 };
}

/* ---- the request ---- */

static json_t *pending(const struct place *p)
{
    json_t *a = NULL, *list = NULL;
    if (place_ask(p, "worker", "{\"verb\":\"pending\"}", ASK_MS, &a) == ST_OK) list = json_incref(json_object_get(a, "pending"));
    json_decref(a);
    return list;
}

static int find_pending(struct approval *a, const char *id)
{
    json_t *list = pending(a->p), *o;
    const char *line = NULL;
    enum join_fault fault;
    size_t i;
    if (!list)
        return cli_fail(a->c, "worker tidak menjawab; jalankan rekap up, atau pakai baris permohonan dari kantor",
                        "the worker does not answer; run rekap up, or use the request line of the office", NULL);
    json_array_foreach(list, i, o)
    {
        const char *name = json_string_value(json_object_get(o, "office"));
        if (name && !strcmp(name, id)) line = json_string_value(json_object_get(o, "request"));
    }
    int st = line ? join_request_read(text(line), &a->request, &fault) : ST_NOT_FOUND;
    json_decref(list);
    if (st == ST_OK) return EXIT_OK;
    return cli_fail(a->c, "tidak ada permohonan yang menunggu dari kantor itu (rekap office list)",
                    "no request of that office is waiting (rekap office list)", id);
}

static int read_line(struct approval *a, const char *line)
{
    enum join_fault fault;
    a->by_line = true;
    if (join_request_read(text(line), &a->request, &fault) == ST_OK) return EXIT_OK;
    if (fault == JOIN_FAULT_MISTYPED)
        return cli_fail(a->c, "baris permohonan terpotong atau salah ketik; minta kirim ulang",
                        "the request line was cut or mistyped; ask for it again", NULL);
    return cli_fail(a->c, "ini bukan baris permohonan rekap", "this is no request line of rekap", NULL);
}

static int find_request(struct approval *a)
{
    const char *what = a->c->operand[1];
    return registry_id_ok(text(what)) ? find_pending(a, what) : read_line(a, what);
}

/* ---- what speaks against it ---- */

static int refuse(const struct approval *a, enum approve_fault fault, const char *about)
{
    static const struct { const char *id, *en; } SAY[] = {
        [APPROVE_BAD_SIGNATURE] = { "tanda tangan permohonan tidak sah", "the request's signature is not valid" },
        [APPROVE_NO_INVITATION] = { "undangan permohonan ini tidak ada di pusat ini",
                                    "the request's invitation is not of this centre" },
        [APPROVE_NOT_OPEN] = { "undangannya sudah dipakai atau ditarik; undang lagi dengan rekap office invite",
                               "its invitation was used or taken back; invite again with rekap office invite" },
        [APPROVE_OTHER_OFFICE] = { "undangan ini untuk kantor lain", "the invitation is for another office" },
        [APPROVE_EXPIRED] = { "undangannya sudah kedaluwarsa; undang lagi dengan rekap office invite",
                              "its invitation has expired; invite again with rekap office invite" },
        [APPROVE_NOT_ACTIVE] = { "kantor itu tidak terdaftar atau sudah dicabut", "that office is not registered, or is revoked" },
        [APPROVE_NOT_BY_PRESENT] = { "tidak ditandatangani dengan kunci kantor yang berlaku",
                                     "not signed with the office's key in force" },
        [APPROVE_KEY_OF_OTHER] = { "kunci itu milik kantor lain", "that key belongs to another office" },
        [APPROVE_KEY_REVOKED] = { "kunci itu sudah pernah dicabut; kantor harus membuat yang baru",
                                  "that key was revoked; the office has to make a new one" },
    };
    return cli_fail(a->c, SAY[fault].id, SAY[fault].en, about);
}

static int check(struct approval *a)
{
    const struct verifier v = sign_ed25519_verifier();
    const struct approve_question q = { &a->request, a->registry, a->invites, &v, a->by_line, wall_now() };
    char about[OFFICE_ID_MAX + 1];
    enum approve_fault fault = approve_judge(&q, &a->office, about);
    return fault == APPROVE_FINE ? EXIT_OK : refuse(a, fault, about);
}

/* ---- yes ---- */

static int mark(const struct approval *a, enum invite_state state)
{
    const struct invite *i = invite_find(a->invites, a->request.invitation);
    if (!i) return EXIT_OK;
    struct invite one = *i;
    one.state = (uint8_t)state;
    return office_invite_put(a->c, a->p, a->invites, &one);
}

static int approve_locked(struct approval *a)
{
    int rc = place_registry(a->c, a->p, &a->registry);
    if (rc == EXIT_OK) rc = office_invites(a->c, a->p, &a->invites);
    if (rc == EXIT_OK) rc = check(a);
    if (rc == EXIT_OK) rc = office_append(a->c, a->p, &a->office);
    if (rc == EXIT_OK && a->request.kind == JOIN_NEW) rc = mark(a, INVITE_USED);
    registry_free(&a->registry);
    invite_free(&a->invites);
    return rc;
}

int office_approve(const struct cli *c, const struct place *p)
{
    struct approval a = { .c = c, .p = p };
    char fingerprint[JOIN_FINGERPRINT_SIZE];
    int rc = find_request(&a);
    if (rc != EXIT_OK) return rc;
    int fd = office_lock(c, p);
    rc = fd < 0 ? EXIT_FAILED : approve_locked(&a);
    if (fd >= 0) close(fd);
    if (rc != EXIT_OK) return rc;
    office_nudge(p);
    join_fingerprint(&a.request, fingerprint);
    if (c->format == FORMAT_JSON) {
        json_t *o = office_json(&a.office);
        json_object_set_new(o, "fingerprint", json_string(fingerprint));
        print_json(json_pack("{s:[o]}", "offices", o));
    } else {
        printf("%s %s\n", cli_say(c, "disetujui:", "approved:"), a.office.id);
        printf("%s %s\n", cli_say(c, "sidik jari kunci:", "fingerprint of its keys:"), fingerprint);
    }
    return EXIT_OK;
}

/* ---- no ---- */

/* Takes back what is open for the office; *ret_any tells whether there was anything. */
static int take_back(const struct cli *c, const struct place *p, const char *id, bool *ret_any)
{
    struct invites *list = NULL;
    int rc = office_invites(c, p, &list);
    for (size_t i = 0; rc == EXIT_OK && i < invite_count(list); i++) {
        struct invite one = *invite_at(list, i);
        if (one.state != INVITE_OPEN || strcmp(one.office, id) != 0) continue;
        one.state = INVITE_REJECTED;
        rc = office_invite_put(c, p, list, &one);
        *ret_any = true;
    }
    invite_free(&list);
    return rc;
}

int office_reject(const struct cli *c, const struct place *p)
{
    const char *id = c->operand[1];
    bool any = false;
    char request[128];
    json_t *a = NULL;
    if (!registry_id_ok(text(id))) return cli_usage(c, "sebutkan ID kantor", "give the office's ID", id);
    int fd = office_lock(c, p);
    int rc = fd < 0 ? EXIT_FAILED : take_back(c, p, id, &any);
    if (fd >= 0) close(fd);
    if (rc != EXIT_OK) return rc;
    snprintf(request, sizeof request, "{\"verb\":\"reject\",\"office\":\"%s\"}", id);
    if (place_ask(p, "worker", request, ASK_MS, &a) == ST_OK) any |= json_is_true(json_object_get(a, "ok"));
    json_decref(a);
    office_nudge(p);
    if (!any)
        return cli_fail(c, "tidak ada undangan atau permohonan yang menunggu dari kantor itu",
                        "no invitation or request of that office is waiting", id);
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:s}", "rejected", id));
    else printf("%s %s\n", cli_say(c, "ditolak:", "rejected:"), id);
    return EXIT_OK;
}

/* ---- who waits ---- */

static void add_identity(json_t *o, const struct invite *i)
{
    char region[8], until[32];
    if (!i) return;
    code_region_format(i->region, region);
    (void)period_format_time(i->until, until);
    json_object_set_new(o, "region", json_string(region));
    json_object_set_new(o, "role", json_string(registry_role_name(i->role)));
    json_object_set_new(o, "name", json_string(i->name));
    json_object_set_new(o, "until", json_string(until));
}

static json_t *waiting_json(const struct invites *list, const json_t *from)
{
    const char *line = json_string_value(json_object_get(from, "request"));
    struct join_request r;
    enum join_fault fault;
    char fingerprint[JOIN_FINGERPRINT_SIZE];
    if (!line || join_request_read(text(line), &r, &fault) != ST_OK) return NULL;
    join_fingerprint(&r, fingerprint);
    json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "office", r.office, "state", "pending", "kind",
                          r.kind == JOIN_NEW ? "new" : "rotate", "fingerprint", fingerprint);
    json_object_set(o, "received", json_object_get(from, "received"));
    add_identity(o, invite_find(list, r.invitation));
    return o;
}

static bool has_request(const json_t *list, const char *office)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        const char *name = json_string_value(json_object_get(o, "office"));
        if (name && !strcmp(name, office)) return true;
    }
    return false;
}

json_t *office_waiting(const struct cli *c, const struct place *p)
{
    struct invites *list = NULL;
    json_t *ret = json_array(), *from = p->office ? NULL : pending(p), *o;
    size_t i;
    if (!p->office) (void)office_invites(c, p, &list);
    json_array_foreach(from, i, o)
    {
        json_t *one = waiting_json(list, o);
        if (one) json_array_append_new(ret, one);
    }
    for (size_t k = 0; k < invite_count(list); k++) {
        const struct invite *v = invite_at(list, k);
        if (!invite_may_ask(v, wall_now()) || has_request(ret, v->office)) continue;
        json_t *one = json_pack("{s:s,s:s}", "office", v->office, "state", "invited");
        add_identity(one, v);
        json_array_append_new(ret, one);
    }
    json_decref(from);
    invite_free(&list);
    return ret;
}
