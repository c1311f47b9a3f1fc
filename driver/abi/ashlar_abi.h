/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * What driver and firmware say to each other: the shared SRAM, the control
 * ring, job rings, completions, the firmware image header, the log.
 *
 * Used verbatim by firmware, driver, library and tests. Everything is little
 * endian, naturally aligned and of fixed width; every structure's size is
 * asserted. Structures grow only at their end or into reserved fields, which
 * are zero and checked. Whoever reads memory that the other side can write
 * copies it once, checks the copy, then uses it.
 */
#ifndef ASHLAR_ABI_H
#define ASHLAR_ABI_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stdint.h>
#endif

#define ASHLAR_ABI_SIZE(type, bytes) \
	static_assert(sizeof(type) == (bytes), #type " must not change size")

/*
 * Versions. Each interface has one, major << 16 | minor. A side states the
 * range it speaks, [min, max]; the two agree on the highest both have, and
 * refuse each other, naming both ranges, when there is none.
 */
#define ASHLAR_VERSION(major, minor) \
	((uint32_t)(major) << 16 | (uint32_t)(minor))
#define ASHLAR_VERSION_MAJOR(v) ((v) >> 16)
#define ASHLAR_VERSION_MINOR(v) (0xffff & (v))

#define ASHLAR_ABI_CONTROL ASHLAR_VERSION(1, 0) /* control ring, shared SRAM */
#define ASHLAR_ABI_JOB	   ASHLAR_VERSION(1, 0) /* job rings, completions */
#define ASHLAR_ABI_KERNEL  ASHLAR_VERSION(2, 1) /* kernel image and registers */
/* Kernels of these still run: a minor version only adds registers. */
#define ASHLAR_ABI_KERNEL_MIN ASHLAR_VERSION(2, 0)

struct ashlar_version_range {
	uint32_t min;
	uint32_t max;
};
ASHLAR_ABI_SIZE(struct ashlar_version_range, 8);

/* --- Firmware image ---------------------------------------------------- */

/*
 * In board memory at HOST.BOOT_ADDR; the ROM checks it, copies payload to
 * load_addr in TCM and jumps to entry. hw is the range of HW_VERSION the
 * firmware runs on.
 */
#define ASHLAR_IMAGE_MAGIC 0x49465741u /* "AWFI" */
#define ASHLAR_IMAGE_ALIGN 64

struct ashlar_image {
	uint32_t magic;
	uint32_t header_bytes; /* sizeof(struct ashlar_image) */
	uint32_t payload_bytes; /* after the header, multiple of 8 */
	uint32_t payload_crc32; /* IEEE 802.3, of the payload */
	uint32_t load_addr; /* MP address, multiple of 8 */
	uint32_t entry; /* MP address */
	struct ashlar_version_range hw;
	uint32_t firmware_version;
	uint8_t build_id[20]; /* of the ELF; the log decoder checks it */
	uint32_t reserved; /* zero */
	uint32_t header_crc32; /* of the bytes before this field */
};
ASHLAR_ABI_SIZE(struct ashlar_image, 64);

/* Post codes (HOST.POST): where the processor is, or why it stopped. */
enum ashlar_post {
	ASHLAR_POST_RESET = 0x00,
	ASHLAR_POST_ROM = 0x10, /* ROM runs */
	ASHLAR_POST_ROM_LOAD = 0x11, /* image header checked, copying */
	ASHLAR_POST_ROM_JUMP = 0x12, /* payload checked */
	ASHLAR_POST_RUNTIME = 0x20, /* runtime has control */
	ASHLAR_POST_READY = 0x30, /* shared SRAM valid, control ring open */
	/* Errors: 0x80 and above; the processor waits for a reset. */
	ASHLAR_POST_BAD_SIZE = 0x80, /* BOOT_BYTES too small or too large */
	ASHLAR_POST_BAD_MAGIC = 0x81,
	ASHLAR_POST_BAD_HEADER = 0x82, /* header CRC or a field */
	ASHLAR_POST_BAD_PAYLOAD = 0x83, /* payload CRC */
	ASHLAR_POST_BAD_HW = 0x84, /* HW_VERSION outside the image's range */
	ASHLAR_POST_COPY_ERROR = 0x85, /* copy engine error while loading */
	ASHLAR_POST_TRAP = 0x90, /* the processor took an exception */
	ASHLAR_POST_ASSERT = 0x91, /* a check of the firmware failed */
};

/* --- Shared SRAM ------------------------------------------------------- */

#define ASHLAR_SHARED_MAGIC 0x52534853u /* "SHSR" */
#define ASHLAR_CTRL_SLOTS   16 /* power of two */
#define ASHLAR_LOG_WORDS    4096 /* power of two */

/* Offsets in the shared SRAM. */
#define ASHLAR_SHARED_INFO	0x0000
#define ASHLAR_SHARED_CTRL	0x0200
#define ASHLAR_SHARED_TELEMETRY 0x0c00
#define ASHLAR_SHARED_LOG	0x1000
#define ASHLAR_SHARED_END	0x6000

/* Written once by the runtime before POST_READY. */
struct ashlar_info {
	uint32_t magic; /* written last */
	uint32_t bytes; /* sizeof(struct ashlar_info) */
	uint32_t firmware_version;
	uint32_t hw_version;
	struct ashlar_version_range control;
	struct ashlar_version_range job;
	struct ashlar_version_range kernel;
	uint32_t tiles;
	uint32_t queues; /* user queues; doorbells 1..queues */
	uint32_t contexts; /* contexts, numbers 1..contexts */
	uint32_t max_depth_log2; /* of a job ring */
	uint8_t build_id[20];
	uint32_t capabilities; /* bit set, none defined yet */
	uint32_t clock_khz; /* nominal clock, not 0 */
	uint32_t reserved; /* zero */
};
ASHLAR_ABI_SIZE(struct ashlar_info, 88);

/*
 * Control ring: single producer, single consumer both ways. Indices are
 * free-running counts; the slot is index % ASHLAR_CTRL_SLOTS. The driver
 * writes request slots, then req_tail, then rings doorbell 0 with req_tail;
 * the firmware writes reply slots, then rep_tail, then raises vector 0. The
 * firmware takes a request only when its reply has a slot (rep_tail -
 * rep_head < ASHLAR_CTRL_SLOTS). Replies may come out of order; id matches
 * them.
 */
struct ashlar_ctrl_msg {
	uint16_t op; /* enum ashlar_ctrl_op; a reply repeats it */
	uint16_t status; /* request: 0; reply: enum ashlar_status */
	uint32_t id; /* chosen by the driver */
	uint32_t arg[14]; /* as the structure of the op; the rest zero */
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_msg, 64);

struct ashlar_ctrl_ring {
	uint32_t req_head; /* firmware */
	uint32_t rep_tail; /* firmware */
	uint32_t reserved0[14];
	uint32_t req_tail; /* driver */
	uint32_t rep_head; /* driver */
	uint32_t reserved1[14];
	struct ashlar_ctrl_msg req[ASHLAR_CTRL_SLOTS];
	struct ashlar_ctrl_msg rep[ASHLAR_CTRL_SLOTS];
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_ring, 128 + 2 * 16 * 64);

enum ashlar_ctrl_op {
	ASHLAR_CTRL_HELLO = 1, /* ashlar_ctrl_hello; must be the first */
	ASHLAR_CTRL_PING = 2, /* arg[0] is returned in arg[0] */
	ASHLAR_CTRL_CTX_CREATE = 3, /* ashlar_ctrl_ctx */
	ASHLAR_CTRL_CTX_DESTROY = 4, /* ashlar_ctrl_ctx; no queues left */
	ASHLAR_CTRL_CTX_INVALIDATE = 5, /* ashlar_ctrl_ctx; see below */
	ASHLAR_CTRL_QUEUE_CREATE = 6, /* ashlar_ctrl_queue */
	ASHLAR_CTRL_QUEUE_DESTROY = 7, /* ashlar_ctrl_queue; kills its jobs */
	ASHLAR_CTRL_QUEUE_QUERY = 8, /* ashlar_ctrl_queue -> _queue_state */
	ASHLAR_CTRL_TILE_QUERY = 9, /* arg[0] tile -> ashlar_ctrl_tile_state */
};

enum ashlar_status {
	ASHLAR_STATUS_OK = 0,
	ASHLAR_STATUS_BUSY = 1, /* try again after other requests complete */
	ASHLAR_STATUS_UNKNOWN_OP = 2,
	ASHLAR_STATUS_BAD_ARG = 3, /* arg[0] of the reply: index of the arg */
	ASHLAR_STATUS_NOT_FOUND = 4, /* no such context, queue or tile */
	ASHLAR_STATUS_EXISTS = 5,
	ASHLAR_STATUS_VERSION = 6, /* arg: firmware's ranges */
	ASHLAR_STATUS_STATE = 7, /* no HELLO, or context still has queues */
};

/* Request: what the driver speaks. Reply: what was agreed, in max. */
struct ashlar_ctrl_hello {
	struct ashlar_version_range control;
	struct ashlar_version_range job;
	struct ashlar_version_range kernel;
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_hello, 24);

/*
 * CTX_INVALIDATE is answered when no tile holds a translation or fetched code
 * of the context that is older than the request, and every bus request made with
 * such a translation has been answered. The driver sends it after it has taken a
 * page out of the tables and before it reuses the page. BUSY: a tile that does
 * not obey may still use one; the page must not be reused.
 */
struct ashlar_ctrl_ctx {
	uint32_t context; /* 1 .. ashlar_info.contexts */
	uint32_t pt_entries; /* CREATE: 1 .. 524288, see TILE.PT_ENTRIES */
	uint64_t pt_root; /* CREATE: board memory, multiple of 4096 */
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_ctx, 16);

enum ashlar_priority {
	ASHLAR_PRIORITY_LOW = 0,
	ASHLAR_PRIORITY_NORMAL = 1,
	ASHLAR_PRIORITY_HIGH = 2,
};

/*
 * The job ring is in board memory (ashlar_job[1 << depth_log2]); the driver
 * writes it through BAR2. The report is in host memory: ashlar_report and
 * behind it 1 << depth_log2 completions.
 */
struct ashlar_ctrl_queue {
	uint32_t queue; /* 1 .. ashlar_info.queues; also its doorbell */
	uint32_t context;
	uint32_t priority; /* enum ashlar_priority */
	uint32_t depth_log2; /* 1 .. ashlar_info.max_depth_log2 */
	uint64_t ring; /* board memory, multiple of 128 */
	uint64_t report; /* host DMA address, multiple of 64 */
	uint32_t vector; /* raised when completed changes, 0..63 */
	uint32_t reserved; /* zero */
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_queue, 40);

struct ashlar_ctrl_queue_state {
	uint32_t queue;
	uint32_t state; /* 0 = runs, else enum ashlar_job_status of its fault */
	uint32_t head; /* jobs taken */
	uint32_t running; /* jobs on tiles now */
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_queue_state, 16);

/* A tile as it is now: for debuggers, and for hang reports. */
struct ashlar_ctrl_tile_state {
	uint32_t tile;
	uint32_t status; /* TILE.STATUS */
	uint32_t context; /* 0 = none */
	uint32_t queue;
	uint32_t job; /* index in the ring, free-running */
	uint32_t perf[9]; /* TILE.PERF_CYCLES and the 8 that follow */
};
ASHLAR_ABI_SIZE(struct ashlar_ctrl_tile_state, 56);

/* --- Job rings --------------------------------------------------------- */

enum ashlar_job_kind {
	ASHLAR_JOB_NOP = 0, /* completes in order, runs nothing */
	ASHLAR_JOB_KERNEL = 1,
};

#define ASHLAR_JOB_FLAG_IRQ 1u /* raise the queue's vector on completion */

#define ASHLAR_ARG_MAX 1024 /* bytes of kernel arguments */

/*
 * A job. Jobs of a queue start and complete in order; one job of a queue runs
 * at a time. Jobs of different queues run beside each other on different
 * tiles.
 */
struct ashlar_job {
	uint32_t kind; /* enum ashlar_job_kind */
	uint32_t flags; /* ASHLAR_JOB_FLAG_* */
	uint64_t fence; /* written to ashlar_report.completed; grows by job */
	uint64_t code_va; /* multiple of 64 */
	uint32_t code_bytes; /* 64 .. local memory - ASHLAR_ARG_MAX, by 64 */
	uint32_t text_bytes; /* <= code_bytes */
	uint32_t entry; /* < text_bytes, even */
	uint32_t code_serial; /* same bytes if context, code_va and it equal */
	uint64_t arg_va; /* multiple of 64 */
	uint32_t arg_bytes; /* 0 .. ASHLAR_ARG_MAX */
	uint32_t tiles; /* tiles wanted, 1..; clamped to the board's */
	uint32_t grid[3]; /* each >= 1, for the kernel */
	uint32_t tag; /* returned in the completion */
	uint64_t timeout; /* cycles from start on the tiles; 0 = default */
	uint32_t reserved[12]; /* zero */
};
ASHLAR_ABI_SIZE(struct ashlar_job, 128);

#define ASHLAR_JOB_TIMEOUT_DEFAULT 100000000ull /* cycles */

enum ashlar_job_status {
	ASHLAR_JOB_OK = 0,
	ASHLAR_JOB_EXIT = 1, /* the kernel ended with a non-zero exit code */
	ASHLAR_JOB_FAULT = 2, /* fault_* say which */
	ASHLAR_JOB_TIMEOUT = 3,
	ASHLAR_JOB_CANCELLED = 4, /* an earlier job of its context failed, or
				   * queue or context were destroyed
				   */
	ASHLAR_JOB_BAD = 5, /* descriptor refused; fault_sub: byte offset of
			     * the bad field
			     */
};

/*
 * What became of a job; completion i of a queue is in slot i % depth. The
 * firmware writes it before it writes ashlar_report.completed. EXIT fails the
 * job only. FAULT, TIMEOUT and BAD stop the context: all its jobs that have
 * not completed, on any queue, complete as CANCELLED, and so do later ones.
 */
struct ashlar_completion {
	uint64_t fence;
	uint32_t status; /* enum ashlar_job_status */
	uint32_t tag;
	uint64_t t_fetch; /* device cycles: descriptor read */
	uint64_t t_start; /* tiles started */
	uint64_t t_end; /* last tile ended */
	uint32_t exit_code; /* EXIT: of the first tile that had one */
	uint32_t tile; /* FAULT, TIMEOUT, EXIT: first tile concerned */
	uint32_t fault_cause; /* TILE.FAULT_CAUSE */
	uint32_t fault_unit; /* TILE.FAULT_UNIT */
	uint32_t fault_sub; /* TILE.FAULT_SUB */
	uint32_t fault_pc; /* TILE.FAULT_PC; TIMEOUT: where the core was */
	uint64_t fault_addr; /* TILE.FAULT_ADDR */
	uint32_t context;
	uint32_t tiles; /* tiles used */
	/* Sums over the job's tiles of the counters of the same name. */
	uint32_t matrix_busy, matrix_stall;
	uint32_t vector_busy, core_wait;
	uint32_t load_beats, store_beats;
	uint32_t loading, tlb_miss; /* PERF_LOADING, PERF_TLB_MISS */
	uint32_t reserved[4];
};
ASHLAR_ABI_SIZE(struct ashlar_completion, 128);

struct ashlar_report {
	uint64_t completed; /* fence of the last completed job */
	uint64_t reserved[15];
};
ASHLAR_ABI_SIZE(struct ashlar_report, 128);

/* --- Telemetry and log -------------------------------------------------- */

/* Read with the sequence lock: even and unchanged around the read. */
struct ashlar_telemetry {
	uint32_t sequence;
	uint32_t bytes; /* sizeof(struct ashlar_telemetry) */
	uint64_t heartbeat; /* grows while the main loop turns */
	uint64_t cycles; /* when it was last written */
	uint32_t jobs_completed;
	uint32_t jobs_failed;
	uint32_t bad_requests; /* control requests refused */
	uint32_t tiles_busy; /* bit = tile */
	uint32_t scrubs;
	uint32_t reserved;
};
ASHLAR_ABI_SIZE(struct ashlar_telemetry, 48);

/*
 * Log: a ring of 32-bit words. A record is: header (id << 8 | number of
 * argument words, at most 8), cycle count low word, arguments. id is the
 * offset of the format string in the section .logstr of the firmware ELF,
 * which is not loaded; the host decodes. The firmware never waits: head is
 * the free-running count of words ever written, and a reader that falls more
 * than ASHLAR_LOG_WORDS behind has lost records and restarts at head.
 */
struct ashlar_log {
	uint32_t head;
	uint32_t reserved[15];
	uint32_t words[ASHLAR_LOG_WORDS];
};
ASHLAR_ABI_SIZE(struct ashlar_log, 64 + 4 * 4096);

#endif
