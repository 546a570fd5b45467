//! API suites as people read of them.

use super::catalogue::Op;
use ringfence_core::suite::Suite;

/// A suite on a page.
#[derive(Clone, Debug)]
pub(super) struct SuiteView {
    /// Its name in addresses.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) context: String,
    pub(super) version: &'static str,
    pub(super) is_served: bool,
    /// How many of the developer's applications are subscribed.
    pub(super) n_applications: usize,
}

/// Operations under one heading.
#[derive(Debug)]
pub(super) struct OpGroup {
    pub(super) name: &'static str,
    pub(super) ops: Vec<&'static Op>,
}

impl SuiteView {
    pub(super) fn of(suite: Suite, n_applications: usize) -> Self {
        Self {
            name: suite.name(),
            title: title(suite),
            about: about(suite),
            context: format!("/t/vbc.prod{}", suite.context()),
            version: suite.version(),
            is_served: suite.is_served(),
            n_applications,
        }
    }
}

/// The name people know it by.
pub(super) const fn title(suite: Suite) -> &'static str {
    match suite {
        Suite::Provisioning => "Provisioning",
        Suite::CallRecording => "Call Recording",
        Suite::CallRecordingIndia => "Call Recording India",
        Suite::Reports => "Reports",
        Suite::Telephony => "Telephony",
        Suite::VonageIntegrationSuite => "Vonage Integration Suite",
    }
}

const fn about(suite: Suite) -> &'static str {
    match suite {
        Suite::Provisioning => {
            "Account, Extension and User: what an account is made of, with its locations, people, extensions, devices and numbers."
        }
        Suite::CallRecording => {
            "Company and on-demand call recordings: listed, heard, exported and deleted, with transcriptions."
        }
        Suite::CallRecordingIndia => "Company call recordings of accounts served in India.",
        Suite::Reports => "Call logs of an account, by time, direction and user.",
        Suite::Telephony => "Calls in progress and their legs, and the registrations of devices.",
        Suite::VonageIntegrationSuite => {
            "A user’s own calls and their events, with webhooks that tell of them."
        }
    }
}
