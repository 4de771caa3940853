/* config.c - configuration text: what is taken must print to something that parses to the same. */
#include "proto/conf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct conf_option options[] = {
        {"worker.id", CONF_TEXT, false, "w1", 0, 0, "id"},
        {"worker.number", CONF_COUNT, false, "1", 1, 255, "number"},
        {"worker.map", CONF_SIZE, false, "0", 0, 1 << 30, "map"},
        {"worker.every", CONF_DURATION, false, "30s", 0, INT64_C(1) << 50, "every"},
        {"log.on", CONF_BOOL, false, "no", 0, 0, "on"},
    };
    struct conf *c = NULL, *again = NULL;
    struct buf errors, text, second;
    buf_init(&errors, 1 << 20);
    buf_init(&text, 1 << 20);
    buf_init(&second, 1 << 20);
    if (conf_parse(options, 5, "fuzz.conf", slice_of(p, n), &c, &errors) == ST_OK) {
        conf_print(c, false, &text);
        ASSERT(conf_parse(options, 5, "fuzz.conf", buf_slice(&text), &again, &errors) == ST_OK);
        conf_print(again, false, &second);
        ASSERT(text.n == second.n && !memcmp(text.p, second.p, text.n));
    }
    conf_free(&c);
    conf_free(&again);
    buf_done(&errors);
    buf_done(&text);
    buf_done(&second);
    return 0;
}
