// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* From a firmware image to a board that answers on its control ring. */
#include "ashlar_dev.h"
#include "ashlar_regs.h"

#define POLL_CYCLES 2000 /* between two looks at the post code */

struct post_text {
	u32 code;
	const char *what;
	const char *cure;
};

static const struct post_text errors[] = {
	{ ASHLAR_POST_BAD_SIZE, "the image size does not fit its header or TCM",
	  "the image file is truncated or not for this board; install the firmware again" },
	{ ASHLAR_POST_BAD_MAGIC, "the image does not begin with \"AWFI\"",
	  "the file is not a firmware image; give the path of one" },
	{ ASHLAR_POST_BAD_HEADER, "the image header is damaged",
	  "install the firmware again" },
	{ ASHLAR_POST_BAD_PAYLOAD, "the image payload is damaged",
	  "install the firmware again; if it stays, test board memory" },
	{ ASHLAR_POST_BAD_HW, "the image is not for this version of the hardware",
	  "install the firmware release that names the board's hardware interface" },
	{ ASHLAR_POST_COPY_ERROR,
	  "the copy engine failed while the image was loaded",
	  "reset the board; if it stays, board memory is faulty" },
	{ ASHLAR_POST_TRAP, "the management processor took an exception",
	  "report it with the log of the board" },
	{ ASHLAR_POST_ASSERT, "the firmware found itself inconsistent",
	  "report it with the log of the board" },
};

static int post_error(struct ashlar_dev *dev, u32 post, const char *happened)
{
	const char *what = "unknown post code";
	const char *cure = "driver and firmware may not fit; update both";
	unsigned int i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].code == post) {
			what = errors[i].what;
			cure = errors[i].cure;
		}
	}
	dev->lost = true;
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
		      "the firmware %s: %s (post code 0x%02x); %s", happened,
		      what, post, cure);
	return -EIO;
}

static const char *post_stage(u32 post)
{
	switch (post) {
	case ASHLAR_POST_RESET:
		return "the processor has not run an instruction of the boot ROM";
	case ASHLAR_POST_ROM:
		return "the boot ROM runs";
	case ASHLAR_POST_ROM_LOAD:
		return "the boot ROM copies the image";
	case ASHLAR_POST_ROM_JUMP:
		return "the boot ROM has handed over";
	case ASHLAR_POST_RUNTIME:
		return "the runtime starts";
	default:
		return "unknown post code";
	}
}

/*
 * Device time bounds the wait. A board whose clock stands still would make it
 * endless, so the number of turns without progress is bounded too.
 */
static int wait_ready(struct ashlar_dev *dev)
{
	u64 start = ashlar_dev_cycles(dev);
	u64 now = start, last = start;
	unsigned int still = 0;
	u32 post;

	for (;;) {
		post = ashlar_os_read32(dev->os, ASHLAR_HOST_POST);
		if (post == ~0u)
			return ashlar_dev_fail(dev, -ENODEV,
					       "HOST.POST reads all ones");
		if (post == ASHLAR_POST_READY)
			return 0;
		if (post >= ASHLAR_POST_BAD_SIZE)
			return post_error(dev, post, "did not start");
		if (now - start >= ASHLAR_BOOT_CYCLES || still >= 1000)
			break;
		if (ashlar_os_pause(dev->os, POLL_CYCLES))
			return ashlar_dev_fail(dev, -ENODEV,
					       "the board went away during boot");
		now = ashlar_dev_cycles(dev);
		still = now == last ? still + 1 : 0;
		last = now;
	}

	dev->lost = true;
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
		      "the firmware is not ready after %llu cycles: %s (post code 0x%02x); try another firmware release",
		      (unsigned long long)(now - start), post_stage(post), post);
	return -ETIMEDOUT;
}

int ashlar_boot_check(struct ashlar_dev *dev)
{
	u32 post = ashlar_os_read32(dev->os, ASHLAR_HOST_POST);

	if (post == ~0u)
		return ashlar_dev_fail(dev, -ENODEV, "HOST.POST reads all ones");
	if (post >= ASHLAR_POST_BAD_SIZE)
		return post_error(dev, post, "has stopped");
	return 0;
}

int ashlar_boot_load(struct ashlar_dev *dev, const void *image, size_t bytes)
{
	struct ashlar_node node = { 0 };
	int err;

	if (bytes < sizeof(struct ashlar_image) || bytes > 0xffffffffu) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "a firmware image of %llu bytes is not %u bytes to 4 GiB",
			      (unsigned long long)bytes,
			      (unsigned int)sizeof(struct ashlar_image));
		return -EINVAL;
	}
	err = ashlar_dev_mem_alloc(dev, &node, bytes, ASHLAR_PAGE);
	if (err)
		return err;

	ashlar_os_write32(dev->os, ASHLAR_HOST_MP_CTRL, 0);
	ashlar_os_mem_write(dev->os, node.start, image, bytes);
	ashlar_os_write32(dev->os, ASHLAR_HOST_BOOT_ADDR_LO, (u32)node.start);
	ashlar_os_write32(dev->os, ASHLAR_HOST_BOOT_ADDR_HI,
			  (u32)(node.start >> 32));
	ashlar_os_write32(dev->os, ASHLAR_HOST_BOOT_BYTES, (u32)bytes);
	ashlar_os_write32(dev->os, ASHLAR_HOST_MP_CTRL,
			  ASHLAR_HOST_MP_CTRL_RUN_MASK);
	err = wait_ready(dev);
	if (err && ashlar_os_read32(dev->os, ASHLAR_HOST_ID) != ~0u)
		ashlar_os_write32(dev->os, ASHLAR_HOST_MP_CTRL, 0);

	/* It runs from TCM now, or not at all. */
	ashlar_dev_mem_free(dev, &node);
	return err;
}

