// An application asks a person to act for them: signing in, the question, the answer by redirect and by form, every page
// of refusal, what was allowed taken back, and signing out.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { NARROW, WIDE, assert, axeOn, equal, finish, keeps, launch, picture, profile, step, world } from "./lib.mjs";

const { port, key, secret, id } = world.application;
const home = `http://localhost:${port}`;
const person = world.people.caller;
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const challenge = createHash("sha256").update(verifier).digest("base64url");

/** What came to the application, which shows a page of its own. */
const came = [];
const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const at = new URL(request.url, home);
    const fields = request.method === "POST" ? new URLSearchParams(Buffer.concat(chunks).toString()) : at.searchParams;
    if (at.pathname !== "/favicon.ico") {
      came.push({ path: at.pathname, method: request.method, referer: request.headers.referer, ...Object.fromEntries(fields) });
    }
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="en"><title>Call board</title><link rel="icon" href="data:,"><h1>Call board</h1>`);
  });
}).listen(port, "localhost");

const asking = (changes = {}) => {
  const fields = {
    response_type: "code", client_id: key, redirect_uri: `${home}/callback`, scope: "openid profile email offline_access",
    state: "st4te", nonce: "n0nce", code_challenge: challenge, code_challenge_method: "S256", ...changes,
  };
  return `/authorize?${new URLSearchParams(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "")))}`;
};

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const signIn = async (page, who = person) => {
  await page.getByLabel("User name").fill(who.username);
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await press(page, "Sign in");
};

/** Does something, and gives what reached the application by it. */
const answerOf = async (page, path, act) => {
  const before = came.length;
  await act();
  await page.waitForURL((url) => url.origin === home && url.pathname === path);
  assert(came.length > before, "something came");
  return came.at(-1);
};
const opened = (page, changes) => answerOf(page, "/callback", () => page.goto(asking(changes)));

const exchange = async (code) => {
  const body = new URLSearchParams({
    grant_type: "authorization_code", code, redirect_uri: `${home}/callback`, code_verifier: verifier, client_id: key, client_secret: secret,
  });
  return (await fetch(`${world.url}/token`, { method: "POST", body })).json();
};

const LOOKS = [["wide-light", WIDE, "light"], ["wide-dark", WIDE, "dark"], ["narrow-light", NARROW, "light"], ["narrow-dark", NARROW, "dark"]];

/** Looks at the page as it stands, in every size and colour. */
const look = async (page, name) => {
  for (const [as, size, colorScheme] of LOOKS) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await keeps(page, `${name} ${as}`);
    await axeOn(page, `${name} ${as}`);
    await picture(page, `authorize-${name}-${as}`);
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
};

const browser = await launch();
const context = await profile(browser);
const page = await context.newPage();
let tokens = {};

await step("the sign-in page says who asks, with the hint filled in", async () => {
  await page.goto(asking({ login_hint: person.username }));
  assert((await page.getByRole("main").innerText()).includes("Call board"), "it names the application");
  equal(await page.getByLabel("User name").inputValue(), person.username, "the hint");
  await look(page, "sign-in");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await press(page, "Sign in");
  await page.locator(".error-summary").waitFor();
  await look(page, "sign-in-refused");
});

await step("the question names the application, its maker, where it leads and what it wants, and can be denied", async () => {
  await signIn(page);
  await page.getByRole("heading", { name: "Allow Call board to act for you?" }).waitFor();
  const words = await page.getByRole("main").innerText();
  for (const word of ["Unverified", "Example Software", `localhost:${port}`, "Provisioning", "e-mail address", "Stay connected", person.username, "voice"]) {
    assert(words.includes(word), `it does not say ${word}: ${words}`);
  }
  await look(page, "question");
  const answer = await answerOf(page, "/callback", () => press(page, "Deny"));
  equal([answer.error, answer.state, answer.iss, answer.referer], ["access_denied", "st4te", `${world.url}/oauth2/token`, undefined], "the denial");
});

await step("allowed, the code becomes tokens, and the next time nobody is asked", async () => {
  await page.goto(asking());
  const { code } = await answerOf(page, "/callback", () => press(page, "Allow"));
  tokens = await exchange(code);
  assert(tokens.id_token && tokens.access_token && tokens.refresh_token, JSON.stringify(tokens));
  const info = await (await fetch(`${world.url}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).json();
  equal(info.name, "Cal Moreno", "userinfo");
  assert((await opened(page, { prompt: "none" })).code, "a code without a question");
});

