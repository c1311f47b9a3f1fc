/* SPDX-License-Identifier: MIT */
/*
 * Windows of host memory that the client has opened to the board.
 *
 * Memory comes as a descriptor and is mapped; the board's accesses are copies
 * to and from the mapping, never messages. A window without a descriptor is
 * kept, so that it can be closed again, and refuses every access.
 */
#ifndef ASHLAR_SERVER_DMA_H
#define ASHLAR_SERVER_DMA_H

#include <stddef.h>
#include <stdint.h>

/* What the protocol lets a client assume. */
#define DMA_WINDOWS_MAX 65535u

struct dma_window {
	uint64_t address, bytes;
	uint32_t flags; /* VFIO_USER_MAP_* */
	char *cpu; /* NULL: there is no memory behind it */
};

struct dma {
	struct dma_window *windows; /* in order of address */
	size_t count, room;
	size_t last_hit;
};

/* Makes the copies survive memory that its owner has taken away. */
int dma_init(struct dma *d);

/*
 * Open a window; fd -1: without memory. The descriptor stays the caller's.
 * Returns 0 or an errno: EINVAL (flags, size, alignment, end of the file),
 * EEXIST (it would overlap), ENOSPC, ENOMEM, or what mmap() says.
 */
int dma_map(struct dma *d, uint64_t address, uint64_t bytes, uint32_t flags,
	    int fd, uint64_t offset);

/*
 * Close the windows inside the range, if any: an IOMMU of the guest is cleared
 * by ranges, whatever is in them. Returns 0, or EINVAL (bad range, or it cuts
 * through a window; then none is closed).
 */
int dma_unmap(struct dma *d, uint64_t address, uint64_t bytes);
void dma_unmap_all(struct dma *d);

/* An access by the board, 0 or -EFAULT. */
int dma_read(struct dma *d, uint64_t address, void *data, size_t bytes);
int dma_write(struct dma *d, uint64_t address, const void *data, size_t bytes);

#endif
