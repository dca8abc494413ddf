// SPDX-License-Identifier: Apache-2.0
// Vitis HLS by both launchers: `v++ -c --mode hls` with `vitis-run`, and `vitis_hls -f`.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <regex>
#include <sstream>

#include "tests/flow/doubles/hls.h"
#include "tests/flow/doubles/kernel.h"
#include "tests/flow/doubles/reports.h"

namespace st::doubles {
namespace {

/// What both forms of a project say.
struct Project {
  std::string part, top, source, bench, data;
  double period_ns = 0;
};

const std::vector<std::string> HlsKeys = {
    "part",
    "platform",
    "freqhz",
    "hls.flow_target",
    "hls.clock",
    "hls.clock_uncertainty",
    "hls.syn.file",
    "hls.syn.file_cflags",
    "hls.syn.cflags",
    "hls.syn.top",
    "hls.tb.file",
    "hls.tb.file_cflags",
    "hls.csim.argv",
    "hls.csim.code_analyzer",
    "hls.cosim.argv",
    "hls.cosim.trace_level",
    "hls.cosim.enable_fifo_sizing",
    "hls.syn.dataflow.strict_mode",
    "hls.syn.dataflow.default_channel",
    "hls.syn.compile.pragma_strict_mode",
    "hls.syn.compile.pipeline_loops",
    "hls.syn.rtl.deadlock_detection",
    "hls.syn.interface.m_axi_conservative_mode",
    "hls.syn.directive.*",
    "hls.package.output.format",
    "hls.package.output.file",
    "hls.package.output.syn",
};

std::string only(const Config& config, const std::string& key) {
  const std::vector<std::string> found = values(config, key);
  if (found.size() != 1) error("HLS 200-70", "'" + key + "' must be given once");
  return found[0];
}

/// Folders of "-I" in compiler flags must be there.
void check_flags(const std::string& flags) {
  std::istringstream in(flags);
  for (std::string word; in >> word;) {
    if (word.starts_with("-I") && !fs::is_directory(word.substr(2)))
      error("HLS 200-70", "no such folder: " + word);
  }
}

double period_of(const std::string& clock) {
  std::smatch found;
  if (!std::regex_match(clock, found, std::regex("([0-9.]+)(ns|MHz)")))
    error("HLS 200-70", "no clock: " + clock);
  const double number = std::stod(found[1]);
  return found[2] == "ns" ? number : 1000 / number;
}

Project project_of(const fs::path& config_file) {
  const Config config = read_config(config_file, HlsKeys);
  Project project{only(config, "part"),           only(config, "hls.syn.top"),
                  only(config, "hls.syn.file"),   only(config, "hls.tb.file"),
                  only(config, "hls.cosim.argv"), period_of(only(config, "hls.clock"))};
  need_file(project.source);
  need_file(project.bench);
  for (const char* key : {"hls.syn.file_cflags", "hls.tb.file_cflags"}) {
    const std::string flags = only(config, key);
    need_file(flags.substr(0, flags.find(',')));
    check_flags(flags.substr(flags.find(',') + 1));
  }
  if (only(config, "hls.package.output.format") != "xo" ||
      only(config, "hls.package.output.file") != project.top + ".xo")
    error("HLS 200-70", "package.output does not name " + project.top + ".xo");
  return project;
}

void synthesise(const Project& project, const fs::path& solution) {
  std::cout << "INFO: [HLS 200-1510] Running: csynth_design\n";
  write(solution / "syn/report/partial.rpt", "Vitis HLS", "");
  if (fault("dataflow"))
    error(
        "HLS 200-1013",
        "The bundled bus interface gmem failed dataflow checking: it cannot read data in multiple "
        "processes.");
  fail_midway("csynth");
  const Kernel kernel = kernel_of(project.source, project.top);
  if (fault("warning"))
    std::cout
        << "WARNING: [HLS 200-656] Deadlocks can occur since process entry has ap_ctrl_none\n";
  if (fault("silent")) return;
  write_csynth(solution / "syn/report", project.top, project.part, project.period_ns,
               fault("slow") ? project.period_ns * 1.25 : project.period_ns * 0.73);
}

void package(const Project& project, const fs::path& solution, const fs::path& output) {
  if (!fs::exists(solution / "syn/report/csynth.xml"))
    error("HLS 200-70", "package without synthesis");
  fail_midway("package");
  write_xo(output, kernel_of(project.source, project.top));
}

void simulate(const Project& project, const fs::path& solution) {
  if (!fs::exists(solution / "syn/report/csynth.xml"))
    error("HLS 200-70", "cosim without synthesis");
  fail_midway("cosim");
  // The simulation runs in <solution>/sim/wrapc, from where data are named.
  fs::create_directories(solution / "sim/wrapc");
  if (!fs::exists(solution / "sim/wrapc" / project.data))
    error("COSIM 212-4", "no test data at " + project.data);
  const bool fails = fault("cosim");
  write(solution / ("sim/report/" + project.top + "_cosim.rpt"), "Vitis HLS",
        "+----------+----------+-----------------------------------------------+\n"
        "|   RTL    |  Status  |          Latency(Clock Cycles)                |\n"
        "|   VHDL   |        NA|        NA|        NA|        NA|\n"
        "|  Verilog | " +
            std::string(fails ? "    Fail |" : "    Pass |") +
            "      812 |      812 |      812 |\n");
  if (fails) error("COSIM 212-4", "*** C/RTL co-simulation finished: FAIL ***");
}

}  // namespace

int compile_hls(const Options& options) {
  banner("v++");
  const Project project = project_of(options.value("config"));
  synthesise(project, fs::path(options.value("work_dir")) / "hls");
  return 0;
}

int vitis_run(const Call& call) {
  const Options options = parse(call, {"mode=", "csim", "cosim", "package", "impl", "tcl",
                                       "config=", "work_dir=", "v|version"});
  banner("vitis-run");
  if (options.has("version")) return 0;
  if (options.value("mode") != "hls") error("", "no such mode");
  const Project project = project_of(options.value("config"));
  const fs::path work = options.value("work_dir");
  if (options.has("package")) {
    package(project, work / "hls", work / (project.top + ".xo"));
  } else if (options.has("cosim")) {
    simulate(project, work / "hls");
  } else {
    error("", "this double has no such step");
  }
  return 0;
}

/// The Tcl that emitted scripts consist of: commands by line, and a switch by the step.
int vitis_hls(const Call& call) {
  const Options options = parse(call, {"f=", "version", "v"});
  banner("vitis_hls");
  if (options.has("version")) return 0;
  need_file(options.value("f"));
  const char* given = std::getenv("HLS_STEP");
  const std::string step = given == nullptr ? "csynth" : given;
  const std::vector<std::string> known = {"set",
                                          "if",
                                          "open_project",
                                          "set_top",
                                          "add_files",
                                          "set_part",
                                          "create_clock",
                                          "set_clock_uncertainty",
                                          "config_dataflow",
                                          "config_compile",
                                          "config_rtl",
                                          "config_interface",
                                          "open_solution",
                                          "switch",
                                          "exit",
                                          "}"};
  Project project;
  std::string folder, chosen;
  bool in_switch = false;
  std::istringstream in(read(options.value("f")));
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string command, first, second;
    words >> command >> first >> second;
    if (command.empty() || command[0] == '#') continue;
    if (in_switch) {
      if (command == "}") in_switch = false;
      if (command == step) chosen = second;
      continue;
    }
    if (std::find(known.begin(), known.end(), command) == known.end())
      error("HLS 200-70", "invalid command name \"" + command + "\"");
    if (command == "switch") in_switch = true;
    if (command == "open_project") folder = first;
    if (command == "open_solution") folder += "/" + first;
    if (command == "set_top") project.top = first;
    if (command == "set_part") project.part = first;
    if (command == "create_clock") project.period_ns = std::stod(second);
    if (command == "add_files")
      (first == "-tb" ? project.bench : project.source) = first == "-tb" ? second : first;
  }
  project.data = "../../../../tb/data";
  need_file(project.source);
  need_file(project.bench);
  if (chosen == "csynth_design") {
    synthesise(project, folder);
  } else if (chosen == "cosim_design") {
    simulate(project, folder);
  } else if (chosen == "export_design") {
    package(project, folder, project.top + ".xo");
  } else {
    error("HLS 200-70", "no step '" + step + "'");
  }
  return 0;
}

}  // namespace st::doubles
