/* load.c - see load.h.
 *
 * Every correction differs from the value it replaces, so nothing is sent twice on purpose and every update must end as effective
 * or superseded; within one file a line and month stands once, because a file that contradicts itself is refused. */
#include "tests/it/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool load_offices(struct load *l, const char *regions)
{
    char line[256];
    unsigned cities = 0, skip = 0;
    FILE *f = fopen(regions, "r");
    while (f && cities < LOAD_CITIES && fgets(line, sizeof line, f)) {
        if (strlen(line) < 6 || line[2] != '.' || line[5] != ',' || skip++ % 9 != 0)
            continue; /* every ninth city: many provinces */
        for (unsigned i = 0; i < LOAD_PER_CITY; i++) {
            struct load_office *o = &l->o[cities * LOAD_PER_CITY + i];
            snprintf(o->region, sizeof o->region, "%.5s", line);
            snprintf(o->id, sizeof o->id, "gen-%.2s%.2s-%02u", line, line + 3, i + 1);
        }
        cities++;
    }
    if (f) fclose(f);
    return cities == LOAD_CITIES;
}

uint32_t load_corrections(unsigned office)
{
    return LOAD_CORRECTIONS / LOAD_OFFICES + (office < LOAD_CORRECTIONS % LOAD_OFFICES);
}

static void state(struct load_office *o, unsigned leaf, unsigned month, unsigned file, int64_t sen)
{
    o->s[o->n++] = (struct load_statement){ .sen = sen, .leaf = (uint8_t)leaf, .month = (uint8_t)month, .file = (uint8_t)file };
    o->value[leaf][month] = sen;
}

/* Budgets first: a file's statements are grouped by document on their way, and the budget's are another document. */
static void correct(struct load_office *o, struct rng *r, unsigned month, uint32_t n)
{
    bool chosen[LOAD_MONTHS + 1][LOAD_LEAVES] = { { false } };
    while (n > 0) {
        bool *c = &chosen[rng_below(r, month + 1)][rng_below(r, LOAD_LEAVES)];
        n -= !*c;
        *c = true;
    }
    for (unsigned m = 0; m <= month; m++)
        for (unsigned leaf = 0; leaf < LOAD_LEAVES; leaf++)
            if (chosen[m][leaf]) state(o, leaf, m, 2 * month, o->value[leaf][m] + 1 + (int64_t)rng_below(r, 1000000));
}

static void make_office(struct load_office *o, struct rng *r, uint32_t corrections)
{
    free(o->s);
    o->s = malloc((LOAD_STATED + corrections) * sizeof *o->s);
    ASSERT(o->s != NULL);
    o->n = 0;
    for (unsigned leaf = 0; leaf < LOAD_LEAVES; leaf++) state(o, leaf, 0, 0, (int64_t)rng_below(r, 1000000000) + 1);
    for (unsigned m = 1; m <= LOAD_MONTHS; m++) {
        for (unsigned leaf = 0; leaf < LOAD_LEAVES; leaf++)
            state(o, leaf, m, 2 * m - 1, (m > 1 ? o->value[leaf][m - 1] : 0) + (int64_t)rng_below(r, 80000000) + 1);
        correct(o, r, m, corrections / LOAD_MONTHS + (m <= corrections % LOAD_MONTHS));
    }
    ASSERT(o->n == LOAD_STATED + corrections);
}

void load_make(struct load *l, uint64_t seed, unsigned round)
{
    struct rng r;
    l->year = (uint16_t)(LOAD_FIRST_YEAR + round);
    rng_seed(&r, seed * 1000 + round);
    for (unsigned i = 0; i < LOAD_OFFICES; i++) make_office(&l->o[i], &r, load_corrections(i));
}

/* A month that was not stated yet shows the cumulative figure of the last one that was: file 2m - 1 states month m of every line.
 */
static struct load_count stand_office(struct load_office *o, unsigned files)
{
    unsigned last = files / 2;
    struct load_count c = { .slots = files ? LOAD_LEAVES * (1 + last) : 0 };
    memset(o->value, 0, sizeof o->value);
    for (uint32_t i = 0; i < o->n; i++) {
        const struct load_statement *s = &o->s[i];
        if (s->file >= files) continue;
        o->value[s->leaf][s->month] = s->sen;
        c.stated++;
    }
    for (unsigned leaf = 0; last && leaf < LOAD_LEAVES; leaf++)
        for (unsigned m = last + 1; m <= LOAD_MONTHS; m++) o->value[leaf][m] = o->value[leaf][last];
    return c;
}

void load_stand(struct load *l, unsigned files, struct load_count ret[LOAD_OFFICES])
{
    for (unsigned i = 0; i < LOAD_OFFICES; i++) ret[i] = stand_office(&l->o[i], files / LOAD_OFFICES + (i < files % LOAD_OFFICES));
}

void load_free(struct load *l)
{
    for (unsigned i = 0; i < LOAD_OFFICES; i++) free(l->o[i].s), l->o[i].s = NULL;
}

void load_code(unsigned leaf, char ret[32])
{
    snprintf(ret, 32, "1.06.%02u.2.%02u.%02u", leaf / 24 + 1, leaf / 6 % 4 + 1, leaf % 6 + 1);
}

void load_csv(const struct load *l, unsigned office, unsigned file, struct buf *b)
{
    const struct load_office *o = &l->o[office];
    /* corrections of a budget and of months stand in one file: both columns, one of them empty */
    buf_str(b, "tahun,nomenklatur,kode,sampai,pagu,realisasi\n");
    for (uint32_t i = 0; i < o->n; i++) {
        const struct load_statement *s = &o->s[i];
        char code[32], money[32];
        if (s->file != file) continue;
        load_code(s->leaf, code);
        snprintf(money, sizeof money, "%lld.%02lld", (long long)(s->sen / 100), (long long)(s->sen % 100));
        buf_printf(b, "%u,permendagri-90-2019,%s,", (unsigned)l->year, code);
        if (s->month) buf_printf(b, "%u-%02u,,%s\n", (unsigned)l->year, (unsigned)s->month, money);
        else buf_printf(b, ",%s,\n", money);
    }
}

int64_t load_sum(const struct load *l, const char *region, unsigned leaf, unsigned month)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < LOAD_OFFICES; i++) {
        if (strncmp(l->o[i].region, region, strlen(region))) continue;
        for (unsigned k = leaf < LOAD_LEAVES ? leaf : 0; k < (leaf < LOAD_LEAVES ? leaf + 1 : LOAD_LEAVES); k++)
            sum += l->o[i].value[k][month];
    }
    return sum;
}
