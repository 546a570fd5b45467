//! Developers, applications and tokens of people of VBC accounts.

use crate::test_app::{TestApp, actor};
use ringfence_app::accounts::{NewAccount, account_create};
use ringfence_app::context::Change;
use ringfence_app::token::grant::end::grants_end;
use ringfence_core::account::{Account, AccountKind, AccountName, Region, TokenAlg};
use ringfence_core::application::{
    AppQuota, Application, ApplicationKeys, ApplicationName, ApplicationStatus, GrantTypes, Plan,
    Subscription, SubscriptionStatus,
};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::{ConsumerKey, consumer_secret_generate};
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::id::{
    ApplicationId, DeveloperId, GrantId, KeyMappingId, SubscriptionId, TokenId,
};
use ringfence_core::issuer::vbc_audience;
use ringfence_core::jwt::user_claims::{Subject, UserClaims};
use ringfence_core::secret::Secret;
use ringfence_core::suite::Suite;
use ringfence_core::time::Timestamp;
use ringfence_core::user::User;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::feed::FeedKind;
use ringfence_store::grants::Whose;
use ringfence_store::sign_in::totp::{Totp, totp_insert};
use ringfence_store::{applications, developers};
use serde_json::json;

/// Where test applications have people sent back to.
pub const CALLBACK: &str = "https://app.example/callback";

/// An application with its secret.
#[derive(Debug)]
pub struct TestApplication {
    /// The application as it was made.
    pub application: Application,
    /// Its consumer key.
    pub key: String,
    /// Its consumer secret.
    pub secret: Secret<String>,
}

impl TestApp {
    /// Makes a VBC account in North America.
    pub async fn vbc_account(&self, name: &str) -> Account {
        let new = NewAccount {
            name: AccountName::parse(name).expect("the test names a good account"),
            region: Region::Nam,
            kind: AccountKind::Vbc,
            token_alg: TokenAlg::Rs256,
        };
        account_create(&self.ctx, &actor(), new)
            .await
            .expect("the account is made")
    }

    /// Makes a developer without a password.
    pub async fn developer(&self, username: &str) -> Developer {
        let now = self.ctx.now();
        let developer = Developer {
            id: DeveloperId::new(now, &*self.ctx.random),
            username: DeveloperName::parse(username).expect("the test names a good developer"),
            name: "Dana Dev".to_owned(),
            email: format!("{username}@example.com"),
            company: "Example Software".to_owned(),
            active: true,
            epoch: 0,
            created_at: now,
            last_login_at: None,
        };
        let mut tx = self.ctx.db.begin_write().await.expect("the store opens");
        developers::developer_insert(&mut tx, &developer, None)
            .await
            .expect("the developer is made");
        tx.commit().await.expect("the change is kept");
        developer
    }

    /// Makes an application with keys for every grant, subscribed to Provisioning, without a quota.
    pub async fn application(&self, developer: &Developer, name: &str) -> TestApplication {
        self.application_with(developer, name, |_| {}).await
    }

    /// Makes such an application, changed by the test before it is.
    pub async fn application_with(
        &self,
        developer: &Developer,
        name: &str,
        change: impl FnOnce(&mut Application),
    ) -> TestApplication {
        let now = self.ctx.now();
        let random = &*self.ctx.random;
        let key = ConsumerKey::generate(random);
        let secret = consumer_secret_generate(random);
        let mut application = Application {
            id: ApplicationId::new(now, random),
            developer_id: developer.id,
            name: ApplicationName::parse(name).expect("the test names a good application"),
            description: String::new(),
            quota: AppQuota::Unlimited,
            status: ApplicationStatus::Approved,
            verified: false,
            epoch: 0,
            created_at: now,
            version: 1,
            keys: Some(ApplicationKeys {
                mapping_id: KeyMappingId::new(now, random),
                consumer_key: key,
                secret: Some(self.ctx.digest_key.digest(secret.expose())),
                grant_types: GrantTypes::parse(
                    "authorization_code password refresh_token client_credentials",
                )
                .expect("the grants are good"),
                callbacks: vec![CallbackUrl::parse(CALLBACK).expect("the callback is good")],
                post_logout: Vec::new(),
                pkce_optional: false,
                made_at: now,
                secret_made_at: now,
            }),
            subscriptions: vec![Subscription {
                id: SubscriptionId::new(now, random),
                suite: Suite::Provisioning,
                plan: Plan::Standard,
                status: SubscriptionStatus::Unblocked,
                made_at: now,
            }],
        };
        change(&mut application);
        self.application_put(&application).await;
        TestApplication {
            application,
            key: key.to_string(),
            secret,
        }
    }

