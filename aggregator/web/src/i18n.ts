// i18n.ts - every text of the page in both languages (words_id.ts, words_en.ts). The Indonesian dictionary gives the keys, so a missing
// English text does not compile.
import { lang } from './route';
import { en } from './words_en';
import { id, Key } from './words_id';

export type { Key };
const DICTIONARY = { id, en } as const;
export function t(key: Key, with_: Record<string, string | number> = {}): string {
  return DICTIONARY[lang.value][key].replace(/\{(\w+)\}/g, (_, k: string) => String(with_[k] ?? ''));
}
// A word that comes from an answer and may be one we do not know: shown as it is.
export const maybe = (prefix: string, word: string): string => (prefix + word in id ? t((prefix + word) as Key) : word);
