"""The rules themselves are tested: for each a planted breach that it must find on its line, and
the nearest innocent text that it must leave alone."""

import os
import subprocess
import sys
import tempfile
import unittest

import linters
import rules
from source import Source

# rule | path | line that breaks it | the like of it that does not (there, or elsewhere: a pair)
PLANTS = (
    (rules.arrows, "runtime/model/a.hpp", '#include "runtime/policy/b.hpp"', '#include "runtime/model/b.hpp"'),
    (rules.arrows, "runtime/policy/a.cpp", '#include "runtime/ports/b.hpp"', '#include "runtime/policy/b.hpp"'),
    (rules.arrows, "runtime/manifest/a.cpp", '#include "runtime/effects/b.hpp"', '#include "runtime/model/b.hpp"'),
    (rules.arrows, "runtime/record/a.cpp", '#include "runtime/api/b.hpp"', '#include "runtime/model/b.hpp"'),
    (rules.arrows, "runtime/api/a.cpp", '#include "runtime/ports/b.hpp"', '#include "runtime/record/b.hpp"'),
    (rules.arrows, "runtime/ports/a.hpp", '#include "runtime/policy/b.hpp"', '#include "runtime/model/b.hpp"'),
    (rules.arrows, "runtime/effects/a.cpp", '#include "runtime/policy/b.hpp"', '#include "runtime/ports/b.hpp"'),
    (rules.arrows, "runtime/effects/a.cpp", '#include "runtime/manifest/loader.hpp"', '#include "runtime/record/b.hpp"'),
    (rules.arrows, "runtime/effects/a.cpp", '#include "actors/b.hpp"', '#include "runtime/api/b.hpp"'),
    (rules.arrows, "actors/a.cpp", '#include "runtime/effects/b.hpp"', '#include "runtime/policy/b.hpp"'),
    (rules.arrows, "actors/a.cpp", '#include "tools/davitd/b.hpp"', '#include "actors/b.hpp"'),
    (rules.arrows, "tools/davit/a.cpp", '#include "actors/b.hpp"', '#include "runtime/effects/b.hpp"'),
    (rules.arrows, "tools/davitd/a.cpp", '#include "tests/b.hpp"', '#include "runtime/effects/b.hpp"'),
    (rules.arrows, "runtime/model/a.hpp", '#include "b.hpp"', '#include <vector>'),
    (rules.arrows, "runtime/model/a.hpp", '#include <runtime/model/b.hpp>', '#include "runtime/model/b.hpp"'),
    (rules.libraries, "runtime/effects/a.cpp", "#include <caf/all.hpp>", ("actors/a.cpp", "#include <caf/all.hpp>")),
    (rules.libraries, "runtime/policy/a.cpp", "#include <nlohmann/json.hpp>",
     ("runtime/api/a.cpp", "#include <nlohmann/json.hpp>")),
    (rules.libraries, "tools/davit/a.cpp", "#include <yaml-cpp/yaml.h>",
     ("runtime/manifest/a.cpp", "#include <yaml-cpp/yaml.h>")),
    (rules.libraries, "actors/a.cpp", "#include <rocksdb/db.h>", ("runtime/effects/a.cpp", "#include <rocksdb/db.h>")),
    (rules.libraries, "tools/davit/a.cpp", "#include <httplib.h>", ("runtime/effects/a.cpp", "#include <httplib.h>")),
    (rules.libraries, "actors/a.cpp", "#include <systemd/sd-daemon.h>",
     ("runtime/effects/a.cpp", "#include <systemd/sd-daemon.h>")),
    (rules.libraries, "runtime/policy/a.cpp", "#include <spdlog/spdlog.h>", ("actors/a.cpp", "#include <spdlog/spdlog.h>")),
    (rules.libraries, "runtime/manifest/a.cpp", "#include <fstream>", ("runtime/effects/a.cpp", "#include <fstream>")),
    (rules.libraries, "runtime/policy/a.cpp", "#include <sys/stat.h>", "#include <string>"),
    (rules.purity, "actors/a.cpp", "auto t = std::chrono::steady_clock::now();", "std::chrono::steady_clock::time_point t;"),
    (rules.purity, "actors/a.cpp", "auto t = my_clock :: now();", "auto t = clock().now();"),
    (rules.purity, "runtime/policy/a.cpp", "clock_gettime(CLOCK_REALTIME, &t);", "// clock_gettime(x) is never called"),
    (rules.purity, "runtime/policy/a.cpp", "gettimeofday(&t, nullptr);", 'say("gettimeofday()");'),
    (rules.purity, "runtime/policy/a.cpp", "auto t = std::time(nullptr);", "auto t = start_time(nullptr);"),
    (rules.purity, "runtime/policy/a.cpp", "auto t = time(0);", "auto t = row.time(0);"),
    (rules.purity, "runtime/policy/a.cpp", "std::random_device chance;", "double random = unit;"),
    (rules.purity, "runtime/record/a.cpp", "std::mt19937_64 chance;", 'auto s = R"(mt19937)";'),
    (rules.purity, "runtime/api/a.cpp", "int n = rand();", "int n = operand();"),
    (rules.purity, "runtime/manifest/a.cpp", 'auto v = std::getenv("HOME");',
     ("tools/davit/a.cpp", 'auto v = std::getenv("HOME");')),
    (rules.purity, "runtime/ports/a.hpp", "auto t = std::chrono::system_clock::now();",
     ("runtime/effects/a.cpp", "auto t = std::chrono::system_clock::now();")),
    (rules.order, "actors/a.cpp", "std::unordered_map<int, int> rows;", "std::map<int, int> rows;"),
    (rules.order, "runtime/policy/a.cpp", "std::unordered_set<int> rows;",
     ("runtime/effects/a.cpp", "std::unordered_set<int> rows;")),
    (rules.order, "actors/a.cpp", "#include <unordered_map>", "#include <map>"),
    (rules.size, "actors/a.cpp", "\n" * 400 + "int x;", ("tests/sim/a.cpp", "\n" * 900 + "int x;")),
    (rules.size, "runtime/model/a.hpp", "\n" * 200 + "int x;", ("actors/a.cpp", "\n" * 200 + "int x;")),
    (rules.marks, "actors/a.cpp", "// TO" "DO later", "// to do it later is no plan"),
    (rules.marks, "tools/a.sh", "# FIX" "ME", ("docs/a.md", "FIX" "ME is not allowed")),
    (rules.marks, "runtime/model/a.hpp", "int x; // XX" "X", 'mktemp("dir.XXXXXX");'),
    (rules.marks, "cmake/a.cmake", "# HA" "CK", "# HACKNEY"),
    (rules.honesty, "tools/a.sh", "grep x y || true", "grep x y || exit 1"),
    (rules.honesty, "tools/a.sh", "grep x y || :", "# 'cmd || true' is not allowed"),
    (rules.honesty, "tests/unit/a.cpp", 'TEST_CASE("x", "[.]") {}', 'TEST_CASE("x", "[policy]") {}'),
    (rules.honesty, "tests/unit/a.cpp", 'TEST_CASE("x", "[!mayfail]") {}', "CHECK(true == x);"),
    (rules.honesty, "tests/unit/a.cpp", "SUCCEED();", "REQUIRE(succeeded);"),
    (rules.workplace, "docs/a.md", "see /wor" "k/main/docs", "see /var/lib/davit/work/x"),
    (rules.workplace, "tools/a.sh", "cd /buil" "ds/davit", 'cd "$root/build/dev"'),
)


