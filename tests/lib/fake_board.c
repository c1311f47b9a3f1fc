// SPDX-License-Identifier: MIT
#include "fake_board.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ash_board.h"
#include "ashlar_abi.h"
#include "ashlar_regs.h"

#define MEM_BYTES    (16u << 20)
#define SHARED_BYTES ASHLAR_MAP_BAR0_SHARED_BYTES
#define BAR0_BYTES   (1u << 20)
#define QUEUES	     64
#define CONTEXTS     9
#define BOOT_CYCLES  5000
#define CTRL_CYCLES  200
#define FETCH_CYCLES 150
#define TLB_SIZE     4096
#define ROOTS	     2048
#define NEVER	     UINT64_MAX

struct context {
	bool exists, stopped;
	uint64_t root;
	uint32_t entries;
};

struct queue {
	bool exists, running;
	struct ashlar_ctrl_queue info;
	uint32_t depth, tail, head; /* doorbell, completed */
	struct ashlar_job job;
	struct ashlar_completion done;
	uint64_t end; /* device time, NEVER: it hangs */
};

struct translation {
	uint32_t context; /* 0: none */
	uint64_t page, entry;
};

struct ashlar_model {
	struct ashlar_model_callbacks cb;
	bool strict, dead, vector;
	uint8_t *mem;
	uint8_t shared[SHARED_BYTES];
	uint64_t now;
	uint32_t cycle_hi, post, run, boot_lo, boot_hi, boot_bytes, host_err;
	uint64_t boot_end;
	bool ready, hello;
	uint32_t ctrl_tail;
	struct context contexts[CONTEXTS];
	struct queue queues[QUEUES];
	struct translation tlb[TLB_SIZE];
	/* Root entries that point to tables, kept as the hardware does. */
	uint64_t roots[CONTEXTS][ROOTS];
	struct fake_quirks quirks;
	struct fake_stats stats;
};

static void misuse(struct ashlar_model *m, const char *name, uint64_t value)
{
	char text[100];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	if (m->cb.misuse)
		m->cb.misuse(m->cb.ctx, name, text);
	if (m->strict)
		m->dead = true;
}

/* --- Memory as a tile sees it ---------------------------------------------- */

struct fault {
	uint32_t cause, unit, sub;
	uint64_t addr;
};

static uint64_t entry_at(struct ashlar_model *m, uint64_t addr)
{
	uint64_t entry = 0;

	if (addr <= MEM_BYTES - 8)
		memcpy(&entry, m->mem + addr, 8);
	return entry;
}

/* The leaf for va; a large one is made small. 0: none. */
static uint64_t walk(struct ashlar_model *m, uint32_t context, uint64_t va)
{
	struct context *c = &m->contexts[context];
	uint64_t page = va >> 12;
	struct translation *t = &m->tlb[(page * 31 + context) % TLB_SIZE];
	uint64_t entry;

	if (t->context == context && t->page == page)
		return t->entry;
	if (va >> 21 >= c->entries)
		return 0;
	if (va >> 21 < ROOTS && m->roots[context][va >> 21])
		entry = m->roots[context][va >> 21];
	else
		entry = entry_at(m, c->root + 8 * (va >> 21));
	if (!(entry & 1))
		return 0;
	if (!(entry & 16) && va >> 21 < ROOTS)
		m->roots[context][va >> 21] = entry;
	if (entry & 16)
		entry = (entry & ~0x1ff000ull) | (va & 0x1ff000);
	else
		entry = entry_at(m, (entry & 0xffffffffff000ull) +
					    8 * (page % 512));
	if (!(entry & 1))
		return 0;
	if (!t->context)
		m->stats.translations++;
	*t = (struct translation){ context, page, entry };
	return entry;
}

