/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * The board as a PCI Express function: what its configuration space says. Used
 * by the driver and by the vfio-user server, which is that configuration space.
 *
 * The vendor number is not assigned by the PCI-SIG: boards exist only as models
 * yet. It changes before there is silicon.
 */
#ifndef ASHLAR_PCI_H
#define ASHLAR_PCI_H

#define ASHLAR_PCI_VENDOR   0xa51a
#define ASHLAR_PCI_DEVICE   0x0001
#define ASHLAR_PCI_REVISION 0x01
#define ASHLAR_PCI_CLASS    0x120000 /* processing accelerator */

/*
 * BAR0: 32 bits, registers and doorbells. BAR2 (with BAR3): 64 bits,
 * prefetchable, board memory, whole. BAR4: 32 bits, the MSI-X table and the
 * pending bits, nothing else.
 */
#define ASHLAR_PCI_BAR_REGS 0
#define ASHLAR_PCI_BAR_MEM  2
#define ASHLAR_PCI_BAR_MSIX 4

#define ASHLAR_PCI_BAR0_BYTES 0x100000
#define ASHLAR_PCI_BAR4_BYTES 0x1000
#define ASHLAR_PCI_MSIX_TABLE 0x000
#define ASHLAR_PCI_MSIX_PBA   0x800

/* Vector 0: control ring. Vector n: queues whose vector is n. */
#define ASHLAR_PCI_VECTORS 64

/* The board drives this many address bits in DMA. */
#define ASHLAR_PCI_DMA_BITS 48

#endif
