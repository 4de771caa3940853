/* push_progress.c - how far a long push is, on one line of a terminal. Kind: E.
 *
 * Rows are what people pushed; what travels is statements, of which a row makes one or more. So the share that is acknowledged is
 * counted in statements of the office's stream, from where it stood at the first look, and shown as that share of the rows that the
 * collector has counted. Nothing is shown in the first SILENT_MS: most pushes are over by then.
 *
 * Invariant: nothing is written unless stderr is a terminal, and the line is gone before anything else is said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/push_part.h"

enum { SILENT_MS = 600, EVERY_MS = 250, ASK_MS = 1000 };

void push_progress_begin(struct push_progress *g, const struct push *u)
{
    const char *term = getenv("TERM");
    int64_t now = cli_mono_ms();
    *g = (struct push_progress){ .start = now, .next = now, .base = -1 };
    g->on = u->c->format == FORMAT_TEXT && isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

void push_progress_text(enum lang lang, int64_t rows, int64_t done, int64_t ms, char ret[160])
{
    int64_t rate = ms > 0 ? done * 1000 / ms : 0, left = rate > 0 ? (rows - done + rate - 1) / rate : -1;
    char remaining[48] = "-";
    if (left >= 0) snprintf(remaining, sizeof remaining, "%lld:%02lld", (long long)left / 60, (long long)left % 60);
    snprintf(ret, 160, lang == LANG_EN ? "%lld of %lld rows  %lld %%  %lld rows/s  remaining %s"
                                       : "%lld dari %lld baris  %lld %%  %lld baris/s  sisa %s",
             (long long)done, (long long)rows, (long long)(rows > 0 ? done * 100 / rows : 0), (long long)rate, remaining);
}

/* The office's stream at the collector: the last statement's number, and the last one acknowledged. */
static bool stream_of(const struct push *u, int64_t *ret_last, int64_t *ret_acked)
{
    json_t *a = NULL, *o;
    size_t i;
    bool found = false;
    if (place_ask(&u->p, "collector", "{\"verb\":\"status\"}", ASK_MS, &a) != ST_OK) return false;
    json_array_foreach(json_object_get(a, "offices"), i, o)
    {
        const char *id = json_string_value(json_object_get(o, "office"));
        if (!id || strcmp(id, u->office->id) != 0) continue;
        *ret_last = json_integer_value(json_object_get(o, "last"));
        *ret_acked = json_integer_value(json_object_get(o, "acked"));
        found = true;
    }
    json_decref(a);
    return found;
}

void push_progress_turn(struct push_progress *g, const struct push *u)
{
    char text[160];
    int64_t now = cli_mono_ms(), last = 0, acked = 0, rows = 0, counted = 0;
    if (!g->on || now < g->next) return;
    g->next = now + EVERY_MS;
    if (!stream_of(u, &last, &acked)) return;
    if (g->base < 0) g->base = acked;
    if (now < g->start + SILENT_MS) return;
    for (int i = 0; i < u->files; i++) {
        if (!u->file[i].id[0]) continue;
        rows += u->file[i].rows;
        if (u->file[i].counted) counted += u->file[i].rows;
    }
    int64_t all = last - g->base, here = acked - g->base;
    int64_t done = !u->wait ? counted : all > 0 ? (int64_t)((i128)counted * here / all) : 0;
    push_progress_text(u->c->lang, rows, done, now - g->start, text);
    fprintf(stderr, "\r\033[K%s", text);
    g->shown = true;
}

void push_progress_end(struct push_progress *g)
{
    if (g->shown) fputs("\r\033[K", stderr);
    g->shown = false;
}
