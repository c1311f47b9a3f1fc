// SPDX-License-Identifier: MIT
/*
 * Processes that share the board and nothing else.
 *   test_isolation [ROUNDS [SEED]]
 */
#include "guest.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LOCAL  DRM_ASHLAR_BO_LOCAL
#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL
#define SECRET 0x5ec2e700u

static unsigned int rounds = 20;
static uint64_t seed = 1;

/* Two processes take turns: each waits for a byte of the other. */
static void tell(int fd)
{
	EXPECT(write(fd, "", 1), 1);
}

static void hear(int fd)
{
	char byte;

	EXPECT(read(fd, &byte, 1), 1);
}

/* --- Reach ------------------------------------------------------------------------------ */

enum { PIECES = 8 };

struct victim {
	int socket;
	uint64_t va[PIECES]; /* of its buffers */
};

/* Buffers full of the secret, used by kernels, until told to look at them. */
static void victim(void *arg)
{
	struct victim *v = arg;
	struct card c;
	struct buf b[PIECES];
	uint32_t queue;

	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
	c.next_va += 64 * LARGE;
	for (uint32_t i = 0; i < PIECES; i++) {
		struct guest_args args;
		struct drm_ashlar_job job;
		volatile uint32_t *cpu;

		buf_new(&c, &b[i], 2 * PAGE, i % 2 ? LOCAL : 0);
		cpu = b[i].cpu;
		for (uint32_t n = 0; n < PAGE / 4; n++)
			cpu[n] = SECRET + i;
		args = (struct guest_args){
			.from = b[i].va,
			.to = b[i].va + PAGE,
			.bytes = PAGE,
		};
		job = job_with(&c, "copy", &args);
		EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
		EXPECT(write(v->socket, &b[i].va, 8), 8);
	}
	hear(v->socket);
	for (uint32_t i = 0; i < PIECES; i++)
		for (uint32_t n = 0; n < PAGE / 2; n += 4)
			EXPECT(*(volatile uint32_t *)((char *)b[i].cpu + n),
			       SECRET + i);
	card_computes(&c);
}

/* A kernel reads or writes there: it must fault, and bring nothing back. */
static void probe(struct card *c, struct buf *own, uint64_t va, bool write_it)
{
	struct guest_args args = {
		.from = write_it ? own->va : va,
		.to = write_it ? va : own->va + 64,
		.bytes = 64,
	};
	struct drm_ashlar_job job = job_with(c, "copy", &args);
	struct drm_ashlar_result r;
	uint32_t queue;

	EXPECT(queue_create(c->fd, NORMAL, 2, &queue), 0);
	EXPECT(run(c, queue, &job, &r), DRM_ASHLAR_JOB_FAULT);
	EXPECT(r.fault_addr, va);
	for (uint32_t i = 0; i < PAGE / 4; i += 16)
		EXPECT(((volatile uint32_t *)own->cpu)[i], 0);
	EXPECT(queue_destroy(c->fd, queue), 0);
}

static void no_address_reaches_another(void **state)
{
	enum { SAMPLES = 40 };
	struct victim v;
	struct card c;
	struct buf own;
	int pair[2];
	pid_t pid;

	(void)state;
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	v.socket = pair[1];
	pid = child(victim, &v);
	close(pair[1]);
	card_open(&c);
	buf_new(&c, &own, PAGE, 0);
	for (uint32_t i = 0; i < PIECES; i++)
		EXPECT(read(pair[0], &v.va[i], 8), 8);
	for (uint32_t i = 0; i < PIECES; i++) {
		probe(&c, &own, v.va[i], false);
		probe(&c, &own, v.va[i], true);
	}
	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint64_t va = rnd(&seed) % c.dev.va_end & ~63ull;

		/* A third: as if they were addresses of board or host memory. */
		if (i % 3 == 1)
			va = rnd(&seed) % c.dev.memory_bytes & ~63ull;
		else if (i % 3 == 2)
			va = c.dev.va_end + (rnd(&seed) >> (i % 32)) / 64 * 64;
		if (va < c.next_va && va + 64 > c.dev.va_start)
			continue;
		probe(&c, &own, va, i & 1);
	}
	tell(pair[0]);
	child_ok(pid);
	buf_free(&c, &own);
	card_computes(&c);
	card_close(&c);
	close(pair[0]);
}

