// SPDX-License-Identifier: MIT
/*
 * Memory that kernels can reach. Kernels carry plain addresses, so nobody
 * knows what a submission uses: memory that is released waits for everything
 * submitted before. Then it is unmapped, and its pages and addresses wait for
 * the tiles to forget them; since that costs a request to the firmware it is
 * done for many at a time, or when something is short.
 */
#include <stdlib.h>

#include "internal.h"

#define STALE_COUNT_MAX 256

static void memory_free(struct ashlar_device *dev, struct memory *m)
{
	ashlar_range_free(&dev->vm.va, &m->va);
	ashlar_dev_mem_free(&dev->board->dev, &m->board);
	sim_window_free(&dev->board->os, m->window);
	free(m);
}

/* Make all stale memory free again. */
static int forget(struct ashlar_device *dev)
{
	int err;

	if (!dev->stale)
		return 0;
	err = ashlar_vm_invalidate(&dev->vm);
	/* Of a lost board nothing is used again, so it may all go. */
	if (err && !dev->board->dev.lost)
		return err;
	while (dev->stale) {
		struct memory *m = dev->stale;

		dev->stale = m->next;
		memory_free(dev, m);
	}
	dev->stale_bytes = 0;
	dev->stale_count = 0;
	return 0;
}

static void retire(struct ashlar_device *dev, struct memory *m)
{
	ashlar_vm_unmap(&dev->vm, m->va.start, m->bytes);
	m->next = dev->stale;
	dev->stale = m;
	dev->stale_bytes += m->bytes;
	dev->stale_count++;
	if (dev->stale_count >= STALE_COUNT_MAX ||
	    dev->stale_bytes >= dev->board->dev.mem_bytes / 8)
		forget(dev);
}

void memory_settle(struct ashlar_device *dev)
{
	struct memory **at = &dev->held;

	while (*at) {
		struct memory *m = *at;

		if (dev->oldest && dev->oldest->stamp <= m->stamp) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		retire(dev, m);
	}
}

void memory_release(struct ashlar_device *dev, struct memory *m)
{
	m->stamp = dev->submitted;
	m->next = dev->held;
	dev->held = m;
	memory_settle(dev);
}

void memory_purge(struct ashlar_device *dev)
{
	memory_settle(dev);
	if (forget(dev)) {
		dev->board->dev.lost = true;
		forget(dev);
	}
}

static int place(struct ashlar_device *dev, struct memory *m, uint32_t flags)
{
	struct board *b = dev->board;
	uint64_t page = m->bytes >= ASHLAR_PAGE_LARGE ? ASHLAR_PAGE_LARGE :
							ASHLAR_PAGE;
	int err;

	if (flags & ASHLAR_BUFFER_HOST)
		return 0;
	/* Large pages when they can be had, small ones before failing. */
	err = ashlar_dev_mem_alloc(&b->dev, &m->board, m->bytes, page);
	if (err == -ENOSPC && page != ASHLAR_PAGE)
		err = ashlar_dev_mem_alloc(&b->dev, &m->board, m->bytes,
					   ASHLAR_PAGE);
	return err;
}

static int give_address(struct ashlar_device *dev, struct memory *m,
			uint64_t align)
{
	uint64_t page = m->bytes >= ASHLAR_PAGE_LARGE ? ASHLAR_PAGE_LARGE :
							ASHLAR_PAGE;

	/* One page more, which stays unmapped. */
	return ashlar_range_alloc(&dev->vm.va, &m->va, m->bytes + ASHLAR_PAGE,
				  align > page ? align : page);
}

/* Try something, and again after stale memory has become free. */
#define RETRY(dev, err, call)                         \
	do {                                          \
		err = (call);                         \
		if (err == -ENOSPC && (dev)->stale) { \
			err = forget(dev);            \
			if (!err)                     \
				err = (call);         \
		}                                     \
	} while (0)

static int map(struct ashlar_device *dev, struct memory *m, uint32_t flags)
{
	uint32_t access = ASHLAR_VM_READ;
	uint64_t phys = m->window ? m->window->node.start : m->board.start;

	if (!(flags & ASHLAR_BUFFER_READ_ONLY))
		access |= ASHLAR_VM_WRITE;
	if (m->window)
		access |= ASHLAR_VM_HOST;
	return ashlar_vm_map(&dev->vm, m->va.start, phys, m->bytes, access);
}

ashlar_result memory_new(struct ashlar_device *dev, uint64_t bytes,
			 uint64_t align, uint32_t flags, struct memory **out)
{
	struct board *b = dev->board;
	struct memory *m;
	int err;

	if (b->dev.lost)
		return fail(dev, ASHLAR_ERROR_LOST, "the board is lost: %s",
			    b->os.error);
	if (bytes > 1ull << 47)
		return fail(dev, ASHLAR_ERROR_NO_SPACE,
			    "%llu bytes are more than any board can address",
			    (unsigned long long)bytes);
	m = calloc(1, sizeof(*m));
	if (!m)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for bookkeeping");
	m->bytes = (bytes + ASHLAR_PAGE - 1) & ~(uint64_t)(ASHLAR_PAGE - 1);

	b->os.error[0] = 0;
	RETRY(dev, err, give_address(dev, m, align));
	if (err == -ENOSPC)
		snprintf(
			b->os.error, sizeof(b->os.error),
			"%llu bytes of device addresses are not free: %llu are left, in pieces",
			(unsigned long long)m->bytes,
			(unsigned long long)ashlar_range_left(&dev->vm.va));
	if (!err)
		RETRY(dev, err, place(dev, m, flags));
	if (!err && flags & ASHLAR_BUFFER_HOST) {
		m->window = sim_window_new(&b->os, m->bytes);
		if (!m->window)
			err = -ENOMEM;
	}
	if (!err)
		RETRY(dev, err, map(dev, m, flags));
	if (err) {
		ashlar_result result = fail_core(dev, err, "no memory");

		memory_free(dev, m);
		return result;
	}
	if (!m->window)
		ashlar_dev_mem_clear(&b->dev, m->board.start, m->bytes);
	*out = m;
	return ASHLAR_OK;
}

void memory_write(struct ashlar_device *dev, struct memory *m, uint64_t offset,
		  const void *data, uint64_t bytes)
{
	if (m->window)
		memcpy((char *)m->window->cpu + offset, data, bytes);
	else
		ashlar_os_mem_write(&dev->board->os, m->board.start + offset,
				    data, bytes);
}

void memory_read(struct ashlar_device *dev, struct memory *m, uint64_t offset,
		 void *data, uint64_t bytes)
{
	if (m->window)
		memcpy(data, (char *)m->window->cpu + offset, bytes);
	else
		ashlar_os_mem_read(&dev->board->os, m->board.start + offset,
				   data, bytes);
}
