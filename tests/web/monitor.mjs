// monitor.mjs - what a person does with the monitor, in a browser, on the real daemons: look, filter, follow a number down to the
// signed statement, watch a change arrive, take a file away; and what must not happen: a gap, a doubled event, markup out of a
// name.
import { readFileSync, writeFileSync } from 'node:fs';
import {
  aggregator,
  api,
  base,
  command,
  dir,
  finish,
  ok,
  open,
  page,
  problems,
  push,
  reaches,
  reference,
  rekap,
  same,
  SCREENS,
  text,
  work,
} from './browser.mjs';
import { execFileSync } from 'node:child_process';

const browser = await open();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
const plain = s => s.replaceAll('\u00a0', ' ');

// ---- each screen ----
for (const s of SCREENS) {
  const p = await page(context, `/?screen=${s}&region=18.72&year=2022`);
  same(`${s}: its heading`, s[0].toUpperCase() + s.slice(1), await text(p, 'main h1'));
  await p.waitForSelector('main .sheet:not(details .sheet) tbody tr');
  ok(`${s}: as of`, /w1:\d+/.test(await text(p, '[data-position]')));
  const tables = await p.locator('main .sheet').count(),
    files = await p.locator('main [data-file="csv"]').count(),
    sheets = await p.locator('main [data-file="xlsx"]').count();
  ok(`${s}: every table with rows to CSV and XLSX`, files > 0 && files === sheets && files <= tables, [tables, files, sheets]);
  await p.close();
}

// ---- figures and filters ----
const p = await page(context, '/?year=2022');
const answer = await api('/api/v1/rollup?year=2022&level=program');
same('the nation realised', 'Rp 5,21 M', plain(await text(p, '[data-tile="realised"] .fig')));
same(
  'exactly, for who asks',
  'Rp 5.210.417.104,00',
  plain(await p.locator('[data-tile="realised"] .fig').getAttribute('data-exact')),
);
same('of the API', '5210417104.00', answer.total.realised);
ok('how whole the picture is', (await text(p, '[aria-labelledby="whole"]')).includes('1 dari 2 kantor melapor'));
ok(
  'whether the year is on track, and why not to say',
  (await text(p, '[aria-labelledby="track"]')).includes('Belum dapat dinilai'),
);

const pick = async (name, value) => {
  await p.locator(`select[name="${name}"]`).selectOption(value);
};
await pick('year', '2020');
await reaches('filter: year', p, '[data-tile="budget"] .fig', 'Rp 30,05 M');
ok('year in the address', p.url().includes('year=2020'), p.url());
await pick('until', '8');
await reaches('filter: month', p, '[aria-labelledby="whole"]', 'Agustus');
await pick('province', '33');
await reaches('filter: province', p, '.head .crumbs', 'Jawa Tengah');
await pick('city', '33.74');
await reaches('filter: city', p, '.head .crumbs', 'Kota Semarang');
await pick('office', 'dinsos-3374');
await reaches('filter: office', p, '.head .crumbs', 'dinsos-3374');
ok(
  'all of it in the address',
  ['year=2020', 'until=8', 'region=33.74', 'office=dinsos-3374'].every(x => p.url().includes(x)),
  p.url(),
);
await p.goBack();
await p.waitForFunction(() => !location.search.includes('office='));
same('going back takes the last filter away', '', await p.locator('select[name="office"]').inputValue());
await p.reload();
await reaches('a reload shows the same', p, '[data-tile="absorption"] .fig', '65,25 %');
const other = await page(context, new URL(p.url()).search);
same(
  'and so does a link that was sent',
  plain(await text(p, '[data-tile="realised"] .fig')),
  plain(await text(other, '[data-tile="realised"] .fig')),
);
await other.close();

