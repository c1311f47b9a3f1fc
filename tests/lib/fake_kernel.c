// SPDX-License-Identifier: MIT
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ash_board.h"
#include "ashlar_accel.h"
#include "ashlar_abi.h"
#include "ashlar_range.h"
#include "ashlar_regs.h"
#include "fake_board.h"

#define NODE	     "/dev/accel/accel0"
#define LINK	     "/sys/class/accel/accel0/device/driver"
#define PAGE	     4096u
#define LOCAL_BYTES  (16ull << 20)
#define SYSTEM_BYTES (256ull << 20)
#define OFFSET	     (1ull << 32) /* of the first mmap offset */
#define VA_START     (2ull << 20)
#define VA_END	     (4ull << 30)
#define CONTEXTS     8
#define QUEUES	     63
#define DEPTH	     256
#define MAX_JOBS     32
#define MAX_SYNCS    8
#define MAX_BINDS    16
#define MAX_PENDING  8192
#define FILES	     32
#define HANDLES	     4096
#define FDS	     256
#define LOOK_CYCLES  500
#define NEVER	     UINT64_MAX
#define TIMEOUT	     100000000ull

struct bo {
	unsigned int refs;
	struct ashlar_node node; /* of the card's memory file */
	uint32_t flags;
};

struct sync {
	unsigned int refs;
	uint64_t submitted, done;
};

struct mapping {
	struct mapping *next;
	struct bo *bo;
	uint64_t va, bytes, offset;
	bool read_only;
};

/* A job that another waits for. */
struct wait {
	const struct queue *queue;
	uint64_t seqno;
};

struct job {
	struct drm_ashlar_job job;
	uint8_t args[ASHLAR_ARG_MAX];
	struct wait waits[MAX_SYNCS];
	uint32_t wait_count; /* that have not ended */
	bool vain; /* one that had to succeed has not */
	struct sync *signal;
	uint64_t point;
	uint64_t seqno, end;
	bool running;
	struct drm_ashlar_result result;
	struct job *next;
};

struct queue {
	bool exists;
	uint32_t depth, state;
	uint64_t submitted, completed;
	struct job *first, **last;
	struct drm_ashlar_result *results;
};

struct file {
	bool open;
	int fd;
	bool context, stopped;
	uint32_t number; /* of the context */
	struct bo *bos[HANDLES];
	struct sync *syncs[HANDLES];
	struct mapping *mappings;
	struct queue queues[QUEUES + 1];
};

/* Descriptors of syncobjs and dma-bufs. */
struct object_fd {
	int fd;
	struct sync *sync;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool ready, gone;
	int memory_fd;
	uint8_t *memory;
	struct ashlar_range local, system;
	uint64_t now;
	uint32_t completed, failed, resets, sleepers;
	struct file files[FILES];
	struct object_fd fds[FDS];
	struct fake_kernel_stats stats;
	uint32_t interrupted;
} card = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .change = PTHREAD_COND_INITIALIZER,
	   .now = 5000 };

struct fake_kernel fake_kernel;

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, void *arg);
void *__real_mmap(void *at, size_t bytes, int prot, int flags, int fd,
		  off_t offset);
int __real_close(int fd);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd,
		  off_t offset);
int __wrap_close(int fd);
ssize_t __real_readlink(const char *path, char *to, size_t bytes);
ssize_t __wrap_readlink(const char *path, char *to, size_t bytes);

