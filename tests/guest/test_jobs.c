// SPDX-License-Identifier: MIT
/* Jobs that go well: order, results, syncobjs, limits. */
#include "guest.h"

#include <linux/sync_file.h>

#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL

static struct card c;
static struct buf b; /* of words */
static volatile uint32_t *word;

static int setup(void **state)
{
	(void)state;
	card_open(&c);
	buf_new(&c, &b, PAGE, 0);
	word = b.cpu;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&c, &b);
	card_close(&c);
	return 0;
}

static uint32_t new_queue(uint32_t depth)
{
	uint32_t queue;

	EXPECT(queue_create(c.fd, NORMAL, depth, &queue), 0);
	return queue;
}

static struct drm_ashlar_queue_query query(uint32_t queue)
{
	struct drm_ashlar_queue_query q;

	EXPECT(queue_query(c.fd, queue, &q), 0);
	return q;
}

/* Mix value into word i. The arguments are read when the job is submitted. */
static struct drm_ashlar_job mix_job(struct guest_args *args, uint32_t i,
				     uint32_t value)
{
	*args = (struct guest_args){
		.to = b.va + 4 * i,
		.from = b.va + 4 * i,
		.value = value,
	};
	return job_with(&c, "mix", args);
}

static struct drm_ashlar_sync wait_for(uint32_t handle, uint64_t point)
{
	return (struct drm_ashlar_sync){
		.handle = handle,
		.flags = point ? DRM_ASHLAR_SYNC_TIMELINE : 0,
		.point = point,
	};
}

static struct drm_ashlar_sync signals(uint32_t handle, uint64_t point)
{
	struct drm_ashlar_sync sync = wait_for(handle, point);

	sync.flags |= DRM_ASHLAR_SYNC_SIGNAL;
	return sync;
}

/* --- One job ----------------------------------------------------------------------- */

static void nop_completes(void **state)
{
	uint32_t queue = new_queue(2);
	struct drm_ashlar_job job = job_nop();
	struct drm_ashlar_result r;
	struct drm_ashlar_queue_query q;

	(void)state;
	for (uint32_t i = 1; i <= 5; i++) {
		job.tag = 0xabc00000 + i;
		EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_OK);
		EXPECT(r.seqno, i);
		EXPECT(r.tag, 0xabc00000 + i);
		EXPECT(r.exit_code, 0);
		EXPECT(r.fault_cause, 0);
		q = query(queue);
		EXPECT(q.state, DRM_ASHLAR_QUEUE_OK);
		EXPECT(q.submitted, i);
		EXPECT(q.completed, i);
	}
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void result_tells(void **state)
{
	uint32_t queue = new_queue(4);
	struct guest_args args;
	struct drm_ashlar_job job = mix_job(&args, 0, 77);
	struct drm_ashlar_result r;
	uint64_t before = state_of(c.fd).cycles;

	(void)state;
	word[0] = 5;
	job.tag = 0xffffffff;
	job.tiles = 1000;
	EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_OK);
	/* All tiles did the same; on more than one the word is anybody's. */
	if (c.dev.tiles == 1)
		EXPECT(word[0], guest_mix(5, 77));
	EXPECT(r.tag, 0xffffffff);
	EXPECT(r.tiles, c.dev.tiles);
	CHECK(r.context);
	CHECK(before <= r.t_fetch && r.t_fetch <= r.t_start &&
	      r.t_start < r.t_end && r.t_end <= state_of(c.fd).cycles);
	/* Loaded an image, one word in, one word out. */
	CHECK(r.counters[4] && r.counters[5] && r.counters[6]);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void exit_code_fails_the_job_only(void **state)
{
	uint32_t queue = new_queue(8), sync;
	struct guest_args args = { .value = 0xdeadbeef };
	struct drm_ashlar_job job = job_with(&c, "leave", &args);
	struct drm_ashlar_sync out;
	struct drm_ashlar_result r;
	int file;

	(void)state;
	EXPECT(sync_create(c.fd, &sync), 0);
	out = signals(sync, 0);
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	file = sync_export(c.fd, sync);
	CHECK(file >= 0);
	EXPECT(fence_wait(file, 20000), 0);
	EXPECT(fence_status(file), -EREMOTEIO);
	close(file);
	EXPECT(queue_results(c.fd, queue, 1, 1, &r), 1);
	EXPECT(r.status, DRM_ASHLAR_JOB_EXIT);
	EXPECT(r.exit_code, 0xdeadbeef);

	job = mix_job(&args, 1, 9);
	word[1] = 1;
	EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(word[1], guest_mix(1, 9));
	EXPECT(query(queue).state, DRM_ASHLAR_QUEUE_OK);
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void arguments_and_grid_arrive(void **state)
{
	static const uint32_t sizes[] = { 0,  1,  3,	4,    63,
					  64, 65, 1000, 1023, 1024 };
	uint32_t queue = new_queue(2);
	uint64_t seed = 20;
	uint8_t args[1024];
	struct drm_ashlar_result r;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct drm_ashlar_job job =
			job_of(&c, "sum", sizes[i] ? args : NULL, sizes[i]);

		for (size_t n = 0; n < sizeof(args); n++)
			args[n] = (uint8_t)rnd(&seed);
		job.grid[0] = 1 + (uint32_t)i;
		job.grid[1] = 0xffffffff - (uint32_t)i;
		job.grid[2] = 1 + (uint32_t)(rnd(&seed) % 1000);
		EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_EXIT);
		EXPECT(r.exit_code, guest_sum(args, sizes[i], job.grid[0],
					      job.grid[1], job.grid[2]));
	}
	EXPECT(queue_destroy(c.fd, queue), 0);
}

