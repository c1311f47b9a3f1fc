// SPDX-License-Identifier: MIT
/*
 * What all operations share: descriptors' heads, overlaps (on the emulator's
 * program); queues, lists, fences, workspace, threads (on devices).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ot.h"

#ifdef ASHLAR_EMU

/* --- On the host ---------------------------------------------------------------- */

static const struct ashlar_op *build_copy(struct ot *t, const void *param)
{
	struct ashlar_op_copy *op = OT_OP(t, copy);

	(void)param;
	op->x = ot_tensor(t, ASHLAR_F32, 1, (uint64_t[]){ 1000 }, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 1, (uint64_t[]){ 1000 }, OT_PACKED);
	return &op->op;
}

static void refuse_heads(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	const ashlar_result unsupported = ASHLAR_ERROR_UNSUPPORTED;
	struct {
		struct ashlar_op_copy op;
		uint32_t more[2];
	} newer;
	struct ashlar_op_copy op;

	ot_refused(t, NULL, invalid, "NULL");
	op = *(const struct ashlar_op_copy *)ot_built(t, build_copy, NULL);
	ot_accepted(t, &op.op);
	OT_BREAK(t, &op, op.kind, 0, unsupported, "kind is 0");
	OT_BREAK(t, &op, op.kind, 12345, unsupported, "kind is 12345");
	OT_BREAK(t, &op, op.size, 0, invalid, "copy: size is 0");
	OT_BREAK(t, &op, op.size, sizeof(op) - 1, invalid, "ASHLAR_OP_INIT");
	OT_BREAK(t, &op, op.size, UINT32_MAX, invalid, "size");
	/* Of a newer library: members that ask for nothing. */
	memset(&newer, 0, sizeof(newer));
	newer.op = op;
	newer.op.op.size = sizeof(newer);
	ot_accepted(t, &newer.op.op);
	newer.more[1] = 1;
	ot_refused(t, &newer.op.op, unsupported, "this library knows");
}

/* A tensor in 400 bytes, of any strides that a read one may have. */
static struct ashlar_tensor small_tensor(struct ot *t, uint64_t base)
{
	static const uint32_t formats[] = { ASHLAR_I8, ASHLAR_BF16,
					    ASHLAR_F32 };
	struct ashlar_tensor x = { .format = formats[ot_range(t, 0, 2)] };
	uint32_t bytes = ashlar_format_bytes(x.format), d;

	x.dims = ot_range(t, 0, 3);
	for (d = 0; d < x.dims; d++) {
		x.shape[d] = ot_range(t, 1, 4);
		x.stride[d] = (int64_t)ot_range(t, 0, 20) - 8;
	}
	x.addr = base + 2000 / bytes * bytes + ot_range(t, 0, 60) * bytes;
	return x;
}

static void mark(const struct ashlar_tensor *x, uint64_t base, uint8_t *map,
		 uint8_t bit)
{
	uint32_t bytes = ashlar_format_bytes(x->format), b;
	uint64_t i[3], n[3];
	uint32_t d;

	for (d = 0; d < 3; d++)
		n[d] = d < x->dims ? x->shape[d] : 1;
	for (i[0] = 0; i[0] < n[0]; i[0]++)
		for (i[1] = 0; i[1] < n[1]; i[1]++)
			for (i[2] = 0; i[2] < n[2]; i[2]++) {
				int64_t at = 0;

				for (d = 0; d < x->dims; d++)
					at += (int64_t)i[d] * x->stride[d];
				for (b = 0; b < bytes; b++)
					map[x->addr - base +
					    (uint64_t)(at * (int64_t)bytes) +
					    b] |= bit;
			}
}

static bool distinct(const struct ashlar_tensor *x, uint64_t base)
{
	static uint8_t seen[4096];
	uint64_t all = 0, marked = 0;
	uint32_t i;

	memset(seen, 0, sizeof(seen));
	mark(x, base, seen, 1);
	for (i = 0; i < sizeof(seen); i++)
		marked += seen[i];
	all = tensor_count(x) * ashlar_format_bytes(x->format);
	return marked == all;
}

