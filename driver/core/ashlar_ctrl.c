// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * The control ring. Requests carry an id, replies come in any order. What the
 * firmware writes is copied once and checked before it is used; a reply that
 * answers nothing is counted and dropped.
 */
#include "ashlar_dev.h"
#include "ashlar_regs.h"

#define CTRL	    (ASHLAR_MAP_BAR0_SHARED_BASE + ASHLAR_SHARED_CTRL)
#define REG(member) ((u32)(CTRL + offsetof(struct ashlar_ctrl_ring, member)))
#define MSG_WORDS   (sizeof(struct ashlar_ctrl_msg) / 4)
#define SLOT(ring, index) \
	(REG(ring) +      \
	 (u32)sizeof(struct ashlar_ctrl_msg) * ((index) % ASHLAR_CTRL_SLOTS))

#define WAIT_CYCLES 500 /* between two looks at the ring */
#define BUSY_CYCLES 5000 /* before a request is sent again */
#define STILL_MAX   1000 /* looks without device time passing */
#define LOOKS_MAX   100000 /* on a clock that hardly moves */
#define LOOKS_POST  16 /* between two looks at the post code */

struct ashlar_ctrl_request {
	struct ashlar_ctrl_msg reply;
	u32 id;
	u32 op;
	bool done;
};

/* A wait bounded in device time, and against a clock that stands still. */
struct patience {
	u64 start;
	u64 last;
	u32 still;
	u32 looks;
	bool late; /* it is over, but for one more look */
};

static const char *op_name(u32 op)
{
	static const char *const names[] = {
		[ASHLAR_CTRL_HELLO] = "HELLO",
		[ASHLAR_CTRL_PING] = "PING",
		[ASHLAR_CTRL_CTX_CREATE] = "CTX_CREATE",
		[ASHLAR_CTRL_CTX_DESTROY] = "CTX_DESTROY",
		[ASHLAR_CTRL_CTX_INVALIDATE] = "CTX_INVALIDATE",
		[ASHLAR_CTRL_QUEUE_CREATE] = "QUEUE_CREATE",
		[ASHLAR_CTRL_QUEUE_DESTROY] = "QUEUE_DESTROY",
		[ASHLAR_CTRL_QUEUE_QUERY] = "QUEUE_QUERY",
		[ASHLAR_CTRL_TILE_QUERY] = "TILE_QUERY",
	};

	if (op < sizeof(names) / sizeof(names[0]) && names[op])
		return names[op];
	return "unknown";
}

int ashlar_ctrl_init(struct ashlar_dev *dev)
{
	dev->ctrl.lock = ashlar_os_lock_new();
	dev->ctrl.next_id = 1;
	return dev->ctrl.lock ? 0 : -ENOMEM;
}

void ashlar_ctrl_reset(struct ashlar_dev *dev)
{
	ashlar_os_lock(dev->ctrl.lock);
	dev->ctrl.req_tail = 0;
	dev->ctrl.rep_head = 0;
	dev->ctrl.bad_replies = 0;
	memset(dev->ctrl.pending, 0, sizeof(dev->ctrl.pending));
	ashlar_os_unlock(dev->ctrl.lock);
}

void ashlar_ctrl_fini(struct ashlar_dev *dev)
{
	ashlar_os_lock_free(dev->ctrl.lock);
	dev->ctrl.lock = NULL;
}

/* One reply, already copied. Under the lock. Returns whether it was good. */
static bool match(struct ashlar_ctrl *ctrl, const struct ashlar_ctrl_msg *msg)
{
	unsigned int i;

	for (i = 0; i < ASHLAR_CTRL_SLOTS; i++) {
		struct ashlar_ctrl_request *r = ctrl->pending[i];

		if (!r || r->id != msg->id)
			continue;
		if (r->op != msg->op)
			return false;
		r->reply = *msg;
		r->done = true;
		ctrl->pending[i] = NULL;
		return true;
	}
	return false;
}

