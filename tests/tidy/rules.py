"""The house rules that a program can check. Each takes one file and yields findings.

A rule that is in the way is changed here, in the open, with its reason; no file is exempt by name
except where the reason stands beside it.
"""

import re

from source import Finding

PURE = tuple(f"runtime/{part}" for part in ("model", "policy", "manifest", "record", "api"))

# Which folder may include which. What is not listed may include everything.
ARROWS = {
    "runtime/model": {"runtime/model"},
    "runtime/policy": {"runtime/policy", "runtime/model"},
    "runtime/manifest": {"runtime/manifest", "runtime/policy", "runtime/model"},
    "runtime/record": {"runtime/record", "runtime/policy", "runtime/model"},
    "runtime/api": {"runtime/api", "runtime/record", "runtime/model"},
    "runtime/ports": {"runtime/ports", "runtime/model"},
    "runtime/effects": {
        "runtime/effects", "runtime/ports", "runtime/record", "runtime/api", "runtime/model",
    },
    "actors": {
        "actors", "runtime/ports", "runtime/policy", "runtime/record", "runtime/api", "runtime/model",
    },
    "tools/davit": {"tools/davit", "runtime"},  # the command line speaks to the daemon, it is none
    "tools/davitd": {"tools/davitd", "actors", "runtime"},
}
FOLDERS = ("runtime", "actors", "tools", "tests", "cmake")

# Who may speak to which library: prefix of the include, where, why.
LIBRARIES = (
    (r"caf/", ("actors", "tools/davitd", "tests", "cmake"), "runtime/ works without actors"),
    (r"nlohmann/", ("runtime/record", "runtime/api", "runtime/effects", "tools", "tests"),
     "JSON is spoken at the borders"),
    (r"yaml-cpp/", ("runtime/manifest", "tests"), "runtime/manifest is its only user"),
    (r"rocksdb/", ("runtime/effects", "tests"), "the store is an effect"),
    (r"httplib\.h", ("runtime/effects", "tests"), "HTTP is an effect"),
    (r"systemd/", ("runtime/effects", "tests"), "systemd is an effect"),
    (r"spdlog/", ("runtime/effects", "actors", "tools", "tests"), "pure code has nothing to log"),
)

CLOCKS = (
    (r"\b\w+_clock\s*::\s*now\b", "reads a clock"),
    (r"\bclock_gettime\s*\(", "reads a clock"),
    (r"\bgettimeofday\s*\(", "reads a clock"),
    (r"(?<![\w.>])time\s*\(\s*(?:0|NULL|nullptr|\{\}|&\s*\w+)\s*\)", "reads a clock"),
    (r"\brandom_device\b", "asks for chance"),
    (r"\bmt19937(?:_64)?\b", "asks for chance"),
    (r"(?<![\w.:>])(?:std\s*::\s*)?s?rand\s*\(", "asks for chance"),
    (r"\b(?:secure_)?getenv\s*\(", "reads the environment"),
)
OUTSIDE = re.compile(r"(?:fstream|iostream|unistd\.h|fcntl\.h|thread|mutex|future|sys/.*|netdb\.h|poll\.h|signal\.h|csignal)$")

SOURCE_LINES, HEADER_LINES = 400, 200
# Every message of every actor in one file: that is its point. It may be as long as a source.
WHOLE_HEADERS = ("actors/protocol.hpp",)
# Written in two halves, so that this file does not find itself.
MARKS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SWALLOWED = re.compile(r"\|\|\s*(?:true|:)\s*(?:$|[;)#])")
SWITCHED_OFF = re.compile(r"\[!(?:may|should)fail\]|\"\[\.[^\"]*\]|\bSUCCEED\(|\b(?:REQUIRE|CHECK)\(\s*true\s*\)")
WORKPLACE = re.compile(r"(?<![\w.~$}-])/(?:work(?:space)?|builds|Users/\w+)/")


def arrows(source):
    """Folder to folder: an include may only follow the arrows of docs/architecture.md."""
    if not source.is_code:
        return
    home = next((folder for folder in ARROWS if source.under(folder)), None)
    for number, name, quoted in source.includes():
        ours = any(name.startswith(folder + "/") for folder in FOLDERS)
        if quoted and not ours:
            yield Finding(source.path, number, f'"{name}" is not named from the root',
                          'write "runtime/...", "actors/...", or <...> for a library')
        elif not quoted and ours:
            yield Finding(source.path, number, f"<{name}> is a file of ours", "include it with quotes")
        elif ours and home and not any(name.startswith(to + "/") for to in ARROWS[home]):
            yield Finding(source.path, number, f"{home} may not include {name}",
                          "allowed are " + ", ".join(sorted(ARROWS[home])))
        elif ours and name.startswith("tests/") and not source.under("tests"):
            yield Finding(source.path, number, f"{name} belongs to the tests", "move what is shared out of tests/")


