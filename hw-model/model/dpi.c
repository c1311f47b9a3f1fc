// SPDX-License-Identifier: MIT
/*
 * What the Verilated board calls from inside a cycle: its memories' bytes, DMA
 * and vectors. Wide data comes as arrays of 32-bit words, least significant
 * first, which on a little-endian host is the bytes in order.
 */
#include "model.h"
#include "rtl.h"

#include "Vash_board__Dpi.h"

#include <string.h>

_Thread_local struct ashlar_model *rtl_current;

unsigned int ashlar_rom_word(unsigned int index)
{
	return model_rom_word(rtl_current, index);
}

void ashlar_mem_read(unsigned long long addr, svBitVecVal *data)
{
	struct ashlar_model *m = rtl_current;

	model_memory_used(m, addr, MODEL_BEAT);
	memcpy(data, m->memory + addr, MODEL_BEAT);
}

/* The bytes of data that strb names, to the same places in to. */
static void merge(unsigned char *to, const unsigned char *data, uint64_t strb)
{
	unsigned int i;

	if (strb == UINT64_MAX) {
		memcpy(to, data, MODEL_BEAT);
		return;
	}
	for (i = 0; i < MODEL_BEAT; i++)
		if (strb >> i & 1)
			to[i] = data[i];
}

void ashlar_mem_write(unsigned long long addr, const svBitVecVal *data,
		      unsigned long long strb)
{
	struct ashlar_model *m = rtl_current;

	model_memory_used(m, addr, MODEL_BEAT);
	merge(m->memory + addr, (const unsigned char *)data, strb);
	model_memory_written(m, addr, MODEL_BEAT);
}

int ashlar_host_read(unsigned long long addr, svBitVecVal *data)
{
	return model_host_read(rtl_current, addr, data);
}

int ashlar_host_write(unsigned long long addr, const svBitVecVal *data,
		      unsigned long long strb)
{
	return model_host_write(rtl_current, addr, data, strb);
}

void ashlar_host_vector(unsigned int vec)
{
	model_host_vector(rtl_current, vec);
}
