# What an access package says.

## Every page

page-all = Everything in this package

## The first page

index-title = Your data at { $organisation }
index-title-portability = Your data at { $organisation }, to take along
index-lead = This is a copy of your personal data, made on { $date }. It is package { $package }. Keep it like a letter that is meant for you alone: whoever has it can read it.
index-lead-request = This is a copy of your personal data, made on { $date } in answer to request { $request }. It is package { $package }. Keep it like a letter that is meant for you alone: whoever has it can read it.
index-contents = What is in it
index-part = part { $part }
index-data = The folder “data” has the same as JSON, for programs.
index-left-out = { $count } passages that are about other people were left out. Each place says what stood there; the file “data/left-out” lists them.
index-checking = How to check it
index-checking-text = The file “manifest.json” has the SHA-256 of every file. The file “manifest.note” has the hash of that manifest and is signed with the key of the organisation's audit log.
index-log = Log: { $log }. Made by { $program }.
index-letter = Letter with a summary (PDF)
index-receipt = Receipt: { $purpose }

## Lists

messages-title = Messages
messages-about = What you wrote to us and what we wrote to you, oldest first. Times are UTC.
decisions-title = Decisions about messages to you
decisions-about = Before a message to you leaves, rules say whether it may. This is what they said, and why.
accesses-title = Who looked at your data or changed them
accesses-about = From our audit log. Members of our staff are named by their role.
left-out-title = What was left out
left-out-about = Passages about other people, by the message they stand in. Each place in the messages says what stood there.

## Columns

column-decided = Decided
column-first = First (UTC)
column-for = For what
column-from = From
column-how = How
column-last = Last (UTC)
column-message = Message
column-notice = Notice
column-number = Number
column-purpose = Purpose
column-reaches = Reaches
column-received = Received (UTC)
column-rule = Rule
column-since = Since (UTC)
column-state = State
column-until = Until (UTC)
column-value = Value
column-what = What
column-when = When (UTC)
column-where-from = Where from
column-who = Who
column-why = Why

## Short tables

identifiers-title = How we know you
identifiers-none = We have nothing that identifies you.
known-title = What we know of you
known-none = We know nothing else of you.
consents-title = What you agreed to, refused or took back
consents-none = Nothing is recorded.
stops-title = What you stopped
stops-none = Nothing is stopped.
recipients-title = Who received your data
recipients-none = Nobody.
requests-title = What you asked for
requests-none = You have asked for nothing before.

## In a conversation

chat-we-wrote = We wrote,
chat-you-wrote = You wrote,
chat-file = The file
message-template = Template “{ $name }”
message-filled = Filled in: { $values }
message-reaction = Reaction: { $emoji }
message-reaction-back = Reaction: taken back
message-location = Location: { $place }
message-card = Contact card: { $name }
cut-bank-account = {"["}left out: bank account of another person]
cut-contact-card = {"["}left out: contact card of another person]
cut-email = {"["}left out: e-mail address of another person]
cut-identity-number = {"["}left out: identity number of another person]
cut-payment-card = {"["}left out: payment card of another person]
cut-phone = {"["}left out: phone number of another person]

## Words for codes

