"""Measures cases on a fixed number of threads in a process of its own, and prints a line of JSON for each.

Started by run.py, which sets the environment that the peers read while they load. One process holds weir, the yardsticks and all peers.
"""

import argparse
import dataclasses
import gc
import json
import os
import sys
import traceback

from . import attention, cases, machine, measure, operations, peers
from .measure import Variant
from .native import Native, WeirLibrary


# Seconds of a call from which on a peer is left out.
SLOWEST = 1.0


def say(text):
    print(text, file=sys.stderr, flush=True)


def maker(case):
    """The module that makes inputs, results and oracles of a case."""
    return attention if isinstance(case, attention.Case) else operations


def library_text(chosen):
    """The IR of all functions of these cases."""
    parts, seen = [operations.FORMULAS], set()
    for case in chosen:
        if maker(case) is attention:
            found = {name: text for name, text, _ in attention.functions(case).values() if name not in seen}
            seen |= found.keys()
            parts += found.values()
            continue
        operation = operations.find(case.operation)
        texts = {case.function: (operation.text, True), f"{case.operation}_{case.dtype}": (operation.text, False)}
        texts |= {f"{case.function}_{variant.replace(' ', '_')}": (text, True) for variant, text in operation.variants.items()}
        texts |= {form_function(case, form): (operation.formed(attributes), True) for form, attributes in operation.forms(case).items()}
        for name, (text, static) in texts.items():
            if name not in seen:
                seen.add(name)
                parts.append(text(case, name, static))
    return "\n".join(parts)


def form_function(case, form):
    return f"{case.function}_in_{form.replace(' ', '_')}"


def compile_library(options, suite, chosen):
    say(f"compiling {suite}")
    WeirLibrary.compile(options.build, suite, library_text(chosen), options.threads, options.target)


