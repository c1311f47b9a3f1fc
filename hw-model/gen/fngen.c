// SPDX-License-Identifier: MIT
/*
 * Writes the table of the vector unit's functions, for C and SystemVerilog:
 *   fngen ash_fn_table.h ash_fn_pkg.sv
 * What the entries mean: hw-model/numerics/README.md, "Functions".
 *
 * An entry is a rounded number. The generator refuses to round what is so near
 * to a tie that another C library's last bits could decide it, so its output
 * is the same everywhere.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SEGMENTS_MAX 4096
#define FRACTION     30 /* of c0 and c2 */
#define C1_MORE	     6 /* fraction bits of c1 beyond those */

struct entry {
	int32_t c0, c1, c2;
};

static struct entry table[SEGMENTS_MAX];
static unsigned int used;

/* A range of the table: f over [from, to] in equal segments. */
struct piece {
	const char *name;
	long double (*f)(long double);
	long double from, to;
	unsigned int segments;
	int linear; /* see make_line() */
	unsigned int base;
};

static long double recip(long double x)
{
	return 1 / x;
}

static long double rsqrt(long double x)
{
	return 1 / sqrtl(x);
}

/* ln(1 + d) / d */
static long double log_ratio(long double d)
{
	return d == 0 ? 1 : log1pl(d) / d;
}

static long double tanh_ratio(long double x)
{
	return x == 0 ? 1 : tanhl(x) / x;
}

static long double erf_ratio(long double x)
{
	return x == 0 ? 2 / sqrtl(acosl(-1)) : erfl(x) / x;
}

/* In the order of the table. */
static struct piece pieces[] = {
	{ "EXP", exp2l, 0, 1, 64, 0, 0 },
	{ "LOG", log_ratio, -0.25L, 0.5L, 96, 0, 0 },
	{ "RECIP", recip, 1, 2, 128, 0, 0 },
	/* the even exponents, then the odd */
	{ "RSQRT", rsqrt, 1, 2, 128, 0, 0 },
	{ NULL, rsqrt, 2, 4, 128, 0, 0 },
	{ "SQRT", sqrtl, 1, 2, 64, 0, 0 },
	{ NULL, sqrtl, 2, 4, 64, 0, 0 },
	{ "TANH_LOW", tanh_ratio, 0, 0.5L, 64, 0, 0 },
	{ "TANH_0", tanhl, 0.5L, 1, 64, 0, 0 },
	{ "TANH_1", tanhl, 1, 2, 128, 0, 0 },
	{ "TANH_2", tanhl, 2, 4, 128, 0, 0 },
	{ "TANH_3", tanhl, 4, 6, 32, 0, 0 },
	{ NULL, tanhl, 6, 8, 32, 1, 0 },
	{ "TANH_4", tanhl, 8, 16, 32, 1, 0 },
	{ "ERF_LOW", erf_ratio, 0, 0.5L, 64, 0, 0 },
	{ "ERF_0", erfl, 0.5L, 1, 64, 0, 0 },
	{ "ERF_1", erfl, 1, 2, 128, 0, 0 },
	{ "ERF_2", erfl, 2, 3.125L, 72, 0, 0 },
	{ NULL, erfl, 3.125L, 4, 56, 1, 0 },
};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static int64_t rounded(const struct piece *p, long double v)
{
	long double below = floorl(v);

	if (fabsl(v - below - 0.5L) < 0x1p-16L) {
		fprintf(stderr, "fngen: a tie in %s\n", p->name ? p->name : "");
		exit(1);
	}
	return (int64_t)(v - below > 0.5L ? below + 1 : below);
}

static int32_t word(const struct piece *p, int64_t v)
{
	if (v < INT32_MIN || v > INT32_MAX) {
		fprintf(stderr, "fngen: %s does not fit\n",
			p->name ? p->name : "");
		exit(1);
	}
	return (int32_t)v;
}

static void add(const struct piece *p, int64_t left, int64_t right, int64_t c2)
{
	struct entry *e = &table[used++];

	e->c0 = word(p, left);
	e->c1 = word(p, (right - left - c2) * (1 << C1_MORE));
	e->c2 = word(p, c2);
}

