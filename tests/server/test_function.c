// SPDX-License-Identifier: MIT
/* The PCI function: configuration space, BARs, resets. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ashlar_pci.h"
#include "client.h"
#include "counted.h"
#include "fake_model.h"
#include "run_server.h"

#define COMMAND	   0x04
#define PM_STATE   0x44
#define DEVICE_CTL 0x58
#define FLR	   0x8000u
#define MSIX_CTL   0xa2

/* Error reporting. */
#define DEVICE_STA   0x5a
#define AER	     0x100
#define UNC_STA	     0x104
#define UNC_MASK     0x108
#define UNC_SEVERITY 0x10c
#define COR_STA	     0x110
#define COR_MASK     0x114
#define FIRST_ERROR  0x118
#define HEADER_LOG   0x11c
#define UNSUPPORTED  0x100000u
#define ADVISORY     0x2000u

static struct server server;
static struct client c;

static int start(void **state)
{
	(void)state;
	server_start_fake(&server);
	client_open(&c, server_socket);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	client_close(&c);
	server_stop(&server);
	return 0;
}

static void says_what_it_is(void **state)
{
	uint8_t all[4096];

	(void)state;
	assert_int_equal(config_read(&c, 0x00, 2), ASHLAR_PCI_VENDOR);
	assert_int_equal(config_read(&c, 0x02, 2), ASHLAR_PCI_DEVICE);
	assert_int_equal(config_read(&c, 0x08, 1), ASHLAR_PCI_REVISION);
	assert_int_equal(config_read(&c, 0x08, 4) >> 8, ASHLAR_PCI_CLASS);
	assert_int_equal(config_read(&c, 0x0e, 1), 0); /* header type */
	assert_int_equal(config_read(&c, 0x3d, 1), 0); /* no INTx */
	assert_int_equal(config_read(&c, 0x10, 4), 0x0);
	assert_int_equal(config_read(&c, 0x14, 4), 0x0);
	assert_int_equal(config_read(&c, 0x18, 4), 0xc); /* 64 bits, pref. */
	assert_int_equal(config_read(&c, 0x1c, 4), 0x0);
	assert_int_equal(config_read(&c, 0x20, 4), 0x0);
	assert_int_equal(config_read(&c, 0x24, 4), 0x0);
	assert_int_equal(config_read(&c, 0x30, 4), 0x0); /* no ROM */
	/* All at once is the same, and nothing is behind the capabilities. */
	assert_int_equal(region_read(&c, CONFIG, 0, all, sizeof(all)), 0);
	for (uint32_t i = 0; i < sizeof(all); i += 4)
		assert_int_equal(config_read(&c, i, 4), at32(all, i));
	assert_int_equal(at32(all, 0x100), 0x00020001);
	for (uint32_t i = 0x12c; i < sizeof(all); i += 4)
		assert_int_equal(at32(all, i), 0);
}

static void has_its_capabilities(void **state)
{
	uint8_t at[256] = { 0 };
	uint32_t p;
	int count = 0;

	(void)state;
	assert_true(config_read(&c, 0x06, 2) & 0x10);
	for (p = config_read(&c, 0x34, 1); p; p = config_read(&c, p + 1, 1)) {
		assert_true(p >= 0x40 && p % 4 == 0 && ++count <= 3);
		at[config_read(&c, p, 1)] = (uint8_t)p;
	}
	assert_int_equal(count, 3);

	assert_int_equal(at[0x01], 0x40);
	assert_int_equal(config_read(&c, 0x42, 2) & 7, 3);
	/* No state of its own survives D3hot. */
	assert_int_equal(config_read(&c, PM_STATE, 2), 0);

	assert_int_equal(at[0x10], 0x50);
	assert_int_equal(config_read(&c, 0x52, 2), 0x0002);
	assert_true(config_read(&c, 0x54, 4) & 1u << 28);

	assert_int_equal(at[0x11], 0xa0);
	assert_int_equal(config_read(&c, MSIX_CTL, 2), ASHLAR_PCI_VECTORS - 1);
	assert_int_equal(config_read(&c, 0xa4, 4),
			 ASHLAR_PCI_MSIX_TABLE | ASHLAR_PCI_BAR_MSIX);
	assert_int_equal(config_read(&c, 0xa8, 4),
			 ASHLAR_PCI_MSIX_PBA | ASHLAR_PCI_BAR_MSIX);
}

