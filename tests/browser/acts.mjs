// What people do at the portal, as they do it: admin, supervisor, agent, operator, stranger; and without script.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { assert, axeOn, equal, finish, keeps, launch, makeCredential, open, picture, profile, signIn, step, world } from "./lib.mjs";

const SCOPES_OF_A_SUPERVISOR = ["interaction-content:read", "users:read"];
const browser = await launch();
const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

const text = (page) => page.locator("main").innerText();
const link = (page, name) => page.getByRole("main").getByRole("link", { name, exact: true });
const button = (page, name) => page.getByRole("main").getByRole("button", { name, exact: true });
const row = (page, name) => page.getByRole("row").filter({ hasText: name });

/** Presses what sends a form, and gives the answer to it, before any redirect. */
const send = async (page, name) => {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    button(page, name).click(),
  ]);
  await page.waitForLoadState("load");
  return answer;
};

/** Every file of the server's data folder that holds these bytes. */
const filesWith = (bytes) => readdirSync(world.data_dir, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((path) => readFileSync(path).includes(bytes));

await step("a wrong password is refused with a page that says what to do", async () => {
  const context = await profile(browser);
  const page = await context.newPage();
  await page.goto("/login");
  await page.getByLabel("User name").fill(world.people.admin.username);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.getByRole("button", { name: "Sign in", exact: true }).click(),
  ]);
  assert([401, 422].includes(answer.status()), `status ${answer.status()}`);
  await page.waitForLoadState("load");
  equal(await page.getByLabel("User name").inputValue(), world.people.admin.username, "the user name is kept");
  equal(await page.getByLabel("Password", { exact: true }).inputValue(), "", "the password is not");
  assert(await page.locator(".error-summary").evaluate((element) => element === document.activeElement), "the summary has the focus");
  await keeps(page, "sign-in refused");
  await axeOn(page, "sign-in refused");
  await picture(page, "sign-in-refused");
  await context.close();
});

const context = await profile(browser, CLIPBOARD);
const page = await signIn(context, world.people.admin, "/admin/credentials");
let secret = "";
let credential = "";

await step("signing in leads to the page that was asked for", async () => {
  equal(new URL(page.url()).pathname, "/admin/credentials", "the page");
});

await step("a credential without name and scope is refused, and the summary leads to the fields", async () => {
  await page.goto("/admin/credentials/new");
  const answer = await send(page, "Save API credential");
  equal(answer.status(), 422, "status");
  const summary = page.locator(".error-summary");
  assert(await summary.evaluate((element) => element === document.activeElement), "the summary has the focus");
  equal(await summary.getByRole("link").count(), 2, "what is wrong");
  await summary.getByRole("link").first().click();
  equal(await page.evaluate(() => document.activeElement.id), "name", "the first link leads to the field");
  await keeps(page, "new credential refused");
  await axeOn(page, "new credential refused");
  await picture(page, "credential-new-refused");
});

await step("an admin makes a credential, sees the secret once, copies it and gets a token with the shown line", async () => {
  const seen = [];
  const listen = async (response) => {
    if ((response.headers()["content-type"] ?? "").includes("html")) seen.push({ url: response.url(), body: await response.text().catch(() => "") });
  };
  page.on("response", listen);
  ({ id: credential, secret } = await makeCredential(page, "Speech analytics", ["interaction-content:read", "users:read", "stats"]));
  assert(/^rfs_emea_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/.test(secret), `a secret: ${secret}`);
  await picture(page, "credential-made");
  await keeps(page, "credential made");
  await axeOn(page, "credential made");
  await page.locator("[data-copy='#secret']").click();
  equal(await page.evaluate(() => navigator.clipboard.readText()), secret, "what is copied");
  await page.locator("#live").filter({ hasText: "copied" }).waitFor();
  const line = await page.locator("#token-line").innerText();
  assert(line.startsWith("curl "), `a curl line: ${line}`);
  const answer = JSON.parse(execFileSync("bash", ["-c", `${line} --silent`], { encoding: "utf8" }));
  equal([answer.token_type, answer.expires_in], ["Bearer", 900], "the token");

  await link(page, "OK").click();
  await page.waitForURL(/\/admin\/credentials/);
  await page.goBack();
  await page.goto("/admin/credentials?q=Speech");
  await link(page, "Speech analytics").click();
  await page.waitForURL((url) => url.pathname.endsWith(credential));
  await page.goto("/admin/audit");
  page.off("response", listen);
  equal(seen.filter(({ body }) => body.includes(secret)).length, 1, "responses that hold the secret");
  equal(filesWith(Buffer.from(secret)), [], "files that hold the secret");
});