static bool access_page(struct ashlar_model *m, uint32_t context, uint64_t va,
			void *data, uint32_t n, bool write, struct fault *f)
{
	uint64_t entry = walk(m, context, va);
	uint64_t phys = (entry & 0xffffffffff000ull) | (va & 4095);
	int err = 0;

	f->addr = va;
	if (!entry)
		f->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID;
	else if (!write && !(entry & 2))
		f->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_READ;
	else if (write && !(entry & 4))
		f->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE;
	if (f->cause)
		return false;
	if (entry & 8) {
		err = write ? m->cb.dma_write(m->cb.ctx, phys, data, n) :
			      m->cb.dma_read(m->cb.ctx, phys, data, n);
		if (err)
			misuse(m, "dma-range", phys);
	} else if (phys > MEM_BYTES - n) {
		err = -EFAULT;
	} else if (write) {
		memcpy(m->mem + phys, data, n);
	} else {
		memcpy(data, m->mem + phys, n);
	}
	if (err)
		f->cause = ASHLAR_TILE_FAULT_CAUSE_BUS;
	return !err;
}

static bool access(struct ashlar_model *m, uint32_t context, uint64_t va,
		   void *data, uint32_t bytes, bool write, struct fault *f)
{
	uint8_t *at = data;

	while (bytes) {
		uint32_t n = 64 - (uint32_t)(va & 63);

		if (n > bytes)
			n = bytes;
		if (!access_page(m, context, va, at, n, write, f))
			return false;
		va += n;
		at += n;
		bytes -= n;
	}
	return true;
}

static void forget(struct ashlar_model *m, uint32_t context)
{
	memset(m->roots[context], 0, sizeof(m->roots[context]));
	for (int i = 0; i < TLB_SIZE; i++) {
		if (m->tlb[i].context == context) {
			m->tlb[i].context = 0;
			m->stats.translations--;
		}
	}
}

/* --- Kernels ------------------------------------------------------------------ */

static bool add(struct ashlar_model *m, uint32_t context,
		const struct fake_add *a, struct fault *f)
{
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t x, y;

		f->unit = ASHLAR_TILE_FAULT_UNIT_LOAD;
		if (!access(m, context, a->a + 4ull * i, &x, 4, false, f) ||
		    !access(m, context, a->b + 4ull * i, &y, 4, false, f))
			return false;
		x += y;
		f->unit = ASHLAR_TILE_FAULT_UNIT_STORE;
		if (!access(m, context, a->dst + 4ull * i, &x, 4, true, f))
			return false;
	}
	return true;
}

/* Runs it at once; the time it takes is added. NEVER: it does not end. */
static uint64_t execute(struct ashlar_model *m, const struct ashlar_job *job,
			uint32_t context, struct ashlar_completion *c)
{
	uint8_t args[ASHLAR_ARG_MAX] = { 0 };
	struct fault f = { .unit = ASHLAR_TILE_FAULT_UNIT_LOADER };
	struct fake_store store;
	struct fake_exit ends;
	struct fake_add sum;
	uint32_t op = 0;
	bool ok;

	ok = access(m, context, job->code_va + job->entry, &op, 4, false, &f) &&
	     access(m, context, job->arg_va, args, job->arg_bytes, false, &f);
	memcpy(&sum, args, sizeof(sum));
	memcpy(&store, args, sizeof(store));
	memcpy(&ends, args, sizeof(ends));
	c->status = ASHLAR_JOB_OK;
	c->load_beats = 1;
	switch (ok ? op : 0) {
	case FAKE_ADD:
		ok = add(m, context, &sum, &f);
		if (ok)
			return 100 + sum.cycles;
		break;
	case FAKE_STORE:
		f.unit = ASHLAR_TILE_FAULT_UNIT_STORE;
		ok = access(m, context, store.dst, &store.value, 4, true, &f);
		if (ok)
			return 100 + store.cycles;
		break;
	case FAKE_EXIT:
		c->exit_code = ends.code;
		if (ends.code)
			c->status = ASHLAR_JOB_EXIT;
		return 100 + ends.cycles;
	case FAKE_HANG:
		return NEVER;
	case FAKE_ILLEGAL:
		f = (struct fault){ ASHLAR_TILE_FAULT_CAUSE_CORE,
				    ASHLAR_TILE_FAULT_UNIT_CORE, 2, 0 };
		break;
	}
	c->status = ASHLAR_JOB_FAULT;
	c->fault_cause = f.cause;
	c->fault_unit = f.unit;
	c->fault_sub = f.sub;
	c->fault_addr = f.addr;
	c->fault_pc = job->entry;
	return 100;
}

