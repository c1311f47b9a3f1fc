// SPDX-License-Identifier: MIT
/*
 * fwboard MODEL.so ROM.bin FIRMWARE.bin FIRMWARE.elf KERNELS.bin TRACE
 *
 * The real ROM and runtime on a model of the board: boot and its refusals,
 * control ring, jobs that end well, exit, fault and hang, hand-over between
 * contexts; and the two latencies, in cycles, from an instruction trace.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "logdecode.h"

static struct board board;
static int passed, failed;
static uint8_t rom[1 << 14], image[1 << 17], kernels[1 << 12];
static uint8_t elf[1 << 20];
static uint32_t rom_bytes, image_bytes, kernel_bytes, elf_bytes;
static const char *model, *trace;

#define CHECK(condition)                                                  \
	do {                                                              \
		if (!(condition)) {                                       \
			printf("%s:%d: failed: %s\n", __FILE__, __LINE__, \
			       #condition);                               \
			return -1;                                        \
		}                                                         \
	} while (0)
#define CHECK_EQ(a, b)                                          \
	do {                                                    \
		uint64_t a_ = (a), b_ = (b);                    \
		if (a_ != b_) {                                 \
			printf("%s:%d: failed: %s is %#" PRIx64 \
			       ", not %#" PRIx64 "\n",          \
			       __FILE__, __LINE__, #a, a_, b_); \
			return -1;                              \
		}                                               \
	} while (0)

static uint32_t load(const char *name, void *to, size_t room)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f) {
		perror(name);
		exit(2);
	}
	n = fread(to, 1, room, f);
	fclose(f);
	if (!n || n == room) {
		fprintf(stderr, "%s: empty or too large\n", name);
		exit(2);
	}
	return (uint32_t)n;
}

/* A booted board with context 1, queue 1, and the kernels in place. */
static int up(const char *insn_trace)
{
	CHECK(!board_open(&board, model, rom, rom_bytes, insn_trace));
	CHECK_EQ(board_boot(&board, image, image_bytes), ASHLAR_POST_READY);
	CHECK_EQ(board_hello(&board), ASHLAR_STATUS_OK);
	memcpy(board.memory + MEM_CODE, kernels, kernel_bytes);
	CHECK_EQ(board_context(&board, 1), ASHLAR_STATUS_OK);
	CHECK_EQ(board_queue(&board, 1, 1), ASHLAR_STATUS_OK);
	return 0;
}

static int run_job(uint32_t queue, struct ashlar_job job)
{
	board_push(&board, queue, job);
	board_ring(&board, queue);
	return board_until(&board, board_completed(&board, queue),
			   board.pushed[queue], 10000000, 0);
}

static int boots(void)
{
	CHECK(!board_open(&board, model, rom, rom_bytes, NULL));
	CHECK_EQ(board_boot(&board, image, image_bytes), ASHLAR_POST_READY);
	printf("boot: %" PRIu64 " cycles\n", board_cycles(&board));
	CHECK_EQ(board_read(&board, ASHLAR_MAP_BAR0_SHARED_BASE),
		 ASHLAR_SHARED_MAGIC);
	CHECK_EQ(board_call(&board, ASHLAR_CTRL_PING, "abcd", 4, NULL),
		 ASHLAR_STATUS_STATE);
	CHECK_EQ(board_hello(&board), ASHLAR_STATUS_OK);
	CHECK_EQ(board_call(&board, ASHLAR_CTRL_PING, "abcd", 4, NULL),
		 ASHLAR_STATUS_OK);
	CHECK(board.vectors[0] == 3);
	return 0;
}

