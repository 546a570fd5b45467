//! Small requests of our own to other servers: encrypted, short, bounded, and following no redirect.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
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
    /// The address cannot be asked.
    #[error("the address cannot be asked")]
    Address,
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
pub(crate) struct Outbound(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Outbound {
    /// Makes the client.
    ///
    /// # Errors
    /// The cryptographic provider offers no TLS version that is safe.
    pub(crate) fn new() -> Result<Self, OutboundFault> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
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
        let mut request = Request::get(uri(url)?).header(ACCEPT, "application/json");
        if let Some(mut value) = authorization {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::default());
        self.send(request.map_err(|_| OutboundFault::Address)?)
            .await
    }

    /// Sends a form.
    ///
    /// # Errors
    /// See [`OutboundFault`].
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: String,
        authorization: Option<HeaderValue>,
    ) -> Result<Bytes, OutboundFault> {
        let mut request = Request::post(uri(url)?)
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

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, OutboundFault> {
        let exchange = async {
            let response = self.0.request(request).await;
            let response = response.map_err(|_| OutboundFault::Unreachable)?;
            if response.status() != StatusCode::OK {
                return Err(OutboundFault::Status(response.status()));
            }
            let body = Limited::new(response.into_body(), LARGEST_ANSWER);
            let body = body.collect().await.map_err(|_| OutboundFault::Answer)?;
            Ok(body.to_bytes())
        };
        timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| OutboundFault::Timeout)?
    }
}

fn uri(url: &Url) -> Result<Uri, OutboundFault> {
    url.as_str().parse().map_err(|_| OutboundFault::Address)
}
