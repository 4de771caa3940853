/* audit_roll.h - what the files of the recomputed state share. Kind: E, private to rekap-audit.
 *
 * The aggregator's state a second time, from the log alone and as plainly as possible: every accepted row of every record becomes
 * a statement, statements sorted by figure become rows, the rows of one office and year are looked at as a whole, and what they add
 * to the tree is added up. Nothing is kept from one question to the next and nothing is ever subtracted, so that a mistake of the
 * fold's increments is not made here as well. Rules: docs/DESIGN.md and the comments of aggregator/derive.h and claim.h; formats:
 * docs/STORAGE.md 5.
 *
 * A `row` is twelve months of one key as they stand at the end; a unit is the rows of one (office, year). Months are 1..12
 * everywhere, element 0 of an array of 13 is not used. Assumes what holds in production: a slot is stated through one worker only.
 */
#ifndef REKAP_AUDIT_ROLL_H
#define REKAP_AUDIT_ROLL_H

#include <assert.h>

#include "cli/audit_part.h"

typedef __int128 i128;
typedef uint64_t activity_code, account_code, provenance; /* packed as docs/STORAGE.md 2 says; 0 none */
typedef uint32_t region_code;
#define CODE_TOTAL UINT64_C(0xff00000000000000)

/* Numbers of the wire and of the stores (docs/PROTOCOL.md 6, docs/STORAGE.md 2 and 5). */
enum { YEAR_MIN = 1990, YEAR_MAX = 2100 };
enum { STAGE_NONE = 0, STAGE_MURNI = 0x100 };
enum { BASIS_MONTHLY = 2, BASIS_CUMULATIVE = 1 };
enum { VALUE_EMPTY = 0, VALUE_NUMBER = 1, VALUE_NIL = 2, VALUE_TEXT = 4, VALUE_WITHDRAWN = 5 };
enum { SOURCE_NONE = 0, SOURCE_OPD = 1, SOURCE_DPA = 7 };
enum {
    MEASURE_BUDGET = 1,
    MEASURE_REALISED = 2,
    MEASURE_CASH_PLAN = 3,
    MEASURE_PHYSICAL = 4,
    MEASURE_PRINTED_ABSORPTION = 16,
    MEASURE_COMPARED_BUDGET = 19,
    MEASURE_COMPARED_REALISED = 20,
    MEASURE_COMPARED_ABSORPTION = 21,
    MEASURE_PLAN_START = 22,
    MEASURE_PLAN_END = 23,
    MEASURE_PLAN_END_BUDGET = 24,
    MEASURE_PLAN_REACHED = 25,
    MEASURE_PLAN_REALISED = 26,
    MEASURE_PLAN_START_UNIT = 27,
    MEASURE_PLAN_END_UNIT = 28,
    MEASURE_NAME = 32,
    MEASURE_COMPLETE = 33,
    MEASURE_COMPONENT = 50
};
enum { LEVEL_NONE = 0, LEVEL_URUSAN = 1, LEVEL_KEGIATAN = 4, LEVEL_SUBKEGIATAN = 5, LEVEL_TOTAL = 8 };
enum { NODE_TOTAL = 0, NODE_ACTIVITY = 1, NODE_ACCOUNT = 2, NODE_ACCOUNT_LINE = 3 };
enum {
    DERIVED_BUDGET = 1,
    DERIVED_BUDGET_MURNI = 2,
    DERIVED_REALISED = 3,
    DERIVED_CASH_PLAN = 4,
    DERIVED_CONTROL_BUDGET = 8,
    DERIVED_CONTROL_REALISED = 9,
    DERIVED_PRESENCE = 16,
    DERIVED_FINDINGS = 17,
    DERIVED_OPEN = 18 /* and 19 reported, 20 physical, 21 its budget */
};

/* ---- audit_code.c: codes and names ---- */
const char *audit_code_vintage_name(unsigned vintage); /* "" when there is none of that number */
const char *audit_code_measure_name(unsigned measure);
const char *audit_code_source_name(unsigned source);
void audit_code_stage_format(unsigned stage, char ret[20]);
/* Texts as they stand in the log, exactly spelled. False: no such thing. Empty is "none" of vintage, source and stage. */
bool audit_code_vintage_parse(struct audit_span s, unsigned *ret);
bool audit_code_source_parse(struct audit_span s, unsigned *ret);
bool audit_code_stage_parse(struct audit_span s, unsigned *ret);
bool audit_code_activity_parse(struct audit_span s, unsigned vintage, activity_code *ret);
bool audit_code_account_parse(struct audit_span s, account_code *ret);
void audit_code_format_activity(activity_code c, char ret[32]);
void audit_code_format_account(account_code c, char ret[32]);
void audit_code_region_format(region_code r, char ret[8]);
static inline unsigned audit_code_vintage(activity_code c) { return (unsigned)(c >> 56); }
static inline region_code audit_code_region_parent(region_code r) { return (r & 0xffff) ? r & 0xffff0000u : 0; }
unsigned audit_code_level(activity_code c);
unsigned audit_code_leaf_level(unsigned vintage);
activity_code audit_code_parent(activity_code c);
bool audit_code_below(activity_code ancestor, activity_code c); /* proper descendant */
unsigned audit_code_account_depth(account_code c);
account_code audit_code_account_parent(account_code c);
account_code audit_code_account_ancestor(account_code c, unsigned depth);
bool audit_code_account_below(account_code ancestor, account_code c);

