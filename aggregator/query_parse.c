/* query_parse.c - see query_parse.h. Kind: P. Parameters are checked once, here, with one kind of refusal, so that HTTP and the
 * command line say the same thing about the same mistake. */
#include "aggregator/query_parse.h"

#include <stdio.h>
#include <string.h>

#include "proto/period.h"

int query_refuse(struct query_problem *p, const struct query_context *q, const char *param, struct slice seen, const char *id,
                 const char *en)
{
    *p = (struct query_problem){.status = 400, .param = param};
    bytes_show(seen, p->seen, sizeof p->seen);
    snprintf(p->text, sizeof p->text, "%s", q->lang == LANG_EN ? en : id);
    return ST_INVALID;
}

int query_parse_year(struct slice text, const char *param, int *ret, const struct query_context *q, struct query_problem *problem)
{
    if (period_parse_year(text, ret) == ST_OK) return ST_OK;
    return query_refuse(problem, q, param, text, "tahun harus empat angka, misalnya 2022",
                        "a year of four digits is expected, such as 2022");
}

static int parse_until(struct slice text, int *ret, const struct query_context *q, struct query_problem *problem)
{
    *ret = 12;
    if (text.n == 0 || period_parse_month(text, ret) == ST_OK) return ST_OK;
    return query_refuse(problem, q, "until", text, "bulan harus 1 sampai 12", "a month from 1 to 12 is expected");
}

static int parse_level(struct slice text, enum level *ret, const struct query_context *q, struct query_problem *problem)
{
    *ret = LEVEL_PROGRAM;
    if (text.n == 0) return ST_OK;
    if (code_level_parse(text, ret) == ST_OK && *ret != LEVEL_TOTAL && *ret != LEVEL_NONE) return ST_OK;
    return query_refuse(problem, q, "level", text, "tingkat: urusan, bidang, program, kegiatan, subkegiatan, rekening atau daun",
                        "level: urusan, bidang, program, kegiatan, subkegiatan, rekening or daun");
}

static int parse_stage(struct slice text, bool *ret_murni, const struct query_context *q, struct query_problem *problem)
{
    *ret_murni = text.n == 5 && !memcmp(text.p, "murni", 5);
    if (text.n == 0 || *ret_murni || (text.n == 7 && !memcmp(text.p, "berlaku", 7))) return ST_OK;
    return query_refuse(problem, q, "stage", text, "tahap: murni atau berlaku", "stage: murni or berlaku");
}

/* A prefix as people copy it: dotted numbers, a dot at the end does not matter; or `total`. */
static int parse_code(struct slice text, struct slice *ret, const struct query_context *q, struct query_problem *problem)
{
    struct slice s = text;
    bool fine = !(s.n > 0 && (s.p[0] == '.' || s.n > CODE_TEXT_MAX));
    for (; s.n > 0 && s.p[s.n - 1] == '.'; s.n--) continue;
    for (size_t i = 0; fine && !query_parse_total(s) && i < s.n; i++)
        fine = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] == '.' && s.p[i - 1] != '.');
    *ret = s;
    if (fine) return ST_OK;
    return query_refuse(problem, q, "code", text, "kode harus angka bertitik, misalnya 1.06.02 atau 5.1",
                        "a dotted code is expected, such as 1.06.02 or 5.1");
}

static int parse_office(const struct query_context *q, const struct query_params *p, struct query_scope *s,
                        struct query_problem *problem)
{
    if (p->office.n == 0) return ST_OK;
    s->office = registry_office(q->registry, p->office);
    if (!s->office) return query_refuse(problem, q, "office", p->office, "kantor tidak terdaftar", "office is not registered");
    if (s->has_region && p->region.n && s->office->region != s->region && code_region_parent(s->office->region) != s->region)
        return query_refuse(problem, q, "office", p->office, "kantor tidak berada di wilayah itu",
                            "office does not belong to that region");
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, p->office, &s->office_id);
    if (st == ST_NOT_FOUND) s->office_id = 0;
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int parse_region(const struct query_context *q, const struct query_params *p, struct query_scope *s,
                        struct query_problem *problem)
{
    s->has_region = p->region.p != NULL;
    if (code_region_parse(p->region, &s->region) != ST_OK)
        return query_refuse(problem, q, "region", p->region, "kode wilayah: kosong (nasional), 33 (provinsi) atau 33.74 (kota)",
                            "region code: empty (nation), 33 (province) or 33.74 (city)");
    if (p->region.n && q->names && !names_region(q->names, s->region))
        return query_refuse(problem, q, "region", p->region, "wilayah tidak ada dalam daftar", "region is not in the list");
    return ST_OK;
}

int query_parse_scope(const struct query_context *q, const struct query_params *p, bool need_year, struct query_scope *ret,
                      struct query_problem *problem)
{
    struct query_scope s = {0};
    int st = p->as_of.n && !q->past ? query_refuse(problem, q, "as_of", p->as_of, "pertanyaan ini hanya tentang keadaan sekarang",
                                                   "this question is only about the present")
                                    : ST_OK;
    if (st == ST_OK) st = parse_region(q, p, &s, problem);
    if (st == ST_OK && (need_year || p->year.n)) st = query_parse_year(p->year, "year", &s.year, q, problem);
    if (st == ST_OK) st = parse_until(p->until, &s.until, q, problem);
    if (st == ST_OK) st = parse_level(p->level, &s.level, q, problem);
    if (st == ST_OK) st = parse_stage(p->stage, &s.murni, q, problem);
    if (st == ST_OK) st = parse_code(p->code, &s.code, q, problem);
    if (st == ST_OK) st = parse_office(q, p, &s, problem);
    if (st == ST_OK) *ret = s;
    return st;
}

/* Where the log stood that the answer is about. */
static int stamp_time(const struct query_context *q, json_t *as_of)
{
    char when[32];
    struct wall at = q->now.wall;
    int st = q->past ? asof_time(q->t, asof_position(q->past), &at) : ST_OK;
    bool known = st == ST_OK && at.ms > 0 && period_format_time(at, when) > 0;
    json_object_set_new(as_of, "time", known ? json_string(when) : json_null());
    if (q->past) json_object_set_new(as_of, "asked", json_string(asof_asked(q->past)));
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int query_parse_stamp(const struct query_context *q, json_t *answer)
{
    char name[8];
    json_t *as_of = json_object(), *position = json_object();
    for (unsigned i = 0; i < q->live.workers; i++) {
        uint64_t lsn;
        struct hash h;
        int st = fold_applied(q->t, q->live.worker[i].number, &lsn, &h);
        if (q->past) lsn = asof_position(q->past)->lsn[q->live.worker[i].number];
        if (st != ST_OK) {
            json_decref(as_of);
            json_decref(position);
            return st;
        }
        snprintf(name, sizeof name, "w%u", q->live.worker[i].number);
        json_object_set_new(position, name, json_integer((json_int_t)lsn));
    }
    json_object_set_new(as_of, "position", position);
    json_object_set_new(answer, "as_of", as_of);
    json_object_set_new(answer, "registry_version",
                        json_integer((json_int_t)(q->past ? asof_version(q->past) : registry_version(q->registry))));
    return stamp_time(q, as_of);
}

bool query_parse_total(struct slice code) { return code.n == 5 && !memcmp(code.p, "total", 5); }

bool query_parse_below(struct slice prefix, const char *code)
{
    if (prefix.n == 0) return true;
    return !strncmp(code, (const char *)prefix.p, prefix.n) && (code[prefix.n] == '\0' || code[prefix.n] == '.');
}
