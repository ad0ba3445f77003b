# Language: Français (fr)
# Reviewed: yes
#
# $organisation is at hand in every message.

date = { $day } { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }

## Every page

skip = Aller au contenu
languages = Langue
page-title = { $title } – { $organisation }
problem-summary = Merci de revoir ceci
go-on = Continuer

## The opt-in form

opt-in-title = { $organisation } sur WhatsApp
opt-in-lead = Choisissez ce que vous souhaitez recevoir. Rien n’est coché d’avance, et vous pouvez changer d’avis à tout moment.
opt-in-purposes = Que souhaitez-vous recevoir ?
opt-in-recipients = Qui d’autre reçoit des données pour cela : { $recipients }
opt-in-reach = Où pouvons-nous vous joindre ?
opt-in-phone = Votre numéro WhatsApp
opt-in-phone-hint = Avec l’indicatif du pays, par exemple +27 82 555 0142.
opt-in-email = Votre adresse e-mail
opt-in-email-hint = Nous y envoyons le lien qui vous permet de confirmer.
opt-in-route = Comment devons-nous vous envoyer le lien de confirmation ?
opt-in-route-email = Par e-mail
opt-in-route-sms = Par SMS à ce numéro
opt-in-route-chat = Dans WhatsApp : j’ouvre une discussion avec { $organisation }
opt-in-notice = Ce qu’il faut savoir
opt-in-notice-full = Lire toute la notice « { $title } » (version { $version })
opt-in-submit = Recevoir le lien de confirmation
opt-in-after = Vous ne recevez rien tant que vous n’avez pas confirmé par ce lien. Il est valable { $hours ->
    [one] une heure
   *[other] { $hours } heures
}.
opt-in-problem-purposes = Cochez au moins une chose que vous souhaitez recevoir.
opt-in-problem-phone = Écrivez votre numéro avec l’indicatif du pays, par exemple +27 82 555 0142.
opt-in-problem-email = Écrivez une adresse e-mail, par exemple name@example.org.
opt-in-problem-route = Choisissez comment nous devons vous envoyer le lien.

## After the opt-in form

asked-title = Encore une étape
asked-email = Si cette adresse e-mail est exacte, un message avec un lien vous parviendra bientôt. Ouvrez le lien et confirmez.
asked-sms = Si ce numéro est exact, un SMS avec un lien vous parviendra bientôt. Ouvrez le lien et confirmez.
asked-chat = Ouvrez la discussion avec { $organisation } et envoyez le message qui y est déjà prêt. Nous vous demandons ensuite de confirmer d’un geste.
asked-chat-button = Ouvrir WhatsApp
asked-chat-code = Ou scannez ce code avec le téléphone sur lequel vous avez WhatsApp.
asked-chat-code-alt = Code qui ouvre la discussion dans WhatsApp
asked-until = D’ici là, rien ne change. Le lien est valable { $hours ->
    [one] une heure
   *[other] { $hours } heures
}.
asked-missing = Toujours rien ? Attendez quelques minutes. Pour un e-mail, regardez aussi dans le dossier des messages indésirables.
asked-again = Retour au formulaire

## Confirming

confirm-title = Êtes-vous d’accord ?
confirm-lead = Quelqu’un a demandé en votre nom que { $organisation } puisse vous envoyer ceci sur WhatsApp :
confirm-free = Vous êtes libre de votre choix. Sans votre oui, rien n’est envoyé, et vous pouvez revenir sur un oui à tout moment : écrivez STOP dans la discussion, ou modifiez vos choix.
confirm-yes = Oui, je suis d’accord
confirm-no = Non, je ne suis pas d’accord
confirm-nobody = Si la demande ne vient pas de vous, fermez cette page ou dites non.
confirmed-title = Merci. Vous avez dit oui.
confirmed-text = { $organisation } peut désormais vous envoyer ceci sur WhatsApp :
confirmed-later = Vous pouvez changer cela à tout moment. Écrivez STOP dans la discussion, ou consultez vos choix.
confirmed-choices = Consulter vos choix
confirmed-stopped = Vous aviez arrêté ce type de messages, et cet arrêt reste en vigueur. Pour le lever, consultez vos choix, ou écrivez START dans la discussion.
declined-title = Très bien. Vous avez dit non.
declined-text = { $organisation } a pris note de votre refus et ne vous envoie pas ceci.

