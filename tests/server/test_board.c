// SPDX-License-Identifier: MIT
/*
 * test_board SERVER MODEL FIRMWARE REPLAY: the RTL of a board behind the server, and
 * the driver's core in front of it, as in a guest: registers by message, board
 * memory mapped, DMA through shared memory, vectors by eventfd.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ashlar_queue.h"
#include "ashlar_regs.h"
#include "client.h"
#include "counted.h"
#include "run_server.h"

#define DMA_BASE  0x480000000ull /* where the "guest" has its memory */
#define DMA_BYTES 0x400000u
#define VECTORS	  64
#define PAUSE_MS  1

static const char *firmware;
static const char *replay; /* the program that runs a log again */

/* --- The driver core's environment ------------------------------------------- */

struct ashlar_os {
	struct server server;
	struct client client;
	uint8_t *memory; /* BAR2 */
	uint64_t memory_bytes;
	uint8_t *guest; /* DMA memory, given out once from the front */
	size_t guest_used;
	int guest_fd;
	int event[VECTORS];
	uint64_t raised[VECTORS];
};

u32 ashlar_os_read32(struct ashlar_os *os, u32 offset)
{
	return read32(&os->client, offset);
}

void ashlar_os_write32(struct ashlar_os *os, u32 offset, u32 value)
{
	write32(&os->client, offset, value);
}

void ashlar_os_mem_read(struct ashlar_os *os, u64 addr, void *data,
			size_t bytes)
{
	assert_true(addr <= os->memory_bytes &&
		    bytes <= os->memory_bytes - addr);
	memcpy(data, os->memory + addr, bytes);
}

void ashlar_os_mem_write(struct ashlar_os *os, u64 addr, const void *data,
			 size_t bytes)
{
	assert_true(addr <= os->memory_bytes &&
		    bytes <= os->memory_bytes - addr);
	memcpy(os->memory + addr, data, bytes);
}

void *ashlar_os_alloc(size_t bytes)
{
	return calloc(1, bytes);
}

void ashlar_os_free(void *p)
{
	free(p);
}

void *ashlar_os_dma_alloc(struct ashlar_os *os, size_t bytes, u64 *dma)
{
	void *p = os->guest + os->guest_used;

	assert_true(bytes <= DMA_BYTES - os->guest_used);
	*dma = DMA_BASE + os->guest_used;
	os->guest_used += (bytes + 4095) & ~(size_t)4095;
	return p;
}

void ashlar_os_dma_free(struct ashlar_os *os, void *cpu, u64 dma, size_t bytes)
{
	(void)os;
	(void)dma;
	memset(cpu, 0xee, bytes);
}

void ashlar_os_wmb(void)
{
	__sync_synchronize();
}

void ashlar_os_rmb(void)
{
	__sync_synchronize();
}

/* One thread here. */
struct ashlar_os_lock {
	int held;
};

struct ashlar_os_lock *ashlar_os_lock_new(void)
{
	return calloc(1, sizeof(struct ashlar_os_lock));
}

void ashlar_os_lock_free(struct ashlar_os_lock *lock)
{
	free(lock);
}

void ashlar_os_lock(struct ashlar_os_lock *lock)
{
	assert_int_equal(lock->held++, 0);
}

void ashlar_os_unlock(struct ashlar_os_lock *lock)
{
	assert_int_equal(lock->held--, 1);
}

/* The board's time passes by itself. */
int ashlar_os_pause(struct ashlar_os *os, u32 cycles)
{
	struct pollfd p[VECTORS];

	(void)cycles;
	for (int i = 0; i < VECTORS; i++)
		p[i] = (struct pollfd){ .fd = os->event[i], .events = POLLIN };
	poll(p, VECTORS, PAUSE_MS);
	for (int i = 0; i < VECTORS; i++)
		os->raised[i] += events(os->event[i]);
	return 0;
}

