/* compare_centre.c - the centre's side of `rekap compare`: asked, or as it was last known. Kind: E.
 *
 * Design notes: an office's etc/centre.conf says where the centre answers (`http`), with which key (`access`: a file that holds
 * what `rekap login --office ID --days N` printed there) and whose certificates count (`authorities`). A key travels under TLS
 * alone, and in the clear to this machine. What the centre said is kept in DIR/collector/centre/ID-YEAR-MONTH.json, whole or not at
 * all, and shown with its time when the centre is out of reach. At a centre of one's own its own aggregator is asked.
 *
 * Invariant: what is kept is one answer of one moment; nothing is put together from two. */
#include "cli/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/ask_tls.h"
#include "proto/conf.h"
#include "proto/period.h"

enum { KEPT_BYTES_MAX = 64 << 20, CENTRE_MS = 8000, KEY_BYTES_MAX = 200 };

struct centre { char http[PLACE_HTTP_MAX], key[KEY_BYTES_MAX + 16]; struct ask_tls *tls; bool own; };

/* ---- where it answers ---- */

static bool is_here(const char *address)
{
    return !strncmp(address, "127.", 4) || !strncmp(address, "[::1]", 5) || !strncmp(address, "localhost:", 10);
}

static bool read_key(struct compare *k, const char *path, struct centre *ret)
{
    struct buf b;
    buf_init(&b, KEY_BYTES_MAX);
    int st = conf_file_read(path, KEY_BYTES_MAX, &b);
    struct slice s = st == ST_OK ? bytes_trim(buf_slice(&b)) : slice_of("", 0);
    if (s.n) snprintf(ret->key, sizeof ret->key, "Bearer %.*s", (int)s.n, (const char *)s.p);
    if (!s.n) snprintf(k->why, sizeof k->why, "%s: %s", path, st == ST_OK ? "" : errno ? strerror(errno) : status_str(st));
    buf_done(&b);
    return s.n > 0;
}

static bool read_settings(struct compare *k, const char *url, const char *conf, struct centre *ret)
{
    char path[PLACE_PATH_MAX], authorities[PLACE_PATH_MAX];
    bool tls = !strncmp(url, "https://", 8), plain = !strncmp(url, "http://", 7);
    const char *address = url + (tls ? 8 : plain ? 7 : 0);
    snprintf(ret->http, sizeof ret->http, "%.*s", (int)strcspn(address, "/"), address);
    if (tls && !strrchr(ret->http, ':')) snprintf(ret->http + strlen(ret->http), sizeof ret->http - strlen(ret->http), ":443");
    if (!tls && !is_here(ret->http)) {
        snprintf(k->why, sizeof k->why, "%s",
                 cli_say(k->c, "etc/centre.conf: http harus https://", "etc/centre.conf: http must be https://"));
        return false;
    }
    if (place_setting(conf, "centre", "access", path, sizeof path) == ST_OK && path[0] && !read_key(k, path, ret)) return false;
    bool named = place_setting(conf, "centre", "authorities", authorities, sizeof authorities) == ST_OK && authorities[0];
    if (!tls || ask_tls_new(named ? authorities : NULL, &ret->tls) == ST_OK) return true;
    snprintf(k->why, sizeof k->why, "%s: %s", named ? authorities : "TLS",
             cli_say(k->c, "tidak berisi sertifikat", "holds no certificate"));
    return false;
}

static bool find_centre(struct compare *k, struct centre *ret)
{
    char conf[PLACE_PATH_MAX], url[PLACE_HTTP_MAX] = "";
    *ret = (struct centre){ .own = !k->p.office };
    if (ret->own) return true;
    place_path(&k->p, "etc/centre.conf", conf);
    if (place_setting(conf, "centre", "http", url, sizeof url) == ST_OK && url[0]) return read_settings(k, url, conf, ret);
    snprintf(k->why, sizeof k->why, "%s",
             cli_say(k->c, "alamat pusat tidak diketahui: isi http di etc/centre.conf",
                     "the centre's address is not known: set http in etc/centre.conf"));
    return false;
}

/* ---- asking ---- */

