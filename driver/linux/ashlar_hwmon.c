// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* The die's temperature for hwmon. */
#include <linux/hwmon.h>

#include "ashlar_device.h"
#include "ashlar_regs.h"

/* HOST.TEMP came with it. */
#define TEMP_SINCE ASHLAR_VERSION(1, 1)

static umode_t is_visible(const void *data, enum hwmon_sensor_types type,
			  u32 attr, int channel)
{
	return 0444;
}

static int read_temp(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		     int channel, long *value)
{
	struct ashlar_device *adev = dev_get_drvdata(dev);
	u32 temp = ~0u;
	int idx;

	if (!drm_dev_enter(&adev->drm, &idx))
		return -ENODEV;
	if (ashlar_registers_get(adev)) {
		temp = ashlar_os_read32(&adev->os, ASHLAR_HOST_TEMP);
		ashlar_registers_put(adev);
	}
	drm_dev_exit(idx);
	/* All ones is the link, not a thousandth of a degree below zero. */
	if (temp == ~0u)
		return -ENODATA;
	*value = (s32)temp;
	return 0;
}

static int read_label(struct device *dev, enum hwmon_sensor_types type,
		      u32 attr, int channel, const char **text)
{
	*text = "die";
	return 0;
}

static const struct hwmon_ops ops = {
	.is_visible = is_visible,
	.read = read_temp,
	.read_string = read_label,
};

static const struct hwmon_channel_info *const channels[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_LABEL), NULL
};

static const struct hwmon_chip_info chip = {
	.ops = &ops,
	.info = channels,
};

int ashlar_hwmon_init(struct ashlar_device *adev)
{
	struct device *dev = adev->drm.dev, *hwmon;

	if (!IS_REACHABLE(CONFIG_HWMON) || adev->core.hw_version < TEMP_SINCE)
		return 0;
	hwmon = devm_hwmon_device_register_with_info(dev, ASHLAR_NAME, adev,
						     &chip, NULL);
	return PTR_ERR_OR_ZERO(hwmon);
}
