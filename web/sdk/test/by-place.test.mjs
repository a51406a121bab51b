// Most browsers do not say which press a paint answers: whatever is true of
// presses with that must be so without.
process.env.FURROW_WITHOUT = 'interaction-contentful-paint';
await import('./presses.test.mjs');
await import('./noise.test.mjs');
