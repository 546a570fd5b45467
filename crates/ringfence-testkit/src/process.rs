//! The real binary as processes: commands that end, and servers that can be killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The binary under test and the store its commands work on.
#[derive(Clone, Debug)]
pub struct Binary {
    /// The executable.
    pub path: PathBuf,
    /// `--data-dir`.
    pub data_dir: PathBuf,
    /// `--database-url`, when the store is not the SQLite file of the data folder.
    pub database_url: Option<String>,
}

/// A running server.
#[derive(Debug)]
pub struct ServerProcess {
    /// Where it answers, `http://127.0.0.1:PORT`.
    pub url: String,
    child: Child,
}

impl Binary {
    /// A command with the global flags set.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        // Settings of the machine that runs the tests are none of theirs.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RINGFENCE_") {
                command.env_remove(name);
            }
        }
        command.arg("--data-dir").arg(&self.data_dir);
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        command.args(args);
        command
    }

    /// Runs a command to its end with this standard input.
    ///
    /// # Panics
    /// The binary cannot be started.
    #[must_use]
    pub fn output(&self, args: &[&str], stdin: &str) -> Output {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut pipe = child.stdin.take().expect("standard input is piped");
        // A command that does not read its input may have closed it.
        let _ = pipe.write_all(stdin.as_bytes());
        drop(pipe);
        child.wait_with_output().expect("the command ends")
    }

    /// Runs a command that must succeed, and reads what it prints under `--json`.
    ///
    /// # Panics
    /// It failed, or printed something else than one JSON value.
    #[must_use]
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let args = [&["--json"], args].concat();
        let output = self.output(&args, "");
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("--json prints one JSON value")
    }

    /// Starts a server and waits until it says that it is ready. `127.0.0.1:0` takes a free port.
    ///
    /// # Panics
    /// It ends instead.
    #[must_use]
    pub fn serve(&self, listen: &str, more: &[&str]) -> ServerProcess {
        let args = [&["--json", "-q", "-q", "serve", "--listen", listen], more].concat();
        let mut child = self
            .command(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let stdout = child.stdout.take().expect("standard output is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the server prints its address");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("the server is ready");
        ServerProcess {
            url: format!("http://{}", ready["listen"].as_str().expect("an address")),
            child,
        }
    }
}

impl ServerProcess {
    /// The address without scheme, for `--listen` of a restart.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url
            .split_once("://")
            .map_or("", |(_, address)| address)
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// The process is gone already.
    pub fn kill(mut self) {
        self.child.kill().expect("the server still runs");
        self.child.wait().expect("the server ends");
    }

    /// SIGTERM, and its exit code once it has drained.
    ///
    /// # Panics
    /// It cannot be told.
    #[must_use]
    pub fn terminate(mut self) -> Option<i32> {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .expect("kill is there");
        assert!(told.success());
        self.child.wait().expect("the server ends").code()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // After `kill` or `terminate` there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A data folder with a copy of another one's master key, as nodes of one installation share it.
///
/// # Panics
/// The disk does not let us.
#[must_use]
pub fn data_dir_with_key(folder: &Path, name: &str, key: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder.join(name);
    std::fs::create_dir_all(&dir).expect("a folder can be made");
    let file = dir.join("master.key");
    std::fs::write(&file, key).expect("a key file can be written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))
        .expect("its mode can be set");
    dir
}
