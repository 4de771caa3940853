/* decimal_phrase.c - finds the one number and its unit among the words of a cell. Kind: P.
 *
 * Design notes: first all numbers of the text are found (`m2` and `m3` are units, no numbers), then the characters around
 * them decide. Rules in order: a formula or exponent is broken; a comparison is ambiguous; several numbers are ambiguous
 * when a word or % parts each pair (they are quantities of their own) or two are joined by a dash (a range), else broken;
 * one number must not be glued to a word or mark, must not be multiplied by a word (juta, ribu) or hedged (kurang dari).
 * Words before the number are dropped with a note; what follows it is its unit, up to a bracket or comma.
 * Invariant: every digit of the text belongs to a found number or to the unit, or the verdict is not NUMBER. */
#include "decimal_phrase.h"

#include <string.h>

enum { TOKENS_MAX = 8 };
struct found { struct decimal_token t[TOKENS_MAX]; unsigned n; };       /* more are several all the same */

/* Is the digit at p[i] the power of a unit of area or volume (m2, km2, cm3), and the word ends there? */
static bool unit_power(const struct decimal_text *t, size_t i)
{
    size_t b = i;
    while (b > 0 && decimal_token_letter(t->s[b - 1]))
        b--;
    char next = t->s[i + 1];            /* the text ends in NUL */
    if ((t->s[i] != '2' && t->s[i] != '3') || decimal_token_digit(next) || decimal_token_letter(next))
        return false;
    const char *w = t->s + b;
    size_t n = i - b;
    return decimal_token_fold_equal(w, n, "m") || decimal_token_fold_equal(w, n, "km") || decimal_token_fold_equal(w, n, "cm") ||
           decimal_token_fold_equal(w, n, "dm") || decimal_token_fold_equal(w, n, "mm") || decimal_token_fold_equal(w, n, "hm");
}

static void find_numbers(const struct decimal_text *t, struct found *f)
{
    f->n = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (!decimal_token_digit(t->s[i]) || unit_power(t, i))
            continue;
        struct decimal_token k = decimal_token_read(t->s + i, t->n - i);
        if (f->n < TOKENS_MAX)
            f->t[f->n++] = k;
        i += k.n - 1;
    }
}

static bool has_any(const struct decimal_text *t, const char *const *what)
{
    for (; *what; what++)
        if (strstr(t->s, *what))
            return true;
    return false;
}

static bool has_letter(const char *p, const char *end)
{
    for (; p < end; p++)
        if (decimal_token_letter(*p) || *p == '%')
            return true;
    return false;
}

/* 6.02E, 1E+09: what a spreadsheet or a text recognition makes of a number or code. */
static bool is_exponent(const struct decimal_token *k)
{
    const char *e = k->p + k->n;
    return (*e == 'e' || *e == 'E') && !decimal_token_letter(e[1]);
}

static enum decimal_verdict several(const struct found *f)
{
    bool parted = true;
    for (unsigned i = 0; i + 1 < f->n; i++)
        parted = parted && has_letter(f->t[i].p + f->t[i].n, f->t[i + 1].p);
    if (parted)
        return PHRASE_AMBIGUOUS;
    if (f->n != 2)
        return PHRASE_BROKEN;
    unsigned dashes = 0;
    for (const char *p = f->t[0].p + f->t[0].n; p < f->t[1].p; p++) {
        if (*p != '-' && *p != ' ')
            return PHRASE_BROKEN;
        dashes += *p == '-';
    }
    return dashes > 0 ? PHRASE_AMBIGUOUS : PHRASE_BROKEN;
}

static enum decimal_verdict judge_signs(const struct decimal_text *t, const struct found *f)
{
    static const char *const FORMULA[] = { "=", "#", "+", "*", "^", "[", "]", "{", "}", "|", "\\", "@", "$", "\xc2\xbc", "\xc2\xbd",
                                           "\xc2\xbe", NULL };
    static const char *const COMPARE[] = { "<", ">", "~", "\xe2\x89\xa4", "\xe2\x89\xa5", "\xc2\xb1", "\xe2\x89\x88", NULL };
    for (unsigned i = 0; i < f->n; i++)
        if (is_exponent(&f->t[i]))
            return PHRASE_BROKEN;
    /* ">=" is a comparison, not a formula */
    if (has_any(t, COMPARE))
        return PHRASE_AMBIGUOUS;
    if (has_any(t, FORMULA))
        return PHRASE_BROKEN;
    return f->n > 1 ? several(f) : PHRASE_NUMBER;
}

