/* SPDX-License-Identifier: MIT */
/* The demo's network as train.py writes it (format there). */
#ifndef DEMO_WEIGHTS_H
#define DEMO_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#define WEIGHTS_LAYERS_MAX 16u
#define WEIGHTS_WIDTH_MAX  4096u /* inputs or outputs of a layer */

struct layer {
	uint32_t inputs, outputs;
	uint32_t scale_bits; /* fp32, of the int8 form */
	/* Little endian arrays inside the file. */
	const uint8_t *w_int8; /* [outputs][inputs] */
	const uint8_t *b_int8; /* int32 [outputs] */
	const uint8_t *w_bf16; /* [outputs][inputs] */
	const uint8_t *b_bf16; /* fp32 [outputs] */
};

struct weights {
	uint8_t *file;
	size_t bytes;
	uint32_t layers;
	struct layer layer[WEIGHTS_LAYERS_MAX];
	uint32_t input_factor; /* int8 input = pixel * this */
	uint32_t tests; /* rows of the data that were not trained with */
	const uint8_t *test_rows; /* u16 [tests] */
};

/*
 * Check `bytes` bytes and describe them; they must stay. Returns 0, or -1 with
 * a sentence that names field, value and limit.
 */
int weights_parse(struct weights *w, const uint8_t *file, size_t bytes,
		  char *error, size_t error_bytes);
/* Read and parse a file; release with weights_free(). */
int weights_load(struct weights *w, const char *path, char *error,
		 size_t error_bytes);
void weights_free(struct weights *w);

/* Row number i of the test rows. */
uint32_t weights_test_row(const struct weights *w, uint32_t i);

#endif
