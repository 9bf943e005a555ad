//! Certificates made on the spot, right and wrong ones.

use std::fmt;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::CertificateFault;

/// What the server is called in each certificate of its own.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const SERVER: ExtendedKeyUsagePurpose = ExtendedKeyUsagePurpose::ServerAuth;
const CLIENT: ExtendedKeyUsagePurpose = ExtendedKeyUsagePurpose::ClientAuth;

/// Nobody is called so: RFC 6761 keeps the domain free.
const WRONG_NAME: &str = "wrong.invalid";

/// A certificate and its private key, both in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    certificate_pem: String,
    key_pem: String,
}

impl Identity {
    /// A certificate from elsewhere, for [`Tls::certificate`](crate::Tls::certificate). What it is
    /// worth is found out when a broker is started with it.
    pub fn from_pem(certificate_pem: impl Into<String>, key_pem: impl Into<String>) -> Self {
        Self {
            certificate_pem: certificate_pem.into(),
            key_pem: key_pem.into(),
        }
    }

    /// The certificate, in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key, in PEM.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key is nothing for a log.
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Who vouches for the server and its clients.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let params = authority_params("nack mock broker authority");
        let issuer = CertifiedIssuer::self_signed(params, key());
        Self {
            issuer: issuer.expect("a key of the default kind can sign"),
        }
    }

    /// An authority that this one vouches for.
    fn intermediate(&self) -> Result<Self, rcgen::Error> {
        let params = authority_params("nack mock broker intermediate authority");
        let issuer = CertifiedIssuer::signed_by(params, key(), &self.issuer)?;
        Ok(Self { issuer })
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub(super) fn server(
        &self,
        names: &[String],
        fault: Option<CertificateFault>,
    ) -> Result<Identity, rcgen::Error> {
        let names = match fault {
            Some(CertificateFault::WrongName) => vec![WRONG_NAME.to_owned()],
            _ => LOCAL_NAMES
                .map(str::to_owned)
                .into_iter()
                .chain(names.iter().cloned())
                .collect(),
        };
        let common_name = names[0].clone();
        let params = CertificateParams::new(names)?;
        let purposes = (SERVER, CLIENT);
        self.issue(params, purposes, &common_name, fault)
    }

    pub(super) fn client(&self, name: &str, fault: Option<CertificateFault>) -> Identity {
        let params = CertificateParams::default();
        let purposes = (CLIENT, SERVER);
        self.issue(params, purposes, name, fault)
            .expect("a key of the default kind can sign")
    }

    /// `purposes` are the right one and the wrong one.
    fn issue(
        &self,
        mut params: CertificateParams,
        purposes: (ExtendedKeyUsagePurpose, ExtendedKeyUsagePurpose),
        common_name: &str,
        fault: Option<CertificateFault>,
    ) -> Result<Identity, rcgen::Error> {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![match fault {
            Some(CertificateFault::WrongPurpose) => purposes.1,
            _ => purposes.0,
        }];
        params.use_authority_key_identifier_extension = true;
        let (from, until) = valid(fault);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = key();
        let certificate = match fault {
            Some(CertificateFault::SelfSigned) => params.self_signed(&key)?,
            Some(CertificateFault::UnknownAuthority) => {
                params.signed_by(&key, &Self::new().issuer)?
            }
            Some(CertificateFault::MissingIntermediate) => {
                params.signed_by(&key, &self.intermediate()?.issuer)?
            }
            _ => params.signed_by(&key, &self.issuer)?,
        };
        Ok(Identity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// For how many years a certificate is valid, of which the last one has begun: some clients refuse
/// what is valid for longer than 825 days.
const YEARS: i32 = 2;

/// From the beginning of which year until the beginning of which one a certificate is valid.
fn valid(fault: Option<CertificateFault>) -> (i32, i32) {
    const SECONDS_OF_A_YEAR: u64 = 31_556_952;
    // Years are not equally long, and clocks not equally right: a year has begun once it is two
    // days old.
    const TWO_DAYS: u64 = 2 * 24 * 60 * 60;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since_1970.map_or(0, |time| time.as_secs());
    let years = seconds.saturating_sub(TWO_DAYS) / SECONDS_OF_A_YEAR;
    let this_year = 1970 + i32::try_from(years).unwrap_or(0);
    match fault {
        Some(CertificateFault::Expired) => (this_year - 3, this_year - 1),
        Some(CertificateFault::NotYetValid) => (this_year + 2, this_year + 4),
        _ => (this_year, this_year + YEARS),
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let (from, until) = valid(None);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}
