/* push_report.c - what `rekap push` says: refusals with place and reading, counts, notes, receipts. Kind: E.
 *
 * stdout is data: one object with --json, one line a file otherwise. Refusals and notes are talk and go to stderr, in the form
 * editors jump to (file:line:column). All refusals are told, notes only the first few; --json has them all. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/print.h"
#include "cli/push_part.h"

enum { NOTES_TOLD = 5 };

static json_t *text_json(struct slice s)
{
    json_t *t = json_stringn((const char *)s.p, s.n);
    return t ? t : json_string("");
}

/* The place in a workbook stands beside line and column, which every file has. */
static json_t *with_cell(json_t *o, struct slice cell)
{
    if (cell.n > 0) json_object_set_new(o, "cell", text_json(cell));
    return o;
}

static json_t *refusal_json(const struct intake_refusal *r)
{
    json_t *near = json_array(), *o;
    for (unsigned i = 0; i < r->nearest_count; i++) json_array_append_new(near, json_string(r->nearest[i]));
    o = json_pack("{s:I,s:I,s:o,s:o,s:s,s:s,s:o}", "line", (json_int_t)r->line, "column", (json_int_t)r->column, "name",
                     text_json(r->name), "seen", text_json(r->seen), "code", status_code_spelling(r->code), "reason", r->reason,
                     "nearest", near);
    return with_cell(o, r->cell);
}

static json_t *note_json(const struct intake_note *n)
{
    json_t *o = json_pack("{s:I,s:I,s:o,s:s,s:s}", "line", (json_int_t)n->line, "column", (json_int_t)n->column, "name",
                          text_json(n->name), "kind", n->kind, "text", n->text);
    return with_cell(o, n->cell);
}

static void tell(struct buf *b, const char *colour)
{
    bool fancy = colour && cli_fancy(STDERR_FILENO);
    if (buf_ok(b)) fprintf(stderr, "%s%.*s%s\n", fancy ? colour : "", (int)b->n, (const char *)b->p, fancy ? "\033[0m" : "");
    buf_clear(b);
}

static void tell_all(const struct push *u, const struct push_file *f, const struct intake *in)
{
    struct buf b;
    const struct slice file = slice_of(f->path, strlen(f->path));
    buf_init(&b, 64 << 10);
    for (uint32_t i = 0; i < in->refusals; i++) {
        intake_refusal_text(&b, file, &in->refusal[i], u->c->lang);
        tell(&b, "\033[31m");
    }
    for (uint32_t i = 0; i < in->notes && i < NOTES_TOLD; i++) {
        intake_note_text(&b, file, &in->note[i]);
        tell(&b, NULL);
    }
    if (in->notes > NOTES_TOLD)
        fprintf(stderr, "%s: %" PRIu32 " %s\n", f->path, in->notes - NOTES_TOLD,
                cli_say(u->c, "catatan lain (lihat --json)", "more notes (see --json)"));
    buf_done(&b);
}

void push_note(struct push *u, struct push_file *f, const struct intake *in)
{
    for (uint32_t i = 0; i < in->refusals; i++) json_array_append_new(f->refused, refusal_json(&in->refusal[i]));
    for (uint32_t i = 0; i < in->notes; i++) json_array_append_new(f->notes, note_json(&in->note[i]));
    if (u->c->format != FORMAT_JSON) tell_all(u, f, in);
}

void push_failed(struct push *u, struct push_file *f, const char *why)
{
    f->failed = true;
    f->accepted = 0;
    json_array_append_new(f->refused, json_pack("{s:i,s:i,s:s,s:s,s:s,s:s,s:[]}", "line", 0, "column", 0, "name", "", "seen", "",
                                                "code", status_code_spelling(CODE_FILE_BROKEN), "reason", why, "nearest"));
    cli_talk(u->c, "%s: %s", "%s: %s", f->path, why);
}

/* ---- the end ---- */

static bool pending(const struct push *u, const struct push_file *f) { return f->id[0] && !(u->wait ? f->visible : f->counted); }

static const char *pending_why(const struct push *u, const struct push_file *f)
{
    if (f->acked)
        return cli_say(u->c, "sudah tercatat di pusat, belum terlihat di rekapitulasi",
                       "on record at the centre, not visible in rollups yet");
    if (f->counted) return cli_say(u->c, "di antrean, belum diterima pusat", "in the queue, not yet acknowledged by the centre");
    return u->collector_down ? cli_say(u->c, "tersimpan; collector tidak berjalan", "stored; the collector does not run")
                             : cli_say(u->c, "tersimpan, menunggu collector", "stored, waiting for the collector");
}

