"""House rules as a test: reads the tree and prints 'file:line: what; remedy' for every breach.

    python3 tests/tidy/tidy.py [ROOT]     exit 0: none; 1: some; 2: nothing to read
"""

import os
import sys

import linters
import rules
import source


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", ".."))
    sources = source.load(root)
    if not sources:
        print(f"tidy: no files below {root}", file=sys.stderr)
        return 2
    findings = [finding for one in sources for finding in rules.check(one)] + linters.check(root, sources)
    for finding in sorted(findings, key=lambda one: (one.path, one.line)):
        print(finding)
    print(f"tidy: {len(sources)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