/* ---- audit_text.c: text that grows ---- */
struct audit_roll_slot;
struct audit_text {
    uint8_t *p;
    size_t n, room;
    bool (*origin)(struct audit_text *t, const struct audit_roll_slot *s); /* NULL: where a value comes from is a place in a log */
    const void *ctx;
};
void audit_text_put(struct audit_text *t, const void *p, size_t n);
void audit_text_byte(struct audit_text *t, uint8_t c);
void audit_text_str(struct audit_text *t, const char *s);
void audit_text_printf(struct audit_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void audit_text_escaped(struct audit_text *t, struct audit_span s); /* backslash, tab and newline as two characters */
void audit_text_provenance(struct audit_text *t, provenance p); /* w1:3:4 */
size_t audit_text_i128(i128 v, char ret[48]); /* its length */
void audit_text_field(struct audit_text *t, const char *s); /* a tab and s */
void audit_text_number(struct audit_text *t, char before, i128 v);
void audit_text_done(struct audit_text *t);
/* The line that begins at `at`, with its newline. */
struct audit_span audit_text_line(const struct audit_text *t, size_t at);
int audit_text_compare(struct audit_span a, struct audit_span b); /* as memcmp; of two with one beginning the shorter is less */

/* ---- audit_spill.c: records in byte order, on disk when they are many ---- */
struct audit_spill;
struct audit_spill *audit_spill_new(const struct audit_room *room); /* NULL: the usual one */
void audit_spill_put(struct audit_spill *s, const void *p, size_t n); /* n > 0; before audit_spill_sort only */
void audit_spill_lines(struct audit_spill *s, struct audit_text *t);  /* each line of t with its newline; empties t */
void audit_spill_sort(struct audit_spill *s);
/* The next one as audit_text_compare orders them, equal ones each; empty at the end. It stands until the next call. */
struct audit_span audit_spill_next(struct audit_spill *s);
size_t audit_spill_pieces(const struct audit_spill *s); /* how often the room was full */
void audit_spill_free(struct audit_spill *s);

/* ---- rows ---- */
enum { AUDIT_ROLL_MONTHS = 13, AUDIT_ROLL_NO_STAGE = -1 };
struct audit_roll_slot {
    unsigned kind, basis, decimals;
    bool reason;
    int64_t value;
    provenance prov;
    uint32_t strand;   /* which stream and epoch of which office; 0 not known */
    uint64_t sequence; /* the statement in it */
    struct audit_span text;
};
struct audit_roll_line { /* account only of an account-only line */
    activity_code activity;
    account_code account;
};
struct audit_roll_row {
    struct audit_span office, indicator;
    unsigned year, measure, source, stage;
    activity_code activity;
    account_code account;
    struct audit_roll_slot slot[AUDIT_ROLL_MONTHS];
    struct audit_roll_line line; /* of a finished row (audit_roll_row_done): what is asked of it again and again */
    bool reported;
};
struct audit_roll_unit {
    const struct audit_roll_row *row;
    size_t rows;
};
/* Of the canonical text: the beginning of a line about a row (what: "leaf" or "history"), one slot of it, a whole leaf line. */
void audit_roll_put_key(struct audit_text *t, const char *what, const struct audit_roll_row *r);
void audit_roll_put_slot(struct audit_text *t, unsigned month, const struct audit_roll_slot *s);
void audit_roll_put_leaf(struct audit_text *t, const struct audit_roll_row *r);

struct audit_roll_series {
    bool there;
    i128 at[AUDIT_ROLL_MONTHS];
    bool reported[AUDIT_ROLL_MONTHS];
    unsigned first, last;
};
struct audit_roll_pick {           /* the budget in force, month by month */
    bool any;                      /* the line has a stage of its own */
    bool own[AUDIT_ROLL_MONTHS];   /* a stage of the line is in force (else 0: absent from a complete stage, or none has begun) */
    int stage[AUDIT_ROLL_MONTHS];  /* AUDIT_ROLL_NO_STAGE: none has begun */
    unsigned at[AUDIT_ROLL_MONTHS]; /* the month whose value counts: the month itself, or the start of a stretched stage */
    i128 value[AUDIT_ROLL_MONTHS];
    bool assumed;
    int murni;                      /* the stage that is murni; AUDIT_ROLL_NO_STAGE */
    struct audit_roll_series first; /* its series */
};
struct audit_roll_item { /* a line in a channel (measure, source) in which it is stated */
    struct audit_roll_line line;
    unsigned measure, source;
    bool counted, bare;
    struct audit_roll_pick pick;     /* of budgets */
    struct audit_roll_series series; /* of flows */
    i128 value[AUDIT_ROLL_MONTHS];   /* either way */
};
struct audit_roll_view { /* one unit, its lines and items */
    struct audit_roll_unit u;
    struct audit_roll_line *line;
    size_t lines;
    struct audit_roll_item *item;
    size_t items;
    unsigned *found; /* claims by line and month: found[line * AUDIT_ROLL_MONTHS + month] */
};

/* Room for one more element of an array whose count is a power of two or zero when it must grow. */
void *audit_roll_more(void *array, size_t count, size_t size);
#define AUDIT_ROLL_ADD(array, count) ((array) = audit_roll_more((array), (count), sizeof *(array)), &(array)[(count)++])

/* ---- audit_roll_line.c ---- */
/* All slots of the row stand: what they say of it as a whole is written down. */
void audit_roll_row_done(struct audit_roll_row *r);
static inline bool audit_roll_is_reported(const struct audit_roll_row *r) { return r->reported; }
void audit_roll_row_series(const struct audit_roll_row *r, struct audit_roll_series *ret);
static inline struct audit_roll_line audit_roll_line_of(const struct audit_roll_row *r) { return r->line; }
static inline bool audit_roll_same_line(struct audit_roll_line a, struct audit_roll_line b)
{
    return a.activity == b.activity && a.account == b.account;
}
bool audit_roll_line_below(struct audit_roll_line above, struct audit_roll_line l);
const struct audit_roll_row *audit_roll_find(struct audit_roll_unit u, struct audit_roll_line l, account_code account,
                                             unsigned measure, unsigned source, unsigned stage);
/* The rows with an account at or below prefix (0: all) that have no reported row above them there, added up. */
void audit_roll_shallow(struct audit_roll_unit u, struct audit_roll_line l, account_code prefix, unsigned measure, unsigned source,
                        unsigned stage, struct audit_roll_series *ret);
/* Greatest last reported month of all rows with an account at or below prefix; 0 none. */
unsigned audit_roll_last(struct audit_roll_unit u, struct audit_roll_line l, account_code prefix, unsigned measure,
                         unsigned source, unsigned stage);
void audit_roll_pick(struct audit_roll_unit u, struct audit_roll_line l, unsigned source, bool accounts_only,
                     struct audit_roll_pick *ret);
void audit_roll_view(struct audit_roll_unit u, struct audit_roll_view *ret);
void audit_roll_view_done(struct audit_roll_view *v);
const struct audit_roll_item *audit_roll_item_of(const struct audit_roll_view *v, struct audit_roll_line l, unsigned measure,
                                                 unsigned source); /* NULL: not stated */
/* Greatest last reported month of realised of its lines; 0 none. */
unsigned audit_roll_last_realised(const struct audit_roll_view *v);

/* ---- audit_roll_fact.c ---- */
struct audit_roll_fact { /* one statement; subject and speaker: numbers of parties */
    uint32_t subject, speaker;
    unsigned year, measure, source, stage, month;
    activity_code activity;
    account_code account;
    struct audit_span indicator;
    struct audit_roll_slot slot;
};
struct audit_roll_building { /* the rows of one subject and year, as far as they were read */
    struct audit_roll_row *row;
    size_t rows;
    uint32_t subject;
    struct audit_span key;
    struct audit_roll_chunk *chunk;
};
void audit_roll_fact_put(struct audit_spill *to, const struct audit_roll_fact *f);
void audit_roll_fact_read(struct audit_span packed, struct audit_roll_fact *ret); /* its texts lie in packed */
bool audit_roll_building_other(const struct audit_roll_building *b, const struct audit_roll_fact *f); /* of another unit */
/* The row of a fact that was read from packed; its texts are kept as long as the rows are. */
struct audit_roll_row *audit_roll_building_row(struct audit_roll_building *b, struct audit_span packed, struct audit_span office,
                                               struct audit_roll_fact *f);
void audit_roll_building_clear(struct audit_roll_building *b);

/* ---- audit_roll.c ---- */
bool audit_roll_region_holds(region_code outer, region_code inner); /* 0 holds all */

/* ---- audit_roll_claim.c ---- */
void audit_roll_claims(struct audit_roll_view *v); /* fills v->found */

/* ---- audit_roll_cell.c ---- */
struct audit_roll_cell {
    region_code region;
    unsigned year, kind, derived, source;
    uint64_t node;
    i128 value[AUDIT_ROLL_MONTHS];
    int64_t offices[AUDIT_ROLL_MONTHS], lines, bare, assumed;
};
void audit_roll_put_cell(struct audit_text *t, const struct audit_roll_cell *x); /* its line of the canonical text */
struct audit_roll_cells;
struct audit_roll_cells *audit_roll_cells_new(const struct audit_room *room, region_code region); /* only what is of or inside it */
/* Adds what a unit's view says; looks for its claims. */
void audit_roll_cells_unit(struct audit_roll_cells *c, region_code region, unsigned year, struct audit_roll_view *v);
void audit_roll_cells_put(struct audit_roll_cells *c, struct audit_spill *out); /* their lines, once */
void audit_roll_cells_free(struct audit_roll_cells *c);

#endif
