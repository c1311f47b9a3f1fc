// SPDX-License-Identifier: MIT
// Areas of memory: fetching, reaching data directly or over the bus, and
// forgetting decoded instructions that are no longer there.
#include <endian.h>
#include <string.h>
#include <sys/mman.h>

#include "rv32_int.h"

/* Zero, and not there until touched. */
static void *lazy(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void drop(struct rv32_area *a)
{
	if (a->insns)
		munmap(a->insns, a->insns_bytes);
	if (a->marks)
		munmap(a->marks, a->marks_bytes);
	memset(a, 0, sizeof(*a));
}

static struct rv32_area *area_of(const struct rv32 *c, uint32_t addr)
{
	for (unsigned int i = 0; i < RV32_REGIONS; i++) {
		const struct rv32_region *r = &c->areas[i].r;

		if (addr - r->base < r->bytes)
			return (struct rv32_area *)&c->areas[i];
	}
	return NULL;
}

static bool has_code(const struct rv32_area *a)
{
	return a && a->insns && a->code;
}

static void forget_areas(struct rv32 *c)
{
	c->code.bytes = 0;
	c->load.bytes = 0;
	c->store.bytes = 0;
}

static void forget_all(struct rv32 *c)
{
	for (unsigned int i = 0; i < RV32_REGIONS; i++)
		rv32_forget(c, c->areas[i].r.base, c->areas[i].r.bytes);
}

bool rv32_set_region(struct rv32 *c, unsigned int i,
		     const struct rv32_region *region)
{
	struct rv32_area *a;

	if (i >= RV32_REGIONS || (region->base & 3) || (region->bytes & 3) ||
	    (region->bytes &&
	     region->base + (region->bytes - 1) < region->base))
		return false;
	/* An instruction may begin in one area and end in another. */
	forget_all(c);
	forget_areas(c);
	a = &c->areas[i];
	drop(a);
	if (!region->bytes)
		return true;
	/* Marks for the store that begins anywhere in the area. */
	a->marks_bytes = region->bytes / RV32_LINE + 1;
	a->marks = lazy(a->marks_bytes);
	if (region->fetch) {
		/* Two more: where the last instruction goes on to. */
		a->insns_bytes = ((size_t)region->bytes / 2 + 2) *
				 sizeof(struct rv32_insn);
		a->insns = lazy(a->insns_bytes);
	}
	if (!a->marks || (region->fetch && !a->insns)) {
		drop(a);
		return false;
	}
	a->r = *region;
	a->code = region->at;
	return true;
}

void rv32_set_memory(struct rv32 *c, unsigned int i, uint8_t *at)
{
	struct rv32_area *a = &c->areas[i];

	if (at && at != a->code) {
		a->code = at;
		forget_all(c);
	}
	a->r.at = at;
	c->load.bytes = 0;
	c->store.bytes = 0;
}

void rv32_set_write_from(struct rv32 *c, unsigned int i, uint32_t write_from)
{
	c->areas[i].r.write_from = write_from;
	c->store.bytes = 0;
}

void rv32_drop_regions(struct rv32 *c)
{
	for (unsigned int i = 0; i < RV32_REGIONS; i++)
		drop(&c->areas[i]);
}

/* ---- code */

static bool half(const struct rv32 *c, uint32_t addr, uint16_t *value)
{
	const struct rv32_area *a = area_of(c, addr);

	*value = 0;
	if (!has_code(a))
		return false;
	memcpy(value, a->code + (addr - a->r.base), sizeof(*value));
	*value = le16toh(*value);
	return true;
}

unsigned int rv32_fetch(const struct rv32 *c, uint32_t pc, uint32_t *insn)
{
	uint16_t low, high;

	*insn = 0;
	if (!half(c, pc, &low))
		return 0;
	*insn = low;
	if ((low & 3) != 3)
		return 2;
	if (!half(c, pc + 2, &high))
		return 2;
	*insn |= (uint32_t)high << 16;
	return 4;
}

struct rv32_insn *rv32_find(struct rv32 *c, uint32_t pc)
{
	struct rv32_insn *e;

	if (pc - c->code.base >= c->code.bytes) {
		const struct rv32_area *a = area_of(c, pc);

		if (!has_code(a))
			return NULL;
		c->code.base = a->r.base;
		c->code.bytes = a->r.bytes;
		c->code.insns = a->insns;
	}
	e = c->code.insns + (pc - c->code.base) / 2;
	if (!e->op)
		rv32_decode(c, pc, e);
	return e;
}

void rv32_mark(struct rv32 *c, uint32_t addr, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 2) {
		const struct rv32_area *a = area_of(c, addr + i);

		if (a && a->insns)
			a->marks[(addr + i - a->r.base) / RV32_LINE] = 1;
	}
}

