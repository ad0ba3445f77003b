//! The `${…}` of `tests/bad-input.toml`.

use std::collections::BTreeMap;

/// `text` with every `${…}` replaced; the facts are those that `${NAME}` may name.
pub(crate) fn expand(text: &str, facts: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut pad = None;
    let mut rest = text;
    while let Some((before, found)) = rest.split_once("${") {
        let (inner, after) = found.split_once('}').ok_or("a `${` has no end")?;
        bytes.extend(before.bytes());
        match inner.split_once(':') {
            None => bytes.extend(
                facts
                    .get(inner)
                    .ok_or_else(|| format!("no fact {inner}"))?
                    .bytes(),
            ),
            Some(("pad", size)) => pad = Some((bytes.len(), count(size)?)),
            Some((maker, argument)) => bytes.extend(make(maker, argument, facts)?),
        }
        rest = after;
    }
    bytes.extend(rest.bytes());
    if let Some((at, size)) = pad {
        let missing = size
            .checked_sub(bytes.len())
            .ok_or("longer than its padding")?;
        bytes.splice(at..at, vec![b' '; missing]);
    }
    Ok(bytes)
}

fn make(maker: &str, argument: &str, facts: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
    match maker {
        "changes" => changes(count(argument)?, facts),
        "hex" => argument.as_bytes().chunks(2).map(byte).collect(),
        "nest" => {
            let depth = count(argument)?;
            Ok([vec![b'['; depth], vec![b']'; depth]].concat())
        }
        "repeat" => {
            let (text, times) = argument.rsplit_once(':').ok_or("repeat needs a number")?;
            Ok(text.repeat(count(times)?).into_bytes())
        }
        _ => Err(format!("no maker {maker}")),
    }
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

fn byte(digits: &[u8]) -> Result<u8, String> {
    let digits = str::from_utf8(digits).map_err(|_| "not a byte")?;
    u8::from_str_radix(digits, 16).map_err(|_| format!("not a byte: {digits}"))
}

/// Statuses of messages nobody sent: as much work as a status can be, and no trace in a conversation.
fn changes(count: usize, facts: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
    let change = |number: usize| {
        let text = format!(
            r#"{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"27215550100","phone_number_id":"${{NUMBER_ID}}"}},"statuses":[{{"id":"wamid.${{ID}}-{count}-{number}","status":"sent","timestamp":"1758254150","recipient_id":"${{CONSENTED_WA_ID}}"}}]}}}}"#
        );
        expand(&text, facts)
    };
    Ok((0..count)
        .map(change)
        .collect::<Result<Vec<_>, _>>()?
        .join(&b','))
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn placeholders() {
        let facts = [("NAME".to_owned(), "value".to_owned())].into();
        let cases: &[(&str, Result<&[u8], &str>)] = &[
            ("plain {} $", Ok(b"plain {} $")),
            ("<${NAME}>", Ok(b"<value>")),
            ("${repeat:a:b:3}", Ok(b"a:ba:ba:b")),
            ("${nest:3}", Ok(b"[[[]]]")),
            ("${hex:00ff}", Ok(b"\x00\xff")),
            ("{}${pad:5}", Ok(b"{}   ")),
            ("<${pad:5}>", Ok(b"<   >")),
            ("${NONE}", Err("no fact NONE")),
            ("${other:1}", Err("no maker other")),
            ("${nest:x}", Err("not a number: x")),
            ("${nest:1", Err("a `${` has no end")),
            ("abc${pad:2}", Err("longer than its padding")),
        ];
        for (text, expected) in cases {
            let found = expand(text, &facts);
            let expected = expected.map(<[u8]>::to_vec).map_err(str::to_owned);
            assert_eq!(found, expected, "{text}");
        }
    }
}
