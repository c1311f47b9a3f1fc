/* SPDX-License-Identifier: MIT */
/*
 * A small convolutional network for the digits: 3x3 convolution to 16
 * channels, 3x3 to 32, 2x2 maximum, 512 to 10; ReLU behind the convolutions.
 * Activations and gradients of activations are bf16, all else fp32.
 */
#ifndef DEMO_CNN_H
#define DEMO_CNN_H

#include "../images.h"
#include "params.h"

#define CNN_SIDE    IMAGE_SIDE
#define CNN_CLASSES 10u
#define CNN_BATCH   32u

/* What one batch needs on its way forward. */
struct cnn_pass {
	uint32_t batch;
	struct ashlar_tensor labels, x, z1, z2, pooled, logits, loss;
};

struct cnn {
	struct machine *machine;
	struct params params;
	struct param w1, b1, w2, b2, w3, b3;
	struct cnn_pass train, test;
	/* Gradients of activations, for training. */
	struct ashlar_tensor dlogits, dpooled, dz2, dz1;
};

/* Bytes that the network of so many test images takes at most. */
uint64_t cnn_bytes(uint32_t tests);
/* Lay out, and start from random weights made on the machine. */
int cnn_init(struct cnn *n, struct machine *m, uint32_t tests, uint64_t seed);

/* Put images into a pass; the machine must have finished. */
void cnn_images(struct cnn *n, struct cnn_pass *pass,
		const struct image *const *images);
/* Operations for scores and losses of a pass. */
int cnn_forward(struct cnn *n, struct cnn_pass *pass);
/* Operations for a step of training with n->train. */
int cnn_step(struct cnn *n, float rate);

/* Of a finished pass: mean loss; how many images have the right answer. */
float cnn_loss(const struct cnn *n, const struct cnn_pass *pass);
uint32_t cnn_right(const struct cnn *n, const struct cnn_pass *pass);

#endif