/* --- What the dead leave --------------------------------------------------------------- */

/* Fill most of board memory by kernels, then die as it is. */
static void fill(void *arg)
{
	enum { STEP = 32768 };
	struct card c;
	struct buf pattern;
	uint64_t bytes, at;
	uint32_t queue, handle;

	(void)arg;
	card_open(&c);
	buf_new(&c, &pattern, STEP, 0);
	for (uint32_t i = 0; i < STEP / 4; i++)
		((volatile uint32_t *)pattern.cpu)[i] = SECRET;
	EXPECT(queue_create(c.fd, NORMAL, 16, &queue), 0);
	bytes = state_of(c.fd).memory_free / 2 / LARGE * LARGE;
	EXPECT(bo_create(c.fd, bytes, LOCAL, &handle), 0);
	at = c.dev.va_start + 64 * LARGE;
	EXPECT(vm_map(c.fd, handle, 0, at, bytes, 0), 0);
	for (uint64_t done = 0; done < bytes; done += STEP) {
		struct guest_args args = {
			.from = pattern.va,
			.to = at + done,
			.bytes = STEP,
		};
		struct drm_ashlar_job job = job_with(&c, "copy", &args);

		EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	}
	queue_drain(&c, queue);
	EXPECT(*(volatile uint32_t *)((char *)bo_mmap(c.fd, handle) + bytes -
				      4),
	       SECRET);
	kill(getpid(), SIGKILL);
}

static void memory_of_the_dead_is_zero(void **state)
{
	struct card c;
	uint64_t bytes;
	volatile uint32_t *cpu;
	uint32_t handle;
	int status;
	pid_t pid;

	(void)state;
	card_open(&c);
	bytes = state_of(c.fd).memory_free / 8 * 7 / PAGE * PAGE;
	pid = child(fill, NULL);
	EXPECT(waitpid(pid, &status, 0), pid);
	EXPECT(status, SIGKILL);
	EXPECT(bo_create(c.fd, bytes, LOCAL, &handle), 0);
	cpu = bo_mmap(c.fd, handle);
	CHECK(cpu);
	/* Odd steps touch every page, at offsets that differ. */
	for (uint64_t i = 0; i < bytes / 4; i += 509)
		EXPECT(cpu[i], 0);
	EXPECT(munmap((void *)(uintptr_t)cpu, bytes), 0);
	card_close(&c);
}

/* --- Passing a file --------------------------------------------------------------------- */

static void send_file(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	EXPECT(sendmsg(socket, &m, 0), 1);
}

