// SPDX-License-Identifier: MIT
/* Cases on emulated tiles that lag at random: "emu" or "emu,board=tiny". */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu.h"
#include "ot.h"
#include "plan.h"

/* Where the arena is for kernels: above 4 GiB. */
#define BASE 0x7654300000ull

struct emu_backend {
	const struct emu_board *board;
	struct plan_board facts;
};

bool ot_backend_open(struct ot *t, const char *device)
{
	struct emu_backend *b = calloc(1, sizeof(*b));

	if (!b)
		return false;
	b->board = strstr(device, "tiny") ? &emu_tiny : &emu_sim;
	b->facts = (struct plan_board){
		.array = b->board->array,
		.accs = b->board->accs,
		.spad_bytes = b->board->spad_bytes,
		.spad_banks = b->board->spad_banks,
		.lmem_bytes = b->board->lmem_bytes,
		.tiles = 2,
	};
	t->backend = b;
	t->lanes = b->board->array;
	t->tiles = 2;
	t->emulated = true;
	return true;
}

void ot_backend_close(struct ot *t)
{
	free(t->backend);
}

uint64_t ot_backend_base(struct ot *t)
{
	(void)t;
	return BASE;
}

uint64_t ot_backend_cycles(const struct ot *t)
{
	(void)t;
	return 0;
}

ashlar_result ot_backend_check(struct ot *t, const struct ashlar_op *op,
			       uint64_t *workspace, char *text, size_t n)
{
	struct emu_backend *b = t->backend;
	ashlar_result result;
	struct plan p;

	result = plan_make(&p, &b->facts, op, 0);
	snprintf(text, n, "%s", p.check.text);
	*workspace = p.workspace_bytes;
	plan_free(&p);
	return result;
}

static uint32_t run_launch(struct ot *t, const struct plan_launch *l,
			   uint32_t tiles, uint8_t *memory, size_t bytes,
			   char *text, size_t n)
{
	struct emu_backend *b = t->backend;
	struct emu_region region = { BASE, bytes, memory, 1 };
	struct emu_job job = {
		.board = b->board,
		.regions = &region,
		.region_count = 1,
		.count = tiles,
		.grid = { l->grid[0] ? l->grid[0] : 1,
			  l->grid[1] ? l->grid[1] : 1,
			  l->grid[2] ? l->grid[2] : 1 },
		.seed = kt_random(&t->random),
	};
	uint32_t (*kernel)(const void *args);
	uint32_t code;
	/* The program's own symbols: kernels are functions of it. */
	void *symbol = dlsym(RTLD_DEFAULT, l->kernel);

	if (!symbol) {
		snprintf(text, n, "no kernel %s in this program", l->kernel);
		return 1;
	}
	if (l->tiles && l->tiles < job.count)
		job.count = l->tiles;
	memcpy(&kernel, &symbol, sizeof(kernel));
	code = emu_run(&job, kernel, l->args, l->arg_bytes);
	if (code)
		snprintf(text, n, "kernel %s: exit code 0x%x %s", l->kernel,
			 code, job.fault);
	return code;
}

ashlar_result ot_backend_run(struct ot *t, const struct ashlar_op *op,
			     uint64_t workspace, uint64_t workspace_bytes,
			     size_t bytes, uint32_t tiles, char *text, size_t n)
{
	struct emu_backend *b = t->backend;
	/* Exactly as long, so that nothing behind it is touched unseen. */
	uint8_t *memory = malloc(bytes);
	ashlar_result result;
	struct plan p;
	uint32_t i;

	if (!memory)
		abort();
	memcpy(memory, t->memory, bytes);
	if (!tiles)
		tiles = kt_range(&t->random, 0, 2) ?
				kt_range(&t->random, 1, 2) :
				kt_range(&t->random, 3, 6);
	result = plan_make(&p, &b->facts, op, workspace);
	if (result)
		snprintf(text, n, "refused with workspace: %s", p.check.text);
	else if (p.workspace_bytes != workspace_bytes) {
		snprintf(text, n, "another workspace than was asked for");
		result = ASHLAR_ERROR_INVALID;
	}
	for (i = 0; !result && i < p.count; i++)
		if (run_launch(t, &p.launches[i], tiles, memory, bytes, text,
			       n))
			result = ASHLAR_ERROR_FAULT;
	plan_free(&p);
	memcpy(t->got, memory, bytes);
	free(memory);
	return result;
}
