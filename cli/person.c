/* person.c - see person.h. Kind: E.
 *
 * The table is small (the people of one machine): it is read whole, changed and written whole under the register's lock.
 * A line that cannot be read is kept as it is and stands for nobody.
 *
 * Invariant: no two lines have the same id; nothing but the id leaves the machine. */
#include "cli/person.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/print.h"
#include "proto/conf.h"

#define HEADING "#rekap-person 1\n"
enum { TABLE_BYTES_MAX = 1 << 20, FIELDS = 3 };
struct line { struct slice all, field[FIELDS]; bool ok; };

/* The next line of a text; false at its end. */
static bool next_line(struct slice *text, struct line *ret)
{
    if (!text->n) return false;
    const uint8_t *end = memchr(text->p, '\n', text->n);
    size_t n = end ? (size_t)(end - text->p) + 1 : text->n;
    struct slice rest = slice_of(text->p, end ? n - 1 : n);
    *ret = (struct line){ .all = slice_of(text->p, n), .ok = rest.n > 0 && rest.p[0] != '#' };
    for (unsigned i = 0; i < FIELDS; i++) {
        const uint8_t *tab = i + 1 < FIELDS && rest.n ? memchr(rest.p, '\t', rest.n) : NULL;
        size_t m = tab ? (size_t)(tab - rest.p) : rest.n;
        ret->ok = ret->ok && m > 0 && (tab || i + 1 == FIELDS);
        ret->field[i] = slice_of(rest.p, m);
        rest = tab ? slice_of(tab + 1, rest.n - m - 1) : slice_of(rest.p + rest.n, 0);
    }
    *text = slice_of(text->p + n, text->n - n);
    return true;
}

static bool is(struct slice s, const char *text) { return s.n == strlen(text) && !memcmp(s.p, text, s.n); }

static int table_read(const struct place *p, struct buf *b)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "registry/person.tsv", path);
    buf_init(b, TABLE_BYTES_MAX);
    int st = conf_file_read(path, TABLE_BYTES_MAX, b);
    if (st == ST_NOT_FOUND || (st == ST_OK && b->n == 0)) {
        buf_str(b, HEADING);
        st = ST_OK;
    }
    if (st == ST_OK && b->p[b->n - 1] != '\n') buf_u8(b, '\n');
    return st;
}

static int table_write(const struct place *p, const struct buf *b)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "registry/person.tsv", path);
    return buf_ok(b) ? conf_file_write(path, buf_slice(b), 0600) : ST_FULL;
}

static int failed(const struct cli *c, int st)
{
    return cli_fail(c, "daftar petugas tidak dapat dipakai", "the table of persons cannot be used",
                    st == ST_IO && errno ? strerror(errno) : status_str(st));
}

/* ---- whoever runs this ---- */

static bool find_login(struct slice text, const char *login, char ret[PERSON_ID_SIZE])
{
    struct line l;
    while (next_line(&text, &l)) {
        if (!l.ok || !is(l.field[1], login) || l.field[0].n >= PERSON_ID_SIZE) continue;
        snprintf(ret, PERSON_ID_SIZE, "%.*s", (int)l.field[0].n, (const char *)l.field[0].p);
        return true;
    }
    return false;
}

static int own_locked(const struct place *p, const char *login, char ret[PERSON_ID_SIZE])
{
    uint8_t random[6];
    char hex[2 * sizeof random + 1], id[PERSON_ID_SIZE] = "";
    struct buf b;
    int st = table_read(p, &b);
    if (st == ST_OK && !find_login(buf_slice(&b), login, id)) {
        ASSERT(getrandom(random, sizeof random, 0) == (ssize_t)sizeof random);
        bytes_hex(random, sizeof random, hex);
        snprintf(id, sizeof id, "p%s", hex);
        buf_printf(&b, "%s\t%s\t-\n", id, login);
        st = table_write(p, &b);
    }
    if (st == ST_OK) memcpy(ret, id, sizeof id);
    buf_done(&b);
    return st;
}

void person_own(const struct cli *c, const struct place *p, char ret[PERSON_ID_SIZE])
{
    const struct passwd *who = getpwuid(getuid());
    char login[256];
    ret[0] = '\0';
    snprintf(login, sizeof login, "%s", who ? who->pw_name : "");
    if (!login[0] || strpbrk(login, "\t\r\n") || !strcmp(login, "-")) return;
    int fd = office_lock(c, p);
    int st = fd < 0 ? ST_OK : own_locked(p, login, ret);
    if (fd >= 0) close(fd);
    if (st != ST_OK) (void)failed(c, st);
}

