//! Choice among the chains a CA offers, as upstream's `preferredChain` means it.

use openssl::nid::Nid;
use openssl::x509::X509;

use crate::client::AcmeClient;
use crate::error::Error;
use crate::resources::Chain;

/// Largest chain that is parsed, in bytes.
const CHAIN_LIMIT: usize = 95_000;

/// Downloads the certificate at `url`; with `preferred` the first chain whose topmost certificate names that issuer CN,
/// or the default chain where none does.
pub async fn fetch(client: &dyn AcmeClient, url: &str, preferred: Option<&str>) -> Result<String, Error> {
    let default = client.certificate(url).await?;
    let Some(preferred) = preferred.filter(|name| !name.is_empty()) else {
        return Ok(default.pem);
    };
    if top_issuer(&default).as_deref() == Some(preferred) {
        return Ok(default.pem);
    }
    for alternate in &default.alternates {
        let chain = client.certificate(alternate).await?;
        if top_issuer(&chain).as_deref() == Some(preferred) {
            return Ok(chain.pem);
        }
    }
    Ok(default.pem)
}

/// Issuer CN of the last certificate of a chain.
fn top_issuer(chain: &Chain) -> Option<String> {
    let pem = chain.pem.as_bytes();
    let certificates = (pem.len() <= CHAIN_LIMIT)
        .then(|| X509::stack_from_pem(pem).ok())
        .flatten()?;
    let top = certificates.last()?;
    let name = top.issuer_name().entries_by_nid(Nid::COMMONNAME).next()?;
    name.data().to_string().ok()
}
