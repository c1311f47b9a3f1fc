// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#define CREATE_TRACE_POINTS
#include "ashlar_trace.h"