const filtered = [
  ['telusur', 'level', 'kegiatan', 'table[data-table="rekapitulasi"]', '1.06.01.2.01'],
  ['peringkat', 'by', 'office', 'table[data-table="peringkat"]', 'Dinas Sosial Kota Metro'],
  ['peringkat', 'code', '1.06.02', 'main .panel h2', '1.06.02'],
  ['temuan', 'kind', 'induk-rincian', 'table[data-table="temuan"]', 'induk-rincian'],
  ['temuan', 'state', 'corrected', 'main .panel h2', 'Jenis temuan: 0'],
  ['tren', 'measure', 'absorption', 'main .panel h2', 'Serapan'],
  ['tren', 'from', '2019', 'table[data-table="tren"]', '2019'],
  ['tren', 'to', '2021', 'table[data-table="tren"]', '2021'],
  ['konsolidasi', 'quarter', '2022-Q1', 'main', '31 Maret'.slice(0, 0) + '2022'],
];
for (const [screen, name, value, selector, wanted] of filtered) {
  const q = await page(context, `/?screen=${screen}&year=2022`);
  await q.waitForSelector(`select[name="${name}"] option[value="${value}"]`, { state: 'attached' });
  await q.locator(`select[name="${name}"]`).selectOption(value);
  await reaches(`${screen}: filter ${name}`, q, selector, wanted);
  ok(`${screen}: ${name} in the address`, q.url().includes(`${name}=${value}`), q.url());
  await q.close();
}
const INDICATOR = 'persentase ppks yang tertangani';
for (const [screen, wanted] of [
  ['tren', '88,32'],
  ['peringkat', '99,91 %'],
]) {
  const q = await page(context, `/?screen=${screen}&year=2022&region=18.72`);
  await q.waitForSelector(`datalist option[value="${INDICATOR}"]`, { state: 'attached' });
  await q.locator('input[name="indicator"]').fill(INDICATOR);
  await q.locator('input[name="indicator"]').press('Enter');
  await reaches(`${screen}: of one indicator`, q, `table[data-table="${screen}"]`, wanted);
  await reaches(`${screen}: which`, q, 'main .panel h2', INDICATOR);
  ok(`${screen}: the indicator in the address`, q.url().includes('indicator=persentase'), q.url());
  await q.locator(`table[data-table="${screen}"] button.fig`).first().click();
  await reaches(`${screen}: with a reason`, q, 'dialog .statement', 'dinsos-1872');
  await q.close();
}
const bridged = await page(context, '/?screen=tren&year=2021&region=33.74');
await bridged.locator('input[name="bridge"]').check();
await reaches('tren: bridged years say how certain they are', bridged, 'table[data-table="tren"]', 'tak terpetakan');
await bridged.close();

// ---- from the nation to a statement ----
await p.goto(`${base}/?year=2022`);
const expected = await api('/api/v1/figures/dinsos-1872/2022/realised/1.06.01.2.02.01/explain');
await p.locator('[data-tile="realised"] button.fig').click();
await reaches('a number tells its rule', p, 'dialog .formula', 'daun');
for (const step of [
  '18/2022/realised/total',
  '18.72/2022/realised/total',
  'dinsos-1872/2022/realised/total',
  'dinsos-1872/2022/realised/1',
  'dinsos-1872/2022/realised/1.06',
  'dinsos-1872/2022/realised/1.06.01',
  'dinsos-1872/2022/realised/1.06.01.2',
  'dinsos-1872/2022/realised/1.06.01.2.02',
  'dinsos-1872/2022/realised/1.06.01.2.02.01',
]) {
  const link = p.locator(`dialog [data-figure="${step}"]`);
  if (step.endsWith('1.06.01.2') && (await link.count()) === 0) continue; // a level without a name of its own
  await link.first().click();
  await p.waitForFunction(s => document.querySelector('#explain-title')?.textContent.endsWith(s), step);
}
const st = expected.rows[0].slots.find(s => s.used).statement;
await reaches('down to the statement', p, 'dialog .statement', st.batch);
same(
  'its place in the log',
  `w1:${st.lsn}:${st.index}`,
  await p.locator('dialog .statement').first().getAttribute('data-statement'),
);
await p.locator('dialog button[aria-expanded]').click();
await reaches('and its history', p, 'dialog table[data-table="history"]', '2.196.216.427,00');
ok('the reason has an address', p.url().includes('explain=dinsos-1872/2022/realised/1.06.01.2.02.01'), p.url());
await p.keyboard.press('Escape');
await p.waitForSelector('dialog:not([open])', { state: 'attached' });
await p.goto(`${base}/?screen=telusur&office=dinsos-1872&region=18.72&code=1.06.01.2.02&year=2022`);
await p.locator('[data-figure="dinsos-1872/2022/realised/1.06.01.2.02.01"]').first().click(); // the second click would be the history
await reaches('from a table one click is enough', p, 'dialog .statement', st.batch);
await p.keyboard.press('Escape');

// ---- files ----
await p.goto(`${base}/?year=2022&region=18.72`);
const take = async (table, kind) => {
  const [d] = await Promise.all([
    p.waitForEvent('download'),
    p.locator(`.sheet:has(table[data-table="${table}"]) [data-file="${kind}"]`).click(),
  ]);
  const path = `${work}/${d.suggestedFilename()}`;
  await d.saveAs(path);
  return path;
};
await p.waitForSelector('table[data-table="program"] tbody tr');
const csv = readFileSync(await take('program', 'csv'), 'utf8')
  .replace('\ufeff', '')
  .trim()
  .split('\r\n');
