#!/usr/bin/env python3
"""Measures weir beside hand-written kernels, physical limits and other systems; writes tables, JSON and plots.

    benchmarks/run.py [--peers] [--suites softmax sparse ...] [--filter TEXT] [--threads 1 2] [--quick] [--output FOLDER]

Progress goes to standard error. docs/benchmarks.md says what is measured and how to read it.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from suite import cases, machine, peers, plot, report  # noqa: E402


# Options that the measuring process has too.
FLAGS = ["quick", "verbose", "compile_only", "compiled"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def install_peers(build):
    """A virtual environment with what peers.txt pins; returns its folder."""
    folder, wanted = build / "peers-venv", HERE / "peers.txt"
    stamp = folder / ".requirements"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return folder
    say(f"installing the peers into {folder}: some 9 GB")
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted], check=True)
    stamp.write_bytes(wanted.read_bytes())
    return folder


def environment(threads, build, peers_folder):
    """What peers read while they load. Freed memory is kept, so that those that allocate results do not pay for its pages in every
    call; OpenMP's threads sleep soon, so that they are not in the way of the next variant."""
    count = str(threads)
    changes = {
        "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "KMP_BLOCKTIME": "1",
        "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_TOP_PAD_": "67108864",
        "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3",
        "TORCHINDUCTOR_CACHE_DIR": str(build / "benchmarks" / "inductor"),
        "PYTHONPATH": str(HERE),
    }
    if threads == 1:
        changes["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    if peers_folder:
        library = peers_folder / "lib"
        changes |= {"WEIR_BENCH_PEERS": str(peers_folder), "LD_LIBRARY_PATH": str(library),
                    "OCL_ICD_FILENAMES": str(library / "libintelocl.so"), "ONEDNN_VERBOSE": "none", "DNNL_VERBOSE": "0"}
    return {**os.environ, **changes}


def measure(options, threads, python, peers_folder):
    """The records of one process on so many threads."""
    command = [python, "-m", "suite.worker", "--build", options.build, "--threads", threads, "--rounds", options.rounds, "--settle",
               options.settle, "--filter", options.filter, "--suites", *options.suites, "--peers", *options.peer_names]
    command += ["--target", options.target, *(f"--{flag.replace('_', '-')}" for flag in FLAGS if getattr(options, flag))]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, env=environment(threads, options.build, peers_folder))
    records = []
    for line in process.stdout:
        # Peers print too.
        if line.startswith("{"):
            records.append(json.loads(line))
    return records, process.wait()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build", help="the build folder")
    parser.add_argument("--peers", action="store_true", help="install the peers if need be, and measure them too")
    parser.add_argument("--peer-names", nargs="*", default=None, help=f"only these of {', '.join(peers.NAMES)}")
    parser.add_argument("--suites", nargs="*", default=cases.USUAL, choices=list(cases.SUITES), help=f"default: {' '.join(cases.USUAL)}")
    parser.add_argument("--filter", default="", help="only cases whose name contains this")
    parser.add_argument("--threads", nargs="*", type=int, default=None, help="default: 1, and 2 where there are two cores")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each variant")
    parser.add_argument("--settle", type=float, default=0.02, help="seconds between variants when there are several threads")
    parser.add_argument("--quick", action="store_true", help="tiny cases, to see that everything works")
    parser.add_argument("--installed-peers", action="store_true", help="measure those peers that this Python has; install none")
    parser.add_argument("--target", default="host", help="weirc's --target")
    parser.add_argument("--compile-only", action="store_true", help="measure nothing: compile what would be measured, for another machine")
    parser.add_argument("--compiled", action="store_true", help="compile nothing: measure what --compile-only left in the build folder")
    parser.add_argument("--verbose", action="store_true", help="print the traces of peers that fail")
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results", help="where the files go")
    parser.add_argument("--name", default=None, help="what the files are called; default: the date")
    parser.add_argument("--render", nargs="+", type=pathlib.Path, help="measure nothing: tables and plots of these JSON files, as one run")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.threads = options.threads or ([1, 2] if len(os.sched_getaffinity(0)) > 1 else [1])
    options.peer_names = (options.peer_names or peers.NAMES) if options.peers or options.installed_peers else []
    return options


def command_line():
    """What was asked for, without where files lie."""
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word in ("--output", "--build", "--name"):
            next(words, None)
        else:
            kept.append(word)
    return " ".join(["benchmarks/run.py", *kept])


def measure_all(options):
    """A run, and the status of the last process that failed."""
    folder = install_peers(options.build) if options.peers else None
    python = folder / "bin" / "python" if folder else sys.executable
    run = {"schema": 1, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
           "command": command_line(), "machine": machine.describe(options.build),
           "settings": {"rounds": options.rounds, "settle": options.settle}, "peers": {}, "missing": {}, "clock_GHz": {}, "left_out": [], "cases": []}
    failed = 0
    for threads in options.threads:
        records, status = measure(options, threads, python, folder)
        failed = status or failed
        for record in records:
            if "clock" in record:
                run["clock_GHz"][str(threads)] = round(record["clock"], 2)
                run["peers"] |= record["peers"]
                run["missing"] |= record["missing"]
            elif "left_out" in record:
                run["left_out"].append(record)
            else:
                run["cases"].append(record)
    return run, failed


def write(run, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(report.to_json(run))
    (folder / f"{name}.md").write_text(report.to_markdown(run, name))
    for file, text in plot.plots(run, name).items():
        (folder / file).write_text(text)


def compile_all(options):
    """The first status that is not 0."""
    return next(filter(None, (measure(options, threads, sys.executable, None)[1] for threads in options.threads)), 0)


def main():
    options = parse()
    if options.compile_only:
        sys.exit(compile_all(options))
    if not machine.yardsticks() and not options.render:
        sys.exit(f"the yardsticks need a processor with AVX2; this one lacks {', '.join(machine.missing_features())}")
    run, failed = (report.read(options.render), 0) if options.render else measure_all(options)
    report.derive(run, machine.level2_bytes())
    name = options.name or run["date"][:10]
    write(run, options.output, name)
    print(report.to_markdown(run, name))
    if failed:
        sys.exit(f"a measuring process ended with {failed}; the files hold what came before")


if __name__ == "__main__":
    main()
