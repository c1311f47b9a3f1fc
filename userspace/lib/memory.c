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

static const struct port_ops *ops_of(const struct ashlar_device *dev)
{
	return dev->board->port->ops;
}

/* Make all stale memory free again. */
static int forget(struct ashlar_device *dev, bool last)
{
	int err;

	if (!dev->stale)
		return 0;
	err = ops_of(dev)->memory_forget(dev->space, last);
	if (err)
		return err;
	while (dev->stale) {
		struct memory *m = dev->stale;

		dev->stale = m->next;
		ops_of(dev)->memory_delete(m->port);
		free(m);
	}
	dev->stale_bytes = 0;
	dev->stale_count = 0;
	return 0;
}

static void retire(struct ashlar_device *dev, struct memory *m)
{
	ops_of(dev)->memory_unmap(m->port);
	m->next = dev->stale;
	dev->stale = m;
	dev->stale_bytes += m->port->bytes;
	dev->stale_count++;
	if (dev->stale_count >= STALE_COUNT_MAX ||
	    dev->stale_bytes >= dev->board->port->facts.memory_bytes / 8)
		forget(dev, false);
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
	forget(dev, true);
}

ashlar_result memory_new(struct ashlar_device *dev, uint64_t bytes,
			 uint64_t align, uint32_t flags, struct memory **out)
{
	ashlar_result result = check_lost(dev);
	struct memory *m;
	int err;

	if (result)
		return result;
	if (bytes > 1ull << 47)
		return fail(dev, ASHLAR_ERROR_NO_SPACE,
			    "%llu bytes are more than any board can address",
			    (unsigned long long)bytes);
	m = calloc(1, sizeof(*m));
	if (!m)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for bookkeeping");
	bytes = (bytes + PORT_PAGE - 1) & ~(uint64_t)(PORT_PAGE - 1);
	err = ops_of(dev)->memory_new(dev->space, bytes, align, flags,
				      &m->port);
	/* Once more after stale memory has become free. */
	if ((err == -ENOSPC || err == -ENOMEM || err == -EDQUOT) &&
	    dev->stale) {
		err = forget(dev, false);
		if (!err)
			err = ops_of(dev)->memory_new(dev->space, bytes, align,
						      flags, &m->port);
	}
	if (err) {
		free(m);
		return fail_port(dev, err, "no memory");
	}
	*out = m;
	return ASHLAR_OK;
}

ashlar_result memory_write(struct ashlar_device *dev, struct memory *m,
			   uint64_t offset, const void *data, uint64_t bytes)
{
	int err = ops_of(dev)->memory_write(m->port, offset, data, bytes);

	return err ? fail_port(dev, err, "cannot write a buffer") : ASHLAR_OK;
}

ashlar_result memory_read(struct ashlar_device *dev, struct memory *m,
			  uint64_t offset, void *data, uint64_t bytes)
{
	int err = ops_of(dev)->memory_read(m->port, offset, data, bytes);

	return err ? fail_port(dev, err, "cannot read a buffer") : ASHLAR_OK;
}
