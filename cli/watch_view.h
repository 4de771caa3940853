/* watch_view.h - what the full screen of `rekap watch` shows, as lines of text, and what its keys do. Kind: E by its JSON, but
 * without terminal, clock and network: answers, keys and a size go in, lines come out, so all of it is tested without a screen.
 *
 * A view is of a place (nation, province, city or an office), a year and a cut-off month. Its rows are what lies below the place:
 * of an office its programs. Amounts are the answers' own texts; on a narrow screen they are cut (not rounded) to two digits after
 * the point of T, M or jt, because a figure that was rounded up would claim money nobody stated. */
#ifndef REKAP_WATCH_VIEW_H
#define REKAP_WATCH_VIEW_H

#include <jansson.h>

#include "proto/bytes.h"

enum { WATCH_TEXT_MAX = 600, WATCH_NEWS_MAX = 32, WATCH_WIDE = 112, WATCH_STALE_S = 30 };
enum watch_key {
    WATCH_KEY_NONE, WATCH_KEY_UP, WATCH_KEY_DOWN, WATCH_KEY_PAGE_UP, WATCH_KEY_PAGE_DOWN, WATCH_KEY_HOME, WATCH_KEY_END,
    WATCH_KEY_ENTER, WATCH_KEY_BACK, WATCH_KEY_MONTH_LESS, WATCH_KEY_MONTH_MORE, WATCH_KEY_YEAR_LESS, WATCH_KEY_YEAR_MORE,
    WATCH_KEY_SORT, WATCH_KEY_QUIT
};
enum watch_todo { WATCH_TODO_DRAW, WATCH_TODO_ASK, WATCH_TODO_QUIT };
enum watch_look { WATCH_PLAIN, WATCH_TITLE, WATCH_BOLD, WATCH_CHOSEN, WATCH_BAD, WATCH_DIM };
struct watch_line { char text[WATCH_TEXT_MAX]; enum watch_look look; };
struct watch_row {
    char id[48], name[200], budget[48], realised[48], absorption[32];  /* id: region, office or code; amounts: machine form or "" */
    int offices, of, place;             /* reported, registered; place: in the answer (by absorption) */
    int64_t findings;                   /* -1: not known yet */
    bool asked;                         /* are the findings those after the last change? */
};
struct watch_view {
    enum lang lang;
    char region[8], office[48], name[200];      /* region "": the nation; office "": none */
    int year, until;
    char as_of[128];
    struct watch_row total;
    struct watch_row *row;
    size_t rows, chosen, top;
    char wanted[48];                    /* the row to be chosen when rows come */
    bool by_rate, live, problem;
    char said[160];                     /* with problem: what the aggregator said */
    int silent_s;                       /* how long nothing was heard */
    int lines, columns;
    struct watch_line news[WATCH_NEWS_MAX];     /* newest first */
    size_t news_count;
    json_t *counts;                     /* office -> [accepted, refused], as last told */
};
/* region: "" or a code; ST_NO_MEMORY. */
int watch_view_init(struct watch_view *v, enum lang lang, const char *region, int year, int until);
void watch_view_done(struct watch_view *v);
enum watch_todo watch_view_key(struct watch_view *v, enum watch_key key);
void watch_view_size(struct watch_view *v, int lines, int columns);

/* Answers of /api/v1/rollup about the place, and of /api/v1/peers about what lies below it (of an office the rollup has it). */
int watch_view_total(struct watch_view *v, const json_t *rollup);
int watch_view_rows(struct watch_view *v, const json_t *peers);
/* A row on the screen whose findings are to be asked for; NULL: none. And the answer of /api/v1/rollup about it; NULL: none came.
 */
struct watch_row *watch_view_unasked(struct watch_view *v);
void watch_view_findings(struct watch_row *r, const json_t *rollup);
/* Something of this office changed: is it below the place on the screen? Its rows' findings are to be asked for again. */
bool watch_view_changed(struct watch_view *v, const json_t *change);
/* An office's counters (/api/v1/offices) after a change of that year become a line of the ticker. */
void watch_view_news(struct watch_view *v, const char *clock, json_int_t year, const json_t *office);

/* The screen from top to bottom; ret has room for v->lines. Returns how many lines there are. */
size_t watch_view_lines(const struct watch_view *v, struct watch_line *ret);

#endif
