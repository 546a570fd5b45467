// What the scripts share: a browser, people who sign in, and what every page must keep.

import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the Rust test has prepared: address, people and folder for the pictures. */
export const world = JSON.parse(process.env.RINGFENCE_BROWSER ?? "{}");

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LARGEST_PAGE = 100_000;
const SMALLEST_TARGET = 44;

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 360, height: 740 };

/** Everything that went wrong; the script goes on and tells all of it at its end. */
const faults = [];
let steps = 0;

export const fault = (where, what) => {
  faults.push(`${where}: ${what}`);
  console.log(`  FAULT ${where}: ${what}`);
};

/** One act. What it throws is a fault, and the next act goes on. */
export const step = async (name, act) => {
  steps += 1;
  const began = Date.now();
  try {
    await act();
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    fault(name, error.stack ?? String(error));
  }
};

export const assert = (holds, what) => {
  if (!holds) throw new Error(what);
};

export const equal = (found, wanted, what) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  assert(a === b, `${what}: ${a} instead of ${b}`);
};

/** Ends the script: 1 when anything was wrong. */
export const finish = async (browser) => {
  await browser.close();
  console.log(`${steps} steps, ${faults.length} faults`);
  for (const each of faults) console.log(`- ${each}`);
  process.exit(faults.length === 0 && steps > 0 ? 0 : 1);
};

export const launch = () => chromium.launch({
  executablePath: world.chromium ?? "/usr/bin/chromium",
  args: [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
  ],
});

/** A fresh browser profile of one person, whose pages are watched. */
export const profile = async (browser, options = {}) => {
  const context = await browser.newContext({
    baseURL: world.url, viewport: WIDE, colorScheme: "light", reducedMotion: "reduce", timezoneId: "Europe/Madrid", ...options,
  });
  context.setDefaultTimeout(15_000);
  context.on("page", (page) => watch(page));
  return context;
};

// The browser's own word for a page that came with an error status, which is often what is tested.
const isStatusLine = (text) => /Failed to load resource: the server responded with a status of 4\d\d/.test(text);

const watch = (page) => {
  page.on("console", (message) => {
    if (message.type() === "error" && !isStatusLine(message.text())) fault(page.url(), `console: ${message.text()}`);
  });
  page.on("pageerror", (error) => fault(page.url(), `script: ${error.message}`));
  page.on("request", (request) => {
    const at = new URL(request.url());
    if (at.protocol.startsWith("http") && at.origin !== new URL(world.url).origin && at.origin !== world.elsewhere) fault(page.url(), `asks another place: ${at.origin}`);
  });
};

/** Signs in as one of the world's people and gives the page where that leads. */
export const signIn = async (context, person, next = "") => {
  const page = await context.newPage();
  await page.goto(`/login${next && `?next=${encodeURIComponent(next)}`}`);
  await page.getByLabel("User name").fill(person.username);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/admin"));
  return page;
};

/** Makes a credential by its form and gives the answer to that form, and id and secret as they are shown. */
export const makeCredential = async (page, name, scopes) => {
  await page.goto("/admin/credentials/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  for (const scope of scopes) await page.locator(`input[name=scope][value="${scope}"]`).check();
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Save API credential" }).click()]);
  await page.getByRole("heading", { name: "Success", level: 1 }).waitFor();
  return { id: (await page.locator("#id").innerText()).trim(), secret: (await page.locator("#secret").innerText()).trim() };
};

/** A token, as a program gets one. */
export const tokenOf = async ({ id, secret }, scope) => {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret, scope });
  const answer = await fetch(`${world.url}/Auth/connect/token`, { method: "POST", body });
  return (await answer.json()).access_token;
};

/** A call of a program, and its status. */
export const call = async (token, path, version = "application/vnd.newvoicemedia.v3+json") => {
  const answer = await fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${token}`, accept: version } });
  await answer.arrayBuffer();
  return answer.status;
};

export const CALLS_OF_A_WEEK = "/interaction-content/interactions?start=2026-03-01T00:00:00Z&end=2026-03-07T23:00:00Z&limit=1000";

/** Has axe look at the page as it stands. */
export const axeOn = async (page, where) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules, resultTypes: ["violations"] }), RULES);
  for (const violation of violations) {
    const nodes = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? violation.help})`);
    fault(where, `axe ${violation.id}: ${nodes.join("; ")}`);
  }
};

/** What every page keeps, at the size it has now. */
export const keeps = async (page, where) => {
  const found = await page.evaluate((smallest) => {
    const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 1;
    const small = [...document.querySelectorAll(".button, input, select, textarea, summary, .nav a, .tabs a")].filter((element) => {
      const isBox = element.matches("[type=checkbox], [type=radio], [type=hidden]");
      return !isBox && seen(element) && element.getBoundingClientRect().height < smallest - 0.5;
    });
    return {
      over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      h1: document.querySelectorAll("h1").length,
      title: document.title,
      small: small.slice(0, 3).map((element) => element.outerHTML.slice(0, 100)),
    };
  }, SMALLEST_TARGET);
  if (found.over > 0) fault(where, `the page is ${found.over} px wider than the window`);
  if (found.h1 !== 1) fault(where, `${found.h1} h1`);
  if (!/^.+ · Ringfence( Developers)?$/.test(found.title)) fault(where, `title “${found.title}”`);
  if (page.viewportSize().width < 640 && found.small.length > 0) fault(where, `lower than ${SMALLEST_TARGET} px: ${found.small.join(" ")}`);
};

/** Opens a page and looks at its answer. */
export const open = async (page, path, where, status = 200) => {
  const response = await page.goto(path, { waitUntil: "load" });
  if (response.status() !== status) fault(where, `status ${response.status()} instead of ${status} at ${page.url()}`);
  const body = await response.body();
  if (body.length > LARGEST_PAGE) fault(where, `${body.length} bytes of HTML`);
  const inline = body.toString().match(/<[^>]*\s(style|on[a-z]+)=["'][^>]*>|<script>|<style/i);
  if (inline) fault(where, `inline style or script: ${inline[0]}`);
  const policy = (await response.allHeaders())["content-security-policy"] ?? "";
  if (!policy.includes("default-src 'none'") || policy.includes("unsafe")) fault(where, `content security policy “${policy}”`);
  return response;
};

/** A picture of the whole page, among the build's output. */
export const picture = async (page, name) => {
  mkdirSync(world.pictures, { recursive: true });
  await page.screenshot({ path: join(world.pictures, `${name}.png`), fullPage: true });
};
