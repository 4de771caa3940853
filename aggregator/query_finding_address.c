/* query_finding_address.c - the address of a finding: OFFICE/YEAR/finding/CODE/KIND-MARK. Kind: P.
 *
 * Nothing about a finding is stored, so what tells it from others of its kind, office, year and code is what it says of its place:
 * the indicator, the table, the words of `where`. The mark is the beginning of their hash, always of the Indonesian words, so that
 * an address is the same in either language; counts among the words (`47 dari 47 baris`) are left out, so that a correction that
 * changes the count does not make it another finding. Invariant: a list in either language has the same findings in the same order
 * (the rules do not know the language). */
#include "aggregator/query_finding.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/query_figure.h"

enum { MARK_BYTES = 3 };

static void put_part(struct buf *b, const char *text, size_t n)
{
    buf_put(b, text, n);
    buf_u8(b, 0);
}

void query_finding_mark(const json_t *finding, char ret[QUERY_MARK_MAX])
{
    const char *where = query_text_of(finding, "where"), *kind = query_text_of(finding, "kind"), *colon = strchr(where, ':');
    bool counts = json_object_get(finding, "differ") != NULL;
    char hex[2 * MARK_BYTES + 1];
    struct buf b;
    buf_init(&b, 16 << 10);
    put_part(&b, query_text_of(finding, "indicator"), strlen(query_text_of(finding, "indicator")));
    put_part(&b, query_text_of(finding, "table"), strlen(query_text_of(finding, "table")));
    put_part(&b, where, !counts ? strlen(where) : colon ? (size_t)(colon - where) : 0);
    const struct hash h = sign_hash(b.p, b.n);
    bytes_hex(h.b, MARK_BYTES, hex);
    snprintf(ret, QUERY_MARK_MAX, "%.40s-%s", kind, hex);
    buf_done(&b);
}

static json_t *address_json(const struct query_context *q, const struct query_scope *s, const json_t *finding, const char *mark)
{
    struct address a = {.until = s->until, .cap = ADDRESS_CAP, .measure = ADDRESS_FINDING};
    a.year = (int)json_integer_value(json_object_get(finding, "year"));
    snprintf(a.office, sizeof a.office, "%s", query_text_of(finding, "office"));
    snprintf(a.place, sizeof a.place, "%s", query_text_of(finding, "code"));
    snprintf(a.indicator, sizeof a.indicator, "%s", mark);
    return query_figure_address(q, &a);
}

int query_finding_indonesian(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list,
                             json_t **ret)
{
    struct query_context id = *q;
    *ret = json_incref(list);
    if (q->lang == LANG_ID) return ST_OK;
    json_decref(*ret);
    *ret = json_array();
    id.lang = LANG_ID;
    int st = query_finding_list(&id, s, kind, *ret);
    ASSERT(st != ST_OK || json_array_size(*ret) == json_array_size(list));
    return st;
}

void query_finding_address(const struct query_context *q, const struct query_scope *s, const json_t *words, json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char mark[QUERY_MARK_MAX];
        json_t *o = json_array_get(list, i);
        query_finding_mark(json_array_get(words, i), mark);
        json_object_set_new(o, "figure", address_json(q, s, o, mark));
    }
}

int query_finding_addresses(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list)
{
    json_t *words = NULL;
    int st = query_finding_indonesian(q, s, kind, list, &words);
    if (st == ST_OK) query_finding_address(q, s, words, list);
    json_decref(words);
    return st;
}
