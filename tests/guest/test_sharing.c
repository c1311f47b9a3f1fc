// SPDX-License-Identifier: MIT
/* Buffers shared as dma-bufs: with another file, and with other drivers. */
#include "guest.h"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <drm_mode.h>

#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL

static struct card c;
static uint32_t queue;

static int setup(void **state)
{
	(void)state;
	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	card_close(&c);
	return 0;
}

static int export(int fd, uint32_t handle)
{
	struct drm_prime_handle p = {
		.handle = handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
	};
	int err = call(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p);

	return err ? err : p.fd;
}

static int import(int fd, int dmabuf, uint32_t *handle)
{
	struct drm_prime_handle p = { .fd = dmabuf };
	int err = call(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p);

	*handle = p.handle;
	return err;
}

/*
 * Import; kernels copy the first page to the second and write a word, and the
 * processor, which has the same memory at cpu, sees it.
 */
static void kernels_use(int dmabuf, volatile uint32_t *cpu, uint32_t pages)
{
	struct guest_args args;
	struct drm_ashlar_job job;
	struct drm_ashlar_bo_query q = { 0 };
	uint64_t va = card_va(&c, pages * PAGE);
	uint32_t handle;

	EXPECT(import(c.fd, dmabuf, &handle), 0);
	q.handle = handle;
	EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_BO_QUERY, &q), 0);
	EXPECT(q.size, pages * PAGE);
	EXPECT(vm_map(c.fd, handle, 0, va, pages * PAGE, 0), 0);
	for (uint32_t i = 0; i < 1024; i++)
		cpu[i] = i * 3 + 1;
	args = (struct guest_args){ .from = va,
				    .to = va + PAGE,
				    .bytes = PAGE };
	job = job_with(&c, "copy", &args);
	EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	for (uint32_t i = 0; i < 1024; i++)
		EXPECT(cpu[1024 + i], i * 3 + 1);
	args = (struct guest_args){
		.to = va + pages * PAGE - 4,
		.value = 0xfee1600d,
	};
	job = job_with(&c, "put", &args);
	EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(cpu[pages * 1024 - 1], 0xfee1600d);
	EXPECT(vm_unmap(c.fd, va, pages * PAGE), 0);
	EXPECT(bo_close(c.fd, handle), 0);
}

/* --- Between files of the driver ------------------------------------------------------- */

static void another_file_imports(void **state)
{
	struct card other;
	struct buf b;
	int dmabuf;

	(void)state;
	card_open(&other);
	buf_new(&other, &b, 5 * PAGE, 0);
	dmabuf = export(other.fd, b.handle);
	CHECK(dmabuf >= 0);
	kernels_use(dmabuf, b.cpu, 5);
	/* Its first owner goes: the memory stays. */
	card_close(&other);
	kernels_use(dmabuf, b.cpu, 5);
	EXPECT(munmap(b.cpu, b.bytes), 0);
	b.cpu = mmap(NULL, b.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf,
		     0);
	CHECK(b.cpu != MAP_FAILED);
	kernels_use(dmabuf, b.cpu, 5);
	close(dmabuf);
	EXPECT(((volatile uint32_t *)b.cpu)[5 * 1024 - 1], 0xfee1600d);
	EXPECT(munmap(b.cpu, b.bytes), 0);
}

static void the_same_twice_is_one(void **state)
{
	uint32_t handle, again;
	int dmabuf;

	(void)state;
	EXPECT(bo_create(c.fd, PAGE, 0, &handle), 0);
	dmabuf = export(c.fd, handle);
	CHECK(dmabuf >= 0);
	EXPECT(import(c.fd, dmabuf, &again), 0);
	EXPECT(again, handle);
	close(dmabuf);
	EXPECT(bo_close(c.fd, handle), 0);
}

static void board_memory_is_not_exported(void **state)
{
	uint32_t handle;

	(void)state;
	EXPECT(bo_create(c.fd, PAGE, DRM_ASHLAR_BO_LOCAL, &handle), 0);
	CHECK(export(c.fd, handle) < 0);
	EXPECT(bo_close(c.fd, handle), 0);
	CHECK(export(c.fd, handle) < 0);
}

