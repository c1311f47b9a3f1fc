/* SPDX-License-Identifier: MIT */
/*
 * A small character transformer: LM_LAYERS blocks of causal attention with
 * rotary positions and a GELU layer, each behind an RMS norm and added to the
 * residual stream. The stream, sums, statistics and parameters are fp32, what
 * the matrix units multiply is bf16.
 */
#ifndef DEMO_LM_H
#define DEMO_LM_H

#include "params.h"

#define LM_WIDTH   64u
#define LM_HEADS   2u
#define LM_LAYERS  2u
#define LM_CONTEXT 64u /* characters */
#define LM_BATCH   8u
#define LM_HEAD	   (LM_WIDTH / LM_HEADS)
#define LM_HIDDEN  (4 * LM_WIDTH)

struct lm_block_params {
	struct param norm1, qkv, out, norm2, up, down;
};

/* What a block keeps from its way forward. Rows are characters. */
struct lm_block_pass {
	struct ashlar_tensor a, rstd1; /* normalised */
	struct ashlar_tensor qkv, turned; /* turned: q and k with positions */
	struct ashlar_tensor o, lse;
	struct ashlar_tensor middle; /* the stream behind attention, fp32 */
	struct ashlar_tensor b, rstd2;
	struct ashlar_tensor z, g; /* before and behind GELU */
	struct ashlar_tensor end; /* the stream behind the block, fp32 */
};

struct lm_pass {
	uint32_t batch;
	struct ashlar_tensor tokens, targets; /* int32 [rows] */
	struct ashlar_tensor start; /* embedded characters, fp32 */
	struct lm_block_pass block[LM_LAYERS];
	struct ashlar_tensor f, rstd;
	struct ashlar_tensor logits, loss;
};

struct lm {
	struct machine *machine;
	uint32_t classes; /* different characters */
	struct params params;
	struct param table, norm, head;
	struct lm_block_params block[LM_LAYERS];
	struct ashlar_tensor cosines, sines;
	struct lm_pass train, sample; /* a batch, and one text */
	/* Gradients. */
	struct ashlar_tensor dlogits, dh, dh16, dx, dn, dg, dqkv, dturned;
};

uint64_t lm_bytes(uint32_t classes);
/* Lay out, and start from random weights made on the machine. */
int lm_init(struct lm *n, struct machine *m, uint32_t classes, uint64_t seed);
/* Operations for scores and losses of a pass. */
int lm_forward(struct lm *n, struct lm_pass *pass);
/* Operations for a step of training with n->train. */
int lm_step(struct lm *n, float rate);
/* Mean loss of a finished pass. */
float lm_loss(const struct lm *n, const struct lm_pass *pass);

#endif
