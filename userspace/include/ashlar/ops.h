/* SPDX-License-Identifier: MIT */
/*
 * The operator library: what a neural network computes, forward and backward,
 * on tensors in device memory. Part of libashlar.
 *
 *	ashlar_ops *ops;
 *	ashlar_ops_open(device, &ops);
 *
 *	struct ashlar_op_softmax op = ASHLAR_OP_INIT(softmax);
 *	op.x = ashlar_tensor_packed(x_addr, ASHLAR_F32, 2, (uint64_t[]){ 64, 1000 });
 *	op.y = ashlar_tensor_packed(y_addr, ASHLAR_F32, 2, (uint64_t[]){ 64, 1000 });
 *	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
 *	place.queue = queue;
 *	ashlar_op_submit(ops, &op.op, &place, &fence);
 *
 * An operation is a structure, its descriptor: tensors and parameters. The
 * same three calls take all of them: how much workspace it needs, submit it to
 * a queue, add it to a command list. Nothing waits for the board. The headers
 * included at the end describe the operations, family by family.
 *
 * Results. Every operation is defined to the bit by a reference in C
 * (userspace/ops/ref), and gives the same bits on every board with as many
 * vector lanes, on any number of tiles. Where the number of lanes
 * (struct ashlar_device_info.array) matters, namely in the order of sums, the
 * descriptor says so. How far a result may be from the exact one stands there,
 * too.
 *
 * Errors. A bad descriptor gives ASHLAR_ERROR_INVALID (or UNSUPPORTED for a
 * combination that there is not) and a sentence in ashlar_device_error() that
 * names operation, argument, value and rule; nothing is submitted then.
 * Whether the memory behind a tensor is there is not known before it is
 * touched: a launch that leaves its buffers faults.
 *
 * Aliasing. Unless a descriptor allows it, memory that an operation writes
 * must not overlap other memory that it reads or writes. Allowed is always
 * meant for tensors that are the same in address, shape and stride.
 */
#ifndef ASHLAR_OPS_H
#define ASHLAR_OPS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Tensors ----------------------------------------------------------------- */

#define ASHLAR_DIMS_MAX 6

/*
 * A tensor in device memory. Element (i0, i1, ...) lies stride[0]*i0 +
 * stride[1]*i1 + ... elements from addr. An operation says which strides it
 * takes; when it says nothing, any. Written tensors must not have two elements
 * in one place.
 */
struct ashlar_tensor {
	uint64_t addr; /* device address, a multiple of the element's size */
	uint32_t format; /* enum ashlar_format */
	uint32_t dims; /* 0 (one element) .. 6; 0 and addr 0: no tensor */
	uint64_t shape[ASHLAR_DIMS_MAX]; /* elements; 0: an empty tensor */
	int64_t stride[ASHLAR_DIMS_MAX]; /* elements, may be 0 (repeats) or
					  * negative in tensors that are read
					  */
};

/* A tensor without gaps, the last dimension fastest. */
static inline struct ashlar_tensor ashlar_tensor_packed(uint64_t addr,
							uint32_t format,
							uint32_t dims,
							const uint64_t *shape)
{
	struct ashlar_tensor t = { 0 };
	int64_t stride = 1;
	uint32_t i;

	t.addr = addr;
	t.format = format;
	t.dims = dims;
	for (i = dims < ASHLAR_DIMS_MAX ? dims : ASHLAR_DIMS_MAX; i-- > 0;) {
		t.shape[i] = shape[i];
		t.stride[i] = stride;
		stride *= (int64_t)shape[i];
	}
	return t;
}

/* --- Operations -------------------------------------------------------------- */

/* The head of every descriptor. */
struct ashlar_op {
	uint32_t size; /* of the descriptor; ASHLAR_OP_INIT() sets both */
	uint32_t kind; /* enum ashlar_op_kind */
};