static int receive_file(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec io = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	EXPECT(recvmsg(socket, &m, MSG_CMSG_CLOEXEC), 1);
	CHECK(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

struct gift {
	int socket;
	struct card c;
	struct buf b;
	uint32_t queue;
};

static void give_away(void *arg)
{
	struct gift g = { .socket = *(int *)arg };

	card_open(&g.c);
	buf_new(&g.c, &g.b, PAGE, 0);
	EXPECT(queue_create(g.c.fd, NORMAL, 2, &g.queue), 0);
	*(volatile uint32_t *)g.b.cpu = 50;
	send_file(g.socket, g.c.fd);
	EXPECT(write(g.socket, &g, sizeof(g)), sizeof(g));
}

static void a_file_may_be_given_away(void **state)
{
	struct guest_args args;
	struct drm_ashlar_job job;
	struct gift g;
	int pair[2], fd;
	pid_t pid;

	(void)state;
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	pid = child(give_away, &pair[1]);
	close(pair[1]);
	fd = receive_file(pair[0]);
	EXPECT(read(pair[0], &g, sizeof(g)), sizeof(g));
	child_ok(pid);
	/* All names of it are good here, now that its first owner is dead. */
	g.c.fd = fd;
	g.b.cpu = bo_mmap(fd, g.b.handle);
	CHECK(g.b.cpu);
	args = (struct guest_args){
		.from = g.b.va,
		.to = g.b.va + 4,
		.value = 6,
	};
	job = job_with(&g.c, "mix", &args);
	EXPECT(run(&g.c, g.queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(((volatile uint32_t *)g.b.cpu)[1], guest_mix(50, 6));
	buf_free(&g.c, &g.b);
	card_close(&g.c);
	close(pair[0]);
}

/* --- Numbers of the board ------------------------------------------------------------------ */

/* How many files can have a queue at once. */
static unsigned int count_contexts(void)
{
	enum { MANY = 100 };
	int fd[MANY], err = 0;
	unsigned int n, i;
	uint32_t queue;

	for (n = 0; n < MANY; n++) {
		fd[n] = node_open();
		CHECK(fd[n] >= 0);
		err = queue_create(fd[n], NORMAL, 2, &queue);
		if (err)
			break;
	}
	EXPECT(err, -ENOSPC);
	/* The one that got nothing may ask again when there is something. */
	EXPECT(close(fd[0]), 0);
	EXPECT(queue_create(fd[n], NORMAL, 2, &queue), 0);
	for (i = 1; i <= n; i++)
		EXPECT(close(fd[i]), 0);
	return n;
}

static unsigned int count_queues(int fd)
{
	unsigned int n = 0;
	uint32_t queue;
	int err;

	while (!(err = queue_create(fd, NORMAL, 2, &queue)) && n < 100)
		n++;
	EXPECT(err, -ENOSPC);
	return n;
}

static void contexts_and_queues_run_out(void **state)
{
	struct card c;
	unsigned int contexts, queues;

	(void)state;
	card_open(&c);
	contexts = count_contexts();
	/* This file has one context, by its mapping. */
	EXPECT(contexts, c.dev.max_contexts - 1 < c.dev.max_queues ?
				 c.dev.max_contexts - 1 :
				 c.dev.max_queues);
	EXPECT(count_contexts(), contexts);
	queues = count_queues(c.fd);
	EXPECT(queues, c.dev.max_queues);
	card_close(&c);
	board_computes();
}

struct doomed {
	int pipe;
	unsigned int kind;
};

/* Work of all kinds under way on two files, until killed. */
static void work(void *arg)
{
	struct doomed *d = arg;
	struct card c[2];
	struct buf b;

	for (int i = 0; i < 2; i++) {
		struct drm_ashlar_job jobs[3];
		struct guest_args args = { 0 };
		uint32_t queue[2];

		card_open(&c[i]);
		buf_new(&c[i], &b, 3 * PAGE, i ? LOCAL : 0);
		EXPECT(queue_create(c[i].fd, NORMAL, 4, &queue[0]), 0);
		EXPECT(queue_create(c[i].fd, DRM_ASHLAR_PRIORITY_LOW, 2,
				    &queue[1]),
		       0);
		args.to = b.va;
		args.turns = 2000;
		jobs[0] = job_with(&c[i], d->kind % 2 ? "hang" : "put", &args);
		jobs[1] = jobs[0];
		jobs[2] = job_nop();
		EXPECT(submit(c[i].fd, queue[0], jobs, 3, NULL, NULL), 0);
		EXPECT(submit(c[i].fd, queue[1], jobs, 3, NULL, NULL), 0);
	}
	tell(d->pipe);
	for (;;)
		pause();
}

static void the_killed_leave_nothing(void **state)
{
	struct card c;
	uint64_t before;

	(void)state;
	card_open(&c);
	before = state_of(c.fd).memory_free;
	for (unsigned int i = 0; i < rounds; i++) {
		struct doomed d = { .kind = i };
		int fds[2];
		pid_t pid;

		CHECK(!pipe(fds));
		d.pipe = fds[1];
		pid = child(work, &d);
		close(fds[1]);
		hear(fds[0]);
		close(fds[0]);
		usleep((useconds_t)(rnd(&seed) % 3000));
		child_kill(pid);
	}
	EXPECT(state_of(c.fd).memory_free, before);
	card_computes(&c);
	EXPECT(state_of(c.fd).resets, 0);
	EXPECT(count_queues(c.fd), c.dev.max_queues);
	card_close(&c);
	board_computes();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_address_reaches_another),
		cmocka_unit_test(memory_of_the_dead_is_zero),
		cmocka_unit_test(a_file_may_be_given_away),
		cmocka_unit_test(contexts_and_queues_run_out),
		cmocka_unit_test(the_killed_leave_nothing),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0) | 1;
	guard(100 + rounds * 10);
	printf("test_isolation %u %llu\n", rounds, (unsigned long long)seed);
	return RUN_COUNTED(tests);
}
