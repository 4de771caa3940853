/* late.c - what may arrive at a worker about a quarter that is sealed: late BIN PORT DIR ELSEWHERE FILE before | COUNT. Kind: E,
 * tests only.
 *
 * `before` states figures of OFFICES[OWN] over a stream of its own and keeps the signed batches in FILE. With a COUNT it sends
 * about COUNT forged, replayed and backdated statements, of each kind the same number, revokes two offices on the way, and prints a
 * line of JSON for each kind: {"kind","sent","rows","answered","answer"}, where answer is the one code that every one of them got.
 * A message that gets another answer or none ends the program with 1. What the answers come to is late_test's to check. */
#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/conf.h"
#include "proto/cut.h"
#include "proto/seal.h"
#include "proto/step.h"
#include "tests/it/attack_speaker.h"

enum { YEAR = 2024, QUARTER = 4, BEFORE = 8, BEFORE_ROWS = 20, ROWS = 40, WINDOW = 32, KINDS_SHARE = 16, MS = 60 * 1000,
       MEET_MS = 180 * 1000 };
#define REGION "18.72"
/* Before the quarter's end, as a clock that was put back would say. */
static const int64_t BACKDATED_MS = 1730000000000;
static const uint64_t EPOCH = 7001;

enum who { OWN, OTHER, REVOKED, REPLACED, CENTRE, ELSEWHERE, PEOPLE };
static const char *const IDS[PEOPLE] = { "gen-1872-01", "gen-1872-02", "gen-1872-03", "gen-1872-04", "pusat-1872", "pusat-1671" };

enum body { FIGURES, STEP, SEAL_MARK };
struct craft { /* one batch as it is to be */
    const struct speaker *by; /* in whose name; its stream */
    const struct speaker *signer;
    const char *subject;
    enum body body;
    uint64_t epoch, sequence, key_id;
    struct hash previous;
    uint32_t rows;
    unsigned leaf, step;
    int64_t value, signed_ms;
    bool flip_body, flip_header; /* after the signature */
};
struct state {
    struct attack a;
    struct attack_office office[PEOPLE], stranger;
    struct speaker s[PEOPLE], alien; /* alien: the name and key of OWN over the line of ELSEWHERE */
    struct speaker unknown;          /* a key nobody has registered */
    struct buf frame, body, header;
    struct slice before[BEFORE];
    struct buf kept;
    unsigned count; /* of each kind */
    bool bad;
};
static struct state st;

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* ---- batches ---- */

static activity_code leaf_code(unsigned leaf)
{
    struct code_reading code = { .code = 0 };
    char digits[32];
    int n = snprintf(digits, sizeof digits, "1.06.%02u.2.%02u.%02u", leaf / 9801 % 99 + 1, leaf / 99 % 99 + 1, leaf % 99 + 1);
    (void)code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(digits, (size_t)n), &code);
    return code.code;
}

static void put_figures(const struct craft *c)
{
    for (uint32_t i = 0; i < c->rows; i++) {
        const struct figure f = { .activity = leaf_code(c->leaf + i), .measure = MEASURE_REALISED, .year = YEAR,
                                  .source = SOURCE_OPD, .month = 3 * QUARTER, .basis = BASIS_CUMULATIVE, .kind = VALUE_NUMBER,
                                  .value = c->value + i };
        codec_row_put(&st.body, &f);
    }
}

/* A consolidation or a reopening of the quarter, as the centre would say it. */
static void put_step(const struct craft *c)
{
    char indicator[STEP_KEY_MAX], words[STEP_WORDS_MAX];
    const struct step_key key = { .round = c->leaf % STEP_ROUND_MAX + 1, .step = c->step, .speaker = text(c->by->o->id) };
    const struct step_words w = { .seen = text("w1:1") };
    struct figure f = { .measure = MEASURE_STEP, .year = YEAR, .month = 3 * QUARTER, .source = SOURCE_CENTRE, .kind = VALUE_TEXT };
    f.indicator = slice_of(indicator, step_key_format(&key, indicator));
    f.text = slice_of(words, step_words_format(&w, words));
    codec_row_put(&st.body, &f);
}

