/* report.h - `rekap report`: official tables filled from the aggregator's answers. Kind: E.
 *
 * One model, several makers, several printers. The model is a JSON object, so that --format json is the model itself:
 *   {"report","title":[..],"region","office","year","until","as_of","registry_version","complete",
 *    "tables":[{"title","columns":[{"group","heading","number","kind","width"}],"key",
 *               "rows":[{"depth","strong","cells":[..]}]}],
 *    "opening":[..],"foot":[{"heading","lines":[..]}],"notes":[..],"basis":[..],"signed":[..],"seal":{..}}
 * key: the column with the codes by which rows stand below each other. A cell is null or text: of kind money "91000000.00", of kind
 * percent "92.20", of kind number "12.5", as the aggregator says it.
 * Makers (report_lra.c, ..) move what it says; the little arithmetic that a form asks for (a quarter's own value, a remainder) is
 * exact in integers (report_number.c). All questions of one report are asked as of one log position: the report is consistent, and
 * the same position gives the same bytes in every format (times in files are the position's own). */
#ifndef REKAP_REPORT_H
#define REKAP_REPORT_H

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/seal_file.h"

enum report_kind { REPORT_TEXT, REPORT_MONEY, REPORT_NUMBER, REPORT_PERCENT };
struct report_column {
    const char *group, *heading, *number;       /* group: "" = none; number: as the form counts its columns, "" = none */
    enum report_kind kind;
    unsigned width;                     /* characters, for paper and sheets */
};
struct report {
    const struct cli *c;
    struct place p;
    const char *region, *office;        /* office NULL: all of the region */
    const char *place_name;             /* of region or office, from the answers */
    int year, quarter, until;           /* until: the quarter's last month */
    char as_of[512];                    /* position that every question is asked at */
    bool sealed;                        /* seal is that of the quarter */
    struct seal_file seal;
    char seal_region[8];
    char cut[512];                      /* its position, and the same as an object */
    json_t *cut_position;
    json_t *model;
    int rc;                             /* EXIT_OK, or what the first failed question gave */
};

/* ---- report_data.c: questions; a new reference, or NULL with r->rc set ---- */
json_t *report_rollup(struct report *r, int year, int until, const char *level, const char *office);
json_t *report_accounts(struct report *r, const char *code);     /* an account and all below it */
json_t *report_indicators(struct report *r, int year, int until);
json_t *report_trend(struct report *r, const char *code, const json_t *indicator, int from, int to); /* indicator: a row, or NULL */
json_t *report_peers(struct report *r, const char *code);       /* the cities of the model's own province */
json_t *report_notes(struct report *r);
json_t *report_offices(struct report *r);       /* of the region; without as-of: the register */
json_t *report_findings(struct report *r);
json_t *report_closes(struct report *r);        /* of the quarter; with its steps */
json_t *report_past(struct report *r, const char *figure);      /* how a figure changed: its address as answers carry it */
int report_open(struct report *r);      /* installation, position, names: everything a model begins with */
void report_begin(struct report *r, const json_t *answer);      /* the model of an answer of a rollup */
void report_keep(struct report *r, const json_t *answer);       /* as_of becomes its position */
json_t *report_sorted(json_t *const *answer, size_t n);         /* rows of several answers in code order, a new array */
void report_rules(struct report *r, const json_t *answer);      /* of indicators: by what they were counted, into the model */
/* Rows of several levels in code order, a new array; NULL as above. The first answer's total goes to ret_total (may be NULL). */
json_t *report_lines(struct report *r, int year, int until, json_t **ret_total);
/* The same with a line for each code that has indicators and no money; a new array. */
json_t *report_with_indicators(struct report *r, json_t *lines, int year, const json_t *answer);
const json_t *report_find(const json_t *rows, const char *code);        /* the row of a code; NULL */
const json_t *report_find_indicator(const json_t *rows, const json_t *like);    /* same office, code and id; NULL */
int report_plan_start(const json_t *indicator);         /* first year of the plan it belongs to; 0: none */
const char *report_string(const json_t *o, const char *key);    /* "" when it is none */

