// SPDX-License-Identifier: MIT
/* The library's functions as they are meant to be used, on LIB_DEVICE. */
#include "lib_board.h"

#define N 1000

static void opens_and_describes(void **state)
{
	struct ashlar_device_info i = ASHLAR_INIT(ashlar_device_info);
	struct ashlar_device_perf p = ASHLAR_INIT(ashlar_device_perf);
	ashlar_device *dev = lib_device(NULL, NULL);

	(void)state;
	assert_ok(ashlar_device_query(dev, &i));
	assert_string_equal(i.board, "tiny");
	assert_int_equal(i.tiles, 1);
	assert_int_equal(i.array, 8);
	assert_int_equal(i.memory_bytes, 16u << 20);
	assert_int_equal(i.firmware_version, 7);
	assert_int_equal(i.job_abi, 0x10000);
	assert_int_equal(i.clock_khz, 500000);
	assert_int_equal(i.address_bytes, 4ull << 30);
	assert_ok(ashlar_device_perf(dev, &p));
	assert_true(p.cycles > 0 && p.clocked <= p.cycles);
	ashlar_device_unref(dev);
}

static void fill_words(ashlar_buffer *b, uint32_t first, uint32_t step)
{
	uint32_t words[N];

	for (uint32_t i = 0; i < N; i++)
		words[i] = first + i * step;
	assert_ok(ashlar_buffer_write(b, 0, words, sizeof(words)));
}

static void assert_words(ashlar_buffer *b, uint32_t first, uint32_t step)
{
	uint32_t words[N];

	assert_ok(ashlar_buffer_read(b, 0, words, sizeof(words)));
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(words[i], first + i * step);
}

static struct fake_add add_args(ashlar_buffer *dst, ashlar_buffer *a,
				ashlar_buffer *b)
{
	return (struct fake_add){ ashlar_buffer_addr(dst),
				  ashlar_buffer_addr(a), ashlar_buffer_addr(b),
				  N, 500 };
}

/* Every mix of board and host memory. */
static void launches(void **state)
{
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	for (uint32_t mix = 0; mix < 8; mix++) {
		ashlar_buffer *a = lib_buffer(l.dev, 4 * N, mix & 1);
		ashlar_buffer *b = lib_buffer(l.dev, 4 * N, mix >> 1 & 1);
		ashlar_buffer *c = lib_buffer(l.dev, 4 * N, mix >> 2 & 1);
		struct fake_add args = add_args(c, a, b);

		assert_words(c, 0, 0);
		fill_words(a, 1, 2);
		fill_words(b, 10, 5);
		assert_ok(lib_run(l.q, l.add, &args, sizeof(args)));
		assert_words(c, 11, 7);
		ashlar_buffer_unref(a);
		ashlar_buffer_unref(b);
		ashlar_buffer_unref(c);
	}
	lib_close(&l);
}

static void reports_times_and_counters(void **state)
{
	struct ashlar_fence_info i = ASHLAR_INIT(ashlar_fence_info);
	struct fake_exit args = { 0, 1234 };
	struct ashlar_launch_info launch;
	struct lib_board l;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	launch = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &launch, &f));
	assert_ok(ashlar_fence_wait(&f, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER));
	assert_ok(ashlar_fence_query(f, &i));
	assert_int_equal(i.state, ASHLAR_FENCE_DONE);
	assert_int_equal(i.result, ASHLAR_OK);
	assert_true(i.t_submit <= i.t_fetch && i.t_fetch <= i.t_start);
	assert_int_equal(i.t_end - i.t_start, 1334);
	assert_int_equal(i.load_beats, 1);
	assert_int_equal(i.tiles, 1);
	ashlar_fence_unref(f);
	lib_close(&l);
}