/*
 * Entries that depend on bytes from `addr` on begin up to this much before: a
 * 32-bit load, and behind it the first half of the instruction whose second
 * half is there.
 */
#define REACH 6

/* Clears the entries of addr .. addr + bytes - 1, as far as they are in a. */
static void clear(struct rv32_area *a, uint32_t addr, uint32_t bytes)
{
	uint64_t from = (addr - a->r.base) & ~1u;

	for (uint64_t off = from; off < from + bytes + 1; off += 2) {
		uint32_t at = (uint32_t)off;

		if (at < a->r.bytes && a->insns[at / 2].op)
			a->insns[at / 2].op = RV32_UNDECODED;
	}
}

/* The part of a line of one area. */
static void forget_line(struct rv32 *c, struct rv32_area *a, uint32_t off,
			uint32_t bytes)
{
	uint32_t addr = a->r.base + off;

	if (!a->marks[off / RV32_LINE])
		return;
	for (unsigned int i = 0; i < RV32_REGIONS; i++) {
		if (c->areas[i].insns)
			clear(&c->areas[i], addr - REACH, bytes + REACH);
	}
	if (off % RV32_LINE == 0 && bytes == RV32_LINE)
		a->marks[off / RV32_LINE] = 0;
}

void rv32_forget(struct rv32 *c, uint32_t addr, uint32_t bytes)
{
	for (unsigned int i = 0; i < RV32_REGIONS; i++) {
		struct rv32_area *a = &c->areas[i];
		uint64_t from = addr, to = (uint64_t)addr + bytes;
		uint64_t end = (uint64_t)a->r.base + a->r.bytes;

		if (!a->insns)
			continue;
		from = from > a->r.base ? from : a->r.base;
		to = to < end ? to : end;
		while (from < to) {
			uint64_t off = from - a->r.base;
			uint64_t n = RV32_LINE - off % RV32_LINE;

			n = n < to - from ? n : to - from;
			forget_line(c, a, (uint32_t)off, (uint32_t)n);
			from += n;
		}
	}
}

void rv32_written(struct rv32 *c, uint32_t addr, uint32_t bytes)
{
	rv32_forget(c, addr, bytes);
}

/* ---- data */

bool rv32_find_load(struct rv32 *c, uint32_t addr)
{
	const struct rv32_area *a = area_of(c, addr);

	if (!a || !a->r.at || !a->r.read)
		return false;
	c->load.base = a->r.base;
	c->load.bytes = a->r.bytes;
	c->load.at = a->r.at;
	return true;
}

bool rv32_find_store(struct rv32 *c, uint32_t addr)
{
	const struct rv32_area *a = area_of(c, addr);

	if (!a || !a->r.at || addr - a->r.base < a->r.write_from)
		return false;
	c->store.area_base = a->r.base;
	c->store.base = a->r.base + a->r.write_from;
	c->store.bytes = a->r.bytes - a->r.write_from;
	c->store.at = a->r.at + a->r.write_from;
	c->store.marks = a->marks;
	return true;
}

enum rv32_answer rv32_load(struct rv32 *c, uint32_t addr, unsigned int bytes,
			   uint32_t *value)
{
	const struct rv32_area *a = area_of(c, addr);
	enum rv32_answer answer;
	uint32_t v = 0;

	if (a && a->r.at) {
		if (!a->r.read)
			return RV32_ERROR;
		memcpy(&v, a->r.at + (addr - a->r.base), bytes);
		*value = le32toh(v);
		return RV32_OK;
	}
	c->in_access = true;
	answer = c->config.bus.load(c->config.bus.ctx, addr, bytes, &v);
	c->in_access = false;
	*value = bytes < 4 ? v & ((1u << 8 * bytes) - 1) : v;
	return answer;
}

enum rv32_answer rv32_store(struct rv32 *c, uint32_t addr, unsigned int bytes,
			    uint32_t value)
{
	const struct rv32_area *a = area_of(c, addr);
	uint32_t v = bytes < 4 ? value & ((1u << 8 * bytes) - 1) : value;
	enum rv32_answer answer = RV32_OK;

	if (a && a->r.at) {
		if (addr - a->r.base < a->r.write_from)
			return RV32_ERROR;
		v = htole32(v);
		memcpy(a->r.at + (addr - a->r.base), &v, bytes);
	} else {
		c->in_access = true;
		answer = c->config.bus.store(c->config.bus.ctx, addr, bytes, v);
		c->in_access = false;
	}
	if (answer == RV32_OK)
		rv32_forget(c, addr, bytes);
	return answer;
}
