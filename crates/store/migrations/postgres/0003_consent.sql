-- What holds for a purpose beside its class. Append-only: the newest row of a purpose counts.
CREATE TABLE purpose_terms (
  id BIGINT NOT NULL PRIMARY KEY,
  purpose_id BIGINT NOT NULL,
  notice TEXT,
  description TEXT NOT NULL,
  recipients TEXT NOT NULL,
  record_class BIGINT NOT NULL,
  soft_opt_in BIGINT NOT NULL,
  special BIGINT NOT NULL,
  any_hour BIGINT NOT NULL,
  confirm BIGINT NOT NULL,
  cap_count BIGINT,
  cap_days BIGINT,
  lapse_days BIGINT,
  asks_for BIGINT,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- The layers of a notice version beside its page: the short text for a chat, and what it says of
-- each element the law asks for, as JSON by the element's number.
CREATE TABLE notice_layers (
  notice_id BIGINT NOT NULL PRIMARY KEY,
  short TEXT NOT NULL,
  elements TEXT NOT NULL,
  hash BYTEA NOT NULL,
  leaf BIGINT NOT NULL
);

-- What is known of a person beside identifiers and name: residence, time zone, age, a sale … .
-- Append-only: the newest row of a kind counts; an empty value takes back what was known.
CREATE TABLE traits (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  source BIGINT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_value BYTEA NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX traits_by_subject ON traits (subject_id, id);

-- Lists of people whom a law or an authority protects from promotion, kept outside.
CREATE TABLE registries (
  id BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  every_days BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);

CREATE TABLE registry_imports (
  id BIGINT NOT NULL PRIMARY KEY,
  registry_id BIGINT NOT NULL,
  file_hash BYTEA NOT NULL,
  rows BIGINT NOT NULL,
  blocked BIGINT NOT NULL,
  lifted BIGINT NOT NULL,
  bad BIGINT NOT NULL,
  actor TEXT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- Who stands on a registry's list: from the import that brought them to the last that did. A row
-- counts if the newest whole import lies between the two, so a list changes at once.
CREATE TABLE registry_blocks (
  id BIGINT NOT NULL PRIMARY KEY,
  registry_id BIGINT NOT NULL,
  import_id BIGINT NOT NULL,
  last_import BIGINT NOT NULL,
  key_version BIGINT NOT NULL,
  tag BYTEA NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX registry_blocks_by_tag ON registry_blocks (tag);

-- Where somebody answerable has decided that consent goes before a registry.
CREATE TABLE registry_overrides (
  id BIGINT NOT NULL PRIMARY KEY,
  registry_id BIGINT NOT NULL,
  purpose_id BIGINT NOT NULL,
  reviewer TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);

-- Consent that was asked for on another way than the chat, and waits for its confirmation.
CREATE TABLE confirmations (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  purpose_id BIGINT NOT NULL,
  notice_id BIGINT,
  language TEXT NOT NULL,
  source BIGINT NOT NULL,
  route BIGINT NOT NULL,
  state BIGINT NOT NULL,
  tag BYTEA NOT NULL,
  address BYTEA NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_request BYTEA NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  fault BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX confirmations_by_tag ON confirmations (tag);
CREATE INDEX confirmations_by_subject ON confirmations (subject_id, id);
CREATE INDEX confirmations_by_address ON confirmations (address, id);
-- Of what waits to go out, the time of the next attempt; of what went out, the end of its time.
CREATE INDEX confirmations_due ON confirmations (next_at) WHERE state <= 2;

-- One-time codes for the preference page, also for numbers nobody knows: both are answered alike.
CREATE TABLE codes (
  id BIGINT NOT NULL PRIMARY KEY,
  tag BYTEA NOT NULL,
  subject_id BIGINT,
  code BYTEA NOT NULL,
  attempts BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX codes_by_tag ON codes (tag, id);

-- Messages to many, sent in paced batches: telling of a changed notice, asking for consent anew.
CREATE TABLE campaigns (
  id BIGINT NOT NULL PRIMARY KEY,
  kind BIGINT NOT NULL,
  number_id BIGINT NOT NULL,
  template TEXT NOT NULL,
  language TEXT NOT NULL,
  purpose_id BIGINT NOT NULL,
  about_purpose BIGINT NOT NULL,
  notice_id BIGINT,
  import_id BIGINT,
  body TEXT NOT NULL,
  stop_permille BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  state BIGINT NOT NULL,
  cursor BIGINT NOT NULL,
  pace BIGINT NOT NULL,
  people BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  put_off BIGINT NOT NULL,
  stops BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

CREATE TABLE campaign_sends (
  id BIGINT NOT NULL PRIMARY KEY,
  campaign_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  message_id BIGINT,
  at BIGINT NOT NULL,
  stopped_at BIGINT
);
CREATE INDEX campaign_sends_by_subject ON campaign_sends (subject_id, id);
CREATE INDEX campaign_sends_by_campaign ON campaign_sends (campaign_id, subject_id);
CREATE INDEX campaign_sends_waiting ON campaign_sends (campaign_id, at) WHERE message_id IS NULL;

-- Lists of people that were brought in, with where they came from.
CREATE TABLE imports (
  id BIGINT NOT NULL PRIMARY KEY,
  layout TEXT NOT NULL,
  provenance TEXT NOT NULL,
  file_hash BYTEA NOT NULL,
  purpose_id BIGINT NOT NULL,
  actor TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  state BIGINT NOT NULL,
  rows BIGINT NOT NULL,
  people BIGINT NOT NULL,
  known BIGINT NOT NULL,
  denied BIGINT NOT NULL,
  bad BIGINT NOT NULL,
  faults TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- Whom a list brought, or had on it.
CREATE TABLE import_people (
  id BIGINT NOT NULL PRIMARY KEY,
  import_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL
);
CREATE INDEX import_people_by_import ON import_people (import_id, subject_id);

-- A recipient that may have people's data only with their consent to this purpose.
ALTER TABLE apps ADD COLUMN sharing_purpose_id BIGINT;

-- What goes out beside the gateway counts in the caps of whom it reaches.
ALTER TABLE outside ADD COLUMN subject_id BIGINT;
CREATE INDEX outside_by_subject ON outside (subject_id, message_id);

-- Whether a person lets a number call, as Meta told it last.
CREATE TABLE call_permissions (
  conversation_id BIGINT NOT NULL PRIMARY KEY,
  granted BIGINT NOT NULL,
  expires_at BIGINT,
  told_at BIGINT NOT NULL
);

-- WhatsApp groups of a number. What is written to one hangs on a subject of its own, which is no
-- person and has no identifiers. Meta's id of a group is made of the business's own number.
CREATE TABLE chat_groups (
  subject_id BIGINT NOT NULL PRIMARY KEY,
  number_id BIGINT NOT NULL,
  meta_id TEXT NOT NULL,
  listed_at BIGINT,
  ended_at BIGINT,
  UNIQUE (number_id, meta_id)
);

-- Who is in a group, by the newest that Meta told of each.
CREATE TABLE group_members (
  id BIGINT NOT NULL PRIMARY KEY,
  group_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  present BIGINT NOT NULL,
  told_at BIGINT NOT NULL,
  UNIQUE (group_id, subject_id)
);

-- Rows that are written over with every message, none of whose indexed columns changes: with room on
-- their page no index has to be touched.
ALTER TABLE conversations SET (fillfactor = 60);
