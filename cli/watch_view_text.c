/* watch_view_text.c - a view as lines of text, for watch_view.c. Kind: E.
 *
 * Each line has at most as many characters as the screen has columns, and the lines are at most as many as it has. What does not
 * fit is left out from the middle: the title, the total and the help stay as long as there is any room, then the ticker goes first.
 *
 * Invariant: no line is longer than v->columns characters, and none ends inside a character. */
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/watch_view.h"

enum { BAR = 10, NEWS_SHOWN = 5, NARROW_MONEY = 9, WIDE_MONEY = 22 };

static const char *say(const struct watch_view *v, const char *id, const char *en) { return v->lang == LANG_EN ? en : id; }

static void cut(char *text, size_t columns)
{
    size_t n = 0;
    for (char *p = text; *p; p++) {
        if (((unsigned char)*p & 0xc0) == 0x80) continue;
        if (n++ == columns) {
            *p = '\0';
            return;
        }
    }
}

/* Appends text in a field of that width and a blank; longer text is cut. */
static void field(struct watch_line *l, const char *text, int width, bool right)
{
    char part[256];
    snprintf(part, sizeof part, "%s", text);
    cut(part, (size_t)width);
    int pad = width - (int)print_width(part);
    size_t used = strlen(l->text), room = sizeof l->text - used;
    if (right) snprintf(l->text + used, room, "%*s%s ", pad, "", part);
    else snprintf(l->text + used, room, "%s%*s ", part, pad, "");
}

/* "3203475382.00" as "3,20 M": two digits behind the point, the rest cut off. */
static void short_money(const struct watch_view *v, const char *machine, char ret[64])
{
    static const struct { size_t digits; const char *id, *en; } UNIT[] = {
        { 12, "T", "tn" }, { 9, "M", "bn" }, { 6, "jt", "mn" }
    };
    const char *digits = machine + (*machine == '-');
    size_t n = strcspn(digits, ".");
    for (size_t i = 0; i < sizeof UNIT / sizeof UNIT[0]; i++) {
        if (n <= UNIT[i].digits) continue;
        int whole = (int)(n - UNIT[i].digits);
        snprintf(ret, 64, "%s%.*s,%.2s %s", *machine == '-' ? "-" : "", whole, digits, digits + whole,
                 say(v, UNIT[i].id, UNIT[i].en));
        return;
    }
    snprintf(ret, 64, "%.*s", (int)strcspn(machine, "."), machine);
}

static void money(const struct watch_view *v, const char *machine, char ret[64])
{
    if (!machine[0]) snprintf(ret, 64, "-");
    else if (v->columns < WATCH_WIDE) short_money(v, machine, ret);
    else print_money(machine, ret, 64);
}

static void percent(const char *machine, char ret[64])
{
    if (machine[0]) print_percent(machine, ret, 64);
    else snprintf(ret, 64, "-");
}

/* One mark for every ten percent. */
static void bar(const char *machine, char ret[BAR + 1])
{
    int full = 0;
    for (const char *d = machine; *d >= '0' && *d <= '9' && full < 1000; d++) full = full * 10 + (*d - '0');
    for (int i = 0; i < BAR; i++) ret[i] = i < full / 10 ? '#' : '.';
    ret[BAR] = '\0';
}

static void count(int64_t n, char ret[24])
{
    if (n < 0) snprintf(ret, 24, "..");
    else snprintf(ret, 24, "%lld", (long long)n);
}

/* ---- the parts ---- */

static void title(const struct watch_view *v, struct watch_line *l)
{
    static const char *const ID[] = { "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September",
                                      "Oktober", "November", "Desember" };
    static const char *const EN[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
                                      "October", "November", "December" };
    const char *month = v->until >= 1 && v->until <= 12 ? say(v, ID[v->until - 1], EN[v->until - 1]) : "?";
    char state[64], place[300];
    if (!v->live) snprintf(state, sizeof state, "%s", say(v, "TERPUTUS", "DISCONNECTED"));
    else if (v->silent_s > WATCH_STALE_S)
        snprintf(state, sizeof state, "%s %d %s", say(v, "BASI", "STALE"), v->silent_s, say(v, "d", "s"));
    else snprintf(state, sizeof state, "%s", say(v, "LANGSUNG", "LIVE"));
    snprintf(place, sizeof place, " rekap  %s%s%s  %d %s %s", v->office[0] ? v->office : v->region,
             v->region[0] ? " " : "", v->name, v->year, say(v, "s.d.", "up to"), month);
    int width = v->columns - (int)strlen(state) - 2;
    if (width > 0) field(l, place, width, false);
    snprintf(l->text + strlen(l->text), sizeof l->text - strlen(l->text), "%s", state);
    l->look = v->live && v->silent_s <= WATCH_STALE_S ? WATCH_TITLE : WATCH_BAD;
}

