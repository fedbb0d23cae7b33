"""One file of the tree as the rules see it: its path, its lines, and its lines of pure code."""

import os
import re
from dataclasses import dataclass, field

SKIPPED_FOLDERS = {".git", ".cache", "build", "__pycache__", "out"}
CODE = (".cpp", ".hpp")
# Comments, string and character literals; raw strings first, they contain the others.
_LITERALS = re.compile(
    r'R"([^()\\ ]{0,16})\((?P<raw>.*?)\)\1"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    what: str
    remedy: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.remedy}"


def strip(text):
    """Blanks comments and literals, keeps every line where it was."""

    def blank(match):
        found = match.group(0)
        return "\n" * found.count("\n") if found.startswith("/") else '""' + "\n" * found.count("\n")

    return _LITERALS.sub(blank, text)


@dataclass
class Source:
    path: str  # from the root, with slashes
    text: str
    lines: list = field(init=False)
    code: list = field(init=False)  # without comments and literals; empty where not C++

    def __post_init__(self):
        self.lines = self.text.splitlines()
        self.code = strip(self.text).splitlines() if self.is_code else []

    @property
    def is_code(self):
        return self.path.endswith(CODE)

    @property
    def is_header(self):
        return self.path.endswith(".hpp")

    @property
    def is_shell(self):
        return self.path.endswith(".sh") or bool(re.match(r"#!.*\b(ba)?sh\b", self.lines[0] if self.lines else ""))

    def under(self, *folders):
        return any(self.path.startswith(folder + "/") for folder in folders)

    def includes(self):
        """(line number, name, is it quoted) of every include."""
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'


def load(root):
    """Every text file below root, generated folders aside."""
    sources = []
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            full = os.path.join(folder, name)
            if os.path.islink(full) or not os.path.isfile(full):
                continue
            with open(full, "rb") as stream:
                content = stream.read()
            if b"\0" in content:
                continue
            path = os.path.relpath(full, root).replace(os.sep, "/")
            sources.append(Source(path, content.decode("utf-8", errors="replace")))
    return sources
