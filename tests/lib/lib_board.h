/* SPDX-License-Identifier: MIT */
/*
 * An open device with the kernels of elf_make.h, through the public API only.
 * LIB_DEVICE is its name: the fake board (LIB_MODEL, a shared object), or the
 * card of the fake kernel. Both do the same.
 */
#ifndef LIB_BOARD_H
#define LIB_BOARD_H

#include <stdbool.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "counted.h"
#include "elf_make.h"
#include "fake_board.h"

struct lib_board {
	ashlar_device *dev;
	ashlar_queue *q;
	ashlar_module *module;
	ashlar_kernel *add, *hang, *exit, *illegal, *store, *upto;
};

/* Open the device; NULL takes LIB_DEVICE. Fails the test on error. */
ashlar_device *lib_device(const char *name, ashlar_device *share);
/* All of it, on a new board or on that of `share`. */
void lib_open(struct lib_board *l, ashlar_device *share);
/* Queue, module and kernels on l->dev. */
void lib_fill(struct lib_board *l);
void lib_close(struct lib_board *l);

ashlar_buffer *lib_buffer(ashlar_device *dev, uint64_t bytes, uint32_t flags);
struct ashlar_launch_info lib_launch(ashlar_kernel *k, const void *args,
				     uint32_t bytes);
/* Launch and wait; the result of the wait. */
ashlar_result lib_run(ashlar_queue *q, ashlar_kernel *k, const void *args,
		      uint32_t bytes);
ashlar_result lib_wait(ashlar_fence *f);
/* The device's message contains the text. */
void lib_assert_error(ashlar_device *dev, const char *text);
#define assert_ok(call) assert_int_equal((call), ASHLAR_OK)

/* The firmware image file for the fake board; made when first asked for. */
const char *lib_firmware(void);

#endif
