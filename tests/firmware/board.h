/* SPDX-License-Identifier: MIT */
/*
 * A board model with the real ROM and firmware, and the least of a driver:
 * boot, control requests, one flat page table a context, job rings.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#include "ashlar_abi.h"
#include "ashlar_model.h"
#include "ashlar_regs.h"

#define HOST_BASE  0x700000000ull
#define HOST_BYTES (1u << 20)

/* Places in board memory. */
#define MEM_IMAGE	 0x100000
#define MEM_TABLES	 0x200000 /* 8 KiB a context */
#define MEM_CODE	 0x300000 /* virtual address 0 of every context */
#define MEM_ARGS	 0x310000 /* virtual address 0x10000 */
#define MEM_RINGS	 0x400000 /* 4 KiB a queue */
#define VA_ARGS		 0x10000
#define QUEUE_DEPTH_LOG2 4

struct board {
	const struct ashlar_model_ops *ops;
	struct ashlar_model *model;
	uint8_t *memory; /* of the board */
	uint8_t host[HOST_BYTES];
	uint32_t vectors[64];
	uint32_t req_tail, rep_head, next_id;
	uint32_t pushed[64]; /* jobs of each queue */
	const char *failure; /* of the last call that returned non-zero */
};

/* Open a model; insn_trace may be NULL. Returns 0 or -1. */
int board_open(struct board *b, const char *so, const void *rom,
	       size_t rom_bytes, const char *insn_trace);
void board_close(struct board *b);

uint64_t board_cycles(struct board *b);
uint32_t board_read(struct board *b, uint64_t offset);
void board_write(struct board *b, uint64_t offset, uint32_t value);
/* Run until *word (host memory) has the value; 0, or -1 after the limit. */
int board_until(struct board *b, const volatile uint64_t *word, uint64_t value,
		uint64_t limit, int exactly);

/* Start the firmware image. Returns the post code that ended the wait. */
uint32_t board_boot(struct board *b, const void *image, uint32_t bytes);
/* A control request; returns the status, or ~0 when no answer came. */
uint32_t board_call(struct board *b, uint32_t op, const void *args,
		    uint32_t bytes, struct ashlar_ctrl_msg *reply);
uint32_t board_hello(struct board *b);
uint32_t board_context(struct board *b, uint32_t n);
uint32_t board_queue(struct board *b, uint32_t n, uint32_t context);

/* The kernel at entry of the kernels image, which is kernel_bytes long. */
struct ashlar_job board_job(uint32_t entry, uint32_t kernel_bytes);
void board_push(struct board *b, uint32_t queue, struct ashlar_job job);
void board_ring(struct board *b, uint32_t queue);
volatile uint64_t *board_completed(struct board *b, uint32_t queue);
const struct ashlar_completion *board_completion(struct board *b,
						 uint32_t queue, uint32_t i);

#endif
