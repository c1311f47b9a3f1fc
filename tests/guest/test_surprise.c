// SPDX-License-Identifier: MIT
/*
 * The board dies while it is in use, as a card does that loses its power, and
 * another comes into another slot. The runner does both when it reads the lines
 * below in the kernel log (--board-dies-at, --board-returns-at).
 *   test_surprise [ROUNDS [SEED]]
 */
#include "users.h"

#include <fcntl.h>
#include <glob.h>

#define DIES	"guest test: the board dies now"
#define RETURNS "guest test: another board comes now"
#define DRIVER	"/sys/bus/pci/drivers/ashlar"
#define TEMP	"/sys/class/hwmon/hwmon*/temp1_input"

static unsigned int rounds = 5;
static uint64_t seed = 1;

/* --- What the runner does ---------------------------------------------------------- */

static void say(const char *text)
{
	char line[100];

	snprintf(line, sizeof(line), "%s\n", text);
	echo("/dev/kmsg", line);
}

/* Configuration space of a card without power is all ones. */
static bool answers(void)
{
	uint32_t id = 0;
	char path[500];
	int fd;

	snprintf(path, sizeof(path), "%s/config", pci_folder());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	EXPECT(read(fd, &id, sizeof(id)), sizeof(id));
	close(fd);
	return id != UINT32_MAX;
}

static void board_dies(void)
{
	say(DIES);
	while (answers())
		usleep(10000);
}

static const char *pci_name(void)
{
	return strrchr(pci_folder(), '/') + 1;
}

static void echo_of_board(const char *file, const char *text)
{
	char path[500];

	snprintf(path, sizeof(path), "%s/%s", pci_folder(), file);
	echo(path, text);
}

/* --- Ways to take the dead card out ------------------------------------------------------ */

static void remove_it(void)
{
	echo_of_board("remove", "1");
}

static void unbind_it(void)
{
	echo(DRIVER "/unbind", pci_name());
	echo_of_board("remove", "1");
}

/* Of a dead board, too, a file keeps the module. */
static void keep_it(void)
{
	int fd = node_open();

	CHECK(fd >= 0);
	EXPECT(try_module_unload(), -EWOULDBLOCK);
	remove_it();
	EXPECT(try_module_unload(), -EWOULDBLOCK);
	close(fd);
}

static void (*const out[])(void) = { remove_it, unbind_it, keep_it };
enum { WAYS = sizeof(out) / sizeof(out[0]) };

static void board_returns(void)
{
	int fd;

	EXPECT(node_open() < 0, 1);
	say(RETURNS);
	/* Linux finds it by itself. */
	while ((fd = node_open()) < 0)
		usleep(10000);
	close(fd);
	board_computes();
}

/* --- Tests --------------------------------------------------------------------------------- */

/* One that sleeps where no signal reaches it. */
static bool sleeper(char *text, size_t bytes)
{
	bool is = false;
	glob_t found;

	CHECK(!glob("/proc/[0-9]*/task/[0-9]*/stat", 0, NULL, &found));
	for (size_t i = 0; i < found.gl_pathc && !is; i++) {
		char *end;
		ssize_t got;
		int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		got = read(fd, text, bytes - 1);
		close(fd);
		text[got < 0 ? 0 : got] = 0;
		end = strrchr(text, ')');
		is = end && !strncmp(end, ") D", 3);
	}
	globfree(&found);
	return is;
}

static void nobody_is_stuck(void)
{
	char text[60];

	/* Some sleep so for a moment. */
	for (unsigned int i = 0; sleeper(text, sizeof(text)); i++) {
		if (i == 100 * slowness())
			die(__FILE__, __LINE__, "stuck: %s", text);
		usleep(100000);
	}
}

/* Looked at closely: every call ends, and says that the board is not there. */
static void one_user(void **state)
{
	struct drm_ashlar_job nop = job_nop();
	struct drm_ashlar_device dev;
	struct drm_ashlar_state s;
	struct drm_ashlar_queue_query q;
	struct user u;
	uint32_t other;
	glob_t found;
	char text[40];
	int fd;

	(void)state;
	user_open(&u);
	board_dies();
	/* The watchdog finds out, with nobody to ask anything. */
	EXPECT(fence_wait(u.file, 120000), 0);
	EXPECT(fence_status(u.file), -ECANCELED);
	EXPECT(sync_wait(u.c.fd, u.sync, 0, 0), 0);
	EXPECT(dev_query(u.c.fd, DRM_ASHLAR_QUERY_STATE, &s, sizeof(s)), -EIO);
	EXPECT(submit(u.c.fd, u.queue, &nop, 1, NULL, NULL), -ECANCELED);
	EXPECT(vm_unmap(u.c.fd, u.local.va, u.local.bytes), -EIO);
	EXPECT(queue_create(u.c.fd, DRM_ASHLAR_PRIORITY_NORMAL, 2, &other),
	       -EIO);
	/* What needs no board is told. */
	EXPECT(dev_query(u.c.fd, DRM_ASHLAR_QUERY_DEVICE, &dev, sizeof(dev)),
	       0);
	EXPECT(queue_query(u.c.fd, u.queue, &q), 0);
	EXPECT(q.state, DRM_ASHLAR_QUEUE_INNOCENT);
	/* Memory of the host is as it was, the board's can be touched. */
	EXPECT(*(volatile uint32_t *)u.system.cpu, 2);
	((volatile uint32_t *)u.local.cpu)[7] = 7;
	(void)((volatile uint32_t *)u.unseen.cpu)[7];

	CHECK(!glob(TEMP, 0, NULL, &found));
	EXPECT(found.gl_pathc, 1);
	fd = open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	EXPECT(read(fd, text, sizeof(text)) < 0 ? -errno : 0, -ENODATA);
	close(fd);
	globfree(&found);

	remove_it();
	board_returns();
	EXPECT(submit(u.c.fd, u.queue, &nop, 1, NULL, NULL), -ENODEV);
	EXPECT(*(volatile uint32_t *)u.system.cpu, 2);
	user_close(&u);
	board_computes();
	nobody_is_stuck();
	module_unload();
	EXPECT(module_load(""), 0);
	board_computes();
}

static void at_any_moment(void **state)
{
	(void)state;
	load_start(rnd(&seed));
	for (unsigned int n = 0; n < rounds; n++) {
		usleep((useconds_t)(rnd(&seed) % 200000));
		board_dies();
		usleep((useconds_t)(rnd(&seed) % 100000));
		out[rnd(&seed) % WAYS]();
		board_returns();
		printf("the board has died %u times\n", n + 1);
	}
	load_stop();
	nobody_is_stuck();
	module_unload();
	EXPECT(module_load(""), 0);
	board_computes();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_user),
		cmocka_unit_test(at_any_moment),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0) | 1;
	guard(200 + rounds * 60);
	printf("test_surprise %u %llu\n", rounds, (unsigned long long)seed);
	return RUN_COUNTED(tests);
}