class Rules(unittest.TestCase):
    def test_each_rule_finds_its_plant_on_its_line_and_nothing_innocent(self):
        for rule, path, bad, good in PLANTS:
            good_path, good_line = good if isinstance(good, tuple) else (path, good)
            with self.subTest(rule=rule.__name__, bad=bad.strip()):
                found = list(rule(Source(path, "// Opens.\n" + bad + "\n")))
                self.assertEqual([2 + bad.count("\n")], [one.line for one in found], found)
                self.assertEqual(path, found[0].path)
                self.assertTrue(found[0].what and found[0].remedy)
                self.assertEqual([], list(rule(Source(good_path, "// Opens.\n" + good_line + "\n"))))

    def test_a_file_says_what_it_is_for(self):
        for path, bad, good in (
            ("actors/a.cpp", "#include <map>\n", "// Keeps the rows.\n#include <map>\n"),
            ("actors/a.cpp", '#include "actors/b.hpp"\n', '#include "actors/a.hpp"\n'),
            ("actors/a.hpp", "// Keeps the rows.\nint x;\n", "// Keeps the rows.\n#pragma once\nint x;\n"),
            ("tools/a.sh", "#!/bin/sh\nset -e\n", "#!/bin/sh\n# Sets things.\nset -e\n"),
        ):
            with self.subTest(path=path):
                self.assertEqual(1, len(list(rules.opening(Source(path, bad)))))
                self.assertEqual([], list(rules.opening(Source(path, good))))

    def test_every_rule_has_a_plant(self):
        planted = {rule for rule, *_ in PLANTS} | {rules.opening}
        self.assertEqual(set(rules.RULES), planted)


class Whole(unittest.TestCase):
    """The linters, and the program as CTest runs it, on a small tree of their own."""

    def setUp(self):
        self.root = tempfile.TemporaryDirectory(prefix="tidy-")
        self.addCleanup(self.root.cleanup)
        self.write(".clang-format", "BasedOnStyle: LLVM\n")

    def write(self, path, text):
        full = os.path.join(self.root.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as stream:
            stream.write(text)
        return Source(path, text)

    def run_tidy(self):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tidy.py")
        return subprocess.run([sys.executable, program, self.root.name], capture_output=True, text=True, check=False)

    def test_layout(self):
        good = self.write("actors/a.cpp", "// Opens.\nint x = 1;\n")
        self.assertEqual([], list(linters.layout(self.root.name, [good])))
        bad = self.write("actors/b.cpp", "// Opens.\nint   x=1;\n")
        self.assertEqual([("actors/b.cpp", 2)], [(f.path, f.line) for f in linters.layout(self.root.name, [good, bad])])

    def test_shell(self):
        good = self.write("tools/a.sh", '#!/bin/bash\n# Says.\necho "$1"\n')
        self.assertEqual([], list(linters.shell(self.root.name, [good])))
        bad = self.write("tools/b.sh", "#!/bin/bash\n# Says.\ncd /tmp/x\n")
        self.assertEqual([("tools/b.sh", 3)], [(f.path, f.line) for f in linters.shell(self.root.name, [good, bad])])

    def test_the_program_fails_on_a_breach_and_names_the_place(self):
        self.write("actors/a.cpp", "// Opens.\nint x = 1;\n")
        self.assertEqual(0, self.run_tidy().returncode)
        self.write("actors/a.cpp", '// Opens.\n#include "runtime/effects/b.hpp"\n')
        done = self.run_tidy()
        self.assertEqual(1, done.returncode)
        self.assertIn("actors/a.cpp:2: actors may not include runtime/effects/b.hpp; allowed are", done.stdout)

    def test_generated_folders_are_not_read(self):
        self.write("build/dev/a.cpp", "int   x;")
        self.write("actors/a.cpp", "// Opens.\nint x = 1;\n")
        self.assertEqual(0, self.run_tidy().returncode)


if __name__ == "__main__":
    unittest.main()
