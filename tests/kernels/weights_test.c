/* SPDX-License-Identifier: MIT */
/*
 * weights_test WEIGHTS: the demo's reader of weights against malformed files:
 * named damages give the named sentence, random ones never a crash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "kt.h"
#include "weights.h"

static unsigned long passed, failed;

static void put(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

/* Give the copy a right size and CRC again, so that deeper checks are met. */
static void seal(uint8_t *file, size_t bytes)
{
	put(file + 8, (uint32_t)bytes);
	put(file + 12, (uint32_t)crc32(0, file + 16, (uInt)(bytes - 16)));
}

static void expect(const char *what, const uint8_t *file, size_t bytes,
		   const char *sentence)
{
	/* A copy of the exact size: reading behind it is an error. */
	uint8_t *copy = malloc(bytes ? bytes : 1);
	char error[300] = "";
	struct weights w;
	int status;

	if (!copy)
		abort();
	memcpy(copy, file, bytes);
	memset(&w, 0, sizeof(w));
	status = weights_parse(&w, copy, bytes, error, sizeof(error));
	if (sentence ? status == -1 && strstr(error, sentence) : status == 0) {
		passed++;
	} else {
		failed++;
		printf("FAIL %s: status %d, \"%s\", expected \"%s\"\n", what,
		       status, error, sentence ? sentence : "no error");
	}
	free(copy);
}

static void named(const struct weights *good)
{
	static const struct {
		const char *what;
		uint32_t at, value;
		const char *sentence;
		int sealed;
	} cases[] = {
		{ "magic", 0, 0x11223344, "magic is 44 33 22 11", 0 },
		{ "version", 4, 7, "version is 7, this program reads 1", 0 },
		{ "size", 8, 12, "size field is 12", 0 },
		{ "crc", 12, 1, "CRC field is 0x00000001", 0 },
		{ "layers 0", 16, 0, "layers are 0, allowed 1 .. 16", 1 },
		{ "layers", 16, 17, "layers are 17, allowed 1 .. 16", 1 },
		{ "tests 0", 20, 0, "test rows are 0", 1 },
		{ "tests", 20, 0xffffffff, "test rows are 4294967295", 1 },
		{ "factor", 24, 8, "INPUT_INT8 is 8, allowed 1 .. 7", 1 },
		{ "inputs", 36, 4097, "layer 0: inputs are 4097", 1 },
		{ "outputs", 40, 0, "layer 0: outputs are 0", 1 },
		{ "scale", 44, 0x7fc00000, "layer 0: scale is", 1 },
		{ "offset", 48, 6, "layer 0: offset of int8 weights is 6", 1 },
		{ "far", 52, 0xfffffffc, "layer 0: int32 bias needs", 1 },
		{ "chain", 64, 63, "layer 1: inputs are 63, the layer before",
		  1 },
	};
	uint8_t *file = malloc(good->bytes);
	size_t i;

	if (!file)
		abort();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(file, good->file, good->bytes);
		put(file + cases[i].at, cases[i].value);
		if (cases[i].sealed)
			seal(file, good->bytes);
		expect(cases[i].what, file, good->bytes, cases[i].sentence);
	}
	expect("short", good->file, 35, "size is 35 bytes, the header alone");
	expect("empty", good->file, 0, "size is 0 bytes");
	expect("cut", good->file, good->bytes - 1, "size field is");
	expect("whole", good->file, good->bytes, NULL);
	free(file);
}

/* Random damage behind a right CRC: an error or not, but no bad access. */
static void random_damage(const struct weights *good)
{
	struct kt_random r = { 1 };
	uint8_t *file = malloc(good->bytes);
	int i;

	if (!file)
		abort();
	for (i = 0; i < 2000; i++) {
		size_t bytes =
			kt_range(&r, 40, 200 + (uint32_t)good->bytes / 50);
		char error[300];
		struct weights w;
		uint8_t *exact;
		uint32_t n, sum = 0;

		memcpy(file, good->file, good->bytes);
		for (n = kt_range(&r, 1, 4); n; n--)
			put(file + 4 * kt_range(&r, 4, 29),
			    (uint32_t)kt_random(&r) >> kt_range(&r, 0, 31));
		if (kt_range(&r, 0, 1))
			bytes = good->bytes;
		exact = malloc(bytes);
		if (!exact)
			abort();
		memcpy(exact, file, bytes);
		seal(exact, bytes);
		memset(&w, 0, sizeof(w));
		if (weights_parse(&w, exact, bytes, error, sizeof(error)) ==
		    0) {
			/* All that it accepts is there to be read. */
			for (n = 0; n < w.layers; n++) {
				const struct layer *l = &w.layer[n];

				sum += l->w_int8[l->inputs * l->outputs - 1];
				sum += l->w_bf16[2 * l->inputs * l->outputs -
						 1];
				sum += l->b_bf16[4 * l->outputs - 1];
				sum += l->b_int8[4 * l->outputs - 1];
			}
			sum += weights_test_row(&w, w.tests - 1);
		}
		/* Keeps the reads. */
		__asm__ volatile("" : : "r"(sum));
		free(exact);
	}
	passed++;
	free(file);
}

int main(int argc, char **argv)
{
	struct weights good;
	char error[400];

	if (argc != 2) {
		fprintf(stderr, "use: %s WEIGHTS\n", argv[0]);
		return 2;
	}
	if (weights_load(&good, argv[1], error, sizeof(error))) {
		printf("FAIL %s\n", error);
		printf("0 passed, 1 failed\n");
		return 1;
	}
	named(&good);
	random_damage(&good);
	weights_free(&good);
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
