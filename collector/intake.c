/* intake.c - one pushed file from bytes to statements and report. Kind: P.
 *
 * Design notes: a straight line of steps: table (csv, JSON lines, or a sheet that was read already), header (shape), rows (one
 * reader a shape), what rows say together (intake_group.c), report in order. A refusal of the file as a whole ends it early with
 * that one refusal. The steps know nothing of each other but the current row in intake_priv. Invariant: rows = refused + rows that
 * state something + duplicate; a figure in a section has passed figure_check. */
#include "collector/intake_priv.h"
#include "proto/jsonl.h"

#include <stdlib.h>
#include <string.h>

#define SAY(id, en) intake_say(in, (struct intake_pair){ id, en })

/* ---- the file as a whole ---- */

static void refuse_unreadable(struct intake *in, const struct csv_fault *fault)
{
    const char *why = fault->code == CODE_TOO_LARGE ? SAY("berkas terlalu besar", "the file is too large")
                    : fault->code == CODE_TEXT_BROKEN ? SAY("teks bukan UTF-8 atau Windows-1252 yang sah",
                                                            "text is neither UTF-8 nor Windows-1252")
                    : fault->line > 0 ? SAY("tanda kutip tidak berpasangan", "quotes do not match")
                                      : SAY("bukan teks CSV; simpan sebagai CSV UTF-8", "is no CSV text; save it as CSV UTF-8");
    intake_refuse_at(in, fault->line, 0, slice_of("", 0), fault->code, why);
}

static void refuse_lines(struct intake *in, const struct csv_fault *fault)
{
    if (fault->line == 0 || fault->code == CODE_TOO_LARGE) {
        refuse_unreadable(in, fault);
        return;
    }
    const char *why = fault->code == CODE_TEXT_BROKEN ? SAY("teks JSON tidak sah", "the JSON text is not valid")
                                                      : SAY("bukan satu objek JSON yang isinya teks atau bilangan",
                                                            "is not one JSON object of texts and numbers");
    why = intake_text(in, "%s (%s %u)", why, SAY("karakter", "character"), fault->at);
    intake_refuse_at(in, fault->line, 0, slice_of("", 0), fault->code, why);
}

/* Files that are no table of text, by how they begin, and what to do about them. Office suites name all of them .csv or .xls. */
static const struct {
    const char *start;
    size_t n;
    unsigned code;
    struct intake_pair why;
} FOREIGN[] = {
    { "\xd0\xcf\x11\xe0", 4, CODE_SHAPE_UNSUPPORTED,
      { "berkas Excel lama (XLS) tidak didukung; simpan sebagai CSV UTF-8",
        "old Excel files (XLS) are not supported; save as CSV UTF-8" } },
    { "\xff\xfe", 2, CODE_TEXT_BROKEN,
      { "teks UTF-16 (\"Unicode\"); simpan sebagai CSV UTF-8", "UTF-16 text (\"Unicode\"); save as CSV UTF-8" } },
    { "\xfe\xff", 2, CODE_TEXT_BROKEN,
      { "teks UTF-16 (\"Unicode\"); simpan sebagai CSV UTF-8", "UTF-16 text (\"Unicode\"); save as CSV UTF-8" } },
    { "%PDF", 4, CODE_FILE_BROKEN, { "berkas PDF, bukan tabel; simpan tabelnya sebagai CSV UTF-8",
                                     "a PDF, no table; save its table as CSV UTF-8" } },
    { "[", 1, CODE_FILE_BROKEN,
      { "larik JSON; tulis satu objek per baris (JSON lines), atau simpan sebagai CSV UTF-8",
        "a JSON list; write one object a line (JSON lines), or save as CSV UTF-8" } },
    { "<", 1, CODE_FILE_BROKEN, { "halaman HTML atau XML, bukan tabel; simpan sebagai CSV UTF-8",
                                  "an HTML or XML page, no table; save as CSV UTF-8" } },
};

static bool refuse_foreign(struct intake *in, struct slice bytes)
{
    for (size_t i = 0; i < sizeof FOREIGN / sizeof *FOREIGN; i++)
        if (bytes.n >= FOREIGN[i].n && !memcmp(bytes.p, FOREIGN[i].start, FOREIGN[i].n)) {
            intake_refuse_at(in, 0, 0, slice_of("", 0), FOREIGN[i].code, intake_say(in, FOREIGN[i].why));
            return true;
        }
    return false;
}

