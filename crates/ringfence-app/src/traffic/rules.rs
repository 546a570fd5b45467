//! The rules a request must pass, in their order.

/// One rule of admission (design §5) or of issuing a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// The request can be read in one way only, and holds its token where it belongs.
    Request,
    /// There is something at the path.
    Route,
    /// This node knows the present rights.
    Directory,
    /// The token was made by us, for these APIs.
    TokenGenuine,
    /// The token's time has begun and is not over.
    TokenTime,
    /// The token was not revoked.
    TokenStands,
    /// The credential exists and has not run out.
    Credential,
    /// The application exists, has keys, and may be used.
    Application,
    /// The person that the application acts for is active.
    Person,
    /// The application is subscribed to the API.
    Subscription,
    /// What was sent for the token is good: a code, a refresh token, a password.
    Grant,
    /// The account is active.
    Account,
    /// The person the credential acts for is active.
    Owner,
    /// The secret is one of the credential's, and in force.
    Secret,
    /// The call came to its own region.
    Region,
    /// The call came from an allowed network.
    Network,
    /// Token, credential and licence hold the scope.
    Scope,
    /// A quota is left.
    Quota,
    /// The owner may do this to this content.
    Content,
    /// The service behind the gateway answered.
    Upstream,
    /// There have not been too many failed tries.
    Patience,
}

/// The rules of a call, in the order in which they are asked.
pub const CALL_RULES: [Rule; 16] = [
    Rule::Request,
    Rule::Route,
    Rule::Directory,
    Rule::TokenGenuine,
    Rule::TokenTime,
    Rule::TokenStands,
    Rule::Credential,
    Rule::Account,
    Rule::Owner,
    Rule::Secret,
    Rule::Region,
    Rule::Network,
    Rule::Scope,
    Rule::Quota,
    Rule::Content,
    Rule::Upstream,
];

/// The rules of a request for a token, in the order in which they are asked.
pub const TOKEN_RULES: [Rule; 10] = [
    Rule::Request,
    Rule::Directory,
    Rule::Patience,
    Rule::Secret,
    Rule::Credential,
    Rule::Account,
    Rule::Owner,
    Rule::Network,
    Rule::Region,
    Rule::Scope,
];

/// The rules of a call with an application's token, in the order in which they are asked.
pub const APPLICATION_RULES: [Rule; 13] = [
    Rule::Request,
    Rule::Route,
    Rule::Directory,
    Rule::TokenGenuine,
    Rule::TokenTime,
    Rule::TokenStands,
    Rule::Application,
    Rule::Person,
    Rule::Account,
    Rule::Region,
    Rule::Subscription,
    Rule::Scope,
    Rule::Quota,
];

/// The rules of an application's request for a token, in the order in which they are asked.
pub const APPLICATION_TOKEN_RULES: [Rule; 10] = [
    Rule::Request,
    Rule::Directory,
    Rule::Patience,
    Rule::Secret,
    Rule::Application,
    Rule::Grant,
    Rule::Person,
    Rule::Account,
    Rule::Subscription,
    Rule::Scope,
];

/// Who can put it right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Remedy {
    /// Whoever wrote the calling program.
    Program,
    /// The owner of the credential.
    Owner,
    /// An administrator of the account.
    Admin,
    /// Those who run this installation.
    Operator,
    /// Nobody needs to: it passes.
    Time,
}

impl Rule {
    /// The rule in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Request => "The request can be read in one way only",
            Self::Route => "There is something at the path",
            Self::Directory => "The node knows the present rights",
            Self::TokenGenuine => "The token was made here, for these APIs",
            Self::TokenTime => "The token’s time has begun and is not over",
            Self::TokenStands => "The token was not revoked",
            Self::Credential => "The credential exists and has not run out",
            Self::Application => "The application has keys and is not suspended",
            Self::Person => "The person it acts for is active and not locked",
            Self::Subscription => "The application is subscribed to the API",
            Self::Grant => "The code, refresh token or password is good",
            Self::Account => "The account is active",
            Self::Owner => "The credential’s owner is active and not locked",
            Self::Secret => "The secret is right and in force",
            Self::Region => "The call came to its own region",
            Self::Network => "The call came from an allowed network",
            Self::Scope => "Token, credential and licence hold the scope",
            Self::Quota => "A quota is left",
            Self::Content => "The owner may do this to this content",
            Self::Upstream => "The service behind it answered",
            Self::Patience => "There were not too many failed tries",
        }
    }

    /// The rule in a few words, of a request of an application.
    #[must_use]
    pub const fn title_for_application(self) -> &'static str {
        match self {
            Self::Account => "The account of the person is active",
            Self::Scope => "The person allowed the scope",
            Self::Secret => "The consumer secret is right",
            Self::Region => "The token is for the region of the account",
            Self::Request
            | Self::Route
            | Self::Directory
            | Self::TokenGenuine
            | Self::TokenTime
            | Self::TokenStands
            | Self::Credential
            | Self::Application
            | Self::Person
            | Self::Subscription
            | Self::Grant
            | Self::Owner
            | Self::Network
            | Self::Quota
            | Self::Content
            | Self::Upstream
            | Self::Patience => self.title(),
        }
    }
}

impl Remedy {
    /// Who that is.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Program => "whoever wrote the calling program",
            Self::Owner => "the owner of the credential",
            Self::Admin => "an administrator of the account",
            Self::Operator => "the operator of this installation",
            Self::Time => "nobody needs to; it passes",
        }
    }
}
