// The built dashboard in Chromium against a stand-in for the query service.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { launch } from "../../testbed/browser.mjs";
import * as fixtures from "./fixtures.mjs";
import { start } from "./service.mjs";

const BOUND = 10_000;

let browser;
let service;
let page;
let faults;
let now;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

beforeEach(async () => {
  now = Date.now();
  service = await start({
    sessions: () => ({ sessions: fixtures.sessions(now) }),
    session: (id) => (id === first() ? fixtures.detail(now) : null),
    trail: () => fixtures.trail(now),
    health: () => fixtures.health(now),
  });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(BOUND);
  faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  // A refused request logs itself; what the page's policy forbids is a fault.
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("Failed to load resource")) {
      faults.push(message.text());
    }
  });
});
afterEach(async () => {
  await page.close();
  await service.stop();
  assert.deepEqual(faults, []);
});

const first = () => fixtures.idText(fixtures.sessions(now)[0].sessionId);
const rows = () => page.getByTestId("session-row");
const row = (id) => page.locator(`[data-testid="session-row"][data-session="${id}"]`);

async function eventually(read, wanted) {
  const end = Date.now() + BOUND;
  let seen;
  do {
    seen = await read();
    if (typeof wanted === "function" ? wanted(seen) : seen === wanted) return seen;
    await new Promise((resolve) => setTimeout(resolve, 25));
  } while (Date.now() < end);
  assert.fail(`still ${JSON.stringify(seen)} after ${BOUND} ms, wanted ${wanted}`);
}

async function open(path = "") {
  await page.goto(service.url + path);
}

async function live() {
  await page.locator('[data-testid="link"][data-link="live"]').waitFor();
}

