//! A labelled corpus, made by a seeded generator, and how much of it is found.

use pii::Context;
use pii::Kind;
use pii::Region;
use pii::find;

/// A generator of numbers that gives the same ones every time (xorshift64*).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let place = self.next(list.len() as u64);
        list[usize::try_from(place).unwrap_or_default()]
    }

    fn digits(&mut self, count: u32) -> String {
        (0..count).map(|_| self.next(10).to_string()).collect()
    }
}

const OPENINGS: &[&str] = &[
    "Hi, ",
    "please use ",
    "it is ",
    "Ek is op ",
    "contact: ",
    "my new one is ",
    "thanks! ",
    "",
];
const ENDINGS: &[&str] = &["", ".", ", thanks", " asb", " – bye", "\nregards", "!"];

fn luhn(mut digits: String) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    digits.push_str(&((10 - sum % 10) % 10).to_string());
    digits
}

fn grouped(digits: &str, mark: &str, lengths: &[usize]) -> String {
    let mut rest = digits;
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, left) = rest.split_at(*length);
        pieces.push(piece);
        rest = left;
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces.join(mark)
}

fn positive(seeded: &mut Seeded, kind: Kind) -> String {
    let mark = seeded.of(&["", " ", "-"]);
    match kind {
        Kind::Phone => {
            let head = seeded.of(&["6", "7", "8"]);
            let number = format!("{head}{}", seeded.digits(8));
            match seeded.next(3) {
                0 => grouped(&format!("0{number}"), mark, &[3, 3]),
                1 => format!("+27{mark}{}", grouped(&number, mark, &[2, 3])),
                _ => format!("27{number}"),
            }
        }
        Kind::Email => {
            let host = seeded.of(&["gmail.com", "example.co.za", "uni.ac.za", "web.de"]);
            let local = seeded.of(&["thandi", "sipho.dlamini", "a-m", "zoe_k", "info"]);
            format!("{local}{}@{host}", seeded.next(90))
        }
        Kind::PaymentCard => {
            let head = seeded.of(&["4", "51", "55"]).to_owned();
            let left = 15 - u32::try_from(head.len()).unwrap_or_default();
            let number = luhn(format!("{head}{}", seeded.digits(left)));
            grouped(&number, mark, &[4, 4, 4])
        }
        Kind::Iban => {
            let account = format!("{}131400", seeded.digits(18));
            let rest = account.bytes().fold(0_u64, |rest, byte| {
                (rest * 10 + u64::from(byte - b'0')) % 97
            });
            let number = format!("DE{:02}{}", 98 - rest, &account[..18]);
            let mark = if mark == "-" { " " } else { mark };
            grouped(&number, mark, &[4, 4, 4, 4, 4])
        }
        Kind::SouthAfricanId => {
            let (month, day) = (seeded.next(12) + 1, seeded.next(28) + 1);
            let birth = format!("{}{month:02}{day:02}", seeded.digits(2));
            luhn(format!("{birth}{}08", seeded.digits(4)))
        }
        Kind::ContactCard => {
            let name = seeded.of(&["Sipho", "Zoë", "Annelie"]);
            let number = seeded.digits(8);
            format!("BEGIN:VCARD\nFN:{name}\nTEL:+278{number}\nEND:VCARD")
        }
    }
}

/// Numbers that are none of it, as shops write them.
fn negative(seeded: &mut Seeded) -> String {
    match seeded.next(7) {
        0 => format!("order {} is on its way", seeded.digits(8)),
        1 => format!("R{} {:03}.00", seeded.next(900) + 1, seeded.next(1_000)),
        2 => format!(
            "2026-0{}-1{} 1{}:3{}",
            seeded.next(9) + 1,
            seeded.next(9),
            seeded.next(9),
            seeded.next(9)
        ),
        3 => format!("invoice INV{}", seeded.digits(10)),
        4 => format!("tracking number {}", seeded.digits(14)),
        5 => format!("@home at {}h{:02}", seeded.next(24), seeded.next(60)),
        _ => format!("parcel 7{}-{}", seeded.digits(4), seeded.digits(5)),
    }
}

#[test]
fn most_is_found_and_little_else() {
    let mut seeded = Seeded(0x1234_5678_9abc_def1);
    let context = Context {
        region: Region::SouthAfrica,
    };
    for kind in Kind::ALL {
        let (mut hits, mut wrong) = (0, 0);
        let rounds = 2_000;
        for _ in 0..rounds {
            let (opening, ending) = (seeded.of(OPENINGS), seeded.of(ENDINGS));
            let value = positive(&mut seeded, kind);
            let text = format!("{opening}{value}{ending}");
            for span in find(&text, context) {
                let whole = (span.start, span.len) == (opening.len(), value.len());
                if whole && span.kind == kind {
                    hits += 1;
                } else {
                    wrong += 1;
                }
            }
        }
        let recall = f64::from(hits) / f64::from(rounds);
        let precision = f64::from(hits) / f64::from((hits + wrong).max(1));
        report(&format!(
            "{kind:?}: recall {recall:.4}, precision {precision:.4}"
        ));
        assert!(recall > 0.97, "{kind:?}: recall {recall}");
        assert!(precision > 0.97, "{kind:?}: precision {precision}");
    }
    let false_alarms = (0..10_000)
        .map(|_| negative(&mut seeded))
        .filter(|text| !find(text, context).is_empty())
        .count();
    report(&format!(
        "texts without any: {false_alarms} of 10000 have a false passage"
    ));
    assert!(false_alarms < 100, "{false_alarms}");
}

#[expect(clippy::print_stdout, reason = "figures are for whoever runs the test")]
fn report(line: &str) {
    println!("{line}");
}
