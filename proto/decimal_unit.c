/* decimal_unit.c - which units count things. Kind: P.
 *
 * A unit that counts (orang, dokumen, KPM) cannot have a fraction, so a lone dot before three digits groups thousands:
 * 4.093 KPM is four thousand. With kg, ha, km or a span of time it could be a decimal point, and the cell is refused
 * (intake.md 3). The head word of a unit decides: "penyandang disabilitas", "surat kabar", "unit kendaraan".
 * Litres are listed: what is reported in litres is fuel, bought whole. Words are folded; common misspellings are kept. */
#include "bytes.h"
#include "decimal_token.h"

#include <string.h>

/* Sorted by strcmp: searched by bisection. */
static const char *const COUNTING[] = {
    "agen", "akseptor", "akta", "anak", "anggota", "aplikasi", "armada", "aset", "asn", "atlet", "balita", "bangunan", "bank",
    "barang", "batang", "bayi", "berita", "berkas", "bibit", "bidang", "biji", "box", "bpkb", "bpnt", "buah", "buku", "bungkus",
    "butir", "cabang", "camat", "cerita", "data", "desa", "difabel", "dokter", "dokumen", "dosis", "dukuh", "dus", "dusun",
    "ekor", "eksemplar", "event", "exemplar", "fasilitas", "format", "forum", "foto", "gapoktan", "gedung", "gelandangan", "guru",
    "hibah", "ibu", "ijazah", "ijin", "indikator", "informasi", "inovasi", "instansi", "item", "izin", "jabatan", "jamaah",
    "jemaah", "jembatan", "jenazah", "jenis", "jiwa", "kabupaten", "kader", "kaleng", "kali", "kamar", "kantong", "kantor",
    "kapal", "kardus", "karton", "kartu", "karung", "karyawan", "kasus", "kecamatan", "kegiatan", "kejadian", "kelas", "kelompok",
    "keluarga", "kelurahan", "kendaraan", "kepala", "kios", "kk", "klien", "komponen", "komunitas", "konten", "koperasi",
    "korban", "kota", "kotak", "kpm", "ktp", "kube", "kuesioner", "kunjungan", "lampu", "langganan", "lanjut", "lansia", "laporan",
    "layanan", "lbr", "lembaga", "lembar", "lingkungan", "liter", "lks", "lls", "lokasi", "ltr", "macam", "mahasiswa",
    "masyarakat", "materai", "media", "meterai", "metrai", "mobil", "modul", "motor", "murid", "mustahik", "nama", "narapidana",
    "nasabah", "naskah", "nelayan", "objek", "obyek", "odgj", "odha", "oorang", "opd", "operator", "orag", "orang", "orangg",
    "org", "organisasi", "orng", "ot", "pack", "paket", "panti", "partai", "pasal", "pasang", "pasar", "pasien", "pcs",
    "pedagang", "pegawai", "pekerja", "pekerjaan", "pelajar", "pelaku", "pelanggan", "pelayanan", "pemilih", "pemuda", "penduduk",
    "penerima", "pengaduan", "pengemis", "pengguna", "penghargaan", "penghuni", "pengunjung", "penyandang", "perangkat",
    "peraturan", "perda", "perempuan", "perkara", "perlengkapan", "permohonan", "personel", "personil", "perusahaan", "perwal",
    "peserta", "petani", "petugas", "pkt", "pm", "pmi", "pmks", "pns", "pohon", "porsi", "posyandu", "pot", "potong", "ppks",
    "produk", "program", "psks", "psm", "puskesmas", "puskesos", "raperda", "rekening", "rekomendasi", "relawan", "responden",
    "rit", "rombongan", "rp", "rt", "rtlh", "ruang", "ruangan", "ruas", "rumah", "rupiah", "rw", "sachet", "sak", "sambungan",
    "santri", "sapi", "sasaran", "satuan", "sekolah", "sertifikat", "sertipikat", "set", "sistem", "siswa", "situs", "skpd",
    "sop", "spm", "sr", "stel", "stiker", "stnk", "surat", "tablet", "tagana", "tamu", "tempat", "tenaga", "thl", "tiang", "tim",
    "titik", "tksk", "toko", "tps", "ukm", "umkm", "unit", "usaha", "usulan", "vial", "video", "warga", "wbp", "website",
    "wilayah", "wisatawan", "wp",
};

