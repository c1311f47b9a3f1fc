// SPDX-License-Identifier: MIT
/* The port of a simulated board: the driver core over a model. */
#include "port_core.h"

#include <stdlib.h>
#include <unistd.h>

#include "ashlar_queue.h"
#include "internal.h"
#include "sim.h"

#define FIRMWARE_MOST (16u << 20)

struct core {
	struct port port; /* first, as in all below */
	struct ashlar_os os;
	struct ashlar_dev dev;
};

struct core_space {
	struct port_space s;
	struct ashlar_vm vm;
};

struct core_memory {
	struct port_memory m;
	struct ashlar_node va;
	struct ashlar_node board; /* board memory, or */
	struct sim_window *window; /* host memory */
};

struct core_queue {
	struct port_queue q;
	struct ashlar_hwq hwq;
};

static struct core *core_of(struct port *p)
{
	return (struct core *)p;
}

static struct core_space *space_of(struct port_space *s)
{
	return (struct core_space *)s;
}

static struct core_memory *memory_of(struct port_memory *m)
{
	return (struct core_memory *)m;
}

static struct core_queue *queue_of(struct port_queue *q)
{
	return (struct core_queue *)q;
}

struct ashlar_vm *port_core_vm(struct port_space *s)
{
	return &space_of(s)->vm;
}

/* --- State and sentences --------------------------------------------------- */

/* Before a call into the core that may leave a sentence. */
static struct core *begin(struct port *p)
{
	struct core *c = core_of(p);

	if (p->lost)
		c->dev.lost = true;
	else
		c->os.error[0] = 0;
	return c;
}

/* After it: what it says about the board is the port's. Returns err. */
static int end(struct core *c, int err)
{
	const char *why = c->os.error;

	if (c->os.dead)
		c->dev.lost = true;
	if (err >= 0 && !c->dev.lost)
		return err;
	if (!*why || err == -ENOMEM)
		why = strerror(err ? -err : ENODEV);
	if (c->dev.lost)
		port_lose(&c->port, "%s", why);
	else if (err < 0)
		port_fail(&c->port, err, "%s", why);
	return err;
}

/* --- Board ----------------------------------------------------------------- */

static void core_close(struct port *p)
{
	struct core *c = core_of(p);

	ashlar_dev_detach(&c->dev);
	sim_destroy(&c->os);
	free(p->dtb);
	free(c);
}

static uint64_t core_cycles(struct port *p)
{
	uint64_t cycles, clocked;

	sim_time(&core_of(p)->os, &cycles, &clocked);
	return cycles;
}

static uint64_t core_memory_free(struct port *p)
{
	return ashlar_dev_mem_left(&core_of(p)->dev);
}

static int core_perf(struct port *p, struct ashlar_device_perf *perf)
{
	struct core *c = begin(p);
	struct ashlar_telemetry t;
	int err = ashlar_dev_telemetry(&c->dev, &t);

	if (err)
		return end(c, err);
	sim_time(&c->os, &perf->cycles, &perf->clocked);
	perf->heartbeat = t.heartbeat;
	perf->jobs_completed = t.jobs_completed;
	perf->jobs_failed = t.jobs_failed;
	perf->tiles_busy = t.tiles_busy;
	perf->bad_requests = t.bad_requests;
	return 0;
}

static enum port_ran core_run(struct port *p, uint64_t cycles)
{
	struct core *c = core_of(p);
	enum ashlar_model_stop stop = sim_run(&c->os, cycles);

	c->os.vectors = 0;
	end(c, 0);
	if (stop == ASHLAR_MODEL_DEAD)
		return PORT_DEAD;
	return stop == ASHLAR_MODEL_IDLE ? PORT_IDLE : PORT_RAN;
}

/* --- Space ----------------------------------------------------------------- */

static int core_space_new(struct port *p, struct port_space **out)
{
	struct core *c = begin(p);
	/* Four times board memory, for host buffers; 4 GiB at least. */
	uint64_t entries = 4 * (c->dev.mem_bytes / ASHLAR_PAGE_LARGE);
	struct core_space *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return end(c, -ENOMEM);
	if (entries < 2048)
		entries = 2048;
	if (entries > ASHLAR_VM_ENTRIES_MAX)
		entries = ASHLAR_VM_ENTRIES_MAX;
	err = ashlar_vm_init(&s->vm, &c->dev, (uint32_t)entries);
	if (err) {
		free(s);
		return end(c, err);
	}
	s->s.port = p;
	s->s.number = s->vm.context;
	s->s.address_bytes = (uint64_t)s->vm.entries * ASHLAR_PAGE_LARGE;
	*out = &s->s;
	return 0;
}