/* Ones everywhere change what may be changed and nothing else. */
static void keeps_read_only_bits(void **state)
{
	uint8_t before[4096], after[4096], ones[4000];
	static const struct {
		uint32_t at;
		uint8_t mask;
	} may[] = {
		{ 0x04, 0x46 },
		{ 0x05, 0x05 },
		{ 0x0c, 0xff },
		{ 0x3c, 0xff },
		{ 0x44, 0x03 },
		{ 0x58, 0xff },
		{ 0x59, 0x7f },
		{ 0x60, 0xcb },
		{ 0x61, 0x03 },
		{ 0x80, 0x0f },
		{ 0xa3, 0xc0 },
		/* Masks and severity: the errors of an endpoint. */
		{ 0x108, 0x30 },
		{ 0x109, 0xf0 },
		{ 0x10a, 0x57 },
		{ 0x10c, 0x30 },
		{ 0x10d, 0xf0 },
		{ 0x10e, 0x57 },
		{ 0x114, 0xc1 },
		{ 0x115, 0x71 },
	};

	(void)state;
	assert_int_equal(region_read(&c, CONFIG, 0, before, 4096), 0);
	memset(ones, 0xff, sizeof(ones));
	ones[0x59] = 0x7f; /* no FLR here */
	assert_int_equal(region_write(&c, CONFIG, 0, ones, sizeof(ones)), 0);
	assert_int_equal(region_read(&c, CONFIG, 0, after, 4096), 0);
	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
		assert_int_equal(after[may[i].at] & may[i].mask, may[i].mask);
		before[may[i].at] |= may[i].mask;
	}
	assert_memory_equal(before, after, sizeof(after));
	/* Base addresses do not size here: the client emulates them. */
	assert_int_equal(config_read(&c, 0x10, 4), 0);
	assert_int_equal(config_read(&c, 0x18, 4), 0xc);
}

static void knows_the_errors_of_an_endpoint(void **state)
{
	(void)state;
	/* Identity, version 2, no next; what is masked and fatal at first. */
	assert_int_equal(config_read(&c, AER, 4), 0x00020001);
	assert_int_equal(config_read(&c, UNC_STA, 4), 0);
	assert_int_equal(config_read(&c, UNC_MASK, 4), 0x00400000);
	assert_int_equal(config_read(&c, UNC_SEVERITY, 4), 0x00462030);
	assert_int_equal(config_read(&c, COR_STA, 4), 0);
	assert_int_equal(config_read(&c, COR_MASK, 4), 0x6000);
	assert_int_equal(config_read(&c, FIRST_ERROR, 4), 0);
	for (uint32_t i = 0; i < 16; i += 4)
		assert_int_equal(config_read(&c, HEADER_LOG + i, 4), 0);
	assert_int_equal(config_read(&c, DEVICE_STA, 2), 0);
	/* Errors have roles: reads that are refused are advice. */
	assert_true(config_read(&c, 0x54, 4) & 1u << 15);
}

static void check_log(uint32_t device, uint32_t unc, uint32_t cor)
{
	assert_int_equal(config_read(&c, DEVICE_STA, 2), device);
	assert_int_equal(config_read(&c, UNC_STA, 4), unc);
	assert_int_equal(config_read(&c, COR_STA, 4), cor);
}

/* A one clears, by itself: nothing near it, and no zero. */
static void clear_log(void)
{
	uint32_t device = config_read(&c, DEVICE_STA, 2);

	config_write(&c, DEVICE_STA, 0, 2);
	config_write(&c, UNC_STA, ~UNSUPPORTED, 4);
	config_write(&c, UNC_STA, 0xff, 1);
	config_write(&c, UNC_STA + 3, 0xff, 1);
	config_write(&c, COR_STA, ~ADVISORY, 4);
	config_write(&c, COR_STA, 0xff, 1);
	check_log(device, UNSUPPORTED, config_read(&c, COR_STA, 4));
	config_write(&c, UNC_STA + 2, UNSUPPORTED >> 16, 1);
	assert_int_equal(config_read(&c, UNC_STA, 4), 0);
	config_write(&c, COR_STA, ADVISORY, 4);
	assert_int_equal(config_read(&c, COR_STA, 4), 0);
	config_write(&c, DEVICE_STA, device & 7, 2);
	assert_int_equal(config_read(&c, DEVICE_STA, 2), device & 8);
	config_write(&c, DEVICE_STA, 8, 1);
	check_log(0, 0, 0);
}

