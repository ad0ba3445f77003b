//! Answers to what people ask for by right in the chat: the case number, the last day, what happens now,
//! and the question whether everything is really to go.
//!
//! The store fills in what it finds; languages without a reviewed text get English.

use domain::keyword::Keyword;
use domain::request::RequestKind;
use store::request::AskAnswer;
use store::request::AskTexts;
use store::request::NO_DELETE;
use store::request::YES_DELETE;

/// What is filled in stands in braces: `{case}`, `{date}`. The word for the person's page is put in place
/// when the message goes.
const TEXTS: &[(&str, AskTexts)] = &[
    (
        "en",
        AskTexts {
            taken: "We have your request. Its number is {case}, and you have our answer by {date} \
                    at the latest.",
            known: "We have this request from you already. Its number is {case}, and you have our \
                    answer by {date} at the latest.",
            promise: |kind| match kind {
                RequestKind::Access => {
                    "We are putting together a copy of what we hold about you, and tell you here \
                     when it is ready."
                }
                RequestKind::Portability => {
                    "We are putting together the data you gave us, in a form that other systems \
                     can read, and tell you here when they are ready."
                }
                RequestKind::Correction => {
                    "Please tell us here what is wrong and what is right. Our team looks at it."
                }
                RequestKind::Objection => {
                    "Promotions have stopped at once. Our team looks at everything else we do with \
                     your data, and tells you what ends."
                }
                RequestKind::OptOut => "Promotions have stopped at once.",
                RequestKind::Withdrawal => {
                    "What you agreed to has ended at once. It makes nothing unlawful that was done \
                     before."
                }
                RequestKind::Restriction => {
                    "We keep your data, and use them only with your agreement or where the law \
                     orders it, until this is settled."
                }
                RequestKind::Complaint => {
                    "Our team looks at it. Please tell us here what happened, if you have not. You \
                     can turn to the data protection authority at any time."
                }
                RequestKind::Deletion => "",
            },
            sure: "Is everything really to be erased? It cannot be brought back. What the law orders \
                   us to keep stays until its time is over. Tap the button, or send YES DELETE, \
                   within 24 hours.",
            yes: "Yes, erase it",
            no: "No, keep it",
            going: "We are erasing your data. Your case is number {case}. You get one more message \
                    here that says what was erased and what has to stay.",
            more: "Before we go on, our team asks you here something that only you can answer, \
                   because a mistake would put your data into wrong hands. We never ask for a copy \
                   of an identity document.",
            kept: "Nothing is erased. Case {case} is closed.",
            page: "See your requests and what you can choose: imvume:preferences",
        },
    ),
    (
        "af",
        AskTexts {
            taken: "Ons het u versoek. Die nommer is {case}, en u kry ons antwoord teen uiterlik \
                    {date}.",
            known: "Ons het reeds hierdie versoek van u. Die nommer is {case}, en u kry ons antwoord \
                    teen uiterlik {date}.",
            promise: |kind| match kind {
                RequestKind::Access => {
                    "Ons stel ’n afskrif saam van wat ons oor u het, en laat weet u hier wanneer dit \
                     gereed is."
                }
                RequestKind::Portability => {
                    "Ons stel die data saam wat u vir ons gegee het, in ’n vorm wat ander stelsels \
                     kan lees, en laat weet u hier wanneer dit gereed is."
                }
                RequestKind::Correction => {
                    "Sê asseblief hier wat verkeerd is en wat reg is. Ons span kyk daarna."
                }
                RequestKind::Objection => {
                    "Promosies is dadelik gestaak. Ons span kyk na al die ander dinge wat ons met u \
                     data doen, en sê vir u wat ophou."
                }
                RequestKind::OptOut => "Promosies is dadelik gestaak.",
                RequestKind::Withdrawal => {
                    "Waartoe u ingestem het, het dadelik geëindig. Wat voorheen gedoen is, word nie \
                     daardeur onwettig nie."
                }
                RequestKind::Restriction => {
                    "Ons hou u data, en gebruik dit slegs met u instemming of waar die wet dit \
                     vereis, totdat dit afgehandel is."
                }
                RequestKind::Complaint => {
                    "Ons span kyk daarna. Sê asseblief hier wat gebeur het, as u dit nog nie gedoen \
                     het nie. U kan enige tyd na die Inligtingsreguleerder gaan."
                }
                RequestKind::Deletion => "",
            },
            sure: "Moet alles regtig uitgewis word? Dit kan nie teruggebring word nie. Wat die wet \
                   vereis dat ons hou, bly tot die tyd verby is. Tik op die knoppie, of stuur JA \
                   WIS UIT, binne 24 uur.",
            yes: "Ja, wis dit uit",
            no: "Nee, hou dit",
            going: "Ons wis u data uit. U saak is nommer {case}. U kry nog een boodskap hier wat sê \
                    wat uitgewis is en wat moet bly.",
            more: "Voor ons voortgaan, vra ons span u hier iets wat net u kan antwoord, want ’n fout \
                   sou u data in verkeerde hande plaas. Ons vra nooit ’n afskrif van ’n \
                   identiteitsdokument nie.",
            kept: "Niks word uitgewis nie. Saak {case} is gesluit.",
            page: "Sien u versoeke en wat u kan kies: imvume:preferences",
        },
    ),
    (
        "de",
        AskTexts {
            taken: "Wir haben Ihre Anfrage. Sie hat die Nummer {case}; unsere Antwort haben Sie \
                    spätestens am {date}.",
            known: "Diese Anfrage haben wir bereits von Ihnen. Sie hat die Nummer {case}; unsere \
                    Antwort haben Sie spätestens am {date}.",
            promise: |kind| match kind {
                RequestKind::Access => {
                    "Wir stellen eine Kopie dessen zusammen, was wir über Sie gespeichert haben, und \
                     sagen Ihnen hier, wenn sie bereit ist."
                }
                RequestKind::Portability => {
                    "Wir stellen die Daten zusammen, die Sie uns gegeben haben, in einer Form, die \
                     andere Systeme lesen können, und sagen Ihnen hier, wenn sie bereit sind."
                }
                RequestKind::Correction => {
                    "Bitte schreiben Sie uns hier, was falsch und was richtig ist. Unser Team sieht \
                     es sich an."
                }
                RequestKind::Objection => {
                    "Werbung haben wir sofort beendet. Unser Team prüft alles andere, was wir mit \
                     Ihren Daten tun, und sagt Ihnen, was endet."
                }
                RequestKind::OptOut => "Werbung haben wir sofort beendet.",
                RequestKind::Withdrawal => {
                    "Ihre Einwilligung endet sofort. Was davor geschehen ist, wird dadurch nicht \
                     unrechtmäßig."
                }
                RequestKind::Restriction => {
                    "Wir behalten Ihre Daten und verwenden sie nur mit Ihrer Zustimmung oder wo das \
                     Gesetz es verlangt, bis das geklärt ist."
                }
                RequestKind::Complaint => {
                    "Unser Team geht ihr nach. Bitte schreiben Sie uns hier, was geschehen ist, \
                     falls noch nicht geschehen. Sie können sich jederzeit an die \
                     Datenschutzaufsicht wenden."
                }
                RequestKind::Deletion => "",
            },
            sure: "Soll wirklich alles gelöscht werden? Es lässt sich nicht zurückholen. Was wir nach \
                   dem Gesetz aufbewahren müssen, bleibt, bis die Frist vorbei ist. Tippen Sie auf \
                   die Schaltfläche oder senden Sie JA LÖSCHEN, innerhalb von 24 Stunden.",
            yes: "Ja, löschen",
            no: "Nein, behalten",
            going: "Wir löschen Ihre Daten. Ihr Fall hat die Nummer {case}. Sie erhalten hier noch \
                    eine Nachricht, die sagt, was gelöscht wurde und was bleiben muss.",
            more: "Bevor wir weitermachen, fragt unser Team Sie hier etwas, das nur Sie beantworten \
                   können, denn ein Irrtum brächte Ihre Daten in falsche Hände. Eine Ausweiskopie \
                   verlangen wir nie.",
            kept: "Es wird nichts gelöscht. Fall {case} ist geschlossen.",
            page: "Ihre Anfragen, und was Sie wählen können: imvume:preferences",
        },
    ),
    (
        "fr",
        AskTexts {
            taken: "Nous avons reçu votre demande. Elle porte le numéro {case} ; vous aurez notre \
                    réponse le {date} au plus tard.",
            known: "Nous avons déjà cette demande de votre part. Elle porte le numéro {case} ; vous \
                    aurez notre réponse le {date} au plus tard.",
            promise: |kind| match kind {
                RequestKind::Access => {
                    "Nous préparons une copie de ce que nous conservons sur vous et vous prévenons \
                     ici quand elle est prête."
                }
                RequestKind::Portability => {
                    "Nous préparons les données que vous nous avez fournies, sous une forme que \
                     d’autres systèmes peuvent lire, et vous prévenons ici quand elles sont prêtes."
                }
                RequestKind::Correction => {
                    "Écrivez-nous ici ce qui est faux et ce qui est juste. Notre équipe s’en occupe."
                }
                RequestKind::Objection => {
                    "Les promotions sont arrêtées immédiatement. Notre équipe examine tout ce que \
                     nous faisons d’autre avec vos données et vous dit ce qui prend fin."
                }
                RequestKind::OptOut => "Les promotions sont arrêtées immédiatement.",
                RequestKind::Withdrawal => {
                    "Votre consentement prend fin immédiatement. Ce qui a été fait avant n’en \
                     devient pas illicite."
                }
                RequestKind::Restriction => {
                    "Nous conservons vos données et ne les utilisons qu’avec votre accord ou si la \
                     loi l’exige, jusqu’à ce que ce soit réglé."
                }
                RequestKind::Complaint => {
                    "Notre équipe s’en occupe. Dites-nous ici ce qui s’est passé, si ce n’est pas \
                     déjà fait. Vous pouvez vous adresser à tout moment à l’autorité de protection \
                     des données."
                }
                RequestKind::Deletion => "",
            },
            sure: "Faut-il vraiment tout effacer ? Rien ne pourra être récupéré. Ce que la loi nous \
                   oblige à garder reste jusqu’au terme prévu. Touchez le bouton ou envoyez OUI \
                   EFFACER dans les 24 heures.",
            yes: "Oui, effacer",
            no: "Non, garder",
            going: "Nous effaçons vos données. Votre dossier porte le numéro {case}. Vous recevrez \
                    encore un message ici, qui dira ce qui a été effacé et ce qui doit rester.",
            more: "Avant de continuer, notre équipe vous demande ici quelque chose que vous seul \
                   savez, car une erreur mettrait vos données entre de mauvaises mains. Nous ne \
                   demandons jamais de copie d’une pièce d’identité.",
            kept: "Rien n’est effacé. Le dossier {case} est clos.",
            page: "Vos demandes, et ce que vous pouvez choisir : imvume:preferences",
        },
    ),
];

