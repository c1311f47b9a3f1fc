// SPDX-License-Identifier: MIT
/*
 * Jobs that fail: what is said of them, what ends with them, what does not.
 *   test_faults [ROUNDS [SEED]]
 */
#include "guest.h"

#include <fcntl.h>

#include "ashlar_abi.h"
#include "ashlar_regs.h"

#define NORMAL	      DRM_ASHLAR_PRIORITY_NORMAL
#define SHORT_TIMEOUT 20000

static unsigned int rounds = 20;
static uint64_t seed = 1;

enum failure {
	STORE_FAULT, /* to an address where nothing is */
	LOAD_FAULT,
	READ_ONLY_FAULT,
	TIMEOUT,
	BAD_JOB,
	FAILURES,
};

/* A file with two queues, in one of which jobs fail. */
struct culprit {
	struct card c;
	struct buf b;
	struct buf fixed; /* mapped read-only */
	uint32_t queue, other;
};

static void culprit_open(struct culprit *k)
{
	card_open(&k->c);
	buf_new(&k->c, &k->b, PAGE, 0);
	buf_new(&k->c, &k->fixed, PAGE, DRM_ASHLAR_BO_LOCAL);
	EXPECT(vm_unmap(k->c.fd, k->fixed.va, PAGE), 0);
	EXPECT(vm_map(k->c.fd, k->fixed.handle, 0, k->fixed.va, PAGE,
		      DRM_ASHLAR_BIND_READ_ONLY),
	       0);
	EXPECT(queue_create(k->c.fd, NORMAL, 8, &k->queue), 0);
	EXPECT(queue_create(k->c.fd, NORMAL, 8, &k->other), 0);
}

/* All queues go, then the address space starts again. */
static void culprit_restart(struct culprit *k)
{
	uint32_t queue;

	EXPECT(queue_create(k->c.fd, NORMAL, 8, &queue), -ECANCELED);
	EXPECT(queue_destroy(k->c.fd, k->queue), 0);
	EXPECT(queue_create(k->c.fd, NORMAL, 8, &queue), -ECANCELED);
	EXPECT(queue_destroy(k->c.fd, k->other), 0);
	EXPECT(queue_create(k->c.fd, NORMAL, 8, &k->queue), 0);
	EXPECT(queue_create(k->c.fd, NORMAL, 8, &k->other), 0);
}

static struct drm_ashlar_job failing_job(struct culprit *k, enum failure how,
					 struct guest_args *args)
{
	uint64_t nowhere = k->c.dev.va_end / 2 + 0x40;
	struct drm_ashlar_job job;

	*args = (struct guest_args){
		.to = k->b.va,
		.from = k->b.va,
		.bytes = 64,
		.turns = 500,
	};
	job = job_with(&k->c, how == TIMEOUT ? "hang" : "copy", args);
	job.tag = 0xbad00000 + how;
	if (how == STORE_FAULT)
		args->to = nowhere;
	else if (how == LOAD_FAULT)
		args->from = nowhere;
	else if (how == READ_ONLY_FAULT)
		args->to = k->fixed.va + 128;
	else if (how == TIMEOUT)
		job.timeout = SHORT_TIMEOUT;
	else
		job.code_bytes += 4;
	return job;
}

static const struct {
	uint32_t status, state;
	int fence;
} expected[] = {
	[STORE_FAULT] = { DRM_ASHLAR_JOB_FAULT, DRM_ASHLAR_QUEUE_FAULT,
			  -EFAULT },
	[LOAD_FAULT] = { DRM_ASHLAR_JOB_FAULT, DRM_ASHLAR_QUEUE_FAULT,
			 -EFAULT },
	[READ_ONLY_FAULT] = { DRM_ASHLAR_JOB_FAULT, DRM_ASHLAR_QUEUE_FAULT,
			      -EFAULT },
	[TIMEOUT] = { DRM_ASHLAR_JOB_TIMEOUT, DRM_ASHLAR_QUEUE_TIMEDOUT,
		      -ETIME },
	[BAD_JOB] = { DRM_ASHLAR_JOB_BAD, DRM_ASHLAR_QUEUE_BAD_JOB, -EINVAL },
};

static void check_culprit(struct culprit *k, enum failure how,
			  const struct guest_args *args,
			  const struct drm_ashlar_result *r)
{
	EXPECT(r->status, expected[how].status);
	EXPECT(r->tag, 0xbad00000 + how);
	switch (how) {
	case STORE_FAULT:
	case READ_ONLY_FAULT:
		EXPECT(r->fault_unit, ASHLAR_TILE_FAULT_UNIT_STORE);
		EXPECT(r->fault_addr, args->to);
		break;
	case LOAD_FAULT:
		EXPECT(r->fault_unit, ASHLAR_TILE_FAULT_UNIT_LOAD);
		EXPECT(r->fault_addr, args->from);
		break;
	case BAD_JOB:
		EXPECT(r->fault_sub, offsetof(struct ashlar_job, code_bytes));
		break;
	default:
		break;
	}
	/* What was read-only is as it was. */
	for (uint32_t i = 0; i < PAGE / 4; i += 32)
		EXPECT(((volatile uint32_t *)k->fixed.cpu)[i], 0);
}

