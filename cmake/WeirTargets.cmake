# How a room becomes a library. Every C++ library links exactly `MLIR LLVM` (the shared libraries):
# mixing in static component targets would register every TypeID twice.

set(WEIR_WARNINGS -Wall -Wextra -Wno-unused-parameter)

# weir_add_library(<name> <sources>... [LINK_LIBS <libs>...] [DEPENDS <targets>...])
function(weir_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_library(Weir::${name} ALIAS ${name})
  target_compile_options(${name} PRIVATE ${WEIR_WARNINGS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  add_dependencies(${name} weir-headers)
  weir_use_pch(${name})
  set_property(GLOBAL APPEND PROPERTY WEIR_LIBRARIES ${name})
endfunction()

# weir_add_tool(<name> <sources>... LINK_LIBS <libs>...)
function(weir_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${WEIR_WARNINGS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  add_dependencies(${name} weir-headers)
endfunction()

# One precompiled header of the upstream headers that nearly every file needs. Tools do without:
# they are position-independent executables, and the header is made for position-independent code.
function(weir_use_pch name)
  if(NOT WEIR_PCH)
    return()
  endif()
  if(NOT TARGET WeirPCH)
    file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/WeirPCH.cpp" CONTENT "// Carries the precompiled header.\n")
    add_library(WeirPCH OBJECT "${CMAKE_BINARY_DIR}/WeirPCH.cpp")
    target_precompile_headers(WeirPCH PRIVATE
      <mlir/IR/BuiltinOps.h> <mlir/IR/PatternMatch.h> <mlir/Dialect/Arith/IR/Arith.h>
      <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/Linalg/IR/Linalg.h> <mlir/Dialect/Math/IR/Math.h>
      <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Vector/IR/VectorOps.h>
      <mlir/Pass/Pass.h> <mlir/Transforms/DialectConversion.h>)
    # Without its timestamp the header is the same bytes each time, which ccache asks for.
    target_compile_options(WeirPCH PRIVATE ${WEIR_WARNINGS} "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_precompile_headers(${name} REUSE_FROM WeirPCH)
endfunction()

# Everything tablegen makes hangs off this target, so that a clean parallel build never races.
add_custom_target(weir-headers)