/* ---- report_model.c ---- */
json_t *report_table(struct report *r, const char *title, const struct report_column *columns, size_t n);       /* borrowed */
/* The same, with the number that it has in the report before its title. */
json_t *report_table_numbered(struct report *r, const char *title, const struct report_column *columns, size_t n);
#define REPORT_COLUMNS(list) (list), sizeof(list) / sizeof *(list)
json_t *report_row(json_t *table, unsigned depth, bool strong);         /* its cells, borrowed */
void report_cell(json_t *cells, const char *text);      /* NULL or "": empty */
void report_value(json_t *cells, const json_t *v);      /* text and whole numbers as they are */
void report_offices_cell(json_t *cells, const json_t *complete);        /* how many offices have reported: "1/2" */
void report_format(json_t *cells, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_title(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_note(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void report_foot(struct report *r, const char *heading, json_t *lines);         /* takes lines */
void report_opening(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));      /* above the tables */
void report_basis(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* what the figures rest on */
void report_rule(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));        /* once each, in the basis */
void report_sign(struct report *r, const char *role, const char *name);        /* name NULL: left to the pen */
const char *report_month(int month);    /* "Desember" */

/* ---- report_number.c: decimal text, exact ---- */
enum { REPORT_SEN = 2, REPORT_MICRO = 6 };
struct report_decimal { bool is; i128 v; };     /* in 10^-decimals */
struct report_decimal report_decimal(const json_t *v, unsigned decimals);       /* is: false for null and what is no number */
struct report_decimal report_add(struct report_decimal a, struct report_decimal b);      /* absent when neither is */
struct report_decimal report_less(struct report_decimal a, struct report_decimal b);     /* absent when a is; b absent: 0 */
void report_sen(json_t *cells, struct report_decimal d);
void report_micro(json_t *cells, struct report_decimal d);
void report_share(json_t *cells, struct report_decimal part, struct report_decimal whole); /* 100 * part / whole, two decimals */
/* ---- report_sum.c: the rows of the table that this cell is proven to be the sum of, at most max; 0: none, or too many ---- */
size_t report_sum(const json_t *table, size_t row, size_t column, size_t *ret, size_t max);

/* ---- report.c: prints the model to -o FILE, whole or not at all; an exit code after saying what became of it ---- */
int report_write(const struct report *r, int (*print)(const json_t *model, const char *path));
json_t *report_explain(struct report *r, const char *measure, const char *code, const char *indicator);        /* of r->office */

/* ---- report_seal.c ---- */
int report_seal_given(struct report *r);        /* opens what --seal names: year, quarter, region not given are its own */
/* Opens the newest of this installation that the position has reached (NULL: the newest), if there is one. */
int report_seal_find(struct report *r, const char *region, const json_t *position);
int report_seal_put(struct report *r, const char *region, bool qr);     /* into the model */
void report_seal_words(struct report *r);       /* its line of the basis */
bool report_seal_reached(const struct report *r, const json_t *position);       /* at the cut or behind it, in every log */
void report_seal_close(struct report *r);

/* ---- report_qr.c ---- */
json_t *report_qr(const char *text);    /* {"text","rows":["0110..",..]}, 1 = dark; NULL: does not fit */
size_t report_qr_side(const json_t *qr);        /* squares; 0 without a code */
bool report_qr_dark(const json_t *qr, size_t x, size_t y);
int report_qr_png(const json_t *qr, struct buf *out);   /* with its quiet zone; ST_OK, ST_NO_MEMORY */

/* ---- the makers ---- */
void report_minutes(struct report *r);
int report_minutes_open(struct report *r);      /* in place of report_open: of the seal where there is one */
void report_local(json_t *cells, const char *time, const char *zone);     /* a time by the clock of WIB, WITA, WIT */
void report_late(struct report *r, const json_t *names);        /* what was stated after the cut */
void report_lra(struct report *r);
void report_money(json_t *cells, const json_t *o);      /* budget, realised, share, remainder */
void report_e81(struct report *r);
void report_factors(struct report *r);          /* what helped and hindered, and the follow-up: into the foot */
void report_tc29(struct report *r);
void report_lkjip(struct report *r);
void report_city(struct report *r);

/* ---- the printers: to a file; ST_OK, ST_NO_MEMORY, ST_FULL (could not be written, errno) ---- */
int report_csv(const json_t *model, const char *path);
int report_json(const json_t *model, const char *path);
int report_html(const json_t *model, const char *path);
int report_xlsx(const json_t *model, const char *path);
int report_pdf(const json_t *model, const char *path);
void report_shown(const char *kind, const char *text, char *ret, size_t size);   /* a cell as people read it */
bool report_is_number(const char *text);        /* of columns that are no text: words stand there, too (target "Paving Block") */
/* Lines that every printer puts below: position, completeness, version of the register. */
int report_origin(const json_t *model, char *ret, size_t size);
int64_t report_when(const json_t *model);       /* seconds since 1970 of the position; 0: before the log */

#endif
