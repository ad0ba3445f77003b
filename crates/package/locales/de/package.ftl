# Was ein Auskunftspaket sagt.

## Every page

page-all = Alles in diesem Paket

## The first page

index-title = Ihre Daten bei { $organisation }
index-title-portability = Ihre Daten bei { $organisation }, zum Mitnehmen
index-lead = Dies ist eine Kopie Ihrer personenbezogenen Daten vom { $date }. Es ist Paket { $package }. Bewahren Sie es auf wie einen Brief, der nur für Sie bestimmt ist: Wer es hat, kann es lesen.
index-lead-request = Dies ist eine Kopie Ihrer personenbezogenen Daten vom { $date }, als Antwort auf Antrag { $request }. Es ist Paket { $package }. Bewahren Sie es auf wie einen Brief, der nur für Sie bestimmt ist: Wer es hat, kann es lesen.
index-contents = Was darin ist
index-part = Teil { $part }
index-data = Der Ordner „data“ enthält dasselbe als JSON, für Programme.
index-left-out = { $count } Stellen, die von anderen Menschen handeln, wurden weggelassen. An jeder Stelle steht, was dort stand; die Datei „data/left-out“ führt sie auf.
index-checking = Wie man es prüft
index-checking-text = Die Datei „manifest.json“ enthält den SHA-256 jeder Datei. Die Datei „manifest.note“ enthält den Hash dieses Verzeichnisses und ist mit dem Schlüssel des Prüfprotokolls der Organisation signiert.
index-log = Protokoll: { $log }. Erstellt von { $program }.
index-letter = Brief mit einer Zusammenfassung (PDF)
index-receipt = Beleg: { $purpose }

## Lists

messages-title = Nachrichten
messages-about = Was Sie uns und was wir Ihnen geschrieben haben, das Älteste zuerst. Zeiten sind UTC.
decisions-title = Entscheidungen über Nachrichten an Sie
decisions-about = Bevor eine Nachricht an Sie abgeht, sagen Regeln, ob sie darf. Dies haben sie gesagt, und warum; die Gründe stehen auf Englisch.
accesses-title = Wer Ihre Daten angesehen oder geändert hat
accesses-about = Aus unserem Prüfprotokoll. Mitarbeitende sind mit ihrer Rolle genannt.
left-out-title = Was weggelassen wurde
left-out-about = Stellen über andere Menschen, nach der Nachricht, in der sie stehen. An jeder Stelle in den Nachrichten steht, was dort stand.

## Columns

column-decided = Entschieden
column-first = Zuerst (UTC)
column-for = Wofür
column-from = Von
column-how = Wie
column-last = Zuletzt (UTC)
column-message = Nachricht
column-notice = Hinweis
column-number = Nummer
column-purpose = Zweck
column-reaches = Reicht über
column-received = Eingegangen (UTC)
column-rule = Regel
column-since = Seit (UTC)
column-state = Stand
column-until = Bis (UTC)
column-value = Wert
column-what = Was
column-when = Wann (UTC)
column-where-from = Woher
column-who = Wer
column-why = Warum

## Short tables

identifiers-title = Woran wir Sie erkennen
identifiers-none = Wir haben nichts, woran Sie zu erkennen sind.
known-title = Was wir über Sie wissen
known-none = Wir wissen sonst nichts über Sie.
consents-title = Wozu Sie eingewilligt, was Sie abgelehnt oder widerrufen haben
consents-none = Es ist nichts verzeichnet.
stops-title = Was Sie abbestellt haben
stops-none = Es ist nichts abbestellt.
recipients-title = Wer Ihre Daten erhalten hat
recipients-none = Niemand.
requests-title = Was Sie beantragt haben
requests-none = Sie haben noch nichts beantragt.

## In a conversation

