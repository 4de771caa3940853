/* status.c - `rekap status`: do the services answer, and where does each office stand? Kind: E.
 *
 * The register says which offices there are, the collector what each of them has stated and what is acknowledged, the aggregator
 * what the centre holds. Nothing is waited for or tried again: a service that does not answer now is reported as such, and the exit
 * code is 0 only when all three do. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/notice.h"
#include "cli/print.h"
#include "proto/join.h"

enum { ASK_MS = 2000 };
static const char STATUS[] = "{\"verb\":\"status\"}";

struct picture {
    json_t *worker, *collector, *aggregator, *offices, *notices;
    bool ok;
};

static json_t *service(const struct place *p, const char *daemon)
{
    json_t *a = NULL;
    return place_ask(p, daemon, STATUS, ASK_MS, &a) == ST_OK ? a : NULL;
}

/* Its HTTP side, which is what people and programs use, together with what only the control socket tells. */
static json_t *aggregator(const struct place *p)
{
    struct ask_answer h = { 0 };
    json_t *o =
        ask_own(p, "/api/v1/status", ASK_MS, &h) == ST_OK && h.status == 200 ? json_loadb(h.body, h.n, 0, NULL) : NULL;
    json_t *control = service(p, "aggregator");
    free(h.body);
    if (o && control) json_object_update_missing(o, control);
    if (o && !control) {
        json_decref(o);
        o = NULL;
    }
    json_decref(control);
    return o;
}

static json_t *find_office(const json_t *list, const char *id)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        const char *name = json_string_value(json_object_get(o, "office"));
        if (name && !strcmp(name, id)) return o;
    }
    return NULL;
}

static json_t *office_json(const struct office *o, const json_t *desk)
{
    static const char *const fields[] = { "last",  "acked",      "lsn",     "waiting_bytes", "refused",
                                          "state", "state_text", "last_at", "acked_at", "kept_bytes", "archived", "let_go" };
    char region[8];
    code_region_format(o->region, region);
    json_t *j = json_pack("{s:s,s:s,s:s,s:s,s:s}", "office", o->id, "name", o->name, "region", region, "role",
                          registry_role_name(o->role), "status", o->status == OFFICE_ACTIVE ? "active" : "revoked");
    const json_t *from = find_office(json_object_get(desk, "offices"), o->id);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_t *v = json_object_get(from, fields[i]);
        json_object_set_new(j, fields[i], v ? json_incref(v) : json_null());
    }
    json_int_t last = json_integer_value(json_object_get(from, "last")), acked = json_integer_value(json_object_get(from, "acked"));
    json_object_set_new(j, "waiting", from ? json_integer(last > acked ? last - acked : 0) : json_null());
    return j;
}

static void look(const struct place *p, const struct registry *r, struct picture *ret)
{
    *ret = (struct picture){ .collector = service(p, "collector"), .offices = json_array() };
    if (!p->office) {
        ret->worker = service(p, "worker");
        ret->aggregator = aggregator(p);
    }
    ret->ok = p->office ? ret->collector != NULL : ret->worker && ret->collector && ret->aggregator;
    for (size_t i = 0; i < registry_count(r); i++)
        json_array_append_new(ret->offices, office_json(registry_at(r, i), ret->collector));
}

/* ---- for people ---- */

static const char *mark(const struct cli *c, bool up)
{
    bool fancy = cli_fancy(STDOUT_FILENO);
    if (up) return fancy ? "\033[32mOK\033[0m   " : "OK   ";
    return fancy ? cli_say(c, "\033[31mMATI\033[0m ", "\033[31mDOWN\033[0m ") : cli_say(c, "MATI ", "DOWN ");
}

static long long count_of(const json_t *o, const char *key) { return (long long)json_integer_value(json_object_get(o, key)); }

/* What the witness has against the worker's log: nothing of it is small. */
static void history(const struct cli *c, const json_t *w)
{
    const char *text = json_string_value(json_object_get(w, c->lang == LANG_EN ? "text_en" : "text"));
    if (!text) return;
    printf(c->lang == LANG_EN ? "\n     RIWAYAT_BEDA: %s (witnessed: %lld records, shown: %lld); nothing is sent, all is kept"
                              : "\n     RIWAYAT_BEDA: %s (disaksikan: %lld catatan, ditunjukkan: %lld); "
                                "pengiriman berhenti, semua tersimpan",
           text, count_of(w, "kept_size"), count_of(w, "seen_size"));
    const char *at = json_string_value(json_object_get(w, "restored_at"));
    if (at)
        printf(c->lang == LANG_EN ? "\n     at the centre: restore or promote once more, with --after %s"
                                  : "\n     di pusat: ulangi rekap restore atau promote dengan --after %s", at);
}

