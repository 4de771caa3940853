/* withdraw.c - `rekap withdraw`: one figure that was stated under a wrong key is unreported again. Kind: E.
 *
 * A withdrawal is a statement like any other: signed, numbered, in history with its reason. It goes the way a pushed file goes, as
 * a tray file of one row, so it too works with the line down. The key is given as the figure's parts; what is left out is what a
 * file would have meant by leaving it out (source by measure, month 12, a budget's month 1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/push_part.h"
#include "proto/achieve.h"

static struct slice given(const struct cli *c, enum option_id o)
{
    return c->value[o] ? slice_of(c->value[o], strlen(c->value[o])) : slice_of("", 0);
}

static int needed(const struct cli *c)
{
    static const enum option_id NEEDED[] = { OPT_OFFICE, OPT_YEAR, OPT_CODE, OPT_MEASURE, OPT_REASON };
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++)
        if (!c->value[NEEDED[i]] || !c->value[NEEDED[i]][0]) {
            char what[48];
            snprintf(what, sizeof what, "--%s", cli_options[NEEDED[i]].name);
            return cli_usage(c, "wajib disebut", "must be given", what);
        }
    return EXIT_OK;
}

static int read_code(const struct cli *c, struct figure *f, enum vintage *ret)
{
    struct slice code = given(c, OPT_CODE), account = given(c, OPT_ACCOUNT);
    struct code_reading r = { 0 };
    *ret = code_vintage_of_year(f->year);
    if (bytes_is(code, "total")) f->activity = CODE_TOTAL;
    else if (code_looks_account(code)) {
        *ret = VINTAGE_NONE;
        if (code_parse_account(code, &r) != ST_OK) return cli_usage(c, "bukan kode", "not a code", c->value[OPT_CODE]);
        f->account = r.code;
    } else {
        if (code_parse_activity(*ret, code, &r) != ST_OK) return cli_usage(c, "bukan kode", "not a code", c->value[OPT_CODE]);
        f->activity = r.code;
    }
    if (account.n == 0) return EXIT_OK;
    if (f->account || code_parse_account(account, &r) != ST_OK)
        return cli_usage(c, "bukan kode rekening", "not an account code", c->value[OPT_ACCOUNT]);
    f->account = r.code;
    return EXIT_OK;
}

static uint8_t usual_source(unsigned measure)
{
    switch (measure) {
    case MEASURE_BUDGET:
    case MEASURE_TARGET:
    case MEASURE_TARGET_UNIT:
    case MEASURE_PRINTED_ACHIEVEMENT:
    case MEASURE_PRINTED_RATING:
        return SOURCE_DPA;
    case MEASURE_REALISED:
    case MEASURE_CASH_PLAN:
    case MEASURE_PHYSICAL:
    case MEASURE_REACHED:
    case MEASURE_REACHED_UNIT:
    case MEASURE_NUMERATOR:
    case MEASURE_DENOMINATOR:
    case MEASURE_PRINTED_ABSORPTION:
        return SOURCE_OPD;
    default:
        return SOURCE_NONE;
    }
}

static int read_source(const struct cli *c, struct figure *f)
{
    f->source = usual_source(f->measure);
    if (c->value[OPT_SOURCE] && figure_source_parse(given(c, OPT_SOURCE), &f->source) != ST_OK)
        return cli_usage(c, "sumber tidak dikenal", "unknown source", c->value[OPT_SOURCE]);
    if (c->value[OPT_STAGE] && figure_stage_parse(given(c, OPT_STAGE), &f->stage) != ST_OK)
        return cli_usage(c, "tahap tidak dikenal", "unknown stage", c->value[OPT_STAGE]);
    return EXIT_OK;
}

/* The figure to be taken back. folded holds the identity of an indicator that is given by its name (a name has blanks, an id not).
 * */
