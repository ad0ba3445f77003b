"""What an app does with the gateway through pywa. Each case is a function of a `Scene`."""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from pywa import errors
from pywa import types

from client import Client
from emulator import Emulator
from facts import Facts
from facts import Person
from leak import check_probe
from leak import leaks
from sdks.with_pywa import refusal_of
from sdks.with_pywa import send_picture
from sdks.with_pywa import send_template

ALIAS = re.compile(r"[A-Z]{2}\.\d{20}")
PROGRESS = (
    types.MessageStatusType.SENT,
    types.MessageStatusType.DELIVERED,
    types.MessageStatusType.READ,
)


@dataclass
class Scene:
    """One app, the people, and what stands behind the gateway."""

    client: Client
    emulator: Emulator
    facts: Facts
    judged: bool  # whether a gate stands between the app and Meta

    @property
    def mode(self) -> str:
        return self.client.mode

    @property
    def whatsapp(self):
        return self.client.whatsapp

    def person(self, role: str) -> Person:
        return self.facts.people[role]

    def meet(self, role: str, text: str) -> types.Message:
        """The person writes to the business, and the app hears it."""
        self.emulator.write(self.person(role), type="text", text={"body": text})
        return self.client.expect(types.Message, lambda message: message.text == text)

    def address(self, role: str) -> str:
        """What the app writes to the person under."""
        if self.mode == "real":
            return self.person(role).phone
        return self.meet(role, f"hello from {role} {next(_NUMBERS)}").from_user.bsuid

    def reaches(self, role: str, send: Callable[[str], types.SentMessage]) -> dict:
        """Sends, follows the statuses, and returns the body that Meta got."""
        address, mark = self.address(role), self.emulator.mark()
        sent = send(address)
        assert sent.id.startswith("wamid."), "the id is not of Meta's form"
        self.emulator.settle()
        self.client.expect_statuses(sent.id, *PROGRESS)
        calls = [call for call in self.emulator.sent(mark) if call["kind"] == "message"]
        assert len(calls) == 1, f"{len(calls)} calls reached Meta"
        body = calls[0]["body"]
        assert body["to"].lstrip("+") == self.person(role).phone, "Meta got another recipient"
        if self.judged:
            assert sent.id != calls[0]["id"], "the app got Meta's own message id"
        return body


def _numbers():
    number = 0
    while True:
        number += 1
        yield number


_NUMBERS = _numbers()


def _refused(scene: Scene, kind: type[errors.WhatsAppError], send: Callable[[], object]) -> None:
    mark = scene.emulator.mark()
    error = refusal_of(send)
    assert error, "the send was not refused"
    scene.client.errors.append(repr(error))
    assert type(error) is kind, f"refused with {type(error).__name__} {error.code}"
    assert error.details, "the refusal gives no reason"
    assert scene.emulator.sent(mark) == [], "a refused send reached Meta"


def _picture() -> bytes:
    """A PNG of one grey dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_of = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sum_of

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\x00\x80\x80\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _order_update(scene: Scene, address: str) -> types.SentMessage:
    return send_template(scene.whatsapp, address, "order_update", "Friend", "KK-1042")


def _spring_sale(scene: Scene, address: str) -> types.SentMessage:
    return send_template(scene.whatsapp, address, "spring_sale", "Friend", "20%")


def inbound_text(scene: Scene) -> None:
    """a person's message reaches the app with the right text and sender"""
    person, text = scene.person("consented"), "Môre! Is the Yirgacheffe in? ☕"
    message = scene.meet("consented", text)
    sender = message.from_user
    if scene.mode == "real":
        assert (sender.wa_id, sender.bsuid) == (person.phone, person.user_id)
        assert sender.name == person.name
    else:
        assert sender.wa_id is None, "the alias app got a number"
        assert ALIAS.fullmatch(sender.bsuid) and sender.bsuid != person.user_id
        assert sender.name != person.name
        again = scene.meet("consented", "and once more")
        assert again.from_user.bsuid == sender.bsuid, "the alias changed"


def text(scene: Scene) -> None:
    """a text is sent, and its statuses come back"""
    body = scene.reaches("consented", lambda to: scene.whatsapp.send_message(to, "It is, come by."))
    assert body["text"]["body"] == "It is, come by."


def reply(scene: Scene) -> None:
    """an answer quotes the message it answers"""
    message = scene.meet("consented", "which hours?")
    mark = scene.emulator.mark()
    sent = message.reply("From seven.", quote=True)
    scene.emulator.settle()
    scene.client.expect_statuses(sent.id, *PROGRESS)
    context = scene.emulator.sent(mark)[0]["body"]["context"]["message_id"]
    assert context in scene.emulator.wamids(), "Meta does not know the quoted message"


def template(scene: Scene) -> None:
    """a template is sent with its variables"""
    body = scene.reaches("consented", lambda to: _order_update(scene, to))
    assert body["template"]["name"] == "order_update"
    parameters = body["template"]["components"][0]["parameters"]
    assert [one["text"] for one in parameters] == ["Friend", "KK-1042"]


