/* main.c - rekap: dispatch only. Kind: E.
 *
 * The verb is the first word; everything else is read from the command table. libsodium is started before a verb runs, because most
 * of them draw random numbers or read keys. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static int version(void)
{
    printf("rekap %s (%s) libsodium %s jansson %s\n", REKAP_VERSION, REKAP_COMMIT, sodium_version_string(), jansson_version_str());
    return EXIT_OK;
}

/* `rekap help [VERB]`: options here only choose the language. */
static int help_page(int argc, char **argv, enum lang lang)
{
    const char *word = argc > 2 && argv[2][0] != '-' ? argv[2] : NULL;
    const struct command *about = word ? cli_find(word) : NULL;
    if (word && !about) return cli_unknown(word, lang);
    cli_help(about, lang);
    return EXIT_OK;
}

/* libjansson's scanner passes over memory that it did not get and goes on with a shorter text, as if a figure had fewer digits. */
static void *need(size_t n)
{
    void *p = malloc(n);
    if (p) return p;
    fputs("rekap: memori habis (out of memory)\n", stderr);
    _exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
    enum lang lang = cli_lang(argc, argv);
    if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help_page(argc, argv, lang);
    if (!strcmp(argv[1], "--version")) return version();
    const struct command *cmd = cli_find(argv[1]);
    if (!cmd) return !strcmp(argv[1], "completion") ? cli_completion() : cli_unknown(argv[1], lang);
    struct cli c;
    bool help = false;
    int rc = cli_parse(cmd, argc - 1, argv + 1, &c, &help);
    if (rc != EXIT_OK) return rc;
    if (help) {
        cli_help(cmd, c.lang);
        return EXIT_OK;
    }
    if (strcmp(cmd->name, "up") != 0) json_set_alloc_funcs(need, free);         /* who watches the daemons outlives a bad moment */
    return sodium_init() < 0 ? EXIT_FAILED : cmd->run(&c);
}
