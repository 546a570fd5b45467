// The newcomer's walk, by keyboard alone: the demo's link → sign in → a credential → a token → a call → the gateway's
// page → a permission taken away → what the credential no longer sees.

import { execFileSync } from "node:child_process";
import { assert, finish, launch, picture, profile, step, world } from "./lib.mjs";
import { follow, tabTo, tick, type } from "./keyboard.mjs";

const PASSWORD = "a sentence that nobody guesses 7";
const PERMISSION = "View outbound interaction content";

const browser = await launch();
const context = await profile(browser);
const page = await context.newPage();
const shell = (line) => execFileSync("bash", ["-c", line], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const main = () => page.locator("main").innerText();

/** One step; without it the others make no sense. */
const then = async (name, act) => {
  let done = false;
  await step(name, async () => {
    await act();
    done = true;
  });
  await picture(page, `walk-${name.replaceAll(/[^a-z]+/gi, "-").toLowerCase()}`);
  if (!done) await finish(browser);
};

let line = "";
let call = "";

await then("opens the link and chooses a password", async () => {
  await page.goto(world.link);
  await type(page, "Password", PASSWORD);
  await type(page, "Password again", PASSWORD);
  await Promise.all([page.waitForURL(/\/admin/), page.keyboard.press("Enter")]);
});

await then("goes to the credentials past the navigation", async () => {
  await follow(page, "API Credentials", { tag: "a" });
  await tabTo(page, "Skip to content");
  await page.keyboard.press("Enter");
  await follow(page, "Create New");
});

await then("makes a credential", async () => {
  await type(page, "Name", "First steps");
  await tick(page, /interaction-content:read/);
  await follow(page, "Save API credential");
  assert((await main()).includes("only time the secret is shown"), "the secret is shown once");
});

await then("gets a token and makes a call with the shown lines", async () => {
  line = await page.locator("#token-line").innerText();
  call = await page.locator("#call-line").innerText();
  const { access_token: token } = JSON.parse(shell(line));
  assert(token, "the shown line gets a token");
  assert(shell(call).includes("items"), "the shown line makes a call");
  await tabTo(page, /^Copy.*the line that makes a call/);
  await page.keyboard.press("Enter");
  await page.locator("#live").filter({ hasText: "copied" }).waitFor({ state: "attached" });
});

await then("sees the call in the gateway page", async () => {
  await follow(page, "Gateway", { tag: "a" });
  await page.waitForTimeout(1500);
  await page.reload();
  const shown = await main();
  assert(/interaction content/i.test(shown), `the gateway page names the API: ${shown}`);
});

await then("takes the permission away from the owner", async () => {
  await follow(page, "Users", { tag: "a" });
  await follow(page, "sam.lee@acme.example");
  await follow(page, "Edit");
  await tabTo(page, PERMISSION, { tag: "select" });
  await page.keyboard.type("No");
  await follow(page, "Save");
  assert((await main()).includes("What this takes away"), "the page says what goes before it goes");
  await follow(page, "Save, and take this away");
});

await then("sees on the credential's page what it no longer sees", async () => {
  await follow(page, "API Credentials", { tag: "a" });
  await follow(page, "First steps");
  const shown = await main();
  assert(/outbound/.test(shown) && shown.includes(PERMISSION), "the page names the rule");
  const hidden = await page.getByRole("region", { name: "What it does not see" }).innerText();
  assert(/outbound/.test(hidden), `outbound interactions are hidden: ${hidden}`);
});
await finish(browser);
