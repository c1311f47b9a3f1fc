/* SPDX-License-Identifier: MIT */
/* What context A does, and what its fence must say about it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ashlar_regs.h"
#include "hostile.h"

/* Buffers of A. */
enum { PLAIN, SECRET, READ_ONLY, NOTE };

#define SPAD 0x10000000u

static uint64_t any_timeout(struct world *w)
{
	switch (pick(w, 0, 3)) {
	case 0:
		return pick(w, 1, 600);
	case 1:
		return pick(w, 600, 3000);
	default:
		return pick(w, 3000, 20000);
	}
}

/* A hang ends by its timeout only. */
static void hung(struct world *w, struct attack *at)
{
	at->result = ASHLAR_ERROR_HUNG;
	at->launch.timeout = any_timeout(w);
}

static void faults(struct attack *at, uint32_t unit, uint32_t cause,
		   uint32_t sub, uint64_t address)
{
	at->result = ASHLAR_ERROR_FAULT;
	at->check = true;
	at->unit = unit;
	at->cause = cause;
	at->sub = sub;
	at->check_address = true;
	at->address = address;
}

/* An address where A has nothing, for an access of *bytes; see what faults. */
static uint64_t nowhere(struct world *w, uint32_t *bytes, uint64_t *first)
{
	const struct space *a = &w->a;
	uint32_t i = pick(w, 0, SPACE_BUFFERS - 1);
	uint64_t pages = (a->bytes[i] + 4095) & ~4095ull;
	uint64_t end = a->addr[i] + pages;
	uint64_t at;

	*bytes = pick(w, 1, 700);
	switch (pick(w, 0, 5)) {
	case 0: /* the first 2 MiB are nobody's */
		at = pick(w, 0, (2u << 20) - 1024);
		break;
	case 1: /* behind a buffer */
		at = end + pick(w, 0, 4096 - 701);
		break;
	case 2: /* over its end */
		at = end - pick(w, 1, *bytes);
		*bytes = (uint32_t)(end - at) + pick(w, 1, 300);
		*first = end;
		return at;
	case 3: /* bits that the tables do not have */
		at = a->addr[i] + pick(w, 0, 4095);
		at |= 1ull << pick(w, 40, 63);
		break;
	case 4:
		at = UINT64_MAX - pick(w, 0, 4095);
		if (at + *bytes < at)
			*bytes = 1 + (uint32_t)(UINT64_MAX - at);
		break;
	default: /* the end of what addresses there are */
		at = w->info.address_bytes + pick(w, 0, 10000);
		break;
	}
	*first = at;
	return at;
}

static void wild_dma(struct world *w, struct attack *at)
{
	at->launch.kernel = "reach";
	at->args.unit = pick(w, ASHLAR_UNIT_LOAD, ASHLAR_UNIT_STORE);
	at->args.offset = pick(w, 0, 5000);
	if (at->args.unit == ASHLAR_UNIT_STORE && chance(w, 3)) {
		uint32_t offset = pick(w, 0, 4095);

		at->args.target = w->a.addr[READ_ONLY] + offset;
		at->args.bytes = pick(w, 1, 4096 - offset);
		faults(at, ASHLAR_UNIT_STORE,
		       ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE, 0, at->args.target);
	} else {
		uint64_t first;

		at->args.target = nowhere(w, &at->args.bytes, &first);
		faults(at, at->args.unit, ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID,
		       0, first);
		/* A store that runs off a read-only buffer stops before. */
		if (at->args.unit == ASHLAR_UNIT_STORE &&
		    at->args.target - w->a.addr[READ_ONLY] <
			    ((w->a.bytes[READ_ONLY] + 4095) & ~4095ull)) {
			at->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE;
			at->address = at->args.target;
		}
	}
}

