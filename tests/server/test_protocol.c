// SPDX-License-Identifier: MIT
/* Version, information, and messages that are wrong in one place. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "counted.h"
#include "fake_model.h"
#include "run_server.h"

static struct server server;

static int start(void **state)
{
	(void)state;
	server_start_fake(&server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	server_stop(&server);
	return 0;
}

static int version(struct client *c, uint16_t major, uint16_t minor,
		   const char *json, size_t bytes)
{
	struct payload p = { .bytes = 0 };

	put16(&p, major);
	put16(&p, minor);
	put_bytes(&p, json, bytes);
	return call(c, VERSION, &p);
}

static void agrees_on_a_version(void **state)
{
	static const char caps[] =
		"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,\"pgsizes\":4096,\"max_dma_maps\":65535,\"write_multiple\":true}}";
	struct client c;

	(void)state;
	assert_int_equal(client_connect(&c, server_socket), 0);
	assert_int_equal(version(&c, 0, 3, caps, sizeof(caps)), 0);
	assert_int_equal(at32(c.reply, 0), 0);
	/* A string that fits where the question fitted. */
	assert_true(c.reply_bytes <= 4 + sizeof(caps));
	assert_int_equal(c.reply[c.reply_bytes - 1], 0);
	assert_int_equal(strlen((char *)c.reply + 4), c.reply_bytes - 5);
	assert_non_null(strstr((char *)c.reply + 4, "\"max_msg_fds\":16"));
	assert_null(strstr((char *)c.reply + 4, "write_multiple"));
	assert_int_equal(version(&c, 0, 0, caps, sizeof(caps)), EALREADY);
	client_close(&c);

	/* A client without room for capabilities gets none. */
	assert_int_equal(client_connect(&c, server_socket), 0);
	assert_int_equal(version(&c, 0, 0, "{}", 3), 0);
	assert_int_equal(c.reply_bytes, 4);
	client_close(&c);
	assert_int_equal(client_connect(&c, server_socket), 0);
	assert_int_equal(version(&c, 0, 0, "", 0), 0);
	assert_int_equal(c.reply_bytes, 4);
	client_close(&c);
}

static void refuses_bad_versions(void **state)
{
	struct payload none = { .bytes = 0 };
	struct client c;

	(void)state;
	assert_int_equal(client_connect(&c, server_socket), 0);
	/* Nothing else comes first. */
	for (uint16_t command = 2; command <= 13; command++)
		assert_int_not_equal(call(&c, command, &none), 0);
	assert_int_equal(version(&c, 1, 0, "{}", 3), EPROTONOSUPPORT);
	assert_int_equal(version(&c, 0xffff, 0xffff, "", 0), EPROTONOSUPPORT);
	assert_int_equal(version(&c, 0, 0, "{}", 2), EINVAL);
	assert_int_equal(version(&c, 0, 0, "{\0}", 4), EINVAL);
	assert_int_equal(call(&c, VERSION, &none), EINVAL);
	assert_int_equal(version(&c, 0, 0, "{}", 3), 0);
	client_close(&c);
}

static void describes_the_device(void **state)
{
	struct payload p = { .bytes = 0 };
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	put32(&p, 16);
	put32(&p, 0);
	put64(&p, 0);
	assert_int_equal(call(&c, GET_INFO, &p), 0);
	assert_int_equal(c.reply_bytes, 16);
	assert_int_equal(at32(c.reply, 0), 16);
	assert_int_equal(at32(c.reply, 4), 3); /* PCI, resets */
	assert_int_equal(at32(c.reply, 8), 9);
	assert_int_equal(at32(c.reply, 12), 5);
	client_close(&c);
}

static void describes_regions(void **state)
{
	static const struct {
		uint64_t bytes;
		uint32_t flags;
	} expected[9] = {
		[0] = { 0x100000, 3 },
		[2] = { FAKE_MEMORY, 7 },
		[4] = { 0x1000, 3 },
		[7] = { 4096, 3 },
	};
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	for (uint32_t i = 0; i < 9; i++) {
		struct payload p = { .bytes = 0 };

		put32(&p, 32);
		put32(&p, 0);
		put32(&p, i);
		put32(&p, 0);
		put64(&p, 0);
		put64(&p, 0);
		assert_int_equal(call(&c, GET_REGION_INFO, &p), 0);
		assert_int_equal(c.reply_bytes, 32);
		assert_int_equal(at32(c.reply, 0), 32);
		assert_int_equal(at32(c.reply, 4), expected[i].flags);
		assert_int_equal(at32(c.reply, 8), i);
		assert_int_equal(at32(c.reply, 12), 0);
		assert_int_equal(at64(c.reply, 16), expected[i].bytes);
		assert_int_equal(at64(c.reply, 24), 0);
		assert_int_equal(c.reply_fd_count, i == 2);
	}
	client_close(&c);
}

