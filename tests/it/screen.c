/* screen.c - runs a program on a pseudo terminal of its own and looks at its screen. Tests only.
 *
 *   screen LINES COLUMNS PROGRAM [ARGUMENT..] <STEPS
 *
 * The terminal understands what terminfo's vt100 sends. Steps, one a line, each with a deadline of SECONDS where it waits:
 *   see SECONDS TEXT     until the text stands on one line of the screen      gone SECONDS TEXT   until it does not
 *   key NAME|CHARACTER   up down left right enter back                        size LINES COLUMNS
 *   run COMMAND          by sh, must succeed                                  signal NUMBER       to the program
 *   end SECONDS CODE     until the program has ended so; 128 + n: by signal n. The terminal must be as it was before
 * The first step that fails ends the run: the screen is printed, exit code 1. */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum { LINES_MAX = 100, COLUMNS_MAX = 250, STEP_MS = 30, ARGS_MAX = 16 };
struct screen {
    char cell[LINES_MAX][COLUMNS_MAX + 1];
    int lines, columns, y, x, top, bottom;
    int arg[ARGS_MAX], args;
    enum { TEXT, ESCAPE, SEQUENCE, CHARSET } state;
    bool wrap;
    int fd, keep;       /* master; slave, kept open so that its settings can be read at the end */
    pid_t pid;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the terminal ---- */

static void blank(struct screen *s, int y, int from, int to)
{
    for (int x = from; x < to; x++) s->cell[y][x] = ' ';
    s->cell[y][s->columns] = '\0';
}

static void clear_from(struct screen *s, int y, int x)
{
    blank(s, y, x, s->columns);
    for (y++; y < s->lines; y++) blank(s, y, 0, s->columns);
}

static void line_feed(struct screen *s)
{
    if (s->y != s->bottom) {
        s->y += s->y + 1 < s->lines;
        return;
    }
    for (int y = s->top; y < s->bottom; y++) memcpy(s->cell[y], s->cell[y + 1], sizeof s->cell[y]);
    blank(s, s->bottom, 0, s->columns);
}

static void reverse_feed(struct screen *s)
{
    if (s->y != s->top) {
        s->y -= s->y > 0;
        return;
    }
    for (int y = s->bottom; y > s->top; y--) memcpy(s->cell[y], s->cell[y - 1], sizeof s->cell[y]);
    blank(s, s->top, 0, s->columns);
}

/* Characters beyond ASCII take one place, as their first byte. */
static void put(struct screen *s, unsigned char c)
{
    if ((c & 0xc0) == 0x80) return;
    if (s->wrap) {
        s->x = 0;
        line_feed(s);
    }
    s->cell[s->y][s->x] = (char)c;
    s->wrap = s->x + 1 == s->columns;
    s->x += !s->wrap;
}

static int at_most(int v, int max) { return v < 0 ? 0 : v > max ? max : v; }

static void sequence(struct screen *s, char c)
{
    int n = s->arg[0] > 0 ? s->arg[0] : 1;
    s->wrap = false;
    switch (c) {
    case 'H': case 'f':
        s->y = at_most(n - 1, s->lines - 1);
        s->x = at_most((s->args > 0 && s->arg[1] > 0 ? s->arg[1] : 1) - 1, s->columns - 1);
        break;
    case 'A': s->y = at_most(s->y - n, s->lines - 1); break;
    case 'B': s->y = at_most(s->y + n, s->lines - 1); break;
    case 'C': s->x = at_most(s->x + n, s->columns - 1); break;
    case 'D': s->x = at_most(s->x - n, s->columns - 1); break;
    case 'K': blank(s, s->y, s->arg[0] == 1 ? 0 : s->x, s->arg[0] == 1 ? s->x + 1 : s->columns); break;
    case 'J': if (s->arg[0] == 0) clear_from(s, s->y, s->x); else clear_from(s, 0, 0); break;
    case 'r':
        s->top = at_most(n - 1, s->lines - 1);
        s->bottom = s->args > 0 && s->arg[1] > 0 ? at_most(s->arg[1] - 1, s->lines - 1) : s->lines - 1;
        s->y = s->x = 0;
        break;
    default: break; /* colours, modes */
    }
}

static void plain(struct screen *s, unsigned char c)
{
    if (c == 0x1b) s->state = ESCAPE;
    else if (c == '\n') s->wrap = false, line_feed(s);
    else if (c == '\r') s->wrap = false, s->x = 0;
    else if (c == '\b') s->wrap = false, s->x -= s->x > 0;
    else if (c == '\t') s->x = at_most((s->x / 8 + 1) * 8, s->columns - 1);
    else if (c >= ' ') put(s, c);
}

static void take(struct screen *s, unsigned char c)
{
    if (s->state == TEXT) {
        plain(s, c);
        return;
    }
    if (s->state == ESCAPE) {
        s->state = c == '[' ? SEQUENCE : c == '(' || c == ')' ? CHARSET : TEXT;
        memset(s->arg, 0, sizeof s->arg);
        s->args = 0;
        if (c == 'M') reverse_feed(s);
        return;
    }
    if (s->state == CHARSET || (c >= '@' && c <= '~')) {
        if (s->state == SEQUENCE) sequence(s, (char)c);
        s->state = TEXT;
    } else if (c == ';') {
        s->args += s->args + 1 < ARGS_MAX;
    } else if (c >= '0' && c <= '9' && s->arg[s->args] < 1000) {
        s->arg[s->args] = s->arg[s->args] * 10 + (c - '0');
    }
}

static void set_size(struct screen *s, int lines, int columns)
{
    const struct winsize size = { .ws_row = (unsigned short)lines, .ws_col = (unsigned short)columns };
    s->lines = at_most(lines, LINES_MAX);
    s->columns = at_most(columns, COLUMNS_MAX);
    s->y = s->x = s->top = 0;
    s->bottom = s->lines - 1;
    clear_from(s, 0, 0);
    if (s->fd > 0) (void)ioctl(s->fd, TIOCSWINSZ, &size);
}

/* What the program has written within ms. */
static void look(struct screen *s, int ms)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    unsigned char b[4096];
    while (poll(&p, 1, ms) > 0) {
        ssize_t n = read(s->fd, b, sizeof b);
        if (n <= 0) return;
        for (ssize_t i = 0; i < n; i++) take(s, b[i]);
        ms = 0;
    }
}

