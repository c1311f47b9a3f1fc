// SPDX-License-Identifier: MIT
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client, the command it has sent, and the reply that is being made. */
struct request {
	struct board *board;
	bool agreed; /* on a version */
	struct wire_message in;
	uint8_t *out; /* VFIO_USER_MAX_PAYLOAD bytes of room */
	size_t out_bytes;
	int out_fd; /* -1: none; stays the board's */
};

static void answer(struct request *r, const void *data, size_t bytes)
{
	memcpy(r->out, data, bytes);
	r->out_bytes = bytes;
}

/* --- Commands; each returns 0 or an errno ------------------------------------ */

/*
 * The client's capabilities are limits of messages that this server never
 * sends. The answer must not be longer than the question, for which alone the
 * client need have room.
 */
static int version(struct request *r)
{
	struct vfio_user_version v;
	const uint8_t *json = r->in.payload + sizeof(v);
	size_t bytes = r->in.bytes - sizeof(v);
	size_t n;

	memcpy(&v, r->in.payload, sizeof(v));
	if (r->agreed)
		return EALREADY;
	if (v.major != 0)
		return EPROTONOSUPPORT;
	if (bytes && memchr(json, '\0', bytes) != json + bytes - 1)
		return EINVAL;
	v.minor = 0;
	answer(r, &v, sizeof(v));
	n = (size_t)snprintf(
		(char *)r->out + sizeof(v), bytes,
		"{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%u,\"max_dma_maps\":%u}}",
		VFIO_USER_MAX_FDS, VFIO_USER_MAX_DATA, DMA_WINDOWS_MAX);
	if (n < bytes)
		r->out_bytes += n + 1;
	r->agreed = true;
	return 0;
}

static int dma_map_command(struct request *r)
{
	struct vfio_user_dma_map m;
	int fd = r->in.fd_count ? r->in.fds[0] : -1;
	int err;

	memcpy(&m, r->in.payload, sizeof(m));
	if (m.argsz != sizeof(m))
		return EINVAL;
	board_enter(r->board);
	err = dma_map(&r->board->dma, m.address, m.size, m.flags, fd, m.offset);
	board_leave(r->board);
	return err;
}

static int dma_unmap_command(struct request *r)
{
	struct vfio_user_dma_unmap u;
	int err = 0;

	memcpy(&u, r->in.payload, sizeof(u));
	if (u.argsz < sizeof(u) || u.flags & ~VFIO_USER_UNMAP_ALL ||
	    (u.flags && (u.address || u.size)))
		return EINVAL;
	board_enter(r->board);
	if (u.flags)
		dma_unmap_all(&r->board->dma);
	else
		err = dma_unmap(&r->board->dma, u.address, u.size);
	board_leave(r->board);
	if (!err)
		answer(r, &u, sizeof(u));
	return err;
}

static int device_info(struct request *r)
{
	struct vfio_user_device_info i;

	memcpy(&i, r->in.payload, sizeof(i));
	if (i.argsz < sizeof(i))
		return EINVAL;
	i = (struct vfio_user_device_info){
		.argsz = sizeof(i),
		.flags = VFIO_USER_DEVICE_RESETS | VFIO_USER_DEVICE_PCI,
		.num_regions = VFIO_USER_REGIONS,
		.num_irqs = VFIO_USER_IRQS,
	};
	answer(r, &i, sizeof(i));
	return 0;
}

static uint64_t region_bytes(const struct request *r, uint32_t region)
{
	return region == VFIO_USER_REGION_CONFIG ?
		       PCI_CONFIG_BYTES :
		       board_bar_bytes(r->board, region);
}

static int region_info(struct request *r)
{
	struct vfio_user_region_info i;
	uint32_t index;

	memcpy(&i, r->in.payload, sizeof(i));
	index = i.index;
	if (i.argsz < sizeof(i) || index >= VFIO_USER_REGIONS)
		return EINVAL;
	i = (struct vfio_user_region_info){
		.argsz = sizeof(i),
		.index = index,
		.size = region_bytes(r, index),
	};
	if (i.size)
		i.flags = VFIO_USER_REGION_CAN_READ |
			  VFIO_USER_REGION_CAN_WRITE;
	if (index == VFIO_USER_REGION_BAR2) {
		i.flags |= VFIO_USER_REGION_CAN_MMAP;
		r->out_fd = r->board->memory_fd;
	}
	answer(r, &i, sizeof(i));
	return 0;
}

static uint32_t irq_count(uint32_t index)
{
	return index == VFIO_USER_IRQ_MSIX ? ASHLAR_PCI_VECTORS : 0;
}

static int irq_info(struct request *r)
{
	struct vfio_user_irq_info i;
	uint32_t index;

	memcpy(&i, r->in.payload, sizeof(i));
	index = i.index;
	if (i.argsz < sizeof(i) || index >= VFIO_USER_IRQS)
		return EINVAL;
	i = (struct vfio_user_irq_info){
		.argsz = sizeof(i),
		.index = index,
		.count = irq_count(index),
	};
	if (i.count)
		i.flags = VFIO_USER_IRQ_EVENTFD | VFIO_USER_IRQ_NORESIZE;
	answer(r, &i, sizeof(i));
	return 0;
}

