/* SPDX-License-Identifier: MIT */
/*
 * libashlar: run kernels on an Ashlar board.
 *
 *	ashlar_device *dev;
 *	ashlar_queue *q;
 *	ashlar_module *m;
 *	ashlar_kernel *k;
 *	ashlar_fence *f;
 *
 *	ashlar_device_open(NULL, NULL, &dev);
 *	ashlar_queue_create(dev, NULL, &q);
 *	ashlar_module_load(dev, elf, elf_bytes, &m);
 *	ashlar_module_kernel(m, "axpy", &k);
 *	struct ashlar_launch_info l = ASHLAR_INIT(ashlar_launch_info);
 *	l.kernel = k;
 *	l.args = &args;
 *	l.arg_bytes = sizeof(args);
 *	ashlar_launch(q, &l, &f);
 *	ashlar_fence_wait(&f, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER);
 *
 * Results. Every call that can fail returns an ashlar_result. A sentence with
 * the values concerned stays with the device, per thread, until the thread's
 * next failure on that device: ashlar_device_error(). While there is no device
 * yet, ashlar_open_options.error receives it.
 *
 * Handles are opaque and counted. A call that gives out a handle gives one
 * reference; release it with the _unref() of its kind, which takes NULL too.
 * A handle keeps alive what it needs (a kernel its module, all their device),
 * so the order of release does not matter. A handle that was released, is of
 * another kind or was never one is refused with ASHLAR_ERROR_HANDLE (for a
 * released one as long as its memory has not been reused: a misuse check, not
 * a licence).
 *
 * Structures that a call takes or fills begin with size and flags. Set size to
 * sizeof (ASHLAR_INIT does) and flags to 0 or to what the structure names;
 * other bits are refused. Newer libraries add members at the end only; a size
 * smaller than the first published one is refused.
 *
 * Order. The only order is: launches, copies and fills of a queue run one
 * after the other as they were submitted; nothing starts before its wait
 * fences have signalled. Calls never wait for the board, except those that say
 * so.
 *
 * Time and progress. Device time is the board's clock, in cycles. A simulated
 * board has no thread of its own: its time passes only inside calls, namely
 * ashlar_fence_wait() (until the fences are done), ashlar_fence_query() (at
 * most one slice of ASHLAR_SLICE_CYCLES while the fence is pending, so that a
 * polling loop makes progress), ashlar_device_open(), ashlar_queue_create(),
 * and where what was released is taken off the board: queues when their last
 * launch is complete, memory many pieces at a time. So a program that makes the same calls in one thread
 * gets the same results and the same cycle counts, always. Timeouts of waits
 * are host time; timeouts of launches are device time. A program must not
 * spin on mapped memory without calling the library: nothing would change.
 * A card's time passes by itself and waiting threads sleep; but what is still
 * in the library (work that waits for fences of another device handle, for
 * room in its queue, or for a copy or fill) goes on only inside calls there,
 * too.
 *
 * Failure. A launch that faults, hangs or is refused fails its fence and its
 * queue, leaves a record (ashlar_device_fault()) and stops the address space
 * of its device handle: everything not complete on the handle's queues fails
 * as ASHLAR_ERROR_CANCELLED. Other handles, also of the same board, and the
 * process do not notice. To go on, release the failed queues and create new
 * ones; buffers and modules stay as they are. A kernel that exits non-zero
 * fails its own fence only (ASHLAR_ERROR_EXIT). What waits for a failed fence
 * does not run: it fails as cancelled and fails its queue, with what is behind
 * it there. When a card is reset because of somebody else, what is not complete
 * fails as cancelled and queues fail; the message says so, and new queues work.
 * A card that has gone is lost for good (ASHLAR_ERROR_LOST): open it again when
 * it is back.
 *
 * Threads. Every function may be called from every thread, on the same handles
 * too. Threads that wait on one simulated board take turns at running it;
 * those that wait on a card sleep and keep nobody from using it.
 *
 * Fork. A child must not use handles it has inherited (they are refused with
 * ASHLAR_ERROR_FORKED); it may open devices of its own. exec is always safe.
 *
 * Environment: ASHLAR_DEVICE (name taken when none is given: accel:0, a card;
 * sim:fast, sim:rtl, simulated boards; see ashlar_device_open()), ASHLAR_DATA_DIR
 * (firmware, models, kernels), ASHLAR_TRACE (file for a Chrome/Perfetto trace
 * of everything that ran, made from device time).
 */