    async fn application_put(&self, application: &Application) {
        let mut tx = self.ctx.db.begin_write().await.expect("the store opens");
        let id = application.id;
        applications::application_insert(&mut tx, application)
            .await
            .expect("the application is made");
        applications::application_keys_set(&mut tx, id, application.keys.as_ref())
            .await
            .expect("the keys are set");
        for subscription in &application.subscriptions {
            applications::subscriptions::subscription_insert(&mut tx, id, subscription)
                .await
                .expect("the subscription is made");
        }
        let change = Change {
            kind: FeedKind::Application,
            account_id: None,
            act: "application.create",
            subject: id.to_string(),
            detail: json!({}),
            actor: &actor(),
        };
        self.ctx
            .record(&mut tx, change)
            .await
            .expect("the change is recorded");
        self.ctx.commit(tx).await.expect("the change is kept");
        self.caught_up().await;
    }

    /// Suspends an application.
    pub async fn application_suspended(&self, of: &TestApplication) {
        let id = of.application.id;
        let mut tx = self.ctx.db.begin_write().await.expect("the store opens");
        let found = applications::application_find(&mut tx, id).await;
        let mut application = found
            .expect("the store answers")
            .expect("the application is there");
        application.status = ApplicationStatus::Suspended;
        application.version += 1;
        applications::application_update(&mut tx, &application)
            .await
            .expect("the application is changed");
        let change = Change {
            kind: FeedKind::Application,
            account_id: None,
            act: "application.suspend",
            subject: id.to_string(),
            detail: json!({}),
            actor: &actor(),
        };
        self.ctx
            .record(&mut tx, change)
            .await
            .expect("the change is recorded");
        self.ctx.commit(tx).await.expect("the change is kept");
        self.caught_up().await;
    }

    /// Ends what a person has allowed an application, as withdrawing the consent does; gives how many grants it was.
    pub async fn grants_withdrawn(&self, user: &User, of: &TestApplication) -> usize {
        let whose = Whose::UserAt(user.id, of.application.id);
        let mut tx = self.ctx.db.begin_write().await.expect("the store opens");
        let n = grants_end(&self.ctx, &mut tx, whose, "consent_withdrawn", &actor())
            .await
            .expect("the grants end");
        self.ctx.commit(tx).await.expect("the change is kept");
        self.caught_up().await;
        n
    }

    /// Gives a person an authenticator app whose codes nobody knows.
    pub async fn authenticator(&self, user: &User) {
        let totp = Totp {
            sealed: vec![1],
            last_step: 0,
            created_at: self.ctx.now(),
        };
        let mut tx = self.ctx.db.begin_write().await.expect("the store opens");
        totp_insert(&mut tx, user.id, &totp)
            .await
            .expect("the app is kept");
        tx.commit().await.expect("the change is kept");
    }

    /// A token with which an application acts for a person, as if the person had just allowed it.
    ///
    /// Its grant is in no store: what needs one (refreshing, revoking) goes through the token service.
    pub async fn user_token(&self, of: &TestApplication, user: &User, scope: &str) -> String {
        self.caught_up().await;
        let now = self.ctx.now();
        let snapshot = self.ctx.directory.snapshot();
        let live = snapshot
            .live_user(of.application.id, user.id)
            .expect("application and person may act");
        let iat = Timestamp::from_secs(now.secs());
        let claims = UserClaims {
            iss: self.ctx.token.vbc_issuer.clone(),
            aud: vbc_audience(live.account.region),
            exp: iat.plus_secs(i64::from(self.ctx.settings.vbc.access_ttl_secs)),
            iat,
            nbf: iat,
            jti: TokenId::new(now, &*self.ctx.random),
            client_id: ConsumerKey::parse(&of.key).expect("a consumer key"),
            application: of.application.id,
            scope: UserScopes::parse(scope).expect("the test names good scopes"),
            subject: Subject::User {
                account: live.account.id,
                user: user.id,
                grant: GrantId::new(now, &*self.ctx.random),
                region: live.account.region,
            },
            epoch: live.epoch,
        };
        let key = snapshot
            .signing_key(live.account.token_alg, now)
            .expect("a key is in use");
        key.signing
            .sign_access_token(claims.to_json().as_bytes())
            .expect("the token is signed")
    }
}
