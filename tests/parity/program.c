// SPDX-License-Identifier: MIT
/* Programs for the kernel, and its image. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

extern const uint8_t parity_kernel[], parity_kernel_end[];

#define PROGRAM_WORDS ((K_RESULTS - K_PROGRAM) / 4 - 4)

static uint32_t code_of(enum op op)
{
	switch (op) {
	case OP_K_READ:
		return K_READ;
	case OP_K_WRITE:
		return K_WRITE;
	case OP_K_START:
		return K_START;
	case OP_K_WAIT:
		return K_WAIT;
	case OP_K_GO:
		return K_GO;
	case OP_K_EXEC:
		return K_EXEC;
	case OP_K_JUMP:
		return K_JUMP;
	case OP_K_FILL:
		return K_FILL;
	case OP_K_FLUSH:
		return K_FLUSH;
	case OP_K_MOVE:
		return K_MOVE;
	case OP_K_SLEEP:
		return K_SLEEP;
	default:
		return K_EXIT;
	}
}

void program_add(struct run *r, const struct step *s)
{
	unsigned int i;

	if (s->op == OP_K_BEGIN) {
		r->words = 0;
		return;
	}
	if (r->words >= PROGRAM_WORDS) {
		note(r, "program too long");
		r->stopped = true;
		return;
	}
	r->program[r->words++] = code_of(s->op);
	for (i = 0; i < 3; i++)
		r->program[r->words++] = (uint32_t)s->arg[i];
}

void program_image(struct run *r, uint64_t addr)
{
	size_t code = (size_t)(parity_kernel_end - parity_kernel);
	size_t bytes = K_PROGRAM + 4 * ((size_t)r->words + 4);
	uint8_t *image = calloc(1, bytes + 64);
	int rc;

	if (!image)
		exit(2);
	bytes = (bytes + 63) & ~(size_t)63;
	memcpy(image, parity_kernel, code);
	memcpy(image + K_PROGRAM, r->program, 4 * (size_t)r->words);
	rc = r->ops->mmio_write(r->m, ASHLAR_MODEL_BAR2, addr, image, bytes);
	if (rc)
		note(r, "k.image: %d", rc);
	free(image);
}
