// What the page does after each kind of press, as data, in the demo shop.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answered, closeBrowser, pressRepeatedly, visit, WITHOUT } from './harness.mjs';

after(closeBrowser);

const attributes = !WITHOUT.includes('interaction-contentful-paint');

const settled = (count) => (gateway) => {
  const { presses } = gateway;
  return presses.length >= count && presses.every((press) => answered(press) || press.response.watchedMs >= 3000) && presses;
};

test('a dead button is told as unanswered, first after a second and again after three', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#dead', 1, 50);
    const [first] = await gateway.until('the press', (g) => g.of('press').length && g.of('press'));
    assert.ok(first.response.watchedMs >= 1000 && first.response.watchedMs < 2500, `${first.response.watchedMs}`);
    assert.ok(Math.abs(first.downBeforeMs - first.response.watchedMs) <= 1);
    assert.equal(first.target.selector, 'section.product button#dead');
    assert.equal(first.target.label, 'Apply voucher');
    assert.ok(first.target.interactive && first.target.looksInteractive);
    const [last] = await gateway.until('the last word', settled(1));
    assert.deepEqual(Object.keys(last.facts).filter((kind) => kind !== 'mutation_moving'), []);
  }));

test('presses on a dead button beside a running countdown stay unanswered', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#dead-countdown', 8, 250);
    const presses = await gateway.until('eight presses', settled(8));
    assert.deepEqual(presses.map(answered), Array(8).fill(false));
    assert.ok(presses.some(({ facts }) => 'mutation_moving' in facts), 'the countdown was seen to move');
    assert.deepEqual(presses.map(({ number }) => number ?? 0).sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7]);
  }));

test('a stepper answers each press elsewhere, with a paint of its own', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#stepper-plus', 6, 250);
    const presses = await gateway.until('six presses', settled(6));
    for (const { facts, response } of presses) {
      assert.ok(facts.mutation_still < 1000, JSON.stringify(facts));
      assert.equal(!!(response.reportable & 2), attributes, 'whether this browser attributes paints');
    }
    assert.ok(presses.every(({ facts }) => 'paint' in facts === attributes), JSON.stringify(presses.map((p) => p.facts)));
  }));

test('a carousel answers each press while the countdown runs', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#carousel-next', 5, 600);
    const presses = await gateway.until('five presses', settled(5));
    for (const { facts } of presses) assert.ok(facts.mutation_still < 1000, JSON.stringify(facts));
  }));

test('a toggle changes inside itself, and each change lasts until the next press', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#toggle', 3, 350);
    const presses = await gateway.until('three presses', settled(3));
    for (const { facts } of presses) {
      assert.ok(facts.mutation_inside_lasting < 1000, JSON.stringify(facts));
      assert.ok(!('mutation_inside_passing' in facts));
    }
  }));

test('an erroring button tells its request, its failure and the two problems', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#error', 1, 50);
    const [press] = await gateway.until('the error', (g) => g.presses[0]?.facts.error !== undefined && g.presses);
    assert.ok(press.facts.request < 1000);
    const problems = await gateway.until('both problems', (g) => g.failures.length === 2 && g.failures);
    assert.deepEqual(problems.map(({ kind, status, origin }) => [kind, status ?? 0, origin]), [
      [2, 500, 'self'],
      [1, 0, 'self'],
    ]);
  }));

test('a slow button answers after one second and before three', () =>
  visit({}, async ({ page, gateway }) => {
    await pressRepeatedly(page, '#slow', 1, 50);
    const [press] = await gateway.until('the late answer', (g) => g.presses[0]?.facts.mutation_still && g.presses);
    assert.ok(press.facts.mutation_still >= 1500 && press.facts.mutation_still < 3000);
    assert.ok(!('request' in press.facts));
    const [first] = gateway.of('press');
    assert.deepEqual(first.response.facts.filter(({ kind }) => kind !== 4), [], 'nothing but the clock within a second');
  }));

test('a link that is followed tells the navigation before the page goes', () =>
  visit({ path: '/' }, async ({ page, gateway }) => {
    await page.click('#good-pot');
    await page.waitForURL('**/product?p=pot');
    const bytes = await gateway.until('the beacon', (g) => g.beaconed.length && g.beaconed);
    assert.ok(bytes.length);
    const { Batch, factsOf, interactionsOf } = await import('./harness.mjs');
    const press = bytes.flatMap((b) => interactionsOf(Batch.decode(b))).find(({ kind }) => kind === 'press');
    assert.ok('navigation' in factsOf(press.value.response));
    assert.equal(press.value.target.kind, 2);
  }));
