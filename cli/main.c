/* main.c - rekap: dispatch only. Kind: E.
 *
 * The verb is the first word; everything else is read from the command table. libsodium is started before a verb runs, because most
 * of them draw random numbers or read keys. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static int version(void)
{
    printf("rekap %s (%s) libsodium %s jansson %s\n", REKAP_VERSION, REKAP_COMMIT, sodium_version_string(), jansson_version_str());
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        const struct command *about = argc > 2 ? cli_find(argv[2]) : NULL;
        if (argc > 2 && !about) return cli_unknown(argv[2]);
        cli_help(about, LANG_ID);
        return EXIT_OK;
    }
    if (!strcmp(argv[1], "--version")) return version();
    const struct command *cmd = cli_find(argv[1]);
    if (!cmd) return !strcmp(argv[1], "completion") ? cli_completion() : cli_unknown(argv[1]);
    struct cli c;
    bool help = false;
    int rc = cli_parse(cmd, argc - 1, argv + 1, &c, &help);
    if (rc != EXIT_OK) return rc;
    if (help) {
        cli_help(cmd, c.lang);
        return EXIT_OK;
    }
    return sodium_init() < 0 ? EXIT_FAILED : cmd->run(&c);
}
