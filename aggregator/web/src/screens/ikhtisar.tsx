// ikhtisar.tsx - the first screen: is the year on track, is the picture whole; then the figures behind both answers.
//
// On track is judged by the deviation from the cash plan in percentage points (pp = 100 R/P - 100 RAK/P); without a plan against
// the same month of last year, and the screen says so; without both it is not judged. The limits stand beside the judgement.
import { Peers, Rollup, Sums, news, url, useQueries, useQuery } from '../api';
import { Bullet, TileMap } from '../charts';
import { placeColumns, rollupColumns, totalRow } from '../columns';
import { Badge, Fig, Mood, Panel } from '../figure';
import { approx, count, minus, month, percent, points, rupiah, scaled, short, time } from '../format';
import { Link, Stamp, useOffices } from '../frame';
import { Key, t } from '../i18n';
import type { Line } from '../curve';
import { Lines } from '../lines';
import { asked, code, office, region, regionName, until, year } from '../period';
import { asOf, Filters } from '../route';
import { ofOffice } from '../session';
import { Column, Table } from '../table';

const WATCH_PP = -5,
  BEHIND_PP = -15;
interface Verdict {
  mood: Mood;
  word: Key;
  why: string;
}

export function verdict(x: Sums): Verdict {
  const judge = (pp: string, why: Key): Verdict => {
    const v = approx(pp)!;
    const [mood, word] =
      v >= WATCH_PP ? (['good', 'onTrack'] as const) : v >= BEHIND_PP ? (['warn', 'watch'] as const) : (['bad', 'behind'] as const);
    return { mood, word, why: t(why, { pp: points(pp) }) };
  };
  if (x.absorption === null) return { mood: 'none', word: 'unjudged', why: t('noBudget') };
  if (x.cash_plan?.pp) return judge(x.cash_plan.pp, 'againstPlan');
  if (x.last?.absorption && (x.last.complete?.offices ?? 0) > 0) {
    const d = scaled(x.absorption, 2) - scaled(x.last.absorption, 2),
      a = (d < 0n ? -d : d).toString().padStart(3, '0');
    return judge(`${d < 0n ? '-' : ''}${a.slice(0, -2)}.${a.slice(-2)}`, 'againstLast');
  }
  return { mood: 'none', word: 'unjudged', why: t('againstNothing') };
}

function Answers({ a }: { a: Rollup }) {
  const v = verdict(a.total),
    c = a.complete,
    share = a.coverage.budget_share;
  const whole: [Mood, Key] =
    c.offices === 0
      ? ['bad', 'nothing']
      : c.offices < c.of || (share !== null && share !== '100.00')
        ? ['warn', 'partial']
        : ['good', 'whole'];
  return (
    <div class="answers">
      <section class={`answer ${v.mood}`} aria-labelledby="track">
        <h2 id="track">
          <Badge mood={v.mood}>{t(v.word)}</Badge>
        </h2>
        <p>
          {v.why}. {t('ofYear', { p: percent(((until.value * 10000) / 12 / 100).toFixed(2)) })}.
        </p>
        <p class="quiet">{t('limits')}</p>
      </section>
      <section class={`answer ${whole[0]}`} aria-labelledby="whole">
        <h2 id="whole">
          <Badge mood={whole[0]}>{t(whole[1])}</Badge>{' '}
          <Link to={{ screen: 'kelengkapan' }}>{t('officesReported', { n: count(c.offices), of: count(c.of) })}</Link>
        </h2>
        <p>
          {share !== null && t('shareReported', { p: percent(share), month: month(until.value, 'long') })}
          {!!a.coverage.unstated && `; ${t('unstated', { n: count(a.coverage.unstated) })}`}.
        </p>
        {a.coverage.low !== a.coverage.high && (
          <p class="quiet">{t('between', { low: short(a.coverage.low), high: short(a.coverage.high) })}</p>
        )}
      </section>
    </div>
  );
}

