// SPDX-License-Identifier: MIT
/* Host memory as the board may reach it: windows, permissions, bus master. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"
#include "counted.h"
#include "fake_model.h"
#include "run_server.h"

#define PAGE  0x1000u
#define PAGES 16u
#define BASE  0x100000000ull
#define READ  1u
#define WRITE 2u

enum { DONE = 1, REFUSED = 2 };

static struct server server;
static struct client c;
static int guest;
static uint8_t *memory;

static int start(void **state)
{
	(void)state;
	server_start_fake(&server);
	client_open(&c, server_socket);
	enable(&c);
	guest = new_memory(PAGES * PAGE);
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      guest, 0);
	return memory == MAP_FAILED;
}

static int stop(void **state)
{
	(void)state;
	assert_int_equal(read32(&c, FAKE_OVERLAPS), 0);
	munmap(memory, PAGES * PAGE);
	close(guest);
	client_close(&c);
	server_stop(&server);
	return 0;
}

/* Lets the board read or write; the outcome, enum above. */
static uint32_t dma(uint32_t direction, uint64_t address, uint32_t bytes)
{
	uint32_t result;

	write32(&c, FAKE_DMA_LO, (uint32_t)address);
	write32(&c, FAKE_DMA_HI, (uint32_t)(address >> 32));
	write32(&c, FAKE_DMA_BYTES, bytes);
	write32(&c, FAKE_DMA_GO, direction);
	for (int i = 0; i < 1000; i++) {
		result = read32(&c, FAKE_DMA_RESULT);
		if (result)
			return result;
	}
	return 0;
}

static void copies_what_is_there(void **state)
{
	uint64_t seed = 3;

	(void)state;
	assert_int_equal(map(&c, BASE, PAGES * PAGE, READ | WRITE, guest, 0),
			 0);
	for (int i = 0; i < 100; i++) {
		uint32_t bytes = 4 * (1 + (uint32_t)(rnd(&seed) % 16));
		uint64_t line = rnd(&seed) % (PAGES * PAGE / 64) * 64;
		uint64_t at = line + rnd(&seed) % (65 - bytes);
		uint32_t data[16];

		for (uint32_t j = 0; j < 16; j++) {
			data[j] = (uint32_t)rnd(&seed);
			write32(&c, FAKE_DATA + 4 * j, data[j]);
		}
		assert_int_equal(dma(FAKE_TO_HOST, BASE + at, bytes), DONE);
		assert_memory_equal(memory + at, data, bytes);
		for (uint32_t j = 0; j < bytes; j++)
			memory[at + j] ^= 0x5a;
		assert_int_equal(dma(FAKE_FROM_HOST, BASE + at, bytes), DONE);
		for (uint32_t j = 0; j < bytes / 4; j++)
			assert_int_equal(read32(&c, FAKE_DATA + 4 * j),
					 data[j] ^ 0x5a5a5a5a);
	}
}

static void keeps_to_its_windows(void **state)
{
	(void)state;
	memset(memory, 0x11, PAGES * PAGE);
	/* Two windows, a hole of a page between, the file's pages reversed. */
	assert_int_equal(map(&c, BASE, PAGE, READ | WRITE, guest, PAGE), 0);
	assert_int_equal(map(&c, BASE + 2 * PAGE, PAGE, READ | WRITE, guest, 0),
			 0);
	for (uint32_t i = 0; i < 16; i++)
		write32(&c, FAKE_DATA + 4 * i, 0x22222222);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + PAGE - 64, 64), DONE);
	assert_int_equal(memory[2 * PAGE - 1], 0x22);
	assert_int_equal(memory[2 * PAGE], 0x11);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + PAGE, 64), REFUSED);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + 2 * PAGE - 64, 64), REFUSED);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + 2 * PAGE, 64), DONE);
	assert_int_equal(memory[0], 0x22);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE + 3 * PAGE, 4), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE - 64, 64), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, 0, 4), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, UINT64_MAX - 63, 64), REFUSED);
	/* What was not in a window is as it was. */
	for (uint32_t i = 2 * PAGE; i < PAGES * PAGE; i++)
		assert_int_equal(memory[i], 0x11);
}

