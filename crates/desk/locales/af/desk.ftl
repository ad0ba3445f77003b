# Language: Afrikaans (af)
# Reviewed: yes
#
# $organisation is at hand in every message.

date = { $day } { $month ->
    [1] Januarie
    [2] Februarie
    [3] Maart
    [4] April
    [5] Mei
    [6] Junie
    [7] Julie
    [8] Augustus
    [9] September
    [10] Oktober
    [11] November
   *[12] Desember
} { $year }

## Every page

skip = Gaan na die inhoud
languages = Taal
page-title = { $title } – { $organisation }
problem-summary = Kyk asseblief weer hierna
go-on = Gaan voort

## The opt-in form

opt-in-title = { $organisation } op WhatsApp
opt-in-lead = Kies wat u graag wil ontvang. Niks is vooraf gekies nie, en u kan enige tyd van plan verander.
opt-in-purposes = Wat wil u graag ontvang?
opt-in-recipients = Wie nog data hiervoor ontvang: { $recipients }
opt-in-reach = Waar kan ons u bereik?
opt-in-phone = U WhatsApp-nommer
opt-in-phone-hint = Met die landkode, byvoorbeeld +27 82 555 0142.
opt-in-email = U e-posadres
opt-in-email-hint = Ons stuur die skakel waarmee u bevestig daarheen.
opt-in-route = Hoe moet ons die skakel om te bevestig vir u stuur?
opt-in-route-email = Per e-pos
opt-in-route-sms = Per SMS na daardie nommer
opt-in-route-chat = In WhatsApp: ek maak ’n gesprek met { $organisation } oop
opt-in-notice = Wat u behoort te weet
opt-in-notice-full = Lees die volledige kennisgewing “{ $title }” (weergawe { $version })
opt-in-submit = Stuur vir my die skakel om te bevestig
opt-in-after = U ontvang niks voordat u met daardie skakel bevestig het nie. Dit werk vir { $hours ->
    [one] een uur
   *[other] { $hours } uur
}.
opt-in-problem-purposes = Merk ten minste een ding wat u graag wil ontvang.
opt-in-problem-phone = Skryf u nommer met die landkode, byvoorbeeld +27 82 555 0142.
opt-in-problem-email = Skryf ’n e-posadres, byvoorbeeld name@example.org.
opt-in-problem-route = Kies hoe ons die skakel vir u moet stuur.

## After the opt-in form

asked-title = Nog een stap
asked-email = As daardie e-posadres reg is, is ’n boodskap met ’n skakel op pad na u. Maak die skakel oop en bevestig daar.
asked-sms = As daardie nommer reg is, is ’n SMS met ’n skakel op pad na u. Maak die skakel oop en bevestig daar.
asked-chat = Maak die gesprek met { $organisation } oop en stuur die boodskap wat daar gereed staan. Ons vra u dan om met een tik te bevestig.
asked-chat-button = Maak WhatsApp oop
asked-chat-code = Of skandeer hierdie kode met die foon waarop u WhatsApp het.
asked-chat-code-alt = Kode wat die gesprek in WhatsApp oopmaak
asked-until = Tot dan verander niks nie. Die skakel werk vir { $hours ->
    [one] een uur
   *[other] { $hours } uur
}.
asked-missing = Nog niks daar nie? Gee dit ’n paar minute. Kyk by e-pos ook in die gids vir ongewenste boodskappe.
asked-again = Terug na die vorm

## Confirming

confirm-title = Stem u in?
confirm-lead = Iemand het namens u gevra dat { $organisation } dit op WhatsApp vir u mag stuur:
confirm-free = Dit is u keuse. Sonder u ja word niks gestuur nie, en u kan ’n ja enige tyd terugtrek: skryf STOP in die gesprek, of verander u keuses.
confirm-yes = Ja, ek stem in
confirm-no = Nee, ek stem nie in nie
confirm-nobody = As dit nie u was wat gevra het nie, maak hierdie bladsy toe of sê nee.
confirmed-title = Dankie. U het ja gesê.
confirmed-text = { $organisation } mag nou dit op WhatsApp vir u stuur:
confirmed-later = U kan dit enige tyd verander. Skryf STOP in die gesprek, of kyk na u keuses.
confirmed-choices = Sien u keuses
confirmed-stopped = U het sulke boodskappe vroeër gestop, en dit geld steeds. Om dit op te hef, kyk na u keuses, of skryf BEGIN in die gesprek.
declined-title = In orde. U het nee gesê.
declined-text = { $organisation } het u nee aangeteken en stuur dit nie vir u nie.

