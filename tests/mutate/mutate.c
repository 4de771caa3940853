/* mutate.c - plants small faults into copies of source files, many in one program. tests/mutate/run is what calls it.
 *
 *   mutate SEED COUNT OUT LEFT_OUT FILE.c ..
 *
 * All places of all files where one operator, constant, condition, statement or status can be another are listed and put in an
 * order that SEED and what the mutant is (file, function, line, change) decide, nothing else; the first COUNT are planted. So a
 * larger COUNT begins with the same ones, and a change of the sources draws only the mutants of the lines it touches anew. The
 * number of a mutant is its place in that order, from 1. LEFT_OUT names a file of numbers not to plant (they did not compile).
 * OUT/FILE.c is the file with its mutants; on standard output a line each: number, file, line, function, what it is, the line.
 *
 * A function with mutants becomes several: each mutant is a whole copy of it, and under its name stands a switch over `mutant_on`
 * (mutant.c). So any change is possible that compiles, and a program with hundreds of them runs at nearly its speed.
 *
 * The sources are not parsed as C but by the house's layout: a function's `{` at the outermost level follows its `)`. Lines with an
 * ASSERT are left alone: they are taken only by a mistake of ours. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 64, TOKENS_MAX = 40000, FUNCTIONS_MAX = 400, MUTANTS_MAX = 60000, PARAMETERS_MAX = 16 };
enum kind { WORD, NUMBER, TEXT, MARK };
struct token { enum kind kind; size_t at, n; unsigned line; };
struct function { size_t head, open, close; size_t name; };     /* tokens */
struct edit { size_t from, to; char text[24]; };                /* bytes */
struct source {
    const char *name;
    char *text;
    size_t size, tokens, functions;
    struct token *token;
    struct function function[FUNCTIONS_MAX];
};
struct mutant { unsigned source, function; size_t token; struct edit edit[2]; unsigned edits; char what[64]; uint64_t rank; };

static struct source sources[FILES_MAX];
static struct mutant *mutants;
static size_t mutant_count;
static bool left_out[MUTANTS_MAX + 1];

static void die(const char *what, const char *which)
{
    fprintf(stderr, "mutate: %s: %s: %s\n", which, what, strerror(errno));
    exit(2);
}

/* ---- tokens ---- */

static const char *const MARKS[] = { "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==",
                                     "!=",  "&&",  "||",  "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=" };

static size_t mark_size(const char *p)
{
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
        if (strncmp(p, MARKS[i], strlen(MARKS[i])) == 0) return strlen(MARKS[i]);
    return 1;
}

/* The end of what is no token: blanks, comments, lines of the preprocessor. */
static const char *skip(const char *p, const char *begin)
{
    for (;;) {
        if (isspace((unsigned char)*p)) p++;
        else if (p[0] == '/' && p[1] == '*') p = strstr(p + 2, "*/") + 2;
        else if (p[0] == '/' && p[1] == '/') p += strcspn(p, "\n");
        else if (*p == '#' && (p == begin || p[-1] == '\n')) {
            do p += strcspn(p, "\n") + 1; while (p[-2] == '\\');
        } else return p;
    }
}

static size_t quoted_size(const char *p)
{
    size_t n = 1;
    for (; p[n] != p[0]; n++) n += p[n] == '\\';
    return n + 1;
}

static void tokens_read(struct source *s)
{
    unsigned line = 1;
    const char *from = s->text, *p;
    s->token = calloc(TOKENS_MAX, sizeof *s->token);
    for (p = skip(s->text, s->text); *p; p = skip(p, s->text)) {
        struct token *t = &s->token[s->tokens++];
        for (; from < p; from++) line += *from == '\n';
        t->at = (size_t)(p - s->text);
        t->line = line;
        t->kind = isalpha((unsigned char)*p) || *p == '_' ? WORD : isdigit((unsigned char)*p) ? NUMBER
                  : *p == '"' || *p == '\'' ? TEXT : MARK;
        if (t->kind == TEXT) t->n = quoted_size(p);
        else if (t->kind == MARK) t->n = mark_size(p);
        else while (isalnum((unsigned char)p[t->n]) || p[t->n] == '_') t->n++;
        p += t->n;
        if (s->tokens == TOKENS_MAX) die("too many tokens", s->name);
    }
}

