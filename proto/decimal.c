/* decimal.c - Indonesian number text into integers: the rule of each column type. Kind: P.
 *
 * Design notes: one rule per column type and form of token, in tables of a few lines each (money_token, percent_token,
 * quantity_token), so that intake.md 3 can be read off them. What surrounds the number (currency, sign, words, unit) is
 * taken apart first: for money here, for quantities and percentages in decimal_phrase.c. When two readings are possible
 * nothing is guessed: the cell is refused with the readings.
 * Invariant: a result is written only on success; on ST_INVALID ret has code and nearest, and its kind and value are zero. */
#include "decimal_phrase.h"

#include <string.h>

static int refuse(struct decimal_reading *r, unsigned code)
{
    r->kind = DEC_NUMBER;
    r->value = 0;
    r->decimals = 0;
    r->code = code;
    return ST_INVALID;
}

static bool is_dash(const char *s, size_t n)
{
    size_t dashes = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '-' && s[i] != ' ')
            return false;
        dashes += s[i] == '-';
    }
    return dashes > 0;
}

static bool is_nil(const char *s, size_t n)
{
    ASSERT(n > 0);
    if (s[n - 1] == '.')
        n--;
    return decimal_token_fold_equal(s, n, "nihil") || decimal_token_fold_equal(s, n, "(nihil)");
}

/* Empty and `nihil` mean the same in every column type. True: ret is complete. */
static bool read_absent(const char *s, size_t n, bool is_realised, struct decimal_reading *ret)
{
    if (n == 0) {
        ret->kind = DEC_EMPTY;
        return true;
    }
    if (!is_nil(s, n))
        return false;
    ret->kind = is_realised ? DEC_NIL : DEC_EMPTY;
    ret->notes |= is_realised ? 0u : (unsigned)NOTE_NIL;
    return true;
}

static int number(const struct decimal_token *t, bool fraction, unsigned scale, bool negative, struct decimal_reading *r)
{
    int64_t v;
    if (!decimal_token_value(t, fraction, scale, &v))
        return refuse(r, CODE_VALUE_RANGE);
    r->kind = DEC_NUMBER;
    r->value = negative ? -v : v;
    r->decimals = fraction ? (uint8_t)t->tail : 0;
    return ST_OK;
}

/* ---- money ---- */

/* A cell of money taken apart: blanks, one sign or one pair of brackets, one currency word and `,-` are shells around s. */
struct money_cell { const char *s; size_t n; bool minus, brackets, currency; };

static bool shell_currency(struct money_cell *c)
{
    static const char *const WORD[] = { "rp", "idr" };
    for (size_t k = 0; k < 2 && !c->currency; k++) {
        size_t len = strlen(WORD[k]);
        if (!decimal_token_fold_starts(c->s, c->n, WORD[k]) || (c->n > len && decimal_token_letter(c->s[len])))
            continue;
        len += c->n > len && c->s[len] == '.';
        c->s += len;
        c->n -= len;
        c->currency = true;
        return true;
    }
    return false;
}

static bool shell_sign(struct money_cell *c)
{
    if (c->n >= 2 && c->s[0] == '(' && c->s[c->n - 1] == ')' && !c->brackets) {
        c->s++;
        c->n -= 2;
        return c->brackets = true;
    }
    if (c->n >= 2 && c->s[0] == '-' && !c->minus && !is_dash(c->s, c->n)) {
        c->s++;
        c->n--;
        return c->minus = true;
    }
    return false;
}

static void trim(struct money_cell *c)
{
    while (c->n > 0 && c->s[0] == ' ') {
        c->s++;
        c->n--;
    }
    while (c->n > 0 && c->s[c->n - 1] == ' ')
        c->n--;
}

/* `,-` behind an amount says "and no sen". */
static void shell_no_sen(struct money_cell *c)
{
    static const char *const TAIL[] = { ",-", ",--", ".-", ",=" };
    for (size_t k = 0; k < sizeof TAIL / sizeof *TAIL; k++) {
        size_t len = strlen(TAIL[k]);
        if (c->n > len && memcmp(c->s + c->n - len, TAIL[k], len) == 0) {
            c->n -= len;
            trim(c);
            return;
        }
    }
}

static struct money_cell money_open(const struct decimal_text *t)
{
    struct money_cell c = { .s = t->s, .n = t->n };
    do
        trim(&c);
    while (shell_sign(&c) || shell_currency(&c));
    shell_no_sen(&c);
    return c;
}

static int money_broken(const struct decimal_token *t, bool negative, struct decimal_reading *r)
{
    decimal_token_near_broken(r, t, 2, negative);
    return refuse(r, CODE_NUMBER_BROKEN);
}

