// kelengkapan.tsx - who has reported which month: a row a region or an office, a column a month; deadlines and habits beside it.
// Signs differ in shape, each says in words what it means. An office that has stated nothing of the year stands below with an
// empty row.
import { Closes, Office, Peers, PeerRow, Rollup, url, useQueries, useQuery } from '../api';
import { Cell, Mark, monthState } from '../charts';
import { Badge, Mood, Panel } from '../figure';
import { count, date, month, percent, time } from '../format';
import { Link, Stamp, useOffices } from '../frame';
import { t } from '../i18n';
import { asked, office, region, thisYear, until, year } from '../period';
import { asOf } from '../route';
import { Column, Table } from '../table';

const MONTHS = Array.from({ length: 12 }, (_, i) => i + 1);
interface Row {
  key: string;
  region: string;
  office: string;
  name: string;
  marks: Mark[];
  said: string[];
  share: string | null;
  habit: Office['habit'];
  last: string | null;
  stated: boolean;
}

function markOf(r: PeerRow | undefined, m: number, y: number): Mark {
  const now = new Date();
  if (r && r.complete.offices > 0) return r.complete.offices < r.complete.of ? 'part' : 'yes';
  return y === thisYear && m > now.getMonth() ? 'later' : 'no';
}

function rowsOf(answers: (Peers | undefined)[], offices: Office[] | undefined, byOffice: boolean): Row[] {
  const rows = new Map<string, Row>(),
    y = year.value;
  const row = (key: string, of: Partial<Row>): Row => {
    let r = rows.get(key);
    if (!r)
      rows.set(
        key,
        (r = {
          key,
          region: '',
          office: '',
          name: key,
          marks: MONTHS.map(m => markOf(undefined, m, y)),
          said: MONTHS.map(() => '0/0'),
          share: null,
          habit: null,
          last: null,
          stated: false,
          ...of,
        }),
      );
    return r;
  };
  answers.forEach((a, i) =>
    a?.rows.forEach(p => {
      const r = row(p.office ?? p.region, { region: p.region, office: p.office ?? '', name: p.name, stated: true });
      r.marks[i] = markOf(p, i + 1, y);
      r.said[i] = `${p.complete.offices}/${p.complete.of}`;
      if (i + 1 === until.value) r.share = p.coverage.budget_share;
    }),
  );
  if (byOffice)
    for (const o of offices ?? []) {
      if (
        o.role !== 'office' ||
        o.status !== 'active' ||
        (region.value && o.region !== region.value && !o.region.startsWith(region.value + '.'))
      )
        continue;
      const r = row(o.office, { region: o.region, office: o.office, name: o.name });
      r.habit = o.habit;
      r.last = o.last_at;
    }
  return [...rows.values()].filter(r => !office.value || r.office === office.value || !byOffice);
}

function Deadline({ name, d }: { name: string; d: { date: string; working_days_left: number } }) {
  const n = d.working_days_left,
    mood: Mood = n < 0 ? 'bad' : n <= 2 ? 'warn' : 'good';
  return (
    <p>
      <b>{name}</b>: {date(d.date)}{' '}
      <Badge mood={mood}>{n < 0 ? t('daysLate', { n: count(-n) }) : t('daysLeft', { n: count(n) })}</Badge>
    </p>
  );
}

