// SPDX-License-Identifier: MIT
/*
 * What the board calls from inside a cycle: its memories' bytes, DMA and
 * vectors. Wide data comes as arrays of 32-bit words, least significant first,
 * which on a little-endian host is the bytes in order.
 */
#include "model.h"
#include "ash_board.h"
#include "record.h"

#include "Vash_board__Dpi.h"

#include <string.h>

#define BEAT 64

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model needs a little-endian host"
#endif

_Thread_local struct ashlar_model *model_current;

unsigned int ashlar_rom_word(unsigned int index)
{
	const struct ashlar_model *m = model_current;
	unsigned char bytes[4] = { 0 };
	size_t at = (size_t)index * 4;
	size_t left = at < m->rom_bytes ? m->rom_bytes - at : 0;
	unsigned int word;

	memcpy(bytes, m->rom + at, left < 4 ? left : 4);
	memcpy(&word, bytes, 4);
	return word;
}

void ashlar_mem_read(unsigned long long addr, svBitVecVal *data)
{
	struct ashlar_model *m = model_current;

	if (m->rec)
		record_sync_memory(m->rec, m->cycles, addr, BEAT);
	memcpy(data, m->memory + addr, BEAT);
}

/* The bytes of data that strb names, to the same places in to. */
static void merge(unsigned char *to, const unsigned char *data, uint64_t strb)
{
	unsigned int i;

	if (strb == UINT64_MAX) {
		memcpy(to, data, BEAT);
		return;
	}
	for (i = 0; i < BEAT; i++)
		if (strb >> i & 1)
			to[i] = data[i];
}

void ashlar_mem_write(unsigned long long addr, const svBitVecVal *data,
		      unsigned long long strb)
{
	struct ashlar_model *m = model_current;

	if (m->rec)
		record_sync_memory(m->rec, m->cycles, addr, BEAT);
	merge(m->memory + addr, (const unsigned char *)data, strb);
	if (m->rec)
		record_own_write(m->rec, addr, BEAT);
}

int ashlar_host_read(unsigned long long addr, svBitVecVal *data)
{
	struct ashlar_model *m = model_current;
	int rc = m->cb.dma_read(m->cb.ctx, addr, data, BEAT);

	if (m->rec)
		record_dma(m->rec, m->cycles, RECORD_DMA_READ, addr, data, BEAT,
			   rc);
	return rc;
}

/* One callback for each run of bytes that strb names. */
int ashlar_host_write(unsigned long long addr, const svBitVecVal *data,
		      unsigned long long strb)
{
	struct ashlar_model *m = model_current;
	const unsigned char *bytes = (const unsigned char *)data;
	unsigned int from = 0;
	int refused = 0;

	while (from < BEAT && strb >> from) {
		unsigned int to;
		int rc;

		from += (unsigned int)__builtin_ctzll(strb >> from);
		for (to = from; to < BEAT && strb >> to & 1; to++)
			;
		rc = m->cb.dma_write(m->cb.ctx, addr + from, bytes + from,
				     to - from);
		if (m->rec)
			record_dma(m->rec, m->cycles, RECORD_DMA_WRITE,
				   addr + from, bytes + from, to - from, rc);
		refused |= rc != 0;
		from = to;
	}
	return refused;
}

void ashlar_host_vector(unsigned int vec)
{
	struct ashlar_model *m = model_current;

	m->vector_raised = true;
	if (m->rec)
		record_vector(m->rec, m->cycles, vec);
	m->cb.raise_vector(m->cb.ctx, vec);
}
