-- Numbers that were added while running bring their token with them; it is kept sealed.
ALTER TABLE numbers ADD COLUMN sealed_token BLOB;

-- Whether a message for this purpose has to name the person's identity key (0 or 1).
ALTER TABLE purposes ADD COLUMN identity_check INTEGER NOT NULL DEFAULT 0;

-- What Meta told of numbers and accounts. Append-only: the newest of each aspect holds, by Meta's
-- instant. Without a number it concerns all numbers of the account.
CREATE TABLE health (
  id INTEGER NOT NULL PRIMARY KEY,
  waba_id TEXT NOT NULL,
  number_id INTEGER,
  aspect INTEGER NOT NULL,
  value INTEGER NOT NULL,
  until INTEGER,
  told_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- Messages of the business that went out beside the gateway, so that nobody judged them.
CREATE TABLE outside (
  message_id INTEGER NOT NULL PRIMARY KEY,
  source INTEGER NOT NULL,
  opted_out INTEGER NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- Messages that wait for their time. Judged again right before their call.
CREATE TABLE queue (
  message_id INTEGER NOT NULL PRIMARY KEY,
  conversation_id INTEGER NOT NULL,
  app_id INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_request BLOB NOT NULL,
  due_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  queued_at INTEGER NOT NULL
);
CREATE INDEX queue_in_order ON queue (conversation_id, message_id);
CREATE INDEX queue_by_time ON queue (due_at);

-- What happened, for whoever is to be told: ids and codes only.
CREATE TABLE events (
  id INTEGER NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  subject_id INTEGER,
  number_id INTEGER,
  app_id INTEGER,
  purpose_id INTEGER,
  about INTEGER,
  detail INTEGER,
  at INTEGER NOT NULL
);

CREATE TABLE event_endpoints (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  sealed_secret BLOB NOT NULL,
  kinds INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);

CREATE TABLE event_deliveries (
  id INTEGER NOT NULL PRIMARY KEY,
  endpoint_id INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  last_status INTEGER,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX event_deliveries_waiting ON event_deliveries (endpoint_id, id) WHERE state = 1;

-- What is due is found by its time, however long the backlog.
CREATE INDEX deliveries_by_time ON deliveries (app_id, next_at) WHERE state = 1;
