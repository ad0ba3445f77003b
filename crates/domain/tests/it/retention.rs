//! What stays and what goes, as the order of the questions says.

use domain::ids::HoldId;
use domain::law::RuleId;
use domain::record_class::RecordClass;
use domain::retention::Asked;
use domain::retention::Claims;
use domain::retention::Copy;
use domain::retention::Duty;
use domain::retention::Fate;
use domain::retention::Held;
use domain::retention::Keep;
use domain::retention::Maximum;
use domain::retention::Minimum;
use domain::retention::arbitrate;
use domain::retention::decide;
use domain::time::Timestamp;
use proptest::prelude::*;

const NOW: i64 = 1_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn minimum(rule: &str, until: i64, duty: Duty, regime: &str) -> Minimum {
    Minimum {
        class: RecordClass::Conversation,
        rule: RuleId::new(rule),
        until: at(until),
        duty,
        regime: regime.to_owned(),
    }
}

fn maximum(reached: i64, regime: &str) -> Maximum {
    Maximum {
        class: RecordClass::Conversation,
        rule: RuleId::new("schedule/conversation"),
        at: at(reached),
        regime: regime.to_owned(),
    }
}

/// How a fate is written in the table below.
fn shown(fate: &Fate) -> String {
    let why = |kept: &[Keep]| {
        let names: Vec<String> = kept
            .iter()
            .map(|keep| match keep {
                Keep::Hold(hold) => format!("hold {hold}"),
                Keep::Foreign { rule, .. } => format!("foreign {rule}"),
                Keep::Minimum { rule, .. } => format!("minimum {rule}"),
                Keep::Proof { rule, .. } => format!("proof {rule}"),
            })
            .collect();
        names.join(", ")
    };
    match fate {
        Fate::Erase => "erase".to_owned(),
        Fate::Keep(kept) => format!("keep: {}", why(kept)),
        Fate::Escalate(kept) => format!("escalate: {}", why(kept)),
        Fate::Stay => "stay".to_owned(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, read as one")]
fn the_arbiter_s_table() {
    use Asked::{Granted, Nobody};
    let fais = || minimum("fais", 2_000, Duty::Statute, "FAIS");
    let mifid = || minimum("mifid", 3_000, Duty::Statute, "MiFID");
    let sec = || minimum("17a-4", 4_000, Duty::Foreign, "SEC");
    let over = || minimum("over", 999, Duty::Statute, "FAIS");
    let proof = || minimum("proof", 2_500, Duty::Proof, "");
    let ours = || maximum(900, "");
    let theirs = || maximum(900, "GDPR");
    let same = || maximum(900, "FAIS");
    let later = || maximum(1_001, "");
    let none: fn() -> Vec<Minimum> = Vec::new;
    for (holds, minima, maxima, asked, fate) in [
        // 1. A hold goes before everything.
        (1, none(), vec![ours()], Granted, "keep: hold 7"),
        (
            1,
            vec![fais()],
            vec![theirs()],
            Granted,
            "keep: hold 7, minimum fais",
        ),
        (
            1,
            vec![sec()],
            vec![],
            Granted,
            "keep: hold 7, foreign 17a-4",
        ),
        // 2. An unexpired duty; of several the longest says until when.
        (0, vec![fais()], vec![], Granted, "keep: minimum fais"),
        (
            0,
            vec![fais(), mifid()],
            vec![],
            Granted,
            "keep: minimum mifid, minimum fais",
        ),
        (0, vec![proof()], vec![ours()], Granted, "keep: proof proof"),
        (0, vec![fais()], vec![same()], Nobody, "keep: minimum fais"),
        (0, vec![fais()], vec![ours()], Nobody, "keep: minimum fais"),
        // 3. Erasure.
        (0, none(), vec![], Granted, "erase"),
        (0, vec![over()], vec![later()], Granted, "erase"),
        // 4. The longest time.
        (0, none(), vec![ours()], Nobody, "erase"),
        (0, vec![over()], vec![theirs()], Nobody, "erase"),
        // 5. Nothing.
        (0, none(), vec![later()], Nobody, "stay"),
        (0, none(), vec![], Nobody, "stay"),
        // The law of another state alone does not carry.
        (0, vec![sec()], vec![], Granted, "escalate: foreign 17a-4"),
        (
            0,
            vec![sec(), fais()],
            vec![],
            Granted,
            "keep: foreign 17a-4, minimum fais",
        ),
        (0, vec![sec()], vec![], Nobody, "keep: foreign 17a-4"),
        // One law's minimum against another's maximum.
        (
            0,
            vec![fais()],
            vec![theirs()],
            Nobody,
            "escalate: minimum fais",
        ),
        (
            0,
            vec![fais()],
            vec![theirs()],
            Granted,
            "escalate: minimum fais",
        ),
        (
            0,
            vec![proof()],
            vec![theirs()],
            Nobody,
            "keep: proof proof",
        ),
    ] {
        let holds: Vec<HoldId> = (0..holds).map(|_| HoldId(7)).collect();
        let claims = Claims {
            holds: &holds,
            minima: &minima,
            maxima: &maxima,
            asked,
        };
        assert_eq!(shown(&decide(&claims, at(NOW))), fate, "{claims:?}");
    }
}

#[test]
fn each_class_has_its_own_fate() {
    let classes = [
        RecordClass::Media,
        RecordClass::Conversation,
        RecordClass::ConsentProof,
    ];
    let copies = classes.map(|class| Copy {
        class,
        from: at(1),
        until: at(2),
    });
    let held = Held {
        class: RecordClass::Media,
        hold: HoldId(7),
    };
    let proof = Minimum {
        class: RecordClass::ConsentProof,
        ..minimum("proof", 2_000, Duty::Proof, "")
    };
    let fates = arbitrate(&copies, &[held, held], &[proof], at(NOW));
    let fates: Vec<(RecordClass, String)> = fates
        .iter()
        .map(|(class, fate)| (*class, shown(fate)))
        .collect();
    assert_eq!(
        fates,
        [
            (RecordClass::Conversation, "erase".to_owned()),
            (RecordClass::Media, "keep: hold 7".to_owned()),
            (RecordClass::ConsentProof, "keep: proof proof".to_owned()),
        ]
    );
}

fn minima() -> impl Strategy<Value = Vec<Minimum>> {
    let duty = prop_oneof![Just(Duty::Statute), Just(Duty::Foreign), Just(Duty::Proof)];
    let regime = prop_oneof![Just(""), Just("A"), Just("B")];
    let one = (0..2 * NOW, duty, regime, 0..3_u8).prop_map(|(until, duty, regime, rule)| {
        minimum(&format!("rule-{rule}"), until, duty, regime)
    });
    prop::collection::vec(one, 0..5)
}

fn maxima() -> impl Strategy<Value = Vec<Maximum>> {
    let regime = prop_oneof![Just(""), Just("A"), Just("B")];
    let one = (0..2 * NOW, regime).prop_map(|(reached, regime)| maximum(reached, regime));
    prop::collection::vec(one, 0..4)
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![Just(Asked::Granted), Just(Asked::Nobody)]
}

proptest! {
    #[test]
    fn a_hold_always_keeps(minima in minima(), maxima in maxima(), asked in asked()) {
        let holds = [HoldId(1)];
        let claims = Claims { holds: &holds, minima: &minima, maxima: &maxima, asked };
        let fate = decide(&claims, at(NOW));
        prop_assert!(matches!(&fate, Fate::Keep(why) if why.first() == Some(&Keep::Hold(HoldId(1)))));
    }

    #[test]
    fn nothing_goes_before_its_longest_minimum(minima in minima(), maxima in maxima(), asked in asked()) {
        let claims = Claims { holds: &[], minima: &minima, maxima: &maxima, asked };
        let longest = minima.iter().map(|minimum| minimum.until).max();
        let fate = decide(&claims, at(NOW));
        if let Some(longest) = longest.filter(|longest| at(NOW) < *longest) {
            prop_assert!(!matches!(fate, Fate::Erase | Fate::Stay));
            prop_assert_eq!(fate.kept().first().and_then(Keep::until), Some(longest));
            // A moment before it is over it stays, at that instant nothing keeps it any more.
            prop_assert!(decide(&claims, at(longest.seconds() - 1)) != Fate::Erase);
            prop_assert!(decide(&claims, longest).kept().is_empty());
        } else {
            prop_assert!(fate.kept().is_empty());
        }
    }

    #[test]
    fn laws_that_contradict_each_other_freeze(minima in minima(), maxima in maxima(), asked in asked()) {
        let claims = Claims { holds: &[], minima: &minima, maxima: &maxima, asked };
        let open = || minima.iter().filter(|minimum| at(NOW) < minimum.until);
        let torn = maxima.iter().filter(|maximum| maximum.at <= at(NOW)).any(|maximum| {
            !maximum.regime.is_empty()
                && open().any(|minimum| !minimum.regime.is_empty() && minimum.regime != maximum.regime)
        });
        let foreign = open().count() > 0 && open().all(|minimum| minimum.duty == Duty::Foreign);
        let fate = decide(&claims, at(NOW));
        let frozen = matches!(fate, Fate::Escalate(_));
        prop_assert_eq!(frozen, torn || (foreign && asked == Asked::Granted));
    }

    #[test]
    fn what_goes_once_stays_gone(maxima in maxima(), asked in asked(), later in 0..NOW) {
        let claims = Claims { holds: &[], minima: &[], maxima: &maxima, asked };
        if decide(&claims, at(NOW)) == Fate::Erase {
            prop_assert_eq!(decide(&claims, at(NOW + later)), Fate::Erase);
        }
    }
}
