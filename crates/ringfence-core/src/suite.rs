//! API suites: what an application subscribes to (vbc-api §0.1, §2.3).

use thiserror::Error;

/// A group of APIs that is subscribed to as one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Suite {
    /// Accounts, users and extensions.
    Provisioning,
    /// Company and on-demand recordings.
    CallRecording,
    /// The same for India.
    CallRecordingIndia,
    /// Call logs.
    Reports,
    /// Call control and device registrations.
    Telephony,
    /// One user's own calls, events and webhooks.
    VonageIntegrationSuite,
}

/// The text is no suite of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "the suite is not one of Provisioning, CallRecording, CallRecordingIndia, Reports, Telephony, VonageIntegrationSuite"
)]
pub struct SuiteError;

impl Suite {
    /// Every suite, in the order of the catalogue.
    pub const ALL: [Self; 6] = [
        Self::Provisioning,
        Self::CallRecording,
        Self::CallRecordingIndia,
        Self::Reports,
        Self::Telephony,
        Self::VonageIntegrationSuite,
    ];

    /// Its name in the catalogue.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "Provisioning",
            Self::CallRecording => "CallRecording",
            Self::CallRecordingIndia => "CallRecordingIndia",
            Self::Reports => "Reports",
            Self::Telephony => "Telephony",
            Self::VonageIntegrationSuite => "VonageIntegrationSuite",
        }
    }

    /// Where its paths begin, below `/t/vbc.prod`.
    #[must_use]
    pub const fn context(self) -> &'static str {
        match self {
            Self::Provisioning => "/provisioning",
            Self::CallRecording => "/call_recording",
            Self::CallRecordingIndia => "/call_recording_india",
            Self::Reports => "/reports",
            Self::Telephony => "/telephony",
            Self::VonageIntegrationSuite => "/vis",
        }
    }

    /// The version in its paths.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Telephony => "v3",
            Self::Provisioning
            | Self::CallRecording
            | Self::CallRecordingIndia
            | Self::Reports
            | Self::VonageIntegrationSuite => "v1",
        }
    }

    /// Whether its paths also answer without the version.
    #[must_use]
    pub const fn is_default_version(self) -> bool {
        match self {
            Self::Provisioning | Self::CallRecording | Self::CallRecordingIndia | Self::Reports => {
                true
            }
            Self::Telephony | Self::VonageIntegrationSuite => false,
        }
    }

    /// Whether this program answers its operations; the others can be subscribed to and answer 404.
    #[must_use]
    pub const fn is_served(self) -> bool {
        match self {
            Self::Provisioning => true,
            Self::CallRecording
            | Self::CallRecordingIndia
            | Self::Reports
            | Self::Telephony
            | Self::VonageIntegrationSuite => false,
        }
    }

    /// Parses the name, letter by letter.
    ///
    /// # Errors
    /// The text is no suite.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.name() == text)
            .ok_or(SuiteError)
    }
}