/*
 * The parabola through both ends and the middle, so that segments meet. With
 * both ends given, it is the one with the least error as long as the third
 * derivative is about the same over the segment.
 */
static void make_parabola(const struct piece *p, long double x,
			  long double width)
{
	long double scale = ldexpl(1, FRACTION);
	long double f0 = p->f(x), f1 = p->f(x + width);
	long double bend = 2 * (f0 - 2 * p->f(x + width / 2) + f1);

	add(p, rounded(p, f0 * scale), rounded(p, f1 * scale),
	    rounded(p, bend * scale));
}

/*
 * A line, where a function is so flat that the rounding of products in a
 * parabola would make it go down here and there. The ends lie half the error
 * of the middle beside the function: it is as far off at either then.
 */
static long double node(const struct piece *p, long double x, long double width)
{
	long double f = p->f(x);

	return f + (2 * f - p->f(x - width) - p->f(x + width)) / 16;
}

static void make_line(const struct piece *p, long double x, long double width)
{
	long double scale = ldexpl(1, FRACTION);

	add(p, rounded(p, node(p, x, width) * scale),
	    rounded(p, node(p, x + width, width) * scale), 0);
}

static void make(struct piece *p)
{
	long double width = (p->to - p->from) / p->segments;

	p->base = used;
	for (unsigned int i = 0; i < p->segments; i++)
		(p->linear ? make_line : make_parabola)(p, p->from + i * width,
							width);
}

static void write_c(FILE *f)
{
	fprintf(f, "/* SPDX-License-Identifier: MIT */\n"
		   "/* Made by hw-model/gen/fngen: do not edit. */\n"
		   "/* clang-format off */\n"
		   "#ifndef ASH_FN_TABLE_H\n#define ASH_FN_TABLE_H\n\n"
		   "#include <stdint.h>\n\n"
		   "/* Where the segments of each range begin. */\n");
	for (size_t i = 0; i < PIECES; i++)
		if (pieces[i].name)
			fprintf(f, "#define ASH_FN_%s %u\n", pieces[i].name,
				pieces[i].base);
	fprintf(f, "#define ASH_FN_SEGMENTS %u\n\n", used);
	fprintf(f, "static const struct ash_fn_segment {\n"
		   "\tint32_t c0, c1, c2;\n"
		   "} ash_fn_table[ASH_FN_SEGMENTS] = {\n");
	for (unsigned int i = 0; i < used; i++)
		fprintf(f, "\t{ %d, %d, %d },\n", table[i].c0, table[i].c1,
			table[i].c2);
	fprintf(f, "};\n\n#endif\n");
}

static void write_column(FILE *f, unsigned int c)
{
	fprintf(f, "  localparam logic signed [31:0] C%u [SEGMENTS] = '{", c);
	for (unsigned int i = 0; i < used; i++) {
		const struct entry *e = &table[i];
		int32_t v = c == 0 ? e->c0 : c == 1 ? e->c1 : e->c2;

		fprintf(f, "%s%s32'sh%08x", i ? "," : "",
			i % 8 ? " " : "\n    ", (unsigned int)v);
	}
	fprintf(f, "\n  };\n");
}

static void write_sv(FILE *f)
{
	fprintf(f,
		"// SPDX-License-Identifier: MIT\n"
		"// Made by hw-model/gen/fngen: do not edit.\n"
		"// The table of the vector unit's functions: where the segments of each\n"
		"// range begin, and their coefficients.\n"
		"package ash_fn_pkg;\n");
	for (size_t i = 0; i < PIECES; i++)
		if (pieces[i].name)
			fprintf(f, "  localparam logic [31:0] %s = 32'd%u;\n",
				pieces[i].name, pieces[i].base);
	fprintf(f, "  localparam int SEGMENTS = %u;\n", used);
	for (unsigned int c = 0; c < 3; c++)
		write_column(f, c);
	fprintf(f, "endpackage\n");
}

static void save(const char *path, void (*write)(FILE *))
{
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		exit(1);
	}
	write(f);
	if (ferror(f) | fclose(f)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fngen HEADER PACKAGE\n");
		return 2;
	}
	for (size_t i = 0; i < PIECES; i++)
		make(&pieces[i]);
	save(argv[1], write_c);
	save(argv[2], write_sv);
	return 0;
}
