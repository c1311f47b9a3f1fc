// SPDX-License-Identifier: MIT
#include "client.h"
#include "counted.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER 16

void put_bytes(struct payload *p, const void *data, size_t bytes)
{
	assert_true(bytes <= sizeof(p->data) - p->bytes);
	memcpy(p->data + p->bytes, data, bytes);
	p->bytes += bytes;
}

void put16(struct payload *p, uint16_t value)
{
	put_bytes(p, &value, sizeof(value));
}

void put32(struct payload *p, uint32_t value)
{
	put_bytes(p, &value, sizeof(value));
}

void put64(struct payload *p, uint64_t value)
{
	put_bytes(p, &value, sizeof(value));
}

uint32_t at32(const uint8_t *data, size_t offset)
{
	uint32_t value;

	memcpy(&value, data + offset, sizeof(value));
	return value;
}

uint64_t at64(const uint8_t *data, size_t offset)
{
	uint64_t value;

	memcpy(&value, data + offset, sizeof(value));
	return value;
}

int client_connect(struct client *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memset(c, 0, sizeof(*c));
	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	c->reply = malloc(PAYLOAD_MAX);
	assert_non_null(c->reply);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	if (!connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return 0;
	client_close(c);
	return -1;
}

void client_open(struct client *c, const char *path)
{
	static const char caps[] =
		"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,\"write_multiple\":true}}";
	struct payload p = { .bytes = 0 };

	assert_int_equal(client_connect(c, path), 0);
	put16(&p, 0);
	put16(&p, 0);
	put_bytes(&p, caps, sizeof(caps));
	assert_int_equal(call(c, VERSION, &p), 0);
}

void client_close_fds(struct client *c)
{
	while (c->reply_fd_count)
		close(c->reply_fds[--c->reply_fd_count]);
}

void client_close(struct client *c)
{
	client_close_fds(c);
	close(c->fd);
	free(c->reply);
	c->fd = -1;
	c->reply = NULL;
}

bool client_send_raw(struct client *c, const void *data, size_t bytes,
		     const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} room = { .bytes = { 0 } };
	const char *at = data;

	while (bytes) {
		struct iovec iov = { (void *)at, bytes };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (fd_count) {
			struct cmsghdr *m = &room.align;

			msg.msg_control = room.bytes;
			msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
			m->cmsg_level = SOL_SOCKET;
			m->cmsg_type = SCM_RIGHTS;
			m->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
			memcpy(CMSG_DATA(m), fds, fd_count * sizeof(int));
		}
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		bytes -= (size_t)n;
		fd_count = 0;
	}
	return true;
}

bool client_send(struct client *c, uint16_t command, uint32_t size,
		 uint32_t flags, const void *payload, size_t bytes,
		 const int *fds, size_t fd_count)
{
	uint8_t *all = malloc(HEADER + bytes);
	uint32_t head[4] = { (uint32_t)command << 16 | ++c->id, size, flags,
			     0 };
	bool ok;

	assert_non_null(all);
	memcpy(all, head, HEADER);
	if (bytes)
		memcpy(all + HEADER, payload, bytes);
	ok = client_send_raw(c, all, HEADER + bytes, fds, fd_count);
	free(all);
	return ok;
}

static int receive(struct client *c, void *data, size_t bytes)
{
	char *at = data;

	while (bytes) {
		union {
			struct cmsghdr align;
			char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
		} room;
		struct iovec iov = { at, bytes };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = room.bytes,
				      .msg_controllen = sizeof(room.bytes) };
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		struct cmsghdr *m;
		ssize_t n;

		if (poll(&p, 1, REPLY_MS) == 0)
			return CLIENT_STALLED;
		n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);
		if (n <= 0)
			return CLIENT_CLOSED;
		m = CMSG_FIRSTHDR(&msg);
		if (m) {
			size_t count =
				(m->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			assert_true(c->reply_fd_count + count <= FDS_MAX);
			memcpy(c->reply_fds + c->reply_fd_count, CMSG_DATA(m),
			       count * sizeof(int));
			c->reply_fd_count += count;
		}
		at += n;
		bytes -= (size_t)n;
	}
	return 0;
}

int client_receive(struct client *c)
{
	uint32_t head[4];
	int err;

	client_close_fds(c);
	err = receive(c, head, sizeof(head));
	if (err)
		return err;
	c->reply_id = (uint16_t)head[0];
	c->reply_command = (uint16_t)(head[0] >> 16);
	c->reply_size = head[1];
	c->reply_flags = head[2];
	c->reply_error = head[3];
	assert_in_range(c->reply_size, HEADER, PAYLOAD_MAX);
	c->reply_bytes = c->reply_size - HEADER;
	return receive(c, c->reply, c->reply_bytes);
}