await step("a sign-in that is demanded comes first, and the form leads on to the application", async () => {
  await page.goto(asking({ prompt: "login" }));
  assert((await answerOf(page, "/callback", () => signIn(page))).code, "straight on from the form");
});

await step("the answer comes as a form, by itself and without script", async () => {
  const answer = await opened(page, { response_mode: "form_post" });
  equal([answer.method, answer.state], ["POST", "st4te"], "by form");
  assert((await exchange(answer.code)).access_token, "the code is good");
  const plain = await profile(browser, { javaScriptEnabled: false });
  await plain.addCookies(await context.cookies());
  const bare = await plain.newPage();
  await bare.goto(asking({ response_mode: "form_post" }));
  await bare.getByRole("heading", { name: "Going back to the application" }).waitFor();
  await picture(bare, "authorize-form-post");
  assert((await answerOf(bare, "/callback", () => press(bare, "Go on"))).code, "by the button");
  await plain.close();
});

await step("each refusal is a page of its own, and leads nowhere", async () => {
  for (const [name, changes] of [["unknown-application", { client_id: "aB3dE5fG7hI9jK1lM3nO5pQ7rS9a" }], ["unknown-address", { redirect_uri: "https://evil.example/" }]]) {
    await page.goto(asking(changes));
    await page.getByRole("heading", { name: "This request cannot be answered" }).waitFor();
    await look(page, name);
  }
  await page.goto("/authorize/continue?step=x");
  assert((await page.getByRole("main").innerText()).includes("took too long"), "a step that is none");
  await look(page, "late");
});

await step("somebody of another platform signs in as somebody else", async () => {
  const other = await profile(browser);
  const theirs = await other.newPage();
  await theirs.goto(asking());
  await signIn(theirs, world.people.admin);
  await theirs.getByRole("heading", { name: "Call board cannot act for you" }).waitFor();
  await look(theirs, "unfit");
  await theirs.getByRole("link", { name: "Sign in as somebody else" }).click();
  assert((await answerOf(theirs, "/callback", () => signIn(theirs))).code, "as somebody else");
  await other.close();
});

await step("what was allowed is listed for the person and for their admin, and taken back", async () => {
  await page.goto("/admin/me/applications");
  assert((await page.getByRole("main").innerText()).includes("Call board"), "listed");
  await look(page, "connected");
  await page.goto("/admin/connected");
  await look(page, "connected-account");
  await page.goto(`/admin/connected/${id}/withdraw`);
  await look(page, "disconnect");
  await page.goto("/admin/me/applications");
  await page.getByRole("link", { name: "Take back what Call board may do" }).click();
  await page.getByRole("button", { name: "Take it back" }).waitFor();
  await look(page, "withdraw");
  await press(page, "Take it back");
  await page.getByRole("heading", { name: "No application is connected" }).waitFor();
  await look(page, "connected-none");
  // Within a second, everywhere.
  await new Promise((done) => { setTimeout(done, 1_000); });
  const { status } = await fetch(`${world.url}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  equal(status, 401, "the token is refused");
});

await step("an application signs people out, and asks first when it cannot show whom", async () => {
  await page.goto(asking({ scope: "openid" }));
  const { id_token: hint } = await exchange((await answerOf(page, "/callback", () => press(page, "Allow"))).code);
  const leaving = (fields) => `/oidc/logout?${new URLSearchParams(fields)}`;
  await page.goto(leaving({ id_token_hint: hint, post_logout_redirect_uri: "https://evil.example/" }));
  await look(page, "sign-out-refused");
  await page.goto(leaving({ client_id: key, post_logout_redirect_uri: `${home}/bye`, state: "s" }));
  await page.getByRole("heading", { name: "Sign out?" }).waitFor();
  await look(page, "sign-out");
  equal((await answerOf(page, "/bye", () => press(page, "Sign out"))).state, "s", "back to the application");
  await page.goto(leaving({}));
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();
  await look(page, "signed-out");
  equal((await opened(page, { prompt: "none" })).error, "login_required", "nobody is in");
});

server.close();
server.closeAllConnections();
await finish(browser);