chat-we-wrote = Wir schrieben,
chat-you-wrote = Sie schrieben,
chat-file = Die Datei
message-template = Vorlage „{ $name }“
message-filled = Eingesetzt: { $values }
message-reaction = Reaktion: { $emoji }
message-reaction-back = Reaktion: zurückgenommen
message-location = Standort: { $place }
message-card = Kontaktkarte: { $name }
cut-bank-account = {"["}weggelassen: Bankkonto einer anderen Person]
cut-contact-card = {"["}weggelassen: Kontaktkarte einer anderen Person]
cut-email = {"["}weggelassen: E-Mail-Adresse einer anderen Person]
cut-identity-number = {"["}weggelassen: Ausweisnummer einer anderen Person]
cut-payment-card = {"["}weggelassen: Zahlungskarte einer anderen Person]
cut-phone = {"["}weggelassen: Telefonnummer einer anderen Person]

## Words for codes

other-bank-account = Bankkonto
other-contact-card = Kontaktkarte
other-email = E-Mail-Adresse
other-identity-number = Ausweisnummer
other-payment-card = Zahlungskarte
other-phone = Telefonnummer
kind-audio = Audio
kind-document = Dokument
kind-image = Bild
kind-message = Nachricht
kind-sticker = Sticker
kind-video = Video
kind-voice = Sprachnachricht
identifier-bsuid = WhatsApps Kennung für Sie
identifier-customer-key = Kundennummer
identifier-email = E-Mail-Adresse
identifier-parent-bsuid = WhatsApps Kennung für Sie, über Unternehmen hinweg
identifier-phone = Telefonnummer
known-age = Alter
known-contract-ended = Ende des Vertrags
known-languages = Sprachen
known-name = Name
known-residence = Wohnort
known-sale = ein Kauf
known-special = besondere Kategorie von Daten
known-zone = Zeitzone
source-app = eines unserer Programme
source-import = eine frühere Liste
source-person = Sie
source-staff = unser Personal
source-whatsapp = WhatsApp
consent-expired = abgelaufen
consent-given = eingewilligt
consent-invalidated = nicht mehr gültig
consent-refused = abgelehnt
consent-renewed = erneut eingewilligt
consent-requested = angefragt
consent-unknown = nicht bekannt
consent-withdrawn = widerrufen
method-app = über eines unserer Programme
method-chat-button = eine Schaltfläche im Chat
method-chat-keyword = ein Wort im Chat
method-import = eine frühere Liste
method-native-preference = in WhatsApp eingestellt
method-paper = auf Papier
method-staff = unserem Personal gesagt
method-web-form = ein Formular oder Ihre Seite
stop-business-initiated = alles, was wir beginnen würden
stop-promotional = Werbung
stop-from-native = die Einstellung in WhatsApp
stop-from-own = Sie haben es uns gesagt
state-accepted = von WhatsApp angenommen
state-calling = unterwegs
state-delivered = zugestellt
state-failed = nicht zugestellt
state-indeterminate = Ausgang nicht bekannt
state-judged = wartet
state-played = abgespielt
state-queued = wartet
state-read = gelesen
state-received = empfangen
state-refused = nicht gesendet
state-rejected = von WhatsApp abgelehnt
state-sent = gesendet
outcome-allow = darf gehen
outcome-defer = noch nicht
outcome-refuse = darf nicht gehen
request-access = eine Kopie Ihrer Daten
request-complaint = eine Beschwerde
request-correction = eine Berichtigung
request-deletion = Löschung
request-objection = Widerspruch
request-opt-out = keine Werbung
request-portability = Ihre Daten zum Mitnehmen
request-restriction = Einschränkung
request-withdrawal = Ende einer Einwilligung
case-acknowledged = bestätigt
case-clarifying = eine Frage ist offen
case-closed = abgeschlossen
case-decided = entschieden
case-delivered = beantwortet
case-expired = ohne Antwort beendet
case-fulfilled = erledigt
case-identity-pending = wartet auf Ihren Nachweis
case-in-review = wird durchgesehen
case-partially-fulfilled = teilweise erledigt
case-received = eingegangen
case-refused = abgelehnt
case-searching = wird gesucht
case-withdrawn = zurückgezogen
role-app = eines unserer Programme
role-staff = jemand von unserem Personal
role-system = unser System
role-you = Sie
class-audit-detail = Vermerke darüber, wer Ihre Daten angesehen hat
class-consent-proof = Nachweise von Einwilligungen
class-conversation = Nachrichten
class-form = Formulare, Anträge und Briefe
class-media = Bilder, Ton und Dateien
class-notes = Notizen über Sie
class-profile = Namen, Nummern und was wir sonst über Sie wissen
class-regulated-archive = Unterlagen, die wir nach dem Recht unserer Branche aufbewahren
notice-version = { $title }, Fassung { $version }
recipient-meta-what = alle Nachrichten, wie sie übertragen werden
recipient-messages = Nachrichten, die Sie geschrieben haben: { $count }
recipient-alias = kennt Sie als { $alias }, ohne Ihre Nummer

