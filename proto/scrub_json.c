/* scrub_json.c - see scrub_json.h. Kind: E. A key is told in hexadecimal, as it lies in the store.
 * Invariant: every row found damaged is logged once for as long as it stays damaged. */
#include "proto/scrub_json.h"

#include "proto/bytes.h"
#include "proto/log.h"
#include "proto/period.h"

static void key_text(const struct scrub_damage *d, char ret[2 * STORE_KEY_MAX + 1])
{
    ret[0] = '\0';
    if (d->key_n > 0) bytes_hex(d->key, d->key_n, ret);
}

static json_t *time_json(struct wall at)
{
    char text[32];
    return at.ms > 0 && period_format_time(at, text) > 0 ? json_string(text) : json_null();
}

json_t *scrub_json(const struct scrub *s)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < scrub_named(s); i++) {
        char key[2 * STORE_KEY_MAX + 1];
        key_text(&s->damage[i], key);
        json_array_append_new(list, json_pack("{s:s,s:s,s:o}", "table", s->tables[s->damage[i].table], "key", key, "at",
                                              time_json(s->damage[i].at)));
    }
    return json_pack("{s:s,s:I,s:I,s:I,s:s,s:o,s:I,s:o}", "state", s->damaged ? "damaged" : "ok", "passes", (json_int_t)s->passes,
                     "rows", (json_int_t)s->last_rows, "rows_this_pass", (json_int_t)s->rows, "table", s->tables[s->table],
                     "last_full", time_json(s->last_full), "damaged", (json_int_t)s->damaged, "rows_damaged", list);
}

bool scrub_json_turn(struct scrub *s, struct store *store, struct now now)
{
    uint32_t found;
    unsigned before = scrub_named(s);
    int st = scrub_turn(s, store, now, &found);
    if (st != ST_OK) log_write(LOG_L_ERROR, "the store cannot be scrubbed", "status=\"%s\"", status_str(st));
    for (unsigned i = before; i < scrub_named(s); i++) {
        char key[2 * STORE_KEY_MAX + 1];
        key_text(&s->damage[i], key);
        log_write(LOG_L_ERROR, "a damaged row was found in the store", "table=%s key=%s", s->tables[s->damage[i].table], key);
    }
    return found > 0;
}
