//! Entry bundles (C2SP tlog-tiles): up to 256 entries, each after its length as two bytes, big end
//! first.

use thiserror::Error;

/// The longest entry a bundle can hold, in bytes.
pub const LONGEST: usize = u16::MAX as usize;

/// The entry does not fit into a bundle.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an entry of {length} bytes is longer than {LONGEST}")]
pub struct TooLong {
    /// Bytes in the entry.
    pub length: usize,
}

/// A bundle ends in the middle of an entry.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the bundle ends in the middle of an entry")]
pub struct Torn;

/// Appends one entry to a bundle.
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TooLong> {
    let length = u16::try_from(entry.len()).map_err(|_| TooLong {
        length: entry.len(),
    })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, in order. After [`Torn`] there are no more.
pub fn entries(bundle: &[u8]) -> Entries<'_> {
    Entries { rest: bundle }
}

/// See [`entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<&'a [u8], Torn>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut self.rest);
        let entry = bytes.split_first_chunk::<2>().and_then(|(length, rest)| {
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        });
        let Some((entry, rest)) = entry else {
            return Some(Err(Torn));
        };
        self.rest = rest;
        Some(Ok(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_is_read() {
        let long = vec![7; LONGEST];
        let wanted: [&[u8]; 4] = [b"", b"a", b"bc", &long];
        let mut bundle = Vec::new();
        for entry in wanted {
            push(&mut bundle, entry).unwrap();
        }
        let found: Vec<_> = entries(&bundle).map(Result::unwrap).collect();
        assert_eq!(found, wanted);
        assert!(bundle.starts_with(&[0, 0, 0, 1, b'a', 0, 2, b'b', b'c', 0xff, 0xff]));
    }

    #[test]
    fn an_entry_has_a_longest_length() {
        let refused = push(&mut Vec::new(), &vec![0; LONGEST + 1]);
        assert_eq!(
            refused,
            Err(TooLong {
                length: LONGEST + 1
            })
        );
    }

    #[test]
    fn torn_bundles() {
        for torn in [&[0_u8][..], &[0, 1], &[0, 2, 7], &[0, 1, 7, 0]] {
            assert_eq!(entries(torn).last(), Some(Err(Torn)), "{torn:?}");
        }
    }
}