static int check_info(struct ashlar_dev *dev, const struct ashlar_info *info)
{
	const char *what = NULL;
	u32 value = 0;

	if (info->magic != ASHLAR_SHARED_MAGIC) {
		what = "magic";
		value = info->magic;
	} else if (info->bytes < sizeof(*info) || info->bytes > 0x200) {
		what = "bytes";
		value = info->bytes;
	} else if (!info->tiles || info->tiles > 64) {
		what = "tiles";
		value = info->tiles;
	} else if (!info->queues) {
		what = "queues";
		value = info->queues;
	} else if (!info->contexts) {
		what = "contexts";
		value = info->contexts;
	} else if (!info->max_depth_log2 || info->max_depth_log2 > 16) {
		what = "max_depth_log2";
		value = info->max_depth_log2;
	} else if (!info->clock_khz) {
		what = "clock_khz";
	}
	if (!what)
		return 0;

	dev->lost = true;
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
		      "the firmware's description of itself is wrong: %s is 0x%x; install the firmware again",
		      what, value);
	return -EPROTO;
}

/*
 * Highest version in both ranges; 0 when there is none or the firmware's range
 * is upside down.
 */
static u32 agree(u32 min, u32 max, const struct ashlar_version_range *fw)
{
	u32 low = min > fw->min ? min : fw->min;
	u32 high = max < fw->max ? max : fw->max;

	return low <= high ? high : 0;
}

static int no_version(struct ashlar_dev *dev, const char *what, u32 min,
		      u32 max, const struct ashlar_version_range *fw)
{
	dev->lost = true;
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
		      "no common version of the %s interface: the driver speaks %u.%u to %u.%u, the firmware %u.%u to %u.%u; update the %s",
		      what, ASHLAR_VERSION_MAJOR(min),
		      ASHLAR_VERSION_MINOR(min), ASHLAR_VERSION_MAJOR(max),
		      ASHLAR_VERSION_MINOR(max), ASHLAR_VERSION_MAJOR(fw->min),
		      ASHLAR_VERSION_MINOR(fw->min),
		      ASHLAR_VERSION_MAJOR(fw->max),
		      ASHLAR_VERSION_MINOR(fw->max),
		      fw->max < min ? "firmware" : "driver");
	return -EPROTONOSUPPORT;
}

static int negotiate(struct ashlar_dev *dev)
{
	const struct ashlar_info *info = &dev->info;

	dev->control_abi = agree(ASHLAR_CORE_CONTROL_MIN, ASHLAR_ABI_CONTROL,
				 &info->control);
	if (!dev->control_abi)
		return no_version(dev, "control", ASHLAR_CORE_CONTROL_MIN,
				  ASHLAR_ABI_CONTROL, &info->control);
	dev->job_abi = agree(ASHLAR_CORE_JOB_MIN, ASHLAR_ABI_JOB, &info->job);
	if (!dev->job_abi)
		return no_version(dev, "job", ASHLAR_CORE_JOB_MIN,
				  ASHLAR_ABI_JOB, &info->job);
	dev->kernel_abi =
		agree(ASHLAR_CORE_KERNEL_MIN, ASHLAR_ABI_KERNEL, &info->kernel);
	if (!dev->kernel_abi)
		return no_version(dev, "kernel", ASHLAR_CORE_KERNEL_MIN,
				  ASHLAR_ABI_KERNEL, &info->kernel);
	return 0;
}

int ashlar_boot_hello(struct ashlar_dev *dev)
{
	const u32 base = ASHLAR_MAP_BAR0_SHARED_BASE + ASHLAR_SHARED_INFO;
	struct ashlar_ctrl_hello hello = {
		.control = { ASHLAR_CORE_CONTROL_MIN, ASHLAR_ABI_CONTROL },
		.job = { ASHLAR_CORE_JOB_MIN, ASHLAR_ABI_JOB },
		.kernel = { ASHLAR_CORE_KERNEL_MIN, ASHLAR_ABI_KERNEL },
	};
	u32 words[sizeof(struct ashlar_info) / 4];
	struct ashlar_ctrl_hello reply;
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(words) / 4; i++)
		words[i] = ashlar_os_read32(dev->os, base + 4 * i);
	memcpy(&dev->info, words, sizeof(words));
	err = check_info(dev, &dev->info);
	if (err)
		return err;
	if (dev->info.queues >= ASHLAR_MAX_QUEUES)
		dev->info.queues = ASHLAR_MAX_QUEUES - 1;
	if (dev->info.contexts >= ASHLAR_MAX_CONTEXTS)
		dev->info.contexts = ASHLAR_MAX_CONTEXTS - 1;

	/* Both sides know the ranges; the call confirms what follows from them. */
	err = negotiate(dev);
	if (err)
		return err;
	err = ashlar_ctrl_call(dev, ASHLAR_CTRL_HELLO, &hello, sizeof(hello),
			       &reply, sizeof(reply));
	if (err)
		return err;
	if (reply.control.max != dev->control_abi ||
	    reply.job.max != dev->job_abi || reply.kernel.max != dev->kernel_abi)
		return ashlar_dev_fail(dev, -EPROTO,
				       "the firmware agreed to other versions than it offered; install the firmware again");
	return 0;
}