static void keeps_permissions(void **state)
{
	int readable;
	char path[64];

	(void)state;
	assert_int_equal(map(&c, BASE, PAGE, READ, guest, 0), 0);
	assert_int_equal(map(&c, BASE + PAGE, PAGE, WRITE, guest, PAGE), 0);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE, 64), DONE);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE + PAGE, 64), REFUSED);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + PAGE, 64), DONE);
	/* A file that may only be read makes no window to write. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", guest);
	readable = open(path, O_RDONLY);
	assert_true(readable >= 0);
	assert_int_equal(map(&c, 2 * BASE, PAGE, READ | WRITE, readable, 0),
			 EACCES);
	assert_int_equal(map(&c, 2 * BASE, PAGE, READ, readable, 0), 0);
	close(readable);
}

static void wants_bus_master(void **state)
{
	(void)state;
	assert_int_equal(map(&c, BASE, PAGE, READ | WRITE, guest, 0), 0);
	config_write(&c, 0x04, 2, 2);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE, 64), REFUSED);
	config_write(&c, 0x04, 6, 2);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), DONE);
	/* A reset takes it away, and leaves the windows. */
	config_write(&c, 0x58, 0x8000, 2);
	config_write(&c, 0x04, 2, 2);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), REFUSED);
	config_write(&c, 0x04, 6, 2);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), DONE);
}

static void refuses_windows(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(map(&c, BASE, 4 * PAGE, READ, guest, 0), 0);
	assert_int_equal(map(&c, BASE, 4 * PAGE, READ, guest, 0), EEXIST);
	assert_int_equal(map(&c, BASE - PAGE, 2 * PAGE, READ, guest, 0),
			 EEXIST);
	assert_int_equal(map(&c, BASE + 3 * PAGE, PAGE, READ, -1, 0), EEXIST);
	assert_int_equal(map(&c, BASE + PAGE, PAGE, READ, guest, 0), EEXIST);
	assert_int_equal(map(&c, 0, 2 * BASE, READ, -1, 0), EEXIST);
	assert_int_equal(map(&c, BASE - PAGE, PAGE, READ, guest, 0), 0);
	assert_int_equal(map(&c, BASE + 4 * PAGE, PAGE, READ, guest, 0), 0);
	/* Memory that no file is. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(map(&c, 2 * BASE, PAGE, READ, ends[0], 0), EINVAL);
	assert_int_equal(map(&c, 2 * BASE, PAGE, READ, c.fd, 0), EINVAL);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(server_maps(&server), 3);
}

static void windows_without_memory(void **state)
{
	(void)state;
	assert_int_equal(map(&c, BASE, PAGE, READ | WRITE, -1, 0), 0);
	assert_int_equal(map(&c, BASE + PAGE, PAGE, READ, -1, 0x123), 0);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE, 64), REFUSED);
	assert_int_equal(dma(FAKE_FROM_HOST, BASE + PAGE, 64), REFUSED);
	assert_int_equal(unmap(&c, BASE, PAGE), 0);
	assert_int_equal(unmap(&c, BASE + PAGE, PAGE), 0);
	assert_int_equal(map(&c, BASE, 2 * PAGE, READ, guest, 0), 0);
}

static void unmaps(void **state)
{
	struct payload all = { .bytes = 0 };

	(void)state;
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(map(&c, BASE + i * PAGE, PAGE, READ | WRITE,
				     guest, i * PAGE),
				 0);
	assert_int_equal(server_maps(&server), PAGES);
	assert_int_equal(unmap(&c, BASE + 3 * PAGE, PAGE), 0);
	assert_int_equal(c.reply_bytes, 24);
	assert_int_equal(at64(c.reply, 8), BASE + 3 * PAGE);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + 3 * PAGE, 64), REFUSED);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + 4 * PAGE, 64), DONE);
	/* Several at once, when none is cut. */
	assert_int_equal(unmap(&c, BASE + 5 * PAGE, 3 * PAGE), 0);
	assert_int_equal(server_maps(&server), PAGES - 4);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + 8 * PAGE, 64), DONE);
	assert_int_equal(map(&c, BASE + 5 * PAGE, 2 * PAGE, READ, guest, 0), 0);
	assert_int_equal(unmap(&c, BASE + 6 * PAGE, PAGE), EINVAL);
	assert_int_equal(unmap(&c, BASE + 4 * PAGE, 2 * PAGE), EINVAL);
	assert_int_equal(server_maps(&server), PAGES - 3);
	/* A range with nothing in it, and one up to the last address. */
	assert_int_equal(unmap(&c, 3 * BASE, 16 * PAGE), 0);
	assert_int_equal(server_maps(&server), PAGES - 3);
	assert_int_equal(map(&c, -(uint64_t)PAGE, PAGE, READ, guest, 0), 0);
	assert_int_equal(map(&c, -2 * (uint64_t)PAGE, 2 * PAGE, READ, -1, 0),
			 EEXIST);
	assert_int_equal(dma(FAKE_FROM_HOST, UINT64_MAX - 63, 64), DONE);
	assert_int_equal(unmap(&c, 3 * BASE, -3 * BASE), 0);
	assert_int_equal(server_maps(&server), PAGES - 3);
	assert_int_equal(dma(FAKE_FROM_HOST, UINT64_MAX - 63, 64), REFUSED);
	put32(&all, 24);
	put32(&all, 2);
	put64(&all, 0);
	put64(&all, 0);
	assert_int_equal(call(&c, DMA_UNMAP, &all), 0);
	assert_int_equal(server_maps(&server), 0);
	assert_int_equal(dma(FAKE_TO_HOST, BASE, 64), REFUSED);
}

