// SPDX-License-Identifier: MIT
#include "dma_ref.h"

#define CAUSE_COMMAND 6

/* Register offsets in blocks LOAD and STORE. */
#define REG_LADDR  0x08
#define REG_RUN	   0x0c
#define REG_COUNT1 0x10
#define REG_LIMIT0 0x44
#define REG_STEP1  0x54
#define REG_GATHER 0x64
#define REG_INDEX  0x68

static bool refuse(struct dma_ref_fault *fault, uint32_t reg, uint32_t value)
{
	fault->cause = CAUSE_COMMAND;
	fault->sub = reg;
	fault->addr = value;
	return false;
}

static bool check(const struct dma_ref_cmd *cmd, uint32_t spad_bytes,
		  struct dma_ref_fault *fault)
{
	uint32_t i;

	if (cmd->run < 1 || cmd->run > spad_bytes)
		return refuse(fault, REG_RUN, cmd->run);
	for (i = 0; i < 3; i++)
		if (cmd->count[i] < 1 || cmd->count[i] > 65535)
			return refuse(fault, REG_COUNT1 + 4 * i, cmd->count[i]);
	for (i = 0; i < 4; i++)
		if (cmd->limit[i] > 0x7fffffff)
			return refuse(fault, REG_LIMIT0 + 4 * i, cmd->limit[i]);
	for (i = 0; i < 3; i++)
		if ((int32_t)cmd->step[i] < -32768 ||
		    (int32_t)cmd->step[i] > 32767)
			return refuse(fault, REG_STEP1 + 4 * i, cmd->step[i]);
	if (cmd->gather > 1)
		return refuse(fault, REG_GATHER, cmd->gather);
	if (cmd->gather && (cmd->index % 4 || cmd->index > spad_bytes ||
			    4 * cmd->count[0] > spad_bytes - cmd->index))
		return refuse(fault, REG_INDEX, cmd->index);
	return true;
}

/* Word i of the table. */
static int32_t entry(const struct dma_ref_cmd *cmd, const uint8_t *spad,
		     uint32_t i)
{
	const uint8_t *b = spad + cmd->index + 4 * i;

	return (int32_t)(b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
			 (uint32_t)b[3] << 24);
}

static bool inside(int64_t c, uint32_t limit)
{
	return c >= 0 && c < (int64_t)limit;
}

/* One run; id[] are i1, i2, i3. */
static bool do_run(const struct dma_ref_cmd *cmd, const uint32_t id[3],
		   bool store, uint8_t *spad, uint32_t spad_bytes,
		   dma_ref_byte byte, void *ctx, struct dma_ref_fault *fault)
{
	uint64_t gaddr = cmd->gaddr;
	uint32_t laddr = cmd->laddr, j;
	bool in = true;
	int d;

	for (d = 0; d < 3; d++) {
		int64_t c = (int64_t)(int32_t)cmd->start[d + 1] +
			    (int64_t)id[d] * (int32_t)cmd->step[d];

		if (d == 0 && cmd->gather)
			c = entry(cmd, spad, id[0]);
		in = in && inside(c, cmd->limit[d + 1]);
		gaddr += (uint64_t)(c * (int32_t)cmd->gstride[d]);
		laddr += id[d] * cmd->lstride[d];
	}
	if (laddr > spad_bytes - cmd->run)
		return refuse(fault, REG_LADDR, laddr);
	for (j = 0; j < cmd->run; j++) {
		int64_t c0 = (int64_t)(int32_t)cmd->start[0] + j;
		uint64_t va = gaddr + (uint64_t)c0;
		unsigned int cause;

		if (!in || !inside(c0, cmd->limit[0])) {
			if (!store)
				spad[laddr + j] = 0;
			continue;
		}
		cause = byte(ctx, va, &spad[laddr + j], store);
		if (cause) {
			fault->cause = cause;
			fault->sub = 0;
			fault->addr = va;
			return false;
		}
	}
	return true;
}

bool dma_ref_run(const struct dma_ref_cmd *cmd, bool store, uint8_t *spad,
		 uint32_t spad_bytes, dma_ref_byte byte, void *ctx,
		 struct dma_ref_fault *fault)
{
	uint32_t id[3];

	if (!check(cmd, spad_bytes, fault))
		return false;
	for (id[2] = 0; id[2] < cmd->count[2]; id[2]++)
		for (id[1] = 0; id[1] < cmd->count[1]; id[1]++)
			for (id[0] = 0; id[0] < cmd->count[0]; id[0]++)
				if (!do_run(cmd, id, store, spad, spad_bytes,
					    byte, ctx, fault))
					return false;
	return true;
}
