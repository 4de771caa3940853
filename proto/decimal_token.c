/* decimal_token.c - cell text cleaned, digits classified, nearest readings printed. Kind: P.
 *
 * Design notes: a token is never interpreted here; it is described (form, digits before the first and after the last
 * mark), so that each column type can state its own rule in one place. Nearest readings are made from the digits and the
 * places of the marks alone, hence every reading has the very digits that were printed; the only invented digits are the
 * zeros that fill a short group of zeros (25.00.000 -> 25.000.000).
 * Invariant: evaluation is in integers with a checked bound of 10^18; nothing here depends on locale. */
#include "decimal_token.h"

#include <string.h>

bool decimal_token_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool decimal_token_fold_starts(const char *s, size_t n, const char *want)
{
    size_t len = strlen(want);
    if (n < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(s[i]) != want[i])
            return false;
    return true;
}

bool decimal_token_fold_equal(const char *s, size_t n, const char *want)
{
    return n == strlen(want) && decimal_token_fold_starts(s, n, want);
}

/* Unicode characters that stand for an ASCII one in cells pasted from documents. */
static const struct { const char *from; char to; } FOLDS[] = {
    { "\xc2\xa0", ' ' },     /* no-break space */
    { "\xe2\x80\xaf", ' ' }, /* narrow no-break space */
    { "\xe2\x80\x89", ' ' }, /* thin space */
    { "\xe2\x80\x87", ' ' }, /* figure space */
    { "\xe2\x80\x8b", ' ' }, /* zero width space */
    { "\xef\xbb\xbf", ' ' }, /* byte order mark */
    { "\xe2\x88\x92", '-' }, /* minus */
    { "\xe2\x80\x90", '-' }, /* hyphen */
    { "\xe2\x80\x91", '-' }, /* no-break hyphen */
    { "\xe2\x80\x93", '-' }, /* en dash */
    { "\xe2\x80\x94", '-' }, /* em dash */
};

/* One character of the input: its length, and the character that replaces it (0: take it as it is). */
static size_t fold_char(const char *p, size_t n, char *ret_to)
{
    *ret_to = 0;
    if ((unsigned char)*p < 0x80) {
        if ((unsigned char)*p < 0x20)
            *ret_to = ' ';
        return 1;
    }
    for (size_t i = 0; i < sizeof FOLDS / sizeof *FOLDS; i++) {
        size_t len = strlen(FOLDS[i].from);
        if (n >= len && memcmp(p, FOLDS[i].from, len) == 0) {
            *ret_to = FOLDS[i].to;
            return len;
        }
    }
    return 1;
}

bool decimal_token_clean(struct slice text, struct decimal_text *ret)
{
    const char *p = (const char *)text.p;
    size_t o = 0;
    for (size_t i = 0; i < text.n;) {
        char to;
        size_t len = fold_char(p + i, text.n - i, &to);
        bool markup = p[i] == '*' && ((i + 1 < text.n && p[i + 1] == '*') || (i > 0 && p[i - 1] == '*'));
        char c = to ? to : p[i];
        i += len;
        if (markup || (c == ' ' && o == 0))
            continue;
        if (o == TEXT_MAX)
            return false;
        ret->s[o++] = c;
    }
    while (o > 0 && ret->s[o - 1] == ' ')
        o--;
    ret->s[o] = '\0';
    ret->n = o;
    return true;
}

static bool is_mark(char c)
{
    return c == '.' || c == ',';
}

static size_t token_length(const char *p, size_t n)
{
    size_t i = 1;
    while (i < n && (decimal_token_digit(p[i]) || (is_mark(p[i]) && i + 1 < n && decimal_token_digit(p[i + 1]))))
        i++;
    return i;
}

/* Are the first n bytes, digits parted by one dot at least, groups of 3 behind a head of 1 to 3? */
static bool well_grouped(const char *p, size_t n)
{
    size_t run = 0, groups = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && decimal_token_digit(p[i])) {
            run++;
            continue;
        }
        ASSERT(run > 0 && (i == n || p[i] == '.'));             /* a mark stands between digits, and a comma is the last one */
        if (groups == 0 ? run > 3 : run != 3)
            return false;
        groups++;
        run = 0;
    }
    ASSERT(groups > 1);
    return p[0] != '0';
}

static enum decimal_form token_form(const struct decimal_token *t, unsigned dots, unsigned commas)
{
    if (dots + commas == 0)
        return FORM_INT;
    if (dots + commas == 1)
        return dots ? FORM_DOT : FORM_COMMA;
    if (commas == 0)
        return well_grouped(t->p, t->n) ? FORM_GROUPED : FORM_BROKEN;
    if (commas == 1 && t->p[t->n - t->tail - 1] == ',')
        return well_grouped(t->p, t->n - t->tail - 1) ? FORM_GROUPED_COMMA : FORM_BROKEN;
    return FORM_BROKEN;
}

