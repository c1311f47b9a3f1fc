// SPDX-License-Identifier: MIT
/*
 * What the driver tells of the board and its jobs beside its ioctls: fdinfo,
 * temperature, debugfs, core dumps, trace points; and its parameters, of which
 * one decides how jobs are told to be over.
 */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "ashlar_abi.h"

#define NORMAL	   DRM_ASHLAR_PRIORITY_NORMAL
#define PARAMETERS "/sys/module/ashlar/parameters"
#define DUMP	   "/sys/class/devcoredump/devcd*/data"

/* --- Files of the kernel -------------------------------------------------------------- */

/* All of a file as text; the number of its bytes or a negative errno. */
static int try_read(const char *path, char *text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), got, n = 0;

	if (fd < 0)
		return -errno;
	while ((got = (int)read(fd, text + n, bytes - 1 - (size_t)n)) > 0)
		n += got;
	if (got < 0)
		n = -errno;
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	return n;
}

/* The one file of that pattern. */
static void find(const char *pattern, char *path, size_t bytes)
{
	glob_t found;

	EXPECT(glob(pattern, 0, NULL, &found), 0);
	EXPECT(found.gl_pathc, 1);
	snprintf(path, bytes, "%s", found.gl_pathv[0]);
	globfree(&found);
}

static const char *read_found(const char *pattern)
{
	static char text[200000];
	char path[500];

	find(pattern, path, sizeof(path));
	if (try_read(path, text, sizeof(text)) <= 0)
		die(__FILE__, __LINE__, "%s cannot be read", path);
	return text;
}

/* What follows name and white space in a line of text; NULL: no such line. */
static const char *value_of(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, n) && text[n] == ':')
			return text + n + 1 + strspn(text + n + 1, " \t");
	}
	return NULL;
}

static uint64_t number_of(const char *text, const char *name)
{
	const char *value = value_of(text, name);

	if (!value)
		die(__FILE__, __LINE__, "no %s in:\n%s", name, text);
	return strtoull(value, NULL, 0);
}

static bool says(const char *text, const char *name, const char *value)
{
	const char *got = value_of(text, name);

	return got && !strncmp(got, value, strlen(value)) &&
	       got[strlen(value)] == '\n';
}

/* --- fdinfo ------------------------------------------------------------------------------ */

static const char *fdinfo(int fd)
{
	char path[60];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return read_found(path);
}

static uint64_t kilobytes(const char *text, const char *name)
{
	const char *value = value_of(text, name);
	char *end;
	uint64_t n;

	if (!value)
		die(__FILE__, __LINE__, "no %s in:\n%s", name, text);
	n = strtoull(value, &end, 10);
	if (!strncmp(end, " MiB", 4))
		n *= 1024;
	else
		CHECK(!strncmp(end, " KiB", 4) || !n);
	return n;
}

static void a_file_says_what_it_uses(void **state)
{
	struct drm_ashlar_result r;
	struct drm_ashlar_job job;
	struct guest_args args = { .turns = 3000 };
	struct card c, other;
	uint64_t busy = 0, memory;
	uint32_t queue;
	struct buf b;
	const char *text;

	(void)state;
	card_open(&c);
	card_open(&other);
	text = fdinfo(c.fd);
	CHECK(says(text, "drm-driver", "ashlar"));
	CHECK(says(text, "drm-pdev", strrchr(pci_folder(), '/') + 1));
	EXPECT(number_of(text, "drm-engine-capacity-tile"), c.dev.tiles);
	EXPECT(number_of(text, "drm-engine-tile"), 0);
	EXPECT(number_of(text, "drm-cycles-tile"), 0);
	EXPECT(number_of(text, "drm-maxfreq-tile"),
	       c.dev.clock_khz * UINT64_C(1000));

	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
	job = job_with(&c, "leave", &args);
	/* Each tile counts, of a job that has several as well. */
	for (uint32_t tiles = 1; tiles <= c.dev.tiles; tiles++) {
		job.tiles = tiles;
		job.grid[0] = tiles;
		EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_OK);
		EXPECT(r.tiles, tiles);
		CHECK(r.t_end - r.t_start > args.turns);
		busy += (r.t_end - r.t_start) * tiles;
		text = fdinfo(c.fd);
		EXPECT(number_of(text, "drm-cycles-tile"), busy);
		EXPECT(number_of(text, "drm-engine-tile"),
		       busy * 1000000 / c.dev.clock_khz);
	}
	/* A job that never ran was on no tile. */
	job = job_nop();
	EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_OK);
	EXPECT(number_of(fdinfo(c.fd), "drm-cycles-tile"), busy);
	EXPECT(number_of(fdinfo(other.fd), "drm-cycles-tile"), 0);

	memory = kilobytes(fdinfo(c.fd), "drm-total-memory");
	buf_new(&c, &b, 3 << 20, 0);
	EXPECT(kilobytes(fdinfo(c.fd), "drm-total-memory"), memory + 3072);
	buf_free(&c, &b);
	EXPECT(kilobytes(fdinfo(c.fd), "drm-total-memory"), memory);
	card_close(&other);
	card_close(&c);
}

