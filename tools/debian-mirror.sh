# SPDX-License-Identifier: MIT
#
# To be sourced by bash scripts that make a Debian. Sets
#	mirror		the Debian mirror that this machine itself uses
#	apt_options	an array: how its apt reaches and judges a mirror
# The mirror is not looked up by name: any mirror of Debian proper has that
# origin. The machine's own package sources are only read.

mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' \
	'Created-By: Packages' | sed -n 's/^Debian Debian //p' | head -n 1)
[ -n "$mirror" ] || {
	echo "${0##*/}: apt knows no Debian mirror here; run apt-get update" >&2
	exit 1
}
mapfile -t apt_options < <(apt-config dump |
	grep -E '^Acquire::((https?::Proxy)|Check-Valid-Until|Check-Date) ' || true)
