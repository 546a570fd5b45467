// Every page as everybody, in light and dark, narrow and wide: pictures, axe, and what every page must keep.

import { NARROW, WIDE, axeOn, fault, finish, keeps, launch, open, picture, profile, signIn, step, world } from "./lib.mjs";

const ALL = ["admin", "supervisor", "agent", "operator", "stranger"];

// name: of the picture. path, or find: [list page, selector of the link to follow], then: what comes after its address.
// for: who gets it; others: the status that everybody else gets, or one for each.
const NOT_FOUND = 404;
const OTHERS_CREDENTIAL = { supervisor: 404, agent: 404, operator: 403, stranger: 404 };
const LIST = "/admin/credentials?q=Nightly";
const WEEK = "from=2026-03-01&to=2026-03-07";
const RECORDING = "/admin/recordings/0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";
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

  { name: "recordings", path: `/admin/recordings?${WEEK}`, for: ALL },
  { name: "recordings-nothing-found", path: `/admin/recordings?${WEEK}&agent=9`, for: ["admin"], skip: ["supervisor", "agent", "operator", "stranger"] },
  { name: "recordings-wrong", path: "/admin/recordings?from=March", for: ["admin"], status: 422, skip: ["supervisor", "agent", "operator", "stranger"] },
  { name: "recording", path: RECORDING, for: ["admin"], others: NOT_FOUND },
  { name: "recording-delete", path: `${RECORDING}/delete`, for: ["admin"], others: NOT_FOUND },
  { name: "recording-item-delete", path: `${RECORDING}/content/callRecording/delete`, for: ["admin"], others: NOT_FOUND },

  { name: "collections", path: "/admin/collections", for: ["operator"], others: NOT_FOUND },
  { name: "collection", path: "/admin/collections/acme", for: ["operator"], others: NOT_FOUND },
  { name: "collection-gaps", path: "/admin/collections/acme/gaps", for: ["operator"], others: NOT_FOUND },
  { name: "collection-gaps-none", path: "/admin/collections/acme/gaps?q=nothing", for: ["operator"], skip: ["admin", "supervisor", "agent", "stranger"] },
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

for (const who of ALL) {
  const context = await profile(browser);
  const page = await signIn(context, world.people[who]);
  for (const entry of PAGES.filter(wanted).filter(({ skip }) => !skip?.includes(who))) {
    await step(`${entry.name} as ${who}`, async () => looks(page, entry, await pathOf(page, entry), who));
  }
  await context.close();
}
await finish(browser);
