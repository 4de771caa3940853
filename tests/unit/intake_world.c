/* intake_world.c - see intake_world.h. */
#include "tests/unit/intake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char *const FILES[] = {
    "tests/data/metro/alias.csv", "tests/data/metro/anggaran.csv", "tests/data/metro/angka_mentah.csv",
    "tests/data/metro/banding.csv", "tests/data/metro/iku.csv", "tests/data/metro/iku_rumus.csv",
    "tests/data/metro/indikator.csv", "tests/data/metro/nomenklatur.csv", "tests/data/metro/office.csv",
    "tests/data/metro/pk.csv", "tests/data/metro/renstra.csv", "tests/data/metro/renstra_2022.csv",
    "tests/data/metro/skala.csv", "tests/data/metro/temuan.csv", "tests/data/metro/tren.csv",
    "tests/data/semarang/anggaran.csv", "tests/data/semarang/angka_mentah.csv", "tests/data/semarang/indikator.csv",
    "tests/data/semarang/nomenklatur.csv", "tests/data/semarang/office.csv", "tests/data/semarang/padanan.csv",
    "tests/data/semarang/tc29.csv", "tests/data/semarang/temuan.csv", "tests/golden/intake/codes.csv",
    "tests/golden/intake/money.csv", "tests/golden/intake/names.csv", "tests/golden/intake/periods.csv",
    "tests/golden/intake/prints.csv", "tests/golden/intake/statements.csv", "tests/golden/intake/twice.csv",
};

struct slice intake_world_load(const char *path)
{
    static char text[1 << 20];
    FILE *in = fopen(path, "r");
    if (!in) fail_msg("cannot open %s", path);
    size_t n = fread(text, 1, sizeof text, in);
    (void)fclose(in);
    return slice_of(text, n);
}

struct intake_options intake_world_options(void)
{
    return (struct intake_options){ .office = slice_of("gen-3374-07", 11), .clerk = slice_of("k1", 2), .entered = { 1000 },
                                    .treasurer = true, .centre = true };
}

static bool same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

static unsigned moved(unsigned line, unsigned shift) { return line > shift ? line - shift : line; }

static void same_rows(const char *what, const struct intake_section *x, const struct intake_section *y, unsigned shift)
{
    if (x->count != y->count || x->common.vintage != y->common.vintage || x->common.stage != y->common.stage)
        fail_msg("%s: sections of %u and %u rows", what, x->count, y->count);
    for (uint32_t k = 0; k < x->count; k++) {
        const struct figure *f = &x->row[k].figure, *g = &y->row[k].figure;
        bool ok = f->activity == g->activity && f->account == g->account && f->measure == g->measure && f->year == g->year &&
                  f->source == g->source && f->stage == g->stage && f->month == g->month && f->basis == g->basis &&
                  f->kind == g->kind && f->value == g->value && f->decimals == g->decimals && same(f->text, g->text) &&
                  same(f->indicator, g->indicator) && same(f->unit, g->unit) && same(f->reason, g->reason);
        if (!ok || y->row[k].line != moved(x->row[k].line, shift))
            fail_msg("%s: line %u: kind %u value %lld decimals %u, line %u: kind %u value %lld decimals %u", what, x->row[k].line,
                     f->kind, (long long)f->value, f->decimals, y->row[k].line, g->kind, (long long)g->value, g->decimals);
    }
}

static void same_refusals(const char *what, const struct intake *a, const struct intake *b, unsigned shift)
{
    for (uint32_t i = 0; i < a->refusals && i < b->refusals; i++) {
        const struct intake_refusal *x = &a->refusal[i], *y = &b->refusal[i];
        bool near = x->nearest_count == y->nearest_count;
        for (unsigned k = 0; near && k < x->nearest_count; k++) near = strcmp(x->nearest[k], y->nearest[k]) == 0;
        if (!near || x->code != y->code || !same(x->name, y->name) || !same(x->seen, y->seen) || x->column != y->column ||
            y->line != moved(x->line, shift))
            fail_msg("%s: line %u column %u \"%.*s\" %u %s, line %u column %u \"%.*s\" %u %s", what, x->line, x->column,
                     (int)x->seen.n, (const char *)x->seen.p, x->code, x->reason, y->line, y->column, (int)y->seen.n,
                     (const char *)y->seen.p, y->code, y->reason);
    }
    if (a->refusals != b->refusals) fail_msg("%s: %u refusals and %u", what, a->refusals, b->refusals);
}

static bool has_note(const struct intake *in, const struct intake_note *n, unsigned shift)
{
    for (uint32_t i = 0; i < in->notes; i++)
        if (strcmp(in->note[i].kind, n->kind) == 0 && in->note[i].line == moved(n->line, shift)) return true;
    return false;
}

static void agree(const char *what, const struct intake *a, const struct intake *b, unsigned shift)
{
    same_refusals(what, a, b, shift);
    for (uint32_t i = 0; i < a->notes; i++)
        if (!has_note(b, &a->note[i], shift))
            fail_msg("%s: only one has note %s at line %u", what, a->note[i].kind, a->note[i].line);
    if (a->notes != b->notes || a->rows != b->rows || a->refused != b->refused || a->duplicate != b->duplicate)
        fail_msg("%s: %u rows %u refused %u notes, %u rows %u refused %u notes", what, a->rows, a->refused, a->notes, b->rows,
                 b->refused, b->notes);
    if (a->shape != b->shape || a->sections != b->sections) fail_msg("%s: %u sections and %u", what, a->sections, b->sections);
    for (uint32_t s = 0; s < a->sections; s++) same_rows(what, &a->section[s], &b->section[s], shift);
}

void intake_world_agree(intake_world_other other, unsigned shift, bool figures)
{
    const struct intake_options o = intake_world_options();
    uint32_t rows = 0;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        if (figures && !strstr(FILES[i], "/data/")) continue;
        struct slice bytes = intake_world_load(FILES[i]);
        struct csv_table t;
        struct csv_fault f;
        struct intake *a, *b;
        assert_int_equal(csv_table_read(bytes, &t, &f), ST_OK);
        assert_int_equal(intake_read(bytes, &o, &a), ST_OK);
        b = other(&t);
        if (figures) a->notes = b->notes = 0;
        agree(FILES[i], a, b, shift);
        rows += a->rows;
        intake_free(&a);
        intake_free(&b);
        csv_table_done(&t);
    }
    assert_true(rows > 1000);
}
