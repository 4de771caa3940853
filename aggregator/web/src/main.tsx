// main.tsx - the monitor: frame, filters and the screen the address names. Screens beyond the first are loaded when they are
// asked for.
import 'uplot/dist/uPlot.min.css';
import './style.css';
import './style_parts.css';
import './style_narrow.css';
import { effect } from '@preact/signals';
import { FunctionComponent, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { startStream, Trend, url, useQuery } from './api';
import { ExplainSheet } from './explain';
import { FilterBar, Place, StaleBanner, Top, until_ } from './frame';
import { t } from './i18n';
import { knownYears, loadRegions, regionName, region, thisYear, yearsKnown } from './period';
import { lang, Screen, screen, theme } from './route';
import { Ikhtisar } from './screens/ikhtisar';

const LATER: Record<Exclude<Screen, 'ikhtisar'>, () => Promise<FunctionComponent>> = {
  kelengkapan: () => import('./screens/kelengkapan').then(m => m.Kelengkapan),
  peringkat: () => import('./screens/peringkat').then(m => m.Peringkat),
  telusur: () => import('./screens/telusur').then(m => m.Telusur),
  temuan: () => import('./screens/temuan').then(m => m.Temuan),
  tren: () => import('./screens/tren').then(m => m.Tren),
  konsolidasi: () => import('./screens/konsolidasi').then(m => m.Konsolidasi),
  sistem: () => import('./screens/sistem').then(m => m.Sistem),
};
const have: Partial<Record<Screen, FunctionComponent>> = { ikhtisar: Ikhtisar };

const YEARS_LISTED = 15;
function useYears(): void {
  const q = useQuery<Trend>(url('trend', { from: thisYear - YEARS_LISTED + 1, to: thisYear + 1, measure: 'budget' }), 5000),
    a = q.data.value,
    failed = q.error.value !== null;
  useEffect(() => {
    if (a)
      knownYears.value = a.points
        .filter(p => p.budget !== null || p.realised !== null)
        .map(p => ({ year: p.year, reported: p.realised !== null }));
    if (a || failed) yearsKnown.value = true;
  }, [a, failed]);
}

function App() {
  const s = screen.value,
    [, loaded] = useState(0);
  useYears();
  useEffect(() => {
    if (s !== 'ikhtisar' && !have[s])
      void LATER[s]().then(c => {
        have[s] = c;
        loaded(n => n + 1);
      });
  }, [s]);
  useEffect(() => {
    document.title = `${t(s)} · ${regionName(region.value)} · rekap`;
  }, [s, region.value, lang.value]);
  const Body = have[s];
  return (
    <>
      <Top />
      <StaleBanner />
      {yearsKnown.value && <FilterBar />}
      <main id="main" tabIndex={-1} data-screen={s}>
        <div class="head">
          <h1>{t(s)}</h1>
          <Place />
          <p class="quiet">{until_()}</p>
        </div>
        {yearsKnown.value && Body ? (
          <Body />
        ) : (
          <p class="quiet" role="status">
            {t('loading')}
          </p>
        )}
      </main>
      <footer class="foot">
        <span>rekap</span> <a href="/assets/LICENSES.txt">{t('licences')}</a> <a href="/assets/LICENSE-region.txt">ODbL</a>
      </footer>
      <ExplainSheet />
    </>
  );
}

effect(() => {
  document.documentElement.lang = lang.value;
});
effect(() => {
  if (theme.value === 'auto') document.documentElement.removeAttribute('data-theme');
  else document.documentElement.setAttribute('data-theme', theme.value);
});
startStream();
const root = document.getElementById('app')!;
root.replaceChildren();
render(<App />, root);
void loadRegions();
