/* SPDX-License-Identifier: MIT */
/* Below a port of a simulated board, for tests that go there. */
#ifndef ASHLAR_LIB_PORT_CORE_H
#define ASHLAR_LIB_PORT_CORE_H

#include "ashlar_vm.h"
#include "port.h"

struct ashlar_vm *port_core_vm(struct port_space *s);

#endif
