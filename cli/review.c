/* review.c - `rekap review`: what an auditor says about a sealed quarter, and what was said. Kind: E.
 *
 * With --seal the file is verified first, offline (proto/seal.h); then every consolidated office whose consolidation stands among
 * its lines gets one signed statement, `reviu` or with --audited `audit`, that names the seal's root, and each filled row of the
 * list of follow-ups one more. All of them go as one file. Without --seal the quarter is shown; as CSV it is the list of findings
 * that the auditor fills in and gives back as the second operand.
 *
 * Who may state it is not decided here: the worker takes such statements from auditors of the region alone, and a step of somebody
 * who has taken another step of the quarter has no effect (aggregator/closing.h), which is told afterwards.
 * Invariant: a list with one faulty row states nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/close.h"
#include "cli/print.h"
#include "cli/query.h"
#include "cli/seal_file.h"
#include "proto/conf.h"
#include "proto/csv_list.h"
#include "proto/period.h"

static const size_t LIST_BYTES_MAX = (size_t)16 << 20;
static const char PART[] = "/finding/";

struct review {
    struct cli *c;
    struct close_verb v;
    struct seal_file seal;
    bool opened;
    char region[8];
    json_t *findings;
    unsigned step; /* STEP_REVIEW or STEP_AUDIT */
    struct close_act *act;
    size_t n, reviewed; /* acts; those of them that are reviews come first */
    char **text;        /* what the acts point into; freed with them */
    size_t texts;
    bool refused; /* a row of the list was */
};

/* ---- the seal ---- */

static int read_seal(struct review *r, const char *path)
{
    uint8_t key[PUBKEY_SIZE];
    int rc = seal_file_key(r->c, key);
    if (rc == EXIT_OK) rc = seal_file_open(r->c, path, key, &r->seal);
    r->opened = rc == EXIT_OK;
    return rc;
}

/* Is it the seal of this quarter, and of the office or region that is named? */
static int check_seal(struct review *r)
{
    const struct close_verb *v = &r->v;
    region_code asked = r->seal.seal.region;
    const char *region = r->c->value[OPT_REGION];
    bool readable = !region || code_region_parse(slice_of(region, strlen(region)), &asked) == ST_OK;
    bool quarter = (int)r->seal.seal.year == v->year && (int)r->seal.seal.quarter == v->quarter;
    if (quarter && readable && code_region_holds(r->seal.seal.region, v->office ? v->office->region : asked)) return EXIT_OK;
    code_region_format(r->seal.seal.region, r->region);
    cli_talk(r->c, "segel ini atas %u-Q%u wilayah %s, bukan yang disebut",
             "this seal is of %u-Q%u of region %s, not of what is named", r->seal.seal.year, r->seal.seal.quarter, r->region);
    return EXIT_REFUSED;
}

/* Does the consolidation that the office stands on lie in the sealed lines? */
static bool sealed(const struct review *r, const json_t *office)
{
    const char *id = print_text_of(json_object_get(office, "next"), "consolidation");
    return strlen(id) == 2 * HASH_SIZE && memmem(r->seal.lines.p, r->seal.lines.n, id, 2 * HASH_SIZE);
}

/* Has the centre stated this root in the log? A seal that nobody else has heard of is not what was consolidated. */
static bool stated(const struct review *r)
{
    char root[2 * HASH_SIZE + 1];
    const json_t *s;
    size_t i;
    bytes_hex(r->seal.seal.root.b, HASH_SIZE, root);
    json_array_foreach(json_object_get(r->v.answer, "seals"), i, s) if (!strcmp(print_text_of(s, "root"), root)) return true;
    cli_talk(r->c, "akar segel ini belum dinyatakan pusat; tidak ada yang dinyatakan",
             "the centre has not stated the root of this seal; nothing is stated");
    return false;
}

/* ---- acts ---- */

static int add_act(struct review *r, const struct close_act *a)
{
    struct close_act *more = realloc(r->act, (r->n + 1) * sizeof *more);
    if (!more) return cli_fail(r->c, "memori habis", "out of memory", NULL);
    r->act = more;
    r->act[r->n++] = *a;
    return EXIT_OK;
}

static char *keep(struct review *r, const char *p, size_t n)
{
    char **more = realloc(r->text, (r->texts + 1) * sizeof *more), *copy = more ? strndup(p, n) : NULL;
    if (more) r->text = more;
    if (copy) r->text[r->texts++] = copy;
    return copy;
}

