/* SPDX-License-Identifier: MIT */
#include "images.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* One number of a line; *text moves behind it and its comma. */
static int take_number(const char **text, uint32_t most, uint32_t *value)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)**text))
		return -1;
	v = strtoul(*text, &end, 10);
	*value = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	if (v > most)
		return -1;
	*text = *end == ',' ? end + 1 : end;
	return 0;
}

static int take_line(const char *line, struct image *image, char *why,
		     size_t why_bytes)
{
	const char *p = line;
	uint32_t i, value = 0;

	for (i = 0; i <= IMAGE_PIXELS; i++) {
		uint32_t most = i < IMAGE_PIXELS ? 16 : 9;

		if (take_number(&p, most, &value)) {
			snprintf(why, why_bytes,
				 "column %u is \"%.8s\", allowed 0 .. %u",
				 i + 1, p, most);
			return -1;
		}
		if (i < IMAGE_PIXELS)
			image->pixel[i] = (uint8_t)value;
		else
			image->label = (uint8_t)value;
	}
	if (*p != '\n' && *p != '\r' && *p != 0) {
		snprintf(why, why_bytes, "more than %u columns",
			 IMAGE_PIXELS + 1);
		return -1;
	}
	return 0;
}

struct image *images_load(const char *path, uint32_t *count, char *error,
			  size_t error_bytes)
{
	struct image *images = calloc(IMAGES_MAX, sizeof(*images));
	gzFile f = gzopen(path, "rb");
	char line[1024];
	char why[120];
	uint32_t n = 0;
	int status = 0;

	if (!images || !f) {
		snprintf(error, error_bytes, "%s: cannot be opened", path);
		goto fail;
	}
	while (gzgets(f, line, sizeof(line))) {
		if (n == IMAGES_MAX) {
			snprintf(error, error_bytes,
				 "%s: more than %u lines, the most allowed",
				 path, IMAGES_MAX);
			goto fail;
		}
		if (take_line(line, &images[n], why, sizeof(why))) {
			snprintf(error, error_bytes, "%s: line %u: %s", path,
				 n + 1, why);
			goto fail;
		}
		n++;
	}
	gzerror(f, &status);
	if (status < 0 || n == 0) {
		snprintf(error, error_bytes,
			 "%s: broken or empty after %u lines (zlib %d)", path,
			 n, status);
		goto fail;
	}
	gzclose(f);
	*count = n;
	return images;
fail:
	if (f)
		gzclose(f);
	free(images);
	return NULL;
}

void images_draw(const struct image *const *images, uint32_t n)
{
	static const char ink[] = " .:-=+*#%@";
	uint32_t y, x, i;

	for (y = 0; y < IMAGE_SIDE; y++) {
		printf("  ");
		for (i = 0; i < n; i++) {
			for (x = 0; x < IMAGE_SIDE; x++) {
				uint32_t v =
					images[i]->pixel[y * IMAGE_SIDE + x];
				char c = ink[v * 9 / 16];

				printf("%c%c", c, c);
			}
			printf("  ");
		}
		printf("\n");
	}
}
