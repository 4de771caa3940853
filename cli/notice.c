/* notice.c - `rekap notices`: what each office has to do by when, on the screen; and the words of a digest. Kind: E.
 *
 * The aggregator computes the notices (aggregator/query_notice.c); here they are only worded. A digest says nothing of when it was
 * asked, so two of the same notices are the same bytes. */
#include "cli/notice.h"

#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/query.h"

/* ---- words ---- */

static const char *kind_text(const struct cli *c, const char *kind)
{
    static const struct { const char *kind, *id, *en; } KINDS[] = {
        { "belum-lapor", "belum melapor", "not reported" },
        { "belum-diajukan", "belum diajukan", "not handed in" },
        { "dikembalikan", "DIKEMBALIKAN", "RETURNED" },
        { "dibuka-kembali", "DIBUKA KEMBALI", "REOPENED" },
        { "berubah-setelah-diajukan", "berubah setelah diajukan", "changed after it was handed in" },
        { "temuan-berat", "temuan berat", "grave finding" },
        { "peringatan", "temuan", "finding" },
        { "tindak-lanjut", "tindak lanjut pemeriksaan", "follow-up of the auditor" },
        { "tindak-lanjut-lewat", "tindak lanjut lewat tenggat", "follow-up overdue" },
        { "langkah-ditolak", "langkah tidak berlaku", "step without effect" },
        { "ditolak", "ditolak pusat", "refused by the centre" },
        { "diam", "belum ada kabar", "silent" },
        { "belum-diverifikasi", "menunggu verifikasi", "awaits verification" },
        { "siap-dikonsolidasikan", "siap dikonsolidasikan", "ready to be consolidated" },
        { "belum-siap", "wilayah belum siap", "region not ready" },
    };
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (!strcmp(KINDS[i].kind, kind)) return cli_say(c, KINDS[i].id, KINDS[i].en);
    return kind;
}

static void put_day(const struct cli *c, const json_t *office, const json_t *n, struct buf *b)
{
    const char *stage = print_text_of(n, "stage"), *due = print_text_of(n, "due");
    if (!due[0]) return;
    buf_printf(b, "   %s %s (%s)%s\n", cli_say(c, "paling lambat", "no later than"), due, print_text_of(office, "zone"),
               !strcmp(stage, "lewat")   ? cli_say(c, ": LEWAT TENGGAT", ": OVERDUE")
               : !strcmp(stage, "dekat") ? cli_say(c, ": tinggal paling banyak dua hari kerja", ": at most two working days left")
                                         : "");
}

static void put_notice(const struct cli *c, const json_t *office, const json_t *n, size_t number, struct buf *b)
{
    const char *quarter = print_text_of(n, "quarter"), *code = print_text_of(n, "code"), *where = print_text_of(n, "where"),
               *by = print_text_of(n, "by"), *at = print_text_of(n, "at"), *todo = print_text_of(n, "todo");
    buf_printf(b, "%zu. %s%s%s%s%s\n", number, quarter, quarter[0] ? " " : "", kind_text(c, print_text_of(n, "kind")),
               code[0] ? " " : "", code);
    buf_printf(b, "   %s%s%s\n", print_text_of(n, "text"), where[0] ? "; " : "", where);
    if (by[0] && strcmp(by, print_text_of(office, "office")) != 0)
        buf_printf(b, "   %s %s %s\n", cli_say(c, "dari", "from"), by, at);
    put_day(c, office, n, b);
    if (todo[0]) buf_printf(b, "   -> %s\n", todo);
}

