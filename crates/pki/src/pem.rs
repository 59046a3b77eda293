//! PEM blocks (RFC 7468), found in one pass over the lines, whatever is written around them.
//!
//! Time and memory are linear in the input: a `BEGIN` inside a block is an error at once, so no input makes it look twice.

use openssl::base64;

use crate::Error;

/// One block.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// Type as written, e.g. `CERTIFICATE`.
    pub label: String,
    /// True where its headers say that the content is encrypted (RFC 1421 `Proc-Type: 4,ENCRYPTED`).
    pub encrypted: bool,
    /// Decoded content.
    pub der: Vec<u8>,
}

/// The content may be a key.
impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block")
            .field("label", &self.label)
            .field("bytes", &self.der.len())
            .finish_non_exhaustive()
    }
}

/// A block that has begun and not ended.
struct Open<'a> {
    label: &'a str,
    headers: bool,
    encrypted: bool,
    body: Vec<u8>,
}

/// All blocks in order. Text outside of blocks is passed over. Errors: an unfinished or nested block, a wrong end, bad base64.
pub fn blocks(input: &[u8]) -> Result<Vec<Block>, Error> {
    let mut found = Vec::new();
    let mut open: Option<Open<'_>> = None;
    for line in input.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        match (&mut open, boundary(line)) {
            (None, Some(Boundary::Begin(label))) => {
                open = Some(Open {
                    label,
                    headers: true,
                    encrypted: false,
                    body: Vec::new(),
                });
            }
            (None, Some(Boundary::End(_))) => return Err(Error::BadPem("END without BEGIN")),
            (None, None) => {}
            (Some(_), Some(Boundary::Begin(_))) => return Err(Error::BadPem("BEGIN inside a block")),
            (Some(block), Some(Boundary::End(label))) => {
                if block.label != label {
                    return Err(Error::BadPem("BEGIN and END name different types"));
                }
                found.extend(open.take().map(Open::close).transpose()?);
            }
            (Some(block), None) => block.line(line),
        }
    }
    if open.is_some() {
        Err(Error::BadPem("BEGIN without END"))
    } else {
        Ok(found)
    }
}

/// One block as text, lines of 64 characters.
pub fn encode(label: &str, der: &[u8]) -> String {
    let text = base64::encode_block(der);
    let mut out = String::with_capacity(text.len() + text.len() / 64 + 2 * label.len() + 36);
    out.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.extend([line, "\n"]);
        rest = tail;
    }
    out.extend(["-----END ", label, "-----\n"]);
    out
}

enum Boundary<'a> {
    Begin(&'a str),
    End(&'a str),
}

fn boundary(line: &[u8]) -> Option<Boundary<'_>> {
    let label = |prefix: &[u8]| {
        let label = line.strip_prefix(prefix)?.strip_suffix(b"-----")?;
        let plain = label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ');
        str::from_utf8(label).ok().filter(|label| plain && label.len() <= 64)
    };
    label(b"-----BEGIN ")
        .map(Boundary::Begin)
        .or_else(|| label(b"-----END ").map(Boundary::End))
}

impl Open<'_> {
    fn line(&mut self, line: &[u8]) {
        if self.headers && line.contains(&b':') {
            self.encrypted |= line.starts_with(b"Proc-Type") && line.ends_with(b"ENCRYPTED");
            return;
        }
        self.headers &= line.is_empty();
        self.body.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
    }

    fn close(self) -> Result<Block, Error> {
        let text = str::from_utf8(&self.body).map_err(|_| Error::BadPem("not base64"))?;
        // OpenSSL takes a padding sign for a zero wherever it stands.
        if text.trim_end_matches('=').contains('=') || text.is_empty() {
            return Err(Error::BadPem("not base64"));
        }
        let der = base64::decode_block(text).map_err(|_| Error::BadPem("not base64"))?;
        Ok(Block {
            label: self.label.to_owned(),
            encrypted: self.encrypted,
            der,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = Result<Vec<(String, bool, Vec<u8>)>, String>;

    fn found(input: &[u8]) -> Found {
        let list = blocks(input).map_err(|err| err.to_string())?;
        Ok(list
            .into_iter()
            .map(|block| (block.label, block.encrypted, block.der))
            .collect())
    }

    #[test]
    fn blocks_are_found_among_other_text_and_broken_ones_are_named() {
        let bad = |reason: &str| Err(format!("invalid PEM: {reason}"));
        let table: [(&[u8], Found); 11] = [
            (b"", Ok(vec![])),
            (b"\xff\xfe\0 nothing", Ok(vec![])),
            (
                b"# subject\n-----BEGIN A-----\nAQID\n-----END A-----\n",
                Ok(vec![("A".into(), false, vec![1, 2, 3])]),
            ),
            (
                b"-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----",
                Ok(vec![("A".into(), false, vec![1, 2, 3])]),
            ),
            (
                b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,1\n\nAQID\n-----END A-----",
                Ok(vec![("A".into(), true, vec![1, 2, 3])]),
            ),
            (b"-----BEGIN A-----\nAQID\n", bad("BEGIN without END")),
            (b"-----END A-----\n", bad("END without BEGIN")),
            (b"-----BEGIN A-----\n-----BEGIN A-----\n", bad("BEGIN inside a block")),
            (
                b"-----BEGIN A-----\nAQID\n-----END B-----\n",
                bad("BEGIN and END name different types"),
            ),
            (b"-----BEGIN A-----\nA\xffID\n-----END A-----\n", bad("not base64")),
            (b"-----BEGIN A-----\nA=ID\n-----END A-----\n", bad("not base64")),
        ];
        for (input, expected) in table {
            assert_eq!(found(input), expected, "{}", String::from_utf8_lossy(input));
        }
    }

    #[test]
    fn torture_input_is_dealt_with_in_one_pass() {
        let begins = b"-----BEGIN A-----\n".repeat(80_000);
        let dashes = vec![b'-'; 1_000_000];
        assert!(blocks(&begins).is_err());
        assert_eq!(blocks(&dashes).unwrap(), vec![]);
    }

    proptest::proptest! {
        #[test]
        fn encode_then_blocks_gives_the_bytes_back(der in proptest::collection::vec(proptest::num::u8::ANY, 1..400)) {
            let text = encode("CERTIFICATE", &der);
            proptest::prop_assert_eq!(found(text.as_bytes()), Ok(vec![("CERTIFICATE".into(), false, der)]));
            proptest::prop_assert!(text.lines().all(|line| line.len() <= 64));
        }
    }
}