#ifndef ASHLAR_H
#define ASHLAR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASHLAR_LIB_MAJOR 0
#define ASHLAR_LIB_MINOR 1

#if defined(__GNUC__)
#define ASHLAR_API __attribute__((visibility("default")))
#else
#define ASHLAR_API
#endif

typedef struct ashlar_device ashlar_device;
typedef struct ashlar_buffer ashlar_buffer;
typedef struct ashlar_module ashlar_module;
typedef struct ashlar_kernel ashlar_kernel;
typedef struct ashlar_queue ashlar_queue;
typedef struct ashlar_cmdlist ashlar_cmdlist;
typedef struct ashlar_fence ashlar_fence;

/* A zeroed structure with its size set. */
#ifdef __cplusplus
#define ASHLAR_INIT(type) (ashlar_init<struct type>())
#else
#define ASHLAR_INIT(type) ((struct type){ .size = sizeof(struct type) })
#endif

#define ASHLAR_FOREVER	    UINT64_MAX /* timeout of a wait: none */
#define ASHLAR_SLICE_CYCLES 20000 /* see "Time and progress" */
#define ASHLAR_NAME_MAX	    48 /* names of kernels, with the zero */

typedef enum ashlar_result {
	ASHLAR_OK = 0,
	ASHLAR_ERROR_INVALID = 1, /* an argument is out of range */
	ASHLAR_ERROR_HANDLE = 2, /* NULL, released, foreign or no handle */
	ASHLAR_ERROR_NOT_FOUND = 3, /* no such device, file, kernel, record */
	ASHLAR_ERROR_UNSUPPORTED = 4, /* not on this board or in this version */
	ASHLAR_ERROR_NO_MEMORY = 5, /* host memory */
	ASHLAR_ERROR_NO_SPACE = 6, /* board memory, addresses, queues */
	ASHLAR_ERROR_BUSY = 7, /* the queue is full; wait for a fence */
	ASHLAR_ERROR_TIMEOUT = 8, /* the wait ended; the fence is pending */
	ASHLAR_ERROR_FORMAT = 9, /* malformed kernel file or device tree */
	ASHLAR_ERROR_LIMIT = 10, /* the kernel needs more than the board has */
	ASHLAR_ERROR_VERSION = 11, /* no version that both sides speak */
	ASHLAR_ERROR_IO = 12, /* a file cannot be read or written */
	ASHLAR_ERROR_BOOT = 13, /* the board's firmware did not start */
	ASHLAR_ERROR_LOST = 14, /* the board does not answer any more */
	ASHLAR_ERROR_POISONED = 15, /* the queue has failed; make a new one */
	ASHLAR_ERROR_FORKED = 16, /* handle of the parent process */
	/* How a launch failed: results of its fence. */
	ASHLAR_ERROR_EXIT = 17, /* the kernel exited non-zero */
	ASHLAR_ERROR_FAULT = 18, /* bad address, instruction or parameter */
	ASHLAR_ERROR_HUNG = 19, /* it ran longer than its timeout */
	ASHLAR_ERROR_CANCELLED = 20, /* something before it failed */
	ASHLAR_ERROR_REFUSED = 21, /* the firmware refused the descriptor */
} ashlar_result;

/* --- Library ------------------------------------------------------------ */

/* Version of the library that runs, major << 16 | minor. */
ASHLAR_API uint32_t ashlar_version(void);

/* What a result means, in a sentence; never NULL. */
ASHLAR_API const char *ashlar_result_str(ashlar_result result);

/*
 * One more reference to a handle of any kind. Returns ASHLAR_ERROR_HANDLE when
 * it is none.
 */
ASHLAR_API ashlar_result ashlar_ref(void *handle);

/* --- Device --------------------------------------------------------------- */

