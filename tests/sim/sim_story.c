/* sim_story.c - what the offices state: tray files, and the model of what a collector must make of them. Kind: P.
 *
 * A file has rows about the office itself, whose values are few, so that many say what was stated before; and rows that only a
 * treasurer may state, or nobody, each with a value that no other row has. The model of an outbox is a list: a row of the first
 * sort is left out when the figure was last stated so, every other one gets the next sequence. Nothing of it is read from the
 * collector.
 *
 * The model takes a file when its import is known or when something of it is seen, whichever is first: imports come in the order
 * of the tray, so it does not matter when.
 *
 * Invariant: story->row[i] is what sequence i + 1 of that office and epoch must say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/tray.h"
#include "tests/sim/sim.h"

enum { YEARS = 2, FIRST_YEAR = 2022, ROWS_MAX = 3000 };

unsigned sim_office_of(const struct sim *s, struct slice id)
{
    unsigned i = 0;
    while (i < SIM_OFFICES && (strlen(s->office[i].id) != id.n || memcmp(s->office[i].id, id.p, id.n) != 0)) i++;
    return i;
}

/* ---- files ---- */

enum sort { OWN, CASH, FOREIGN };

static struct section section(struct sim *s, unsigned speaker, enum sort sort)
{
    unsigned subject = sort == OWN ? speaker : (unsigned)sim_below(s, s->offices);
    if (sort == FOREIGN && subject == speaker) subject = (speaker + 1) % s->offices;
    struct section c = { .office = sim_text(s->office[subject].id), .year = (uint16_t)(FIRST_YEAR + sim_below(s, YEARS)),
                         .source = SOURCE_OPD, .vintage = VINTAGE_PERMENDAGRI_90_2019,
                         .entered = { SIM_START_MS * INT64_C(1000) + s->us / 1000 }, .clerk = sim_text("k1") };
    if (sort == CASH) c.source = SOURCE_BUD;
    if (sort == OWN) c.source = sim_figure_source(s);
    if (sort == OWN && c.source == SOURCE_OPD && sim_one_in(s, 4)) {
        c.source = SOURCE_DPA;
        c.stage = (uint16_t)(sim_one_in(s, 3) ? STAGE_PERUBAHAN : STAGE_MURNI);
    }
    return c;
}

static uint32_t rows_of(struct sim *s)
{
    uint64_t n = sim_one_in(s, 300) ? ROWS_MAX : sim_one_in(s, 20) ? s->o.rows * 8 : s->o.rows;
    return 1 + (uint32_t)sim_below(s, n);
}

static void add_section(struct sim *s, struct sim_file *f, unsigned speaker, uint32_t *line)
{
    bool treasurer = s->office[speaker].role == ROLE_TREASURER;
    enum sort sort = treasurer && sim_one_in(s, 2) ? CASH : sim_one_in(s, 6) ? FOREIGN : OWN;
    const struct section c = section(s, speaker, sort);
    unsigned subject = sim_office_of(s, c.office);
    uint32_t rows = rows_of(s);
    f->row = realloc(f->row, (f->rows + rows) * sizeof *f->row);
    ASSERT(f->row != NULL);
    tray_section(&f->bytes, &c, rows);
    for (uint32_t i = 0; i < rows; i++) {
        const struct figure g = sim_figure(s, &c, sort == OWN);
        struct sim_row *r = &f->row[f->rows++];
        r->print = sim_print(subject, &c, &g, &r->key);
        r->plain = sort == OWN;
        tray_row(&f->bytes, (*line)++, &g);
    }
}

