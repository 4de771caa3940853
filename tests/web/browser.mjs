// browser.mjs - what the browser tests share: arguments, counted checks, a browser whose errors are faults, and the rekap command.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

export const [, , base, rekap, dir, aggregator, chromium, npm, work] = process.argv;
export const require = createRequire(`${npm}/package.json`);
const { chromium: engine } = require('playwright-core');
const DEADLINE_MS = 60_000; // for a busy machine; nothing waits for it that comes at all
export const SCREENS = ['ikhtisar', 'kelengkapan', 'peringkat', 'telusur', 'temuan', 'tren', 'konsolidasi', 'sistem'];

let passed = 0,
  failed = 0;
export const problems = []; // what the browser itself complains about
export function same(what, expected, seen) {
  if (expected === seen) {
    passed++;
    return;
  }
  failed++;
  console.log(`GAGAL ${what}\n      expected: ${JSON.stringify(expected)}\n      seen:     ${JSON.stringify(seen)}`);
}
export const ok = (what, v, seen = v) => (v ? passed++ : same(what, true, seen));
export function finish() {
  same('nothing that the browser complains about', '[]', JSON.stringify(problems.slice(0, 5)));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

export const open = () =>
  engine.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-lcd-text'] });
export async function page(context, path = '/') {
  const p = await context.newPage();
  p.on('pageerror', e => problems.push(`${path}: ${e.message}`));
  // a line that is down while the aggregator is away is what one of the tests is about
  p.on('console', m => {
    if (m.type() === 'error' && !/net::ERR|503/.test(m.text())) problems.push(`${path}: ${m.text()} ${m.location().url}`);
  });
  p.setDefaultTimeout(DEADLINE_MS);
  await p.goto(base + path);
  await p.waitForSelector('main .stamp [data-position]');
  return p;
}
export const text = (p, selector) => p.locator(selector).first().innerText();
export async function reaches(what, p, selector, wanted, ms = DEADLINE_MS) {
  const begin = Date.now();
  try {
    await p.waitForFunction(
      ([s, w]) => (document.querySelector(s)?.textContent ?? '').replaceAll('\u00a0', ' ').includes(w),
      [selector, wanted],
      { timeout: ms, polling: 20 },
    );
    passed++;
  } catch {
    same(
      `${what} (${selector})`,
      wanted,
      await p
        .locator(selector)
        .first()
        .textContent()
        .catch(() => null),
    );
  }
  return Date.now() - begin;
}
export const api = async path => (await fetch(base + path)).json();
const run = promisify(execFile);
export async function push(office, file) {
  // exit 3 (a refused row) is an answer, too
  try {
    return (await run(rekap, ['push', '--dir', dir, '--office', office, file, '--wait', '--json'])).stdout;
  } catch (e) {
    return e.stdout;
  }
}
export const command = (...args) => run(rekap, [...args, '--dir', dir]);
// What one question and two frames take in the page just now: on a busy machine a second is no measure.
export const reference = p =>
  p.evaluate(async () => {
    const begin = performance.now();
    await (await fetch('/api/v1/rollup?year=2022', { cache: 'no-store' })).json();
    await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
    return performance.now() - begin;
  });
// What axe says against a page, as one line; its context must go round the policy (axe is a script of its own).
export async function violations(p) {
  await p.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  const r = await p.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return r.violations
    .map(
      v =>
        `${v.id}: ${v.nodes
          .map(n => n.target.join(' '))
          .slice(0, 3)
          .join(' | ')}`,
    )
    .join('; ');
}
