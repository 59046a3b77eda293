//! Parsers of flag values.

use std::net::{Ipv4Addr, SocketAddr};

use evercert_api::GoDuration;

/// A boolean as Go's `strconv.ParseBool` reads it.
///
/// # Errors
/// A sentence for the user.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("{text:?} is not true or false")),
    }
}

/// A duration as Go's `time.ParseDuration` reads it.
///
/// # Errors
/// A sentence for the user.
pub fn parse_duration(text: &str) -> Result<GoDuration, String> {
    text.parse::<GoDuration>().map_err(|error| error.to_string())
}

/// An address to listen on as Go writes it: `0.0.0.0:9402`, `[::]:9402`, or `:9402` for all IPv4 addresses.
/// `0` and the empty text mean: do not listen.
///
/// # Errors
/// A sentence for the user.
pub fn parse_address(text: &str) -> Result<Listen, String> {
    if text.is_empty() || text == "0" {
        return Ok(Listen(None));
    }
    let address = match text.strip_prefix(':') {
        Some(port) => port
            .parse()
            .ok()
            .map(|port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        None => text.parse().ok(),
    };
    let address = address.ok_or_else(|| format!("{text:?} is not an address like 0.0.0.0:8080 or :8080"))?;
    Ok(Listen(Some(address)))
}

/// Where to listen, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub Option<SocketAddr>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_read_as_go_reads_them() {
        assert_eq!(["1", "t", "TRUE", "True"].map(parse_bool), [const { Ok(true) }; 4]);
        assert_eq!(["0", "F", "false", "False"].map(parse_bool), [const { Ok(false) }; 4]);
        assert_eq!(parse_bool("yes"), Err("\"yes\" is not true or false".into()));
    }

    #[test]
    fn addresses_read_as_go_reads_them() {
        let listen = |text: &str| parse_address(text).map(|listen| listen.0.map(|address| address.to_string()));
        assert_eq!(listen(":8080"), Ok(Some("0.0.0.0:8080".into())));
        assert_eq!(listen("[::1]:1"), Ok(Some("[::1]:1".into())));
        assert_eq!((listen("0"), listen("")), (Ok(None), Ok(None)));
        for wrong in ["8080", ":x", "host:80"] {
            assert!(listen(wrong).is_err(), "{wrong}");
        }
    }
}
