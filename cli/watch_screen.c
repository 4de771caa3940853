/* watch_screen.c - `rekap watch` on a terminal: the view of watch_view.h drawn by ncurses, kept up by the event stream. Kind: E.
 *
 * Figures are asked for when something below the place on the screen changed, at most once in ASK_EVERY_MS and never for longer
 * than a third of the time, so that a screen left alone overnight costs the centre nothing and one over a busy province little.
 * Keys are looked at after each turn of the loop, so a slow answer delays them by that answer.
 *
 * Invariant: however the program ends, the terminal is as it was: at a signal the loop is left, at a fault the handler and at a
 * shortage of memory the allocator give it back, with what may be called there. */
#include <event2/event.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cli/watch_part.h"
#include "cli/watch_view.h"
#include "proto/code.h"

enum { ASK_EVERY_MS = 700, ROWS_AT_ONCE = 6, REGIONS_AT_ONCE = 2, PENDING_MAX = 4096, YEARS_BACK = 14 };
enum { PAIR_GOOD = 1, PAIR_BAD, PAIR_CHOSEN };

struct screen {
    struct cli *c;
    struct watch_stream s;
    struct watch_view v;
    struct event_base *base;
    struct event *beat, *keys, *sigint, *sigterm, *sighup;
    json_t *pending;            /* region -> {office: year} that changed and are not in the ticker yet */
    size_t pending_count;
    int64_t next;               /* monotonic ms: not asked again before */
    bool stop, ask, year_given, colour;
};

/* ---- the terminal ---- */

static struct termios before;
static volatile sig_atomic_t drawn;

/* Leaves the second screen and shows the cursor, by calls that may be made anywhere. */
static void give_back(void)
{
    static const char leave[] = "\033[?1049l\033[?25h\033[0m\r\n";
    if (!drawn) return;
    drawn = 0;
    (void)!write(STDOUT_FILENO, leave, sizeof leave - 1);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void on_fault(int sig)
{
    give_back();
    (void)raise(sig); /* SA_RESETHAND: as it would have ended without us */
}

static void *need(size_t n)
{
    static const char said[] = "rekap: memori habis (out of memory)\n";
    void *p = malloc(n);
    if (p) return p;
    give_back();
    (void)!write(STDERR_FILENO, said, sizeof said - 1);
    _exit(EXIT_FAILED);
}

static bool colours_wanted(void)
{
    const char *no = getenv("NO_COLOR");
    return !(no && *no);
}

static bool open_terminal(struct screen *s)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };
    const struct sigaction fault = { .sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND };
    if (tcgetattr(STDIN_FILENO, &before) != 0) return false;
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
    if (!newterm(NULL, stdout, stdin)) return false;
    drawn = 1;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigaction(faults[i], &fault, NULL);
    json_set_alloc_funcs(need, free);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    s->colour = colours_wanted() && has_colors() && start_color() == OK;
    if (s->colour) {
        use_default_colors();
        init_pair(PAIR_GOOD, COLOR_GREEN, -1);
        init_pair(PAIR_BAD, COLOR_RED, -1);
        init_pair(PAIR_CHOSEN, COLOR_CYAN, -1);
    }
    watch_view_size(&s->v, LINES, COLS);
    return true;
}

static void close_terminal(void)
{
    if (!drawn) return;
    endwin();
    drawn = 0;
}

/* What is said by colour is said by words, too; without colours by weight. */
static attr_t look(const struct screen *s, enum watch_look k)
{
    switch (k) {
    case WATCH_TITLE: return A_REVERSE | (s->colour ? (attr_t)COLOR_PAIR(PAIR_GOOD) : A_NORMAL);
    case WATCH_BAD: return A_BOLD | (s->colour ? (attr_t)COLOR_PAIR(PAIR_BAD) : A_NORMAL);
    case WATCH_CHOSEN: return A_REVERSE | (s->colour ? (attr_t)COLOR_PAIR(PAIR_CHOSEN) : A_NORMAL);
    case WATCH_BOLD: return A_BOLD;
    case WATCH_DIM: return A_DIM;
    case WATCH_PLAIN: break;
    }
    return A_NORMAL;
}

static void draw(struct screen *s)
{
    struct watch_line *line = calloc((size_t)s->v.lines, sizeof *line);
    if (!line) return;
    s->v.live = watch_stream_live(&s->s);
    s->v.silent_s = s->s.heard ? (int)((cli_mono_ms() - s->s.heard) / 1000) : 0;
    size_t n = watch_view_lines(&s->v, line);
    erase();
    for (size_t i = 0; i < n; i++) {
        attrset((int)look(s, line[i].look));
        mvaddstr((int)i, 0, line[i].text);
    }
    attrset((int)A_NORMAL);
    refresh();
    free(line);
}

/* ---- questions ---- */

static void number_text(int n, char ret[16]) { snprintf(ret, 16, "%d", n); }