/* Launches beyond the ring's depth wait in the library, in order. */
static void holds_more_than_the_ring(void **state)
{
	struct ashlar_queue_info qi = ASHLAR_INIT(ashlar_queue_info);
	struct lib_board l;
	ashlar_fence *fences[300];
	ashlar_queue *q;
	ashlar_buffer *b;
	uint32_t value;

	(void)state;
	lib_open(&l, NULL);
	qi.depth = 4;
	assert_ok(ashlar_queue_create(l.dev, &qi, &q));
	b = lib_buffer(l.dev, 64, 0);
	for (uint32_t i = 0; i < 300; i++) {
		struct fake_store s = { ashlar_buffer_addr(b), i, 10 };
		struct ashlar_launch_info launch =
			lib_launch(l.store, &s, sizeof(s));

		assert_ok(ashlar_launch(q, &launch, &fences[i]));
	}
	for (uint32_t i = 0; i < 300; i += 7) {
		assert_ok(ashlar_fence_wait(&fences[i], 1, ASHLAR_WAIT_ALL,
					    ASHLAR_FOREVER));
		assert_ok(ashlar_buffer_read(b, 0, &value, 4));
		assert_true(value >= i);
	}
	assert_ok(ashlar_fence_wait(fences, 300, ASHLAR_WAIT_ALL,
				    ASHLAR_FOREVER));
	assert_ok(ashlar_buffer_read(b, 0, &value, 4));
	assert_int_equal(value, 299);
	for (uint32_t i = 0; i < 300; i++)
		ashlar_fence_unref(fences[i]);
	ashlar_buffer_unref(b);
	ashlar_queue_unref(q);
	lib_close(&l);
}

static void backlog_is_bounded(void **state)
{
	struct ashlar_queue_info qi = ASHLAR_INIT(ashlar_queue_info);
	struct fake_exit args = { 0, 100000 };
	struct ashlar_launch_info launch;
	struct lib_board l;
	ashlar_queue *q;
	ashlar_fence *f, *last = NULL;
	int taken = 0;

	(void)state;
	lib_open(&l, NULL);
	qi.depth = 2;
	qi.backlog = 5;
	assert_ok(ashlar_queue_create(l.dev, &qi, &q));
	launch = lib_launch(l.exit, &args, sizeof(args));
	while (!ashlar_launch(q, &launch, &f)) {
		ashlar_fence_unref(last);
		last = f;
		taken++;
	}
	assert_int_equal(taken, 7);
	lib_assert_error(l.dev, "holds 5 submissions");
	assert_int_equal(ashlar_launch(q, &launch, NULL), ASHLAR_ERROR_BUSY);
	assert_ok(lib_wait(last));
	assert_ok(ashlar_launch(q, &launch, NULL));
	ashlar_queue_unref(q);
	lib_close(&l);
}

/* A diamond over four queues: order comes from fences alone. */
static void fences_order_queues(void **state)
{
	struct lib_board l;
	ashlar_queue *q[4];
	ashlar_buffer *b;
	ashlar_fence *f[4];

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 64, ASHLAR_BUFFER_HOST);
	for (int i = 0; i < 4; i++)
		assert_ok(ashlar_queue_create(l.dev, NULL, &q[i]));
	for (uint32_t round = 1; round <= 20; round++) {
		uint64_t at = ashlar_buffer_addr(b);
		/* x = round; y = x + x; z = x + x; w = y + z */
		struct fake_store x = { at, round, 3000 };
		struct fake_add y = { at + 4, at, at, 1, 2000 };
		struct fake_add z = { at + 8, at, at, 1, 50 };
		struct fake_add w = { at + 12, at + 4, at + 8, 1, 1 };
		struct ashlar_launch_info i[4] = {
			lib_launch(l.store, &x, sizeof(x)),
			lib_launch(l.add, &y, sizeof(y)),
			lib_launch(l.add, &z, sizeof(z)),
			lib_launch(l.add, &w, sizeof(w)),
		};
		uint32_t words[4];

		i[1].waits = &f[0];
		i[2].waits = &f[0];
		i[3].waits = &f[1];
		i[1].wait_count = 1;
		i[2].wait_count = 1;
		i[3].wait_count = 2;
		for (int n = 0; n < 4; n++)
			assert_ok(ashlar_launch(q[n], &i[n], &f[n]));
		assert_ok(ashlar_fence_wait(&f[3], 1, ASHLAR_WAIT_ALL,
					    ASHLAR_FOREVER));
		assert_ok(ashlar_buffer_read(b, 0, words, sizeof(words)));
		assert_int_equal(words[3], 4 * round);
		for (int n = 0; n < 4; n++)
			ashlar_fence_unref(f[n]);
	}
	for (int i = 0; i < 4; i++)
		ashlar_queue_unref(q[i]);
	ashlar_buffer_unref(b);
	lib_close(&l);
}

