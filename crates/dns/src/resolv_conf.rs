//! Name servers of `/etc/resolv.conf`, used where no flag names others.

use crate::rfc2136::host_port;

/// Where the system keeps them.
pub const PATH: &str = "/etc/resolv.conf";
/// Most servers that are used (glibc: 3).
const LIMIT: usize = 3;

/// The `nameserver` lines of a resolv.conf as host:port.
pub fn parse(text: &str) -> Vec<String> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()).flatten()
    });
    servers
        .filter_map(|server| host_port(server).ok())
        .take(LIMIT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nameserver_lines_only() {
        let text = "# comment\nsearch a.example\nnameserver 10.96.0.10\n nameserver 2001:db8::1 # x\nnameserver\noptions ndots:5\n";
        assert_eq!(parse(text), ["10.96.0.10:53", "[2001:db8::1]:53"]);
        assert_eq!(parse(""), Vec::<String>::new());
    }
}