/* --- Many --------------------------------------------------------------------------- */

static void thousands_of_jobs(void **state)
{
	enum { JOBS = 3000, DEPTH = 16 };
	static struct drm_ashlar_job jobs[1000];
	struct drm_ashlar_result r[DEPTH + 4];
	struct drm_ashlar_sync out;
	uint32_t queue = new_queue(DEPTH), sync, accepted;
	uint64_t seqno;

	(void)state;
	EXPECT(sync_create(c.fd, &sync), 0);
	for (uint32_t done = 0; done < JOBS; done += 1000) {
		for (uint32_t i = 0; i < 1000; i++) {
			jobs[i] = job_nop();
			jobs[i].tag = done + i + 1;
		}
		out = signals(sync, done + 1000);
		job_syncs(&jobs[999], &out, 1);
		EXPECT(submit(c.fd, queue, jobs, 1000, &seqno, &accepted), 0);
		EXPECT(accepted, 1000);
		EXPECT(seqno, done + 1000);
	}
	EXPECT(sync_wait(c.fd, sync, JOBS, 60 * SECOND), 0);
	EXPECT(query(queue).completed, JOBS);

	/* The results of the last DEPTH are kept. */
	EXPECT(queue_results(c.fd, queue, 1, 1, r), -ENODATA);
	EXPECT(queue_results(c.fd, queue, JOBS - DEPTH, 1, r), -ENODATA);
	EXPECT(queue_results(c.fd, queue, JOBS - DEPTH + 1, DEPTH + 4, r),
	       DEPTH);
	for (uint32_t i = 0; i < DEPTH; i++) {
		EXPECT(r[i].seqno, JOBS - DEPTH + 1 + i);
		EXPECT(r[i].tag, JOBS - DEPTH + 1 + i);
		EXPECT(r[i].status, DRM_ASHLAR_JOB_OK);
	}
	EXPECT(queue_results(c.fd, queue, JOBS + 1, 1, r), 0);
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void a_small_ring_takes_many(void **state)
{
	enum { JOBS = 200 };
	static struct drm_ashlar_job jobs[JOBS];
	static struct guest_args args[JOBS];
	uint32_t queue = new_queue(2), expected = 1;

	(void)state;
	word[2] = 1;
	for (uint32_t i = 0; i < JOBS; i++) {
		jobs[i] = mix_job(&args[i], 2, i);
		expected = guest_mix(expected, i);
	}
	EXPECT(submit(c.fd, queue, jobs, JOBS, NULL, NULL), 0);
	queue_drain(&c, queue);
	EXPECT(word[2], expected);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void queues_run_beside_each_other(void **state)
{
	enum { QUEUES = 6, JOBS = 20 };
	uint32_t queue[QUEUES], expected[QUEUES];
	struct drm_ashlar_job job;
	struct guest_args args;

	(void)state;
	for (uint32_t q = 0; q < QUEUES; q++) {
		queue[q] = new_queue(2u << q);
		word[16 + q] = q;
		expected[q] = q;
	}
	for (uint32_t i = 0; i < JOBS; i++) {
		for (uint32_t q = 0; q < QUEUES; q++) {
			job = mix_job(&args, 16 + q, i * q);
			expected[q] = guest_mix(expected[q], i * q);
			EXPECT(submit(c.fd, queue[q], &job, 1, NULL, NULL), 0);
		}
	}
	for (uint32_t q = 0; q < QUEUES; q++) {
		queue_drain(&c, queue[q]);
		EXPECT(word[16 + q], expected[q]);
		EXPECT(queue_destroy(c.fd, queue[q]), 0);
	}
}

static void as_plain_user(void *arg)
{
	struct card own;
	uint32_t queue;

	(void)arg;
	card_open(&own);
	CHECK(!setresgid(65534, 65534, 65534));
	CHECK(!setresuid(65534, 65534, 65534));
	EXPECT(queue_create(own.fd, DRM_ASHLAR_PRIORITY_HIGH, 2, &queue),
	       -EACCES);
	EXPECT(queue_create(own.fd, DRM_ASHLAR_PRIORITY_NORMAL, 2, &queue), 0);
	EXPECT(queue_create(own.fd, DRM_ASHLAR_PRIORITY_LOW, 2, &queue), 0);
}

static void high_priority_is_a_privilege(void **state)
{
	uint32_t queue;

	(void)state;
	child_ok(child(as_plain_user, NULL));
	EXPECT(queue_create(c.fd, DRM_ASHLAR_PRIORITY_HIGH, 2, &queue), 0);
	queue_drain(&c, queue);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void too_many_are_refused(void **state)
{
	static struct drm_ashlar_job jobs[1024];
	uint32_t queue = new_queue(4), accepted, taken = 1;
	struct guest_args args = { 0 };
	struct drm_ashlar_job job = job_with(&c, "hang", &args);
	int err;

	(void)state;
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	for (int i = 0; i < 1024; i++)
		jobs[i] = job_nop();
	do {
		err = submit(c.fd, queue, jobs, 1024, NULL, &accepted);
		taken += accepted;
	} while (!err && taken < 100000);
	EXPECT(err, -EBUSY);
	EXPECT(taken, c.dev.max_pending);
	EXPECT(query(queue).submitted, taken);
	/* Kills what has not run. */
	EXPECT(queue_destroy(c.fd, queue), 0);
	EXPECT(queue_destroy(c.fd, queue), -ENOENT);
}

/* --- Syncobjs -------------------------------------------------------------------------- */

/* Slow first, quick second, on two queues. */
static void waits_for_another(uint64_t point)
{
	uint32_t one = new_queue(2), two = new_queue(2), sync;
	struct drm_ashlar_sync out, in;
	struct drm_ashlar_job job;
	struct guest_args args;

	word[3] = 1;
	EXPECT(sync_create(c.fd, &sync), 0);
	out = signals(sync, point);
	in = wait_for(sync, point);
	job = mix_job(&args, 3, 10);
	args.turns = 20000;
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, one, &job, 1, NULL, NULL), 0);
	job = mix_job(&args, 3, 20);
	job_syncs(&job, &in, 1);
	EXPECT(submit(c.fd, two, &job, 1, NULL, NULL), 0);
	queue_drain(&c, two);
	EXPECT(word[3], guest_mix(guest_mix(1, 10), 20));
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(queue_destroy(c.fd, one), 0);
	EXPECT(queue_destroy(c.fd, two), 0);
}

static void a_job_waits_for_a_binary_syncobj(void **state)
{
	(void)state;
	waits_for_another(0);
}

static void a_job_waits_for_a_point(void **state)
{
	(void)state;
	waits_for_another(1);
	waits_for_another(UINT64_MAX - 1);
}

/* Each job on another queue than the one before, which it waits for. */
static void a_chain_keeps_its_order(void **state)
{
	enum { LINKS = 100, QUEUES = 4 };
	uint32_t queue[QUEUES], sync, expected = 3;
	struct drm_ashlar_sync syncs[2];
	struct drm_ashlar_job job;
	struct guest_args args;

	(void)state;
	for (uint32_t q = 0; q < QUEUES; q++)
		queue[q] = new_queue(4);
	EXPECT(sync_create(c.fd, &sync), 0);
	word[4] = 3;
	for (uint32_t i = 1; i <= LINKS; i++) {
		job = mix_job(&args, 4, i);
		args.turns = i * 37 % 500;
		expected = guest_mix(expected, i);
		syncs[0] = signals(sync, i);
		syncs[1] = wait_for(sync, i - 1);
		job_syncs(&job, syncs, i > 1 ? 2 : 1);
		EXPECT(submit(c.fd, queue[i % QUEUES], &job, 1, NULL, NULL), 0);
	}
	EXPECT(sync_wait(c.fd, sync, LINKS, 30 * SECOND), 0);
	EXPECT(word[4], expected);
	EXPECT(sync_destroy(c.fd, sync), 0);
	for (uint32_t q = 0; q < QUEUES; q++)
		EXPECT(queue_destroy(c.fd, queue[q]), 0);
}

static void a_queue_waits_for_itself(void **state)
{
	uint32_t queue = new_queue(2), sync;
	struct drm_ashlar_job job = job_nop();
	struct drm_ashlar_sync syncs[2];

	(void)state;
	EXPECT(sync_create(c.fd, &sync), 0);
	for (uint32_t i = 1; i <= 20; i++) {
		syncs[0] = wait_for(sync, i - 1);
		syncs[1] = signals(sync, i);
		job_syncs(&job, i > 1 ? syncs : syncs + 1, i > 1 ? 2 : 1);
		EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	}
	EXPECT(sync_wait(c.fd, sync, 20, 20 * SECOND), 0);
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void a_job_signals_many(void **state)
{
	enum { MANY = 64 };
	struct drm_ashlar_sync syncs[MANY];
	uint32_t queue = new_queue(2);
	struct drm_ashlar_job job = job_nop();
	uint64_t point;

	(void)state;
	EXPECT(c.dev.max_syncs, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t handle;

		EXPECT(sync_create(c.fd, &handle), 0);
		syncs[i] = signals(handle, i % 2 ? 1000 + i : 0);
	}
	job_syncs(&job, syncs, MANY);
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		EXPECT(sync_wait(c.fd, syncs[i].handle, syncs[i].point,
				 20 * SECOND),
		       0);
		if (syncs[i].point) {
			EXPECT(sync_query(c.fd, syncs[i].handle, &point), 0);
			EXPECT(point, syncs[i].point);
		}
		EXPECT(sync_destroy(c.fd, syncs[i].handle), 0);
	}
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void nothing_to_wait_for_is_refused(void **state)
{
	uint32_t queue = new_queue(2), sync, accepted;
	struct drm_ashlar_job jobs[2] = { job_nop(), job_nop() };
	struct drm_ashlar_sync in, out;

	(void)state;
	EXPECT(sync_create(c.fd, &sync), 0);
	in = wait_for(sync, 0);
	job_syncs(&jobs[1], &in, 1);
	EXPECT(submit(c.fd, queue, jobs, 2, NULL, &accepted), -EINVAL);
	EXPECT(accepted, 1);
	in = wait_for(sync, 7);
	EXPECT(submit(c.fd, queue, jobs, 2, NULL, &accepted), -EINVAL);
	EXPECT(accepted, 1);
	/* A point that is not there yet, of a timeline that is. */
	out = signals(sync, 6);
	job_syncs(&jobs[0], &out, 1);
	EXPECT(submit(c.fd, queue, jobs, 2, NULL, &accepted), -EINVAL);
	EXPECT(accepted, 1);
	EXPECT(sync_wait(c.fd, sync, 6, 20 * SECOND), 0);
	in = wait_for(sync, 6);
	EXPECT(submit(c.fd, queue, jobs + 1, 1, NULL, &accepted), 0);
	EXPECT(query(queue).submitted, 4);
	queue_drain(&c, queue);
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(queue_destroy(c.fd, queue), 0);
}

static void a_sync_file_shows_a_job(void **state)
{
	uint32_t queue = new_queue(2), sync;
	struct guest_args args;
	struct drm_ashlar_job job = mix_job(&args, 5, 1);
	struct drm_ashlar_sync out;
	int file;

	(void)state;
	EXPECT(sync_create(c.fd, &sync), 0);
	out = signals(sync, 0);
	args.turns = 50000;
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	file = sync_export(c.fd, sync);
	CHECK(file >= 0);
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(fence_wait(file, 20000), 0);
	EXPECT(fence_status(file), 1);
	EXPECT(queue_destroy(c.fd, queue), 0);
	EXPECT(fence_status(file), 1);
	close(file);

	/* One that ends only because its queue does. */
	queue = new_queue(2);
	EXPECT(sync_create(c.fd, &sync), 0);
	out = signals(sync, 0);
	args = (struct guest_args){ 0 };
	job = job_with(&c, "hang", &args);
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	file = sync_export(c.fd, sync);
	CHECK(file >= 0);
	EXPECT(fence_status(file), 0);
	EXPECT(fence_wait(file, 50), -ETIME);
	EXPECT(sync_wait(c.fd, sync, 0, SECOND / 20), -ETIME);
	EXPECT(queue_destroy(c.fd, queue), 0);
	EXPECT(fence_wait(file, 0), 0);
	EXPECT(fence_status(file), -ECANCELED);
	EXPECT(sync_destroy(c.fd, sync), 0);
	close(file);
}

/* --- Waits that have to succeed ---------------------------------------------------------- */

#define SUCCESS DRM_ASHLAR_SYNC_SUCCESS

/* How a job is named by who waits for it. */
enum name { BINARY, POINT, JOB, NAMES };

struct named {
	struct drm_ashlar_sync out; /* that the job signals */
	struct drm_ashlar_sync in; /* that who waits for it has */
};

/* The next job of a queue. */
static struct named name_next(enum name name, uint32_t queue)
{
	struct named n;
	uint32_t sync;

	EXPECT(sync_create(c.fd, &sync), 0);
	n.out = signals(sync, name == POINT ? 5 : 0);
	n.in = wait_for(sync, n.out.point);
	if (name == JOB)
		n.in = (struct drm_ashlar_sync){
			.handle = queue,
			.flags = DRM_ASHLAR_SYNC_QUEUE,
			.point = query(queue).submitted + 1,
		};
	n.in.flags |= SUCCESS;
	return n;
}

static struct drm_ashlar_job leave_job(struct guest_args *args, uint32_t code)
{
	*args = (struct guest_args){ .value = code, .turns = 5000 };
	return job_with(&c, "leave", args);
}

static uint32_t status_of(uint32_t queue, uint64_t seqno)
{
	struct drm_ashlar_result r;

	EXPECT(queue_results(c.fd, queue, seqno, 1, &r), 1);
	EXPECT(r.seqno, seqno);
	return r.status;
}

/* Submit a job and get a sync_file of it. */
static int submit_for_file(uint32_t queue, struct drm_ashlar_job *job,
			   const struct drm_ashlar_sync *wait)
{
	struct drm_ashlar_sync syncs[2];
	uint32_t sync;
	int file;

	EXPECT(sync_create(c.fd, &sync), 0);
	syncs[0] = signals(sync, 0);
	if (wait)
		syncs[1] = *wait;
	job_syncs(job, syncs, wait ? 2 : 1);
	EXPECT(submit(c.fd, queue, job, 1, NULL, NULL), 0);
	file = sync_export(c.fd, sync);
	CHECK(file >= 0);
	EXPECT(sync_destroy(c.fd, sync), 0);
	return file;
}

/*
 * On `queue`, which is new: a slow job, one that waits for something that has
 * failed or will, one more. The first runs, the others end behind it; the third
 * may be refused, for the queue may have stopped by then.
 */
static void check_vain(uint32_t queue, const struct drm_ashlar_sync *wait)
{
	struct drm_ashlar_job job, nop = job_nop();
	struct guest_args args;
	struct drm_ashlar_sync last = { .flags = DRM_ASHLAR_SYNC_SIGNAL };
	int file[2], err;

	word[20] = 1;
	word[21] = 4;
	job = mix_job(&args, 20, 2);
	args.turns = 20000;
	file[0] = submit_for_file(queue, &job, NULL);
	job = mix_job(&args, 21, 5);
	job.tag = 77;
	file[1] = submit_for_file(queue, &job, wait);
	job = mix_job(&args, 21, 6);
	EXPECT(sync_create(c.fd, &last.handle), 0);
	job_syncs(&job, &last, 1);
	err = submit(c.fd, queue, &job, 1, NULL, NULL);
	CHECK(!err || err == -ECANCELED);

	EXPECT(fence_wait(file[1], 20000), 0);
	EXPECT(fence_status(file[1]), -ECANCELED);
	EXPECT(fence_status(file[0]), 1);
	if (!err)
		EXPECT(sync_wait(c.fd, last.handle, 0, 20 * SECOND), 0);
	EXPECT(sync_destroy(c.fd, last.handle), 0);
	EXPECT(status_of(queue, 1), DRM_ASHLAR_JOB_OK);
	EXPECT(status_of(queue, 2), DRM_ASHLAR_JOB_CANCELLED);
	if (!err)
		EXPECT(status_of(queue, 3), DRM_ASHLAR_JOB_CANCELLED);
	EXPECT(query(queue).completed, err ? 2 : 3);
	EXPECT(query(queue).state, DRM_ASHLAR_QUEUE_WAIT_FAILED);
	EXPECT(submit(c.fd, queue, &nop, 1, NULL, NULL), -ECANCELED);
	EXPECT(word[20], guest_mix(1, 2));
	EXPECT(word[21], 4);
	close(file[0]);
	close(file[1]);
}

static void what_waits_for_a_failure_does_not_run(void **state)
{
	(void)state;
	for (int way = 0; way < 2 * NAMES; way++) {
		uint32_t one = new_queue(4), two = new_queue(4);
		struct named n = name_next(way % NAMES, one);
		struct drm_ashlar_job job, nop = job_nop();
		struct guest_args args;

		job = leave_job(&args, 7);
		job_syncs(&job, &n.out, 1);
		EXPECT(submit(c.fd, one, &job, 1, NULL, NULL), 0);
		/* It has failed, or is going to. */
		if (way >= NAMES)
			EXPECT(sync_wait(c.fd, n.out.handle, n.out.point,
					 20 * SECOND),
			       0);
		check_vain(two, &n.in);
		EXPECT(status_of(one, 1), DRM_ASHLAR_JOB_EXIT);
		/* The other queue goes on, and a new one need not wait. */
		EXPECT(query(one).state, DRM_ASHLAR_QUEUE_OK);
		EXPECT(run(&c, one, &nop, NULL), DRM_ASHLAR_JOB_OK);
		EXPECT(queue_destroy(c.fd, two), 0);
		two = new_queue(2);
		EXPECT(run(&c, two, &nop, NULL), DRM_ASHLAR_JOB_OK);
		EXPECT(queue_destroy(c.fd, two), 0);
		EXPECT(queue_destroy(c.fd, one), 0);
		EXPECT(sync_destroy(c.fd, n.out.handle), 0);
	}
}

static void what_waits_for_a_success_runs(void **state)
{
	(void)state;
	for (int way = 0; way < 4 * NAMES; way++) {
		bool ended = way / NAMES % 2, same = way / NAMES / 2;
		uint32_t one = new_queue(4), two = same ? one : new_queue(4);
		struct named n = name_next(way % NAMES, one);
		struct drm_ashlar_job job;
		struct guest_args args;

		word[6] = 1;
		job = mix_job(&args, 6, 2);
		args.turns = 5000;
		job_syncs(&job, &n.out, 1);
		EXPECT(submit(c.fd, one, &job, 1, NULL, NULL), 0);
		if (ended)
			EXPECT(sync_wait(c.fd, n.out.handle, n.out.point,
					 20 * SECOND),
			       0);
		job = mix_job(&args, 6, 3);
		job_syncs(&job, &n.in, 1);
		EXPECT(submit(c.fd, two, &job, 1, NULL, NULL), 0);
		queue_drain(&c, two);
		EXPECT(word[6], guest_mix(guest_mix(1, 2), 3));
		EXPECT(query(two).state, DRM_ASHLAR_QUEUE_OK);
		if (!same)
			EXPECT(queue_destroy(c.fd, two), 0);
		EXPECT(queue_destroy(c.fd, one), 0);
		EXPECT(sync_destroy(c.fd, n.out.handle), 0);
	}
}

/* An exit code stops a queue only when a job of it cares. */
static void a_queue_stops_for_its_own_failure(void **state)
{
	(void)state;
	for (int name = 0; name < NAMES; name++) {
		uint32_t queue = new_queue(4);
		struct named n = name_next(name, queue);
		struct drm_ashlar_job job;
		struct guest_args args;
		int file;

		word[7] = 1;
		job = leave_job(&args, 3);
		job_syncs(&job, &n.out, 1);
		EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
		job = mix_job(&args, 7, 2);
		n.in.flags &= ~(uint32_t)SUCCESS;
		job_syncs(&job, &n.in, 1);
		EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
		n.in.flags |= SUCCESS;
		job = mix_job(&args, 7, 3);
		file = submit_for_file(queue, &job, &n.in);
		EXPECT(fence_wait(file, 20000), 0);
		EXPECT(fence_status(file), -ECANCELED);
		close(file);
		EXPECT(status_of(queue, 1), DRM_ASHLAR_JOB_EXIT);
		EXPECT(status_of(queue, 2), DRM_ASHLAR_JOB_OK);
		EXPECT(status_of(queue, 3), DRM_ASHLAR_JOB_CANCELLED);
		EXPECT(word[7], guest_mix(1, 2));
		EXPECT(query(queue).state, DRM_ASHLAR_QUEUE_WAIT_FAILED);
		EXPECT(queue_destroy(c.fd, queue), 0);
		EXPECT(sync_destroy(c.fd, n.out.handle), 0);
	}
}

/* Each link waits for the one before; from the one that fails on none runs. */
static void a_chain_breaks(void **state)
{
	enum { LINKS = 40, QUEUES = 4, BAD = 23 };
	struct drm_ashlar_sync in = { .flags = DRM_ASHLAR_SYNC_QUEUE |
					       SUCCESS };
	uint32_t queue[QUEUES], expected = 3;

	(void)state;
	for (uint32_t q = 0; q < QUEUES; q++)
		queue[q] = new_queue(16);
	word[8] = 3;
	for (uint32_t i = 0; i < LINKS; i++) {
		struct guest_args args;
		struct drm_ashlar_job job = mix_job(&args, 8, i);
		int err;

		args.turns = i * 37 % 500;
		if (i < BAD)
			expected = guest_mix(expected, i);
		if (i == BAD)
			job = leave_job(&args, 1);
		in.handle = queue[(i - 1) % QUEUES];
		in.point = (i - 1) / QUEUES + 1;
		if (i)
			job_syncs(&job, &in, 1);
		err = submit(c.fd, queue[i % QUEUES], &job, 1, NULL, NULL);
		/* The chain may be broken by now. */
		if (err == -ECANCELED && i > BAD)
			break;
		EXPECT(err, 0);
	}
	for (uint32_t i = 0; i < BAD + 1; i++) {
		struct drm_ashlar_result r;
		int64_t left = 2000 * 20;

		while (!queue_results(c.fd, queue[i % QUEUES], i / QUEUES + 1,
				      1, &r) &&
		       left--)
			usleep(500);
		EXPECT(status_of(queue[i % QUEUES], i / QUEUES + 1),
		       i == BAD ? DRM_ASHLAR_JOB_EXIT : DRM_ASHLAR_JOB_OK);
	}
	EXPECT(word[8], expected);
	for (uint32_t q = 0; q < QUEUES; q++)
		EXPECT(queue_destroy(c.fd, queue[q]), 0);
	EXPECT(word[8], expected);
}

/* A timeline forgets how a point ended that it has left behind; it says so. */
static void a_point_that_is_forgotten(void **state)
{
	uint32_t one = new_queue(2), two = new_queue(2), sync;
	struct guest_args args;
	struct drm_ashlar_job job = leave_job(&args, 3), nop = job_nop();
	struct drm_ashlar_sync out, in;

	(void)state;
	EXPECT(sync_create(c.fd, &sync), 0);
	out = signals(sync, 1);
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, one, &job, 1, NULL, NULL), 0);
	EXPECT(sync_wait(c.fd, sync, 1, 20 * SECOND), 0);
	job = job_nop();
	out = signals(sync, 2);
	job_syncs(&job, &out, 1);
	EXPECT(submit(c.fd, one, &job, 1, NULL, NULL), 0);
	EXPECT(sync_wait(c.fd, sync, 2, 20 * SECOND), 0);

	in = wait_for(sync, 1);
	job_syncs(&nop, &in, 1);
	EXPECT(submit(c.fd, two, &nop, 1, NULL, NULL), 0);
	in.flags |= SUCCESS;
	EXPECT(submit(c.fd, two, &nop, 1, NULL, NULL), -ENODATA);
	in.point = 2;
	EXPECT(submit(c.fd, two, &nop, 1, NULL, NULL), 0);
	queue_drain(&c, two);
	EXPECT(query(two).submitted, 3);
	EXPECT(status_of(two, 2), DRM_ASHLAR_JOB_OK);
	EXPECT(sync_destroy(c.fd, sync), 0);
	EXPECT(queue_destroy(c.fd, one), 0);
	EXPECT(queue_destroy(c.fd, two), 0);
}

