//! A road to a TCP server that a test can close: what a stopped database or a cut cable looks like.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes connections on while it is open; closing it cuts those that exist.
#[derive(Debug)]
pub struct TcpGate {
    /// Where to connect instead of the server itself.
    pub address: SocketAddr,
    open: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl TcpGate {
    /// Opens a gate in front of a server.
    ///
    /// # Panics
    /// No port is free.
    pub async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let (open, state) = watch::channel(true);
        let task = tokio::spawn(async move {
            loop {
                let Ok((inside, _)) = listener.accept().await else {
                    continue;
                };
                if *state.borrow() {
                    tokio::spawn(pass(inside, server.clone(), state.clone()));
                }
            }
        });
        Self {
            address,
            open,
            task,
        }
    }

    /// Cuts every connection and accepts no new one.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for TcpGate {
    fn drop(&mut self) {
        self.task.abort();
        self.open.send_replace(false);
    }
}

async fn pass(mut inside: TcpStream, server: String, mut open: watch::Receiver<bool>) {
    let Ok(mut outside) = TcpStream::connect(server).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut inside, &mut outside) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
