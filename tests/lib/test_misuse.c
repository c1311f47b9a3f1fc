// SPDX-License-Identifier: MIT
/* What must be refused: with a result, a sentence, and no harm. */
#include <sys/wait.h>
#include <unistd.h>

#include <ashlar/ops.h>

#include "lib_board.h"

/* --- Handles ---------------------------------------------------------------------- */

static void address_spaces_run_out(void **state)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	ashlar_device *dev[9];
	char error[400] = "";

	(void)state;
	dev[0] = lib_device(NULL, NULL);
	for (int i = 1; i < 8; i++)
		dev[i] = lib_device(NULL, dev[0]);
	o.share = dev[3];
	o.error = error;
	o.error_bytes = sizeof(error);
	assert_int_equal(ashlar_device_open(NULL, &o, &dev[8]),
			 ASHLAR_ERROR_NO_SPACE);
	assert_non_null(strstr(error, "all 8 contexts"));
	for (int i = 0; i < 8; i++)
		ashlar_device_unref(dev[i]);
}

/* Every function with a handle that is bad in the same way. */
static void call_all(void *h, ashlar_result expected)
{
	struct ashlar_device_info di = ASHLAR_INIT(ashlar_device_info);
	struct ashlar_device_perf dp = ASHLAR_INIT(ashlar_device_perf);
	struct ashlar_fault fault = ASHLAR_INIT(ashlar_fault);
	struct ashlar_buffer_info bi = ASHLAR_INIT(ashlar_buffer_info);
	struct ashlar_kernel_info ki = ASHLAR_INIT(ashlar_kernel_info);
	struct ashlar_launch_info li = ASHLAR_INIT(ashlar_launch_info);
	struct ashlar_copy_info ci = ASHLAR_INIT(ashlar_copy_info);
	struct ashlar_fill_info fi = ASHLAR_INIT(ashlar_fill_info);
	struct ashlar_fence_info fe = ASHLAR_INIT(ashlar_fence_info);
	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
	struct ashlar_op_copy op = ASHLAR_OP_INIT(copy);
	ashlar_fence *f = h;
	uint64_t bytes;
	char word[4] = { 0 };
	void *p;
	int fd;

	bi.bytes = 1;
	assert_int_equal(ashlar_device_query(h, &di), expected);
	assert_int_equal(ashlar_device_perf(h, &dp), expected);
	assert_int_equal(ashlar_device_fault(h, &fault), expected);
	assert_int_equal(ashlar_device_error(h, word, 4), 0);
	assert_int_equal(ashlar_buffer_create(h, &bi, (void *)&p), expected);
	assert_int_equal(ashlar_buffer_addr(h), 0);
	assert_int_equal(ashlar_buffer_map(h, &p), expected);
	assert_int_equal(ashlar_buffer_write(h, 0, word, 1), expected);
	assert_int_equal(ashlar_buffer_read(h, 0, word, 1), expected);
	assert_int_equal(ashlar_buffer_export(h, &fd), expected);
	assert_int_equal(ashlar_module_load(h, word, 1, (void *)&p), expected);
	assert_int_equal(ashlar_module_kernel(h, "x", (void *)&p), expected);
	assert_int_equal(ashlar_kernel_query(h, &ki), expected);
	assert_int_equal(ashlar_queue_create(h, NULL, (void *)&p), expected);
	assert_int_equal(ashlar_launch(h, &li, NULL), expected);
	assert_int_equal(ashlar_copy(h, &ci, NULL), expected);
	assert_int_equal(ashlar_fill(h, &fi, NULL), expected);
	assert_int_equal(ashlar_cmdlist_create(h, (void *)&p), expected);
	assert_int_equal(ashlar_cmdlist_launch(h, &li, NULL), expected);
	assert_int_equal(ashlar_cmdlist_copy(h, &ci, NULL), expected);
	assert_int_equal(ashlar_cmdlist_fill(h, &fi, NULL), expected);
	assert_int_equal(ashlar_cmdlist_end(h), expected);
	assert_int_equal(ashlar_cmdlist_submit(h, h, NULL, NULL), expected);
	assert_int_equal(ashlar_fence_wait(&f, 1, 0, 0), expected);
	assert_int_equal(ashlar_fence_query(h, &fe), expected);
	assert_int_equal(ashlar_fence_fault(h, &fault), expected);
	assert_int_equal(ashlar_fence_export(h, &fd), expected);
	assert_int_equal(ashlar_ops_open(h, (void *)&p), expected);
	assert_int_equal(ashlar_op_workspace(h, &op.op, &bytes), expected);
	assert_int_equal(ashlar_op_submit(h, &op.op, &place, NULL), expected);
	assert_int_equal(ashlar_ref(h), expected);
}