static void core_space_free(struct port_space *s)
{
	struct core *c = begin(s->port);

	ashlar_vm_fini(&space_of(s)->vm);
	end(c, 0);
	free(s);
}

static int core_space_restart(struct port_space *s)
{
	struct core *c = begin(s->port);

	return end(c, ashlar_vm_restart(&space_of(s)->vm));
}

/* --- Memory ---------------------------------------------------------------- */

static int give_address(struct core_space *s, struct core_memory *m,
			uint64_t align)
{
	uint64_t page = m->m.bytes >= ASHLAR_PAGE_LARGE ? ASHLAR_PAGE_LARGE :
							  ASHLAR_PAGE;
	struct ashlar_os *os = &core_of(s->s.port)->os;
	int err;

	/* One page more, which stays unmapped. */
	err = ashlar_range_alloc(&s->vm.va, &m->va, m->m.bytes + ASHLAR_PAGE,
				 align > page ? align : page);
	if (err == -ENOSPC)
		snprintf(
			os->error, sizeof(os->error),
			"%llu bytes of device addresses are not free: %llu are left, in pieces",
			(unsigned long long)m->m.bytes,
			(unsigned long long)ashlar_range_left(&s->vm.va));
	return err;
}

static int place(struct core *c, struct core_memory *m, uint32_t flags)
{
	uint64_t page = m->m.bytes >= ASHLAR_PAGE_LARGE ? ASHLAR_PAGE_LARGE :
							  ASHLAR_PAGE;
	int err;

	if (flags & ASHLAR_BUFFER_HOST) {
		m->window = sim_window_new(&c->os, m->m.bytes);
		if (!m->window)
			return -ENOMEM;
		m->m.host = m->window->cpu;
		return 0;
	}
	/* Large pages when they can be had, small ones before failing. */
	err = ashlar_dev_mem_alloc(&c->dev, &m->board, m->m.bytes, page);
	if (err == -ENOSPC && page != ASHLAR_PAGE)
		err = ashlar_dev_mem_alloc(&c->dev, &m->board, m->m.bytes,
					   ASHLAR_PAGE);
	return err;
}

static int map(struct core_space *s, struct core_memory *m, uint32_t flags)
{
	uint32_t access = ASHLAR_VM_READ;
	uint64_t phys = m->window ? m->window->node.start : m->board.start;

	if (!(flags & ASHLAR_BUFFER_READ_ONLY))
		access |= ASHLAR_VM_WRITE;
	if (m->window)
		access |= ASHLAR_VM_HOST;
	return ashlar_vm_map(&s->vm, m->va.start, phys, m->m.bytes, access);
}

static void core_memory_delete(struct port_memory *pm)
{
	struct core_memory *m = memory_of(pm);
	struct core *c = core_of(pm->space->port);

	ashlar_range_free(&space_of(pm->space)->vm.va, &m->va);
	ashlar_dev_mem_free(&c->dev, &m->board);
	sim_window_free(&c->os, m->window);
	free(m);
}

static int core_memory_new(struct port_space *ps, uint64_t bytes,
			   uint64_t align, uint32_t flags,
			   struct port_memory **out)
{
	struct core *c = begin(ps->port);
	struct core_space *s = space_of(ps);
	struct core_memory *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return end(c, -ENOMEM);
	m->m.space = ps;
	m->m.bytes = bytes;
	err = give_address(s, m, align);
	if (!err)
		err = place(c, m, flags);
	if (!err)
		err = map(s, m, flags);
	if (err) {
		end(c, err);
		core_memory_delete(&m->m);
		return err;
	}
	m->m.addr = m->va.start;
	if (!m->window)
		ashlar_dev_mem_clear(&c->dev, m->board.start, bytes);
	*out = &m->m;
	return end(c, 0);
}

static void core_memory_unmap(struct port_memory *m)
{
	ashlar_vm_unmap(&space_of(m->space)->vm, m->addr, m->bytes);
}

static int core_memory_forget(struct port_space *s, bool last)
{
	struct core *c = begin(s->port);
	int err = ashlar_vm_invalidate(&space_of(s)->vm);

	/* A board that does not let go must not be used for anything else. */
	if (err && last)
		c->dev.lost = true;
	end(c, err);
	/* Of a lost board nothing is used again, so it may all go. */
	return c->dev.lost ? 0 : err;
}

static int core_memory_map(struct port_memory *m, void **cpu)
{
	struct core *c = core_of(m->space->port);

	if (m->host) {
		*cpu = m->host;
		return 0;
	}
	if (!c->os.memory)
		return port_fail(
			&c->port, -EOPNOTSUPP,
			"board memory cannot be mapped while operations are recorded");
	*cpu = (char *)c->os.memory + memory_of(m)->board.start;
	return 0;
}