static json_t *ask_place(struct screen *s, const char *region, const char *office, const char *level)
{
    char year[16], until[16];
    int status = 0;
    number_text(s->v.year, year);
    number_text(s->v.until, until);
    const struct ask_param params[] = { { "region", office ? NULL : region }, { "office", office }, { "year", year },
                                        { "until", until },                   { "level", level },
                                        { "lang", s->v.lang == LANG_EN ? "en" : NULL } };
    json_t *o = watch_ask(&s->s.p, "/api/v1/rollup", params, sizeof params / sizeof params[0], &status, s->v.said);
    s->v.problem = !o && status != 0;
    return o;
}

static void ask_rows(struct screen *s)
{
    char year[16], until[16];
    number_text(s->v.year, year);
    number_text(s->v.until, until);
    const struct ask_param params[] = { { "region", s->v.region }, { "year", year }, { "until", until }, { "code", "total" } };
    json_t *o = watch_ask(&s->s.p, "/api/v1/peers", params, sizeof params / sizeof params[0], NULL, NULL);
    if (o) (void)watch_view_rows(&s->v, o);
    json_decref(o);
}

static void ask_all(struct screen *s)
{
    const char *office = s->v.office[0] ? s->v.office : NULL;
    json_t *o = ask_place(s, s->v.region, office, office ? "program" : "urusan");
    s->ask = !o && !s->v.problem;       /* nobody answered: once more */
    if (o) (void)watch_view_total(&s->v, o);
    if (o && !office) ask_rows(s);
    json_decref(o);
}

static void ask_findings(struct screen *s)
{
    struct watch_row *r;
    for (int i = 0; i < ROWS_AT_ONCE && (r = watch_view_unasked(&s->v)); i++) {
        bool office = strlen(s->v.region) == 5;
        json_t *o = ask_place(s, r->id, office ? r->id : NULL, "urusan");
        watch_view_findings(r, o);
        json_decref(o);
    }
}

static void tell_region(struct screen *s, const char *region, const json_t *changed)
{
    char clock[16];
    size_t i;
    json_t *o;
    const struct ask_param params[] = { { "region", region } };
    json_t *answer = watch_ask(&s->s.p, "/api/v1/offices", params, 1, NULL, NULL);
    watch_clock(clock);
    json_array_foreach(json_object_get(answer, "offices"), i, o)
    {
        const json_t *year = json_object_get(changed, json_string_value(json_object_get(o, "office")));
        if (year) watch_view_news(&s->v, clock, json_integer_value(year), o);
    }
    json_decref(answer);
}

static void ask_news(struct screen *s)
{
    for (int i = 0; i < REGIONS_AT_ONCE; i++) {
        char region[8];
        void *first = json_object_iter(s->pending);
        if (!first) return;
        snprintf(region, sizeof region, "%.7s", json_object_iter_key(first));
        tell_region(s, region, json_object_iter_value(first));
        json_object_del(s->pending, region);
    }
    if (json_object_size(s->pending) == 0) s->pending_count = 0;
}

/* The newest year of which anything was reported, and of the present year the month before this one: as the monitor begins. */
static void choose_period(struct screen *s, int until)
{
    time_t now = time(NULL);
    struct tm t = { 0 };
    char from[16], to[16];
    size_t i;
    json_t *o;
    localtime_r(&now, &t);
    int this_year = t.tm_year + 1900, newest = this_year;
    number_text(this_year - YEARS_BACK, from);
    number_text(this_year, to);
    const struct ask_param params[] = { { "region", s->v.region }, { "from", from }, { "to", to }, { "measure", "budget" } };
    json_t *answer = s->year_given ? NULL : watch_ask(&s->s.p, "/api/v1/trend", params, 4, NULL, NULL);
    json_array_foreach(json_object_get(answer, "points"), i, o) if (json_is_string(json_object_get(o, "value")))
        newest = (int)json_integer_value(json_object_get(o, "year"));
    json_decref(answer);
    if (!s->year_given) s->v.year = newest;
    s->v.until = until ? until : s->v.year < this_year ? 12 : t.tm_mon > 0 ? t.tm_mon : 1;
}

/* ---- events ---- */

static void on_change(struct screen *s, json_t *change)
{
    const char *office = json_string_value(json_object_get(change, "office")),
               *region = json_string_value(json_object_get(change, "region"));
    if (!watch_view_changed(&s->v, change)) return;
    s->ask = true;
    if (!region || !region[0] || !office || s->pending_count >= PENDING_MAX) return;
    json_t *list = json_object_get(s->pending, region);
    if (!list) {
        list = json_object();
        json_object_set_new(s->pending, region, list);
    }
    json_object_set(list, office, json_object_get(change, "year"));
    s->pending_count++;
}

static void on_event(void *ctx, const char *name, json_t *data, bool anew)
{
    struct screen *s = ctx;
    size_t i;
    json_t *change;
    (void)anew;
    if (!strcmp(name, "resync")) s->ask = true;
    json_array_foreach(json_object_get(data, "changed"), i, change) on_change(s, change);
}

