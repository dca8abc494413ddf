// SPDX-License-Identifier: Apache-2.0
#include "backends/host/emit_host.h"

#include "core/support/embedded.h"

namespace st {

std::vector<EmittedFile> emit_host(const Program& program, const Target& target,
                                   const Checksums& checksums) {
  const std::string root = "backends/host/files/";
  std::vector<EmittedFile> files;
  for (const std::string& path : embedded_files(root)) {
    files.push_back({"host/" + path.substr(root.size()), embedded_file(path)});
  }
  const std::string tokenizer = "core/tokenizer/files/";
  for (const std::string& path : embedded_files(tokenizer)) {
    files.push_back({"host/tokenizer/" + path.substr(tokenizer.size()), embedded_file(path)});
  }
  files.push_back({"host/program.h", program_header(program, target, checksums)});
  return files;
}

}  // namespace st
