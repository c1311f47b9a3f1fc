// SPDX-License-Identifier: MIT
/*
 * ashlar-replay: run a recorded log (record.h) against a model again.
 *
 *	ashlar-replay MODEL.so LOG
 *
 * Proves that every return value, every byte read, every callback and every
 * cycle count is as recorded. Exit status 0: all equal; 1: a difference, the
 * first of which is printed; 2: the log or the model cannot be used.
 */
#include "ashlar_model.h"
#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DMA_MAX	   64
#define ACCESS_MAX (1ull << 32)

struct log {
	const unsigned char *data;
	size_t bytes;
	size_t at;
};

struct blob {
	const unsigned char *data;
	uint64_t bytes;
};

/* Any record; the kind says which members are meant. */
struct record {
	unsigned char kind;
	uint64_t cycle;
	uint32_t bar;
	uint32_t value; /* return value, vector */
	uint64_t addr; /* offset, address, max_cycles */
	uint64_t bytes; /* of mmio_read */
	uint64_t cycles, clocked;
	struct blob data;
	struct blob text;
};

struct replay {
	struct log log;
	uint64_t number; /* of the record last taken, from 1 */
	uint64_t operations;
	struct ashlar_model *model;
	const struct ashlar_model_ops *ops;
	bool differs;
};

__attribute__((format(printf, 1, 2), noreturn)) static void
fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "ashlar-replay: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(2);
}

static const unsigned char *take(struct log *log, uint64_t bytes)
{
	const unsigned char *p = log->data + log->at;

	if (bytes > log->bytes - log->at)
		fatal("the log is cut off: %" PRIu64
		      " bytes wanted at offset %zu, %zu left",
		      bytes, log->at, log->bytes - log->at);
	log->at += (size_t)bytes;
	return p;
}

static uint32_t take32(struct log *log)
{
	uint32_t v;

	memcpy(&v, take(log, sizeof(v)), sizeof(v));
	return v;
}

static uint64_t take64(struct log *log)
{
	uint64_t v;

	memcpy(&v, take(log, sizeof(v)), sizeof(v));
	return v;
}

static struct blob take_blob(struct log *log, uint64_t max)
{
	struct blob blob;

	blob.bytes = take64(log);
	if (blob.bytes > max)
		fatal("the log is bad: %" PRIu64
		      " bytes at offset %zu, at most %" PRIu64 " may be there",
		      blob.bytes, log->at - 8, max);
	blob.data = take(log, blob.bytes);
	return blob;
}

static void parse(struct log *log, struct record *r)
{
	size_t start = log->at;

	memset(r, 0, sizeof(*r));
	r->kind = *take(log, 1);
	r->cycle = take64(log);
	switch (r->kind) {
	case RECORD_MMIO_WRITE:
		r->bar = take32(log);
		r->addr = take64(log);
		r->data = take_blob(log, ACCESS_MAX);
		break;
	case RECORD_MMIO_READ:
		r->bar = take32(log);
		r->addr = take64(log);
		r->bytes = take64(log);
		if (r->bytes > ACCESS_MAX)
			fatal("the log is bad: a read of %" PRIu64
			      " bytes at offset %zu",
			      r->bytes, start);
		break;
	case RECORD_RUN:
		r->addr = take64(log);
		break;
	case RECORD_RESET:
	case RECORD_END:
		break;
	case RECORD_RESULT:
		r->value = take32(log);
		r->cycles = take64(log);
		r->clocked = take64(log);
		r->data = take_blob(log, ACCESS_MAX);
		break;
	case RECORD_DMA_READ:
	case RECORD_DMA_WRITE:
		r->addr = take64(log);
		r->value = take32(log);
		r->data = take_blob(log, DMA_MAX);
		break;
	case RECORD_VECTOR:
		r->value = take32(log);
		break;
	case RECORD_MISUSE:
		r->text = take_blob(log, 64);
		r->data = take_blob(log, 1024);
		break;
	case RECORD_PATCH:
		r->addr = take64(log);
		r->data.bytes = RECORD_LINE;
		r->data.data = take(log, RECORD_LINE);
		break;
	default:
		fatal("the log is bad: unknown record 0x%02x at offset %zu",
		      r->kind, start);
	}
}

static const char *kind_name(unsigned char kind)
{
	switch (kind) {
	case RECORD_MMIO_WRITE:
		return "mmio_write";
	case RECORD_MMIO_READ:
		return "mmio_read";
	case RECORD_RUN:
		return "run";
	case RECORD_RESET:
		return "reset";
	case RECORD_RESULT:
		return "return";
	case RECORD_DMA_READ:
		return "dma_read";
	case RECORD_DMA_WRITE:
		return "dma_write";
	case RECORD_VECTOR:
		return "raise_vector";
	case RECORD_MISUSE:
		return "misuse";
	case RECORD_PATCH:
		return "memory change";
	default:
		return "end of log";
	}
}

/* The next record; memory changes were applied when their operation began. */
static struct record next(struct replay *p)
{
	struct record r;

	do {
		parse(&p->log, &r);
		p->number++;
	} while (r.kind == RECORD_PATCH);
	return r;
}