/* --- Temperature --------------------------------------------------------------------------- */

static void temperature_can_be_read(void **state)
{
	char pattern[500];
	long millidegrees;
	char *end;
	const char *text;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/hwmon/hwmon*/name",
		 pci_folder());
	CHECK(!strcmp(read_found(pattern), "ashlar\n"));
	strcpy(strrchr(pattern, '/'), "/temp1_label");
	CHECK(!strcmp(read_found(pattern), "die\n"));
	strcpy(strrchr(pattern, '/'), "/temp1_input");
	text = read_found(pattern);
	millidegrees = strtol(text, &end, 10);
	CHECK(end > text && *end == '\n');
	CHECK(millidegrees > -40000 && millidegrees < 125000);
}

/* --- debugfs ------------------------------------------------------------------------------- */

#define DEBUGFS "/sys/kernel/debug/accel/*/"

static void state_is_shown(void **state)
{
	struct drm_ashlar_queue_query q;
	struct drm_ashlar_result r;
	struct drm_ashlar_job job = job_nop();
	uint64_t cycles, resets;
	struct card c;
	uint32_t queue;
	const char *text, *line;

	(void)state;
	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 8, &queue), 0);
	for (int i = 0; i < 5; i++)
		EXPECT(run(&c, queue, &job, &r), DRM_ASHLAR_JOB_OK);
	EXPECT(queue_query(c.fd, queue, &q), 0);

	resets = state_of(c.fd).resets;
	cycles = state_of(c.fd).cycles;
	text = read_found(DEBUGFS "state");
	EXPECT(number_of(text, "resets"), resets);
	CHECK(number_of(text, "cycles") >= cycles);
	EXPECT(number_of(text, "HOST.HW_VERSION"), c.dev.hw_version);
	EXPECT(number_of(text, "firmware"), c.dev.firmware_version);
	line = strstr(text, "submitted 5 completed 5 on board 0 depth 8");
	CHECK(line);
	CHECK(value_of(text, "control") && value_of(text, "telemetry") &&
	      value_of(text, "log"));
	card_close(&c);
	CHECK(!strstr(read_found(DEBUGFS "state"), "submitted 5 completed 5"));
}

static void log_can_be_read(void **state)
{
	unsigned char all[sizeof(struct ashlar_log) + 1], some[100];
	char path[500];
	int fd;

	(void)state;
	find(DEBUGFS "log", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	EXPECT(read(fd, all, sizeof(all)), sizeof(struct ashlar_log));
	EXPECT(read(fd, some, sizeof(some)), 0);
	/* From any byte on; the board is idle, so it says the same. */
	EXPECT(pread(fd, some, sizeof(some), 5), sizeof(some));
	EXPECT(memcmp(some, all + 5, sizeof(some)), 0);
	EXPECT(pread(fd, some, sizeof(some), sizeof(struct ashlar_log) - 3), 3);
	close(fd);
}

static void reset_board(void)
{
	char path[500];

	find(DEBUGFS "reset", path, sizeof(path));
	echo(path, "1");
}

/* --- Core dumps ------------------------------------------------------------------------------ */

static void no_dump(void)
{
	glob_t found;

	while (!glob(DUMP, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			try_echo(found.gl_pathv[i], "1");
		globfree(&found);
	}
}

/* It is written in the background. */
static const char *dump(void)
{
	glob_t found;

	while (glob(DUMP, 0, NULL, &found))
		usleep(1000);
	globfree(&found);
	return read_found(DUMP);
}

/* A job that ends as status; its queue is left as that makes it. */
static void fail_job(uint32_t status, uint64_t to, uint32_t value)
{
	struct guest_args args = { .to = to, .value = value };
	struct drm_ashlar_job job;
	struct card c;
	uint32_t queue;

	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 2, &queue), 0);
	job = job_with(&c, status == DRM_ASHLAR_JOB_EXIT ? "leave" : "put",
		       &args);
	EXPECT(run(&c, queue, &job, NULL), status);
	card_close(&c);
}

