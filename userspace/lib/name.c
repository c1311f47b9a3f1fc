// SPDX-License-Identifier: MIT
/* Device names: what the application or ASHLAR_DEVICE asks for. */
#include <stdlib.h>

#include "internal.h"

static const char *const boards[] = { "sim", "tiny", "product" };

struct option {
	const char *key;
	ashlar_result (*set)(struct sim_options *opt, const char *value,
			     char *error);
};

static ashlar_result set_board(struct sim_options *opt, const char *value,
			       char *error)
{
	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
		if (!strcmp(value, boards[i])) {
			snprintf(opt->board, sizeof(opt->board), "%s", value);
			return ASHLAR_OK;
		}
	}
	snprintf(error, ERROR_BYTES,
		 "board=%s: the boards are sim, tiny and product", value);
	return ASHLAR_ERROR_INVALID;
}

static ashlar_result set_strict(struct sim_options *opt, const char *value,
				char *error)
{
	if (strcmp(value, "0") && strcmp(value, "1")) {
		snprintf(error, ERROR_BYTES, "strict=%s is neither 0 nor 1",
			 value);
		return ASHLAR_ERROR_INVALID;
	}
	opt->strict = *value == '1';
	return ASHLAR_OK;
}

static ashlar_result set_text(char **to, const char *key, const char *value,
			      char *error)
{
	if (!*value) {
		snprintf(error, ERROR_BYTES, "%s= names no file", key);
		return ASHLAR_ERROR_INVALID;
	}
	free(*to);
	*to = strdup(value);
	return *to ? ASHLAR_OK : ASHLAR_ERROR_NO_MEMORY;
}

static ashlar_result set_record(struct sim_options *opt, const char *value,
				char *error)
{
	return set_text(&opt->record, "record", value, error);
}

static ashlar_result set_wave(struct sim_options *opt, const char *value,
			      char *error)
{
	return set_text(&opt->wave, "wave", value, error);
}

static ashlar_result set_insn(struct sim_options *opt, const char *value,
			      char *error)
{
	return set_text(&opt->insn_trace, "insn-trace", value, error);
}

static ashlar_result set_model(struct sim_options *opt, const char *value,
			       char *error)
{
	return set_text(&opt->model, "model", value, error);
}

/* Decimal digits only; false when there are none or too many. */
static bool number(const char **at, uint64_t *value)
{
	const char *start = *at;

	*value = 0;
	while (**at >= '0' && **at <= '9') {
		if (*value > (UINT64_MAX - 9) / 10)
			return false;
		*value = 10 * *value + (uint64_t)(**at - '0');
		(*at)++;
	}
	return *at != start;
}

static ashlar_result set_window(struct sim_options *opt, const char *value,
				char *error)
{
	const char *at = value;

	opt->trace_end = 0;
	if (number(&at, &opt->trace_begin) && *at++ == '-' &&
	    (!*at || (number(&at, &opt->trace_end) && !*at &&
		      opt->trace_end > opt->trace_begin)))
		return ASHLAR_OK;
	snprintf(error, ERROR_BYTES,
		 "window=%s is not A-B or A- with cycles A < B", value);
	return ASHLAR_ERROR_INVALID;
}

static const struct option options[] = {
	{ "board", set_board },	    { "strict", set_strict },
	{ "record", set_record },   { "wave", set_wave },
	{ "insn-trace", set_insn }, { "window", set_window },
	{ "model", set_model },
};

static ashlar_result set_option(struct sim_options *opt, char *text,
				char *error)
{
	char *value = strchr(text, '=');

	if (value) {
		*value++ = 0;
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]);
		     i++)
			if (!strcmp(text, options[i].key))
				return options[i].set(opt, value, error);
	}
	snprintf(
		error, ERROR_BYTES,
		"unknown option %s: there are board=, strict=, record=, wave=, insn-trace=, window= and model=",
		text);
	return ASHLAR_ERROR_INVALID;
}

/* --- Kinds ------------------------------------------------------------------ */

static ashlar_result parse_sim(char *part, char *rest, struct device_name *n,
			       char *error)
{
	struct sim_options *opt = &n->sim;
	const char *kind = strchr(part, ':');
	ashlar_result result = ASHLAR_OK;

	opt->strict = true;
	snprintf(opt->kind, sizeof(opt->kind), "%s", kind ? kind + 1 : "fast");
	snprintf(opt->board, sizeof(opt->board), "sim");
	while (!result && (part = strsep(&rest, ",")))
		result = set_option(opt, part, error);
	if (!result && opt->wave && !strcmp(opt->kind, "fast")) {
		snprintf(error, ERROR_BYTES,
			 "wave=%s: sim:fast has no signals; use sim:rtl",
			 opt->wave);
		result = ASHLAR_ERROR_UNSUPPORTED;
	}
	snprintf(n->full, sizeof(n->full), "sim:%s,board=%s,strict=%d",
		 opt->kind, opt->board, opt->strict);
	return result;
}

/* accel:N or accel:/path */
static ashlar_result parse_accel(const char *part, const char *rest,
				 struct device_name *n, char *error)
{
	const char *which = part + strlen("accel:"), *at = which;
	uint64_t value;
	int length;

	if (rest) {
		snprintf(error, ERROR_BYTES, "%s,%s: a card takes no options",
			 part, rest);
		return ASHLAR_ERROR_INVALID;
	}
	if (*which == '/') {
		length = asprintf(&n->node, "%s", which);
	} else if (number(&at, &value) && !*at && value < ACCEL_NODES) {
		length = asprintf(&n->node, ACCEL_NODE, (unsigned int)value);
	} else {
		snprintf(
			error, ERROR_BYTES,
			"%s: neither a number from 0 to %u nor a path behind accel:",
			part, ACCEL_NODES - 1);
		return ASHLAR_ERROR_INVALID;
	}
	if (length < 0) {
		n->node = NULL;
		return ASHLAR_ERROR_NO_MEMORY;
	}
	snprintf(n->full, sizeof(n->full), "%s", part);
	return ASHLAR_OK;
}

/* The card when there is one, else the model that is quick. */
static const char *choose(char *buffer, size_t bytes)
{
	const char *name = getenv("ASHLAR_DEVICE");
	unsigned int node;

	if (name && *name)
		return name;
	if (!port_accel_find(&node))
		return "sim:fast";
	snprintf(buffer, bytes, "accel:%u", node);
	return buffer;
}

ashlar_result name_parse(const char *name, struct device_name *n, char *error)
{
	ashlar_result result = ASHLAR_ERROR_INVALID;
	char *copy, *rest, *part;
	char card[32];

	memset(n, 0, sizeof(*n));
	if (!name || !*name)
		name = choose(card, sizeof(card));
	copy = strdup(name);
	if (!copy)
		return ASHLAR_ERROR_NO_MEMORY;
	rest = copy;
	part = strsep(&rest, ",");
	if (!strncmp(part, "accel:", strlen("accel:")))
		result = parse_accel(part, rest, n, error);
	else if (!strcmp(part, "sim") || !strcmp(part, "sim:fast") ||
		 !strcmp(part, "sim:rtl"))
		result = parse_sim(part, rest, n, error);
	else
		snprintf(
			error, ERROR_BYTES,
			"unknown device %s: use accel:N, sim:fast or sim:rtl[,option=value...]",
			part);
	free(copy);
	return result;
}

void name_free(struct device_name *n)
{
	free(n->node);
	free(n->sim.record);
	free(n->sim.wave);
	free(n->sim.insn_trace);
	free(n->sim.model);
	memset(n, 0, sizeof(*n));
}
