// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "ashlar_regs.h"
#include "crc32.h"
#include "image.h"

#define LOAD_MIN   ((uint32_t)ASHLAR_MAP_MP_TCM_BASE)
#define LOAD_BYTES ((uint32_t)ASHLAR_MAP_MP_TCM_BYTES - ROM_RESERVED_BYTES)

unsigned int image_check_size(uint32_t boot_bytes)
{
	if (boot_bytes < sizeof(struct ashlar_image) + 8 ||
	    boot_bytes > sizeof(struct ashlar_image) + LOAD_BYTES)
		return ASHLAR_POST_BAD_SIZE;
	return 0;
}

unsigned int image_check_header(const struct ashlar_image *h,
				uint32_t boot_bytes, uint32_t hw_version)
{
	if (h->magic != ASHLAR_IMAGE_MAGIC)
		return ASHLAR_POST_BAD_MAGIC;
	if (h->header_crc32 !=
	    crc32(h, offsetof(struct ashlar_image, header_crc32)))
		return ASHLAR_POST_BAD_HEADER;
	if (h->header_bytes != sizeof(*h) || h->reserved)
		return ASHLAR_POST_BAD_HEADER;

	/* Differences of values already bounded: no sum here can overflow. */
	if (h->payload_bytes < 8 || h->payload_bytes & 7 ||
	    h->payload_bytes > LOAD_BYTES)
		return ASHLAR_POST_BAD_HEADER;
	if (boot_bytes < sizeof(*h) ||
	    boot_bytes - sizeof(*h) < h->payload_bytes)
		return ASHLAR_POST_BAD_SIZE;
	if (h->load_addr & 7 || h->load_addr < LOAD_MIN ||
	    h->load_addr - LOAD_MIN > LOAD_BYTES - h->payload_bytes)
		return ASHLAR_POST_BAD_HEADER;
	if (h->entry & 1 || h->entry < h->load_addr ||
	    h->entry - h->load_addr > h->payload_bytes - 4)
		return ASHLAR_POST_BAD_HEADER;

	if (h->hw.min > h->hw.max)
		return ASHLAR_POST_BAD_HEADER;
	if (hw_version < h->hw.min || hw_version > h->hw.max)
		return ASHLAR_POST_BAD_HW;
	return 0;
}
