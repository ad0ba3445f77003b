//! In which language a page speaks, and what a notice shows.

use std::fmt::Write as _;

use crate::desk_rig::Rig;

#[tokio::test]
async fn the_reader_goes_before_the_browser() {
    let rig = Rig::start_in(&["en", "de", "zu"]).await;
    for (query, cookie, accept, expected) in [
        ("", "", "", "en"),
        ("", "", "de-AT,de;q=0.9", "de"),
        ("", "", "fr,zu;q=0.5", "zu"),
        ("", "__Host-imvume-language=zu", "de", "zu"),
        ("?language=de", "__Host-imvume-language=zu", "en", "de"),
        ("?language=fr", "__Host-imvume-language=zu", "de", "zu"),
        ("?language=%3Cscript%3E", "", "de", "de"),
    ] {
        let path = format!("/opt-in/news{query}");
        let headers = [("cookie", cookie), ("accept-language", accept)];
        let page = rig.get_with(&path, &headers).await;
        let html = format!("<html lang=\"{expected}\">");
        assert!(page.says(&html), "{query} {cookie} {accept}");
        assert!(page.says(&format!(
            "lang=\"{expected}\" hreflang=\"{expected}\" aria-current=\"true\""
        )));
        assert!(!page.says("hreflang=\"fr\""));
    }
}

#[tokio::test]
async fn a_notice_shows_its_version_and_checksum() {
    let rig = Rig::start().await;
    let page = rig.get("/notices/messages/1/en").await;
    assert_eq!(page.status, 200);
    assert!(page.says("Version 1, since 21 November 2026"));
    let registry = rig.gateway.store.registry();
    let notice = &registry.notices[0];
    let mut hash = String::new();
    for byte in &notice.hash {
        write!(hash, "{byte:02x}").unwrap();
    }
    assert!(page.says(&hash));
    assert!(page.says("Write STOP at any time"));
    for wrong in [
        "/notices/messages/01/en",
        "/notices/messages/2/en",
        "/notices/messages/1/de",
    ] {
        assert_eq!(rig.get(wrong).await.status, 404, "{wrong}");
    }
}
