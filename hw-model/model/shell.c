// SPDX-License-Identifier: MIT
/* The model's operations (ashlar_model.h) around its engine. */
#include "model.h"
#include "ash_board.h"
#include "ashlar_regs.h"
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BAR0_BYTES 0x100000u

static void destroy(struct ashlar_model *m)
{
	if (!m)
		return;
	if (m->rec)
		record_close(m->rec, m->cycles);
	if (m->insn_trace)
		fclose(m->insn_trace);
	engine_delete(m);
	model_memory_close(m);
	free(m->rom_copy);
	free(m);
}

/* Takes the ROM image of the options, or the one built in. */
static bool take_rom(struct ashlar_model *m,
		     const struct ashlar_model_options *opt, char *error,
		     size_t error_bytes)
{
	if (!opt->rom) {
		m->rom = ashlar_builtin_rom;
		m->rom_bytes =
			(size_t)(ashlar_builtin_rom_end - ashlar_builtin_rom);
		if (m->rom_bytes)
			return true;
		snprintf(
			error, error_bytes,
			"this model is built without a boot ROM; give one in options.rom");
		return false;
	}
	if (opt->rom_bytes > ASHLAR_BOARD_ROM_BYTES) {
		snprintf(error, error_bytes,
			 "the ROM image has %zu bytes; the ROM holds %d",
			 opt->rom_bytes, ASHLAR_BOARD_ROM_BYTES);
		return false;
	}
	m->rom_copy = malloc(opt->rom_bytes ? opt->rom_bytes : 1);
	if (!m->rom_copy) {
		snprintf(error, error_bytes, "out of memory");
		return false;
	}
	memcpy(m->rom_copy, opt->rom, opt->rom_bytes);
	m->rom = m->rom_copy;
	m->rom_bytes = opt->rom_bytes;
	return true;
}

static bool take_options(struct ashlar_model_options *to,
			 const struct ashlar_model_options *opt, char *error,
			 size_t error_bytes)
{
	size_t bytes = opt ? opt->size : 0;

	memset(to, 0, sizeof(*to));
	to->memory_fd = -1;
	if (!opt)
		return true;
	if (bytes < offsetof(struct ashlar_model_options, record)) {
		snprintf(error, error_bytes,
			 "options.size is %zu, at least %zu is needed", bytes,
			 offsetof(struct ashlar_model_options, record));
		return false;
	}
	memcpy(to, opt, bytes < sizeof(*to) ? bytes : sizeof(*to));
	if (to->reserved) {
		snprintf(error, error_bytes,
			 "options.reserved is 0x%x, must be 0", to->reserved);
		return false;
	}
	return true;
}

static bool build(struct ashlar_model *m,
		  const struct ashlar_model_options *opt, char *error,
		  size_t error_bytes)
{
	if (!take_rom(m, opt, error, error_bytes) ||
	    !model_memory_open(m, opt->memory_fd, error, error_bytes))
		return false;
	m->strict = opt->strict;
	m->trace_begin = opt->trace_begin;
	m->trace_end = opt->trace_end;
	if (opt->insn_trace &&
	    !model_insn_open(m, opt->insn_trace, error, error_bytes))
		return false;
	if (!engine_new(m, opt, error, error_bytes))
		return false;
	engine_power_on(m);
	if (opt->record) {
		m->rec = record_open(opt->record, ASHLAR_BOARD_MODEL, m->strict,
				     m->rom, m->rom_bytes, m->memory,
				     ASHLAR_BOARD_MEM_BYTES, error,
				     error_bytes);
		if (!m->rec)
			return false;
	}
	return true;
}

static struct ashlar_model *create(const struct ashlar_model_callbacks *cb,
				   const struct ashlar_model_options *opt,
				   char *error, size_t error_bytes)
{
	struct ashlar_model_options options;
	struct ashlar_model *m;

	if (!cb || !cb->dma_read || !cb->dma_write || !cb->raise_vector) {
		snprintf(error, error_bytes,
			 "dma_read, dma_write and raise_vector must be given");
		return NULL;
	}
	if (!take_options(&options, opt, error, error_bytes))
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	m->cb = *cb;
	m->memory_fd = -1;
	if (!build(m, &options, error, error_bytes)) {
		destroy(m);
		return NULL;
	}
	return m;
}

