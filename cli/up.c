/* up.c - `rekap up`: the whole system on this machine, in the foreground. Kind: E.
 *
 * One supervisor, three daemons, one process group. The daemons ask the kernel to kill them with the supervisor, so nothing
 * outlives it even at kill -9; a lock on DIR/up.lock lets only one supervisor at a time serve a DIR. Signals come through a
 * descriptor and are looked at before the dead are counted, so a Ctrl-C that reaches the whole group is a stop and not three
 * crashes.
 *
 * In an office's installation (rekap office join) there is a collector and nothing else. While a new key of the office waits for
 * the centre's approval, `rekap office rotate-key` is run again every few seconds: it asks, and puts the key in place once it is in
 * the register.
 *
 * At a centre `rekap notices --deliver` is run again and again, as another process: what it asks and whom it calls holds up nobody
 * but itself. It takes at most a twentieth of the time, so a centre with thousands of offices is not asked without end.
 *
 * A daemon that died is started again after 200 ms, doubling up to 2 s, and from 200 ms again once it has lived for 2 s. Before
 * the first readiness the supervisor gives up after a few deaths: then it is the set-up that is wrong, and the log's last line says
 * what. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/notice.h"
#include "cli/setup.h"
#include "proto/backoff.h"
#include "proto/conf.h"

enum { WORKER, COLLECTOR, AGGREGATOR, DAEMONS };
enum {
    BACKOFF_FIRST_MS = 200,
    BACKOFF_MAX_MS = 2000,
    STEADY_MS = 10 * 1000,
    STOP_MS = 5000,
    PROBE_MS = 50,
    DEATHS_MAX = 5,
    KEYS_MS = 2000,
    NOTICES_MS = 60 * 1000,
    NOTICES_SHARE = 20,
    LOG_TAIL = 2048
};
static const char *const NAMES[DAEMONS] = { "worker", "collector", "aggregator" };

struct daemon {
    pid_t pid;              /* 0: not running */
    int64_t started, again; /* monotonic ms */
    struct backoff wait;
    int deaths;
    bool answers; /* has answered since it was started */
};
struct up {
    const struct cli *c;
    struct place p;
    struct daemon d[DAEMONS];
    int signal_fd, lock_fd;
    sigset_t before; /* signal mask of the daemons */
    bool ready;
    pid_t helper;    /* `rekap office rotate-key` or `rekap notices`, see above */
    int64_t helper_began, notices_at; /* when notices are looked at again */
    char desk[PLACE_HTTP_MAX]; /* address of the office's page; "": none */
    int64_t keys_at; /* when new keys are looked for again */
};

static bool runs(const struct up *u, unsigned i) { return !u->p.office || i == COLLECTOR; }

/* ---- one daemon ---- */

static void log_path(const struct up *u, unsigned i, char ret[PLACE_PATH_MAX])
{
    char below[64];
    snprintf(below, sizeof below, "log/%s.log", NAMES[i]);
    place_path(&u->p, below, ret);
}

/* In the child, between fork and exec: system calls only. */
_Noreturn static void become(const struct up *u, pid_t parent, const char *log, char *const argv[])
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    int out = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(127);
    sigprocmask(SIG_SETMASK, &u->before, NULL);
    execv(argv[0], argv);
    static const char failed[] = "rekap up: program cannot be started\n";
    if (write(2, failed, sizeof failed - 1) < 0) _exit(126);
    _exit(127);
}

static int spawn(struct up *u, unsigned i)
{
    char program[PLACE_PATH_MAX], part[64], below[64], config[PLACE_PATH_MAX], log[PLACE_PATH_MAX], option[] = "--config";
    char *const argv[] = { program, option, config, NULL };
    snprintf(part, sizeof part, "/rekap-%s", NAMES[i]);
    snprintf(below, sizeof below, "etc/%s.conf", NAMES[i]);
    if (place_program(part, program) != ST_OK || access(program, X_OK) != 0)
        return cli_fail(u->c, "program tidak ditemukan di samping rekap", "program not found beside rekap", part + 1);
    place_path(&u->p, below, config);
    log_path(u, i, log);
    pid_t self = getpid(), pid = fork();
    if (pid == 0) become(u, self, log, argv);
    if (pid < 0) return cli_fail(u->c, "proses baru ditolak sistem", "the system refused a new process", strerror(errno));
    u->d[i].pid = pid;
    u->d[i].started = cli_mono_ms();
    u->d[i].answers = false;
    return EXIT_OK;
}

