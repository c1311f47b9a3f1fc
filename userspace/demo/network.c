/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels_ref.h"

static uint64_t take(struct network *n, uint64_t bytes)
{
	/* Offset 0 stays free: it would mean "no bias". */
	uint64_t at = (n->bytes + 64 + 63) & ~63ull;

	n->bytes = at + bytes;
	return at;
}

/* The layers' arguments, with offsets. */
static void lay_out(struct network *n, const struct weights *w)
{
	bool int8 = n->form == FORM_INT8;
	uint32_t in = int8 ? 1 : 2;
	uint64_t x = take(n, (uint64_t)n->rows * w->layer[0].inputs * in);
	uint32_t i;

	for (i = 0; i < n->layers; i++) {
		const struct layer *l = &w->layer[i];
		struct ashlar_gemm_args *g = &n->layer[i];
		bool last = i + 1 == n->layers;

		g->type = int8 ? ASHLAR_I8 : ASHLAR_BF16;
		g->out = int8 ? ASHLAR_I8 : last ? ASHLAR_F32 : ASHLAR_BF16;
		g->m = n->rows;
		g->n = l->outputs;
		g->k = l->inputs;
		g->lda = l->inputs;
		g->ldb = l->inputs;
		g->ldc = l->outputs;
		g->flags = ASHLAR_GEMM_TRANS_B;
		if (int8)
			g->flags |= ASHLAR_GEMM_SCALE;
		if (!last)
			g->flags |= ASHLAR_GEMM_RELU;
		g->scale_bits = l->scale_bits;
		g->a = x;
		g->b = take(n, (uint64_t)l->outputs * l->inputs * in);
		g->bias = take(n, 4 * (uint64_t)l->outputs);
		g->c = take(n, (uint64_t)n->rows * l->outputs *
				       ashlar_format_bytes(g->out));
		x = g->c;
		n->macs += (uint64_t)g->m * g->n * g->k;
	}
}

static void fill_inputs(struct network *n, uint32_t factor,
			const struct image *const *images)
{
	uint8_t *to = n->memory + n->layer[0].a;
	uint32_t i, p;

	for (i = 0; i < n->rows; i++) {
		for (p = 0; p < IMAGE_PIXELS; p++) {
			uint32_t pixel = images[i]->pixel[p];
			float f = (float)pixel / 16;
			uint32_t bits;

			if (n->form == FORM_INT8) {
				*to++ = (uint8_t)(pixel * factor);
				continue;
			}
			/* Exact: pixels have five bits. */
			memcpy(&bits, &f, sizeof(bits));
			*to++ = (uint8_t)(bits >> 16);
			*to++ = (uint8_t)(bits >> 24);
		}
	}
}

int network_init(struct network *n, enum form form, const struct weights *w,
		 const struct image *const *images, uint32_t rows)
{
	uint32_t i;

	memset(n, 0, sizeof(*n));
	n->form = form;
	n->rows = rows;
	n->layers = w->layers;
	n->outputs = w->layer[w->layers - 1].outputs;
	lay_out(n, w);
	n->memory = calloc(1, n->bytes);
	if (!n->memory)
		return -1;
	fill_inputs(n, w->input_factor, images);
	for (i = 0; i < n->layers; i++) {
		const struct layer *l = &w->layer[i];
		struct ashlar_gemm_args *g = &n->layer[i];
		uint64_t count = (uint64_t)l->inputs * l->outputs;
		bool int8 = form == FORM_INT8;

		memcpy(n->memory + g->b, int8 ? l->w_int8 : l->w_bf16,
		       int8 ? count : 2 * count);
		memcpy(n->memory + g->bias, int8 ? l->b_int8 : l->b_bf16,
		       4 * (uint64_t)l->outputs);
	}
	return 0;
}

void network_free(struct network *n)
{
	free(n->memory);
	n->memory = NULL;
}

static int explain(ashlar_device *device, const char *what,
		   ashlar_result result)
{
	char text[320] = "";

	ashlar_device_error(device, text, sizeof(text));
	fprintf(stderr, "demo: %s: %s\n", what,
		text[0] ? text : ashlar_result_str(result));
	return -1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t clocked(ashlar_device *device)
{
	struct ashlar_device_perf perf = ASHLAR_INIT(ashlar_device_perf);

	return ashlar_device_perf(device, &perf) ? 0 : perf.clocked;
}

static ashlar_result launch(const struct network *n, uint32_t layer,
			    uint64_t base, ashlar_queue *queue,
			    ashlar_kernel *gemm, ashlar_fence **fence)
{
	struct ashlar_launch_info info = ASHLAR_INIT(ashlar_launch_info);
	struct ashlar_gemm_args args = n->layer[layer];

	args.a += base;
	args.b += base;
	args.c += base;
	args.bias += base;
	info.kernel = gemm;
	info.args = &args;
	info.arg_bytes = sizeof(args);
	info.tag = layer;
	return ashlar_launch(queue, &info, fence);
}

/* Wait for all layers; the terminal shows where it is. */
static ashlar_result wait_layers(ashlar_fence **fences, uint32_t count,
				 int show, struct network_run *run)
{
	uint64_t first = UINT64_MAX, last = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct ashlar_fence_info info = ASHLAR_INIT(ashlar_fence_info);
		double start = now();
		ashlar_result result;

		do {
			result = ashlar_fence_wait(&fences[i], 1,
						   ASHLAR_WAIT_ALL, 200000000);
			if (show) {
				printf("\r  layer %u of %u, %.1f s ", i + 1,
				       count, now() - start);
				fflush(stdout);
			}
		} while (result == ASHLAR_ERROR_TIMEOUT);
		if (result == ASHLAR_OK)
			result = ashlar_fence_query(fences[i], &info);
		if (result != ASHLAR_OK)
			return result;
		if (info.t_start < first)
			first = info.t_start;
		if (info.t_end > last)
			last = info.t_end;
		run->busy += info.matrix_busy;
		run->tiles = info.tiles;
	}
	if (show)
		printf("\r%40s\r", "");
	run->cycles = last - first;
	return ASHLAR_OK;
}

