// SPDX-License-Identifier: MIT
/* Where models, firmware and kernels are, and reading them. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* As installed; the build sets it from PREFIX. */
#ifndef ASHLAR_DATADIR
#define ASHLAR_DATADIR "/usr/local/share/ashlar"
#endif

static char *join(const char *dir, const char *rel)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, rel) < 0 ? NULL : path;
}

/*
 * The folder share/ashlar beside the folder that the library is in: so a
 * build tree, and an installation that was moved, find their own.
 */
static char *beside_library(void)
{
	char *dir, *slash;
	Dl_info info;

	if (!dladdr((const void *)&beside_library, &info) || !info.dli_fname)
		return NULL;
	slash = strrchr(info.dli_fname, '/');
	if (!slash ||
	    asprintf(&dir, "%.*s/../share/ashlar",
		     (int)(slash - info.dli_fname), info.dli_fname) < 0)
		return NULL;
	if (!access(dir, X_OK))
		return dir;
	free(dir);
	return NULL;
}

char *data_path(const char *dir, const char *rel)
{
	char *own, *path;

	if (!dir)
		dir = getenv("ASHLAR_DATA_DIR");
	if (dir && *dir)
		return join(dir, rel);
	own = beside_library();
	path = join(own ? own : ASHLAR_DATADIR, rel);
	free(own);
	return path;
}

static bool read_all(int fd, uint8_t *to, size_t bytes)
{
	while (bytes) {
		ssize_t n = read(fd, to, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		bytes -= (size_t)n;
	}
	return true;
}

void *read_file(const char *path, size_t most, size_t *bytes,
		ashlar_result *result, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = NULL;
	struct stat st;

	*result = ASHLAR_ERROR_NOT_FOUND;
	if (fd < 0) {
		snprintf(error, ERROR_BYTES, "cannot read %s: %s", path,
			 strerror(errno));
		return NULL;
	}
	*result = ASHLAR_ERROR_IO;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uint64_t)st.st_size > most) {
		snprintf(error, ERROR_BYTES,
			 "%s is not a regular file of 1 to %zu bytes", path,
			 most);
	} else {
		*bytes = (size_t)st.st_size;
		data = malloc(*bytes);
		if (!data) {
			*result = ASHLAR_ERROR_NO_MEMORY;
		} else if (!read_all(fd, data, *bytes)) {
			snprintf(error, ERROR_BYTES, "cannot read all of %s",
				 path);
			free(data);
			data = NULL;
		} else {
			*result = ASHLAR_OK;
		}
	}
	close(fd);
	return data;
}
