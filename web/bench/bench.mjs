// What the SDK costs: the same visit to the same page without any SDK, with
// Furrow's, and with rrweb's recorder, in a Chromium whose processor is slowed
// down.
//
//   node bench.mjs [--seconds 120] [--runs 5] [--memory-seconds 600] [--memory-runs 5] [--out FILE]
//
// The whole of it takes about an hour on a machine that does nothing else. A shortened run is a check that it works, not a measurement.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from '../testbed/browser.mjs';
import { Site, VARIANTS } from './site.mjs';
import { steadily, visit } from './visit.mjs';

/** A phone of the middle class beside a desktop. */
const SLOWER = 4;
const STEADY_S_MAX = 60;
/** Runs of the memory part at the same time, with a page for each variant. */
const MEMORY_AT_ONCE = 3;
const KIB = 1_024;
/** Both recorders send what they have within this time. */
const LAST_BATCH_MS = 2_500;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    runs: { type: 'string', default: '5' },
    'memory-seconds': { type: 'string', default: '600' },
    'memory-runs': { type: 'string', default: '5' },
    out: { type: 'string', default: join(import.meta.dirname, 'results.json') },
  },
});
const seconds = Number(values.seconds);
const runs = Number(values.runs);
const memorySeconds = Number(values['memory-seconds']);
const memoryRuns = Number(values['memory-runs']);

const browser = await launch('--enable-precise-memory-info');
const site = await new Site().start();

/** Opens the page with one variant; gives what the browser has counted when `act` is done. */
async function measured(variant, slower, act) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  try {
    const devtools = await context.newCDPSession(page);
    await devtools.send('Performance.enable');
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slower });
    await page.addInitScript(() => {
      window.longTasks = [];
      new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true });
    });
    const mark = site.mark(variant);
    const before = await metricsOf(devtools);
    await page.goto(`${site.address}/${variant}`, { waitUntil: 'load' });
    const began = performance.now();
    await act(page);
    const took_s = (performance.now() - began) / 1_000;
    const after = await metricsOf(devtools);
    const tasks = await page.evaluate(() => window.longTasks);
    await devtools.send('HeapProfiler.collectGarbage');
    const { JSHeapUsedSize } = await metricsOf(devtools);
    // What the page has gathered by now is sent later.
    await pause(LAST_BATCH_MS);
    return {
      took_s,
      script_ms: 1_000 * (after.ScriptDuration - before.ScriptDuration),
      task_ms: 1_000 * (after.TaskDuration - before.TaskDuration),
      long_tasks: tasks.length,
      long_tasks_ms: tasks.reduce((sum, ms) => sum + ms, 0),
      heap_kib: JSHeapUsedSize / KIB,
      ...site.since(variant, mark),
    };
  } finally {
    await context.close();
  }
}

async function metricsOf(devtools) {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const rounded = (number) => Number(number.toFixed(2));
/** The median of every figure, with all its values. */
const summary = (all) =>
  Object.fromEntries(Object.keys(all[0]).map((name) => [name, { median: rounded(median(all.map((one) => one[name]))), all: all.map((one) => rounded(one[name])) }]));

const collected = Object.fromEntries(VARIANTS.map((variant) => [variant, { visit: [], steady: [], memory: [] }]));
for (let run = 0; run < runs; run++) {
  // One after the other: they would measure each other.
  for (const variant of VARIANTS) collected[variant].visit.push(await measured(variant, SLOWER, (page) => visit(page, seconds)));
  const steadySeconds = Math.min(STEADY_S_MAX, seconds);
  // What is counted here does not depend on the processor.
  const told = VARIANTS.slice(1).map(async (variant) => {
    const { bytes, samples, took_s } = await measured(variant, 1, (page) => steadily(page, steadySeconds));
    collected[variant].steady.push({ bytes_per_minute: (60 * bytes) / took_s, samples_per_minute: (60 * samples) / took_s, bytes_per_sample: bytes / samples });
  });
  await Promise.all(told);
  console.log(`run ${run + 1} of ${runs} done`);
}
for (let done = 0; done < memoryRuns; done += MEMORY_AT_ONCE) {
  const pages = VARIANTS.flatMap((variant) => Array(Math.min(MEMORY_AT_ONCE, memoryRuns - done)).fill(variant));
  await Promise.all(
    pages.map(async (variant) => {
      const { heap_kib } = await measured(variant, 1, (page) => visit(page, memorySeconds));
      collected[variant].memory.push({ heap_kib });
    }),
  );
  console.log(`memory ${Math.min(memoryRuns, done + MEMORY_AT_ONCE)} of ${memoryRuns} done`);
}

const versionOf = (name) => JSON.parse(readFileSync(join(import.meta.dirname, '../node_modules', name, 'package.json'), 'utf8')).version;
const result = {
  command: `npm run bench -- --seconds ${seconds} --runs ${runs} --memory-seconds ${memorySeconds} --memory-runs ${memoryRuns}`,
  day: new Date().toISOString().slice(0, 10),
  machine: { processor: cpus()[0].model, cores: cpus().length, kernel: release(), chromium: browser.version(), slower: SLOWER },
  versions: { furrow: versionOf('@furrow/web'), rrweb: versionOf('@rrweb/record') },
  gzipped: site.gzipped,
  variants: Object.fromEntries(
    VARIANTS.map((variant) => [
      variant,
      Object.fromEntries(Object.entries(collected[variant]).filter(([, all]) => all.length).map(([name, all]) => [name, summary(all)])),
    ]),
  ),
};
writeFileSync(values.out, `${JSON.stringify(result, null, 1)}\n`);
print(result);
await browser.close();
site.stop();

function print({ variants }) {
  const rows = [
    [`scripting, ms in ${seconds} s`, 'visit', 'script_ms'],
    ['all tasks, ms', 'visit', 'task_ms'],
    ['long tasks', 'visit', 'long_tasks'],
    ['long tasks, ms', 'visit', 'long_tasks_ms'],
    ['bytes sent in the visit', 'visit', 'bytes'],
    [`heap after ${memorySeconds} s, KiB`, 'memory', 'heap_kib'],
    ['bytes a minute of steady movement', 'steady', 'bytes_per_minute'],
    ['samples a minute', 'steady', 'samples_per_minute'],
    ['bytes a sample', 'steady', 'bytes_per_sample'],
  ];
  console.log(`\n${'median'.padEnd(36)}${VARIANTS.map((variant) => variant.padStart(14)).join('')}`);
  for (const [words, part, name] of rows) {
    const cells = VARIANTS.map((variant) => variants[variant][part]?.[name]?.median ?? '–');
    console.log(`${words.padEnd(36)}${cells.map((cell) => String(cell).padStart(14)).join('')}`);
  }
}
