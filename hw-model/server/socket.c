// SPDX-License-Identifier: MIT
#include "socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether a server answers; a full queue of clients is one, too. */
static bool somebody_listens(const struct sockaddr_un *addr)
{
	int fd = new_socket();
	bool yes;

	if (fd < 0)
		return true;
	yes = !connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	      errno != ECONNREFUSED;
	close(fd);
	return yes;
}

/* Makes way for bind() if what is there is a dead server's socket. */
static int remove_stale(const struct sockaddr_un *addr, char *error,
			size_t error_bytes)
{
	struct stat st;

	if (lstat(addr->sun_path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(error, error_bytes,
			 "%s is there and is not a socket; give another path",
			 addr->sun_path);
		return -1;
	}
	if (somebody_listens(addr)) {
		snprintf(
			error, error_bytes,
			"another server listens at %s; stop it or give another path",
			addr->sun_path);
		return -1;
	}
	unlink(addr->sun_path);
	return 0;
}

int listener_open(struct listener *l, const char *path, char *error,
		  size_t error_bytes)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct sockaddr *to = (const struct sockaddr *)&addr;
	size_t n = strlen(path);
	struct stat st;

	l->fd = -1;
	l->path = path;
	if (!n || n >= sizeof(addr.sun_path)) {
		snprintf(
			error, error_bytes,
			"the socket's path has %zu bytes; 1 to %zu are possible",
			n, sizeof(addr.sun_path) - 1);
		return -1;
	}
	memcpy(addr.sun_path, path, n);
	if (remove_stale(&addr, error, error_bytes))
		return -1;
	l->fd = new_socket();
	if (l->fd < 0 || bind(l->fd, to, sizeof(addr))) {
		snprintf(error, error_bytes, "cannot make socket %s: %m", path);
		goto fail;
	}
	if (listen(l->fd, 8) || lstat(path, &st)) {
		snprintf(error, error_bytes, "cannot listen at %s: %m", path);
		unlink(path);
		goto fail;
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;

fail:
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	return -1;
}

void listener_close(struct listener *l)
{
	struct stat st;

	if (!lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	close(l->fd);
	l->fd = -1;
}
