// SPDX-License-Identifier: MIT
/*
 * Load and store DMA (ash_dma_gen.sv, ash_dma_load.sv, ash_dma_store.sv). A
 * macro-operation moves its bytes when it is issued, run by run, page by page;
 * the chunks in which the hardware would do it are counted.
 */
#include "tile.h"

#include <string.h>

#define PAGE 4096u
#define BEAT MODEL_BEAT

_Static_assert(ASHLAR_BOARD_MEM_BYTES % PAGE == 0,
	       "a page is in board memory, or not");

/* Cycles besides chunks and latency, from GO to DONE. */
#define END_CYCLES  6
#define WALK_CYCLES 4

struct dma {
	struct tile *t;
	bool store;
	uint64_t gaddr;
	uint32_t laddr, run;
	uint32_t count[3];
	int64_t gstep[3];
	uint32_t lstep[3];
	int64_t start[4];
	int64_t limit[4];
	int64_t step[3];
	uint32_t lo, hi; /* bytes of a run with c0 in range: lo .. hi-1 */

	struct fault fault; /* cause 0: none */
	uint64_t chunks, beats, reads;
	bool host; /* some of it was host memory */
};

static bool bad(struct dma *d, uint32_t cause, uint32_t sub, uint64_t addr)
{
	d->fault.cause = cause;
	d->fault.sub = sub;
	d->fault.addr = addr;
	return false;
}

static uint32_t par(const struct unit *u, uint32_t offset)
{
	return u->par[offset / 4];
}

/* First byte of a run with c0 >= bound, as far as there is one. */
static uint32_t reach(const struct dma *d, int64_t bound)
{
	int64_t first = bound - d->start[0];

	return first < 0 ? 0 : first > d->run ? d->run : (uint32_t)first;
}

/* Takes the parameters; the bad one with the lowest offset is the fault. */
static bool judge(struct dma *d, const struct unit *u)
{
	unsigned int i;

	d->gaddr = par(u, ASHLAR_LOAD_GADDR_LO) |
		   (uint64_t)par(u, ASHLAR_LOAD_GADDR_HI) << 32;
	d->laddr = par(u, ASHLAR_LOAD_LADDR);
	d->run = par(u, ASHLAR_LOAD_RUN);
	if (!d->run || d->run > SPAD_BYTES)
		return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND, ASHLAR_LOAD_RUN,
			   d->run);
	for (i = 0; i < 3; i++) {
		d->count[i] = par(u, ASHLAR_LOAD_COUNT1 + 4 * i);
		if (!d->count[i] || d->count[i] > 65535)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
				   ASHLAR_LOAD_COUNT1 + 4 * i, d->count[i]);
	}
	for (i = 0; i < 4; i++) {
		uint32_t limit = par(u, ASHLAR_LOAD_LIMIT0 + 4 * i);

		if (limit > 0x7fffffff)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
				   ASHLAR_LOAD_LIMIT0 + 4 * i, limit);
		d->limit[i] = limit;
		d->start[i] = (int32_t)par(u, ASHLAR_LOAD_START0 + 4 * i);
	}
	for (i = 0; i < 3; i++) {
		uint32_t step = par(u, ASHLAR_LOAD_STEP1 + 4 * i);

		if ((int32_t)step != (int16_t)step)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
				   ASHLAR_LOAD_STEP1 + 4 * i, step);
		d->step[i] = (int32_t)step;
	}
	d->gaddr += (uint64_t)d->start[0];
	for (i = 0; i < 3; i++) {
		int64_t stride = (int32_t)par(u, ASHLAR_LOAD_GSTRIDE1 + 4 * i);

		d->gaddr += (uint64_t)(d->start[i + 1] * stride);
		d->gstep[i] = d->step[i] * stride;
		d->lstep[i] = par(u, ASHLAR_LOAD_LSTRIDE1 + 4 * i);
	}
	d->lo = reach(d, 0);
	d->hi = reach(d, d->limit[0]);
	return true;
}

static uint32_t touched(uint64_t addr, uint32_t bytes, uint32_t unit)
{
	return (uint32_t)((addr + bytes - 1) / unit - addr / unit + 1);
}

/* Chunks of bytes of one page: none crosses a beat or a scratchpad line. */
static uint32_t chunks_of(uint64_t ga, uint32_t la, uint32_t bytes)
{
	uint32_t beats = touched(ga, bytes, BEAT);
	uint32_t lines = touched(la, bytes, LINE_BYTES);
	uint32_t both = LINE_BYTES < BEAT ? LINE_BYTES : BEAT;

	/* Where cuts of both kinds can fall together, they all do. */
	if ((ga - la) % both == 0)
		return LINE_BYTES < BEAT ? lines : beats;
	return beats + lines - 1;
}

/* Padding takes a chunk of a beat or a line at most. */
static uint32_t pad_chunks(uint32_t bytes)
{
	uint32_t most = LINE_BYTES < BEAT ? LINE_BYTES : BEAT;

	return (bytes + most - 1) / most;
}

/* Bytes of one page in the host's memory, a beat at a time. */
static bool move_host(struct dma *d, uint64_t va, uint64_t pa, uint8_t *local,
		      uint32_t bytes)
{
	d->host = true;
	while (bytes) {
		uint32_t n = BEAT - pa % BEAT;
		bool ok;

		if (n > bytes)
			n = bytes;
		ok = d->store ? bus_write(d->t->e, true, pa, local, n) :
				bus_read(d->t->e, true, pa, local, n);
		if (!ok)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_BUS, 0, va);
		va += n;
		pa += n;
		local += n;
		bytes -= n;
	}
	return true;
}