/*
 * Submit a job that waits for the syncobj `after`, unless 0, and signals `*sync`,
 * made here. The address space may have stopped by now: then false.
 */
static bool give(struct culprit *k, uint32_t queue, struct drm_ashlar_job job,
		 uint32_t after, uint32_t *sync)
{
	struct drm_ashlar_sync syncs[2] = {
		{ .flags = DRM_ASHLAR_SYNC_SIGNAL },
		{ .handle = after },
	};
	int err;

	EXPECT(sync_create(k->c.fd, sync), 0);
	syncs[0].handle = *sync;
	job_syncs(&job, syncs, after ? 2 : 1);
	err = submit(k->c.fd, queue, &job, 1, NULL, NULL);
	if (err)
		EXPECT(err, -ECANCELED);
	return !err;
}

/* Wait for it; the fence's error, or 1. */
static int end_of(struct culprit *k, uint32_t sync)
{
	int file = sync_export(k->c.fd, sync), status;

	CHECK(file >= 0);
	EXPECT(fence_wait(file, 20000), 0);
	status = fence_status(file);
	close(file);
	return status;
}

/*
 * A good job, the failing one, one behind it and one on the other queue that
 * waits for it: the first succeeds, the second says why, the rest is cancelled.
 */
static void fail_once(struct culprit *k, enum failure how)
{
	enum { BEFORE, CULPRIT, BEHIND, BESIDE, JOBS };
	struct drm_ashlar_job nop = job_nop();
	struct drm_ashlar_queue_query q;
	struct drm_ashlar_result r[3];
	struct guest_args args;
	struct drm_ashlar_job job = failing_job(k, how, &args);
	uint32_t sync[JOBS];
	bool took[JOBS];

	took[BEFORE] = give(k, k->queue, nop, 0, &sync[BEFORE]);
	took[CULPRIT] = give(k, k->queue, job, 0, &sync[CULPRIT]);
	took[BEHIND] = give(k, k->queue, nop, 0, &sync[BEHIND]);
	took[BESIDE] = give(k, k->other, nop, sync[CULPRIT], &sync[BESIDE]);
	CHECK(took[BEFORE] && took[CULPRIT]);

	EXPECT(end_of(k, sync[BEFORE]), 1);
	EXPECT(end_of(k, sync[CULPRIT]), expected[how].fence);
	if (took[BEHIND])
		EXPECT(end_of(k, sync[BEHIND]), -ECANCELED);
	if (took[BESIDE])
		EXPECT(end_of(k, sync[BESIDE]), -ECANCELED);

	EXPECT(queue_results(k->c.fd, k->queue, 1, 3, r), took[BEHIND] ? 3 : 2);
	EXPECT(r[0].status, DRM_ASHLAR_JOB_OK);
	check_culprit(k, how, &args, &r[1]);
	if (took[BEHIND])
		EXPECT(r[2].status, DRM_ASHLAR_JOB_CANCELLED);

	EXPECT(queue_query(k->c.fd, k->queue, &q), 0);
	EXPECT(q.state, expected[how].state);
	EXPECT(submit(k->c.fd, k->queue, &nop, 1, NULL, NULL), -ECANCELED);
	EXPECT(submit(k->c.fd, k->other, &nop, 1, NULL, NULL), -ECANCELED);
	EXPECT(queue_query(k->c.fd, k->other, &q), 0);
	EXPECT(q.state, DRM_ASHLAR_QUEUE_CANCELLED);
	EXPECT(q.submitted, took[BESIDE]);
	for (int i = 0; i < JOBS; i++)
		EXPECT(sync_destroy(k->c.fd, sync[i]), 0);
	culprit_restart(k);
}

/* --- Each way to fail ------------------------------------------------------------------ */

static void each_way(enum failure how)
{
	struct culprit k;

	culprit_open(&k);
	fail_once(&k, how);
	card_computes(&k.c);
	fail_once(&k, how);
	card_close(&k.c);
}

static void store_where_nothing_is(void **state)
{
	(void)state;
	each_way(STORE_FAULT);
}

static void load_where_nothing_is(void **state)
{
	(void)state;
	each_way(LOAD_FAULT);
}

static void store_where_it_is_read_only(void **state)
{
	(void)state;
	each_way(READ_ONLY_FAULT);
}

static void endless_loop(void **state)
{
	(void)state;
	each_way(TIMEOUT);
}

