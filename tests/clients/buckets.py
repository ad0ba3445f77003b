"""Keeps backups in a bucket of a real S3 service (moto), and brings the instance back from there.

    buckets.py                 starts moto and the binary built in target/debug, makes a snapshot with
                               a key bundle in a bucket, and restores it on an empty machine
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

BINARY = Path(__file__).resolve().parents[2] / "target" / "debug" / "imvume"
PATIENCE = 60.0
BUCKET = "backups"

CONFIG = """
[instance]
directory = "data"
key_file = "root.key"
organisation = "Kaapse Koffie"
country = "ZA"
log_name = "shop.example"

[listen]
public = "127.0.0.1:0"
apps = "127.0.0.1:0"
staff = "127.0.0.1:0"

[meta]
app_secret = "emulator-app-secret"
verify_token = "emulator-verify-token"
graph_url = "http://127.0.0.1:9/"

[egress]
allow_private = ["127.0.0.1"]

[backup]
recipients = ["{recipient}"]
every_hours = 0

[[backup.place]]
endpoint = "http://127.0.0.1:{port}"
bucket = "{bucket}"
prefix = "below"
account = "somebody"
secret = "not-checked-by-this-service"

[[backup.place]]
directory = "{directory}"
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        service = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            play(Path(folder), port)
        finally:
            service.terminate()
            service.wait(PATIENCE)
    print("buckets: a snapshot and a key bundle went into a bucket, and an instance came back")
    return 0


def play(folder: Path, port: int) -> None:
    make_bucket(port)
    subprocess.run(
        ["age-keygen", "-o", folder / "recovery"], check=True, stderr=subprocess.DEVNULL
    )
    recipient = subprocess.run(
        ["age-keygen", "-y", folder / "recovery"], check=True, capture_output=True, text=True
    ).stdout.strip()
    os.chmod(folder / "recovery", 0o600)
    (folder / "place").mkdir()
    filled = CONFIG.format(
        recipient=recipient, port=port, bucket=BUCKET, directory=folder / "place"
    )
    first, second = folder / "first", folder / "second"
    for machine in (first, second):
        machine.mkdir()
        (machine / "imvume.toml").write_text(filled)
        os.chmod(machine / "imvume.toml", 0o600)
    start_once(first)
    made = call(first, "backup", "create", "--json")
    listed = call(first, "backup", "list", "--json")
    (snapshot,) = listed["snapshots"]
    assert snapshot["name"] == made["snapshot"], listed
    assert snapshot["places"] == [0, 1], listed
    assert all(place["bundle"] for place in listed["places"]), listed
    verified = call(first, "backup", "verify", "--json")
    assert verified["opened"] > 0, verified
    opened_by_age(folder)
    # The disk beside the bucket is lost along with the host.
    shutil.rmtree(folder / "place")
    (folder / "place").mkdir()
    came = call(second, "backup", "restore", "--identity", folder / "recovery", "--json")
    assert came["snapshot"] == made["snapshot"], came
    assert came["leaves"] > 0, came
    start_once(second)


def opened_by_age(folder: Path) -> None:
    """A part of the key bundle opens with the age tool alone."""
    (part,) = (folder / "place").glob("imvume-*/bundle/*-whole.age")
    opened = subprocess.run(
        ["age", "-d", "-i", folder / "recovery", part], check=True, capture_output=True
    ).stdout
    assert opened.startswith(b"IMVMPART"), opened[:8]


def start_once(machine: Path) -> None:
    """The first start makes the instance; it ends by a signal once it listens."""
    gateway = subprocess.Popen(
        [BINARY, "serve"], cwd=machine, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in gateway.stdout:
        if line.startswith("Listening"):
            break
    gateway.send_signal(signal.SIGTERM)
    gateway.communicate(timeout=PATIENCE)
    assert gateway.returncode == 0, gateway.returncode


def call(machine: Path, *arguments: object) -> dict:
    done = subprocess.run(
        [BINARY, *arguments], cwd=machine, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def make_bucket(port: int) -> None:
    wanted = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", method="PUT")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(wanted, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < until, "the service does not come up"
            time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
