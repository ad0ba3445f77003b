//! A list, row by row. However long it is, one row of it is in memory.

use std::io::Chain;
use std::io::Cursor;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use csv::ByteRecord;
use csv::Reader;
use csv::ReaderBuilder;
use csv::Terminator;
use domain::time::Timestamp;
use store::import::Brought;

use super::decode::Decoder;
use super::decode::Encoding;
use super::fault::Bad;
use super::fault::SheetError;
use super::layout::Layout;
use super::national::Country;
use super::row::Reading;

/// The longest row, in bytes, read in blocks.
const LONGEST_ROW: usize = 1024 * 1024;
/// What stands at the end of every file as it is read, so that its last row ends like all others.
const LINE_END: &[u8] = b"\n";
/// The longest first line, in bytes.
const LONGEST_HEADER: usize = 64 * 1024;

/// A list whose columns are known.
#[derive(Debug)]
pub struct Sheet<R> {
    reader: Reader<Bounded<R>>,
    record: ByteRecord,
    reading: Reading,
    left: Arc<AtomicUsize>,
    /// How many lines stand before what the reader counts.
    skipped: u64,
}

/// How a list is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) layout: Layout,
    pub(super) encoding: Encoding,
    pub(super) country: Option<Country>,
    pub(super) now: Timestamp,
}

impl<R: Read> Sheet<R> {
    /// Reads the first line and finds the columns.
    ///
    /// # Errors
    /// [`SheetError`] where it has not the columns of its layout.
    pub fn open(
        inner: R,
        layout: Layout,
        encoding: Encoding,
        country: Option<Country>,
        now: Timestamp,
    ) -> Result<Self, SheetError> {
        let look = Look {
            layout,
            encoding,
            country,
            now,
        };
        Self::look(inner, look)
    }

    pub(super) fn look(inner: R, look: Look) -> Result<Self, SheetError> {
        let mut decoded = Decoder::new(inner, look.encoding)?;
        let mut first = first_line(&mut decoded)?;
        let mut skipped = 0;
        // Excel reads the separator from such a line, and leaves it out.
        let named = separator_line(&first);
        if named.is_some() {
            skipped = 1;
            first = first_line(&mut decoded)?;
        }
        let separator = named.unwrap_or_else(|| separator(&first));
        let left = Arc::new(AtomicUsize::new(LONGEST_ROW));
        let bounded = Bounded {
            inner: Cursor::new(first).chain(decoded).chain(LINE_END),
            left: Arc::clone(&left),
        };
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            // A carriage return before it is white space at the end of a cell.
            .terminator(Terminator::Any(b'\n'))
            .flexible(true)
            .has_headers(false)
            .from_reader(bounded);
        let mut record = ByteRecord::new();
        let some = read(&mut reader, &mut record, &left, skipped)?;
        if !some {
            return Err(SheetError::Empty);
        }
        let titles = record
            .iter()
            .map(|title| std::str::from_utf8(title).unwrap_or_default());
        let reading = Reading {
            layout: look.layout,
            columns: look.layout.find(titles)?,
            width: record.len(),
            country: look.country,
            now: look.now,
        };
        Ok(Self {
            reader,
            record,
            reading,
            left,
            skipped,
        })
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// [`SheetError`] where the rest cannot be told apart into rows.
    pub fn next_row(&mut self) -> Result<Option<Result<Brought, Bad>>, SheetError> {
        let some = read(&mut self.reader, &mut self.record, &self.left, self.skipped)?;
        if !some {
            return Ok(None);
        }
        // Where the reader stands is behind the row's own line end, and those within its cells.
        let ends = |cell: &[u8]| cell.split(|byte| *byte == b'\n').skip(1).count() as u64;
        let within: u64 = self.record.iter().map(ends).sum();
        let behind = self.reader.position().line() + self.skipped;
        let line = behind.saturating_sub(within + 1);
        let row = self.reading.row(&self.record, line);
        Ok(Some(row.map_err(|fault| Bad { line, fault })))
    }
}

fn read<R: Read>(
    reader: &mut Reader<Bounded<R>>,
    record: &mut ByteRecord,
    left: &AtomicUsize,
    skipped: u64,
) -> Result<bool, SheetError> {
    left.store(LONGEST_ROW, Ordering::Relaxed);
    let line = reader.position().line() + skipped;
    let mut some = reader.read_byte_record(record);
    while let (Ok(true), true) = (&some, is_blank(record)) {
        some = reader.read_byte_record(record);
    }
    match some {
        Ok(some) => Ok(some),
        Err(_) if left.load(Ordering::Relaxed) == 0 => Err(SheetError::Endless(line)),
        Err(error) => Err(match error.into_kind() {
            csv::ErrorKind::Io(error) => SheetError::Read(error),
            // Rows of any length and any bytes are read.
            _ => SheetError::Endless(line),
        }),
    }
}

/// Whether a row is a line with nothing on it but white space.
fn is_blank(record: &ByteRecord) -> bool {
    record.len() == 1 && record.iter().all(|cell| cell.trim_ascii().is_empty())
}

/// Reads to the end of the first line, or to the bound of it.
fn first_line<R: Read>(decoded: &mut R) -> Result<Vec<u8>, SheetError> {
    let mut line = Vec::with_capacity(256);
    let mut byte = [0];
    while line.len() < LONGEST_HEADER {
        if decoded.read(&mut byte)? == 0 {
            break;
        }
        line.extend(byte);
        if byte == [b'\n'] {
            break;
        }
    }
    if line.trim_ascii().is_empty() {
        return Err(SheetError::Empty);
    }
    Ok(line)
}

/// The separator out of a line such as `sep=;`.
fn separator_line(line: &[u8]) -> Option<u8> {
    match line.trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => Some(*separator),
        // A tab at the end is trimmed with the rest.
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] => Some(b'\t'),
        _ => None,
    }
}

