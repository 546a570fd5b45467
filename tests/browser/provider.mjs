// Through an OpenID Connect provider of another make, and back: npm's oidc-provider, with its own pages.

import Provider from "oidc-provider";
import { assert, equal, finish, launch, picture, step, world } from "./lib.mjs";

const { port, secret } = world.provider;
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "ringfence", client_secret: secret, redirect_uris: [`${world.url}/login/sso/corp/callback`] }],
  claims: { profile: ["preferred_username"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  // Its own page asks for any name; who that is here is the claim.
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
});
const server = provider.listen(port);

const browser = await launch();

/** Signs in at the provider as that person, and gives the page where that leads here. */
const comeAs = async (name) => {
  const context = await browser.newContext({ baseURL: world.url });
  const page = await context.newPage();
  await page.goto("/login?next=%2Fadmin%2Fme");
  await page.getByRole("link", { name: "Sign in with Example Corp" }).click();
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

server.close();
await finish(browser);