struct ashlar_device_entry {
	uint32_t size;
	uint32_t flags;
	char name[64]; /* for ashlar_device_open() */
	char text[128]; /* what it is */
};

/*
 * The devices that can be opened here, cards first. entries may be NULL; *count is the
 * number of elements of entries on entry (each with its size set) and the
 * number of devices on return. Elements beyond are left as they are.
 */
ASHLAR_API ashlar_result ashlar_device_list(struct ashlar_device_entry *entries,
					    uint32_t *count);

enum ashlar_log_level {
	ASHLAR_LOG_ERROR = 0,
	ASHLAR_LOG_WARNING = 1,
	ASHLAR_LOG_INFO = 2,
	ASHLAR_LOG_DEBUG = 3,
};

struct ashlar_open_options {
	uint32_t size;
	uint32_t flags; /* none defined */
	/*
	 * Not NULL: a second address space on the board of that device, with
	 * queues and faults of its own. The name must then be NULL.
	 * (Of a card anybody can have one by opening it again; but fences reach
	 * only across handles that share.)
	 */
	ashlar_device *share;
	const char *data_dir; /* NULL: ASHLAR_DATA_DIR, else as installed */
	const char *firmware; /* image file; NULL: the one of data_dir. Not
			       * for cards: their driver has loaded it
			       */
	const char *trace; /* trace file; NULL: ASHLAR_TRACE */
	/* Receives the sentence when opening fails; may be NULL. */
	char *error;
	size_t error_bytes;
	/*
	 * Called for messages of the board (enum ashlar_log_level), with locks
	 * held: it must not call the library. NULL: errors and warnings go to
	 * stderr.
	 */
	void (*log)(void *ctx, int level, const char *text);
	void *log_ctx;
};

/*
 * Open a board, or, with options->share, another address space on one.
 *
 * name: KIND[,OPTION...]; NULL or "" takes ASHLAR_DEVICE, else the first card
 * when there is one, else "sim:fast".
 *	accel:N		card N, through its kernel driver: /dev/accel/accelN
 *	accel:/PATH	the same, by its node
 *	sim, sim:fast	functional model in this process, a board of its own
 *			per open: the same results, estimated times
 *	sim:rtl		RTL in this process: the hardware, cycle by cycle
 * Options of sim:
 *	board=B		sim (default), tiny, product
 *	strict=0|1	1 (default): a misuse of the board (access outside its
 *			registers, DMA outside registered memory, doorbell
 *			without queue) ends the model; 0: it is only logged
 *	record=FILE	all operations on the board, for replay
 *	wave=FILE	waveform (sim:rtl)
 *	insn-trace=FILE	retired instructions of all cores
 *	window=A-B	cycles of wave and insn-trace; B empty: no end
 *	model=FILE	model to load instead of the one in the data directory
 *
 * Boots the firmware of a simulated board: waits. Errors: INVALID (name),
 * NOT_FOUND (model or firmware file; no card, or none that may be opened),
 * UNSUPPORTED, FORMAT (board's device tree), VERSION (also of the kernel
 * driver), BOOT, NO_SPACE (all contexts taken), NO_MEMORY, LOST.
 */
ASHLAR_API ashlar_result
ashlar_device_open(const char *name, const struct ashlar_open_options *options,
		   ashlar_device **device);
ASHLAR_API void ashlar_device_unref(ashlar_device *device);

/*
 * The sentence of this thread's last failure on the device, or "". Returns its
 * length; at most n - 1 bytes and a zero are stored.
 */
ASHLAR_API size_t ashlar_device_error(ashlar_device *device, char *text,
				      size_t n);

enum ashlar_platform {
	ASHLAR_PLATFORM_SILICON = 0,
	ASHLAR_PLATFORM_RTL = 1,
	ASHLAR_PLATFORM_FAST = 2,
};

