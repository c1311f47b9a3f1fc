// SPDX-License-Identifier: MIT
/* Interrupt vectors by eventfd, in all the forms in which they are set. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "counted.h"
#include "fake_model.h"
#include "run_server.h"

#define VECTORS 64
#define NONE	0x21u
#define BOOL	0x22u
#define EVENTFD 0x24u
#define PBA	0x800

static struct server server;
static struct client c;
static int event[VECTORS];

static int start(void **state)
{
	(void)state;
	server_start_fake(&server);
	client_open(&c, server_socket);
	enable(&c);
	for (int i = 0; i < VECTORS; i++)
		event[i] = new_event();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	assert_int_equal(read32(&c, FAKE_OVERLAPS), 0);
	for (int i = 0; i < VECTORS; i++)
		close(event[i]);
	client_close(&c);
	server_stop(&server);
	return 0;
}

static int set(uint32_t flags, uint32_t first, uint32_t count, size_t fds)
{
	return set_irqs(&c, flags, MSIX, first, count, event + first, fds);
}

static void set_all(void)
{
	for (uint32_t i = 0; i < VECTORS; i += 16)
		assert_int_equal(set(EVENTFD, i, 16, 16), 0);
}

/* The board raises a vector; the register is read back when that is done. */
static void raise_vector(uint32_t vector)
{
	uint32_t cycles = read32(&c, FAKE_CYCLES);

	write32(&c, FAKE_VECTOR, vector);
	for (int i = 0; i < 1000; i++)
		if (read32(&c, FAKE_CYCLES) != cycles)
			return;
	fail_msg("the board did not raise vector %u", vector);
}

static uint64_t pending(void)
{
	uint64_t bits;

	assert_int_equal(region_read(&c, 4, PBA, &bits, sizeof(bits)), 0);
	return bits;
}

static void each_to_its_eventfd(void **state)
{
	(void)state;
	set_all();
	for (uint32_t v = 0; v < VECTORS; v++) {
		raise_vector(v);
		for (uint32_t i = 0; i < VECTORS; i++)
			assert_int_equal(events(event[i]), i == v);
	}
	raise_vector(5);
	raise_vector(5);
	assert_int_equal(events(event[5]), 2);
	/* More than a message may have is not taken for what it may. */
	assert_int_equal(set(EVENTFD, 0, 16, 17), EINVAL);
	assert_int_equal(set(EVENTFD, 0, 17, 17), EINVAL);
	assert_int_equal(pending(), 0);
}

/* The order in which a machine does it when a driver enables MSI-X. */
static void as_enabled_by_a_machine(void **state)
{
	unsigned int fds = server_fds(&server);

	(void)state;
	config_write(&c, 0xa2, 0xc000, 2);
	assert_int_equal(set(EVENTFD, 0, 1, 0), 0);
	assert_int_equal(set(NONE, 0, 0, 0), 0);
	raise_vector(1);
	assert_int_equal(set(EVENTFD, 0, 2, 2), 0);
	config_write(&c, 0xa2, 0x8000, 2);
	/* What came in between is there now. */
	assert_int_equal(events(event[1]), 1);
	assert_int_equal(events(event[0]), 0);
	raise_vector(0);
	assert_int_equal(events(event[0]), 1);
	/* A vector more, while others are on. */
	assert_int_equal(set(EVENTFD, 7, 1, 1), 0);
	raise_vector(7);
	raise_vector(0);
	assert_int_equal(events(event[7]), 1);
	assert_int_equal(events(event[0]), 1);
	assert_int_equal(server_fds(&server), fds + 3);
	assert_int_equal(set(NONE, 0, 0, 0), 0);
	assert_int_equal(server_fds(&server), fds);
}

static void nothing_is_lost_while_off(void **state)
{
	(void)state;
	raise_vector(3);
	raise_vector(3);
	raise_vector(63);
	assert_int_equal(pending(), 1ull << 3 | 1ull << 63);
	set_all();
	assert_int_equal(events(event[3]), 1);
	assert_int_equal(events(event[63]), 1);
	assert_int_equal(events(event[0]), 0);
	assert_int_equal(pending(), 0);
	/* Off by zero descriptors: only these. */
	assert_int_equal(set(EVENTFD, 3, 2, 0), 0);
	raise_vector(2);
	raise_vector(3);
	raise_vector(4);
	raise_vector(5);
	assert_int_equal(events(event[2]), 1);
	assert_int_equal(events(event[3]), 0);
	assert_int_equal(events(event[4]), 0);
	assert_int_equal(events(event[5]), 1);
	assert_int_equal(pending(), 3ull << 3);
	assert_int_equal(set(EVENTFD, 4, 1, 1), 0);
	assert_int_equal(events(event[4]), 1);
	assert_int_equal(pending(), 1ull << 3);
}

