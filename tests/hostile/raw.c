/* SPDX-License-Identifier: MIT */
/*
 * Job descriptors that the library never writes, through a queue of the driver
 * core in A's address space: code and arguments where nothing is mapped, and
 * fields that make no sense.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ashlar_abi.h"
#include "ashlar_queue.h"
#include "ashlar_regs.h"
#include "hostile.h"
#include "internal.h"
#include "port_core.h"

/* Device cycles until a good board must have answered. */
#define PATIENCE 3000000

struct raw {
	struct ashlar_job job;
	uint32_t status; /* enum ashlar_job_status */
	uint32_t sub; /* BAD: the field */
	uint64_t address; /* FAULT */
	uint32_t cause;
	bool any;
};

static uint32_t edge(struct world *w)
{
	static const uint32_t edges[] = { 0,	      1,	  63,
					  64,	      1024,	  0x10000,
					  0x10040,    0x7fffffff, 0x80000000,
					  0xffffffff, 0xffffffc0 };

	return chance(w, 3) ?
		       (uint32_t)kt_random(&w->r) :
		       edges[pick(w, 0, sizeof(edges) / sizeof(edges[0]) - 1)];
}

static void bad_field(struct world *w, struct raw *r)
{
	struct ashlar_job *j = &r->job;

	r->status = ASHLAR_JOB_BAD;
#define FIELD(member, bad)                                    \
	do {                                                  \
		j->member = (bad);                            \
		r->sub = offsetof(struct ashlar_job, member); \
	} while (0)
	switch (pick(w, 0, 10)) {
	case 0:
		FIELD(kind, pick(w, 2, UINT32_MAX));
		break;
	case 1:
		FIELD(flags, 1u << pick(w, 1, 31));
		break;
	case 2:
		FIELD(code_va, j->code_va + pick(w, 1, 63));
		break;
	case 3:
		FIELD(code_va, UINT64_MAX - 63);
		break;
	case 4:
		FIELD(code_bytes, chance(w, 2) ? 0 : j->code_bytes + 1);
		break;
	case 5:
		FIELD(code_bytes,
		      w->info.local_bytes + 64 * pick(w, 1, 1u << 20));
		break;
	case 6:
		FIELD(text_bytes, j->code_bytes + pick(w, 1, 5000));
		break;
	case 7:
		FIELD(entry, j->entry + 1);
		break;
	case 8:
		FIELD(entry, j->text_bytes + 2 * pick(w, 0, 5000));
		break;
	case 9:
		FIELD(tiles, 0);
		break;
	default:
		FIELD(grid[1], 0);
		break;
	}
#undef FIELD
}

static void any_descriptor(struct world *w, struct raw *r)
{
	uint32_t *words = (uint32_t *)(void *)&r->job;
	uint32_t n = pick(w, 1, 4);

	r->any = true;
	while (n--)
		words[pick(w, 0, sizeof(r->job) / 4 - 1)] = edge(w);
	/* Nobody waits for ever here. */
	if (!r->job.timeout || r->job.timeout > 20000)
		r->job.timeout = 20000;
}

static void choose(struct world *w, struct raw *r)
{
	struct ashlar_job *j = &r->job;
	const struct ashlar_module *m = w->a.module;
	uint64_t code = m->memory->port->addr;

	memset(r, 0, sizeof(*r));
	j->kind = ASHLAR_JOB_KERNEL;
	j->code_va = code;
	j->code_bytes = m->image_bytes;
	j->text_bytes = m->text_bytes;
	for (uint32_t i = 0; i < m->kernel_count; i++)
		if (!strcmp(m->kernels[i].name, "leave"))
			j->entry = m->kernels[i].entry;
	j->code_serial = 0x80000000u | pick(w, 0, 0xffff);
	j->arg_bytes = sizeof(struct hostile_args);
	j->tiles = pick(w, 1, w->info.tiles + 1);
	j->grid[0] = 1;
	j->grid[1] = 1;
	j->grid[2] = 1;
	j->timeout = 100000;
	r->status = ASHLAR_JOB_FAULT;
	r->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID;
	switch (pick(w, 0, 5)) {
	case 0: /* code nowhere */
		j->code_va = 64 * (uint64_t)pick(w, 0, 20000);
		r->address = j->code_va;
		break;
	case 1: /* code beyond what there can be */
		j->code_va = code | 1ull << pick(w, 40, 62);
		r->address = j->code_va;
		break;
	case 2: /* code runs off its memory */
		j->code_va = code + m->memory->port->bytes - 64 * pick(w, 1, 3);
		j->code_bytes = 4096;
		j->text_bytes = 4096;
		r->address = code + m->memory->port->bytes;
		break;
	case 3:
		bad_field(w, r);
		break;
	default:
		any_descriptor(w, r);
		break;
	}
}