/* Releasing what is no handle does nothing. */
static void release_all(void *h)
{
	ashlar_device_unref(h);
	ashlar_buffer_unref(h);
	ashlar_module_unref(h);
	ashlar_kernel_unref(h);
	ashlar_queue_unref(h);
	ashlar_cmdlist_unref(h);
	ashlar_fence_unref(h);
	ashlar_ops_unref(h);
}

static void refuses_what_is_no_handle(void **state)
{
	char memory[256] = { 0 };

	(void)state;
	call_all(NULL, ASHLAR_ERROR_HANDLE);
	release_all(NULL);
	call_all(memory, ASHLAR_ERROR_HANDLE);
	release_all(memory);
	call_all((void *)0x1234567, ASHLAR_ERROR_HANDLE);
	release_all((void *)0x1234567);
}

static void refuses_released_handles(void **state)
{
	struct lib_board l;
	struct fake_exit args = { 0, 1 };
	struct ashlar_launch_info i;
	ashlar_fence *f;
	ashlar_buffer *b;
	ashlar_cmdlist *list;
	ashlar_ops *ops;

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_ops_open(l.dev, &ops));
	ashlar_ops_unref(ops);
	call_all(ops, ASHLAR_ERROR_HANDLE);
	release_all(ops);
	b = lib_buffer(l.dev, 64, 0);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f));
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	ashlar_buffer_unref(b);
	ashlar_fence_unref(f);
	ashlar_cmdlist_unref(list);
	call_all(b, ASHLAR_ERROR_HANDLE);
	call_all(f, ASHLAR_ERROR_HANDLE);
	call_all(list, ASHLAR_ERROR_HANDLE);
	release_all(b);
	/* New handles do not get the addresses at once. */
	for (int n = 0; n < 100; n++) {
		ashlar_buffer *other = lib_buffer(l.dev, 64, 0);

		assert_ptr_not_equal(other, b);
		ashlar_buffer_unref(other);
	}
	assert_int_equal(ashlar_buffer_addr(b), 0);
	lib_close(&l);
	call_all(l.q, ASHLAR_ERROR_HANDLE);
	call_all(l.dev, ASHLAR_ERROR_HANDLE);
}

static void refuses_handles_of_another_kind(void **state)
{
	struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);
	struct lib_board l;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	f = (void *)l.q;
	assert_int_equal(ashlar_launch((void *)l.dev, &i, NULL),
			 ASHLAR_ERROR_HANDLE);
	assert_int_equal(ashlar_buffer_addr((void *)l.q), 0);
	assert_int_equal(ashlar_fence_wait(&f, 1, 0, 0), ASHLAR_ERROR_HANDLE);
	i.kernel = (void *)l.module;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_HANDLE);
	lib_assert_error(l.dev, "kernel");
	/* A release of the wrong kind releases nothing. */
	ashlar_buffer_unref((void *)l.q);
	ashlar_device_unref((void *)l.q);
	assert_ok(lib_run(l.q, l.exit, &(struct fake_exit){ 0, 1 }, 8));
	lib_close(&l);
}