static void describes_interrupts(void **state)
{
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	for (uint32_t i = 0; i < 5; i++) {
		struct payload p = { .bytes = 0 };

		put32(&p, 16);
		put32(&p, 0);
		put32(&p, i);
		put32(&p, 0);
		assert_int_equal(call(&c, GET_IRQ_INFO, &p), 0);
		assert_int_equal(c.reply_bytes, 16);
		assert_int_equal(at32(c.reply, 4), i == MSIX ? 9 : 0);
		assert_int_equal(at32(c.reply, 8), i);
		assert_int_equal(at32(c.reply, 12), i == MSIX ? 64 : 0);
	}
	client_close(&c);
}

/* --- One thing wrong ---------------------------------------------------------- */

#define VALID_MAX 40

struct message {
	uint16_t command;
	size_t bytes;
	unsigned int fds;
	uint8_t data[VALID_MAX];
};

#define U32(x)                                                   \
	(uint8_t)(x), (uint8_t)((x) >> 8), (uint8_t)((x) >> 16), \
		(uint8_t)((x) >> 24)
#define U64(x) U32((uint32_t)(x)), U32((uint32_t)((uint64_t)(x) >> 32))

/* Each would be taken as it is; in this order they leave nothing behind. */
static const struct message valid[] = {
	{ DMA_MAP,
	  32,
	  1,
	  { U32(32), U32(3), U64(0x1000), U64(0x10000), U64(0x2000) } },
	{ DMA_UNMAP, 24, 0, { U32(24), U32(0), U64(0x10000), U64(0x2000) } },
	{ GET_INFO, 16, 0, { U32(16) } },
	{ GET_REGION_INFO, 32, 0, { U32(32), U32(0), U32(2) } },
	{ GET_IRQ_INFO, 16, 0, { U32(16), U32(0), U32(2) } },
	{ SET_IRQS, 20, 1, { U32(20), U32(0x24), U32(2), U32(0), U32(1) } },
	{ SET_IRQS, 20, 0, { U32(20), U32(0x21), U32(2), U32(0), U32(0) } },
	{ REGION_READ, 16, 0, { U64(4), U32(7), U32(2) } },
	{ REGION_WRITE, 18, 0, { U64(0x3c), U32(7), U32(2), 5, 0 } },
	{ DEVICE_RESET, 0, 0, { 0 } },
};

struct wrong {
	size_t message; /* in valid[] */
	size_t offset, bytes; /* of the field */
	uint64_t value;
	int error;
};

