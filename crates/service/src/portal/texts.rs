//! What confirmations say. One message, no promotion: who asks, for what, under which notice, and that
//! nothing happens if nobody answers. Languages without a reviewed text get English.

use std::fmt::Write as _;

use url::Url;

use super::NoticeRef;
use super::PurposeText;

/// The longest question in a chat, in characters: WhatsApp takes 1024.
const MAX_QUESTION: usize = 1_000;

/// `{}` stands for the organisation's name, `{@}` for what follows.
struct Texts {
    language: &'static str,
    subject: &'static str,
    greeting: &'static str,
    asked: &'static str,
    confirm: &'static str,
    button: &'static str,
    ignore: &'static str,
    notice: &'static str,
    version: &'static str,
    short: &'static str,
    short_end: &'static str,
    code: &'static str,
    opening: &'static str,
    coming: &'static str,
    choices: &'static str,
    question: &'static str,
    end: &'static str,
    /// At most 20 characters: WhatsApp's limit for a button.
    yes: &'static str,
    no: &'static str,
}

const TEXTS: &[Texts] = &[
    Texts {
        language: "en",
        subject: "Please confirm: messages from {} on WhatsApp",
        greeting: "Hello,",
        asked: "Somebody, we hope it was you, asked for messages from {} on WhatsApp about:",
        confirm: "If that is what you want, confirm it here. Until you do, nothing is sent:",
        button: "Look and confirm",
        ignore: "If it was not you, you need not do anything: you will get no messages, and the link \
                 ends by itself.",
        notice: "What happens with your data",
        version: "version",
        short: "{}: please confirm that you want messages on WhatsApp about",
        short_end: "If it was not you, do nothing.",
        code: "Your code for the page of {} is {@}. It is good for 10 minutes. We never ask you for it.",
        opening: "Hello, I would like to get messages on WhatsApp. (Please leave this code as it is: \
                  {@})",
        coming: "Hello, I would like to see my choices. (Please leave this code as it is: {@})",
        choices: "Here you see and change what you get from {}. The link is yours alone, please do not \
                  pass it on: {@}",
        question: "Do you want messages from {} on WhatsApp about the following?",
        end: "You can end them at any time with STOP.",
        yes: "Yes, please",
        no: "No, thank you",
    },
    Texts {
        language: "af",
        subject: "Bevestig asseblief: boodskappe van {} op WhatsApp",
        greeting: "Goeiedag,",
        asked: "Iemand, ons hoop dit was u, het boodskappe van {} op WhatsApp aangevra oor:",
        confirm: "As dit is wat u wil hê, bevestig dit hier. Tot dan word niks gestuur nie:",
        button: "Kyk en bevestig",
        ignore: "As dit nie u was nie, hoef u niks te doen nie: u sal geen boodskappe kry nie, en die \
                 skakel verval vanself.",
        notice: "Wat met u data gebeur",
        version: "weergawe",
        short: "{}: bevestig asseblief dat u boodskappe op WhatsApp wil hê oor",
        short_end: "As dit nie u was nie, doen niks.",
        code: "U kode vir die bladsy van {} is {@}. Dit geld vir 10 minute. Ons vra u nooit daarvoor nie.",
        opening: "Goeiedag, ek wil graag boodskappe op WhatsApp kry. (Los asseblief hierdie kode net \
                  so: {@})",
        coming: "Goeiedag, ek wil graag my keuses sien. (Los asseblief hierdie kode net so: {@})",
        choices: "Hier sien en verander u wat u van {} kry. Die skakel is net vir u, moet dit asseblief \
                  nie aanstuur nie: {@}",
        question: "Wil u boodskappe van {} op WhatsApp oor die volgende hê?",
        end: "U kan dit enige tyd met STOP staak.",
        yes: "Ja, asseblief",
        no: "Nee, dankie",
    },
    Texts {
        language: "de",
        subject: "Bitte bestätigen: Nachrichten von {} über WhatsApp",
        greeting: "Guten Tag,",
        asked: "jemand, hoffentlich Sie, hat Nachrichten von {} über WhatsApp angefordert, und zwar zu:",
        confirm: "Wenn Sie das möchten, bestätigen Sie es hier. Vorher wird nichts gesendet:",
        button: "Ansehen und bestätigen",
        ignore: "Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Sie erhalten keine Nachrichten, \
                 und der Link verfällt von selbst.",
        notice: "Was mit Ihren Daten geschieht",
        version: "Fassung",
        short: "{}: Bitte bestätigen Sie, dass Sie Nachrichten über WhatsApp wünschen zu",
        short_end: "Wenn Sie es nicht waren, tun Sie nichts.",
        code: "Ihr Code für die Seite von {} ist {@}. Er gilt 10 Minuten. Wir fragen Sie nie danach.",
        opening: "Guten Tag, ich möchte Nachrichten über WhatsApp erhalten. (Bitte diesen Code so \
                  stehen lassen: {@})",
        coming: "Guten Tag, ich möchte meine Auswahl sehen. (Bitte diesen Code so stehen lassen: {@})",
        choices: "Hier sehen und ändern Sie, was Sie von {} erhalten. Der Link ist nur für Sie, bitte \
                  geben Sie ihn nicht weiter: {@}",
        question: "Möchten Sie Nachrichten von {} über WhatsApp zu Folgendem?",
        end: "Mit STOP enden sie jederzeit.",
        yes: "Ja, gern",
        no: "Nein, danke",
    },
    Texts {
        language: "fr",
        subject: "Veuillez confirmer : messages de {} sur WhatsApp",
        greeting: "Bonjour,",
        asked: "Quelqu’un, vous sans doute, a demandé à recevoir des messages de {} sur WhatsApp à \
                propos de :",
        confirm: "Si c’est ce que vous voulez, confirmez-le ici. D’ici là, rien n’est envoyé :",
        button: "Voir et confirmer",
        ignore: "Si ce n’était pas vous, vous n’avez rien à faire : vous ne recevrez aucun message, et \
                 le lien expire de lui-même.",
        notice: "Ce que deviennent vos données",
        version: "version",
        short: "{} : veuillez confirmer que vous voulez des messages sur WhatsApp à propos de",
        short_end: "Si ce n’était pas vous, ne faites rien.",
        code: "Votre code pour la page de {} est {@}. Il est valable 10 minutes. Nous ne vous le \
               demandons jamais.",
        opening: "Bonjour, je voudrais recevoir des messages sur WhatsApp. (Laissez ce code tel quel, \
                  s’il vous plaît : {@})",
        coming: "Bonjour, je voudrais consulter mes choix. (Laissez ce code tel quel, s’il vous plaît : \
                 {@})",
        choices: "Voici où consulter et modifier ce que vous recevez de {}. Ce lien n’est que pour vous, \
                  ne le transmettez pas : {@}",
        question: "Voulez-vous des messages de {} sur WhatsApp à propos de ce qui suit ?",
        end: "STOP y met fin à tout moment.",
        yes: "Oui, volontiers",
        no: "Non, merci",
    },
];

