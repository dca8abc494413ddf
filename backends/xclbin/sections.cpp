// SPDX-License-Identifier: Apache-2.0
// A description as the sections that XRT reads.
#include "backends/xclbin/description.h"

namespace st::xclbin {
namespace {

// Numbers of XRT's xclbin.h.
constexpr uint8_t Ddr4 = 1;
constexpr uint8_t Hbm = 6;
constexpr uint32_t IpKernel = 1;
constexpr uint32_t ApCtrlChain = 1 << 8;

// Where Vitis HLS puts arguments in the register file of s_axilite: a word of reserve follows each.
constexpr uint64_t FirstArgument = 0x10;
constexpr uint64_t PointerStride = 12;
constexpr uint64_t IntegerStride = 8;

constexpr uint64_t FirstUnit = 0x1800000;  ///< address of the first compute unit
constexpr uint64_t UnitRange = 0x10000;

constexpr size_t TagBytes = 16;
constexpr size_t IpNameBytes = 64;

std::string instance_of(const KernelPorts& kernel) { return kernel.name + "_1"; }

uint64_t address_of(size_t kernel) { return FirstUnit + kernel * UnitRange; }

/// MEM_TOPOLOGY; GROUP_TOPOLOGY is the same where each argument has one bank.
std::string topology(const Description& design) {
  Bytes out;
  out.number(static_cast<int32_t>(design.banks.size())).zeroes(4);
  for (const MemoryBank& bank : design.banks) {
    out.number(bank.hbm ? Hbm : Ddr4).number(uint8_t{bank.used}).zeroes(6);
    out.number(bank.bytes / 1024).number(bank.base).text(bank.tag, TagBytes);
  }
  return out.take();
}

std::string ip_layout(const Description& design) {
  Bytes out;
  out.number(static_cast<int32_t>(design.kernels.size())).zeroes(4);
  for (size_t k = 0; k < design.kernels.size(); ++k) {
    const KernelPorts& kernel = design.kernels[k];
    out.number(IpKernel).number(ApCtrlChain).number(address_of(k));
    out.text(kernel.name + ":" + instance_of(kernel), IpNameBytes);
  }
  return out.take();
}

std::string connectivity(const Description& design) {
  Bytes rows;
  int32_t count = 0;
  for (size_t k = 0; k < design.kernels.size(); ++k) {
    const std::vector<Argument>& arguments = design.kernels[k].arguments;
    for (size_t a = 0; a < arguments.size(); ++a) {
      if (arguments[a].bank < 0) continue;
      rows.number(static_cast<int32_t>(a)).number(static_cast<int32_t>(k));
      rows.number(int32_t{arguments[a].bank});
      ++count;
    }
  }
  return Bytes().number(count).raw(rows.take()).take();
}

std::string hexadecimal(uint64_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[value % 16]);
    value /= 16;
  } while (value > 0);
  return "0x" + digits;
}

std::string attribute(const char* name, const std::string& value) {
  return " " + std::string(name) + "=\"" + value + "\"";
}

/// Names are identifiers and text of a checked target, without what XML would have to escape.
std::string kernel_xml(const KernelPorts& kernel, uint64_t address) {
  std::string ports, arguments;
  uint64_t offset = FirstArgument;
  for (size_t a = 0; a < kernel.arguments.size(); ++a) {
    const Argument& argument = kernel.arguments[a];
    const bool pointer = argument.bank >= 0;
    if (argument.stream) {
      ports += "          <port" + attribute("name", argument.name) +
               " mode=\"read_only\" range=\"0x0\" portType=\"stream\" base=\"0x0\"/>\n";
      arguments += "          <arg" + attribute("name", argument.name) + " addressQualifier=\"4\"" +
                   attribute("id", std::to_string(a)) + attribute("port", argument.name) +
                   " size=\"0x0\" offset=\"0x0\" hostOffset=\"0x0\" hostSize=\"0x0\" "
                   "type=\"stream\"/>\n";
      continue;
    }
    const std::string size = pointer ? "0x8" : "0x4";
    const std::string port = pointer ? "m_axi_" + argument.name : "s_axi_control";
    if (pointer) {
      ports += "          <port" + attribute("name", port) +
               " mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"512\" "
               "portType=\"addressable\" base=\"0x0\"/>\n";
    }
    arguments += "          <arg" + attribute("name", argument.name) +
                 attribute("addressQualifier", pointer ? "1" : "0") +
                 attribute("id", std::to_string(a)) + attribute("port", port) +
                 attribute("size", size) + attribute("offset", hexadecimal(offset)) +
                 attribute("hostOffset", "0x0") + attribute("hostSize", size) +
                 attribute("type", pointer ? "void*" : "int") + "/>\n";
    offset += pointer ? PointerStride : IntegerStride;
  }
  return "        <kernel" + attribute("name", kernel.name) +
         " language=\"c\" hwControlProtocol=\"ap_ctrl_chain\">\n" + ports +
         "          <port name=\"s_axi_control\" mode=\"slave\" range=\"0x1000\" dataWidth=\"32\" "
         "portType=\"addressable\" base=\"0x0\"/>\n" +
         arguments + "          <instance" + attribute("name", instance_of(kernel)) +
         ">\n            <addrRemap" + attribute("base", hexadecimal(address)) +
         attribute("range", hexadecimal(UnitRange)) +
         " port=\"s_axi_control\"/>\n          </instance>\n        </kernel>\n";
}

std::string metadata(const Description& design) {
  std::string kernels;
  for (size_t k = 0; k < design.kernels.size(); ++k)
    kernels += kernel_xml(design.kernels[k], address_of(k));
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project name=\"design\">\n  <platform" +
         attribute("vendor", "xilinx") + attribute("name", design.platform) +
         " featureRomTime=\"0\">\n    <device name=\"fpga0\"" +
         attribute("fpgaDevice", design.part) +
         ">\n      <core name=\"OCL_REGION_0\" target=\"hw\" type=\"clc_region\" "
         "clockFreq=\"0MHz\">\n" +
         kernels + "      </core>\n    </device>\n  </platform>\n</project>\n";
}

}  // namespace

std::string without_bitstream(const Description& design, const Uuid& id) {
  return container(design.platform, id,
                   {{SectionKind::Bitstream, std::string(8, '\0')},
                    {SectionKind::MemTopology, topology(design)},
                    {SectionKind::GroupTopology, topology(design)},
                    {SectionKind::IpLayout, ip_layout(design)},
                    {SectionKind::Connectivity, connectivity(design)},
                    {SectionKind::GroupConnectivity, connectivity(design)},
                    {SectionKind::EmbeddedMetadata, metadata(design)}});
}

}  // namespace st::xclbin