static void print_log_tail(const struct up *u, unsigned i)
{
    char path[PLACE_PATH_MAX], text[LOG_TAIL + 1];
    log_path(u, i, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    ssize_t n = fd >= 0 ? pread(fd, text, LOG_TAIL, end > LOG_TAIL ? end - LOG_TAIL : 0) : 0;
    if (fd >= 0) close(fd);
    if (n <= 0) return;
    text[n] = '\0';
    while (n > 0 && text[n - 1] == '\n') text[--n] = '\0';
    const char *line = strrchr(text, '\n');
    fprintf(stderr, "  %s\n  (%s)\n", line ? line + 1 : text, path);
}

static void describe_end(int status, char *ret, size_t size)
{
    if (WIFSIGNALED(status)) snprintf(ret, size, "%s", sigdescr_np(WTERMSIG(status)) ? sigdescr_np(WTERMSIG(status)) : "signal");
    else snprintf(ret, size, "exit %d", WEXITSTATUS(status));
}

static void buried(struct up *u, unsigned i, int status)
{
    struct daemon *d = &u->d[i];
    char how[64];
    int64_t now = cli_mono_ms();
    int64_t lived = now - d->started;
    bool steady = lived >= STEADY_MS;
    describe_end(status, how, sizeof how);
    /* who lived as long as the longest wait did not die of starting: no more starts than that wait allows */
    backoff_lived(&d->wait, lived, BACKOFF_MAX_MS);
    const int wait = backoff_take(&d->wait, 0);
    d->deaths = steady ? 1 : d->deaths + 1;
    d->pid = 0;
    d->again = now + wait;
    cli_talk(u->c, "%s berhenti (%s); dijalankan lagi dalam %d ms", "%s ended (%s); it is started again in %d ms", NAMES[i], how,
             wait);
    if (!WIFSIGNALED(status)) print_log_tail(u, i);
}

/* How often notices are looked at, by the administrator's configuration; a faulty one is told by the run itself. */
static int64_t notices_every(const struct up *u)
{
    char path[PLACE_PATH_MAX];
    struct conf *conf = NULL;
    struct buf errors;
    int64_t ms = NOTICES_MS;
    place_path(&u->p, "etc/notice.conf", path);
    buf_init(&errors, 64 << 10);
    if (notice_conf_read(path, &conf, &errors) == ST_OK) ms = conf_int(conf, "notice.every") / 1000;
    buf_done(&errors);
    conf_free(&conf);
    return ms;
}

static void helped(struct up *u)
{
    int64_t now = cli_mono_ms(), took = now - u->helper_began, every = u->p.office ? 0 : notices_every(u);
    u->helper = 0;
    u->notices_at = took * NOTICES_SHARE > every ? u->helper_began + took * NOTICES_SHARE : u->helper_began + every;
}

static void reap(struct up *u)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (unsigned i = 0; i < DAEMONS; i++)
            if (u->d[i].pid == pid) buried(u, i, status);
        if (pid == u->helper) helped(u);
    }
}

/* ---- all of them ---- */

static int restart_due(struct up *u)
{
    int64_t now = cli_mono_ms();
    for (unsigned i = 0; i < DAEMONS; i++) {
        struct daemon *d = &u->d[i];
        if (d->pid || d->again > now || !runs(u, i)) continue;
        if (!u->ready && d->deaths >= DEATHS_MAX) return cli_fail(u->c, "tidak dapat dijalankan", "cannot be started", NAMES[i]);
        /* Its port may have gone to somebody else. At the start it was free a moment ago, so that is another `up` that chose the
         * same one; later on a moment of patience first, for a process that is just ending. */
        if (i == AGGREGATOR && d->deaths > (u->ready ? 2 : 0) && !u->c->value[OPT_HTTP]) (void)setup_move_http(u->c, &u->p);
        int rc = spawn(u, i);
        if (rc != EXIT_OK) return rc;
    }
    return EXIT_OK;
}