static void bad_job(void **state)
{
	(void)state;
	each_way(BAD_JOB);
}

static void every_bad_field(void **state)
{
	struct culprit k;
	struct drm_ashlar_result r;

	(void)state;
	culprit_open(&k);
	for (int i = 0; i < 7; i++) {
		struct guest_args args = { .to = k.b.va };
		struct drm_ashlar_job job = job_with(&k.c, "put", &args);
		size_t field = 0;

		switch (i) {
		case 0:
			job.code_va += 8;
			field = offsetof(struct ashlar_job, code_va);
			break;
		case 1:
			job.code_bytes = 0;
			field = offsetof(struct ashlar_job, code_bytes);
			break;
		case 2:
			job.code_bytes = 0xffffffc0;
			field = offsetof(struct ashlar_job, code_bytes);
			break;
		case 3:
			job.text_bytes = job.code_bytes + 64;
			field = offsetof(struct ashlar_job, text_bytes);
			break;
		case 4:
			job.entry = job.text_bytes;
			field = offsetof(struct ashlar_job, entry);
			break;
		case 5:
			job.entry |= 1;
			field = offsetof(struct ashlar_job, entry);
			break;
		default:
			job.grid[2] = 0;
			field = offsetof(struct ashlar_job, grid[2]);
			break;
		}
		EXPECT(run(&k.c, k.queue, &job, &r), DRM_ASHLAR_JOB_BAD);
		EXPECT(r.fault_sub, field);
		culprit_restart(&k);
	}
	card_computes(&k.c);
	card_close(&k.c);
}

/* An unmapped address faults at once, also one that a tile has just used. */
static void unmapped_is_out_of_reach(void **state)
{
	struct culprit k;
	struct guest_args args;
	struct drm_ashlar_job job;

	(void)state;
	culprit_open(&k);
	args = (struct guest_args){ .to = k.b.va, .value = 3 };
	job = job_with(&k.c, "put", &args);
	EXPECT(run(&k.c, k.queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(vm_unmap(k.c.fd, k.b.va, k.b.bytes), 0);
	args.value = 4;
	EXPECT(run(&k.c, k.queue, &job, NULL), DRM_ASHLAR_JOB_FAULT);
	EXPECT(*(volatile uint32_t *)k.b.cpu, 3);
	culprit_restart(&k);
	EXPECT(vm_map(k.c.fd, k.b.handle, 0, k.b.va, k.b.bytes, 0), 0);
	EXPECT(run(&k.c, k.queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(*(volatile uint32_t *)k.b.cpu, 4);
	card_close(&k.c);
}

/* --- Bystanders ------------------------------------------------------------------------- */

static void compute_until(void *arg)
{
	int stop = *(int *)arg;
	struct card c;
	struct buf b;
	volatile uint32_t *word;
	uint32_t queue, value = 1, n = 0;
	char byte;

	card_open(&c);
	buf_new(&c, &b, PAGE, DRM_ASHLAR_BO_LOCAL);
	word = b.cpu;
	word[0] = value;
	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
	while (read(stop, &byte, 1) < 0) {
		struct guest_args args = {
			.from = b.va,
			.to = b.va,
			.value = ++n,
			.turns = n % 100,
		};
		struct drm_ashlar_job job = job_with(&c, "mix", &args);

		EXPECT(errno, EAGAIN);
		EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
		value = guest_mix(value, n);
		EXPECT(word[0], value);
	}
	CHECK(n > 0);
	card_close(&c);
}

static void bystanders_are_unharmed(void **state)
{
	struct culprit k;
	struct card own;
	int stop[2];
	pid_t pid;

	(void)state;
	CHECK(!pipe2(stop, O_NONBLOCK | O_CLOEXEC));
	pid = child(compute_until, &stop[0]);
	culprit_open(&k);
	card_open(&own);
	for (unsigned int i = 0; i < rounds; i++) {
		fail_once(&k, (enum failure)(rnd(&seed) % FAILURES));
		if (i % 10 == 0)
			card_computes(&own);
	}
	EXPECT(write(stop[1], "", 1), 1);
	child_ok(pid);
	close(stop[0]);
	close(stop[1]);
	card_computes(&own);
	card_close(&own);
	card_computes(&k.c);
	card_close(&k.c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_where_nothing_is),
		cmocka_unit_test(load_where_nothing_is),
		cmocka_unit_test(store_where_it_is_read_only),
		cmocka_unit_test(endless_loop),
		cmocka_unit_test(bad_job),
		cmocka_unit_test(every_bad_field),
		cmocka_unit_test(unmapped_is_out_of_reach),
		cmocka_unit_test(bystanders_are_unharmed),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0) | 1;
	guard(100 + rounds * 10);
	printf("test_faults %u %llu\n", rounds, (unsigned long long)seed);
	return RUN_COUNTED(tests);
}
