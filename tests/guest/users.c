// SPDX-License-Identifier: MIT
#include "users.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL
#define LOCAL  DRM_ASHLAR_BO_LOCAL

/* --- One user, looked at closely -------------------------------------------------------- */

void user_open(struct user *u)
{
	struct drm_ashlar_sync out = { .flags = DRM_ASHLAR_SYNC_SIGNAL };
	struct guest_args args = { 0 };
	struct drm_ashlar_job job;

	card_open(&u->c);
	buf_new(&u->c, &u->local, 2 * PAGE, LOCAL);
	buf_new(&u->c, &u->system, 2 * PAGE, 0);
	buf_new(&u->c, &u->unseen, 2 * PAGE, LOCAL);
	*(volatile uint32_t *)u->local.cpu = 1;
	*(volatile uint32_t *)u->system.cpu = 2;
	EXPECT(queue_create(u->c.fd, NORMAL, 4, &u->queue), 0);
	EXPECT(sync_create(u->c.fd, &u->sync), 0);
	job = job_with(&u->c, "hang", &args);
	out.handle = u->sync;
	job_syncs(&job, &out, 1);
	EXPECT(submit(u->c.fd, u->queue, &job, 1, NULL, NULL), 0);
	u->file = sync_export(u->c.fd, u->sync);
	CHECK(u->file >= 0);
}

void user_close(struct user *u)
{
	close(u->file);
	card_close(&u->c);
	EXPECT(munmap(u->local.cpu, u->local.bytes), 0);
	EXPECT(munmap(u->system.cpu, u->system.bytes), 0);
	EXPECT(munmap(u->unseen.cpu, u->unseen.bytes), 0);
}

