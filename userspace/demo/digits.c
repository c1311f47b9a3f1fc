/* SPDX-License-Identifier: MIT */
/*
 * digits FOLDER: reads handwritten digits on the board.
 *
 * Runs the network of FOLDER/weights.bin on the images of
 * FOLDER/data/digits.csv.gz that it was not trained with, in int8 and bf16,
 * every layer on the device (ASHLAR_DEVICE, or what the library takes). Exit
 * status 0 when all results are those of the C reference, to the bit, and at
 * least 95 of 100 answers are right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernels.h>

#include "images.h"
#include "network.h"
#include "weights.h"

#define ACCURACY_LEAST 0.95
#define DRAWN	       5u

struct demo {
	struct weights weights;
	struct image *images;
	uint32_t image_count;
	const struct image **tests; /* weights.tests of them */
	ashlar_device *device;
	struct ashlar_device_info info;
	ashlar_module *module;
	ashlar_kernel *gemm;
	ashlar_queue *queue;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int load_files(struct demo *d, const char *folder)
{
	char path[4096];
	char error[400];
	uint32_t i;

	snprintf(path, sizeof(path), "%s/weights.bin", folder);
	if (weights_load(&d->weights, path, error, sizeof(error))) {
		fprintf(stderr, "demo: %s\n", error);
		return -1;
	}
	if (d->weights.layer[0].inputs != IMAGE_PIXELS) {
		fprintf(stderr,
			"demo: %s: layer 0: inputs are %u, images have %u pixels\n",
			path, d->weights.layer[0].inputs, IMAGE_PIXELS);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/data/digits.csv.gz", folder);
	d->images = images_load(path, &d->image_count, error, sizeof(error));
	if (!d->images) {
		fprintf(stderr, "demo: %s\n", error);
		return -1;
	}
	d->tests = calloc(d->weights.tests, sizeof(*d->tests));
	if (!d->tests)
		return -1;
	for (i = 0; i < d->weights.tests; i++) {
		uint32_t row = weights_test_row(&d->weights, i);

		if (row >= d->image_count) {
			fprintf(stderr,
				"demo: weights.bin: test row %u is %u, there are %u images\n",
				i, row, d->image_count);
			return -1;
		}
		d->tests[i] = &d->images[row];
	}
	printf("demo: %u digits, %u of them kept from training; network of %u layers\n",
	       d->image_count, d->weights.tests, d->weights.layers);
	return 0;
}

static int fail(struct demo *d, const char *what, ashlar_result result)
{
	char text[320] = "";

	if (d->device)
		ashlar_device_error(d->device, text, sizeof(text));
	fprintf(stderr, "demo: %s: %s\n", what,
		text[0] ? text : ashlar_result_str(result));
	return -1;
}

static int open_board(struct demo *d)
{
	struct ashlar_open_options options = ASHLAR_INIT(ashlar_open_options);
	struct ashlar_device_perf perf = ASHLAR_INIT(ashlar_device_perf);
	char error[320] = "";
	double start = seconds();
	ashlar_result result;

	options.error = error;
	options.error_bytes = sizeof(error);
	result = ashlar_device_open(NULL, &options, &d->device);
	if (result != ASHLAR_OK) {
		fprintf(stderr, "demo: open: %s\n", error);
		return -1;
	}
	d->info = ASHLAR_INIT(ashlar_device_info);
	result = ashlar_device_query(d->device, &d->info);
	if (result == ASHLAR_OK)
		result = ashlar_device_perf(d->device, &perf);
	if (result != ASHLAR_OK)
		return fail(d, "query", result);
	printf("demo: %s: %u tiles of %ux%u at %u MHz, firmware up after %llu cycles (%.1f s here)\n",
	       d->info.name, d->info.tiles, d->info.array, d->info.array,
	       d->info.clock_khz / 1000, (unsigned long long)perf.cycles,
	       seconds() - start);
	result = ashlar_kernels_load(d->device, &d->module);
	if (result == ASHLAR_OK)
		result = ashlar_module_kernel(d->module, ASHLAR_KERNEL_GEMM,
					      &d->gemm);
	if (result == ASHLAR_OK)
		result = ashlar_queue_create(d->device, NULL, &d->queue);
	return result == ASHLAR_OK ? 0 : fail(d, "kernels", result);
}

static void report(const struct demo *d, const struct network *n,
		   const struct network_run *run, uint32_t right)
{
	uint64_t lanes = (uint64_t)d->info.array * d->info.array *
			 (n->form == FORM_INT8 ? 4 : 1);
	double peak = (double)run->cycles * (double)lanes * run->tiles;

	printf("  right answers      %u of %u (%.2f %%)\n", right, n->rows,
	       100.0 * right / n->rows);
	printf("  device cycles      %llu on %u tiles, %.1f us at %u MHz\n",
	       (unsigned long long)run->cycles, run->tiles,
	       1000.0 * (double)run->cycles / d->info.clock_khz,
	       d->info.clock_khz / 1000);
	printf("  share of peak      %.1f %% of %llu MAC a cycle and tile\n",
	       100.0 * (double)n->macs / peak, (unsigned long long)lanes);
	printf("  simulated          %.1f kHz, %.1f s\n",
	       (double)run->clocked / run->seconds / 1000, run->seconds);
	if (run->wrong)
		printf("  C reference        %llu BYTES DIFFER\n",
		       (unsigned long long)run->wrong);
	else
		printf("  C reference        all results equal, to the bit\n");
}

/* One form of the network; answers[i] is what it says about test i. */
static int run_form(struct demo *d, enum form form, uint8_t *answers)
{
	struct network_run run;
	struct network n;
	uint32_t i, right = 0;
	int status;

	printf("demo: %s\n", form == FORM_INT8 ? "int8" : "bf16");
	if (network_init(&n, form, &d->weights, d->tests, d->weights.tests)) {
		fprintf(stderr, "demo: no memory for the network\n");
		return -1;
	}
	status = network_run(&n, d->device, d->queue, d->gemm,
			     isatty(STDOUT_FILENO), &run);
	if (status == 0) {
		for (i = 0; i < n.rows; i++) {
			answers[i] = (uint8_t)network_answer(&n, i);
			right += answers[i] == d->tests[i]->label;
		}
		report(d, &n, &run, right);
		if (run.wrong || right < ACCURACY_LEAST * n.rows)
			status = -1;
	}
	network_free(&n);
	return status;
}

/* Some digits, one that was read wrongly among them if there is one. */
static void draw(const struct demo *d, const uint8_t *int8, const uint8_t *bf16)
{
	const struct image *shown[DRAWN];
	uint32_t index[DRAWN];
	uint32_t i, n = 0;

	for (i = 0; i < d->weights.tests && n < DRAWN; i += 1 + i / 3) {
		index[n] = i;
		shown[n++] = d->tests[i];
	}
	for (i = 0; i < d->weights.tests; i++) {
		if (int8[i] != d->tests[i]->label) {
			index[n - 1] = i;
			shown[n - 1] = d->tests[i];
			break;
		}
	}
	images_draw(shown, n);
	printf("  ");
	for (i = 0; i < n; i++)
		printf("is %u, read %u %u   ", shown[i]->label, int8[index[i]],
		       bf16[index[i]]);
	printf("\n");
}

static int run(struct demo *d, const char *folder)
{
	uint8_t *answers;
	int status;

	if (load_files(d, folder) || open_board(d))
		return -1;
	answers = malloc(2 * (size_t)d->weights.tests);
	if (!answers)
		return -1;
	status = run_form(d, FORM_INT8, answers);
	if (run_form(d, FORM_BF16, answers + d->weights.tests))
		status = -1;
	if (status == 0)
		draw(d, answers, answers + d->weights.tests);
	free(answers);
	return status;
}

int main(int argc, char **argv)
{
	struct demo d = { .images = NULL };
	int status;

	if (argc != 2) {
		fprintf(stderr, "use: %s FOLDER (with weights.bin and data/)\n",
			argv[0]);
		return 2;
	}
	/* Lines appear as they come, also in a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = run(&d, argv[1]);
	ashlar_queue_unref(d.queue);
	ashlar_kernel_unref(d.gemm);
	ashlar_module_unref(d.module);
	ashlar_device_unref(d.device);
	free(d.tests);
	free(d.images);
	weights_free(&d.weights);
	printf("demo: %s\n", status ? "FAILED" : "passed");
	return status ? 1 : 0;
}