class Worker:
    def __init__(self, options):
        self.options = options
        self.native = Native(f"{options.build}/lib/libweir_yardsticks_{machine.yardsticks()}.so", options.threads)
        self.peers, self.missing = peers.load(options.peers, options.threads)
        self.libraries = {}

    def library(self, suite, chosen):
        if suite not in self.libraries:
            if not self.options.compiled:
                compile_library(self.options, suite, chosen)
            self.libraries[suite] = WeirLibrary(self.options.build, suite, self.options.threads)
        return self.libraries[suite]

    def attention_variants(self, case, library, inputs):
        """weir's functions, yardsticks and limits."""
        timer, function = self.native.timer, self.native.function
        for name, (weirs, _, checked) in attention.functions(case).items():
            results = attention.make_results(case)
            yield Variant(name, library.timer(self.native, weirs, inputs + results), (lambda r=results: r[0]) if checked else None)
        for name in attention.yardsticks(case):
            result = attention.make_results(case)[0]
            call = timer(function(f"{name}_{case.dtype}"), [*inputs, result, attention.sizes(case)])
            yield Variant(f"yardstick {name.rsplit('_', 1)[-1]}", call, lambda r=result: r, "yardstick")
        for name, call in attention.limits(case, inputs, timer, function):
            yield Variant(f"limit {name}", call, None, "limit")

    def row_variants(self, case, library, inputs):
        return [*self.weir_variants(case, library, inputs), *self.yardsticks(case, inputs), *self.limits(case, inputs)]

    def weir_variants(self, case, library, inputs):
        operation = operations.find(case.operation)
        functions = {"weir": case.function, "weir dynamic": f"{case.operation}_{case.dtype}"}
        functions |= {variant: f"{case.function}_{variant.replace(' ', '_')}" for variant in operation.variants}
        functions |= {f"form {form}": form_function(case, form) for form in operation.forms(case)}
        # One memory for all forms: where it lies makes a difference of a tenth in long rows.
        results = operations.make_results(case)
        for name, function in functions.items():
            results = results if operation.formed else operations.make_results(case)
            # What another formula or dimension gives is no result of this operation.
            checked = name in ("weir", "weir dynamic", "weir in two ops", "weir transposed") or name.startswith("form ")
            yield Variant(name, library.timer(self.native, function, inputs + results), (lambda r=results: r[0]) if checked else None)

    def yardsticks(self, case, inputs):
        if case.dtype == "bf16" and not machine.rounds_bf16():
            return
        for name in operations.find(case.operation).yardsticks(case):
            result = operations.make_results(case)[0]
            timer = self.native.timer(self.native.function(f"{name}_{case.dtype}"), [*inputs, result, case.rows, case.n] + [case.k] * bool(case.k))
            yield Variant(f"yardstick {name.rsplit('_', 1)[-1]}", timer, lambda r=result: r, "yardstick")

    def limits(self, case, inputs):
        """Copies of the large inputs into one result, reads of them, exponentials."""
        operation, timer, function = operations.find(case.operation), self.native.timer, self.native.function
        if case.k:
            yield Variant("limit multiply", timer(function(operations.multiply_limit(case)), [case.work // 2, 0]), None, "limit")
            return
        large = [x for x in inputs if x.size == case.elements]
        if operation.writes:
            result = operations.make_results(case)[0]
            pointers = operations.pointers(large)
            for way in ("copy", "stream", "pages"):
                yield Variant(f"limit {way}", timer(function(f"limit_{way}{len(large)}"), [pointers, result, result.nbytes], large), None, "limit")
        for way in ("read", "read_pages"):
            yield Variant(f"limit {way}", timer(function(f"limit_{way}"), [large[0], large[0].nbytes]), None, "limit")
        if operation.exps:
            yield Variant("limit exp", timer(function(f"limit_exp_{case.dtype}"), [case.elements * operation.exps, 0]), None, "limit")

    def peer_variants(self, case, inputs, refused):
        for peer in self.peers:
            try:
                for name, call, result in peer.prepare(case, inputs):
                    timer = call if getattr(call, "is_timer", False) else measure.python_timer(call)
                    timer(1)
                    second = timer(1)
                    # Nobody learns more from a second sample of what takes so long.
                    if second > SLOWEST:
                        refused[name] = f"slow: {second:.1f} s a call, left out ({case.shape})"
                        continue
                    yield Variant(name, timer, result, "peer")
            except peers.Unsupported as reason:
                refused[peer.name] = str(reason)
            except Exception as error:  # A peer's failure is a finding, not the end of the run.
                if self.options.verbose:
                    traceback.print_exc()
                refused[peer.name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"

    def check(self, case, oracle, variants, refused):
        """The variants whose results are right, with their errors. Ours must be."""
        right, errors = [], {}
        for variant in variants:
            if variant.result is None:
                right.append(variant)
                continue
            variant.seconds(1)
            error = oracle.error(variant.result())
            if error is not None and not error <= oracle.tolerance(variant.kind != "peer"):
                message = f"wrong: off by {error:.2g} of the row's largest result"
                if variant.kind != "peer":
                    raise SystemExit(f"{case.name}: {variant.name} is {message}")
                refused[variant.name] = message
                continue
            errors[variant.name] = error
            right.append(variant)
        return right, errors

    def run(self, case, library):
        inputs = maker(case).make_inputs(case)
        refused = dict(self.missing)
        ours = self.attention_variants if maker(case) is attention else self.row_variants
        variants = [*ours(case, library, inputs), *self.peer_variants(case, inputs, refused)]
        variants, errors = self.check(case, maker(case).Oracle(case, inputs), variants, refused)
        rounds = self.options.rounds if case.elements < 16 << 20 else max(3, self.options.rounds // 2)
        settle = self.options.settle if self.options.threads > 1 else 0
        timings = measure.measure(variants, rounds, settle)
        for timing, variant in zip(timings, variants):
            timing.error = errors.get(variant.name)
        return {**dataclasses.asdict(case), "name": case.name, "shape": case.shape, "threads": self.options.threads, "elements": case.work,
                "variants": {v.name: {"kind": v.kind, **dataclasses.asdict(t)} for v, t in zip(variants, timings)}, "refused": refused}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--peers", nargs="*", default=[])
    parser.add_argument("--suites", nargs="*", default=cases.USUAL)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--settle", type=float, default=0.02)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--target", default="host")
    parser.add_argument("--compile-only", action="store_true")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    chosen = cases.select(options.suites, options.filter, options.quick)
    if options.compile_only:
        for suite in dict.fromkeys(case.suite for case in chosen):
            compile_library(options, suite, [case for case in chosen if case.suite == suite])
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.threads])
    worker = Worker(options)
    print(json.dumps({"clock": worker.native.clock(), "peers": {p.name: p.version for p in worker.peers}, "missing": worker.missing}), flush=True)
    for index, case in enumerate(chosen):
        needed = maker(case).memory(case, len(worker.peers))
        if needed > 0.7 * 1024 * machine.memory_kib("MemAvailable"):
            say(f"{case.name}: left out, it would need {needed >> 30} GiB")
            print(json.dumps({"left_out": case.name, "threads": options.threads, "needs": needed}), flush=True)
            continue
        say(f"[{index + 1}/{len(chosen)}] {case.name}, {options.threads} thread{'s' if options.threads > 1 else ''}")
        record = worker.run(case, worker.library(case.suite, [c for c in chosen if c.suite == case.suite]))
        print(json.dumps(record), flush=True)
        gc.collect()
    sys.stdout.flush()
    # Some peers' pools do not survive an orderly end of the interpreter.
    os._exit(0)


if __name__ == "__main__":
    main()
