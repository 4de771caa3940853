// login.mjs - the monitor where the centre asks who one is. Nothing of a region that is not one's own comes into the page: held against
// what the server answers and against the text on the screen.
import { base, command, finish, ok, open, problems, reaches, same, SCREENS, text, violations } from './browser.mjs';

const browser = await open();
// A 401 or 403 is an answer here; whatever else the browser complains about is a fault.
async function visit(context, path = '/') {
  const p = await context.newPage();
  p.on('pageerror', e => problems.push(`${path}: ${e.message}`));
  p.on('console', m => {
    if (m.type() === 'error' && !/status of 40[13]|net::ERR|410/.test(m.text())) problems.push(`${path}: ${m.text()} ${m.location().url}`);
  });
  p.setDefaultTimeout(60_000);
  await p.goto(base + path);
  return p;
}
const link = async (...who) => JSON.parse((await command('login', ...who, '--json')).stdout).link;
const ticket = l => l.split('ticket=')[1];
const SECRET = /[0-9a-f]{64}/;
async function paste(p, value) {
  await p.locator('input[name="ticket"]').fill(value);
  await p.locator('.login button[type="submit"]').click();
}

// ---- the screen ----
for (const theme of ['light', 'dark']) {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: theme === 'light' ? 390 : 1280, height: 800 } });
  const p = await visit(context, `/?theme=${theme}&year=2022`);
  await p.waitForSelector('.login input');
  same(`axe: login, ${theme}`, '', await violations(p));
  ok(`login, ${theme}: nothing stands out of the page`, await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await context.close();
}
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const p = await visit(context, '/?screen=telusur&year=2022');
await reaches('who is nobody is asked who he is', p, 'main h1', 'Masuk');
same('no figure, no filter, no way to other screens', 0, await p.locator('.fig, form.filters, nav a:visible').count());
same('the field has the focus', 'ticket', await p.evaluate(() => document.activeElement.name));
ok('how to get a link', (await text(p, 'main')).includes('rekap login --office ID'));
await p.getByRole('button', { name: 'English' }).click();
await reaches('in English', p, 'main h1', 'Log in');
await p.getByRole('button', { name: 'Bahasa Indonesia' }).click();

// ---- a link ----
await paste(p, 'bukan tautan');
await reaches('no link', p, '[role="alert"]#login-why', 'bukan tautan masuk');
await paste(p, '0'.repeat(64));
await reaches('a link of nobody', p, '#login-why', 'sudah dipakai atau kedaluwarsa');
const own = await link('--office', 'dinsos-1872');
await paste(p, own);
await reaches('a pasted link leads to the screen that was asked for', p, 'main h1', 'Telusur');
await p.waitForSelector('table[data-table="rekapitulasi"] tfoot');
ok('where the address stays', p.url().includes('screen=telusur') && p.url().includes('office=dinsos-1872'), p.url());
await reaches('who one is', p, '.who', 'kantor · dinsos-1872');
same('scripts see no cookie', '', await p.evaluate(() => document.cookie));
ok('and no secret is kept by the page', !SECRET.test(await p.evaluate(() => JSON.stringify(localStorage))));
const used = await visit(await browser.newContext());
await used.waitForSelector('.login input');
await paste(used, own);
await reaches('a used link lets nobody in', used, '#login-why', 'sudah dipakai');

// ---- an office sees its own and nothing else ----
const asked = (page, path) => page.evaluate(async x => (await fetch(`/api/v1/${x}`)).status, path);
for (const [path, status] of [
  ['rollup?office=dinsos-1872&year=2022&level=daun', 200],
  ['rollup?region=18.72&year=2022', 200],
  ['rollup?year=2022', 403],
  ['rollup?region=33.74&year=2022', 403],
  ['rollup?office=gen-1872-02&year=2022', 403],
  ['figures/gen-3374-01/2022/realised/total/explain', 403],
  ['peers?region=33.74&year=2022&code=total', 403],
])
  same(`an office asks ${path}`, status, await asked(p, path));
for (const s of SCREENS.filter(x => x !== 'kelengkapan' && x !== 'peringkat')) {
  await p.goto(`${base}/?screen=${s}&year=2022&region=18.72&office=dinsos-1872`);
  await p.waitForSelector('main .stamp [data-position]');
  ok(`${s}: of an office`, !(await text(p, 'body')).includes('gen-3374'), s);
}
same('what ranks it beside others is not offered', 0, await p.locator('nav a[href*="peringkat"]').count());
await p.goto(`${base}/?screen=telusur&year=2022&region=33.74&office=gen-3374-01`);
await reaches("another region's data is refused, with what may be asked", p, '.stamp', 'office=dinsos-1872');
same('and none of it is there', 0, await p.locator('main .fig').count());

// ---- a planner of a city; another person at the same browser ----
await p.locator('button[name="logout"]').click();
await reaches('leaving leads out', p, 'main h1', 'Masuk');
same('nothing stays on the screen', 0, await p.locator('.fig').count());
same('and the session is gone', 401, await asked(p, 'session'));
ok('who left is not told that a session ended', !(await text(p, 'main')).includes('berakhir.'), await text(p, 'main'));
await p.goto(await link('--role', 'planner', '--region', '18.72'));
ok('the page of a link speaks both languages', (await text(p, 'body')).includes('This link is good once'));
await p.getByRole('button', { name: 'Masuk' }).click();
await reaches('a link that is followed leads in', p, '.who', 'perencana');
await p.waitForFunction(() => location.search.includes('region=18.72'));
await p.waitForSelector('table[data-table="tempat"] tbody tr');
await reaches('a planner sees the offices of the city', p, 'table[data-table="tempat"]', 'gen-1872-02');
same('and is refused another city', 403, await asked(p, 'rollup?region=33.74&year=2022'));
for (const s of SCREENS) {
  await p.goto(`${base}/?screen=${s}&year=2022&region=33.74`);
  await p.waitForSelector('main .stamp p, main .panel');
  if (s !== 'sistem') await reaches(`${s}: another region is refused`, p, '.stamp', 'di luar wewenang');
  ok(`${s}: nothing of it`, !/gen-3374|50,00/.test(await text(p, 'main')), s);
}
// a used link, in a browser, is a sentence and not a program's answer
const twice = await link('--role', 'auditor');
const q = await visit(await browser.newContext(), `/login?ticket=${ticket(twice)}`);
await q.getByRole('button', { name: 'Masuk' }).click();
await reaches('an auditor is in', q, '.who', 'pemeriksa · Indonesia');
const again = await visit(await browser.newContext(), `/login?ticket=${ticket(twice)}`);
await again.getByRole('button', { name: 'Masuk' }).click();
await reaches('twice is told to a person', again, 'body', 'was used or is too old');

// ---- a session ends while it is looked at ----
await p.goto(`${base}/?screen=telusur&year=2022&region=18.72`);
await p.waitForSelector('table[data-table="rekapitulasi"] tfoot');
await context.clearCookies();
await p.evaluate(() => fetch('/api/v1/session')); // the browser has nothing more to show
await p.locator('select[name="until"]').selectOption('3');
await reaches('a session that ended leads out, and says so', p, '.login', 'Sesi Anda berakhir');
same('with nothing left on the screen', 0, await p.locator('.fig').count());
await paste(p, ticket(await link('--role', 'planner', '--region', '18.72')));
await reaches('the code alone is enough, and the screen is the same', p, 'main h1', 'Telusur');
ok('with its filters', p.url().includes('until=3'), p.url());
await browser.close();
finish();
