// SPDX-License-Identifier: MIT
/*
 * wave_check FILE.fst BEGIN END: a waveform of the board from device cycle BEGIN
 * on and before END, with a signal that tells the time, and all in their scopes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fstapi.h>

struct seen {
	fstHandle mtime;
	uint64_t changes, times, first, last, offset;
	bool wrong;
};

static uint64_t number(const unsigned char *bits)
{
	uint64_t n = 0;

	for (; *bits == '0' || *bits == '1'; bits++)
		n = 2 * n + (*bits == '1');
	return n;
}

static void change(void *data, uint64_t time, fstHandle signal,
		   const unsigned char *value)
{
	struct seen *s = data;

	if (!s->changes++)
		s->first = time;
	s->last = time;
	if (signal != s->mtime)
		return;
	if (!s->times++)
		s->offset = number(value) - time;
	s->wrong |= number(value) - time != s->offset;
}

/* Returns how many there are. */
static unsigned int variables(void *file, struct seen *s)
{
	struct fstHier *h;
	unsigned int n = 0, depth = 0;

	while ((h = fstReaderIterateHier(file))) {
		if (h->htyp == FST_HT_SCOPE)
			depth++;
		else if (h->htyp == FST_HT_UPSCOPE)
			depth--;
		if (h->htyp != FST_HT_VAR)
			continue;
		n++;
		if (!s->mtime && depth &&
		    !strncmp(h->u.var.name, "mtime ", strlen("mtime ")))
			s->mtime = h->u.var.handle;
	}
	return n;
}

int main(int argc, char **argv)
{
	struct seen seen = { 0 };
	void *file;
	uint64_t begin, end;
	unsigned int n;

	if (argc != 4)
		return 2;
	begin = strtoull(argv[2], NULL, 10);
	end = strtoull(argv[3], NULL, 10);
	file = fstReaderOpen(argv[1]);
	if (!file) {
		printf("%s is no waveform\n", argv[1]);
		return 1;
	}
	n = variables(file, &seen);
	fstReaderSetFacProcessMaskAll(file);
	fstReaderIterBlocks(file, change, &seen, NULL);
	fstReaderClose(file);
	printf("%u signals, %" PRIu64 " changes, of the time %" PRIu64
	       ", from %" PRIu64 " to %" PRIu64 "\n",
	       n, seen.changes, seen.times, seen.first, seen.last);
	return n < 1000 || seen.times < 100 || seen.wrong ||
	       seen.first < begin || seen.last >= end;
}