static void a_job_that_is_forgotten(void **state)
{
	uint32_t one = new_queue(2), two = new_queue(2);
	struct drm_ashlar_job nop = job_nop(), wait = job_nop();
	struct drm_ashlar_sync in = {
		.handle = one,
		.flags = DRM_ASHLAR_SYNC_QUEUE,
	};

	(void)state;
	for (int i = 0; i < 5; i++)
		EXPECT(run(&c, one, &nop, NULL), DRM_ASHLAR_JOB_OK);
	job_syncs(&wait, &in, 1);
	for (in.point = 1; in.point <= 5; in.point++) {
		in.flags &= ~(uint32_t)SUCCESS;
		EXPECT(submit(c.fd, two, &wait, 1, NULL, NULL), 0);
		in.flags |= SUCCESS;
		EXPECT(submit(c.fd, two, &wait, 1, NULL, NULL),
		       in.point < 4 ? -ENODATA : 0);
	}
	queue_drain(&c, two);
	EXPECT(query(two).state, DRM_ASHLAR_QUEUE_OK);
	EXPECT(queue_destroy(c.fd, one), 0);
	EXPECT(submit(c.fd, two, &wait, 1, NULL, NULL), -ENOENT);
	EXPECT(queue_destroy(c.fd, two), 0);
}

