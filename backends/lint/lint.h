// SPDX-License-Identifier: Apache-2.0
/// Checks C++ for Vitis HLS: the grammar of its pragmas, and the rules of dataflow that no C++
/// compiler knows. It works on text alone, so that code which was edited is checked like code that
/// was emitted.
#pragma once

#include <string>
#include <vector>

#include "backends/lint/finding.h"
#include "backends/lint/preprocess.h"

namespace st::lint {

/// Lints `file` and what it includes. `tops`: the kernels' functions; if empty, those that are
/// extern "C" and have INTERFACE pragmas, or a TOP pragma, else those with INTERFACE pragmas that
/// nobody calls. Findings are sorted by
/// place, each once. Whatever the text is, this ends, in time about linear in its size.
std::vector<Finding> lint(const SourceFile& file, const Include& include,
                          const std::vector<std::string>& tops = {});

/// Looks for included files among `files`: beside the file that includes them, then in folder
/// `library`, such as "hls_templates".
Include include_from(const std::vector<SourceFile>& files, const std::string& library);

}  // namespace st::lint
