// Every page as everybody, in light and dark, narrow and wide: pictures, axe, and what every page must keep.

import {
  CALLS_OF_A_WEEK, NARROW, WIDE, axeOn, call, equal, fault, finish, keeps, launch, makeCredential, open, picture, profile, signIn,
  step, tokenOf, world,
} from "./lib.mjs";

const ALL = ["admin", "supervisor", "agent", "operator", "stranger"];

// name: of the picture. path, or find: [list page, selector of the link to follow], then: what comes after its address.
// for: who gets it; others: the status that everybody else gets, or one for each, when it is not 404.
const ADMINS = ["admin", "operator", "stranger"];
const NOT_ADMIN = ALL.filter((who) => who !== "admin");
const USER = "/admin/users?q=supervisor";
const WEEK = "from=2026-03-01&to=2026-03-07";
const RECORDING = "/admin/recordings/0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";
const OTHERS_CREDENTIAL = { operator: 403 };
const LIST = "/admin/credentials?q=Nightly";
const PAGES = [
  { name: "start", path: "/admin", for: ALL },
  { name: "design", path: "/admin/design", for: ALL },
  { name: "not-found", path: "/admin/nothing-here", for: ALL, status: 404 },
  { name: "me", path: "/admin/me", for: ALL },
  { name: "me-password", path: "/admin/me/password", for: ["admin", "agent"], others: 200 },
  { name: "authenticator-new", path: "/admin/me/authenticator", for: ["admin"], others: 200 },

  { name: "credentials", path: "/admin/credentials", for: ["admin", "supervisor", "operator", "stranger"] },
  { name: "credentials-page-2", path: "/admin/credentials?page=2", for: ["admin", "operator"], skip: ["supervisor", "agent", "stranger"] },
  { name: "credentials-nothing-found", path: "/admin/credentials?q=no+such+name", for: ["admin"], skip: NOT_ADMIN },
  { name: "credential-new", path: "/admin/credentials/new", for: ["admin", "supervisor", "operator", "stranger"] },
  { name: "credential", find: [LIST, "tbody th a"], for: ["admin", "operator"] },
  { name: "credential-edit", find: [LIST, "tbody th a"], then: "/edit", for: ["admin"], others: OTHERS_CREDENTIAL },
  { name: "credential-rotate", find: [LIST, "tbody th a"], then: "/rotate", for: ["admin"], others: OTHERS_CREDENTIAL },
  { name: "credential-delete", find: [LIST, "tbody th a"], then: "/delete", for: ["admin", "operator"] },
  { name: "credential-secret-retire", find: [LIST, "tbody th a"], then: "/secrets/1/retire", for: ["admin"], others: OTHERS_CREDENTIAL },
  { name: "credential-checklist", find: [LIST, "tbody th a"], then: "/checklist", for: ["admin", "operator"] },
  { name: "credential-usage", find: [LIST, "tbody th a"], then: "/usage", for: ["admin", "operator"] },
  { name: "credential-usage-hours", find: [LIST, "tbody th a"], then: "/usage?by=hour", for: ["admin"], skip: NOT_ADMIN },

  { name: "gateway", path: "/admin/gateway", for: ["admin", "supervisor", "operator", "stranger"] },
  { name: "gateway-week", path: "/admin/gateway?period=7d", for: ["admin"], skip: NOT_ADMIN },
  { name: "gateway-requests", path: "/admin/gateway/requests", for: ["admin", "supervisor", "operator", "stranger"] },
  { name: "gateway-requests-none", path: "/admin/gateway/requests?status=5xx", for: ["admin"], skip: NOT_ADMIN },
  { name: "gateway-request", find: ["/admin/gateway/requests", "tbody th a"], for: ["admin", "operator"] },
  { name: "gateway-request-refused", find: ["/admin/gateway/requests?show=refused", "tbody th a"], for: ["admin", "operator"] },

  { name: "users", path: "/admin/users", for: ADMINS },
  { name: "users-nobody-found", path: "/admin/users?q=no+such+name", for: ["admin"], skip: NOT_ADMIN },
  { name: "user-new", path: "/admin/users/new", for: ADMINS },
  { name: "user", find: [USER, "tbody th a"], for: ["admin", "operator"] },
  { name: "user-edit", find: [USER, "tbody th a"], then: "/edit", for: ["admin", "operator"] },
  { name: "user-lock", find: [USER, "tbody th a"], then: "/switch/lock", for: ["admin", "operator"] },
  { name: "user-disable", find: [USER, "tbody th a"], then: "/switch/disable", for: ["admin", "operator"] },
  { name: "user-operator", find: ["/admin/users?q=operator", "tbody th a"], for: ["admin", "operator"] },
  { name: "groups", path: "/admin/groups", for: ADMINS },
  { name: "group-new", path: "/admin/groups/new", for: ADMINS },
  { name: "group", find: ["/admin/groups", "tbody th a"], for: ["admin", "operator"] },
  { name: "providers", path: "/admin/providers", for: ADMINS },
  { name: "provider-new", path: "/admin/providers/new", for: ADMINS },
  { name: "provider", path: "/admin/providers/corp", for: ["admin", "operator"] },
  { name: "provider-edit", path: "/admin/providers/corp/edit", for: ["admin", "operator"] },
  { name: "provider-switch-off", path: "/admin/providers/corp/switch/off", for: ["admin", "operator"] },
  { name: "provider-delete", path: "/admin/providers/corp/delete", for: ["admin", "operator"] },
  { name: "accounts", path: "/admin/accounts", for: ["operator"] },
  { name: "account-new", path: "/admin/accounts/new", for: ["operator"] },
  { name: "account", path: "/admin/accounts/beta", for: ["operator"] },
  { name: "developers", path: "/admin/developers", for: ["operator"] },
  { name: "developer-new", path: "/admin/developers/new", for: ["operator"] },
  { name: "account-suspend", path: "/admin/accounts/beta/suspend", for: ["operator"] },

  { name: "recordings", path: `/admin/recordings?${WEEK}`, for: ALL },
  { name: "recordings-nothing-found", path: `/admin/recordings?${WEEK}&agent=9`, for: ["admin"], skip: NOT_ADMIN },
  { name: "recordings-wrong", path: "/admin/recordings?from=March", for: ["admin"], status: 422, skip: NOT_ADMIN },
  { name: "recording", path: RECORDING, for: ["admin"] },
  { name: "recording-delete", path: `${RECORDING}/delete`, for: ["admin"] },
  { name: "recording-item-delete", path: `${RECORDING}/content/callRecording/delete`, for: ["admin"] },

  { name: "collections", path: "/admin/collections", for: ["operator"] },
  { name: "collection", path: "/admin/collections/acme", for: ["operator"] },
  { name: "collection-run", find: ["/admin/collections/acme", "a[href*='/runs/']"], for: ["operator"] },
  { name: "collection-gaps", path: "/admin/collections/acme/gaps", for: ["operator"] },
  { name: "collection-gaps-none", path: "/admin/collections/acme/gaps?q=nothing", for: ["operator"], skip: ["admin", "supervisor", "agent", "stranger"] },

  { name: "explorer", path: "/admin/explorer", for: ["admin", "supervisor", "operator", "stranger"] },
  { name: "explorer-nothing-found", path: "/admin/explorer?q=no+such+words", for: ["admin"], skip: NOT_ADMIN },
  { name: "explorer-operation", find: ["/admin/explorer", "tbody th a"], for: ["admin", "supervisor", "operator", "stranger"] },
  { name: "audit", path: "/admin/audit", for: ADMINS },
  { name: "audit-nothing-found", path: "/admin/audit?subject=nothing", for: ["admin"], skip: NOT_ADMIN },
  { name: "audit-installation", path: "/admin/audit/installation", for: ["operator"] },
  { name: "keys", path: "/admin/keys", for: ["operator"] },
  { name: "key-rotate", path: "/admin/keys/rotate", for: ["operator"] },
  { name: "key-withdraw", find: ["/admin/keys", "td.act a"], for: ["operator"] },
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
  // What one may not know of does not exist.
  const refused = typeof entry.others === "number" ? entry.others : (entry.others?.[who] ?? 404);
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
const pages = new Map();
const found = new Map();
const pathOf = async (entry) => {
  if (entry.path) return entry.path;
  const [list, link] = entry.find;
  const key = `${list} ${link}`;
  if (!found.has(key)) {
    const page = await pages.get(entry.for[0]).newPage();
    await page.goto(list);
    found.set(key, await page.locator(`main ${link}`).first().getAttribute("href"));
    await page.close();
  }
  return `${found.get(key)}${entry.then ?? ""}`;
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
  await (await signIn(context, world.people[who])).close();
  pages.set(who, context);
}
for (const who of ALL) {
  const page = await pages.get(who).newPage();
  for (const entry of PAGES.filter(wanted).filter(({ skip }) => !skip?.includes(who))) {
    await step(`${entry.name} as ${who}`, async () => looks(page, entry, await pathOf(entry), who));
  }
  await page.close();
}
await finish(browser);