static bool listed(const char *word)
{
    size_t low = 0, high = sizeof COUNTING / sizeof *COUNTING;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = strcmp(COUNTING[mid], word);
        if (c == 0)
            return true;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

bool decimal_unit_counts(struct slice unit)
{
    struct decimal_text t;
    char word[24];
    size_t n = 0, i = 0;
    if (!decimal_token_clean(unit, &t))
        return false;
    while (t.s[i] == '(' || t.s[i] == ' ')
        i++;
    for (; n + 1 < sizeof word && decimal_token_letter(t.s[i]); i++)
        word[n++] = t.s[i] >= 'A' && t.s[i] <= 'Z' ? (char)(t.s[i] - 'A' + 'a') : t.s[i];
    word[n] = '\0';
    return n > 0 && !decimal_token_letter(t.s[i]) && listed(word);
}

/* ---- the same unit, spelled another way ---- */

static const struct { const char *spelling, *word; } SPELLINGS[] = {
    { "dok", "dokumen" }, { "exemplar", "eksemplar" }, { "ijin", "izin" }, { "lbr", "lembar" }, { "ltr", "liter" },
    { "materai", "meterai" }, { "metrai", "meterai" }, { "obyek", "objek" }, { "oorang", "orang" }, { "orag", "orang" },
    { "orangg", "orang" }, { "org", "orang" }, { "orng", "orang" }, { "percent", "%" }, { "persen", "%" }, { "persentase", "%" },
    { "pkt", "paket" }, { "presentase", "%" }, { "prosen", "%" }, { "prosentase", "%" }, { "sertipikat", "sertifikat" },
};

/* "²" and "³" as they are typed where there is no such key: km2, m3. */
static bool power(const char *s, char *ret)
{
    if (s[0] != '\xc2' || (s[1] != '\xb2' && s[1] != '\xb3')) return false;
    *ret = s[1] == '\xb2' ? '2' : '3';
    return true;
}

/* The next word of the unit, folded; empty at the end. A percent sign is a word; brackets and blanks part words. */
static size_t unit_word(const struct decimal_text *t, size_t *at, char word[TEXT_MAX + 1])
{
    size_t n = 0, i = *at;
    while (i < t->n && strchr(" ()[].", t->s[i])) i++;
    if (i < t->n && t->s[i] == '%') word[n++] = t->s[i++];
    for (; n == 0 || word[0] != '%'; i++) {
        char c = t->s[i];
        if (i >= t->n || strchr(" ()[].%", c)) break;
        if (power(t->s + i, &c)) i++;
        word[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    word[n] = '\0';
    *at = i;
    for (size_t k = 0; k < sizeof SPELLINGS / sizeof *SPELLINGS; k++)
        if (strcmp(SPELLINGS[k].spelling, word) == 0) {
            n = strlen(SPELLINGS[k].word);
            memcpy(word, SPELLINGS[k].word, n + 1);
            break;
        }
    return n;
}

bool decimal_unit_same(struct slice a, struct slice b)
{
    struct decimal_text x, y;
    char v[TEXT_MAX + 1], w[TEXT_MAX + 1];
    if (!decimal_token_clean(a, &x) || !decimal_token_clean(b, &y)) return false;
    for (size_t i = 0, k = 0;;) {
        size_t n = unit_word(&x, &i, v), m = unit_word(&y, &k, w);
        if (n != m || memcmp(v, w, n) != 0) return false;
        if (n == 0) return true;
    }
}

/* ---- a word that is probably one of these ---- */

/* What is measured, not counted: a word of these is no misspelling. */
static const char *const MEASURED[] = {
    "%",        "angka",     "bulan",    "derajat", "detik", "gram",  "hari",   "hektar",   "indeks", "jam",       "kategori",
    "kilogram", "kilometer", "kuintal",  "level",   "menit", "meter", "minggu", "nilai",    "opini",  "peringkat", "poin",
    "predikat", "rasio",     "semester", "skala",   "skor",  "tahun", "ton",    "triwulan", "watt",
};
enum { NEAR_LETTERS_MIN = 4 };          /* of shorter words one letter apart says nothing */

static const char *spelled(const char *word)
{
    for (size_t i = 0; i < sizeof SPELLINGS / sizeof *SPELLINGS; i++)
        if (strcmp(SPELLINGS[i].spelling, word) == 0) return SPELLINGS[i].word;
    return word;
}

const char *decimal_unit_near(struct slice unit)
{
    struct decimal_text t;
    char word[TEXT_MAX + 1];
    size_t at = 0, n;
    const char *near = NULL;
    if (!decimal_token_clean(unit, &t)) return NULL;
    n = unit_word(&t, &at, word);
    while (at < t.n && strchr(" ()[].", t.s[at])) at++;
    if (n < NEAR_LETTERS_MIN || at < t.n || listed(word)) return NULL;
    for (size_t i = 0; i < sizeof MEASURED / sizeof *MEASURED; i++) {
        size_t d = bytes_distance(slice_of(word, n), slice_of(MEASURED[i], strlen(MEASURED[i])));
        if (d == 0) return NULL;
        if (d == 1 && strlen(MEASURED[i]) >= NEAR_LETTERS_MIN) near = MEASURED[i];
    }
    for (size_t i = 0; !near && i < sizeof COUNTING / sizeof *COUNTING; i++)
        if (strlen(COUNTING[i]) >= NEAR_LETTERS_MIN &&
            bytes_distance(slice_of(word, n), slice_of(COUNTING[i], strlen(COUNTING[i]))) == 1)
            near = spelled(COUNTING[i]);
    return near;
}