static void put_seal(const struct craft *c)
{
    char key[SEAL_MARK_KEY_MAX], words[TEXT_MAX + 1];
    struct seal_mark m = { .position = text("w1:1") };
    region_code region = 0;
    memset(m.root.b, (int)(c->leaf % 255) + 1, HASH_SIZE);
    (void)code_region_parse(text(REGION), &region);
    struct figure f = { .measure = MEASURE_SEAL, .year = YEAR, .month = 3 * QUARTER, .source = SOURCE_OPD,
                        .kind = VALUE_TEXT, .indicator = slice_of(key, seal_mark_key(region, 1, key)) };
    if (seal_mark_text(&m, words) != ST_OK) abort();
    f.text = text(words);
    codec_row_put(&st.body, &f);
}

static void put_body(const struct craft *c)
{
    const struct section section = { .office = text(c->subject), .year = YEAR,
                                     .source = c->body == STEP ? SOURCE_CENTRE : SOURCE_OPD,
                                     .vintage = c->body == FIGURES ? VINTAGE_PERMENDAGRI_90_2019 : 0,
                                     .entered = { c->signed_ms } };
    buf_clear(&st.body);
    codec_put_array(&st.body, 1);
    codec_section_begin(&st.body, &section, c->rows);
    if (c->body == STEP) put_step(c);
    else if (c->body == SEAL_MARK) put_seal(c);
    else put_figures(c);
}

/* The frame lives until the next one; its hash is what the next batch of the stream follows. */
static struct slice build(const struct craft *c, struct hash *ret_hash)
{
    struct batch_header h = { .office = text(c->by->o->id), .stream = c->by->stream, .epoch = c->epoch, .sequence = c->sequence,
                              .count = c->rows, .previous = c->previous, .signed_at = { c->signed_ms }, .key_id = c->key_id };
    uint8_t sig[SIG_SIZE] = { 0 };
    const struct signer *ring = &c->signer->ring;
    put_body(c);
    memcpy(h.installation, c->by->installation, 16);
    h.body_hash = sign_hash(st.body.p, st.body.n);
    buf_clear(&st.header);
    codec_batch_header_put(&st.header, &h);
    (void)ring->sign(ring->ctx, text(c->signer->o->id), buf_slice(&st.header), sig);
    if (c->flip_header) { /* a later time of signing, nothing else */
        h.signed_at.ms++;
        buf_clear(&st.header);
        codec_batch_header_put(&st.header, &h);
    }
    if (c->flip_body) st.body.p[st.body.n - 1] ^= 1;
    buf_clear(&st.frame);
    codec_frame_begin(&st.frame, MSG_BATCH);
    codec_batch_put(&st.frame, buf_slice(&st.header), sig, buf_slice(&st.body));
    codec_frame_end(&st.frame);
    *ret_hash = codec_batch_hash(buf_slice(&st.header), slice_of(sig, SIG_SIZE));
    return buf_slice(&st.frame);
}

/* What would be right: the next batch of this stream, about its own office, signed by its own key now. */
static struct craft right(const struct speaker *s, unsigned i)
{
    return (struct craft){ .by = s, .signer = s, .subject = s->o->id, .epoch = s->epoch, .sequence = s->next,
                           .key_id = sign_key_id(s->o->pub), .previous = s->head, .rows = 1, .leaf = 600000 + i,
                           .value = 100 + i, .signed_ms = BACKDATED_MS };
}

/* ---- answers ---- */

struct answer { unsigned type, code; uint64_t last; uint32_t refused; };

static uint32_t array_size(struct slice a)
{
    if (a.n >= 3 && a.p[0] == 0xdc) return (uint32_t)a.p[1] << 8 | a.p[2];
    return a.n >= 1 && a.p[0] >= 0x90 && a.p[0] <= 0x9f ? a.p[0] & 15u : UINT32_MAX;
}

