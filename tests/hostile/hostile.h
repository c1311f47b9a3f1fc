/* SPDX-License-Identifier: MIT */
/*
 * The isolation campaign: three address spaces on one board. B (good) computes,
 * A (bad) attacks, C (clean) looks for what the others left in the tiles.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include <ashlar/ashlar.h>

#include "hostile_args.h"
#include "kt.h"

#define SPACE_QUEUES  2
#define SPACE_BUFFERS 4
#define BUFFER_BYTES  (256u << 10)

/* An address space with what it uses. */
struct space {
	ashlar_device *dev;
	ashlar_module *module;
	ashlar_queue *queue[SPACE_QUEUES];
	ashlar_buffer *buffer[SPACE_BUFFERS];
	uint64_t addr[SPACE_BUFFERS];
	uint64_t bytes[SPACE_BUFFERS];
	uint32_t flags[SPACE_BUFFERS]; /* enum ashlar_buffer_flags */
};

struct world {
	struct kt_random r;
	struct space a, b, c;
	struct ashlar_device_info info;
	const void *elf;
	size_t elf_bytes;
	bool failed;
	char why[600];
};

/* Say what is wrong; only the first counts. Returns false. */
bool wrong(struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The call must return OK, else wrong() with the device's sentence. */
bool must(struct world *w, struct space *s, const char *what,
	  ashlar_result result);

static inline uint32_t pick(struct world *w, uint32_t least, uint32_t most)
{
	return kt_range(&w->r, least, most);
}

static inline bool chance(struct world *w, uint32_t one_in)
{
	return pick(w, 1, one_in) == 1;
}

/* --- space.c ---------------------------------------------------------------- */

/* name, or NULL: another address space on the board of share. */
bool space_open(struct world *w, struct space *s, const char *name,
		ashlar_device *share, bool kernels);
bool space_queue(struct world *w, struct space *s, uint32_t i,
		 uint32_t priority);
bool space_buffer(struct world *w, struct space *s, uint32_t i, uint64_t bytes,
		  uint32_t flags);
/* Release everything, in random order, whatever runs. */
void space_close(struct world *w, struct space *s);

struct launch {
	const char *kernel;
	const void *args;
	uint32_t arg_bytes;
	uint32_t tiles;
	uint64_t timeout;
	uint32_t tag;
};

/* The library's result; *fence is NULL unless OK. */
ashlar_result space_launch(struct world *w, struct space *s, uint32_t queue,
			   const struct launch *l, ashlar_fence **fence);
/* Wait, as long as it takes a sane board. Returns the fence's result. */
ashlar_result space_wait(struct world *w, ashlar_fence *fence);

/* --- attack.c --------------------------------------------------------------- */

struct attack {
	struct launch launch;
	struct hostile_args args;
	ashlar_result result; /* what the fence must say; OK: see any */
	bool any; /* any result, for a fuzz: only plausible */
	/* FAULT: what the record must say. */
	bool check; /* the five below */
	uint32_t unit, cause, sub;
	bool check_address;
	uint64_t address;
	int note; /* buffer with the pc at its first word, or one of these */
#define NOTE_NONE (-1) /* a pc in local memory, which is not known */
#define NOTE_GONE (-2) /* any pc */
	uint32_t exit_code;
};

void attack_choose(struct world *w, struct attack *at);
/* Check the failed fence's record against what was expected. */
bool attack_check(struct world *w, const struct attack *at,
		  ashlar_result result, ashlar_fence *fence);

/* --- raw.c ------------------------------------------------------------------- */

/* Descriptors that the library would never write, in A, below the library. */
bool raw_attack(struct world *w);

#endif