/* The fingerprints of an office's own keys, as the centre sees them. */
static void fingerprints(const struct cli *c, const struct registry *r)
{
    for (size_t i = 0; i < registry_count(r); i++) {
        const struct office *o = registry_at(r, i);
        struct join_request q = { .kind = JOIN_NEW };
        char fingerprint[JOIN_FINGERPRINT_SIZE];
        memcpy(q.office, o->id, sizeof q.office);
        memcpy(q.transport, o->transport, PUBKEY_SIZE);
        memcpy(q.signing, o->signing, PUBKEY_SIZE);
        join_fingerprint(&q, fingerprint);
        printf(c->lang == LANG_EN ? "     %s: at the centre, rekap office approve %s; fingerprint %s\n"
                                  : "     %s: di pusat, rekap office approve %s; sidik jari %s\n", o->id, o->id, fingerprint);
    }
}

/* What an office can know of its centre, in words that say what to do. */
static void centre(const struct cli *c, const struct place *p, const struct registry *r, const struct picture *s)
{
    char path[PLACE_PATH_MAX], where[256] = "";
    const char *session = json_string_value(json_object_get(s->collector, "session")),
               *refused = json_string_value(json_object_get(s->collector, "refused"));
    bool waits = refused && !strcmp(refused, status_code_spelling(CODE_AWAITING_APPROVAL));
    place_path(p, "etc/collector.conf", path);
    (void)place_setting(path, "collector", "worker", where, sizeof where);
    printf("%s%s %s: ", mark(c, session && !strcmp(session, "up")), cli_say(c, "pusat", "centre"), where);
    if (session && !strcmp(session, "up")) puts(cli_say(c, "tersambung", "connected"));
    else if (waits)
        puts(cli_say(c, "menunggu persetujuan pusat; setelah disetujui tersambung sendiri",
                     "awaits approval by the centre; connects by itself once approved"));
    else if (refused) printf("%s (%s)\n", cli_say(c, "pusat menolak", "the centre refuses"), refused);
    else puts(cli_say(c, "belum tersambung: jaringan tertutup, atau permohonan belum sampai (ulangi rekap office join)",
                      "not connected: the network is closed, or the request has not arrived (repeat rekap office join)"));
    if (waits) fingerprints(c, r);
    printf("%scollector: ", mark(c, s->collector != NULL));
    if (s->collector)
        printf(c->lang == LANG_EN ? "%lld files waiting, %lld office keys" : "%lld berkas menunggu, %lld kunci kantor",
               count_of(s->collector, "tray_waiting"), count_of(s->collector, "keys"));
    if (s->collector) history(c, json_object_get(s->collector, "witness"));
    puts("\n");
}

/* Of a worker that keeps the log of another one. */
static void following(const struct cli *c, const json_t *worker)
{
    const json_t *f = json_object_get(worker, "following");
    const char *state = json_string_value(json_object_get(f, "state")), *code = json_string_value(json_object_get(f, "code"));
    if (!json_is_object(f)) return;
    printf(c->lang == LANG_EN ? "; follower (%s): %lld records, %lld s behind"
                              : "; pengikut (%s): tertinggal %lld catatan, %lld detik",
           state && !strcmp(state, "following") ? cli_say(c, "mengikuti", "following") : code ? code : "?", count_of(f, "lag"),
           count_of(f, "lag_seconds"));
}

/* Whoever keeps the log a second time, and how far. */
static void replicas(const struct cli *c, const json_t *worker)
{
    size_t i;
    json_t *f;
    if (count_of(worker, "acks") != 2) return;
    long long stored = 0;
    json_array_foreach(json_object_get(worker, "followers"), i, f)
        if (count_of(f, "stored") > stored) stored = count_of(f, "stored");
    if (stored > 0) printf(c->lang == LANG_EN ? "; follower has %lld" : "; di pengikut %lld", stored);
    else fputs(cli_say(c, "; TIDAK ADA PENGIKUT", "; NO FOLLOWER"), stdout);
}

