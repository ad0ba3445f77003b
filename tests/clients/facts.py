"""What the suite knows of the instance it drives: the file that `--clients` names."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """Somebody the emulator plays."""

    handle: str
    name: str
    phone: str  # digits, country code first
    user_id: str


@dataclass(frozen=True)
class App:
    """Client software that is registered with the instance, and where it is relayed to."""

    mode: str  # "real" or "alias"
    token: str
    secret: str
    verify_token: str


@dataclass(frozen=True)
class Facts:
    """An instance: where it listens, whom it knows, which apps it has."""

    apps_url: str
    emulator_url: str
    number_id: str
    waba_id: str
    apps: dict[str, App]
    people: dict[str, Person]

    @classmethod
    def read(cls, path: Path) -> "Facts":
        raw = json.loads(path.read_text())
        return cls(
            apps_url=f"http://{raw['apps']}",
            emulator_url=f"http://{raw['emulator']}",
            number_id=raw["names"]["NUMBER_ID"],
            waba_id=raw["names"]["WABA_ID"],
            apps={mode: App(mode=mode, **app) for mode, app in raw["clients"].items()},
            people={role: Person(**person) for role, person in raw["people"].items()},
        )
