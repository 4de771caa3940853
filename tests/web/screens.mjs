// screens.mjs - one picture of every screen at each width, as small files: what fits the window, no animation.
import { mkdirSync } from 'node:fs';
import { base, open, page, SCREENS, work } from './browser.mjs';

mkdirSync(work, { recursive: true });
const browser = await open();
for (const [width, height, theme] of [
  [1920, 1080, 'dark'],
  [1280, 800, 'light'],
  [390, 780, 'light'],
]) {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' });
  for (const s of [...SCREENS, 'jelaskan']) {
    const p = await page(
      context,
      s === 'jelaskan'
        ? `/?theme=${theme}&year=2022&region=18.72&explain=dinsos-1872/2022/realised/1.06.01.2.02.01`
        : `/?theme=${theme}&screen=${s}&year=${s === 'tren' ? 2021 : 2022}${/ikhtisar|kelengkapan|peringkat|tren/.test(s) ? '' : '&region=18.72'}${s === 'tren' ? '&region=33.74&measure=budget&bridge=1&from=2019&to=2021' : ''}`,
    );
    await p.waitForSelector(s === 'jelaskan' ? 'dialog .statement' : 'main .sheet:not(details .sheet) tbody tr');
    if (/ikhtisar|tren/.test(s)) await p.waitForSelector('.plot canvas');
    await p.waitForTimeout(300); // a chart draws in the next frame; a picture is no test
    await p.screenshot({ path: `${work}/${s}-${width}.png` });
    await p.close();
  }
  // a picture of the past, and the screen of a centre that asks who one is (its answer, not a login)
  const past = await page(context, `/?theme=${theme}&year=2022&region=18.72&as_of=w1:8`);
  await past.waitForSelector('.plot canvas');
  await past.waitForTimeout(300);
  await past.screenshot({ path: `${work}/keadaan-${width}.png` });
  await past.close();
  const out = await context.newPage();
  await out.route('**/api/v1/**', r => r.fulfill({ status: 401, json: {} }));
  await out.goto(`${base}/?theme=${theme}`);
  await out.waitForSelector('.login input');
  await out.screenshot({ path: `${work}/masuk-${width}.png` });
  await context.close();
}
await browser.close();
