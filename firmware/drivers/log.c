// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "ashlar_abi.h"
#include "log.h"

#define WORDS (ASHLAR_SHARED_LOG + offsetof(struct ashlar_log, words))

/* Ours is the truth; the one in shared SRAM, which the host can write, follows. */
static uint32_t head;

void log_init(int keep)
{
	uint32_t offset;

	if (keep) {
		head = *hal_shared(ASHLAR_SHARED_LOG);
		return;
	}
	head = 0;
	for (offset = 0; offset < sizeof(struct ashlar_log); offset += 4)
		*hal_shared(ASHLAR_SHARED_LOG + offset) = 0;
}

static void put(uint32_t at, uint32_t word)
{
	*hal_shared(WORDS + 4 * (at % ASHLAR_LOG_WORDS)) = word;
}

void log_record(uint32_t id, unsigned int n, const uint32_t *args)
{
	unsigned int i;

	put(head, id << 8 | n);
	put(head + 1, io_read(ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_MTIME_LO));
	for (i = 0; i < n; i++)
		put(head + 2 + i, args[i]);
	head += 2 + n;
	hal_publish();
	*hal_shared(ASHLAR_SHARED_LOG) = head;
}
