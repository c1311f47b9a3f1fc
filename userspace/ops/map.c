// SPDX-License-Identifier: MIT
#include "map.h"

#include <stdlib.h>
#include <string.h>

#include "ashlar_regs.h"

#define FIELD(name, value) ((uint32_t)(value) << ASHLAR_VECTOR_##name##_SHIFT)
#define STEP_MAX	   0x7fffffffll /* bytes, of dimensions 0 to 2 */
#define SIZE_MAX_31	   0x7fffffffull
#define LINES_MAX	   1024u /* of a piece */
#define LINES_STEP	   16u
#define ELEMENTS_MAX	   32768u /* of a piece: a DMA counts to 65535 */

uint32_t map_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* --- What there is ---------------------------------------------------------------- */

void map_begin(struct map *m, struct plan *p, const struct ashlar_tensor *t)
{
	memset(m, 0, sizeof(*m));
	m->p = p;
	m->dims = t->dims;
	memcpy(m->shape, t->shape, sizeof(m->shape));
}

static uint8_t new_room(struct map *m, uint32_t format)
{
	if (m->rooms == MAP_BUFFERS)
		abort(); /* an operation of ours that is too big */
	m->room[m->rooms].format = format;
	return (uint8_t)m->rooms++;
}

/* A room whose tensor repeats itself where it has no dimension or one element. */
static uint8_t tensor_room(struct map *m, const struct ashlar_tensor *t)
{
	uint8_t room = new_room(m, t->format);
	struct ashlar_tensor *b = &m->room[room].t;
	uint32_t missing = m->dims - t->dims;
	uint32_t i;

	*b = *t;
	b->dims = m->dims;
	for (i = 0; i < m->dims; i++) {
		b->shape[i] = m->shape[i];
		b->stride[i] = 0;
		if (i >= missing && t->shape[i - missing] != 1)
			b->stride[i] = t->stride[i - missing];
	}
	return room;
}

uint8_t map_load(struct map *m, const struct ashlar_tensor *t)
{
	uint8_t room = tensor_room(m, t);

	m->room[room].loaded = true;
	return room;
}

uint8_t map_store(struct map *m, const struct ashlar_tensor *t)
{
	uint8_t room = tensor_room(m, t);

	m->room[room].stored = true;
	return room;
}

void map_store_too(struct map *m, uint8_t room)
{
	m->room[room].stored = true;
}

uint8_t map_temp(struct map *m, uint32_t format)
{
	return new_room(m, format);
}

uint8_t map_temp_like(struct map *m, uint8_t room)
{
	uint8_t t = new_room(m, ASHLAR_F32);

	m->room[t].like = true;
	m->room[t].like_room = room;
	return t;
}

static struct map_step plain_step(uint8_t src, uint8_t dst)
{
	return (struct map_step){ .src = src, .dst = dst, .src2 = MAP_NONE };
}

struct map_step *map_pass(struct map *m, uint8_t src, uint8_t dst)
{
	if (m->steps == MAP_PASSES)
		abort();
	m->step[m->steps] = plain_step(src, dst);
	return &m->step[m->steps++];
}

/* --- Dimensions --------------------------------------------------------------------- */

static const struct map_room *a_store(const struct map *m)
{
	uint32_t i;

	for (i = 0; i < m->rooms; i++)
		if (m->room[i].stored)
			return &m->room[i];
	abort();
}

/* Those with more than one element, by the stride of what is stored. */
static void order_sort(struct map_order *o, const struct map *m)
{
	const struct map_room *store = a_store(m);
	uint32_t index[ASHLAR_DIMS_MAX];
	uint32_t i, j, r;

	o->count = 0;
	for (i = m->dims; i-- > 0;) {
		if (m->shape[i] == 1)
			continue;
		for (j = o->count; j > 0 && store->t.stride[index[j - 1]] >
						    store->t.stride[i];
		     j--)
			index[j] = index[j - 1];
		index[j] = i;
		o->count++;
	}
	for (j = 0; j < o->count; j++) {
		o->size[j] = m->shape[index[j]];
		for (r = 0; r < m->rooms; r++)
			o->step[j][r] =
				m->room[r].t.stride[index[j]] *
				(int64_t)ashlar_format_bytes(m->room[r].format);
	}
}

static void order_remove(struct map_order *o, uint32_t at)
{
	for (o->count--; at < o->count; at++) {
		o->size[at] = o->size[at + 1];
		memcpy(o->step[at], o->step[at + 1], sizeof(o->step[at]));
	}
}

static bool can_merge(const struct map_order *o, const struct map *m,
		      uint32_t at)
{
	uint32_t r;

	if (o->size[at] * o->size[at + 1] > SIZE_MAX_31)
		return false;
	for (r = 0; r < m->rooms; r++)
		if (o->step[at + 1][r] != o->step[at][r] * (int64_t)o->size[at])
			return false;
	return true;
}