struct ashlar_device_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	char name[64]; /* as opened, with the defaults filled in */
	char board[32]; /* model of the device tree: "sim", "tiny", ... */
	uint32_t platform; /* enum ashlar_platform */
	uint32_t hw_version; /* major << 16 | minor, here and below */
	uint32_t firmware_version;
	uint32_t control_abi; /* agreed with the firmware */
	uint32_t job_abi;
	uint32_t kernel_abi;
	uint32_t clock_khz; /* of device time */
	uint32_t tiles;
	uint32_t array; /* rows = columns of a matrix array */
	uint32_t accumulators; /* accumulator tiles of a tile */
	uint32_t local_bytes; /* local memory of a tile */
	uint32_t scratchpad_bytes; /* scratchpad of a tile */
	uint32_t scratchpad_banks;
	uint32_t max_queues; /* of the board, all devices together */
	uint32_t max_devices; /* address spaces of the board */
	uint32_t max_arg_bytes; /* of a launch */
	uint64_t memory_bytes; /* board memory */
	uint64_t memory_free; /* not taken now */
	uint64_t address_bytes; /* device addresses, 0 .. address_bytes - 1 */
};

/* The topology, read from the board's device tree. */
ASHLAR_API ashlar_result ashlar_device_query(ashlar_device *device,
					     struct ashlar_device_info *info);

struct ashlar_device_perf {
	uint32_t size;
	uint32_t flags; /* none defined */
	uint64_t cycles; /* device time now */
	uint64_t clocked; /* cycles really simulated; a card: = cycles */
	uint64_t heartbeat; /* turns of the firmware's main loop */
	uint32_t jobs_completed; /* of the board since boot */
	uint32_t jobs_failed;
	uint32_t tiles_busy; /* bit = tile */
	uint32_t bad_requests; /* control requests the firmware refused */
};

/* Device time and counters of the whole board. */
ASHLAR_API ashlar_result ashlar_device_perf(ashlar_device *device,
					    struct ashlar_device_perf *perf);

enum ashlar_unit {
	ASHLAR_UNIT_CORE = 0,
	ASHLAR_UNIT_LOADER = 1,
	ASHLAR_UNIT_LOAD = 2,
	ASHLAR_UNIT_STORE = 3,
	ASHLAR_UNIT_MATRIX = 4,
	ASHLAR_UNIT_VECTOR = 5,
};

/* What went wrong, where. */
struct ashlar_fault {
	uint32_t size;
	uint32_t flags; /* none defined */
	ashlar_result result; /* EXIT, FAULT, HUNG, REFUSED, CANCELLED */
	uint32_t queue; /* number of the queue: on a simulated board, or of the
			 * device handle on a card
			 */
	uint32_t context; /* number of the address space */
	uint32_t tile; /* first tile concerned */
	uint32_t unit; /* enum ashlar_unit */
	uint32_t cause; /* TILE.FAULT_CAUSE */
	uint32_t sub; /* TILE.FAULT_SUB */
	uint32_t exit_code; /* EXIT */
	uint32_t pc; /* local address of the core's instruction */
	uint32_t tag; /* of the launch */
	uint64_t address; /* FAULT: device or local address concerned */
	uint64_t cycles; /* device time of the end */
	char kernel[ASHLAR_NAME_MAX];
	char text[256]; /* all this in a sentence */
};

/*
 * The device handle's last fault (not a CANCELLED one).
 * Errors: NOT_FOUND when there was none.
 */
ASHLAR_API ashlar_result ashlar_device_fault(ashlar_device *device,
					     struct ashlar_fault *fault);

/* --- Buffers ---------------------------------------------------------------- */

enum ashlar_buffer_flags {
	ASHLAR_BUFFER_BOARD = 0, /* in board memory (default) */
	ASHLAR_BUFFER_HOST = 1u << 0, /* in host memory, read over PCIe */
	ASHLAR_BUFFER_READ_ONLY = 1u << 1, /* kernels must not write it */
};

struct ashlar_buffer_info {
	uint32_t size;
	uint32_t flags; /* enum ashlar_buffer_flags */
	uint64_t bytes; /* 1 .. */
	uint64_t align; /* of the device address; power of two; 0: 4096 */
};

/*
 * Memory that kernels of the device can reach, at ashlar_buffer_addr(). It is
 * zeroed. An unmapped page lies behind each buffer.
 * Host memory of a card stays in memory and counts against RLIMIT_MEMLOCK.
 * Errors: INVALID, NO_MEMORY (host), NO_SPACE (board memory or addresses).
 */