__attribute__((format(printf, 3, 4))) static void
differ(struct replay *p, const struct record *r, const char *format, ...)
{
	va_list args;

	if (p->differs)
		return;
	p->differs = true;
	va_start(args, format);
	printf("difference at record %" PRIu64 " (%s, cycle %" PRIu64 "): ",
	       p->number, kind_name(r->kind), r->cycle);
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

static uint64_t device_time(struct replay *p)
{
	struct ashlar_model_info info = { .size = sizeof(info) };

	p->ops->info(p->model, &info);
	return info.cycles;
}

/* Takes a callback's record. False: the model did something else. */
static bool expect(struct replay *p, unsigned char kind, struct record *r)
{
	uint64_t now;

	if (p->differs)
		return false;
	*r = next(p);
	if (r->kind != kind) {
		differ(p, r, "the model made the callback %s instead",
		       kind_name(kind));
		return false;
	}
	now = device_time(p);
	if (now != r->cycle) {
		differ(p, r, "now in cycle %" PRIu64, now);
		return false;
	}
	return true;
}

static void compare(struct replay *p, const struct record *r, const void *data,
		    uint64_t bytes)
{
	const unsigned char *now = data;
	uint64_t i;

	if (bytes != r->data.bytes) {
		differ(p, r, "%" PRIu64 " bytes recorded, now %" PRIu64,
		       r->data.bytes, bytes);
		return;
	}
	for (i = 0; i < bytes; i++) {
		if (now[i] == r->data.data[i])
			continue;
		differ(p, r, "byte %" PRIu64 " recorded as 0x%02x, now 0x%02x",
		       i, r->data.data[i], now[i]);
		return;
	}
}

static int on_dma_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	struct replay *p = ctx;
	struct record r;

	memset(data, 0, bytes);
	if (!expect(p, RECORD_DMA_READ, &r))
		return 0;
	if (r.addr != addr || r.data.bytes != bytes) {
		differ(p, &r,
		       "%" PRIu64 " bytes at 0x%" PRIx64
		       " recorded, now %zu bytes at 0x%" PRIx64,
		       r.data.bytes, r.addr, bytes, addr);
		return 0;
	}
	memcpy(data, r.data.data, bytes);
	return (int)r.value;
}

static int on_dma_write(void *ctx, uint64_t addr, const void *data,
			size_t bytes)
{
	struct replay *p = ctx;
	struct record r;

	if (!expect(p, RECORD_DMA_WRITE, &r))
		return 0;
	if (r.addr != addr)
		differ(p, &r, "address 0x%" PRIx64 " recorded, now 0x%" PRIx64,
		       r.addr, addr);
	compare(p, &r, data, bytes);
	return (int)r.value;
}

static void on_vector(void *ctx, unsigned int vector)
{
	struct replay *p = ctx;
	struct record r;

	if (expect(p, RECORD_VECTOR, &r) && r.value != vector)
		differ(p, &r, "vector %" PRIu32 " recorded, now %u", r.value,
		       vector);
}

static void on_misuse(void *ctx, const char *name, const char *text)
{
	struct replay *p = ctx;
	struct record r;

	if (!expect(p, RECORD_MISUSE, &r))
		return;
	if (r.text.bytes != strlen(name) ||
	    memcmp(r.text.data, name, strlen(name)) ||
	    r.data.bytes != strlen(text) ||
	    memcmp(r.data.data, text, strlen(text)))
		differ(p, &r, "\"%.*s: %.*s\" recorded, now \"%s: %s\"",
		       (int)r.text.bytes, (const char *)r.text.data,
		       (int)r.data.bytes, (const char *)r.data.data, name,
		       text);
}

/* Puts what others wrote to board memory during the coming operation. */
static void apply_patches(struct replay *p)
{
	struct ashlar_model_info info = { .size = sizeof(info) };
	size_t at = p->log.at;
	struct record r;

	p->ops->info(p->model, &info);
	for (;;) {
		parse(&p->log, &r);
		if (r.kind == RECORD_RESULT || r.kind == RECORD_END)
			break;
		if (r.kind != RECORD_PATCH)
			continue;
		if (r.addr % RECORD_LINE || r.addr >= info.bar2_bytes)
			fatal("the log is bad: memory change at 0x%" PRIx64
			      ", memory has 0x%" PRIx64 " bytes",
			      r.addr, info.bar2_bytes);
		memcpy((unsigned char *)info.memory + r.addr, r.data.data,
		       RECORD_LINE);
	}
	p->log.at = at;
}

