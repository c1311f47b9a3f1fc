// SPDX-License-Identifier: MIT
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 1024

/* --- Kinds ---------------------------------------------------------------------- */

#define KIND_CALL(name)                                                        \
	static int call_##name(struct plan *p, const struct ashlar_op *op)     \
	{                                                                      \
		return plan_##name(                                            \
			p, (const struct ashlar_op_##name *)(const void *)op); \
	}
OPS_KINDS(KIND_CALL)

struct op_kind {
	uint32_t kind;
	const char *name;
	uint32_t bytes; /* of the descriptor */
	int (*plan)(struct plan *p, const struct ashlar_op *op);
};

#define KIND_ENTRY(name)                                                 \
	{ ASHLAR_OP_KIND_##name, #name, sizeof(struct ashlar_op_##name), \
	  call_##name },
static const struct op_kind kinds[] = { OPS_KINDS(KIND_ENTRY) };

static const struct op_kind *find_kind(uint32_t kind)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

/*
 * A descriptor of a newer library may be longer; what we do not know of it must
 * not ask for anything.
 */
static int check_head(struct check *c, const struct op_kind *k,
		      const struct ashlar_op *op)
{
	uint32_t i;

	if (op->size < k->bytes)
		return check_fail(
			c, "size is %u, less than %u: use ASHLAR_OP_INIT()",
			op->size, k->bytes);
	if (op->size > k->bytes + 4096)
		return check_fail(c, "size is %u, allowed %u .. %u", op->size,
				  k->bytes, k->bytes + 4096);
	for (i = k->bytes; i < op->size; i++)
		if (((const uint8_t *)op)[i])
			return check_unsupported(
				c,
				"size is %u, and byte %u is not 0: this library knows %u bytes",
				op->size, i, k->bytes);
	return 0;
}

ashlar_result plan_make(struct plan *p, const struct plan_board *board,
			const struct ashlar_op *op, uint64_t workspace)
{
	const struct op_kind *k;

	memset(p, 0, sizeof(*p));
	p->board = *board;
	p->workspace = workspace;
	check_begin(&p->check, "op");
	if (!op) {
		check_fail(&p->check, "the descriptor is NULL");
		return p->check.result;
	}
	k = find_kind(op->kind);
	if (!k) {
		check_unsupported(
			&p->check,
			"kind is %u, which there is not; use ASHLAR_OP_INIT()",
			op->kind);
		return p->check.result;
	}
	p->check.op = k->name;
	if (check_head(&p->check, k, op) || k->plan(p, op)) {
		if (!p->check.result)
			abort(); /* a plan that fails says why */
		return p->check.result;
	}
	if (workspace && check_bytes(&p->check, "workspace", workspace,
				     p->workspace_bytes, true))
		return p->check.result;
	check_apart(&p->check);
	return p->check.result;
}

void plan_free(struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->count; i++)
		free(p->launches[i].args);
	free(p->launches);
	p->launches = NULL;
	p->count = 0;
	check_end(&p->check);
}

/* --- Making -------------------------------------------------------------------- */

uint64_t plan_workspace(struct plan *p, uint64_t bytes)
{
	uint64_t at = p->workspace + p->workspace_bytes;

	p->workspace_bytes += (bytes + 63) & ~63ull;
	return at;
}

static void *no_memory(struct plan *p)
{
	check_fail(&p->check, "no host memory for its launches");
	p->check.result = ASHLAR_ERROR_NO_MEMORY;
	return NULL;
}

struct plan_launch *plan_launch(struct plan *p, const char *file,
				const char *kernel, const void *args,
				uint32_t arg_bytes)
{
	struct plan_launch *l;

	if (arg_bytes > ARGS_MAX)
		abort();
	if (p->count == p->room) {
		uint32_t room = p->room ? 2 * p->room : 4;
		void *more = realloc(p->launches, room * sizeof(*p->launches));

		if (!more)
			return no_memory(p);
		p->launches = more;
		p->room = room;
	}
	l = &p->launches[p->count];
	*l = (struct plan_launch){
		.file = file,
		.kernel = kernel,
		.args = malloc(arg_bytes ? arg_bytes : 1),
		.arg_bytes = arg_bytes,
	};
	if (!l->args)
		return no_memory(p);
	if (arg_bytes)
		memcpy(l->args, args, arg_bytes);
	p->count++;
	return l;
}
