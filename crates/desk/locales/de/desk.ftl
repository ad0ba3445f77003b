# Language: Deutsch (de)
# Reviewed: yes
#
# $organisation is at hand in every message.

date = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }

## Every page

skip = Zum Inhalt springen
languages = Sprache
page-title = { $title } – { $organisation }
problem-summary = Bitte sehen Sie sich das noch einmal an
go-on = Weiter

## The opt-in form

opt-in-title = { $organisation } auf WhatsApp
opt-in-lead = Wählen Sie, was Sie bekommen möchten. Nichts ist vorausgewählt, und Sie können es sich jederzeit anders überlegen.
opt-in-purposes = Was möchten Sie bekommen?
opt-in-recipients = Wer dafür außerdem Daten bekommt: { $recipients }
opt-in-reach = Wie erreichen wir Sie?
opt-in-phone = Ihre WhatsApp-Nummer
opt-in-phone-hint = Mit Ländervorwahl, zum Beispiel +27 82 555 0142.
opt-in-email = Ihre E-Mail-Adresse
opt-in-email-hint = Dorthin schicken wir Ihnen den Link, mit dem Sie bestätigen.
opt-in-route = Wie sollen wir Ihnen den Link zum Bestätigen schicken?
opt-in-route-email = Per E-Mail
opt-in-route-sms = Per SMS an diese Nummer
opt-in-route-chat = In WhatsApp: Ich öffne einen Chat mit { $organisation }
opt-in-notice = Was Sie wissen sollten
opt-in-notice-full = Den ganzen Hinweis „{ $title }“ lesen (Fassung { $version })
opt-in-submit = Link zum Bestätigen anfordern
opt-in-after = Sie bekommen nichts, bevor Sie über diesen Link bestätigt haben. Er gilt { $hours ->
    [one] eine Stunde
   *[other] { $hours } Stunden
}.
opt-in-problem-purposes = Kreuzen Sie mindestens eines an, das Sie bekommen möchten.
opt-in-problem-phone = Geben Sie Ihre Nummer mit Ländervorwahl ein, zum Beispiel +27 82 555 0142.
opt-in-problem-email = Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.org.
opt-in-problem-route = Wählen Sie, wie wir Ihnen den Link schicken sollen.

## After the opt-in form

asked-title = Noch ein Schritt
asked-email = Wenn die E-Mail-Adresse stimmt, ist eine Nachricht mit einem Link an Sie unterwegs. Öffnen Sie den Link und bestätigen Sie dort.
asked-sms = Wenn die Nummer stimmt, ist eine SMS mit einem Link an Sie unterwegs. Öffnen Sie den Link und bestätigen Sie dort.
asked-chat = Öffnen Sie den Chat mit { $organisation } und schicken Sie die Nachricht ab, die dort bereitsteht. Wir bitten Sie dann um Bestätigung mit einem Tippen.
asked-chat-button = WhatsApp öffnen
asked-chat-code = Oder scannen Sie diesen Code mit dem Telefon, auf dem Sie WhatsApp haben.
asked-chat-code-alt = Code, der den Chat in WhatsApp öffnet
asked-until = Bis dahin ändert sich nichts. Der Link gilt { $hours ->
    [one] eine Stunde
   *[other] { $hours } Stunden
}.
asked-missing = Noch nichts angekommen? Warten Sie ein paar Minuten. Sehen Sie bei E-Mail auch im Ordner für unerwünschte Nachrichten nach.
asked-again = Zurück zum Formular

## Confirming

