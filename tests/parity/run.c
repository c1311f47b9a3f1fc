// SPDX-License-Identifier: MIT
/* Runs a case on a model; everything that must be equal becomes an event. */
#include "run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ACCESS_MAX (1u << 20) /* bytes of an access in a case */

extern const uint8_t parity_rom[], parity_rom_end[];

void note(struct run *r, const char *format, ...)
{
	struct event *e = &r->o->event[r->o->events];
	va_list list;

	if (r->o->events == EVENTS_MAX) {
		r->o->full = true;
		return;
	}
	e->step = r->step;
	va_start(list, format);
	vsnprintf(e->text, sizeof(e->text), format, list);
	va_end(list);
	r->o->events++;
}

/* --- The host's side ------------------------------------------------------- */

static bool in_host(struct run *r, uint64_t addr, size_t bytes)
{
	if (!bytes || bytes > 64 || addr / 64 != (addr + bytes - 1) / 64)
		note(r, "callback: %zu bytes at 0x%llx", bytes,
		     (unsigned long long)addr);
	return addr >= HOST_BASE && addr - HOST_BASE <= HOST_BYTES - bytes;
}

static int on_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	struct run *r = ctx;

	if (!in_host(r, addr, bytes))
		return -1;
	memcpy(data, r->o->host + (addr - HOST_BASE), bytes);
	return 0;
}

static int on_write(void *ctx, uint64_t addr, const void *data, size_t bytes)
{
	struct run *r = ctx;

	if (!in_host(r, addr, bytes))
		return -1;
	memcpy(r->o->host + (addr - HOST_BASE), data, bytes);
	return 0;
}

static void on_vector(void *ctx, unsigned int vector)
{
	struct run *r = ctx;

	if (r->o->vectors < VECTORS_MAX)
		r->o->vector[r->o->vectors] = (uint8_t)vector;
	r->o->vectors++;
}

static void on_misuse(void *ctx, const char *name, const char *text)
{
	struct run *r = ctx;

	if (strcmp(name, "dma-range")) {
		note(r, "misuse %s: %s", name, text);
		return;
	}
	/* How many there are of one operation is not defined. */
	if (!r->refused++)
		snprintf(r->refused_text, sizeof(r->refused_text), "%s", text);
}

uint32_t host_get(struct run *r, uint32_t offset)
{
	uint32_t value = 0;

	r->ops->mmio_read(r->m, ASHLAR_MODEL_BAR0, offset, &value, 4);
	return value;
}

void host_set(struct run *r, uint32_t offset, uint32_t value)
{
	r->ops->mmio_write(r->m, ASHLAR_MODEL_BAR0, offset, &value, 4);
}

/* --- Steps ------------------------------------------------------------------ */

static bool is_time(uint64_t bar, uint64_t offset)
{
	return bar == ASHLAR_MODEL_BAR0 &&
	       (offset == ASHLAR_HOST_CYCLE_LO ||
		offset == ASHLAR_HOST_CYCLE_HI || offset == ASHLAR_HOST_TEMP ||
		offset == ASHLAR_HOST_PLATFORM);
}

static uint64_t digest(const uint8_t *data, size_t bytes)
{
	uint64_t x = 0xcbf29ce484222325ull;
	size_t i;

	for (i = 0; i < bytes; i++)
		x = (x ^ data[i]) * 0x100000001b3ull;
	return x;
}

static void do_read(struct run *r, const struct step *s)
{
	size_t bytes = s->arg[2] < ACCESS_MAX ? s->arg[2] : ACCESS_MAX;
	uint8_t *data = calloc(1, bytes + 8);
	uint64_t value = 0;
	int rc;

	if (!data)
		exit(2);
	rc = r->ops->mmio_read(r->m, (enum ashlar_model_bar)s->arg[0],
			       s->arg[1], data, bytes);
	if (bytes <= 8)
		memcpy(&value, data, 8);
	else
		value = digest(data, bytes);
	if (rc || is_time(s->arg[0], s->arg[1]))
		value = 0;
	note(r, "read %llu 0x%llx %zu = %d 0x%llx",
	     (unsigned long long)s->arg[0], (unsigned long long)s->arg[1],
	     bytes, rc, (unsigned long long)value);
	free(data);
}

/* The processor stops at such a write. */
static bool stops_rom(const struct step *s)
{
	if (s->arg[0] != ASHLAR_MODEL_BAR0 || s->arg[2] != 4)
		return false;
	if (s->arg[1] == ASHLAR_HOST_MP_CTRL)
		return !(s->arg[3] & ASHLAR_HOST_MP_CTRL_RUN_MASK);
	return s->arg[1] == ASHLAR_HOST_RESET &&
	       (uint32_t)s->arg[3] == ASHLAR_HOST_RESET_KEY;
}

static void do_write(struct run *r, const struct step *s)
{
	size_t bytes = s->arg[2] < ACCESS_MAX ? s->arg[2] : ACCESS_MAX;
	uint8_t *data = calloc(1, bytes + 8);
	int rc;

	if (!data)
		exit(2);
	if (bytes > 8)
		pattern(data, bytes, s->arg[3]);
	else
		memcpy(data, &s->arg[3], 8);
	rc = r->ops->mmio_write(r->m, (enum ashlar_model_bar)s->arg[0],
				s->arg[1], data, bytes);
	note(r, "write %llu 0x%llx %zu = %d", (unsigned long long)s->arg[0],
	     (unsigned long long)s->arg[1], bytes, rc);
	if (!rc && stops_rom(s))
		r->running = false;
	free(data);
}

