// SPDX-License-Identifier: MIT
/* Address spaces and buffers of a card. */
#include "accel.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Operations of one VM_BIND. */
#define OPS_MAX 64u

static struct accel_memory *memory_of(struct port_memory *m)
{
	return (struct accel_memory *)m;
}

static struct accel *board_of(const struct port_space *s)
{
	return accel_of(s->port);
}

/*
 * Do the first of `count` operations; returns how many were done, with *err
 * what became of the next.
 */
static uint32_t bind(struct accel_space *s, struct drm_ashlar_bind_op *ops,
		     uint32_t count, int *err)
{
	uint32_t done = 0;

	do {
		struct drm_ashlar_vm_bind b = {
			.ops = { sizeof(*ops), count - done,
				 (uintptr_t)(ops + done) },
		};

		*err = accel_try(s->fd, DRM_IOCTL_ASHLAR_VM_BIND, &b);
		if (!*err)
			return count;
		if (b.done > count - done)
			b.done = count - done;
		done += b.done;
	} while (*err == EINTR || *err == EAGAIN);
	return done;
}

/* --- Space ----------------------------------------------------------------- */

static void close_handle(const struct accel_space *s, uint32_t handle)
{
	struct drm_gem_close c = { .handle = handle };

	accel_ioctl(s->fd, DRM_IOCTL_GEM_CLOSE, &c);
}

/*
 * The driver takes an address space of the board at the first mapping. Do one,
 * so that there is an error now, not later, when there is none left.
 */
static int take_context(struct accel *a, struct accel_space *s)
{
	struct drm_ashlar_bo_create bo = { .size = PORT_PAGE,
					   .flags = DRM_ASHLAR_BO_LOCAL };
	struct drm_ashlar_bind_op ops[] = {
		{ .op = DRM_ASHLAR_BIND_MAP,
		  .flags = DRM_ASHLAR_BIND_READ_ONLY,
		  .va = a->info.va_start,
		  .range = PORT_PAGE },
		{ .op = DRM_ASHLAR_BIND_UNMAP,
		  .va = a->info.va_start,
		  .range = PORT_PAGE },
	};
	int err = accel_ioctl(s->fd, DRM_IOCTL_ASHLAR_BO_CREATE, &bo);

	if (err)
		return accel_fail(a, err, "BO_CREATE",
				  "a first page of board memory");
	ops[0].handle = bo.handle;
	bind(s, ops, 1, &err);
	if (!err)
		bind(s, ops + 1, 1, &err);
	close_handle(s, bo.handle);
	if (!err)
		return 0;
	return accel_fail(
		a, err, "VM_BIND",
		"all %u contexts of the board are taken, or its memory is",
		a->info.max_contexts);
}

int accel_space_new(struct port *p, struct port_space **out)
{
	struct accel *a = accel_of(p);
	const struct drm_ashlar_device *i = &a->info;
	struct accel_space *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return port_fail(p, -ENOMEM, "no host memory");
	s->s.port = p;
	s->s.number = ++a->spaces;
	s->s.address_bytes = i->va_end;
	err = accel_open(a->node, &s->fd);
	if (err) {
		free(s);
		return accel_fail(a, err, "open", "%s", a->node);
	}
	ashlar_range_init(&s->va, i->va_start, i->va_end - i->va_start);
	err = take_context(a, s);
	if (err) {
		accel_space_free(&s->s);
		return err;
	}
	*out = &s->s;
	return 0;
}

void accel_space_free(struct port_space *ps)
{
	struct accel_space *s = accel_space_of(ps);

	close(s->fd);
	free(s);
}

/* The driver does it, with the first queue after the last. */
int accel_space_restart(struct port_space *s)
{
	(void)s;
	return 0;
}

/* --- Making and giving back --------------------------------------------------- */

static int give_address(struct accel *a, struct accel_space *s,
			struct accel_memory *m, uint64_t align)
{
	uint64_t page = a->info.large_page_bytes;
	int err;