static bool is(const struct source *s, size_t token, const char *text)
{
    const struct token *t = &s->token[token];
    return token < s->tokens && t->n == strlen(text) && memcmp(s->text + t->at, text, t->n) == 0;
}

static bool is_one(const struct source *s, size_t token, const char *const *list)
{
    for (; *list; list++)
        if (is(s, token, *list)) return true;
    return false;
}

static size_t matching(const struct source *s, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < s->tokens; i++) {
        if (is(s, i, "(") || is(s, i, "{") || is(s, i, "[")) depth++;
        if (is(s, i, ")") || is(s, i, "}") || is(s, i, "]")) depth--;
        if (depth == 0) return i;
    }
    return s->tokens - 1;
}

/* ---- functions ---- */

static bool takes_mutants(const struct source *s, size_t head, size_t open)
{
    for (size_t i = head; i < open; i++)
        if (is(s, i, "...") || is(s, i, "=") || is(s, i, "_Noreturn") || is(s, i, "__attribute__") || is(s, i, "main"))
            return false;
    return true;
}

static void functions_find(struct source *s)
{
    size_t head = 0;
    for (size_t i = 0; i < s->tokens; i++) {
        if (is(s, i, "(") || is(s, i, "[")) i = matching(s, i);
        if (is(s, i, "{")) {
            size_t close = matching(s, i);
            if (i > 0 && is(s, i - 1, ")") && takes_mutants(s, head, i)) {
                struct function *f = &s->function[s->functions++];
                *f = (struct function){ .head = head, .open = i, .close = close, .name = head };
                while (!is(s, f->name + 1, "(")) f->name++;
            }
            i = close;
        }
        if (is(s, i, ";") || (is(s, i, "}") && !is(s, i + 1, ";"))) head = i + 1;
    }
}

/* ---- what can be another ---- */

static struct mutant *mutant_new(unsigned source, unsigned function, size_t token)
{
    struct mutant *m = &mutants[mutant_count++];
    if (mutant_count == MUTANTS_MAX) die("too many mutants", sources[source].name);
    *m = (struct mutant){ .source = source, .function = function, .token = token };
    return m;
}

static void edit_add(struct mutant *m, size_t from, size_t to, const char *text)
{
    struct edit *e = &m->edit[m->edits++];
    e->from = from;
    e->to = to;
    snprintf(e->text, sizeof e->text, "%s", text);
}

static void replace(unsigned source, unsigned function, size_t token, const char *text)
{
    const struct source *s = &sources[source];
    const struct token *t = &s->token[token];
    struct mutant *m = mutant_new(source, function, token);
    edit_add(m, t->at, t->at + t->n, text);
    snprintf(m->what, sizeof m->what, "%.*s to %s", (int)t->n, s->text + t->at, text);
}

static void operators(unsigned source, unsigned function, size_t i)
{
    static const char *const pairs[][2] = { { "<", "<=" },  { "<=", "<" },  { ">", ">=" },       { ">=", ">" },
                                            { "==", "!=" }, { "!=", "==" }, { "&&", "||" },      { "||", "&&" },
                                            { "+", "-" },   { "-", "+" },   { "+=", "-=" },      { "-=", "+=" },
                                            { "++", "--" }, { "--", "++" }, { "true", "false" }, { "false", "true" } };
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
        if (is(&sources[source], i, pairs[p][0])) replace(source, function, i, pairs[p][1]);
}

static void constants(unsigned source, unsigned function, size_t i)
{
    const struct source *s = &sources[source];
    char *end, text[24];
    unsigned long long v = strtoull(s->text + s->token[i].at, &end, 0);
    const char *suffix = end;
    int n = (int)(s->text + s->token[i].at + s->token[i].n - suffix);
    snprintf(text, sizeof text, "%llu%.*s", v + 1, n, suffix);
    replace(source, function, i, text);
    if (v == 0) return;
    snprintf(text, sizeof text, "%llu%.*s", v - 1, n, suffix);
    replace(source, function, i, text);
}

