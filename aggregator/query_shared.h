/* query_shared.h - indicators that several offices share, joined into the value of their city, province or nation. Kind: P. Used by
 * the query_*.c files only.
 *
 * Shared is what the registry defines (query_standard.h): its definition says the unit, the operator and the formula. An id that
 * offices state (column `id`) with an `agregasi_unit` of their own but without a definition is listed with the reason and not
 * joined. How offices are joined is across.h. */
#ifndef REKAP_QUERY_SHARED_H
#define REKAP_QUERY_SHARED_H

#include "aggregator/query_beside.h"

struct query_shared;
int query_shared_new(struct query_shared **ret); /* ST_NO_MEMORY */
void query_shared_free(struct query_shared **s);
/* One office's indicator, judged; plan: of its office and year, for its parts. What is not shared is ignored. */
int query_shared_add(struct query_shared *s, const struct query_context *q, const struct query_plan *plan,
                     struct query_indicators *o, const struct indicator *it, const struct indicator_state *st, unsigned until);
/* One object for each shared indicator, ordered by id: id, indicator, unit, formula, operator, basis, target, reached, achievement,
 * rating, scale, reason, numerator, denominator, counted, of, excluded [{office, part, value, reason}], complete, coverage. Empties
 * s. */
int query_shared_json(struct query_shared *s, const struct query_context *q, const struct query_scope *scope, json_t *list);

struct query_shared_value {       /* of one group, for comparing years */
    struct indicator_state state; /* formula, target, reached, result */
    char unit[UNIT_TEXT_MAX + 1];
    uint8_t over;
};
/* The one that is asked for, of one year; *ret NULL: nobody states it as a shared one. */
int query_shared_year(const struct query_context *q, const struct query_scope *scope, struct slice asked, int year, json_t **ret,
                      struct query_shared_value *ret_value);

#endif
