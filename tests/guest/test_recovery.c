// SPDX-License-Identifier: MIT
/*
 * Errors of the PCI link, by advanced error reporting: Linux is told of one that
 * did not happen (its module aer_inject) and does what it would have done.
 *   test_recovery [ROUNDS [SEED]]
 */
#include "users.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>

#define INJECTOR    "/dev/aer_inject"
#define RECOVERY_MS "/sys/module/ashlar/parameters/recovery_ms"

#define CONFIG 4096 /* bytes of configuration space */

/* Registers of error reporting, from its capability on. */
#define UNC_STATUS   0x04
#define UNC_SEVERITY 0x0c
#define COR_STATUS   0x10

/* Errors, by their bits in the registers. */
#define RECEIVER   0x00000001u /* correctable */
#define TIMEOUT	   0x00004000u /* of a completion; not fatal */
#define COMPLETION 0x00010000u /* unexpected; not fatal */
#define POISONED   0x00001000u /* not fatal */
#define MALFORMED  0x00040000u /* fatal */
#define OVERFLOW   0x00020000u /* fatal */

static unsigned int rounds = 2;
static uint64_t seed = 1;

/* --- The function's registers ------------------------------------------------------------ */

static void config_get(int offset, void *to, size_t bytes)
{
	char path[500];
	int fd;

	snprintf(path, sizeof(path), "%s/config", pci_folder());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	EXPECT(pread(fd, to, bytes, offset), bytes);
	close(fd);
}

static uint32_t config_read(int offset)
{
	uint32_t value;

	config_get(offset, &value, sizeof(value));
	return value;
}

/* Where the capability is; identity and next are in its first word. */
static int reporting(void)
{
	int at = 0x100;

	while (at && (config_read(at) & 0xffff) != 1)
		at = (int)(config_read(at) >> 20);
	CHECK(at);
	return at;
}

/* --- Injection --------------------------------------------------------------------------- */

/* What is written to the injector. */
struct injected {
	uint8_t bus, device, function;
	uint32_t uncorrectable, correctable;
	uint32_t header[4];
	uint32_t domain;
};
_Static_assert(sizeof(struct injected) == 32, "size of aer_error_inj");

static void inject(uint32_t uncorrectable, uint32_t correctable)
{
	struct injected e = {
		.uncorrectable = uncorrectable,
		.correctable = correctable,
	};
	unsigned int domain, bus, device, function;
	int fd = open(INJECTOR, O_WRONLY | O_CLOEXEC);

	EXPECT(sscanf(strrchr(pci_folder(), '/'), "/%x:%x:%x.%x", &domain, &bus,
		      &device, &function),
	       4);
	e.domain = domain;
	e.bus = (uint8_t)bus;
	e.device = (uint8_t)device;
	e.function = (uint8_t)function;
	CHECK(fd >= 0);
	EXPECT(write(fd, &e, sizeof(e)), sizeof(e));
	close(fd);
}

/* Corrected errors of the function that Linux has seen. */
static unsigned long corrected(void)
{
	char path[500], line[100];
	unsigned long count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/aer_dev_correctable", pci_folder());
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "TOTAL_ERR_COR %lu", &count) == 1)
			break;
	CHECK(!ferror(f) && !feof(f));
	fclose(f);
	return count;
}

/*
 * Returns when Linux is done with it and with all before. A reset clears it
 * unseen when it comes between; then once more.
 */
static void correctable(void)
{
	unsigned long before = corrected();
	int status = reporting() + COR_STATUS;

	do {
		inject(0, RECEIVER);
		for (unsigned int i = 0; config_read(status); i++) {
			CHECK(i < 20000 * slowness());
			usleep(1000);
		}
	} while (corrected() == before);
}

/* The kernel log, from here on. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0);
	EXPECT(lseek(fd, 0, SEEK_END), 0);
	return fd;
}

/* Read the next line, or fail. */
static void log_read(int fd, char *line, size_t bytes)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	do {
		EXPECT(poll(&p, 1, 100000 * (int)slowness()), 1);
		n = read(fd, line, bytes - 1);
		/* EPIPE: lines were lost; the next read goes on behind them. */
	} while (n < 0 && (errno == EAGAIN || errno == EPIPE));
	CHECK(n > 0);
	line[n] = 0;
}

/* Linux says in the kernel log what became of it, as the last thing it does. */
static void log_wait(int fd)
{
	char line[9000];

	do
		log_read(fd, line, sizeof(line));
	while (!strstr(line, "AER: device recovery"));
	if (!strstr(line, "successful"))
		die(__FILE__, __LINE__, "%s", line);
}

static void uncorrectable(uint32_t error)
{
	int fd = log_open();

	inject(error, 0);
	log_wait(fd);
	close(fd);
}

static void not_fatal(void)
{
	CHECK(!(config_read(reporting() + UNC_SEVERITY) & TIMEOUT));
	uncorrectable(TIMEOUT);
}

static void fatal(void)
{
	CHECK(config_read(reporting() + UNC_SEVERITY) & MALFORMED);
	uncorrectable(MALFORMED);
}

/* --- One at a time ----------------------------------------------------------------------- */

static bool exists(const char *folder, const char *file)
{
	char path[PATH_MAX + 100];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return !access(path, R_OK);
}