static int money_token(const struct decimal_token *t, bool negative, struct decimal_reading *r)
{
    bool sen = t->tail >= 1 && t->tail <= 2;
    switch (t->form) {
    case FORM_INT:
    case FORM_GROUPED:
        return number(t, false, 2, negative, r);
    case FORM_DOT:
        if (t->tail == 3 && t->head <= 3 && t->p[0] != '0')
            return number(t, false, 2, negative, r);
        break;
    case FORM_COMMA:
    case FORM_GROUPED_COMMA:
        break;
    case FORM_BROKEN:
    default:
        sen = false;
    }
    return sen ? number(t, true, 2, negative, r) : money_broken(t, negative, r);
}

/* Blanks where dots belong: `1 234 567`, `1. 234.000`. Offers the amount when dots for blanks make it well formed. */
static bool near_spaced(const struct money_cell *c, bool negative, struct decimal_reading *r)
{
    char joined[64];
    size_t n = 0;
    for (size_t i = 0; i < c->n && n < sizeof joined; i++) {
        bool between = i > 0 && decimal_token_digit(c->s[i - 1]) && i + 1 < c->n && decimal_token_digit(c->s[i + 1]);
        if (c->s[i] != ' ' || between)
            joined[n++] = c->s[i] == ' ' ? '.' : c->s[i];
    }
    if (n == 0 || n == sizeof joined || !decimal_token_digit(joined[0]))
        return false;
    struct decimal_token t = decimal_token_read(joined, n);
    if (t.n != n || t.form == FORM_BROKEN || (t.form == FORM_DOT && t.tail != 3))
        return false;
    decimal_token_near_broken(r, &t, 2, negative);
    return true;
}

/* Not one amount. A reading is offered when blanks alone are wrong, or when signs, not words (5 juta), stand around one number. */
static int money_refuse(const struct money_cell *c, bool negative, struct decimal_reading *r)
{
    size_t tokens = 0;
    bool words = false;
    struct decimal_token first = { 0 };
    if (near_spaced(c, negative, r))
        return refuse(r, CODE_NUMBER_BROKEN);
    for (size_t i = 0; i < c->n; i++) {
        words = words || decimal_token_letter(c->s[i]);
        if (!decimal_token_digit(c->s[i]))
            continue;
        struct decimal_token t = decimal_token_read(c->s + i, c->n - i);
        if (tokens++ == 0)
            first = t;
        i += t.n - 1;
    }
    if (tokens == 1 && !words)
        decimal_token_near_broken(r, &first, 2, negative);
    return refuse(r, CODE_NUMBER_BROKEN);
}

static int money_dash(enum decimal_dash dash, struct decimal_reading *r)
{
    if (dash == DASH_REFUSE)
        return refuse(r, CODE_NUMBER_BROKEN);
    r->kind = dash == DASH_ZERO ? DEC_NUMBER : DEC_EMPTY;
    r->notes |= NOTE_DASH;
    return ST_OK;
}

int decimal_money(struct slice text, enum decimal_dash dash, bool is_realised, struct decimal_reading *ret)
{
    struct decimal_text t;
    memset(ret, 0, sizeof *ret);
    if (!decimal_token_clean(text, &t))
        return refuse(ret, CODE_NUMBER_BROKEN);
    if (read_absent(t.s, t.n, is_realised, ret))
        return ST_OK;
    struct money_cell c = money_open(&t);
    bool negative = c.minus != c.brackets;
    if (c.n > 0 && !c.minus && read_absent(c.s, c.n, is_realised, ret))
        return ST_OK;
    if (is_dash(c.s, c.n) && !c.minus)
        return money_dash(dash, ret);
    if (c.n == 0 || !decimal_token_digit(c.s[0]))
        return money_refuse(&c, negative, ret);
    struct decimal_token token = decimal_token_read(c.s, c.n);
    if (token.n != c.n || (c.minus && c.brackets))
        return money_refuse(&c, negative, ret);
    return money_token(&token, negative, ret);
}

/* ---- quantities and percentages ---- */

static int broken(const struct decimal_phrase *p, struct decimal_reading *r)
{
    decimal_token_near_broken(r, &p->token, 6, p->negative);
    return refuse(r, CODE_NUMBER_BROKEN);
}

/* Thousands or decimals: both readings are offered. */
static int ambiguous(const struct decimal_phrase *p, struct decimal_reading *r)
{
    decimal_token_near(r, &p->token, false, p->negative);
    decimal_token_near(r, &p->token, true, p->negative);
    return refuse(r, CODE_AMBIGUOUS);
}

static int percent_token(const struct decimal_phrase *p, struct decimal_reading *r)
{
    const struct decimal_token *t = &p->token;
    if (t->form == FORM_INT || t->form == FORM_GROUPED)
        return number(t, false, 6, p->negative, r);
    if (t->form == FORM_DOT && t->tail == 3)
        return ambiguous(p, r);
    if (t->form == FORM_BROKEN || t->tail > 6)
        return broken(p, r);
    return number(t, true, 6, p->negative, r);
}

