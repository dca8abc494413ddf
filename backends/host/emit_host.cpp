// SPDX-License-Identifier: Apache-2.0
#include "backends/host/emit_host.h"

#include "backends/xclbin/description.h"
#include "core/packing/checksum.h"
#include "core/support/embedded.h"

namespace st {
namespace {

/// What XRT calls the design by: builds that differ have different ones.
xclbin::Uuid id_of(uint64_t checksum) {
  xclbin::Uuid id = {};
  for (size_t b = 0; b < sizeof checksum; ++b)
    id[b] = id[b + sizeof checksum] = static_cast<uint8_t>(checksum >> 8 * b);
  return id;
}

}  // namespace

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
  const std::string json = program_json(program, target, checksums);
  Checksum sum;
  sum.add(reinterpret_cast<const uint8_t*>(json.data()), json.size());
  files.push_back({"program.json", json});
  files.push_back({"host/program.h", program_header(program, target, checksums, sum.value())});
  files.push_back({"host/noop.xclbin", xclbin::without_bitstream(xclbin::describe(program, target),
                                                                 id_of(sum.value()))});
  return files;
}

}  // namespace st
