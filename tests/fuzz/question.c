/* question.c - what anybody may ask over HTTP: the figure's address and the parameters of every question, over the state of a small
 * generated history. First byte: which question; then its parameters as `name=value`, parted by `&`, and for a figure its address
 * before the first `&`. An answer must be JSON with its position in it, a refusal must name the parameter in text that JSON can
 * carry; an address that is taken has one canonical spelling, which is taken again. */
#include "aggregator/query.h"
#include "proto/address.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/property_world.h"

enum { SEED = 20201106, UPDATES = 400 };
static struct store *store;
static struct registry *registry;
static struct query_context context;

static const struct {
    const char *name;
    size_t at;
} params[] = {
    { "region", offsetof(struct query_params, region) },       { "year", offsetof(struct query_params, year) },
    { "until", offsetof(struct query_params, until) },         { "code", offsetof(struct query_params, code) },
    { "level", offsetof(struct query_params, level) },         { "office", offsetof(struct query_params, office) },
    { "stage", offsetof(struct query_params, stage) },         { "measure", offsetof(struct query_params, measure) },
    { "from", offsetof(struct query_params, from) },           { "to", offsetof(struct query_params, to) },
    { "open", offsetof(struct query_params, open) },           { "bridge", offsetof(struct query_params, bridge) },
    { "kind", offsetof(struct query_params, kind) },           { "as_of", offsetof(struct query_params, as_of) },
    { "indicator", offsetof(struct query_params, indicator) }, { "cap", offsetof(struct query_params, cap) },
    { "vintage", offsetof(struct query_params, vintage) },
};
static const query_fn questions[] = { query_rollup,     query_trend, query_findings, query_offices, query_status,
                                      query_indicators, query_notes, query_explain,  query_history };
enum { QUESTIONS = sizeof questions / sizeof questions[0], FIGURES_FROM = 7 };

static void fold_world(struct store_txn *t)
{
    struct world *w = property_world_new(SEED, UPDATES, WORLD_OFFICES, 2);
    struct fold *f = NULL;
    struct buf b;
    char err[512];
    ASSERT(fold_new(&f) == ST_OK && fold_recover(f, t) == ST_OK);
    for (unsigned l = 0; l < WORLD_WORKERS; l++)
        for (uint32_t i = 0; i < w->log[l].count; i++) ASSERT(fold_record(f, l + 1, fixture_log_record(&w->log[l], i)) == ST_OK);
    ASSERT(fold_flush(f, t) == ST_OK);
    buf_init(&b, 1 << 16);
    buf_str(&b, "#rekap-office 1\n");
    for (unsigned i = 0; i < WORLD_OFFICES; i++)
        buf_printf(&b, "%s\t33.74\toffice\tactive\t-\t-\t-\t-\tKantor\n", property_world_office(i));
    ASSERT(buf_ok(&b) && registry_parse(buf_slice(&b), &registry, err, sizeof err) == ST_OK);
    buf_done(&b);
    fold_free(&f);
    property_world_free(w);
}

static void begin(void)
{
    struct store_txn *t = NULL;
    if (store) return;
    ASSERT(store_mem_new(fold_tables, &store) == ST_OK && store_begin(store, true, &t) == ST_OK);
    fold_world(t);
    ASSERT(store_commit(&t) == ST_OK);
    context = (struct query_context){ .registry = registry, .now = { { 1 }, { INT64_C(1767225600000) } } };
    context.live.workers = WORLD_WORKERS;
    for (unsigned i = 0; i < WORLD_WORKERS; i++) context.live.worker[i].number = i + 1;
}

static void read_params(struct slice text, bool figure, struct query_params *ret)
{
    *ret = (struct query_params){ 0 };
    for (bool first = true; text.n > 0 || first; first = false) {
        const uint8_t *end = text.n ? memchr(text.p, '&', text.n) : NULL;
        struct slice one = slice_of(text.p, end ? (size_t)(end - text.p) : text.n);
        text = end ? slice_of(end + 1, text.n - one.n - 1) : slice_of("", 0);
        if (figure && first) ret->figure = one;
        for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
            size_t n = strlen(params[i].name);
            if (one.n > n && !memcmp(one.p, params[i].name, n) && one.p[n] == '=')
                *(struct slice *)(void *)((char *)ret + params[i].at) = slice_of(one.p + n + 1, one.n - n - 1);
        }
        if (text.n == 0) break;
    }
}

static void ask(unsigned which, struct slice text)
{
    struct query_context q = context;
    struct query_params p;
    struct query_problem problem = { 0 };
    json_t *answer = NULL;
    ASSERT(store_begin(store, false, &q.t) == ST_OK);
    read_params(text, which >= FIGURES_FROM, &p);
    bool past = questions[which] != query_offices && questions[which] != query_status;
    int st = past ? query_as_of(questions[which], &q, &p, &answer, &problem) : questions[which](&q, &p, &answer, &problem);
    ASSERT(st == ST_OK || st == ST_INVALID);
    if (st == ST_OK) {
        char *json = json_dumps(answer, JSON_COMPACT);
        ASSERT(json && json_is_object(json_object_get(answer, "as_of")));
        free(json);
    } else {
        ASSERT(problem.status >= 400 && problem.status < 500 && problem.text[0]);
        ASSERT(bytes_utf8_ok(problem.seen, strlen(problem.seen)) && bytes_utf8_ok(problem.text, strlen(problem.text)));
    }
    json_decref(answer);
    store_abort(&q.t);
}

static void address(struct slice text)
{
    static struct address a, again;
    struct address_fault fault;
    struct address_param list[8];
    struct slice path;
    struct buf b, second;
    buf_init(&b, 1 << 16);
    buf_init(&second, 1 << 16);
    if (address_parse(text, &a, &fault) == ST_OK) {
        address_format(&a, &b);
        ASSERT(buf_ok(&b) && address_parse(buf_slice(&b), &again, &fault) == ST_OK);
        address_format(&again, &second);
        ASSERT(fuzz_same(buf_slice(&b), buf_slice(&second)));
        ASSERT(a.code == again.code && a.year == again.year && a.until == again.until && a.measure == again.measure);
        ASSERT(a.region == again.region && a.murni == again.murni && !strcmp(a.office, again.office));
        ASSERT(!strcmp(a.indicator, again.indicator) && !strcmp(a.as_of, again.as_of));
    } else
        ASSERT(bytes_utf8_ok(fault.seen, strnlen(fault.seen, sizeof fault.seen)) && fault.part);
    ASSERT(address_split(text, &path, list, 8) <= 8 && path.n <= text.n);
    buf_done(&b);
    buf_done(&second);
}

/* As HTTP hands it over: percent signs are decoded, and no text has a 0 in it. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 1 || n > 1024 || memchr(p, 0, n)) return 0;
    char *text = malloc(n); /* ends with a 0, as libevent's do */
    ASSERT(text != NULL);
    memcpy(text, p + 1, n - 1);
    text[n - 1] = '\0';
    begin();
    address(slice_of(text, n - 1));
    ask(p[0] % QUESTIONS, slice_of(text, n - 1));
    free(text);
    return 0;
}