static void refuses_handles_of_other_devices(void **state)
{
	struct fake_exit args = { 0, 1 };
	struct ashlar_launch_info i;
	struct ashlar_copy_info c = ASHLAR_INIT(ashlar_copy_info);
	struct lib_board a, b, s;
	ashlar_buffer *x, *y;
	ashlar_fence *fa, *fs, *both[2];

	(void)state;
	lib_open(&a, NULL);
	lib_open(&b, NULL);
	lib_open(&s, a.dev);
	/* Kernels: neither from another board nor from another space. */
	i = lib_launch(b.exit, &args, sizeof(args));
	assert_int_equal(ashlar_launch(a.q, &i, NULL), ASHLAR_ERROR_HANDLE);
	lib_assert_error(a.dev, "another board");
	i.kernel = s.exit;
	assert_int_equal(ashlar_launch(a.q, &i, NULL), ASHLAR_ERROR_HANDLE);
	lib_assert_error(a.dev, "another device handle");
	x = lib_buffer(a.dev, 64, 0);
	y = lib_buffer(s.dev, 64, 0);
	c.dst = x;
	c.src = y;
	c.bytes = 4;
	assert_int_equal(ashlar_copy(a.q, &c, NULL), ASHLAR_ERROR_HANDLE);
	/* Fences: from another space of the board yes, from elsewhere no. */
	i.kernel = a.exit;
	assert_ok(ashlar_launch(a.q, &i, &fa));
	i.kernel = s.exit;
	i.waits = &fa;
	i.wait_count = 1;
	assert_ok(ashlar_launch(s.q, &i, &fs));
	i.kernel = b.exit;
	assert_int_equal(ashlar_launch(b.q, &i, NULL), ASHLAR_ERROR_HANDLE);
	both[0] = fa;
	both[1] = fs;
	assert_ok(ashlar_fence_wait(both, 2, 0, ASHLAR_FOREVER));
	i.kernel = b.exit;
	i.wait_count = 0;
	assert_ok(ashlar_launch(b.q, &i, &both[1]));
	assert_int_equal(ashlar_fence_wait(both, 2, 0, 0), ASHLAR_ERROR_HANDLE);
	ashlar_fence_unref(both[1]);
	ashlar_fence_unref(fa);
	ashlar_fence_unref(fs);
	ashlar_buffer_unref(x);
	ashlar_buffer_unref(y);
	lib_close(&s);
	lib_close(&b);
	lib_close(&a);
}

static void counts_references(void **state)
{
	struct lib_board l;
	ashlar_buffer *b;

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 64, 0);
	assert_ok(ashlar_ref(b));
	assert_ok(ashlar_ref(b));
	ashlar_buffer_unref(b);
	ashlar_buffer_unref(b);
	assert_int_not_equal(ashlar_buffer_addr(b), 0);
	ashlar_buffer_unref(b);
	assert_int_equal(ashlar_buffer_addr(b), 0);
	/* In any order: the device first. */
	b = lib_buffer(l.dev, 64, 0);
	ashlar_device_unref(l.dev);
	ashlar_module_unref(l.module);
	assert_ok(lib_run(l.q, l.exit, &(struct fake_exit){ 0, 1 }, 8));
	assert_ok(ashlar_buffer_write(b, 0, "abc", 4));
	l.dev = NULL;
	l.module = NULL;
	lib_close(&l);
	ashlar_buffer_unref(b);
}

/* --- Arguments ---------------------------------------------------------------------- */

static void refuses_bad_buffers(void **state)
{
	struct ashlar_buffer_info i = ASHLAR_INIT(ashlar_buffer_info);
	ashlar_device *dev = lib_device(NULL, NULL);
	ashlar_buffer *b;
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(ashlar_buffer_create(dev, NULL, &b),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_buffer_create(dev, &i, NULL),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_INVALID);
	lib_assert_error(dev, "0 bytes");
	i.bytes = 4096;
	i.size = 8;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_INVALID);
	lib_assert_error(dev, "size is 8");
	i.size = sizeof(i);
	i.flags = 4;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_INVALID);
	lib_assert_error(dev, "unknown flags 0x4");
	i.flags = 0;
	i.align = 3;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_INVALID);
	i.align = 1ull << 41;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_INVALID);
	i.align = 0;
	i.bytes = 17u << 20;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_NO_SPACE);
	lib_assert_error(dev, "17825792 bytes of board memory");
	i.bytes = UINT64_MAX;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_NO_SPACE);
	i.bytes = 8ull << 30;
	i.flags = ASHLAR_BUFFER_HOST;
	assert_int_equal(ashlar_buffer_create(dev, &i, &b),
			 ASHLAR_ERROR_NO_SPACE);
	lib_assert_error(dev, "device addresses");
	i.flags = 0;
	i.bytes = 100;
	i.align = 1u << 22;
	assert_ok(ashlar_buffer_create(dev, &i, &b));
	assert_int_equal(ashlar_buffer_addr(b) % (1u << 22), 0);
	assert_int_equal(ashlar_buffer_write(b, 101, &byte, 0),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_buffer_write(b, 100, &byte, 1),
			 ASHLAR_ERROR_INVALID);
	lib_assert_error(dev,
			 "1 bytes at offset 100 are outside a buffer of 100");
	assert_int_equal(ashlar_buffer_read(b, UINT64_MAX, &byte, 2),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_buffer_read(b, 2, &byte, UINT64_MAX),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_buffer_read(b, 0, NULL, 1),
			 ASHLAR_ERROR_INVALID);
	assert_ok(ashlar_buffer_read(b, 100, NULL, 0));
	assert_int_equal(ashlar_buffer_map(b, NULL), ASHLAR_ERROR_INVALID);
	ashlar_buffer_unref(b);
	ashlar_device_unref(dev);
}

