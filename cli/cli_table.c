/* cli_table.c - the verbs and the options, as data. Kind: E.
 *
 * Parsing, help, completion and the nearest-word hints read these two tables; a verb exists when its row does. The short page shows
 * the examples of the first rows, so they stand in the order in which a newcomer needs them. */
#include "cli/cli.h"

#define O(x) OPTION_BIT(OPT_##x)
const struct command cli_commands[] = {
    { "up", "jalankan", "", O(HTTP), 0, 0, "menjalankan seluruh sistem di komputer ini", "runs the whole system on this machine",
      "rekap up --dir data", up_run },
    { "office", "kantor", "add|list|show|revoke|rotate-key [ID]", O(REGION) | O(NAME) | O(ROLE), 1, 2, "mendaftarkan dan melihat kantor",
      "registers and shows offices", "rekap office add dinsos-3374 --region 33.74 --name \"Dinas Sosial Kota Semarang\"",
      office_run },
    { "push", "kirim", "FILE...", O(OFFICE) | O(WAIT) | O(DRY_RUN) | O(SHAPE) | O(COMPLETE) | O(DASH) | O(TIMEOUT), 1, -1,
      "mengirim berkas realisasi sebuah kantor", "sends an office's files", "rekap push --office dinsos-3374 anggaran.csv --wait",
      push_run },
    { "status", "keadaan", "", 0, 0, 0, "siapa sudah melapor, antrean, keadaan layanan", "who reported, backlog, health",
      "rekap status", status_run },
    { "rollup", "rekapitulasi", "", O(REGION) | O(YEAR) | O(UNTIL) | O(CODE) | O(LEVEL) | O(OFFICE) | O(STAGE) | O(AS_OF), 0, 0,
      "rekapitulasi pagu dan realisasi", "budget and realisation by level",
      "rekap rollup --region 33.74 --year 2020 --level kegiatan", query_rollup },
    { "trend", "tren", "", O(REGION) | O(CODE) | O(INDICATOR) | O(FROM) | O(TO) | O(MEASURE) | O(UNTIL) | O(OFFICE) | O(STAGE) | O(AS_OF),
      0, 0, "tren antar tahun", "a series over years", "rekap trend --region 33.74 --from 2019 --to 2022", query_trend },
    { "indicators", "indikator", "", O(REGION) | O(YEAR) | O(UNTIL) | O(CODE) | O(OFFICE) | O(CAP) | O(AS_OF), 0, 0,
      "target, realisasi, capaian dan kategori indikator", "targets, results, achievements and ratings",
      "rekap indicators --region 18.72 --year 2022", query_indicators },
    { "findings", "temuan", "", O(REGION) | O(OFFICE) | O(YEAR) | O(KIND) | O(OPEN) | O(CODE) | O(UNTIL) | O(AS_OF), 0, 0,
      "temuan data: angka yang terbukti salah", "figures that are provably wrong", "rekap findings --region 18.72 --year 2022",
      query_findings },
    { "watch", "pantau", "", O(REGION) | O(YEAR) | O(COUNT_EVENTS), 0, 0, "menampilkan perubahan saat terjadi",
      "shows changes as they happen", "rekap watch --region 33.74 --year 2020", watch_run },
    { "audit", "periksa", "", 0, 0, 0, "memeriksa log worker yang berhenti, tanda tangan demi tanda tangan",
      "verifies a stopped worker's log offline", "rekap audit --dir data", audit_run },
};
#undef O
const size_t cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

const struct option_row cli_options[OPT_COUNT] = {
    [OPT_DIR] = { "dir", "DIR", "tempat instalasi (bawaan: $REKAP_DIR)", "installation (default: $REKAP_DIR)" },
    [OPT_LANG] = { "lang", "id|en", "bahasa", "language" },
    [OPT_JSON] = { "json", NULL, "keluaran JSON", "JSON output" },
    [OPT_CSV] = { "csv", NULL, "keluaran CSV", "CSV output" },
    [OPT_HELP] = { "help", NULL, "bantuan", "help" },
    [OPT_REGION] = { "region", "KODE", "kode wilayah: 33.74, 33, atau kosong untuk nasional",
                     "region code: 33.74, 33, or empty for the nation" },
    [OPT_NAME] = { "name", "NAMA", "nama kantor", "name of the office" },
    [OPT_ROLE] = { "role", "PERAN", "office, treasurer, planner, auditor, centre", "office, treasurer, planner, auditor, centre" },
    [OPT_OFFICE] = { "office", "ID", "kantor", "office" },
    [OPT_WAIT] = { "wait", NULL, "menunggu sampai tersimpan di pusat dan terlihat", "wait until stored at the centre and visible" },
    [OPT_DRY_RUN] = { "dry-run", NULL, "hanya memeriksa, tidak menyimpan apa pun", "check only, store nothing" },
    [OPT_SHAPE] = { "shape", "NAMA", "bentuk berkas: anggaran, indikator, nomenklatur", "shape of the file" },
    [OPT_COMPLETE] = { "complete", NULL, "dokumen tahap ini lengkap: baris yang tidak ada menjadi 0",
                       "the stage's document is complete: absent lines become 0" },
    [OPT_DASH] = { "dash", "nol|kosong", "arti tanda '-' pada kolom uang", "meaning of '-' in money columns" },
    [OPT_TIMEOUT] = { "timeout", "DETIK", "batas menunggu (bawaan 60)", "seconds to wait (default 60)" },
    [OPT_YEAR] = { "year", "TAHUN", "tahun anggaran", "fiscal year" },
    [OPT_UNTIL] = { "until", "BULAN", "sampai dengan bulan 1..12 (bawaan 12)", "up to month 1..12 (default 12)" },
    [OPT_CODE] = { "code", "KODE", "hanya kode ini dan di bawahnya", "only this code and below" },
    [OPT_LEVEL] = { "level", "TINGKAT", "urusan|bidang|program|kegiatan|subkegiatan|rekening|daun",
                    "urusan|bidang|program|kegiatan|subkegiatan|rekening|daun" },
    [OPT_STAGE] = { "stage", "TAHAP", "murni|berlaku", "murni|berlaku" },
    [OPT_AS_OF] = { "as-of", "KAPAN", "keadaan pada waktu atau posisi log", "state at a time or log position" },
    [OPT_INDICATOR] = { "indicator", "ID", "indikator", "indicator" },
    [OPT_FROM] = { "from", "TAHUN", "tahun awal", "first year" },
    [OPT_TO] = { "to", "TAHUN", "tahun akhir", "last year" },
    [OPT_MEASURE] = { "measure", "UKURAN", "budget|realised|absorption, atau reached|target|achievement",
                      "budget|realised|absorption, or reached|target|achievement" },
    [OPT_CAP] = { "cap", "100|110|120|150|none", "batas capaian dalam rata-rata (bawaan 120)",
                  "cap of an achievement in means (default 120)" },
    [OPT_KIND] = { "kind", "JENIS", "jenis temuan", "kind of finding" },
    [OPT_OPEN] = { "open", NULL, "hanya yang masih terbuka", "only open ones" },
    [OPT_HTTP] = { "http", "ALAMAT", "alamat monitor, misalnya 127.0.0.1:7411", "address of the monitor" },
    [OPT_COUNT_EVENTS] = { "events", "N", "berhenti setelah N perubahan", "stop after N changes" },
};
