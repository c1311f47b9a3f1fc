/* SPDX-License-Identifier: MIT */
/*
 * The gradient of a table: each tile owns a range of rows and looks through
 * all indices for them, so that the order of additions is that of the tokens
 * for any number of tiles. Tokens come in batches: their table rows are
 * gathered (each once), dy is added in order, the rows go back. The core looks for
 * the tokens of the next batch meanwhile.
 */
#include <ashlar/kernel.h>

#include "args_attention.h"

#define INDICES	   1024u /* looked through at a time */
#define BATCH_MOST 64u /* tokens */
#define HASH	   256u /* more than twice that, a power of two */
#define TABLES	   (4 * (INDICES + 2 * 2 * BATCH_MOST)) /* bytes */

/* Rows in the order in which they come, tokens in theirs. */
struct batch {
	uint32_t rows_index, tokens_index; /* offsets */
	uint32_t row_count, token_count;
	uint8_t row_of[BATCH_MOST];
	ash_token stored;
};

struct scatter {
	const struct embedding_dx_args *args;
	uint32_t array, line;
	uint32_t first, end; /* rows of this tile */
	uint32_t at, count; /* columns of this segment */
	uint32_t lines; /* of a row of the segment */
	uint32_t dy_row; /* bytes of N elements of dy */
	uint32_t most; /* tokens of a batch */
	/* Offsets. */
	uint32_t index, rows, dy, zero;
	struct batch batch[2], *now; /* taken in turn */
	uint8_t hash[HASH]; /* 1 + number of the row in it; 0: free */
	ash_token stored; /* what was before is in memory */
};

static void batch_begin(struct scatter *s)
{
	uint32_t *h = (uint32_t *)(void *)s->hash;
	struct batch *b = s->now;
	uint32_t i;

	/* Its tables are read until then. */
	ash_wait(ASH_STORE, b->stored);
	b->row_count = 0;
	b->token_count = 0;
	for (i = 0; i < HASH / 4; i++)
		h[i] = 0;
}

/* Number of the row in the batch, which it may be new to. */
static uint32_t batch_row(struct scatter *s, uint32_t row)
{
	struct batch *b = s->now;
	uint32_t *rows = ash_spad(b->rows_index);
	uint32_t at = row * 2654435761u >> 24;

	for (;; at = (at + 1) % HASH) {
		if (!s->hash[at])
			break;
		if (rows[s->hash[at] - 1u] == row)
			return s->hash[at] - 1u;
	}
	rows[b->row_count] = row;
	s->hash[at] = (uint8_t)++b->row_count;
	return b->row_count - 1;
}

/* Add tokens of the batch from `from` on, whose rows follow each other. */
static uint32_t batch_add(const struct scatter *s, uint32_t from)
{
	const struct batch *b = s->now;
	uint32_t row = b->row_of[from];
	uint32_t to = s->rows + row * s->lines * s->line;
	uint32_t n = 1;

	while (from + n < b->token_count && b->row_of[from + n] == row + n)
		n++;
	ash_vector_src2(to, s->line);
	ash_vector(ASH_VEC(s->args->format, ASH_FMT_F32) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD),
		   to, s->line, s->dy + from * s->lines * s->dy_row, s->dy_row,
		   n * s->lines);
	return from + n;
}

/*
 * Start all of a batch, unit after unit, and begin the next one. tokens_index
 * counts from the token `base`.
 */
static void batch_end(struct scatter *s, uint64_t base)
{
	const struct embedding_dx_args *args = s->args;
	uint32_t bytes = ash_format_bytes((enum ash_format)args->format);
	uint64_t table = args->dtable + 4 * s->at;
	int32_t pitch = (int32_t)(s->lines * s->line);
	struct batch *b = s->now;
	uint32_t i;

	if (!b->token_count)
		return;
	/* Rows of the batch before are in memory, its places free. */
	ash_after(ASH_LOAD, ASH_STORE, s->stored);
	ash_dma_gather(ASH_LOAD, b->rows_index, args->rows);
	ash_load(s->rows, pitch, table, (int32_t)args->dtable_pitch,
		 4 * s->count, b->row_count);
	ash_dma_gather(ASH_LOAD, b->tokens_index, INDICES);
	ash_after(ASH_VECTOR, ASH_LOAD,
		  ash_load(s->dy, (int32_t)(s->lines * s->dy_row),
			   args->dy + base * args->dy_pitch + s->at * bytes,
			   (int32_t)args->dy_pitch, bytes * s->count,
			   b->token_count));
	ash_dma_plain(ASH_LOAD);
	for (i = 0; i < b->token_count;)
		i = batch_add(s, i);
	ash_after(ASH_STORE, ASH_VECTOR,
		  ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED));
	ash_dma_gather(ASH_STORE, b->rows_index, args->rows);
	b->stored = ash_store(table, (int32_t)args->dtable_pitch, s->rows,
			      pitch, 4 * s->count, b->row_count);
	ash_dma_plain(ASH_STORE);
	s->stored = b->stored;
	s->now = b == s->batch ? b + 1 : s->batch;
	batch_begin(s);
}