## A link that does not work

gone-title = Hierdie skakel kan nie gebruik word nie
gone-text-altered = Dit is nie volledig gekopieer nie, of is nie deur ons gemaak nie. Niks het verander nie.
gone-text-changed = Dit waarvoor u sou instem, het intussen verander. Vra asseblief weer vir die boodskappe.
gone-text-expired = Dit is te oud. Niks het verander nie.
gone-text-used = Dit is reeds gebruik, of ’n nuwer een het die plek daarvan ingeneem.
gone-next = U kan eerder u keuses met u nommer sien en verander.

## U data en u regte

rights-section-text = Vra ’n afskrif van u data, laat dit regstel of uitwis, en kyk hoe dit met u versoeke gaan.
rights-open = Kyk na my versoeke
rights-title = U data en u regte
rights-lead = Wat u van { $organisation } kan vra. Dit kos niks, en u kry antwoord teen die dag wat die wet bepaal.
rights-own = U versoeke
rights-none = U het nog niks gevra nie.
rights-ask = Wat u kan vra
rights-back = Terug na u keuses
rights-all = Terug na u versoeke
rights-case = Saak
rights-received = Gevra op
rights-due = Antwoord teen
rights-provision = Bepaling
rights-letters = Wat ons vir u geskryf het
rights-no-letters = Nog niks.
rights-withdraw = Trek hierdie versoek terug
rights-done-new = Ons het u versoek. U vind dit hieronder.
rights-done-known = U het dit reeds gevra, en ons is nog daarmee besig. U vind dit hieronder.
rights-done-withdrawn = Klaar. U het die versoek teruggetrek.
rights-not-now = Dit kan nie meer nie: die versoek is reeds beantwoord.
rights-in-hand = Ons is daarmee besig
rights-identity = Ons moet seker wees dat dit u is
rights-question = Ons het ’n vraag
rights-fulfilled = Afgehandel
rights-in-part = Gedeeltelik afgehandel
rights-refused = Geweier
rights-withdrawn = Teruggetrek
rights-expired = Geëindig sonder antwoord
rights-words = In u eie woorde
rights-words-hint = U mag dit leeg laat. Moet asseblief geen identiteitsdokumente of kaartnommers stuur nie.
rights-too-long = Dit is te lank. Gebruik asseblief hoogstens 2 000 karakters.
rights-email = U e-posadres vir die antwoord
rights-email-hint = U mag dit leeg laat. Ons vra eers daar of die antwoord mag kom.
rights-next = Gaan voort
rights-check-title = Is dit reg?
rights-check-lead = U gaan nou vir { $organisation } dit vra:
rights-check-said = In u woorde:
rights-check-deletion = Alles word uitgewis wat geen wet beveel om te hou nie, en niemand kan dit terugbring nie. U kry ’n brief wat sê wat weg is en wat bly.
rights-check-email = Voordat enigiets na { $email } gaan, vra ons daar of u dit wil hê.
rights-send = Ja, vra dit
rights-cancel = Nee, gaan terug
right-access = ’n Afskrif van my data
right-access-text = Boodskappe, lêers, waartoe u ingestem het, wie data ontvang het en wie daarna gekyk het, om te lees en te hou.
right-complaint = ’n Klagte
right-complaint-text = Sê vir ons wat met u data verkeerd geloop het. U kan ook enige tyd na die owerheid gaan.
right-correction = Stel my data reg
right-correction-text = Sê vir ons wat verkeerd en wat reg is. Ons sê dit vir ander wat dit van ons gehad het.
right-deletion = Wis my data uit
right-deletion-text = Alles gaan wat geen wet beveel om te hou nie: boodskappe, lêers, u naam en nommer.
right-objection = Hou op om my data te gebruik
right-objection-text = Promosies stop dadelik. Na wat ons nog met u data doen, kyk iemand wat dit kan beëindig.
right-opt-out = Geen bemarking nie
right-portability = My data om saam te neem
right-portability-text = Wat u vir ons gegee het, in ’n vorm wat ander programme kan lees.
right-restriction = Hou my data, maar moet dit nie gebruik nie
right-restriction-text = Solank iets in geskil is, of omdat u dit self nodig het.
right-withdrawal = Beëindig waartoe ek ingestem het

