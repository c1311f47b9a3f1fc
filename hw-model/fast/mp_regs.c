// SPDX-License-Identifier: MIT
/* Block MP: timer, interrupts, doorbells, watchdog, vectors (ash_mp_regs.sv). */
#include "fast.h"

#define VECTORS ASHLAR_BOARD_VECTORS

uint32_t mp_irq_pending(const struct engine *e, uint64_t at)
{
	const struct mp *mp = &e->mp;
	uint32_t pending = 0;
	unsigned int i;

	if (mp->db_pending)
		pending |= ASHLAR_MP_IRQ_PENDING_DOORBELL_MASK;
	if (mp->tile_pending)
		pending |= ASHLAR_MP_IRQ_PENDING_TILE_MASK;
	for (i = 0; i < COPIES; i++)
		if (mp->copy[i].armed && copy_ends(&mp->copy[i]) <= at)
			pending |= ASHLAR_MP_IRQ_PENDING_COPY_MASK;
	if (e->host.error)
		pending |= ASHLAR_MP_IRQ_PENDING_HOST_ERR_MASK;
	return pending;
}

uint32_t mp_doorbell(struct engine *e, unsigned int bell, uint32_t value,
		     struct model_misuse_values *v)
{
	struct mp *mp = &e->mp;

	v->head = mp->db_head[bell];
	v->depth = mp->db_depth[bell];
	if (!v->depth)
		return ASHLAR_HOST_HOST_ERR_DB_DISABLED_MASK;
	if (value - v->head > v->depth)
		return ASHLAR_HOST_HOST_ERR_DB_OVERRUN_MASK;
	mp->db_tail[bell] = value;
	mp->db_pending |= 1ull << bell;
	mp_update_irq(e, e->m->cycles);
	return 0;
}

/* Element of an array of registers, or NULL. */
static uint32_t *element(uint32_t *array, uint32_t base, uint32_t offset)
{
	uint32_t i = (offset - base) / 4;

	return offset >= base && i < BELLS ? &array[i] : NULL;
}

static bool identity(uint32_t offset, uint32_t *value)
{
	switch (offset) {
	case ASHLAR_MP_HW_VERSION:
		*value = ASHLAR_HOST_HW_VERSION_RESET;
		break;
	case ASHLAR_MP_PLATFORM:
		*value = engine_platform;
		break;
	case ASHLAR_MP_CFG_TILES:
		*value = TILES;
		break;
	case ASHLAR_MP_CFG_LMEM_BYTES:
		*value = ASHLAR_BOARD_LMEM_BYTES;
		break;
	case ASHLAR_MP_CFG_SPAD_BYTES:
		*value = ASHLAR_BOARD_SPAD_BYTES;
		break;
	case ASHLAR_MP_CFG_CLOCK_KHZ:
		*value = ASHLAR_BOARD_CLOCK_KHZ;
		break;
	case ASHLAR_MP_CFG_MEM_LO:
		*value = (uint32_t)ASHLAR_BOARD_MEM_BYTES;
		break;
	case ASHLAR_MP_CFG_MEM_HI:
		*value = (uint32_t)(ASHLAR_BOARD_MEM_BYTES >> 32);
		break;
	case ASHLAR_MP_CFG_ARRAY:
		*value = ASHLAR_BOARD_ARRAY;
		break;
	case ASHLAR_MP_DTB_BYTES:
		*value = ASHLAR_BOARD_DTB_BYTES;
		break;
	default:
		return false;
	}
	return true;
}

