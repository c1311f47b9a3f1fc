// SPDX-License-Identifier: MIT
#include "board.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* More board memory than any board has; the file is cut to size later. */
#define MEMORY_MAX (1ull << 36)

/* Misuses of the board that are reported; a guest can make any number. */
#define MISUSES_SHOWN 20

/*
 * One call of run() takes about CHUNK_NS, after which somebody who waits gets
 * in. The thread stays inside the model for SLICE_NS when nobody waits.
 */
#define CHUNK_NS  100000u
#define SLICE_NS  1000000u
#define CHUNK_MIN 32u
#define CHUNK_MAX 65536u

/* --- What the model calls ---------------------------------------------------- */

static int model_dma_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	struct board *b = ctx;

	return pci_bus_master(&b->pci) ? dma_read(&b->dma, addr, data, bytes) :
					 -EACCES;
}

static int model_dma_write(void *ctx, uint64_t addr, const void *data,
			   size_t bytes)
{
	struct board *b = ctx;

	return pci_bus_master(&b->pci) ? dma_write(&b->dma, addr, data, bytes) :
					 -EACCES;
}

static void model_raise_vector(void *ctx, unsigned int vector)
{
	struct board *b = ctx;

	irq_raise(&b->irq, vector);
}

static void model_misuse(void *ctx, const char *name, const char *text)
{
	struct board *b = ctx;

	if (b->misuses > MISUSES_SHOWN)
		return;
	if (b->misuses++ == MISUSES_SHOWN)
		fprintf(stderr,
			"ashlar-board: %d misuses of the board shown, no more will be\n",
			MISUSES_SHOWN);
	else
		fprintf(stderr, "ashlar-board: misuse of the board: %s: %s\n",
			name, text);
}

/* --- Device time ------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t clocked(const struct board *b)
{
	struct ashlar_model_info info = { .size = sizeof(info) };

	return b->ops->info(b->model, &info) ? 0 : info.clocked;
}

/*
 * One call of run(), and what it teaches about the next one's length: only
 * cycles that were simulated count, for after skipping many the board may
 * have to simulate as many.
 */
static enum ashlar_model_stop run_chunk(struct board *b, uint64_t *now)
{
	uint64_t begin = *now, was = clocked(b);
	enum ashlar_model_stop stop = b->ops->run(b->model, b->chunk);
	uint64_t took;

	*now = now_ns();
	took = *now - begin;
	if (took > 2 * CHUNK_NS && b->chunk > CHUNK_MIN)
		b->chunk /= 2;
	else if (took < CHUNK_NS / 2 && b->chunk < CHUNK_MAX &&
		 clocked(b) - was >= b->chunk / 2)
		b->chunk *= 2;
	return stop;
}

static bool is_idle(enum ashlar_model_stop stop)
{
	return stop == ASHLAR_MODEL_IDLE || stop == ASHLAR_MODEL_DEAD;
}

static bool run_slice(struct board *b)
{
	uint64_t begin = now_ns(), now = begin;
	enum ashlar_model_stop stop;

	do
		stop = run_chunk(b, &now);
	while (!is_idle(stop) && now - begin < SLICE_NS &&
	       !atomic_load(&b->waiting));
	return is_idle(stop);
}