/* Bytes of one page in board memory. */
static bool move_memory(struct dma *d, uint64_t va, uint64_t pa, uint8_t *local,
			uint32_t bytes)
{
	struct ashlar_model *m = d->t->e->m;

	if (!board_in_memory(pa, bytes)) {
		board_refused(d->t->e, pa);
		return bad(d, ASHLAR_TILE_FAULT_CAUSE_BUS, 0, va);
	}
	model_memory_used(m, pa, bytes);
	if (d->store) {
		memcpy(m->memory + pa, local, bytes);
		model_memory_written(m, pa, bytes);
	} else {
		memcpy(local, m->memory + pa, bytes);
	}
	return true;
}

static bool move(struct dma *d, uint64_t va, uint32_t la, uint32_t bytes)
{
	while (bytes) {
		uint32_t n = PAGE - va % PAGE;
		uint8_t *local = d->t->units.spad + la;
		struct translation tr;
		uint32_t chunks;

		if (n > bytes)
			n = bytes;
		tr = mmu_translate(d->t, d->store ? PORT_WRITE : PORT_READ,
				   d->store, va);
		d->reads += tr.reads;
		if (tr.cause)
			return bad(d, tr.cause, 0, va);
		if (!(tr.host ? move_host(d, va, tr.pa, local, n) :
				move_memory(d, va, tr.pa, local, n)))
			return false;
		chunks = chunks_of(va, la, n);
		d->chunks += chunks;
		d->beats += chunks;
		va += n;
		la += n;
		bytes -= n;
	}
	return true;
}

static void pad(struct dma *d, uint32_t la, uint32_t bytes)
{
	memset(d->t->units.spad + la, 0, bytes);
	d->chunks += pad_chunks(bytes);
}

/* One run: va is that of its first byte. */
static bool run(struct dma *d, uint64_t va, uint32_t la, bool in_range)
{
	bool data = in_range && d->lo < d->hi;

	if (la > SPAD_BYTES - d->run)
		return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
			   ASHLAR_LOAD_LADDR, la);
	if (d->store) {
		if (data)
			return move(d, va + d->lo, la + d->lo, d->hi - d->lo);
		d->chunks++;
		return true;
	}
	if (!data) {
		pad(d, la, d->run);
		return true;
	}
	if (d->lo)
		pad(d, la, d->lo);
	if (!move(d, va + d->lo, la + d->lo, d->hi - d->lo))
		return false;
	if (d->hi < d->run)
		pad(d, la + d->hi, d->run - d->hi);
	return true;
}

static bool in_limit(const struct dma *d, unsigned int dim, int64_t c)
{
	return c >= 0 && c < d->limit[dim];
}

static void walk(struct dma *d)
{
	uint64_t g3 = d->gaddr;
	uint32_t l3 = d->laddr;
	int64_t c3 = d->start[3];
	uint32_t i1, i2, i3;

	for (i3 = 0; i3 < d->count[2]; i3++) {
		uint64_t g2 = g3;
		uint32_t l2 = l3;
		int64_t c2 = d->start[2];

		for (i2 = 0; i2 < d->count[1]; i2++) {
			bool in23 = in_limit(d, 2, c2) && in_limit(d, 3, c3);
			uint64_t g1 = g2;
			uint32_t l1 = l2;
			int64_t c1 = d->start[1];

			for (i1 = 0; i1 < d->count[0]; i1++) {
				if (!run(d, g1, l1, in23 && in_limit(d, 1, c1)))
					return;
				g1 += (uint64_t)d->gstep[0];
				l1 += d->lstep[0];
				c1 += d->step[0];
			}
			g2 += (uint64_t)d->gstep[1];
			l2 += d->lstep[1];
			c2 += d->step[1];
		}
		g3 += (uint64_t)d->gstep[2];
		l3 += d->lstep[2];
		c3 += d->step[2];
	}
}

void dma_go(struct tile *t, unsigned int unit, uint64_t at)
{
	struct unit *u = &t->unit[unit];
	struct dma d = { .t = t, .store = unit == U_STORE };
	uint64_t begin, free, end;

	if (u->fault_at != NEVER) {
		unit_issue(u, NEVER, NEVER, NEVER);
		return;
	}
	d.fault.unit = d.store ? ASHLAR_TILE_FAULT_UNIT_STORE :
				 ASHLAR_TILE_FAULT_UNIT_LOAD;
	if (judge(&d, u))
		walk(&d);

	begin = at > u->free ? at : u->free;
	free = begin + d.chunks +
	       d.reads * (ASHLAR_BOARD_MEM_LATENCY + WALK_CYCLES);
	end = free + END_CYCLES;
	if (!d.store)
		end += d.host ? ASHLAR_BOARD_HOST_LATENCY :
				ASHLAR_BOARD_MEM_LATENCY;
	if (d.store) {
		t->perf.store_busy += (uint32_t)(end - begin);
		t->perf.store_beats += (uint32_t)d.beats;
	} else {
		t->perf.load_busy += (uint32_t)(end - begin);
		t->perf.load_beats += (uint32_t)d.beats;
	}
	if (d.fault.cause)
		unit_issue_bad(u, end, &d.fault);
	else
		unit_issue(u, begin, end, free);
}