static void bad_parameter(struct world *w, struct attack *at)
{
	static const struct {
		uint32_t unit, offset, value;
	} bad[] = {
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_RUN, 0 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_RUN, 0x80000000 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_COUNT1, 0 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_COUNT2, 65536 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_LIMIT0, 0x80000000 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_LADDR, 0xffffffc0 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_STEP1, 0x8000 },
		{ ASHLAR_UNIT_STORE, ASHLAR_STORE_COUNT3, 0xffffffff },
		{ ASHLAR_UNIT_STORE, ASHLAR_STORE_LIMIT3, 0xffffffff },
		{ ASHLAR_UNIT_STORE, ASHLAR_STORE_LADDR, 0x7fffffff },
		{ ASHLAR_UNIT_STORE, ASHLAR_STORE_RUN, 0 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_A_ADDR, 4 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_A_ADDR, 0x40000000 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_B_PITCH, 2 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_K, 0 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_K, 65536 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_CFG, 3 },
		{ ASHLAR_UNIT_MATRIX, ASHLAR_MATRIX_CFG, 0xf0000 },
		{ ASHLAR_UNIT_LOAD, ASHLAR_LOAD_INDEX, 2 },
		{ ASHLAR_UNIT_STORE, ASHLAR_STORE_INDEX, 0xfffffffc },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_CFG, 0xff },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_OP, 10 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_SRC, 1 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_DST, 0x10000000 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_ROWS, 0 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_ROWS, 65536 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_DST_PITCH, 3 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_SRC_GPITCH, 4 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_GROUPS, 0 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_TAIL, 0x10000 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_RED, 2 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_BIAS, 4 },
		{ ASHLAR_UNIT_VECTOR, ASHLAR_VECTOR_SCALE, 0x20000000 },
	};
	uint32_t i = pick(w, 0, sizeof(bad) / sizeof(bad[0]) - 1);

	at->launch.kernel = "refused";
	at->args.unit = bad[i].unit;
	at->args.offset = bad[i].offset;
	at->args.value = bad[i].value;
	at->args.target = w->a.addr[PLAIN];
	faults(at, bad[i].unit, ASHLAR_TILE_FAULT_CAUSE_COMMAND, bad[i].offset,
	       bad[i].value);
}

/* Where a core has nothing, or must not write. */
static uint32_t bad_local(struct world *w, bool store, uint32_t align)
{
	uint32_t at;

	switch (pick(w, 0, store ? 5 : 4)) {
	case 0:
		at = w->info.local_bytes + pick(w, 0, 5000);
		break;
	case 1:
		at = SPAD + w->info.scratchpad_bytes + pick(w, 0, 5000);
		break;
	case 2:
		at = 0x20000500 + pick(w, 0, 5000);
		break;
	case 3:
		at = 0x80000000u + pick(w, 0, 5000);
		break;
	case 4: /* UNIT.EXIT is write only, UNIT.INDEX read only */
		at = 0x20000000 +
		     (store ? ASHLAR_UNIT_INDEX : ASHLAR_UNIT_EXIT);
		break;
	default:
		at = pick(w, 0, 511); /* text */
		break;
	}
	return at & ~(align - 1);
}

static void core_fault(struct world *w, struct attack *at)
{
	uint32_t mode = pick(w, 0, CORE_ATTACKS - 1);
	uint32_t sub = 2, target = 0;
	uint64_t address = 0;

	at->launch.kernel = "core_attack";
	at->args.mode = mode;
	switch (mode) {
	case CORE_ILLEGAL:
		address = 0xffffffff;
		break;
	case CORE_ILLEGAL_SHORT:
		break;
	case CORE_BAD_CSR:
		address = 0x7c0012f3;
		break;
	case CORE_RO_CSR:
		address = 0xf1401073;
		break;
	case CORE_EBREAK:
		sub = 3;
		break;
	case CORE_ECALL:
	case CORE_ECALL_HANDLED:
		sub = 11;
		break;
	case CORE_LOAD:
		if (chance(w, 3)) {
			sub = 4;
			target = SPAD + 4 * pick(w, 0, 100) + pick(w, 1, 3);
		} else {
			sub = 5;
			target = bad_local(w, false, 4);
		}
		break;
	case CORE_STORE:
		if (chance(w, 3)) {
			sub = 6;
			target = SPAD + 4 * pick(w, 0, 100) + pick(w, 1, 3);
		} else {
			sub = 7;
			target = bad_local(w, true, 4);
		}
		break;
	case CORE_LOAD_BYTE:
		sub = 5;
		target = chance(w, 2) ? 0x20000000 + pick(w, 0, 0x4ff) :
					bad_local(w, false, 1);
		break;
	case CORE_STORE_BYTE:
		sub = 7;
		target = chance(w, 2) ? 0x20000000 + pick(w, 0, 0x4ff) :
					bad_local(w, true, 1);
		break;
	case CORE_JUMP:
		sub = 1;
		do
			target = bad_local(w, false, 2);
		while (chance(w, 100));
		if (chance(w, 3))
			target = SPAD + 2 * pick(w, 0, 1000);
		break;
	default:
		sub = 7;
		break;
	}
	at->args.target = target;
	if (mode >= CORE_LOAD && mode <= CORE_JUMP)
		address = target;
	faults(at, ASHLAR_UNIT_CORE, ASHLAR_TILE_FAULT_CAUSE_CORE, sub,
	       address);
	at->check_address = mode != CORE_RECURSE;
	if (mode != CORE_RECURSE)
		at->note = NOTE;
}

