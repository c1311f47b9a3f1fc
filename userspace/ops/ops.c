// SPDX-License-Identifier: MIT
/* The operator library's handle: kernel files and kernels; from plan to queue. */
#include <inttypes.h>
#include <stdlib.h>

#include <ashlar/ops.h>

#include "internal.h"
#include "plan.h"

#define FILE_BYTES_MAX (16u << 20)
#define NAME_BYTES     48

/* A kernel file that is loaded, and a kernel that was asked for. */
struct ops_file {
	struct ops_file *next;
	char name[NAME_BYTES];
	ashlar_module *module;
};

struct ops_kernel {
	struct ops_kernel *next;
	char file[NAME_BYTES], name[NAME_BYTES];
	ashlar_kernel *kernel;
};

struct ashlar_ops {
	struct handle h;
	struct ops_file *files;
	struct ops_kernel *kernels;
};

/* --- Life ------------------------------------------------------------------------- */

/* Give up a handle of ours; the board is locked. */
static void drop(struct handle *h, enum kind kind)
{
	struct ashlar_device *dev = h->dev;

	if (!handle_release(h, kind))
		return;
	handle_put(h);
	handle_put(&dev->h);
}

static void ops_destroy(struct handle *h)
{
	struct ashlar_ops *ops = (struct ashlar_ops *)h;

	while (ops->kernels) {
		struct ops_kernel *k = ops->kernels;

		ops->kernels = k->next;
		drop(&k->kernel->h, KIND_KERNEL);
		free(k);
	}
	while (ops->files) {
		struct ops_file *f = ops->files;

		ops->files = f->next;
		drop(&f->module->h, KIND_MODULE);
		free(f);
	}
}

ashlar_result ashlar_ops_open(ashlar_device *device, ashlar_ops **out)
{
	ashlar_result result = enter(device, KIND_DEVICE);
	struct ashlar_ops *ops;

	if (result)
		return result;
	if (!out) {
		result = fail(device, ASHLAR_ERROR_INVALID,
			      "nowhere to store the operator library: NULL");
		goto leave;
	}
	*out = NULL;
	ops = calloc(1, sizeof(*ops));
	if (ops) {
		handle_init(&ops->h, KIND_OPS, device, ops_destroy);
		result = handle_publish(&ops->h);
		if (result) {
			handle_put(&ops->h);
			handle_put(&device->h);
		}
	}
	if (!ops || result)
		result = fail(device, ASHLAR_ERROR_NO_MEMORY,
			      "no host memory for the operator library");
	else
		*out = ops;
leave:
	leave(device);
	return result;
}

void ashlar_ops_unref(ashlar_ops *ops)
{
	release(ops, KIND_OPS);
}

/* --- Kernels ------------------------------------------------------------------------ */

static ashlar_result load_file(struct ashlar_device *dev, const char *name,
			       ashlar_module **module)
{
	char rel[NAME_BYTES + 16], error[ERROR_BYTES] = "";
	ashlar_result result = ASHLAR_OK;
	size_t bytes = 0;
	void *file;
	char *path;

	snprintf(rel, sizeof(rel), "ashlar-%s.elf", name);
	path = data_path(NULL, rel);
	if (!path)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no memory for a path");
	file = read_file(path, FILE_BYTES_MAX, &bytes, &result, error);
	free(path);
	if (!file)
		return fail(dev, result, "%s",
			    error[0] ? error : "no memory for a file");
	result = module_new(dev, file, bytes, module);
	free(file);
	return result;
}