static void failures_leave_a_dump(void **state)
{
	const char *text;

	(void)state;
	no_dump();
	fail_job(DRM_ASHLAR_JOB_FAULT, 0x123456000, 0);
	text = dump();
	CHECK(!strncmp(text, "ashlar core dump\n", 17));
	CHECK(value_of(text, "reason"));
	CHECK(strstr(text, "device address 0x123456000 is not mapped"));
	CHECK(strstr(text, "job 1 of queue "));
	CHECK(number_of(text, "cycles") > 0);

	/* An unread one stays, whatever fails next. */
	fail_job(DRM_ASHLAR_JOB_FAULT, 0x654321000, 0);
	reset_board();
	CHECK(strstr(dump(), "0x123456000"));
	no_dump();

	reset_board();
	CHECK(says(dump(), "reason", "asked for in debugfs"));
	no_dump();
}

/* --- Trace points ---------------------------------------------------------------------------- */

#define TRACING "/tmp/guest-tracing"

static void trace_start(void)
{
	CHECK(!mkdir(TRACING, 0700) || errno == EEXIST);
	CHECK(!mount("tracefs", TRACING, "tracefs", 0, NULL));
	echo(TRACING "/trace", "\n");
	echo(TRACING "/events/ashlar/enable", "1");
}

static void trace_end(void)
{
	echo(TRACING "/events/ashlar/enable", "0");
	CHECK(!umount(TRACING));
	CHECK(!rmdir(TRACING));
}

/* The line of that event of job n of the queue. */
static const char *traced(const char *trace, const char *event, uint32_t queue,
			  unsigned int n)
{
	char name[60], of[40], which[40];

	snprintf(name, sizeof(name), " %s: ", event);
	snprintf(of, sizeof(of), " queue=%u fence=", queue);
	snprintf(which, sizeof(which), ":%u", n);
	for (trace = strstr(trace, name); trace; trace = strstr(trace, name)) {
		const char *at = strstr(trace, of), *end = strchr(trace, '\n');

		trace += strlen(name);
		if (!at || at > end)
			continue;
		at += strlen(of);
		at += strspn(at, "0123456789");
		if (!strncmp(at, which, strlen(which)) &&
		    strchr(" \n", at[strlen(which)]))
			return trace;
	}
	die(__FILE__, __LINE__, "no %s of job %u", event, n);
}

static void jobs_can_be_traced(void **state)
{
	struct drm_ashlar_result r[3];
	struct drm_ashlar_job job;
	struct guest_args args = { .value = 7 };
	struct card c;
	uint32_t queue;
	const char *trace;

	(void)state;
	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
	trace_start();
	for (unsigned int n = 0; n < 3; n++) {
		job = job_with(&c, n == 1 ? "leave" : "sum", &args);
		run(&c, queue, &job, &r[n]);
		EXPECT(r[n].status, DRM_ASHLAR_JOB_EXIT);
	}
	trace = read_found(TRACING "/trace");
	for (unsigned int n = 0; n < 3; n++) {
		const char *submitted, *given, *done;
		char times[120];

		submitted = traced(trace, "ashlar_job_submit", queue, n + 1);
		given = traced(trace, "ashlar_job_run", queue, n + 1);
		done = traced(trace, "ashlar_job_done", queue, n + 1);
		CHECK(submitted < given && given < done);
		snprintf(times, sizeof(times),
			 "status=%u tiles=1 fetch=%" PRIu64 " start=%" PRIu64
			 " end=%" PRIu64 "\n",
			 r[n].status, (uint64_t)r[n].t_fetch,
			 (uint64_t)r[n].t_start, (uint64_t)r[n].t_end);
		CHECK(strstr(done, times));
	}
	echo(TRACING "/trace", "\n");
	reset_board();
	CHECK(strstr(read_found(TRACING "/trace"), " ashlar_reset: "));
	CHECK(strstr(read_found(TRACING "/trace"), " asked for in debugfs\n"));
	trace_end();
	card_close(&c);
	no_dump();
}

