# Language: English (en)
# Reviewed: yes
#
# $organisation is at hand in every message.

date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

## Every page

skip = Skip to the content
languages = Language
page-title = { $title } – { $organisation }
problem-summary = Please look at this again
go-on = Go on

## The opt-in form

opt-in-title = { $organisation } on WhatsApp
opt-in-lead = Choose what you would like to get. Nothing is chosen for you, and you can change your mind at any time.
opt-in-purposes = What would you like to get?
opt-in-recipients = Who else receives data for this: { $recipients }
opt-in-reach = Where can we reach you?
opt-in-phone = Your WhatsApp number
opt-in-phone-hint = With the country code, for example +27 82 555 0142.
opt-in-email = Your e-mail address
opt-in-email-hint = We use it to send you the link with which you confirm.
opt-in-route = How shall we send you the link to confirm?
opt-in-route-email = By e-mail
opt-in-route-sms = By SMS to that number
opt-in-route-chat = In WhatsApp: I open a chat with { $organisation }
opt-in-notice = What you should know
opt-in-notice-full = Read the whole notice “{ $title }” (version { $version })
opt-in-submit = Send me the link to confirm
opt-in-after = You get nothing until you have confirmed with that link. It works for { $hours ->
    [one] one hour
   *[other] { $hours } hours
}.
opt-in-problem-purposes = Tick at least one thing you would like to get.
opt-in-problem-phone = Write your number with its country code, for example +27 82 555 0142.
opt-in-problem-email = Write an e-mail address, for example name@example.org.
opt-in-problem-route = Choose how we shall send you the link.

## After the opt-in form

asked-title = One more step
asked-email = If that e-mail address is right, a message with a link is on its way to you. Open the link and confirm there.
asked-sms = If that number is right, an SMS with a link is on its way to you. Open the link and confirm there.
asked-chat = Open the chat with { $organisation } and send the message that stands there ready. We then ask you to confirm with one tap.
asked-chat-button = Open WhatsApp
asked-chat-code = Or scan this code with the phone on which you have WhatsApp.
asked-chat-code-alt = Code that opens the chat in WhatsApp
asked-until = Until then nothing changes. The link works for { $hours ->
    [one] one hour
   *[other] { $hours } hours
}.
asked-missing = Nothing there yet? Give it a few minutes. With e-mail, look into the folder for unwanted messages, too.
asked-again = Back to the form

## Confirming

confirm-title = Do you agree?
confirm-lead = Somebody asked in your name that { $organisation } may send you this on WhatsApp:
confirm-free = It is up to you. Without your yes nothing is sent, and you can take a yes back at any time: write STOP in the chat, or change your choices.
confirm-yes = Yes, I agree
confirm-no = No, I do not
confirm-nobody = If it was not you who asked, close this page or say no.
confirmed-title = Thank you. You said yes.
confirmed-text = { $organisation } may now send you this on WhatsApp:
confirmed-later = You can change that at any time. Write STOP in the chat, or see your choices.
confirmed-choices = See your choices
confirmed-stopped = You have stopped such messages before, and that still holds. To lift the stop, look at your choices, or write START in the chat.
declined-title = All right. You said no.
declined-text = { $organisation } has noted your no, and does not send you this.

## A link that does not work

gone-title = This link cannot be used
gone-text-altered = It was not copied whole, or was not made by us. Nothing has changed.
gone-text-changed = What you would have agreed to has changed since we sent it. Please ask for the messages once more.
gone-text-expired = It is too old. Nothing has changed.
gone-text-used = It was used already, or a newer one has taken its place.
gone-next = You can see and change your choices with your number instead.

## Your data and your rights

