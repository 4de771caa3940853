/* attack_speaker.c - see attack_speaker.h. Kind: E, tests only. */
#include "tests/it/attack_speaker.h"

#include <stdio.h>
#include <string.h>

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

void speaker_init(struct speaker *s, const struct attack *a, const struct attack_office *o, uint8_t installation)
{
    *s = (struct speaker){
        .a = a, .o = o, .c.fd = -1, .installation = { installation }, .epoch = 1000 + (uint64_t)installation, .next = 1,
    };
    buf_init(&s->frame, FRAME_BYTES_MAX);
    buf_init(&s->body, BATCH_BYTES_MAX);
    buf_init(&s->header, BATCH_BYTES_MAX);
    if (sign_ed25519_ring_new(&s->ring) == ST_OK) (void)sign_ed25519_ring_add(&s->ring, text(o->id), o->seed);
}

void speaker_done(struct speaker *s)
{
    curve_close(&s->c);
    buf_done(&s->frame);
    buf_done(&s->body);
    buf_done(&s->header);
    if (s->ring.ctx) sign_ed25519_ring_free(&s->ring);
}

bool speaker_send(struct speaker *s, unsigned type, const struct field *f, int ms)
{
    return codec_build(&s->frame, type, f) && curve_send(&s->c, buf_slice(&s->frame), false, ms);
}

int speaker_await(struct speaker *s, unsigned type, struct field f[FIELDS_MAX], int ms)
{
    for (int64_t end = world_ms() + ms;;) {
        struct slice bytes;
        struct frame fr;
        unsigned code;
        int64_t left = end - world_ms();
        int rc = curve_recv(&s->c, &bytes, left > 0 ? (int)left : 0);
        if (rc <= 0) return rc;
        if (codec_frame_parse(bytes, &fr, &code) == ST_OK && fr.type == type) return codec_fields(&fr, f) == ST_OK ? 1 : -1;
    }
}

bool speaker_hello(struct speaker *s)
{
    const struct field f[] = { { .u = 1 }, { .u = 1 }, { .s = slice_of(s->installation, 16) }, { .s = text("collector") },
                               { .s = text("attack") }, { .u = 1 } };
    return speaker_send(s, MSG_HELLO, f, 2000);
}

bool speaker_greet(struct speaker *s, int rcvbuf, int ms)
{
    struct field f[FIELDS_MAX];
    curve_close(&s->c);
    return curve_dial(&s->c, s->a->port, rcvbuf, &s->o->keys, s->a->server, ms) && speaker_hello(s) &&
           speaker_await(s, MSG_HELLO_OK, f, ms) == 1;
}

bool speaker_open(struct speaker *s, int ms)
{
    static const uint8_t nothing[HASH_SIZE];
    const struct field open[] = {
        { .s = text(s->o->id) }, { .u = s->stream }, { .u = s->epoch }, { .u = 0 }, { .s = slice_of(nothing, HASH_SIZE) } };
    struct field f[FIELDS_MAX];
    struct frame fr = { .type = 0 };
    if (!speaker_send(s, MSG_OPEN, open, ms)) return false;
    for (int64_t end = world_ms() + ms; fr.type != MSG_OPEN_OK;) {
        struct slice bytes;
        unsigned code;
        int64_t left = end - world_ms();
        if (curve_recv(&s->c, &bytes, left > 0 ? (int)left : 0) != 1) return false;
        if (codec_frame_parse(bytes, &fr, &code) != ST_OK || fr.type == MSG_NACK) return false;
    }
    if (codec_fields(&fr, f) != ST_OK) return false;
    s->next = f[3].u + 1;
    memcpy(s->head.b, f[4].s.p, HASH_SIZE);
    return true;
}

static activity_code code_of(unsigned leaf)
{
    struct code_reading code = { .code = 0 };
    char digits[32];
    int n = snprintf(digits, sizeof digits, "1.06.%02u.2.%02u.%02u", leaf / 24 % 5 + 1, leaf / 6 % 4 + 1, leaf % 6 + 1);
    (void)code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(digits, (size_t)n), &code);
    return code.code;
}

static void put_body(struct speaker *s, const char *subject, uint32_t rows, unsigned leaf, int64_t value)
{
    const struct section section = { .office = text(subject), .year = ATTACK_YEAR, .source = SOURCE_OPD,
                                     .vintage = VINTAGE_PERMENDAGRI_90_2019, .entered = { 1700000000000 } };
    buf_clear(&s->body);
    codec_put_array(&s->body, 1);
    codec_section_begin(&s->body, &section, rows);
    for (uint32_t i = 0; i < rows; i++) {
        const struct figure f = { .activity = code_of(leaf + i), .measure = MEASURE_REALISED, .year = ATTACK_YEAR,
                                  .source = SOURCE_OPD, .month = 12, .basis = BASIS_CUMULATIVE, .kind = VALUE_NUMBER,
                                  .value = value + i };
        codec_row_put(&s->body, &f);
    }
}

struct slice speaker_batch(struct speaker *s, const char *subject, uint32_t rows, unsigned leaf, int64_t value)
{
    struct batch_header h = { .office = text(s->o->id), .stream = s->stream, .epoch = s->epoch, .sequence = s->next, .count = rows,
                              .previous = s->head, .signed_at = { 1700000000000 }, .key_id = sign_key_id(s->o->pub) };
    uint8_t sig[SIG_SIZE] = { 0 };
    put_body(s, subject, rows, leaf, value);
    memcpy(h.installation, s->installation, 16);
    h.body_hash = sign_hash(s->body.p, s->body.n);
    buf_clear(&s->header);
    codec_batch_header_put(&s->header, &h);
    (void)s->ring.sign(s->ring.ctx, text(s->o->id), buf_slice(&s->header), sig);
    buf_clear(&s->frame);
    codec_frame_begin(&s->frame, MSG_BATCH);
    codec_batch_put(&s->frame, buf_slice(&s->header), sig, buf_slice(&s->body));
    codec_frame_end(&s->frame);
    s->head = codec_batch_hash(buf_slice(&s->header), slice_of(sig, SIG_SIZE));
    s->next += rows;
    return buf_slice(&s->frame);
}
