-- Whoever was erased leaves a number behind that leads nowhere.
ALTER TABLE subjects ADD COLUMN erased_at INTEGER;
CREATE INDEX subjects_restricted ON subjects (restricted_at) WHERE restricted_at IS NOT NULL;

-- Under which index key an entry stands: while a roll goes on there are two for each identifier.
ALTER TABLE identifier_tags ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

-- Rolls of the epoch key. What was erased before one began is out of every copy's reach once it ended.
CREATE TABLE rolls (
  id INTEGER NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  identifiers INTEGER NOT NULL,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);

-- What stands in for an audited row that was removed: its hash, so that the leaf that covered it can
-- still be checked, and nothing of what it said.
CREATE TABLE tombstones (
  id INTEGER NOT NULL PRIMARY KEY,
  row_leaf INTEGER NOT NULL,
  row_table INTEGER NOT NULL,
  row_id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX tombstones_by_leaf ON tombstones (row_leaf);
CREATE INDEX tombstones_by_cover ON tombstones (leaf);
CREATE INDEX tombstones_by_row ON tombstones (row_table, row_id);

-- What people ask for by right.
CREATE TABLE requests (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  source INTEGER NOT NULL,
  language TEXT NOT NULL,
  jurisdictions TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_request BLOB NOT NULL,
  state INTEGER NOT NULL,
  assurance INTEGER NOT NULL,
  complete_at INTEGER,
  paused_at INTEGER,
  paused_days INTEGER NOT NULL,
  acknowledge_by INTEGER,
  due_at INTEGER NOT NULL,
  rule TEXT NOT NULL,
  extended_at INTEGER,
  reminded_at INTEGER,
  outcome INTEGER,
  provision TEXT,
  closed_at INTEGER,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX requests_by_subject ON requests (subject_id, id);
CREATE INDEX requests_open ON requests (due_at) WHERE closed_at IS NULL;

-- Each step of a request, as it was taken.
CREATE TABLE request_steps (
  id INTEGER NOT NULL PRIMARY KEY,
  request_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  actor TEXT NOT NULL,
  rule TEXT NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_note BLOB,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX request_steps_by_request ON request_steps (request_id, id);

-- Letters about a request, in the chat or by e-mail.
CREATE TABLE letters (
  id INTEGER NOT NULL PRIMARY KEY,
  request_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  language TEXT NOT NULL,
  route INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_letter BLOB NOT NULL,
  state INTEGER NOT NULL,
  message_id INTEGER,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  fault INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX letters_by_request ON letters (request_id, id);
CREATE INDEX letters_waiting ON letters (next_at) WHERE state = 1;

-- Copies of a person's data that were made for them.
CREATE TABLE packages (
  id INTEGER NOT NULL PRIMARY KEY,
  request_id INTEGER,
  subject_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  object TEXT NOT NULL,
  key_id INTEGER NOT NULL,
  sealed_key BLOB NOT NULL,
  state INTEGER NOT NULL,
  hash BLOB,
  size INTEGER,
  items INTEGER NOT NULL,
  tag BLOB,
  expires_at INTEGER,
  fetched_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX packages_by_request ON packages (request_id, id);
CREATE INDEX packages_by_tag ON packages (tag);
CREATE INDEX packages_by_subject ON packages (subject_id, id);
CREATE INDEX packages_open ON packages (state, id) WHERE state < 7;

-- Who looked at whom: what a person may ask for.
CREATE INDEX audit_details_by_subject ON audit_details (subject_id, id);

-- What of others was found in a person's messages, and whether it is left out of the package.
CREATE TABLE redactions (
  id INTEGER NOT NULL PRIMARY KEY,
  package_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  start INTEGER NOT NULL,
  length INTEGER NOT NULL,
  decision INTEGER NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX redactions_by_package ON redactions (package_id, message_id);

-- Erasures: what went when. Kept; they name nobody.
CREATE TABLE erasures (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  request_id INTEGER,
  reason INTEGER NOT NULL,
  classes INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  identifiers INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  media_at_meta INTEGER NOT NULL,
  contact_at_meta INTEGER NOT NULL,
  erased_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  objects INTEGER NOT NULL,
  swept_at INTEGER,
  horizon_at INTEGER,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX erasures_by_subject ON erasures (subject_id);
CREATE INDEX erasures_open ON erasures (id) WHERE state <> 3;

-- What an erasure left, under which rule or hold, and until when.
CREATE TABLE erasure_kept (
  id INTEGER NOT NULL PRIMARY KEY,
  erasure_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  class INTEGER NOT NULL,
  rule TEXT NOT NULL,
  hold_id INTEGER,
  until INTEGER,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);
CREATE INDEX erasure_kept_by_erasure ON erasure_kept (erasure_id);
CREATE INDEX erasure_kept_waiting ON erasure_kept (until) WHERE ended_at IS NULL;

-- Who was told to erase, too.
CREATE TABLE erasure_recipients (
  id INTEGER NOT NULL PRIMARY KEY,
  erasure_id INTEGER NOT NULL,
  app_id INTEGER,
  endpoint_id INTEGER,
  alias TEXT,
  told_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  acknowledged_at INTEGER,
  leaf INTEGER NOT NULL
);
CREATE INDEX erasure_recipients_by_erasure ON erasure_recipients (erasure_id);
CREATE INDEX erasure_recipients_waiting ON erasure_recipients (due_at) WHERE acknowledged_at IS NULL;

-- What is to be deleted at Meta before a person's own identifiers go.
CREATE TABLE errands (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_id INTEGER NOT NULL,
  request_id INTEGER,
  number_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  media_id INTEGER,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  code INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX errands_by_subject ON errands (subject_id, id);
CREATE INDEX errands_waiting ON errands (next_at) WHERE state = 1;

-- A message that was taken out of a conversation that stays.
CREATE TABLE redacted_messages (
  message_id INTEGER NOT NULL PRIMARY KEY,
  conversation_id INTEGER NOT NULL,
  previous INTEGER,
  direction INTEGER NOT NULL,
  rule TEXT NOT NULL,
  at INTEGER NOT NULL,
  redacted_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX redacted_messages_by_conversation ON redacted_messages (conversation_id);

-- Legal holds. The query is kept as it was asked; it names people by their numbers here.
CREATE TABLE holds (
  id INTEGER NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  matter TEXT NOT NULL,
  owner TEXT NOT NULL,
  query TEXT NOT NULL,
  everybody INTEGER NOT NULL,
  classes INTEGER NOT NULL,
  from_at INTEGER,
  to_at INTEGER,
  created_at INTEGER NOT NULL,
  review_at INTEGER NOT NULL,
  released_at INTEGER,
  version INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

CREATE TABLE hold_subjects (
  id INTEGER NOT NULL PRIMARY KEY,
  hold_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX hold_subjects_by_subject ON hold_subjects (subject_id);
CREATE INDEX hold_subjects_by_hold ON hold_subjects (hold_id);

CREATE TABLE hold_numbers (
  id INTEGER NOT NULL PRIMARY KEY,
  hold_id INTEGER NOT NULL,
  number_id INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);
CREATE INDEX hold_numbers_by_hold ON hold_numbers (hold_id);

-- How long what is kept. A row is proposed until it is switched on.
CREATE TABLE retention_rules (
  id INTEGER NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  class INTEGER NOT NULL,
  purpose_id INTEGER,
  jurisdiction TEXT,
  number_id INTEGER,
  minimum_days INTEGER,
  maximum_days INTEGER,
  starts INTEGER NOT NULL,
  action INTEGER NOT NULL,
  provision TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  on_at INTEGER,
  ended_at INTEGER,
  leaf INTEGER NOT NULL
);

CREATE TABLE retention_runs (
  id INTEGER NOT NULL PRIMARY KEY,
  preview INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  examined INTEGER NOT NULL,
  due INTEGER NOT NULL,
  erased INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  held INTEGER NOT NULL,
  for_review INTEGER NOT NULL,
  counts TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- What a rule leaves to somebody answerable.
CREATE TABLE retention_reviews (
  id INTEGER NOT NULL PRIMARY KEY,
  rule_id INTEGER NOT NULL,
  subject_id INTEGER NOT NULL,
  class INTEGER NOT NULL,
  quarter INTEGER NOT NULL,
  at INTEGER NOT NULL,
  decision INTEGER,
  decided_at INTEGER,
  leaf INTEGER NOT NULL,
  UNIQUE (rule_id, subject_id, class, quarter)
);

-- Counts that outlive what was counted: by day, number and purpose (0 for none).
CREATE TABLE statistics (
  day INTEGER NOT NULL,
  number_id INTEGER NOT NULL,
  purpose_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, number_id, purpose_id, kind, outcome)
) WITHOUT ROWID;

-- What was shipped of the keys, to which place.
CREATE TABLE bundles (
  id INTEGER NOT NULL PRIMARY KEY,
  place INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  whole INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  size INTEGER NOT NULL,
  upto TEXT NOT NULL,
  shipped_at INTEGER NOT NULL,
  gone_at INTEGER,
  leaf INTEGER NOT NULL
);
CREATE INDEX bundles_there ON bundles (place, id) WHERE gone_at IS NULL;

-- Content snapshots.
CREATE TABLE snapshots (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  place INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  size INTEGER NOT NULL,
  objects INTEGER NOT NULL,
  head INTEGER NOT NULL,
  verified_at INTEGER,
  fault INTEGER,
  updated_at INTEGER NOT NULL,
  leaf INTEGER NOT NULL
);

-- Until when WhatsApp holds promotions off this person, as far as it has told (error 131049).
ALTER TABLE conversations ADD COLUMN capped_until INTEGER;

-- People of a list who are asked by e-mail or SMS: the request for confirmation in the place of a message.
ALTER TABLE campaign_sends ADD COLUMN confirmation_id INTEGER;
DROP INDEX campaign_sends_waiting;
CREATE INDEX campaign_sends_waiting ON campaign_sends (campaign_id, at)
  WHERE message_id IS NULL AND confirmation_id IS NULL;
CREATE INDEX campaign_sends_by_confirmation ON campaign_sends (confirmation_id)
  WHERE confirmation_id IS NOT NULL;