## Skakels na ’n posbus of ’n nommer

mailbox-title = Antwoorde na hierdie adres
mailbox-lead = Iemand, ons hoop dit was u, het hierdie adres gegee vir die antwoorde oor saak { $case }.
mailbox-yes = Ja, stuur die antwoorde hierheen
mailbox-done-title = Dankie
mailbox-done = Die antwoorde oor saak { $case } kom van nou af na hierdie adres.
proof-title = Was dit u?
proof-lead = Iemand het op grond van ’n reg iets van { $organisation } gevra (saak { $case }). As dit u was, sê so hier: dan gaan dit voort.
proof-yes = Ja, dit was ek
proof-done-title = Dankie
proof-done = Saak { $case } gaan nou voort.
reach-nobody = As dit nie u was nie, maak hierdie bladsy toe: niks gebeur nie.

## ’n Afskrif van die data, en die sertifikaat van ’n uitwissing

package-title = U data
package-lead = Die afskrif van u data van { $organisation } is gereed.
package-once = Dit kan een keer gehaal word. Wie hierdie skakel het, kan dit haal; moet dit asseblief nie aangee nie.
package-button = { $size ->
    [one] Laai af (1 MB)
   *[other] Laai af ({ $size } MB)
}
package-device = Haal dit op ’n toestel van u eie: die lêer is nie gesluit nie, en elkeen wat dit oopmaak, kan dit lees.
erased-keep = Om te hou
erased-keep-text = Hierdie bladsy kan eendag weg wees. Die ondertekende nota bewys sonder ons wat hier staan, met die openbare sleutel van ons logboek.
erased-pdf = Laai af as PDF
erased-note = Laai die ondertekende nota af
erased-none-title = Hier is geen sertifikaat nie
erased-none-text = Die skakel is dalk nie volledig nie, of die uitwissing is nog nie gedoen nie. Kom dan asseblief oor ’n dag terug.

## Your choices

choices-title = U keuses
choices-lead = Wat { $organisation } op WhatsApp vir u mag stuur. ’n Verandering geld dadelik.
choices-from = Boodskappe kom van { $number } af.
choices-list = Wat u kan ontvang
choices-on = Aan
choices-off = Af
choices-asked = Wag vir u ja
choices-stopped = Gestop
choices-since = Sedert
choices-how = Hoe
choices-notice = Kennisgewing
choices-notice-version = { $title } (weergawe { $version })
choices-why = Waarom ons mag
choices-recipients = Wie nog data ontvang
choices-carrier = WhatsApp (Meta), wat die boodskappe dra
choices-receipt = Laai die kwitansie af (geteken, met bewys)
choices-turn-on = Skakel aan
choices-turn-off = Skakel af
choices-agree = Deur dit aan te skakel, stem u daartoe in.
choices-agree-notice = Deur dit aan te skakel, stem u daartoe in soos die kennisgewing “{ $title }” (weergawe { $version }) dit verduidelik.
choices-fixed = Dit kan nie alleen geskakel word nie. “Stop alles” beëindig dit ook.
choices-care = Dit is die antwoord wanneer u skryf. Dit kom net dan.
choices-native = U het promosies in WhatsApp self gestop. Net daar kan u hulle weer toelaat.
choices-none = Daar is tans niks om te kies nie.
choices-changed-on = Klaar. Dit is nou aan.
choices-changed-off = Klaar. Dit is nou af.
choices-stop-title = Stop alles
choices-stop-text = { $organisation } stuur dan uit eie beweging niks meer vir u nie. As u eerste skryf, kry u steeds ’n antwoord.
choices-stop-button = Stop alles
choices-stop-done = Klaar. Alles is gestop.
choices-stopped-all = U het alles gestop, sedert { $date }. { $organisation } antwoord net wanneer u eerste skryf.
choices-stopped-promotion = U het alle promosies gestop, sedert { $date }.
choices-stopped-native = U het promosies in WhatsApp self gestop, sedert { $date }. Net daar kan u hulle weer toelaat: maak die gesprek met { $organisation } oop en kyk na die besonderhede.
choices-start-text = Om weer te begin, hef die stop op. Wat u afgeskakel het, bly af totdat u dit aanskakel.
choices-start-button = Begin weer
choices-not-here = Dit kan nie van hier af verander word nie. Met ’n skakel of kode wat ons na u eie nommer stuur, kan dit wel.
choices-start-done = Klaar. Die stop is opgehef.
choices-gpc = U blaaier sê dat u data nie verkoop of gedeel mag word nie (Global Privacy Control). Ons hou ons daaraan sedert { $date }: alles wat u data met ander deel, is af.
choices-leave = Maak my keuses toe
choices-left = U keuses is op hierdie toestel toegemaak.
opened-title = U keuses word oopgemaak