static int add_reviews(struct review *r)
{
    const json_t *list = json_object_get(r->v.answer, "closes"), *o;
    const char *opinion = r->c->value[OPT_AUDITED];
    size_t i;
    json_array_foreach(list, i, o)
    {
        bool closed = !strcmp(print_text_of(o, "state"), "dikonsolidasikan");
        if (!closed || !sealed(r, o)) {
            cli_talk(r->c, "%s %s: %s; yang disegel bukan keadaannya sekarang, jadi tidak direviu",
                     "%s %s: %s; what was sealed is not its state now, so it is not reviewed", print_text_of(o, "office"),
                     r->v.quarter_text, close_state_text(r->c, print_text_of(o, "state")));
            continue;
        }
        struct close_act a = close_verb_act(&r->v, o, r->step, (unsigned)json_integer_value(json_object_get(o, "round")));
        a.words.follows = close_verb_id(o, "consolidation", &a.words.after);
        a.words.has_beside = true;
        a.words.beside = r->seal.seal.root;
        if (opinion) a.words.about = slice_of(opinion, strlen(opinion));
        int rc = add_act(r, &a);
        if (rc != EXIT_OK) return rc;
    }
    r->reviewed = r->n;
    return r->n > 0 ? EXIT_OK : EXIT_REFUSED;
}

/* ---- the list of follow-ups ---- */

/* A row: the finding's address "OFFICE/YEAR/finding/CODE/KIND-MARK", what is to be done, and the last day for it. */
struct row {
    struct slice finding, todo, due, part; /* part: of the address behind finding/ */
    const struct close_act *review;
};

static bool known(const struct review *r, struct slice address)
{
    const json_t *f;
    size_t i;
    json_array_foreach(json_object_get(r->findings, "findings"), i, f)
    {
        const char *figure = print_text_of(f, "figure");
        if (strcspn(figure, "?") == address.n && !memcmp(figure, address.p, address.n)) return true;
    }
    return false;
}

/* "2023-03-31" */
static bool date_ok(struct slice s)
{
    char text[32];
    struct wall w;
    int n = snprintf(text, sizeof text, "%.*sT00:00:00Z", (int)(s.n <= 10 ? s.n : 0), s.n ? (const char *)s.p : "");
    return s.n == 10 && period_parse_time(slice_of(text, (size_t)n), &w) == ST_OK;
}

static const char *read_row(const struct review *r, struct row *x)
{
    const uint8_t *slash = x->finding.n ? memchr(x->finding.p, '/', x->finding.n) : NULL,
                  *at = slash ? memmem(x->finding.p, x->finding.n, PART, sizeof PART - 1) : NULL;
    if (!at) return cli_say(r->c, "temuan: bukan alamat temuan", "temuan: not the address of a finding");
    const uint8_t *mark = memchr(x->finding.p, '?', x->finding.n);
    if (mark) x->finding.n = (size_t)(mark - x->finding.p);
    at += sizeof PART - 1;
    x->part = slice_of(at, x->finding.n - (size_t)(at - x->finding.p));
    for (size_t i = 0; i < r->reviewed && !x->review; i++)
        if (bytes_is(slice_of(x->finding.p, (size_t)(slash - x->finding.p)), r->act[i].office)) x->review = &r->act[i];
    if (!x->review) return cli_say(r->c, "temuan: kantornya tidak direviu di sini", "temuan: its office is not reviewed here");
    if (!known(r, x->finding)) return cli_say(r->c, "temuan: tidak ada temuan itu", "temuan: there is no such finding");
    if (x->part.n > STEP_FINDING_MAX) return cli_say(r->c, "temuan: alamat terlalu panjang", "temuan: address too long");
    if (!date_ok(x->due))
        return cli_say(r->c, "tenggat: bukan tanggal seperti 2023-03-31", "tenggat: not a date such as 2023-03-31");
    return x->todo.n <= TEXT_MAX ? NULL : cli_say(r->c, "tindak_lanjut: lebih dari 1500 bita", "tindak_lanjut: over 1500 bytes");
}

static int add_follow_up(struct review *r, const struct row *x)
{
    struct close_act a = *x->review;
    char *part = keep(r, (const char *)x->part.p, x->part.n), *due = keep(r, (const char *)x->due.p, x->due.n);
    a.reason = keep(r, (const char *)x->todo.p, x->todo.n);
    if (!part || !due || !a.reason) return cli_fail(r->c, "memori habis", "out of memory", NULL);
    a.key.step = STEP_FOLLOW_UP;
    a.key.finding = slice_of(part, x->part.n);
    a.words.about = slice_of(due, x->due.n);
    return add_act(r, &a);
}