static void ends_dirty(struct world *w, struct attack *at)
{
	at->launch.kernel = "dirty";
	at->args.mode = pick(w, 0, DIRTY_ENDS - 1);
	at->args.unit = pick(w, ASHLAR_UNIT_LOAD, ASHLAR_UNIT_VECTOR);
	at->args.target = w->a.addr[SECRET];
	at->args.value = chance(w, 3);
	switch (at->args.mode) {
	case DIRTY_SPIN:
		hung(w, at);
		break;
	case DIRTY_BUSY:
		hung(w, at);
		at->launch.timeout += 40000; /* it takes a while to get there */
		break;
	case DIRTY_ILLEGAL:
		faults(at, ASHLAR_UNIT_CORE, ASHLAR_TILE_FAULT_CAUSE_CORE, 2,
		       0xffffffff);
		break;
	case DIRTY_BAD_LOAD:
		faults(at, ASHLAR_UNIT_LOAD,
		       ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID, 0, 4096);
		break;
	default:
		at->result = ASHLAR_OK;
		break;
	}
}

void attack_choose(struct world *w, struct attack *at)
{
	static uint32_t tag;

	memset(at, 0, sizeof(*at));
	at->note = NOTE_NONE;
	at->args.spin = chance(w, 2) ? 0 : pick(w, 0, 1500);
	at->launch.args = &at->args;
	at->launch.arg_bytes = sizeof(at->args);
	at->launch.tag = ++tag;
	at->launch.tiles = pick(w, 1, w->info.tiles);
	at->args.only = pick(w, 0, at->launch.tiles - 1);
	at->args.rest = pick(w, 0, 1);
	at->launch.timeout = 1000000;

	switch (pick(w, 0, 13)) {
	case 0:
		at->launch.kernel = "hang";
		hung(w, at);
		break;
	case 1:
		at->launch.kernel = "doze";
		hung(w, at);
		break;
	case 2:
		at->launch.kernel = "wait_never";
		at->args.unit = pick(w, ASHLAR_UNIT_LOAD, ASHLAR_UNIT_VECTOR);
		at->args.value = chance(w, 2) ? pick(w, 1, 20) : 0x7fffffff;
		hung(w, at);
		break;
	case 3:
		at->launch.kernel = "drain_never";
		at->args.unit = pick(w, ASHLAR_UNIT_LOAD, ASHLAR_UNIT_VECTOR);
		at->args.target = w->a.addr[PLAIN];
		hung(w, at);
		break;
	case 4:
		at->launch.kernel = "pound";
		at->args.target = w->a.addr[SECRET];
		at->args.other = w->a.addr[PLAIN];
		at->args.bytes = pick(w, 1, 4096);
		hung(w, at);
		break;
	case 5:
	case 6:
		wild_dma(w, at);
		break;
	case 7:
		bad_parameter(w, at);
		break;
	case 8:
	case 9:
		core_fault(w, at);
		break;
	case 10:
		ends_dirty(w, at);
		break;
	case 11:
		at->launch.kernel = "leave";
		at->args.value = pick(w, 1, UINT32_MAX);
		at->exit_code = at->args.value;
		at->result = ASHLAR_ERROR_EXIT;
		break;
	default:
		at->launch.kernel = "fuzz";
		at->any = true;
		at->args.target = w->a.addr[PLAIN];
		at->args.other = w->a.addr[chance(w, 8) ? READ_ONLY : SECRET];
		at->args.bytes = 4096;
		at->args.seed = pick(w, 1, UINT32_MAX);
		at->args.count = pick(w, 1, 40);
		at->launch.timeout = any_timeout(w) + 3000;
		break;
	}
	/* The others wait to be taken along by a failure; not by a good end. */
	if (at->any || (at->result != ASHLAR_ERROR_FAULT &&
			at->result != ASHLAR_ERROR_HUNG))
		at->args.rest = 0;
	if (!strcmp(at->launch.kernel, "dirty"))
		at->args.rest = 0;
	if (at->note >= 0)
		at->args.note = w->a.addr[at->note];
}

