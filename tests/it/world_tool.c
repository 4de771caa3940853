/* world_tool.c - see world.h: files, commands and HTTP of a world. Kind: E, tests only.
 *
 * A command's output goes to files in the world's directory, so that a test can look at it and a failed one leaves it in the
 * report. HTTP is spoken by hand (GET, HTTP/1.0): the tests must not share the product's client. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/it/world.h"

extern char **environ;
enum { ARGS_MAX = 256, HTTP_MS = 10000, TAIL_LINES = 12 };

/* ---- files ---- */

char *world_read(const char *path)
{
    return world_read_bytes(path, NULL);
}

char *world_read_bytes(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t n = 0, size = 0;
    if (!f) return NULL;
    for (;;) {
        if (n + 65536 + 1 > size) {
            char *bigger = realloc(text, size = size * 2 + 131072);
            if (!bigger) break;
            text = bigger;
        }
        size_t got = fread(text + n, 1, 65536, f);
        n += got;
        if (got == 0) break;
    }
    fclose(f);
    if (text) text[n] = '\0';
    if (ret_n) *ret_n = n;
    return text;
}

bool world_write(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    bool ok = f && fwrite(bytes, 1, n, f) == n;
    return f && fclose(f) == 0 && ok;
}

char *world_output(const struct world *w, const char *name)
{
    char path[512];
    world_path(w, name, path);
    char *text = world_read(path);
    return text ? text : calloc(1, 1);
}

json_t *world_output_json(const struct world *w)
{
    char *text = world_output(w, "out");
    json_t *j = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return j;
}

static void log_path(const struct world *w, enum world_part p, char ret[512])
{
    char below[64];
    snprintf(below, sizeof below, "log/%s.log", world_names[p]);
    world_path(w, below, ret);
}

bool world_log_has(const struct world *w, enum world_part p, const char *text)
{
    char path[512];
    log_path(w, p, path);
    char *log = world_read(path);
    bool has = log && strstr(log, text);
    free(log);
    return has;
}

static void print_tail(const char *path)
{
    char *text = world_read(path);
    unsigned lines = 0;
    if (!text) return;
    char *p = text + strlen(text);
    while (p > text && lines <= TAIL_LINES) lines += *--p == '\n';
    printf("---- %s\n%s", path, p + (*p == '\n'));
    free(text);
}

void world_logs(const struct world *w)
{
    char path[512];
    for (unsigned i = 0; i < WORLD_PARTS; i++) {
        log_path(w, i, path);
        print_tail(path);
    }
    world_path(w, "up.err", path);
    print_tail(path);
    fflush(stdout);
}

/* ---- commands ---- */

struct command { pid_t pid; int status; };
static bool finished(void *ctx)
{
    struct command *c = ctx;
    return waitpid(c->pid, &c->status, WNOHANG) != 0;
}

int world_run(const struct world *w, int timeout_ms, const char *const *args)
{
    char out[512], err[512];
    char *argv[ARGS_MAX] = { NULL };
    posix_spawn_file_actions_t fa;
    struct command c = { 0 };
    for (unsigned i = 0; args[i] && i + 1 < ARGS_MAX; i++) argv[i] = strdup(args[i]);
    world_path(w, "out", out);
    world_path(w, "err", err);
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&fa, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&fa, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int rc = posix_spawn(&c.pid, argv[0], &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    for (unsigned i = 0; argv[i]; i++) free(argv[i]);
    if (rc != 0) return world_note("%s: %s", args[0], strerror(rc)), -1;
    if (world_until(timeout_ms, finished, &c)) return WIFEXITED(c.status) ? WEXITSTATUS(c.status) : 128 + WTERMSIG(c.status);
    kill(c.pid, SIGKILL);
    waitpid(c.pid, NULL, 0);
    return -1;
}

int world_rekap(const struct world *w, int timeout_ms, const char *const *args)
{
    char program[600];
    const char *argv[ARGS_MAX] = { program, args[0], "--dir", w->dir };
    unsigned n = 4;
    snprintf(program, sizeof program, "%s/rekap", w->bin);
    for (unsigned i = 1; args[i] && n + 1 < ARGS_MAX; i++) argv[n++] = args[i];
    argv[n] = NULL;
    return world_run(w, timeout_ms, argv);
}

/* ---- HTTP ---- */

static int dial(const struct world *w)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    char host[64];
    snprintf(host, sizeof host, "%s", w->http);
    char *colon = strrchr(host, ':');
    if (!colon) return -1;
    *colon = '\0';
    a.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    int fd = inet_pton(AF_INET, host, &a.sin_addr) == 1 ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    const struct timeval tv = { HTTP_MS / 1000, 0 };
    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

static char *receive(int fd)
{
    char *text = NULL;
    size_t n = 0, size = 0;
    for (;;) {
        if (n + 65536 + 1 > size) {
            char *bigger = realloc(text, size = size * 2 + 131072);
            if (!bigger) break;
            text = bigger;
        }
        ssize_t got = recv(fd, text + n, 65536, 0);
        if (got <= 0) break;
        n += (size_t)got;
    }
    if (text) text[n] = '\0';
    return text;
}

int world_get_status(const struct world *w, const char *target, json_t **ret)
{
    char request[1024];
    int status = 0, fd = dial(w);
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: rekap\r\n\r\n", target);
    char *text = fd >= 0 && send(fd, request, (size_t)n, MSG_NOSIGNAL) == n ? receive(fd) : NULL;
    if (fd >= 0) close(fd);
    const char *body = text ? strstr(text, "\r\n\r\n") : NULL, *space = text ? strchr(text, ' ') : NULL;
    if (body && space) status = (int)strtol(space + 1, NULL, 10);
    if (ret) *ret = body ? json_loads(body + 4, 0, NULL) : NULL;
    free(text);
    return status;
}

json_t *world_get(const struct world *w, const char *target)
{
    json_t *j = NULL;
    if (world_get_status(w, target, &j) == 200) return j;
    json_decref(j);
    return NULL;
}

unsigned world_tray_files(const struct world *w)
{
    char path[512];
    unsigned n = 0;
    world_path(w, "collector/tray", path);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) n += strstr(e->d_name, ".tray") != NULL;
    if (d) closedir(d);
    return n;
}