void is_reset(void (*reset)(void))
{
	struct drm_ashlar_job nop = job_nop(), job;
	struct drm_ashlar_queue_query q;
	struct guest_args args;
	struct user u;
	uint32_t resets;

	user_open(&u);
	resets = state_of(u.c.fd).resets;
	reset();
	EXPECT(fence_wait(u.file, 0), 0);
	EXPECT(fence_status(u.file), -ECANCELED);
	EXPECT(sync_wait(u.c.fd, u.sync, 0, 0), 0);
	EXPECT(state_of(u.c.fd).resets, resets + 1);
	EXPECT(queue_query(u.c.fd, u.queue, &q), 0);
	EXPECT(q.state, DRM_ASHLAR_QUEUE_INNOCENT);
	EXPECT(q.submitted, 1);
	EXPECT(q.completed, 1);
	EXPECT(submit(u.c.fd, u.queue, &nop, 1, NULL, NULL), -ECANCELED);
	EXPECT(*(volatile uint32_t *)u.local.cpu, 1);
	EXPECT(*(volatile uint32_t *)u.system.cpu, 2);
	EXPECT(*(volatile uint32_t *)u.unseen.cpu, 0);

	/* Another queue, and the address space goes on as it was. */
	EXPECT(queue_destroy(u.c.fd, u.queue), 0);
	EXPECT(queue_create(u.c.fd, NORMAL, 2, &u.queue), 0);
	args = (struct guest_args){
		.from = u.local.va,
		.to = u.system.va + PAGE,
		.value = 3,
	};
	job = job_with(&u.c, "mix", &args);
	EXPECT(run(&u.c, u.queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(((volatile uint32_t *)u.system.cpu)[1024], guest_mix(1, 3));
	buf_free(&u.c, &u.unseen);
	buf_new(&u.c, &u.unseen, 2 * PAGE, LOCAL);
	card_computes(&u.c);
	user_close(&u);
	board_computes();
}

/* --- All at once, over and over --------------------------------------------------------- */

static atomic_bool stop;

struct worker {
	const char *name;
	/* Use the board until something fails; that error. */
	int (*use)(struct card *c, struct worker *w);
	unsigned int done; /* things that have worked */
	uint64_t seed;
};

/* The errors that a board which is not there may give. */
static bool is_loss(int err)
{
	return err == -ENODEV || err == -EIO || err == -ECANCELED;
}

static void *live(void *arg)
{
	struct worker *w = arg;

	while (!stop) {
		struct card c;
		int err = try_card_open(&c);

		/* No node, or one of a board that has just gone. */
		if (err == -ENOENT || err == -ENXIO || is_loss(err)) {
			usleep(1000);
			continue;
		}
		if (!err) {
			err = w->use(&c, w);
			close(c.fd);
		}
		if (err && !is_loss(err))
			die(__FILE__, __LINE__, "%s ends with %s", w->name,
			    strerror(-err));
	}
	return NULL;
}

static int compute(struct card *c, struct worker *w)
{
	uint32_t queue, expected = 1;
	struct buf b;
	int err;

	err = try_buf_new(c, &b, PAGE, 0);
	if (err)
		return err;
	*(volatile uint32_t *)b.cpu = 1;
	err = queue_create(c->fd, NORMAL, 4, &queue);
	for (uint32_t i = 0; !err && !stop; i++) {
		struct guest_args args = {
			.from = b.va,
			.to = b.va,
			.value = i,
			.turns = rnd(&w->seed) % 200,
		};
		struct drm_ashlar_job job = job_with(c, "mix", &args);
		struct drm_ashlar_result r;

		err = try_run(c, queue, &job, &r);
		if (err)
			break;
		if (r.status == DRM_ASHLAR_JOB_CANCELLED) {
			err = -ECANCELED;
			break;
		}
		EXPECT(r.status, DRM_ASHLAR_JOB_OK);
		expected = guest_mix(expected, i);
		EXPECT(*(volatile uint32_t *)b.cpu, expected);
		w->done++;
	}
	munmap(b.cpu, b.bytes);
	return err;
}

static int change_addresses(struct card *c, struct worker *w)
{
	int err = 0;

	while (!err && !stop) {
		uint64_t pages = 1 + rnd(&w->seed) % 20;
		uint32_t flags = rnd(&w->seed) % 2 ? LOCAL : 0, handle;
		uint64_t va = c->next_va + rnd(&w->seed) % 50 * PAGE;

		err = bo_create(c->fd, pages * PAGE, flags, &handle);
		if (err)
			break;
		err = vm_map(c->fd, handle, 0, va, pages * PAGE, 0);
		if (!err)
			err = vm_unmap(c->fd, va, pages * PAGE);
		if (!err)
			err = bo_close(c->fd, handle);
		w->done += !err;
	}
	return err;
}

static int touch_memory(struct card *c, struct worker *w)
{
	struct buf local, system;
	uint32_t i = 0;
	int err;

	err = try_buf_new(c, &local, 16 * PAGE, LOCAL);
	if (err)
		return err;
	err = try_buf_new(c, &system, 16 * PAGE, 0);
	if (err) {
		munmap(local.cpu, local.bytes);
		return err;
	}
	/* Goes on after the loss for a while. */
	for (uint32_t n = 0; n < 1000 && !stop; n++) {
		uint32_t at = rnd(&w->seed) % (16 * 1024);
		struct drm_ashlar_state s;

		((volatile uint32_t *)local.cpu)[at] = n;
		((volatile uint32_t *)system.cpu)[at] = n;
		i += ((volatile uint32_t *)local.cpu)[at ^ 1];
		EXPECT(((volatile uint32_t *)system.cpu)[at], n);
		if (n % 50 == 0 && !err)
			err = dev_query(c->fd, DRM_ASHLAR_QUERY_STATE, &s,
					sizeof(s));
		w->done++;
	}
	munmap(local.cpu, local.bytes);
	munmap(system.cpu, system.bytes);
	return err;
}

/* Sleep in the kernel for a job that takes long. */
static int wait_long(struct card *c, struct worker *w)
{
	struct drm_ashlar_sync out = {
		.flags = DRM_ASHLAR_SYNC_SIGNAL | DRM_ASHLAR_SYNC_TIMELINE,
	};
	struct guest_args args = { 0 };
	struct drm_ashlar_job job = job_with(c, "hang", &args);
	int err;

	job.timeout = 20000;
	err = sync_create(c->fd, &out.handle);
	job_syncs(&job, &out, 1);
	while (!err && !stop) {
		struct drm_ashlar_result r;
		uint32_t queue;

		err = queue_create(c->fd, NORMAL, 2, &queue);
		if (err)
			break;
		out.point++;
		err = submit(c->fd, queue, &job, 1, NULL, NULL);
		if (!err)
			err = sync_wait(c->fd, out.handle, out.point,
					60 * SECOND);
		if (!err) {
			err = queue_results(c->fd, queue, 1, 1, &r);
			err = err == 1 ? 0 : err ? err : -EPROTO;
		}
		if (!err && r.status != DRM_ASHLAR_JOB_CANCELLED)
			EXPECT(r.status, DRM_ASHLAR_JOB_TIMEOUT);
		if (!err)
			err = queue_destroy(c->fd, queue);
		w->done += !err;
	}
	return err;
}

/* Files, each with a queue, and jobs that nobody waits for. */
static int come_and_go(struct card *c, struct worker *w)
{
	struct drm_ashlar_job nop = job_nop();
	uint32_t queue;
	int err = queue_create(c->fd, NORMAL, 4, &queue);

	for (int i = 0; i < 20 && !err; i++)
		err = submit(c->fd, queue, &nop, 1, NULL, NULL);
	w->done += !err;
	return err;
}

static struct worker workers[] = {
	{ .name = "compute", .use = compute },
	{ .name = "change_addresses", .use = change_addresses },
	{ .name = "touch_memory", .use = touch_memory },
	{ .name = "wait_long", .use = wait_long },
	{ .name = "come_and_go", .use = come_and_go },
};
enum { WORKERS = sizeof(workers) / sizeof(workers[0]) };
static pthread_t thread[WORKERS];

void load_start(uint64_t seed)
{
	stop = false;
	seed |= 1;
	/* Before there are threads: it is read once. */
	pci_folder();
	board_computes();
	for (int i = 0; i < WORKERS; i++) {
		workers[i].done = 0;
		workers[i].seed = rnd(&seed) | 1;
		CHECK(!pthread_create(&thread[i], NULL, live, &workers[i]));
	}
}

void load_stop(void)
{
	stop = true;
	for (int i = 0; i < WORKERS; i++) {
		CHECK(!pthread_join(thread[i], NULL));
		if (!workers[i].done)
			die(__FILE__, __LINE__, "%s never did anything",
			    workers[i].name);
	}
	board_computes();
}
