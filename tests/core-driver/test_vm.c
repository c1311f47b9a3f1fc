// SPDX-License-Identifier: MIT
/*
 * Page tables: what is in board memory after random maps and unmaps is walked
 * here, as the hardware would, and compared with a flat list of pages.
 */
#include "core_board.h"

#define ENTRIES 8 /* 16 MiB of addresses */
#define PAGES	(ENTRIES * 512)
#define RW	(ASHLAR_VM_READ | ASHLAR_VM_WRITE)

struct leaf {
	uint64_t phys;
	uint32_t flags; /* 0: not mapped */
};

static uint64_t word(struct core_board *b, uint64_t addr)
{
	uint64_t value;

	assert_true(addr <= b->dev.mem_bytes - 8);
	memcpy(&value, (uint8_t *)b->os.memory + addr, 8);
	return value;
}

/* The layout in hw-model/rtl/ash_pkg.sv, in numbers of its own. */
static struct leaf walk(struct core_board *b, const struct ashlar_vm *vm,
			uint64_t va)
{
	struct leaf none = { 0, 0 }, leaf;
	uint64_t e = word(b, vm->root_node.start + 8 * (va >> 21));
	uint64_t low = va & 0xfff;

	if (!(e & 1))
		return none;
	if (e & 0x10)
		low = va & 0x1fffff;
	else
		e = word(b, (e & 0xffffffffff000ull) + 8 * ((va >> 12) & 511));
	if (!(e & 1))
		return none;
	leaf.phys = (e & 0xffffffffff000ull) + low;
	leaf.flags = (e & 2 ? ASHLAR_VM_READ : 0) |
		     (e & 4 ? ASHLAR_VM_WRITE : 0) |
		     (e & 8 ? ASHLAR_VM_HOST : 0);
	return leaf;
}

static void compare(struct core_board *b, const struct ashlar_vm *vm,
		    const struct leaf *model)
{
	for (uint64_t page = 0; page < PAGES; page++) {
		struct leaf is = walk(b, vm, page << 12);

		if (is.flags != model[page].flags ||
		    (is.flags && is.phys != model[page].phys))
			fail_msg(
				"page %llu: 0x%llx flags %u, not 0x%llx flags %u",
				(unsigned long long)page,
				(unsigned long long)is.phys, is.flags,
				(unsigned long long)model[page].phys,
				model[page].flags);
	}
}

static bool any(const struct leaf *model, uint64_t page, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (model[page + i].flags)
			return true;
	return false;
}

/* A large page is one that map() had to make; cut is then refused. */
static bool cuts(const uint8_t *large, uint64_t page, uint64_t n)
{
	return (page % 512 && large[page]) ||
	       ((page + n) % 512 && large[page + n - 1]);
}

static void random_map(struct ashlar_vm *vm, struct leaf *model, uint8_t *large,
		       uint64_t *seed)
{
	bool big = rnd(seed) % 3 == 0;
	uint64_t n = big ? 512 * (1 + rnd(seed) % 2) : 1 + rnd(seed) % 40;
	uint64_t page = rnd(seed) % (PAGES - n);
	uint64_t phys = (rnd(seed) % 1024) << 12;
	uint32_t flags = 1 + (uint32_t)(rnd(seed) % 3);
	bool host = rnd(seed) & 1;
	int err;

	if (big) {
		page &= ~511ull;
		phys &= ~0x1fffffull;
	}
	if (host) {
		flags |= ASHLAR_VM_HOST;
		phys |= 0x123400000000ull;
	}
	err = ashlar_vm_map(vm, page << 12, phys, n << 12, flags);
	if (any(model, page, n)) {
		assert_int_equal(err, -EEXIST);
		return;
	}
	assert_int_equal(err, 0);
	for (uint64_t i = 0; i < n; i++) {
		model[page + i] = (struct leaf){ phys + (i << 12), flags };
		/* Small pages are used when a table is there already. */
		large[page + i] = vm->root[(page + i) / 512] >> 4 & 1;
	}
}

static void random_unmap(struct ashlar_vm *vm, struct leaf *model,
			 uint8_t *large, uint64_t *seed)
{
	uint64_t n = rnd(seed) % 2 ? 1 + rnd(seed) % 600 : 512;
	uint64_t page = rnd(seed) % (PAGES - n);
	int err;

	if (n == 512)
		page &= ~511ull;
	err = ashlar_vm_unmap(vm, page << 12, n << 12);
	if (cuts(large, page, n)) {
		assert_int_equal(err, -EINVAL);
		return;
	}
	assert_int_equal(err, 0);
	memset(&model[page], 0, n * sizeof(*model));
	memset(&large[page], 0, n);
}