how-chat-keyword = U het dit in die gesprek geskryf
how-chat-button = U het op ’n knoppie in die gesprek getik
how-native-preference = U het dit in WhatsApp gestel
how-staff = U het dit vir iemand gesê wat hier werk
how-app = Deur een van ons programme
how-web-form = U het ’n vorm ingevul of hierdie bladsy gebruik
how-paper = Op papier
how-import = Van ’n vroeëre lys

why-consent = Omdat u ingestem het
why-consent-open = Net as u instem
why-contract = Omdat ’n kontrak met u dit nodig het
why-legal-obligation = Omdat die wet dit vereis
why-legitimate-interest = Omdat ons ’n regmatige belang het, waarteen u beswaar mag maak

## With number and code

enter-title = Sien u keuses
enter-lead = Gee vir ons u WhatsApp-nommer. Ons stuur per SMS ’n kode daarheen, en daarmee kom u in. U het geen rekening nodig nie.
enter-chat-title = Liewer in WhatsApp
enter-chat = Maak die gesprek met { $organisation } oop en stuur die boodskap wat daar gereed staan. Ons antwoord met ’n skakel na u keuses. U het geen rekening nodig nie.
enter-links = Die skakel in ons boodskappe lei na u keuses. Dit staan ook in ons antwoord wanneer u STOP in die gesprek skryf.
enter-phone = U WhatsApp-nommer
enter-phone-hint = Met die landkode, byvoorbeeld +27 82 555 0142.
enter-submit = Stuur vir my ’n kode
enter-problem-phone = Skryf u nommer met die landkode, byvoorbeeld +27 82 555 0142.
code-title = Voer die kode in
code-lead = As { $organisation } hierdie nommer ken, is ’n SMS met ses syfers daarheen op pad. Dit werk vir tien minute.
code-label = Kode
code-hint = Ses syfers
code-submit = Wys my keuses
code-again = Gebruik ’n ander nommer
code-refused = Hierdie kode kan nie gebruik word nie. Dit is dalk verkeerd getik, te oud of reeds gebruik. Na ’n paar verkeerde pogings is daar ’n pouse.
ended-text = Vir u veiligheid maak u keuses ná ’n rukkie toe. Wat u tot dan verander het, is bewaar.

## A notice

notice-version = Weergawe { $version }, sedert { $date }
notice-languages = Ook in
notice-short = In kort
notice-elements = In besonderhede
notice-proof = Hoe om te bewys dat hierdie teks nie verander het nie
notice-proof-text = Dit is die SHA-256-kontrolesom van die teks. Die rekord van u toestemming noem dit ook.

## When something is wrong

error-title-400 = Dit kan nie gelees word nie
error-text-400 = Iets in wat gestuur is, is nie soos dit moet wees nie. Gaan asseblief terug en probeer weer.
error-title-403 = Dit is nie van hierdie bladsy af gestuur nie
error-text-403 = Vir u veiligheid aanvaar ons net wat van ons eie bladsy af gestuur word, en net vir ’n dag. Maak asseblief die bladsy weer oop en stuur dit van daar af.
error-title-404 = Hier is niks nie
error-text-404 = Die adres is dalk verkeerd getik, of die bladsy bestaan nie meer nie.
error-title-405 = Dit werk nie hier nie
error-text-405 = Hierdie bladsy kan nie doen wat gevra is nie.
error-title-413 = Dit is te veel
error-text-413 = Wat gestuur is, is langer as wat ons kan aanvaar. Maak dit asseblief korter.
error-title-415 = Dit kan nie gelees word nie
error-text-415 = Hierdie bladsy aanvaar net vorms.
error-title-429 = Te veel pogings
error-text-429 = Wag asseblief ’n paar minute en probeer dan weer.
error-title-500 = Dit het nie gewerk nie
error-text-500 = Dit is ons fout, nie u s’n nie. Probeer asseblief later weer.
error-title-503 = Nie nou nie
error-text-503 = Ons kan nie nou antwoord nie. Probeer asseblief oor ’n minuut weer.