static enum watch_key key_of(int k)
{
    switch (k) {
    case KEY_UP: case 'k': return WATCH_KEY_UP;
    case KEY_DOWN: case 'j': return WATCH_KEY_DOWN;
    case KEY_PPAGE: return WATCH_KEY_PAGE_UP;
    case KEY_NPAGE: return WATCH_KEY_PAGE_DOWN;
    case KEY_HOME: return WATCH_KEY_HOME;
    case KEY_END: return WATCH_KEY_END;
    case KEY_ENTER: case '\r': case '\n': return WATCH_KEY_ENTER;
    case KEY_BACKSPACE: case 127: case '\b': return WATCH_KEY_BACK;
    case KEY_LEFT: return WATCH_KEY_MONTH_LESS;
    case KEY_RIGHT: return WATCH_KEY_MONTH_MORE;
    case '<': case ',': return WATCH_KEY_YEAR_LESS;
    case '>': case '.': return WATCH_KEY_YEAR_MORE;
    case 's': return WATCH_KEY_SORT;
    case 'q': case 'Q': return WATCH_KEY_QUIT;
    default: return WATCH_KEY_NONE;
    }
}

static void take_keys(struct screen *s)
{
    for (int k; !s->stop && (k = getch()) != ERR;) {
        enum watch_todo todo = WATCH_TODO_DRAW;
        if (k == KEY_RESIZE) watch_view_size(&s->v, LINES, COLS);
        else todo = watch_view_key(&s->v, key_of(k));
        s->stop = todo == WATCH_TODO_QUIT;
        if (todo == WATCH_TODO_ASK) {
            s->ask = true;
            s->next = 0;
        }
    }
}

static void refresh_figures(struct screen *s)
{
    int64_t start = cli_mono_ms(), end;
    if (start < s->next || !watch_stream_live(&s->s)) return;
    if (s->ask) ask_all(s);
    ask_news(s);
    if (!s->v.office[0]) ask_findings(s);
    end = cli_mono_ms();
    s->next = end + (2 * (end - start) > ASK_EVERY_MS ? 2 * (end - start) : ASK_EVERY_MS);
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ((struct screen *)ctx)->stop = true;
}

static void on_beat(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
}

static bool listen_to(struct screen *s)
{
    const struct timeval beat = { 0, WATCH_BEAT_MS * 1000 };
    s->beat = event_new(s->base, -1, EV_PERSIST, on_beat, s);
    s->keys = event_new(s->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_beat, s);
    s->sigint = evsignal_new(s->base, SIGINT, on_signal, s);
    s->sigterm = evsignal_new(s->base, SIGTERM, on_signal, s);
    s->sighup = evsignal_new(s->base, SIGHUP, on_signal, s);
    return s->beat && s->keys && s->sigint && s->sigterm && s->sighup && event_add(s->beat, &beat) == 0 &&
           event_add(s->keys, NULL) == 0 && event_add(s->sigint, NULL) == 0 && event_add(s->sigterm, NULL) == 0 &&
           event_add(s->sighup, NULL) == 0;
}

static int follow(struct screen *s)
{
    while (!s->stop) {
        draw(s);
        if (watch_stream_turn(&s->s) != ST_OK || event_base_loop(s->base, EVLOOP_ONCE) < 0) return EXIT_FAILED;
        take_keys(s);
        if (!s->stop) refresh_figures(s);
    }
    return EXIT_OK;
}

static void done(struct screen *s)
{
    struct event *const all[] = { s->beat, s->keys, s->sigint, s->sigterm, s->sighup };
    watch_stream_done(&s->s);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]) event_free(all[i]);
    if (s->base) event_base_free(s->base);
    json_decref(s->pending);
    watch_view_done(&s->v);
}

bool watch_screen_can(const struct cli *c)
{
    const char *term = getenv("TERM");
    return c->format == FORMAT_TEXT && !c->value[OPT_COUNT_EVENTS] && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term &&
           *term && strcmp(term, "dumb") != 0;
}

int watch_screen_run(struct cli *c, const struct place *p, int year, int until)
{
    struct screen s = { .c = c, .ask = true, .year_given = year != 0 };
    const char *region = c->value[OPT_REGION] ? c->value[OPT_REGION] : "";
    region_code code;
    if (region[0] && code_region_parse(slice_of(region, strlen(region)), &code) != ST_OK)
        return cli_usage(c, "kode wilayah harus 33 (provinsi) atau 33.74 (kabupaten/kota)",
                         "a region code is 33 (province) or 33.74 (city)", region);
    s.base = event_base_new();
    s.pending = json_object();
    int rc = EXIT_FAILED, st = watch_view_init(&s.v, c->lang, region, year, until);
    watch_stream_init(&s.s, p, s.base, on_event, &s);
    choose_period(&s, until);
    if (st == ST_OK && s.base && s.pending && listen_to(&s) && open_terminal(&s)) rc = follow(&s);
    else
        cli_fail(c, "layar penuh tidak dapat dibuka; coba rekap watch | cat",
                 "the full screen cannot be opened; try rekap watch | cat", NULL);
    close_terminal();
    done(&s);
    return rc;
}