/* Sets eventfds of vectors, or with no descriptor in the message removes them. */
static int set_eventfds(struct request *r, const struct vfio_user_irq_set *s)
{
	uint32_t i;

	if (!s->count || (r->in.fd_count && r->in.fd_count != s->count))
		return EINVAL;
	for (i = 0; i < s->count; i++) {
		int fd = -1;

		if (r->in.fd_count) {
			fd = r->in.fds[i];
			r->in.fds[i] = -1;
		}
		irq_set(&r->board->irq, s->start + i, fd);
	}
	return 0;
}

static int trigger(struct request *r, const struct vfio_user_irq_set *s)
{
	const uint8_t *chosen = NULL;
	uint32_t i;

	if (r->in.fd_count)
		return EINVAL;
	if (s->flags & VFIO_USER_IRQ_DATA_BOOL) {
		if (!s->count || r->in.bytes - sizeof(*s) != s->count)
			return EINVAL;
		chosen = r->in.payload + sizeof(*s);
	} else if (!s->count) {
		/* The way to say that all vectors of this kind are off. */
		if (s->start)
			return EINVAL;
		if (s->index == VFIO_USER_IRQ_MSIX)
			irq_clear(&r->board->irq);
		return 0;
	}
	for (i = 0; i < s->count; i++)
		if (!chosen || chosen[i])
			irq_raise(&r->board->irq, s->start + i);
	return 0;
}

static bool one_bit(uint32_t flags)
{
	return flags && !(flags & (flags - 1));
}

static int set_irqs(struct request *r)
{
	const uint32_t data = VFIO_USER_IRQ_DATA_NONE |
			      VFIO_USER_IRQ_DATA_BOOL |
			      VFIO_USER_IRQ_DATA_EVENTFD;
	const uint32_t action = VFIO_USER_IRQ_ACTION_MASK |
				VFIO_USER_IRQ_ACTION_UNMASK |
				VFIO_USER_IRQ_ACTION_TRIGGER;
	struct vfio_user_irq_set s;
	uint32_t most;
	int err;

	memcpy(&s, r->in.payload, sizeof(s));
	if (s.argsz < sizeof(s) || s.flags & ~(data | action) ||
	    !one_bit(s.flags & data) || !one_bit(s.flags & action) ||
	    s.index >= VFIO_USER_IRQS)
		return EINVAL;
	if (!(s.flags & VFIO_USER_IRQ_DATA_BOOL) && r->in.bytes != sizeof(s))
		return EINVAL;
	most = irq_count(s.index);
	if (s.start > most || s.count > most - s.start)
		return EINVAL;
	if (!(s.flags & VFIO_USER_IRQ_ACTION_TRIGGER))
		return ENOTSUP;
	board_enter(r->board);
	err = s.flags & VFIO_USER_IRQ_DATA_EVENTFD ? set_eventfds(r, &s) :
						     trigger(r, &s);
	board_leave(r->board);
	return err;
}

/* The range of an access, checked against the region and the protocol. */
static int check_access(const struct request *r,
			const struct vfio_user_region_access *a)
{
	uint64_t bytes = region_bytes(r, a->region);

	if (!a->count || a->count > VFIO_USER_MAX_DATA || a->offset >= bytes ||
	    a->count > bytes - a->offset)
		return EINVAL;
	return 0;
}

static int region_read(struct request *r)
{
	struct vfio_user_region_access a;
	uint8_t *to = r->out + sizeof(a);
	int err;

	memcpy(&a, r->in.payload, sizeof(a));
	err = check_access(r, &a);
	if (err)
		return err;
	answer(r, &a, sizeof(a));
	r->out_bytes += a.count;
	if (a.region == VFIO_USER_REGION_CONFIG) {
		pci_read(&r->board->pci, (uint32_t)a.offset, to, a.count);
		return 0;
	}
	board_enter(r->board);
	board_read(r->board, a.region, a.offset, to, a.count);
	board_leave(r->board);
	return 0;
}

static int region_write(struct request *r)
{
	struct vfio_user_region_access a;
	const uint8_t *from = r->in.payload + sizeof(a);
	int err;

	memcpy(&a, r->in.payload, sizeof(a));
	err = check_access(r, &a);
	if (err)
		return err;
	if (r->in.bytes - sizeof(a) != a.count)
		return EINVAL;
	board_enter(r->board);
	if (a.region == VFIO_USER_REGION_CONFIG)
		board_config_write(r->board, (uint32_t)a.offset, from, a.count);
	else
		board_write(r->board, a.region, a.offset, from, a.count);
	board_leave(r->board);
	answer(r, &a, sizeof(a));
	return 0;
}