static bool answers(const struct up *u, unsigned i)
{
    json_t *a = NULL;
    struct ask_answer h = { 0 };
    bool ok = place_ask(&u->p, NAMES[i], "{\"verb\":\"status\"}", 300, &a) == ST_OK;
    json_decref(a);
    if (!ok || i != AGGREGATOR) return ok;
    ok = ask_get(u->p.http, "/healthz", 300, &h) == ST_OK && h.status == 200;
    free(h.body);
    return ok;
}

/* Where the office's page is, with the secret that opens it; "": there is none. The collector wrote it when it had the address. */
static void desk_link(const struct up *u, char *ret, size_t size)
{
    char path[PLACE_PATH_MAX];
    struct buf b;
    ret[0] = '\0';
    place_path(&u->p, "collector/desk.link", path);
    buf_init(&b, size);
    if (u->desk[0] && conf_file_read(path, size - 1, &b) == ST_OK) snprintf(ret, size, "%.*s", (int)b.n, (const char *)b.p);
    ret[strcspn(ret, "\n")] = '\0';
    buf_done(&b);
}

static void announce_office(const struct up *u)
{
    char path[PLACE_PATH_MAX], centre[256] = "", link[512];
    place_path(&u->p, "etc/collector.conf", path);
    (void)place_setting(path, "collector", "worker", centre, sizeof centre);
    desk_link(u, link, sizeof link);
    if (u->c->format == FORMAT_JSON)
        printf("{\"ready\":true,\"http\":null,\"desk\":%s%s%s,\"centre\":\"%s\",\"pids\":{\"up\":%ld,\"collector\":%ld}}\n",
               link[0] ? "\"" : "", link[0] ? link : "null", link[0] ? "\"" : "", centre, (long)getpid(),
               (long)u->d[COLLECTOR].pid);
    else {
        if (link[0])
            printf("%s: %s\n", cli_say(u->c, "halaman kantor (tautan rahasia)", "the office's page (a secret link)"), link);
        printf("%s: %s\n%s: %s/log\n%s\n", cli_say(u->c, "kantor; mengirim ke pusat", "office; sends to the centre"), centre,
               cli_say(u->c, "log", "logs"), u->p.dir,
               cli_say(u->c, "Ctrl-C menghentikan; data tetap tersimpan", "Ctrl-C stops it; nothing stored is lost"));
    }
    fflush(stdout);
}

static void announce(const struct up *u)
{
    if (u->p.office) {
        announce_office(u);
        return;
    }
    if (u->c->format == FORMAT_JSON) {
        printf(
            "{\"ready\":true,\"http\":\"http://%s\",\"pids\":{\"up\":%ld,\"worker\":%ld,\"collector\":%ld,\"aggregator\":%ld}}\n",
            u->p.http, (long)getpid(), (long)u->d[WORKER].pid, (long)u->d[COLLECTOR].pid, (long)u->d[AGGREGATOR].pid);
    } else {
        printf("monitor: http://%s/\n%s: %s/log\n", u->p.http, cli_say(u->c, "log", "logs"), u->p.dir);
        puts(cli_say(u->c, "Ctrl-C menghentikan; data tetap tersimpan", "Ctrl-C stops it; nothing stored is lost"));
    }
    fflush(stdout);
}

static void probe(struct up *u)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        if (u->d[i].pid && !u->d[i].answers) u->d[i].answers = answers(u, i);
    for (unsigned i = 0; i < DAEMONS; i++)
        if (runs(u, i) && (!u->d[i].pid || !u->d[i].answers)) return;
    u->ready = true;
    u->notices_at = cli_mono_ms() + notices_every(u);
    announce(u);
}

