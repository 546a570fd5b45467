//! Small requests of our own to other servers: encrypted, short, bounded, and following no redirect.
//!
//! Where somebody else names the server, only addresses of the public internet are asked: a name is looked up and its
//! addresses are sifted in one step, so that it cannot mean another one a moment later.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use ringfence_core::sign_in::public_address::is_public;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tower::Service;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundFault {
    /// No encrypted connection can be made at all.
    #[error("connections cannot be encrypted")]
    Encryption(#[from] rustls::Error),
    /// A certificate that is to vouch for others is none.
    #[error("the extra root certificates cannot be read")]
    Roots,
    /// The address cannot be asked.
    #[error("the address cannot be asked")]
    Address,
    /// The address is of this machine or of a local network, which may not be asked.
    #[error("the address is not one of the public internet")]
    Private,
    /// It could not be reached, or broke off.
    #[error("the server cannot be reached or broke off")]
    Unreachable,
    /// It took too long.
    #[error("the server did not answer in time")]
    Timeout,
    /// It answered another status than 200.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// Its answer was cut, or longer than looked at.
    #[error("the answer was cut or too long")]
    Answer,
}

/// A client for small requests.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    client: Client<HttpsConnector<HttpConnector<Sifted>>, Full<Bytes>>,
    reach: Reach,
}

/// Which addresses may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any.
    Anywhere,
    /// Those of the public internet.
    PublicOnly,
}

/// Looks names up and leaves out what may not be asked.
#[derive(Debug, Clone)]
struct Sifted {
    inner: GaiResolver,
    reach: Reach,
}

impl Service<Name> for Sifted {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, reach) = (self.inner.call(name), self.reach);
        Box::pin(async move {
            let found = found.await?;
            let good: Vec<SocketAddr> = found.filter(|a| reach.allows(a.ip())).collect();
            if good.is_empty() {
                return Err(io::Error::other(OutboundFault::Private));
            }
            Ok(good.into_iter())
        })
    }
}

impl Reach {
    fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::PublicOnly => is_public(address),
        }
    }
}

impl Outbound {
    /// Makes the client. `extra_roots` is PEM text of certificates that vouch for servers besides the public ones.
    ///
    /// # Errors
    /// The cryptographic provider offers no TLS version that is safe, or a certificate is none.
    pub(crate) fn new(reach: Reach, extra_roots: Option<&str>) -> Result<Self, OutboundFault> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(pem) = extra_roots {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|_| OutboundFault::Roots)?;
                roots.add(certificate).map_err(|_| OutboundFault::Roots)?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let inner = GaiResolver::new();
        let mut http = HttpConnector::new_with_resolver(Sifted { inner, reach });
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, reach })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// See [`OutboundFault`].
    pub(crate) async fn get(
        &self,
        url: &Url,
        authorization: Option<HeaderValue>,
    ) -> Result<Bytes, OutboundFault> {
        let mut request = Request::get(self.uri(url)?).header(ACCEPT, "application/json");
        if let Some(mut value) = authorization {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::default());
        let (status, body) = self
            .send(request.map_err(|_| OutboundFault::Address)?)
            .await?;
        if status != StatusCode::OK {
            return Err(OutboundFault::Status(status));
        }
        Ok(body)
    }

    /// Sends a form, and gives the status and body of the answer.
    ///
    /// # Errors
    /// See [`OutboundFault`].
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: String,
        authorization: Option<HeaderValue>,
    ) -> Result<(StatusCode, Bytes), OutboundFault> {
        let mut request = Request::post(self.uri(url)?)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(mut value) = authorization {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::from(form));
        self.send(request.map_err(|_| OutboundFault::Address)?)
            .await
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), OutboundFault> {
        let exchange = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| unreachable(&error))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), LARGEST_ANSWER);
            let body = body.collect().await.map_err(|_| OutboundFault::Answer)?;
            Ok((status, body.to_bytes()))
        };
        timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| OutboundFault::Timeout)?
    }

    fn uri(&self, url: &Url) -> Result<Uri, OutboundFault> {
        // An address in digits is not looked up, so nothing else sifts it.
        let address = match url.host() {
            Some(url::Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(url::Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(url::Host::Domain(_)) => None,
            None => return Err(OutboundFault::Address),
        };
        if address.is_some_and(|address| !self.reach.allows(address)) {
            return Err(OutboundFault::Private);
        }
        url.as_str().parse().map_err(|_| OutboundFault::Address)
    }
}

/// Why there was no answer at all.
fn unreachable(error: &hyper_util::client::legacy::Error) -> OutboundFault {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(fault) = source {
        let io = fault.downcast_ref::<io::Error>();
        let private = io
            .and_then(io::Error::get_ref)
            .is_some_and(|inner| matches!(inner.downcast_ref(), Some(OutboundFault::Private)));
        if private {
            return OutboundFault::Private;
        }
        source = fault.source();
    }
    OutboundFault::Unreachable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn asks_only_public_addresses_where_somebody_else_names_them() {
        let outbound = Outbound::new(Reach::PublicOnly, None).unwrap();
        for private in [
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
            "https://169.254.169.254/latest",
            "https://10.0.0.1/",
            // Names are sifted after they are looked up.
            "http://localhost:9/",
        ] {
            let outcome = outbound.get(&Url::parse(private).unwrap(), None).await;
            assert!(
                matches!(outcome, Err(OutboundFault::Private)),
                "{private}: {outcome:?}"
            );
        }
        let outbound = Outbound::new(Reach::Anywhere, None).unwrap();
        let outcome = outbound
            .get(&Url::parse("http://127.0.0.1:9/").unwrap(), None)
            .await;
        assert!(
            matches!(outcome, Err(OutboundFault::Unreachable)),
            "{outcome:?}"
        );
    }

    #[test]
    fn refuses_roots_that_are_no_certificates() {
        let made = rcgen::generate_simple_self_signed(vec!["id.example".to_owned()]).unwrap();
        assert!(Outbound::new(Reach::Anywhere, Some(&made.cert.pem())).is_ok());
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let outcome = Outbound::new(Reach::Anywhere, Some(broken));
        assert!(matches!(outcome, Err(OutboundFault::Roots)));
    }
}
