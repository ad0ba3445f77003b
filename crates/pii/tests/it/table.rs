//! One line for each case: what is found stands between `[` and `]`.

use pii::Context;
use pii::Kind;
use pii::Region;
use pii::canonical;
use pii::find;

fn check(region: Region, kind: Kind, marked: &str) {
    let text: String = marked.chars().filter(|c| !"[]".contains(*c)).collect();
    let mut shown = String::new();
    let mut at = 0;
    for span in find(&text, Context { region }) {
        assert_eq!(span.kind, kind, "{text}");
        shown.push_str(&text[at..span.start]);
        shown.push('[');
        shown.push_str(&text[span.start..span.end()]);
        shown.push(']');
        at = span.end();
    }
    shown.push_str(&text[at..]);
    assert_eq!(shown, marked);
}

#[test]
fn phones() {
    for (country, marked) in [
        ("ZA", "ring my brother on [082 123 4567] please"),
        ("ZA", "[0821234567]"),
        (
            "ZA",
            "[+27 82 123 4567], [+27821234567] and [0027821234567]",
        ),
        ("ZA", "wa.me/[27821234567]"),
        ("ZA", "call [27 82 123 4567]"),
        ("ZA", "[082-123-4567]/[083 765 4321]"),
        ("ZA", "[082 123 4567] [083 765 4321]"),
        ("ZA", "[(021) 424-1234]"),
        ("ZA", "\u{202a}[+27 82 123 4567]\u{202c}"),
        ("ZA", "[０８２１２３４５６７]"),
        ("ZA", "[＋２７ ８２ １２３ ４５６７]"),
        ("ZA", "[+٢٧٨٢١٢٣٤٥٦٧]"),
        ("ZA", "[082\u{a0}123\u{a0}4567]"),
        ("ZA", "tel:[0821234567];"),
        ("ZA", "on 01/02/2024 [082 123 4567]"),
        ("ZA", "order 12 [0821234567]"),
        ("GB", "[07700 900123] or [+44 (0)20 7946 0958]"),
        ("GB", "[020 7946 0958]"),
        ("US", "[(415) 555-2671], [415-555-2671], [+1 415 555 2671]"),
        ("US", "call 4 times: [415.555.2671]"),
        ("DE", "[030 1234567], [0171/1234567], [+49 171 1234567]"),
        ("FR", "[06 12 34 56 78] ou [+33 6 12 34 56 78]"),
        ("NL", "[06-12345678]"),
        ("", "[+234 803 123 4567] and [+254 712 345678]"),
    ] {
        check(Region::of(country), Kind::Phone, marked);
    }
}

#[test]
fn no_phones() {
    for text in [
        "order 0821234567890123",
        "R1 234 567.00 for 12 items",
        "on 2024-08-21 at 10:30",
        "01.02.2024 - 03.04.2025",
        "x0821234567",
        "0821234567x",
        "082 123 456",
        "0821234567@s",
        "1234567",
        "12345678901234567890123456789",
    ] {
        check(Region::SouthAfrica, Kind::Phone, text);
    }
}

#[test]
fn addresses() {
    for marked in [
        "write to [thandi.m@example.co.za].",
        "<[a+b@example.com]>",
        "(o'[neill@x.org])",
        "[Ünal@bücher.example]",
        "[thandi＠example.com]",
        "[john82@example.com]",
        "a@b, @home, x@localhost, a@b.c",
        "a@@b.com is [c@d.com]",
        "[a@b.co.uk], thanks",
    ] {
        check(Region::SouthAfrica, Kind::Email, marked);
    }
}

#[test]
fn cards() {
    for marked in [
        "[4111 1111 1111 1111]",
        "my card: [4111111111111111] 12/27",
        "[5555-5555-5555-4444]",
        "[3782 822463 10005]",
        "4111 1111 1111 1112",
        "parcel no 4111111111111111",
        "4111 1111 1111",
    ] {
        check(Region::SouthAfrica, Kind::PaymentCard, marked);
    }
}

#[test]
fn accounts() {
    for marked in [
        "[GB82WEST12345698765432]",
        "pay [DE89 3704 0044 0532 0130 00] today",
        "[GR1601101050000010547023795]",
        "GB82WEST12345698765431",
        "XGB82WEST12345698765432",
        "GB82WEST123456987654321",
    ] {
        check(Region::SouthAfrica, Kind::Iban, marked);
    }
}

#[test]
fn identities() {
    for marked in [
        "[8001015009087]",
        "my id is [800101 5009 087]",
        "[7503305044089] and [9202201234088]",
        "[0002294321191]",
        "id 8001015009086",
        "id 9913326789285",
    ] {
        check(Region::SouthAfrica, Kind::SouthAfricanId, marked);
    }
}

#[test]
fn cards_of_address_books() {
    let marked = "see [BEGIN:VCARD\nFN:Sipho\nTEL:+27821234567\nEND:VCARD] ok";
    check(Region::SouthAfrica, Kind::ContactCard, marked);
    check(
        Region::SouthAfrica,
        Kind::ContactCard,
        "[begin:vcard\nFN:S]",
    );
}

#[test]
fn every_spelling_has_one_canonical_value() {
    for (country, written, canon) in [
        ("ZA", "082 123 4567", "+27821234567"),
        ("ZA", "+27 82 123 4567", "+27821234567"),
        ("ZA", "0027 82 123 4567", "+27821234567"),
        ("ZA", "27821234567", "+27821234567"),
        ("ZA", "０８２１２３４５６７", "+27821234567"),
        ("GB", "+44 (0)20 7946 0958", "+442079460958"),
        ("US", "(415) 555-2671", "+14155552671"),
        ("ZA", "Thandi@Example.com", "thandi@example.com"),
        (
            "ZA",
            "DE89 3704 0044 0532 0130 00",
            "DE89370400440532013000",
        ),
        ("ZA", "800101 5009 087", "8001015009087"),
    ] {
        let context = Context {
            region: Region::of(country),
        };
        let found = find(written, context);
        assert_eq!(found.len(), 1, "{written}");
        let value = canonical(written, &found[0], context);
        assert_eq!(value.as_deref(), Some(canon), "{written}");
    }
}
