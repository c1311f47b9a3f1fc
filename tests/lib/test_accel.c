// SPDX-License-Identifier: MIT
/*
 * What is true of cards alone, and a kernel driver that fails, is interrupted,
 * loses its board or lies.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ashlar_accel.h"
#include "fake_kernel.h"
#include "lib_board.h"

#define REQUEST(name) (_IOC_NR(name) + 1)

static void nothing_is_left(void)
{
	struct fake_kernel_stats s = fake_kernel_stats();

	assert_int_equal(s.files, 0);
	assert_int_equal(s.contexts, 0);
	assert_int_equal(s.buffers, 0);
	assert_int_equal(s.mappings, 0);
	assert_int_equal(s.queues, 0);
	assert_int_equal(s.syncobjs, 0);
}

static int good_driver(void **state)
{
	(void)state;
	memset(&fake_kernel, 0, sizeof(fake_kernel));
	fake_kernel_unplug(false);
	return 0;
}

/* Also after a failed test, for the sake of those that follow. */
static int leave_nothing(void **state)
{
	good_driver(state);
	nothing_is_left();
	return 0;
}

static ashlar_result try_open(const char *name, ashlar_device **dev,
			      char *error)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);

	*error = 0;
	o.error = error;
	o.error_bytes = 400;
	return ashlar_device_open(name, &o, dev);
}

/* --- Opening ------------------------------------------------------------------- */