/* "tahun;kode;.." as the header was written, for the report. */
static struct slice header_text(struct intake *in)
{
    struct intake_priv *p = in->priv;
    struct buf b;
    struct slice ret = slice_of("", 0);
    if (p->shape.header >= p->table.rows)
        return ret;
    buf_init(&b, 4 * INTAKE_SEEN_MAX);
    for (uint32_t c = 0; c < p->table.row[p->shape.header].count && b.n < INTAKE_SEEN_MAX; c++) {
        struct slice s = csv_table_cell(&p->table, p->shape.header, c);
        if (c > 0)
            buf_u8(&b, ',');
        buf_put(&b, s.p, s.n < INTAKE_SEEN_MAX ? s.n : INTAKE_SEEN_MAX);
    }
    buf_u8(&b, 0);
    if (buf_ok(&b))
        ret = intake_keep(in, (const char *)b.p);
    buf_done(&b);
    return ret;
}

static void refuse_shape(struct intake *in)
{
    struct intake_priv *p = in->priv;
    const struct shape *s = &p->shape;
    uint32_t line = s->header < p->table.rows ? p->table.row[s->header].line : 0;
    if (s->verdict == SHAPE_NOT_FOUND) {
        const char *why = intake_text(in, "%s %s, %s %s",
                                      SAY("bentuk berkas tidak dikenal; terdekat", "file shape is not known; the nearest is"),
                                      shape_name(s->kind), SAY("kurang kolom", "missing columns"), s->missing);
        intake_nearest(in, intake_refuse_at(in, line, 0, header_text(in), CODE_SHAPE_UNKNOWN, why), shape_name(s->kind));
        return;
    }
    struct slice name = csv_table_cell(&p->table, s->header, s->twice - 1);
    intake_refuse_at(in, line, s->twice, name, CODE_AMBIGUOUS, SAY("dua kolom berarti sama", "two columns mean the same"));
}

/* ---- the header ---- */

static void note_columns(struct intake *in)
{
    const struct intake_priv *p = in->priv;
    const struct csv_row *h = &p->table.row[p->shape.header];
    for (uint32_t c = 0; c < h->count; c++) {
        struct slice s = bytes_trim(csv_table_cell(&p->table, p->shape.header, c));
        enum shape_column id = shape_column_of(in->shape, s);
        if (s.n > 0 && id == COLUMN_UNKNOWN)
            intake_note_at(in, h->line, c + 1, "kolom-diabaikan", SAY("kolom tidak dikenal, diabaikan", "unknown column, ignored"));
        bool theirs = id == COLUMN_PAGU || id == COLUMN_RAK || id == COLUMN_FISIK || id == COLUMN_PERSEN_TERCETAK;
        if (theirs && p->o.subject.n > 0)
            intake_note_at(in, h->line, c + 1, "milik-kantor",
                           SAY("dinyatakan kantor itu sendiri; dari bendahara hanya realisasi yang diambil",
                               "the office's own to state; of a treasurer only what was realised is taken"));
    }
}

static void note_header(struct intake *in)
{
    struct intake_priv *p = in->priv;
    for (uint32_t r = 0; r < p->shape.header; r++)
        intake_note_at(in, p->table.row[r].line, 0, "judul",
                       SAY("baris di atas kepala tabel dilewati", "a row above the header is skipped"));
    if (p->table.encoding == CSV_WINDOWS_1252)
        intake_note_at(in, 1, 0, "windows-1252", SAY("dibaca sebagai Windows-1252", "read as Windows-1252"));
    note_columns(in);
}

/* ---- rows ---- */

void intake_add(struct intake *in, enum shape_column c, const struct figure *f)
{
    struct intake_priv *p = in->priv;
    unsigned code = figure_check(f);
    if (code != CODE_OK) {
        intake_refuse(in, c, code, status_code_text(code, p->o.lang));
        return;
    }
    ASSERT(p->figures < INTAKE_ROW_FIGURES_MAX);
    p->figure_column[p->figures] = p->shape.column[c];
    p->figure[p->figures++] = *f;
}