static void waits_for_any(void **state)
{
	struct fake_exit slow = { 0, 5000000 }, quick = { 0, 10 };
	struct ashlar_launch_info a, b;
	struct ashlar_fence_info i = ASHLAR_INIT(ashlar_fence_info);
	struct lib_board l;
	ashlar_queue *q;
	ashlar_fence *f[2];

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_queue_create(l.dev, NULL, &q));
	a = lib_launch(l.exit, &slow, sizeof(slow));
	b = lib_launch(l.exit, &quick, sizeof(quick));
	assert_ok(ashlar_launch(l.q, &a, &f[0]));
	assert_ok(ashlar_launch(q, &b, &f[1]));
	assert_ok(ashlar_fence_wait(f, 2, ASHLAR_WAIT_ANY, ASHLAR_FOREVER));
	assert_ok(ashlar_fence_query(f[1], &i));
	assert_int_equal(i.state, ASHLAR_FENCE_DONE);
	assert_ok(ashlar_fence_query(f[0], &i));
	assert_int_equal(i.state, ASHLAR_FENCE_PENDING);
	assert_ok(ashlar_fence_wait(f, 2, ASHLAR_WAIT_ALL, ASHLAR_FOREVER));
	ashlar_fence_unref(f[0]);
	ashlar_fence_unref(f[1]);
	ashlar_queue_unref(q);
	lib_close(&l);
}

static void copies_and_fills(void **state)
{
	struct ashlar_copy_info c = ASHLAR_INIT(ashlar_copy_info);
	struct ashlar_fill_info fi = ASHLAR_INIT(ashlar_fill_info);
	uint8_t out[256], in[256];
	struct lib_board l;
	ashlar_buffer *a, *b;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	for (int i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	for (uint32_t mix = 0; mix < 4; mix++) {
		a = lib_buffer(l.dev, 256, mix & 1);
		b = lib_buffer(l.dev, 256, mix >> 1);
		assert_ok(ashlar_buffer_write(a, 0, in, 256));
		fi.dst = b;
		fi.bytes = 256;
		fi.pattern = 0x11223344;
		fi.pattern_bytes = 4;
		assert_ok(ashlar_fill(l.q, &fi, NULL));
		/* 2 planes of 3 rows of 5 bytes. */
		c.dst = b;
		c.src = a;
		c.dst_offset = 100;
		c.src_offset = 7;
		c.bytes = 5;
		c.count[0] = 3;
		c.count[1] = 2;
		c.dst_pitch[0] = 8;
		c.dst_pitch[1] = 40;
		c.src_pitch[0] = 10;
		c.src_pitch[1] = 100;
		assert_ok(ashlar_copy(l.q, &c, &f));
		assert_ok(lib_wait(f));
		assert_ok(ashlar_buffer_read(b, 0, out, 256));
		assert_int_equal(out[0], 0x44);
		assert_int_equal(out[99], 0x11);
		assert_int_equal(out[255], 0x11);
		for (int z = 0; z < 2; z++)
			for (int y = 0; y < 3; y++)
				for (int x = 0; x < 5; x++)
					assert_int_equal(
						out[100 + 40 * z + 8 * y + x],
						7 + 100 * z + 10 * y + x);
		assert_int_equal(out[105], 0x33);
		/* Inside one buffer, overlapping. */
		c = (struct ashlar_copy_info)ASHLAR_INIT(ashlar_copy_info);
		c.dst = a;
		c.src = a;
		c.dst_offset = 3;
		c.bytes = 200;
		assert_ok(ashlar_copy(l.q, &c, &f));
		assert_ok(lib_wait(f));
		assert_ok(ashlar_buffer_read(a, 0, out, 256));
		assert_memory_equal(out + 3, in, 200);
		ashlar_buffer_unref(a);
		ashlar_buffer_unref(b);
	}
	lib_close(&l);
}

/* A copy between launches sees the first and is seen by the second. */
static void copies_keep_queue_order(void **state)
{
	struct ashlar_copy_info c = ASHLAR_INIT(ashlar_copy_info);
	struct lib_board l;
	ashlar_buffer *b;
	ashlar_fence *f;
	uint32_t words[3];

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 64, 0);
	for (uint32_t round = 0; round < 10; round++) {
		uint64_t at = ashlar_buffer_addr(b);
		struct fake_store s = { at, 7 + round, 9000 };
		struct fake_add a = { at + 8, at, at + 4, 1, 10 };
		struct ashlar_launch_info i1 =
			lib_launch(l.store, &s, sizeof(s));
		struct ashlar_launch_info i2 = lib_launch(l.add, &a, sizeof(a));

		c.dst = b;
		c.src = b;
		c.dst_offset = 4;
		c.bytes = 4;
		assert_ok(ashlar_launch(l.q, &i1, NULL));
		assert_ok(ashlar_copy(l.q, &c, NULL));
		assert_ok(ashlar_launch(l.q, &i2, &f));
		assert_ok(lib_wait(f));
		assert_ok(ashlar_buffer_read(b, 0, words, sizeof(words)));
		assert_int_equal(words[2], 2 * (7 + round));
	}
	ashlar_buffer_unref(b);
	lib_close(&l);
}

