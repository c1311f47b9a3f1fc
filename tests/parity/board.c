// SPDX-License-Identifier: MIT
#include "board.h"

#include <libfdt.h>
#include <string.h>

static bool cell(const void *dtb, const char *path, const char *name,
		 uint32_t *value)
{
	int node = fdt_path_offset(dtb, path), bytes = 0;
	const fdt32_t *cells = node < 0 ? NULL :
					  fdt_getprop(dtb, node, name, &bytes);

	if (!cells || bytes != sizeof(*cells)) {
		fprintf(stderr, "parity: no %s in %s of the device tree\n",
			name, path);
		return false;
	}
	*value = fdt32_to_cpu(*cells);
	return true;
}

bool board_take(struct board *b, const struct ashlar_model_info *info)
{
	const void *dtb = info->dtb;

	snprintf(b->name, sizeof(b->name), "%s", info->board);
	b->mem_bytes = info->bar2_bytes;
	return cell(dtb, "/tiles", "ashlar,count", &b->tiles) &&
	       cell(dtb, "/tiles", "ashlar,array", &b->array) &&
	       cell(dtb, "/tiles", "ashlar,accumulators", &b->accs) &&
	       cell(dtb, "/tiles", "ashlar,scratchpad-bytes", &b->spad_bytes) &&
	       cell(dtb, "/tiles", "ashlar,scratchpad-banks", &b->spad_banks) &&
	       cell(dtb, "/tiles", "ashlar,local-bytes", &b->lmem_bytes);
}