static void logs_what_it_refuses(void **state)
{
	(void)state;
	/* Advice, which is masked at first. */
	read32(&c, FAKE_ID);
	assert_int_equal(config_read(&c, DEVICE_STA, 2), 0x9);
	assert_int_equal(config_read(&c, UNC_STA, 4), 0);
	assert_int_equal(config_read(&c, COR_STA, 4), ADVISORY);
	assert_int_equal(config_read(&c, FIRST_ERROR, 4), 0);
	config_write(&c, COR_STA, ADVISORY, 4);
	config_write(&c, DEVICE_STA, 0xf, 2);

	config_write(&c, COR_MASK, 0, 4);
	read32(&c, FAKE_ID);
	check_log(0x9, UNSUPPORTED, ADVISORY);
	assert_int_equal(config_read(&c, FIRST_ERROR, 4), 20);
	for (uint32_t i = 0; i < 16; i += 4)
		assert_int_equal(config_read(&c, HEADER_LOG + i, 4),
				 UINT32_MAX);
	clear_log();

	write32(&c, FAKE_SCRATCH, 1);
	check_log(0xa, UNSUPPORTED, 0);
	clear_log();

	config_write(&c, UNC_SEVERITY, UNSUPPORTED, 4);
	read32(&c, FAKE_ID);
	check_log(0xc, UNSUPPORTED, 0);
	clear_log();
	write32(&c, FAKE_SCRATCH, 1);
	check_log(0xc, UNSUPPORTED, 0);
	clear_log();

	/* Nothing is refused, nothing logged. */
	enable(&c);
	read32(&c, FAKE_ID);
	write32(&c, FAKE_SCRATCH, 1);
	check_log(0, 0, 0);
}

static void shows_no_header_of_what_is_masked(void **state)
{
	(void)state;
	config_write(&c, UNC_MASK, UNSUPPORTED, 4);
	write32(&c, FAKE_SCRATCH, 1);
	check_log(0xa, UNSUPPORTED, 0);
	assert_int_equal(config_read(&c, FIRST_ERROR, 4), 0);
	assert_int_equal(config_read(&c, HEADER_LOG, 4), 0);
}

static void has_two_power_states(void **state)
{
	(void)state;
	enable(&c);
	config_write(&c, PM_STATE, 1, 2);
	assert_int_equal(config_read(&c, PM_STATE, 2), 0);
	config_write(&c, PM_STATE, 2, 2);
	assert_int_equal(config_read(&c, PM_STATE, 2), 0);
	write32(&c, FAKE_SCRATCH, 5);
	config_write(&c, PM_STATE, 3, 2);
	assert_int_equal(config_read(&c, PM_STATE, 2), 3);
	assert_int_equal(read32(&c, FAKE_SCRATCH), UINT32_MAX);
	/* Out of it the function is as after a reset. */
	config_write(&c, PM_STATE, 0, 2);
	assert_int_equal(config_read(&c, COMMAND, 2), 0);
	enable(&c);
	assert_int_equal(read32(&c, FAKE_SCRATCH), 0);
	assert_int_equal(read32(&c, FAKE_RESETS), 1);
}