static void lists_repeat_with_patches(void **state)
{
	struct ashlar_submit_info s = ASHLAR_INIT(ashlar_submit_info);
	struct ashlar_copy_info c = ASHLAR_INIT(ashlar_copy_info);
	struct ashlar_fence_info fi = ASHLAR_INIT(ashlar_fence_info);
	struct ashlar_launch_info i;
	struct fake_store st;
	struct fake_add ad;
	struct lib_board l;
	ashlar_cmdlist *list;
	ashlar_buffer *b;
	ashlar_fence *f;
	uint32_t index, words[4];

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 64, 0);
	st = (struct fake_store){ ashlar_buffer_addr(b), 5, 100 };
	ad = (struct fake_add){ st.dst + 8, st.dst, st.dst + 4, 1, 100 };
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	i = lib_launch(l.store, &st, sizeof(st));
	assert_ok(ashlar_cmdlist_launch(list, &i, &index));
	assert_int_equal(index, 0);
	c.dst = b;
	c.src = b;
	c.dst_offset = 4;
	c.bytes = 4;
	assert_ok(ashlar_cmdlist_copy(list, &c, NULL));
	i = lib_launch(l.add, &ad, sizeof(ad));
	assert_ok(ashlar_cmdlist_launch(list, &i, &index));
	assert_int_equal(index, 2);
	assert_ok(ashlar_cmdlist_end(list));
	for (uint32_t round = 0; round < 50; round++) {
		struct ashlar_patch patch = {
			.index = 0,
			.offset = offsetof(struct fake_store, value),
			.bytes = 4,
			.data = &round,
		};

		s.patches = &patch;
		s.patch_count = round % 2;
		assert_ok(ashlar_cmdlist_submit(l.q, list, &s, &f));
		assert_ok(ashlar_fence_wait(&f, 1, ASHLAR_WAIT_ALL,
					    ASHLAR_FOREVER));
		assert_ok(ashlar_fence_query(f, &fi));
		assert_true(fi.t_end - fi.t_start >= 400);
		assert_int_equal(fi.load_beats, 2);
		ashlar_fence_unref(f);
		assert_ok(ashlar_buffer_read(b, 0, words, sizeof(words)));
		assert_int_equal(words[2], 2 * (round % 2 ? round : 5));
	}
	/* The list keeps what it uses. */
	assert_ok(ashlar_cmdlist_submit(l.q, list, NULL, &f));
	ashlar_buffer_unref(b);
	ashlar_cmdlist_unref(list);
	lib_close(&l);
	assert_ok(lib_wait(f));
}

static void long_lists_go_around_the_ring(void **state)
{
	struct fake_exit args = { 0, 1 };
	struct lib_board l;
	ashlar_cmdlist *list;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	for (int n = 0; n < 500; n++) {
		struct ashlar_launch_info i =
			lib_launch(l.exit, &args, sizeof(args));

		assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	}
	assert_ok(ashlar_cmdlist_end(list));
	for (int n = 0; n < 3; n++) {
		assert_ok(ashlar_cmdlist_submit(l.q, list, NULL, &f));
		assert_ok(lib_wait(f));
	}
	ashlar_cmdlist_unref(list);
	lib_close(&l);
}

/* --- Failure ------------------------------------------------------------------ */

