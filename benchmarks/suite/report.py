"""Figures that follow from the samples, and text."""

import json


def median(case, name):
    timing = case["variants"].get(name)
    return timing["median"] if timing else None


def best(case, names):
    """The fastest of these variants as (seconds, name), or (None, None)."""
    return min(((median(case, n), n) for n in names if median(case, n)), default=(None, None))


def yardstick(case):
    return best(case, [n for n, v in case["variants"].items() if v["kind"] == "yardstick"])


def is_attention(case):
    return "depth" in case


def derive(run, level2):
    """Adds to each case its copy, read and limit in seconds, what limits it, and its fastest yardstick."""
    from . import operations

    for case in run["cases"]:
        if is_attention(case):
            case |= {"copy": None, "copy_way": None, "exp": None, "read": best(case, ["limit read", "limit read_pages"])[0],
                     "multiply": median(case, "limit multiply")}
            case["limit"], case["limit_by"] = max((case[name] or 0, name) for name in ("multiply", "read"))
            case["yardstick"], case["yardstick_name"] = yardstick(case)
            continue
        operation = operations.find(case["operation"])
        case["copy"], case["copy_way"] = best(case, ["limit copy", "limit stream", "limit pages"])
        case["read"], _ = best(case, ["limit read", "limit read_pages"])
        case["exp"] = median(case, "limit exp")
        traffic = case["copy"] or case["read"]
        case["limit_by"] = "copy" if case["copy"] else "read"
        # A row that does not fit beside its result must come twice: once for what it has as a whole, once for the result.
        row_bytes = case["elements"] // case["rows"] * {"f32": 4, "bf16": 2}[case["dtype"]]
        if operation.whole_row and operation.writes and 2 * row_bytes > level2:
            traffic += case["read"]
            case["limit_by"] = "read + copy"
        case["multiply"] = median(case, "limit multiply")
        # Products move little: only their multiplications are timed.
        if case["multiply"]:
            case["limit"], case["limit_by"] = case["multiply"], "multiply"
            case["yardstick"], case["yardstick_name"] = yardstick(case)
            continue
        case["limit"] = max(traffic or 0, case["exp"] or 0)
        if case["limit"] != traffic:
            case["limit_by"] = "exp"
        case["yardstick"], case["yardstick_name"] = yardstick(case)


def rounded(value):
    """Times to five digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def to_json(run):
    """One case a line, so that runs can be compared by text."""
    head = {k: v for k, v in run.items() if k != "cases"}
    lines = ",\n".join("  " + json.dumps(rounded(case), separators=(",", ":")) for case in run["cases"])
    return json.dumps(head, indent=1)[:-2] + ',\n "cases": [\n' + lines + "\n ]\n}\n"


def read(paths):
    """Runs that were written before as one: the cases of all, the rest of the first."""
    runs = [json.loads(path.read_text()) for path in paths]
    for key in ("cases", "left_out"):
        runs[0][key] = [item for run in runs for item in run[key]]
    for key in ("clock_GHz", "peers", "missing"):
        runs[0][key] = {name: value for run in reversed(runs) for name, value in run[key].items()}
    runs[0]["command"] = "; ".join(dict.fromkeys(run["command"] for run in runs))
    return runs[0]


def seconds_text(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def ratio(case, seconds):
    """How much longer something takes than weir does."""
    return f"{seconds / median(case, 'weir'):.2f}" if seconds else ""


def best_form(case):
    """The fastest of the forms that were asked for as (seconds, name), or (None, None)."""
    return best(case, [name for name in case["variants"] if name.startswith("form ")])


def columns_of(cases):
    """Other functions of weir's and peers that any of these cases has."""
    found = {}
    for case in cases:
        for name, variant in case["variants"].items():
            if variant["kind"] == "peer" or (variant["kind"] == "weir" and name != "weir"):
                found[name] = variant["kind"]
    return sorted(found, key=lambda n: found[n] != "weir")


def table(cases):
    others = columns_of(cases)
    has_yardstick = any(case["yardstick"] for case in cases)
    head = ["case", "time", "Ge/s", "of limit", "limited by", "copy", "read"] + ["exp"] * any(c["exp"] for c in cases)
    head += ["yardstick", "which"] * has_yardstick
    has_forms = any(best_form(case)[0] for case in cases)
    head += ["best form", "which"] * has_forms + others
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for case in cases:
        weir = median(case, "weir")
        flat = ", flat" if case["distribution"] == "flat" else ""
        cells = [f"{case['operation']} {case['shape']}{flat}", seconds_text(weir), f"{case['elements'] / weir / 1e9:.2f}",
                 f"{case['limit'] / weir:.2f}", case["limit_by"], ratio(case, case["copy"]), ratio(case, case["read"])]
        cells += [ratio(case, case["exp"])] * ("exp" in head)
        cells += [ratio(case, case["yardstick"]), (case["yardstick_name"] or "").replace("yardstick ", "")] * has_yardstick
        seconds, form = best_form(case)
        cells += [ratio(case, seconds), (form or "").replace("form ", "")] * has_forms
        cells += [ratio(case, median(case, name)) for name in others]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def groups(run):
    """The cases by suite, type and threads, in order."""
    found = {}
    for case in run["cases"]:
        found.setdefault((case["suite"], case["dtype"], case["threads"]), []).append(case)
    return found


