/* SPDX-License-Identifier: MIT */
/*
 * The cost of the kernel driver, in two runs of this program:
 *
 * bench-driver measure KERNEL.elf OUT     on a card (a guest's): LAUNCHES jobs,
 *	one after the other, then the time of the calls; figures go to OUT
 * bench-driver report KERNEL.elf OUT RECORD FOLDER     on the host: the same
 *	jobs in process, and what the board's RECORD of the first run says
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ashlar_accel.h"
#include "bench.h"
#include "launches.h"

#define LAUNCHES 8 /* the first finds cold caches */
#define ROUNDS	 64
#define BATCH	 32 /* launches of a command list: one ioctl */
#define REST	 10000 /* cycles */

struct empty {
	struct bench b;
	ashlar_module *module;
	ashlar_kernel *kernel;
	uint32_t args;
};

static void empty_open(struct empty *e, const char *device, const char *path)
{
	bench_open(&e->b, device);
	e->module = bench_load(&e->b, path);
	bench_check(&e->b, ashlar_module_kernel(e->module, "empty", &e->kernel),
		    "empty");
	e->args = 2000;
}

static void empty_close(struct empty *e)
{
	ashlar_kernel_unref(e->kernel);
	ashlar_module_unref(e->module);
	bench_close(&e->b);
}

static uint64_t device_time(struct empty *e)
{
	struct ashlar_device_perf perf = ASHLAR_INIT(ashlar_device_perf);

	bench_check(&e->b, ashlar_device_perf(e->b.device, &perf), "perf");
	return perf.cycles;
}

/*
 * From a board at rest each time. In process a doorbell may come as soon as the
 * fence is there, while the firmware still ends the job before.
 */
static void launch_and_wait(struct empty *e)
{
	for (int i = 0; i < LAUNCHES; i++) {
		uint64_t start = device_time(e);

		while (device_time(e) < start + REST)
			;
		bench_run(&e->b, e->kernel, &e->args, sizeof(e->args), 1);
	}
}

/* --- Time of calls ---------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *times)
{
	qsort(times, ROUNDS, sizeof(*times), by_value);
	return times[ROUNDS / 2];
}

/* The shortest call of this kernel there is, for comparison. */
static double syscall_time(void)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		for (int k = 0; k < 1000; k++)
			syscall(SYS_getppid);
		times[i] = (now() - start) / 1000;
	}
	return median(times);
}

static double launch_time(struct empty *e)
{
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	double times[ROUNDS];

	launch.kernel = e->kernel;
	launch.args = &e->args;
	launch.arg_bytes = sizeof(e->args);
	launch.tiles = 1;
	for (int i = 0; i < ROUNDS; i++) {
		ashlar_fence *fence;
		double start = now();

		bench_check(&e->b, ashlar_launch(e->b.queue, &launch, &fence),
			    "launch");
		times[i] = now() - start;
		bench_check(&e->b,
			    ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					      ASHLAR_FOREVER),
			    "wait");
		ashlar_fence_unref(fence);
	}
	return median(times);
}

static double batch_time(struct empty *e)
{
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	double times[ROUNDS];
	ashlar_cmdlist *list;

	launch.kernel = e->kernel;
	launch.args = &e->args;
	launch.arg_bytes = sizeof(e->args);
	launch.tiles = 1;
	bench_check(&e->b, ashlar_cmdlist_create(e->b.device, &list), "list");
	for (int i = 0; i < BATCH; i++)
		bench_check(&e->b, ashlar_cmdlist_launch(list, &launch, NULL),
			    "list");
	bench_check(&e->b, ashlar_cmdlist_end(list), "list");
	for (int i = 0; i < ROUNDS; i++) {
		ashlar_fence *fence;
		double start = now();

		bench_check(
			&e->b,
			ashlar_cmdlist_submit(e->b.queue, list, NULL, &fence),
			"submit");
		times[i] = (now() - start) / BATCH;
		bench_check(&e->b,
			    ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					      ASHLAR_FOREVER),
			    "wait");
		ashlar_fence_unref(fence);
	}
	ashlar_cmdlist_unref(list);
	return median(times);
}

/* --- The ioctl alone ---------------------------------------------------------- */

static void card_call(int card, unsigned long request, void *arg,
		      const char *what)
{
	while (ioctl(card, request, arg))
		if (errno != EINTR && errno != EAGAIN)
			bench_fail("%s: %s", what, strerror(errno));
}

