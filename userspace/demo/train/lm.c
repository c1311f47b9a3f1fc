/* SPDX-License-Identifier: MIT */
#include "lm.h"

#include <math.h>

#define NORM_EPS 1e-5f
#define BLOCK_WEIGHTS                                                   \
	(2 * LM_WIDTH + 3 * LM_WIDTH * LM_WIDTH + LM_WIDTH * LM_WIDTH + \
	 2 * LM_WIDTH * LM_HIDDEN)

static uint64_t weights(uint32_t classes)
{
	return 2ull * classes * LM_WIDTH + LM_WIDTH + LM_LAYERS * BLOCK_WEIGHTS;
}

uint64_t lm_bytes(uint32_t classes)
{
	uint64_t rows = (LM_BATCH + 1) * LM_CONTEXT;
	uint64_t row = LM_LAYERS * (40ull * LM_WIDTH + 8 * LM_HIDDEN) +
		       40ull * LM_WIDTH + 8 * LM_HIDDEN + 12ull * classes + 64;

	return 24 * weights(classes) + rows * row + (1u << 16);
}

/* --- Layout ----------------------------------------------------------------- */

static void pass_init(struct machine *m, struct lm_pass *p, uint32_t batch,
		      uint32_t classes)
{
	uint64_t rows = (uint64_t)batch * LM_CONTEXT;
	uint32_t i;

	p->batch = batch;
	p->tokens = TENSOR(m, ASHLAR_I32, rows);
	p->targets = TENSOR(m, ASHLAR_I32, rows);
	p->start = TENSOR(m, ASHLAR_F32, rows, LM_WIDTH);
	for (i = 0; i < LM_LAYERS; i++) {
		struct lm_block_pass *b = &p->block[i];

		b->a = TENSOR(m, ASHLAR_BF16, rows, LM_WIDTH);
		b->rstd1 = TENSOR(m, ASHLAR_F32, rows);
		b->qkv = TENSOR(m, ASHLAR_BF16, rows, 3 * LM_WIDTH);
		b->turned = TENSOR(m, ASHLAR_BF16, rows, 2 * LM_WIDTH);
		b->o = TENSOR(m, ASHLAR_BF16, rows, LM_WIDTH);
		b->lse = TENSOR(m, ASHLAR_F32, batch, LM_HEADS, LM_CONTEXT);
		b->middle = TENSOR(m, ASHLAR_F32, rows, LM_WIDTH);
		b->b = TENSOR(m, ASHLAR_BF16, rows, LM_WIDTH);
		b->rstd2 = TENSOR(m, ASHLAR_F32, rows);
		b->z = TENSOR(m, ASHLAR_BF16, rows, LM_HIDDEN);
		b->g = TENSOR(m, ASHLAR_BF16, rows, LM_HIDDEN);
		b->end = TENSOR(m, ASHLAR_F32, rows, LM_WIDTH);
	}
	p->f = TENSOR(m, ASHLAR_BF16, rows, LM_WIDTH);
	p->rstd = TENSOR(m, ASHLAR_F32, rows);
	p->logits = TENSOR(m, ASHLAR_F32, rows, classes);
	p->loss = TENSOR(m, ASHLAR_F32, rows);
}

static void params_layout(struct lm *n)
{
	struct params *p = &n->params;
	uint32_t i;

	n->table = PARAM(p, n->classes, LM_WIDTH);
	n->norm = PARAM(p, LM_WIDTH);
	n->head = PARAM(p, LM_WIDTH, n->classes);
	for (i = 0; i < LM_LAYERS; i++) {
		struct lm_block_params *b = &n->block[i];

		b->norm1 = PARAM(p, LM_WIDTH);
		b->qkv = PARAM(p, LM_WIDTH, 3 * LM_WIDTH);
		b->out = PARAM(p, LM_WIDTH, LM_WIDTH);
		b->norm2 = PARAM(p, LM_WIDTH);
		b->up = PARAM(p, LM_WIDTH, LM_HIDDEN);
		b->down = PARAM(p, LM_HIDDEN, LM_WIDTH);
	}
}

/* Angle of a position and a pair: position * 10000^(-pair / pairs). */
static void angles_init(struct lm *n)
{
	const uint32_t pairs = LM_HEAD / 2;
	float *cosines, *sines;
	uint32_t t, i;

	n->cosines = TENSOR(n->machine, ASHLAR_F32, LM_CONTEXT, pairs);
	n->sines = TENSOR(n->machine, ASHLAR_F32, LM_CONTEXT, pairs);
	cosines = machine_at(n->machine, &n->cosines);
	sines = machine_at(n->machine, &n->sines);
	for (t = 0; t < LM_CONTEXT; t++)
		for (i = 0; i < pairs; i++) {
			float angle = (float)t *
				      powf(10000, -(float)i / (float)pairs);

			*cosines++ = cosf(angle);
			*sines++ = sinf(angle);
		}
}

