/* SPDX-License-Identifier: MIT */
/* The digits: data/digits.csv.gz. */
#ifndef DEMO_IMAGES_H
#define DEMO_IMAGES_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_SIDE   8u
#define IMAGE_PIXELS 64u
#define IMAGES_MAX   10000u

struct image {
	uint8_t pixel[IMAGE_PIXELS]; /* 0 .. 16, row by row */
	uint8_t label; /* 0 .. 9 */
};

/*
 * Read all rows of 64 pixels and a label. Returns the images (free() them) and
 * their number, or NULL with a sentence that names file, line and value.
 */
struct image *images_load(const char *path, uint32_t *count, char *error,
			  size_t error_bytes);

/* Draw n images beside each other; captions below them, n of width 16. */
void images_draw(const struct image *const *images, uint32_t n);

#endif