static int core_memory_write(struct port_memory *m, uint64_t offset,
			     const void *data, uint64_t bytes)
{
	struct core *c = core_of(m->space->port);

	if (m->host) {
		memcpy((char *)m->host + offset, data, bytes);
		return 0;
	}
	ashlar_os_mem_write(&c->os, memory_of(m)->board.start + offset, data,
			    bytes);
	return end(c, 0);
}

static int core_memory_read(struct port_memory *m, uint64_t offset, void *data,
			    uint64_t bytes)
{
	struct core *c = core_of(m->space->port);

	if (m->host) {
		memcpy(data, (char *)m->host + offset, bytes);
		return 0;
	}
	ashlar_os_mem_read(&c->os, memory_of(m)->board.start + offset, data,
			   bytes);
	return end(c, 0);
}

static int core_memory_export(struct port_memory *m, int *fd)
{
	(void)fd;
	return port_fail(
		m->space->port, -EOPNOTSUPP,
		"memory of a simulated board cannot be shared as dma-buf");
}

/* --- Queue ----------------------------------------------------------------- */

static int core_queue_new(struct port_space *s, uint32_t priority,
			  uint32_t depth, struct port_queue **out)
{
	struct core *c = begin(s->port);
	struct core_queue *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return end(c, -ENOMEM);
	err = ashlar_hwq_init(&q->hwq, &space_of(s)->vm, priority,
			      (uint32_t)__builtin_ctz(depth));
	if (err) {
		free(q);
		return end(c, err);
	}
	q->q.space = s;
	q->q.number = q->hwq.number;
	q->q.depth = q->hwq.depth;
	*out = &q->q;
	return end(c, 0);
}

static void core_queue_free(struct port_queue *q)
{
	struct core *c = begin(q->space->port);

	ashlar_hwq_fini(&queue_of(q)->hwq);
	end(c, 0);
	free(q);
}

static int core_push(struct port_queue *q, const struct ashlar_job *job,
		     const void *args, const struct port_point *waits,
		     uint32_t wait_count)
{
	struct core *c = begin(q->space->port);
	struct ashlar_hwq *hwq = &queue_of(q)->hwq;
	int err;

	(void)waits;
	if (wait_count)
		return -EINVAL;
	err = ashlar_hwq_push(hwq, job, args);
	q->pushed = hwq->pushed;
	return err == -EAGAIN ? err : end(c, err);
}

static void core_flush(struct port_queue *q)
{
	struct core *c = begin(q->space->port);

	ashlar_hwq_ring(&queue_of(q)->hwq);
	q->given = q->pushed;
	end(c, 0);
}

static int core_pop(struct port_queue *q, struct port_end *done)
{
	struct core *c = begin(q->space->port);
	struct ashlar_hwq *hwq = &queue_of(q)->hwq;
	int got;

	memset(done, 0, sizeof(*done));
	got = ashlar_hwq_pop(hwq, &done->c);
	q->popped = hwq->popped;
	return end(c, got);
}

static int core_point_export(struct port_space *s, struct port_point point,
			     int *fd)
{
	(void)point;
	(void)fd;
	return port_fail(s->port, -EOPNOTSUPP,
			 "fences of a simulated board have no sync_file");
}

static const struct port_ops core_ops = {
	.close = core_close,
	.cycles = core_cycles,
	.memory_free = core_memory_free,
	.perf = core_perf,
	.space_new = core_space_new,
	.space_free = core_space_free,
	.space_restart = core_space_restart,
	.memory_new = core_memory_new,
	.memory_unmap = core_memory_unmap,
	.memory_forget = core_memory_forget,
	.memory_delete = core_memory_delete,
	.memory_map = core_memory_map,
	.memory_write = core_memory_write,
	.memory_read = core_memory_read,
	.memory_export = core_memory_export,
	.queue_new = core_queue_new,
	.queue_free = core_queue_free,
	.push = core_push,
	.flush = core_flush,
	.pop = core_pop,
	.point_export = core_point_export,
	.run = core_run,
};

/* --- Opening ---------------------------------------------------------------- */

static void log_stderr(void *ctx, int level, const char *text)
{
	(void)ctx;
	if (level <= ASHLAR_LOG_WARNING)
		fprintf(stderr, "ashlar: %s: %s\n",
			level == ASHLAR_LOG_ERROR ? "error" : "warning", text);
}