/// What stands most often between the titles.
fn separator(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && byte == separator);
        }
    }
    let mut best = (b',', 0);
    for (separator, count) in counts {
        if best.1 < count {
            best = (separator, count);
        }
    }
    best.0
}

/// The first line, which was read to find the separator, and the rest.
type Whole<R> = Chain<Cursor<Vec<u8>>, Decoder<R>>;

/// Bytes that end with an error once a row has taken too many.
#[derive(Debug)]
struct Bounded<R> {
    inner: Chain<Whole<R>, &'static [u8]>,
    left: Arc<AtomicUsize>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        let most = out.len().min(left);
        if most == 0 && !out.is_empty() {
            return Err(std::io::Error::other("a row is too long"));
        }
        let count = self.inner.read(out.get_mut(..most).unwrap_or_default())?;
        self.left.store(left - count, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::proptest;

    use super::Sheet;
    use super::SheetError;
    use crate::people::decode::Encoding;
    use crate::people::fault::RowFault;
    use crate::people::layout::Layout;

    type Rows = Vec<Result<u64, (u64, RowFault)>>;

    fn rows(bytes: &[u8]) -> Result<Rows, SheetError> {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let mut sheet = Sheet::open(bytes, Layout::Generic, Encoding::Unicode, None, now)?;
        let mut rows = Vec::new();
        while let Some(row) = sheet.next_row()? {
            rows.push(row.map(|row| row.line).map_err(|bad| (bad.line, bad.fault)));
        }
        Ok(rows)
    }

    #[test]
    fn separators_quotes_and_line_ends() {
        for text in [
            "phone,status\n+27821234567,yes\n+27821234568,no\n",
            "phone;status\r\n+27821234567;yes\r\n+27821234568;no",
            "phone\tstatus\n+27821234567\tyes\n+27821234568\tno\n",
            "\"phone\",\"status\"\n\"+27821234567\",yes\n\"+27 82 123 4568\",\"no\"\n",
        ] {
            assert_eq!(rows(text.as_bytes()).unwrap(), [Ok(2), Ok(3)], "{text}");
        }
        let named = "sep=;\r\nphone;status\r\n+27821234567;yes\r\n";
        assert_eq!(rows(named.as_bytes()).unwrap(), [Ok(3)]);
    }

    #[test]
    fn bad_rows_are_told_by_their_line() {
        let text =
            b"phone,status\n+27821234567,yes\n\n+2782\xff,no\n2.78E+10,no\n\"+2782\n1234567\"\
                     ,no\n+27821234567\n+27821234569,yes\n";
        assert_eq!(
            rows(text).unwrap(),
            [
                Ok(2),
                Err((4, RowFault::Encoding)),
                Err((5, RowFault::LostDigits)),
                Err((6, RowFault::NotANumber)),
                Err((8, RowFault::Fields)),
                Ok(9),
            ]
        );
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_ends_at_a_bound() {
        let mut text = b"phone,status\n+27821234567,yes\n\"+27821234567,".to_vec();
        text.resize(8 * 1024 * 1024, b'1');
        assert!(matches!(rows(&text), Err(SheetError::Endless(3))));
    }

    #[test]
    fn nothing_is_not_a_list() {
        for text in ["", "\n\n", "\u{feff}"] {
            assert!(
                matches!(rows(text.as_bytes()), Err(SheetError::Empty)),
                "{text:?}"
            );
        }
        assert!(matches!(
            rows(b"name\nThandi\n"),
            Err(SheetError::Columns(_))
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_rows_or_an_error(bytes in vec(any::<u8>(), 0..4_096)) {
            let mut text = b"phone,email,status\n".to_vec();
            text.extend(bytes);
            let _ = rows(&text);
        }
    }
}
