// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Loss of the board and its recovery.
 *
 * The ladder: the firmware ends a job that fails or runs too long (1) and resets
 * its tiles (2); neither comes to here. When the firmware itself fails, which the
 * core notices in what it says and the watchdog in what it does not, the board is
 * reset and booted again (3); board memory, address spaces and mappings are kept,
 * queues end as INNOCENT. Function level reset, and the bus's own after an error
 * of the link (4), do the same from outside. A board that does not come back is
 * dead (5).
 *
 * Fences never wait for any of that: ashlar_reset_trigger() cuts the board off
 * from memory and signals all of them at once, from whatever context.
 */
#include <linux/firmware.h>
#include <linux/module.h>
#include <linux/pm.h>

#include <drm/drm_managed.h>

#include "ashlar_compat.h"
#include "ashlar_device.h"
#include "ashlar_regs.h"
#include "ashlar_trace.h"

static unsigned int watchdog_ms = 1000;
module_param(watchdog_ms, uint, 0644);
MODULE_PARM_DESC(watchdog_ms,
		 "Milliseconds between looks at a busy board (1000)");

static unsigned int stall_ms = 30000;
module_param(stall_ms, uint, 0644);
MODULE_PARM_DESC(stall_ms,
		 "Milliseconds of no device time that reset a busy board (30000)");

static unsigned int recovery_ms = 120000;
module_param(recovery_ms, uint, 0644);
MODULE_PARM_DESC(recovery_ms,
		 "Milliseconds for Linux to recover the PCI link (120000)");

/* Beside twice the longest job: for reading, scheduling, scrubbing. */
#define MARGIN_CYCLES 100000000ull

/* --- Loss --------------------------------------------------------------------------- */

void ashlar_reset_trigger(struct ashlar_device *adev, const char *why)
{
	struct ashlar_queue *q;
	unsigned long flags;
	bool first;

	spin_lock_irqsave(&adev->health_lock, flags);
	first = adev->health == ASHLAR_HEALTHY;
	if (first)
		adev->health = ASHLAR_RESETTING;
	spin_unlock_irqrestore(&adev->health_lock, flags);
	if (!first)
		return;

	adev->core.lost = true;
	/* From here the board reaches no memory of the host. */
	pci_clear_master(adev->pdev);
	drm_err(&adev->drm, "board lost: %s\n", why ?: adev->os.error);
	trace_ashlar_reset(adev, why ?: adev->os.error);
	ashlar_coredump(adev, why ?: adev->os.error);

	spin_lock_irqsave(&adev->lists_lock, flags);
	list_for_each_entry(q, &adev->queues, link)
		ashlar_queue_kill(q, DRM_ASHLAR_QUEUE_INNOCENT, -ECANCELED);
	spin_unlock_irqrestore(&adev->lists_lock, flags);

	if (!READ_ONCE(adev->pci_stopped))
		queue_work(adev->reset_wq, &adev->reset_work);
}

void ashlar_reset_check(struct ashlar_device *adev)
{
	if (READ_ONCE(adev->core.lost))
		ashlar_reset_trigger(adev, NULL);
}

static void set_health(struct ashlar_device *adev, enum ashlar_health health)
{
	unsigned long flags;

	spin_lock_irqsave(&adev->health_lock, flags);
	WRITE_ONCE(adev->health, health);
	spin_unlock_irqrestore(&adev->health_lock, flags);
	wake_up_all(&adev->health_wait);
}

int ashlar_reset_wait(struct ashlar_device *adev)
{
	int err;

	err = wait_event_killable(adev->health_wait,
				  READ_ONCE(adev->health) != ASHLAR_RESETTING ||
					  drm_dev_is_unplugged(&adev->drm));
	if (err)
		return err;
	if (drm_dev_is_unplugged(&adev->drm))
		return -ENODEV;
	return READ_ONCE(adev->health) == ASHLAR_DEAD ? -EIO : 0;
}

/* --- Recovery ------------------------------------------------------------------------ */

/* What the board had of the files before, it gets again. */
static int restore(struct ashlar_device *adev)
{
	struct ashlar_space *space;
	int err = 0;

	mutex_lock(&adev->spaces_lock);
	list_for_each_entry(space, &adev->spaces, link) {
		mutex_lock(&space->lock);
		if (space->live)
			err = ashlar_vm_restart(&space->vm);
		if (!err)
			WRITE_ONCE(space->stopped, false);
		mutex_unlock(&space->lock);
		if (err)
			break;
	}
	mutex_unlock(&adev->spaces_lock);
	return err;
}

static int boot_again(struct ashlar_device *adev)
{
	int err;

	if (!pci_device_is_present(adev->pdev)) {
		ashlar_os_log(&adev->os, ASHLAR_OS_ERROR,
			      "the PCI function does not answer");
		return -ENODEV;
	}
	ashlar_os_write32(&adev->os, ASHLAR_HOST_RESET, ASHLAR_HOST_RESET_KEY);
	pci_set_master(adev->pdev);
	err = ashlar_dev_boot(&adev->core, adev->firmware->data,
			      adev->firmware->size);
	return err ?: restore(adev);
}