void ashlar_ctrl_poll(struct ashlar_dev *dev)
{
	struct ashlar_ctrl *ctrl = &dev->ctrl;
	u32 words[MSG_WORDS];
	struct ashlar_ctrl_msg msg;
	u32 tail, bad = 0;
	unsigned int i;

	if (dev->lost)
		return;

	ashlar_os_lock(ctrl->lock);
	tail = ashlar_os_read32(dev->os, REG(rep_tail));
	if (tail - ctrl->rep_head > ASHLAR_CTRL_SLOTS) {
		ashlar_os_unlock(ctrl->lock);
		ashlar_dev_fail(dev, -EPROTO,
				"the firmware's reply index is out of range; the board must be reset");
		return;
	}
	ashlar_os_rmb();
	if (tail != ctrl->rep_head) {
		while (ctrl->rep_head != tail) {
			for (i = 0; i < MSG_WORDS; i++)
				words[i] = ashlar_os_read32(dev->os,
							    SLOT(rep,
								 ctrl->rep_head) +
								    4 * i);
			memcpy(&msg, words, sizeof(msg));
			if (!match(ctrl, &msg))
				bad++;
			ctrl->rep_head++;
		}
		ashlar_os_write32(dev->os, REG(rep_head), ctrl->rep_head);
		ctrl->bad_replies += bad;
	}
	ashlar_os_unlock(ctrl->lock);

	if (bad)
		ashlar_os_log(dev->os, ASHLAR_OS_WARNING,
			      "%u control replies dropped: last has id %u, op %u, which no request waits for",
			      bad, msg.id, msg.op);
}

/* Put a request into the ring. Returns 0, or -EAGAIN when it is full. */
static int post(struct ashlar_dev *dev, struct ashlar_ctrl_request *r,
		const void *req, size_t req_bytes)
{
	struct ashlar_ctrl *ctrl = &dev->ctrl;
	struct ashlar_ctrl_msg msg = { 0 };
	u32 words[MSG_WORDS];
	unsigned int i, slot;
	int err = -EAGAIN;

	msg.op = (u16)r->op;
	if (req_bytes)
		memcpy(msg.arg, req, req_bytes);

	ashlar_os_lock(ctrl->lock);
	for (slot = 0; slot < ASHLAR_CTRL_SLOTS; slot++)
		if (!ctrl->pending[slot])
			break;
	if (slot < ASHLAR_CTRL_SLOTS &&
	    ctrl->req_tail - ashlar_os_read32(dev->os, REG(req_head)) <
		    ASHLAR_CTRL_SLOTS) {
		r->id = ctrl->next_id++;
		r->done = false;
		ctrl->pending[slot] = r;
		msg.id = r->id;
		memcpy(words, &msg, sizeof(msg));
		for (i = 0; i < MSG_WORDS; i++)
			ashlar_os_write32(dev->os,
					  SLOT(req, ctrl->req_tail) + 4 * i,
					  words[i]);
		ctrl->req_tail++;
		ashlar_os_write32(dev->os, REG(req_tail), ctrl->req_tail);
		ashlar_os_write32(dev->os, ASHLAR_MAP_BAR0_DOORBELL_BASE,
				  ctrl->req_tail);
		err = 0;
	}
	ashlar_os_unlock(ctrl->lock);
	return err;
}

static void withdraw(struct ashlar_dev *dev, struct ashlar_ctrl_request *r)
{
	unsigned int i;

	ashlar_os_lock(dev->ctrl.lock);
	for (i = 0; i < ASHLAR_CTRL_SLOTS; i++)
		if (dev->ctrl.pending[i] == r)
			dev->ctrl.pending[i] = NULL;
	ashlar_os_unlock(dev->ctrl.lock);
}

static bool answered(struct ashlar_dev *dev, struct ashlar_ctrl_request *r)
{
	bool done;

	ashlar_ctrl_poll(dev);
	ashlar_os_lock(dev->ctrl.lock);
	done = r->done;
	ashlar_os_unlock(dev->ctrl.lock);
	return done;
}