/* --- Parameters -------------------------------------------------------------------------------- */

static unsigned int vectors_in_use(void)
{
	const char *at = read_found("/proc/interrupts");
	unsigned int n = 0;

	while ((at = strstr(at, " ashlar\n"))) {
		at += strlen(" ashlar\n");
		n++;
	}
	return n;
}

/* More queues than vectors, on all of which jobs end. */
static void queues_complete(void)
{
	enum { QUEUES = 9, JOBS = 5 };
	uint32_t queue[QUEUES], sync[QUEUES];
	struct card c;

	card_open(&c);
	for (int i = 0; i < QUEUES; i++) {
		EXPECT(queue_create(c.fd, NORMAL, 8, &queue[i]), 0);
		EXPECT(sync_create(c.fd, &sync[i]), 0);
	}
	for (int n = 0; n < JOBS; n++) {
		for (int i = 0; i < QUEUES; i++) {
			struct drm_ashlar_sync out = {
				.handle = sync[i],
				.flags = DRM_ASHLAR_SYNC_SIGNAL,
			};
			struct drm_ashlar_job job = job_nop();

			job_syncs(&job, &out, 1);
			EXPECT(submit(c.fd, queue[i], &job, 1, NULL, NULL), 0);
		}
	}
	for (int i = 0; i < QUEUES; i++) {
		struct drm_ashlar_queue_query q;

		EXPECT(sync_wait(c.fd, sync[i], 0, 60 * SECOND), 0);
		EXPECT(queue_query(c.fd, queue[i], &q), 0);
		EXPECT(q.completed, JOBS);
		EXPECT(q.state, DRM_ASHLAR_QUEUE_OK);
	}
	card_close(&c);
}

static void few_vectors_are_enough(void **state)
{
	static const struct {
		const char *options;
		unsigned int vectors;
	} cases[] = {
		{ "max_vectors=0", 1 },
		{ "max_vectors=5", 5 },
		{ "max_vectors=99", 64 },
		{ "", 64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		module_unload();
		EXPECT(vectors_in_use(), 0);
		EXPECT(module_load(cases[i].options), 0);
		EXPECT(vectors_in_use(), cases[i].vectors);
		queues_complete();
		board_computes();
		/* A reset keeps them. */
		reset_board();
		EXPECT(vectors_in_use(), cases[i].vectors);
		queues_complete();
	}
	no_dump();
}

/* Each has a value; those that may be set while the module is there can be. */
static void parameters_can_be_read(void **state)
{
	static const char *const names[] = { "max_vectors", "watchdog_ms",
					     "stall_ms", "recovery_ms" };
	char path[100], text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat s;

		snprintf(path, sizeof(path), PARAMETERS "/%s", names[i]);
		CHECK(try_read(path, text, sizeof(text)) > 0);
		CHECK(strtoul(text, NULL, 10) > 0);
		EXPECT(stat(path, &s), 0);
		if (s.st_mode & 0200)
			echo(path, text);
		else
			CHECK(i == 0);
		EXPECT(try_echo(path, "x") < 0, 1);
	}
	board_computes();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_says_what_it_uses),
		cmocka_unit_test(temperature_can_be_read),
		cmocka_unit_test(state_is_shown),
		cmocka_unit_test(log_can_be_read),
		cmocka_unit_test(failures_leave_a_dump),
		cmocka_unit_test(jobs_can_be_traced),
		cmocka_unit_test(parameters_can_be_read),
		cmocka_unit_test(few_vectors_are_enough),
	};

	guard(120);
	return RUN_COUNTED(tests);
}