static bool far(const struct map_order *o, const struct map *m, uint32_t at)
{
	uint32_t r;

	for (r = 0; r < m->rooms; r++)
		if (o->step[at][r] > STEP_MAX || o->step[at][r] < -STEP_MAX)
			return true;
	return false;
}

/*
 * Dimensions 0 to 2 are what a DMA walks: their steps have to fit into its
 * registers. Others, if there are, go to 3 to 5.
 */
int map_order(struct map_order *o, const struct map *m)
{
	struct map_order from;
	uint32_t i, near = 0, behind = 3;

	order_sort(&from, m);
	for (i = 0; i + 1 < from.count;) {
		if (can_merge(&from, m, i)) {
			from.size[i] *= from.size[i + 1];
			order_remove(&from, i + 1);
		} else {
			i++;
		}
	}
	memset(o, 0, sizeof(*o));
	for (i = 0; i < ASHLAR_DIMS_MAX; i++)
		o->size[i] = 1;
	o->count = ASHLAR_DIMS_MAX;
	for (i = 0; i < from.count; i++) {
		uint32_t to;

		if (from.size[i] > SIZE_MAX_31)
			return check_unsupported(
				&m->p->check,
				"a dimension has %llu elements, at most 2^31 - 1 are supported",
				(unsigned long long)from.size[i]);
		to = near < 3 && !far(&from, m, i) ? near++ : behind++;
		if (to == ASHLAR_DIMS_MAX)
			return check_unsupported(
				&m->p->check,
				"more than three dimensions have strides of 2^31 bytes or more");
		o->size[to] = from.size[i];
		memcpy(o->step[to], from.step[i], sizeof(o->step[to]));
	}
	return 0;
}

/* --- Broadcasting ------------------------------------------------------------------- */

static void find_extents(struct map *m, const struct map_order *o)
{
	uint32_t r;

	for (r = 0; r < m->rooms; r++) {
		struct map_room *room = &m->room[r];

		if (room->like)
			room->extent = m->room[room->like_room].extent;
		else if (!room->loaded)
			room->extent = MAP_FULL;
		else if (o->size[0] > 1 && o->step[0][r] == 0)
			room->extent = MAP_WORDS;
		else if (o->size[1] * o->size[2] == 1)
			room->extent = MAP_FULL;
		else if ((o->size[1] == 1 || o->step[1][r] == 0) &&
			 (o->size[2] == 1 || o->step[2][r] == 0))
			room->extent = MAP_ROW;
	}
}

static struct map_step *insert_step(struct map *m, uint32_t at,
				    struct map_step step)
{
	if (m->steps == MAP_PASSES)
		abort();
	memmove(&m->step[at + 1], &m->step[at],
		(m->steps - at) * sizeof(m->step[0]));
	m->steps++;
	m->step[at] = step;
	return &m->step[at];
}

static uint32_t word_format(uint32_t format)
{
	if (format == ASHLAR_I8)
		return ASHLAR_I32;
	return ashlar_format_bytes(format) == 2 ? ASHLAR_F32 : format;
}

/*
 * One element for each row: the vector unit takes it as a word, so smaller
 * ones are widened first; and as its second operand only, so that a first
 * one is spread over lines: 0 + word, in integers, which keeps its bits.
 */
static void spread_words(struct map *m, uint8_t words)
{
	uint32_t format = word_format(m->room[words].format);
	uint8_t wide = words, spread = MAP_NONE;
	uint32_t i = 0;

	if (format != m->room[words].format) {
		wide = map_temp(m, format);
		m->room[wide].extent = MAP_WORDS;
		insert_step(m, 0, plain_step(words, wide));
		i = 1;
	}
	for (; i < m->steps; i++) {
		if (m->step[i].src2 == words)
			m->step[i].src2 = wide;
		/* Words to words are as lines to lines. */
		if (m->step[i].src != words ||
		    m->room[m->step[i].dst].extent == MAP_WORDS)
			continue;
		if (spread == MAP_NONE) {
			struct map_step *s;

			spread = map_temp(m, format);
			s = insert_step(m, i, plain_step(spread, spread));
			s->integer = true;
			s->imm2 = true;
			s->src2_op = ASHLAR_VECTOR_CFG_SRC2_OP_AND;
			s->src2 = wide; /* the words to add */
			i++;
		}
		m->step[i].src = spread;
	}
}

/* --- Passes --------------------------------------------------------------------------- */

static void make_pass(const struct map *m, const struct map_step *s,
		      struct map_pass *p)
{
	uint32_t src = m->room[s->src].format, dst = m->room[s->dst].format;