static void exit_fails_its_own_fence_only(void **state)
{
	struct fake_exit bad = { 42, 10 }, good = { 0, 10 };
	struct ashlar_fence_info fi = ASHLAR_INIT(ashlar_fence_info);
	struct ashlar_fault fault = ASHLAR_INIT(ashlar_fault);
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &bad, sizeof(bad));
	i.tag = 77;
	assert_ok(ashlar_launch(l.q, &i, &f));
	assert_int_equal(ashlar_fence_wait(&f, 1, 0, ASHLAR_FOREVER),
			 ASHLAR_ERROR_EXIT);
	lib_assert_error(l.dev, "kernel exit on tile 0: exited with code 42");
	assert_ok(ashlar_fence_query(f, &fi));
	assert_int_equal(fi.state, ASHLAR_FENCE_FAILED);
	assert_int_equal(fi.exit_code, 42);
	assert_ok(ashlar_fence_fault(f, &fault));
	assert_int_equal(fault.result, ASHLAR_ERROR_EXIT);
	assert_int_equal(fault.tag, 77);
	assert_string_equal(fault.kernel, "exit");
	ashlar_fence_unref(f);
	assert_ok(lib_run(l.q, l.exit, &good, sizeof(good)));
	lib_close(&l);
}

struct failing {
	const char *kernel;
	ashlar_result result;
	const char *text;
};

/* Makes the handle's queue fail in one of several ways. */
static ashlar_result fail_with(struct lib_board *l, int way,
			       struct ashlar_fault *fault)
{
	struct fake_store s = { 0x40000000, 1, 1 };
	struct ashlar_launch_info i;
	ashlar_result r;
	ashlar_fence *f;

	switch (way) {
	case 0:
		i = lib_launch(l->illegal, NULL, 0);
		break;
	case 1:
		i = lib_launch(l->hang, NULL, 0);
		i.timeout_cycles = 50000;
		break;
	default:
		i = lib_launch(l->store, &s, sizeof(s));
		break;
	}
	assert_ok(ashlar_launch(l->q, &i, &f));
	r = ashlar_fence_wait(&f, 1, 0, ASHLAR_FOREVER);
	*fault = ASHLAR_INIT(ashlar_fault);
	assert_ok(ashlar_fence_fault(f, fault));
	ashlar_fence_unref(f);
	return r;
}

static void faults_are_recorded_and_survived(void **state)
{
	static const struct failing ways[] = {
		{ "illegal", ASHLAR_ERROR_FAULT, "illegal instruction" },
		{ "hang", ASHLAR_ERROR_HUNG, "within its timeout" },
		{ "store", ASHLAR_ERROR_FAULT,
		  "store DMA: device address 0x40000000 is not mapped" },
	};
	struct fake_exit good = { 0, 10 };
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	for (int n = 0; n < 30; n++) {
		const struct failing *w = &ways[n % 3];
		struct ashlar_fault fault, last = ASHLAR_INIT(ashlar_fault);
		struct ashlar_launch_info i =
			lib_launch(l.exit, &good, sizeof(good));

		assert_int_equal(fail_with(&l, n % 3, &fault), w->result);
		assert_string_equal(fault.kernel, w->kernel);
		assert_non_null(strstr(fault.text, w->text));
		assert_ok(ashlar_device_fault(l.dev, &last));
		assert_string_equal(last.text, fault.text);
		assert_int_equal(ashlar_launch(l.q, &i, NULL),
				 ASHLAR_ERROR_POISONED);
		lib_assert_error(l.dev, w->text);
		ashlar_queue_unref(l.q);
		assert_ok(ashlar_queue_create(l.dev, NULL, &l.q));
		assert_ok(lib_run(l.q, l.exit, &good, sizeof(good)));
	}
	lib_close(&l);
}

/* What is behind a fault, on all queues of the handle, is cancelled. */
static void a_fault_cancels_what_is_behind(void **state)
{
	struct fake_exit slow = { 0, 1000000 };
	struct ashlar_launch_info hang, i;
	struct lib_board l;
	ashlar_queue *q;
	ashlar_fence *f[6];

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_queue_create(l.dev, NULL, &q));
	hang = lib_launch(l.hang, NULL, 0);
	hang.timeout_cycles = 100000;
	i = lib_launch(l.exit, &slow, sizeof(slow));
	assert_ok(ashlar_launch(l.q, &hang, &f[0]));
	assert_ok(ashlar_launch(l.q, &i, &f[1]));
	assert_ok(ashlar_launch(q, &i, &f[2]));
	assert_ok(ashlar_launch(q, &i, &f[3]));
	i.waits = &f[3];
	i.wait_count = 1;
	assert_ok(ashlar_launch(q, &i, &f[4]));
	assert_ok(ashlar_launch(l.q, &i, &f[5]));
	assert_int_equal(
		ashlar_fence_wait(f, 6, ASHLAR_WAIT_ALL, ASHLAR_FOREVER),
		ASHLAR_ERROR_HUNG);
	for (int n = 1; n < 6; n++) {
		assert_int_equal(ashlar_fence_wait(&f[n], 1, 0, 0),
				 ASHLAR_ERROR_CANCELLED);
		ashlar_fence_unref(f[n]);
	}
	ashlar_fence_unref(f[0]);
	/* The second queue has failed too. */
	i.wait_count = 0;
	assert_int_equal(ashlar_launch(q, &i, NULL), ASHLAR_ERROR_POISONED);
	ashlar_queue_unref(q);
	lib_close(&l);
}

