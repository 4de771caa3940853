/* report_seal.c - what a report says about the quarter's seal: its root, when there is one. Kind: E.
 *
 * A report of a region whose quarter is sealed (a file in DIR/segel, or the one --seal names) names the root, whether or not its
 * own figures are those of the cut: who reads it sees which. With --seal the questions are asked as of the cut. A seal that does
 * not verify is not passed over: no report is made beside a file that somebody has changed.
 *
 * Invariant: the root in a model is that of a verified seal of the model's region and quarter. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "proto/lines.h"
#include "proto/period.h"

/* "w1:7,w2:80" and the same as an object, of the lines potong. */
static void read_cut(struct report *r)
{
    struct slice rest = r->seal.lines, line;
    size_t n = 0;
    r->cut_position = json_object();
    r->cut[0] = '\0';
    while (n < sizeof r->cut && seal_file_line(&rest, &line)) {
        struct slice worker = seal_file_field(line, 1), lsn = seal_file_field(line, 2);
        uint64_t at = 0;
        char name[16];
        if (!seal_file_is(line, "potong") || !lines_decimal(lsn, &at)) continue;
        snprintf(name, sizeof name, "%.*s", (int)worker.n, (const char *)worker.p);
        n += (size_t)snprintf(r->cut + n, sizeof r->cut - n, "%s%s:%" PRIu64, n ? "," : "", name, at);
        json_object_set_new(r->cut_position, name, json_integer((json_int_t)at));
    }
}

void report_seal_close(struct report *r)
{
    if (r->sealed) seal_file_done(&r->seal);
    r->sealed = false;
    json_decref(r->cut_position);
    r->cut_position = NULL;
}

static int open_file(struct report *r, const char *path)
{
    uint8_t key[PUBKEY_SIZE];
    int rc = seal_file_key(r->c, key);
    if (rc == EXIT_OK) rc = seal_file_open(r->c, path, key, &r->seal);
    if (rc != EXIT_OK) return rc;
    r->sealed = true;
    read_cut(r);
    return EXIT_OK;
}

int report_seal_given(struct report *r)
{
    const char *path = r->c->value[OPT_SEAL];
    if (!path) return EXIT_OK;
    int rc = open_file(r, path);
    if (rc != EXIT_OK) return rc;
    const struct seal *s = &r->seal.seal;
    if (!r->year) r->year = (int)s->year;
    if (!r->quarter) r->quarter = (int)s->quarter;
    r->until = 3 * r->quarter;
    code_region_format(s->region, r->seal_region);
    if (!r->region && !r->office) r->region = r->seal_region;
    if (s->year == (unsigned)r->year && s->quarter == (unsigned)r->quarter) return EXIT_OK;
    return cli_usage(r->c, "segel itu dari triwulan lain", "the seal is of another quarter", path);
}

/* Where a position lies, against that of the cuts. */
enum against { BEFORE_CUT, AT_CUT, AFTER_CUT };
static enum against against_cut(const json_t *position, json_t *cut)
{
    enum against a = AT_CUT;
    const char *worker;
    json_t *lsn;
    json_object_foreach(cut, worker, lsn) {
        json_int_t at = json_integer_value(json_object_get(position, worker));
        if (at < json_integer_value(lsn)) return BEFORE_CUT;
        if (at > json_integer_value(lsn)) a = AFTER_CUT;
    }
    return a;
}

bool report_seal_reached(const struct report *r, const json_t *position)
{
    return against_cut(position, r->cut_position) != BEFORE_CUT;
}

/* Opens the newest version that this position has reached. */
int report_seal_find(struct report *r, const char *region, const json_t *position)
{
    char path[PLACE_PATH_MAX];
    unsigned version = SEAL_VERSION_MAX + 1;
    region_code code;
    if (r->sealed || code_region_parse(slice_of(region, strlen(region)), &code) != ST_OK || code == 0) return EXIT_OK;
    while ((version = seal_file_newest(&r->p, code, (unsigned)r->year, (unsigned)r->quarter, version, path)) > 0) {
        int rc = open_file(r, path);
        if (rc != EXIT_OK || !position || report_seal_reached(r, position)) return rc;
        report_seal_close(r);
    }
    return EXIT_OK;
}

int report_seal_put(struct report *r, const char *region, bool qr)
{
    const struct seal *s = &r->seal.seal;
    char code[8], quarter[16], at[32], root[2 * HASH_SIZE + 1], before[2 * HASH_SIZE + 1], text[160];
    if (!r->sealed) return EXIT_OK;
    code_region_format(s->region, code);
    if (strcmp(code, region) != 0)
        return cli_usage(r->c, "segel itu dari wilayah lain", "the seal is of another region", code);
    snprintf(quarter, sizeof quarter, "%u-Q%u", s->year % 10000, s->quarter % 10);
    period_format_time(s->at, at);
    bytes_hex(s->root.b, HASH_SIZE, root);
    bytes_hex(s->before.b, HASH_SIZE, before);
    snprintf(text, sizeof text, "rekap/segel/1 %s %s %u %s", code, quarter, s->version % 1000, root);
    json_t *o = json_pack("{s:s,s:s,s:i,s:s,s:s,s:s,s:I,s:s,s:s?}", "quarter", quarter, "region", code, "version",
                          (int)s->version, "by", s->actor, "at", at, "root", root, "lines", (json_int_t)s->lines, "position",
                          r->cut, "before", s->version > 1 ? before : NULL);
    if (qr) json_object_set_new(o, "qr", report_qr(text));
    json_object_set_new(r->model, "seal", o);
    return EXIT_OK;
}

/* ---- in words, below every report ---- */


void report_seal_words(struct report *r)
{
    const json_t *o = json_object_get(r->model, "seal"),
                 *position = json_object_get(json_object_get(r->model, "as_of"), "position");
    const char *region = report_string(r->model, "region");
    if (o)
        report_basis(r, "Segel triwulan %s wilayah %s versi %" JSON_INTEGER_FORMAT ", akar %s; %s", report_string(o, "quarter"),
                     report_string(o, "region"), json_integer_value(json_object_get(o, "version")), report_string(o, "root"),
                     against_cut(position, r->cut_position) == AT_CUT ? "laporan ini menurut keadaan yang disegel."
                                                             : "laporan ini menurut keadaan sesudah segel.");
    else if (strchr(region, '.'))
        report_basis(r, "Triwulan %d-Q%d wilayah %s belum disegel menurut keadaan ini.", r->year, r->quarter, region);
}
