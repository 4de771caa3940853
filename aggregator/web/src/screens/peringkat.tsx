// peringkat.tsx - places or offices side by side, all at the same cut-off; the mark in every bar is the weighted average of all.
// By money or by the achievement of one indicator. A row that cannot be ranked stays, at the end, with the reason.
import { Peers, PeerRow, Rollup, url, useQuery } from '../api';
import { placeName, results, sums } from '../columns';
import { Badge, Panel } from '../figure';
import { approx, month, percent } from '../format';
import { Select, Stamp } from '../frame';
import { maybe, t } from '../i18n';
import { indicator, IndicatorField } from '../indicator';
import { asked, code, region, until, year } from '../period';
import { filters, go } from '../route';
import { Column, Table } from '../table';

export function Peringkat() {
  const by = region.value.length === 5 ? 'office' : filters.value.by === 'office' ? 'office' : 'region',
    i = indicator(),
    c = i ? '' : code.value || 'total';
  const q = useQuery<Peers>(
      url('peers', {
        year: year.value,
        until: until.value,
        region: region.value,
        code: c,
        indicator: i,
        by,
        stage: i ? '' : filters.value.stage,
      }),
    ),
    a = q.data.value;
  const all = useQuery<Rollup>(url('rollup', { ...asked.value, office: '', level: 'program', with: 'coverage' }), 500).data.value;
  const average = i ? null : approx(c === 'total' ? all?.total.absorption : all?.rows.find(r => r.code === c)?.absorption);
  const max = Math.max(120, ...(a?.rows ?? []).map(r => approx(i ? r.achievement : r.absorption) ?? 0));
  const s = sums<PeerRow>('money', average, max),
    of = results<PeerRow>(
      r => r.name,
      () => null,
      max,
    );
  const rank: Column<PeerRow> = {
      key: 'rank',
      title: t('rank'),
      number: true,
      value: r => r.rank ?? null,
      show: r => r.rank ?? '–',
    },
    why: Column<PeerRow> = {
      key: 'why',
      title: t('why'),
      value: r => r.why,
      show: r => (r.why ? <Badge mood="warn">{r.why}</Badge> : ''),
    },
    name = placeName(by === 'office' ? t('office') : t('region'));
  const columns: Column<PeerRow>[] = i
    ? [rank, name, of.achievement, of.target, of.reached, of.unit, of.formula, why]
    : [
        rank,
        name,
        s.absorption,
        s.budget,
        s.realised,
        {
          ...s.reported,
          show: r => (
            <>
              {r.complete.offices}/{r.complete.of} <span class="quiet">{percent(r.coverage.budget_share)}</span>
            </>
          ),
        },
        why,
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
        <IndicatorField />
        {!i && (
          <Select name="code" label={t('compare')} value={c} options={codes} onChange={v => go({ code: v === 'total' ? '' : v })} />
        )}
      </div>
      {a && (
        <Panel title={`${t('peringkat')}: ${i || (c === 'total' ? t('total') : c)}`} wide>
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
            id={r => `${r.office ?? r.region}|${i ? r.figure : ''}`}
            first={100}
          />
        </Panel>
      )}
    </>
  );
}