/* ---- the steps ---- */

static bool stands(const struct screen *s, const char *text)
{
    for (int y = 0; y < s->lines; y++)
        if (strstr(s->cell[y], text)) return true;
    return false;
}

static bool wait_text(struct screen *s, const char *rest, bool wanted)
{
    int used = 0, seconds = 0;
    if (sscanf(rest, "%d %n", &seconds, &used) < 1) return false;
    for (int64_t end = now_ms() + seconds * 1000;;) {
        look(s, STEP_MS);
        if (stands(s, rest + used) == wanted) return true;
        if (now_ms() > end) return false;
    }
}

static bool press(struct screen *s, const char *name)
{
    static const char *const KEYS[][2] = { { "up", "\033OA" }, { "down", "\033OB" }, { "right", "\033OC" }, { "left", "\033OD" },
                                           { "enter", "\r" }, { "back", "\b" } };
    const char *bytes = name;
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (!strcmp(name, KEYS[i][0])) bytes = KEYS[i][1];
    return write(s->fd, bytes, strlen(bytes)) == (ssize_t)strlen(bytes);
}

static bool ended(struct screen *s, const char *rest)
{
    int seconds = 0, code = 0, status = 0;
    struct termios t;
    if (sscanf(rest, "%d %d", &seconds, &code) != 2) return false;
    int64_t end = now_ms() + seconds * 1000;
    while (waitpid(s->pid, &status, WNOHANG) == 0) {
        if (now_ms() > end) return false;
        look(s, STEP_MS);
    }
    s->pid = 0;
    int seen = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    bool sane = tcgetattr(s->keep, &t) == 0 && (t.c_lflag & ECHO) && (t.c_lflag & ICANON) && (t.c_oflag & OPOST);
    if (seen != code) printf("exit code %d instead of %d\n", seen, code);
    if (!sane) puts("the terminal was left without echo or lines");
    return seen == code && sane;
}

static bool run(const char *command)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool step(struct screen *s, const char *line)
{
    int a = 0, b = 0;
    if (!strncmp(line, "see ", 4)) return wait_text(s, line + 4, true);
    if (!strncmp(line, "gone ", 5)) return wait_text(s, line + 5, false);
    if (!strncmp(line, "key ", 4)) return press(s, line + 4);
    if (!strncmp(line, "run ", 4)) return run(line + 4);
    if (!strncmp(line, "end ", 4)) return ended(s, line + 4);
    if (sscanf(line, "signal %d", &a) == 1) return s->pid > 0 && kill(s->pid, a) == 0;
    if (sscanf(line, "size %d %d", &a, &b) == 2) {
        look(s, STEP_MS);
        set_size(s, a, b);
        return true;
    }
    return line[0] == '\0' || line[0] == '#';
}

static bool start(struct screen *s, char **argv)
{
    const struct winsize size = { .ws_row = (unsigned short)s->lines, .ws_col = (unsigned short)s->columns };
    if (openpty(&s->fd, &s->keep, NULL, NULL, &size) != 0) return false;
    s->pid = fork();
    if (s->pid == 0) {
        close(s->fd);
        setenv("TERM", "vt100", 1);
        unsetenv("LINES");
        unsetenv("COLUMNS");
        if (login_tty(s->keep) == 0) execvp(argv[0], argv);
        _exit(127);
    }
    return s->pid > 0;
}

int main(int argc, char **argv)
{
    static struct screen s;
    char line[1024];
    int rc = 0;
    if (argc < 4) return fprintf(stderr, "screen LINES COLUMNS PROGRAM [ARGUMENT..] <STEPS\n"), 2;
    set_size(&s, (int)strtol(argv[1], NULL, 10), (int)strtol(argv[2], NULL, 10));
    if (!start(&s, argv + 3)) return perror("screen"), 2;
    while (rc == 0 && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (step(&s, line)) continue;
        rc = 1;
        printf("step failed: %s\n", line);
        for (int y = 0; y < s.lines; y++) printf("|%s|\n", s.cell[y]);
    }
    if (s.pid > 0) {
        (void)kill(s.pid, SIGKILL);
        (void)waitpid(s.pid, NULL, 0);
    }
    return rc;
}
