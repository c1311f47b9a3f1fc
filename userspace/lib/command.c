// SPDX-License-Identifier: MIT
/* Commands: checked once, when they are given to the library. */
#include <stdlib.h>

#include "internal.h"

/* --- Launch -------------------------------------------------------------------- */

static ashlar_result check_args(struct ashlar_device *dev,
				const struct ashlar_kernel_desc *d,
				const struct ashlar_launch_info *i)
{
	bool up_to = d->flags & ASHLAR_KERNEL_ARGS_UP_TO;

	if (i->arg_bytes > d->arg_bytes ||
	    (!up_to && i->arg_bytes != d->arg_bytes))
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "kernel %s takes %s%u bytes of arguments, not %u",
			    d->name, up_to ? "up to " : "", d->arg_bytes,
			    i->arg_bytes);
	if (i->arg_bytes > dev->board->port->facts.arg_bytes)
		return fail(dev, ASHLAR_ERROR_LIMIT,
			    "%u bytes of arguments: the board takes %u",
			    i->arg_bytes, dev->board->port->facts.arg_bytes);
	if (i->arg_bytes && !i->args)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "args is NULL for %u bytes", i->arg_bytes);
	return ASHLAR_OK;
}

static ashlar_result choose_tiles(struct ashlar_device *dev,
				  const struct ashlar_kernel_desc *d,
				  uint32_t wanted, uint32_t *tiles)
{
	uint32_t most = dev->board->topology.tiles;

	if (d->tiles_max && d->tiles_max < most)
		most = d->tiles_max;
	if (wanted > most)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "%u tiles: kernel %s on board %s can have 1 to %u",
			    wanted, d->name, dev->board->topology.board, most);
	*tiles = wanted ? wanted : most;
	return ASHLAR_OK;
}

ashlar_result command_launch(struct ashlar_device *dev, struct command *c,
			     const struct ashlar_launch_info *i)
{
	const struct ashlar_module *m;
	ashlar_result result;
	uint32_t tiles = 0;

	result = borrow(dev, i->kernel, KIND_KERNEL, "kernel");
	if (!result)
		result = check_args(dev, i->kernel->desc, i);
	if (!result)
		result = choose_tiles(dev, i->kernel->desc, i->tiles, &tiles);
	if (result)
		return result;
	if (i->reserved)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "launch info: reserved is %u, not 0", i->reserved);

	c->kind = COMMAND_LAUNCH;
	if (i->arg_bytes) {
		c->args = malloc(i->arg_bytes);
		if (!c->args)
			return fail(dev, ASHLAR_ERROR_NO_MEMORY,
				    "no host memory for arguments");
		memcpy(c->args, i->args, i->arg_bytes);
	}
	c->kernel = i->kernel;
	handle_ref(&c->kernel->h);
	m = c->kernel->module;
	c->job = (struct ashlar_job){
		.kind = ASHLAR_JOB_KERNEL,
		.flags = ASHLAR_JOB_FLAG_IRQ,
		.code_va = m->memory->port->addr,
		.code_bytes = m->image_bytes,
		.text_bytes = m->text_bytes,
		.entry = c->kernel->desc->entry,
		.code_serial = m->serial,
		.arg_bytes = i->arg_bytes,
		.tiles = tiles,
		.tag = i->tag,
		.timeout = i->timeout_cycles,
	};
	for (int g = 0; g < 3; g++)
		c->job.grid[g] = i->grid[g] ? i->grid[g] : 1;
	return ASHLAR_OK;
}

/* --- Copy and fill -------------------------------------------------------------- */

/*
 * Bytes from the first to behind the last of a strided block; false when that
 * does not fit into 64 bits.
 */
static bool extent(const struct ashlar_copy_info *i, const uint64_t pitch[2],
		   uint64_t *bytes)
{
	uint64_t total = i->bytes, step;

	for (int d = 0; d < 2; d++)
		if (__builtin_mul_overflow(i->count[d] - 1, pitch[d], &step) ||
		    __builtin_add_overflow(total, step, &total))
			return false;
	*bytes = total;
	return true;
}

static ashlar_result check_block(struct ashlar_device *dev, const char *what,
				 const struct ashlar_buffer *buf,
				 uint64_t offset, bool fits, uint64_t bytes)
{
	if (!fits || offset > buf->bytes || bytes > buf->bytes - offset)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"%s: %llu bytes from offset %llu are outside a buffer of %llu",
			what,
			fits ? (unsigned long long)bytes : UINT64_MAX + 0ull,
			(unsigned long long)offset,
			(unsigned long long)buf->bytes);
	return ASHLAR_OK;
}