static void services(const struct cli *c, const struct place *p, const struct picture *s)
{
    printf("%sworker      ", mark(c, s->worker != NULL));
    if (s->worker)
        printf(c->lang == LANG_EN ? "log position %lld, %lld sessions, register %lld"
                                  : "posisi catatan %lld, %lld sambungan, daftar kantor versi %lld",
               count_of(s->worker, "lsn"), count_of(s->worker, "sessions"), count_of(s->worker, "registry_version"));
    following(c, s->worker);
    replicas(c, s->worker);
    printf("\n%scollector   ", mark(c, s->collector != NULL));
    if (s->collector) {
        const char *session = json_string_value(json_object_get(s->collector, "session"));
        printf(c->lang == LANG_EN ? "line %s, %lld files waiting, %lld office keys"
                                  : "sambungan %s, %lld berkas menunggu, %lld kunci kantor",
               session ? session : "?", count_of(s->collector, "tray_waiting"), count_of(s->collector, "keys"));
        if (json_is_true(json_object_get(json_object_get(s->collector, "store"), "full")))
            fputs(cli_say(c, "; antrean penuh", "; the outbox is full"), stdout);
        history(c, json_object_get(s->collector, "witness"));
    }
    printf("\n%saggregator  http://%s/", mark(c, s->aggregator != NULL), p->http);
    size_t i;
    json_t *w;
    json_array_foreach(json_object_get(s->aggregator, "workers"), i, w)
        printf(c->lang == LANG_EN ? "; %s applied %lld of %lld" : "; %s terhitung %lld dari %lld",
               json_string_value(json_object_get(w, "worker")), count_of(w, "applied"), count_of(w, "head"));
    puts("\n");
}