static ashlar_result find_module(struct ashlar_ops *ops, const char *name,
				 ashlar_module **module)
{
	struct ops_file *f;
	ashlar_result result;

	for (f = ops->files; f; f = f->next)
		if (!strcmp(f->name, name)) {
			*module = f->module;
			return ASHLAR_OK;
		}
	f = calloc(1, sizeof(*f));
	if (!f)
		return fail(ops->h.dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a kernel file");
	result = load_file(ops->h.dev, name, &f->module);
	if (result) {
		free(f);
		return result;
	}
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->next = ops->files;
	ops->files = f;
	*module = f->module;
	return ASHLAR_OK;
}

static ashlar_result find_kernel(struct ashlar_ops *ops, const char *file,
				 const char *name, ashlar_kernel **kernel)
{
	ashlar_module *module = NULL;
	struct ops_kernel *k;
	ashlar_result result;

	for (k = ops->kernels; k; k = k->next)
		if (!strcmp(k->name, name) && !strcmp(k->file, file)) {
			*kernel = k->kernel;
			return ASHLAR_OK;
		}
	result = find_module(ops, file, &module);
	if (result)
		return result;
	k = calloc(1, sizeof(*k));
	if (!k)
		return fail(ops->h.dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a kernel");
	result = kernel_new(module, name, &k->kernel);
	if (result) {
		free(k);
		return result;
	}
	snprintf(k->file, sizeof(k->file), "%s", file);
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->next = ops->kernels;
	ops->kernels = k;
	*kernel = k->kernel;
	return ASHLAR_OK;
}

/* --- Plans --------------------------------------------------------------------------- */

static struct plan_board board_of(const struct ashlar_ops *ops, uint32_t tiles)
{
	const struct topology *t = &ops->h.dev->board->topology;

	return (struct plan_board){
		.array = t->array,
		.accs = t->accs,
		.spad_bytes = t->spad_bytes,
		.spad_banks = t->spad_banks,
		.lmem_bytes = t->lmem_bytes,
		.tiles = tiles && tiles < t->tiles ? tiles : t->tiles,
	};
}

ashlar_result ashlar_op_workspace(ashlar_ops *ops, const struct ashlar_op *op,
				  uint64_t *bytes)
{
	ashlar_result result = enter(ops, KIND_OPS);
	struct plan_board board;
	struct plan p;

	if (result)
		return result;
	if (!bytes) {
		result = fail(ops->h.dev, ASHLAR_ERROR_INVALID,
			      "nowhere to store the bytes: NULL");
		goto leave;
	}
	board = board_of(ops, 0);
	result = plan_make(&p, &board, op, 0);
	if (result)
		fail(ops->h.dev, result, "%s", p.check.text);
	else
		*bytes = p.workspace_bytes;
	plan_free(&p);
leave:
	leave(ops);
	return result;
}

/* Whose queue or list it is, and which. */
static ashlar_result check_place(struct ashlar_ops *ops,
				 const struct ashlar_op_place *place,
				 ashlar_fence **fence)
{
	struct ashlar_device *dev = ops->h.dev;

	if (place->reserved)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "place: reserved is %u, not 0", place->reserved);
	if (!place->queue == !place->list)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"place: queue is %p and list %p; one of them is needed",
			(void *)place->queue, (void *)place->list);
	if (place->workspace % 64)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "place: workspace is 0x%" PRIx64
			    ", not a multiple of 64",
			    place->workspace);
	if (place->list && (fence || place->wait_count))
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"place: a list has neither fence nor waits; its submission has");
	return place->queue ? borrow(dev, place->queue, KIND_QUEUE, "queue") :
			      borrow(dev, place->list, KIND_CMDLIST, "list");
}

static ashlar_result launch_infos(struct ashlar_ops *ops, const struct plan *p,
				  const struct ashlar_op_place *place,
				  struct ashlar_launch_info *infos)
{
	ashlar_result result = ASHLAR_OK;
	uint32_t i;

	for (i = 0; !result && i < p->count; i++) {
		const struct plan_launch *l = &p->launches[i];
		struct ashlar_launch_info *info = &infos[i];

		info->size = sizeof(*info);
		info->args = l->args;
		info->arg_bytes = l->arg_bytes;
		info->tiles = place->tiles;
		if (l->tiles && l->tiles < p->board.tiles)
			info->tiles = l->tiles;
		memcpy(info->grid, l->grid, sizeof(info->grid));
		info->tag = place->tag;
		result = find_kernel(ops, l->file, l->kernel, &info->kernel);
	}
	return result;
}

static ashlar_result submit_plan(struct ashlar_ops *ops, const struct plan *p,
				 const struct ashlar_op_place *place,
				 ashlar_fence **fence)
{
	struct ashlar_device *dev = ops->h.dev;
	struct ashlar_launch_info *infos;
	ashlar_result result;

	if (p->workspace_bytes > place->workspace_bytes ||
	    (p->workspace_bytes && !place->workspace))
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "%s: workspace has %" PRIu64 " bytes at 0x%" PRIx64
			    ", but %" PRIu64
			    " are needed (ashlar_op_workspace())",
			    p->check.op, place->workspace_bytes,
			    place->workspace, p->workspace_bytes);
	infos = calloc(p->count ? p->count : 1, sizeof(*infos));
	if (!infos)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for %u launches", p->count);
	result = launch_infos(ops, p, place, infos);
	if (!result && place->queue)
		result = submit_launches(place->queue, infos, p->count,
					 place->waits, place->wait_count,
					 fence);
	else if (!result)
		result = cmdlist_add(place->list, infos, p->count);
	free(infos);
	return result;
}

ashlar_result ashlar_op_submit(ashlar_ops *ops, const struct ashlar_op *op,
			       const struct ashlar_op_place *place,
			       ashlar_fence **fence)
{
	struct ashlar_op_place at = { 0 };
	struct plan_board board;
	ashlar_result result;
	struct plan p;

	if (fence)
		*fence = NULL;
	result = enter(ops, KIND_OPS);
	if (result)
		return result;
	result = take_struct(ops->h.dev, place,
			     END_OF(struct ashlar_op_place, reserved), 0, &at,
			     sizeof(at), "place");
	if (!result)
		result = check_place(ops, &at, fence);
	if (result)
		goto leave;
	board = board_of(ops, at.tiles);
	result = plan_make(&p, &board, op, at.workspace);
	if (result)
		fail(ops->h.dev, result, "%s", p.check.text);
	else
		result = submit_plan(ops, &p, &at, fence);
	plan_free(&p);
leave:
	leave(ops);
	return result;
}