static const struct wrong wrongs[] = {
	/* DMA_MAP */
	{ 0, 0, 4, 0, EINVAL },
	{ 0, 0, 4, 31, EINVAL },
	{ 0, 0, 4, UINT32_MAX, EINVAL },
	{ 0, 4, 4, 0, EINVAL },
	{ 0, 4, 4, 7, EINVAL },
	{ 0, 4, 4, 0x80000003, EINVAL },
	{ 0, 8, 8, 1, EINVAL },
	{ 0, 8, 8, 0x3000, EINVAL }, /* beyond the end of the file */
	{ 0, 8, 8, 0x5000, EINVAL },
	{ 0, 8, 8, UINT64_MAX - 4095, EINVAL },
	{ 0, 16, 8, 0x10001, EINVAL },
	{ 0, 16, 8, UINT64_MAX - 4095, EINVAL },
	{ 0, 24, 8, 0, EINVAL },
	{ 0, 24, 8, 0x1001, EINVAL },
	{ 0, 24, 8, 0x4000, EINVAL },
	{ 0, 24, 8, UINT64_MAX - 4095, EINVAL },
	/* DMA_UNMAP */
	{ 1, 0, 4, 23, EINVAL },
	{ 1, 4, 4, 1, EINVAL },
	{ 1, 4, 4, 2, EINVAL }, /* all, and a range */
	{ 1, 4, 4, UINT32_MAX, EINVAL },
	{ 1, 8, 8, 0x11000, EINVAL }, /* cuts a window */
	{ 1, 8, 8, 0x10800, EINVAL },
	{ 1, 8, 8, UINT64_MAX - 4095, EINVAL },
	{ 1, 16, 8, 0, EINVAL },
	{ 1, 16, 8, UINT64_MAX - 4095, EINVAL },
	/* GET_INFO, GET_REGION_INFO, GET_IRQ_INFO */
	{ 2, 0, 4, 15, EINVAL },
	{ 3, 0, 4, 31, EINVAL },
	{ 3, 8, 4, 9, EINVAL },
	{ 3, 8, 4, UINT32_MAX, EINVAL },
	{ 4, 0, 4, 15, EINVAL },
	{ 4, 8, 4, 5, EINVAL },
	{ 4, 8, 4, UINT32_MAX, EINVAL },
	/* SET_IRQS with a descriptor */
	{ 5, 0, 4, 19, EINVAL },
	{ 5, 4, 4, 0, EINVAL },
	{ 5, 4, 4, 0x04, EINVAL },
	{ 5, 4, 4, 0x20, EINVAL },
	{ 5, 4, 4, 0x26, EINVAL },
	{ 5, 4, 4, 0x2c, EINVAL },
	{ 5, 4, 4, 0x0c, ENOTSUP },
	{ 5, 4, 4, 0x14, ENOTSUP },
	{ 5, 4, 4, 0x21, EINVAL },
	{ 5, 4, 4, 0x22, EINVAL },
	{ 5, 4, 4, 0x64, EINVAL },
	{ 5, 8, 4, 0, EINVAL },
	{ 5, 8, 4, 3, EINVAL },
	{ 5, 8, 4, 5, EINVAL },
	{ 5, 8, 4, UINT32_MAX, EINVAL },
	{ 5, 12, 4, 64, EINVAL },
	{ 5, 12, 4, UINT32_MAX, EINVAL },
	{ 5, 16, 4, 0, EINVAL },
	{ 5, 16, 4, 2, EINVAL },
	{ 5, 16, 4, 65, EINVAL },
	{ 5, 16, 4, UINT32_MAX, EINVAL },
	/* SET_IRQS without */
	{ 6, 4, 4, 0x24, EINVAL },
	{ 6, 4, 4, 0x22, EINVAL },
	{ 6, 12, 4, 1, EINVAL },
	{ 6, 12, 4, 65, EINVAL },
	{ 6, 16, 4, 65, EINVAL },
	/* REGION_READ */
	{ 7, 0, 8, 4095, EINVAL },
	{ 7, 0, 8, 4096, EINVAL },
	{ 7, 0, 8, UINT64_MAX, EINVAL },
	{ 7, 8, 4, 1, EINVAL },
	{ 7, 8, 4, 6, EINVAL },
	{ 7, 8, 4, 9, EINVAL },
	{ 7, 8, 4, UINT32_MAX, EINVAL },
	{ 7, 12, 4, 0, EINVAL },
	{ 7, 12, 4, 4093, EINVAL },
	{ 7, 12, 4, UINT32_MAX, EINVAL },
	/* REGION_WRITE */
	{ 8, 0, 8, 4095, EINVAL },
	{ 8, 0, 8, UINT64_MAX, EINVAL },
	{ 8, 8, 4, 3, EINVAL },
	{ 8, 8, 4, UINT32_MAX, EINVAL },
	{ 8, 12, 4, 0, EINVAL },
	{ 8, 12, 4, 1, EINVAL },
	{ 8, 12, 4, 3, EINVAL },
	{ 8, 12, 4, UINT32_MAX, EINVAL },
};

/* What each message's descriptor is: a file of three pages, or an event. */
struct gifts {
	int memory, event;
};

static int send_message(struct client *c, const struct message *m,
			const struct gifts *g, size_t fds)
{
	struct payload p = { .bytes = m->bytes };
	int fd[FDS_MAX];

	for (size_t i = 0; i < fds; i++)
		fd[i] = m->command == DMA_MAP ? g->memory : g->event;
	memcpy(p.data, m->data, m->bytes);
	return call_fds(c, m->command, &p, fd, fds);
}

static void still_whole(struct client *c, const struct gifts *g,
			unsigned int fds, unsigned int maps)
{
	assert_int_equal(send_message(c, &valid[2], g, 0), 0);
	assert_int_equal(server_fds(&server), fds);
	assert_int_equal(server_maps(&server), maps);
}

