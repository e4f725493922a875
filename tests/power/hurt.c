/* Hurts the disk of one program (LD_PRELOAD): counts its writes to the files whose path holds $HURT_MATCH and, as the driver says in the
 * control file $HURT_CONTROL while it runs, kills the program or refuses the call at the n-th of them. With $HURT_LOG every one of
 * them is written down with place and data, and every notice that leaves the program by a socket, in their order: from that
 * `powercut.rs` builds what a power cut would have left. Works because SQLite calls libc; -shm is mapped and no part of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* As `hurt.rs` writes it: all little numbers, each 4 bytes. */
struct control {
	volatile uint32_t calls;   /* counted so far */
	volatile uint32_t kill_at; /* 0 = never: die before this call */
	volatile uint32_t fail_at; /* 0 = never: this call is refused ... */
	volatile uint32_t fail_count; /* ... and so many in all */
	volatile uint32_t error;   /* with this errno */
	volatile uint32_t keeps;   /* though the disk did it */
	volatile uint32_t failed;  /* so many were refused */
};

static struct control *control;
static const char *match;
static int logged = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
	match = getenv("HURT_MATCH");
	const char *path = getenv("HURT_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd >= 0) {
		void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		control = map == MAP_FAILED ? NULL : map;
		close(fd);
	}
	path = getenv("HURT_LOG");
	if (path)
		logged = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

/* Whether `fd` is one of the files; its path if so. */
static int is_ours(int fd, char *path, size_t size)
{
	char name[32];
	if (!match || fd < 3)
		return 0;
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(name, path, size - 1);
	if (length <= 0)
		return 0;
	path[length] = 0;
	return strstr(path, match) != NULL;
}

static void write_down(char what, const char *path, uint64_t offset, const void *data, uint32_t length)
{
	uint16_t path_length = strlen(path);
	struct iovec parts[] = {
		{ &what, 1 }, { &path_length, 2 }, { (void *)path, path_length },
		{ &offset, 8 }, { &length, 4 }, { (void *)data, data ? length : 0 },
	};
	if (logged >= 0 && REAL(writev)(logged, parts, 6) < 0)
		abort();
}

/* Counts a call. 0: do it. 1: refuse it. 2: do it and refuse it. */
static int hurt(void)
{
	if (!control)
		return 0;
	uint32_t nth = __sync_add_and_fetch(&control->calls, 1);
	if (control->kill_at && nth >= control->kill_at)
		kill(getpid(), SIGKILL);
	if (!control->fail_at || nth < control->fail_at || nth - control->fail_at >= control->fail_count)
		return 0;
	__sync_add_and_fetch(&control->failed, 1);
	return control->keeps ? 2 : 1;
}

#define HURT(type, what, path, offset, data, length, call)                                     \
	do {                                                                                   \
		pthread_mutex_lock(&lock);                                                     \
		int how = hurt();                                                              \
		type result = -1;                                                              \
		if (how != 1) {                                                                \
			result = call;                                                         \
			if (result >= 0)                                                       \
				write_down(what, path, offset, data, length);                  \
		}                                                                              \
		if (how) {                                                                     \
			result = -1;                                                           \
			errno = control->error;                                                \
		}                                                                              \
		int error = errno;                                                             \
		pthread_mutex_unlock(&lock);                                                   \
		errno = error;                                                                 \
		return result;                                                                 \
	} while (0)

/* A notice on its way to the station: from here on it must be on the disk. */
static void note_sent(const void *data, size_t length)
{
	if (logged >= 0 && memmem(data, length, "/up/", 4) && memmem(data, length, "\"step\":", 7)) {
		pthread_mutex_lock(&lock);
		write_down('N', "", 0, data, length);
		pthread_mutex_unlock(&lock);
	}
}

ssize_t write(int fd, const void *data, size_t length)
{
	char path[4096];
	if (!is_ours(fd, path, sizeof path)) {
		note_sent(data, length);
		return REAL(write)(fd, data, length);
	}
	off_t offset = lseek(fd, 0, SEEK_CUR);
	HURT(ssize_t, 'W', path, offset, data, length, REAL(write)(fd, data, length));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
	char path[4096];
	if (!is_ours(fd, path, sizeof path))
		return REAL(pwrite64)(fd, data, length, offset);
	HURT(ssize_t, 'W', path, offset, data, length, REAL(pwrite64)(fd, data, length, offset));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
	return pwrite64(fd, data, length, offset);
}

int fsync(int fd)
{
	char path[4096];
	if (!is_ours(fd, path, sizeof path))
		return REAL(fsync)(fd);
	HURT(int, 'S', path, 0, NULL, 0, REAL(fsync)(fd));
}

int fdatasync(int fd)
{
	char path[4096];
	if (!is_ours(fd, path, sizeof path))
		return REAL(fdatasync)(fd);
	HURT(int, 'S', path, 0, NULL, 0, REAL(fdatasync)(fd));
}

int ftruncate64(int fd, off64_t length)
{
	char path[4096];
	if (!is_ours(fd, path, sizeof path))
		return REAL(ftruncate64)(fd, length);
	HURT(int, 'T', path, length, NULL, 0, REAL(ftruncate64)(fd, length));
}

int ftruncate(int fd, off_t length)
{
	return ftruncate64(fd, length);
}

int unlink(const char *path)
{
	if (!match || !strstr(path, match))
		return REAL(unlink)(path);
	HURT(int, 'U', path, 0, NULL, 0, REAL(unlink)(path));
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
	note_sent(data, length);
	return REAL(send)(fd, data, length, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	for (int i = 0; i < count; i++)
		note_sent(parts[i].iov_base, parts[i].iov_len);
	return REAL(writev)(fd, parts, count);
}
