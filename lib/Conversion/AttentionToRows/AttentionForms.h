//===- AttentionForms.h - the forms of attention ------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONFORMS_H
#define WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONFORMS_H

#include "AttentionTiling.h"

#include <memory>

namespace weir {

/// Score rows kept whole. `attended` is the formula on the scores of a tile.
std::unique_ptr<AttentionForms>
createBlocksForm(mlir::FlatSymbolRefAttr attended);

/// Score rows read block by block.
std::unique_ptr<AttentionForms>
createSweepsForm(mlir::FlatSymbolRefAttr attended,
                 std::unique_ptr<BlockwiseRows> rows);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_ATTENTIONTOROWS_ATTENTIONFORMS_H
