// SPDX-License-Identifier: MIT
#include "pci.h"
#include "ashlar_pci.h"

#include <stddef.h>
#include <string.h>

/* Header. */
#define COMMAND		 0x04
#define COMMAND_MEMORY	 0x0002u
#define COMMAND_MASTER	 0x0004u
#define COMMAND_WRITABLE 0x0546u /* and parity, SERR, INTx off */
#define STATUS		 0x06
#define STATUS_CAP_LIST	 0x0010u
#define CLASS_REVISION	 0x08
#define CACHE_LINE	 0x0c
#define BAR(n)		 (0x10 + 4 * (n))
#define BAR_64		 0x4u
#define BAR_PREFETCH	 0x8u
#define SUBSYSTEM	 0x2c
#define CAP_POINTER	 0x34
#define IRQ_LINE	 0x3c

/* Power management: version 3, D0 and D3hot, no PME. */
#define PM	   0x40
#define PM_CAP_ID  0x01u
#define PM_STATE   (PM + 4)
#define PM_D0	   0u
#define PM_D3HOT   3u
#define PM_VERSION 0x0003u

/* PCI Express endpoint: 16 lanes of 16 GT/s. */
#define EXP		   0x50
#define EXP_CAP_ID	   0x10u
#define EXP_ENDPOINT_V2	   0x0002u
#define EXP_DEV_CAP	   (EXP + 0x04)
#define EXP_DEV_CAP_VALUE  0x10008021u /* FLR, roles, ext. tags, 256 B */
#define EXP_DEV_CTL	   (EXP + 0x08)
#define EXP_DEV_CTL_VALUE  0x2810u /* 512 B requests, no snoop, relaxed */
#define EXP_DEV_CTL_FLR	   0x8000u
#define EXP_DEV_STA	   (EXP + 0x0a)
#define EXP_DEV_STA_COR	   0x0001u
#define EXP_DEV_STA_NFATAL 0x0002u
#define EXP_DEV_STA_FATAL  0x0004u
#define EXP_DEV_STA_UR	   0x0008u
#define EXP_LINK_CAP	   (EXP + 0x0c)
#define EXP_LINK_CAP_VALUE 0x00400104u
#define EXP_LINK_CTL	   (EXP + 0x10)
#define EXP_LINK_STA	   (EXP + 0x12)
#define EXP_LINK_STA_VALUE 0x0104u
#define EXP_LINK_CAP2	   (EXP + 0x2c)
#define EXP_LINK_CAP2_ALL  0x1eu /* 2.5 to 16 GT/s */
#define EXP_LINK_CTL2	   (EXP + 0x30)
#define EXP_LINK_CTL2_16G  0x4u

/* MSI-X. */
#define MSIX	      0xa0
#define MSIX_CAP_ID   0x11u
#define MSIX_CTL      (MSIX + 2)
#define MSIX_WRITABLE 0xc000u /* enable, mask all */

/*
 * Advanced error reporting: the errors that an endpoint knows, without end-to-end
 * CRC, and what PCI Express says of them at power-on. The only one that happens
 * here is a request that the function does not support. The first error pointer
 * is the low bits of AER_CTL.
 */
#define AER		 0x100
#define AER_BYTES	 0x2c
#define AER_CAP_ID	 0x0001u
#define AER_CAP_V2	 0x2u
#define AER_UNC_STA	 (AER + 0x04)
#define AER_UNC_MASK	 (AER + 0x08)
#define AER_UNC_SEVERITY (AER + 0x0c)
#define AER_UNC_ALL	 0x0057f030u
#define AER_UNC_MASKED	 0x00400000u /* internal error */
#define AER_UNC_FATAL	 0x00462030u /* link, flow control, malformed... */
#define AER_UNC_UR_BIT	 20
#define AER_COR_STA	 (AER + 0x10)
#define AER_COR_MASK	 (AER + 0x14)
#define AER_COR_ALL	 0x000071c1u
#define AER_COR_MASKED	 0x00006000u /* advisory, internal error */
#define AER_COR_ADVISORY 0x00002000u
#define AER_CTL		 (AER + 0x18)
#define AER_HEADER_LOG	 (AER + 0x1c)
#define AER_HEADER_BYTES 16

