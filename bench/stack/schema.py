"""The tables, made at start by whichever worker comes first."""

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import DateTime
from sqlalchemy import ForeignKey
from sqlalchemy import Identity
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import LargeBinary
from sqlalchemy import MetaData
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import UniqueConstraint
from sqlalchemy import func
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

# Any number will do, as long as all workers take the same.
LOCK = 7_201_511

metadata = MetaData()


def instant(name: str) -> Column:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def serial() -> Column:
    return Column("id", BigInteger, Identity(), primary_key=True)


contacts = Table(
    "contacts",
    metadata,
    serial(),
    Column("phone_hash", LargeBinary, nullable=False, unique=True),
    Column("bsuid_hash", LargeBinary, unique=True),
    Column("phone", LargeBinary, nullable=False),
    Column("bsuid", LargeBinary),
    Column("name", LargeBinary),
    instant("created_at"),
    instant("seen_at"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("phone_number_id", Text, primary_key=True),
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True),
    Column("window_until", DateTime(timezone=True), nullable=False),
)

messages = Table(
    "messages",
    metadata,
    serial(),
    Column("wamid", Text, nullable=False, unique=True),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False),
    Column("phone_number_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    instant("received_at"),
    Index("messages_of_contact", "contact_id", "sent_at"),
)

statuses = Table(
    "statuses",
    metadata,
    serial(),
    Column("wamid", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("wamid", "state"),
)

outbox = Table(
    "outbox",
    metadata,
    serial(),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("relay", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    instant("due_at"),
    Index("outbox_due", "due_at"),
)

audit = Table(
    "audit",
    metadata,
    serial(),
    instant("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("message_id", BigInteger),
)


async def create(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        await connection.run_sync(metadata.create_all)