ASHLAR_API ashlar_result ashlar_buffer_create(
	ashlar_device *device, const struct ashlar_buffer_info *info,
	ashlar_buffer **buffer);
/*
 * Kernels may go on using the memory until everything that was submitted on
 * the device before the last reference went is complete.
 */
ASHLAR_API void ashlar_buffer_unref(ashlar_buffer *buffer);

/* The device address of the first byte, for kernel arguments; 0 on error. */
ASHLAR_API uint64_t ashlar_buffer_addr(ashlar_buffer *buffer);

/*
 * Where the process sees the buffer, until its last reference goes. Board
 * memory is slow to read on a card. Errors: UNSUPPORTED for board memory while
 * record=FILE is on (mapped writes could not be recorded).
 */
ASHLAR_API ashlar_result ashlar_buffer_map(ashlar_buffer *buffer,
					   void **address);

/*
 * Copy at once, without regard to queues: wait for what uses the bytes first.
 * Errors: INVALID when offset + bytes is outside the buffer.
 */
ASHLAR_API ashlar_result ashlar_buffer_write(ashlar_buffer *buffer,
					     uint64_t offset, const void *data,
					     uint64_t bytes);
ASHLAR_API ashlar_result ashlar_buffer_read(ashlar_buffer *buffer,
					    uint64_t offset, void *data,
					    uint64_t bytes);

/*
 * A dma-buf file descriptor of the buffer, to share with other devices; the
 * caller closes it. Errors: UNSUPPORTED on simulated boards, and for buffers in
 * board memory.
 */
ASHLAR_API ashlar_result ashlar_buffer_export(ashlar_buffer *buffer, int *fd);

/* --- Kernels ---------------------------------------------------------------- */

/*
 * Load a kernel file (ELF32, see ashlar/kernel_abi.h) from memory; the bytes
 * may go when it returns. Errors: FORMAT (malformed, and where), LIMIT (a
 * kernel needs more than the board has), VERSION (kernel interface), NO_SPACE.
 */
ASHLAR_API ashlar_result ashlar_module_load(ashlar_device *device,
					    const void *elf, size_t bytes,
					    ashlar_module **module);
ASHLAR_API void ashlar_module_unref(ashlar_module *module);

/*
 * A kernel of the module by name; name NULL: its only kernel.
 * Errors: NOT_FOUND (the message lists what there is).
 */
ASHLAR_API ashlar_result ashlar_module_kernel(ashlar_module *module,
					      const char *name,
					      ashlar_kernel **kernel);
ASHLAR_API void ashlar_kernel_unref(ashlar_kernel *kernel);

struct ashlar_kernel_info {
	uint32_t size;
	uint32_t flags; /* of struct ashlar_kernel_desc */
	char name[ASHLAR_NAME_MAX];
	uint32_t arg_bytes; /* size of the arguments */
	uint32_t local_bytes; /* local memory it needs */
	uint32_t scratchpad_bytes; /* scratchpad it needs */
	uint32_t tiles_max; /* tiles it can use; 0: any number */
	uint32_t text_bytes; /* of its module */
	uint32_t image_bytes; /* what a tile loads */
};

ASHLAR_API ashlar_result ashlar_kernel_query(ashlar_kernel *kernel,
					     struct ashlar_kernel_info *info);

/* --- Queues ----------------------------------------------------------------- */

enum ashlar_queue_priority {
	ASHLAR_QUEUE_NORMAL = 0,
	ASHLAR_QUEUE_LOW = 1,
	ASHLAR_QUEUE_HIGH = 2,
};

struct ashlar_queue_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	uint32_t priority; /* enum ashlar_queue_priority */
	uint32_t depth; /* jobs on the board, 2 ..; 0: 64. Power of two */
	uint32_t backlog; /* more that the library holds; 0: 65536 */
};

/*
 * A queue; info NULL: all defaults. Waits for the firmware.
 * Errors: INVALID, NO_SPACE (all queues taken), LOST; UNSUPPORTED for
 * ASHLAR_QUEUE_HIGH on a card without CAP_SYS_NICE.
 */
