// SPDX-License-Identifier: MIT
/* A board that several device handles may share: its making and its time. */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define BURIED_MAX    256
#define FIRMWARE_MOST (16u << 20)

/* --- Lock ------------------------------------------------------------------ */

static void turnstile_init(struct turnstile *t)
{
	pthread_mutex_init(&t->mutex, NULL);
	pthread_cond_init(&t->turn, NULL);
}

void board_lock(struct board *b)
{
	struct turnstile *t = &b->lock;
	uint64_t ticket;

	pthread_mutex_lock(&t->mutex);
	ticket = t->next++;
	while (ticket != t->serving)
		pthread_cond_wait(&t->turn, &t->mutex);
	pthread_mutex_unlock(&t->mutex);
}

void board_unlock(struct board *b)
{
	struct turnstile *t = &b->lock;

	/* Nobody can be waiting then: that would take a device. */
	if (!b->devices) {
		board_free(b);
		return;
	}
	pthread_mutex_lock(&t->mutex);
	t->serving++;
	pthread_cond_broadcast(&t->turn);
	pthread_mutex_unlock(&t->mutex);
}

void board_bury(struct board *b, struct handle *h)
{
	h->next = NULL;
	*b->buried_end = h;
	b->buried_end = &h->next;
	if (++b->buried_count <= BURIED_MAX)
		return;
	h = b->buried;
	b->buried = h->next;
	b->buried_count--;
	free(h);
}

/* --- Making ------------------------------------------------------------------ */

static void log_stderr(void *ctx, int level, const char *text)
{
	(void)ctx;
	if (level <= ASHLAR_LOG_WARNING)
		fprintf(stderr, "ashlar: %s: %s\n",
			level == ASHLAR_LOG_ERROR ? "error" : "warning", text);
}

static ashlar_result load_model(struct board *b, const struct sim_options *opt,
				const char *data_dir, char *error)
{
	char rel[96];
	char *path;
	ashlar_result result = ASHLAR_OK;

	/* Waveforms take a model of their own, which is slower. */
	snprintf(rel, sizeof(rel), "ashlar-model-rtl-%s%s.so", opt->board,
		 opt->wave ? "-trace" : "");
	path = opt->model ? strdup(opt->model) : data_path(data_dir, rel);
	if (!path)
		return ASHLAR_ERROR_NO_MEMORY;
	if (access(path, R_OK)) {
		snprintf(
			error, ERROR_BYTES,
			"no model of board %s: %s is not there; make model%s, or set ASHLAR_DATA_DIR to where it is",
			opt->board, path, opt->wave ? "-trace" : "");
		result = ASHLAR_ERROR_NOT_FOUND;
	} else if (sim_load(&b->os, path, opt)) {
		snprintf(error, ERROR_BYTES, "%s", b->os.error);
		result = ASHLAR_ERROR_IO;
	}
	free(path);
	return result;
}

static ashlar_result core_error(struct board *b, int err, char *error)
{
	snprintf(error, ERROR_BYTES, "%s",
		 b->os.error[0] ? b->os.error : strerror(-err));
	switch (err) {
	case -EPROTONOSUPPORT:
		return ASHLAR_ERROR_VERSION;
	case -ENOMEM:
		return ASHLAR_ERROR_NO_MEMORY;
	default:
		return ASHLAR_ERROR_BOOT;
	}
}

static ashlar_result read_topology(struct board *b, char *error)
{
	size_t bytes = b->dev.dtb_bytes;
	ashlar_result result = ASHLAR_OK;
	uint8_t *blob = aligned_alloc(8, (bytes + 7) & ~(size_t)7);
	int err;

	if (!blob)
		return ASHLAR_ERROR_NO_MEMORY;
	err = ashlar_dev_read_dtb(&b->dev, blob, bytes);
	if (err)
		result = core_error(b, err, error);
	else if (topology_parse(blob, bytes, &b->topology, error, ERROR_BYTES))
		result = ASHLAR_ERROR_FORMAT;
	else if (b->topology.mem_bytes != b->dev.mem_bytes) {
		snprintf(
			error, ERROR_BYTES,
			"the device tree says that the board has %llu bytes of memory, its registers say %llu",
			(unsigned long long)b->topology.mem_bytes,
			(unsigned long long)b->dev.mem_bytes);
		result = ASHLAR_ERROR_FORMAT;
	}
	free(blob);
	return result;
}