/* The next ACK or NACK on this line; false: none in time. */
static bool next_answer(struct speaker *s, struct answer *ret)
{
    for (int64_t end = world_ms() + MS; world_ms() < end;) {
        struct field f[FIELDS_MAX];
        struct slice bytes;
        struct frame fr;
        unsigned code;
        int64_t left = end - world_ms();
        if (curve_recv(&s->c, &bytes, left > 0 ? (int)left : 0) != 1) return false;
        if (codec_frame_parse(bytes, &fr, &code) != ST_OK || codec_fields(&fr, f) != ST_OK) continue;
        if (fr.type == MSG_NACK) return *ret = (struct answer){ MSG_NACK, (unsigned)f[4].u, f[3].u, 0 }, true;
        if (fr.type == MSG_ACK) return *ret = (struct answer){ MSG_ACK, CODE_OK, f[3].u, array_size(f[7].s) }, true;
    }
    return false;
}

static void wrong(const char *kind, const char *what, const struct answer *x)
{
    fprintf(stderr, "GAGAL %s: %s (%s %s, urut %" PRIu64 ")\n", kind, what, x->type == MSG_ACK ? "ACK" : "NACK",
            status_code_spelling(x->code), x->last);
    st.bad = true;
}

static void tell(const char *kind, unsigned sent, uint64_t rows, unsigned answered, const char *answer)
{
    printf("{\"kind\":\"%s\",\"sent\":%u,\"rows\":%" PRIu64 ",\"answered\":%u,\"answer\":\"%s\"}\n", kind, sent, rows, answered,
           answer);
    fflush(stdout);
}

/* ---- lines ---- */

/* Greeted and with its stream open, as the worker has it now: who was silent while others spoke may have been forgotten. */
static bool meet(struct speaker *s)
{
    const bool opens = s != &st.alien;
    struct field f[FIELDS_MAX];
    bool ok = s->c.fd >= 0 && speaker_hello(s) && speaker_await(s, MSG_HELLO_OK, f, MS) == 1 && (!opens || speaker_open(s, MS));
    for (int64_t end = world_ms() + MEET_MS; !ok && world_ms() < end;)
        ok = speaker_greet(s, 0, MS) && (!opens || speaker_open(s, MS));
    if (!ok) fprintf(stderr, "GAGAL %s is not served\n", s->o->id);
    return ok;
}

/* ---- what is refused with a NACK and leaves no trace ---- */

typedef struct slice (*make_fn)(unsigned i);

static bool take_nack(struct speaker *s, const char *kind, unsigned code, unsigned *answered)
{
    struct answer x = { 0 };
    if (!next_answer(s, &x)) return wrong(kind, "no answer", &x), false;
    if (x.type != MSG_NACK || x.code != code) return wrong(kind, "another answer", &x), false;
    ++*answered;
    return true;
}

static void refused(const char *kind, struct speaker *s, make_fn make, unsigned code, unsigned window)
{
    unsigned sent = 0, answered = 0;
    bool ok = s == &st.s[REVOKED] || meet(s); /* whose line has to be the old one */
    while (ok && answered < st.count) {
        while (ok && sent < st.count && sent - answered < window) ok = curve_send(&s->c, make(sent), false, MS), sent++;
        ok = ok && take_nack(s, kind, code, &answered);
    }
    if (!ok) st.bad = true;
    tell(kind, sent, sent, answered, status_code_spelling(code));
}

static struct slice made(const struct craft *c)
{
    struct hash ignored;
    return build(c, &ignored);
}