rights-section-text = Ask for a copy of your data, have them corrected or erased, and see how your requests stand.
rights-open = See my requests
rights-title = Your data and your rights
rights-lead = What you can ask of { $organisation }. It costs nothing, and you get an answer by the day that the law sets.
rights-own = Your requests
rights-none = You have not asked for anything yet.
rights-ask = What you can ask for
rights-back = Back to your choices
rights-all = Back to your requests
rights-case = Case
rights-received = Asked on
rights-due = Answer by
rights-provision = Provision
rights-letters = What we wrote to you
rights-no-letters = Nothing yet.
rights-withdraw = Take this request back
rights-done-new = We have your request. You find it below.
rights-done-known = You had asked for this before, and we are still at it. You find it below.
rights-done-withdrawn = Done. You have taken the request back.
rights-not-now = That cannot be done any more: the request is answered already.
rights-in-hand = We are at it
rights-identity = We need to be sure it is you
rights-question = We have a question
rights-fulfilled = Done
rights-in-part = Done in part
rights-refused = Refused
rights-withdrawn = Taken back
rights-expired = Ended without an answer
rights-words = In your own words
rights-words-hint = You may leave this empty. Please send no identity documents or card numbers.
rights-too-long = That is too long. Please use 2,000 characters at most.
rights-email = Your e-mail address for the answer
rights-email-hint = You may leave this empty. We ask there first whether the answer may come.
rights-next = Go on
rights-check-title = Is this right?
rights-check-lead = You are about to ask { $organisation } for this:
rights-check-said = In your words:
rights-check-deletion = Everything is erased that no law orders to keep, and nobody can bring it back. You get a letter that says what went and what stays.
rights-check-email = Before anything goes to { $email } we ask there whether you want it.
rights-send = Yes, ask for this
rights-cancel = No, go back
right-access = A copy of my data
right-access-text = Messages, files, what you agreed to, who received data and who looked at them, to read and to keep.
right-complaint = A complaint
right-complaint-text = Tell us what went wrong with your data. You can turn to the authority as well, at any time.
right-correction = Correct my data
right-correction-text = Tell us what is wrong and what is right. We tell others who had it from us.
right-deletion = Erase my data
right-deletion-text = Everything goes that no law orders to keep: messages, files, your name and number.
right-objection = Stop using my data
right-objection-text = Promotions stop at once. What else we do with your data is looked at by somebody who can end it.
right-opt-out = No marketing
right-portability = My data to take along
right-portability-text = What you gave us, in a form that other programs can read.
right-restriction = Keep my data, but do not use them
right-restriction-text = For as long as something is in dispute, or because you need them yourself.
right-withdrawal = End what I agreed to

## Links to a mailbox or a number

mailbox-title = Answers to this address
mailbox-lead = Somebody, we hope it was you, gave this address for the answers about case { $case }.
mailbox-yes = Yes, send the answers here
mailbox-done-title = Thank you
mailbox-done = The answers about case { $case } come to this address from now on.
proof-title = Was it you?
proof-lead = Somebody asked { $organisation } for something by right (case { $case }). If it was you, say so here: then it goes on.
proof-yes = Yes, it was me
proof-done-title = Thank you
proof-done = Case { $case } goes on now.
reach-nobody = If it was not you, close this page: nothing happens.

## A copy of the data, and the certificate of an erasure

package-title = Your data
package-lead = The copy of your data from { $organisation } is ready.
package-once = It can be fetched once. Whoever has this link can fetch it, so please do not pass it on.
package-button = { $size ->
    [one] Download (1 MB)
   *[other] Download ({ $size } MB)
}
package-device = Fetch it on a device of your own: the file is not locked, and everybody who opens it can read it.
erased-keep = To keep
erased-keep-text = This page may be gone one day. The signed note proves what it says without us, with the public key of our log.
erased-pdf = Download as PDF
erased-note = Download the signed note
erased-none-title = There is no certificate here
erased-none-text = The link may be incomplete, or the erasure is not done yet. In that case please come back in a day.

## Your choices

