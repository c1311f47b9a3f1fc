/* SPDX-License-Identifier: MIT */
/*
 * A small vfio-user client. It puts messages together by offsets of its own,
 * not with the server's structures, so that a wrong one shows.
 */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VERSION = 1,
	DMA_MAP = 2,
	DMA_UNMAP = 3,
	GET_INFO = 4,
	GET_REGION_INFO = 5,
	GET_IRQ_INFO = 7,
	SET_IRQS = 8,
	REGION_READ = 9,
	REGION_WRITE = 10,
	DEVICE_RESET = 13,
};

enum { CONFIG = 7, MSIX = 2 };

/* A reply takes no longer than this, on the busiest machine. */
#define REPLY_MS 5000

#define PAYLOAD_MAX ((1u << 20) + 64)
#define FDS_MAX	    32

/* Bytes of a message, little endian. */
struct payload {
	uint8_t data[8192];
	size_t bytes;
};

void put16(struct payload *p, uint16_t value);
void put32(struct payload *p, uint32_t value);
void put64(struct payload *p, uint64_t value);
void put_bytes(struct payload *p, const void *data, size_t bytes);
uint32_t at32(const uint8_t *data, size_t offset);
uint64_t at64(const uint8_t *data, size_t offset);

struct client {
	int fd;
	uint16_t id;
	/* The last reply. */
	uint32_t reply_size, reply_flags, reply_error;
	uint16_t reply_id, reply_command;
	uint8_t *reply; /* payload */
	size_t reply_bytes;
	int reply_fds[FDS_MAX];
	size_t reply_fd_count;
};

/* -1: nobody there. client_open() also agrees on a version, or fails. */
int client_connect(struct client *c, const char *path);
void client_open(struct client *c, const char *path);
void client_close(struct client *c);
void client_close_fds(struct client *c);

/* A header and what is behind it, as it is, in one piece. */
bool client_send(struct client *c, uint16_t command, uint32_t size,
		 uint32_t flags, const void *payload, size_t bytes,
		 const int *fds, size_t fd_count);
bool client_send_raw(struct client *c, const void *data, size_t bytes,
		     const int *fds, size_t fd_count);

enum { CLIENT_CLOSED = -1, CLIENT_STALLED = -2 };

/* 0, or one of the above. */
int client_receive(struct client *c);

/* Returns 0, the errno of the reply, or one of the above. Checks the reply. */
int call(struct client *c, uint16_t command, const struct payload *p);
int call_fds(struct client *c, uint16_t command, const struct payload *p,
	     const int *fds, size_t fd_count);

/* The commands. Those without a return value must succeed. */
int map(struct client *c, uint64_t address, uint64_t bytes, uint32_t flags,
	int fd, uint64_t offset);
int unmap(struct client *c, uint64_t address, uint64_t bytes);
int set_irqs(struct client *c, uint32_t flags, uint32_t index, uint32_t start,
	     uint32_t count, const int *fds, size_t fd_count);
int region_read(struct client *c, uint32_t region, uint64_t offset, void *data,
		uint32_t bytes);
int region_write(struct client *c, uint32_t region, uint64_t offset,
		 const void *data, uint32_t bytes);
uint32_t read32(struct client *c, uint64_t offset); /* BAR0 */
void write32(struct client *c, uint64_t offset, uint32_t value);
uint32_t config_read(struct client *c, uint32_t offset, uint32_t bytes);
void config_write(struct client *c, uint32_t offset, uint32_t value,
		  uint32_t bytes);
/* Memory space and bus master on. */
void enable(struct client *c);
/* The descriptor of BAR2, the caller's. */
int memory_fd(struct client *c, uint64_t *bytes);

/* A memory file of so many bytes. */
int new_memory(size_t bytes);
/* An eventfd, and what has been counted in one since last asked. */
int new_event(void);
uint64_t events(int fd);
/* Whether something has been counted within REPLY_MS. */
bool event_comes(int fd);

#endif
