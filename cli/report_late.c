/* report_late.c - what the offices stated after the cut: the figures of the quarter that are no longer those of the seal. Kind: E.
 *
 * Every counted line and indicator of every office is asked for twice, as of the cut and as of the position the minutes are made at
 * (--as-of, else now), and what differs is told with both values and when the newest of them came on record. Nothing of it is in
 * the sealed figures. Office by office, so that two opposite changes do not hide each other. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"

static const struct report_column LATE[] = {
    { "", "Perangkat Daerah", "1", REPORT_TEXT, 26 }, { "", "Kode", "2", REPORT_TEXT, 17 },
    { "", "Uraian / indikator", "3", REPORT_TEXT, 34 }, { "", "Ukuran", "4", REPORT_TEXT, 12 },
    { "", "Disegel", "5", REPORT_NUMBER, 19 },       { "", "Kini", "6", REPORT_NUMBER, 19 },
    { "", "Selisih", "7", REPORT_NUMBER, 18 },       { "", "Tercatat", "8", REPORT_TEXT, 24 },
};

struct late { struct report now, cut; const json_t *names; const char *zone; json_t *table; size_t n; };
struct measure { const char *key, *word; unsigned decimals; };
static const struct measure MONEY[] = { { "budget", "anggaran", REPORT_SEN }, { "realised", "realisasi", REPORT_SEN } };
static const struct measure RESULT[] = { { "target", "target", REPORT_MICRO }, { "reached", "hasil", REPORT_MICRO } };

static json_t *add_table(struct late *l)
{
    return report_table_numbered(&l->now, "Pernyataan sesudah potongan segel", REPORT_COLUMNS(LATE));
}

static void put_difference(json_t *cells, const struct measure *m, const json_t *was, const json_t *is)
{
    struct report_decimal a = report_decimal(was, m->decimals), b = report_decimal(is, m->decimals);
    struct report_decimal d = a.is ? report_less(b, a) : b;
    if (m->decimals == REPORT_SEN) report_sen(cells, d);
    else report_micro(cells, d);
}

/* When the newest statement about the figure came on record. */
static void put_time(struct late *l, json_t *cells, const json_t *row, const char *key)
{
    const char *figure = report_string(json_object_get(row, "figures"), key);
    json_t *answer = *figure ? report_past(&l->now, figure) : NULL;
    report_local(cells, report_string(json_array_get(json_object_get(answer, "changes"), 0), "at"), l->zone);
    json_decref(answer);
}

static void compare(struct late *l, const char *office, const json_t *was, const json_t *is, const struct measure *m)
{
    const json_t *any = is ? is : was;
    json_t *a = json_object_get(was, m->key), *b = json_object_get(is, m->key);
    if ((json_is_string(a) || json_is_string(b)) && !(a && b && json_equal(a, b))) {
        const char *name = report_string(l->names, office), *words = report_string(any, "indicator");
        if (!l->table) l->table = add_table(l);
        json_t *cells = report_row(l->table, 0, false);
        report_cell(cells, *name ? name : office);
        report_value(cells, json_object_get(any, "code"));
        report_cell(cells, *words ? words : report_string(any, "name"));
        report_cell(cells, m->word);
        report_value(cells, a);
        report_value(cells, b);
        put_difference(cells, m, a, b);
        put_time(l, cells, any, m->key);
        l->n++;
    }
}

static const json_t *same_row(const json_t *rows, const json_t *like)
{
    return *report_string(like, "id") ? report_find_indicator(rows, like) : report_find(rows, report_string(like, "code"));
}

static void compare_rows(struct late *l, const char *office, json_t *was, json_t *is, const struct measure m[2])
{
    json_t *o;
    size_t i;
    json_array_foreach(is, i, o)
        for (size_t k = 0; k < 2; k++) compare(l, office, same_row(was, o), o, &m[k]);
    json_array_foreach(was, i, o)
        for (size_t k = 0; k < 2 && !same_row(is, o); k++) compare(l, office, o, NULL, &m[k]);
}

static void compare_office(struct late *l, const char *office)
{
    json_t *now = report_rollup(&l->now, l->now.year, l->now.until, "daun", office);
    json_t *cut = report_rollup(&l->cut, l->now.year, l->now.until, "daun", office);
    compare_rows(l, office, json_object_get(cut, "rows"), json_object_get(now, "rows"), MONEY);
    json_decref(now);
    json_decref(cut);
    l->now.office = l->cut.office = office;
    now = report_indicators(&l->now, l->now.year, l->now.until);
    cut = report_indicators(&l->cut, l->now.year, l->now.until);
    compare_rows(l, office, json_object_get(cut, "rows"), json_object_get(now, "rows"), RESULT);
    l->now.office = l->cut.office = NULL;
    json_decref(now);
    json_decref(cut);
}

void report_late(struct report *r, const json_t *names)
{
    struct late l = { .now = *r, .cut = *r, .names = names };
    const char *given = r->c->value[OPT_AS_OF];
    json_t *o;
    size_t i;
    snprintf(l.now.as_of, sizeof l.now.as_of, "%s", given ? given : "");
    snprintf(l.cut.as_of, sizeof l.cut.as_of, "%s", r->cut);
    json_t *closes = report_closes(&l.now), *position = json_object_get(json_object_get(closes, "as_of"), "position");
    if (closes && !report_seal_reached(r, position))
        l.now.rc = cli_usage(r->c, "--as-of sebelum potongan segel", "--as-of lies before the seal's cut", given);
    if (closes) report_keep(&l.now, closes);
    l.zone = report_string(closes, "zone");
    json_array_foreach(json_object_get(closes, "closes"), i, o)
        if (l.now.rc == EXIT_OK && l.cut.rc == EXIT_OK) compare_office(&l, report_string(o, "office"));
    r->rc = l.now.rc != EXIT_OK ? l.now.rc : l.cut.rc;
    report_foot(
        r, "Pernyataan sesudah potongan segel",
        json_pack("[o]", l.n ? json_sprintf("%zu angka berubah sampai keadaan %s; tidak satu pun mengubah angka yang disegel.", l.n,
                                            l.now.as_of)
                             : json_sprintf("Tidak ada angka triwulan ini yang berubah sampai keadaan %s.", l.now.as_of)));
    json_decref(closes);
}
