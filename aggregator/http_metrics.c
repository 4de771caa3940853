/* http_metrics.c - /metrics: counters and gauges of the aggregator as text. Kind: E.
 *
 * One table gives both forms: Prometheus text 0.0.4 (what `promtool check metrics` reads), and OpenMetrics 1.0 for who asks for it.
 * They differ in the name of a counter's family, in units and in the last line. Nothing here costs a look at the read model but the
 * applied positions: a scrape each second is no load. */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/http_answer.h"
#include "aggregator/sse.h"

enum kind { COUNTER, GAUGE, INFO };
struct page { struct evbuffer *out; bool open; };

static void family(const struct page *p, const char *name, enum kind kind, const char *help)
{
    static const char *const KINDS[] = {"counter", "gauge", "info"};
    const char *tail = p->open || kind == GAUGE ? "" : kind == COUNTER ? "_total" : "_info";
    evbuffer_add_printf(p->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, tail, help, name, tail,
                        !p->open && kind == INFO ? "gauge" : KINDS[kind]);
    size_t n = strlen(name);
    if (p->open && n > 6 && !strcmp(name + n - 6, "_bytes")) evbuffer_add_printf(p->out, "# UNIT %s bytes\n", name);
    if (p->open && n > 8 && !strcmp(name + n - 8, "_seconds")) evbuffer_add_printf(p->out, "# UNIT %s seconds\n", name);
}

static void number(const struct page *p, const char *name, enum kind kind, const char *help, uint64_t v)
{
    family(p, name, kind, help);
    evbuffer_add_printf(p->out, "%s%s %llu\n", name, kind == COUNTER ? "_total" : "", (unsigned long long)v);
}

/* ---- workers ---- */

struct of_worker { const char *name, *help; uint64_t (*value)(const struct aggregate_worker *w, uint64_t applied); };

static uint64_t w_up(const struct aggregate_worker *w, uint64_t applied) { return (void)applied, w->up; }
static uint64_t w_applied(const struct aggregate_worker *w, uint64_t applied) { return (void)w, applied; }
static uint64_t w_head(const struct aggregate_worker *w, uint64_t applied) { return w->head > applied ? w->head : applied; }
static uint64_t w_lag(const struct aggregate_worker *w, uint64_t applied) { return w->head > applied ? w->head - applied : 0; }

static int workers(const struct page *p, const struct query_context *q)
{
    static const struct of_worker TABLE[] = {
        {"rekap_worker_up", "Is the worker connected.", w_up},
        {"rekap_worker_applied_position", "Log position up to which the worker's log is counted.", w_applied},
        {"rekap_worker_head_position", "Newest log position the worker has told.", w_head},
        {"rekap_worker_lag_records", "Records told and not counted yet.", w_lag},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        family(p, TABLE[i].name, GAUGE, TABLE[i].help);
        for (unsigned w = 0; w < q->live.workers; w++) {
            uint64_t applied;
            struct hash hash;
            int st = fold_applied(q->t, q->live.worker[w].number, &applied, &hash);
            if (st != ST_OK) return st;
            evbuffer_add_printf(p->out, "%s{worker=\"w%u\"} %llu\n", TABLE[i].name, q->live.worker[w].number,
                                (unsigned long long)TABLE[i].value(&q->live.worker[w], applied));
        }
    }
    return ST_OK;
}

/* ---- offices, answers, the process ---- */

static void offices(const struct page *p, const struct query_context *q)
{
    uint64_t n[2] = {0, 0};
    for (size_t i = 0; i < registry_count(q->registry); i++) n[registry_at(q->registry, i)->status == OFFICE_ACTIVE]++;
    family(p, "rekap_offices", GAUGE, "Lines of the register.");
    evbuffer_add_printf(p->out, "rekap_offices{status=\"active\"} %llu\nrekap_offices{status=\"revoked\"} %llu\n",
                        (unsigned long long)n[1], (unsigned long long)n[0]);
}

static void answers(const struct page *p, const struct http *h)
{
    family(p, "rekap_http_answers", COUNTER, "Answers, by class of status.");
    for (unsigned i = 2; i < 6; i++)
        evbuffer_add_printf(p->out, "rekap_http_answers_total{class=\"%uxx\"} %llu\n", i, (unsigned long long)h->answers[i]);
}

static uint64_t resident(void)
{
    char line[128] = "";
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && !fgets(line, sizeof line, f)) line[0] = '\0';
    if (f) (void)fclose(f);
    const char *second = strchr(line, ' ');
    uint64_t pages = second ? strtoull(second, NULL, 10) : 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void counted(const struct page *p, struct http *h, const struct query_context *q)
{
    uint64_t used = 0, size = 0, closed, refused;
    (void)store_usage(h->o.store, &used, &size);
    http_guard_counters(h->guard, &closed, &refused);
    number(p, "rekap_fold_commits", COUNTER, "Groups of records that were counted and committed.", q->live.commits);
    number(p, "rekap_fold_updates", COUNTER, "Updates that were counted.", q->live.updates);
    number(p, "rekap_fold_stalled", GAUGE, "Is counting standing still though there is something to count.", http_stalled(h));
    number(p, "rekap_state_damaged", GAUGE, "Has a row of the state failed its checksum.", q->live.damaged);
    number(p, "rekap_store_used_bytes", GAUGE, "Bytes of the state's pages in use.", used);
    number(p, "rekap_store_map_bytes", GAUGE, "Bytes the state may grow to.", size);
    number(p, "rekap_registry_version", GAUGE, "Version of the register that questions are answered by.",
           registry_version(q->registry));
    number(p, "rekap_http_requests", COUNTER, "Requests that were read.", h->requests);
    number(p, "rekap_http_closed", COUNTER, "Connections closed because they asked or took nothing.", closed);
    number(p, "rekap_http_refused", COUNTER, "Questions refused because too much lay unread.", refused);
    number(p, "rekap_http_connections", GAUGE, "Connections that are open.", http_guard_count(h->guard));
    number(p, "rekap_viewers", GAUGE, "Live viewers.", sse_count(h->sse));
    number(p, "rekap_viewer_resyncs", COUNTER, "Times a viewer was told to ask for everything again.", sse_resyncs(h->sse));
    number(p, "process_resident_memory_bytes", GAUGE, "Memory of the process.", resident());
}

void http_metrics(struct http *h, struct evhttp_request *req)
{
    const char *accept = evhttp_find_header(evhttp_request_get_input_headers(req), "Accept");
    struct page p = {.out = evbuffer_new(), .open = accept && strstr(accept, "application/openmetrics-text")};
    struct query_context q;
    int st = p.out ? http_question(h, LANG_EN, &q) : ST_NO_MEMORY;
    if (st == ST_OK) {
        family(&p, "rekap_build", INFO, "Version of the program.");
        evbuffer_add_printf(p.out, "rekap_build_info{version=\"" REKAP_VERSION "\"} 1\n");
        st = workers(&p, &q);
        offices(&p, &q);
        counted(&p, h, &q);
        answers(&p, h);
        http_question_done(&q);
    }
    if (st == ST_OK && p.open) evbuffer_add_printf(p.out, "# EOF\n");
    if (st == ST_OK)
        http_reply(h, req, HTTP_OK, p.open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                           : "text/plain; version=0.0.4; charset=utf-8", p.out);
    else http_reply_problem(h, req, 500, CODE_BUSY, status_str(st), NULL, NULL);
    if (p.out) evbuffer_free(p.out);
}
