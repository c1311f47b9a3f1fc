// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Identity of a board, its memory, its time. */
#include "ashlar_dev.h"
#include "ashlar_regs.h"

static int gone(struct ashlar_dev *dev)
{
	dev->lost = true;
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
		      "the board does not answer: its registers read all ones; it has lost power or its link, or was reset from outside");
	return -ENODEV;
}

int ashlar_dev_fail(struct ashlar_dev *dev, int err, const char *why)
{
	if (dev->lost)
		return -ENODEV;
	/* A dead link explains every other symptom. */
	if (ashlar_os_read32(dev->os, ASHLAR_HOST_ID) == ~0u)
		return gone(dev);
	dev->lost = true;
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR, "%s", why);
	return err;
}

int ashlar_dev_alive(struct ashlar_dev *dev)
{
	if (dev->lost)
		return -ENODEV;
	return ashlar_os_read32(dev->os, ASHLAR_HOST_ID) == ~0u ? gone(dev) : 0;
}

static int identify(struct ashlar_dev *dev)
{
	u32 id = ashlar_os_read32(dev->os, ASHLAR_HOST_ID);

	if (id == ~0u)
		return gone(dev);
	if (id != ASHLAR_HOST_ID_RESET) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "not an Ashlar board: HOST.ID is 0x%08x, not 0x%08x",
			      id, ASHLAR_HOST_ID_RESET);
		return -ENODEV;
	}

	dev->hw_version = ashlar_os_read32(dev->os, ASHLAR_HOST_HW_VERSION);
	if (ASHLAR_VERSION_MAJOR(dev->hw_version) != ASHLAR_CORE_HW_MAJOR) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "the board has hardware interface %u.%u, this driver speaks %u.x; install the driver of the board's generation",
			      ASHLAR_VERSION_MAJOR(dev->hw_version),
			      ASHLAR_VERSION_MINOR(dev->hw_version),
			      ASHLAR_CORE_HW_MAJOR);
		return -EPROTONOSUPPORT;
	}
	dev->platform = ashlar_os_read32(dev->os, ASHLAR_HOST_PLATFORM);
	return 0;
}

static int size_up(struct ashlar_dev *dev)
{
	u32 lo = ashlar_os_read32(dev->os, ASHLAR_HOST_MEM_BYTES_LO);
	u32 hi = ashlar_os_read32(dev->os, ASHLAR_HOST_MEM_BYTES_HI);

	dev->mem_bytes = (u64)hi << 32 | lo;
	dev->dtb_bytes = ashlar_os_read32(dev->os, ASHLAR_HOST_DTB_BYTES);

	if (!dev->mem_bytes || dev->mem_bytes % ASHLAR_PAGE ||
	    dev->mem_bytes >> 48) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "HOST.MEM_BYTES is 0x%llx, not a multiple of 4096 from 4096 to 2^48",
			      (unsigned long long)dev->mem_bytes);
		return -ENODEV;
	}
	if (dev->dtb_bytes < 4 || dev->dtb_bytes > ASHLAR_MAP_BAR0_DTB_BYTES) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "HOST.DTB_BYTES is %u, not 4 to %u",
			      dev->dtb_bytes, ASHLAR_MAP_BAR0_DTB_BYTES);
		return -ENODEV;
	}
	/* Address 0 stays free: it must never be a valid ring or root. */
	return ashlar_range_init(&dev->heap, ASHLAR_PAGE,
				 dev->mem_bytes - ASHLAR_PAGE);
}

int ashlar_dev_attach(struct ashlar_dev *dev, struct ashlar_os *os)
{
	int err;

	memset(dev, 0, sizeof(*dev));
	dev->os = os;
	dev->vectors = ASHLAR_MAX_QUEUES;

	err = identify(dev);
	if (err)
		return err;
	err = size_up(dev);
	if (err)
		return err;

	dev->lock = ashlar_os_lock_new();
	if (!dev->lock)
		return -ENOMEM;
	err = ashlar_ctrl_init(dev);
	if (err) {
		ashlar_os_lock_free(dev->lock);
		dev->lock = NULL;
	}
	return err;
}

int ashlar_dev_boot(struct ashlar_dev *dev, const void *image, size_t bytes)
{
	int err;

	dev->lost = false;
	dev->booted = false;
	dev->boots++;
	ashlar_ctrl_reset(dev);
	err = ashlar_boot_load(dev, image, bytes);
	if (err)
		return err;
	err = ashlar_boot_hello(dev);
	if (err)
		return err;
	dev->booted = true;
	return 0;
}

