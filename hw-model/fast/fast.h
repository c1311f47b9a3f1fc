/* SPDX-License-Identifier: MIT */
/*
 * The functional board: what its parts share. Times are device cycles since
 * the model was made (ashlar_model.cycles); NEVER is no time.
 *
 * Every part that acts by itself has a time of its own: the management
 * processor, and each tile. board.c always lets the one that is behind act, up
 * to a little beyond the next (BOARD_SLICE). What a part does to another
 * happens at once.
 */
#ifndef ASH_FAST_H
#define ASH_FAST_H

#include "ash_board.h"
#include "ash_units.h"
#include "ashlar_regs.h"
#include "model.h"
#include "pending.h"
#include "rv32.h"

#define NEVER UINT64_MAX

/* A field of a register's value. */
#define FIELD(reg, name) \
	((ASHLAR_##name##_MASK & (reg)) >> ASHLAR_##name##_SHIFT)

/* So far may one part be ahead of another that could act on it. */
#define BOARD_SLICE 256

#define TILES  ASHLAR_BOARD_TILES
#define COPIES ASHLAR_BOARD_COPY_ENGINES
#define BELLS  ASHLAR_BOARD_DOORBELLS

struct tile;
struct dma;
struct work_pool;

/* A copy engine (copy.c). */
#define COPY_QUEUE 8
struct copy {
	uint64_t src, dst, imm;
	uint32_t len, space;
	bool armed;
	uint32_t error;
	uint32_t issued, done;
	/* Of copy n at n % (2 * COPY_QUEUE): when its turn begins, and when it ends. */
	uint64_t begins[COPY_QUEUE * 2], ends[COPY_QUEUE * 2];
};

/* The management processor and block MP (mp.c). */
#define VECTOR_QUEUE 8
struct mp {
	struct rv32 *core;
	bool runs; /* HOST.MP_CTRL.RUN */
	bool asleep; /* in WFI */
	uint8_t rom[ASHLAR_BOARD_ROM_BYTES];
	uint8_t tcm[ASHLAR_BOARD_TCM_BYTES];
	uint8_t shared[ASHLAR_BOARD_SHARED_BYTES];
	uint8_t dtb[(ASHLAR_BOARD_DTB_BYTES + 3) / 4 * 4];

	uint64_t zero; /* the time at which MTIME was 0 */
	uint64_t mtimecmp;
	uint32_t irq_enable, post, reset_cause;
	uint32_t wdt_period;
	uint64_t wdt_at; /* when it fires */
	uint64_t db_pending, tile_pending;
	uint32_t db_tail[BELLS], db_head[BELLS], db_depth[BELLS];
	struct {
		unsigned int number;
		uint64_t at; /* when the copies before it are done */
	} vectors[VECTOR_QUEUE];
	unsigned int vector_count;
	struct copy copy[COPIES];
};

/* Block HOST (host.c). */
struct host {
	uint32_t boot_addr_lo, boot_addr_hi, boot_bytes;
	uint32_t cycle_hi, error, error_addr;
	uint32_t scratch[ASHLAR_HOST_SCRATCH_COUNT];
};

struct engine {
	struct ashlar_model *m;
	struct host host;
	struct mp mp;
	struct tile *tiles[TILES];
	unsigned int jobs; /* tiles that have one */
	struct work_pool *pool;
	uint64_t at_work; /* tiles (bits) that may have work to do */
	struct dma *gathers; /* has rows that are not given as work yet */
};

/* --- board.c --- */

void board_reset(struct engine *e, uint32_t cause);
/* Bits of HOST_ERR happen, and a report with them. */
void board_misuse(struct engine *e, uint32_t bits,
		  const struct model_misuse_values *v);
/* A board or host memory address was refused. */
void board_refused(struct engine *e, uint64_t addr);

/*
 * The bus, as DMA, walkers and copies use it; at once, at the time of who
 * calls. Board memory lines and host beats are 64 bytes.
 */
/* Whether these bytes are board memory. */
static inline bool board_in_memory(uint64_t addr, uint64_t bytes)
{
	return addr <= ASHLAR_BOARD_MEM_BYTES &&
	       bytes <= ASHLAR_BOARD_MEM_BYTES - addr;
}
/*
 * A tile has a job, or has one no more. Several tiles at once are worth several
 * host threads; one is not, since its work waits for itself.
 */
void board_job(struct engine *e, int more);
/*
 * These rows of board memory are about to be read or written by what is not
 * work of `self` (NULL: of any tile): work on them that was given before is done
 * first.
 */
void board_order(struct engine *e, const struct tile *self,
		 const struct rows *r, bool write);
/*
 * bytes of a beat or less, from or to memory or host. False: refused, and told
 * of.
 */
bool bus_read(struct engine *e, bool host, uint64_t addr, void *data,
	      size_t bytes);
bool bus_write(struct engine *e, bool host, uint64_t addr, const void *data,
	       size_t bytes);

/* --- host.c --- */

uint32_t host_read(struct engine *e, uint32_t offset);
void host_write(struct engine *e, uint32_t offset, uint32_t value);

/* --- mp.c, mp_regs.c --- */

bool mp_new(struct engine *e);
void mp_delete(struct engine *e);
/* Board reset, HOST.MP_CTRL or watchdog; cause 0 leaves RESET_CAUSE. */
void mp_reset(struct engine *e, uint32_t cause);
void mp_set_run(struct engine *e, bool run);
/* When it acts next; NEVER: not without an outside action. */
uint64_t mp_next(const struct engine *e);
/* Acts, up to about until; what is due at mp_next() at least. */
void mp_run(struct engine *e, uint64_t until);
/* A tile has an event at this time. */
void mp_tile_event(struct engine *e, unsigned int tile, uint64_t at);
/* Rung at this time; HOST_ERR bits if it is refused. */
uint32_t mp_doorbell(struct engine *e, unsigned int bell, uint32_t value,
		     struct model_misuse_values *v);
/* The processor's time, at least at. */
void mp_wake(struct engine *e, uint64_t at);
/* A source of interrupts has changed, from outside, at this time. */
void mp_update_irq(struct engine *e, uint64_t at);
/* The core's interrupt lines, as they are at this time. */
void mp_set_lines(struct engine *e, uint64_t at);
/* Vectors whose time has come leave. */
void mp_raise_vectors(struct engine *e, uint64_t at);

enum rv32_answer mp_regs_read(struct engine *e, uint32_t offset,
			      uint32_t *value);
enum rv32_answer mp_regs_write(struct engine *e, uint32_t offset,
			       uint32_t value);
/* Interrupt sources at this time. */
uint32_t mp_irq_pending(const struct engine *e, uint64_t at);

/* --- copy.c --- */

void copy_reset(struct copy *c);
enum rv32_answer copy_read(struct engine *e, unsigned int i, uint32_t offset,
			   uint64_t at, uint32_t *value);
enum rv32_answer copy_write(struct engine *e, unsigned int i, uint32_t offset,
			    uint32_t value, uint64_t at);
/* All that was started is finished by then. */
uint64_t copy_ends(const struct copy *c);

/* --- tile.c --- */

struct tile *tile_new(struct engine *e, unsigned int number);
void tile_delete(struct tile *t);
void tile_reset(struct tile *t);
bool tile_active(const struct tile *t); /* for the temperature */
uint64_t tile_next(const struct tile *t);
void tile_run(struct tile *t, uint64_t until);
enum rv32_answer tile_ctrl_read(struct tile *t, uint32_t offset, uint64_t at,
				uint32_t *value);
enum rv32_answer tile_ctrl_write(struct tile *t, uint32_t offset,
				 uint32_t value, uint64_t at);

#endif