void notice_subject(const struct cli *c, const json_t *office, char *ret, size_t size)
{
    size_t n = json_array_size(json_object_get(office, "notices")), late = 0, i;
    const json_t *o;
    json_array_foreach(json_object_get(office, "notices"), i, o) late += !strcmp(print_text_of(o, "stage"), "lewat");
    int k = n ? snprintf(ret, size, c->lang == LANG_EN ? "%s: %zu to do" : "%s: %zu hal perlu dikerjakan",
                         print_text_of(office, "office"), n)
              : snprintf(ret, size, c->lang == LANG_EN ? "%s: nothing to do" : "%s: tidak ada yang perlu dikerjakan",
                         print_text_of(office, "office"));
    if (late && k > 0 && (size_t)k < size)
        snprintf(ret + k, size - (size_t)k, c->lang == LANG_EN ? ", %zu overdue" : ", %zu lewat tenggat", late);
}

void notice_text(const struct cli *c, const json_t *office, struct buf *b)
{
    char subject[200];
    size_t i;
    const json_t *n;
    notice_subject(c, office, subject, sizeof subject);
    buf_str(b, print_text_of(office, "name"));
    buf_printf(b, " (%s)\n%s\n", print_text_of(office, "region"), subject);
    json_array_foreach(json_object_get(office, "notices"), i, n) put_notice(c, office, n, i + 1, b);
}

/* ---- the verb ---- */

static void show_csv(const struct cli *c, const json_t *answer)
{
    static const struct print_column columns[] = {
        { "", "", "office", PRINT_TEXT }, { "", "", "id", PRINT_TEXT },    { "", "", "kind", PRINT_TEXT },
        { "", "", "quarter", PRINT_TEXT }, { "", "", "stage", PRINT_TEXT }, { "", "", "due", PRINT_TEXT },
        { "", "", "code", PRINT_TEXT },   { "", "", "where", PRINT_TEXT }, { "", "", "text", PRINT_TEXT },
        { "", "", "by", PRINT_TEXT },     { "", "", "at", PRINT_TEXT },    { "", "", "todo", PRINT_TEXT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i, k;
    const json_t *o, *n;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "offices"), i, o) json_array_foreach(json_object_get(o, "notices"), k, n)
    {
        print_json_cell(t, json_object_get(o, "office"));
        for (size_t f = 1; f < sizeof columns / sizeof columns[0]; f++) print_json_cell(t, json_object_get(n, columns[f].csv));
    }
    print_end(&t);
}

static void show(const struct cli *c, json_t *answer)
{
    size_t i;
    const json_t *o;
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(answer));
        return;
    }
    if (c->format == FORMAT_CSV) {
        show_csv(c, answer);
        return;
    }
    json_array_foreach(json_object_get(answer, "offices"), i, o)
    {
        struct buf b;
        buf_init(&b, 64 << 20);
        notice_text(c, o, &b);
        if (buf_ok(&b)) printf("%.*s\n", (int)b.n, (const char *)b.p);
        buf_done(&b);
    }
    query_as_of(c, answer);
}

static int ask(const struct cli *c)
{
    const struct ask_param params[] = {
        { "region", c->value[OPT_REGION] },
        { "office", c->value[OPT_OFFICE] },
        { "quarter", c->operand_count ? c->operand[0] : NULL },
        { "as_of", c->value[OPT_AS_OF] },
    };
    struct place p;
    json_t *answer = NULL;
    int rc = place_open(c, &p);
    if (rc == EXIT_OK) rc = ask_question(c, &p, "/api/v1/notices", params, sizeof params / sizeof params[0], &answer);
    if (rc == EXIT_OK) show(c, answer);
    json_decref(answer);
    return rc;
}

int notice_run(struct cli *c)
{
    bool asks = c->value[OPT_REGION] || c->value[OPT_OFFICE] || c->value[OPT_AS_OF] || c->operand_count;
    if (!c->value[OPT_DELIVER])
        return c->value[OPT_CONFIG] ? cli_usage(c, "--config hanya bersama --deliver", "--config goes with --deliver", NULL)
                                    : ask(c);
    return asks ? cli_usage(c, "--deliver menulis untuk semua kantor; tanpa pilihan lain",
                            "--deliver writes for every office; without other options", NULL)
                : notice_deliver(c);
}
