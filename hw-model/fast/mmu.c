// SPDX-License-Identifier: MIT
/*
 * The tile's MMU (ash_mmu.sv): the same TLB, so that a translation that was
 * taken away without TLB_INVALIDATE stays as long.
 */
#include "tile.h"

#include <string.h>

#define VA_BITS	   40
#define ENTRY_HIGH 0xf000000000ull /* page numbers beyond 48 bits */
#define LEAF_MASK  0x1ffull /* pages of a large one */
#define PPN_MASK   0xffffffffffull
#define PA48	   0xffffffffffffull

void mmu_flush(struct mmu *mmu)
{
	unsigned int i;

	for (i = 0; i < TLB_ENTRIES; i++)
		mmu->tlb[i].valid = false;
	mmu->victim = 0;
	mmu->last[0].valid = false;
	mmu->last[1].valid = false;
}

static struct tlb_slot unpack(uint64_t raw)
{
	return (struct tlb_slot){
		.v = raw & 1,
		.r = raw >> 1 & 1,
		.w = raw >> 2 & 1,
		.host = raw >> 3 & 1,
		.leaf = raw >> 4 & 1,
		.ppn = raw >> 12 & PPN_MASK,
	};
}

/* Which slot serves va: of a page, or of a root entry that is a leaf. */
static const struct tlb_slot *find(const struct mmu *mmu, uint64_t va,
				   bool *small, const struct tlb_slot **table)
{
	const struct tlb_slot *hit = NULL;
	unsigned int i;

	*table = NULL;
	*small = false;
	for (i = 0; i < TLB_ENTRIES; i++) {
		const struct tlb_entry *en = &mmu->tlb[i];
		const struct tlb_slot *s;

		if (!en->valid)
			continue;
		if (en->root) {
			if (en->tag != va >> 24 << 9)
				continue;
			s = &en->slots[va >> 21 & 7];
			if (s->v && s->leaf)
				hit = s;
			else if (s->v)
				*table = s;
		} else if (en->tag == va >> 15) {
			s = &en->slots[va >> 12 & 7];
			if (s->v) {
				hit = s;
				*small = true;
			}
		}
	}
	return hit;
}

/* Reads a line of a table into the TLB; NULL: the memory refuses it. */
static const struct tlb_entry *fill(struct tile *t, uint64_t addr, bool root,
				    uint64_t tag)
{
	struct mmu *mmu = &t->mmu;
	struct tlb_entry *en = NULL;
	uint64_t raw[8];
	unsigned int i;

	if (!bus_read(t->e, false, addr, raw, sizeof(raw)))
		return NULL;
	for (i = 0; i < TLB_ENTRIES && !en; i++)
		if (mmu->tlb[i].valid && mmu->tlb[i].root == root &&
		    mmu->tlb[i].tag == tag)
			en = &mmu->tlb[i];
	if (!en) {
		en = &mmu->tlb[mmu->victim];
		mmu->victim = (mmu->victim + 1) % TLB_ENTRIES;
	}
	en->valid = true;
	en->root = root;
	en->tag = tag;
	for (i = 0; i < 8; i++)
		en->slots[i] = unpack(raw[i]);
	return en;
}

/* Walks the tables for va; returns the cause of a fault, or 0. */
static uint32_t walk(struct tile *t, uint64_t va, const struct tlb_slot *table,
		     uint32_t *reads)
{
	uint64_t root = (uint64_t)(tile_par(t, ASHLAR_TILE_PT_ROOT_HI) & 0xffff)
				<< 32 |
			(tile_par(t, ASHLAR_TILE_PT_ROOT_LO) & ~0xfffu);
	const struct tlb_entry *en;
	uint64_t ppn;

	t->perf.tlb_miss++;
	if (!table) {
		++*reads;
		en = fill(t,
			  ((root + (va >> 30 << 12)) & PA48) | (va >> 24 & 0x3f)
								       << 6,
			  true, va >> 24 << 9);
		if (!en)
			return ASHLAR_TILE_FAULT_CAUSE_BUS;
		table = &en->slots[va >> 21 & 7];
		if (!table->v)
			return ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID;
		if (table->leaf)
			return 0;
	}
	if (table->ppn & ENTRY_HIGH)
		return ASHLAR_TILE_FAULT_CAUSE_BUS;
	ppn = table->ppn;
	++*reads;
	en = fill(t, ppn << 12 | (va >> 15 & 0x3f) << 6, false, va >> 15);
	if (!en)
		return ASHLAR_TILE_FAULT_CAUSE_BUS;
	return en->slots[va >> 12 & 7].v ? 0 :
					   ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID;
}

struct translation mmu_translate(struct tile *t, unsigned int port, bool we,
				 uint64_t va)
{
	struct mmu *mmu = &t->mmu;
	struct translation tr = { 0 };
	const struct tlb_slot *slot, *table;
	bool small;

	if (mmu->last[port].valid && mmu->last[port].we == we &&
	    mmu->last[port].vpn == va >> 12) {
		tr.host = mmu->last[port].host;
		tr.pa = mmu->last[port].ppn << 12 | (va & 0xfff);
		return tr;
	}
	if (va >> VA_BITS || va >> 21 >= tile_par(t, ASHLAR_TILE_PT_ENTRIES)) {
		tr.cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID;
		return tr;
	}
	slot = find(mmu, va, &small, &table);
	if (!slot) {
		tr.cause = walk(t, va, table, &tr.reads);
		if (tr.cause)
			return tr;
		slot = find(mmu, va, &small, &table);
	}
	if (we ? !slot->w : !slot->r) {
		tr.cause = we ? ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE :
				ASHLAR_TILE_FAULT_CAUSE_PAGE_READ;
		return tr;
	}
	if (slot->ppn & ENTRY_HIGH) {
		tr.cause = ASHLAR_TILE_FAULT_CAUSE_BUS;
		return tr;
	}
	tr.host = slot->host;
	tr.pa = (small ? slot->ppn :
			 (slot->ppn & ~LEAF_MASK) | (va >> 12 & LEAF_MASK))
			<< 12 |
		(va & 0xfff);
	mmu->last[port].valid = true;
	mmu->last[port].we = we;
	mmu->last[port].host = tr.host;
	mmu->last[port].vpn = va >> 12;
	mmu->last[port].ppn = tr.pa >> 12;
	return tr;
}