/* Linux reports errors of function and port, so both have what it takes. */
static void errors_are_reported(void **state)
{
	char port[PATH_MAX];

	(void)state;
	CHECK(exists(pci_folder(), "aer_dev_correctable"));
	CHECK(exists(pci_folder(), "aer_dev_fatal"));
	CHECK(exists(pci_folder(), "aer_dev_nonfatal"));
	CHECK(realpath(pci_folder(), port));
	*strrchr(port, '/') = 0;
	CHECK(exists(port, "aer_rootport_total_err_fatal"));
}

/* Nothing happens to who uses the board. */
static void corrected_is_harmless(void **state)
{
	struct user u;
	uint32_t resets;

	(void)state;
	user_open(&u);
	resets = state_of(u.c.fd).resets;
	for (int i = 0; i < 5; i++)
		correctable();
	EXPECT(fence_status(u.file), 0);
	/* Its job has the only tile. */
	EXPECT(queue_destroy(u.c.fd, u.queue), 0);
	for (int i = 0; i < 5; i++) {
		correctable();
		card_computes(&u.c);
	}
	EXPECT(state_of(u.c.fd).resets, resets);
	user_close(&u);
	board_computes();
}

static void not_fatal_is_a_reset(void **state)
{
	(void)state;
	is_reset(not_fatal);
}

static void fatal_is_a_reset(void **state)
{
	(void)state;
	is_reset(fatal);
}

/* What the reset of the bus has taken away is there again, and nothing else. */
static void configuration_comes_back(void **state)
{
	uint8_t before[CONFIG], after[CONFIG];

	(void)state;
	config_get(0, before, CONFIG);
	fatal();
	config_get(0, after, CONFIG);
	for (unsigned int i = 0; i < CONFIG; i++)
		if (before[i] != after[i])
			die(__FILE__, __LINE__, "0x%x was 0x%x, is 0x%x", i,
			    before[i], after[i]);
	board_computes();
}

/* Again and again, with nobody there and somebody. */
static void recovers_each_time(void **state)
{
	struct card c;
	uint32_t resets;

	(void)state;
	card_open(&c);
	resets = state_of(c.fd).resets;
	for (uint32_t i = 1; i <= 4; i++) {
		uncorrectable(i % 2 ? OVERFLOW : POISONED);
		EXPECT(state_of(c.fd).resets, resets + i);
		card_computes(&c);
		board_computes();
		EXPECT(config_read(reporting() + UNC_STATUS), 0);
	}
	card_close(&c);
	fatal();
	not_fatal();
	board_computes();
}

/* Errors that come while others are dealt with. */
static void one_after_the_other(void **state)
{
	static const uint32_t errors[] = { TIMEOUT, COMPLETION, POISONED,
					   MALFORMED, OVERFLOW };
	enum { ERRORS = sizeof(errors) / sizeof(errors[0]) };

	(void)state;
	for (unsigned int n = 0; n < 2 * rounds; n++) {
		for (unsigned int i = 0; i < 3; i++) {
			inject(errors[rnd(&seed) % ERRORS], 0);
			usleep((useconds_t)(rnd(&seed) % 200000));
		}
		correctable();
		board_computes();
	}
}

/* --- Waiting ----------------------------------------------------------------------------- */

static void *ask(void *arg)
{
	struct card *c = arg;
	struct drm_ashlar_state s;
	int err;

	do
		err = dev_query(c->fd, DRM_ASHLAR_QUERY_STATE, &s, sizeof(s));
	while (!err);
	return (void *)(intptr_t)err;
}

/*
 * Calls wait for a recovery, but not for ever: Linux does not tell the driver
 * that it has failed, in 6.12. Recovery that comes late is welcome.
 */
static void nobody_waits_for_ever(void **state)
{
	pthread_t thread;
	struct card c;
	void *err;

	(void)state;
	card_open(&c);
	echo(RECOVERY_MS, "0");
	CHECK(!pthread_create(&thread, NULL, ask, &c));
	fatal();
	echo(RECOVERY_MS, "120000");
	CHECK(!pthread_join(thread, &err));
	EXPECT((intptr_t)err, -EIO);
	card_computes(&c);
	card_close(&c);
	board_computes();
}

/* --- At any moment ----------------------------------------------------------------------- */

static void at_any_moment(void **state)
{
	static void (*const kinds[])(void) = { correctable, not_fatal, fatal };
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	unsigned int left[KINDS];

	(void)state;
	load_start(rnd(&seed));
	for (int i = 0; i < KINDS; i++)
		left[i] = 2 * rounds;
	for (unsigned int n = 0; n < 2 * KINDS * rounds; n++) {
		uint32_t kind = rnd(&seed) % KINDS;

		while (!left[kind])
			kind = (kind + 1) % KINDS;
		left[kind]--;
		usleep((useconds_t)(rnd(&seed) % 200000));
		kinds[kind]();
		/* Here only this loop resets the board. */
		board_computes();
	}
	load_stop();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_reported),
		cmocka_unit_test(corrected_is_harmless),
		cmocka_unit_test(not_fatal_is_a_reset),
		cmocka_unit_test(fatal_is_a_reset),
		cmocka_unit_test(configuration_comes_back),
		cmocka_unit_test(recovers_each_time),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(nobody_waits_for_ever),
		cmocka_unit_test(at_any_moment),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0) | 1;
	guard(100 + rounds * 30);
	printf("test_recovery %u %llu\n", rounds, (unsigned long long)seed);
	if (system("modprobe aer_inject") || access(INJECTOR, W_OK)) {
		printf("test_recovery: not counted, this kernel has no aer_inject\n");
		return 0;
	}
	return RUN_COUNTED(tests);
}
