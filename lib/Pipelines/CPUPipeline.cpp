//===- CPUPipeline.cpp - the order of passes for x86 ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Pipelines/Pipelines.h"

#include "weir/Codegen/CPU/Passes.h"
#include "weir/Conversion/AttentionToRows/Passes.h"
#include "weir/Conversion/LinalgToWeir/Passes.h"
#include "weir/Conversion/Passes.h"
#include "weir/Dialect/Weir/Analysis/Passes.h"
#include "weir/Dialect/Weir/Library/WeirLibrary.h"
#include "weir/Dialect/Weir/Transforms/Passes.h"
#include "weir/Target/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace weir;

/// What may run on each function by itself does: a function then stays in the
/// caches from one pass to the next, and functions are lowered side by side.
/// Formulas are left as they are: their f32 stands for the accumulator, and a
/// quotient of two constants folded now would be rounded to f32 in f64 too.
template <typename FunctionOp>
static void cleanUp(OpPassManager &pm) {
  OpPassManager &functions = pm.nest<FunctionOp>();
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
}

void weir::buildTensorPipeline(OpPassManager &pm,
                               const CPUPipelineOptions &options) {
  auto leaveAlone = [](OpPassManager &) {};
  pm.addPass(createInlinerPass({}, leaveAlone));
  // What frontends leave as arithmetic on whole tensors.
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  ConvertLinalgToWeirOptions raise;
  raise.enable = options.raiseLinalg;
  raise.explain = options.explain;
  pm.addPass(createConvertLinalgToWeir(raise));
  pm.addPass(createWeirLinkLibrary());
  // What composition would make part of a formula can be told from it before,
  // and what is more than scale, cap, bias and mask is part of it behind.
  WeirFormAttentionOptions attend;
  attend.enable = options.raiseLinalg;
  pm.addPass(createWeirFormAttention(attend));
  // Composition puts formulas one behind the other as they are, so each is made
  // fit to be evaluated before, and the whole after.
  pm.addPass(createWeirNormalizeFormulas());
  WeirComposeFormulasOptions compose;
  compose.enable = options.composeFormulas;
  compose.explain = options.explain;
  pm.addPass(createWeirComposeFormulas(compose));
  attend.explain = options.explain;
  pm.addPass(createWeirFormAttention(attend));
  WeirFuseEpilogueOptions epilogue;
  epilogue.enable = options.composeFormulas;
  epilogue.explain = options.explain;
  pm.addPass(createWeirFuseEpilogue(epilogue));
  pm.addPass(createWeirNormalizeFormulas());
  WeirDifferentiateSolvesOptions differentiate;
  differentiate.explain = options.explain;
  pm.addPass(createWeirDifferentiateSolves(differentiate));
  WeirFuseTopKOptions fuse;
  fuse.explain = options.explain;
  pm.addPass(createWeirFuseTopK(fuse));
  WeirChooseFormOptions choose;
  choose.explain = options.explain;
  choose.form = options.form;
  pm.addPass(createWeirChooseForm(choose));
  WeirChooseAttentionOptions attention;
  attention.explain = options.explain;
  pm.addPass(createWeirChooseAttention(attention));
  WeirChooseThreadsOptions threads;
  threads.enable = options.threads;
  threads.explain = options.explain;
  pm.addPass(createWeirChooseThreads(threads));
  pm.addPass(createWeirLowerStates());
  pm.addPass(createWeirLowerApply());
  pm.addPass(createWeirLowerTopK());
  pm.addPass(createWeirLowerAttention());
  cleanUp<func::FuncOp>(pm);
  pm.addPass(createWeirPrepareABI({options.library, options.prefix}));
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addPass(createConvertAttentionToRows());
  pm.addPass(createWeirSplitRows());
  pm.addPass(createWeirLowerStates());
  cleanUp<func::FuncOp>(pm);
  pm.addNestedPass<func::FuncOp>(bufferization::createBufferLoopHoistingPass());
}

