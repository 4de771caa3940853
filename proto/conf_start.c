/* conf_start.c - see conf_start.h. Kind: E. A missing configuration is an error, never a default: a daemon that starts with
 * settings nobody wrote is another service. */
#include "proto/conf_start.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "proto/log.h"

enum { CONF_FILE_BYTES_MAX = 1 << 20 };

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s --config FILE [--check] | --version\n", program);
    return 2;
}

static bool level_of(const char *name, enum log_level *ret)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    for (unsigned i = 0; i < 4; i++)
        if (!strcmp(name, names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

int conf_start_load(const struct conf_start *s, const char *file, struct conf **ret, struct buf *errors)
{
    struct buf text;
    enum log_level level;
    buf_init(&text, CONF_FILE_BYTES_MAX);
    int st = conf_file_read(file, CONF_FILE_BYTES_MAX, &text);
    if (st != ST_OK) buf_printf(errors, "%s: %s\n", file, errno ? strerror(errno) : status_str(st));
    else st = conf_parse(s->table, s->count, file, buf_slice(&text), ret, errors);
    if (st == ST_OK && !level_of(conf_text(*ret, "log.level"), &level)) {
        buf_printf(errors, "%s: log.level: \"%s\" is not error, warn, info or debug\n", file, conf_text(*ret, "log.level"));
        conf_free(ret);
        st = ST_INVALID;
    }
    buf_done(&text);
    return st;
}

static int load(const struct conf_start *s, const char *file, bool check, struct conf **ret)
{
    struct buf text, errors;
    enum log_level level = LOG_L_INFO;
    buf_init(&text, CONF_FILE_BYTES_MAX);
    buf_init(&errors, CONF_FILE_BYTES_MAX);
    int st = conf_start_load(s, file, ret, &errors);
    if (st == ST_OK && check) {
        conf_print(*ret, false, &text);
        fwrite(text.p, 1, text.n, stdout);
    }
    if (st != ST_OK && errors.n > 0) fwrite(errors.p, 1, errors.n, stderr);
    else if (st != ST_OK) fprintf(stderr, "%s: %s\n", s->program, status_str(st));
    else {
        bool known = level_of(conf_text(*ret, "log.level"), &level);
        ASSERT(known);                  /* it was looked at */
        log_init(s->program, level);
    }
    buf_done(&text);
    buf_done(&errors);
    return st;
}

int conf_start(const struct conf_start *s, int argc, char **argv, struct conf **ret)
{
    static const struct option options[] = { { "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
                                             { "version", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 } };
    const char *file = NULL;
    bool check = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c') file = optarg;
        else if (c == 'k') check = true;
        else if (c == 'v') return printf("%s %s (%s)\n", s->program, REKAP_VERSION, REKAP_COMMIT) < 0;
        else return usage(s->program);
    }
    if (!file || optind != argc) return usage(s->program);
    if (load(s, file, check, ret) != ST_OK) return 1;
    if (!check) return -1;
    conf_free(ret);
    return 0;
}
