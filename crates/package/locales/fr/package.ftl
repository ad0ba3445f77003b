# Ce que dit un dossier d’accès.

## Every page

page-all = Tout ce que contient ce dossier

## The first page

index-title = Vos données chez { $organisation }
index-title-portability = Vos données chez { $organisation }, à emporter
index-lead = Voici une copie de vos données à caractère personnel, faite le { $date }. C’est le dossier { $package }. Gardez-le comme une lettre qui n’est que pour vous : quiconque l’a peut le lire.
index-lead-request = Voici une copie de vos données à caractère personnel, faite le { $date } en réponse à la demande { $request }. C’est le dossier { $package }. Gardez-le comme une lettre qui n’est que pour vous : quiconque l’a peut le lire.
index-contents = Ce qu’il contient
index-part = partie { $part }
index-data = Le dossier « data » contient la même chose en JSON, pour les programmes.
index-left-out = { $count } passages qui concernent d’autres personnes ont été retirés. Chaque endroit dit ce qui s’y trouvait ; le fichier « data/left-out » en donne la liste.
index-checking = Comment le vérifier
index-checking-text = Le fichier « manifest.json » contient le SHA-256 de chaque fichier. Le fichier « manifest.note » contient l’empreinte de ce manifeste et est signé avec la clé du journal d’audit de l’organisation.
index-log = Journal : { $log }. Fait par { $program }.
index-letter = Lettre avec un résumé (PDF)
index-receipt = Reçu : { $purpose }

## Lists

messages-title = Messages
messages-about = Ce que vous nous avez écrit et ce que nous vous avons écrit, du plus ancien au plus récent. Les heures sont en UTC.
decisions-title = Décisions sur les messages qui vous sont adressés
decisions-about = Avant qu’un message ne parte vers vous, des règles disent s’il le peut. Voici ce qu’elles ont dit, et pourquoi ; les raisons sont en anglais.
accesses-title = Qui a consulté ou modifié vos données
accesses-about = D’après notre journal d’audit. Les membres de notre personnel sont nommés par leur rôle.
left-out-title = Ce qui a été retiré
left-out-about = Passages concernant d’autres personnes, selon le message où ils se trouvent. Chaque endroit dans les messages dit ce qui s’y trouvait.

## Columns

column-decided = Décision
column-first = Premier (UTC)
column-for = Pour quoi
column-from = De
column-how = Comment
column-last = Dernier (UTC)
column-message = Message
column-notice = Notice
column-number = Numéro
column-purpose = Finalité
column-reaches = Portée
column-received = Reçu (UTC)
column-rule = Règle
column-since = Depuis (UTC)
column-state = État
column-until = Jusqu’à (UTC)
column-value = Valeur
column-what = Quoi
column-when = Quand (UTC)
column-where-from = D’où
column-who = Qui
column-why = Pourquoi

## Short tables

identifiers-title = Comment nous vous connaissons
identifiers-none = Nous n’avons rien qui vous identifie.
known-title = Ce que nous savons de vous
known-none = Nous ne savons rien d’autre de vous.
consents-title = Ce que vous avez accepté, refusé ou retiré
consents-none = Rien n’est enregistré.
stops-title = Ce que vous avez arrêté
stops-none = Rien n’est arrêté.
recipients-title = Qui a reçu vos données
recipients-none = Personne.
requests-title = Ce que vous avez demandé
requests-none = Vous n’avez encore rien demandé.

## In a conversation

chat-we-wrote = Nous avons écrit,
chat-you-wrote = Vous avez écrit,
chat-file = Le fichier
message-template = Modèle « { $name } »
message-filled = Complété par : { $values }
message-reaction = Réaction : { $emoji }
message-reaction-back = Réaction : retirée
message-location = Lieu : { $place }
message-card = Fiche de contact : { $name }
cut-bank-account = {"["}retiré : compte bancaire d’une autre personne]
cut-contact-card = {"["}retiré : fiche de contact d’une autre personne]
cut-email = {"["}retiré : adresse e-mail d’une autre personne]
cut-identity-number = {"["}retiré : numéro d’identité d’une autre personne]
cut-payment-card = {"["}retiré : carte de paiement d’une autre personne]
cut-phone = {"["}retiré : numéro de téléphone d’une autre personne]

## Words for codes