/* Uniform weights of a matrix: variance 1 / inputs, times gain squared. */
static int fill(struct lm *n, const struct param *w, float gain)
{
	return params_random(&n->params, w,
			     gain * sqrtf(3.0f / (float)w->value.shape[0]));
}

static int params_start(struct lm *n)
{
	uint32_t i;

	if (params_random(&n->params, &n->table, 0.5f) ||
	    params_fill(&n->params, &n->norm, 1) || fill(n, &n->head, 0.5f))
		return -1;
	for (i = 0; i < LM_LAYERS; i++) {
		struct lm_block_params *b = &n->block[i];

		/* What is added to the stream begins small. */
		if (params_fill(&n->params, &b->norm1, 1) ||
		    params_fill(&n->params, &b->norm2, 1) ||
		    fill(n, &b->qkv, 1) || fill(n, &b->out, 0.5f) ||
		    fill(n, &b->up, 1) || fill(n, &b->down, 0.5f))
			return -1;
	}
	return params_round(&n->params);
}

int lm_init(struct lm *n, struct machine *m, uint32_t classes, uint64_t seed)
{
	const uint64_t rows = LM_BATCH * LM_CONTEXT;

	*n = (struct lm){ .machine = m, .classes = classes };
	params_init(&n->params, m, weights(classes), seed);
	params_layout(n);
	angles_init(n);
	pass_init(m, &n->train, LM_BATCH, classes);
	pass_init(m, &n->sample, 1, classes);
	n->dlogits = TENSOR(m, ASHLAR_BF16, rows, classes);
	n->dh = TENSOR(m, ASHLAR_F32, rows, LM_WIDTH);
	n->dh16 = TENSOR(m, ASHLAR_BF16, rows, LM_WIDTH);
	n->dx = TENSOR(m, ASHLAR_F32, rows, LM_WIDTH);
	n->dn = TENSOR(m, ASHLAR_BF16, rows, LM_WIDTH);
	n->dg = TENSOR(m, ASHLAR_BF16, rows, LM_HIDDEN);
	n->dqkv = TENSOR(m, ASHLAR_BF16, rows, 3 * LM_WIDTH);
	n->dturned = TENSOR(m, ASHLAR_BF16, rows, 2 * LM_WIDTH);
	return params_start(n);
}

/* --- Operations --------------------------------------------------------------- */

/* c = a * b, + residual if there is one. */
static int product(struct lm *n, const struct ashlar_tensor *a,
		   const struct ashlar_tensor *b, const struct ashlar_tensor *c,
		   const struct ashlar_tensor *residual)
{
	struct ashlar_op_matmul op = ASHLAR_OP_INIT(matmul);

	op.a = *a;
	op.b = *b;
	op.c = *c;
	if (residual)
		op.epilogue.residual = *residual;
	return machine_run(n->machine, &op.op);
}

/* Both gradients of y = x * w: of x, and of the parameter. */
static int product_back(struct lm *n, const struct ashlar_tensor *x,
			const struct param *w, const struct ashlar_tensor *dy,
			const struct ashlar_tensor *dx)
{
	struct ashlar_tensor xt = tensor_swapped(x);
	struct ashlar_tensor wt = tensor_swapped(&w->bf16);

	if (product(n, &xt, dy, &w->grad, NULL))
		return -1;
	return product(n, dy, &wt, dx, NULL);
}

static int norm(struct lm *n, const struct ashlar_tensor *x,
		const struct param *gamma, const struct ashlar_tensor *y,
		const struct ashlar_tensor *rstd)
{
	struct ashlar_op_norm op = ASHLAR_OP_INIT(norm);

	op.x = *x;
	op.y = *y;
	op.gamma = gamma->value;
	op.rstd = *rstd;
	op.eps = NORM_EPS;
	op.flags = ASHLAR_NORM_RMS;
	return machine_run(n->machine, &op.op);
}

