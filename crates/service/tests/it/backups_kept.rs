//! Backups that earlier versions made come back. To keep one of a new format: what a place held after a
//! snapshot, an erasure and another part of the bundle, as `crate::backups` makes them.

use std::path::Path;

use egress::place::Place;
use testkit::SIPHO;
use testkit::THANDI;

use crate::backups::SIPHOS;
use crate::backups::THANDIS;
use crate::backups_rig::Kind;
use crate::backups_rig::Rig;
use crate::backups_rig::contents;
use crate::backups_rig::found;

/// What places held, by the format.
const KEPT: [&str; 1] = ["backup-1"];

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_every_format_comes_back() {
    for name in KEPT {
        let rig = Rig::start(Kind::File).await;
        let mut machine = rig.machine("machine");
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        machine.order.places = vec![Place::Directory(data.join(name))];
        let came = machine.restore().await.unwrap();
        assert_eq!(came.restored.erasures, 1, "{name}");
        let store = machine.open();
        assert!(found(&store, &THANDI).is_some(), "{name}");
        assert!(found(&store, &SIPHO).is_none(), "{name}");
        let (open, _) = contents(&store);
        assert!(open.iter().any(|text| text.contains(THANDIS)), "{name}");
        assert!(!open.iter().any(|text| text.contains(SIPHOS)), "{name}");
    }
}