static void refuses_wrong_fields(void **state)
{
	struct gifts g = { new_memory(0x3000), new_event() };
	unsigned int fds, maps = 0;
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	fds = server_fds(&server);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *w = &wrongs[i];
		struct message m = valid[w->message];
		int err;

		/* A window must be there that DMA_UNMAP might take. */
		if (m.command == DMA_UNMAP && !maps) {
			assert_int_equal(send_message(&c, &valid[0], &g, 1), 0);
			maps = 1;
		}
		memcpy(m.data + w->offset, &w->value, w->bytes);
		err = send_message(&c, &m, &g, m.fds);
		if (err != w->error)
			fail_msg("wrong %zu, command %u, offset %zu: %d", i,
				 m.command, w->offset, err);
		still_whole(&c, &g, fds, maps);
	}
	assert_int_equal(send_message(&c, &valid[1], &g, 0), 0);
	/* All of them are right when nothing is wrong. */
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		assert_int_equal(send_message(&c, &valid[i], &g, valid[i].fds),
				 0);
	}
	still_whole(&c, &g, fds, 0);
	client_close(&c);
	close(g.memory);
	close(g.event);
}

static void refuses_wrong_sizes_and_descriptors(void **state)
{
	struct gifts g = { new_memory(0x3000), new_event() };
	unsigned int fds;
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	fds = server_fds(&server);
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		struct message m = valid[i];

		for (size_t n = 0; n <= VALID_MAX; n++) {
			m.bytes = n;
			if (n != valid[i].bytes)
				assert_int_equal(
					send_message(&c, &m, &g, m.fds),
					EINVAL);
		}
		m.bytes = valid[i].bytes;
		for (size_t n = m.fds + 1; n <= FDS_MAX; n++)
			assert_int_equal(send_message(&c, &m, &g, n), EINVAL);
		still_whole(&c, &g, fds, 0);
	}
	client_close(&c);
	close(g.memory);
	close(g.event);
}

static void refuses_wrong_headers(void **state)
{
	static const uint16_t commands[] = { 0,	 6,  11, 12,	14,
					     15, 16, 17, 0x100, 0xffff };
	struct payload none = { .bytes = 0 };
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_int_equal(call(&c, commands[i], &none), ENOTSUP);
	/* Flags that no command has: refused. */
	for (uint32_t bit = 5; bit < 32; bit++) {
		assert_true(client_send(&c, DEVICE_RESET, 16, 1u << bit, NULL,
					0, NULL, 0));
		assert_int_equal(client_receive(&c), 0);
		assert_int_equal(c.reply_flags, 0x21);
		assert_int_equal(c.reply_error, EINVAL);
	}
	client_close(&c);

	/* What is no command at all: the end. */
	for (uint32_t type = 1; type < 16; type++) {
		client_open(&c, server_socket);
		assert_true(client_send(&c, DEVICE_RESET, 16, type, NULL, 0,
					NULL, 0));
		assert_int_equal(client_receive(&c), CLIENT_CLOSED);
		client_close(&c);
	}
	/* Sizes that cannot be. */
	const uint32_t sizes[] = { 0,	       1,
				   15,	       16 + 16 + (1u << 20) + 1,
				   0x7fffffff, 0x80000000,
				   UINT32_MAX };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		client_open(&c, server_socket);
		assert_true(client_send(&c, DEVICE_RESET, sizes[i], 0, NULL, 0,
					NULL, 0));
		assert_int_equal(client_receive(&c), CLIENT_CLOSED);
		client_close(&c);
	}
}

/* The longest message there is, and no longer read. */
static void takes_the_longest(void **state)
{
	const uint32_t most = 1u << 20;
	uint8_t *data = calloc(1, 16 + (size_t)most);
	struct payload p = { .bytes = 0 };
	struct client c;

	(void)state;
	assert_non_null(data);
	client_open(&c, server_socket);
	enable(&c);
	put64(&p, 0x1000);
	put32(&p, 2);
	put32(&p, most);
	memcpy(data, p.data, 16);
	for (uint32_t i = 0; i < most; i++)
		data[16 + i] = (uint8_t)(i * 31 >> 3);
	assert_true(client_send(&c, REGION_WRITE, 32 + most, 0, data,
				16 + (size_t)most, NULL, 0));
	assert_int_equal(client_receive(&c), 0);
	assert_int_equal(c.reply_flags, 1);
	assert_int_equal(call(&c, REGION_READ, &p), 0);
	assert_int_equal(c.reply_bytes, 16 + most);
	assert_memory_equal(c.reply + 16, data + 16, most);

	p.bytes = 12;
	put32(&p, most + 1);
	assert_int_equal(call(&c, REGION_READ, &p), EINVAL);
	client_close(&c);
	free(data);
}