/* Every row is looked at, so that all faults are told at once. */
static const char *read_rows(void *ctx, const struct csv_table *t, uint32_t *row)
{
    static const char *const HEAD[] = { "temuan", "tindak_lanjut", "tenggat" };
    struct review *r = ctx;
    if (!csv_list_heading(t, HEAD, 3)) return "temuan,tindak_lanjut,tenggat,..";
    for (*row = 1; *row < t->rows; ++*row) {
        struct row x = { .finding = csv_list_cell(t, *row, 0),
                         .todo = csv_list_cell(t, *row, 1),
                         .due = csv_list_cell(t, *row, 2) };
        if (x.todo.n == 0) continue;    /* not filled in */
        const char *why = read_row(r, &x);
        if (why) cli_talk(r->c, "%s:%u: %s", "%s:%u: %s", r->c->operand[1], t->row[*row].line, why);
        r->refused |= why != NULL;
        if (!why && add_follow_up(r, &x) != EXIT_OK) return "";
    }
    return NULL;
}

static int read_list(struct review *r, const char *path)
{
    char err[512] = "";
    struct buf b;
    buf_init(&b, LIST_BYTES_MAX);
    int st = conf_file_read(path, LIST_BYTES_MAX, &b);
    if (st == ST_OK) st = csv_list_read(buf_slice(&b), path, read_rows, r, err, sizeof err);
    buf_done(&b);
    if (st == ST_OK && !r->refused) return EXIT_OK;
    if (r->refused) {
        cli_talk(r->c, "daftar tindak lanjut ditolak; tidak ada yang dinyatakan", "the list is refused; nothing is stated");
        return EXIT_REFUSED;
    }
    return cli_fail(r->c, "daftar tindak lanjut tidak dapat dibaca", "the list of follow-ups cannot be read", err[0] ? err : path);
}

/* ---- stating ---- */

static int ask_findings(struct review *r)
{
    char year[16], until[16];
    const struct ask_param params[] = {
        { "region", r->c->value[OPT_REGION] }, { "office", r->v.office ? r->v.office->id : NULL },
        { "year", year }, { "until", until }, { "as_of", r->c->value[OPT_AS_OF] },
    };
    snprintf(year, sizeof year, "%d", r->v.year);
    snprintf(until, sizeof until, "%d", 3 * r->v.quarter);
    return ask_question(r->c, &r->v.p, "/api/v1/findings", params, sizeof params / sizeof params[0], &r->findings);
}

static int check_audited(const struct review *r)
{
    const char *opinion = r->c->value[OPT_AUDITED];
    static const char *const OPINIONS[] = { "wtp", "wdp", "tw", "tmp" };
    bool known_opinion = !opinion;
    for (size_t i = 0; opinion && i < sizeof OPINIONS / sizeof *OPINIONS; i++) known_opinion |= !strcmp(opinion, OPINIONS[i]);
    if (!known_opinion) return cli_usage(r->c, "--audited wtp, wdp, tw atau tmp", "--audited wtp, wdp, tw or tmp", opinion);
    if (opinion && r->v.quarter != 4)
        return cli_usage(r->c, "audit hanya atas triwulan terakhir tahun itu", "an audit is of the year's last quarter",
                         r->v.quarter_text);
    return EXIT_OK;
}

static int state(struct review *r)
{
    if (r->c->value[OPT_AS_OF])
        return cli_usage(r->c, "--as-of hanya untuk melihat (tanpa --seal)", "--as-of is for looking (without --seal)",
                         r->c->value[OPT_AS_OF]);
    r->step = r->c->value[OPT_AUDITED] ? STEP_AUDIT : STEP_REVIEW;
    int rc = check_audited(r);
    if (rc == EXIT_OK) rc = read_seal(r, r->c->value[OPT_SEAL]);
    if (rc == EXIT_OK) rc = check_seal(r);
    if (rc != EXIT_OK) return rc;
    code_region_format(r->seal.seal.region, r->region);
    if (!r->c->value[OPT_REGION] && !r->v.office) r->c->value[OPT_REGION] = r->region;
    rc = close_actor(r->c, &r->v.p, 1 << ROLE_AUDITOR, r->v.office ? r->v.office->region : r->seal.seal.region, r->v.actor,
                     &r->v.role);
    if (rc == EXIT_OK) rc = close_verb_look(&r->v, false);
    if (rc == EXIT_OK && !stated(r)) rc = EXIT_REFUSED;
    if (rc == EXIT_OK) rc = add_reviews(r);
    if (rc == EXIT_OK && r->c->operand_count > 1) {
        rc = ask_findings(r);
        if (rc == EXIT_OK) rc = read_list(r, r->c->operand[1]);
    }
    return rc == EXIT_OK ? close_verb_say(&r->v, r->act, r->n) : rc;
}

/* ---- showing ---- */

/* What an auditor has set about a finding last; NULL. */
static const json_t *set_about(const json_t *finding)
{
    const json_t *list = json_object_get(finding, "follow_ups");
    return json_array_get(list, json_array_size(list) ? json_array_size(list) - 1 : 0);
}

