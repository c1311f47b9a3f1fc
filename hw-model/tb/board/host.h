/* SPDX-License-Identifier: MIT */
/* The bench's host: memory for DMA, a note of what came, checks. */
#ifndef BOARD_TB_HOST_H
#define BOARD_TB_HOST_H

#include "ash_board.h"
#include "ashlar_model.h"
#include "ashlar_regs.h"
#include "model.h"
#include "protocol.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HOST_BASE  0x10000000u /* where its memory is for DMA */
#define HOST_BYTES 0x20000u

#define NOTES_MAX 64

struct host {
	const struct ashlar_model_ops *ops;
	struct ashlar_model *model;
	unsigned char memory[HOST_BYTES];
	unsigned int rings; /* commands given to the test ROM */
	unsigned int vectors; /* vectors raised */
	unsigned int vector[NOTES_MAX]; /* the first of them */
	/* What was at fence_at in host memory when each was raised. */
	uint32_t fence_at;
	uint32_t fence[NOTES_MAX];
	uint64_t fence_cycle; /* device time of the last write there */
	unsigned int misuses;
	char misuse[64]; /* name of the last */
	char misuse_text[256];
};

extern unsigned int passed, failed;

/* Count a check; a failed one is printed. */
#define CHECK(ok, ...)                                         \
	do {                                                   \
		if (ok) {                                      \
			passed++;                              \
		} else {                                       \
			failed++;                              \
			printf("%s:%d: ", __func__, __LINE__); \
			printf(__VA_ARGS__);                   \
			printf("\n");                          \
		}                                              \
	} while (0)

#define CHECK_EQ(value, wanted)                                           \
	do {                                                              \
		unsigned long long value_ = (value);                      \
		unsigned long long wanted_ = (wanted);                    \
		CHECK(value_ == wanted_, "%s is 0x%llx, expected 0x%llx", \
		      #value, value_, wanted_);                           \
	} while (0)

/* The ROM image and the kernel image that the bench was given. */
extern unsigned char *rom_image, *kernel_image;
extern size_t rom_bytes, kernel_bytes;
/* Where files may be written. */
extern const char *out_folder;

/* opt may be NULL; rom is filled in. Ends the bench if it cannot be made. */
struct host *host_new(const struct ashlar_model_options *opt);
void host_delete(struct host *h);

uint32_t rd(struct host *h, uint32_t offset);
void wr(struct host *h, uint32_t offset, uint32_t value);
void wr_mem(struct host *h, uint64_t at, const void *data, size_t bytes);
void rd_mem(struct host *h, uint64_t at, void *data, size_t bytes);
uint64_t now(struct host *h);
uint64_t clocked(struct host *h);

/* Let the ROM start; back when it is ready for commands. */
void start(struct host *h);
/*
 * Give the ROM a command with n arguments and wait until it is done, at most
 * max cycles. Returns whether it was.
 */
bool command(struct host *h, enum tb_command command, const uint32_t *args,
	     unsigned int n, uint64_t max);
/* The same without waiting. */
void send(struct host *h, enum tb_command command, const uint32_t *args,
	  unsigned int n);
uint32_t result(struct host *h, unsigned int n);

/* The groups of tests. */
void test_registers(void);
void test_misuse(void);
void test_processor(void);
void test_time(void);
void test_copies(void);
void test_resets(void);
void test_model(void);
void test_tile(void);
/* A run of everything in one, recorded for test-replay. */
void record_run_of_all(const char *path);

#endif
