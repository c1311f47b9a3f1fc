// SPDX-License-Identifier: MIT
/* Board memory: a mapping of the model's own, or of the caller's descriptor. */
#include "model.h"
#include "ash_board.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool model_memory_open(struct ashlar_model *m, int fd, char *error,
		       size_t error_bytes)
{
	int flags = MAP_NORESERVE;
	struct stat st;
	void *p;

	m->memory_fd = -1;
	if (fd == -1) {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
	} else {
		if (fstat(fd, &st)) {
			snprintf(error, error_bytes,
				 "memory_fd %d cannot be used: %s", fd,
				 strerror(errno));
			return false;
		}
		if ((uint64_t)st.st_size < ASHLAR_BOARD_MEM_BYTES) {
			snprintf(
				error, error_bytes,
				"memory_fd %d has %llu bytes; the board has %llu",
				fd, (unsigned long long)st.st_size,
				ASHLAR_BOARD_MEM_BYTES);
			return false;
		}
		m->memory_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (m->memory_fd < 0) {
			snprintf(error, error_bytes,
				 "memory_fd %d cannot be duplicated: %s", fd,
				 strerror(errno));
			return false;
		}
		flags |= MAP_SHARED;
	}
	p = mmap(NULL, ASHLAR_BOARD_MEM_BYTES, PROT_READ | PROT_WRITE, flags,
		 m->memory_fd, 0);
	if (p == MAP_FAILED) {
		snprintf(error, error_bytes,
			 "%llu bytes of board memory cannot be mapped: %s",
			 ASHLAR_BOARD_MEM_BYTES, strerror(errno));
		return false;
	}
	m->memory = p;
	return true;
}

void model_memory_close(struct ashlar_model *m)
{
	if (m->memory)
		munmap(m->memory, ASHLAR_BOARD_MEM_BYTES);
	if (m->memory_fd >= 0)
		close(m->memory_fd);
}
