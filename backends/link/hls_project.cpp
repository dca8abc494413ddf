// SPDX-License-Identifier: Apache-2.0
// One HLS project per group, in both forms that Vitis knows.
#include <cstdio>

#include "backends/link/emit_link.h"
#include "backends/link/plain_text.h"

namespace st {
namespace {

/// Clock period in ns, cut (not rounded up) to picoseconds so that the kernel is never slower than
/// asked.
std::string period_ns(const Target& target) {
  const auto picoseconds = static_cast<int64_t>(1e6 / target.frequency_mhz());
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(picoseconds) / 1000.0);
  return text;
}

/// From the folder where Vitis runs a test bench: <project>/<solution>/csim/build, and sim/wrapc
/// for co-simulation.
constexpr const char* DataFromSimulation = "../../../../tb/data";

/// `text` with each "{name}" replaced.
std::string filled(std::string text, const std::string& group, const Target& target) {
  const std::pair<std::string, std::string> values[] = {{"{group}", group},
                                                        {"{part}", plain(target.part)},
                                                        {"{period}", period_ns(target)},
                                                        {"{data}", DataFromSimulation}};
  for (const auto& [name, value] : values) {
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

constexpr const char* Config =
    R"(# HLS project of {group}. Run from this folder, as ../../Makefile.hls does.
part={part}

[hls]
flow_target=vitis
clock={period}ns
clock_uncertainty=15%
syn.file=src/{group}.cpp
syn.file_cflags=src/{group}.cpp,-I../../hls_templates -std=c++17
syn.top={group}
tb.file=tb/{group}_tb.cpp
tb.file_cflags=tb/{group}_tb.cpp,-I../../hls_templates -std=c++17
csim.argv={data}
cosim.argv={data}
# Anything but tasks joined by streams with one producer and one consumer is an error.
syn.dataflow.strict_mode=error
syn.compile.pragma_strict_mode=1
# The data-dependent waits of the decoder are checked for deadlock while the RTL is simulated.
syn.rtl.deadlock_detection=sim
syn.interface.m_axi_conservative_mode=1
package.output.format=xo
package.output.file={group}.xo
package.output.syn=false
)";

constexpr const char* Script =
    R"(# HLS project of {group} for releases before 2023.2: vitis_hls -f run_hls.tcl
# Steps: csim | csynth (default) | cosim | xo, taken from the environment variable HLS_STEP.
set step csynth
if {[info exists ::env(HLS_STEP)]} { set step $::env(HLS_STEP) }
set flags "-I[file normalize ../../hls_templates] -I[file normalize src] -std=c++17"
set data [file normalize tb/data]

open_project build
set_top {group}
add_files src/{group}.cpp -cflags $flags
add_files -tb tb/{group}_tb.cpp -cflags $flags
open_solution solution -flow_target vitis
set_part {part}
create_clock -period {period} -name default
set_clock_uncertainty 15%
config_dataflow -strict_mode error
config_compile -pragma_strict_mode
config_rtl -deadlock_detection sim
config_interface -m_axi_conservative_mode

switch $step {
  csim { csim_design -argv $data }
  csynth { csynth_design }
  cosim { cosim_design -argv $data }
  xo { export_design -format xo -output {group}.xo }
  default { puts "unknown HLS_STEP '$step'"; exit 1 }
}
exit
)";

}  // namespace

std::string hls_config(const std::string& group, const Target& target) {
  return filled(Config, group, target);
}

std::string run_hls_tcl(const std::string& group, const Target& target) {
  return filled(Script, group, target);
}

}  // namespace st