static void show_csv(const struct review *r)
{
    static const struct print_column columns[] = {
        { "", "", "temuan", PRINT_TEXT },  { "", "", "tindak_lanjut", PRINT_TEXT }, { "", "", "tenggat", PRINT_TEXT },
        { "", "", "kantor", PRINT_TEXT },  { "", "", "kode", PRINT_TEXT },          { "", "", "jenis", PRINT_TEXT },
        { "", "", "tempat", PRINT_TEXT },  { "", "", "keadaan", PRINT_TEXT },       { "", "", "pemeriksa", PRINT_TEXT },
    };
    static const char *const OF_FINDING[] = { "office", "code", "kind", "where", "state" };
    struct print *t = print_begin(r->c, columns, sizeof columns / sizeof columns[0]);
    const json_t *f;
    size_t i;
    if (!t) return;
    json_array_foreach(json_object_get(r->findings, "findings"), i, f)
    {
        const json_t *set = set_about(f);
        print_json_cell(t, json_object_get(f, "figure"));
        print_json_cell(t, json_object_get(set, "text"));
        print_json_cell(t, json_object_get(set, "due"));
        for (size_t k = 0; k < sizeof OF_FINDING / sizeof *OF_FINDING; k++) print_json_cell(t, json_object_get(f, OF_FINDING[k]));
        print_json_cell(t, json_object_get(set, "by"));
    }
    print_end(&t);
}

static const char *state_text(const struct cli *c, const char *state)
{
    if (!strcmp(state, "done")) return cli_say(c, "selesai", "done");
    return !strcmp(state, "late") ? cli_say(c, "LEWAT TENGGAT", "OVERDUE") : cli_say(c, "belum selesai", "open");
}

static void show_office(const struct cli *c, const json_t *office)
{
    const json_t *o;
    size_t i;
    printf("%s: %s; %s\n", print_text_of(office, "office"), close_state_text(c, print_text_of(office, "state")),
           !strcmp(print_text_of(office, "year_state"), "diaudit") ? cli_say(c, "tahun diaudit", "year audited")
                                                                   : cli_say(c, "tahun belum diaudit", "year unaudited"));
    json_array_foreach(json_object_get(office, "reviews"), i, o)
        printf("  %s %s %s%s%s%s%s%s\n    %s %s\n",
               !strcmp(print_text_of(o, "step"), "audit") ? cli_say(c, "diaudit oleh", "audited by")
                                                          : cli_say(c, "telah direviu oleh", "reviewed by"),
               print_text_of(o, "by"), print_text_of(o, "at"), print_text_of(o, "opinion")[0] ? "; " : "",
               print_text_of(o, "opinion"), print_text_of(o, "text")[0] ? "; " : "", print_text_of(o, "text"), "",
               cli_say(c, "segel", "seal"), print_text_of(o, "root"));
    json_array_foreach(json_object_get(office, "follow_ups"), i, o)
        printf("  %s %s: %s\n    %s %s (%s), %s\n", print_text_of(o, "kind"), print_text_of(o, "code"), print_text_of(o, "text"),
               cli_say(c, "paling lambat", "no later than"), print_text_of(o, "due"), state_text(c, print_text_of(o, "state")),
               print_text_of(o, "by"));
}

static int show(struct review *r)
{
    const json_t *o;
    size_t i;
    if (!r->c->value[OPT_REGION] && !r->v.office)
        return cli_usage(r->c, "sebutkan --region KODE atau --office ID", "give --region CODE or --office ID", NULL);
    if (r->c->operand_count > 1 || r->c->value[OPT_AUDITED])
        return cli_usage(r->c, "sebutkan --seal BERKAS: reviu terikat pada segel", "give --seal FILE: a review is bound to a seal",
                         NULL);
    int rc = close_verb_look(&r->v, false);
    if (rc == EXIT_OK && r->c->format == FORMAT_CSV) rc = ask_findings(r);
    if (rc != EXIT_OK) return rc;
    if (r->c->format == FORMAT_JSON) {
        print_json(json_incref(r->v.answer));
    } else if (r->c->format == FORMAT_CSV) {
        show_csv(r);
    } else {
        json_array_foreach(json_object_get(r->v.answer, "closes"), i, o) show_office(r->c, o);
        query_as_of(r->c, r->v.answer);
    }
    return EXIT_OK;
}

int review_run(struct cli *c)
{
    struct review r = { .c = c };
    int rc = close_verb_open(c, false, &r.v);
    if (rc == EXIT_OK) rc = c->value[OPT_SEAL] ? state(&r) : show(&r);
    for (size_t i = 0; i < r.texts; i++) free(r.text[i]);
    free(r.text);
    free(r.act);
    json_decref(r.findings);
    if (r.opened) seal_file_done(&r.seal);
    close_verb_done(&r.v);
    return rc;
}