describe("the list", () => {
  test("shows each session with its scores, its state and its reasons in words", async () => {
    await open();
    await eventually(() => rows().count(), 7);
    const mine = row(first());
    assert.equal(await mine.getByTestId("frustration").textContent(), "7.4");
    assert.equal(await mine.getByTestId("experience").textContent(), "3.3");
    assert.equal(await mine.getByTestId("engagement").textContent(), "5.1");
    assert.equal(await mine.getByTestId("confusion").textContent(), "3.1");
    assert.equal(await mine.getByTestId("exitRisk").textContent(), "4.3");
    assert.match(await mine.textContent(), /Navigation1\.2.*Form0\.6.*Technical2\.8/s);
    assert.match(await mine.getByTestId("status").textContent(), /live/);
    assert.match(await mine.textContent(), /\/products\/lamp.*Desktop · Chrome · Windows/s);
    const reasons = await mine.getByTestId("contributor").allTextContents();
    assert.deepEqual(reasons, ["rage press ×2", "dead press ×3", "error press"]);
  });

  test("says of an unscored session that there is not enough yet, never 0", async () => {
    await open();
    const unscored = rows().filter({ hasText: "/cart" });
    assert.match(await unscored.textContent(), /not enough yet/);
    assert.equal(await unscored.getByTestId("frustration").count(), 0);
  });

  test("tells how to send the first interaction while there is none", async () => {
    service.answers.sessions = () => ({ sessions: [] });
    await open();
    const told = await page.getByTestId("empty").textContent();
    assert.match(told, /furrow up --demo/);
    assert.match(told, /furrow\.init/);
    assert.match(told, /IngestService\/Publish/);
  });

  test("turns an empty page into a list when the first session's scores come", async () => {
    service.answers.sessions = () => ({ sessions: [] });
    await open();
    await page.getByTestId("empty").waitFor();
    await live();
    service.tell("score", fixtures.furtherPress(now));
    await eventually(() => rows().count(), 1);
  });

  test("changes a row when its update comes, and adds one for a new session", async () => {
    await open();
    await eventually(() => rows().count(), 7);
    await live();
    service.tell("score", fixtures.furtherPress(now));
    await eventually(() => row(first()).getByTestId("frustration").textContent(), "8.6");
    service.tell("score", { update: { session: fixtures.session(40, now, { startedMs: now }) } });
    await eventually(() => rows().count(), 8);
    assert.equal(await rows().first().getAttribute("data-session"), fixtures.idText(fixtures.session(40, now, { startedMs: now }).sessionId));
  });

  test("loads the whole list again after every reconnection and after a resync", async () => {
    await open();
    await live();
    const lists = () => service.asked.filter((path) => path.startsWith("/api/v1/sessions?")).length;
    await eventually(lists, (n) => n >= 1);
    for (const interrupt of [() => service.cut(), () => service.tell("resync", {})]) {
      const before = lists();
      service.answers.sessions = () => ({ sessions: fixtures.sessions(now).slice(0, before % 5) });
      interrupt();
      await eventually(lists, (n) => n > before);
      await eventually(() => rows().count(), before % 5);
      await live();
    }
  });

  test("asks for another order and a minimum of frustration, and filters by words", async () => {
    await open();
    await eventually(() => rows().count(), 7);
    await page.getByTestId("order-most_frustrated").check();
    await eventually(() => service.asked.some((p) => p.includes("order=most_frustrated")), true);
    await eventually(() => rows().first().getByTestId("frustration").textContent(), "9.1");
    await page.getByTestId("frustration-min").selectOption("5000");
    await eventually(() => service.asked.some((p) => p.includes("frustration_min=5000")), true);
    await eventually(() => rows().count(), 3);
    await page.getByTestId("filter").fill("retry press");
    await eventually(() => rows().count(), 1);
    await page.getByTestId("filter").fill("no such thing");
    await page.getByTestId("no-match").waitFor();
  });

  test("lets what is going on now fade by half of its load every 90 s", async () => {
    service.answers.sessions = () => ({
      sessions: [
        fixtures.session(1, now, {
          startedMs: now - 200_000,
          lastInteractionMs: now - 90_000,
          scores: { frustration: 7500, confusion: 9000, exitRisk: 7500 },
          running: { frustration: 7500, exitRisk: 7500 },
        }),
      ],
    });
    await open();
    // 10·(1 − √(1 − 0.75)) = 5 at 90 s, and a little less when it is read.
    const value = Number(await rows().first().getByTestId("frustration-now").textContent());
    assert.ok(value > 4.6 && value <= 5, String(value));
    const exitRisk = Number(await rows().first().getByTestId("exitRisk-now").textContent());
    assert.ok(exitRisk > 4.6 && exitRisk <= 5, String(exitRisk));
    assert.equal(await rows().first().getByTestId("confusion-now").textContent(), "0.0");
    const later = await eventually(
      async () => Number(await rows().first().getByTestId("frustration-now").textContent()),
      (v) => v < value,
    );
    assert.ok(later > 4, String(later));
  });

  test("is walked with the keyboard alone", async () => {
    await open();
    await eventually(() => rows().count(), 7);
    await page.locator(".row-link").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.closest("tr").dataset.session), first());
    await page.keyboard.press("Enter");
    await page.getByTestId("session").waitFor();
  });

  test("says what is wrong when the service cannot answer", async () => {
    service.answers.sessions = () => null;
    await open();
    assert.match(await page.getByRole("alert").textContent(), /there is no such session/);
  });
});

