/* query_seal_test.c - the lines of a seal follow from the logs up to the cuts and from nothing else.
 *
 * Over a random history with the centre's rules, three workers and offices that move (past_world.h): what was folded later, in
 * which groups, in which order between workers and with which dictionary leaves no trace. A small world of its own closes a
 * quarter, is sealed and verified from the file. The seed is printed first; SEED=n in the environment sets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/query_seal.h"
#include "aggregator/query_sealed.h"
#include "past_world.h"
#include "proto/seal.h"
#include "proto/step.h"
#include "tests/unit/env.h"

enum { RECORDS = 120, OFTEN = 7 };
static const struct query_seal_list LISTS[] = {{"skala.csv", true, {{1, 2, 3}}}, {"aturan.csv", false, {{0}}}};

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

/* ---- asking ---- */

static void cuts_of(const uint64_t lsn[PAST_WORKERS], struct query_seal_cut ret[PAST_WORKERS], unsigned *ret_n)
{
    *ret_n = 0;
    for (unsigned w = 0; w < PAST_WORKERS; w++)
        if (lsn[w]) ret[(*ret_n)++] = (struct query_seal_cut){w + 1, lsn[w], {{(uint8_t)w, (uint8_t)lsn[w]}}};
}

static int lines_with(struct past_state *s, const uint64_t lsn[PAST_WORKERS], const char *region, unsigned year, unsigned quarter,
                      int (*take)(void *ctx, struct slice lines), void *ctx, struct buf *out, struct wall *ret_at)
{
    struct query_seal_cut cut[PAST_WORKERS];
    struct query_seal_ask ask = {.year = year, .quarter = quarter, .cut = cut, .list = LISTS, .lists = 2, .take = take, .ctx = ctx};
    cuts_of(lsn, cut, &ask.cuts);
    assert_int_equal(code_region_parse(text_of(region), &ask.region), ST_OK);
    buf_init(out, 64 << 20);
    return query_seal_lines(&s->q, &ask, out, ret_at);
}

static int lines_of(struct past_state *s, const uint64_t lsn[PAST_WORKERS], const char *region, unsigned year, unsigned quarter,
                    struct buf *out)
{
    struct wall at = {0};
    int st = lines_with(s, lsn, region, year, quarter, NULL, NULL, out, &at);
    if (st == ST_OK) assert_true(at.ms > 0);
    if (st != ST_OK && st != ST_INVALID) fail_msg("%s %u: %s", region, year, status_str(st));
    return st;
}

static void position_of(const struct past_world *w, uint32_t step, uint64_t ret[PAST_WORKERS])
{
    memset(ret, 0, PAST_WORKERS * sizeof *ret);
    for (uint32_t i = 0; i <= step; i++) ret[w->step[i].worker - 1] = w->step[i].lsn;
}

