/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user protocol, version 0.0, as far as this server speaks it.
 *
 * Messages travel over a UNIX stream socket, all fields in the byte order of
 * the host, descriptors beside them as SCM_RIGHTS. The client sends commands,
 * the server answers each with a reply of the same id, unless the command says
 * NO_REPLY. A failed command is answered by the header alone, with an errno in
 * it. Structures that Linux's VFIO interface also has are laid out as there.
 */
#ifndef ASHLAR_VFIO_USER_H
#define ASHLAR_VFIO_USER_H

#include <assert.h>
#include <stdint.h>

#define VFIO_USER_SIZE(type, bytes) \
	static_assert(sizeof(type) == (bytes), #type " must not change size")

enum vfio_user_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP = 2,
	VFIO_USER_DMA_UNMAP = 3,
	VFIO_USER_DEVICE_GET_INFO = 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_REGION_IO_FDS = 6, /* refused */
	VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
	VFIO_USER_DEVICE_SET_IRQS = 8,
	VFIO_USER_REGION_READ = 9,
	VFIO_USER_REGION_WRITE = 10,
	VFIO_USER_DMA_READ = 11, /* server to client, never sent */
	VFIO_USER_DMA_WRITE = 12, /* server to client, never sent */
	VFIO_USER_DEVICE_RESET = 13,
};

#define VFIO_USER_TYPE_MASK    0xfu
#define VFIO_USER_TYPE_COMMAND 0x0u
#define VFIO_USER_TYPE_REPLY   0x1u
#define VFIO_USER_NO_REPLY     0x10u /* in a command: do not answer */
#define VFIO_USER_ERROR	       0x20u /* in a reply: error is valid */

struct vfio_user_header {
	uint16_t id; /* chosen by who sends the command */
	uint16_t command;
	uint32_t size; /* of the message with this header */
	uint32_t flags;
	uint32_t error; /* errno of a failed command */
};
VFIO_USER_SIZE(struct vfio_user_header, 16);

/* VERSION, both ways. Behind it: JSON with its NUL, or nothing. */
struct vfio_user_version {
	uint16_t major;
	uint16_t minor;
};
VFIO_USER_SIZE(struct vfio_user_version, 4);

#define VFIO_USER_MAP_READ  0x1u
#define VFIO_USER_MAP_WRITE 0x2u

/* DMA_MAP; with a descriptor when the memory can be mapped. Empty reply. */
struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset; /* into the descriptor */
	uint64_t address;
	uint64_t size;
};
VFIO_USER_SIZE(struct vfio_user_dma_map, 32);

#define VFIO_USER_UNMAP_ALL 0x2u /* address and size are 0 */

/* DMA_UNMAP, both ways. */
struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};
VFIO_USER_SIZE(struct vfio_user_dma_unmap, 24);

#define VFIO_USER_DEVICE_RESETS 0x1u /* DEVICE_RESET is there */
#define VFIO_USER_DEVICE_PCI	0x2u

/* DEVICE_GET_INFO, both ways. */
struct vfio_user_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};
VFIO_USER_SIZE(struct vfio_user_device_info, 16);

/* Regions of a PCI function: BAR n is region n. */
enum vfio_user_region {
	VFIO_USER_REGION_BAR0 = 0,
	VFIO_USER_REGION_BAR2 = 2,
	VFIO_USER_REGION_BAR4 = 4,
	VFIO_USER_REGION_CONFIG = 7,
	VFIO_USER_REGIONS = 9, /* 6: expansion ROM, 8: VGA; absent */
};

#define VFIO_USER_REGION_CAN_READ  0x1u
#define VFIO_USER_REGION_CAN_WRITE 0x2u
#define VFIO_USER_REGION_CAN_MMAP  0x4u /* a descriptor comes with the reply */

/* DEVICE_GET_REGION_INFO, both ways. size 0: no such region. */
struct vfio_user_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset; /* no capabilities: 0 */
	uint64_t size;
	uint64_t offset; /* for mmap() of the descriptor */
};
VFIO_USER_SIZE(struct vfio_user_region_info, 32);

/* Kinds of interrupt of a PCI function. This one has MSI-X only. */
enum vfio_user_irq {
	VFIO_USER_IRQ_INTX = 0,
	VFIO_USER_IRQ_MSI = 1,
	VFIO_USER_IRQ_MSIX = 2,
	VFIO_USER_IRQ_ERR = 3,
	VFIO_USER_IRQ_REQ = 4,
	VFIO_USER_IRQS = 5,
};

#define VFIO_USER_IRQ_EVENTFD  0x1u
#define VFIO_USER_IRQ_NORESIZE 0x8u

/* DEVICE_GET_IRQ_INFO, both ways. */
struct vfio_user_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};
VFIO_USER_SIZE(struct vfio_user_irq_info, 16);

/* Of each group exactly one bit is set. */
#define VFIO_USER_IRQ_DATA_NONE	     0x01u
#define VFIO_USER_IRQ_DATA_BOOL	     0x02u
#define VFIO_USER_IRQ_DATA_EVENTFD   0x04u
#define VFIO_USER_IRQ_ACTION_MASK    0x08u
#define VFIO_USER_IRQ_ACTION_UNMASK  0x10u
#define VFIO_USER_IRQ_ACTION_TRIGGER 0x20u

/* DEVICE_SET_IRQS. Behind it with DATA_BOOL: count bytes. Empty reply. */
struct vfio_user_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};
VFIO_USER_SIZE(struct vfio_user_irq_set, 20);

/* REGION_READ and REGION_WRITE, both ways; data behind it. */
struct vfio_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};
VFIO_USER_SIZE(struct vfio_user_region_access, 16);

/* What the server takes, as it says in its reply to VERSION. */
#define VFIO_USER_MAX_FDS  16
#define VFIO_USER_MAX_DATA (1u << 20)

/* The longest payload behind a header. */
#define VFIO_USER_MAX_PAYLOAD \
	(sizeof(struct vfio_user_region_access) + VFIO_USER_MAX_DATA)

#endif
