/* SPDX-License-Identifier: MIT */
/*
 * Embedding: rows of a table by index, through the load DMA's gather. Pieces of
 * tokens are dealt out in turn; long rows pass in segments. Two slots, indices
 * one piece ahead of their rows.
 */
#include <ashlar/kernel.h>

#include "args_attention.h"

#define TOKENS_MOST 1024u

struct gather {
	const struct embedding_args *args;
	uint32_t tokens; /* of a piece */
	uint32_t segment; /* bytes of a row */
	uint32_t index, rows; /* offsets of slot 0 */
	uint32_t rows_bytes;
};

/* A segment of the rows of some tokens. */
struct piece {
	uint64_t first;
	uint32_t count;
	uint32_t at, bytes; /* of each row */
	uint32_t slot; /* of rows */
	uint32_t index; /* offset of indices */
	ash_token loaded;
};

static ash_token load_index(const struct gather *g, uint64_t first,
			    uint32_t count, uint32_t to)
{
	const struct embedding_args *args = g->args;
	uint64_t from = args->index + first * args->index_pitch;

	if (args->index_pitch == 4)
		return ash_load_1d(to, from, 4 * count);
	return ash_load(to, 4, from, (int32_t)args->index_pitch, 4, count);
}

static void load_rows(const struct gather *g, struct piece *p)
{
	const struct embedding_args *args = g->args;

	ash_dma_gather(ASH_LOAD, p->index, args->rows);
	p->loaded = ash_load(g->rows + p->slot * g->rows_bytes,
			     (int32_t)g->segment, args->table + p->at,
			     (int32_t)args->table_pitch, p->bytes, p->count);
	ash_dma_plain(ASH_LOAD);
}

static ash_token store_rows(const struct gather *g, const struct piece *p)
{
	const struct embedding_args *args = g->args;

	ash_wait(ASH_LOAD, p->loaded);
	return ash_store(args->y + p->first * args->y_pitch + p->at,
			 (int32_t)args->y_pitch,
			 g->rows + p->slot * g->rows_bytes, (int32_t)g->segment,
			 p->bytes, p->count);
}

ASHLAR_KERNEL(embedding, struct embedding_args)
{
	uint32_t room = ash_spad_bytes() / 4; /* of a slot of rows */
	struct gather g = { .args = args };
	struct piece now = { .count = 0 }, before = { .count = 0 };
	ash_token stored[2] = { 0, 0 };
	uint64_t hop;

	g.segment = args->row_bytes < room ? args->row_bytes : room;
	g.tokens = room / g.segment;
	if (g.tokens > TOKENS_MOST)
		g.tokens = TOKENS_MOST;
	/* Few tokens: all tiles shall have some. */
	hop = (args->tokens + ash_count() - 1) / ash_count();
	if (g.tokens > hop)
		g.tokens = (uint32_t)hop;
	g.index = 0;
	g.rows = 2 * 4 * TOKENS_MOST;
	g.rows_bytes = g.tokens * g.segment;
	hop = (uint64_t)ash_count() * g.tokens;

	for (now.first = (uint64_t)ash_index() * g.tokens;
	     now.first < args->tokens; now.first += hop) {
		uint64_t left = args->tokens - now.first;
		ash_token token;

		now.count = left < g.tokens ? (uint32_t)left : g.tokens;
		/* The piece before may still be gathered by the other one. */
		now.index ^= 4 * TOKENS_MOST;
		token = load_index(&g, now.first, now.count, now.index);
		ash_wait(ASH_LOAD, token);
		for (now.at = 0; now.at < args->row_bytes;
		     now.at += g.segment) {
			now.bytes = args->row_bytes - now.at;
			if (now.bytes > g.segment)
				now.bytes = g.segment;
			ash_wait(ASH_STORE, stored[now.slot]);
			load_rows(&g, &now);
			if (before.count)
				stored[before.slot] = store_rows(&g, &before);
			before = now;
			now.slot ^= 1;
		}
	}
	if (before.count)
		store_rows(&g, &before);
	return 0;
}
