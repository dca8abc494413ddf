// SPDX-License-Identifier: Apache-2.0
#include "backends/xclbin/container.h"

namespace st::xclbin {
namespace {

constexpr size_t Alignment = 8;       ///< of sections
constexpr size_t HeaderBytes = 456;   ///< up to the first section's header
constexpr size_t SectionBytes = 40;   ///< of a section's header
constexpr size_t PlatformBytes = 64;  ///< of the shell's name
constexpr uint16_t FlatMode = 0;

size_t aligned(size_t size) { return (size + Alignment - 1) / Alignment * Alignment; }

}  // namespace

std::string container(const std::string& platform, const Uuid& id,
                      const std::vector<Section>& sections) {
  const size_t first = aligned(HeaderBytes + SectionBytes * sections.size());
  size_t length = first;
  for (const Section& section : sections) length += aligned(section.bytes.size());

  Bytes file;
  file.raw(std::string_view("xclbin2\0", 8));
  file.number(int32_t{-1});                    // no signature
  file.raw(std::string(28, '\xff'));           // reserved
  file.zeroes(256);                            // of the signature
  file.number(uint64_t{0});                    // unique id
  file.number(uint64_t{length});               //
  file.number(uint64_t{0});                    // time stamp
  file.number(uint64_t{0});                    // time stamp of the shell
  file.number(uint16_t{0});                    // patch
  file.number(uint8_t{2}).number(uint8_t{1});  // version 2.1
  file.number(FlatMode).number(uint16_t{0});   // mode, action mask
  file.zeroes(16);                             // uuid of the shell
  file.text(platform, PlatformBytes);
  for (const uint8_t byte : id) file.number(byte);
  file.zeroes(16);  // name of debug data
  file.number(static_cast<uint32_t>(sections.size())).zeroes(4);

  size_t offset = first;
  for (const Section& section : sections) {
    file.number(static_cast<uint32_t>(section.kind));
    file.zeroes(16);  // name
    file.zeroes(4);   // padding
    file.number(uint64_t{offset}).number(uint64_t{section.bytes.size()});
    offset += aligned(section.bytes.size());
  }
  file.zeroes(first - file.size());
  for (const Section& section : sections) {
    file.raw(section.bytes);
    file.zeroes(aligned(section.bytes.size()) - section.bytes.size());
  }
  return file.take();
}

}  // namespace st::xclbin