static void refuses_what_is_not_ours(void **state)
{
	static const struct {
		struct fake_kernel k;
		ashlar_result result;
		const char *text;
	} cases[] = {
		{ { .driver = "ivpu" },
		  ASHLAR_ERROR_NOT_FOUND,
		  "belongs to driver ivpu 1.1, not to ashlar 1.1" },
		{ { .driver = "ashlar2" },
		  ASHLAR_ERROR_NOT_FOUND,
		  "driver ashlar2" },
		{ { .driver = "a name that is longer than the library cares" },
		  ASHLAR_ERROR_NOT_FOUND,
		  "driver a name" },
		{ { .major = 1 },
		  ASHLAR_ERROR_VERSION,
		  "has interface 2.1, this library needs 1.1" },
		{ { .minor = -1 },
		  ASHLAR_ERROR_VERSION,
		  "has interface 1.0, this library needs 1.1 or a later 1.x" },
		{ { .open_error = ENOENT },
		  ASHLAR_ERROR_NOT_FOUND,
		  "modprobe ashlar" },
		{ { .open_error = EACCES },
		  ASHLAR_ERROR_NOT_FOUND,
		  "Permission denied" },
		{ { .open_error = ENODEV },
		  ASHLAR_ERROR_NOT_FOUND,
		  "no card at /dev/accel/accel0" },
		{ { .add_page_bytes = 4096 },
		  ASHLAR_ERROR_VERSION,
		  "page_bytes is not 4096" },
		{ { .dtb_flip = 1 }, ASHLAR_ERROR_FORMAT, "magic" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ashlar_device *dev;
		char error[400];

		fake_kernel = cases[i].k;
		assert_int_equal(try_open("accel:0", &dev, error),
				 cases[i].result);
		assert_null(dev);
		if (!strstr(error, cases[i].text))
			fail_msg("%zu: \"%s\"", i, error);
		nothing_is_left();
	}
}

static void a_later_driver_is_good(void **state)
{
	ashlar_device *dev;
	char error[400];

	(void)state;
	fake_kernel.minor = 7;
	assert_ok(try_open("accel:/dev/accel/accel0", &dev, error));
	ashlar_device_unref(dev);
}

static void the_card_comes_first(void **state)
{
	struct ashlar_device_entry e[8];
	struct ashlar_device_info i = ASHLAR_INIT(ashlar_device_info);
	uint32_t count = 8;
	ashlar_device *dev;
	char error[400];

	(void)state;
	for (int n = 0; n < 8; n++)
		e[n] = (struct ashlar_device_entry)ASHLAR_INIT(
			ashlar_device_entry);
	assert_ok(ashlar_device_list(e, &count));
	assert_true(count >= 1);
	assert_string_equal(e[0].name, "accel:0");
	assert_string_equal(
		e[0].text,
		"card of a model, 1 tiles, 16 MiB, driver interface 1.1");
	unsetenv("ASHLAR_DEVICE");
	assert_ok(try_open(NULL, &dev, error));
	assert_ok(ashlar_device_query(dev, &i));
	assert_string_equal(i.name, "accel:0");
	assert_int_equal(i.max_devices, 8);
	assert_int_equal(i.max_queues, 63);
	ashlar_device_unref(dev);
	/* A card that we may not open is said to be there. */
	fake_kernel.open_error = EACCES;
	assert_int_equal(try_open(NULL, &dev, error), ASHLAR_ERROR_NOT_FOUND);
	assert_non_null(strstr(error, "/dev/accel/accel0: "));
	fake_kernel.open_error = 0;
	/* Another driver's node is not in the list. */
	fake_kernel.driver = "ivpu";
	count = 8;
	assert_ok(ashlar_device_list(e, &count));
	if (count)
		assert_string_not_equal(e[0].name, "accel:0");
}

/* --- A program, and what may happen to it ------------------------------------------ */

/* Whether everything went well; if not there must be a sentence. */
struct run {
	ashlar_device *dev;
	ashlar_result result;
	bool wrong; /* results or promises that were not kept */
};

static bool ok(struct run *r, ashlar_result result)
{
	char text[400];

	if (!result)
		return true;
	if (!r->result)
		r->result = result;
	if (r->dev && !ashlar_device_error(r->dev, text, sizeof(text)))
		r->wrong = true;
	return false;
}

static void use_buffers(struct run *r, ashlar_queue *q, ashlar_kernel *add,
			ashlar_buffer *b[3], ashlar_cmdlist *list)
{
	struct ashlar_launch_info i;
	struct fake_add args;
	uint32_t words[4] = { 1, 2, 3, 4 };
	ashlar_fence *f[2] = { NULL, NULL };
	int fd = -1;

	if (!ok(r, ashlar_buffer_write(b[0], 0, words, 16)) ||
	    !ok(r, ashlar_buffer_write(b[1], 0, words, 16)))
		return;
	args = (struct fake_add){ ashlar_buffer_addr(b[2]),
				  ashlar_buffer_addr(b[0]),
				  ashlar_buffer_addr(b[1]), 4, 10 };
	i = lib_launch(add, &args, sizeof(args));
	for (int n = 0; n < 10; n++)
		ok(r, ashlar_cmdlist_launch(list, &i, NULL));
	ok(r, ashlar_cmdlist_end(list));
	if (ok(r, ashlar_launch(q, &i, &f[0])) &&
	    ok(r, ashlar_cmdlist_submit(q, list, NULL, &f[1])) &&
	    ok(r, ashlar_fence_wait(f, 2, ASHLAR_WAIT_ALL, ASHLAR_FOREVER)) &&
	    ok(r, ashlar_buffer_read(b[2], 0, words, 16)))
		for (uint32_t n = 0; n < 4; n++)
			r->wrong |= words[n] != 2 * n + 2;
	if (f[1] && ok(r, ashlar_fence_export(f[1], &fd)))
		close(fd);
	if (ok(r, ashlar_buffer_export(b[1], &fd)))
		close(fd);
	ashlar_fence_unref(f[0]);
	ashlar_fence_unref(f[1]);
}

/* All kinds of requests, once or more; errors end as much as they must. */
static struct run program(void)
{
	struct ashlar_buffer_info bi = ASHLAR_INIT(ashlar_buffer_info);
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	struct run r = { NULL, ASHLAR_OK, false };
	ashlar_device *second = NULL;
	ashlar_buffer *b[3] = { NULL, NULL, NULL };
	ashlar_module *m = NULL;
	ashlar_kernel *add = NULL;
	ashlar_queue *q = NULL;
	ashlar_cmdlist *list = NULL;
	uint8_t elf[ELF_BYTES];
	char error[400] = "";
	bool all = true;

	elf_make(elf);
	r.result = try_open("accel:0", &r.dev, error);
	if (r.result) {
		r.wrong = !*error;
		return r;
	}
	o.share = r.dev;
	if (!ashlar_device_open(NULL, &o, &second))
		ashlar_device_unref(second);
	for (int n = 0; n < 3; n++) {
		bi.bytes = 4096;
		bi.flags = n == 1 ? ASHLAR_BUFFER_HOST : 0;
		all &= ok(&r, ashlar_buffer_create(r.dev, &bi, &b[n]));
	}
	all &= ok(&r, ashlar_module_load(r.dev, elf, sizeof(elf), &m));
	if (m)
		all &= ok(&r, ashlar_module_kernel(m, "add", &add));
	all &= ok(&r, ashlar_queue_create(r.dev, NULL, &q));
	all &= ok(&r, ashlar_cmdlist_create(r.dev, &list));
	if (all)
		use_buffers(&r, q, add, b, list);
	for (int n = 0; n < 3; n++)
		ashlar_buffer_unref(b[n]);
	ashlar_cmdlist_unref(list);
	ashlar_kernel_unref(add);
	ashlar_module_unref(m);
	ashlar_queue_unref(q);
	ashlar_device_unref(r.dev);
	return r;
}

static void a_good_driver_is_enough(void **state)
{
	struct run r = program();

	(void)state;
	assert_ok(r.result);
	assert_false(r.wrong);
}

/*
 * Every request in turn fails in every way. Whatever comes of it, nothing
 * hangs, crashes or stays behind, failures have sentences and results that are
 * said to be good are.
 */
static void every_request_may_fail(void **state)
{
	static const int errors[] = { ENOMEM, EINVAL, ENOSPC,	 EACCES,
				      EFAULT, ENOENT, ECANCELED, EDQUOT,
				      ENOTTY, EIO,    ENODEV,	 EPERM };

	(void)state;
	for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
		uint32_t failed = 0, n = 0;

		for (;;) {
			struct run r;

			good_driver(NULL);
			fake_kernel.fail_at = ++n;
			fake_kernel.fail_count = 1;
			fake_kernel.fail_error = errors[e];
			r = program();
			if (r.wrong)
				fail_msg("request %u, %s: result %d", n,
					 strerror(errors[e]), r.result);
			failed += r.result != ASHLAR_OK;
			nothing_is_left();
			if (fake_kernel.fail_count)
				break;
		}
		assert_true(n > 40);
		assert_true(failed > 10);
	}
}