other-bank-account = bank account
other-contact-card = contact card
other-email = e-mail address
other-identity-number = identity number
other-payment-card = payment card
other-phone = phone number
kind-audio = audio
kind-document = document
kind-image = image
kind-message = message
kind-sticker = sticker
kind-video = video
kind-voice = voice note
identifier-bsuid = WhatsApp's id for you
identifier-customer-key = customer number
identifier-email = e-mail address
identifier-parent-bsuid = WhatsApp's id for you, across businesses
identifier-phone = phone number
known-age = age
known-contract-ended = end of the contract
known-languages = languages
known-name = name
known-residence = where you live
known-sale = a purchase
known-special = special category of data
known-zone = time zone
source-app = one of our programs
source-import = an earlier list
source-person = you
source-staff = our staff
source-whatsapp = WhatsApp
consent-expired = ended by time
consent-given = agreed
consent-invalidated = no longer valid
consent-refused = refused
consent-renewed = agreed again
consent-requested = asked
consent-unknown = not known
consent-withdrawn = taken back
method-app = through one of our programs
method-chat-button = a button in the chat
method-chat-keyword = a word in the chat
method-import = an earlier list
method-native-preference = set in WhatsApp
method-paper = on paper
method-staff = told to our staff
method-web-form = a form or your page
stop-business-initiated = everything we would start
stop-promotional = promotions
stop-from-native = WhatsApp's own setting
stop-from-own = you told us
state-accepted = accepted by WhatsApp
state-calling = on its way
state-delivered = delivered
state-failed = not delivered
state-indeterminate = outcome not known
state-judged = waits
state-played = played
state-queued = waits
state-read = read
state-received = received
state-refused = not sent
state-rejected = refused by WhatsApp
state-sent = sent
outcome-allow = may leave
outcome-defer = not yet
outcome-refuse = may not leave
request-access = a copy of your data
request-complaint = a complaint
request-correction = a correction
request-deletion = deletion
request-objection = to stop using your data
request-opt-out = no marketing
request-portability = your data to take along
request-restriction = restriction
request-withdrawal = an end of consent
case-acknowledged = acknowledged
case-clarifying = a question is open
case-closed = closed
case-decided = decided
case-delivered = answered
case-expired = ended without an answer
case-fulfilled = done
case-identity-pending = waits for who you are
case-in-review = being looked through
case-partially-fulfilled = done in part
case-received = received
case-refused = refused
case-searching = being looked for
case-withdrawn = taken back
role-app = one of our programs
role-staff = a member of our staff
role-system = our system
role-you = you
class-audit-detail = notes on who looked at your data
class-consent-proof = proof of consent
class-conversation = messages
class-form = forms, requests and letters
class-media = pictures, sound and files
class-notes = notes about you
class-profile = names, numbers and what else we know of you
class-regulated-archive = records that the law of our trade orders us to keep
notice-version = { $title }, version { $version }
recipient-meta-what = all messages, as they are carried
recipient-messages = messages you wrote: { $count }
recipient-alias = knows you as { $alias }, without your number

## Questions and answers

question-purposes = What we use your data for
purpose-answer = To answer you when you write to us.
purpose-proof = To prove that we keep to the law: the audit log and the proof of consent.
basis-consent = because you agreed
basis-contract = because a contract with you needs it
basis-legal-obligation = because the law demands it
basis-legitimate-interest = because of an interest of ours that was weighed against yours
question-kinds = What kinds of data these are
kinds-identify = What identifies you: telephone numbers, WhatsApp's ids, e-mail addresses.
kinds-wrote = What you wrote and sent, and what we wrote, with the time and what became of it.
kinds-agreed = What you agreed to and refused, and what proves it.
kinds-known = What we know of you beside, as the table above has it.
question-recipients = Who received them
recipients-table = The table “Who received your data” names every recipient with how many messages it got; each message names those it was handed to.
recipients-meta = Meta Platforms carries the messages, and may do so outside of your country under its terms for businesses.
question-retention = How long they are kept
retention-both = { $class }: at least { $minimum } days, at most { $maximum } days ({ $provision })
retention-least = { $class }: at least { $minimum } days ({ $provision })
retention-most = { $class }: at most { $maximum } days ({ $provision })
retention-needed = As long as they are needed for what they are used for.
question-source = Where they come from
source-told = From you, from WhatsApp, and from us. The table “What we know of you” says where each thing comes from.
question-automated = Whether something is decided by a program alone
automated-told = Rules decide whether a message to you may leave; each of those decisions is in this package with its reason. Nothing that has legal effect for you, or that affects you alike, is decided by a program alone, and no profile is made of you.
question-rights = What you can ask for
rights-corrected = That what is wrong is corrected.
rights-deleted = That your data are deleted, as far as no law orders to keep them.
rights-paused = That we stop using them while something is in dispute.
rights-objected = That we stop using them for a purpose; for advertising, at any time and without a reason.
rights-portable = That you get what you gave us in a form that a program can read.
question-complaint = To whom you can complain
complaint-own = To the data protection authority where you live or work.
question-left-out = What is not in this package
left-passages = { $count } passages about other people (GDPR Art 15(4); POPIA s23(4) with PAIA chapter 4).
left-groups = { $count } messages of other members of groups: they are theirs.
left-keys = Keys and tokens, which say nothing about you.
left-files = Files that were not fetched from WhatsApp within 30 days: it deletes them then.
