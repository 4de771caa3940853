/* doctor_line.c - of `rekap doctor`: the clock, and the way to the worker. Kind: E.
 *
 * A clock behind what is already stored would put new statements before old ones. Whether somebody sets it is asked of the kernel,
 * which is where timedatectl reads it: an estimated error of 16 s and more means nobody does. The worker's door is knocked at as
 * any program could; who stands behind it only the collector's CURVE session tells. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor.h"

enum { CONNECT_MS = 2000, AHEAD_S = 120, UNSYNCED_US = 16000000 };
static const time_t BUILT = 1735689600; /* 2025-01-01: no clock of a machine that runs this stands before it */

/* When something was last committed: of the stores' files, which also a stopped installation has. */
static time_t last_commit(const struct doctor *d)
{
    static const char *const files[] = { "worker/ledger/data.mdb", "collector/outbox/data.mdb", "aggregator/state/data.mdb" };
    char path[PLACE_PATH_MAX];
    struct stat sb;
    time_t last = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        place_path(&d->p, files[i], path);
        if (stat(path, &sb) == 0 && sb.st_mtime > last) last = sb.st_mtime;
    }
    return last;
}

void doctor_clock(struct doctor *d)
{
    time_t now = time(NULL), last = last_commit(d);
    struct tm tm;
    char text[64] = "";
    struct timex kernel = { 0 };
    const char *fix = "timedatectl set-ntp true";
    if (gmtime_r(&now, &tm)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (now < BUILT || now + AHEAD_S < last)
        doctor_note(d, "clock", DOCTOR_FAIL, cli_say(d->c, "jam mundur: lebih awal daripada catatan terakhir di sini",
                                                     "the clock is behind: earlier than what was last stored here"), fix);
    else doctor_note(d, "clock", DOCTOR_OK, text, "");
    if (adjtimex(&kernel) < 0) return;  /* not told here */
    if (kernel.maxerror >= UNSYNCED_US)
        doctor_note(d, "ntp", DOCTOR_WARN, cli_say(d->c, "jam tidak disetel oleh NTP", "nobody sets the clock (NTP)"), fix);
    else doctor_note(d, "ntp", DOCTOR_OK, cli_say(d->c, "jam disetel", "the clock is set"), "");
}

/* ---- the worker's door ---- */

static int knock(const struct sockaddr *a, socklen_t n)
{
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    socklen_t size = sizeof error;
    if (fd < 0) return errno;
    if (connect(fd, a, n) != 0) {
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        error = errno;
        if (error == EINPROGRESS) {
            error = ETIMEDOUT;
            if (poll(&p, 1, CONNECT_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        }
    }
    close(fd);
    return error;
}

/* Why nobody answers at tcp://HOST:PORT; NULL: somebody does. */
static const char *knock_tcp(const char *address)
{
    char host[300];
    const char *colon = strrchr(address, ':');
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    if (!colon || (size_t)(colon - address) >= sizeof host) return "HOST:PORT?";
    bool bracket = address[0] == '[' && colon > address + 1 && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(colon - address) - 2 * bracket, address + bracket);
    int rc = getaddrinfo(host, colon + 1, &hints, &list);
    if (rc != 0) return gai_strerror(rc);
    int error = ECONNREFUSED;
    for (const struct addrinfo *a = list; a && error; a = a->ai_next) error = knock(a->ai_addr, a->ai_addrlen);
    freeaddrinfo(list);
    return error ? strerror(error) : NULL;
}

static const char *knock_ipc(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path) return strerror(ENAMETOOLONG);
    int error = knock((const struct sockaddr *)&a, sizeof a);
    return error ? strerror(error) : NULL;
}

static void handshake(struct doctor *d)
{
    const json_t *desk = d->daemon[CONFIG_COLLECTOR];
    const char *session = json_string_value(json_object_get(desk, "session")),
               *refused = json_string_value(json_object_get(desk, "refused"));
    if (!desk) return;                  /* said among the daemons */
    if (session && !strcmp(session, "up")) {
        doctor_note(d, "handshake", DOCTOR_OK, cli_say(d->c, "CURVE tersambung", "CURVE session is up"), "");
        return;
    }
    doctor_note(d, "handshake", DOCTOR_FAIL,
                refused ? refused : cli_say(d->c, "collector belum tersambung ke worker (CURVE)",
                                            "the collector has no session with the worker (CURVE)"),
                cli_say(d->c, "samakan collector.worker_key dengan kunci publik worker; kantor: ulangi rekap office join",
                        "make collector.worker_key the worker's public key; an office: repeat rekap office join"));
}

void doctor_line(struct doctor *d)
{
    char text[DOCTOR_TEXT_MAX], fix[DOCTOR_TEXT_MAX];
    const struct conf *c = d->conf[CONFIG_COLLECTOR];
    const char *endpoint = c ? conf_text(c, "collector.worker") : "", *why = "ipc://, tcp://?";
    if (!c) return;
    if (!strncmp(endpoint, "tcp://", 6)) why = knock_tcp(endpoint + 6);
    else if (!strncmp(endpoint, "ipc://", 6)) why = knock_ipc(endpoint + 6);
    snprintf(text, sizeof text, "%s%s%s", endpoint, why ? ": " : "", why ? why : "");
    if (d->p.office)
        snprintf(fix, sizeof fix, "%s", cli_say(d->c, "periksa jaringan; di pusat: rekap up --listen",
                                                "look at the network; at the centre: rekap up --listen"));
    else snprintf(fix, sizeof fix, "rekap up --dir %s", d->p.dir);
    doctor_note(d, "address", why ? DOCTOR_FAIL : DOCTOR_OK, text, why ? fix : "");
    handshake(d);
}