void sim_story_push(struct sim *s, unsigned node, unsigned seat)
{
    struct sim_node *n = &s->node[node];
    struct sim_seat *t = &n->desk.seat[seat];
    struct sim_file *f = calloc(1, sizeof *f);
    uint32_t sections = 1 + (uint32_t)sim_below(s, 2), line = 2;
    ASSERT(f != NULL);
    f->number = ++s->files;
    snprintf(f->id, sizeof f->id, "f%08llu", (unsigned long long)f->number);
    const struct tray head = { .id = sim_text(f->id), .office = sim_text(s->office[t->office].id), .file = sim_text("a.csv"),
                               .clerk = sim_text("k1"), .entered = { SIM_START_MS * INT64_C(1000) }, .rows = ROWS_MAX };
    buf_init(&f->bytes, 1 << 24);
    tray_begin(&f->bytes, &head, sections);
    for (uint32_t i = 0; i < sections; i++) add_section(s, f, t->office, &line);
    tray_end(&f->bytes);
    ASSERT(buf_ok(&f->bytes));
    t->file = realloc(t->file, (t->files + 1) * sizeof *t->file);
    ASSERT(t->file != NULL);
    t->file[t->files++] = f;
    s->n.files++;
    s->n.updates += f->rows;
    n->desk.offer_at = s->us;
    if (n->node.self) sim_node_wake(s, n, s->us + 1000);
}

void sim_seat_free(struct sim_seat *t)
{
    for (size_t i = 0; i < t->files; i++) {
        buf_done(&t->file[i]->bytes);
        free(t->file[i]->row);
        free(t->file[i]);
    }
    free(t->file);
    *t = (struct sim_seat){ 0 };
}

/* ---- stories ---- */

static struct sim_story *keep(struct sim *s, const struct sim_story *as)
{
    struct sim_story *y = malloc(sizeof *y);
    s->story = realloc(s->story, (s->stories + 1) * sizeof *s->story);
    ASSERT(y != NULL && s->story != NULL);
    *y = *as;
    s->story[s->stories++] = y;
    return y;
}

struct sim_story *sim_story_new(struct sim *s, struct sim_seat *seat, uint64_t epoch)
{
    const struct sim_story y = { .office = seat->office, .epoch = epoch, .applied = seat->gone };
    return keep(s, &y);
}

struct sim_story *sim_story_copy(struct sim *s, const struct sim_story *of)
{
    struct sim_story *y = keep(s, of);
    y->cap = of->rows + 64;
    y->row = malloc(y->cap * sizeof *y->row);
    y->said = calloc(of->said_cap ? of->said_cap : 1, sizeof *y->said);
    ASSERT(y->row != NULL && y->said != NULL);
    if (of->rows) memcpy(y->row, of->row, of->rows * sizeof *y->row);
    if (of->said_cap) memcpy(y->said, of->said, of->said_cap * sizeof *y->said);
    return y;
}

static struct sim_said *said_at(struct sim_story *y, uint64_t key)
{
    size_t i = (size_t)key & (y->said_cap - 1);
    while (y->said[i].key && y->said[i].key != key) i = (i + 1) & (y->said_cap - 1);
    return &y->said[i];
}

static void said_grow(struct sim_story *y)
{
    struct sim_said *old = y->said;
    size_t n = y->said_cap;
    y->said_cap = n ? 2 * n : 256;
    y->said = calloc(y->said_cap, sizeof *y->said);
    ASSERT(y->said != NULL);
    for (size_t i = 0; i < n; i++)
        if (old[i].key) *said_at(y, old[i].key) = old[i];
    free(old);
}

/* False: it says what was said. */
static bool said_set(struct sim_story *y, const struct sim_row *r)
{
    if (4 * (y->said_n + 1) > 3 * y->said_cap) said_grow(y);
    struct sim_said *d = said_at(y, r->key);
    if (d->key && d->print == r->print) return false;
    y->said_n += !d->key;
    *d = (struct sim_said){ r->key, r->print };
    return true;
}

static void apply_file(struct sim_story *y, const struct sim_file *f)
{
    for (uint32_t i = 0; i < f->rows; i++) {
        if (f->row[i].plain && !said_set(y, &f->row[i])) continue;
        if (y->rows == y->cap) {
            y->cap = y->cap ? 2 * y->cap : 256;
            y->row = realloc(y->row, y->cap * sizeof *y->row);
            ASSERT(y->row != NULL);
        }
        y->row[y->rows++] = f->row[i].print;
    }
}

void sim_story_apply(struct sim_seat *seat, size_t files, size_t rows)
{
    struct sim_story *y = seat->story;
    while (y->applied < files && y->rows < rows) apply_file(y, seat->file[y->applied++]);
}
