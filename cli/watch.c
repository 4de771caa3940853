/* watch.c - `rekap watch`: changes as they are committed at the centre. Kind: E.
 *
 * A client of the aggregator's event stream. An event names offices and years, not figures; the figures are asked for afterwards,
 * so what is shown is never older than the event. Changes wait in a list until their figures could be asked; of an office and year
 * that changes again meanwhile, only the newest is shown.
 *
 * On a terminal a full screen is drawn (watch_screen.c). Into a pipe, with --json, --csv or --events: one line a change. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/watch_part.h"
#include "proto/decimal.h"
#include "proto/limits.h"

struct watch {
    const struct cli *c;
    struct watch_stream s;
    struct event_base *base;
    struct event *beat, *sigint, *sigterm;
    json_t *pending;   /* [{"office","region","year","position"}] */
    json_t *known;     /* "office year" -> realised as last shown */
    int left;          /* changes to show before the end; -1: no end */
    bool stop, told;
};

/* ---- figures ---- */

static json_t *ask(struct watch *w, const struct ask_param *params, size_t n)
{
    char title[160];
    int status = 0;
    json_t *o = watch_ask(&w->s.p, "/api/v1/rollup", params, n, &status, title);
    if (o || status == 0) return o;
    cli_fail(w->c, "aggregator menolak", "the aggregator refused", title[0] ? title : "?");
    w->stop = status == 400;
    return NULL;
}

/* Machine money as sen; its digits without the point. */
static i128 sen_of(const char *money)
{
    i128 v = 0;
    for (const char *d = money; *d; d++)
        if (*d >= '0' && *d <= '9') v = v * 10 + (*d - '0');
    return money[0] == '-' ? -v : v;
}

static void show_line(struct watch *w, const char *office, json_int_t year, const json_t *total)
{
    char clock[16], money[128] = "-", percent[64] = "-", delta[80] = "", key[128], sen[64];
    const char *realised = json_string_value(json_object_get(total, "realised")),
               *absorption = json_string_value(json_object_get(total, "absorption"));
    snprintf(key, sizeof key, "%s %lld", office, (long long)year);
    const char *before = json_string_value(json_object_get(w->known, key));
    watch_clock(clock);
    if (realised) print_money(realised, money, sizeof money);
    if (absorption) print_percent(absorption, percent, sizeof percent);
    if (realised && before && strcmp(realised, before)) {
        i128 d = sen_of(realised) - sen_of(before);
        decimal_format_sen_id(d, sen);
        snprintf(delta, sizeof delta, " (%s%s)", d > 0 ? "+" : "", sen);
    }
    printf("%s  %s  %s %s%s  %s %s %%\n", clock, key, cli_say(w->c, "realisasi", "realised"), money, delta,
           cli_say(w->c, "serapan", "absorption"), percent);
    if (realised) json_object_set_new(w->known, key, json_string(realised));
}

/* Codes and plain numbers only: nothing that would need quoting. */
static void show_csv(const json_t *change, const json_t *total)
{
    printf("%s,%s,%lld,\"%s\",%s,%s,%s\n", print_text_of(change, "office"), print_text_of(change, "region"),
           (long long)json_integer_value(json_object_get(change, "year")), print_text_of(change, "position"),
           print_text_of(total, "budget"), print_text_of(total, "realised"), print_text_of(total, "absorption"));
}

/* Shows one change; false: its figures cannot be had now. */
static bool show(struct watch *w, const json_t *change)
{
    char year[24];
    const char *office = json_string_value(json_object_get(change, "office"));
    json_int_t y = json_integer_value(json_object_get(change, "year"));
    snprintf(year, sizeof year, "%lld", (long long)y);
    const struct ask_param params[] = { { "office", office }, { "year", year }, { "until", w->c->value[OPT_UNTIL] } };
    json_t *answer = ask(w, params, 3);
    if (!answer) return false;
    json_t *total = json_object_get(answer, "total");
    if (w->c->format == FORMAT_JSON)
        print_json(json_pack("{s:O,s:O,s:O,s:O,s:O,s:O}", "office", json_object_get(change, "office"), "region",
                             json_object_get(change, "region"), "year", json_object_get(change, "year"), "position",
                             json_object_get(change, "position"), "as_of", json_object_get(answer, "as_of"), "total", total));
    else if (w->c->format == FORMAT_CSV) show_csv(change, total);
    else show_line(w, office ? office : "?", y, total);
    json_decref(answer);
    return true;
}

static void show_pending(struct watch *w)
{
    while (json_array_size(w->pending) && w->left != 0 && !w->stop) {
        if (!show(w, json_array_get(w->pending, 0))) break;
        json_array_remove(w->pending, 0);
        if (w->left > 0) w->left--;
    }
    fflush(stdout);
    if (w->left == 0 || ferror(stdout)) w->stop = true;
}

