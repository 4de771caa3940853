/* cli.c - see cli.h: options, help, completion and small talk of the command line. Kind: E.
 *
 * Everything is read from the tables in cli_table.c; nothing here knows a verb by name. A wrong word is answered with the nearest
 * right one (edit distance at most 2). Options may follow operands; `--` ends them. */
#include <getopt.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "proto/period.h"

static const uint64_t COMMON =
    OPTION_BIT(OPT_DIR) | OPTION_BIT(OPT_LANG) | OPTION_BIT(OPT_JSON) | OPTION_BIT(OPT_CSV) | OPTION_BIT(OPT_HELP);

const struct command *cli_find(const char *name)
{
    for (size_t i = 0; i < cli_command_count; i++)
        if (!strcmp(name, cli_commands[i].name) || !strcmp(name, cli_commands[i].alias)) return &cli_commands[i];
    return NULL;
}

/* ---- nearest word: Levenshtein distance of at most 2 ---- */

const char *cli_nearest(const char *word, const char *const *list, size_t n)
{
    const char *best = NULL;
    size_t least = 3;
    for (size_t i = 0; i < n; i++) {
        size_t d = bytes_distance(slice_of(word, strlen(word)), slice_of(list[i], strlen(list[i])));
        if (d < least) {
            least = d;
            best = list[i];
        }
    }
    return best;
}

/* ---- talk ---- */

void cli_talk(const struct cli *c, const char *id, const char *en, ...)
{
    va_list args;
    va_start(args, en);
    fputs("rekap: ", stderr);
    vfprintf(stderr, c->lang == LANG_EN ? en : id, args);
    fputc('\n', stderr);
    va_end(args);
}

int cli_fail(const struct cli *c, const char *id, const char *en, const char *what)
{
    fprintf(stderr, "rekap: %s%s%s\n", cli_say(c, id, en), what ? ": " : "", what ? what : "");
    return EXIT_FAILED;
}

int cli_usage(const struct cli *c, const char *id, const char *en, const char *what)
{
    cli_fail(c, id, en, what);
    return EXIT_USAGE;
}

static void help_short(enum lang lang)
{
    puts(lang == LANG_EN ? "rekap - figures of the offices, exact and explainable"
                         : "rekap - angka realisasi dinas, tepat dan dapat dijelaskan");
    for (size_t i = 0; i < cli_command_count; i++) {
        const struct command *k = &cli_commands[i];
        printf("  %-9s %-13s %s\n", k->name, k->alias, lang == LANG_EN ? k->help_en : k->help_id);
    }
    puts(lang == LANG_EN ? "Examples:" : "Contoh:");
    for (size_t i = 0; i < 3; i++) printf("  %s\n", cli_commands[i].example);
    puts(lang == LANG_EN ? "More: rekap VERB --help" : "Selengkapnya: rekap PERINTAH --help");
}

void cli_help(const struct command *k, enum lang lang)
{
    if (!k) {
        help_short(lang);
        return;
    }
    printf("%s\n\nrekap %s %s (%s)\n%s\n\n", k->example, k->name, k->operands, k->alias, lang == LANG_EN ? k->help_en : k->help_id);
    for (unsigned i = 0; i < OPT_COUNT; i++) {
        if (!((k->options | COMMON) & OPTION_BIT(i))) continue;
        const struct option_row *o = &cli_options[i];
        printf("  --%s %-*s %s\n", o->name, (int)(24 - strlen(o->name)), o->arg ? o->arg : "",
               lang == LANG_EN ? o->help_en : o->help_id);
    }
}

/* ---- completion ---- */

static void complete_words(uint64_t options)
{
    for (unsigned i = 0; i < OPT_COUNT; i++)
        if ((options | COMMON) & OPTION_BIT(i)) printf(" --%s", cli_options[i].name);
}

int cli_completion(void)
{
    puts("# eval \"$(rekap completion bash)\"\n_rekap() {\n    local word=${COMP_WORDS[COMP_CWORD]} list=");
    puts("    if [[ $COMP_CWORD == 1 ]]; then");
    printf("        list=\"");
    for (size_t i = 0; i < cli_command_count; i++) printf("%s %s ", cli_commands[i].name, cli_commands[i].alias);
    puts("\"\n    elif [[ $word == -* ]]; then\n        case ${COMP_WORDS[1]} in");
    for (size_t i = 0; i < cli_command_count; i++) {
        printf("        %s | %s) list=\"", cli_commands[i].name, cli_commands[i].alias);
        complete_words(cli_commands[i].options);
        puts("\" ;;");
    }
    puts("        esac\n    else\n        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n        return\n    fi");
    puts("    mapfile -t COMPREPLY < <(compgen -W \"$list\" -- \"$word\")\n}\ncomplete -o filenames -F _rekap rekap");
    return EXIT_OK;
}

/* ---- small tools ---- */

int64_t cli_mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void cli_pause(int ms) { (void)poll(NULL, 0, ms); }