static json_t *ask(struct compare *k, const struct centre *c, const char *path, const struct ask_param *params, size_t n)
{
    const struct ask_who who = { c->key, c->tls };
    struct ask_answer a = { 0 };
    struct buf target;
    buf_init(&target, 4096);
    ask_target(&target, path, params, n);
    const char *at = (const char *)target.p;
    int st = !buf_ok(&target) ? ST_FULL : c->own ? ask_own(&k->p, at, CENTRE_MS, &a) : ask_as(c->http, at, CENTRE_MS, &who, &a);
    json_t *o = st == ST_OK ? json_loadb(a.body, a.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *title = json_string_value(json_object_get(o, "title"));
    if (st != ST_OK) snprintf(k->why, sizeof k->why, "%s %s", c->own ? k->p.http : c->http,
                              st == ST_AGAIN ? cli_say(k->c, "tidak menjawab", "does not answer")
                                             : cli_say(k->c, "tidak terjangkau", "cannot be reached"));
    else if (a.status != 200 || !o) snprintf(k->why, sizeof k->why, "%d %s", a.status, title ? title : "");
    if (st != ST_OK || a.status != 200) {
        json_decref(o);
        o = NULL;
    }
    free(a.body);
    buf_done(&target);
    return o;
}

static json_t *now_json(void)
{
    struct timespec t;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &t);
    const struct wall w = { (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 };
    return period_format_time(w, text) > 0 ? json_string(text) : json_null();
}

static json_t *ask_all(struct compare *k, const struct centre *c)
{
    char year[16], until[16], quarter[24];
    snprintf(year, sizeof year, "%d", k->year);
    snprintf(until, sizeof until, "%d", k->until);
    snprintf(quarter, sizeof quarter, "%d-Q%d", k->year, (k->until + 2) / 3);
    const char *lang = k->c->lang == LANG_EN ? "en" : "id";
    const struct ask_param figures[] = { { "office", k->office }, { "year", year }, { "until", until }, { "level", "daun" } };
    const struct ask_param close[] = { { "office", k->office }, { "quarter", quarter }, { "rehearse", "1" }, { "lang", lang } };
    json_t *rollup = ask(k, c, "/api/v1/rollup", figures, sizeof figures / sizeof figures[0]);
    json_t *closes = rollup ? ask(k, c, "/api/v1/closes", close, sizeof close / sizeof close[0]) : NULL;
    return rollup ? json_pack("{s:o,s:o,s:o}", "asked_at", now_json(), "rollup", rollup, "closes", closes ? closes : json_null())
                  : NULL;
}

/* ---- what was said last ---- */

static bool kept_path(const struct compare *k, char ret[PLACE_PATH_MAX])
{
    char below[128];
    bool plain = k->office[0] && strlen(k->office) <= OFFICE_ID_MAX && !strchr(k->office, '/') && k->office[0] != '.';
    place_path(&k->p, "collector/centre", ret);
    if (!plain || conf_dir_make(ret) != ST_OK) return false;
    snprintf(below, sizeof below, "collector/centre/%s-%d-%d.json", k->office, k->year, k->until);
    place_path(&k->p, below, ret);
    return true;
}

static void keep(const struct compare *k, const char *path)
{
    char *text = json_dumps(k->centre, JSON_COMPACT);
    if (text && conf_file_write(path, slice_of(text, strlen(text)), 0600) != ST_OK)
        cli_talk(k->c, "jawaban pusat tidak dapat disimpan: %s", "the centre's answer cannot be kept: %s", path);
    free(text);
}

static json_t *kept(const char *path)
{
    struct buf b;
    buf_init(&b, KEPT_BYTES_MAX);
    json_t *o = conf_file_read(path, KEPT_BYTES_MAX, &b) == ST_OK ? json_loadb((const char *)b.p, b.n, 0, NULL) : NULL;
    buf_done(&b);
    return o;
}

int compare_centre(struct compare *k)
{
    char path[PLACE_PATH_MAX];
    struct centre c;
    bool known = find_centre(k, &c), keeps = kept_path(k, path);
    k->centre = known ? ask_all(k, &c) : NULL;
    k->reached = k->centre != NULL;
    if (k->reached && keeps) keep(k, path);
    else if (!k->reached && keeps) k->centre = kept(path);
    ask_tls_free(&c.tls);
    explicit_bzero(c.key, sizeof c.key);
    return EXIT_OK;
}