/* Whether an access fits its BAR; else it is reported. */
static bool check_access(struct ashlar_model *m, enum ashlar_model_bar bar,
			 uint64_t offset, size_t bytes)
{
	uint64_t end = bar == ASHLAR_MODEL_BAR0 ? BAR0_BYTES :
		       bar == ASHLAR_MODEL_BAR2 ? ASHLAR_BOARD_MEM_BYTES :
						  0;

	if (!end) {
		model_misuse(m, "bar-range",
			     "access to BAR%d, which does not exist", (int)bar);
		return false;
	}
	if (!bytes || bytes > 1ull << 32 ||
	    (bar == ASHLAR_MODEL_BAR0 && (bytes != 4 || offset % 4))) {
		model_misuse(
			m, "bad-size",
			"access of %zu bytes at 0x%llx of BAR%d; it takes %s",
			bytes, (unsigned long long)offset, (int)bar,
			bar == ASHLAR_MODEL_BAR0 ? "4 bytes at multiples of 4" :
						   "1 to 2^32 bytes");
		return false;
	}
	if (offset >= end || bytes > end - offset) {
		model_misuse(
			m, "bar-range",
			"access of %zu bytes at 0x%llx of BAR%d; it has 0x%llx",
			bytes, (unsigned long long)offset, (int)bar,
			(unsigned long long)end);
		return false;
	}
	return true;
}

static int mmio_read(struct ashlar_model *m, enum ashlar_model_bar bar,
		     uint64_t offset, void *data, size_t bytes)
{
	int rc;

	if (m->rec)
		record_read(m->rec, m->cycles, bar, offset, bytes);
	if (m->dead) {
		rc = -EIO;
	} else if (!check_access(m, bar, offset, bytes)) {
		rc = -EINVAL;
	} else if (bar == ASHLAR_MODEL_BAR0) {
		uint32_t value = 0;

		rc = engine_read(m, (uint32_t)offset, &value);
		if (!rc)
			memcpy(data, &value, 4);
	} else {
		if (m->rec)
			record_sync_memory(m->rec, m->cycles, offset, bytes);
		memcpy(data, m->memory + offset, bytes);
		rc = 0;
	}
	if (m->rec)
		record_result(m->rec, m->cycles, m->clocked, rc, data,
			      rc ? 0 : bytes);
	return rc;
}

static int mmio_write(struct ashlar_model *m, enum ashlar_model_bar bar,
		      uint64_t offset, const void *data, size_t bytes)
{
	int rc;

	if (m->rec)
		record_write(m->rec, m->cycles, bar, offset, data, bytes);
	if (m->dead) {
		rc = -EIO;
	} else if (!check_access(m, bar, offset, bytes)) {
		rc = -EINVAL;
	} else if (bar == ASHLAR_MODEL_BAR0) {
		uint32_t value;

		memcpy(&value, data, 4);
		rc = engine_write(m, (uint32_t)offset, value);
	} else {
		if (m->rec)
			record_sync_memory(m->rec, m->cycles, offset, bytes);
		memcpy(m->memory + offset, data, bytes);
		if (m->rec)
			record_own_write(m->rec, offset, bytes);
		rc = 0;
	}
	if (m->rec)
		record_result(m->rec, m->cycles, m->clocked, rc, NULL, 0);
	return rc;
}

static enum ashlar_model_stop run(struct ashlar_model *m, uint64_t max_cycles)
{
	enum ashlar_model_stop stop;

	if (m->rec)
		record_run(m->rec, m->cycles, max_cycles);
	stop = engine_run(m, max_cycles);
	if (m->rec)
		record_result(m->rec, m->cycles, m->clocked, (int)stop, NULL,
			      0);
	return stop;
}

static void reset(struct ashlar_model *m)
{
	if (m->rec)
		record_reset(m->rec, m->cycles);
	if (!m->dead)
		engine_power_on(m);
	if (m->rec)
		record_result(m->rec, m->cycles, m->clocked, 0, NULL, 0);
}

static int info(struct ashlar_model *m, struct ashlar_model_info *to)
{
	struct ashlar_model_info all = {
		.platform = engine_platform,
		.board = ASHLAR_BOARD_MODEL,
		.dtb = ashlar_board_dtb,
		.dtb_bytes = ASHLAR_BOARD_DTB_BYTES,
		.bar0_bytes = BAR0_BYTES,
		.bar2_bytes = ASHLAR_BOARD_MEM_BYTES,
		.memory = m->memory,
		.cycles = m->cycles,
		.clocked = m->clocked,
	};

	if (to->size < sizeof(to->size))
		return -EINVAL;
	all.size = to->size < sizeof(all) ? to->size : (uint32_t)sizeof(all);
	memcpy(to, &all, all.size);
	return 0;
}

__attribute__((visibility("default"))) const struct ashlar_model_ops *
ashlar_model_get(void)
{
	static const struct ashlar_model_ops ops = {
		.abi = ASHLAR_MODEL_ABI,
		.size = sizeof(ops),
		.name = engine_name,
		.create = create,
		.destroy = destroy,
		.mmio_read = mmio_read,
		.mmio_write = mmio_write,
		.run = run,
		.reset = reset,
		.info = info,
	};

	return &ops;
}
