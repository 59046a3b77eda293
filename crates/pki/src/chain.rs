//! Puts the certificates of an answer in order: leaf first, one line, the root apart.

use crate::certificate::Certificate;
use crate::{Error, limits};

/// A chain as it goes into a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// `tls.crt`: the leaf and its intermediates, without the root unless it is alone.
    pub chain: Vec<Certificate>,
    /// `ca.crt`: the root, else the topmost intermediate, else nothing.
    pub ca: Option<Certificate>,
}

/// Removes duplicates and orders the rest. Errors: none, more than [`limits::CERTIFICATES_IN_CHAIN`], or not one line.
///
/// At most one signature is checked for each certificate and each other with its issuer's name, and the whole gives up
/// after a few times as many as an honest chain needs.
pub fn normalise(certificates: Vec<Certificate>) -> Result<Normalised, Error> {
    let mut line = in_line(&distinct(certificates)?)?;
    let Some(top) = line.last().cloned() else {
        return Err(Error::BrokenChain("no certificate".into()));
    };
    let is_root = top.is_root();
    let ca = (is_root || line.len() > 1).then_some(top);
    if is_root && line.len() > 1 {
        line.pop();
    }
    Ok(Normalised { chain: line, ca })
}

/// Checks that each certificate is signed by the next. Error: names the first that is not.
pub fn verify_links(chain: &[Certificate]) -> Result<(), Error> {
    let broken = chain
        .windows(2)
        .find(|pair| matches!(pair, [child, parent] if !child.is_signed_by(parent)));
    match broken {
        Some([child, parent]) => {
            let (child, parent) = (child.subject(), parent.subject());
            Err(Error::BrokenChain(format!(
                "the certificate of {child:?} is not signed by the next one, {parent:?}"
            )))
        }
        _ => Ok(()),
    }
}

fn distinct(mut certificates: Vec<Certificate>) -> Result<Vec<Certificate>, Error> {
    let mut seen = std::collections::HashSet::new();
    certificates.retain(|certificate| seen.insert(certificate.fingerprint()));
    if certificates.len() > limits::CERTIFICATES_IN_CHAIN {
        let (count, limit) = (certificates.len(), limits::CERTIFICATES_IN_CHAIN);
        return Err(Error::BrokenChain(format!(
            "{count} certificates, more than the {limit} allowed"
        )));
    }
    Ok(certificates)
}

/// From the one certificate that signed no other upwards to the one that none of the others signed.
fn in_line(certificates: &[Certificate]) -> Result<Vec<Certificate>, Error> {
    let parents = parents(certificates)?;
    let is_parent = |index: usize| parents.contains(&Some(index));
    let mut leaves = (0..certificates.len()).filter(|index| !is_parent(*index));
    let mut next = match (leaves.next(), leaves.next()) {
        (Some(leaf), None) => Some(leaf),
        (None, None) if certificates.is_empty() => None,
        (None, _) => {
            return Err(Error::BrokenChain(
                "the certificates sign each other in a circle".into(),
            ));
        }
        (Some(_), Some(_)) => return Err(Error::BrokenChain("the certificates do not form one line".into())),
    };
    let mut line = Vec::new();
    while let Some(index) = next {
        if line.len() >= certificates.len() {
            return Err(Error::BrokenChain(
                "the certificates sign each other in a circle".into(),
            ));
        }
        line.extend(certificates.get(index).cloned());
        next = parents.get(index).copied().flatten();
    }
    if line.len() == certificates.len() {
        Ok(line)
    } else {
        Err(Error::BrokenChain("the certificates do not form one line".into()))
    }
}

/// For each certificate the place of the other one that signed it.
fn parents(certificates: &[Certificate]) -> Result<Vec<Option<usize>>, Error> {
    let mut checks = 2 * certificates.len() + 100;
    let mut parents = Vec::with_capacity(certificates.len());
    for child in certificates {
        let mut found = None;
        let named = certificates.iter().enumerate();
        for (index, parent) in named.filter(|(_, parent)| *parent != child && parent.subject() == child.issuer()) {
            checks = checks
                .checked_sub(1)
                .ok_or(Error::BrokenChain("too many certificates of one name".into()))?;
            if child.is_signed_by(parent) {
                found = Some(index);
                break;
            }
        }
        parents.push(found);
    }
    Ok(parents)
}