## A link that does not work

gone-title = Ce lien ne peut pas être utilisé
gone-text-altered = Il n’a pas été copié en entier, ou ne vient pas de nous. Rien n’a changé.
gone-text-changed = Ce que vous auriez accepté a changé depuis l’envoi. Merci de demander les messages une nouvelle fois.
gone-text-expired = Il est trop ancien. Rien n’a changé.
gone-text-used = Il a déjà été utilisé, ou un lien plus récent l’a remplacé.
gone-next = Vous pouvez à la place consulter et modifier vos choix avec votre numéro.

## Vos données et vos droits

rights-section-text = Demandez une copie de vos données, faites-les rectifier ou effacer, et voyez où en sont vos demandes.
rights-open = Voir mes demandes
rights-title = Vos données et vos droits
rights-lead = Ce que vous pouvez demander à { $organisation }. Cela ne coûte rien, et vous avez une réponse au plus tard le jour que fixe la loi.
rights-own = Vos demandes
rights-none = Vous n’avez encore rien demandé.
rights-ask = Ce que vous pouvez demander
rights-back = Retour à vos choix
rights-all = Retour à vos demandes
rights-case = Dossier
rights-received = Demandé le
rights-due = Réponse d’ici le
rights-provision = Disposition
rights-letters = Ce que nous vous avons écrit
rights-no-letters = Rien encore.
rights-withdraw = Reprendre cette demande
rights-done-new = Nous avons votre demande. Vous la trouvez ci-dessous.
rights-done-known = Vous l’aviez déjà demandé, et nous y travaillons encore. Vous trouvez la demande ci-dessous.
rights-done-withdrawn = C’est fait. Vous avez repris la demande.
rights-not-now = Cela n’est plus possible : la demande a déjà sa réponse.
rights-in-hand = Nous y travaillons
rights-identity = Nous devons être sûrs que c’est vous
rights-question = Nous avons une question
rights-fulfilled = Fait
rights-in-part = Fait en partie
rights-refused = Refusé
rights-withdrawn = Reprise
rights-expired = Close sans réponse
rights-words = Avec vos mots
rights-words-hint = Vous pouvez laisser ce champ vide. N’envoyez ni pièce d’identité ni numéro de carte.
rights-too-long = C’est trop long. 2 000 caractères au plus, s’il vous plaît.
rights-email = Votre adresse e-mail pour la réponse
rights-email-hint = Vous pouvez laisser ce champ vide. Nous y demandons d’abord si la réponse peut venir.
rights-next = Continuer
rights-check-title = Est-ce bien cela ?
rights-check-lead = Vous allez demander à { $organisation } :
rights-check-said = Avec vos mots :
rights-check-deletion = Tout ce qu’aucune loi n’ordonne de garder est effacé, et personne ne peut le faire revenir. Une lettre vous dit ce qui est parti et ce qui reste.
rights-check-email = Avant d’envoyer quoi que ce soit à { $email }, nous y demandons si vous le voulez.
rights-send = Oui, je le demande
rights-cancel = Non, revenir
right-access = Une copie de mes données
right-access-text = Messages, fichiers, ce que vous avez accepté, qui a reçu des données et qui les a consultées, à lire et à garder.
right-complaint = Une réclamation
right-complaint-text = Dites-nous ce qui n’a pas été avec vos données. Vous pouvez aussi, à tout moment, vous adresser à l’autorité.
right-correction = Rectifier mes données
right-correction-text = Dites-nous ce qui est faux et ce qui est juste. Nous le disons à ceux qui le tenaient de nous.
right-deletion = Effacer mes données
right-deletion-text = Tout part, sauf ce qu’une loi ordonne de garder : messages, fichiers, votre nom et votre numéro.
right-objection = Ne plus utiliser mes données
right-objection-text = La publicité cesse aussitôt. Ce que nous faisons d’autre de vos données est examiné par quelqu’un qui peut y mettre fin.
right-opt-out = Pas de publicité
right-portability = Mes données à emporter
right-portability-text = Ce que vous nous avez donné, sous une forme que d’autres programmes peuvent lire.
right-restriction = Garder mes données sans les utiliser
right-restriction-text = Tant que quelque chose est contesté, ou parce que vous en avez besoin vous-même.
right-withdrawal = Mettre fin à ce que j’ai accepté

## Liens vers une boîte ou un numéro