/* ---- words before and after one number ---- */

static bool word_in(const char *w, size_t n, const char *const *list)
{
    for (; *list; list++)
        if (decimal_token_fold_equal(w, n, *list))
            return true;
    return false;
}

/* Calls for each run of letters in [p, end): is one of them in the list? ret_last: the last word (may be NULL). */
static bool any_word(const char *p, const char *end, const char *const *list, struct slice *ret_last)
{
    bool hit = false;
    if (ret_last)
        *ret_last = slice_of(p, 0);
    while (p < end) {
        const char *b = p;
        while (p < end && decimal_token_letter(*p))
            p++;
        if (p > b) {
            hit = hit || word_in(b, (size_t)(p - b), list);
            if (ret_last)
                *ret_last = slice_of(b, (size_t)(p - b));
        } else {
            p++;
        }
    }
    return hit;
}

/* A number right behind one of these is hedged. */
static const char *const HEDGES[] = {
    "kurang dari", "lebih dari", "kurang lebih", "lebih kurang", "minimal",    "minimum",        "min",
    "min.",        "maksimal",   "maksimum",     "maks",         "maks.",      "paling sedikit", "paling banyak",
    "sekitar",     "kisaran",    "kira-kira",    "kira kira",    "hampir",     "antara",         "di atas",
    "diatas",      "di bawah",   "dibawah",      "melebihi",     "setidaknya", "sedikitnya",     "+/-",
    NULL,
};
/* ... and a quantity that ends in one of these. */
static const char *const OPEN_ENDS[] = { "atau lebih", "ke atas", "keatas", "ke bawah", "lebih kurang", "kurang lebih", NULL };
/* A number after one of these is a label, not a quantity: tahun 2022, triwulan 3. */
static const char *const LABELS[] = {
    "tahun", "triwulan", "tribulan", "tw", "semester", "pasal", "nomor", "no", "ayat", "ke", "tabel", "bab", "permendagri", "pp",
    "uu", NULL,
};
static const char *const MULTIPLIERS[] = { "ribu", "rb", "juta", "jt", "miliar", "milyar", "triliun", "trilyun", "ratus",
                                           "puluh", NULL };

/* Do the characters [b, e) end in one of the phrases, blanks aside, as whole words? */
static bool ends_in(const char *b, const char *e, const char *const *list)
{
    while (e > b && (e[-1] == ' ' || e[-1] == ')'))
        e--;
    for (; *list; list++) {
        size_t len = strlen(*list);
        if ((size_t)(e - b) < len || !decimal_token_fold_equal(e - len, len, *list))
            continue;
        const char *at = e - len;
        if (at == b || !decimal_token_letter(at[-1]))
            return true;
    }
    return false;
}

static enum decimal_verdict judge_before(const struct decimal_text *t, struct decimal_phrase *p)
{
    const char *b = t->s, *e = p->token.p;
    struct slice last;
    if (e > b && (decimal_token_letter(e[-1]) || e[-1] == '.' || e[-1] == ',' || e[-1] == '/' || e[-1] == ':' || e[-1] == '\'')) {
        bool currency = (e - b >= 3 && decimal_token_fold_equal(e - 3, 3, "rp.")) ||
            decimal_token_fold_equal(b, (size_t)(e - b), "rp");
        if (!currency)
            return PHRASE_BROKEN;
    }
    any_word(b, e, LABELS, &last);
    if (ends_in(b, e, HEDGES))
        return PHRASE_AMBIGUOUS;
    if (last.n > 0 && word_in((const char *)last.p, last.n, LABELS))
        return PHRASE_BROKEN;
    const char *m = e;
    while (m > b && m[-1] == ' ')
        m--;
    if (m > b && m[-1] == '-') {
        if (m > b + 1 && (decimal_token_letter(m[-2]) || m[-2] == '-'))
            return PHRASE_BROKEN;
        if (m != e)
            return PHRASE_SIGN;
        p->negative = true;
    }
    bool currency = decimal_token_fold_equal((const char *)last.p, last.n, "rp");
    if (currency)
        p->unit = last;
    p->words = last.n > 0 && !(currency && !has_letter(b, (const char *)last.p));
    return PHRASE_NUMBER;
}