static void refuses_bad_launches(void **state)
{
	struct fake_exit args = { 0, 1 };
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_fence *nothing = NULL;

	(void)state;
	lib_open(&l, NULL);
	assert_int_equal(ashlar_launch(l.q, NULL, NULL), ASHLAR_ERROR_INVALID);
	i = lib_launch(NULL, NULL, 0);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_HANDLE);
	lib_assert_error(l.dev, "missing");
	i = lib_launch(l.exit, &args, 7);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "takes 8 bytes of arguments, not 7");
	i = lib_launch(l.exit, &args, 0xffffffff);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	i = lib_launch(l.exit, NULL, 8);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	i = lib_launch(l.upto, &args, 17);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "up to 16");
	assert_ok(lib_run(l.q, l.upto, &args, 4));
	i = lib_launch(l.exit, &args, 8);
	i.tiles = 2;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "2 tiles");
	i.tiles = 0;
	i.reserved = 1;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	i.reserved = 0;
	i.wait_count = 1;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	i.waits = &nothing;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_HANDLE);
	lib_assert_error(l.dev, "wait fence");
	i.wait_count = 0;
	i.flags = 1;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_INVALID);
	i.flags = 0;
	/* None of this has hurt the queue. */
	assert_ok(lib_run(l.q, l.exit, &args, sizeof(args)));
	lib_close(&l);
}

static void refuses_bad_copies(void **state)
{
	struct ashlar_copy_info c = ASHLAR_INIT(ashlar_copy_info);
	struct ashlar_copy_info good;
	struct ashlar_fill_info f = ASHLAR_INIT(ashlar_fill_info);
	struct lib_board l;
	ashlar_buffer *b;

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 100, 0);
	c.dst = b;
	c.src = b;
	assert_int_equal(ashlar_copy(l.q, &c, NULL), ASHLAR_ERROR_INVALID);
	c.bytes = 10;
	good = c;
	c.dst_offset = 91;
	assert_int_equal(ashlar_copy(l.q, &c, NULL), ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "dst: 10 bytes from offset 91");
	c = good;
	c.src_offset = UINT64_MAX;
	assert_int_equal(ashlar_copy(l.q, &c, NULL), ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "src:");
	c = good;
	c.count[0] = 2;
	c.src_pitch[0] = 91;
	assert_int_equal(ashlar_copy(l.q, &c, NULL), ASHLAR_ERROR_INVALID);
	c.src_pitch[0] = 90;
	assert_ok(ashlar_copy(l.q, &c, NULL));
	c = good;
	c.count[1] = UINT64_MAX;
	c.dst_pitch[1] = UINT64_MAX / 2;
	assert_int_equal(ashlar_copy(l.q, &c, NULL), ASHLAR_ERROR_INVALID);
	c = good;
	c.bytes = UINT64_MAX;
	c.count[0] = 2;
	c.dst_pitch[0] = 1;
	assert_int_equal(ashlar_copy(l.q, &c, NULL), ASHLAR_ERROR_INVALID);
	f.dst = b;
	f.pattern_bytes = 4;
	assert_int_equal(ashlar_fill(l.q, &f, NULL), ASHLAR_ERROR_INVALID);
	f.bytes = 10;
	assert_int_equal(ashlar_fill(l.q, &f, NULL), ASHLAR_ERROR_INVALID);
	f.bytes = 8;
	f.offset = 2;
	assert_int_equal(ashlar_fill(l.q, &f, NULL), ASHLAR_ERROR_INVALID);
	f.offset = 96;
	assert_int_equal(ashlar_fill(l.q, &f, NULL), ASHLAR_ERROR_INVALID);
	f.offset = 92;
	f.pattern_bytes = 3;
	assert_int_equal(ashlar_fill(l.q, &f, NULL), ASHLAR_ERROR_INVALID);
	f.pattern_bytes = 4;
	assert_ok(ashlar_fill(l.q, &f, NULL));
	ashlar_buffer_unref(b);
	lib_close(&l);
}