function Tiles({ a }: { a: Rollup }) {
  const x = a.total,
    f = x.figures;
  const tile = (name: Key, to: Filters, body: preact.ComponentChildren, below?: preact.ComponentChildren) => (
    <section class="tile" data-tile={name}>
      <h3>
        <Link to={to}>{t(name)}</Link>
      </h3>
      <p class="big">{body}</p>
      <p class="quiet">{below ?? '\u00a0'}</p>
    </section>
  );
  const p = x.projection,
    guess = p?.p1 ?? p?.p2 ?? null;
  return (
    <div class="tiles">
      {tile('budget', { screen: 'telusur' }, <Fig v={x.budget} kind="short" at={f.budget} label={t('budget')} />, rupiah(x.budget))}
      {tile(
        'realised',
        { screen: 'telusur' },
        <Fig v={x.realised} kind="short" at={f.realised} label={t('realised')} />,
        rupiah(x.realised),
      )}
      {tile(
        'absorption',
        { screen: 'peringkat' },
        <Fig v={x.absorption} kind="percent" at={f.absorption} label={t('absorption')} />,
        <Bullet
          v={x.absorption}
          max={100}
          mark={
            x.cash_plan?.plan && scaled(x.budget, 2) > 0n
              ? Number((scaled(x.cash_plan.plan, 2) * 10000n) / scaled(x.budget, 2)) / 100
              : null
          }
          label={t('absorption')}
        />,
      )}
      {tile(
        'cashPlan',
        { screen: 'tren' },
        <Fig v={x.cash_plan?.pp ?? null} kind="points" />,
        x.cash_plan?.plan ? rupiah(x.cash_plan.plan) : t('noData'),
      )}
      {tile(
        'projection',
        { screen: 'tren' },
        <Fig v={guess} kind="short" />,
        guess && scaled(x.budget, 2) > 0n
          ? `${percent((Number((scaled(guess, 2) * 10000n) / scaled(x.budget, 2)) / 100).toFixed(2))} ${t('ofBudget')}`
          : t('noData'),
      )}
      {tile(
        'remaining',
        { screen: 'telusur' },
        <Fig v={minus(x.budget, x.realised)} kind="short" />,
        rupiah(minus(x.budget, x.realised)),
      )}
      {tile(
        'findings',
        { screen: 'temuan', state: 'open' },
        <Link to={{ screen: 'temuan', state: 'open' }} cls="fig">
          {count(x.findings)}
        </Link>,
      )}
    </div>
  );
}

function Curve({ a }: { a: Rollup }) {
  const months = Array.from({ length: 12 }, (_, i) => i + 1);
  const keys = months.map(m => url('rollup', { ...asked.value, until: m, level: 'urusan', with: 'cash-plan,last' }));
  const answers = useQueries<Rollup>(keys, 1500).map(q => q.data.value);
  const all = answers.map(x => x && { ...x.total, complete: x.complete });
  const y = year.value,
    last = [...months].reverse().find(m => (all[m - 1]?.complete.offices ?? 0) > 0) ?? 0;
  const of = (pick: (s: Sums) => string | null | undefined) =>
    months.map(m => {
      const s = all[m - 1];
      return s ? approx(pick(s)) : null;
    });
  const end = Math.max(last, until.value);
  // what can still be reported of a month is drawn as a band; where nothing is known yet there is no point, not a zero
  const bound = (pick: (c: Rollup['coverage']) => string | null) =>
    answers.map((x, i) => (i < end && x ? approx(pick(x.coverage)) : null));
  const low = bound(c => c.low),
    high = bound(c => c.high);
  const realised = of(s => s.realised).map((v, i) => (i >= end || (v === 0 && low[i] !== high[i]) ? null : v));
  const previous = of(s => s.last?.realised),
    plan = of(s => s.cash_plan?.plan);
  const guess = approx(a.total.projection?.p1 ?? a.total.projection?.p2),
    now = approx(a.total.realised);
  const lines: Line[] = [];
  const more = (name: string, values: (number | null)[], kind: Line['kind']) => {
    if (kind === 'low' || values.some(v => v)) lines.push({ name, values, kind });
  };
  if (low.some((v, i) => v !== high[i])) {
    more(t('possible'), low, 'low');
    more('', high, 'high');
  }
  lines.push({ name: t('thisYear', { y }), values: realised, kind: 'main' });
  more(t('prevYear', { y: y - 1 }), previous, 'past');
  more(t('planned'), plan, 'plan');
  if (guess !== null && until.value < 12)
    more(
      t('projected'),
      months.map(m => (m === until.value ? now : m === 12 ? guess : null)),
      'guess',
    );
  interface Row {
    m: number;
    s: Sums | undefined;
  }
  const columns: Column<Row>[] = [
    { key: 'month', title: t('month'), value: r => r.m, show: r => month(r.m, 'long') },
    {
      key: 'realised',
      title: t('realised'),
      number: true,
      value: r => r.s?.realised,
      show: r => <Fig v={r.s?.realised} at={r.s?.figure} />,
    },
    { key: 'absorption', title: t('absorption'), number: true, value: r => r.s?.absorption, show: r => percent(r.s?.absorption) },
    {
      key: 'cash_plan',
      title: t('cashPlan'),
      number: true,
      value: r => r.s?.cash_plan?.plan,
      show: r => <Fig v={r.s?.cash_plan?.plan} />,
    },
    {
      key: 'last_year',
      title: t('lastYear'),
      number: true,
      value: r => r.s?.last?.realised,
      show: r => <Fig v={r.s?.last?.realised} />,
    },
    { key: 'reported', title: t('reported'), number: true, value: r => r.s && `${r.s.complete.offices}/${r.s.complete.of}` },
  ];
  return (
    <Panel title={t('curve')} wide>
      <Lines
        x={months}
        lines={lines}
        label={`${t('curve')}: ${regionName(region.value)}, ${rupiah(a.total.realised)}, ${percent(a.total.absorption)}`}
        labelX={m => month(m)}
        labelY={v => short(String(Math.round(v)))}
      />
      <details>
        <summary>{t('table')}</summary>
        <Table
          name="kurva"
          caption={t('curve')}
          columns={columns}
          rows={months.map(m => ({ m, s: all[m - 1] }))}
          id={r => String(r.m)}
        />
      </details>
    </Panel>
  );
}