	if (s->integer) {
		src = ASHLAR_I32;
		dst = ASHLAR_I32;
	}
	p->cfg = FIELD(CFG_SRC_FMT, src) | FIELD(CFG_DST_FMT, dst) |
		 FIELD(CFG_SRC2_OP, s->src2_op) |
		 FIELD(CFG_SRC2_LATE, s->late) | FIELD(CFG_RELU, s->relu);
	p->op = FIELD(OP_FN, s->fn);
	p->src_buffer = s->src;
	p->dst_buffer = s->dst;
	p->src2_buffer = MAP_NONE;
	p->bias_buffer = MAP_NONE;
	p->src2 = s->imm;
	p->scale = s->scale;
	p->bias = s->bias;
	if (s->imm2) {
		p->cfg |= FIELD(CFG_SRC2_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_IMM);
		if (s->src2 != MAP_NONE) {
			p->bias_buffer = s->src2;
			p->cfg |= FIELD(CFG_BIAS_SEL,
					ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR);
		}
	} else if (s->src2 != MAP_NONE) {
		bool words = m->room[s->src2].extent == MAP_WORDS;

		p->src2_buffer = s->src2;
		p->cfg |= FIELD(CFG_SRC2_FMT, m->room[s->src2].format) |
			  FIELD(CFG_SRC2_SEL,
				words ? ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR :
					ASHLAR_VECTOR_CFG_SRC2_SEL_ROW);
	}
	if (s->scaled)
		p->cfg |= FIELD(CFG_SCALE_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_IMM);
	if (s->biased)
		p->cfg |= FIELD(CFG_BIAS_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_IMM) |
			  FIELD(CFG_BIAS_LATE, !s->early);
}

/* --- Scratchpad and pieces -------------------------------------------------------------- */