static int quantity_token(const struct decimal_phrase *p, bool counts, struct decimal_reading *r)
{
    const struct decimal_token *t = &p->token;
    if (t->form == FORM_INT || t->form == FORM_GROUPED)
        return number(t, false, 6, p->negative, r);
    if (t->form == FORM_BROKEN || t->tail > 6)
        return broken(p, r);
    if (t->form == FORM_DOT && t->tail == 3) {
        if (!counts || t->p[0] == '0')
            return ambiguous(p, r);
        return t->head <= 3 ? number(t, false, 6, p->negative, r) : broken(p, r);
    }
    if (t->form != FORM_DOT && t->tail == 3 && counts)
        return ambiguous(p, r);
    if (t->form == FORM_DOT)
        r->notes |= NOTE_LONE_DOT_DECIMAL;
    return number(t, true, 6, p->negative, r);
}

/* More than one number, or a sign that keeps one number from being one: refused, with the numbers that are there. */
static int refuse_phrase(const struct decimal_phrase *p, struct decimal_reading *r)
{
    for (unsigned i = 0; i < p->near_count; i++) {
        const struct decimal_token *t = &p->near[i];
        bool fraction = t->tail > 0 && (t->form == FORM_COMMA || t->form == FORM_GROUPED_COMMA ||
                                        (t->form == FORM_DOT && t->tail != 3));
        decimal_token_near(r, t, fraction, false);
    }
    if (p->verdict == PHRASE_SIGN)
        decimal_token_near(r, &p->token, p->token.form == FORM_COMMA, true);
    return refuse(r, p->verdict == PHRASE_BROKEN ? CODE_NUMBER_BROKEN : CODE_AMBIGUOUS);
}

/* A bracket around nothing but a percentage is a way of printing, not a sign: (68,89%). */
static int read_percent(struct decimal_phrase *p, struct decimal_reading *r)
{
    if (p->bracketed)
        r->notes |= NOTE_NEGATIVE_PERCENT_SIGN;
    if (p->percent_sign)
        memcpy(r->unit, "%", 2);
    return percent_token(p, r);
}

static int read_quantity(struct decimal_phrase *p, struct slice hint, const struct decimal_counting *by, struct decimal_reading *r)
{
    struct slice unit = p->unit.n > 0 ? p->unit : hint;
    if (p->bracketed && p->unit.n == 0) {
        decimal_token_near(r, &p->token, p->token.form == FORM_COMMA, false);
        decimal_token_near(r, &p->token, p->token.form == FORM_COMMA, true);
        return refuse(r, CODE_AMBIGUOUS);
    }
    if (p->unit.n >= sizeof r->unit)
        return broken(p, r);
    if (p->unit.n > 0)
        memcpy(r->unit, p->unit.p, p->unit.n);
    int listed = by ? by->counts(by->ctx, unit) : -1;
    return quantity_token(p, listed < 0 ? decimal_unit_counts(unit) : listed > 0, r);
}

/* What both column types share: nothing, dash, text, refused phrases. ST_AGAIN: one number is left to be read. */
static int read_phrase(struct decimal_text *t, bool is_realised, struct decimal_phrase *p, struct decimal_reading *r)
{
    if (read_absent(t->s, t->n, is_realised, r))
        return ST_OK;
    if (is_dash(t->s, t->n)) {
        r->kind = DEC_EMPTY;
        r->notes |= NOTE_DASH;
        return ST_OK;
    }
    decimal_phrase_read(t, p);
    r->notes |= p->words ? (unsigned)NOTE_WORDS : 0u;
    if (p->verdict == PHRASE_TEXT) {
        r->kind = DEC_TEXT;
        r->notes = 0;
        return ST_OK;
    }
    return p->verdict == PHRASE_NUMBER ? ST_AGAIN : refuse_phrase(p, r);
}

int decimal_quantity_by(struct slice text, struct slice unit_hint, bool is_realised, const struct decimal_counting *by,
                        struct decimal_reading *ret)
{
    struct decimal_text t;
    struct decimal_phrase p;
    memset(ret, 0, sizeof *ret);
    if (!decimal_token_clean(text, &t))
        return refuse(ret, CODE_NUMBER_BROKEN);
    int st = read_phrase(&t, is_realised, &p, ret);
    if (st != ST_AGAIN)
        return st;
    if (p.percent_sign || (p.unit.n == 0 && decimal_phrase_is_percent(unit_hint)))
        return read_percent(&p, ret);
    return read_quantity(&p, unit_hint, by, ret);
}

int decimal_quantity(struct slice text, struct slice unit_hint, bool is_realised, struct decimal_reading *ret)
{
    return decimal_quantity_by(text, unit_hint, is_realised, NULL, ret);
}

int decimal_percent(struct slice text, struct decimal_reading *ret)
{
    struct decimal_text t;
    struct decimal_phrase p;
    memset(ret, 0, sizeof *ret);
    if (!decimal_token_clean(text, &t))
        return refuse(ret, CODE_NUMBER_BROKEN);
    int st = read_phrase(&t, false, &p, ret);
    if (st != ST_AGAIN)
        return st;
    return p.unit.n > 0 ? broken(&p, ret) : read_percent(&p, ret);
}
