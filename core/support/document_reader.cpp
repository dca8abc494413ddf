// SPDX-License-Identifier: Apache-2.0
#include "core/support/document_reader.h"

#include <algorithm>
#include <utility>

#include "core/support/near_names.h"

namespace st {

DocumentReader::DocumentReader(std::string code, const std::string& file, std::string help)
    : code_(std::move(code)), file_(printable(file)), help_(std::move(help)) {}

void DocumentReader::report(const std::string& pointer, const std::string& message,
                            const std::string& help) {
  problems_.push_back({code_, message, file_ + ", " + pointer, {}, help.empty() ? help_ : help});
}

bool DocumentReader::keys(const json::Value& value, const std::string& pointer,
                          const std::vector<std::string>& known) {
  if (value.object() == nullptr) {
    report(pointer.empty() ? "/" : pointer, "must be an object");
    return false;
  }
  for (const auto& [key, unused] : *value.object()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      report(pointer + "/" + pointer_part(key), "unknown key '" + printable(key) + "'",
             did_you_mean(key, known));
  }
  return true;
}

}  // namespace st
