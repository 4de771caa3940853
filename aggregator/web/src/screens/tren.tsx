// tren.tsx - years beside each other at the same cut-off month. Where the code list changed the line says so; with bridged codes
// every year shows how much of its rupiah is exact, estimated or unmapped. Of money, or of one indicator.
import { Point, Trend, url, useQuery } from '../api';
import { Strip } from '../charts';
import { results } from '../columns';
import { Badge, Fig, Panel } from '../figure';
import { approx, exact, month, percent, points, short } from '../format';
import { Select, Stamp } from '../frame';
import { Key, t } from '../i18n';
import { indicator, IndicatorField } from '../indicator';
import { Lines } from '../lines';
import { code, knownYears, office, region, regionName, thisYear, until, year } from '../period';
import { filters, go } from '../route';
import { Column, Table } from '../table';

const SPAN = 4;
const MEASURES = ['budget', 'realised', 'absorption'] as const;
const OF_INDICATOR = ['achievement', 'reached', 'target'] as const;
// An indicator's value may be a word: it stands in the table, not in the curve.
const drawn = (v: string | null) => (Number.isFinite(approx(v)) ? approx(v) : null);

export function Tren() {
  const f = filters.value,
    i = indicator(),
    measures: readonly string[] = i ? OF_INDICATOR : MEASURES,
    measure = measures.find(m => m === f.measure) ?? (i ? 'achievement' : 'realised'),
    percents = measure === 'absorption' || measure === 'achievement',
    kind = percents ? 'percent' : i ? 'plain' : 'money';
  const known = knownYears.value.map(y => y.year),
    to = Number(f.to) || Math.max(year.value, ...known),
    from = Math.min(to, Number(f.from) || Math.min(to - SPAN, ...known.filter(y => y > to - 15)));
  const q = useQuery<Trend>(
      url('trend', {
        from,
        to,
        region: region.value,
        office: office.value,
        code: i ? '' : code.value,
        indicator: i,
        measure,
        until: until.value,
        stage: i ? '' : f.stage,
        bridge: i ? '' : f.bridge,
      }),
      500,
    ),
    a = q.data.value;
  const years = Array.from({ length: 15 }, (_, i) => thisYear + 1 - i)
    .concat(from, to)
    .filter((y, i, l) => l.indexOf(y) === i)
    .sort((x, y) => y - x)
    .map<[string, string]>(y => [String(y), String(y)]);
  const changed = (p: Point) => {
    const c = p.change;
    if (!c) return null;
    return c.kind ?? (c.pp ? points(c.pp) : c.percent ? `${percent(c.percent)}` : null);
  };
  const of = results<Point>(
    p => String(p.year),
    p => p.reason,
  );
  const columns: Column<Point>[] = [
    { key: 'year', title: t('year'), value: p => p.year },
    {
      key: 'value',
      title: t('point'),
      number: true,
      value: p => p.value,
      show: p => <Fig v={p.value} kind={kind} at={p.figure} label={String(p.year)} />,
    },
    {
      key: 'change',
      title: t('change'),
      number: true,
      value: p => p.change?.pp ?? p.change?.percent ?? p.change?.kind ?? null,
      show: p => (p.change?.kind ? <Badge mood="none">{p.change.kind}</Badge> : (changed(p) ?? '–')),
    },
    {
      key: 'absolute',
      title: t('difference'),
      number: true,
      value: p => p.change?.absolute ?? null,
      show: p => <Fig v={p.change?.absolute} kind={i ? 'plain' : 'money'} />,
    },
    ...(i
      ? [of.target, of.reached, of.unit, of.achievement, of.formula]
      : ([
          { key: 'budget', title: t('budget'), number: true, value: p => p.budget, show: p => <Fig v={p.budget} /> },
          { key: 'realised', title: t('realised'), number: true, value: p => p.realised, show: p => <Fig v={p.realised} /> },
        ] as Column<Point>[])),
    { key: 'reported', title: t('reported'), number: true, value: p => p.complete && `${p.complete.offices}/${p.complete.of}` },
    {
      key: 'vintage',
      title: t('vintage'),
      value: p => p.vintage,
      show: p => (
        <>
          {p.vintage} {p.break && <Badge mood="warn">{t('breakYear')}</Badge>}
        </>
      ),
    },
    ...(a?.bridge
      ? [
          {
            key: 'exact',
            title: t('certainty'),
            value: (p: Point) => p.bridge?.exact ?? null,
            show: (p: Point) =>
              p.bridge && (
                <span class="with-bar">
                  <Strip
                    label={`${t('exactShare')} ${percent(p.bridge.exact)}, ${t('estimatedShare')} ${percent(p.bridge.estimated)}, ${t('unmappedShare')} ${percent(p.bridge.unmapped)}`}
                    parts={[
                      { kind: 'certain', share: approx(p.bridge.exact) ?? 0 },
                      { kind: 'hatched', share: approx(p.bridge.estimated) ?? 0 },
                    ]}
                  />
                  <span>
                    {percent(p.bridge.exact)} {t('exactShare')}, {percent(p.bridge.estimated)} {t('estimatedShare')},{' '}
                    {percent(p.bridge.unmapped)} {t('unmappedShare')}
                  </span>
                </span>
              ),
          } as Column<Point>,
        ]
      : []),
  ];
  const xs = (a?.points ?? []).map(p => p.year);
  return (
    <>
      <Stamp q={q} />
      <div class="bar">
        <IndicatorField />
        <Select
          name="measure"
          label={t('measure')}
          value={measure}
          options={measures.map<[string, string]>(m => [m, t(m as Key)])}
          onChange={v => go({ measure: v })}
        />
        <Select name="from" label={t('fromYear')} value={String(from)} options={years} onChange={v => go({ from: v })} />
        <Select name="to" label={t('toYear')} value={String(to)} options={years} onChange={v => go({ to: v })} />
        {!i && (
        <label class="field check">
          <input
            type="checkbox"
            name="bridge"
            checked={f.bridge === '1'}
            onChange={e => go({ bridge: e.currentTarget.checked ? '1' : '' })}
          />{' '}
          <span>{t('bridge')}</span>
        </label>
        )}
      </div>
      {a && (
        <div class="grid">
          <Panel title={`${i ? `${i}: ` : ''}${t(measure as Key)}, ${from}–${to}, ${t('until')} ${month(until.value, 'long')}`} wide>
            {a.mapped === false && (
              <p>
                <Badge mood="warn">{t('notMapped')}</Badge> {a.advice?.text}
                {a.advice && ` (${a.advice.level})`}
              </p>
            )}
            {xs.length > 1 && (
              <Lines
                x={xs}
                lines={[{ name: t(measure as Key), kind: 'main', values: a.points.map(p => drawn(p.value)) }]}
                label={`${t('tren')}: ${t(measure as Key)}, ${regionName(region.value)}, ${from}–${to}`}
                labelX={String}
                labelY={v => (percents ? `${v} %` : i ? String(v) : short(String(Math.round(v))))}
              />
            )}
            {a.trend && (
              <p>
                {a.trend.cagr && (
                  <span>
                    {t('cagr')}: <b>{percent(a.trend.cagr)}</b> ·{' '}
                  </span>
                )}
                {a.trend.slope && (
                  <span>
                    {t('slope')}: <b>{percents ? `${exact(a.trend.slope)} pp` : i ? exact(a.trend.slope) : short(a.trend.slope)}</b> {t('perYear')}
                  </span>
                )}
              </p>
            )}
          </Panel>
          <Panel title={t('years')} wide>
            <Table
              name="tren"
              caption={t('years')}
              hideCaption
              columns={columns}
              rows={a.points}
              id={p => String(p.year)}
              mark={p => (p.break ? 'break' : '')}
            />
          </Panel>
        </div>
      )}
    </>
  );
}
