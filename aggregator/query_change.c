/* query_change.c - see query_change.h. */
#include "aggregator/query_change.h"

#include <string.h>

#include "aggregator/query_figure.h"
#include "proto/decimal.h"

static const char PART[] = "bagian-tahun";

static void put_null(json_t *o, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++) json_object_set_new(o, name[i], json_null());
}

void query_change_money(json_t *change, bool has_then, i128 then, bool has_now, i128 now)
{
    static const char *const names[] = {"absolute", "percent", "kind"};
    char t[48];
    put_null(change, names, 3);
    if (!has_then || !has_now) return;
    decimal_format_sen(now - then, t);
    json_object_set_new(change, "absolute", json_string(t));
    json_object_set_new(change, "percent", query_figure_percent(now - then, then < 0 ? -then : then));
    if (then == 0 && now != 0) json_object_set_new(change, "kind", json_string("baru"));
}

void query_change_points(json_t *change, bool known, struct ratio then, struct ratio now)
{
    struct ratio d;
    json_object_set_new(change, "pp", known && change_difference(then, now, &d) ? query_figure_percent(d.num, d.den) : json_null());
}

/* ---- series ---- */

/* A number as it is written: 1e-6 at most. */
static json_t *number(struct ratio r)
{
    char t[32];
    int64_t micro;
    i128 den;
    if (__builtin_mul_overflow(r.den, (i128)100, &den) || !decimal_ratio_percent(r.num, den, 6, false, &micro)) return json_null();
    decimal_format_micro(micro, 0, t);
    return json_string(t);
}

static void put_number(json_t *change, struct ratio then, struct ratio now)
{
    struct ratio d, base = {then.num < 0 ? -then.num : then.num, then.den}, inverse, part;
    bool fits = change_difference(then, now, &d);
    json_object_set_new(change, "absolute", fits ? number(d) : json_null());
    bool rate = fits && base.num != 0 && achieve_ratio(base.den, base.num, &inverse) && achieve_ratio_multiply(d, inverse, &part);
    json_object_set_new(change, "percent", rate ? query_figure_percent(part.num, part.den) : json_null());
    if (base.num == 0 && now.num != 0) json_object_set_new(change, "kind", json_string("baru"));
}

static json_t *change_of(const struct query_series *s, struct ratio now, const char *why)
{
    static const char *const names[] = {"absolute", "percent", "pp", "kind"};
    json_t *c = json_object();
    json_object_set_new(c, "from", json_integer(s->last_year));
    put_null(c, names, 4);
    if (why || s->last_part) {
        json_object_set_new(c, "kind", json_string(why ? why : PART));
        return c;
    }
    if (s->kind == SERIES_MONEY) query_change_money(c, true, s->last.num, true, now.num);
    if (s->kind == SERIES_NUMBER) put_number(c, s->last, now);
    if (s->kind == SERIES_SHARE) query_change_points(c, true, s->last, now);
    return c;
}

void query_series_point(struct query_series *s, int year, const struct ratio *value, const char *why, json_t *o)
{
    json_object_set_new(o, "change", value && s->last_year ? change_of(s, *value, why) : json_null());
    if (!value) return;
    bool part = why && strcmp(why, PART) == 0;
    if (why && !part) s->n = 0;         /* what came before is of another kind */
    if (!part && s->n < CHANGE_YEARS_MAX) s->point[s->n++] = (struct change_point){year, *value};
    s->last = *value;
    s->last_year = year;
    s->last_part = part;
}

static json_t *slope_json(const struct query_series *s, struct ratio r)
{
    char t[48];
    i128 sen;
    if (s->kind == SERIES_SHARE) return query_figure_percent(r.num, r.den);
    if (s->kind == SERIES_NUMBER) return number(r);
    if (!change_scale(1, r.num, r.den, &sen)) return json_null();
    decimal_format_sen(sen, t);
    return json_string(t);
}

int query_series_end(const struct query_series *s, json_t *answer)
{
    char t[32];
    int64_t rate;
    struct ratio slope;
    json_t *o = json_object();
    const struct change_point *first = s->point, *last = &s->point[s->n ? s->n - 1 : 0];
    bool grows = s->kind != SERIES_SHARE && s->n >= CHANGE_CAGR_POINTS &&
                 change_cagr(first->value, last->value, (unsigned)(last->year - first->year), &rate) == ST_OK;
    if (grows) decimal_format_micro(rate * 10000, 2, t);
    int st = change_slope(s->point, s->n, &slope);
    json_object_set_new(o, "points", json_integer((json_int_t)s->n));
    json_object_set_new(o, "cagr", grows ? json_string(t) : json_null());
    json_object_set_new(o, "slope", st == ST_OK ? slope_json(s, slope) : json_null());
    json_object_set_new(answer, "trend", o);
    return st == ST_NO_MEMORY ? st : ST_OK;
}