ASHLAR_API ashlar_result
ashlar_queue_create(ashlar_device *device, const struct ashlar_queue_info *info,
		    ashlar_queue **queue);
/*
 * What was submitted still runs: the board's queue goes when all is complete.
 * The release of a device's last handle cancels what is left.
 */
ASHLAR_API void ashlar_queue_unref(ashlar_queue *queue);

struct ashlar_launch_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	ashlar_kernel *kernel;
	const void *args; /* copied at once */
	uint32_t arg_bytes; /* as the kernel says */
	uint32_t tiles; /* 0: as many as there are and the kernel can use */
	uint32_t grid[3]; /* for the kernel; 0 is taken as 1 */
	uint32_t tag; /* free, comes back in fault records and traces */
	uint64_t timeout_cycles; /* device time on tiles; 0: 100 million */
	ashlar_fence *const *waits; /* fences to wait for, of this board */
	uint32_t wait_count;
	uint32_t reserved; /* zero */
};

/*
 * Submit a launch; fence may be NULL.
 * Errors: INVALID, HANDLE, BUSY, POISONED, LOST.
 */
ASHLAR_API ashlar_result ashlar_launch(ashlar_queue *queue,
				       const struct ashlar_launch_info *info,
				       ashlar_fence **fence);

/*
 * count[1] planes of count[0] rows of bytes; a plain copy has both counts 0
 * (taken as 1). Pitches are distances of rows [0] and planes [1].
 */
struct ashlar_copy_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	ashlar_buffer *dst;
	ashlar_buffer *src;
	uint64_t dst_offset;
	uint64_t src_offset;
	uint64_t bytes; /* of a row, 1 .. */
	uint64_t count[2];
	uint64_t dst_pitch[2];
	uint64_t src_pitch[2];
	ashlar_fence *const *waits;
	uint32_t wait_count;
	uint32_t reserved; /* zero */
};

/*
 * Submit a copy between buffers of the queue's device. It is done by the host
 * through its mapping of both, when its turn in the queue has come, inside the
 * call in which that is noticed; it takes no device time on a simulated board.
 * Ranges that overlap are copied as by memmove, row by row.
 * Errors: as ashlar_launch().
 */
ASHLAR_API ashlar_result ashlar_copy(ashlar_queue *queue,
				     const struct ashlar_copy_info *info,
				     ashlar_fence **fence);

struct ashlar_fill_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	ashlar_buffer *dst;
	uint64_t offset; /* multiple of pattern_bytes */
	uint64_t bytes; /* multiple of pattern_bytes, 1 .. */
	uint32_t pattern;
	uint32_t pattern_bytes; /* 1, 2 or 4 */
	ashlar_fence *const *waits;
	uint32_t wait_count;
	uint32_t reserved; /* zero */
};

/* Submit a fill; done as ashlar_copy() says. */
ASHLAR_API ashlar_result ashlar_fill(ashlar_queue *queue,
				     const struct ashlar_fill_info *info,
				     ashlar_fence **fence);

/* --- Command lists ------------------------------------------------------------ */

/* A list of launches, copies and fills: recorded once, submitted often. */
ASHLAR_API ashlar_result ashlar_cmdlist_create(ashlar_device *device,
					       ashlar_cmdlist **list);
ASHLAR_API void ashlar_cmdlist_unref(ashlar_cmdlist *list);

/*
 * Add to the end of the list; *index (may be NULL) is the command's number, for
 * patches. The list keeps kernel and buffers alive. wait_count must be 0: the
 * submission waits, as a whole. Errors: INVALID, also after _end().
 */
ASHLAR_API ashlar_result
ashlar_cmdlist_launch(ashlar_cmdlist *list,
		      const struct ashlar_launch_info *info, uint32_t *index);
ASHLAR_API ashlar_result
ashlar_cmdlist_copy(ashlar_cmdlist *list, const struct ashlar_copy_info *info,
		    uint32_t *index);
ASHLAR_API ashlar_result
ashlar_cmdlist_fill(ashlar_cmdlist *list, const struct ashlar_fill_info *info,
		    uint32_t *index);