/// A confirmation, ready to go.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) language: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    /// For SMS.
    pub(super) short: String,
}

fn texts(language: &str) -> Option<&'static Texts> {
    let wanted = language.split('-').next().unwrap_or_default();
    let mut known = TEXTS.iter();
    let found = known.find(|texts| texts.language.eq_ignore_ascii_case(wanted));
    found.or(TEXTS.first())
}

/// A name on one line: it stands in the subject of a mail.
fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

pub(super) fn letter(
    language: &str,
    organisation: &str,
    asked: &[PurposeText],
    link: &str,
) -> Letter {
    let name = line(organisation);
    let Some(texts) = texts(language) else {
        return Letter {
            language: String::new(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            short: String::new(),
        };
    };
    let with = |text: &str| text.replace("{}", &name);
    let titles: Vec<String> = asked.iter().map(|purpose| line(&purpose.title)).collect();
    Letter {
        language: texts.language.to_owned(),
        subject: with(texts.subject),
        text: plain(texts, &with, asked, link),
        html: html(texts, &with, asked, link),
        short: format!(
            "{} {}: {link} {}",
            with(texts.short),
            titles.join(", "),
            texts.short_end
        ),
    }
}

fn plain(
    texts: &Texts,
    with: &impl Fn(&str) -> String,
    asked: &[PurposeText],
    link: &str,
) -> String {
    let mut out = format!("{}\n\n{}\n", texts.greeting, with(texts.asked));
    for purpose in asked {
        let _ = writeln!(out, "\n- {}", line(&purpose.title));
        if let Some(notice) = &purpose.notice {
            let _ = writeln!(out, "  {}", told(texts, notice));
        }
    }
    let _ = write!(
        out,
        "\n{}\n\n{link}\n\n{}\n\n{}\n",
        texts.confirm,
        texts.ignore,
        with("{}")
    );
    out
}

fn told(texts: &Texts, notice: &NoticeRef) -> String {
    let NoticeRef { title, version, .. } = notice;
    format!(
        "{}: {}, {} {version}",
        texts.notice,
        line(title),
        texts.version
    )
}

fn html(
    texts: &Texts,
    with: &impl Fn(&str) -> String,
    asked: &[PurposeText],
    link: &str,
) -> String {
    let mut items = String::new();
    for purpose in asked {
        let notice = purpose.notice.as_ref().map_or_else(String::new, |notice| {
            format!("<br><small>{}</small>", escaped(&told(texts, notice)))
        });
        let _ = write!(items, "<li>{}{notice}</li>", escaped(&line(&purpose.title)));
    }
    let link = escaped(link);
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>{}</title>\
         <body><p>{}</p><p>{}</p><ul>{items}</ul><p>{}</p>\
         <p><a href=\"{link}\">{}</a><br>{link}</p><p>{}</p><p>{}</p></body></html>",
        texts.language,
        escaped(&with(texts.subject)),
        texts.greeting,
        escaped(&with(texts.asked)),
        texts.confirm,
        texts.button,
        texts.ignore,
        escaped(&with("{}")),
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// What proves later which words a person confirmed: SHA-256 of the text without its link.
pub(super) fn fingerprint(language: &str, organisation: &str, asked: &[PurposeText]) -> String {
    let letter = letter(language, organisation, asked, "");
    let hash = seal::sha256(letter.text.as_bytes());
    hash.iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The SMS with a one-time code.
pub(super) fn code(language: &str, organisation: &str, code: &str) -> String {
    let text = texts(language).map_or("{@}", |texts| texts.code);
    text.replace("{}", &line(organisation)).replace("{@}", code)
}

/// What a person sends to open the chat.
pub(super) fn opening(language: &str, reference: &str) -> String {
    let text = texts(language).map_or("{@}", |texts| texts.opening);
    text.replace("{@}", reference)
}

/// What a person sends who comes for their own page.
pub(super) fn coming(language: &str, reference: &str) -> String {
    let text = texts(language).map_or("{@}", |texts| texts.coming);
    text.replace("{@}", reference)
}

/// What they are answered, with what the link is made in the place of.
pub(super) fn choices(language: &str, organisation: &str, word: &str) -> String {
    let text = texts(language).map_or("{@}", |texts| texts.choices);
    text.replace("{}", &line(organisation)).replace("{@}", word)
}

/// What is asked in the chat, and the two buttons.
pub(super) fn question(
    language: &str,
    organisation: &str,
    asked: &[PurposeText],
    page: impl Fn(&NoticeRef) -> Option<Url>,
) -> (String, &'static str, &'static str) {
    let Some(texts) = texts(language) else {
        return (String::new(), "", "");
    };
    let mut out = texts.question.replace("{}", &line(organisation));
    out.push('\n');
    let mut notices: Vec<&NoticeRef> = Vec::new();
    for purpose in asked {
        let title: String = line(&purpose.title).chars().take(60).collect();
        let _ = write!(out, "\n\u{2022} {title}");
        notices.extend(&purpose.notice);
    }
    notices.dedup();
    out.push('\n');
    for notice in notices {
        let page = page(notice).map_or_else(String::new, |page| format!(" {page}"));
        let next = format!("\n{}{page}", told(texts, notice));
        let room = MAX_QUESTION - texts.end.chars().count() - 2;
        if out.chars().count() + next.chars().count() <= room {
            out.push_str(&next);
        }
    }
    let _ = write!(out, "\n\n{}", texts.end);
    (out, texts.yes, texts.no)
}

#[cfg(test)]
mod tests {
    use domain::purpose::LegalBasis;
    use domain::purpose::PurposeClass;

    use super::*;

    fn purpose(title: &str) -> PurposeText {
        PurposeText {
            code: "marketing".to_owned(),
            title: title.to_owned(),
            description: String::new(),
            recipients: Vec::new(),
            class: PurposeClass::Promotional,
            basis: LegalBasis::Consent,
            shares: false,
            notice: Some(NoticeRef {
                code: "messages".to_owned(),
                version: 3,
                language: "en".to_owned(),
                title: "Messages & <you>".to_owned(),
                short: None,
            }),
        }
    }

    #[test]
    fn every_language_says_who_what_and_where() {
        for texts in TEXTS {
            let link = "https://shop.example/c/0123";
            let letter = letter(
                texts.language,
                "Kaapse <Koffie>",
                &[purpose("Offers")],
                link,
            );
            for text in [&letter.text, &letter.html, &letter.short] {
                assert!(text.contains(link), "{}", texts.language);
                assert!(text.contains("Offers"), "{}", texts.language);
                assert!(text.contains("Kaapse"), "{}", texts.language);
                assert!(!text.contains("{}"), "{}", texts.language);
            }
            assert!(letter.html.contains("Kaapse &lt;Koffie&gt;"));
            assert!(!letter.html.contains("<you>"));
            assert!(letter.text.contains(" 3\n"), "names the version");
            assert!(letter.short.chars().count() <= 320, "{}", texts.language);
            for button in [texts.yes, texts.no] {
                assert!(button.chars().count() <= 20, "{}", texts.language);
            }
            let code = code(texts.language, "Koffie", "123456");
            assert!(code.contains("123456") && code.contains("Koffie"));
            assert!(opening(texts.language, "imvume:x").contains("imvume:x)"));
            assert!(coming(texts.language, "imvume:x").contains("imvume:x)"));
            let choices = choices(texts.language, "Koffie", "imvume:preferences");
            assert!(choices.contains("Koffie") && choices.ends_with(" imvume:preferences"));
        }
    }

    #[test]
    fn a_question_fits_whatever_is_asked() {
        let asked: Vec<_> = (0..10).map(|_| purpose(&"x".repeat(300))).collect();
        for texts in TEXTS {
            let page =
                |_: &NoticeRef| Url::parse(&format!("https://a.example/{}", "n".repeat(300))).ok();
            let (text, _, _) = question(texts.language, "Koffie", &asked, page);
            assert!(text.chars().count() <= 1_024, "{}", texts.language);
            assert!(text.ends_with(texts.end));
        }
    }

    #[test]
    fn an_unknown_language_gets_english_and_a_region_its_language() {
        assert_eq!(letter("xx", "K", &[], "l").language, "en");
        assert_eq!(letter("de-AT", "K", &[], "l").language, "de");
        assert_eq!(letter("", "K", &[], "l").language, "en");
    }

    #[test]
    fn a_name_cannot_end_the_subject() {
        let letter = letter("en", "K\r\nBcc: x", &[], "l");
        assert!(!letter.subject.contains(['\r', '\n']));
    }
}
