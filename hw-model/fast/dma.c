// SPDX-License-Identifier: MIT
/*
 * Load and store DMA (ash_dma_gen.sv, ash_dma_load.sv, ash_dma_store.sv). A
 * macro-operation moves its bytes when it is issued, run by run, page by page;
 * the chunks in which the hardware would do it are counted. One of more than
 * MOST_CHUNKS is done in parts, as its time comes: it may be meant to take for
 * ever, and be killed.
 */
#include "tile.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define BEAT MODEL_BEAT

_Static_assert(ASHLAR_BOARD_MEM_BYTES % PAGE == 0,
	       "a page is in board memory, or not");

/* Cycles besides chunks and latency, from GO to DONE. */
#define END_CYCLES  6
#define WALK_CYCLES 4
/* Until a table's first line is there, if nothing is on meanwhile. */
#define TABLE_CYCLES 3

/* In one part; a scratchpad is half of this. */
#define MOST_CHUNKS 16384u

#define TABLE_WORDS (SPAD_BYTES / 4 < 65535 ? SPAD_BYTES / 4 : 65535)

struct dma {
	struct tile *t;
	bool store;
	uint32_t n; /* of the unit's macro-operations */
	uint64_t begin;
	uint64_t gaddr;
	uint32_t laddr, run;
	uint32_t count[3];
	int64_t gstep[3];
	uint32_t lstep[3];
	int64_t start[4];
	int64_t limit[4];
	int64_t step[3];
	bool gather; /* c[0] comes from the table */
	int64_t gstride; /* of it */
	uint32_t lo, hi; /* bytes of a run with c0 in range: lo .. hi-1 */

	/* Where the loops stand; g, l and c of loop d are those of its start. */
	uint32_t left[3];
	uint64_t g[3];
	uint32_t l[3];
	int64_t c[3];

	struct fault fault; /* cause 0: none */
	uint64_t chunks, beats, reads, waits; /* the last: cycles */
	bool host; /* some of it was host memory */

	/* Rows of board memory and their copying, not given as work yet. */
	struct rows rows; /* rows 0: none */
	struct work_rows copy;

	/*
	 * As it was when the operation began: rows that are moved later must
	 * not decide where others go.
	 */
	int32_t table[TABLE_WORDS];
};

static bool bad(struct dma *d, uint32_t cause, uint32_t sub, uint64_t addr)
{
	d->fault.cause = cause;
	d->fault.sub = sub;
	d->fault.addr = addr;
	return false;
}

static uint32_t word(const uint32_t *par, uint32_t offset)
{
	return par[offset / 4];
}

/* First byte of a run with c0 >= bound, as far as there is one. */
static uint32_t reach(const struct dma *d, int64_t bound)
{
	int64_t first = bound - d->start[0];

	return first < 0 ? 0 : first > d->run ? d->run : (uint32_t)first;
}

static bool judge_table(struct dma *d, const uint32_t *par)
{
	uint32_t gather = word(par, ASHLAR_LOAD_GATHER);
	uint32_t index = word(par, ASHLAR_LOAD_INDEX);

	if (gather == ASHLAR_LOAD_GATHER_OFF)
		return true;
	if (gather != ASHLAR_LOAD_GATHER_ON)
		return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
			   ASHLAR_LOAD_GATHER, gather);
	if (index % 4 || index > SPAD_BYTES ||
	    4 * d->count[0] > SPAD_BYTES - index)
		return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
			   ASHLAR_LOAD_INDEX, index);
	tile_work_wait(d->t);
	memcpy(d->table, d->t->units.spad + index, 4 * d->count[0]);
	d->gather = true;
	return true;
}

