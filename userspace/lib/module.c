// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "internal.h"
#include "kernel_elf.h"

/* --- Module ------------------------------------------------------------------ */

static void module_destroy(struct handle *h)
{
	struct ashlar_module *m = (struct ashlar_module *)h;

	memory_release(h->dev, m->memory);
	free(m->kernels);
}

static uint32_t local_need(const struct ashlar_kernel_desc *d,
			   uint32_t memory_bytes)
{
	uint32_t least = memory_bytes + ASHLAR_KERNEL_ARG_AREA;

	return d->lmem_bytes > least ? d->lmem_bytes : least;
}

static ashlar_result too_much(struct ashlar_device *dev, const char *kernel,
			      const char *what, uint32_t need, uint32_t have)
{
	return fail(dev, ASHLAR_ERROR_LIMIT,
		    "kernel %s needs %s of %u, board %s has %u", kernel, what,
		    need, dev->board->topology.board, have);
}

static ashlar_result check_fit(struct ashlar_device *dev,
			       const struct kernel_elf *k,
			       const struct ashlar_kernel_desc *d)
{
	const struct topology *t = &dev->board->topology;
	const struct ashlar_version_range *fw =
		&dev->board->port->facts.kernels;

	if (d->abi_min > fw->max || d->abi_max < fw->min)
		return fail(
			dev, ASHLAR_ERROR_VERSION,
			"kernel %s speaks kernel interface %u.%u to %u.%u, the board %u.%u to %u.%u; build it with the SDK of this release",
			d->name, ASHLAR_VERSION_MAJOR(d->abi_min),
			ASHLAR_VERSION_MINOR(d->abi_min),
			ASHLAR_VERSION_MAJOR(d->abi_max),
			ASHLAR_VERSION_MINOR(d->abi_max),
			ASHLAR_VERSION_MAJOR(fw->min),
			ASHLAR_VERSION_MINOR(fw->min),
			ASHLAR_VERSION_MAJOR(fw->max),
			ASHLAR_VERSION_MINOR(fw->max));
	if (local_need(d, k->memory_bytes) > t->lmem_bytes)
		return too_much(dev, d->name, "local memory",
				local_need(d, k->memory_bytes), t->lmem_bytes);
	if (d->spad_bytes > t->spad_bytes)
		return too_much(dev, d->name, "a scratchpad", d->spad_bytes,
				t->spad_bytes);
	if (d->array_min > t->array)
		return too_much(dev, d->name, "an array", d->array_min,
				t->array);
	if (d->array_max && d->array_max < t->array)
		return fail(dev, ASHLAR_ERROR_LIMIT,
			    "kernel %s takes arrays up to %u, board %s has %u",
			    d->name, d->array_max, t->board, t->array);
	if (d->accs_min > t->accs)
		return too_much(dev, d->name, "a number of accumulators",
				d->accs_min, t->accs);
	return ASHLAR_OK;
}

static ashlar_result upload(struct ashlar_device *dev, struct kernel_elf *k,
			    struct ashlar_module **out)
{
	struct ashlar_module *m = calloc(1, sizeof(*m));
	ashlar_result result;

	if (!m)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a module handle");
	result = memory_new(dev, k->image_bytes, PORT_PAGE,
			    ASHLAR_BUFFER_READ_ONLY, &m->memory);
	if (result) {
		free(m);
		return result;
	}
	result = memory_write(dev, m->memory, 0, k->image, k->image_bytes);
	if (result) {
		memory_release(dev, m->memory);
		free(m);
		return result;
	}
	m->image_bytes = k->image_bytes;
	m->text_bytes = k->text_bytes;
	m->memory_bytes = k->memory_bytes;
	m->serial = ++dev->code_serial;
	m->kernels = k->kernels;
	m->kernel_count = k->kernel_count;
	k->kernels = NULL;
	handle_init(&m->h, KIND_MODULE, dev, module_destroy);
	result = handle_publish(&m->h);
	if (result) {
		handle_put(&m->h);
		handle_put(&dev->h);
		return fail(dev, result, "no host memory for a module handle");
	}
	*out = m;
	return ASHLAR_OK;
}

ashlar_result module_new(struct ashlar_device *dev, const void *elf,
			 size_t bytes, ashlar_module **out)
{
	char error[ERROR_BYTES];
	struct kernel_elf k;
	ashlar_result result = ASHLAR_OK;
	int r;

	if (!elf)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "the kernel file is NULL");
	r = kernel_elf_parse(elf, bytes, &k, error, sizeof(error));
	if (r == -1)
		return fail(dev, ASHLAR_ERROR_FORMAT, "%s", error);
	if (r)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory to read the kernel file");
	for (uint32_t i = 0; !result && i < k.kernel_count; i++)
		result = check_fit(dev, &k, &k.kernels[i]);
	if (!result)
		result = upload(dev, &k, out);
	kernel_elf_free(&k);
	return result;
}