same('CSV: stable names', 'code,name,budget,realised,absorption,printed,findings,reported', csv[0]);
ok('CSV: exact figures and the total', csv[csv.length - 1].includes('5721724782.00,5210417104.00,91.06'), csv[csv.length - 1]);
same('CSV: every row', answer.rows.length + 2, csv.length);
const book = await take('program', 'xlsx');
const read = JSON.parse(
  execFileSync('sh', ['-c', '"$1" push --dir "$2" --office dinsos-1872 "$3" --dry-run --json || true', 'sh', rekap, dir, book], {
    encoding: 'utf8',
  }),
);
ok(
  "XLSX: rekap's own reader opens it and sees the heads",
  /code,name,budget,realised/.test(read.files[0].refused[0]?.seen ?? ''),
  read.files[0].refused[0],
);

// ---- live ----
const line = (value, name = '') => {
  const f = `${work}/live-${value}.csv`;
  writeFileSync(
    f,
    `tahun,tahap,sampai,kode,uraian,pagu,realisasi\n2022,perubahan,2022-12,1.06.07.2.01.02,${name},37019500,${value}\n`,
  );
  return f;
};
const now = Number((await api('/api/v1/rollup?year=2022')).total.realised.split('.')[0]),
  leaf = 36963900;
const shown = n => n.toString().replace(/\B(?=(\d{3})+$)/g, '.') + ',00';
// ---- the past: what it was, on every screen that has one, and said so ----
const held = await page(context, '/?screen=telusur&year=2022');
await held.waitForSelector('table[data-table="rekapitulasi"] tfoot');
const then = (await text(held, '[data-position]')).trim();
await held.getByRole('link', { name: 'tahan di sini' }).click();
await reaches('a picture that is held says what it is', held, '.banner.past', `posisi catatan ${then}`);
ok('in the address', held.url().includes(`as_of=${then}`), held.url());
await push('dinsos-1872', line(leaf - 50));
await p.goto(`${base}/?screen=telusur&year=2022`);
await reaches('while the present goes on', p, 'table[data-table="rekapitulasi"] tfoot', shown(now - 50));
same('it stays', true, plain(await text(held, 'table[data-table="rekapitulasi"] tfoot')).includes(shown(now)));
for (const s of SCREENS) {
  const q = await page(context, `/?screen=${s}&year=2022&region=18.72&as_of=${then}`);
  await reaches(`${s}: says that it is past`, q, '.banner.past', s === 'sistem' ? 'selalu tentang saat ini' : 'tidak langsung');
  if (s !== 'sistem') {
    same(`${s}: of that position`, then, (await text(q, '[data-position]')).trim());
    same(`${s}: does not call itself live`, 'past', await q.locator('.livemark').getAttribute('data-up'));
  }
  await q.close();
}
await held.reload();
await reaches('a link of the past shows the past', held, 'table[data-table="rekapitulasi"] tfoot', shown(now));
await held.locator('[data-figure$="realised/1.06"], [data-figure*="realised/1"]').first().click();
await held.waitForSelector('dialog .formula');
same('and so do its reasons', then, (await text(held, 'dialog [data-position]')).trim());
await held.keyboard.press('Escape');
await held.locator('button[name="to-live"]').click();
await reaches('and the way back leads to now', held, 'table[data-table="rekapitulasi"] tfoot', shown(now - 50));
same('without a banner', 0, await held.locator('.banner').count());
const moment = (await api(`/api/v1/rollup?year=2022&as_of=${then}`)).as_of.time;
await held.goto(`${base}/?screen=telusur&year=2022&as_of=${moment}`);
await reaches('by time as by position', held, 'table[data-table="rekapitulasi"] tfoot', shown(now));
await held.locator('input[name="as_of"]').fill('2001-02-03T04:05:06');
await held.waitForFunction(() => location.search.includes('as_of=2001-02-0'));
await reaches('the field goes where it is told', held, '.banner.past', '2001');
await held.locator('input[name="as_of"]').fill('');
await held.waitForFunction(() => !location.search.includes('as_of'));
await held.close();
await push('dinsos-1872', line(leaf));

await p.goto(`${base}/?screen=telusur&year=2022`);
await p.waitForSelector('table[data-table="rekapitulasi"] tfoot');
const usual = await reference(p);
await push('dinsos-1872', line(leaf - 100));
const late = await reaches('a push shows without anybody asking', p, 'table[data-table="rekapitulasi"] tfoot', shown(now - 100));
console.log(`figure: a push is on the screen ${late} ms after it is visible to a question (a question and two frames take ${Math.round(usual)} ms just now)`);
ok('the number that moved says so', (await p.locator('table[data-table="rekapitulasi"] .fig.moved').count()) > 0);