await step("the list finds, sorts and filters, and its address says how", async () => {
  await page.goto("/admin/credentials");
  await page.getByLabel("Search").fill("Speech");
  await button(page, "Apply").click();
  await page.waitForURL(/q=Speech/);
  equal(await page.locator("tbody tr").count(), 1, "rows found");
  await page.goto("/admin/credentials?q=nothing+of+that+name");
  assert((await text(page)).includes("Nothing found"), "an empty search says so");
  await axeOn(page, "credentials, nothing found");
  await picture(page, "credentials-nothing-found");
  await page.goto("/admin/credentials");
  assert((await page.locator("tbody").innerText()).includes("Jo Park"), "an admin sees everybody's");
  await page.getByLabel("Show").selectOption({ label: "My Credentials" });
  await button(page, "Apply").click();
  await page.waitForURL(/show=mine/);
  assert(!(await page.locator("tbody").innerText()).includes("Jo Park"), "only mine are left");
  await page.locator("thead a").first().click();
  await page.waitForURL(/sort=/);
  assert(page.url().includes("show=mine"), "sorting keeps the filter");
  equal(await page.locator("thead [aria-sort]").count(), 1, "sorted columns");
});

await step("a supervisor is offered exactly two scopes and sees only their own", async () => {
  const theirs = await profile(browser);
  const tab = await signIn(theirs, world.people.supervisor, "/admin/credentials/new");
  const offered = await tab.locator("input[name=scope]").evaluateAll((boxes) => boxes.map((box) => box.value));
  equal(offered.toSorted(), SCOPES_OF_A_SUPERVISOR, "scopes on offer");
  await picture(tab, "credential-new-supervisor");
  await tab.goto("/admin/credentials");
  equal(await tab.locator("tbody th").allInnerTexts(), ["Wallboard"], "credentials in the list");
  await open(tab, `/admin/credentials/${credential}`, "somebody else's credential as supervisor", 404);
  await theirs.close();
});

await step("an agent and a stranger get nothing of it", async () => {
  const agents = await profile(browser);
  const tab = await signIn(agents, world.people.agent);
  equal(await tab.getByRole("link", { name: "API Credentials" }).count(), 0, "links to credentials");
  await open(tab, "/admin/credentials", "credentials as agent", 404);
  await agents.close();
  const strangers = await profile(browser);
  const theirs = await signIn(strangers, world.people.stranger);
  await open(theirs, `/admin/credentials/${credential}`, "a credential of another account", 404);
  await theirs.goto("/admin/credentials");
  assert(!(await text(theirs)).includes("Speech analytics"), "another account's credential in the list");
  await strangers.close();
});

await step("a call is tried out in the explorer, and looked up by its request id", async () => {
  await page.goto("/admin/explorer?q=interactions");
  await page.locator("tbody tr").filter({ hasText: "GET /interaction-content/interactions" }).first().getByRole("link").click();
  await page.waitForLoadState("load");
  await page.getByLabel("Credential", { exact: true }).selectOption(credential);
  await page.getByLabel(/^start/).fill("2026-03-01T00:00:00Z");
  await page.getByLabel(/^end/).fill("2026-03-07T23:00:00Z");
  equal((await send(page, "Send the call")).status(), 200, "status of the page");
  const answer = await page.locator("#answer").innerText();
  assert(answer.includes("200"), `the answer: ${answer.slice(0, 200)}`);
  await keeps(page, "explorer, answer");
  await axeOn(page, "explorer, answer");
  await picture(page, "explorer-answer");
  const id = await page.locator("#answer a.mono").first().innerText();
  await page.waitForTimeout(2500);
  await page.goto("/admin/gateway");
  await page.getByLabel("Look up a request id").fill(id);
  await button(page, "Look up").click();
  await page.waitForURL((url) => url.pathname.endsWith(id));
  assert((await text(page)).includes("It was admitted and answered"), "the request is explained");
});

