-- Whoever was erased leaves a number behind that leads nowhere.
ALTER TABLE subjects ADD COLUMN erased_at BIGINT;
CREATE INDEX subjects_restricted ON subjects (restricted_at) WHERE restricted_at IS NOT NULL;

-- Under which index key an entry stands: while a roll goes on there are two for each identifier.
ALTER TABLE identifier_tags ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

-- Rolls of the epoch key. What was erased before one began is out of every copy's reach once it ended.
CREATE TABLE rolls (
  id BIGINT NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL,
  keys BIGINT NOT NULL,
  identifiers BIGINT NOT NULL,
  begun_at BIGINT NOT NULL,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);

-- What stands in for an audited row that was removed: its hash, so that the leaf that covered it can
-- still be checked, and nothing of what it said.
CREATE TABLE tombstones (
  id BIGINT NOT NULL PRIMARY KEY,
  row_leaf BIGINT NOT NULL,
  row_table BIGINT NOT NULL,
  row_id BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX tombstones_by_leaf ON tombstones (row_leaf);
CREATE INDEX tombstones_by_cover ON tombstones (leaf);
CREATE INDEX tombstones_by_row ON tombstones (row_table, row_id);

-- What people ask for by right.
CREATE TABLE requests (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  source BIGINT NOT NULL,
  language TEXT NOT NULL,
  jurisdictions TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_request BYTEA NOT NULL,
  state BIGINT NOT NULL,
  assurance BIGINT NOT NULL,
  complete_at BIGINT,
  paused_at BIGINT,
  paused_days BIGINT NOT NULL,
  acknowledge_by BIGINT,
  due_at BIGINT NOT NULL,
  rule TEXT NOT NULL,
  extended_at BIGINT,
  reminded_at BIGINT,
  outcome BIGINT,
  provision TEXT,
  closed_at BIGINT,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX requests_by_subject ON requests (subject_id, id);
CREATE INDEX requests_open ON requests (due_at) WHERE closed_at IS NULL;

-- Each step of a request, as it was taken.
CREATE TABLE request_steps (
  id BIGINT NOT NULL PRIMARY KEY,
  request_id BIGINT NOT NULL,
  state BIGINT NOT NULL,
  actor TEXT NOT NULL,
  rule TEXT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_note BYTEA,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX request_steps_by_request ON request_steps (request_id, id);

-- Letters about a request, in the chat or by e-mail.
CREATE TABLE letters (
  id BIGINT NOT NULL PRIMARY KEY,
  request_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  language TEXT NOT NULL,
  route BIGINT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_letter BYTEA NOT NULL,
  state BIGINT NOT NULL,
  message_id BIGINT,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  fault BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX letters_by_request ON letters (request_id, id);
CREATE INDEX letters_waiting ON letters (next_at) WHERE state = 1;

-- Copies of a person's data that were made for them.
CREATE TABLE packages (
  id BIGINT NOT NULL PRIMARY KEY,
  request_id BIGINT,
  subject_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  object TEXT NOT NULL,
  key_id BIGINT NOT NULL,
  sealed_key BYTEA NOT NULL,
  state BIGINT NOT NULL,
  hash BYTEA,
  size BIGINT,
  items BIGINT NOT NULL,
  tag BYTEA,
  expires_at BIGINT,
  fetched_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX packages_by_request ON packages (request_id, id);
CREATE INDEX packages_by_tag ON packages (tag);
CREATE INDEX packages_by_subject ON packages (subject_id, id);
CREATE INDEX packages_open ON packages (state, id) WHERE state < 7;

-- Who looked at whom: what a person may ask for.
CREATE INDEX audit_details_by_subject ON audit_details (subject_id, id);

-- What of others was found in a person's messages, and whether it is left out of the package.
CREATE TABLE redactions (
  id BIGINT NOT NULL PRIMARY KEY,
  package_id BIGINT NOT NULL,
  message_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  start BIGINT NOT NULL,
  length BIGINT NOT NULL,
  decision BIGINT NOT NULL,
  actor TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX redactions_by_package ON redactions (package_id, message_id);

-- Erasures: what went when. Kept; they name nobody.
CREATE TABLE erasures (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  request_id BIGINT,
  reason BIGINT NOT NULL,
  classes BIGINT NOT NULL,
  keys BIGINT NOT NULL,
  identifiers BIGINT NOT NULL,
  suppressed BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  media_at_meta BIGINT NOT NULL,
  contact_at_meta BIGINT NOT NULL,
  erased_at BIGINT NOT NULL,
  state BIGINT NOT NULL,
  cursor BIGINT NOT NULL,
  rows BIGINT NOT NULL,
  objects BIGINT NOT NULL,
  swept_at BIGINT,
  horizon_at BIGINT,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX erasures_by_subject ON erasures (subject_id);
CREATE INDEX erasures_open ON erasures (id) WHERE state <> 3;

-- What an erasure left, under which rule or hold, and until when.
CREATE TABLE erasure_kept (
  id BIGINT NOT NULL PRIMARY KEY,
  erasure_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  class BIGINT NOT NULL,
  rule TEXT NOT NULL,
  hold_id BIGINT,
  until BIGINT,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);
CREATE INDEX erasure_kept_by_erasure ON erasure_kept (erasure_id);
CREATE INDEX erasure_kept_waiting ON erasure_kept (until) WHERE ended_at IS NULL;

-- Who was told to erase, too.
CREATE TABLE erasure_recipients (
  id BIGINT NOT NULL PRIMARY KEY,
  erasure_id BIGINT NOT NULL,
  app_id BIGINT,
  endpoint_id BIGINT,
  alias TEXT,
  told_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  acknowledged_at BIGINT,
  leaf BIGINT NOT NULL
);
CREATE INDEX erasure_recipients_by_erasure ON erasure_recipients (erasure_id);
CREATE INDEX erasure_recipients_waiting ON erasure_recipients (due_at) WHERE acknowledged_at IS NULL;

-- What is to be deleted at Meta before a person's own identifiers go.
CREATE TABLE errands (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  request_id BIGINT,
  number_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  media_id BIGINT,
  state BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  code BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX errands_by_subject ON errands (subject_id, id);
CREATE INDEX errands_waiting ON errands (next_at) WHERE state = 1;

-- A message that was taken out of a conversation that stays.
CREATE TABLE redacted_messages (
  message_id BIGINT NOT NULL PRIMARY KEY,
  conversation_id BIGINT NOT NULL,
  previous BIGINT,
  direction BIGINT NOT NULL,
  rule TEXT NOT NULL,
  at BIGINT NOT NULL,
  redacted_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX redacted_messages_by_conversation ON redacted_messages (conversation_id);

-- Legal holds. The query is kept as it was asked; it names people by their numbers here.
CREATE TABLE holds (
  id BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  matter TEXT NOT NULL,
  owner TEXT NOT NULL,
  query TEXT NOT NULL,
  everybody BIGINT NOT NULL,
  classes BIGINT NOT NULL,
  from_at BIGINT,
  to_at BIGINT,
  created_at BIGINT NOT NULL,
  review_at BIGINT NOT NULL,
  released_at BIGINT,
  version BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

CREATE TABLE hold_subjects (
  id BIGINT NOT NULL PRIMARY KEY,
  hold_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX hold_subjects_by_subject ON hold_subjects (subject_id);
CREATE INDEX hold_subjects_by_hold ON hold_subjects (hold_id);

CREATE TABLE hold_numbers (
  id BIGINT NOT NULL PRIMARY KEY,
  hold_id BIGINT NOT NULL,
  number_id BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);
CREATE INDEX hold_numbers_by_hold ON hold_numbers (hold_id);

-- How long what is kept. A row is proposed until it is switched on.
CREATE TABLE retention_rules (
  id BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  class BIGINT NOT NULL,
  purpose_id BIGINT,
  jurisdiction TEXT,
  number_id BIGINT,
  minimum_days BIGINT,
  maximum_days BIGINT,
  starts BIGINT NOT NULL,
  action BIGINT NOT NULL,
  provision TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  on_at BIGINT,
  ended_at BIGINT,
  leaf BIGINT NOT NULL
);

CREATE TABLE retention_runs (
  id BIGINT NOT NULL PRIMARY KEY,
  preview BIGINT NOT NULL,
  as_of BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  state BIGINT NOT NULL,
  cursor BIGINT NOT NULL,
  examined BIGINT NOT NULL,
  due BIGINT NOT NULL,
  erased BIGINT NOT NULL,
  kept BIGINT NOT NULL,
  held BIGINT NOT NULL,
  for_review BIGINT NOT NULL,
  counts TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- What a rule leaves to somebody answerable.
CREATE TABLE retention_reviews (
  id BIGINT NOT NULL PRIMARY KEY,
  rule_id BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  class BIGINT NOT NULL,
  quarter BIGINT NOT NULL,
  at BIGINT NOT NULL,
  decision BIGINT,
  decided_at BIGINT,
  leaf BIGINT NOT NULL,
  UNIQUE (rule_id, subject_id, class, quarter)
);

-- Counts that outlive what was counted: by day, number and purpose (0 for none).
CREATE TABLE statistics (
  day BIGINT NOT NULL,
  number_id BIGINT NOT NULL,
  purpose_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  outcome BIGINT NOT NULL,
  count BIGINT NOT NULL,
  PRIMARY KEY (day, number_id, purpose_id, kind, outcome)
);

-- What was shipped of the keys, to which place.
CREATE TABLE bundles (
  id BIGINT NOT NULL PRIMARY KEY,
  place BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  whole BIGINT NOT NULL,
  keys BIGINT NOT NULL,
  size BIGINT NOT NULL,
  upto TEXT NOT NULL,
  shipped_at BIGINT NOT NULL,
  gone_at BIGINT,
  leaf BIGINT NOT NULL
);
CREATE INDEX bundles_there ON bundles (place, id) WHERE gone_at IS NULL;

-- Content snapshots.
CREATE TABLE snapshots (
  id BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  place BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  state BIGINT NOT NULL,
  size BIGINT NOT NULL,
  objects BIGINT NOT NULL,
  head BIGINT NOT NULL,
  verified_at BIGINT,
  fault BIGINT,
  updated_at BIGINT NOT NULL,
  leaf BIGINT NOT NULL
);

-- Until when WhatsApp holds promotions off this person, as far as it has told (error 131049).
ALTER TABLE conversations ADD COLUMN capped_until BIGINT;

-- People of a list who are asked by e-mail or SMS: the request for confirmation in the place of a message.
ALTER TABLE campaign_sends ADD COLUMN confirmation_id BIGINT;
DROP INDEX campaign_sends_waiting;
CREATE INDEX campaign_sends_waiting ON campaign_sends (campaign_id, at)
  WHERE message_id IS NULL AND confirmation_id IS NULL;
CREATE INDEX campaign_sends_by_confirmation ON campaign_sends (confirmation_id)
  WHERE confirmation_id IS NOT NULL;