ashlar_result ashlar_module_load(ashlar_device *device, const void *elf,
				 size_t bytes, ashlar_module **module)
{
	ashlar_result result = enter(device, KIND_DEVICE);

	if (result)
		return result;
	if (module) {
		*module = NULL;
		result = module_new(device, elf, bytes, module);
	} else {
		result = fail(device, ASHLAR_ERROR_INVALID,
			      "nowhere to store the module: NULL");
	}
	leave(device);
	return result;
}

void ashlar_module_unref(ashlar_module *module)
{
	release(module, KIND_MODULE);
}

/* --- Kernel ------------------------------------------------------------------- */

static void kernel_destroy(struct handle *h)
{
	struct ashlar_kernel *k = (struct ashlar_kernel *)h;

	handle_put(&k->module->h);
}

static const struct ashlar_kernel_desc *find(const struct ashlar_module *m,
					     const char *name)
{
	if (!name)
		return m->kernel_count == 1 ? &m->kernels[0] : NULL;
	for (uint32_t i = 0; i < m->kernel_count; i++)
		if (!strcmp(m->kernels[i].name, name))
			return &m->kernels[i];
	return NULL;
}

static ashlar_result not_there(struct ashlar_module *m, const char *name)
{
	char all[200] = "";
	size_t at = 0;

	for (uint32_t i = 0; i < m->kernel_count && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, " %s",
				       m->kernels[i].name);
	if (!name)
		return fail(m->h.dev, ASHLAR_ERROR_NOT_FOUND,
			    "the module has %u kernels, name one:%s",
			    m->kernel_count, all);
	return fail(m->h.dev, ASHLAR_ERROR_NOT_FOUND,
		    "no kernel %.*s in the module, but:%s",
		    ASHLAR_KERNEL_NAME_MAX, name, all);
}

ashlar_result kernel_new(struct ashlar_module *m, const char *name,
			 ashlar_kernel **out)
{
	const struct ashlar_kernel_desc *d = find(m, name);
	struct ashlar_device *dev = m->h.dev;
	struct ashlar_kernel *k;
	ashlar_result result;

	if (!d)
		return not_there(m, name);
	k = calloc(1, sizeof(*k));
	if (!k)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a kernel handle");
	k->module = m;
	k->desc = d;
	handle_ref(&m->h);
	handle_init(&k->h, KIND_KERNEL, dev, kernel_destroy);
	result = handle_publish(&k->h);
	if (result) {
		handle_put(&k->h);
		handle_put(&dev->h);
		return fail(dev, result, "no host memory for a kernel handle");
	}
	*out = k;
	return ASHLAR_OK;
}

ashlar_result ashlar_module_kernel(ashlar_module *module, const char *name,
				   ashlar_kernel **kernel)
{
	ashlar_result result = enter(module, KIND_MODULE);

	if (result)
		return result;
	if (kernel) {
		*kernel = NULL;
		result = kernel_new(module, name, kernel);
	} else {
		result = fail(module->h.dev, ASHLAR_ERROR_INVALID,
			      "nowhere to store the kernel: NULL");
	}
	leave(module);
	return result;
}

void ashlar_kernel_unref(ashlar_kernel *kernel)
{
	release(kernel, KIND_KERNEL);
}

ashlar_result ashlar_kernel_query(ashlar_kernel *kernel,
				  struct ashlar_kernel_info *info)
{
	ashlar_result result = enter(kernel, KIND_KERNEL);
	struct ashlar_kernel_info i = { 0 };

	if (result)
		return result;
	i.flags = kernel->desc->flags;
	memcpy(i.name, kernel->desc->name, sizeof(i.name));
	i.arg_bytes = kernel->desc->arg_bytes;
	i.local_bytes = local_need(kernel->desc, kernel->module->memory_bytes);
	i.scratchpad_bytes = kernel->desc->spad_bytes;
	i.tiles_max = kernel->desc->tiles_max;
	i.text_bytes = kernel->module->text_bytes;
	i.image_bytes = kernel->module->image_bytes;
	result = give_struct(kernel->h.dev, info,
			     END_OF(struct ashlar_kernel_info, image_bytes), &i,
			     sizeof(i), "info");
	leave(kernel);
	return result;
}
