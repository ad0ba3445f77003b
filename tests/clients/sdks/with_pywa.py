"""An app on pywa. docs/clients.md shows parts of this file, the suite runs all of it."""

from fastapi import FastAPI
from pywa import WhatsApp
from pywa import errors
from pywa import types
from pywa.types.templates import BodyText
from pywa.types.templates import TemplateLanguage


def connect(gateway: str, phone_id: str, token: str, app_secret: str, server: FastAPI, **options):
    whatsapp = WhatsApp(
        phone_id=phone_id,
        token=token,
        app_secret=app_secret,
        server=server,
        webhook_endpoint="/webhook",
        **options,
    )
    # pywa has no public setting for another base URL than Meta's.
    whatsapp.api._session.base_url = f"{gateway}/v25.0"
    return whatsapp


# `to` is a number with its country code, or "ZA.…" in alias mode.
def send_template(whatsapp: WhatsApp, to: str, name: str, *values: str) -> types.SentMessage:
    params = [BodyText.params(*values)]
    return whatsapp.send_template(to, name=name, language=TemplateLanguage.ENGLISH, params=params)


def send_picture(whatsapp: WhatsApp, to: str, png: bytes, caption: str) -> types.SentMessage:
    media = whatsapp.upload_media(png, mime_type="image/png", filename="picture.png")
    return whatsapp.send_image(to, media.id, caption=caption)


def refusal_of(send) -> errors.WhatsAppError | None:
    try:
        send()
    except errors.WhatsAppError as error:
        return error  # its class tells the code, `details` the reason
    return None