/* --- Queues ------------------------------------------------------------------- */

static void raise_vector(struct ashlar_model *m, uint32_t vector)
{
	m->vector = true;
	m->cb.raise_vector(m->cb.ctx, vector);
}

static void report(struct ashlar_model *m, struct queue *q)
{
	uint64_t at = q->info.report + sizeof(struct ashlar_report) +
		      (q->head % q->depth) * sizeof(q->done);
	uint64_t completed = q->job.fence + m->quirks.completed_add;
	const uint8_t *from = (const uint8_t *)&q->done;
	int err = 0;

	q->done.fence = q->job.fence + m->quirks.fence_add;
	q->done.tag = q->job.tag;
	q->done.context = q->info.context;
	q->done.tiles = q->job.tiles;
	q->done.t_end = m->now;
	if (m->quirks.job_status)
		q->done.status = m->quirks.job_status;
	for (int i = 0; i < 2; i++)
		err |= m->cb.dma_write(m->cb.ctx, at + 64 * (uint64_t)i,
				       from + 64 * i, 64);
	err |= m->cb.dma_write(m->cb.ctx, q->info.report, &completed, 8);
	if (err)
		misuse(m, "dma-range", at);
	q->head++;
	q->running = false;
	m->stats.jobs++;
	raise_vector(m, q->info.vector);
}

static bool job_good(const struct ashlar_job *j, struct ashlar_completion *c)
{
	if (j->kind > ASHLAR_JOB_KERNEL)
		c->fault_sub = offsetof(struct ashlar_job, kind);
	else if (j->code_va % 64)
		c->fault_sub = offsetof(struct ashlar_job, code_va);
	else if (j->text_bytes > j->code_bytes)
		c->fault_sub = offsetof(struct ashlar_job, text_bytes);
	else if (j->entry >= j->text_bytes)
		c->fault_sub = offsetof(struct ashlar_job, entry);
	else if (!j->tiles)
		c->fault_sub = offsetof(struct ashlar_job, tiles);
	else if (j->reserved[0])
		c->fault_sub = offsetof(struct ashlar_job, reserved);
	else
		return true;
	c->status = ASHLAR_JOB_BAD;
	return false;
}

static void start_job(struct ashlar_model *m, struct queue *q)
{
	struct context *c = &m->contexts[q->info.context];
	uint64_t takes = 10;
	uint64_t limit;

	memcpy(&q->job,
	       m->mem + q->info.ring +
		       (q->head % q->depth) * sizeof(struct ashlar_job),
	       sizeof(q->job));
	memset(&q->done, 0, sizeof(q->done));
	q->running = true;
	q->done.t_fetch = m->now;
	if (c->stopped) {
		q->done.status = ASHLAR_JOB_CANCELLED;
		q->end = m->now + takes;
		return;
	}
	q->done.t_start = m->now + FETCH_CYCLES;
	if (job_good(&q->job, &q->done))
		takes = execute(m, &q->job, q->info.context, &q->done);
	limit = q->job.timeout ? q->job.timeout : ASHLAR_JOB_TIMEOUT_DEFAULT;
	if (takes > limit) {
		q->done.status = ASHLAR_JOB_TIMEOUT;
		q->done.fault_pc = q->job.entry;
		takes = limit;
	}
	q->end = q->done.t_start + takes;
}

