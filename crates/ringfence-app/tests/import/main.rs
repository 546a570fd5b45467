//! Imports from folders of every kind into both engines, with real recorded speech.

mod asterisk;
mod folder;
mod manifest;
mod refusals;
