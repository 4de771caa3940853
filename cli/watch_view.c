/* watch_view.c - see watch_view.h: answers in, keys in. watch_view_text.c makes lines of it. Kind: E.
 *
 * The chosen row is kept by its id, not by its place, so that a row that overtakes another does not take the choice with it. What a
 * row's findings are is asked for row by row and only of rows on the screen: a question about the nation would read every office.
 *
 * Invariant: chosen < rows, or both are 0. */
#include "cli/watch_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/status.h"

static void copy(char *ret, size_t size, const json_t *o, const char *member)
{
    const char *s = json_string_value(json_object_get(o, member));
    snprintf(ret, size, "%s", s ? s : "");
}

int watch_view_init(struct watch_view *v, enum lang lang, const char *region, int year, int until)
{
    *v = (struct watch_view){ .lang = lang, .year = year, .until = until, .lines = 24, .columns = 80 };
    snprintf(v->region, sizeof v->region, "%s", region);
    v->total.findings = -1;
    v->counts = json_object();
    return v->counts ? ST_OK : ST_NO_MEMORY;
}

void watch_view_done(struct watch_view *v)
{
    free(v->row);
    v->row = NULL;
    v->rows = 0;
    json_decref(v->counts);
}

/* ---- rows ---- */

static int by_id(const void *a, const void *b)
{
    const struct watch_row *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static int by_place(const void *a, const void *b)
{
    const struct watch_row *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

static void keep_in_sight(struct watch_view *v)
{
    size_t fit = v->lines > 15 ? (size_t)v->lines - 13 : v->lines > 7 ? (size_t)v->lines - 6 : 1;
    if (v->chosen >= v->rows) v->chosen = v->rows ? v->rows - 1 : 0;
    if (v->chosen < v->top) v->top = v->chosen;
    if (v->chosen >= v->top + fit) v->top = v->chosen - fit + 1;
}

static void order(struct watch_view *v)
{
    if (v->rows > 1) qsort(v->row, v->rows, sizeof *v->row, v->by_rate ? by_place : by_id);
    for (size_t i = 0; i < v->rows; i++)
        if (!strcmp(v->row[i].id, v->wanted)) v->chosen = i;
    keep_in_sight(v);
}

static const struct watch_row *find(const struct watch_view *v, const char *id)
{
    for (size_t i = 0; i < v->rows; i++)
        if (!strcmp(v->row[i].id, id)) return &v->row[i];
    return NULL;
}

static void read_figures(struct watch_row *r, const json_t *o, const json_t *complete)
{
    copy(r->budget, sizeof r->budget, o, "budget");
    copy(r->realised, sizeof r->realised, o, "realised");
    copy(r->absorption, sizeof r->absorption, o, "absorption");
    r->offices = (int)json_integer_value(json_object_get(complete, "offices"));
    r->of = (int)json_integer_value(json_object_get(complete, "of"));
}

/* findings: does the answer have them? Else those known of the row before stay. */
static void read_row(const struct watch_view *v, struct watch_row *r, const json_t *o, const char *id)
{
    const struct watch_row *old;
    const json_t *findings = json_object_get(o, "findings");
    copy(r->id, sizeof r->id, o, id);
    copy(r->name, sizeof r->name, o, "name");
    read_figures(r, o, json_object_get(o, "complete"));
    old = find(v, r->id);
    r->findings = findings ? json_integer_value(findings) : old ? old->findings : -1;
    r->asked = findings || (old && old->asked);
}

static int take_rows(struct watch_view *v, const json_t *rows, const char *id)
{
    size_t n = json_array_size(rows);
    struct watch_row *fresh = calloc(n ? n : 1, sizeof *fresh);
    if (!fresh) return ST_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        read_row(v, &fresh[i], json_array_get(rows, i), id);
        fresh[i].place = (int)i;
    }
    if (v->rows && !v->wanted[0]) memcpy(v->wanted, v->row[v->chosen].id, sizeof v->wanted);
    free(v->row);
    v->row = fresh;
    v->rows = n;
    order(v);
    v->wanted[0] = '\0';
    return ST_OK;
}

int watch_view_rows(struct watch_view *v, const json_t *peers)
{
    const char *by = json_string_value(json_object_get(peers, "by"));
    return take_rows(v, json_object_get(peers, "rows"), by && !strcmp(by, "office") ? "office" : "region");
}

/* "2026-11-22T05:56:07.666Z" and {"w1":4} as "2026-11-22 05:56:07 UTC  w1:4". */
static void read_as_of(struct watch_view *v, const json_t *as_of)
{
    const char *time = json_string_value(json_object_get(as_of, "time")), *worker;
    size_t used = 0;
    json_t *lsn;
    v->as_of[0] = '\0';
    if (time && strlen(time) >= 19)
        used = (size_t)snprintf(v->as_of, sizeof v->as_of, "%.10s %.8s UTC ", time, time + 11);
    json_object_foreach(json_object_get(as_of, "position"), worker, lsn)
    {
        int n = snprintf(v->as_of + used, sizeof v->as_of - used, " %s:%lld", worker, (long long)json_integer_value(lsn));
        if (n < 0 || (size_t)n >= sizeof v->as_of - used) return;
        used += (size_t)n;
    }
}

int watch_view_total(struct watch_view *v, const json_t *rollup)
{
    const json_t *total = json_object_get(rollup, "total"), *findings = json_object_get(total, "findings");
    read_figures(&v->total, total, json_object_get(rollup, "complete"));
    v->total.findings = findings ? json_integer_value(findings) : -1;
    read_as_of(v, json_object_get(rollup, "as_of"));
    if (!v->office[0]) copy(v->name, sizeof v->name, rollup, "region_name");
    v->problem = false;
    return v->office[0] ? take_rows(v, json_object_get(rollup, "rows"), "code") : ST_OK;
}

struct watch_row *watch_view_unasked(struct watch_view *v)
{
    size_t fit = v->lines > 0 ? (size_t)v->lines : 0;
    for (size_t i = v->top; i < v->rows && i < v->top + fit; i++)
        if (!v->row[i].asked) return &v->row[i];
    return NULL;
}

void watch_view_findings(struct watch_row *r, const json_t *rollup)
{
    const json_t *findings = json_object_get(json_object_get(rollup, "total"), "findings");
    r->asked = true;
    if (findings) r->findings = json_integer_value(findings);
}

static bool below(const char *region, const char *place)
{
    size_t n = strlen(place);
    return !strncmp(region, place, n) && (n == 0 || region[n] == '\0' || region[n] == '.');
}

bool watch_view_changed(struct watch_view *v, const json_t *change)
{
    const char *region = json_string_value(json_object_get(change, "region")),
               *office = json_string_value(json_object_get(change, "office"));
    if (!region || !office || !below(region, v->region)) return false;
    if (json_integer_value(json_object_get(change, "year")) == v->year)
        for (size_t i = 0; i < v->rows; i++)
            if (!strcmp(v->row[i].id, office) || (!v->office[0] && strlen(v->region) < 5 && below(region, v->row[i].id)))
                v->row[i].asked = false;
    return !v->office[0] || !strcmp(v->office, office);
}

/* ---- the ticker ---- */

static json_int_t number(const json_t *o, const char *member) { return json_integer_value(json_object_get(o, member)); }

void watch_view_news(struct watch_view *v, const char *clock, json_int_t year, const json_t *office)
{
    const char *id = json_string_value(json_object_get(office, "office")),
               *name = json_string_value(json_object_get(office, "name"));
    json_int_t taken = number(office, "effective") + number(office, "same") + number(office, "superseded"),
               refused = number(office, "refused");
    if (!id) return;
    const json_t *old = json_object_get(v->counts, id);
    json_int_t more = taken - json_integer_value(json_array_get(old, 0)),
               worse = refused - json_integer_value(json_array_get(old, 1));
    json_object_set_new(v->counts, id, json_pack("[I,I]", taken, refused));
    if (old && more == 0 && worse == 0) return;
    memmove(&v->news[1], &v->news[0], sizeof v->news - sizeof v->news[0]);
    if (v->news_count < WATCH_NEWS_MAX) v->news_count++;
    struct watch_line *l = &v->news[0];
    l->look = worse > 0 ? WATCH_BAD : WATCH_PLAIN;
    snprintf(l->text, sizeof l->text, "%s  %s %lld  %s%lld %s, %lld %s  %.200s", clock, id, (long long)year, old ? "+" : "",
             (long long)more, v->lang == LANG_EN ? "accepted" : "diterima", (long long)worse,
             v->lang == LANG_EN ? "refused" : "ditolak", name ? name : "");
}

/* ---- keys ---- */

static void empty(struct watch_view *v)
{
    v->rows = v->chosen = v->top = 0;
    v->total = (struct watch_row){ .findings = -1 };
    v->name[0] = '\0';
    v->problem = false;
}

static enum watch_todo enter(struct watch_view *v)
{
    struct watch_row r;
    if (!v->rows || v->office[0]) return WATCH_TODO_DRAW;
    r = v->row[v->chosen];
    empty(v);
    if (strlen(v->region) == 5) memcpy(v->office, r.id, sizeof v->office);
    else snprintf(v->region, sizeof v->region, "%.7s", r.id);
    memcpy(v->name, r.name, sizeof v->name);
    return WATCH_TODO_ASK;
}

static enum watch_todo back(struct watch_view *v)
{
    if (!v->office[0] && !v->region[0]) return WATCH_TODO_DRAW;
    empty(v);
    if (v->office[0]) {
        memcpy(v->wanted, v->office, sizeof v->wanted);
        v->office[0] = '\0';
        return WATCH_TODO_ASK;
    }
    snprintf(v->wanted, sizeof v->wanted, "%s", v->region);
    v->region[strlen(v->region) == 5 ? 2 : 0] = '\0';
    return WATCH_TODO_ASK;
}

static enum watch_todo move(struct watch_view *v, ptrdiff_t by)
{
    ptrdiff_t to = (ptrdiff_t)v->chosen + by, last = (ptrdiff_t)v->rows - 1;
    v->chosen = (size_t)(to > last ? last < 0 ? 0 : last : to < 0 ? 0 : to);
    keep_in_sight(v);
    return WATCH_TODO_DRAW;
}

/* Months go over the end of a year. The rows stay until the answer comes: they are the same places. */
static enum watch_todo shift(struct watch_view *v, int months)
{
    int at = v->year * 12 + v->until - 1 + months;
    if (at / 12 < YEAR_MIN || at / 12 > YEAR_MAX) return WATCH_TODO_DRAW;
    v->year = at / 12;
    v->until = at % 12 + 1;
    for (size_t i = 0; i < v->rows; i++) v->row[i].asked = false;
    return WATCH_TODO_ASK;
}

static enum watch_todo sort(struct watch_view *v)
{
    if (v->rows) memcpy(v->wanted, v->row[v->chosen].id, sizeof v->wanted);
    v->by_rate = !v->by_rate;
    order(v);
    v->wanted[0] = '\0';
    return WATCH_TODO_DRAW;
}

enum watch_todo watch_view_key(struct watch_view *v, enum watch_key key)
{
    const ptrdiff_t page = v->lines > 15 ? v->lines - 13 : 1, all = (ptrdiff_t)v->rows;
    switch (key) {
    case WATCH_KEY_UP: return move(v, -1);
    case WATCH_KEY_DOWN: return move(v, 1);
    case WATCH_KEY_PAGE_UP: return move(v, -page);
    case WATCH_KEY_PAGE_DOWN: return move(v, page);
    case WATCH_KEY_HOME: return move(v, -all);
    case WATCH_KEY_END: return move(v, all);
    case WATCH_KEY_ENTER: return enter(v);
    case WATCH_KEY_BACK: return back(v);
    case WATCH_KEY_MONTH_LESS: return shift(v, -1);
    case WATCH_KEY_MONTH_MORE: return shift(v, 1);
    case WATCH_KEY_YEAR_LESS: return shift(v, -12);
    case WATCH_KEY_YEAR_MORE: return shift(v, 12);
    case WATCH_KEY_SORT: return sort(v);
    case WATCH_KEY_QUIT: return WATCH_TODO_QUIT;
    case WATCH_KEY_NONE: break;
    }
    return WATCH_TODO_DRAW;
}

void watch_view_size(struct watch_view *v, int lines, int columns)
{
    v->lines = lines > 0 ? lines : 1;
    v->columns = columns > 0 ? columns : 1;
    keep_in_sight(v);
}