/// Views, vectors of several dimensions and loops of a function to blocks.
static void addLoopLowering(OpPassManager &pm) {
  pm.addPass(memref::createExpandStridedMetadataPass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  pm.addPass(createConvertVectorToSCFPass());
  pm.addPass(createLowerAffinePass()); // Of strides, and of what is read
                                       // element by element.
  pm.addPass(createSCFToControlFlowPass());
}

/// Vectors and arithmetic of a function to the LLVM dialect.
static void addArithmeticLowering(OpPassManager &pm) {
  ConvertVectorToLLVMPassOptions vectors;
  vectors.reassociateFPReductions = true;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
}

/// What is left of linalg in bf16 computes in f32. LLVM would do so too, and
/// where there is no instruction round by a function of a runtime that
/// libraries are not linked with.
static void addWideArithmetic(OpPassManager &pm) {
  arith::ArithEmulateUnsupportedFloatsOptions emulate;
  emulate.sourceTypeStrs = {"bf16"};
  pm.addPass(arith::createArithEmulateUnsupportedFloats(emulate));
  math::MathExtendToSupportedTypesOptions extend;
  extend.extraTypeStrs = {"f16"};
  pm.addPass(math::createMathExtendToSupportedTypes(extend));
}

void weir::buildCPUCodePipeline(OpPassManager &pm,
                                const CPUPipelineOptions &options) {
  pm.addNestedPass<func::FuncOp>(createForallToForLoopPass());
  WeirBlockContractionsOptions contractions;
  contractions.threads = options.threads;
  pm.addPass(createWeirBlockContractions(contractions));
  pm.addPass(createWeirOrderContractions());
  pm.addPass(createWeirExpandCopies());
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  addWideArithmetic(pm);
  pm.addPass(createWeirSwitchPlans());
  pm.addPass(createConvertWeirToVector());
  pm.addPass(createWeirLowerThreads());
  pm.addPass(createWeirLowerProducts());
  pm.addPass(createWeirLowerCPU());
  cleanUp<func::FuncOp>(pm);
  pm.addPass(createWeirWidenStores());
  pm.addPass(createWeirInterleaveChains());
  pm.addPass(createWeirSpreadPrefetches());
  addLoopLowering(pm.nest<func::FuncOp>());
  // Powers with an integer exponent become functions of the module: LLVM's own
  // form wants one exponent for all lanes and a library of its compiler's.
  ConvertMathToFuncsOptions functions;
  functions.minWidthOfFPowIExponent = 1;
  pm.addPass(createConvertMathToFuncs(functions));
  pm.addPass(createWeirExactMathToLibm()); // Before upstream writes expm1(x) as
                                           // exp(x) - 1.
  addArithmeticLowering(pm.nest<func::FuncOp>());
  FinalizeMemRefToLLVMConversionPassOptions memrefs;
  memrefs.useGenericFunctions = true;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memrefs));
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createConvertIndexToLLVMPass());
  pm.addNestedPass<LLVM::LLVMFuncOp>(createReconcileUnrealizedCastsPass());
  WeirEmitABIOptions abi;
  abi.library = options.library;
  abi.prefix = options.prefix;
  abi.threads = options.threads;
  abi.variants.assign(options.variants.begin(), options.variants.end());
  abi.variant = options.variant;
  pm.addPass(createWeirEmitABI(abi));
  cleanUp<LLVM::LLVMFuncOp>(pm);
}

void weir::registerPipelinesAndPasses() {
  registerWeirAnalysisPasses();
  registerWeirLibraryPasses();
  registerWeirTransformsPasses();
  registerWeirLinalgToWeirPasses();
  registerWeirAttentionToRowsPasses();
  registerWeirConversionPasses();
  registerWeirCodegenCPUPasses();
  registerWeirTargetPasses();
  PassPipelineRegistration<>(
      "weir-cpu-pipeline",
      "public functions on tensors to the LLVM dialect, for x86",
      [](OpPassManager &pm) {
        CPUPipelineOptions options;
        options.library = "module";
        buildTensorPipeline(pm, options);
        buildCPUCodePipeline(pm, options);
      });
}
