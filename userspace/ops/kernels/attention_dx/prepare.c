/* SPDX-License-Identifier: MIT */
/*
 * What attention_dx wants to know of each query: delta = -sum of o * dout, and
 * -lse, limited so that a query which sees no key has p = 0. Blocks of
 * positions of a head are dealt out to the tiles in turn; two slots.
 */
#include <ashlar/kernel.h>

#include "args_attention.h"

#define MINUS_1	 0xbf800000u
#define GREATEST 0x7f7fffffu

struct prepare {
	const struct attention_prepare_args *args;
	uint32_t array, line;
	uint32_t tiles, tail; /* rows of a query, lanes of the last */
	uint32_t o_row, dout_row; /* bytes of N elements */
	uint32_t block; /* queries */
	uint32_t o, dout, words; /* offsets of slot 0 */
	uint32_t o_bytes, dout_bytes, words_bytes;
};

/* A block of queries of a head. */
struct block {
	uint32_t batch, head, first, count;
	uint32_t slot;
};

static uint64_t address(const struct attention_rows *r, const struct block *b)
{
	return r->at + (uint64_t)(r->batch * (int64_t)b->batch) +
	       (uint64_t)(r->head * (int64_t)b->head) +
	       (uint64_t)r->pos * b->first;
}

static uint32_t words_at(const struct prepare *p, const struct block *b)
{
	return p->words + b->slot * p->words_bytes;
}

static bool block_find(const struct prepare *p, uint32_t number,
		       struct block *b)
{
	const struct attention_prepare_args *args = p->args;
	uint32_t blocks = (args->lq + p->block - 1) / p->block;
	uint32_t at = number / blocks;

	b->batch = at / args->heads;
	b->head = at % args->heads;
	b->first = (number - at * blocks) * p->block;
	b->count = args->lq - b->first;
	if (b->count > p->block)
		b->count = p->block;
	return b->batch < args->batch;
}

static ash_token load(const struct prepare *p, const struct block *b)
{
	const struct attention_prepare_args *args = p->args;

	ash_load(p->o + b->slot * p->o_bytes, (int32_t)(p->tiles * p->o_row),
		 address(&args->o, b), (int32_t)args->o.pos,
		 args->d * ash_format_bytes((enum ash_format)args->o.format),
		 b->count);
	ash_load(p->dout + b->slot * p->dout_bytes,
		 (int32_t)(p->tiles * p->dout_row), address(&args->dout, b),
		 (int32_t)args->dout.pos, 2 * args->d, b->count);
	return ash_load_1d(words_at(p, b) + 4 * p->block,
			   address(&args->lse, b), 4 * b->count);
}

static ash_token compute(const struct prepare *p, const struct block *b)
{
	const struct attention_prepare_args *args = p->args;
	uint32_t words = words_at(p, b);
	ash_token token;

	/* A group is a query. */
	ash_vector_groups(b->count, 0, p->tiles * p->o_row,
			  p->tiles * p->dout_row);
	ash_vector_tail(p->tail);
	ash_vector_scale(MINUS_1);
	ash_vector_src2(p->dout + b->slot * p->dout_bytes, p->dout_row);
	ash_vector_function(ASH_VEC_TO_WORD(ASH_SUM), words);
	ash_vector(ASH_VEC(args->o.format, ASH_FMT_NONE) |
			   ASH_VEC_SRC2_ROWS(args->dout.format, ASH_MUL) |
			   ASH_VEC_SCALE_IMM,
		   0, 0, p->o + b->slot * p->o_bytes, p->o_row, p->tiles);
	ash_vector_plain();
	ash_vector_scale(MINUS_1);
	ash_vector_src2(GREATEST, 0);
	words += 4 * p->block;
	token = ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
				   ASH_VEC_SCALE_IMM |
				   ASH_VEC_SRC2_IMM(ASH_MIN) | ASH_VEC_LATE,
			   words, p->line, words, p->line,
			   (b->count + p->array - 1) / p->array);
	return token;
}

static ash_token store(const struct prepare *p, const struct block *b)
{
	const struct attention_prepare_args *args = p->args;
	uint32_t words = words_at(p, b);
	uint64_t at = (uint64_t)b->batch * args->heads + b->head;

	at = 4 * (at * args->lq + b->first);
	ash_store_1d(args->delta + at, words, 4 * b->count);
	return ash_store_1d(args->nlse + at, words + 4 * p->block,
			    4 * b->count);
}

ASHLAR_KERNEL(attention_prepare, struct attention_prepare_args)
{
	uint32_t array = ash_array();
	uint32_t half = ash_spad_bytes() / 2;
	struct prepare p = { .args = args, .array = array, .line = 4 * array };
	struct block now, next;
	ash_token loaded, stored[2] = { 0, 0 };
	uint32_t number = ash_index();
	bool more;

	p.tiles = (args->d + array - 1) / array;
	p.tail = args->d % array;
	p.o_row = array * ash_format_bytes((enum ash_format)args->o.format);
	p.dout_row = array * 2;
	/* Two slots, at most 64 rows of N queries. */
	p.block = 64 * array;
	while (p.block * (p.tiles * (p.o_row + p.dout_row) + 8) > half)
		p.block /= 2;
	p.o_bytes = p.block * p.tiles * p.o_row;
	p.dout_bytes = p.block * p.tiles * p.dout_row;
	p.words_bytes = 8 * p.block;
	p.o = 0;
	p.dout = 2 * p.o_bytes;
	p.words = p.dout + 2 * p.dout_bytes;

	next.slot = 0;
	more = block_find(&p, number, &next);
	loaded = more ? load(&p, &next) : 0;
	while (more) {
		ash_token token;

		now = next;
		ash_wait(ASH_LOAD, loaded);
		token = compute(&p, &now);
		number += ash_count();
		next.slot = now.slot ^ 1;
		more = block_find(&p, number, &next);
		if (more) {
			/* The words of the block before last are stored. */
			ash_wait(ASH_STORE, stored[next.slot]);
			loaded = load(&p, &next);
		}
		ash_wait(ASH_VECTOR, token);
		stored[now.slot] = store(&p, &now);
	}
	return 0;
}