static int read_figure(const struct cli *c, struct figure *f, enum vintage *ret_vintage, char folded[TEXT_MAX + 1])
{
    struct slice indicator = given(c, OPT_INDICATOR);
    int year = 0, month = 0;
    *f = (struct figure){ .kind = VALUE_WITHDRAWN, .reason = given(c, OPT_REASON), .indicator = indicator };
    int rc = cli_number(c, OPT_YEAR, 0, YEAR_MIN, YEAR_MAX, &year);
    if (rc == EXIT_OK && figure_measure_parse(given(c, OPT_MEASURE), &f->measure) != ST_OK)
        rc = cli_usage(c, "ukuran tidak dikenal; misalnya budget, realised, target, reached",
                       "unknown measure; such as budget, realised, target, reached", c->value[OPT_MEASURE]);
    bool early = usual_source(f->measure) == SOURCE_DPA || usual_source(f->measure) == SOURCE_NONE;
    if (rc == EXIT_OK) rc = cli_number(c, OPT_MONTH, early ? 1 : 12, 1, 12, &month);
    f->year = (uint16_t)year;
    f->month = (uint8_t)month;
    if (f->measure == MEASURE_REALISED || f->measure == MEASURE_CASH_PLAN) f->basis = BASIS_CUMULATIVE;
    if (rc == EXIT_OK) rc = read_source(c, f);
    if (rc == EXIT_OK) rc = read_code(c, f, ret_vintage);
    if (rc != EXIT_OK) return rc;
    if (indicator.n > 0 && indicator.n <= TEXT_MAX && memchr(indicator.p, ' ', indicator.n))
        f->indicator = slice_of(folded, achieve_identity(indicator, folded));
    unsigned code = figure_check(f);
    return code == CODE_OK ? EXIT_OK : cli_usage(c, "angka seperti itu tidak dapat dicabut", "no such figure can be withdrawn",
                                                 status_code_text(code, c->lang));
}

struct one { const struct figure *f, *name; struct section section, name_section; };    /* name: of its document, or NULL */

static void fill(struct buf *b, const struct tray *head, const void *ctx)
{
    const struct one *x = ctx;
    struct tray h = *head;
    h.rows = 1;
    tray_begin(b, &h, x->name ? 2 : 1);
    tray_section(b, &x->section, 1);
    tray_row(b, 1, x->f);
    if (x->name) {
        tray_section(b, &x->name_section, 1);
        tray_row(b, 0, x->name);
    }
    tray_end(b);
}

int withdraw_run(struct cli *c)
{
    struct push u = { .c = c, .wait = c->value[OPT_WAIT] != NULL, .intake = { .lang = c->lang } };
    char folded[TEXT_MAX + 1];
    struct figure f;
    enum vintage vintage = VINTAGE_NONE;
    int rc = needed(c);
    if (rc == EXIT_OK) rc = read_figure(c, &f, &vintage, folded);
    if (rc == EXIT_OK) rc = cli_number(c, OPT_TIMEOUT, 60, 1, 86400, &u.timeout_s);
    if (rc == EXIT_OK) rc = push_open(&u);
    if (rc == EXIT_OK && !(u.file = calloc(1, sizeof *u.file))) rc = cli_fail(c, "memori habis", "out of memory", NULL);
    if (rc == EXIT_OK) {
        u.files = 1;
        *u.file = (struct push_file){ .path = "withdraw", .rows = 1, .accepted = 1, .refused = json_array(),
                                         .notes = json_array() };
        const struct figure name = { .measure = MEASURE_EVIDENCE_NAME, .kind = VALUE_TEXT, .text = u.intake.evidence_name,
                                     .indicator = slice_of(u.evidence.hex, strlen(u.evidence.hex)) };
        f.evidence = u.intake.evidence;
        const struct one x = { &f, u.evidence.given ? &name : NULL,
                               { .office = u.intake.office, .clerk = u.intake.clerk, .year = f.year, .stage = f.stage,
                                 .source = f.source, .vintage = vintage, .entered = u.intake.entered },
                               { .office = u.intake.office, .clerk = u.intake.clerk, .entered = u.intake.entered } };
        (void)push_store(&u, u.file, fill, &x);
        push_wait(&u);
        rc = push_report(&u);
    }
    push_done(&u);
    return rc;
}
