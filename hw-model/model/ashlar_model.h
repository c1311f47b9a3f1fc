/* SPDX-License-Identifier: MIT */
/*
 * The board model as a C interface, without a transport.
 *
 * A model is a shared object that exports ashlar_model_get(). Above it stand
 * the in-process library (sim:rtl, sim:fast) and the vfio-user server. The model
 * knows registers and DMA addresses, no software.
 *
 * One thread at a time may be inside a model; callbacks run on that thread,
 * and must not call back into the model. Nothing advances by itself: device
 * time passes in run(), and as little as an access needs in mmio_read() and
 * mmio_write(). The same calls with the same arguments give the same results,
 * callbacks and cycles, always.
 */
#ifndef ASHLAR_MODEL_H
#define ASHLAR_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASHLAR_MODEL_ABI 1

struct ashlar_model; /* opaque, one board */

enum ashlar_model_bar {
	ASHLAR_MODEL_BAR0 = 0, /* registers and doorbells, 32-bit accesses */
	ASHLAR_MODEL_BAR2 = 2, /* board memory, any size and alignment */
};

/* Why run() came back. */
enum ashlar_model_stop {
	ASHLAR_MODEL_BUDGET, /* max_cycles have passed, more to do */
	ASHLAR_MODEL_IDLE, /* nothing will happen without an outside access */
	ASHLAR_MODEL_VECTOR, /* raise_vector() was called in the last cycle */
	ASHLAR_MODEL_DEAD, /* strict mode met a misuse; only destroy() is left */
};

struct ashlar_model_callbacks {
	/*
	 * DMA by the board: bytes is 1..64 and never crosses a 64-byte
	 * boundary. Return 0, or non-zero to refuse the address: the board
	 * then sees a bus error.
	 */
	int (*dma_read)(void *ctx, uint64_t addr, void *data, size_t bytes);
	int (*dma_write)(void *ctx, uint64_t addr, const void *data,
			 size_t bytes);
	/* The board raises interrupt vector 0..63. */
	void (*raise_vector)(void *ctx, unsigned int vector);
	/*
	 * A misuse was met: name is a fixed identifier ("unmapped-register",
	 * "dma-range", "doorbell-disabled", "doorbell-overrun"), text a
	 * sentence with the values. In strict mode the model is dead after
	 * it; otherwise this is a warning. May be NULL.
	 */
	void (*misuse)(void *ctx, const char *name, const char *text);
	void *ctx;
};

struct ashlar_model_options {
	uint32_t size; /* sizeof(struct ashlar_model_options) */
	uint32_t strict; /* non-zero: a misuse ends the model */
	/* Boot ROM image; NULL takes the one built into the model. */
	const void *rom;
	size_t rom_bytes;
	/*
	 * Board memory. -1: the model makes its own. Else a file descriptor
	 * (memfd) of at least the board's memory size, mapped shared; the
	 * model duplicates it.
	 */
	int memory_fd;
	uint32_t reserved; /* zero */
	/* Files to write, NULL for none. */
	const char *record; /* all external operations, for replay */
	const char *wave; /* waveform (FST or VCD by the model) */
	const char *insn_trace; /* retired instructions of all cores */
	/* Window of wave and insn_trace in device cycles; end 0 = no end. */
	uint64_t trace_begin, trace_end;
};

struct ashlar_model_info {
	uint32_t size; /* sizeof(struct ashlar_model_info), set by the caller */
	uint32_t platform; /* ASHLAR_HOST_PLATFORM_* */
	const char *board; /* "sim", "tiny", "product" */
	const void *dtb; /* the board's device tree blob */
	size_t dtb_bytes;
	uint64_t bar0_bytes, bar2_bytes;
	void *memory; /* board memory itself; valid until destroy() */
	uint64_t cycles; /* device time */
	uint64_t clocked; /* of these, cycles that were really simulated */
};

struct ashlar_model_ops {
	uint32_t abi; /* ASHLAR_MODEL_ABI */
	uint32_t size; /* sizeof(struct ashlar_model_ops) */
	const char *name; /* "rtl", "fast" */

	/*
	 * Make a board in its power-on state. On failure returns NULL and a
	 * sentence in error[0..error_bytes-1].
	 */
	struct ashlar_model *(*create)(const struct ashlar_model_callbacks *cb,
				       const struct ashlar_model_options *opt,
				       char *error, size_t error_bytes);
	void (*destroy)(struct ashlar_model *m);

	/*
	 * bytes: 4 in BAR0 (offset a multiple of 4), 1..2^32 in BAR2. Return
	 * 0, or -EINVAL for an access outside the BAR or a bad size, or -EIO
	 * when the model is dead. Outside accesses are a misuse too.
	 */
	int (*mmio_read)(struct ashlar_model *m, enum ashlar_model_bar bar,
			 uint64_t offset, void *data, size_t bytes);
	int (*mmio_write)(struct ashlar_model *m, enum ashlar_model_bar bar,
			  uint64_t offset, const void *data, size_t bytes);

	/* Let at most max_cycles of device time pass. */
	enum ashlar_model_stop (*run)(struct ashlar_model *m,
				      uint64_t max_cycles);
	/* Power cycle without losing board memory (function level reset). */
	void (*reset)(struct ashlar_model *m);
	/* Fill in *info up to info->size. Returns 0 or -EINVAL. */
	int (*info)(struct ashlar_model *m, struct ashlar_model_info *info);
};

const struct ashlar_model_ops *ashlar_model_get(void);

#ifdef __cplusplus
}
#endif
#endif