/* Two requests in a row, and all from some on. */
static void requests_may_fail_for_good(void **state)
{
	static const uint32_t counts[] = { 2, UINT32_MAX };

	(void)state;
	for (size_t c = 0; c < 2; c++)
		for (uint32_t n = 1; n < 80; n++) {
			struct run r;

			good_driver(NULL);
			fake_kernel.fail_at = n;
			fake_kernel.fail_count = counts[c];
			fake_kernel.fail_error = ENOMEM;
			r = program();
			assert_false(r.wrong);
			nothing_is_left();
		}
}

static void interruptions_do_not_matter(void **state)
{
	struct run r;

	(void)state;
	for (uint32_t storm = 1; storm < 6; storm++) {
		fake_kernel.interrupts = storm;
		r = program();
		assert_ok(r.result);
		assert_false(r.wrong);
	}
	/* SUBMIT and VM_BIND may have done a part. */
	for (uint32_t part = 1; part < 12; part++) {
		good_driver(NULL);
		fake_kernel.partial = part;
		r = program();
		assert_ok(r.result);
		assert_false(r.wrong);
	}
	for (uint32_t few = 1; few < 4; few++) {
		good_driver(NULL);
		fake_kernel.few_results = few;
		r = program();
		assert_ok(r.result);
		assert_false(r.wrong);
	}
}

/* --- Errors by name ---------------------------------------------------------------- */

static void errors_name_request_and_values(void **state)
{
	static const struct {
		unsigned long request;
		int error;
		ashlar_result result;
		const char *text;
	} cases[] = {
		{ DRM_IOCTL_ASHLAR_BO_CREATE, ENOSPC, ASHLAR_ERROR_NO_SPACE,
		  "BO_CREATE: 8192 bytes of board memory are not free" },
		{ DRM_IOCTL_ASHLAR_BO_CREATE, ENOMEM, ASHLAR_ERROR_NO_MEMORY,
		  "BO_CREATE: 8192 bytes" },
		{ DRM_IOCTL_ASHLAR_VM_BIND, EDQUOT, ASHLAR_ERROR_NO_MEMORY,
		  "RLIMIT_MEMLOCK" },
		{ DRM_IOCTL_ASHLAR_VM_BIND, EINVAL, ASHLAR_ERROR_INVALID,
		  "of addresses 0x200000 to 0x100000000" },
		{ DRM_IOCTL_ASHLAR_VM_BIND, EEXIST, ASHLAR_ERROR_IO,
		  "VM_BIND: 8192 bytes at" },
		{ DRM_IOCTL_ASHLAR_VM_BIND, EIO, ASHLAR_ERROR_LOST,
		  "could not reset it" },
		{ DRM_IOCTL_ASHLAR_VM_BIND, ENODEV, ASHLAR_ERROR_LOST,
		  "the board of /dev/accel/accel0 has gone" },
	};
	struct ashlar_buffer_info bi = ASHLAR_INIT(ashlar_buffer_info);

	(void)state;
	bi.bytes = 5000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ashlar_device *dev;
		ashlar_buffer *b;

		good_driver(NULL);
		dev = lib_device(NULL, NULL);
		fake_kernel.fail_request = REQUEST(cases[i].request);
		fake_kernel.fail_at = 1;
		fake_kernel.fail_count = 1;
		fake_kernel.fail_error = cases[i].error;
		assert_int_equal(ashlar_buffer_create(dev, &bi, &b),
				 cases[i].result);
		lib_assert_error(dev, cases[i].text);
		ashlar_device_unref(dev);
	}
}

static void queue_errors(void **state)
{
	struct ashlar_queue_info qi = ASHLAR_INIT(ashlar_queue_info);
	ashlar_device *dev = lib_device(NULL, NULL);
	ashlar_queue *q;

	(void)state;
	qi.priority = ASHLAR_QUEUE_HIGH;
	fake_kernel.fail_request = REQUEST(DRM_IOCTL_ASHLAR_QUEUE_CREATE);
	fake_kernel.fail_at = 1;
	fake_kernel.fail_count = 1;
	fake_kernel.fail_error = EACCES;
	assert_int_equal(ashlar_queue_create(dev, &qi, &q),
			 ASHLAR_ERROR_UNSUPPORTED);
	lib_assert_error(dev, "priority 2 needs CAP_SYS_NICE");
	assert_ok(ashlar_queue_create(dev, &qi, &q));
	ashlar_queue_unref(q);
	ashlar_device_unref(dev);
}

