//! HTTP in, HTTP out.
//!
//! Rooms that do not know each other (`oauth`, `gateway`, `vcc`, `manage`, `portal`), a hall they share
//! (`web`), `routes`, where every URL stands, and [`router`], which puts
//! them together. Nothing here speaks SQL or decides
//! who may do what: handlers call one act of `ringfence-app` each.

pub mod app;
pub mod gateway;
mod manage;
mod oauth;
pub mod openapi;
mod portal;
pub mod router;
mod routes;
mod vbc;
mod vcc;
pub mod web;