confirm-title = Sind Sie einverstanden?
confirm-lead = Jemand hat in Ihrem Namen darum gebeten, dass { $organisation } Ihnen auf WhatsApp dies schicken darf:
confirm-free = Das ist freiwillig. Ohne Ihr Ja wird nichts geschickt, und ein Ja können Sie jederzeit zurücknehmen: Schreiben Sie STOP im Chat, oder ändern Sie Ihre Auswahl.
confirm-yes = Ja, ich bin einverstanden
confirm-no = Nein, ich möchte das nicht
confirm-nobody = Wenn Sie nicht selbst darum gebeten haben, schließen Sie diese Seite oder sagen Sie Nein.
confirmed-title = Danke. Sie haben Ja gesagt.
confirmed-text = { $organisation } darf Ihnen nun auf WhatsApp dies schicken:
confirmed-later = Das können Sie jederzeit ändern. Schreiben Sie STOP im Chat, oder sehen Sie sich Ihre Auswahl an.
confirmed-choices = Ihre Auswahl ansehen
confirmed-stopped = Sie haben solche Nachrichten früher gestoppt, und das gilt weiterhin. Um das aufzuheben, sehen Sie sich Ihre Auswahl an, oder schreiben Sie START im Chat.
declined-title = In Ordnung. Sie haben Nein gesagt.
declined-text = { $organisation } hat Ihr Nein vermerkt und schickt Ihnen dies nicht.

## A link that does not work

gone-title = Dieser Link lässt sich nicht verwenden
gone-text-altered = Er wurde nicht vollständig kopiert oder stammt nicht von uns. Es hat sich nichts geändert.
gone-text-changed = Was Sie damit erlaubt hätten, hat sich inzwischen geändert. Bitte fordern Sie die Nachrichten noch einmal an.
gone-text-expired = Er ist zu alt. Es hat sich nichts geändert.
gone-text-used = Er wurde schon verwendet, oder ein neuerer hat ihn ersetzt.
gone-next = Stattdessen können Sie Ihre Auswahl mit Ihrer Nummer ansehen und ändern.

## Ihre Daten und Ihre Rechte

rights-section-text = Lassen Sie sich eine Kopie Ihrer Daten geben, lassen Sie sie berichtigen oder löschen, und sehen Sie, wie es um Ihre Anträge steht.
rights-open = Meine Anträge ansehen
rights-title = Ihre Daten und Ihre Rechte
rights-lead = Was Sie von { $organisation } verlangen können. Es kostet nichts, und Sie erhalten bis zu dem Tag Antwort, den das Gesetz bestimmt.
rights-own = Ihre Anträge
rights-none = Sie haben noch nichts beantragt.
rights-ask = Was Sie beantragen können
rights-back = Zurück zu Ihrer Auswahl
rights-all = Zurück zu Ihren Anträgen
rights-case = Vorgang
rights-received = Beantragt am
rights-due = Antwort bis
rights-provision = Vorschrift
rights-letters = Was wir Ihnen geschrieben haben
rights-no-letters = Noch nichts.
rights-withdraw = Diesen Antrag zurücknehmen
rights-done-new = Ihr Antrag ist eingegangen. Sie finden ihn unten.
rights-done-known = Das hatten Sie schon beantragt, und wir sind noch dabei. Sie finden den Antrag unten.
rights-done-withdrawn = Erledigt. Sie haben den Antrag zurückgenommen.
rights-not-now = Das geht nicht mehr: Der Antrag ist schon beantwortet.
rights-in-hand = Wir sind dabei
rights-identity = Wir müssen sicher sein, dass Sie es sind
rights-question = Wir haben eine Frage
rights-fulfilled = Erledigt
rights-in-part = Teilweise erledigt
rights-refused = Abgelehnt
rights-withdrawn = Zurückgenommen
rights-expired = Ohne Antwort beendet
rights-words = In Ihren eigenen Worten
rights-words-hint = Sie können das leer lassen. Bitte senden Sie keine Ausweise und keine Kartennummern.
rights-too-long = Das ist zu lang. Bitte höchstens 2.000 Zeichen.
rights-email = Ihre E-Mail-Adresse für die Antwort
rights-email-hint = Sie können das leer lassen. Wir fragen dort zuerst, ob die Antwort kommen darf.
rights-next = Weiter
rights-check-title = Ist das richtig?
rights-check-lead = Sie beantragen jetzt bei { $organisation }:
rights-check-said = In Ihren Worten:
rights-check-deletion = Es wird alles gelöscht, was kein Gesetz aufzubewahren vorschreibt, und niemand kann es zurückholen. Ein Brief sagt Ihnen, was gelöscht ist und was bleibt.
rights-check-email = Bevor etwas an { $email } geht, fragen wir dort, ob Sie es möchten.
rights-send = Ja, das beantrage ich
rights-cancel = Nein, zurück
right-access = Eine Kopie meiner Daten
right-access-text = Nachrichten, Dateien, wozu Sie eingewilligt haben, wer Daten erhielt und wer sie angesehen hat, zum Lesen und Behalten.
right-complaint = Eine Beschwerde
right-complaint-text = Sagen Sie uns, was mit Ihren Daten schiefging. Sie können sich jederzeit auch an die Behörde wenden.
right-correction = Meine Daten berichtigen
right-correction-text = Sagen Sie uns, was falsch und was richtig ist. Wir sagen es anderen, die es von uns hatten.
right-deletion = Meine Daten löschen
right-deletion-text = Es verschwindet alles, was kein Gesetz aufzubewahren vorschreibt: Nachrichten, Dateien, Ihr Name und Ihre Nummer.
right-objection = Meine Daten nicht mehr verwenden
right-objection-text = Werbung endet sofort. Was wir sonst mit Ihren Daten tun, sieht sich jemand an, der es beenden kann.
right-opt-out = Keine Werbung
right-portability = Meine Daten zum Mitnehmen
right-portability-text = Was Sie uns gegeben haben, in einer Form, die andere Programme lesen können.
right-restriction = Meine Daten aufbewahren, aber nicht verwenden
right-restriction-text = Solange etwas strittig ist, oder weil Sie sie selbst brauchen.
right-withdrawal = Meine Einwilligung beenden

