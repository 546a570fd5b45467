// The Developer Portal: a developer's first walk by keyboard alone, then every page in each look.
//
// sign in → add an application → subscribe it → generate its keys → get a token in the console → call an API.

import { assert, axeOn, equal, finish, keeps, launch, NARROW, open, picture, profile, step, WIDE, world } from "./lib.mjs";
import { follow, tabTo, tick, type } from "./keyboard.mjs";

const { developer, user } = world.people;
const APIS = ["Provisioning", "CallRecording", "CallRecordingIndia", "Reports", "Telephony", "VonageIntegrationSuite"];
const LOOKS = [
  { tag: "1440-light", viewport: WIDE, colorScheme: "light" },
  { tag: "360-dark", viewport: NARROW, colorScheme: "dark" },
  { tag: "1440-dark", viewport: WIDE, colorScheme: "dark" },
  { tag: "360-light", viewport: NARROW, colorScheme: "light" },
];

const browser = await launch();
const context = await profile(browser);
const page = await context.newPage();
const main = () => page.locator("main").innerText();

/** One step of the walk; without it the others make no sense. */
const then = async (name, act) => {
  let done = false;
  await step(name, async () => {
    await act();
    await axeOn(page, name);
    done = true;
  });
  await picture(page, `devportal-walk-${name.replaceAll(/[^a-z]+/gi, "-").toLowerCase()}`);
  if (!done) await finish(browser);
};

/** A page in all four looks. */
const looks = async (name, path, status = 200) => {
  for (const { tag, viewport, colorScheme } of LOOKS) {
    const where = `devportal ${name}, ${tag}`;
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await open(page, path, where, status);
    await keeps(page, where);
    await picture(page, `devportal-${name}-${tag}`);
    await axeOn(page, where);
  }
};