static void *user(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static void fatal(const char *what)
{
	fprintf(stderr, "fake kernel: %s\n", what);
	abort();
}

static void set_up(void)
{
	if (card.ready)
		return;
	card.ready = true;
	card.memory_fd = memfd_create("card", MFD_CLOEXEC);
	if (card.memory_fd < 0 ||
	    ftruncate(card.memory_fd, (off_t)(LOCAL_BYTES + SYSTEM_BYTES)))
		fatal("no memory file");
	card.memory = __real_mmap(NULL, LOCAL_BYTES + SYSTEM_BYTES,
				  PROT_READ | PROT_WRITE, MAP_SHARED,
				  card.memory_fd, 0);
	if (card.memory == MAP_FAILED)
		fatal("no memory");
	/* The first page is the driver's. */
	ashlar_range_init(&card.local, PAGE, LOCAL_BYTES - PAGE);
	ashlar_range_init(&card.system, LOCAL_BYTES, SYSTEM_BYTES);
}

static struct file *file_of(int fd)
{
	for (int i = 0; i < FILES; i++)
		if (card.files[i].open && card.files[i].fd == fd)
			return &card.files[i];
	return NULL;
}

/* --- References ------------------------------------------------------------ */

static void put_bo(struct bo *bo)
{
	if (--bo->refs)
		return;
	ashlar_range_free(bo->flags & DRM_ASHLAR_BO_LOCAL ? &card.local :
							    &card.system,
			  &bo->node);
	card.stats.buffers--;
	free(bo);
}

static void put_sync(struct sync *s)
{
	if (--s->refs)
		return;
	card.stats.syncobjs--;
	free(s);
}

static uint32_t give_sync(struct file *f, struct sync *s)
{
	for (uint32_t h = 1; h < HANDLES; h++)
		if (!f->syncs[h]) {
			f->syncs[h] = s;
			s->refs++;
			return h;
		}
	fatal("no syncobj handle");
	return 0;
}

static struct sync *find_sync(struct file *f, uint32_t handle)
{
	return handle < HANDLES ? f->syncs[handle] : NULL;
}

static struct bo *find_bo(struct file *f, uint32_t handle)
{
	return handle < HANDLES ? f->bos[handle] : NULL;
}

/* --- Memory as a tile sees it ------------------------------------------------ */

struct fault {
	uint32_t cause, unit, sub;
	uint64_t addr;
};

static bool access_bytes(struct file *f, uint64_t va, void *data,
			 uint64_t bytes, bool write, struct fault *fault)
{
	uint8_t *p = data;

	while (bytes) {
		struct mapping *m = f->mappings;
		uint64_t n;
		uint8_t *at;

		while (m && (va < m->va || va - m->va >= m->bytes))
			m = m->next;
		fault->addr = va;
		fault->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID;
		if (!m)
			return false;
		fault->cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE;
		if (write && m->read_only)
			return false;
		n = m->bytes - (va - m->va);
		if (n > bytes)
			n = bytes;
		at = card.memory + m->bo->node.start + m->offset + (va - m->va);
		memcpy(write ? at : p, write ? p : at, n);
		va += n;
		p += n;
		bytes -= n;
	}
	fault->cause = 0;
	return true;
}

static bool add(struct file *f, const struct fake_add *a, struct fault *fault)
{
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t x, y;

		fault->unit = ASHLAR_TILE_FAULT_UNIT_LOAD;
		if (!access_bytes(f, a->a + 4ull * i, &x, 4, false, fault) ||
		    !access_bytes(f, a->b + 4ull * i, &y, 4, false, fault))
			return false;
		x += y;
		fault->unit = ASHLAR_TILE_FAULT_UNIT_STORE;
		if (!access_bytes(f, a->dst + 4ull * i, &x, 4, true, fault))
			return false;
	}
	return true;
}

/* Word of code and arguments of a job. */
static uint32_t decode(struct file *f, const struct job *j,
		       struct fake_add *sum, struct fake_store *store,
		       struct fake_exit *ends, struct fault *fault)
{
	uint32_t op = 0;

	fault->unit = ASHLAR_TILE_FAULT_UNIT_LOADER;
	access_bytes(f, j->job.code_va + j->job.entry, &op, 4, false, fault);
	memcpy(sum, j->args, sizeof(*sum));
	memcpy(store, j->args, sizeof(*store));
	memcpy(ends, j->args, sizeof(*ends));
	return op;
}

/* How long a job takes. */
static uint64_t duration(struct file *f, struct job *j)
{
	struct fake_store store;
	struct fake_exit ends;
	struct fake_add sum;
	struct fault fault = { 0 };

	switch (decode(f, j, &sum, &store, &ends, &fault)) {
	case FAKE_ADD:
		return 100 + sum.cycles;
	case FAKE_STORE:
		return 100 + store.cycles;
	case FAKE_EXIT:
		return 100 + ends.cycles;
	case FAKE_HANG:
		return NEVER;
	default:
		return 100;
	}
}

/* What it does, all at its end. */
static void execute(struct file *f, struct job *j)
{
	struct drm_ashlar_result *r = &j->result;
	struct fake_store store;
	struct fake_exit ends;
	struct fake_add sum;
	struct fault fault = { 0 };
	bool ok = false;

	r->counters[4] = 1;
	switch (decode(f, j, &sum, &store, &ends, &fault)) {
	case FAKE_ADD:
		ok = add(f, &sum, &fault);
		break;
	case FAKE_STORE:
		fault.unit = ASHLAR_TILE_FAULT_UNIT_STORE;
		ok = access_bytes(f, store.dst, &store.value, 4, true, &fault);
		break;
	case FAKE_EXIT:
		ok = true;
		r->exit_code = ends.code;
		if (ends.code)
			r->status = DRM_ASHLAR_JOB_EXIT;
		break;
	case FAKE_HANG:
		ok = true;
		r->status = DRM_ASHLAR_JOB_TIMEOUT;
		break;
	case FAKE_ILLEGAL:
		fault = (struct fault){ ASHLAR_TILE_FAULT_CAUSE_CORE,
					ASHLAR_TILE_FAULT_UNIT_CORE, 2, 0 };
		break;
	}
	r->fault_pc = j->job.entry;
	if (ok)
		return;
	r->status = DRM_ASHLAR_JOB_FAULT;
	r->fault_cause = fault.cause;
	r->fault_unit = fault.unit;
	r->fault_sub = fault.sub;
	r->fault_addr = fault.addr;
}

/* --- Jobs ------------------------------------------------------------------ */

/* A job has ended: what waits for it does not any more. */
static void end_waits(struct file *f, const struct queue *q,
		      const struct job *j)
{
	for (int n = 1; n <= QUEUES; n++)
		for (struct job *w = f->queues[n].first; w; w = w->next)
			for (uint32_t i = w->wait_count; i--;)
				if (w->waits[i].queue == q &&
				    w->waits[i].seqno == j->seqno) {
					w->vain |= j->result.status;
					w->waits[i] = w->waits[--w->wait_count];
				}
}

