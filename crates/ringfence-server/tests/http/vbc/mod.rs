//! The VBC APIs, suite by suite, and what stands before them.

mod coverage;
mod faults;
mod provisioning;
mod quotas;
