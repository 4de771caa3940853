/* xlsx_number.c - what a numeric cell means: its digits, its date, how its format shows it. Kind: E by its header; pure text.
 *
 * Design notes: a cell holds the shortest text of a double. Up to 15 significant digits such a text is what was typed; beyond them
 * a fraction is the noise of binary arithmetic (0.30000000000000004), so it is rounded there, half away from zero, as spreadsheets
 * do on screen. Whole numbers keep every digit. Of a format only three things matter: is it a date, a percentage, how many
 * decimals. Invariant: a number text that is given back has digits on both sides of its point, if it has one, and no exponent. */
#include <string.h>
#include <strings.h>

#include "collector/xlsx_part.h"
#include "proto/period.h"

enum { SIGNIFICANT = 15, WHOLE_MAX = 30, FRACTION_MAX = 20 };

struct number {
    char d[48];
    int n, point; /* how many of the digits stand before the point; may be negative or beyond n */
    bool negative;
};

static bool take_exponent(const char *p, const char *end, int *ret)
{
    bool negative = p < end && *p == '-';
    int v = 0;
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9' || v > 999) return false;
        v = 10 * v + (*p - '0');
    }
    *ret = negative ? -v : v;
    return true;
}

/* Digits beyond the 40th of a text only shift the point: no double has so many. */
static bool take_number(struct slice s, struct number *v)
{
    const char *p = (const char *)s.p, *end = p + s.n;
    int exponent = 0;
    bool point = false, any = false;
    *v = (struct number){ .negative = s.n > 0 && *p == '-' };
    for (p += v->negative; p < end && *p != 'E' && *p != 'e'; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9') return false;
        any = true;
        bool leading = v->n == 0 && *p == '0';
        if (!leading && v->n < 40) v->d[v->n++] = *p;
        if (!point && (!leading || v->n > 0)) v->point++;
        if (point && leading) v->point--;
    }
    if (!any || s.n > 200 || (p < end && !take_exponent(p + 1, end, &exponent))) return false;
    v->point += exponent;
    return true;
}

static void keep_significant(struct number *v)
{
    if (v->n <= SIGNIFICANT || v->point >= v->n) return;         /* a whole number keeps what it has */
    bool up = v->d[SIGNIFICANT] >= '5';
    v->n = SIGNIFICANT;
    for (int i = SIGNIFICANT - 1; up && i >= 0; i--) {
        up = v->d[i] == '9';
        v->d[i] = up ? '0' : (char)(v->d[i] + 1);
    }
    if (up) {
        v->d[0] = '1';
        v->point++;
    }
}

bool xlsx_number(struct slice s, char ret[XLSX_NUMBER_MAX])
{
    struct number v;
    size_t n = 0;
    if (!take_number(s, &v)) return false;
    keep_significant(&v);
    while (v.n > 0 && v.d[v.n - 1] == '0' && v.n > v.point) v.n--;
    if (v.n == 0) v = (struct number){ .point = 0 };
    if (v.point > WHOLE_MAX) return false;
    if (v.n - v.point > FRACTION_MAX) v.n = v.point > -FRACTION_MAX ? v.point + FRACTION_MAX : 0;
    if (v.negative && v.n > 0) ret[n++] = '-';
    if (v.point <= 0 || v.n == 0) ret[n++] = '0';
    for (int i = 0; i < v.point; i++) ret[n++] = i < v.n ? v.d[i] : '0';
    if (v.n > v.point && v.n > 0) {
        ret[n++] = '.';
        for (int i = v.point; i < v.n; i++) ret[n++] = i < 0 ? '0' : v.d[i];
    }
    ret[n] = '\0';
    return true;
}

/* ---- dates ---- */

/* Civil date of a day number counted from 1970-01-01, by the era of 400 years. */
static void civil(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_year = (int)(yoe + era * 400 + (*ret_month <= 2));
}

/* The first system believes that 1900 was a leap year: its days before March 1900 are one too many. */
bool xlsx_date(const char *number, bool from_1904, char ret[16])
{
    enum { FIRST_1900 = 25569, FIRST_1904 = 24107, LAST = 2958465, MARCH_1900 = 61 };
    uint32_t serial;
    char whole[XLSX_NUMBER_MAX];
    size_t n = strcspn(number, ".");
    int year, month, day;
    memcpy(whole, number, n);
    whole[n] = '\0';
    if (!xlsx_number_of(whole, LAST, &serial) || serial == 0) return false;
    int64_t days = (int64_t)serial - (from_1904 ? FIRST_1904 : serial < MARCH_1900 ? FIRST_1900 - 1 : FIRST_1900);
    civil(days, &year, &month, &day);
    snprintf(ret, 16, "%04d-%02d-%02d", year % 10000, month % 100, day % 100);
    return true;
}

/* ---- formats ---- */

/* Behind what stands in quotes, behind a backslash, a blank of some width or in brackets; s itself when nothing is to be skipped.
 */
static const char *skip_literal(const char *s, bool *ret_elapsed)
{
    if (*s == '"') {
        const char *end = strchr(s + 1, '"');
        return end ? end + 1 : s + strlen(s);
    }
    if ((*s == '\\' || *s == '_' || *s == '*') && s[1]) return s + 2;
    if (*s == '[') {
        const char *end = strchr(s, ']');
        *ret_elapsed = *ret_elapsed || (s[1] && strchr("hHmMsS", s[1]));
        return end ? end + 1 : s + strlen(s);
    }
    return s;
}

struct xlsx_style xlsx_format(const char *code)
{
    struct xlsx_style r = { .show = XLSX_SHOW_NUMBER, .decimals = CSV_DECIMALS_ANY };
    bool date = false, digits = false, point = false, odd = false;      /* odd: fractions and exponents */
    unsigned decimals = 0;
    if (strncasecmp(code, "General", 7) == 0) return r;
    for (const char *s = code; *s && *s != ';';) {
        const char *next = skip_literal(s, &date);
        if (next != s) {
            s = next;
            continue;
        }
        date = date || strchr("yYmMdDhHsS", *s) != NULL;
        r.percent = r.percent || *s == '%';
        bool place = strchr("0#?", *s) != NULL;
        digits = digits || place;
        decimals += place && point;
        point = point || *s == '.';
        odd = odd || *s == '/' || ((*s == 'E' || *s == 'e') && (s[1] == '+' || s[1] == '-'));
        s++;
    }
    if (date) r.show = XLSX_SHOW_DATE;
    if (digits && decimals < CSV_DECIMALS_ANY && !odd) r.decimals = (uint8_t)decimals;
    return r;
}

struct xlsx_style xlsx_builtin(uint32_t id)
{
    static const struct { uint8_t from, to; const char *code; } KNOWN[] = {
        { 1, 1, "0" },     { 2, 2, "0.00" },     { 3, 3, "#,##0" },  { 4, 4, "#,##0.00" }, { 9, 9, "0%" },
        { 10, 10, "0.00%" }, { 14, 22, "d" },    { 27, 36, "d" },    { 37, 38, "#,##0" },  { 39, 40, "#,##0.00" },
        { 41, 42, "#,##0" }, { 43, 44, "#,##0.00" }, { 45, 47, "s" }, { 50, 58, "d" },
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (id >= KNOWN[i].from && id <= KNOWN[i].to) return xlsx_format(KNOWN[i].code);
    return xlsx_format("General");
}