/* One chunk of indices. */
static void look_through(struct scatter *s, uint64_t base, uint32_t count)
{
	const struct embedding_dx_args *args = s->args;
	const uint32_t *index = ash_spad(s->index);
	uint64_t from = args->index + base * args->index_pitch;
	uint32_t i;

	if (args->index_pitch == 4)
		ash_load_1d(s->index, from, 4 * count);
	else
		ash_load(s->index, 4, from, (int32_t)args->index_pitch, 4,
			 count);
	ash_wait_all(ASH_LOAD);
	for (i = 0; i < count; i++) {
		uint32_t row = index[i], *tokens;
		struct batch *b;

		if (row - s->first >= s->end - s->first ||
		    row == (uint32_t)args->padding)
			continue;
		b = s->now;
		tokens = ash_spad(b->tokens_index);
		tokens[b->token_count] = i;
		b->row_of[b->token_count++] = (uint8_t)batch_row(s, row);
		if (b->token_count == s->most)
			batch_end(s, base);
	}
	batch_end(s, base);
}

/* The tile's rows of the segment begin at 0. */
static void clear(const struct scatter *s)
{
	const struct embedding_dx_args *args = s->args;
	uint32_t row, runs;

	for (row = s->first; row < s->end; row += runs) {
		runs = s->end - row;
		if (runs > 65535)
			runs = 65535;
		ash_store(args->dtable + (uint64_t)args->dtable_pitch * row +
				  4 * s->at,
			  (int32_t)args->dtable_pitch, s->zero, 0, 4 * s->count,
			  runs);
	}
}

static void layout(struct scatter *s, uint32_t *segment)
{
	uint32_t bytes = ash_format_bytes((enum ash_format)s->args->format);
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t each, room, i;

	s->array = ash_array();
	s->line = 4 * s->array;
	s->dy_row = bytes * s->array;
	/*
	 * Tables are in the last banks, where the core, which comes last, need not
	 * wait for the units.
	 */
	room = (ash_spad_bytes() - TABLES) & ~(bank - 1);
	s->index = room;
	for (i = 0; i < 2; i++) {
		s->batch[i].rows_index = room + 4 * (INDICES + i * BATCH_MOST);
		s->batch[i].tokens_index =
			s->batch[i].rows_index + 2 * 4 * BATCH_MOST;
	}
	/* A row of zeros, and at least eight of both kinds. */
	s->zero = 0;
	*segment = room / (8 * (s->line + s->dy_row) + s->line) * s->array;
	if (*segment > s->args->d)
		*segment = s->args->d;
	s->lines = (*segment + s->array - 1) / s->array;
	each = s->lines * (s->line + s->dy_row);
	s->most = (room - s->lines * s->line) / each;
	if (s->most > BATCH_MOST)
		s->most = BATCH_MOST;
	s->rows = s->zero + s->lines * s->line;
	s->dy = s->rows + s->most * s->lines * s->line;
}

ASHLAR_KERNEL(embedding_dx, struct embedding_dx_args)
{
	struct scatter s = { .args = args, .now = s.batch };
	uint32_t segment;
	uint64_t base;

	layout(&s, &segment);
	s.first = (uint32_t)((uint64_t)args->rows * ash_index() / ash_count());
	s.end = (uint32_t)((uint64_t)args->rows * (ash_index() + 1) /
			   ash_count());
	if (s.first == s.end)
		return 0;
	/* Whatever is there, zeroed: it passes a gate that is shut. */
	ash_vector_src2(0, 0);
	ash_wait(ASH_VECTOR,
		 ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
				    ASH_VEC_SRC2_IMM(ASH_GATE),
			    s.zero, s.line, s.zero, s.line, s.lines));
	for (s.at = 0; s.at < args->d; s.at += segment) {
		s.count = args->d - s.at;
		if (s.count > segment)
			s.count = segment;
		if (!args->add)
			clear(&s);
		s.stored = ash_read(ASH_STORE + ASHLAR_STORE_ISSUED);
		batch_begin(&s);
		for (base = 0; base < args->tokens; base += INDICES) {
			uint64_t left = args->tokens - base;

			look_through(&s, base,
				     left < INDICES ? (uint32_t)left : INDICES);
		}
	}
	return 0;
}