static void answers_only_when_enabled(void **state)
{
	uint32_t value = 0x55;

	(void)state;
	assert_int_equal(read32(&c, FAKE_ID), UINT32_MAX);
	write32(&c, FAKE_SCRATCH, 1);
	assert_int_equal(region_write(&c, 2, 0, &value, 4), 0);
	assert_int_equal(region_read(&c, 2, 0, &value, 4), 0);
	assert_int_equal(value, UINT32_MAX);
	config_write(&c, COMMAND, 2, 2);
	assert_int_equal(read32(&c, FAKE_ID), FAKE_ID_VALUE);
	assert_int_equal(read32(&c, FAKE_SCRATCH), 0);
	assert_int_equal(region_read(&c, 2, 0, &value, 4), 0);
	assert_int_equal(value, 0);
	/* Bus master alone is not memory space. */
	config_write(&c, COMMAND, 4, 2);
	assert_int_equal(read32(&c, FAKE_ID), UINT32_MAX);
}

static void registers_take_words(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 5, 8, 16, 64, 4096 };
	uint8_t data[4096], ones[4096];
	uint32_t accesses;

	(void)state;
	enable(&c);
	write32(&c, FAKE_SCRATCH, 0x01020304);
	assert_int_equal(read32(&c, FAKE_SCRATCH), 0x01020304);
	accesses = read32(&c, FAKE_ACCESSES);
	memset(ones, 0xff, sizeof(ones));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(data, 0, sizeof(data));
		assert_int_equal(region_write(&c, 0, 4, data, sizes[i]), 0);
		assert_int_equal(region_read(&c, 0, 4, data, sizes[i]), 0);
		assert_memory_equal(data, ones, sizes[i]);
	}
	for (uint32_t i = 1; i < 4; i++) {
		assert_int_equal(region_read(&c, 0, 4 + i, data, 4), 0);
		assert_memory_equal(data, ones, 4);
		assert_int_equal(region_write(&c, 0, 4 + i, data, 4), 0);
	}
	/* None of these has reached the board. */
	assert_int_equal(read32(&c, FAKE_ACCESSES), accesses + 1);
	assert_int_equal(read32(&c, FAKE_SCRATCH), 0x01020304);
	assert_int_equal(region_read(&c, 0, 0xffffc, data, 4), 0);
	assert_int_equal(region_read(&c, 0, 0xffffe, data, 4), EINVAL);
	assert_int_equal(region_read(&c, 0, 0x100000, data, 4), EINVAL);
}

static void memory_is_one(void **state)
{
	uint64_t bytes, seed = 7;
	uint8_t *memory, data[4096];
	int fd;

	(void)state;
	enable(&c);
	fd = memory_fd(&c, &bytes);
	assert_int_equal(bytes, FAKE_MEMORY);
	/* It cannot be cut or grown by who got it. */
	assert_int_equal(ftruncate(fd, 4096), -1);
	assert_int_equal(ftruncate(fd, 2 * FAKE_MEMORY), -1);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	assert_ptr_not_equal(memory, MAP_FAILED);
	for (int i = 0; i < 200; i++) {
		uint32_t n = 1 + (uint32_t)(rnd(&seed) % sizeof(data));
		uint64_t at = rnd(&seed) % (bytes - n);

		for (uint32_t j = 0; j < n; j++)
			data[j] = (uint8_t)rnd(&seed);
		if (i & 1) {
			n = n > 4000 ? 4000 : n;
			assert_int_equal(region_write(&c, 2, at, data, n), 0);
			assert_memory_equal(memory + at, data, n);
		} else {
			memcpy(memory + at, data, n);
			memset(data, 0, n);
			assert_int_equal(region_read(&c, 2, at, data, n), 0);
			assert_memory_equal(memory + at, data, n);
		}
	}
	assert_int_equal(region_read(&c, 2, bytes - 4, data, 4), 0);
	assert_int_equal(region_read(&c, 2, bytes - 4, data, 5), EINVAL);
	munmap(memory, bytes);
}

/* Error reporting outlives each reset. */
static void check_sticky(const uint8_t *before, const uint8_t *after)
{
	assert_int_equal(at32(after, UNC_STA), UNSUPPORTED);
	assert_int_equal(at32(after, UNC_MASK), 0x00001000);
	assert_int_equal(at32(after, UNC_SEVERITY), 0x00040000);
	assert_int_equal(at32(after, COR_MASK), 0x0000);
	assert_memory_equal(before + AER, after + AER, 0x2c);
}

