// SPDX-License-Identifier: MIT
/* Where the models are, and loading one. */
#include "board.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As installed; the build sets it from PREFIX. */
#ifndef ASHLAR_DATADIR
#define ASHLAR_DATADIR "/usr/local/share/ashlar"
#endif

/*
 * The data folder: what the environment says; else share/ashlar beside the
 * folder of this program, as in a build tree and a moved installation; else
 * as installed.
 */
static void data_dir(char *dir, size_t bytes)
{
	const char *env = getenv("ASHLAR_DATA_DIR");
	char self[PATH_MAX];
	ssize_t n;
	char *slash;

	if (env && *env) {
		snprintf(dir, bytes, "%s", env);
		return;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		n = snprintf(dir, bytes, "%s/../share/ashlar", self);
		if ((size_t)n < bytes && !access(dir, X_OK))
			return;
	}
	snprintf(dir, bytes, "%s", ASHLAR_DATADIR);
}

static bool is_file(const char *model)
{
	size_t n = strlen(model);

	return strchr(model, '/') || (n > 3 && !strcmp(model + n - 3, ".so"));
}

/* The model's file; false with a sentence when there is none. */
static bool model_path(const struct board_options *opt, char *path,
		       size_t bytes, char *error, size_t error_bytes)
{
	const char *board = opt->board ? opt->board : "sim";
	char dir[PATH_MAX];
	int n;

	if (is_file(opt->model)) {
		/* dlopen() looks elsewhere for a name without a slash. */
		n = snprintf(path, bytes, "%s%s",
			     strchr(opt->model, '/') ? "" : "./", opt->model);
	} else {
		data_dir(dir, sizeof(dir));
		n = snprintf(path, bytes, "%s/ashlar-model-%s-%s.so", dir,
			     opt->model, board);
	}
	if (n < 0 || (size_t)n >= bytes) {
		snprintf(error, error_bytes,
			 "the path of the model has %d bytes, more than %zu", n,
			 bytes - 1);
		return false;
	}
	if (!access(path, R_OK))
		return true;
	if (is_file(opt->model))
		snprintf(error, error_bytes, "cannot read model %s: %m", path);
	else
		snprintf(
			error, error_bytes,
			"no %s model of board %s: %s is not there; build it, or set ASHLAR_DATA_DIR to the folder that has it",
			opt->model, board, path);
	return false;
}

int board_load(struct board *b, const struct board_options *opt, char *error,
	       size_t error_bytes)
{
	const struct ashlar_model_ops *(*get)(void);
	char path[PATH_MAX + 64];

	if (!model_path(opt, path, sizeof(path), error, error_bytes))
		return -1;
	b->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!b->library) {
		snprintf(error, error_bytes, "cannot load the model: %s",
			 dlerror());
		return -1;
	}
	*(void **)&get = dlsym(b->library, "ashlar_model_get");
	if (!get) {
		snprintf(
			error, error_bytes,
			"%s is not a board model: it has no ashlar_model_get()",
			path);
		return -1;
	}
	b->ops = get();
	if (b->ops->abi != ASHLAR_MODEL_ABI || b->ops->size < sizeof(*b->ops)) {
		snprintf(
			error, error_bytes,
			"%s has interface version %u, this server speaks %u; install both from one release",
			path, b->ops->abi, ASHLAR_MODEL_ABI);
		return -1;
	}
	return 0;
}
