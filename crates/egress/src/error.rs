//! Failures, by what they mean for the caller.

use http::StatusCode;
use thiserror::Error;

/// Why there is no response.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum EgressError {
    /// No byte of the request was written. It may be sent again.
    #[error("not sent: {0}")]
    NotSent(NotSent),
    /// The host took the request and answered with more than may be read.
    #[error("the response is larger than {limit} bytes")]
    TooLarge {
        /// The status it answered with.
        status: StatusCode,
        /// The bound that was passed, in bytes.
        limit: usize,
    },
    /// The request may have arrived and may have been acted on. It must not be sent again unless
    /// doing it twice is harmless.
    #[error("outcome unknown: {0}")]
    Unknown(Unknown),
}

/// Why nothing was written.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotSent {
    /// The host is, or its name leads only to, an address that the policy does not allow.
    #[error("the host's address is not public and not allowed by configuration")]
    AddressRefused,
    /// A kept-alive connection was closed, and another could not be had.
    #[error("the connection was closed before the request was written")]
    Closed,
    /// No connection could be made.
    #[error("the connection was refused or the host cannot be reached")]
    Connect,
    /// Name, connection and TLS together took too long.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The name has no address, or the name server did not answer.
    #[error("the host's name could not be resolved")]
    Name,
    /// The scheme is `http` and the host is not one that may be spoken to in plain.
    #[error("the URL is not https and the host is not allowed in plain by configuration")]
    PlainRefused,
    /// TLS failed: the certificate does not hold, or the other side does not speak it.
    #[error("TLS failed")]
    Tls,
    /// The URL has another scheme than http or https, credentials, or no usable host.
    #[error("the URL is not one that may be called")]
    UrlRefused,
}

/// What happened after the request started to be written.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Unknown {
    /// The connection ended before the response was whole.
    #[error("the connection was cut before the response was whole")]
    Cut,
    /// What came back is not HTTP/1.1.
    #[error("the response is malformed")]
    Malformed,
    /// The response was not whole in time.
    #[error("no whole response in time")]
    TimedOut,
}

/// Why the client could not be set up.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SetupError {
    /// A certificate that is to be trusted cannot be read as one.
    #[error("a certificate to be trusted is none")]
    Root,
    /// The cryptography refused the TLS settings.
    #[error("TLS could not be set up")]
    Tls,
}

/// Why an allowance could not be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum AllowanceError {
    /// Not a host name or an address.
    #[error("not a host: expected `host`, `host:port`, `[IPv6]:port` or `address/prefix`")]
    Host,
    /// Not a port from 1 to 65535.
    #[error("not a port: expected 1 to 65535")]
    Port,
    /// Not a prefix length of that kind of address, or the address has bits beyond it.
    #[error("not a network: expected a prefix of 0 to 32 or 128 bits and an address within it")]
    Prefix,
}