static void operate(struct replay *p, const struct record *op)
{
	struct ashlar_model_info info = { .size = sizeof(info) };
	unsigned char *data = NULL;
	uint64_t bytes = 0;
	struct record r;
	int value = 0;

	apply_patches(p);
	switch (op->kind) {
	case RECORD_MMIO_WRITE:
		value = p->ops->mmio_write(
			p->model, (enum ashlar_model_bar)op->bar, op->addr,
			op->data.data, op->data.bytes);
		break;
	case RECORD_MMIO_READ:
		data = malloc(op->bytes ? op->bytes : 1);
		if (!data)
			fatal("out of memory for a read of %" PRIu64 " bytes",
			      op->bytes);
		value = p->ops->mmio_read(p->model,
					  (enum ashlar_model_bar)op->bar,
					  op->addr, data, op->bytes);
		bytes = value ? 0 : op->bytes;
		break;
	case RECORD_RUN:
		value = (int)p->ops->run(p->model, op->addr);
		break;
	case RECORD_RESET:
		p->ops->reset(p->model);
		break;
	default:
		fatal("the log is bad: record %" PRIu64
		      " (%s) is outside an operation",
		      p->number, kind_name(op->kind));
	}
	p->operations++;
	if (!p->differs) {
		r = next(p);
		p->ops->info(p->model, &info);
		if (r.kind != RECORD_RESULT)
			differ(p, &r, "the model returned from %s instead",
			       kind_name(op->kind));
		else if ((int)r.value != value)
			differ(p, &r, "%d recorded from %s, now %d",
			       (int)r.value, kind_name(op->kind), value);
		else if (r.cycles != info.cycles)
			differ(p, &r, "%s now ends in cycle %" PRIu64,
			       kind_name(op->kind), info.cycles);
		else if (r.clocked != info.clocked)
			differ(p, &r,
			       "%" PRIu64 " cycles clocked, now %" PRIu64,
			       r.clocked, info.clocked);
		else
			compare(p, &r, data, bytes);
	}
	free(data);
}

static struct log read_log(const char *path)
{
	struct log log = { 0 };
	unsigned char *data = NULL;
	size_t room = 0;
	FILE *in = fopen(path, "rb");

	if (!in)
		fatal("cannot read %s: %s", path, strerror(errno));
	for (;;) {
		size_t n;

		if (log.bytes == room) {
			room = room ? 2 * room : 1 << 16;
			data = realloc(data, room);
			if (!data)
				fatal("out of memory for %s", path);
		}
		n = fread(data + log.bytes, 1, room - log.bytes, in);
		if (!n)
			break;
		log.bytes += n;
	}
	if (ferror(in))
		fatal("cannot read %s", path);
	fclose(in);
	log.data = data;
	return log;
}

static const struct ashlar_model_ops *load(const char *path)
{
	const struct ashlar_model_ops *(*get)(void);
	const struct ashlar_model_ops *ops;
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!so)
		fatal("cannot load %s", dlerror());
	*(void **)&get = dlsym(so, "ashlar_model_get");
	if (!get)
		fatal("%s is not a model: %s", path, dlerror());
	ops = get();
	if (ops->abi != ASHLAR_MODEL_ABI)
		fatal("%s has model interface %u; this tool needs %u", path,
		      ops->abi, ASHLAR_MODEL_ABI);
	return ops;
}

int main(int argc, char **argv)
{
	struct replay p = { 0 };
	struct ashlar_model_callbacks cb = {
		.dma_read = on_dma_read,
		.dma_write = on_dma_write,
		.raise_vector = on_vector,
		.misuse = on_misuse,
		.ctx = &p,
	};
	struct ashlar_model_options opt = { .size = sizeof(opt),
					    .memory_fd = -1 };
	struct ashlar_model_info info = { .size = sizeof(info) };
	struct blob board, rom;
	struct record r;
	char error[256];

	if (argc != 3) {
		fprintf(stderr, "usage: ashlar-replay MODEL.so LOG\n");
		return 2;
	}
	p.log = read_log(argv[2]);
	if (p.log.bytes < sizeof(RECORD_MAGIC) - 1 ||
	    memcmp(take(&p.log, sizeof(RECORD_MAGIC) - 1), RECORD_MAGIC,
		   sizeof(RECORD_MAGIC) - 1))
		fatal("%s is not a log (it does not begin with " RECORD_MAGIC
		      ")",
		      argv[2]);
	board = take_blob(&p.log, 64);
	opt.strict = take32(&p.log);
	rom = take_blob(&p.log, 1 << 20);
	opt.rom = rom.data;
	opt.rom_bytes = rom.bytes;

	p.ops = load(argv[1]);
	p.model = p.ops->create(&cb, &opt, error, sizeof(error));
	if (!p.model)
		fatal("cannot make the model: %s", error);
	p.ops->info(p.model, &info);
	if (board.bytes != strlen(info.board) ||
	    memcmp(board.data, info.board, board.bytes))
		fatal("the log is of board \"%.*s\", the model is of \"%s\"",
		      (int)board.bytes, (const char *)board.data, info.board);

	while (!p.differs) {
		r = next(&p);
		if (r.kind == RECORD_END)
			break;
		operate(&p, &r);
	}
	if (!p.differs && p.log.at != p.log.bytes)
		fatal("the log is bad: %zu bytes follow its end",
		      p.log.bytes - p.log.at);
	p.ops->info(p.model, &info);
	printf("%" PRIu64 " operations, %" PRIu64 " records, %" PRIu64
	       " cycles: %s\n",
	       p.operations, p.number, info.cycles,
	       p.differs ? "different" : "equal");
	p.ops->destroy(p.model);
	free((void *)p.log.data);
	return p.differs;
}
