-- Columns whose name begins with "sealed" hold ciphertext; everything else is plain and free of
-- identifiers. Instants are microseconds since 1970, ids integers, codes those of the domain.

CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
);

-- The log before it is written to files: position, the salt of its commitment, the leaf.
CREATE TABLE leaves (
  position INTEGER NOT NULL PRIMARY KEY,
  salt BLOB NOT NULL,
  entry BLOB NOT NULL
);

CREATE TABLE numbers (
  id INTEGER NOT NULL PRIMARY KEY,
  phone_number_id TEXT NOT NULL UNIQUE,
  waba_id TEXT NOT NULL,
  display TEXT NOT NULL,
  verified_name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

CREATE TABLE apps (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  number_id INTEGER,
  identity INTEGER NOT NULL,
  relay_url TEXT,
  sealed_secret BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);

CREATE TABLE tokens (
  id INTEGER NOT NULL PRIMARY KEY,
  app_id INTEGER,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  scopes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  leaf INTEGER NOT NULL
);

CREATE TABLE purposes (
  id INTEGER NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  class INTEGER NOT NULL,
  basis INTEGER NOT NULL,
  grade INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

CREATE TABLE notices (
  id INTEGER NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  language TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL,
  change INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  UNIQUE (code, version, language)
);

CREATE TABLE templates (
  id INTEGER NOT NULL PRIMARY KEY,
  waba_id TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  meta_id TEXT NOT NULL,
  category INTEGER NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  raw TEXT NOT NULL,
  purpose_id INTEGER,
  synced_at INTEGER NOT NULL,
  UNIQUE (waba_id, name, language)
);

CREATE TABLE subjects (
  id INTEGER NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL,
  restricted_at INTEGER
);

CREATE TABLE identifiers (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  tag BLOB NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_value BLOB NOT NULL,
  added_at INTEGER NOT NULL,
  ended_at INTEGER
);
CREATE INDEX identifiers_by_subject ON identifiers (subject_id);

-- Which subject a live identifier's tag leads to: derived, built behind in sorted slices.
CREATE TABLE identifier_tags (
  tag BLOB NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE profiles (
  subject_id INTEGER NOT NULL PRIMARY KEY,
  key_id INTEGER NOT NULL,
  sealed_name BLOB NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE subject_links (
  id INTEGER NOT NULL PRIMARY KEY,
  from_subject INTEGER NOT NULL,
  to_subject INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX subject_links_by_from ON subject_links (from_subject);
CREATE INDEX subject_links_by_to ON subject_links (to_subject);

CREATE TABLE aliases (
  id INTEGER NOT NULL PRIMARY KEY,
  app_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  alias TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  UNIQUE (app_id, subject_id),
  UNIQUE (app_id, alias)
);

CREATE TABLE data_keys (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  class INTEGER NOT NULL,
  quarter INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  wrapped BLOB NOT NULL,
  commitment BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE UNIQUE INDEX data_keys_by_subject ON data_keys (subject_id, class, quarter);

CREATE TABLE conversations (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  number_id INTEGER NOT NULL,
  opened_at INTEGER,
  last_message INTEGER,
  pair_at INTEGER NOT NULL,
  UNIQUE (subject_id, number_id)
);

-- Append-only, with no index but its key: a conversation's messages form a chain, newest first,
-- through `previous`.
CREATE TABLE messages (
  id INTEGER NOT NULL PRIMARY KEY,
  conversation_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  previous INTEGER,
  direction INTEGER NOT NULL,
  type TEXT NOT NULL,
  state INTEGER NOT NULL,
  at INTEGER NOT NULL,
  meta_at INTEGER,
  app_id INTEGER,
  decision_id INTEGER,
  key_id INTEGER NOT NULL,
  sealed_content BLOB NOT NULL,
  sealed_upstream BLOB,
  code INTEGER,
  leaf INTEGER NOT NULL
);

-- Calls to Meta that are under way. A row that outlives its process is an unknown outcome.
CREATE TABLE calls (
  message_id INTEGER NOT NULL PRIMARY KEY,
  run INTEGER NOT NULL,
  started_at INTEGER NOT NULL
);

-- The gateway's own answers that wait for their call.
CREATE TABLE outbox (
  message_id INTEGER NOT NULL PRIMARY KEY,
  queued_at INTEGER NOT NULL
);

CREATE TABLE statuses (
  id INTEGER NOT NULL PRIMARY KEY,
  message_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  at INTEGER NOT NULL,
  code INTEGER,
  key_id INTEGER NOT NULL,
  sealed_raw BLOB NOT NULL,
  leaf INTEGER NOT NULL
);

-- What came before, by Meta's timestamp in seconds: webhooks come in about the order of their
-- timestamps, so new rows stand side by side at the end of the tree, not all over it.
CREATE TABLE dedup (
  second INTEGER NOT NULL,
  tag BLOB NOT NULL,
  PRIMARY KEY (second, tag)
) WITHOUT ROWID;

CREATE TABLE media (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  message_id INTEGER,
  app_id INTEGER,
  number_id INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_reference BLOB NOT NULL,
  sealed_key BLOB,
  object TEXT,
  size INTEGER,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
);

CREATE INDEX media_by_message ON media (message_id);

CREATE TABLE decisions (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  number_id INTEGER NOT NULL,
  app_id INTEGER,
  purpose_id INTEGER,
  outcome INTEGER NOT NULL,
  code INTEGER,
  rules TEXT NOT NULL,
  sentences TEXT NOT NULL,
  facts TEXT NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

CREATE INDEX decisions_by_subject ON decisions (subject_id, id);

CREATE TABLE idempotency (
  app_id INTEGER NOT NULL,
  tag BLOB NOT NULL,
  request BLOB NOT NULL,
  message_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (app_id, tag)
) WITHOUT ROWID;

CREATE TABLE consent_events (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  purpose_id INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  state INTEGER NOT NULL,
  method INTEGER NOT NULL,
  grade INTEGER NOT NULL,
  notice_id INTEGER,
  notice_hash BLOB,
  language TEXT NOT NULL,
  jurisdictions TEXT NOT NULL,
  rule TEXT NOT NULL,
  actor TEXT NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_evidence BLOB NOT NULL,
  expires_at INTEGER,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX consent_events_by_subject ON consent_events (subject_id, purpose_id, channel, id);

-- The permanent list: it outlives the people on it.
CREATE TABLE suppressions (
  id INTEGER NOT NULL PRIMARY KEY,
  group_id INTEGER NOT NULL,
  key_version INTEGER NOT NULL,
  tag BLOB NOT NULL,
  scope INTEGER NOT NULL,
  purpose_id INTEGER,
  source INTEGER NOT NULL,
  rule TEXT NOT NULL,
  since INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX suppressions_by_tag ON suppressions (tag);
CREATE INDEX suppressions_by_group ON suppressions (group_id);

CREATE TABLE suppression_lifts (
  id INTEGER NOT NULL PRIMARY KEY,
  suppression_id INTEGER NOT NULL UNIQUE,
  rule TEXT NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

CREATE TABLE deliveries (
  id INTEGER NOT NULL PRIMARY KEY,
  app_id INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  status_id INTEGER,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  last_status INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (app_id, id) WHERE state = 1;
CREATE INDEX deliveries_in_order ON deliveries (conversation_id, app_id, id) WHERE state = 1;

CREATE TABLE quarantine (
  id INTEGER NOT NULL PRIMARY KEY,
  day INTEGER NOT NULL,
  why TEXT NOT NULL,
  sealed_raw BLOB NOT NULL,
  at INTEGER NOT NULL
);

-- What was read or changed, and why: the sealed detail of a leaf.
CREATE TABLE audit_details (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER,
  key_id INTEGER NOT NULL,
  sealed_detail BLOB NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