static uint32_t import_to(int card, int file)
{
	struct drm_syncobj_handle h = {
		.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
		.fd = file,
	};

	EXPECT(sync_create(card, &h.handle), 0);
	EXPECT(call(card, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &h), 0);
	return h.handle;
}

static uint32_t import(int file)
{
	return import_to(c.fd, file);
}

/* Of another file, alone and merged with one that is well. */
static void a_fence_from_elsewhere_fails(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		uint32_t queue = new_queue(4), there, two, sync, gate;
		struct sync_merge_data merge = { .name = "guest" };
		struct drm_ashlar_sync in, syncs[2];
		struct guest_args args = { .value = 5, .turns = 5000 };
		struct drm_ashlar_job job;
		struct card other;
		int file, own, held;

		card_open(&other);
		/* A fence that has signalled does not get into a set. */
		gate = new_queue(2);
		job = job_with(&c, "hang", &args);
		held = submit_for_file(gate, &job, NULL);
		EXPECT(queue_create(other.fd, NORMAL, 2, &there), 0);
		EXPECT(sync_create(other.fd, &sync), 0);
		syncs[0] = signals(sync, 0);
		syncs[1] = wait_for(import_to(other.fd, held), 0);
		job = job_with(&other, "leave", &args);
		job_syncs(&job, syncs, 2);
		EXPECT(submit(other.fd, there, &job, 1, NULL, NULL), 0);
		file = sync_export(other.fd, sync);
		CHECK(file >= 0);
		/* A second one makes it a set of fences. */
		two = new_queue(2);
		job = mix_job(&args, 9, 1);
		args.turns = 10000;
		in = wait_for(import(held), 0);
		own = submit_for_file(two, &job, &in);
		EXPECT(sync_destroy(c.fd, in.handle), 0);
		if (way / 2) {
			merge.fd2 = own;
			EXPECT(call(file, SYNC_IOC_MERGE, &merge), 0);
			close(file);
			file = merge.fence;
		}
		EXPECT(queue_destroy(c.fd, gate), 0);
		close(held);
		if (way % 2)
			EXPECT(fence_wait(file, 20000), 0);
		in = wait_for(import(file), 0);
		in.flags |= SUCCESS;
		check_vain(queue, &in);
		close(file);
		close(own);
		EXPECT(sync_destroy(c.fd, in.handle), 0);
		EXPECT(queue_destroy(c.fd, queue), 0);
		EXPECT(queue_destroy(c.fd, two), 0);
		card_close(&other);
	}
}

