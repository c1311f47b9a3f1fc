/* SPDX-License-Identifier: MIT */
/* Figures as text, as JSON, and beside the golden file. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct figure *figure_add(struct figures *f, const char *name, double value,
			  const char *unit, const char *text)
{
	struct figure *g;

	if (f->count == FIGURES_MAX)
		bench_fail("more than %d figures", FIGURES_MAX);
	g = &f->figure[f->count++];
	memset(g, 0, sizeof(*g));
	snprintf(g->name, sizeof(g->name), "%s", name);
	snprintf(g->text, sizeof(g->text), "%s", text);
	g->value = value;
	g->unit = unit;
	return g;
}

static const char *figure_grade(const struct figure *g)
{
	if (g->least == 0)
		return "";
	if (g->low ? g->value <= g->aim : g->value >= g->aim)
		return "aim";
	if (g->low ? g->value <= g->least : g->value >= g->least)
		return "least";
	return "BELOW";
}

void figures_print(const struct figures *f)
{
	uint32_t i;

	printf("%-54s %12s %-10s %8s %8s\n", "", "", "", "least", "aim");
	for (i = 0; i < f->count; i++) {
		const struct figure *g = &f->figure[i];

		printf("%-54s %12.*f %-10s", g->text, g->exact ? 0 : 2,
		       g->value, g->unit);
		if (g->least != 0)
			printf(" %8g %8g  %s", g->least, g->aim,
			       figure_grade(g));
		printf("\n");
	}
}

int figures_write(const struct figures *f, const char *path,
		  const char *compiler, bool exact)
{
	FILE *out = fopen(path, "w");
	const char *comma = "";
	uint32_t i;

	if (!out) {
		fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
		return -1;
	}
	fprintf(out, "{\n  \"compiler\": \"%s\",\n  \"figures\": {", compiler);
	for (i = 0; i < f->count; i++) {
		const struct figure *g = &f->figure[i];

		if (exact && !g->exact)
			continue;
		if (g->exact)
			fprintf(out, "%s\n    \"%s\": %.0f", comma, g->name,
				g->value);
		else
			fprintf(out, "%s\n    \"%s\": %.4f", comma, g->name,
				g->value);
		comma = ",";
	}
	fprintf(out, "\n  }\n}\n");
	if (fclose(out)) {
		fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* The value of "name": in the text of figures_write(). */
static bool find_value(const char *text, const char *name, double *value)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(text, key);
	if (!at)
		return false;
	*value = strtod(at + strlen(key), NULL);
	return true;
}

static bool same_compiler(const char *text, const char *compiler)
{
	char key[200];

	snprintf(key, sizeof(key), "\"compiler\": \"%s\"", compiler);
	return strstr(text, key) != NULL;
}

/* The file's text, until the next call; NULL: it cannot be read. */
static const char *read_text(const char *path)
{
	static char text[65536];
	FILE *in = fopen(path, "r");
	size_t bytes;

	if (!in)
		return NULL;
	bytes = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[bytes] = 0;
	return text;
}

bool figures_find(const char *path, const char *name, double *value)
{
	const char *text = read_text(path);

	return text && find_value(text, name, value);
}

int figures_compare(const struct figures *f, const char *path,
		    const char *compiler)
{
	const char *text = read_text(path);
	uint32_t i;
	int differ = 0;

	if (!text)
		return -1;
	for (i = 0; i < f->count; i++) {
		const struct figure *g = &f->figure[i];
		double golden;

		if (!g->exact)
			continue;
		if (!find_value(text, g->name, &golden)) {
			printf("golden: %s is %.0f, not in %s\n", g->name,
			       g->value, path);
			differ++;
		} else if (golden != g->value) {
			printf("golden: %s is %.0f, was %.0f (%+.2f %%)\n",
			       g->name, g->value, golden,
			       100 * (g->value - golden) / golden);
			differ++;
		}
	}
	if (differ && !same_compiler(text, compiler)) {
		printf("golden: made with another compiler than %s; not judged\n",
		       compiler);
		return 0;
	}
	return differ;
}
