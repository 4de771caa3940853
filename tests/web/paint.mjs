// paint.mjs - a first visit to Ikhtisar over a slow line (1 Mbit/s, 50 ms there and back, nothing kept by the browser), five times:
// when something is painted, when the figures stand, what was loaded by then. Printed, never a condition: it is the machine's, too.
import { base, finish, ok, open } from './browser.mjs';

const BYTES_A_SECOND = 1_000_000 / 8,
  LATENCY_MS = 50,
  VISITS = 5;
const browser = await open();
const seen = [];
for (let i = 0; i < VISITS; i++) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const p = await context.newPage();
  const cdp = await context.newCDPSession(p);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_A_SECOND,
    uploadThroughput: BYTES_A_SECOND,
  });
  let bytes = 0;
  cdp.on('Network.loadingFinished', e => {
    bytes += e.encodedDataLength;
  });
  // by the page's own clock, which begins with the visit
  await p.addInitScript(() => {
    const look = new MutationObserver(() => {
      if (!document.querySelector('[data-tile="realised"] .fig')) return;
      look.disconnect();
      requestAnimationFrame(() => {
        window.figuresAt = performance.now();
      });
    });
    look.observe(document, { childList: true, subtree: true });
  });
  await p.goto(`${base}/?year=2022`, { timeout: 60_000 });
  await p.waitForFunction(() => window.figuresAt > 0, undefined, { timeout: 60_000 });
  const loaded = bytes;
  const painted = await p.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null);
  seen.push({ painted: Math.round(painted), figures: Math.round(await p.evaluate(() => window.figuresAt)), loaded });
  await context.close();
}
await browser.close();
ok('every visit was painted', seen.every(s => s.painted > 0 && s.figures >= s.painted), seen);
const middle = key => seen.map(s => s[key]).sort((a, b) => a - b)[VISITS >> 1];
console.log(
  `figure: first paint of Ikhtisar at 1 Mbit/s, 50 ms: ${middle('painted')} ms, its figures ${middle('figures')} ms, ` +
    `${middle('loaded')} bytes by then (the middle of ${VISITS} visits: ${seen.map(s => `${s.painted}/${s.figures}`).join(' ')})`,
);
finish();