static void a_failed_wait_cancels(void **state)
{
	struct fake_exit bad = { 1, 5000 }, good = { 0, 10 };
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_queue *q;
	ashlar_fence *f[3];

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_queue_create(l.dev, NULL, &q));
	i = lib_launch(l.exit, &bad, sizeof(bad));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	i = lib_launch(l.exit, &good, sizeof(good));
	i.waits = f;
	i.wait_count = 1;
	assert_ok(ashlar_launch(q, &i, &f[1]));
	i.wait_count = 0;
	assert_ok(ashlar_launch(q, &i, &f[2]));
	assert_int_equal(lib_wait(f[2]), ASHLAR_ERROR_CANCELLED);
	assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_CANCELLED);
	assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_EXIT);
	assert_int_equal(ashlar_launch(q, &i, NULL), ASHLAR_ERROR_POISONED);
	lib_assert_error(l.dev, "a fence it waited for has failed");
	/* The queue of the exit itself goes on. */
	assert_ok(lib_run(l.q, l.exit, &good, sizeof(good)));
	ashlar_queue_unref(q);
	lib_close(&l);
}

/* Two address spaces on one board: one fails, the other does not notice. */
static void a_fault_stays_in_its_context(void **state)
{
	uint64_t seed = 4711;
	struct lib_board bad, good;
	ashlar_buffer *a, *b, *c;

	(void)state;
	lib_open(&good, NULL);
	lib_open(&bad, good.dev);
	a = lib_buffer(good.dev, 4 * N, 0);
	b = lib_buffer(good.dev, 4 * N, 1);
	c = lib_buffer(good.dev, 4 * N, 0);
	for (uint32_t n = 0; n < 300; n++) {
		struct fake_add args = add_args(c, a, b);
		struct ashlar_launch_info i;
		struct ashlar_fault fault;
		ashlar_fence *f;
		int way = (int)(rnd(&seed) % 3);

		args.cycles = (uint32_t)(rnd(&seed) % 100000);
		fill_words(a, n, 3);
		fill_words(b, 2 * n, 1);
		fill_words(c, 0, 0);
		i = lib_launch(good.add, &args, sizeof(args));
		assert_ok(ashlar_launch(good.q, &i, &f));
		assert_int_not_equal(fail_with(&bad, way, &fault), ASHLAR_OK);
		assert_ok(lib_wait(f));
		assert_words(c, 3 * n, 4);
		ashlar_queue_unref(bad.q);
		assert_ok(ashlar_queue_create(bad.dev, NULL, &bad.q));
	}
	ashlar_buffer_unref(a);
	ashlar_buffer_unref(b);
	ashlar_buffer_unref(c);
	/* The board outlives the handle that made it. */
	lib_close(&good);
	assert_ok(lib_run(bad.q, bad.exit, &(struct fake_exit){ 0, 1 }, 8));
	lib_close(&bad);
}

static void addresses_do_not_reach_other_contexts(void **state)
{
	struct lib_board a, b;
	struct fake_store s;
	ashlar_buffer *x;
	uint32_t value;

	(void)state;
	lib_open(&a, NULL);
	lib_open(&b, a.dev);
	/* Far from anything that the other handle has mapped. */
	for (int i = 0; i < 3; i++) {
		x = lib_buffer(a.dev, 3u << 20, 0);
		s = (struct fake_store){ ashlar_buffer_addr(x) + (2u << 20), 99,
					 1 };
		if (i < 2)
			ashlar_buffer_unref(x);
	}
	assert_int_equal(lib_run(b.q, b.store, &s, sizeof(s)),
			 ASHLAR_ERROR_FAULT);
	assert_ok(ashlar_buffer_read(x, 2u << 20, &value, 4));
	assert_int_equal(value, 0);
	ashlar_buffer_unref(x);
	lib_close(&b);
	lib_close(&a);
}

