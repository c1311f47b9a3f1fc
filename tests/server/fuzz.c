// SPDX-License-Identifier: MIT
/*
 * fuzz SERVER MODEL MESSAGES [SEED]: random clients.
 *
 * Messages are made right and then wrong in random places; some are torn into
 * pieces, some are noise, some come with descriptors of all kinds. Each must be
 * answered or end the connection in time. In the end the server must serve a
 * good client, hold no more descriptors and mappings than at first, and end
 * without a complaint, of which its sanitizers take care.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "counted.h"
#include "fake_model.h"
#include "run_server.h"

#define DATA_MAX 8192

struct message {
	uint8_t header[16];
	uint8_t data[DATA_MAX];
	size_t bytes; /* of data */
	int fds[FDS_MAX];
	size_t fd_count;
};

enum { MEMORY, SHORT_MEMORY, EVENT, PIPE, SOCKET, GIFTS };

static uint64_t state;
static int gifts[GIFTS];
static struct client c;
static unsigned long answered, refused, closed;

static uint32_t below(uint32_t limit)
{
	return (uint32_t)(rnd(&state) >> 32) % limit;
}

/* Values at which things break. */
static uint64_t interesting(void)
{
	static const uint64_t values[] = {
		0,
		1,
		2,
		3,
		4,
		7,
		8,
		16,
		20,
		31,
		32,
		63,
		64,
		65,
		0x1000,
		0x1fff,
		0x10000,
		0xfffff,
		0x100000,
		0x100001,
		0x1fffff,
		0x200000,
		0x7fffffff,
		0x80000000,
		UINT32_MAX,
		0x10000000,
		INT64_MAX,
		1ull << 63,
		UINT64_MAX - 4095,
		UINT64_MAX,
	};

	return below(4) ? values[below(sizeof(values) / sizeof(values[0]))] :
			  rnd(&state);
}

static void add(struct message *m, uint64_t value, size_t bytes)
{
	memcpy(m->data + m->bytes, &value, bytes);
	m->bytes += bytes;
}

static void add_fds(struct message *m, size_t count, int fd)
{
	while (count-- && m->fd_count < FDS_MAX)
		m->fds[m->fd_count++] = fd;
}

static uint32_t pages(uint32_t limit)
{
	return 0x1000 * below(limit);
}

static void make_irqs(struct message *m)
{
	static const uint32_t forms[] = { 0x21, 0x22, 0x24, 0x24, 0x24 };
	uint32_t form = forms[below(5)];
	uint32_t start = below(64), count = below(17);

	if (count > 64 - start)
		count = 64 - start;
	add(m, 20, 4);
	add(m, form, 4);
	add(m, below(8) ? MSIX : below(5), 4);
	add(m, form == 0x21 && !count ? 0 : start, 4);
	add(m, count, 4);
	if (form == 0x22)
		for (uint32_t i = 0; i < count; i++)
			add(m, below(2), 1);
	if (form == 0x24 && below(4))
		add_fds(m, count, gifts[below(8) ? EVENT : below(GIFTS)]);
}

/* Accesses that mean something to the board of the test. */
static void make_access(struct message *m, bool write)
{
	static const uint32_t regions[] = { 0, 0, 0, 0, 2, 4, 7, 7 };
	static const uint32_t config[] = { 0x04, 0x44, 0x58, 0x59, 0xa2, 0x3c };
	uint32_t region = regions[below(8)];
	uint32_t bytes = below(4) ? 4 : 1u << below(13);
	uint64_t offset = 4 * below(0x140 / 4);

	if (region == CONFIG && below(2))
		offset = config[below(6)];
	else if (region && below(2))
		offset = below(0x200000);
	if (bytes > DATA_MAX - 64)
		bytes = 4;
	add(m, offset, 8);
	add(m, region, 4);
	add(m, bytes, 4);
	if (!write)
		return;
	for (uint32_t i = 0; i < bytes; i += 4)
		add(m, below(2) ? below(70) : rnd(&state), 4);
	m->bytes = 16 + bytes;
	/* Work that never ends, and slowly, would end the test. */
	if (!region && bytes == 4 &&
	    (offset == FAKE_CYCLE_NS || offset == FAKE_BUSY)) {
		uint32_t value = below(1000);

		memcpy(m->data + 16, &value, 4);
	}
}