/* Reads what signals have come; true: stop. */
static bool drain_signals(struct up *u)
{
    struct signalfd_siginfo s;
    bool stop = false;
    while (read(u->signal_fd, &s, sizeof s) == (ssize_t)sizeof s) stop |= s.ssi_signo != SIGCHLD;
    return stop;
}

static int next_timeout(const struct up *u)
{
    int64_t now = cli_mono_ms(), least = !u->ready ? PROBE_MS : u->p.office ? KEYS_MS : 60 * 1000;
    if (u->ready && !u->p.office && !u->helper && u->notices_at - now < least) least = u->notices_at - now;
    for (unsigned i = 0; i < DAEMONS; i++)
        if (runs(u, i) && !u->d[i].pid && u->d[i].again - now < least) least = u->d[i].again - now;
    return least > 0 ? (int)least : 0;
}

/* ---- a new key that waits ---- */

/* The office of a key that was made and is not in place yet; false: none. */
static bool waiting_key(const struct up *u, char ret[OFFICE_ID_MAX + 1])
{
    static const char tail[] = ".key.baru";
    char path[PLACE_PATH_MAX];
    bool found = false;
    place_path(&u->p, "keys/office", path);
    DIR *d = opendir(path);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        size_t n = strlen(e->d_name), t = sizeof tail - 1;
        found = n > t && n - t <= OFFICE_ID_MAX && !strcmp(e->d_name + n - t, tail);
        if (found) snprintf(ret, OFFICE_ID_MAX + 1, "%.*s", (int)(n - t), e->d_name);
    }
    if (d) closedir(d);
    return found;
}

static void help(struct up *u, char *const argv[], const char *log_name)
{
    char log[PLACE_PATH_MAX];
    place_path(&u->p, log_name, log);
    pid_t self = getpid(), pid = fork();
    if (pid == 0) become(u, self, log, argv);
    u->helper_began = cli_mono_ms();
    if (pid > 0) u->helper = pid;
}

static void ask_about_keys(struct up *u)
{
    char program[PLACE_PATH_MAX], id[OFFICE_ID_MAX + 1], office[] = "office", verb[] = "rotate-key", dir_option[] = "--dir";
    char *const argv[] = { program, office, verb, id, dir_option, u->p.dir, NULL };
    int64_t now = cli_mono_ms();
    if (!u->p.office || u->helper || now < u->keys_at) return;
    u->keys_at = now + KEYS_MS;
    if (!waiting_key(u, id) || place_program("/rekap", program) != ST_OK) return;
    help(u, argv, "log/office.log");
}

static void deliver_notices(struct up *u)
{
    char program[PLACE_PATH_MAX], verb[] = "notices", deliver[] = "--deliver", dir_option[] = "--dir";
    char *const argv[] = { program, verb, deliver, dir_option, u->p.dir, NULL };
    int64_t now = cli_mono_ms();
    if (u->p.office || !u->ready || u->helper || now < u->notices_at) return;
    u->notices_at = now + NOTICES_MS;
    if (place_program("/rekap", program) == ST_OK) help(u, argv, "log/notice.log");
}

static int supervise(struct up *u)
{
    for (;;) {
        struct pollfd fd = { .fd = u->signal_fd, .events = POLLIN };
        (void)poll(&fd, 1, next_timeout(u));
        if (drain_signals(u)) return EXIT_OK;
        reap(u);
        int rc = restart_due(u);
        if (rc != EXIT_OK) return rc;
        if (!u->ready) probe(u);
        ask_about_keys(u);
        deliver_notices(u);
    }
}

static unsigned running(struct up *u)
{
    unsigned n = 0;
    for (unsigned i = 0; i < DAEMONS; i++) {
        if (u->d[i].pid && waitpid(u->d[i].pid, NULL, WNOHANG) != 0) u->d[i].pid = 0;
        n += u->d[i].pid != 0;
    }
    return n;
}

static void signal_all(const struct up *u, int sig)
{
    for (unsigned i = 0; i < DAEMONS; i++)
        if (u->d[i].pid) kill(u->d[i].pid, sig);
}

