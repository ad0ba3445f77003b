//! `docs/errors.md` has every code of the table.

use whatsapp::error::code;
use whatsapp::error::code::Code;
use whatsapp::error::code::Path;
use whatsapp::error::code::Retry;

const PAGE: &str = include_str!("../../../../docs/errors.md");
const PART: &str = "## All codes";
/// Above every code that Meta has.
const LAST: u32 = 3_000_000;

fn row(code: &Code) -> String {
    let comes = match code.path {
        Path::Async => "status",
        Path::Both => "answer or status",
        Path::Inbound => "webhook",
        Path::Sync => "answer",
    };
    let again = match code.retry {
        Retry::Backoff => "with growing pauses",
        Retry::Later => "later",
        Retry::Never => "no",
        Retry::Once => "once or twice",
    };
    let status = code
        .status
        .map_or_else(|| "–".to_owned(), |status| status.to_string());
    format!(
        "| {} | {status} | {} | {comes} | {again} |",
        code.number, code.title
    )
}

#[test]
fn the_page_of_errors_has_every_code_and_no_other() {
    // The permission codes 200 to 299 share a row.
    let codes = (0..LAST).filter(|number| !(201..300).contains(number));
    let rows: Vec<String> = codes.filter_map(code::lookup).map(row).collect();
    let (_, part) = PAGE.split_once(PART).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let found = part.lines().filter(|line| line.starts_with("| "));
    // The head of the table.
    let found: Vec<&str> = found.skip(1).filter(|line| !line.contains("---")).collect();
    assert_eq!(found, rows, "docs/errors.md, All codes");
}