static uint16_t make(struct message *m)
{
	static const uint16_t commands[] = {
		VERSION,      DMA_MAP,	    DMA_MAP,	     DMA_UNMAP,
		GET_INFO,     GET_IRQ_INFO, GET_REGION_INFO, SET_IRQS,
		SET_IRQS,     REGION_READ,  REGION_READ,     REGION_WRITE,
		REGION_WRITE, REGION_WRITE, DEVICE_RESET,
	};
	uint16_t command =
		commands[below(sizeof(commands) / sizeof(commands[0]))];

	m->bytes = 0;
	m->fd_count = 0;
	switch (command) {
	case VERSION:
		add(m, 0, 4);
		add(m, 0x7d7b, 3);
		break;
	case DMA_MAP:
		add(m, 32, 4);
		add(m, 1 + below(3), 4);
		add(m, pages(8), 8);
		add(m, below(2) ? pages(64) : interesting() & ~0xfffull, 8);
		add(m, pages(8), 8);
		if (below(4))
			add_fds(m, 1, gifts[below(8) ? MEMORY : below(GIFTS)]);
		break;
	case DMA_UNMAP:
		add(m, 24, 4);
		add(m, below(16) ? 0 : 2, 4);
		add(m, pages(64), 8);
		add(m, pages(below(2) ? 8 : 64), 8);
		break;
	case GET_INFO:
		add(m, 16, 4);
		add(m, 0, 4);
		add(m, 0, 8);
		break;
	case GET_REGION_INFO:
		add(m, 32, 4);
		add(m, 0, 4);
		add(m, below(9), 4);
		add(m, 0, 4);
		add(m, 0, 8);
		add(m, 0, 8);
		break;
	case GET_IRQ_INFO:
		add(m, 16, 4);
		add(m, 0, 4);
		add(m, below(5), 4);
		add(m, 0, 4);
		break;
	case SET_IRQS:
		make_irqs(m);
		break;
	case REGION_READ:
	case REGION_WRITE:
		make_access(m, command == REGION_WRITE);
		break;
	default:
		break;
	}
	return command;
}

static void spoil(struct message *m)
{
	uint64_t value = interesting();
	size_t n = 1u << below(4), at;

	switch (below(6)) {
	case 0: /* a field */
	case 1:
		at = below(8) * 4;
		if (at + n <= m->bytes)
			memcpy(m->data + at, &value, n);
		break;
	case 2: /* a bit */
		if (m->bytes)
			m->data[below((uint32_t)m->bytes)] ^=
				(uint8_t)(1u << below(8));
		break;
	case 3: /* the length, header and all in accord */
		m->bytes = below(64);
		break;
	case 4:
		add_fds(m, below(FDS_MAX), gifts[below(GIFTS)]);
		break;
	default: /* the header */
		if (below(4))
			memcpy(m->header + 2, &value, 2);
		else
			memcpy(m->header + 4 * (1 + below(3)), &value, 4);
		break;
	}
}

static void head(struct message *m, uint16_t command)
{
	const uint32_t h[4] = { (uint32_t)command << 16 | ++c.id,
				(uint32_t)(16 + m->bytes), below(16) ? 0 : 0x10,
				0 };

	memcpy(m->header, h, sizeof(h));
}

static bool send_all(const struct message *m)
{
	uint8_t all[16 + DATA_MAX];
	size_t total = 16 + m->bytes, at = 0;
	size_t fds = m->fd_count;
	const int *fd = m->fds;

	memcpy(all, m->header, 16);
	memcpy(all + 16, m->data, m->bytes);
	if (below(16))
		return client_send_raw(&c, all, total, fd, fds);
	/* In pieces, the descriptors with any of them. */
	while (at < total) {
		size_t piece = 1 + below((uint32_t)(total - at));
		size_t give = fds ? below((uint32_t)fds + 1) : 0;

		if (!client_send_raw(&c, all + at, piece, fd, give))
			return false;
		fd += give;
		fds -= give;
		at += piece;
	}
	return true;
}

