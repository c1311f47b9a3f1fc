/* SPDX-License-Identifier: MIT */
/* The emulated tile: registers, queues, lag. */
#include "emu_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/kernel.h>

const struct emu_board emu_tiny = { 8, 4, 0x10000, 8, 0x10000 };
const struct emu_board emu_sim = { 32, 8, 0x80000, 8, 0x10000 };

/* The tile whose kernel runs; a kernel has no other way to name it. */
static struct emu_tile *current;

void emu_fault(struct emu_tile *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->job->fault, sizeof(t->job->fault), format, ap);
	va_end(ap);
	longjmp(t->out, 2);
}

/* xorshift64 */
static uint32_t emu_random(struct emu_tile *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (uint32_t)(t->random >> 32);
}

static void emu_defaults(struct emu_queue *q, enum emu_unit u)
{
	static const struct {
		uint16_t reg;
		uint32_t value;
	} dma[] = {
		{ ASHLAR_LOAD_COUNT1, ASHLAR_LOAD_COUNT1_RESET },
		{ ASHLAR_LOAD_COUNT2, ASHLAR_LOAD_COUNT2_RESET },
		{ ASHLAR_LOAD_COUNT3, ASHLAR_LOAD_COUNT3_RESET },
		{ ASHLAR_LOAD_LIMIT0, ASHLAR_LOAD_LIMIT0_RESET },
		{ ASHLAR_LOAD_LIMIT1, ASHLAR_LOAD_LIMIT1_RESET },
		{ ASHLAR_LOAD_LIMIT2, ASHLAR_LOAD_LIMIT2_RESET },
		{ ASHLAR_LOAD_LIMIT3, ASHLAR_LOAD_LIMIT3_RESET },
		{ ASHLAR_LOAD_STEP1, ASHLAR_LOAD_STEP1_RESET },
		{ ASHLAR_LOAD_STEP2, ASHLAR_LOAD_STEP2_RESET },
		{ ASHLAR_LOAD_STEP3, ASHLAR_LOAD_STEP3_RESET },
	};
	size_t i;

	memset(q->reg, 0, sizeof(q->reg));
	if (u == EMU_VECTOR)
		q->reg[ASHLAR_VECTOR_GROUPS / 4] = ASHLAR_VECTOR_GROUPS_RESET;
	if (u == EMU_MATRIX) {
		q->reg[ASHLAR_MATRIX_TILES / 4] = ASHLAR_MATRIX_TILES_RESET;
		q->reg[ASHLAR_MATRIX_PARTS / 4] = ASHLAR_MATRIX_PARTS_RESET;
	}
	if (u > EMU_STORE)
		return;
	for (i = 0; i < sizeof(dma) / sizeof(dma[0]); i++)
		q->reg[dma[i].reg / 4] = dma[i].value;
}

/* Tables of GATHER, when what their operations come after has been done. */
static void emu_know_tables(struct emu_tile *t)
{
	int u, v;

	for (u = EMU_LOAD; u <= EMU_STORE; u++) {
		struct emu_queue *q = &t->unit[u];
		uint32_t i;

		for (i = q->done; i != q->issued; i++) {
			struct emu_cmd *cmd = &q->cmd[i % EMU_QUEUE];
			bool ready = !cmd->known;

			for (v = 0; v < EMU_UNITS; v++)
				ready &= (int32_t)(t->unit[v].done -
						   cmd->after[v]) >= 0;
			if (!ready)
				continue;
			cmd->known = true;
			cmd->table = emu_dma_table(t, cmd->reg);
		}
	}
}

/*
 * Do the oldest macro-operation of a unit, and what it comes after: all of
 * that has been started before it.
 */
static void emu_step(struct emu_tile *t, enum emu_unit u)
{
	struct emu_queue *q = &t->unit[u];
	const struct emu_cmd *cmd = &q->cmd[q->done % EMU_QUEUE];
	const uint32_t *reg = cmd->reg;
	int v;

	for (v = 0; v < EMU_UNITS; v++)
		while ((int32_t)(t->unit[v].done - cmd->after[v]) < 0)
			emu_step(t, (enum emu_unit)v);

	if (u <= EMU_STORE && emu_dma_table(t, reg) != cmd->table)
		emu_fault(
			t,
			"DMA table at scratchpad offset 0x%x is not as it was when it could be read: a wait is missing",
			reg[ASHLAR_LOAD_INDEX / 4]);
	switch (u) {
	case EMU_LOAD:
		emu_dma(t, reg, false);
		t->job->loads++;
		break;
	case EMU_STORE:
		emu_dma(t, reg, true);
		t->job->stores++;
		break;
	case EMU_MATRIX:
		emu_matrix(t, reg);
		t->job->matmuls++;
		break;
	default:
		emu_vector(t, reg);
		t->job->vectors++;
		break;
	}
	q->done++;
	emu_know_tables(t);
}

