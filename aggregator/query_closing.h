/* query_closing.h - one office's quarter in answers: its steps collected and judged, and what stands in the way of the close.
 * Kind: P. Used by the query_*.c files only.
 *
 * The steps of an office stand in its own units, so a quarter costs the units of its offices and nothing else; the past is asked
 * like everything else, of the unit as it was. */
#ifndef REKAP_QUERY_CLOSING_H
#define REKAP_QUERY_CLOSING_H

#include "aggregator/closing_rules.h"
#include "aggregator/query_parse.h"

struct query_closing_words { /* what the slices of a step point into */
    char indicator[STEP_KEY_MAX + 1], text[STEP_WORDS_MAX + 1], clerk[UNIT_TEXT_MAX + 1], reason[TEXT_MAX + 1];
    struct wall at, entered;
};
struct query_closing { /* one office and quarter */
    const struct query_context *q;
    const struct office *office;
    uint32_t id; /* 0: it has stated nothing yet */
    unsigned quarter;
    struct unit u; /* of the quarter's year */
    struct closing_step *step;
    struct query_closing_words **words; /* of each step */
    size_t n, cap;
    struct closing now, before; /* of the quarter, and of the one before it */
    struct closing_terms terms;
    bool reported, before_due; /* before_due: something is stated of the quarter before */
    bool audited; /* the year */
    size_t changed;            /* own figures stated after it was handed in */
    struct leaf_key changed_first;
};
int query_closing_open(const struct query_context *q, const struct office *o, unsigned quarter, struct query_closing *ret);
void query_closing_close(struct query_closing *c); /* in either case */
/* The step of the quarter after it that opened that one again, where it had held this one; NULL. */
const struct closing_step *query_closing_freed(const struct query_closing *c);

/* query_closing_json.c */
json_t *query_closing_json(const struct query_closing *c);
/* Adds "blockers", "blocker_count", "total", "difference" to o: rehearsal. findings: those of the office alone, as `findings` lists
 * them; NULL: none. more: how many open ones there are beside them, which are only counted. */
int query_closing_rehearse(struct query_closing *c, const json_t *findings, int64_t more, json_t *o);

#endif