/** The page as it stands, in all four looks, without asking for it again. */
const looksNow = async (name) => {
  for (const { tag, viewport, colorScheme } of LOOKS) {
    const where = `devportal ${name}, ${tag}`;
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await keeps(page, where);
    await picture(page, `devportal-${name}-${tag}`);
    await axeOn(page, where);
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
};

let application = "";
let secret = "";

await step("the way in", () => looks("sign-in", "/devportal/login"));

await then("a wrong password is said at the name", async () => {
  await page.setViewportSize(WIDE);
  await page.goto("/devportal/applications");
  assert(page.url().includes("/devportal/login?next="), page.url());
  await type(page, "User name", developer.username);
  await type(page, "Password", "wrong");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  assert((await main()).includes("wrong"), "it says so");
  await looksNow("sign-in-wrong");
});

await then("signs in and finds nothing yet", async () => {
  await type(page, "User name", developer.username);
  await type(page, "Password", developer.password);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  equal(new URL(page.url()).pathname, "/devportal/applications", "where signing in leads");
  assert((await main()).includes("No applications yet"), "the empty state");
  await looksNow("applications-none");
});

await then("adds an application", async () => {
  await follow(page, "Add New Application", { tag: "a" });
  await type(page, "Name", "Phone book");
  await type(page, "Description", "Lists everybody’s extension.");
  await follow(page, "Save", { tag: "button" });
  application = new URL(page.url()).pathname;
  assert((await main()).includes("What is left to do"), "the next steps");
});

await then("subscribes it to Provisioning", async () => {
  await follow(page, "APIs", { tag: "a" });
  await follow(page, "Provisioning", { tag: "a" });
  await follow(page, "My Applications", { tag: "a" });
  await follow(page, "Subscribe", { tag: "button" });
  assert((await main()).includes("Unblocked"), "it is subscribed");
});

await then("generates its keys", async () => {
  await follow(page, "Phone book", { tag: "a" });
  await follow(page, "Production Keys", { tag: "a" });
  assert((await main()).includes("have not been generated yet"), "not generated yet");
  await looksNow("keys-none");
  await tick(page, /^Password/);
  await type(page, "Callback URL", `${world.url}/devportal/console/callback`);
  await follow(page, "Generate Keys", { tag: "button" });
  assert((await main()).includes("only time the secret is shown"), "it is shown once");
  secret = (await page.locator("#consumer-secret").innerText()).trim();
  equal(secret.length, 28, "the secret's length");
  await tabTo(page, /^Copy.*Consumer Secret/);
  await page.keyboard.press("Enter");
  await page.locator("#live").filter({ hasText: "copied" }).waitFor({ state: "attached" });
  await looksNow("keys-made");
});

await then("gets a token in the console", async () => {
  await page.goto("/devportal/apis/Provisioning/console");
  await tabTo(page, /^With a user name/, { tag: "summary" });
  await page.keyboard.press("Enter");
  await type(page, "Consumer Secret", secret);
  await type(page, "User name", user.username);
  await type(page, "Password", user.password);
  await follow(page, "Get a token", { tag: "button" });
  assert((await main()).includes("In hand"), `a token: ${await main()}`);
  const html = await page.content();
  assert(!html.includes(secret) && !html.includes(user.password), "neither secret nor password comes back");
});

await then("calls the API", async () => {
  await follow(page, "Send the call", { tag: "button" });
  const text = await main();
  assert(text.includes("200 OK"), `the answer: ${text}`);
  assert(text.includes("curl '"), "the same from a shell");
  await looksNow("console-answer");
});

const PAGES = () => [
  ["applications", "/devportal/applications"],
  ["applications-nothing-found", "/devportal/applications?q=nothing"],
  ["application-new", "/devportal/applications/new"],
  ["application", application],
  ["application-edit", `${application}/edit`],
  ["application-delete", `${application}/delete`],
  ["keys", `${application}/keys`],
  ["keys-secret", `${application}/keys/secret`],
  ["keys-remove", `${application}/keys/remove`],
  ["subscriptions", `${application}/subscriptions`],
  ["apis", "/devportal/apis"],
  ["api", "/devportal/apis/Provisioning"],
  ["api-applications", "/devportal/apis/Provisioning/applications"],
  ["console", "/devportal/apis/Provisioning/console"],
  ["console-unserved", "/devportal/apis/Reports/console"],
  ["documentation", "/devportal/documentation"],
  ["suite-documentation", "/devportal/apis/Provisioning/documentation"],
  ["me", "/devportal/me"],
  ["profile", "/devportal/me/profile"],
  ["password", "/devportal/me/password"],
  ["token-new", "/devportal/me/tokens/new"],
  ["sessions-end", "/devportal/me/sessions/end"],
];

for (const [name, path] of PAGES()) await step(name, () => looks(name, path));
await step("missing", () => looks("missing", "/devportal/nowhere", 404));
for (const suite of APIS) await step(suite, async () => { await open(page, `/devportal/apis/${suite}`, suite); await axeOn(page, suite); });

await step("unsubscribing is asked for", async () => {
  await page.goto(`${application}/subscriptions`);
  await looks("unsubscribe", await page.getByRole("link", { name: /^Unsubscribe/ }).getAttribute("href"));
});

await step("a form that is not accepted", async () => {
  await page.setViewportSize(WIDE);
  await page.goto("/devportal/applications/new");
  await page.getByLabel("Name", { exact: true }).fill("Phone book");
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Save" }).click()]);
  equal(await page.evaluate(() => document.activeElement?.className), "error-summary", "the summary has the focus");
  await looksNow("application-new-refused");
});

await step("a personal token is shown once", async () => {
  await page.goto("/devportal/me/tokens/new");
  await page.getByLabel("Name", { exact: true }).fill("Nightly");
  await page.getByLabel(/^Applications and their keys/).check();
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Make the token" }).click()]);
  assert((await page.locator("#token").innerText()).startsWith("rfd_"), "its text");
  await looksNow("token-made");
  await looks("me-with-token", "/devportal/me");
});

await step("works without script", async () => {
  const plain = await profile(browser, { javaScriptEnabled: false });
  const other = await plain.newPage();
  await other.goto("/devportal/login");
  await other.getByLabel("User name").fill(developer.username);
  await other.getByLabel("Password", { exact: true }).fill(developer.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.waitForURL(/\/devportal\/applications/);
  await plain.close();
});

await step("signs out", async () => {
  await page.setViewportSize(WIDE);
  await page.goto("/devportal/applications");
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL(/\/devportal\/login\?notice=signed-out/);
  await page.goto("/devportal/me");
  assert(page.url().includes("/devportal/login"), page.url());
});

await finish(browser);
