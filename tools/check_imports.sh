#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Imports point one way. Each line says what a folder may include beside itself; a folder that is
# not listed may include nothing of the project.
set -eu
cd "$(dirname -- "$0")/.."
RULES='
core/support
core/platform   core/support
core/graph      core/support
core/itensor    core/graph core/support
core/dataflow   core/itensor core/graph core/support
core/ops        core/dataflow core/itensor core/graph core/support
core/passes     core/ops core/graph core/support
core/quantise   core/passes core/ops core/graph core/support
core/streams    core/dataflow core/itensor core/support
core/binding    core/streams core/dataflow core/itensor core/graph core/support
core/fusion     core/streams core/dataflow core/itensor core/support
core/packing    core/dataflow core/itensor core/graph core/support
core/network    core/support
core/tokenizer
core/tiling     core/platform core/support
core/simulate   core/network core/support
core/resources  core/simulate core/network core/platform core/streams core/dataflow core/itensor core/support
core/compiler   core/
core/explore    core/
frontends/hdf5       core/graph core/support
frontends/onnx_json  frontends/hdf5 core/graph core/support
frontends/tokenizer  core/tokenizer core/support
frontends/huggingface  frontends/tokenizer frontends/onnx_json frontends/hdf5 core/graph core/support
backends/hls      core/
backends/host     backends/xclbin core/
backends/link     backends/host core/
backends/lint     core/support
backends/reports  core/platform core/support
backends/stub     backends/hls core/
backends/xclbin   core/
backends/project  backends/ core/
cli               frontends/ backends/ core/
'
find core frontends backends cli \( -name '*.h' -o -name '*.cpp' \) -not -path '*/files/*' |
  LC_ALL=C sort | xargs grep -n '^#include "' |
  RULES=$RULES awk '
    BEGIN {
      lines = split(ENVIRON["RULES"], line, "\n")
      for (i = 1; i <= lines; ++i) {
        n = split(line[i], word, " ")
        for (w = 1; w <= n; ++w) may[word[1], ++allowed[word[1]]] = word[w]
      }
    }
    # "core/graph/text.cpp:3:#include "core/graph/graph.h""
    {
      split($0, part, ":"); split($0, quoted, "\""); path = quoted[2]
      split(part[1], at, "/"); folder = at[1] == "cli" ? "cli" : at[1] "/" at[2]
      fine = 0
      for (i = 1; i <= allowed[folder]; ++i) {
        prefix = may[folder, i]; if (prefix !~ /\/$/) prefix = prefix "/"
        if (index(path, prefix) == 1) fine = 1
      }
      if (!fine) { print part[1] ":" part[2] ": " folder " may not include " path; bad = 1 }
    }
    END { exit bad }'
