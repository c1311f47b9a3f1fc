// SPDX-License-Identifier: MIT
/* Cases as text: a step a line, its name and its numbers; # begins a comment. */
#include "parity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned int args;
} ops[OPS] = {
	[OP_STRICT] = { "strict", 0 },
	[OP_READ] = { "read", 3 },
	[OP_WRITE] = { "write", 4 },
	[OP_FILL] = { "fill", 3 },
	[OP_PTE] = { "pte", 2 },
	[OP_HOSTFILL] = { "hostfill", 3 },
	[OP_RESET] = { "reset", 0 },
	[OP_BOOT] = { "boot", 0 },
	[OP_QUIET] = { "quiet", 1 },
	[OP_OPEN] = { "open", 0 },
	[OP_MP_READ] = { "mp.read", 2 },
	[OP_MP_WRITE] = { "mp.write", 3 },
	[OP_MP_SETTLE] = { "mp.settle", 1 },
	[OP_MP_TIMER] = { "mp.timer", 1 },
	[OP_MP_WATCHDOG] = { "mp.watchdog", 2 },
	[OP_MP_TILE] = { "mp.tile", 2 },
	[OP_MP_IRQ] = { "mp.irq", 2 },
	[OP_MP_EXEC] = { "mp.exec", 3 },
	[OP_MP_JUMP] = { "mp.jump", 1 },
	[OP_MP_CALL] = { "mp.call", 3 },
	[OP_MP_STATE] = { "mp.state", 1 },
	[OP_SYNC] = { "sync", 0 },
	[OP_K_BEGIN] = { "k.begin", 0 },
	[OP_K_READ] = { "k.read", 2 },
	[OP_K_WRITE] = { "k.write", 3 },
	[OP_K_START] = { "k.start", 1 },
	[OP_K_WAIT] = { "k.wait", 1 },
	[OP_K_GO] = { "k.go", 1 },
	[OP_K_EXEC] = { "k.exec", 3 },
	[OP_K_JUMP] = { "k.jump", 1 },
	[OP_K_FILL] = { "k.fill", 3 },
	[OP_K_FLUSH] = { "k.flush", 2 },
	[OP_K_MOVE] = { "k.move", 3 },
	[OP_K_SLEEP] = { "k.sleep", 0 },
	[OP_K_EXIT] = { "k.exit", 1 },
	[OP_K_IMAGE] = { "k.image", 1 },
};

unsigned int case_args(enum op op)
{
	return ops[op].args;
}

void case_add(struct kase *k, enum op op, uint64_t a, uint64_t b, uint64_t c,
	      uint64_t d)
{
	if (k->n == k->room) {
		k->room = k->room ? 2 * k->room : 64;
		k->steps = realloc(k->steps, k->room * sizeof(*k->steps));
		if (!k->steps) {
			fprintf(stderr, "parity: out of memory\n");
			exit(2);
		}
	}
	k->steps[k->n++] = (struct step){ op, { a, b, c, d } };
}

void case_copy(struct kase *to, const struct kase *from)
{
	uint32_t i;

	memset(to, 0, sizeof(*to));
	memcpy(to->board, from->board, sizeof(to->board));
	for (i = 0; i < from->n; i++) {
		const uint64_t *arg = from->steps[i].arg;

		case_add(to, from->steps[i].op, arg[0], arg[1], arg[2], arg[3]);
	}
}

void case_free(struct kase *k)
{
	free(k->steps);
	memset(k, 0, sizeof(*k));
}

static const char *register_of(const struct step *s)
{
	switch (s->op) {
	case OP_READ:
	case OP_WRITE:
		return s->arg[0] ? "" : name_of_host((uint32_t)s->arg[1]);
	case OP_MP_READ:
	case OP_MP_WRITE:
		return name_of_mp((uint32_t)s->arg[0]);
	case OP_K_READ:
	case OP_K_WRITE:
	case OP_K_START:
	case OP_K_WAIT:
	case OP_K_GO:
		return name_of_kernel((uint32_t)s->arg[0]);
	default:
		return "";
	}
}

void step_text(const struct step *s, char *text, size_t bytes)
{
	const char *name = register_of(s);
	size_t at = (size_t)snprintf(text, bytes, "%s", ops[s->op].name);
	unsigned int i;

	for (i = 0; i < ops[s->op].args && at < bytes; i++)
		at += (size_t)snprintf(text + at, bytes - at,
				       s->arg[i] < 10 ? " %" PRIu64 :
							" 0x%" PRIx64,
				       s->arg[i]);
	if (*name && at < bytes)
		snprintf(text + at, bytes - at, "  # %s", name);
}

static bool complain(const char *path, unsigned int line, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", path, line, what);
	return false;
}

static bool read_line(struct kase *k, const char *path, unsigned int line,
		      char *text)
{
	char *save = NULL, *word, *end;
	uint64_t arg[STEP_ARGS] = { 0 };
	unsigned int i, n = 0;

	text[strcspn(text, "#\n")] = 0;
	word = strtok_r(text, " \t", &save);
	if (!word)
		return true;
	if (!strcmp(word, "board")) {
		word = strtok_r(NULL, " \t", &save);
		if (!word || strlen(word) >= sizeof(k->board))
			return complain(path, line, "board needs a name");
		memcpy(k->board, word, strlen(word) + 1);
		return true;
	}
	for (i = 0; i < OPS; i++)
		if (!strcmp(word, ops[i].name))
			break;
	if (i == OPS)
		return complain(path, line, "no such step");
	while ((word = strtok_r(NULL, " \t", &save))) {
		if (n == ops[i].args)
			return complain(path, line, "too many numbers");
		errno = 0;
		arg[n++] = strtoull(word, &end, 0);
		if (*end || errno || *word == '-')
			return complain(path, line, "not a number");
	}
	if (n < ops[i].args)
		return complain(path, line, "too few numbers");
	case_add(k, (enum op)i, arg[0], arg[1], arg[2], arg[3]);
	return true;
}

bool case_read(struct kase *k, const char *path)
{
	FILE *in = fopen(path, "r");
	unsigned int line = 0;
	char text[256];
	bool ok = true;

	memset(k, 0, sizeof(*k));
	if (!in) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	while (ok && fgets(text, sizeof(text), in)) {
		line++;
		if (!strchr(text, '\n') && !feof(in))
			ok = complain(path, line, "line too long");
		else
			ok = read_line(k, path, line, text);
	}
	fclose(in);
	if (ok && !k->board[0])
		ok = complain(path, line, "no board is named");
	return ok;
}

bool case_write(const struct kase *k, const char *path, const char *why)
{
	FILE *out = fopen(path, "w");
	char text[200];
	uint32_t i;

	if (!out) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	fprintf(out, "# SPDX-License-Identifier: MIT\n");
	fprintf(out, "# %s\nboard %s\n", why, k->board);
	for (i = 0; i < k->n; i++) {
		step_text(&k->steps[i], text, sizeof(text));
		fprintf(out, "%s\n", text);
	}
	if (fclose(out)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}
