# SPDX-License-Identifier: MIT
#
# To be sourced by bash scripts. Sets the array `namespace` to the command that
# runs another in process and mount namespaces of its own, which end when it
# does, or when this script does.

namespace=(unshare --mount --pid --fork --kill-child)
# A changed root is no mount whose propagation can be set; who made it has.
if mountpoint -q /; then
	namespace+=(--propagation private)
else
	namespace+=(--propagation unchanged)
fi
[ "$(id -u)" -eq 0 ] || namespace+=(--map-root-user)
