#!/usr/bin/env python3
"""clang_tidy.py BUILD_FOLDER [--jobs N]: runs clang-tidy-19 over every file that the folder compiles.

The build folder (Ninja) must be built: it knows the headers of each file. A file found clean is remembered in
~/.cache/normwatch-tidy by everything that the finding depends on (the file, its headers, its command, .clang-tidy, the program),
so a second run looks at what changed only. Exit code: 0 clean, 1 findings, 2 usage.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

PROGRAM = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(base) / "normwatch-tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def headers_by_object(build):
    """What Ninja noted of each object: the files it was compiled from."""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found, current = {}, None
    for line in text.splitlines():
        if line.startswith("    "):
            current.append(line.strip())
        elif line:
            current = found.setdefault(line.partition(":")[0], [])
    return found


@functools.cache
def state_of(path):
    """The content of a file of ours; of others their size and time."""
    if path.is_relative_to(ROOT):
        return f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    stat = path.stat()
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


def key_of(entry, headers, common):
    build = pathlib.Path(entry["directory"])
    parts = [common, entry["command"].replace(str(ROOT), "")]
    for name in sorted({entry["file"], *headers}):
        parts.append(state_of(pathlib.Path(os.path.normpath(build / name))))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def look_at(build, file):
    """The findings in a file; empty = clean."""
    done = subprocess.run([PROGRAM, "-p", str(build), "--quiet", "--warnings-as-errors=*", file], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def object_of(entry):
    words = shlex.split(entry["command"])
    return words[words.index("-o") + 1]


def is_ours(entry, build):
    path = pathlib.Path(entry["file"])
    return path.is_relative_to(ROOT) and not path.is_relative_to(build)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    entries = [e for e in json.loads((asked.build / "compile_commands.json").read_text()) if is_ours(e, asked.build)]
    headers, cache = headers_by_object(asked.build), cache_folder()
    common = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout + (ROOT / ".clang-tidy").read_text()
    keys = {e["file"]: key_of(e, headers.get(object_of(e), []), common) for e in entries}
    todo = [f for f, key in keys.items() if not (cache / key).exists()]
    print(f"{len(entries)} files, {len(entries) - len(todo)} known to be clean", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        for file, findings in zip(todo, pool.map(functools.partial(look_at, asked.build), todo)):
            if findings:
                failed += 1
                print(findings, flush=True)
            else:
                (cache / keys[file]).touch()
    print(f"{len(entries) - failed} passed, {failed} failed")
    return 1 if failed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