static void refuses_bad_queues(void **state)
{
	struct ashlar_queue_info i = ASHLAR_INIT(ashlar_queue_info);
	ashlar_device *dev = lib_device(NULL, NULL);
	ashlar_queue *q[64];
	int n = 0;

	(void)state;
	assert_int_equal(ashlar_queue_create(dev, NULL, NULL),
			 ASHLAR_ERROR_INVALID);
	i.depth = 3;
	assert_int_equal(ashlar_queue_create(dev, &i, q), ASHLAR_ERROR_INVALID);
	i.depth = 1;
	assert_int_equal(ashlar_queue_create(dev, &i, q), ASHLAR_ERROR_INVALID);
	i.depth = 512;
	assert_int_equal(ashlar_queue_create(dev, &i, q), ASHLAR_ERROR_INVALID);
	lib_assert_error(dev, "2 to 256");
	i.depth = 2;
	i.priority = 3;
	assert_int_equal(ashlar_queue_create(dev, &i, q), ASHLAR_ERROR_INVALID);
	i.priority = ASHLAR_QUEUE_HIGH;
	while (n < 64 && !ashlar_queue_create(dev, &i, &q[n]))
		n++;
	assert_int_equal(n, 63);
	assert_int_equal(ashlar_queue_create(dev, &i, &q[63]),
			 ASHLAR_ERROR_NO_SPACE);
	lib_assert_error(dev, "all 63 queues");
	while (n--)
		ashlar_queue_unref(q[n]);
	ashlar_device_unref(dev);
}

static void refuses_bad_modules(void **state)
{
	static const struct {
		size_t member;
		uint32_t value;
		ashlar_result result;
		const char *text;
	} cases[] = {
		{ offsetof(struct ashlar_kernel_desc, lmem_bytes), 65537,
		  ASHLAR_ERROR_LIMIT, "local memory of 65537" },
		{ offsetof(struct ashlar_kernel_desc, spad_bytes), 65537,
		  ASHLAR_ERROR_LIMIT, "scratchpad of 65537" },
		{ offsetof(struct ashlar_kernel_desc, array_min), 16,
		  ASHLAR_ERROR_LIMIT, "array of 16" },
		{ offsetof(struct ashlar_kernel_desc, array_max), 4,
		  ASHLAR_ERROR_LIMIT, "arrays up to 4" },
		{ offsetof(struct ashlar_kernel_desc, accs_min), 5,
		  ASHLAR_ERROR_LIMIT, "accumulators of 5" },
		{ offsetof(struct ashlar_kernel_desc, abi_max), 0x2ffff,
		  ASHLAR_OK, "" },
		{ offsetof(struct ashlar_kernel_desc, abi_min), 0, ASHLAR_OK,
		  "" },
	};
	struct ashlar_kernel_info ki = ASHLAR_INIT(ashlar_kernel_info);
	uint8_t elf[ELF_BYTES];
	struct lib_board l;
	ashlar_module *m;
	ashlar_kernel *k;

	(void)state;
	lib_open(&l, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		elf_make(elf);
		memcpy(elf + ELF_DESC(2) + cases[i].member, &cases[i].value, 4);
		assert_int_equal(
			ashlar_module_load(l.dev, elf, sizeof(elf), &m),
			cases[i].result);
		if (cases[i].result)
			lib_assert_error(l.dev, cases[i].text);
		else
			ashlar_module_unref(m);
	}
	elf_make(elf);
	memcpy(elf + ELF_DESC(2) + offsetof(struct ashlar_kernel_desc, abi_min),
	       (uint32_t[]){ 0x10000, 0x10003 }, 8);
	assert_int_equal(ashlar_module_load(l.dev, elf, sizeof(elf), &m),
			 ASHLAR_ERROR_VERSION);
	lib_assert_error(l.dev, "interface 1.0 to 1.3, the board 2.0 to 2.1");
	assert_int_equal(ashlar_module_load(l.dev, NULL, 10, &m),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_module_load(l.dev, elf, 10, &m),
			 ASHLAR_ERROR_FORMAT);
	lib_assert_error(l.dev, "10 bytes");
	assert_int_equal(ashlar_module_load(l.dev, elf, sizeof(elf), NULL),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_module_kernel(l.module, "none", &k),
			 ASHLAR_ERROR_NOT_FOUND);
	lib_assert_error(l.dev, "but: add hang exit");
	assert_int_equal(ashlar_module_kernel(l.module, NULL, &k),
			 ASHLAR_ERROR_NOT_FOUND);
	assert_ok(ashlar_kernel_query(l.add, &ki));
	assert_int_equal(ki.arg_bytes, sizeof(struct fake_add));
	assert_int_equal(ki.local_bytes, 228 + 1024);
	lib_close(&l);
}