static void do_fill(struct run *r, uint64_t addr, uint64_t bytes, uint64_t seed)
{
	uint8_t *data;
	int rc;

	if (bytes > 4 * ACCESS_MAX)
		bytes = 4 * ACCESS_MAX;
	data = malloc(bytes + 8);
	if (!data)
		exit(2);
	pattern(data, bytes, seed);
	rc = r->ops->mmio_write(r->m, ASHLAR_MODEL_BAR2, addr, data, bytes);
	if (rc)
		note(r, "fill 0x%llx: %d", (unsigned long long)addr, rc);
	free(data);
}

static void do_hostfill(struct run *r, const struct step *s)
{
	if (s->arg[0] <= HOST_BYTES && s->arg[1] <= HOST_BYTES - s->arg[0])
		pattern(r->o->host + s->arg[0], s->arg[1], s->arg[2]);
}

static void do_boot(struct run *r)
{
	if (r->running)
		return;
	host_set(r, ASHLAR_HOST_MP_CTRL, ASHLAR_HOST_MP_CTRL_RUN_MASK);
	rom_wait(r);
}

static void do_quiet(struct run *r, uint64_t cycles)
{
	struct ashlar_model_info info = { .size = sizeof(info) };
	enum ashlar_model_stop stop;
	uint64_t end;

	r->ops->info(r->m, &info);
	end = info.cycles + cycles;
	do {
		stop = r->ops->run(r->m, end - info.cycles);
		r->ops->info(r->m, &info);
	} while (stop == ASHLAR_MODEL_VECTOR && info.cycles < end);
	if (stop == ASHLAR_MODEL_DEAD)
		note(r, "dead");
}

static void do_host_step(struct run *r, const struct step *s)
{
	switch (s->op) {
	case OP_READ:
		do_read(r, s);
		break;
	case OP_WRITE:
		do_write(r, s);
		break;
	case OP_FILL:
		do_fill(r, s->arg[0], s->arg[1], s->arg[2]);
		break;
	case OP_PTE:
		r->ops->mmio_write(r->m, ASHLAR_MODEL_BAR2, s->arg[0],
				   &s->arg[1], 8);
		break;
	case OP_HOSTFILL:
		do_hostfill(r, s);
		break;
	case OP_RESET:
		r->ops->reset(r->m);
		r->running = false;
		break;
	case OP_BOOT:
		do_boot(r);
		break;
	case OP_QUIET:
		do_quiet(r, s->arg[0]);
		break;
	case OP_OPEN:
		r->o->open = true;
		break;
	case OP_K_IMAGE:
		program_image(r, s->arg[0]);
		break;
	default:
		break;
	}
	r->o->operations++;
}

static void do_step(struct run *r, const struct step *s)
{
	if (s->op >= OP_MP_READ && s->op <= OP_MP_STATE) {
		list_add(r, s);
	} else if (s->op >= OP_K_BEGIN && s->op < OP_K_IMAGE) {
		program_add(r, s);
		r->o->operations++;
	} else {
		list_flush(r);
		if (!r->stopped)
			do_host_step(r, s);
	}
}

static bool is_strict(const struct kase *k)
{
	uint32_t i;

	for (i = 0; i < k->n; i++)
		if (k->steps[i].op == OP_STRICT)
			return true;
	return false;
}

static void end(struct run *r)
{
	struct ashlar_model_info info = { .size = sizeof(info) };

	r->step = r->k->n;
	do_quiet(r, 20000);
	note(r, "HOST_ERR 0x%x, late dma-range %d",
	     host_get(r, ASHLAR_HOST_HOST_ERR), r->refused > 0);
	r->ops->info(r->m, &info);
	r->o->cycles = info.cycles;
}

void run_case(const struct model *m, const struct kase *k, struct outcome *o)
{
	struct run r = { .model = m, .ops = m->ops, .k = k, .o = o };
	const struct ashlar_model_callbacks cb = {
		.dma_read = on_read,
		.dma_write = on_write,
		.raise_vector = on_vector,
		.misuse = on_misuse,
		.ctx = &r,
	};
	const struct ashlar_model_options opt = {
		.size = sizeof(opt),
		.strict = is_strict(k),
		.rom = parity_rom,
		.rom_bytes = (size_t)(parity_rom_end - parity_rom),
		.memory_fd = o->memory_fd,
	};
	char error[256] = "";

	r.program = calloc(1, 0x10000);
	r.m = r.program ? m->ops->create(&cb, &opt, error, sizeof(error)) :
			  NULL;
	if (!r.m) {
		note(&r, "no model: %s", error);
		return;
	}
	for (r.step = 0; r.step < k->n && !r.stopped; r.step++)
		do_step(&r, &k->steps[r.step]);
	list_flush(&r);
	end(&r);
	m->ops->destroy(r.m);
	free(r.program);
}