/* Random small tensors: what is found is what a map of bytes says. */
static void overlaps(struct ot *t)
{
	static const uint64_t base = 0x123400000;
	static uint8_t map[4096];
	uint32_t round, i, both, together = 0;
	bool ok = true, twice = true;

	for (round = 0; ok && round < 30000; round++) {
		struct ashlar_tensor a = small_tensor(t, base);
		struct ashlar_tensor b = small_tensor(t, base);
		struct check c;
		int r;

		memset(map, 0, sizeof(map));
		mark(&a, base, map, 1);
		mark(&b, base, map, 2);
		for (i = 0, both = 0; i < sizeof(map); i++)
			both |= map[i] == 3;
		check_begin(&c, "test");
		r = check_tensor(&c, "a", &a, CHECK_ALL, CHECK_WRITTEN);
		/* A written one is taken only if its elements are distinct. */
		if (r == 0 && !distinct(&a, base))
			twice = false;
		if (r == 0) {
			check_tensor(&c, "b", &b, CHECK_ALL, CHECK_READ);
			ok = (check_apart(&c) != 0) == both;
			together += both;
		}
		check_end(&c);
	}
	ot_check(t, ok && together > 500, "overlap of small tensors, round %u",
		 round);
	ot_check(t, twice, "a written tensor has an element twice");
}

/* Halves of the channels of a large tensor, interleaved, do not overlap. */
static void views(struct ot *t)
{
	uint64_t shape[] = { 32, 56, 56, 64 };
	struct ashlar_op_copy op = ASHLAR_OP_INIT(copy);

	op.x = ashlar_tensor_packed(0x100000, ASHLAR_BF16, 4, shape);
	op.x.stride[0] *= 2;
	op.x.stride[1] *= 2;
	op.x.stride[2] *= 2;
	op.y = op.x;
	op.y.addr += 2 * 64;
	ot_accepted(t, &op.op);
	op.y.addr -= 2;
	ot_refused(t, &op.op, ASHLAR_ERROR_INVALID, "overlaps");
}

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	(void)cases;
	(void)host;
	refuse_heads(t);
	overlaps(t);
	views(t);
}

#else

/* --- On a device ---------------------------------------------------------------- */

struct board {
	ashlar_device *device, *other;
	ashlar_queue *queue, *foreign;
	ashlar_buffer *buffer;
	ashlar_ops *ops;
	uint64_t base;
};

static bool worked(struct ot *t, const struct board *b, ashlar_result result,
		   const char *what)
{
	char text[400] = "";

	ashlar_device_error(b->device, text, sizeof(text));
	return ot_check(t, result == ASHLAR_OK, "%s: %s %s", what,
			ashlar_result_str(result), text);
}

static void failed(struct ot *t, const struct board *b, ashlar_result result,
		   ashlar_result expected, const char *words)
{
	char text[400] = "";

	ashlar_device_error(b->device, text, sizeof(text));
	ot_check(t, result == expected && strstr(text, words),
		 "result %d (%s), expected %d (... %s ...)", result, text,
		 expected, words);
}

static bool open_board(struct ot *t, struct board *b)
{
	struct ashlar_open_options share = ASHLAR_INIT(ashlar_open_options);
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);

	memset(b, 0, sizeof(*b));
	buffer.bytes = 1 << 20;
	if (ashlar_device_open(t->device, NULL, &b->device))
		return ot_check(t, false, "no device %s", t->device);
	share.share = b->device;
	if (!worked(t, b, ashlar_device_open(NULL, &share, &b->other),
		    "share") ||
	    !worked(t, b, ashlar_queue_create(b->device, NULL, &b->queue),
		    "queue") ||
	    !worked(t, b, ashlar_queue_create(b->other, NULL, &b->foreign),
		    "queue") ||
	    !worked(t, b, ashlar_buffer_create(b->device, &buffer, &b->buffer),
		    "buffer") ||
	    !worked(t, b, ashlar_ops_open(b->device, &b->ops), "ops"))
		return false;
	b->base = ashlar_buffer_addr(b->buffer);
	return true;
}

static void close_board(struct board *b)
{
	ashlar_ops_unref(b->ops);
	ashlar_buffer_unref(b->buffer);
	ashlar_queue_unref(b->foreign);
	ashlar_queue_unref(b->queue);
	ashlar_device_unref(b->other);
	ashlar_device_unref(b->device);
}

/* A sum that needs workspace and several launches: rows of ones. */
static struct ashlar_op_reduce long_sum(const struct board *b, uint64_t n)
{
	struct ashlar_op_reduce op = ASHLAR_OP_INIT(reduce);

	op.x = ashlar_tensor_packed(b->base, ASHLAR_F32, 1, &n);
	op.y = ashlar_tensor_packed(b->base + 0x80000, ASHLAR_F32, 1,
				    (uint64_t[]){ 1 });
	op.axes = 1;
	return op;
}

