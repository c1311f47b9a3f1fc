// SPDX-License-Identifier: MIT
/* Device handles: an address space on a board. And what all calls begin with. */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/* --- Messages -------------------------------------------------------------- */

/* The calling thread's message, or the one that was set longest ago. */
static struct message *message_slot(struct ashlar_device *dev)
{
	struct message *oldest = &dev->messages[0];

	for (size_t i = 0; i < MESSAGES; i++) {
		struct message *m = &dev->messages[i];

		if (m->stamp && pthread_equal(m->thread, pthread_self()))
			return m;
		if (m->stamp < oldest->stamp)
			oldest = m;
	}
	return oldest;
}

ashlar_result fail(struct ashlar_device *dev, ashlar_result result,
		   const char *fmt, ...)
{
	struct message *m = message_slot(dev);
	va_list ap;

	m->thread = pthread_self();
	m->stamp = ++dev->message_stamp;
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
	return result;
}

ashlar_result result_of(int err)
{
	switch (err) {
	case 0:
		return ASHLAR_OK;
	case -ENOMEM:
		return ASHLAR_ERROR_NO_MEMORY;
	case -ENOSPC:
		return ASHLAR_ERROR_NO_SPACE;
	case -EINVAL:
		return ASHLAR_ERROR_INVALID;
	case -EAGAIN:
		return ASHLAR_ERROR_BUSY;
	case -EPROTONOSUPPORT:
		return ASHLAR_ERROR_VERSION;
	case -EOPNOTSUPP:
	case -EACCES:
		return ASHLAR_ERROR_UNSUPPORTED;
	case -EDQUOT:
		return ASHLAR_ERROR_NO_MEMORY;
	case -ECANCELED:
		return ASHLAR_ERROR_CANCELLED;
	case -EBADF:
		return ASHLAR_ERROR_IO;
	default:
		return ASHLAR_ERROR_LOST;
	}
}

ashlar_result fail_port(struct ashlar_device *dev, int err, const char *what)
{
	return fail(dev, result_of(err), "%s: %s", what,
		    dev->board->port->error);
}

const char *last_message(struct ashlar_device *dev)
{
	const struct message *m = message_slot(dev);

	return m->stamp && pthread_equal(m->thread, pthread_self()) ? m->text :
								      "";
}

ashlar_result check_lost(struct ashlar_device *dev)
{
	if (!dev->board->port->lost)
		return ASHLAR_OK;
	return fail(dev, ASHLAR_ERROR_LOST, "the board is lost: %s",
		    dev->board->port->error);
}

/* --- Entry and exit ---------------------------------------------------------- */

ashlar_result enter(const void *pointer, enum kind kind)
{
	ashlar_result result = handle_get(pointer, kind);

	if (!result)
		board_lock(((const struct handle *)pointer)->dev->board);
	return result;
}

void leave(const void *pointer)
{
	struct handle *h = (struct handle *)pointer;
	struct ashlar_device *dev = h->dev;
	struct board *b = dev->board;

	handle_put(h);
	handle_put(&dev->h);
	board_unlock(b);
}

void release(const void *pointer, enum kind kind)
{
	struct handle *h = handle_release(pointer, kind);
	struct ashlar_device *dev;
	struct board *b;

	if (!h)
		return;
	dev = h->dev;
	b = dev->board;
	board_lock(b);
	handle_put(h);
	if (kind != KIND_DEVICE)
		handle_put(&dev->h);
	board_unlock(b);
}

ashlar_result borrow(struct ashlar_device *dev, const void *pointer,
		     enum kind kind, const char *what)
{
	ashlar_result result = handle_peek(pointer, kind, dev->board);

	if (result)
		return fail(
			dev, result, "%s %p is %s", what, pointer,
			pointer ?
				"released, of another board or no such handle" :
				"missing");
	/* Only fences reach across the address spaces of a board. */
	if (kind != KIND_FENCE && ((const struct handle *)pointer)->dev != dev)
		return fail(dev, ASHLAR_ERROR_HANDLE,
			    "%s %p belongs to another device handle", what,
			    pointer);
	return ASHLAR_OK;
}

ashlar_result take_struct(struct ashlar_device *dev, const void *from,
			  size_t least, uint32_t flags, void *to, size_t bytes,
			  const char *what)
{
	uint32_t head[2];

	memset(to, 0, bytes);
	if (!from)
		return fail(dev, ASHLAR_ERROR_INVALID, "%s is NULL", what);
	memcpy(head, from, sizeof(head));
	if (head[0] < least || head[0] > 4096)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "%s: size is %u, less than %zu or more than 4096",
			    what, head[0], least);
	if (head[1] & ~flags)
		return fail(dev, ASHLAR_ERROR_INVALID, "%s: unknown flags 0x%x",
			    what, head[1] & ~flags);
	/* What a newer application has set must not be lost silently. */
	for (size_t i = bytes; i < head[0]; i++)
		if (((const char *)from)[i])
			return fail(
				dev, ASHLAR_ERROR_UNSUPPORTED,
				"%s: byte %zu is set, which this version of the library does not know",
				what, i);
	memcpy(to, from, head[0] < bytes ? head[0] : bytes);
	return ASHLAR_OK;
}