int call_fds(struct client *c, uint16_t command, const struct payload *p,
	     const int *fds, size_t fd_count)
{
	int err;

	if (!client_send(c, command, (uint32_t)(HEADER + p->bytes), 0, p->data,
			 p->bytes, fds, fd_count))
		return CLIENT_CLOSED;
	err = client_receive(c);
	if (err)
		return err;
	assert_int_equal(c->reply_id, c->id);
	assert_int_equal(c->reply_command, command);
	if (c->reply_flags == 1) {
		assert_int_equal(c->reply_error, 0);
		return 0;
	}
	assert_int_equal(c->reply_flags, 0x21);
	assert_int_equal(c->reply_size, HEADER);
	assert_int_equal(c->reply_fd_count, 0);
	assert_true(c->reply_error > 0);
	return (int)c->reply_error;
}

int call(struct client *c, uint16_t command, const struct payload *p)
{
	return call_fds(c, command, p, NULL, 0);
}

int map(struct client *c, uint64_t address, uint64_t bytes, uint32_t flags,
	int fd, uint64_t offset)
{
	struct payload p = { .bytes = 0 };

	put32(&p, 32);
	put32(&p, flags);
	put64(&p, offset);
	put64(&p, address);
	put64(&p, bytes);
	return call_fds(c, DMA_MAP, &p, &fd, fd >= 0);
}

int unmap(struct client *c, uint64_t address, uint64_t bytes)
{
	struct payload p = { .bytes = 0 };

	put32(&p, 24);
	put32(&p, 0);
	put64(&p, address);
	put64(&p, bytes);
	return call(c, DMA_UNMAP, &p);
}

int set_irqs(struct client *c, uint32_t flags, uint32_t index, uint32_t start,
	     uint32_t count, const int *fds, size_t fd_count)
{
	struct payload p = { .bytes = 0 };

	put32(&p, 20);
	put32(&p, flags);
	put32(&p, index);
	put32(&p, start);
	put32(&p, count);
	return call_fds(c, SET_IRQS, &p, fds, fd_count);
}

int region_read(struct client *c, uint32_t region, uint64_t offset, void *data,
		uint32_t bytes)
{
	struct payload p = { .bytes = 0 };
	int err;

	put64(&p, offset);
	put32(&p, region);
	put32(&p, bytes);
	err = call(c, REGION_READ, &p);
	if (err)
		return err;
	assert_int_equal(c->reply_bytes, 16 + (size_t)bytes);
	assert_memory_equal(c->reply, p.data, 16);
	memcpy(data, c->reply + 16, bytes);
	return 0;
}

int region_write(struct client *c, uint32_t region, uint64_t offset,
		 const void *data, uint32_t bytes)
{
	struct payload p = { .bytes = 0 };
	int err;

	put64(&p, offset);
	put32(&p, region);
	put32(&p, bytes);
	put_bytes(&p, data, bytes);
	err = call(c, REGION_WRITE, &p);
	if (err)
		return err;
	assert_int_equal(c->reply_bytes, 16);
	assert_memory_equal(c->reply, p.data, 16);
	return 0;
}

uint32_t read32(struct client *c, uint64_t offset)
{
	uint32_t value;

	assert_int_equal(region_read(c, 0, offset, &value, 4), 0);
	return value;
}

void write32(struct client *c, uint64_t offset, uint32_t value)
{
	assert_int_equal(region_write(c, 0, offset, &value, 4), 0);
}

uint32_t config_read(struct client *c, uint32_t offset, uint32_t bytes)
{
	uint32_t value = 0;

	assert_int_equal(region_read(c, CONFIG, offset, &value, bytes), 0);
	return value;
}

void config_write(struct client *c, uint32_t offset, uint32_t value,
		  uint32_t bytes)
{
	assert_int_equal(region_write(c, CONFIG, offset, &value, bytes), 0);
}

void enable(struct client *c)
{
	config_write(c, 0x04, 0x0006, 2);
}

int memory_fd(struct client *c, uint64_t *bytes)
{
	struct payload p = { .bytes = 0 };

	put32(&p, 32);
	put32(&p, 0);
	put32(&p, 2);
	put32(&p, 0);
	put64(&p, 0);
	put64(&p, 0);
	assert_int_equal(call(c, GET_REGION_INFO, &p), 0);
	assert_int_equal(c->reply_fd_count, 1);
	*bytes = at64(c->reply, 16);
	c->reply_fd_count = 0;
	return c->reply_fds[0];
}

int new_memory(size_t bytes)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

int new_event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

uint64_t events(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

bool event_comes(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, REPLY_MS) == 1 && events(fd);
}
