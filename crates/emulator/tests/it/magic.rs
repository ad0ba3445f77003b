//! Every code by the recipient's number.

use crate::rig::Rig;

/// Suffix of the number, HTTP status and code at once, code of the later failure.
const CASES: &[(&str, (u16, u64), Option<u64>)] = &[
    ("000001", (400, 1), None),
    ("000002", (503, 2), None),
    ("000003", (500, 3), None),
    ("000004", (400, 4), None),
    ("000010", (403, 10), None),
    ("000033", (400, 33), None),
    ("000100", (400, 100), None),
    ("000190", (401, 190), None),
    ("000200", (403, 200), None),
    ("000368", (403, 368), None),
    ("000470", (200, 0), Some(470)),
    ("000613", (429, 613), None),
    ("080007", (400, 80_007), None),
    ("130429", (400, 130_429), None),
    ("130472", (200, 0), Some(130_472)),
    ("130497", (403, 130_497), None),
    ("131000", (500, 131_000), None),
    ("8131000", (200, 0), Some(131_000)),
    ("131005", (403, 131_005), None),
    ("131016", (500, 131_016), None),
    ("131026", (200, 0), Some(131_026)),
    ("131030", (400, 131_030), None),
    ("131031", (403, 131_031), None),
    ("131042", (400, 131_042), None),
    ("131045", (500, 131_045), None),
    ("131047", (200, 0), Some(131_047)),
    ("131048", (400, 131_048), None),
    ("8131048", (200, 0), Some(131_048)),
    ("131049", (200, 0), Some(131_049)),
    ("131050", (200, 0), Some(131_050)),
    ("131051", (400, 131_051), None),
    ("131053", (200, 0), Some(131_053)),
    ("131056", (400, 131_056), None),
    ("131057", (500, 131_057), None),
    ("131063", (400, 131_063), None),
    ("131201", (206, 131_201), None),
    ("131207", (403, 131_207), None),
    ("131208", (429, 131_208), None),
    ("132001", (404, 132_001), None),
    ("132015", (400, 132_015), None),
    ("8132015", (200, 0), Some(132_015)),
    ("132016", (400, 132_016), None),
    ("133004", (503, 133_004), None),
    ("133010", (400, 133_010), None),
    ("134102", (500, 134_102), None),
    ("135000", (400, 135_000), None),
    ("137000", (200, 0), Some(137_000)),
    ("138006", (401, 138_006), None),
    ("139200", (400, 139_200), None),
    ("1752041", (400, 1_752_041), None),
    ("2388019", (400, 2_388_019), None),
    ("2593108", (400, 2_593_108), None),
];

#[tokio::test]
async fn every_code_has_its_number() {
    let rig = Rig::new().await;
    for (suffix, expected, later) in CASES {
        let number = format!("+27{:2>1$}", suffix, 9);
        let answer = rig.send_text(&number).await;
        assert_eq!(answer.verdict(), *expected, "{suffix}");
        let statuses = rig.statuses().await;
        assert_eq!(
            statuses,
            later
                .map(|code| ("failed".to_owned(), code))
                .into_iter()
                .collect::<Vec<_>>(),
            "{suffix}"
        );
    }
}

#[tokio::test]
async fn an_error_of_the_webhook_value() {
    let rig = Rig::new().await;
    rig.send_text("+27822131035").await;
    rig.settle().await;
    let seen = rig.take();
    assert_eq!(seen[0].change()["value"]["errors"][0]["code"], 131_035);
}

#[tokio::test]
async fn magic_can_be_switched_off() {
    let rig = Rig::with(|config| config.limits.magic_recipients = false).await;
    assert_eq!(rig.send_text("+27822131000").await.verdict(), (200, 0));
}
