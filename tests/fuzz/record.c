/* record.c - stored bytes: a log record with its dispositions, and one line of the register. */
#include "proto/codec.h"
#include "proto/registry.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct slice in = slice_of(p, n);
    struct record r;
    struct registry *reg = NULL;
    char err[512];
    if (codec_record_parse(in, &r) == ST_OK) {
        struct disposition_reader d;
        struct buf b;
        codec_dispositions_open(r.dispositions, &d);
        for (uint32_t i = 0; i < 64; i++) (void)codec_dispositions_at(&d, i);
        buf_init(&b, RECORD_BYTES_MAX);
        codec_record_put(&b, &r);
        if (buf_ok(&b)) ASSERT(b.n == n && !memcmp(b.p, p, n));
        buf_done(&b);
    }
    if (registry_parse(in, &reg, err, sizeof err) == ST_OK) {
        for (size_t i = 0; i < registry_count(reg); i++)
            ASSERT(registry_id_ok(slice_of(registry_at(reg, i)->id, strlen(registry_at(reg, i)->id))));
        registry_free(&reg);
    }
    return 0;
}