static ashlar_result
boot(struct board *b, const struct ashlar_open_options *options, char *error)
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

	err = ashlar_dev_boot(&b->dev, image, bytes);
	free(image);
	if (err)
		return core_error(b, err, error);
	if (b->dev.info.tiles != b->topology.tiles) {
		snprintf(
			error, ERROR_BYTES,
			"the device tree says that the board has %u tiles, its firmware says %u",
			b->topology.tiles, b->dev.info.tiles);
		return ASHLAR_ERROR_FORMAT;
	}
	return ASHLAR_OK;
}

static ashlar_result make(struct board *b,
			  const struct ashlar_open_options *options,
			  const struct sim_options *opt, char *error)
{
	const char *trace = options->trace;
	ashlar_result result;
	int err;

	result = load_model(b, opt, options->data_dir, error);
	if (result)
		return result;
	err = ashlar_dev_attach(&b->dev, &b->os);
	if (err)
		return core_error(b, err, error);
	result = read_topology(b, error);
	if (result)
		return result;
	result = boot(b, options, error);
	if (result)
		return result;

	if (!trace)
		trace = getenv("ASHLAR_TRACE");
	if (trace && *trace) {
		b->trace = trace_open(trace, b->topology.clock_khz, error);
		if (!b->trace)
			return ASHLAR_ERROR_IO;
	}
	return ASHLAR_OK;
}

struct board *board_new(const char *name,
			const struct ashlar_open_options *options,
			ashlar_result *result, char *error)
{
	struct board *b = calloc(1, sizeof(*b));
	struct sim_options opt;

	if (!b) {
		*result = ASHLAR_ERROR_NO_MEMORY;
		return NULL;
	}
	turnstile_init(&b->lock);
	b->pid = getpid();
	b->buried_end = &b->buried;
	b->os.log = options->log ? options->log : log_stderr;
	b->os.log_ctx = options->log_ctx;

	*result = name_parse(name, &opt, b->name, sizeof(b->name), error);
	if (!*result)
		*result = make(b, options, &opt, error);
	name_free(&opt);
	if (*result) {
		board_free(b);
		return NULL;
	}
	return b;
}

void board_free(struct board *b)
{
	if (b->trace)
		trace_close(b->trace);
	ashlar_dev_detach(&b->dev);
	sim_destroy(&b->os);
	while (b->buried) {
		struct handle *h = b->buried;

		b->buried = h->next;
		free(h);
	}
	pthread_cond_destroy(&b->lock.turn);
	pthread_mutex_destroy(&b->lock.mutex);
	free(b);
}

/* --- Time ---------------------------------------------------------------------- */

uint64_t board_cycles(struct board *b)
{
	uint64_t cycles, clocked;

	sim_time(&b->os, &cycles, &clocked);
	return cycles;
}

/* The board is lost: nothing will complete any more. */
static void fail_all(struct board *b)
{
	for (struct ashlar_device *d = b->devices; d; d = d->next)
		if (d->oldest)
			device_cancel(d, ASHLAR_ERROR_LOST, b->os.error);
}

void board_pump(struct board *b)
{
	bool moved = true;

	/* What completes on one queue may let another go on. */
	while (moved && !b->dev.lost) {
		moved = false;
		for (struct ashlar_device *d = b->devices; d; d = d->next) {
			struct ashlar_queue *q, *next;

			for (q = d->queues; q; q = next) {
				/* Its last submission keeps the queue. */
				handle_ref(&q->h);
				moved |= queue_step(q);
				next = q->next;
				handle_put(&q->h);
			}
		}
	}
	if (b->os.dead)
		b->dev.lost = true;
	if (b->dev.lost)
		fail_all(b);
	for (struct ashlar_device *d = b->devices; d; d = d->next)
		memory_settle(d);
}

bool board_slice(struct board *b, uint64_t cycles)
{
	enum ashlar_model_stop stop;

	stop = sim_run(&b->os, cycles);
	if (stop == ASHLAR_MODEL_DEAD)
		b->dev.lost = true;
	b->os.vectors = 0;
	board_pump(b);
	return stop != ASHLAR_MODEL_IDLE;
}