/* Jobs that the driver does not take fail with its error, those before not. */
static void refused_jobs_fail(void **state)
{
	struct fake_exit args = { 0, 10 };
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_fence *f[2];

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	fake_kernel.fail_request = REQUEST(DRM_IOCTL_ASHLAR_SUBMIT);
	fake_kernel.fail_at = 1;
	fake_kernel.fail_count = 1;
	fake_kernel.fail_error = ENOMEM;
	assert_ok(ashlar_launch(l.q, &i, &f[1]));
	assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_NO_MEMORY);
	lib_assert_error(l.dev, "SUBMIT: 1 jobs of queue 1, from job 2 on");
	assert_ok(lib_wait(f[0]));
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_POISONED);
	lib_assert_error(l.dev, "SUBMIT: 1 jobs");
	/* The address space has not failed. */
	ashlar_queue_unref(l.q);
	assert_ok(ashlar_queue_create(l.dev, NULL, &l.q));
	assert_ok(lib_run(l.q, l.exit, &args, sizeof(args)));
	lib_close(&l);
}

/* --- The board goes ----------------------------------------------------------------- */

static void unplugged(void **state)
{
	struct fake_exit args = { 0, 100000 };
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_buffer *b;
	ashlar_fence *f[2];
	ashlar_queue *q;
	uint32_t word;

	(void)state;
	lib_open(&l, NULL);
	b = lib_buffer(l.dev, 64, 0);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	assert_ok(ashlar_launch(l.q, &i, &f[1]));
	fake_kernel_unplug(true);
	assert_int_equal(
		ashlar_fence_wait(f, 2, ASHLAR_WAIT_ALL, ASHLAR_FOREVER),
		ASHLAR_ERROR_LOST);
	lib_assert_error(l.dev, "has gone");
	assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_LOST);
	assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_LOST);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_LOST);
	assert_int_equal(ashlar_queue_create(l.dev, NULL, &q),
			 ASHLAR_ERROR_LOST);
	assert_int_equal(ashlar_buffer_read(b, 0, &word, 4), ASHLAR_ERROR_LOST);
	/* It is back: the old handle stays lost. */
	fake_kernel_unplug(false);
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_LOST);
	ashlar_buffer_unref(b);
	lib_close(&l);
	lib_open(&l, NULL);
	assert_ok(lib_run(l.q, l.exit, &args, sizeof(args)));
	lib_close(&l);
}

/* Reset for a reason elsewhere: cancelled, and new queues work. */
static void a_reset_is_survived(void **state)
{
	struct fake_exit args = { 0, 100000 };
	struct fake_store st;
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_queue *q;
	ashlar_buffer *b;
	ashlar_fence *f;
	uint32_t word;

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_queue_create(l.dev, NULL, &q));
	b = lib_buffer(l.dev, 64, 0);
	i = lib_launch(l.exit, &args, sizeof(args));
	for (int round = 0; round < 3; round++) {
		/* With work on the board, with none, with none and no news. */
		if (round < 2) {
			if (round)
				fake_kernel_reset();
			assert_ok(ashlar_launch(l.q, &i, &f));
			if (!round)
				fake_kernel_reset();
			assert_int_equal(lib_wait(f), ASHLAR_ERROR_CANCELLED);
			lib_assert_error(l.dev, "the board was reset");
			assert_int_equal(ashlar_launch(q, &i, NULL),
					 ASHLAR_ERROR_POISONED);
			lib_assert_error(l.dev, "the board was reset");
			ashlar_queue_unref(q);
			ashlar_queue_unref(l.q);
		} else {
			fake_kernel_reset();
			ashlar_queue_unref(l.q);
		}
		assert_ok(ashlar_queue_create(l.dev, NULL, &l.q));
		if (round < 2)
			assert_ok(ashlar_queue_create(l.dev, NULL, &q));
		/* Memory and mappings are as they were. */
		st = (struct fake_store){ ashlar_buffer_addr(b), 7, 1 };
		assert_ok(lib_run(l.q, l.store, &st, sizeof(st)));
		assert_ok(ashlar_buffer_read(b, 0, &word, 4));
		assert_int_equal(word, 7);
	}
	ashlar_queue_unref(q);
	ashlar_buffer_unref(b);
	lib_close(&l);
}

/* --- A driver that lies --------------------------------------------------------------- */

static void lies_are_noticed(void **state)
{
	static const struct {
		struct fake_kernel k;
		ashlar_result result;
		const char *text;
	} cases[] = {
		{ { .no_results = true },
		  ASHLAR_ERROR_LOST,
		  "has no results for them" },
		{ { .add_seqno = 1 },
		  ASHLAR_ERROR_LOST,
		  "gives job 2, expected 1" },
		{ { .status = 6 }, ASHLAR_ERROR_LOST, "gives status 6" },
		{ { .add_count = 1000 }, ASHLAR_ERROR_LOST, "results" },
		{ { .short_submit = true },
		  ASHLAR_ERROR_IO,
		  "SUBMIT: 1 jobs of queue 1" },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct fake_exit args = { 0, 10 };
		struct lib_board l;

		good_driver(NULL);
		lib_open(&l, NULL);
		fake_kernel = cases[n].k;
		assert_int_equal(lib_run(l.q, l.exit, &args, sizeof(args)),
				 cases[n].result);
		lib_assert_error(l.dev, cases[n].text);
		lib_close(&l);
	}
}

/* --- Many jobs, waits in the driver -------------------------------------------------- */

