/* sheet.c - see sheet.h. Kind: E. Through a whole number and one division, which rounds to the nearest double; strtod would ask
 * the locale what a number is. */
#include "proto/sheet.h"

#include <stdint.h>
#include <string.h>

bool sheet_number(const char *text, double *ret)
{
    static const double SCALE[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    const char *first = text + (*text == '-'), *point = strchr(text, '.');
    size_t fraction = point ? strlen(point + 1) : 0;
    while (fraction > 0 && point[fraction] == '0') fraction--;
    int64_t v = 0;
    unsigned digits = 0;
    if (fraction > 6 || *first < '0' || *first > '9') return false;
    for (const char *s = first; *s && s != (point ? point + 1 + fraction : NULL); s++) {
        if (s == point) continue;
        if (*s < '0' || *s > '9') return false;
        v = 10 * v + (*s - '0');
        digits += v > 0;
        if (digits > 15) return false;
    }
    *ret = (double)v / SCALE[fraction] * (first != text ? -1 : 1);
    return true;
}
