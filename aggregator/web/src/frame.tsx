// frame.tsx - what stands around every screen: the way between screens, the filters, how old the figures are and how whole.
import { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Answer, Offices, Query, Rollup, stream, url, useQuery } from './api';
import { Badge } from './figure';
import { count, month, percent, position, time } from './format';
import { maybe, t } from './i18n';
import {
  knownYears,
  learnName,
  MANY_OFFICES,
  office,
  offices,
  region,
  regionName,
  regionNames,
  thisYear,
  until,
  year,
} from './period';
import { asOf, Filters, go, href, lang, screen, SCREENS, setLang, setTheme, Theme, theme } from './route';
import { leave, ofOffice, out, own, session } from './session';

const STALE_MS = 30_000;

export function Link({
  to,
  children,
  label,
  current,
  cls,
}: {
  to: Filters;
  children: ComponentChildren;
  label?: string;
  current?: boolean;
  cls?: string;
}) {
  return (
    <a
      href={href(to)}
      aria-label={label}
      aria-current={current ? 'page' : undefined}
      class={cls}
      onClick={(e: MouseEvent) => {
        if (e.button || e.ctrlKey || e.metaKey || e.shiftKey) return;
        e.preventDefault();
        e.stopPropagation();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

function useSecond(): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const i = setInterval(() => set(Date.now()), 1000);
    return () => clearInterval(i);
  }, []);
  return now;
}
const ageText = (ms: number) =>
  ms < 120_000 ? t('seconds', { n: Math.round(ms / 1000) }) : t('minutes', { n: Math.floor(ms / 60_000) });

const opened = Date.now();
export function StaleBanner() {
  const now = useSecond(),
    s = stream.value,
    age = now - (s?.heard || opened);
  return (
    <div role="alert">
      {age > STALE_MS && !asOf.value && (
        <p class="banner">
          <Badge mood="bad">{t('stale', { age: ageText(age) })}</Badge>
        </p>
      )}
    </div>
  );
}
// The picture of an earlier moment is never taken for the present one: said above everything, on every screen and on paper.
const isTime = (v: string) => /^\d{4}-\d\d-\d\dT/.test(v);
export function PastBanner() {
  const v = asOf.value;
  return (
    <div role="status">
      {v && (
        <p class="banner past">
          <Badge mood="warn">{t('past', { v: isTime(v) ? time(v) : `${t('position')} ${v}` })}</Badge>{' '}
          {screen.value === 'sistem' ? t('pastNotHere') : t('pastWhat')}{' '}
          <button type="button" name="to-live" onClick={() => go({ as_of: '' })}>
            {t('toLive')}
          </button>
        </p>
      )}
    </div>
  );
}

export function LiveMark() {
  const s = stream.value;
  if (asOf.value && screen.value !== 'sistem')
    return (
      <span class="livemark" data-up="past">
        <Badge mood="warn">{t('notLive')}</Badge>
      </span>
    );
  return (
    <span class="livemark" data-up={s?.up ? 'yes' : 'no'}>
      {s?.up ? <Badge mood="good">{t('live')}</Badge> : <Badge mood="warn">{t('connecting')}</Badge>}
    </span>
  );
}

// Who is logged in, and the way out; nothing where nobody has to be.
function Who() {
  const s = session.value;
  if (s?.access !== 'login') return null;
  return (
    <>
      <span class="who">
        {maybe('role_', s.role)} · {s.office ?? regionName(s.region)}
      </span>
      <button type="button" name="logout" onClick={() => void leave()}>
        {t('logout')}
      </button>
    </>
  );
}
// An office has nobody to be ranked with: what stands beside others is not shown to it.
const OTHERS = ['kelengkapan', 'peringkat'];

export function Top() {
  return (
    <header class="top">
      <a class="skip" href="#main">
        {t('skip')}
      </a>
      <p class="brand">
        <Link to={{ screen: '' }}>rekap</Link>
      </p>
      <nav aria-label={t('screens')} hidden={out.value}>
        <ul>
          {SCREENS.filter(s => !ofOffice.value || !OTHERS.includes(s)).map(s => (
            <li key={s}>
              <Link to={{ screen: s === 'ikhtisar' ? '' : s, kind: '', state: '' }} current={screen.value === s}>
                {t(s)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div class="tools">
        {!out.value && <LiveMark />}
        <Who />
        <button type="button" lang={lang.value === 'id' ? 'en' : 'id'} onClick={() => setLang(lang.value === 'id' ? 'en' : 'id')}>
          {lang.value === 'id' ? 'English' : 'Bahasa Indonesia'}
        </button>
        <select aria-label={t('theme')} value={theme.value} onChange={e => setTheme(e.currentTarget.value as Theme)}>
          {(['auto', 'light', 'dark'] as const).map(x => (
            <option key={x} value={x}>
              {t(x)}
            </option>
          ))}
        </select>
        <button type="button" class="wide-only" onClick={() => print()}>
          {t('print')}
        </button>
        {document.fullscreenEnabled && (
          <button
            type="button"
            class="wide-only"
            onClick={() =>
              void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())
            }
          >
            {t('fullscreen')}
          </button>
        )}
      </div>
    </header>
  );
}

export function Select({
  label,
  value,
  options,
  onChange,
  name,
}: {
  label: string;
  value: string;
  options: [string, string][];
  onChange: (v: string) => void;
  name: string;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name} value={value} onChange={e => onChange(e.currentTarget.value)}>
        {!options.some(([v]) => v === value) && <option value={value}>{value || '–'}</option>}
        {options.map(([v, text]) => (
          <option key={v} value={v}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function useOffices(): Offices | undefined {
  const ask = region.value.length === 5 || (offices.value > 0 && offices.value <= MANY_OFFICES);
  return useQuery<Offices>(ask ? url('offices', own.value.office ? { office: own.value.office } : { region: region.value }) : null, 500).data.value;
}

// As the field has it: of this machine's zone, without one.
function localTime(v: string): string {
  const d = new Date(v);
  return Number.isNaN(d.getTime()) ? '' : new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

// How many offices the place has decides whether they can be listed.
export function FilterBar() {
  const size = useQuery<Rollup>(
    url('rollup', { year: year.value, until: until.value, region: region.value, level: 'urusan' }),
    2000,
  ).data.value;
  useEffect(() => {
    if (size) offices.value = size.complete.of;
  }, [size]);
  const names = regionNames.value,
    prov = region.value.slice(0, 2),
    list = useOffices();
  const years = [...new Set([...knownYears.value.map(y => y.year), year.value, thisYear])].sort((a, b) => b - a);
  const under = Object.entries(names).filter(([c]) => c.startsWith(prov + '.'));
  const here = (list?.offices ?? []).filter(
    o => o.role === 'office' && (region.value === '' || o.region === region.value || o.region.startsWith(region.value + '.')),
  );
  return (
    <form class="filters" role="search" aria-label={t('filters')} onSubmit={e => e.preventDefault()}>
      <Select
        name="year"
        label={t('year')}
        value={String(year.value)}
        options={years.map(y => [String(y), String(y)])}
        onChange={v => go({ year: v })}
      />
      <Select
        name="until"
        label={t('until')}
        value={String(until.value)}
        options={Array.from({ length: 12 }, (_, i) => [String(i + 1), month(i + 1, 'long')])}
        onChange={v => go({ until: v })}
      />
      <Select
        name="province"
        label={t('province')}
        value={prov}
        options={[['', t('nation')], ...Object.entries(names).filter(([c]) => c.length === 2)]}
        onChange={v => go({ region: v, office: '' })}
      />
      <Select
        name="city"
        label={t('city')}
        value={region.value.length === 5 ? region.value : ''}
        options={[['', t('all')], ...under]}
        onChange={v => go({ region: v || prov, office: '' })}
      />
      <Select
        name="office"
        label={t('office')}
        value={office.value}
        options={[['', t('all')], ...here.map<[string, string]>(o => [o.office, o.name])]}
        onChange={v => go({ office: v })}
      />
      <label class="field">
        <span>{t('asOfFilter')}</span>
        <input
          name="as_of"
          type="datetime-local"
          step="1"
          value={isTime(asOf.value) ? localTime(asOf.value) : ''}
          onChange={e => go({ as_of: e.currentTarget.value ? new Date(e.currentTarget.value).toISOString() : '' })}
        />
      </label>
    </form>
  );
}

// As of when and how whole: on every screen, of the answer the screen is made of.
export function Stamp({ q }: { q: Query<Answer> }) {
  const a = q.data.value,
    e = q.error.value;
  useEffect(() => {
    if (!a) return;
    learnName(a.region, a.region_name);
  }, [a]);
  const c = a?.complete;
  return (
    <div class="stamp" role="status">
      {e && (
        <p>
          <Badge mood="bad">{e.title ? `${e.title}${e.seen ? `: ${e.seen}` : ''}` : t('noAnswer')}</Badge>
        </p>
      )}
      {!a && !e && <p class="quiet">{t('loading')}</p>}
      {a && (
        <p>
          <span>
            {t('asOf')} <time dateTime={a.as_of.time}>{time(a.as_of.time)}</time>
          </span>
          <span>
            {t('position')} <b data-position>{position(a.as_of.position)}</b>{' '}
            {!asOf.value && <Link to={{ as_of: position(a.as_of.position, ',') }}>{t('hold')}</Link>}
          </span>
          {c && <span>{t('officesReported', { n: count(c.offices), of: count(c.of) })}</span>}
          {a.coverage?.budget_share && (
            <span>
              {percent(a.coverage.budget_share)} {t('ofBudget')}
            </span>
          )}
          <span class="quiet">{t('register', { n: a.registry_version })}</span>
        </p>
      )}
    </div>
  );
}

export function Place() {
  const parts: [string, string][] = [['', regionName('')]];
  if (region.value) parts.push([region.value.slice(0, 2), regionName(region.value.slice(0, 2))]);
  if (region.value.length === 5) parts.push([region.value, regionName(region.value)]);
  return (
    <nav aria-label={t('breadcrumb')} class="crumbs">
      <ol>
        {parts.map(([c, n], i) => (
          <li key={c}>
            <Link to={{ region: c, office: '' }} current={i === parts.length - 1 && !office.value}>
              {n}
            </Link>
          </li>
        ))}
        {office.value && (
          <li>
            <Link to={{}} current>
              {office.value}
            </Link>
          </li>
        )}
      </ol>
    </nav>
  );
}
export const until_ = () => t('untilMonth', { month: month(until.value, 'long'), year: year.value });