static void recover(struct ashlar_device *adev)
{
	int err;

	down_write(&adev->reset_sem);
	ashlar_queues_shutdown(adev, -ECANCELED);
	err = boot_again(adev);
	if (err) {
		adev->core.lost = true;
		pci_clear_master(adev->pdev);
		drm_err(&adev->drm, "board dead after a reset (%d): %s\n", err,
			adev->os.error);
		set_health(adev, ASHLAR_DEAD);
	} else {
		adev->resets++;
		drm_info(&adev->drm, "board reset and firmware started again\n");
		set_health(adev, ASHLAR_HEALTHY);
	}
	up_write(&adev->reset_sem);
}

static void reset_work(struct work_struct *work)
{
	struct ashlar_device *adev =
		container_of(work, struct ashlar_device, reset_work);
	int idx;

	if (!drm_dev_enter(&adev->drm, &idx))
		return;
	/* Before its memory is used again. */
	flush_work(&adev->dump_work);
	if (!READ_ONCE(adev->pci_stopped))
		recover(adev);
	drm_dev_exit(idx);
}

/* --- Watchdog -------------------------------------------------------------------------- */

struct watch {
	bool busy;
	u64 completed; /* sum over queues */
	u64 timeout; /* longest of the jobs on the board */
};

static struct watch look(struct ashlar_device *adev)
{
	struct watch w = {};
	struct ashlar_queue *q;
	unsigned long flags;
	u64 i;

	spin_lock_irqsave(&adev->lists_lock, flags);
	list_for_each_entry(q, &adev->queues, link) {
		spin_lock(&q->lock);
		w.completed += q->completed;
		for (i = q->first; i != q->next; i++) {
			u64 t = q->flights[i & (q->depth - 1)].timeout;

			w.busy = true;
			w.timeout =
				max(w.timeout, t ?: ASHLAR_JOB_TIMEOUT_DEFAULT);
		}
		spin_unlock(&q->lock);
	}
	spin_unlock_irqrestore(&adev->lists_lock, flags);
	return w;
}

static void watchdog(struct work_struct *work)
{
	struct ashlar_device *adev = container_of(to_delayed_work(work),
						  struct ashlar_device, watchdog);
	struct watch w;
	u64 now, limit;
	int idx;

	if (!drm_dev_enter(&adev->drm, &idx))
		return;
	if (READ_ONCE(adev->health) != ASHLAR_HEALTHY)
		goto out;

	/* Time first: what is not done by then is seen to be not done. */
	now = ashlar_dev_cycles(&adev->core);
	/* An interrupt may have been lost. */
	ashlar_irq_poll(adev);
	w = look(adev);
	if (!w.busy) {
		adev->watch_armed = false;
		goto out;
	}

	if (now == U64_MAX) {
		ashlar_reset_trigger(adev, "its registers read all ones");
		goto out;
	}
	if (ashlar_boot_check(&adev->core)) {
		ashlar_reset_trigger(adev, NULL);
		goto out;
	}
	if (!adev->watch_armed || w.completed != adev->watch_completed) {
		adev->watch_armed = true;
		adev->watch_completed = w.completed;
		adev->watch_cycles = now;
		adev->watch_still = jiffies;
	}
	if (now != adev->watch_last)
		adev->watch_still = jiffies;
	adev->watch_last = now;

	if (check_add_overflow(2 * min(w.timeout, U64_MAX / 4), MARGIN_CYCLES,
			       &limit))
		limit = U64_MAX;
	if (now - adev->watch_cycles > limit)
		ashlar_reset_trigger(adev,
				     "no job has ended in twice the longest time limit");
	else if (time_after(jiffies,
			    adev->watch_still + msecs_to_jiffies(stall_ms)))
		ashlar_reset_trigger(adev,
				     "device time stands still while jobs are on it");
	else
		queue_delayed_work(adev->reset_wq, &adev->watchdog,
				   msecs_to_jiffies(watchdog_ms));
out:
	drm_dev_exit(idx);
}

void ashlar_watchdog_kick(struct ashlar_device *adev)
{
	queue_delayed_work(adev->reset_wq, &adev->watchdog,
			   msecs_to_jiffies(max(watchdog_ms, 1u)));
}

/* --- Resets from outside ---------------------------------------------------------------- */

/*
 * The board is about to be reset, or unreachable. Once this returns, nothing
 * touches it until pci_start().
 */
