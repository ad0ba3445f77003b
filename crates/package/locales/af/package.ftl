# Wat ’n toegangspakket sê.

## Every page

page-all = Alles in hierdie pakket

## The first page

index-title = U data by { $organisation }
index-title-portability = U data by { $organisation }, om saam te neem
index-lead = Dit is ’n afskrif van u persoonlike data, gemaak op { $date }. Dit is pakket { $package }. Bewaar dit soos ’n brief wat net vir u bedoel is: wie dit het, kan dit lees.
index-lead-request = Dit is ’n afskrif van u persoonlike data, gemaak op { $date } as antwoord op versoek { $request }. Dit is pakket { $package }. Bewaar dit soos ’n brief wat net vir u bedoel is: wie dit het, kan dit lees.
index-contents = Wat daarin is
index-part = deel { $part }
index-data = Die vouer “data” bevat dieselfde as JSON, vir programme.
index-left-out = { $count } gedeeltes wat oor ander mense gaan, is weggelaat. Elke plek sê wat daar gestaan het; die lêer “data/left-out” lys hulle.
index-checking = Hoe om dit na te gaan
index-checking-text = Die lêer “manifest.json” bevat die SHA-256 van elke lêer. Die lêer “manifest.note” bevat die hutswaarde van daardie manifes en is met die sleutel van die organisasie se ouditlogboek geteken.
index-log = Logboek: { $log }. Gemaak deur { $program }.
index-letter = Brief met ’n opsomming (PDF)
index-receipt = Bewys: { $purpose }

## Lists

messages-title = Boodskappe
messages-about = Wat u aan ons geskryf het en wat ons aan u geskryf het, oudste eerste. Tye is UTC.
decisions-title = Besluite oor boodskappe aan u
decisions-about = Voordat ’n boodskap aan u weggaan, sê reëls of dit mag. Dit is wat hulle gesê het, en hoekom; die redes staan in Engels.
accesses-title = Wie na u data gekyk of dit verander het
accesses-about = Uit ons ouditlogboek. Lede van ons personeel word by hul rol genoem.
left-out-title = Wat weggelaat is
left-out-about = Gedeeltes oor ander mense, volgens die boodskap waarin hulle staan. Elke plek in die boodskappe sê wat daar gestaan het.

## Columns

column-decided = Besluit
column-first = Eerste (UTC)
column-for = Waarvoor
column-from = Van
column-how = Hoe
column-last = Laaste (UTC)
column-message = Boodskap
column-notice = Kennisgewing
column-number = Nommer
column-purpose = Doel
column-reaches = Strek oor
column-received = Ontvang (UTC)
column-rule = Reël
column-since = Sedert (UTC)
column-state = Stand
column-until = Tot (UTC)
column-value = Waarde
column-what = Wat
column-when = Wanneer (UTC)
column-where-from = Waarvandaan
column-who = Wie
column-why = Hoekom

## Short tables

identifiers-title = Hoe ons u ken
identifiers-none = Ons het niks wat u identifiseer nie.
known-title = Wat ons van u weet
known-none = Ons weet niks anders van u nie.
consents-title = Waartoe u ingestem het, wat u geweier of teruggetrek het
consents-none = Niks is opgeteken nie.
stops-title = Wat u gestop het
stops-none = Niks is gestop nie.
recipients-title = Wie u data ontvang het
recipients-none = Niemand.
requests-title = Waarvoor u gevra het
requests-none = U het nog vir niks gevra nie.

## In a conversation

chat-we-wrote = Ons het geskryf,
chat-you-wrote = U het geskryf,
chat-file = Die lêer
message-template = Sjabloon “{ $name }”
message-filled = Ingevul: { $values }
message-reaction = Reaksie: { $emoji }
message-reaction-back = Reaksie: teruggetrek
message-location = Plek: { $place }
message-card = Kontakkaart: { $name }
cut-bank-account = {"["}weggelaat: bankrekening van ’n ander persoon]
cut-contact-card = {"["}weggelaat: kontakkaart van ’n ander persoon]
cut-email = {"["}weggelaat: e-posadres van ’n ander persoon]
cut-identity-number = {"["}weggelaat: identiteitsnommer van ’n ander persoon]
cut-payment-card = {"["}weggelaat: betaalkaart van ’n ander persoon]
cut-phone = {"["}weggelaat: telefoonnommer van ’n ander persoon]

## Words for codes