static void replaces_eventfds(void **state)
{
	unsigned int fds = server_fds(&server);
	int other = new_event();

	(void)state;
	assert_int_equal(set(EVENTFD, 0, 1, 1), 0);
	assert_int_equal(set_irqs(&c, EVENTFD, MSIX, 0, 1, &other, 1), 0);
	assert_int_equal(server_fds(&server), fds + 1);
	raise_vector(0);
	assert_int_equal(events(event[0]), 0);
	assert_int_equal(events(other), 1);
	close(other);
}

static void client_can_trigger(void **state)
{
	struct payload p = { .bytes = 0 };
	const uint8_t choice[4] = { 1, 0, 0, 1 };

	(void)state;
	set_all();
	assert_int_equal(set(NONE, 10, 3, 0), 0);
	for (uint32_t i = 0; i < VECTORS; i++)
		assert_int_equal(events(event[i]), i >= 10 && i < 13);
	put32(&p, 24);
	put32(&p, BOOL);
	put32(&p, MSIX);
	put32(&p, 60);
	put32(&p, 4);
	put_bytes(&p, choice, sizeof(choice));
	assert_int_equal(call(&c, SET_IRQS, &p), 0);
	for (uint32_t i = 0; i < VECTORS; i++)
		assert_int_equal(events(event[i]), i == 60 || i == 63);
	p.bytes--;
	assert_int_equal(call(&c, SET_IRQS, &p), EINVAL);
}

static void resets_keep_eventfds(void **state)
{
	const struct payload none = { .bytes = 0 };

	(void)state;
	assert_int_equal(set(EVENTFD, 0, 2, 2), 0);
	raise_vector(9);
	assert_int_equal(pending(), 1ull << 9);
	assert_int_equal(call(&c, DEVICE_RESET, &none), 0);
	enable(&c);
	assert_int_equal(pending(), 0);
	raise_vector(1);
	assert_int_equal(events(event[1]), 1);
	assert_int_equal(set(EVENTFD, 9, 1, 1), 0);
	assert_int_equal(events(event[9]), 0);
}

/* Only the pending bits are here; the table is the client's. */
static void table_is_elsewhere(void **state)
{
	uint8_t data[4096], zero[4096] = { 0 };

	(void)state;
	memset(data, 0xff, sizeof(data));
	assert_int_equal(region_write(&c, 4, 0, data, 4000), 0);
	assert_int_equal(region_read(&c, 4, 0, data, sizeof(data)), 0);
	assert_memory_equal(data, zero, sizeof(data));
	raise_vector(8);
	assert_int_equal(region_read(&c, 4, PBA + 1, data, 1), 0);
	assert_int_equal(data[0], 1);
	assert_int_equal(region_read(&c, 4, 4096, data, 1), EINVAL);
}

/* Descriptors that are no eventfds, or full, stop nothing. */
static void bad_descriptors(void **state)
{
	const uint64_t most = UINT64_MAX - 1;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(set_irqs(&c, EVENTFD, MSIX, 0, 1, &ends[1], 1), 0);
	close(ends[1]);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(set_irqs(&c, EVENTFD, MSIX, 1, 1, &ends[0], 1), 0);
	assert_int_equal(set_irqs(&c, EVENTFD, MSIX, 2, 1, &ends[1], 1), 0);
	assert_int_equal(set_irqs(&c, EVENTFD, MSIX, 3, 1, &c.fd, 1), 0);
	/* The server made it non-blocking for itself; so it is for us. */
	fcntl(c.fd, F_SETFL, fcntl(c.fd, F_GETFL) & ~O_NONBLOCK);
	assert_int_equal(set(EVENTFD, 4, 1, 1), 0);
	assert_int_equal(write(event[4], &most, sizeof(most)), sizeof(most));
	raise_vector(0);
	raise_vector(1);
	for (int i = 0; i < 10000; i++)
		write32(&c, FAKE_VECTOR, 2);
	raise_vector(4);
	raise_vector(4);
	assert_int_equal(events(event[4]), most);
	close(ends[0]);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_to_its_eventfd, start,
						stop),
		cmocka_unit_test_setup_teardown(as_enabled_by_a_machine, start,
						stop),
		cmocka_unit_test_setup_teardown(nothing_is_lost_while_off,
						start, stop),
		cmocka_unit_test_setup_teardown(replaces_eventfds, start, stop),
		cmocka_unit_test_setup_teardown(client_can_trigger, start,
						stop),
		cmocka_unit_test_setup_teardown(resets_keep_eventfds, start,
						stop),
		cmocka_unit_test_setup_teardown(table_is_elsewhere, start,
						stop),
		cmocka_unit_test_setup_teardown(bad_descriptors, start, stop),
	};

	server_arguments(argc, argv);
	return RUN_COUNTED(tests);
}
