// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "internal.h"

#define BUFFER_FLAGS (ASHLAR_BUFFER_HOST | ASHLAR_BUFFER_READ_ONLY)

static void buffer_destroy(struct handle *h)
{
	struct ashlar_buffer *buf = (struct ashlar_buffer *)h;

	memory_release(h->dev, buf->memory);
}

static ashlar_result create(ashlar_device *dev,
			    const struct ashlar_buffer_info *info,
			    ashlar_buffer **out)
{
	struct ashlar_buffer_info i;
	struct ashlar_buffer *buf;
	struct memory *m;
	ashlar_result result;

	result = take_struct(dev, info,
			     END_OF(struct ashlar_buffer_info, align),
			     BUFFER_FLAGS, &i, sizeof(i), "buffer info");
	if (result)
		return result;
	if (!i.bytes)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "a buffer of 0 bytes; the least is 1");
	if (i.align & (i.align - 1) || i.align > 1ull << 40)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "alignment %llu is not a power of two up to 2^40",
			    (unsigned long long)i.align);

	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a buffer handle");
	result = memory_new(dev, i.bytes, i.align ? i.align : PORT_PAGE,
			    i.flags, &m);
	if (result) {
		free(buf);
		return result;
	}
	buf->memory = m;
	buf->bytes = i.bytes;
	buf->flags = i.flags;
	handle_init(&buf->h, KIND_BUFFER, dev, buffer_destroy);
	result = handle_publish(&buf->h);
	if (result) {
		handle_put(&buf->h);
		handle_put(&dev->h);
		return fail(dev, result, "no host memory for a buffer handle");
	}
	*out = buf;
	return ASHLAR_OK;
}

ashlar_result ashlar_buffer_create(ashlar_device *device,
				   const struct ashlar_buffer_info *info,
				   ashlar_buffer **buffer)
{
	ashlar_result result = enter(device, KIND_DEVICE);

	if (result)
		return result;
	if (buffer) {
		*buffer = NULL;
		result = create(device, info, buffer);
	} else {
		result = fail(device, ASHLAR_ERROR_INVALID,
			      "nowhere to store the buffer: NULL");
	}
	leave(device);
	return result;
}

void ashlar_buffer_unref(ashlar_buffer *buffer)
{
	release(buffer, KIND_BUFFER);
}

uint64_t ashlar_buffer_addr(ashlar_buffer *buffer)
{
	uint64_t addr;

	if (enter(buffer, KIND_BUFFER))
		return 0;
	addr = buffer->memory->port->addr;
	leave(buffer);
	return addr;
}

ashlar_result ashlar_buffer_map(ashlar_buffer *buffer, void **address)
{
	ashlar_result result = enter(buffer, KIND_BUFFER);
	struct ashlar_device *dev;
	struct port *p;
	int err;

	if (result)
		return result;
	dev = buffer->h.dev;
	p = dev->board->port;
	if (!address) {
		result = fail(dev, ASHLAR_ERROR_INVALID,
			      "nowhere to store the address: NULL");
	} else {
		err = p->ops->memory_map(buffer->memory->port, address);
		if (err)
			result = fail_port(dev, err, "no mapping");
	}
	leave(buffer);
	return result;
}

static ashlar_result check_access(ashlar_buffer *buf, uint64_t offset,
				  const void *data, uint64_t bytes)
{
	if (offset > buf->bytes || bytes > buf->bytes - offset)
		return fail(
			buf->h.dev, ASHLAR_ERROR_INVALID,
			"%llu bytes at offset %llu are outside a buffer of %llu",
			(unsigned long long)bytes, (unsigned long long)offset,
			(unsigned long long)buf->bytes);
	if (bytes && !data)
		return fail(buf->h.dev, ASHLAR_ERROR_INVALID,
			    "data is NULL for %llu bytes",
			    (unsigned long long)bytes);
	return check_lost(buf->h.dev);
}

ashlar_result ashlar_buffer_write(ashlar_buffer *buffer, uint64_t offset,
				  const void *data, uint64_t bytes)
{
	ashlar_result result = enter(buffer, KIND_BUFFER);

	if (result)
		return result;
	result = check_access(buffer, offset, data, bytes);
	if (!result && bytes)
		result = memory_write(buffer->h.dev, buffer->memory, offset,
				      data, bytes);
	leave(buffer);
	return result;
}

ashlar_result ashlar_buffer_read(ashlar_buffer *buffer, uint64_t offset,
				 void *data, uint64_t bytes)
{
	ashlar_result result = enter(buffer, KIND_BUFFER);

	if (result)
		return result;
	result = check_access(buffer, offset, data, bytes);
	if (!result && bytes)
		result = memory_read(buffer->h.dev, buffer->memory, offset,
				     data, bytes);
	leave(buffer);
	return result;
}

ashlar_result ashlar_buffer_export(ashlar_buffer *buffer, int *fd)
{
	ashlar_result result = enter(buffer, KIND_BUFFER);
	struct ashlar_device *dev;
	struct port *p;
	int err;

	if (result)
		return result;
	dev = buffer->h.dev;
	p = dev->board->port;
	if (!fd) {
		result = fail(dev, ASHLAR_ERROR_INVALID,
			      "nowhere to store the descriptor: NULL");
	} else {
		*fd = -1;
		err = p->ops->memory_export(buffer->memory->port, fd);
		if (err)
			result = fail_port(dev, err, "no dma-buf");
	}
	leave(buffer);
	return result;
}