export function Kelengkapan() {
  const q = useQuery<Rollup>(url('rollup', { ...asked.value, level: 'urusan', with: 'coverage' })),
    a = q.data.value;
  const list = useOffices()?.offices;
  const byOffice = region.value.length === 5 || (a !== undefined && a.complete.of <= 60);
  const peers = useQueries<Peers>(
    MONTHS.map(m =>
      url('peers', { year: year.value, until: m, region: region.value, code: 'total', by: byOffice ? 'office' : 'region' }),
    ),
    1000,
  ).map(x => x.data.value);
  const quarter = `${year.value}-Q${Math.ceil(until.value / 3)}`;
  const closes = useQuery<Closes>(url('closes', { quarter, region: region.value }), 2000).data.value;
  const rows = rowsOf(peers, list, byOffice),
    missing = rows.filter(r => !r.stated).length;
  const habit = (r: Row) => {
    if (!r.habit) return <span class="quiet">{t('unknown')}</span>;
    const h = r.habit,
      word = h.silent ? t('silent') : h.late > 0 ? t('late', { n: h.late }) : t('onTime');
    return (
      <span title={t('habitDay', { n: h.day })}>
        <Badge mood={h.silent ? 'bad' : h.late > 0 ? 'warn' : 'good'}>{word}</Badge>
      </span>
    );
  };
  const columns: Column<Row>[] = [
    {
      key: 'name',
      title: byOffice ? t('office') : t('region'),
      value: r => r.name,
      show: r => (
        <Link to={r.office ? { screen: 'telusur', region: r.region, office: r.office } : { region: r.region, office: '' }}>
          {r.name}
        </Link>
      ),
    },
    ...MONTHS.map<Column<Row>>((m, i) => ({
      key: `m${String(m).padStart(2, '0')}`,
      title: month(m),
      value: r => (byOffice ? r.marks[i]! : r.said[i]!),
      show: r => (
        <Cell
          m={r.marks[i]!}
          words={`${r.name}, ${month(m, 'long')}: ${monthState(r.marks[i]!)}${byOffice ? '' : ` (${r.said[i]})`}`}
        />
      ),
    })),
    {
      key: 'budget_share',
      title: t('ofBudget'),
      number: true,
      value: r => r.share,
      show: r => (r.stated ? percent(r.share) : <Badge mood="bad">{t('neverStated')}</Badge>),
    },
    // habits and the last word are those of today
    ...(byOffice && !asOf.value
      ? [
          {
            key: 'habit',
            title: t('habit'),
            value: (r: Row) => (r.habit ? (r.habit.silent ? 'silent' : String(r.habit.late)) : null),
            show: habit,
          } as Column<Row>,
          { key: 'last', title: t('lastReport'), value: (r: Row) => r.last, show: (r: Row) => time(r.last) } as Column<Row>,
        ]
      : []),
  ];
  return (
    <>
      <Stamp q={q} />
      {a && (
        <div class="answers">
          <section class="answer">
            <h2>
              <Badge mood={a.complete.offices < a.complete.of ? 'warn' : 'good'}>
                {t('officesReported', { n: count(a.complete.offices), of: count(a.complete.of) })}
              </Badge>
            </h2>
            <p>
              {a.coverage.budget_share !== null &&
                t('shareReported', { p: percent(a.coverage.budget_share), month: month(until.value, 'long') })}
            </p>
            {!!a.coverage.unstated && (
              <p>
                <Badge mood="bad">{t('unstated', { n: count(a.coverage.unstated) })}</Badge>
              </p>
            )}
          </section>
          {closes && (
            <section class="answer">
              <h2>
                {t('deadlines')} {quarter}
              </h2>
              <Deadline name={t('officeDeadline')} d={closes.deadline.office} />
              <Deadline name={t('cityDeadline')} d={closes.deadline.city} />
            </section>
          )}
        </div>
      )}
      <Panel title={t('heat')} wide>
        <p class="legend">
          {(['yes', 'part', 'no', 'later'] as const).map(m => (
            <span key={m} class="key">
              <Cell m={m} words={monthState(m)} /> {monthState(m)}
            </span>
          ))}
        </p>
        <div class="heat">
          <Table
            name="kelengkapan"
            caption={t('heat')}
            hideCaption
            columns={columns}
            rows={rows}
            id={r => r.key}
            mark={r => (r.stated ? '' : 'missing')}
            first={80}
          />
        </div>
        {missing > 0 && <p class="quiet">{t('unstated', { n: count(missing) })}</p>}
      </Panel>
    </>
  );
}
