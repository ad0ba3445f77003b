//! The day, step by step, with what must come of each.

use crate::demo::people::Mode;
use crate::demo::people::Who;

/// One step.
pub(crate) struct Step {
    /// What happens, in one sentence.
    pub(crate) says: &'static str,
    pub(crate) act: Act,
}

/// What somebody does.
pub(crate) enum Act {
    /// A webhook that came before comes again.
    Again { text: &'static str },
    /// Somebody signs a card at the till, and staff record it.
    Agrees {
        who: Who,
        purposes: &'static [&'static str],
    },
    /// The administrator notes that people agree beforehand to messages at any hour.
    AnyHour { purpose: &'static str },
    /// The administrator stops all sending, or lets it go on.
    Emergency { stop: bool },
    /// Somebody sends a photograph with a place in it.
    Photographs { who: Who },
    /// Somebody uses WhatsApp's own switch for promotions.
    Prefers { who: Who, value: &'static str },
    /// Somebody says a word that the rulebook knows.
    Says { who: Who, word: &'static str },
    /// An app sends something.
    Sends {
        app: Mode,
        who: Who,
        what: What,
        then: Then,
    },
    /// Somebody writes in.
    Writes { who: Who, text: &'static str },
}

/// What an app sends.
pub(crate) enum What {
    Template {
        name: &'static str,
        language: &'static str,
        values: [&'static str; 2],
    },
    Text(&'static str),
}

/// What must come of a send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Then {
    Allowed,
    Refused(u64),
}

use Act::Again;
use Act::Agrees;
use Act::AnyHour;
use Act::Emergency;
use Act::Photographs;
use Act::Prefers;
use Act::Says;
use Act::Sends;
use Act::Writes;
use Then::Allowed;
use Then::Refused;
use Who::Annelie;
use Who::Naledi;
use Who::Sipho;
use Who::Thandi;
use Who::Zoe;

const SALE: What = What::Template {
    name: "spring_sale",
    language: "en",
    values: ["Friend", "20%"],
};
const SALE_AF: What = What::Template {
    name: "spring_sale",
    language: "af",
    values: ["Vriend", "20%"],
};
const ORDER: What = What::Template {
    name: "order_update",
    language: "en",
    values: ["Friend", "KK-1042"],
};

const fn shop(who: Who, what: What, then: Then) -> Act {
    Sends {
        app: Mode::Real,
        who,
        what,
        then,
    }
}

const fn bot(who: Who, what: What, then: Then) -> Act {
    Sends {
        app: Mode::Alias,
        who,
        what,
        then,
    }
}

const fn step(says: &'static str, act: Act) -> Step {
    Step { says, act }
}

/// The day. Every line is checked by `imvume demo --once`.
pub(crate) const SCRIPT: &[Step] = &[
    step(
        "The shop's card says that offers may come at any hour, for whoever signs it.",
        AnyHour {
            purpose: "marketing",
        },
    ),
    step(
        "Thandi signs the card at the till: news about her orders, no promotions.",
        Agrees {
            who: Thandi,
            purposes: &["service-updates"],
        },
    ),
    step(
        "Sipho signs it too: news about his orders, and promotions.",
        Agrees {
            who: Sipho,
            purposes: &["service-updates", "marketing"],
        },
    ),
    step(
        "Sipho writes in: “Is the Yirgacheffe in?”",
        Writes {
            who: Sipho,
            text: "Is the Yirgacheffe in?",
        },
    ),
    step(
        "The shop answers him.",
        shop(Sipho, What::Text("It is, come by."), Allowed),
    ),
    step(
        "The shop writes to Naledi, who has never written to it.",
        shop(Naledi, What::Text("Hello Naledi!"), Refused(131_047)),
    ),
    step(
        "The shop sends a promotion to Naledi, who has never agreed to any.",
        shop(Naledi, SALE, Refused(131_005)),
    ),
    step(
        "The shop sends her news about an order; nobody asked her about that either.",
        shop(Naledi, ORDER, Refused(131_005)),
    ),
    step(
        "Thandi gets news about her order.",
        shop(Thandi, ORDER, Allowed),
    ),
    step(
        "A promotion to Thandi, who agreed to news only.",
        shop(Thandi, SALE, Refused(131_005)),
    ),
    step(
        "Naledi sends START.",
        Says {
            who: Naledi,
            word: "START",
        },
    ),
    step("Now the promotion to Naledi.", shop(Naledi, SALE, Allowed)),
    step(
        "Naledi sends STOP.",
        Says {
            who: Naledi,
            word: "STOP",
        },
    ),
    step(
        "The next promotion to Naledi.",
        shop(Naledi, SALE, Refused(131_050)),
    ),
    step(
        "An answer to Naledi, who has just written.",
        shop(Naledi, What::Text("You will hear no more of it."), Allowed),
    ),
    step(
        "Annelie stops in Afrikaans: “Hou op!”",
        Says {
            who: Annelie,
            word: "Hou op!",
        },
    ),
    step(
        "A promotion to Annelie.",
        shop(Annelie, SALE_AF, Refused(131_050)),
    ),
    step(
        "A promotion to Sipho, who signed for it.",
        shop(Sipho, SALE, Allowed),
    ),
    step(
        "Sipho uses WhatsApp's own “stop promotions”.",
        Prefers {
            who: Sipho,
            value: "stop",
        },
    ),
    step(
        "The next promotion to Sipho.",
        shop(Sipho, SALE, Refused(131_050)),
    ),
    step(
        "Sipho resumes them in WhatsApp.",
        Prefers {
            who: Sipho,
            value: "resume",
        },
    ),
    step("And one more.", shop(Sipho, SALE, Allowed)),
    step(
        "Thandi sends a photograph that says where it was taken.",
        Photographs { who: Thandi },
    ),
    step(
        "Zoë writes in; WhatsApp does not tell her number.",
        Writes {
            who: Zoe,
            text: "Do you have oat milk?",
        },
    ),
    step(
        "The bot, which sees aliases only, answers her.",
        bot(
            Zoe,
            What::Text("We do, and it is on the house today."),
            Allowed,
        ),
    ),
    step(
        "WhatsApp delivers Zoë's message a second time.",
        Again {
            text: "Do you have oat milk?",
        },
    ),
    step(
        "The administrator stops all sending.",
        Emergency { stop: true },
    ),
    step(
        "The shop writes to Sipho.",
        shop(Sipho, What::Text("Your bag is ready."), Refused(368)),
    ),
    step(
        "The administrator lets it go on.",
        Emergency { stop: false },
    ),
    step(
        "The shop tries again.",
        shop(Sipho, What::Text("Your bag is ready."), Allowed),
    ),
];