## Links an ein Postfach oder eine Nummer

mailbox-title = Antworten an diese Adresse
mailbox-lead = Jemand, hoffentlich Sie, hat diese Adresse für die Antworten zum Vorgang { $case } angegeben.
mailbox-yes = Ja, senden Sie die Antworten hierher
mailbox-done-title = Danke
mailbox-done = Die Antworten zum Vorgang { $case } kommen ab jetzt an diese Adresse.
proof-title = Waren Sie das?
proof-lead = Jemand hat von { $organisation } etwas verlangt, worauf ein Recht besteht (Vorgang { $case }). Wenn Sie es waren, sagen Sie es hier: dann geht es weiter.
proof-yes = Ja, das war ich
proof-done-title = Danke
proof-done = Der Vorgang { $case } geht jetzt weiter.
reach-nobody = Wenn Sie es nicht waren, schließen Sie diese Seite: es geschieht nichts.

## Eine Kopie der Daten, und die Bescheinigung über eine Löschung

package-title = Ihre Daten
package-lead = Die Kopie Ihrer Daten von { $organisation } liegt bereit.
package-once = Sie kann einmal abgeholt werden. Wer diesen Link hat, kann sie abholen; bitte geben Sie ihn nicht weiter.
package-button = { $size ->
    [one] Herunterladen (1 MB)
   *[other] Herunterladen ({ $size } MB)
}
package-device = Laden Sie sie auf ein eigenes Gerät: Die Datei ist nicht verschlossen, und wer sie öffnet, kann sie lesen.
erased-keep = Zum Aufbewahren
erased-keep-text = Diese Seite kann eines Tages weg sein. Die signierte Notiz beweist ohne uns, was hier steht, mit dem öffentlichen Schlüssel unseres Protokolls.
erased-pdf = Als PDF herunterladen
erased-note = Signierte Notiz herunterladen
erased-none-title = Hier ist keine Bescheinigung
erased-none-text = Der Link ist vielleicht unvollständig, oder die Löschung ist noch nicht erfolgt. Kommen Sie dann bitte in einem Tag wieder.