static void fill_ones(const struct board *b, uint32_t n)
{
	float *ones = malloc(n * sizeof(*ones));
	uint32_t i;

	if (!ones)
		abort();
	for (i = 0; i < n; i++)
		ones[i] = 1;
	ashlar_buffer_write(b->buffer, 0, ones, n * sizeof(*ones));
	free(ones);
}

static float result_at(const struct board *b, uint64_t offset)
{
	float f = -1;

	ashlar_buffer_read(b->buffer, offset, &f, sizeof(f));
	return f;
}

static void places(struct ot *t, struct board *b)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	struct ashlar_op_place good = ASHLAR_INIT(ashlar_op_place), p;
	struct ashlar_op_reduce op = long_sum(b, 50000);
	ashlar_fence *fence = NULL, *later = NULL;
	ashlar_cmdlist *list;
	uint64_t bytes = 0;
	ashlar_result r;

	worked(t, b, ashlar_op_workspace(b->ops, &op.op, &bytes), "workspace");
	ot_check(t, bytes > 0, "a sum of 50000 needs no workspace");
	good.queue = b->queue;
	good.workspace = b->base + 0x90000;
	good.workspace_bytes = bytes;
	worked(t, b, ashlar_cmdlist_create(b->device, &list), "list");

	failed(t, b, ashlar_op_submit(b->ops, &op.op, NULL, NULL), invalid,
	       "place");
	p = good;
	p.size = 8;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "size");
	p = good;
	p.flags = 1;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "flags");
	p = good;
	p.reserved = 1;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "reserved");
	p = good;
	p.queue = NULL;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "queue");
	p.list = list;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, &fence), invalid,
	       "fence");
	p.queue = b->queue;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "one of them");
	p = good;
	p.queue = (ashlar_queue *)list;
	r = ashlar_op_submit(b->ops, &op.op, &p, NULL);
	failed(t, b, r, ASHLAR_ERROR_HANDLE, "queue");
	p = good;
	p.queue = b->foreign;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL),
	       ASHLAR_ERROR_HANDLE, "another device handle");
	p = good;
	p.workspace += 32;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "workspace is");
	p = good;
	p.workspace_bytes = bytes - 1;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "are needed");
	p = good;
	p.workspace = b->base + 0x100;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "workspace, which is written, overlaps x");
	p = good;
	p.tiles = 1000;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "1000 tiles");
	p = good;
	p.wait_count = 1;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &p, NULL), invalid,
	       "waits");

	/* Nothing of all this was submitted; this is, in one piece. */
	fill_ones(b, 50000);
	if (worked(t, b, ashlar_op_submit(b->ops, &op.op, &good, &fence),
		   "submit")) {
		/* Without elements: a fence in turn. */
		op.x.shape[0] = 0;
		op.x.dims = 2;
		op.x.shape[1] = 0;
		op.x.stride[1] = 1;
		op.y.dims = 2;
		op.y.shape[1] = 0;
		op.y.shape[0] = 1;
		worked(t, b, ashlar_op_submit(b->ops, &op.op, &good, &later),
		       "empty");
		worked(t, b,
		       ashlar_fence_wait(&later, 1, ASHLAR_WAIT_ALL,
					 ASHLAR_FOREVER),
		       "empty's fence");
		ot_check(t, result_at(b, 0x80000) == 50000.0f,
			 "when the empty one's fence signals the sum is %g",
			 result_at(b, 0x80000));
		worked(t, b,
		       ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					 ASHLAR_FOREVER),
		       "fence");
	}
	ashlar_fence_unref(fence);
	ashlar_fence_unref(later);
	ashlar_cmdlist_unref(list);
}

/* Recorded once, submitted twice. */
static void lists(struct ot *t, struct board *b)
{
	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
	struct ashlar_op_reduce op = long_sum(b, 30000);
	ashlar_cmdlist *list;
	ashlar_fence *fence;
	float zero = 0;
	int round;

	if (!worked(t, b, ashlar_cmdlist_create(b->device, &list), "list"))
		return;
	place.list = list;
	place.workspace = b->base + 0x90000;
	place.workspace_bytes = 0x40000;
	worked(t, b, ashlar_op_submit(b->ops, &op.op, &place, NULL), "record");
	/* What fails adds nothing. */
	place.workspace_bytes = 0;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &place, NULL),
	       ASHLAR_ERROR_INVALID, "are needed");
	worked(t, b, ashlar_cmdlist_end(list), "end");
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &place, NULL),
	       ASHLAR_ERROR_INVALID, "needed");
	place.workspace_bytes = 0x40000;
	failed(t, b, ashlar_op_submit(b->ops, &op.op, &place, NULL),
	       ASHLAR_ERROR_INVALID, "ended");
	fill_ones(b, 30000);
	for (round = 0; round < 2; round++) {
		ashlar_buffer_write(b->buffer, 0x80000, &zero, sizeof(zero));
		if (!worked(t, b,
			    ashlar_cmdlist_submit(b->queue, list, NULL, &fence),
			    "submit a list"))
			break;
		worked(t, b,
		       ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					 ASHLAR_FOREVER),
		       "list");
		ot_check(t, result_at(b, 0x80000) == 30000.0f,
			 "the list's sum is %g", result_at(b, 0x80000));
		ashlar_fence_unref(fence);
	}
	ashlar_cmdlist_unref(list);
}

