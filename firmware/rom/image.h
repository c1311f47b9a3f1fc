/* SPDX-License-Identifier: MIT */
/* Checks of a firmware image header, without hardware. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#include "ashlar_abi.h"

/* The end of TCM that belongs to the ROM: its stack and header copy. */
#define ROM_RESERVED_BYTES 1024u

/*
 * Is boot_bytes (HOST.BOOT_BYTES) a size an image can have? Returns 0 or
 * ASHLAR_POST_BAD_SIZE.
 */
unsigned int image_check_size(uint32_t boot_bytes);

/*
 * Check a private copy of the header against the size the host stated and
 * the board's HW_VERSION. Returns 0, or the post code that says what is wrong
 * (BAD_MAGIC, BAD_HEADER, BAD_SIZE, BAD_HW). When it returns 0 the payload
 * lies in TCM below the ROM's part, and the entry lies in the payload.
 */
unsigned int image_check_header(const struct ashlar_image *h,
				uint32_t boot_bytes, uint32_t hw_version);

#endif
