/* kill_check.c - what is asked of the running system during and after a push under fire (see kill.h).
 *
 * The expected figures come from the generator only; nothing the system says is used to compute them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/it/kill.h"

enum { ANSWER_MS = 20 * 1000 };

static unsigned office_at(const struct kill *k, const char *id)
{
    for (unsigned i = 0; i < LOAD_OFFICES; i++)
        if (!strcmp(k->load.o[i].id, id)) return i;
    return LOAD_OFFICES;
}

static bool by_office(const struct kill *k, const json_t *list, const char *key, uint64_t ret[LOAD_OFFICES])
{
    memset(ret, 0, LOAD_OFFICES * sizeof *ret);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        unsigned at = office_at(k, world_text(o, "office"));
        if (at < LOAD_OFFICES) ret[at] = (uint64_t)world_number(o, key);
    }
    return json_is_array(list);
}

bool kill_acked(const struct kill *k, uint64_t ret[LOAD_OFFICES])
{
    json_t *j = world_status(&k->w, WORLD_COLLECTOR);
    bool ok = by_office(k, json_object_get(j, "offices"), "acked", ret);
    json_decref(j);
    return ok;
}

struct asking { const struct kill *k; uint64_t watermark[LOAD_OFFICES]; };
static bool ask_streams(void *ctx)
{
    struct asking *a = ctx;
    json_t *j = world_ask(&a->k->w, WORLD_WORKER, "{\"verb\":\"streams\"}", 2000);
    bool ok = by_office(a->k, json_object_get(j, "streams"), "watermark", a->watermark);
    json_decref(j);
    return ok;
}

bool kill_held(const struct kill *k, uint64_t ret[LOAD_OFFICES])
{
    struct asking a = { .k = k };
    bool ok = world_until(ANSWER_MS, ask_streams, &a);
    memcpy(ret, a.watermark, sizeof a.watermark);
    return ok;
}

void kill_check_worker(const struct kill *k, const uint64_t acked[LOAD_OFFICES])
{
    uint64_t held[LOAD_OFFICES];
    unsigned missing = 0;
    if (!kill_held(k, held)) {
        world_check(false, "round %u: the worker does not tell its streams", k->round);
        return;
    }
    for (unsigned i = 0; i < LOAD_OFFICES; i++) missing += held[i] < acked[i];
    world_check(missing == 0, "round %u: %u offices have acknowledged updates that the worker does not have", k->round, missing);
}

/* ---- sums ---- */

static bool is_money(const json_t *o, const char *key, int64_t sen)
{
    char want[40];
    snprintf(want, sizeof want, "%lld.%02lld", (long long)(sen / 100), (long long)(sen % 100));
    return !strcmp(world_text(o, key), want);
}

static unsigned leaf_at(const char *code)
{
    char want[32];
    for (unsigned i = 0; i < LOAD_LEAVES; i++) {
        load_code(i, want);
        if (!strcmp(want, code)) return i;
    }
    return LOAD_LEAVES;
}

static unsigned wrong_rows(const struct kill *k, const char *region, unsigned until, const json_t *rows)
{
    unsigned wrong = json_array_size(rows) != (load_sum(&k->load, region, LOAD_LEAVES, 0) ? LOAD_LEAVES : 0);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        unsigned leaf = leaf_at(world_text(row, "code"));
        wrong += leaf == LOAD_LEAVES || !is_money(row, "budget", load_sum(&k->load, region, leaf, 0)) ||
                 !is_money(row, "realised", load_sum(&k->load, region, leaf, until));
    }
    return wrong;
}

static void check_rollup(const struct kill *k, const char *region, unsigned until)
{
    char target[160];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&year=%u&until=%u&level=subkegiatan", region, (unsigned)k->load.year,
             until);
    json_t *j = world_get(&k->w, target);
    const json_t *total = json_object_get(j, "total");
    world_check(j && is_money(total, "budget", load_sum(&k->load, region, LOAD_LEAVES, 0)) &&
                    is_money(total, "realised", load_sum(&k->load, region, LOAD_LEAVES, until)),
                "round %u: %s: the total is %s / %s", k->round, target, world_text(total, "budget"), world_text(total, "realised"));
    unsigned wrong = j ? wrong_rows(k, region, until, json_object_get(j, "rows")) : LOAD_LEAVES;
    world_check(wrong == 0, "round %u: %s: %u wrong lines", k->round, target, wrong);
    json_decref(j);
}

/* ---- counters ---- */

static bool counts_ok(const struct kill *k, const json_t *o, unsigned at, const struct load_count *now)
{
    int64_t effective = (int64_t)k->round * LOAD_STATED + now->slots;
    int64_t superseded = (int64_t)k->round * load_corrections(at) + now->stated - now->slots;
    return world_number(o, "received") == effective + superseded && world_number(o, "effective") == effective &&
           world_number(o, "superseded") == superseded && world_number(o, "same") == 0 && world_number(o, "late") == 0 &&
           world_number(o, "refused") == 0;
}

static void check_counters(const struct kill *k, const struct load_count now[LOAD_OFFICES])
{
    json_t *j = world_get(&k->w, "/api/v1/offices?region=");
    const json_t *list = json_object_get(j, "offices");
    unsigned wrong = json_array_size(list) != LOAD_OFFICES;
    for (size_t i = 0; i < json_array_size(list); i++) {
        unsigned at = office_at(k, world_text(json_array_get(list, i), "office"));
        wrong += at == LOAD_OFFICES || !counts_ok(k, json_array_get(list, i), at, &now[at]);
    }
    world_check(wrong == 0, "round %u: the counters of %u offices do not add up to what was stated once each", k->round, wrong);
    json_decref(j);
}

static void check_queue(const struct kill *k)
{
    json_t *j = world_status(&k->w, WORLD_COLLECTOR);
    const json_t *list = json_object_get(j, "offices");
    int64_t waiting = world_number(j, "in_flight_batches") + world_number(j, "tray_waiting") + world_number(j, "tray_damaged");
    for (size_t i = 0; i < json_array_size(list); i++)
        waiting += world_number(json_array_get(list, i), "waiting_bytes") + world_number(json_array_get(list, i), "refused");
    world_check(j && waiting == 0, "round %u: the collector still holds something", k->round);
    json_decref(j);
}

void kill_check_settled(struct kill *k)
{
    struct load_count now[LOAD_OFFICES];
    load_stand(&k->load, k->fed, now);
    for (unsigned c = 0; c < LOAD_CITIES; c++) {
        if (!now[c * LOAD_PER_CITY].stated) continue;
        check_rollup(k, k->load.o[c * LOAD_PER_CITY].region, (c + k->fed) % LOAD_MONTHS + 1);
    }
    check_rollup(k, "", LOAD_MONTHS);
    check_rollup(k, "", 1 + k->fed % LOAD_MONTHS);
    check_counters(k, now);
    check_queue(k);
}
