// SPDX-License-Identifier: MIT
/*
 * Traces for chrome://tracing and Perfetto: one process per address space, one
 * thread per queue, times in microseconds of device time.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "internal.h"

#define FILES_MAX 1000

struct trace {
	FILE *file;
	uint32_t clock_khz;
	bool first;
};

/*
 * A file that this process or another one writes already is locked. Opening
 * without truncation keeps the other's contents.
 */
static int open_unused(const char *path)
{
	for (int n = 0; n < FILES_MAX; n++) {
		char *name;
		int fd;

		if (asprintf(&name, n ? "%s.%d" : "%s", path, n) < 0)
			return -1;
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		free(name);
		if (fd < 0)
			return -1;
		if (!flock(fd, LOCK_EX | LOCK_NB)) {
			if (!ftruncate(fd, 0))
				return fd;
			close(fd);
			return -1;
		}
		close(fd);
		if (errno != EWOULDBLOCK)
			return -1;
	}
	return -1;
}

struct trace *trace_open(const char *path, uint32_t clock_khz, char *error)
{
	struct trace *t = calloc(1, sizeof(*t));
	int fd = open_unused(path);

	if (t && fd >= 0)
		t->file = fdopen(fd, "w");
	if (!t || !t->file) {
		snprintf(error, ERROR_BYTES, "cannot write the trace %s: %s",
			 path, strerror(errno));
		if (fd >= 0)
			close(fd);
		free(t);
		return NULL;
	}
	t->clock_khz = clock_khz;
	t->first = true;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", t->file);
	return t;
}

void trace_close(struct trace *t)
{
	fputs("\n]}\n", t->file);
	fclose(t->file);
	free(t);
}

static void begin_event(struct trace *t)
{
	fputs(t->first ? "\n" : ",\n", t->file);
	t->first = false;
}

void trace_queue(struct trace *t, const struct ashlar_queue *q)
{
	uint32_t context = q->h.dev->space->number;

	begin_event(t);
	fprintf(t->file,
		"{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,\"args\":{\"name\":\"%s context %u\"}}",
		context, q->h.dev->name, context);
	begin_event(t);
	fprintf(t->file,
		"{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%u,\"tid\":%u,\"args\":{\"name\":\"queue %u\"}}",
		context, q->port->number, q->port->number);
}

static double microseconds(const struct trace *t, uint64_t cycles)
{
	return (double)cycles * 1000.0 / t->clock_khz;
}

void trace_command(struct trace *t, const struct ashlar_queue *q,
		   const struct command *c, const struct ashlar_completion *r)
{
	/* A job that was cancelled never started. */
	uint64_t start = r->t_start ? r->t_start : r->t_end;
	uint64_t end = r->t_end > start ? r->t_end : start;

	begin_event(t);
	fprintf(t->file,
		"{\"ph\":\"X\",\"name\":\"%s\",\"cat\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"args\":{",
		command_name(c),
		c->kind == COMMAND_LAUNCH ? "kernel" : "transfer",
		q->h.dev->space->number, q->port->number,
		microseconds(t, start), microseconds(t, end - start));
	fprintf(t->file,
		"\"status\":%u,\"tag\":%u,\"tiles\":%u,\"tile\":%u,\"fetch_us\":%.3f,\"cycles\":%llu,",
		r->status, r->tag, r->tiles, r->tile,
		microseconds(t, r->t_fetch), (unsigned long long)(end - start));
	fprintf(t->file,
		"\"matrix_busy\":%u,\"matrix_stall\":%u,\"vector_busy\":%u,\"core_wait\":%u,\"load_beats\":%u,\"store_beats\":%u,\"loading\":%u,\"tlb_miss\":%u}}",
		r->matrix_busy, r->matrix_stall, r->vector_busy, r->core_wait,
		r->load_beats, r->store_beats, r->loading, r->tlb_miss);
}
