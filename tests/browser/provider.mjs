// Through an OpenID Connect provider of another make, and back: npm's oidc-provider, with its own pages.

import Provider from "oidc-provider";
import { assert, equal, finish, keeps, launch, picture, step, world } from "./lib.mjs";

const { port, secret } = world.provider;
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "ringfence", client_secret: secret, redirect_uris: [`${world.url}/login/sso/corp/callback`, `${world.url}/login/sso/acme.house/callback`] }],
  claims: { profile: ["preferred_username"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  // Its own page asks for any name; who that is here is the claim.
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
});
const server = provider.listen(port);

const browser = await launch();

/** Signs in at the provider as that person, and gives the page where that leads here. */
const comeAs = async (name, button = "Sign in with Example Corp", account = undefined) => {
  const context = await browser.newContext({ baseURL: world.url });
  const page = await context.newPage();
  await page.goto("/login?next=%2Fadmin%2Fme");
  if (account !== undefined) {
    await page.getByText("Sign in through my organisation").click();
    await page.getByLabel("Account or e-mail address").fill(account);
    await page.getByRole("button", { name: "Show ways in" }).click();
    await keeps(page, "the ways in of an account");
  }
  await page.getByRole("link", { name: button }).click();
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("anything");
  await page.locator("button[type=submit]").click();
  await page.locator("form button[type=submit]").click();
  await page.waitForURL((url) => url.origin === world.url);
  return page;
};

await step("a person of the account comes in", async () => {
  const page = await comeAs(world.people.supervisor.username);
  equal(new URL(page.url()).pathname, "/admin/me", "the page they wanted");
  assert((await page.getByRole("main").innerText()).includes("corp"), "the session says how it began");
  await picture(page, "provider-in");
  await page.context().close();
});

await step("who is unknown here, or of another account, does not", async () => {
  for (const name of ["nobody@acme.example", world.people.stranger.username]) {
    const page = await comeAs(name);
    equal(new URL(page.url()).pathname, "/login", name);
    assert((await page.locator(".error-summary").innerText()).includes("did not sign you in"), "it says so");
    await page.goto("/admin");
    assert(page.url().includes("/login"), "nobody is in");
    await page.context().close();
  }
});

await step("a person comes in through the provider that their account keeps", async () => {
  const page = await comeAs(world.people.supervisor.username, "Sign in with House Keys", "acme");
  equal(new URL(page.url()).pathname, "/admin/me", "the page they wanted");
  assert((await page.getByRole("main").innerText()).includes("acme.house"), "the session says how it began");
  await page.context().close();
});

await step("an operator does not, whatever the account's provider says", async () => {
  const page = await comeAs(world.people.operator.username, "Sign in with House Keys", "acme");
  equal(new URL(page.url()).pathname, "/login", "refused");
  await page.context().close();
});

await step("an admin tries the connection by its page", async () => {
  const page = await comeAs(world.people.admin.username, "Sign in with House Keys", "acme");
  await page.goto("/admin/providers/house");
  await page.getByRole("button", { name: "Check the connection" }).click();
  const found = await page.locator(".checks").innerText();
  assert(found.includes("It takes our id and secret") && !found.includes("Fail"), found);
  await picture(page, "provider-checked");
  await page.context().close();
});

server.close();
await finish(browser);