static void statuses(unsigned source, unsigned function, size_t i)
{
    static const char *const before[] = { "return", "?", ":", "=", NULL };
    const struct source *s = &sources[source];
    if (strncmp(s->text + s->token[i].at, "ST_", 3) != 0 || !is_one(s, i - 1, before)) return;
    replace(source, function, i, is(s, i, "ST_OK") ? "ST_CORRUPT" : "ST_OK");
}

static void conditions(unsigned source, unsigned function, size_t i)
{
    const struct source *s = &sources[source];
    if (!(is(s, i, "if") || is(s, i, "while")) || !is(s, i + 1, "(")) return;
    const struct token *open = &s->token[i + 1], *close = &s->token[matching(s, i + 1)];
    struct mutant *m = mutant_new(source, function, i);
    edit_add(m, open->at, open->at + 1, "(!(");
    edit_add(m, close->at, close->at + 1, "))");
    snprintf(m->what, sizeof m->what, "%s negated", is(s, i, "if") ? "if" : "while");
}

/* A statement begins at token i: not a declaration, not a jump that the function needs. */
static void statements(unsigned source, unsigned function, size_t i)
{
    static const char *const others[] = { "return",  "if",       "for",  "while",  "do",    "switch", "case",
                                          "default", "else",     "goto", "struct", "const", "static", "enum",
                                          "union",   "unsigned", "int",  "char",   "bool",  NULL };
    const struct source *s = &sources[source];
    size_t end = i;
    bool word = s->token[i].kind == WORD && s->token[i + 1].kind == MARK && !is(s, i + 1, "*") && !is(s, i + 1, ":");
    if (is_one(s, i, others) || (!word && !is(s, i, "*"))) return;
    for (; !is(s, end, ";"); end++) {
        if (is(s, end, "{") || is(s, end, "}")) return;
        if (is(s, end, "(") || is(s, end, "[")) end = matching(s, end);
    }
    struct mutant *m = mutant_new(source, function, i);
    edit_add(m, s->token[i].at, s->token[end].at, "");
    snprintf(m->what, sizeof m->what, "deleted");
}

static bool begins_statement(const struct source *s, size_t i, size_t after_head)
{
    static const char *const before[] = { "{", "}", ";", "else", "do", NULL };
    return is_one(s, i - 1, before) || i == after_head;
}

static void function_mutants(unsigned source, unsigned function)
{
    const struct source *s = &sources[source];
    const struct function *f = &s->function[function];
    size_t for_end = 0, after_head = 0;
    for (size_t i = f->open + 1; i < f->close; i++) {
        bool for_head = i < for_end;
        if (is(s, i, "ASSERT") || is(s, i, "_Static_assert")) i = matching(s, i + 1) + 1;
        if (is(s, i, "if") || is(s, i, "while") || is(s, i, "for")) {
            after_head = matching(s, i + 1) + 1;
            if (is(s, i, "for")) for_end = after_head - 1;
        }
        if (!for_head && begins_statement(s, i, after_head)) statements(source, function, i);
        conditions(source, function, i);
        if (s->token[i].kind == NUMBER) constants(source, function, i);
        if (s->token[i].kind != TEXT) operators(source, function, i);
        if (s->token[i].kind == WORD && s->token[i].n > 3) statuses(source, function, i);
    }
}

/* ---- the sample ---- */

static const char *line_of(const struct mutant *m, int *ret_size, int *ret_column)
{
    const struct source *s = &sources[m->source];
    const char *at = s->text + s->token[m->token].at, *line = at;
    while (line > s->text && line[-1] != '\n') line--;
    line += strspn(line, " \t");
    *ret_size = (int)strcspn(line, "\n");
    *ret_column = (int)(at - line);
    return line;
}

