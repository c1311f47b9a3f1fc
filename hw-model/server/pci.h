/* SPDX-License-Identifier: MIT */
/*
 * Configuration space of the function: header, power management, PCI Express
 * endpoint, MSI-X, advanced error reporting.
 *
 * The client emulates base addresses and MSI-X and tells the server what comes
 * of it in messages of their own; here their registers are inert.
 */
#ifndef ASHLAR_SERVER_PCI_H
#define ASHLAR_SERVER_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_CONFIG_BYTES 4096u

struct pci {
	uint8_t config[PCI_CONFIG_BYTES];
};

void pci_power_on(struct pci *p);

/* As after power-on, but for the sticky registers of error reporting. */
void pci_reset(struct pci *p);

/* offset + bytes is at most PCI_CONFIG_BYTES. */
void pci_read(const struct pci *p, uint32_t offset, void *data, uint32_t bytes);

/*
 * Returns true when the write asks for a reset of the function: function level
 * reset, or the way back from D3hot. The caller does it, with pci_reset().
 */
bool pci_write(struct pci *p, uint32_t offset, const void *data,
	       uint32_t bytes);

/* Log that an access to a BAR was refused, as the function does not answer. */
void pci_unsupported(struct pci *p, bool write);

/* Whether the function answers in its BARs. */
bool pci_memory_enabled(const struct pci *p);
/* Whether it may read and write host memory. */
bool pci_bus_master(const struct pci *p);

#endif
