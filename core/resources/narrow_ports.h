// SPDX-License-Identifier: Apache-2.0
/// How wide the m_axi ports of a design are.
#pragma once

#include "core/dataflow/program.h"
#include "core/platform/target.h"

namespace st {

/// Bits that a memory port of the shared engine moves in a cycle: what the platform's ports have, a
/// word at most.
int64_t engine_port_bits(const Target& target);

/// Makes ports as narrow as loses no time (Memory::port_bits): those of the engine as wide as the
/// platform's, others as wide as the widest beat that goes through them, since no kernel moves more
/// than one in a cycle. An adapter of 512 bits takes four times as much as one of 32.
void narrow_ports(Program& program, const Target& target);

}  // namespace st
