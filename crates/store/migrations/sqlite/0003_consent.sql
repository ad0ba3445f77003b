-- What holds for a purpose beside its class. Append-only: the newest row of a purpose counts.
CREATE TABLE purpose_terms (
  id INTEGER NOT NULL PRIMARY KEY,
  purpose_id INTEGER NOT NULL,
  notice TEXT,
  description TEXT NOT NULL,
  recipients TEXT NOT NULL,
  record_class INTEGER NOT NULL,
  soft_opt_in INTEGER NOT NULL,
  special INTEGER NOT NULL,
  any_hour INTEGER NOT NULL,
  confirm INTEGER NOT NULL,
  cap_count INTEGER,
  cap_days INTEGER,
  lapse_days INTEGER,
  asks_for INTEGER,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- The layers of a notice version beside its page: the short text for a chat, and what it says of
-- each element the law asks for, as JSON by the element's number.
CREATE TABLE notice_layers (
  notice_id INTEGER NOT NULL PRIMARY KEY,
  short TEXT NOT NULL,
  elements TEXT NOT NULL,
  hash BLOB NOT NULL,
  leaf INTEGER NOT NULL
);

-- What is known of a person beside identifiers and name: residence, time zone, age, a sale … .
-- Append-only: the newest row of a kind counts; an empty value takes back what was known.
CREATE TABLE traits (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  source INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_value BLOB NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX traits_by_subject ON traits (subject_id, id);

-- Lists of people whom a law or an authority protects from promotion, kept outside.
CREATE TABLE registries (
  id INTEGER NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  every_days INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);

CREATE TABLE registry_imports (
  id INTEGER NOT NULL PRIMARY KEY,
  registry_id INTEGER NOT NULL,
  file_hash BLOB NOT NULL,
  rows INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  lifted INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- Who stands on a registry's list: from the import that brought them to the last that did. A row
-- counts if the newest whole import lies between the two, so a list changes at once.
CREATE TABLE registry_blocks (
  id INTEGER NOT NULL PRIMARY KEY,
  registry_id INTEGER NOT NULL,
  import_id INTEGER NOT NULL,
  last_import INTEGER NOT NULL,
  key_version INTEGER NOT NULL,
  tag BLOB NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX registry_blocks_by_tag ON registry_blocks (tag);

-- Where somebody answerable has decided that consent goes before a registry.
CREATE TABLE registry_overrides (
  id INTEGER NOT NULL PRIMARY KEY,
  registry_id INTEGER NOT NULL,
  purpose_id INTEGER NOT NULL,
  reviewer TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);

-- Consent that was asked for on another way than the chat, and waits for its confirmation.
CREATE TABLE confirmations (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  purpose_id INTEGER NOT NULL,
  notice_id INTEGER,
  language TEXT NOT NULL,
  source INTEGER NOT NULL,
  route INTEGER NOT NULL,
  state INTEGER NOT NULL,
  tag BLOB NOT NULL,
  address BLOB NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_request BLOB NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  fault INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX confirmations_by_tag ON confirmations (tag);
CREATE INDEX confirmations_by_subject ON confirmations (subject_id, id);
CREATE INDEX confirmations_by_address ON confirmations (address, id);
-- Of what waits to go out, the time of the next attempt; of what went out, the end of its time.
CREATE INDEX confirmations_due ON confirmations (next_at) WHERE state <= 2;

-- One-time codes for the preference page, also for numbers nobody knows: both are answered alike.
CREATE TABLE codes (
  id INTEGER NOT NULL PRIMARY KEY,
  tag BLOB NOT NULL,
  subject_id INTEGER,
  code BLOB NOT NULL,
  attempts INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  created_at INTEGER NOT NULL
);
CREATE INDEX codes_by_tag ON codes (tag, id);

-- Messages to many, sent in paced batches: telling of a changed notice, asking for consent anew.
CREATE TABLE campaigns (
  id INTEGER NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  number_id INTEGER NOT NULL,
  template TEXT NOT NULL,
  language TEXT NOT NULL,
  purpose_id INTEGER NOT NULL,
  about_purpose INTEGER NOT NULL,
  notice_id INTEGER,
  import_id INTEGER,
  body TEXT NOT NULL,
  stop_permille INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  pace INTEGER NOT NULL,
  people INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  put_off INTEGER NOT NULL,
  stops INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

CREATE TABLE campaign_sends (
  id INTEGER NOT NULL PRIMARY KEY,
  campaign_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  message_id INTEGER,
  at INTEGER NOT NULL,
  stopped_at INTEGER
);
CREATE INDEX campaign_sends_by_subject ON campaign_sends (subject_id, id);
CREATE INDEX campaign_sends_by_campaign ON campaign_sends (campaign_id, subject_id);
CREATE INDEX campaign_sends_waiting ON campaign_sends (campaign_id, at) WHERE message_id IS NULL;

-- Lists of people that were brought in, with where they came from.
CREATE TABLE imports (
  id INTEGER NOT NULL PRIMARY KEY,
  layout TEXT NOT NULL,
  provenance TEXT NOT NULL,
  file_hash BLOB NOT NULL,
  purpose_id INTEGER NOT NULL,
  actor TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  people INTEGER NOT NULL,
  known INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  faults TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- Whom a list brought, or had on it.
CREATE TABLE import_people (
  id INTEGER NOT NULL PRIMARY KEY,
  import_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL
);
CREATE INDEX import_people_by_import ON import_people (import_id, subject_id);

-- A recipient that may have people's data only with their consent to this purpose.
ALTER TABLE apps ADD COLUMN sharing_purpose_id INTEGER;

-- What goes out beside the gateway counts in the caps of whom it reaches.
ALTER TABLE outside ADD COLUMN subject_id INTEGER;
CREATE INDEX outside_by_subject ON outside (subject_id, message_id);

-- Whether a person lets a number call, as Meta told it last.
CREATE TABLE call_permissions (
  conversation_id INTEGER NOT NULL PRIMARY KEY,
  granted INTEGER NOT NULL,
  expires_at INTEGER,
  told_at INTEGER NOT NULL
);

-- WhatsApp groups of a number. What is written to one hangs on a subject of its own, which is no
-- person and has no identifiers. Meta's id of a group is made of the business's own number.
CREATE TABLE chat_groups (
  subject_id INTEGER NOT NULL PRIMARY KEY,
  number_id INTEGER NOT NULL,
  meta_id TEXT NOT NULL,
  listed_at INTEGER,
  ended_at INTEGER,
  UNIQUE (number_id, meta_id)
);

-- Who is in a group, by the newest that Meta told of each.
CREATE TABLE group_members (
  id INTEGER NOT NULL PRIMARY KEY,
  group_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  present INTEGER NOT NULL,
  told_at INTEGER NOT NULL,
  UNIQUE (group_id, subject_id)
);