other-bank-account = compte bancaire
other-contact-card = fiche de contact
other-email = adresse e-mail
other-identity-number = numéro d’identité
other-payment-card = carte de paiement
other-phone = numéro de téléphone
kind-audio = audio
kind-document = document
kind-image = image
kind-message = message
kind-sticker = autocollant
kind-video = vidéo
kind-voice = note vocale
identifier-bsuid = l’identifiant WhatsApp pour vous
identifier-customer-key = numéro de client
identifier-email = adresse e-mail
identifier-parent-bsuid = l’identifiant WhatsApp pour vous, commun à plusieurs entreprises
identifier-phone = numéro de téléphone
known-age = âge
known-contract-ended = fin du contrat
known-languages = langues
known-name = nom
known-residence = lieu de résidence
known-sale = un achat
known-special = catégorie particulière de données
known-zone = fuseau horaire
source-app = l’un de nos programmes
source-import = une liste antérieure
source-person = vous
source-staff = notre personnel
source-whatsapp = WhatsApp
consent-expired = arrivé à terme
consent-given = accepté
consent-invalidated = n’est plus valable
consent-refused = refusé
consent-renewed = accepté de nouveau
consent-requested = demandé
consent-unknown = inconnu
consent-withdrawn = retiré
method-app = par l’un de nos programmes
method-chat-button = un bouton dans la conversation
method-chat-keyword = un mot dans la conversation
method-import = une liste antérieure
method-native-preference = réglé dans WhatsApp
method-paper = sur papier
method-staff = dit à notre personnel
method-web-form = un formulaire ou votre page
stop-business-initiated = tout ce que nous commencerions
stop-promotional = la publicité
stop-from-native = le réglage de WhatsApp
stop-from-own = vous nous l’avez dit
state-accepted = accepté par WhatsApp
state-calling = en route
state-delivered = distribué
state-failed = non distribué
state-indeterminate = issue inconnue
state-judged = en attente
state-played = écouté
state-queued = en attente
state-read = lu
state-received = reçu
state-refused = non envoyé
state-rejected = refusé par WhatsApp
state-sent = envoyé
outcome-allow = peut partir
outcome-defer = pas encore
outcome-refuse = ne peut pas partir
request-access = une copie de vos données
request-complaint = une réclamation
request-correction = une rectification
request-deletion = l’effacement
request-objection = une opposition
request-opt-out = pas de publicité
request-portability = vos données à emporter
request-restriction = la limitation
request-withdrawal = la fin d’un consentement
case-acknowledged = confirmé
case-clarifying = une question est ouverte
case-closed = clos
case-decided = décidé
case-delivered = répondu
case-expired = terminé sans réponse
case-fulfilled = fait
case-identity-pending = attend de savoir qui vous êtes
case-in-review = en cours d’examen
case-partially-fulfilled = fait en partie
case-received = reçu
case-refused = refusé
case-searching = en cours de recherche
case-withdrawn = retiré
role-app = l’un de nos programmes
role-staff = un membre de notre personnel
role-system = notre système
role-you = vous
class-audit-detail = notes sur qui a consulté vos données
class-consent-proof = preuves de consentement
class-conversation = messages
class-form = formulaires, demandes et lettres
class-media = images, sons et fichiers
class-notes = notes à votre sujet
class-profile = noms, numéros et ce que nous savons d’autre de vous
class-regulated-archive = documents que le droit de notre métier nous ordonne de garder
notice-version = { $title }, version { $version }
recipient-meta-what = tous les messages, tels qu’ils sont transportés
recipient-messages = messages que vous avez écrits : { $count }
recipient-alias = vous connaît sous { $alias }, sans votre numéro

## Questions and answers

question-purposes = À quoi nous servent vos données
purpose-answer = À vous répondre quand vous nous écrivez.
purpose-proof = À prouver que nous respectons la loi : le journal d’audit et les preuves de consentement.
basis-consent = parce que vous avez accepté
basis-contract = parce qu’un contrat avec vous l’exige
basis-legal-obligation = parce que la loi l’exige
basis-legitimate-interest = en raison d’un intérêt à nous, mis en balance avec le vôtre
question-kinds = De quelles sortes de données il s’agit
kinds-identify = Ce qui vous identifie : numéros de téléphone, identifiants WhatsApp, adresses e-mail.
kinds-wrote = Ce que vous avez écrit et envoyé, et ce que nous avons écrit, avec l’heure et ce qu’il en est advenu.
kinds-agreed = Ce que vous avez accepté et refusé, et ce qui le prouve.
kinds-known = Ce que nous savons de vous par ailleurs, comme dans le tableau ci-dessus.
question-recipients = Qui les a reçues
recipients-table = Le tableau « Qui a reçu vos données » nomme chaque destinataire avec le nombre de messages qu’il a reçus ; chaque message nomme ceux à qui il a été remis.
recipients-meta = Meta Platforms transporte les messages, et peut le faire hors de votre pays selon ses conditions pour les entreprises.
question-retention = Combien de temps elles sont gardées
retention-both = { $class } : au moins { $minimum } jours, au plus { $maximum } jours ({ $provision })
retention-least = { $class } : au moins { $minimum } jours ({ $provision })
retention-most = { $class } : au plus { $maximum } jours ({ $provision })
retention-needed = Aussi longtemps qu’elles sont nécessaires à ce à quoi elles servent.
question-source = D’où elles viennent
source-told = De vous, de WhatsApp et de nous. Le tableau « Ce que nous savons de vous » dit d’où vient chaque chose.
question-automated = Si quelque chose est décidé par un programme seul
automated-told = Des règles décident si un message peut partir vers vous ; chacune de ces décisions est dans ce dossier, avec sa raison. Rien qui ait un effet juridique pour vous, ou qui vous touche de même, n’est décidé par un programme seul, et aucun profil n’est établi de vous.
question-rights = Ce que vous pouvez demander
rights-corrected = Que ce qui est faux soit rectifié.
rights-deleted = Que vos données soient effacées, pour autant qu’aucune loi n’ordonne de les garder.
rights-paused = Que nous cessions de les utiliser tant que quelque chose est contesté.
rights-objected = Que nous cessions de les utiliser pour une finalité ; pour la publicité, à tout moment et sans raison.
rights-portable = Que vous receviez ce que vous nous avez donné sous une forme qu’un programme peut lire.
question-complaint = À qui vous pouvez adresser une réclamation
complaint-own = À l’autorité de protection des données du lieu où vous vivez ou travaillez.
question-left-out = Ce qui n’est pas dans ce dossier
left-passages = { $count } passages concernant d’autres personnes (RGPD art. 15, par. 4 ; POPIA s23(4) et PAIA chapitre 4).
left-groups = { $count } messages d’autres membres de groupes : ce sont les leurs.
left-keys = Des clés et des jetons, qui ne disent rien de vous.
left-files = Les fichiers qui n’ont pas été récupérés auprès de WhatsApp dans les 30 jours : il les efface alors.