/* Bits that writes change, by 16-bit register; all others are read-only. */
static const struct {
	uint16_t offset;
	uint16_t mask;
} writable[] = {
	{ COMMAND, COMMAND_WRITABLE },
	{ CACHE_LINE, 0x00ff },
	{ IRQ_LINE, 0x00ff },
	{ PM_STATE, 0x0003 },
	{ EXP_DEV_CTL, 0xffff },
	{ EXP_LINK_CTL, 0x03cb },
	{ EXP_LINK_CTL2, 0x000f },
	{ MSIX_CTL, MSIX_WRITABLE },
	{ AER_UNC_MASK, AER_UNC_ALL & 0xffff },
	{ AER_UNC_MASK + 2, AER_UNC_ALL >> 16 },
	{ AER_UNC_SEVERITY, AER_UNC_ALL & 0xffff },
	{ AER_UNC_SEVERITY + 2, AER_UNC_ALL >> 16 },
	{ AER_COR_MASK, AER_COR_ALL & 0xffff },
};

/* Bits that a one written to them clears. */
static const uint16_t cleared[] = {
	EXP_DEV_STA,
	AER_UNC_STA,
	AER_UNC_STA + 2,
	AER_COR_STA,
};

static uint16_t get16(const struct pci *p, uint32_t offset)
{
	return (uint16_t)(p->config[offset] | p->config[offset + 1] << 8);
}

static void put16(struct pci *p, uint32_t offset, uint32_t value)
{
	p->config[offset] = (uint8_t)value;
	p->config[offset + 1] = (uint8_t)(value >> 8);
}

static uint32_t get32(const struct pci *p, uint32_t offset)
{
	return get16(p, offset) | (uint32_t)get16(p, offset + 2) << 16;
}

static void put32(struct pci *p, uint32_t offset, uint32_t value)
{
	put16(p, offset, value);
	put16(p, offset + 2, value >> 16);
}

/* A capability's first 32 bits: number, next one, its first register. */
static void put_cap(struct pci *p, uint32_t offset, uint32_t id, uint32_t next,
		    uint32_t reg)
{
	put32(p, offset, id | next << 8 | reg << 16);
}

void pci_power_on(struct pci *p)
{
	memset(p, 0, sizeof(*p));
	put32(p, AER, AER_CAP_ID | AER_CAP_V2 << 16);
	put32(p, AER_UNC_MASK, AER_UNC_MASKED);
	put32(p, AER_UNC_SEVERITY, AER_UNC_FATAL);
	put32(p, AER_COR_MASK, AER_COR_MASKED);
	pci_reset(p);
}

void pci_reset(struct pci *p)
{
	uint8_t aer[AER_BYTES];

	/* All of it is sticky: it tells of what led to the reset. */
	memcpy(aer, p->config + AER, sizeof(aer));
	memset(p, 0, sizeof(*p));
	memcpy(p->config + AER, aer, sizeof(aer));

	put32(p, 0, ASHLAR_PCI_VENDOR | (uint32_t)ASHLAR_PCI_DEVICE << 16);
	put16(p, STATUS, STATUS_CAP_LIST);
	put32(p, CLASS_REVISION,
	      (uint32_t)ASHLAR_PCI_CLASS << 8 | ASHLAR_PCI_REVISION);
	put32(p, BAR(ASHLAR_PCI_BAR_MEM), BAR_64 | BAR_PREFETCH);
	put32(p, SUBSYSTEM,
	      ASHLAR_PCI_VENDOR | (uint32_t)ASHLAR_PCI_DEVICE << 16);
	p->config[CAP_POINTER] = PM;

	put_cap(p, PM, PM_CAP_ID, EXP, PM_VERSION);

	put_cap(p, EXP, EXP_CAP_ID, MSIX, EXP_ENDPOINT_V2);
	put32(p, EXP_DEV_CAP, EXP_DEV_CAP_VALUE);
	put16(p, EXP_DEV_CTL, EXP_DEV_CTL_VALUE);
	put32(p, EXP_LINK_CAP, EXP_LINK_CAP_VALUE);
	put16(p, EXP_LINK_STA, EXP_LINK_STA_VALUE);
	put32(p, EXP_LINK_CAP2, EXP_LINK_CAP2_ALL);
	put16(p, EXP_LINK_CTL2, EXP_LINK_CTL2_16G);

	put_cap(p, MSIX, MSIX_CAP_ID, 0, ASHLAR_PCI_VECTORS - 1);
	put32(p, MSIX + 4, ASHLAR_PCI_MSIX_TABLE | ASHLAR_PCI_BAR_MSIX);
	put32(p, MSIX + 8, ASHLAR_PCI_MSIX_PBA | ASHLAR_PCI_BAR_MSIX);
}

