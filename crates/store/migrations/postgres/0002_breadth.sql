-- Numbers that were added while running bring their token with them; it is kept sealed.
ALTER TABLE numbers ADD COLUMN sealed_token BYTEA;

-- Whether a message for this purpose has to name the person's identity key (0 or 1).
ALTER TABLE purposes ADD COLUMN identity_check BIGINT NOT NULL DEFAULT 0;

-- What Meta told of numbers and accounts. Append-only: the newest of each aspect holds, by Meta's
-- instant. Without a number it concerns all numbers of the account.
CREATE TABLE health (
  id BIGINT NOT NULL PRIMARY KEY,
  waba_id TEXT NOT NULL,
  number_id BIGINT,
  aspect BIGINT NOT NULL,
  value BIGINT NOT NULL,
  until BIGINT,
  told_at BIGINT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- Messages of the business that went out beside the gateway, so that nobody judged them.
CREATE TABLE outside (
  message_id BIGINT NOT NULL PRIMARY KEY,
  source BIGINT NOT NULL,
  opted_out BIGINT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- Messages that wait for their time. Judged again right before their call.
CREATE TABLE queue (
  message_id BIGINT NOT NULL PRIMARY KEY,
  conversation_id BIGINT NOT NULL,
  app_id BIGINT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_request BYTEA NOT NULL,
  due_at BIGINT NOT NULL,
  until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  queued_at BIGINT NOT NULL
);
CREATE INDEX queue_in_order ON queue (conversation_id, message_id);
CREATE INDEX queue_by_time ON queue (due_at);

-- What happened, for whoever is to be told: ids and codes only.
CREATE TABLE events (
  id BIGINT NOT NULL PRIMARY KEY,
  kind BIGINT NOT NULL,
  subject_id BIGINT,
  number_id BIGINT,
  app_id BIGINT,
  purpose_id BIGINT,
  about BIGINT,
  detail BIGINT,
  at BIGINT NOT NULL
);

CREATE TABLE event_endpoints (
  id BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  sealed_secret BYTEA NOT NULL,
  kinds BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);

CREATE TABLE event_deliveries (
  id BIGINT NOT NULL PRIMARY KEY,
  endpoint_id BIGINT NOT NULL,
  event_id BIGINT NOT NULL,
  state BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  last_status BIGINT,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX event_deliveries_waiting ON event_deliveries (endpoint_id, id) WHERE state = 1;

-- What is due is found by its time, however long the backlog.
CREATE INDEX deliveries_by_time ON deliveries (app_id, next_at) WHERE state = 1;
