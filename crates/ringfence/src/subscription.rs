//! `ringfence subscription`: which API suites an application may call.

use crate::failure::Done;
use crate::shell::Shell;
use clap::{Args, Subcommand};
use ringfence_app::applications::operate::{
    application_look, owner_stand_in, subscription_block, subscription_owner_stand_in,
};
use ringfence_app::applications::subscriptions::{
    Subscribed, subscription_add, subscription_remove,
};
use ringfence_app::context::Actor;
use ringfence_core::application::Plan;
use ringfence_core::id::{ApplicationId, SubscriptionId};
use ringfence_core::suite::Suite;
use serde_json::{Value, json};

const SUITES_HELP: &str = "Suites: Provisioning, CallRecording, CallRecordingIndia, Reports, Telephony, VonageIntegrationSuite.
One token works for every suite the application is subscribed to. Suites that this installation does not serve yet can
be subscribed to, and their paths answer 404.";

/// Subscriptions of applications to API suites.
#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// Let an application call a suite
    #[command(after_help = SUITES_HELP)]
    Add(AddArgs),
    /// List what an application is subscribed to
    List(ListArgs),
    /// End a subscription: calls are refused within one second, with every token
    Remove(IdArgs),
    /// Refuse calls within one second; the developer cannot lift it
    Block(IdArgs),
    /// Take calls again
    Unblock(IdArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The application's id, as `app list` shows it
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
    /// The suite, such as Provisioning
    #[arg(value_parser = Suite::parse)]
    suite: Suite,
    /// The business plan
    #[arg(long, value_parser = Plan::parse, default_value = "Standard")]
    plan: Plan,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The application's id
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The subscription's id, as `subscription list` shows it
    #[arg(value_parser = SubscriptionId::parse)]
    subscription: SubscriptionId,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: SubscriptionCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    let one = match command {
        SubscriptionCommand::List(args) => {
            let application = application_look(&ctx, args.application).await?.application;
            let of = |subscription| Subscribed {
                application: application.clone(),
                subscription,
            };
            let all: Vec<_> = application
                .subscriptions
                .clone()
                .into_iter()
                .map(of)
                .collect();
            let rows = all.iter().map(row).collect::<Vec<_>>();
            shell.table(&HEADINGS, &rows);
            if shell.json {
                shell.print_json(&all.iter().map(view).collect());
            }
            return Ok(Done::Clean);
        }
        SubscriptionCommand::Add(args) => {
            let caller = owner_stand_in(&ctx, &actor, args.application).await?;
            let wanted = (args.suite, args.plan);
            subscription_add(&ctx, &caller, args.application, wanted).await?
        }
        SubscriptionCommand::Remove(args) => {
            let id = args.subscription;
            let caller = subscription_owner_stand_in(&ctx, &actor, id).await?;
            subscription_remove(&ctx, &caller, id).await?;
            shell.say(format!("Removed {id}."));
            if shell.json {
                shell.print_json(&json!({"id": id.to_string(), "removed": true}));
            }
            return Ok(Done::Clean);
        }
        SubscriptionCommand::Block(args) => {
            subscription_block(&ctx, &actor, args.subscription, true).await?
        }
        SubscriptionCommand::Unblock(args) => {
            subscription_block(&ctx, &actor, args.subscription, false).await?
        }
    };
    shell.table(&HEADINGS, &[row(&one)]);
    if shell.json {
        shell.print_json(&view(&one));
    }
    Ok(Done::Clean)
}

const HEADINGS: [&str; 5] = ["SUBSCRIPTION", "APPLICATION", "SUITE", "PLAN", "STATUS"];

fn row(one: &Subscribed) -> Vec<String> {
    vec![
        one.subscription.id.to_string(),
        one.application.name.to_string(),
        one.subscription.suite.name().to_owned(),
        one.subscription.plan.as_str().to_owned(),
        one.subscription.status.as_str().to_owned(),
    ]
}

fn view(one: &Subscribed) -> Value {
    json!({
        "id": one.subscription.id.to_string(),
        "application": one.application.id.to_string(),
        "suite": one.subscription.suite.name(),
        "plan": one.subscription.plan.as_str(),
        "status": one.subscription.status.as_str(),
        "made_at": one.subscription.made_at.to_iso_millis(),
    })
}