static bool judge(struct world *w, const struct raw *r,
		  const struct ashlar_completion *c)
{
	char text[256];

	ashlar_fault_text(text, sizeof(text), "raw", c);
	if (r->any)
		return true;
	if (c->status != r->status)
		return wrong(w, "raw job: status %u, expected %u: %s",
			     c->status, r->status, text);
	if (r->status == ASHLAR_JOB_BAD)
		return c->fault_sub == r->sub ||
		       wrong(w, "raw job: byte %u refused, expected %u",
			     c->fault_sub, r->sub);
	if (c->fault_unit != ASHLAR_TILE_FAULT_UNIT_LOADER ||
	    c->fault_cause != r->cause || c->fault_addr != r->address)
		return wrong(
			w,
			"raw job: unit %u cause %u address 0x%llx, expected loader %u 0x%llx",
			c->fault_unit, c->fault_cause,
			(unsigned long long)c->fault_addr, r->cause,
			(unsigned long long)r->address);
	return true;
}

/* Push the job as it is, also what the core would set. */
static bool push(struct world *w, struct ashlar_hwq *q, struct raw *r)
{
	const struct hostile_args args = { .spin = 10 };
	struct ashlar_dev *dev = q->vm->dev;
	u64 slot = q->pushed & (q->depth - 1);
	struct ashlar_job job;

	if (ashlar_hwq_push(q, &r->job, r->any ? NULL : &args)) {
		return wrong(w, "raw job: the queue takes no job");
	}
	if (!r->any)
		return true;
	/* Its fence stays as the core counts: the report is the core's. */
	job = r->job;
	job.fence = q->pushed;
	if (!job.arg_va)
		job.arg_va = q->args_va.start;
	ashlar_os_mem_write(dev->os, q->ring.start + slot * sizeof(job), &job,
			    sizeof(job));
	return true;
}

static bool run(struct world *w, struct ashlar_hwq *q)
{
	struct ashlar_completion c;
	uint32_t jobs = pick(w, 1, 3), i;
	struct raw r[3];
	uint64_t left = PATIENCE;
	bool stopped = false;

	for (i = 0; i < jobs; i++) {
		choose(w, &r[i]);
		if (r[i].any && r[i].job.arg_bytes > ASHLAR_ARG_MAX)
			r[i].job.arg_bytes = ASHLAR_ARG_MAX;
		if (r[i].any) {
			uint32_t bytes = r[i].job.arg_bytes;

			r[i].job.arg_bytes = 0;
			if (!push(w, q, &r[i]))
				return false;
			r[i].job.arg_bytes = bytes;
		} else if (!push(w, q, &r[i])) {
			return false;
		}
	}
	ashlar_hwq_ring(q);
	for (i = 0; i < jobs; i++) {
		int got;

		while (!(got = ashlar_hwq_pop(q, &c))) {
			if (left < 2000)
				return wrong(w, "raw job: no completion");
			left -= 2000;
			board_slice(w->a.dev->board, 2000);
		}
		if (got < 0)
			return wrong(w, "raw job: queue error %d: %s", got,
				     w->a.dev->board->port->error);
		if (stopped) {
			if (c.status != ASHLAR_JOB_CANCELLED)
				return wrong(
					w,
					"raw job behind a failure: status %u",
					c.status);
		} else if (!judge(w, &r[i], &c)) {
			return false;
		}
		if (c.status != ASHLAR_JOB_OK && c.status != ASHLAR_JOB_EXIT)
			stopped = true;
	}
	return true;
}

bool raw_attack(struct world *w)
{
	struct ashlar_device *dev = w->a.dev;
	struct ashlar_vm *vm = port_core_vm(dev->space);
	struct ashlar_hwq q;
	bool ok;

	/* The context must be ours alone: no queue of the library in it. */
	for (uint32_t i = 0; i < SPACE_QUEUES; i++) {
		ashlar_queue_unref(w->a.queue[i]);
		w->a.queue[i] = NULL;
	}
	if (dev->stopped && (dev->queues || ashlar_vm_restart(vm)))
		return wrong(w, "raw: the context does not start again");
	dev->stopped = false;
	if (ashlar_hwq_init(&q, vm, ASHLAR_PRIORITY_NORMAL, 3))
		return wrong(w, "raw: no queue: %s", dev->board->port->error);
	ok = run(w, &q);
	ashlar_hwq_fini(&q);
	if (ashlar_vm_restart(vm))
		ok = wrong(w, "raw: the context does not start again: %s",
			   dev->board->port->error);
	return ok;
}
