/* xlsx.c - opening a workbook: relations, the list of sheets, shared strings, styles. Kind: E.
 *
 * Design notes: the archive is read from memory. What belongs to what is said by relations (Id -> type, target); types are compared
 * by their last word, so that both editions of the format (transitional and strict) are one. Relations that point outside the
 * archive are never followed. Invariant: an open book has names and paths of its sheets; its strings are loaded once. */
#include "collector/xlsx.h"

#include <stdlib.h>
#include <string.h>

#include "collector/xlsx_part.h"

enum { RELATIONS_MAX = 1024, PATH_BYTES = 256, ID_BYTES = 64, KIND_BYTES = 24 };

struct relation { char id[ID_BYTES], kind[KIND_BYTES], target[PATH_BYTES]; };
struct relations { struct relation r[RELATIONS_MAX]; uint32_t n; };

/* ---- relations ---- */

static void on_relation(struct xlsx_xml *x, const char *name, const char **atts)
{
    struct relations *all = x->ctx;
    const char *id = xlsx_attribute(atts, "Id"), *type = xlsx_attribute(atts, "Type"), *target = xlsx_attribute(atts, "Target");
    const char *mode = xlsx_attribute(atts, "TargetMode");
    if (strcmp(name, "Relationship") != 0 || !id || !type || !target || (mode && strcmp(mode, "External") == 0)) return;
    const char *kind = strrchr(type, '/');
    kind = kind ? kind + 1 : type;
    if (all->n == RELATIONS_MAX || strlen(id) >= ID_BYTES || strlen(kind) >= KIND_BYTES || strlen(target) >= PATH_BYTES) return;
    struct relation *r = &all->r[all->n++];
    memcpy(r->id, id, strlen(id) + 1);
    memcpy(r->kind, kind, strlen(kind) + 1);
    memcpy(r->target, target, strlen(target) + 1);
}

static int read_relations(struct xlsx_book *b, const char *path, struct relations *ret, struct xlsx_fault *fault)
{
    struct xlsx_xml x = { .start = on_relation, .ctx = ret, .fault = fault };
    ret->n = 0;
    return xlsx_part(b, path, &x);
}

/* The path of a target: from the root, or from the folder of the part that names it. */
static bool resolve(const char *base, const char *target, char ret[PATH_BYTES])
{
    const char *slash = strrchr(base, '/');
    int folder = target[0] != '/' && slash ? (int)(slash - base) + 1 : 0;
    while (strncmp(target, "../", 3) == 0 && folder > 0) {
        target += 3;
        for (folder--; folder > 0 && base[folder - 1] != '/';) folder--;
    }
    int n = snprintf(ret, PATH_BYTES, "%.*s%s", folder, base, target[0] == '/' ? target + 1 : target);
    return n > 0 && n < PATH_BYTES;
}

static const struct relation *of_kind(const struct relations *all, const char *kind)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (strcmp(all->r[i].kind, kind) == 0) return &all->r[i];
    return NULL;
}

static const struct relation *of_id(const struct relations *all, const char *id)
{
    for (uint32_t i = 0; id && i < all->n; i++)
        if (strcmp(all->r[i].id, id) == 0) return &all->r[i];
    return NULL;
}

/* ---- the workbook ---- */

struct opening { struct xlsx_book *b; const struct relations *parts; const char *path; };

static void on_workbook(struct xlsx_xml *x, const char *name, const char **atts)
{
    struct opening *o = x->ctx;
    struct xlsx_book *b = o->b;
    if (strcmp(name, "workbookPr") == 0) {
        const char *v = xlsx_attribute(atts, "date1904");
        b->from_1904 = v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
    }
    if (strcmp(name, "sheet") != 0) return;
    const char *title = xlsx_attribute(atts, "name"), *state = xlsx_attribute(atts, "state");
    const struct relation *r = of_id(o->parts, xlsx_attribute(atts, "id"));
    if (!title || !r || strcmp(r->kind, "worksheet") != 0) return;
    if (b->tabs == XLSX_SHEETS_MAX) {
        xlsx_stop(x, ST_FULL, &xlsx_too_large);
        return;
    }
    struct xlsx_tab *t = &b->tab[b->tabs];
    if (!resolve(o->path, r->target, t->path)) return;
    size_t at = b->text.n;
    buf_str(&b->text, title);
    t->name = (struct slice){ .p = NULL, .n = b->text.n - at };
    t->hidden = state && strcmp(state, "visible") != 0;
    b->tabs++;
}

/* Names are found again by their lengths: the text may still move while it grows. */
static void place_names(struct xlsx_book *b)
{
    size_t at = 0;
    for (uint32_t i = 0; i < b->tabs; i++) {
        b->tab[i].name.p = b->text.p + at;
        at += b->tab[i].name.n;
    }
}

/* ---- shared strings ---- */

struct strings { struct xlsx_book *b; size_t at; bool in_text, phonetic; };

static void on_string_start(struct xlsx_xml *x, const char *name, const char **atts)
{
    struct strings *s = x->ctx;
    (void)atts;
    if (strcmp(name, "si") == 0) s->at = s->b->text.n;
    if (strcmp(name, "rPh") == 0) s->phonetic = true;
    s->in_text = strcmp(name, "t") == 0 && !s->phonetic;
}

