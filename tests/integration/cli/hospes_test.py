#!/usr/bin/env python3
"""`hospes` without a VM: help, mistakes, completion in real shells, the man page.

usage: hospes_test.py build/release/bin/hospes [unittest options]
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest


class Program(unittest.TestCase):
    program = None

    def setUp(self):
        self.data = self.enterContext(tempfile.TemporaryDirectory())  # no images

    def run_words(self, *words, **keywords):
        environment = {**os.environ, "XDG_DATA_HOME": self.data, "LC_ALL": "C.UTF-8"}
        return subprocess.run([self.program, *words], capture_output=True, text=True, timeout=30, check=False,
                              env=environment, stdin=subprocess.DEVNULL, **keywords)


class Help(Program):
    def commands(self):
        """Every command that completion knows, as lists of words."""
        found = []
        for line in self.run_words("__complete", "--", "").stdout.splitlines():
            word = line.split("\t")[0]
            inner = self.run_words("__complete", "--", word, "").stdout
            group = self.run_words(word, "--help").stdout.startswith(("Build,",))
            found += [[word, name.split("\t")[0]] for name in inner.splitlines()] if group else [[word]]
        return [words for words in found if words != ["--help"]]

    def test_everywhere(self):
        commands = self.commands()
        self.assertIn(["run"], commands)
        for words in ([], *commands):
            with self.subTest(command=words):
                result = self.run_words(*words, "--help")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn("Usage: hospes", result.stdout)
                self.assertIn("xit status", result.stdout)
                self.assertEqual(self.run_words("help", *words).stdout, result.stdout)

    def test_run_says_what_is_still_to_come(self):
        text = " ".join(self.run_words("run", "--help").stdout.split())
        self.assertIn("Still to come: shared folders (-v) and a network", text)

    def test_version(self):
        text = self.run_words("version").stdout
        value = json.loads(self.run_words("version", "--json").stdout)
        self.assertIn(value["version"], text)
        self.assertRegex(value["engine"]["build"], "^[0-9a-f]{16}$")
        self.assertIn(value["engine"]["build"], text)
        self.assertEqual(value["engines"], ["kvm", "translator"])
        for engine in value["engines"]:
            self.assertIn(f"engine: {engine}, ", text)
        self.assertEqual(self.run_words("--version").stdout, text)


class Mistakes(Program):
    def refused(self, words, status, said):
        result = self.run_words(*words)
        self.assertEqual((result.returncode, result.stdout), (status, ""), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("hospes: "), result.stderr)
        self.assertIn(said, result.stderr)

    def test_commands(self):
        self.refused([], 2, "hospes --help")
        self.refused(["rum"], 2, "did you mean run?")
        self.refused(["frobnicate"], 2, "hospes --help")
        self.refused(["image", "lss"], 2, "did you mean ls?")
        self.refused(["image"], 2, "hospes image --help")

    def test_options(self):
        self.refused(["version", "--jsno"], 2, "did you mean --json?")
        self.refused(["version", "extra"], 2, "extra")
        self.refused(["completion", "csh"], 1, "bash, zsh or fish")

    def test_run(self):
        for words, said in ((["run"], "IMAGE"), (["run", "--memry", "1", "micro"], "did you mean --memory?"),
                            (["run", "--memory", "much", "micro"], "--memory"), (["run", "--memory", "0", "micro"], "512M"),
                            (["run", "--disk-size", "-1", "micro"], "--disk-size"),
                            (["run", "--timeout", "soon", "micro"], "--timeout"), (["run", "-tT", "micro"], "-t and -T"),
                            (["run", "--name", "a b", "micro"], "--name"), (["run", "-e", "=x", "micro"], "NAME=VALUE"),
                            (["run", "--pull", "maybe", "micro"], "--pull"),
                            (["run", "--pull", "never", "micro"], "micro"),
                            (["run", "-v", ".:/work", "micro"], "still to come")):
            with self.subTest(words=words):
                self.refused(words, 125, said)

    def test_nobody_takes_the_output(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(subprocess.run([self.program, "--help"], stdout=full, check=False).returncode, 1)


class Completion(Program):
    CASES = (("hospes ru", {"run"}), ("hospes run --mem", {"--memory"}), ("hospes run deb", {"debian:12", "debian:13"}),
             ("hospes run debian:1", {"debian:12", "debian:13"}), ("hospes run --pull n", {"never"}),
             ("hospes run --pull=n", {"--pull=never"}), ("hospes image l", {"ls"}),
             ("hospes run -e debian mic", {"micro"}), ("hospes completion", {"completion"}))

    def answers(self, shell, script, line):
        """What `script`, fed to `shell`, prints for the command line in LINE: a word a line."""
        path = f"{pathlib.Path(self.program).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "XDG_DATA_HOME": self.data, "LINE": line}
        result = subprocess.run([shell, *script], capture_output=True, text=True, timeout=60, check=False, env=environment)
        self.assertEqual(result.stderr, "")
        return {word.strip() for word in result.stdout.splitlines() if word.strip()}

    def test_bash(self):
        # The words as readline splits them, at "=" and ":" too.
        script = r"""
            source <(hospes completion bash)
            COMP_LINE=$LINE COMP_POINT=${#LINE}
            mapfile -t COMP_WORDS < <(grep -oE '[:=]|[^ :=]+' <<<"$LINE")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _hospes
            printf '%s\n' "${COMPREPLY[@]}"
        """
        for line, wanted in self.CASES:
            with self.subTest(line=line):
                last = line.split()[-1]
                cut = last[: max(last.rfind(":"), last.rfind("=")) + 1]  # readline keeps that part by itself
                self.assertEqual({cut + word for word in self.answers("bash", ["-c", script], line)}, wanted)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        for line, wanted in self.CASES:
            with self.subTest(line=line):
                script = 'source (hospes completion fish | psub); complete --do-complete "$LINE"'
                found = self.answers("fish", ["--no-config", "-c", script], line)
                self.assertEqual({word.split("\t")[0] for word in found}, wanted)

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        # _describe is replaced by one that shows what it is given, so that no terminal is needed.
        script = r"""
            compdef() { : }
            _describe() { for one in ${(P)2}; do one=${one//\\:/%}; print -r -- ${${one%%:*}//\%/:}; done }
            source <(hospes completion zsh)
            words=(${=LINE}); CURRENT=${#words}
            _hospes
        """
        for line, wanted in self.CASES:
            with self.subTest(line=line):
                found = {word for word in self.answers("zsh", ["-f", "-c", script], line)}
                self.assertEqual(found, wanted)


class Manual(Program):
    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_has_no_warnings(self):
        page = pathlib.Path(self.data) / "hospes.1"
        page.write_text(self.run_words("__manual").stdout, encoding="utf-8")
        result = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], capture_output=True, text=True,
                                timeout=60, check=False, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("hospes run [OPTIONS] IMAGE [--] [COMMAND [ARGUMENT...]]", result.stdout)
        self.assertIn("--disk-size", result.stdout)


if __name__ == "__main__":
    Program.program = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
