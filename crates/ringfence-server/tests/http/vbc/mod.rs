//! The VBC APIs, suite by suite, and what stands before them.

mod faults;
mod provisioning;
mod quotas;