/* The gradient n->dn of a norm's result: of its parameter, and into dx. */
static int norm_back(struct lm *n, const struct ashlar_tensor *x,
		     const struct param *gamma,
		     const struct ashlar_tensor *rstd,
		     const struct ashlar_tensor *dx)
{
	struct ashlar_op_norm_dx op = ASHLAR_OP_INIT(norm_dx);

	op.x = *x;
	op.dy = n->dn;
	op.gamma = gamma->value;
	op.rstd = *rstd;
	op.dx = *dx;
	op.dgamma = gamma->grad;
	op.flags = ASHLAR_NORM_RMS;
	return machine_run(n->machine, &op.op);
}

/* The stream's gradient takes in n->dx. */
static int stream_back(struct lm *n)
{
	struct ashlar_op_binary op = ASHLAR_OP_INIT(binary);

	op.a = n->dh;
	op.b = n->dx;
	op.y = n->dh;
	op.function = ASHLAR_BINARY_ADD;
	return machine_run(n->machine, &op.op);
}

/* The stream's gradient for the matrix units. */
static int stream_round(struct lm *n)
{
	struct ashlar_op_copy op = ASHLAR_OP_INIT(copy);

	op.x = n->dh;
	op.y = n->dh16;
	return machine_run(n->machine, &op.op);
}

/* Heads first .. first + heads - 1 of rows of characters, as attention has them. */
static struct ashlar_tensor heads_of(const struct ashlar_tensor *t,
				     uint32_t first, uint32_t heads)
{
	struct ashlar_tensor v = *t;
	int64_t row = t->stride[0];

	v.addr += (uint64_t)first * LM_HEAD * ashlar_format_bytes(t->format);
	v.dims = 4;
	v.shape[0] = t->shape[0] / LM_CONTEXT;
	v.shape[1] = heads;
	v.shape[2] = LM_CONTEXT;
	v.shape[3] = LM_HEAD;
	v.stride[0] = LM_CONTEXT * row;
	v.stride[1] = LM_HEAD;
	v.stride[2] = row;
	v.stride[3] = 1;
	return v;
}

/* Give q and k their positions, or take their gradients' back. */
static int turn(struct lm *n, const struct ashlar_tensor *from,
		const struct ashlar_tensor *to, uint32_t flags)
{
	struct ashlar_op_rotary op = ASHLAR_OP_INIT(rotary);

	op.x = heads_of(from, 0, 2 * LM_HEADS);
	op.y = heads_of(to, 0, 2 * LM_HEADS);
	op.cos = n->cosines;
	op.sin = n->sines;
	op.flags = flags;
	return machine_run(n->machine, &op.op);
}

static int attend(struct lm *n, struct lm_block_pass *b)
{
	struct ashlar_op_attention op = ASHLAR_OP_INIT(attention);

	op.q = heads_of(&b->turned, 0, LM_HEADS);
	op.k = heads_of(&b->turned, LM_HEADS, LM_HEADS);
	op.v = heads_of(&b->qkv, 2 * LM_HEADS, LM_HEADS);
	op.o = heads_of(&b->o, 0, LM_HEADS);
	op.lse = b->lse;
	op.flags = ASHLAR_ATTENTION_CAUSAL;
	return machine_run(n->machine, &op.op);
}

/* From n->dn, the gradient of o, to n->dqkv. */
static int attend_back(struct lm *n, const struct lm_block_pass *b)
{
	struct ashlar_op_attention_dx op = ASHLAR_OP_INIT(attention_dx);

	op.q = heads_of(&b->turned, 0, LM_HEADS);
	op.k = heads_of(&b->turned, LM_HEADS, LM_HEADS);
	op.v = heads_of(&b->qkv, 2 * LM_HEADS, LM_HEADS);
	op.o = heads_of(&b->o, 0, LM_HEADS);
	op.lse = b->lse;
	op.dout = heads_of(&n->dn, 0, LM_HEADS);
	op.dq = heads_of(&n->dturned, 0, LM_HEADS);
	op.dk = heads_of(&n->dturned, LM_HEADS, LM_HEADS);
	op.dv = heads_of(&n->dqkv, 2 * LM_HEADS, LM_HEADS);
	op.flags = ASHLAR_ATTENTION_CAUSAL;
	if (machine_run(n->machine, &op.op))
		return -1;
	return turn(n, &n->dturned, &n->dqkv, ASHLAR_ROTARY_INVERSE);
}

/* --- The network ---------------------------------------------------------------- */

static int block_forward(struct lm *n, const struct lm_block_params *w,
			 struct lm_block_pass *b, const struct ashlar_tensor *h)
{
	struct ashlar_op_unary gelu = ASHLAR_OP_INIT(unary);