/* Takes the parameters; the bad one with the lowest offset is the fault. */
static bool judge(struct dma *d, const uint32_t *par)
{
	unsigned int i;

	d->gaddr = word(par, ASHLAR_LOAD_GADDR_LO) |
		   (uint64_t)word(par, ASHLAR_LOAD_GADDR_HI) << 32;
	d->laddr = word(par, ASHLAR_LOAD_LADDR);
	d->run = word(par, ASHLAR_LOAD_RUN);
	if (!d->run || d->run > SPAD_BYTES)
		return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND, ASHLAR_LOAD_RUN,
			   d->run);
	for (i = 0; i < 3; i++) {
		d->count[i] = word(par, ASHLAR_LOAD_COUNT1 + 4 * i);
		if (!d->count[i] || d->count[i] > 65535)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
				   ASHLAR_LOAD_COUNT1 + 4 * i, d->count[i]);
	}
	for (i = 0; i < 4; i++) {
		uint32_t limit = word(par, ASHLAR_LOAD_LIMIT0 + 4 * i);

		if (limit > 0x7fffffff)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
				   ASHLAR_LOAD_LIMIT0 + 4 * i, limit);
		d->limit[i] = limit;
		d->start[i] = (int32_t)word(par, ASHLAR_LOAD_START0 + 4 * i);
	}
	for (i = 0; i < 3; i++) {
		uint32_t step = word(par, ASHLAR_LOAD_STEP1 + 4 * i);

		if ((int32_t)step != (int16_t)step)
			return bad(d, ASHLAR_TILE_FAULT_CAUSE_COMMAND,
				   ASHLAR_LOAD_STEP1 + 4 * i, step);
		d->step[i] = (int32_t)step;
	}
	if (!judge_table(d, par))
		return false;
	d->gaddr += (uint64_t)d->start[0];
	for (i = 0; i < 3; i++) {
		int64_t stride =
			(int32_t)word(par, ASHLAR_LOAD_GSTRIDE1 + 4 * i);

		if (i > 0 || !d->gather) {
			d->gaddr += (uint64_t)(d->start[i + 1] * stride);
			d->gstep[i] = d->step[i] * stride;
		} else {
			d->gstride = stride;
		}
		d->lstep[i] = word(par, ASHLAR_LOAD_LSTRIDE1 + 4 * i);
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
	dma_give(d);
	tile_work_wait(d->t);
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

void dma_give(struct dma *d)
{
	struct tile *t = d->t;

	if (!d->rows.rows)
		return;
	t->e->gathers = NULL;
	d->copy.rows = d->rows.rows;
	board_order(t->e, t, &d->rows, d->store);
	work_copy(t->work, &d->copy);
	if (!work_idle(t->work))
		pending_add(d->store ? &t->stores : &t->loads, t->work,
			    &d->rows);
	tile_work_given(t);
	d->rows.rows = 0;
}

/* One more row, of those gathered if it is as far from the last as they are. */
static void gather(struct dma *d, uint64_t pa, uint8_t *local, uint32_t bytes)
{
	uint8_t *memory = d->t->e->m->memory + pa;
	uint8_t *to = d->store ? memory : local;
	const uint8_t *from = d->store ? local : memory;
	struct work_rows *c = &d->copy;
	uint32_t n = d->rows.rows;

	if (n == 1) {
		c->to_step = to - c->to;
		c->from_step = from - c->from;
		d->rows.step = (int64_t)(pa - d->rows.addr);
	}
	if (!n || bytes != c->bytes || to != c->to + c->to_step * n ||
	    from != c->from + c->from_step * n) {
		dma_give(d);
		d->t->e->gathers = d;
		d->rows = (struct rows){ .addr = pa, .bytes = bytes };
		*c = (struct work_rows){ to, from, bytes, 0, 0, 0 };
	}
	d->rows.rows++;
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
	gather(d, pa, local, bytes);
	/* A record wants each write when it happens. */
	if (m->rec)
		dma_give(d);
	if (d->store)
		model_memory_written(m, pa, bytes);
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
	dma_give(d);
	work_zero(d->t->work, d->t->units.spad + la, bytes);
	tile_work_given(d->t);
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

static void first_run(struct dma *d)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		d->left[i] = d->count[i] - 1;
		d->g[i] = d->gaddr;
		d->l[i] = d->laddr;
		d->c[i] = d->start[i + 1];
	}
}

/* The innermost loop that is not through takes a step; false: none is left. */
static bool next_run(struct dma *d)
{
	unsigned int i = 0, k;

	while (i < 3 && !d->left[i])
		i++;
	if (i == 3)
		return false;
	d->left[i]--;
	d->g[i] += (uint64_t)d->gstep[i];
	d->l[i] += d->lstep[i];
	d->c[i] += d->step[i];
	for (k = 0; k < i; k++) {
		d->left[k] = d->count[k] - 1;
		d->g[k] = d->g[i];
		d->l[k] = d->l[i];
		d->c[k] = d->start[k + 1];
	}
	return true;
}