static void refuses_bad_lists(void **state)
{
	struct ashlar_submit_info s = ASHLAR_INIT(ashlar_submit_info);
	struct fake_exit args = { 0, 1 };
	struct ashlar_launch_info i;
	struct ashlar_fill_info fi = ASHLAR_INIT(ashlar_fill_info);
	struct ashlar_patch p = { .bytes = 4, .data = &args };
	struct lib_board l;
	ashlar_cmdlist *list;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f));
	assert_int_equal(ashlar_cmdlist_create(l.dev, NULL),
			 ASHLAR_ERROR_INVALID);
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	assert_int_equal(ashlar_cmdlist_end(list), ASHLAR_ERROR_INVALID);
	i.waits = &f;
	i.wait_count = 1;
	assert_int_equal(ashlar_cmdlist_launch(list, &i, NULL),
			 ASHLAR_ERROR_INVALID);
	i.wait_count = 0;
	assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	fi.dst = lib_buffer(l.dev, 64, 0);
	fi.bytes = 64;
	fi.pattern_bytes = 1;
	assert_ok(ashlar_cmdlist_fill(list, &fi, NULL));
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, NULL, NULL),
			 ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "not ended");
	assert_ok(ashlar_cmdlist_end(list));
	assert_int_equal(ashlar_cmdlist_launch(list, &i, NULL),
			 ASHLAR_ERROR_INVALID);
	s.patch_count = 1;
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, &s, NULL),
			 ASHLAR_ERROR_INVALID);
	s.patches = &p;
	p.index = 1;
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, &s, NULL),
			 ASHLAR_ERROR_INVALID);
	lib_assert_error(l.dev, "not a launch");
	p.index = 2;
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, &s, NULL),
			 ASHLAR_ERROR_INVALID);
	p.index = 0;
	p.offset = 5;
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, &s, NULL),
			 ASHLAR_ERROR_INVALID);
	p.offset = 0xfffffffe;
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, &s, NULL),
			 ASHLAR_ERROR_INVALID);
	p.offset = 0;
	p.bytes = 0;
	assert_int_equal(ashlar_cmdlist_submit(l.q, list, &s, NULL),
			 ASHLAR_ERROR_INVALID);
	p.bytes = 4;
	assert_ok(ashlar_cmdlist_submit(l.q, list, &s, NULL));
	ashlar_buffer_unref(fi.dst);
	ashlar_fence_unref(f);
	ashlar_cmdlist_unref(list);
	lib_close(&l);
}

