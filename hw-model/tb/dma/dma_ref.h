/* SPDX-License-Identifier: MIT */
/*
 * What a macro-operation of the load or store DMA does, byte by byte, straight
 * from registers.md.
 */
#ifndef DMA_REF_H
#define DMA_REF_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The parameter registers; array index 0 is the lowest-numbered register. */
struct dma_ref_cmd {
	uint64_t gaddr;
	uint32_t laddr, run;
	uint32_t count[3];
	uint32_t gstride[3];
	uint32_t lstride[3];
	uint32_t start[4];
	uint32_t limit[4];
	uint32_t step[3];
	uint32_t gather, index;
};

struct dma_ref_fault {
	unsigned int cause; /* TILE.FAULT_CAUSE */
	uint32_t sub;
	uint64_t addr;
};

/* Moves one byte at a device virtual address; returns 0 or a fault cause. */
typedef unsigned int (*dma_ref_byte)(void *ctx, uint64_t va, uint8_t *byte,
				     bool store);

/*
 * Does cmd on spad. Returns true, or false with *fault filled in; what came
 * before the fault is done then.
 */
bool dma_ref_run(const struct dma_ref_cmd *cmd, bool store, uint8_t *spad,
		 uint32_t spad_bytes, dma_ref_byte byte, void *ctx,
		 struct dma_ref_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