struct decimal_token decimal_token_read(const char *p, size_t n)
{
    ASSERT(n > 0 && decimal_token_digit(*p));
    struct decimal_token t = { .p = p, .n = token_length(p, n) };
    unsigned dots = 0, commas = 0;
    t.head = t.n;
    for (size_t i = 0; i < t.n; i++) {
        if (!is_mark(p[i]))
            continue;
        if (dots + commas == 0)
            t.head = i;
        t.tail = t.n - i - 1;
        dots += p[i] == '.';
        commas += p[i] == ',';
    }
    t.form = token_form(&t, dots, commas);
    return t;
}

bool decimal_token_value(const struct decimal_token *t, bool fraction, unsigned scale, int64_t *ret)
{
    size_t point = fraction ? t->n - t->tail : t->n;
    int64_t v = 0;
    ASSERT(!fraction || t->tail <= scale);      /* no column type takes a longer one */
    for (size_t i = 0; i < t->n; i++) {
        if (is_mark(t->p[i]))
            continue;
        if (v > VALUE_SEN_MAX / 10)
            return false;
        v = v * 10 + (t->p[i] - '0');
    }
    for (size_t k = t->n - point; k < scale; k++) {
        if (v > VALUE_SEN_MAX / 10)
            return false;
        v *= 10;
    }
    if (v > VALUE_SEN_MAX)
        return false;
    *ret = v;
    return true;
}

/* ---- nearest readings ---- */

enum { NEAR_DIGITS_MAX = 30 };
struct digits { char d[NEAR_DIGITS_MAX]; size_t n, fraction; bool bad; };

static void digits_put(struct digits *x, char c)
{
    if (x->n == NEAR_DIGITS_MAX)
        x->bad = true;
    else
        x->d[x->n++] = c;
}

/* Prints digits as 1.234.567,89 and adds the text to the readings unless it is there already. */
static void near_add(struct decimal_reading *r, const struct digits *x, bool negative)
{
    char text[48];
    size_t first = 0, whole = x->n - x->fraction, o = 0;
    ASSERT(x->n > 0 && r->nearest_count < 3);   /* a token has a digit; no refusal has more than three readings */
    if (x->bad)
        return;
    while (first + 1 < whole && x->d[first] == '0')
        first++;
    if (negative)
        text[o++] = '-';
    for (size_t i = first; i < x->n; i++) {
        if (i == whole)
            text[o++] = ',';
        else if (i < whole && i > first && (whole - i) % 3 == 0)
            text[o++] = '.';
        text[o++] = x->d[i];
    }
    text[o] = '\0';
    for (unsigned k = 0; k < r->nearest_count; k++)
        if (strcmp(r->nearest[k], text) == 0)
            return;
    memcpy(r->nearest[r->nearest_count++], text, o + 1);
}

void decimal_token_near(struct decimal_reading *r, const struct decimal_token *t, bool fraction, bool negative)
{
    struct digits x = { .fraction = fraction ? t->tail : 0 };
    for (size_t i = 0; i < t->n; i++)
        if (!is_mark(t->p[i]))
            digits_put(&x, t->p[i]);
    near_add(r, &x, negative);
}

/* Is what follows the last mark a fraction? It is short, and the mark differs from all others or every group before it is
 * well formed, so that it cannot be a group that lost digits. */
static bool tail_is_fraction(const struct decimal_token *t, size_t max_fraction)
{
    size_t last = t->n - t->tail - 1, run = 0;
    bool differs = true, grouped = t->head <= 3;
    if (t->tail == 0 || t->tail > max_fraction || t->tail == 3)
        return false;
    for (size_t i = 0; i <= last; i++) {
        if (!is_mark(t->p[i])) {
            run++;
            continue;
        }
        grouped = grouped && (i == t->head || run == 3);
        differs = differs && (i == last || t->p[i] != t->p[last]);
        run = 0;
    }
    return differs || grouped;
}

/* Copies the digits with every short group of zeros filled up to three. False when another group is malformed. */
static bool fill_zero_groups(const struct decimal_token *t, size_t end, struct digits *x)
{
    size_t run = 0;
    bool zeros = true, filled = false;
    for (size_t i = 0; i <= end; i++) {
        if (i < end && !is_mark(t->p[i])) {
            run++;
            zeros = zeros && t->p[i] == '0';
            digits_put(x, t->p[i]);
            continue;
        }
        if (i > t->head && run != 3) {
            if (!zeros || run > 3)
                return false;
            for (filled = true; run < 3; run++)
                digits_put(x, '0');
        }
        run = 0;
        zeros = true;
    }
    return filled;
}

void decimal_token_near_broken(struct decimal_reading *r, const struct decimal_token *t, size_t max_fraction, bool negative)
{
    bool fraction = tail_is_fraction(t, max_fraction);
    size_t end = fraction ? t->n - t->tail - 1 : t->n;
    struct digits x = { 0 };
    decimal_token_near(r, t, fraction, negative);
    if (t->head > 3 || !fill_zero_groups(t, end, &x))
        return;
    for (size_t i = end + 1; i < t->n; i++)
        digits_put(&x, t->p[i]);
    x.fraction = fraction ? t->tail : 0;
    near_add(r, &x, negative);
}