static bool plausible(struct world *w, const struct attack *at,
		      ashlar_result result, const struct ashlar_fault *f)
{
	switch (result) {
	case ASHLAR_OK:
	case ASHLAR_ERROR_HUNG:
		return true;
	case ASHLAR_ERROR_EXIT:
		return f->exit_code == 1 ||
		       wrong(w, "%s exits with %u", at->launch.kernel,
			     f->exit_code);
	case ASHLAR_ERROR_FAULT:
		if (f->unit < ASHLAR_UNIT_LOAD || f->unit > ASHLAR_UNIT_VECTOR)
			return wrong(w, "%s: fault of unit %u: %s",
				     at->launch.kernel, f->unit, f->text);
		if (f->cause < ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID ||
		    f->cause > ASHLAR_TILE_FAULT_CAUSE_COMMAND ||
		    f->cause == ASHLAR_TILE_FAULT_CAUSE_BUS ||
		    (f->unit > ASHLAR_UNIT_STORE &&
		     f->cause != ASHLAR_TILE_FAULT_CAUSE_COMMAND))
			return wrong(w, "%s: cause %u of unit %u: %s",
				     at->launch.kernel, f->cause, f->unit,
				     f->text);
		return true;
	default:
		return wrong(w, "%s ends with %s", at->launch.kernel,
			     ashlar_result_str(result));
	}
}

static bool same(struct world *w, const struct ashlar_fault *f,
		 const char *what, uint64_t got, uint64_t expected)
{
	if (got == expected)
		return true;
	return wrong(w, "%s is 0x%" PRIx64 ", expected 0x%" PRIx64 ": %s", what,
		     got, expected, f->text);
}

bool attack_check(struct world *w, const struct attack *at,
		  ashlar_result result, ashlar_fence *fence)
{
	struct ashlar_fault f = ASHLAR_INIT(ashlar_fault);
	struct ashlar_fault last = ASHLAR_INIT(ashlar_fault);

	if (result != ASHLAR_OK &&
	    !must(w, &w->a, "fence's record", ashlar_fence_fault(fence, &f)))
		return false;
	if (at->any ? !plausible(w, at, result, &f) : result != at->result)
		return wrong(
			w,
			"kernel %s (mode %u, unit %u, offset 0x%x, value 0x%x, target 0x%" PRIx64
			", %u bytes, timeout %" PRIu64 "): %s, expected %s; %s",
			at->launch.kernel, at->args.mode, at->args.unit,
			at->args.offset, at->args.value, at->args.target,
			at->args.bytes, at->launch.timeout,
			ashlar_result_str(result),
			ashlar_result_str(at->result), f.text);
	if (result == ASHLAR_OK)
		return true;
	if (strcmp(f.kernel, at->launch.kernel))
		return wrong(w, "culprit is %s, not %s", f.kernel,
			     at->launch.kernel);
	if (f.tile >= w->info.tiles)
		return wrong(w, "tile %u of %u", f.tile, w->info.tiles);
	if (f.pc >= w->info.local_bytes && at->note == NOTE_NONE)
		return wrong(w, "pc 0x%x is not in local memory: %s", f.pc,
			     f.text);
	same(w, &f, "tag", f.tag, at->launch.tag);
	same(w, &f, "result", f.result, result);
	if (result == ASHLAR_ERROR_EXIT && !at->any)
		same(w, &f, "exit code", f.exit_code, at->exit_code);
	if (at->check) {
		same(w, &f, "unit", f.unit, at->unit);
		same(w, &f, "cause", f.cause, at->cause);
		if (at->cause == ASHLAR_TILE_FAULT_CAUSE_CORE ||
		    at->cause == ASHLAR_TILE_FAULT_CAUSE_COMMAND)
			same(w, &f, "sub", f.sub, at->sub);
		if (at->check_address)
			same(w, &f, "address", f.address, at->address);
	}
	if (at->note >= 0) {
		uint32_t pc = 0;

		must(w, &w->a, "note",
		     ashlar_buffer_read(w->a.buffer[at->note], 0, &pc, 4));
		same(w, &f, "pc", f.pc, pc);
	}
	if (must(w, &w->a, "device's record",
		 ashlar_device_fault(w->a.dev, &last)))
		same(w, &f, "tag of the device's last fault", last.tag, f.tag);
	return !w->failed;
}
