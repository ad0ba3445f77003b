"""Drives a gateway with pywa, as apps do, and says what held.

    run.py                     starts the binary built in target/debug and plays every case
    run.py --emulator URL      plays what needs no gate against an emulator alone
"""

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import httpx

import cases
from client import Client
from client import free_port
from emulator import Emulator
from facts import App
from facts import Facts
from facts import Person

BINARY = Path(__file__).resolve().parents[2] / "target" / "debug" / "imvume"
PATIENCE = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emulator", help="an emulator to play against, without a gateway")
    arguments = parser.parse_args()
    outcome = against_emulator(arguments.emulator) if arguments.emulator else against_gateway()
    print(f"{outcome.count(True)} passed, {outcome.count(False)} failed")
    return 0 if all(outcome) and outcome else 1


def against_gateway() -> list[bool]:
    """Starts an instance with its own emulator and plays with both apps."""
    clients = {mode: Client(mode, free_port()) for mode in ("real", "alias")}
    with tempfile.TemporaryDirectory() as folder:
        facts_path = Path(folder, "clients.json")
        command = [BINARY, "demo", "--dir", Path(folder, "data"), "--clients", facts_path]
        for mode, client in clients.items():
            command += [f"--{mode}-webhook", client.webhook]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            facts = Facts.read(wait_for(facts_path, process))
            for mode, client in clients.items():
                client.open(facts.apps[mode], facts)
            emulator = Emulator(facts.emulator_url)
            return play(cases.REAL, clients["real"], emulator, facts, judged=True) + play(
                cases.PSEUDONYMOUS, clients["alias"], emulator, facts, judged=True
            )
        finally:
            for client in clients.values():
                client.close()
            process.terminate()
            process.wait(timeout=PATIENCE)


def wait_for(path: Path, process: subprocess.Popen) -> Path:
    """Waits until the instance has opened its doors and written of them."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        if process.poll() is not None:
            sys.exit(f"the instance ended with {process.returncode} before it was up")
        if deadline < time.monotonic():
            sys.exit("the instance did not open its doors")
        time.sleep(0.02)
    return path


def against_emulator(url: str) -> list[bool]:
    """Plays with an emulator in the gateway's place."""
    people = httpx.get(f"{url}/_emulator/people").json()["people"]
    first = next(person for person in people if person.get("phone"))
    app = App(
        mode="real",
        token="emulator-access-token",
        secret="emulator-app-secret",
        verify_token="emulator-verify-token",
    )
    facts = Facts(
        apps_url=url,
        emulator_url=url,
        number_id="106540352242922",
        waba_id="102290129340398",
        apps={"real": app},
        people={
            "consented": Person(first["id"], first["name"], first["phone"], first["user_id"])
        },
    )
    client = Client("real", free_port())
    client.open(app, facts)
    try:
        answer = httpx.post(f"{url}/_emulator/verify", json={"url": client.webhook})
        assert answer.status_code == 200, answer.text
        return play(cases.EMULATOR, client, Emulator(url), facts, judged=False)
    finally:
        client.close()


def play(wanted: list, client: Client, emulator: Emulator, facts: Facts, *, judged: bool) -> list[bool]:
    """Plays each case and prints how it went."""
    scene = cases.Scene(client, emulator, facts, judged)
    outcome = []
    for case in wanted:
        try:
            case(scene)
        except Exception:
            traceback.print_exc()
            outcome.append(False)
        else:
            outcome.append(True)
        print(f"{'ok    ' if outcome[-1] else 'FAILED'} {client.mode}: {case.__doc__}", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