static struct slice unknown_key(unsigned i) /* who signs says so */
{
    struct craft c = right(&st.s[OWN], i);
    c.signer = &st.unknown;
    c.key_id = sign_key_id(st.stranger.pub);
    return made(&c);
}
static struct slice unknown_as_own(unsigned i) /* who signs says it was the office's own key */
{
    struct craft c = right(&st.s[OWN], i);
    c.signer = &st.unknown;
    return made(&c);
}
static struct slice key_of_other(unsigned i)
{
    struct craft c = right(&st.s[OWN], i);
    c.signer = &st.s[OTHER];
    c.key_id = sign_key_id(st.office[OTHER].pub);
    return made(&c);
}
static struct slice key_replaced(unsigned i)
{
    struct craft c = right(&st.s[REPLACED], i);
    return made(&c);
}
static struct slice office_revoked(unsigned i)
{
    struct craft c = right(&st.s[REVOKED], i);
    return made(&c);
}
static struct slice body_altered(unsigned i)
{
    struct craft c = right(&st.s[OWN], i);
    c.flip_body = true;
    return made(&c);
}
static struct slice header_altered(unsigned i)
{
    struct craft c = right(&st.s[OWN], i);
    c.flip_header = true;
    return made(&c);
}
static struct slice past_rewritten(unsigned i) /* the office itself says another thing under a number it has used */
{
    struct craft c = right(&st.s[OWN], i);
    c.sequence = 1;
    c.rows = BEFORE_ROWS;
    c.leaf = 0;
    c.value = 5000000 + i;
    memset(&c.previous, 0, sizeof c.previous);
    return made(&c);
}
static struct slice another_chain(unsigned i)
{
    struct craft c = right(&st.s[OWN], i);
    c.previous.b[i % HASH_SIZE] ^= (uint8_t)(1 + i % 255);
    return made(&c);
}
static struct slice number_skipped(unsigned i)
{
    struct craft c = right(&st.s[OWN], i);
    c.sequence += 1 + i;
    return made(&c);
}
static struct slice old_epoch(unsigned i)
{
    struct craft c = right(&st.s[OWN], i);
    c.epoch -= 1 + i % 1000;
    return made(&c);
}
static struct slice other_line(unsigned i) /* everything of the office is right but whose connection it is */
{
    static const uint8_t nothing[HASH_SIZE];
    const struct field open[] = { { .s = text(IDS[OWN]) }, { .u = i % 16 }, { .u = EPOCH + i }, { .u = 0 },
                                  { .s = slice_of(nothing, HASH_SIZE) } };
    return codec_build(&st.frame, MSG_OPEN, open) ? buf_slice(&st.frame) : slice_of(NULL, 0);
}

/* ---- what is logged, whatever comes of it ---- */

typedef void (*fill_fn)(struct craft *c, unsigned i);

/* Batches of `rows` statements until there are enough; refuses: each of them is refused in the ACK, else none. */
static void logged(const char *kind, struct speaker *s, uint32_t rows, fill_fn fill, bool refuses)
{
    unsigned batches = (st.count + rows - 1) / rows, answered = 0;
    bool ok = meet(s);
    for (unsigned i = 0; ok && i < batches; i++) {
        struct craft c = right(s, i * rows);
        struct hash hash;
        struct answer x = { 0 };
        c.rows = rows;
        fill(&c, i * rows);
        ok = curve_send(&s->c, build(&c, &hash), false, MS) && next_answer(s, &x);
        if (ok && (x.type != MSG_ACK || x.last != s->next + rows - 1 || x.refused != (refuses ? rows : 0)))
            wrong(kind, "another answer", &x), ok = false;
        answered += ok;
        s->next += rows;
        s->head = hash;
    }
    if (!ok) st.bad = true;
    tell(kind, batches, (uint64_t)batches * rows, answered, refuses ? "TIDAK_BERWENANG" : "DITERIMA");
}

static void of_another_office(struct craft *c, unsigned i)
{
    (void)i;
    c->subject = IDS[OWN];
}
static void step_of_centre(struct craft *c, unsigned i)
{
    c->subject = IDS[OWN];
    c->body = STEP;
    c->step = i % 2 ? STEP_REOPEN : STEP_CONSOLIDATE;
    c->leaf = i;
}
static void seal_mark(struct craft *c, unsigned i)
{
    c->body = SEAL_MARK;
    c->leaf = i;
}
static void backdated(struct craft *c, unsigned i)
{
    c->leaf = 700000 + i;
    c->value = 900 + i;
}

