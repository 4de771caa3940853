/* query.h - questions about the read model, answered as JSON. Kind: P over a read transaction.
 *
 * One engine for HTTP, command line and reports. Money and decimals are JSON strings, never numbers. Every answer carries as_of
 * (applied log position per worker, time), completeness and the registry version. Bad parameters give a problem with a code, the
 * parameter's name, what was seen and what was expected, in Indonesian or English. */
#ifndef REKAP_QUERY_H
#define REKAP_QUERY_H

#include <jansson.h>

#include "aggregator/aggregate.h"
#include "aggregator/asof.h"
#include "aggregator/bridge_list.h"
#include "aggregator/names.h"
#include "aggregator/scales.h"
#include "aggregator/successor.h"
#include "aggregator/thresholds.h"
#include "proto/units.h"

struct closing_book;
struct query_context { /* everything a question may look at; all immutable while it runs */
    struct store_txn *t;
    const struct registry *registry;
    const struct names *names;
    const struct scales *scales; /* NULL: none are set; so are those below */
    const struct thresholds *thresholds;
    const struct units *units;
    const struct bridges *bridges;
    const struct successors *successors;
    const struct query_standards *standards; /* definitions of shared indicators (query_standard.h) */
    unsigned rules_at; /* year * 100 + month whose rules judge every period; 0: those of its own end */
    const struct closing_book *closing; /* NULL: the usual rules of the close */
    struct aggregate_status live;
    struct now now;
    enum lang lang;
    const struct query_context *base; /* the same without the rules that the centre states; NULL: this is it */
    struct asof *past; /* NULL: as it stands; else the position asked for, and registry is the register then */
};
struct query_params { /* texts as asked; empty slice = not given */
    struct slice region, year, until, code, level, office, stage, measure, from, to, kind, as_of, indicator, cap, figure, vintage,
        open, corrected, bridge, with, by, lowered, quarter, rehearse, shown, source, rules, booked;
};
struct query_problem {
    unsigned status; /* HTTP */
    const char *param;
    char seen[64];
    char text[256];
};

/* Each: ST_OK with *ret (caller decrefs), ST_INVALID with *ret_problem, or the store's errors (ST_CORRUPT: a damaged row is
 * refused, never served). */
typedef int (*query_fn)(const struct query_context *q, const struct query_params *p, json_t **ret,
                        struct query_problem *ret_problem);
/* Asks as of p->as_of (RFC 3339 or "w1:4711,.."): finds the position, then asks `fn` with the past in the context. Without as_of it
 * asks about what stands; with p->booked as a sealed quarter was sealed (query_late.h). */
int query_as_of(query_fn fn, const struct query_context *q, const struct query_params *p, json_t **ret,
                struct query_problem *ret_problem);
int query_rollup(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_trend(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_findings(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_indicators(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* p->figure: an address (proto/address.h). What a figure is made of, down to the statements; and how it came to be what it is. */
int query_explain(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_history(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* What office and treasurer say was spent, line by line; p->kind: only this state, p->open: only what differs unexplained. */
int query_match(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* Targets changed after their year began, with the achievement against the first; p->lowered: only those made easier. */
int query_targets(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* The same code or indicator at others; p->by: region or office. */
int query_peers(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* The quarter of each office of a region: p->quarter, states and steps; with p->rehearse what stands in the way of closing it
 * (p->shown: at most so many findings of an office are told, all are counted). */
int query_closes(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* What was stated of a sealed quarter after its cut, by p->quarter. */
int query_late(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
/* What each office of a region has to do by when, what came back, what was refused, who is silent; p->quarter: of that one only. */
int query_notices(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_notes(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_offices(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);
int query_status(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem);

#endif
