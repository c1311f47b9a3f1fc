/* SPDX-License-Identifier: MIT */
/* Reports of what the user of the board did wrong. */
#ifndef ASHLAR_MODEL_MISUSE_H
#define ASHLAR_MODEL_MISUSE_H

#include <stdbool.h>
#include <stdint.h>

struct ashlar_model;

/* Report by name and sentence; ends a strict model. */
__attribute__((format(printf, 3, 4))) void
model_misuse(struct ashlar_model *m, const char *name, const char *format, ...);

/* What a report of the board needs. */
struct model_misuse_values {
	uint64_t addr; /* offset in BAR0, or DMA address */
	bool we;
	uint32_t value, head, depth; /* of a doorbell */
};

/* Report what the board noticed: bits of HOST_ERR. */
void model_board_misuse(struct ashlar_model *m, unsigned int bits,
			const struct model_misuse_values *v);

#endif