/* The very bytes of before the seal: acknowledged again, never logged again. */
static void replayed(void)
{
    struct speaker *s = &st.s[OWN];
    unsigned messages = (st.count + BEFORE_ROWS - 1) / BEFORE_ROWS, answered = 0;
    bool ok = meet(s);
    for (unsigned i = 0; ok && i < messages; i++) {
        struct answer x = { 0 };
        ok = curve_send(&s->c, st.before[i % BEFORE], false, MS) && next_answer(s, &x);
        if (ok && (x.type != MSG_ACK || x.last != (uint64_t)(i % BEFORE + 1) * BEFORE_ROWS || x.refused != 0))
            wrong("ulangan", "another answer", &x), ok = false;
        answered += ok;
    }
    if (!ok) st.bad = true;
    tell("ulangan", messages, (uint64_t)messages * BEFORE_ROWS, answered, "DUPLIKAT");
}

/* ---- marks at the control socket ---- */

static int sign_note(void *ctx, struct slice words, uint8_t ret_sig[SIG_SIZE])
{
    const struct speaker *s = ctx;
    return s->ring.sign(s->ring.ctx, text(s->o->id), words, ret_sig);
}

static json_t *ask_cut(struct speaker *signer, const struct attack_office *as, unsigned quarter, unsigned i)
{
    char request[2 * CUT_NOTE_MAX + 64];
    struct cut cut = { .year = YEAR, .quarter = quarter, .version = 1, .registry = 1, .key_id = sign_key_id(as->pub),
                       .at = { BACKDATED_MS + i } };
    struct buf note;
    json_t *o = NULL;
    (void)code_region_parse(text(REGION), &cut.region);
    snprintf(cut.actor, sizeof cut.actor, "%s", as->id);
    buf_init(&note, CUT_NOTE_MAX);
    if (cut_put(&cut, as->pub, sign_note, signer, &note) == ST_OK) {
        json_t *q = json_pack("{s:s,s:s%}", "verb", "cut", "note", (const char *)note.p, note.n);
        char *line = json_dumps(q, JSON_COMPACT);
        snprintf(request, sizeof request, "%s", line);
        free(line);
        json_decref(q);
        o = world_ask(&st.a.w, WORLD_WORKER, request, MS);
    }
    buf_done(&note);
    return o;
}

/* Marks of another quarter by who may not set one, each refused; marks of this one by its centre, which stays where it is. */
static void forged_cuts(void)
{
    const unsigned each = st.count < 200 ? st.count : 200;
    unsigned answered = 0, same = 0;
    json_int_t first = 0;
    for (unsigned i = 0; i < each; i++) {
        struct speaker *by = i % 3 == 0 ? &st.s[OTHER] : i % 3 == 1 ? &st.s[ELSEWHERE] : &st.unknown;
        json_t *o = ask_cut(by, i % 3 == 2 ? &st.office[CENTRE] : by->o, QUARTER - 1, i);
        const char *want = i % 3 == 2 ? "TANDA_TANGAN_TIDAK_SAH" : "TIDAK_BERWENANG";
        answered += o && strcmp(world_text(o, "error"), want) == 0;
        json_decref(o);
        o = ask_cut(&st.s[CENTRE], &st.office[CENTRE], QUARTER, i);
        if (i == 0) first = world_number(o, "lsn");
        same += o && first > 0 && world_number(o, "lsn") == first;
        json_decref(o);
    }
    if (answered != each || same != each) st.bad = true;
    tell("tanda-potong", each, 0, answered, "TIDAK_BERWENANG");
    tell("tanda-potong-lagi", each, 0, same, "DUPLIKAT");
}

/* ---- who is there ---- */

