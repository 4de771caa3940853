/* fixture.c - figures, units and logs for tests. Everything goes through the same writers as in production (codec_*_put,
 * unit_set), so
 * a test's input is what a collector and a worker would have made of it; only signatures are left empty.
 * Invariant: a log's records chain from the zero hash, lsn 1 on. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/registry.h"

activity_code fixture_activity(const char *text, unsigned year)
{
    struct code_reading r;
    int st = code_parse_activity(code_vintage_of_year((int)year), slice_of(text, strlen(text)), &r);
    ASSERT(st == ST_OK);
    return r.code;
}

account_code fixture_account(const char *text)
{
    struct code_reading r;
    int st = code_parse_account(slice_of(text, strlen(text)), &r);
    ASSERT(st == ST_OK);
    return r.code;
}

static void read_code(char *word, unsigned year, struct figure *f)
{
    char *slash = strchr(word, '/');
    if (slash) *slash++ = '\0';
    if (strcmp(word, "-") == 0) return;
    if (!slash && strcmp(word, "total") != 0 && (strcmp(word, "5") == 0 || code_looks_account(slice_of(word, strlen(word))))) {
        f->account = fixture_account(word);
        return;
    }
    f->activity = fixture_activity(word, year);
    if (slash) f->account = fixture_account(slash);
}

static void read_channel(char *word, struct figure *f)
{
    char *source = strchr(word, ':'), *stage = NULL;
    if (source) *source++ = '\0';
    if (source && (stage = strchr(source, ':'))) *stage++ = '\0';
    int st = figure_measure_parse(slice_of(word, strlen(word)), &f->measure);
    ASSERT(st == ST_OK);
    bool plan = f->measure == MEASURE_BUDGET || f->measure == MEASURE_COMPLETE;
    f->source = plan ? SOURCE_DPA : SOURCE_OPD;
    if (f->measure == MEASURE_NAME) f->source = SOURCE_NONE;
    if (source && figure_source_parse(slice_of(source, strlen(source)), &f->source) != ST_OK) ASSERT(!"source");
    if (stage && figure_stage_parse(slice_of(stage, strlen(stage)), &f->stage) != ST_OK) ASSERT(!"stage");
}

static void read_value(char *word, struct figure *f)
{
    static const struct { const char *word; uint8_t kind; } KINDS[] = { { "nil", VALUE_NIL },
          { "na", VALUE_NA }, { "withdrawn", VALUE_WITHDRAWN } };
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(word, KINDS[i].word) == 0) {
            f->kind = KINDS[i].kind;
            return;
        }
    if (*word == '\'') {
        f->kind = VALUE_TEXT;
        f->text = slice_of(word + 1, strlen(word + 1));
        return;
    }
    char *end;
    f->kind = VALUE_NUMBER;
    f->value = strtoll(word, &end, 10);
    if (*end == '.') f->decimals = (uint8_t)strtoul(end + 1, &end, 10);
    ASSERT(*end == '\0');
}

void fixture_figure(const char *text, unsigned year, struct fixture_figure *ret)
{
    char *save, *word[5] = { NULL };
    size_t n = strlen(text);
    ASSERT(n < sizeof ret->text);
    memset(ret, 0, sizeof *ret);
    memcpy(ret->text, text, n + 1);
    for (unsigned i = 0; i < 5; i++) {
        word[i] = strtok_r(i ? NULL : ret->text, " ", &save);
        if (!word[i]) break;
    }
    ASSERT(word[3]);
    struct figure *f = &ret->f;
    f->year = (uint16_t)year;
    read_code(word[0], year, f);
    read_channel(word[1], f);
    char *end;
    f->month = (uint8_t)strtoul(word[2], &end, 10);
    bool flow = f->measure == MEASURE_REALISED || f->measure == MEASURE_CASH_PLAN;
    f->basis = flow ? (*end == 'm' ? BASIS_MONTHLY : BASIS_CUMULATIVE) : BASIS_NONE;
    read_value(word[3], f);
    if (word[4]) f->reason = slice_of(word[4] + 1, strlen(word[4] + 1));
    ASSERT(figure_check(f) == CODE_OK);
}

void fixture_set(struct unit *u, const char *text, provenance prov)
{
    struct fixture_figure x;
    enum unit_result result;
    fixture_figure(text, u->year, &x);
    int st = unit_set(u, &x.f, 0, prov, &result, NULL, NULL);
    ASSERT(st == ST_OK);
}

void fixture_unit(struct unit *u, unsigned year, const char *const *texts)
{
    unit_init(u);
    u->office = 1;
    u->year = (uint16_t)year;
    for (provenance i = 0; texts[i]; i++) fixture_set(u, texts[i], i + 1);
}

/* ---- logs ---- */

void fixture_log_init(struct fixture_log *l, unsigned worker)
{
    memset(l, 0, sizeof *l);
    l->worker = worker;
    buf_init(&l->bytes, UINT32_MAX);
}

void fixture_log_done(struct fixture_log *l) { buf_done(&l->bytes); }

