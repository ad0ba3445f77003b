"""The emulator's control API, as far as the suite plays people with it."""

import time

import httpx

from facts import Person

PATIENCE = 20.0


class Emulator:
    """Plays the people and looks at what reached Meta."""

    def __init__(self, url: str):
        self._client = httpx.Client(base_url=url, timeout=30)
        self._inbound: list[str] = []

    def write(self, person: Person, **message) -> str:
        """The person writes; the id Meta gives the message."""
        written = self._post("inbound", {"from": person.handle, **message})["id"]
        self._inbound.append(written)
        return written

    def settle(self) -> None:
        """Tells every status at once and waits until every webhook is delivered."""
        answer = self._post("deliveries/settle", {"pending": True, "bound_ms": 20_000})
        assert answer["quiet"], "the emulator did not come to rest"

    def mark(self) -> int:
        """The number of the last send call so far."""
        return max((call["n"] for call in self._get("sent")["sent"]), default=0)

    def sent(self, since: int) -> list[dict]:
        """The send calls that came after `since`."""
        return self._get(f"sent?since={since}")["sent"]

    def await_sent(self, since: int) -> dict:
        """The first message that comes to Meta after `since`."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for call in self.sent(since):
                if call["kind"] == "message":
                    return call
            time.sleep(0.02)
        raise AssertionError("no message reached Meta")

    def wamids(self) -> list[str]:
        """Every message id Meta has given, in both directions."""
        outbound = [call["id"] for call in self._get("sent")["sent"] if "id" in call]
        return outbound + self._inbound

    def _post(self, path: str, body: dict) -> dict:
        answer = self._client.post(f"/_emulator/{path}", json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def _get(self, path: str) -> dict:
        answer = self._client.get(f"/_emulator/{path}")
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()
