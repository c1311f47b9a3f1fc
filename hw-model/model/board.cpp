// SPDX-License-Identifier: MIT
#include "board.h"

#include "Vash_board.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

#include <memory>

struct board {
	VerilatedContext context;
	std::unique_ptr<Vash_board> top;
#if VM_TRACE
	std::unique_ptr<VerilatedFstC> wave;
#endif
};

static const unsigned int cores = sizeof(Vash_board::rv_pc) / sizeof(uint32_t);

struct board *board_new(void)
{
	struct board *b = new board;

#if VM_TRACE
	b->context.traceEverOn(true);
#endif
	b->top.reset(new Vash_board(&b->context));
	b->top->rst = 1;
	b->top->eval();
	return b;
}

void board_delete(struct board *b)
{
	if (!b)
		return;
#if VM_TRACE
	if (b->wave)
		b->wave->close();
#endif
	b->top->final();
	delete b;
}

const char *board_wave_open(struct board *b, const char *path)
{
#if VM_TRACE
	b->wave.reset(new VerilatedFstC);
	b->top->trace(b->wave.get(), 99);
	b->wave->open(path);
	if (!b->wave->isOpen())
		return "the file cannot be created";
	return nullptr;
#else
	(void)b;
	(void)path;
	return "this model is built without waveforms; the -trace model has "
	       "them (make model-trace)";
#endif
}

void board_wave_dump(struct board *b, uint64_t time)
{
#if VM_TRACE
	b->wave->dump(time);
#else
	(void)b;
	(void)time;
#endif
}

void board_set_reset(struct board *b, bool on)
{
	b->top->rst = on;
}

void board_set_reg(struct board *b, bool valid, bool we, uint32_t addr,
		   uint32_t data)
{
	b->top->reg_valid = valid;
	b->top->reg_we = we;
	b->top->reg_addr = addr;
	b->top->reg_wdata = data;
}

void board_cycle(struct board *b, uint64_t skip)
{
	Vash_board *top = b->top.get();

	top->skip = skip;
	top->clk = 1;
	top->eval();
	top->clk = 0;
	top->eval();
}

bool board_reg_ready(const struct board *b)
{
	return b->top->reg_ready;
}

bool board_reg_rvalid(const struct board *b)
{
	return b->top->reg_rvalid;
}

uint32_t board_reg_rdata(const struct board *b)
{
	return b->top->reg_rdata;
}

bool board_idle(const struct board *b)
{
	return b->top->idle;
}

uint64_t board_next_event(const struct board *b)
{
	return b->top->next_event;
}

unsigned int board_misuse(const struct board *b)
{
	return b->top->misuse;
}

void board_misuse_values(const struct board *b,
			 struct model_misuse_values *values)
{
	values->addr = b->top->misuse_addr;
	values->we = b->top->misuse_we;
	values->value = b->top->misuse_value;
	values->head = b->top->misuse_head;
	values->depth = b->top->misuse_depth;
}

unsigned int board_cores(void)
{
	return cores;
}

bool board_any_insn(const struct board *b)
{
	return b->top->rv_valid;
}

bool board_insn(const struct board *b, unsigned int core,
		struct board_retired *insn)
{
	if (!(b->top->rv_valid >> core & 1))
		return false;
	insn->pc = b->top->rv_pc[core];
	insn->insn = b->top->rv_insn[core];
	insn->rd = b->top->rv_rd[core];
	insn->value = b->top->rv_rd_wdata[core];
	return true;
}