ashlar_result command_copy(struct ashlar_device *dev, struct command *c,
			   const struct ashlar_copy_info *info)
{
	struct ashlar_copy_info i = *info;
	uint64_t bytes = 0;
	ashlar_result result;
	bool fits;

	result = borrow(dev, i.dst, KIND_BUFFER, "dst");
	if (!result)
		result = borrow(dev, i.src, KIND_BUFFER, "src");
	if (result)
		return result;
	if (!i.bytes || i.reserved)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"copy of %llu bytes with reserved %u; at least 1 and 0",
			(unsigned long long)i.bytes, i.reserved);
	for (int d = 0; d < 2; d++)
		if (!i.count[d])
			i.count[d] = 1;
	fits = extent(&i, i.dst_pitch, &bytes);
	result = check_block(dev, "dst", i.dst, i.dst_offset, fits, bytes);
	if (!result) {
		fits = extent(&i, i.src_pitch, &bytes);
		result = check_block(dev, "src", i.src, i.src_offset, fits,
				     bytes);
	}
	if (result)
		return result;

	c->kind = COMMAND_COPY;
	c->copy = i;
	c->dst = i.dst;
	c->src = i.src;
	handle_ref(&c->dst->h);
	handle_ref(&c->src->h);
	return ASHLAR_OK;
}

ashlar_result command_fill(struct ashlar_device *dev, struct command *c,
			   const struct ashlar_fill_info *i)
{
	ashlar_result result = borrow(dev, i->dst, KIND_BUFFER, "dst");

	if (result)
		return result;
	if (i->pattern_bytes != 1 && i->pattern_bytes != 2 &&
	    i->pattern_bytes != 4)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "pattern_bytes is %u, not 1, 2 or 4",
			    i->pattern_bytes);
	if (!i->bytes || i->reserved ||
	    (i->bytes | i->offset) % i->pattern_bytes)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"fill of %llu bytes from offset %llu with reserved %u; multiples of %u, at least 1, and 0",
			(unsigned long long)i->bytes,
			(unsigned long long)i->offset, i->reserved,
			i->pattern_bytes);
	result = check_block(dev, "dst", i->dst, i->offset, true, i->bytes);
	if (result)
		return result;

	c->kind = COMMAND_FILL;
	c->fill = *i;
	c->dst = i->dst;
	handle_ref(&c->dst->h);
	return ASHLAR_OK;
}

static ashlar_result copy_row(struct ashlar_device *dev,
			      const struct command *c, uint64_t dst,
			      uint64_t src)
{
	struct memory *to = c->dst->memory, *from = c->src->memory;
	char *to_host = to->port->host, *from_host = from->port->host;
	uint64_t bytes = c->copy.bytes;
	ashlar_result result;
	void *row;

	if (to_host && from_host) {
		memmove(to_host + dst, from_host + src, bytes);
		return ASHLAR_OK;
	}
	if (from_host)
		return memory_write(dev, to, dst, from_host + src, bytes);
	if (to_host)
		return memory_read(dev, from, src, to_host + dst, bytes);
	row = malloc(bytes);
	if (!row)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a row of a copy");
	result = memory_read(dev, from, src, row, bytes);
	if (!result)
		result = memory_write(dev, to, dst, row, bytes);
	free(row);
	return result;
}

static ashlar_result copy(struct ashlar_device *dev, const struct command *c)
{
	const struct ashlar_copy_info *i = &c->copy;
	ashlar_result result = ASHLAR_OK;

	for (uint64_t z = 0; !result && z < i->count[1]; z++)
		for (uint64_t y = 0; !result && y < i->count[0]; y++)
			result = copy_row(dev, c,
					  i->dst_offset + z * i->dst_pitch[1] +
						  y * i->dst_pitch[0],
					  i->src_offset + z * i->src_pitch[1] +
						  y * i->src_pitch[0]);
	return result;
}

static ashlar_result fill(struct ashlar_device *dev, const struct command *c)
{
	const struct ashlar_fill_info *i = &c->fill;
	ashlar_result result = ASHLAR_OK;
	uint8_t chunk[4096];
	uint64_t done, n;

	for (size_t at = 0; at < sizeof(chunk); at += i->pattern_bytes)
		memcpy(chunk + at, &i->pattern, i->pattern_bytes);
	for (done = 0; !result && done < i->bytes; done += n) {
		n = i->bytes - done;
		if (n > sizeof(chunk))
			n = sizeof(chunk);
		result = memory_write(dev, c->dst->memory, i->offset + done,
				      chunk, n);
	}
	return result;
}

ashlar_result command_execute(struct ashlar_device *dev,
			      const struct command *c)
{
	switch (c->kind) {
	case COMMAND_COPY:
		return copy(dev, c);
	case COMMAND_FILL:
		return fill(dev, c);
	default:
		return ASHLAR_OK;
	}
}

/* --- Both ------------------------------------------------------------------------ */

void command_clear(struct command *c)
{
	if (c->kernel)
		handle_put(&c->kernel->h);
	if (c->dst)
		handle_put(&c->dst->h);
	if (c->src)
		handle_put(&c->src->h);
	free(c->args);
	memset(c, 0, sizeof(*c));
}

const char *command_name(const struct command *c)
{
	switch (c->kind) {
	case COMMAND_COPY:
		return "(copy)";
	case COMMAND_FILL:
		return "(fill)";
	case COMMAND_NOTHING:
		return "(nothing)";
	default:
		return c->kernel->desc->name;
	}
}
