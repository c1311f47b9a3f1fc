// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* For the test of the runner: says hello, and warns when told to. */
#include <linux/bug.h>
#include <linux/module.h>

static bool warn;
module_param(warn, bool, 0);
MODULE_PARM_DESC(warn, "fail a WARN_ON() at loading");

static int __init vm_test_init(void)
{
	pr_info("vm_test: hello\n");
	WARN_ON(warn);
	return 0;
}

static void __exit vm_test_exit(void)
{
}

module_init(vm_test_init);
module_exit(vm_test_exit);
MODULE_DESCRIPTION("Test of the guest environment");
MODULE_LICENSE("Dual MIT/GPL");