static void complete(struct file *f, struct queue *q)
{
	struct job *j = q->first;

	j->result.seqno = j->seqno;
	j->result.tag = j->job.tag;
	j->result.context = f->number;
	j->result.tiles = 1;
	j->result.t_end = card.now;
	if (!j->running) {
		j->result.t_fetch = card.now;
		j->result.t_start = card.now;
	}
	q->results[j->seqno % q->depth] = j->result;
	q->completed = j->seqno;
	card.completed++;
	card.failed += j->result.status != DRM_ASHLAR_JOB_OK;
	if (j->signal) {
		if (j->point > j->signal->done)
			j->signal->done = j->point;
		put_sync(j->signal);
	}
	end_waits(f, q, j);
	q->first = j->next;
	if (!q->first)
		q->last = &q->first;
	free(j);
	pthread_cond_broadcast(&card.change);
}

static void cancel_queue(struct file *f, struct queue *q)
{
	while (q->first) {
		memset(&q->first->result, 0, sizeof(q->first->result));
		q->first->result.status = DRM_ASHLAR_JOB_CANCELLED;
		q->first->running = false;
		complete(f, q);
	}
}

static void stop_file(struct file *f, const struct queue *guilty,
		      uint32_t guilty_state, uint32_t others)
{
	f->stopped = true;
	for (int i = 1; i <= QUEUES; i++) {
		struct queue *q = &f->queues[i];

		if (!q->exists)
			continue;
		if (q->state == DRM_ASHLAR_QUEUE_OK)
			q->state = q == guilty ? guilty_state : others;
		cancel_queue(f, q);
	}
}

static void end_job(struct file *f, struct queue *q)
{
	uint32_t status;

	execute(f, q->first);
	status = q->first->result.status;
	complete(f, q);
	if (status == DRM_ASHLAR_JOB_FAULT)
		stop_file(f, q, DRM_ASHLAR_QUEUE_FAULT,
			  DRM_ASHLAR_QUEUE_CANCELLED);
	if (status == DRM_ASHLAR_JOB_TIMEOUT)
		stop_file(f, q, DRM_ASHLAR_QUEUE_TIMEDOUT,
			  DRM_ASHLAR_QUEUE_CANCELLED);
}

static bool can_start(const struct queue *q)
{
	const struct job *j = q->first;

	return q->exists && j && !j->running && !j->wait_count;
}

static void start_job(struct file *f, struct job *j)
{
	uint64_t limit = j->job.timeout ? j->job.timeout : TIMEOUT;
	uint64_t takes = duration(f, j);

	if (takes > limit)
		takes = limit;
	card.stats.runs++;
	j->running = true;
	j->result.t_fetch = card.now;
	j->result.t_start = card.now;
	j->end = card.now + takes;
}

/* One event up to a time; false when there is none. */
static bool step(uint64_t until)
{
	struct queue *next = NULL;
	struct file *owner = NULL;

	for (int i = 0; i < FILES; i++) {
		struct file *f = &card.files[i];

		for (int n = 1; f->open && n <= QUEUES; n++) {
			struct queue *q = &f->queues[n];

			if (can_start(q) && q->first->vain) {
				q->state = DRM_ASHLAR_QUEUE_WAIT_FAILED;
				cancel_queue(f, q);
				return true;
			}
			if (can_start(q))
				start_job(f, q->first);
			if (!q->exists || !q->first || !q->first->running)
				continue;
			if (!next || q->first->end < next->first->end) {
				next = q;
				owner = f;
			}
		}
	}
	if (!next || next->first->end > until || fake_kernel.hold)
		return false;
	card.now = next->first->end;
	end_job(owner, next);
	return true;
}

static void pass(uint64_t cycles)
{
	uint64_t until = card.now + cycles;

	while (step(until))
		;
	if (!fake_kernel.hold && card.now < until)
		card.now = until;
}

/* --- Requests: facts ---------------------------------------------------------- */

static int version(void *arg)
{
	struct drm_version *v = arg;
	const char *name = fake_kernel.driver ? fake_kernel.driver : "ashlar";
	size_t n = strlen(name);

	v->version_major = ASHLAR_ACCEL_MAJOR + fake_kernel.major;
	v->version_minor = ASHLAR_ACCEL_MINOR + fake_kernel.minor;
	if (v->name && v->name_len)
		memcpy(v->name, name, n < v->name_len ? n : v->name_len);
	v->name_len = n;
	return 0;
}

