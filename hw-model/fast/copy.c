// SPDX-License-Identifier: MIT
/*
 * The copy engines (ash_copy.sv). A copy's bytes move when it is started; the
 * queue, DONE and the interrupt follow the time that the mover would take.
 */
#include "fast.h"

#include <string.h>

#define MEM   ASHLAR_COPY_SPACE_DST_MEM
#define HOST  ASHLAR_COPY_SPACE_DST_HOST
#define LOCAL ASHLAR_COPY_SPACE_DST_LOCAL
#define IMM   ASHLAR_COPY_SPACE_DST_IMM

#define ADDRESS_BITS 48
#define RING	     (sizeof(((struct copy *)0)->ends) / sizeof(uint64_t))

/* From a copy's turn to its first request, and from its last write to DONE. */
#define JUDGE_CYCLES 2
#define END_CYCLES   4

void copy_reset(struct copy *c)
{
	memset(c, 0, sizeof(*c));
}

uint64_t copy_ends(const struct copy *c)
{
	return c->issued ? c->ends[(c->issued - 1) % RING] : 0;
}

/* Copies that are done at this time; it never goes back. */
static void settle(struct copy *c, uint64_t at)
{
	while (c->done != c->issued && c->ends[c->done % RING] <= at)
		c->done++;
}

static bool within(uint64_t addr, uint64_t bytes, uint64_t base, uint64_t size)
{
	return addr >= base && addr + bytes <= base + size;
}

static bool outside(uint32_t space, uint64_t addr, uint64_t bytes)
{
	switch (space) {
	case MEM:
		return !within(addr, bytes, 0, ASHLAR_BOARD_MEM_BYTES);
	case HOST:
		return !within(addr, bytes, 0, 1ull << ADDRESS_BITS);
	case LOCAL:
		return !within(addr, bytes, ASHLAR_MAP_MP_TCM_BASE,
			       ASHLAR_BOARD_TCM_BYTES) &&
		       !within(addr, bytes, ASHLAR_MAP_MP_SHARED_BASE,
			       ASHLAR_BOARD_SHARED_BYTES);
	default:
		return false;
	}
}

static uint8_t *local(struct engine *e, uint64_t addr)
{
	if (addr >= ASHLAR_MAP_MP_SHARED_BASE)
		return e->mp.shared + (addr - ASHLAR_MAP_MP_SHARED_BASE);
	return e->mp.tcm + (addr - ASHLAR_MAP_MP_TCM_BASE);
}

static bool put(struct engine *e, uint32_t space, uint64_t addr,
		const void *data, size_t bytes)
{
	if (space != LOCAL)
		return bus_write(e, space == HOST, addr, data, bytes);
	memcpy(local(e, addr), data, bytes);
	rv32_written(e->mp.core, (uint32_t)addr, (uint32_t)bytes);
	return true;
}

static bool get(struct engine *e, uint32_t space, uint64_t addr, void *data,
		size_t bytes)
{
	if (space != LOCAL)
		return bus_read(e, space == HOST, addr, data, bytes);
	memcpy(data, local(e, addr), bytes);
	return true;
}

/* Moves the bytes in the mover's chunks; returns how many these were. */
static uint32_t move(struct engine *e, struct copy *c, uint32_t src_space,
		     uint32_t dst_space, uint32_t len)
{
	uint64_t src = c->src, dst = c->dst;
	uint8_t beat[MODEL_BEAT];
	uint32_t chunks = 0;

	if (src_space == IMM) {
		if (!put(e, dst_space, dst, &c->imm, sizeof(c->imm)))
			c->error |= ASHLAR_COPY_ERROR_BUS_MASK;
		return 1;
	}
	while (len) {
		uint32_t a = src % MODEL_BEAT, b = dst % MODEL_BEAT;
		uint32_t n = MODEL_BEAT - (a > b ? a : b);

		if (n > len)
			n = len;
		chunks++;
		if (!get(e, src_space, src, beat, n) ||
		    !put(e, dst_space, dst, beat, n)) {
			c->error |= ASHLAR_COPY_ERROR_BUS_MASK;
			break;
		}
		src += n;
		dst += n;
		len -= n;
	}
	return chunks;
}

static uint32_t latency(uint32_t space)
{
	switch (space) {
	case MEM:
		return ASHLAR_BOARD_MEM_LATENCY + 2;
	case HOST:
		return ASHLAR_BOARD_HOST_LATENCY + 2;
	default:
		return space == LOCAL ? 2 : 0;
	}
}

