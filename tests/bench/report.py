"""The Markdown of a run."""

GOALS = {"none": 0.88, "bridge": 0.62, "install": 1.25, "cpu": 0.2, "rss": 48, "ready": (150, 2)}


def ms(found):
    return span(found, 1000, "ms")


def span(found, scale, unit, digits=1):
    v, low, high = (found[k] * scale for k in ("value", "low", "high"))
    return f"{v:.{digits}f} {unit} [{low:.{digits}f}, {high:.{digits}f}]"


def ratio(found):
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows] + [""]


def load(row):
    return f"Load average {row['load_before']:.1f} before, {row['load_after']:.1f} after."


def crash(row):
    rows = []
    for network in ("none", "bridge"):
        r = row[network]
        rows.append([network, ms(r["davit"]), ms(r["podman"]), ms(r["watcher"]), ratio(r["davit_ratio"]),
                     f"at most {GOALS[network]}", ratio(r["watcher_ratio"]), r["davit"]["n"],
                     " / ".join(str(n) for n in r["lost"].values())])
    return ["### Crash to running again", "", load(row), "",
            *table(["network", "Davit", "podman `restart=always`", "bare watcher", "Davit to podman", "goal",
                    "watcher to podman", "rounds", "starts that did not last (Davit / podman / watcher)"], rows)]


def install(row):
    rows = [["Davit, from `davit install --no-wait`", span(row["davit_s"], 1, "s", 3), ratio(row["ratio"]),
             f"at most {GOALS['install']}", row["davit_s"]["n"]],
            ["until that command returned", span(row["davit_returned_s"], 1, "s", 3), "", "", row["davit_s"]["n"]],
            ["bare loop of 4 callers", span(row["loop_s"], 1, "s", 3), "1", "", row["loop_s"]["n"]]]
    if "compose_s" in row:
        rows.append(["podman-compose", span(row["compose_s"], 1, "s"),
                     f"{row['compose_s']['value'] / row['loop_s']['value']:.1f}", "", row["compose_s"]["n"]])
    return ["### Install of 20 services, 5 levels deep, to the last one running", "", load(row), "",
            *table(["by", "time", "ratio to the loop", "goal", "n"], rows)]


def idle(row):
    rows = [[n, f"{r['cpu_percent']:.3f} %", f"{r['wakeups_per_s']:.2f}", f"{r['rss_mib']:.1f} MiB", r["threads"]]
            for n, r in row["counts"].items()]
    return ["### Nothing happening", "", load(row) + f" Goal with 100: at most {GOALS['cpu']} % of a core, {GOALS['rss']} MiB.",
            "", *table(["containers", "processor", "wakeups a second", "RSS", "threads"], rows)]


def startup(row):
    first, each = GOALS["ready"]
    rows = [[n, ms(r["ready_s"]), f"at most {first + each * int(n)} ms", r["ready_s"]["n"]] for n, r in row["counts"].items()]
    return ["### Start of `davitd` to READY", "", load(row), "",
            *table(["containers to adopt", "time", "goal", "n"], rows)]


def markdown(results):
    m = results["machine"]
    lines = [f"Made by `{results['command']}` on {m['date']}, commit {m['commit']}: {m['cores']} cores of {m['processor']}, "
             f"{m['memory_mib']} MiB, Linux {m['kernel']}, {m['podman']}, {m['runtime']}. "
             "Medians with 95 % bootstrap intervals.", ""]
    for name, show in (("crash", crash), ("install", install), ("idle", idle), ("startup", startup)):
        if name in results["rows"]:
            lines += show(results["rows"][name])
    return "\n".join(lines)