await step("a permission is taken away after the page has said what goes", async () => {
  await page.goto("/admin/users?q=supervisor");
  await page.locator("tbody th a").click();
  await link(page, "Edit").click();
  await page.getByLabel("View inbound interaction content").selectOption("yes");
  await send(page, "Save");
  await link(page, "Edit").click();
  await page.getByLabel("View inbound interaction content").selectOption("no");
  equal((await send(page, "Save")).status(), 422, "status of the question");
  assert((await text(page)).includes("What this takes away"), "the page says what goes");
  await keeps(page, "user edit, takes away");
  await axeOn(page, "user edit, takes away");
  await picture(page, "user-edit-takes-away");
  equal((await send(page, "Save, and take this away")).status(), 303, "status");
});

await step("the audit trail tells it, and a recording is found and played", async () => {
  await page.goto("/admin/audit");
  const told = await text(page);
  assert(told.includes("Sam Lee") || told.includes(world.people.admin.username), "who did it");
  await page.goto("/admin/recordings?from=2026-03-01&to=2026-03-07");
  await page.locator("tbody th a").first().click();
  const player = page.locator("audio").first();
  const [media] = await Promise.all([page.waitForResponse((response) => response.url().includes("/content/")), player.evaluate((element) => element.play())]);
  assert([200, 206].includes(media.status()), `status ${media.status()}`);
});

await step("an edit changes name and scopes", async () => {
  await page.goto(`/admin/credentials/${credential}/edit`);
  await page.getByLabel("Name", { exact: true }).fill("Speech analytics 2");
  await page.locator("input[name=scope][value=stats]").uncheck();
  equal((await send(page, "Save")).status(), 303, "status");
  equal(await page.locator("h1").innerText(), "Speech analytics 2", "the name");
  assert(!(await page.getByRole("region", { name: "Scopes, a table" }).innerText()).includes("stats"), "the scope is gone");
});

await step("a rotation shows the second secret once, and the first can be retired", async () => {
  await page.goto(`/admin/credentials/${credential}/rotate`);
  await send(page, "Make a new secret");
  const second = (await page.locator("#secret").innerText()).trim();
  assert(second !== secret, "another secret");
  equal(filesWith(Buffer.from(second)), [], "files that hold the second secret");
  await page.goto(`/admin/credentials/${credential}`);
  equal(await page.getByRole("region", { name: "Secrets, a table" }).locator("tbody tr").count(), 2, "secrets");
  await link(page, "Retire secret 1").click();
  await page.waitForURL(/retire$/);
  assert((await text(page)).includes("What stops working"), "the page says what stops working");
  await axeOn(page, "retire a secret");
  await picture(page, "secret-retire");
  equal((await send(page, "Retire secret 1")).status(), 303, "status");
});

await step("an admin cannot edit somebody else's credential, and can delete it", async () => {
  await page.goto("/admin/credentials?q=Wallboard");
  await link(page, "Wallboard").click();
  await page.waitForURL(/\/admin\/credentials\/[0-9a-f-]+$/);
  const theirs = new URL(page.url()).pathname;
  equal(await link(page, "Edit").count(), 0, "edit links");
  await open(page, `${theirs}/edit`, "edit somebody else's credential", 403);
  await open(page, `${theirs}/rotate`, "rotate somebody else's credential", 403);
  await page.goto(theirs);
  await link(page, "Delete").click();
  await page.waitForURL(/delete$/);
  assert((await text(page)).includes("What stops working"), "the page says what stops working");
  await axeOn(page, "delete a credential");
  await picture(page, "credential-delete");
  equal((await send(page, "Delete Wallboard")).status(), 303, "status");
  assert(!(await page.locator("main").innerText()).includes("Wallboard\n"), "it is gone from the list");
  await open(page, theirs, "a deleted credential", 404);
});