mailbox-title = Réponses à cette adresse
mailbox-lead = Quelqu’un, vous sans doute, a indiqué cette adresse pour les réponses au sujet du dossier { $case }.
mailbox-yes = Oui, envoyez les réponses ici
mailbox-done-title = Merci
mailbox-done = Les réponses au sujet du dossier { $case } viennent désormais à cette adresse.
proof-title = Était-ce vous ?
proof-lead = Quelqu’un a fait valoir un droit auprès de { $organisation } (dossier { $case }). Si c’était vous, dites-le ici : le dossier continue alors.
proof-yes = Oui, c’était moi
proof-done-title = Merci
proof-done = Le dossier { $case } continue maintenant.
reach-nobody = Si ce n’était pas vous, fermez cette page : il ne se passe rien.

## Une copie des données, et le certificat d’un effacement

package-title = Vos données
package-lead = La copie de vos données chez { $organisation } est prête.
package-once = Elle peut être récupérée une fois. Quiconque a ce lien peut la récupérer ; merci de ne pas le transmettre.
package-button = { $size ->
    [one] Télécharger ({ $size } Mo)
   *[other] Télécharger ({ $size } Mo)
}
package-device = Récupérez-la sur un appareil à vous : le fichier n’est pas verrouillé, et quiconque l’ouvre peut le lire.
erased-keep = À garder
erased-keep-text = Cette page peut disparaître un jour. La note signée prouve sans nous ce qu’elle dit, avec la clé publique de notre journal.
erased-pdf = Télécharger en PDF
erased-note = Télécharger la note signée
erased-none-title = Il n’y a pas de certificat ici
erased-none-text = Le lien est peut-être incomplet, ou l’effacement n’est pas encore fait. Dans ce cas, revenez dans un jour.

## Your choices

choices-title = Vos choix
choices-lead = Ce que { $organisation } peut vous envoyer sur WhatsApp. Un changement prend effet aussitôt.
choices-from = Les messages viennent du { $number }.
choices-list = Ce que vous pouvez recevoir
choices-on = Activé
choices-off = Désactivé
choices-asked = En attente de votre oui
choices-stopped = Arrêté
choices-since = Depuis
choices-how = Comment
choices-notice = Notice
choices-notice-version = { $title } (version { $version })
choices-why = Pourquoi nous le pouvons
choices-recipients = Qui d’autre reçoit des données
choices-carrier = WhatsApp (Meta), qui achemine les messages
choices-receipt = Télécharger le reçu (signé, avec preuve)
choices-turn-on = Activer
choices-turn-off = Désactiver
choices-agree = En activant ceci, vous y consentez.
choices-agree-notice = En activant ceci, vous y consentez comme l’explique la notice « { $title } » (version { $version }).
choices-fixed = Ceci ne peut pas être désactivé seul. « Tout arrêter » y met fin aussi.
choices-care = C’est la réponse quand vous écrivez. Elle ne vient qu’alors.
choices-native = Vous avez arrêté les promotions dans WhatsApp même. Vous ne pouvez les reprendre que là.
choices-none = Il n’y a rien à choisir pour le moment.
choices-changed-on = C’est fait. Ceci est maintenant activé.
choices-changed-off = C’est fait. Ceci est maintenant désactivé.
choices-stop-title = Tout arrêter
choices-stop-text = { $organisation } ne vous envoie alors plus rien de sa propre initiative. Si vous écrivez en premier, vous recevez toujours une réponse.
choices-stop-button = Tout arrêter
choices-stop-done = C’est fait. Tout est arrêté.
choices-stopped-all = Vous avez tout arrêté, depuis le { $date }. { $organisation } ne répond que si vous écrivez en premier.
choices-stopped-promotion = Vous avez arrêté toutes les promotions, depuis le { $date }.
choices-stopped-native = Vous avez arrêté les promotions dans WhatsApp même, depuis le { $date }. Vous ne pouvez les reprendre que là : ouvrez la discussion avec { $organisation } et regardez ses détails.
choices-start-text = Reprendre lève l’arrêt. Ce que vous avez désactivé le reste jusqu’à ce que vous l’activiez.
choices-start-button = Reprendre
choices-not-here = Ceci ne peut pas être modifié d’ici. Avec un lien ou un code envoyé à votre propre numéro, c’est possible.
choices-start-done = C’est fait. L’arrêt est levé.
choices-gpc = Votre navigateur indique que vos données ne doivent être ni vendues ni partagées (Global Privacy Control). Nous le respectons depuis le { $date } : tout ce qui partage vos données avec d’autres est désactivé.
choices-leave = Fermer mes choix
choices-left = Vos choix sont fermés sur cet appareil.
opened-title = Vos choix s’ouvrent

