// SPDX-License-Identifier: MIT
/* Job queues: rings that fill and wrap, reports that lie. */
#include "core_board.h"

#define CODE_VA 0x400000ull

struct fixture {
	struct core_board *b;
	struct ashlar_vm vm;
	struct ashlar_hwq q;
	struct ashlar_node code;
};

/* A context with one page of code: a kernel that exits with its argument. */
static void open_queue(struct fixture *f, uint32_t depth_log2)
{
	const uint32_t code[16] = { FAKE_EXIT, FAKE_HANG };

	memset(f, 0, sizeof(*f));
	f->b = core_board_booted();
	assert_int_equal(ashlar_vm_init(&f->vm, &f->b->dev, 16), 0);
	assert_int_equal(ashlar_dev_mem_alloc(&f->b->dev, &f->code, 4096, 4096),
			 0);
	ashlar_os_mem_write(&f->b->os, f->code.start, code, sizeof(code));
	assert_int_equal(ashlar_vm_map(&f->vm, CODE_VA, f->code.start, 4096,
				       ASHLAR_VM_READ),
			 0);
	assert_int_equal(ashlar_hwq_init(&f->q, &f->vm, ASHLAR_PRIORITY_NORMAL,
					 depth_log2),
			 0);
}

static void close_queue(struct fixture *f)
{
	uint64_t all = f->b->dev.mem_bytes - 4096;

	ashlar_hwq_fini(&f->q);
	ashlar_vm_fini(&f->vm);
	ashlar_dev_mem_free(&f->b->dev, &f->code);
	assert_int_equal(ashlar_dev_mem_left(&f->b->dev), all);
	core_board_free(f->b);
}

static struct ashlar_job job(uint32_t entry, uint32_t tag)
{
	return (struct ashlar_job){
		.kind = ASHLAR_JOB_KERNEL,
		.code_va = CODE_VA,
		.code_bytes = 64,
		.text_bytes = 64,
		.entry = entry,
		.code_serial = 1,
		.arg_bytes = sizeof(struct fake_exit),
		.tiles = 1,
		.grid = { 1, 1, 1 },
		.tag = tag,
		.reserved = { 1, 2, 3 }, /* the core clears them */
	};
}

static int push(struct fixture *f, uint32_t code)
{
	const struct fake_exit args = { .code = code };
	const struct ashlar_job j = job(0, code);

	return ashlar_hwq_push(&f->q, &j, &args);
}

static int wait_pop(struct fixture *f, struct ashlar_completion *c)
{
	int r, i;

	for (i = 0; i < 100; i++) {
		r = ashlar_hwq_pop(&f->q, c);
		if (r)
			return r;
		sim_run(&f->b->os, 10000);
	}
	return 0;
}

static void fills_and_wraps(void **state)
{
	struct ashlar_completion c;
	struct fixture f;
	uint32_t next = 1, done = 1;

	(void)state;
	open_queue(&f, 2);
	for (int round = 0; round < 50; round++) {
		while (ashlar_hwq_room(&f.q))
			assert_int_equal(push(&f, next++), 0);
		assert_int_equal(next - done, 4);
		assert_int_equal(push(&f, 0), -EAGAIN);
		ashlar_hwq_ring(&f.q);
		for (int i = 0; i < 1 + round % 4; i++) {
			assert_int_equal(wait_pop(&f, &c), 1);
			assert_int_equal(c.tag, done);
			assert_int_equal(c.status, ASHLAR_JOB_EXIT);
			assert_int_equal(c.exit_code, done);
			assert_true(c.t_fetch <= c.t_start &&
				    c.t_start < c.t_end);
			done++;
		}
	}
	close_queue(&f);
}

static void refuses_bad_depths(void **state)
{
	struct ashlar_hwq q;
	struct fixture f;

	(void)state;
	open_queue(&f, 8);
	assert_int_equal(ashlar_hwq_init(&q, &f.vm, 0, 0), -EINVAL);
	assert_int_equal(ashlar_hwq_init(&q, &f.vm, 0, 9), -EINVAL);
	assert_int_equal(ashlar_hwq_init(&q, &f.vm, 3, 4), -EINVAL);
	close_queue(&f);
}

static void refuses_long_arguments(void **state)
{
	uint8_t args[2048] = { 0 };
	struct ashlar_job j = job(0, 0);
	struct fixture f;

	(void)state;
	open_queue(&f, 1);
	j.arg_bytes = ASHLAR_ARG_MAX + 1;
	assert_int_equal(ashlar_hwq_push(&f.q, &j, args), -EINVAL);
	j.arg_bytes = ASHLAR_ARG_MAX;
	assert_int_equal(ashlar_hwq_push(&f.q, &j, args), 0);
	close_queue(&f);
}

static void queues_run_out(void **state)
{
	struct ashlar_hwq q[63];
	struct fixture f;
	int i;

	(void)state;
	open_queue(&f, 1);
	for (i = 0; i < 62; i++)
		assert_int_equal(ashlar_hwq_init(&q[i], &f.vm, 0, 1), 0);
	assert_int_equal(ashlar_hwq_init(&q[62], &f.vm, 0, 1), -ENOSPC);
	assert_error(f.b, "all 63 queues");
	for (i = 0; i < 62; i++)
		ashlar_hwq_fini(&q[i]);
	close_queue(&f);
}

