// SPDX-License-Identifier: MIT
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the descriptors of one recvmsg(), aligned as CMSG_* want it. */
union fd_room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * VFIO_USER_MAX_FDS)];
};

/*
 * The board has one client. Another would wait for ever without a word, so it
 * is let in and closed; unless the present client is about to be found gone,
 * for then the other comes next.
 */
static void send_away(const struct wire *w)
{
	struct pollfd client = { .fd = w->client };
	int other;

	if (poll(&client, 1, 0) > 0 && client.revents & POLLHUP)
		return;
	other = accept(w->listener, NULL, NULL);
	if (other >= 0)
		close(other);
}

static enum wire_end wait_for(const struct wire *w, short events)
{
	struct pollfd p[] = {
		{ .fd = w->client, .events = events },
		{ .fd = w->stop, .events = POLLIN },
		{ .fd = w->listener, .events = POLLIN },
	};

	for (;;) {
		if (poll(p, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			return WIRE_CLOSED;
		}
		if (p[1].revents)
			return WIRE_STOP;
		if (p[0].revents)
			return WIRE_OK;
		if (p[2].revents)
			send_away(w);
	}
}

/* Adds the descriptors of a control message to the message. */
static void take_fds(struct wire_message *m, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count, i;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (m->fd_count < VFIO_USER_MAX_FDS) {
				m->fds[m->fd_count++] = fd;
			} else {
				close(fd);
				m->fds_lost = true;
			}
		}
	}
	if (msg->msg_flags & MSG_CTRUNC)
		m->fds_lost = true;
}

/* Descriptors may come with any byte of a message; all belong to it. */
static enum wire_end receive(const struct wire *w, struct wire_message *m,
			     void *data, size_t bytes)
{
	char *at = data;

	while (bytes) {
		union fd_room room;
		struct iovec iov = { .iov_base = at, .iov_len = bytes };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = room.bytes,
			.msg_controllen = sizeof(room.bytes),
		};
		ssize_t n = recvmsg(w->client, &msg, MSG_CMSG_CLOEXEC);

		if (n > 0) {
			take_fds(m, &msg);
			at += n;
			bytes -= (size_t)n;
		} else if (n == 0) {
			return WIRE_CLOSED;
		} else if (errno == EAGAIN) {
			enum wire_end end = wait_for(w, POLLIN);

			if (end)
				return end;
		} else if (errno != EINTR) {
			return WIRE_CLOSED;
		}
	}
	return WIRE_OK;
}

void wire_stop(const struct wire *w)
{
	shutdown(w->client, SHUT_RD);
}

void wire_close(const struct wire *w)
{
	char rest[4096];
	ssize_t n;

	wire_stop(w);
	do
		n = recv(w->client, rest, sizeof(rest), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && errno == EINTR));
	close(w->client);
}

enum wire_end wire_receive(const struct wire *w, struct wire_message *m)
{
	enum wire_end end;

	m->fd_count = 0;
	m->fds_lost = false;
	m->bytes = 0;
	end = receive(w, m, &m->header, sizeof(m->header));
	if (end)
		return end;
	if (m->header.size < sizeof(m->header) ||
	    m->header.size - sizeof(m->header) > VFIO_USER_MAX_PAYLOAD)
		return WIRE_BAD;
	m->bytes = m->header.size - sizeof(m->header);
	return receive(w, m, m->payload, m->bytes);
}

void wire_close_fds(struct wire_message *m)
{
	unsigned int i;

	for (i = 0; i < m->fd_count; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	m->fd_count = 0;
}

enum wire_end wire_send(const struct wire *w,
			const struct vfio_user_header *header,
			const void *payload, size_t bytes, int fd)
{
	struct iovec iov[] = {
		{ .iov_base = (void *)header, .iov_len = sizeof(*header) },
		{ .iov_base = (void *)payload, .iov_len = bytes },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union fd_room room;

	if (fd >= 0) {
		struct cmsghdr *c;

		memset(&room, 0, sizeof(room));
		msg.msg_control = room.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	while (iov[0].iov_len || iov[1].iov_len) {
		ssize_t n = sendmsg(w->client, &msg, MSG_NOSIGNAL);
		size_t sent, i;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			enum wire_end end = wait_for(w, POLLOUT);

			if (end)
				return end;
			continue;
		}
		if (n < 0)
			return WIRE_CLOSED;
		/* The descriptor went with the first byte. */
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		for (sent = (size_t)n, i = 0; i < 2; i++) {
			size_t part = sent < iov[i].iov_len ? sent :
							      iov[i].iov_len;

			iov[i].iov_base = (char *)iov[i].iov_base + part;
			iov[i].iov_len -= part;
			sent -= part;
		}
	}
	return WIRE_OK;
}
