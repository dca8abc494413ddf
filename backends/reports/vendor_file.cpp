// SPDX-License-Identifier: Apache-2.0
#include "backends/reports/vendor_file.h"

#include <charconv>
#include <cmath>

#include "core/support/read_file.h"

namespace st::reports {
namespace {

/// Reports of large designs have some megabytes.
constexpr size_t LargestReport = size_t{256} << 20;

template <typename T>
std::optional<T> number(std::string_view text) {
  text = trimmed(text);
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || text.empty())
    return std::nullopt;
  return value;
}

}  // namespace

Diagnostic damaged(const std::string& file, const std::string& message) {
  return {"E0607",
          message,
          file,
          {},
          "run the stage that wrote it again, or report this with the release of Vitis"};
}

Result<VendorFile> read_vendor_file(const std::filesystem::path& build,
                                    const std::filesystem::path& relative) {
  VendorFile file;
  file.name = printable(relative.string());
  auto text = read_file(build / relative, LargestReport);
  if (!text.ok()) {
    const Diagnostic& why = text.errors().front();
    return damaged(file.name, "a report cannot be read: " + why.message);
  }
  file.text = std::move(*text);
  // Doubles say so in whatever they write (tests/flow/doubles).
  file.test_double = file.text.find("test double of ") != std::string::npos;
  return file;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<double> decimal(std::string_view text) {
  const auto value = number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<int64_t> whole(std::string_view text) { return number<int64_t>(text); }

}  // namespace st::reports
