// SPDX-License-Identifier: MIT
/*
 * The board is taken away or reset while it is in use.
 *   test_removal [ROUNDS [SEED]]
 */
#include "guest.h"

#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL
#define LOCAL  DRM_ASHLAR_BO_LOCAL
#define DRIVER "/sys/bus/pci/drivers/ashlar"
/* Where a guest keeps the module that it has loaded. */
#define MODULE "/run/guest/ashlar.ko"

static unsigned int rounds = 3;
static uint64_t seed = 1;

/* --- Ways to do it ------------------------------------------------------------------- */

static void echo_of_board(const char *file, const char *text)
{
	char path[500];

	snprintf(path, sizeof(path), "%s/%s", pci_folder(), file);
	echo(path, text);
}

static const char *pci_name(void)
{
	return strrchr(pci_folder(), '/') + 1;
}

static void unbind(void)
{
	echo(DRIVER "/unbind", pci_name());
}

static void bind(void)
{
	echo(DRIVER "/bind", pci_name());
}

static void pci_remove(void)
{
	echo_of_board("remove", "1");
}

static void pci_rescan(void)
{
	echo("/sys/bus/pci/rescan", "1");
}

static void function_reset(void)
{
	echo_of_board("reset", "1");
}

/* A node of an earlier life may still be there for a moment. */
static void debugfs_reset(void)
{
	int err = -ENOENT;
	glob_t found;

	if (!glob("/sys/kernel/debug/accel/*/reset", 0, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc && err; i++)
			err = try_echo(found.gl_pathv[i], "1");
	globfree(&found);
	EXPECT(err, 0);
}

static void nothing(void)
{
}

static const struct way {
	const char *name;
	void (*away)(void);
	void (*back)(void);
} ways[] = {
	{ "unbind", unbind, bind },
	{ "remove", pci_remove, pci_rescan },
	{ "function reset", function_reset, nothing },
	{ "debugfs reset", debugfs_reset, nothing },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* --- One at a time, looked at closely ------------------------------------------------------ */

struct user {
	struct card c;
	struct buf local, system, unseen; /* unseen: mapped, not touched */
	uint32_t queue, sync;
	int file; /* sync_file of a job that does not end by itself */
};

static void user_open(struct user *u)
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

static void user_close(struct user *u)
{
	close(u->file);
	card_close(&u->c);
	EXPECT(munmap(u->local.cpu, u->local.bytes), 0);
	EXPECT(munmap(u->system.cpu, u->system.bytes), 0);
	EXPECT(munmap(u->unseen.cpu, u->unseen.bytes), 0);
}

/* The file is dead, but nothing of it hurts. */
static void check_gone(struct user *u)
{
	struct drm_ashlar_job nop = job_nop();
	struct drm_ashlar_device dev;
	struct drm_ashlar_queue_query q;
	uint32_t handle;

	EXPECT(fence_wait(u->file, 0), 0);
	CHECK(fence_status(u->file) == -ENODEV ||
	      fence_status(u->file) == -ECANCELED);
	EXPECT(dev_query(u->c.fd, 0, &dev, sizeof(dev)), -ENODEV);
	EXPECT(bo_create(u->c.fd, PAGE, 0, &handle), -ENODEV);
	EXPECT(vm_unmap(u->c.fd, u->local.va, u->local.bytes), -ENODEV);
	EXPECT(queue_query(u->c.fd, u->queue, &q), -ENODEV);
	EXPECT(submit(u->c.fd, u->queue, &nop, 1, NULL, NULL), -ENODEV);
	EXPECT(sync_wait(u->c.fd, u->sync, 0, 0), -ENODEV);
	EXPECT(bo_close(u->c.fd, u->local.handle), -ENODEV);
	/* System memory is as it was; board memory can be touched. */
	EXPECT(*(volatile uint32_t *)u->system.cpu, 2);
	for (int i = 0; i < 2048; i += 100) {
		((volatile uint32_t *)u->local.cpu)[i] = 5;
		((volatile uint32_t *)u->unseen.cpu)[i] += 5;
		((volatile uint32_t *)u->system.cpu)[i] = 2;
	}
}

static void goes_and_comes(const struct way *way)
{
	struct user old, young;

	user_open(&old);
	way->away();
	check_gone(&old);
	EXPECT(node_open() < 0, 1);
	way->back();
	check_gone(&old);
	board_computes();
	user_open(&young);
	user_close(&old);
	/* Closing the dead one does no harm to the living. */
	EXPECT(fence_status(young.file), 0);
	user_close(&young);
	board_computes();
	/* With nobody there. */
	way->away();
	way->back();
	board_computes();
}

static void unbound_and_bound(void **state)
{
	(void)state;
	goes_and_comes(&ways[0]);
}

static void removed_and_found(void **state)
{
	(void)state;
	goes_and_comes(&ways[1]);
}

/* All work ends, all else stays. */
static void is_reset(const struct way *way)
{
	struct drm_ashlar_job nop = job_nop(), job;
	struct drm_ashlar_queue_query q;
	struct guest_args args;
	struct user u;
	uint32_t resets;

	user_open(&u);
	resets = state_of(u.c.fd).resets;
	way->away();
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

static void function_is_reset(void **state)
{
	(void)state;
	is_reset(&ways[2]);
}

static void board_is_reset(void **state)
{
	(void)state;
	is_reset(&ways[3]);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "ashlar", O_NONBLOCK) ? -errno : 0;
}

static void module_goes_when_unused(void **state)
{
	struct user u;
	int fd;

	(void)state;
	for (int i = 0; i < 3; i++) {
		user_open(&u);
		EXPECT(unload(), -EWOULDBLOCK);
		EXPECT(fence_status(u.file), 0);
		user_close(&u);
		board_computes();
		EXPECT(unload(), 0);
		EXPECT(node_open() < 0, 1);
		fd = open(MODULE, O_RDONLY | O_CLOEXEC);
		CHECK(fd >= 0);
		EXPECT(syscall(SYS_finit_module, fd, "", 0) ? -errno : 0, 0);
		close(fd);
		board_computes();
	}
}

/* --- At any moment ------------------------------------------------------------------------- */

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

static void at_any_moment(void **state)
{
	struct worker workers[] = {
		{ .name = "compute", .use = compute },
		{ .name = "change_addresses", .use = change_addresses },
		{ .name = "touch_memory", .use = touch_memory },
		{ .name = "wait_long", .use = wait_long },
		{ .name = "come_and_go", .use = come_and_go },
	};
	enum { WORKERS = sizeof(workers) / sizeof(workers[0]) };
	unsigned int left[WAYS];
	pthread_t thread[WORKERS];

	(void)state;
	stop = false;
	/* Before there are threads: it is read once. */
	pci_folder();
	board_computes();
	for (int i = 0; i < WORKERS; i++) {
		workers[i].seed = rnd(&seed) | 1;
		CHECK(!pthread_create(&thread[i], NULL, live, &workers[i]));
	}
	for (int i = 0; i < WAYS; i++)
		left[i] = rounds;
	for (unsigned int n = 0; n < WAYS * rounds; n++) {
		uint32_t way = rnd(&seed) % WAYS;

		while (!left[way])
			way = (way + 1) % WAYS;
		left[way]--;
		usleep((useconds_t)(rnd(&seed) % 200000));
		ways[way].away();
		usleep((useconds_t)(rnd(&seed) % 5000));
		ways[way].back();
		/* Here only this loop takes the board away. */
		board_computes();
	}
	stop = true;
	for (int i = 0; i < WORKERS; i++) {
		CHECK(!pthread_join(thread[i], NULL));
		if (!workers[i].done)
			die(__FILE__, __LINE__, "%s never did anything",
			    workers[i].name);
	}
	board_computes();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unbound_and_bound),
		cmocka_unit_test(removed_and_found),
		cmocka_unit_test(function_is_reset),
		cmocka_unit_test(board_is_reset),
		cmocka_unit_test(module_goes_when_unused),
		cmocka_unit_test(at_any_moment),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0) | 1;
	guard(100 + rounds * 30);
	printf("test_removal %u %llu\n", rounds, (unsigned long long)seed);
	return RUN_COUNTED(tests);
}