ashlar_result give_struct(struct ashlar_device *dev, void *to, size_t least,
			  const void *from, size_t bytes, const char *what)
{
	uint32_t size;

	if (!to)
		return fail(dev, ASHLAR_ERROR_INVALID, "%s is NULL", what);
	memcpy(&size, to, sizeof(size));
	if (size < least)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "%s: size is %u, less than %zu", what, size, least);
	memcpy((char *)to + sizeof(size), (const char *)from + sizeof(size),
	       (size < bytes ? size : bytes) - sizeof(size));
	return ASHLAR_OK;
}

ashlar_result ashlar_ref(void *handle)
{
	return handle_retain(handle);
}

/* --- Life -------------------------------------------------------------------- */

static void device_destroy(struct handle *h)
{
	struct ashlar_device *dev = (struct ashlar_device *)h;
	struct ashlar_device **at = &dev->board->devices;

	device_cancel(dev, ASHLAR_ERROR_CANCELLED, "its device was released");
	memory_purge(dev);
	dev->space->port->ops->space_free(dev->space);
	while (*at != dev)
		at = &(*at)->next;
	*at = dev->next;
}

/* Board locked. */
static ashlar_result device_new(struct board *b, struct ashlar_device **out,
				char *error)
{
	struct ashlar_device *dev = calloc(1, sizeof(*dev));
	struct ashlar_device **at = &b->devices;
	int err;

	if (!dev)
		return ASHLAR_ERROR_NO_MEMORY;
	err = b->port->ops->space_new(b->port, &dev->space);
	if (err) {
		snprintf(error, ERROR_BYTES, "no address space: %.*s",
			 ERROR_BYTES - 32, b->port->error);
		free(dev);
		return result_of(err);
	}
	dev->board = b;
	memcpy(dev->name, b->name, sizeof(dev->name));
	handle_init(&dev->h, KIND_DEVICE, dev, device_destroy);
	if (handle_publish(&dev->h)) {
		b->port->ops->space_free(dev->space);
		free(dev);
		return ASHLAR_ERROR_NO_MEMORY;
	}
	while (*at)
		at = &(*at)->next;
	*at = dev;
	*out = dev;
	return ASHLAR_OK;
}

static ashlar_result open_own(const char *name,
			      const struct ashlar_open_options *options,
			      ashlar_device **device, char *error)
{
	ashlar_result result;
	struct board *b = board_new(name, options, &result, error);

	if (!b)
		return result;
	board_lock(b);
	result = device_new(b, device, error);
	board_unlock(b);
	return result;
}

static ashlar_result open_shared(const char *name,
				 const struct ashlar_open_options *options,
				 ashlar_device **device, char *error)
{
	ashlar_result result;

	if (name) {
		snprintf(error, ERROR_BYTES,
			 "name is %s, but must be NULL to share a board", name);
		return ASHLAR_ERROR_INVALID;
	}
	result = enter(options->share, KIND_DEVICE);
	if (result)
		return result;
	if (options->share->board->port->lost) {
		snprintf(error, ERROR_BYTES, "the board is lost: %.*s",
			 ERROR_BYTES - 32, options->share->board->port->error);
		result = ASHLAR_ERROR_LOST;
	} else {
		result = device_new(options->share->board, device, error);
	}
	leave(options->share);
	return result;
}

ashlar_result ashlar_device_open(const char *name,
				 const struct ashlar_open_options *options,
				 ashlar_device **device)
{
	const size_t least = END_OF(struct ashlar_open_options, log_ctx);
	struct ashlar_open_options o = { 0 };
	char error[ERROR_BYTES] = "";
	ashlar_result result;

	if (!device)
		return ASHLAR_ERROR_INVALID;
	*device = NULL;
	if (options && (options->size < least || options->flags))
		return ASHLAR_ERROR_INVALID;
	if (options)
		memcpy(&o, options,
		       options->size < sizeof(o) ? options->size : sizeof(o));

	result = o.share ? open_shared(name, &o, device, error) :
			   open_own(name, &o, device, error);
	if (result && o.error && o.error_bytes)
		snprintf(o.error, o.error_bytes, "%s",
			 error[0] ? error : ashlar_result_str(result));
	return result;
}

void ashlar_device_unref(ashlar_device *device)
{
	release(device, KIND_DEVICE);
}

size_t ashlar_device_error(ashlar_device *device, char *text, size_t n)
{
	const char *from;
	size_t length;

	if (text && n)
		*text = 0;
	if (enter(device, KIND_DEVICE))
		return 0;
	from = last_message(device);
	length = strlen(from);
	if (text && n)
		snprintf(text, n, "%s", from);
	leave(device);
	return length;
}

/* --- Listing and queries -------------------------------------------------------- */

/* Devices found so far, and where the application has room for them. */
struct listing {
	struct ashlar_device_entry *entries;
	uint32_t room, found;
};

