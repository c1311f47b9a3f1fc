// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <time.h>

#include "internal.h"

static void fence_destroy(struct handle *h)
{
	(void)h;
}

struct ashlar_fence *fence_new(struct ashlar_device *dev)
{
	struct ashlar_fence *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->info.t_submit = board_cycles(dev->board);
	handle_init(&f->h, KIND_FENCE, dev, fence_destroy);
	return f;
}

void fence_fail(struct ashlar_fence *f, ashlar_result result, uint64_t now,
		const char *text)
{
	f->info.state = ASHLAR_FENCE_FAILED;
	if (f->info.result)
		return;
	f->info.result = result;
	f->info.t_end = now;
	f->fault.result = result;
	f->fault.cycles = now;
	f->fault.context = f->h.dev->vm.context;
	snprintf(f->fault.text, sizeof(f->fault.text), "%s", text);
	f->has_fault = true;
}

/* --- Waiting ----------------------------------------------------------------------- */

static uint64_t host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Whether the wait is over; *result then is what it returns. */
static bool satisfied(ashlar_fence *const *fences, uint32_t count,
		      uint32_t mode, ashlar_result *result)
{
	uint32_t done = 0;

	*result = ASHLAR_OK;
	for (uint32_t i = 0; i < count; i++) {
		if (fences[i]->info.state == ASHLAR_FENCE_PENDING)
			continue;
		done++;
		if (!*result)
			*result = fences[i]->info.result;
	}
	return mode == ASHLAR_WAIT_ANY ? done > 0 : done == count;
}

/* The message of a failed wait is that of the fence that failed. */
static ashlar_result report(struct ashlar_device *dev,
			    ashlar_fence *const *fences, uint32_t count,
			    ashlar_result result)
{
	for (uint32_t i = 0; i < count; i++)
		if (fences[i]->info.state == ASHLAR_FENCE_FAILED)
			return fail(dev, result, "fence %u: %s", i,
				    fences[i]->fault.text);
	return result;
}

static ashlar_result wait_fences(ashlar_fence *const *fences, uint32_t count,
				 uint32_t mode, uint64_t timeout_ns)
{
	struct ashlar_device *dev = fences[0]->h.dev;
	struct board *b = dev->board;
	uint64_t start = timeout_ns == ASHLAR_FOREVER ? 0 : host_ns();
	ashlar_result result;

	board_pump(b);
	for (;;) {
		bool alive;

		if (satisfied(fences, count, mode, &result))
			return report(dev, fences, count, result);
		alive = board_slice(b, ASHLAR_SLICE_CYCLES);
		if (satisfied(fences, count, mode, &result))
			return report(dev, fences, count, result);
		if (!alive) {
			/* Fences depend on earlier ones only, so this is final. */
			b->dev.lost = true;
			snprintf(
				b->os.error, sizeof(b->os.error),
				"the board is idle but work given to it is not complete; the firmware has lost it");
			board_pump(b);
			continue;
		}
		if (timeout_ns != ASHLAR_FOREVER &&
		    host_ns() - start >= timeout_ns)
			return fail(dev, ASHLAR_ERROR_TIMEOUT,
				    "not done after %llu ns",
				    (unsigned long long)timeout_ns);
		/* Let others have their turn. */
		board_unlock(b);
		board_lock(b);
	}
}

/* Takes references, since the lock is given away in between. */
static ashlar_result hold(ashlar_fence *const *fences, uint32_t count,
			  ashlar_fence ***held)
{
	struct ashlar_device *dev = fences[0]->h.dev;
	ashlar_result result = ASHLAR_OK;
	uint32_t n;

	*held = malloc(count * sizeof(**held));
	if (!*held)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory to wait for %u fences", count);
	for (n = 0; n < count; n++) {
		result = borrow(dev, fences[n], KIND_FENCE, "fence");
		if (result)
			break;
		(*held)[n] = fences[n];
		handle_ref(&fences[n]->h);
	}
	if (!result)
		return ASHLAR_OK;
	while (n--)
		handle_put(&fences[n]->h);
	free(*held);
	return result;
}

ashlar_result ashlar_fence_wait(ashlar_fence *const *fences, uint32_t count,
				uint32_t mode, uint64_t timeout_ns)
{
	ashlar_fence *first;
	ashlar_fence **held;
	ashlar_result result;

	if (!fences || !count || mode > ASHLAR_WAIT_ANY)
		return ASHLAR_ERROR_INVALID;
	first = fences[0];
	result = enter(first, KIND_FENCE);
	if (result)
		return result;
	result = hold(fences, count, &held);
	if (!result) {
		result = wait_fences(held, count, mode, timeout_ns);
		for (uint32_t i = 0; i < count; i++)
			handle_put(&held[i]->h);
		free(held);
	}
	leave(first);
	return result;
}

ashlar_result ashlar_fence_query(ashlar_fence *fence,
				 struct ashlar_fence_info *info)
{
	ashlar_result result = enter(fence, KIND_FENCE);
	struct board *b;

	if (result)
		return result;
	b = fence->h.dev->board;
	board_pump(b);
	if (fence->info.state == ASHLAR_FENCE_PENDING)
		board_slice(b, ASHLAR_SLICE_CYCLES);
	result = give_struct(fence->h.dev, info,
			     END_OF(struct ashlar_fence_info, tlb_misses),
			     &fence->info, sizeof(fence->info), "info");
	leave(fence);
	return result;
}

ashlar_result ashlar_fence_fault(ashlar_fence *fence,
				 struct ashlar_fault *fault)
{
	ashlar_result result = enter(fence, KIND_FENCE);

	if (result)
		return result;
	if (fence->has_fault && fence->info.state == ASHLAR_FENCE_FAILED)
		result = give_struct(
			fence->h.dev, fault, END_OF(struct ashlar_fault, text),
			&fence->fault, sizeof(fence->fault), "fault");
	else
		result = fail(fence->h.dev, ASHLAR_ERROR_NOT_FOUND,
			      "the fence has not failed");
	leave(fence);
	return result;
}

ashlar_result ashlar_fence_export(ashlar_fence *fence, int *fd)
{
	ashlar_result result = enter(fence, KIND_FENCE);

	if (result)
		return result;
	if (fd)
		*fd = -1;
	result = fail(fence->h.dev, ASHLAR_ERROR_UNSUPPORTED,
		      "fences of a simulated board have no sync_file");
	leave(fence);
	return result;
}

void ashlar_fence_unref(ashlar_fence *fence)
{
	release(fence, KIND_FENCE);
}