static void end_job(struct ashlar_model *m, struct queue *q)
{
	uint32_t status = q->done.status;
	struct context *c = &m->contexts[q->info.context];

	if (c->stopped)
		q->done.status = ASHLAR_JOB_CANCELLED;
	else if (status == ASHLAR_JOB_FAULT || status == ASHLAR_JOB_TIMEOUT ||
		 status == ASHLAR_JOB_BAD)
		c->stopped = true;
	report(m, q);
	if (!c->stopped)
		return;
	for (int i = 1; i < QUEUES; i++) {
		struct queue *o = &m->queues[i];

		if (o->running && o->info.context == q->info.context)
			o->end = m->now + 10;
	}
}

/* --- Control ------------------------------------------------------------------ */

static struct ashlar_ctrl_ring *ring(struct ashlar_model *m)
{
	return (struct ashlar_ctrl_ring *)(void *)(m->shared +
						   ASHLAR_SHARED_CTRL);
}

static uint32_t ctx_op(struct ashlar_model *m, uint32_t op,
		       const struct ashlar_ctrl_ctx *a)
{
	struct context *c = &m->contexts[a->context % CONTEXTS];

	if (!a->context || a->context >= CONTEXTS)
		return ASHLAR_STATUS_BAD_ARG;
	if (op == ASHLAR_CTRL_CTX_CREATE) {
		if (c->exists)
			return ASHLAR_STATUS_EXISTS;
		if (!a->pt_entries || a->pt_root % 4096 ||
		    a->pt_root + 8ull * a->pt_entries > MEM_BYTES)
			return ASHLAR_STATUS_BAD_ARG;
		*c = (struct context){ true, false, a->pt_root, a->pt_entries };
		return ASHLAR_STATUS_OK;
	}
	if (!c->exists)
		return ASHLAR_STATUS_NOT_FOUND;
	forget(m, a->context);
	if (op == ASHLAR_CTRL_CTX_INVALIDATE) {
		m->stats.invalidates++;
		return ASHLAR_STATUS_OK;
	}
	for (int i = 1; i < QUEUES; i++)
		if (m->queues[i].exists &&
		    m->queues[i].info.context == a->context)
			return ASHLAR_STATUS_STATE;
	c->exists = false;
	return ASHLAR_STATUS_OK;
}

static uint32_t queue_op(struct ashlar_model *m, uint32_t op,
			 const struct ashlar_ctrl_queue *a)
{
	struct queue *q = &m->queues[a->queue % QUEUES];

	if (!a->queue || a->queue >= QUEUES)
		return ASHLAR_STATUS_BAD_ARG;
	if (op == ASHLAR_CTRL_QUEUE_DESTROY) {
		if (!q->exists)
			return ASHLAR_STATUS_NOT_FOUND;
		memset(q, 0, sizeof(*q));
		return ASHLAR_STATUS_OK;
	}
	if (q->exists)
		return ASHLAR_STATUS_EXISTS;
	if (!a->context || a->context >= CONTEXTS ||
	    !m->contexts[a->context].exists)
		return ASHLAR_STATUS_NOT_FOUND;
	if (a->depth_log2 < 1 || a->depth_log2 > 8 || a->ring % 128 ||
	    a->ring + (128ull << a->depth_log2) > MEM_BYTES || a->report % 64 ||
	    a->priority > 2 || a->reserved)
		return ASHLAR_STATUS_BAD_ARG;
	memset(q, 0, sizeof(*q));
	q->exists = true;
	q->info = *a;
	q->depth = 1u << a->depth_log2;
	return ASHLAR_STATUS_OK;
}

static void hello(struct ashlar_model *m, struct ashlar_ctrl_msg *msg)
{
	struct ashlar_ctrl_hello h = { .control.max = ASHLAR_ABI_CONTROL,
				       .job.max = ASHLAR_ABI_JOB,
				       .kernel.max = ASHLAR_ABI_KERNEL };

	h.job.max += m->quirks.hello_lie;
	memcpy(msg->arg, &h, sizeof(h));
	m->hello = true;
}