/* The list is complete and cannot change any more. Errors: INVALID if empty. */
ASHLAR_API ashlar_result ashlar_cmdlist_end(ashlar_cmdlist *list);

/* Other bytes of a launch's arguments, for this submission only. */
struct ashlar_patch {
	uint32_t index; /* of a launch in the list */
	uint32_t offset; /* in its arguments */
	uint32_t bytes; /* 1 .. */
	uint32_t reserved; /* zero */
	const void *data;
};

struct ashlar_submit_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	const struct ashlar_patch *patches;
	uint32_t patch_count;
	uint32_t wait_count;
	ashlar_fence *const *waits;
};

/*
 * Submit the whole list; info may be NULL. The fence signals when its last
 * command is complete and fails with the first failure in it.
 * Errors: INVALID (list not ended), and as ashlar_launch().
 */
ASHLAR_API ashlar_result ashlar_cmdlist_submit(
	ashlar_queue *queue, ashlar_cmdlist *list,
	const struct ashlar_submit_info *info, ashlar_fence **fence);

/* --- Fences ------------------------------------------------------------------- */

enum ashlar_wait_mode {
	ASHLAR_WAIT_ALL = 0,
	ASHLAR_WAIT_ANY = 1,
};

/*
 * Wait until all or any of count (1 ..) fences of one board are done, at most
 * timeout_ns of host time. The board's time passes meanwhile, as fast as it
 * can be simulated: how much of it fits into timeout_ns is not defined, so use
 * ASHLAR_FOREVER where results must repeat to the cycle, and
 * timeout_cycles of the launch against kernels that hang. 0 polls like
 * ashlar_fence_query().
 *
 * Returns OK, or the result of the first failed fence (lowest index) among
 * those done, TIMEOUT, LOST. ANY returns when one is done, failed or not.
 */
ASHLAR_API ashlar_result ashlar_fence_wait(ashlar_fence *const *fences,
					   uint32_t count, uint32_t mode,
					   uint64_t timeout_ns);

enum ashlar_fence_state {
	ASHLAR_FENCE_PENDING = 0,
	ASHLAR_FENCE_DONE = 1,
	ASHLAR_FENCE_FAILED = 2,
};

/* Times are device cycles; of a list: first fetch and start, last end. */
struct ashlar_fence_info {
	uint32_t size;
	uint32_t flags; /* none defined */
	uint32_t state; /* enum ashlar_fence_state */
	ashlar_result result; /* OK unless FAILED */
	uint64_t t_submit; /* when the library took it */
	uint64_t t_fetch; /* when the firmware read it */
	uint64_t t_start; /* when its tiles started */
	uint64_t t_end; /* when its last tile ended */
	uint32_t exit_code; /* of the first tile with one */
	uint32_t tiles; /* tiles used */
	/* Sums over tiles (and commands), in cycles unless said otherwise. */
	uint64_t matrix_busy, matrix_stall;
	uint64_t vector_busy, core_wait;
	uint64_t load_beats, store_beats; /* 64-byte beats */
	uint64_t loading;
	uint64_t tlb_misses; /* page table walks */
};

/* Where a fence is; see "Time and progress". */
ASHLAR_API ashlar_result ashlar_fence_query(ashlar_fence *fence,
					    struct ashlar_fence_info *info);

/* The record of a failed fence. Errors: NOT_FOUND when it has not failed. */
ASHLAR_API ashlar_result ashlar_fence_fault(ashlar_fence *fence,
					    struct ashlar_fault *fault);

/*
 * A sync_file descriptor of the fence; the caller closes it. It signals when
 * the work has ended, well or not: ashlar_fence_query() says which. Errors:
 * UNSUPPORTED on simulated boards; BUSY as long as the driver does not have all
 * of the work, which waits in the library or ends with a copy or fill.
 */
ASHLAR_API ashlar_result ashlar_fence_export(ashlar_fence *fence, int *fd);
ASHLAR_API void ashlar_fence_unref(ashlar_fence *fence);

#ifdef __cplusplus
}

template <class T> static inline T ashlar_init()
{
	T t = T();

	t.size = sizeof(T);
	return t;
}
#endif
#endif