void ashlar_os_log(struct ashlar_os *os, enum ashlar_os_level level,
		   const char *fmt, ...)
{
	va_list ap;

	(void)os;
	if (level > ASHLAR_OS_WARNING)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* --- As a guest does it ------------------------------------------------------ */

static void plug(struct ashlar_os *os)
{
	int fd;

	client_open(&os->client, server_socket);
	config_write(&os->client, 0x58, 0xa810, 2); /* FLR */
	enable(&os->client);
	fd = memory_fd(&os->client, &os->memory_bytes);
	os->memory = mmap(NULL, os->memory_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	close(fd);
	assert_ptr_not_equal(os->memory, MAP_FAILED);
	assert_int_equal(
		map(&os->client, DMA_BASE, DMA_BYTES, 3, os->guest_fd, 0), 0);
	for (uint32_t i = 0; i < VECTORS; i += 16)
		assert_int_equal(set_irqs(&os->client, 0x24, MSIX, i, 16,
					  os->event + i, 16),
				 0);
}

static void unplug(struct ashlar_os *os)
{
	munmap(os->memory, os->memory_bytes);
	client_close(&os->client);
}

static void begin(void **state, const char *record)
{
	const char *const options[] = { "--socket",   server_socket, "--model",
					server_model, "--record",    record,
					NULL };
	static struct ashlar_os os;

	memset(&os, 0, sizeof(os));
	os.guest_fd = new_memory(DMA_BYTES);
	os.guest = mmap(NULL, DMA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			os.guest_fd, 0);
	assert_ptr_not_equal(os.guest, MAP_FAILED);
	for (int i = 0; i < VECTORS; i++)
		os.event[i] = new_event();
	if (record)
		server_start(&os.server, options);
	else
		server_start_fake(&os.server);
	plug(&os);
	*state = &os;
}

static int start(void **state)
{
	begin(state, NULL);
	return 0;
}

static int stop(void **state)
{
	struct ashlar_os *os = *state;

	unplug(os);
	munmap(os->guest, DMA_BYTES);
	close(os->guest_fd);
	for (int i = 0; i < VECTORS; i++)
		close(os->event[i]);
	server_stop(&os->server);
	return 0;
}

static void boot(struct ashlar_os *os, struct ashlar_dev *dev)
{
	static uint8_t image[1 << 20];
	FILE *f = fopen(firmware, "rb");
	size_t bytes;

	assert_non_null(f);
	bytes = fread(image, 1, sizeof(image), f);
	fclose(f);
	memset(dev, 0, sizeof(*dev));
	assert_int_equal(ashlar_dev_attach(dev, os), 0);
	assert_int_equal(ashlar_dev_boot(dev, image, bytes), 0);
}

/* --- Tests ------------------------------------------------------------------- */

static void registers_and_memory(void **state)
{
	struct ashlar_os *os = *state;
	uint32_t word = 0;

	assert_int_equal(read32(&os->client, ASHLAR_HOST_ID),
			 ASHLAR_HOST_ID_RESET);
	assert_int_equal(read32(&os->client, ASHLAR_HOST_PLATFORM),
			 ASHLAR_HOST_PLATFORM_RTL);
	assert_int_equal(read32(&os->client, ASHLAR_HOST_MEM_BYTES_LO),
			 os->memory_bytes);
	assert_int_equal(read32(&os->client, ASHLAR_MAP_BAR0_DTB_BASE),
			 0xedfe0dd0); /* as a device tree begins */
	write32(&os->client, ASHLAR_HOST_SCRATCH(1), 0xabcd);
	assert_int_equal(read32(&os->client, ASHLAR_HOST_SCRATCH(1)), 0xabcd);
	config_write(&os->client, 0x58, 0xa810, 2);
	enable(&os->client);
	assert_int_equal(read32(&os->client, ASHLAR_HOST_SCRATCH(1)), 0);
	memcpy(os->memory + 0x1234, "word", 4);
	assert_int_equal(region_read(&os->client, 2, 0x1234, &word, 4), 0);
	assert_memory_equal(&word, "word", 4);
}

/* A kernel of four instructions: its exit code is 42. */
static void run_jobs(struct ashlar_os *os, struct ashlar_dev *dev)
{
	const uint32_t code[16] = {
		0x20000337, /* lui t1, UNIT */
		0x02a00513, /* li a0, 42 */
		0x00a32023 | (ASHLAR_UNIT_EXIT & 31) << 7 |
			(uint32_t)(ASHLAR_UNIT_EXIT >> 5) << 25, /* sw a0 */
		0x0000006f, /* j . */
	};
	struct ashlar_job job = {
		.kind = ASHLAR_JOB_KERNEL,
		.flags = ASHLAR_JOB_FLAG_IRQ,
		.code_va = 0x400000,
		.code_bytes = sizeof(code),
		.text_bytes = sizeof(code),
		.code_serial = 1,
		.tiles = 1,
		.grid = { 1, 1, 1 },
	};
	struct ashlar_node page = { 0 };
	struct ashlar_completion done;
	struct ashlar_vm vm;
	struct ashlar_hwq q;

	assert_int_equal(ashlar_vm_init(&vm, dev, 16), 0);
	assert_int_equal(ashlar_dev_mem_alloc(dev, &page, 4096, 4096), 0);
	ashlar_os_mem_write(os, page.start, code, sizeof(code));
	assert_int_equal(ashlar_vm_map(&vm, job.code_va, page.start, 4096,
				       ASHLAR_VM_READ),
			 0);
	assert_int_equal(ashlar_hwq_init(&q, &vm, ASHLAR_PRIORITY_NORMAL, 3),
			 0);
	memset(os->raised, 0, sizeof(os->raised));
	for (uint32_t i = 1; i <= 20; i++) {
		int got = 0;

		job.tag = i;
		job.kind = i % 2 ? ASHLAR_JOB_KERNEL : ASHLAR_JOB_NOP;
		assert_int_equal(ashlar_hwq_push(&q, &job, NULL), 0);
		ashlar_hwq_ring(&q);
		for (int n = 0; n < 10000 && !got; n++) {
			ashlar_os_pause(os, 1000);
			got = ashlar_hwq_pop(&q, &done);
		}
		assert_int_equal(got, 1);
		assert_int_equal(done.tag, i);
		assert_int_equal(done.status,
				 i % 2 ? ASHLAR_JOB_EXIT : ASHLAR_JOB_OK);
		assert_int_equal(done.exit_code, i % 2 ? 42 : 0);
		/* The vector is behind the fence. */
		for (int n = 0; n < 10000 && os->raised[q.number] < i; n++)
			ashlar_os_pause(os, 1000);
		assert_int_equal(os->raised[q.number], i);
	}
	ashlar_hwq_fini(&q);
	ashlar_vm_fini(&vm);
	ashlar_dev_mem_free(dev, &page);
}

static void boots_and_runs_jobs(void **state)
{
	struct ashlar_os *os = *state;
	struct ashlar_dev dev;

	boot(os, &dev);
	run_jobs(os, &dev);
	ashlar_dev_detach(&dev);
}

/* The guest goes away in the middle; the next one takes the board over. */
static void another_guest_boots_it_again(void **state)
{
	struct ashlar_os *os = *state;
	struct ashlar_dev dev;

	boot(os, &dev);
	unplug(os);
	plug(os);
	/* What the first one had in memory is forgotten, on purpose. */
	ashlar_dev_detach(&dev);
	boot(os, &dev);
	run_jobs(os, &dev);
	ashlar_dev_detach(&dev);
}

static void rests_when_done(void **state)
{
	struct ashlar_os *os = *state;
	struct ashlar_dev dev;
	uint64_t cpu, used = 0;

	boot(os, &dev);
	for (int i = 0; i < 20; i++) {
		cpu = server_cpu_ns(&os->server);
		usleep(300000);
		used = server_cpu_ns(&os->server) - cpu;
		if (!used)
			break;
	}
	/* The firmware sleeps without a timer, so the server does. */
	assert_int_equal(used, 0);
	ashlar_dev_detach(&dev);
}

/* Boot, recorded, and then again without a guest: nothing differs. */
static void records_what_replays(void **state)
{
	char log[96], command[1024];
	struct ashlar_dev dev;

	snprintf(log, sizeof(log), "%s.record", server_socket);
	begin(state, log);
	boot(*state, &dev);
	ashlar_dev_detach(&dev);
	stop(state);
	snprintf(command, sizeof(command), "%s %s %s", replay, server_model,
		 log);
	assert_int_equal(system(command), 0);
	unlink(log);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registers_and_memory, start,
						stop),
		cmocka_unit_test_setup_teardown(boots_and_runs_jobs, start,
						stop),
		cmocka_unit_test_setup_teardown(another_guest_boots_it_again,
						start, stop),
		cmocka_unit_test_setup_teardown(rests_when_done, start, stop),
		cmocka_unit_test(records_what_replays),
	};

	server_arguments(argc, argv);
	if (argc < 5) {
		fprintf(stderr, "usage: %s SERVER MODEL FIRMWARE REPLAY\n",
			argv[0]);
		return 2;
	}
	firmware = argv[3];
	replay = argv[4];
	return RUN_COUNTED(tests);
}
