// SPDX-License-Identifier: MIT
#include "lib_board.h"

#include "ashlar_abi.h"

const char *lib_firmware(void)
{
	static const char path[] = LIB_FIRMWARE;
	const struct ashlar_image image = { .magic = ASHLAR_IMAGE_MAGIC };
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(&image, sizeof(image), 1, f), 1);
	fclose(f);
	return path;
}

ashlar_device *lib_device(const char *name, ashlar_device *share)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	ashlar_device *dev;
	char error[512] = "";

	o.error = error;
	o.error_bytes = sizeof(error);
	o.share = share;
	if (!share && !name) {
		name = LIB_DEVICE;
		o.firmware = lib_firmware();
	}
	if (ashlar_device_open(share ? NULL : name, &o, &dev))
		fail_msg("%s", error);
	return dev;
}

static ashlar_kernel *kernel(struct lib_board *l, const char *name)
{
	ashlar_kernel *k;

	assert_ok(ashlar_module_kernel(l->module, name, &k));
	return k;
}

void lib_fill(struct lib_board *l)
{
	uint8_t elf[ELF_BYTES];

	elf_make(elf);
	assert_ok(ashlar_queue_create(l->dev, NULL, &l->q));
	assert_ok(ashlar_module_load(l->dev, elf, sizeof(elf), &l->module));
	l->add = kernel(l, "add");
	l->hang = kernel(l, "hang");
	l->exit = kernel(l, "exit");
	l->illegal = kernel(l, "illegal");
	l->store = kernel(l, "store");
	l->upto = kernel(l, "upto");
}

void lib_open(struct lib_board *l, ashlar_device *share)
{
	memset(l, 0, sizeof(*l));
	l->dev = lib_device(NULL, share);
	lib_fill(l);
}

void lib_close(struct lib_board *l)
{
	ashlar_kernel_unref(l->add);
	ashlar_kernel_unref(l->hang);
	ashlar_kernel_unref(l->exit);
	ashlar_kernel_unref(l->illegal);
	ashlar_kernel_unref(l->store);
	ashlar_kernel_unref(l->upto);
	ashlar_module_unref(l->module);
	ashlar_queue_unref(l->q);
	ashlar_device_unref(l->dev);
}

ashlar_buffer *lib_buffer(ashlar_device *dev, uint64_t bytes, uint32_t flags)
{
	struct ashlar_buffer_info i = ASHLAR_INIT(ashlar_buffer_info);
	ashlar_buffer *b;

	i.bytes = bytes;
	i.flags = flags;
	assert_ok(ashlar_buffer_create(dev, &i, &b));
	return b;
}

struct ashlar_launch_info lib_launch(ashlar_kernel *k, const void *args,
				     uint32_t bytes)
{
	struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);

	i.kernel = k;
	i.args = args;
	i.arg_bytes = bytes;
	return i;
}

ashlar_result lib_wait(ashlar_fence *f)
{
	ashlar_result r =
		ashlar_fence_wait(&f, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER);

	ashlar_fence_unref(f);
	return r;
}

ashlar_result lib_run(ashlar_queue *q, ashlar_kernel *k, const void *args,
		      uint32_t bytes)
{
	struct ashlar_launch_info i = lib_launch(k, args, bytes);
	ashlar_fence *f;
	ashlar_result r = ashlar_launch(q, &i, &f);

	return r ? r : lib_wait(f);
}

void lib_assert_error(ashlar_device *dev, const char *text)
{
	char error[512];

	ashlar_device_error(dev, error, sizeof(error));
	if (!strstr(error, text))
		fail_msg("message \"%s\" does not contain \"%s\"", error, text);
}