how-chat-keyword = Vous l’avez écrit dans la discussion
how-chat-button = Vous avez touché un bouton dans la discussion
how-native-preference = Vous l’avez réglé dans WhatsApp
how-staff = Vous l’avez dit à une personne qui travaille ici
how-app = Par l’un de nos programmes
how-web-form = Vous avez rempli un formulaire ou utilisé cette page
how-paper = Sur papier
how-import = D’après une liste antérieure

why-consent = Parce que vous y avez consenti
why-consent-open = Seulement si vous y consentez
why-contract = Parce qu’un contrat avec vous le rend nécessaire
why-legal-obligation = Parce que la loi l’exige
why-legitimate-interest = Parce que nous avons un intérêt légitime, auquel vous pouvez vous opposer

## With number and code

enter-title = Consulter vos choix
enter-lead = Indiquez votre numéro WhatsApp. Nous y envoyons un code par SMS, et avec lui vous entrez. Aucun compte n’est nécessaire.
enter-chat-title = Plutôt dans WhatsApp
enter-chat = Ouvrez la discussion avec { $organisation } et envoyez le message qui y est déjà prêt. Nous répondons par un lien vers vos choix. Aucun compte n’est nécessaire.
enter-links = Le lien dans nos messages mène à vos choix. Il figure aussi dans notre réponse quand vous écrivez STOP dans la discussion.
enter-phone = Votre numéro WhatsApp
enter-phone-hint = Avec l’indicatif du pays, par exemple +27 82 555 0142.
enter-submit = M’envoyer un code
enter-problem-phone = Écrivez votre numéro avec l’indicatif du pays, par exemple +27 82 555 0142.
code-title = Saisir le code
code-lead = Si { $organisation } connaît ce numéro, un SMS avec six chiffres lui parviendra bientôt. Ils sont valables dix minutes.
code-label = Code
code-hint = Six chiffres
code-submit = Afficher mes choix
code-again = Utiliser un autre numéro
code-refused = Ce code ne peut pas être utilisé. Il est peut-être mal saisi, trop ancien ou déjà utilisé. Après quelques essais erronés, il faut attendre un moment.
ended-text = Pour votre sécurité, vos choix se ferment après un moment. Ce que vous avez changé jusque-là est conservé.

## A notice

notice-version = Version { $version }, depuis le { $date }
notice-languages = Aussi en
notice-short = En bref
notice-elements = En détail
notice-proof = Comment prouver que ce texte n’a pas changé
notice-proof-text = Voici la somme de contrôle SHA-256 du texte. La preuve de votre consentement la cite aussi.

## When something is wrong

error-title-400 = Ceci ne peut pas être lu
error-text-400 = Quelque chose dans l’envoi n’est pas comme il faut. Merci de revenir en arrière et de réessayer.
error-title-403 = Ceci ne vient pas de cette page
error-text-403 = Pour votre sécurité, nous n’acceptons que ce qui est envoyé depuis notre propre page, et pendant un jour seulement. Merci de rouvrir la page et d’envoyer de là.
error-title-404 = Il n’y a rien ici
error-text-404 = L’adresse est peut-être mal saisie, ou la page n’existe plus.
error-title-405 = Ceci n’est pas possible ici
error-text-405 = Cette page ne peut pas faire ce qui lui est demandé.
error-title-413 = C’est trop
error-text-413 = L’envoi est plus long que ce que nous pouvons accepter. Merci de le raccourcir.
error-title-415 = Ceci ne peut pas être lu
error-text-415 = Cette page n’accepte que des formulaires.
error-title-429 = Trop d’essais
error-text-429 = Merci d’attendre quelques minutes avant de réessayer.
error-title-500 = Cela n’a pas fonctionné
error-text-500 = C’est notre faute, pas la vôtre. Merci de réessayer plus tard.
error-title-503 = Pas maintenant
error-text-503 = Nous ne pouvons pas répondre en ce moment. Merci de réessayer dans une minute.
