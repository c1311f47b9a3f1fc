// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* The driver core's environment in the kernel: see core/ashlar_os.h. */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/slab.h>

#include "ashlar_device.h"

/* How long a wait sleeps when no interrupt comes; the core looks again then. */
#define PAUSE_NS 250000

u32 ashlar_os_read32(struct ashlar_os *os, u32 offset)
{
	return ioread32(os->regs + offset);
}

void ashlar_os_write32(struct ashlar_os *os, u32 offset, u32 value)
{
	/* Also for what is still in a write-combining buffer. */
	wmb();
	iowrite32(value, os->regs + offset);
}

void ashlar_os_mem_read(struct ashlar_os *os, u64 addr, void *data, size_t bytes)
{
	memcpy_fromio(data, os->mem + addr, bytes);
}

void ashlar_os_mem_write(struct ashlar_os *os, u64 addr, const void *data,
			 size_t bytes)
{
	memcpy_toio(os->mem + addr, data, bytes);
}

void *ashlar_os_alloc(size_t bytes)
{
	return kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
}

void ashlar_os_free(void *p)
{
	kvfree(p);
}

void *ashlar_os_dma_alloc(struct ashlar_os *os, size_t bytes, u64 *dma)
{
	dma_addr_t addr;
	void *cpu = dma_alloc_coherent(os->drm->dev, bytes, &addr, GFP_KERNEL);

	if (cpu)
		*dma = addr;
	return cpu;
}

void ashlar_os_dma_free(struct ashlar_os *os, void *cpu, u64 dma, size_t bytes)
{
	/* A board that is lost may still write there: cut it off first. */
	ashlar_reset_check(to_ashlar(os->drm));
	dma_free_coherent(os->drm->dev, bytes, cpu, dma);
}

void ashlar_os_wmb(void)
{
	wmb(); /* board memory is mapped write-combining */
}

void ashlar_os_rmb(void)
{
	rmb(); /* the other side of the board's ordered writes */
}

struct ashlar_os_lock {
	spinlock_t lock; /* also against the interrupt handler */
	unsigned long flags; /* of who holds it */
};

struct ashlar_os_lock *ashlar_os_lock_new(void)
{
	struct ashlar_os_lock *lock = kzalloc_obj(*lock, GFP_KERNEL);

	if (lock)
		spin_lock_init(&lock->lock);
	return lock;
}

void ashlar_os_lock_free(struct ashlar_os_lock *lock)
{
	kfree(lock);
}

void ashlar_os_lock(struct ashlar_os_lock *lock) __acquires(&lock->lock)
{
	unsigned long flags;

	spin_lock_irqsave(&lock->lock, flags);
	lock->flags = flags;
}

void ashlar_os_unlock(struct ashlar_os_lock *lock) __releases(&lock->lock)
{
	spin_unlock_irqrestore(&lock->lock, lock->flags);
}

int ashlar_os_pause(struct ashlar_os *os, u32 cycles)
{
	int seen = atomic_read(&os->events);

	wait_event_hrtimeout(os->wait, atomic_read(&os->events) != seen,
			     ns_to_ktime(PAUSE_NS));
	return 0;
}

void ashlar_os_log(struct ashlar_os *os, enum ashlar_os_level level,
		   const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list ap;

	va_start(ap, fmt);
	vaf.va = &ap;
	switch (level) {
	case ASHLAR_OS_ERROR:
		/* Printed by whoever finds that the board is lost. */
		scnprintf(os->error, sizeof(os->error), "%pV", &vaf);
		drm_dbg_driver(os->drm, "%s\n", os->error);
		break;
	case ASHLAR_OS_WARNING:
		dev_warn_ratelimited(os->drm->dev, "%pV\n", &vaf);
		break;
	case ASHLAR_OS_INFO:
		drm_info(os->drm, "%pV\n", &vaf);
		break;
	case ASHLAR_OS_DEBUG:
		drm_dbg_driver(os->drm, "%pV\n", &vaf);
		break;
	}
	va_end(ap);
}