static void emu_lag(struct emu_tile *t)
{
	uint32_t dice = emu_random(t);
	int u;

	t->accesses++;
	for (u = 0; u < EMU_UNITS; u++, dice >>= 8) {
		struct emu_queue *q = &t->unit[u];

		if (q->done != q->issued && (dice & 0xff) < q->haste)
			emu_step(t, (enum emu_unit)u);
	}
}

static bool emu_find_unit(uint32_t address, enum emu_unit *u)
{
	static const uint32_t base[EMU_UNITS] = {
		ASHLAR_MAP_KERNEL_LOAD_BASE,
		ASHLAR_MAP_KERNEL_STORE_BASE,
		ASHLAR_MAP_KERNEL_MATRIX_BASE,
		ASHLAR_MAP_KERNEL_VECTOR_BASE,
	};
	int i;

	for (i = 0; i < EMU_UNITS; i++) {
		if (address - base[i] < ASHLAR_LOAD_BLOCK_BYTES) {
			*u = (enum emu_unit)i;
			return true;
		}
	}
	return false;
}

static void emu_go(struct emu_tile *t, enum emu_unit u)
{
	struct emu_queue *q = &t->unit[u];
	struct emu_cmd *cmd;
	int v;

	for (v = 0; v < EMU_UNITS; v++)
		if ((int32_t)(q->after[v] - t->unit[v].issued) > 0)
			emu_fault(
				t,
				"unit %d is started after token %u of unit %d, only %u started",
				u, q->after[v], v, t->unit[v].issued);
	if (q->issued - q->done == EMU_QUEUE)
		emu_step(t, u);
	cmd = &q->cmd[q->issued % EMU_QUEUE];
	memcpy(cmd->reg, q->reg, sizeof(q->reg));
	memcpy(cmd->after, q->after, sizeof(q->after));
	cmd->known = false;
	q->issued++;
	emu_know_tables(t);
}

void ash_emu_write(uint32_t address, uint32_t value)
{
	struct emu_tile *t = current;
	uint32_t offset = address % ASHLAR_LOAD_BLOCK_BYTES;
	struct emu_queue *q;
	enum emu_unit u;

	if (!emu_find_unit(address, &u))
		emu_fault(t, "write of 0x%x to 0x%x: no such register", value,
			  address);
	q = &t->unit[u];
	switch (offset) {
	case ASHLAR_LOAD_GO:
		emu_go(t, u);
		break;
	case ASHLAR_LOAD_WAIT:
		if ((int32_t)(value - q->issued) > 0)
			emu_fault(
				t,
				"wait for token %u of unit %d, only %u started",
				value, u, q->issued);
		while ((int32_t)(q->done - value) < 0)
			emu_step(t, u);
		break;
	case ASHLAR_LOAD_ISSUED:
	case ASHLAR_LOAD_DONE:
		emu_fault(t, "write to read-only register 0x%x", address);
	default:
		if (offset == ASHLAR_LOAD_DEFAULTS && u != EMU_MATRIX)
			emu_defaults(q, u);
		else if (offset / 4 < EMU_REGS)
			q->reg[offset / 4] = value;
		else if (offset >= ASHLAR_LOAD_AFTER_LOAD)
			q->after[(offset - ASHLAR_LOAD_AFTER_LOAD) / 4] = value;
		else
			emu_fault(t, "write to 0x%x: no such register",
				  address);
		break;
	}
	emu_lag(t);
}

static uint32_t emu_identity(struct emu_tile *t, uint32_t offset)
{
	switch (offset) {
	case ASHLAR_UNIT_INDEX:
		return t->index;
	case ASHLAR_UNIT_COUNT:
		return t->job->count;
	case ASHLAR_UNIT_GRID_X:
	case ASHLAR_UNIT_GRID_Y:
	case ASHLAR_UNIT_GRID_Z:
		return t->job->grid[(offset - ASHLAR_UNIT_GRID_X) / 4];
	case ASHLAR_UNIT_ARG_BYTES:
		return t->arg_bytes;
	case ASHLAR_UNIT_LMEM_BYTES:
		return t->board.lmem_bytes;
	case ASHLAR_UNIT_SPAD_BYTES:
		return t->board.spad_bytes;
	case ASHLAR_UNIT_ARRAY:
		return t->board.array;
	case ASHLAR_UNIT_ACCS:
		return t->board.accs;
	case ASHLAR_UNIT_SPAD_BANKS:
		return t->board.spad_banks;
	case ASHLAR_UNIT_CYCLE:
		return t->accesses;
	default:
		emu_fault(t, "read of unit register 0x%x: there is none",
			  offset);
	}
}

