//! TLS for the listener: a given certificate, or one signed by itself for a first try.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// What is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text holds no certificate or no key in PEM form.
    #[error("{0} is not readable as PEM")]
    Pem(&'static str),
    /// The certificate and the key do not make a server.
    #[error("certificate and key do not fit or are not usable")]
    Unusable(#[source] rustls::Error),
    /// No certificate can be made for these names.
    #[error("a self-signed certificate cannot be made for these names")]
    SelfSigned(#[source] rcgen::Error),
}

/// A server's TLS settings with its certificate as PEM, for clients that must be told to trust it.
#[derive(Debug, Clone)]
pub struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    /// The certificate chain as PEM text.
    pub certificate_pem: String,
}

impl Tls {
    /// Takes a certificate chain and its private key, both as PEM text.
    ///
    /// # Errors
    /// A [`TlsError`] when either cannot be read or they do not fit.
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(certificates.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| TlsError::Pem("the certificate"))?;
        if chain.is_empty() {
            return Err(TlsError::Pem("the certificate"));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| TlsError::Pem("the private key"))?;
        Self::new(chain, key, certificates.to_owned())
    }

    /// Makes a new key and a certificate signed by itself for these host names and addresses.
    ///
    /// # Errors
    /// A [`TlsError`] when a name cannot stand in a certificate.
    pub fn self_signed(names: &[String]) -> Result<Self, TlsError> {
        let made =
            rcgen::generate_simple_self_signed(names.to_vec()).map_err(TlsError::SelfSigned)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Self::new(vec![made.cert.der().clone()], key.into(), made.cert.pem())
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        certificate_pem: String,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            certificate_pem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_a_certificate_that_a_server_takes() {
        let tls = Tls::self_signed(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        assert!(tls.certificate_pem.contains("BEGIN CERTIFICATE"));
        assert_eq!(tls.config.alpn_protocols.len(), 2);
    }

    #[test]
    fn refuses_a_key_that_does_not_fit() {
        let one = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
        let fitting = Tls::from_pem(&one.cert.pem(), &one.signing_key.serialize_pem());
        assert!(fitting.is_ok());
        let crossed = Tls::from_pem(&one.cert.pem(), &other.signing_key.serialize_pem());
        assert!(matches!(crossed, Err(TlsError::Unusable(_))));
        let empty = Tls::from_pem("", "");
        assert!(matches!(empty, Err(TlsError::Pem(_))));
    }
}