enum rv32_answer mp_regs_read(struct engine *e, uint32_t offset,
			      uint32_t *value)
{
	struct mp *mp = &e->mp;
	uint64_t at = rv32_cycle(mp->core);
	const uint32_t *p;

	*value = 0;
	switch (offset) {
	case ASHLAR_MP_MTIME_LO:
		*value = (uint32_t)(at - mp->zero);
		return RV32_OK;
	case ASHLAR_MP_MTIME_HI:
		*value = (uint32_t)((at - mp->zero) >> 32);
		return RV32_OK;
	case ASHLAR_MP_MTIMECMP_LO:
		*value = (uint32_t)mp->mtimecmp;
		return RV32_OK;
	case ASHLAR_MP_MTIMECMP_HI:
		*value = (uint32_t)(mp->mtimecmp >> 32);
		return RV32_OK;
	case ASHLAR_MP_IRQ_PENDING:
		*value = mp_irq_pending(e, at);
		return RV32_OK;
	case ASHLAR_MP_IRQ_ENABLE:
		*value = mp->irq_enable;
		return RV32_OK;
	case ASHLAR_MP_DB_PENDING(0):
		*value = (uint32_t)mp->db_pending;
		return RV32_OK;
	case ASHLAR_MP_DB_PENDING(1):
		*value = (uint32_t)(mp->db_pending >> 32);
		return RV32_OK;
	case ASHLAR_MP_TILE_EVENT:
		*value = (uint32_t)mp->tile_pending;
		return RV32_OK;
	case ASHLAR_MP_VECTOR:
	case ASHLAR_MP_WDT_KICK:
		return RV32_OK;
	case ASHLAR_MP_POST:
		*value = mp->post;
		return RV32_OK;
	case ASHLAR_MP_WDT_PERIOD:
		*value = mp->wdt_period;
		return RV32_OK;
	case ASHLAR_MP_RESET_CAUSE:
		*value = mp->reset_cause;
		return RV32_OK;
	case ASHLAR_MP_BOOT_ADDR_LO:
		*value = e->host.boot_addr_lo;
		return RV32_OK;
	case ASHLAR_MP_BOOT_ADDR_HI:
		*value = e->host.boot_addr_hi;
		return RV32_OK;
	case ASHLAR_MP_BOOT_BYTES:
		*value = e->host.boot_bytes;
		return RV32_OK;
	case ASHLAR_MP_HOST_ERR:
		*value = e->host.error;
		return RV32_OK;
	case ASHLAR_MP_HOST_ERR_ADDR:
		*value = e->host.error_addr;
		return RV32_OK;
	}
	if (identity(offset, value))
		return RV32_OK;
	p = element(mp->db_tail, ASHLAR_MP_DB_TAIL(0), offset);
	if (!p)
		p = element(mp->db_head, ASHLAR_MP_DB_HEAD(0), offset);
	if (!p)
		p = element(mp->db_depth, ASHLAR_MP_DB_DEPTH(0), offset);
	if (!p)
		return RV32_ERROR;
	*value = *p;
	return RV32_OK;
}

static void kick(struct mp *mp)
{
	uint64_t now = rv32_cycle(mp->core);

	mp->wdt_at = mp->wdt_period ? now + mp->wdt_period : NEVER;
}

/* A vector leaves when all copies started before it are finished. */
static void queue_vector(struct engine *e, unsigned int number)
{
	struct mp *mp = &e->mp;
	uint64_t at = rv32_cycle(mp->core) + 1;
	unsigned int i;

	/* The write stalls until there is room. */
	if (mp->vector_count == VECTOR_QUEUE) {
		uint64_t room = mp->vectors[0].at;

		if (room > rv32_cycle(mp->core))
			rv32_set_cycle(mp->core, room, false);
		mp_raise_vectors(e, rv32_cycle(mp->core));
	}
	for (i = 0; i < COPIES; i++)
		if (copy_ends(&mp->copy[i]) > at)
			at = copy_ends(&mp->copy[i]);
	if (mp->vector_count && at <= mp->vectors[mp->vector_count - 1].at)
		at = mp->vectors[mp->vector_count - 1].at + 1;
	mp->vectors[mp->vector_count].number = number;
	mp->vectors[mp->vector_count].at = at;
	mp->vector_count++;
}

enum rv32_answer mp_regs_write(struct engine *e, uint32_t offset,
			       uint32_t value)
{
	struct mp *mp = &e->mp;
	uint32_t unused;
	uint32_t *p;

	/* What changes events and lines is looked at behind this instruction. */
	rv32_yield(mp->core);
	switch (offset) {
	case ASHLAR_MP_MTIMECMP_LO:
		mp->mtimecmp = (mp->mtimecmp & ~0xffffffffull) | value;
		break;
	case ASHLAR_MP_MTIMECMP_HI:
		mp->mtimecmp = (mp->mtimecmp & 0xffffffffull) | (uint64_t)value
									<< 32;
		break;
	case ASHLAR_MP_IRQ_ENABLE:
		mp->irq_enable = value & 0xf;
		break;
	case ASHLAR_MP_DB_PENDING(0):
		mp->db_pending &= ~(uint64_t)value;
		break;
	case ASHLAR_MP_DB_PENDING(1):
		mp->db_pending &= ~((uint64_t)value << 32);
		break;
	case ASHLAR_MP_TILE_EVENT:
		mp->tile_pending &= ~(uint64_t)value;
		break;
	case ASHLAR_MP_VECTOR:
		if (value >= VECTORS)
			return RV32_ERROR;
		queue_vector(e, value);
		break;
	case ASHLAR_MP_POST:
		mp->post = value;
		break;
	case ASHLAR_MP_WDT_PERIOD:
		mp->wdt_period = value;
		kick(mp);
		break;
	case ASHLAR_MP_WDT_KICK:
		kick(mp);
		break;
	case ASHLAR_MP_HOST_ERR:
		e->host.error &= ~value;
		break;
	default:
		p = element(mp->db_head, ASHLAR_MP_DB_HEAD(0), offset);
		if (!p)
			p = element(mp->db_depth, ASHLAR_MP_DB_DEPTH(0),
				    offset);
		/* A write to a register that is read only is dropped. */
		if (!p)
			return mp_regs_read(e, offset, &unused);
		*p = value;
	}
	/* The line follows at once: a handler must not see it stay. */
	mp_set_lines(e, rv32_cycle(mp->core));
	return RV32_OK;
}
