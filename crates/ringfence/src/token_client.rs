//! `ringfence token`: a token as a client program gets it.

use crate::connection::{ClientArgs, open};
use crate::failure::Done;
use crate::shell::Shell;
use clap::Args;
use ringfence_collect::token::{TokenWanted, token_get};
use serde_json::json;

pub(crate) const HELP: &str = "\
The token is kept, sealed, until nine tenths of its life have passed.

  ringfence token --url http://127.0.0.1:8080 --client-id ID --client-secret-file F --scope stats
  curl -H \"$(ringfence token --region emea … --scope stats --header)\" …";

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    client: ClientArgs,
    /// A scope to ask for; may be repeated
    #[arg(long = "scope", required = true)]
    scopes: Vec<String>,
    /// Print the whole header line: Authorization: Bearer …
    #[arg(long)]
    header: bool,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, args: TokenArgs) -> anyhow::Result<Done> {
    let (place, client_id, client_secret) = args.client.read()?;
    let ctx = open(shell).await?;
    let wanted = TokenWanted {
        place,
        client_id,
        client_secret,
        scopes: args.scopes,
    };
    let cache = shell.config.data_dir.join("tokens");
    let got = token_get(&ctx, &wanted, &cache).await?;
    if shell.json {
        shell.print_json(&json!({
            "access_token": got.value.expose(),
            "token_type": "Bearer",
            "expires_in": got.expires_in_secs,
            "scope": wanted.scopes.join(" "),
            "cached": got.was_cached,
        }));
    } else if args.header {
        shell.say(format_args!("Authorization: Bearer {}", got.value.expose()));
    } else {
        shell.say(got.value.expose());
    }
    Ok(Done::Clean)
}