bool cli_fancy(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

int cli_time(const struct cli *c, enum option_id option, struct wall *ret)
{
    const char *text = c->value[option];
    char what[160];
    ret->ms = INT64_MIN;
    if (!text || period_parse_time(slice_of(text, strlen(text)), ret) == ST_OK) return EXIT_OK;
    snprintf(what, sizeof what, "--%s \"%.60s\"", cli_options[option].name, text);
    return cli_usage(c, "bukan waktu RFC 3339, misalnya 2026-04-07T23:59:59+07:00",
                     "not a time as in RFC 3339, such as 2026-04-07T23:59:59+07:00", what);
}

int cli_number(const struct cli *c, enum option_id option, int def, int min, int max, int *ret)
{
    const char *text = c->value[option];
    char what[128], *end = NULL;
    if (!text) {
        *ret = def;
        return EXIT_OK;
    }
    long n = strspn(text, "0123456789") == strlen(text) && strlen(text) < 10 ? strtol(text, &end, 10) : -1;
    if (end != text && n >= min && n <= max) {
        *ret = (int)n;
        return EXIT_OK;
    }
    snprintf(what, sizeof what, "--%s \"%.60s\" (%d..%d)", cli_options[option].name, text, min, max);
    return cli_usage(c, "bukan bilangan yang dapat dipakai", "not a number that can be used", what);
}

/* ---- parsing ---- */

enum lang cli_lang(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strcmp(argv[i], "--lang=en") || (!strcmp(argv[i], "--lang") && i + 1 < argc && !strcmp(argv[i + 1], "en")))
            return LANG_EN;
    return LANG_ID;
}

int cli_unknown(const char *word, enum lang lang)
{
    const char *names[128];
    size_t n = 0;
    for (size_t i = 0; i < cli_command_count && n + 2 <= sizeof names / sizeof names[0]; i++) {
        names[n++] = cli_commands[i].name;
        names[n++] = cli_commands[i].alias;
    }
    const char *near = cli_nearest(word, names, n);
    fprintf(stderr, lang == LANG_EN ? "rekap: there is no verb '%s'" : "rekap: perintah '%s' tidak dikenal", word);
    if (near) fprintf(stderr, lang == LANG_EN ? "; did you mean '%s'?" : "; maksud Anda '%s'?", near);
    fprintf(stderr, " (rekap help)\n");
    return EXIT_USAGE;
}

static int bad_option(const struct command *cmd, const char *seen, enum lang lang)
{
    const char *names[OPT_COUNT];
    size_t n = 0;
    for (unsigned i = 0; i < OPT_COUNT; i++)
        if ((cmd->options | COMMON) & OPTION_BIT(i)) names[n++] = cli_options[i].name;
    const char *word = seen + strspn(seen, "-"), *near = cli_nearest(word, names, n);
    fprintf(stderr,
            lang == LANG_EN ? "rekap %s: option '%s' is unknown or lacks its value"
                            : "rekap %s: pilihan '%s' tidak dikenal atau kurang isinya",
            cmd->name, seen);
    if (near) fprintf(stderr, lang == LANG_EN ? "; did you mean '--%s'?" : "; maksud Anda '--%s'?", near);
    fprintf(stderr, " (rekap %s --help)\n", cmd->name);
    return EXIT_USAGE;
}

static int settle(const struct command *cmd, struct cli *c)
{
    const char *lang = c->value[OPT_LANG];
    c->lang = lang && !strcmp(lang, "en") ? LANG_EN : LANG_ID;
    if (lang && strcmp(lang, "en") && strcmp(lang, "id"))
        return cli_usage(c, "--lang harus id atau en", "--lang must be id or en", lang);
    if (c->value[OPT_JSON] && c->value[OPT_CSV])
        return cli_usage(c, "pilih salah satu: --json atau --csv", "choose one: --json or --csv", NULL);
    c->format = c->value[OPT_JSON] ? FORMAT_JSON : c->value[OPT_CSV] ? FORMAT_CSV : FORMAT_TEXT;
    c->dir = c->value[OPT_DIR] ? c->value[OPT_DIR] : getenv("REKAP_DIR");
    if (c->value[OPT_HELP]) return EXIT_OK;
    /* verified on any machine, delivered by an address */
    bool anywhere = c->value[OPT_KEY] || c->value[OPT_CONFIG] || (!strcmp(cmd->name, "backup") && c->operand_count > 0);
    if ((!c->dir || !*c->dir) && !anywhere)
        return cli_usage(c, "sebutkan --dir DIR atau isi $REKAP_DIR", "give --dir DIR or set $REKAP_DIR", NULL);
    if (c->operand_count < cmd->operands_min || (cmd->operands_max >= 0 && c->operand_count > cmd->operands_max)) {
        fprintf(stderr, "rekap %s %s\n", cmd->name, cmd->operands);
        return cli_usage(c, "jumlah isian salah", "wrong number of operands", NULL);
    }
    return EXIT_OK;
}

int cli_parse(const struct command *cmd, int argc, char **argv, struct cli *ret, bool *ret_help)
{
    struct option longs[OPT_COUNT + 1];
    size_t n = 0;
    *ret = (struct cli){ 0 };
    for (int i = 0; i < OPT_COUNT; i++)
        if ((cmd->options | COMMON) & OPTION_BIT(i))
            longs[n++] =
                (struct option){ cli_options[i].name, cli_options[i].arg ? required_argument : no_argument, NULL, 256 + i };
    longs[n] = (struct option){ 0 };
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind, o = getopt_long(argc, argv, cmd->options & OPTION_BIT(OPT_OUTPUT) ? ":o:" : ":", longs, NULL);
        if (o == -1) break;
        if (o == 'o') o = 256 + OPT_OUTPUT;
        if (o < 256) return bad_option(cmd, argv[optind > at ? optind - 1 : at], cli_lang(argc, argv));
        ret->value[o - 256] = optarg ? optarg : "";
    }
    ret->operand = argv + optind;
    ret->operand_count = argc - optind;
    *ret_help = ret->value[OPT_HELP] != NULL;
    return settle(cmd, ret);
}