static void go(struct engine *e, struct copy *c, uint64_t at)
{
	uint32_t src_space = FIELD(c->space, COPY_SPACE_SRC);
	uint32_t dst_space = FIELD(c->space, COPY_SPACE_DST);
	uint32_t len = src_space == IMM ? 8 : c->len;
	uint64_t begin = copy_ends(c) > at ? copy_ends(c) : at;
	uint64_t end = begin + JUDGE_CYCLES;

	if (len % 8 || c->dst % 8 || dst_space == IMM ||
	    (src_space != IMM && c->src % 8) ||
	    outside(src_space, c->src, len) || outside(dst_space, c->dst, len))
		c->error |= ASHLAR_COPY_ERROR_RANGE_MASK;
	else if (len)
		end += move(e, c, src_space, dst_space, len) +
		       latency(src_space) + END_CYCLES;
	c->begins[c->issued % RING] = begin;
	c->ends[c->issued % RING] = end;
	c->issued++;
}

enum rv32_answer copy_read(struct engine *e, unsigned int i, uint32_t offset,
			   uint64_t at, uint32_t *value)
{
	struct copy *c = &e->mp.copy[i];

	settle(c, at);
	*value = 0;
	switch (offset) {
	case ASHLAR_COPY_SRC_LO:
		*value = (uint32_t)c->src;
		break;
	case ASHLAR_COPY_SRC_HI:
		*value = (uint32_t)(c->src >> 32);
		break;
	case ASHLAR_COPY_DST_LO:
		*value = (uint32_t)c->dst;
		break;
	case ASHLAR_COPY_DST_HI:
		*value = (uint32_t)(c->dst >> 32);
		break;
	case ASHLAR_COPY_LEN:
		*value = c->len;
		break;
	case ASHLAR_COPY_SPACE:
		*value = c->space;
		break;
	case ASHLAR_COPY_IMM_LO:
		*value = (uint32_t)c->imm;
		break;
	case ASHLAR_COPY_IMM_HI:
		*value = (uint32_t)(c->imm >> 32);
		break;
	case ASHLAR_COPY_GO:
		break;
	case ASHLAR_COPY_ISSUED:
		*value = c->issued;
		break;
	case ASHLAR_COPY_DONE:
		*value = c->done;
		break;
	case ASHLAR_COPY_ERROR:
		*value = c->error;
		break;
	case ASHLAR_COPY_GO_IRQ:
		*value = c->armed;
		break;
	default:
		return RV32_ERROR;
	}
	return RV32_OK;
}

static void set_low(uint64_t *to, uint32_t value)
{
	*to = (*to & ~0xffffffffull) | value;
}

static void set_high(uint64_t *to, uint32_t value)
{
	*to = (*to & 0xffffffffull) | (uint64_t)value << 32;
}

enum rv32_answer copy_write(struct engine *e, unsigned int i, uint32_t offset,
			    uint32_t value, uint64_t at)
{
	struct copy *c = &e->mp.copy[i];

	settle(c, at);
	switch (offset) {
	case ASHLAR_COPY_SRC_LO:
		set_low(&c->src, value);
		break;
	case ASHLAR_COPY_SRC_HI:
		set_high(&c->src, value & 0xffff);
		break;
	case ASHLAR_COPY_DST_LO:
		set_low(&c->dst, value);
		break;
	case ASHLAR_COPY_DST_HI:
		set_high(&c->dst, value & 0xffff);
		break;
	case ASHLAR_COPY_LEN:
		c->len = value;
		break;
	case ASHLAR_COPY_SPACE:
		c->space = value & (ASHLAR_COPY_SPACE_SRC_MASK |
				    ASHLAR_COPY_SPACE_DST_MASK);
		break;
	case ASHLAR_COPY_IMM_LO:
		set_low(&c->imm, value);
		break;
	case ASHLAR_COPY_IMM_HI:
		set_high(&c->imm, value);
		break;
	case ASHLAR_COPY_GO:
		/* The write stalls until the queue has room. */
		if (c->issued - c->done > COPY_QUEUE) {
			uint64_t room =
				c->begins[(c->issued - COPY_QUEUE) % RING];

			if (room > at) {
				at = room;
				rv32_set_cycle(e->mp.core, at, false);
			}
			settle(c, at);
		}
		go(e, c, at);
		break;
	case ASHLAR_COPY_ERROR:
		c->error &= ~value;
		break;
	case ASHLAR_COPY_GO_IRQ:
		c->armed = value & ASHLAR_COPY_GO_IRQ_ARM_MASK;
		break;
	case ASHLAR_COPY_ISSUED:
	case ASHLAR_COPY_DONE:
		break;
	default:
		return RV32_ERROR;
	}
	return RV32_OK;
}