static void lists_go_in_few_requests(void **state)
{
	struct fake_exit args = { 0, 1 };
	struct fake_kernel_stats before, after;
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_cmdlist *list;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	for (int n = 0; n < 320; n++)
		assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	assert_ok(ashlar_cmdlist_end(list));
	before = fake_kernel_stats();
	assert_ok(ashlar_cmdlist_submit(l.q, list, NULL, &f));
	assert_ok(lib_wait(f));
	after = fake_kernel_stats();
	assert_int_equal(after.jobs - before.jobs, 320);
	/* 32 in one, 64 at most on the way, half of them at a time. */
	assert_true(after.submits - before.submits <= 2 * 320 / 32);
	assert_true(after.waits - before.waits <= 2 * 320 / 32);
	ashlar_cmdlist_unref(list);
	lib_close(&l);
}

static void memory_goes_in_few_requests(void **state)
{
	struct fake_kernel_stats before, after;
	ashlar_device *dev = lib_device(NULL, NULL);
	ashlar_buffer *b[600];

	(void)state;
	for (int n = 0; n < 600; n++)
		b[n] = lib_buffer(dev, 4096, 0);
	before = fake_kernel_stats();
	for (int n = 0; n < 600; n++)
		ashlar_buffer_unref(b[n]);
	after = fake_kernel_stats();
	/* 16 in one; some are still waiting for more. */
	assert_true(after.binds - before.binds <= 600 / 16);
	assert_true(before.mappings - after.mappings >= 512);
	ashlar_device_unref(dev);
}

static void waits_go_to_the_driver(void **state)
{
	struct fake_exit slow = { 0, 5000 }, quick = { 0, 10 };
	struct fake_kernel_stats before, after;
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_queue *q;
	ashlar_fence *f[2], *other;
	struct lib_board s;

	(void)state;
	lib_open(&l, NULL);
	lib_open(&s, l.dev);
	assert_ok(ashlar_queue_create(l.dev, NULL, &q));
	before = fake_kernel_stats();
	i = lib_launch(l.exit, &slow, sizeof(slow));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	i = lib_launch(l.exit, &quick, sizeof(quick));
	i.waits = f;
	i.wait_count = 1;
	assert_ok(ashlar_launch(q, &i, &f[1]));
	after = fake_kernel_stats();
	assert_int_equal(after.jobs - before.jobs, 2);
	assert_int_equal(after.waits_taken - before.waits_taken, 1);
	/* Another address space waits in the library. */
	i.kernel = s.exit;
	assert_ok(ashlar_launch(s.q, &i, &other));
	assert_int_equal(fake_kernel_stats().jobs, after.jobs);
	assert_ok(lib_wait(other));
	assert_ok(ashlar_fence_wait(f, 2, ASHLAR_WAIT_ALL, ASHLAR_FOREVER));
	ashlar_fence_unref(f[0]);
	ashlar_fence_unref(f[1]);
	ashlar_queue_unref(q);
	lib_close(&s);
	lib_close(&l);
}

/*
 * The driver has what waits for a job that then fails, and what is behind it.
 * None of it runs: a fault that is there does not come to pass.
 */
static void what_waits_for_a_failure_never_runs(void **state)
{
	for (int way = 0; way < 2; way++) {
		struct fake_kernel_stats before, after;
		struct fake_exit bad = { 5, 5000 }, good = { 0, 10 };
		struct ashlar_fault fault = ASHLAR_INIT(ashlar_fault);
		struct ashlar_launch_info i, second, third;
		struct lib_board l;
		ashlar_queue *q;
		ashlar_fence *f[3];

		(void)state;
		lib_open(&l, NULL);
		assert_ok(ashlar_queue_create(l.dev, NULL, &q));
		i = lib_launch(l.exit, &bad, sizeof(bad));
		second = lib_launch(l.exit, &good, sizeof(good));
		second.waits = f;
		second.wait_count = 1;
		third = way ? lib_launch(l.illegal, NULL, 0) :
			      lib_launch(l.exit, &good, sizeof(good));
		before = fake_kernel_stats();
		assert_ok(ashlar_launch(l.q, &i, &f[0]));
		assert_ok(ashlar_launch(q, &second, &f[1]));
		assert_ok(ashlar_launch(q, &third, &f[2]));
		assert_int_equal(ashlar_fence_wait(&f[2], 1, 0, ASHLAR_FOREVER),
				 ASHLAR_ERROR_CANCELLED);
		after = fake_kernel_stats();
		assert_int_equal(after.jobs - before.jobs, 3);
		assert_int_equal(after.runs - before.runs, 1);
		assert_ok(ashlar_fence_fault(f[2], &fault));
		assert_string_equal(fault.text,
				    "a fence it waited for has failed");
		assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_CANCELLED);
		assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_EXIT);
		ashlar_fence_unref(f[2]);
		assert_int_equal(ashlar_launch(q, &third, NULL),
				 ASHLAR_ERROR_POISONED);
		lib_assert_error(l.dev, "a fence it waited for has failed");
		/* Everything else goes on. */
		assert_ok(lib_run(l.q, l.exit, &good, sizeof(good)));
		ashlar_queue_unref(q);
		assert_ok(ashlar_queue_create(l.dev, NULL, &q));
		assert_ok(lib_run(q, l.exit, &good, sizeof(good)));
		ashlar_queue_unref(q);
		lib_close(&l);
	}
}