static void agrees_with_a_walk(void **state)
{
	struct core_board *b = core_board_booted();
	uint64_t before = ashlar_dev_mem_left(&b->dev);
	struct leaf *model = calloc(PAGES, sizeof(*model));
	uint8_t *large = calloc(PAGES, 1);
	uint64_t seed = 0xabcdef;
	unsigned int big = 0;

	(void)state;
	for (int round = 0; round < 10; round++) {
		struct ashlar_vm vm;

		assert_int_equal(ashlar_vm_init(&vm, &b->dev, ENTRIES), 0);
		memset(model, 0, PAGES * sizeof(*model));
		memset(large, 0, PAGES);
		for (int step = 0; step < 150; step++) {
			if (rnd(&seed) % 2)
				random_map(&vm, model, large, &seed);
			else
				random_unmap(&vm, model, large, &seed);
			compare(b, &vm, model);
			for (int i = 0; i < ENTRIES; i++)
				big += vm.root[i] >> 4 & 1;
			if (rnd(&seed) % 16 == 0)
				assert_int_equal(ashlar_vm_invalidate(&vm), 0);
		}
		ashlar_vm_fini(&vm);
		assert_int_equal(ashlar_dev_mem_left(&b->dev), before);
	}
	/* Both page sizes were met. */
	assert_true(big > 100);
	free(model);
	free(large);
	core_board_free(b);
}

static void refuses_bad_maps(void **state)
{
	struct core_board *b = core_board_booted();
	const uint64_t end = (uint64_t)ENTRIES << 21;
	struct ashlar_vm vm;

	(void)state;
	assert_int_equal(ashlar_vm_init(&vm, &b->dev, 1), -EINVAL);
	assert_int_equal(
		ashlar_vm_init(&vm, &b->dev, ASHLAR_VM_ENTRIES_MAX + 1),
		-EINVAL);
	assert_int_equal(ashlar_vm_init(&vm, &b->dev, ENTRIES), 0);
	assert_int_equal(ashlar_vm_map(&vm, 1, 0, 4096, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, 0, 1, 4096, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, 0, 0, 4095, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, 0, 0, 0, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, 0, 0, 4096, 0), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, end, 0, 4096, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, end - 4096, 0, 8192, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, 4096, 0, 0 - 4096ull, RW), -EINVAL);
	/* Board memory ends at 16 MiB, host addresses at 2^48. */
	assert_int_equal(ashlar_vm_map(&vm, 0, 16u << 20, 4096, RW), -EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, 0, (16u << 20) - 4096, 8192, RW),
			 -EINVAL);
	assert_int_equal(
		ashlar_vm_map(&vm, 0, 1ull << 48, 4096, RW | ASHLAR_VM_HOST),
		-EINVAL);
	assert_int_equal(
		ashlar_vm_map(&vm, 0, 0 - 4096ull, 4096, RW | ASHLAR_VM_HOST),
		-EINVAL);
	assert_int_equal(ashlar_vm_map(&vm, end - 4096, 0, 4096, RW), 0);
	assert_int_equal(ashlar_vm_unmap(&vm, end - 4096, 8192), -EINVAL);
	assert_int_equal(ashlar_vm_unmap(&vm, end - 4096, 4096), 0);
	ashlar_vm_fini(&vm);
	core_board_free(b);
}

/* When tables do not fit any more, nothing stays mapped. */
static void failed_map_leaves_nothing(void **state)
{
	struct core_board *b = core_board_booted();
	struct ashlar_node rest = { 0 };
	struct ashlar_vm vm;
	uint64_t left;

	(void)state;
	assert_int_equal(ashlar_vm_init(&vm, &b->dev, ENTRIES), 0);
	left = ashlar_dev_mem_left(&b->dev);
	/* Two tables still fit; the map needs three. */
	assert_int_equal(
		ashlar_dev_mem_alloc(&b->dev, &rest, left - 8192, 4096), 0);
	assert_int_equal(ashlar_vm_map(&vm, 0x1ff000, 0x3000, 0x202000, RW),
			 -ENOSPC);
	for (uint64_t page = 0; page < PAGES; page++)
		assert_int_equal(walk(b, &vm, page << 12).flags, 0);
	assert_int_equal(ashlar_vm_invalidate(&vm), 0);
	for (int i = 0; i < ENTRIES; i++)
		assert_int_equal(vm.root[i], 0);
	assert_int_equal(ashlar_dev_mem_left(&b->dev), 8192);
	ashlar_dev_mem_free(&b->dev, &rest);
	ashlar_vm_fini(&vm);
	core_board_free(b);
}

