/* SPDX-License-Identifier: MIT */
/*
 * A vector command, row by row, in the words of the file that includes this.
 * A row goes through one step after the other and is written when all of it
 * was read, so commands that work in place or on overlapping rows need no
 * special care. The file has defined:
 *   VECTOR_INLINE, VECTOR_RUN   attributes of functions
 *   struct row                  up to VECTOR_N_MAX lanes
 *   vec_get, vec_splat          lanes from a memory, or all from a word
 *   vec_combine, vec_scale, vec_to_f32, vec_function, vec_relu   steps
 *   vec_blank                   from a lane on, a word instead
 *   vec_fold                    the tree over the lanes: the word
 *   vec_put                     lanes into a memory; all was read before
 */

struct vector_state {
	struct row src2, bias, scale;
	struct row sum; /* of the group so far */
	/* TRANSPOSE: the group in DST_FMT, a row after the other */
	uint8_t rows[4 * VECTOR_N_MAX * VECTOR_N_MAX];
};

/* An operand before the first group; kept: what it has read. */
VECTOR_INLINE void side_begin(const struct vector_job *j,
			      const struct vector_operand *o, uint32_t *kept,
			      struct row *r)
{
	if (o->sel == SEL_IMM)
		vec_splat(o->fmt, j->n, o->word, r);
	if (o->sel != SEL_ROW)
		return;
	if (j->first == 0)
		memcpy(kept, j->spad + o->word, 4 * (size_t)j->n);
	vec_get(o->fmt, j->n, (const uint8_t *)kept, r);
}

/* Words are read a line at a time. */
VECTOR_INLINE void side_group(const struct vector_job *j,
			      const struct vector_operand *o, uint32_t group,
			      uint32_t *kept, struct row *r)
{
	size_t word = (size_t)o->word / 4 + group;
	size_t lane = word % j->n;

	if (o->sel != SEL_SCALAR)
		return;
	if (group == 0 || lane == 0)
		memcpy(kept, j->spad + 4 * (word - lane), 4 * (size_t)j->n);
	vec_splat(o->fmt, j->n, kept[lane], r);
}

/* The steps up to the reduction; whether the row is of integers then. */
VECTOR_INLINE bool values(const struct vector_job *j, struct vector_state *s,
			  struct row *r)
{
	uint32_t n = j->n;
	bool integer = j->integer;

	if (j->src2.sel && !j->src2_late)
		vec_combine(j->op, integer, n, r, &s->src2);
	if (j->bias.sel && !j->bias_late)
		vec_combine(ASHLAR_VECTOR_CFG_SRC2_OP_ADD, integer, n, r,
			    &s->bias);
	if (j->scale.sel) {
		if (integer)
			vec_to_f32(n, r);
		integer = false;
		vec_combine(ASHLAR_VECTOR_CFG_SRC2_OP_MUL, false, n, r,
			    &s->scale);
	}
	if (j->bias.sel && j->bias_late)
		vec_combine(ASHLAR_VECTOR_CFG_SRC2_OP_ADD, integer, n, r,
			    &s->bias);
	if (j->fn) {
		if (integer)
			vec_to_f32(n, r);
		integer = false;
		vec_function(j->fn, n, r);
	}
	if (j->src2.sel && j->src2_late)
		vec_combine(j->op, integer, n, r, &s->src2);
	if (j->relu)
		vec_relu(integer, n, r);
	return integer;
}

static uint32_t identity(uint32_t op, bool integer)
{
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		return integer ? 0 : 0x80000000;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		return integer ? 0x80000000 : 0xff800000;
	default:
		return integer ? 0x7fffffff : 0x7f800000;
	}
}

/* A row that is done: reduced and put where it goes. Destroys it. */
VECTOR_INLINE void finish(const struct vector_job *j, struct vector_state *s,
			  uint32_t row, bool integer, struct row *r,
			  uint8_t *dst)
{
	uint32_t n = j->n;
	bool short_row = row == j->rows - 1 && j->last_lanes < n;

	if (j->red != RED_NONE) {
		struct row v = *r;

		if (short_row)
			vec_blank(n, j->last_lanes,
				  identity(j->red_op, integer), &v);
		if (row == 0)
			s->sum = v;
		else
			vec_combine(j->red_op, integer, n, &s->sum, &v);
	}
	if (!j->dst_fmt)
		return;
	if (j->transpose)
		dst = s->rows + row * n * vector_size_of(j->dst_fmt);
	if (short_row) /* zero is zero in all formats */
		vec_blank(n, j->last_lanes, 0, r);
	vec_put(j->dst_fmt, integer, n, r, dst);
}

static void write_column(const uint8_t *rows, size_t size, uint32_t n,
			 uint32_t count, uint8_t *dst)
{
	memset(dst, 0, n * size);
	switch (size) {
	case 1:
		for (uint32_t i = 0; i < count; i++)
			dst[i] = rows[i * n];
		break;
	case 2:
		for (uint32_t i = 0; i < count; i++)
			memcpy(dst + 2 * i, rows + 2 * (size_t)(i * n), 2);
		break;
	default:
		for (uint32_t i = 0; i < count; i++)
			memcpy(dst + 4 * i, rows + 4 * (size_t)(i * n), 4);
	}
}

VECTOR_INLINE void end_group(const struct vector_job *j, struct vector_state *s,
			     uint32_t group, bool integer, uint8_t *dst)
{
	uint32_t fmt = integer ? I32 : F32;
	size_t size = vector_size_of(j->dst_fmt);

	if (j->transpose)
		for (uint32_t i = 0; i < j->n; i++)
			write_column(s->rows + i * size, size, j->n, j->rows,
				     dst + i * j->dst.pitch);
	if (j->red == RED_LANES)
		vec_put(fmt, integer, j->n, &s->sum,
			j->sums + 4 * (size_t)group * j->n);
	if (j->red == RED_WORD) {
		uint32_t word = vec_fold(j->red_op, integer, j->n, &s->sum);

		memcpy(j->sums + 4 * (size_t)group, &word, 4);
	}
}

/* Not inline: no operation on numbers may leave the modes it needs. */
VECTOR_RUN static __attribute__((noinline)) void run(const struct vector_job *j)
{
	struct vector_state s;
	bool integer = false;

	side_begin(j, &j->bias, j->kept->bias, &s.bias);
	side_begin(j, &j->scale, j->kept->scale, &s.scale);
	if (j->src2.sel == SEL_IMM)
		side_begin(j, &j->src2, j->kept->src2, &s.src2);
	for (uint32_t g = j->first; g < j->end; g++) {
		const uint8_t *src = j->src.at + g * j->src.gpitch;
		const uint8_t *src2 = j->src2_rows.at + g * j->src2_rows.gpitch;
		uint8_t *dst = j->dst.at + g * j->dst.gpitch;

		side_group(j, &j->src2, g, j->kept->src2, &s.src2);
		side_group(j, &j->bias, g, j->kept->bias, &s.bias);
		side_group(j, &j->scale, g, j->kept->scale, &s.scale);
		for (uint32_t i = 0; i < j->rows; i++) {
			struct row r;

			vec_get(j->src_fmt, j->n, src + i * j->src.pitch, &r);
			if (j->src2.sel == SEL_ROW)
				vec_get(j->src2_fmt, j->n,
					src2 + i * j->src2_rows.pitch, &s.src2);
			integer = values(j, &s, &r);
			finish(j, &s, i, integer, &r, dst + i * j->dst.pitch);
		}
		end_group(j, &s, g, integer, dst);
	}
}