def image(scene: Scene) -> None:
    """a picture is uploaded, then sent by its id"""
    body = scene.reaches(
        "consented", lambda to: send_picture(scene.whatsapp, to, _picture(), "A dot")
    )
    assert body["image"]["caption"] == "A dot"


def inbound_image(scene: Scene) -> None:
    """a person's picture is fetched through the gateway"""
    scene.emulator.write(scene.person("consented"), type="image")
    message = scene.client.expect(types.Message, lambda update: update.image is not None)
    url = scene.whatsapp.get_media_url(message.image.id)
    if scene.judged:
        assert url.url.startswith(scene.facts.apps_url), "the address is not the gateway's"
    content = scene.whatsapp.get_media_bytes(url=url.url)
    assert content, "the picture is empty"


def buttons(scene: Scene) -> None:
    """reply buttons are sent, and a tap comes back"""
    choices = [types.Button("Yes", "yes-1"), types.Button("No", "no-1")]
    body = scene.reaches(
        "consented", lambda to: scene.whatsapp.send_message(to, "Keep it?", buttons=choices)
    )
    assert [one["reply"]["id"] for one in body["interactive"]["action"]["buttons"]] == [
        "yes-1",
        "no-1",
    ]
    tap = {"type": "button_reply", "button_reply": {"id": "yes-1", "title": "Yes"}}
    scene.emulator.write(scene.person("consented"), type="interactive", interactive=tap)
    assert scene.client.expect(types.CallbackButton).data == "yes-1"


def choices(scene: Scene) -> None:
    """a list is sent, and a choice comes back"""
    rows = [types.SectionRow("Cape Town", "shop-1"), types.SectionRow("Paarl", "shop-2")]
    menu = types.SectionList("Shops", [types.Section("Western Cape", rows)])
    body = scene.reaches(
        "consented", lambda to: scene.whatsapp.send_message(to, "Where?", buttons=menu)
    )
    assert body["interactive"]["type"] == "list"
    choice = {"type": "list_reply", "list_reply": {"id": "shop-2", "title": "Paarl"}}
    scene.emulator.write(scene.person("consented"), type="interactive", interactive=choice)
    assert scene.client.expect(types.CallbackSelection).data == "shop-2"


def read(scene: Scene) -> None:
    """a message is marked as read, with and without typing"""
    message, mark = scene.meet("consented", "are you there?"), scene.emulator.mark()
    assert scene.whatsapp.mark_message_as_read(message.id)
    assert scene.whatsapp.indicate_typing(message.id)
    for call in scene.emulator.sent(mark):
        assert call["kind"] == "read"
        assert call["body"]["message_id"] in scene.emulator.wamids()
    assert len(scene.emulator.sent(mark)) == 2


def signature(scene: Scene) -> None:
    """pywa's own check refuses a webhook that is not signed with the app's secret"""
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    headers = {"X-Hub-Signature-256": f"sha256={'0' * 64}", "Content-Type": "application/json"}
    assert httpx.post(scene.client.webhook, content=body, headers=headers).status_code == 403


def window_closed(scene: Scene) -> None:
    """free text outside the window is 131047"""
    address = scene.person("cold").phone
    _refused(
        scene, errors.ReEngagementMessage, lambda: scene.whatsapp.send_message(address, "Hello?")
    )


def no_consent(scene: Scene) -> None:
    """a promotion without consent to promotions is 131005"""
    address = scene.address("consented")
    _refused(scene, errors.AccessDenied, lambda: _spring_sale(scene, address))


def stopped(scene: Scene) -> None:
    """a promotion to somebody who said STOP is 131050"""
    address = scene.address("stopped")
    _refused(scene, errors.UserStoppedMarketingMessages, lambda: _spring_sale(scene, address))


def stop_now(scene: Scene) -> None:
    """a promotion leaves, the person writes STOP and is told so once, the next does not leave"""
    scene.reaches("keen", lambda to: _spring_sale(scene, to))
    address, mark = scene.address("keen"), scene.emulator.mark()
    scene.meet("keen", "STOP")
    confirmation = scene.emulator.await_sent(mark)["body"]
    assert confirmation["to"].lstrip("+") == scene.person("keen").phone
    _refused(scene, errors.UserStoppedMarketingMessages, lambda: _spring_sale(scene, address))


def probe(scene: Scene) -> None:
    """the leak probe finds the person in what an app got that may know them"""
    person = scene.person("consented")
    check_probe(person)
    assert leaks(scene.client.seen, [person], scene.emulator.wamids()), "the probe is blind"


def no_leak(scene: Scene) -> None:
    """nothing that reached the app says who the people are"""
    seen = scene.client.seen + [error.encode() for error in scene.client.errors]
    assert seen, "nothing reached the app"
    found = leaks(seen, list(scene.facts.people.values()), scene.emulator.wamids())
    assert not found, "; ".join(found[:5])


COMMON = [inbound_text, text, reply, template, image, inbound_image, buttons, choices, read, signature]

# What is played with each app. An emulator alone has no gate.
EMULATOR = [*COMMON, probe]
REAL = [*COMMON, probe, window_closed, no_consent, stopped, stop_now]
PSEUDONYMOUS = [*COMMON, no_consent, stopped, no_leak]