function Places({ a }: { a: Rollup }) {
  const q = useQuery<Peers>(
      url('peers', { year: year.value, until: until.value, region: region.value, code: code.value || 'total' }),
      500,
    ),
    p = q.data.value;
  const title = region.value === '' ? 'provinces' : region.value.length === 2 ? 'cities' : 'officesBy';
  return (
    <Panel title={t(title)} wide>
      {region.value === '' && (
        <TileMap
          label={t('provinces')}
          tiles={(p?.rows ?? []).map(r => ({
            code: r.region,
            name: r.name,
            value: r.absorption,
            partial: r.complete.offices < r.complete.of,
            to: { region: r.region, office: '' },
          }))}
        />
      )}
      <Table
        name="tempat"
        caption={t(title)}
        hideCaption
        columns={placeColumns(approx(a.total.absorption), true)}
        rows={p?.rows ?? []}
        id={r => r.office ?? r.region}
        first={12}
      />
    </Panel>
  );
}

function Ticker() {
  const list = useOffices()?.offices.filter(o => o.role === 'office' && o.last_at) ?? [];
  const latest = [...list].sort((x, y) => (x.last_at! < y.last_at! ? 1 : -1)).slice(0, 6);
  return (
    <Panel title={t('ticker')}>
      <ol class="ticker" aria-live="polite">
        {news.value.slice(0, 5).map((n, i) => (
          <li key={`${n.at}-${n.office}-${i}`} class="fresh">
            <time>{time(n.at, false)}</time>{' '}
            <Link to={{ screen: 'telusur', office: n.office, region: n.region, year: n.year ? String(n.year) : '' }}>
              {list.find(o => o.office === n.office)?.name ?? n.office}
            </Link>{' '}
            {n.year > 0 && t('changedNow', { year: n.year })}
          </li>
        ))}
        {latest.map(o => (
          <li key={o.office}>
            <time dateTime={o.last_at!}>{time(o.last_at)}</time>{' '}
            <Link to={{ screen: 'telusur', office: o.office, region: o.region }}>{o.name}</Link>{' '}
            <Badge mood="good">
              {count(o.effective + o.same + o.superseded)} {t('accepted')}
            </Badge>
            {o.refused > 0 && (
              <Badge mood="bad">
                {count(o.refused)} {t('refused')}
              </Badge>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

export function Ikhtisar() {
  const q = useQuery<Rollup>(url('rollup', { ...asked.value, level: 'program', with: 'all' })),
    a = q.data.value;
  return (
    <>
      <Stamp q={q} />
      {a && (
        <>
          <Answers a={a} />
          <Tiles a={a} />
          <div class="grid">
            <Curve a={a} />
            {!ofOffice.value && <Places a={a} />}
            {!asOf.value && <Ticker />}
            <Panel title={t('programs')} wide>
              <Table
                name="program"
                caption={t('programs')}
                hideCaption
                columns={rollupColumns(r => ({ screen: 'telusur', code: r.code }))}
                rows={a.rows}
                foot={totalRow(a)}
                id={r => `${r.vintage}|${r.code}`}
                first={12}
              />
            </Panel>
          </div>
          {office.value && <p class="quiet">{office.value}</p>}
        </>
      )}
    </>
  );
}
