"""What the comparisons with the executable model share: their options, and the model and the program with one world in both."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def options(doc, **numbers):
    """The command line of a comparison; afterwards the model can be imported."""
    p = argparse.ArgumentParser(description=doc.split("\n", maxsplit=1)[0])
    p.add_argument("--model", type=pathlib.Path, required=True)
    p.add_argument("--normwatch", required=True)
    for name, default in numbers.items():
        p.add_argument(f"--{name}", type=int, default=default)
    p.add_argument("world", type=pathlib.Path)
    args = p.parse_args()
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(args.model))
    return args


@contextlib.contextmanager
def both(args, folder):
    """The world of `folder` in the model and in the program: the model's World, and the program serving."""
    import diff
    from normwatch_spec import config
    from normwatch_spec.product import Product
    work, sides = pathlib.Path(tempfile.mkdtemp(prefix="normwatch-sides-")), []
    try:
        sides = [diff.Side("model", args.model / "normwatch_model", folder, None), diff.Side("normwatch", args.normwatch, folder, None)]
        with Server(args.normwatch, sides[1].config, work) as server:
            yield Product(config.load(str(sides[0].config))).world(), server
    finally:
        for side in sides:
            shutil.rmtree(side.dir, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """The program, serving; ended with the block."""

    def __init__(self, binary, config, folder):
        self.address = f"127.0.0.1:{free_port()}"
        env = {**os.environ, "NORMWATCH_SERVER__LISTEN": self.address, "NORMWATCH_SERVER__METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
        with open(folder / "serve.log", "wb") as log:
            self.process = subprocess.Popen([binary, "serve", "--config", str(config)], env=env, stdout=log, stderr=log)

    def __enter__(self):
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5):
                    return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        sys.exit("the server does not get ready")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def get(self, target):
        with urllib.request.urlopen(f"http://{self.address}{target}", timeout=30) as answer:
            return json.load(answer)