/// What the answer is made of in a language, for a word about rights; with the word for the person's
/// page, if there is one.
pub(crate) fn answer(keyword: Keyword, language: &str, page: bool) -> Option<AskAnswer> {
    match keyword {
        Keyword::Ask(_) | Keyword::ConfirmDeletion | Keyword::KeepData => {}
        Keyword::Help
        | Keyword::Start
        | Keyword::Stop
        | Keyword::StopAmbiguous
        | Keyword::StopEverything
        | Keyword::Why => return None,
    }
    let (_, english) = TEXTS.first()?;
    let found = TEXTS.iter().find(|(tag, _)| *tag == language);
    let texts = found.map_or(english, |(_, texts)| texts);
    Some(AskAnswer { texts, page })
}

/// What a person is asked in a letter who has to show more: for a deletion to say it again in the chat,
/// which shows that the chat is theirs.
pub(crate) fn question(kind: RequestKind, language: &str) -> &'static str {
    let primary = language.split('-').next().unwrap_or_default();
    let found = TEXTS.iter().find(|(tag, _)| *tag == primary);
    let found = found.or_else(|| TEXTS.first());
    found.map_or("", |(_, texts)| match kind {
        RequestKind::Deletion => texts.sure,
        RequestKind::Access
        | RequestKind::Complaint
        | RequestKind::Correction
        | RequestKind::Objection
        | RequestKind::OptOut
        | RequestKind::Portability
        | RequestKind::Restriction
        | RequestKind::Withdrawal => texts.more,
    })
}

