/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/* Trace points: the life of a job, and resets. */
/* clang-format off */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ashlar

#if !defined(ASHLAR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ASHLAR_TRACE_H

#include <linux/tracepoint.h>

#include "ashlar_device.h"

DECLARE_EVENT_CLASS(ashlar_job,
	TP_PROTO(const struct ashlar_queue *q, u64 seqno),
	TP_ARGS(q, seqno),
	TP_STRUCT__entry(
		__string(dev, dev_name(q->adev->drm.dev))
		__field(u64, fence_context)
		__field(u32, queue)
		__field(u64, seqno)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->fence_context = q->fence_context;
		__entry->queue = q->id;
		__entry->seqno = seqno;
	),
	TP_printk("%s queue=%u fence=%llu:%llu", __get_str(dev), __entry->queue,
		  __entry->fence_context, __entry->seqno)
);

DEFINE_EVENT(ashlar_job, ashlar_job_submit,
	TP_PROTO(const struct ashlar_queue *q, u64 seqno),
	TP_ARGS(q, seqno)
);

DEFINE_EVENT(ashlar_job, ashlar_job_run,
	TP_PROTO(const struct ashlar_queue *q, u64 seqno),
	TP_ARGS(q, seqno)
);

TRACE_EVENT(ashlar_job_done,
	TP_PROTO(const struct ashlar_queue *q, u64 seqno,
		 const struct ashlar_completion *c),
	TP_ARGS(q, seqno, c),
	TP_STRUCT__entry(
		__string(dev, dev_name(q->adev->drm.dev))
		__field(u64, fence_context)
		__field(u32, queue)
		__field(u64, seqno)
		__field(u32, status)
		__field(u32, tiles)
		__field(u64, t_fetch)
		__field(u64, t_start)
		__field(u64, t_end)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->fence_context = q->fence_context;
		__entry->queue = q->id;
		__entry->seqno = seqno;
		__entry->status = c->status;
		__entry->tiles = c->tiles;
		__entry->t_fetch = c->t_fetch;
		__entry->t_start = c->t_start;
		__entry->t_end = c->t_end;
	),
	TP_printk("%s queue=%u fence=%llu:%llu status=%u tiles=%u fetch=%llu start=%llu end=%llu",
		  __get_str(dev), __entry->queue, __entry->fence_context,
		  __entry->seqno, __entry->status, __entry->tiles,
		  __entry->t_fetch, __entry->t_start, __entry->t_end)
);

TRACE_EVENT(ashlar_reset,
	TP_PROTO(const struct ashlar_device *adev, const char *why),
	TP_ARGS(adev, why),
	TP_STRUCT__entry(
		__string(dev, dev_name(adev->drm.dev))
		__string(why, why)
	),
	TP_fast_assign(
		__assign_str(dev);
		__assign_str(why);
	),
	TP_printk("%s %s", __get_str(dev), __get_str(why))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE ashlar_trace
#include <trace/define_trace.h>
