// SPDX-License-Identifier: MIT
/* The Verilated board as an engine: clocked, but for idle cycles. */
#include "rtl.h"
#include "ashlar_regs.h"
#include "board.h"
#include "model.h"

#include <errno.h>
#include <stdlib.h>

#define RESET_CYCLES 4
/*
 * A register request waits at most for the copy engines' turns at the shared
 * SRAM; more cycles than this are a fault of the board.
 */
#define REG_CYCLES_MAX 1000

const char engine_name[] = "rtl";
const uint32_t engine_platform = ASHLAR_HOST_PLATFORM_RTL;

struct engine {
	struct board *board;
	bool wave;
};

static struct ashlar_model *enter(struct ashlar_model *m)
{
	struct ashlar_model *before = rtl_current;

	rtl_current = m;
	return before;
}

static void leave(struct ashlar_model *before)
{
	rtl_current = before;
}

static void trace_insns(struct ashlar_model *m)
{
	struct board_retired insn;
	unsigned int core;

	for (core = 0; core < board_cores(); core++)
		if (board_insn(m->engine->board, core, &insn))
			model_insn_write(m, m->cycles, core, insn.pc, insn.insn,
					 insn.rd, insn.value);
}

static void cycle(struct ashlar_model *m, uint64_t skip)
{
	struct engine *e = m->engine;
	unsigned int misuse;

	board_cycle(e->board, skip);
	m->cycles += skip + 1;
	m->clocked++;
	if ((m->insn_trace || e->wave) && model_in_window(m, m->cycles)) {
		if (e->wave)
			board_wave_dump(e->board, m->cycles);
		if (m->insn_trace && board_any_insn(e->board))
			trace_insns(m);
	}
	misuse = board_misuse(e->board);
	if (misuse) {
		struct model_misuse_values values;

		board_misuse_values(e->board, &values);
		model_board_misuse(m, misuse, &values);
	}
}

bool engine_new(struct ashlar_model *m, const struct ashlar_model_options *opt,
		char *error, size_t error_bytes)
{
	struct ashlar_model *before = enter(m);
	const char *wave_error = NULL;
	struct engine *e = calloc(1, sizeof(*e));

	m->engine = e;
	if (e) {
		e->board = board_new();
		if (opt->wave) {
			wave_error = board_wave_open(e->board, opt->wave);
			e->wave = !wave_error;
		}
	} else {
		snprintf(error, error_bytes, "out of memory");
	}
	leave(before);
	if (wave_error)
		snprintf(error, error_bytes, "waveform %s: %s", opt->wave,
			 wave_error);
	return e && !wave_error;
}

void engine_delete(struct ashlar_model *m)
{
	struct ashlar_model *before = enter(m);

	if (m->engine)
		board_delete(m->engine->board);
	free(m->engine);
	m->engine = NULL;
	leave(before);
}

void engine_power_on(struct ashlar_model *m)
{
	struct ashlar_model *before = enter(m);
	struct board *b = m->engine->board;
	int i;

	board_set_reg(b, false, false, 0, 0);
	board_set_reset(b, true);
	for (i = 0; i < RESET_CYCLES; i++)
		cycle(m, 0);
	board_set_reset(b, false);
	cycle(m, 0);
	leave(before);
}

/* Clocks until the board takes a register request; false: it does not. */
static bool wait_ready(struct ashlar_model *m)
{
	struct board *b = m->engine->board;
	int i;

	for (i = 0; i < REG_CYCLES_MAX && !m->dead; i++) {
		if (board_reg_ready(b))
			return true;
		cycle(m, 0);
	}
	if (!m->dead)
		model_misuse(
			m, "register-timeout",
			"the board did not take a request within %d cycles",
			REG_CYCLES_MAX);
	return false;
}

static int reg_write(struct ashlar_model *m, uint32_t offset, uint32_t value)
{
	struct board *b = m->engine->board;

	if (!wait_ready(m))
		return -EIO;
	board_set_reg(b, true, true, offset, value);
	cycle(m, 0);
	board_set_reg(b, false, false, 0, 0);
	return m->dead ? -EIO : 0;
}

static int reg_read(struct ashlar_model *m, uint32_t offset, uint32_t *value)
{
	struct board *b = m->engine->board;
	int i;

	if (!wait_ready(m))
		return -EIO;
	board_set_reg(b, true, false, offset, 0);
	cycle(m, 0);
	board_set_reg(b, false, false, 0, 0);
	for (i = 0; i < REG_CYCLES_MAX && !m->dead; i++) {
		if (board_reg_rvalid(b)) {
			*value = board_reg_rdata(b);
			return 0;
		}
		cycle(m, 0);
	}
	if (!m->dead)
		model_misuse(
			m, "register-timeout",
			"BAR0 offset 0x%05x was not answered within %d cycles",
			offset, REG_CYCLES_MAX);
	return -EIO;
}

int engine_read(struct ashlar_model *m, uint32_t offset, uint32_t *value)
{
	struct ashlar_model *before = enter(m);
	int rc = reg_read(m, offset, value);

	leave(before);
	return rc;
}

int engine_write(struct ashlar_model *m, uint32_t offset, uint32_t value)
{
	struct ashlar_model *before = enter(m);
	int rc = reg_write(m, offset, value);

	leave(before);
	return rc;
}

/*
 * Cycles that may pass besides the next one without being simulated: up to
 * the one in which time does something, and within left.
 */
static uint64_t skippable(const struct ashlar_model *m, uint64_t left)
{
	uint64_t next = board_next_event(m->engine->board);

	if (next > left)
		next = left;
	return next ? next - 1 : 0;
}

static enum ashlar_model_stop run_board(struct ashlar_model *m, uint64_t max)
{
	uint64_t end = max > UINT64_MAX - m->cycles ? UINT64_MAX :
						      m->cycles + max;

	while (!m->dead) {
		uint64_t skip = 0;

		if (board_idle(m->engine->board)) {
			if (board_next_event(m->engine->board) == UINT64_MAX)
				return ASHLAR_MODEL_IDLE;
			if (m->cycles < end && !m->no_skip)
				skip = skippable(m, end - m->cycles);
		}
		if (m->cycles >= end)
			return ASHLAR_MODEL_BUDGET;
		m->vector_raised = false;
		cycle(m, skip);
		if (m->vector_raised && !m->dead)
			return ASHLAR_MODEL_VECTOR;
	}
	return ASHLAR_MODEL_DEAD;
}

enum ashlar_model_stop engine_run(struct ashlar_model *m, uint64_t max_cycles)
{
	struct ashlar_model *before = enter(m);
	enum ashlar_model_stop stop = run_board(m, max_cycles);

	leave(before);
	return stop;
}