/* Everything is let go while a job reads and writes it. */
static void closed_while_in_use(void **state)
{
	struct guest_args args;
	struct drm_ashlar_job job;
	struct card other;
	struct buf b;
	uint32_t handle;
	int dmabuf;

	(void)state;
	card_open(&other);
	buf_new(&other, &b, 2 * PAGE, 0);
	dmabuf = export(other.fd, b.handle);
	CHECK(dmabuf >= 0);
	EXPECT(import(c.fd, dmabuf, &handle), 0);
	args = (struct guest_args){
		.from = card_va(&c, 2 * PAGE),
		.bytes = PAGE,
		.turns = 20000,
	};
	args.to = args.from + PAGE;
	EXPECT(vm_map(c.fd, handle, 0, args.from, 2 * PAGE, 0), 0);
	*(volatile uint32_t *)b.cpu = 99;
	job = job_with(&c, "copy", &args);
	EXPECT(submit(c.fd, queue, &job, 1, NULL, NULL), 0);
	EXPECT(bo_close(c.fd, handle), 0);
	close(dmabuf);
	card_close(&other);
	queue_drain(&c, queue);
	EXPECT(((volatile uint32_t *)b.cpu)[1024], 99);
	EXPECT(munmap(b.cpu, 2 * PAGE), 0);
}

/* --- Other drivers ------------------------------------------------------------------------- */

static void memory_of_udmabuf(void **state)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };
	int memory, device, dmabuf;
	void *cpu;

	(void)state;
	memory = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	CHECK(memory >= 0 && !ftruncate(memory, 6 * PAGE));
	CHECK(!fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK));
	cpu = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
		   0);
	CHECK(cpu != MAP_FAILED);
	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	CHECK(device >= 0);
	create.memfd = (uint32_t)memory;
	create.size = 6 * PAGE;
	dmabuf = ioctl(device, UDMABUF_CREATE, &create);
	CHECK(dmabuf >= 0);
	close(device);
	kernels_use(dmabuf, cpu, 6);
	kernels_use(dmabuf, cpu, 6);
	close(dmabuf);
	close(memory);
	EXPECT(munmap(cpu, 6 * PAGE), 0);
}

/* vgem's node, whatever its number. */
static int vgem_open(void)
{
	char path[60], name[16];

	CHECK(!system("modprobe vgem"));
	for (int i = 0; i < 8; i++) {
		struct drm_version v = { .name = name,
					 .name_len = sizeof(name) - 1 };
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		memset(name, 0, sizeof(name));
		if (!call(fd, DRM_IOCTL_VERSION, &v) && !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

static void memory_of_vgem(void **state)
{
	struct drm_mode_create_dumb create = { .width = 1024,
					       .height = 4,
					       .bpp = 32 };
	struct drm_mode_map_dumb map = { 0 };
	int vgem, dmabuf, back;
	uint32_t handle, theirs;
	void *cpu;

	(void)state;
	vgem = vgem_open();
	CHECK(vgem >= 0);
	EXPECT(call(vgem, DRM_IOCTL_MODE_CREATE_DUMB, &create), 0);
	EXPECT(create.size, 4 * PAGE);
	map.handle = create.handle;
	EXPECT(call(vgem, DRM_IOCTL_MODE_MAP_DUMB, &map), 0);
	cpu = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vgem,
		   (off_t)map.offset);
	CHECK(cpu != MAP_FAILED);
	dmabuf = export(vgem, create.handle);
	CHECK(dmabuf >= 0);
	kernels_use(dmabuf, cpu, 4);

	/* And the other way: vgem takes what is of this driver. */
	EXPECT(bo_create(c.fd, PAGE, 0, &handle), 0);
	back = export(c.fd, handle);
	CHECK(back >= 0);
	EXPECT(import(vgem, back, &theirs), 0);
	close(back);
	EXPECT(bo_close(c.fd, handle), 0);

	close(vgem);
	kernels_use(dmabuf, cpu, 4);
	close(dmabuf);
	EXPECT(munmap(cpu, 4 * PAGE), 0);
}

static void what_is_no_dma_buf_is_refused(void **state)
{
	uint32_t handle;
	int fds[2];

	(void)state;
	CHECK(!pipe(fds));
	EXPECT(import(c.fd, fds[0], &handle), -EINVAL);
	EXPECT(import(c.fd, -1, &handle), -EBADF);
	EXPECT(import(c.fd, c.fd, &handle), -EINVAL);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(another_file_imports),
		TEST(the_same_twice_is_one),
		TEST(board_memory_is_not_exported),
		TEST(closed_while_in_use),
		TEST(memory_of_udmabuf),
		TEST(memory_of_vgem),
		TEST(what_is_no_dma_buf_is_refused),
	};

	guard(60);
	return RUN_COUNTED(tests);
}
