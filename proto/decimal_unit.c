/* decimal_unit.c - which units count things. Kind: P.
 *
 * A unit that counts (orang, dokumen, KPM) cannot have a fraction, so a lone dot before three digits groups thousands:
 * 4.093 KPM is four thousand. With kg, ha, km or a span of time it could be a decimal point, and the cell is refused
 * (intake.md 3). The head word of a unit decides: "penyandang disabilitas", "surat kabar", "unit kendaraan".
 * Litres are listed: what is reported in litres is fuel, bought whole. Words are folded; common misspellings are kept. */
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