static int dev_query(struct drm_ashlar_dev_query *q)
{
	struct drm_ashlar_device d = {
		.platform = 2,
		.hw_version = 0x10000,
		.firmware_version = 7,
		.control_abi = 0x10000,
		.job_abi = 0x10000,
		.kernel_abi = ASHLAR_ABI_KERNEL,
		.kernel_abi_min = ASHLAR_ABI_KERNEL_MIN,
		.max_pending = MAX_PENDING,
		.tiles = 1,
		.clock_khz = 500000,
		.max_queues = QUEUES,
		.max_contexts = CONTEXTS,
		.max_queue_depth = DEPTH,
		.max_arg_bytes = ASHLAR_ARG_MAX,
		.max_jobs = MAX_JOBS,
		.max_syncs = MAX_SYNCS,
		.max_binds = MAX_BINDS,
		.page_bytes = PAGE + fake_kernel.add_page_bytes,
		.large_page_bytes = 2u << 20,
		.va_start = VA_START,
		.va_end = VA_END,
		.memory_bytes = LOCAL_BYTES,
	};
	struct drm_ashlar_state s = {
		.cycles = card.now,
		.heartbeat = card.now / 100,
		.memory_free = ashlar_range_left(&card.local),
		.resets = card.resets,
		.jobs_completed = card.completed,
		.jobs_failed = card.failed,
	};
	static uint8_t dtb[ASHLAR_BOARD_DTB_BYTES];
	const void *from;
	uint32_t bytes;

	memcpy(dtb, ashlar_board_dtb, sizeof(dtb));
	if (fake_kernel.dtb_flip)
		dtb[fake_kernel.dtb_flip % sizeof(dtb)] ^= 0x55;
	switch (q->type) {
	case DRM_ASHLAR_QUERY_DEVICE:
		from = &d;
		bytes = sizeof(d);
		break;
	case DRM_ASHLAR_QUERY_DTB:
		from = dtb;
		bytes = sizeof(dtb);
		break;
	case DRM_ASHLAR_QUERY_STATE:
		from = &s;
		bytes = sizeof(s);
		break;
	case DRM_ASHLAR_QUERY_TIME:
		from = &s.cycles;
		bytes = sizeof(s.cycles);
		break;
	default:
		return EINVAL;
	}
	if (q->pointer) {
		memset(user(q->pointer), 0, q->size);
		memcpy(user(q->pointer), from,
		       q->size < bytes ? q->size : bytes);
	}
	q->size = bytes;
	return 0;
}

/* --- Requests: buffers -------------------------------------------------------- */