def longer_than_softmax(case):
    """How much longer than softmax of the same rows or scores another formula may take before it counts as a gap."""
    if is_attention(case):
        return 4 if "entmax" in case["operation"] else 1.1
    return {"normal": 2, "flat": 5}[case["distribution"]]


def slower_than(case):
    """Whom weir is more than 5 % slower than, as text, the worst first."""
    rivals = {n: median(case, n) / median(case, "weir") for n, v in case["variants"].items() if v["kind"] in ("peer", "yardstick") or n.startswith("form ")}
    behind = {name: value for name, value in rivals.items() if value < 0.95}
    softmax = median(case, "weir softmax")
    if softmax and median(case, "weir") > longer_than_softmax(case) * softmax:
        behind["weir softmax"] = softmax / median(case, "weir")
    return ", ".join(f"{name} {value:.2f}" for name, value in sorted(behind.items(), key=lambda item: item[1]))


def gaps(run):
    """Where weir is slower than another, or far from the limit where nothing else says how near one can come."""
    lines = []
    for case in run["cases"]:
        behind, share = slower_than(case), case["limit"] / median(case, "weir")
        measured_against = case["yardstick"] or "weir softmax" in case["variants"]
        if behind or (not measured_against and share < 0.5):
            lines.append(f"| {case['name']} | {case['threads']} | {share:.2f} ({case['limit_by']}) | {behind} |")
    if not lines:
        return "None: weir is nowhere more than 5 % slower than the fastest."
    return "\n".join(["| case | threads | of limit | slower than |", "|---|---|---|---|", *lines])


def refusals(run):
    found = {}
    for case in run["cases"]:
        for peer, reason in case["refused"].items():
            found.setdefault((peer, reason), []).append(f"{case['operation']} {case['dtype']}")
    lines = [f"- {peer}: {reason} ({', '.join(dict.fromkeys(names))})" for (peer, reason), names in found.items() if reason != "no such operation"]
    return "\n".join(lines + inaccuracies(run)) or "None."


# Of the row's largest result. What weir promises is far below. In bf16, op by op, every step is rounded.
INACCURATE = {"f32": 1e-4, "bf16": 5e-2}


def inaccuracies(run):
    found = {}
    for case in run["cases"]:
        for name, variant in case["variants"].items():
            if variant["kind"] == "peer" and variant["error"] and variant["error"] > INACCURATE[case["dtype"]]:
                found.setdefault(name, []).append(f"{case['name']} on {case['threads']}: {variant['error']:.1g}")
    return [f"- {name}, largest error as a share of the row's largest result: {'; '.join(cases)}" for name, cases in found.items()]


def head(run, name):
    machine = run["machine"]
    facts = [f"- {key}: {', '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in machine.items()]
    clock = ", ".join(f"{value} GHz" for value in dict.fromkeys(run["clock_GHz"].values()))
    versions = ", ".join(f"{peer} {version}" for peer, version in run["peers"].items()) or "none"
    rounds = sorted({variant["rounds"] for case in run["cases"] for variant in case["variants"].values()})
    return "\n".join([
        f"# Measured {name}", "", f"`{run['command']}` at {run['date']}; how to read it: [docs/benchmarks.md](../../docs/benchmarks.md).", "",
        *facts, f"- clock: {clock}", f"- peers: {versions}",
        f"- medians of {' or '.join(map(str, rounds))} interleaved samples; denormals are flushed",
        "- figures after \"limited by\" are times over weir's: above 1, weir is faster"])


def to_markdown(run, name):
    parts = [head(run, name)]
    for (suite, dtype, threads), cases in groups(run).items():
        parts += [f"## {suite}, {dtype}, {threads} core{'s' if threads > 1 else ''}", f"![{suite}]({plot_name(name, suite, dtype, threads)})", table(cases)]
    parts += ["## Gaps", gaps(run), "## What peers refused or got wrong", refusals(run)]
    if run["left_out"]:
        parts += ["## Left out for want of memory", "\n".join(f"- {r['left_out']}, {r['threads']} threads" for r in run["left_out"])]
    return "\n\n".join(parts) + "\n"


def plot_name(name, suite, dtype, threads):
    return f"{name}-{suite}-{dtype}-{threads}.svg"