/* In one queue a job that exits is no reason to stop, but for who waits. */
static void a_queue_that_waits_for_itself_stops(void **state)
{
	struct fake_exit bad = { 5, 5000 }, good = { 0, 10 };
	struct fake_kernel_stats before, after;
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_fence *f[3];

	(void)state;
	lib_open(&l, NULL);
	before = fake_kernel_stats();
	i = lib_launch(l.exit, &bad, sizeof(bad));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	i = lib_launch(l.exit, &good, sizeof(good));
	assert_ok(ashlar_launch(l.q, &i, &f[1]));
	i.waits = f;
	i.wait_count = 1;
	assert_ok(ashlar_launch(l.q, &i, &f[2]));
	after = fake_kernel_stats();
	assert_int_equal(after.jobs - before.jobs, 3);
	assert_int_equal(after.waits_taken - before.waits_taken, 1);
	assert_int_equal(lib_wait(f[2]), ASHLAR_ERROR_CANCELLED);
	assert_ok(lib_wait(f[1]));
	assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_EXIT);
	assert_int_equal(fake_kernel_stats().runs - before.runs, 2);
	i.wait_count = 0;
	assert_int_equal(ashlar_launch(l.q, &i, NULL), ASHLAR_ERROR_POISONED);
	lib_close(&l);
}

/* Of a list each job counts: the first fails, the last does not. */
static void who_waits_for_a_list_waits_for_all_of_it(void **state)
{
	for (uint32_t count = 2; count < 20; count += 6) {
		struct fake_exit bad = { 5, 5000 }, good = { 0, 10 };
		struct fake_kernel_stats before, after;
		struct ashlar_launch_info i;
		struct lib_board l;
		ashlar_cmdlist *list;
		ashlar_queue *q;
		ashlar_fence *f[2];

		(void)state;
		lib_open(&l, NULL);
		assert_ok(ashlar_queue_create(l.dev, NULL, &q));
		assert_ok(ashlar_cmdlist_create(l.dev, &list));
		i = lib_launch(l.exit, &bad, sizeof(bad));
		assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
		i = lib_launch(l.exit, &good, sizeof(good));
		for (uint32_t n = 1; n < count; n++)
			assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
		assert_ok(ashlar_cmdlist_end(list));
		before = fake_kernel_stats();
		assert_ok(ashlar_cmdlist_submit(l.q, list, NULL, &f[0]));
		i.waits = f;
		i.wait_count = 1;
		assert_ok(ashlar_launch(q, &i, &f[1]));
		after = fake_kernel_stats();
		/* A longer list than a job has waits: the library's affair. */
		assert_int_equal(after.waits_taken - before.waits_taken,
				 count < 8 ? count : 0);
		assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_CANCELLED);
		assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_EXIT);
		after = fake_kernel_stats();
		assert_int_equal(after.runs - before.runs, count);
		ashlar_cmdlist_unref(list);
		ashlar_queue_unref(q);
		lib_close(&l);
	}
}

/*
 * A list that is partly on the board when it turns out that what it waited for
 * has failed: what of it is there ends it.
 */
static void half_given_lists_end(void **state)
{
	struct ashlar_queue_info qi = ASHLAR_INIT(ashlar_queue_info);
	struct fake_exit bad = { 1, 10 }, slow = { 0, 5000 };
	struct ashlar_submit_info s = ASHLAR_INIT(ashlar_submit_info);
	struct fake_kernel_stats before;
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_cmdlist *list;
	ashlar_queue *q;
	ashlar_fence *f[2];

	(void)state;
	lib_open(&l, NULL);
	qi.depth = 4;
	assert_ok(ashlar_queue_create(l.dev, &qi, &q));
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	i = lib_launch(l.exit, &slow, sizeof(slow));
	for (int n = 0; n < 100; n++)
		assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	assert_ok(ashlar_cmdlist_end(list));
	fake_kernel.hold = true;
	before = fake_kernel_stats();
	i = lib_launch(l.exit, &bad, sizeof(bad));
	assert_ok(ashlar_launch(l.q, &i, &f[0]));
	s.waits = f;
	s.wait_count = 1;
	assert_ok(ashlar_cmdlist_submit(q, list, &s, &f[1]));
	assert_int_equal(fake_kernel_stats().jobs - before.jobs, 5);
	fake_kernel.hold = false;
	assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_CANCELLED);
	assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_EXIT);
	assert_int_equal(fake_kernel_stats().jobs - before.jobs, 5);
	/* Nobody has taken the board for lost. */
	assert_ok(lib_run(l.q, l.exit, &slow, sizeof(slow)));
	ashlar_cmdlist_unref(list);
	ashlar_queue_unref(q);
	lib_close(&l);
}