static void total(const struct watch_view *v, struct watch_line *l)
{
    char budget[64], realised[64], rate[64], marks[BAR + 1], findings[24];
    money(v, v->total.budget, budget);
    money(v, v->total.realised, realised);
    percent(v->total.absorption, rate);
    bar(v->total.absorption, marks);
    count(v->total.findings, findings);
    snprintf(l->text, sizeof l->text, " %s %s  %s %s  %s %s%% %s  %s %d/%d  %s %s", say(v, "Pagu", "Budget"), budget,
             say(v, "Realisasi", "Realised"), realised, say(v, "Serapan", "Absorption"), rate, marks,
             say(v, "Kantor", "Offices"), v->total.offices, v->total.of, say(v, "Temuan", "Findings"), findings);
    l->look = WATCH_BOLD;
}

static int name_width(const struct watch_view *v)
{
    int amount = v->columns < WATCH_WIDE ? NARROW_MONEY : WIDE_MONEY, rest = 2 * (amount + 1) + 8 + BAR + 1 + 10 + 7;
    return v->columns - rest - 2 > 8 ? v->columns - rest - 2 : 8;
}

static void head(const struct watch_view *v, struct watch_line *l)
{
    int amount = v->columns < WATCH_WIDE ? NARROW_MONEY : WIDE_MONEY;
    snprintf(l->text, sizeof l->text, " ");
    field(l, v->office[0] ? "Program" : strlen(v->region) == 5 ? say(v, "Kantor", "Office") : say(v, "Wilayah", "Region"),
          name_width(v), false);
    field(l, say(v, "Pagu", "Budget"), amount, true);
    field(l, say(v, "Realisasi", "Realised"), amount, true);
    field(l, say(v, "Srp %", "Abs %"), 7, true);
    field(l, "", BAR, false);
    field(l, say(v, "Lapor", "Reported"), 9, true);
    field(l, say(v, "Temuan", "Findings"), 6, true);
    l->look = WATCH_BOLD;
}

static void row(const struct watch_view *v, const struct watch_row *r, struct watch_line *l)
{
    char text[300], marks[BAR + 1], findings[24], reported[32], amount[64];
    int width = v->columns < WATCH_WIDE ? NARROW_MONEY : WIDE_MONEY;
    snprintf(text, sizeof text, "%s %s", r->id, r->name);
    snprintf(l->text, sizeof l->text, " ");
    field(l, text, name_width(v), false);
    money(v, r->budget, amount);
    field(l, amount, width, true);
    money(v, r->realised, amount);
    field(l, amount, width, true);
    percent(r->absorption, amount);
    field(l, amount, 7, true);
    bar(r->absorption, marks);
    field(l, marks, BAR, false);
    snprintf(reported, sizeof reported, "%d/%d", r->offices, r->of);
    field(l, reported, 9, true);
    count(r->findings, findings);
    field(l, findings, 6, true);
    l->look = r == &v->row[v->chosen] ? WATCH_CHOSEN : WATCH_PLAIN;
}

/* ---- the whole ---- */

struct paper { const struct watch_view *v; struct watch_line *line; size_t n; };

static struct watch_line *add(struct paper *p)
{
    struct watch_line *l = &p->line[p->n++];
    l->text[0] = '\0';
    l->look = WATCH_PLAIN;
    return l;
}

static void add_text(struct paper *p, enum watch_look look, const char *text)
{
    struct watch_line *l = add(p);
    snprintf(l->text, sizeof l->text, " %s", text);
    l->look = look;
}

static void add_rows(struct paper *p, size_t end)
{
    const struct watch_view *v = p->v;
    size_t at = v->top;
    if (v->rows == 0 && p->n < end)
        add_text(p, WATCH_DIM, v->problem && v->said[0] ? v->said : say(v, "belum ada data", "no data yet"));
    for (; at < v->rows && p->n < end; at++) row(v, &v->row[at], add(p));
    while (p->n < end) (void)add(p);
}

static void add_news(struct paper *p, size_t end)
{
    const struct watch_view *v = p->v;
    if (p->n < end) add_text(p, WATCH_BOLD, say(v, "Kiriman terbaru", "Latest deliveries"));
    for (size_t i = 0; p->n < end; i++) {
        if (i >= v->news_count) (void)add(p);
        else add_text(p, v->news[i].look, v->news[i].text);
    }
}

size_t watch_view_lines(const struct watch_view *v, struct watch_line *ret)
{
    struct paper p = { v, ret, 0 };
    size_t all = v->lines > 0 ? (size_t)v->lines : 1, news = all > 15 ? NEWS_SHOWN + 2 : 0;
    char as_of[160];
    title(v, add(&p));
    snprintf(as_of, sizeof as_of, "%s %s", say(v, "per", "as of"), v->as_of[0] ? v->as_of : "-");
    if (all > 5) add_text(&p, WATCH_DIM, as_of);
    if (all > 2) total(v, add(&p));
    if (all > 6) (void)add(&p);
    if (all > 4) head(v, add(&p));
    if (all > 3) add_rows(&p, all - 1 - news);
    if (news) {
        (void)add(&p);
        add_news(&p, all - 1);
    }
    if (p.n < all)
        add_text(&p, WATCH_DIM,
                 say(v, "panah pilih/bulan  Enter masuk  Backspace naik  < > tahun  s urut  q selesai",
                     "arrows choose/month  Enter in  Backspace up  < > year  s sort  q quit"));
    for (size_t i = 0; i < p.n; i++) cut(ret[i].text, (size_t)v->columns);
    return p.n;
}