static bool add_items(struct intake_priv *p)
{
    if (p->items + p->figures > p->item_cap) {
        uint32_t cap = p->item_cap ? 2 * p->item_cap : 1024;
        struct intake_item *it = realloc(p->item, cap * sizeof *it);
        if (!it)
            return false;
        p->item = it;
        p->item_cap = cap;
    }
    for (unsigned i = 0; i < p->figures; i++) {
        uint32_t at = p->items++;
        p->item[at] = (struct intake_item){ .f = p->figure[i], .vintage = p->vintage, .row = p->rows,
                                            .column = p->figure_column[i], .head = at };
    }
    return true;
}

/* The current row is a data row: counts it and keeps its figures unless a cell was refused. */
static void end_row(struct intake *in)
{
    struct intake_priv *p = in->priv;
    if (p->rows == p->row_cap) {
        uint32_t cap = p->row_cap ? 2 * p->row_cap : 1024;
        struct intake_data_row *r = realloc(p->row, cap * sizeof *r);
        if (!r) {
            p->no_memory = true;
            return;
        }
        p->row = r;
        p->row_cap = cap;
    }
    if (p->bad)
        p->figures = 0;
    p->row[p->rows] = (struct intake_data_row){ .line = p->line, .table_row = p->table_row, .first = p->items, .count = p->figures,
                                                .refused = p->bad, .complete = p->complete };
    if (add_items(p))
        p->rows++;
    else
        p->no_memory = true;
}

/* Empty, the header again, or the numbers of the columns (1, 2, 3, ..) below it. */
static bool furniture(struct intake *in)
{
    const struct intake_priv *p = in->priv;
    const struct csv_row *r = &p->table.row[p->table_row];
    uint32_t filled = 0, ordinal = 0, repeated = 0;
    for (uint32_t c = 0; c < r->count; c++) {
        struct slice s = bytes_trim(csv_table_cell(&p->table, p->table_row, c));
        struct slice h = bytes_trim(csv_table_cell(&p->table, p->shape.header, c));
        if (s.n == 0)
            continue;
        filled++;
        repeated += s.n == h.n && memcmp(s.p, h.p, s.n) == 0;
        uint32_t n = s.n <= 2 && s.p[0] >= '0' && s.p[0] <= '9' ? (uint32_t)(s.p[0] - '0') : 0;
        if (s.n == 2)
            n = s.p[1] >= '0' && s.p[1] <= '9' ? 10 * n + (uint32_t)(s.p[1] - '0') : 0;
        ordinal += n == c + 1 || n == filled;           /* merged columns have one number */
    }
    if (filled > 0 && filled != repeated && (filled != ordinal || filled < 2))
        return false;
    intake_note_at(in, p->line, 0, filled ? "kepala-berulang" : "baris-kosong",
                   filled ? SAY("kepala tabel berulang, dilewati", "the header again, skipped") : SAY("baris kosong", "empty row"));
    return true;
}

/* A cell beyond the header means that a mark inside an unquoted cell moved the others: such a row cannot be trusted. */
static bool shifted(struct intake *in)
{
    struct intake_priv *p = in->priv;
    const struct csv_row *r = &p->table.row[p->table_row];
    uint32_t headings = p->table.row[p->shape.header].count;
    for (uint32_t c = headings; c < r->count; c++) {
        struct slice s = bytes_trim(csv_table_cell(&p->table, p->table_row, c));
        if (s.n == 0)
            continue;
        if (in->sheet.n > 0) {           /* in a workbook nothing moves: what stands beside the table is a remark */
            intake_note_at(in, p->line, c + 1, "kolom-tanpa-kepala",
                           SAY("kolom tanpa kepala tabel, diabaikan", "a column without a heading, ignored"));
            continue;
        }
        p->bad = true;
        intake_refuse_at(in, p->line, c + 1, s, CODE_FILE_BROKEN,
                         SAY("baris ini punya lebih banyak kolom daripada kepala tabel; beri tanda kutip pada isi yang memuat "
                             "pemisah",
                             "this row has more columns than the header; quote cells that hold the delimiter"));
        return true;
    }
    return false;
}

