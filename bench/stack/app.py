"""A WhatsApp webhook receiver of the usual kind: FastAPI, SQLAlchemy, asyncpg, PostgreSQL, Fernet.

It keeps what Imvume's intake keeps, as a careful team would: signature first, personal data encrypted,
people found by a keyed hash, each message once, all of a webhook in one transaction, and 200 only after
its commit. SQLAlchemy's expression language is used rather than its ORM, which would be slower.
"""

import hashlib
import hmac
import json
import os
from contextlib import asynccontextmanager
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from urllib.parse import unquote

from cryptography.fernet import Fernet
from fastapi import FastAPI
from fastapi import Request
from fastapi import Response
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine

import schema

WINDOW = timedelta(hours=24)

SECRET = os.environ["STACK_APP_SECRET"].encode()
LOOKUP_KEY = os.environ["STACK_LOOKUP_KEY"].encode()
FERNET = Fernet(os.environ["STACK_FERNET_KEY"])
CONNECTIONS = int(os.environ.get("STACK_CONNECTIONS", "20"))


def connect() -> AsyncEngine:
    """The URL may name a folder of sockets in place of a host, percent-encoded."""
    url = make_url(os.environ["STACK_DATABASE"])
    place = {
        "host": unquote(url.host),
        "port": url.port,
        "user": url.username,
        "password": url.password,
        "database": url.database,
    }
    return create_async_engine(
        "postgresql+asyncpg://", connect_args=place, pool_size=CONNECTIONS, max_overflow=0
    )


engine = connect()


@asynccontextmanager
async def lifespan(_: FastAPI):
    await schema.create(engine)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/health")
async def health() -> Response:
    return Response()


@app.post("/webhook")
async def webhook(request: Request) -> Response:
    body = await request.body()
    if not is_signed(body, request.headers.get("x-hub-signature-256", "")):
        return Response(status_code=401)
    try:
        event = json.loads(body)
        values = [change["value"] for entry in event["entry"] for change in entry["changes"]]
    except (KeyError, TypeError, ValueError):
        return Response(status_code=400)
    async with engine.begin() as connection:
        for value in values:
            await take(connection, value)
    return Response()


def is_signed(body: bytes, header: str) -> bool:
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode())


def lookup(identifier: str) -> bytes:
    return hmac.new(LOOKUP_KEY, identifier.encode(), hashlib.sha256).digest()


def seal(text: str) -> bytes:
    return FERNET.encrypt(text.encode())


def instant(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


async def take(connection: AsyncConnection, value: dict) -> None:
    number = value["metadata"]["phone_number_id"]
    profiles = {contact["wa_id"]: contact for contact in value.get("contacts", ())}
    for message in value.get("messages", ()):
        contact = await meet(connection, message, profiles.get(message["from"], {}))
        await keep(connection, number, contact, message)
    for status in value.get("statuses", ()):
        row = {"wamid": status["id"], "state": status["status"], "at": instant(status["timestamp"])}
        await connection.execute(upsert(schema.statuses).on_conflict_do_nothing(), row)


MEET = upsert(schema.contacts)
MEET = MEET.on_conflict_do_update(
    index_elements=["phone_hash"],
    set_={"name": func.coalesce(MEET.excluded.name, schema.contacts.c.name), "seen_at": func.now()},
).returning(schema.contacts.c.id)


async def meet(connection: AsyncConnection, message: dict, profile: dict) -> int:
    """Finds the person, or makes one."""
    bsuid = message.get("from_user_id")
    name = profile.get("profile", {}).get("name")
    row = {
        "phone_hash": lookup(message["from"]),
        "bsuid_hash": lookup(bsuid) if bsuid else None,
        "phone": seal(message["from"]),
        "bsuid": seal(bsuid) if bsuid else None,
        "name": seal(name) if name else None,
    }
    return (await connection.execute(MEET, row)).scalar_one()


KEEP = upsert(schema.messages).on_conflict_do_nothing(index_elements=["wamid"])
KEEP = KEEP.returning(schema.messages.c.id)

OPEN = upsert(schema.conversations)
OPEN = OPEN.on_conflict_do_update(
    index_elements=["phone_number_id", "contact_id"],
    set_={
        "window_until": func.greatest(
            OPEN.excluded.window_until, schema.conversations.c.window_until
        )
    },
)

RELAY = insert(schema.outbox)
RECORD = insert(schema.audit)


async def keep(connection: AsyncConnection, number: str, contact: int, message: dict) -> None:
    """Stores a message that has not come before, and what follows from it."""
    sent_at = instant(message["timestamp"])
    row = {
        "wamid": message["id"],
        "contact_id": contact,
        "phone_number_id": number,
        "kind": message["type"],
        "content": seal(json.dumps(message)),
        "sent_at": sent_at,
    }
    stored = (await connection.execute(KEEP, row)).scalar_one_or_none()
    if stored is None:
        return
    window = {"phone_number_id": number, "contact_id": contact, "window_until": sent_at + WINDOW}
    await connection.execute(OPEN, window)
    await connection.execute(RELAY, {"message_id": stored, "relay": "app"})
    entry = {"actor": "meta", "action": "message received", "message_id": stored}
    await connection.execute(RECORD, entry)