/* Let time pass. Returns 0, -ETIMEDOUT when patience has ended, -ENODEV. */
static int wait_some(struct ashlar_dev *dev, struct patience *p, u32 cycles)
{
	u64 now;

	if (dev->lost)
		return -ENODEV;
	if (ashlar_os_pause(dev->os, cycles))
		return ashlar_dev_fail(dev, -ENODEV, "the board went away");
	now = ashlar_dev_cycles(dev);
	p->still = now == p->last ? p->still + 1 : 0;
	p->last = now;
	if (now - p->start >= ASHLAR_CTRL_CYCLES || p->still >= STILL_MAX ||
	    p->looks >= LOOKS_MAX) {
		if (p->late)
			return -ETIMEDOUT;
		/*
		 * This processor may have been away for much of that time, and
		 * the answer have come long since: it is looked for once more.
		 */
		p->late = true;
		return 0;
	}
	return ++p->looks % LOOKS_POST ? 0 : ashlar_boot_check(dev);
}

static int timed_out(struct ashlar_dev *dev, u32 op, const struct patience *p)
{
	char why[160];

	snprintf(why, sizeof(why),
		 "the firmware did not answer %s in %llu cycles; the board must be reset",
		 op_name(op), (unsigned long long)(p->last - p->start));
	return ashlar_dev_fail(dev, -ETIMEDOUT, why);
}

/* Send once, wait for the reply. */
static int exchange(struct ashlar_dev *dev, struct ashlar_ctrl_request *r,
		    const void *req, size_t req_bytes, struct patience *p)
{
	int err;

	while (post(dev, r, req, req_bytes)) {
		ashlar_ctrl_poll(dev);
		err = wait_some(dev, p, WAIT_CYCLES);
		if (err)
			return err;
	}
	while (!answered(dev, r)) {
		err = wait_some(dev, p, WAIT_CYCLES);
		if (err) {
			/* It may have come in the last moment. */
			bool done = err == -ETIMEDOUT && answered(dev, r);

			withdraw(dev, r);
			return done || r->done ? 0 : err;
		}
	}
	return 0;
}

static int refused(struct ashlar_dev *dev, const struct ashlar_ctrl_msg *msg)
{
	static const struct {
		const char *text;
		int err;
	} table[] = {
		[ASHLAR_STATUS_UNKNOWN_OP] = { "unknown operation", -EOPNOTSUPP },
		[ASHLAR_STATUS_BAD_ARG] = { "bad argument", -EINVAL },
		[ASHLAR_STATUS_NOT_FOUND] = { "no such object", -ENOENT },
		[ASHLAR_STATUS_EXISTS] = { "object exists", -EEXIST },
		[ASHLAR_STATUS_VERSION] = { "no common version",
					    -EPROTONOSUPPORT },
		[ASHLAR_STATUS_STATE] = { "not in this state", -EBUSY },
	};

	if (msg->status >= sizeof(table) / sizeof(table[0]) ||
	    !table[msg->status].text) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "the firmware answered %s with unknown status %u",
			      op_name(msg->op), msg->status);
		return -EPROTO;
	}
	ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
		      "the firmware refused %s: %s (argument %u)",
		      op_name(msg->op), table[msg->status].text, msg->arg[0]);
	return table[msg->status].err;
}

int ashlar_ctrl_call(struct ashlar_dev *dev, u32 op, const void *req,
		     size_t req_bytes, void *rep, size_t rep_bytes)
{
	struct ashlar_ctrl_request r = { .op = op };
	struct patience p = { 0 };
	bool once_more = false;
	int err;

	if (req_bytes > sizeof(r.reply.arg) ||
	    rep_bytes > sizeof(r.reply.arg) || op > 0xffff)
		return -EINVAL;
	if (dev->lost)
		return -ENODEV;

	p.start = ashlar_dev_cycles(dev);
	p.last = p.start;
	do {
		err = exchange(dev, &r, req, req_bytes, &p);
		if (!err && r.reply.status == ASHLAR_STATUS_BUSY)
			err = wait_some(dev, &p, BUSY_CYCLES);
		if (err == -ETIMEDOUT && r.done && !once_more) {
			once_more = true; /* also when it was BUSY */
			err = 0;
		}
		if (err == -ETIMEDOUT)
			return timed_out(dev, op, &p);
		if (err)
			return err;
	} while (r.reply.status == ASHLAR_STATUS_BUSY);

	if (rep_bytes)
		memcpy(rep, r.reply.arg, rep_bytes);
	if (r.reply.status != ASHLAR_STATUS_OK)
		return refused(dev, &r.reply);
	return 0;
}
