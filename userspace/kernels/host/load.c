/* SPDX-License-Identifier: MIT */
/* Loads the shipped kernels. Part of libashlar. */
#include <stdlib.h>

#include <ashlar/kernels.h>

#include "internal.h"

#define FILE_MAX (16u << 20)

ashlar_result ashlar_kernels_load(ashlar_device *device, ashlar_module **module)
{
	char error[ERROR_BYTES] = "";
	ashlar_result result;
	size_t bytes = 0;
	void *file = NULL;
	char *path;

	result = enter(device, KIND_DEVICE);
	if (result != ASHLAR_OK)
		return result;
	path = data_path(NULL, ASHLAR_KERNELS_FILE);
	if (!path)
		result = fail(device, ASHLAR_ERROR_NO_MEMORY,
			      "no memory for a path");
	else
		file = read_file(path, FILE_MAX, &bytes, &result, error);
	if (path && !file)
		result = fail(device, result, "%s",
			      error[0] ? error : "no memory for a file");
	leave(device);
	free(path);
	if (!file)
		return result;
	result = ashlar_module_load(device, file, bytes, module);
	free(file);
	return result;
}