/* A refused creation must leave nothing behind. */
static void failed_creation_leaves_nothing(void **state)
{
	struct ashlar_hwq q;
	struct fixture f;
	uint64_t left;

	(void)state;
	open_queue(&f, 1);
	left = ashlar_dev_mem_left(&f.b->dev);
	quirks(f.b)->status = ASHLAR_STATUS_BAD_ARG;
	assert_int_equal(ashlar_hwq_init(&q, &f.vm, 0, 1), -EINVAL);
	quirks(f.b)->status = 0;
	/* The invalidation inside was refused too, so the board counts as lost. */
	assert_true(f.b->dev.lost);
	f.b->dev.lost = false;
	assert_int_equal(ashlar_vm_invalidate(&f.vm), 0);
	assert_int_equal(ashlar_dev_mem_left(&f.b->dev), left);
	close_queue(&f);
}

struct lie {
	uint64_t completed_add, fence_add;
	uint32_t status;
	const char *text;
};

static void lies_lose_the_board(void **state)
{
	static const struct lie lies[] = {
		{ .completed_add = 5, .text = "completed fence 6" },
		{ .completed_add = UINT64_MAX / 2, .text = "completed fence" },
		{ .fence_add = 1, .text = "completion of fence 2, expected 1" },
		{ .fence_add = UINT64_MAX, .text = "completion of fence 0" },
		{ .status = 6, .text = "job status 6" },
		{ .status = 0xffffffff, .text = "job status" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct ashlar_completion c;
		struct fixture f;

		open_queue(&f, 2);
		quirks(f.b)->completed_add = lies[i].completed_add;
		quirks(f.b)->fence_add = lies[i].fence_add;
		quirks(f.b)->job_status = lies[i].status;
		assert_int_equal(push(&f, 1), 0);
		ashlar_hwq_ring(&f.q);
		assert_int_equal(wait_pop(&f, &c), -EPROTO);
		assert_error(f.b, lies[i].text);
		assert_int_equal(ashlar_hwq_pop(&f.q, &c), -ENODEV);
		assert_int_equal(push(&f, 1), -ENODEV);
		close_queue(&f);
	}
}

static void a_fence_that_goes_back_loses_the_board(void **state)
{
	struct ashlar_completion c;
	struct fixture f;

	(void)state;
	open_queue(&f, 2);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(push(&f, i), 0);
		ashlar_hwq_ring(&f.q);
		assert_int_equal(wait_pop(&f, &c), 1);
	}
	f.q.report->completed = 1;
	assert_int_equal(ashlar_hwq_pop(&f.q, &c), -EPROTO);
	close_queue(&f);
}

static void faults_in_words(void **state)
{
	static const struct {
		struct ashlar_completion c;
		const char *text;
	} cases[] = {
		{ { .status = ASHLAR_JOB_EXIT, .exit_code = 9, .tile = 3 },
		  "kernel k on tile 3: exited with code 9" },
		{ { .status = ASHLAR_JOB_FAULT,
		    .fault_cause = 1,
		    .fault_sub = 2,
		    .fault_pc = 0x44 },
		  "illegal instruction (mcause 2), address 0x0, pc 0x44" },
		{ { .status = ASHLAR_JOB_FAULT,
		    .fault_cause = 2,
		    .fault_unit = 2,
		    .fault_addr = 0x123456789a },
		  "load DMA: device address 0x123456789a is not mapped" },
		{ { .status = ASHLAR_JOB_FAULT,
		    .fault_cause = 4,
		    .fault_unit = 3 },
		  "store DMA: device address 0x0 is not writable" },
		{ { .status = ASHLAR_JOB_FAULT,
		    .fault_cause = 6,
		    .fault_unit = 4,
		    .fault_sub = 0x10,
		    .fault_addr = 70000 },
		  "matrix unit refused a parameter: register 0x10 of its block is 0x11170" },
		{ { .status = ASHLAR_JOB_FAULT,
		    .fault_cause = 77,
		    .fault_unit = 99 },
		  "unknown unit: device address 0x0 failed for an unknown cause (cause 77)" },
		{ { .status = ASHLAR_JOB_TIMEOUT, .fault_pc = 0x80 },
		  "did not end within its timeout, pc 0x80" },
		{ { .status = ASHLAR_JOB_CANCELLED }, "cancelled" },
		{ { .status = ASHLAR_JOB_BAD, .fault_sub = 40 },
		  "field at byte 40" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ashlar_fault_text(text, sizeof(text), "k", &cases[i].c);
		if (!strstr(text, cases[i].text))
			fail_msg("\"%s\" does not contain \"%s\"", text,
				 cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_and_wraps),
		cmocka_unit_test(refuses_bad_depths),
		cmocka_unit_test(refuses_long_arguments),
		cmocka_unit_test(queues_run_out),
		cmocka_unit_test(failed_creation_leaves_nothing),
		cmocka_unit_test(lies_lose_the_board),
		cmocka_unit_test(a_fence_that_goes_back_loses_the_board),
		cmocka_unit_test(faults_in_words),
	};

	return RUN_COUNTED(tests);
}
