// SPDX-License-Identifier: MIT
#include "dma.h"
#include "vfio_user.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096u

/* --- Copies that may fault -------------------------------------------------- */

/*
 * The client can shorten a file after it was mapped; the next access is then
 * a SIGBUS on the thread that copies.
 */
static _Thread_local sigjmp_buf copy_fault;
static _Thread_local volatile sig_atomic_t copying;

static void bus_error(int sig)
{
	sigset_t set;

	if (copying) {
		/* The handler is left by a jump, which does not unblock. */
		sigemptyset(&set);
		sigaddset(&set, sig);
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		siglongjmp(copy_fault, 1);
	}
	/* Not ours: the same access again, without a handler, ends it. */
	signal(sig, SIG_DFL);
}

int dma_init(struct dma *d)
{
	struct sigaction sa = { .sa_handler = bus_error };

	memset(d, 0, sizeof(*d));
	return sigaction(SIGBUS, &sa, NULL) ? errno : 0;
}

static int copy(void *to, const void *from, size_t bytes)
{
	if (sigsetjmp(copy_fault, 0)) {
		copying = 0;
		return -EFAULT;
	}
	copying = 1;
	atomic_signal_fence(memory_order_seq_cst);
	memcpy(to, from, bytes);
	atomic_signal_fence(memory_order_seq_cst);
	copying = 0;
	return 0;
}

/* --- Windows ---------------------------------------------------------------- */

static uint64_t last_of(uint64_t address, uint64_t bytes)
{
	return address + (bytes - 1);
}

static uint64_t window_last(const struct dma_window *w)
{
	return last_of(w->address, w->bytes);
}

/* The first window that does not end before address; count: none. */
static size_t find(const struct dma *d, uint64_t address)
{
	size_t low = 0, high = d->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (window_last(&d->windows[mid]) < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool range_ok(uint64_t address, uint64_t bytes)
{
	return bytes && !(address % PAGE) && !(bytes % PAGE) &&
	       bytes - 1 <= UINT64_MAX - address;
}

static int map_memory(struct dma_window *w, int fd, uint64_t offset)
{
	int prot = PROT_READ;
	struct stat st;
	void *p;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode) || offset % PAGE ||
	    offset > (uint64_t)st.st_size ||
	    w->bytes > (uint64_t)st.st_size - offset)
		return EINVAL;
	if (w->flags & VFIO_USER_MAP_WRITE)
		prot |= PROT_WRITE;
	p = mmap(NULL, w->bytes, prot, MAP_SHARED | MAP_NORESERVE, fd,
		 (off_t)offset);
	if (p == MAP_FAILED)
		return errno;
	w->cpu = p;
	return 0;
}

int dma_map(struct dma *d, uint64_t address, uint64_t bytes, uint32_t flags,
	    int fd, uint64_t offset)
{
	struct dma_window w = { .address = address,
				.bytes = bytes,
				.flags = flags };
	size_t i;
	int err;

	if (!flags || flags & ~(VFIO_USER_MAP_READ | VFIO_USER_MAP_WRITE) ||
	    !range_ok(address, bytes))
		return EINVAL;
	i = find(d, address);
	if (i < d->count && d->windows[i].address <= last_of(address, bytes))
		return EEXIST;
	if (d->count == DMA_WINDOWS_MAX)
		return ENOSPC;
	if (d->count == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		void *p = realloc(d->windows, room * sizeof(*d->windows));

		if (!p)
			return ENOMEM;
		d->windows = p;
		d->room = room;
	}
	if (fd >= 0) {
		err = map_memory(&w, fd, offset);
		if (err)
			return err;
	}
	memmove(&d->windows[i + 1], &d->windows[i],
		(d->count - i) * sizeof(*d->windows));
	d->windows[i] = w;
	d->count++;
	return 0;
}

/* Windows first .. end - 1 go. */
static void remove_windows(struct dma *d, size_t first, size_t end)
{
	size_t i;

	for (i = first; i < end; i++)
		if (d->windows[i].cpu)
			munmap(d->windows[i].cpu, d->windows[i].bytes);
	if (end < d->count)
		memmove(&d->windows[first], &d->windows[end],
			(d->count - end) * sizeof(*d->windows));
	d->count -= end - first;
	d->last_hit = 0;
}

int dma_unmap(struct dma *d, uint64_t address, uint64_t bytes)
{
	size_t first, end;
	uint64_t last;

	if (!range_ok(address, bytes))
		return EINVAL;
	last = last_of(address, bytes);
	first = find(d, address);
	for (end = first; end < d->count; end++) {
		const struct dma_window *w = &d->windows[end];

		if (w->address > last)
			break;
		if (w->address < address || window_last(w) > last)
			return EINVAL;
	}
	remove_windows(d, first, end);
	return 0;
}

void dma_unmap_all(struct dma *d)
{
	remove_windows(d, 0, d->count);
	free(d->windows);
	memset(d, 0, sizeof(*d));
}

/* --- Accesses by the board -------------------------------------------------- */

static bool holds(const struct dma_window *w, uint64_t address)
{
	return address >= w->address && address - w->address < w->bytes;
}

static char *host_address(struct dma *d, uint64_t address, size_t bytes,
			  uint32_t flag)
{
	const struct dma_window *w;

	if (d->last_hit >= d->count ||
	    !holds(&d->windows[d->last_hit], address)) {
		size_t i = find(d, address);

		if (i == d->count || !holds(&d->windows[i], address))
			return NULL;
		d->last_hit = i;
	}
	w = &d->windows[d->last_hit];
	if (!w->cpu || !(w->flags & flag) ||
	    bytes > w->bytes - (address - w->address))
		return NULL;
	return w->cpu + (address - w->address);
}

int dma_read(struct dma *d, uint64_t address, void *data, size_t bytes)
{
	const char *from = host_address(d, address, bytes, VFIO_USER_MAP_READ);
	int err;

	if (!from)
		return -EFAULT;
	err = copy(data, from, bytes);
	/* What is read next is not older. */
	atomic_thread_fence(memory_order_acquire);
	return err;
}

int dma_write(struct dma *d, uint64_t address, const void *data, size_t bytes)
{
	char *to = host_address(d, address, bytes, VFIO_USER_MAP_WRITE);

	if (!to)
		return -EFAULT;
	/* Who sees this write sees those before it. */
	atomic_thread_fence(memory_order_release);
	return copy(to, data, bytes);
}