void ashlar_dev_detach(struct ashlar_dev *dev)
{
	if (!dev->lock)
		return;
	if (!dev->lost)
		ashlar_os_write32(dev->os, ASHLAR_HOST_MP_CTRL, 0);
	dev->lost = true;
	ashlar_ctrl_fini(dev);
	ashlar_os_lock_free(dev->lock);
	dev->lock = NULL;
}

int ashlar_dev_read_dtb(struct ashlar_dev *dev, void *blob, size_t bytes)
{
	u32 offset, word;

	if (bytes != dev->dtb_bytes)
		return -EINVAL;
	for (offset = 0; offset < bytes; offset += 4) {
		size_t n = bytes - offset < 4 ? bytes - offset : 4;

		word = ashlar_os_read32(dev->os,
					ASHLAR_MAP_BAR0_DTB_BASE + offset);
		memcpy((u8 *)blob + offset, &word, n);
	}
	return 0;
}

u64 ashlar_dev_cycles(struct ashlar_dev *dev)
{
	u32 lo, hi;

	/* Reading LO latches HI, so nobody may read LO in between. */
	ashlar_os_lock(dev->lock);
	lo = ashlar_os_read32(dev->os, ASHLAR_HOST_CYCLE_LO);
	hi = ashlar_os_read32(dev->os, ASHLAR_HOST_CYCLE_HI);
	ashlar_os_unlock(dev->lock);
	return (u64)hi << 32 | lo;
}

int ashlar_dev_mem_alloc(struct ashlar_dev *dev, struct ashlar_node *node,
			 u64 bytes, u64 align)
{
	int err;

	ashlar_os_lock(dev->lock);
	err = ashlar_range_alloc(&dev->heap, node, bytes, align);
	ashlar_os_unlock(dev->lock);
	if (err == -ENOSPC)
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "%llu bytes of board memory at a multiple of %llu are not free: %llu of %llu are left, in pieces",
			      (unsigned long long)bytes,
			      (unsigned long long)align,
			      (unsigned long long)ashlar_dev_mem_left(dev),
			      (unsigned long long)dev->mem_bytes);
	return err;
}

void ashlar_dev_mem_free(struct ashlar_dev *dev, struct ashlar_node *node)
{
	ashlar_os_lock(dev->lock);
	ashlar_range_free(&dev->heap, node);
	ashlar_os_unlock(dev->lock);
}

u64 ashlar_dev_mem_left(struct ashlar_dev *dev)
{
	u64 left;

	ashlar_os_lock(dev->lock);
	left = ashlar_range_left(&dev->heap);
	ashlar_os_unlock(dev->lock);
	return left;
}

void ashlar_dev_mem_clear(struct ashlar_dev *dev, u64 addr, u64 bytes)
{
	static const u8 zeros[ASHLAR_PAGE];

	while (bytes) {
		size_t n = bytes < sizeof(zeros) ? bytes : sizeof(zeros);

		ashlar_os_mem_write(dev->os, addr, zeros, n);
		addr += n;
		bytes -= n;
	}
}

u32 ashlar_dev_take(struct ashlar_dev *dev, u64 *set, u32 limit)
{
	u32 number;

	ashlar_os_lock(dev->lock);
	for (number = 1; number < limit; number++)
		if (!(*set >> number & 1))
			break;
	if (number < limit)
		*set |= 1ull << number;
	else
		number = 0;
	ashlar_os_unlock(dev->lock);
	return number;
}

void ashlar_dev_give(struct ashlar_dev *dev, u64 *set, u32 number)
{
	ashlar_os_lock(dev->lock);
	*set &= ~(1ull << number);
	ashlar_os_unlock(dev->lock);
}

int ashlar_dev_telemetry(struct ashlar_dev *dev, struct ashlar_telemetry *t)
{
	const u32 base = ASHLAR_MAP_BAR0_SHARED_BASE + ASHLAR_SHARED_TELEMETRY;
	u32 words[sizeof(*t) / 4];
	unsigned int tries, i;

	if (dev->lost)
		return -ENODEV;
	for (tries = 0; tries < 8; tries++) {
		for (i = 0; i < sizeof(words) / 4; i++)
			words[i] = ashlar_os_read32(dev->os, base + 4 * i);
		if (!(words[0] & 1) &&
		    ashlar_os_read32(dev->os, base) == words[0]) {
			memcpy(t, words, sizeof(*t));
			return 0;
		}
		/* All ones are odd, too. */
		if (words[0] == ~0u && ashlar_dev_alive(dev))
			return -ENODEV;
		if (ashlar_os_pause(dev->os, 100))
			return -ENODEV;
	}
	return -EAGAIN;
}