/*
 * Chains of jobs over three queues that wait in every way for one that hangs,
 * while that is ended by its time limit, or its queue by its owner, and the
 * others' queues at any moment. Everything ends.
 */
static void waits_end_whatever_ends_first(void **state)
{
	static const uint32_t ways[] = {
		DRM_ASHLAR_SYNC_QUEUE | SUCCESS,
		DRM_ASHLAR_SYNC_QUEUE,
	};
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 30; round++) {
		uint32_t queues[3] = { new_queue(2), new_queue(4),
				       new_queue(4) };
		struct guest_args args = { 0 };
		struct drm_ashlar_job job = job_with(&c, "hang", &args);
		int files[7], count = 0;

		job.timeout = 1000 + rnd(&seed) % 400000;
		files[count++] = submit_for_file(queues[0], &job, NULL);
		for (int i = 0; i < 6; i++) {
			struct drm_ashlar_sync syncs[2];
			uint32_t out;
			int err;

			syncs[1] = (struct drm_ashlar_sync){
				.handle = queues[i ? i % 2 : 0],
				.flags = ways[rnd(&seed) % 2],
				.point = 1,
			};

			EXPECT(sync_create(c.fd, &out), 0);
			syncs[0] = signals(out, 0);
			job = job_nop();
			job_syncs(&job, syncs, 2);
			err = submit(c.fd, queues[1 + i % 2], &job, 1, NULL,
				     NULL);
			/* What it waits for may have failed, or not begun. */
			CHECK(!err || err == -ECANCELED || err == -EINVAL);
			if (!err)
				files[count++] = sync_export(c.fd, out);
			EXPECT(sync_destroy(c.fd, out), 0);
		}
		usleep((useconds_t)(rnd(&seed) % 20000));
		for (int i = 0; i < 3; i++) {
			uint32_t first = (uint32_t)(rnd(&seed) % 3);

			for (uint32_t k = 0; k < 3; k++) {
				uint32_t at = (first + k) % 3;

				if (!queues[at])
					continue;
				EXPECT(queue_destroy(c.fd, queues[at]), 0);
				queues[at] = 0;
				break;
			}
			usleep((useconds_t)(rnd(&seed) % 2000));
		}
		for (int i = 0; i < count; i++) {
			EXPECT(fence_wait(files[i], 20000), 0);
			close(files[i]);
		}
	}
}