static int device_reset(struct request *r)
{
	board_enter(r->board);
	board_reset(r->board);
	board_leave(r->board);
	return 0;
}

/* --- Dispatch ---------------------------------------------------------------- */

static const struct {
	int (*run)(struct request *r);
	size_t bytes; /* of payload at least, or exactly */
	bool more; /* payload may be longer */
	unsigned int fds; /* at most */
} commands[] = {
	[VFIO_USER_VERSION] = { version, sizeof(struct vfio_user_version), true,
				0 },
	[VFIO_USER_DMA_MAP] = { dma_map_command,
				sizeof(struct vfio_user_dma_map), false, 1 },
	[VFIO_USER_DMA_UNMAP] = { dma_unmap_command,
				  sizeof(struct vfio_user_dma_unmap), false,
				  0 },
	[VFIO_USER_DEVICE_GET_INFO] = { device_info,
					sizeof(struct vfio_user_device_info),
					false, 0 },
	[VFIO_USER_DEVICE_GET_REGION_INFO] = { region_info,
					       sizeof(struct
						      vfio_user_region_info),
					       false, 0 },
	[VFIO_USER_DEVICE_GET_IRQ_INFO] = { irq_info,
					    sizeof(struct vfio_user_irq_info),
					    false, 0 },
	[VFIO_USER_DEVICE_SET_IRQS] = { set_irqs,
					sizeof(struct vfio_user_irq_set), true,
					VFIO_USER_MAX_FDS },
	[VFIO_USER_REGION_READ] = { region_read,
				    sizeof(struct vfio_user_region_access),
				    false, 0 },
	[VFIO_USER_REGION_WRITE] = { region_write,
				     sizeof(struct vfio_user_region_access),
				     true, 0 },
	[VFIO_USER_DEVICE_RESET] = { device_reset, 0, false, 0 },
};

static int dispatch(struct request *r)
{
	const struct vfio_user_header *h = &r->in.header;
	size_t n = h->command;

	if (h->flags & ~(VFIO_USER_TYPE_MASK | VFIO_USER_NO_REPLY) ||
	    r->in.fds_lost)
		return EINVAL;
	if (n >= sizeof(commands) / sizeof(commands[0]) || !commands[n].run)
		return ENOTSUP;
	if (n != VFIO_USER_VERSION && !r->agreed)
		return EPROTO;
	if (r->in.bytes < commands[n].bytes ||
	    (r->in.bytes > commands[n].bytes && !commands[n].more) ||
	    r->in.fd_count > commands[n].fds)
		return EINVAL;
	return commands[n].run(r);
}

/* Answers one command, which is done, or refused with an errno. */
static enum wire_end handle(struct request *r, const struct wire *w, int err)
{
	struct vfio_user_header h = {
		.id = r->in.header.id,
		.command = r->in.header.command,
		.flags = VFIO_USER_TYPE_REPLY,
	};

	/* Nothing was asked, so nothing can be answered. */
	if ((r->in.header.flags & VFIO_USER_TYPE_MASK) !=
	    VFIO_USER_TYPE_COMMAND)
		return WIRE_BAD;
	r->out_bytes = 0;
	r->out_fd = -1;
	if (!err)
		err = dispatch(r);
	if (r->in.header.flags & VFIO_USER_NO_REPLY)
		return WIRE_OK;
	if (err) {
		h.flags |= VFIO_USER_ERROR;
		h.error = (uint32_t)err;
		r->out_bytes = 0;
		r->out_fd = -1;
	}
	h.size = (uint32_t)(sizeof(h) + r->out_bytes);
	return wire_send(w, &h, r->out, r->out_bytes, r->out_fd);
}

/*
 * The server ends. A client that waits for an answer gets one, for it may wait
 * longer than it takes the end of the connection for one.
 */
static void refuse_rest(struct request *r, const struct wire *w)
{
	enum wire_end end;

	wire_stop(w);
	do {
		end = wire_receive(w, &r->in);
		if (!end)
			end = handle(r, w, ENODEV);
		wire_close_fds(&r->in);
	} while (!end);
}

enum wire_end serve(struct board *b, const struct wire *w, bool *spoke)
{
	struct request r = { .board = b };
	enum wire_end end = WIRE_CLOSED;

	r.in.payload = malloc(VFIO_USER_MAX_PAYLOAD);
	r.out = malloc(VFIO_USER_MAX_PAYLOAD);
	if (r.in.payload && r.out) {
		do {
			end = wire_receive(w, &r.in);
			if (!end)
				end = handle(&r, w, 0);
			wire_close_fds(&r.in);
		} while (!end);
		if (end == WIRE_STOP)
			refuse_rest(&r, w);
	}
	board_enter(b);
	dma_unmap_all(&b->dma);
	irq_clear(&b->irq);
	board_leave(b);
	free(r.in.payload);
	free(r.out);
	*spoke = r.agreed;
	return end;
}
