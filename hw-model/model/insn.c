// SPDX-License-Identifier: MIT
/*
 * The instruction trace, a line of text for each retired instruction:
 *	cycle core pc insn rd value
 * cycle and core in decimal, the rest in hexadecimal; core 0 is the management
 * processor, core 1 + t that of tile t; rd is "-" when no register changes.
 */
#include "model.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

bool model_insn_open(struct ashlar_model *m, const char *path, char *error,
		     size_t error_bytes)
{
	m->insn_trace = fopen(path, "w");
	if (!m->insn_trace) {
		snprintf(error, error_bytes,
			 "instruction trace %s cannot be written: %s", path,
			 strerror(errno));
		return false;
	}
	fprintf(m->insn_trace, "# cycle core pc insn rd value\n");
	return true;
}

bool model_in_window(const struct ashlar_model *m, uint64_t cycle)
{
	return cycle >= m->trace_begin &&
	       (!m->trace_end || cycle < m->trace_end);
}

void model_insn_write(struct ashlar_model *m, uint64_t cycle, unsigned int core,
		      uint32_t pc, uint32_t insn, uint32_t rd, uint32_t value)
{
	fprintf(m->insn_trace, "%" PRIu64 " %u %08" PRIx32 " %08" PRIx32, cycle,
		core, pc, insn);
	if (rd)
		fprintf(m->insn_trace, " x%" PRIu32 " %08" PRIx32 "\n", rd,
			value);
	else
		fprintf(m->insn_trace, " -\n");
}
