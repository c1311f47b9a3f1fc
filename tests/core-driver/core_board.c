// SPDX-License-Identifier: MIT
#include "core_board.h"

static void keep(void *ctx, int level, const char *text)
{
	struct core_board *b = ctx;
	size_t at = strlen(b->warnings);

	(void)level;
	snprintf(b->warnings + at, sizeof(b->warnings) - at, "%s\n", text);
}

struct core_board *core_board_new(void)
{
	const struct sim_options opt = { .strict = true };
	struct core_board *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->os.log = keep;
	b->os.log_ctx = b;
	assert_int_equal(sim_create(&b->os, fake_board_ops(), &opt), 0);
	assert_int_equal(ashlar_dev_attach(&b->dev, &b->os), 0);
	b->image.magic = ASHLAR_IMAGE_MAGIC;
	return b;
}

int core_board_boot(struct core_board *b)
{
	return ashlar_dev_boot(&b->dev, &b->image, sizeof(b->image));
}

struct core_board *core_board_booted(void)
{
	struct core_board *b = core_board_new();

	assert_int_equal(core_board_boot(b), 0);
	return b;
}

void core_board_free(struct core_board *b)
{
	ashlar_dev_detach(&b->dev);
	sim_destroy(&b->os);
	free(b);
}

struct fake_quirks *quirks(struct core_board *b)
{
	return fake_board_quirks(b->os.model);
}

struct fake_stats stats(struct core_board *b)
{
	return fake_board_stats(b->os.model);
}

void assert_error(struct core_board *b, const char *text)
{
	if (!strstr(b->os.error, text))
		fail_msg("error \"%s\" does not contain \"%s\"", b->os.error,
			 text);
}