static int bo_create(struct file *f, struct drm_ashlar_bo_create *c)
{
	bool local = c->flags & DRM_ASHLAR_BO_LOCAL;
	uint64_t bytes = (c->size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	struct bo *bo;
	uint32_t h;

	if (!c->size || !bytes || c->handle ||
	    c->flags & ~(uint32_t)(DRM_ASHLAR_BO_LOCAL | DRM_ASHLAR_BO_NO_MMAP))
		return EINVAL;
	bo = calloc(1, sizeof(*bo));
	if (!bo)
		return ENOMEM;
	if (ashlar_range_alloc(local ? &card.local : &card.system, &bo->node,
			       bytes, PAGE)) {
		free(bo);
		return local ? ENOSPC : ENOMEM;
	}
	memset(card.memory + bo->node.start, 0, bytes);
	bo->refs = 1;
	bo->flags = c->flags;
	card.stats.buffers++;
	for (h = 1; h < HANDLES && f->bos[h]; h++)
		;
	if (h == HANDLES)
		fatal("no GEM handle");
	f->bos[h] = bo;
	c->handle = h;
	c->size = bytes;
	return 0;
}

static int bo_query(struct file *f, struct drm_ashlar_bo_query *q)
{
	struct bo *bo = find_bo(f, q->handle);

	if (!bo)
		return ENOENT;
	if (q->flags || q->size || q->mmap_offset)
		return EINVAL;
	q->flags = bo->flags;
	q->size = bo->node.bytes;
	q->mmap_offset =
		bo->flags & DRM_ASHLAR_BO_NO_MMAP ? 0 : OFFSET + bo->node.start;
	return 0;
}

static int gem_close(struct file *f, struct drm_gem_close *c)
{
	struct bo *bo = find_bo(f, c->handle);

	if (!bo)
		return EINVAL;
	f->bos[c->handle] = NULL;
	put_bo(bo);
	return 0;
}

static int new_fd(struct sync *s)
{
	int fd = memfd_create("object", MFD_CLOEXEC);

	for (int i = 0; s && i < FDS; i++)
		if (!card.fds[i].sync) {
			card.fds[i].fd = fd;
			card.fds[i].sync = s;
			s->refs++;
			return fd;
		}
	return fd;
}

static int prime(struct file *f, struct drm_prime_handle *p)
{
	struct bo *bo = find_bo(f, p->handle);

	if (!bo)
		return ENOENT;
	if (bo->flags & DRM_ASHLAR_BO_LOCAL)
		return EOPNOTSUPP;
	p->fd = new_fd(NULL);
	return 0;
}

static int make_context(struct file *f)
{
	uint64_t taken = 0;

	if (f->context)
		return 0;
	for (int i = 0; i < FILES; i++)
		if (card.files[i].open && card.files[i].context)
			taken |= 1ull << card.files[i].number;
	for (f->number = 1; f->number <= CONTEXTS; f->number++)
		if (!(taken >> f->number & 1))
			break;
	if (f->number > CONTEXTS)
		return ENOSPC;
	f->context = true;
	card.stats.contexts++;
	return 0;
}

static int map(struct file *f, const struct drm_ashlar_bind_op *op)
{
	struct bo *bo = find_bo(f, op->handle);
	struct mapping *m;

	if (!bo)
		return ENOENT;
	if (op->bo_offset % PAGE || op->bo_offset > bo->node.bytes ||
	    op->range > bo->node.bytes - op->bo_offset)
		return EINVAL;
	for (m = f->mappings; m; m = m->next)
		if (op->va < m->va + m->bytes && m->va < op->va + op->range)
			return EEXIST;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ENOMEM;
	*m = (struct mapping){
		f->mappings,   bo,
		op->va,	       op->range,
		op->bo_offset, op->flags & DRM_ASHLAR_BIND_READ_ONLY
	};
	bo->refs++;
	f->mappings = m;
	card.stats.mappings++;
	return 0;
}

static int unmap(struct file *f, uint64_t va, uint64_t bytes)
{
	struct mapping **at = &f->mappings;

	for (struct mapping *m = f->mappings; m; m = m->next)
		if (va < m->va + m->bytes && m->va < va + bytes &&
		    (m->va < va || m->va + m->bytes > va + bytes))
			return EINVAL;
	while (*at) {
		struct mapping *m = *at;

		if (m->va < va || m->va >= va + bytes) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		put_bo(m->bo);
		free(m);
		card.stats.mappings--;
	}
	return 0;
}

static int bind_one(struct file *f, const struct drm_ashlar_bind_op *op)
{
	if (op->pad || op->va % PAGE || op->range % PAGE || !op->range ||
	    op->va < VA_START || op->va >= VA_END ||
	    op->range > VA_END - op->va)
		return EINVAL;
	if (op->op == DRM_ASHLAR_BIND_MAP)
		return op->flags & ~(uint32_t)DRM_ASHLAR_BIND_READ_ONLY ?
			       EINVAL :
			       map(f, op);
	if (op->op != DRM_ASHLAR_BIND_UNMAP || op->flags || op->handle ||
	    op->bo_offset)
		return EINVAL;
	return unmap(f, op->va, op->range);
}

/* After half of the work a signal comes. */
static bool stop_early(uint32_t done, uint32_t count)
{
	return fake_kernel.partial && done == fake_kernel.partial &&
	       done < count;
}

static int vm_bind(struct file *f, struct drm_ashlar_vm_bind *b)
{
	const struct drm_ashlar_bind_op *ops = user(b->ops.ptr);
	int err = make_context(f);

	if (err)
		return err;
	if (b->done || b->flags || b->ops.stride != sizeof(*ops) ||
	    !b->ops.count || b->ops.count > MAX_BINDS)
		return EINVAL;
	card.stats.binds++;
	while (b->done < b->ops.count) {
		if (stop_early(b->done, b->ops.count))
			return EINTR;
		err = bind_one(f, &ops[b->done]);
		if (err)
			return err;
		b->done++;
	}
	return 0;
}

/* --- Requests: queues ---------------------------------------------------------- */

static struct queue *find_queue(struct file *f, uint32_t number)
{
	if (!number || number > QUEUES || !f->queues[number].exists)
		return NULL;
	return &f->queues[number];
}

static uint32_t queues_of(const struct file *f)
{
	uint32_t n = 0;

	for (int i = 1; i <= QUEUES; i++)
		n += f->queues[i].exists;
	return n;
}

static int queue_create(struct file *f, struct drm_ashlar_queue_create *c)
{
	uint32_t n = 1;
	int err = make_context(f);

	if (err)
		return err;
	if (c->flags || c->queue || c->priority > DRM_ASHLAR_PRIORITY_HIGH ||
	    c->depth < 2 || c->depth > DEPTH || c->depth & (c->depth - 1))
		return EINVAL;
	if (f->stopped && queues_of(f))
		return ECANCELED;
	if (card.stats.queues == QUEUES)
		return ENOSPC;
	f->stopped = false;
	while (f->queues[n].exists)
		n++;
	f->queues[n] = (struct queue){ .exists = true, .depth = c->depth };
	f->queues[n].last = &f->queues[n].first;
	f->queues[n].results = calloc(c->depth, sizeof(*f->queues[n].results));
	if (!f->queues[n].results)
		fatal("no memory");
	card.stats.queues++;
	c->queue = n;
	return 0;
}

static void remove_queue(struct file *f, struct queue *q)
{
	cancel_queue(f, q);
	free(q->results);
	memset(q, 0, sizeof(*q));
	card.stats.queues--;
}

static int queue_destroy(struct file *f, struct drm_ashlar_queue_destroy *d)
{
	struct queue *q = find_queue(f, d->queue);

	if (!q)
		return ENOENT;
	remove_queue(f, q);
	return 0;
}

static int queue_query(struct file *f, struct drm_ashlar_queue_query *i)
{
	struct queue *q = find_queue(f, i->queue);

	if (!q)
		return ENOENT;
	if (i->state || i->submitted || i->completed)
		return EINVAL;
	i->state = q->state;
	i->submitted = q->submitted;
	i->completed = q->completed;
	return 0;
}

static int queue_results(struct file *f, struct drm_ashlar_queue_results *r)
{
	struct queue *q = find_queue(f, r->queue);
	uint8_t *to = user(r->ptr);
	uint32_t n = 0;

	if (!q)
		return ENOENT;
	if (r->pad || !r->first || r->stride < sizeof(struct drm_ashlar_result))
		return EINVAL;
	if (q->completed < r->first)
		pass(LOOK_CYCLES);
	if (r->first + q->depth <= q->completed)
		return ENODATA;
	while (!fake_kernel.no_results && n < r->count &&
	       r->first + n <= q->completed) {
		struct drm_ashlar_result one =
			q->results[(r->first + n) % q->depth];

		if (fake_kernel.few_results && n == fake_kernel.few_results)
			break;
		one.seqno += fake_kernel.add_seqno;
		if (fake_kernel.status)
			one.status = fake_kernel.status;
		memset(to + (size_t)n * r->stride, 0, r->stride);
		memcpy(to + (size_t)n * r->stride, &one, sizeof(one));
		n++;
	}
	r->count = n + fake_kernel.add_count;
	return 0;
}

/* The library names jobs, all of which have to succeed. */
static int take_wait(struct file *f, struct job *j,
		     const struct drm_ashlar_sync *sync)
{
	struct queue *q = find_queue(f, sync->handle);

	if (sync->flags != (DRM_ASHLAR_SYNC_QUEUE | DRM_ASHLAR_SYNC_SUCCESS))
		return EINVAL;
	if (!q)
		return ENOENT;
	if (!sync->point || sync->point > q->submitted)
		return EINVAL;
	if (sync->point + q->depth <= q->completed)
		return ENODATA;
	card.stats.waits_taken++;
	if (sync->point <= q->completed)
		j->vain |= q->results[sync->point % q->depth].status;
	else
		j->waits[j->wait_count++] = (struct wait){ q, sync->point };
	return 0;
}

static int take_syncs(struct file *f, struct job *j)
{
	const struct drm_ashlar_sync *syncs = user(j->job.syncs.ptr);

	if (j->job.syncs.count > MAX_SYNCS ||
	    (j->job.syncs.count && j->job.syncs.stride != sizeof(*syncs)))
		return EINVAL;
	for (uint32_t i = 0; i < j->job.syncs.count; i++) {
		struct sync *s;
		int err;

		if (!(syncs[i].flags & DRM_ASHLAR_SYNC_SIGNAL)) {
			err = take_wait(f, j, &syncs[i]);
			if (err)
				return err;
			continue;
		}
		s = find_sync(f, syncs[i].handle);
		if (!s)
			return ENOENT;
		if (!(syncs[i].flags & DRM_ASHLAR_SYNC_TIMELINE) || j->signal ||
		    syncs[i].point <= s->submitted)
			return EINVAL;
		j->signal = s;
		j->point = syncs[i].point;
	}
	return 0;
}

static int take_job(struct file *f, struct queue *q,
		    const struct drm_ashlar_job *from)
{
	struct job *j = calloc(1, sizeof(*j));
	int err;

	if (!j)
		return ENOMEM;
	j->job = *from;
	err = take_syncs(f, j);
	if (!err && (from->flags || !from->tiles ||
		     from->kind != DRM_ASHLAR_JOB_KERNEL ||
		     from->arg_bytes > ASHLAR_ARG_MAX ||
		     !from->args != !from->arg_bytes))
		err = EINVAL;
	if (err) {
		free(j);
		return err;
	}
	if (from->arg_bytes)
		memcpy(j->args, user(from->args), from->arg_bytes);
	if (j->signal) {
		j->signal->refs++;
		j->signal->submitted = j->point;
	}
	j->seqno = ++q->submitted;
	*q->last = j;
	q->last = &j->next;
	card.stats.jobs++;
	return 0;
}

static int submit(struct file *f, struct drm_ashlar_submit *s)
{
	struct queue *q = find_queue(f, s->queue);
	const struct drm_ashlar_job *jobs = user(s->jobs.ptr);
	uint32_t count = s->jobs.count;
	int err = 0;

	if (!q)
		return ENOENT;
	if (s->accepted || s->seqno || s->flags || s->pad ||
	    s->jobs.stride != sizeof(*jobs) || !count || count > MAX_JOBS)
		return EINVAL;
	if (q->state != DRM_ASHLAR_QUEUE_OK)
		return ECANCELED;
	card.stats.submits++;
	if (fake_kernel.short_submit)
		count--;
	while (!err && s->accepted < count) {
		if (stop_early(s->accepted, count))
			return EINTR;
		err = take_job(f, q, &jobs[s->accepted]);
		s->accepted += !err;
	}
	s->seqno = q->submitted;
	return err;
}

/* --- Requests: syncobjs -------------------------------------------------------- */

static int sync_create(struct file *f, struct drm_syncobj_create *c)
{
	struct sync *s = calloc(1, sizeof(*s));

	if (!s)
		return ENOMEM;
	if (c->flags & DRM_SYNCOBJ_CREATE_SIGNALED) {
		s->submitted = NEVER;
		s->done = NEVER;
	}
	card.stats.syncobjs++;
	c->handle = give_sync(f, s);
	return 0;
}

static int sync_destroy(struct file *f, struct drm_syncobj_destroy *d)
{
	struct sync *s = find_sync(f, d->handle);

	if (!s)
		return EINVAL;
	f->syncs[d->handle] = NULL;
	put_sync(s);
	return 0;
}

static int sync_to_fd(struct file *f, struct drm_syncobj_handle *h)
{
	struct sync *s = find_sync(f, h->handle);

	if (!s)
		return EINVAL;
	/* A sync_file has what is in it; it must have something. */
	if (h->flags && !s->submitted)
		return EINVAL;
	h->fd = new_fd(h->flags ? NULL : s);
	return 0;
}

static int fd_to_sync(struct file *f, struct drm_syncobj_handle *h)
{
	for (int i = 0; i < FDS; i++)
		if (card.fds[i].sync && card.fds[i].fd == h->fd) {
			h->handle = give_sync(f, card.fds[i].sync);
			return 0;
		}
	return EINVAL;
}

static int sync_transfer(struct file *f, struct drm_syncobj_transfer *t)
{
	struct sync *from = find_sync(f, t->src_handle);
	struct sync *to = find_sync(f, t->dst_handle);

	if (!from || !to)
		return ENOENT;
	if (t->src_point > from->submitted)
		return EINVAL;
	to->submitted = 1;
	to->done = from->done >= t->src_point;
	return 0;
}

static int sync_signal(struct file *f, struct drm_syncobj_timeline_array *a)
{
	const uint32_t *handles = user(a->handles);
	const uint64_t *points = user(a->points);

	for (uint32_t i = 0; i < a->count_handles; i++) {
		struct sync *s = find_sync(f, handles[i]);

		if (!s)
			return ENOENT;
		s->submitted = points[i];
		s->done = points[i];
	}
	pthread_cond_broadcast(&card.change);
	return 0;
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* At most 2 ms, since the condition's clock is another. */
static void doze(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 2000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	card.sleepers++;
	pthread_cond_timedwait(&card.change, &card.lock, &t);
	card.sleepers--;
}

static int sync_wait(struct file *f, struct drm_syncobj_timeline_wait *w)
{
	const uint32_t *handles = user(w->handles);
	const uint64_t *points = user(w->points);
	uint32_t n = w->count_handles;
	struct sync **syncs = calloc(n, sizeof(*syncs));
	int err = -1;

	if (!syncs)
		return ENOMEM;
	card.stats.waits++;
	for (uint32_t i = 0; i < n; i++) {
		syncs[i] = find_sync(f, handles[i]);
		if (!syncs[i])
			fatal("wait for a handle that is not there");
		syncs[i]->refs++;
	}
	while (err < 0) {
		for (uint32_t i = 0; err < 0 && i < n; i++) {
			if (syncs[i]->done >= points[i]) {
				w->first_signaled = i;
				err = 0;
			}
		}
		if (err >= 0)
			break;
		if (card.gone)
			err = ENODEV;
		else if (step(NEVER - 1))
			continue;
		else if ((int64_t)clock_ns() >= w->timeout_nsec)
			err = ETIME;
		else
			doze();
	}
	for (uint32_t i = 0; i < n; i++)
		put_sync(syncs[i]);
	free(syncs);
	return err;
}

/* --- Dispatch -------------------------------------------------------------------- */

static int do_request(struct file *f, unsigned long request, void *arg)
{
	switch (request) {
	case DRM_IOCTL_VERSION:
		return version(arg);
	case DRM_IOCTL_GEM_CLOSE:
		return gem_close(f, arg);
	case DRM_IOCTL_PRIME_HANDLE_TO_FD:
		return prime(f, arg);
	case DRM_IOCTL_SYNCOBJ_CREATE:
		return sync_create(f, arg);
	case DRM_IOCTL_SYNCOBJ_DESTROY:
		return sync_destroy(f, arg);
	case DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD:
		return sync_to_fd(f, arg);
	case DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE:
		return fd_to_sync(f, arg);
	case DRM_IOCTL_SYNCOBJ_TRANSFER:
		return sync_transfer(f, arg);
	case DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL:
		return sync_signal(f, arg);
	case DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT:
		return sync_wait(f, arg);
	case DRM_IOCTL_ASHLAR_DEV_QUERY:
		return dev_query(arg);
	case DRM_IOCTL_ASHLAR_BO_CREATE:
		return bo_create(f, arg);
	case DRM_IOCTL_ASHLAR_BO_QUERY:
		return bo_query(f, arg);
	case DRM_IOCTL_ASHLAR_VM_BIND:
		return vm_bind(f, arg);
	case DRM_IOCTL_ASHLAR_QUEUE_CREATE:
		return queue_create(f, arg);
	case DRM_IOCTL_ASHLAR_QUEUE_DESTROY:
		return queue_destroy(f, arg);
	case DRM_IOCTL_ASHLAR_QUEUE_QUERY:
		return queue_query(f, arg);
	case DRM_IOCTL_ASHLAR_QUEUE_RESULTS:
		return queue_results(f, arg);
	case DRM_IOCTL_ASHLAR_SUBMIT:
		return submit(f, arg);
	default:
		return ENOTTY;
	}
}

/* Errors that come before anything has been done. */
static int injected(unsigned long request)
{
	struct fake_kernel *k = &fake_kernel;

	if (card.gone)
		return ENODEV;
	if (card.interrupted < k->interrupts) {
		card.interrupted++;
		return card.interrupted & 1 ? EINTR : EAGAIN;
	}
	card.interrupted = 0;
	card.stats.requests++;
	if (!k->fail_count ||
	    (k->fail_request && k->fail_request != _IOC_NR(request) + 1))
		return 0;
	if (k->fail_at > 1) {
		k->fail_at--;
		return 0;
	}
	k->fail_count--;
	if (k->fail_error == ENODEV)
		card.gone = true;
	return k->fail_error;
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	struct file *f;
	int err;

	pthread_mutex_lock(&card.lock);
	f = file_of(fd);
	if (!f) {
		pthread_mutex_unlock(&card.lock);
		return __real_ioctl(fd, request, arg);
	}
	err = injected(request);
	if (!err)
		err = do_request(f, request, arg);
	pthread_mutex_unlock(&card.lock);
	errno = err;
	return err ? -1 : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
	int fd = -1, mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (strcmp(path, NODE))
		return __real_open(path, flags, mode);
	pthread_mutex_lock(&card.lock);
	set_up();
	errno = card.gone ? ENODEV : fake_kernel.open_error;
	if (!errno) {
		int i = 0;

		while (i < FILES && card.files[i].open)
			i++;
		if (i == FILES)
			fatal("too many files");
		fd = memfd_create("accel", MFD_CLOEXEC);
		card.files[i].open = true;
		card.files[i].fd = fd;
		card.stats.files++;
	}
	pthread_mutex_unlock(&card.lock);
	return fd;
}

/* What sysfs says of our node; a real one of that number is hidden. */
ssize_t __wrap_readlink(const char *path, char *to, size_t bytes)
{
	char target[128];
	size_t n;

	if (strcmp(path, LINK))
		return __real_readlink(path, to, bytes);
	n = (size_t)snprintf(
		target, sizeof(target), "../../../bus/pci/drivers/%s",
		fake_kernel.driver ? fake_kernel.driver : "ashlar");
	memcpy(to, target, n < bytes ? n : bytes);
	return (ssize_t)(n < bytes ? n : bytes);
}

static void release(struct file *f)
{
	for (int i = 1; i <= QUEUES; i++)
		if (f->queues[i].exists)
			remove_queue(f, &f->queues[i]);
	unmap(f, 0, NEVER / 2);
	for (int i = 1; i < HANDLES; i++) {
		if (f->bos[i])
			put_bo(f->bos[i]);
		if (f->syncs[i])
			put_sync(f->syncs[i]);
	}
	card.stats.contexts -= f->context;
	card.stats.files--;
	memset(f, 0, sizeof(*f));
}

int __wrap_close(int fd)
{
	struct file *f;

	pthread_mutex_lock(&card.lock);
	f = file_of(fd);
	if (f)
		release(f);
	for (int i = 0; i < FDS; i++)
		if (card.fds[i].sync && card.fds[i].fd == fd) {
			put_sync(card.fds[i].sync);
			card.fds[i].sync = NULL;
		}
	pthread_mutex_unlock(&card.lock);
	return __real_close(fd);
}

void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd,
		  off_t offset)
{
	struct file *f;
	bool ours = false;

	if (fd < 0)
		return __real_mmap(at, bytes, prot, flags, fd, offset);
	pthread_mutex_lock(&card.lock);
	f = file_of(fd);
	for (int i = 1; f && i < HANDLES; i++)
		if (f->bos[i] &&
		    (uint64_t)offset == OFFSET + f->bos[i]->node.start &&
		    bytes <= f->bos[i]->node.bytes)
			ours = true;
	pthread_mutex_unlock(&card.lock);
	if (!f)
		return __real_mmap(at, bytes, prot, flags, fd, offset);
	if (!ours) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return __real_mmap(at, bytes, prot, flags, card.memory_fd,
			   offset - (off_t)OFFSET);
}

/* --- For tests --------------------------------------------------------------------- */

struct fake_kernel_stats fake_kernel_stats(void)
{
	struct fake_kernel_stats s;

	pthread_mutex_lock(&card.lock);
	s = card.stats;
	pthread_mutex_unlock(&card.lock);
	return s;
}

void fake_kernel_reset(void)
{
	pthread_mutex_lock(&card.lock);
	card.resets++;
	for (int i = 0; i < FILES; i++)
		if (card.files[i].open)
			stop_file(&card.files[i], NULL, 0,
				  DRM_ASHLAR_QUEUE_INNOCENT);
	pthread_mutex_unlock(&card.lock);
}

void fake_kernel_hold(bool hold)
{
	pthread_mutex_lock(&card.lock);
	fake_kernel.hold = hold;
	pthread_cond_broadcast(&card.change);
	pthread_mutex_unlock(&card.lock);
}

uint32_t fake_kernel_sleepers(void)
{
	uint32_t n;

	pthread_mutex_lock(&card.lock);
	n = card.sleepers;
	pthread_mutex_unlock(&card.lock);
	return n;
}

void fake_kernel_unplug(bool gone)
{
	pthread_mutex_lock(&card.lock);
	card.gone = gone;
	pthread_cond_broadcast(&card.change);
	pthread_mutex_unlock(&card.lock);
}
