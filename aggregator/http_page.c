/* http_page.c - the monitor at `/` and the files it loads from `/assets/`. Kind: E.
 *
 * The files lie gzipped in the program (http_page.h): nothing beside it, nothing fetched from elsewhere, so the page works on a
 * machine without a network. A name with a hash of its content may be kept by the browser for ever; the page itself is asked for
 * each time. With `--assets DIR` (development) files are read from DIR at every request instead. The policy allows only what comes
 * from here: no script or style in the page's text, nothing embedded, nothing framed; names that offices choose stay text.
 *
 * Invariant: a path outside DIR is never opened; a name is one segment of letters, digits, dots, dashes and underscores. */
#include "aggregator/http_page.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aggregator/http_answer.h"

enum { DEVELOPMENT_FILE_MAX = 16 << 20 };
static const char POLICY[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                             "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static void describe(struct evhttp_request *req, bool gzip, bool fixed)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "Cache-Control", fixed ? "public, max-age=31536000, immutable" : "no-cache");
    evhttp_add_header(headers, "Content-Security-Policy", POLICY);
    if (gzip) evhttp_add_header(headers, "Content-Encoding", "gzip");
}

/* What lies in the program is sent from where it lies. */
static bool send_embedded(struct http *h, struct evhttp_request *req, const char *path)
{
    for (size_t i = 0; i < http_page_assets_n; i++) {
        const struct http_page_asset *a = &http_page_assets[i];
        if (strcmp(path, a->path) != 0) continue;
        struct evbuffer *b = evbuffer_new();
        if (b && evbuffer_add_reference(b, a->gz, a->n, NULL, NULL) == 0) {
            describe(req, true, a->fixed);
            http_reply(h, req, HTTP_OK, a->type, b);
        } else {
            evhttp_send_error(req, HTTP_INTERNAL, NULL);
        }
        if (b) evbuffer_free(b);
        return true;
    }
    return false;
}

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
                                           {".css", "text/css; charset=utf-8"}, {".json", "application/json; charset=utf-8"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(dot, types[i][0])) return types[i][1];
    return "text/plain; charset=utf-8";
}

/* The name below DIR that a path asks for; NULL: none. */
static const char *name_of(const char *path)
{
    static const char prefix[] = "/assets/";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    if (!strcmp(path, "/")) return "index.html";
    if (strncmp(path, prefix, sizeof prefix - 1) != 0) return NULL;
    const char *name = path + sizeof prefix - 1;
    return name[0] && name[0] != '.' && strspn(name, plain) == strlen(name) ? name : NULL;
}

/* libevent takes a few KiB at a time. */
static bool take_file(struct evbuffer *b, int fd, off_t size)
{
    for (int n; size > 0; size -= n)
        if ((n = evbuffer_read(b, fd, (int)size)) <= 0) return false;
    return true;
}

static bool send_from(struct http *h, struct evhttp_request *req, const char *dir, const char *path)
{
    char file[4096];
    struct stat sb;
    const char *name = name_of(path);
    int n = name ? snprintf(file, sizeof file, "%s/%s", dir, name) : -1;
    int fd = n > 0 && (size_t)n < sizeof file ? open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0) return false;
    struct evbuffer *b = evbuffer_new();
    bool whole = b && fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_size <= DEVELOPMENT_FILE_MAX &&
                 take_file(b, fd, sb.st_size);
    (void)close(fd);
    if (whole) {
        describe(req, false, false);
        http_reply(h, req, HTTP_OK, type_of(name), b);
    }
    if (b) evbuffer_free(b);
    return whole;
}

bool http_page(struct http *h, struct evhttp_request *req, const char *path)
{
    if (!path[0]) path = "/";
    if (h->o.assets && h->o.assets[0]) return send_from(h, req, h->o.assets, path);
    return send_embedded(h, req, path);
}

const char *http_page_dir(int *argc, char **argv)
{
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], "--assets") != 0) continue;
        const char *dir = argv[i + 1];
        memmove(argv + i, argv + i + 2, (size_t)(*argc - i - 1) * sizeof *argv);
        *argc -= 2;
        return dir;
    }
    return NULL;
}