/* What the ROM says about images that are damaged in one place. */
static int boot_refuses(void)
{
	static const struct {
		uint32_t at;
		uint32_t post;
	} damage[] = {
		{ 0, ASHLAR_POST_BAD_MAGIC },
		{ 12, ASHLAR_POST_BAD_HEADER },
		{ 60, ASHLAR_POST_BAD_HEADER },
		{ 64, ASHLAR_POST_BAD_PAYLOAD },
		{ 3000, ASHLAR_POST_BAD_PAYLOAD },
	};
	static uint8_t bad[sizeof(image)];
	unsigned int i;

	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		memcpy(bad, image, image_bytes);
		bad[damage[i].at] ^= 0x10;
		CHECK(!board_open(&board, model, rom, rom_bytes, NULL));
		CHECK_EQ(board_boot(&board, bad, image_bytes), damage[i].post);
		board_close(&board);
	}
	CHECK(!board_open(&board, model, rom, rom_bytes, NULL));
	CHECK_EQ(board_boot(&board, image, image_bytes - 8),
		 ASHLAR_POST_BAD_SIZE);
	return 0;
}

static int jobs(void)
{
	const struct ashlar_completion *c;
	struct ashlar_job nop = { .kind = ASHLAR_JOB_NOP };
	uint32_t forty = 40;
	unsigned int i;

	if (up(NULL))
		return -1;
	CHECK(!run_job(1, board_job(0, kernel_bytes)));
	c = board_completion(&board, 1, 0);
	CHECK_EQ(c->status, ASHLAR_JOB_OK);
	CHECK_EQ(c->fence, 1);
	CHECK(c->t_fetch <= c->t_start && c->t_start < c->t_end);
	CHECK_EQ(c->tlb_miss > 0, 1);
	board.ops->run(board.model, 2000);
	CHECK_EQ(board.vectors[1], 1);

	memcpy(board.memory + MEM_ARGS, &forty, 4);
	CHECK(!run_job(1, board_job(0x40, kernel_bytes)));
	c = board_completion(&board, 1, 1);
	CHECK_EQ(c->status, ASHLAR_JOB_EXIT);
	CHECK_EQ(c->exit_code, 40);

	CHECK(!run_job(1, nop));
	CHECK_EQ(board_completion(&board, 1, 2)->status, ASHLAR_JOB_OK);

	/* Text stays loaded, data does not: the count is 1 each time. */
	for (i = 3; i < 6; i++) {
		CHECK(!run_job(1, board_job(0x140, kernel_bytes)));
		CHECK_EQ(board_completion(&board, 1, i)->exit_code, 1);
	}
	/* More than the ring holds, rung for at once. */
	for (i = 0; i < 16; i++)
		board_push(&board, 1, board_job(0x100, kernel_bytes));
	board_ring(&board, 1);
	CHECK(!board_until(&board, board_completed(&board, 1), 22, 1000000, 0));
	for (i = 6; i < 22; i++)
		CHECK_EQ(board_completion(&board, 1, i)->fence, i + 1);
	return 0;
}

static char lines[1 << 16];

static void collect(void *ctx, uint32_t cycles, const char *text)
{
	size_t used = strlen(lines);

	(void)ctx;
	snprintf(lines + used, sizeof(lines) - used, "%u %s\n", cycles, text);
}

/* Read the firmware's log through BAR0 into lines. */
static int read_log(void)
{
	static struct ashlar_log log;
	struct logdecode_result r;
	struct ashlar_info info;
	struct logdecode d;
	const char *error;
	uint32_t word;
	size_t i;

	CHECK(!logdecode_open(&d, elf, elf_bytes, &error));
	for (i = 0; i < sizeof(info); i += 4) {
		word = board_read(&board, ASHLAR_MAP_BAR0_SHARED_BASE +
						  ASHLAR_SHARED_INFO + i);
		memcpy((uint8_t *)&info + i, &word, 4);
	}
	CHECK(!memcmp(info.build_id, d.build_id, sizeof(d.build_id)));
	for (i = 0; i < sizeof(log); i += 4) {
		word = board_read(&board, ASHLAR_MAP_BAR0_SHARED_BASE +
						  ASHLAR_SHARED_LOG + i);
		memcpy((uint8_t *)&log + i, &word, 4);
	}
	lines[0] = 0;
	r = logdecode_words(&d, log.words, 0, log.head, 1, collect, NULL);
	CHECK_EQ(r.skipped, 0);
	CHECK(r.records > 0);
	return 0;
}

