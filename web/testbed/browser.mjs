// The Chromium that tests and benchmarks drive; `CHROME` names another.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser without a window, with these flags besides. */
export const launch = (...flags) =>
  chromium.launch({ executablePath: process.env.CHROME ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...flags] });