static void refuses_bad_waits(void **state)
{
	struct fake_exit args = { 0, 1 };
	struct ashlar_launch_info i;
	struct ashlar_fault fault = ASHLAR_INIT(ashlar_fault);
	struct lib_board l;
	ashlar_fence *f[2] = { NULL, NULL };

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	assert_int_equal(ashlar_fence_wait(NULL, 1, 0, 0),
			 ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_fence_wait(f, 0, 0, 0), ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_fence_wait(f, 1, 2, 0), ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_fence_wait(f, 2, 0, 0), ASHLAR_ERROR_HANDLE);
	assert_int_equal(ashlar_fence_fault(f[0], &fault),
			 ASHLAR_ERROR_NOT_FOUND);
	assert_int_equal(ashlar_device_fault(l.dev, &fault),
			 ASHLAR_ERROR_NOT_FOUND);
	assert_int_equal(ashlar_fence_export(f[0], NULL), ASHLAR_ERROR_INVALID);
	assert_int_equal(ashlar_fence_query(f[0], NULL), ASHLAR_ERROR_INVALID);
	assert_ok(lib_wait(f[0]));
	lib_close(&l);
}

/* A newer application sets what this library does not know. */
static void judges_sizes(void **state)
{
	struct {
		struct ashlar_buffer_info i;
		uint64_t later;
	} big = { { .size = sizeof(big), .bytes = 64 }, 0 };
	struct {
		struct ashlar_device_info i;
		uint64_t later;
	} info = { { .size = sizeof(info) }, 42 };
	ashlar_device *dev = lib_device(NULL, NULL);
	ashlar_buffer *b;

	(void)state;
	assert_ok(ashlar_buffer_create(dev, &big.i, &b));
	ashlar_buffer_unref(b);
	big.later = 1;
	assert_int_equal(ashlar_buffer_create(dev, &big.i, &b),
			 ASHLAR_ERROR_UNSUPPORTED);
	assert_ok(ashlar_device_query(dev, &info.i));
	assert_int_equal(info.later, 42);
	info.i.size = 20;
	assert_int_equal(ashlar_device_query(dev, &info.i),
			 ASHLAR_ERROR_INVALID);
	ashlar_device_unref(dev);
}

/* --- Process ------------------------------------------------------------------------- */

static void a_child_is_refused(void **state)
{
	struct lib_board l;
	int status;
	pid_t pid;

	(void)state;
	lib_open(&l, NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct ashlar_device_info i = ASHLAR_INIT(ashlar_device_info);
		struct ashlar_launch_info li = lib_launch(l.hang, NULL, 0);
		struct lib_board own;
		int bad = 0;

		bad |= ashlar_device_query(l.dev, &i) != ASHLAR_ERROR_FORKED;
		bad |= ashlar_launch(l.q, &li, NULL) != ASHLAR_ERROR_FORKED;
		lib_close(&l);
		lib_open(&own, NULL);
		bad |= lib_run(own.q, own.exit, &(struct fake_exit){ 0, 1 },
			       8) != ASHLAR_OK;
		lib_close(&own);
		_exit(bad);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(lib_run(l.q, l.exit, &(struct fake_exit){ 0, 1 }, 8));
	lib_close(&l);
}

static void results_have_texts(void **state)
{
	(void)state;
	for (int r = ASHLAR_OK; r <= ASHLAR_ERROR_REFUSED; r++) {
		const char *text = ashlar_result_str((ashlar_result)r);

		assert_non_null(text);
		assert_string_not_equal(text, "unknown result");
		for (int o = ASHLAR_OK; o < r; o++)
			assert_string_not_equal(
				text, ashlar_result_str((ashlar_result)o));
	}
	assert_string_equal(ashlar_result_str((ashlar_result)999),
			    "unknown result");
	assert_int_equal(ashlar_version(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_spaces_run_out),
		cmocka_unit_test(refuses_what_is_no_handle),
		cmocka_unit_test(refuses_released_handles),
		cmocka_unit_test(refuses_handles_of_another_kind),
		cmocka_unit_test(refuses_handles_of_other_devices),
		cmocka_unit_test(counts_references),
		cmocka_unit_test(refuses_bad_buffers),
		cmocka_unit_test(refuses_bad_launches),
		cmocka_unit_test(refuses_bad_copies),
		cmocka_unit_test(refuses_bad_queues),
		cmocka_unit_test(refuses_bad_modules),
		cmocka_unit_test(refuses_bad_lists),
		cmocka_unit_test(refuses_bad_waits),
		cmocka_unit_test(judges_sizes),
		cmocka_unit_test(a_child_is_refused),
		cmocka_unit_test(results_have_texts),
	};

	return RUN_COUNTED(tests);
}