static int faults(void)
{
	const struct ashlar_completion *c;
	char start[64];
	struct ashlar_job j;

	if (up(NULL))
		return -1;
	CHECK_EQ(board_context(&board, 2), ASHLAR_STATUS_OK);
	CHECK_EQ(board_queue(&board, 2, 2), ASHLAR_STATUS_OK);

	/* The core's fault, and what is behind it in the queue. */
	board_push(&board, 1, board_job(0xc0, kernel_bytes));
	board_push(&board, 1, board_job(0, kernel_bytes));
	board_ring(&board, 1);
	board_push(&board, 2, board_job(0, kernel_bytes));
	board_ring(&board, 2);
	CHECK(!board_until(&board, board_completed(&board, 1), 2, 1000000, 0));
	CHECK(!board_until(&board, board_completed(&board, 2), 1, 1000000, 0));
	c = board_completion(&board, 1, 0);
	CHECK_EQ(c->status, ASHLAR_JOB_FAULT);
	CHECK_EQ(c->fault_cause, ASHLAR_TILE_FAULT_CAUSE_CORE);
	CHECK_EQ(c->fault_unit, ASHLAR_TILE_FAULT_UNIT_CORE);
	CHECK_EQ(c->fault_pc, 0xc4);
	CHECK_EQ(c->fault_addr, 0x60000004);
	CHECK_EQ(board_completion(&board, 1, 1)->status, ASHLAR_JOB_CANCELLED);
	CHECK_EQ(board_completion(&board, 2, 0)->status, ASHLAR_JOB_OK);

	/* The loader's: a page that is not there. */
	j = board_job(0, kernel_bytes);
	j.code_va = 0x100000;
	CHECK(!run_job(2, j));
	c = board_completion(&board, 2, 1);
	CHECK_EQ(c->status, ASHLAR_JOB_FAULT);
	CHECK_EQ(c->fault_cause, ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID);
	CHECK_EQ(c->fault_unit, ASHLAR_TILE_FAULT_UNIT_LOADER);
	CHECK_EQ(c->fault_addr, 0x100000);

	if (read_log())
		return -1;
	snprintf(start, sizeof(start), "firmware %x on hardware %x",
		 ASHLAR_VERSION(1, 0), ASHLAR_HOST_HW_VERSION_RESET);
	CHECK(strstr(lines, start));
	CHECK(strstr(lines, "queue 1: job 0 ended with status 2 on tile"));
	CHECK(strstr(lines, "context 2 stopped by status 2"));
	return 0;
}

static int timeouts(void)
{
	const struct ashlar_completion *c;
	struct ashlar_job j;
	uint32_t one = 1;

	if (up(NULL))
		return -1;
	CHECK_EQ(board_context(&board, 2), ASHLAR_STATUS_OK);
	CHECK_EQ(board_queue(&board, 2, 2), ASHLAR_STATUS_OK);
	j = board_job(0x80, kernel_bytes);
	j.timeout = 20000;
	board_push(&board, 1, j);
	board_ring(&board, 1);
	board_push(&board, 2, board_job(0x100, kernel_bytes));
	board_ring(&board, 2);
	CHECK(!board_until(&board, board_completed(&board, 1), 1, 1000000, 0));
	CHECK(!board_until(&board, board_completed(&board, 2), 1, 1000000, 0));
	c = board_completion(&board, 1, 0);
	CHECK_EQ(c->status, ASHLAR_JOB_TIMEOUT);
	CHECK_EQ(c->fault_pc, 0x80);
	CHECK(c->t_end - c->t_start >= 20000);
	CHECK_EQ((c->t_end - c->t_start) / 2000, 10); /* not much later */
	CHECK_EQ(board_completion(&board, 2, 0)->status, ASHLAR_JOB_OK);

	/* A queue with a job that never ends goes all the same. */
	CHECK_EQ(board_queue(&board, 3, 2), ASHLAR_STATUS_OK);
	board_push(&board, 3, board_job(0x80, kernel_bytes));
	board_ring(&board, 3);
	board.ops->run(board.model, 20000);
	one = 3;
	CHECK_EQ(board_call(&board, ASHLAR_CTRL_QUEUE_DESTROY, &one, 4, NULL),
		 ASHLAR_STATUS_OK);
	CHECK_EQ(board_completion(&board, 3, 0)->status, ASHLAR_JOB_CANCELLED);
	one = 2;
	CHECK_EQ(board_call(&board, ASHLAR_CTRL_CTX_INVALIDATE, &one, 4, NULL),
		 ASHLAR_STATUS_OK);
	CHECK_EQ(board_call(&board, ASHLAR_CTRL_QUEUE_DESTROY, &one, 4, NULL),
		 ASHLAR_STATUS_OK);
	CHECK_EQ(board_call(&board, ASHLAR_CTRL_CTX_DESTROY, &one, 4, NULL),
		 ASHLAR_STATUS_OK);
	return 0;
}

