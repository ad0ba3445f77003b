//! The gateway's own messages: the one confirmation of a stop or a start.
//!
//! One message, no promotion, saying how far it reaches and how to resume (47 CFR 64.1200(a)(12);
//! Meta's business policy). Languages without a reviewed text get English.

use domain::keyword::Keyword;
use serde_json::json;

use crate::portal::WORD;
use crate::settings::Settings;

/// The id of the button that a stop's confirmation offers.
pub(crate) const STOP_EVERYTHING: &str = "imvume:stop-everything";

struct Texts {
    language: &'static str,
    stopped: &'static str,
    ambiguous: &'static str,
    everything: &'static str,
    started: &'static str,
    /// What precedes the link to the person's own page.
    page: &'static str,
    /// At most 20 characters: WhatsApp's limit for a button.
    button: &'static str,
}

/// `{}` stands for the organisation's name.
const TEXTS: &[Texts] = &[
    Texts {
        language: "en",
        stopped: "You will get no more promotions from {} on WhatsApp. We still answer when you \
                  write to us. Send START to get promotions again.",
        ambiguous: "We have stopped promotions from {} to be safe. If you meant something else, \
                    just tell us here. Send START to get promotions again.",
        everything: "You will get nothing more from {} unless you write to us first. Send START to \
                     get promotions again.",
        started: "You will get promotions from {} on WhatsApp. Send STOP at any time to end \
                  them.",
        page: "See and change what you get:",
        button: "Stop everything",
    },
    Texts {
        language: "af",
        stopped: "U sal geen promosies meer van {} op WhatsApp kry nie. Ons antwoord steeds as u \
                  vir ons skryf. Stuur BEGIN om weer promosies te kry.",
        ambiguous: "Ons het promosies van {} vir eers gestaak. As u iets anders bedoel het, sê \
                    net hier. Stuur BEGIN om weer promosies te kry.",
        everything: "U sal niks meer van {} kry nie, tensy u eerste vir ons skryf. Stuur BEGIN om \
                     weer promosies te kry.",
        started: "U sal promosies van {} op WhatsApp kry. Stuur STOP om dit enige tyd te \
                  staak.",
        page: "Kyk en verander wat u kry:",
        button: "Staak alles",
    },
    Texts {
        language: "de",
        stopped: "Sie erhalten keine Werbung mehr von {} über WhatsApp. Wenn Sie uns schreiben, \
                  antworten wir weiterhin. Mit START erhalten Sie wieder Werbung.",
        ambiguous: "Wir haben Werbung von {} vorsorglich beendet. Wenn Sie etwas anderes meinten, \
                    schreiben Sie es uns hier. Mit START erhalten Sie wieder Werbung.",
        everything: "Sie erhalten nichts mehr von {}, außer Sie schreiben uns zuerst. Mit START \
                     erhalten Sie wieder Werbung.",
        started: "Sie erhalten Werbung von {} über WhatsApp. Mit STOP endet sie jederzeit.",
        page: "Ansehen und ändern, was Sie erhalten:",
        button: "Alles beenden",
    },
    Texts {
        language: "fr",
        stopped: "Vous ne recevrez plus de promotions de {} sur WhatsApp. Nous répondons toujours \
                  si vous nous écrivez. Envoyez START pour en recevoir à nouveau.",
        ambiguous: "Par précaution, nous avons arrêté les promotions de {}. Si vous vouliez dire \
                    autre chose, écrivez-le ici. Envoyez START pour en recevoir à nouveau.",
        everything: "Vous ne recevrez plus rien de {}, sauf si vous nous écrivez d’abord. Envoyez \
                     START pour recevoir à nouveau des promotions.",
        started: "Vous recevrez des promotions de {} sur WhatsApp. Envoyez STOP à tout \
                  moment pour les arrêter.",
        page: "Voir et modifier ce que vous recevez :",
        button: "Tout arrêter",
    },
    Texts {
        language: "nl",
        stopped: "U krijgt geen reclame meer van {} op WhatsApp. Als u ons schrijft, antwoorden we \
                  nog steeds. Stuur START om weer reclame te krijgen.",
        ambiguous: "We hebben reclame van {} voor de zekerheid gestopt. Bedoelde u iets anders, \
                    zeg het dan hier. Stuur START om weer reclame te krijgen.",
        everything: "U krijgt niets meer van {}, tenzij u ons eerst schrijft. Stuur START om weer \
                     reclame te krijgen.",
        started: "U krijgt reclame van {} op WhatsApp. Stuur STOP om die te beëindigen.",
        page: "Bekijk en verander wat u krijgt:",
        button: "Alles stoppen",
    },
];

/// The body that confirms a word, without recipient; none for a word that is not confirmed.
pub(crate) fn body(keyword: Keyword, language: &str, settings: &Settings) -> Option<Vec<u8>> {
    let english = TEXTS.first()?;
    let texts = TEXTS
        .iter()
        .find(|texts| texts.language == language)
        .unwrap_or(english);
    let (text, offers) = match keyword {
        Keyword::Stop => (texts.stopped, true),
        Keyword::StopAmbiguous => (texts.ambiguous, true),
        Keyword::StopEverything => (texts.everything, false),
        Keyword::Start => (texts.started, false),
        Keyword::Ask(_)
        | Keyword::ConfirmDeletion
        | Keyword::Help
        | Keyword::KeepData
        | Keyword::Why => return None,
    };
    let mut text = text.replace("{}", &settings.organisation);
    if settings.portal.public_url.is_some() {
        // The link is made when the message leaves, for whoever it goes to.
        text = format!("{text}\n\n{} {WORD}", texts.page);
    }
    let body = if offers {
        let reply = json!({"id": STOP_EVERYTHING, "title": texts.button});
        json!({
            "messaging_product": "whatsapp",
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": text},
                "action": {"buttons": [{"type": "reply", "reply": reply}]},
            },
        })
    } else {
        json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": text}})
    };
    Some(body.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::TEXTS;

    #[test]
    fn every_text_fits_and_tells_how_to_go_on() {
        for texts in TEXTS {
            assert!(texts.button.chars().count() <= 20, "{}", texts.language);
            for text in [
                texts.stopped,
                texts.ambiguous,
                texts.everything,
                texts.started,
            ] {
                assert!(
                    text.contains("{}"),
                    "{}: names the organisation",
                    texts.language
                );
                assert!(
                    text.chars().count() <= 900,
                    "{}: fits a body",
                    texts.language
                );
            }
            assert!(texts.started.contains("STOP"), "{}", texts.language);
        }
    }
}
