"""Layout and shell, judged by the programs that know them: clang-format and shellcheck."""

import re
import subprocess

from source import Finding


def _run(command, root):
    return subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def layout(root, sources):
    """Every C++ file is as clang-format would write it."""
    paths = [source.path for source in sources if source.is_code]
    if not paths:
        return
    done = _run(["clang-format", "--dry-run", "--Werror", "--ferror-limit=1", *paths], root)
    places = re.findall(r"^(.+?):(\d+):\d+: error: code should be clang-formatted", done.stderr, re.M)
    for path, line in places:
        yield Finding(path, int(line), "is not clang-format clean", f"run: clang-format -i {path}")
    if done.returncode and not places:
        yield Finding(".clang-format", 1, f"clang-format failed: {done.stderr.strip()}", "mend what it names")


def shell(root, sources):
    """Every shell script is free of what shellcheck warns of."""
    paths = [source.path for source in sources if source.is_shell]
    if not paths:
        return
    done = _run(["shellcheck", "-x", "-s", "bash", "-S", "warning", "-f", "gcc", *paths], root)
    places = re.findall(r"^(.+?):(\d+):\d+: \w+: (.+?) \[(SC\d+)\]$", done.stdout, re.M)
    for path, line, what, code in sorted(set(places)):
        yield Finding(path, int(line), what.rstrip("."), f"see https://www.shellcheck.net/wiki/{code}")
    if done.returncode and not places:
        yield Finding("tools", 1, f"shellcheck failed: {done.stderr.strip()}", "mend what it names")


LINTERS = (layout, shell)


def check(root, sources):
    return [finding for linter in LINTERS for finding in linter(root, sources)]
