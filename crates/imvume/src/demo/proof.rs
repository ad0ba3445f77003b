//! The end of the day: the log proved from its files, the database compared with it.

use crate::audit::compare;
use crate::audit::read_key;
use crate::demo::stage::Stage;

/// Publishes what is left of the log, verifies the files, and compares the database with them.
pub(crate) async fn prove(stage: &Stage) -> anyhow::Result<String> {
    let service = &stage.doors.service;
    service.publish_now().await?;
    let log = stage.config.log();
    let key = read_key(&log)?;
    let mut differences = Vec::new();
    let store = service.store();
    let found = tokio::task::block_in_place(|| {
        compare(store, &log, &key, &mut |difference| {
            differences.push(difference.to_string());
        })
    })?;
    let verified = found.verified?;
    anyhow::ensure!(
        differences.is_empty(),
        "audit reconcile: {}",
        differences.join("; ")
    );
    Ok(format!(
        "audit verify: the log's {} entries are whole under {} signed checkpoints, root {}.\n\
         audit reconcile: {} leaves agree with the database, {} sealed values open, no differences.",
        verified.size, verified.checkpoints, verified.root, found.leaves, found.sealed
    ))
}