static void answer(struct ashlar_model *m, struct ashlar_ctrl_msg *msg)
{
	struct ashlar_ctrl_ctx ctx;
	struct ashlar_ctrl_queue queue;

	memcpy(&ctx, msg->arg, sizeof(ctx));
	memcpy(&queue, msg->arg, sizeof(queue));
	msg->status = ASHLAR_STATUS_OK;
	if (m->quirks.busy) {
		m->quirks.busy--;
		msg->status = ASHLAR_STATUS_BUSY;
	} else if (m->quirks.status) {
		msg->status = (uint16_t)m->quirks.status;
	} else if (msg->op == ASHLAR_CTRL_HELLO) {
		hello(m, msg);
	} else if (!m->hello) {
		msg->status = ASHLAR_STATUS_STATE;
	} else if (msg->op >= ASHLAR_CTRL_CTX_CREATE &&
		   msg->op <= ASHLAR_CTRL_CTX_INVALIDATE) {
		msg->status = (uint16_t)ctx_op(m, msg->op, &ctx);
	} else if (msg->op == ASHLAR_CTRL_QUEUE_CREATE ||
		   msg->op == ASHLAR_CTRL_QUEUE_DESTROY) {
		msg->status = (uint16_t)queue_op(m, msg->op, &queue);
	} else if (msg->op != ASHLAR_CTRL_PING) {
		msg->status = ASHLAR_STATUS_UNKNOWN_OP;
	}
}

static void reply(struct ashlar_model *m, const struct ashlar_ctrl_msg *msg)
{
	struct ashlar_ctrl_ring *r = ring(m);

	r->rep[r->rep_tail++ % ASHLAR_CTRL_SLOTS] = *msg;
}

static void control(struct ashlar_model *m)
{
	struct ashlar_ctrl_ring *r = ring(m);
	struct ashlar_ctrl_msg batch[ASHLAR_CTRL_SLOTS];
	uint32_t n = 0;

	while (r->req_head != m->ctrl_tail && n < ASHLAR_CTRL_SLOTS)
		batch[n++] = r->req[r->req_head++ % ASHLAR_CTRL_SLOTS];
	for (uint32_t i = 0; i < n; i++) {
		struct ashlar_ctrl_msg msg =
			batch[m->quirks.backwards ? n - 1 - i : i];

		m->stats.requests++;
		if (m->quirks.trap_op == msg.op)
			m->post = ASHLAR_POST_TRAP;
		if (msg.op == m->quirks.silent_op ||
		    m->post != ASHLAR_POST_READY)
			continue;
		answer(m, &msg);
		while (m->quirks.stray) {
			struct ashlar_ctrl_msg stray = msg;

			m->quirks.stray--;
			stray.id += 1000;
			reply(m, &stray);
		}
		if (m->quirks.wrong_op) {
			m->quirks.wrong_op = 0;
			msg.op++;
		}
		reply(m, &msg);
	}
	r->rep_tail += m->quirks.jump_tail;
	m->quirks.jump_tail = 0;
	m->now += m->quirks.leap;
	m->quirks.leap = 0;
	raise_vector(m, 0);
}

