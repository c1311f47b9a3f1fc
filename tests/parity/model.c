// SPDX-License-Identifier: MIT
/* Models as shared objects. */
#include "board.h"
#include "parity.h"

#include <dlfcn.h>
#include <string.h>

static int refuse_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	(void)ctx, (void)addr, (void)data, (void)bytes;
	return -1;
}

static int refuse_write(void *ctx, uint64_t addr, const void *data,
			size_t bytes)
{
	(void)ctx, (void)addr, (void)data, (void)bytes;
	return -1;
}

static void no_vector(void *ctx, unsigned int vector)
{
	(void)ctx, (void)vector;
}

/* A board made only to ask it what it is. */
static bool ask(struct model *m)
{
	const struct ashlar_model_callbacks cb = {
		.dma_read = refuse_read,
		.dma_write = refuse_write,
		.raise_vector = no_vector,
	};
	const struct ashlar_model_options opt = {
		.size = sizeof(opt), .rom = "", .rom_bytes = 1, .memory_fd = -1
	};
	struct ashlar_model_info info = { .size = sizeof(info) };
	struct ashlar_model *board;
	char error[256] = "";
	bool ok;

	board = m->ops->create(&cb, &opt, error, sizeof(error));
	if (!board) {
		fprintf(stderr, "%s: %s\n", m->path, error);
		return false;
	}
	m->ops->info(board, &info);
	ok = board_take(&m->board, &info);
	m->ops->destroy(board);
	return ok;
}

bool model_open(struct model *m, const char *path)
{
	const struct ashlar_model_ops *(*get)(void);
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol;

	m->path = path;
	if (!object) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	symbol = dlsym(object, "ashlar_model_get");
	if (!symbol) {
		fprintf(stderr, "%s: exports no ashlar_model_get\n", path);
		return false;
	}
	memcpy(&get, &symbol, sizeof(get));
	m->ops = get();
	if (m->ops->abi != ASHLAR_MODEL_ABI) {
		fprintf(stderr, "%s: interface %u, this tool knows %u\n", path,
			m->ops->abi, ASHLAR_MODEL_ABI);
		return false;
	}
	return ask(m);
}
