/* print.h - tables for people and for programs: text with aligned columns, or CSV (RFC 4180). Kind: E.
 *
 * Cells are given in machine form ("3203475382.00", "92.20"); text turns money and percentages into Indonesian writing by moving
 * characters, never through a number. CSV and JSON keep the machine form. */
#ifndef REKAP_PRINT_H
#define REKAP_PRINT_H

#include "cli/cli.h"

enum print_kind { PRINT_TEXT, PRINT_MONEY, PRINT_PERCENT, PRINT_COUNT };
struct print_column { const char *id, *en; /* headings in text */ const char *csv; /* heading in CSV */ enum print_kind kind; };
struct print;
/* A table of n columns for c's format; NULL when there is no memory. columns must live until print_end. */
struct print *print_begin(const struct cli *c, const struct print_column *columns, size_t n);
void print_cell(struct print *p, const char *machine);          /* the next cell of the row; NULL = empty. Text is copied */
void print_count(struct print *p, int64_t v);
void print_json_cell(struct print *p, const json_t *v);         /* string or integer as it is; anything else = empty */
void print_end(struct print **handle);  /* writes it to stdout, frees */

const char *print_text_of(const json_t *o, const char *member);   /* a member that is a text; "" where it is none */
void print_json(json_t *o); /* one compact object and a newline; takes o; ends the program when memory is out */
void print_money(const char *machine, char *ret, size_t size);  /* "3203475382.00" -> "3.203.475.382,00" */
void print_percent(const char *machine, char *ret, size_t size);        /* "92.20" -> "92,20" */
size_t print_width(const char *utf8);   /* characters */

#endif