/* What a reset is, by whatever way it comes. */
static void check_reset(void (*reset)(void), uint32_t count)
{
	static const uint8_t mark[4] = { 1, 2, 3, 4 };
	uint8_t before[4096], after[4096], data[4];

	assert_int_equal(region_write(&c, 2, 64, mark, 4), 0);
	write32(&c, FAKE_SCRATCH, 77);
	write32(&c, FAKE_BUSY, UINT32_MAX);
	config_write(&c, MSIX_CTL, 0x8000, 2);
	config_write(&c, DEVICE_CTL, 0x2000, 2);
	config_write(&c, 0x3c, 11, 1);
	config_write(&c, UNC_MASK, 0x1000, 4);
	config_write(&c, UNC_SEVERITY, 0x40000, 4);
	config_write(&c, COR_MASK, 0, 4);
	config_write(&c, COMMAND, 0, 2);
	write32(&c, FAKE_SCRATCH, 1);
	enable(&c);
	assert_int_equal(region_read(&c, CONFIG, 0, before, 4096), 0);
	reset();
	assert_int_equal(region_read(&c, CONFIG, 0, after, 4096), 0);
	check_sticky(before, after);
	assert_int_equal(after[COMMAND], 0);
	assert_int_equal(at32(after, DEVICE_STA) & 0xffff, 0);
	assert_int_equal(config_read(&c, MSIX_CTL, 2), 0x3f);
	assert_int_equal(config_read(&c, DEVICE_CTL, 2), 0x2810);
	assert_int_equal(config_read(&c, 0x3c, 1), 0);
	assert_int_equal(read32(&c, FAKE_SCRATCH), UINT32_MAX);
	enable(&c);
	assert_int_equal(read32(&c, FAKE_SCRATCH), 0);
	assert_int_equal(read32(&c, FAKE_BUSY), 0);
	assert_int_equal(read32(&c, FAKE_RESETS), count);
	assert_int_equal(region_read(&c, 2, 64, data, 4), 0);
	assert_memory_equal(data, mark, 4);
	/* Once more changes nothing, but for what was refused just now. */
	config_write(&c, COR_STA, ADVISORY, 4);
	reset();
	assert_int_equal(region_read(&c, CONFIG, 0, before, 4096), 0);
	assert_memory_equal(before, after, 4096);
	enable(&c);
}

static void flr(void)
{
	config_write(&c, DEVICE_CTL, 0x2810 | FLR, 2);
	/* It is done when the write is. */
	assert_false(config_read(&c, DEVICE_CTL, 2) & FLR);
}

static void flr_by_byte(void)
{
	config_write(&c, DEVICE_CTL + 1, FLR >> 8, 1);
}

static void message(void)
{
	const struct payload none = { .bytes = 0 };

	assert_int_equal(call(&c, DEVICE_RESET, &none), 0);
	assert_int_equal(c.reply_bytes, 0);
}

static void power(void)
{
	config_write(&c, PM_STATE, 3, 2);
	config_write(&c, PM_STATE, 0, 2);
}

static void resets(void **state)
{
	(void)state;
	enable(&c);
	check_reset(flr, 1);
	check_reset(flr_by_byte, 3);
	check_reset(message, 5);
	check_reset(power, 7);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_what_it_is, start, stop),
		cmocka_unit_test_setup_teardown(has_its_capabilities, start,
						stop),
		cmocka_unit_test_setup_teardown(keeps_read_only_bits, start,
						stop),
		cmocka_unit_test_setup_teardown(knows_the_errors_of_an_endpoint,
						start, stop),
		cmocka_unit_test_setup_teardown(logs_what_it_refuses, start,
						stop),
		cmocka_unit_test_setup_teardown(
			shows_no_header_of_what_is_masked, start, stop),
		cmocka_unit_test_setup_teardown(has_two_power_states, start,
						stop),
		cmocka_unit_test_setup_teardown(answers_only_when_enabled,
						start, stop),
		cmocka_unit_test_setup_teardown(registers_take_words, start,
						stop),
		cmocka_unit_test_setup_teardown(memory_is_one, start, stop),
		cmocka_unit_test_setup_teardown(resets, start, stop),
	};

	server_arguments(argc, argv);
	return RUN_COUNTED(tests);
}