static void *model_thread(void *arg)
{
	struct board *b = arg;

	pthread_mutex_lock(&b->lock);
	while (!b->quit) {
		bool idle;

		if (b->idle || atomic_load(&b->waiting)) {
			pthread_cond_wait(&b->wake, &b->lock);
			continue;
		}
		b->running = true;
		pthread_mutex_unlock(&b->lock);
		idle = run_slice(b);
		pthread_mutex_lock(&b->lock);
		b->running = false;
		b->idle = idle;
		b->owed = false;
		pthread_cond_broadcast(&b->still);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

void board_enter(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	atomic_fetch_add(&b->waiting, 1);
	while (b->running)
		pthread_cond_wait(&b->still, &b->lock);
	atomic_fetch_sub(&b->waiting, 1);
	/*
	 * Who asks again before the thread had its turn would see time stand
	 * still, so the turn is taken here.
	 */
	if (b->owed && !b->idle) {
		uint64_t now = now_ns();

		b->idle = is_idle(run_chunk(b, &now));
		b->owed = false;
	}
}

void board_leave(struct board *b)
{
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
}

static void touched(struct board *b)
{
	b->idle = false;
	b->owed = true;
}

/* --- Making ------------------------------------------------------------------ */

static int make_memory(struct board *b, char *error, size_t error_bytes)
{
	b->memory_fd =
		memfd_create("ashlar-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (b->memory_fd >= 0 && !ftruncate(b->memory_fd, MEMORY_MAX))
		return 0;
	snprintf(error, error_bytes, "no file for board memory: %m");
	return -1;
}

/*
 * Board memory gets the size that the model says it has, for good: it is given
 * to the client, who could otherwise cut it.
 */
static int seal_memory(struct board *b, char *error, size_t error_bytes)
{
	uint64_t bytes = b->info.bar2_bytes;

	if (bytes < 4096 || bytes & (bytes - 1) || bytes > MEMORY_MAX ||
	    b->info.bar0_bytes != ASHLAR_PCI_BAR0_BYTES) {
		snprintf(
			error, error_bytes,
			"the model has 0x%llx bytes of registers and 0x%llx of memory; a board has 0x%x, and a power of two up to 0x%llx",
			(unsigned long long)b->info.bar0_bytes,
			(unsigned long long)bytes, ASHLAR_PCI_BAR0_BYTES,
			MEMORY_MAX);
		return -1;
	}
	if (ftruncate(b->memory_fd, (off_t)bytes) ||
	    fcntl(b->memory_fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		snprintf(error, error_bytes,
			 "board memory of %llu bytes cannot be made: %m",
			 (unsigned long long)bytes);
		return -1;
	}
	return 0;
}

static int make_model(struct board *b, const struct board_options *opt,
		      char *error, size_t error_bytes)
{
	const struct ashlar_model_callbacks callbacks = {
		.dma_read = model_dma_read,
		.dma_write = model_dma_write,
		.raise_vector = model_raise_vector,
		.misuse = model_misuse,
		.ctx = b,
	};
	const struct ashlar_model_options options = {
		.size = sizeof(options),
		.strict = opt->strict,
		.memory_fd = b->memory_fd,
		.record = opt->record,
	};

	snprintf(error, error_bytes, "the model could not make a board");
	b->model = b->ops->create(&callbacks, &options, error, error_bytes);
	if (!b->model)
		return -1;
	b->info.size = sizeof(b->info);
	if (b->ops->info(b->model, &b->info) || !b->info.board) {
		snprintf(error, error_bytes,
			 "the model does not describe itself");
		return -1;
	}
	if (opt->board && strcmp(opt->board, b->info.board)) {
		snprintf(error, error_bytes,
			 "model %s is board %s, not %s as asked for",
			 opt->model, b->info.board, opt->board);
		return -1;
	}
	return 0;
}

int board_open(struct board *b, const struct board_options *opt, char *error,
	       size_t error_bytes)
{
	int err;

	memset(b, 0, sizeof(*b));
	b->memory_fd = -1;
	b->chunk = CHUNK_MIN;
	pci_power_on(&b->pci);
	irq_init(&b->irq);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->wake, NULL);
	pthread_cond_init(&b->still, NULL);

	err = dma_init(&b->dma);
	if (err) {
		snprintf(error, error_bytes, "no handler for SIGBUS: %s",
			 strerror(err));
		goto fail;
	}
	if (board_load(b, opt, error, error_bytes) ||
	    make_memory(b, error, error_bytes) ||
	    make_model(b, opt, error, error_bytes) ||
	    seal_memory(b, error, error_bytes))
		goto fail;
	err = pthread_create(&b->thread, NULL, model_thread, b);
	if (err) {
		snprintf(error, error_bytes, "no thread for the model: %s",
			 strerror(err));
		goto fail;
	}
	b->thread_runs = true;
	return 0;

fail:
	board_close(b);
	return -1;
}

void board_close(struct board *b)
{
	if (b->thread_runs) {
		board_enter(b);
		b->quit = true;
		board_leave(b);
		pthread_join(b->thread, NULL);
		b->thread_runs = false;
	}
	if (b->model)
		b->ops->destroy(b->model);
	b->model = NULL;
	if (b->library)
		dlclose(b->library);
	b->library = NULL;
	dma_unmap_all(&b->dma);
	irq_clear(&b->irq);
	if (b->memory_fd >= 0)
		close(b->memory_fd);
	b->memory_fd = -1;
	pthread_cond_destroy(&b->still);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
}

/* --- What the host does ------------------------------------------------------ */

uint64_t board_bar_bytes(const struct board *b, unsigned int bar)
{
	switch (bar) {
	case ASHLAR_PCI_BAR_REGS:
		return ASHLAR_PCI_BAR0_BYTES;
	case ASHLAR_PCI_BAR_MEM:
		return b->info.bar2_bytes;
	case ASHLAR_PCI_BAR_MSIX:
		return ASHLAR_PCI_BAR4_BYTES;
	default:
		return 0;
	}
}

/* Registers take aligned accesses of 32 bits, memory any. */
static bool model_takes(unsigned int bar, uint64_t offset, uint32_t bytes)
{
	return bar == ASHLAR_PCI_BAR_MEM ||
	       (bar == ASHLAR_PCI_BAR_REGS && bytes == 4 && !(offset % 4));
}

/* The table is the client's; of this BAR only the pending bits are here. */
static void read_msix(const struct board *b, uint64_t offset, uint8_t *data,
		      uint32_t bytes)
{
	uint8_t bar[ASHLAR_PCI_BAR4_BYTES] = { 0 };

	memcpy(bar + ASHLAR_PCI_MSIX_PBA, &b->irq.pending,
	       sizeof(b->irq.pending));
	memcpy(data, bar + offset, bytes);
}

void board_read(struct board *b, unsigned int bar, uint64_t offset, void *data,
		uint32_t bytes)
{
	memset(data, 0xff, bytes);
	if (!pci_memory_enabled(&b->pci)) {
		pci_unsupported(&b->pci, false);
		return;
	}
	if (bar == ASHLAR_PCI_BAR_MSIX) {
		read_msix(b, offset, data, bytes);
	} else if (model_takes(bar, offset, bytes)) {
		if (b->ops->mmio_read(b->model, (enum ashlar_model_bar)bar,
				      offset, data, bytes))
			memset(data, 0xff, bytes);
		touched(b);
	}
}

void board_write(struct board *b, unsigned int bar, uint64_t offset,
		 const void *data, uint32_t bytes)
{
	if (!pci_memory_enabled(&b->pci)) {
		pci_unsupported(&b->pci, true);
		return;
	}
	if (!model_takes(bar, offset, bytes))
		return;
	/* A dead model drops it, as a board would that is gone. */
	b->ops->mmio_write(b->model, (enum ashlar_model_bar)bar, offset, data,
			   bytes);
	touched(b);
}

void board_config_write(struct board *b, uint32_t offset, const void *data,
			uint32_t bytes)
{
	if (pci_write(&b->pci, offset, data, bytes))
		board_reset(b);
}

void board_reset(struct board *b)
{
	b->ops->reset(b->model);
	pci_reset(&b->pci);
	irq_reset(&b->irq);
	touched(b);
}
