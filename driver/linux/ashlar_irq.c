// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Interrupts. Vector 0 wakes who waits for the control ring; vector n belongs to
 * the queues whose number is n modulo the vectors that the host has given. With
 * one vector all of that is on it.
 */
#include "ashlar_device.h"

static unsigned int max_vectors = ASHLAR_PCI_VECTORS;
module_param(max_vectors, uint, 0444);
MODULE_PARM_DESC(max_vectors,
		 "Interrupt vectors to ask for, 1 to 64 (default 64)");

static void complete_vector(struct ashlar_device *adev, unsigned int vector)
{
	struct ashlar_queue *q;
	unsigned long flags;
	bool good = true;

	spin_lock_irqsave(&adev->lists_lock, flags);
	list_for_each_entry(q, &adev->queues, link)
		if (vector == ~0u || q->vector == vector)
			good &= ashlar_queue_complete(q);
	spin_unlock_irqrestore(&adev->lists_lock, flags);
	if (!good)
		ashlar_reset_trigger(adev, NULL);
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct ashlar_vector *vector = data;
	struct ashlar_device *adev = vector->adev;

	if (!vector->index) {
		atomic_inc(&adev->os.events);
		wake_up_all(&adev->os.wait);
	}
	complete_vector(adev, vector->index);
	return IRQ_HANDLED;
}

void ashlar_irq_poll(struct ashlar_device *adev)
{
	complete_vector(adev, ~0u);
}

static void free_vectors(struct ashlar_device *adev, unsigned int count)
{
	while (count--)
		free_irq(pci_irq_vector(adev->pdev, count), &adev->vector[count]);
	pci_free_irq_vectors(adev->pdev);
}

int ashlar_irq_init(struct ashlar_device *adev)
{
	unsigned int most = clamp(max_vectors, 1u, (u32)ASHLAR_PCI_VECTORS);
	unsigned int i;
	int err;

	err = pci_alloc_irq_vectors(adev->pdev, 1, most,
				    PCI_IRQ_MSIX | PCI_IRQ_MSI);
	if (err < 0)
		return dev_err_probe(adev->drm.dev, err, "no interrupt vector\n");
	adev->vectors = err;
	adev->core.vectors = err;

	for (i = 0; i < adev->vectors; i++) {
		adev->vector[i].adev = adev;
		adev->vector[i].index = i;
		err = request_irq(pci_irq_vector(adev->pdev, i), interrupt, 0,
				  ASHLAR_NAME, &adev->vector[i]);
		if (err) {
			free_vectors(adev, i);
			return dev_err_probe(adev->drm.dev, err, "vector %u\n",
					     i);
		}
	}
	return 0;
}

void ashlar_irq_fini(struct ashlar_device *adev)
{
	free_vectors(adev, adev->vectors);
}