	gelu.x = b->z;
	gelu.y = b->g;
	gelu.function = ASHLAR_UNARY_GELU;
	if (norm(n, h, &w->norm1, &b->a, &b->rstd1) ||
	    product(n, &b->a, &w->qkv.bf16, &b->qkv, NULL) ||
	    turn(n, &b->qkv, &b->turned, 0) || attend(n, b) ||
	    product(n, &b->o, &w->out.bf16, &b->middle, h) ||
	    norm(n, &b->middle, &w->norm2, &b->b, &b->rstd2) ||
	    product(n, &b->b, &w->up.bf16, &b->z, NULL) ||
	    machine_run(n->machine, &gelu.op) ||
	    product(n, &b->g, &w->down.bf16, &b->end, &b->middle))
		return -1;
	return 0;
}

int lm_forward(struct lm *n, struct lm_pass *pass)
{
	struct ashlar_op_embedding embed = ASHLAR_OP_INIT(embedding);
	struct ashlar_op_cross_entropy loss = ASHLAR_OP_INIT(cross_entropy);
	const struct ashlar_tensor *h = &pass->start;
	uint32_t i;

	embed.index = pass->tokens;
	embed.table = n->table.value;
	embed.y = pass->start;
	if (machine_run(n->machine, &embed.op))
		return -1;
	for (i = 0; i < LM_LAYERS; i++) {
		if (block_forward(n, &n->block[i], &pass->block[i], h))
			return -1;
		h = &pass->block[i].end;
	}
	loss.logits = pass->logits;
	loss.labels = pass->targets;
	loss.loss = pass->loss;
	if (pass == &n->train)
		loss.dlogits = n->dlogits;
	loss.scale = 1.0f / (float)(pass->batch * LM_CONTEXT);
	if (norm(n, h, &n->norm, &pass->f, &pass->rstd) ||
	    product(n, &pass->f, &n->head.bf16, &pass->logits, NULL))
		return -1;
	return machine_run(n->machine, &loss.op);
}

/* n->dh is the gradient of b->end before, and of h after. */
static int block_back(struct lm *n, const struct lm_block_params *w,
		      const struct lm_block_pass *b,
		      const struct ashlar_tensor *h)
{
	struct ashlar_op_binary gelu = ASHLAR_OP_INIT(binary);

	gelu.a = n->dg;
	gelu.b = b->z;
	gelu.y = n->dg;
	gelu.function = ASHLAR_BINARY_GELU_GRAD;
	if (stream_round(n) ||
	    product_back(n, &b->g, &w->down, &n->dh16, &n->dg) ||
	    machine_run(n->machine, &gelu.op) ||
	    product_back(n, &b->b, &w->up, &n->dg, &n->dn) ||
	    norm_back(n, &b->middle, &w->norm2, &b->rstd2, &n->dx) ||
	    stream_back(n) || stream_round(n) ||
	    product_back(n, &b->o, &w->out, &n->dh16, &n->dn) ||
	    attend_back(n, b) ||
	    product_back(n, &b->a, &w->qkv, &n->dqkv, &n->dn) ||
	    norm_back(n, h, &w->norm1, &b->rstd1, &n->dx) || stream_back(n))
		return -1;
	return 0;
}

int lm_step(struct lm *n, float rate)
{
	struct ashlar_op_embedding_dx embed = ASHLAR_OP_INIT(embedding_dx);
	struct lm_pass *p = &n->train;
	uint32_t i;

	if (lm_forward(n, p) ||
	    product_back(n, &p->f, &n->head, &n->dlogits, &n->dn) ||
	    norm_back(n, &p->block[LM_LAYERS - 1].end, &n->norm, &p->rstd,
		      &n->dh))
		return -1;
	for (i = LM_LAYERS; i-- > 0;)
		if (block_back(n, &n->block[i], &p->block[i],
			       i ? &p->block[i - 1].end : &p->start))
			return -1;
	embed.index = p->tokens;
	embed.dy = n->dh;
	embed.dtable = n->table.grad;
	embed.padding = -1;
	if (machine_run(n->machine, &embed.op))
		return -1;
	return params_adamw(&n->params, rate, 0.99f, 0.01f);
}

float lm_loss(const struct lm *n, const struct lm_pass *pass)
{
	const float *loss = machine_at(n->machine, &pass->loss);
	uint32_t rows = pass->batch * LM_CONTEXT;
	float sum = 0;
	uint32_t i;

	for (i = 0; i < rows; i++)
		sum += loss[i];
	return sum / (float)rows;
}