other-bank-account = bankrekening
other-contact-card = kontakkaart
other-email = e-posadres
other-identity-number = identiteitsnommer
other-payment-card = betaalkaart
other-phone = telefoonnommer
kind-audio = klank
kind-document = dokument
kind-image = prent
kind-message = boodskap
kind-sticker = plakker
kind-video = video
kind-voice = stemnota
identifier-bsuid = WhatsApp se id vir u
identifier-customer-key = kliëntnommer
identifier-email = e-posadres
identifier-parent-bsuid = WhatsApp se id vir u, oor besighede heen
identifier-phone = telefoonnommer
known-age = ouderdom
known-contract-ended = einde van die kontrak
known-languages = tale
known-name = naam
known-residence = waar u woon
known-sale = ’n aankoop
known-special = besondere kategorie data
known-zone = tydsone
source-app = een van ons programme
source-import = ’n vroeëre lys
source-person = u
source-staff = ons personeel
source-whatsapp = WhatsApp
consent-expired = deur tyd verval
consent-given = ingestem
consent-invalidated = nie meer geldig nie
consent-refused = geweier
consent-renewed = weer ingestem
consent-requested = gevra
consent-unknown = nie bekend nie
consent-withdrawn = teruggetrek
method-app = deur een van ons programme
method-chat-button = ’n knoppie in die gesprek
method-chat-keyword = ’n woord in die gesprek
method-import = ’n vroeëre lys
method-native-preference = in WhatsApp gestel
method-paper = op papier
method-staff = aan ons personeel gesê
method-web-form = ’n vorm of u bladsy
stop-business-initiated = alles wat ons sou begin
stop-promotional = bemarking
stop-from-native = WhatsApp se eie instelling
stop-from-own = u het ons gesê
state-accepted = deur WhatsApp aanvaar
state-calling = op pad
state-delivered = afgelewer
state-failed = nie afgelewer nie
state-indeterminate = uitkoms nie bekend nie
state-judged = wag
state-played = gespeel
state-queued = wag
state-read = gelees
state-received = ontvang
state-refused = nie gestuur nie
state-rejected = deur WhatsApp geweier
state-sent = gestuur
outcome-allow = mag gaan
outcome-defer = nog nie
outcome-refuse = mag nie gaan nie
request-access = ’n afskrif van u data
request-complaint = ’n klagte
request-correction = ’n regstelling
request-deletion = uitwissing
request-objection = om op te hou om u data te gebruik
request-opt-out = geen bemarking nie
request-portability = u data om saam te neem
request-restriction = beperking
request-withdrawal = ’n einde van toestemming
case-acknowledged = erken
case-clarifying = ’n vraag is oop
case-closed = gesluit
case-decided = besluit
case-delivered = beantwoord
case-expired = sonder antwoord beëindig
case-fulfilled = gedoen
case-identity-pending = wag om te weet wie u is
case-in-review = word deurgekyk
case-partially-fulfilled = gedeeltelik gedoen
case-received = ontvang
case-refused = geweier
case-searching = word gesoek
case-withdrawn = teruggetrek
role-app = een van ons programme
role-staff = ’n lid van ons personeel
role-system = ons stelsel
role-you = u
class-audit-detail = aantekeninge oor wie na u data gekyk het
class-consent-proof = bewys van toestemming
class-conversation = boodskappe
class-form = vorms, versoeke en briewe
class-media = prente, klank en lêers
class-notes = notas oor u
class-profile = name, nommers en wat ons nog van u weet
class-regulated-archive = rekords wat die reg van ons bedryf ons beveel om te hou
notice-version = { $title }, weergawe { $version }
recipient-meta-what = alle boodskappe, soos hulle gedra word
recipient-messages = boodskappe wat u geskryf het: { $count }
recipient-alias = ken u as { $alias }, sonder u nommer

## Questions and answers

question-purposes = Waarvoor ons u data gebruik
purpose-answer = Om u te antwoord wanneer u aan ons skryf.
purpose-proof = Om te bewys dat ons by die wet bly: die ouditlogboek en die bewys van toestemming.
basis-consent = omdat u ingestem het
basis-contract = omdat ’n kontrak met u dit nodig het
basis-legal-obligation = omdat die wet dit vereis
basis-legitimate-interest = weens ’n belang van ons wat teen u s’n opgeweeg is
question-kinds = Watter soorte data dit is
kinds-identify = Wat u identifiseer: telefoonnommers, WhatsApp se id’s, e-posadresse.
kinds-wrote = Wat u geskryf en gestuur het, en wat ons geskryf het, met die tyd en wat daarvan geword het.
kinds-agreed = Waartoe u ingestem en wat u geweier het, en wat dit bewys.
kinds-known = Wat ons verder van u weet, soos in die tabel hierbo.
question-recipients = Wie dit ontvang het
recipients-table = Die tabel “Wie u data ontvang het” noem elke ontvanger met hoeveel boodskappe dit gekry het; elke boodskap noem aan wie dit gegee is.
recipients-meta = Meta Platforms dra die boodskappe, en mag dit buite u land doen onder sy voorwaardes vir besighede.
question-retention = Hoe lank dit gehou word
retention-both = { $class }: minstens { $minimum } dae, hoogstens { $maximum } dae ({ $provision })
retention-least = { $class }: minstens { $minimum } dae ({ $provision })
retention-most = { $class }: hoogstens { $maximum } dae ({ $provision })
retention-needed = So lank as wat dit nodig is vir waarvoor dit gebruik word.
question-source = Waar dit vandaan kom
source-told = Van u, van WhatsApp en van ons. Die tabel “Wat ons van u weet” sê waar elke ding vandaan kom.
question-automated = Of iets deur ’n program alleen besluit word
automated-told = Reëls besluit of ’n boodskap aan u mag gaan; elkeen van daardie besluite is in hierdie pakket met sy rede. Niks wat regsgevolge vir u het, of u net so raak, word deur ’n program alleen besluit nie, en geen profiel word van u gemaak nie.
question-rights = Waarvoor u kan vra
rights-corrected = Dat wat verkeerd is, reggestel word.
rights-deleted = Dat u data uitgewis word, sover geen wet beveel om dit te hou nie.
rights-paused = Dat ons ophou om dit te gebruik terwyl iets in geskil is.
rights-objected = Dat ons ophou om dit vir ’n doel te gebruik; vir bemarking, te eniger tyd en sonder ’n rede.
rights-portable = Dat u kry wat u ons gegee het in ’n vorm wat ’n program kan lees.
question-complaint = By wie u kan kla
complaint-own = By die databeskermingsowerheid waar u woon of werk.
question-left-out = Wat nie in hierdie pakket is nie
left-passages = { $count } gedeeltes oor ander mense (GDPR Art 15(4); POPIA s23(4) met PAIA hoofstuk 4).
left-groups = { $count } boodskappe van ander lede van groepe: dit is hulle s’n.
left-keys = Sleutels en tekens, wat niks oor u sê nie.
left-files = Lêers wat nie binne 30 dae van WhatsApp gehaal is nie: dit wis hulle dan uit.
