/* SPDX-License-Identifier: MIT */
#include "cnn.h"

#include <math.h>
#include <string.h>

#define C1	 16u
#define C2	 32u
#define HALF	 (CNN_SIDE / 2)
#define FEATURES (HALF * HALF * C2)
#define WEIGHTS \
	(9 * C1 + C1 + 9 * C1 * C2 + C2 + FEATURES * CNN_CLASSES + CNN_CLASSES)

static void pass_init(struct machine *m, struct cnn_pass *p, uint32_t batch)
{
	p->batch = batch;
	p->labels = TENSOR(m, ASHLAR_I32, batch);
	p->x = TENSOR(m, ASHLAR_BF16, batch, CNN_SIDE, CNN_SIDE, 1);
	p->z1 = TENSOR(m, ASHLAR_BF16, batch, CNN_SIDE, CNN_SIDE, C1);
	p->z2 = TENSOR(m, ASHLAR_BF16, batch, CNN_SIDE, CNN_SIDE, C2);
	p->pooled = TENSOR(m, ASHLAR_BF16, batch, HALF, HALF, C2);
	p->logits = TENSOR(m, ASHLAR_F32, batch, CNN_CLASSES);
	p->loss = TENSOR(m, ASHLAR_F32, batch);
}

uint64_t cnn_bytes(uint32_t tests)
{
	uint64_t image = 2 * CNN_SIDE * CNN_SIDE * (1 + 2 * C1 + 3 * C2) + 256;

	return WEIGHTS * 24ull + (tests + 2ull * CNN_BATCH) * image +
	       (1u << 16);
}

int cnn_init(struct cnn *n, struct machine *m, uint32_t tests, uint64_t seed)
{
	*n = (struct cnn){ .machine = m };
	params_init(&n->params, m, WEIGHTS, seed);
	n->w1 = PARAM(&n->params, C1, 3, 3, 1);
	n->b1 = PARAM(&n->params, C1);
	n->w2 = PARAM(&n->params, C2, 3, 3, C1);
	n->b2 = PARAM(&n->params, C2);
	n->w3 = PARAM(&n->params, FEATURES, CNN_CLASSES);
	n->b3 = PARAM(&n->params, CNN_CLASSES);
	pass_init(m, &n->train, CNN_BATCH);
	pass_init(m, &n->test, tests);
	n->dlogits = TENSOR(m, ASHLAR_BF16, CNN_BATCH, CNN_CLASSES);
	n->dpooled = TENSOR(m, ASHLAR_BF16, CNN_BATCH, HALF, HALF, C2);
	n->dz2 = TENSOR(m, ASHLAR_BF16, CNN_BATCH, CNN_SIDE, CNN_SIDE, C2);
	n->dz1 = TENSOR(m, ASHLAR_BF16, CNN_BATCH, CNN_SIDE, CNN_SIDE, C1);
	/* He's bound for layers before a ReLU: sqrt(6 / inputs). */
	if (params_random(&n->params, &n->w1, sqrtf(6.0f / 9)) ||
	    params_random(&n->params, &n->w2, sqrtf(6.0f / (9 * C1))) ||
	    params_random(&n->params, &n->w3, sqrtf(6.0f / FEATURES)))
		return -1;
	return params_round(&n->params);
}

void cnn_images(struct cnn *n, struct cnn_pass *pass,
		const struct image *const *images)
{
	int32_t *labels = machine_at(n->machine, &pass->labels);
	uint16_t *x = machine_at(n->machine, &pass->x);
	uint32_t i, j, bits;
	float pixel;

	for (i = 0; i < pass->batch; i++) {
		labels[i] = images[i]->label;
		for (j = 0; j < IMAGE_PIXELS; j++) {
			/* Sixteenths are exact in bf16. */
			pixel = (float)images[i]->pixel[j] / 16;
			memcpy(&bits, &pixel, 4);
			*x++ = (uint16_t)(bits >> 16);
		}
	}
}

static int conv_relu(struct machine *m, const struct ashlar_tensor *x,
		     const struct param *w, const struct param *b,
		     const struct ashlar_tensor *y)
{
	struct ashlar_op_conv2d op = ASHLAR_OP_INIT(conv2d);

	op.x = *x;
	op.w = w->bf16;
	op.y = *y;
	op.shape.pad_top = op.shape.pad_bottom = 1;
	op.shape.pad_left = op.shape.pad_right = 1;
	op.epilogue.bias = b->value;
	op.epilogue.activation = ASHLAR_ACTIVATION_RELU;
	return machine_run(m, &op.op);
}

/* pooled as rows of features. */
static struct ashlar_tensor features(const struct ashlar_tensor *pooled)
{
	return PART(pooled, 0, pooled->shape[0], FEATURES);
}

int cnn_forward(struct cnn *n, struct cnn_pass *pass)
{
	struct ashlar_op_pool2d pool = ASHLAR_OP_INIT(pool2d);
	struct ashlar_op_matmul score = ASHLAR_OP_INIT(matmul);
	struct ashlar_op_cross_entropy loss = ASHLAR_OP_INIT(cross_entropy);
	struct machine *m = n->machine;

	pool.x = pass->z2;
	pool.y = pass->pooled;
	pool.kernel[0] = pool.kernel[1] = 2;
	pool.stride[0] = pool.stride[1] = 2;
	pool.mode = ASHLAR_POOL_MAX;
	score.a = features(&pass->pooled);
	score.b = n->w3.bf16;
	score.c = pass->logits;
	score.epilogue.bias = n->b3.value;
	loss.logits = pass->logits;
	loss.labels = pass->labels;
	loss.loss = pass->loss;
	if (pass == &n->train)
		loss.dlogits = n->dlogits;
	loss.scale = 1.0f / (float)pass->batch;
	if (conv_relu(m, &pass->x, &n->w1, &n->b1, &pass->z1) ||
	    conv_relu(m, &pass->z1, &n->w2, &n->b2, &pass->z2) ||
	    machine_run(m, &pool.op) || machine_run(m, &score.op) ||
	    machine_run(m, &loss.op))
		return -1;
	return 0;
}

