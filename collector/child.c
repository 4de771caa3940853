/* child.c - see child.h. Kind: E.
 *
 * Between fork and exec only system calls are made. Invariant: after child_end no process of ours is left. */
#include "collector/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/status.h"

void child_init(struct child *c) { *c = (struct child){ .pidfd = -1, .out = -1, .err = -1 }; }

int child_program(char ret[CHILD_PATH_MAX])
{
    static const char name[] = "/rekap";
    ssize_t n = readlink("/proc/self/exe", ret, CHILD_PATH_MAX - sizeof name);
    char *slash = n > 0 ? memrchr(ret, '/', (size_t)n) : NULL;
    if (slash) memcpy(slash, name, sizeof name);
    return slash && access(ret, X_OK) == 0 ? ST_OK : ST_NOT_FOUND;
}

_Noreturn static void become(const struct child *c, pid_t parent, const char *dir, char *const argv[])
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || dup2(in, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->err, 2) < 0) _exit(127);
    if (dir && chdir(dir) != 0) _exit(127);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)close_range(3, ~0U, 0);
    execv(argv[0], argv);
    _exit(127);
}

int child_begin(struct child *c, const char *in, char *const argv[])
{
    c->out = memfd_create("rekap-child-out", MFD_CLOEXEC);
    c->err = memfd_create("rekap-child-err", MFD_CLOEXEC);
    if (c->out < 0 || c->err < 0) return ST_IO;
    pid_t self = getpid(), pid = fork();
    if (pid == 0) become(c, self, in, argv);
    if (pid < 0) return ST_IO;
    c->pid = pid;
    c->pidfd = pidfd_open(pid, 0);
    return c->pidfd >= 0 ? ST_OK : ST_IO;
}

bool child_ended(struct child *c, int *ret_status)
{
    if (c->pid <= 0) return false;
    pid_t gone = waitpid(c->pid, ret_status, WNOHANG);
    if (gone == 0 || (gone < 0 && errno == EINTR)) return false;
    c->pid = 0;
    return true;
}

void child_end(struct child *c)
{
    const int fds[] = { c->pidfd, c->out, c->err };
    if (c->pid > 0) {
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0) (void)close(fds[i]);
    child_init(c);
}

char *child_text(int fd, size_t max, size_t *ret_n)
{
    struct stat sb;
    if (fstat(fd, &sb) != 0 || sb.st_size < 0 || (uint64_t)sb.st_size > max) return NULL;
    char *text = malloc((size_t)sb.st_size + 1);
    ssize_t n = text ? pread(fd, text, (size_t)sb.st_size, 0) : -1;
    if (n != sb.st_size) return free(text), NULL;
    text[n] = '\0';
    *ret_n = (size_t)n;
    return text;
}
