/* sheet.h - what a cell of a workbook can keep of a number. Kind: E (floats, which the pure core has none of). */
#ifndef REKAP_SHEET_H
#define REKAP_SHEET_H

#include <stdbool.h>

/* A decimal text ("-1234.50") as the number of a cell, whose shortest text is the text again. False: it is none, has more than 15
 * significant digits or more than 6 decimals, which a sheet would not keep: write the text. */
bool sheet_number(const char *text, double *ret);

#endif
