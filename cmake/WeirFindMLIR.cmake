# Finds the one MLIR that weir is written against, and says plainly what to do when it is missing.

set(WEIR_MLIR_VERSION 22.1)

find_package(MLIR CONFIG QUIET HINTS /usr/lib/llvm-22/lib/cmake/mlir)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR
    "MLIR ${WEIR_MLIR_VERSION} was not found. On Debian 12 install libmlir-22-dev and mlir-22-tools "
    "(`make setup` does), or pass -DMLIR_DIR=<prefix>/lib/cmake/mlir.")
endif()
if(NOT LLVM_PACKAGE_VERSION VERSION_GREATER_EQUAL ${WEIR_MLIR_VERSION}
   OR NOT LLVM_PACKAGE_VERSION VERSION_LESS 22.2)
  message(FATAL_ERROR
    "weir needs MLIR ${WEIR_MLIR_VERSION}.x, but ${MLIR_DIR} is version ${LLVM_PACKAGE_VERSION}.")
endif()
message(STATUS "weir: MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

set(LLVM_ENABLE_WARNINGS ON)
include(HandleLLVMOptions)
# The packaged definitions are one string; add_definitions() would mangle it.
separate_arguments(WEIR_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${WEIR_LLVM_DEFINITIONS})
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories("${CMAKE_CURRENT_SOURCE_DIR}/include" "${CMAKE_CURRENT_BINARY_DIR}/include")
