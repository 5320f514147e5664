//! Who issued a certificate: as much DER as that takes.
//!
//! A certificate is read here exactly when it is not trusted, so every length is checked and
//! anything odd is `None`.

/// The common name and organisation of the issuer of an X.509 certificate, such as
/// `R11 (Let's Encrypt)`; not fit for a terminal yet.
///
/// The way there is fixed by RFC 5280, section 4.1: version, serial number, signature algorithm,
/// issuer.
pub(super) fn issuer(certificate: &[u8]) -> Option<String> {
    let mut rest = certificate;
    let mut to_be_signed = element(&mut rest, SEQUENCE)?;
    let mut fields = element(&mut to_be_signed, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        element(&mut fields, VERSION)?;
    }
    element(&mut fields, INTEGER)?;
    element(&mut fields, SEQUENCE)?;
    let name = element(&mut fields, SEQUENCE)?;
    match (attribute(name, COMMON_NAME), attribute(name, ORGANISATION)) {
        (Some(name), Some(organisation)) => Some(format!("{name} ({organisation})")),
        (name, organisation) => name.or(organisation),
    }
}

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const BMP_STRING: u8 = 0x1e;

/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// 2.5.4.10
const ORGANISATION: &[u8] = &[0x55, 4, 10];

/// The text of one attribute of a name, which is a sequence of sets of pairs.
fn attribute(mut name: &[u8], wanted: &[u8]) -> Option<String> {
    while let Some(mut set) = element(&mut name, SET) {
        let mut pair = element(&mut set, SEQUENCE)?;
        if element(&mut pair, OBJECT_IDENTIFIER)? == wanted {
            let (tag, text) = any(&mut pair)?;
            return Some(decode(tag, text));
        }
    }
    None
}

/// Old Windows authorities write UTF-16; every other string type in use contains ASCII or UTF-8.
fn decode(tag: u8, text: &[u8]) -> String {
    if tag != BMP_STRING {
        return String::from_utf8_lossy(text).into_owned();
    }
    let units: Vec<u16> =
        text.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// Takes the next element off `input` if it is of that kind.
fn element<'a>(input: &mut &'a [u8], wanted: u8) -> Option<&'a [u8]> {
    let (tag, body) = any(input)?;
    (tag == wanted).then_some(body)
}

fn any<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = input.split_first()?;
    let (length, rest) = length(rest)?;
    let (body, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some((tag, body))
}

/// A length is one byte below 128, or the number of bytes that hold it, which are up to four here.
fn length(input: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = input.split_first()?;
    match first {
        0..=0x7f => Some((first.into(), rest)),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked((first & 0x7f).into())?;
            Some((digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

    fn certificate(names: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn text(text: &str) -> DnValue {
        DnValue::Utf8String(text.into())
    }

    #[test]
    fn the_issuer_is_named_with_its_organisation() {
        let der = certificate(&[
            (DnType::CountryName, text("DE")),
            (DnType::OrganizationName, text("Überall AG")),
            (DnType::CommonName, text("Corporate TLS Inspection CA")),
        ]);
        assert_eq!(issuer(&der).unwrap(), "Corporate TLS Inspection CA (Überall AG)");
    }

    #[test]
    fn an_issuer_in_utf_16_is_readable() {
        let name = DnValue::BmpString("Zürich CA".try_into().unwrap());
        assert_eq!(issuer(&certificate(&[(DnType::CommonName, name)])).unwrap(), "Zürich CA");
    }

    #[test]
    fn a_nameless_issuer_is_none() {
        assert_eq!(issuer(&certificate(&[])), None);
    }

    #[test]
    fn no_broken_certificate_panics() {
        let der = certificate(&[(DnType::CommonName, text("x"))]);
        for end in 0..der.len() {
            issuer(&der[..end]);
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut broken = der.clone();
                broken[end] = value;
                issuer(&broken);
            }
        }
    }
}