/* ---- the stream ---- */

static bool wanted(const struct watch *w, const json_t *change)
{
    const char *region = json_string_value(json_object_get(change, "region")), *asked = w->c->value[OPT_REGION],
               *year = w->c->value[OPT_YEAR];
    size_t n = asked ? strlen(asked) : 0;
    if (!json_string_value(json_object_get(change, "office"))) return false;
    if (n && !(region && !strncmp(region, asked, n) && (region[n] == '\0' || region[n] == '.'))) return false;
    return !year || json_integer_value(json_object_get(change, "year")) == strtol(year, NULL, 10);
}

static void add_change(struct watch *w, json_t *change, json_t *position)
{
    size_t i;
    json_t *o;
    if (!wanted(w, change)) return;
    json_array_foreach(w->pending, i, o) if (json_equal(json_object_get(o, "office"), json_object_get(change, "office")) &&
                                             json_equal(json_object_get(o, "year"), json_object_get(change, "year")))
    {
        json_object_set(o, "position", position);
        return;
    }
    json_object_set(change, "position", position ? position : json_null());
    json_array_append(w->pending, change);
}

static void on_event(void *ctx, const char *name, json_t *data, bool anew)
{
    struct watch *w = ctx;
    size_t i;
    json_t *change, *position = json_object_get(data, "position");
    if (!strcmp(name, "resync") && !anew)
        cli_talk(w->c, "ada perubahan yang terlewat; lihat rekap rollup", "some changes were missed; see rekap rollup");
    json_array_foreach(json_object_get(data, "changed"), i, change) add_change(w, change, position);
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ((struct watch *)ctx)->stop = true;
}

static void on_beat(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
}

static void say_waiting(struct watch *w)
{
    if (!w->told && !w->stop) cli_talk(w->c, "menunggu aggregator di %s", "waiting for the aggregator at %s", w->s.p.http);
    w->told = true;
}

static int follow(struct watch *w)
{
    while (!w->stop) {
        if (watch_stream_turn(&w->s) != ST_OK) return cli_fail(w->c, "memori habis", "out of memory", NULL);
        if (event_base_loop(w->base, EVLOOP_ONCE) < 0) return cli_fail(w->c, "gagal menunggu", "waiting failed", NULL);
        if (w->s.closed) say_waiting(w);
        if (json_array_size(w->pending)) show_pending(w);
        if (watch_stream_live(&w->s)) w->told = false;
    }
    return EXIT_OK;
}

static bool build(struct watch *w, const struct place *p)
{
    const struct timeval beat = { 0, WATCH_BEAT_MS * 1000 };
    w->base = event_base_new();
    watch_stream_init(&w->s, p, w->base, on_event, w);
    w->pending = json_array();
    w->known = json_object();
    if (!w->base || !w->pending || !w->known) return false;
    w->beat = event_new(w->base, -1, EV_PERSIST, on_beat, w);
    w->sigint = evsignal_new(w->base, SIGINT, on_signal, w);
    w->sigterm = evsignal_new(w->base, SIGTERM, on_signal, w);
    return w->beat && w->sigint && w->sigterm && event_add(w->beat, &beat) == 0 && event_add(w->sigint, NULL) == 0 &&
           event_add(w->sigterm, NULL) == 0;
}

static void done(struct watch *w)
{
    watch_stream_done(&w->s);
    if (w->beat) event_free(w->beat);
    if (w->sigint) event_free(w->sigint);
    if (w->sigterm) event_free(w->sigterm);
    if (w->base) event_base_free(w->base);
    json_decref(w->pending);
    json_decref(w->known);
}

int watch_run(struct cli *c)
{
    struct watch w = { .c = c };
    struct place p;
    int rc = cli_number(c, OPT_COUNT_EVENTS, -1, 1, 1000 * 1000, &w.left), year = 0, until = 0;
    if (rc == EXIT_OK) rc = cli_number(c, OPT_YEAR, 0, YEAR_MIN, YEAR_MAX, &year);
    if (rc == EXIT_OK) rc = cli_number(c, OPT_UNTIL, 0, 1, 12, &until);
    if (rc == EXIT_OK) rc = place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    signal(SIGPIPE, SIG_IGN);
    if (watch_screen_can(c)) return watch_screen_run(c, &p, year, until);
    if (c->format == FORMAT_CSV) puts("office,region,year,position,budget,realised,absorption");
    rc = build(&w, &p) ? follow(&w) : cli_fail(c, "memori habis", "out of memory", NULL);
    done(&w);
    return rc;
}