/* One reader a shape; NULL: no intake yet. */
static bool (*row_reader(enum shape_kind k))(struct intake *in)
{
    static bool (*const READERS[SHAPE_COUNT])(struct intake *) = {
        [SHAPE_ANGGARAN] = intake_money_row,    [SHAPE_INDIKATOR] = intake_indicator_row, [SHAPE_NOMENKLATUR] = intake_name_row,
        [SHAPE_PEMBANDING] = intake_compare_row, [SHAPE_RENSTRA] = intake_plan_row,       [SHAPE_KOMPONEN] = intake_part_row,
        [SHAPE_CATATAN] = intake_note_row,      [SHAPE_PADANAN] = intake_bridge_row,      [SHAPE_ALIAS] = intake_alias_row,
        [SHAPE_SKALA] = intake_scale_row,       [SHAPE_ATURAN] = intake_setting_row,      [SHAPE_SATUAN] = intake_unit_row,
        [SHAPE_INDIKATOR_BAKU] = intake_standard_row, [SHAPE_OFFICE] = intake_office_row,
    };
    return READERS[k];
}

static void read_rows(struct intake *in)
{
    struct intake_priv *p = in->priv;
    for (uint32_t r = p->shape.header + 1; r < p->table.rows && !p->no_memory; r++) {
        p->table_row = r;
        p->line = p->table.row[r].line;
        p->bad = p->complete = false;
        p->figures = 0;
        p->vintage = VINTAGE_NONE;
        memset(p->typed, 0, sizeof p->typed);
        if (furniture(in))
            continue;
        if (shifted(in) || !intake_typed_row(in) || row_reader(in->shape)(in))
            end_row(in);
    }
}

/* ---- whole ---- */

/* Shapes that are the centre's alone; nomenklatur and alias are every office's, for its own display. */
static bool of_registry(enum shape_kind k)
{
    return k == SHAPE_PADANAN || k == SHAPE_SKALA || k == SHAPE_ATURAN ||
           k == SHAPE_SATUAN || k == SHAPE_INDIKATOR_BAKU || k == SHAPE_OFFICE;
}

static void take_table(struct intake *in)
{
    struct intake_priv *p = in->priv;
    if (p->table.rows == 0) {
        intake_refuse_at(in, 0, 0, slice_of("", 0), CODE_SHAPE_UNKNOWN, SAY("berkas kosong", "the file is empty"));
        return;
    }
    shape_find(&p->table, p->o.shape, &p->shape);
    if (p->shape.verdict != SHAPE_NOT_FOUND)
        in->shape = p->shape.kind;
    if (p->shape.verdict != SHAPE_FOUND) {
        refuse_shape(in);
        return;
    }
    if (of_registry(in->shape) && !intake_rule_allowed(in))
        return;
    if (p->o.subject.n > 0 && in->shape != SHAPE_ANGGARAN) {
        intake_refuse_at(in, p->table.row[p->shape.header].line, 0, header_text(in), CODE_UNAUTHORISED,
                         SAY("untuk kantor lain bendahara hanya mengirim bentuk anggaran",
                             "of another office a treasurer sends shape anggaran only"));
        return;
    }
    note_header(in);
    read_rows(in);
    if (in->shape == SHAPE_PADANAN)
        intake_bridge_weights(in);
    if (in->shape == SHAPE_SKALA)
        intake_scale_whole(in);
    if (p->rows == 0)
        intake_note_at(in, p->table.row[p->shape.header].line, 0, "tanpa-baris",
                       SAY("tidak ada baris data di bawah kepala tabel", "there is no data row below the header"));
    intake_group(in);
}

static void take_bytes(struct intake *in, struct slice bytes)
{
    struct intake_priv *p = in->priv;
    struct csv_fault fault;
    bool lines = p->o.lines || jsonl_begins(bytes);
    if (!lines && refuse_foreign(in, bytes))
        return;
    int st = lines ? jsonl_read(bytes, &p->table, &fault) : csv_table_read(bytes, &p->table, &fault);
    if (st == ST_NO_MEMORY)
        p->no_memory = true;
    else if (st != ST_OK && lines)
        refuse_lines(in, &fault);
    else if (st != ST_OK)
        refuse_unreadable(in, &fault);
    else
        take_table(in);
}