static uint32_t smaller(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

static bool in_place(const struct map *m)
{
	uint32_t r;

	for (r = 0; r < m->rooms; r++)
		if (m->room[r].loaded && m->room[r].stored)
			return true;
	return false;
}

static uint32_t room_slots(const struct map_room *room, uint32_t slots)
{
	return room->loaded || room->stored ? slots : 1;
}

/* Bytes of a slot of a room for pieces of so many lines, in rows of row_lines. */
static uint32_t room_bytes(const struct map *m, const struct map_room *room,
			   uint32_t lines, uint64_t row_lines)
{
	uint32_t bytes = ashlar_format_bytes(room->format);
	uint32_t line = 4 * m->p->board.array;

	if (room->extent == MAP_ROW)
		lines = smaller(lines, row_lines);
	/* There are no more rows than lines. */
	bytes *= room->extent == MAP_WORDS ? lines : lines * m->p->board.array;
	return (bytes + line - 1) / line * line;
}

static uint32_t all_bytes(const struct map *m, uint32_t lines,
			  uint64_t row_lines, uint32_t slots)
{
	uint32_t sum = 0, r;

	for (r = 0; r < m->rooms; r++)
		sum += room_slots(&m->room[r], slots) *
		       room_bytes(m, &m->room[r], lines, row_lines);
	return sum;
}

/* Lines of a piece, so that every room has its place and tiles have work. */
static uint32_t choose_lines(const struct map *m, const struct map_order *o,
			     uint32_t slots)
{
	const struct plan_board *b = &m->p->board;
	uint64_t row_lines = (o->size[0] + b->array - 1) / b->array;
	uint64_t lines = row_lines;
	uint32_t most, r;

	most = smaller(LINES_MAX, ELEMENTS_MAX / b->array);
	while (most > LINES_STEP &&
	       all_bytes(m, most, row_lines, slots) > b->spad_bytes)
		most -= LINES_STEP;
	for (r = 1; r < ASHLAR_DIMS_MAX; r++)
		lines *= o->size[r];
	lines = (lines + 4 * b->tiles - 1) / (4 * b->tiles);
	lines = smaller(most, lines);
	/*
	 * Pieces begin at multiples of 16 lines: tiles that walk through memory
	 * side by side then find the channels of it in turn.
	 */
	lines = (lines + LINES_STEP - 1) / LINES_STEP * LINES_STEP;
	return smaller(lines, most / LINES_STEP * LINES_STEP);
}

static int choose_pieces(const struct map *m, const struct map_order *o,
			 uint32_t lines, struct ew_map_args *a)
{
	uint32_t array = m->p->board.array;
	uint64_t row = (o->size[0] + array - 1) / array;
	unsigned __int128 pieces = 1;
	uint32_t rows;
	uint32_t i;

	for (i = 0; i < 6; i++)
		a->size[i] = (uint32_t)o->size[i];
	if (row >= lines) {
		a->piece[0] = smaller(o->size[0], (uint64_t)lines * array);
		rows = 1;
	} else {
		a->piece[0] = a->size[0];
		rows = lines / (uint32_t)row;
	}
	a->piece[1] = smaller(o->size[1], rows);
	a->piece[2] = smaller(o->size[2], rows / a->piece[1]);
	if (a->piece[1] < a->size[1])
		a->piece[2] = 1;
	for (i = 0; i < 6; i++) {
		uint32_t step = i < 3 ? a->piece[i] : 1;

		a->parts[i] = (a->size[i] + step - 1) / step;
		pieces *= a->parts[i];
		if (a->size[i] > 1)
			a->dims = (uint8_t)(i + 1);
	}
	if (pieces > UINT32_MAX)
		return check_unsupported(
			&m->p->check,
			"more than 2^32 - 1 pieces; copy it to packed memory first");
	a->pieces = (uint32_t)pieces;
	return 0;
}

/* What is loaded, what is between, what is only stored. */
static uint32_t room_group(const struct map_room *room)
{
	if (room->loaded)
		return 0;
	return room->stored ? 2 : 1;
}

/* Place a group from `at` on; returns its end. */
static uint32_t place_group(const struct map *m, uint32_t group, uint32_t at,
			    uint32_t lines, uint64_t row_lines, uint32_t slots,
			    struct ew_map_args *a)
{
	uint32_t array = m->p->board.array, r;

	for (r = 0; r < m->rooms; r++) {
		const struct map_room *room = &m->room[r];
		struct map_buffer *b = &a->buffer[r];
		uint32_t bytes;

		if (room_group(room) != group)
			continue;
		b->bytes = (uint8_t)ashlar_format_bytes(room->format);
		b->extent = (uint8_t)room->extent;
		b->pitch = (uint16_t)(array * b->bytes);
		bytes = room_bytes(m, room, lines, row_lines);
		b->offset = at;
		b->slot_bytes = group == 1 ? 0 : bytes;
		at += room_slots(room, slots) * bytes;
		if (room->extent != MAP_FULL)
			a->grouped = 1;
	}
	return at;
}

/*
 * Each group in banks of its own when there is room: what a DMA writes is then
 * not in the way of what the vector unit writes.
 */
static void place_rooms(const struct map *m, uint32_t lines, uint64_t row_lines,
			uint32_t slots, struct ew_map_args *a)
{
	const struct plan_board *b = &m->p->board;
	uint32_t bank = b->spad_bytes / b->spad_banks;
	uint32_t align, at, group;

	for (align = bank;; align = 4 * b->array) {
		for (at = 0, group = 0; group < 3; group++)
			at = place_group(m, group,
					 (at + align - 1) / align * align,
					 lines, row_lines, slots, a);
		if (at <= b->spad_bytes)
			return;
		if (align < bank)
			abort();
	}
}

static void add_operands(const struct map *m, const struct map_order *o,
			 bool stores, struct ew_map_args *a)
{
	uint32_t n = stores ? a->loads : 0;
	uint32_t r, i;

	for (r = 0; r < m->rooms; r++) {
		struct map_operand *to = &a->operand[n];

		if (stores ? !m->room[r].stored : !m->room[r].loaded)
			continue;
		if (n == MAP_OPERANDS)
			abort();
		to->addr = m->room[r].t.addr;
		to->buffer = (uint8_t)r;
		for (i = 0; i < 3; i++) {
			to->step[i] = (int32_t)o->step[i][r];
			to->outer[i] = o->step[3 + i][r];
		}
		n++;
	}
	if (stores)
		a->stores = (uint8_t)(n - a->loads);
	else
		a->loads = (uint8_t)n;
}

int map_end(struct map *m)
{
	struct ew_map_args a = { 0 };
	uint32_t array = m->p->board.array;
	uint32_t i, lines, slots, rooms = m->rooms;
	struct map_order o;

	if (map_order(&o, m))
		return -1;
	if (map_is_transpose(m, &o))
		return map_transpose(m, &o);
	find_extents(m, &o);
	for (i = 0; i < rooms; i++)
		if (m->room[i].extent == MAP_WORDS)
			spread_words(m, (uint8_t)i);
	a.in_place = in_place(m);
	slots = a.in_place ? 4 : 3;
	lines = choose_lines(m, &o, slots);
	a.slots = (uint8_t)slots;
	if (choose_pieces(m, &o, lines, &a))
		return -1;
	place_rooms(m, lines, (o.size[0] + array - 1) / array, slots, &a);
	add_operands(m, &o, false, &a);
	add_operands(m, &o, true, &a);
	for (i = 0; i < m->steps; i++)
		make_pass(m, &m->step[i], &a.pass[i]);
	a.passes = (uint8_t)m->steps;
	return plan_launch(m->p, "elementwise", "ew_map", &a, sizeof(a)) ? 0 :
									   -1;
}
