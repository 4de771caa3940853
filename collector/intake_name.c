/* intake_name.c - one row of `nomenklatur`: the name of a code. Kind: P.
 *
 * The code and its vintage are what counts; the level and parent that the file prints are only checked against the code, and a
 * disagreement is a note. 1.06 is printed as `urusan` in practice though its two segments make it a bidang: that is no note.
 * Names are timeless: year 0, month 0. An office's own names serve its own display (intake.md 2). */
#include "collector/intake_priv.h"

#define SAY(id, en) intake_say(in, (struct intake_pair){ id, en })

static void check_level(struct intake *in, activity_code code)
{
    enum level printed;
    struct slice s = intake_cell(in, COLUMN_LEVEL);
    if (s.n == 0)
        return;
    bool known = code_level_parse(s, &printed) == ST_OK;
    if (known && (printed == code_level(code) || (printed == LEVEL_URUSAN && code_level(code) == LEVEL_BIDANG)))
        return;
    intake_note(in, COLUMN_LEVEL, "level-berbeda", intake_text(in, "%s %s", SAY("menurut kodenya", "by its code it is"),
                                                               code_level_name(code_level(code))));
}

static void check_parent(struct intake *in, enum vintage v, activity_code code)
{
    struct code_reading r;
    char text[32];
    struct slice s = intake_cell(in, COLUMN_PARENT);
    activity_code parent = code_parent(code);
    if (s.n == 0 || (code_parse_activity(v, s, &r) == ST_OK && r.code == parent))
        return;
    if (parent)
        code_format_activity(parent, text);
    intake_note(in, COLUMN_PARENT, "induk-berbeda", intake_text(in, "%s %s", SAY("menurut kodenya", "by its code it is"),
                                                                parent ? text : "-"));
}

static bool is_data(struct intake *in)
{
    if (intake_cell(in, COLUMN_KODE).n > 0 || intake_cell(in, COLUMN_NOMENKLATUR).n > 0)
        return true;
    intake_note_at(in, in->priv->line, 0, "bukan-data", SAY("bukan baris data, dilewati", "not a data row, skipped"));
    return false;
}

static bool read_name(struct intake *in, struct slice *ret)
{
    if (!intake_short_text(in, COLUMN_URAIAN, ret))
        return false;
    if (ret->n > 0)
        return true;
    intake_refuse(in, COLUMN_URAIAN, CODE_MISSING_KEY, SAY("kolom kunci kosong", "a required key cell is empty"));
    return false;
}

bool intake_name_row(struct intake *in)
{
    struct intake_priv *p = in->priv;
    struct figure f = { .measure = MEASURE_NAME, .kind = VALUE_TEXT };
    if (!is_data(in))
        return false;
    bool vintage = intake_vintage(in, 0, &p->vintage);
    bool ok = vintage && intake_code(in, p->vintage, &f.activity, &f.account);
    if (!read_name(in, &f.text) || !ok)
        return true;
    if (f.account)
        p->vintage = VINTAGE_NONE;
    if (f.activity && f.activity != CODE_TOTAL) {
        check_level(in, f.activity);
        check_parent(in, p->vintage, f.activity);
    }
    if (bytes_is(f.text, "nihil"))
        intake_note(in, COLUMN_URAIAN, "nihil-tanpa-nilai", SAY("nihil di kolom ini dibaca sebagai tidak ada nilai",
                                                                "nihil in this column is read as no value"));
    else
        intake_add(in, COLUMN_URAIAN, &f);
    return true;
}