static void offices(const struct cli *c, const struct picture *s)
{
    static const struct print_column columns[] = {
        { "Kantor", "Office", "office", PRINT_TEXT },      { "Wilayah", "Region", "region", PRINT_TEXT },
        { "Dinyatakan", "Stated", "last", PRINT_COUNT },   { "Diterima", "Acked", "acked", PRINT_COUNT },
        { "Menunggu", "Waiting", "waiting", PRINT_COUNT }, { "Ditolak", "Refused", "refused", PRINT_COUNT },
        { "Keadaan", "State", "state", PRINT_TEXT },       { "Terakhir", "Last", "last_at", PRINT_TEXT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(s->offices, i, o) for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++)
        print_json_cell(t, json_object_get(o, columns[k].csv));
    print_end(&t);
}

static void output(const struct cli *c, const struct place *p, const struct registry *r, const struct picture *s)
{
    if (c->format == FORMAT_JSON) {
        char http[PLACE_HTTP_MAX + 8];
        snprintf(http, sizeof http, "http://%s", p->http);
        print_json(json_pack("{s:s,s:s,s:b,s:O,s:O,s:O,s:O,s:O?}", "dir", p->dir, "http", http, "ok", (int)s->ok, "worker",
                             s->worker, "collector", s->collector, "aggregator", s->aggregator, "offices", s->offices, "notices",
                             s->notices));
        return;
    }
    if (c->format == FORMAT_TEXT && p->office) centre(c, p, r, s);
    else if (c->format == FORMAT_TEXT) services(c, p, s);
    offices(c, s);
    if (!json_array_size(s->offices)) cli_talk(c, "belum ada kantor; rekap office add", "no office yet; rekap office add");
}

/* Offices that have not reported though it was their time, by their own habit. */
static void silences(const struct cli *c, const struct place *p)
{
    struct ask_answer h = { 0 };
    bool answered = ask_own(p, "/api/v1/offices?with=habit", ASK_MS, &h) == ST_OK && h.status == 200;
    json_t *answer = answered ? json_loadb(h.body, h.n, 0, NULL) : NULL;
    size_t i;
    json_t *o;
    free(h.body);
    json_array_foreach(json_object_get(answer, "offices"), i, o)
    {
        const json_t *habit = json_object_get(o, "habit");
        if (!json_is_true(json_object_get(habit, "silent"))) continue;
        printf(c->lang == LANG_EN ? "%s: usually reports on day %lld after the month; %s is %lld days late\n"
                                  : "%s: biasanya melapor hari ke-%lld sesudah akhir bulan; %s terlambat %lld hari\n",
               json_string_value(json_object_get(o, "office")), count_of(habit, "day") + 1,
               json_string_value(json_object_get(habit, "next")), count_of(habit, "late"));
    }
    json_decref(answer);
}

/* Batches that are on one disk only and no longer here. */
static void unarchived(const struct cli *c, const json_t *offices)
{
    size_t i;
    json_t *o;
    json_array_foreach(offices, i, o)
    {
        long long n = count_of(o, "let_go");
        if (n > 0)
            cli_talk(c, "%s: %lld kiriman yang belum diarsipkan pusat tidak disimpan lagi di sini; jalankan rekap archive di pusat",
                     "%s: %lld batches that the centre has not archived are no longer kept here; run rekap archive at the centre",
                     json_string_value(json_object_get(o, "office")), n);
    }
}

/* A follower that has seen another log keeps what it has and waits for people. */
static void other_history(const struct cli *c, const json_t *worker)
{
    const json_t *f = json_object_get(worker, "following"), *fault = json_object_get(f, "fault");
    const char *seen = json_string_value(json_object_get(fault, "seen")), *code = json_string_value(json_object_get(f, "code"));
    if (!json_is_object(fault)) return;
    cli_talk(c, "pengikut berhenti (%s, lsn %lld): %s; kedua riwayat disimpan",
             "the follower stopped (%s, lsn %lld): %s; both histories are kept", code ? code : "?", count_of(fault, "lsn"),
             seen ? seen : "");
}

/* Rows whose checksum does not hold: named, never shown as figures. true: there are some. */
static bool damage(const struct cli *c, const char *daemon, const json_t *service, const char *todo)
{
    const json_t *scrub = json_object_get(service, "scrub"), *list = json_object_get(scrub, "rows_damaged");
    long long n = count_of(scrub, "damaged");
    size_t i;
    json_t *row;
    if (n == 0) return false;
    cli_talk(c, "RUSAK: %s: %lld baris penyimpanan tidak utuh; %s", "DAMAGED: %s: %lld rows of its store are not whole; %s",
             daemon, n, todo);
    json_array_foreach(list, i, row) cli_talk(c, "  tabel %s, kunci %s", "  table %s, key %s",
                                              json_string_value(json_object_get(row, "table")),
                                              json_string_value(json_object_get(row, "key")));
    return true;
}

/* What the last delivery of notices left behind; NULL at an office, and before the first one. */
static json_t *delivery(const struct place *p)
{
    char path[PLACE_PATH_MAX], given[PLACE_PATH_MAX] = "";
    place_path(p, "etc/notice.conf", path);
    (void)place_setting(path, "notice", "directory", given, sizeof given);
    if (!given[0]) place_path(p, "notice", given);
    return p->office ? NULL : notice_state(given);
}

/* A command that fails is told where everybody looks; it stops nothing. */
static void deliveries(const struct cli *c, const json_t *d)
{
    size_t i;
    const json_t *f;
    if (c->format == FORMAT_TEXT && d)
        printf(c->lang == LANG_EN ? "notices: %lld to do, %lld waiting to be told; looked at %s%s\n"
                                  : "pemberitahuan: %lld hal perlu dikerjakan, %lld menunggu disampaikan; dilihat %s%s\n",
               count_of(d, "notices"), count_of(d, "waiting"), json_string_value(json_object_get(d, "at")),
               json_is_true(json_object_get(d, "command")) ? "" : cli_say(c, "; tanpa on_event", "; no on_event"));
    json_array_foreach(json_object_get(d, "failing"), i, f) cli_talk(
        c, "pemberitahuan untuk %s tidak tersampaikan (%lld percobaan%s): %s",
        "notices for %s are not delivered (%lld attempts%s): %s", json_string_value(json_object_get(f, "office")),
        count_of(f, "attempts"), json_is_true(json_object_get(f, "given_up")) ? cli_say(c, ", menyerah", ", given up") : "",
        json_string_value(json_object_get(f, "error")));
}

static void null_for_missing(json_t **o)
{
    if (!*o) *o = json_null();
}

static bool any_damage(const struct cli *c, const struct picture *s)
{
    bool worker = damage(c, "worker", s->worker, cli_say(c, "pulihkan dari cadangan atau pengikut",
                                                         "restore from a backup or promote a follower"));
    bool collector = damage(c, "collector", s->collector,
                            cli_say(c, "hentikan, pindahkan collector/outbox, jalankan lagi, kirim lagi yang belum diterima",
                                    "stop, move collector/outbox away, start again, push again what was not acknowledged"));
    bool aggregator = damage(c, "aggregator", s->aggregator, cli_say(c, "hentikan, hapus aggregator/state, jalankan lagi",
                                                                     "stop, delete aggregator/state, start again"));
    return worker || collector || aggregator;
}

int status_run(struct cli *c)
{
    struct place p;
    struct registry *r = NULL;
    struct picture s;
    int rc = place_open_any(c, &p);
    if (rc == EXIT_OK) rc = place_registry(c, &p, &r);
    if (rc != EXIT_OK) return rc;
    look(&p, r, &s);
    s.notices = delivery(&p);
    bool ok = s.ok;
    if (c->format == FORMAT_JSON) {
        null_for_missing(&s.worker);
        null_for_missing(&s.collector);
        null_for_missing(&s.aggregator);
    }
    output(c, &p, r, &s);
    if (c->format == FORMAT_TEXT && !p.office && s.aggregator) silences(c, &p);
    deliveries(c, s.notices);
    unarchived(c, s.offices);
    other_history(c, s.worker);
    bool damaged = any_damage(c, &s);
    registry_free(&r);
    json_decref(s.worker);
    json_decref(s.collector);
    json_decref(s.aggregator);
    json_decref(s.offices);
    json_decref(s.notices);
    if (!ok)
        cli_talk(c, "ada layanan yang tidak menjawab; jalankan rekap up --dir %s",
                 "some service does not answer; start rekap up --dir %s", c->dir);
    return ok && !damaged ? EXIT_OK : EXIT_FAILED;
}