await step("a link hands the secret over once", async () => {
  await page.goto("/admin/credentials/new");
  await page.getByLabel("Name", { exact: true }).fill("For a partner");
  await page.locator("input[name=scope][value=stats]").check();
  await page.locator("#deliver-link").check();
  await send(page, "Save API credential");
  const href = (await page.locator("#link").innerText()).trim();
  await picture(page, "credential-made-link");
  const partners = await profile(browser);
  const tab = await partners.newPage();
  await tab.goto(href);
  await keeps(tab, "handover, waiting");
  await axeOn(tab, "handover, waiting");
  await picture(tab, "handover-waiting");
  await Promise.all([tab.waitForEvent("load"), tab.getByRole("button", { name: "Show the secret, once" }).click()]);
  assert((await tab.locator("#secret").innerText()).startsWith("rfs_"), "the partner sees the secret");
  await axeOn(tab, "handover, open");
  await picture(tab, "handover-open");
  await tab.goto(href);
  assert((await text(tab)).includes("does not open any more"), "it opens once");
  await picture(tab, "handover-gone");
  await partners.close();
});

await step("an admin hears a recording, seeks by keyboard and by a press, and hears one channel alone", async () => {
  const context = await profile(browser);
  const page = await signIn(context, world.people.admin);
  await page.goto("/admin/recordings?from=2026-03-01&to=2026-03-07&order=oldest");
  await page.locator("tbody th a").first().click();
  const wave = page.getByRole("slider", { name: "Position in the recording" });
  const value = async () => Number(await wave.getAttribute("aria-valuenow"));
  await wave.focus();
  await page.keyboard.press("ArrowRight");
  equal(await value(), 5, "five seconds on");
  await page.keyboard.press("Home");
  equal(await value(), 0, "back at the start");
  const box = await wave.boundingBox();
  await wave.click({ position: { x: box.width / 2, y: box.height / 2 } });
  assert(await value() >= 2, "the middle is past two seconds");
  await page.keyboard.press("Home");
  await page.getByLabel("Agent only").check();
  await page.locator("audio").evaluate((audio) => audio.play());
  await page.waitForFunction(() => document.querySelector("audio").currentTime > 0.3);
  const ends = await page.locator("audio").evaluate((audio) => audio.duration);
  assert(ends > 5 && ends < 7, `the browser knows how long it plays: ${ends}`);
  await axeOn(page, "a recording that plays");
  await context.close();
});

await step("without script a person signs in, makes and deletes a credential", async () => {
  const plain = await profile(browser, { javaScriptEnabled: false });
  const tab = await signIn(plain, world.people.admin, "/admin/credentials");
  const { id } = await makeCredential(tab, "Made without script", ["stats"]);
  equal(await tab.locator("button.copy:visible").count(), 0, "copy buttons that could do nothing");
  await tab.goto(`/admin/credentials/${id}/delete`);
  equal((await send(tab, "Delete Made without script")).status(), 303, "status");
  await open(tab, `/admin/credentials/${id}`, "a deleted credential", 404);
  await plain.close();
});

await step("a form that another site sends changes nothing", async () => {
  const answer = await page.request.post("/admin/credentials", { form: { name: "Forged", scope: "stats" }, headers: { origin: "https://evil.example" } });
  equal(answer.status(), 403, "status");
});

await step("signing out ends it", async () => {
  await page.goto("/admin");
  await page.locator(".side-wide").getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/login/);
  await page.goto("/admin/credentials");
  assert(page.url().includes("/login"), "the portal asks to sign in again");
});

await context.close();
await finish(browser);
