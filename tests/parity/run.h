/* SPDX-License-Identifier: MIT */
/* A case being run on a model. */
#ifndef PARITY_RUN_H
#define PARITY_RUN_H

#include "parity.h"

struct mp_op {
	uint32_t step;
	enum op op; /* of the step */
	uint32_t word[4];
};

struct run {
	const struct model *model;
	const struct ashlar_model_ops *ops;
	struct ashlar_model *m;
	const struct kase *k;
	struct outcome *o;
	uint32_t step;
	bool running; /* the ROM runs */
	bool stopped; /* the case cannot go on */
	uint32_t rings, boots;

	struct mp_op list[MP_OPS_MAX];
	uint32_t listed;
	uint32_t refused; /* dma-range reports in this list */
	char refused_text[96]; /* the first */

	uint32_t *program; /* of the kernel, K_END included */
	uint32_t words;
};

void note(struct run *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Accesses of BAR0 that are not part of the case. */
uint32_t host_get(struct run *r, uint32_t offset);
void host_set(struct run *r, uint32_t offset, uint32_t value);

/* lists.c: the ROM */
void list_add(struct run *r, const struct step *s);
void list_flush(struct run *r);
/* Wait until it has started. */
void rom_wait(struct run *r);

/* program.c: the kernel */
void program_add(struct run *r, const struct step *s);
void program_image(struct run *r, uint64_t addr);

/* patterns.c: seeded bytes, several kinds of numbers */
void pattern(uint8_t *to, size_t bytes, uint64_t seed);

#endif
