/* Faults at numbered operations, for tests: preloaded, it counts what a process changes under one folder and makes
 * chosen operations fail, fall short, or be the last. It is off until it is armed. One thread at a time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum mode { NONE, KILL_BEFORE, KILL_AFTER, FAIL, STICKY, SHORT, TORN, LIE };
#define MOST_FAULTS 4

static struct fault { long at; int mode; int number; } faults[MOST_FAULTS];
static int known_faults;
static long counted;
static int armed, paused, trace = -1, without_noreplace;
static char root[PATH_MAX];

#undef REAL
#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real) real = dlsym(RTLD_NEXT, name)

/* What the driver calls. */
void fi_root(const char *path) { snprintf(root, sizeof root, "%s", path); }
void fi_add(long at, int mode, int number) {
    if (known_faults < MOST_FAULTS) faults[known_faults++] = (struct fault){at, mode, number};
}
void fi_arm(void) { counted = 0; armed = 1; paused = 0; }
void fi_disarm(void) { armed = 0; known_faults = 0; }
void fi_pause(int on) { paused = on; }
void fi_trace(int handle) { trace = handle; }
void fi_without_noreplace(int on) { without_noreplace = on; }
long fi_counted(void) { return counted; }

static void absolute(char *out, int folder, const char *path) {
    char where[64];
    ssize_t length;
    if (path && path[0] == '/') { snprintf(out, PATH_MAX, "%s", path); return; }
    if (folder == AT_FDCWD) { if (!getcwd(out, PATH_MAX)) out[0] = 0; length = (ssize_t)strlen(out); }
    else {
        snprintf(where, sizeof where, "/proc/self/fd/%d", folder);
        length = readlink(where, out, PATH_MAX - 1);
        if (length < 0) length = 0;
        out[length] = 0;
    }
    if (path) snprintf(out + length, (size_t)(PATH_MAX - length), "/%s", path);
}

static void put(char *line, size_t *size, const char *text) {
    static const char hex[] = "0123456789abcdef";
    for (; *text && *size < 3 * PATH_MAX - 8; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c == '%' || c >= 127) {
            line[(*size)++] = '%'; line[(*size)++] = hex[c >> 4]; line[(*size)++] = hex[c & 15];
        } else line[(*size)++] = (char)c;
    }
}

static void tell(const char *what, long number, int failed, const char *first, const char *second) {
    static char line[3 * PATH_MAX];
    int before = errno;
    if (trace < 0) return;
    size_t size = (size_t)snprintf(line, 100, "%ld %s %d ", number, what, failed);
    put(line, &size, first);
    line[size++] = ' ';
    put(line, &size, second ? second : "-");
    line[size++] = '\n';
    if (syscall(SYS_write, trace, line, size) < 0) abort();
    errno = before;
}

static int under(const char *path) {
    size_t length = strlen(root);
    return length && !strncmp(path, root, length) && (path[length] == '/' || !path[length]);
}

struct turn { long number; int mode; int error; };

/* Number an operation and say what becomes of it. */
static struct turn take_turn(const char *what, const char *first, const char *second) {
    struct turn turn = {0, NONE, 0};
    if (!armed || paused) return turn;
    if (!under(first) && !(second && under(second))) {
        if (first[0] == '/' && strncmp(first, "/dev/", 5) && strncmp(first, "/proc/", 6)) tell(what, -1, 0, first, second);
        return turn;
    }
    turn.number = ++counted;
    for (int n = 0; n < known_faults; n++)
        if (faults[n].at == turn.number || (faults[n].mode == STICKY && turn.number > faults[n].at)) {
            turn.mode = faults[n].mode;
            turn.error = faults[n].number;
        }
    if (turn.mode == KILL_BEFORE) { tell(what, turn.number, -1, first, second); raise(SIGKILL); }
    return turn;
}

static int refused(struct turn turn) { return turn.mode == FAIL || turn.mode == STICKY; }

#define FINISH(what, result, first, second)                                                        \
    do {                                                                                           \
        if (turn.number) tell(what, turn.number, (result) < 0 ? errno : 0, first, second);         \
        if (turn.mode == KILL_AFTER) raise(SIGKILL);                                               \
        if (turn.mode == LIE) { errno = turn.error; return -1; }                                   \
        return result;                                                                             \
    } while (0)

#define AROUND(what, first, second, call)                                                          \
    do {                                                                                           \
        struct turn turn = take_turn(what, first, second);                                         \
        if (refused(turn)) { tell(what, turn.number, turn.error, first, second); errno = turn.error; return -1; } \
        __auto_type result = (call);                                                               \
        FINISH(what, result, first, second);                                                       \
    } while (0)