/* One SUBMIT of so many jobs that run nothing, for each; the queue is empty. */
static double submit_time(int card, uint32_t queue, uint32_t count)
{
	static struct drm_ashlar_job jobs[BATCH]; /* zeros are such jobs */
	struct drm_ashlar_submit submit = {
		.queue = queue,
		.jobs = { .stride = sizeof(jobs[0]),
			  .count = count,
			  .ptr = (uintptr_t)jobs },
	};
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct drm_ashlar_queue_query q;
		double start = now();

		card_call(card, DRM_IOCTL_ASHLAR_SUBMIT, &submit, "SUBMIT");
		times[i] = (now() - start) / count;
		do {
			q = (struct drm_ashlar_queue_query){ .queue = queue };
			usleep(1000);
			card_call(card, DRM_IOCTL_ASHLAR_QUEUE_QUERY, &q,
				  "QUEUE_QUERY");
		} while (q.completed < submit.seqno);
		submit.seqno = 0;
		submit.accepted = 0;
	}
	return median(times);
}

static void submit_times(double *one, double *many)
{
	struct drm_ashlar_queue_create create = {
		.priority = DRM_ASHLAR_PRIORITY_NORMAL,
		.depth = 2 * BATCH,
	};
	int card = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);

	if (card < 0)
		bench_fail("/dev/accel/accel0: %s", strerror(errno));
	card_call(card, DRM_IOCTL_ASHLAR_QUEUE_CREATE, &create, "QUEUE_CREATE");
	*one = submit_time(card, create.queue, 1);
	*many = submit_time(card, create.queue, BATCH);
	close(card);
}

/* --- The two runs ------------------------------------------------------------- */

static void measure(const char *kernel, const char *out)
{
	double call, launch, batch, submit, submit_each;
	struct empty e;
	FILE *f;

	empty_open(&e, "accel:0", kernel);
	launch_and_wait(&e);
	call = syscall_time();
	launch = launch_time(&e);
	batch = batch_time(&e);
	empty_close(&e);
	submit_times(&submit, &submit_each);

	f = fopen(out, "w");
	if (!f)
		bench_fail("%s: cannot be written", out);
	fprintf(f, "%.2f %.2f %.2f %.2f\n", launch / call, batch / call,
		submit / call, submit_each / call);
	if (fclose(f))
		bench_fail("%s: cannot be written", out);
}

static void report(const char *kernel, const char *in, const char *record,
		   const char *folder)
{
	static struct figures figures;
	struct launch driver[LAUNCHES], process[LAUNCHES];
	char own[2000], name[2100], json[2100];
	double launch, batch, submit, submit_each;
	struct empty e;
	FILE *f = fopen(in, "r");

	if (!f || fscanf(f, "%lf %lf %lf %lf", &launch, &batch, &submit,
			 &submit_each) != 4)
		bench_fail("%s: no four figures", in);
	fclose(f);

	snprintf(own, sizeof(own), "%s/bench-process.record", folder);
	snprintf(name, sizeof(name), "sim:rtl,record=%s", own);
	empty_open(&e, name, kernel);
	launch_and_wait(&e);
	empty_close(&e);
	launches_read(own, process, LAUNCHES);
	launches_read(record, driver, LAUNCHES);
	remove(own);

	figure_add(&figures, "process_doorbell_to_fence",
		   (double)(process[LAUNCHES - 1].fence -
			    process[LAUNCHES - 1].doorbell),
		   "cycles", "doorbell to fence, in process");
	figure_add(&figures, "driver_doorbell_to_fence",
		   (double)(driver[LAUNCHES - 1].fence -
			    driver[LAUNCHES - 1].doorbell),
		   "cycles", "doorbell to fence, through the kernel driver");
	figure_add(&figures, "driver_launch", launch, "getppid()",
		   "ashlar_launch() through the driver, in the guest");
	figure_add(&figures, "driver_list_launch", batch, "getppid()",
		   "the same in a command list of 32, each");
	figure_add(&figures, "driver_submit", submit, "getppid()",
		   "SUBMIT of a job, the ioctl alone");
	figure_add(&figures, "driver_submit_each", submit_each, "getppid()",
		   "the same of 32 jobs, each");
	figures_print(&figures);
	snprintf(json, sizeof(json), "%s/bench-driver.json", folder);
	if (figures_write(&figures, json, "", false))
		exit(2);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "measure")) {
		measure(argv[2], argv[3]);
	} else if (argc == 6 && !strcmp(argv[1], "report")) {
		report(argv[2], argv[3], argv[4], argv[5]);
	} else {
		fprintf(stderr,
			"use: %s measure KERNEL.elf OUT\n     %s report KERNEL.elf OUT RECORD FOLDER\n",
			argv[0], argv[0]);
		return 2;
	}
	return 0;
}
