// SPDX-License-Identifier: MIT
/* A file with kernels in it, buffers, jobs. */
#include "guest.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "kernel_elf.h"

#define KERNELS_FILE "guest-kernels.elf"

/* What is in a fresh image of the kernels' file, read once. */
static const struct kernel_elf *kernels(void)
{
	static struct kernel_elf elf;
	static char file[1 << 20];
	char path[500], error[200];
	ssize_t n;
	int fd;

	if (elf.image)
		return &elf;
	/* It lies beside the program. */
	n = readlink("/proc/self/exe", path, sizeof(path) - 40);
	CHECK(n > 0);
	path[n] = 0;
	strcpy(strrchr(path, '/') + 1, KERNELS_FILE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(__FILE__, __LINE__, "no %s", path);
	n = read(fd, file, sizeof(file));
	close(fd);
	CHECK(n > 0 && (size_t)n < sizeof(file));
	if (kernel_elf_parse(file, (size_t)n, &elf, error, sizeof(error)))
		die(__FILE__, __LINE__, "%s: %s", path, error);
	return &elf;
}

uint64_t card_va(struct card *c, uint64_t bytes)
{
	uint64_t va = c->next_va;

	c->next_va += (bytes + PAGE - 1) / PAGE * PAGE;
	CHECK(c->next_va <= c->dev.va_end);
	return va;
}

static int load_kernels(struct card *c)
{
	const struct kernel_elf *elf = kernels();
	uint64_t bytes = (elf->image_bytes + PAGE - 1) / PAGE * PAGE;
	void *cpu;
	int err;

	err = bo_create(c->fd, bytes, DRM_ASHLAR_BO_LOCAL, &c->code);
	if (err)
		return err;
	cpu = bo_mmap(c->fd, c->code);
	if (!cpu)
		return -errno;
	memcpy(cpu, elf->image, elf->image_bytes);
	munmap(cpu, bytes);
	c->code_va = card_va(c, bytes);
	return vm_map(c->fd, c->code, 0, c->code_va, bytes,
		      DRM_ASHLAR_BIND_READ_ONLY);
}

int try_card_open(struct card *c)
{
	int err;

	memset(c, 0, sizeof(*c));
	c->fd = node_open();
	if (c->fd < 0)
		return c->fd;
	err = dev_query(c->fd, DRM_ASHLAR_QUERY_DEVICE, &c->dev,
			sizeof(c->dev));
	c->next_va = c->dev.va_start;
	err = err ? err : load_kernels(c);
	if (err)
		close(c->fd);
	return err;
}

void card_open(struct card *c)
{
	EXPECT(try_card_open(c), 0);
}

void card_close(struct card *c)
{
	EXPECT(close(c->fd), 0);
	c->fd = -1;
}

int try_buf_new(struct card *c, struct buf *b, uint64_t bytes, uint32_t flags)
{
	int err;

	memset(b, 0, sizeof(*b));
	b->bytes = (bytes + PAGE - 1) / PAGE * PAGE;
	err = bo_create(c->fd, bytes, flags, &b->handle);
	if (err)
		return err;
	b->cpu = bo_mmap(c->fd, b->handle);
	if (!b->cpu)
		return -errno;
	b->va = card_va(c, b->bytes);
	err = vm_map(c->fd, b->handle, 0, b->va, b->bytes, 0);
	/* Nothing stays mapped that would keep the file. */
	if (err)
		munmap(b->cpu, b->bytes);
	return err;
}

void buf_new(struct card *c, struct buf *b, uint64_t bytes, uint32_t flags)
{
	EXPECT(try_buf_new(c, b, bytes, flags), 0);
}

void buf_free(struct card *c, struct buf *b)
{
	EXPECT(munmap(b->cpu, b->bytes), 0);
	EXPECT(vm_unmap(c->fd, b->va, b->bytes), 0);
	EXPECT(bo_close(c->fd, b->handle), 0);
}

struct drm_ashlar_job job_of(struct card *c, const char *kernel,
			     const void *args, uint32_t arg_bytes)
{
	const struct kernel_elf *elf = kernels();
	uint32_t i;

	for (i = 0; i < elf->kernel_count; i++)
		if (!strcmp(elf->kernels[i].name, kernel))
			break;
	if (i == elf->kernel_count)
		die(__FILE__, __LINE__, "no kernel %s", kernel);
	return (struct drm_ashlar_job){
		.kind = DRM_ASHLAR_JOB_KERNEL,
		.code_va = c->code_va,
		.code_bytes = elf->image_bytes,
		.text_bytes = elf->text_bytes,
		.entry = elf->kernels[i].entry,
		.code_serial = 1,
		.args = (uintptr_t)args,
		.arg_bytes = arg_bytes,
		.tiles = 1,
		.grid = { 1, 1, 1 },
	};
}

void job_syncs(struct drm_ashlar_job *job, const struct drm_ashlar_sync *syncs,
	       uint32_t count)
{
	job->syncs = (struct drm_ashlar_array){
		.stride = sizeof(*syncs),
		.count = count,
		.ptr = (uintptr_t)syncs,
	};
}

int try_run(struct card *c, uint32_t queue, const struct drm_ashlar_job *job,
	    struct drm_ashlar_result *r)
{
	struct drm_ashlar_sync sync = { .flags = DRM_ASHLAR_SYNC_SIGNAL };
	struct drm_ashlar_job copy = *job;
	uint64_t seqno;
	int err;

	err = sync_create(c->fd, &sync.handle);
	if (err)
		return err;
	job_syncs(&copy, &sync, 1);
	err = submit(c->fd, queue, &copy, 1, &seqno, NULL);
	err = err ? err : sync_wait(c->fd, sync.handle, 0, 20 * SECOND);
	if (!err) {
		err = queue_results(c->fd, queue, seqno, 1, r);
		/* The fence comes after the result. */
		err = err == 1 ? 0 : err < 0 ? err : -EPROTO;
	}
	sync_destroy(c->fd, sync.handle);
	return err;
}

uint32_t run(struct card *c, uint32_t queue, const struct drm_ashlar_job *job,
	     struct drm_ashlar_result *r)
{
	struct drm_ashlar_result own;

	r = r ? r : &own;
	EXPECT(try_run(c, queue, job, r), 0);
	return r->status;
}

void queue_drain(struct card *c, uint32_t queue)
{
	struct drm_ashlar_job nop = job_nop();

	EXPECT(run(c, queue, &nop, NULL), DRM_ASHLAR_JOB_OK);
}

void card_computes(struct card *c)
{
	struct buf b;
	struct guest_args args;
	struct drm_ashlar_job job;
	uint32_t queue;

	buf_new(c, &b, PAGE, 0);
	EXPECT(queue_create(c->fd, DRM_ASHLAR_PRIORITY_NORMAL, 2, &queue), 0);
	args = (struct guest_args){ .to = b.va + 64, .value = 0x600dc0de };
	job = job_with(c, "put", &args);
	EXPECT(run(c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(((volatile uint32_t *)b.cpu)[16], 0x600dc0de);
	EXPECT(queue_destroy(c->fd, queue), 0);
	buf_free(c, &b);
}

void board_computes(void)
{
	struct card c;

	card_open(&c);
	card_computes(&c);
	card_close(&c);
}
