// What other products' browser SDKs weigh, by the measure that our own is
// tested by: the file that they publish for a script tag, gzip level 9. They
// are fetched by npm into a temporary folder and stay nowhere.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Packages, each with the published file that does what comes nearest to ours. */
const OTHERS = [
  ['posthog-js', 'dist/array.full.no-external.js'],
  ['posthog-js', 'dist/array.js'],
  ['@datadog/browser-rum', 'bundle/datadog-rum.js'],
  ['mixpanel-browser', 'dist/mixpanel.min.js'],
  ['@amplitude/analytics-browser', 'lib/scripts/amplitude-min.js'],
  ['rrweb', 'dist/rrweb.umd.min.cjs'],
  ['@rrweb/record', 'dist/record.umd.min.cjs'],
  ['clarity-js', 'build/clarity.min.js'],
  ['countly-sdk-web', 'lib/countly.min.js'],
];

const weigh = (file) => gzipSync(readFileSync(file), { level: 9 }).length;
const rows = [['@furrow/web', 'dist/furrow.iife.js', '', weigh(join(import.meta.dirname, 'dist/furrow.iife.js'))]];
const folder = mkdtempSync(join(tmpdir(), 'furrow-sizes-'));
try {
  const fetched = new Map();
  for (const [name, file] of OTHERS) {
    try {
      if (!fetched.has(name)) {
        const own = mkdtempSync(join(folder, 'p-'));
        execFileSync('npm', ['pack', '--silent', name], { cwd: own, timeout: 120_000, stdio: ['ignore', 'ignore', 'ignore'] });
        execFileSync('tar', ['-xzf', readdirSync(own)[0]], { cwd: own });
        fetched.set(name, join(own, 'package'));
      }
      const { version } = JSON.parse(readFileSync(join(fetched.get(name), 'package.json'), 'utf8'));
      rows.push([name, file, version, weigh(join(fetched.get(name), file))]);
    } catch (error) {
      console.error(`${name} ${file}: ${String(error.message).split('\n')[0].replace(folder, '')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log('| package | file | version | bytes, gzip -9 |\n|---|---|---|---|');
for (const [name, file, version, bytes] of rows.sort((a, b) => a[3] - b[3])) {
  console.log(`| ${name} | \`${file}\` | ${version} | ${bytes.toLocaleString('en')} |`);
}
