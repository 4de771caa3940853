/* jsonl.h - a pushed file of JSON lines as a table of text cells. Kind: P.
 *
 * One flat object a line (`{"tahun":2022,"kode":"1.06.01.2.01.01","pagu":"10020000"}`), blank lines between them, UTF-8 with or
 * without BOM. The first row of the table is made of the names, in the order in which they come; its line is that of the first
 * object. Values: text; a whole number, exact whatever its length; true and false as `ya` and `tidak`; null as an empty cell. A
 * number with a fraction or an exponent is marked and left to the column's rule: what wrote it may have rounded it or cut a zero.
 * Objects and lists as values, and whatever JSON does not allow, refuse the file and name the line. */
#ifndef REKAP_JSONL_H
#define REKAP_JSONL_H

#include "proto/csv.h"

bool jsonl_begins(struct slice bytes);                  /* is the first character that is no blank a `{`? */
/* As csv_table_read, with marks. */
int jsonl_read(struct slice bytes, struct csv_table *ret, struct csv_fault *fault);

#endif