static void record_add(struct fixture_log *l, unsigned kind, const struct buf *content, const struct buf *dispositions)
{
    struct record r = { .kind = kind, .lsn = l->lsn + 1, .at = { (int64_t)(1600000000000 + l->lsn) }, .previous = l->hash,
                        .content = buf_slice(content), .dispositions = dispositions ? buf_slice(dispositions) : slice_of(NULL, 0) };
    ASSERT(buf_ok(content) && l->count + 1 < sizeof l->at / sizeof *l->at);
    codec_record_put(&l->bytes, &r);
    l->at[++l->count] = l->bytes.n;
    struct slice bytes = fixture_log_record(l, l->count - 1);
    l->hash = sign_hash2(l->hash.b, HASH_SIZE, bytes.p, bytes.n);
    l->lsn++;
}

void fixture_log_raw(struct fixture_log *l, unsigned kind, const struct buf *content) { record_add(l, kind, content, NULL); }

struct slice fixture_log_record(const struct fixture_log *l, uint32_t i)
{
    ASSERT(i < l->count && buf_ok(&l->bytes));
    return slice_of(l->bytes.p + l->at[i], l->at[i + 1] - l->at[i]);
}

void fixture_log_office(struct fixture_log *l, uint64_t version, const char *id, const char *region, unsigned role)
{
    struct office o = { .role = (uint8_t)role, .status = OFFICE_ACTIVE, .version = version, .valid_to = { INT64_MAX } };
    char line[512];
    struct buf b;
    snprintf(o.id, sizeof o.id, "%s", id);
    snprintf(o.name, sizeof o.name, "Kantor %s", id);
    int st = code_region_parse(slice_of(region, strlen(region)), &o.region);
    ASSERT(st == ST_OK);
    int n = registry_line_format(&o, line, sizeof line);
    ASSERT(n >= 0);
    buf_init(&b, 1024);
    buf_printf(&b, "%llu\t%s", (unsigned long long)version, line);
    record_add(l, RECORD_OFFICE, &b, NULL);
    buf_done(&b);
}

static enum vintage vintage_of(const struct figure *f)
{
    return f->activity && f->activity != CODE_TOTAL ? code_vintage(f->activity) : VINTAGE_NONE;
}

static bool one_section(const struct fixture_statement *a, const struct fixture_statement *b)
{
    return strcmp(a->subject, b->subject) == 0 && a->f.year == b->f.year && a->f.source == b->f.source &&
        a->f.stage == b->f.stage &&
           vintage_of(&a->f) == vintage_of(&b->f);
}

static void body_put(struct buf *body, const struct fixture_statement *s, uint32_t n)
{
    uint32_t sections = 1;
    for (uint32_t i = 1; i < n; i++) sections += !one_section(&s[i - 1], &s[i]);
    codec_put_array(body, sections);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && one_section(&s[i], &s[end]); end++) continue;
        struct section common = { .office = slice_of(s[i].subject, strlen(s[i].subject)), .clerk = slice_of("", 0),
                                  .year = s[i].f.year,
                                  .stage = s[i].f.stage, .source = s[i].f.source, .vintage = vintage_of(&s[i].f),
                                      .entered = { 1600000000000 } };
        codec_section_begin(body, &common, end - i);
        for (uint32_t j = i; j < end; j++) codec_row_put(body, &s[j].f);
    }
}

static void dispositions_put(struct buf *b, const struct fixture_statement *s, uint32_t n)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < n; i++) refused += s[i].disposition != CODE_OK;
    codec_put_array(b, refused);
    for (uint32_t i = 0; i < n; i++) {
        if (s[i].disposition == CODE_OK) continue;
        codec_put_array(b, 2);
        codec_put_uint(b, i);
        codec_put_uint(b, s[i].disposition);
    }
}

void fixture_log_batch(struct fixture_log *l, const char *speaker, const struct fixture_statement *s, uint32_t n)
{
    static const uint8_t unsigned_by_anybody[SIG_SIZE];
    struct buf body, header, content, dispositions;
    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&content, BATCH_BYTES_MAX + 1024);
    buf_init(&dispositions, RECORD_BYTES_MAX);
    body_put(&body, s, n);
    ASSERT(buf_ok(&body));
    struct batch_header h = { .office = slice_of(speaker, strlen(speaker)), .stream = 1, .epoch = 1, .sequence = l->sequence + 1,
                              .count = n,
                              .body_hash = sign_hash(body.p, body.n), .signed_at = { 1600000000000 } };
    codec_batch_header_put(&header, &h);
    codec_batch_put(&content, buf_slice(&header), unsigned_by_anybody, buf_slice(&body));
    dispositions_put(&dispositions, s, n);
    record_add(l, RECORD_BATCH, &content, &dispositions);
    l->sequence += n;
    buf_done(&body);
    buf_done(&header);
    buf_done(&content);
    buf_done(&dispositions);
}

void fixture_log_texts(struct fixture_log *l, const char *speaker, const char *subject, unsigned year, const char *const *texts)
{
    static struct fixture_figure figure[512];
    static struct fixture_statement s[512];
    uint32_t n = 0;
    for (; texts[n]; n++) {
        ASSERT(n < 512);
        fixture_figure(texts[n], year, &figure[n]);
        s[n] = (struct fixture_statement){ .subject = subject, .f = figure[n].f };
    }
    fixture_log_batch(l, speaker, s, n);
}
