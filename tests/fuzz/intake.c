/* intake.c - a pushed file: read, report every refusal, write the tray file, read that again. */
#include "collector/intake.h"
#include "tests/fuzz/fuzz.h"

static void through_tray(const struct intake *in)
{
    static const char id[] = "0000000000000001-0000000000000001", office[] = "dinsos-3374", file[] = "berkas.csv";
    const struct tray head = {
        .id = slice_of(id, sizeof id - 1), .office = slice_of(office, sizeof office - 1), .file = slice_of(file, sizeof file - 1)};
    struct buf b;
    struct tray got;
    struct tray_reader r;
    struct tray_row row;
    uint64_t rows = 0, expected = 0;
    buf_init(&b, TRAY_BYTES_MAX);
    intake_tray(in, &head, &b);
    for (uint32_t i = 0; i < in->sections; i++) expected += in->section[i].count;
    if (buf_ok(&b) && tray_open(buf_slice(&b), &got, &r) == ST_OK) {
        int st;
        while ((st = tray_next(&r, &row)) == ST_OK) rows++;
        ASSERT(st == ST_NOT_FOUND && rows == expected);
    } else {
        ASSERT(expected == 0 || !buf_ok(&b));
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const char office[] = "dinsos-3374";
    const struct intake_options o = {.office = slice_of(office, sizeof office - 1), .treasurer = n & 1, .complete = n & 2};
    struct intake *in = NULL;
    struct buf text;
    if (n > 1 << 16 || intake_read(slice_of(p, n), &o, &in) != ST_OK) return 0;
    buf_init(&text, 16 << 20);
    for (uint32_t i = 0; i < in->refusals; i++) intake_refusal_text(&text, slice_of("f.csv", 5), &in->refusal[i], LANG_ID);
    for (uint32_t i = 0; i < in->notes; i++) intake_note_text(&text, slice_of("f.csv", 5), &in->note[i]);
    ASSERT(in->refused + in->duplicate <= in->rows);
    through_tray(in);
    buf_done(&text);
    intake_free(&in);
    return 0;
}
