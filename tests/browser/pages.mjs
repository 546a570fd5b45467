// Every page as everybody, in light and dark, narrow and wide: pictures, axe, and what every page must keep.

import {
  CALLS_OF_A_WEEK, NARROW, WIDE, axeOn, call, equal, fault, finish, keeps, launch, makeCredential, open, picture, profile, signIn,
  step, tokenOf, world,
} from "./lib.mjs";

const ALL = ["admin", "supervisor", "agent", "operator", "stranger"];

// name: of the picture. path, or find: [list page, selector of the link to follow], then: what comes after its address.
// for: who gets it; others: the status that everybody else gets, or one for each.
const NOT_FOUND = 404;
const OTHERS_CREDENTIAL = { supervisor: 404, agent: 404, operator: 403, stranger: 404 };
const LIST = "/admin/credentials?q=Nightly";
const PAGES = [
  { name: "start", path: "/admin", for: ALL },
  { name: "design", path: "/admin/design", for: ALL },
  { name: "not-found", path: "/admin/nothing-here", for: ALL, status: 404 },
  { name: "me", path: "/admin/me", for: ALL },
  { name: "me-password", path: "/admin/me/password", for: ["admin", "agent"], others: 200 },
  { name: "authenticator-new", path: "/admin/me/authenticator", for: ["admin"], others: 200 },

  { name: "credentials", path: "/admin/credentials", for: ["admin", "supervisor", "operator", "stranger"], others: NOT_FOUND },
  { name: "credentials-page-2", path: "/admin/credentials?page=2", for: ["admin", "operator"], skip: ["supervisor", "agent", "stranger"] },
  { name: "credentials-nothing-found", path: "/admin/credentials?q=no+such+name", for: ["admin"], skip: ["supervisor", "agent", "operator", "stranger"] },
  { name: "credential-new", path: "/admin/credentials/new", for: ["admin", "supervisor", "operator", "stranger"], others: NOT_FOUND },
  { name: "credential", find: [LIST, "tbody th a"], for: ["admin", "operator"], others: NOT_FOUND },
  { name: "credential-edit", find: [LIST, "tbody th a"], then: "/edit", for: ["admin"], others: OTHERS_CREDENTIAL },
  { name: "credential-rotate", find: [LIST, "tbody th a"], then: "/rotate", for: ["admin"], others: OTHERS_CREDENTIAL },
  { name: "credential-delete", find: [LIST, "tbody th a"], then: "/delete", for: ["admin", "operator"], others: NOT_FOUND },
  { name: "credential-secret-retire", find: [LIST, "tbody th a"], then: "/secrets/1/retire", for: ["admin"], others: OTHERS_CREDENTIAL },
  { name: "credential-checklist", find: [LIST, "tbody th a"], then: "/checklist", for: ["admin", "operator"], others: NOT_FOUND },
  { name: "credential-usage", find: [LIST, "tbody th a"], then: "/usage", for: ["admin", "operator"], others: NOT_FOUND },
  { name: "credential-usage-hours", find: [LIST, "tbody th a"], then: "/usage?by=hour", for: ["admin"], skip: ["supervisor", "agent", "operator", "stranger"] },

  { name: "gateway", path: "/admin/gateway", for: ["admin", "supervisor", "operator", "stranger"], others: NOT_FOUND },
  { name: "gateway-week", path: "/admin/gateway?period=7d", for: ["admin"], skip: ["supervisor", "agent", "operator", "stranger"] },
  { name: "gateway-requests", path: "/admin/gateway/requests", for: ["admin", "supervisor", "operator", "stranger"], others: NOT_FOUND },
  { name: "gateway-requests-none", path: "/admin/gateway/requests?status=5xx", for: ["admin"], skip: ["supervisor", "agent", "operator", "stranger"] },
  { name: "gateway-request", find: ["/admin/gateway/requests", "tbody th a"], for: ["admin", "operator"], others: NOT_FOUND },
  { name: "gateway-request-refused", find: ["/admin/gateway/requests?show=refused", "tbody th a"], for: ["admin", "operator"], others: NOT_FOUND },
];

// What somebody sees who is not signed in.
const PUBLIC = [
  { name: "sign-in", path: "/login" },
  { name: "signed-out", path: "/login?notice=signed-out" },
];

const LOOKS = [
  { tag: "1440-light", viewport: WIDE, colorScheme: "light" },
  { tag: "360-dark", viewport: NARROW, colorScheme: "dark" },
  { tag: "1440-dark", viewport: WIDE, colorScheme: "dark" },
  { tag: "360-light", viewport: NARROW, colorScheme: "light" },
];

const looks = async (page, entry, path, who) => {
  // For the one whose page it is first all four ways, for everybody else one of them.
  const whose = who === (entry.for ?? [who])[0] ? LOOKS : [LOOKS[ALL.indexOf(who) % LOOKS.length]];
  const refused = entry.others?.[who] ?? entry.others;
  const status = !entry.for || entry.for.includes(who) ? (entry.status ?? 200) : refused;
  for (const { tag, viewport, colorScheme } of whose) {
    const where = `${entry.name} as ${who}, ${tag}`;
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await open(page, path, where, status);
    await keeps(page, where);
    await picture(page, `${entry.name}-${who}-${tag}`);
    await axeOn(page, where);
  }
};

const browser = await launch();
const only = process.argv.slice(2);
const wanted = (entry) => only.length === 0 || only.includes(entry.name);

// Paths behind a list are found once, by the first who gets them; everybody asks for the same address.
const found = new Map();
const pathOf = async (page, entry) => {
  if (entry.path) return entry.path;
  if (!found.has(entry.name)) {
    const [list, link] = entry.find;
    await page.goto(list);
    const href = await page.locator(link).first().getAttribute("href");
    found.set(entry.name, entry.then ? `${href}${entry.then}` : href);
  }
  return found.get(entry.name);
};

await step("nobody", async () => {
  const context = await profile(browser);
  const page = await context.newPage();
  for (const entry of PUBLIC.filter(wanted)) await looks(page, entry, entry.path, "nobody");
  await page.goto("/admin");
  if (!page.url().includes("/login?next=%2Fadmin")) fault("nobody", `/admin leads to ${page.url()}`);
  await context.close();
});

// Calls of a program, so that the pages about them have something to show.
await step("calls", async () => {
  const context = await profile(browser);
  const page = await signIn(context, world.people.admin);
  const credential = await makeCredential(page, "Speech analytics", ["interaction-content:read", "users:read"]);
  await context.close();
  const content = await tokenOf(credential, "interaction-content:read");
  const users = await tokenOf(credential, "users:read");
  const statuses = [await call(content, CALLS_OF_A_WEEK), await call(users, CALLS_OF_A_WEEK), await call("no-token", CALLS_OF_A_WEEK)];
  equal(statuses, [200, 403, 401], "answers");
  // Counts are written once a second.
  await new Promise((done) => { setTimeout(done, 2500); });
});

for (const who of ALL) {
  const context = await profile(browser);
  const page = await signIn(context, world.people[who]);
  for (const entry of PAGES.filter(wanted).filter(({ skip }) => !skip?.includes(who))) {
    await step(`${entry.name} as ${who}`, async () => looks(page, entry, await pathOf(page, entry), who));
  }
  await context.close();
}
await finish(browser);
