/* query_parse.h - parameters of a question, and the parts every answer shares. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_PARSE_H
#define REKAP_QUERY_PARSE_H

#include "aggregator/query.h"

struct query_scope { /* what a question is about, checked */
    region_code region;
    bool has_region;
    const struct office *office; /* NULL: the whole region */
    uint32_t office_id;          /* 0 when the office has stated nothing yet */
    int year, until;
    enum level level;
    bool murni;
    uint8_t source;    /* of a figure asked for by its address; 0: the default one of each measure */
    struct slice code; /* dotted prefix, or empty */
};
/* Region, office, year (required when need_year), until, level, code, stage. ST_OK or ST_INVALID with the problem filled. */
int query_parse_scope(const struct query_context *q, const struct query_params *p, bool need_year, struct query_scope *ret,
                      struct query_problem *problem);
int query_parse_year(struct slice text, const char *param, int *ret, const struct query_context *q, struct query_problem *problem);
int query_refuse(struct query_problem *p, const struct query_context *q, const char *param, struct slice seen, const char *id,
                 const char *en);
/* as_of, registry_version into an answer. */
int query_parse_stamp(const struct query_context *q, json_t *answer);
/* Is the dotted code text equal to or below the prefix? An empty prefix matches all. */
bool query_parse_below(struct slice prefix, const char *code);
bool query_parse_total(struct slice code); /* the word `total` */

#endif
