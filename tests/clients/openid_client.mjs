// Ringfence as JavaScript's openid-client uses it. What it needs stands in RINGFENCE_CLIENT; where a person has to act, the
// address goes out as one line of JSON, and the address that they were sent to comes in as one line.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import * as client from "openid-client";

const world = JSON.parse(process.env.RINGFENCE_CLIENT);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = (said) => process.stdout.write(`${JSON.stringify(said)}\n`);
const step = (name) => tell({ step: name });
const visit = async (url) => {
  tell({ visit: url.href });
  return new URL((await lines.next()).value);
};

const server = new URL(world.issuer);
const basic = client.ClientSecretBasic(world.client_secret);
const config = await client.discovery(server, world.client_id, world.client_secret, basic);
client.enableNonRepudiationChecks(config);
const metadata = config.serverMetadata();
assert.equal(metadata.issuer, world.issuer);
step("discovery");

const [pkceCodeVerifier, expectedNonce, expectedState] = [
  client.randomPKCECodeVerifier(), client.randomNonce(), client.randomState(),
];
const back = await visit(client.buildAuthorizationUrl(config, {
  redirect_uri: world.redirect_uri,
  scope: "openid profile email offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  nonce: expectedNonce,
  state: expectedState,
}));
const tokens = await client.authorizationCodeGrant(config, back, {
  pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true,
});
step("code with PKCE");

const claims = tokens.claims();
assert.equal(claims.sub, world.subject);
assert.equal(claims.aud, world.client_id);
step("ID token");

const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
assert.equal(person.sub, claims.sub);
step("userinfo");

const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.notEqual(fresh.refresh_token, tokens.refresh_token);
assert.notEqual(fresh.access_token, tokens.access_token);
await client.fetchUserInfo(config, fresh.access_token, claims.sub);
step("refresh");

await client.tokenRevocation(config, fresh.refresh_token, { token_type_hint: "refresh_token" });
const refusedBy = performance.now() + 1000;
const refused = () => client.fetchUserInfo(config, fresh.access_token, claims.sub).then(() => undefined, (error) => error.status);
let status = await refused();
while (status === undefined && performance.now() < refusedBy) status = await refused();
assert.equal(status, 401, "a second after revocation");
await assert.rejects(client.refreshTokenGrant(config, fresh.refresh_token), (error) => error.error === "invalid_grant");
step("revocation");

const out = await visit(client.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token, post_logout_redirect_uri: world.post_logout, state: "bye",
}));
assert.equal(out.href, `${world.post_logout}?state=bye`);
step("logout");
process.exit(0);