	if (m->m.bytes < page || page < PORT_PAGE)
		page = PORT_PAGE;
	/* One page more, which stays unmapped. */
	err = ashlar_range_alloc(&s->va, &m->va, m->m.bytes + PORT_PAGE,
				 align > page ? align : page);
	if (err)
		return port_fail(
			&a->port, err,
			"%llu bytes of device addresses are not free: %llu are left, in pieces",
			(unsigned long long)m->m.bytes,
			(unsigned long long)ashlar_range_left(&s->va));
	m->m.addr = m->va.start;
	return 0;
}

static int create(struct accel *a, struct accel_space *s,
		  struct accel_memory *m, bool host)
{
	struct drm_ashlar_bo_create bo = {
		.size = m->m.bytes,
		.flags = host ? 0 : DRM_ASHLAR_BO_LOCAL,
	};
	struct drm_ashlar_state state;
	int err = accel_ioctl(s->fd, DRM_IOCTL_ASHLAR_BO_CREATE, &bo);

	m->handle = err ? 0 : bo.handle;
	if (err == ENOSPC && !accel_query_state(a, &state))
		return accel_fail(
			a, err, "BO_CREATE",
			"%llu bytes of board memory are not free: %llu of %llu are left, in pieces",
			(unsigned long long)m->m.bytes,
			(unsigned long long)state.memory_free,
			(unsigned long long)a->info.memory_bytes);
	if (err)
		return accel_fail(a, err, "BO_CREATE",
				  "%llu bytes of %s memory",
				  (unsigned long long)m->m.bytes,
				  host ? "system" : "board");
	return 0;
}

static int map(struct accel *a, struct accel_space *s, struct accel_memory *m,
	       bool read_only)
{
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_MAP,
		.flags = read_only ? DRM_ASHLAR_BIND_READ_ONLY : 0,
		.handle = m->handle,
		.va = m->m.addr,
		.range = m->m.bytes,
	};
	int err;

	bind(s, &op, 1, &err);
	m->bound = !err;
	if (err == EDQUOT)
		return accel_fail(
			a, err, "VM_BIND",
			"%llu bytes of system memory more than RLIMIT_MEMLOCK lets this user pin; raise it (ulimit -l)",
			(unsigned long long)m->m.bytes);
	if (err)
		return accel_fail(
			a, err, "VM_BIND",
			"%llu bytes at 0x%llx of addresses 0x%llx to 0x%llx",
			(unsigned long long)m->m.bytes,
			(unsigned long long)m->m.addr,
			(unsigned long long)a->info.va_start,
			(unsigned long long)a->info.va_end);
	return 0;
}

int accel_memory_new(struct port_space *ps, uint64_t bytes, uint64_t align,
		     uint32_t flags, struct port_memory **out)
{
	struct accel *a = board_of(ps);
	struct accel_space *s = accel_space_of(ps);
	struct accel_memory *m = calloc(1, sizeof(*m));
	bool host = flags & ASHLAR_BUFFER_HOST;
	int err;

	if (!m)
		return port_fail(ps->port, -ENOMEM, "no host memory");
	m->m.space = ps;
	m->m.bytes = bytes;
	err = give_address(a, s, m, align);
	if (!err)
		err = create(a, s, m, host);
	if (!err)
		err = map(a, s, m, flags & ASHLAR_BUFFER_READ_ONLY);
	if (!err && host)
		err = accel_memory_map(&m->m, &m->m.host);
	if (err) {
		accel_memory_delete(&m->m);
		return err;
	}
	*out = &m->m;
	return 0;
}

void accel_memory_unmap(struct port_memory *pm)
{
	struct accel_memory *m = memory_of(pm);
	struct accel_space *s = accel_space_of(pm->space);

	m->next = s->unmapped;
	s->unmapped = m;
}

int accel_memory_forget(struct port_space *ps, bool last)
{
	struct accel_space *s = accel_space_of(ps);
	struct drm_ashlar_bind_op ops[OPS_MAX];
	uint32_t most = board_of(ps)->info.max_binds;

	/* The driver does it when the file goes. */
	if (last || ps->port->lost) {
		s->closing = true;
		s->unmapped = NULL;
		return 0;
	}
	if (most > OPS_MAX)
		most = OPS_MAX;
	while (s->unmapped) {
		struct accel_memory *m = s->unmapped;
		uint32_t count = 0, done;
		int err;

		for (; m && count < most; m = m->next)
			ops[count++] = (struct drm_ashlar_bind_op){
				.op = DRM_ASHLAR_BIND_UNMAP,
				.va = m->m.addr,
				.range = m->m.bytes,
			};
		done = bind(s, ops, count, &err);
		for (uint32_t i = 0; i < done; i++) {
			s->unmapped->bound = false;
			s->unmapped = s->unmapped->next;
		}
		if (err)
			return accel_fail(
				board_of(ps), err, "VM_BIND",
				"cannot unmap %llu bytes at 0x%llx",
				(unsigned long long)s->unmapped->m.bytes,
				(unsigned long long)s->unmapped->m.addr);
	}
	return 0;
}