static void flush(struct past_state *s)
{
    struct store_txn *t = NULL;
    assert_int_equal(store_begin(s->store, true, &t), ST_OK);
    assert_int_equal(fold_flush(s->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

/* Folds all of it, the last worker's log first, a few records at a time: other groups, other dictionary numbers. */
static void take_otherwise(struct past_state *s, const struct past_world *w)
{
    for (unsigned l = PAST_WORKERS; l-- > 0;)
        for (uint32_t i = 0; i < w->log[l].count; i++) {
            assert_int_equal(fold_record(s->fold, l + 1, fixture_log_record(&w->log[l], i)), ST_OK);
            if (i % 3 == 0) flush(s);
        }
    flush(s);
}

static void same(const struct past_world *w, uint32_t step, const char *what, const struct buf *a, const struct buf *b)
{
    size_t n = a->n < b->n ? a->n : b->n, at = 0, line = 0;
    if (a->n == b->n && memcmp(a->p, b->p, n) == 0) return;
    for (; at < n && a->p[at] == b->p[at]; at++)
        if (a->p[at] == '\n') line = at + 1;
    fail_msg("SEED=%llu step %u, %s: byte %zu\n%.600s\n-- but --\n%.600s", (unsigned long long)w->seed, step, what, at,
             (const char *)a->p + line, (const char *)b->p + line);
}

/* The rows of a unit stand in byte order, whatever numbers their names have in this state. */
static void leaves_ascend(const struct buf *b)
{
    const char *before = NULL, *end = (const char *)b->p + b->n, *line = (const char *)b->p;
    for (const char *stop; line < end; line = stop + 1) {
        stop = memchr(line, '\n', (size_t)(end - line));
        if (strncmp(line, "leaf\t", 5) != 0) continue;
        const char *year = strchr(line + 5, '\t') + 1;
        if (before && strncmp(before, line, (size_t)(year - line) + 4) == 0)
            assert_true(memcmp(before, line, (size_t)(stop - line)) < 0);
        before = line;
    }
}

/* ---- nothing else ---- */

static const struct { const char *region; unsigned year, quarter; } ASKED[] = {
    {"33.74", 2022, 4}, {"33", 2022, 3}, {"33.02", 2021, 4}, {"33", 2020, 1}, {"32.01", 2022, 2}};

/* What was written when the logs ended there, against what the whole history gives. Gives whether the register had holes then. */
static bool compare(struct past_world *w, struct past_state *then, struct past_state *all, struct past_state *other, uint32_t step)
{
    uint64_t lsn[PAST_WORKERS];
    bool held = true;
    position_of(w, step, lsn);
    past_state_take(then, w, step);
    past_state_read(then);
    for (unsigned i = 0; i < sizeof ASKED / sizeof *ASKED; i++) {
        struct buf a, b, c;
        int st = lines_of(then, lsn, ASKED[i].region, ASKED[i].year, ASKED[i].quarter, &a);
        assert_int_equal(lines_of(all, lsn, ASKED[i].region, ASKED[i].year, ASKED[i].quarter, &b), st);
        assert_int_equal(lines_of(other, lsn, ASKED[i].region, ASKED[i].year, ASKED[i].quarter, &c), st);
        if (st == ST_OK) {
            leaves_ascend(&a);
            same(w, step, "later", &a, &b);
            same(w, step, "otherwise", &a, &c);
        }
        held = held && st == ST_OK;
        buf_done(&a);
        buf_done(&b);
        buf_done(&c);
    }
    return held;
}

static void the_same_cut_gives_the_same_lines(void **state)
{
    (void)state;
    uint64_t seed = env_number("SEED", UINT64_C(20221231));
    struct past_world *w = past_world_new(seed, RECORDS);
    struct past_state then, all, other;
    unsigned held = 0, asked = 0;
    print_message("SEED=%llu\n", (unsigned long long)seed);
    past_state_init(&then);
    past_state_init(&all);
    past_state_init(&other);
    past_state_take(&all, w, UINT32_MAX);
    take_otherwise(&other, w);
    past_state_read(&all);
    past_state_read(&other);
    other.q.now.wall.ms += INT64_C(10000000000); /* asked later, in another language, by an aggregator that knows its workers */
    other.q.lang = LANG_EN;
    other.q.live = (struct aggregate_status){.workers = 1, .worker = {{.number = 2}}};
    for (uint32_t i = w->steps % OFTEN; i < w->steps; i += i + OFTEN < w->steps ? OFTEN : w->steps - 1 - i ? w->steps - 1 - i : 1) {
        held += compare(w, &then, &all, &other, i);
        asked++;
    }
    print_message("%u of %u positions sealed\n", held, asked);
    assert_true(held > 1);
    past_state_done(&then);
    past_state_done(&all);
    past_state_done(&other);
    past_world_free(w);
}

static void what_is_not_folded_yet_is_not_sealed(void **state)
{
    (void)state;
    struct past_world *w = past_world_new(7, 40);
    struct past_state s;
    struct buf b;
    uint64_t lsn[PAST_WORKERS];
    past_state_init(&s);
    past_state_take(&s, w, UINT32_MAX);
    past_state_read(&s);
    position_of(w, w->steps - 1, lsn);
    assert_int_equal(lines_of(&s, lsn, "33", 2022, 4, &b), ST_OK);
    buf_done(&b);
    lsn[1]++;
    assert_int_equal(lines_of(&s, lsn, "33", 2022, 4, &b), ST_INVALID);
    buf_done(&b);
    past_state_done(&s);
    past_world_free(w);
}

/* A worker always logs the lines of the register one by one; where one is missing, its signatures would say nothing. */
static void a_register_with_holes_is_not_sealed(void **state)
{
    (void)state;
    struct past_world *w = calloc(1, sizeof *w);
    struct past_state s;
    struct buf b;
    const uint64_t one[PAST_WORKERS] = {1}, both[PAST_WORKERS] = {2};
    assert_non_null(w);
    past_state_init(&s);
    for (unsigned i = 0; i < PAST_WORKERS; i++) fixture_log_init(&w->log[i], i + 1);
    fixture_log_office(&w->log[0], 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    fixture_log_office(&w->log[0], 3, "gen-3374-02", "33.74", ROLE_OFFICE);
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(fold_record(s.fold, 1, fixture_log_record(&w->log[0], i)), ST_OK);
    flush(&s);
    past_state_read(&s);
    assert_int_equal(lines_of(&s, one, "33", 2022, 4, &b), ST_OK);
    buf_done(&b);
    assert_int_equal(lines_of(&s, both, "33", 2022, 4, &b), ST_INVALID);
    buf_done(&b);
    past_state_done(&s);
    past_world_free(w);
}

/* ---- a quarter that is closed ---- */

static const struct { const char *id, *region; uint8_t role; } WHO[] = {{"gen-3374-01", "33.74", ROLE_OFFICE},
                                                                        {"gen-3374-08", "33.74", ROLE_PLANNER},
                                                                        {"gen-33-01", "33", ROLE_CENTRE}};
struct closed_world {
    struct signer signer;
    uint8_t issuer[PUBKEY_SIZE];
    struct past_world *w;
    struct past_state s;
    struct hash last; /* id of the last step said */
};

static void enter_all(struct closed_world *x)
{
    struct registry_chain chain;
    registry_chain_start(&chain);
    for (unsigned i = 0; i < 3; i++) {
        struct office o = {.role = WHO[i].role, .status = OFFICE_ACTIVE, .valid_from = {0}, .valid_to = {INT64_MAX}};
        char line[REGISTRY_LINE_MAX];
        struct buf b;
        snprintf(o.id, sizeof o.id, "%s", WHO[i].id);
        snprintf(o.name, sizeof o.name, "Kantor %s", WHO[i].id);
        assert_int_equal(code_region_parse(text_of(WHO[i].region), &o.region), ST_OK);
        assert_int_equal(x->signer.public_key(x->signer.ctx, text_of(o.id), o.signing), ST_OK);
        assert_int_equal(registry_seal(&chain, &o, &x->signer), ST_OK);
        assert_true(registry_line_format(&o, line, sizeof line) > 0);
        buf_init(&b, 2048);
        buf_printf(&b, "%u\t%s", i + 1, line);
        fixture_log_raw(&x->w->log[0], RECORD_OFFICE, &b);
        buf_done(&b);
    }
}

static void say(struct closed_world *x, unsigned who, unsigned source, unsigned step, bool follows)
{
    char key[STEP_KEY_MAX], words[STEP_WORDS_MAX];
    const struct step_key k = {.round = 1, .step = step, .speaker = text_of(WHO[who].id)};
    const struct step_words v = {.follows = follows, .after = x->last, .seen = text_of("w1:4")};
    struct slice indicator = slice_of(key, step_key_format(&k, key)), text = slice_of(words, step_words_format(&v, words));
    struct fixture_statement st = {.subject = WHO[0].id,
                                   .f = {.year = 2022, .month = 12, .measure = MEASURE_STEP, .source = (uint8_t)source,
                                         .kind = VALUE_TEXT, .indicator = indicator, .text = text}};
    assert_int_equal(figure_check(&st.f), CODE_OK);
    fixture_log_batch(&x->w->log[0], WHO[who].id, &st, 1);
    x->last = step_id(text_of(WHO[0].id), 2022, 4, source, indicator, text);
}

static void closed_fold(struct closed_world *x)
{
    past_state_init(&x->s);
    for (uint32_t i = 0; i < x->w->log[0].count; i++)
        assert_int_equal(fold_record(x->s.fold, 1, fixture_log_record(&x->w->log[0], i)), ST_OK);
    flush(&x->s);
    past_state_read(&x->s);
}

static void closed_say(struct closed_world *x)
{
    *x = (struct closed_world){.w = calloc(1, sizeof *x->w)};
    assert_non_null(x->w);
    assert_int_equal(sign_ed25519_ring_new(&x->signer), ST_OK);
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t seed[32] = {(uint8_t)(40 + i)};
        assert_int_equal(sign_ed25519_ring_add(&x->signer, text_of(i < 3 ? WHO[i].id : REGISTRY_KEY_ID), seed), ST_OK);
    }
    assert_int_equal(x->signer.public_key(x->signer.ctx, text_of(REGISTRY_KEY_ID), x->issuer), ST_OK);
    for (unsigned i = 0; i < PAST_WORKERS; i++) fixture_log_init(&x->w->log[i], i + 1);
    enter_all(x);
    fixture_log_texts(&x->w->log[0], WHO[0].id, WHO[0].id, 2022,
                      (const char *const[]){"1.06.02.2.02.01 budget:dpa:murni 1 900", "1.06.02.2.02.01 realised 12 450", NULL});
    say(x, 0, SOURCE_OPD, STEP_KEPALA, false);
    say(x, 1, SOURCE_VERIFIER, STEP_VERIFY, true);
    say(x, 2, SOURCE_CENTRE, STEP_CONSOLIDATE, true);
}

static void closed_init(struct closed_world *x)
{
    closed_say(x);
    closed_fold(x);
}

static void closed_done(struct closed_world *x)
{
    past_state_done(&x->s);
    past_world_free(x->w);
    sign_ed25519_ring_free(&x->signer);
}

static bool has(const struct buf *b, const char *text) { return memmem(b->p, b->n, text, strlen(text)) != NULL; }

static void a_closed_quarter_names_who_signed(void **state)
{
    (void)state;
    struct closed_world x;
    struct buf b, before;
    closed_init(&x);
    const uint64_t all[PAST_WORKERS] = {x.w->log[0].count}, without[PAST_WORKERS] = {x.w->log[0].count - 1};
    assert_int_equal(lines_of(&x.s, all, "33.74", 2022, 4, &b), ST_OK);
    assert_true(has(&b, "daftar\t3\npotong\tw1\t7\t"));
    assert_true(has(&b, "aturan\tskala.csv\t010203") && has(&b, "aturan\taturan.csv\t-\n"));
    assert_true(has(&b, "langkah\tgen-3374-01\t1\tkepala\topd\tgen-3374-01\t"));
    assert_true(has(&b, "langkah\tgen-3374-01\t1\tkonsolidasi\tpusat\tgen-33-01\t"));
    assert_true(has(&b, "jawab\tcloses\t\t{") && has(&b, "\"state\":\"dikonsolidasikan\""));
    assert_true(has(&b, "leaf\tgen-3374-01\t2022\tpermendagri-90-2019\t1.06.02.2.02.01\t\trealised\topd\t"));
    assert_false(has(&b, "\"as_of\""));
    assert_true(has(&b, "jawab\trollup\turusan\t{\"code\":") || has(&b, "jawab\trollup\turusan\t{\"complete\":"));
    assert_true(has(&b, "\ncell\t33.74\t2022\t") && has(&b, "jawab\trollup\tprogram\t{"));
    assert_int_equal(lines_of(&x.s, without, "33.74", 2022, 4, &before), ST_OK);
    assert_false(has(&before, "konsolidasi\tpusat") || has(&before, "\"state\":\"dikonsolidasikan\""));
    buf_done(&b);
    buf_done(&before);
    closed_done(&x);
}

static int sign_centre(void *ctx, struct slice t, uint8_t ret[SIG_SIZE])
{
    const struct closed_world *x = ctx;
    return x->signer.sign(x->signer.ctx, text_of(WHO[2].id), t, ret);
}

/* A file once sealed is verified by every release to come. REKAP_GOLDEN_UPDATE=1 writes it, for a format of another version. */
static void golden(const struct buf *file, const uint8_t issuer[PUBKEY_SIZE], bool write)
{
    static const char PATH[] = "tests/golden/seal/2022-Q4.segel", KEY[] = "tests/golden/seal/2022-Q4.kunci";
    const struct verifier v = sign_ed25519_verifier();
    char hex[2 * PUBKEY_SIZE + 1];
    uint8_t key[PUBKEY_SIZE], bytes[65536];
    enum seal_fault fault;
    struct seal s;
    FILE *f;
    bytes_hex(issuer, PUBKEY_SIZE, hex);
    if (write) {
        assert_non_null(f = fopen(PATH, "w"));
        assert_int_equal(fwrite(file->p, 1, file->n, f), file->n);
        fclose(f);
        assert_non_null(f = fopen(KEY, "w"));
        fprintf(f, "%s\n", hex);
        fclose(f);
    }
    assert_non_null(f = fopen(KEY, "r"));
    assert_int_equal(fread(hex, 1, sizeof hex - 1, f), sizeof hex - 1);
    fclose(f);
    assert_int_equal(bytes_unhex(hex, 2 * PUBKEY_SIZE, key), ST_OK);
    assert_non_null(f = fopen(PATH, "r"));
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_int_equal(seal_check(slice_of(bytes, n), key, &v, &s, &fault), ST_OK);
    assert_string_equal(seal_fault_name(fault), "");
}

static void a_sealed_quarter_is_verified_from_its_file(void **state)
{
    (void)state;
    const struct verifier v = sign_ed25519_verifier();
    struct seal head = {.year = 2022, .quarter = 4, .version = 1, .at = {INT64_C(1671000000000)}}, again;
    struct closed_world x;
    struct buf lines, file;
    uint8_t pub[PUBKEY_SIZE];
    enum seal_fault fault;
    closed_init(&x);
    const uint64_t all[PAST_WORKERS] = {x.w->log[0].count};
    assert_int_equal(lines_of(&x.s, all, "33.74", 2022, 4, &lines), ST_OK);
    assert_int_equal(code_region_parse(text_of("33.74"), &head.region), ST_OK);
    assert_int_equal(x.signer.public_key(x.signer.ctx, text_of(WHO[2].id), pub), ST_OK);
    memcpy(head.actor, WHO[2].id, strlen(WHO[2].id));
    head.key_id = sign_key_id(pub);
    assert_int_equal(seal_root(buf_slice(&lines), &head.lines, &head.root), ST_OK);
    buf_init(&file, 64 << 20);
    assert_int_equal(seal_put(&head, pub, sign_centre, &x, &file), ST_OK);
    buf_put(&file, lines.p, lines.n);
    assert_int_equal(seal_check(buf_slice(&file), x.issuer, &v, &again, &fault), ST_OK);
    assert_string_equal(seal_fault_name(fault), "");
    golden(&file, x.issuer, getenv("REKAP_GOLDEN_UPDATE") != NULL);
    for (size_t i = 0; i < file.n; i += 1 + i / 64) {
        file.p[i] ^= 1;
        assert_int_equal(seal_check(buf_slice(&file), x.issuer, &v, &again, &fault), ST_OK);
        assert_int_not_equal(fault, SEAL_SOUND);
        file.p[i] ^= 1;
    }
    buf_done(&file);
    buf_done(&lines);
    closed_done(&x);
}

/* ---- the roots in the log ---- */

static void state_root(struct closed_world *x, unsigned who, const char *key, const char *text)
{
    struct fixture_statement st = {.subject = WHO[who].id,
                                   .f = {.year = 2022, .month = 12, .measure = MEASURE_SEAL, .source = SOURCE_OPD,
                                         .kind = VALUE_TEXT, .indicator = text_of(key), .text = text_of(text)}};
    assert_int_equal(figure_check(&st.f), CODE_OK);
    fixture_log_batch(&x->w->log[0], WHO[who].id, &st, 1);
}

#define ROOT_A "aa00000000000000000000000000000000000000000000000000000000000000"
#define ROOT_B "bb00000000000000000000000000000000000000000000000000000000000000"

static void ask_seals(struct closed_world *x, const char *region, unsigned quarter, struct query_sealed **ret, size_t *ret_n)
{
    struct registry *r = NULL;
    struct asof_position at;
    uint64_t version;
    region_code code;
    assert_int_equal(asof_applied(x->s.t, &at), ST_OK);
    assert_int_equal(asof_registry(x->s.t, &at, &r, &version), ST_OK);
    assert_int_equal(code_region_parse(text_of(region), &code), ST_OK);
    const struct query_context q = {.t = x->s.t, .registry = r};
    assert_int_equal(query_sealed_list(&q, code, 2022, quarter, ret, ret_n), ST_OK);
    registry_free(&r);
}

/* A root that was printed stays: what the centre states later under its name is passed over, and so is what others state. */
static void the_first_root_of_a_version_counts(void **state)
{
    (void)state;
    struct closed_world x;
    struct query_sealed *list = NULL;
    size_t n = 0;
    closed_say(&x);
    state_root(&x, 2, "33.74/2", ROOT_B " w1:9");
    state_root(&x, 2, "33.74/1", ROOT_A " w1:7");
    state_root(&x, 2, "33.74/1", ROOT_B " w1:8");
    state_root(&x, 2, "33/1", ROOT_B " w1:8");
    state_root(&x, 2, "33.74/3", "no root at all");
    state_root(&x, 2, "a key of nothing", ROOT_B " w1:8");
    state_root(&x, 0, "33.74/4", ROOT_B " w1:8");
    closed_fold(&x);
    ask_seals(&x, "33.74", 4, &list, &n);
    assert_int_equal(n, 2);
    assert_int_equal(list[0].version, 1);
    assert_int_equal(list[0].root.b[0], 0xaa);
    assert_string_equal(list[0].position, "w1:7");
    assert_int_equal(list[0].cut.lsn[1], 7);
    assert_string_equal(list[0].by, WHO[2].id);
    assert_true(list[0].at.ms > 0);
    assert_int_equal(list[1].version, 2);
    free(list);
    list = NULL;
    ask_seals(&x, "33.74", 3, &list, &n);
    assert_int_equal(n, 0);
    assert_null(list);
    closed_done(&x);
}

static int gather(void *ctx, struct slice lines)
{
    struct buf *b = ctx;
    assert_true(lines.n > 0 && lines.p[lines.n - 1] == '\n');
    buf_put(b, lines.p, lines.n);
    return ST_OK;
}

static int refuse_lines(void *ctx, struct slice lines)
{
    (void)ctx;
    (void)lines;
    return ST_IO;
}

static void lines_in_pieces_are_the_same(void **state)
{
    (void)state;
    struct closed_world x;
    struct buf whole, pieces, left;
    struct wall at;
    closed_init(&x);
    const uint64_t all[PAST_WORKERS] = {x.w->log[0].count};
    assert_int_equal(lines_of(&x.s, all, "33.74", 2022, 4, &whole), ST_OK);
    buf_init(&pieces, 64 << 20);
    assert_int_equal(lines_with(&x.s, all, "33.74", 2022, 4, gather, &pieces, &left, &at), ST_OK);
    assert_int_equal(left.n, 0);
    assert_int_equal(pieces.n, whole.n);
    assert_memory_equal(pieces.p, whole.p, whole.n);
    buf_done(&left);
    assert_int_equal(lines_with(&x.s, all, "33.74", 2022, 4, refuse_lines, NULL, &left, &at), ST_IO);
    buf_done(&left);
    buf_done(&pieces);
    buf_done(&whole);
    closed_done(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_cut_gives_the_same_lines),
        cmocka_unit_test(what_is_not_folded_yet_is_not_sealed),
        cmocka_unit_test(a_register_with_holes_is_not_sealed),
        cmocka_unit_test(a_closed_quarter_names_who_signed),
        cmocka_unit_test(a_sealed_quarter_is_verified_from_its_file),
        cmocka_unit_test(the_first_root_of_a_version_counts),
        cmocka_unit_test(lines_in_pieces_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