/* Compute the reference in the host's copy; count what the device got wrong. */
static uint64_t compare(struct network *n, const uint8_t *got)
{
	uint64_t wrong = 0;
	uint32_t i;

	for (i = 0; i < n->layers; i++) {
		const struct ashlar_gemm_args *g = &n->layer[i];
		uint64_t bytes =
			(uint64_t)g->m * g->ldc * ashlar_format_bytes(g->out);
		uint64_t at;

		ref_gemm(g, n->memory);
		for (at = g->c; at < g->c + bytes; at++)
			wrong += n->memory[at] != got[at];
	}
	return wrong;
}

static int run_on(struct network *n, ashlar_device *device, ashlar_queue *queue,
		  ashlar_kernel *gemm, int show, ashlar_buffer *buffer,
		  uint8_t *got, struct network_run *run)
{
	ashlar_fence *fences[WEIGHTS_LAYERS_MAX] = { NULL };
	uint64_t base = ashlar_buffer_addr(buffer);
	ashlar_result result;
	char text[200];
	uint32_t i;

	for (i = 0; i < n->layers; i++) {
		if (ashlar_gemm_check(&n->layer[i], text, sizeof(text))) {
			fprintf(stderr, "demo: layer %u: %s\n", i, text);
			return -1;
		}
	}
	result = ashlar_buffer_write(buffer, 0, n->memory, n->bytes);
	for (i = 0; i < n->layers && result == ASHLAR_OK; i++)
		result = launch(n, i, base, queue, gemm, &fences[i]);
	if (result == ASHLAR_OK)
		result = wait_layers(fences, n->layers, show, run);
	for (i = 0; i < n->layers; i++) {
		struct ashlar_fault fault = ASHLAR_INIT(ashlar_fault);

		if (fences[i] && result != ASHLAR_OK &&
		    ashlar_fence_fault(fences[i], &fault) == ASHLAR_OK)
			fprintf(stderr, "demo: layer %u: %s\n", i, fault.text);
		ashlar_fence_unref(fences[i]);
	}
	if (result == ASHLAR_OK)
		result = ashlar_buffer_read(buffer, 0, got, n->bytes);
	return result == ASHLAR_OK ? 0 : explain(device, "run", result);
}

int network_run(struct network *n, ashlar_device *device, ashlar_queue *queue,
		ashlar_kernel *gemm, int show, struct network_run *run)
{
	struct ashlar_buffer_info info = ASHLAR_INIT(ashlar_buffer_info);
	uint64_t clocked_before = clocked(device);
	double start = now();
	ashlar_buffer *buffer;
	ashlar_result result;
	uint8_t *got;
	int status;

	memset(run, 0, sizeof(*run));
	info.bytes = n->bytes;
	result = ashlar_buffer_create(device, &info, &buffer);
	if (result != ASHLAR_OK)
		return explain(device, "buffer", result);
	got = malloc(n->bytes);
	if (!got) {
		ashlar_buffer_unref(buffer);
		return explain(device, "buffer", ASHLAR_ERROR_NO_MEMORY);
	}
	status = run_on(n, device, queue, gemm, show, buffer, got, run);
	run->seconds = now() - start;
	run->clocked = clocked(device) - clocked_before;
	if (status == 0)
		run->wrong = compare(n, got);
	free(got);
	ashlar_buffer_unref(buffer);
	return status;
}

uint32_t network_answer(const struct network *n, uint32_t row)
{
	const struct ashlar_gemm_args *g = &n->layer[n->layers - 1];
	const uint8_t *p = n->memory + g->c;
	uint32_t best = 0, i;
	float most = 0;

	for (i = 0; i < g->n; i++) {
		float v;

		if (n->form == FORM_INT8)
			v = (int8_t)p[(uint64_t)row * g->ldc + i];
		else
			memcpy(&v, p + ((uint64_t)row * g->ldc + i) * 4, 4);
		if (i == 0 || v > most) {
			most = v;
			best = i;
		}
	}
	return best;
}
