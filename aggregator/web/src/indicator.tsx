// indicator.tsx - the choice of one indicator, for the screens that show money or an indicator. What a small place has is offered; a
// name can be typed anywhere (the API takes an id or a name).
import { Indicators, url, useQuery } from './api';
import { t } from './i18n';
import { office, offices, region, until, year } from './period';
import { filters, go } from './route';

const SMALL = 60; // offices; of more the list would be long to make and to read
export const indicator = () => filters.value.indicator ?? '';

export function IndicatorField() {
  const small = office.value !== '' || region.value.length === 5 || (offices.value > 0 && offices.value <= SMALL);
  const a = useQuery<Indicators>(
    small ? url('indicators', { year: year.value, until: until.value, region: region.value, office: office.value }) : null,
    5000,
  ).data.value;
  const known = new Map((a?.rows ?? []).map(r => [r.id, r.indicator]));
  return (
    <label class="field">
      <span>{t('indicator')}</span>
      <input
        name="indicator"
        type="search"
        list="indicators"
        value={indicator()}
        placeholder={t('ofMoney')}
        onChange={e => go({ indicator: e.currentTarget.value.trim(), measure: '' })}
      />
      <datalist id="indicators">
        {[...known].map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </datalist>
    </label>
  );
}