/* The end of a list's first command is known to be a failure; it goes on. */
static void failing_lists_are_not_left_to_the_driver(void **state)
{
	struct ashlar_queue_info qi = ASHLAR_INIT(ashlar_queue_info);
	struct fake_exit bad = { 3, 10 }, slow = { 0, 5000 }, good = { 0, 10 };
	struct fake_kernel_stats before;
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_cmdlist *list;
	ashlar_queue *q;
	ashlar_fence *f[2];

	(void)state;
	lib_open(&l, NULL);
	assert_ok(ashlar_queue_create(l.dev, &qi, &q));
	assert_ok(ashlar_cmdlist_create(l.dev, &list));
	i = lib_launch(l.exit, &bad, sizeof(bad));
	assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	i = lib_launch(l.exit, &slow, sizeof(slow));
	assert_ok(ashlar_cmdlist_launch(list, &i, NULL));
	assert_ok(ashlar_cmdlist_end(list));
	assert_ok(ashlar_cmdlist_submit(l.q, list, NULL, &f[0]));
	/* A look takes 500 cycles: the first has ended, the second not. */
	assert_int_equal(ashlar_fence_wait(&f[0], 1, 0, 0),
			 ASHLAR_ERROR_TIMEOUT);
	before = fake_kernel_stats();
	i = lib_launch(l.exit, &good, sizeof(good));
	i.waits = f;
	i.wait_count = 1;
	assert_ok(ashlar_launch(q, &i, &f[1]));
	assert_int_equal(lib_wait(f[1]), ASHLAR_ERROR_CANCELLED);
	/* It has never run. */
	assert_int_equal(fake_kernel_stats().jobs, before.jobs);
	assert_int_equal(lib_wait(f[0]), ASHLAR_ERROR_EXIT);
	ashlar_cmdlist_unref(list);
	ashlar_queue_unref(q);
	lib_close(&l);
}

/* What was released is given back when there is too little otherwise. */
static void released_memory_is_found_again(void **state)
{
	static const int errors[] = { ENOSPC, ENOMEM, EDQUOT };

	(void)state;
	for (int e = 0; e < 3; e++) {
		ashlar_device *dev;
		uint32_t before;

		good_driver(NULL);
		dev = lib_device(NULL, NULL);
		before = fake_kernel_stats().mappings;
		for (int n = 0; n < 5; n++)
			ashlar_buffer_unref(lib_buffer(dev, 4096, n & 1));
		assert_int_equal(fake_kernel_stats().mappings, before + 5);
		fake_kernel.fail_request = REQUEST(DRM_IOCTL_ASHLAR_VM_BIND);
		fake_kernel.fail_at = 1;
		fake_kernel.fail_count = 1;
		fake_kernel.fail_error = errors[e];
		ashlar_buffer_unref(lib_buffer(dev, 4096, 1));
		assert_int_equal(fake_kernel_stats().mappings, before + 1);
		ashlar_device_unref(dev);
	}
}

/* --- Descriptors ------------------------------------------------------------------------ */

static void exports(void **state)
{
	struct fake_exit args = { 0, 10 };
	struct ashlar_launch_info i;
	struct ashlar_fill_info fi = ASHLAR_INIT(ashlar_fill_info);
	struct lib_board l;
	ashlar_buffer *board, *host;
	ashlar_fence *f, *fill;
	int fd = 7;

	(void)state;
	lib_open(&l, NULL);
	board = lib_buffer(l.dev, 64, 0);
	host = lib_buffer(l.dev, 64, ASHLAR_BUFFER_HOST);
	assert_ok(ashlar_buffer_export(host, &fd));
	assert_true(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(fd);
	assert_int_equal(ashlar_buffer_export(board, &fd),
			 ASHLAR_ERROR_UNSUPPORTED);
	assert_int_equal(fd, -1);
	lib_assert_error(l.dev, "ASHLAR_BUFFER_HOST");
	assert_int_equal(ashlar_buffer_export(host, NULL),
			 ASHLAR_ERROR_INVALID);
	fake_kernel.hold = true;
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f));
	fi.dst = board;
	fi.bytes = 64;
	fi.pattern_bytes = 1;
	assert_ok(ashlar_fill(l.q, &fi, &fill));
	/* On the board: yes. Not yet there: no. Done: yes. */
	assert_ok(ashlar_fence_export(f, &fd));
	close(fd);
	assert_int_equal(ashlar_fence_export(fill, &fd), ASHLAR_ERROR_BUSY);
	assert_int_equal(fd, -1);
	fake_kernel.hold = false;
	assert_ok(ashlar_fence_wait(&fill, 1, 0, ASHLAR_FOREVER));
	assert_ok(ashlar_fence_export(fill, &fd));
	close(fd);
	assert_ok(ashlar_fence_export(f, &fd));
	close(fd);
	ashlar_fence_unref(f);
	ashlar_fence_unref(fill);
	ashlar_buffer_unref(board);
	ashlar_buffer_unref(host);
	lib_close(&l);
}

/* --- Sleeping --------------------------------------------------------------------------- */