void accel_memory_delete(struct port_memory *pm)
{
	struct accel_memory *m = memory_of(pm);
	struct accel_space *s = accel_space_of(pm->space);
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_UNMAP,
		.va = pm->addr,
		.range = pm->bytes,
	};
	int err;

	if (m->cpu)
		munmap(m->cpu, pm->bytes);
	if (m->bound && !s->closing)
		bind(s, &op, 1, &err);
	if (m->handle && !s->closing)
		close_handle(s, m->handle);
	ashlar_range_free(&s->va, &m->va);
	free(m);
}

/* --- Access ---------------------------------------------------------------- */

int accel_memory_map(struct port_memory *pm, void **cpu)
{
	struct accel_memory *m = memory_of(pm);
	struct accel *a = board_of(pm->space);
	int fd = accel_space_of(pm->space)->fd;
	struct drm_ashlar_bo_query q = { .handle = m->handle };
	void *at;
	int err;

	if (m->cpu) {
		*cpu = m->cpu;
		return 0;
	}
	err = accel_ioctl(fd, DRM_IOCTL_ASHLAR_BO_QUERY, &q);
	if (err)
		return accel_fail(a, err, "BO_QUERY", "buffer %u of %llu bytes",
				  m->handle, (unsigned long long)pm->bytes);
	if (!q.mmap_offset || q.size < pm->bytes)
		return accel_fail(
			a, EBADF, "BO_QUERY",
			"buffer %u has %llu bytes at offset 0x%llx, expected %llu at another than 0",
			m->handle, (unsigned long long)q.size,
			(unsigned long long)q.mmap_offset,
			(unsigned long long)pm->bytes);
	at = mmap(NULL, pm->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  (off_t)q.mmap_offset);
	if (at == MAP_FAILED)
		return accel_fail(a, errno == EAGAIN ? ENOMEM : errno, "mmap",
				  "%llu bytes of buffer %u",
				  (unsigned long long)pm->bytes, m->handle);
	m->cpu = at;
	*cpu = at;
	return 0;
}

/* Board memory is write-combining: nothing may stay behind on this processor. */
static void drain(void)
{
	__sync_synchronize();
}

int accel_memory_write(struct port_memory *m, uint64_t offset, const void *data,
		       uint64_t bytes)
{
	void *cpu;
	int err = accel_memory_map(m, &cpu);

	if (err)
		return err;
	memcpy((char *)cpu + offset, data, bytes);
	drain();
	return 0;
}

int accel_memory_read(struct port_memory *m, uint64_t offset, void *data,
		      uint64_t bytes)
{
	void *cpu;
	int err = accel_memory_map(m, &cpu);

	if (err)
		return err;
	drain();
	memcpy(data, (char *)cpu + offset, bytes);
	return 0;
}

int accel_memory_export(struct port_memory *pm, int *fd)
{
	struct accel *a = board_of(pm->space);
	struct drm_prime_handle p = {
		.handle = memory_of(pm)->handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
		.fd = -1,
	};
	int err;

	if (!pm->host)
		return port_fail(
			&a->port, -EOPNOTSUPP,
			"board memory cannot be shared as dma-buf, only buffers made with ASHLAR_BUFFER_HOST");
	err = accel_ioctl(accel_space_of(pm->space)->fd,
			  DRM_IOCTL_PRIME_HANDLE_TO_FD, &p);
	if (err)
		return accel_fail(a, err, "PRIME_HANDLE_TO_FD",
				  "a dma-buf of %llu bytes",
				  (unsigned long long)pm->bytes);
	*fd = p.fd;
	return 0;
}
