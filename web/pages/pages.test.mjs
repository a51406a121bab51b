// Which presses the scoring core takes for unanswered, on widgets as they are:
// none on those that work, all on their broken twins.
import assert from 'node:assert/strict';
import { before, after, describe, test } from 'node:test';
import { CASES } from './src/cases/index.mjs';
import { program, runAll } from './runner.mjs';

/** What a content visitor never causes. */
const CRY = new Set(['rage_press', 'dead_press', 'retry_press', 'static_press', 'error_press', 'dead_swipe']);
/** Presses farther apart are no burst. */
const BURST_GAP_MS = 950;
/** All combinations, in pairs that differ in everything. */
const PAIRS = [
  [
    { device: 'mouse', noisy: false, attributed: true },
    { device: 'touch', noisy: true, attributed: false },
  ],
  [
    { device: 'mouse', noisy: true, attributed: true },
    { device: 'touch', noisy: false, attributed: false },
  ],
  [
    { device: 'mouse', noisy: false, attributed: false },
    { device: 'touch', noisy: true, attributed: true },
  ],
  [
    { device: 'mouse', noisy: true, attributed: false },
    { device: 'touch', noisy: false, attributed: true },
  ],
];
/** Each widget meets one condition, all of them in turn; with `FURROW_PAGES=pairs` two that differ in everything; with `all` each. */
function conditionsOf(one, n) {
  const fits = ({ device }) => one[device] !== false;
  const pair = PAIRS[n % PAIRS.length];
  const turn = Math.floor(n / PAIRS.length) % 2;
  if (process.env.FURROW_PAGES === 'all') return PAIRS.flat().filter(fits);
  if (process.env.FURROW_PAGES === 'pairs') return pair.filter(fits);
  return [fits(pair[turn]) ? pair[turn] : pair[1 - turn]];
}
const wordsOf = ({ device, noisy, attributed }) => `${device}, ${noisy ? 'noisy' : 'still'}, ${attributed ? 'paints attributed' : 'by place alone'}`;

const only = process.env.FURROW_PAGES_ONLY;
const cases = CASES.filter(({ name }) => !only || name.includes(only));
let results;

before(async () => {
  const runs = cases.flatMap((one) => {
    const conditions = conditionsOf(one, CASES.indexOf(one));
    const twins = one.twin ? [null, one.twin] : [null];
    return conditions.flatMap((condition) => twins.map((twin) => ({ one, twin, ...condition })));
  });
  const began = Date.now();
  results = await runAll(runs, program(), (run) => {
    const right = run.twin ? found(run) : !cries(run).length;
    if (!right || run.broke) console.log(`misjudged: ${run.one.name}${run.twin ? `, ${run.twin}` : ''}; ${story(run)}`);
  });
  console.log(`${runs.length} pages in ${((Date.now() - began) / 1000).toFixed(0)} s`);
});
after(() => results && printMatrix());

const of = (one, broken) => results.filter((run) => run.one === one && (run.twin !== null) === broken);
const cries = ({ signals }) => signals.map(({ signal }) => signal).filter((signal) => CRY.has(signal));
/** A burst that a busy machine has drawn out is no burst, but a retry, or one dead press after the other. */
const drawnOut = ({ presses }) => presses.slice(0, -1).some(({ down }, n) => n > 0 && down - presses[n - 1].down > BURST_GAP_MS);
const found = (run) => {
  const names = cries(run);
  const apart = names.filter((name) => name === 'retry_press' || name === 'dead_press').length > 1;
  const burst = names.includes('rage_press') || (drawnOut(run) && (apart || names.includes('retry_press')));
  return burst && (run.one.plain || names.some((name) => name === 'dead_press' || name === 'error_press'));
};
const factsOf = ({ target, facts, quiet }) => `  ${target}, still for ${quiet}: ${facts.map((fact) => fact.join(' ')).join(', ')}`;
const story = (run) => `${wordsOf(run)}: ${cries(run).join(' ')}${run.broke ? ` ${run.broke.message}` : ''}\n${run.presses.map(factsOf).join('\n')}${run.faults.length ? `\n  on the page: ${run.faults[0]}` : ''}`;

describe('what works', () => {
  for (const one of cases) {
    test(`${one.name}: no rage, no dead press`, () => {
      const wrong = of(one, false).filter((run) => run.broke || run.presses.length < one.times || cries(run).length);
      assert.equal(wrong.length, 0, `\n${wrong.map(story).join('\n')}`);
    });
  }
});

describe('what is broken and looks the same', () => {
  for (const one of cases.filter(({ twin }) => twin)) {
    test(`${one.name}: rage on the burst, and the single press is dead`, () => {
      const wrong = of(one, true).filter((run) => run.broke || !found(run));
      assert.equal(wrong.length, 0, `\n${wrong.map(story).join('\n')}`);
    });
  }
});

function printMatrix() {
  const width = Math.max(...cases.map(({ name }) => name.length));
  console.log(`\n${'works: false alarms / runs; broken: found / runs'.padEnd(width + 2)}works   broken`);
  for (const one of cases) {
    const share = (runs, fits) => (runs.length ? `${runs.filter(fits).length}/${runs.length}` : '–');
    console.log(`${one.name.padEnd(width + 2)}${share(of(one, false), (run) => cries(run).length).padEnd(8)}${share(of(one, true), found)}`);
  }
  const works = results.filter(({ twin }) => !twin);
  const broken = results.filter(({ twin }) => twin);
  console.log(`in all: ${works.filter((run) => cries(run).length).length} false alarms on ${works.length} that work; ${broken.filter(found).length} of ${broken.length} broken ones found`);
}