static void reconnect(void)
{
	client_close(&c);
	client_open(&c, server_socket);
	if (below(8))
		enable(&c);
}

/* Sends a message and judges what comes of it. */
static void one(struct message *m)
{
	uint16_t command = make(m);
	uint32_t size, flags;
	int err;

	head(m, command);
	for (uint32_t i = below(2) ? below(4) : 0; i; i--)
		spoil(m);
	if (below(4))
		memcpy(m->header + 4, &(uint32_t){ (uint32_t)(16 + m->bytes) },
		       4);
	memcpy(&size, m->header + 4, 4);
	memcpy(&flags, m->header + 8, 4);
	if (!send_all(m)) {
		closed++;
		reconnect();
		return;
	}
	/* More is awaited than was sent, or less: nobody knows what follows. */
	if (size != 16 + m->bytes || !below(200)) {
		if (!below(4))
			shutdown(c.fd, SHUT_WR);
		reconnect();
		return;
	}
	if ((flags & 0x1f) == 0x10)
		return;
	err = client_receive(&c);
	if (err == CLIENT_CLOSED) {
		closed++;
		reconnect();
		return;
	}
	if (err) {
		fprintf(stderr, "no answer to command %u, size %u, flags %x\n",
			m->header[2] | m->header[3] << 8, size, flags);
		exit(1);
	}
	if (c.reply_flags & 0x20)
		refused++;
	else
		answered++;
}

/* Is the board still what it was? */
static bool sound(const struct server *s, unsigned int fds)
{
	client_close(&c);
	client_open(&c, server_socket);
	config_write(&c, 0x58, 0x8000, 2);
	enable(&c);
	if (read32(&c, FAKE_ID) != FAKE_ID_VALUE || read32(&c, FAKE_OVERLAPS)) {
		fprintf(stderr, "the board is damaged\n");
		return false;
	}
	if (server_fds(s) != fds || server_maps(s)) {
		fprintf(stderr, "%u descriptors, %u mappings; were %u, 0\n",
			server_fds(s), server_maps(s), fds);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct message *m = malloc(sizeof(*m));
	unsigned long count, seed, i;
	unsigned int fds;
	struct server s;
	int ends[2];
	bool good;

	server_arguments(argc, argv);
	count = argc > 3 ? strtoul(argv[3], NULL, 0) : 1000;
	seed = argc > 4 ? strtoul(argv[4], NULL, 0) : 1;
	state = seed * 0x9e3779b97f4a7c15ull | 1;
	gifts[MEMORY] = new_memory(0x10000);
	gifts[SHORT_MEMORY] = new_memory(0x1800);
	gifts[EVENT] = new_event();
	if (!m || pipe(ends))
		return 1;
	gifts[PIPE] = ends[1];
	gifts[SOCKET] = socket(AF_UNIX, SOCK_DGRAM, 0);

	server_start_fake(&s);
	client_open(&c, server_socket);
	enable(&c);
	fds = server_fds(&s);
	for (i = 0; i < count; i++) {
		one(m);
		/* The file that windows show is cut and grown meanwhile. */
		if (!below(50) &&
		    ftruncate(gifts[MEMORY], below(2) ? 0x10000 : 0x2000))
			return 1;
		if (!(i % 5000) && i && !sound(&s, fds))
			return 1;
	}
	good = sound(&s, fds);
	client_close(&c);
	server_stop(&s);
	free(m);
	printf("seed %lu: %lu messages: %lu answered, %lu refused, %lu ended the connection\n",
	       seed, count, answered, refused, closed);
	good = good && answered && refused && closed;
	printf("%d passed, %d failed\n", good, !good);
	return !good;
}
