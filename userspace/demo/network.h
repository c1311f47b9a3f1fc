/* SPDX-License-Identifier: MIT */
/*
 * The network on the device: one buffer holds inputs, weights and the outputs
 * of every layer; a layer is one launch of the gemm kernel. The host keeps a
 * copy of the buffer, in which the C reference computes the same.
 */
#ifndef DEMO_NETWORK_H
#define DEMO_NETWORK_H

#include <stdint.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernels.h>

#include "images.h"
#include "weights.h"

enum form { FORM_INT8, FORM_BF16 };

struct network {
	enum form form;
	uint32_t rows; /* images */
	uint32_t layers, outputs;
	/* Addresses in it are offsets into the buffer. */
	struct ashlar_gemm_args layer[WEIGHTS_LAYERS_MAX];
	uint8_t *memory; /* the host's copy */
	uint64_t bytes;
	uint64_t macs; /* multiplications and additions that count */
};

/* Lay out and fill the memory. 0, or -1: no memory. */
int network_init(struct network *n, enum form form, const struct weights *w,
		 const struct image *const *images, uint32_t rows);
void network_free(struct network *n);

/* Figures of a run on the device. */
struct network_run {
	uint64_t cycles; /* first tile start to last tile end */
	uint64_t busy; /* of the matrix units, summed over tiles */
	uint64_t clocked; /* cycles simulated for it */
	uint32_t tiles;
	double seconds; /* of the host */
	uint64_t wrong; /* bytes that differ from the reference */
};

/*
 * Run on the device's tiles, compare the outputs of every layer with the
 * reference. show: draw progress on the terminal. On failure prints why and
 * returns -1.
 */
int network_run(struct network *n, ashlar_device *device, ashlar_queue *queue,
		ashlar_kernel *gemm, int show, struct network_run *run);

/* The first greatest output of an image, from the reference's memory. */
uint32_t network_answer(const struct network *n, uint32_t row);

#endif
