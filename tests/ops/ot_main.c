// SPDX-License-Identifier: MIT
/* test_FAMILY DEVICE SEED CASES */
#include <stdio.h>
#include <stdlib.h>

#include "ot.h"

int main(int argc, char **argv)
{
	static struct ot t;

	if (argc != 4) {
		fprintf(stderr, "use: %s DEVICE SEED CASES\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ot_open(&t, argv[1], strtoull(argv[2], NULL, 0), OT_ARENA))
		ot_family(&t, strtoul(argv[3], NULL, 0), t.emulated);
	else
		t.failed++;
	ot_close(&t);
	printf("%lu passed, %lu failed\n", t.passed, t.failed);
	return t.failed != 0;
}
