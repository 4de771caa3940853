/* push_wait.c - what became of the pushed files: counts from the collector, receipts, visibility at the centre. Kind: E.
 *
 * The collector is asked again every 20 ms about the files that are not settled, at most IDS_MAX in one request so that the answer
 * stays under CONTROL_BYTES_MAX. A file is settled when its counts are known; with --wait when its last statement is acknowledged
 * and the aggregator has applied the log position of that acknowledgement, because only then a query sent afterwards shows it. The
 * receipt comes a moment after the acknowledgement and may name another batch than that does: it is waited for as well, for
 * RECEIPT_MS at most, so that what is printed is what `rekap receipt` shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/push_part.h"

enum { STEP_MS = 20, COUNTS_MS = 5000, ASK_MS = 2000, IDS_MAX = 256, RECEIPT_MS = 10000 };

static bool settled(const struct push *u, const struct push_file *f) { return !f->id[0] || (u->wait ? f->visible : f->counted); }

static struct push_file *find(struct push *u, const char *id)
{
    for (int i = 0; id && i < u->files; i++)
        if (!strcmp(u->file[i].id, id)) return &u->file[i];
    return NULL;
}

static void copy(char *ret, size_t size, const json_t *text)
{
    const char *s = json_string_value(text);
    snprintf(ret, size, "%s", s ? s : "");
}

static void learn(struct push_file *f, const json_t *o, bool at_office)
{
    f->counted = true;
    f->accepted = json_integer_value(json_object_get(o, "accepted"));
    f->duplicate = json_integer_value(json_object_get(o, "duplicate"));
    f->superseded = json_integer_value(json_object_get(o, "superseded"));
    f->lsn = json_integer_value(json_object_get(o, "lsn"));
    f->acked = json_is_true(json_object_get(o, "acked"));
    f->receipt_due = json_is_true(json_object_get(o, "receipt_due"));
    copy(f->receipt, sizeof f->receipt, json_object_get(o, "receipt"));
    copy(f->worker, sizeof f->worker, json_object_get(o, "worker"));
    copy(f->state, sizeof f->state, json_object_get(o, "state_text"));
    /* it stated nothing that was not known; or what is seen is seen at the centre, and this side knows only that it is stored there
     */
    if (f->acked && (f->lsn == 0 || at_office)) f->visible = true;
}

/* ---- dry run ---- */

static void learn_judged(struct push *u, const json_t *answer)
{
    const json_t *list = json_object_get(answer, "files");
    size_t at = 0;
    for (int i = 0; i < u->files; i++) {
        struct push_file *f = &u->file[i];
        const json_t *o = f->judge_fd ? json_array_get(list, at++) : NULL;
        if (!json_is_true(json_object_get(o, "found"))) continue;
        f->accepted = json_integer_value(json_object_get(o, "accepted"));
        f->duplicate = json_integer_value(json_object_get(o, "duplicate"));
        f->superseded = json_integer_value(json_object_get(o, "superseded"));
    }
}

void push_judge(struct push *u)
{
    json_t *paths = json_array(), *answer = NULL;
    for (int i = 0; i < u->files; i++)
        if (u->file[i].judge_fd) json_array_append_new(paths, json_sprintf("/proc/%ld/fd/%d", (long)getpid(), u->file[i].judge_fd));
    bool any = json_array_size(paths) > 0;
    json_t *request = json_pack("{s:s,s:o}", "verb", "judge", "files", paths);
    char *text = request && any ? json_dumps(request, JSON_COMPACT) : NULL;
    if (text && place_ask(&u->p, "collector", text, u->timeout_s * 1000, &answer) == ST_OK) learn_judged(u, answer);
    free(text);
    json_decref(request);
    json_decref(answer);
}

/* ---- a real push ---- */

static int ask_counts(struct push *u)
{
    json_t *ids = json_array(), *answer = NULL, *o;
    size_t i;
    for (int k = 0; k < u->files && json_array_size(ids) < IDS_MAX; k++) {
        const struct push_file *f = &u->file[k];
        if ((!settled(u, f) && !f->acked) || (u->wait && f->receipt_due)) json_array_append_new(ids, json_string(f->id));
    }
    json_t *request = json_pack("{s:s,s:o}", "verb", "pushed", "ids", ids);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    int st = text ? json_array_size(ids) ? place_ask(&u->p, "collector", text, ASK_MS, &answer) : ST_OK : ST_NO_MEMORY;
    json_array_foreach(json_object_get(answer, "files"), i, o)
    {
        struct push_file *f = find(u, json_string_value(json_object_get(o, "id")));
        if (f && json_is_true(json_object_get(o, "found"))) learn(f, o, u->p.office);
    }
    free(text);
    json_decref(request);
    json_decref(answer);
    return st;
}

/* Files that are acknowledged: has the aggregator applied as much? */
static void ask_visible(struct push *u)
{
    struct ask_answer a = { 0 };
    bool any = false;
    for (int i = 0; i < u->files; i++) any |= u->file[i].acked && !u->file[i].visible;
    if (!any || ask_own(&u->p, "/api/v1/status", ASK_MS, &a) != ST_OK) return;
    json_t *o = a.status == 200 ? json_loadb(a.body, a.n, 0, NULL) : NULL;
    const json_t *position = json_object_get(json_object_get(o, "as_of"), "position");
    for (int i = 0; i < u->files; i++) {
        struct push_file *f = &u->file[i];
        if (f->acked && json_integer_value(json_object_get(position, f->worker)) >= f->lsn) f->visible = true;
    }
    json_decref(o);
    free(a.body);
}

static bool all_settled(const struct push *u)
{
    for (int i = 0; i < u->files; i++)
        if (!settled(u, &u->file[i])) return false;
    return true;
}

static bool receipts_here(const struct push *u)
{
    for (int i = 0; u->wait && i < u->files; i++)
        if (u->file[i].receipt_due) return false;
    return true;
}

static void wait_for_all(struct push *u, struct push_progress *g)
{
    bool all = false;
    json_t *a = NULL;
    int64_t end = cli_mono_ms() + (u->wait ? (int64_t)u->timeout_s * 1000 : COUNTS_MS);
    u->collector_down = place_ask(&u->p, "collector", "{\"verb\":\"push\"}", ASK_MS, &a) == ST_NOT_FOUND;
    json_decref(a);
    for (;;) {
        int st = ask_counts(u);
        push_progress_turn(g, u);
        u->collector_down = st == ST_NOT_FOUND;
        if (st == ST_OK && u->wait) ask_visible(u);
        if (!all && all_settled(u)) {
            all = true;
            end = end < cli_mono_ms() + RECEIPT_MS ? end : cli_mono_ms() + RECEIPT_MS;
        }
        if ((all && receipts_here(u)) || (u->collector_down && !u->wait)) return;
        if (cli_mono_ms() >= end) break;
        cli_pause(STEP_MS);
    }
    u->timed_out = !all;
}

void push_wait(struct push *u)
{
    struct push_progress g;
    if (all_settled(u)) return;
    push_progress_begin(&g, u);
    wait_for_all(u, &g);
    push_progress_end(&g);
}
