// SPDX-License-Identifier: MIT
/*
 * The board is taken away or reset while it is in use.
 *   test_removal [ROUNDS [SEED]]
 */
#include "users.h"

#include <glob.h>

#define DRIVER "/sys/bus/pci/drivers/ashlar"

static unsigned int rounds = 2;
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

static void function_is_reset(void **state)
{
	(void)state;
	is_reset(function_reset);
}

static void board_is_reset(void **state)
{
	(void)state;
	is_reset(debugfs_reset);
}

static void module_goes_when_unused(void **state)
{
	struct user u;

	(void)state;
	for (int i = 0; i < 3; i++) {
		user_open(&u);
		EXPECT(try_module_unload(), -EWOULDBLOCK);
		EXPECT(fence_status(u.file), 0);
		user_close(&u);
		board_computes();
		module_unload();
		EXPECT(node_open() < 0, 1);
		EXPECT(module_load(""), 0);
		board_computes();
	}
}

/* --- At any moment ------------------------------------------------------------------------- */

static void at_any_moment(void **state)
{
	unsigned int left[WAYS];

	(void)state;
	load_start(rnd(&seed));
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
	load_stop();
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