/* Windows in random order; each finds its own page. */
static void finds_among_many(void **state)
{
	uint32_t order[PAGES];
	uint64_t seed = 11;

	(void)state;
	for (uint32_t i = 0; i < PAGES; i++)
		order[i] = i;
	for (uint32_t i = PAGES - 1; i; i--) {
		uint32_t j = (uint32_t)(rnd(&seed) % (i + 1)), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < PAGES; i++) {
		assert_int_equal(map(&c, BASE * order[i], PAGE, READ | WRITE,
				     guest, order[i] * PAGE),
				 0);
		memory[order[i] * PAGE] = (uint8_t)(order[i] + 1);
	}
	for (int i = 0; i < 100; i++) {
		uint32_t n = (uint32_t)(rnd(&seed) % PAGES);

		assert_int_equal(dma(FAKE_FROM_HOST, BASE * n, 1), DONE);
		assert_int_equal(read32(&c, FAKE_DATA) & 0xff, n + 1);
		assert_int_equal(dma(FAKE_FROM_HOST, BASE * n + PAGE, 1),
				 REFUSED);
	}
}

/* After the reply to an unmap nothing writes there any more. */
static void nothing_is_in_flight(void **state)
{
	(void)state;
	write32(&c, FAKE_DMA_LO, (uint32_t)BASE);
	write32(&c, FAKE_DMA_HI, (uint32_t)(BASE >> 32));
	write32(&c, FAKE_DMA_BYTES, 64);
	for (uint32_t i = 0; i < 16; i++)
		write32(&c, FAKE_DATA + 4 * i, 0x77777777);
	write32(&c, FAKE_STREAM, 1);
	write32(&c, FAKE_CYCLE_NS, 100);
	write32(&c, FAKE_BUSY, UINT32_MAX);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(map(&c, BASE, PAGE, WRITE, guest, 0), 0);
		for (int j = 0; j < 10000 && memory[0] != 0x77; j++)
			usleep(100);
		assert_int_equal(memory[0], 0x77);
		assert_int_equal(unmap(&c, BASE, PAGE), 0);
		memset(memory, 0, 64);
		usleep(200);
		for (int j = 0; j < 64; j++)
			assert_int_equal(memory[j], 0);
	}
	assert_true(read32(&c, FAKE_STREAM_OK) > 0);
	assert_true(read32(&c, FAKE_STREAM_REFUSED) > 0);
}

/* A file cut after it was mapped is a refusal, not the end of the server. */
static void survives_cut_files(void **state)
{
	(void)state;
	assert_int_equal(map(&c, BASE, 2 * PAGE, READ | WRITE, guest, 0), 0);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + PAGE, 64), DONE);
	assert_int_equal(ftruncate(guest, PAGE), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dma(FAKE_TO_HOST, BASE + PAGE, 64), REFUSED);
		assert_int_equal(dma(FAKE_FROM_HOST, BASE + PAGE, 64), REFUSED);
		assert_int_equal(dma(FAKE_FROM_HOST, BASE, 64), DONE);
	}
	assert_int_equal(ftruncate(guest, 2 * PAGE), 0);
	assert_int_equal(dma(FAKE_TO_HOST, BASE + PAGE, 64), DONE);
	assert_int_equal(ftruncate(guest, PAGES * PAGE), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_what_is_there, start,
						stop),
		cmocka_unit_test_setup_teardown(keeps_to_its_windows, start,
						stop),
		cmocka_unit_test_setup_teardown(keeps_permissions, start, stop),
		cmocka_unit_test_setup_teardown(wants_bus_master, start, stop),
		cmocka_unit_test_setup_teardown(refuses_windows, start, stop),
		cmocka_unit_test_setup_teardown(windows_without_memory, start,
						stop),
		cmocka_unit_test_setup_teardown(unmaps, start, stop),
		cmocka_unit_test_setup_teardown(finds_among_many, start, stop),
		cmocka_unit_test_setup_teardown(nothing_is_in_flight, start,
						stop),
		cmocka_unit_test_setup_teardown(survives_cut_files, start,
						stop),
	};

	server_arguments(argc, argv);
	return RUN_COUNTED(tests);
}
