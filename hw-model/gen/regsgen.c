// SPDX-License-Identifier: MIT
/*
 * regsgen: makes the constants and the reference page of the registers.
 *
 *	regsgen INPUT HEADER.h PACKAGE.sv PAGE.md
 *
 * Nothing is written unless the whole input is good. Exit status 0, or 1
 * after a message.
 */
#include "regs.h"

#include <errno.h>
#include <string.h>

static bool write_file(const struct regs *regs, const char *path,
		       bool (*write)(const struct regs *regs, FILE *out))
{
	FILE *out = fopen(path, "w");
	bool ok;

	if (!out) {
		fprintf(stderr, "regsgen: cannot write %s: %s\n", path,
			strerror(errno));
		return false;
	}
	ok = write(regs, out);
	if (fclose(out) || !ok) {
		fprintf(stderr, "regsgen: %s is not complete\n", path);
		remove(path);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct regs regs;
	FILE *in;
	bool ok;

	if (argc != 5) {
		fprintf(stderr,
			"usage: regsgen INPUT HEADER.h PACKAGE.sv PAGE.md\n");
		return 1;
	}
	in = fopen(argv[1], "r");
	if (!in) {
		fprintf(stderr, "regsgen: cannot read %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	ok = regs_parse(in, argv[1], &regs);
	fclose(in);
	ok = ok && write_file(&regs, argv[2], regs_write_c) &&
	     write_file(&regs, argv[3], regs_write_sv) &&
	     write_file(&regs, argv[4], regs_write_md);
	regs_free(&regs);
	return ok ? 0 : 1;
}