static void on_string_text(struct xlsx_xml *x, const char *p, size_t n)
{
    struct strings *s = x->ctx;
    if (!s->in_text) return;
    buf_put(&s->b->text, p, n);
    if (!buf_ok(&s->b->text)) xlsx_stop(x, ST_FULL, &xlsx_too_large);
}

static void on_string_end(struct xlsx_xml *x, const char *name)
{
    struct strings *s = x->ctx;
    struct xlsx_book *b = s->b;
    s->in_text = false;
    if (strcmp(name, "rPh") == 0) s->phonetic = false;
    if (strcmp(name, "si") != 0) return;
    struct csv_cell *c = xlsx_room(x, b->string, b->strings, &b->string_cap, &(struct xlsx_list){ XLSX_STRINGS_MAX, sizeof *c });
    if (!c) return;
    b->string = c;
    b->string[b->strings++] = (struct csv_cell){ .at = (uint32_t)s->at, .n = (uint32_t)(b->text.n - s->at) };
}

static int read_strings(struct xlsx_book *b, const char *path, struct xlsx_fault *fault)
{
    struct strings s = { .b = b };
    struct xlsx_xml x = { .start = on_string_start, .end = on_string_end, .text = on_string_text, .ctx = &s, .fault = fault };
    int st = xlsx_part(b, path, &x);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ---- opening ---- */

static int read_beside(struct xlsx_book *b, const char *path, const struct relations *parts, struct xlsx_fault *fault)
{
    const struct relation *strings = of_kind(parts, "sharedStrings"), *styles = of_kind(parts, "styles");
    char at[PATH_BYTES];
    int st = styles && resolve(path, styles->target, at) ? xlsx_styles(b, at, fault) : ST_OK;
    if (st == ST_OK && strings && resolve(path, strings->target, at)) st = read_strings(b, at, fault);
    return st;
}

static int read_book(struct xlsx_book *b, struct relations *all, struct xlsx_fault *fault)
{
    char path[PATH_BYTES], beside[PATH_BYTES + 16];
    int st = read_relations(b, "_rels/.rels", all, fault);
    if (st != ST_OK) return st;
    const struct relation *main = of_kind(all, "officeDocument");
    if (!main || !resolve("", main->target, path)) return ST_NOT_FOUND;
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    snprintf(beside, sizeof beside, "%.*s_rels/%s.rels", folder, path, path + folder);
    st = read_relations(b, beside, all, fault);
    if (st != ST_OK) return st;
    struct opening o = { .b = b, .parts = all, .path = path };
    struct xlsx_xml x = { .start = on_workbook, .ctx = &o, .fault = fault };
    st = xlsx_part(b, path, &x);
    if (st == ST_OK) st = read_beside(b, path, all, fault);
    if (st == ST_OK && !buf_ok(&b->text)) return ST_NO_MEMORY;
    place_names(b);
    return st;
}

static int open_archive(struct xlsx_book *b, struct slice bytes)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes.p, bytes.n, 0, &error);
    b->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (source && !b->zip) zip_source_free(source);
    bool memory = zip_error_code_zip(&error) == ZIP_ER_MEMORY;
    zip_error_fini(&error);
    return b->zip ? ST_OK : memory ? ST_NO_MEMORY : ST_INVALID;
}

int xlsx_open(struct slice bytes, struct xlsx_book **ret, struct xlsx_fault *fault)
{
    struct xlsx_book *b = calloc(1, sizeof *b);
    struct relations *all = malloc(sizeof *all);
    *fault = xlsx_broken;
    if (b) buf_init(&b->text, XLSX_TEXT_BYTES_MAX);
    int st = b && all ? open_archive(b, bytes) : ST_NO_MEMORY;
    if (st == ST_OK && zip_get_num_entries(b->zip, 0) > XLSX_PARTS_MAX) {
        *fault = xlsx_too_large;
        st = ST_FULL;
    }
    if (st == ST_OK) {
        fault->line = 0;
        st = read_book(b, all, fault);
    }
    if (st == ST_NOT_FOUND) {
        *fault = xlsx_broken;
        st = ST_INVALID;
    }
    free(all);
    if (st == ST_OK) *ret = b;
    else xlsx_close(&b);
    return st;
}

void xlsx_close(struct xlsx_book **book)
{
    struct xlsx_book *b = *book;
    *book = NULL;
    if (!b) return;
    if (b->zip) zip_discard(b->zip);
    buf_done(&b->text);
    free(b->string);
    free(b->style);
    free(b);
}

uint32_t xlsx_sheets(const struct xlsx_book *b) { return b->tabs; }

struct slice xlsx_name(const struct xlsx_book *b, uint32_t sheet)
{
    ASSERT(sheet < b->tabs);
    return b->tab[sheet].name;
}

bool xlsx_hidden(const struct xlsx_book *b, uint32_t sheet)
{
    ASSERT(sheet < b->tabs);
    return b->tab[sheet].hidden;
}