/// What a button of ours means, with the rule that its tap is recorded under.
pub(crate) fn button(id: &str) -> Option<(Keyword, &'static str)> {
    match id {
        YES_DELETE => Some((Keyword::ConfirmDeletion, "button/delete")),
        NO_DELETE => Some((Keyword::KeepData, "button/keep")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::keyword::Keyword;
    use domain::request::RequestKind;
    use rulebook::LanguageSet;
    use rulebook::WordPack;

    use super::TEXTS;
    use crate::portal::WORD;

    #[test]
    fn every_text_says_what_is_filled_in_and_fits() {
        for (language, texts) in TEXTS {
            for (text, wanted) in [
                (texts.taken, "{case}"),
                (texts.taken, "{date}"),
                (texts.known, "{case}"),
                (texts.known, "{date}"),
                (texts.going, "{case}"),
                (texts.kept, "{case}"),
                (texts.sure, "24"),
                (texts.page, WORD),
            ] {
                assert!(text.contains(wanted), "{language}: {text}");
            }
            for kind in RequestKind::ALL {
                let silent = (texts.promise)(*kind).is_empty();
                assert_eq!(
                    silent,
                    *kind == RequestKind::Deletion,
                    "{language} {kind:?}"
                );
            }
            for title in [texts.yes, texts.no] {
                assert!(title.chars().count() <= 20, "{language}: {title}");
            }
            let question = texts.known.chars().count() + texts.sure.chars().count();
            assert!(question <= 900, "{language}: fits a body with buttons");
        }
    }

    /// What the question tells people to send is a word of their language.
    #[test]
    fn the_words_of_the_question_are_understood() {
        let words = WordPack::builtin().unwrap();
        let languages = LanguageSet::south_africa_and_default();
        for (language, said) in [
            ("en", "YES DELETE"),
            ("af", "JA WIS UIT"),
            ("de", "JA LÖSCHEN"),
            ("fr", "OUI EFFACER"),
        ] {
            let texts = TEXTS.iter().find(|(tag, _)| *tag == language);
            assert!(texts.is_some_and(|(_, texts)| texts.sure.contains(said)));
            let found = words.detect(said, &languages);
            let keyword = found.map(|found| Keyword::from(found.intent));
            assert_eq!(keyword, Some(Keyword::ConfirmDeletion), "{said}");
        }
    }
}
