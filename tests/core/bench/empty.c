// SPDX-License-Identifier: MIT
// Ends at once: what starting QEMU takes.
int main(void)
{
	return 0;
}
