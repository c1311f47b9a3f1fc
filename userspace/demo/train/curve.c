/* SPDX-License-Identifier: MIT */
#include "curve.h"

#include <math.h>
#include <stdio.h>

#define WIDTH  720.0f
#define HEIGHT 400.0f
#define LEFT   64.0f
#define RIGHT  16.0f
#define TOP    40.0f
#define BOTTOM 48.0f

/* 1, 2 or 5 times a power of ten: about `count` of them fill the range. */
static float tick(float range, uint32_t count)
{
	float raw = range / (float)count;
	float unit = powf(10.0f, floorf(log10f(raw)));
	float m = raw / unit;

	return unit * (m < 1.5f ? 1.0f :
		       m < 3.5f ? 2.0f :
		       m < 7.5f ? 5.0f :
				  10.0f);
}

struct frame {
	float x_max, y_max;
};

static float at_x(const struct frame *f, float x)
{
	return LEFT + x / f->x_max * (WIDTH - LEFT - RIGHT);
}

static float at_y(const struct frame *f, float y)
{
	return HEIGHT - BOTTOM - y / f->y_max * (HEIGHT - TOP - BOTTOM);
}

static void draw_axes(FILE *out, const struct frame *f, const char *title,
		      const char *y_name)
{
	float step = tick(f->y_max, 5);
	float v;

	fprintf(out,
		"<text x=\"%g\" y=\"24\" font-size=\"16\">%s</text>\n"
		"<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">training steps</text>\n"
		"<text x=\"16\" y=\"%g\" text-anchor=\"middle\" "
		"transform=\"rotate(-90 16 %g)\">%s</text>\n",
		(double)LEFT, title, (double)(LEFT + WIDTH - RIGHT) / 2,
		(double)(HEIGHT - 10), (double)(HEIGHT / 2),
		(double)(HEIGHT / 2), y_name);
	for (v = 0; v <= f->y_max * 1.001f; v += step)
		fprintf(out,
			"<path d=\"M%g %gH%g\" stroke=\"#ddd\"/>"
			"<text x=\"%g\" y=\"%g\" text-anchor=\"end\">%g</text>\n",
			(double)LEFT, (double)at_y(f, v),
			(double)(WIDTH - RIGHT), (double)(LEFT - 6),
			(double)(at_y(f, v) + 4), (double)v);
	step = tick(f->x_max, 8);
	for (v = 0; v <= f->x_max * 1.001f; v += step)
		fprintf(out,
			"<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">%g</text>\n",
			(double)at_x(f, v), (double)(HEIGHT - BOTTOM + 18),
			(double)v);
}

static void draw_curve(FILE *out, const struct frame *f, const struct curve *c,
		       uint32_t number)
{
	static const char *const ink[] = { "#1f5fa8", "#c4511d", "#2a8a4a" };
	const char *color = ink[number % 3];
	uint32_t i;

	fprintf(out,
		"<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"",
		color);
	for (i = 0; i < c->n; i++)
		fprintf(out, "%.1f,%.1f ",
			(double)at_x(f, (float)i * c->x_step),
			(double)at_y(f, c->y[i]));
	fprintf(out,
		"\"/>\n<text x=\"%g\" y=\"%g\" text-anchor=\"end\" fill=\"%s\">%s</text>\n",
		(double)(WIDTH - RIGHT - 8),
		(double)(TOP + 16 + 18 * (float)number), color, c->label);
}

int curve_write(const char *path, const char *title, const char *y_name,
		const struct curve *curves, uint32_t count)
{
	struct frame f = { 1, 0 };
	FILE *out = fopen(path, "w");
	uint32_t i, j;
	int bad;

	if (!out)
		return -1;
	for (i = 0; i < count; i++) {
		f.x_max = fmaxf(f.x_max,
				(float)(curves[i].n - 1) * curves[i].x_step);
		for (j = 0; j < curves[i].n; j++)
			f.y_max = fmaxf(f.y_max, curves[i].y[j]);
	}
	if (f.y_max <= 0)
		f.y_max = 1;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		(double)WIDTH, (double)HEIGHT);
	draw_axes(out, &f, title, y_name);
	for (i = 0; i < count; i++)
		draw_curve(out, &f, &curves[i], i);
	fprintf(out, "</svg>\n");
	bad = ferror(out);
	return fclose(out) || bad ? -1 : 0;
}