describe("a session's page", () => {
  test("shows scores, signals with their evidence, trail, page views and conversions", async () => {
    await open(`#/sessions/${first()}`);
    const session = page.getByTestId("session");
    await session.waitFor();
    assert.equal(await session.getByTestId("frustration").first().textContent(), "7.4");
    assert.equal(await page.getByTestId("signal").count(), 6);
    const rage = page.locator('[data-testid="signal"][data-signal="rage_press"]').first();
    assert.match(await rage.textContent(), /0:31.*rage press.*Buy now.*main button#pay.*none of them answered.*rests on 6/s);
    const texts = await session.getByTestId("contributor").allTextContents();
    assert.ok(texts.includes("rage press, twice, on button#pay"), texts.join());
    await page.getByTestId("trail").waitFor();
    assert.equal(await page.getByTestId("page-view").count(), 3);
    assert.match(await page.getByTestId("conversion").textContent(), /purchase.*A-1041.*€89\.90/s);
  });

  test("shows every score, final and now, with what it rests on", async () => {
    await open(`#/sessions/${first()}`);
    const overview = page.getByRole("region", { name: "Scores" });
    const finals = { confusion: "3.1", exitRisk: "4.3", experience: "3.3", engagement: "5.1", navigation: "1.2", form: "0.6", technical: "2.8" };
    for (const [kind, value] of Object.entries(finals)) {
      assert.equal(await overview.getByTestId(kind).textContent(), value, kind);
    }
    for (const kind of Object.keys(finals).filter((kind) => kind !== "experience")) {
      const now = Number(await overview.getByTestId(`${kind}-now`).textContent());
      assert.ok(now >= 0 && now <= Number(finals[kind]), `${kind} ${now}`);
    }
    assert.equal(await overview.getByTestId("experience-now").count(), 0);
    for (const [kind, reason] of Object.entries({
      frustration: /rage press, twice, on button#pay/,
      technical: /error press on button#voucher/,
      confusion: /hesitation, twice, over select#size/,
      navigation: /quick back from \/products\/rug/,
      form: /field struggle in input#voucher/,
      exit_risk: /about to leave after a rage press/,
      engagement: /engaged for 71 s/,
    })) {
      assert.match(await page.getByTestId(`why-${kind}`).textContent(), reason);
    }
  });

  test("shows an ended session's scores without what they are now", async () => {
    service.answers.session = () => ({ ...fixtures.detail(now), session: fixtures.sessions(now)[4] });
    await open(`#/sessions/${first()}`);
    await page.getByTestId("session").waitFor();
    assert.equal(await page.getByTestId("frustration-now").count(), 0);
  });

  test("gives each page view its own scores and reasons, and none without evidence", async () => {
    await open(`#/sessions/${first()}`);
    const views = page.getByTestId("page-view");
    await eventually(() => views.count(), 3);
    assert.equal(await views.nth(1).getByTestId("frustration").textContent(), "7.4");
    assert.equal(await views.nth(1).getByTestId("exitRisk").textContent(), "4.3");
    assert.deepEqual(await views.nth(1).getByTestId("contributor").allTextContents(), ["rage press ×2", "hesitation ×2"]);
    assert.match(await views.nth(2).textContent(), /not enough yet/);
    assert.equal(await views.nth(2).getByTestId("frustration").count(), 0);
  });

  test("lists measures with their units, of the session and of each page view", async () => {
    await open(`#/sessions/${first()}`);
    const rows = page.getByTestId("measure");
    await eventually(() => rows.count(), 9);
    const cells = (name) => page.locator(`[data-measure="${name}"]`).locator("th, td").allTextContents();
    assert.deepEqual(await cells("path_px"), ["path", "px", "18,420", "3,120", "14,003"]);
    assert.deepEqual(await cells("turning_rad_per_1000_px"), ["turning", "rad / 1,000 px", "5.42", "–", "–"]);
    assert.deepEqual(await cells("straightness"), ["straightness", "", "0.612", "0.784", "0.551"]);
    assert.deepEqual(await cells("hover_ms"), ["hover time", "ms", "23,800", "4,100", "19,700"]);
    assert.deepEqual(await cells("tilt_variance"), ["tilt variance", "", "3.1e-4", "–", "–"]);
  });

  test("brings a chosen signal up in the timeline, the list and the trail", async () => {
    await open(`#/sessions/${first()}`);
    await page.getByTestId("trail").waitFor();
    await page.getByTestId("timeline").getByRole("button", { name: /slow press/ }).press("Enter");
    await page.locator('[data-testid="signal"].chosen[data-signal="slow_press"]').waitFor();
    await page.locator('[data-testid="trail-signal"].chosen').waitFor();
    assert.match(await page.getByTestId("trail").getAttribute("aria-label"), /\/cart/);
  });

  test("gives each page view its own signals on its own trail", async () => {
    await open(`#/sessions/${first()}`);
    await page.getByTestId("trail").waitFor();
    for (const [index, signals] of [[0, 1], [1, 4], [2, 1]]) {
      await page.getByTestId("trail-pick").selectOption({ index });
      await eventually(() => page.getByTestId("trail-signal").count(), signals);
    }
  });

  test("plays a trail from its beginning", async () => {
    await open(`#/sessions/${first()}`);
    await page.getByTestId("play").click();
    await page.locator(".pointer").waitFor();
    const moment = page.getByRole("slider");
    const early = Number(await moment.inputValue());
    assert.ok(early < 5_000, String(early));
    await eventually(async () => Number(await moment.inputValue()), (v) => v > early);
  });

  test("grows while it is open", async () => {
    await open(`#/sessions/${first()}`);
    await eventually(() => page.getByTestId("signal").count(), 6);
    await live();
    service.tell("score", fixtures.furtherPress(now));
    await eventually(() => page.getByTestId("signal").count(), 7);
    await eventually(() => page.getByTestId("session").getByTestId("frustration").first().textContent(), "8.6");
  });

  test("keeps what an update told when an older answer is loaded after it", async () => {
    await open(`#/sessions/${first()}`);
    await live();
    service.tell("score", fixtures.furtherPress(now));
    await eventually(() => page.getByTestId("signal").count(), 7);
    const asked = () => service.asked.filter((path) => path.endsWith(`/${first()}`)).length;
    const before = asked();
    service.cut();
    await eventually(asked, (n) => n > before);
    await live();
    assert.equal(await page.getByTestId("signal").count(), 7);
  });

  test("says so when there is no such session", async () => {
    await open("#/sessions/01900000-0000-7000-8000-000000000000");
    await page.getByTestId("no-session").waitFor();
  });

  test("says not enough yet of an unscored session", async () => {
    service.answers.session = () => ({ ...fixtures.detail(now), session: fixtures.sessions(now)[2], signals: [] });
    await open(`#/sessions/${first()}`);
    assert.match(await page.getByTestId("unscored").textContent(), /not enough yet/);
  });
});

describe("the health page", () => {
  const level = (testid) => page.getByTestId(testid).getAttribute("data-level");
  const lag = (role, topic) => page.locator(`[data-testid="lag"][data-role="${role}"][data-topic="${topic}"]`);

  test("tells lag, canary, laws and dead letters of a pipeline that is well", async () => {
    await open("#/health");
    await eventually(() => level("health"), "good");
    const scorer = lag("scorer", "interactions");
    assert.equal(await scorer.getByTestId("behind").textContent(), "0.4 s");
    assert.match(await scorer.textContent(), /5 of 8keeps up/);
    assert.match(await lag("sink", "scores").textContent(), /0\.0 s.*caught up/);
    assert.match(await page.getByTestId("canary").textContent(), /arrived.*0\.61 s.* s ago/s);
    const gateway = page.locator('[data-testid="law"][data-law="gateway"]');
    assert.match(await gateway.textContent(), /holds.*1,204 received = 1,190 accepted \+ 11 rejected/);
    assert.match(await page.getByTestId("dead-letters").textContent(), /None/);
  });

  test("says what is wrong in words when a role stands still, and that it is well again", async () => {
    service.answers.health = () => fixtures.illHealth(now);
    await open("#/health");
    await eventually(() => level("health"), "bad");
    const scorer = lag("scorer", "interactions");
    assert.match(await scorer.textContent(), /6 min 52 s5,1203 of 8too far behind/);
    assert.match(await page.getByTestId("canary").textContent(), /not scored.*its session has no row/s);
    const law = page.locator('[data-testid="law"][data-law="scorer"]');
    assert.match(await law.textContent(), /broken by 2 records/);
    assert.match(await page.getByTestId("dead-letters").textContent(), /unreadable7/);
    service.answers.health = () => fixtures.health(now);
    await eventually(() => level("health"), "good");
  });

  test("says where to ask where roles are apart, and that nothing is known yet", async () => {
    const lags = fixtures.health(now).lags.map((lag) => ({ ...lag, measuredMs: "0" }));
    service.answers.health = () => fixtures.health(now, { lags, canary: null, laws: [] });
    await open("#/health");
    await eventually(() => level("health"), "unknown");
    assert.match(await page.getByTestId("canary").textContent(), /canary\.ingest/);
    assert.match(await page.locator("main").textContent(), /furrow doctor --process/);
  });
});

test("asks for the read key once where one is configured", async () => {
  service.key = "geheim";
  await open();
  await page.getByTestId("login").waitFor();
  await page.getByLabel("Key").fill("falsch");
  await page.getByRole("button", { name: "Open the dashboard" }).click();
  assert.match(await page.getByRole("alert").textContent(), /missing or wrong/);
  await page.getByLabel("Key").fill("geheim");
  await page.keyboard.press("Enter");
  await eventually(() => rows().count(), 7);
  await live();
  await page.reload();
  await eventually(() => rows().count(), 7);
});

test("fits phones and both colour schemes without sideways scrolling", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme });
    const phone = await context.newPage();
    const pages = { "": "session-row", [`#/sessions/${first()}`]: "trail", "#/health": "law" };
    for (const [hash, shown] of Object.entries(pages)) {
      await phone.goto(service.url + hash);
      await phone.reload();
      await phone.locator(`[data-testid="${shown}"]`).first().waitFor();
      const over = await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${over} px too wide in ${colorScheme} at "${hash}"`);
    }
    await context.close();
  }
});