/* dz through the ReLU that made z, in place. */
static int relu_back(struct machine *m, const struct ashlar_tensor *z,
		     const struct ashlar_tensor *dz)
{
	struct ashlar_op_binary op = ASHLAR_OP_INIT(binary);

	op.a = *dz;
	op.b = *z;
	op.y = *dz;
	op.function = ASHLAR_BINARY_RELU_GRAD;
	return machine_run(m, &op.op);
}

/* The gradient of a bias: the sum of dy over all but its last dimension. */
static int bias_back(struct machine *m, const struct ashlar_tensor *dy,
		     const struct param *b)
{
	struct ashlar_op_reduce op = ASHLAR_OP_INIT(reduce);
	uint64_t channels = b->grad.shape[0];
	uint64_t rows = 1;
	uint32_t i;

	for (i = 0; i + 1 < dy->dims; i++)
		rows *= dy->shape[i];
	op.x = PART(dy, 0, rows, channels);
	op.y = PART(&b->grad, 0, 1, channels);
	op.function = ASHLAR_REDUCE_SUM;
	op.axes = 1;
	return machine_run(m, &op.op);
}

/* Gradients of a convolution's weights and bias. */
static int conv_weights(struct machine *m, const struct ashlar_tensor *dy,
			const struct ashlar_tensor *x, const struct param *w,
			const struct param *b)
{
	struct ashlar_op_conv2d_dw op = ASHLAR_OP_INIT(conv2d_dw);

	op.dy = *dy;
	op.x = *x;
	op.dw = w->grad;
	op.shape.pad_top = op.shape.pad_bottom = 1;
	op.shape.pad_left = op.shape.pad_right = 1;
	if (machine_run(m, &op.op))
		return -1;
	return bias_back(m, dy, b);
}

static int head_back(struct cnn *n)
{
	struct ashlar_op_matmul w = ASHLAR_OP_INIT(matmul);
	struct ashlar_op_matmul x = ASHLAR_OP_INIT(matmul);
	struct ashlar_tensor f = features(&n->train.pooled);
	struct machine *m = n->machine;

	w.a = tensor_swapped(&f);
	w.b = n->dlogits;
	w.c = n->w3.grad;
	x.a = n->dlogits;
	x.b = tensor_swapped(&n->w3.bf16);
	x.c = features(&n->dpooled);
	if (machine_run(m, &w.op) || machine_run(m, &x.op))
		return -1;
	return bias_back(m, &n->dlogits, &n->b3);
}

int cnn_step(struct cnn *n, float rate)
{
	struct ashlar_op_pool2d_dx pool = ASHLAR_OP_INIT(pool2d_dx);
	struct ashlar_op_conv2d_dx conv = ASHLAR_OP_INIT(conv2d_dx);
	struct cnn_pass *p = &n->train;
	struct machine *m = n->machine;

	pool.x = p->z2;
	pool.y = p->pooled;
	pool.dy = n->dpooled;
	pool.dx = n->dz2;
	pool.kernel[0] = pool.kernel[1] = 2;
	pool.stride[0] = pool.stride[1] = 2;
	pool.mode = ASHLAR_POOL_MAX;
	conv.dy = n->dz2;
	conv.w = n->w2.bf16;
	conv.dx = n->dz1;
	conv.shape.pad_top = conv.shape.pad_bottom = 1;
	conv.shape.pad_left = conv.shape.pad_right = 1;
	if (cnn_forward(n, p) || head_back(n) || machine_run(m, &pool.op) ||
	    relu_back(m, &p->z2, &n->dz2) ||
	    conv_weights(m, &n->dz2, &p->z1, &n->w2, &n->b2) ||
	    machine_run(m, &conv.op) || relu_back(m, &p->z1, &n->dz1) ||
	    conv_weights(m, &n->dz1, &p->x, &n->w1, &n->b1))
		return -1;
	return params_adamw(&n->params, rate, 0.999f, 0.01f);
}

float cnn_loss(const struct cnn *n, const struct cnn_pass *pass)
{
	const float *loss = machine_at(n->machine, &pass->loss);
	float sum = 0;
	uint32_t i;

	for (i = 0; i < pass->batch; i++)
		sum += loss[i];
	return sum / (float)pass->batch;
}

uint32_t cnn_right(const struct cnn *n, const struct cnn_pass *pass)
{
	const float *logits = machine_at(n->machine, &pass->logits);
	const int32_t *labels = machine_at(n->machine, &pass->labels);
	uint32_t right = 0;
	uint32_t i, j;

	for (i = 0; i < pass->batch; i++, logits += CNN_CLASSES) {
		uint32_t best = 0;

		for (j = 1; j < CNN_CLASSES; j++)
			if (logits[j] > logits[best])
				best = j;
		right += best == (uint32_t)labels[i];
	}
	return right;
}