static ashlar_result list_one(struct listing *l, const char *name,
			      const char *text)
{
	struct ashlar_device_entry *e = &l->entries[l->found];

	if (l->found++ >= l->room)
		return ASHLAR_OK;
	if (e->size < sizeof(*e))
		return ASHLAR_ERROR_INVALID;
	e->flags = 0;
	snprintf(e->name, sizeof(e->name), "%s", name);
	snprintf(e->text, sizeof(e->text), "%s", text);
	return ASHLAR_OK;
}

static ashlar_result list_cards(struct listing *l)
{
	ashlar_result result = ASHLAR_OK;
	char name[32], text[128];

	for (unsigned int n = 0; !result && n < ACCEL_NODES; n++) {
		if (!port_accel_describe(n, text, sizeof(text)))
			continue;
		snprintf(name, sizeof(name), "accel:%u", n);
		result = list_one(l, name, text);
	}
	return result;
}

static ashlar_result list_models(struct listing *l)
{
	static const struct {
		const char *kind, *board, *text;
	} known[] = {
		{ "fast", "sim", "functional model, 2 tiles" },
		{ "fast", "tiny", "functional model, 1 small tile" },
		{ "fast", "product", "functional model, 16 tiles" },
		{ "rtl", "sim", "RTL model, 2 tiles" },
		{ "rtl", "tiny", "RTL model, 1 small tile" },
		{ "rtl", "product", "RTL model, 16 tiles" },
	};
	ashlar_result result = ASHLAR_OK;

	for (size_t i = 0; !result && i < sizeof(known) / sizeof(known[0]);
	     i++) {
		char rel[96], name[64];
		char *path;

		snprintf(rel, sizeof(rel), "ashlar-model-%s-%s.so",
			 known[i].kind, known[i].board);
		path = data_path(NULL, rel);
		if (!path)
			return ASHLAR_ERROR_NO_MEMORY;
		snprintf(name, sizeof(name), "sim:%s,board=%s", known[i].kind,
			 known[i].board);
		if (!access(path, R_OK))
			result = list_one(l, name, known[i].text);
		free(path);
	}
	return result;
}

ashlar_result ashlar_device_list(struct ashlar_device_entry *entries,
				 uint32_t *count)
{
	struct listing l = { .entries = entries };
	ashlar_result result;

	if (!count)
		return ASHLAR_ERROR_INVALID;
	l.room = entries ? *count : 0;
	result = list_cards(&l);
	if (!result)
		result = list_models(&l);
	if (!result)
		*count = l.found;
	return result;
}

ashlar_result ashlar_device_query(ashlar_device *device,
				  struct ashlar_device_info *info)
{
	ashlar_result result = enter(device, KIND_DEVICE);
	struct ashlar_device_info i = { 0 };
	const struct topology *t;
	const struct port_facts *f;
	struct port *p;

	if (result)
		return result;
	t = &device->board->topology;
	p = device->board->port;
	f = &p->facts;
	memcpy(i.name, device->name, sizeof(i.name));
	memcpy(i.board, t->board, sizeof(i.board));
	i.platform = f->platform;
	i.hw_version = f->hw_version;
	i.firmware_version = f->firmware_version;
	i.control_abi = f->control_abi;
	i.job_abi = f->job_abi;
	i.kernel_abi = f->kernel_abi;
	i.clock_khz = t->clock_khz;
	i.tiles = t->tiles;
	i.array = t->array;
	i.accumulators = t->accs;
	i.local_bytes = t->lmem_bytes;
	i.scratchpad_bytes = t->spad_bytes;
	i.scratchpad_banks = t->spad_banks;
	i.max_queues = f->queues;
	i.max_devices = f->contexts;
	i.max_arg_bytes = f->arg_bytes;
	i.memory_bytes = t->mem_bytes;
	i.memory_free = p->ops->memory_free(p);
	i.address_bytes = device->space->address_bytes;
	result = give_struct(device, info,
			     END_OF(struct ashlar_device_info, address_bytes),
			     &i, sizeof(i), "info");
	leave(device);
	return result;
}

ashlar_result ashlar_device_perf(ashlar_device *device,
				 struct ashlar_device_perf *perf)
{
	ashlar_result result = enter(device, KIND_DEVICE);
	struct ashlar_device_perf p = { 0 };
	int err;

	if (result)
		return result;
	err = device->board->port->ops->perf(device->board->port, &p);
	if (err) {
		result = fail_port(device, err, "telemetry");
		goto out;
	}
	result = give_struct(device, perf,
			     END_OF(struct ashlar_device_perf, bad_requests),
			     &p, sizeof(p), "perf");
out:
	leave(device);
	return result;
}

ashlar_result ashlar_device_fault(ashlar_device *device,
				  struct ashlar_fault *fault)
{
	ashlar_result result = enter(device, KIND_DEVICE);

	if (result)
		return result;
	if (device->has_fault)
		result = give_struct(
			device, fault, END_OF(struct ashlar_fault, text),
			&device->fault, sizeof(device->fault), "fault");
	else
		result = fail(device, ASHLAR_ERROR_NOT_FOUND,
			      "nothing has failed on this device");
	leave(device);
	return result;
}