static ashlar_result load_model(struct core *c, const struct sim_options *opt,
				const char *data_dir, char *error)
{
	char rel[96];
	char *path;
	ashlar_result result = ASHLAR_OK;

	/* Waveforms take a model of their own, which is slower. */
	snprintf(rel, sizeof(rel), "ashlar-model-%s-%s%s.so", opt->kind,
		 opt->board, opt->wave ? "-trace" : "");
	path = opt->model ? strdup(opt->model) : data_path(data_dir, rel);
	if (!path)
		return ASHLAR_ERROR_NO_MEMORY;
	if (access(path, R_OK)) {
		snprintf(
			error, ERROR_BYTES,
			"no %s model of board %s: %s is not there; make model%s, or set ASHLAR_DATA_DIR to where it is",
			opt->kind, opt->board, path, opt->wave ? "-trace" : "");
		result = ASHLAR_ERROR_NOT_FOUND;
	} else if (sim_load(&c->os, path, opt)) {
		snprintf(error, ERROR_BYTES, "%s", c->os.error);
		result = ASHLAR_ERROR_IO;
	}
	free(path);
	return result;
}

static ashlar_result core_error(struct core *c, int err, char *error)
{
	snprintf(error, ERROR_BYTES, "%s",
		 c->os.error[0] ? c->os.error : strerror(-err));
	switch (err) {
	case -EPROTONOSUPPORT:
		return ASHLAR_ERROR_VERSION;
	case -ENOMEM:
		return ASHLAR_ERROR_NO_MEMORY;
	default:
		return ASHLAR_ERROR_BOOT;
	}
}

static ashlar_result read_dtb(struct core *c, char *error)
{
	struct port *p = &c->port;
	int err;

	p->dtb_bytes = c->dev.dtb_bytes;
	p->dtb = aligned_alloc(8, (p->dtb_bytes + 7) & ~(size_t)7);
	if (!p->dtb)
		return ASHLAR_ERROR_NO_MEMORY;
	err = ashlar_dev_read_dtb(&c->dev, p->dtb, p->dtb_bytes);
	return err ? core_error(c, err, error) : ASHLAR_OK;
}

static ashlar_result
boot(struct core *c, const struct ashlar_open_options *options, char *error)
{
	ashlar_result result = ASHLAR_ERROR_NO_MEMORY;
	char *path;
	void *image;
	size_t bytes;
	int err;

	path = options->firmware ?
		       strdup(options->firmware) :
		       data_path(options->data_dir, "ashlar-fw.bin");
	if (!path)
		return ASHLAR_ERROR_NO_MEMORY;
	image = read_file(path, FIRMWARE_MOST, &bytes, &result, error);
	free(path);
	if (!image)
		return result;

	err = ashlar_dev_boot(&c->dev, image, bytes);
	free(image);
	return err ? core_error(c, err, error) : ASHLAR_OK;
}

static void set_facts(struct core *c)
{
	const struct ashlar_dev *d = &c->dev;

	c->port.facts = (struct port_facts){
		.platform = d->platform,
		.hw_version = d->hw_version,
		.firmware_version = d->info.firmware_version,
		.control_abi = d->control_abi,
		.job_abi = d->job_abi,
		.kernel_abi = d->kernel_abi,
		.kernels = d->info.kernel,
		.tiles = d->info.tiles,
		.queues = d->info.queues,
		.contexts = d->info.contexts,
		.depth = 1u << d->info.max_depth_log2,
		.arg_bytes = ASHLAR_ARG_MAX,
		.memory_bytes = d->mem_bytes,
	};
}

static ashlar_result make(struct core *c, const struct device_name *name,
			  const struct ashlar_open_options *options,
			  char *error)
{
	ashlar_result result;
	int err;

	result = load_model(c, &name->sim, options->data_dir, error);
	if (result)
		return result;
	err = ashlar_dev_attach(&c->dev, &c->os);
	if (err)
		return core_error(c, err, error);
	result = read_dtb(c, error);
	if (!result)
		result = boot(c, options, error);
	if (!result)
		set_facts(c);
	return result;
}

ashlar_result port_core_open(const struct device_name *name,
			     const struct ashlar_open_options *options,
			     struct port **port, char *error)
{
	struct core *c = calloc(1, sizeof(*c));
	ashlar_result result;

	if (!c)
		return ASHLAR_ERROR_NO_MEMORY;
	c->port.ops = &core_ops;
	c->os.log = options->log ? options->log : log_stderr;
	c->os.log_ctx = options->log_ctx;
	result = make(c, name, options, error);
	if (result)
		core_close(&c->port);
	else
		*port = &c->port;
	return result;
}
