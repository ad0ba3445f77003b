//! What people write, and what it means.

use std::sync::LazyLock;

use domain::keyword::Keyword;
use proptest::prelude::*;
use rulebook::LanguageSet;
use rulebook::WordPack;

static PACK: LazyLock<WordPack> = LazyLock::new(|| WordPack::builtin().unwrap());

/// Looks `text` up for a person who speaks `languages`, separated by spaces; `wanted` is the rule
/// without its first part, or nothing.
fn check(languages: &str, text: &str, wanted: &str) {
    let languages = match languages {
        "all" => LanguageSet::south_africa_and_default(),
        some => LanguageSet::new(some.split(' ')),
    };
    let found = PACK.detect(text, &languages).map_or("", |found| found.rule);
    assert_eq!(found.trim_start_matches("words/"), wanted, "{text:?}");
}

#[test]
fn stop_in_every_form_and_language() {
    for languages in ["all", "", "en", "af", "zu", "nso", "fr", "xx", "ja"] {
        for text in [
            "STOP",
            "stop",
            "Stop",
            "STOP.",
            "stop!",
            "Stop!!!",
            " stop ",
            "\nSTOP\n",
            "\"stop\"",
            "*STOP*",
            "_stop_",
            "Stop 🛑",
            "🛑 STOP 🛑",
            "STOP ✋🏽",
            "S.T.O.P.",
            "stóp",
            "ＳＴＯＰ",
            "st\u{200b}op",
            "\u{200f}STOP\u{200f}",
            "\u{202b}stop\u{202c}",
            "\u{feff}stop",
            "𝐒𝐓𝐎𝐏",
            "ⓢⓣⓞⓟ",
            "STOP\u{fe0f}",
            "stop\u{a0}",
            "stop?",
        ] {
            check(languages, text, "mul/opt-out/stop");
        }
    }
}

#[test]
fn what_is_not_a_keyword() {
    for text in [
        "",
        " ",
        "🛑",
        "s t o p",
        "stop please",
        "stop please stop it now",
        "please stop",
        "don't stop",
        "stop stop",
        "stopp it",
        "stoop",
        "stops",
        "unstoppable",
        "STOP1",
        "St0p",
        "hello",
        "cancel my order",
        "the end",
        "help me",
        "yes",
        "YES",
        "yes please",
        "no",
        "info@example.com",
        "stop start",
        "START STOP",
        "houop",
        "darme baja",
        "1",
        "stop 2",
    ] {
        check("all", text, "");
    }
    check("all", &"stop ".repeat(20), "");
    check("all", &"x".repeat(1_000_000), "");
}

#[test]
fn english() {
    check("en", "STOPALL", "en/opt-out/stopall");
    check("en", "Unsubscribe.", "en/opt-out/unsubscribe");
    check("en", "revoke", "en/opt-out/revoke");
    check("en", "optout", "en/opt-out/optout");
    check("en", "opt out", "en/opt-out/opt-out");
    check("en", "Opt-Out", "en/opt-out/opt-out");
    check("en", "OPT   OUT!", "en/opt-out/opt-out");
    check("en", "REMOVE", "en/opt-out/remove");
    check("en", "Cancel", "en/opt-out/cancel");
    check("en", "END", "en/opt-out/end");
    check("en", "quit 👋", "en/opt-out/quit");
    check("en", "START", "en/opt-in/start");
    check("en", "unstop", "en/opt-in/unstop");
    check("en", "Subscribe", "en/opt-in/subscribe");
    check("en", "help?", "en/help/help");
    check("en", "INFO", "en/help/info");
    check("en", "Why?", "en/why/why");
    check("xh", "unsubscribe", "en/opt-out/unsubscribe");
}