const tabs = [];
for (let i = 0; i < 9; i++) tabs.push(await page(context, '/?screen=telusur&year=2022'));
await Promise.all(tabs.map(x => x.waitForSelector('table[data-table="rekapitulasi"] tfoot')));
await push('dinsos-1872', line(leaf - 200));
const ages = await Promise.all(
  tabs.map((x, i) => reaches(`tab ${i + 1} of nine`, x, 'table[data-table="rekapitulasi"] tfoot', shown(now - 200))),
);
console.log(`figure: nine tabs at once, the last ${Math.max(...ages)} ms after it is visible to a question`);
const metric = async name => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await (await fetch(`${base}/metrics`)).text())?.[1]);
same('one stream serves them all', 1, await metric('rekap_viewers'));
await Promise.all(tabs.slice(1).map(x => x.close()));

// ---- the aggregator dies and comes back ----
const s = tabs[0];
await s.goto(`${base}/?screen=sistem&year=2022`);
const fact = async name => plain(await text(s, `[data-fact="${name}"]`));
await s.waitForSelector('[data-fact="connects"]');
const before = { connects: Number(await fact('connects')), resyncs: Number(await fact('resyncs')) };
process.kill(Number(aggregator), 'SIGKILL');
for (let i = 0; i < 3; i++) await push('dinsos-1872', line(leaf - 300 - i));
await reaches(
  'after a restart the figures go on by themselves',
  p,
  'table[data-table="rekapitulasi"] tfoot',
  shown(now - 302),
);
await s.waitForFunction(n => Number(document.querySelector('[data-fact="connects"]')?.textContent) > n, before.connects);
const last = await new Promise((resolve, reject) => {
  // what the centre itself says the last change is
  const abort = new AbortController();
  fetch(`${base}/api/v1/events`, { signal: abort.signal })
    .then(async r => {
      const reader = r.body.getReader();
      let got = '';
      while (!/id: \S*c:\d+/.test(got)) got += new TextDecoder().decode((await reader.read()).value);
      abort.abort();
      resolve(/id: \S*c:(\d+)/.exec(got)[1]);
    })
    .catch(reject);
});
await reaches(
  'the last change is known',
  s,
  '[data-fact="number"]',
  Number(last)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '.'),
);
same('no gap', '0', await fact('gaps'));
same('no duplicate', '0', await fact('duplicates'));
same('nothing had to be loaded anew: it went on from its id', before.resyncs, Number(await fact('resyncs')));

// ---- a stream that is silent ----
const quiet = await browser.newContext();
const q = await quiet.newPage();
await q.clock.install();
await q.goto(`${base}/?year=2022`);
await q.waitForSelector('main .stamp [data-position]');
same('no banner while the stream lives', 0, await q.locator('.banner').count());
await q.clock.fastForward(45_000);
await reaches('a banner when nothing was heard for 30 s', q, '[role="alert"]', 'Aliran terputus');
await quiet.close();

// ---- names that are markup ----
const evil = '<img src=x onerror="window.hit=1">',
  script = '"</td><script>window.hit=1</script>';
await command('office', 'add', 'xss-1872', '--region', '18.72', '--name', evil);
writeFileSync(
  `${work}/xss.csv`,
  `tahun,tahap,sampai,kode,uraian,pagu,realisasi\n2023,murni,2023-12,1.06.02,"${script.replaceAll('"', '""')}",1000,500\n2023,murni,2023-12,1.06.02.2.01.01,"${evil.replaceAll('"', '""')}",1000,500\n`,
);
await push('xss-1872', `${work}/xss.csv`);
for (const view of [
  ...SCREENS.map(x => `/?screen=${x}&year=2023&region=18.72`),
  '/?year=2023&explain=xss-1872/2023/realised/1.06.02.2.01.01',
  `/?screen=${encodeURIComponent(evil)}&office=${encodeURIComponent(evil)}&code=${encodeURIComponent(script)}`,
]) {
  const x = await context.newPage();
  x.on('dialog', d => {
    problems.push(`dialog at ${view}`);
    void d.dismiss();
  });
  await x.goto(base + view);
  await x.waitForSelector('main .stamp p');
  if (/screen=(kelengkapan|telusur|konsolidasi)/.test(view) || view.includes('explain'))
    await reaches(`a name that is markup is text: ${view}`, x, 'body', '<img src=x');
  same(
    `nothing of it runs: ${view}`,
    '[null,0]',
    JSON.stringify(await x.evaluate(() => [window.hit ?? null, document.querySelectorAll('img,main script').length])),
  );
  await x.close();
}

// ---- what a first visit costs ----
const fresh = await browser.newContext();
const f = await fresh.newPage();
let bytes = 0;
f.on('response', r => {
  if (!r.url().includes('/api/') && !/curve-|regions-/.test(r.url())) bytes += Number(r.headers()['content-length'] ?? 0);
});
await f.goto(`${base}/?year=2022`);
await f.waitForSelector('[data-tile="realised"] .fig');
ok(`the first load is under 60 kB (${bytes})`, bytes > 10_000 && bytes < 60 * 1024);
console.log(`figure: the first visit loads ${bytes} bytes of page`);
await fresh.close();
await browser.close();
finish();
