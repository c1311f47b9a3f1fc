/* SPDX-License-Identifier: MIT */
/* Matrix and vector unit: the references of hw-model/numerics. */
#include "emu_priv.h"

#include "ash_units.h"

static struct ash_tile emu_memories(struct emu_tile *t)
{
	return (struct ash_tile){
		.n = t->board.array,
		.accs = t->board.accs,
		.spad_bytes = t->board.spad_bytes,
		.spad = t->spad,
		.acc = t->acc,
	};
}

void emu_matrix(struct emu_tile *t, const uint32_t *reg)
{
#define REG(name) reg[ASHLAR_MATRIX_##name / 4]
	struct ash_tile memories = emu_memories(t);
	struct ash_matrix_cmd cmd = {
		.a_addr = REG(A_ADDR),
		.a_pitch = REG(A_PITCH),
		.b_addr = REG(B_ADDR),
		.b_pitch = REG(B_PITCH),
		.k = REG(K),
		.cfg = REG(CFG),
		.tiles = REG(TILES),
		.a_tile = REG(A_TILE),
		.b_tile = REG(B_TILE),
		.parts = REG(PARTS),
		.a_part = REG(A_PART),
		.b_part = REG(B_PART),
	};
	struct ash_cmd_error error;

	if (ash_matrix_run(&memories, &cmd, &error))
		emu_fault(t, "matrix unit: register 0x%x is 0x%x", error.sub,
			  error.value);
#undef REG
}

void emu_vector(struct emu_tile *t, const uint32_t *reg)
{
#define REG(name) reg[ASHLAR_VECTOR_##name / 4]
	struct ash_tile memories = emu_memories(t);
	struct ash_vector_cmd cmd = {
		.cfg = REG(CFG),
		.op = REG(OP),
		.src = REG(SRC),
		.src_pitch = REG(SRC_PITCH),
		.src_gpitch = REG(SRC_GPITCH),
		.src2 = REG(SRC2),
		.src2_pitch = REG(SRC2_PITCH),
		.src2_gpitch = REG(SRC2_GPITCH),
		.bias = REG(BIAS),
		.scale = REG(SCALE),
		.dst = REG(DST),
		.dst_pitch = REG(DST_PITCH),
		.dst_gpitch = REG(DST_GPITCH),
		.rows = REG(ROWS),
		.groups = REG(GROUPS),
		.tail = REG(TAIL),
		.red = REG(RED),
	};
	struct ash_cmd_error error;

	if (ash_vector_run(&memories, &cmd, &error))
		emu_fault(t, "vector unit: register 0x%x is 0x%x", error.sub,
			  error.value);
#undef REG
}
