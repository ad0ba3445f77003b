-- Columns whose name begins with "sealed" hold ciphertext; everything else is plain and free of
-- identifiers. Instants are microseconds since 1970, ids integers, codes those of the domain.

CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
);

-- The log before it is written to files: position, the salt of its commitment, the leaf.
CREATE TABLE leaves (
  position BIGINT NOT NULL PRIMARY KEY,
  salt BYTEA NOT NULL,
  entry BYTEA NOT NULL
);

CREATE TABLE numbers (
  id BIGINT NOT NULL PRIMARY KEY,
  phone_number_id TEXT NOT NULL UNIQUE,
  waba_id TEXT NOT NULL,
  display TEXT NOT NULL,
  verified_name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

CREATE TABLE apps (
  id BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  number_id BIGINT,
  identity BIGINT NOT NULL,
  relay_url TEXT,
  sealed_secret BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);

CREATE TABLE tokens (
  id BIGINT NOT NULL PRIMARY KEY,
  app_id BIGINT,
  name TEXT NOT NULL,
  hash BYTEA NOT NULL UNIQUE,
  scopes BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  leaf BIGINT NOT NULL
);

CREATE TABLE purposes (
  id BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  class BIGINT NOT NULL,
  basis BIGINT NOT NULL,
  grade BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

CREATE TABLE notices (
  id BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  language TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BYTEA NOT NULL,
  change BIGINT NOT NULL,
  published_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL,
  UNIQUE (code, version, language)
);

CREATE TABLE templates (
  id BIGINT NOT NULL PRIMARY KEY,
  waba_id TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  meta_id TEXT NOT NULL,
  category BIGINT NOT NULL,
  status BIGINT NOT NULL,
  body TEXT NOT NULL,
  raw TEXT NOT NULL,
  purpose_id BIGINT,
  synced_at BIGINT NOT NULL,
  UNIQUE (waba_id, name, language)
);

CREATE TABLE subjects (
  id BIGINT NOT NULL PRIMARY KEY,
  created_at BIGINT NOT NULL,
  restricted_at BIGINT
);

CREATE TABLE identifiers (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  tag BYTEA NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_value BYTEA NOT NULL,
  added_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX identifiers_by_subject ON identifiers (subject_id);

-- Which subject a live identifier's tag leads to: derived, built behind in sorted slices.
CREATE TABLE identifier_tags (
  tag BYTEA NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL
);

CREATE TABLE profiles (
  subject_id BIGINT NOT NULL PRIMARY KEY,
  key_id BIGINT NOT NULL,
  sealed_name BYTEA NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE subject_links (
  id BIGINT NOT NULL PRIMARY KEY,
  from_subject BIGINT NOT NULL,
  to_subject BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX subject_links_by_from ON subject_links (from_subject);
CREATE INDEX subject_links_by_to ON subject_links (to_subject);

CREATE TABLE aliases (
  id BIGINT NOT NULL PRIMARY KEY,
  app_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  alias TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL,
  UNIQUE (app_id, subject_id),
  UNIQUE (app_id, alias)
);

CREATE TABLE data_keys (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  class BIGINT NOT NULL,
  quarter BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  wrapped BYTEA NOT NULL,
  commitment BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE UNIQUE INDEX data_keys_by_subject ON data_keys (subject_id, class, quarter);

CREATE TABLE conversations (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  number_id BIGINT NOT NULL,
  opened_at BIGINT,
  last_message BIGINT,
  pair_at BIGINT NOT NULL,
  UNIQUE (subject_id, number_id)
);

-- Append-only, with no index but its key: a conversation's messages form a chain, newest first,
-- through `previous`.
CREATE TABLE messages (
  id BIGINT NOT NULL PRIMARY KEY,
  conversation_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  previous BIGINT,
  direction BIGINT NOT NULL,
  type TEXT NOT NULL,
  state BIGINT NOT NULL,
  at BIGINT NOT NULL,
  meta_at BIGINT,
  app_id BIGINT,
  decision_id BIGINT,
  key_id BIGINT NOT NULL,
  sealed_content BYTEA NOT NULL,
  sealed_upstream BYTEA,
  code BIGINT,
  leaf BIGINT NOT NULL
);

-- Calls to Meta that are under way. A row that outlives its process is an unknown outcome.
CREATE TABLE calls (
  message_id BIGINT NOT NULL PRIMARY KEY,
  run BIGINT NOT NULL,
  started_at BIGINT NOT NULL
);

-- The gateway's own answers that wait for their call.
CREATE TABLE outbox (
  message_id BIGINT NOT NULL PRIMARY KEY,
  queued_at BIGINT NOT NULL
);

CREATE TABLE statuses (
  id BIGINT NOT NULL PRIMARY KEY,
  message_id BIGINT NOT NULL,
  state BIGINT NOT NULL,
  at BIGINT NOT NULL,
  code BIGINT,
  key_id BIGINT NOT NULL,
  sealed_raw BYTEA NOT NULL,
  leaf BIGINT NOT NULL
);

-- What came before, by Meta's timestamp in seconds: webhooks come in about the order of their
-- timestamps, so new rows stand side by side at the end of the tree, not all over it.
CREATE TABLE dedup (
  second BIGINT NOT NULL,
  tag BYTEA NOT NULL,
  PRIMARY KEY (second, tag)
);

CREATE TABLE media (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  message_id BIGINT,
  app_id BIGINT,
  number_id BIGINT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_reference BYTEA NOT NULL,
  sealed_key BYTEA,
  object TEXT,
  size BIGINT,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT
);

CREATE INDEX media_by_message ON media (message_id);

CREATE TABLE decisions (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  message_id BIGINT NOT NULL,
  number_id BIGINT NOT NULL,
  app_id BIGINT,
  purpose_id BIGINT,
  outcome BIGINT NOT NULL,
  code BIGINT,
  rules TEXT NOT NULL,
  sentences TEXT NOT NULL,
  facts TEXT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

CREATE INDEX decisions_by_subject ON decisions (subject_id, id);

CREATE TABLE idempotency (
  app_id BIGINT NOT NULL,
  tag BYTEA NOT NULL,
  request BYTEA NOT NULL,
  message_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (app_id, tag)
);

CREATE TABLE consent_events (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  purpose_id BIGINT NOT NULL,
  channel BIGINT NOT NULL,
  state BIGINT NOT NULL,
  method BIGINT NOT NULL,
  grade BIGINT NOT NULL,
  notice_id BIGINT,
  notice_hash BYTEA,
  language TEXT NOT NULL,
  jurisdictions TEXT NOT NULL,
  rule TEXT NOT NULL,
  actor TEXT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_evidence BYTEA NOT NULL,
  expires_at BIGINT,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX consent_events_by_subject ON consent_events (subject_id, purpose_id, channel, id);

-- The permanent list: it outlives the people on it.
CREATE TABLE suppressions (
  id BIGINT NOT NULL PRIMARY KEY,
  group_id BIGINT NOT NULL,
  key_version BIGINT NOT NULL,
  tag BYTEA NOT NULL,
  scope BIGINT NOT NULL,
  purpose_id BIGINT,
  source BIGINT NOT NULL,
  rule TEXT NOT NULL,
  since BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX suppressions_by_tag ON suppressions (tag);
CREATE INDEX suppressions_by_group ON suppressions (group_id);

CREATE TABLE suppression_lifts (
  id BIGINT NOT NULL PRIMARY KEY,
  suppression_id BIGINT NOT NULL UNIQUE,
  rule TEXT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

CREATE TABLE deliveries (
  id BIGINT NOT NULL PRIMARY KEY,
  app_id BIGINT NOT NULL,
  conversation_id BIGINT NOT NULL,
  message_id BIGINT NOT NULL,
  status_id BIGINT,
  state BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  last_status BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (app_id, id) WHERE state = 1;
CREATE INDEX deliveries_in_order ON deliveries (conversation_id, app_id, id) WHERE state = 1;

CREATE TABLE quarantine (
  id BIGINT NOT NULL PRIMARY KEY,
  day BIGINT NOT NULL,
  why TEXT NOT NULL,
  sealed_raw BYTEA NOT NULL,
  at BIGINT NOT NULL
);

-- What was read or changed, and why: the sealed detail of a leaf.
CREATE TABLE audit_details (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT,
  key_id BIGINT NOT NULL,
  sealed_detail BYTEA NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