/* A launch that leaves its memory fails the fence of the whole operation. */
static void faults(struct ot *t, struct board *b)
{
	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
	struct ashlar_op_reduce op = long_sum(b, 30000);
	ashlar_fence *fence = NULL;
	ashlar_result r;

	place.queue = b->queue;
	place.workspace = b->base + 0x90000;
	place.workspace_bytes = 0x40000;
	op.x.addr = 0x7000000000;
	if (worked(t, b, ashlar_op_submit(b->ops, &op.op, &place, &fence),
		   "submit")) {
		r = ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
				      ASHLAR_FOREVER);
		ot_check(t, r == ASHLAR_ERROR_FAULT,
			 "an operation on no memory gives %d", r);
	}
	ashlar_fence_unref(fence);
	ashlar_queue_unref(b->queue);
	worked(t, b, ashlar_queue_create(b->device, NULL, &b->queue), "queue");
	op = long_sum(b, 30000);
	place.queue = b->queue;
	fill_ones(b, 30000);
	if (worked(t, b, ashlar_op_submit(b->ops, &op.op, &place, &fence),
		   "submit after a fault")) {
		worked(t, b,
		       ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					 ASHLAR_FOREVER),
		       "after a fault");
		ot_check(t, result_at(b, 0x80000) == 30000.0f,
			 "the sum after a fault is %g", result_at(b, 0x80000));
	}
	ashlar_fence_unref(fence);
}

struct worker {
	struct board *b;
	ashlar_ops *ops;
	ashlar_result result;
	uint32_t number;
	float sum;
};

static void *work(void *arg)
{
	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
	struct worker *w = arg;
	struct ashlar_op_reduce op = long_sum(w->b, 3000 + w->number);
	ashlar_queue *queue;
	ashlar_fence *fence;
	int i;

	w->result = ashlar_queue_create(w->b->device, NULL, &queue);
	if (w->result)
		return NULL;
	place.queue = queue;
	place.workspace = w->b->base + 0x90000 + 0x8000 * w->number;
	place.workspace_bytes = 0x8000;
	op.y.addr += 64 * w->number;
	for (i = 0; !w->result && i < 4; i++) {
		w->result = ashlar_op_submit(w->ops, &op.op, &place, &fence);
		if (w->result)
			break;
		w->result = ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					      ASHLAR_FOREVER);
		ashlar_fence_unref(fence);
	}
	ashlar_queue_unref(queue);
	return NULL;
}

/* One library for several threads, which find no kernels loaded yet. */
static void threads(struct ot *t, struct board *b)
{
	struct worker w[4];
	pthread_t id[4];
	ashlar_ops *ops;
	uint32_t i;

	if (!worked(t, b, ashlar_ops_open(b->device, &ops), "ops"))
		return;
	fill_ones(b, 4000);
	for (i = 0; i < 4; i++) {
		w[i] = (struct worker){ .b = b, .ops = ops, .number = i };
		if (pthread_create(&id[i], NULL, work, &w[i]))
			abort();
	}
	for (i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
	for (i = 0; i < 4; i++)
		ot_check(t,
			 w[i].result == ASHLAR_OK &&
				 result_at(b, 0x80000 + 64 * i) ==
					 3000.0f + (float)i,
			 "thread %u: result %d, sum %g", i, w[i].result,
			 result_at(b, 0x80000 + 64 * i));
	/* What runs keeps what it needs. */
	ashlar_ops_unref(ops);
}

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	struct board b;

	(void)cases;
	(void)host;
	if (open_board(t, &b)) {
		places(t, &b);
		lists(t, &b);
		faults(t, &b);
		threads(t, &b);
	}
	close_board(&b);
}

#endif
