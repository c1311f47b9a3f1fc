// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#include "ashlar_range.h"

int ashlar_range_init(struct ashlar_range *range, u64 start, u64 bytes)
{
	if (!bytes || start + bytes < start)
		return -EINVAL;

	memset(range, 0, sizeof(*range));
	range->start = start;
	range->end = start + bytes;
	range->head.prev = &range->head;
	range->head.next = &range->head;
	return 0;
}

/* Where in the hole [from, to) an aligned range of bytes begins, if it fits. */
static bool fits(u64 from, u64 to, u64 bytes, u64 align, u64 *start)
{
	u64 at = (from + align - 1) & ~(align - 1);

	/* at < from: rounding up has wrapped. */
	if (at < from || at > to || to - at < bytes)
		return false;
	*start = at;
	return true;
}

int ashlar_range_alloc(struct ashlar_range *range, struct ashlar_node *node,
		       u64 bytes, u64 align)
{
	struct ashlar_node *before = &range->head;
	u64 from = range->start;
	u64 start;

	if (!bytes || !align || (align & (align - 1)) || node->bytes)
		return -EINVAL;

	/* Each turn looks at the hole between `before` and its successor. */
	for (;;) {
		struct ashlar_node *after = before->next;
		u64 to = after == &range->head ? range->end : after->start;

		if (fits(from, to, bytes, align, &start))
			break;
		if (after == &range->head)
			return -ENOSPC;
		from = after->start + after->bytes;
		before = after;
	}

	node->start = start;
	node->bytes = bytes;
	node->prev = before;
	node->next = before->next;
	before->next->prev = node;
	before->next = node;
	range->used += bytes;
	return 0;
}

void ashlar_range_free(struct ashlar_range *range, struct ashlar_node *node)
{
	if (!node->bytes)
		return;

	node->prev->next = node->next;
	node->next->prev = node->prev;
	range->used -= node->bytes;
	memset(node, 0, sizeof(*node));
}

u64 ashlar_range_left(const struct ashlar_range *range)
{
	return range->end - range->start - range->used;
}