/* Jobs that a queue takes with it have not succeeded. */
static void a_destroyed_queue_is_a_failure(void **state)
{
	uint32_t one = new_queue(2), two = new_queue(4), three = new_queue(4);
	struct guest_args args = { 0 };
	struct drm_ashlar_job job = job_with(&c, "hang", &args);
	struct drm_ashlar_sync in = {
		.handle = one,
		.flags = DRM_ASHLAR_SYNC_QUEUE | SUCCESS,
		.point = 1,
	};
	int hang = submit_for_file(one, &job, NULL), waits[2];

	(void)state;
	job = job_nop();
	waits[0] = submit_for_file(two, &job, &in);
	in.handle = two;
	waits[1] = submit_for_file(three, &job, &in);
	while (!state_of(c.fd).tiles_busy)
		usleep(1000);
	/* One that waits in the driver is killed when nothing needs it more. */
	EXPECT(queue_destroy(c.fd, two), 0);
	EXPECT(fence_status(waits[0]), 0);
	EXPECT(queue_destroy(c.fd, one), 0);
	EXPECT(fence_wait(hang, 20000), 0);
	EXPECT(fence_status(hang), -ECANCELED);
	EXPECT(fence_wait(waits[0], 20000), 0);
	EXPECT(fence_status(waits[0]), -ESRCH);
	EXPECT(fence_wait(waits[1], 20000), 0);
	EXPECT(fence_status(waits[1]), -ECANCELED);
	EXPECT(query(three).state, DRM_ASHLAR_QUEUE_WAIT_FAILED);
	EXPECT(queue_destroy(c.fd, three), 0);
	close(hang);
	close(waits[0]);
	close(waits[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nop_completes),
		TEST(result_tells),
		TEST(exit_code_fails_the_job_only),
		TEST(arguments_and_grid_arrive),
		TEST(thousands_of_jobs),
		TEST(a_small_ring_takes_many),
		TEST(queues_run_beside_each_other),
		TEST(high_priority_is_a_privilege),
		TEST(too_many_are_refused),
		TEST(a_job_waits_for_a_binary_syncobj),
		TEST(a_job_waits_for_a_point),
		TEST(a_chain_keeps_its_order),
		TEST(a_queue_waits_for_itself),
		TEST(a_job_signals_many),
		TEST(nothing_to_wait_for_is_refused),
		TEST(a_sync_file_shows_a_job),
		TEST(what_waits_for_a_failure_does_not_run),
		TEST(what_waits_for_a_success_runs),
		TEST(a_queue_stops_for_its_own_failure),
		TEST(a_chain_breaks),
		TEST(a_point_that_is_forgotten),
		TEST(a_job_that_is_forgotten),
		TEST(a_fence_from_elsewhere_fails),
		TEST(a_destroyed_queue_is_a_failure),
		TEST(waits_end_whatever_ends_first),
	};

	guard(100);
	return RUN_COUNTED(tests);
}
