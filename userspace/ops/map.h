/* SPDX-License-Identifier: MIT */
/*
 * Plans of elementwise operations: what is loaded, the vector operations on it,
 * what is stored. From this map_end() makes a launch of the kernel ew_map: it
 * merges dimensions, deals out the scratchpad, and chooses pieces.
 *
 *	struct map m;
 *	map_begin(&m, p, y);
 *	x = map_load(&m, &op->x);
 *	y = map_store(&m, &op->y);
 *	*map_pass(&m, x, y) = ...
 *	return map_end(&m);
 */
#ifndef OPS_MAP_H
#define OPS_MAP_H

#include "ashlar_regs.h"
#include "kernels/args_elementwise.h"
#include "plan.h"

/* A buffer: its tensor, if it has one, and the format of its elements. */
struct map_room {
	struct ashlar_tensor t; /* broadcast to the shape */
	uint32_t format;
	enum map_extent extent;
	bool loaded, stored;
	bool like; /* has the extent of the room behind it: */
	uint8_t like_room;
};

/*
 * One vector operation. src and dst are buffers, as are src2 and bias unless
 * they are MAP_NONE; then an immediate is meant where the selection below says
 * so.
 */
struct map_step {
	uint8_t src, dst; /* dst is not MAP_NONE */
	uint8_t src2;
	bool late; /* src2 comes after fn */
	bool imm2; /* src2 is imm */
	bool scaled, biased; /* v * scale, then v + bias */
	bool early; /* bias before scale */
	bool relu;
	uint8_t src2_op, fn;
	uint32_t imm, scale, bias; /* int32 or bits of an fp32 */
	/* Take bits as they are, as int32: for 4-byte formats. */
	bool integer;
};

struct map {
	struct plan *p;
	uint32_t dims;
	uint64_t shape[ASHLAR_DIMS_MAX];
	struct map_room room[MAP_BUFFERS];
	uint32_t rooms;
	struct map_step step[MAP_PASSES];
	uint32_t steps;
};

/*
 * Dimensions as kernels walk them, the first one fastest; those that there are
 * not have one element. Steps of 0 to 2 fit into a DMA's registers.
 */
struct map_order {
	uint64_t size[ASHLAR_DIMS_MAX];
	int64_t step[ASHLAR_DIMS_MAX][MAP_BUFFERS]; /* bytes, by room */
	uint32_t count;
};

/* The shape is that of t. */
void map_begin(struct map *m, struct plan *p, const struct ashlar_tensor *t);
/* Its dimensions are the last ones of the shape; those of size 1 repeat. */
uint8_t map_load(struct map *m, const struct ashlar_tensor *t);
uint8_t map_store(struct map *m, const struct ashlar_tensor *t);
/* Between operations. */
uint8_t map_temp(struct map *m, uint32_t format);
/* The same, of fp32, with as few elements as a room that is loaded has. */
uint8_t map_temp_like(struct map *m, uint8_t room);
/* Loaded before and stored after, in place. */
void map_store_too(struct map *m, uint8_t room);
/* dst = src, converted, to begin with. */
struct map_step *map_pass(struct map *m, uint8_t src, uint8_t dst);
/* 0, or -1 as plan_launch(). */
int map_end(struct map *m);

/* --- Inside ------------------------------------------------------------------------ */

/* map.c: the fewest dimensions; 0, or -1, explained. */
int map_order(struct map_order *o, const struct map *m);
/*
 * map_transpose.c: one room is copied to another, and each is contiguous along
 * a dimension of its own.
 */
bool map_is_transpose(const struct map *m, const struct map_order *o);
int map_transpose(struct map *m, const struct map_order *o);

/* --- Words of operations --------------------------------------------------------- */

/* Bits of an fp32. */
uint32_t map_bits(float f);

#define MAP_FN(name)  ASHLAR_VECTOR_OP_FN_##name
#define MAP_OP2(name) ASHLAR_VECTOR_CFG_SRC2_OP_##name
/* Bits of fp32 numbers. */
#define MAP_ONE	      0x3f800000u
#define MAP_MINUS     0x80000000u /* changes a sign */
#define MAP_HALF      0x3f000000u
#define MAP_SQRT_HALF 0x3f3504f3u
#define MAP_SQRT_2_PI 0x3f4c422au /* of 2 / pi */

static inline bool map_is_integer(uint32_t format)
{
	return format == ASHLAR_I8 || format == ASHLAR_I32;
}

/* Parts of a step, in the order in which they are done. */

static inline void map_scale(struct map_step *s, uint32_t scale)
{
	s->scaled = true;
	s->scale = scale;
}

/* + bias, after the scale. */
static inline void map_bias(struct map_step *s, uint32_t bias)
{
	s->biased = true;
	s->bias = bias;
}

/* src2 before the scale, or late: after fn. */
static inline void map_src2(struct map_step *s, uint8_t src2, uint32_t op,
			    bool late)
{
	s->src2 = src2;
	s->src2_op = (uint8_t)op;
	s->late = late;
}

static inline void map_imm(struct map_step *s, uint32_t imm, uint32_t op,
			   bool late)
{
	s->imm2 = true;
	s->imm = imm;
	s->src2_op = (uint8_t)op;
	s->late = late;
}

#endif
