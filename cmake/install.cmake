# SPDX-License-Identifier: Apache-2.0
# `cmake --install` and `cpack -G DEB`. All that the program needs is in it; beside it there are a manual page and
# a completion, which it prints itself, and the example of the README.
include(GNUInstallDirs)

set(ST_MANUAL ${PROJECT_BINARY_DIR}/streamtensor.1.gz)
set(ST_COMPLETION ${PROJECT_BINARY_DIR}/streamtensor.bash)
add_custom_command(
  OUTPUT ${ST_MANUAL} ${ST_COMPLETION}
  # gzip -n: no name and no time in the file.
  COMMAND streamtensor manual | gzip -9n >${ST_MANUAL}
  COMMAND streamtensor completion >${ST_COMPLETION}
  DEPENDS streamtensor
  COMMENT "Manual page and completion")
add_custom_target(documents ALL DEPENDS ${ST_MANUAL} ${ST_COMPLETION})

install(TARGETS streamtensor RUNTIME)
install(FILES ${ST_MANUAL} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${ST_COMPLETION} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME streamtensor)
install(FILES README.md docs/network.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY examples/adder examples/networks DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME streamtensor)
set(CPACK_PACKAGE_VENDOR "the streamtensor project")
set(CPACK_PACKAGE_CONTACT "the streamtensor maintainers <maintainers@streamtensor.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Accelerators for FPGA cards from decoder language models")
set(CPACK_PACKAGE_DESCRIPTION
    "Compiles a decoder language model (ONNX, or a Hugging Face checkpoint) into stream-dataflow
 accelerators: HLS C++ projects, packed parameters, an XRT host program and link scripts.
 Without a card and AMD's tools a stub device runs the emitted kernels.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What the stub device of a build and the host program for a card are compiled with.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++, make, libboost-context-dev")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libxrt-dev, uuid-dev")
include(CPack)
