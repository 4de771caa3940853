/* inbox_file.c - the files of the watched folder: which is next, is it whole, where it goes. Kind: E.
 *
 * Design notes: nobody tells that a file is complete. A copy that goes on changes size or time within the quiet while; one that is
 * paused holds the file open, which a read lease tells on local file systems. Symbolic links are not followed: a folder that others
 * may write into must not lead out of it. Invariant: no file is ever overwritten. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/inbox_part.h"
#include "proto/bytes.h"
#include "proto/status.h"

enum { TRIES_MAX = 9999 };

static bool ends(const char *name, const char *tail)
{
    size_t n = strlen(name), t = strlen(tail);
    return n > t && !strcasecmp(name + n - t, tail);
}

static bool is_ours(const char *name)
{
    static const char *const NOT[] = { "~", ".tmp", ".part", ".crdownload", ".lock" };
    size_t n = strlen(name);
    if (name[0] == '.' || name[0] == '~' || n > INBOX_NAME_MAX - 40) return false;
    for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++)
        if (ends(name, NOT[i])) return false;
    return bytes_utf8_ok(name, n);
}

static bool before(const struct inbox_file *a, const struct inbox_file *b)
{
    if (a->look.changed_ns != b->look.changed_ns) return a->look.changed_ns < b->look.changed_ns;
    return strcmp(a->name, b->name) < 0;
}

int inbox_oldest(const char *dir, struct inbox_file *ret)
{
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat sb;
        struct inbox_file f;
        if (!is_ours(e->d_name) || fstatat(dirfd(d), e->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(sb.st_mode)) continue;
        if (sb.st_size == 0) continue;  /* created, and nothing written yet */
        snprintf(f.name, sizeof f.name, "%s", e->d_name);
        f.look = (struct inbox_look){ sb.st_ino, (uint64_t)sb.st_size,
                                      (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec };
        if (!found || before(&f, ret)) *ret = f;
        found = true;
    }
    if (d) (void)closedir(d);
    return found ? ST_OK : ST_NOT_FOUND;
}

bool inbox_is_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return errno != ENOENT;
    bool busy = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && (errno == EAGAIN || errno == EBUSY);
    if (!busy) (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    (void)close(fd);
    return busy;
}

int inbox_move(const char *from, const char *name, const char *to, char *ret_name)
{
    char old[CHILD_PATH_MAX], new[CHILD_PATH_MAX];
    const char *dot = strrchr(name, '.');
    int stem = (int)(dot ? (size_t)(dot - name) : strlen(name));
    if ((size_t)snprintf(old, sizeof old, "%s/%s", from, name) >= sizeof old) return ST_FULL;
    for (int i = 1; i <= TRIES_MAX; i++) {
        if (i == 1) snprintf(ret_name, INBOX_NAME_MAX + 1, "%s", name);
        else snprintf(ret_name, INBOX_NAME_MAX + 1, "%.*s (%d)%s", stem, name, i, dot ? dot : "");
        if ((size_t)snprintf(new, sizeof new, "%s/%s", to, ret_name) >= sizeof new) return ST_FULL;
        if (renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_NOREPLACE) == 0) return ST_OK;
        if (errno != EEXIST) return ST_IO;
    }
    return ST_FULL;
}

void inbox_copy_name(const char *name, char ret[INBOX_NAME_MAX + 32])
{
    const char *dot = strrchr(name, '.');
    bool book = ends(name, ".xlsx") || ends(name, ".xlsm");
    snprintf(ret, INBOX_NAME_MAX + 32, "%.*s-bertanda.%s", (int)(dot ? (size_t)(dot - name) : strlen(name)), name,
             book ? "xlsx" : "csv");
}