#[test]
fn south_africa() {
    check("af", "Staak", "af/opt-out/staak");
    check("af", "Hou op!", "af/opt-out/hou-op");
    check("af", "HOU-OP", "af/opt-out/hou-op");
    check("af", "uitteken", "af/opt-out/uitteken");
    check("af", "Teken uit", "af/opt-out/teken-uit");
    check("af", "kanselleer", "af/opt-out/kanselleer");
    check("af", "BEGIN", "af/opt-in/begin");
    check("af-ZA", "teken in", "af/opt-in/teken-in");
    check("af", "hulp", "af/help/hulp");
    check("af", "Hoekom?", "af/why/hoekom");
    check("zu", "yima", "zu/opt-out/yima");
    check("zu", "Misa!", "zu/opt-out/misa");
    check("zu", "YEKA", "zu/opt-out/yeka");
    check("zu", "phuma", "zu/opt-out/phuma");
    check("zu", "khansela", "zu/opt-out/khansela");
    check("zu", "Qala", "zu/opt-in/qala");
    check("zu", "joyina", "zu/opt-in/joyina");
    check("zu", "usizo", "zu/help/usizo");
    check("zu", "siza", "zu/help/siza");
    check("xh", "yima", "xh/opt-out/yima");
    check("xh", "yeka 🙏", "xh/opt-out/yeka");
    check("xh", "Rhoxisa", "xh/opt-out/rhoxisa");
    check("xh", "qala", "xh/opt-in/qala");
    check("xh", "uncedo", "xh/help/uncedo");
    check("xh", "nceda", "xh/help/nceda");
}

#[test]
fn words_of_low_confidence_wait_for_review() {
    for (language, text) in [
        ("nso", "EMIŠA"),
        ("nso", "kgaotša"),
        ("st", "emisa"),
        ("tn", "khutlisa"),
        ("ts", "yimisa"),
        ("ts", "YIMA"),
        ("ss", "misa"),
        ("ve", "litsha"),
        ("nr", "lisa"),
        ("nr", "thoma"),
        ("st", "thuso"),
        ("st", "qala"),
    ] {
        check(language, text, "");
        check(language, "stop", "mul/opt-out/stop");
    }
}

#[test]
fn europe() {
    check("fr", "ARRÊT", "fr/opt-out/arret");
    check("fr", "arret", "fr/opt-out/arret");
    check("fr", "arre\u{302}ter", "fr/opt-out/arreter");
    check("fr", "Désabonner.", "fr/opt-out/desabonner");
    check("fr", "DESINSCRIRE", "fr/opt-out/desinscrire");
    check("fr", "reprendre", "fr/opt-in/reprendre");
    check("fr", "aide", "fr/help/aide");
    check("fr", "pourquoi ?", "fr/why/pourquoi");
    check("de", "Stopp!", "de/opt-out/stopp");
    check("de", "abmelden", "de/opt-out/abmelden");
    check("de", "ABBESTELLEN", "de/opt-out/abbestellen");
    check("de", "Kündigen", "de/opt-out/kundigen");
    check("de", "Ende", "de/opt-out/ende");
    check("de", "anmelden", "de/opt-in/anmelden");
    check("de", "Hilfe", "de/help/hilfe");
    check("de", "Warum?", "de/why/warum");
    check("es", "¡Baja!", "es/opt-out/baja");
    check("es", "Darme de baja", "es/opt-out/darme-de-baja");
    check("es", "parar", "es/opt-out/parar");
    check("es", "salir", "es/opt-out/salir");
    check("es", "Alta", "es/opt-in/alta");
    check("es", "ayuda", "es/help/ayuda");
    check("pt", "SAIR", "pt/opt-out/sair");
    check("pt-BR", "pare", "pt/opt-out/pare");
    check("pt", "Descadastrar", "pt/opt-out/descadastrar");
    check("pt", "remover", "pt/opt-out/remover");
    check("pt", "voltar", "pt/opt-in/voltar");
    check("pt", "ajuda", "pt/help/ajuda");
    check("it", "basta", "it/opt-out/basta");
    check("it", "Disiscrivimi", "it/opt-out/disiscrivimi");
    check("it", "annulla", "it/opt-out/annulla");
    check("it", "iscrivimi", "it/opt-in/iscrivimi");
    check("it", "aiuto", "it/help/aiuto");
    check("nl", "afmelden", "nl/opt-out/afmelden");
    check("nl", "Uitschrijven", "nl/opt-out/uitschrijven");
    check("nl", "UIT", "nl/opt-out/uit");
    check("nl", "opzeggen", "nl/opt-out/opzeggen");
    check("nl", "aanmelden", "nl/opt-in/aanmelden");
    check("nl", "hulp", "nl/help/hulp");
}