choices-title = Your choices
choices-lead = What { $organisation } may send you on WhatsApp. A change counts at once.
choices-from = Messages come from { $number }.
choices-list = What you can get
choices-on = On
choices-off = Off
choices-asked = Waiting for your yes
choices-stopped = Stopped
choices-since = Since
choices-how = How
choices-notice = Notice
choices-notice-version = { $title } (version { $version })
choices-why = Why we may
choices-recipients = Who else receives data
choices-carrier = WhatsApp (Meta), which carries the messages
choices-receipt = Download the receipt (signed, with proof)
choices-turn-on = Turn on
choices-turn-off = Turn off
choices-agree = By turning this on you agree to it.
choices-agree-notice = By turning this on you agree to it as the notice “{ $title }” (version { $version }) explains.
choices-fixed = This cannot be switched alone. “Stop everything” ends it, too.
choices-care = This is the answer when you write. It comes only then.
choices-native = You stopped promotions in WhatsApp itself. Only there can you start them again.
choices-none = There is nothing to choose at the moment.
choices-changed-on = Done. This is on now.
choices-changed-off = Done. This is off now.
choices-stop-title = Stop everything
choices-stop-text = { $organisation } then sends you nothing more by itself. If you write first, you still get an answer.
choices-stop-button = Stop everything
choices-stop-done = Done. Everything is stopped.
choices-stopped-all = You have stopped everything since { $date }. { $organisation } only answers when you write first.
choices-stopped-promotion = You have stopped all promotions since { $date }.
choices-stopped-native = You have stopped promotions in WhatsApp itself since { $date }. Only there can you start them again: open the chat with { $organisation } and look at its details.
choices-start-text = Starting again lifts the stop. What you turned off stays off until you turn it on.
choices-start-button = Start again
choices-not-here = That cannot be changed from here. With a link or a code that we send to your own number it can.
choices-start-done = Done. The stop is lifted.
choices-gpc = Your browser says that your data must not be sold or shared (Global Privacy Control). We keep to that since { $date }: what shares your data with others is off.
choices-leave = Close my choices
choices-left = Your choices are closed on this device.
opened-title = Your choices are opening

how-chat-keyword = You wrote it in the chat
how-chat-button = You tapped a button in the chat
how-native-preference = You set it in WhatsApp
how-staff = You told somebody who works here
how-app = Through one of our programs
how-web-form = You filled in a form or used this page
how-paper = On paper
how-import = From a list of earlier date

why-consent = Because you agreed
why-consent-open = Only if you agree
why-contract = Because a contract with you needs it
why-legal-obligation = Because the law demands it
why-legitimate-interest = Because we have a legitimate interest, which you may object to

## With number and code

enter-title = See your choices
enter-lead = Give us your WhatsApp number. We send a code to it by SMS, and with that you get in. You need no account.
enter-chat-title = In WhatsApp instead
enter-chat = Open the chat with { $organisation } and send the message that stands ready there. We answer with a link to your choices. You need no account.
enter-links = The link in our messages leads to your choices. It also stands in our answer when you write STOP in the chat.
enter-phone = Your WhatsApp number
enter-phone-hint = With the country code, for example +27 82 555 0142.
enter-submit = Send me a code
enter-problem-phone = Write your number with its country code, for example +27 82 555 0142.
code-title = Enter the code
code-lead = If { $organisation } knows this number, an SMS with six digits is on its way to it. They work for ten minutes.
code-label = Code
code-hint = Six digits
code-submit = Show my choices
code-again = Use another number
code-refused = This code cannot be used. It may be mistyped, too old or used already. After some wrong tries there is a pause.
ended-text = For your safety your choices close after a while. Your changes until then are kept.

## A notice

notice-version = Version { $version }, since { $date }
notice-languages = Also in
notice-short = In short
notice-elements = In detail
notice-proof = How to prove that this text has not changed
notice-proof-text = This is the SHA-256 checksum of the text. The record of your consent names it, too.

## When something is wrong

error-title-400 = That cannot be read
error-text-400 = Something in what was sent is not as it should be. Please go back and try again.
error-title-403 = That was not sent from this page
error-text-403 = For your safety we take only what is sent from our own page, and only for a day. Please open the page again, and send it from there.
error-title-404 = There is nothing here
error-text-404 = The address may be mistyped, or the page has gone.
error-title-405 = That does not work here
error-text-405 = This page cannot do what was asked of it.
error-title-413 = That is too much
error-text-413 = What was sent is longer than we can take. Please shorten it.
error-title-415 = That cannot be read
error-text-415 = This page takes forms only.
error-title-429 = Too many tries
error-text-429 = Please wait a few minutes, then try again.
error-title-500 = That did not work
error-text-500 = It is our fault, not yours. Please try again later.
error-title-503 = Not just now
error-text-503 = We cannot answer at the moment. Please try again in a minute.