/* Cycle of the first instruction of any tile at or after from, and the last. */
static int trace_span(uint64_t from, uint64_t *first, uint64_t *last)
{
	char line[128];
	FILE *f = fopen(trace, "r");

	*first = 0;
	*last = 0;
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		uint64_t cycle;
		unsigned int core, pc;

		if (sscanf(line, "%" SCNu64 " %u %x", &cycle, &core, &pc) != 3)
			continue;
		if (!core || cycle < from)
			continue;
		if (!*first)
			*first = cycle;
		*last = cycle;
	}
	fclose(f);
	return *first ? 0 : -1;
}

/* One job on an idle board; the trace is complete when it is closed. */
static int measure(const char *name, unsigned int before)
{
	uint64_t rung, fence, first, last;
	unsigned int i;

	if (up(trace))
		return -1;
	for (i = 0; i < before; i++)
		CHECK(!run_job(1, board_job(0x100, kernel_bytes)));
	while (board.ops->run(board.model, 20000) != ASHLAR_MODEL_IDLE)
		; /* until all is quiet */
	board_push(&board, 1, board_job(0x100, kernel_bytes));
	rung = board_cycles(&board);
	board_ring(&board, 1);
	CHECK(!board_until(&board, board_completed(&board, 1), before + 1,
			   100000, 1));
	fence = board_cycles(&board);
	board_close(&board);
	CHECK(!trace_span(rung, &first, &last));
	CHECK(rung < first && first < last && last < fence);
	printf("latency, %s: doorbell to first instruction %" PRIu64
	       " cycles, last instruction to fence %" PRIu64 " cycles\n",
	       name, first - rung, fence - last);
	CHECK(first - rung <= 1000);
	CHECK(fence - last <= 300);
	/* Leave something to close. */
	return board_open(&board, model, rom, rom_bytes, NULL);
}

static int latency(void)
{
	if (measure("first job of a context", 0))
		return -1;
	board_close(&board);
	return measure("kernel loaded before", 3);
}

static void test(const char *name, int (*run)(void))
{
	int bad = run();

	printf("%s: %s\n", name, bad ? "failed" : "ok");
	if (bad)
		failed++;
	else
		passed++;
	if (board.model)
		board_close(&board);
	board.model = NULL;
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr,
			"usage: %s MODEL.so ROM.bin FIRMWARE.bin FIRMWARE.elf KERNELS.bin TRACE\n",
			argv[0]);
		return 2;
	}
	model = argv[1];
	rom_bytes = load(argv[2], rom, sizeof(rom));
	image_bytes = load(argv[3], image, sizeof(image));
	elf_bytes = load(argv[4], elf, sizeof(elf));
	kernel_bytes = load(argv[5], kernels, sizeof(kernels));
	trace = argv[6];
	test("boots", boots);
	test("boot_refuses", boot_refuses);
	test("jobs", jobs);
	test("faults", faults);
	test("timeouts", timeouts);
	test("latency", latency);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
