"""An app as its developer would write it: pywa for sending, FastAPI and pywa for its webhooks.

Everything that reaches it is also kept as it stood on the wire, for the leak probe.
"""

import socket
import threading
import time

import httpx
import uvicorn
from fastapi import FastAPI
from pywa import WhatsApp
from pywa import types

from facts import App
from facts import Facts
from sdks.with_pywa import connect

PATIENCE = 20.0


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Recorder:
    """ASGI middleware that keeps each request's target, header fields and body."""

    def __init__(self, app, seen: list[bytes]):
        self._app, self._seen = app, seen

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self._seen.append(
            b"\r\n".join(
                [
                    scope["raw_path"] + b"?" + scope["query_string"],
                    *(name + b": " + value for name, value in scope["headers"]),
                    b"",
                    body,
                ]
            )
        )
        replay = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def again():
            message = next(replay, None)
            return message or await receive()

        await self._app(scope, again, send)


class Client:
    """One app. Its webhooks may come before it can send: an instance is told where to relay first."""

    def __init__(self, mode: str, port: int):
        self.mode = mode
        self.port = port
        self.seen: list[bytes] = []
        self.errors: list[str] = []
        self._updates: list = []
        self._news = threading.Condition()
        self._taken: set[int] = set()

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    def open(self, app: App, facts: Facts) -> None:
        """Listens for webhooks and points pywa at the instance."""
        server = FastAPI()
        session = httpx.Client(timeout=30, event_hooks={"response": [self._keep]})
        self.whatsapp = connect(
            facts.apps_url,
            facts.number_id,
            app.token,
            app.secret,
            server,
            session=session,
            verify_token=app.verify_token,
        )
        self.whatsapp.on_message(self._note)
        self.whatsapp.on_message_status(self._note)
        self.whatsapp.on_callback_button(self._note)
        self.whatsapp.on_callback_selection(self._note)
        config = uvicorn.Config(
            Recorder(server, self.seen), host="127.0.0.1", port=self.port, log_level="error"
        )
        self._server = uvicorn.Server(config)
        threading.Thread(target=self._server.run, daemon=True).start()
        deadline = time.monotonic() + PATIENCE
        while not self._server.started:
            assert time.monotonic() < deadline, "the app's server did not start"
            time.sleep(0.01)

    def close(self) -> None:
        self._server.should_exit = True

    def expect(self, kind: type, matches=lambda update: True):
        """The next update of that kind that nobody has taken yet."""

        def found():
            for place, update in enumerate(self._updates):
                if place not in self._taken and isinstance(update, kind) and matches(update):
                    self._taken.add(place)
                    return update
            return None

        deadline = time.monotonic() + PATIENCE
        with self._news:
            while True:
                if update := found():
                    return update
                left = deadline - time.monotonic()
                assert 0 < left, f"no {kind.__name__} reached the {self.mode} app"
                self._news.wait(left)

    def expect_statuses(self, message_id: str, *wanted: types.MessageStatusType) -> None:
        """Waits for each of these statuses of a message, in any order."""
        for status in wanted:
            self.expect(
                types.MessageStatus,
                lambda update, status=status: update.id == message_id and update.status == status,
            )

    def _note(self, _: WhatsApp, update) -> None:
        with self._news:
            self._updates.append(update)
            self._news.notify_all()

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        fields = [f"{name}: {value}".encode() for name, value in response.headers.items()]
        self.seen.append(b"\r\n".join([*fields, b"", response.content]))
