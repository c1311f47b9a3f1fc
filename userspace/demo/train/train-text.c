/* SPDX-License-Identifier: MIT */
/*
 * Trains a small character transformer on a text, on a device, from random
 * weights, and has it write.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lm.h"
#include "lockstep.h"

#define STEPS	    600u
#define RATE	    0.005f
#define WARM	    30u
#define SEED	    1991u
#define SMOOTH	    20u /* losses whose mean is reported */
#define WRITE	    400u /* characters */
#define TEMPERATURE 0.7f
#define TEXT_MAX    (16u << 20)

struct text {
	unsigned char *bytes;
	uint32_t length;
	uint32_t classes;
	unsigned char character[256]; /* by class */
	int32_t class_of[256]; /* -1: not in the text */
};

static int text_load(struct text *t, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint32_t i;

	t->bytes = malloc(TEXT_MAX);
	if (!f || !t->bytes) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		if (f)
			fclose(f);
		return -1;
	}
	t->length = (uint32_t)fread(t->bytes, 1, TEXT_MAX, f);
	fclose(f);
	if (t->length < 2 * LM_CONTEXT || t->length == TEXT_MAX) {
		fprintf(stderr, "%s has %u bytes, allowed %u .. %u\n", path,
			t->length, 2 * LM_CONTEXT, TEXT_MAX - 1);
		return -1;
	}
	memset(t->class_of, -1, sizeof(t->class_of));
	for (i = 0; i < t->length; i++)
		t->class_of[t->bytes[i]] = 0;
	for (i = 0; i < 256; i++) {
		if (t->class_of[i] < 0)
			continue;
		t->character[t->classes] = (unsigned char)i;
		t->class_of[i] = (int32_t)t->classes++;
	}
	return 0;
}

static int subject_init(void *of, struct machine *m, void *context)
{
	const struct text *t = context;

	return lm_init(of, m, t->classes, SEED);
}

/* Pieces of the text from random places; what follows is to be told. */
static void subject_feed(void *of, uint32_t step, void *context)
{
	const struct text *t = context;
	struct lm *n = of;
	int32_t *tokens = machine_at(n->machine, &n->train.tokens);
	int32_t *targets = machine_at(n->machine, &n->train.targets);
	uint64_t random = SEED + 1 + step;
	uint32_t b, i;

	for (b = 0; b < LM_BATCH; b++) {
		const unsigned char *at =
			t->bytes +
			lockstep_random(&random, t->length - LM_CONTEXT);

		for (i = 0; i < LM_CONTEXT; i++) {
			*tokens++ = t->class_of[at[i]];
			*targets++ = t->class_of[at[i + 1]];
		}
	}
}

static int subject_step(void *of, uint32_t step, void *context)
{
	(void)context;
	return lm_step(of, lockstep_rate(RATE, step, STEPS, WARM));
}

static float subject_loss(const void *of)
{
	const struct lm *n = of;

	return lm_loss(n, &n->train);
}

/* Mean of the last losses. */
static double smooth(const struct lockstep *l)
{
	uint32_t count = l->done < SMOOTH ? l->done : SMOOTH;
	double sum = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		sum += (double)l->loss[l->done - 1 - i];
	return sum / count;
}

static int train(struct lockstep *l, const struct text *t)
{
	/* What guessing knows: each character as likely. */
	double guess = log(t->classes);

	printf("%s: %u characters, %u different; guessing has a loss of %.2f\n",
	       l->machine.name, t->length, t->classes, guess);
	while (l->done < STEPS) {
		if (lockstep_step(l))
			return -1;
		if (l->done % (STEPS / 12) == 0) {
			printf("step %3u  loss %.3f\n", l->done, smooth(l));
			fflush(stdout);
		}
	}
	if (smooth(l) > guess / 2) {
		fprintf(stderr, "the loss has not fallen to half of %.2f\n",
			guess);
		return -1;
	}
	return 0;
}

/* Draw a class by its score, at the temperature. */
static uint32_t draw(const float *score, uint32_t classes, uint64_t *random)
{
	float most = score[0];
	double sum = 0, left;
	uint32_t i;

	for (i = 1; i < classes; i++)
		most = fmaxf(most, score[i]);
	for (i = 0; i < classes; i++)
		sum += exp((double)((score[i] - most) / TEMPERATURE));
	left = sum * lockstep_random(random, 1u << 24) / (1u << 24);
	for (i = 0; i + 1 < classes; i++) {
		left -= exp((double)((score[i] - most) / TEMPERATURE));
		if (left < 0)
			break;
	}
	return i;
}

/* Go on from the text's beginning. */
static int write_sample(struct lockstep *l, const struct text *t)
{
	struct lm *n = l->of;
	int32_t *tokens = machine_at(&l->machine, &n->sample.tokens);
	const float *logits = machine_at(&l->machine, &n->sample.logits);
	uint64_t random = SEED;
	uint32_t i;

	for (i = 0; i < LM_CONTEXT; i++)
		tokens[i] = t->class_of[t->bytes[i]];
	for (i = 0; i < WRITE; i++) {
		uint32_t next;

		if (lm_forward(n, &n->sample) || machine_finish(&l->machine))
			return -1;
		next = draw(logits + (LM_CONTEXT - 1) * n->classes, n->classes,
			    &random);
		memmove(tokens, tokens + 1, (LM_CONTEXT - 1) * sizeof(*tokens));
		tokens[LM_CONTEXT - 1] = (int32_t)next;
		putchar(t->character[next]);
		fflush(stdout);
	}
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	struct subject subject = {
		.state_bytes = sizeof(struct lm),
		.steps = STEPS,
		.init = subject_init,
		.feed = subject_feed,
		.step = subject_step,
		.loss = subject_loss,
	};
	struct lockstep l = { 0 };
	struct text text = { 0 };
	const char *path;
	int status = 1;

	path = lockstep_options(&l, argc, argv, "TEXT");
	if (!path)
		return 2;
	if (text_load(&text, path))
		goto out;
	subject.context = &text;
	subject.bytes = lm_bytes(text.classes);
	if (lockstep_open(&l, &subject, NULL) || train(&l, &text))
		goto out;
	if (lockstep_report(&l, "Characters: training on the board"))
		goto out;
	printf("It goes on from the text's first %u characters:\n\n",
	       LM_CONTEXT);
	if (write_sample(&l, &text))
		goto out;
	status = 0;
out:
	lockstep_close(&l);
	free(text.bytes);
	return status;
}