static void boot(struct ashlar_model *m)
{
	uint64_t addr = (uint64_t)m->boot_hi << 32 | m->boot_lo;
	struct ashlar_image image;
	struct ashlar_info info = {
		.magic = ASHLAR_SHARED_MAGIC,
		.bytes = sizeof(info),
		.firmware_version = ASHLAR_VERSION(0, 7),
		.hw_version = ASHLAR_VERSION(1, 0),
		.control = { ASHLAR_ABI_CONTROL, ASHLAR_ABI_CONTROL },
		.job = { ASHLAR_ABI_JOB, ASHLAR_ABI_JOB },
		.kernel = { ASHLAR_ABI_KERNEL_MIN, ASHLAR_ABI_KERNEL },
		.tiles = 1,
		.queues = 63,
		.contexts = CONTEXTS - 1,
		.max_depth_log2 = 8,
		.clock_khz = 1000000,
	};
	struct ashlar_telemetry telemetry = { .bytes = sizeof(telemetry) };

	m->boot_end = NEVER;
	memcpy(&image, m->mem + addr, sizeof(image));
	if (m->quirks.stuck_post)
		m->post = m->quirks.stuck_post;
	else if (m->quirks.post)
		m->post = m->quirks.post;
	else if (image.magic != ASHLAR_IMAGE_MAGIC)
		m->post = ASHLAR_POST_BAD_MAGIC;
	else
		m->post = ASHLAR_POST_READY;
	if (m->post != ASHLAR_POST_READY)
		return;
	memset(m->shared, 0, sizeof(m->shared));
	memcpy(m->shared + ASHLAR_SHARED_INFO, &info, sizeof(info));
	if (m->quirks.info_word)
		memcpy(m->shared + ASHLAR_SHARED_INFO +
			       4 * (m->quirks.info_word - 1),
		       &m->quirks.info_value, 4);
	memcpy(m->shared + ASHLAR_SHARED_TELEMETRY, &telemetry,
	       sizeof(telemetry));
	m->ready = true;
}

/* --- Time ----------------------------------------------------------------------- */

/* When something happens next; NEVER: nothing. */
static uint64_t next_event(struct ashlar_model *m)
{
	uint64_t next = NEVER;

	if (m->run && m->boot_end != NEVER)
		next = m->boot_end;
	else if (m->run && m->quirks.stuck_post)
		return m->now + 1000000;
	if (m->ready && m->ctrl_tail != ring(m)->req_head)
		next = m->now + CTRL_CYCLES;
	for (int i = 1; i < QUEUES; i++) {
		struct queue *q = &m->queues[i];
		uint64_t at = NEVER;

		if (!q->exists || m->quirks.lose_jobs)
			continue;
		if (q->running)
			at = q->end;
		else if (q->head != q->tail)
			at = m->now;
		if (at < next)
			next = at;
	}
	return next;
}

static void happen(struct ashlar_model *m)
{
	if (m->run && m->boot_end <= m->now) {
		boot(m);
		return;
	}
	if (m->ready && m->ctrl_tail != ring(m)->req_head) {
		control(m);
		return;
	}
	for (int i = 1; i < QUEUES; i++) {
		struct queue *q = &m->queues[i];

		if (!q->exists)
			continue;
		if (q->running && q->end <= m->now) {
			end_job(m, q);
			return;
		}
		if (!q->running && q->head != q->tail) {
			start_job(m, q);
			return;
		}
	}
}

static enum ashlar_model_stop run(struct ashlar_model *m, uint64_t max_cycles)
{
	uint64_t until = m->now + max_cycles;

	m->vector = false;
	for (;;) {
		uint64_t next = next_event(m);

		if (m->dead)
			return ASHLAR_MODEL_DEAD;
		if (m->quirks.frozen)
			return ASHLAR_MODEL_BUDGET;
		if (next == NEVER)
			return ASHLAR_MODEL_IDLE;
		if (next > until) {
			m->now = until;
			return ASHLAR_MODEL_BUDGET;
		}
		if (next > m->now)
			m->now = next;
		happen(m);
		if (m->vector)
			return ASHLAR_MODEL_VECTOR;
	}
}

/* --- Registers -------------------------------------------------------------------- */