static void waits_end_in_time(void **state)
{
	struct fake_exit args = { 0, 10 };
	struct ashlar_launch_info i;
	struct fake_kernel_stats before, after;
	struct lib_board l;
	ashlar_fence *f;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	fake_kernel.hold = true;
	assert_ok(ashlar_launch(l.q, &i, &f));
	before = fake_kernel_stats();
	assert_int_equal(ashlar_fence_wait(&f, 1, 0, 30000000),
			 ASHLAR_ERROR_TIMEOUT);
	after = fake_kernel_stats();
	assert_int_equal(after.waits - before.waits, 1);
	/* 0 does not sleep at all. */
	assert_int_equal(ashlar_fence_wait(&f, 1, 0, 0), ASHLAR_ERROR_TIMEOUT);
	assert_int_equal(fake_kernel_stats().waits, after.waits);
	fake_kernel.hold = false;
	assert_ok(lib_wait(f));
	lib_close(&l);
}

struct sleeper {
	ashlar_fence *f;
	ashlar_result result;
};

static void *sleep_on(void *arg)
{
	struct sleeper *s = arg;

	s->result =
		ashlar_fence_wait(&s->f, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER);
	return NULL;
}

static void start_sleeper(pthread_t *t, struct sleeper *s)
{
	assert_int_equal(pthread_create(t, NULL, sleep_on, s), 0);
	while (!fake_kernel_sleepers())
		usleep(1000);
}

/* Others use the board while one sleeps; it wakes when its job is done. */
static void sleeping_locks_nobody_out(void **state)
{
	struct fake_exit args = { 0, 10 };
	struct ashlar_launch_info i;
	struct lib_board l;
	struct sleeper s;
	ashlar_buffer *b;
	ashlar_fence *f;
	pthread_t t;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	fake_kernel.hold = true;
	assert_ok(ashlar_launch(l.q, &i, &s.f));
	start_sleeper(&t, &s);
	for (int n = 0; n < 20; n++) {
		b = lib_buffer(l.dev, 4096, n & 1);
		assert_ok(ashlar_buffer_write(b, 0, "abc", 4));
		assert_ok(ashlar_launch(l.q, &i, &f));
		ashlar_buffer_unref(b);
		if (n < 19)
			ashlar_fence_unref(f);
	}
	fake_kernel_hold(false);
	pthread_join(t, NULL);
	assert_ok(s.result);
	assert_ok(lib_wait(f));
	ashlar_fence_unref(s.f);
	lib_close(&l);
}

/* A fence that no job ends: its submission is cancelled while it waits. */
static void cancelling_wakes(void **state)
{
	struct fake_exit args = { 0, 10 };
	struct ashlar_launch_info i;
	struct lib_board l, other;
	struct sleeper s;
	ashlar_fence *held;
	pthread_t t;

	(void)state;
	lib_open(&l, NULL);
	lib_open(&other, l.dev);
	fake_kernel.hold = true;
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &held));
	/* In the library's hands: it waits for another address space. */
	i.kernel = other.exit;
	i.waits = &held;
	i.wait_count = 1;
	assert_ok(ashlar_launch(other.q, &i, &s.f));
	start_sleeper(&t, &s);
	/* The reset is found when a queue is made, which cancels the rest. */
	fake_kernel_reset();
	ashlar_queue_unref(other.q);
	assert_ok(ashlar_queue_create(other.dev, NULL, &other.q));
	pthread_join(t, NULL);
	assert_int_equal(s.result, ASHLAR_ERROR_CANCELLED);
	fake_kernel_hold(false);
	assert_int_equal(lib_wait(held), ASHLAR_ERROR_CANCELLED);
	ashlar_fence_unref(s.f);
	lib_close(&other);
	lib_close(&l);
}

static void unplugging_wakes(void **state)
{
	struct fake_exit args = { 0, 10 };
	struct ashlar_launch_info i;
	struct lib_board l;
	struct sleeper s;
	pthread_t t;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	fake_kernel.hold = true;
	assert_ok(ashlar_launch(l.q, &i, &s.f));
	start_sleeper(&t, &s);
	fake_kernel_unplug(true);
	pthread_join(t, NULL);
	assert_int_equal(s.result, ASHLAR_ERROR_LOST);
	ashlar_fence_unref(s.f);
	lib_close(&l);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, good_driver, leave_nothing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_what_is_not_ours),
		TEST(a_later_driver_is_good),
		TEST(the_card_comes_first),
		TEST(a_good_driver_is_enough),
		TEST(every_request_may_fail),
		TEST(requests_may_fail_for_good),
		TEST(interruptions_do_not_matter),
		TEST(errors_name_request_and_values),
		TEST(queue_errors),
		TEST(refused_jobs_fail),
		TEST(unplugged),
		TEST(a_reset_is_survived),
		TEST(lies_are_noticed),
		TEST(lists_go_in_few_requests),
		TEST(memory_goes_in_few_requests),
		TEST(waits_go_to_the_driver),
		TEST(what_waits_for_a_failure_never_runs),
		TEST(a_queue_that_waits_for_itself_stops),
		TEST(who_waits_for_a_list_waits_for_all_of_it),
		TEST(half_given_lists_end),
		TEST(failing_lists_are_not_left_to_the_driver),
		TEST(released_memory_is_found_again),
		TEST(exports),
		TEST(waits_end_in_time),
		TEST(sleeping_locks_nobody_out),
		TEST(cancelling_wakes),
		TEST(unplugging_wakes),
	};

	return RUN_COUNTED(tests);
}