static int begin(const struct intake_options *o, struct intake **ret)
{
    struct intake *in = calloc(1, sizeof *in);
    struct intake_priv *p = calloc(1, sizeof *p);
    if (!in || !p) {
        free(in);
        free(p);
        return ST_NO_MEMORY;
    }
    in->priv = p;
    p->o = *o;
    *ret = in;
    return ST_OK;
}

static int end(struct intake *in, struct intake **ret)
{
    intake_report_end(in);
    if (in->priv->no_memory) {
        intake_free(&in);
        return ST_NO_MEMORY;
    }
    *ret = in;
    return ST_OK;
}

int intake_read(struct slice bytes, const struct intake_options *o, struct intake **ret)
{
    struct intake *in;
    if (begin(o, &in) != ST_OK)
        return ST_NO_MEMORY;
    take_bytes(in, bytes);
    return end(in, ret);
}

int intake_read_sheet(const struct intake_sheet *sheet, const struct intake_options *o, struct intake **ret)
{
    struct intake *in;
    int st = begin(o, &in);
    if (st == ST_OK)
        in->priv->table = *sheet->table;
    else
        csv_table_done(sheet->table);
    memset(sheet->table, 0, sizeof *sheet->table);
    if (st != ST_OK)
        return st;
    for (uint32_t i = 0; i < sheet->asides; i++) {
        struct slice name = sheet->aside[i].name;
        const char *why = sheet->aside[i].hidden ? SAY("lembar tersembunyi, tidak dibaca", "a hidden sheet, not read")
                                                 : SAY("lembar lain, tidak dibaca", "another sheet, not read");
        intake_note_at(in, 0, 0, "lembar-lain", intake_text(in, "%.*s: %s", (int)name.n, (const char *)name.p, why));
    }
    const char *name = intake_text(in, "%.*s", (int)sheet->name.n, (const char *)sheet->name.p);
    in->sheet = slice_of(name, strlen(name));
    take_table(in);
    return end(in, ret);
}

int intake_refused(const struct intake_broken *why, const struct intake_options *o, struct intake **ret)
{
    struct intake *in;
    if (begin(o, &in) != ST_OK)
        return ST_NO_MEMORY;
    const char *name = intake_text(in, "%.*s", (int)why->sheet.n, (const char *)why->sheet.p);
    in->sheet = slice_of(name, strlen(name));
    intake_refuse_at(in, why->line, 0, slice_of("", 0), why->code, SAY(why->id, why->en));
    return end(in, ret);
}

void intake_free(struct intake **pin)
{
    struct intake *in = *pin;
    *pin = NULL;
    if (!in)
        return;
    struct intake_priv *p = in->priv;
    while (p->chunks) {
        struct intake_chunk *c = p->chunks;
        p->chunks = c->next;
        free(c);
    }
    csv_table_done(&p->table);
    free(p->item);
    free(p->row);
    free(p);
    for (uint32_t i = 0; i < in->sections; i++)
        free(in->section[i].row);
    free(in->section);
    free(in->refusal);
    free(in->note);
    free(in);
}

/* ---- the tray file ---- */

void intake_tray(const struct intake *in, const struct tray *head, struct buf *b)
{
    struct tray h = *head;
    uint32_t parts = 0;
    h.rows = in->rows;
    h.refused = in->refused;
    h.duplicate = in->duplicate;
    h.sheet = in->sheet;
    for (h.sheet.n = h.sheet.n < TRAY_SHEET_MAX ? h.sheet.n : TRAY_SHEET_MAX; !bytes_utf8_ok(h.sheet.p, h.sheet.n);) h.sheet.n--;
    for (uint32_t i = 0; i < in->sections; i++)
        parts += (in->section[i].count + BATCH_UPDATES_MAX - 1) / BATCH_UPDATES_MAX;
    tray_begin(b, &h, parts);
    for (uint32_t i = 0; i < in->sections; i++) {
        const struct intake_section *s = &in->section[i];
        for (uint32_t k = 0; k < s->count; k++) {
            uint32_t left = s->count - k;
            if (k % BATCH_UPDATES_MAX == 0)
                tray_section(b, &s->common, left < BATCH_UPDATES_MAX ? left : BATCH_UPDATES_MAX);
            tray_row(b, s->row[k].line, &s->row[k].figure);
        }
    }
    tray_end(b);
}