static void says_nothing_when_asked_not_to(void **state)
{
	struct payload p = { .bytes = 0 };
	const uint32_t value = 0x1234;
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	enable(&c);
	put64(&p, FAKE_SCRATCH);
	put32(&p, 0);
	put32(&p, 4);
	put_bytes(&p, &value, sizeof(value));
	assert_true(client_send(&c, REGION_WRITE, 16 + 20, 0x10, p.data, 20,
				NULL, 0));
	/* Nor an error. */
	assert_true(client_send(&c, 99, 16, 0x10, NULL, 0, NULL, 0));
	assert_int_equal(read32(&c, FAKE_SCRATCH), value);
	client_close(&c);
}

/* Byte by byte, and several at once. */
static void takes_fragments_and_batches(void **state)
{
	struct client c;
	uint8_t all[32 * 10];

	(void)state;
	client_open(&c, server_socket);
	for (uint32_t i = 0; i < 10; i++) {
		const uint32_t m[8] = { GET_INFO << 16 | (100 + i), 32, 0, 0,
					16 };

		memcpy(all + 32 * i, m, 32);
	}
	for (size_t i = 0; i < 64; i++) {
		assert_true(client_send_raw(&c, all + i, 1, NULL, 0));
		usleep(1000);
	}
	assert_true(client_send_raw(&c, all + 64, sizeof(all) - 64, NULL, 0));
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(client_receive(&c), 0);
		assert_int_equal(c.reply_id, 100 + i);
		assert_int_equal(c.reply_bytes, 16);
	}
	client_close(&c);
}

/* A client that goes in the middle, with descriptors on their way. */
static void survives_halves(void **state)
{
	unsigned int fds = server_fds(&server);
	const uint32_t head[4] = { DMA_MAP << 16, 48, 0, 0 };
	int memory = new_memory(0x3000);
	struct client c;

	(void)state;
	for (size_t n = 1; n <= sizeof(head); n++) {
		client_open(&c, server_socket);
		assert_true(client_send_raw(&c, head, n, &memory, 1));
		client_close(&c);
	}
	client_open(&c, server_socket);
	client_close(&c);
	close(memory);
	client_open(&c, server_socket);
	assert_int_equal(server_fds(&server), fds + 1);
	client_close(&c);
}

/* A client that asks much and reads nothing, and then goes. */
static void survives_deaf_clients(void **state)
{
	struct payload p = { .bytes = 0 };
	struct client c;

	(void)state;
	client_open(&c, server_socket);
	enable(&c);
	put64(&p, 0);
	put32(&p, 2);
	put32(&p, 1u << 20);
	for (int i = 0; i < 8; i++)
		assert_true(client_send(&c, REGION_READ, 32, 0, p.data, 16,
					NULL, 0));
	usleep(50000);
	client_close(&c);
	client_open(&c, server_socket);
	client_close(&c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agrees_on_a_version, start,
						stop),
		cmocka_unit_test_setup_teardown(refuses_bad_versions, start,
						stop),
		cmocka_unit_test_setup_teardown(describes_the_device, start,
						stop),
		cmocka_unit_test_setup_teardown(describes_regions, start, stop),
		cmocka_unit_test_setup_teardown(describes_interrupts, start,
						stop),
		cmocka_unit_test_setup_teardown(refuses_wrong_fields, start,
						stop),
		cmocka_unit_test_setup_teardown(
			refuses_wrong_sizes_and_descriptors, start, stop),
		cmocka_unit_test_setup_teardown(refuses_wrong_headers, start,
						stop),
		cmocka_unit_test_setup_teardown(takes_the_longest, start, stop),
		cmocka_unit_test_setup_teardown(says_nothing_when_asked_not_to,
						start, stop),
		cmocka_unit_test_setup_teardown(takes_fragments_and_batches,
						start, stop),
		cmocka_unit_test_setup_teardown(survives_halves, start, stop),
		cmocka_unit_test_setup_teardown(survives_deaf_clients, start,
						stop),
	};

	server_arguments(argc, argv);
	return RUN_COUNTED(tests);
}