static uint64_t mixed(uint64_t h, const char *text, size_t n)
{
    for (size_t i = 0; i <= n; i++) {
        h = (h ^ (i < n ? (unsigned char)text[i] : 0x100u)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h;
}

static void ranks(uint64_t seed)
{
    for (size_t i = 0; i < mutant_count; i++) {
        struct mutant *m = &mutants[i];
        const struct source *s = &sources[m->source];
        const struct token *name = &s->token[s->function[m->function].name];
        int size, column;
        const char *line = line_of(m, &size, &column);
        uint64_t h = mixed(seed * UINT64_C(0xbf58476d1ce4e5b9), s->name, strlen(s->name));
        h = mixed(h, s->text + name->at, name->n);
        h = mixed(h, line, (size_t)size);
        h = mixed(h ^ (uint64_t)column << 32, m->what, strlen(m->what));
        m->rank = h;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct mutant *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    return x->token < y->token ? -1 : x->token > y->token;
}

/* ---- the copies ---- */

static void put_bytes(FILE *out, const struct source *s, size_t from, size_t to) { fwrite(s->text + from, 1, to - from, out); }

/* The head of a function under another name, with or without `static`. */
static void put_head(FILE *out, const struct source *s, const struct function *f, const char *suffix)
{
    const struct token *name = &s->token[f->name], *last = &s->token[f->open - 1];
    bool is_static = false;
    for (size_t i = f->head; i < f->name; i++) is_static |= is(s, i, "static");
    if (*suffix && !is_static) fprintf(out, "static ");
    put_bytes(out, s, s->token[f->head].at, name->at + name->n);
    fprintf(out, "%s", suffix);
    put_bytes(out, s, name->at + name->n, last->at + 1);
}

static void put_copy(FILE *out, const struct source *s, const struct function *f, const struct mutant *m, size_t number)
{
    char suffix[24];
    size_t at = s->token[f->open].at, end = s->token[f->close].at + 1;
    snprintf(suffix, sizeof suffix, "__m%zu", number);
    fprintf(out, "\n#line %u \"mutant-%zu\"\n", s->token[f->head].line, number);
    put_head(out, s, f, suffix);
    fputc('\n', out);
    for (unsigned i = 0; m && i < m->edits; i++) {
        put_bytes(out, s, at, m->edit[i].from);
        fprintf(out, "%s", m->edit[i].text);
        at = m->edit[i].to;
    }
    put_bytes(out, s, at, end);
    fputc('\n', out);
}

/* The name of the parameter that ends before token `end`: the last word outside of brackets, or the one behind `(*`. */
static void put_parameter(FILE *out, const struct source *s, size_t from, size_t end)
{
    size_t name = from;
    for (size_t i = from; i < end; i++) {
        if (is(s, i, "(") && is(s, i + 1, "*")) {
            name = i + 2;
            break;
        }
        if (is(s, i, "[")) i = matching(s, i);
        else if (s->token[i].kind == WORD) name = i;
    }
    put_bytes(out, s, s->token[name].at, s->token[name].at + s->token[name].n);
}

static void put_call(FILE *out, const struct source *s, const struct function *f, size_t number)
{
    size_t open = f->name + 1, close = f->open - 1, from = open + 1;
    bool nothing = false, pointer = false;
    for (size_t i = f->head; i < f->name; i++) nothing |= is(s, i, "void"), pointer |= is(s, i, "*");
    nothing &= !pointer;
    fprintf(out, "%s%.*s__m%zu(", nothing ? "" : "return ", (int)s->token[f->name].n, s->text + s->token[f->name].at, number);
    for (size_t i = from; !is(s, from, "void") || from + 1 != close; i++) {
        if (i != close && !is(s, i, ",")) {
            if (is(s, i, "(") || is(s, i, "[")) i = matching(s, i);
            continue;
        }
        put_parameter(out, s, from, i);
        if (i == close) break;
        fputs(", ", out);
        from = i + 1;
    }
    fprintf(out, ");%s", nothing ? " return;" : "");
}

static void put_function(FILE *out, unsigned source, unsigned function, size_t count)
{
    const struct source *s = &sources[source];
    const struct function *f = &s->function[function];
    put_head(out, s, f, "");
    fputs(";\n", out);
    put_copy(out, s, f, NULL, 0);
    for (size_t i = 0; i < count; i++)
        if (mutants[i].source == source && mutants[i].function == function && !left_out[i + 1])
            put_copy(out, s, f, &mutants[i], i + 1);
    fprintf(out, "#line %u \"%s\"\n", s->token[f->head].line, s->name);
    put_head(out, s, f, "");
    fputs("\n{ switch (mutant_on) {", out);
    for (size_t i = 0; i < count; i++) {
        if (mutants[i].source != source || mutants[i].function != function || left_out[i + 1]) continue;
        fprintf(out, " case %zu: ", i + 1);
        put_call(out, s, f, i + 1);
    }
    fputs(" default: ", out);
    put_call(out, s, f, 0);
    fprintf(out, " } }\n#line %u \"%s\"\n", s->token[f->close].line, s->name);
}

static bool has_mutants(unsigned source, unsigned function, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mutants[i].source == source && mutants[i].function == function && !left_out[i + 1]) return true;
    return false;
}

static void put_source(const char *out_dir, unsigned source, size_t count)
{
    const struct source *s = &sources[source];
    char path[512];
    size_t at = 0;
    snprintf(path, sizeof path, "%s/%s", out_dir, s->name);
    for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(path, 0777);
        *p = '/';
    }
    FILE *out = fopen(path, "w");
    if (!out) die("cannot be written", path);
    fprintf(out, "extern unsigned mutant_on;\n#line 1 \"%s\"\n", s->name);
    for (unsigned f = 0; f < s->functions; f++) {
        if (!has_mutants(source, f, count)) continue;
        put_bytes(out, s, at, s->token[s->function[f].head].at);
        put_function(out, source, f, count);
        at = s->token[s->function[f].close].at + 1;
    }
    put_bytes(out, s, at, s->size);
    if (fclose(out) != 0) die("cannot be written", path);
}

/* ---- */

static void source_read(struct source *s, const char *name)
{
    FILE *in = fopen(name, "r");
    s->name = name;
    s->text = calloc(1, 1 << 20);
    if (!in) die("cannot be read", name);
    s->size = fread(s->text, 1, (1 << 20) - 1, in);
    fclose(in);
    tokens_read(s);
    functions_find(s);
}

static void say(size_t number, const struct mutant *m)
{
    const struct source *s = &sources[m->source];
    const struct token *t = &s->token[m->token], *name = &s->token[s->function[m->function].name];
    int size, column;
    const char *line = line_of(m, &size, &column);
    printf("%zu\t%s\t%u\t%.*s\t%s@%d\t%.*s\n", number, s->name, t->line, (int)name->n, s->text + name->at, m->what, column, size,
           line);
}

static void left_out_read(const char *path)
{
    FILE *in = fopen(path, "r");
    size_t n;
    while (in && fscanf(in, "%zu", &n) == 1)
        if (n <= MUTANTS_MAX) left_out[n] = true;
    if (in) fclose(in);
}

int main(int argc, char **argv)
{
    if (argc < 6 || argc - 5 > FILES_MAX) {
        fprintf(stderr, "mutate SEED COUNT OUT LEFT_OUT FILE.c ..\n");
        return 2;
    }
    size_t count = strtoull(argv[2], NULL, 10);
    unsigned n = (unsigned)argc - 5;
    mutants = calloc(MUTANTS_MAX, sizeof *mutants);
    left_out_read(argv[4]);
    for (unsigned i = 0; i < n; i++) {
        source_read(&sources[i], argv[5 + i]);
        for (unsigned f = 0; f < sources[i].functions; f++) function_mutants(i, f);
    }
    ranks(strtoull(argv[1], NULL, 10));
    qsort(mutants, mutant_count, sizeof *mutants, by_rank);
    if (count > mutant_count) count = mutant_count;
    for (unsigned i = 0; i < n; i++) put_source(argv[3], i, count);
    for (size_t i = 0; i < count; i++)
        if (!left_out[i + 1]) say(i + 1, &mutants[i]);
    fprintf(stderr, "%zu places, %zu planted\n", mutant_count, count);
    return 0;
}
