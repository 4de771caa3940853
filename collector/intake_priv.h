/* intake_priv.h - what the parts of intake share: the row being read, its cells, refusals and notes. Kind: P. */
#ifndef REKAP_INTAKE_PRIV_H
#define REKAP_INTAKE_PRIV_H

#include "collector/intake.h"

enum { INTAKE_NOTES_PER_KIND = 20, INTAKE_ROW_FIGURES_MAX = 20, INTAKE_SEEN_MAX = 80 };

struct intake_pair { const char *id, *en; };            /* one text in both languages */

/* A note that may come with every row: listed up to INTAKE_NOTES_PER_KIND times, then counted. */
struct intake_tally { const char *kind; uint32_t count, last_line; };

/* One figure of the file and where it came from. */
struct intake_item {
    struct figure f;
    enum vintage vintage;               /* of its section */
    uint32_t row;                       /* number of the data row, from 0 */
    uint32_t column;                    /* from 1 */
    uint32_t head;                      /* first item with the same key (its own index when it is the first) */
    bool conflict;                      /* heads: another item with this key says something else */
};
struct intake_data_row { uint32_t line, table_row, first, count; bool refused, complete; };

struct intake_chunk { struct intake_chunk *next; };
struct intake_priv {
    struct intake_options o;
    struct csv_table table;
    struct shape shape;
    struct intake_chunk *chunks;        /* small texts */
    size_t chunk_left;
    char *chunk_at;
    struct intake_item *item;
    uint32_t items, item_cap;
    struct intake_data_row *row;        /* data rows */
    uint32_t rows, row_cap;
    uint32_t refusal_cap, note_cap, section_cap;
    struct intake_tally tally[64];
    uint32_t tallies;
    bool no_memory;
    /* the row being read */
    struct slice typed[COLUMN_COUNT];   /* cells that were no text, as the column's grammar writes them; p NULL: as in the table */
    uint32_t table_row, line;
    bool bad;                           /* a cell of it was refused */
    struct figure figure[INTAKE_ROW_FIGURES_MAX];
    uint32_t figure_column[INTAKE_ROW_FIGURES_MAX];
    enum vintage vintage;
    unsigned figures;
    bool complete;
    uint16_t plan_first, plan_last;     /* span of the years of a `renstra` file without a column periode; 0 = not looked for */
};

/* ---- intake_report.c ---- */
const char *intake_text(struct intake *in, const char *fmt,
                        ...) __attribute__((format(printf, 2, 3)));        /* lives with the intake */
struct slice intake_keep(struct intake *in, const char *s);
const char *intake_say(const struct intake *in, struct intake_pair p);
/* Refuses a cell of the current row (column 0: the row). Returns the refusal for adding readings; NULL: no memory. */
struct intake_refusal *intake_refuse(struct intake *in, enum shape_column c, unsigned code, const char *reason);
struct intake_refusal *intake_refuse_at(struct intake *in, uint32_t line, uint32_t column, struct slice seen, unsigned code,
                                        const char *reason);
void intake_nearest(struct intake *in, struct intake_refusal *r, const char *reading);
void intake_note(struct intake *in, enum shape_column c, const char *kind, const char *text);
void intake_note_at(struct intake *in, uint32_t line, uint32_t column, const char *kind, const char *text);
void intake_report_end(struct intake *in);              /* sums up, sorts */

/* ---- intake_cell.c: cells of the current row; each refuses by itself and then returns false ---- */
bool intake_has(const struct intake *in, enum shape_column c);          /* is the column there at all */
struct slice intake_cell(const struct intake *in, enum shape_column c); /* trimmed; empty when absent */
bool intake_year(struct intake *in, uint16_t *ret);
bool intake_vintage(struct intake *in, unsigned year, enum vintage *ret);       /* year 0: the column must say it */
bool intake_code(struct intake *in, enum vintage v, activity_code *ret, account_code *ret_account);
struct intake_period { unsigned month; enum basis basis; bool stated; };
bool intake_month(struct intake *in, enum shape_column c, unsigned year, unsigned *ret);         /* YYYY-MM of that year */
bool intake_period(struct intake *in, unsigned year, struct intake_period *ret);
bool intake_money(struct intake *in, enum shape_column c, enum shape_column text, bool is_realised, struct decimal_reading *ret);
bool intake_percent(struct intake *in, enum shape_column c, struct decimal_reading *ret);
bool intake_short_text(struct intake *in, enum shape_column c, struct slice *ret);      /* at most TEXT_MAX bytes */
/* A quantity with its unit split off. `words`: any text is a value (formula TEXT); `range`: two bounds are text too (80-90). */
struct intake_amount {
    struct decimal_reading d;
    struct slice text, unit;            /* of DEC_TEXT, canonical or as written; of a number, "" when none is known */
    enum shape_column from;             /* the cell it was read from */
};
struct intake_amount_rule { enum shape_column column, text; bool is_realised, words, range; struct slice unit; };
bool intake_amount(struct intake *in, const struct intake_amount_rule *rule, struct intake_amount *ret);
bool intake_stage(struct intake *in, uint16_t *ret);
bool intake_source(struct intake *in, uint8_t *ret);    /* SOURCE_NONE: not given */

/* ---- intake_typed.c: numbers, dates and faults of cells that were no text. False: a cell of the row was refused ---- */
bool intake_typed_row(struct intake *in);

/* ---- one file a shape: reads the current row into p->figure; false: not a data row (noted) ---- */
bool intake_money_row(struct intake *in);
bool intake_name_row(struct intake *in);
bool intake_indicator_row(struct intake *in);
bool intake_compare_row(struct intake *in);
bool intake_plan_row(struct intake *in);
bool intake_part_row(struct intake *in);
bool intake_note_row(struct intake *in);
bool intake_bridge_row(struct intake *in);
bool intake_alias_row(struct intake *in);
bool intake_scale_row(struct intake *in);
bool intake_setting_row(struct intake *in);
bool intake_unit_row(struct intake *in);
bool intake_standard_row(struct intake *in);
bool intake_office_row(struct intake *in);
/* The month a rule holds from, "2022-01": `berlaku`, else the month it was entered (noted). NULL: the cell was refused. */
const char *intake_rule_from(struct intake *in);
/* Does the row begin with a year or code (key, other)? If not, it is noted as skipped. */
bool intake_row_is_data(struct intake *in, enum shape_column key, enum shape_column other);
bool intake_required_text(struct intake *in, enum shape_column c, struct slice *ret);
bool intake_plan_period(struct slice s, uint16_t *ret_first, uint16_t *ret_last);      /* "2021-2026" */
bool intake_rule_allowed(struct intake *in);            /* a shape of the registry by who is not the centre: the file is refused */
void intake_bridge_weights(struct intake *in);          /* refuses the rows of sources whose weights do not sum to 1 */
void intake_scale_whole(struct intake *in);             /* with one row refused all are */
bool intake_says_total(const struct intake *in);        /* a cell of the row says that it is a total */
void intake_add(struct intake *in, enum shape_column c, const struct figure *f);        /* one more figure of the current row */

/* ---- intake_group.c: rows of the same key, complete stages, sections ---- */
void intake_group(struct intake *in);

#endif