## Questions and answers

question-purposes = Wofür wir Ihre Daten verwenden
purpose-answer = Um Ihnen zu antworten, wenn Sie uns schreiben.
purpose-proof = Um nachzuweisen, dass wir uns an das Recht halten: das Prüfprotokoll und die Nachweise von Einwilligungen.
basis-consent = weil Sie eingewilligt haben
basis-contract = weil ein Vertrag mit Ihnen es erfordert
basis-legal-obligation = weil das Gesetz es verlangt
basis-legitimate-interest = wegen eines Interesses von uns, das gegen Ihres abgewogen wurde
question-kinds = Welche Arten von Daten es sind
kinds-identify = Woran Sie zu erkennen sind: Telefonnummern, WhatsApps Kennungen, E-Mail-Adressen.
kinds-wrote = Was Sie geschrieben und gesendet haben und was wir geschrieben haben, mit der Zeit und was daraus wurde.
kinds-agreed = Wozu Sie eingewilligt und was Sie abgelehnt haben, und was es nachweist.
kinds-known = Was wir sonst über Sie wissen, wie in der Tabelle oben.
question-recipients = Wer sie erhalten hat
recipients-table = Die Tabelle „Wer Ihre Daten erhalten hat“ nennt jeden Empfänger mit der Zahl der Nachrichten; bei jeder Nachricht steht, wem sie gegeben wurde.
recipients-meta = Meta Platforms überträgt die Nachrichten, nach seinen Bedingungen für Unternehmen auch außerhalb Ihres Landes.
question-retention = Wie lange sie aufbewahrt werden
retention-both = { $class }: mindestens { $minimum } Tage, höchstens { $maximum } Tage ({ $provision })
retention-least = { $class }: mindestens { $minimum } Tage ({ $provision })
retention-most = { $class }: höchstens { $maximum } Tage ({ $provision })
retention-needed = Solange sie für das gebraucht werden, wofür sie verwendet werden.
question-source = Woher sie kommen
source-told = Von Ihnen, von WhatsApp und von uns. Die Tabelle „Was wir über Sie wissen“ sagt, woher jedes stammt.
question-automated = Ob etwas allein von einem Programm entschieden wird
automated-told = Regeln entscheiden, ob eine Nachricht an Sie abgehen darf; jede dieser Entscheidungen ist mit ihrem Grund in diesem Paket. Nichts, was für Sie rechtliche Wirkung hat oder Sie ähnlich betrifft, wird allein von einem Programm entschieden, und es wird kein Profil von Ihnen gebildet.
question-rights = Was Sie verlangen können
rights-corrected = Dass berichtigt wird, was falsch ist.
rights-deleted = Dass Ihre Daten gelöscht werden, soweit kein Gesetz ihre Aufbewahrung vorschreibt.
rights-paused = Dass wir sie nicht verwenden, solange etwas strittig ist.
rights-objected = Dass wir sie für einen Zweck nicht mehr verwenden; für Werbung jederzeit und ohne Grund.
rights-portable = Dass Sie, was Sie uns gegeben haben, in einer Form bekommen, die ein Programm lesen kann.
question-complaint = Bei wem Sie sich beschweren können
complaint-own = Bei der Datenschutzbehörde dort, wo Sie leben oder arbeiten.
question-left-out = Was nicht in diesem Paket ist
left-passages = { $count } Stellen über andere Menschen (DSGVO Art. 15 Abs. 4; POPIA s23(4) mit PAIA Kapitel 4).
left-groups = { $count } Nachrichten anderer Mitglieder von Gruppen: Sie gehören ihnen.
left-keys = Schlüssel und Token, die nichts über Sie sagen.
left-files = Dateien, die nicht binnen 30 Tagen von WhatsApp abgeholt wurden: Es löscht sie dann.