static bool make_people(const char *elsewhere)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < PEOPLE; i++) {
        snprintf(st.office[i].id, sizeof st.office[i].id, "%s", IDS[i]);
        ok = attack_keys(i == ELSEWHERE ? elsewhere : st.a.w.dir, &st.office[i]);
        speaker_init(&st.s[i], &st.a, &st.office[i], (uint8_t)(40 + i));
        st.s[i].stream = 7;
        st.s[i].epoch = EPOCH;
    }
    st.stranger = st.office[OWN];
    memset(st.stranger.seed, 77, sizeof st.stranger.seed);
    speaker_init(&st.unknown, &st.a, &st.stranger, 60);
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    return ok && crypto_sign_seed_keypair(st.stranger.pub, secret, st.stranger.seed) == 0;
}

static int state_before(const char *file)
{
    struct speaker *s = &st.s[OWN];
    FILE *f = meet(s) ? fopen(file, "w") : NULL;
    bool ok = f != NULL;
    for (unsigned i = 0; ok && i < BEFORE; i++) {
        struct craft c = right(s, 0);
        struct hash hash;
        struct answer x = { 0 };
        c.rows = BEFORE_ROWS;
        c.leaf = 0;
        c.value = 10000 + 100 * (int64_t)i;
        struct slice frame = build(&c, &hash);
        ok = fprintf(f, "%zu\n", frame.n) > 0 && fwrite(frame.p, 1, frame.n, f) == frame.n &&
             curve_send(&s->c, frame, false, MS) && next_answer(s, &x) && x.type == MSG_ACK && x.refused == 0;
        s->next += BEFORE_ROWS;
        s->head = hash;
    }
    if (f && fclose(f) != 0) ok = false;
    return ok ? EXIT_SUCCESS : (fprintf(stderr, "GAGAL the figures of before are not taken\n"), EXIT_FAILURE);
}

static bool read_before(const char *file)
{
    size_t n = 0;
    char *bytes = world_read_bytes(file, &n), *at = bytes, *end;
    buf_init(&st.kept, 1 << 20);
    if (!bytes) return false;
    buf_put(&st.kept, (const uint8_t *)bytes, n);
    for (unsigned i = 0; i < BEFORE; i++) {
        size_t size = strtoull(at, &end, 10);
        st.before[i] = slice_of(st.kept.p + (end + 1 - bytes), size);
        at = end + 1 + size;
        if (at > bytes + n) return free(bytes), false;
    }
    free(bytes);
    return true;
}

static bool rekap(const char *const *args)
{
    bool ok = world_rekap(&st.a.w, MS, args) == 0;
    if (!ok) fprintf(stderr, "GAGAL rekap %s %s %s\n", args[0], args[1], args[2]);
    return ok;
}

/* Two offices lose their keys; one of them gets a new one. */
static void *revoke_two(void *arg)
{
    const char *const replace[] = { "office", "revoke", IDS[REPLACED], NULL };
    const char *const again[] = { "office", "add", IDS[REPLACED], "--region", REGION, "--name", IDS[REPLACED], NULL };
    const char *const revoke[] = { "office", "revoke", IDS[REVOKED], NULL };
    atomic_int *ret = arg;
    atomic_store(ret, rekap(replace) && rekap(again) && rekap(revoke) ? 1 : -1);
    return NULL;
}

/* The line of the one that is revoked stands meanwhile, which it does only while it speaks. */
static bool revoke(void)
{
    struct speaker *s = &st.s[REVOKED];
    const struct field ping[] = { { .u = 1 } };
    struct field f[FIELDS_MAX];
    atomic_int done = 0;
    pthread_t thread;
    bool ok = meet(s) && pthread_create(&thread, NULL, revoke_two, &done) == 0;
    if (!ok) return false;
    while (atomic_load(&done) == 0 && ok) {
        ok = speaker_send(s, MSG_PING, ping, MS) && speaker_await(s, MSG_PONG, f, MS) == 1;
        world_pause(50);
    }
    pthread_join(thread, NULL);
    return ok && atomic_load(&done) > 0;
}

