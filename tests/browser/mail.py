"""A mail server (aiosmtpd) on the loopback. Says where it listens, then tells each message as one line of JSON.

It ends when its standard input does, so it never outlives the suite that started it.
"""

import email
import email.policy
import json
import sys

from aiosmtpd.controller import Controller


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(("plain",))
        page = message.get_body(("html",))
        tell({
            "to": envelope.rcpt_tos,
            "subject": message["subject"],
            "text": text.get_content() if text else None,
            "html": page.get_content() if page else None,
        })
        return "250 2.0.0 kept"


def tell(fact):
    print(json.dumps(fact), flush=True)


def main():
    controller = Controller(Keeper(), hostname="127.0.0.1", port=int(sys.argv[1]))
    controller.start()
    tell({"port": controller.port})
    sys.stdin.read()
    controller.stop()


main()
