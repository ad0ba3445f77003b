//! The answer to "why did I get this?" in the chat: what our last message was for, what it rests on, and
//! how to end it. The store fills in what it finds; languages without a reviewed text get English.

use domain::consent::Method;
use store::why::WhyAnswer;
use store::why::WhyTexts;

/// What is filled in stands in braces: `{purpose}`, `{date}`, `{method}`, `{notice}`, `{version}`. The word
/// for the person's page is put in place when the message goes.
const TEXTS: &[(&str, WhyTexts)] = &[
    (
        "en",
        WhyTexts {
            about: "The last message that we sent you by ourselves was about “{purpose}”.",
            agreed: "You agreed to it on {date} ({method}).",
            notice: "It was explained in the notice “{notice}”, version {version}.",
            customer: "You are a customer, and could say no to it from the start.",
            contract: "We need it for what you have with us: an order, an appointment or an account.",
            duty: "The law obliges us to it.",
            interest: "We have an interest in it that the law accepts; you may object.",
            stop: "Send STOP to end promotions.",
            page: "Everything you can choose, and your receipt: imvume:preferences",
            method: |method| match method {
                Method::ChatKeyword => "a word you wrote here",
                Method::ChatButton => "a button you tapped here",
                Method::NativePreference => "a setting in WhatsApp",
                Method::Staff => "recorded by our staff",
                Method::App => "recorded by our system",
                Method::WebForm => "a form on the web",
                Method::Paper => "on paper",
                Method::Import => "from an earlier list",
            },
        },
    ),
    (
        "af",
        WhyTexts {
            about: "Die laaste boodskap wat ons uit ons eie gestuur het, was oor “{purpose}”.",
            agreed: "U het op {date} daartoe ingestem ({method}).",
            notice: "Dit is verduidelik in die kennisgewing “{notice}”, weergawe {version}.",
            customer: "U is ’n kliënt, en kon van die begin af nee sê.",
            contract: "Ons het dit nodig vir wat u by ons het: ’n bestelling, ’n afspraak of ’n rekening.",
            duty: "Die wet verplig ons daartoe.",
            interest: "Ons het ’n belang daarby wat die wet aanvaar; u mag beswaar maak.",
            stop: "Stuur STOP om promosies te staak.",
            page: "Alles wat u kan kies, en u kwitansie: imvume:preferences",
            method: |method| match method {
                Method::ChatKeyword => "’n woord wat u hier geskryf het",
                Method::ChatButton => "’n knoppie wat u hier gedruk het",
                Method::NativePreference => "’n instelling in WhatsApp",
                Method::Staff => "deur ons personeel aangeteken",
                Method::App => "deur ons stelsel aangeteken",
                Method::WebForm => "’n vorm op die web",
                Method::Paper => "op papier",
                Method::Import => "uit ’n vroeëre lys",
            },
        },
    ),
    (
        "de",
        WhyTexts {
            about: "Die letzte Nachricht, die wir Ihnen von uns aus geschickt haben, betraf „{purpose}“.",
            agreed: "Sie haben dem am {date} zugestimmt ({method}).",
            notice: "Erklärt ist es im Hinweis „{notice}“, Version {version}.",
            customer: "Sie sind Kundin oder Kunde und konnten von Anfang an widersprechen.",
            contract: "Wir brauchen sie für das, was Sie bei uns haben: Bestellung, Termin oder Konto.",
            duty: "Das Gesetz verpflichtet uns dazu.",
            interest: "Wir haben daran ein Interesse, das das Gesetz anerkennt; Sie können widersprechen.",
            stop: "Mit STOP beenden Sie Werbung.",
            page: "Alles, was Sie wählen können, und Ihr Beleg: imvume:preferences",
            method: |method| match method {
                Method::ChatKeyword => "ein Wort, das Sie hier geschrieben haben",
                Method::ChatButton => "ein Knopf, den Sie hier gedrückt haben",
                Method::NativePreference => "eine Einstellung in WhatsApp",
                Method::Staff => "von uns festgehalten",
                Method::App => "von unserem System festgehalten",
                Method::WebForm => "ein Formular im Web",
                Method::Paper => "auf Papier",
                Method::Import => "aus einer früheren Liste",
            },
        },
    ),
    (
        "fr",
        WhyTexts {
            about: "Le dernier message que nous vous avons envoyé de nous-mêmes concernait « {purpose} ».",
            agreed: "Vous l’avez accepté le {date} ({method}).",
            notice: "C’est expliqué dans la notice « {notice} », version {version}.",
            customer: "Vous êtes client et pouviez refuser dès le début.",
            contract: "Il sert à ce que vous avez chez nous : une commande, un rendez-vous ou un compte.",
            duty: "La loi nous y oblige.",
            interest: "Nous y avons un intérêt que la loi reconnaît ; vous pouvez vous y opposer.",
            stop: "Envoyez STOP pour arrêter les promotions.",
            page: "Tout ce que vous pouvez choisir, et votre reçu : imvume:preferences",
            method: |method| match method {
                Method::ChatKeyword => "un mot que vous avez écrit ici",
                Method::ChatButton => "un bouton que vous avez touché ici",
                Method::NativePreference => "un réglage de WhatsApp",
                Method::Staff => "noté par notre équipe",
                Method::App => "noté par notre système",
                Method::WebForm => "un formulaire sur le web",
                Method::Paper => "sur papier",
                Method::Import => "d’une liste antérieure",
            },
        },
    ),
];

/// What the answer is made of in a language; with the word for the person's page, if there is one.
pub(crate) fn answer(language: &str, page: bool) -> Option<WhyAnswer> {
    let (_, english) = TEXTS.first()?;
    let found = TEXTS.iter().find(|(tag, _)| *tag == language);
    let texts = found.map_or(english, |(_, texts)| texts);
    Some(WhyAnswer { texts, page })
}

#[cfg(test)]
mod tests {
    use domain::consent::Method;

    use super::TEXTS;
    use crate::portal::WORD;

    #[test]
    fn every_text_says_what_is_filled_in() {
        for (language, texts) in TEXTS {
            for (text, wanted) in [
                (texts.about, "{purpose}"),
                (texts.agreed, "{date}"),
                (texts.agreed, "{method}"),
                (texts.notice, "{notice}"),
                (texts.notice, "{version}"),
                (texts.stop, "STOP"),
                (texts.page, WORD),
            ] {
                assert!(text.contains(wanted), "{language}: {text}");
            }
            let methods = Method::ALL.map(texts.method);
            assert!(methods.iter().all(|text| !text.is_empty()), "{language}");
        }
    }
}
