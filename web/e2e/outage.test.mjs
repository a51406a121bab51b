// Presses while the pipeline is away. Whoever started this test kills it and
// starts it again: asked on standard output, answered on standard input.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { SHOP, Visitor, WAIT_MS, archived, arrives, byKind, closeBrowser, nameOf, openBrowser, openList, printMeasured, rows, sql } from './world.mjs';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(what) {
  console.log(`furrow: ${what}`);
  const { value } = await answers.next();
  assert.equal(value, `${what} done`);
}

before(async () => {
  await openBrowser();
  await openList();
  rows.start();
});
after(async () => {
  await rows.stop();
  printMeasured();
  await closeBrowser();
  process.stdin.destroy();
});

test('what is done while the pipeline is away arrives once, when it is back', { timeout: 120_000 }, async () => {
  const visitor = await Visitor.enter();
  const { session } = visitor;
  await visitor.look();
  await visitor.press('#stepper-plus', 2, 1_300);
  await rows.until(session, 'the session before the outage', (row) => row.scored && row);

  await ask('kill');
  const downs = await visitor.press('#dead', 8, 250);
  await visitor.press('#stepper-plus', 1);
  await visitor.look(2_500);
  await ask('start');
  const back = Date.now();

  await arrives(visitor, 'rage during an outage, from its end', 'rage_press', back);
  const { row, signals } = await visitor.judged();
  assert.equal(row.gaps, 0, JSON.stringify(row, null, 1));
  assert.equal(row.presses, 2 + downs.length + 1, JSON.stringify(row, null, 1));
  assert.deepEqual(signals, ['rage_press'], JSON.stringify(row, null, 1));
  assert.equal(row.signals[0].presses, downs.length);

  // What was sent again was sent unchanged: each body is one batch.
  const sent = new Set(visitor.bodies).size;
  assert.ok(visitor.bodies.length > sent, 'something was sent more than once');
  const [kept] = await sql(
    `SELECT count() AS batches, uniqExact(sender, sequence) AS numbers, max(sequence) + 1 AS next, uniqExact(sender) AS senders FROM v_batches WHERE session = '${session}'`,
  );
  const counts = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, Number(value)]));
  assert.deepEqual(counts, { batches: counts.next, numbers: counts.next, next: counts.next, senders: 1 });
  assert.ok(counts.next >= row.batches && counts.next <= sent, `${counts.next} archived, ${row.batches} scored, ${sent} sent`);
  await visitor.leave();
});

/** How long the pipeline is away in the longer outage, ms. */
const AWAY_MS = 30_000;
/** The SDK's longest pause before it tries again, ms. */
const RETRY_MAX_MS = 30_000;

/**
 * The shop is a part of what goes away here; a real one is not. Stands before it, and shows from memory what does not
 * come any more. Gives its address and what stops it.
 */
async function keeper(paths) {
  const kept = new Map();
  const fetched = async (path) => {
    const answer = await fetch(SHOP + path).catch(() => null);
    if (answer) kept.set(path, { type: answer.headers.get('content-type'), body: Buffer.from(await answer.arrayBuffer()) });
    return kept.get(path);
  };
  for (const path of paths) await fetched(path);
  const server = createServer(async ({ url }, response) => {
    const page = await fetched(url);
    if (page) response.setHeader('content-type', page.type).end(page.body);
    else response.writeHead(502).end();
  });
  await new Promise((up) => server.listen(0, '127.0.0.1', up));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return [`http://127.0.0.1:${server.address().port}`, stop];
}

/** Waits until the archive holds all of these batches; gives all that it holds. */
async function holdsAll(session, names) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const batches = await archived(session);
    const kept = new Set(batches.map(nameOf));
    const missing = names.filter((name) => !kept.has(name));
    if (!missing.length) return batches;
    if (Date.now() > end) assert.fail(`not archived: ${missing.join(', ')}`);
  }
}

test('half a minute without the pipeline, over three further pages, loses nothing', { timeout: 180_000 }, async () => {
  const [kept, stop] = await keeper(['/', '/cart', '/checkout']);
  const visitor = await Visitor.enter(`${kept}/product?p=can`);
  const { session, page } = visitor;
  await visitor.look();
  await rows.until(session, 'the session before the outage', (row) => row);

  await ask('kill');
  const away = Date.now();
  await visitor.press('#stepper-plus', 2, 1_200);
  // Each page's last beacon meets nobody.
  for (const [link, path] of [['#nav-cart', '/cart'], ['#to-checkout', '/checkout'], ['#nav-shop', '/']]) {
    await visitor.look(1_500);
    await page.click(link);
    await page.waitForURL((url) => url.pathname === path);
  }
  await visitor.look(Math.max(1_000, away + AWAY_MS - Date.now()));
  await ask('start');

  const presses = 5;
  const row = await rows.until(session, 'all presses', (row) => row.presses >= presses && row, RETRY_MAX_MS + WAIT_MS);
  const { row: whole } = await visitor.judged();
  assert.equal(whole.presses, presses, JSON.stringify(whole, null, 1));
  assert.equal(whole.gaps, 0, JSON.stringify(row, null, 1));
  // What was tried by then is all there is: what a page could not send its successor has tried again.
  const { sent } = visitor;
  const batches = await holdsAll(session, sent);
  const senders = new Map();
  for (const { senderId, sequence } of batches) {
    const name = Buffer.from(senderId).toString('hex');
    senders.set(name, [...(senders.get(name) ?? []), sequence]);
  }
  assert.equal(senders.size, 4, 'one sender a page load');
  for (const sequences of senders.values()) assert.deepEqual(sequences, sequences.map((_, n) => n), 'each batch once, none missing');
  const kinds = byKind(batches);
  assert.deepEqual(kinds.pageView.map(({ page: { path } }) => path).sort(), ['/', '/cart', '/checkout', '/product']);
  assert.equal(kinds.press.length, presses);
  await visitor.leave();
  stop();
});