def libraries(source):
    """A library stays behind the folder that wraps it."""
    if not source.is_code:
        return
    for number, name, _ in source.includes():
        for prefix, allowed, why in LIBRARIES:
            if re.match(prefix, name) and not source.under(*allowed):
                yield Finding(source.path, number, f"<{name}> is not for this folder ({why})",
                              "use it from " + ", ".join(allowed))
        if source.under(*PURE) and OUTSIDE.match(name):
            yield Finding(source.path, number, f"<{name}> reaches outside from pure code",
                          "take the fact as an argument, or put the I/O into runtime/effects")


def purity(source):
    """Time, chance and environment come in as arguments; only effects and tools fetch them."""
    if not source.is_code or not source.under("actors", "runtime/ports", *PURE):
        return
    for number, line in enumerate(source.code, 1):
        for pattern, what in CLOCKS:
            if re.search(pattern, line):
                yield Finding(source.path, number, f"{what}: {line.strip()}",
                              "take it as an argument, or through ports::clocks and ports::chance")


def order(source):
    """One seed is one history: no container whose order depends on addresses."""
    if not source.is_code or not source.under("actors", "runtime/policy"):
        return
    for number, line in enumerate(source.code, 1):
        if re.search(r"\bunordered_(?:multi)?(?:map|set)\b", line) and not line.lstrip().startswith("#"):
            yield Finding(source.path, number, "the order of an unordered container is chance", "use std::map or std::set")
    for number, name, _ in source.includes():
        if re.match(r"unordered_(?:map|set)$", name):
            yield Finding(source.path, number, f"<{name}> is not for this folder", "use <map> or <set>")


def size(source):
    """A file that a reader can hold in the head."""
    if not source.is_code or source.under("tests"):
        return
    short = source.is_header and source.path not in WHOLE_HEADERS
    limit = HEADER_LINES if short else SOURCE_LINES
    if len(source.lines) > limit:
        yield Finding(source.path, len(source.lines), f"{len(source.lines)} lines, at most {limit}",
                      "split it along what it does")


def opening(source):
    """A file says first what it is for; a header is guarded."""
    if source.is_code:
        # The header beside it may say it for both.
        own = source.path[:-4] + ".hpp"
        first_line = source.lines[0] if source.lines else ""
        if not re.match(r"// \S", first_line) and first_line != f'#include "{own}"':
            yield Finding(source.path, 1, "does not say what it is for", "open with a line '// ...'")
        # cmake/ holds what is precompiled, included once by the compiler itself.
        if source.is_header and not source.under("cmake") and not any(line.strip() == "#pragma once" for line in source.lines):
            yield Finding(source.path, 1, "is not guarded", "add '#pragma once' below the opening comment")
    elif source.is_shell:
        first = 1 if source.lines and source.lines[0].startswith("#!") else 0
        if len(source.lines) <= first or not re.match(r"# \S", source.lines[first]):
            yield Finding(source.path, first + 1, "does not say what it is for", "open with a line '# ...'")


def marks(source):
    """Nothing is left for later in silence."""
    if source.path.endswith(".md"):
        return
    for number, line in enumerate(source.lines, 1):
        if MARKS.search(line):
            yield Finding(source.path, number, f"left for later: {line.strip()}", "do it, or write it into an issue")


def honesty(source):
    """No failure is swallowed, no test is switched off."""
    if source.under("tests/tidy"):
        return  # plants such lines
    if source.is_shell:
        for number, line in enumerate(source.lines, 1):
            if not line.lstrip().startswith("#") and SWALLOWED.search(line):
                yield Finding(source.path, number, f"swallows a failure: {line.strip()}",
                              "test for the one case that is fine with 'if'")
    if source.is_code and source.under("tests"):
        for number, line in enumerate(source.lines, 1):
            if SWITCHED_OFF.search(line):
                yield Finding(source.path, number, f"a test that cannot fail, or is switched off: {line.strip()}",
                              "make it assert, or delete it")


def workplace(source):
    """Nothing names the machine where it was written."""
    for number, line in enumerate(source.lines, 1):
        if WORKPLACE.search(line):
            yield Finding(source.path, number, f"names a path of one machine: {line.strip()}",
                          "make it relative, or an option")


RULES = (arrows, libraries, purity, order, size, opening, marks, honesty, workplace)


def check(source):
    return [finding for rule in RULES for finding in rule(source)]