## Your choices

choices-title = Ihre Auswahl
choices-lead = Was { $organisation } Ihnen auf WhatsApp schicken darf. Eine Änderung gilt sofort.
choices-from = Die Nachrichten kommen von { $number }.
choices-list = Was Sie bekommen können
choices-on = An
choices-off = Aus
choices-asked = Wartet auf Ihr Ja
choices-stopped = Gestoppt
choices-since = Seit
choices-how = Wie
choices-notice = Hinweis
choices-notice-version = { $title } (Fassung { $version })
choices-why = Warum wir das dürfen
choices-recipients = Wer außerdem Daten bekommt
choices-carrier = WhatsApp (Meta), das die Nachrichten überträgt
choices-receipt = Beleg herunterladen (signiert, mit Nachweis)
choices-turn-on = Einschalten
choices-turn-off = Ausschalten
choices-agree = Mit dem Einschalten willigen Sie darin ein.
choices-agree-notice = Mit dem Einschalten willigen Sie darin so ein, wie der Hinweis „{ $title }“ (Fassung { $version }) es erklärt.
choices-fixed = Dies lässt sich nicht einzeln schalten. „Alles stoppen“ beendet auch dies.
choices-care = Das ist die Antwort, wenn Sie schreiben. Sie kommt nur dann.
choices-native = Sie haben Werbung in WhatsApp selbst gestoppt. Nur dort können Sie sie wieder zulassen.
choices-none = Im Moment gibt es nichts zu wählen.
choices-changed-on = Erledigt. Das ist jetzt an.
choices-changed-off = Erledigt. Das ist jetzt aus.
choices-stop-title = Alles stoppen
choices-stop-text = { $organisation } schickt Ihnen dann von sich aus nichts mehr. Wenn Sie zuerst schreiben, bekommen Sie weiterhin eine Antwort.
choices-stop-button = Alles stoppen
choices-stop-done = Erledigt. Alles ist gestoppt.
choices-stopped-all = Sie haben alles gestoppt, seit dem { $date }. { $organisation } antwortet nur noch, wenn Sie zuerst schreiben.
choices-stopped-promotion = Sie haben alle Werbung gestoppt, seit dem { $date }.
choices-stopped-native = Sie haben Werbung in WhatsApp selbst gestoppt, seit dem { $date }. Nur dort können Sie sie wieder zulassen: Öffnen Sie den Chat mit { $organisation } und sehen Sie in seine Details.
choices-start-text = Das hebt den Stopp auf. Was Sie ausgeschaltet haben, bleibt aus, bis Sie es einschalten.
choices-start-button = Wieder beginnen
choices-not-here = Das lässt sich von hier aus nicht ändern. Mit einem Link oder Code, den wir an Ihre eigene Nummer schicken, geht es.
choices-start-done = Erledigt. Der Stopp ist aufgehoben.
choices-gpc = Ihr Browser sagt, dass Ihre Daten nicht verkauft oder weitergegeben werden dürfen (Global Privacy Control). Daran halten wir uns seit dem { $date }: Was Ihre Daten mit anderen teilt, ist aus.
choices-leave = Meine Auswahl schließen
choices-left = Ihre Auswahl ist auf diesem Gerät geschlossen.
opened-title = Ihre Auswahl wird geöffnet

how-chat-keyword = Sie haben es im Chat geschrieben
how-chat-button = Sie haben im Chat auf eine Schaltfläche getippt
how-native-preference = Sie haben es in WhatsApp eingestellt
how-staff = Sie haben es jemandem gesagt, der hier arbeitet
how-app = Über eines unserer Programme
how-web-form = Sie haben ein Formular ausgefüllt oder diese Seite benutzt
how-paper = Auf Papier
how-import = Aus einer Liste von früher

