/* SPDX-License-Identifier: MIT */
#include "weights.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEADER_BYTES 36u
#define LAYER_BYTES  28u
#define FILE_MAX     (64u << 20)

struct reader {
	const uint8_t *file;
	size_t bytes;
	char *error;
	size_t error_bytes;
};

static int bad(const struct reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int bad(const struct reader *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->error, r->error_bytes, format, ap);
	va_end(ap);
	return -1;
}

static uint32_t u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static int check_header(const struct reader *r)
{
	uint32_t crc;

	if (r->bytes < HEADER_BYTES)
		return bad(r, "size is %zu bytes, the header alone has %u",
			   r->bytes, HEADER_BYTES);
	if (memcmp(r->file, "ASHW", 4))
		return bad(r, "magic is %02x %02x %02x %02x, not \"ASHW\"",
			   r->file[0], r->file[1], r->file[2], r->file[3]);
	if (u32(r->file + 4) != 1)
		return bad(r, "version is %u, this program reads 1",
			   u32(r->file + 4));
	if (u32(r->file + 8) != r->bytes)
		return bad(r, "size field is %u, the file has %zu bytes",
			   u32(r->file + 8), r->bytes);
	crc = (uint32_t)crc32(0, r->file + 16, (uInt)(r->bytes - 16));
	if (crc != u32(r->file + 12))
		return bad(r, "CRC field is 0x%08x, the contents give 0x%08x",
			   u32(r->file + 12), crc);
	return 0;
}

/* An array of count elements of `bytes` at the offset in field. */
static int take_array(const struct reader *r, uint32_t layer, const char *name,
		      const uint8_t *field, uint64_t count, uint32_t bytes,
		      const uint8_t **array)
{
	uint64_t offset = u32(field);

	if (offset % 4)
		return bad(r,
			   "layer %u: offset of %s is %llu, no multiple of 4",
			   layer, name, (unsigned long long)offset);
	if (offset > r->bytes || count * bytes > r->bytes - offset)
		return bad(
			r,
			"layer %u: %s needs %llu bytes at %llu, the file has "
			"%zu",
			layer, name, (unsigned long long)(count * bytes),
			(unsigned long long)offset, r->bytes);
	*array = r->file + offset;
	return 0;
}

static int take_layer(const struct reader *r, uint32_t i, const uint8_t *p,
		      struct layer *l)
{
	uint64_t count;
	float scale;

	l->inputs = u32(p);
	l->outputs = u32(p + 4);
	l->scale_bits = u32(p + 8);
	memcpy(&scale, &l->scale_bits, sizeof(scale));
	if (l->inputs < 1 || l->inputs > WEIGHTS_WIDTH_MAX)
		return bad(r, "layer %u: inputs are %u, allowed 1 .. %u", i,
			   l->inputs, WEIGHTS_WIDTH_MAX);
	if (l->outputs < 1 || l->outputs > WEIGHTS_WIDTH_MAX)
		return bad(r, "layer %u: outputs are %u, allowed 1 .. %u", i,
			   l->outputs, WEIGHTS_WIDTH_MAX);
	if (!isfinite(scale) || scale <= 0)
		return bad(r, "layer %u: scale is %g, must be above 0", i,
			   (double)scale);
	count = (uint64_t)l->inputs * l->outputs;
	if (take_array(r, i, "int8 weights", p + 12, count, 1, &l->w_int8) ||
	    take_array(r, i, "int32 bias", p + 16, l->outputs, 4, &l->b_int8) ||
	    take_array(r, i, "bf16 weights", p + 20, count, 2, &l->w_bf16) ||
	    take_array(r, i, "fp32 bias", p + 24, l->outputs, 4, &l->b_bf16))
		return -1;
	return 0;
}

int weights_parse(struct weights *w, const uint8_t *file, size_t bytes,
		  char *error, size_t error_bytes)
{
	const struct reader r = { file, bytes, error, error_bytes };
	uint64_t rows_at;
	uint32_t i;

	if (check_header(&r))
		return -1;
	w->layers = u32(file + 16);
	w->tests = u32(file + 20);
	w->input_factor = u32(file + 24);
	if (w->layers < 1 || w->layers > WEIGHTS_LAYERS_MAX)
		return bad(&r, "layers are %u, allowed 1 .. %u", w->layers,
			   WEIGHTS_LAYERS_MAX);
	if (w->input_factor < 1 || w->input_factor > 7)
		return bad(&r, "INPUT_INT8 is %u, allowed 1 .. 7",
			   w->input_factor);
	rows_at = HEADER_BYTES + (uint64_t)w->layers * LAYER_BYTES;
	if (w->tests < 1 || rows_at + 2 * (uint64_t)w->tests > bytes)
		return bad(&r,
			   "test rows are %u, allowed 1 .. %llu in %zu bytes",
			   w->tests,
			   (unsigned long long)(bytes > rows_at ?
							(bytes - rows_at) / 2 :
							0),
			   bytes);
	w->test_rows = file + rows_at;
	for (i = 0; i < w->layers; i++) {
		if (take_layer(&r, i, file + HEADER_BYTES + i * LAYER_BYTES,
			       &w->layer[i]))
			return -1;
		if (i > 0 && w->layer[i].inputs != w->layer[i - 1].outputs)
			return bad(&r,
				   "layer %u: inputs are %u, the layer before "
				   "has %u outputs",
				   i, w->layer[i].inputs,
				   w->layer[i - 1].outputs);
	}
	return 0;
}

static int read_whole(struct weights *w, FILE *f, const char *path, char *error,
		      size_t error_bytes)
{
	long size;

	if (fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET)) {
		snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (size == 0 || (unsigned long)size > FILE_MAX) {
		snprintf(error, error_bytes,
			 "%s: size is %ld bytes, allowed 1 .. %u", path, size,
			 FILE_MAX);
		return -1;
	}
	w->bytes = (size_t)size;
	w->file = malloc(w->bytes);
	if (!w->file || fread(w->file, 1, w->bytes, f) != w->bytes) {
		snprintf(error, error_bytes, "%s: cannot read %zu bytes", path,
			 w->bytes);
		return -1;
	}
	return 0;
}

int weights_load(struct weights *w, const char *path, char *error,
		 size_t error_bytes)
{
	char why[200] = "";
	FILE *f = fopen(path, "rb");
	int status;

	memset(w, 0, sizeof(*w));
	if (!f) {
		snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
		return -1;
	}
	status = read_whole(w, f, path, error, error_bytes);
	fclose(f);
	if (status == 0) {
		status = weights_parse(w, w->file, w->bytes, why, sizeof(why));
		if (status)
			snprintf(error, error_bytes, "%s: %s", path, why);
	}
	if (status)
		weights_free(w);
	return status;
}

void weights_free(struct weights *w)
{
	free(w->file);
	memset(w, 0, sizeof(*w));
}

uint32_t weights_test_row(const struct weights *w, uint32_t i)
{
	return w->test_rows[2 * i] | (uint32_t)w->test_rows[2 * i + 1] << 8;
}
