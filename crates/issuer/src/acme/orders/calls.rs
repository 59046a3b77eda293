//! The ACME calls of one step of an Order; what they say goes into its status, and tells how to go on.

use evercert_acme::{AcmeClient, Error, Identifier, NewOrder, Order as Remote, chain};
use evercert_api::ByteString;
use evercert_api::acme::v1::{AcmeIssuer, Challenge, OrderSpec, OrderStatus, State};
use futures::future::join_all;
use jiff::Timestamp;

use super::status::{fail, fill, take_over};

/// Most authorizations that are read at the same time.
const AT_ONCE: usize = 16;

/// One order at one server in one pass.
#[derive(Debug)]
pub struct Calls<'a> {
    /// Who speaks.
    pub client: &'a dyn AcmeClient,
    /// What is ordered.
    pub spec: &'a OrderSpec,
    /// Settings of the issuer.
    pub issuer: &'a AcmeIssuer,
    /// The time.
    pub now: Timestamp,
}

/// How to go on after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// With the next step.
    GoOn,
    /// Look again when the server wishes, or soon.
    Poll(Option<evercert_acme::RetryAfter>),
}

impl Calls<'_> {
    /// Creates the order. A profile that the server does not offer ends it with a message that lists those it does.
    pub async fn create(&self, status: &mut OrderStatus) -> Result<After, Error> {
        if !self.spec.profile.is_empty() {
            let directory = self.client.directory().await?;
            if !directory.meta.profiles.contains_key(&self.spec.profile) {
                let offered: Vec<_> = directory.meta.profiles.keys().map(String::as_str).collect();
                let reason = format!(
                    "The ACME server does not offer the profile {:?}; it offers: {}",
                    self.spec.profile,
                    if offered.is_empty() {
                        "none".to_owned()
                    } else {
                        offered.join(", ")
                    }
                );
                fail(status, State::Errored, reason, self.now);
                return Ok(After::GoOn);
            }
        }
        let remote = self.client.new_order(new_order(self.spec, self.now)).await?;
        take_over(status, &remote, self.now);
        Ok(After::GoOn)
    }

    /// Reads the authorizations that were not read yet, several at once.
    pub async fn read_authorizations(&self, status: &mut OrderStatus) -> Result<After, Error> {
        let mut unread: Vec<_> = status
            .authorizations
            .iter_mut()
            .filter(|authorization| authorization.identifier.is_empty())
            .collect();
        for some in unread.chunks_mut(AT_ONCE) {
            let urls: Vec<String> = some.iter().map(|authorization| authorization.url.clone()).collect();
            let answers = join_all(urls.iter().map(|url| self.client.authorization(url))).await;
            for (authorization, answer) in some.iter_mut().zip(answers) {
                fill(authorization, &answer?);
            }
        }
        Ok(After::GoOn)
    }

    /// Reads the order and goes where it stands.
    pub async fn read(&self, status: &mut OrderStatus, failed: Option<&Challenge>) -> Result<After, Error> {
        let remote = self.client.order(&status.url.clone()).await?;
        let after = self.follow(status, &remote).await?;
        // A challenge that failed says more than the order does; an order that is slow to notice is not waited for.
        if let Some(failed) = failed.filter(|_| status.certificate.is_none()) {
            let reason = failed
                .status
                .as_ref()
                .map(|status| status.reason.clone())
                .unwrap_or_default();
            fail(
                status,
                State::Invalid,
                format!("Challenge for {} failed: {reason}", failed.spec.dns_name),
                self.now,
            );
            return Ok(After::GoOn);
        }
        Ok(after)
    }

    /// Hands in the CSR. A refusal is settled by reading the order: it may be ahead of what we know.
    pub async fn finalize(&self, status: &mut OrderStatus) -> Result<After, Error> {
        let csr = der(&self.spec.request.0);
        match self.client.finalize(&status.url, &status.finalize_url, &csr).await {
            Ok(remote) => self.follow(status, &remote).await,
            Err(error) if error.class() == evercert_acme::Class::Terminal => {
                let remote = self.client.order(&status.url.clone()).await?;
                if remote.status == evercert_acme::Status::Ready && !error.is("orderNotReady") {
                    return Err(error);
                }
                self.follow(status, &remote).await
            }
            Err(error) => Err(error),
        }
    }

    async fn follow(&self, status: &mut OrderStatus, remote: &Remote) -> Result<After, Error> {
        take_over(status, remote, self.now);
        match (&status.state, &remote.certificate) {
            (Some(State::Valid), Some(url)) => {
                let preferred = Some(self.issuer.preferred_chain.as_str()).filter(|name| !name.is_empty());
                let pem = chain::fetch(self.client, url, preferred).await?;
                status.certificate = Some(ByteString(pem.into_bytes()));
                status.reason.clear();
                Ok(After::GoOn)
            }
            (Some(State::Valid | State::Processing | State::Pending), _) => Ok(After::Poll(remote.retry_after)),
            _ => Ok(After::GoOn),
        }
    }
}

/// Identifiers are sorted and named once, as upstream's; a common name is among the names already.
fn new_order(spec: &OrderSpec, now: Timestamp) -> NewOrder {
    let dns = spec
        .dns_names
        .iter()
        .map(|name| Identifier::dns(name.to_ascii_lowercase()));
    let ips = spec.ip_addresses.iter().map(Identifier::ip);
    let mut identifiers: Vec<_> = dns.chain(ips).collect();
    identifiers.sort();
    identifiers.dedup();
    let not_after = spec
        .duration
        .and_then(|duration| now.checked_add(duration.to_signed()).ok());
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    NewOrder {
        identifiers,
        not_after: not_after.map(|time| evercert_core::conditions::whole_second(time).to_string()),
        profile: some(&spec.profile),
        replaces: some(&spec.replaces),
    }
}

/// The CSR as DER; older Orders hold it as such.
fn der(request: &[u8]) -> Vec<u8> {
    openssl::x509::X509Req::from_pem(request)
        .and_then(|csr| csr.to_der())
        .unwrap_or_else(|_| request.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_each_identifier_once() {
        let now: Timestamp = "2026-11-22T10:00:00.25Z".parse().unwrap();
        let names = ["b.example", "*.a.example", "A.example", "a.example"];
        let spec = OrderSpec {
            common_name: "a.example".into(),
            dns_names: names.map(str::to_owned).to_vec(),
            ip_addresses: vec!["192.0.2.1".into()],
            duration: Some("24h".parse().unwrap()),
            profile: "short".into(),
            ..OrderSpec::default()
        };
        let dns = |name: &str| Identifier::dns(name);
        let expected = NewOrder {
            identifiers: vec![
                dns("*.a.example"),
                dns("a.example"),
                dns("b.example"),
                Identifier::ip("192.0.2.1"),
            ],
            not_after: Some("2026-11-23T10:00:00Z".into()),
            profile: Some("short".into()),
            replaces: None,
        };
        assert_eq!(new_order(&spec, now), expected);
    }
}