why-consent = Weil Sie eingewilligt haben
why-consent-open = Nur wenn Sie einwilligen
why-contract = Weil ein Vertrag mit Ihnen es braucht
why-legal-obligation = Weil das Gesetz es verlangt
why-legitimate-interest = Weil wir ein berechtigtes Interesse haben, dem Sie widersprechen können

## With number and code

enter-title = Ihre Auswahl ansehen
enter-lead = Geben Sie Ihre WhatsApp-Nummer ein. Wir schicken per SMS einen Code dorthin, und damit kommen Sie hinein. Ein Konto brauchen Sie nicht.
enter-chat-title = Lieber in WhatsApp
enter-chat = Öffnen Sie den Chat mit { $organisation } und schicken Sie die Nachricht ab, die dort bereitsteht. Wir antworten mit einem Link zu Ihrer Auswahl. Ein Konto brauchen Sie nicht.
enter-links = Der Link in unseren Nachrichten führt zu Ihrer Auswahl. Er steht auch in unserer Antwort, wenn Sie STOP im Chat schreiben.
enter-phone = Ihre WhatsApp-Nummer
enter-phone-hint = Mit Ländervorwahl, zum Beispiel +27 82 555 0142.
enter-submit = Code schicken
enter-problem-phone = Geben Sie Ihre Nummer mit Ländervorwahl ein, zum Beispiel +27 82 555 0142.
code-title = Code eingeben
code-lead = Wenn { $organisation } diese Nummer kennt, ist eine SMS mit sechs Ziffern dorthin unterwegs. Sie gelten zehn Minuten.
code-label = Code
code-hint = Sechs Ziffern
code-submit = Meine Auswahl zeigen
code-again = Eine andere Nummer verwenden
code-refused = Dieser Code lässt sich nicht verwenden. Vielleicht ist er vertippt, zu alt oder schon benutzt. Nach einigen falschen Versuchen gibt es eine Pause.
ended-text = Zu Ihrer Sicherheit schließt sich Ihre Auswahl nach einer Weile. Was Sie bis dahin geändert haben, ist gespeichert.

## A notice

notice-version = Fassung { $version }, seit dem { $date }
notice-languages = Auch auf
notice-short = Kurz gesagt
notice-elements = Im Einzelnen
notice-proof = Wie sich nachweisen lässt, dass dieser Text unverändert ist
notice-proof-text = Dies ist die SHA-256-Prüfsumme des Textes. Auch der Nachweis Ihrer Einwilligung nennt sie.

## When something is wrong

error-title-400 = Das lässt sich nicht lesen
error-text-400 = Etwas an dem, was geschickt wurde, ist nicht, wie es sein soll. Bitte gehen Sie zurück und versuchen Sie es noch einmal.
error-title-403 = Das kam nicht von dieser Seite
error-text-403 = Zu Ihrer Sicherheit nehmen wir nur, was von unserer eigenen Seite kommt, und das einen Tag lang. Bitte öffnen Sie die Seite neu und schicken Sie es von dort.
error-title-404 = Hier ist nichts
error-text-404 = Vielleicht ist die Adresse vertippt, oder die Seite gibt es nicht mehr.
error-title-405 = Das geht hier nicht
error-text-405 = Diese Seite kann nicht tun, worum sie gebeten wurde.
error-title-413 = Das ist zu viel
error-text-413 = Was geschickt wurde, ist länger, als wir annehmen können. Bitte kürzen Sie es.
error-title-415 = Das lässt sich nicht lesen
error-text-415 = Diese Seite nimmt nur Formulare an.
error-title-429 = Zu viele Versuche
error-text-429 = Bitte warten Sie ein paar Minuten und versuchen Sie es dann noch einmal.
error-title-500 = Das hat nicht geklappt
error-text-500 = Es liegt an uns, nicht an Ihnen. Bitte versuchen Sie es später noch einmal.
error-title-503 = Im Moment nicht
error-text-503 = Wir können gerade nicht antworten. Bitte versuchen Sie es in einer Minute noch einmal.
