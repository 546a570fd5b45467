// The ways in, as people use them: authenticator app, recovery code, passkey, and the list of one's sessions.

import { createHmac } from "node:crypto";
import { assert, axeOn, equal, finish, keeps, launch, picture, profile, signIn, step, world } from "./lib.mjs";

const browser = await launch();
const person = world.people.supervisor;
const main = (page) => page.getByRole("main");
const press = (page, name) => Promise.all([page.waitForEvent("load"), main(page).getByRole("button", { name, exact: true }).click()]);
const go = (page, name) => Promise.all([page.waitForEvent("load"), main(page).getByRole("link", { name, exact: true }).click()]);
const look = async (page, name) => {
  await keeps(page, name);
  await axeOn(page, name);
  await picture(page, name);
};

/** RFC 6238 with SHA-1, six digits and 30 seconds; `ahead` counts steps from now. */
const codeOf = (key, ahead) => {
  const bits = [...key.replaceAll(/[\s=]/g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const hash = createHmac("sha1", secret).update(count).digest();
  const at = hash.at(-1) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

/** User name and password; gives the page that follows, whatever it is. */
const passwordIn = async (context) => {
  const page = await context.newPage();
  await page.goto("/login");
  await page.getByLabel("User name").fill(person.username);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await press(page, "Sign in");
  return page;
};

const context = await profile(browser);
const page = await signIn(context, person, "/admin/me");
let key = "";
let recovery = "";

await step("an authenticator app is added with a code of it", async () => {
  await go(page, "Add an authenticator app");
  await look(page, "authenticator-new");
  key = await page.locator("#key").innerText();
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await press(page, "Add the app");
  assert((await page.locator(".error-summary").count()) === 1, "a wrong code is refused");
  await look(page, "authenticator-refused");
  key = await page.locator("#key").innerText();
  await page.getByLabel("Code", { exact: true }).fill(codeOf(key, 0));
  await press(page, "Add the app");
  await look(page, "recovery-codes");
  recovery = (await page.locator("#codes").innerText()).trim().split(/\s+/)[0];
  await go(page, "I have kept them");
});

await step("then the password alone signs nobody in, and a code does", async () => {
  const other = await profile(browser);
  const tab = await passwordIn(other);
  equal(await tab.locator("h1").innerText(), "Your code", "the page after the password");
  await look(tab, "code");
  await tab.goto("/admin");
  assert(tab.url().includes("/login"), "without a code nobody is in");
  await tab.close();
  const again = await passwordIn(other);
  await again.getByLabel("Code", { exact: true }).fill(codeOf(key, 1));
  await press(again, "Sign in");
  assert(new URL(again.url()).pathname.startsWith("/admin"), `signed in: ${again.url()}`);
  await other.close();
});

await step("a recovery code works once", async () => {
  for (const works of [true, false]) {
    const other = await profile(browser);
    const tab = await passwordIn(other);
    await tab.getByLabel("Code", { exact: true }).fill(recovery);
    await press(tab, "Sign in");
    equal(new URL(tab.url()).pathname.startsWith("/admin"), works, "signed in");
    await other.close();
  }
});

await step("a passkey is made, and signs in without password and code", async () => {
  const device = await context.newCDPSession(page);
  await device.send("WebAuthn.enable");
  await device.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto("/admin/me");
  await go(page, "Add a passkey");
  await look(page, "passkey-new");
  await page.getByLabel("Name", { exact: true }).fill("Work laptop");
  await press(page, "Make the passkey");
  assert((await main(page).innerText()).includes("Work laptop"), "it is in the list");
  await Promise.all([page.waitForURL(/\/login/), page.locator(".side-wide").getByRole("button", { name: "Sign out" }).click()]);
  await look(page, "sign-in-passkey");
  await Promise.all([page.waitForURL(/\/admin/), main(page).getByRole("button", { name: "Use a passkey" }).click()]);
});

await step("sessions are listed, and another one can be ended", async () => {
  const other = await profile(browser);
  const tab = await passwordIn(other);
  await tab.getByLabel("Code", { exact: true }).fill((await newRecoveryCode()));
  await press(tab, "Sign in");
  await page.goto("/admin/me");
  await look(page, "me");
  const sessions = page.getByRole("region", { name: "Your sessions" }).locator("tbody tr");
  const n = await sessions.count();
  assert(n >= 2, `${n} sessions`);
  await go(page, "End all other sessions…");
  await look(page, "sessions-end");
  await Promise.all([page.waitForEvent("load"), main(page).getByRole("button").first().click()]);
  await page.goto("/admin/me");
  equal(await sessions.count(), 1, "sessions left");
  await tab.goto("/admin");
  assert(tab.url().includes("/login"), "the other one is out");
  await other.close();
});

/** Makes new recovery codes as the person who is in, and gives one. */
async function newRecoveryCode() {
  await page.goto("/admin/me/recovery-codes");
  await look(page, "recovery-codes-renew");
  const password = main(page).getByLabel("Your password");
  if (await password.count()) await password.fill(person.password);
  await Promise.all([page.waitForEvent("load"), main(page).getByRole("button").first().click()]);
  return (await page.locator("#codes").innerText()).trim().split(/\s+/)[0];
}

await context.close();
await finish(browser);
