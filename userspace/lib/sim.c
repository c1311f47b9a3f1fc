// SPDX-License-Identifier: MIT
#include "sim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096u
/* DMA addresses: the same in every run, away from 0 and from each other. */
#define DMA_BASE  (1ull << 32)
#define DMA_BYTES (1ull << 40)

/* --- DMA ----------------------------------------------------------------- */

static size_t position(const struct ashlar_os *os, uint64_t addr)
{
	size_t low = 0, high = os->window_count;

	/* The first window that begins behind addr. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (os->windows[mid]->node.start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void *dma_address(struct ashlar_os *os, uint64_t addr, size_t bytes)
{
	struct sim_window *w = os->last_hit;

	if (!w || addr < w->node.start || addr - w->node.start >= w->bytes) {
		size_t i = position(os, addr);

		if (!i)
			return NULL;
		w = os->windows[i - 1];
		if (addr - w->node.start >= w->bytes)
			return NULL;
		os->last_hit = w;
	}
	if (bytes > w->bytes - (addr - w->node.start))
		return NULL;
	return (char *)w->cpu + (addr - w->node.start);
}

static int dma_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	const void *from = dma_address(ctx, addr, bytes);

	if (!from)
		return -EFAULT;
	memcpy(data, from, bytes);
	return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *data, size_t bytes)
{
	void *to = dma_address(ctx, addr, bytes);

	if (!to)
		return -EFAULT;
	memcpy(to, data, bytes);
	return 0;
}

struct sim_window *sim_window_new(struct ashlar_os *os, size_t bytes)
{
	struct sim_window *w;
	size_t rounded = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
	size_t i;

	if (rounded < bytes || !bytes)
		return NULL;
	if (os->window_count == os->window_room) {
		size_t room = os->window_room ? 2 * os->window_room : 16;
		void *p = realloc(os->windows, room * sizeof(*os->windows));

		if (!p)
			return NULL;
		os->windows = p;
		os->window_room = room;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->bytes = rounded;
	w->cpu = mmap(NULL, rounded, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->cpu == MAP_FAILED)
		goto no_memory;
	/* A page between windows, so that an overrun meets a hole. */
	if (ashlar_range_alloc(&os->dma, &w->node, rounded + PAGE,
			       rounded >= (2u << 20) ? 2u << 20 : PAGE))
		goto no_address;

	i = position(os, w->node.start);
	memmove(&os->windows[i + 1], &os->windows[i],
		(os->window_count - i) * sizeof(*os->windows));
	os->windows[i] = w;
	os->window_count++;
	return w;

no_address:
	munmap(w->cpu, rounded);
no_memory:
	free(w);
	return NULL;
}

void sim_window_free(struct ashlar_os *os, struct sim_window *w)
{
	size_t i;

	if (!w)
		return;
	i = position(os, w->node.start) - 1;
	memmove(&os->windows[i], &os->windows[i + 1],
		(os->window_count - i - 1) * sizeof(*os->windows));
	os->window_count--;
	os->last_hit = NULL;
	ashlar_range_free(&os->dma, &w->node);
	munmap(w->cpu, w->bytes);
	free(w);
}

/* --- The model ------------------------------------------------------------ */

static void raise_vector(void *ctx, unsigned int vector)
{
	struct ashlar_os *os = ctx;

	os->vectors |= 1ull << (vector & 63);
}

static void misuse(void *ctx, const char *name, const char *text)
{
	struct ashlar_os *os = ctx;

	snprintf(os->misuse, sizeof(os->misuse), "%s: %s", name, text);
	ashlar_os_log(os, ASHLAR_OS_WARNING, "misuse of the board: %s",
		      os->misuse);
}

static int get_info(struct ashlar_os *os, struct ashlar_model_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return os->ops->info(os->model, info);
}

int sim_create(struct ashlar_os *os, const struct ashlar_model_ops *ops,
	       const struct sim_options *opt)
{
	const struct ashlar_model_callbacks callbacks = {
		.dma_read = dma_read,
		.dma_write = dma_write,
		.raise_vector = raise_vector,
		.misuse = misuse,
		.ctx = os,
	};
	const struct ashlar_model_options options = {
		.size = sizeof(options),
		.strict = opt->strict,
		.memory_fd = -1,
		.record = opt->record,
		.wave = opt->wave,
		.insn_trace = opt->insn_trace,
		.trace_begin = opt->trace_begin,
		.trace_end = opt->trace_end,
	};
	struct ashlar_model_info info;

	if (ops->abi != ASHLAR_MODEL_ABI || ops->size < sizeof(*ops)) {
		snprintf(
			os->error, sizeof(os->error),
			"the model has interface version %u, this library speaks %u; install both from one release",
			ops->abi, ASHLAR_MODEL_ABI);
		return -1;
	}
	os->ops = ops;
	ashlar_range_init(&os->dma, DMA_BASE, DMA_BYTES);
	os->model =
		ops->create(&callbacks, &options, os->error, sizeof(os->error));
	if (!os->model) {
		if (!os->error[0])
			snprintf(os->error, sizeof(os->error),
				 "the model could not make a board");
		return -1;
	}
	if (get_info(os, &info)) {
		snprintf(os->error, sizeof(os->error),
			 "the model does not describe itself");
		return -1;
	}
	/* Direct access would be missing from the record. */
	os->memory = opt->record ? NULL : info.memory;
	os->memory_bytes = info.bar2_bytes;
	return 0;
}

