/* shape.h - which kind of file a header line announces, and which column is what. Kind: P.
 *
 * The shapes, their columns and the precedence where several fit are intake.md 1-2 (shared contract), repeated for users in
 * docs/. Names are case-folded, trimmed, blanks and dashes become underscores, a trailing unit in brackets is dropped; synonyms may
 * hold for some shapes only (`kriteria` is kategori_tercetak in `indikator` but itself in `skala`). */
#ifndef REKAP_SHAPE_H
#define REKAP_SHAPE_H

#include "proto/csv.h"

enum shape_kind {
    SHAPE_NONE, SHAPE_ANGGARAN, SHAPE_INDIKATOR, SHAPE_RENSTRA, SHAPE_PEMBANDING, SHAPE_KOMPONEN, SHAPE_CATATAN, SHAPE_OFFICE,
    SHAPE_NOMENKLATUR, SHAPE_PADANAN, SHAPE_SKALA, SHAPE_ALIAS, SHAPE_INDIKATOR_BAKU, SHAPE_SATUAN,
    SHAPE_ATURAN, SHAPE_COUNT
};
/* Every column of every shape: X(NAME, "name as written in files") */
#define SHAPE_COLUMNS(X) \
    X(TAHUN, "tahun") X(KODE, "kode") X(PAGU, "pagu") X(REALISASI, "realisasi") X(TAHAP, "tahap") X(LENGKAP, "lengkap") \
    X(BERLAKU, "berlaku") X(SAMPAI, "sampai") X(BULAN, "bulan") X(TRIWULAN, "triwulan") X(REKENING, "rekening") \
    X(NOMENKLATUR, "nomenklatur") X(URAIAN, "uraian") X(SUMBER, "sumber") X(SUMBER_DANA, "sumber_dana") X(UNIT, "unit") \
    X(RAK, "rak") \
    X(FISIK, "fisik") X(ALASAN, "alasan") X(PAGU_TEKS, "pagu_teks") X(REALISASI_TEKS, "realisasi_teks") \
    X(PERSEN_TERCETAK, "persen_tercetak") X(CATATAN, "catatan") X(LEVEL, "level") X(PARENT, "parent") X(INDIKATOR, "indikator") \
    X(TARGET, "target") X(ID, "id") X(NO, "no") X(SATUAN, "satuan") X(TINGKAT, "tingkat") X(PENANGGUNG_JAWAB, "penanggung_jawab") \
    X(FORMULA, "formula") X(AGREGASI, "agregasi") X(AGREGASI_UNIT, "agregasi_unit") X(PEMBILANG, "pembilang") \
    X(PENYEBUT, "penyebut") \
    X(BOBOT, "bobot") X(AWAL, "awal") X(TARGET_TEKS, "target_teks") X(CAPAIAN_TERCETAK, "capaian_tercetak") \
    X(KATEGORI_TERCETAK, "kategori_tercetak") X(PERIODE, "periode") X(JENIS, "jenis") X(REALISASI_SD, "realisasi_sd") \
    X(TABEL, "tabel") X(KOMPONEN, "komponen") X(CAPAIAN, "capaian") X(DIHITUNG, "dihitung") X(TEKS, "teks") X(OFFICE, "office") \
    X(WILAYAH, "wilayah") X(NAMA_WILAYAH, "nama_wilayah") X(OPD, "opd") X(DOKUMEN, "dokumen") X(KODE_LAMA, "kode_lama") \
    X(URAIAN_LAMA, "uraian_lama") X(PAGU_LAMA, "pagu_lama") X(KODE_BARU, "kode_baru") X(PAGU_BARU, "pagu_baru") \
    X(URAIAN_BARU, "uraian_baru") X(NOMENKLATUR_LAMA, "nomenklatur_lama") X(NOMENKLATUR_BARU, "nomenklatur_baru") \
    X(BATAS_BAWAH, "batas_bawah") X(BATAS_ATAS, "batas_atas") X(KRITERIA, "kriteria") X(URAIAN_TERCETAK, "uraian_tercetak") \
    X(DEFINISI, "definisi") X(OPERATOR, "operator") X(SINONIM, "sinonim") X(MENGHITUNG, "menghitung") X(DASAR, "dasar") \
    X(FAKTOR, "faktor") X(SKALA, "skala") X(SUBJEK, "subjek") X(KANTOR, "kantor") X(ATURAN, "aturan") X(NILAI, "nilai")
enum shape_column {
    COLUMN_UNKNOWN,
#define X(NAME, text) COLUMN_##NAME,
    SHAPE_COLUMNS(X)
#undef X
    COLUMN_COUNT
};

enum shape_verdict { SHAPE_FOUND, SHAPE_NOT_FOUND, SHAPE_TWICE /* one column under two headings */ };
struct shape {
    enum shape_verdict verdict;
    enum shape_kind kind;               /* FOUND, TWICE: the shape; NOT_FOUND: the nearest one */
    uint32_t header;                    /* row of the table; NOT_FOUND: the row that came nearest */
    uint32_t column[COLUMN_COUNT];      /* FOUND: position from 1 in the header; 0 = not there */
    uint32_t twice;                     /* TWICE: position from 1 of the second heading */
    char missing[160];                  /* NOT_FOUND: required columns that are not there: "tahun, pagu/realisasi" */
};
const char *shape_name(enum shape_kind k);              /* "anggaran", "indikator-baku"; "" for NONE */
int shape_parse(struct slice text, enum shape_kind *ret);       /* ST_INVALID */
const char *shape_column_name(enum shape_column c);     /* as written in files */
/* What a heading is called in a shape; COLUMN_UNKNOWN. */
enum shape_column shape_column_of(enum shape_kind k, struct slice heading);
/* Looks for a header in the first INTAKE_HEADER_SEARCH_ROWS rows. forced: SHAPE_NONE, or the only shape to try (--shape). */
void shape_find(const struct csv_table *t, enum shape_kind forced, struct shape *ret);

#endif