#[test]
fn a_word_counts_in_its_own_language_only() {
    check("zu", "misa", "zu/opt-out/misa");
    check("es it", "misa", "");
    check("es", "alto", "es/opt-out/alto");
    check("pt", "alto", "");
    check("es", "alta", "es/opt-in/alta");
    check("pt", "alta", "");
    check("nr", "Lisa", "");
    check("en", "baja", "");
    check("en", "uit", "");
    check("af", "uit", "");
    check("xx", "basta", "");
    check("de", "begin", "");
    check("all", "Lisa", "");
    check("all", "Ema", "");
}

#[test]
fn keywords_of_the_domain() {
    let check = |text: &str, wanted: Keyword| {
        let found = PACK.detect(text, &LanguageSet::south_africa_and_default());
        assert_eq!(
            found.map(|found| Keyword::from(found.intent)),
            Some(wanted),
            "{text}"
        );
    };
    check("stop", Keyword::Stop);
    check("yima", Keyword::Stop);
    check("cancel", Keyword::StopAmbiguous);
    check("kündigen", Keyword::StopAmbiguous);
    check("start", Keyword::Start);
    check("hulp", Keyword::Help);
    check("hoekom", Keyword::Why);
}

#[test]
fn the_stronger_meaning_wins() {
    let row = |language: &str, intent: &str, class: &str| {
        format!(
            "{{ rule = \"words/{language}/{intent}/ola\", language = \"{language}\", \
             intent = \"{intent}\", class = \"{class}\", confidence = \"M\", word = \"ola\" }},\n"
        )
    };
    let stop = row("mul", "opt-out", "A").replace("ola", "stop");
    let rows = [
        stop,
        row("aa", "help", "A"),
        row("bb", "opt-in", "A"),
        row("cc", "opt-out", "B"),
        row("dd", "opt-out", "A"),
    ];
    let head = "id = \"words\"\nversion = \"1\"\neffective_from = 2026-11-21\n\
                last_reviewed = 2026-11-21\n";
    let pack = WordPack::parse(&format!("{head}words = [\n{}]", rows.concat())).unwrap();
    let check = |languages: &[&str], wanted: &str| {
        let set = LanguageSet::new(languages.iter().copied());
        assert_eq!(
            pack.detect("Olá", &set).map(|found| found.language),
            Some(wanted)
        );
    };
    check(&["aa"], "aa");
    check(&["aa", "bb"], "bb");
    check(&["aa", "bb", "cc"], "cc");
    check(&["aa", "bb", "cc", "dd"], "dd");
}

proptest! {
    #[test]
    fn any_text_is_looked_up(text in any::<String>()) {
        let _ = PACK.detect(&text, &LanguageSet::south_africa_and_default());
    }

    #[test]
    fn decoration_does_not_hide_a_stop(
        before in "[ .!*🛑✋\u{200b}\u{200f}]{0,20}",
        after in "[ .!*🛑✋\u{200b}\u{200f}]{0,20}",
        upper in any::<[bool; 4]>(),
    ) {
        let case = |(letter, upper): (char, bool)| {
            if upper { letter.to_ascii_uppercase() } else { letter }
        };
        let stop: String = "stop".chars().zip(upper).map(case).collect();
        let text = format!("{before}{stop}{after}");
        let found = PACK.detect(&text, &LanguageSet::new([]));
        prop_assert_eq!(found.map(|found| found.rule), Some("words/mul/opt-out/stop"));
    }

    #[test]
    fn any_pack_is_read_or_refused(text in any::<String>()) {
        let _ = WordPack::parse(&text);
    }
}