static const char *skip_blanks(const char *p)
{
    while (*p == ' ')
        p++;
    return p;
}

/* "(satu)" right behind the number says it in words. */
static const char *skip_spelled(const char *p)
{
    const char *q = skip_blanks(p);
    if (*q != '(')
        return p;
    for (q++; decimal_token_letter(*q) || *q == ' '; q++)
        ;
    return *q == ')' ? q + 1 : p;
}

static const char *unit_end(const char *p)
{
    const char *e = p;
    while (*e && *e != '(' && *e != ')' && *e != ',' && *e != ';')
        e++;
    while (e > p && (e[-1] == ' ' || e[-1] == '.' || e[-1] == ':'))
        e--;
    return e;
}

static size_t percent_length(const char *p)
{
    static const char *const WORD[] = { "persen", "prosen", "percent" };
    if (*p == '%')
        return 1;
    for (size_t k = 0; k < 3; k++)
        if (decimal_token_fold_starts(p, strlen(p), WORD[k]) && !decimal_token_letter(p[strlen(WORD[k])]))
            return strlen(WORD[k]);
    return 0;
}

static bool currency_tail(const struct decimal_phrase *p, const char *after)
{
    return p->unit.n > 0 && (strcmp(after, ",-") == 0 || strcmp(after, ",--") == 0);
}

static enum decimal_verdict judge_unit(struct decimal_phrase *p, const char *q, const char *end)
{
    const char *e = unit_end(q);
    if (e > q && !decimal_token_letter(*q))
        return PHRASE_BROKEN;
    if (any_word(q, e, MULTIPLIERS, NULL))
        return PHRASE_AMBIGUOUS;
    if (has_letter(e, end))
        p->words = true;
    if (e == q)
        return PHRASE_NUMBER;
    if (p->unit.n > 0)          /* Rp 5 orang */
        return PHRASE_BROKEN;
    p->unit = slice_of(q, (size_t)(e - q));
    return PHRASE_NUMBER;
}

static enum decimal_verdict judge_after(const struct decimal_text *t, struct decimal_phrase *p)
{
    const char *glued = p->token.p + p->token.n, *end = t->s + t->n;
    if (currency_tail(p, skip_blanks(glued)))
        return PHRASE_NUMBER;
    const char *q = skip_blanks(skip_spelled(glued));
    bool opened = p->token.p > t->s && memchr(t->s, '(', (size_t)(p->token.p - t->s));
    if (ends_in(q, end, OPEN_ENDS))
        return PHRASE_AMBIGUOUS;
    size_t percent = percent_length(q);
    if (percent > 0) {
        q = skip_blanks(q + percent);
        p->percent_sign = true;
    }
    if (*q == ')' && opened) {
        q = skip_blanks(q + 1);
        p->bracketed = !p->words;
    }
    if (!p->percent_sign && (percent = percent_length(q)) > 0) {
        q += percent;
        p->percent_sign = true;
    }
    if (!p->percent_sign)
        return judge_unit(p, q, end);
    p->words = p->words || has_letter(q, end);
    return p->unit.n > 0 ? PHRASE_BROKEN : PHRASE_NUMBER;
}

void decimal_phrase_read(const struct decimal_text *t, struct decimal_phrase *ret)
{
    struct found f;
    memset(ret, 0, sizeof *ret);
    find_numbers(t, &f);
    if (f.n == 0) {
        ret->verdict = PHRASE_TEXT;
        return;
    }
    ret->token = f.t[0];
    ret->verdict = judge_signs(t, &f);
    if (ret->verdict == PHRASE_NUMBER)
        ret->verdict = judge_before(t, ret);
    if (ret->verdict == PHRASE_NUMBER)
        ret->verdict = judge_after(t, ret);
    if (ret->verdict == PHRASE_NUMBER || is_exponent(&f.t[0]))
        return;
    for (unsigned i = 0; i < f.n && i < 3; i++)
        ret->near[ret->near_count++] = f.t[i];
    if (ret->verdict == PHRASE_BROKEN && f.n > 1)
        ret->near_count = 0;
}

bool decimal_phrase_is_percent(struct slice unit)
{
    struct decimal_text t;
    return decimal_token_clean(unit, &t) && t.n > 0 && percent_length(t.s) == t.n;
}
