// SPDX-License-Identifier: Apache-2.0
/// Faults that are put into emitted code, each with the rule that must find it.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/lint/sample.h"

namespace st::test {

struct Fault {
  std::string name;  ///< of the test
  std::string rule;  ///< that names it
  std::vector<Edit> edits;
  std::string also = {};  ///< other rules that it breaks by its nature, parted by spaces
  bool compiles =
      true;  ///< a C++ compiler takes it, with streams that have read(), write() and empty()
  bool folded = false;  ///< an edit of the folded adder
};

inline std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

std::vector<Fault> text_faults();
std::vector<Fault> pragma_faults();
std::vector<Fault> interface_faults();
std::vector<Fault> channel_faults();
std::vector<Fault> region_faults();
std::vector<Fault> synthesis_faults();

}  // namespace st::test