static uint32_t host_read(struct ashlar_model *m, uint64_t offset)
{
	switch (offset) {
	case ASHLAR_HOST_ID:
		return ASHLAR_HOST_ID_RESET;
	case ASHLAR_HOST_HW_VERSION:
		return ASHLAR_HOST_HW_VERSION_RESET;
	case ASHLAR_HOST_PLATFORM:
		return ASHLAR_HOST_PLATFORM_FAST;
	case ASHLAR_HOST_DTB_BYTES:
		return ASHLAR_BOARD_DTB_BYTES;
	case ASHLAR_HOST_MP_CTRL:
		return m->run;
	case ASHLAR_HOST_POST:
		return m->post;
	case ASHLAR_HOST_CYCLE_LO:
		m->cycle_hi = (uint32_t)(m->now >> 32);
		return (uint32_t)m->now;
	case ASHLAR_HOST_CYCLE_HI:
		return m->cycle_hi;
	case ASHLAR_HOST_MEM_BYTES_LO:
		return MEM_BYTES;
	case ASHLAR_HOST_MEM_BYTES_HI:
		return 0;
	default:
		misuse(m, "unmapped-register", offset);
		return 0;
	}
}

static uint32_t bar0_read(struct ashlar_model *m, uint64_t offset)
{
	uint32_t value = 0;
	uint64_t at;

	if (m->quirks.dead)
		return ~0u;
	at = offset - ASHLAR_MAP_BAR0_SHARED_BASE;
	if (at < SHARED_BYTES) {
		memcpy(&value, m->shared + at, 4);
		return value;
	}
	at = offset - ASHLAR_MAP_BAR0_DTB_BASE;
	if (at < ASHLAR_MAP_BAR0_DTB_BYTES) {
		if (at < ASHLAR_BOARD_DTB_BYTES)
			memcpy(&value, ashlar_board_dtb + at,
			       ASHLAR_BOARD_DTB_BYTES - at < 4 ?
				       ASHLAR_BOARD_DTB_BYTES - at :
				       4);
		return value;
	}
	return host_read(m, offset);
}

static void doorbell(struct ashlar_model *m, uint32_t number, uint32_t value)
{
	struct queue *q = &m->queues[number];

	if (!number)
		m->ctrl_tail = value;
	else if (!q->exists)
		misuse(m, "doorbell-disabled", number);
	else if (value - q->head > q->depth)
		misuse(m, "doorbell-overrun", value);
	else
		q->tail = value;
}

static void bar0_write(struct ashlar_model *m, uint64_t offset, uint32_t value)
{
	uint64_t at = offset - ASHLAR_MAP_BAR0_SHARED_BASE;

	if (m->quirks.dead)
		return;
	if (at < SHARED_BYTES) {
		memcpy(m->shared + at, &value, 4);
		return;
	}
	at = offset - ASHLAR_MAP_BAR0_DOORBELL_BASE;
	if (at < 64 * 4096 && !(at % 4096)) {
		doorbell(m, (uint32_t)(at / 4096), value);
		return;
	}
	switch (offset) {
	case ASHLAR_HOST_BOOT_ADDR_LO:
		m->boot_lo = value;
		break;
	case ASHLAR_HOST_BOOT_ADDR_HI:
		m->boot_hi = value;
		break;
	case ASHLAR_HOST_BOOT_BYTES:
		m->boot_bytes = value;
		break;
	case ASHLAR_HOST_MP_CTRL:
		m->run = value & 1;
		m->ready = false;
		m->hello = false;
		m->post = m->run ? ASHLAR_POST_ROM : ASHLAR_POST_RESET;
		m->boot_end = m->run ? m->now + BOOT_CYCLES : NEVER;
		m->ctrl_tail = 0;
		memset(m->contexts, 0, sizeof(m->contexts));
		memset(m->queues, 0, sizeof(m->queues));
		memset(m->tlb, 0, sizeof(m->tlb));
		memset(m->roots, 0, sizeof(m->roots));
		m->stats.translations = 0;
		break;
	default:
		misuse(m, "unmapped-register", offset);
	}
}

