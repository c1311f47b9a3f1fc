// SPDX-License-Identifier: MIT
/* Several threads on one board: same queue, own queues, own address spaces. */
#include <pthread.h>
#include <stdatomic.h>

#include "lib_board.h"

#define THREADS 4
#define ROUNDS	60

/*
 * cmocka's assertions leave the test by a jump, which other threads cannot:
 * threads count what went wrong.
 */
static atomic_int wrong;

#define EXPECT(condition)                                                  \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			atomic_fetch_add(&wrong, 1);                       \
		}                                                          \
	} while (0)

struct job {
	struct lib_board *l;
	ashlar_queue *q;
	uint32_t id;
};

static void run_threads(void *(*body)(void *), struct job *jobs, int n)
{
	pthread_t threads[THREADS];

	atomic_store(&wrong, 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, body, &jobs[i]), 0);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
}

static ashlar_buffer *make_buffer(struct lib_board *l, uint32_t flags)
{
	struct ashlar_buffer_info i = ASHLAR_INIT(ashlar_buffer_info);
	ashlar_buffer *b = NULL;

	i.bytes = 4096;
	i.flags = flags;
	EXPECT(ashlar_buffer_create(l->dev, &i, &b) == ASHLAR_OK);
	return b;
}

/* Buffers, launches, waits and messages, each thread for itself. */
static void *work(void *arg)
{
	struct job *j = arg;

	for (uint32_t n = 0; n < ROUNDS; n++) {
		ashlar_buffer *b = make_buffer(j->l, n & 1);
		struct fake_store s = { ashlar_buffer_addr(b), j->id * 1000 + n,
					50 * n };
		struct ashlar_launch_info bad =
			lib_launch(j->l->store, &s, j->id);
		char text[200], number[40];
		uint32_t value = 0;

		EXPECT(lib_run(j->q, j->l->store, &s, sizeof(s)) == ASHLAR_OK);
		EXPECT(ashlar_buffer_read(b, 0, &value, 4) == ASHLAR_OK);
		EXPECT(value == j->id * 1000 + n);
		ashlar_buffer_unref(b);
		/* A message belongs to the thread that failed. */
		EXPECT(ashlar_launch(j->q, &bad, NULL) == ASHLAR_ERROR_INVALID);
		ashlar_device_error(j->l->dev, text, sizeof(text));
		snprintf(number, sizeof(number), "not %u", j->id);
		EXPECT(strstr(text, number) != NULL);
	}
	return NULL;
}

static void threads_share_a_queue(void **state)
{
	struct job jobs[THREADS];
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	for (uint32_t i = 0; i < THREADS; i++)
		jobs[i] = (struct job){ &l, l.q, i + 1 };
	run_threads(work, jobs, THREADS);
	lib_close(&l);
}

static void threads_have_queues(void **state)
{
	struct job jobs[THREADS];
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	for (uint32_t i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){ &l, NULL, i + 1 };
		assert_ok(ashlar_queue_create(l.dev, NULL, &jobs[i].q));
	}
	run_threads(work, jobs, THREADS);
	for (int i = 0; i < THREADS; i++)
		ashlar_queue_unref(jobs[i].q);
	lib_close(&l);
}

/* One address space fails all the time, the others must not notice. */
static void *crash(void *arg)
{
	struct job *j = arg;

	for (int n = 0; n < ROUNDS; n++) {
		EXPECT(lib_run(j->l->q, j->l->illegal, NULL, 0) ==
		       ASHLAR_ERROR_FAULT);
		ashlar_queue_unref(j->l->q);
		EXPECT(ashlar_queue_create(j->l->dev, NULL, &j->l->q) ==
		       ASHLAR_OK);
	}
	return NULL;
}

static void *work_or_crash(void *arg)
{
	struct job *j = arg;

	return j->id == 1 ? crash(arg) : work(arg);
}

static void threads_have_address_spaces(void **state)
{
	struct lib_board l[THREADS];
	struct job jobs[THREADS];

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++) {
		lib_open(&l[i], i ? l[0].dev : NULL);
		jobs[i] = (struct job){ &l[i], l[i].q, i + 1 };
	}
	run_threads(work_or_crash, jobs, THREADS);
	for (int i = 0; i < THREADS; i++)
		lib_close(&l[i]);
}

/* Boards come and go in all threads at once. */
static void *open_and_close(void *arg)
{
	struct job *j = arg;

	for (int n = 0; n < 5; n++) {
		struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
		struct ashlar_device_info i = ASHLAR_INIT(ashlar_device_info);
		ashlar_device *dev = NULL, *second = NULL;

		o.share = j->l->dev;
		EXPECT(ashlar_device_open(NULL, &o, &second) == ASHLAR_OK);
		o.share = NULL;
		o.firmware = LIB_FIRMWARE;
		EXPECT(ashlar_device_open(LIB_DEVICE, &o, &dev) == ASHLAR_OK);
		EXPECT(ashlar_device_query(dev, &i) == ASHLAR_OK);
		EXPECT(ashlar_device_query(second, &i) == ASHLAR_OK);
		ashlar_device_unref(second);
		ashlar_device_unref(dev);
	}
	return NULL;
}

static void boards_come_and_go(void **state)
{
	struct job jobs[THREADS];
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	for (uint32_t i = 0; i < THREADS; i++)
		jobs[i] = (struct job){ &l, l.q, i };
	/* Two address spaces for each, of the 8 that a card has. */
	run_threads(open_and_close, jobs, THREADS - 1);
	lib_close(&l);
}

/* Everybody waits for the same fence; one of them gives up early. */
static ashlar_fence *shared_fence;

static void *wait_for_it(void *arg)
{
	struct job *j = arg;
	ashlar_result r;

	do
		r = ashlar_fence_wait(&shared_fence, 1, ASHLAR_WAIT_ALL,
				      j->id ? ASHLAR_FOREVER : 1000);
	while (r == ASHLAR_ERROR_TIMEOUT);
	EXPECT(r == ASHLAR_OK);
	return NULL;
}

static void threads_wait_for_one_fence(void **state)
{
	struct fake_exit args = { 0, 3000000 };
	struct job jobs[THREADS];
	struct ashlar_launch_info i;
	struct lib_board l;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &shared_fence));
	for (uint32_t n = 0; n < THREADS; n++)
		jobs[n] = (struct job){ &l, l.q, n };
	run_threads(wait_for_it, jobs, THREADS);
	ashlar_fence_unref(shared_fence);
	lib_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_share_a_queue),
		cmocka_unit_test(threads_have_queues),
		cmocka_unit_test(threads_have_address_spaces),
		cmocka_unit_test(boards_come_and_go),
		cmocka_unit_test(threads_wait_for_one_fence),
	};

	return RUN_COUNTED(tests);
}
