// peringkat.tsx - places or offices side by side, all at the same cut-off; the mark in every bar is the weighted average of all.
// A row that cannot be ranked stays, at the end, with the reason.
import { Peers, PeerRow, Rollup, url, useQuery } from '../api';
import { Bullet } from '../charts';
import { Badge, Fig, Panel } from '../figure';
import { approx, month, percent } from '../format';
import { Link, Select, Stamp } from '../frame';
import { maybe, t } from '../i18n';
import { asked, code, region, until, year } from '../period';
import { filters, go } from '../route';
import { Column, Table } from '../table';

export function Peringkat() {
  const by = region.value.length === 5 ? 'office' : filters.value.by === 'office' ? 'office' : 'region',
    c = code.value || 'total';
  const q = useQuery<Peers>(
      url('peers', { year: year.value, until: until.value, region: region.value, code: c, by, stage: filters.value.stage }),
    ),
    a = q.data.value;
  const all = useQuery<Rollup>(url('rollup', { ...asked.value, office: '', level: 'program', with: 'coverage' }), 500).data.value;
  const average = approx(c === 'total' ? all?.total.absorption : all?.rows.find(r => r.code === c)?.absorption);
  const max = Math.max(120, ...(a?.rows ?? []).map(r => approx(r.absorption) ?? 0));
  const columns: Column<PeerRow>[] = [
    { key: 'rank', title: t('rank'), number: true, value: r => r.rank ?? null, show: r => r.rank ?? '–' },
    {
      key: 'name',
      title: by === 'office' ? t('office') : t('region'),
      value: r => r.name,
      show: r => <Link to={{ screen: 'telusur', region: r.region, office: r.office ?? '' }}>{r.name}</Link>,
    },
    {
      key: 'absorption',
      title: t('absorption'),
      number: true,
      value: r => r.absorption,
      show: r => (
        <span class="with-bar">
          <Bullet v={r.absorption} mark={average} max={max} label={r.name} />
          <Fig v={r.absorption} kind="percent" at={r.figures.absorption} label={r.name} />
        </span>
      ),
    },
    {
      key: 'budget',
      title: t('budget'),
      number: true,
      value: r => r.budget,
      show: r => <Fig v={r.budget} at={r.figures.budget} label={r.name} />,
    },
    {
      key: 'realised',
      title: t('realised'),
      number: true,
      value: r => r.realised,
      show: r => <Fig v={r.realised} at={r.figures.realised} label={r.name} />,
    },
    {
      key: 'reported',
      title: t('reported'),
      number: true,
      value: r => `${r.complete.offices}/${r.complete.of}`,
      show: r => (
        <>
          {r.complete.offices}/{r.complete.of} <span class="quiet">{percent(r.coverage.budget_share)}</span>
        </>
      ),
    },
    { key: 'why', title: t('why'), value: r => r.why, show: r => (r.why ? <Badge mood="warn">{r.why}</Badge> : '') },
  ];
  const codes = [
    ['total', t('total')] as [string, string],
    ...(all?.rows ?? []).map<[string, string]>(r => [r.code, `${r.code} ${r.name ?? ''}`]),
  ];
  return (
    <>
      <Stamp q={q} />
      <div class="bar">
        <Select
          name="by"
          label={t('by')}
          value={by}
          options={[
            ['region', t('by_region')],
            ['office', t('by_office')],
          ]}
          onChange={v => go({ by: v })}
        />
        <Select name="code" label={t('compare')} value={c} options={codes} onChange={v => go({ code: v === 'total' ? '' : v })} />
      </div>
      {a && (
        <Panel title={`${t('peringkat')}: ${c === 'total' ? t('total') : c}`} wide>
          <p class="quiet">
            {t('sameCutoff', { month: month(until.value, 'long'), year: year.value })} · {t('ranked', { n: a.ranked, of: a.of })}
            {average !== null && ` · ┃ ${t('average')} ${percent(average.toFixed(2))}`} · {maybe('by_', by)}
          </p>
          <Table
            name="peringkat"
            caption={t('peringkat')}
            hideCaption
            columns={columns}
            rows={a.rows}
            id={r => r.office ?? r.region}
            first={100}
          />
        </Panel>
      )}
    </>
  );
}
