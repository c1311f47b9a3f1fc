// SPDX-License-Identifier: MIT
/*
 * A signal every millisecond, not restarted: calls may be interrupted, but
 * nothing gets lost and nothing happens twice.
 */
#include "guest.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL
#define LOCAL  DRM_ASHLAR_BO_LOCAL

static volatile sig_atomic_t signals;

static void count(int signo)
{
	(void)signo;
	signals++;
}

static void every(long microseconds)
{
	struct itimerval t = { { 0, microseconds }, { 0, microseconds } };

	CHECK(!setitimer(ITIMER_REAL, &t, NULL));
}

static int setup(void **state)
{
	struct sigaction action = { .sa_handler = count };

	(void)state;
	signals = 0;
	CHECK(!sigaction(SIGALRM, &action, NULL));
	every(1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	every(0);
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/*
 * For half a second from start on, and until enough signals have come: a busy
 * host gives a guest few of them.
 */
static bool on_since(int64_t start)
{
	return now_ns() - start < SECOND / 2 || signals <= 100;
}

static void jobs_and_waits(void **state)
{
	struct card c;
	struct buf b;
	uint32_t queue[2], sync, value = 1, n = 0;
	int64_t start = now_ns();
	struct drm_ashlar_queue_query q;

	(void)state;
	card_open(&c);
	buf_new(&c, &b, PAGE, 0);
	*(volatile uint32_t *)b.cpu = 1;
	EXPECT(queue_create(c.fd, NORMAL, 2, &queue[0]), 0);
	EXPECT(queue_create(c.fd, NORMAL, 8, &queue[1]), 0);
	EXPECT(sync_create(c.fd, &sync), 0);
	while (on_since(start)) {
		struct guest_args args = { .from = b.va, .to = b.va };
		struct drm_ashlar_sync syncs[2];
		struct drm_ashlar_job job;
		uint32_t accepted;

		n++;
		args.value = n;
		args.turns = n % 4000;
		job = job_with(&c, "mix", &args);
		syncs[0] = (struct drm_ashlar_sync){
			sync, DRM_ASHLAR_SYNC_SIGNAL | DRM_ASHLAR_SYNC_TIMELINE,
			n
		};
		syncs[1] = (struct drm_ashlar_sync){ sync,
						     DRM_ASHLAR_SYNC_TIMELINE,
						     n - 1 };
		job_syncs(&job, syncs, n > 1 ? 2 : 1);
		EXPECT(submit(c.fd, queue[n % 2], &job, 1, NULL, &accepted), 0);
		EXPECT(accepted, 1);
		value = guest_mix(value, n);
		if (n % 5)
			continue;
		EXPECT(sync_wait(c.fd, sync, n, 20 * SECOND), 0);
		EXPECT(*(volatile uint32_t *)b.cpu, value);
	}
	EXPECT(sync_wait(c.fd, sync, n, 20 * SECOND), 0);
	EXPECT(*(volatile uint32_t *)b.cpu, value);
	for (int i = 0; i < 2; i++) {
		EXPECT(queue_query(c.fd, queue[i], &q), 0);
		EXPECT(q.submitted, (n + (uint32_t)i) / 2);
		EXPECT(q.completed, q.submitted);
		EXPECT(queue_destroy(c.fd, queue[i]), 0);
	}
	card_close(&c);
}

static void memory_and_addresses(void **state)
{
	struct card c;
	uint64_t free_before;
	int64_t start = now_ns();
	uint32_t n = 0;

	(void)state;
	card_open(&c);
	card_computes(&c);
	free_before = state_of(c.fd).memory_free;
	while (on_since(start)) {
		struct buf b;

		/* The same addresses each time. */
		c.next_va = c.code_va + 16 * PAGE;
		buf_new(&c, &b, (1 + n % 7) * PAGE, n % 2 ? LOCAL : 0);
		for (uint32_t i = 0; i < b.bytes / 4; i += 1024)
			EXPECT(((volatile uint32_t *)b.cpu)[i], 0);
		memset(b.cpu, 0xa5, b.bytes);
		if (n % 4 == 0)
			card_computes(&c);
		buf_free(&c, &b);
		n++;
	}
	EXPECT(state_of(c.fd).memory_free, free_before);
	card_computes(&c);
	card_close(&c);
}

static void queues_and_faults(void **state)
{
	struct card c;
	int64_t start = now_ns();
	uint32_t n = 0;

	(void)state;
	card_open(&c);
	while (on_since(start)) {
		struct guest_args args = { .to = c.dev.va_end - PAGE };
		struct drm_ashlar_job job = job_with(&c, "put", &args);
		struct drm_ashlar_result r;
		uint32_t queue;

		EXPECT(queue_create(c.fd, NORMAL, 2u << n % 4, &queue), 0);
		if (n % 2) {
			EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_FAULT);
			EXPECT(r.fault_addr, args.to);
		} else {
			queue_drain(&c, queue);
		}
		EXPECT(queue_destroy(c.fd, queue), 0);
		EXPECT(queue_destroy(c.fd, queue), -ENOENT);
		n++;
	}
	card_computes(&c);
	card_close(&c);
}

static void files(void **state)
{
	int64_t start = now_ns();

	(void)state;
	while (on_since(start))
		board_computes();
}

/* A wait that is interrupted again and again ends with what it waits for. */
static void a_wait_ends(void **state)
{
	struct drm_ashlar_sync out = { .flags = DRM_ASHLAR_SYNC_SIGNAL };
	struct guest_args args = { 0 };
	struct drm_ashlar_job job;
	struct card c;
	uint32_t queue;

	(void)state;
	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 2, &queue), 0);
	EXPECT(sync_create(c.fd, &out.handle), 0);
	job = job_with(&c, "hang", &args);
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	do
		EXPECT(sync_wait(c.fd, out.handle, 0, SECOND / 2), -ETIME);
	while (signals <= 10);
	EXPECT(queue_destroy(c.fd, queue), 0);
	EXPECT(sync_wait(c.fd, out.handle, 0, 0), 0);
	card_close(&c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(jobs_and_waits),	 TEST(memory_and_addresses),
		TEST(queues_and_faults), TEST(files),
		TEST(a_wait_ends),
	};

	guard(60);
	return RUN_COUNTED(tests);
}