uint32_t ash_emu_read(uint32_t address)
{
	struct emu_tile *t = current;
	uint32_t offset = address % ASHLAR_LOAD_BLOCK_BYTES;
	struct emu_queue *q;
	enum emu_unit u;

	emu_lag(t);
	if (address - ASHLAR_MAP_KERNEL_UNIT_BASE < ASHLAR_UNIT_BLOCK_BYTES)
		return emu_identity(t, offset);
	if (!emu_find_unit(address, &u))
		emu_fault(t, "read of 0x%x: no such register", address);
	q = &t->unit[u];
	if (offset == ASHLAR_LOAD_ISSUED)
		return q->issued;
	if (offset == ASHLAR_LOAD_DONE) {
		/* Who polls must get on. */
		if (q->done != q->issued && (emu_random(t) & 1))
			emu_step(t, u);
		return q->done;
	}
	if (offset / 4 < EMU_REGS)
		return q->reg[offset / 4];
	if (offset >= ASHLAR_LOAD_AFTER_LOAD)
		return q->after[(offset - ASHLAR_LOAD_AFTER_LOAD) / 4];
	emu_fault(t, "read of 0x%x: write-only or no register", address);
}

void *ash_emu_spad(uint32_t offset)
{
	if (offset >= current->board.spad_bytes)
		emu_fault(current, "scratchpad offset 0x%x, size 0x%x", offset,
			  current->board.spad_bytes);
	return current->spad + offset;
}

void ash_emu_exit(uint32_t code)
{
	current->exit_code = code;
	longjmp(current->out, 1);
}

/* Haste of a unit: never on its own, always at once, or in between. */
static uint32_t emu_haste(struct emu_tile *t)
{
	switch (emu_random(t) % 3) {
	case 0:
		return 0;
	case 1:
		return 256;
	default:
		return 1 + emu_random(t) % 128;
	}
}

static uint32_t emu_run_tile(struct emu_tile *t,
			     uint32_t (*kernel)(const void *args),
			     const void *args)
{
	uint32_t i;
	int u;

	for (i = 0; i < t->board.spad_bytes; i++)
		t->spad[i] = (uint8_t)emu_random(t);
	for (i = 0; i < t->board.accs * t->board.array * t->board.array; i++)
		t->acc[i] = emu_random(t);
	for (u = 0; u < EMU_UNITS; u++) {
		t->unit[u].haste = emu_haste(t);
		emu_defaults(&t->unit[u], (enum emu_unit)u);
	}

	current = t;
	switch (setjmp(t->out)) {
	case 0:
		t->exit_code = kernel(args);
		/* fall through */
	case 1:
		/* The tile ends when its units have finished. */
		if (setjmp(t->out))
			return UINT32_MAX;
		for (u = 0; u < EMU_UNITS; u++) {
			while (t->unit[u].done != t->unit[u].issued)
				emu_step(t, (enum emu_unit)u);
		}
		return t->exit_code;
	default:
		return UINT32_MAX;
	}
}

uint32_t emu_run(struct emu_job *job, uint32_t (*kernel)(const void *args),
		 const void *args, uint32_t arg_bytes)
{
	const struct emu_board *b = job->board;
	uint32_t words = b->accs * b->array * b->array;
	uint32_t code = 0;
	uint32_t i;

	job->fault[0] = 0;
	for (i = 0; i < job->count && code == 0; i++) {
		struct emu_tile *t = calloc(1, sizeof(*t));

		if (!t)
			abort();
		t->job = job;
		t->board = *b;
		t->index = i;
		t->arg_bytes = arg_bytes;
		t->random = (job->seed + 1) * 0x9e3779b97f4a7c15ull + i;
		t->spad = malloc(b->spad_bytes);
		t->acc = malloc(words * sizeof(*t->acc));
		if (!t->spad || !t->acc)
			abort();
		code = emu_run_tile(t, kernel, args);
		free(t->spad);
		free(t->acc);
		free(t);
	}
	current = NULL;
	return code;
}