/* --- Memory ------------------------------------------------------------------- */

static void read_only_is_kept(void **state)
{
	struct lib_board l;
	ashlar_buffer *b;
	struct fake_store s;

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 64, ASHLAR_BUFFER_READ_ONLY);
	s = (struct fake_store){ ashlar_buffer_addr(b), 1, 1 };
	assert_int_equal(lib_run(l.q, l.store, &s, sizeof(s)),
			 ASHLAR_ERROR_FAULT);
	lib_assert_error(l.dev, "is not writable");
	ashlar_buffer_unref(b);
	lib_close(&l);
}

static void a_page_behind_a_buffer_is_unmapped(void **state)
{
	struct lib_board l;
	ashlar_buffer *b[3];
	struct fake_store s;

	(void)state;
	lib_open(&l, NULL);
	for (int i = 0; i < 3; i++)
		b[i] = lib_buffer(l.dev, 4096, (uint32_t)i % 2);
	s = (struct fake_store){ ashlar_buffer_addr(b[1]) + 4092, 1, 1 };
	assert_ok(lib_run(l.q, l.store, &s, sizeof(s)));
	s.dst += 4;
	assert_int_equal(lib_run(l.q, l.store, &s, sizeof(s)),
			 ASHLAR_ERROR_FAULT);
	for (int i = 0; i < 3; i++)
		ashlar_buffer_unref(b[i]);
	lib_close(&l);
}

static void released_memory_outlives_its_users(void **state)
{
	struct lib_board l;
	ashlar_buffer *a, *b;
	struct fake_store s;
	struct ashlar_launch_info i;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	for (uint32_t host = 0; host < 2; host++) {
		a = lib_buffer(l.dev, 4096, host);
		s = (struct fake_store){ ashlar_buffer_addr(a), 7, 100000 };
		i = lib_launch(l.store, &s, sizeof(s));
		assert_ok(ashlar_launch(l.q, &i, &f));
		ashlar_buffer_unref(a);
		/* It cannot be given out while the kernel may write it. */
		b = lib_buffer(l.dev, 4096, host);
		assert_int_not_equal(ashlar_buffer_addr(b), s.dst);
		assert_ok(lib_wait(f));
		ashlar_buffer_unref(b);
	}
	lib_close(&l);
}

/*
 * Memory is given out again only after tiles have forgotten it: the fake board
 * keeps translations, so a page reused too early would be written through an
 * old one, or read as its old contents.
 */
static void reused_memory_is_clean(void **state)
{
	struct lib_board l, other;
	uint64_t seed = 31337;

	(void)state;
	lib_open(&l, NULL);
	lib_open(&other, l.dev);
	for (uint32_t n = 0; n < 2000; n++) {
		struct lib_board *u = rnd(&seed) % 2 ? &l : &other;
		uint64_t bytes = 4096 * (1 + rnd(&seed) % 600);
		uint64_t at = 4 * (rnd(&seed) % (bytes / 4));
		ashlar_buffer *b =
			lib_buffer(u->dev, bytes, rnd(&seed) % 4 == 0);
		struct fake_store s = { ashlar_buffer_addr(b) + at, n, 1 };
		uint32_t value;

		assert_ok(ashlar_buffer_read(b, at, &value, 4));
		assert_int_equal(value, 0);
		assert_ok(lib_run(u->q, u->store, &s, sizeof(s)));
		assert_ok(ashlar_buffer_read(b, at, &value, 4));
		assert_int_equal(value, n);
		ashlar_buffer_unref(b);
	}
	lib_close(&other);
	lib_close(&l);
}

static uint64_t memory_free(ashlar_device *dev)
{
	struct ashlar_device_info i = ASHLAR_INIT(ashlar_device_info);

	assert_ok(ashlar_device_query(dev, &i));
	return i.memory_free;
}

static void memory_runs_out_and_comes_back(void **state)
{
	struct ashlar_buffer_info bi = ASHLAR_INIT(ashlar_buffer_info);
	ashlar_buffer *b[64];
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	bi.bytes = 1u << 20;
	for (int round = 0; round < 5; round++) {
		int n = 0;

		while (n < 64 && !ashlar_buffer_create(l.dev, &bi, &b[n]))
			n++;
		assert_true(n >= 14 && n < 16);
		assert_int_equal(ashlar_buffer_create(l.dev, &bi, &b[n]),
				 ASHLAR_ERROR_NO_SPACE);
		lib_assert_error(l.dev, "1048576 bytes of board memory");
		while (n--)
			ashlar_buffer_unref(b[n]);
	}
	lib_close(&l);
}

