// SPDX-License-Identifier: Apache-2.0
#include "backends/project/check_code.h"

#include "backends/lint/lint.h"
#include "core/support/embedded.h"

namespace st {

Status check_code(const std::string& unit, const std::string& header, const std::string& source) {
  const std::string library = "hls_templates/", folder = "groups/" + unit + "/src/" + unit;
  std::vector<lint::SourceFile> files = {{folder + ".h", header}};
  for (const std::string& path : embedded_files(library + "streamtensor/"))
    files.push_back({path, embedded_file(path)});
  std::vector<std::string> details;
  for (const lint::Finding& finding :
       lint::lint({folder + ".cpp", source}, lint::include_from(files, library), {unit})) {
    if (finding.rule->level != lint::Level::Note) details.push_back(text_of(finding));
  }
  if (details.empty()) return {};
  return Diagnostic{"E0902", "the code of " + unit + " breaks rules of HLS", "", std::move(details),
                    "please report this, with the model and the command"};
}

}  // namespace st
