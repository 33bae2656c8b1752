"""What the measurements were made on."""

import os
import pathlib
import platform
import re
import subprocess

FEATURES = ["sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16",
            "amx_tile", "amx_bf16", "amx_int8", "hypervisor"]
# What each library of yardsticks is compiled for, the best first.
YARDSTICKS = {"avx512": ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"], "avx2": ["avx2", "fma", "f16c", "bmi1", "bmi2", "movbe", "abm"]}


def read(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def cpu_field(name):
    match = re.search(rf"^{name}\s*:\s*(.*)$", read("/proc/cpuinfo"), re.M)
    return match.group(1) if match else "unknown"


def output_of(*command):
    """What a command prints; a machine that is only measured on may lack it."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip() or "not found"
    except OSError:
        return "not found"


def first_line(*command):
    return output_of(*command).splitlines()[0].strip()


def caches():
    """The caches of the first core, as "L1 Data 48K"."""
    found = []
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if read(index / "type") != "Instruction":
            found.append(f"L{read(index / 'level')} {read(index / 'size')}")
    return found


def level2_bytes():
    for cache in caches():
        match = re.fullmatch(r"L2 (\d+)K", cache)
        if match:
            return int(match.group(1)) * 1024
    return 1 << 20


def memory_kib(field):
    return int(re.search(rf"^{field}:\s*(\d+)", read("/proc/meminfo"), re.M).group(1))


def has(feature):
    return feature in cpu_field("flags").split()


def yardsticks():
    """The library of yardsticks for this machine; None where it can run none."""
    return next((name for name, needed in YARDSTICKS.items() if all(map(has, needed))), None)


def missing_features():
    """What the least demanding yardsticks need and this machine lacks."""
    return [feature for feature in YARDSTICKS["avx2"] if not has(feature)]


def has_tiles():
    """Whether products of bf16 run on tiles; else their yardsticks widen bf16 and multiply f32."""
    return yardsticks() == "avx512" and has("amx_bf16")


def rounds_bf16():
    """Whether the yardsticks can make bf16 of their results: those for AVX-512 do it by an instruction that not all such machines have."""
    return yardsticks() == "avx2" or has("avx512_bf16")


def describe(build):
    release = re.search(r'^PRETTY_NAME="(.*)"', read("/etc/os-release"), re.M)
    return {
        "cpu": cpu_field("model name"),
        "cores": len(os.sched_getaffinity(0)),
        "features": [f for f in FEATURES if has(f)],
        "caches": caches(),
        "memory": f"{memory_kib('MemTotal') / 2**20:.0f} GiB",
        "huge pages": (re.findall(r"\[(\w+)\]", read("/sys/kernel/mm/transparent_hugepage/enabled")) or ["none"])[0],
        "kernel": platform.release(),
        "system": release.group(1) if release else platform.system(),
        "yardsticks": yardsticks(),
        "compiler of the yardsticks": first_line("clang++-22", "--version"),
        "weirc": re.sub(r"\s+", " ", output_of(f"{build}/bin/weirc", "--version")),
        "commit": first_line("git", "-C", str(pathlib.Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=10"),
    }