static void stop(struct up *u)
{
    int64_t end = cli_mono_ms() + STOP_MS;
    if (u->helper && kill(u->helper, SIGKILL) == 0) (void)waitpid(u->helper, NULL, 0);  /* it can be cut short anywhere */
    signal_all(u, SIGTERM);
    while (running(u) && cli_mono_ms() < end) {
        struct pollfd fd = { .fd = u->signal_fd, .events = POLLIN };
        (void)poll(&fd, 1, (int)(end - cli_mono_ms()));
        (void)drain_signals(u);
    }
    if (!running(u)) return;
    signal_all(u, SIGKILL);
    for (unsigned i = 0; i < DAEMONS; i++)
        if (u->d[i].pid) waitpid(u->d[i].pid, NULL, 0);
}

/* ---- start ---- */

static int take_lock(struct up *u)
{
    char path[PLACE_PATH_MAX];
    place_path(&u->p, "up.lock", path);
    u->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (u->lock_fd >= 0 && flock(u->lock_fd, LOCK_EX | LOCK_NB) == 0) return EXIT_OK;
    int why = errno;
    if (u->lock_fd >= 0) close(u->lock_fd);
    u->lock_fd = -1;                    /* not ours: nothing of the place is ours to remove */
    if (why != EWOULDBLOCK) return cli_fail(u->c, "tidak dapat dikunci", "cannot be locked", strerror(why));
    return cli_fail(u->c, "rekap up sudah berjalan untuk DIR ini", "rekap up is already running for this DIR", u->p.dir);
}

static int take_signals(struct up *u)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, &u->before);
    u->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return u->signal_fd >= 0 ? EXIT_OK : cli_fail(u->c, "sinyal", "signals", strerror(errno));
}

/* A port that a process of the last run is just giving back is waited for; one that is really taken is left to its owner. */
static int settle_http(struct up *u)
{
    for (int64_t end = cli_mono_ms() + 2000; !setup_http_free(u->p.http) && cli_mono_ms() < end;) cli_pause(50);
    if (setup_http_free(u->p.http) || (!u->c->value[OPT_HTTP] && setup_move_http(u->c, &u->p))) return EXIT_OK;
    return cli_fail(u->c, "alamat monitor sudah dipakai atau tidak ada di komputer ini",
                    "the monitor's address is taken or not of this machine", u->p.http);
}

/* The sockets of daemons that died, and their directory; the lock still keeps another supervisor out. */
static void leave_nothing(const struct up *u)
{
    static const char *const sockets[] = { "worker", "collector", "aggregator", "feed", "publish" };
    char path[PLACE_SOCKET_MAX];
    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
        place_socket(&u->p, sockets[i], path);
        (void)unlink(path);
    }
    (void)rmdir(u->p.runtime);
}

static int prepare_centre(struct up *u)
{
    const char *listen = u->c->value[OPT_LISTEN];
    int rc = setup_run(u->c, &u->p, u->c->value[OPT_HTTP]);
    if (rc == EXIT_OK && listen) rc = setup_listen(u->c, &u->p, listen);
    return rc == EXIT_OK ? settle_http(u) : rc;
}

int up_run(struct cli *c)
{
    struct up u = { .c = c, .signal_fd = -1, .lock_fd = -1 };
    for (unsigned i = 0; i < DAEMONS; i++) backoff_init(&u.d[i].wait, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    int rc = place_create(c, &u.p);
    if (rc == EXIT_OK) rc = take_lock(&u);
    if (rc == EXIT_OK) rc = place_runtime(c, &u.p);
    if (rc == EXIT_OK) rc = u.p.office ? setup_desk(c, &u.p, c->value[OPT_HTTP], u.desk) : prepare_centre(&u);
    if (rc == EXIT_OK) rc = take_signals(&u);
    if (rc == EXIT_OK) {
        rc = supervise(&u);
        stop(&u);
    }
    if (u.lock_fd >= 0) leave_nothing(&u);
    return rc;
}