static void pci_stop(struct ashlar_device *adev, const char *why)
{
	WRITE_ONCE(adev->pci_stopped, true);
	cancel_delayed_work_sync(&adev->give_up);
	cancel_delayed_work_sync(&adev->watchdog);
	cancel_work_sync(&adev->reset_work);
	/* Also when that has just brought the board back. */
	ashlar_reset_trigger(adev, why);
	flush_work(&adev->dump_work);
	/* Who is inside sees that the board is lost, and leaves. */
	down_write(&adev->reset_sem);
	up_write(&adev->reset_sem);
}

static void pci_start(struct ashlar_device *adev)
{
	int idx;

	cancel_delayed_work_sync(&adev->give_up);
	WRITE_ONCE(adev->pci_stopped, false);
	if (!drm_dev_enter(&adev->drm, &idx))
		return;
	recover(adev);
	drm_dev_exit(idx);
}

static void pci_dead(struct ashlar_device *adev)
{
	drm_err(&adev->drm, "board dead: the PCI link was not recovered\n");
	set_health(adev, ASHLAR_DEAD);
}

static void give_up(struct work_struct *work)
{
	struct ashlar_device *adev = container_of(to_delayed_work(work),
						  struct ashlar_device, give_up);

	pci_dead(adev);
}

bool ashlar_registers_get(struct ashlar_device *adev)
{
	if (!down_read_trylock(&adev->reset_sem))
		return false;
	if (!READ_ONCE(adev->pci_stopped))
		return true;
	up_read(&adev->reset_sem);
	return false;
}

void ashlar_registers_put(struct ashlar_device *adev)
{
	up_read(&adev->reset_sem);
}

static void reset_prepare(struct pci_dev *pdev)
{
	pci_stop(pci_get_drvdata(pdev), "reset of the function");
}

static void reset_done(struct pci_dev *pdev)
{
	pci_start(pci_get_drvdata(pdev));
}

/*
 * An uncorrectable error, fatal or not, has lost a transaction, and nobody says
 * whose: results that follow may be wrong. So all jobs end, and the board is
 * reset. Not every kernel says when it could not do its part, so calls wait for
 * that no longer than recovery_ms.
 */
static pci_ers_result_t error_detected(struct pci_dev *pdev,
				       pci_channel_state_t state)
{
	struct ashlar_device *adev = pci_get_drvdata(pdev);

	pci_stop(adev, "uncorrectable error of the PCI link");
	if (state == pci_channel_io_perm_failure) {
		pci_dead(adev);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	queue_delayed_work(adev->reset_wq, &adev->give_up,
			   msecs_to_jiffies(recovery_ms));
	return PCI_ERS_RESULT_NEED_RESET;
}

/* What Linux has of the configuration may be older than the driver. */
static pci_ers_result_t slot_reset(struct pci_dev *pdev)
{
	struct ashlar_device *adev = pci_get_drvdata(pdev);

	if (pci_load_saved_state(pdev, adev->pci_state))
		return PCI_ERS_RESULT_DISCONNECT;
	pci_restore_state(pdev);
	return pci_device_is_present(pdev) ? PCI_ERS_RESULT_RECOVERED :
					     PCI_ERS_RESULT_DISCONNECT;
}

static void resume(struct pci_dev *pdev)
{
	pci_start(pci_get_drvdata(pdev));
}

const struct pci_error_handlers ashlar_pci_err_handlers = {
	.error_detected = error_detected,
	.slot_reset = slot_reset,
	.resume = resume,
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};

static int suspend(struct device *dev)
{
	pci_stop(dev_get_drvdata(dev), "suspend");
	return 0;
}

static int resume_pm(struct device *dev)
{
	pci_start(dev_get_drvdata(dev));
	return 0;
}

const struct dev_pm_ops ashlar_pm_ops = { SYSTEM_SLEEP_PM_OPS(suspend,
							      resume_pm) };

/* --- Life ---------------------------------------------------------------------------------- */

static void destroy_wq(struct drm_device *drm, void *wq)
{
	destroy_workqueue(wq);
}

int ashlar_reset_init(struct ashlar_device *adev)
{
	INIT_WORK(&adev->reset_work, reset_work);
	INIT_DELAYED_WORK(&adev->watchdog, watchdog);
	INIT_DELAYED_WORK(&adev->give_up, give_up);
	adev->reset_wq = alloc_ordered_workqueue("ashlar-reset", 0);
	if (!adev->reset_wq)
		return -ENOMEM;
	/* Schedulers, which live as long as files, refer to it. */
	return drmm_add_action_or_reset(&adev->drm, destroy_wq, adev->reset_wq);
}

void ashlar_reset_fini(struct ashlar_device *adev)
{
	WRITE_ONCE(adev->pci_stopped, true);
	wake_up_all(&adev->health_wait);
	cancel_delayed_work_sync(&adev->give_up);
	cancel_delayed_work_sync(&adev->watchdog);
	cancel_work_sync(&adev->reset_work);
	/* Nothing starts a reset from here on. */
	set_health(adev, ASHLAR_DEAD);
}