static void closing_returns_all_memory(void **state)
{
	ashlar_device *dev = lib_device(NULL, NULL);
	uint64_t before = memory_free(dev);

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct lib_board l;
		ashlar_buffer *b;

		lib_open(&l, dev);
		b = lib_buffer(l.dev, 3u << 20, 0);
		/* One of them with work left. */
		if (i % 2) {
			struct ashlar_launch_info h =
				lib_launch(l.hang, NULL, 0);

			assert_ok(ashlar_launch(l.q, &h, NULL));
		}
		ashlar_buffer_unref(b);
		lib_close(&l);
		assert_int_equal(memory_free(dev), before);
	}
	ashlar_device_unref(dev);
}

static void maps_show_the_memory(void **state)
{
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	for (uint32_t host = 0; host < 2; host++) {
		ashlar_buffer *b = lib_buffer(l.dev, 8192, host);
		struct fake_store s = { ashlar_buffer_addr(b) + 4096, 5, 1 };
		uint32_t *words, value;
		void *p;

		assert_ok(ashlar_buffer_map(b, &p));
		words = p;
		words[3] = 0x1234;
		assert_ok(ashlar_buffer_read(b, 12, &value, 4));
		assert_int_equal(value, 0x1234);
		assert_ok(lib_run(l.q, l.store, &s, sizeof(s)));
		assert_int_equal(words[1024], 5);
		ashlar_buffer_unref(b);
	}
	lib_close(&l);
}

/* --- Trace ----------------------------------------------------------- */

static void writes_a_trace(void **state)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	struct fake_exit args = { 0, 500 };
	struct lib_board l = { 0 };
	static char text[20000];
	const char *event;
	size_t n;
	FILE *f;

	(void)state;
	o.trace = LIB_TRACE;
	o.firmware = lib_firmware();
	assert_ok(ashlar_device_open(LIB_DEVICE, &o, &l.dev));
	lib_fill(&l);
	for (int i = 0; i < 3; i++)
		assert_ok(lib_run(l.q, l.exit, &args, sizeof(args)));
	lib_close(&l);
	f = fopen(LIB_TRACE, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	assert_int_equal(strncmp(text, "{\"displayTimeUnit\":\"ns\"", 23), 0);
	assert_string_equal(text + n - 4, "\n]}\n");
	event = text;
	for (int i = 0; i < 3; i++) {
		event = strstr(event, "\"name\":\"exit\"");
		assert_non_null(event);
		/* 600 cycles at 500 MHz. */
		assert_non_null(strstr(event, "\"dur\":1.200"));
		event++;
	}
	assert_null(strstr(event, "\"name\":\"exit\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_and_describes),
		cmocka_unit_test(launches),
		cmocka_unit_test(reports_times_and_counters),
		cmocka_unit_test(holds_more_than_the_ring),
		cmocka_unit_test(backlog_is_bounded),
		cmocka_unit_test(fences_order_queues),
		cmocka_unit_test(waits_for_any),
		cmocka_unit_test(copies_and_fills),
		cmocka_unit_test(copies_keep_queue_order),
		cmocka_unit_test(lists_repeat_with_patches),
		cmocka_unit_test(long_lists_go_around_the_ring),
		cmocka_unit_test(exit_fails_its_own_fence_only),
		cmocka_unit_test(faults_are_recorded_and_survived),
		cmocka_unit_test(a_fault_cancels_what_is_behind),
		cmocka_unit_test(a_failed_wait_cancels),
		cmocka_unit_test(a_fault_stays_in_its_context),
		cmocka_unit_test(addresses_do_not_reach_other_contexts),
		cmocka_unit_test(read_only_is_kept),
		cmocka_unit_test(a_page_behind_a_buffer_is_unmapped),
		cmocka_unit_test(released_memory_outlives_its_users),
		cmocka_unit_test(reused_memory_is_clean),
		cmocka_unit_test(memory_runs_out_and_comes_back),
		cmocka_unit_test(closing_returns_all_memory),
		cmocka_unit_test(maps_show_the_memory),
		cmocka_unit_test(writes_a_trace),
	};

	return RUN_COUNTED(tests);
}