static int open_at(int folder, const char *path, int flags, mode_t mode) {
    REAL(int, "openat64", int, const char *, int, ...);
    if (!armed || paused || !(flags & (O_CREAT | O_TRUNC))) return real(folder, path, flags, mode);
    char first[PATH_MAX];
    absolute(first, folder, path);
    struct stat known;
    /* Opening a file that is there changes nothing, unless it is emptied. */
    if (!(flags & O_TRUNC) && !fstatat(folder, path, &known, 0)) return real(folder, path, flags, mode);
    AROUND("create", first, NULL, real(folder, path, flags, mode));
}
#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return open_at(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return open_at(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static ssize_t write_at(int handle, const void *data, size_t size, off_t offset, int here) {
    REAL(ssize_t, "write", int, const void *, size_t);
    static ssize_t (*real_at)(int, const void *, size_t, off_t);
    if (!real_at) real_at = dlsym(RTLD_NEXT, "pwrite64");
#define WRITE(length) (here ? real(handle, data, length) : real_at(handle, data, length, offset))
    if (!armed || paused) return WRITE(size);
    char first[PATH_MAX];
    absolute(first, handle, NULL);
    struct turn turn = take_turn("write", first, NULL);
    if (refused(turn)) { tell("write", turn.number, turn.error, first, NULL); errno = turn.error; return -1; }
    if (turn.mode == SHORT || turn.mode == TORN) size = size > 1 ? size / 2 : size;
    ssize_t result = WRITE(size);
    if (turn.mode == TORN) turn.mode = KILL_AFTER;
    FINISH("write", result, first, NULL);
}
ssize_t write(int handle, const void *data, size_t size) { return write_at(handle, data, size, 0, 1); }
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) { return write_at(handle, data, size, at, 0); }
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) { return write_at(handle, data, size, at, 0); }

#define BY_HANDLE(name, parameters, arguments, what)                                               \
    int name parameters {                                                                          \
        static int(*real) parameters;                                                              \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                                 \
        if (!armed || paused) return real arguments;                                               \
        char first[PATH_MAX];                                                                      \
        absolute(first, handle, NULL);                                                             \
        AROUND(what, first, NULL, real arguments);                                                 \
    }
BY_HANDLE(fsync, (int handle), (handle), "fsync")
BY_HANDLE(fdatasync, (int handle), (handle), "fdatasync")
BY_HANDLE(ftruncate, (int handle, off_t size), (handle, size), "truncate")
BY_HANDLE(ftruncate64, (int handle, off64_t size), (handle, size), "truncate")
BY_HANDLE(fchmod, (int handle, mode_t mode), (handle, mode), "chmod")
BY_HANDLE(fchown, (int handle, uid_t user, gid_t group), (handle, user, group), "chown")

#define BY_PATH(name, parameters, arguments, what, folder)                                         \
    int name parameters {                                                                          \
        static int(*real) parameters;                                                              \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                                 \
        if (!armed || paused) return real arguments;                                               \
        char first[PATH_MAX];                                                                      \
        absolute(first, folder, path);                                                             \
        AROUND(what, first, NULL, real arguments);                                                 \
    }
BY_PATH(unlink, (const char *path), (path), "unlink", AT_FDCWD)
BY_PATH(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), (flags & AT_REMOVEDIR ? "rmdir" : "unlink"), folder)
BY_PATH(rmdir, (const char *path), (path), "rmdir", AT_FDCWD)
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode), "mkdir", AT_FDCWD)
BY_PATH(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), "mkdir", folder)
BY_PATH(chmod, (const char *path, mode_t mode), (path, mode), "chmod", AT_FDCWD)
BY_PATH(fchmodat, (int folder, const char *path, mode_t mode, int flags), (folder, path, mode, flags), "chmod", folder)
BY_PATH(chown, (const char *path, uid_t user, gid_t group), (path, user, group), "chown", AT_FDCWD)
BY_PATH(lchown, (const char *path, uid_t user, gid_t group), (path, user, group), "chown", AT_FDCWD)
BY_PATH(truncate, (const char *path, off_t size), (path, size), "truncate", AT_FDCWD)

#define BY_TWO(name, parameters, arguments, what, folder1, folder2)                                \
    int name parameters {                                                                          \
        static int(*real) parameters;                                                              \
        if (!real) real = dlsym(RTLD_NEXT, #name);                                                 \
        if (!armed || paused) return real arguments;                                               \
        char first[PATH_MAX], second[PATH_MAX];                                                    \
        absolute(first, folder1, from);                                                            \
        absolute(second, folder2, to);                                                             \
        AROUND(what, first, second, real arguments);                                               \
    }
BY_TWO(rename, (const char *from, const char *to), (from, to), "rename", AT_FDCWD, AT_FDCWD)
BY_TWO(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), "rename", a, b)
BY_TWO(link, (const char *from, const char *to), (from, to), "link", AT_FDCWD, AT_FDCWD)
BY_TWO(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), "link", a, b)

int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    if (!armed || paused) return real(a, from, b, to, flags);
    if (without_noreplace && flags) { errno = EINVAL; return -1; } /* as NFS answers */
    char first[PATH_MAX], second[PATH_MAX];
    absolute(first, a, from);
    absolute(second, b, to);
    AROUND("rename", first, second, real(a, from, b, to, flags));
}
