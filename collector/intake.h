/* intake.h - the bytes of one pushed file become statements and a report. Kind: P.
 *
 * Rules: intake.md (shared contract); what a row of each shape states is said at the head of its reader
 * (intake_indicator.c, intake_plan.c, ..), of `anggaran` below. Three outcomes for a row: taken, taken
 * with a note, refused (nothing of the row is stored). All refusals of a file come at once; a file whose shape is not known or not
 * yet supported, or that cannot be read, is refused whole. What this office stated before is not known here: the collector judges
 * accepted, duplicate and superseded against its own copy; `duplicate` below counts only repeats within the file.
 *
 * What a row of `anggaran` states (source: the row's `sumber`, else the one named):
 *   pagu -> BUDGET, source dpa, stage = tahap, month = berlaku, else 1 for murni or no stage, else the row's period, else 1
 *   realisasi -> REALISED, source opd, no stage; rak -> CASH_PLAN, source opd (it is the office's own plan of payments, not the
 *   document's ceiling); fisik -> PHYSICAL, source opd; persen_tercetak -> PRINTED_ABSORPTION, source opd, stage = tahap; all of
 *   them in the month of the row's period (12 with a note when there is none)
 *   uraian -> NAME of the code, the office's own (timeless); it makes no row news
 *   lengkap = ya or --complete -> one COMPLETE for each (source, stage, year, month) of the stated BUDGETs; withheld with a note
 *   when any row of the file was refused, because a refused line would then count as absent.
 *
 * A treasurer's file about another office (options.subject) is an `anggaran` whose realisasi is stated as source bud; all
 * else in it is that office's own to state and is left out, with a note a column. */
#ifndef REKAP_INTAKE_H
#define REKAP_INTAKE_H

#include "collector/shape.h"
#include "collector/tray.h"
#include "proto/decimal.h"

struct units;
struct intake_options {
    struct slice office, clerk;         /* who states; fit for the wire; must live as long as the intake */
    struct slice subject;               /* of a treasurer: the office the file is about; empty: its own. Lives as long, too */
    struct wall entered;
    unsigned hours_ahead;               /* of UTC, by the clock of the office's region: in which month it was entered */
    enum lang lang;                     /* of reasons and notes */
    enum decimal_dash dash;             /* --dash: what `-` means in a money cell */
    enum shape_kind shape;              /* --shape; SHAPE_NONE = by header */
    bool complete;                      /* --complete */
    struct slice evidence, evidence_name;       /* --evidence: SHA-256 of the document and the name of its file; empty: none */
    bool treasurer;                     /* may this office state source bud? */
    bool centre;                        /* is it the centre, who states bridges? */
    const struct units *units;          /* of the registry: spellings, which count; NULL: what is built in. Lives as long */
    bool lines;                         /* is it JSON lines by its name, whatever it begins with? */
};
struct intake_refusal {
    uint32_t line, column;              /* physical line from 1; column from 1, 0 = the row or file */
    struct slice name, seen;            /* heading and cell as written; empty for the row or file */
    struct slice cell;                  /* of a workbook: the place as people say it, "Lembar!C17"; else empty */
    unsigned code;
    const char *reason;                 /* one line for people, in the asked language */
    unsigned nearest_count;
    const char *nearest[3];
};
struct intake_note {
    uint32_t line, column;
    struct slice name, cell;
    const char *kind;                   /* stable short name: "tanpa-periode", "kolom-diabaikan", .. */
    const char *text;
};
struct intake_row { uint32_t line; struct figure figure; };     /* texts of figures point into the intake */
struct intake_section { struct section common; struct intake_row *row; uint32_t count, cap; };

struct intake {                         /* read only for callers; everything lives until intake_free */
    enum shape_kind shape;              /* NONE when not recognised */
    uint32_t rows, refused, duplicate;  /* data rows; rows with a refusal; rows that state nothing new within the file */
    struct slice sheet;                 /* of a workbook: the name of the sheet that was read; else empty */
    struct intake_refusal *refusal;     /* by line, then column */
    uint32_t refusals;
    struct intake_note *note;           /* by line, then column; repeats of one kind beyond a number are summed up in the last */
    uint32_t notes;
    struct intake_section *section;     /* the figures to be stated, grouped as on the wire; file order within a section */
    uint32_t sections;
    struct intake_priv *priv;
};
/* Bytes of CSV or of JSON lines. ST_OK also when everything is refused. ST_NO_MEMORY. bytes are not kept. */
int intake_read(struct slice bytes, const struct intake_options *o, struct intake **ret);
/* A sheet that is read already; takes its table (zeroed for the caller), copies the names. aside: sheets that are passed over. */
struct intake_aside { struct slice name; bool hidden; };
struct intake_sheet { struct csv_table *table; struct slice name; const struct intake_aside *aside; uint32_t asides; };
int intake_read_sheet(const struct intake_sheet *sheet, const struct intake_options *o, struct intake **ret);
/* A file that could not be read at all: one refusal, for the given reason. line 0: the file; sheet: "" or where. */
struct intake_broken { unsigned code; uint32_t line; struct slice sheet; const char *id, *en; };
int intake_refused(const struct intake_broken *why, const struct intake_options *o, struct intake **ret);
void intake_free(struct intake **in);   /* nulls; tolerates NULL */

/* Appends one line without newline: `berkas.csv:17:4 (pagu): "25.00.000" bukan angka rupiah; maksudnya 2.500.000?
 * [angka-rusak]`. */
void intake_refusal_text(struct buf *b, struct slice file, const struct intake_refusal *r, enum lang lang);
/* `berkas.csv:3 (unit): kolom tidak disimpan [kolom-diabaikan]` */
void intake_note_text(struct buf *b, struct slice file, const struct intake_note *n);
/* Writes the tray file (tray.h). head: id, office, file, clerk, entered; the counts and the sheet are filled
 * in from the intake. */
void intake_tray(const struct intake *in, const struct tray *head, struct buf *b);

#endif