/* ---- the verb ---- */

static int list(const struct cli *c, const struct place *p)
{
    static const struct print_column columns[] = { { "Petugas", "Person", "person", PRINT_TEXT },
                                                   { "Masuk sebagai", "Login", "login", PRINT_TEXT },
                                                   { "Nama", "Name", "name", PRINT_TEXT } };
    static const char *const keys[FIELDS] = { "person", "login", "name" };
    json_t *a = json_array(), *o;
    struct line l;
    struct buf b;
    size_t i;
    int st = table_read(p, &b);
    struct slice text = buf_slice(&b);
    while (st == ST_OK && next_line(&text, &l)) {
        if (!l.ok) continue;
        o = json_object();
        for (unsigned k = 0; k < FIELDS; k++)
            json_object_set_new(o, keys[k], k && is(l.field[k], "-") ? json_null()
                                                                     : json_stringn((const char *)l.field[k].p, l.field[k].n));
        json_array_append_new(a, o);
    }
    buf_done(&b);
    if (st == ST_OK && c->format == FORMAT_JSON) print_json(json_pack("{s:O}", "persons", a));
    struct print *t = st == ST_OK && c->format != FORMAT_JSON ? print_begin(c, columns, FIELDS) : NULL;
    if (t) json_array_foreach(a, i, o) for (unsigned k = 0; k < FIELDS; k++) print_json_cell(t, json_object_get(o, keys[k]));
    if (t) print_end(&t);
    json_decref(a);
    return st == ST_OK ? EXIT_OK : failed(c, st);
}

/* The table with the line of this id replaced; name NULL: erased. */
static int change_locked(const struct place *p, const char *id, const char *name, bool *ret_found)
{
    struct buf b, out;
    struct line l;
    int st = table_read(p, &b);
    struct slice text = buf_slice(&b);
    buf_init(&out, TABLE_BYTES_MAX);
    while (st == ST_OK && next_line(&text, &l)) {
        if (!l.ok || !is(l.field[0], id)) {
            buf_put(&out, l.all.p, l.all.n);
            continue;
        }
        *ret_found = true;
        if (name) buf_printf(&out, "%s\t%.*s\t%s\n", id, (int)l.field[1].n, (const char *)l.field[1].p, name);
        else buf_printf(&out, "%s\t-\t-\n", id);
    }
    if (st == ST_OK && *ret_found) st = table_write(p, &out);
    buf_done(&b);
    buf_done(&out);
    return st;
}

static int change(const struct cli *c, const struct place *p, const char *name)
{
    bool found = false;
    int fd = office_lock(c, p);
    if (fd < 0) return EXIT_FAILED;
    int st = change_locked(p, c->operand[1], name, &found);
    close(fd);
    if (st != ST_OK) return failed(c, st);
    if (!found)
        return cli_fail(c, "petugas tidak ada dalam daftar (rekap person list)", "no such person (rekap person list)",
                        c->operand[1]);
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:s,s:b}", "person", c->operand[1], "erased", name == NULL));
    else printf("%s %s\n", name ? cli_say(c, "dicatat:", "noted:") : cli_say(c, "dihapus:", "erased:"), c->operand[1]);
    return EXIT_OK;
}

int person_run(struct cli *c)
{
    struct place p;
    const char *verb = c->operand[0], *name = c->value[OPT_NAME];
    bool naming = !strcmp(verb, "name"), erasing = !strcmp(verb, "erase"), listing = !strcmp(verb, "list");
    if ((!naming && !erasing && !listing) || c->operand_count != (listing ? 1 : 2) || naming != (name != NULL))
        return cli_usage(c, "rekap person list | name ID --name NAMA | erase ID",
                         "rekap person list | name ID --name NAME | erase ID", NULL);
    if (naming && (!*name || strlen(name) > 160 || strpbrk(name, "\t\r\n") || !bytes_utf8_ok(name, strlen(name))))
        return cli_usage(c, "nama harus 1 sampai 160 bita teks tanpa baris baru",
                         "a name is 1 to 160 bytes of text without line breaks", name);
    int rc = place_open_any(c, &p);
    if (rc != EXIT_OK) return rc;
    return listing ? list(c, &p) : change(c, &p, naming ? name : NULL);
}
