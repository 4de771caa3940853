/* report.c - `rekap report NAME`: which report, of what, in which format, to which file. Kind: E.
 *
 * Two tables: the reports and the formats. The file is written beside its place and renamed into it, so that a failure leaves what
 * was there; a name that exists is replaced, as printing again is the usual reason to ask again. */
#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static const struct { const char *name; int (*open)(struct report *r); void (*make)(struct report *r);
} REPORTS[] = {
    { "lra", report_open, report_lra },       { "e81", report_open, report_e81 },
    { "tc29", report_open, report_tc29 },     { "lkjip", report_open, report_lkjip },
    { "triwulan", report_open, report_city }, { "minutes", report_minutes_open, report_minutes },
};
static const struct { const char *name; int (*print)(const json_t *model, const char *path); } FORMATS[] = {
    { "xlsx", report_xlsx }, { "html", report_html }, { "pdf", report_pdf }, { "csv", report_csv }, { "json", report_json },
};
enum { REPORT_COUNT = sizeof REPORTS / sizeof *REPORTS, FORMAT_COUNT = sizeof FORMATS / sizeof *FORMATS };

static int find_report(const struct cli *c, size_t *ret)
{
    const char *names[REPORT_COUNT];
    for (*ret = 0; *ret < REPORT_COUNT; ++*ret)
        if (strcmp(c->operand[0], names[*ret] = REPORTS[*ret].name) == 0) return EXIT_OK;
    const char *near = cli_nearest(c->operand[0], names, REPORT_COUNT);
    cli_talk(c, "laporan tidak dikenal: %s; yang ada: lra, e81, tc29, lkjip, triwulan, minutes%s%s",
             "unknown report: %s; there are lra, e81, tc29, lkjip, triwulan, minutes%s%s",
             c->operand[0], near ? "; maksud Anda " : "", near ? near : "");
    return EXIT_USAGE;
}

static int find_format(const struct cli *c, size_t *ret)
{
    const char *given = c->value[OPT_FORMAT], *path = c->value[OPT_OUTPUT], *dot = path ? strrchr(path, '.') : NULL;
    const char *name = given ? given : dot ? dot + 1 : "";
    for (*ret = 0; *ret < FORMAT_COUNT; ++*ret)
        if (strcmp(name, FORMATS[*ret].name) == 0) return EXIT_OK;
    return cli_usage(c, "--format xlsx, html, pdf, csv atau json", "--format xlsx, html, pdf, csv or json", *name ? name : NULL);
}

static int read_options(struct report *r)
{
    const struct cli *c = r->c;
    r->region = c->value[OPT_REGION];
    r->office = c->value[OPT_OFFICE];
    if (!c->value[OPT_OUTPUT] || !*c->value[OPT_OUTPUT]) return cli_usage(c, "sebutkan -o BERKAS", "give -o FILE", NULL);
    if (!c->value[OPT_YEAR] && !c->value[OPT_SEAL]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    if (!r->region && !r->office && !c->value[OPT_SEAL])
        return cli_usage(c, "sebutkan --region KODE atau --office ID", "give --region CODE or --office ID", NULL);
    int rc = cli_number(c, OPT_YEAR, 0, YEAR_MIN, YEAR_MAX, &r->year);
    if (rc == EXIT_OK) rc = cli_number(c, OPT_QUARTER, c->value[OPT_SEAL] ? 0 : 4, 1, 4, &r->quarter);
    r->until = 3 * r->quarter;
    return rc;
}

int report_write(const struct report *r, int (*print)(const json_t *model, const char *path))
{
    char path[PATH_BYTES];
    const char *target = r->c->value[OPT_OUTPUT];
    int n = snprintf(path, sizeof path, "%s.%ld", target, (long)getpid());
    if (n < 0 || n >= PATH_BYTES) return cli_fail(r->c, "nama berkas terlalu panjang", "the file's name is too long", target);
    errno = 0;
    int st = print(r->model, path);
    if (st == ST_OK && rename(path, target) == 0) {
        cli_talk(r->c, "%s ditulis", "%s written", target);
        return EXIT_OK;
    }
    const char *why = st == ST_NO_MEMORY ? status_str(st) : errno ? strerror(errno) : status_str(ST_FULL);
    unlink(path);
    cli_talk(r->c, "%s tidak dapat ditulis: %s", "%s cannot be written: %s", target, why);
    return EXIT_FAILED;
}

/* What the figures rest on beside the position: rules in their versions, the seal, the program. */
static void put_basis(struct report *r)
{
    json_t *rules = json_object_get(r->model, "rules"), *o;
    size_t i;
    struct buf b;
    buf_init(&b, 8 << 10);
    json_array_foreach(rules, i, o) buf_printf(&b, "%s%s", i ? ", " : "", json_string_value(o));
    buf_u8(&b, 0);
    if (rules && buf_ok(&b)) report_basis(r, "Aturan: %s.", (const char *)b.p);
    buf_done(&b);
    report_seal_words(r);
    report_basis(r, "Dihitung oleh rekap " REKAP_VERSION ".");
}

int report_run(struct cli *c)
{
    struct report r = { .c = c };
    size_t report = 0, format = 0;
    int rc = find_report(c, &report);
    if (rc == EXIT_OK) rc = read_options(&r);
    if (rc == EXIT_OK) rc = find_format(c, &format);
    if (rc != EXIT_OK) return rc;
    r.model = json_pack("{s:s}", "report", REPORTS[report].name);
    rc = REPORTS[report].open(&r);
    if (rc == EXIT_OK) {
        REPORTS[report].make(&r);
        put_basis(&r);
        rc = r.rc;
    }
    if (rc == EXIT_OK) rc = report_write(&r, FORMATS[format].print);
    report_seal_close(&r);
    json_decref(r.model);
    return rc;
}
