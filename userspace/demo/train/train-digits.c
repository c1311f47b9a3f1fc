/* SPDX-License-Identifier: MIT */
/*
 * Trains a convolutional network on the handwritten digits, on a device, from
 * random weights, and asks it about those that it was not trained with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../weights.h"
#include "cnn.h"
#include "lockstep.h"

#define EPOCHS	       12u
#define RATE	       0.003f
#define SEED	       1998u
#define LEAST_PER_CENT 98u

struct digits {
	const struct image **train, **test;
	uint32_t trains, tests;
	/* The order of the present epoch, which is number epoch - 1. */
	const struct image **order;
	uint32_t epoch;
};

/* Images in two parts: those that the demo's weights were not trained with. */
static int digits_split(struct digits *d, const struct image *images,
			uint32_t count, const struct weights *w)
{
	uint32_t i, next = 0;

	d->train = calloc(count, sizeof(*d->train));
	d->test = calloc(count, sizeof(*d->test));
	d->order = calloc(count, sizeof(*d->order));
	if (!d->train || !d->test || !d->order)
		return -1;
	for (i = 0; i < count; i++) {
		if (next < w->tests && weights_test_row(w, next) == i) {
			d->test[d->tests++] = &images[i];
			next++;
		} else {
			d->train[d->trains++] = &images[i];
		}
	}
	return d->trains < CNN_BATCH || d->tests == 0 ? -1 : 0;
}

static uint32_t steps_of_epoch(const struct digits *d)
{
	return d->trains / CNN_BATCH;
}

/* Shuffle for the epoch; epochs come in order, on each machine again. */
static void digits_shuffle(struct digits *d, uint32_t epoch)
{
	uint64_t random = SEED + epoch;
	uint32_t i, j;

	if (d->epoch == epoch + 1)
		return;
	memcpy(d->order, d->train, d->trains * sizeof(*d->order));
	for (i = d->trains; i > 1; i--) {
		const struct image *t = d->order[i - 1];

		j = lockstep_random(&random, i);
		d->order[i - 1] = d->order[j];
		d->order[j] = t;
	}
	d->epoch = epoch + 1;
}

static int subject_init(void *of, struct machine *m, void *context)
{
	struct digits *d = context;
	struct cnn *n = of;

	if (cnn_init(n, m, d->tests, SEED) || machine_finish(m))
		return -1;
	cnn_images(n, &n->test, d->test);
	return 0;
}

static void subject_feed(void *of, uint32_t step, void *context)
{
	struct digits *d = context;
	struct cnn *n = of;

	digits_shuffle(d, step / steps_of_epoch(d));
	cnn_images(n, &n->train,
		   d->order + step % steps_of_epoch(d) * CNN_BATCH);
}

static int subject_step(void *of, uint32_t step, void *context)
{
	const struct digits *d = context;
	uint32_t steps = EPOCHS * steps_of_epoch(d);

	return cnn_step(of, lockstep_rate(RATE, step, steps, 1));
}

static float subject_loss(const void *of)
{
	const struct cnn *n = of;

	return cnn_loss(n, &n->train);
}

/* Held-out images with the right answer, or -1. */
static int64_t test(struct lockstep *l)
{
	struct cnn *n = l->of;

	if (cnn_forward(n, &n->test) || machine_finish(&l->machine))
		return -1;
	return cnn_right(n, &n->test);
}

static int train(struct lockstep *l, const struct digits *d)
{
	uint32_t steps = steps_of_epoch(d);
	int64_t right = 0;
	uint32_t e, i;

	printf("%s: %u images to train with, %u held out\n", l->machine.name,
	       d->trains, d->tests);
	for (e = 0; e < EPOCHS; e++) {
		double sum = 0;

		for (i = 0; i < steps; i++) {
			if (lockstep_step(l))
				return -1;
			sum += (double)l->loss[l->done - 1];
		}
		right = test(l);
		if (right < 0)
			return -1;
		printf("epoch %2u  loss %.4f  held out %u of %u (%.1f %%)\n",
		       e + 1, sum / steps, (uint32_t)right, d->tests,
		       100.0 * (double)right / d->tests);
		fflush(stdout);
	}
	if ((uint64_t)right * 100 < (uint64_t)LEAST_PER_CENT * d->tests) {
		fprintf(stderr, "fewer than %u %% of the held-out digits\n",
			LEAST_PER_CENT);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct subject subject = {
		.state_bytes = sizeof(struct cnn),
		.init = subject_init,
		.feed = subject_feed,
		.step = subject_step,
		.loss = subject_loss,
	};
	struct lockstep l = { 0 };
	struct digits d = { 0 };
	struct weights w = { 0 };
	const char *folder;
	struct image *images = NULL;
	char path[4096], error[512];
	uint32_t count = 0;
	int status = 1;

	folder = lockstep_options(
		&l, argc, argv,
		"FOLDER\n"
		"FOLDER has weights.bin and data/digits.csv.gz");
	if (!folder)
		return 2;
	snprintf(path, sizeof(path), "%s/weights.bin", folder);
	if (weights_load(&w, path, error, sizeof(error))) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/data/digits.csv.gz", folder);
	images = images_load(path, &count, error, sizeof(error));
	if (!images || digits_split(&d, images, count, &w)) {
		fprintf(stderr, "%s\n", images ? "too few images" : error);
		goto out;
	}
	subject.context = &d;
	subject.bytes = cnn_bytes(d.tests);
	subject.steps = EPOCHS * steps_of_epoch(&d);
	if (lockstep_open(&l, &subject, NULL) || train(&l, &d))
		goto out;
	if (lockstep_report(&l, "Digits: training on the board"))
		goto out;
	status = 0;
out:
	lockstep_close(&l);
	weights_free(&w);
	free(images);
	free(d.train);
	free(d.test);
	free(d.order);
	return status;
}