static int check(struct ashlar_model *m, enum ashlar_model_bar bar,
		 uint64_t offset, size_t bytes)
{
	uint64_t size = bar == ASHLAR_MODEL_BAR0 ? BAR0_BYTES : MEM_BYTES;

	if (m->dead)
		return -EIO;
	if (offset > size || bytes > size - offset || !bytes ||
	    (bar == ASHLAR_MODEL_BAR0 && (bytes != 4 || offset % 4))) {
		misuse(m, "unmapped-register", offset);
		return -EINVAL;
	}
	return 0;
}

static int mmio_read(struct ashlar_model *m, enum ashlar_model_bar bar,
		     uint64_t offset, void *data, size_t bytes)
{
	int err = check(m, bar, offset, bytes);
	uint32_t value;

	if (err)
		return err;
	if (bar == ASHLAR_MODEL_BAR2) {
		if (m->quirks.dead)
			memset(data, 0xff, bytes);
		else
			memcpy(data, m->mem + offset, bytes);
		return 0;
	}
	value = bar0_read(m, offset);
	memcpy(data, &value, 4);
	return 0;
}

static int mmio_write(struct ashlar_model *m, enum ashlar_model_bar bar,
		      uint64_t offset, const void *data, size_t bytes)
{
	int err = check(m, bar, offset, bytes);
	uint32_t value;

	if (err)
		return err;
	if (bar == ASHLAR_MODEL_BAR2) {
		memcpy(m->mem + offset, data, bytes);
		return 0;
	}
	memcpy(&value, data, 4);
	bar0_write(m, offset, value);
	return 0;
}

/* --- Life ---------------------------------------------------------------------------- */

static struct ashlar_model *create(const struct ashlar_model_callbacks *cb,
				   const struct ashlar_model_options *opt,
				   char *error, size_t error_bytes)
{
	struct ashlar_model *m = calloc(1, sizeof(*m));

	if (m)
		m->mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!m || m->mem == MAP_FAILED) {
		snprintf(error, error_bytes, "no memory for the board");
		free(m);
		return NULL;
	}
	/* Memory of a real board is not zero after power-on. */
	memset(m->mem, 0xa5, MEM_BYTES);
	m->cb = *cb;
	m->strict = opt->strict;
	m->boot_end = NEVER;
	return m;
}

static void destroy(struct ashlar_model *m)
{
	munmap(m->mem, MEM_BYTES);
	free(m);
}

static void reset(struct ashlar_model *m)
{
	bar0_write(m, ASHLAR_HOST_MP_CTRL, 0);
}

static int info(struct ashlar_model *m, struct ashlar_model_info *out)
{
	struct ashlar_model_info i = {
		.size = out->size,
		.platform = ASHLAR_HOST_PLATFORM_FAST,
		.board = "tiny",
		.dtb = ashlar_board_dtb,
		.dtb_bytes = ASHLAR_BOARD_DTB_BYTES,
		.bar0_bytes = BAR0_BYTES,
		.bar2_bytes = MEM_BYTES,
		.memory = m->mem,
		.cycles = m->now,
		.clocked = m->now / 2,
	};

	memcpy(out, &i, out->size < sizeof(i) ? out->size : sizeof(i));
	return 0;
}

static const struct ashlar_model_ops ops = {
	.abi = ASHLAR_MODEL_ABI,
	.size = sizeof(ops),
	.name = "fake",
	.create = create,
	.destroy = destroy,
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
	.run = run,
	.reset = reset,
	.info = info,
};

const struct ashlar_model_ops *fake_board_ops(void)
{
	return &ops;
}

struct fake_quirks *fake_board_quirks(struct ashlar_model *m)
{
	return &m->quirks;
}

struct fake_stats fake_board_stats(struct ashlar_model *m)
{
	return m->stats;
}

void *fake_board_shared(struct ashlar_model *m)
{
	return m->shared;
}

const struct ashlar_model_ops *ashlar_model_get(void)
{
	return &ops;
}