/* True: it is through, or failed; false: there is more to do. */
static bool walk(struct dma *d)
{
	uint64_t most = d->chunks + MOST_CHUNKS;

	do {
		int64_t c = d->gather ? d->table[d->count[0] - 1 - d->left[0]] :
					d->c[0];
		uint64_t g = d->g[0];
		bool in_range = in_limit(d, 1, c) && in_limit(d, 2, d->c[1]) &&
				in_limit(d, 3, d->c[2]);

		if (d->gather)
			g += (uint64_t)(c * d->gstride);
		if (!run(d, g, d->l[0], in_range))
			return true;
		if (!next_run(d))
			return true;
	} while (d->chunks < most);
	return false;
}

/* The time at which what was done so far has been asked for. */
static uint64_t asked_at(const struct dma *d)
{
	return d->begin + d->waits + d->chunks +
	       d->reads * (ASHLAR_BOARD_MEM_LATENCY + WALK_CYCLES);
}

static void finish(struct dma *d, struct unit *u)
{
	struct perf *perf = &d->t->perf;
	uint64_t free = asked_at(d);
	uint64_t end = free + END_CYCLES;

	if (!d->store)
		end += d->host ? ASHLAR_BOARD_HOST_LATENCY :
				 ASHLAR_BOARD_MEM_LATENCY;
	if (d->store)
		perf->store_busy += (uint32_t)(end - d->begin);
	else
		perf->load_busy += (uint32_t)(end - d->begin);
	if (d->fault.cause)
		unit_fails(u, d->n, end, &d->fault);
	else
		unit_times(u, d->n, d->begin, end, free);
}

/* Goes on until it is through, or for as long as one part may take. */
static void part(struct dma *d, struct unit *u)
{
	uint64_t before = d->beats;
	bool through = walk(d);

	dma_give(d);
	if (d->store)
		d->t->perf.store_beats += (uint32_t)(d->beats - before);
	else
		d->t->perf.load_beats += (uint32_t)(d->beats - before);
	u->goes_on_at = through ? NEVER : asked_at(d);
	if (through)
		finish(d, u);
}

static void begin(struct tile *t, unsigned int unit, uint32_t n,
		  const uint32_t *par, uint64_t at)
{
	struct unit *u = &t->unit[unit];
	struct dma *d = u->open;

	memset(d, 0, offsetof(struct dma, table));
	d->t = t;
	d->store = unit == U_STORE;
	d->n = n;
	d->begin = at > u->free ? at : u->free;
	u->begins[n % UNIT_RING] = d->begin;
	d->fault.unit = d->store ? ASHLAR_TILE_FAULT_UNIT_STORE :
				   ASHLAR_TILE_FAULT_UNIT_LOAD;
	if (!judge(d, par)) {
		finish(d, u);
		return;
	}
	d->waits = d->gather && at >= u->free ? TABLE_CYCLES : 0;
	first_run(d);
	part(d, u);
}

void dma_go(struct tile *t, unsigned int unit, uint64_t at)
{
	struct unit *u = &t->unit[unit];
	uint32_t n = unit_push(u);

	if (u->fault_at != NEVER)
		return;
	if (u->goes_on_at == NEVER)
		begin(t, unit, n, u->par, at);
	else
		unit_queue(u, n, at);
}

void dma_go_on(struct tile *t, unsigned int unit)
{
	struct unit *u = &t->unit[unit];
	uint64_t at = u->goes_on_at;
	uint32_t n;

	part(u->open, u);
	/* Those that were issued meanwhile. */
	for (n = u->open->n + 1;
	     n != u->issued && u->goes_on_at == NEVER && u->fault_at == NEVER;
	     n++)
		begin(t, unit, n, u->queue[n % UNIT_QUEUE],
		      at > u->ready[n % UNIT_QUEUE] ? at :
						      u->ready[n % UNIT_QUEUE]);
}

bool dma_new(struct unit *u)
{
	u->open = calloc(1, sizeof(*u->open));
	return u->open;
}

void dma_delete(struct unit *u)
{
	free(u->open);
}