void pci_read(const struct pci *p, uint32_t offset, void *data, uint32_t bytes)
{
	memcpy(data, p->config + offset, bytes);
}

static void set16(struct pci *p, uint32_t offset, uint32_t bits)
{
	put16(p, offset, get16(p, offset) | bits);
}

/*
 * A read that is refused gets an answer that says so, which is advice for who
 * asked; a write has no answer, so what it was meant to do is lost.
 */
void pci_unsupported(struct pci *p, bool write)
{
	uint32_t bit = 1u << AER_UNC_UR_BIT;
	bool fatal = get32(p, AER_UNC_SEVERITY) & bit;

	set16(p, EXP_DEV_STA, EXP_DEV_STA_UR);
	if (!write && !fatal) {
		set16(p, EXP_DEV_STA, EXP_DEV_STA_COR);
		set16(p, AER_COR_STA, AER_COR_ADVISORY);
		if (get32(p, AER_COR_MASK) & AER_COR_ADVISORY)
			return;
	} else {
		set16(p, EXP_DEV_STA,
		      fatal ? EXP_DEV_STA_FATAL : EXP_DEV_STA_NFATAL);
	}
	if (!(get32(p, AER_UNC_STA) & bit) && !(get32(p, AER_UNC_MASK) & bit)) {
		put16(p, AER_CTL, AER_UNC_UR_BIT);
		/* The protocol has no packets whose header could be shown. */
		memset(p->config + AER_HEADER_LOG, 0xff, AER_HEADER_BYTES);
	}
	put32(p, AER_UNC_STA, get32(p, AER_UNC_STA) | bit);
}

bool pci_write(struct pci *p, uint32_t offset, const void *data, uint32_t bytes)
{
	struct pci asked = *p;
	struct pci ones = { { 0 } };
	uint32_t was = get16(p, PM_STATE);
	uint32_t state;
	size_t i;

	memcpy(asked.config + offset, data, bytes);
	memcpy(ones.config + offset, data, bytes);
	for (i = 0; i < sizeof(writable) / sizeof(writable[0]); i++) {
		uint16_t at = writable[i].offset;
		uint16_t mask = writable[i].mask;

		put16(p, at,
		      (get16(p, at) & ~(uint32_t)mask) |
			      (get16(&asked, at) & (uint32_t)mask));
	}

	for (i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++)
		put16(p, cleared[i],
		      get16(p, cleared[i]) &
			      ~(uint32_t)get16(&ones, cleared[i]));

	/* A state that the function does not have changes nothing. */
	state = get16(p, PM_STATE);
	if (state != PM_D0 && state != PM_D3HOT) {
		state = was;
		put16(p, PM_STATE, state);
	}
	return get16(p, EXP_DEV_CTL) & EXP_DEV_CTL_FLR ||
	       (was == PM_D3HOT && state == PM_D0);
}

static bool enabled(const struct pci *p, uint16_t bit)
{
	return get16(p, COMMAND) & bit && get16(p, PM_STATE) == PM_D0;
}

bool pci_memory_enabled(const struct pci *p)
{
	return enabled(p, COMMAND_MEMORY);
}

bool pci_bus_master(const struct pci *p)
{
	return enabled(p, COMMAND_MASTER);
}