static void send_all(void)
{
    struct speaker *own = &st.s[OWN];
    refused("kantor-dicabut", &st.s[REVOKED], office_revoked, CODE_REVOKED, WINDOW);
    refused("kunci-asing", own, unknown_key, CODE_BAD_SIGNATURE, WINDOW);
    refused("kunci-asing-atas-nama", own, unknown_as_own, CODE_BAD_SIGNATURE, WINDOW);
    refused("kunci-kantor-lain", own, key_of_other, CODE_BAD_SIGNATURE, WINDOW);
    refused("kunci-diganti", &st.s[REPLACED], key_replaced, CODE_BAD_SIGNATURE, WINDOW);
    refused("isi-diubah", own, body_altered, CODE_BAD_FORMAT, WINDOW);
    refused("kepala-diubah", own, header_altered, CODE_BAD_SIGNATURE, WINDOW);
    refused("masa-lalu-ditulis-ulang", own, past_rewritten, CODE_CONFLICT, WINDOW);
    refused("rantai-lain", own, another_chain, CODE_BAD_CHAIN, WINDOW);
    refused("nomor-loncat", own, number_skipped, CODE_GAP, 1);
    refused("epoch-lama", own, old_epoch, CODE_STALE, WINDOW);
    refused("sambungan-kantor-lain", &st.alien, other_line, CODE_UNAUTHORISED, WINDOW);
    replayed();
    logged("atas-nama-kantor-lain", &st.s[OTHER], ROWS, of_another_office, true);
    logged("langkah-palsu", &st.s[OTHER], 1, step_of_centre, true);
    logged("segel-kantor", &st.s[OTHER], 1, seal_mark, false);
    logged("segel-wilayah-lain", &st.s[ELSEWHERE], 1, seal_mark, false);
    logged("segel-kedua", &st.s[CENTRE], 1, seal_mark, false);
    logged("tanggal-mundur", own, ROWS, backdated, false);
    forged_cuts();
}

static int state_after(const char *file, unsigned count)
{
    bool ok = read_before(file);
    st.count = count / KINDS_SHARE;
    struct attack_office mixed = st.office[OWN]; /* the key of OWN, the line of ELSEWHERE */
    mixed.keys = st.office[ELSEWHERE].keys;
    speaker_init(&st.alien, &st.a, &mixed, 61);
    if (ok) ok = revoke();
    if (ok) send_all();
    speaker_done(&st.alien);
    buf_done(&st.kept);
    return ok && !st.bad ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The centre's door and key, and where its worker is asked. */
static bool find_centre(const char *bin, const char *port, const char *dir)
{
    uint8_t secret[32];
    char path[512], err[256] = "";
    snprintf(st.a.w.bin, sizeof st.a.w.bin, "%s", bin);
    snprintf(st.a.w.dir, sizeof st.a.w.dir, "%s", dir);
    st.a.port = (unsigned)strtoul(port, NULL, 10);
    world_path(&st.a.w, "keys/worker.key", path);
    return conf_key_read(path, "curve25519", secret, st.a.server, err, sizeof err) == ST_OK &&
           world_setting(&st.a.w, "worker", "control", st.a.w.control[WORLD_WORKER], sizeof st.a.w.control[WORLD_WORKER]);
}

int main(int argc, char **argv)
{
    if (argc != 7) return fprintf(stderr, "late BIN PORT DIR ELSEWHERE FILE before | COUNT\n"), 2;
    buf_init(&st.frame, FRAME_BYTES_MAX);
    buf_init(&st.body, BATCH_BYTES_MAX);
    buf_init(&st.header, BATCH_BYTES_MAX);
    if (!find_centre(argv[1], argv[2], argv[3]) || !make_people(argv[4])) return fprintf(stderr, "GAGAL no centre or keys\n"), 1;
    int rc = strcmp(argv[6], "before") == 0 ? state_before(argv[5]) : state_after(argv[5], (unsigned)strtoul(argv[6], NULL, 10));
    for (unsigned i = 0; i < PEOPLE; i++) speaker_done(&st.s[i]);
    speaker_done(&st.unknown);
    buf_done(&st.frame);
    buf_done(&st.body);
    buf_done(&st.header);
    return rc;
}
