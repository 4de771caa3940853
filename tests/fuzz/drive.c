/* drive.c - drive SEED RUNS SECONDS MAX_LEN FIND_PREFIX CORPUS [DIRECTORY..]: runs one fuzz target very often. Kind: E, tests only.
 *
 * Where a target takes a microsecond, libFuzzer itself is most of each run (a binary of all objects: 95 of 100 cycles for its
 * counters, its comparisons and its bookkeeping). This is the least that still learns: inputs are changed at random, those that
 * took an edge more often than any before are kept and changed further. The target is built with the same entry, its assertions
 * and undefined behaviour that traps; without the address sanitizer, but each input ends at a page that cannot be read, so a byte
 * too many that is read of it ends the run. What is kept goes to CORPUS, where the build with the address sanitizer takes it up
 * (tests/fuzz/campaign).
 *
 * Invariant: an input that ends the process, or takes ten seconds, lies in FIND_PREFIX* before the process has ended. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to);
void __sanitizer_cov_pcs_init(const uintptr_t *from, const uintptr_t *to);
void __sanitizer_cov_trace_pc_indir(uintptr_t callee);

enum { KEPT_MAX = 1 << 15, LATE = 64, CHANGES_MAX = 4, PATIENCE_S = 10, LOOK_EVERY = 1 << 12, LEN_MAX = 1 << 20 };
struct input { uint8_t *p; size_t n; };
static struct drive {
    uint8_t *count, *most;              /* of each edge: in this run; in any so far, as the end of its class */
    size_t edges;
    struct input kept[KEPT_MAX];
    size_t kept_n, max, n;
    uint8_t *end;                       /* of the page before the one that cannot be read */
    uint64_t random, runs, seen_runs;
    unsigned stuck;
    const char *find, *corpus;
} d;

/* ---- coverage ---- */

void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to)
{
    if (d.count || from == to) return;  /* one module */
    d.count = from;
    d.edges = (size_t)(to - from);
}

void __sanitizer_cov_pcs_init(const uintptr_t *from, const uintptr_t *to)
{
    (void)from;
    (void)to;
}

void __sanitizer_cov_trace_pc_indir(uintptr_t callee) { (void)callee; }

static uint8_t class_end(uint8_t n) { return n < 4 ? n : n < 8 ? 7 : n < 16 ? 15 : n < 32 ? 31 : n < 128 ? 127 : 255; }

static int more(void)
{
    uint8_t any = 0;
    for (size_t i = 0; i < d.edges; i++) any |= d.count[i] > d.most[i];
    return any;
}

static void learn(void)
{
    for (size_t i = 0; i < d.edges; i++)
        if (d.count[i] > d.most[i]) d.most[i] = class_end(d.count[i]);
}

static size_t covered(void)
{
    size_t n = 0;
    for (size_t i = 0; i < d.edges; i++) n += d.most[i] > 0;
    return n;
}

/* ---- finds ---- */

static void put_file(const char *path, const uint8_t *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return;
    while (n > 0) {
        ssize_t put = write(fd, p, n);
        if (put <= 0) break;
        p += put;
        n -= (size_t)put;
    }
    close(fd);
}

static void found(const char *what)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s-%llu-%d", d.find, what, (unsigned long long)d.runs, (int)getpid());
    put_file(path, d.end - d.n, d.n);
    dprintf(2, "FOUND: %s\n", path);
}

static void on_end(int sig)
{
    found("crash");
    signal(sig, SIG_DFL);
    raise(sig);
}

static void on_second(int sig)
{
    (void)sig;
    d.stuck = d.runs == d.seen_runs ? d.stuck + 1 : 0;
    d.seen_runs = d.runs;
    if (d.stuck < PATIENCE_S) return;
    found("slow");
    _exit(1);
}

static void watch(void)
{
    static const int ends[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE };
    struct itimerval second = { { 1, 0 }, { 1, 0 } };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) signal(ends[i], on_end);
    signal(SIGVTALRM, on_second);       /* of processor time: a busy machine makes nothing slow */
    setitimer(ITIMER_VIRTUAL, &second, NULL);
}

/* ---- inputs ---- */

static uint64_t draw(void)              /* splitmix64 */
{
    uint64_t z = d.random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(size_t n) { return (size_t)((unsigned __int128)draw() * n >> 64); }

static void keep(const uint8_t *p, size_t n)
{
    struct input *i = &d.kept[d.kept_n < KEPT_MAX ? d.kept_n++ : below(KEPT_MAX)];
    free(i->p);
    i->p = malloc(n + 1);
    if (!i->p) exit(2);
    memcpy(i->p, p, n);
    i->n = n;
}

static void keep_file(const uint8_t *p, size_t n)
{
    char path[512];
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    snprintf(path, sizeof path, "%s/%016llx", d.corpus, (unsigned long long)h);
    put_file(path, p, n);
}

/* Numbers at the ends of what fits somewhere, big-endian as in every format of ours. */
static size_t edge_number(uint8_t ret[8])
{
    static const uint64_t ends[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
                                     0xffffffff, UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000000000000000), UINT64_MAX };
    uint64_t v = ends[below(sizeof ends / sizeof *ends)] + below(3) - 1;
    size_t n = (size_t)1 << below(4);
    for (size_t i = 0; i < n; i++) ret[i] = (uint8_t)(v >> 8 * (n - 1 - i));
    return n;
}

