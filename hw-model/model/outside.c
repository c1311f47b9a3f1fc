// SPDX-License-Identifier: MIT
/*
 * What the board does to the world outside: its callbacks, each with its note
 * in the record, and the notes about board memory. Wide data is bytes in order.
 */
#include "model.h"
#include "record.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model needs a little-endian host"
#endif

uint32_t model_rom_word(const struct ashlar_model *m, uint32_t index)
{
	unsigned char bytes[4] = { 0 };
	size_t at = (size_t)index * 4;
	size_t left = at < m->rom_bytes ? m->rom_bytes - at : 0;
	uint32_t word;

	memcpy(bytes, m->rom + at, left < 4 ? left : 4);
	memcpy(&word, bytes, 4);
	return word;
}

void model_memory_used(struct ashlar_model *m, uint64_t addr, uint64_t bytes)
{
	if (m->rec)
		record_sync_memory(m->rec, m->cycles, addr, bytes);
}

void model_memory_written(struct ashlar_model *m, uint64_t addr, uint64_t bytes)
{
	if (m->rec)
		record_own_write(m->rec, addr, bytes);
}

int model_host_read(struct ashlar_model *m, uint64_t addr, void *data)
{
	int rc = m->cb.dma_read(m->cb.ctx, addr, data, MODEL_BEAT);

	if (m->rec)
		record_dma(m->rec, m->cycles, RECORD_DMA_READ, addr, data,
			   MODEL_BEAT, rc);
	return rc;
}

/* One callback for each run of bytes that strb names. */
int model_host_write(struct ashlar_model *m, uint64_t addr, const void *data,
		     uint64_t strb)
{
	const unsigned char *bytes = data;
	unsigned int from = 0;
	int refused = 0;

	while (from < MODEL_BEAT && strb >> from) {
		unsigned int to;
		int rc;

		from += (unsigned int)__builtin_ctzll(strb >> from);
		for (to = from; to < MODEL_BEAT && strb >> to & 1; to++)
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

void model_host_vector(struct ashlar_model *m, unsigned int vector)
{
	m->vector_raised = true;
	if (m->rec)
		record_vector(m->rec, m->cycles, vector);
	m->cb.raise_vector(m->cb.ctx, vector);
}
