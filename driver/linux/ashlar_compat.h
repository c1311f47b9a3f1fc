/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Differences between the kernels that are supported, found by what their
 * headers say (Kbuild), not by version. Out of tree only: the code is written
 * for the newest kernel.
 */
#ifndef ASHLAR_COMPAT_H
#define ASHLAR_COMPAT_H

#include <linux/module.h>

#ifdef ASHLAR_HAVE_DRIVER_DATE
#define ASHLAR_COMPAT_DRIVER_DATE .date = "20261123",
#else
#define ASHLAR_COMPAT_DRIVER_DATE
#endif

#ifdef ASHLAR_HAVE_BARE_NS
#define ASHLAR_COMPAT_IMPORT_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define ASHLAR_COMPAT_IMPORT_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

#ifdef ASHLAR_HAVE_SCHED_STAT_RESET
#define ASHLAR_COMPAT_SCHED_STAT_RESET DRM_GPU_SCHED_STAT_RESET
#else
#define ASHLAR_COMPAT_SCHED_STAT_RESET DRM_GPU_SCHED_STAT_NOMINAL
#endif

#endif