static json_t *file_json(const struct push *u, const struct push_file *f)
{
    json_t *path = json_string(f->path); /* a name that is not UTF-8 has no place in JSON */
    json_t *o =
        json_pack("{s:o,s:I,s:I,s:I,s:I,s:O,s:I,s:O,s:o}", "file", path ? path : json_string("?"), "rows", (json_int_t)f->rows,
                  "accepted", (json_int_t)f->accepted, "duplicate", (json_int_t)f->duplicate, "superseded",
                  (json_int_t)f->superseded, "refused", f->refused, "refused_rows", (json_int_t)f->refused_rows, "notes", f->notes,
                  "receipt", f->receipt[0] ? json_string(f->receipt) : json_null());
    if (pending(u, f) || (f->id[0] && !f->acked)) json_object_set_new(o, "pending", json_string(pending_why(u, f)));
    return o;
}

static void report_json(const struct push *u)
{
    json_t *list = json_array();
    for (int i = 0; i < u->files; i++) json_array_append_new(list, file_json(u, &u->file[i]));
    json_t *o = json_pack("{s:s,s:b,s:o}", "office", u->office->id, "dry_run", (int)u->dry_run, "files", list);
    if (u->evidence.given)
        json_object_set_new(o, "evidence", json_pack("{s:s,s:s}", "file", u->evidence.name, "sha256", u->evidence.hex));
    print_json(o);
}

static void report_csv(const struct push *u)
{
    static const struct print_column columns[] = {
        { "", "", "file", PRINT_TEXT },       { "", "", "rows", PRINT_COUNT },       { "", "", "accepted", PRINT_COUNT },
        { "", "", "duplicate", PRINT_COUNT }, { "", "", "superseded", PRINT_COUNT }, { "", "", "refused", PRINT_COUNT },
        { "", "", "receipt", PRINT_TEXT },
    };
    struct print *t = print_begin(u->c, columns, sizeof columns / sizeof columns[0]);
    for (int i = 0; t && i < u->files; i++) {
        const struct push_file *f = &u->file[i];
        const int64_t counts[] = { f->rows, f->accepted, f->duplicate, f->superseded, f->refused_rows };
        print_cell(t, f->path);
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) print_count(t, counts[k]);
        print_cell(t, f->receipt);
    }
    print_end(&t);
}

static void print_counts(const struct push *u, const struct push_file *f)
{
    if (f->failed) fputs(cli_say(u->c, "gagal", "failed"), stdout);
    else if (f->rows == 0 && json_array_size(f->refused)) fputs(cli_say(u->c, "ditolak seluruhnya", "refused as a whole"), stdout);
    else if (u->c->lang == LANG_EN)
        printf("%" PRId64 " rows; %" PRId64 " accepted, %" PRId64 " same, %" PRId64 " replacing, %" PRId64 " refused", f->rows,
               f->accepted, f->duplicate, f->superseded, f->refused_rows);
    else
        printf("%" PRId64 " baris; %" PRId64 " diterima, %" PRId64 " sama, %" PRId64 " mengganti, %" PRId64 " ditolak", f->rows,
               f->accepted, f->duplicate, f->superseded, f->refused_rows);
}

static void report_text(const struct push *u)
{
    for (int i = 0; i < u->files; i++) {
        const struct push_file *f = &u->file[i];
        printf("%s: ", f->path);
        print_counts(u, f);
        if (f->receipt[0]) printf("; %s %s", cli_say(u->c, "tanda terima", "receipt"), f->receipt);
        if (u->evidence.given) printf("; %s %s %.16s", cli_say(u->c, "bukti", "evidence"), u->evidence.name, u->evidence.hex);
        if (u->dry_run) printf(" (%s)", cli_say(u->c, "hanya diperiksa", "checked only"));
        putchar('\n');
    }
}

int push_report(struct push *u)
{
    bool failed = u->timed_out && u->wait, refused = false;
    for (int i = 0; i < u->files; i++) {
        const struct push_file *f = &u->file[i];
        failed |= f->failed;
        refused |= json_array_size(f->refused) > 0;
        if (!pending(u, f)) continue;
        cli_talk(u->c, "%s: %s%s%s", "%s: %s%s%s", f->path, pending_why(u, f), f->state[0] && !f->acked ? "; " : "",
                 f->state[0] && !f->acked ? f->state : "");
    }
    fflush(stderr);
    if (u->c->format == FORMAT_JSON) report_json(u);
    else if (u->c->format == FORMAT_CSV) report_csv(u);
    else report_text(u);
    return failed ? EXIT_FAILED : refused ? EXIT_REFUSED : EXIT_OK;
}
