//! What goes to a mailbox or a number to which nothing personal goes yet. Languages without a text of
//! their own get English.

use domain::ids::RequestId;

/// `{}` stands for the organisation's name, `{case}` for the number, `{@}` for the link.
pub(super) struct Text {
    language: &'static str,
    subject: &'static str,
    body: &'static str,
    /// For SMS.
    short: &'static str,
}

/// A text, ready to go.
pub(super) struct Filled {
    pub(super) language: &'static str,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) short: String,
}

static MAILBOX: [Text; 4] = [
    Text {
        language: "en",
        subject: "Please confirm this address: answers from {}",
        body: "Good day,\n\nsomebody, we hope it was you, gave this address for answers from {} about \
               case {case}. If you want them here, say so on this page:\n\n{@}\n\nUntil then nothing \
               about you is sent here. If it was not you, you need not do anything.\n\n{}\n",
        short: "",
    },
    Text {
        language: "af",
        subject: "Bevestig asseblief hierdie adres: antwoorde van {}",
        body: "Goeiedag,\n\niemand, ons hoop dit was u, het hierdie adres gegee vir antwoorde van {} oor \
               saak {case}. As u dit hier wil hê, sê so op hierdie bladsy:\n\n{@}\n\nTot dan word niks \
               oor u hierheen gestuur nie. As dit nie u was nie, hoef u niks te doen nie.\n\n{}\n",
        short: "",
    },
    Text {
        language: "de",
        subject: "Bitte bestätigen Sie diese Adresse: Antworten von {}",
        body: "Guten Tag,\n\njemand, hoffentlich Sie, hat diese Adresse für Antworten von {} zum Vorgang \
               {case} angegeben. Wenn Sie sie hier erhalten möchten, sagen Sie es auf dieser \
               Seite:\n\n{@}\n\nVorher wird nichts über Sie hierher gesendet. Wenn Sie es nicht waren, \
               brauchen Sie nichts zu tun.\n\n{}\n",
        short: "",
    },
    Text {
        language: "fr",
        subject: "Veuillez confirmer cette adresse : réponses de {}",
        body: "Bonjour,\n\nquelqu’un, vous sans doute, a indiqué cette adresse pour les réponses de {} au \
               sujet du dossier {case}. Si vous les voulez ici, dites-le sur cette page :\n\n{@}\n\nD’ici \
               là, rien à votre sujet n’est envoyé ici. Si ce n’était pas vous, vous n’avez rien à \
               faire.\n\n{}\n",
        short: "",
    },
];

static PROOF: [Text; 4] = [
    Text {
        language: "en",
        subject: "Was it you? Case {case} at {}",
        body: "Good day,\n\nsomebody, we hope it was you, asked {} for something by right (case {case}). To \
               be sure that it is you, we ask here, where we have known you for long. If it was you, say so \
               on this page within 24 hours:\n\n{@}\n\nIf it was not you, do not open it, and write to \
               us.\n\n{}\n",
        short: "{}: was it you who asked us for something by right (case {case})? If so, say it here within \
                24 hours: {@} If not, do not open it.",
    },
    Text {
        language: "af",
        subject: "Was dit u? Saak {case} by {}",
        body: "Goeiedag,\n\niemand, ons hoop dit was u, het op grond van ’n reg iets van {} gevra (saak \
               {case}). Om seker te wees dat dit u is, vra ons hier, waar ons u al lank ken. As dit u was, \
               sê so binne 24 uur op hierdie bladsy:\n\n{@}\n\nAs dit nie u was nie, moet dit nie oopmaak \
               nie, en skryf vir ons.\n\n{}\n",
        short: "{}: was dit u wat op grond van ’n reg iets van ons gevra het (saak {case})? Indien wel, sê \
                dit hier binne 24 uur: {@} Indien nie, moet dit nie oopmaak nie.",
    },
    Text {
        language: "de",
        subject: "Waren Sie das? Vorgang {case} bei {}",
        body: "Guten Tag,\n\njemand, hoffentlich Sie, hat von {} etwas verlangt, worauf ein Recht besteht \
               (Vorgang {case}). Um sicher zu sein, dass Sie es sind, fragen wir hier, wo wir Sie seit \
               langem kennen. Wenn Sie es waren, sagen Sie es binnen 24 Stunden auf dieser \
               Seite:\n\n{@}\n\nWenn Sie es nicht waren, öffnen Sie sie nicht und schreiben Sie \
               uns.\n\n{}\n",
        short: "{}: Haben Sie von uns etwas verlangt, worauf ein Recht besteht (Vorgang {case})? Dann sagen \
                Sie es hier binnen 24 Stunden: {@} Sonst öffnen Sie die Seite nicht.",
    },
    Text {
        language: "fr",
        subject: "Était-ce vous ? Dossier {case} chez {}",
        body: "Bonjour,\n\nquelqu’un, vous sans doute, a fait valoir un droit auprès de {} (dossier \
               {case}). Pour être sûrs que c’est vous, nous demandons ici, où nous vous connaissons depuis \
               longtemps. Si c’était vous, dites-le sur cette page dans les 24 heures :\n\n{@}\n\nSi ce \
               n’était pas vous, ne l’ouvrez pas et écrivez-nous.\n\n{}\n",
        short: "{} : avez-vous fait valoir un droit auprès de nous (dossier {case}) ? Si oui, dites-le ici \
                dans les 24 heures : {@} Sinon, n’ouvrez pas la page.",
    },
];

/// What asks whether somebody reads a mailbox.
pub(super) fn mailbox(language: &str) -> &'static Text {
    nearest(&MAILBOX, language)
}

/// What asks who asks.
pub(super) fn proof(language: &str) -> &'static Text {
    nearest(&PROOF, language)
}

fn nearest(texts: &'static [Text; 4], language: &str) -> &'static Text {
    let wanted = language.split(['-', '_']).next().unwrap_or_default();
    let [english, ..] = texts;
    let mut known = texts.iter();
    let found = known.find(|text| text.language.eq_ignore_ascii_case(wanted));
    found.unwrap_or(english)
}

impl Text {
    pub(super) fn filled(&self, organisation: &str, case: RequestId, link: &str) -> Filled {
        // A name on one line: it stands in the subject of a mail.
        let name: String = organisation.chars().filter(|c| !c.is_control()).collect();
        let fill = |text: &str| {
            text.replace("{}", &name)
                .replace("{case}", &case.to_string())
                .replace("{@}", link)
        };
        Filled {
            language: self.language,
            subject: fill(self.subject),
            text: fill(self.body),
            short: fill(self.short),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::RequestId;

    use super::MAILBOX;
    use super::PROOF;
    use super::mailbox;
    use super::proof;

    #[test]
    fn every_language_says_who_what_and_where() {
        let link = "https://people.example/m/0123";
        for text in MAILBOX.iter().chain(&PROOF) {
            let filled = text.filled("Kaapse\r\nKoffie", RequestId(412), link);
            for part in ["KaapseKoffie", "412", link] {
                assert!(filled.text.contains(part), "{}", text.language);
            }
            assert!(!filled.text.contains('{') && !filled.subject.contains('{'));
            assert!(!filled.subject.contains(['\r', '\n']));
        }
        for text in &PROOF {
            let filled = text.filled("Koffie", RequestId(412), link);
            assert!(filled.short.contains(link) && filled.short.contains("412"));
            assert!(filled.short.chars().count() <= 320, "{}", text.language);
        }
        assert_eq!(mailbox("de-AT").language, "de");
        assert_eq!(proof("zu").language, "en");
    }
}