int sim_load(struct ashlar_os *os, const char *path,
	     const struct sim_options *opt)
{
	const struct ashlar_model_ops *(*get)(void);

	os->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!os->library) {
		snprintf(os->error, sizeof(os->error),
			 "cannot load the model: %s", dlerror());
		return -1;
	}
	*(void **)&get = dlsym(os->library, "ashlar_model_get");
	if (!get) {
		snprintf(os->error, sizeof(os->error),
			 "%s is not a board model: it has no ashlar_model_get",
			 path);
		return -1;
	}
	return sim_create(os, get(), opt);
}

void sim_destroy(struct ashlar_os *os)
{
	if (os->model)
		os->ops->destroy(os->model);
	os->model = NULL;
	while (os->window_count)
		sim_window_free(os, os->windows[os->window_count - 1]);
	free(os->windows);
	os->windows = NULL;
	os->window_room = 0;
	if (os->library)
		dlclose(os->library);
	os->library = NULL;
}

/* The sentence that explains all errors to come. */
static void die(struct ashlar_os *os)
{
	if (os->dead)
		return;
	os->dead = true;
	if (os->misuse[0])
		snprintf(os->error, sizeof(os->error),
			 "the board model stopped at a misuse, %s", os->misuse);
	else
		snprintf(os->error, sizeof(os->error),
			 "the board model stopped");
}

enum ashlar_model_stop sim_run(struct ashlar_os *os, uint64_t cycles)
{
	enum ashlar_model_stop stop = ASHLAR_MODEL_DEAD;

	if (!os->dead)
		stop = os->ops->run(os->model, cycles);
	if (stop == ASHLAR_MODEL_DEAD)
		die(os);
	return stop;
}

void sim_time(struct ashlar_os *os, uint64_t *cycles, uint64_t *clocked)
{
	struct ashlar_model_info info;

	*cycles = 0;
	*clocked = 0;
	if (!get_info(os, &info)) {
		*cycles = info.cycles;
		*clocked = info.clocked;
	}
}

/* --- The core's environment ----------------------------------------------- */

static void read_bar(struct ashlar_os *os, enum ashlar_model_bar bar,
		     uint64_t offset, void *data, size_t bytes)
{
	int err = -EIO;

	if (!os->dead)
		err = os->ops->mmio_read(os->model, bar, offset, data, bytes);
	if (err == -EIO)
		die(os);
	if (err)
		memset(data, 0xff, bytes);
}

static void write_bar(struct ashlar_os *os, enum ashlar_model_bar bar,
		      uint64_t offset, const void *data, size_t bytes)
{
	if (!os->dead &&
	    os->ops->mmio_write(os->model, bar, offset, data, bytes) == -EIO)
		die(os);
}

u32 ashlar_os_read32(struct ashlar_os *os, u32 offset)
{
	u32 value;

	read_bar(os, ASHLAR_MODEL_BAR0, offset, &value, sizeof(value));
	return value;
}

void ashlar_os_write32(struct ashlar_os *os, u32 offset, u32 value)
{
	write_bar(os, ASHLAR_MODEL_BAR0, offset, &value, sizeof(value));
}

void ashlar_os_mem_read(struct ashlar_os *os, u64 addr, void *data,
			size_t bytes)
{
	read_bar(os, ASHLAR_MODEL_BAR2, addr, data, bytes);
}

void ashlar_os_mem_write(struct ashlar_os *os, u64 addr, const void *data,
			 size_t bytes)
{
	write_bar(os, ASHLAR_MODEL_BAR2, addr, data, bytes);
}

void *ashlar_os_alloc(size_t bytes)
{
	return calloc(1, bytes);
}

void ashlar_os_free(void *p)
{
	free(p);
}

void *ashlar_os_dma_alloc(struct ashlar_os *os, size_t bytes, u64 *dma)
{
	struct sim_window *w = sim_window_new(os, bytes);

	if (!w)
		return NULL;
	*dma = w->node.start;
	return w->cpu;
}

void ashlar_os_dma_free(struct ashlar_os *os, void *cpu, u64 dma, size_t bytes)
{
	(void)cpu;
	(void)bytes;
	sim_window_free(os, os->windows[position(os, dma) - 1]);
}

/* The model runs on the thread that calls it: program order is enough. */
void ashlar_os_wmb(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

void ashlar_os_rmb(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* The board's lock is held around the core, so these are never contended. */
struct ashlar_os_lock {
	pthread_mutex_t mutex;
};

struct ashlar_os_lock *ashlar_os_lock_new(void)
{
	struct ashlar_os_lock *lock = calloc(1, sizeof(*lock));

	if (lock)
		pthread_mutex_init(&lock->mutex, NULL);
	return lock;
}

void ashlar_os_lock_free(struct ashlar_os_lock *lock)
{
	if (!lock)
		return;
	pthread_mutex_destroy(&lock->mutex);
	free(lock);
}

void ashlar_os_lock(struct ashlar_os_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

void ashlar_os_unlock(struct ashlar_os_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

int ashlar_os_pause(struct ashlar_os *os, u32 cycles)
{
	return sim_run(os, cycles) == ASHLAR_MODEL_DEAD ? -ENODEV : 0;
}

void ashlar_os_log(struct ashlar_os *os, enum ashlar_os_level level,
		   const char *fmt, ...)
{
	char text[sizeof(os->error)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* An error goes to whoever called; what killed the model stays. */
	if (level == ASHLAR_OS_ERROR) {
		if (!os->dead)
			memcpy(os->error, text, sizeof(text));
		return;
	}
	if (os->log)
		os->log(os->log_ctx, (int)level, text);
}