enum ashlar_op_kind {
	/* ops_linear.h */
	ASHLAR_OP_KIND_matmul = 1,
	ASHLAR_OP_KIND_conv2d = 2,
	ASHLAR_OP_KIND_conv2d_dx = 3,
	ASHLAR_OP_KIND_conv2d_dw = 4,
	/* ops_elementwise.h */
	ASHLAR_OP_KIND_unary = 16,
	ASHLAR_OP_KIND_binary = 17,
	ASHLAR_OP_KIND_copy = 18,
	ASHLAR_OP_KIND_reduce = 19,
	ASHLAR_OP_KIND_calibrate = 20,
	ASHLAR_OP_KIND_quantize = 21,
	ASHLAR_OP_KIND_dequantize = 22,
	ASHLAR_OP_KIND_random = 23,
	ASHLAR_OP_KIND_dropout = 24,
	ASHLAR_OP_KIND_sgd = 25,
	ASHLAR_OP_KIND_adamw = 26,
	/* ops_norm.h */
	ASHLAR_OP_KIND_softmax = 48,
	ASHLAR_OP_KIND_softmax_dx = 49,
	ASHLAR_OP_KIND_cross_entropy = 50,
	ASHLAR_OP_KIND_norm = 51, /* layer and RMS norm */
	ASHLAR_OP_KIND_norm_dx = 52,
	ASHLAR_OP_KIND_batch_norm = 53,
	ASHLAR_OP_KIND_batch_norm_dx = 54,
	ASHLAR_OP_KIND_pool2d = 55,
	ASHLAR_OP_KIND_pool2d_dx = 56,
	/* ops_attention.h */
	ASHLAR_OP_KIND_attention = 80,
	ASHLAR_OP_KIND_attention_dx = 81,
	ASHLAR_OP_KIND_rotary = 82,
	ASHLAR_OP_KIND_embedding = 83,
	ASHLAR_OP_KIND_embedding_dx = 84,
};

/* A zeroed descriptor struct ashlar_op_NAME with its head set. */
#define ASHLAR_OP_INIT(name)                                     \
	((struct ashlar_op_##name){                              \
		.op = { .size = sizeof(struct ashlar_op_##name), \
			.kind = ASHLAR_OP_KIND_##name } })

/* --- Calls --------------------------------------------------------------------- */

typedef struct ashlar_ops ashlar_ops;

/*
 * The operator library for a device. It loads its kernels when they are first
 * needed, from the data directory (ASHLAR_DATA_DIR, else as installed).
 * Errors: HANDLE, NO_MEMORY.
 */
ASHLAR_API ashlar_result ashlar_ops_open(ashlar_device *device,
					 ashlar_ops **ops);
/* What was submitted still runs. */
ASHLAR_API void ashlar_ops_unref(ashlar_ops *ops);

/*
 * Check a descriptor as ashlar_op_submit() does, and say how many bytes of
 * workspace it needs (0: none).
 */
ASHLAR_API ashlar_result ashlar_op_workspace(ashlar_ops *ops,
					     const struct ashlar_op *op,
					     uint64_t *bytes);

/* Where an operation goes. */
struct ashlar_op_place {
	uint32_t size;
	uint32_t flags; /* none defined */
	ashlar_queue *queue; /* this one, or */
	ashlar_cmdlist *list; /* this one: recorded, submitted later */
	/*
	 * Device address of the workspace, a multiple of 64, and its bytes, at
	 * least what ashlar_op_workspace() says. Operations that one queue runs
	 * in order may share one.
	 */
	uint64_t workspace;
	uint64_t workspace_bytes;
	uint32_t tiles; /* 0: as many as there are */
	uint32_t tag; /* of its launches */
	ashlar_fence *const *waits; /* with a queue only */
	uint32_t wait_count;
	uint32_t reserved; /* zero */
};

/*
 * Submit the launches of an operation to a queue, or add them to a list. fence
 * may be NULL and must be for a list; it signals when the last launch is
 * complete and fails with the first failure. An operation without elements
 * launches nothing; its fence signals in turn with the queue's work before it.
 * When it fails nothing was submitted or added.
 * Errors: INVALID, UNSUPPORTED, HANDLE, BUSY, POISONED, LOST, NO_MEMORY; for the
 * first operation of its kind NOT_FOUND and IO (kernel files), and those of
 * ashlar_module_load().
 */
ASHLAR_API ashlar_result ashlar_op_submit(ashlar_ops *ops,
					  const struct ashlar_op *op,
					  const struct ashlar_op_place *place,
					  ashlar_fence **fence);

#ifdef __cplusplus
}
#endif

#include <ashlar/ops_attention.h>
#include <ashlar/ops_elementwise.h>
#include <ashlar/ops_linear.h>
#include <ashlar/ops_norm.h>

#endif