/* Of a board that has lost its power and memory, only the numbers are left. */
static void mappings_survive_another_boot(void **state)
{
	struct leaf *model = calloc(PAGES, sizeof(*model));
	uint8_t *large = calloc(PAGES, 1);
	struct core_board *b = core_board_booted();
	uint64_t seed = 5;
	struct ashlar_vm vm;
	uint32_t context;

	(void)state;
	assert_int_equal(ashlar_vm_init(&vm, &b->dev, ENTRIES), 0);
	context = vm.context;
	for (int i = 0; i < 40; i++)
		random_map(&vm, model, large, &seed);
	memset(b->os.memory, 0xa5, b->dev.mem_bytes);
	assert_int_equal(core_board_boot(b), 0);
	assert_int_equal(ashlar_vm_restart(&vm), 0);
	assert_int_equal(vm.context, context);
	compare(b, &vm, model);
	/* The firmware knows it again. */
	assert_int_equal(ashlar_vm_invalidate(&vm), 0);
	assert_int_equal(ashlar_vm_restart(&vm), 0);
	compare(b, &vm, model);
	ashlar_vm_fini(&vm);
	free(large);
	free(model);
	core_board_free(b);
}

static void contexts_run_out(void **state)
{
	struct core_board *b = core_board_booted();
	struct ashlar_vm vm[9];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(ashlar_vm_init(&vm[i], &b->dev, ENTRIES), 0);
	assert_int_equal(ashlar_vm_init(&vm[8], &b->dev, ENTRIES), -ENOSPC);
	assert_error(b, "all 8 contexts");
	ashlar_vm_fini(&vm[3]);
	assert_int_equal(ashlar_vm_init(&vm[3], &b->dev, ENTRIES), 0);
	assert_int_equal(vm[3].context, 4);
	for (int i = 0; i < 8; i++)
		ashlar_vm_fini(&vm[i]);
	core_board_free(b);
}

/*
 * Tiles remember root entries: between two invalidations an entry that has
 * pointed to a table may not point to another one.
 */
static void root_entries_change_only_when_forgotten(void **state)
{
	struct core_board *b = core_board_booted();
	uint64_t seen[ENTRIES] = { 0 };
	uint64_t seed = 77;
	struct ashlar_vm vm;
	int tables = 0;

	(void)state;
	assert_int_equal(ashlar_vm_init(&vm, &b->dev, ENTRIES), 0);
	for (int step = 0; step < 3000; step++) {
		uint64_t va = (rnd(&seed) % PAGES) << 12;

		if (rnd(&seed) % 2)
			ashlar_vm_map(&vm, va, 0x3000, 4096, RW);
		else if (rnd(&seed) % 8)
			ashlar_vm_unmap(&vm, va & ~0xfffffull, 1u << 20);
		else
			ashlar_vm_unmap(&vm, 0, (uint64_t)PAGES << 12);
		if (rnd(&seed) % 50 == 0) {
			assert_int_equal(ashlar_vm_invalidate(&vm), 0);
			memset(seen, 0, sizeof(seen));
		}
		for (int i = 0; i < ENTRIES; i++) {
			if (seen[i])
				assert_int_equal(vm.root[i], seen[i]);
			tables += vm.root[i] && !seen[i];
			seen[i] = vm.root[i];
		}
	}
	assert_true(tables > 100);
	ashlar_vm_fini(&vm);
	core_board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_entries_change_only_when_forgotten),
		cmocka_unit_test(agrees_with_a_walk),
		cmocka_unit_test(refuses_bad_maps),
		cmocka_unit_test(failed_map_leaves_nothing),
		cmocka_unit_test(mappings_survive_another_boot),
		cmocka_unit_test(contexts_run_out),
	};

	return RUN_COUNTED(tests);
}