/* `n` bytes from `p` go to `at` of the work piece, in the place of what is there or before it. */
static void put(uint8_t *w, size_t at, const uint8_t *p, size_t n, int insert)
{
    if (insert) {
        if (d.n + n > d.max) n = d.max - d.n;
        memmove(w + at + n, w + at, d.n - at);
        d.n += n;
    } else if (at + n > d.n) {
        n = d.n - at;
    }
    memcpy(w + at, p, n);
}

static void change(uint8_t *w)
{
    const struct input *other = &d.kept[below(d.kept_n)];
    uint8_t bytes[16];
    size_t at = below(d.n + 1), n;
    switch (below(8)) {
    case 0: if (at < d.n) w[at] ^= (uint8_t)(1 << below(8)); break;
    case 1: if (at < d.n) w[at] = (uint8_t)draw(); break;
    case 2: if (at < d.n) w[at] = (uint8_t)(w[at] + below(33) - 16); break;
    case 3: n = edge_number(bytes); put(w, at, bytes, n, below(4) == 0); break;
    case 4:
        n = 1 + below(below(4) ? 4 : 64);
        if (at + n > d.n) n = d.n - at;
        memmove(w + at, w + at + n, d.n - at - n);
        d.n -= n;
        break;
    case 5:
        n = 1 + below(sizeof bytes);
        for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)draw();
        put(w, at, bytes, n, 1);
        break;
    default:                            /* a piece of another, or of itself as it was kept */
        if (other->n == 0) break;
        size_t from = below(other->n);
        n = 1 + below(other->n - from);
        put(w, at, other->p + from, n, below(2) == 0);
    }
}

/* ---- runs ---- */

static void run(const uint8_t *p, size_t n)
{
    d.n = n;
    memmove(d.end - n, p, n);
    memset(d.count, 0, d.edges);
    d.runs++;
    (void)LLVMFuzzerTestOneInput(d.end - n, n);
}

static void one(uint8_t *w)
{
    size_t late = d.kept_n < LATE ? d.kept_n : LATE;
    const struct input *from = &d.kept[below(2) ? below(d.kept_n) : d.kept_n - 1 - below(late)];
    d.n = from->n;
    memcpy(w, from->p, from->n);
    for (size_t i = 1 + below(CHANGES_MAX); i > 0; i--) change(w);
    run(w, d.n);
    if (!more()) return;
    learn();
    keep(d.end - d.n, d.n);
    keep_file(d.end - d.n, d.n);
}

/* Whatever lies in a directory, as it is; what is longer than allowed is cut. */
static void begin_with(const char *dir, uint8_t *w)
{
    DIR *all = opendir(dir);
    if (!all) return;
    for (struct dirent *e; (e = readdir(all));) {
        char path[1024];
        struct stat sb;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        int fd = stat(path, &sb) == 0 && S_ISREG(sb.st_mode) ? open(path, O_RDONLY) : -1;
        ssize_t n = fd >= 0 ? read(fd, w, d.max) : -1;
        if (fd >= 0) close(fd);
        if (n < 0) continue;
        run(w, (size_t)n);
        if (more()) keep(d.end - d.n, d.n);
        learn();
    }
    closedir(all);
}

static double seconds(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void prepare(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), all = LEN_MAX + page;
    uint8_t *room = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || mprotect(room + LEN_MAX, page, PROT_NONE) != 0) exit(2);
    d.end = room + LEN_MAX;
    d.most = calloc(d.edges + 1, 1);
    if (!d.most || !d.count) exit(2);
}

int main(int argc, char **argv)
{
    static uint8_t w[LEN_MAX + 64];
    if (argc < 7) return fprintf(stderr, "drive SEED RUNS SECONDS MAX_LEN FIND_PREFIX CORPUS [DIRECTORY..]\n"), 2;
    uint64_t runs = strtoull(argv[2], NULL, 10);
    double until = seconds(CLOCK_MONOTONIC) + (double)strtoull(argv[3], NULL, 10), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    d.random = strtoull(argv[1], NULL, 10);
    d.max = strtoull(argv[4], NULL, 10);
    if (d.max == 0 || d.max > LEN_MAX) return 2;
    d.find = argv[5];
    d.corpus = argv[6];
    prepare();
    watch();
    keep((const uint8_t *)"", 0);
    for (int i = 6; i < argc; i++) begin_with(argv[i], w);
    size_t begun = d.kept_n;
    while (d.runs < runs && (d.runs % LOOK_EVERY || seconds(CLOCK_MONOTONIC) < until)) one(w);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%llu runs in %.1f CPU seconds (%.0f/s); %zu of %zu edges, %zu inputs kept of %zu at first\n",
           (unsigned long long)d.runs, cpu, cpu > 0 ? (double)d.runs / cpu : 0, covered(), d.edges, d.kept_n, begun);
    return 0;
}
